/* Number semantics. C's operators do the arithmetic; what C leaves undefined or the spec rules otherwise
 * (division, shift counts, NaNs, zeros, ranges) stands around them. */
#include "base/num.h"

#include <math.h>

/* Integers (spec 4.3.2) */

enum num_div i32_div_s(uint32_t a, uint32_t b, uint32_t *out) {
  if (b == 0) return NUM_DIV_ZERO;
  if (a == UINT32_C(0x80000000) && b == UINT32_MAX) return NUM_OVERFLOW;
  *out = (uint32_t)((int32_t)a / (int32_t)b);
  return NUM_OK;
}

enum num_div i32_div_u(uint32_t a, uint32_t b, uint32_t *out) {
  if (b == 0) return NUM_DIV_ZERO;
  *out = a / b;
  return NUM_OK;
}

enum num_div i32_rem_s(uint32_t a, uint32_t b, uint32_t *out) {
  if (b == 0) return NUM_DIV_ZERO;
  *out = b == UINT32_MAX ? 0 : (uint32_t)((int32_t)a % (int32_t)b);
  return NUM_OK;
}

enum num_div i32_rem_u(uint32_t a, uint32_t b, uint32_t *out) {
  if (b == 0) return NUM_DIV_ZERO;
  *out = a % b;
  return NUM_OK;
}

enum num_div i64_div_s(uint64_t a, uint64_t b, uint64_t *out) {
  if (b == 0) return NUM_DIV_ZERO;
  if (a == UINT64_C(1) << 63 && b == UINT64_MAX) return NUM_OVERFLOW;
  *out = (uint64_t)((int64_t)a / (int64_t)b);
  return NUM_OK;
}

enum num_div i64_div_u(uint64_t a, uint64_t b, uint64_t *out) {
  if (b == 0) return NUM_DIV_ZERO;
  *out = a / b;
  return NUM_OK;
}

enum num_div i64_rem_s(uint64_t a, uint64_t b, uint64_t *out) {
  if (b == 0) return NUM_DIV_ZERO;
  *out = b == UINT64_MAX ? 0 : (uint64_t)((int64_t)a % (int64_t)b);
  return NUM_OK;
}

enum num_div i64_rem_u(uint64_t a, uint64_t b, uint64_t *out) {
  if (b == 0) return NUM_DIV_ZERO;
  *out = a % b;
  return NUM_OK;
}

uint32_t i32_clz(uint32_t a) { return a ? (uint32_t)__builtin_clz(a) : 32; }
uint32_t i32_ctz(uint32_t a) { return a ? (uint32_t)__builtin_ctz(a) : 32; }
uint32_t i32_popcnt(uint32_t a) { return (uint32_t)__builtin_popcount(a); }
uint64_t i64_clz(uint64_t a) { return a ? (uint64_t)__builtin_clzll(a) : 64; }
uint64_t i64_ctz(uint64_t a) { return a ? (uint64_t)__builtin_ctzll(a) : 64; }
uint64_t i64_popcnt(uint64_t a) { return (uint64_t)__builtin_popcountll(a); }
uint32_t i32_rotl(uint32_t a, uint32_t n) { return a << (n & 31) | a >> (-n & 31); }
uint32_t i32_rotr(uint32_t a, uint32_t n) { return a >> (n & 31) | a << (-n & 31); }
uint64_t i64_rotl(uint64_t a, uint64_t n) { return a << (n & 63) | a >> (-n & 63); }
uint64_t i64_rotr(uint64_t a, uint64_t n) { return a >> (n & 63) | a << (-n & 63); }
uint32_t i32_shr_s(uint32_t a, uint32_t n) { return (uint32_t)((int32_t)a >> (n & 31)); }
uint64_t i64_shr_s(uint64_t a, uint64_t n) { return (uint64_t)((int64_t)a >> (n & 63)); }

/* Floats (spec 4.3.3).  F32_QUIET is the quiet bit; with the exponent it is the canonical NaN. */

#define F32_SIGN  UINT32_C(0x80000000)
#define F32_CANON UINT32_C(0x7fc00000)
#define F32_QUIET UINT32_C(0x00400000)
#define F64_SIGN  UINT64_C(0x8000000000000000)
#define F64_CANON UINT64_C(0x7ff8000000000000)
#define F64_QUIET UINT64_C(0x0008000000000000)

