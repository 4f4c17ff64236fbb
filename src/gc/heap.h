/* struct gc_heap, for the files of gc/ only.
 *
 * The reservation, low to high: line marks, start bits, type descriptors, cards, one page of words, base: the
 * young part (survivors a, eden, survivors b), the old part (blocks of 64 KiB), a guard.  The unit of all
 * side tables is the line, 512 bytes: one card byte, one line mark, one 64-bit word of start bits.
 *
 *   start bit  set for each old object, at its first 8 bytes; a major collection clears them and marks with
 * them line mark  1: in use, 0: may be allocated into (old part only) card       1: a reference was stored
 * here since the last collection (old part; ignored in the young one) */
#ifndef GC_HEAP_H
#define GC_HEAP_H

#include "gc/gc.h"

#include <string.h>

enum {
  LINE_SHIFT = GC_CARD_SHIFT,
  LINE_SIZE = 1 << LINE_SHIFT,
  BLOCK_SHIFT = 16,
  BLOCK_SIZE = 1 << BLOCK_SHIFT,
  BLOCK_LINES = BLOCK_SIZE / LINE_SIZE,
  BLOCK_COUNT = 65536, /* in 4 GiB */
  YOUNG_FIRST = GC_FIRST,
  OLD_FIRST = 32 << 20,
  OLD_FIRST_BLOCK = OLD_FIRST >> BLOCK_SHIFT,
  NURSERY_MAX = 24 << 20,
  MARK_STACK_MAX =
      1 << 24,         /* entries; past it, and where memory is out, cards remember what is to be scanned */
  PAUSE_FINE_LOG2 = 5, /* a power of two of nanoseconds has so many counters */
  PAUSE_COUNTERS = (64 - PAUSE_FINE_LOG2 + 1) << PAUSE_FINE_LOG2,
};
static_assert(LINE_SIZE / OBJECT_ALIGN == 64, "a line has one word of start bits");

struct bump {
  uint32_t at, end;
};
struct block {
  uint32_t live;  /* bytes of objects that begin here, at most; exact after a major collection */
  uint32_t cover; /* the large object that holds the block's first byte, 0 = none */
  uint32_t used_lines;
};
enum block_state { BLOCK_NONE /* not committed */, BLOCK_FREE, BLOCK_USED };

enum gc_phase { PHASE_NONE, PHASE_MINOR, PHASE_MAJOR, PHASE_CHECK };
struct gc_visitor {
  struct gc_heap *heap;
  enum gc_phase phase;
  bool met_young;    /* PHASE_MINOR, PHASE_CHECK: a slot now leads to a young object */
  const char *wrong; /* PHASE_CHECK */
  uint32_t wrong_ref;
};

struct ref_list {
  uint32_t *at;
  uint32_t len, cap;
};
struct dead_box {
  void *data;
  void (*finalizer)(void *);
};

/* A histogram: counters of equal width within each power of two. */
struct pause_counts {
  uint32_t at[PAUSE_COUNTERS];
  uint64_t count, max_ns, total_ns;
};

struct gc_heap {
  uint8_t *base;
  uint8_t *cards;   /* by line */
  uint8_t *lines;   /* by line */
  uint64_t *starts; /* by line */
  const uint8_t *types;

  /* Young part. Between collections survivors stand in `from`, and eden holds [eden.at, top). */
  struct bump eden;    /* all of it */
  uint32_t eden_size;  /* how much of it is to be used */
  uint32_t eden_limit; /* how far it may be filled: at most eden.end */
  struct bump survivors[2];
  uint32_t from; /* which of the two holds objects; `at` is where they end, start is fixed */
  uint32_t survivor_size;
  uint32_t from_start, from_size; /* a minor collection empties [from_start, + from_size) */
  bool aging;                     /* survivors stay young once */
  uint32_t no_aging;              /* minor collections until aging is tried again */
  uint32_t aged_size; /* bytes that this minor collection promoted because they had survived one before */

  /* Old part. */
  struct block *blocks; /* by block number, BLOCK_COUNT */
  uint8_t *state;       /* enum block_state */
  uint8_t *evacuate;    /* 1: this major collection empties the block */
  uint32_t end_block;   /* first one that is not committed */
  uint32_t max_block;   /* that never will be */
  uint32_t nfree;
  uint32_t free_hint;             /* no free block below */
  struct bump small, medium;      /* where promoted objects go */
  uint32_t hole_block, hole_line; /* next place to look for a hole */
  bool holes_closed;              /* a major collection: free blocks only */
  bool evacuating;
  uint64_t old_size;   /* bytes of old objects, at most */
  uint64_t next_major; /* old_size + charged from which on a major collection is due */
  uint64_t charged;
  uint64_t committed_aux; /* heap offset up to which cards, lines and start bits are committed */

  uint32_t types_used, types_committed;

  struct {
    uint32_t *at;
    uint32_t len, cap, max;
    bool overflowed; /* some objects to scan are only known by their cards */
  } stack;
  bool survivors_overflowed;

  struct ref_list young_boxes, old_boxes;
  struct {
    struct dead_box *at;
    uint32_t len, cap; /* cap is at least the number of boxes alive: dying needs no memory */
  } dead;

  const struct gc_host *calls;
  void *host;
  uint32_t flags, stress_count;
  enum gc_phase phase;
  struct gc_visitor *checking; /* gc_verify's, while it walks */
  struct gc_stats stats;
  uint64_t moved_size;
  struct pause_counts minor_pauses, major_pauses;
};

/* The words that compiled code reads and writes. */
static inline uint32_t *nursery_top(const struct gc_heap *h) {
  return (uint32_t *)(void *)(h->base + GC_TOP);
}
static inline uint32_t *nursery_end(const struct gc_heap *h) {
  return (uint32_t *)(void *)(h->base + GC_END);
}

static inline const struct object_type *type_at(const struct gc_heap *h, uint32_t head) {
  return (const struct object_type *)(const void *)(h->types + head);
}
static inline bool type_has_refs(const struct object_type *t) {
  return t->refs != 0 || t->nref_list != 0 || t->kind == OBJECT_CONT;
}
static inline uint32_t *word_at(const struct gc_heap *h, uint32_t off) {
  return (uint32_t *)(void *)(h->base + off);
}
/* Of an existing object, so it is less than 4 GiB. */
static inline uint32_t object_size(const struct gc_heap *h, uint32_t ref, const struct object_type *t) {
  if (t->kind != OBJECT_ARRAY) return t->size;
  return (uint32_t)array_size(t->elem_log2, *word_at(h, ref + OBJECT_LEN));
}
static inline bool ref_is_young(uint32_t ref) {
  return !ref_is_i31(ref) && ref - YOUNG_FIRST < (uint32_t)OLD_FIRST - YOUNG_FIRST;
}
static inline uint32_t block_of(uint32_t off) { return off >> BLOCK_SHIFT; }
static inline uint32_t line_of(uint32_t off) { return off >> LINE_SHIFT; }
static inline uint64_t start_bit(uint32_t ref) { return UINT64_C(1) << (ref >> 3 & 63); }
static inline bool has_start(const struct gc_heap *h, uint32_t ref) {
  return (h->starts[line_of(ref)] & start_bit(ref)) != 0;
}

/* A moved object's head is its new reference with the lowest bit set; types are multiples of 8. */
static inline bool head_is_forward(uint32_t head) { return (head & 1) != 0; }

#endif
