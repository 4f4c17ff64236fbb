/* Vectors of integers: what takes several instructions.
 *
 * In: negation, shifts, multiplications, pairwise sums, comparisons.  Out: sequences over 16-byte registers.
 */
#include "compiler/isa/x64/simd.h"

#define BYTES(b) (UINT64_C(0x0101010101010101) * (b))
#define WORDS(w) (UINT64_C(0x0001000100010001) * (w))
#define LONGS(l) (UINT64_C(0x0000000100000001) * (l))

struct operands {
  mreg a, b, d;
};
static struct operands unary(struct x64_sel *s, ir_val v) {
  mreg a = x64_use(s, sel_at(s, v)->a);
  return (struct operands){a, MREG_NONE, x64_def(s, v)};
}
static struct operands binary(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  mreg a = x64_use(s, in->a), b = x64_use(s, in->b);
  return (struct operands){a, b, x64_def(s, v)};
}

/* ---- shifts ---- */

struct shift {
  enum x64_op by_reg, by_imm;
};
/* The count modulo the lane's bits, plus `more`, in an xmm register. */
static mreg shift_count(struct x64_sel *s, ir_val count, int32_t mask, int32_t more) {
  mreg t = x64_temp(s, IR_I32), x = simd_temp(s);
  x64_set(s, t, 4, count);
  x64_push_ri(s, X64_AND_RI, 4, t, mask);
  if (more) x64_push_ri(s, X64_ADD_RI, 4, t, more);
  x64_push_rr(s, X64_MOVD_XR, 4, x, t);
  return x;
}

static void shift(struct x64_sel *s, ir_val v, struct shift op, int32_t mask) {
  const struct ir_insn *in = sel_at(s, v);
  uint64_t n;
  mreg d = x64_def(s, v);
  if (x64_const(s, in->b, &n)) {
    x64_set(s, d, 16, in->a);
    simd_imm(s, op.by_imm, d, (int32_t)n & mask);
    return;
  }
  mreg x = shift_count(s, in->b, mask, 0);
  x64_set(s, d, 16, in->a);
  simd_op(s, op.by_reg, d, x);
}

/* Bytes are shifted as words, and what came in from the neighbour is masked off. */
static void shift_bytes(struct x64_sel *s, ir_val v, struct shift op, bool left) {
  const struct ir_insn *in = sel_at(s, v);
  uint64_t n;
  mreg d = x64_def(s, v);
  if (x64_const(s, in->b, &n)) {
    n &= 7;
    x64_set(s, d, 16, in->a);
    if (n == 0) return;
    simd_imm(s, op.by_imm, d, (int32_t)n);
    simd_pool_splat(s, X64_PAND_RR, d, BYTES((left ? UINT64_C(0xff) << n : UINT64_C(0xff) >> n) & 0xff));
    return;
  }
  mreg x = shift_count(s, in->b, 7, 0);
  mreg mask = simd_const(s, UINT64_MAX, UINT64_MAX);
  simd_op(s, op.by_reg, mask, x); /* the low byte of a word, or the high one, is the mask */
  simd_pool_splat(s, X64_PSHUFB_RR, mask, left ? 0 : BYTES(1));
  x64_set(s, d, 16, in->a);
  simd_op(s, op.by_reg, d, x);
  simd_op(s, X64_PAND_RR, d, mask);
}

/* Each byte in the upper half of a word, shifted 8 further, packed again. */
static void shift_bytes_signed(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  uint64_t n;
  bool constant = x64_const(s, in->b, &n);
  mreg x = constant ? MREG_NONE : shift_count(s, in->b, 7, 8);
  mreg a = x64_use(s, in->a), d = x64_def(s, v), high = simd_copy(s, a);
  simd_op(s, X64_PUNPCKHBW_RR, high, a);
  simd_move(s, d, a);
  simd_op(s, X64_PUNPCKLBW_RR, d, a);
  if (constant) {
    simd_imm(s, X64_PSRAW_RI, high, (int32_t)(n & 7) + 8);
    simd_imm(s, X64_PSRAW_RI, d, (int32_t)(n & 7) + 8);
  } else {
    simd_op(s, X64_PSRAW_RR, high, x);
    simd_op(s, X64_PSRAW_RR, d, x);
  }
  simd_op(s, X64_PACKSSWB_RR, d, high);
}

