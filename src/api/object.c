/* Structs, arrays, i31 and exceptions from the host's side.
 *
 * In: handles and values as an embedder gives them; everything is checked.  Out: handles.  An object is made
 * first and filled afterwards: making it may move the others, and their handles are only looked up then. */
#include "api/api.h"

#include "gc/gc.h"
#include "runtime/entry.h"
#include "runtime/object.h"

static const struct canon *canon_of(heddle_store_t *store) { return store->engine->canon; }
static uint8_t *base_of(heddle_store_t *store) { return gc_base(store->store->heap); }

static heddle_error_t *exhausted(void) {
  return api_error_new(HEDDLE_ERROR_MEMORY, "the heap of objects is exhausted (option max-gc-heap-size)");
}

static heddle_error_t *hold(heddle_store_t *store, valtype type, uint32_t ref, heddle_ref_t *out) {
  struct value v = {type, {0}};
  v.of.ref = ref;
  *out = (heddle_ref_t){store->store->id, store_ref_new(store->store, &v)};
  return out->index ? NULL : api_error_memory();
}

/* The definition behind a concrete reference type of the kind; NULL: it is none. */
static const struct subtype *type_find(heddle_store_t *store, heddle_valtype_t type, enum comp_kind kind) {
  if (!vt_is_concrete(type) || !canon_has(canon_of(store), vt_index(type))) return NULL;
  const struct subtype *t = canon_type(canon_of(store), vt_index(type));
  return t->kind == kind ? t : NULL;
}

static heddle_error_t *no_type(const char *what) {
  return api_error_new(HEDDLE_ERROR_USAGE, "the type is none of %s of this engine", what);
}

/* A live struct or array behind a handle, and its type. */
static heddle_error_t *object_find(heddle_store_t *store, heddle_ref_t ref, enum comp_kind kind,
                                   uint32_t *out, const struct subtype **type) {
  const struct value *v;
  heddle_error_t *error = ref_find(store, ref, &v);
  if (error) return error;
  if (v && !valtype_is_funcref(canon_of(store), v->type) && ref_is_object(v->of.ref)) {
    valtype t = object_valtype(store->store, v->of.ref, false);
    *type = type_find(store, t, kind);
    *out = v->of.ref;
    if (*type) return NULL;
  }
  return api_error_new(HEDDLE_ERROR_USAGE, "the reference is no %s",
                       kind == COMP_STRUCT ? "structure" : "array");
}

static valtype unpacked(valtype t) { return t == VT_I8 || t == VT_I16 ? VT_I32 : t; }

static heddle_error_t *field_import(heddle_store_t *store, uint32_t ref, struct object_field f, valtype type,
                                    const heddle_val_t *val) {
  union vm_value v;
  heddle_error_t *error = val_import(store, val, unpacked(type), &v, "field");
  if (!error) object_store(base_of(store), ref, f, v);
  return error;
}

static heddle_error_t *field_export(heddle_store_t *store, uint32_t ref, struct object_field f, valtype type,
                                    heddle_val_t *out) {
  return val_export(store, unpacked(type), object_load(base_of(store), ref, f), out);
}

/* ---- structs ---- */

static valtype descriptor_type(const struct subtype *t) { return vt_ref_to(t->descriptor, false) | VT_EXACT; }

/* `descriptor` is given where `t` has one. */
static heddle_error_t *struct_make(heddle_store_t *store, uint32_t type, const heddle_ref_t *descriptor,
                                   const heddle_val_t *fields, size_t nfields, heddle_ref_t *out) {
  const struct subtype *t = canon_type(canon_of(store), type);
  if (nfields != t->struct_.nfields)
    return api_error_new(HEDDLE_ERROR_USAGE, "the structure has %u fields, found %zu", t->struct_.nfields,
                         nfields);
  if (nfields && !fields) return no_array();
  uint32_t ref = object_new(store->store, type);
  if (!ref) return exhausted();
  if (descriptor) {
    heddle_val_t val = {.type = descriptor_type(t), .of.ref = *descriptor};
    union vm_value v;
    heddle_error_t *error = val_import(store, &val, val.type, &v, "descriptor");
    if (error) return error;
    object_store(base_of(store), ref, object_descriptor(canon_of(store), type), v);
  }
  for (uint32_t i = 0; i < nfields; i++) {
    struct object_field f = object_field(canon_of(store), type, i);
    heddle_error_t *error = field_import(store, ref, f, t->struct_.fields[i].type, &fields[i]);
    if (error) return error;
  }
  return hold(store, vt_ref_to(type, false) | VT_EXACT, ref, out);
}

