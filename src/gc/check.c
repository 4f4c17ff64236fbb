/* Walks the whole heap and all roots and says the first thing that is not as it must be.
 *
 * In: the heap at a safepoint, outside a collection.  Out: NULL, or which invariant is broken and where.
 * Takes no memory: the start bits of the young part, which nobody else uses, are set for the walk.  Must not:
 * trust anything in the heap before it has looked at it. */
#include "gc/space.h"
#include "gc/trace.h"
#include "gc/type.h"

static void complain(struct gc_visitor *v, const char *wrong, uint32_t ref) {
  if (v->wrong) return;
  v->wrong = wrong;
  v->wrong_ref = ref;
}

static const char *ref_wrong(const struct gc_heap *h, uint32_t ref) {
  if (!ref_is_object(ref)) return NULL;
  if (ref % OBJECT_ALIGN || ref < YOUNG_FIRST) return "a reference that is no object's";
  if (ref_is_young(ref)) {
    if (ref >= h->survivors[1].end || !has_start(h, ref)) return "a reference to no young object";
  } else if (h->state[block_of(ref)] != BLOCK_USED || !has_start(h, ref)) {
    return "a reference to no old object";
  }
  return NULL;
}

void check_visit(struct gc_visitor *v, uint32_t *slot) {
  const char *wrong = ref_wrong(v->heap, *slot);
  if (wrong) complain(v, wrong, *slot);
  v->met_young |= ref_is_young(*slot);
}

static bool card_of(const struct gc_heap *h, uint32_t off) { return h->cards[line_of(off)] != 0; }

static void check_slot(struct gc_heap *h, uint32_t *slot, bool old) {
  uint32_t off = (uint32_t)((uint8_t *)slot - h->base);
  check_visit(h->checking, slot);
  if (!h->checking->wrong && ref_is_object(*slot) && !type_is_valid(h, *word_at(h, *slot)))
    complain(h->checking, "a reference to an object without a valid type", *slot);
  if (old && ref_is_young(*slot) && !card_of(h, off))
    complain(h->checking, "an old object leads to a young one from an unmarked card", off);
}
static void check_cont(struct gc_heap *h, uint32_t cont, bool old) {
  uint64_t stack;
  uint32_t off = cont + offsetof(struct object_cont, stack);
  memcpy(&stack, h->base + off, sizeof stack);
  if (!stack) return;
  if (!h->calls->visit_stack) {
    complain(h->checking, "a continuation without visit_stack", cont);
    return;
  }
  h->checking->met_young = false;
  h->calls->visit_stack(h->host, stack, h->checking);
  if (old && h->checking->met_young && !card_of(h, off))
    complain(h->checking, "an old continuation's stack leads to a young object, its card is unmarked", cont);
}

/* The slots first, so that the host may follow them. */
static void check_slots(struct gc_heap *h, uint32_t ref, const struct object_type *t, bool old) {
  object_slots(h, ref, t, 0, UINT32_MAX, check_slot, check_cont, old);
  const char *wrong =
      h->checking->wrong || !h->calls->check_object ? NULL : h->calls->check_object(h->host, ref);
  if (wrong) complain(h->checking, wrong, ref);
}

/* The size, or 0 when there is no whole object before `end`. */
static uint32_t check_head(struct gc_heap *h, uint32_t ref, uint64_t end) {
  uint32_t head = *word_at(h, ref);
  if (!type_is_valid(h, head)) {
    complain(h->checking, "an object without a valid type", ref);
    return 0;
  }
  const struct object_type *t = type_at(h, head);
  uint64_t size = t->kind == OBJECT_ARRAY ? array_size(t->elem_log2, *word_at(h, ref + OBJECT_LEN)) : t->size;
  if (size < OBJECT_ALIGN || size > end - ref) {
    complain(h->checking, "an object that is larger than its place", ref);
    return 0;
  }
  return (uint32_t)size;
}

/* Objects side by side in [at, end). First their starts are noted, then their slots are looked at. */
static void note_young(struct gc_heap *h, uint32_t at, uint32_t end) {
  while (at < end) {
    uint32_t size = check_head(h, at, end);
    if (!size) return;
    h->starts[line_of(at)] |= start_bit(at);
    at += size;
  }
}
static void check_young(struct gc_heap *h, uint32_t at, uint32_t end) {
  while (at < end) {
    const struct object_type *t = type_at(h, *word_at(h, at));
    check_slots(h, at, t, false);
    at += object_size(h, at, t);
  }
}

