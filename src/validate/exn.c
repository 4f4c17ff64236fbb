/* Exceptions: throw, throw_ref, try_table (spec 3.4.10).
 *
 * In: one instruction.  Out: the stacks after it. A tag used as an exception has no results, also where stack
 * switching lets tags have some. */
#include "validate/validator.h"

#include <string.h>

static const struct functype *exception_type(struct validator *v, const struct insn *in, uint32_t tag) {
  if (!tag_check(v, in, tag)) return NULL;
  const struct functype *t = module_tag_type(v->m, tag);
  if (t->nresults == 0) return t;
  validator_fail(v, in, "type mismatch: tag %u has results, an exception has none", tag);
  return NULL;
}

bool exception_pop(struct validator *v, const struct insn *in, uint32_t tag) {
  const struct functype *t = exception_type(v, in, tag);
  return t && operands_pop(v, in, t->params, t->nparams);
}

/* What a clause delivers must match the label's types. */
static bool catch_check(struct validator *v, const struct insn *in, struct catch_clause c) {
  static const struct functype empty = {0};
  const struct functype *t = &empty;
  bool tagged = c.kind == CATCH || c.kind == CATCH_REF,
       with_ref = c.kind == CATCH_REF || c.kind == CATCH_ALL_REF;
  if (tagged && !(t = exception_type(v, in, c.tag))) return false;
  if (!label_check(v, in, c.label)) return false;
  uint32_t n;
  const valtype *types = label_types(label_frame(v, c.label), &n);
  if (n == t->nparams + with_ref && validator_list_match(v, t->params, t->nparams, types, t->nparams) &&
      (!with_ref || validator_match(v, vt_ref(HEAP_EXN, false), types[n - 1])))
    return true;
  return validator_fail(v, in, "type mismatch: label %u does not take what the catch clause delivers",
                        c.label);
}

static bool try_table_check(struct validator *v, const struct insn *in) {
  struct ctrl c;
  if (!ctrl_of_blocktype(v, in, &c) || !operands_pop(v, in, c.params, c.nparams)) return false;
  if (in->list_len > MAX_CATCHES) return validator_limit(v, in, "too many catch clauses");
  const uint8_t *at = in->list;
  for (uint32_t i = 0; i < in->list_len; i++)
    if (!catch_check(v, in, insn_next_catch(&at))) return false; /* labels count from outside the block */
  return ctrl_push(v, in, &c);
}

bool exn_check(struct validator *v, const struct insn *in) {
  switch (in->op) {
  case OP_TRY_TABLE: return try_table_check(v, in);
  case OP_THROW:
    if (!exception_pop(v, in, in->a)) return false;
    operands_unreachable(v);
    return true;
  case OP_THROW_REF:
    if (!operand_pop(v, in, VT_EXNREF)) return false;
    operands_unreachable(v);
    return true;
  default: unreachable();
  }
}
