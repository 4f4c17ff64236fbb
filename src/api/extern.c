/* Handles and the things behind them: functions, tables, memories, globals, tags. */
#include "api/api.h"

#include <string.h>

heddle_error_t *foreign_handle(const char *what) {
  return api_error_new(HEDDLE_ERROR_USAGE, "the %s is not of this store, or its scope is closed", what);
}

heddle_error_t *no_array(void) {
  return api_error_new(HEDDLE_ERROR_USAGE, "an array that is not empty is NULL");
}

heddle_error_t *no_pointer(const char *what) { return api_error_new(HEDDLE_ERROR_USAGE, "%s is NULL", what); }

void *handle_find(heddle_store_t *store, enum handle_kind kind, uint64_t store_id, uint64_t index) {
  return store_id == store->store->id ? store_object(store->store, kind, index) : NULL;
}

static const enum handle_kind handle_kinds[] = {[EXTERN_FUNC] = HANDLE_FUNC,
                                                [EXTERN_TABLE] = HANDLE_TABLE,
                                                [EXTERN_MEMORY] = HANDLE_MEMORY,
                                                [EXTERN_GLOBAL] = HANDLE_GLOBAL,
                                                [EXTERN_TAG] = HANDLE_TAG};
static const char *const kind_words[] = {[EXTERN_FUNC] = "function",
                                         [EXTERN_TABLE] = "table",
                                         [EXTERN_MEMORY] = "memory",
                                         [EXTERN_GLOBAL] = "global",
                                         [EXTERN_TAG] = "tag"};
#define SAME(a, b) static_assert((int)HEDDLE_##a == (int)EXTERN_##b, "heddle.h and type.h agree")
SAME(FUNC, FUNC);
SAME(TABLE, TABLE);
SAME(MEMORY, MEMORY);
SAME(GLOBAL, GLOBAL);
SAME(TAG, TAG);
/* All handle structs look alike, so that one of them can stand for the union. */
static_assert(sizeof(heddle_func_t) == sizeof(((heddle_extern_t *)0)->of), "handles have one shape");

heddle_error_t *extern_export(heddle_store_t *store, const struct externval *v, heddle_extern_t *out) {
  uint32_t *slot = NULL;
  switch (v->kind) {
  case EXTERN_FUNC: slot = &v->func->handle; break;
  case EXTERN_TABLE: slot = &v->table->handle; break;
  case EXTERN_MEMORY: slot = &v->mem->handle; break;
  case EXTERN_GLOBAL: slot = &v->global->handle; break;
  case EXTERN_TAG: slot = &v->tag->handle; break;
  }
  out->kind = (heddle_extern_kind_t)v->kind;
  out->of.func =
      (heddle_func_t){store->store->id, store_handle(store->store, handle_kinds[v->kind], v->object, slot)};
  return out->of.func.index ? NULL : api_error_memory();
}

heddle_error_t *extern_import(heddle_store_t *store, const heddle_extern_t *ext, struct externval *out) {
  if ((unsigned)ext->kind > HEDDLE_TAG)
    return api_error_new(HEDDLE_ERROR_USAGE, "there is no such kind of extern");
  out->kind = (enum extern_kind)ext->kind;
  out->object = handle_find(store, handle_kinds[ext->kind], ext->of.func.store, ext->of.func.index);
  return out->object ? NULL : foreign_handle(kind_words[ext->kind]);
}

/* ---- types ---- */

heddle_functype_t functype_export(const struct functype *t) {
  return (heddle_functype_t){t->params, t->nparams, t->results, t->nresults};
}

heddle_limits_t limits_export(const struct limits *l) {
  return (heddle_limits_t){.min = l->min,
                           .max = l->max,
                           .has_max = l->has_max,
                           .is64 = l->is64,
                           .shared = l->shared,
                           .page_size_log2 = l->page_log2};
}

heddle_limits_t memory_limits_export(const struct limits *l) {
  heddle_limits_t limits = limits_export(l);
  limits.has_page_size = true;
  return limits;
}

struct limits limits_import(const heddle_limits_t *l) {
  return (struct limits){.min = l->min,
                         .max = l->max,
                         .has_max = l->has_max,
                         .shared = l->shared,
                         .is64 = l->is64,
                         .page_log2 = l->page_size_log2};
}

bool valtype_ok(const struct engine *engine, valtype t) {
  if (!(t & VT_REF)) return t >= VT_I32 && t <= VT_V128;
  if (t & ~(VT_REF | VT_NULLABLE | VT_HEAP_MASK)) return false;
  return vt_is_concrete(t) ? canon_has(engine->canon, vt_index(t)) : vt_heap(t) < HEAP_COUNT;
}

