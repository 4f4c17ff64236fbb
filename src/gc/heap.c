/* The heap: its reservation, allocation, and when to collect.
 *
 * The rule that everything leans on: eden is never larger than what the free blocks can take in, whatever the
 * objects' sizes (prepare).  So a collection never runs out of memory half way, and what fails at the limit
 * is an allocation, cleanly.  Must not: know what an object holds. */
#include "gc/box.h"
#include "gc/space.h"
#include "gc/stats.h"
#include "gc/trace.h"
#include "gc/type.h"

#include "base/alloc.h"
#include "os/clock.h"
#include "os/vm.h"

#include <stdio.h>
#include <stdlib.h>

/* Where the tables stand, below the base. */
#define TABLE_STARTS (-(ptrdiff_t)0x15000000)
#define TABLE_LINES  (-(ptrdiff_t)0x15800000)
#define FRONT_SIZE   ((size_t)0x15800000)
#define HEAP_SIZE    ((size_t)BLOCK_COUNT << BLOCK_SHIFT)
#define GUARD_SIZE   ((size_t)1 << 20) /* past any reference plus any field's offset */
static_assert(GC_TYPES - TABLE_STARTS == BLOCK_COUNT * BLOCK_LINES * 8, "start bits end where types begin");
static_assert(GC_CARDS - GC_TYPES == GC_TYPES_SIZE, "types end where cards begin");
static_assert(GC_CARDS + BLOCK_COUNT * BLOCK_LINES < 0, "cards end below the base");

enum {
  SIZE_MIN = 1 << 20,
  NURSERY_MIN = 1 << 14,
  NURSERY_DEFAULT = 4 << 20,
  NURSERY_STRESS =
      1 << 16, /* collected at each allocation: a larger one would only be looked at and poisoned */
  WORDS_SIZE = 4096,
  STACK_START = 1024
};

/* Bytes of what survived the last collection and is still young. */
static uint32_t survived(const struct gc_heap *h) {
  return h->survivors[h->from].at - (h->survivors[h->from].end - h->survivor_size);
}
static uint64_t used_size(const struct gc_heap *h) {
  return h->old_size + survived(h) + (*nursery_top(h) - h->eden.at);
}

/* Eden for the next round, as large as the free blocks allow; false: not as large as it should be. */
static bool prepare(struct gc_heap *h) {
  uint32_t survivors = survived(h);
  uint32_t whole = h->eden_size, room = whole;
  bool enough = space_reserve(h, space_blocks_for(whole + survivors));
  if (!enough) {
    uint32_t takes = space_bytes_in(h->nfree);
    room = takes > survivors ? min_u32(takes - survivors, whole) & ~7u : 0;
    if (room < whole / 16) room = 0; /* a collection for so little would be most of the work */
  }
  h->eden_limit = h->eden.at + room;
  *nursery_end(h) = h->flags & GC_STRESS_COLLECT ? 0 : h->eden_limit;
  return enough;
}

/* While most of what is allocated survives, half the nursery gives half the pause at the same cost. By bytes
 * and not by time, so that a run can be repeated. */
static void adapt(struct gc_heap *h) {
  uint32_t whole = h->eden.end - h->eden.at;
  if (h->moved_size > whole / 2)
    h->eden_size = whole / 2;
  else if (h->moved_size < whole / 8)
    h->eden_size = whole;
}

static void verify_or_abort(struct gc_heap *h, const char *when) {
  uint32_t ref;
  const char *wrong = h->flags & GC_VERIFY ? gc_verify(h, &ref) : NULL;
  if (!wrong) return;
  (void)fprintf(stderr, "heap check %s a collection: %s (at %#x)\n", when, wrong, ref);
  abort();
}

