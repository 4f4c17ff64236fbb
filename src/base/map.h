/* Hash map from bytes or integers to u32, on an arena.
 *
 * Open addressing; byte keys are borrowed, their memory must outlive the map. The hash is seeded per process,
 * so that hostile names cannot make it slow.  Iteration order is insertion order (stable output). */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/arena.h"

struct map_entry {
  struct slice key; /* byte key, or data == NULL and len == the integer */
  uint32_t value;
  uint32_t hash;
};
struct map {
  struct arena *arena;
  struct map_entry *entries; /* insertion order */
  uint32_t *table;           /* index + 1 into entries, 0 = empty */
  uint32_t len, cap, mask;
};

void map_init(struct map *m, struct arena *a);
/* Value or NULL; the pointer is good until the next insertion. */
uint32_t *map_find(const struct map *m, struct slice key);
uint32_t *map_find_int(const struct map *m, uint64_t key);
/* Inserts unless the key is there; returns false when it was (and leaves the old value). */
bool map_insert(struct map *m, struct slice key, uint32_t value);
bool map_insert_int(struct map *m, uint64_t key, uint32_t value);
uint32_t hash_bytes(const void *data, size_t len); /* seeded */
uint32_t hash_u64(uint64_t x);                     /* seeded */

#endif
