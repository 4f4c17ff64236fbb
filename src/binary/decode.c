/* The module grammar: one function for each section, in the order of section.def.
 *
 * In: hostile bytes.  Out: a struct module on the arena, or the first error.  Every count is bounded by the
 * bytes that are left and by the limits of wasm/type.h before anything is allocated for it, so memory stays
 * within a constant factor of the input; nothing recurses.  Must not: judge types or ranges of indices
 * (validate/ does), look into bodies. */
#include "binary/decode.h"

#include "base/vec.h"
#include "binary/custom.h"
#include "binary/insn.h"
#include "binary/reader.h"
#include "binary/writer.h"

#include <string.h>

struct decoder {
  struct arena *arena;
  struct module *m;
  struct features f;
  struct error *error;
  VEC(struct subtype) types;
  VEC(struct import) imports;
  VEC(struct func) funcs;
  VEC(struct table) tables;
  VEC(struct memory) mems;
  VEC(struct global) globals;
  VEC(struct tag) tags;
  VEC(struct custom) customs;
  uint32_t nbodies;
  uint32_t data_count;
};

static bool has(const struct decoder *d, enum feature f) { return feature_on(d->f, f); }

/* ---- types ---- */

static const valtype *read_valtypes(struct decoder *d, struct reader *r, uint32_t max, const char *what,
                                    uint32_t *len) {
  uint32_t n = read_count(r, max, 1, what);
  valtype *at = ARENA_ARRAY(d->arena, valtype, n);
  for (uint32_t i = 0; i < n; i++)
    at[i] = read_valtype(r, d->f);
  *len = n;
  return at;
}

static bool read_mutability(struct reader *r) {
  uint64_t off = reader_off(r);
  uint8_t flag = read_u8(r);
  if (flag > 1) (void)reader_fail_at(r, off, ERROR_MALFORMED, "malformed mutability");
  return flag == 1;
}

static struct field read_field(struct decoder *d, struct reader *r) {
  struct field f = {.type = read_storage_type(r, d->f)};
  f.mutable_ = read_mutability(r);
  return f;
}

static uint32_t read_cont_type(struct decoder *d, struct reader *r) {
  uint64_t off = reader_off(r);
  uint32_t heap = read_heaptype(r, d->f);
  if (!heap_is_concrete(heap) || (heap & VT_EXACT))
    (void)reader_fail_at(r, off, ERROR_MALFORMED, "malformed continuation type");
  return heap & VT_INDEX_MASK;
}

enum {
  CODE_FUNC = 0x60,
  CODE_STRUCT = 0x5f,
  CODE_ARRAY = 0x5e,
  CODE_CONT = 0x5d,
  CODE_SUB = 0x50,
  CODE_SUB_FINAL = 0x4f,
  CODE_REC = 0x4e,
  CODE_DESCRIPTOR = 0x4d,
  CODE_DESCRIBES = 0x4c
};

static void read_comptype(struct decoder *d, struct reader *r, struct subtype *t, uint8_t code,
                          uint64_t off) {
  if (code == CODE_FUNC) {
    t->kind = COMP_FUNC;
    t->func.params = read_valtypes(d, r, MAX_PARAMS, "parameters", &t->func.nparams);
    t->func.results = read_valtypes(d, r, MAX_RESULTS, "results", &t->func.nresults);
    if (t->func.nresults > 1 && !has(d, FEATURE_MULTI_VALUE))
      (void)reader_fail_at(r, off, ERROR_MALFORMED, "malformed function type: more than one result");
  } else if (code == CODE_STRUCT && has(d, FEATURE_GC)) {
    t->kind = COMP_STRUCT;
    uint32_t n = read_count(r, MAX_FIELDS, 2, "fields");
    struct field *fields = ARENA_ARRAY(d->arena, struct field, n);
    for (uint32_t i = 0; i < n; i++)
      fields[i] = read_field(d, r);
    t->struct_.fields = fields;
    t->struct_.nfields = n;
  } else if (code == CODE_ARRAY && has(d, FEATURE_GC)) {
    t->kind = COMP_ARRAY;
    t->array = read_field(d, r);
  } else if (code == CODE_CONT && has(d, FEATURE_STACK_SWITCHING)) {
    t->kind = COMP_CONT;
    t->cont = read_cont_type(d, r);
  } else {
    (void)reader_fail_at(r, off, ERROR_MALFORMED, "malformed definition type");
  }
}

