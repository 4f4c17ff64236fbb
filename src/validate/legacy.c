/* Legacy exceptions: try, catch, catch_all, delegate, rethrow.
 *
 * In: one instruction, its label or tag in range.  Out: the stacks after it.  A block's entry on the control
 * stack has the op that began its current part: OP_TRY, OP_CATCH or OP_CATCH_ALL. */
#include "validate/validator.h"

static bool try_check(struct validator *v, const struct insn *in) {
  struct ctrl c;
  return ctrl_of_blocktype(v, in, &c) && operands_pop(v, in, c.params, c.nparams) && ctrl_push(v, in, &c);
}

static bool catch_part_check(struct validator *v, const struct insn *in) {
  if (v->top->op != OP_TRY && v->top->op != OP_CATCH)
    return error_at(v->error, ERROR_MALFORMED, in->off, "unexpected token: %s without try",
                    op_info(in->op)->text);
  static const struct functype empty = {0};
  const struct functype *t = in->op == OP_CATCH ? module_tag_type(v->m, in->a) : &empty;
  if (t->nresults)
    return validator_fail(v, in, "type mismatch: tag %u has results, an exception has none", in->a);
  struct ctrl c;
  return ctrl_pop(v, in, &c) && ctrl_again(v, in, &c, t->params, t->nparams);
}

static bool delegate_check(struct validator *v, const struct insn *in) {
  if (v->top->op != OP_TRY)
    return error_at(v->error, ERROR_MALFORMED, in->off, "unexpected token: delegate without try");
  struct ctrl c;
  /* The label counts from outside the try. */
  if (!ctrl_pop(v, in, &c) || !label_check(v, in, in->a)) return false;
  return operands_push(v, in, ctrl_results(&c), c.nresults);
}

static bool rethrow_check(struct validator *v, const struct insn *in) {
  const struct ctrl *c = label_frame(v, in->a);
  if (c->op != OP_CATCH && c->op != OP_CATCH_ALL)
    return validator_fail(v, in, "invalid rethrow label %u: not a catch", in->a);
  operands_unreachable(v);
  return true;
}

bool legacy_check(struct validator *v, const struct insn *in) {
  switch (in->op) {
  case OP_TRY: return try_check(v, in);
  case OP_CATCH:
  case OP_CATCH_ALL: return catch_part_check(v, in);
  case OP_DELEGATE: return delegate_check(v, in);
  case OP_RETHROW: return rethrow_check(v, in);
  default: unreachable();
  }
}