/* `r` is what C computed from a and b; which NaN stands for a NaN result is decided here alone. */
static uint32_t f32_result(uint32_t a, uint32_t b, float r) {
  if (f32_is_nan(a)) return a | F32_QUIET;
  if (f32_is_nan(b)) return b | F32_QUIET;
  return f32_is_nan(f32_bits(r)) ? F32_CANON : f32_bits(r);
}

static uint64_t f64_result(uint64_t a, uint64_t b, double r) {
  if (f64_is_nan(a)) return a | F64_QUIET;
  if (f64_is_nan(b)) return b | F64_QUIET;
  return f64_is_nan(f64_bits(r)) ? F64_CANON : f64_bits(r);
}

uint32_t f32_add(uint32_t a, uint32_t b) { return f32_result(a, b, f32_of_bits(a) + f32_of_bits(b)); }
uint32_t f32_sub(uint32_t a, uint32_t b) { return f32_result(a, b, f32_of_bits(a) - f32_of_bits(b)); }
uint32_t f32_mul(uint32_t a, uint32_t b) { return f32_result(a, b, f32_of_bits(a) * f32_of_bits(b)); }
uint64_t f64_add(uint64_t a, uint64_t b) { return f64_result(a, b, f64_of_bits(a) + f64_of_bits(b)); }
uint64_t f64_sub(uint64_t a, uint64_t b) { return f64_result(a, b, f64_of_bits(a) - f64_of_bits(b)); }
uint64_t f64_mul(uint64_t a, uint64_t b) { return f64_result(a, b, f64_of_bits(a) * f64_of_bits(b)); }

/* C leaves division by zero undefined where IEEE 754 does not, and sanitizers report it: spell the cases out.
 */
uint32_t f32_div(uint32_t a, uint32_t b) {
  if ((b & ~F32_SIGN) != 0) return f32_result(a, b, f32_of_bits(a) / f32_of_bits(b));
  if (f32_is_nan(a)) return a | F32_QUIET;
  return (a & ~F32_SIGN) == 0 ? F32_CANON : ((a ^ b) & F32_SIGN) | UINT32_C(0x7f800000);
}

uint64_t f64_div(uint64_t a, uint64_t b) {
  if ((b & ~F64_SIGN) != 0) return f64_result(a, b, f64_of_bits(a) / f64_of_bits(b));
  if (f64_is_nan(a)) return a | F64_QUIET;
  return (a & ~F64_SIGN) == 0 ? F64_CANON : ((a ^ b) & F64_SIGN) | UINT64_C(0x7ff0000000000000);
}

/* Of equal operands only zeros differ in their bits: min takes any sign, max only a common one. */
uint32_t f32_min(uint32_t a, uint32_t b) {
  float x = f32_of_bits(a), y = f32_of_bits(b);
  return f32_result(a, b, x < y ? x : y < x ? y : f32_of_bits(a | b));
}

uint32_t f32_max(uint32_t a, uint32_t b) {
  float x = f32_of_bits(a), y = f32_of_bits(b);
  return f32_result(a, b, x > y ? x : y > x ? y : f32_of_bits(a & b));
}

uint64_t f64_min(uint64_t a, uint64_t b) {
  double x = f64_of_bits(a), y = f64_of_bits(b);
  return f64_result(a, b, x < y ? x : y < x ? y : f64_of_bits(a | b));
}

uint64_t f64_max(uint64_t a, uint64_t b) {
  double x = f64_of_bits(a), y = f64_of_bits(b);
  return f64_result(a, b, x > y ? x : y > x ? y : f64_of_bits(a & b));
}

