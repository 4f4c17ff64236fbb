/* Vectors: operations that are one instruction, by a table; all others by family.
 *
 * SSE4.1 two-operand forms, SSE4.2 where it is there; with AVX, guest memory as an operand (and emit.c saves
 * copies). In: VUNARY, VBINARY, VSELECT, VSHUFFLE.  Must not: fold guest memory into an operand of 16 bytes
 * without X64_VEX. */
#include "compiler/isa/x64/simd.h"

void simd_op_imm(struct x64_sel *s, enum x64_op op, mreg d, mreg src, int32_t imm) {
  struct mach_insn in = x64_new(op, 16);
  in.d = d;
  in.s = src;
  in.imm = imm;
  x64_push(s, in);
}

void simd_pool(struct x64_sel *s, enum x64_op rr, mreg d, uint64_t low, uint64_t high) {
  x64_push_pool(s, (enum x64_op)x64_ops[rr].mem_op, 16, d, x64_pool128(s, low, high));
}

mreg simd_const(struct x64_sel *s, uint64_t low, uint64_t high) {
  mreg d = simd_temp(s);
  if (low == 0 && high == 0) {
    simd_op(s, X64_FZERO, d, MREG_NONE);
  } else if (low == UINT64_MAX && high == UINT64_MAX) {
    simd_op(s, X64_FONES, d, MREG_NONE);
  } else {
    x64_push_pool(s, X64_FMOV_RM, 16, d, x64_pool128(s, low, high));
  }
  return d;
}

bool simd_constant(const struct x64_sel *s, ir_val v, uint64_t bits[2]) {
  const struct ir_insn *in = sel_at(s, v);
  if (in->op != IR_OP_VCONST) return false;
  const uint32_t *w = &s->ir->ext.at[in->a];
  bits[0] = (uint64_t)w[1] << 32 | w[0];
  bits[1] = (uint64_t)w[3] << 32 | w[2];
  return true;
}

bool simd_can_fold(const struct x64_sel *s, ir_val v) {
  return (s->config->cpu & X64_CPU_AVX) && x64_can_fold(s, v, 16);
}

void simd_operand(struct x64_sel *s, struct mach_insn *in, enum x64_op rr, ir_val v) {
  uint64_t bits[2];
  assert(x64_ops[rr].mem_op);
  *in = x64_new(rr, 16);
  if (simd_constant(s, v, bits) && (bits[0] | bits[1])) {
    in->op = x64_ops[rr].mem_op;
    in->flags = X64_POOL;
    in->disp = (int32_t)x64_pool128(s, bits[0], bits[1]);
  } else if (simd_can_fold(s, v)) {
    in->op = x64_ops[rr].mem_op;
    in->flags = X64_VEX;
    x64_fold(s, v, in);
  } else {
    in->s = x64_use(s, v);
  }
}

void simd_tied(struct x64_sel *s, enum x64_op rr, mreg d, ir_val a, ir_val b) {
  struct mach_insn in;
  simd_operand(s, &in, rr, b);
  in.d = d;
  x64_set(s, d, 16, a);
  x64_push(s, in);
}

