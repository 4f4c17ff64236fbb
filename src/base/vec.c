/* Growth of typed arrays. */
#include "base/vec.h"

enum {
  FIRST = 16,     /* items, or: */
  SMALL = 1 << 9, /* bytes: most arrays of a function end below, and growth costs more than room */
  LARGE = 1 << 20 /* bytes: from here on arenas grow by pages, without a copy, and room is memory */
};

void *vec_grow(struct arena *a, void *at, uint32_t *cap, size_t item, uint32_t need) {
  if (need <= *cap) arena_out_of_memory(a); /* len + 1 wrapped: 2^32 items */
  uint64_t old_size = *cap * (uint64_t)item;
  uint64_t more = old_size >= LARGE ? *cap / 8 : old_size < SMALL ? 3 * (uint64_t)*cap : *cap;
  uint64_t cap_new = max_u64(max_u64(*cap + more, need), FIRST);
  if (cap_new > UINT32_MAX) cap_new = UINT32_MAX;
  size_t size;
  if (!mul_size((size_t)cap_new, item, &size)) arena_out_of_memory(a);
  void *grown = arena_grow(a, at, *cap * item, size);
  *cap = (uint32_t)cap_new;
  return grown;
}
