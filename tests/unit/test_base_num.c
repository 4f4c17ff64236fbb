/* Number semantics at their edges: zeros, infinities, NaNs, halves, range ends, division traps. */
#include "base/num.h"

#include "unit.h"

#include <math.h>

/* Signs of zero, subnormals, halves, the ends of exactness, infinities, quiet and signalling NaNs. */
static const uint32_t f32_edges[] = {
    0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007fffff, 0x00800000, 0x3effffff, 0x3f000000,
    0x3f000001, 0xbf000000, 0x3f7fffff, 0x3f800000, 0xbf800000, 0x3fc00000, 0xbfc00000, 0x40200000,
    0xc0200000, 0x4afffffe, 0x4affffff, 0x4b000000, 0x4b000001, 0x4b7fffff, 0x4b800000, 0xcb7fffff,
    0x4effffff, 0x4f000000, 0xcf000000, 0xcf000001, 0x4f7fffff, 0x4f800000, 0x5effffff, 0x5f000000,
    0xdf000000, 0x5f7fffff, 0x5f800000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7f800001,
    0xff800001, 0x7fa00000, 0x7fc00000, 0xffc00000, 0x7fc12345, 0xffffffff};
static const uint64_t f64_edges[] = {
    0x0000000000000000, 0x8000000000000000, 0x0000000000000001, 0x8000000000000001, 0x000fffffffffffff,
    0x0010000000000000, 0x3fdfffffffffffff, 0x3fe0000000000000, 0x3fe0000000000001, 0xbfe0000000000000,
    0x3fefffffffffffff, 0x3ff0000000000000, 0xbff0000000000000, 0xbfefffffffffffff, 0x3ff8000000000000,
    0xbff8000000000000, 0x4004000000000000, 0xc004000000000000, 0x41dfffffffc00000, 0x41dfffffffffffff,
    0x41e0000000000000, 0xc1e0000000000000, 0xc1e00000001fffff, 0xc1e0000000200000, 0x41efffffffe00000,
    0x41efffffffffffff, 0x41f0000000000000, 0x43dfffffffffffff, 0x43e0000000000000, 0xc3e0000000000000,
    0xc3e0000000000001, 0x43efffffffffffff, 0x43f0000000000000, 0x432fffffffffffff, 0x4330000000000000,
    0x4330000000000001, 0x433fffffffffffff, 0x4340000000000000, 0x7fefffffffffffff, 0xffefffffffffffff,
    0x7ff0000000000000, 0xfff0000000000000, 0x7ff0000000000001, 0xfff0000000000001, 0x7ff8000000000000,
    0xfff8000000000000, 0x7ff8123456789abc, 0xffffffffffffffff};

static const uint32_t i32_edges[] = {0,          1,          2,          3,          31,
                                     32,         33,         0x7f,       0x80,       0xffff,
                                     0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffd,
                                     0xfffffffe, 0xffffffff, 0x12345678, 0xaaaaaaaa};

START_TEST(divides_32) {
  for (size_t i = 0; i < COUNT_OF(i32_edges); i++)
    for (size_t k = 0; k < COUNT_OF(i32_edges); k++) {
      uint32_t a = i32_edges[i], b = i32_edges[k], q = 7, r = 7;
      int64_t sa = (int32_t)a, sb = (int32_t)b;
      if (b == 0) {
        ck_assert(i32_div_s(a, b, &q) == NUM_DIV_ZERO && i32_div_u(a, b, &q) == NUM_DIV_ZERO);
        ck_assert(i32_rem_s(a, b, &r) == NUM_DIV_ZERO && i32_rem_u(a, b, &r) == NUM_DIV_ZERO);
        ck_assert(q == 7 && r == 7);
        continue;
      }
      ck_assert(i32_div_u(a, b, &q) == NUM_OK && i32_rem_u(a, b, &r) == NUM_OK && q == a / b && r == a % b);
      if (sa / sb > INT32_MAX)
        ck_assert(i32_div_s(a, b, &q) == NUM_OVERFLOW);
      else
        ck_assert(i32_div_s(a, b, &q) == NUM_OK && q == (uint32_t)(sa / sb));
      ck_assert(i32_rem_s(a, b, &r) == NUM_OK && r == (uint32_t)(sa % sb));
    }
}
END_TEST

