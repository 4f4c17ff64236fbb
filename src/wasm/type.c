/* Names and sizes of types. */
#include "wasm/type.h"

#include <stdio.h>

static const struct {
  const char *name;
  const char *nullable; /* abbreviation of (ref null name) */
} heap_names[HEAP_COUNT] = {
    [HEAP_FUNC] = {"func", "funcref"},       [HEAP_NOFUNC] = {"nofunc", "nullfuncref"},
    [HEAP_EXTERN] = {"extern", "externref"}, [HEAP_NOEXTERN] = {"noextern", "nullexternref"},
    [HEAP_ANY] = {"any", "anyref"},          [HEAP_EQ] = {"eq", "eqref"},
    [HEAP_I31] = {"i31", "i31ref"},          [HEAP_STRUCT] = {"struct", "structref"},
    [HEAP_ARRAY] = {"array", "arrayref"},    [HEAP_NONE] = {"none", "nullref"},
    [HEAP_EXN] = {"exn", "exnref"},          [HEAP_NOEXN] = {"noexn", "nullexnref"},
    [HEAP_CONT] = {"cont", "contref"},       [HEAP_NOCONT] = {"nocont", "nullcontref"},
};

const char *heap_name(uint32_t abstract_heap) {
  assert(abstract_heap < HEAP_COUNT);
  return heap_names[abstract_heap].name;
}

const char *vt_num_name(valtype number_or_packed) {
  switch (number_or_packed) {
  case VT_I32: return "i32";
  case VT_I64: return "i64";
  case VT_F32: return "f32";
  case VT_F64: return "f64";
  case VT_V128: return "v128";
  case VT_I8: return "i8";
  case VT_I16: return "i16";
  case VT_BOT: return "unknown";
  case VT_REF_BOT: return "(ref unknown)";
  default: return "none";
  }
}

uint32_t vt_size(valtype t) {
  switch (t) {
  case VT_I8: return 1;
  case VT_I16: return 2;
  case VT_I32:
  case VT_F32: return 4;
  case VT_I64:
  case VT_F64: return 8;
  case VT_V128: return 16;
  default: assert(vt_is_ref(t)); return vt_heap(t) == HEAP_FUNC || vt_heap(t) == HEAP_NOFUNC ? 8 : 4;
  }
}

const char *vt_format(valtype t, char out[48]) {
  const char *null = vt_is_nullable(t) ? "null " : "";
  if (!(t & VT_REF))
    (void)snprintf(out, 48, "%s", vt_num_name(t));
  else if (vt_is_concrete(t) && (t & VT_EXACT))
    (void)snprintf(out, 48, "(ref %s(exact %u))", null, vt_index(t));
  else if (vt_is_concrete(t))
    (void)snprintf(out, 48, "(ref %s%u)", null, vt_index(t));
  else if (vt_is_nullable(t))
    (void)snprintf(out, 48, "%s", heap_names[vt_heap(t)].nullable);
  else
    (void)snprintf(out, 48, "(ref %s)", heap_name(vt_heap(t)));
  return out;
}

const char *extern_kind_name(enum extern_kind k) {
  switch (k) {
  case EXTERN_FUNC: return "func";
  case EXTERN_TABLE: return "table";
  case EXTERN_MEMORY: return "memory";
  case EXTERN_GLOBAL: return "global";
  case EXTERN_TAG: return "tag";
  }
  return "";
}