heddle_error_t *heddle_struct_new(heddle_store_t *store, heddle_valtype_t type, const heddle_val_t *fields,
                                  size_t nfields, heddle_ref_t *out) {
  const struct subtype *t = type_find(store, type, COMP_STRUCT);
  if (!t) return no_type("the structure types");
  if (t->descriptor != NO_SUPER)
    return api_error_new(HEDDLE_ERROR_USAGE, "structures of this type need a descriptor");
  return struct_make(store, vt_index(type), NULL, fields, nfields, out);
}

heddle_error_t *heddle_struct_new_desc(heddle_store_t *store, heddle_valtype_t type, heddle_ref_t descriptor,
                                       const heddle_val_t *fields, size_t nfields, heddle_ref_t *out) {
  const struct subtype *t = type_find(store, type, COMP_STRUCT);
  if (!t || t->descriptor == NO_SUPER) return no_type("the structure types with descriptors");
  return struct_make(store, vt_index(type), &descriptor, fields, nfields, out);
}

heddle_error_t *heddle_struct_descriptor(heddle_store_t *store, heddle_ref_t ref, heddle_ref_t *out) {
  uint32_t object;
  const struct subtype *t;
  heddle_error_t *error = object_find(store, ref, COMP_STRUCT, &object, &t);
  if (error) return error;
  if (t->descriptor == NO_SUPER)
    return api_error_new(HEDDLE_ERROR_USAGE, "the structure's type has no descriptor");
  uint32_t type = vt_index(object_valtype(store->store, object, false));
  heddle_val_t val;
  error = field_export(store, object, object_descriptor(canon_of(store), type), descriptor_type(t), &val);
  if (!error) *out = val.of.ref;
  return error;
}

/* The type that `type` names, a structure, or NULL. */
static const struct subtype *struct_type(const heddle_engine_t *engine, heddle_valtype_t type) {
  if (!vt_is_concrete(type) || !valtype_ok(&engine->engine, type)) return NULL;
  const struct subtype *t = canon_type(engine->engine.canon, vt_index(type));
  return t->kind == COMP_STRUCT ? t : NULL;
}

bool heddle_valtype_descriptor(const heddle_engine_t *engine, heddle_valtype_t type, heddle_valtype_t *out) {
  const struct subtype *t = struct_type(engine, type);
  if (!t || t->descriptor == NO_SUPER) return false;
  *out = vt_ref_to(t->descriptor, false);
  return true;
}

bool heddle_valtype_described(const heddle_engine_t *engine, heddle_valtype_t type, heddle_valtype_t *out) {
  const struct subtype *t = struct_type(engine, type);
  if (!t || t->describes == NO_SUPER) return false;
  *out = vt_ref_to(t->describes, false);
  return true;
}

static heddle_error_t *struct_field(heddle_store_t *store, heddle_ref_t ref, uint32_t index, uint32_t *object,
                                    const struct field **field, struct object_field *place) {
  const struct subtype *t;
  heddle_error_t *error = object_find(store, ref, COMP_STRUCT, object, &t);
  if (error) return error;
  if (index >= t->struct_.nfields)
    return api_error_new(HEDDLE_ERROR_USAGE, "the structure has %u fields, none with index %u",
                         t->struct_.nfields, index);
  *field = &t->struct_.fields[index];
  *place = object_field(canon_of(store), vt_index(object_valtype(store->store, *object, false)), index);
  return NULL;
}