START_TEST(divides_64) {
  uint64_t q, r, least = UINT64_C(1) << 63;
  ck_assert(i64_div_s(least, UINT64_MAX, &q) == NUM_OVERFLOW);
  ck_assert(i64_rem_s(least, UINT64_MAX, &r) == NUM_OK && r == 0);
  ck_assert(i64_div_s(5, 0, &q) == NUM_DIV_ZERO && i64_div_u(5, 0, &q) == NUM_DIV_ZERO);
  ck_assert(i64_rem_s(5, 0, &q) == NUM_DIV_ZERO && i64_rem_u(5, 0, &q) == NUM_DIV_ZERO);
  ck_assert(i64_div_s((uint64_t)-7, 2, &q) == NUM_OK && q == (uint64_t)-3);
  ck_assert(i64_rem_s((uint64_t)-7, 2, &r) == NUM_OK && r == (uint64_t)-1);
  ck_assert(i64_rem_s(7, (uint64_t)-2, &r) == NUM_OK && r == 1);
  ck_assert(i64_div_u(UINT64_MAX, 3, &q) == NUM_OK && q == UINT64_C(0x5555555555555555));
  ck_assert(i64_rem_u(least, 10, &r) == NUM_OK && r == 8);
  ck_assert(i64_div_s(least, 1, &q) == NUM_OK && q == least);
}
END_TEST

START_TEST(counts_and_shifts) {
  ck_assert(i32_clz(0) == 32 && i32_ctz(0) == 32 && i64_clz(0) == 64 && i64_ctz(0) == 64);
  ck_assert(i32_clz(1) == 31 && i32_ctz(0x80000000) == 31 && i64_clz(1) == 63 &&
            i64_ctz(UINT64_C(1) << 63) == 63);
  ck_assert(i32_popcnt(UINT32_MAX) == 32 && i64_popcnt(UINT64_MAX) == 64 && i64_popcnt(0) == 0);
  for (uint32_t n = 0; n < 130; n++) {
    uint32_t a = 0x80010003, l = a, s = a;
    for (uint32_t i = 0; i < n % 32; i++) {
      l = l << 1 | l >> 31;
      s = s >> 1 | 0x80000000;
    }
    ck_assert(i32_rotl(a, n) == l && i32_rotr(l, n) == a && i32_shr_s(a, n) == s);
    uint64_t b = UINT64_C(0x8001000300050007), m = b, t = b;
    for (uint32_t i = 0; i < n % 64; i++) {
      m = m << 1 | m >> 63;
      t = t >> 1 | UINT64_C(1) << 63;
    }
    ck_assert(i64_rotl(b, n) == m && i64_rotr(m, n) == b && i64_shr_s(b, n) == t);
  }
}
END_TEST

/* A NaN result is an operand quieted, the first one first, or the positive canonical NaN. */
static bool f32_nan_rule(uint32_t a, uint32_t b, uint32_t r) {
  if (f32_is_nan(a)) return r == (a | 0x400000);
  if (f32_is_nan(b)) return r == (b | 0x400000);
  return !f32_is_nan(r) || r == 0x7fc00000;
}

static bool f64_nan_rule(uint64_t a, uint64_t b, uint64_t r) {
  if (f64_is_nan(a)) return r == (a | UINT64_C(0x8000000000000));
  if (f64_is_nan(b)) return r == (b | UINT64_C(0x8000000000000));
  return !f64_is_nan(r) || r == UINT64_C(0x7ff8000000000000);
}

