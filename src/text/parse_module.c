/* Module fields in text (spec 6.6): the two passes over them.
 *
 * In: tokens.  Out: pass one: the index of every id, the order of imports; pass two: the items of every
 * section.  The abbreviations (inline imports, exports, segments) are written out as the fields that they
 * stand for.  Must not: look into function bodies. */
#include "text/parser.h"

#include "binary/insn.h"
#include "binary/writer.h"

#include <stdio.h>

/* ---- pass one: indices ---- */

/* To behind the ")" of the form that the lexer is in. */
static bool skip_rest(struct parser *p) {
  struct lexer *lx = &p->lx;
  while (lx->tok.kind != TOKEN_RPAR) {
    if (lx->tok.kind == TOKEN_END) return lexer_expected(lx, "\")\"");
    if (lx->tok.kind != TOKEN_LPAR)
      lexer_next(lx);
    else if (!lexer_skip_form(lx))
      return false;
  }
  lexer_next(lx);
  return lexer_ok(lx);
}

static bool index_add(struct parser *p, enum space space) {
  struct lexer *lx = &p->lx;
  struct token t = lx->tok;
  struct slice id = parse_opt_id(p);
  if (!ids_add(&p->space[space], id)) {
    char what[40];
    snprintf(what, sizeof what, "duplicate %s", p->space[space].noun);
    return lexer_fail_token(lx, t, what);
  }
  return true;
}

struct field_word {
  const char *word;
  enum space space;
  enum extern_kind kind;
};
static const struct field_word externs[] = {
    {"func", SPACE_FUNC, EXTERN_FUNC},       {"table", SPACE_TABLE, EXTERN_TABLE},
    {"memory", SPACE_MEMORY, EXTERN_MEMORY}, {"global", SPACE_GLOBAL, EXTERN_GLOBAL},
    {"tag", SPACE_TAG, EXTERN_TAG},
};

/* The row of the form at "(", or NULL. */
static const struct field_word *extern_at(const struct lexer *lx) {
  for (size_t i = 0; i < COUNT_OF(externs); i++)
    if (lexer_at_form(lx, externs[i].word)) return &externs[i];
  return NULL;
}

/* Imports come first: `after` is the first definition seen. */
static bool check_import_order(struct parser *p, const char *after, uint32_t off) {
  return !after || lexer_fail(&p->lx, off, "import after %s", after);
}

/* Behind "(import": one, or the groups of compact-imports. Broken ones are the second pass's to report. */
static bool index_import(struct parser *p) {
  struct lexer *lx = &p->lx;
  uint32_t items = 0;
  if (lx->tok.kind == TOKEN_STRING) lexer_next(lx);
  if (lx->tok.kind == TOKEN_STRING) lexer_next(lx);
  while (lexer_open(lx, "item")) {
    if (lx->tok.kind == TOKEN_STRING) lexer_next(lx);
    const struct field_word *w = extern_at(lx);
    if (w) {
      lexer_next(lx);
      lexer_next(lx);
      if (!index_add(p, w->space)) return false;
      if (!skip_rest(p)) return false;
    } else {
      items++;
    }
    if (!skip_rest(p)) return false;
  }
  const struct field_word *w = extern_at(lx);
  if (w && items) {
    p->space[w->space].len += items;
  } else if (w) {
    lexer_next(lx);
    lexer_next(lx);
    if (!index_add(p, w->space) || !skip_rest(p)) return false;
  }
  return skip_rest(p);
}

/* An inline (elem ...) or (data ...) takes up an index, too. */
static void index_inline_segment(struct parser *p, enum space space) {
  struct lexer *lx = &p->lx;
  (void)parse_addrtype(p);
  if (space == SPACE_MEMORY) {
    if (lexer_at_form(lx, "pagesize") && !lexer_skip_form(lx)) return;
    p->space[SPACE_DATA].len += lexer_at_form(lx, "data");
  } else if (space == SPACE_TABLE) {
    p->space[SPACE_ELEM].len += lx->tok.kind != TOKEN_NAT;
  }
}

