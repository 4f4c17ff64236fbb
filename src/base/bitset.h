/* Dense bit sets of a fixed size, on an arena. */
#ifndef BASE_BITSET_H
#define BASE_BITSET_H

#include "base/arena.h"

struct bitset {
  uint64_t *word;
  uint32_t nbits;
};

void bitset_init(struct bitset *s, struct arena *a, uint32_t nbits); /* all clear */
static inline bool bitset_has(const struct bitset *s, uint32_t i) {
  assert(i < s->nbits);
  return (s->word[i >> 6] >> (i & 63)) & 1;
}
static inline void bitset_add(struct bitset *s, uint32_t i) {
  assert(i < s->nbits);
  s->word[i >> 6] |= UINT64_C(1) << (i & 63);
}

#endif