START_TEST(nans_follow_one_rule) {
  uint32_t (*const f32_ops[])(uint32_t, uint32_t) = {f32_add, f32_sub, f32_mul, f32_div, f32_min, f32_max};
  uint64_t (*const f64_ops[])(uint64_t, uint64_t) = {f64_add, f64_sub, f64_mul, f64_div, f64_min, f64_max};
  uint32_t (*const f32_un[])(uint32_t) = {f32_sqrt, f32_ceil, f32_floor, f32_trunc, f32_nearest};
  uint64_t (*const f64_un[])(uint64_t) = {f64_sqrt, f64_ceil, f64_floor, f64_trunc, f64_nearest};
  for (size_t op = 0; op < COUNT_OF(f32_ops); op++) {
    for (size_t i = 0; i < COUNT_OF(f32_edges); i++)
      for (size_t k = 0; k < COUNT_OF(f32_edges); k++) {
        uint32_t a = f32_edges[i], b = f32_edges[k];
        if (!f32_nan_rule(a, b, f32_ops[op](a, b))) ck_abort_msg("f32 op %zu of %08x %08x", op, a, b);
      }
    for (size_t i = 0; i < COUNT_OF(f64_edges); i++)
      for (size_t k = 0; k < COUNT_OF(f64_edges); k++) {
        uint64_t a = f64_edges[i], b = f64_edges[k];
        if (!f64_nan_rule(a, b, f64_ops[op](a, b))) ck_abort_msg("f64 op %zu of %zu %zu", op, i, k);
      }
  }
  for (size_t op = 0; op < COUNT_OF(f32_un); op++) {
    for (size_t i = 0; i < COUNT_OF(f32_edges); i++)
      ck_assert(f32_nan_rule(f32_edges[i], f32_edges[i], f32_un[op](f32_edges[i])));
    for (size_t i = 0; i < COUNT_OF(f64_edges); i++)
      ck_assert(f64_nan_rule(f64_edges[i], f64_edges[i], f64_un[op](f64_edges[i])));
  }
  ck_assert_uint_eq(f32_div(0, 0), 0x7fc00000);
  ck_assert_uint_eq(f32_sub(0x7f800000, 0x7f800000), 0x7fc00000);
  ck_assert_uint_eq(f32_mul(0, 0xff800000), 0x7fc00000);
  ck_assert_uint_eq(f32_sqrt(0xbf800000), 0x7fc00000);
  ck_assert_uint_eq(f64_sqrt(UINT64_C(0xbff0000000000000)), UINT64_C(0x7ff8000000000000));
}
END_TEST

START_TEST(adds_and_divides_like_ieee) {
  ck_assert_uint_eq(f32_add(0x80000000, 0x80000000), 0x80000000);
  ck_assert_uint_eq(f32_add(0x80000000, 0), 0);
  ck_assert_uint_eq(f32_sub(0x3f800000, 0x3f800000), 0);
  ck_assert_uint_eq(f32_add(0x7f7fffff, 0x73000000), 0x7f800000); /* half an ulp over: to infinity */
  ck_assert_uint_eq(f32_add(0x7f7fffff, 0x72ffffff), 0x7f7fffff);
  ck_assert_uint_eq(f32_mul(0x00000001, 0x3f000000), 0); /* ties to even at the bottom */
  ck_assert_uint_eq(f32_mul(0x00000003, 0x3f000000), 2);
  ck_assert_uint_eq(f32_div(0x3f800000, 0), 0x7f800000);
  ck_assert_uint_eq(f32_div(0x3f800000, 0x80000000), 0xff800000);
  ck_assert_uint_eq(f32_div(0xbf800000, 0x80000000), 0x7f800000);
  ck_assert_uint_eq(f64_div(UINT64_C(0x3ff0000000000000), UINT64_C(0x8000000000000000)),
                    UINT64_C(0xfff0000000000000));
  ck_assert_uint_eq(f64_div(UINT64_C(0x7ff0000000000000), 0), UINT64_C(0x7ff0000000000000));
  ck_assert_uint_eq(f32_sqrt(0x80000000), 0x80000000);
  /* No contraction to a fused multiply-add anywhere: (1+u)^2 - 1 - 2u is 0 when the product is rounded. */
  uint64_t x = UINT64_C(0x3ff0000000000001), one = UINT64_C(0x3ff0000000000000),
           two_u = UINT64_C(0x3cc0000000000000);
  ck_assert_uint_eq(f64_sub(f64_sub(f64_mul(x, x), one), two_u), 0);
}
END_TEST