/* Behind "(func" and its like. `*after` is set at a definition. */
static bool index_definition(struct parser *p, const struct field_word *w, const char **after, uint32_t off) {
  struct lexer *lx = &p->lx;
  if (!index_add(p, w->space)) return false;
  while (lexer_at_form(lx, "export"))
    if (!lexer_skip_form(lx)) return false;
  if (lexer_at_form(lx, "import")) {
    if (!check_import_order(p, *after, off)) return false;
  } else {
    if (!*after) *after = w->space == SPACE_FUNC ? "function" : w->word;
    index_inline_segment(p, w->space);
  }
  return skip_rest(p);
}

static bool index_types(struct parser *p) {
  struct lexer *lx = &p->lx;
  VEC_PUSH(p->arena, &p->type_fields, lx->tok.off);
  if (lexer_open(lx, "type")) return index_add(p, SPACE_TYPE) && skip_rest(p);
  lexer_next(lx);
  lexer_next(lx);
  while (lexer_open(lx, "type"))
    if (!index_add(p, SPACE_TYPE) || !skip_rest(p)) return false;
  return skip_rest(p);
}

bool parse_fields_index(struct parser *p) {
  struct lexer *lx = &p->lx;
  const char *after = NULL;
  uint32_t outer = lx->form;
  while (lx->tok.kind == TOKEN_LPAR) {
    uint32_t off = lx->tok.off;
    lx->form = off + 1;
    const struct field_word *w = extern_at(lx);
    if (lexer_at_form(lx, "type") || lexer_at_form(lx, "rec")) {
      if (!index_types(p)) return false;
      lx->form = outer;
      continue;
    }
    if (!text_at_module_field(lx)) {
      lexer_next(lx);
      return lexer_expected(lx, "a module field");
    }
    bool import = lexer_at_form(lx, "import"), elem = lexer_at_form(lx, "elem"),
         data = lexer_at_form(lx, "data");
    lexer_next(lx);
    lexer_next(lx);
    if (w) {
      if (!index_definition(p, w, &after, off)) return false;
    } else if (import) {
      if (!check_import_order(p, after, off) || !index_import(p)) return false;
    } else {
      if (elem && !index_add(p, SPACE_ELEM)) return false;
      if (data && !index_add(p, SPACE_DATA)) return false;
      if (!skip_rest(p)) return false;
    }
    lx->form = outer;
  }
  return lexer_ok(lx);
}

/* ---- pass two: imports and exports ---- */

static const enum item_kind name_items[SPACE_COUNT] = {ITEMS_NAME_TYPE,   ITEMS_NAME_FUNC,   ITEMS_NAME_TABLE,
                                                       ITEMS_NAME_MEMORY, ITEMS_NAME_GLOBAL, ITEMS_NAME_TAG,
                                                       ITEMS_NAME_ELEM,   ITEMS_NAME_DATA};

/* $id? (@name)?: gives the field its index and its name. */
static bool begin_field(struct parser *p, enum space space, uint32_t *index) {
  struct slice name = parse_opt_id(p);
  *index = p->next[space]++;
  if (!parse_opt_name_annot(p, &name)) return false;
  items_name(p, name_items[space], *index, name);
  return true;
}

static bool parse_inline_exports(struct parser *p, enum extern_kind kind, uint32_t index) {
  while (lexer_open(&p->lx, "export")) {
    struct export_ x = {.kind = kind, .index = index};
    if (!parse_name(p, &x.name) || !lexer_expect_close(&p->lx)) return false;
    write_export(&p->items[ITEMS_EXPORT].bytes, &x);
    p->items[ITEMS_EXPORT].len++;
  }
  return true;
}

/* Names of a function's parameters, locals and labels, to the name section. */
static void flush_func_names(struct parser *p, uint32_t func) {
  const struct {
    struct items *from;
    enum item_kind to;
  } lists[] = {
      {&p->local_names, ITEMS_NAME_LOCAL}, {&p->label_names, ITEMS_NAME_LABEL}, {&p->hints, ITEMS_HINTS}};
  for (size_t i = 0; i < COUNT_OF(lists); i++) {
    struct items *to = &p->items[lists[i].to];
    if (lists[i].from->len == 0) continue;
    buf_uleb(&to->bytes, func);
    buf_uleb(&to->bytes, lists[i].from->len);
    buf_bytes(&to->bytes, lists[i].from->bytes.data, lists[i].from->bytes.len);
    to->len++;
  }
}