/* A sub type whose first byte is `code`; the caller says which group it belongs to. */
static struct subtype read_subtype(struct decoder *d, struct reader *r, uint8_t code, uint64_t off) {
  struct subtype t = {.final = true, .super = NO_SUPER, .descriptor = NO_SUPER, .describes = NO_SUPER};
  if ((code == CODE_SUB || code == CODE_SUB_FINAL) && has(d, FEATURE_GC)) {
    t.final = code == CODE_SUB_FINAL;
    uint32_t nsupers = read_uleb32(r);
    if (nsupers > 1) (void)reader_fail_at(r, off, ERROR_INVALID, "sub type with more than one super type");
    if (nsupers == 1) t.super = read_uleb32(r);
    if (t.super >= MAX_TYPES && t.super != NO_SUPER)
      (void)reader_fail_at(r, off, ERROR_INVALID, "unknown type %u", t.super);
    off = reader_off(r);
    code = read_u8(r);
  }
  if (code == CODE_DESCRIBES && has(d, FEATURE_CUSTOM_DESCRIPTORS)) {
    t.describes = read_uleb32(r);
    off = reader_off(r);
    code = read_u8(r);
  }
  if (code == CODE_DESCRIPTOR && has(d, FEATURE_CUSTOM_DESCRIPTORS)) {
    t.descriptor = read_uleb32(r);
    off = reader_off(r);
    code = read_u8(r);
  }
  if (reader_ok(r)) read_comptype(d, r, &t, code, off);
  return t;
}

static void read_type_section(struct decoder *d, struct reader *r) {
  uint32_t ngroups = read_count(r, MAX_TYPES, 1, "types");
  VEC_RESERVE(d->arena, &d->types, ngroups);
  for (uint32_t g = 0; g < ngroups && reader_ok(r); g++) {
    uint64_t off = reader_off(r);
    uint8_t code = read_u8(r);
    uint32_t start = d->types.len, len = 1;
    if (code == CODE_REC && has(d, FEATURE_GC)) {
      len = read_count(r, MAX_TYPES, 2, "types");
      if (len == 0) continue;
      off = reader_off(r);
      code = read_u8(r);
    }
    if (len > MAX_TYPES - start) {
      (void)reader_fail_at(r, off, ERROR_LIMIT, "too many types (at most %d)", MAX_TYPES);
      return;
    }
    for (uint32_t i = 0; i < len && reader_ok(r); i++) {
      if (i > 0) off = reader_off(r), code = read_u8(r);
      struct subtype t = read_subtype(d, r, code, off);
      t.rec_start = start;
      t.rec_len = len;
      VEC_PUSH(d->arena, &d->types, t);
    }
  }
}

static struct limits read_limits(struct decoder *d, struct reader *r, bool is_table) {
  enum { HAS_MAX = 1, SHARED = 2, IS_64 = 4, HAS_PAGE_SIZE = 8 };
  struct limits l = {0};
  uint64_t off = reader_off(r);
  uint8_t known = HAS_MAX, flags = read_u8(r);
  if (has(d, FEATURE_MEMORY64)) known |= IS_64;
  if (has(d, FEATURE_THREADS)) known |= SHARED;
  if (has(d, FEATURE_CUSTOM_PAGE_SIZES) && !is_table) known |= HAS_PAGE_SIZE;
  if (flags & ~known) {
    (void)reader_fail_at(r, off, ERROR_MALFORMED, "malformed limits flags");
    return l;
  }
  l.has_max = flags & HAS_MAX;
  l.shared = flags & SHARED;
  l.is64 = flags & IS_64;
  l.page_log2 = is_table ? 0 : 16;
  bool wide = has(d, FEATURE_MEMORY64); /* then all limits are u64 and validation knows the range */
  l.min = wide ? read_uleb64(r) : read_uleb32(r);
  if (l.has_max) l.max = wide ? read_uleb64(r) : read_uleb32(r);
  if (l.shared && is_table) (void)reader_fail_at(r, off, ERROR_MALFORMED, "tables cannot be shared (yet)");
  if (flags & HAS_PAGE_SIZE) {
    off = reader_off(r);
    uint32_t log2 = read_uleb32(r);
    if (log2 > 63) (void)reader_fail_at(r, off, ERROR_MALFORMED, "invalid custom page size");
    l.page_log2 = (uint8_t)(log2 & 63);
  }
  return l;
}

