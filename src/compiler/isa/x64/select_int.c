/* Integers: arithmetic, shifts, bits.
 *
 * Two-operand instructions overwrite their first operand, so the operand that nobody needs afterwards goes
 * there, and lea is taken where both stay. 32-bit operations zero the upper half of their result and do not
 * look at their operands' ones. */
#include "compiler/isa/x64/sel.h"

struct alu {
  enum x64_op rr, rm, ri, mr, mi;
};
static const struct alu *alu_of(uint8_t op) {
  static const struct alu add = {X64_ADD_RR, X64_ADD_RM, X64_ADD_RI, X64_ADD_MR, X64_ADD_MI},
                          sub = {X64_SUB_RR, X64_SUB_RM, X64_SUB_RI, X64_SUB_MR, X64_SUB_MI},
                          and_ = {X64_AND_RR, X64_AND_RM, X64_AND_RI, X64_AND_MR, X64_AND_MI},
                          or_ = {X64_OR_RR, X64_OR_RM, X64_OR_RI, X64_OR_MR, X64_OR_MI},
                          xor_ = {X64_XOR_RR, X64_XOR_RM, X64_XOR_RI, X64_XOR_MR, X64_XOR_MI};
  switch (op) {
  case IR_OP_ADD: return &add;
  case IR_OP_SUB: return &sub;
  case IR_OP_AND: return &and_;
  case IR_OP_OR: return &or_;
  case IR_OP_XOR: return &xor_;
  default: return NULL;
  }
}

static void push_lea(struct x64_sel *s, uint8_t size, mreg d, mreg base, mreg idx, unsigned scale,
                     int32_t disp) {
  struct mach_insn in = x64_new(X64_LEA, size);
  in.d = d;
  in.base = base;
  in.idx = idx;
  in.scale = (uint8_t)scale;
  in.disp = disp;
  x64_push(s, in);
}

/* x + (y << k), x + y + c, x + y, x + c without overwriting. */
static bool add_by_lea(struct x64_sel *s, ir_val v, ir_val a, ir_val b, uint8_t size) {
  uint64_t shift;
  int32_t imm;
  if (x64_is_own(s, a, IR_OP_SHL)) x64_swap(&a, &b);
  if (x64_is_own(s, b, IR_OP_SHL) && x64_const(s, sel_at(s, b)->b, &shift) && shift >= 1 && shift <= 3 &&
      !x64_imm32(s, a, &imm)) {
    mreg x = x64_use_sized(s, a, size), y = x64_use_sized(s, sel_at(s, b)->a, size);
    push_lea(s, size, x64_def(s, v), x, y, (unsigned)shift, 0);
    return true;
  }
  if (x64_imm32(s, b, &imm) && x64_is_own(s, a, IR_OP_ADD)) {
    ir_val p = sel_at(s, a)->a, q = sel_at(s, a)->b;
    int32_t other;
    if (!x64_imm32(s, p, &other) && !x64_imm32(s, q, &other) && !x64_can_fold(s, p, size) &&
        !x64_can_fold(s, q, size)) {
      mreg x = x64_use_sized(s, p, size), y = x64_use_sized(s, q, size);
      push_lea(s, size, x64_def(s, v), x, y, 0, imm);
      return true;
    }
  }
  if (x64_dies(s, a)) return false;
  if (x64_imm32(s, b, &imm)) {
    push_lea(s, size, x64_def(s, v), x64_use_sized(s, a, size), MREG_NONE, 0, imm);
    return true;
  }
  if (x64_dies(s, b) || x64_can_fold(s, b, size)) return false;
  mreg x = x64_use_sized(s, a, size), y = x64_use_sized(s, b, size);
  push_lea(s, size, x64_def(s, v), x, y, 0, 0);
  return true;
}

static void two_operand(struct x64_sel *s, ir_val v, ir_val a, ir_val b, enum x64_op rr, enum x64_op rm,
                        bool commutes) {
  uint8_t size = x64_size_of(s, v);
  mreg d = x64_def(s, v);
  if (commutes && !x64_can_fold(s, b, size) && (x64_can_fold(s, a, size) || x64_better_tied(s, b, a)))
    x64_swap(&a, &b);
  if (rm && x64_can_fold(s, b, size)) {
    struct mach_insn in = x64_new(rm, size);
    in.d = d;
    x64_fold(s, b, &in);
    x64_set(s, d, size, a);
    x64_push(s, in);
    return;
  }
  mreg y = x64_use_sized(s, b, size);
  x64_set(s, d, size, a);
  x64_push_rr(s, rr, size, d, y);
}

