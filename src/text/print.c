/* Modules to text: all fields outside of function bodies.
 *
 * In: a decoded module.  Out: its fields in the order of the binary's sections, so that reading them back
 * gives the same bytes.  Names become ids where they are unique in their space; others stay @name
 * annotations.  Must not: validate. */
#include "text/print.h"

#include "text/printer.h"

/* ---- ids ---- */

/* Spec 6.3.5; others are written $"...". */
static bool is_plain_id(struct slice s) {
  for (size_t i = 0; i < s.len; i++) {
    uint8_t c = s.data[i];
    if (c <= 0x20 || c >= 0x7f || c == '"' || c == '(' || c == ')' || c == ',' || c == ';' || c == '[' ||
        c == ']' || c == '{' || c == '}')
      return false;
  }
  return s.len > 0;
}

/* Characters of UTF-8 text stay; `bytes` may be anything. */
static void print_quoted(struct out *o, struct slice s, bool is_utf8) {
  size_t from = 0;
  out_bytes(o, "\"", 1);
  for (size_t i = 0; i < s.len; i++) {
    uint8_t c = s.data[i];
    if (c >= 0x20 && c != 0x7f && c != '"' && c != '\\' && (c < 0x80 || is_utf8)) continue;
    out_bytes(o, s.data + from, i - from);
    if (c == '"' || c == '\\')
      out_printf(o, "\\%c", c);
    else if (c == '\n' || c == '\t')
      out_cstr(o, c == '\n' ? "\\n" : "\\t");
    else
      out_printf(o, "\\%02x", c);
    from = i + 1;
  }
  out_bytes(o, s.data + from, s.len - from);
  out_bytes(o, "\"", 1);
}

void print_string(struct out *o, struct slice bytes) { print_quoted(o, bytes, utf8_valid(bytes)); }

void print_id(struct out *o, struct slice name) {
  out_bytes(o, "$", 1);
  if (is_plain_id(name))
    out_slice(o, name);
  else
    print_quoted(o, name, true);
}

struct id_table ids_from_names(struct arena *a, const struct name_map *names, uint32_t len) {
  struct id_table t = {0};
  struct map seen;
  map_init(&seen, a);
  if (names->len) t.at = ARENA_ARRAY(a, struct name_assoc, names->len);
  for (uint32_t i = 0; i < names->len && names->at[i].index < len; i++) {
    struct slice name = names->at[i].name;
    if (name.len && name.len <= ID_SIZE_MOST && utf8_valid(name) && map_insert(&seen, name, i))
      t.at[t.len++] = names->at[i];
  }
  return t;
}

struct slice id_of(const struct id_table *t, uint32_t index) {
  struct name_map names = {.at = t->at, .len = t->len};
  return name_map_find(&names, index);
}

const struct name_map *names_of(const struct indirect_names *n, uint32_t index) {
  uint32_t low = 0, high = n->len;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    if (n->index[mid] == index) return &n->maps[mid];
    if (n->index[mid] < index)
      low = mid + 1;
    else
      high = mid;
  }
  return NULL;
}

void print_ref(struct printer *p, const struct id_table *t, uint32_t index) {
  struct slice id = id_of(t, index);
  if (id.len) {
    out_bytes(p->o, " ", 1);
    print_id(p->o, id);
  } else {
    out_printf(p->o, " %u", index);
  }
}

bool print_name(struct out *o, const struct id_table *t, const struct name_map *names, uint32_t index) {
  struct slice id = id_of(t, index);
  if (id.len) {
    out_bytes(o, " ", 1);
    print_id(o, id);
    return true;
  }
  struct slice name = names ? name_map_find(names, index) : id;
  if (name.len == 0 || !utf8_valid(name)) return false;
  out_cstr(o, " (@name ");
  print_string(o, name);
  out_cstr(o, ")");
  return true;
}

/* Behind a field's keyword: its name, or its index as a comment. */
static void print_field_id(struct printer *p, const struct id_table *t, const struct name_map *names,
                           uint32_t index) {
  if (id_of(t, index).len == 0) out_printf(p->o, " (;%u;)", index);
  (void)print_name(p->o, t, names, index);
}

void find_local_ids(struct printer *p, uint32_t func) {
  arena_release(p->scratch, (struct arena_mark){0});
  p->locals = (struct id_table){0};
  p->local_names = names_of(&p->m->local_names, func);
  if (p->local_names) p->locals = ids_from_names(p->scratch, p->local_names, UINT32_MAX);
}

