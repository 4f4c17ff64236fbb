/* Growth of typed arrays. */
#include "base/vec.h"

void *vec_grow(struct arena *a, void *at, uint32_t *cap, size_t item, uint32_t need) {
  if (need <= *cap) arena_out_of_memory(a); /* len + 1 wrapped: 2^32 items */
  uint64_t cap_new = max_u64(max_u64((uint64_t)*cap * 2, need), 8);
  if (cap_new > UINT32_MAX) cap_new = UINT32_MAX;
  size_t size;
  if (!mul_size((size_t)cap_new, item, &size)) arena_out_of_memory(a);
  void *grown = arena_grow(a, at, *cap * item, size);
  *cap = (uint32_t)cap_new;
  return grown;
}
