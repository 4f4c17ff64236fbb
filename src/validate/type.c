/* Type definitions (spec 3.2): indices, kinds, declared supertypes, descriptors.
 *
 * In: m->types as decoded.  Out: canonical ids for all of them and the guarantee that every index in them is
 * good, that each subtype matches its supertype and that chains are at most MAX_SUBTYPE_DEPTH long. Must not:
 * compare types pairwise; matching goes by canonical ids. */
#include "validate/module_check.h"

static bool fail(struct module_check *k, uint32_t type, const char *text) {
  return error_set(k->v->error, ERROR_INVALID, "%s (type %u)", text, type);
}

/* May type `x` mention `index`? Its own recursion group and those before it. */
static bool index_check(struct module_check *k, uint32_t x, uint32_t index) {
  const struct subtype *t = &k->m->types[x];
  if (index < k->m->ntypes && index < t->rec_start + t->rec_len) return true;
  return error_set(k->v->error, ERROR_INVALID, "unknown type %u (in type %u)", index, x);
}

static bool valtype_in_type_check(struct module_check *k, uint32_t x, valtype t) {
  return !vt_is_concrete(t) || index_check(k, x, vt_index(t));
}

static bool field_check(struct module_check *k, uint32_t x, const struct field *f) {
  return valtype_in_type_check(k, x, f->type);
}

static bool func_check(struct module_check *k, uint32_t x, const struct functype *f) {
  if (f->nparams > MAX_PARAMS || f->nresults > MAX_RESULTS)
    return error_set(k->v->error, ERROR_LIMIT, "too many parameters or results: at most %u (type %u)",
                     MAX_PARAMS, x);
  if (f->nresults > 1 && !feature_on(k->m->features, FEATURE_MULTI_VALUE))
    return fail(k, x, "invalid result arity");
  for (uint32_t i = 0; i < f->nparams; i++)
    if (!valtype_in_type_check(k, x, f->params[i])) return false;
  for (uint32_t i = 0; i < f->nresults; i++)
    if (!valtype_in_type_check(k, x, f->results[i])) return false;
  return true;
}

static bool cont_type_check(struct module_check *k, uint32_t x, uint32_t of) {
  if (!index_check(k, x, of)) return false;
  return k->m->types[of].kind == COMP_FUNC ||
         error_set(k->v->error, ERROR_INVALID, "non-function type %u (in type %u)", of, x);
}

static bool comp_check(struct module_check *k, uint32_t x) {
  const struct subtype *t = &k->m->types[x];
  switch (t->kind) {
  case COMP_FUNC: return func_check(k, x, &t->func);
  case COMP_STRUCT:
    if (t->struct_.nfields > MAX_FIELDS)
      return error_set(k->v->error, ERROR_LIMIT, "too many fields: at most %u (type %u)", MAX_FIELDS, x);
    for (uint32_t i = 0; i < t->struct_.nfields; i++)
      if (!field_check(k, x, &t->struct_.fields[i])) return false;
    return true;
  case COMP_ARRAY: return field_check(k, x, &t->array);
  case COMP_CONT: return cont_type_check(k, x, t->cont);
  }
  unreachable();
}

static bool in_group(const struct subtype *t, uint32_t index) {
  return index >= t->rec_start && index - t->rec_start < t->rec_len;
}

static bool descriptors_check(struct module_check *k, uint32_t x) {
  const struct subtype *types = k->m->types, *t = &types[x];
  if (t->describes != NO_SUPER) {
    if (!in_group(t, t->describes)) return fail(k, x, "described type is outside rec group");
    if (t->describes >= x) return fail(k, x, "forward use of described type");
    if (t->kind != COMP_STRUCT) return fail(k, x, "described type must be a struct");
    if (types[t->describes].descriptor != x)
      return fail(k, x, "described type is not described by descriptor");
  }
  if (t->descriptor != NO_SUPER) {
    if (!in_group(t, t->descriptor)) return fail(k, x, "descriptor type is outside rec group");
    if (t->kind != COMP_STRUCT) return fail(k, x, "descriptor type must be a struct");
    if (types[t->descriptor].describes != x) return fail(k, x, "type is not described by its descriptor");
  }
  return true;
}