static struct tabletype read_tabletype(struct decoder *d, struct reader *r) {
  struct tabletype t = {0};
  if (!has(d, FEATURE_REFERENCE_TYPES)) {
    uint64_t off = reader_off(r);
    t.elem = VT_FUNCREF;
    if (read_u8(r) != 0x70) (void)reader_fail_at(r, off, ERROR_MALFORMED, "malformed reference type");
  } else {
    t.elem = read_reftype(r, d->f);
  }
  t.limits = read_limits(d, r, true);
  return t;
}

static struct globaltype read_globaltype(struct decoder *d, struct reader *r) {
  struct globaltype t = {.type = read_valtype(r, d->f)};
  t.mutable_ = read_mutability(r);
  return t;
}

static struct tagtype read_tagtype(struct reader *r) {
  uint64_t off = reader_off(r);
  if (read_u8(r) != 0)
    (void)reader_fail_at(r, off, ERROR_MALFORMED, "malformed tag attribute: zero byte expected");
  return (struct tagtype){read_uleb32(r)};
}

/* ---- constant expressions ---- */

static void note_func_ref(struct decoder *d, uint32_t index) {
  if (index < d->funcs.len) d->funcs.at[index].declared_ref = true;
}

/* Its extent: up to the `end` that matches nothing inside. */
static struct const_expr read_const_expr(struct decoder *d, struct reader *r) {
  struct const_expr x = {.code = r->at, .off = (uint32_t)reader_off(r)};
  for (uint32_t depth = 0;;) {
    struct insn insn;
    const uint8_t *at = r->at;
    insn_read(r, d->f, &insn);
    switch (insn.op) {
    case OP_INVALID: return x;
    case OP_REF_FUNC: note_func_ref(d, insn.a); break;
    case OP_BLOCK:
    case OP_LOOP:
    case OP_IF:
    case OP_TRY:
    case OP_TRY_TABLE: depth++; break;
    case OP_DELEGATE: depth -= depth > 0; break;
    case OP_END:
      if (depth-- > 0) break;
      x.size = (uint32_t)(at - x.code);
      return x;
    default: break;
    }
  }
}

/* ---- sections ---- */

static uint32_t kind_count(const struct decoder *d, enum extern_kind kind) {
  switch (kind) {
  case EXTERN_FUNC: return d->funcs.len;
  case EXTERN_TABLE: return d->tables.len;
  case EXTERN_MEMORY: return d->mems.len;
  case EXTERN_GLOBAL: return d->globals.len;
  case EXTERN_TAG: return d->tags.len;
  }
  return 0;
}

/* What an import describes, after the kind byte. */
struct import_desc {
  uint8_t kind; /* as encoded */
  uint32_t func;
  struct tabletype table;
  struct memtype mem;
  struct globaltype global;
  struct tagtype tag;
};

enum { KIND_EXACT_FUNC = 0x20, KIND_COMPACT_SAME_MODULE = 0x7f, KIND_COMPACT_SAME_TYPE = 0x7e };

