/* Blur of an 8-bit image with the weights 1 4 6 4 1 in both directions, and its difference from the image:
 * bytes widened to 16 bits, shifts, saturating narrowing, unaligned loads. */
#include "bench.h"

#include <wasm_simd128.h>

enum { W = 1024, H = 512, PAD = 16 };
static uint8_t image[H + 4][W + 2 * PAD], rows[H + 4][W + 2 * PAD], out[H][W];

static inline v128_t weigh(v128_t a, v128_t b, v128_t c, v128_t d, v128_t e) {
  v128_t outer = wasm_i16x8_add(a, e), inner = wasm_i16x8_shl(wasm_i16x8_add(b, d), 2);
  v128_t middle = wasm_i16x8_add(wasm_i16x8_shl(c, 2), wasm_i16x8_shl(c, 1));
  v128_t sum =
      wasm_i16x8_add(wasm_i16x8_add(outer, inner), wasm_i16x8_add(middle, wasm_i16x8_const_splat(8)));
  return wasm_u16x8_shr(sum, 4);
}

#define LOW(v)  wasm_u16x8_extend_low_u8x16(v)
#define HIGH(v) wasm_u16x8_extend_high_u8x16(v)

static void blur(void) {
  for (int y = 0; y < H + 4; y++)
    for (int x = 0; x < W; x += 16) {
      const uint8_t *p = &image[y][PAD + x];
      v128_t a = wasm_v128_load(p - 2), b = wasm_v128_load(p - 1), c = wasm_v128_load(p),
             d = wasm_v128_load(p + 1), e = wasm_v128_load(p + 2);
      v128_t low = weigh(LOW(a), LOW(b), LOW(c), LOW(d), LOW(e));
      v128_t high = weigh(HIGH(a), HIGH(b), HIGH(c), HIGH(d), HIGH(e));
      wasm_v128_store(&rows[y][PAD + x], wasm_u8x16_narrow_i16x8(low, high));
    }
  for (int y = 0; y < H; y++)
    for (int x = 0; x < W; x += 16) {
      const uint8_t *p = &rows[y][PAD + x];
      enum { S = W + 2 * PAD };
      v128_t a = wasm_v128_load(p), b = wasm_v128_load(p + S), c = wasm_v128_load(p + 2 * S),
             d = wasm_v128_load(p + 3 * S), e = wasm_v128_load(p + 4 * S);
      v128_t low = weigh(LOW(a), LOW(b), LOW(c), LOW(d), LOW(e));
      v128_t high = weigh(HIGH(a), HIGH(b), HIGH(c), HIGH(d), HIGH(e));
      wasm_v128_store(&out[y][x], wasm_u8x16_narrow_i16x8(low, high));
    }
}

static uint64_t difference(void) {
  v128_t total = wasm_i32x4_const_splat(0);
  for (int y = 0; y < H; y++)
    for (int x = 0; x < W; x += 16) {
      v128_t a = wasm_v128_load(&image[y + 2][PAD + x]), b = wasm_v128_load(&out[y][x]);
      v128_t d = wasm_v128_or(wasm_u8x16_sub_sat(a, b), wasm_u8x16_sub_sat(b, a));
      total = wasm_i32x4_add(total, wasm_u32x4_extadd_pairwise_u16x8(wasm_u16x8_extadd_pairwise_u8x16(d)));
    }
  return (uint64_t)wasm_u32x4_extract_lane(total, 0) + wasm_u32x4_extract_lane(total, 1) +
         wasm_u32x4_extract_lane(total, 2) + wasm_u32x4_extract_lane(total, 3);
}

int main(int argc, char **argv) {
  for (int y = 0; y < H + 4; y++)
    for (int x = 0; x < W + 2 * PAD; x++)
      image[y][x] = (uint8_t)bench_random();
  uint64_t sum = 0;
  for (int n = bench_repeats(argc, argv, 3000); n > 0; n--) {
    blur();
    sum = sum * 31 + difference();
    image[n % H][n % W] ^= 255;
  }
  printf("simd-blur %llu\n", (unsigned long long)sum);
  return 0;
}