enum form {
  NOTHING,
  BINARY,   /* d = a op b */
  COMMUTES, /* the same as d = b op a */
  SWAPPED,  /* d = b op a */
  UNARY,    /* d = op a */
  LOW,      /* d = op of the low 8 bytes of a, which may be in memory */
  HIGH,     /* d = op of the high 8 bytes of a */
  ROUND,    /* d = op a, imm */
  COMPARE,  /* d = a op b, imm */
  COMPARE_SWAPPED,
};
struct row {
  uint16_t op;
  uint8_t form, imm;
};
#define B(wasm, x64)      [OP_##wasm] = {X64_##x64##_RR, BINARY, 0}
#define C(wasm, x64)      [OP_##wasm] = {X64_##x64##_RR, COMMUTES, 0}
#define S(wasm, x64)      [OP_##wasm] = {X64_##x64##_RR, SWAPPED, 0}
#define U(wasm, x64)      [OP_##wasm] = {X64_##x64##_RR, UNARY, 0}
#define L(wasm, x64)      [OP_##wasm] = {X64_##x64##_RR, LOW, 0}
#define H(wasm, x64)      [OP_##wasm] = {X64_##x64##_RR, HIGH, 0}
#define R(wasm, x64, imm) [OP_##wasm] = {X64_##x64##_RR, ROUND, imm}
#define F(wasm, x64, imm) [OP_##wasm] = {X64_##x64##_RR, COMPARE, imm}
#define G(wasm, x64, imm) [OP_##wasm] = {X64_##x64##_RR, COMPARE_SWAPPED, imm}
// clang-format off
static const struct row rows[OP_COUNT] = {
  C(V128_AND, PAND), C(V128_OR, POR), C(V128_XOR, PXOR), S(V128_ANDNOT, PANDN),
  C(I8X16_ADD, PADDB), C(I16X8_ADD, PADDW), C(I32X4_ADD, PADDD), C(I64X2_ADD, PADDQ),
  B(I8X16_SUB, PSUBB), B(I16X8_SUB, PSUBW), B(I32X4_SUB, PSUBD), B(I64X2_SUB, PSUBQ),
  C(I8X16_ADD_SAT_S, PADDSB), C(I8X16_ADD_SAT_U, PADDUSB), C(I16X8_ADD_SAT_S, PADDSW), C(I16X8_ADD_SAT_U, PADDUSW),
  B(I8X16_SUB_SAT_S, PSUBSB), B(I8X16_SUB_SAT_U, PSUBUSB), B(I16X8_SUB_SAT_S, PSUBSW), B(I16X8_SUB_SAT_U, PSUBUSW),
  C(I8X16_MIN_S, PMINSB), C(I8X16_MIN_U, PMINUB), C(I8X16_MAX_S, PMAXSB), C(I8X16_MAX_U, PMAXUB),
  C(I16X8_MIN_S, PMINSW), C(I16X8_MIN_U, PMINUW), C(I16X8_MAX_S, PMAXSW), C(I16X8_MAX_U, PMAXUW),
  C(I32X4_MIN_S, PMINSD), C(I32X4_MIN_U, PMINUD), C(I32X4_MAX_S, PMAXSD), C(I32X4_MAX_U, PMAXUD),
  C(I8X16_AVGR_U, PAVGB), C(I16X8_AVGR_U, PAVGW),
  C(I16X8_MUL, PMULLW), C(I32X4_MUL, PMULLD), C(I32X4_DOT_I16X8_S, PMADDWD),
  U(I8X16_ABS, PABSB), U(I16X8_ABS, PABSW), U(I32X4_ABS, PABSD),
  B(I8X16_NARROW_I16X8_S, PACKSSWB), B(I8X16_NARROW_I16X8_U, PACKUSWB),
  B(I16X8_NARROW_I32X4_S, PACKSSDW), B(I16X8_NARROW_I32X4_U, PACKUSDW),
  L(I16X8_EXTEND_LOW_I8X16_S, PMOVSXBW), H(I16X8_EXTEND_HIGH_I8X16_S, PMOVSXBW),
  L(I16X8_EXTEND_LOW_I8X16_U, PMOVZXBW), H(I16X8_EXTEND_HIGH_I8X16_U, PMOVZXBW),
  L(I32X4_EXTEND_LOW_I16X8_S, PMOVSXWD), H(I32X4_EXTEND_HIGH_I16X8_S, PMOVSXWD),
  L(I32X4_EXTEND_LOW_I16X8_U, PMOVZXWD), H(I32X4_EXTEND_HIGH_I16X8_U, PMOVZXWD),
  L(I64X2_EXTEND_LOW_I32X4_S, PMOVSXDQ), H(I64X2_EXTEND_HIGH_I32X4_S, PMOVSXDQ),
  L(I64X2_EXTEND_LOW_I32X4_U, PMOVZXDQ), H(I64X2_EXTEND_HIGH_I32X4_U, PMOVZXDQ),
  C(I8X16_EQ, PCMPEQB), C(I16X8_EQ, PCMPEQW), C(I32X4_EQ, PCMPEQD), C(I64X2_EQ, PCMPEQQ),
  B(I8X16_GT_S, PCMPGTB), B(I16X8_GT_S, PCMPGTW), B(I32X4_GT_S, PCMPGTD),
  S(I8X16_LT_S, PCMPGTB), S(I16X8_LT_S, PCMPGTW), S(I32X4_LT_S, PCMPGTD),
  C(F32X4_ADD, ADDPS), C(F64X2_ADD, ADDPD), B(F32X4_SUB, SUBPS), B(F64X2_SUB, SUBPD),
  C(F32X4_MUL, MULPS), C(F64X2_MUL, MULPD), B(F32X4_DIV, DIVPS), B(F64X2_DIV, DIVPD),
  /* minps d, s is d < s ? d : s, and s for zeros and NaN */
  S(F32X4_PMIN, MINPS), S(F64X2_PMIN, MINPD), S(F32X4_PMAX, MAXPS), S(F64X2_PMAX, MAXPD),
  U(F32X4_SQRT, SQRTPS), U(F64X2_SQRT, SQRTPD),
  R(F32X4_NEAREST, ROUNDPS, 8), R(F32X4_FLOOR, ROUNDPS, 9), R(F32X4_CEIL, ROUNDPS, 10), R(F32X4_TRUNC, ROUNDPS, 11),
  R(F64X2_NEAREST, ROUNDPD, 8), R(F64X2_FLOOR, ROUNDPD, 9), R(F64X2_CEIL, ROUNDPD, 10), R(F64X2_TRUNC, ROUNDPD, 11),
  F(F32X4_EQ, CMPPS, 0), F(F32X4_LT, CMPPS, 1), F(F32X4_LE, CMPPS, 2), F(F32X4_NE, CMPPS, 4),
  G(F32X4_GT, CMPPS, 1), G(F32X4_GE, CMPPS, 2),
  F(F64X2_EQ, CMPPD, 0), F(F64X2_LT, CMPPD, 1), F(F64X2_LE, CMPPD, 2), F(F64X2_NE, CMPPD, 4),
  G(F64X2_GT, CMPPD, 1), G(F64X2_GE, CMPPD, 2),
  U(F32X4_CONVERT_I32X4_S, CVTDQ2PS), U(F32X4_DEMOTE_F64X2_ZERO, CVTPD2PS),
  L(F64X2_CONVERT_LOW_I32X4_S, CVTDQ2PD), L(F64X2_PROMOTE_LOW_F32X4, CVTPS2PD),
  L(F64X2_SPLAT, MOVDDUP), L(V128_LOAD64_ZERO, MOVQ),
};
// clang-format on