static struct import_desc read_import_desc(struct decoder *d, struct reader *r) {
  uint64_t off = reader_off(r);
  struct import_desc t = {.kind = read_u8(r)};
  if (t.kind == EXTERN_FUNC || (t.kind == KIND_EXACT_FUNC && has(d, FEATURE_CUSTOM_DESCRIPTORS)))
    t.func = read_uleb32(r);
  else if (t.kind == EXTERN_TABLE)
    t.table = read_tabletype(d, r);
  else if (t.kind == EXTERN_MEMORY)
    t.mem.limits = read_limits(d, r, false);
  else if (t.kind == EXTERN_GLOBAL)
    t.global = read_globaltype(d, r);
  else if (t.kind == EXTERN_TAG && has(d, FEATURE_EXCEPTIONS))
    t.tag = read_tagtype(r);
  else
    (void)reader_fail_at(r, off, ERROR_MALFORMED, "malformed import kind");
  return t;
}

static void add_import(struct decoder *d, struct reader *r, struct slice module, struct slice name,
                       uint64_t off, const struct import_desc *t) {
  if (!reader_ok(r)) return;
  bool exact = t->kind == KIND_EXACT_FUNC;
  enum extern_kind kind = exact ? EXTERN_FUNC : (enum extern_kind)t->kind;
  struct import i = {module, name, kind, exact, kind_count(d, kind), (uint32_t)off};
  if (d->imports.len == MAX_IMPORTS) {
    (void)reader_fail_at(r, off, ERROR_LIMIT, "too many imports (at most %d)", MAX_IMPORTS);
    return;
  }
  VEC_PUSH(d->arena, &d->imports, i);
  switch (kind) {
  case EXTERN_FUNC: VEC_PUSH(d->arena, &d->funcs, ((struct func){.type = t->func})); return;
  case EXTERN_TABLE: VEC_PUSH(d->arena, &d->tables, ((struct table){.type = t->table, .off = i.off})); return;
  case EXTERN_MEMORY: VEC_PUSH(d->arena, &d->mems, ((struct memory){.type = t->mem, .off = i.off})); return;
  case EXTERN_GLOBAL:
    VEC_PUSH(d->arena, &d->globals, ((struct global){.type = t->global, .off = i.off}));
    return;
  case EXTERN_TAG: VEC_PUSH(d->arena, &d->tags, ((struct tag){.type = t->tag, .off = i.off})); return;
  }
}

/* compact-imports: several imports that share the module's name, or that and the type. */
static void read_compact_imports(struct decoder *d, struct reader *r, struct slice module) {
  bool same_type = read_u8(r) == KIND_COMPACT_SAME_TYPE;
  struct import_desc t = {0};
  if (same_type) t = read_import_desc(d, r);
  uint32_t n = read_count(r, MAX_IMPORTS, same_type ? 1 : 3, "imports");
  for (uint32_t i = 0; i < n && reader_ok(r); i++) {
    uint64_t off = reader_off(r);
    struct slice name = read_name(r);
    if (!same_type) t = read_import_desc(d, r);
    add_import(d, r, module, name, off, &t);
  }
}

static void read_import_section(struct decoder *d, struct reader *r) {
  uint32_t n = read_count(r, MAX_IMPORTS, 3, "imports");
  VEC_RESERVE(d->arena, &d->imports, n);
  for (uint32_t i = 0; i < n && reader_ok(r); i++) {
    uint64_t off = reader_off(r);
    struct slice module = read_name(r), name = read_name(r);
    if (has(d, FEATURE_COMPACT_IMPORTS) && name.len == 0 && !reader_done(r) &&
        (*r->at == KIND_COMPACT_SAME_MODULE || *r->at == KIND_COMPACT_SAME_TYPE)) {
      read_compact_imports(d, r, module);
    } else {
      struct import_desc t = read_import_desc(d, r);
      add_import(d, r, module, name, off, &t);
    }
  }
}

/* How many more of `what` may be declared: limits count imports too. */
static uint32_t read_declared_count(struct reader *r, uint32_t nimported, uint32_t max, size_t min_item,
                                    const char *what) {
  return read_count(r, nimported < max ? max - nimported : 0, min_item, what);
}

