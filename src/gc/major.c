/* Major collections: everything that lives is marked; objects in the blocks that space.c chose move out of
 * them.
 *
 * In: an empty young part, roots.  Out: exact start bits and line marks.  Moving is an offer: where no block
 * is free the object stays and is marked like any other.  Cost: what lives, plus the side tables. */
#include "gc/box.h"
#include "gc/space.h"
#include "gc/trace.h"

enum { PREFETCH = 8 /* objects between the first look and the second; a power of two */ };

static uint32_t move(struct gc_heap *h, uint32_t ref, uint32_t head) {
  uint32_t size = object_size(h, ref, type_at(h, head)), to = space_alloc(h, size);
  if (!to) return 0;
  object_copy(h, to, ref, size);
  *word_at(h, ref) = to | 1;
  h->moved_size += size;
  trace_push(h, to);
  return to;
}

ALWAYS_INLINE void visit_slot(struct gc_heap *h, uint32_t *slot, bool unused) {
  (void)unused;
  uint32_t ref = *slot;
  if (!ref_is_object(ref)) return;
  if (h->evacuating && h->evacuate[block_of(ref)]) {
    uint32_t head = *word_at(h, ref);
    uint32_t to = head_is_forward(head) ? head - 1 : has_start(h, ref) ? ref : move(h, ref, head);
    if (to) {
      *slot = to;
      return;
    }
  }
  uint64_t *starts = &h->starts[line_of(ref)], bit = start_bit(ref);
  if (*starts & bit) return;
  *starts |= bit;
  trace_push(h, ref);
}
static void visit_cont(struct gc_heap *h, uint32_t cont, bool unused) {
  (void)unused;
  (void)trace_stack(h, cont);
}
void major_visit(struct gc_visitor *v, uint32_t *slot) { visit_slot(v->heap, slot, false); }

static inline void scan(struct gc_heap *h, uint32_t ref) {
  const struct object_type *t = type_at(h, *word_at(h, ref));
  space_mark_lines(h, ref, object_size(h, ref, t));
  object_slots(h, ref, t, 0, UINT32_MAX, visit_slot, visit_cont, false);
}

/* Objects wait in a short queue between the stack and their scan, so that their first line is in the cache.
 */
static void drain(struct gc_heap *h) {
  uint32_t queue[PREFETCH] = {0};
  for (uint32_t i = 0, empty = 0; empty < PREFETCH; i = (i + 1) % PREFETCH) {
    uint32_t next = 0, ref = queue[i];
    if (h->stack.len) {
      next = h->stack.at[--h->stack.len];
      __builtin_prefetch(h->base + next);
    }
    queue[i] = next;
    if (ref) scan(h, ref);
    empty = ref || next ? 0 : empty + 1;
  }
}

/* Objects whose push failed are marked and lie on marked cards; scanning one twice does no harm. */
static void scan_cards(struct gc_heap *h) {
  for (uint32_t line = OLD_FIRST_BLOCK * BLOCK_LINES; line < h->end_block * BLOCK_LINES; line++) {
    if (!h->cards[line]) continue;
    h->cards[line] = 0;
    for (uint64_t starts = h->starts[line]; starts; starts &= starts - 1)
      scan(h, (line << LINE_SHIFT) + 8 * (uint32_t)__builtin_ctzll(starts));
    drain(h);
  }
}

void collect_major(struct gc_heap *h, enum gc_kind kind) {
  assert(h->phase == PHASE_NONE && h->stack.len == 0 && kind != GC_MINOR);
  h->phase = PHASE_MAJOR;
  space_begin_mark(h, kind);
  struct gc_visitor v = {.heap = h, .phase = PHASE_MAJOR};
  h->calls->visit_roots(h->host, &v);
  drain(h);
  while (h->stack.overflowed) {
    h->stack.overflowed = false;
    scan_cards(h);
  }
  box_sweep_old(h);
  if (h->calls->sweep) h->calls->sweep(h->host, h);
  space_end_mark(h);
  h->charged = 0;
  h->phase = PHASE_NONE;
}