static void binary(struct x64_sel *s, ir_val v, const struct row *r) {
  const struct ir_insn *in = sel_at(s, v);
  ir_val a = in->a, b = in->b;
  bool swap = r->form == SWAPPED || r->form == COMPARE_SWAPPED;
  if (r->form == COMMUTES && sel_at(s, b)->op != IR_OP_VCONST)
    swap = sel_at(s, a)->op == IR_OP_VCONST ||
           (!simd_can_fold(s, b) && (simd_can_fold(s, a) || x64_better_tied(s, b, a)));
  if (swap) {
    a = in->b;
    b = in->a;
  }
  mreg d = x64_def(s, v);
  struct mach_insn m;
  simd_operand(s, &m, (enum x64_op)r->op, b);
  m.d = d;
  m.imm = r->imm;
  x64_set(s, d, 16, a);
  x64_push(s, m);
}

/* The operand's low 8 bytes: an f64 load of its own may be done in passing. */
static void low_half(struct x64_sel *s, ir_val v, const struct row *r) {
  ir_val a = sel_at(s, v)->a;
  struct mach_insn in = x64_new((enum x64_op)r->op, 8);
  in.d = x64_def(s, v);
  if (x64_can_fold(s, a, 8)) {
    in.op = r->op == X64_MOVQ_RR ? X64_FMOV_RM : x64_ops[r->op].mem_op;
    x64_fold(s, a, &in);
  } else {
    in.s = x64_use(s, a);
  }
  x64_push(s, in);
}

static bool by_table(struct x64_sel *s, ir_val v, enum op op) {
  const struct row *r = &rows[op];
  enum x64_op x = (enum x64_op)r->op;
  switch ((enum form)r->form) {
  case NOTHING: return false;
  case BINARY:
  case COMMUTES:
  case SWAPPED:
  case COMPARE:
  case COMPARE_SWAPPED: binary(s, v, r); return true;
  case LOW: low_half(s, v, r); return true;
  case UNARY:
  case ROUND: {
    struct mach_insn m;
    simd_operand(s, &m, x, sel_at(s, v)->a);
    m.d = x64_def(s, v);
    m.imm = r->imm;
    x64_push(s, m);
    return true;
  }
  case HIGH: {
    enum x64_op unpack = x == X64_PMOVZXBW_RR   ? X64_PUNPCKHBW_RR
                         : x == X64_PMOVZXWD_RR ? X64_PUNPCKHWD_RR
                         : x == X64_PMOVZXDQ_RR ? X64_PUNPCKHDQ_RR
                                                : X64_OP_FIRST_;
    if (unpack != X64_OP_FIRST_ && (s->config->cpu & X64_CPU_AVX)) { /* with zeros, and no copy */
      mreg zero = simd_zero(s), d = x64_def(s, v);
      x64_set(s, d, 16, sel_at(s, v)->a);
      simd_op(s, unpack, d, zero);
      return true;
    }
    mreg a = x64_use(s, sel_at(s, v)->a), t = simd_temp(s);
    simd_op_imm(s, X64_PSHUFD_RR, t, a, 0xee);
    simd_op(s, x, x64_def(s, v), t);
    return true;
  }
  }
  unreachable();
}

/* ((a ^ b) & c) ^ b */
static void select_bits(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  mreg a = x64_use(s, in->a), b = x64_use(s, in->b), c = x64_use(s, in->c), d = x64_def(s, v);
  simd_move(s, d, a);
  simd_op(s, X64_PXOR_RR, d, b);
  simd_op(s, X64_PAND_RR, d, c);
  simd_op(s, X64_PXOR_RR, d, b);
}

bool x64_select_simd(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  switch (in->op) {
  case IR_OP_VSELECT: select_bits(s, v); return true;
  case IR_OP_CANON: simd_canonical(s, v); return true;
  case IR_OP_VSHUFFLE: simd_shuffle(s, v); return true;
  case IR_OP_VUNARY:
  case IR_OP_VBINARY: {
    enum op op = (enum op)((in->op == IR_OP_VUNARY ? in->b : in->c) & 0xffff);
    return by_table(s, v, op) || simd_select_int(s, v, op) || simd_select_compare(s, v, op) ||
           simd_select_float(s, v, op) || simd_select_lane(s, v, op);
  }
  default: return false;
  }
}