static void read_function_section(struct decoder *d, struct reader *r) {
  uint32_t n = read_declared_count(r, d->funcs.len, MAX_FUNCS, 1, "functions");
  VEC_RESERVE(d->arena, &d->funcs, d->funcs.len + n);
  for (uint32_t i = 0; i < n; i++)
    VEC_PUSH(d->arena, &d->funcs, ((struct func){.type = read_uleb32(r)}));
}

static void read_table_section(struct decoder *d, struct reader *r) {
  enum { CODE_HAS_INIT = 0x40 };
  uint32_t n = read_declared_count(r, d->tables.len, MAX_TABLES, 2, "tables");
  VEC_RESERVE(d->arena, &d->tables, d->tables.len + n);
  for (uint32_t i = 0; i < n && reader_ok(r); i++) {
    struct table t = {.off = (uint32_t)reader_off(r)};
    if (!reader_done(r) && *r->at == CODE_HAS_INIT && has(d, FEATURE_FUNC_REFS)) {
      t.has_init = true;
      r->at++;
      uint64_t off = reader_off(r);
      if (read_u8(r) != 0) (void)reader_fail_at(r, off, ERROR_MALFORMED, "zero byte expected");
    }
    t.type = read_tabletype(d, r);
    if (t.has_init) t.init = read_const_expr(d, r);
    VEC_PUSH(d->arena, &d->tables, t);
  }
}

static void read_memory_section(struct decoder *d, struct reader *r) {
  uint32_t n = read_declared_count(r, d->mems.len, MAX_MEMORIES, 1, "memories");
  for (uint32_t i = 0; i < n && reader_ok(r); i++) {
    struct memory m = {.off = (uint32_t)reader_off(r)};
    m.type.limits = read_limits(d, r, false);
    VEC_PUSH(d->arena, &d->mems, m);
  }
}

static void read_tag_section(struct decoder *d, struct reader *r) {
  uint32_t n = read_declared_count(r, d->tags.len, MAX_TAGS, 2, "tags");
  VEC_RESERVE(d->arena, &d->tags, d->tags.len + n);
  for (uint32_t i = 0; i < n && reader_ok(r); i++) {
    struct tag t = {.off = (uint32_t)reader_off(r)};
    t.type = read_tagtype(r);
    VEC_PUSH(d->arena, &d->tags, t);
  }
}

static void read_global_section(struct decoder *d, struct reader *r) {
  uint32_t n = read_declared_count(r, d->globals.len, MAX_GLOBALS, 3, "globals");
  VEC_RESERVE(d->arena, &d->globals, d->globals.len + n);
  for (uint32_t i = 0; i < n && reader_ok(r); i++) {
    struct global g = {.off = (uint32_t)reader_off(r)};
    g.type = read_globaltype(d, r);
    g.init = read_const_expr(d, r);
    VEC_PUSH(d->arena, &d->globals, g);
  }
}

static void read_export_section(struct decoder *d, struct reader *r) {
  uint32_t n = read_count(r, MAX_EXPORTS, 1, "exports");
  struct export_ *at = ARENA_ARRAY(d->arena, struct export_, n);
  for (uint32_t i = 0; i < n && reader_ok(r); i++) {
    at[i].off = (uint32_t)reader_off(r);
    at[i].name = read_name(r);
    uint64_t off = reader_off(r);
    uint8_t kind = read_u8(r);
    if (kind > EXTERN_TAG || (kind == EXTERN_TAG && !has(d, FEATURE_EXCEPTIONS)))
      (void)reader_fail_at(r, off, ERROR_MALFORMED, "malformed export kind");
    at[i].kind = (enum extern_kind)kind;
    at[i].index = read_uleb32(r);
    if (kind == EXTERN_FUNC) note_func_ref(d, at[i].index);
  }
  d->m->exports = at;
  d->m->nexports = n;
}

static void read_start_section(struct decoder *d, struct reader *r) {
  d->m->start_off = (uint32_t)reader_off(r);
  d->m->start = read_uleb32(r);
  d->m->has_start = true;
}

