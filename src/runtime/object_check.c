/* Do an object's references have the types that its fields are declared with?  For the heap's verifier.
 *
 * In: an object whose references lead to objects with valid heads.  Out: NULL, or what is wrong with it.
 * Null is good everywhere: an object that is about to be filled is seen too.  Must not: allocate. */
#include "gc/gc.h"
#include "runtime/object.h"
#include "runtime/roots.h"

#include <string.h>

static bool ref_fits(const struct store *s, uint32_t ref, valtype want) {
  if (!ref) return true;
  uint32_t top = canon_heap_top(s->canon, vt_heap(want));
  valtype have = object_valtype(s, ref, false);
  if (top == HEAP_CONT) return vt_heap(have) == HEAP_CONT && vt_heap(want) != HEAP_NOCONT;
  if (top == HEAP_EXTERN) /* all of any's hierarchy may stand there, converted */
    return vt_heap(want) == HEAP_EXTERN && canon_heap_top(s->canon, vt_heap(have)) == HEAP_ANY;
  return canon_match(s->canon, have, want);
}

static uint32_t ref_at(const struct store *s, uint32_t ref, uint32_t off) {
  uint32_t found;
  memcpy(&found, gc_base(s->heap) + ref + off, sizeof found);
  return found;
}

static bool field_fits(const struct store *s, uint32_t ref, struct object_layout *layout, valtype type) {
  enum storage storage = storage_of(type, vt_is_ref(type) && valtype_is_funcref(s->canon, type));
  uint32_t off = object_layout_add(layout, storage);
  return storage != STORAGE_REF || ref_fits(s, ref_at(s, ref, off), type);
}

static bool fields_fit(const struct store *s, uint32_t ref, const struct object_type *t) {
  const struct subtype *type = canon_type(s->canon, t->canon);
  struct object_layout layout;
  if (t->kind == OBJECT_STRUCT)
    object_layout_start_struct(&layout, s->canon, t->canon);
  else
    object_layout_start(&layout, (enum object_kind)t->kind);
  bool fit = true;
  if (t->kind == OBJECT_EXN)
    for (uint32_t i = 0; i < type->func.nparams && fit; i++)
      fit = field_fits(s, ref, &layout, type->func.params[i]);
  else
    for (uint32_t i = 0; i < type->struct_.nfields && fit; i++)
      fit = field_fits(s, ref, &layout, type->struct_.fields[i].type);
  if (fit && layout.descriptor)
    fit = ref_fits(s, ref_at(s, ref, layout.descriptor), vt_ref_to(type->descriptor, true) | VT_EXACT);
  return fit;
}

static bool elements_fit(const struct store *s, uint32_t ref, const struct object_type *t) {
  valtype type = canon_type(s->canon, t->canon)->array.type;
  if (!vt_is_ref(type) || valtype_is_funcref(s->canon, type)) return true;
  uint32_t len = array_len(gc_base(s->heap), ref);
  for (uint32_t i = 0; i < len; i++)
    if (!ref_fits(s, ref_at(s, ref, OBJECT_DATA + 4 * i), type)) return false;
  return true;
}

const char *object_check(void *host, uint32_t ref) {
  const struct store *s = host;
  const struct object_type *t = object_type(gc_base(s->heap), object_head(gc_base(s->heap), ref));
  if (t->kind == OBJECT_ARRAY)
    return elements_fit(s, ref, t) ? NULL : "an element's object is not of the array's type";
  if (t->kind == OBJECT_STRUCT || t->kind == OBJECT_EXN)
    return fields_fit(s, ref, t) ? NULL : "a field's object is not of the type that it is declared with";
  return NULL;
}