heddle_error_t *functype_import(struct engine *engine, const heddle_functype_t *t, uint32_t *id) {
  if (t->nparams > MAX_PARAMS || t->nresults > MAX_RESULTS)
    return api_error_new(HEDDLE_ERROR_LIMIT, "a function type has at most %d parameters and %d results",
                         MAX_PARAMS, MAX_RESULTS);
  if ((t->nparams && !t->params) || (t->nresults && !t->results)) return no_array();
  for (size_t i = 0; i < t->nparams + t->nresults; i++)
    if (!valtype_ok(engine, i < t->nparams ? t->params[i] : t->results[i - t->nparams]))
      return api_error_new(HEDDLE_ERROR_USAGE, "value type %zu of the function type is none", i);
  struct functype type = {t->params, (uint32_t)t->nparams, t->results, (uint32_t)t->nresults};
  struct error e = ERROR_INIT;
  return canon_add_func(engine->canon, &type, id, &e) ? NULL : api_error(&e);
}

heddle_error_t *heddle_extern_type(heddle_store_t *store, const heddle_extern_t *ext,
                                   heddle_externtype_t *out) {
  struct externval v = {0};
  heddle_error_t *error = extern_import(store, ext, &v);
  if (error) return error;
  memset(out, 0, sizeof *out);
  out->kind = ext->kind;
  switch (v.kind) {
  case EXTERN_FUNC:
    out->func = functype_export(funcinst_type(v.func));
    out->is_exact = feature_on(store->engine->config.features, FEATURE_CUSTOM_DESCRIPTORS);
    break;
  case EXTERN_TABLE: {
    struct tabletype t = table_type(v.table);
    out->valtype = t.elem;
    out->limits = limits_export(&t.limits);
    break;
  }
  case EXTERN_MEMORY: {
    struct memtype t = memory_type(v.mem);
    out->limits = memory_limits_export(&t.limits);
    break;
  }
  case EXTERN_GLOBAL:
    out->valtype = v.global->type.type;
    out->is_mutable = v.global->type.mutable_;
    break;
  case EXTERN_TAG:
    out->func = functype_export(&canon_type(store->engine->canon, v.tag->vm.type)->func);
    break;
  }
  return NULL;
}

/* ---- memories ---- */

static heddle_error_t *limits_check(const heddle_limits_t *l) {
  return l->has_max && l->max < l->min
             ? api_error_new(HEDDLE_ERROR_USAGE, "the maximum is smaller than the minimum")
             : NULL;
}

heddle_error_t *memtype_import(const heddle_limits_t *limits, struct memtype *out) {
  if (limits->page_size_log2 > 16)
    return api_error_new(HEDDLE_ERROR_USAGE, "there are no pages of 2^%d bytes", limits->page_size_log2);
  *out = (struct memtype){limits_import(limits)};
  if (out->limits.page_log2 == 0 && !limits->has_page_size) out->limits.page_log2 = 16;
  if (limits->shared && !limits->has_max)
    return api_error_new(HEDDLE_ERROR_USAGE, "a shared memory has a maximum");
  return limits_check(limits);
}

heddle_error_t *heddle_memory_new(heddle_store_t *store, const heddle_limits_t *limits,
                                  heddle_memory_t *out) {
  struct memtype type;
  struct externval v = {.kind = EXTERN_MEMORY};
  struct error e = ERROR_INIT;
  heddle_extern_t ext = {0};
  heddle_error_t *error = memtype_import(limits, &type);
  if (error) return error;
  if (!memory_new(store->store, &type, &v.mem, &e)) return api_error(&e);
  error = extern_export(store, &v, &ext);
  *out = ext.of.memory;
  return error;
}

uint8_t *heddle_memory_data(heddle_store_t *store, heddle_memory_t memory, size_t *len) {
  struct meminst *m = handle_find(store, HANDLE_MEMORY, memory.store, memory.index);
  *len = m ? memory_size(m) : 0;
  return m ? m->vm.base : NULL;
}

heddle_error_t *heddle_memory_grow(heddle_store_t *store, heddle_memory_t memory, uint64_t pages,
                                   uint64_t *old_pages) {
  struct meminst *m = handle_find(store, HANDLE_MEMORY, memory.store, memory.index);
  if (!m) return foreign_handle("memory");
  *old_pages = memory_grow(m, pages);
  return *old_pages == UINT64_MAX ? api_error_new(HEDDLE_ERROR_LIMIT, "the memory cannot grow by %llu pages",
                                                  (unsigned long long)pages)
                                  : NULL;
}

/* ---- globals ---- */

heddle_error_t *heddle_global_new(heddle_store_t *store, heddle_valtype_t type, bool is_mutable,
                                  const heddle_val_t *init, heddle_global_t *out) {
  if (!valtype_ok(store->engine, type))
    return api_error_new(HEDDLE_ERROR_USAGE, "there is no such value type");
  struct globaltype globaltype = {type, is_mutable};
  struct externval v = {.kind = EXTERN_GLOBAL};
  union vm_value cell;
  struct error e = ERROR_INIT;
  heddle_extern_t ext = {0};
  heddle_error_t *error = val_import(store, init, type, &cell, "initial value");
  if (error) return error;
  if (!global_new(store->store, &globaltype, cell, &v.global, &e)) return api_error(&e);
  error = extern_export(store, &v, &ext);
  *out = ext.of.global;
  return error;
}