/* The supertype exists and the chain is short enough; `depth` gets the number of supertypes above each type.
 */
static bool super_check(struct module_check *k, uint32_t x, uint8_t *depth) {
  const struct subtype *t = &k->m->types[x];
  depth[x] = 0;
  if (t->super == NO_SUPER) return true;
  if (t->super >= x)
    return error_set(k->v->error, ERROR_INVALID, "unknown type %u (supertype of type %u)", t->super, x);
  depth[x] = depth[t->super] + 1;
  return depth[x] <= MAX_SUBTYPE_DEPTH ||
         error_set(k->v->error, ERROR_LIMIT, "sub type hierarchy is deeper than %u (type %u)",
                   MAX_SUBTYPE_DEPTH, x);
}

static bool field_match(struct module_check *k, const struct field *sub, const struct field *super) {
  if (sub->mutable_ != super->mutable_) return false;
  if (sub->type == super->type) return true;
  return validator_match(k->v, sub->type, super->type) &&
         (!sub->mutable_ || validator_match(k->v, super->type, sub->type));
}

static bool comp_match(struct module_check *k, const struct subtype *sub, const struct subtype *super) {
  if (sub->kind != super->kind) return false;
  switch (sub->kind) {
  case COMP_FUNC:
    return validator_list_match(k->v, super->func.params, super->func.nparams, sub->func.params,
                                sub->func.nparams) &&
           validator_list_match(k->v, sub->func.results, sub->func.nresults, super->func.results,
                                super->func.nresults);
  case COMP_STRUCT:
    if (sub->struct_.nfields < super->struct_.nfields) return false;
    for (uint32_t i = 0; i < super->struct_.nfields; i++)
      if (!field_match(k, &sub->struct_.fields[i], &super->struct_.fields[i])) return false;
    return true;
  case COMP_ARRAY: return field_match(k, &sub->array, &super->array);
  case COMP_CONT: return validator_heap_match(k->v, VT_CONCRETE | sub->cont, VT_CONCRETE | super->cont);
  }
  unreachable();
}

static bool subtype_check(struct module_check *k, uint32_t x) {
  const struct subtype *sub = &k->m->types[x], *super = &k->m->types[sub->super];
  bool ok = !super->final && comp_match(k, sub, super) &&
            (super->descriptor == NO_SUPER || sub->descriptor != NO_SUPER) &&
            (super->describes == NO_SUPER) == (sub->describes == NO_SUPER);
  if (!ok)
    return error_set(k->v->error, ERROR_INVALID, "sub type %u does not match super type %u", x, sub->super);
  if (super->descriptor != NO_SUPER &&
      !validator_heap_match(k->v, VT_CONCRETE | sub->descriptor, VT_CONCRETE | super->descriptor))
    return error_set(k->v->error, ERROR_INVALID, "descriptor type %u does not match descriptor type %u",
                     sub->descriptor, super->descriptor);
  if (super->describes != NO_SUPER &&
      !validator_heap_match(k->v, VT_CONCRETE | sub->describes, VT_CONCRETE | super->describes))
    return error_set(k->v->error, ERROR_INVALID, "described type %u does not match described type %u",
                     sub->describes, super->describes);
  return true;
}

bool types_check(struct module_check *k) {
  uint32_t n = k->m->ntypes;
  struct arena_mark mark = arena_mark(k->v->scratch);
  uint8_t *depth = arena_alloc(k->v->scratch, n);
  for (uint32_t x = 0; x < n; x++)
    if (!comp_check(k, x) || !super_check(k, x, depth) || !descriptors_check(k, x)) return false;
  arena_release(k->v->scratch, mark);
  if (!canon_add_module(k->v->canon, k->m, k->v->error)) return false;
  for (uint32_t x = 0; x < n; x++)
    if (k->m->types[x].super != NO_SUPER && !subtype_check(k, x)) return false;
  return true;
}
