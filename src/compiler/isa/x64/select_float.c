/* Floats: arithmetic, rounding, conversions. Two-operand SSE forms; what they cannot do exactly is in
 * sequence.c. */
#include "compiler/isa/x64/sel.h"

/* A float constant as a memory operand. */
static bool pool_operand(struct x64_sel *s, ir_val v, struct mach_insn *in) {
  const struct ir_insn *c = sel_at(s, v);
  if (c->op != IR_OP_FCONST) return false;
  in->flags = X64_POOL;
  in->disp = (int32_t)x64_pool64(s, x64_type_size(c->type) == 4 ? c->a : (uint64_t)c->b << 32 | c->a);
  return true;
}

/* op d, s where the source may be a register, a load or a constant. */
static void push_source(struct x64_sel *s, enum x64_op rr, enum x64_op rm, uint8_t size, mreg d,
                        ir_val source, ir_val tied) {
  struct mach_insn in = x64_new(rr, size);
  in.d = d;
  if (x64_can_fold(s, source, size)) {
    in.op = (uint16_t)rm;
    x64_fold(s, source, &in);
  } else if (pool_operand(s, source, &in)) {
    in.op = (uint16_t)rm;
  } else {
    in.s = x64_use(s, source);
  }
  if (tied) x64_set(s, d, size, tied);
  x64_push(s, in);
}

static void two_operand(struct x64_sel *s, ir_val v, enum x64_op rr, enum x64_op rm) {
  const struct ir_insn *in = sel_at(s, v);
  uint8_t size = x64_size_of(s, v);
  ir_val a = in->a, b = in->b;
  bool commutes = in->op == IR_OP_FADD || in->op == IR_OP_FMUL;
  bool b_in_memory = x64_can_fold(s, b, size) || sel_at(s, b)->op == IR_OP_FCONST;
  bool a_in_memory = x64_can_fold(s, a, size) || sel_at(s, a)->op == IR_OP_FCONST;
  if (commutes && !b_in_memory && (a_in_memory || x64_better_tied(s, b, a))) {
    ir_val t = a;
    a = b;
    b = t;
  }
  push_source(s, rr, rm, size, x64_def(s, v), b, a);
}

static void min_max(struct x64_sel *s, ir_val v, enum x64_op op) {
  const struct ir_insn *in = sel_at(s, v);
  uint8_t size = x64_size_of(s, v);
  mreg b = x64_use(s, in->b), d = x64_def(s, v);
  x64_set(s, d, size, in->a);
  x64_push_rr(s, op, size, d, b);
}

static void square_root(struct x64_sel *s, ir_val v) {
  push_source(s, X64_SQRTS_RR, X64_SQRTS_RM, x64_size_of(s, v), x64_def(s, v), sel_at(s, v)->a, 0);
}

/* roundss, roundsd by mode: 0 nearest even, 1 down, 2 up, 3 towards zero; 8: no precision exception. */
static void round_to(struct x64_sel *s, ir_val v, int32_t mode) {
  uint8_t size = x64_size_of(s, v);
  struct mach_insn in = x64_new(size == 4 ? X64_ROUNDSS : X64_ROUNDSD, size);
  in.s = x64_use(s, sel_at(s, v)->a);
  in.d = x64_def(s, v);
  in.imm = 8 | mode;
  x64_push(s, in);
}

static uint64_t sign_mask(uint8_t size) { return size == 4 ? UINT64_C(0x80000000) : UINT64_C(1) << 63; }
static uint64_t magnitude_mask(uint8_t size) { return size == 4 ? UINT64_C(0x7fffffff) : UINT64_MAX >> 1; }

static void mask_op(struct x64_sel *s, ir_val v, enum x64_op op, uint64_t mask) {
  uint8_t size = x64_size_of(s, v);
  mreg d = x64_def(s, v);
  uint32_t entry = x64_pool128(s, mask, 0);
  x64_set(s, d, size, sel_at(s, v)->a);
  x64_push_pool(s, op, size, d, entry);
}