static bool parse_func_type(struct parser *p, uint32_t *type) {
  struct typeuse u;
  parser_begin_func(p);
  return parse_typeuse(p, TYPEUSE_NAMED, &u) && typeuse_index(p, &u, type);
}

/* What is imported, behind its kind and id, as its type's encoding. */
static bool parse_import_type(struct parser *p, enum extern_kind kind, uint32_t index, struct buf *out,
                              bool *exact) {
  struct tabletype table;
  struct memtype memory;
  struct globaltype global;
  struct tagtype tag;
  uint32_t type;
  *exact = false;
  switch (kind) {
  case EXTERN_FUNC:
    *exact = feature_on(p->features, FEATURE_CUSTOM_DESCRIPTORS) && lexer_open(&p->lx, "exact");
    if (!parse_func_type(p, &type) || (*exact && !lexer_expect_close(&p->lx))) return false;
    flush_func_names(p, index);
    buf_uleb(out, type);
    return true;
  case EXTERN_TABLE:
    if (!parse_tabletype(p, &table)) return false;
    write_tabletype(out, &table);
    return true;
  case EXTERN_MEMORY:
    if (!parse_memtype(p, &memory)) return false;
    write_memtype(out, &memory);
    return true;
  case EXTERN_GLOBAL:
    if (!parse_globaltype(p, &global)) return false;
    write_globaltype(out, &global);
    return true;
  case EXTERN_TAG:
    if (!parse_func_type(p, &tag.type)) return false;
    write_tagtype(out, &tag);
    return true;
  }
  unreachable();
}

static void put_import(struct parser *p, struct slice module, struct slice name, enum extern_kind kind,
                       bool exact, const struct buf *type) {
  struct items *imports = &p->items[ITEMS_IMPORT];
  write_import_head(&imports->bytes, module, name, kind, exact);
  buf_bytes(&imports->bytes, type->data, type->len);
  imports->len++;
}

/* (kind $id? type) of one import. */
static bool parse_import_desc(struct parser *p, struct slice module, struct slice name) {
  struct lexer *lx = &p->lx;
  const struct field_word *w = extern_at(lx);
  uint32_t index;
  bool exact;
  if (!w) {
    if (lx->tok.kind == TOKEN_LPAR) lexer_next(lx);
    return lexer_expected(lx, "func, table, memory, global or tag");
  }
  lexer_next(lx);
  lexer_next(lx);
  scratch_reset(p, &p->temp);
  if (!begin_field(p, w->space, &index) || !parse_import_type(p, w->kind, index, &p->temp, &exact))
    return false;
  put_import(p, module, name, w->kind, exact, &p->temp);
  return lexer_expect_close(lx);
}

/* compact-imports: (import "m" (item "n" desc)*) or (import "m" (item "n")* desc), written out one by one. */
static bool parse_import_items(struct parser *p, struct slice module) {
  struct lexer *lx = &p->lx;
  VEC(struct slice) names = {0};
  if (!feature_on(p->features, FEATURE_COMPACT_IMPORTS)) return lexer_expected(lx, "a string");
  while (lexer_open(lx, "item")) {
    struct slice name;
    if (!parse_name(p, &name)) return false;
    if (lx->tok.kind == TOKEN_RPAR)
      VEC_PUSH(p->arena, &names, name);
    else if (names.len || !parse_import_desc(p, module, name))
      return lexer_expected(lx, "\")\"");
    if (!lexer_expect_close(lx)) return false;
  }
  if (names.len == 0) return lexer_expect_close(lx);
  const struct field_word *w = extern_at(lx);
  bool exact;
  if (!w) return lexer_expected(lx, "the items' type");
  lexer_next(lx);
  lexer_next(lx);
  if (lx->tok.kind == TOKEN_ID) return lexer_fail(lx, lx->tok.off, "identifier not allowed here");
  scratch_reset(p, &p->temp);
  if (!parse_import_type(p, w->kind, p->next[w->space], &p->temp, &exact) || !lexer_expect_close(lx))
    return false;
  for (uint32_t i = 0; i < names.len; i++)
    put_import(p, module, names.at[i], w->kind, exact, &p->temp);
  p->next[w->space] += names.len;
  return lexer_expect_close(lx);
}

