/* Dot products of 8-bit, 16-bit, float and double vectors: products widened, pairs summed, several
 * accumulators. */
#include "bench.h"

#include <wasm_simd128.h>

enum { N = 4096 };
static int8_t a8[N], b8[N];
static int16_t a16[N], b16[N];
static float a32[N], b32[N];
static double a64[N], b64[N];

static int64_t lanes(v128_t v) {
  return (int64_t)wasm_i32x4_extract_lane(v, 0) + wasm_i32x4_extract_lane(v, 1) +
         wasm_i32x4_extract_lane(v, 2) + wasm_i32x4_extract_lane(v, 3);
}
static int64_t dot8(void) {
  v128_t s = wasm_i32x4_const_splat(0);
  for (int i = 0; i < N; i += 16) {
    v128_t x = wasm_v128_load(&a8[i]), y = wasm_v128_load(&b8[i]);
    s = wasm_i32x4_add(s, wasm_i32x4_extadd_pairwise_i16x8(wasm_i16x8_extmul_low_i8x16(x, y)));
    s = wasm_i32x4_add(s, wasm_i32x4_extadd_pairwise_i16x8(wasm_i16x8_extmul_high_i8x16(x, y)));
  }
  return lanes(s);
}
static int64_t dot16(void) {
  v128_t s = wasm_i32x4_const_splat(0), t = s;
  for (int i = 0; i < N; i += 16) {
    s = wasm_i32x4_add(s, wasm_i32x4_dot_i16x8(wasm_v128_load(&a16[i]), wasm_v128_load(&b16[i])));
    t = wasm_i32x4_add(t, wasm_i32x4_dot_i16x8(wasm_v128_load(&a16[i + 8]), wasm_v128_load(&b16[i + 8])));
  }
  return lanes(wasm_i32x4_add(s, t));
}
static double dot32(void) {
  v128_t s[4];
  for (int k = 0; k < 4; k++)
    s[k] = wasm_f32x4_const_splat(0);
  for (int i = 0; i < N; i += 16)
    for (int k = 0; k < 4; k++)
      s[k] = wasm_f32x4_add(s[k],
                            wasm_f32x4_mul(wasm_v128_load(&a32[i + 4 * k]), wasm_v128_load(&b32[i + 4 * k])));
  v128_t t = wasm_f32x4_add(wasm_f32x4_add(s[0], s[1]), wasm_f32x4_add(s[2], s[3]));
  return (double)(wasm_f32x4_extract_lane(t, 0) + wasm_f32x4_extract_lane(t, 1) +
                  wasm_f32x4_extract_lane(t, 2) + wasm_f32x4_extract_lane(t, 3));
}
static double dot64(void) {
  v128_t s[4];
  for (int k = 0; k < 4; k++)
    s[k] = wasm_f64x2_const_splat(0);
  for (int i = 0; i < N; i += 8)
    for (int k = 0; k < 4; k++)
      s[k] = wasm_f64x2_add(s[k],
                            wasm_f64x2_mul(wasm_v128_load(&a64[i + 2 * k]), wasm_v128_load(&b64[i + 2 * k])));
  v128_t t = wasm_f64x2_add(wasm_f64x2_add(s[0], s[1]), wasm_f64x2_add(s[2], s[3]));
  return wasm_f64x2_extract_lane(t, 0) + wasm_f64x2_extract_lane(t, 1);
}

int main(int argc, char **argv) {
  for (int i = 0; i < N; i++) {
    a8[i] = (int8_t)bench_random(), b8[i] = (int8_t)bench_random();
    a16[i] = (int16_t)(bench_random() % 2000), b16[i] = (int16_t)(bench_random() % 2000);
    a32[i] = (float)(bench_random() % 1000) / 1000, b32[i] = (float)(bench_random() % 1000) / 1000;
    a64[i] = (double)(bench_random() % 1000) / 1000, b64[i] = (double)(bench_random() % 1000) / 1000;
  }
  int64_t sum = 0;
  double fsum = 0;
  for (int n = bench_repeats(argc, argv, 200000); n > 0; n--) {
    sum += dot8() + dot16();
    fsum += dot32() + dot64();
    a8[n % N]++, b16[n % N]--;
    a32[n % N] += 0.5f, b64[n % N] -= 0.25;
  }
  printf("simd-dot %lld %.3f\n", (long long)sum, fsum);
  return 0;
}