uint32_t f32_sqrt(uint32_t a) { return f32_result(a, a, sqrtf(f32_of_bits(a))); }
uint32_t f32_ceil(uint32_t a) { return f32_result(a, a, ceilf(f32_of_bits(a))); }
uint32_t f32_floor(uint32_t a) { return f32_result(a, a, floorf(f32_of_bits(a))); }
uint32_t f32_trunc(uint32_t a) { return f32_result(a, a, truncf(f32_of_bits(a))); }
uint32_t f32_nearest(uint32_t a) { return f32_result(a, a, nearbyintf(f32_of_bits(a))); }
uint64_t f64_sqrt(uint64_t a) { return f64_result(a, a, sqrt(f64_of_bits(a))); }
uint64_t f64_ceil(uint64_t a) { return f64_result(a, a, ceil(f64_of_bits(a))); }
uint64_t f64_floor(uint64_t a) { return f64_result(a, a, floor(f64_of_bits(a))); }
uint64_t f64_trunc(uint64_t a) { return f64_result(a, a, trunc(f64_of_bits(a))); }
uint64_t f64_nearest(uint64_t a) { return f64_result(a, a, nearbyint(f64_of_bits(a))); }

/* These touch the sign alone, of NaNs as well, and quiet nothing. */
uint32_t f32_abs(uint32_t a) { return a & ~F32_SIGN; }
uint32_t f32_neg(uint32_t a) { return a ^ F32_SIGN; }
uint32_t f32_copysign(uint32_t a, uint32_t b) { return (a & ~F32_SIGN) | (b & F32_SIGN); }
uint64_t f64_abs(uint64_t a) { return a & ~F64_SIGN; }
uint64_t f64_neg(uint64_t a) { return a ^ F64_SIGN; }
uint64_t f64_copysign(uint64_t a, uint64_t b) { return (a & ~F64_SIGN) | (b & F64_SIGN); }

bool f32_eq(uint32_t a, uint32_t b) { return f32_of_bits(a) == f32_of_bits(b); }
bool f32_lt(uint32_t a, uint32_t b) { return f32_of_bits(a) < f32_of_bits(b); }
bool f32_le(uint32_t a, uint32_t b) { return f32_of_bits(a) <= f32_of_bits(b); }
bool f64_eq(uint64_t a, uint64_t b) { return f64_of_bits(a) == f64_of_bits(b); }
bool f64_lt(uint64_t a, uint64_t b) { return f64_of_bits(a) < f64_of_bits(b); }
bool f64_le(uint64_t a, uint64_t b) { return f64_of_bits(a) <= f64_of_bits(b); }

/* Floats to integers (spec 4.3.4).  A value is in range when its truncation is, so the bounds are open and
 * one past the ends, where a double holds them exactly; every float is exact as a double. */

static enum num_div range_check(double x, double above, double below) {
  if (isnan(x)) return NUM_NOT_INT;
  return x > above && x < below ? NUM_OK : NUM_OVERFLOW;
}

static double f32_exact(uint32_t a) { return (double)f32_of_bits(a); }

static enum num_div to_i32_s(double x, uint32_t *out) {
  enum num_div fits = range_check(x, -2147483649.0, 2147483648.0);
  if (fits == NUM_OK) *out = (uint32_t)(int32_t)x;
  return fits;
}

static enum num_div to_i32_u(double x, uint32_t *out) {
  enum num_div fits = range_check(x, -1.0, 4294967296.0);
  if (fits == NUM_OK) *out = (uint32_t)x;
  return fits;
}

static enum num_div to_i64_s(double x, uint64_t *out) {
  /* The next double below -2^63 is -2^63 - 2048: nothing lies between that and the closed bound. */
  enum num_div fits = range_check(x, -0x1.0000000000001p63, 0x1p63);
  if (fits == NUM_OK) *out = (uint64_t)(int64_t)x;
  return fits;
}

static enum num_div to_i64_u(double x, uint64_t *out) {
  enum num_div fits = range_check(x, -1.0, 0x1p64);
  if (fits == NUM_OK) *out = (uint64_t)x;
  return fits;
}