/* ---- types ---- */

void print_heaptype(struct printer *p, uint32_t heap) {
  if (!heap_is_concrete(heap)) {
    out_cstr(p->o, heap_name(heap));
    return;
  }
  uint32_t index = heap & VT_INDEX_MASK;
  if (heap & VT_EXACT) out_cstr(p->o, "(exact ");
  struct slice id = id_of(&p->types, index);
  if (id.len)
    print_id(p->o, id);
  else
    out_printf(p->o, "%u", index);
  if (heap & VT_EXACT) out_cstr(p->o, ")");
}

void print_valtype(struct printer *p, valtype t) {
  static const char *const short_names[HEAP_COUNT] = {
      [HEAP_FUNC] = "funcref",     [HEAP_NOFUNC] = "nullfuncref",
      [HEAP_EXTERN] = "externref", [HEAP_NOEXTERN] = "nullexternref",
      [HEAP_ANY] = "anyref",       [HEAP_EQ] = "eqref",
      [HEAP_I31] = "i31ref",       [HEAP_STRUCT] = "structref",
      [HEAP_ARRAY] = "arrayref",   [HEAP_NONE] = "nullref",
      [HEAP_EXN] = "exnref",       [HEAP_NOEXN] = "nullexnref",
      [HEAP_CONT] = "contref",     [HEAP_NOCONT] = "nullcontref",
  };
  if (!(t & VT_REF)) {
    out_cstr(p->o, vt_num_name(t));
    return;
  }
  uint32_t heap = vt_heap(t);
  if (vt_is_nullable(t) && heap < HEAP_COUNT) {
    out_cstr(p->o, short_names[heap]);
    return;
  }
  out_cstr(p->o, vt_is_nullable(t) ? "(ref null " : "(ref ");
  print_heaptype(p, heap);
  out_cstr(p->o, ")");
}

/* Items of one list share their parentheses until one has a name. */
static void print_params(struct printer *p, const struct functype *t, bool named) {
  bool open = false;
  for (uint32_t i = 0; i < t->nparams; i++) {
    bool has_name = named && p->local_names && name_map_find(p->local_names, i).len > 0;
    if (has_name || !open) {
      out_cstr(p->o, open ? ") (param" : " (param");
      if (has_name) (void)print_name(p->o, &p->locals, p->local_names, i);
    }
    out_cstr(p->o, " ");
    print_valtype(p, t->params[i]);
    open = !has_name;
    if (has_name) out_cstr(p->o, ")");
  }
  if (open) out_cstr(p->o, ")");
}

static void print_results(struct printer *p, const struct functype *t) {
  if (t->nresults == 0) return;
  out_cstr(p->o, " (result");
  for (uint32_t i = 0; i < t->nresults; i++) {
    out_cstr(p->o, " ");
    print_valtype(p, t->results[i]);
  }
  out_cstr(p->o, ")");
}

/* The signature is for the reader's eyes, except where it carries names; a long one at every use would make
 * small modules into huge texts. */
void print_typeuse(struct printer *p, uint32_t type, bool named) {
  enum { SIGNATURE_MOST = 32 };
  out_cstr(p->o, " (type");
  print_ref(p, &p->types, type);
  out_cstr(p->o, ")");
  if (type >= p->m->ntypes || p->m->types[type].kind != COMP_FUNC) return;
  const struct functype *t = &p->m->types[type].func;
  if (t->nparams + t->nresults > SIGNATURE_MOST && !(named && p->local_names)) return;
  print_params(p, t, named);
  print_results(p, t);
}

static void print_fieldtype(struct printer *p, const struct field *f) {
  if (f->mutable_) out_cstr(p->o, "(mut ");
  print_valtype(p, f->type);
  if (f->mutable_) out_cstr(p->o, ")");
}

static void print_struct(struct printer *p, uint32_t index, const struct subtype *t) {
  const struct id_table *ids = &p->fields[index];
  const struct name_map *names = names_of(&p->m->field_names, index);
  out_cstr(p->o, "(struct");
  for (uint32_t i = 0; i < t->struct_.nfields; i++) {
    out_cstr(p->o, " (field");
    (void)print_name(p->o, ids, names, i);
    out_cstr(p->o, " ");
    print_fieldtype(p, &t->struct_.fields[i]);
    out_cstr(p->o, ")");
  }
  out_cstr(p->o, ")");
}