static void read_elem_kind(struct reader *r) {
  uint64_t off = reader_off(r);
  if (read_u8(r) != 0)
    (void)reader_fail_at(r, off, ERROR_MALFORMED, "malformed element kind: zero byte expected");
}

static void read_elem_items(struct decoder *d, struct reader *r, struct elem *e, bool are_exprs) {
  e->len = read_count(r, MAX_TABLE_ENTRIES, 1, "elements");
  if (are_exprs) {
    struct const_expr *exprs = ARENA_ARRAY(d->arena, struct const_expr, e->len);
    for (uint32_t i = 0; i < e->len && reader_ok(r); i++)
      exprs[i] = read_const_expr(d, r);
    e->exprs = exprs;
  } else {
    uint32_t *funcs = ARENA_ARRAY(d->arena, uint32_t, e->len);
    for (uint32_t i = 0; i < e->len; i++) {
      funcs[i] = read_uleb32(r);
      note_func_ref(d, funcs[i]);
    }
    e->funcs = funcs;
  }
}

static void read_elem(struct decoder *d, struct reader *r, struct elem *e) {
  enum { NOT_ACTIVE = 1, DECLARED_OR_TABLE = 2, EXPRS = 4 };
  e->off = (uint32_t)reader_off(r);
  uint32_t flags = read_uleb32(r);
  if (flags > 7 || (flags != 0 && !has(d, FEATURE_BULK_MEMORY))) {
    (void)reader_fail_at(r, e->off, ERROR_MALFORMED, "malformed elements segment kind");
    return;
  }
  bool short_form = !(flags & (NOT_ACTIVE | DECLARED_OR_TABLE));
  e->mode = !(flags & NOT_ACTIVE)       ? SEGMENT_ACTIVE
            : flags & DECLARED_OR_TABLE ? SEGMENT_DECLARED
                                        : SEGMENT_PASSIVE;
  if (e->mode == SEGMENT_ACTIVE) {
    if (flags & DECLARED_OR_TABLE) e->table = read_uleb32(r);
    e->offset = read_const_expr(d, r);
  }
  e->type = flags & EXPRS ? VT_FUNCREF : vt_ref(HEAP_FUNC, false);
  if (!short_form) {
    if (flags & EXPRS)
      e->type = read_reftype(r, d->f);
    else
      read_elem_kind(r);
  }
  if (reader_ok(r)) read_elem_items(d, r, e, flags & EXPRS);
}

static void read_element_section(struct decoder *d, struct reader *r) {
  uint32_t n = read_count(r, MAX_ELEM, 2, "element segments");
  d->m->elems = ARENA_ARRAY(d->arena, struct elem, n);
  d->m->nelems = n;
  for (uint32_t i = 0; i < n && reader_ok(r); i++)
    read_elem(d, r, &d->m->elems[i]);
}

static void read_datacount_section(struct decoder *d, struct reader *r) {
  d->data_count = read_uleb32(r);
  d->m->has_data_count = true;
}

static void read_code_section(struct decoder *d, struct reader *r) {
  d->m->code_off = (uint32_t)reader_off(r);
  d->m->code_size = (uint32_t)reader_left(r);
  uint32_t n = read_count(r, MAX_FUNCS, 1, "function bodies"), first = d->m->nimported_funcs;
  d->nbodies = n;
  if (n != d->funcs.len - first) {
    (void)reader_fail_at(r, d->m->code_off, ERROR_MALFORMED,
                         "function and code section have inconsistent lengths");
    return;
  }
  for (uint32_t i = 0; i < n && reader_ok(r); i++) {
    uint64_t off = reader_off(r);
    uint32_t size = read_uleb32(r);
    struct func *f = &d->funcs.at[first + i];
    f->body_off = (uint32_t)reader_off(r);
    f->body_size = size;
    if (size > reader_left(r))
      (void)reader_fail_at(r, off, ERROR_MALFORMED,
                           "unexpected end of section or function: length out of bounds");
    else if (size > MAX_BODY)
      (void)reader_fail_at(r, off, ERROR_LIMIT, "function body of %u bytes (at most %d)", size, MAX_BODY);
    else if (size == 0)
      (void)reader_fail_at(r, off, ERROR_MALFORMED, "unexpected end of section or function: empty body");
    else
      r->at += size;
  }
}

