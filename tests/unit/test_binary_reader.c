/* The cursor: every way to end early, every width of LEB128. */
#include "binary/reader.h"

#include "base/buf.h"
#include "unit.h"

#include <string.h>

static struct error error;

static struct reader over(const void *bytes, size_t size) {
  error = (struct error)ERROR_INIT;
  return reader_of(slice_of(bytes, size), 100, &error);
}

static void failed(const struct reader *r, const char *message) {
  ck_assert_uint_eq(error.kind, ERROR_MALFORMED);
  ck_assert_msg(strncmp(error.message, message, strlen(message)) == 0, "%s", error.message);
  ck_assert(reader_done(r) && !reader_ok(r));
}

START_TEST(errors_stick) {
  struct reader r = over("\1\2", 2);
  ck_assert_uint_eq(read_u8(&r), 1);
  ck_assert_uint_eq(reader_off(&r), 101);
  ck_assert_uint_eq(read_u32le(&r), 0);
  failed(&r, "unexpected end");
  ck_assert_uint_eq(error.offset, 101);
  ck_assert_uint_eq(read_u8(&r), 0);
  ck_assert_uint_eq(read_uleb32(&r), 0);
  ck_assert_int_eq(read_sleb64(&r), 0);
  ck_assert_uint_eq(read_u64le(&r), 0);
  ck_assert_uint_eq(read_name(&r).len, 0);
  ck_assert_uint_eq(read_bytes(&r, 1).len, 0);
  ck_assert_uint_eq(read_count(&r, 9, 1, "things"), 0);
  ck_assert_uint_eq(error.offset, 101);
  (void)reader_fail(&r, ERROR_INVALID, "later");
  failed(&r, "unexpected end");
}
END_TEST

START_TEST(numbers_round_trip) {
  for (unsigned bit = 0; bit < 64; bit++) {
    for (int delta = -1; delta <= 1; delta++) {
      uint64_t v = (UINT64_C(1) << bit) + (uint64_t)delta;
      struct buf b;
      buf_init(&b);
      buf_uleb(&b, v);
      buf_sleb(&b, (int64_t)v);
      buf_sleb(&b, -(int64_t)v);
      buf_uleb(&b, (uint32_t)v);
      buf_sleb(&b, (int32_t)v);
      buf_sleb(&b, (int64_t)(v & 0xffffffff));
      struct reader r = over(b.data, b.len);
      ck_assert_uint_eq(read_uleb64(&r), v);
      ck_assert_int_eq(read_sleb64(&r), (int64_t)v);
      ck_assert_int_eq(read_sleb64(&r), -(int64_t)v);
      ck_assert_uint_eq(read_uleb32(&r), (uint32_t)v);
      ck_assert_int_eq(read_sleb32(&r), (int32_t)v);
      ck_assert_int_eq(read_sleb33(&r), (int64_t)(v & 0xffffffff));
      ck_assert(reader_done(&r) && reader_ok(&r));
      buf_free(&b);
    }
  }
}
END_TEST

enum width { U32, U64, S32, S33, S64 };
static int64_t read_width(struct reader *r, enum width w) {
  switch (w) {
  case U32: return read_uleb32(r);
  case U64: return (int64_t)read_uleb64(r);
  case S32: return read_sleb32(r);
  case S33: return read_sleb33(r);
  case S64: return read_sleb64(r);
  }
  return 0;
}

START_TEST(long_and_large_numbers) {
  static const struct {
    enum width width;
    const char *bytes;
    size_t size;
    const char *error; /* or NULL and */
    int64_t value;
  } cases[] = {
      {U32, "\x80\x80\x80\x80\x00", 5, NULL, 0},
      {U32, "\xff\xff\xff\xff\x0f", 5, NULL, 0xffffffff},
      {U32, "\xff\xff\xff\xff\x1f", 5, "integer too large", 0},
      {U32, "\xff\xff\xff\xff\x4f", 5, "integer too large", 0},
      {U32, "\x80\x80\x80\x80\x80\x00", 6, "integer representation too long", 0},
      {U32, "\x80\x80\x80", 3, "unexpected end", 0},
      {U64, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, NULL, -1},
      {U64, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10, "integer too large", 0},
      {U64, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 11, "integer representation too long", 0},
      {S32, "\xff\xff\xff\xff\x7f", 5, NULL, -1},
      {S32, "\x80\x80\x80\x80\x78", 5, NULL, INT32_MIN},
      {S32, "\xff\xff\xff\xff\x07", 5, NULL, INT32_MAX},
      {S32, "\xff\xff\xff\xff\x0f", 5, "integer too large", 0},
      {S32, "\x80\x80\x80\x80\x70", 5, "integer too large", 0},
      {S32, "\x80\x80\x80\x80\x80\x00", 6, "integer representation too long", 0},
      {S33, "\xff\xff\xff\xff\x0f", 5, NULL, 0xffffffff},
      {S33, "\x80\x80\x80\x80\x70", 5, NULL, -4294967296},
      {S33, "\xff\xff\xff\xff\x1f", 5, "integer too large", 0},
      {S64, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f", 10, NULL, INT64_MIN},
      {S64, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00", 10, NULL, INT64_MAX},
      {S64, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, "integer too large", 0},
      {S64, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 11, "integer representation too long", 0},
      {S64, "\x40", 1, NULL, -64},
      {S64, "\x3f", 1, NULL, 63},
  };
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    struct reader r = over(cases[i].bytes, cases[i].size);
    int64_t v = read_width(&r, cases[i].width);
    if (cases[i].error)
      failed(&r, cases[i].error);
    else
      ck_assert_msg(reader_ok(&r) && reader_done(&r) && v == cases[i].value, "case %zu: %s", i,
                    error.message);
    ck_assert(cases[i].error == NULL || v == 0);
  }
}
END_TEST

START_TEST(names_and_counts) {
  struct reader r = over("\3abc\2\xc3\xa9\1\xff", 9);
  ck_assert(slice_eq_cstr(read_name(&r), "abc"));
  ck_assert_uint_eq(read_name(&r).len, 2);
  ck_assert_uint_eq(read_name(&r).len, 0);
  failed(&r, "malformed UTF-8 encoding");
  r = over("\4abc", 4);
  ck_assert_uint_eq(read_name(&r).len, 0);
  failed(&r, "length out of bounds");
  r = over("\3abcabc", 7);
  ck_assert_uint_eq(read_count(&r, 9, 2, "things"), 3);
  r = over("\3abcab", 6);
  ck_assert_uint_eq(read_count(&r, 9, 2, "things"), 0);
  failed(&r, "unexpected end");
  r = over("\3abcabc", 7);
  ck_assert_uint_eq(read_count(&r, 2, 2, "things"), 0);
  ck_assert_uint_eq(error.kind, ERROR_LIMIT);
}
END_TEST

START_TEST(parts) {
  struct reader r = over("abcdef", 6), sub = reader_sub(&r, 4);
  ck_assert_uint_eq(reader_left(&sub), 4);
  ck_assert_uint_eq(reader_off(&r), 104);
  ck_assert_uint_eq(reader_off(&sub), 100);
  ck_assert_uint_eq(read_u32le(&sub), 0x64636261);
  ck_assert_uint_eq(read_u8(&sub), 0);
  ck_assert_uint_eq(error.offset, 104);
  r = over("abc", 3);
  sub = reader_sub(&r, 4);
  failed(&r, "length out of bounds");
  ck_assert(reader_done(&sub));
}
END_TEST

int main(void) {
  return UNIT_RUN("binary/reader", errors_stick, numbers_round_trip, long_and_large_numbers, names_and_counts,
                  parts);
}
