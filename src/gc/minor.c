/* Minor collections: what lives in the nursery is copied out of it.
 *
 * In: roots, marked cards.  Out: survivors in the other survivor space (seen for the first time, while aging
 * pays) or in old lines (seen before, or no room); eden is empty.  Cost: what survives, plus the marked
 * cards, plus a look at each card byte of the old part.  Old space never runs out here: eden is only as large
 * as free blocks can take in (heap.c). */
#include "gc/box.h"
#include "gc/space.h"
#include "gc/trace.h"

enum { NO_AGING_ROUNDS = 16 };

/* i31 values are odd: rotated, they are beyond every even size. */
static inline bool in_from(const struct gc_heap *h, uint32_t ref) {
  uint32_t d = ref - h->from_start;
  return (d >> 1 | d << 31) < h->from_size / 2;
}

static uint32_t promote(struct gc_heap *h, uint32_t size) {
  uint32_t to = space_alloc(h, size);
  if (!to) __builtin_trap(); /* the reserve was too small: our bug, and going on would corrupt the heap */
  h->blocks[block_of(to)].live += size;
  h->old_size += size;
  h->stats.promoted_size += size;
  return to;
}

static uint32_t copy(struct gc_heap *h, uint32_t ref, uint32_t head) {
  const struct object_type *t = type_at(h, head);
  uint32_t size = object_size(h, ref, t), to;
  struct bump *survivors = &h->survivors[1 - h->from];
  bool seen_before = ref - h->survivors[h->from].end + h->survivor_size < h->survivor_size;
  if (h->aging && !seen_before && survivors->end - survivors->at >= size) {
    to = survivors->at;
    survivors->at += size;
  } else {
    to = promote(h, size);
    if (seen_before) h->aged_size += size;
  }
  h->moved_size += size;
  object_copy(h, to, ref, size);
  *word_at(h, ref) = to | 1;
  if (type_has_refs(t)) trace_push(h, to);
  return to;
}

static inline void mark_card(struct gc_heap *h, const void *slot) {
  h->cards[(size_t)((const uint8_t *)slot - h->base) >> LINE_SHIFT] = 1;
}

ALWAYS_INLINE void visit_slot(struct gc_heap *h, uint32_t *slot, bool old) {
  uint32_t ref = *slot;
  if (in_from(h, ref)) {
    uint32_t head = *word_at(h, ref);
    ref = head_is_forward(head) ? head - 1 : copy(h, ref, head);
    *slot = ref;
  }
  if (old && ref_is_young(ref)) mark_card(h, slot);
}
static void visit_cont(struct gc_heap *h, uint32_t cont, bool old) {
  if (trace_stack(h, cont) && old) mark_card(h, h->base + cont + offsetof(struct object_cont, stack));
}

void minor_visit(struct gc_visitor *v, uint32_t *slot) {
  visit_slot(v->heap, slot, false);
  v->met_young |= ref_is_young(*slot);
}

static void drain(struct gc_heap *h) {
  while (h->stack.len) {
    uint32_t ref = h->stack.at[--h->stack.len];
    object_slots(h, ref, type_at(h, *word_at(h, ref)), 0, UINT32_MAX, visit_slot, visit_cont,
                 ref >= OLD_FIRST);
  }
}

static void scan_part(struct gc_heap *h, uint32_t ref, uint32_t lo, uint32_t hi) {
  object_slots(h, ref, type_at(h, *word_at(h, ref)), lo, hi, visit_slot, visit_cont, true);
}

static void scan_line(struct gc_heap *h, uint32_t line) {
  h->cards[line] = 0;
  uint32_t lo = line << LINE_SHIFT, hi = lo + LINE_SIZE;
  uint64_t starts = h->starts[line];
  if (!(starts & 1)) {
    uint32_t before = space_object_before(h, line);
    if (before && before + object_size(h, before, type_at(h, *word_at(h, before))) > lo)
      scan_part(h, before, lo, hi);
  }
  for (; starts; starts &= starts - 1)
    scan_part(h, lo + 8 * (uint32_t)__builtin_ctzll(starts), lo, hi);
}

/* Card bytes of used lines are 0 or 1, of others 0. A block has two cache lines of them. */
static void scan_cards(struct gc_heap *h) {
  for (uint32_t line = OLD_FIRST_BLOCK * BLOCK_LINES; line < h->end_block * BLOCK_LINES; line += 64) {
    uint64_t cards[8], any = 0;
    memcpy(cards, h->cards + line, sizeof cards);
    for (uint32_t i = 0; i < 8; i++)
      any |= cards[i];
    if (!any) continue;
    for (uint32_t i = 0; i < 64; i++) {
      if (!h->cards[line + i]) continue;
      scan_line(h, line + i);
      drain(h);
    }
  }
}

static void scan_survivors(struct gc_heap *h) {
  const struct bump *survivors = &h->survivors[1 - h->from];
  for (uint32_t ref = survivors->end - h->survivor_size; ref < survivors->at;) {
    const struct object_type *t = type_at(h, *word_at(h, ref));
    object_slots(h, ref, t, 0, UINT32_MAX, visit_slot, visit_cont, false);
    ref += object_size(h, ref, t);
  }
}

static void trace_all(struct gc_heap *h) {
  struct gc_visitor v = {.heap = h, .phase = PHASE_MINOR};
  scan_cards(h);
  h->calls->visit_roots(h->host, &v);
  drain(h);
  while (h->stack.overflowed || h->survivors_overflowed) {
    if (h->survivors_overflowed) {
      h->survivors_overflowed = false;
      scan_survivors(h);
      drain(h);
    }
    if (h->stack.overflowed) {
      h->stack.overflowed = false;
      scan_cards(h);
    }
  }
}

static void empty(struct gc_heap *h, uint32_t from, uint32_t to) {
  if (h->flags & GC_POISON) space_poison(h, from, to);
}

void collect_minor(struct gc_heap *h, bool promote_all) {
  assert(h->phase == PHASE_NONE && h->stack.len == 0);
  struct bump *from = &h->survivors[h->from];
  uint32_t top = *nursery_top(h), first = from->end - h->survivor_size, survived_once = from->at - first;
  h->phase = PHASE_MINOR;
  h->aging = !promote_all && h->no_aging == 0;
  h->aged_size = 0;
  h->from_start = h->from == 0 ? first : h->eden.at;
  h->from_size = (h->from == 0 ? top : from->at) - h->from_start;
  h->stats.allocated_size += top - h->eden.at;
  trace_all(h);
  box_sweep_young(h);
  if (h->calls->sweep) h->calls->sweep(h->host, h);
  empty(h, h->eden.at, top);
  empty(h, first, from->at);
  *nursery_top(h) = h->eden.at;
  from->at = first;
  h->from = 1 - h->from;
  /* Where most of what survived once survives again, the second copy was for nothing. */
  if (h->no_aging)
    h->no_aging--;
  else if (survived_once > h->survivor_size / 4 && h->aged_size > survived_once / 8 * 5)
    h->no_aging = NO_AGING_ROUNDS;
  h->phase = PHASE_NONE;
}
