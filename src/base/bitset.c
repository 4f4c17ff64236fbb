/* See bitset.h. */
#include "base/bitset.h"

void bitset_init(struct bitset *s, struct arena *a, uint32_t nbits) {
  s->nbits = nbits;
  s->word = ARENA_ARRAY(a, uint64_t, ((uint64_t)nbits + 63) / 64);
}