static void print_comptype(struct printer *p, uint32_t index, const struct subtype *t) {
  switch (t->kind) {
  case COMP_FUNC:
    out_cstr(p->o, "(func");
    print_params(p, &t->func, false);
    print_results(p, &t->func);
    out_cstr(p->o, ")");
    return;
  case COMP_STRUCT: print_struct(p, index, t); return;
  case COMP_ARRAY:
    out_cstr(p->o, "(array ");
    print_fieldtype(p, &t->array);
    out_cstr(p->o, ")");
    return;
  case COMP_CONT:
    out_cstr(p->o, "(cont");
    print_ref(p, &p->types, t->cont);
    out_cstr(p->o, ")");
    return;
  }
}

static void print_typedef(struct printer *p, uint32_t index, uint32_t indent) {
  const struct subtype *t = &p->m->types[index];
  bool sub = !t->final || t->super != NO_SUPER;
  out_bytes(p->o, "\n", 1);
  out_indent(p->o, indent);
  out_cstr(p->o, "(type");
  print_field_id(p, &p->types, &p->m->type_names, index);
  out_cstr(p->o, " ");
  if (sub) out_cstr(p->o, t->final ? "(sub final" : "(sub");
  if (t->super != NO_SUPER) print_ref(p, &p->types, t->super);
  if (sub) out_cstr(p->o, " ");
  if (t->describes != NO_SUPER) {
    out_cstr(p->o, "(describes");
    print_ref(p, &p->types, t->describes);
    out_cstr(p->o, ") ");
  }
  if (t->descriptor != NO_SUPER) {
    out_cstr(p->o, "(descriptor");
    print_ref(p, &p->types, t->descriptor);
    out_cstr(p->o, ") ");
  }
  print_comptype(p, index, t);
  out_cstr(p->o, sub ? "))" : ")");
}

static void print_types(struct printer *p) {
  const struct module *m = p->m;
  for (uint32_t i = 0, len; i < m->ntypes; i += len) {
    len = m->types[i].rec_len > 1 ? min_u32(m->types[i].rec_len, m->ntypes - i) : 1;
    if (len == 1) {
      print_typedef(p, i, 2);
      continue;
    }
    out_cstr(p->o, "\n  (rec");
    for (uint32_t k = i; k < i + len; k++)
      print_typedef(p, k, 4);
    out_cstr(p->o, ")");
  }
}

static void print_limits(struct printer *p, const struct limits *l, bool is_memory) {
  if (l->is64) out_cstr(p->o, " i64");
  out_printf(p->o, " %llu", (unsigned long long)l->min);
  if (l->has_max) out_printf(p->o, " %llu", (unsigned long long)l->max);
  if (l->shared) out_cstr(p->o, " shared");
  if (is_memory && l->page_log2 != 16) out_printf(p->o, " (pagesize %llu)", 1ull << (l->page_log2 & 63));
}

static void print_tabletype(struct printer *p, const struct tabletype *t) {
  print_limits(p, &t->limits, false);
  out_cstr(p->o, " ");
  print_valtype(p, t->elem);
}

static void print_globaltype(struct printer *p, const struct globaltype *t) {
  out_cstr(p->o, t->mutable_ ? " (mut " : " ");
  print_valtype(p, t->type);
  if (t->mutable_) out_cstr(p->o, ")");
}

/* ---- fields ---- */

static void print_import(struct printer *p, const struct import *im) {
  const struct module *m = p->m;
  out_cstr(p->o, "\n  (import ");
  print_string(p->o, im->module);
  out_cstr(p->o, " ");
  print_string(p->o, im->name);
  out_printf(p->o, " (%s", extern_kind_name(im->kind));
  switch (im->kind) {
  case EXTERN_FUNC:
    find_local_ids(p, im->index);
    print_field_id(p, &p->funcs, &m->func_names, im->index);
    if (im->exact) out_cstr(p->o, " (exact");
    print_typeuse(p, m->funcs[im->index].type, true);
    if (im->exact) out_cstr(p->o, ")");
    break;
  case EXTERN_TABLE:
    print_field_id(p, &p->tables, &m->table_names, im->index);
    print_tabletype(p, &m->tables[im->index].type);
    break;
  case EXTERN_MEMORY:
    print_field_id(p, &p->memories, &m->memory_names, im->index);
    print_limits(p, &m->mems[im->index].type.limits, true);
    break;
  case EXTERN_GLOBAL:
    print_field_id(p, &p->globals, &m->global_names, im->index);
    print_globaltype(p, &m->globals[im->index].type);
    break;
  case EXTERN_TAG:
    print_field_id(p, &p->tags, &m->tag_names, im->index);
    print_typeuse(p, m->tags[im->index].type.type, false);
    break;
  }
  out_cstr(p->o, "))");
}