/* With m the sign's bit after the shift: (x ^ m) - m extends it. */
static void shift_quads_signed(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  const uint64_t sign = UINT64_C(1) << 63;
  uint64_t n;
  mreg d = x64_def(s, v);
  if (x64_const(s, in->b, &n)) {
    n &= 63;
    x64_set(s, d, 16, in->a);
    simd_imm(s, X64_PSRLQ_RI, d, (int32_t)n);
    simd_pool_splat(s, X64_PXOR_RR, d, sign >> n);
    simd_pool_splat(s, X64_PSUBQ_RR, d, sign >> n);
    return;
  }
  mreg x = shift_count(s, in->b, 63, 0), m = simd_const(s, sign, sign);
  simd_op(s, X64_PSRLQ_RR, m, x);
  x64_set(s, d, 16, in->a);
  simd_op(s, X64_PSRLQ_RR, d, x);
  simd_op(s, X64_PXOR_RR, d, m);
  simd_op(s, X64_PSUBQ_RR, d, m);
}

/* ---- one operand ---- */

static void negate(struct x64_sel *s, ir_val v, enum x64_op sub) {
  struct operands o = unary(s, v);
  simd_op(s, X64_FZERO, o.d, MREG_NONE);
  simd_op(s, sub, o.d, o.a);
}

static void absolute_quads(struct x64_sel *s, ir_val v) {
  struct operands o = unary(s, v);
  mreg sign = simd_temp(s);
  simd_op_imm(s, X64_PSHUFD_RR, sign, o.a, 0xf5);
  simd_imm(s, X64_PSRAD_RI, sign, 31);
  simd_move(s, o.d, o.a);
  simd_op(s, X64_PXOR_RR, o.d, sign);
  simd_op(s, X64_PSUBQ_RR, o.d, sign);
}

/* Two look-ups of four bits each. */
static void count_ones(struct x64_sel *s, ir_val v) {
  const uint64_t low = UINT64_C(0x0302020102010100), high = UINT64_C(0x0403030203020201);
  struct operands o = unary(s, v);
  mreg upper = simd_copy(s, o.a);
  simd_imm(s, X64_PSRLW_RI, upper, 4);
  simd_pool_splat(s, X64_PAND_RR, upper, BYTES(15));
  mreg lower = simd_copy(s, o.a);
  simd_pool_splat(s, X64_PAND_RR, lower, BYTES(15));
  mreg more = simd_const(s, low, high);
  simd_op(s, X64_PSHUFB_RR, more, upper);
  x64_push_pool(s, X64_FMOV_RM, 16, o.d, x64_pool128(s, low, high));
  simd_op(s, X64_PSHUFB_RR, o.d, lower);
  simd_op(s, X64_PADDB_RR, o.d, more);
}

/* pmaddubsw: the tied operand is unsigned, the other one signed. */
static void pair_bytes(struct x64_sel *s, ir_val v, bool is_signed) {
  struct operands o = unary(s, v);
  if (is_signed) {
    x64_push_pool(s, X64_FMOV_RM, 16, o.d, x64_pool128(s, BYTES(1), BYTES(1)));
    simd_op(s, X64_PMADDUBSW_RR, o.d, o.a);
  } else {
    simd_move(s, o.d, o.a);
    simd_pool_splat(s, X64_PMADDUBSW_RR, o.d, BYTES(1));
  }
}

static void pair_words(struct x64_sel *s, ir_val v, bool is_signed) {
  struct operands o = unary(s, v);
  if (is_signed) {
    simd_move(s, o.d, o.a);
    simd_pool_splat(s, X64_PMADDWD_RR, o.d, WORDS(1));
    return;
  }
  mreg odd = simd_copy(s, o.a);
  simd_imm(s, X64_PSRLD_RI, odd, 16);
  simd_move(s, o.d, o.a);
  simd_pool_splat(s, X64_PAND_RR, o.d, LONGS(0xffff));
  simd_op(s, X64_PADDD_RR, o.d, odd);
}

/* ---- multiplications ---- */

/* low * low + ((high * low + low * high) << 32) */
static void multiply_quads(struct x64_sel *s, ir_val v) {
  struct operands o = binary(s, v);
  mreg t = simd_copy(s, o.a);
  simd_imm(s, X64_PSRLQ_RI, t, 32);
  simd_op(s, X64_PMULUDQ_RR, t, o.b);
  mreg u = simd_copy(s, o.b);
  simd_imm(s, X64_PSRLQ_RI, u, 32);
  simd_op(s, X64_PMULUDQ_RR, u, o.a);
  simd_op(s, X64_PADDQ_RR, t, u);
  simd_imm(s, X64_PSLLQ_RI, t, 32);
  simd_move(s, o.d, o.a);
  simd_op(s, X64_PMULUDQ_RR, o.d, o.b);
  simd_op(s, X64_PADDQ_RR, o.d, t);
}

