/* Dense bit sets: the operations over whole words. Bits past nbits are always clear. */
#include "base/bitset.h"

#include <string.h>

static uint32_t word_count(const struct bitset *s) { return (uint32_t)(((uint64_t)s->nbits + 63) / 64); }

void bitset_init(struct bitset *s, struct arena *a, uint32_t nbits) {
  s->nbits = nbits;
  s->word = ARENA_ARRAY(a, uint64_t, word_count(s));
}

void bitset_clear(struct bitset *s) { memset(s->word, 0, word_count(s) * sizeof *s->word); }

bool bitset_union(struct bitset *into, const struct bitset *from) {
  assert(into->nbits == from->nbits);
  uint64_t changed = 0;
  for (uint32_t i = 0; i < word_count(into); i++) {
    changed |= from->word[i] & ~into->word[i];
    into->word[i] |= from->word[i];
  }
  return changed != 0;
}

uint32_t bitset_count(const struct bitset *s) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < word_count(s); i++)
    count += (uint32_t)__builtin_popcountll(s->word[i]);
  return count;
}

uint32_t bitset_next(const struct bitset *s, uint32_t from) {
  if (from >= s->nbits) return s->nbits;
  uint32_t i = from / 64;
  uint64_t word = s->word[i] & ~UINT64_C(0) << (from & 63);
  while (word == 0) {
    if (++i == word_count(s)) return s->nbits;
    word = s->word[i];
  }
  return i * 64 + (uint32_t)__builtin_ctzll(word);
}