void gc_collect(struct gc_heap *h, enum gc_kind kind) {
  assert(h->phase == PHASE_NONE);
  verify_or_abort(h, "before");
  uint64_t start = clock_monotonic_ns();
  uint64_t before = used_size(h);
  h->moved_size = 0;
  if (kind == GC_MINOR && h->old_size + h->charged >= h->next_major) kind = GC_MAJOR;
  collect_minor(h, kind != GC_MINOR);
  adapt(h);
  if (kind != GC_MINOR) collect_major(h, kind);
  if (!prepare(h) && kind == GC_MINOR) {
    kind = GC_MAJOR;
    collect_minor(h, true);
    collect_major(h, kind);
    (void)prepare(h);
  }
  struct gc_event event = {.kind = kind,
                           .ns = clock_monotonic_ns() - start,
                           .before_size = before,
                           .after_size = used_size(h),
                           .moved_size = h->moved_size};
  stats_add(h, &event);
  verify_or_abort(h, "after");
  if (h->calls->event) h->calls->event(h->host, &event);
  box_finalize(h);
}

void gc_charge(struct gc_heap *h, uint64_t size) {
  if (!add_u64(h->charged, size, &h->charged)) h->charged = UINT64_MAX / 2;
  if (h->old_size + h->charged >= h->next_major)
    *nursery_end(h) = 0; /* the next allocation comes to gc_alloc */
}

static uint32_t eden_alloc(struct gc_heap *h, uint32_t size) {
  uint32_t top = *nursery_top(h);
  if (h->eden_limit - top < size) return 0;
  *nursery_top(h) = top + size;
  return top;
}

/* Old from birth. Stores that initialize it mark no cards, so all its cards are marked here. */
static uint32_t old_alloc(struct gc_heap *h, uint32_t size, const struct object_type *t) {
  uint32_t young = h->eden_limit - h->eden.at + h->survivor_size;
  uint32_t ref = space_alloc_large(h, size, space_blocks_for(young));
  if (!ref) return 0;
  h->blocks[block_of(ref)].live += size;
  h->old_size += size;
  h->stats.allocated_size += size;
  if (type_has_refs(t)) gc_stored_refs(h->base, ref, 0, size);
  return ref;
}

static uint32_t try_alloc(struct gc_heap *h, uint32_t size, const struct object_type *t) {
  bool large = size > OBJECT_INLINE_MAX || size > h->eden_size;
  return large ? old_alloc(h, size, t) : eden_alloc(h, size);
}

uint32_t gc_alloc(struct gc_heap *h, uint32_t head, uint32_t len) {
  const struct object_type *t = type_at(h, head);
  assert(h->phase == PHASE_NONE && head < h->types_used && t->kind != 0);
  uint64_t size = t->kind == OBJECT_ARRAY ? array_size(t->elem_log2, len) : t->size;
  if (size > (uint64_t)(h->max_block - OLD_FIRST_BLOCK) << BLOCK_SHIFT) return 0;
  bool large = size > OBJECT_INLINE_MAX;
  if (h->flags & GC_STRESS_COLLECT)
    gc_collect(h, ++h->stress_count % 16 ? GC_MINOR : GC_FULL);
  else if (h->old_size + h->charged + (large ? size : 0) >= h->next_major && h->old_size + h->charged > 0)
    gc_collect(h, GC_MAJOR);
  uint32_t ref = try_alloc(h, (uint32_t)size, t);
  for (enum gc_kind kind = large ? GC_MAJOR : GC_MINOR; !ref && kind <= GC_FULL; kind++) {
    gc_collect(h, kind);
    ref = try_alloc(h, (uint32_t)size, t);
  }
  if (!ref) return 0;
  memset(h->base + ref, 0, size);
  *word_at(h, ref) = head;
  if (t->kind == OBJECT_ARRAY) *word_at(h, ref + OBJECT_LEN) = len;
  return ref;
}

uint32_t gc_alloc_extern(struct gc_heap *h, void *data, void (*finalizer)(void *)) {
  uint32_t ref = gc_alloc(h, OBJECT_TYPE_EXTERN, 0);
  if (!ref || !box_reserve(h)) return 0;
  struct object_extern *box = (struct object_extern *)(void *)(h->base + ref);
  box->data = data;
  box->finalizer = finalizer;
  box_register(h, ref);
  return ref;
}

uint8_t *gc_base(const struct gc_heap *h) { return h->base; }

