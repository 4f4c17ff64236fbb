/* Vectors of floats: minimum and maximum, signs, conversions that saturate.
 *
 * The CPU's minps takes the second operand for zeros and NaN, its conversions give 0x80000000 for all that is
 * out of range. Must not: branch; lanes differ. */
#include "compiler/isa/x64/simd.h"

#define FLOATS(bits) (UINT64_C(0x0000000100000001) * (bits))
static const uint64_t two_to_31_f32 = FLOATS(UINT64_C(0x4f000000));
static const uint64_t two_to_16_f32 = FLOATS(UINT64_C(0x47800000));
static const uint64_t two_to_52_f64 = UINT64_C(0x4330000000000000);
static const uint64_t int32_max_f64 = UINT64_C(0x41dfffffffc00000);
static const uint64_t uint32_max_f64 = UINT64_C(0x41efffffffe00000);
enum { CMP_EQ = 0, CMP_LE = 2, CMP_UNORD = 3 };

static void mask(struct x64_sel *s, ir_val v, enum x64_op op, uint64_t bits) {
  mreg a = x64_use(s, sel_at(s, v)->a), d = x64_def(s, v);
  simd_move(s, d, a);
  simd_pool_splat(s, op, d, bits);
}

struct float_ops {
  enum x64_op min, max, sub, cmp, shift;
  int32_t nan_shift; /* ones shifted right by this: the payload of a NaN but its quiet bit */
};
static const struct float_ops f32_ops = {X64_MINPS_RR, X64_MAXPS_RR, X64_SUBPS_RR,
                                         X64_CMPPS_RR, X64_PSRLD_RI, 10};
static const struct float_ops f64_ops = {X64_MINPD_RR, X64_MAXPD_RR, X64_SUBPD_RR,
                                         X64_CMPPD_RR, X64_PSRLQ_RI, 13};

/* Both orders of operands: they differ for zeros of different sign and for NaN. */
static void min_max(struct x64_sel *s, ir_val v, const struct float_ops *ops, bool max) {
  const struct ir_insn *in = sel_at(s, v);
  mreg a = x64_use(s, in->a), b = x64_use(s, in->b), d = x64_def(s, v);
  enum x64_op op = max ? ops->max : ops->min;
  mreg t = simd_copy(s, b), m = simd_copy(s, a);
  simd_op(s, op, t, a);
  simd_op(s, op, m, b);
  if (max) {
    simd_op(s, X64_PXOR_RR, m, t); /* what differs: only a sign, or some bits of a NaN */
    simd_op(s, X64_POR_RR, t, m);  /* -0 if there is any zero's difference; a NaN if there is one */
    simd_op(s, ops->sub, t, m);    /* -0 - -0 = +0; x - 0 = x; NaN stays */
  } else {
    simd_op(s, X64_POR_RR, t, m); /* -0 if either is; a NaN if either is */
  }
  simd_op_imm(s, ops->cmp, m, t, CMP_UNORD);
  if (!max) simd_op(s, X64_POR_RR, t, m);
  simd_imm(s, ops->shift, m, ops->nan_shift);
  simd_move(s, d, m);
  simd_op(s, X64_PANDN_RR, d, t); /* NaN without payload */
}

/* Both halves of 16 bits are exact, so the sum is rounded once. */
static void convert_unsigned(struct x64_sel *s, ir_val v) {
  mreg a = x64_use(s, sel_at(s, v)->a), d = x64_def(s, v), low = simd_copy(s, a);
  simd_pool_splat(s, X64_PAND_RR, low, FLOATS(0xffff));
  mreg low_float = simd_temp(s), high = simd_copy(s, a);
  simd_op(s, X64_CVTDQ2PS_RR, low_float, low);
  simd_imm(s, X64_PSRLD_RI, high, 16);
  simd_op(s, X64_CVTDQ2PS_RR, d, high);
  simd_pool_splat(s, X64_MULPS_RR, d, two_to_16_f32);
  simd_op(s, X64_ADDPS_RR, d, low_float);
}

/* The integers become the low bits of doubles that are 2^52 larger. */
static void convert_low_unsigned(struct x64_sel *s, ir_val v) {
  mreg a = x64_use(s, sel_at(s, v)->a), d = x64_def(s, v);
  simd_move(s, d, a);
  simd_pool_splat(s, X64_PUNPCKLDQ_RR, d, FLOATS(UINT64_C(0x43300000)));
  simd_pool_splat(s, X64_SUBPD_RR, d, two_to_52_f64);
}

static void saturate_signed(struct x64_sel *s, ir_val v) {
  mreg a = x64_use(s, sel_at(s, v)->a), d = x64_def(s, v);
  mreg number = simd_copy(s, a);
  simd_op_imm(s, X64_CMPPS_RR, number, a, CMP_EQ);
  simd_op(s, X64_PAND_RR, number, a); /* NaN becomes 0 */
  mreg too_large = simd_const(s, two_to_31_f32, two_to_31_f32);
  simd_op_imm(s, X64_CMPPS_RR, too_large, number, CMP_LE);
  simd_op(s, X64_CVTTPS2DQ_RR, d, number);
  simd_op(s, X64_PXOR_RR, d, too_large); /* 0x80000000 becomes 0x7fffffff */
}