static bool parse_import(struct parser *p) {
  struct slice module, name;
  if (!parse_name(p, &module)) return false;
  if (lexer_at_form(&p->lx, "item")) return parse_import_items(p, module);
  return parse_name(p, &name) && parse_import_desc(p, module, name) && lexer_expect_close(&p->lx);
}

/* (import "m" "n") inside a field; `*done` when it stood there, and then the whole field is read. */
static bool parse_inline_import(struct parser *p, enum extern_kind kind, uint32_t index, bool *done) {
  struct slice module, name;
  bool exact;
  *done = lexer_open(&p->lx, "import");
  if (!*done) return true;
  if (!parse_name(p, &module) || !parse_name(p, &name) || !lexer_expect_close(&p->lx)) return false;
  scratch_reset(p, &p->temp);
  if (!parse_import_type(p, kind, index, &p->temp, &exact)) return false;
  put_import(p, module, name, kind, exact, &p->temp);
  return lexer_expect_close(&p->lx);
}

static bool parse_export(struct parser *p) {
  struct lexer *lx = &p->lx;
  struct export_ x = {0};
  if (!parse_name(p, &x.name)) return false;
  const struct field_word *w = extern_at(lx);
  if (!w) {
    if (lx->tok.kind == TOKEN_LPAR) lexer_next(lx);
    return lexer_expected(lx, "func, table, memory, global or tag");
  }
  lexer_next(lx);
  lexer_next(lx);
  x.kind = w->kind;
  if (!parse_index(p, w->space, &x.index) || !lexer_expect_close(lx)) return false;
  write_export(&p->items[ITEMS_EXPORT].bytes, &x);
  p->items[ITEMS_EXPORT].len++;
  return lexer_expect_close(lx);
}

/* ---- definitions ---- */

struct local_runs {
  uint32_t len, count; /* runs; locals in the last one */
  valtype type;
};

static void end_run(struct parser *p, struct local_runs *runs) {
  if (runs->count == 0) return;
  write_locals(&p->temp, runs->count, runs->type);
  runs->len++;
}

static bool parse_local(struct parser *p, struct local_runs *runs, bool named) {
  valtype t;
  if (!parse_valtype(p, &t)) return false;
  if (!named && !ids_add(&p->locals, (struct slice){0})) return false;
  if (runs->count && runs->type != t) {
    end_run(p, runs);
    runs->count = 0;
  }
  runs->type = t;
  runs->count++;
  return true;
}

/* (local ..)*, as the beginning of the body. */
static bool parse_locals(struct parser *p) {
  struct lexer *lx = &p->lx;
  struct local_runs runs = {0};
  scratch_reset(p, &p->temp);
  while (lexer_open(lx, "local")) {
    if (parser_at_name(p)) {
      if (!parse_local_name(p) || !parse_local(p, &runs, true)) return false;
    } else {
      while (lx->tok.kind != TOKEN_RPAR)
        if (!parse_local(p, &runs, false)) return false;
    }
    if (!lexer_expect_close(lx)) return false;
  }
  end_run(p, &runs);
  buf_uleb(&p->body, runs.len);
  buf_bytes(&p->body, p->temp.data, p->temp.len);
  return lexer_ok(lx);
}

static bool parse_func(struct parser *p) {
  struct items *code = &p->items[ITEMS_CODE];
  uint32_t index, type;
  bool done;
  if (!begin_field(p, SPACE_FUNC, &index) || !parse_inline_exports(p, EXTERN_FUNC, index)) return false;
  if (!parse_inline_import(p, EXTERN_FUNC, index, &done)) return false;
  if (done) return true;
  if (!parse_func_type(p, &type)) return false;
  buf_uleb(&p->items[ITEMS_FUNC].bytes, type);
  p->items[ITEMS_FUNC].len++;
  scratch_reset(p, &p->body);
  p->in_func = true;
  if (!parse_locals(p) || !parse_instrs(p, &p->body)) return false;
  p->in_func = false;
  write_opcode(&p->body, OP_END);
  buf_uleb(&code->bytes, p->body.len);
  buf_bytes(&code->bytes, p->body.data, p->body.len);
  code->len++;
  flush_func_names(p, index);
  return lexer_expect_close(&p->lx);
}

