/* Comparisons, and what depends on conditions: rules applied when an instruction is created. */
#include "compiler/opt/private.h"

static const struct {
  uint8_t inverse, swapped;
} compare_table[IR_OP_COUNT] = {
    [IR_OP_EQ] = {IR_OP_NE, IR_OP_EQ},       [IR_OP_NE] = {IR_OP_EQ, IR_OP_NE},
    [IR_OP_LT_S] = {IR_OP_GE_S, IR_OP_GT_S}, [IR_OP_GE_S] = {IR_OP_LT_S, IR_OP_LE_S},
    [IR_OP_LT_U] = {IR_OP_GE_U, IR_OP_GT_U}, [IR_OP_GE_U] = {IR_OP_LT_U, IR_OP_LE_U},
    [IR_OP_GT_S] = {IR_OP_LE_S, IR_OP_LT_S}, [IR_OP_LE_S] = {IR_OP_GT_S, IR_OP_GE_S},
    [IR_OP_GT_U] = {IR_OP_LE_U, IR_OP_LT_U}, [IR_OP_LE_U] = {IR_OP_GT_U, IR_OP_GE_U},
    [IR_OP_FEQ] = {IR_OP_FNE, IR_OP_FEQ},    [IR_OP_FNE] = {IR_OP_FEQ, IR_OP_FNE},
};

enum ir_op compare_inverse(enum ir_op op) { return (enum ir_op)compare_table[op].inverse; }

static ir_val emit(struct opt *o, enum ir_op op, ir_val a, ir_val b, uint32_t off) {
  return opt_emit(o, (struct ir_insn){.op = (uint8_t)op, .type = IR_I32, .a = a, .b = b}, off);
}

static bool is_truth(const struct ir_func *f, ir_val v) {
  return f->insns.at[v].type == IR_I32 && known_zeros(f, v) == ~UINT64_C(1);
}

/* x == 0 or x != 0 where x is a condition itself. */
static ir_val compare_truth(struct opt *o, struct ir_insn *in, uint32_t off) {
  const struct ir_insn *x = ir_at(o->f, in->a);
  if (in->op == IR_OP_NE) /* truth != 0  =>  truth */
    return is_truth(o->f, in->a) ? in->a : 0;
  /* (x < y) == 0  =>  x >= y */
  if (compare_table[x->op].inverse != 0 && x->type == IR_I32)
    return emit(o, compare_inverse((enum ir_op)x->op), x->a, x->b, off);
  return 0;
}

/* Equality with a constant. */
static ir_val equal_constant(struct opt *o, struct ir_insn *in, uint64_t c, uint32_t off) {
  struct ir_func *f = o->f;
  const struct ir_insn x = *ir_at(f, in->a);
  bool eq = in->op == IR_OP_EQ;
  enum ir_op op = (enum ir_op)in->op;
  if (c == 0) {
    ir_val v = compare_truth(o, in, off);
    if (v) return v;
    /* x - y == 0  =>  x == y, and the same for x ^ y */
    if (x.op == IR_OP_SUB || x.op == IR_OP_XOR) return emit(o, op, x.a, x.b, off);
  }
  if (c == 1 && is_truth(f, in->a)) /* truth == 1  =>  truth */
    return eq ? in->a : emit(o, IR_OP_EQ, in->a, opt_constant(o, IR_I32, 0, off), off);
  if (c & known_zeros(f, in->a)) return opt_constant(o, IR_I32, !eq, off); /* a bit is set that cannot be */
  /* x + c1 == c  =>  x == c - c1, and x ^ c1 == c  =>  x == c ^ c1 */
  if ((x.op == IR_OP_ADD || x.op == IR_OP_XOR) && ir_is_const(f, x.b) &&
      (x.type == IR_I32 || x.type == IR_I64)) {
    uint64_t c1 = ir_const(f, x.b), d = x.op == IR_OP_ADD ? c - c1 : c ^ c1;
    return emit(o, op, x.a, opt_constant(o, (enum ir_type)x.type, x.type == IR_I32 ? (uint32_t)d : d, off),
                off);
  }
  /* zext x == c  =>  x == c; sext x == c  =>  x == c where c is a sign extension */
  if (x.op == IR_OP_ZEXT32) return emit(o, op, x.a, opt_constant(o, IR_I32, c, off), off);
  if (x.op == IR_OP_SEXT32 && f->insns.at[x.a].type == IR_I32) {
    if ((uint64_t)(int32_t)(uint32_t)c != c) return opt_constant(o, IR_I32, !eq, off);
    return emit(o, op, x.a, opt_constant(o, IR_I32, (uint32_t)c, off), off);
  }
  return 0;
}

