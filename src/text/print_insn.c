/* Instructions to text, plain, one a line: one case for each row of imm.def.
 *
 * In: a body's bytes.  Out: lines; labels have ids where the name section gives some.  Indentation has an
 * end, so that the output of hostile nesting stays linear.  Must not: trust a depth or an index. */
#include "text/printer.h"

#include "binary/insn.h"
#include "text/number.h"

enum { INDENT_FIRST = 4, INDENT_MOST = 60 };

static void start_line(struct printer *p) {
  uint32_t depth = min_u32(p->labels.stack.len, INDENT_MOST / 2);
  out_bytes(p->o, "\n", 1);
  out_indent(p->o, INDENT_FIRST + 2 * depth);
}

static void print_u32(struct printer *p, uint32_t v) { out_printf(p->o, " %u", v); }

/* A label by its id where that means this very label. */
static void print_label(struct printer *p, uint32_t depth) {
  uint32_t found;
  if (depth < p->labels.stack.len) {
    struct slice name = p->labels.stack.at[p->labels.stack.len - 1 - depth].name;
    if (name.len && labels_find(&p->labels, name, &found) && found == depth) {
      out_bytes(p->o, " ", 1);
      print_id(p->o, name);
      return;
    }
  }
  print_u32(p, depth);
}

/* The name of the block that begins, when the name section has one. */
static struct slice next_label_name(struct printer *p) {
  const struct name_map *names = p->label_names;
  uint32_t index = p->label_len++;
  struct slice none = {0};
  if (!names) return none;
  while (p->label_at < names->len && names->at[p->label_at].index < index)
    p->label_at++;
  if (p->label_at == names->len || names->at[p->label_at].index != index) return none;
  return utf8_valid(names->at[p->label_at].name) ? names->at[p->label_at].name : none;
}

static void print_blocktype(struct printer *p, struct blocktype t) {
  switch (t.kind) {
  case BLOCK_EMPTY: return;
  case BLOCK_VALUE:
    out_cstr(p->o, " (result ");
    print_valtype(p, t.type);
    out_cstr(p->o, ")");
    return;
  case BLOCK_TYPE: print_typeuse(p, t.index, false); return;
  }
}

static void print_memarg(struct printer *p, const struct insn *insn) {
  if (insn->a != 0) print_ref(p, &p->memories, insn->a);
  if (insn->offset != 0) out_printf(p->o, " offset=%llu", (unsigned long long)insn->offset);
  if (insn->align != op_info(insn->op)->align_log2)
    out_printf(p->o, " align=%llu", 1ull << (insn->align & 63));
}

static void print_catches(struct printer *p, const struct insn *insn) {
  static const char *const words[] = {"catch", "catch_ref", "catch_all", "catch_all_ref"};
  const uint8_t *at = insn->list;
  for (uint32_t i = 0; i < insn->list_len; i++) {
    struct catch_clause c = insn_next_catch(&at);
    out_printf(p->o, " (%s", words[c.kind]);
    if (c.kind < CATCH_ALL) print_ref(p, &p->tags, c.tag);
    print_label(p, c.label);
    out_cstr(p->o, ")");
  }
}

static void print_handlers(struct printer *p, const struct insn *insn) {
  const uint8_t *at = insn->list;
  for (uint32_t i = 0; i < insn->list_len; i++) {
    struct handler_clause h = insn_next_handler(&at);
    out_cstr(p->o, " (on");
    print_ref(p, &p->tags, h.tag);
    if (h.is_switch)
      out_cstr(p->o, " switch");
    else
      print_label(p, h.label);
    out_cstr(p->o, ")");
  }
}

static void print_labels(struct printer *p, const struct insn *insn) {
  const uint8_t *at = insn->list;
  for (uint32_t i = 0; i < insn->list_len; i++)
    print_label(p, insn_next_label(&at));
  print_label(p, insn->a);
}

static void print_select(struct printer *p, const struct insn *insn) {
  const uint8_t *at = insn->list;
  out_cstr(p->o, " (result");
  for (uint32_t i = 0; i < insn->list_len; i++) {
    out_cstr(p->o, " ");
    print_valtype(p, insn_next_valtype(&at));
  }
  out_cstr(p->o, ")");
}

