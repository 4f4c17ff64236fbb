/* memory.copy, the one memory instruction whose operands depend on two memories (spec 3.4.7). */
#include "validate/validator.h"

bool memory_check(struct validator *v, const struct insn *in) {
  assert(in->op == OP_MEMORY_COPY);
  valtype to = limits_addr(&v->m->mems[in->a].type.limits),
          from = limits_addr(&v->m->mems[in->b].type.limits);
  valtype len = to == VT_I64 ? from : to; /* the smaller of both */
  return operand_pop(v, in, len) && operand_pop(v, in, from) && operand_pop(v, in, to);
}