static bool print_tables_memories(struct printer *p) {
  const struct module *m = p->m;
  for (uint32_t i = m->nimported_tables; i < m->ntables; i++) {
    out_cstr(p->o, "\n  (table");
    print_field_id(p, &p->tables, &m->table_names, i);
    print_tabletype(p, &m->tables[i].type);
    if (m->tables[i].has_init && !print_const_expr(p, m->tables[i].init, NULL)) return false;
    out_cstr(p->o, ")");
  }
  for (uint32_t i = m->nimported_mems; i < m->nmems; i++) {
    out_cstr(p->o, "\n  (memory");
    print_field_id(p, &p->memories, &m->memory_names, i);
    print_limits(p, &m->mems[i].type.limits, true);
    out_cstr(p->o, ")");
  }
  return true;
}

static bool print_tags_globals(struct printer *p) {
  const struct module *m = p->m;
  for (uint32_t i = m->nimported_tags; i < m->ntags; i++) {
    out_cstr(p->o, "\n  (tag");
    print_field_id(p, &p->tags, &m->tag_names, i);
    print_typeuse(p, m->tags[i].type.type, false);
    out_cstr(p->o, ")");
  }
  for (uint32_t i = m->nimported_globals; i < m->nglobals; i++) {
    out_cstr(p->o, "\n  (global");
    print_field_id(p, &p->globals, &m->global_names, i);
    print_globaltype(p, &m->globals[i].type);
    if (!print_const_expr(p, m->globals[i].init, NULL)) return false;
    out_cstr(p->o, ")");
  }
  return true;
}

static void print_exports(struct printer *p) {
  const struct module *m = p->m;
  for (uint32_t i = 0; i < m->nexports; i++) {
    const struct export_ *x = &m->exports[i];
    const struct id_table *ids = NULL;
    switch (x->kind) {
    case EXTERN_FUNC: ids = &p->funcs; break;
    case EXTERN_TABLE: ids = &p->tables; break;
    case EXTERN_MEMORY: ids = &p->memories; break;
    case EXTERN_GLOBAL: ids = &p->globals; break;
    case EXTERN_TAG: ids = &p->tags; break;
    }
    out_cstr(p->o, "\n  (export ");
    print_string(p->o, x->name);
    out_printf(p->o, " (%s", extern_kind_name(x->kind));
    print_ref(p, ids, x->index);
    out_cstr(p->o, "))");
  }
  if (m->has_start) {
    out_cstr(p->o, "\n  (start");
    print_ref(p, &p->funcs, m->start);
    out_cstr(p->o, ")");
  }
}

static bool print_elem(struct printer *p, uint32_t index) {
  const struct elem *e = &p->m->elems[index];
  out_cstr(p->o, "\n  (elem");
  print_field_id(p, &p->elems, &p->m->elem_names, index);
  if (e->mode == SEGMENT_DECLARED) out_cstr(p->o, " declare");
  if (e->mode == SEGMENT_ACTIVE) {
    if (e->table != 0) {
      out_cstr(p->o, " (table");
      print_ref(p, &p->tables, e->table);
      out_cstr(p->o, ")");
    }
    if (!print_const_expr(p, e->offset, "offset")) return false;
  }
  out_cstr(p->o, " ");
  if (e->exprs)
    print_valtype(p, e->type);
  else
    out_cstr(p->o, "func");
  for (uint32_t i = 0; i < e->len; i++) {
    if (!e->exprs)
      print_ref(p, &p->funcs, e->funcs[i]);
    else if (!print_const_expr(p, e->exprs[i], "item"))
      return false;
  }
  out_cstr(p->o, ")");
  return true;
}

static bool print_data(struct printer *p, uint32_t index) {
  const struct data *d = &p->m->datas[index];
  out_cstr(p->o, "\n  (data");
  print_field_id(p, &p->datas, &p->m->data_names, index);
  if (d->mode == SEGMENT_ACTIVE) {
    if (d->memory != 0) {
      out_cstr(p->o, " (memory");
      print_ref(p, &p->memories, d->memory);
      out_cstr(p->o, ")");
    }
    if (!print_const_expr(p, d->offset, "offset")) return false;
  }
  out_cstr(p->o, " ");
  print_quoted(p->o, d->bytes, false);
  out_cstr(p->o, ")");
  return true;
}

