/* Vectors: lanes from and to scalars, swizzles, and what makes one number of a vector.
 *
 * An f32 or f64 in an xmm register says nothing about the lanes above it. */
#include "compiler/isa/x64/simd.h"

static void push_imm(struct x64_sel *s, enum x64_op op, uint8_t size, mreg d, mreg src, int32_t imm) {
  struct mach_insn in = x64_new(op, size);
  in.d = d;
  in.s = src;
  in.imm = imm;
  x64_push(s, in);
}

/* ---- scalar to all lanes ---- */

/* An integer, or one in memory, in the low lane; the rest is zero above 32 or 64 bits. */
static mreg to_low_lane(struct x64_sel *s, ir_val a, uint8_t size) {
  mreg t = simd_temp(s);
  struct mach_insn in = x64_new(X64_MOVD_XR, size);
  in.d = t;
  if (x64_can_fold(s, a, size)) {
    in.op = X64_FMOV_RM;
    x64_fold(s, a, &in);
  } else {
    in.s = size == 4 ? x64_use_low(s, a) : x64_use(s, a);
  }
  x64_push(s, in);
  return t;
}

static void splat_bytes(struct x64_sel *s, ir_val v) {
  mreg low = to_low_lane(s, sel_at(s, v)->a, 4), d = x64_def(s, v);
  mreg zero = simd_zero(s);
  simd_move(s, d, low);
  simd_op(s, X64_PSHUFB_RR, d, zero);
}

static void splat_words(struct x64_sel *s, ir_val v) {
  mreg low = to_low_lane(s, sel_at(s, v)->a, 4), t = simd_temp(s);
  simd_op_imm(s, X64_PSHUFLW_RR, t, low, 0);
  simd_op_imm(s, X64_PSHUFD_RR, x64_def(s, v), t, 0);
}

static void splat_float(struct x64_sel *s, ir_val v) {
  mreg a = x64_use(s, sel_at(s, v)->a);
  simd_op_imm(s, X64_PSHUFD_SCALAR, x64_def(s, v), a, 0);
}

static void load_zero(struct x64_sel *s, ir_val v) {
  ir_val a = sel_at(s, v)->a;
  mreg d = x64_def(s, v);
  if (x64_can_fold(s, a, 4)) {
    struct mach_insn in = x64_new(X64_FMOV_RM, 4);
    x64_fold(s, a, &in);
    in.d = d;
    x64_push(s, in);
    return;
  }
  mreg low = x64_use(s, a);
  simd_op(s, X64_FZERO, d, MREG_NONE);
  simd_op(s, X64_MOVSS_RR, d, low);
}

/* ---- one lane ---- */

static void extract_small(struct x64_sel *s, ir_val v, enum x64_op extract, enum x64_op extend,
                          int32_t lane) {
  mreg a = x64_use(s, sel_at(s, v)->a), d = x64_def(s, v);
  bool is_signed = extend != 0;
  mreg t = is_signed ? x64_temp(s, IR_I32) : d;
  push_imm(s, extract, 4, t, a, lane);
  if (is_signed) x64_push_rr(s, extend, 4, d, t);
}

static void extract_int(struct x64_sel *s, ir_val v, uint8_t size, int32_t lane) {
  mreg a = x64_use(s, sel_at(s, v)->a), d = x64_def(s, v);
  if (lane == 0)
    x64_push_rr(s, X64_MOVD_RX, size, d, a);
  else
    push_imm(s, X64_PEXTRD, size, d, a, lane);
}

static void extract_float(struct x64_sel *s, ir_val v, uint8_t size, int32_t lane) {
  mreg a = x64_use(s, sel_at(s, v)->a), d = x64_def(s, v);
  if (lane == 0)
    x64_push_rr(s, (enum x64_op)MACH_MOVE, 16, d, a);
  else
    push_imm(s, X64_PSHUFD_SCALAR, size, d, a, size == 8 ? 0xee : lane);
}

static void replace_int(struct x64_sel *s, ir_val v, enum x64_op op, uint8_t size, int32_t lane) {
  const struct ir_insn *in = sel_at(s, v);
  mreg d = x64_def(s, v);
  struct mach_insn m = x64_new(op, size);
  m.imm = lane;
  m.d = d;
  if (op == X64_PINSRD_RR && x64_can_fold(s, in->b, size)) {
    m.op = X64_PINSRD_RM;
    x64_fold(s, in->b, &m);
  } else {
    m.s = size == 4 ? x64_use_low(s, in->b) : x64_use(s, in->b);
  }
  x64_set(s, d, 16, in->a);
  x64_push(s, m);
}

