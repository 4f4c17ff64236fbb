/* Integers: arithmetic, shifts, bits, comparisons, conditions, selects.
 *
 * Two-operand instructions overwrite their first operand, so the operand that nobody needs afterwards goes
 * there, and lea is taken where both stay. 32-bit operations zero the upper half of their result and do not
 * look at their operands' ones. */
#include "compiler/isa/x64/sel.h"

static uint8_t size_of(const struct x64_sel *s, ir_val v) { return x64_type_size(sel_at(s, v)->type); }

/* Operand register for an operation of `size` that ignores what is above it. */
static mreg use_sized(struct x64_sel *s, ir_val v, uint8_t size) {
  return size == 4 ? x64_use_low(s, v) : x64_use(s, v);
}

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

static void swap_vals(ir_val *a, ir_val *b) {
  ir_val t = *a;
  *a = *b;
  *b = t;
}

static bool is_own(const struct x64_sel *s, ir_val v, enum ir_op op) {
  return sel_at(s, v)->op == op && sel_at(s, v)->uses == 1 && !x64_wanted(s, v);
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
  if (is_own(s, a, IR_OP_SHL)) swap_vals(&a, &b);
  if (is_own(s, b, IR_OP_SHL) && x64_const(s, sel_at(s, b)->b, &shift) && shift >= 1 && shift <= 3 &&
      !x64_imm32(s, a, &imm)) {
    mreg x = use_sized(s, a, size), y = use_sized(s, sel_at(s, b)->a, size);
    push_lea(s, size, x64_def(s, v), x, y, (unsigned)shift, 0);
    return true;
  }
  if (x64_imm32(s, b, &imm) && is_own(s, a, IR_OP_ADD)) {
    ir_val p = sel_at(s, a)->a, q = sel_at(s, a)->b;
    int32_t other;
    if (!x64_imm32(s, p, &other) && !x64_imm32(s, q, &other) && !x64_can_fold(s, p, size) &&
        !x64_can_fold(s, q, size)) {
      mreg x = use_sized(s, p, size), y = use_sized(s, q, size);
      push_lea(s, size, x64_def(s, v), x, y, 0, imm);
      return true;
    }
  }
  if (x64_dies(s, a)) return false;
  if (x64_imm32(s, b, &imm)) {
    push_lea(s, size, x64_def(s, v), use_sized(s, a, size), MREG_NONE, 0, imm);
    return true;
  }
  if (x64_dies(s, b) || x64_can_fold(s, b, size)) return false;
  mreg x = use_sized(s, a, size), y = use_sized(s, b, size);
  push_lea(s, size, x64_def(s, v), x, y, 0, 0);
  return true;
}

static void two_operand(struct x64_sel *s, ir_val v, ir_val a, ir_val b, enum x64_op rr, enum x64_op rm,
                        bool commutes) {
  uint8_t size = size_of(s, v);
  mreg d = x64_def(s, v);
  if (commutes && !x64_can_fold(s, b, size) && (x64_can_fold(s, a, size) || x64_better_tied(s, b, a)))
    swap_vals(&a, &b);
  if (rm && x64_can_fold(s, b, size)) {
    struct mach_insn in = x64_new(rm, size);
    in.d = d;
    x64_fold(s, b, &in);
    x64_set(s, d, size, a);
    x64_push(s, in);
    return;
  }
  mreg y = use_sized(s, b, size);
  x64_set(s, d, size, a);
  x64_push_rr(s, rr, size, d, y);
}

static void arithmetic(struct x64_sel *s, ir_val v, const struct alu *alu) {
  const struct ir_insn *in = sel_at(s, v);
  ir_val a = in->a, b = in->b;
  uint8_t size = size_of(s, v);
  bool commutes = in->op != IR_OP_SUB;
  int32_t imm;
  if (commutes && x64_imm32(s, a, &imm)) swap_vals(&a, &b);
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
  uint8_t size = size_of(s, v);
  int32_t imm;
  if (x64_imm32(s, a, &imm)) swap_vals(&a, &b);
  if (!x64_imm32(s, b, &imm)) {
    two_operand(s, v, a, b, X64_IMUL_RR, X64_IMUL_RM, true);
    return;
  }
  mreg d = x64_def(s, v);
  if (imm == 3 || imm == 5 || imm == 9) {
    mreg x = use_sized(s, a, size);
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
    in.s = use_sized(s, a, size);
  }
  x64_push(s, in);
}

