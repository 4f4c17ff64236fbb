/* Calls and tail calls (spec 3.4.11).
 *
 * In: one instruction, its indices in range.  Out: arguments popped, results pushed; a tail call also needs
 * results that match the function's and ends the block.  Notes tail calls that may reach another instance. */
#include "validate/validator.h"

static bool call_typed(struct validator *v, const struct insn *in, const struct functype *t, bool tail) {
  if (!operands_pop(v, in, t->params, t->nparams)) return false;
  if (!tail) return operands_push(v, in, t->results, t->nresults);
  if (!func_results_check(v, in, t)) return false;
  operands_unreachable(v);
  return true;
}

static bool call_indirect_check(struct validator *v, const struct insn *in, bool tail) {
  const struct tabletype *table = &v->m->tables[in->b].type;
  if (!validator_match(v, table->elem, VT_FUNCREF)) {
    char text[48];
    return validator_fail(v, in, "type mismatch: table %u must hold functions, found %s", in->b,
                          vt_format(table->elem, text));
  }
  const struct functype *t = func_type_at(v, in, in->a);
  return t && operand_pop(v, in, limits_addr(&table->limits)) && call_typed(v, in, t, tail);
}

static bool call_ref_check(struct validator *v, const struct insn *in, bool tail) {
  const struct functype *t = func_type_at(v, in, in->a);
  return t && operand_pop(v, in, vt_ref_to(in->a, true)) && call_typed(v, in, t, tail);
}

bool call_check(struct validator *v, const struct insn *in) {
  switch (in->op) {
  case OP_RETURN_CALL:
    if (in->a < v->m->nimported_funcs) v->has_indirect_tail_calls = true;
    return call_typed(v, in, module_func_type(v->m, in->a), true);
  case OP_CALL: return call_typed(v, in, &v->m->types[v->m->funcs[in->a].type].func, false);
  case OP_RETURN_CALL_INDIRECT: v->has_indirect_tail_calls = true; return call_indirect_check(v, in, true);
  case OP_CALL_INDIRECT: return call_indirect_check(v, in, false);
  case OP_RETURN_CALL_REF: v->has_indirect_tail_calls = true; return call_ref_check(v, in, true);
  case OP_CALL_REF: return call_ref_check(v, in, false);
  default: unreachable();
  }
}
