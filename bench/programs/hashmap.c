/* An open-addressing table of 64-bit keys: insert, look up, delete. */
#include "bench.h"

enum { BITS = 20, SIZE = 1 << BITS };
struct slot {
  uint64_t key, value;
};
static struct slot *table;

static uint32_t hash(uint64_t k) { return (uint32_t)((k * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - BITS)); }

static struct slot *find(uint64_t key) {
  uint32_t i = hash(key);
  while (table[i].key && table[i].key != key)
    i = (i + 1) & (SIZE - 1);
  return &table[i];
}

static void erase(struct slot *s) { /* backward shift */
  uint32_t hole = (uint32_t)(s - table);
  for (uint32_t i = (hole + 1) & (SIZE - 1); table[i].key; i = (i + 1) & (SIZE - 1)) {
    uint32_t home = hash(table[i].key);
    if (((i - home) & (SIZE - 1)) >= ((i - hole) & (SIZE - 1))) {
      table[hole] = table[i];
      hole = i;
    }
  }
  table[hole].key = 0;
}

int main(int argc, char **argv) {
  table = calloc(SIZE, sizeof *table);
  uint64_t sum = 0;
  for (int n = bench_repeats(argc, argv, 60); n > 0; n--) {
    uint64_t start = bench_seed;
    for (int i = 0; i < SIZE / 2; i++) {
      struct slot *s = find(bench_random() | 1);
      if (!s->key) s->key = bench_seed | 1;
      s->value += (uint64_t)i;
    }
    bench_seed = start;
    for (int i = 0; i < SIZE / 2; i++) {
      struct slot *s = find(bench_random() | 1);
      sum += s->value;
      if (s->key) erase(s);
    }
  }
  printf("hashmap %016llx\n", (unsigned long long)sum);
  return 0;
}
