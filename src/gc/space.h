/* The old part of the heap: blocks, lines, and who may be allocated where. */
#ifndef GC_SPACE_H
#define GC_SPACE_H

#include "gc/heap.h"

/* Commits memory and side tables for heap bytes [from, to); false: memory is out. */
MUST_USE bool space_commit(struct gc_heap *h, uint32_t from, uint64_t to);
/* Makes sure that n blocks are free, committing more where it must; false: limit or memory. */
MUST_USE bool space_reserve(struct gc_heap *h, uint32_t n);
/* Free blocks that hold `size` bytes of objects in the worst case; the inverse rounds down. */
uint32_t space_blocks_for(uint32_t size);
uint32_t space_bytes_in(uint32_t nblocks);

/* Room for an object up to OBJECT_INLINE_MAX bytes; its start bit is set. 0: no block is free. */
uint32_t space_alloc(struct gc_heap *h, uint32_t size);
/* A run of blocks for an object of any size, keeping `reserve` blocks free. 0: limit or memory. */
MUST_USE uint32_t space_alloc_large(struct gc_heap *h, uint32_t size, uint32_t reserve);

/* A major collection: before marking (start bits and lines are cleared), and after it. */
void space_begin_mark(struct gc_heap *h, enum gc_kind kind);
void space_mark_lines(struct gc_heap *h, uint32_t ref,
                      uint32_t size); /* of an object that lives; counts it, too */
void space_end_mark(struct gc_heap *h);

/* The object that holds the byte before line `line` and may reach into it; 0 = none. */
uint32_t space_object_before(const struct gc_heap *h, uint32_t line);

void space_poison(struct gc_heap *h, uint32_t from, uint32_t to);

#endif
