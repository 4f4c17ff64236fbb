/* Visits every root: frames of compiled code, globals, tables, element segments, handles, values in C.
 *
 * In: a store in the middle of an allocation: compiled code does not run, each of its stacks was left by an
 * out-call. Out: gc_visit for every slot that may hold a reference.  Must not: look at an object. */
#include "runtime/roots.h"

#include "gc/gc.h"
#include "abi/arch.h"
#include "runtime/cont.h"
#include "runtime/instance.h"
#include "runtime/object.h"
#include "runtime/unwind.h"

static void visit_frame(const struct unwind *u, struct gc_visitor *v) {
  const struct code_image *image = u->image;
  uint32_t map = code_map_at(image, u->off), func = code_func_at(image, u->inside);
  for (uint32_t i = image->ref_first[func]; i < image->ref_first[func + 1]; i++)
    gc_visit(v, (uint32_t *)(u->fp + (uintptr_t)(intptr_t)image->ref_words[i]));
  if (map == UINT32_MAX) return;
  for (uint32_t i = image->map_first[map]; i < image->map_first[map + 1]; i++)
    gc_visit(v, (uint32_t *)(u->fp + (uintptr_t)(intptr_t)image->map_words[i]));
}

/* The frames of every entry that is on its way, newest first. */
static void visit_frames(const struct store *s, struct gc_visitor *v) {
  struct stack *stack = s->vm.cur;
  for (const struct entry *entry = s->vm.entry; entry; entry = entry->outer) {
    struct unwind u;
    for (unwind_start_call(&u, stack); u.image; unwind_next(&u))
      visit_frame(&u, v);
    stack = entry->outer_cur;
  }
}

static bool holds_object(const struct store *s, valtype t) {
  return vt_is_ref(t) && !valtype_is_funcref(s->canon, t);
}

static void visit_instance(const struct store *s, struct instance *in, struct gc_visitor *v) {
  const struct module *m = in->module;
  union vm_value *cells = (union vm_value *)(void *)((uint8_t *)in->ctx + in->layout.globals);
  for (uint32_t i = m->nimported_globals; i < m->nglobals; i++)
    if (holds_object(s, module_canon_vt(m, m->globals[i].type.type)))
      gc_visit(v, &cells[i - m->nimported_globals].ref);
  for (uint32_t i = 0; i < m->nelems; i++) {
    if (!in->elem_values[i] || in->elem_dropped[i] || !holds_object(s, module_canon_vt(m, m->elems[i].type)))
      continue;
    for (uint32_t k = 0; k < m->elems[i].len; k++)
      gc_visit(v, &in->elem_values[i][k].ref);
  }
}

static void visit_roots(void *host, struct gc_visitor *v) {
  struct store *s = host;
  visit_frames(s, v);
  gc_visit(v, &s->vm.exn);
  for (struct instance *in = s->instances; in; in = in->next)
    visit_instance(s, in, v);
  for (struct tableinst *t = s->tables; t; t = t->next)
    for (uint64_t i = 0; !t->is_func && i < t->vm.len; i++)
      gc_visit(v, (uint32_t *)t->vm.elems + i);
  for (struct globalinst *g = s->globals; g; g = g->next)
    if (holds_object(s, g->type.type)) gc_visit(v, &g->own.ref);
  for (size_t i = 1; i < s->refs.len; i++)
    if (holds_object(s, s->refs.at[i].type)) gc_visit(v, &s->refs.at[i].of.ref);
  for (size_t i = 0; i < s->kept.len; i++)
    if (holds_object(s, s->kept.at[i].value.type)) gc_visit(v, &s->kept.at[i].value.of.ref);
  for (struct root_area *area = s->roots; area; area = area->outer)
    for (uint32_t i = 0; i < area->len; i++)
      if (area->is_ref[i]) gc_visit(v, &area->at[i].ref);
}

static void visit_stack(void *host, uint64_t stack, struct gc_visitor *v) {
  struct store *s = host;
  struct stack *head = (struct stack *)stack;
  struct stack_bound *b = head->bound;
  assert(stack_is_captured(head));
  for (uint32_t i = 0; b && i < b->len; i++)
    if (holds_object(s, b->types[i])) gc_visit(v, &b->values[i].ref);
  struct unwind u;
  for (unwind_start_captured(&u, head, b ? b->pc : head->pc); u.image; unwind_next(&u))
    visit_frame(&u, v);
}

struct sweep {
  struct store *store;
  struct gc_heap *heap;
};
static void sweep_stack(void *arg, struct stack *stack) {
  const struct sweep *w = arg;
  if (!stack_is_captured(stack) || !stack->cell)
    return; /* a link of a chain, running, or not yet in a cell */
  stack->cell = gc_forward(w->heap, stack->cell);
  if (!stack->cell) {
    chain_free(w->store->stacks, stack);
    return;
  }
  if (gc_is_young(stack->cell)) cont_note(&w->store->vm, stack);
  for (struct stack *s = stack; s && !gc_in_minor(w->heap); s = s->parent)
    stack_shrink(w->store->stacks, s);
}

/* A minor collection decides about the noted ones alone: ten million that sleep cost it nothing. */
static void sweep(void *host, struct gc_heap *heap) {
  struct store *s = host;
  struct sweep w = {s, heap};
  if (!s->stacks) return;
  if (gc_in_minor(heap) && !s->noted.lost) {
    for (struct stack **at = s->noted.at; at < s->vm.noted; at++)
      if (!stack_is_free(*at)) sweep_stack(&w, *at);
  } else {
    s->noted.lost = false;
    stack_each(s->stacks, sweep_stack, &w);
  }
  struct stack **kept = s->noted.at;
  for (struct stack **at = kept; at < s->vm.noted; at++) {
    (*at)->noted = !stack_is_free(*at) && stack_is_captured(*at) && gc_is_young((*at)->cell);
    if ((*at)->noted) *kept++ = *at;
  }
  s->vm.noted = kept;
  if (!gc_in_minor(heap)) stack_pool_collected(s->stacks);
}

const struct gc_host roots_host = {
    .visit_roots = visit_roots, .visit_stack = visit_stack, .sweep = sweep, .check_object = object_check};
