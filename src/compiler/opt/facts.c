/* Conditions that are known: what a branch or a check has established for all that it dominates.
 *
 * In: conditions as branches and checks depend on them.  Out: for a condition, whether it is known to be zero
 * or not.  Facts are entries of the table of values (gvn.c), so they end with the block that established
 * them.  A check is removed on a fact alone: the same condition, checked or branched on before, or the
 * inverse comparison of the same values. Must not: reason about values (that is compare.c's). */
#include "compiler/opt/private.h"

static struct ir_insn fact_insn(ir_val v) { return (struct ir_insn){.op = IR_OP_BRANCH, .a = v}; }

enum fact fact_of(struct opt *o, ir_val v) {
  if (ir_is_const(o->f, v)) return ir_const(o->f, v) != 0 ? FACT_NONZERO : FACT_ZERO;
  return (enum fact)gvn_find(o, fact_insn(v));
}

static void set(struct opt *o, ir_val v, bool nonzero) {
  gvn_add(o, fact_insn(v), nonzero ? FACT_NONZERO : FACT_ZERO);
}

void fact_set(struct opt *o, ir_val v, bool nonzero) {
  struct ir_func *f = o->f;
  const struct ir_insn x = *ir_at(f, v);
  set(o, v, nonzero);
  enum ir_op inverse = compare_inverse((enum ir_op)x.op);
  if (inverse != IR_OP_NONE) { /* x < y  =>  not x >= y */
    const struct ir_insn in = {.op = (uint8_t)inverse, .type = IR_I32, .a = x.a, .b = x.b};
    ir_val other = gvn_find(o, in);
    if (other) set(o, other, !nonzero);
    /* x == c  where x is a condition itself: x != 0 */
    if (x.op == (nonzero ? IR_OP_NE : IR_OP_EQ) && ir_is_const(f, x.b) && ir_const(f, x.b) == 0)
      set(o, x.a, true);
  } else if ((x.op == IR_OP_AND && nonzero) || (x.op == IR_OP_OR && !nonzero)) { /* both are */
    set(o, x.a, nonzero);
    if (!ir_is_const(f, x.b)) set(o, x.b, nonzero);
  }
}
