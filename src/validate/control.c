/* Blocks and branches: block, loop, if, else, end, br, br_if, br_table, return, unreachable (spec 3.4.10).
 *
 * In: one instruction, its label (if a single one) in range.  Out: the control and operand stacks after it.
 * A br_table checks each label once, and equal label types in a row once, so it costs no more than its bytes.
 */
#include "validate/validator.h"

static bool block_check(struct validator *v, const struct insn *in) {
  struct ctrl c;
  if (!ctrl_of_blocktype(v, in, &c)) return false;
  if (in->op == OP_IF && !operand_pop(v, in, VT_I32)) return false;
  return operands_pop(v, in, c.params, c.nparams) && ctrl_push(v, in, &c);
}

static bool else_check(struct validator *v, const struct insn *in) {
  if (v->top->op != OP_IF)
    return error_at(v->error, ERROR_MALFORMED, in->off, "unexpected token: else without if");
  struct ctrl c;
  return ctrl_pop(v, in, &c) && ctrl_again(v, in, &c, c.params, c.nparams);
}

static bool end_check(struct validator *v, const struct insn *in) {
  struct ctrl c;
  if (!ctrl_pop(v, in, &c)) return false;
  if (c.op == OP_IF && !validator_list_match(v, c.params, c.nparams, ctrl_results(&c), c.nresults))
    return validator_fail(v, in, "type mismatch: if without else must have its parameters as results");
  if (!v->top) {
    v->max_len = max_u32(v->max_len, v->len);
    return true; /* of the body: nobody takes the results */
  }
  return operands_push(v, in, ctrl_results(&c), c.nresults);
}

static bool br_table_check(struct validator *v, const struct insn *in) {
  if (!operand_pop(v, in, VT_I32) || !label_check(v, in, in->a)) return false;
  uint32_t arity, n, serial = ++v->br_table;
  const valtype *last = label_types(label_frame(v, in->a), &arity);
  const uint8_t *at = in->list;
  if (!operands_match(v, in, last, arity)) return false;
  for (uint32_t i = 0; i < in->list_len; i++) {
    uint32_t label = insn_next_label(&at);
    if (!label_check(v, in, label)) return false;
    struct ctrl *c = label_frame(v, label);
    if (c->br_table == serial) continue;
    c->br_table = serial;
    const valtype *types = label_types(c, &n);
    if (n != arity)
      return validator_fail(v, in, "type mismatch: label %u takes %u operands, the default label %u", label,
                            n, arity);
    if (types != last && !operands_match(v, in, types, n)) return false;
    last = types;
  }
  operands_unreachable(v);
  return true;
}

bool control_check(struct validator *v, const struct insn *in) {
  const valtype *types;
  uint32_t n;
  switch (in->op) {
  case OP_UNREACHABLE: operands_unreachable(v); return true;
  case OP_BLOCK:
  case OP_LOOP:
  case OP_IF: return block_check(v, in);
  case OP_ELSE: return else_check(v, in);
  case OP_END: return end_check(v, in);
  case OP_BR:
    types = label_types(label_frame(v, in->a), &n);
    if (!operands_match(v, in, types, n)) return false;
    operands_unreachable(v);
    return true;
  case OP_BR_IF:
    types = label_types(label_frame(v, in->a), &n);
    return operand_pop(v, in, VT_I32) && operands_pop(v, in, types, n) && operands_push(v, in, types, n);
  case OP_BR_TABLE: return br_table_check(v, in);
  case OP_RETURN:
    if (!operands_match(v, in, v->type->results, v->type->nresults)) return false;
    operands_unreachable(v);
    return true;
  default: unreachable();
  }
}