/* Elements of a segment: indices, or expressions that each are an item. Appends to p->body, counts. */
static bool parse_elem_funcs(struct parser *p, bool as_exprs, uint32_t *len) {
  for (; parser_at_index(p); ++*len) {
    struct insn insn = {.op = OP_REF_FUNC};
    if (!parse_index(p, SPACE_FUNC, &insn.a)) return false;
    if (as_exprs) {
      insn_write(&p->body, &insn);
      write_opcode(&p->body, OP_END);
    } else {
      buf_uleb(&p->body, insn.a);
    }
  }
  return lexer_ok(&p->lx);
}

static bool parse_elem_exprs(struct parser *p, uint32_t *len) {
  for (; p->lx.tok.kind == TOKEN_LPAR; ++*len)
    if (!parse_item_expr(p, "item", &p->body)) return false;
  return lexer_ok(&p->lx);
}

/* The flags of spec 5.5.12: 1 = passive or declared, 2 = table index or declared, 4 = expressions. */
struct elem_head {
  enum segment_mode mode;
  uint32_t table;
  bool exprs;
  valtype type;
  const struct buf *offset; /* active: the expression with its end */
};

static void put_elem(struct parser *p, const struct elem_head *h, uint32_t len) {
  struct items *elems = &p->items[ITEMS_ELEM];
  struct buf *out = &elems->bytes;
  bool active = h->mode == SEGMENT_ACTIVE;
  bool second =
      h->mode == SEGMENT_DECLARED || (active && (h->table != 0 || (h->exprs && h->type != VT_FUNCREF)));
  buf_u8(out, (uint8_t)((active ? 0 : 1) | second << 1 | h->exprs << 2));
  if (active && second) buf_uleb(out, h->table);
  if (active) buf_bytes(out, h->offset->data, h->offset->len);
  if (!active || second) {
    if (h->exprs)
      write_valtype(out, h->type);
    else
      buf_u8(out, 0); /* elemkind: functions */
  }
  buf_uleb(out, len);
  buf_bytes(out, p->body.data, p->body.len);
  elems->len++;
}

static void put_zero_offset(struct buf *out, bool is64) {
  struct insn zero = {.op = is64 ? OP_I64_CONST : OP_I32_CONST};
  insn_write(out, &zero);
  write_opcode(out, OP_END);
}

/* (table i64? reftype (elem ...)): behind the reference type. */
static bool parse_inline_elem(struct parser *p, uint32_t table, struct tabletype *t) {
  struct elem_head h = {.mode = SEGMENT_ACTIVE, .table = table, .type = t->elem, .offset = &p->temp};
  uint32_t len = 0;
  if (!lexer_open(&p->lx, "elem")) return lexer_expected(&p->lx, "\"(elem\"");
  p->next[SPACE_ELEM]++;
  parser_begin_func(p);
  scratch_reset(p, &p->body);
  h.exprs = p->lx.tok.kind == TOKEN_LPAR || t->elem != VT_FUNCREF;
  if (p->lx.tok.kind == TOKEN_LPAR ? !parse_elem_exprs(p, &len) : !parse_elem_funcs(p, h.exprs, &len))
    return false;
  scratch_reset(p, &p->temp);
  put_zero_offset(&p->temp, t->limits.is64);
  put_elem(p, &h, len);
  t->limits.min = t->limits.max = len;
  t->limits.has_max = true;
  return lexer_expect_close(&p->lx);
}

static bool parse_table(struct parser *p) {
  struct items *tables = &p->items[ITEMS_TABLE];
  struct tabletype t = {0};
  uint32_t index;
  bool done;
  if (!begin_field(p, SPACE_TABLE, &index) || !parse_inline_exports(p, EXTERN_TABLE, index)) return false;
  if (!parse_inline_import(p, EXTERN_TABLE, index, &done)) return false;
  if (done) return true;
  tables->len++;
  t.limits.is64 = parse_addrtype(p);
  if (p->lx.tok.kind != TOKEN_NAT) {
    if (!parse_reftype(p, &t.elem) || !parse_inline_elem(p, index, &t)) return false;
    write_tabletype(&tables->bytes, &t);
    return lexer_expect_close(&p->lx);
  }
  if (!parse_limits(p, &t.limits) || !parse_reftype(p, &t.elem)) return false;
  bool init = p->lx.tok.kind != TOKEN_RPAR;
  if (init) buf_bytes(&tables->bytes, "\x40\0", 2);
  write_tabletype(&tables->bytes, &t);
  if (init) {
    parser_begin_func(p);
    if (!parse_instrs(p, &tables->bytes)) return false;
    write_opcode(&tables->bytes, OP_END);
  }
  return lexer_expect_close(&p->lx);
}

