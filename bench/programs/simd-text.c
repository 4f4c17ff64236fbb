/* Hexadecimal to bytes and back, and whether bytes are UTF-8 (classes of neighbouring bytes by table
 * look-up): swizzles, interleaving, narrow shifts, comparisons, bit masks. */
#include "bench.h"

#include <wasm_simd128.h>

enum { LEN = 1 << 16 };
static uint8_t bytes[LEN], hex[2 * LEN], back[LEN], text[LEN + 64];

static void encode(void) {
  const v128_t digits =
      wasm_i8x16_const('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f');
  const v128_t low4 = wasm_i8x16_const_splat(15);
  for (int i = 0; i < LEN; i += 16) {
    v128_t v = wasm_v128_load(&bytes[i]);
    v128_t h = wasm_i8x16_swizzle(digits, wasm_u8x16_shr(v, 4)),
           l = wasm_i8x16_swizzle(digits, wasm_v128_and(v, low4));
    wasm_v128_store(&hex[2 * i],
                    wasm_i8x16_shuffle(h, l, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
    wasm_v128_store(&hex[2 * i + 16],
                    wasm_i8x16_shuffle(h, l, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
  }
}

/* The digit's value, 0x80 and above for what is none. */
static inline v128_t values(v128_t v) {
  v128_t digit = wasm_i8x16_sub(v, wasm_i8x16_const_splat('0'));
  v128_t letter = wasm_i8x16_sub(wasm_v128_or(v, wasm_i8x16_const_splat(32)), wasm_i8x16_const_splat('a'));
  v128_t is_digit = wasm_u8x16_lt(digit, wasm_i8x16_const_splat(10));
  v128_t is_letter = wasm_u8x16_lt(letter, wasm_i8x16_const_splat(6));
  v128_t value = wasm_v128_bitselect(digit, wasm_i8x16_add(letter, wasm_i8x16_const_splat(10)), is_digit);
  return wasm_v128_or(value, wasm_v128_not(wasm_v128_or(is_digit, is_letter)));
}

static int decode(void) {
  v128_t bad = wasm_i8x16_const_splat(0);
  for (int i = 0; i < LEN; i += 16) {
    v128_t x = values(wasm_v128_load(&hex[2 * i])), y = values(wasm_v128_load(&hex[2 * i + 16]));
    bad = wasm_v128_or(bad, wasm_v128_or(x, y));
    v128_t h = wasm_i8x16_shuffle(x, y, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    v128_t l = wasm_i8x16_shuffle(x, y, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    wasm_v128_store(&back[i], wasm_v128_or(wasm_i8x16_shl(h, 4), l));
  }
  return wasm_i8x16_bitmask(bad) == 0;
}

/* Bits say what is wrong with a pair of bytes; a pair that all three tables condemn is an error. */
enum {
  SHORT = 1,
  LONG = 2,
  OVER3 = 4,
  SURROGATE = 16,
  OVER2 = 32,
  TWO_CONTS = 128,
  LARGE = 8,
  LARGE4 = 64,
  OVER4 = 64
};
enum { CARRY = SHORT | LONG | TWO_CONTS };

static int is_utf8(void) {
  const v128_t first_high = wasm_u8x16_const(LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG, TWO_CONTS,
                                             TWO_CONTS, TWO_CONTS, TWO_CONTS, SHORT | OVER2, SHORT,
                                             SHORT | OVER3 | SURROGATE, SHORT | LARGE | LARGE4 | OVER4);
  const v128_t first_low = wasm_u8x16_const(
      CARRY | OVER3 | OVER2 | OVER4, CARRY | OVER2, CARRY, CARRY, CARRY | LARGE, CARRY | LARGE | LARGE4,
      CARRY | LARGE | LARGE4, CARRY | LARGE | LARGE4, CARRY | LARGE | LARGE4, CARRY | LARGE | LARGE4,
      CARRY | LARGE | LARGE4, CARRY | LARGE | LARGE4, CARRY | LARGE | LARGE4,
      CARRY | LARGE | LARGE4 | SURROGATE, CARRY | LARGE | LARGE4, CARRY | LARGE | LARGE4);
  const v128_t second_high =
      wasm_u8x16_const(SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT,
                       LONG | OVER2 | TWO_CONTS | OVER3 | LARGE4 | OVER4,
                       LONG | OVER2 | TWO_CONTS | OVER3 | LARGE, LONG | OVER2 | TWO_CONTS | SURROGATE | LARGE,
                       LONG | OVER2 | TWO_CONTS | SURROGATE | LARGE, SHORT, SHORT, SHORT, SHORT);
  const v128_t low4 = wasm_i8x16_const_splat(15);
  v128_t before = wasm_i8x16_const_splat(0), error = before;
  for (int i = 0; i < LEN + 16; i += 16) {
    v128_t now = wasm_v128_load(&text[i]);
    v128_t p1 =
        wasm_i8x16_shuffle(before, now, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
    v128_t p2 =
        wasm_i8x16_shuffle(before, now, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29);
    v128_t p3 =
        wasm_i8x16_shuffle(before, now, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28);
    v128_t classes = wasm_v128_and(wasm_v128_and(wasm_i8x16_swizzle(first_high, wasm_u8x16_shr(p1, 4)),
                                                 wasm_i8x16_swizzle(first_low, wasm_v128_and(p1, low4))),
                                   wasm_i8x16_swizzle(second_high, wasm_u8x16_shr(now, 4)));
    v128_t third = wasm_u8x16_sub_sat(p2, wasm_i8x16_const_splat(0xe0 - 0x80));
    v128_t fourth = wasm_u8x16_sub_sat(p3, wasm_i8x16_const_splat(0xf0 - 0x80));
    v128_t must = wasm_v128_and(wasm_v128_or(third, fourth), wasm_i8x16_const_splat((char)0x80));
    error = wasm_v128_or(error, wasm_v128_xor(must, classes));
    before = now;
  }
  return !wasm_v128_any_true(error);
}

static void fill_text(void) {
  static const char *const pieces[] = {"plain ", "\xc3\xa4\xc3\xb6", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                                       "text, and more of it "};
  size_t at = 0;
  while (at + 32 < LEN) {
    const char *piece = pieces[bench_random() % 5];
    memcpy(text + at, piece, strlen(piece));
    at += strlen(piece);
  }
}

int main(int argc, char **argv) {
  uint64_t sum = 0;
  for (int i = 0; i < LEN; i++)
    bytes[i] = (uint8_t)bench_random();
  fill_text();
  for (int n = bench_repeats(argc, argv, 20000); n > 0; n--) {
    encode();
    sum = sum * 7 + (uint64_t)decode() + hex[n % LEN] + back[n % LEN] + (uint64_t)is_utf8();
    bytes[n % LEN] ^= (uint8_t)n;
  }
  printf("simd-text %llu\n", (unsigned long long)sum);
  return 0;
}
