/* The moves that every instruction's rule is made of: operands, blocks, types, messages.
 *
 * In: the walk's state and an instruction.  Out: the state after a pop, push or block, or a reported error.
 * The algorithm is the appendix's of the spec (7.3), with explicit stacks.  Must not: know single
 * instructions. */
#include "validate/validator.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- messages ---- */

/* " $name" of a function when the name can stand in a line of plain text. */
static const char *printable_name(const struct validator *v, char out[72]) {
  struct slice s = module_func_name(v->m, v->index);
  out[0] = 0;
  if (s.len == 0 || s.len > 64) return out;
  for (size_t i = 0; i < s.len; i++)
    if (s.data[i] <= ' ' || s.data[i] >= 0x7f) return out;
  snprintf(out, 72, " $%.*s", (int)s.len, (const char *)s.data);
  return out;
}

bool validator_fail(struct validator *v, const struct insn *in, const char *fmt, ...) {
  char text[256], name[72];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  if (v->where)
    return error_at(v->error, ERROR_INVALID, in->off, "%s (%s %u, %s)", text, v->where, v->index,
                    op_info(in->op)->text);
  return error_at(v->error, ERROR_INVALID, in->off, "%s (function %u%s, %s)", text, v->index,
                  printable_name(v, name), op_info(in->op)->text);
}

bool validator_limit(struct validator *v, const struct insn *in, const char *what) {
  char name[72];
  return error_at(v->error, ERROR_LIMIT, in->off, "%s (function %u%s)", what, v->index,
                  printable_name(v, name));
}

static const char *type_text(valtype t, char out[48]) {
  if (t == VT_BOT) return "any value";
  if (t == VT_REF_BOT) return "any reference";
  return vt_format(t, out);
}

static bool fail_types(struct validator *v, const struct insn *in, valtype expected, valtype found) {
  char a[48], b[48];
  return validator_fail(v, in, "type mismatch: expected %s, found %s", type_text(expected, a),
                        type_text(found, b));
}

static bool fail_empty(struct validator *v, const struct insn *in, valtype expected) {
  char a[48];
  return validator_fail(v, in, "type mismatch: expected %s, found no operand", type_text(expected, a));
}

/* ---- matching ---- */

bool validator_match_slow(struct validator *v, valtype sub, valtype super) {
  if (sub == super || sub == VT_BOT) return true;
  if (sub == VT_REF_BOT) return vt_is_ref(super);
  if (!(sub & super & VT_REF)) return false;
  struct matched *known = &v->matched[(sub * 31 + super * 17) % COUNT_OF(v->matched)];
  if (known->sub == sub && known->super == super) return true;
  if (!canon_match(v->canon, module_canon_vt(v->m, sub), module_canon_vt(v->m, super))) return false;
  *known = (struct matched){sub, super};
  return true;
}

bool validator_heap_match(struct validator *v, uint32_t sub, uint32_t super) {
  return sub == super ||
         canon_heap_match(v->canon, module_canon_heap(v->m, sub), module_canon_heap(v->m, super));
}

bool validator_list_match(struct validator *v, const valtype *sub, uint32_t nsub, const valtype *super,
                          uint32_t nsuper) {
  if (nsub != nsuper) return false;
  if (sub == super || nsub == 0 || memcmp(sub, super, nsub * sizeof *sub) == 0) return true;
  for (uint32_t i = 0; i < nsub; i++)
    if (!validator_match(v, sub[i], super[i])) return false;
  return true;
}

/* ---- operands ---- */

bool operand_pop_any(struct validator *v, const struct insn *in, valtype *type) {
  if (v->len > v->top->height) {
    *type = v->stack[--v->len];
    return true;
  }
  *type = VT_BOT;
  return v->top->unreachable || fail_empty(v, in, VT_BOT);
}

bool operand_pop(struct validator *v, const struct insn *in, valtype type) {
  if (v->len == v->top->height) return v->top->unreachable || fail_empty(v, in, type);
  valtype found = v->stack[--v->len];
  return validator_match(v, found, type) || fail_types(v, in, type, found);
}

bool operand_pop_ref(struct validator *v, const struct insn *in, valtype *type) {
  if (!operand_pop_any(v, in, type)) return false;
  if (*type == VT_BOT) *type = VT_REF_BOT;
  return vt_is_ref(*type) || fail_types(v, in, VT_REF_BOT, *type);
}

bool operands_reserve(struct validator *v, const struct insn *in, uint32_t n) {
  if (v->cap - v->len >= n) return true;
  if (v->len > MAX_OPERANDS) return validator_limit(v, in, "too many operands");
  v->stack = vec_grow(v->scratch, v->stack, &v->cap, sizeof *v->stack, v->len + n);
  return true;
}

bool operands_push(struct validator *v, const struct insn *in, const valtype *types, uint32_t n) {
  if (n == 0) return true;
  if (!operands_reserve(v, in, n + OPERAND_SLACK)) return false;
  memcpy(v->stack + v->len, types, n * sizeof *types);
  v->len += n;
  return true;
}

