/* Values and references: the API's to the runtime's and back, with every check an embedder's mistake asks
 * for. */
#include "api/api.h"
#include "runtime/object.h"

#include <string.h>

static const struct canon *canon_of(heddle_store_t *store) { return store->engine->canon; }

heddle_error_t *ref_find(heddle_store_t *store, heddle_ref_t ref, const struct value **out) {
  *out = NULL;
  if (ref.index == 0) return NULL;
  if (ref.store == store->store->id) *out = store_ref(store->store, ref.index);
  return *out ? NULL : foreign_handle("reference");
}

/* As the engine's language has it: exact types belong to custom descriptors. */
static valtype visible(heddle_store_t *store, valtype t) {
  return feature_on(store->engine->config.features, FEATURE_CUSTOM_DESCRIPTORS) ? t : t & ~VT_EXACT;
}

static heddle_error_t *wrong_type(heddle_store_t *store, const char *what, valtype want, valtype found) {
  char a[64], b[64];
  heddle_engine_t *engine = (heddle_engine_t *)store->engine;
  heddle_valtype_text(engine, want, a, sizeof a);
  heddle_valtype_text(engine, visible(store, found), b, sizeof b);
  return api_error_new(HEDDLE_ERROR_USAGE, "%s: expected %s, found %s", what, a, b);
}

/* A continuation's type is never asked for at run time, so one of another recursion group with fitting values
 * is as good. */
static bool cont_match(const struct canon *c, valtype have, valtype want) {
  if (!vt_is_concrete(have) || !vt_is_concrete(want)) return false;
  const struct subtype *h = canon_type(c, vt_index(have)), *w = canon_type(c, vt_index(want));
  return h->kind == COMP_CONT && w->kind == COMP_CONT &&
         canon_functype_match(c, &canon_type(c, h->cont)->func, &canon_type(c, w->cont)->func);
}

static heddle_error_t *no_type(void) {
  return api_error_new(HEDDLE_ERROR_USAGE, "the value's type is none of this engine");
}

static heddle_error_t *ref_import(heddle_store_t *store, const heddle_val_t *val, valtype type,
                                  union vm_value *out, const char *what) {
  const struct value *ref;
  heddle_error_t *error = ref_find(store, val->of.ref, &ref);
  if (error) return error;
  memset(out, 0, sizeof *out);
  if (!ref || value_is_null(canon_of(store), ref)) {
    valtype found = ref ? ref->type : val->type;
    if (!valtype_ok(store->engine, found)) return no_type();
    bool same_top = vt_is_ref(found) && canon_heap_top(canon_of(store), vt_heap(found)) ==
                                            canon_heap_top(canon_of(store), vt_heap(type));
    return vt_is_nullable(type) && same_top ? NULL : wrong_type(store, what, type, found);
  }
  if (!canon_match(canon_of(store), ref->type & ~VT_NULLABLE, type) &&
      !cont_match(canon_of(store), ref->type, type))
    return wrong_type(store, what, type, ref->type);
  *out = ref->of;
  return NULL;
}

heddle_error_t *val_import(heddle_store_t *store, const heddle_val_t *val, valtype type, union vm_value *out,
                           const char *what) {
  if (!val) return no_array();
  if (vt_is_ref(type)) {
    if (!vt_is_ref(val->type)) return wrong_type(store, what, type, val->type);
    return ref_import(store, val, type, out, what);
  }
  if (val->type != type) return wrong_type(store, what, type, val->type);
  memset(out, 0, sizeof *out);
  memcpy(out, &val->of, vt_size(type));
  return NULL;
}

/* The type a reference is held with: that of the function or object itself. */
static valtype held_type(heddle_store_t *store, valtype type, union vm_value v) {
  if (valtype_is_funcref(canon_of(store), type)) return vt_ref_to(v.func->type, false) | VT_EXACT;
  if (canon_heap_top(canon_of(store), vt_heap(type)) == HEAP_CONT) return type & ~VT_NULLABLE;
  return object_valtype(store->store, v.ref, canon_heap_top(canon_of(store), vt_heap(type)) == HEAP_EXTERN);
}

heddle_error_t *val_export(heddle_store_t *store, valtype type, union vm_value v, heddle_val_t *out) {
  memset(out, 0, sizeof *out);
  out->type = type;
  if (!vt_is_ref(type)) {
    memcpy(&out->of, &v, vt_size(type));
    return NULL;
  }
  struct value held = {type, v};
  if (value_is_null(canon_of(store), &held)) return NULL;
  held.type = held_type(store, type, v);
  out->of.ref = (heddle_ref_t){store->store->id, store_ref_new(store->store, &held)};
  return out->of.ref.index ? NULL : api_error_memory();
}

size_t heddle_scope_open(heddle_store_t *store) { return store_scope_open(store->store); }
void heddle_scope_close(heddle_store_t *store, size_t scope) { store_scope_close(store->store, scope); }

heddle_error_t *heddle_root(heddle_store_t *store, heddle_ref_t ref, heddle_ref_t *out) {
  const struct value *v;
  heddle_error_t *error = ref_find(store, ref, &v);
  if (error) return error;
  *out = (heddle_ref_t){v ? store->store->id : 0, v ? store_ref_keep(store->store, v) : 0};
  return v && !out->index ? api_error_memory() : NULL;
}

void heddle_unroot(heddle_store_t *store, heddle_ref_t root) {
  if (root.store == store->store->id) store_ref_drop(store->store, root.index);
}

