/* Tables: the instructions whose operands depend on element types (spec 3.4.6).
 *
 * In: one instruction, its indices in range.  Out: the operand stack after it. */
#include "validate/validator.h"

static bool elem_types_match(struct validator *v, const struct insn *in, valtype from, valtype to) {
  char text[2][48];
  return validator_match(v, from, to) || validator_fail(v, in, "type mismatch: table of %s cannot take %s",
                                                        vt_format(to, text[0]), vt_format(from, text[1]));
}

static bool table_copy_check(struct validator *v, const struct insn *in) {
  const struct tabletype *to = &v->m->tables[in->a].type, *from = &v->m->tables[in->b].type;
  valtype to_addr = limits_addr(&to->limits), from_addr = limits_addr(&from->limits);
  valtype len = to_addr == VT_I64 ? from_addr : to_addr; /* the smaller of both */
  return elem_types_match(v, in, from->elem, to->elem) && operand_pop(v, in, len) &&
         operand_pop(v, in, from_addr) && operand_pop(v, in, to_addr);
}

bool table_check(struct validator *v, const struct insn *in) {
  const struct tabletype *t = &v->m->tables[in->a].type;
  valtype addr = limits_addr(&t->limits);
  if (in->op != OP_TABLE_GET) v->writes_tables = true;
  switch (in->op) {
  case OP_TABLE_GET:
    if (!operand_pop(v, in, addr)) return false;
    operand_push(v, t->elem);
    return true;
  case OP_TABLE_SET: return operand_pop(v, in, t->elem) && operand_pop(v, in, addr);
  case OP_TABLE_GROW:
    if (!operand_pop(v, in, addr) || !operand_pop(v, in, t->elem)) return false;
    operand_push(v, addr);
    return true;
  case OP_TABLE_FILL:
    return operand_pop(v, in, addr) && operand_pop(v, in, t->elem) && operand_pop(v, in, addr);
  case OP_TABLE_COPY: return table_copy_check(v, in);
  case OP_TABLE_INIT:
    return elem_types_match(v, in, v->m->elems[in->b].type, t->elem) && operand_pop(v, in, VT_I32) &&
           operand_pop(v, in, VT_I32) && operand_pop(v, in, addr);
  default: unreachable();
  }
}
