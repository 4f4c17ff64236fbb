/* What is known of references beyond their representation: types, null or not, which function.
 *
 * In: declared types, where values are made; tests and casts, where they have been passed.  Out: the
 * narrowest type of a value here.  Two sources: what a value is wherever it is used (its definition said so),
 * and what has been found out along the way, which holds in the blocks that the finding block dominates; of
 * the latter the newest few are kept.  Null checks that the optimizer knows to have passed count, too.  One
 * value may be seen as an `any` and as an `extern`, so types of another hierarchy than the one asked for say
 * only whether it is null.  Must not: emit anything. */
#include "compiler/build/builder.h"

#include "compiler/ir/cfg.h"

void ref_note(struct builder *b, ir_val v, valtype t) {
  if (!vt_is_ref(t) || v + 1 != b->f->insns.len || ir_is_const(b->f, v)) return;
  map_insert_int(&b->ref_types, v, t);
}

void ref_note_func(struct builder *b, ir_val v, uint32_t func) { map_insert_int(&b->ref_funcs, v, func); }

bool ref_func(const struct builder *b, ir_val v, uint32_t *func) {
  const uint32_t *at = map_find_int(&b->ref_funcs, v);
  if (at && !b->config->plain) *func = *at;
  return at && !b->config->plain;
}

static bool is_here(const struct builder *b, const struct ref_finding *f) {
  return f->ref != 0 && ir_dominates(b->f, f->block, b->block);
}

static void narrow(const struct builder *b, valtype *t, uint32_t top, valtype by) {
  if (!vt_is_nullable(by)) *t &= ~VT_NULLABLE;
  uint32_t heap = vt_heap(by) & ~VT_EXACT;
  if (canon_heap_top(b->valid->canon, module_canon_heap(b->m, heap)) != top) return;
  if (!heap_matches(b, heap, vt_heap(*t))) return;
  valtype exact = heap == (vt_heap(*t) & ~VT_EXACT) ? (by | *t) & VT_EXACT : by & VT_EXACT;
  *t = vt_ref(heap, vt_is_nullable(*t)) | exact;
}

valtype ref_type(const struct builder *b, ir_val v, valtype like) {
  uint32_t top = canon_heap_top(b->valid->canon, module_canon_heap(b->m, vt_heap(like) & ~VT_EXACT));
  valtype t = vt_ref(top, true);
  if (b->config->plain) return t;
  if (ir_is_const(b->f, v)) return t;
  const uint32_t *noted = map_find_int(&b->ref_types, v);
  if (noted) narrow(b, &t, top, *noted);
  for (uint32_t i = 0; i < COUNT_OF(b->findings); i++)
    if (b->findings[i].ref == v && is_here(b, &b->findings[i])) narrow(b, &t, top, b->findings[i].type);
  if (vt_is_nullable(t) && opt_is_nonzero(b->o, v)) t &= ~VT_NULLABLE;
  return t;
}

bool ref_is_nonnull(const struct builder *b, ir_val v) {
  if (b->config->plain || ir_is_const(b->f, v)) return false;
  const uint32_t *noted = map_find_int(&b->ref_types, v);
  if (noted && !vt_is_nullable(*noted)) return true;
  for (uint32_t i = 0; i < COUNT_OF(b->findings); i++)
    if (b->findings[i].ref == v && !vt_is_nullable(b->findings[i].type) && is_here(b, &b->findings[i]))
      return true;
  return opt_is_nonzero(b->o, v);
}

void ref_found(struct builder *b, ir_val v, valtype t) {
  if (!vt_is_ref(t) || b->config->plain || ir_is_const(b->f, v)) return;
  b->findings[b->nfindings++ % COUNT_OF(b->findings)] = (struct ref_finding){v, t, b->block};
}

void ref_seen_as(struct builder *b, ir_val v, valtype t) {
  if (vt_is_ref(t) && ref_type(b, v, t) != t) ref_found(b, v, t);
}

void ref_found_nonnull(struct builder *b, ir_val v) {
  if (!b->config->plain && !ir_is_const(b->f, v) && !ref_is_nonnull(b, v)) opt_assume(b->o, v, true);
}

void ref_tested(struct builder *b, ir_val cond, ir_val v, valtype t) {
  if (!ir_is_const(b->f, cond)) b->tests[b->ntests++ % COUNT_OF(b->tests)] = (struct ref_test){cond, v, t};
}

void assume(struct builder *b, ir_val cond, bool nonzero) {
  opt_assume(b->o, cond, nonzero);
  for (uint32_t i = 0; nonzero && i < min_u32(b->ntests, COUNT_OF(b->tests)); i++)
    if (b->tests[i].cond == cond) ref_found(b, b->tests[i].ref, b->tests[i].type);
}
