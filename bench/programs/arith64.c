/* 64-bit arithmetic: modular powers, division, shifts. */
#include "bench.h"

static uint64_t mulmod(uint64_t a, uint64_t b, uint64_t m) {
  uint64_t r = 0;
  for (a %= m; b; b >>= 1) {
    if (b & 1) r = r >= m - a ? r - (m - a) : r + a;
    a = a >= m - a ? a - (m - a) : a + a;
  }
  return r;
}

static uint64_t powmod(uint64_t a, uint64_t e, uint64_t m) {
  uint64_t r = 1;
  for (; e; e >>= 1, a = mulmod(a, a, m))
    if (e & 1) r = mulmod(r, a, m);
  return r;
}

static uint64_t gcd(uint64_t a, uint64_t b) {
  while (b) {
    uint64_t t = a % b;
    a = b;
    b = t;
  }
  return a;
}

int main(int argc, char **argv) {
  uint64_t sum = 0;
  for (int n = bench_repeats(argc, argv, 400) * 1000; n > 0; n--) {
    uint64_t m = (bench_random() >> 1) | 1;
    sum += powmod(bench_random(), 65537, m) + gcd(bench_random(), m);
    for (int i = 0; i < 100; i++)
      sum ^= (sum << (i & 63)) + (bench_random() / (uint64_t)(i + 3)) - (uint64_t)((int64_t)sum >> 11);
  }
  printf("arith64 %016llx\n", (unsigned long long)sum);
  return 0;
}