heddle_error_t *heddle_externref_new(heddle_store_t *store, void *data, void (*finalizer)(void *),
                                     heddle_ref_t *out) {
  struct value v = {VT_EXTERNREF & ~VT_NULLABLE, {0}};
  v.of.ref = store_extern_new(store->store, data, finalizer);
  if (!v.of.ref) return api_error_memory();
  *out = (heddle_ref_t){store->store->id, store_ref_new(store->store, &v)};
  return out->index ? NULL : api_error_memory();
}

heddle_error_t *heddle_externref_data(heddle_store_t *store, heddle_ref_t ref, void **out) {
  const struct value *v;
  heddle_error_t *error = ref_find(store, ref, &v);
  if (error) return error;
  if (v && vt_is_ref(v->type) && !valtype_is_funcref(canon_of(store), v->type) &&
      store_extern(store->store, v->of.ref, out))
    return NULL;
  return api_error_new(HEDDLE_ERROR_USAGE, "the reference is no externref made by the host");
}

heddle_error_t *heddle_func_ref(heddle_store_t *store, heddle_func_t func, heddle_ref_t *out) {
  struct funcinst *f = handle_find(store, HANDLE_FUNC, func.store, func.index);
  if (!f) return foreign_handle("function");
  struct value v = {vt_ref_to(f->vm.type, false) | VT_EXACT, {.func = &f->vm}};
  *out = (heddle_ref_t){store->store->id, store_ref_new(store->store, &v)};
  return out->index ? NULL : api_error_memory();
}

heddle_error_t *heddle_ref_func(heddle_store_t *store, heddle_ref_t ref, heddle_func_t *out) {
  const struct value *v;
  heddle_error_t *error = ref_find(store, ref, &v);
  if (error) return error;
  if (!v || !valtype_is_funcref(canon_of(store), v->type) || !v->of.func)
    return api_error_new(HEDDLE_ERROR_USAGE, "the reference is null or no function");
  *out = (heddle_func_t){store->store->id, funcinst_handle(funcinst_of(v->of.func))};
  return out->index ? NULL : api_error_memory();
}

heddle_error_t *heddle_ref_type(heddle_store_t *store, heddle_ref_t ref, heddle_valtype_t *out) {
  const struct value *v;
  heddle_error_t *error = ref_find(store, ref, &v);
  if (error) return error;
  *out = v ? visible(store, v->type) : vt_ref(HEAP_NONE, true);
  return NULL;
}

heddle_error_t *heddle_ref_test(heddle_store_t *store, heddle_ref_t ref, heddle_valtype_t type, bool *out) {
  const struct value *v;
  heddle_error_t *error = ref_find(store, ref, &v);
  if (error) return error;
  if (!vt_is_ref(type) || !valtype_ok(store->engine, type))
    return api_error_new(HEDDLE_ERROR_USAGE, "a reference type is needed");
  *out = v && !value_is_null(canon_of(store), v) ? canon_match(canon_of(store), v->type, type)
                                                 : vt_is_nullable(type);
  return NULL;
}

heddle_error_t *heddle_ref_eq(heddle_store_t *store, heddle_ref_t a, heddle_ref_t b, bool *out) {
  const struct value *x, *y;
  heddle_error_t *error = ref_find(store, a, &x);
  if (!error) error = ref_find(store, b, &y);
  if (error) return error;
  bool x_null = !x || value_is_null(canon_of(store), x), y_null = !y || value_is_null(canon_of(store), y);
  if (x_null || y_null)
    *out = x_null && y_null;
  else if (valtype_is_funcref(canon_of(store), x->type) != valtype_is_funcref(canon_of(store), y->type))
    *out = false;
  else
    *out = valtype_is_funcref(canon_of(store), x->type) ? x->of.func == y->of.func : x->of.ref == y->of.ref;
  return NULL;
}

size_t heddle_valtype_text(const heddle_engine_t *engine, heddle_valtype_t type, char *out, size_t size) {
  (void)engine;
  char text[48] = "none";
  if (!(type & VT_REF) || vt_is_concrete(type) || vt_heap(type) < HEAP_COUNT) vt_format(type, text);
  size_t len = strlen(text);
  if (size) {
    size_t n = len < size - 1 ? len : size - 1;
    memcpy(out, text, n);
    out[n] = 0;
  }
  return len;
}

/* extern.convert_any and any.convert_extern: the same reference under the type of the other side. */
static heddle_error_t *convert(heddle_store_t *store, heddle_ref_t ref, uint32_t from, heddle_ref_t *out) {
  const struct value *v;
  heddle_error_t *error = ref_find(store, ref, &v);
  if (error) return error;
  *out = (heddle_ref_t){0, 0};
  if (!v || value_is_null(canon_of(store), v)) return NULL;
  if (canon_heap_top(canon_of(store), vt_heap(v->type)) != from)
    return api_error_new(HEDDLE_ERROR_USAGE, "the reference is none of %s",
                         from == HEAP_ANY ? "anyref" : "externref");
  struct value other = {object_valtype(store->store, v->of.ref, from == HEAP_ANY), v->of};
  *out = (heddle_ref_t){store->store->id, store_ref_new(store->store, &other)};
  return out->index ? NULL : api_error_memory();
}

heddle_error_t *heddle_ref_internalize(heddle_store_t *store, heddle_ref_t ref, heddle_ref_t *out) {
  return convert(store, ref, HEAP_EXTERN, out);
}

heddle_error_t *heddle_ref_externalize(heddle_store_t *store, heddle_ref_t ref, heddle_ref_t *out) {
  return convert(store, ref, HEAP_ANY, out);
}
