/* Product of two matrices of floats, four rows and eight columns at a time: broadcast loads, multiplications,
 * additions, more vectors alive than there are registers. */
#include "bench.h"

#include <wasm_simd128.h>

enum { N = 256 };
static float a[N][N], b[N][N], c[N][N];

static void product(void) {
  for (int i = 0; i < N; i += 4)
    for (int j = 0; j < N; j += 8) {
      v128_t s[4][2];
      for (int r = 0; r < 4; r++)
        s[r][0] = s[r][1] = wasm_f32x4_const_splat(0);
      for (int k = 0; k < N; k++) {
        v128_t x = wasm_v128_load(&b[k][j]), y = wasm_v128_load(&b[k][j + 4]);
        for (int r = 0; r < 4; r++) {
          v128_t m = wasm_v128_load32_splat(&a[i + r][k]);
          s[r][0] = wasm_f32x4_add(s[r][0], wasm_f32x4_mul(m, x));
          s[r][1] = wasm_f32x4_add(s[r][1], wasm_f32x4_mul(m, y));
        }
      }
      for (int r = 0; r < 4; r++) {
        wasm_v128_store(&c[i + r][j], s[r][0]);
        wasm_v128_store(&c[i + r][j + 4], s[r][1]);
      }
    }
}

int main(int argc, char **argv) {
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++)
      a[i][j] = (float)(bench_random() % 1000) / 1000, b[i][j] = (float)(bench_random() % 1000) / 1000;
  double sum = 0;
  for (int n = bench_repeats(argc, argv, 250); n > 0; n--) {
    product();
    sum += (double)c[n % N][n % 7];
    a[n % N][n % 11] += 0.5f;
  }
  printf("simd-matmul %.3f\n", sum);
  return 0;
}