static void read_data_section(struct decoder *d, struct reader *r) {
  uint64_t section_off = reader_off(r);
  uint32_t n = read_count(r, MAX_DATA, 2, "data segments");
  if (d->m->has_data_count && n != d->data_count) {
    (void)reader_fail_at(r, section_off, ERROR_MALFORMED,
                         "data count and data section have inconsistent lengths");
    return;
  }
  d->m->datas = ARENA_ARRAY(d->arena, struct data, n);
  d->m->ndatas = n;
  for (uint32_t i = 0; i < n && reader_ok(r); i++) {
    struct data *x = &d->m->datas[i];
    x->off = (uint32_t)reader_off(r);
    uint32_t flags = read_uleb32(r);
    if (flags > 2 || (flags != 0 && !has(d, FEATURE_BULK_MEMORY)))
      (void)reader_fail_at(r, x->off, ERROR_MALFORMED, "malformed data segment kind");
    x->mode = flags == 1 ? SEGMENT_PASSIVE : SEGMENT_ACTIVE;
    if (flags == 2) x->memory = read_uleb32(r);
    if (flags != 1) x->offset = read_const_expr(d, r);
    uint32_t size = read_uleb32(r);
    x->bytes = read_bytes(r, size);
  }
}

static void read_custom_section(struct decoder *d, struct reader *r, uint8_t after) {
  struct custom c = {.off = (uint32_t)reader_off(r), .after = after};
  c.name = read_name(r);
  c.bytes = read_bytes(r, reader_left(r));
  VEC_PUSH(d->arena, &d->customs, c);
}

/* ---- the module ---- */

/* Rank in the order of sections; 0 = no such section. */
static uint8_t section_order(const struct decoder *d, uint8_t id) {
  if (id == SECTION_TAG && !has(d, FEATURE_EXCEPTIONS)) return 0;
  if (id == SECTION_DATACOUNT && !has(d, FEATURE_BULK_MEMORY)) return 0;
  switch (id) {
#define SECTION(number, name, order, text)                                                                   \
  case number:                                                                                               \
    return order;
#include "wasm/section.def"
#undef SECTION
  default: return 0;
  }
}

static void read_section(struct decoder *d, struct reader *r, enum section_id id) {
  switch (id) {
  case SECTION_CUSTOM: return;
  case SECTION_TYPE: read_type_section(d, r); return;
  case SECTION_IMPORT: read_import_section(d, r); return;
  case SECTION_FUNCTION: read_function_section(d, r); return;
  case SECTION_TABLE: read_table_section(d, r); return;
  case SECTION_MEMORY: read_memory_section(d, r); return;
  case SECTION_TAG: read_tag_section(d, r); return;
  case SECTION_GLOBAL: read_global_section(d, r); return;
  case SECTION_EXPORT: read_export_section(d, r); return;
  case SECTION_START: read_start_section(d, r); return;
  case SECTION_ELEMENT: read_element_section(d, r); return;
  case SECTION_DATACOUNT: read_datacount_section(d, r); return;
  case SECTION_CODE: read_code_section(d, r); return;
  case SECTION_DATA: read_data_section(d, r); return;
  }
}

/* After the import section, or where it would stand. */
static void note_imported(struct decoder *d) {
  d->m->nimported_funcs = d->funcs.len;
  d->m->nimported_tables = d->tables.len;
  d->m->nimported_mems = d->mems.len;
  d->m->nimported_globals = d->globals.len;
  d->m->nimported_tags = d->tags.len;
}