START_TEST(min_max_order_zeros) {
  ck_assert(f32_min(0, 0x80000000) == 0x80000000 && f32_min(0x80000000, 0) == 0x80000000);
  ck_assert(f32_max(0, 0x80000000) == 0 && f32_max(0x80000000, 0) == 0 &&
            f32_max(0x80000000, 0x80000000) == 0x80000000);
  uint64_t neg = UINT64_C(1) << 63;
  ck_assert(f64_min(0, neg) == neg && f64_min(neg, 0) == neg && f64_max(0, neg) == 0 &&
            f64_max(neg, neg) == neg);
  /* Without NaNs, min and max are those of the total order of bits. */
  for (size_t i = 0; i < COUNT_OF(f32_edges); i++)
    for (size_t k = 0; k < COUNT_OF(f32_edges); k++) {
      uint32_t a = f32_edges[i], b = f32_edges[k];
      if (f32_is_nan(a) || f32_is_nan(b)) continue;
      int32_t oa = (int32_t)(a >> 31 ? 0x7fffffffu - (a & 0x7fffffffu) - 0x7fffffffu - 1 : a);
      int32_t ob = (int32_t)(b >> 31 ? 0x7fffffffu - (b & 0x7fffffffu) - 0x7fffffffu - 1 : b);
      ck_assert(f32_min(a, b) == (oa < ob ? a : b));
      ck_assert(f32_max(a, b) == (oa > ob ? a : b));
    }
}
END_TEST

/* Rounding by bits: drop the fraction, then look at what was dropped.  way: 0 trunc, 1 floor, 2 ceil, 3
 * nearest. */
static uint64_t f64_round_model(uint64_t a, int way) {
  int exponent = (int)(a >> 52 & 0x7ff) - 1023;
  uint64_t sign = a & UINT64_C(1) << 63, one = UINT64_C(0x3ff0000000000000),
           magnitude = a & ~(UINT64_C(1) << 63);
  if (exponent >= 52 || magnitude == 0) return a;
  if (exponent < 0) {
    bool up = way == 1   ? sign != 0
              : way == 2 ? sign == 0
                         : way == 3 && magnitude > UINT64_C(0x3fe0000000000000);
    return sign | (up ? one : 0);
  }
  uint64_t unit = UINT64_C(1) << (52 - exponent), dropped = a & (unit - 1), kept = a & ~(unit - 1);
  if (dropped == 0) return a;
  bool odd = exponent == 0 || (kept & unit) != 0; /* at exponent 0 the unit bit is the implied one */
  bool up = way == 1   ? sign != 0
            : way == 2 ? sign == 0
                       : way == 3 && (dropped > unit / 2 || (dropped == unit / 2 && odd));
  return up ? kept + unit : kept;
}

START_TEST(rounds) {
  uint64_t (*const f64_ways[])(uint64_t) = {f64_trunc, f64_floor, f64_ceil, f64_nearest};
  uint32_t (*const f32_ways[])(uint32_t) = {f32_trunc, f32_floor, f32_ceil, f32_nearest};
  uint64_t random = 12345;
  for (int way = 0; way < 4; way++) {
    for (size_t i = 0; i < COUNT_OF(f64_edges); i++) {
      uint64_t a = f64_edges[i];
      if (!f64_is_nan(a))
        ck_assert_msg(f64_ways[way](a) == f64_round_model(a, way), "way %d edge %zu", way, i);
    }
    for (int n = 0; n < 200000; n++) {
      random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
      uint64_t a = (random & ~(UINT64_C(0x7ff) << 52)) | (UINT64_C(1015) + (random >> 40) % 64) << 52;
      if (f64_ways[way](a) != f64_round_model(a, way)) ck_abort_msg("way %d of %a", way, f64_of_bits(a));
      uint32_t s = f32_bits((float)f64_of_bits(a)); /* every f32 is a f64, and so is its rounding */
      if (f32_ways[way](s) != f32_bits((float)f64_of_bits(f64_round_model(f64_promote_f32(s), way))))
        ck_abort_msg("way %d of f32 %08x", way, s);
    }
  }
  ck_assert_uint_eq(f32_nearest(f32_bits(0.5f)), 0);
  ck_assert_uint_eq(f32_nearest(f32_bits(-0.5f)), 0x80000000);
  ck_assert_uint_eq(f32_nearest(f32_bits(2.5f)), f32_bits(2.0f));
  ck_assert_uint_eq(f32_ceil(f32_bits(-0.7f)), 0x80000000);
}
END_TEST