static void replace_float(struct x64_sel *s, ir_val v, enum x64_op rr, enum x64_op rm, uint8_t size,
                          int32_t imm) {
  const struct ir_insn *in = sel_at(s, v);
  mreg d = x64_def(s, v);
  struct mach_insn m = x64_new(rr, size);
  m.imm = imm;
  m.d = d;
  if (x64_can_fold(s, in->b, size)) {
    m.op = (uint16_t)rm;
    x64_fold(s, in->b, &m);
  } else {
    m.s = x64_use(s, in->b);
  }
  x64_set(s, d, 16, in->a);
  x64_push(s, m);
}

/* ---- all lanes to one number ---- */

bool x64_vector_condition(struct x64_sel *s, ir_val v, enum x64_cc *cc) {
  const struct ir_insn *in = sel_at(s, v);
  if (in->op != IR_OP_VUNARY) return false;
  enum x64_op equal;
  switch ((enum op)in->b) {
  case OP_V128_ANY_TRUE: {
    mreg a = x64_use(s, in->a);
    simd_op(s, X64_PTEST_RR, a, a);
    *cc = CC_NE;
    return true;
  }
  case OP_I8X16_ALL_TRUE: equal = X64_PCMPEQB_RR; break;
  case OP_I16X8_ALL_TRUE: equal = X64_PCMPEQW_RR; break;
  case OP_I32X4_ALL_TRUE: equal = X64_PCMPEQD_RR; break;
  case OP_I64X2_ALL_TRUE: equal = X64_PCMPEQQ_RR; break;
  default: return false;
  }
  mreg a = x64_use(s, in->a), zeros = simd_zero(s);
  simd_op(s, equal, zeros, a);
  simd_op(s, X64_PTEST_RR, zeros, zeros);
  *cc = CC_E;
  return true;
}

static bool condition_value(struct x64_sel *s, ir_val v) {
  enum x64_cc cc;
  mreg d = x64_def(s, v);
  if (!x64_vector_condition(s, v, &cc)) return false;
  struct mach_insn in = x64_new(X64_SETCC, 4);
  in.cc = (uint8_t)cc;
  in.d = d;
  x64_push(s, in);
  return true;
}

static void bitmask(struct x64_sel *s, ir_val v, enum x64_op op) {
  mreg a = x64_use(s, sel_at(s, v)->a);
  x64_push_rr(s, op, 4, x64_def(s, v), a);
}

static void bitmask_words(struct x64_sel *s, ir_val v) {
  mreg a = x64_use(s, sel_at(s, v)->a), d = x64_def(s, v), zero = simd_zero(s), t = simd_copy(s, a);
  simd_op(s, X64_PACKSSWB_RR, t, zero);
  x64_push_rr(s, X64_PMOVMSKB, 4, d, t);
}

/* ---- swizzle ---- */

/* Every lane is below 16: masked by a constant, or a byte shifted right by 4 and more. */
static bool is_index(const struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  uint64_t mask[2], n;
  if (in->op != IR_OP_VBINARY) return false;
  if (in->c == OP_I8X16_SHR_U) return x64_const(s, in->b, &n) && (n & 7) >= 4;
  if (in->c != OP_V128_AND) return false;
  bool constant = simd_constant(s, in->b, mask) || simd_constant(s, in->a, mask);
  return constant && !((mask[0] | mask[1]) & UINT64_C(0xf0f0f0f0f0f0f0f0));
}

/* pshufb gives 0 for indices with the top bit, which the saturated sum has for 16 and more. */
static void swizzle(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  const uint64_t bias = UINT64_C(0x7070707070707070);
  uint64_t index[2];
  mreg d = x64_def(s, v);
  if (simd_constant(s, in->b, index)) {
    uint64_t mask[2] = {0, 0};
    for (int i = 0; i < 16; i++) {
      uint64_t lane = index[i / 8] >> (8 * (i % 8)) & 0xff;
      mask[i / 8] |= (lane < 16 ? lane : 0x80) << (8 * (i % 8));
    }
    x64_set(s, d, 16, in->a);
    simd_pool(s, X64_PSHUFB_RR, d, mask[0], mask[1]);
    return;
  }
  if (is_index(s, in->b)) {
    simd_tied(s, X64_PSHUFB_RR, d, in->a, in->b);
    return;
  }
  mreg b = x64_use(s, in->b), t = simd_copy(s, b);
  simd_pool_splat(s, X64_PADDUSB_RR, t, bias);
  x64_set(s, d, 16, in->a);
  simd_op(s, X64_PSHUFB_RR, d, t);
}