static mreg extended(struct x64_sel *s, mreg a, enum x64_op extend, bool high) {
  mreg t = simd_temp(s);
  if (high) {
    mreg upper = simd_temp(s);
    simd_op_imm(s, X64_PSHUFD_RR, upper, a, 0xee);
    a = upper;
  }
  simd_op(s, extend, t, a);
  return t;
}

static void extend_multiply_bytes(struct x64_sel *s, ir_val v, enum x64_op extend, bool high) {
  struct operands o = binary(s, v);
  mreg x = extended(s, o.a, extend, high), y = extended(s, o.b, extend, high);
  simd_move(s, o.d, x);
  simd_op(s, X64_PMULLW_RR, o.d, y);
}

static void extend_multiply_words(struct x64_sel *s, ir_val v, enum x64_op mul_high, enum x64_op interleave) {
  struct operands o = binary(s, v);
  mreg upper = simd_copy(s, o.a);
  simd_op(s, mul_high, upper, o.b);
  simd_move(s, o.d, o.a);
  simd_op(s, X64_PMULLW_RR, o.d, o.b);
  simd_op(s, interleave, o.d, upper);
}

static void extend_multiply_longs(struct x64_sel *s, ir_val v, enum x64_op mul, bool high) {
  struct operands o = binary(s, v);
  mreg t = simd_temp(s);
  int32_t lanes = high ? 0xfa : 0x50;
  simd_op_imm(s, X64_PSHUFD_RR, t, o.b, lanes);
  simd_op_imm(s, X64_PSHUFD_RR, o.d, o.a, lanes);
  simd_op(s, mul, o.d, t);
}

/* pmulhrsw, but for -1 * -1, the one product that gives 0x8000. */
static void q15_multiply(struct x64_sel *s, ir_val v) {
  struct operands o = binary(s, v);
  simd_move(s, o.d, o.a);
  simd_op(s, X64_PMULHRSW_RR, o.d, o.b);
  mreg t = simd_const(s, WORDS(0x8000), WORDS(0x8000));
  simd_op(s, X64_PCMPEQW_RR, t, o.d);
  simd_op(s, X64_PXOR_RR, o.d, t);
}

/* Signed products summed in pairs, saturated to 16 bits. */
static void dot_bytes(struct x64_sel *s, ir_val v) {
  struct operands o = binary(s, v);
  mreg x = extended(s, o.a, X64_PMOVSXBW_RR, true), y = extended(s, o.b, X64_PMOVSXBW_RR, true);
  mreg high = simd_copy(s, x);
  simd_op(s, X64_PMADDWD_RR, high, y);
  y = extended(s, o.b, X64_PMOVSXBW_RR, false);
  simd_op(s, X64_PMOVSXBW_RR, o.d, o.a);
  simd_op(s, X64_PMADDWD_RR, o.d, y);
  simd_op(s, X64_PACKSSDW_RR, o.d, high);
}

