/* The byte buffer: LEB128, printf, insertion, and the sticky failure. */
#include "base/alloc.h"
#include "base/buf.h"

#include "unit.h"

#include <string.h>

static uint64_t uleb_read(struct slice s, size_t *pos) {
  uint64_t v = 0;
  for (unsigned shift = 0;; shift += 7) {
    uint8_t byte = s.data[(*pos)++];
    v |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return v;
  }
}

static int64_t sleb_read(struct slice s, size_t *pos) {
  uint64_t v = 0;
  for (unsigned shift = 0;;) {
    uint8_t byte = s.data[(*pos)++];
    v |= (uint64_t)(byte & 0x7f) << shift;
    shift += 7;
    if (byte < 0x80) return (int64_t)(byte & 0x40 && shift < 64 ? v | ~UINT64_C(0) << shift : v);
  }
}

START_TEST(leb_round_trips_shortest) {
  struct buf b;
  buf_init(&b);
  for (unsigned bit = 0; bit < 64; bit++)
    for (int64_t around = -2; around <= 2; around++)
      for (int sign = 0; sign < 2; sign++) {
        uint64_t v = (UINT64_C(1) << bit) + (uint64_t)around;
        if (sign) v = 0 - v;
        size_t pos = 0;
        buf_reset(&b);
        buf_uleb(&b, v);
        ck_assert_uint_eq(uleb_read(buf_slice(&b), &pos), v);
        ck_assert_uint_eq(pos, b.len);
        ck_assert(b.len == 1 || b.data[b.len - 1] != 0);
        pos = 0;
        buf_reset(&b);
        buf_sleb(&b, (int64_t)v);
        ck_assert_int_eq(sleb_read(buf_slice(&b), &pos), (int64_t)v);
        ck_assert_uint_eq(pos, b.len);
        if (b.len > 1) { /* the last byte is not just sign */
          bool top = b.data[b.len - 2] & 0x40;
          ck_assert(b.data[b.len - 1] != (top ? 0x7f : 0x00));
        }
      }
  buf_reset(&b);
  buf_sleb(&b, 63);
  buf_sleb(&b, 64);
  buf_sleb(&b, -64);
  buf_sleb(&b, -65);
  ck_assert_mem_eq(b.data, "\x3f\xc0\x00\x40\xbf\x7f", 6);
  buf_free(&b);
}
END_TEST

START_TEST(appends_and_inserts) {
  struct buf b;
  buf_init(&b);
  buf_cstr(&b, "ad");
  buf_insert(&b, 1, "bc", 2);
  buf_insert(&b, 4, "e", 1);
  buf_insert(&b, 0, "", 0);
  buf_u8(&b, 'f');
  buf_u32le(&b, 0x04030201);
  buf_u64le(&b, UINT64_C(0x0807060504030201));
  buf_name(&b, slice_cstr("xyz"));
  ck_assert(buf_ok(&b));
  ck_assert_uint_eq(b.len, 6 + 4 + 8 + 4);
  ck_assert_mem_eq(b.data, "abcdef\1\2\3\4\1\2\3\4\5\6\7\10\3xyz", b.len);
  size_t len;
  uint8_t *bytes = buf_take(&b, &len);
  ck_assert_uint_eq(len, 22);
  ck_assert_ptr_null(b.data);
  mem_free(bytes);
  bytes = buf_take(&b, &len); /* an empty buffer is no failure */
  ck_assert_ptr_nonnull(bytes);
  mem_free(bytes);
}
END_TEST

START_TEST(prints_any_length) {
  struct buf b;
  buf_init(&b);
  static char text[5000];
  memset(text, 'x', sizeof text - 1);
  for (int width = 0; width < 4999; width += 61) {
    buf_reset(&b);
    buf_printf(&b, "<%.*s>", width, text);
    ck_assert_uint_eq(b.len, (size_t)width + 2);
    ck_assert(b.data[0] == '<' && b.data[b.len - 1] == '>');
  }
  buf_free(&b);
}
END_TEST

START_TEST(failure_is_sticky) {
  struct buf b;
  buf_init(&b);
  buf_cstr(&b, "before");
  alloc_fail_after(0, false);
  static char text[1000];
  buf_bytes(&b, text, sizeof text);
  ck_assert(!buf_ok(&b));
  ck_assert_uint_eq(b.len, 6);
  buf_u8(&b, 1);
  buf_printf(&b, "%d", 5);
  ck_assert_uint_eq(b.len, 6);
  size_t len = 1;
  ck_assert_ptr_null(buf_take(&b, &len));
  ck_assert_uint_eq(len, 0);
}
END_TEST

int main(void) {
  return UNIT_RUN("base/buf", leb_round_trips_shortest, appends_and_inserts, prints_any_length,
                  failure_is_sticky);
}
