/* Stack switching: cont.new, cont.bind, suspend, resume, resume_throw, resume_throw_ref, switch.
 *
 * In: one instruction, its type and tag indices in range.  Out: the operand stack after it.  Where the rules
 * of the proposal and of its reference differ, the stricter ones hold: exceptions have no results, and a
 * switch tag's results are those of the resume. */
#include "validate/validator.h"

/* The function type of continuation type `type`, or NULL. */
static const struct functype *cont_at(struct validator *v, const struct insn *in, uint32_t type) {
  const struct subtype *t = &v->m->types[type];
  if (t->kind == COMP_CONT) return &v->m->types[t->cont].func;
  validator_fail(v, in, "non-continuation type %u", type);
  return NULL;
}

/* The function type of the continuation that a reference names: concrete, nullable or not. NULL when it names
 * none. */
static const struct functype *cont_of(const struct validator *v, valtype t) {
  if (!vt_is_concrete(t) || v->m->types[vt_index(t)].kind != COMP_CONT) return NULL;
  return &v->m->types[v->m->types[vt_index(t)].cont].func;
}

static bool cont_new_check(struct validator *v, const struct insn *in) {
  if (!cont_at(v, in, in->a) || !operand_pop(v, in, vt_ref_to(v->m->types[in->a].cont, true))) return false;
  operand_push(v, vt_ref_to(in->a, false));
  return true;
}

static bool cont_bind_check(struct validator *v, const struct insn *in) {
  const struct functype *from = cont_at(v, in, in->a), *to = from ? cont_at(v, in, in->b) : NULL;
  if (!to) return false;
  if (to->nparams > from->nparams)
    return validator_fail(v, in, "type mismatch: type %u has %u parameters, more than the %u of type %u",
                          in->b, to->nparams, from->nparams, in->a);
  uint32_t bound = from->nparams - to->nparams;
  if (!validator_list_match(v, to->params, to->nparams, from->params + bound, to->nparams) ||
      !validator_list_match(v, from->results, from->nresults, to->results, to->nresults))
    return validator_fail(v, in, "type mismatch: type %u less its first %u parameters does not match type %u",
                          in->a, bound, in->b);
  if (!operand_pop(v, in, vt_ref_to(in->a, true)) || !operands_pop(v, in, from->params, bound)) return false;
  operand_push(v, vt_ref_to(in->b, false));
  return true;
}

/* (on $tag switch): the tag's type is [] -> [results of the resume]. */
static bool switch_handler_check(struct validator *v, const struct insn *in, const struct functype *tag,
                                 const struct functype *resumed) {
  if (tag->nparams == 0 &&
      validator_list_match(v, tag->results, tag->nresults, resumed->results, resumed->nresults) &&
      validator_list_match(v, resumed->results, resumed->nresults, tag->results, tag->nresults))
    return true;
  return validator_fail(v, in, "type mismatch in switch tag: its results must be those of the continuation");
}

/* (on $tag $label): the label takes the tag's parameters and a continuation from the tag's results to the
 * resume's. */
static bool label_handler_check(struct validator *v, const struct insn *in, struct handler_clause h,
                                const struct functype *tag, const struct functype *resumed) {
  uint32_t n;
  if (!label_check(v, in, h.label)) return false;
  const valtype *types = label_types(label_frame(v, h.label), &n);
  if (n == 0)
    return validator_fail(
        v, in, "type mismatch: instruction requires concrete continuation reference type but label has []");
  const struct functype *rest = cont_of(v, types[n - 1]);
  char text[48];
  if (!rest && vt_is_concrete(types[n - 1]))
    return validator_fail(v, in, "non-continuation type %u", vt_index(types[n - 1]));
  if (!rest)
    return validator_fail(
        v, in, "type mismatch: instruction requires concrete continuation reference type but label has [%s]",
        vt_format(types[n - 1], text));
  if (!validator_list_match(v, tag->params, tag->nparams, types, n - 1))
    return validator_fail(v, in, "type mismatch: label %u does not take what tag %u delivers", h.label,
                          h.tag);
  if (!validator_list_match(v, rest->params, rest->nparams, tag->results, tag->nresults) ||
      !validator_list_match(v, resumed->results, resumed->nresults, rest->results, rest->nresults))
    return validator_fail(v, in, "type mismatch: the continuation of label %u does not match tag %u", h.label,
                          h.tag);
  return true;
}

static bool handlers_check(struct validator *v, const struct insn *in, const struct functype *resumed) {
  if (in->list_len > MAX_HANDLERS) return validator_limit(v, in, "too many handler clauses");
  const uint8_t *at = in->list;
  for (uint32_t i = 0; i < in->list_len; i++) {
    struct handler_clause h = insn_next_handler(&at);
    if (!tag_check(v, in, h.tag)) return false;
    const struct functype *tag = module_tag_type(v->m, h.tag);
    if (!(h.is_switch ? switch_handler_check(v, in, tag, resumed)
                      : label_handler_check(v, in, h, tag, resumed)))
      return false;
  }
  return true;
}

static bool resume_check(struct validator *v, const struct insn *in) {
  const struct functype *t = cont_at(v, in, in->a);
  if (!t || !handlers_check(v, in, t) || !operand_pop(v, in, vt_ref_to(in->a, true))) return false;
  switch (in->op) {
  case OP_RESUME:
    if (!operands_pop(v, in, t->params, t->nparams)) return false;
    break;
  case OP_RESUME_THROW:
    if (!exception_pop(v, in, in->b)) return false;
    break;
  default:
    if (!operand_pop(v, in, VT_EXNREF)) return false;
  }
  return operands_push(v, in, t->results, t->nresults);
}

static bool suspend_check(struct validator *v, const struct insn *in) {
  const struct functype *t = module_tag_type(v->m, in->a);
  return operands_pop(v, in, t->params, t->nparams) && operands_push(v, in, t->results, t->nresults);
}

static bool switch_check(struct validator *v, const struct insn *in) {
  const struct functype *target = cont_at(v, in, in->a), *tag = module_tag_type(v->m, in->b);
  if (!target) return false;
  if (tag->nparams) return validator_fail(v, in, "type mismatch in switch tag: tag %u has parameters", in->b);
  const struct functype *back = target->nparams ? cont_of(v, target->params[target->nparams - 1]) : NULL;
  if (!back)
    return validator_fail(
        v, in, "type mismatch: the last parameter of type %u must be a continuation reference", in->a);
  if (!validator_list_match(v, target->results, target->nresults, tag->results, tag->nresults) ||
      !validator_list_match(v, tag->results, tag->nresults, back->results, back->nresults))
    return validator_fail(
        v, in, "type mismatch in switch tag: results of tag %u and of the continuations differ", in->b);
  return operand_pop(v, in, vt_ref_to(in->a, true)) &&
         operands_pop(v, in, target->params, target->nparams - 1) &&
         operands_push(v, in, back->params, back->nparams);
}

bool cont_check(struct validator *v, const struct insn *in) {
  switch (in->op) {
  case OP_CONT_NEW: return cont_new_check(v, in);
  case OP_CONT_BIND: return cont_bind_check(v, in);
  case OP_SUSPEND: return suspend_check(v, in);
  case OP_RESUME:
  case OP_RESUME_THROW:
  case OP_RESUME_THROW_REF: return resume_check(v, in);
  case OP_SWITCH: return switch_check(v, in);
  default: unreachable();
  }
}