static const char *section_word(uint8_t id) {
  static const char *const words[] = {"",       "type",  "import", "func", "table", "memory",    "global",
                                      "export", "start", "elem",   "code", "data",  "datacount", "tag"};
  return id < COUNT_OF(words) ? words[id] : "";
}

/* Those that nothing else in the text stands for. Behind the name section, "last" is the place. */
static void print_customs(struct printer *p) {
  const struct module *m = p->m;
  bool named = false;
  for (uint32_t i = 0; i < m->ncustoms; i++) {
    const struct custom *c = &m->customs[i];
    if (slice_eq_cstr(c->name, "name")) {
      named = true;
      continue;
    }
    if (m->nhints && slice_eq_cstr(c->name, "metadata.code.branch_hint")) continue;
    out_cstr(p->o, "\n  (@custom ");
    print_string(p->o, c->name);
    if (c->after == 0)
      out_cstr(p->o, " (before first)");
    else if (!named)
      out_printf(p->o, " (after %s)", section_word(c->after));
    out_cstr(p->o, " ");
    print_quoted(p->o, c->bytes, false);
    out_cstr(p->o, ")");
  }
}

static bool print_funcs(struct printer *p) {
  const struct module *m = p->m;
  for (uint32_t i = m->nimported_funcs; i < m->nfuncs; i++) {
    out_cstr(p->o, "\n  (func");
    print_field_id(p, &p->funcs, &m->func_names, i);
    if (!print_body(p, i)) return false;
    out_cstr(p->o, ")");
  }
  return true;
}

/* ---- the module ---- */

static void find_ids(struct printer *p) {
  const struct module *m = p->m;
  struct arena *a = p->arena;
  p->types = ids_from_names(a, &m->type_names, m->ntypes);
  p->funcs = ids_from_names(a, &m->func_names, m->nfuncs);
  p->tables = ids_from_names(a, &m->table_names, m->ntables);
  p->memories = ids_from_names(a, &m->memory_names, m->nmems);
  p->globals = ids_from_names(a, &m->global_names, m->nglobals);
  p->tags = ids_from_names(a, &m->tag_names, m->ntags);
  p->elems = ids_from_names(a, &m->elem_names, m->nelems);
  p->datas = ids_from_names(a, &m->data_names, m->ndatas);
  p->fields = ARENA_ARRAY(a, struct id_table, m->ntypes);
  for (uint32_t i = 0; i < m->field_names.len; i++) {
    uint32_t type = m->field_names.index[i];
    if (type < m->ntypes && m->types[type].kind == COMP_STRUCT)
      p->fields[type] = ids_from_names(a, &m->field_names.maps[i], m->types[type].struct_.nfields);
  }
}

static bool print_module(struct printer *p) {
  const struct module *m = p->m;
  find_ids(p);
  labels_init(&p->labels, p->scratch);
  out_cstr(p->o, "(module");
  if (m->name.len && utf8_valid(m->name)) {
    out_cstr(p->o, " ");
    print_id(p->o, m->name);
  }
  print_types(p);
  for (uint32_t i = 0; i < m->nimports; i++)
    print_import(p, &m->imports[i]);
  if (!print_tables_memories(p) || !print_tags_globals(p)) return false;
  print_exports(p);
  for (uint32_t i = 0; i < m->nelems; i++)
    if (!print_elem(p, i)) return false;
  if (!print_funcs(p)) return false;
  for (uint32_t i = 0; i < m->ndatas; i++)
    if (!print_data(p, i)) return false;
  print_customs(p);
  out_cstr(p->o, ")\n");
  return true;
}

/* Owns the arenas and catches their end; `p` lives in the caller's frame. */
static bool print_guarded(struct printer *p) {
  jmp_buf on_oom;
  p->arena->on_oom = p->scratch->on_oom = &on_oom;
  if (setjmp(on_oom)) return error_memory(p->e);
  return print_module(p);
}

bool text_print_module(const struct module *m, struct out *o, struct error *e) {
  struct arena arena, scratch;
  struct printer p = {.m = m, .o = o, .e = e, .arena = &arena, .scratch = &scratch};
  arena_init(&arena, NULL);
  arena_init(&scratch, NULL);
  bool ok = print_guarded(&p);
  arena_free(&arena);
  arena_free(&scratch);
  return ok;
}