static bool multiplication(struct x64_sel *s, ir_val v, enum op op) {
  switch (op) {
  case OP_I64X2_MUL: multiply_quads(s, v); return true;
  case OP_I16X8_EXTMUL_LOW_I8X16_S: extend_multiply_bytes(s, v, X64_PMOVSXBW_RR, false); return true;
  case OP_I16X8_EXTMUL_HIGH_I8X16_S: extend_multiply_bytes(s, v, X64_PMOVSXBW_RR, true); return true;
  case OP_I16X8_EXTMUL_LOW_I8X16_U: extend_multiply_bytes(s, v, X64_PMOVZXBW_RR, false); return true;
  case OP_I16X8_EXTMUL_HIGH_I8X16_U: extend_multiply_bytes(s, v, X64_PMOVZXBW_RR, true); return true;
  case OP_I32X4_EXTMUL_LOW_I16X8_S: extend_multiply_words(s, v, X64_PMULHW_RR, X64_PUNPCKLWD_RR); return true;
  case OP_I32X4_EXTMUL_HIGH_I16X8_S:
    extend_multiply_words(s, v, X64_PMULHW_RR, X64_PUNPCKHWD_RR);
    return true;
  case OP_I32X4_EXTMUL_LOW_I16X8_U:
    extend_multiply_words(s, v, X64_PMULHUW_RR, X64_PUNPCKLWD_RR);
    return true;
  case OP_I32X4_EXTMUL_HIGH_I16X8_U:
    extend_multiply_words(s, v, X64_PMULHUW_RR, X64_PUNPCKHWD_RR);
    return true;
  case OP_I64X2_EXTMUL_LOW_I32X4_S: extend_multiply_longs(s, v, X64_PMULDQ_RR, false); return true;
  case OP_I64X2_EXTMUL_HIGH_I32X4_S: extend_multiply_longs(s, v, X64_PMULDQ_RR, true); return true;
  case OP_I64X2_EXTMUL_LOW_I32X4_U: extend_multiply_longs(s, v, X64_PMULUDQ_RR, false); return true;
  case OP_I64X2_EXTMUL_HIGH_I32X4_U: extend_multiply_longs(s, v, X64_PMULUDQ_RR, true); return true;
  case OP_I16X8_Q15MULR_SAT_S: q15_multiply(s, v); return true;
  case OP_I16X8_RELAXED_DOT_I8X16_I7X16_S: dot_bytes(s, v); return true;
  default: return false;
  }
}

bool simd_select_int(struct x64_sel *s, ir_val v, enum op op) {
  static const struct shift words_left = {X64_PSLLW_RR, X64_PSLLW_RI}, words = {X64_PSRLW_RR, X64_PSRLW_RI},
                            words_signed = {X64_PSRAW_RR, X64_PSRAW_RI},
                            longs_left = {X64_PSLLD_RR, X64_PSLLD_RI}, longs = {X64_PSRLD_RR, X64_PSRLD_RI},
                            longs_signed = {X64_PSRAD_RR, X64_PSRAD_RI},
                            quads_left = {X64_PSLLQ_RR, X64_PSLLQ_RI}, quads = {X64_PSRLQ_RR, X64_PSRLQ_RI};
  switch (op) {
  case OP_I8X16_SHL: shift_bytes(s, v, words_left, true); return true;
  case OP_I8X16_SHR_U: shift_bytes(s, v, words, false); return true;
  case OP_I8X16_SHR_S: shift_bytes_signed(s, v); return true;
  case OP_I16X8_SHL: shift(s, v, words_left, 15); return true;
  case OP_I16X8_SHR_U: shift(s, v, words, 15); return true;
  case OP_I16X8_SHR_S: shift(s, v, words_signed, 15); return true;
  case OP_I32X4_SHL: shift(s, v, longs_left, 31); return true;
  case OP_I32X4_SHR_U: shift(s, v, longs, 31); return true;
  case OP_I32X4_SHR_S: shift(s, v, longs_signed, 31); return true;
  case OP_I64X2_SHL: shift(s, v, quads_left, 63); return true;
  case OP_I64X2_SHR_U: shift(s, v, quads, 63); return true;
  case OP_I64X2_SHR_S: shift_quads_signed(s, v); return true;
  case OP_I8X16_NEG: negate(s, v, X64_PSUBB_RR); return true;
  case OP_I16X8_NEG: negate(s, v, X64_PSUBW_RR); return true;
  case OP_I32X4_NEG: negate(s, v, X64_PSUBD_RR); return true;
  case OP_I64X2_NEG: negate(s, v, X64_PSUBQ_RR); return true;
  case OP_I64X2_ABS: absolute_quads(s, v); return true;
  case OP_I8X16_POPCNT: count_ones(s, v); return true;
  case OP_I16X8_EXTADD_PAIRWISE_I8X16_S: pair_bytes(s, v, true); return true;
  case OP_I16X8_EXTADD_PAIRWISE_I8X16_U: pair_bytes(s, v, false); return true;
  case OP_I32X4_EXTADD_PAIRWISE_I16X8_S: pair_words(s, v, true); return true;
  case OP_I32X4_EXTADD_PAIRWISE_I16X8_U: pair_words(s, v, false); return true;
  case OP_V128_NOT: {
    struct operands o = unary(s, v);
    simd_move(s, o.d, o.a);
    simd_not(s, o.d);
    return true;
  }
  default: return multiplication(s, v, op);
  }
}