static void arithmetic(struct x64_sel *s, ir_val v, const struct alu *alu) {
  const struct ir_insn *in = sel_at(s, v);
  ir_val a = in->a, b = in->b;
  uint8_t size = x64_size_of(s, v);
  bool commutes = in->op != IR_OP_SUB;
  int32_t imm;
  if (commutes && x64_imm32(s, a, &imm)) x64_swap(&a, &b);
  uint64_t zero;
  if (in->op == IR_OP_SUB && x64_const(s, a, &zero) && zero == 0) {
    mreg d = x64_def(s, v);
    x64_set(s, d, size, b);
    x64_push_ri(s, X64_NEG, size, d, 0);
    return;
  }
  if (in->op == IR_OP_ADD && add_by_lea(s, v, a, b, size)) return;
  if (x64_imm32(s, b, &imm)) {
    mreg d = x64_def(s, v);
    x64_set(s, d, size, a);
    if (in->op == IR_OP_XOR && imm == -1)
      x64_push_ri(s, X64_NOT, size, d, 0);
    else
      x64_push_ri(s, alu->ri, size, d, imm);
    return;
  }
  two_operand(s, v, a, b, alu->rr, alu->rm, commutes);
}

static void multiply(struct x64_sel *s, ir_val v) {
  ir_val a = sel_at(s, v)->a, b = sel_at(s, v)->b;
  uint8_t size = x64_size_of(s, v);
  int32_t imm;
  if (x64_imm32(s, a, &imm)) x64_swap(&a, &b);
  if (!x64_imm32(s, b, &imm)) {
    two_operand(s, v, a, b, X64_IMUL_RR, X64_IMUL_RM, true);
    return;
  }
  mreg d = x64_def(s, v);
  if (imm == 3 || imm == 5 || imm == 9) {
    mreg x = x64_use_sized(s, a, size);
    push_lea(s, size, d, x, x, imm == 3 ? 1 : imm == 5 ? 2 : 3, 0);
    return;
  }
  struct mach_insn in = x64_new(X64_IMUL_RRI, size);
  in.d = d;
  in.imm = imm;
  if (x64_can_fold(s, a, size)) {
    in.op = X64_IMUL_RMI;
    x64_fold(s, a, &in);
  } else {
    in.s = x64_use_sized(s, a, size);
  }
  x64_push(s, in);
}

static void divide(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  uint8_t size = x64_size_of(s, v);
  bool rem = in->op == IR_OP_REM_S || in->op == IR_OP_REM_U;
  struct mach_insn m = x64_new(in->op == IR_OP_DIV_S   ? X64_DIV_S
                               : in->op == IR_OP_DIV_U ? X64_DIV_U
                               : in->op == IR_OP_REM_S ? X64_REM_S
                                                       : X64_REM_U,
                               size);
  uint64_t divisor;
  if (x64_const(s, in->b, &divisor) && divisor != (size == 4 ? UINT32_MAX : UINT64_MAX))
    m.flags = X64_SAFE_DIVISOR;
  m.s = x64_use_sized(s, in->b, size);
  m.d = x64_def(s, v);
  if (rem)
    m.base = x64_use_sized(s, in->a, size);
  else
    x64_set(s, m.d, size, in->a);
  x64_push(s, m);
}

static void multiply_high(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  uint8_t size = x64_size_of(s, v);
  struct mach_insn m = x64_new(in->op == IR_OP_MULHI_U ? X64_MULHI_U : X64_MULHI_S, size);
  m.base = x64_use_sized(s, in->a, size);
  m.s = x64_use_sized(s, in->b, size);
  m.d = x64_def(s, v);
  x64_push(s, m);
}

