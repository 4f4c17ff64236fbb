/* Comparison of slices and UTF-8. */
#include "base/slice.h"

#include "unit.h"

#include <string.h>

START_TEST(compares) {
  ck_assert(slice_eq(slice_cstr("ab"), slice_of("abc", 2)));
  ck_assert(!slice_eq(slice_cstr("ab"), slice_cstr("abc")));
  ck_assert(slice_eq(slice_of(NULL, 0), slice_cstr("")));
  ck_assert(slice_eq_cstr(slice_cstr("x"), "x"));
  ck_assert(slice_starts(slice_cstr("i32.add"), "i32."));
  ck_assert(!slice_starts(slice_cstr("i3"), "i32."));
  ck_assert(slice_starts(slice_of(NULL, 0), ""));
  ck_assert_int_lt(slice_cmp(slice_cstr("a"), slice_cstr("ab")), 0);
  ck_assert_int_gt(slice_cmp(slice_cstr("b"), slice_cstr("ab")), 0);
  ck_assert_int_eq(slice_cmp(slice_of(NULL, 0), slice_of(NULL, 0)), 0);
  ck_assert_int_gt(slice_cmp(slice_cstr("\x80"), slice_cstr("\x7f")), 0);
}
END_TEST

START_TEST(utf8_round_trips_every_scalar) {
  for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
    if (cp == 0xd800) cp = 0xe000;
    uint8_t out[4];
    size_t size = utf8_put(cp, out), pos = 0;
    struct slice s = slice_of(out, size);
    bool good = size == (cp < 0x80 ? 1u : cp < 0x800 ? 2u : cp < 0x10000 ? 3u : 4u) && utf8_valid(s);
    for (size_t cut = 1; cut < size; cut++)
      good = good && !utf8_valid(slice_of(out, cut));
    good = good && utf8_next(s, &pos) == cp && pos == size;
    if (!good) ck_abort_msg("U+%04X", cp); /* one check a million times would be slow */
  }
}
END_TEST

/* Every pair and the interesting triples and quads, against the definition by ranges of code points. */
START_TEST(utf8_refuses_the_rest) {
  static const char *const bad[] = {"\x80",
                                    "\xbf",
                                    "\xc0\x80",
                                    "\xc1\xbf",
                                    "\xe0\x80\x80",
                                    "\xe0\x9f\xbf",
                                    "\xed\xa0\x80",
                                    "\xed\xbf\xbf",
                                    "\xf0\x80\x80\x80",
                                    "\xf0\x8f\xbf\xbf",
                                    "\xf4\x90\x80\x80",
                                    "\xf5\x80\x80\x80",
                                    "\xf8\x88\x80\x80\x80",
                                    "\xfe",
                                    "\xff",
                                    "\xc2",
                                    "\xc2g",
                                    "\xe1\x80g",
                                    "\xf1\x80\x80g"};
  for (size_t i = 0; i < COUNT_OF(bad); i++) {
    ck_assert_msg(!utf8_valid(slice_cstr(bad[i])), "bad %zu", i);
    char long_text[64] = "sixteen letters!"; /* behind the fast path over ASCII */
    strcat(long_text, bad[i]);
    ck_assert_msg(!utf8_valid(slice_cstr(long_text)), "bad %zu after ASCII", i);
    strcat(long_text, "and eight or more after");
    ck_assert_msg(!utf8_valid(slice_cstr(long_text)), "bad %zu inside ASCII", i);
  }
  ck_assert(utf8_valid(slice_of("a\0b", 3)));
  ck_assert(utf8_valid(slice_of(NULL, 0)));
}
END_TEST

int main(void) {
  return UNIT_RUN("base/slice", compares, utf8_round_trips_every_scalar, utf8_refuses_the_rest);
}