/* x and x - 2^31 are converted, each saturated at 2^31 - 1 or 0, and added. */
static void saturate_unsigned(struct x64_sel *s, ir_val v) {
  mreg a = x64_use(s, sel_at(s, v)->a), d = x64_def(s, v), zero = simd_zero(s), x = simd_copy(s, a);
  simd_op(s, X64_MAXPS_RR, x, zero); /* NaN becomes 0 */
  mreg rest = simd_copy(s, x);
  simd_pool_splat(s, X64_SUBPS_RR, rest, two_to_31_f32);
  mreg too_large = simd_const(s, two_to_31_f32, two_to_31_f32), upper = simd_temp(s);
  simd_op_imm(s, X64_CMPPS_RR, too_large, rest, CMP_LE);
  simd_op(s, X64_CVTTPS2DQ_RR, upper, rest);
  simd_op(s, X64_PXOR_RR, upper, too_large);
  simd_op(s, X64_PMAXSD_RR, upper, zero);
  simd_op(s, X64_CVTTPS2DQ_RR, d, x);
  simd_op(s, X64_PADDD_RR, d, upper);
}

static void saturate_low_signed(struct x64_sel *s, ir_val v) {
  mreg a = x64_use(s, sel_at(s, v)->a), d = x64_def(s, v);
  mreg most = simd_copy(s, a), x = simd_temp(s);
  simd_op_imm(s, X64_CMPPD_RR, most, a, CMP_EQ);
  simd_pool_splat(s, X64_PAND_RR, most, int32_max_f64); /* 0 for NaN */
  simd_move(s, x, a);
  simd_op(s, X64_MINPD_RR, x, most);
  simd_op(s, X64_CVTTPD2DQ_RR, d, x);
}

static void saturate_low_unsigned(struct x64_sel *s, ir_val v) {
  mreg a = x64_use(s, sel_at(s, v)->a), d = x64_def(s, v), zero = simd_zero(s), x = simd_copy(s, a);
  simd_op(s, X64_MAXPD_RR, x, zero); /* NaN becomes 0 */
  simd_pool_splat(s, X64_MINPD_RR, x, uint32_max_f64);
  simd_op_imm(s, X64_ROUNDPD_RR, d, x, 11);
  simd_pool_splat(s, X64_ADDPD_RR, d, two_to_52_f64); /* the integer is in the low half */
  simd_op_imm(s, X64_SHUFPS_RR, d, zero, 0x88);
}

void simd_canonical(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  mreg a = x64_use(s, in->a), d = x64_def(s, v), is_nan = simd_copy(s, a);
  simd_op_imm(s, in->b == 4 ? X64_CMPPS_RR : X64_CMPPD_RR, is_nan, a, CMP_UNORD);
  simd_move(s, d, is_nan);
  simd_op(s, X64_PANDN_RR, d, a);
  simd_pool_splat(s, X64_PAND_RR, is_nan,
                  in->b == 4 ? FLOATS(UINT64_C(0x7fc00000)) : UINT64_C(0x7ff8000000000000));
  simd_op(s, X64_POR_RR, d, is_nan);
}

bool simd_select_float(struct x64_sel *s, ir_val v, enum op op) {
  const uint64_t sign = UINT64_C(1) << 63, signs = FLOATS(UINT64_C(0x80000000));
  switch (op) {
  case OP_F32X4_ABS: mask(s, v, X64_PAND_RR, ~signs); return true;
  case OP_F32X4_NEG: mask(s, v, X64_PXOR_RR, signs); return true;
  case OP_F64X2_ABS: mask(s, v, X64_PAND_RR, ~sign); return true;
  case OP_F64X2_NEG: mask(s, v, X64_PXOR_RR, sign); return true;
  case OP_F32X4_MIN: min_max(s, v, &f32_ops, false); return true;
  case OP_F32X4_MAX: min_max(s, v, &f32_ops, true); return true;
  case OP_F64X2_MIN: min_max(s, v, &f64_ops, false); return true;
  case OP_F64X2_MAX: min_max(s, v, &f64_ops, true); return true;
  case OP_F32X4_CONVERT_I32X4_U: convert_unsigned(s, v); return true;
  case OP_F64X2_CONVERT_LOW_I32X4_U: convert_low_unsigned(s, v); return true;
  case OP_I32X4_TRUNC_SAT_F32X4_S: saturate_signed(s, v); return true;
  case OP_I32X4_TRUNC_SAT_F32X4_U: saturate_unsigned(s, v); return true;
  case OP_I32X4_TRUNC_SAT_F64X2_S_ZERO: saturate_low_signed(s, v); return true;
  case OP_I32X4_TRUNC_SAT_F64X2_U_ZERO: saturate_low_unsigned(s, v); return true;
  default: return false;
  }
}
