/* A stream cipher's blocks (ChaCha) and a checksum in four lanes (as xxHash does): 32-bit additions,
 * rotations by shifts and by bytes, lane shuffles, multiplications. */
#include "bench.h"

#include <wasm_simd128.h>

#define ROTATE(v, n) wasm_v128_or(wasm_i32x4_shl(v, n), wasm_u32x4_shr(v, 32 - (n)))
#define ROTATE16(v)  wasm_i8x16_shuffle(v, v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)
#define ROTATE8(v)   wasm_i8x16_shuffle(v, v, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14)

#define QUARTERS(a, b, c, d)                                                                                 \
  a = wasm_i32x4_add(a, b), d = wasm_v128_xor(d, a), d = ROTATE16(d);                                        \
  c = wasm_i32x4_add(c, d), b = wasm_v128_xor(b, c), b = ROTATE(b, 12);                                      \
  a = wasm_i32x4_add(a, b), d = wasm_v128_xor(d, a), d = ROTATE8(d);                                         \
  c = wasm_i32x4_add(c, d), b = wasm_v128_xor(b, c), b = ROTATE(b, 7)

static void block(v128_t state[4], v128_t out[4]) {
  v128_t a = state[0], b = state[1], c = state[2], d = state[3];
  for (int i = 0; i < 10; i++) {
    QUARTERS(a, b, c, d);
    b = wasm_i32x4_shuffle(b, b, 1, 2, 3, 0);
    c = wasm_i32x4_shuffle(c, c, 2, 3, 0, 1);
    d = wasm_i32x4_shuffle(d, d, 3, 0, 1, 2);
    QUARTERS(a, b, c, d);
    b = wasm_i32x4_shuffle(b, b, 3, 0, 1, 2);
    c = wasm_i32x4_shuffle(c, c, 2, 3, 0, 1);
    d = wasm_i32x4_shuffle(d, d, 1, 2, 3, 0);
  }
  out[0] = wasm_i32x4_add(a, state[0]);
  out[1] = wasm_i32x4_add(b, state[1]);
  out[2] = wasm_i32x4_add(c, state[2]);
  out[3] = wasm_i32x4_add(d, state[3]);
  state[3] = wasm_i32x4_add(d, wasm_i32x4_make(1, 0, 0, 0));
}

static v128_t checksum(const v128_t *data, int n, v128_t seed) {
  const v128_t p1 = wasm_i32x4_const_splat((int)2654435761u), p2 = wasm_i32x4_const_splat((int)2246822519u);
  v128_t x = seed, y = wasm_v128_not(seed);
  for (int i = 0; i < n; i += 2) {
    v128_t t = wasm_i32x4_add(x, wasm_i32x4_mul(data[i], p2)),
           u = wasm_i32x4_add(y, wasm_i32x4_mul(data[i + 1], p2));
    x = wasm_i32x4_mul(ROTATE(t, 13), p1);
    y = wasm_i32x4_mul(ROTATE(u, 13), p1);
  }
  return wasm_i32x4_add(ROTATE(x, 7), ROTATE(y, 12));
}

int main(int argc, char **argv) {
  enum { BLOCKS = 256 };
  static v128_t state[4], stream[4 * BLOCKS];
  for (int i = 0; i < 4; i++)
    state[i] = wasm_i64x2_make((int64_t)bench_random(), (int64_t)bench_random());
  v128_t sum = state[0];
  for (int n = bench_repeats(argc, argv, 12000); n > 0; n--) {
    for (int i = 0; i < BLOCKS; i++)
      block(state, &stream[4 * i]);
    for (int i = 0; i < 4; i++)
      sum = checksum(stream, 4 * BLOCKS, sum);
  }
  printf("simd-hash %08x%08x\n", wasm_u32x4_extract_lane(sum, 0), wasm_u32x4_extract_lane(sum, 3));
  return 0;
}
