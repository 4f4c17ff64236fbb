/* See exn.h.  Handlers are found by return address, tags compared by identity. */
#include "runtime/exn.h"

#include "abi/arch.h"
#include "gc/gc.h"
#include "runtime/instance.h"
#include "runtime/object.h"
#include "runtime/unwind.h"
#include "stack/chain.h"

#include <string.h>

/* The clause that catches `tag` in a frame of the instance; UINT32_MAX: none. */
static uint32_t find_clause(const struct code_image *image, uint32_t try_, struct vmctx *ctx,
                            const struct vm_tag *tag) {
  const struct instance *in = instance_of(ctx);
  struct vm_tag *const *tags = (struct vm_tag *const *)(void *)((uint8_t *)ctx + in->layout.tags);
  while (try_ != CODE_NO_TRY) {
    const uint32_t *t = image->tries + CODE_TRY_WORDS * (size_t)try_;
    for (uint32_t i = t[1]; i < t[1] + t[2]; i++)
      if (image->clauses[i] == CODE_CATCH_ALL || tags[image->clauses[i]] == tag) return i;
    try_ = t[0];
  }
  return UINT32_MAX;
}

/* The frame is dropped: its caller's registers are where it saved them. */
static void take_saved(struct vm_landing *l, const struct unwind *u, uint32_t flags) {
  const uint64_t *at = (const uint64_t *)u->fp - (flags & CODE_FUNC_INSTANCE ? 1 : 0);
  for (uint32_t i = 0; i < VM_KEPT; i++)
    if (flags >> (CODE_FUNC_KEPT_SHIFT + i) & 1) l->kept[i] = *--at;
}

/* Thrown into a call that a host function has suspended: its thunk keeps the caller's registers. */
static void take_suspended(struct vm_landing *l, const struct stack *cur) {
  if (cur->pc != (uint64_t)arch_host_resumed) return;
  for (uint32_t i = 0; i < VM_KEPT; i++)
    l->kept[i] = ((const uint64_t *)cur->fp)[-1 - (int)i];
}

bool exn_catch(struct store *s) {
  const struct vm_tag *tag = exn_tag(s, s->vm.exn);
  struct vm_landing *l = &s->vm.landing;
  struct stack *stack = NULL;
  struct unwind u;
  take_suspended(l, s->vm.cur);
  for (unwind_start(&u, &s->vm); u.image; unwind_next(&u)) {
    uint32_t flags = u.image->func_flags[code_func_at(u.image, u.inside)];
    /* A frame that has not saved its instance has called only what has the same one. */
    if (u.stack != stack) l->inst = u.stack->inst;
    stack = u.stack;
    if (flags & CODE_FUNC_INSTANCE) l->inst = ((struct vmctx *const *)u.fp)[-1];
    struct code_landing landing;
    uint32_t clause = UINT32_MAX;
    if ((flags & CODE_FUNC_CATCHES) && code_handler_at(u.image, u.off, &landing))
      clause = find_clause(u.image, landing.try_, l->inst, tag);
    if (clause != UINT32_MAX) {
      s->vm.exn_clause = clause - landing.first_clause;
      l->sp = u.fp - landing.frame_size;
      l->fp = u.fp;
      l->pc = landing.pc;
      chain_unwind(&s->vm, s->stacks, u.stack); /* stacks that it crossed are over */
      return true;
    }
    take_saved(l, &u, flags);
  }
  return false;
}

void tag_name(const struct store *s, const struct vm_tag *tag, struct buf *out) {
  for (const struct instance *in = s->instances; in; in = in->next) {
    for (uint32_t i = 0; i < in->module->ntags; i++) {
      struct slice name = name_map_find(&in->module->tag_names, i);
      if (&instance_tag(in, i)->vm != tag || !name.len) continue;
      buf_printf(out, " $%.*s", (int)min_u64(name.len, 100), (const char *)name.data);
      return;
    }
  }
  buf_cstr(out, " without a name");
}

static void print_value(valtype t, union vm_value v, struct buf *out) {
  double d;
  float f;
  switch (t) {
  case VT_I32: buf_printf(out, " %d", (int32_t)v.i32); return;
  case VT_I64: buf_printf(out, " %lld", (long long)v.i64); return;
  case VT_F32:
    memcpy(&f, &v.f32, sizeof f);
    buf_printf(out, " %.9g", (double)f);
    return;
  case VT_F64:
    memcpy(&d, &v.f64, sizeof d);
    buf_printf(out, " %.17g", d);
    return;
  default: buf_cstr(out, v.i64 ? " (a reference)" : " null"); return;
  }
}

enum { DESCRIBED_MAX = 8 };

void exn_describe(const struct store *s, uint32_t exn, struct buf *out) {
  const struct vm_tag *tag = exn_tag(s, exn);
  const struct functype *t = &canon_type(s->canon, tag->type)->func;
  buf_cstr(out, "tag");
  tag_name(s, tag, out);
  for (uint32_t i = 0; i < t->nparams && i < DESCRIBED_MAX; i++)
    print_value(t->params[i], object_load(gc_base(s->heap), exn, exn_field(s->canon, t, i)), out);
  if (t->nparams > DESCRIBED_MAX) buf_cstr(out, " ..");
}
