/* Wasm's number semantics in C: the one truth for constant folding, constant expressions and the models in
 * tests.
 *
 * In: operands as bit patterns or C numbers.  Out: results, or false where the instruction traps.  Floats
 * travel as bit patterns wherever a NaN may be inside, so that no C conversion quiets them by accident (x87
 * and struct copies aside). Spec 4.3.  Must not: raise or depend on the C floating-point environment (round
 * to nearest is assumed). */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include "base/check.h"

static inline float f32_of_bits(uint32_t b) {
  float f;
  __builtin_memcpy(&f, &b, 4);
  return f;
}
static inline double f64_of_bits(uint64_t b) {
  double f;
  __builtin_memcpy(&f, &b, 8);
  return f;
}
static inline uint32_t f32_bits(float f) {
  uint32_t b;
  __builtin_memcpy(&b, &f, 4);
  return b;
}
static inline uint64_t f64_bits(double f) {
  uint64_t b;
  __builtin_memcpy(&b, &f, 8);
  return b;
}
static inline bool f32_is_nan(uint32_t b) { return (b & 0x7fffffffu) > 0x7f800000u; }
static inline bool f64_is_nan(uint64_t b) { return (b & 0x7fffffffffffffffu) > 0x7ff0000000000000u; }

/* Integer division: false = trap (divisor 0; quotient overflow for the signed ones). */
enum num_div { NUM_OK, NUM_DIV_ZERO, NUM_OVERFLOW, NUM_NOT_INT };
enum num_div i32_div_s(uint32_t a, uint32_t b, uint32_t *out);
enum num_div i32_div_u(uint32_t a, uint32_t b, uint32_t *out);
enum num_div i32_rem_s(uint32_t a, uint32_t b, uint32_t *out);
enum num_div i32_rem_u(uint32_t a, uint32_t b, uint32_t *out);
enum num_div i64_div_s(uint64_t a, uint64_t b, uint64_t *out);
enum num_div i64_div_u(uint64_t a, uint64_t b, uint64_t *out);
enum num_div i64_rem_s(uint64_t a, uint64_t b, uint64_t *out);
enum num_div i64_rem_u(uint64_t a, uint64_t b, uint64_t *out);

uint32_t i32_clz(uint32_t a);
uint32_t i32_ctz(uint32_t a);
uint32_t i32_popcnt(uint32_t a);
uint64_t i64_clz(uint64_t a);
uint64_t i64_ctz(uint64_t a);
uint64_t i64_popcnt(uint64_t a);
uint32_t i32_rotl(uint32_t a, uint32_t n);
uint32_t i32_rotr(uint32_t a, uint32_t n);
uint64_t i64_rotl(uint64_t a, uint64_t n);
uint64_t i64_rotr(uint64_t a, uint64_t n);
uint32_t i32_shr_s(uint32_t a, uint32_t n);
uint64_t i64_shr_s(uint64_t a, uint64_t n);

/* Float arithmetic on bit patterns. NaN results are the canonical NaN with the sign bit clear unless an
 * operand was a NaN, then that operand quieted (a legal choice of the spec's set, and what x86 does for the
 * first operand). */
uint32_t f32_add(uint32_t a, uint32_t b);
uint32_t f32_sub(uint32_t a, uint32_t b);
uint32_t f32_mul(uint32_t a, uint32_t b);
uint32_t f32_div(uint32_t a, uint32_t b);
uint32_t f32_min(uint32_t a, uint32_t b);
uint32_t f32_max(uint32_t a, uint32_t b);
uint32_t f32_sqrt(uint32_t a);
uint32_t f32_ceil(uint32_t a);
uint32_t f32_floor(uint32_t a);
uint32_t f32_trunc(uint32_t a);
uint32_t f32_nearest(uint32_t a);
uint32_t f32_abs(uint32_t a);
uint32_t f32_neg(uint32_t a);
uint32_t f32_copysign(uint32_t a, uint32_t b);
uint64_t f64_add(uint64_t a, uint64_t b);
uint64_t f64_sub(uint64_t a, uint64_t b);
uint64_t f64_mul(uint64_t a, uint64_t b);
uint64_t f64_div(uint64_t a, uint64_t b);
uint64_t f64_min(uint64_t a, uint64_t b);
uint64_t f64_max(uint64_t a, uint64_t b);
uint64_t f64_sqrt(uint64_t a);
uint64_t f64_ceil(uint64_t a);
uint64_t f64_floor(uint64_t a);
uint64_t f64_trunc(uint64_t a);
uint64_t f64_nearest(uint64_t a);
uint64_t f64_abs(uint64_t a);
uint64_t f64_neg(uint64_t a);
uint64_t f64_copysign(uint64_t a, uint64_t b);
bool f32_eq(uint32_t a, uint32_t b);
bool f32_lt(uint32_t a, uint32_t b);
bool f32_le(uint32_t a, uint32_t b);
bool f64_eq(uint64_t a, uint64_t b);
bool f64_lt(uint64_t a, uint64_t b);
bool f64_le(uint64_t a, uint64_t b);

/* Conversions. The trapping ones say NUM_NOT_INT for NaN and NUM_OVERFLOW for out of range. */
enum num_div i32_trunc_f32_s(uint32_t a, uint32_t *out);
enum num_div i32_trunc_f32_u(uint32_t a, uint32_t *out);
enum num_div i32_trunc_f64_s(uint64_t a, uint32_t *out);
enum num_div i32_trunc_f64_u(uint64_t a, uint32_t *out);
enum num_div i64_trunc_f32_s(uint32_t a, uint64_t *out);
enum num_div i64_trunc_f32_u(uint32_t a, uint64_t *out);
enum num_div i64_trunc_f64_s(uint64_t a, uint64_t *out);
enum num_div i64_trunc_f64_u(uint64_t a, uint64_t *out);
uint32_t i32_trunc_sat_f32_s(uint32_t a);
uint32_t i32_trunc_sat_f32_u(uint32_t a);
uint32_t i32_trunc_sat_f64_s(uint64_t a);
uint32_t i32_trunc_sat_f64_u(uint64_t a);
uint64_t i64_trunc_sat_f32_s(uint32_t a);
uint64_t i64_trunc_sat_f32_u(uint32_t a);
uint64_t i64_trunc_sat_f64_s(uint64_t a);
uint64_t i64_trunc_sat_f64_u(uint64_t a);
uint32_t f32_convert_i32_s(uint32_t a);
uint32_t f32_convert_i32_u(uint32_t a);
uint32_t f32_convert_i64_s(uint64_t a);
uint32_t f32_convert_i64_u(uint64_t a);
uint64_t f64_convert_i32_s(uint32_t a);
uint64_t f64_convert_i32_u(uint32_t a);
uint64_t f64_convert_i64_s(uint64_t a);
uint64_t f64_convert_i64_u(uint64_t a);
uint32_t f32_demote_f64(uint64_t a);
uint64_t f64_promote_f32(uint32_t a);

#endif
