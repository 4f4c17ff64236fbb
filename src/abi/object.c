/* Field layout of heap objects. */
#include "abi/object.h"

enum storage storage_of(valtype t, bool func) {
  switch (t) {
  case VT_I8: return STORAGE_I8;
  case VT_I16: return STORAGE_I16;
  case VT_I32:
  case VT_F32: return STORAGE_32;
  case VT_I64:
  case VT_F64: return STORAGE_64;
  case VT_V128: return STORAGE_128;
  default: assert(vt_is_ref(t)); return func ? STORAGE_FUNC : STORAGE_REF;
  }
}

uint32_t storage_log2(enum storage s) {
  switch (s) {
  case STORAGE_I8: return 0;
  case STORAGE_I16: return 1;
  case STORAGE_32:
  case STORAGE_REF: return 2;
  case STORAGE_64:
  case STORAGE_FUNC: return 3;
  case STORAGE_128: return 4;
  }
  unreachable();
}

void object_layout_start(struct object_layout *l, enum object_kind kind) {
  assert(kind == OBJECT_STRUCT || kind == OBJECT_EXN);
  *l = (struct object_layout){.end = kind == OBJECT_EXN ? sizeof(struct object_exn) : OBJECT_FIELDS};
}

/* At most one gap of each size: a field opens a gap only when it is wider than all gaps that there are. */
static uint32_t place(struct object_layout *l, enum storage s) {
  uint32_t log2 = storage_log2(s), size = UINT32_C(1) << log2, align = size > 8 ? 8 : size;
  for (uint32_t gap = log2; gap < COUNT_OF(l->gap); gap++) {
    uint32_t off = l->gap[gap];
    if (!off) continue;
    l->gap[gap] = 0;
    for (uint32_t rest = gap; rest-- > log2;)
      l->gap[rest] = off + (UINT32_C(1) << rest); /* halves that stay free, the widest at the end */
    return off;
  }
  while (l->end & (align - 1)) {
    uint32_t low = (uint32_t)__builtin_ctz(l->end);
    assert(low < COUNT_OF(l->gap) && l->gap[low] == 0);
    l->gap[low] = l->end;
    l->end += UINT32_C(1) << low;
  }
  uint32_t off = l->end;
  l->end += size;
  return off;
}

uint32_t object_layout_add(struct object_layout *l, enum storage s) {
  uint32_t off = place(l, s);
  if (l->to_descriptor && --l->to_descriptor == 0) l->descriptor = place(l, STORAGE_REF);
  return off;
}

void object_layout_start_struct(struct object_layout *l, const struct canon *c, uint32_t id) {
  object_layout_start(l, OBJECT_STRUCT);
  if (canon_type(c, id)->descriptor == NO_SUPER) return;
  const uint32_t *display = canon_display(c, id);
  uint32_t first = 0; /* of the supertypes that have a descriptor */
  while (canon_type(c, display[first])->descriptor == NO_SUPER)
    first++;
  if (first) l->to_descriptor = canon_type(c, display[first - 1])->struct_.nfields;
  if (!l->to_descriptor) l->descriptor = place(l, STORAGE_REF);
}
