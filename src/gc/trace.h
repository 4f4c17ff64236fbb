/* Finding the references in objects, and the stack of objects whose references are still to be looked at.
 *
 * In: objects.  Out: each of their slots, once for each time they are asked for.  No recursion anywhere: what
 * is found is pushed; where the stack cannot grow, the object's cards are marked and the collection's end
 * loop finds it again by them. */
#ifndef GC_TRACE_H
#define GC_TRACE_H

#include "gc/heap.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* The two collections; each is complete in itself. A major one expects an empty young part. */
void collect_minor(struct gc_heap *h, bool promote_all);
void collect_major(struct gc_heap *h, enum gc_kind kind);
void minor_visit(struct gc_visitor *v, uint32_t *slot);
void major_visit(struct gc_visitor *v, uint32_t *slot);
void check_visit(struct gc_visitor *v, uint32_t *slot);

MUST_USE bool trace_grow(struct gc_heap *h);
void trace_overflow(struct gc_heap *h, uint32_t ref);
/* Visits the stack of a continuation; true when it leads to young objects. */
bool trace_stack(struct gc_heap *h, uint32_t cont);
static inline void trace_push(struct gc_heap *h, uint32_t ref) {
  if (h->stack.len == h->stack.cap && !trace_grow(h)) {
    trace_overflow(h, ref);
    return;
  }
  h->stack.at[h->stack.len++] = ref;
}

static inline void object_copy(struct gc_heap *h, uint32_t to, uint32_t from, uint32_t size) {
  const uint64_t *src = (const uint64_t *)(const void *)(h->base + from);
  uint64_t *dst = (uint64_t *)(void *)(h->base + to);
  if (size > 256) {
    memcpy(dst, src, size);
    return;
  }
  for (uint32_t i = 0; i < size / 8; i++)
    dst[i] = src[i];
}

/* Calls visit(h, slot, arg) for the slots of `ref` that lie in the heap bytes [lo, hi), both multiples of 8.
 * A continuation's stack belongs to the 8 bytes of its pointer. */
typedef void slot_fn(struct gc_heap *h, uint32_t *slot, bool arg);
typedef void cont_fn(struct gc_heap *h, uint32_t cont, bool arg);
ALWAYS_INLINE void object_slots(struct gc_heap *h, uint32_t ref, const struct object_type *t, uint32_t lo,
                                uint32_t hi, slot_fn *visit, cont_fn *visit_cont, bool arg) {
  if (t->kind == OBJECT_ARRAY) {
    if (!t->refs) return;
    uint32_t at = ref + OBJECT_DATA, end = at + 4 * *word_at(h, ref + OBJECT_LEN);
    for (at = max_u32(at, lo), end = min_u32(end, hi); at < end; at += 4)
      visit(h, word_at(h, at), arg);
    return;
  }
  uint64_t bits = t->refs;
  if (lo > ref) bits = lo - ref < 256 ? bits & UINT64_MAX << ((lo - ref) / 4) : 0;
  if (hi - ref < 256) bits &= ~(UINT64_MAX << ((hi - ref) / 4));
  for (; bits; bits &= bits - 1)
    visit(h, word_at(h, ref + 4 * (uint32_t)__builtin_ctzll(bits)), arg);
  if (t->nref_list) {
    const uint16_t *list = (const uint16_t *)(const void *)((const uint8_t *)t + t->ref_list);
    for (uint32_t i = 0; i < t->nref_list; i++) {
      uint32_t at = ref + 4 * (uint32_t)list[i];
      if (at >= lo && at < hi) visit(h, word_at(h, at), arg);
    }
  }
  if (t->kind == OBJECT_CONT && ref + offsetof(struct object_cont, stack) >= lo &&
      ref + offsetof(struct object_cont, stack) < hi)
    visit_cont(h, ref, arg);
}

#endif