bool simd_select_lane(struct x64_sel *s, ir_val v, enum op op) {
  const struct ir_insn *in = sel_at(s, v);
  int32_t lane = (int32_t)((in->op == IR_OP_VUNARY ? in->b : in->c) >> 16);
  switch (op) {
  case OP_I8X16_SPLAT: splat_bytes(s, v); return true;
  case OP_I16X8_SPLAT: splat_words(s, v); return true;
  case OP_I32X4_SPLAT: {
    mreg low = to_low_lane(s, in->a, 4);
    simd_op_imm(s, X64_PSHUFD_RR, x64_def(s, v), low, 0);
    return true;
  }
  case OP_I64X2_SPLAT: {
    mreg low = to_low_lane(s, in->a, 8);
    simd_op_imm(s, X64_PSHUFD_RR, x64_def(s, v), low, 0x44);
    return true;
  }
  case OP_F32X4_SPLAT: splat_float(s, v); return true;
  case OP_V128_LOAD32_ZERO: load_zero(s, v); return true;
  case OP_I8X16_EXTRACT_LANE_S: extract_small(s, v, X64_PEXTRB, X64_MOVSX8_RR, lane); return true;
  case OP_I8X16_EXTRACT_LANE_U: extract_small(s, v, X64_PEXTRB, (enum x64_op)0, lane); return true;
  case OP_I16X8_EXTRACT_LANE_S: extract_small(s, v, X64_PEXTRW, X64_MOVSX16_RR, lane); return true;
  case OP_I16X8_EXTRACT_LANE_U: extract_small(s, v, X64_PEXTRW, (enum x64_op)0, lane); return true;
  case OP_I32X4_EXTRACT_LANE: extract_int(s, v, 4, lane); return true;
  case OP_I64X2_EXTRACT_LANE: extract_int(s, v, 8, lane); return true;
  case OP_F32X4_EXTRACT_LANE: extract_float(s, v, 4, lane); return true;
  case OP_F64X2_EXTRACT_LANE: extract_float(s, v, 8, lane); return true;
  case OP_I8X16_REPLACE_LANE: replace_int(s, v, X64_PINSRB, 4, lane); return true;
  case OP_I16X8_REPLACE_LANE: replace_int(s, v, X64_PINSRW, 4, lane); return true;
  case OP_I32X4_REPLACE_LANE: replace_int(s, v, X64_PINSRD_RR, 4, lane); return true;
  case OP_I64X2_REPLACE_LANE: replace_int(s, v, X64_PINSRD_RR, 8, lane); return true;
  case OP_F32X4_REPLACE_LANE:
    replace_float(s, v, X64_INSERTPS_RR, X64_INSERTPS_RM, 4, lane << 4);
    return true;
  case OP_F64X2_REPLACE_LANE:
    if (lane == 0)
      replace_float(s, v, X64_MOVLPD_RR, X64_MOVLPD_RM, 8, 0);
    else
      replace_float(s, v, X64_MOVHPD_RR, X64_MOVHPD_RM, 8, 0);
    return true;
  case OP_V128_ANY_TRUE:
  case OP_I8X16_ALL_TRUE:
  case OP_I16X8_ALL_TRUE:
  case OP_I32X4_ALL_TRUE:
  case OP_I64X2_ALL_TRUE: return condition_value(s, v);
  case OP_I8X16_BITMASK: bitmask(s, v, X64_PMOVMSKB); return true;
  case OP_I16X8_BITMASK: bitmask_words(s, v); return true;
  case OP_I32X4_BITMASK: bitmask(s, v, X64_MOVMSKPS); return true;
  case OP_I64X2_BITMASK: bitmask(s, v, X64_MOVMSKPD); return true;
  case OP_I8X16_SWIZZLE: swizzle(s, v); return true;
  default: return false;
  }
}