heddle_error_t *heddle_global_get(heddle_store_t *store, heddle_global_t global, heddle_val_t *out) {
  struct globalinst *g = handle_find(store, HANDLE_GLOBAL, global.store, global.index);
  return g ? val_export(store, g->type.type, global_get(g), out) : foreign_handle("global");
}

heddle_error_t *heddle_global_set(heddle_store_t *store, heddle_global_t global, const heddle_val_t *val) {
  struct globalinst *g = handle_find(store, HANDLE_GLOBAL, global.store, global.index);
  if (!g) return foreign_handle("global");
  if (!g->type.mutable_) return api_error_new(HEDDLE_ERROR_USAGE, "the global is immutable");
  union vm_value cell;
  heddle_error_t *error = val_import(store, val, g->type.type, &cell, "value");
  if (!error) global_set(g, cell);
  return error;
}

/* ---- tables ---- */

/* NULL: the null reference, where the type has one. */
static heddle_error_t *elem_import(heddle_store_t *store, valtype elem, const heddle_val_t *val,
                                   union vm_value *out) {
  heddle_val_t null = {.type = elem};
  return val_import(store, val ? val : &null, elem, out, "element");
}

heddle_error_t *heddle_table_new(heddle_store_t *store, heddle_valtype_t elem, const heddle_limits_t *limits,
                                 const heddle_val_t *init, heddle_table_t *out) {
  if (!vt_is_ref(elem) || !valtype_ok(store->engine, elem))
    return api_error_new(HEDDLE_ERROR_USAGE, "a table's elements are references");
  struct tabletype type = {elem, limits_import(limits)};
  struct externval v = {.kind = EXTERN_TABLE};
  union vm_value cell;
  struct error e = ERROR_INIT;
  heddle_extern_t ext = {0};
  heddle_error_t *error = limits_check(limits);
  if (!error) error = elem_import(store, elem, init, &cell);
  if (error) return error;
  if (!table_new(store->store, &type, cell, &v.table, &e)) return api_error(&e);
  error = extern_export(store, &v, &ext);
  *out = ext.of.table;
  return error;
}

static heddle_error_t *table_find(heddle_store_t *store, heddle_table_t table, struct tableinst **out) {
  *out = handle_find(store, HANDLE_TABLE, table.store, table.index);
  return *out ? NULL : foreign_handle("table");
}

static heddle_error_t *out_of_table(uint64_t index) {
  return api_error_new(HEDDLE_ERROR_USAGE, "the table has no element %llu", (unsigned long long)index);
}

heddle_error_t *heddle_table_size(heddle_store_t *store, heddle_table_t table, uint64_t *out) {
  struct tableinst *t;
  heddle_error_t *error = table_find(store, table, &t);
  if (!error) *out = t->vm.len;
  return error;
}

heddle_error_t *heddle_table_get(heddle_store_t *store, heddle_table_t table, uint64_t index,
                                 heddle_val_t *out) {
  struct tableinst *t;
  union vm_value cell;
  heddle_error_t *error = table_find(store, table, &t);
  if (error) return error;
  return table_get(t, index, &cell) ? val_export(store, t->type.elem, cell, out) : out_of_table(index);
}

heddle_error_t *heddle_table_set(heddle_store_t *store, heddle_table_t table, uint64_t index,
                                 const heddle_val_t *val) {
  struct tableinst *t;
  union vm_value cell;
  heddle_error_t *error = table_find(store, table, &t);
  if (!error) error = elem_import(store, t->type.elem, val, &cell);
  if (error) return error;
  return table_set(t, index, cell) ? NULL : out_of_table(index);
}

heddle_error_t *heddle_table_grow(heddle_store_t *store, heddle_table_t table, uint64_t delta,
                                  const heddle_val_t *init, uint64_t *old_size) {
  struct tableinst *t;
  union vm_value cell;
  heddle_error_t *error = table_find(store, table, &t);
  if (!error) error = elem_import(store, t->type.elem, init, &cell);
  if (error) return error;
  *old_size = table_grow(t, delta, cell);
  return *old_size == UINT64_MAX ? api_error_new(HEDDLE_ERROR_LIMIT, "the table cannot grow by %llu elements",
                                                 (unsigned long long)delta)
                                 : NULL;
}

heddle_error_t *heddle_tag_new(heddle_store_t *store, const heddle_functype_t *type, heddle_tag_t *out) {
  uint32_t id;
  struct externval v = {.kind = EXTERN_TAG};
  struct error e = ERROR_INIT;
  heddle_extern_t ext = {0};
  heddle_error_t *error = functype_import(store->engine, type, &id);
  if (error) return error;
  if (!tag_new(store->store, id, &v.tag, &e)) return api_error(&e);
  error = extern_export(store, &v, &ext);
  *out = ext.of.tag;
  return error;
}