bool operands_match(struct validator *v, const struct insn *in, const valtype *types, uint32_t n) {
  uint32_t there = v->len - v->top->height;
  if (there >= n && (n == 0 || memcmp(v->stack + v->len - n, types, n * sizeof *types) == 0)) return true;
  for (uint32_t i = 1; i <= n; i++) {
    valtype want = types[n - i];
    if (i > there) return v->top->unreachable || fail_empty(v, in, want);
    valtype found = v->stack[v->len - i];
    if (!validator_match(v, found, want)) return fail_types(v, in, want, found);
  }
  return true;
}

bool operands_pop(struct validator *v, const struct insn *in, const valtype *types, uint32_t n) {
  if (!operands_match(v, in, types, n)) return false;
  v->len -= min_u32(n, v->len - v->top->height);
  return true;
}

void operands_unreachable(struct validator *v) {
  v->len = v->top->height;
  v->top->unreachable = true;
}

/* ---- blocks ---- */

bool ctrl_push(struct validator *v, const struct insn *in, const struct ctrl *c) {
  if (v->ctrls.len >= MAX_CONTROL_DEPTH) return validator_limit(v, in, "blocks are nested too deeply");
  VEC_PUSH(v->scratch, &v->ctrls, *c);
  v->top = &VEC_LAST(&v->ctrls);
  v->top->height = v->len;
  v->top->ninits = v->inits.len;
  v->top->br_table = 0;
  v->top->unreachable = false;
  v->max_depth = max_u32(v->max_depth, v->ctrls.len);
  return operands_push(v, in, c->params, c->nparams);
}

bool ctrl_pop(struct validator *v, const struct insn *in, struct ctrl *out) {
  struct ctrl *c = v->top;
  if (!operands_pop(v, in, ctrl_results(c), c->nresults)) return false;
  if (v->len != c->height)
    return validator_fail(v, in, "type mismatch: block has %u result%s, %u operand%s left", c->nresults,
                          c->nresults == 1 ? "" : "s", v->len - c->height + c->nresults,
                          v->len - c->height + c->nresults == 1 ? "" : "s");
  while (v->inits.len > c->ninits)
    v->init_epoch[VEC_POP(&v->inits)] = 0;
  *out = *c;
  v->ctrls.len--;
  v->top = v->ctrls.len ? &VEC_LAST(&v->ctrls) : NULL;
  return true;
}

bool ctrl_again(struct validator *v, const struct insn *in, const struct ctrl *c, const valtype *params,
                uint32_t nparams) {
  assert(v->ctrls.len < v->ctrls.cap); /* ctrl_pop just left this place */
  v->ctrls.at[v->ctrls.len++] = *c;
  v->top = &VEC_LAST(&v->ctrls);
  v->top->op = (uint16_t)in->op;
  v->top->unreachable = false;
  return operands_push(v, in, params, nparams);
}

bool ctrl_of_blocktype(struct validator *v, const struct insn *in, struct ctrl *c) {
  *c = (struct ctrl){.op = (uint16_t)in->op};
  switch (in->block.kind) {
  case BLOCK_EMPTY: return true;
  case BLOCK_VALUE:
    c->one = in->block.type;
    c->nresults = 1;
    return valtype_check(v, in, c->one);
  case BLOCK_TYPE: {
    const struct functype *t = func_type_at(v, in, in->block.index);
    if (!t) return false;
    c->params = t->params;
    c->nparams = t->nparams;
    c->results = t->results;
    c->nresults = t->nresults;
    return true;
  }
  }
  unreachable();
}

bool label_check(struct validator *v, const struct insn *in, uint32_t label) {
  return label < v->ctrls.len ||
         validator_fail(v, in, "unknown label %u: blocks are nested %u deep", label, v->ctrls.len);
}

/* ---- locals ---- */

valtype local_type_slow(const struct validator *v, uint32_t index) {
  assert(index < v->nlocals);
  if (index < v->type->nparams) return v->type->params[index];
  uint32_t low = 0, high = v->runs.len - 1;
  while (low < high) {
    uint32_t mid = (low + high) / 2;
    if (index < v->runs.at[mid].end)
      high = mid;
    else
      low = mid + 1;
  }
  return v->runs.at[low].type;
}

/* ---- types ---- */

bool type_check(struct validator *v, const struct insn *in, uint32_t index) {
  return index < v->m->ntypes || validator_fail(v, in, "unknown type %u", index);
}

bool valtype_check(struct validator *v, const struct insn *in, valtype t) {
  return !vt_is_concrete(t) || type_check(v, in, vt_index(t));
}

const struct functype *func_type_at(struct validator *v, const struct insn *in, uint32_t index) {
  if (!type_check(v, in, index)) return NULL;
  if (v->m->types[index].kind == COMP_FUNC) return &v->m->types[index].func;
  validator_fail(v, in, "non-function type %u", index);
  return NULL;
}

bool tag_check(struct validator *v, const struct insn *in, uint32_t tag) {
  return tag < v->m->ntags || validator_fail(v, in, "unknown tag %u", tag);
}

/* A tail call's results must do as this function's. */
bool func_results_check(struct validator *v, const struct insn *in, const struct functype *callee) {
  if (validator_list_match(v, callee->results, callee->nresults, v->type->results, v->type->nresults))
    return true;
  return validator_fail(v, in, "type mismatch: callee's results do not match the function's");
}
