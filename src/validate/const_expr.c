/* Constant expressions (spec 3.4.14): initialisers and segment offsets.
 *
 * In: the expression's bytes without its `end`, the type it must yield.  Out: true, and the functions it
 * names are declared for ref.func.  The rows with flag C (and X, with extended-const) are all that may stand
 * in it. */
#include "validate/validator.h"

bool const_expr_validate(struct validator *v, const struct const_expr *x, valtype type, const char *where,
                         uint32_t index) {
  if (lane_is_const(v, x, type)) return true;
  struct reader r = reader_of((struct slice){x->code, x->size}, x->off, v->error);
  struct insn in = {.op = OP_INVALID};
  uint8_t allowed = OPF_CONST | (feature_on(v->m->features, FEATURE_EXTENDED_CONST) ? OPF_EXTCONST : 0);
  v->where = where;
  v->index = index;
  v->nlocals = 0;
  if (!validator_begin(v, &type, 1)) return false;
  while (!reader_done(&r)) {
    insn_read(&r, v->m->features, &in);
    if (in.op == OP_INVALID) return false;
    if (!(op_info(in.op)->flags & allowed)) return validator_fail(v, &in, "constant expression required");
    if (!insn_check(v, &in)) return false;
  }
  struct ctrl c;
  in.op = OP_END;
  in.off = x->off + x->size;
  return reader_ok(&r) && ctrl_pop(v, &in, &c);
}