static void copy_sign(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  uint8_t size = x64_size_of(s, v);
  mreg d = x64_def(s, v), sign = x64_temp(s, in->type);
  x64_set(s, sign, size, in->b);
  x64_push_pool(s, X64_ANDPS_RM, size, sign, x64_pool128(s, sign_mask(size), 0));
  x64_set(s, d, size, in->a);
  x64_push_pool(s, X64_ANDPS_RM, size, d, x64_pool128(s, magnitude_mask(size), 0));
  x64_push_rr(s, X64_ORPS_RR, size, d, sign);
}

/* ucomis sets CF, ZF, PF all for unordered operands, so "above" is the condition that excludes them. */
enum x64_cc x64_float_compare(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  ir_val a = in->a, b = in->b;
  uint8_t size = x64_size_of(s, a);
  enum x64_cc cc = CC_FEQ;
  switch (in->op) {
  case IR_OP_FEQ: break;
  case IR_OP_FNE: cc = CC_FNE; break;
  case IR_OP_FGT: cc = CC_A; break;
  case IR_OP_FGE: cc = CC_AE; break;
  case IR_OP_FLT:
  case IR_OP_FLE:
    cc = in->op == IR_OP_FLT ? CC_A : CC_AE;
    a = in->b;
    b = in->a;
    break;
  default: unreachable();
  }
  struct mach_insn m = x64_new(X64_UCOMIS_RR, size);
  if (x64_can_fold(s, b, size)) {
    m.op = X64_UCOMIS_RM;
    x64_fold(s, b, &m);
  } else if (pool_operand(s, b, &m)) {
    m.op = X64_UCOMIS_RM;
  } else {
    m.s = x64_use(s, b);
  }
  m.d = x64_use(s, a);
  x64_push(s, m);
  return cc;
}

/* A branch that is never taken keeps the check out of the way of what waits for the value. */
static void canonical(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  uint8_t size = x64_size_of(s, v);
  mreg a = x64_use(s, in->a), d = x64_def(s, v), nan = x64_temp(s, in->type);
  uint64_t bits = size == 4 ? UINT64_C(0x7fc00000) : UINT64_C(0x7ff8000000000000);
  x64_push_pool(s, X64_FMOV_RM, size, nan, x64_pool64(s, bits));
  x64_push_rr(s, (enum x64_op)MACH_MOVE, size, d, a);
  struct mach_insn test = x64_new(X64_UCOMIS_RR, size), move = x64_new(X64_FCMOV, size);
  test.d = test.s = a;
  x64_push(s, test);
  move.d = d;
  move.s = nan;
  move.cc = CC_P;
  x64_push(s, move);
}

static void convert(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  uint8_t size = x64_size_of(s, v), from = x64_size_of(s, in->a);
  bool is_signed = in->op == IR_OP_CONVERT_S;
  if (!is_signed && from == 8) {
    struct mach_insn m = x64_new(X64_CVTUI64, size);
    m.s = x64_use(s, in->a);
    m.d = x64_def(s, v);
    m.base = x64_temp(s, IR_I64);
    x64_push(s, m);
    return;
  }
  /* an unsigned 32-bit value is a positive 64-bit one */
  struct mach_insn m = x64_new(is_signed && from == 4 ? X64_CVTSI32_RR : X64_CVTSI64_RR, size);
  m.d = x64_def(s, v);
  m.s = is_signed && from == 4 ? x64_use_low(s, in->a) : x64_use(s, in->a);
  x64_push(s, m);
}

static void push_guard(struct x64_sel *s, uint8_t float_size, mreg x, enum x64_cc cc, int32_t kind) {
  struct mach_insn m = x64_new(X64_TRUNC_GUARD, float_size);
  m.s = x;
  m.cc = (uint8_t)cc;
  m.imm = kind;
  m.trap = TRAP_INTEGER_OVERFLOW;
  x64_push(s, m);
}

/* Out of range and NaN give the smallest integer; cmp with 1 overflows for that one alone. */
static void truncate_signed(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  uint8_t size = x64_size_of(s, v), from = x64_size_of(s, in->a);
  mreg x = x64_use(s, in->a), d = x64_def(s, v);
  x64_push_rr(s, size == 8 ? X64_CVTT64 : X64_CVTT32, from, d, x);
  x64_push_ri(s, X64_CMP_RI, size, d, 1);
  push_guard(s, from, x, CC_O, size);
}