START_TEST(truncates_at_the_ends) {
  uint32_t w = 7;
  uint64_t d = 7;
  ck_assert(i32_trunc_f64_s(f64_bits(2147483647.9), &w) == NUM_OK && w == 0x7fffffff);
  ck_assert(i32_trunc_f64_s(f64_bits(2147483648.0), &w) == NUM_OVERFLOW && w == 0x7fffffff);
  ck_assert(i32_trunc_f64_s(f64_bits(-2147483648.9), &w) == NUM_OK && w == 0x80000000);
  ck_assert(i32_trunc_f64_s(f64_bits(-2147483649.0), &w) == NUM_OVERFLOW);
  ck_assert(i32_trunc_f64_u(f64_bits(4294967295.9), &w) == NUM_OK && w == UINT32_MAX);
  ck_assert(i32_trunc_f64_u(f64_bits(4294967296.0), &w) == NUM_OVERFLOW);
  ck_assert(i32_trunc_f64_u(f64_bits(-0.9), &w) == NUM_OK && w == 0);
  ck_assert(i32_trunc_f64_u(f64_bits(-1.0), &w) == NUM_OVERFLOW);
  ck_assert(i32_trunc_f32_s(0x4effffff, &w) == NUM_OK && w == 0x7fffff80);
  ck_assert(i32_trunc_f32_s(0x4f000000, &w) == NUM_OVERFLOW);
  ck_assert(i32_trunc_f32_s(0xcf000000, &w) == NUM_OK && w == 0x80000000);
  ck_assert(i32_trunc_f32_s(0xcf000001, &w) == NUM_OVERFLOW);
  ck_assert(i32_trunc_f32_u(0x4f7fffff, &w) == NUM_OK && w == 0xffffff00);
  ck_assert(i32_trunc_f32_u(0x4f800000, &w) == NUM_OVERFLOW);
  ck_assert(i32_trunc_f32_u(0xbf7fffff, &w) == NUM_OK && w == 0);
  ck_assert(i64_trunc_f64_s(0x43dfffffffffffff, &d) == NUM_OK && d == 0x7ffffffffffffc00);
  ck_assert(i64_trunc_f64_s(0x43e0000000000000, &d) == NUM_OVERFLOW);
  ck_assert(i64_trunc_f64_s(0xc3e0000000000000, &d) == NUM_OK && d == UINT64_C(1) << 63);
  ck_assert(i64_trunc_f64_s(0xc3e0000000000001, &d) == NUM_OVERFLOW);
  ck_assert(i64_trunc_f64_u(0x43efffffffffffff, &d) == NUM_OK && d == 0xfffffffffffff800);
  ck_assert(i64_trunc_f64_u(0x43f0000000000000, &d) == NUM_OVERFLOW);
  ck_assert(i64_trunc_f32_s(0xdf000000, &d) == NUM_OK && d == UINT64_C(1) << 63);
  ck_assert(i64_trunc_f32_s(0x5f000000, &d) == NUM_OVERFLOW);
  ck_assert(i64_trunc_f32_u(0x5f7fffff, &d) == NUM_OK && d == 0xffffff0000000000);
  ck_assert(i64_trunc_f32_u(0x5f800000, &d) == NUM_OVERFLOW);
  ck_assert(i32_trunc_f32_s(0x7fc00000, &w) == NUM_NOT_INT &&
            i64_trunc_f64_u(0xfff0000000000001, &d) == NUM_NOT_INT);
  ck_assert(i64_trunc_f64_s(0x7ff0000000000000, &d) == NUM_OVERFLOW);
}
END_TEST

START_TEST(saturates) {
  ck_assert(i32_trunc_sat_f32_s(0x7fc00000) == 0 && i64_trunc_sat_f64_u(0xfff8000000000000) == 0);
  ck_assert(i32_trunc_sat_f32_s(0x7f800000) == 0x7fffffff && i32_trunc_sat_f32_s(0xff800000) == 0x80000000);
  ck_assert(i32_trunc_sat_f32_u(0x7f800000) == UINT32_MAX && i32_trunc_sat_f32_u(0xff800000) == 0);
  ck_assert(i32_trunc_sat_f64_s(f64_bits(-2147483649.0)) == 0x80000000);
  ck_assert(i32_trunc_sat_f64_u(f64_bits(-1.0)) == 0 && i32_trunc_sat_f64_u(f64_bits(1e10)) == UINT32_MAX);
  ck_assert(i64_trunc_sat_f32_s(0x5f000000) == INT64_MAX && i64_trunc_sat_f32_s(0xdf000001) == UINT64_C(1)
                                                                                                   << 63);
  ck_assert(i64_trunc_sat_f64_s(f64_bits(-1e300)) == UINT64_C(1) << 63);
  ck_assert(i64_trunc_sat_f32_u(0xbf800000) == 0 && i64_trunc_sat_f64_u(0x43f0000000000000) == UINT64_MAX);
  ck_assert(i32_trunc_sat_f64_s(f64_bits(-3.99)) == (uint32_t)-3 &&
            i64_trunc_sat_f32_u(f32_bits(3.99f)) == 3);
}
END_TEST

