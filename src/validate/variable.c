/* Locals, globals, drop and select (spec 3.4.2, 3.4.4, 3.4.5).
 *
 * In: one instruction, its index in range.  Out: the operand stack after it, and which non-defaultable locals
 * are set: a local set inside a block counts as unset again at the block's end. */
#include "validate/validator.h"

static bool local_is_unset(const struct validator *v, uint32_t index, valtype t) {
  return v->has_uninit && !vt_is_defaultable(t) && index >= v->type->nparams &&
         v->init_epoch[index] != v->epoch;
}

static void local_set(struct validator *v, uint32_t index, valtype t) {
  if (!local_is_unset(v, index, t)) return;
  v->init_epoch[index] = v->epoch;
  VEC_PUSH(v->scratch, &v->inits, index);
}

static bool select_check(struct validator *v, const struct insn *in) {
  valtype a, b;
  if (!operand_pop(v, in, VT_I32) || !operand_pop_any(v, in, &b) || !operand_pop_any(v, in, &a)) return false;
  char text[2][48];
  if (vt_is_ref(a) || vt_is_ref(b))
    return validator_fail(v, in, "type mismatch: select of references must name its type, found %s",
                          vt_format(vt_is_ref(a) ? a : b, text[0]));
  if (a != b && a != VT_BOT && b != VT_BOT)
    return validator_fail(v, in, "type mismatch: expected %s twice, found %s", vt_format(a, text[0]),
                          vt_format(b, text[1]));
  operand_push(v, a == VT_BOT ? b : a);
  return true;
}

static bool select_typed_check(struct validator *v, const struct insn *in) {
  if (in->list_len != 1)
    return validator_fail(v, in, "invalid result arity: select takes 1 type, found %u", in->list_len);
  const uint8_t *at = in->list;
  valtype t = insn_next_valtype(&at);
  if (!valtype_check(v, in, t) || !operand_pop(v, in, VT_I32) || !operand_pop(v, in, t) ||
      !operand_pop(v, in, t))
    return false;
  operand_push(v, t);
  return true;
}

static bool global_get_check(struct validator *v, const struct insn *in) {
  const struct globaltype *g = &v->m->globals[in->a].type;
  if (v->where) { /* a constant expression */
    if (in->a >= v->globals_visible)
      return validator_fail(v, in, "unknown global %u: not defined yet", in->a);
    if (g->mutable_)
      return validator_fail(v, in, "constant expression required: global %u is mutable", in->a);
    if (in->a >= v->m->nimported_globals && !feature_on(v->m->features, FEATURE_GC))
      return validator_fail(v, in, "constant expression required: global %u is not imported", in->a);
  }
  operand_push(v, g->type);
  return true;
}

bool variable_check(struct validator *v, const struct insn *in) {
  valtype t;
  switch (in->op) {
  case OP_DROP: return operand_pop_any(v, in, &t);
  case OP_SELECT: return select_check(v, in);
  case OP_SELECT_T: return select_typed_check(v, in);
  case OP_LOCAL_GET:
    t = local_type(v, in->a);
    if (local_is_unset(v, in->a, t)) return validator_fail(v, in, "uninitialized local %u", in->a);
    operand_push(v, t);
    return true;
  case OP_LOCAL_SET:
    t = local_type(v, in->a);
    local_set(v, in->a, t);
    return operand_pop(v, in, t);
  case OP_LOCAL_TEE:
    t = local_type(v, in->a);
    if (!operand_pop(v, in, t)) return false;
    local_set(v, in->a, t);
    operand_push(v, t);
    return true;
  case OP_GLOBAL_GET: return global_get_check(v, in);
  case OP_GLOBAL_SET:
    if (!v->m->globals[in->a].type.mutable_) return validator_fail(v, in, "immutable global %u", in->a);
    return operand_pop(v, in, v->m->globals[in->a].type.type);
  default: unreachable();
  }
}