static void check_object(struct gc_heap *h, uint32_t ref, uint32_t *past) {
  uint32_t block = block_of(ref);
  bool covers = h->blocks[block].cover == ref;
  uint64_t end = covers ? (uint64_t)h->end_block << BLOCK_SHIFT : (uint64_t)(block + 1) << BLOCK_SHIFT;
  if (ref < *past) complain(h->checking, "two objects in one place", ref);
  uint32_t size = check_head(h, ref, end);
  if (!size) return;
  *past = ref + size;
  for (uint32_t line = line_of(ref); line <= line_of(ref + size - 1); line++)
    if (!h->lines[line]) complain(h->checking, "an object in a line that is not marked as used", ref);
  for (uint32_t b = block; covers && b <= block_of(ref + size - 1); b++)
    if (h->blocks[b].cover != ref) complain(h->checking, "a large object that does not own its blocks", ref);
  check_slots(h, ref, type_at(h, *word_at(h, ref)), true);
}

static bool poisoned(const struct gc_heap *h, uint32_t from, uint32_t to) {
  for (; from < to; from += 8) {
    uint64_t word;
    memcpy(&word, h->base + from, sizeof word);
    if (word != UINT64_C(0xd5d5d5d5d5d5d5d5)) return false;
  }
  return true;
}

static void check_line(struct gc_heap *h, uint32_t block, uint32_t line, uint32_t *used) {
  *used += h->lines[line] != 0;
  if (h->lines[line] > 1 || h->cards[line] > 1)
    complain(h->checking, "a mark that is neither 0 nor 1", line << LINE_SHIFT);
  if (h->lines[line]) return;
  uint32_t at = line << LINE_SHIFT;
  if (h->starts[line]) complain(h->checking, "an object begins in a free line", at);
  if (h->cards[line]) complain(h->checking, "a free line has a marked card", at);
  if (h->state[block] != BLOCK_NONE && h->flags & GC_POISON && !poisoned(h, at, at + LINE_SIZE))
    complain(h->checking, "free memory was written to", at);
}

static void check_block(struct gc_heap *h, uint32_t block, uint32_t *past) {
  uint32_t used = 0;
  for (uint32_t line = block * BLOCK_LINES; line < (block + 1) * BLOCK_LINES; line++) {
    check_line(h, block, line, &used);
    for (uint64_t starts = h->starts[line]; starts && !h->checking->wrong; starts &= starts - 1)
      check_object(h, (line << LINE_SHIFT) + 8 * (uint32_t)__builtin_ctzll(starts), past);
  }
  if (used != h->blocks[block].used_lines)
    complain(h->checking, "a block's count of used lines", block << BLOCK_SHIFT);
  if ((h->state[block] == BLOCK_FREE) != (used == 0))
    complain(h->checking, "a block that is free and used", block << BLOCK_SHIFT);
}

static void check_old(struct gc_heap *h) {
  uint32_t past = 0, nfree = 0;
  uint64_t live = 0;
  for (uint32_t block = OLD_FIRST_BLOCK; block < h->end_block && !h->checking->wrong; block++) {
    nfree += h->state[block] == BLOCK_FREE;
    live += h->blocks[block].live;
    check_block(h, block, &past);
  }
  if (h->checking->wrong) return;
  if (nfree != h->nfree) complain(h->checking, "the count of free blocks", h->nfree);
  if (live != h->old_size) complain(h->checking, "the sum of the blocks' objects", (uint32_t)live);
}

static void check_words(struct gc_heap *h) {
  uint32_t top = *nursery_top(h), end = *nursery_end(h);
  if (top < h->eden.at || top > h->eden_limit || h->eden_limit > h->eden.end)
    complain(h->checking, "the nursery's top is outside it", top);
  if (end != h->eden_limit && end != 0)
    complain(h->checking, "the nursery's end is not where it was put", end);
  if (h->flags & GC_POISON && !poisoned(h, top, h->eden.end))
    complain(h->checking, "free memory of the nursery was written to", top);
}

const char *gc_verify(struct gc_heap *h, uint32_t *ref) {
  assert(h->phase == PHASE_NONE);
  struct gc_visitor v = {.heap = h, .phase = PHASE_CHECK};
  const struct bump *survivors = &h->survivors[h->from];
  uint32_t first = survivors->end - h->survivor_size;
  h->checking = &v;
  check_words(h);
  if (!v.wrong) {
    note_young(h, first, survivors->at);
    note_young(h, h->eden.at, *nursery_top(h));
  }
  if (!v.wrong) check_young(h, first, survivors->at);
  if (!v.wrong) check_young(h, h->eden.at, *nursery_top(h));
  if (!v.wrong) check_old(h);
  if (!v.wrong) h->calls->visit_roots(h->host, &v);
  h->checking = NULL;
  memset(h->starts + line_of(YOUNG_FIRST), 0, (line_of(h->survivors[1].end) - line_of(YOUNG_FIRST)) * 8);
  if (v.wrong && ref) *ref = v.wrong_ref;
  return v.wrong;
}