static bool parse_inline_data(struct parser *p, uint32_t memory, struct memtype *t) {
  struct items *datas = &p->items[ITEMS_DATA];
  p->next[SPACE_DATA]++;
  scratch_reset(p, &p->body);
  if (!parse_bytes(p, &p->body)) return false;
  uint64_t page = UINT64_C(1) << (t->limits.page_log2 & 63);
  t->limits.min = t->limits.max = p->body.len / page + (p->body.len % page != 0);
  t->limits.has_max = true;
  buf_uleb(&datas->bytes, memory ? 2 : 0);
  if (memory) buf_uleb(&datas->bytes, memory);
  put_zero_offset(&datas->bytes, t->limits.is64);
  buf_uleb(&datas->bytes, p->body.len);
  buf_bytes(&datas->bytes, p->body.data, p->body.len);
  datas->len++;
  return lexer_expect_close(&p->lx);
}

static bool parse_memory(struct parser *p) {
  struct lexer *lx = &p->lx;
  struct memtype t = {0};
  uint32_t index;
  bool done;
  if (!begin_field(p, SPACE_MEMORY, &index) || !parse_inline_exports(p, EXTERN_MEMORY, index)) return false;
  if (!parse_inline_import(p, EXTERN_MEMORY, index, &done)) return false;
  if (done) return true;
  t.limits.is64 = parse_addrtype(p);
  if (lx->tok.kind == TOKEN_LPAR) {
    if (!parse_pagesize(p, &t.limits)) return false;
    if (!lexer_open(lx, "data")) return lexer_expected(lx, "\"(data\"");
    if (!parse_inline_data(p, index, &t)) return false;
  } else {
    if (!parse_limits(p, &t.limits)) return false;
    t.limits.shared = lexer_accept(lx, "shared");
    if (!parse_pagesize(p, &t.limits)) return false;
  }
  write_memtype(&p->items[ITEMS_MEMORY].bytes, &t);
  p->items[ITEMS_MEMORY].len++;
  return lexer_expect_close(lx);
}

static bool parse_global(struct parser *p) {
  struct items *globals = &p->items[ITEMS_GLOBAL];
  struct globaltype t;
  uint32_t index;
  bool done;
  if (!begin_field(p, SPACE_GLOBAL, &index) || !parse_inline_exports(p, EXTERN_GLOBAL, index)) return false;
  if (!parse_inline_import(p, EXTERN_GLOBAL, index, &done)) return false;
  if (done) return true;
  if (!parse_globaltype(p, &t)) return false;
  write_globaltype(&globals->bytes, &t);
  parser_begin_func(p);
  if (!parse_instrs(p, &globals->bytes)) return false;
  write_opcode(&globals->bytes, OP_END);
  globals->len++;
  return lexer_expect_close(&p->lx);
}

static bool parse_tag(struct parser *p) {
  struct items *tags = &p->items[ITEMS_TAG];
  struct tagtype t;
  uint32_t index;
  bool done;
  if (!begin_field(p, SPACE_TAG, &index) || !parse_inline_exports(p, EXTERN_TAG, index)) return false;
  if (!parse_inline_import(p, EXTERN_TAG, index, &done)) return false;
  if (done) return true;
  if (!parse_func_type(p, &t.type)) return false;
  write_tagtype(&tags->bytes, &t);
  tags->len++;
  return lexer_expect_close(&p->lx);
}

static bool parse_start(struct parser *p) {
  if (p->has_start) return lexer_fail(&p->lx, p->lx.tok.off, "multiple start sections");
  p->has_start = true;
  return parse_index(p, SPACE_FUNC, &p->start) && lexer_expect_close(&p->lx);
}

/* ---- segments ---- */