heddle_error_t *heddle_struct_get(heddle_store_t *store, heddle_ref_t ref, uint32_t index,
                                  heddle_val_t *out) {
  uint32_t object;
  const struct field *field;
  struct object_field place;
  heddle_error_t *error = struct_field(store, ref, index, &object, &field, &place);
  return error ? error : field_export(store, object, place, field->type, out);
}

heddle_error_t *heddle_struct_set(heddle_store_t *store, heddle_ref_t ref, uint32_t index,
                                  const heddle_val_t *val) {
  uint32_t object;
  const struct field *field;
  struct object_field place;
  heddle_error_t *error = struct_field(store, ref, index, &object, &field, &place);
  if (error) return error;
  if (!field->mutable_) return api_error_new(HEDDLE_ERROR_USAGE, "field %u cannot be changed", index);
  return field_import(store, object, place, field->type, val);
}

/* ---- arrays ---- */

static struct object_field element(heddle_store_t *store, const struct subtype *t, uint32_t index) {
  valtype type = t->array.type;
  enum storage storage = storage_of(type, vt_is_ref(type) && valtype_is_funcref(canon_of(store), type));
  return (struct object_field){.off = OBJECT_DATA + (index << storage_log2(storage)), .storage = storage};
}

heddle_error_t *heddle_array_new(heddle_store_t *store, heddle_valtype_t type, const heddle_val_t *init,
                                 uint32_t len, heddle_ref_t *out) {
  const struct subtype *t = type_find(store, type, COMP_ARRAY);
  if (!t) return no_type("the array types");
  if (!init && !vt_is_defaultable(t->array.type))
    return api_error_new(HEDDLE_ERROR_USAGE, "elements of this type have no default value");
  uint32_t ref = object_array_new(store->store, vt_index(type), len);
  if (!ref) return exhausted();
  for (uint32_t i = 0; init && i < len; i++) {
    heddle_error_t *error = field_import(store, ref, element(store, t, i), t->array.type, init);
    if (error) return error;
  }
  return hold(store, vt_ref_to(vt_index(type), false) | VT_EXACT, ref, out);
}

heddle_error_t *heddle_array_len(heddle_store_t *store, heddle_ref_t ref, uint32_t *out) {
  const struct subtype *t;
  uint32_t object;
  heddle_error_t *error = object_find(store, ref, COMP_ARRAY, &object, &t);
  if (!error) *out = array_len(base_of(store), object);
  return error;
}

static heddle_error_t *array_element(heddle_store_t *store, heddle_ref_t ref, uint32_t index,
                                     uint32_t *object, const struct subtype **t) {
  heddle_error_t *error = object_find(store, ref, COMP_ARRAY, object, t);
  if (error) return error;
  uint32_t len = array_len(base_of(store), *object);
  if (index < len) return NULL;
  return api_error_new(HEDDLE_ERROR_USAGE, "the array has %u elements, none with index %u", len, index);
}

heddle_error_t *heddle_array_get(heddle_store_t *store, heddle_ref_t ref, uint32_t index, heddle_val_t *out) {
  const struct subtype *t;
  uint32_t object;
  heddle_error_t *error = array_element(store, ref, index, &object, &t);
  return error ? error : field_export(store, object, element(store, t, index), t->array.type, out);
}

heddle_error_t *heddle_array_set(heddle_store_t *store, heddle_ref_t ref, uint32_t index,
                                 const heddle_val_t *val) {
  const struct subtype *t;
  uint32_t object;
  heddle_error_t *error = array_element(store, ref, index, &object, &t);
  if (error) return error;
  if (!t->array.mutable_) return api_error_new(HEDDLE_ERROR_USAGE, "the array's elements cannot be changed");
  return field_import(store, object, element(store, t, index), t->array.type, val);
}

/* ---- i31 ---- */

heddle_error_t *heddle_i31_new(heddle_store_t *store, uint32_t value, heddle_ref_t *out) {
  return hold(store, vt_ref(HEAP_I31, false), ref_of_i31(value), out);
}

