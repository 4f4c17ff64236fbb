/* Comparisons and what is done with them: flags for branches and traps, values 0 and 1, selects.
 *
 * A comparison is made where its flags are wanted, again if need be; its operands are in memory where they
 * may be. Must not: leave an instruction that writes flags between a comparison and its reader. */
#include "compiler/isa/x64/sel.h"

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

/* A byte that `v` loads, by a load that may be done here. */
static inline bool can_fold_byte(const struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  return x64_is_load(s, v) && (in->flags & IRF_ACCESS_MASK) == ACCESS_8U && in->uses == 1 &&
         !x64_wanted(s, v) && !(s->state[v] & SEL_FOLDED) && s->block_of[v] == s->block &&
         s->epoch[v] == s->epoch[s->at];
}

/* Flags of `v` against 0: test, or cmp with memory. An `and` that nobody else wants is the test itself. */
static void compare_zero(struct x64_sel *s, ir_val v, bool only_zero) {
  uint8_t size = x64_size_of(s, v);
  if (x64_can_fold(s, v, size)) {
    struct mach_insn in = x64_new(X64_CMP_MI, size);
    x64_fold(s, v, &in);
    x64_push(s, in);
    return;
  }
  if (only_zero && can_fold_byte(s, v)) {
    struct mach_insn in = x64_new(X64_CMP_MI, 1);
    x64_fold(s, v, &in);
    x64_push(s, in);
    return;
  }
  int32_t imm;
  if (only_zero && x64_is_own(s, v, IR_OP_AND)) {
    ir_val a = sel_at(s, v)->a, b = sel_at(s, v)->b;
    if (x64_imm32(s, a, &imm)) x64_swap(&a, &b);
    if (x64_imm32(s, b, &imm)) {
      struct mach_insn in = x64_new(X64_TEST_RI, size);
      if (size == 8 && imm >= 0) in.size = 4;
      in.imm = imm;
      if (x64_can_fold(s, a, size)) {
        in.op = X64_TEST_MI;
        in.size = size;
        x64_fold(s, a, &in);
      } else {
        in.s = x64_use_sized(s, a, in.size);
      }
      x64_push(s, in);
      return;
    }
    if (x64_can_fold(s, a, size)) x64_swap(&a, &b);
    struct mach_insn in = x64_new(X64_TEST_RR, size);
    if (x64_can_fold(s, b, size)) {
      in.op = X64_TEST_RM;
      x64_fold(s, b, &in);
    } else {
      in.s = x64_use_sized(s, b, size);
    }
    in.d = x64_use_sized(s, a, size);
    x64_push(s, in);
    return;
  }
  mreg x = x64_use_sized(s, v, size);
  x64_push_rr(s, X64_TEST_RR, size, x, x);
}

static bool is_byte(const struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  uint64_t mask;
  if (x64_is_load(s, v)) return (in->flags & IRF_ACCESS_MASK) == ACCESS_8U;
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
    x64_swap(&a, &b);
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
  ir_val next = sel_at(s, *a)->a; /* see edge_args */
  if (!next || next >= s->at) return false;
  const struct ir_insn *add = sel_at(s, next);
  int32_t step, sum;
  if (add->op != IR_OP_ADD || s->block_of[next] != s->block || !x64_wanted(s, next)) return false;
  ir_val other = add->a == *a ? add->b : add->b == *a ? add->a : 0;
  if (!other || !x64_imm32(s, other, &step) || __builtin_add_overflow(*imm, step, &sum)) return false;
  *a = next;
  *imm = sum;
  return true;
}

static enum x64_cc int_compare(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  ir_val a = in->a, b = in->b;
  enum x64_cc cc = int_cc(in->op);
  uint8_t size = x64_size_of(s, a);
  int32_t imm;
  if (x64_imm32(s, a, &imm) ||
      (x64_can_fold(s, a, size) && !x64_imm32(s, b, &imm) && !x64_can_fold(s, b, size))) {
    x64_swap(&a, &b);
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
      m.s = x64_use_sized(s, a, size);
    }
    x64_push(s, m);
    return cc;
  }
  struct mach_insn m = x64_new(X64_CMP_RR, size);
  if (x64_can_fold(s, b, size)) {
    m.op = X64_CMP_RM;
    x64_fold(s, b, &m);
  } else {
    m.s = x64_use_sized(s, b, size);
  }
  m.d = x64_use_sized(s, a, size);
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

bool x64_select_compare(struct x64_sel *s, ir_val v) {
  uint8_t op = sel_at(s, v)->op;
  if (op == IR_OP_SELECT)
    select_value(s, v);
  else if (is_int_compare(op) || is_float_compare(op))
    compare_value(s, v);
  else
    return false;
  return true;
}
