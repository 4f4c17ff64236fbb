/* Typed references: ref.null, ref.func, ref.eq, ref.as_non_null, br_on_null, br_on_non_null
 * (spec 3.4.3, 3.4.10).
 *
 * In: one instruction, its label or index in range.  Out: the operand stack after it. */
#include "validate/validator.h"

static valtype non_null(valtype t) { return t == VT_REF_BOT ? t : t & ~VT_NULLABLE; }

static bool br_on_null_check(struct validator *v, const struct insn *in) {
  uint32_t n;
  const valtype *types = label_types(label_frame(v, in->a), &n);
  valtype t;
  if (!operand_pop_ref(v, in, &t) || !operands_pop(v, in, types, n) || !operands_push(v, in, types, n))
    return false;
  operand_push(v, non_null(t));
  return true;
}

static bool br_on_non_null_check(struct validator *v, const struct insn *in) {
  uint32_t n;
  const valtype *types = label_types(label_frame(v, in->a), &n);
  valtype t;
  if (n == 0)
    return validator_fail(v, in, "type mismatch: label %u takes no operand, expected a reference", in->a);
  if (!operand_pop_ref(v, in, &t)) return false;
  operand_push(v, non_null(t));
  return operands_pop(v, in, types, n) && operands_push(v, in, types, n - 1);
}

static bool ref_func_check(struct validator *v, const struct insn *in) {
  const struct func *f = &v->m->funcs[in->a];
  if (v->where)
    v->m->funcs[in->a].declared_ref = true;
  else if (!f->declared_ref)
    return validator_fail(v, in, "undeclared function reference %u", in->a);
  operand_push(v, vt_ref_to(f->type, false) | (f->exact ? VT_EXACT : 0));
  return true;
}

bool ref_check(struct validator *v, const struct insn *in) {
  const valtype eqref = vt_ref(HEAP_EQ, true);
  valtype t;
  switch (in->op) {
  case OP_REF_NULL: operand_push(v, in->type | VT_REF | VT_NULLABLE); return true;
  case OP_REF_FUNC: return ref_func_check(v, in);
  case OP_REF_EQ:
    if (!operand_pop(v, in, eqref) || !operand_pop(v, in, eqref)) return false;
    operand_push(v, VT_I32);
    return true;
  case OP_REF_AS_NON_NULL:
    if (!operand_pop_ref(v, in, &t)) return false;
    operand_push(v, non_null(t));
    return true;
  case OP_BR_ON_NULL: return br_on_null_check(v, in);
  case OP_BR_ON_NON_NULL: return br_on_non_null_check(v, in);
  default: unreachable();
  }
}
