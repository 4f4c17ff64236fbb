/* Quicksort and heapsort of a million numbers. */
#include "bench.h"

static void quick(uint32_t *a, int lo, int hi) {
  while (lo < hi) {
    uint32_t p = a[(lo + hi) / 2];
    int i = lo, j = hi;
    while (i <= j) {
      while (a[i] < p)
        i++;
      while (a[j] > p)
        j--;
      if (i <= j) {
        uint32_t t = a[i];
        a[i++] = a[j];
        a[j--] = t;
      }
    }
    if (j - lo < hi - i)
      quick(a, lo, j), lo = i;
    else
      quick(a, i, hi), hi = j;
  }
}

static void sift(uint32_t *a, int i, int n) {
  uint32_t x = a[i];
  for (int k; (k = 2 * i + 1) < n; i = k) {
    if (k + 1 < n && a[k + 1] > a[k]) k++;
    if (a[k] <= x) break;
    a[i] = a[k];
  }
  a[i] = x;
}

static void heap(uint32_t *a, int n) {
  for (int i = n / 2; i-- > 0;)
    sift(a, i, n);
  while (n > 1) {
    uint32_t t = a[0];
    a[0] = a[--n];
    a[n] = t;
    sift(a, 0, n);
  }
}

int main(int argc, char **argv) {
  enum { N = 1000000 };
  uint32_t *a = malloc(N * sizeof *a), sum = 0;
  for (int n = bench_repeats(argc, argv, 6); n > 0; n--) {
    for (int i = 0; i < N; i++)
      a[i] = (uint32_t)bench_random();
    quick(a, 0, N - 1);
    sum = sum * 31 + a[N / 3];
    for (int i = 0; i < N; i++)
      a[i] = (uint32_t)bench_random();
    heap(a, N);
    sum = sum * 31 + a[N / 3];
  }
  printf("sort %08x\n", sum);
  return 0;
}