static void print_field_ref(struct printer *p, uint32_t type, uint32_t field) {
  static const struct id_table none = {0};
  print_ref(p, type < p->m->ntypes ? &p->fields[type] : &none, field);
}

static void print_type(struct printer *p, valtype t) {
  out_cstr(p->o, " ");
  print_valtype(p, t);
}

static void print_v128(struct printer *p, const struct insn *insn) {
  out_cstr(p->o, " i32x4");
  for (unsigned i = 0; i < 16; i += 4) {
    const uint8_t *b = insn->v128 + i;
    out_printf(p->o, " 0x%02x%02x%02x%02x", b[3], b[2], b[1], b[0]);
  }
}

static void print_immediates(struct printer *p, const struct insn *insn) {
  char number[NUMBER_TEXT_SIZE];
  switch ((enum imm)op_info(insn->op)->imm) {
  case IMM_NONE:
  case IMM_FENCE: return;
  case IMM_BLOCK: print_blocktype(p, insn->block); return;
  case IMM_TRY_TABLE:
    print_blocktype(p, insn->block);
    print_catches(p, insn);
    return;
  case IMM_LABEL: print_label(p, insn->a); return;
  case IMM_LABELS: print_labels(p, insn); return;
  case IMM_FUNC: print_ref(p, &p->funcs, insn->a); return;
  case IMM_TYPE: print_ref(p, &p->types, insn->a); return;
  case IMM_INDIRECT:
    if (insn->b != 0) print_ref(p, &p->tables, insn->b);
    print_typeuse(p, insn->a, false);
    return;
  case IMM_LOCAL: print_ref(p, &p->locals, insn->a); return;
  case IMM_GLOBAL: print_ref(p, &p->globals, insn->a); return;
  case IMM_TABLE:
    if (insn->a != 0) print_ref(p, &p->tables, insn->a);
    return;
  case IMM_TABLE2:
    if (insn->a == 0 && insn->b == 0) return;
    print_ref(p, &p->tables, insn->a);
    print_ref(p, &p->tables, insn->b);
    return;
  case IMM_ELEM: print_ref(p, &p->elems, insn->a); return;
  case IMM_TABLE_ELEM:
    if (insn->a != 0) print_ref(p, &p->tables, insn->a);
    print_ref(p, &p->elems, insn->b);
    return;
  case IMM_MEMORY:
    if (insn->a != 0) print_ref(p, &p->memories, insn->a);
    return;
  case IMM_MEMORY2:
    if (insn->a == 0 && insn->b == 0) return;
    print_ref(p, &p->memories, insn->a);
    print_ref(p, &p->memories, insn->b);
    return;
  case IMM_DATA: print_ref(p, &p->datas, insn->a); return;
  case IMM_MEMORY_DATA:
    if (insn->a != 0) print_ref(p, &p->memories, insn->a);
    print_ref(p, &p->datas, insn->b);
    return;
  case IMM_MEMARG:
  case IMM_ATOMIC_MEMARG: print_memarg(p, insn); return;
  case IMM_MEMARG_LANE:
    print_memarg(p, insn);
    print_u32(p, insn->lane);
    return;
  case IMM_LANE: print_u32(p, insn->lane); return;
  case IMM_SHUFFLE:
    for (unsigned i = 0; i < 16; i++)
      print_u32(p, insn->v128[i]);
    return;
  case IMM_I32: out_printf(p->o, " %d", (int32_t)insn->u64); return;
  case IMM_I64: out_printf(p->o, " %lld", (long long)(int64_t)insn->u64); return;
  case IMM_F32: out_printf(p->o, " %s", number_print_f32((uint32_t)insn->u64, number)); return;
  case IMM_F64: out_printf(p->o, " %s", number_print_f64(insn->u64, number)); return;
  case IMM_V128: print_v128(p, insn); return;
  case IMM_SELECT: print_select(p, insn); return;
  case IMM_HEAPTYPE:
    out_cstr(p->o, " ");
    print_heaptype(p, vt_heap(insn->type));
    return;
  case IMM_REFTYPE: print_type(p, insn->type); return;
  case IMM_BR_CAST:
    print_label(p, insn->a);
    print_type(p, insn->type);
    print_type(p, insn->type2);
    return;
  case IMM_FIELD:
    print_ref(p, &p->types, insn->a);
    print_field_ref(p, insn->a, insn->b);
    return;
  case IMM_TYPE_COUNT:
    print_ref(p, &p->types, insn->a);
    print_u32(p, insn->b);
    return;
  case IMM_TYPE2:
    print_ref(p, &p->types, insn->a);
    print_ref(p, &p->types, insn->b);
    return;
  case IMM_TYPE_DATA:
    print_ref(p, &p->types, insn->a);
    print_ref(p, &p->datas, insn->b);
    return;
  case IMM_TYPE_ELEM:
    print_ref(p, &p->types, insn->a);
    print_ref(p, &p->elems, insn->b);
    return;
  case IMM_TAG: print_ref(p, &p->tags, insn->a); return;
  case IMM_RESUME:
    print_ref(p, &p->types, insn->a);
    print_handlers(p, insn);
    return;
  case IMM_RESUME_THROW:
    print_ref(p, &p->types, insn->a);
    print_ref(p, &p->tags, insn->b);
    print_handlers(p, insn);
    return;
  case IMM_SWITCH:
    print_ref(p, &p->types, insn->a);
    print_ref(p, &p->tags, insn->b);
    return;
  case IMM_COUNT: break;
  }
  unreachable();
}