static bool parse_elem(struct parser *p) {
  struct lexer *lx = &p->lx;
  struct elem_head h = {.mode = SEGMENT_PASSIVE, .type = VT_FUNCREF, .offset = &p->temp};
  uint32_t index, len = 0;
  bool use = false;
  if (!begin_field(p, SPACE_ELEM, &index)) return false;
  parser_begin_func(p);
  scratch_reset(p, &p->body);
  scratch_reset(p, &p->temp);
  if (lexer_accept(lx, "declare")) {
    h.mode = SEGMENT_DECLARED;
  } else {
    /* Before Wasm 2.0 an index alone stood for (table x). */
    bool bare = lx->tok.kind == TOKEN_NAT && lx->ahead.kind == TOKEN_LPAR;
    use = !bare && lexer_open(lx, "table");
    if (bare && !parse_index(p, SPACE_TABLE, &h.table)) return false;
    if (use && (!parse_index(p, SPACE_TABLE, &h.table) || !lexer_expect_close(lx))) return false;
    if (use || (lx->tok.kind == TOKEN_LPAR && !parser_at_reftype(p))) {
      h.mode = SEGMENT_ACTIVE;
      if (!parse_item_expr(p, "offset", &p->temp)) return false;
    }
  }
  if (lexer_accept(lx, "func")) {
    if (!parse_elem_funcs(p, false, &len)) return false;
  } else if (parser_at_reftype(p)) {
    h.exprs = true;
    if (!parse_reftype(p, &h.type) || !parse_elem_exprs(p, &len)) return false;
  } else if (h.mode == SEGMENT_ACTIVE) {
    if (!parse_elem_funcs(p, false, &len)) return false;
  } else {
    return lexer_expected(lx, "\"func\" or a reference type");
  }
  put_elem(p, &h, len);
  return lexer_expect_close(lx);
}

static bool parse_data(struct parser *p) {
  struct lexer *lx = &p->lx;
  struct items *datas = &p->items[ITEMS_DATA];
  uint32_t index, memory = 0;
  if (!begin_field(p, SPACE_DATA, &index)) return false;
  parser_begin_func(p);
  bool bare = lx->tok.kind == TOKEN_NAT && lx->ahead.kind == TOKEN_LPAR; /* before Wasm 2.0: (memory x) */
  bool use = !bare && lexer_open(lx, "memory");
  if (bare && !parse_index(p, SPACE_MEMORY, &memory)) return false;
  if (use && (!parse_index(p, SPACE_MEMORY, &memory) || !lexer_expect_close(lx))) return false;
  bool active = use || lx->tok.kind == TOKEN_LPAR;
  buf_u8(&datas->bytes, !active ? 1 : memory ? 2 : 0);
  if (memory) buf_uleb(&datas->bytes, memory);
  if (active && !parse_item_expr(p, "offset", &datas->bytes)) return false;
  scratch_reset(p, &p->body);
  if (!parse_bytes(p, &p->body)) return false;
  buf_uleb(&datas->bytes, p->body.len);
  buf_bytes(&datas->bytes, p->body.data, p->body.len);
  datas->len++;
  return lexer_expect_close(lx);
}

/* ---- annotations ---- */

static bool custom_fail(struct parser *p, const char *what) {
  return lexer_fail(&p->lx, p->lx.tok.off, "@custom annotation: %s", what);
}

/* (before section) or (after section). */
static bool parse_custom_place(struct parser *p, uint32_t *place) {
  static const struct {
    const char *word;
    uint8_t order;
  } words[] = {
      {"type", 1},       {"import", 2}, {"func", 3},   {"table", 4}, {"memory", 5},
      {"tag", 6},        {"global", 7}, {"export", 8}, {"start", 9}, {"elem", 10},
      {"datacount", 11}, {"code", 12},  {"data", 13},
  };
  struct lexer *lx = &p->lx;
  lexer_next(lx);
  bool before = lexer_accept(lx, "before");
  if (!before && !lexer_accept(lx, "after")) return custom_fail(p, "malformed placement");
  if (lexer_accept(lx, before ? "first" : "last")) {
    *place = before ? PLACE_FIRST : PLACE_LAST;
  } else {
    size_t i = 0;
    while (i < COUNT_OF(words) && !lexer_accept(lx, words[i].word))
      i++;
    if (i == COUNT_OF(words)) return custom_fail(p, "malformed section kind");
    *place = before ? PLACE_BEFORE(words[i].order) : PLACE_AFTER(words[i].order);
  }
  if (lx->tok.kind != TOKEN_RPAR) return custom_fail(p, "unexpected token");
  lexer_next(lx);
  return true;
}