/* Sizes of the young part, and how many blocks the limit leaves. */
static void divide(struct gc_heap *h, const struct gc_config *config) {
  uint64_t max = config->max_size ? max_u64(config->max_size, SIZE_MIN) : HEAP_SIZE;
  uint32_t page = (uint32_t)vm_page_size();
  uint32_t usual = h->flags & GC_STRESS_COLLECT ? NURSERY_STRESS : NURSERY_DEFAULT;
  uint64_t nursery = config->nursery_size ? config->nursery_size : min_u64(usual, max / 16);
  nursery = min_u64(max_u64(nursery, NURSERY_MIN), min_u64(NURSERY_MAX, max / 8));
  uint32_t eden = (uint32_t)align_up(nursery, page),
           survivors = (uint32_t)align_up(min_u32(eden / 4, 3 << 20), page);
  h->survivor_size = survivors;
  h->survivors[0] = (struct bump){YOUNG_FIRST, YOUNG_FIRST + survivors};
  h->eden = (struct bump){YOUNG_FIRST + survivors, YOUNG_FIRST + survivors + eden};
  h->eden_size = eden;
  h->survivors[1] = (struct bump){h->eden.end, h->eden.end + survivors};
  assert(h->survivors[1].end <= OLD_FIRST);
  uint64_t blocks = (max - eden - 2 * survivors) >> BLOCK_SHIFT;
  /* The last block of the 4 GiB stays unused, so that the end of an object is a 32-bit number. */
  h->end_block = h->free_hint = h->hole_block = OLD_FIRST_BLOCK;
  h->max_block = (uint32_t)min_u64(OLD_FIRST_BLOCK + blocks, BLOCK_COUNT - 1);
  h->next_major = max_u64(32 << 20, 8 * (uint64_t)eden);
}

static bool make(struct gc_heap *h) {
  uint8_t *front = vm_reserve(FRONT_SIZE + HEAP_SIZE + GUARD_SIZE, (size_t)2 << 20);
  if (!front) return false;
  h->base = front + FRONT_SIZE;
  h->cards = h->base + GC_CARDS;
  h->lines = h->base + TABLE_LINES;
  h->starts = (uint64_t *)(void *)(h->base + TABLE_STARTS);
  h->types = h->base + GC_TYPES;
  size_t words = vm_page_up(WORDS_SIZE);
  if (!vm_commit(h->base - words, words)) return false;
  memcpy(h->base + GC_SELF, &h, sizeof h);
  if (!space_commit(h, YOUNG_FIRST, vm_page_up(h->survivors[1].end))) return false;
  /* The start bits of the young part are gc_verify's, those before the first block nobody's. */
  if (!space_commit(h, OLD_FIRST, OLD_FIRST)) return false;
  h->blocks = mem_zalloc(BLOCK_COUNT, sizeof *h->blocks);
  h->state = mem_zalloc(BLOCK_COUNT, 1);
  h->evacuate = mem_zalloc(BLOCK_COUNT, 1);
  h->stack.cap = h->stack.max = h->flags & GC_TINY_STACK ? 8 : STACK_START;
  if (!(h->flags & GC_TINY_STACK)) h->stack.max = MARK_STACK_MAX;
  h->stack.at = mem_alloc(h->stack.cap * sizeof *h->stack.at);
  if (!h->blocks || !h->state || !h->evacuate || !h->stack.at || !type_init(h)) return false;
  if (h->flags & GC_POISON) space_poison(h, YOUNG_FIRST, h->survivors[1].end);
  *nursery_top(h) = h->eden.at;
  return prepare(h);
}

struct gc_heap *gc_new(const struct gc_config *config, const struct gc_host *calls, void *host) {
  assert(calls->visit_roots);
  struct gc_heap *h = mem_zalloc(1, sizeof *h);
  if (!h) return NULL;
  h->calls = calls;
  h->host = host;
  h->flags = config->flags;
  divide(h, config);
  if (make(h)) return h;
  gc_delete(h);
  return NULL;
}

void gc_delete(struct gc_heap *h) {
  if (!h) return;
  box_delete(h);
  if (h->base) vm_release(h->base - FRONT_SIZE, FRONT_SIZE + HEAP_SIZE + GUARD_SIZE);
  mem_free(h->blocks);
  mem_free(h->state);
  mem_free(h->evacuate);
  mem_free(h->stack.at);
  mem_free(h);
}
