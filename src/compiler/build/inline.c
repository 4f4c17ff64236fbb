/* See inline.h. */
#include "compiler/build/inline.h"

#include "compiler/build/builder.h"

void inline_plan_init(struct inline_plan *p, const struct valid_module *m, uint32_t func, struct arena *a) {
  uint32_t size = m->module->funcs[func].body_size;
  *p = (struct inline_plan){.valid = m, .arena = a, .around = {func}, .naround = 1};
  p->budget = size / 4 + 96;
  p->own_budget = size <= INLINE_LOOP_SIZE ? INLINE_COPIES * size : 0;
  p->looks = size + 256;
  /* Inlined bodies have positions behind the module's bytes (code_inline). */
  if (m->module->bytes.len >= UINT32_MAX - p->budget - p->own_budget) p->budget = p->own_budget = 0;
  for (uint32_t i = 0; i < INLINE_KNOWN; i++)
    p->known[i].func = UINT32_MAX;
}

/* Reads the body of `func`, which is small. */
static void judge(struct inline_plan *p, uint32_t func, struct inline_callee *out) {
  const struct module *m = p->valid->module;
  const struct func *f = &m->funcs[func];
  *out = (struct inline_callee){.func = func};
  struct error ignored = {0};
  struct reader r = reader_of(slice_of(m->bytes.data + f->body_off, f->body_size), f->body_off, &ignored);
  uint32_t nlocals = module_functype(m, f->type)->nparams + scan_locals(&r, m->features);
  if (nlocals > INLINE_LOCALS) return;
  struct scan scan = {0};
  struct arena_mark mark = arena_mark(p->arena);
  if (scan_body(r, m, nlocals, f->body_size, NULL, p->arena, &scan, &ignored) && !scan.too_many &&
      !scan.leaves_frame) {
    out->fits = true;
    out->ncalls = scan.ncalls;
    out->nbranches = scan.nbranches;
    out->whole = scan.loops.at[0];
  }
  arena_release(p->arena, mark);
}

const struct inline_callee *inline_wanted(struct inline_plan *p, uint32_t func, bool in_loop) {
  const struct module *m = p->valid->module;
  if (func < m->nimported_funcs || p->naround > INLINE_DEPTH) return NULL;
  uint32_t size = m->funcs[func].body_size;
  uint32_t same = 0; /* of the functions around */
  for (uint32_t i = 0; i < p->naround; i++)
    same += p->around[i] == func;
  bool itself = same == p->naround;
  if (same > 0 && (!itself || same > INLINE_ITSELF)) return NULL;
  uint32_t *budget = itself ? &p->own_budget : &p->budget;
  if (size > (itself || in_loop || p->in_loop ? INLINE_LOOP_SIZE : INLINE_SIZE) || size > *budget)
    return NULL;
  struct inline_callee *c = &p->known[func % INLINE_KNOWN];
  if (c->func != func) {
    if (size > p->looks) return NULL;
    p->looks -= size;
    judge(p, func, c);
  }
  if (!c->fits || c->ncalls > (itself ? INLINE_OWN_CALLS : INLINE_CALLS)) return NULL;
  *budget -= size;
  return c;
}

/* To the scan it was a call of something unknown. */
bool inline_known(struct builder *b, uint32_t func) {
  if (!b->plan) return false;
  b->plan->in_loop = b->loop != 0;
  return inline_wanted(b->plan, func, false) != NULL;
}

bool inline_here(struct builder *b) {
  struct body *body = &b->body;
  while (body->inlines_seen < body->scan.inlines.len && body->scan.inlines.at[body->inlines_seen] < b->off)
    body->inlines_seen++;
  return body->inlines_seen < body->scan.inlines.len && body->scan.inlines.at[body->inlines_seen] == b->off;
}

bool inline_begin(struct builder *b, uint32_t func) {
  const struct func *f = &b->m->funcs[func];
  const struct functype *t = module_functype(b->m, f->type);
  struct code_inline record = {b->next_start, func, f->body_off, b->off};
  VEC_PUSH(b->arena, &b->f->inlines, record);
  b->next_start += f->body_size;
  b->max_work += 16 * (uint64_t)f->body_size;
  VEC_PUSH(b->arena, &b->callers, b->body);
  b->stack.len -= t->nparams;
  for (uint32_t i = 0; i < t->nparams; i++) {
    ref_seen_as(b, b->stack.at[b->stack.len + i], t->params[i]);
    local_new(b, t->params[i], b->stack.at[b->stack.len + i]);
  }
  b->plan->around[b->plan->naround++] = func;
  b->plan->in_loop = b->loop != 0;
  if (!body_open(b, func, record.start)) return false;
  if (b->too_much) return true;
  if (b->config->fuel) emit(b, IR_OP_FUEL, IR_VOID, b->body.scan.loops.at[0].cost, 0, 0);
  control_push(b, CONTROL_INLINE, 0, t->nresults);
  VEC_LAST(&b->controls).types = t->results;
  return true;
}

void inline_end(struct builder *b) {
  b->locals.len = b->body.base;
  b->body = VEC_POP(&b->callers);
  b->plan->naround--;
}