static void read_sections(struct decoder *d, struct reader *r) {
  uint8_t last = 0, last_id = 0;
  while (!reader_done(r)) {
    uint64_t off = reader_off(r);
    uint8_t id = read_u8(r), order = section_order(d, id);
    if (id != SECTION_CUSTOM && order == 0) {
      (void)reader_fail_at(r, off, ERROR_MALFORMED, "malformed section id %u", id);
      return;
    }
    struct reader body = reader_sub(r, read_uleb32(r));
    if (!reader_ok(r)) return;
    if (id == SECTION_CUSTOM) {
      read_custom_section(d, &body, last_id);
    } else {
      if (order <= last) {
        (void)reader_fail_at(r, off, ERROR_MALFORMED, "unexpected content after last section");
        return;
      }
      last = order, last_id = id;
      read_section(d, &body, (enum section_id)id);
      if (id == SECTION_IMPORT) note_imported(d);
      if (!reader_done(&body)) (void)reader_fail(&body, ERROR_MALFORMED, "section size mismatch");
    }
    if (!reader_ok(r)) return;
  }
}

static void read_header(struct reader *r) {
  static const uint8_t magic[4] = {0, 'a', 's', 'm'};
  if (reader_left(r) >= sizeof magic && memcmp(r->at, magic, sizeof magic) != 0) {
    (void)reader_fail(r, ERROR_MALFORMED, "magic header not detected");
  } else if (reader_left(r) < 8) {
    (void)reader_fail_at(r, reader_off(r) + reader_left(r), ERROR_MALFORMED, "unexpected end of the header");
  } else {
    r->at += sizeof magic;
    uint64_t off = reader_off(r);
    uint32_t version = read_u32le(r);
    if (version == 0x1000d)
      (void)reader_fail_at(r, off, ERROR_MALFORMED,
                           "unknown binary version: this is a component, only core modules can be read");
    else if (version != 1)
      (void)reader_fail_at(r, off, ERROR_MALFORMED, "unknown binary version %u", version);
  }
}

static void finish(struct decoder *d, struct reader *r) {
  struct module *m = d->m;
  if (d->nbodies != d->funcs.len - m->nimported_funcs)
    (void)reader_fail(r, ERROR_MALFORMED, "function and code section have inconsistent lengths");
  if (m->has_data_count && d->data_count != m->ndatas)
    (void)reader_fail(r, ERROR_MALFORMED, "data count and data section have inconsistent lengths");
  m->types = d->types.at, m->ntypes = d->types.len;
  m->imports = d->imports.at, m->nimports = d->imports.len;
  m->funcs = d->funcs.at, m->nfuncs = d->funcs.len;
  m->tables = d->tables.at, m->ntables = d->tables.len;
  m->mems = d->mems.at, m->nmems = d->mems.len;
  m->globals = d->globals.at, m->nglobals = d->globals.len;
  m->tags = d->tags.at, m->ntags = d->tags.len;
  m->customs = d->customs.at, m->ncustoms = d->customs.len;
  m->canon_ids = ARENA_ARRAY(d->arena, uint32_t, m->ntypes);
  if (reader_ok(r)) custom_decode(m);
}

static struct module *decode(struct arena *a, struct slice bytes, struct features f, struct error *e) {
  struct decoder d = {.arena = a, .f = f, .error = e};
  struct reader r = reader_of(bytes, 0, e);
  d.m = ARENA_NEW(a, struct module);
  d.m->arena = a;
  d.m->bytes = bytes;
  d.m->features = f;
  read_header(&r);
  read_sections(&d, &r);
  finish(&d, &r);
  return reader_ok(&r) ? d.m : NULL;
}

struct module *module_decode(struct arena *a, struct slice bytes, struct features f, struct error *e) {
  jmp_buf on_oom, *const before = a->on_oom;
  struct module *m = NULL;
  if (bytes.len > UINT32_MAX) return error_set(e, ERROR_LIMIT, "module of 4 GiB or more"), NULL;
  if (setjmp(on_oom) == 0) {
    a->on_oom = &on_oom;
    m = decode(a, bytes, f, e);
  } else {
    m = NULL;
    (void)error_memory(e);
  }
  a->on_oom = before;
  return m;
}

bool module_is_binary(struct slice bytes) { return bytes.len >= 4 && memcmp(bytes.data, "\0asm", 4) == 0; }
