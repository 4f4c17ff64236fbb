/* The hash map: entries in insertion order, and an open-addressed table of indices into them. */
#include "base/map.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

__extension__ typedef unsigned __int128 u128;

static uint64_t mix(uint64_t a, uint64_t b) {
  u128 product = (u128)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* One seed a process, made at first use from what an author of a module cannot know: where the loader, the
 * stack and the clock stand. Two threads that race agree on the first one stored. */
static uint64_t seed(void) {
  static _Atomic uint64_t stored;
  uint64_t s = atomic_load_explicit(&stored, memory_order_relaxed);
  if (s) return s;
  struct timespec now = {0};
  timespec_get(&now, TIME_UTC);
  uint64_t fresh =
      mix((uint64_t)(uintptr_t)&stored ^ UINT64_C(0x9e3779b97f4a7c15), (uint64_t)(uintptr_t)&now);
  fresh = mix(fresh ^ (uint64_t)now.tv_nsec, (uint64_t)now.tv_sec ^ UINT64_C(0xd6e8feb86659fd93)) | 1;
  return atomic_compare_exchange_strong(&stored, &s, fresh) ? fresh : s;
}

uint32_t hash_u64(uint64_t x) {
  uint64_t s = seed();
  uint64_t h = mix(mix(x ^ s, s ^ UINT64_C(0xa0761d6478bd642f)) ^ UINT64_C(0xe7037ed1a0b428db), s);
  return (uint32_t)(h ^ h >> 32);
}

uint32_t hash_bytes(const void *data, size_t len) {
  const uint8_t *p = data;
  uint64_t s = seed(), h = s ^ len, word;
  for (; len >= 8; p += 8, len -= 8) {
    memcpy(&word, p, 8);
    h = mix(h ^ word, s ^ UINT64_C(0xa0761d6478bd642f));
  }
  word = 0;
  if (len) memcpy(&word, p, len);
  h = mix(h ^ word, s ^ UINT64_C(0xe7037ed1a0b428db));
  return hash_u64(h);
}

void map_init(struct map *m, struct arena *a) { *m = (struct map){.arena = a}; }

/* The entry with this key, or the table slot where it would go. */
static uint32_t slot_find(const struct map *m, struct slice key, uint32_t hash) {
  for (uint32_t i = hash & m->mask;; i = (i + 1) & m->mask) {
    if (m->table[i] == 0) return i;
    const struct map_entry *e = &m->entries[m->table[i] - 1];
    if (e->hash != hash || e->key.len != key.len) continue;
    if (key.data ? e->key.data && memcmp(e->key.data, key.data, key.len) == 0 : !e->key.data) return i;
  }
}

/* Twice the entries, and a table that stays at most half full. */
static void grow(struct map *m) {
  if (m->cap >= UINT32_C(1) << 29) arena_out_of_memory(m->arena);
  uint32_t cap = m->cap ? m->cap * 2 : 8;
  m->entries = arena_grow(m->arena, m->entries, m->cap * sizeof *m->entries, cap * sizeof *m->entries);
  m->cap = cap;
  m->mask = cap * 2 - 1;
  m->table = ARENA_ARRAY(m->arena, uint32_t, m->mask + (size_t)1);
  for (uint32_t n = 0; n < m->len; n++) {
    uint32_t i = m->entries[n].hash & m->mask;
    while (m->table[i])
      i = (i + 1) & m->mask;
    m->table[i] = n + 1;
  }
}

static uint32_t *find(const struct map *m, struct slice key, uint32_t hash) {
  if (m->len == 0) return NULL;
  uint32_t index = m->table[slot_find(m, key, hash)];
  return index ? &m->entries[index - 1].value : NULL;
}

static bool insert(struct map *m, struct slice key, uint32_t hash, uint32_t value) {
  if (m->len == m->cap) {
    if (find(m, key, hash)) return false;
    grow(m);
  }
  uint32_t slot = slot_find(m, key, hash);
  if (m->table[slot]) return false;
  m->entries[m->len] = (struct map_entry){.key = key, .value = value, .hash = hash};
  m->table[slot] = ++m->len;
  return true;
}

/* Integers are keys without data, so an empty byte key must have some. */
static struct slice bytes_key(struct slice key) {
  if (!key.data) key.data = (const uint8_t *)"";
  return key;
}

static struct slice int_key(uint64_t key) { return slice_of(NULL, key); }

uint32_t *map_find(const struct map *m, struct slice key) {
  return find(m, bytes_key(key), hash_bytes(key.data, key.len));
}

uint32_t *map_find_int(const struct map *m, uint64_t key) { return find(m, int_key(key), hash_u64(key)); }

bool map_insert(struct map *m, struct slice key, uint32_t value) {
  return insert(m, bytes_key(key), hash_bytes(key.data, key.len), value);
}

bool map_insert_int(struct map *m, uint64_t key, uint32_t value) {
  return insert(m, int_key(key), hash_u64(key), value);
}