/* (@custom "name" (before|after section)? "bytes"*) */
bool parse_custom_annot(struct parser *p) {
  struct lexer *lx = &p->lx;
  struct custom_text custom = {.place = PLACE_LAST};
  lexer_next(lx);
  if (lx->tok.kind != TOKEN_STRING) return custom_fail(p, "missing section name");
  struct slice name = lexer_string_slice(lx, lx->tok, p->arena);
  if (!utf8_valid(name)) return custom_fail(p, "malformed UTF-8 encoding");
  lexer_next(lx);
  if (lx->tok.kind == TOKEN_LPAR && !parse_custom_place(p, &custom.place)) return false;
  scratch_reset(p, &p->temp);
  buf_name(&p->temp, name);
  if (!parse_bytes(p, &p->temp)) return false;
  if (lx->tok.kind != TOKEN_RPAR) return custom_fail(p, "unexpected token");
  lexer_next(lx);
  custom.bytes = parser_copy(p, buf_slice(&p->temp));
  VEC_PUSH(p->arena, &p->customs, custom);
  return lexer_ok(lx);
}

/* (@metadata.code.branch_hint "\00" or "\01"), for the next instruction */
bool parse_hint_annot(struct parser *p) {
  struct lexer *lx = &p->lx;
  uint32_t off = lx->tok.off;
  if (!p->in_func) return lexer_fail(lx, off, "@metadata.code.branch_hint annotation: not in a function");
  if (p->hint >= 0) return lexer_fail(lx, off, "@metadata.code.branch_hint annotation: duplicate annotation");
  lexer_next(lx);
  scratch_reset(p, &p->list);
  if (!parse_bytes(p, &p->list)) return false;
  if (p->list.len != 1 || p->list.data[0] > 1)
    return lexer_fail(lx, off, "@metadata.code.branch_hint annotation: invalid value");
  if (lx->tok.kind != TOKEN_RPAR)
    return lexer_fail(lx, lx->tok.off, "@metadata.code.branch_hint annotation: unexpected token");
  p->hint = p->list.data[0];
  lexer_next(lx);
  return lexer_ok(lx);
}

/* ---- pass two ---- */

static bool parse_field(struct parser *p) {
  static const struct {
    const char *word;
    bool (*parse)(struct parser *);
  } fields[] = {
      {"func", parse_func}, {"import", parse_import}, {"export", parse_export}, {"global", parse_global},
      {"data", parse_data}, {"elem", parse_elem},     {"table", parse_table},   {"memory", parse_memory},
      {"tag", parse_tag},   {"start", parse_start},
  };
  struct lexer *lx = &p->lx;
  if (lexer_at_form(lx, "type") || lexer_at_form(lx, "rec")) return lexer_skip_form(lx); /* read before */
  for (size_t i = 0; i < COUNT_OF(fields); i++)
    if (lexer_open(lx, fields[i].word)) return fields[i].parse(p);
  lexer_next(lx);
  return lexer_expected(lx, "a module field");
}

bool parse_fields(struct parser *p) {
  struct lexer *lx = &p->lx;
  uint32_t outer = lx->form;
  for (;;) {
    if (lx->tok.kind == TOKEN_ANNOT && lx->tok.annot == ANNOT_CUSTOM) {
      if (!parse_custom_annot(p)) return false;
    } else if (lx->tok.kind == TOKEN_ANNOT && lx->tok.annot == ANNOT_BRANCH_HINT) {
      return lexer_fail(lx, lx->tok.off, "@metadata.code.branch_hint annotation: not in a function");
    } else if (lx->tok.kind == TOKEN_LPAR) {
      lx->form = lx->tok.off + 1;
      if (!parse_field(p)) return false;
      lx->form = outer;
    } else if (lx->tok.kind == TOKEN_RPAR || lx->tok.kind == TOKEN_END) {
      return lexer_ok(lx);
    } else {
      return lexer_expected(lx, "a module field");
    }
  }
}
