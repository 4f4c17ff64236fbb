/* Bump arenas: the owner of nearly all compile-time memory.
 *
 * In: sizes.  Out: memory that lives until arena_release to an earlier mark, or arena_free.  Running out of
 * memory jumps to `arena->on_oom`, which the one function that owns the arena (decode, parse, validate,
 * compile_func) has set with setjmp; everything it holds lives in the arena, so nothing leaks.  Freed and
 * fresh parts are poisoned under ASan. Must not: free single
 * objects, but for very large ones (arena_drop), so that arrays which double do not add up. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/check.h"
#include "base/slice.h"

#include <setjmp.h>

struct arena_chunk;
/* Where an arena that has grown gets its next chunks, instead of the heap: blocks of one size. */
struct arena_source {
  size_t size;
  void *(*take)(void); /* aligned to 16; NULL: there is none */
  void (*give)(void *at);
};
struct arena {
  struct arena_chunk *chunk; /* newest */
  struct arena_chunk *spare; /* released ones, kept for the next need */
  uint8_t *at, *end;
  const struct arena_source *source; /* NULL: the heap only */
  bool source_first;                 /* already the first chunk comes from it */
  jmp_buf *on_oom;                   /* must be set before the first allocation */
  size_t total;                      /* bytes in chunks, the spare ones included */
  size_t limit;                      /* bytes in chunks that may not be passed (then on_oom); 0 = none */
  bool limited;                      /* an allocation failed because of it */
};
struct arena_mark {
  struct arena_chunk *chunk;
  uint8_t *at;
};

void arena_init(struct arena *a, jmp_buf *on_oom);
/* For an arena without chunks that may hold some `expected` bytes at once: from an eighth of a block of the
 * source on its chunks are such blocks. */
void arena_use(struct arena *a, const struct arena_source *source, size_t expected);
void arena_free(struct arena *a); /* the arena may be used again afterwards */
struct arena_mark arena_mark(const struct arena *a);
void arena_release(struct arena *a, struct arena_mark m);
/* Never returns NULL. Aligned to 16. Not zeroed / zeroed. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_zalloc(struct arena *a, size_t count, size_t size);
void *arena_copy(struct arena *a, const void *data, size_t size);
struct slice arena_slice(struct arena *a, struct slice s); /* copy of the bytes */
/* Grows an array that was allocated from this arena; in place when it is the newest allocation, by its pages
 * when it has a chunk for itself. */
void *arena_grow(struct arena *a, void *old, size_t old_size, size_t new_size);
/* Gives an allocation back to the heap before its time, if it is so large that it has a chunk for itself and
 * no mark points behind it; else nothing happens. */
void arena_drop(struct arena *a, void *p, size_t size);
/* The same for its end: the allocation has `new_size` bytes from here on, at the address that is returned.
 * Where that would leave it small, or a mark points behind it, nothing happens. */
void *arena_trim(struct arena *a, void *p, size_t *size, size_t new_size);
MUST_USE bool arena_try_reserve(struct arena *a, size_t size); /* false instead of the jump */
_Noreturn void arena_out_of_memory(struct arena *a);

#define ARENA_NEW(a, type)          ((type *)arena_zalloc((a), 1, sizeof(type)))
#define ARENA_ARRAY(a, type, count) ((type *)arena_zalloc((a), (count), sizeof(type)))

#endif
