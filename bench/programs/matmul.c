/* Product of two matrices of doubles, plain loops. */
#include "bench.h"

enum { N = 300 };
static double a[N][N], b[N][N], c[N][N];

int main(int argc, char **argv) {
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++)
      a[i][j] = (double)(bench_random() % 1000) / 1000, b[i][j] = (double)(bench_random() % 1000) / 1000;
  double sum = 0;
  for (int n = bench_repeats(argc, argv, 120); n > 0; n--) {
    for (int i = 0; i < N; i++)
      for (int j = 0; j < N; j++) {
        double s = 0;
        for (int k = 0; k < N; k++)
          s += a[i][k] * b[k][j];
        c[i][j] = s;
      }
    sum += c[n % N][n % 7];
    a[n % N][n % 11] += 0.5;
  }
  printf("matmul %.6f\n", sum);
  return 0;
}