START_TEST(converts) {
  ck_assert_uint_eq(f32_convert_i32_s(UINT32_MAX), f32_bits(-1.0f));
  ck_assert_uint_eq(f32_convert_i32_u(UINT32_MAX), 0x4f800000);
  ck_assert_uint_eq(f32_convert_i32_s(16777217), 0x4b800000); /* tie to even, down */
  ck_assert_uint_eq(f32_convert_i32_s(16777219), 0x4b800002); /* tie to even, up */
  /* Rounding once, not through f64: these sit just off a tie that a double would round onto. */
  ck_assert_uint_eq(f32_convert_i64_u(UINT64_C(0x8000008000000001)), 0x5f000001);
  ck_assert_uint_eq(f32_convert_i64_s(UINT64_C(0x7fffff4000000001)), 0x5effffff);
  ck_assert_uint_eq(f32_convert_i64_u(UINT64_MAX), 0x5f800000);
  ck_assert_uint_eq(f64_convert_i64_u(UINT64_C(0xfffffffffffffbff)), 0x43efffffffffffff);
  ck_assert_uint_eq(f64_convert_i64_u(UINT64_C(0xfffffffffffffc00)), 0x43f0000000000000);
  ck_assert_uint_eq(f64_convert_i64_s(UINT64_C(1) << 63), 0xc3e0000000000000);
  ck_assert_uint_eq(f64_convert_i32_u(UINT32_MAX), f64_bits(4294967295.0));
  ck_assert_uint_eq(f64_convert_i32_s(0x80000000), f64_bits(-2147483648.0));
  ck_assert_uint_eq(f32_demote_f64(f64_bits(1e39)), 0x7f800000);
  ck_assert_uint_eq(f32_demote_f64(0x36a0000000000000), 1); /* 2^-149 */
  ck_assert_uint_eq(f32_demote_f64(0x3690000000000000), 0); /* half of it, to even */
  ck_assert_uint_eq(f32_demote_f64(0x3690000000000001), 1);
  ck_assert_uint_eq(f32_demote_f64(0x7ff8000000000000), 0x7fc00000);
  ck_assert_uint_eq(f32_demote_f64(0xfff0000000000001), 0xffc00000); /* quieted; the payload does not fit */
  ck_assert_uint_eq(f64_promote_f32(0xff800001), 0xfff8000020000000);
  ck_assert_uint_eq(f64_promote_f32(0x7fc00000), 0x7ff8000000000000);
  ck_assert_uint_eq(f64_promote_f32(0x80000001), 0xb6a0000000000000);
}
END_TEST

START_TEST(compares_and_signs) {
  ck_assert(f32_eq(0, 0x80000000) && f64_eq(0, UINT64_C(1) << 63) && !f32_lt(0x80000000, 0) &&
            f32_le(0, 0x80000000));
  ck_assert(!f32_eq(0x7fc00000, 0x7fc00000) && !f32_lt(0x7fc00000, 0) && !f32_le(0, 0x7fc00000));
  ck_assert(!f64_eq(0x7ff8000000000000, 0x7ff8000000000000) && !f64_le(0x7ff8000000000000, 0) &&
            f64_lt(0, 1));
  ck_assert(f32_abs(0xff800001) == 0x7f800001 &&
            f32_neg(0x7f800001) == 0xff800001); /* NaNs untouched but for the sign */
  ck_assert(f32_copysign(0x7f800001, 0x80000000) == 0xff800001 &&
            f64_copysign(1, UINT64_C(1) << 63) == (UINT64_C(1) << 63 | 1));
  ck_assert(f64_abs(0xfff0000000000001) == 0x7ff0000000000001 && f64_neg(0) == UINT64_C(1) << 63);
}
END_TEST

int main(void) {
  return UNIT_RUN("base/num", divides_32, divides_64, counts_and_shifts, nans_follow_one_rule,
                  adds_and_divides_like_ieee, min_max_order_zeros, rounds, truncates_at_the_ends, saturates,
                  converts, compares_and_signs);
}