enum num_div i32_trunc_f32_s(uint32_t a, uint32_t *out) { return to_i32_s(f32_exact(a), out); }
enum num_div i32_trunc_f32_u(uint32_t a, uint32_t *out) { return to_i32_u(f32_exact(a), out); }
enum num_div i32_trunc_f64_s(uint64_t a, uint32_t *out) { return to_i32_s(f64_of_bits(a), out); }
enum num_div i32_trunc_f64_u(uint64_t a, uint32_t *out) { return to_i32_u(f64_of_bits(a), out); }
enum num_div i64_trunc_f32_s(uint32_t a, uint64_t *out) { return to_i64_s(f32_exact(a), out); }
enum num_div i64_trunc_f32_u(uint32_t a, uint64_t *out) { return to_i64_u(f32_exact(a), out); }
enum num_div i64_trunc_f64_s(uint64_t a, uint64_t *out) { return to_i64_s(f64_of_bits(a), out); }
enum num_div i64_trunc_f64_u(uint64_t a, uint64_t *out) { return to_i64_u(f64_of_bits(a), out); }

/* What stands for a value that is not in range. */
static uint64_t saturated(double x, uint64_t least, uint64_t most) {
  return isnan(x) ? 0 : x < 0 ? least : most;
}

static uint32_t sat_i32_s(double x) {
  uint32_t out;
  return to_i32_s(x, &out) == NUM_OK ? out : (uint32_t)saturated(x, UINT32_C(0x80000000), INT32_MAX);
}

static uint32_t sat_i32_u(double x) {
  uint32_t out;
  return to_i32_u(x, &out) == NUM_OK ? out : (uint32_t)saturated(x, 0, UINT32_MAX);
}

static uint64_t sat_i64_s(double x) {
  uint64_t out;
  return to_i64_s(x, &out) == NUM_OK ? out : saturated(x, UINT64_C(1) << 63, INT64_MAX);
}

static uint64_t sat_i64_u(double x) {
  uint64_t out;
  return to_i64_u(x, &out) == NUM_OK ? out : saturated(x, 0, UINT64_MAX);
}

uint32_t i32_trunc_sat_f32_s(uint32_t a) { return sat_i32_s(f32_exact(a)); }
uint32_t i32_trunc_sat_f32_u(uint32_t a) { return sat_i32_u(f32_exact(a)); }
uint32_t i32_trunc_sat_f64_s(uint64_t a) { return sat_i32_s(f64_of_bits(a)); }
uint32_t i32_trunc_sat_f64_u(uint64_t a) { return sat_i32_u(f64_of_bits(a)); }
uint64_t i64_trunc_sat_f32_s(uint32_t a) { return sat_i64_s(f32_exact(a)); }
uint64_t i64_trunc_sat_f32_u(uint32_t a) { return sat_i64_u(f32_exact(a)); }
uint64_t i64_trunc_sat_f64_s(uint64_t a) { return sat_i64_s(f64_of_bits(a)); }
uint64_t i64_trunc_sat_f64_u(uint64_t a) { return sat_i64_u(f64_of_bits(a)); }

uint32_t f32_convert_i32_s(uint32_t a) { return f32_bits((float)(int32_t)a); }
uint32_t f32_convert_i32_u(uint32_t a) { return f32_bits((float)a); }
uint32_t f32_convert_i64_s(uint64_t a) { return f32_bits((float)(int64_t)a); }
uint32_t f32_convert_i64_u(uint64_t a) { return f32_bits((float)a); }
uint64_t f64_convert_i32_s(uint32_t a) { return f64_bits((double)(int32_t)a); }
uint64_t f64_convert_i32_u(uint32_t a) { return f64_bits((double)a); }
uint64_t f64_convert_i64_s(uint64_t a) { return f64_bits((double)(int64_t)a); }
uint64_t f64_convert_i64_u(uint64_t a) { return f64_bits((double)a); }

/* A NaN keeps its sign and as much of its payload as fits, quieted, as the hardware does. */
uint32_t f32_demote_f64(uint64_t a) {
  if (!f64_is_nan(a)) return f32_bits((float)f64_of_bits(a));
  return (uint32_t)(a >> 32 & F32_SIGN) | F32_CANON | (uint32_t)(a >> 29 & (F32_QUIET - 1));
}

uint64_t f64_promote_f32(uint32_t a) {
  if (!f32_is_nan(a)) return f64_bits((double)f32_of_bits(a));
  return (uint64_t)(a & F32_SIGN) << 32 | F64_CANON | (uint64_t)(a & (F32_QUIET - 1)) << 29;
}