static void divide(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  uint8_t size = size_of(s, v);
  bool rem = in->op == IR_OP_REM_S || in->op == IR_OP_REM_U;
  struct mach_insn m = x64_new(in->op == IR_OP_DIV_S   ? X64_DIV_S
                               : in->op == IR_OP_DIV_U ? X64_DIV_U
                               : in->op == IR_OP_REM_S ? X64_REM_S
                                                       : X64_REM_U,
                               size);
  uint64_t divisor;
  if (x64_const(s, in->b, &divisor) && divisor != (size == 4 ? UINT32_MAX : UINT64_MAX))
    m.flags = X64_SAFE_DIVISOR;
  m.s = use_sized(s, in->b, size);
  m.d = x64_def(s, v);
  if (rem)
    m.base = use_sized(s, in->a, size);
  else
    x64_set(s, m.d, size, in->a);
  x64_push(s, m);
}

static void multiply_high(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  uint8_t size = size_of(s, v);
  struct mach_insn m = x64_new(in->op == IR_OP_MULHI_U ? X64_MULHI_U : X64_MULHI_S, size);
  m.base = use_sized(s, in->a, size);
  m.s = use_sized(s, in->b, size);
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
  uint8_t size = size_of(s, v);
  uint64_t count;
  mreg d = x64_def(s, v);
  if (x64_const(s, in->b, &count)) {
    count &= size * 8u - 1;
    bool rotate = in->op == IR_OP_ROTL || in->op == IR_OP_ROTR;
    if (in->op == IR_OP_SHL && count >= 1 && count <= 3 && !x64_dies(s, in->a)) {
      mreg x = use_sized(s, in->a, size);
      if (count == 1)
        push_lea(s, size, d, x, x, 0, 0);
      else
        push_lea(s, size, d, MREG_NONE, x, (unsigned)count, 0);
      return;
    }
    if (rotate && !x64_dies(s, in->a) && (s->config->cpu & X64_CPU_BMI2)) {
      struct mach_insn m = x64_new(X64_RORX, size);
      m.s = use_sized(s, in->a, size);
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
    m.s = use_sized(s, in->a, size);
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
  uint8_t size = size_of(s, v);
  int32_t bits = size * 8;
  bool leading = in->op == IR_OP_CLZ;
  mreg x = use_sized(s, in->a, size), d = x64_def(s, v);
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
  uint8_t size = size_of(s, v);
  if (s->config->cpu & X64_CPU_POPCNT) {
    mreg x = use_sized(s, in->a, size);
    x64_push_rr(s, X64_POPCNT, size, x64_def(s, v), x);
    return;
  }
  mreg d = x64_def(s, v), t = x64_temp(s, in->type), mask = x64_temp(s, IR_I64);
  const uint64_t m1 = UINT64_C(0x5555555555555555), m2 = UINT64_C(0x3333333333333333),
                 m4 = UINT64_C(0x0f0f0f0f0f0f0f0f), ones = UINT64_C(0x0101010101010101);
  mreg x = use_sized(s, in->a, size);
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

/* ---- comparisons ---- */

static enum x64_cc int_cc(uint8_t op) {
  switch (op) {
  case IR_OP_EQ: return CC_E;
  case IR_OP_NE: return CC_NE;
  case IR_OP_LT_S: return CC_L;
  case IR_OP_LT_U: return CC_B;
  case IR_OP_LE_S: return CC_LE;
  case IR_OP_LE_U: return CC_BE;
  case IR_OP_GT_S: return CC_G;
  case IR_OP_GT_U: return CC_A;
  case IR_OP_GE_S: return CC_GE;
  default: assert(op == IR_OP_GE_U); return CC_AE;
  }
}
static bool is_int_compare(uint8_t op) { return op >= IR_OP_EQ && op <= IR_OP_GE_U; }
static_assert(IR_OP_GE_U - IR_OP_EQ == 9, "the integer comparisons stand together");
static bool is_float_compare(uint8_t op) { return op >= IR_OP_FEQ && op <= IR_OP_FGE; }
static_assert(IR_OP_FGE - IR_OP_FEQ == 5, "the float comparisons stand together");

/* Flags of `v` against 0: test, or cmp with memory. An `and` that nobody else wants is the test itself. */
static void compare_zero(struct x64_sel *s, ir_val v, bool only_zero) {
  uint8_t size = size_of(s, v);
  if (x64_can_fold(s, v, size)) {
    struct mach_insn in = x64_new(X64_CMP_MI, size);
    x64_fold(s, v, &in);
    x64_push(s, in);
    return;
  }
  int32_t imm;
  if (only_zero && is_own(s, v, IR_OP_AND)) {
    ir_val a = sel_at(s, v)->a, b = sel_at(s, v)->b;
    if (x64_imm32(s, a, &imm)) swap_vals(&a, &b);
    if (x64_imm32(s, b, &imm)) {
      struct mach_insn in = x64_new(X64_TEST_RI, size);
      if (size == 8 && imm >= 0) in.size = 4;
      in.imm = imm;
      if (x64_can_fold(s, a, size)) {
        in.op = X64_TEST_MI;
        in.size = size;
        x64_fold(s, a, &in);
      } else {
        in.s = use_sized(s, a, in.size);
      }
      x64_push(s, in);
      return;
    }
    if (x64_can_fold(s, a, size)) swap_vals(&a, &b);
    struct mach_insn in = x64_new(X64_TEST_RR, size);
    if (x64_can_fold(s, b, size)) {
      in.op = X64_TEST_RM;
      x64_fold(s, b, &in);
    } else {
      in.s = use_sized(s, b, size);
    }
    in.d = use_sized(s, a, size);
    x64_push(s, in);
    return;
  }
  mreg x = use_sized(s, v, size);
  x64_push_rr(s, X64_TEST_RR, size, x, x);
}

/* A byte that `v` loads, by a load that may be done here. */
static bool can_fold_byte(const struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  return (in->op == IR_OP_GLOAD || in->op == IR_OP_LOAD) && (in->flags & IRF_ACCESS_MASK) == ACCESS_8U &&
         in->uses == 1 && !x64_wanted(s, v) && !(s->state[v] & SEL_FOLDED) && s->block_of[v] == s->block &&
         s->epoch[v] == s->epoch[s->at];
}

static bool is_byte(const struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  uint64_t mask;
  if (in->op == IR_OP_GLOAD || in->op == IR_OP_LOAD) return (in->flags & IRF_ACCESS_MASK) == ACCESS_8U;
  return in->op == IR_OP_AND && x64_const(s, in->b, &mask) && mask <= 255;
}

static enum x64_cc unsigned_cc(enum x64_cc cc) {
  switch (cc) {
  case CC_L: return CC_B;
  case CC_LE: return CC_BE;
  case CC_G: return CC_A;
  case CC_GE: return CC_AE;
  default: return cc;
  }
}

/* Zero-extended bytes compare like unsigned bytes, one of them in memory. */
static bool compare_bytes(struct x64_sel *s, ir_val a, ir_val b, enum x64_cc *cc) {
  int32_t imm;
  bool constant = x64_imm32(s, b, &imm) && imm >= 0 && imm <= 255;
  if (!constant && can_fold_byte(s, b) && is_byte(s, a)) {
    swap_vals(&a, &b);
    *cc = x64_cc_swap(*cc);
  }
  if (!can_fold_byte(s, a) || !(constant || is_byte(s, b))) return false;
  struct mach_insn m = x64_new(constant ? X64_CMP_MI : X64_CMP_MR, 1);
  if (constant)
    m.imm = (int8_t)imm;
  else
    m.s = x64_use(s, b);
  x64_fold(s, a, &m);
  x64_push(s, m);
  *cc = unsigned_cc(*cc);
  return true;
}

/* i == c  =>  i + k == c + k, where i is a loop's phi that is not needed any more and i + k its next value:
 * only one of them is then alive, so that both can share a register. True: *a and *imm are the new operands.
 */
static bool compare_next_value(struct x64_sel *s, ir_val *a, int32_t *imm) {
  if (sel_at(s, *a)->op != IR_OP_PHI || x64_wanted(s, *a)) return false;
  const struct ir_func *ir = s->ir;
  ir_block header = s->block_of[*a];
  const struct ir_blk *k = &ir->blocks.at[header];
  for (uint32_t i = 0; i < k->npred; i++) {
    const struct ir_edge *e = &ir->edges.at[ir->preds.at[k->pred + i]];
    if (e->from < header) continue;
    ir_val next = ir->ext.at[e->args + (*a - k->first)];
    const struct ir_insn *add = sel_at(s, next);
    int32_t step, sum;
    if (add->op != IR_OP_ADD || s->block_of[next] != s->block || next >= s->at || !x64_wanted(s, next))
      continue;
    ir_val other = add->a == *a ? add->b : add->b == *a ? add->a : 0;
    if (!other || !x64_imm32(s, other, &step) || __builtin_add_overflow(*imm, step, &sum)) continue;
    *a = next;
    *imm = sum;
    return true;
  }
  return false;
}

static enum x64_cc int_compare(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  ir_val a = in->a, b = in->b;
  enum x64_cc cc = int_cc(in->op);
  uint8_t size = size_of(s, a);
  int32_t imm;
  if (x64_imm32(s, a, &imm) ||
      (x64_can_fold(s, a, size) && !x64_imm32(s, b, &imm) && !x64_can_fold(s, b, size))) {
    swap_vals(&a, &b);
    cc = x64_cc_swap(cc);
  }
  if (compare_bytes(s, a, b, &cc)) return cc;
  if (x64_imm32(s, b, &imm)) {
    if ((cc == CC_E || cc == CC_NE) && compare_next_value(s, &a, &imm)) b = 0;
    if (imm == 0) {
      compare_zero(s, a, cc == CC_E || cc == CC_NE);
      return cc;
    }
    struct mach_insn m = x64_new(X64_CMP_RI, size);
    m.imm = imm;
    if (x64_can_fold(s, a, size)) {
      m.op = X64_CMP_MI;
      x64_fold(s, a, &m);
    } else {
      m.s = use_sized(s, a, size);
    }
    x64_push(s, m);
    return cc;
  }
  struct mach_insn m = x64_new(X64_CMP_RR, size);
  if (x64_can_fold(s, b, size)) {
    m.op = X64_CMP_RM;
    x64_fold(s, b, &m);
  } else {
    m.s = use_sized(s, b, size);
  }
  m.d = use_sized(s, a, size);
  x64_push(s, m);
  return cc;
}

enum x64_cc x64_condition(struct x64_sel *s, ir_val v) {
  bool inverted = false;
  uint64_t zero;
  for (;;) { /* eqz of a comparison */
    const struct ir_insn *in = sel_at(s, v);
    if (in->op != IR_OP_EQ || !x64_const(s, in->b, &zero) || zero != 0) break;
    uint8_t inner = sel_at(s, in->a)->op;
    if (!is_int_compare(inner) && !is_float_compare(inner) && inner != IR_OP_VUNARY) break;
    inverted = !inverted;
    v = in->a;
  }
  uint8_t op = sel_at(s, v)->op;
  enum x64_cc cc = CC_NE;
  if (is_int_compare(op))
    cc = int_compare(s, v);
  else if (is_float_compare(op))
    cc = x64_float_compare(s, v);
  else if (!x64_vector_condition(s, v, &cc))
    compare_zero(s, v, true);
  return inverted ? x64_cc_invert(cc) : cc;
}

/* A comparison as a value 0 or 1. */
static void compare_value(struct x64_sel *s, ir_val v) {
  mreg d = x64_def(s, v);
  struct mach_insn in = x64_new(X64_SETCC, 4);
  in.cc = (uint8_t)x64_condition(s, v);
  in.d = d;
  if (in.cc < CC_FEQ) {
    x64_push(s, in);
    return;
  }
  /* equality of floats needs two flags: 0 or 1 by cmov */
  mreg other = x64_temp(s, IR_I32);
  bool equal = in.cc == CC_FEQ;
  x64_push_ri(s, X64_MOV_RI, 4, other, !equal);
  x64_push_ri(s, X64_MOV_RI, 4, d, equal);
  in.op = X64_CMOV_RR;
  in.cc = CC_FNE;
  in.s = other;
  x64_push(s, in);
}

static void select_value(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  uint8_t size = x64_type_size(in->type);
  bool is_float = ir_type_is_float(in->type);
  ir_val yes = in->b, no = in->c;
  mreg d = x64_def(s, v);
  struct mach_insn m = x64_new(is_float ? X64_FCMOV : X64_CMOV_RR, size);
  m.d = d;
  /* Which of the two is overwritten must be known before the comparison is made, for its operands may end
   * with it. */
  bool swap = x64_dies(s, yes) && !x64_dies(s, no);
  m.s = x64_use(s, swap ? no : yes);
  mreg other = MREG_NONE;
  ir_val tied = swap ? yes : no;
  uint64_t c;
  bool tied_const = x64_const(s, tied, &c) || ir_is_const(s->ir, tied);
  if (!tied_const) other = x64_use(s, tied);
  enum x64_cc cc = x64_condition(s, in->a);
  if (swap) cc = x64_cc_invert(cc);
  if (!is_float && cc == CC_FEQ) { /* cmov can say "unequal or unordered" but not its opposite */
    mreg kept = m.s;
    if (tied_const) other = x64_use(s, tied);
    x64_push_rr(s, (enum x64_op)MACH_MOVE, size, d, kept);
    m.s = other;
    cc = CC_FNE;
  } else if (tied_const) {
    x64_set(s, d, size, tied);
  } else {
    x64_push_rr(s, (enum x64_op)MACH_MOVE, size, d, other);
  }
  m.cc = (uint8_t)cc;
  x64_push(s, m);
}

bool x64_select_int(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  uint8_t size = size_of(s, v);
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
  case IR_OP_SELECT: select_value(s, v); return true;
  default:
    if (!is_int_compare(in->op) && !is_float_compare(in->op)) return false;
    compare_value(s, v);
    return true;
  }
}
