/* The mark stack, and the door for roots. */
#include "gc/trace.h"

#include "base/alloc.h"

bool trace_grow(struct gc_heap *h) {
  uint32_t cap = min_u32(h->stack.cap * 2, h->stack.max);
  if (cap <= h->stack.cap) return false;
  uint32_t *at = mem_realloc(h->stack.at, cap, sizeof *at);
  if (!at) return false;
  h->stack.at = at;
  h->stack.cap = cap;
  return true;
}

void trace_overflow(struct gc_heap *h, uint32_t ref) {
  if (ref < OLD_FIRST) {
    h->survivors_overflowed = true;
    return;
  }
  uint32_t size = object_size(h, ref, type_at(h, *word_at(h, ref)));
  uint32_t first = line_of(ref), last = line_of(ref + size - 1);
  memset(h->cards + first, 1, last - first + 1);
  h->stack.overflowed = true;
}

bool trace_stack(struct gc_heap *h, uint32_t cont) {
  uint64_t stack;
  memcpy(&stack, h->base + cont + offsetof(struct object_cont, stack), sizeof stack);
  if (stack == 0) return false;
  assert(h->calls->visit_stack);
  struct gc_visitor v = {.heap = h, .phase = h->phase};
  h->calls->visit_stack(h->host, stack, &v);
  return v.met_young;
}

void gc_visit(struct gc_visitor *v, uint32_t *slot) {
  switch (v->phase) {
  case PHASE_MINOR: minor_visit(v, slot); break;
  case PHASE_MAJOR: major_visit(v, slot); break;
  case PHASE_CHECK: check_visit(v, slot); break;
  case PHASE_NONE: unreachable();
  }
}

uint32_t gc_forward(const struct gc_heap *h, uint32_t ref) {
  assert(h->phase == PHASE_MINOR || h->phase == PHASE_MAJOR);
  if (!ref_is_object(ref)) return ref;
  uint32_t head = *word_at(h, ref);
  if (h->phase == PHASE_MINOR && ref - h->from_start >= h->from_size) return ref; /* old: not looked at */
  if (head_is_forward(head)) return head - 1;
  return h->phase == PHASE_MAJOR && has_start(h, ref) ? ref : 0;
}

bool gc_in_minor(const struct gc_heap *h) { return h->phase == PHASE_MINOR; }
bool gc_is_young(uint32_t ref) { return ref_is_young(ref); }

void gc_stored_refs(uint8_t *base, uint32_t ref, uint32_t off, uint32_t size) {
  if (size == 0) return;
  uint32_t first = line_of(ref + off), last = line_of(ref + off + size - 1);
  memset(base + GC_CARDS + first, 1, last - first + 1);
}
