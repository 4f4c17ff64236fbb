/* What the benchmark programs share: a generator of numbers, and how a program ends.
 * Each program works for about a second natively, prints one line with a checksum, and takes a repeat count
 * as its argument. */
#ifndef BENCH_H
#define BENCH_H
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t bench_seed = 88172645463325252u;
static inline uint64_t bench_random(void) { /* xorshift64 */
  bench_seed ^= bench_seed << 13;
  bench_seed ^= bench_seed >> 7;
  return bench_seed ^= bench_seed << 17;
}
static inline int bench_repeats(int argc, char **argv, int usual) { return argc > 1 ? atoi(argv[1]) : usual; }
#endif