heddle_error_t *heddle_i31_get(heddle_store_t *store, heddle_ref_t ref, uint32_t *out) {
  const struct value *v;
  heddle_error_t *error = ref_find(store, ref, &v);
  if (error) return error;
  if (!v || valtype_is_funcref(canon_of(store), v->type) || !ref_is_i31(v->of.ref))
    return api_error_new(HEDDLE_ERROR_USAGE, "the reference is no i31");
  *out = i31_get_u(v->of.ref);
  return NULL;
}

void heddle_gc(heddle_store_t *store) {
  if (store->store->heap && !entry_is_elsewhere(store->store)) gc_collect(store->store->heap, GC_FULL);
}

/* ---- exceptions ---- */

static heddle_error_t *exn_find(heddle_store_t *store, heddle_ref_t ref, uint32_t *out,
                                const struct functype **type) {
  const struct value *v;
  heddle_error_t *error = ref_find(store, ref, &v);
  if (error) return error;
  if (!v || v->type != vt_ref(HEAP_EXN, false))
    return api_error_new(HEDDLE_ERROR_USAGE, "the reference is no exception");
  *out = v->of.ref;
  *type = &canon_type(canon_of(store), exn_tag(store->store, v->of.ref)->type)->func;
  return NULL;
}

heddle_error_t *heddle_exn_new(heddle_store_t *store, heddle_tag_t tag, const heddle_val_t *payload,
                               size_t npayload, heddle_ref_t *out) {
  struct taginst *t = handle_find(store, HANDLE_TAG, tag.store, tag.index);
  if (!t) return foreign_handle("tag");
  const struct functype *type = &canon_type(canon_of(store), t->vm.type)->func;
  if (npayload != type->nparams || type->nresults)
    return api_error_new(HEDDLE_ERROR_USAGE, "an exception with this tag carries %u values, found %zu",
                         type->nparams, npayload);
  if (npayload && !payload) return no_array();
  uint32_t ref = exn_new(store->store, &t->vm);
  if (!ref) return exhausted();
  for (uint32_t i = 0; i < type->nparams; i++) {
    struct object_field f = exn_field(canon_of(store), type, i);
    heddle_error_t *error = field_import(store, ref, f, type->params[i], &payload[i]);
    if (error) return error;
  }
  return hold(store, vt_ref(HEAP_EXN, false), ref, out);
}

heddle_error_t *heddle_exn_tag(heddle_store_t *store, heddle_ref_t exn, heddle_tag_t *out) {
  uint32_t ref;
  const struct functype *type;
  heddle_extern_t ext;
  heddle_error_t *error = exn_find(store, exn, &ref, &type);
  if (error) return error;
  struct externval v = {.kind = EXTERN_TAG, .tag = (struct taginst *)exn_tag(store->store, ref)};
  error = extern_export(store, &v, &ext);
  if (!error) *out = ext.of.tag;
  return error;
}

heddle_error_t *heddle_exn_payload(heddle_store_t *store, heddle_ref_t exn, heddle_val_t *out, size_t max,
                                   size_t *npayload) {
  uint32_t ref;
  const struct functype *type;
  heddle_error_t *error = exn_find(store, exn, &ref, &type);
  if (error) return error;
  if (max && !out) return no_array();
  *npayload = type->nparams;
  for (uint32_t i = 0; i < type->nparams && i < max && !error; i++)
    error = field_export(store, ref, exn_field(canon_of(store), type, i), type->params[i], &out[i]);
  return error;
}

heddle_error_t *heddle_error_new_exception(heddle_store_t *store, heddle_ref_t exn) {
  uint32_t ref;
  const struct functype *type;
  heddle_error_t *error = exn_find(store, exn, &ref, &type);
  return error ? error : api_error_exception(store, exn);
}

bool heddle_error_exception(const heddle_error_t *error, heddle_ref_t *out) {
  if (error->kind != HEDDLE_ERROR_EXCEPTION || !error->exn.index) return false;
  *out = error->exn;
  return true;
}