struct shift {
  enum x64_op ri, rc, x;
};
static const struct shift *shift_of(uint8_t op) {
  static const struct shift shl = {X64_SHL_RI, X64_SHL_RC, X64_SHLX},
                            shr = {X64_SHR_RI, X64_SHR_RC, X64_SHRX},
                            sar = {X64_SAR_RI, X64_SAR_RC, X64_SARX},
                            rol = {X64_ROL_RI, X64_ROL_RC, (enum x64_op)0},
                            ror = {X64_ROR_RI, X64_ROR_RC, (enum x64_op)0};
  switch (op) {
  case IR_OP_SHL: return &shl;
  case IR_OP_SHR_U: return &shr;
  case IR_OP_SHR_S: return &sar;
  case IR_OP_ROTL: return &rol;
  case IR_OP_ROTR: return &ror;
  default: return NULL;
  }
}

static void shift(struct x64_sel *s, ir_val v, const struct shift *op) {
  const struct ir_insn *in = sel_at(s, v);
  uint8_t size = x64_size_of(s, v);
  uint64_t count;
  mreg d = x64_def(s, v);
  if (x64_const(s, in->b, &count)) {
    count &= size * 8u - 1;
    bool rotate = in->op == IR_OP_ROTL || in->op == IR_OP_ROTR;
    if (in->op == IR_OP_SHL && count >= 1 && count <= 3 && !x64_dies(s, in->a)) {
      mreg x = x64_use_sized(s, in->a, size);
      if (count == 1)
        push_lea(s, size, d, x, x, 0, 0);
      else
        push_lea(s, size, d, MREG_NONE, x, (unsigned)count, 0);
      return;
    }
    if (rotate && !x64_dies(s, in->a) && (s->config->cpu & X64_CPU_BMI2)) {
      struct mach_insn m = x64_new(X64_RORX, size);
      m.s = x64_use_sized(s, in->a, size);
      m.d = d;
      m.imm = (int32_t)(in->op == IR_OP_ROTR ? count : (size * 8u - count) & (size * 8u - 1));
      x64_push(s, m);
      return;
    }
    x64_set(s, d, size, in->a);
    x64_push_ri(s, op->ri, size, d, (int32_t)count);
    return;
  }
  mreg n = x64_use_low(s, in->b);
  if (op->x && (s->config->cpu & X64_CPU_BMI2)) {
    struct mach_insn m = x64_new(op->x, size);
    m.s = x64_use_sized(s, in->a, size);
    m.base = n;
    m.d = d;
    x64_push(s, m);
    return;
  }
  x64_push_rr(s, (enum x64_op)MACH_MOVE, size, d, x64_use(s, in->a));
  x64_push_rr(s, op->rc, size, d, n);
}

static void zero_counts(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  uint8_t size = x64_size_of(s, v);
  int32_t bits = size * 8;
  bool leading = in->op == IR_OP_CLZ;
  mreg x = x64_use_sized(s, in->a, size), d = x64_def(s, v);
  if (s->config->cpu & (leading ? X64_CPU_LZCNT : X64_CPU_BMI1)) {
    x64_push_rr(s, leading ? X64_LZCNT : X64_TZCNT, size, d, x);
    return;
  }
  /* bsr and bsf say by ZF that there was no bit; bits - 1 - index by xor, with 2 * bits - 1 for "none" */
  mreg none = x64_temp(s, in->type);
  x64_push_ri(s, X64_MOV_RI, 4, none, leading ? 2 * bits - 1 : bits);
  x64_push_rr(s, leading ? X64_BSR : X64_BSF, size, d, x);
  struct mach_insn m = x64_new(X64_CMOV_RR, size);
  m.d = d;
  m.s = none;
  m.cc = CC_E;
  x64_push(s, m);
  if (leading) x64_push_ri(s, X64_XOR_RI, size, d, bits - 1);
}