static bool op_is_block(enum op op) {
  return op == OP_BLOCK || op == OP_LOOP || op == OP_IF || op == OP_TRY || op == OP_TRY_TABLE;
}

/* Keyword, label and immediates; keeps the stack of labels. A delegate's label counts from outside its try.
 */
static void print_insn(struct printer *p, const struct insn *insn) {
  struct slice label = {0};
  out_cstr(p->o, op_info(insn->op)->text);
  if (op_is_block(insn->op)) {
    label = next_label_name(p);
    if (label.len > ID_SIZE_MOST) {
      out_cstr(p->o, " (@name ");
      print_string(p->o, label);
      out_cstr(p->o, ")");
      label.len = 0;
    } else if (label.len) {
      out_bytes(p->o, " ", 1);
      print_id(p->o, label);
    }
  }
  print_immediates(p, insn);
  if (op_is_block(insn->op)) labels_push(&p->labels, label);
}

/* ---- bodies ---- */

static void print_hint(struct printer *p, uint32_t func, uint32_t off) {
  const struct module *m = p->m;
  while (p->hint < m->nhints &&
         (m->hints[p->hint].func < func || (m->hints[p->hint].func == func && m->hints[p->hint].off < off)))
    p->hint++;
  if (p->hint == m->nhints || m->hints[p->hint].func != func || m->hints[p->hint].off != off) return;
  start_line(p);
  out_printf(p->o, "(@metadata.code.branch_hint \"\\%02x\")", m->hints[p->hint].likely);
}

static void print_local(struct printer *p, uint32_t index, valtype t, bool *open) {
  bool has_name = p->local_names && name_map_find(p->local_names, index).len > 0;
  if (has_name || !*open) {
    out_cstr(p->o, *open ? ") (local" : " (local");
    if (has_name) (void)print_name(p->o, &p->locals, p->local_names, index);
  }
  out_cstr(p->o, " ");
  print_valtype(p, t);
  *open = !has_name;
  if (has_name) out_cstr(p->o, ")");
}