/* Unsigned order against the ends of the range. */
static ir_val order_constant(struct opt *o, const struct ir_insn *in, uint64_t c, uint32_t off) {
  struct ir_func *f = o->f;
  enum ir_type type = (enum ir_type)f->insns.at[in->a].type;
  uint64_t max = ~known_zeros(f, in->a); /* no value is greater */
  switch (in->op) {
  case IR_OP_LT_U:
    if (max < c) return opt_constant(o, IR_I32, 1, off);
    if (c == 0) return opt_constant(o, IR_I32, 0, off);                              /* x <u 0  =>  0 */
    if (c == 1) return emit(o, IR_OP_EQ, in->a, opt_constant(o, type, 0, off), off); /* x <u 1  =>  x == 0 */
    break;
  case IR_OP_GE_U:
    if (max < c) return opt_constant(o, IR_I32, 0, off);
    if (c == 0) return opt_constant(o, IR_I32, 1, off);
    if (c == 1) return emit(o, IR_OP_NE, in->a, opt_constant(o, type, 0, off), off);
    break;
  case IR_OP_GT_U:
    if (max <= c) return opt_constant(o, IR_I32, 0, off);
    if (c == 0) return emit(o, IR_OP_NE, in->a, opt_constant(o, type, 0, off), off);
    break;
  case IR_OP_LE_U:
    if (max <= c) return opt_constant(o, IR_I32, 1, off);
    if (c == 0) return emit(o, IR_OP_EQ, in->a, opt_constant(o, type, 0, off), off);
    break;
  default: break;
  }
  return 0;
}

ir_val fold_compare(struct opt *o, struct ir_insn *in, uint32_t off) {
  struct ir_func *f = o->f;
  if (ir_is_const(f, in->a) && !ir_is_const(f, in->b)) { /* c < x  =>  x > c */
    uint32_t a = in->a;
    in->a = in->b;
    in->b = a;
    in->op = compare_table[in->op].swapped;
  }
  if (in->a == in->b) {
    bool holds = in->op == IR_OP_EQ || in->op == IR_OP_LE_S || in->op == IR_OP_LE_U || in->op == IR_OP_GE_S ||
                 in->op == IR_OP_GE_U;
    return opt_constant(o, IR_I32, holds, off);
  }
  bool eq = in->op == IR_OP_EQ || in->op == IR_OP_NE;
  if (ir_is_const(f, in->b)) {
    uint64_t c = ir_const(f, in->b);
    return eq ? equal_constant(o, in, c, off) : order_constant(o, in, c, off);
  }
  const struct ir_insn *x = ir_at(f, in->a), *y = ir_at(f, in->b);
  bool is_signed =
      in->op == IR_OP_LT_S || in->op == IR_OP_LE_S || in->op == IR_OP_GT_S || in->op == IR_OP_GE_S;
  /* zext x < zext y  =>  x < y; sext x < sext y  =>  x < y */
  if (x->op == IR_OP_ZEXT32 && y->op == IR_OP_ZEXT32 && !is_signed)
    return emit(o, (enum ir_op)in->op, x->a, y->a, off);
  if (x->op == IR_OP_SEXT32 && y->op == IR_OP_SEXT32 && (eq || is_signed) &&
      f->insns.at[x->a].type == IR_I32 && f->insns.at[y->a].type == IR_I32)
    return emit(o, (enum ir_op)in->op, x->a, y->a, off);
  return 0;
}

ir_val condition_of(const struct ir_func *f, ir_val v, bool *inverted) {
  for (int i = 0; i < 4; i++) {
    const struct ir_insn *in = &f->insns.at[v];
    if (in->op != IR_OP_EQ && in->op != IR_OP_NE) break;
    if (!ir_is_const(f, in->b) || ir_const(f, in->b) != 0 || f->insns.at[in->a].type != IR_I32) break;
    if (in->op == IR_OP_EQ) *inverted = !*inverted;
    v = in->a;
  }
  return v;
}

ir_val fold_select(struct opt *o, struct ir_insn *in, uint32_t off) {
  struct ir_func *f = o->f;
  if (in->flags &
      IRF_MASK) /* a constant says it of the index as it is computed, on whatever path: no fact does */
    return ir_is_const(f, in->a) && ir_const(f, in->a) == 0 ? in->c : 0;
  if (in->b == in->c) return in->b;
  bool inverted = false;
  in->a = condition_of(f, in->a, &inverted);
  if (inverted) { /* x == 0 ? a : b  =>  x ? b : a */
    uint32_t b = in->b;
    in->b = in->c;
    in->c = b;
  }
  enum fact fact = fact_of(o, in->a);
  if (fact != FACT_NONE) return fact == FACT_NONZERO ? in->b : in->c;
  /* x ? 1 : 0  =>  x != 0, and the other way around */
  if (in->type == IR_I32 && ir_is_const(f, in->b) && ir_is_const(f, in->c)) {
    uint64_t b = ir_const(f, in->b), c = ir_const(f, in->c);
    if (b + c == 1) return emit(o, b == 1 ? IR_OP_NE : IR_OP_EQ, in->a, opt_constant(o, IR_I32, 0, off), off);
  }
  return 0;
}