static void truncate_unsigned(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  uint8_t from = x64_size_of(s, in->a);
  mreg x = x64_use(s, in->a), d = x64_def(s, v);
  if (x64_size_of(s, v) == 8) {
    struct mach_insn m = x64_new(X64_TRUNC_U64, from);
    m.d = d;
    m.s = x;
    m.trap = TRAP_INTEGER_OVERFLOW;
    x64_push(s, m);
    return;
  }
  mreg wide = x64_temp(s, IR_I64);
  x64_push_rr(s, X64_CVTT64, from, wide, x);
  x64_push_pool(s, X64_CMP_RM, 8, wide, x64_pool64(s, UINT32_MAX));
  push_guard(s, from, x, CC_A, 0);
  x64_push_rr(s, X64_MOV32_RR, 4, d, wide);
}

static void saturate(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  uint8_t size = x64_size_of(s, v);
  struct mach_insn m = x64_new(in->op == IR_OP_TRUNC_SAT_S ? X64_SAT_S
                               : size == 4                 ? X64_SAT_U32
                                                           : X64_SAT_U64,
                               x64_size_of(s, in->a));
  m.s = x64_use(s, in->a);
  m.d = x64_def(s, v);
  m.imm = size;
  x64_push(s, m);
}

static void bitcast(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  uint8_t size = x64_size_of(s, v);
  bool to_float = ir_type_is_float(in->type), from_float = ir_type_is_float(sel_at(s, in->a)->type);
  mreg d = x64_def(s, v);
  if (to_float == from_float) {
    x64_set(s, d, size, in->a);
    return;
  }
  struct mach_insn m = x64_new(to_float ? X64_MOVD_XR : X64_MOVD_RX, size);
  m.d = d;
  if (x64_can_fold(s, in->a, size)) {
    m.op = to_float ? X64_FMOV_RM : X64_MOV_RM;
    x64_fold(s, in->a, &m);
  } else {
    m.s = x64_use(s, in->a);
  }
  x64_push(s, m);
}

bool x64_select_float(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  switch (in->op) {
  case IR_OP_FADD: two_operand(s, v, X64_ADDS_RR, X64_ADDS_RM); return true;
  case IR_OP_FSUB: two_operand(s, v, X64_SUBS_RR, X64_SUBS_RM); return true;
  case IR_OP_FMUL: two_operand(s, v, X64_MULS_RR, X64_MULS_RM); return true;
  case IR_OP_FDIV: two_operand(s, v, X64_DIVS_RR, X64_DIVS_RM); return true;
  case IR_OP_FMIN: min_max(s, v, X64_FMIN); return true;
  case IR_OP_FMAX: min_max(s, v, X64_FMAX); return true;
  case IR_OP_FCOPYSIGN: copy_sign(s, v); return true;
  case IR_OP_FSQRT: square_root(s, v); return true;
  case IR_OP_FABS: mask_op(s, v, X64_ANDPS_RM, magnitude_mask(x64_size_of(s, v))); return true;
  case IR_OP_FNEG: mask_op(s, v, X64_XORPS_RM, sign_mask(x64_size_of(s, v))); return true;
  case IR_OP_FNEAREST: round_to(s, v, 0); return true;
  case IR_OP_FFLOOR: round_to(s, v, 1); return true;
  case IR_OP_FCEIL: round_to(s, v, 2); return true;
  case IR_OP_FTRUNC: round_to(s, v, 3); return true;
  case IR_OP_TRUNC_S: truncate_signed(s, v); return true;
  case IR_OP_TRUNC_U: truncate_unsigned(s, v); return true;
  case IR_OP_TRUNC_SAT_S:
  case IR_OP_TRUNC_SAT_U: saturate(s, v); return true;
  case IR_OP_CONVERT_S:
  case IR_OP_CONVERT_U: convert(s, v); return true;
  case IR_OP_DEMOTE: push_source(s, X64_CVTS2S_RR, X64_CVTS2S_RM, 8, x64_def(s, v), in->a, 0); return true;
  case IR_OP_PROMOTE: push_source(s, X64_CVTS2S_RR, X64_CVTS2S_RM, 4, x64_def(s, v), in->a, 0); return true;
  case IR_OP_BITCAST: bitcast(s, v); return true;
  case IR_OP_CANON:
    if (in->type == IR_V128) return false;
    canonical(s, v);
    return true;
  default: return false;
  }
}