/* Bits of all ones, in steps of 1, 2, 4, 8 bits, then summed by a multiplication. */
static void count_ones(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  uint8_t size = x64_size_of(s, v);
  if (s->config->cpu & X64_CPU_POPCNT) {
    mreg x = x64_use_sized(s, in->a, size);
    x64_push_rr(s, X64_POPCNT, size, x64_def(s, v), x);
    return;
  }
  mreg d = x64_def(s, v), t = x64_temp(s, in->type), mask = x64_temp(s, IR_I64);
  const uint64_t m1 = UINT64_C(0x5555555555555555), m2 = UINT64_C(0x3333333333333333),
                 m4 = UINT64_C(0x0f0f0f0f0f0f0f0f), ones = UINT64_C(0x0101010101010101);
  mreg x = x64_use_sized(s, in->a, size);
  const uint64_t masks[4] = {m1, m2, m4, ones};
  x64_push_rr(s, (enum x64_op)MACH_MOVE, size, d, x);
  for (int i = 0; i < 4; i++) {
    struct mach_insn k = x64_new(X64_MOV_RI, size);
    if (i > 0) mask = x64_temp(s, IR_I64);
    k.d = mask;
    k.imm = (int32_t)(uint32_t)masks[i];
    k.disp = size == 8 ? (int32_t)(uint32_t)(masks[i] >> 32) : 0;
    x64_push(s, k);
    if (i == 3) break;
    if (i > 0) t = x64_temp(s, in->type);
    x64_push_rr(s, (enum x64_op)MACH_MOVE, size, t, d);
    x64_push_ri(s, X64_SHR_RI, size, t, 1 << i);
    if (i == 0) { /* x - (x >> 1 & m1) */
      x64_push_rr(s, X64_AND_RR, size, t, mask);
      x64_push_rr(s, X64_SUB_RR, size, d, t);
    } else if (i == 1) { /* (x & m2) + (x >> 2 & m2) */
      x64_push_rr(s, X64_AND_RR, size, t, mask);
      x64_push_rr(s, X64_AND_RR, size, d, mask);
      x64_push_rr(s, X64_ADD_RR, size, d, t);
    } else { /* (x + (x >> 4)) & m4 */
      x64_push_rr(s, X64_ADD_RR, size, d, t);
      x64_push_rr(s, X64_AND_RR, size, d, mask);
    }
  }
  x64_push_rr(s, X64_IMUL_RR, size, d, mask);
  x64_push_ri(s, X64_SHR_RI, size, d, size * 8 - 8);
}

/* One operand, memory allowed. */
static void extend(struct x64_sel *s, ir_val v, enum x64_op rr, enum x64_op rm, uint8_t size,
                   uint8_t source_size) {
  ir_val a = sel_at(s, v)->a;
  struct mach_insn in = x64_new(rr, size);
  in.d = x64_def(s, v);
  if (rm && x64_can_fold(s, a, source_size)) {
    in.op = (uint16_t)rm;
    x64_fold(s, a, &in);
  } else {
    in.s = x64_use_low(s, a);
  }
  x64_push(s, in);
}

bool x64_select_int(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  uint8_t size = x64_size_of(s, v);
  switch (in->op) {
  case IR_OP_ADD:
  case IR_OP_SUB:
  case IR_OP_AND:
  case IR_OP_OR:
  case IR_OP_XOR: arithmetic(s, v, alu_of(in->op)); return true;
  case IR_OP_MUL: multiply(s, v); return true;
  case IR_OP_MULHI_U:
  case IR_OP_MULHI_S: multiply_high(s, v); return true;
  case IR_OP_DIV_S:
  case IR_OP_DIV_U:
  case IR_OP_REM_S:
  case IR_OP_REM_U: divide(s, v); return true;
  case IR_OP_SHL:
  case IR_OP_SHR_S:
  case IR_OP_SHR_U:
  case IR_OP_ROTL:
  case IR_OP_ROTR: shift(s, v, shift_of(in->op)); return true;
  case IR_OP_CLZ:
  case IR_OP_CTZ: zero_counts(s, v); return true;
  case IR_OP_POPCNT: count_ones(s, v); return true;
  case IR_OP_SEXT8: extend(s, v, X64_MOVSX8_RR, (enum x64_op)0, size, 1); return true;
  case IR_OP_SEXT16: extend(s, v, X64_MOVSX16_RR, (enum x64_op)0, size, 2); return true;
  case IR_OP_SEXT32: extend(s, v, X64_MOVSXD_RR, X64_MOVSXD_RM, 8, 4); return true;
  case IR_OP_WRAP: extend(s, v, X64_MOV32_RR, (enum x64_op)0, 4, 8); return true;
  default: return false;
  }
}
