/* See value.h. */
#include "runtime/value.h"

#include <string.h>

bool valtype_is_funcref(const struct canon *c, valtype t) {
  assert(vt_is_ref(t));
  uint32_t heap = vt_heap(t);
  if (!heap_is_concrete(heap)) return heap == HEAP_FUNC || heap == HEAP_NOFUNC;
  return canon_type(c, vt_index(t))->kind == COMP_FUNC;
}

struct value value_default(valtype t) {
  struct value v = {.type = t};
  memset(&v.of, 0, sizeof v.of);
  return v;
}

bool value_is_null(const struct canon *c, const struct value *v) {
  return valtype_is_funcref(c, v->type) ? !v->of.func : !v->of.ref;
}

union vm_value value_normalize(const struct canon *c, valtype t, union vm_value v) {
  union vm_value out;
  memset(&out, 0, sizeof out);
  if (t == VT_V128)
    out = v;
  else if (t == VT_I64 || t == VT_F64)
    out.i64 = v.i64;
  else if (!vt_is_ref(t))
    out.i32 = v.i32;
  else if (valtype_is_funcref(c, t))
    out.func = v.func;
  else
    out.ref = v.ref;
  return out;
}