static bool print_locals(struct printer *p, struct reader *r, uint32_t nparams) {
  uint32_t runs = read_uleb32(r), index = nparams, total = 0;
  bool open = false, any = false;
  for (uint32_t i = 0; i < runs && reader_ok(r); i++) {
    uint32_t n = read_uleb32(r);
    if (!add_u32(total, n, &total) || total > MAX_LOCALS)
      return reader_fail(r, ERROR_INVALID, "too many locals");
    valtype t = read_valtype(r, p->m->features);
    if (!reader_ok(r)) break;
    if (!any && n) {
      out_bytes(p->o, "\n", 1);
      out_indent(p->o, INDENT_FIRST - 1); /* each list brings its blank */
      any = true;
    }
    for (uint32_t k = 0; k < n; k++)
      print_local(p, index++, t, &open);
  }
  if (open) out_cstr(p->o, ")");
  return reader_ok(r);
}

/* Each instruction up to the reader's end; the last `end` closes the body and is not printed. */
static bool print_instrs(struct printer *p, struct reader *r, uint32_t func, uint32_t body_off) {
  while (reader_ok(r) && !reader_done(r)) {
    struct insn insn = {0};
    insn_read(r, p->m->features, &insn);
    if (insn.op == OP_INVALID) return false;
    bool ends = insn.op == OP_END || insn.op == OP_DELEGATE;
    bool parts = insn.op == OP_ELSE || insn.op == OP_CATCH || insn.op == OP_CATCH_ALL;
    if ((ends || parts) && p->labels.stack.len == 0) {
      if (insn.op == OP_END && reader_done(r)) return true;
      return reader_fail_at(r, insn.off, ERROR_MALFORMED, "unexpected %s", op_info(insn.op)->text);
    }
    if (ends) labels_pop(&p->labels);
    print_hint(p, func, insn.off - body_off);
    if (parts) { /* stands one level out, but its label keeps its place */
      out_bytes(p->o, "\n", 1);
      out_indent(p->o, INDENT_FIRST + 2 * min_u32(p->labels.stack.len - 1, INDENT_MOST / 2));
    } else {
      start_line(p);
    }
    print_insn(p, &insn);
  }
  return reader_ok(r) && reader_fail(r, ERROR_MALFORMED, "the body has no end");
}

/* Labels live in p->scratch, which was emptied. */
static void begin_func(struct printer *p) {
  labels_init(&p->labels, p->scratch);
  p->label_names = NULL;
  p->label_len = p->label_at = 0;
}

bool print_body(struct printer *p, uint32_t func) {
  const struct module *m = p->m;
  const struct func *f = &m->funcs[func];
  find_local_ids(p, func);
  begin_func(p);
  p->label_names = names_of(&m->label_names, func);
  struct slice body = {.data = m->bytes.data + f->body_off, .len = f->body_size};
  struct reader r = reader_of(body, f->body_off, p->e);
  print_typeuse(p, f->type, true);
  uint32_t nparams = 0;
  if (f->type < m->ntypes && m->types[f->type].kind == COMP_FUNC) nparams = m->types[f->type].func.nparams;
  return print_locals(p, &r, nparams) && print_instrs(p, &r, func, f->body_off);
}

bool print_const_expr(struct printer *p, struct const_expr x, const char *keyword) {
  struct slice code = {.data = x.code, .len = x.size};
  struct reader r = reader_of(code, x.off, p->e);
  struct insn insn = {0};
  arena_release(p->scratch, (struct arena_mark){0});
  p->locals = (struct id_table){0};
  begin_func(p);
  bool first = true;
  while (!reader_done(&r)) {
    insn_read(&r, p->m->features, &insn);
    if (insn.op == OP_INVALID) return false;
    bool alone = first && reader_done(&r);
    if (first && keyword && !alone) out_printf(p->o, " (%s", keyword);
    out_cstr(p->o, alone ? " (" : " ");
    if (insn.op == OP_END || insn.op == OP_DELEGATE) {
      if (p->labels.stack.len == 0) return reader_fail_at(&r, insn.off, ERROR_MALFORMED, "unexpected end");
      labels_pop(&p->labels);
    }
    print_insn(p, &insn);
    if (alone) out_cstr(p->o, ")");
    if (alone) return true;
    first = false;
  }
  if (first && keyword) out_printf(p->o, " (%s", keyword);
  if (keyword) out_cstr(p->o, ")");
  return true;
}
