/* Numbers in text: against strtod on many values, at the halfway points, at the ends of the ranges; and
 * printed back. */
#include "base/num.h"
#include "text/number.h"

#include "unit.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t random_state = 88172645463325252u;
static uint64_t random_u64(void) { /* xorshift64 */
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  return random_state ^= random_state << 17;
}

static uint64_t f64_of(const char *s) {
  uint64_t bits = 0;
  ck_assert_msg(number_f64(slice_cstr(s), &bits), "%s", s);
  return bits;
}
static uint32_t f32_of(const char *s) {
  uint32_t bits = 0;
  ck_assert_msg(number_f32(slice_cstr(s), &bits), "%s", s);
  return bits;
}

START_TEST(classifies) {
  static const struct {
    const char *text;
    enum number_class class;
  } rows[] = {
      {"0", NUMBER_NAT},        {"1_000", NUMBER_NAT},       {"0xFf_0", NUMBER_NAT},
      {"+1", NUMBER_INT},       {"-0x1", NUMBER_INT},        {"1.", NUMBER_FLOAT},
      {"1.5e+3", NUMBER_FLOAT}, {"1E5", NUMBER_FLOAT},       {"0x1.8p-3", NUMBER_FLOAT},
      {"0x1.", NUMBER_FLOAT},   {"0x1P1", NUMBER_FLOAT},     {"-inf", NUMBER_FLOAT},
      {"nan", NUMBER_FLOAT},    {"nan:0x1_2", NUMBER_FLOAT}, {"0x1e5", NUMBER_NAT},
      {"1__0", NUMBER_NOT},     {"_1", NUMBER_NOT},          {"1_", NUMBER_NOT},
      {"0x", NUMBER_NOT},       {"0x_1", NUMBER_NOT},        {"1._0", NUMBER_NOT},
      {"1e", NUMBER_NOT},       {"1e_1", NUMBER_NOT},        {"0x1p", NUMBER_NOT},
      {".5", NUMBER_NOT},       {"0X1", NUMBER_NOT},         {"nan:1", NUMBER_NOT},
      {"nan:0x", NUMBER_NOT},   {"infinity", NUMBER_NOT},    {"+", NUMBER_NOT},
      {"", NUMBER_NOT},         {"1p3", NUMBER_NOT},         {"--1", NUMBER_NOT},
      {"1e1.0", NUMBER_NOT},    {"0x1.p", NUMBER_NOT},       {"i", NUMBER_NOT},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    ck_assert_msg(number_classify(slice_cstr(rows[i].text)) == rows[i].class, "%s", rows[i].text);
}
END_TEST

START_TEST(integers_keep_their_range) {
  uint64_t v;
  uint32_t u;
  for (unsigned bits = 8; bits <= 64; bits *= 2) {
    char text[40];
    uint64_t max = UINT64_MAX >> (64 - bits), half = UINT64_C(1) << (bits - 1);
    snprintf(text, sizeof text, "%" PRIu64, max);
    ck_assert(number_int(slice_cstr(text), bits, &v) && v == max);
    snprintf(text, sizeof text, "-%" PRIu64, half);
    ck_assert(number_int(slice_cstr(text), bits, &v) && v == half);
    snprintf(text, sizeof text, "-0x%" PRIx64, half + 1);
    ck_assert(!number_int(slice_cstr(text), bits, &v));
    snprintf(text, sizeof text, bits == 64 ? "1%020" PRIu64 : "%" PRIu64, max + 1);
    ck_assert(!number_int(slice_cstr(text), bits, &v));
  }
  ck_assert(number_int(slice_cstr("-1"), 32, &v) && v == UINT32_MAX);
  ck_assert(number_u32(slice_cstr("4_294_967_295"), &u) && u == UINT32_MAX);
  ck_assert(!number_u32(slice_cstr("4294967296"), &u));
  ck_assert(!number_u32(slice_cstr("-0"), &u));
  ck_assert(number_u64(slice_cstr("0xffff_ffff_ffff_ffff"), &v) && v == UINT64_MAX);
  ck_assert(!number_u64(slice_cstr("18446744073709551616"), &v));
  ck_assert(!number_int(slice_cstr("1.0"), 32, &v));
}
END_TEST

START_TEST(floats_round_trip_in_every_spelling) {
  char text[80];
  for (unsigned i = 0; i < 60000; i++) {
    uint64_t b = random_u64();
    uint32_t s = (uint32_t)(b >> 13);
    if (i % 4 == 1) b &= 0x801fffffffffffffu; /* subnormals */
    if (i % 4 == 2) s &= 0x80ffffffu;
    if (!f64_is_nan(b) && (b << 1) != 0xffe0000000000000u) {
      snprintf(text, sizeof text, "%a", f64_of_bits(b));
      ck_assert_msg(f64_of(text) == b, "%s", text);
      snprintf(text, sizeof text, "%.17g", f64_of_bits(b));
      ck_assert_msg(f64_of(text) == b, "%s", text);
      ck_assert_msg(f64_of(number_print_f64(b, text)) == b, "%s", text);
    }
    if (!f32_is_nan(s) && (s << 1) != 0xff000000u) {
      snprintf(text, sizeof text, "%a", (double)f32_of_bits(s));
      ck_assert_msg(f32_of(text) == s, "%s", text);
      ck_assert_msg(f32_of(number_print_f32(s, text)) == s, "%s", text);
    }
  }
}
END_TEST

START_TEST(floats_round_like_the_c_library) {
  char text[120];
  for (unsigned i = 0; i < 60000; i++) { /* more digits than either format holds, hex and decimal */
    int exponent = (int)(random_u64() % 2300) - 1150;
    if (i % 3 == 0) exponent = (int)(random_u64() % 330) - 165;
    snprintf(text, sizeof text, "0x%" PRIx64 ".%" PRIx64 "p%d", random_u64() >> (random_u64() % 64),
             random_u64(), exponent);
    double d = strtod(text, NULL);
    float f = strtof(text, NULL);
    uint64_t b = 0;
    uint32_t s = 0;
    ck_assert_msg(number_f64(slice_cstr(text), &b) == !isinf(d) && (isinf(d) || b == f64_bits(d)), "%s",
                  text);
    ck_assert_msg(number_f32(slice_cstr(text), &s) == !isinf(f) && (isinf(f) || s == f32_bits(f)), "%s",
                  text);
    snprintf(text, sizeof text, "%" PRIu64 ".%020" PRIu64 "e%d", random_u64(), random_u64(),
             exponent * 10 / 33);
    d = strtod(text, NULL);
    f = strtof(text, NULL);
    ck_assert_msg(number_f64(slice_cstr(text), &b) == !isinf(d) && (isinf(d) || b == f64_bits(d)), "%s",
                  text);
    ck_assert_msg(number_f32(slice_cstr(text), &s) == !isinf(f) && (isinf(f) || s == f32_bits(f)), "%s",
                  text);
  }
}
END_TEST

START_TEST(ties_go_to_even) {
  uint32_t s;
  uint64_t b;
  ck_assert_uint_eq(f32_of("0x1.000001p0"), f32_of("0x1p0"));
  ck_assert_uint_eq(f32_of("0x1.000003p0"), f32_of("0x1.000004p0"));
  ck_assert_uint_eq(f32_of("0x1.00000100000000000000000000000001p0"), f32_of("0x1.000002p0"));
  ck_assert_uint_eq(f64_of("0x1.00000000000008p0"), f64_of("0x1p0"));
  ck_assert_uint_eq(f64_of("0x1.000000000000080000000000000000000001p0"), f64_of("0x1.0000000000001p0"));
  ck_assert_uint_eq(f64_of("0x1p-1075"), 0);
  ck_assert_uint_eq(f64_of("0x1.00000000000001p-1075"), 1);
  ck_assert_uint_eq(f64_of("-0x1p-1074"), UINT64_C(0x8000000000000001));
  ck_assert_uint_eq(f32_of("0x1p-150"), 0);
  ck_assert_uint_eq(f32_of("0x1.8p-150"), 1);
  ck_assert_uint_eq(f32_of("0x1.fffffep127"), 0x7f7fffff);
  ck_assert_uint_eq(f32_of("0x1.fffffefffffp127"), 0x7f7fffff);
  ck_assert(!number_f32(slice_cstr("0x1.ffffffp127"), &s));
  ck_assert(!number_f32(slice_cstr("340282356779733661637539395458142568448"), &s));
  ck_assert(number_f32(slice_cstr("340282356779733661637539395458142568447"), &s) && s == 0x7f7fffff);
  ck_assert(!number_f64(slice_cstr("1e309"), &b));
  ck_assert(!number_f64(slice_cstr("0x1p1024"), &b));
  ck_assert(!number_f64(slice_cstr("1e99999999999999999999999999"), &b));
  ck_assert_uint_eq(f64_of("1e-99999999999999999999999999"), 0);
  ck_assert_uint_eq(f64_of("0e99999999999999999999999999"), 0);
  ck_assert_uint_eq(f64_of("-0"), UINT64_C(1) << 63);
  ck_assert_uint_eq(f64_of("1_0.2_5e0_1"), f64_bits(102.5));
}
END_TEST

START_TEST(digits_far_behind_count) {
  size_t zeros = 5000;
  char *text = malloc(zeros + 2000);
  /* 1 + 2^-53 exactly, then zeros, then a one */
  size_t len = (size_t)snprintf(text, 2000, "1.%s", "00000000000000011102230246251565404236316680908203125");
  ck_assert_uint_eq(f64_of(text), f64_bits(1.0));
  memset(text + len, '0', zeros);
  text[len + zeros] = 0;
  ck_assert_uint_eq(f64_of(text), f64_bits(1.0));
  text[len + zeros] = '1';
  text[len + zeros + 1] = 0;
  ck_assert_uint_eq(f64_of(text), f64_bits(1.0 + 0x1p-52));
  /* the same with the digits before the point */
  text[0] = '1';
  memset(text + 1, '0', zeros);
  snprintf(text + 1 + zeros, 20, "e-%zu", zeros);
  ck_assert_uint_eq(f64_of(text), f64_bits(1.0));
  free(text);
}
END_TEST

START_TEST(nans_carry_their_payload) {
  char text[NUMBER_TEXT_SIZE];
  uint32_t s;
  uint64_t b;
  ck_assert_uint_eq(f32_of("nan"), 0x7fc00000);
  ck_assert_uint_eq(f32_of("-nan:0x1"), 0xff800001);
  ck_assert_uint_eq(f32_of("+nan:0x7f_ffff"), 0x7fffffff);
  ck_assert(!number_f32(slice_cstr("nan:0x0"), &s));
  ck_assert(!number_f32(slice_cstr("nan:0x80_0000"), &s));
  ck_assert_uint_eq(f64_of("nan:0xf_ffff_ffff_ffff"), UINT64_C(0x7fffffffffffffff));
  ck_assert(!number_f64(slice_cstr("nan:0x10_0000_0000_0000"), &b));
  ck_assert(!number_f64(slice_cstr("nan:0x1_0000_0000_0000_0000"), &b));
  ck_assert_str_eq(number_print_f32(0xffc00000, text), "-nan");
  ck_assert_str_eq(number_print_f32(0x7f800001, text), "nan:0x1");
  ck_assert_str_eq(number_print_f64(UINT64_C(0xfff0000000000000), text), "-inf");
}
END_TEST

START_TEST(prints_the_shortest) {
  static const char *const same[] = {"0",
                                     "-0",
                                     "1",
                                     "0.1",
                                     "-1.5",
                                     "100",
                                     "123456789",
                                     "1e100",
                                     "1.5e-7",
                                     "0.001",
                                     "3.14159",
                                     "5e-324",
                                     "1.7976931348623157e308"};
  char text[NUMBER_TEXT_SIZE];
  for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
    ck_assert_str_eq(number_print_f64(f64_of(same[i]), text), same[i]);
  ck_assert_str_eq(number_print_f32(f32_of("0.1"), text), "0.1");
  ck_assert_str_eq(number_print_f32(f32_of("16777216"), text), "16777216");
}
END_TEST

int main(void) {
  return UNIT_RUN("text/number", classifies, integers_keep_their_range, floats_round_trip_in_every_spelling,
                  floats_round_like_the_c_library, ties_go_to_even, digits_far_behind_count,
                  nans_carry_their_payload, prints_the_shortest);
}
