/* Arenas: a list of chunks, each twice the last up to a cap, and a bump pointer into the newest.
 *
 * What a release leaves empty is kept up to a bound, not given back: the next function would have the system
 * clear the same pages again.
 *
 * Under ASan all free bytes are poisoned and a poisoned red zone follows each allocation, so that overruns
 * are found here as they would be with malloc. */
#include "base/arena.h"

#include "base/alloc.h"

#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define ARENA_ASAN 1
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define RED_ZONE          ((size_t)16)
#define poison(p, size)   ASAN_POISON_MEMORY_REGION(p, size)
#define unpoison(p, size) ASAN_UNPOISON_MEMORY_REGION(p, size)
#else
#define RED_ZONE          ((size_t)0)
#define poison(p, size)   ((void)(p), (void)(size))
#define unpoison(p, size) ((void)(p), (void)(size))
#endif

enum { ALIGN = 16 };
#define CHUNK_FIRST ((size_t)4096)
#define CHUNK_MOST  ((size_t)1 << 20) /* larger ones only for a single allocation that needs it */
#define SPARE_MOST  ((size_t)8 << 20) /* bytes of chunks kept for the next need */
#define SIZE_MOST   (SIZE_MAX / 4)    /* so that rounding and headers cannot wrap */

struct arena_chunk {
  _Alignas(ALIGN) struct arena_chunk *older;
  size_t size; /* whole, this head included */
  bool marked; /* an arena_mark names it */
  bool block;  /* of the arena's source */
  bool alone;  /* it holds one allocation, at its beginning, and is below the newest */
};

static uint8_t *chunk_data(struct arena_chunk *c) { return (uint8_t *)(c + 1); }
static uint8_t *chunk_end(struct arena_chunk *c) { return (uint8_t *)c + c->size; }
static size_t footprint(size_t size) { return align_up(size, ALIGN) + RED_ZONE; }

void arena_init(struct arena *a, jmp_buf *on_oom) { *a = (struct arena){.on_oom = on_oom}; }

static void chunk_free(struct arena *a, struct arena_chunk *c) {
  a->total -= c->size;
  unpoison(chunk_data(c), (size_t)(chunk_end(c) - chunk_data(c)));
  if (c->block)
    a->source->give(c);
  else
    mem_free(c);
}

void arena_use(struct arena *a, const struct arena_source *source, size_t expected) {
  assert(!a->chunk && !a->spare && source->size > CHUNK_MOST);
  a->source = source;
  a->source_first = expected >= source->size / 8;
}

static void spare_free(struct arena *a) {
  for (struct arena_chunk *c = a->spare, *older; c; c = older) {
    older = c->older;
    chunk_free(a, c);
  }
  a->spare = NULL;
}

static bool spare_has_room(const struct arena *a, size_t more) {
  for (const struct arena_chunk *c = a->spare; c; c = c->older)
    more += c->size;
  return more <= SPARE_MOST;
}

/* Keeps the large chunks, or the largest that there is, so that mark and release in a loop do not go to the
 * heap each time. */
static void chunk_retire(struct arena *a, struct arena_chunk *c) {
  poison(chunk_data(c), (size_t)(chunk_end(c) - chunk_data(c)));
  if (a->spare && a->spare->size < CHUNK_MOST && c->size > a->spare->size) spare_free(a);
  if (a->spare && (c->size < CHUNK_MOST || !spare_has_room(a, c->size))) {
    chunk_free(a, c);
    return;
  }
  c->older = a->spare;
  a->spare = c;
}

void arena_free(struct arena *a) {
  for (struct arena_chunk *c = a->chunk, *older; c; c = older) {
    older = c->older;
    chunk_free(a, c);
  }
  spare_free(a);
  assert(a->total == 0);
  a->chunk = NULL;
  a->at = a->end = NULL;
}

struct arena_mark arena_mark(const struct arena *a) {
  if (a->chunk) a->chunk->marked = true;
  return (struct arena_mark){.chunk = a->chunk, .at = a->at};
}

void arena_release(struct arena *a, struct arena_mark m) {
  while (a->chunk != m.chunk) {
    assert(a->chunk && "the mark is of this arena and not older than an earlier release");
    struct arena_chunk *c = a->chunk;
    a->chunk = c->older;
    chunk_retire(a, c);
  }
  a->at = m.at;
  a->end = a->chunk ? chunk_end(a->chunk) : NULL;
  poison(a->at, (size_t)(a->end - a->at));
}

static void chunk_push(struct arena *a, struct arena_chunk *c) {
  c->older = a->chunk;
  c->marked = c->alone = false;
  a->chunk = c;
  a->at = chunk_data(c);
  a->end = chunk_end(c);
  poison(a->at, (size_t)(a->end - a->at));
}

/* May `more` bytes of chunks be had?  The spare ones go before anything is refused. */
static bool within_limit(struct arena *a, size_t more) {
  if (!a->limit) return true;
  if (a->total > a->limit || more > a->limit - a->total) spare_free(a);
  return a->total <= a->limit && more <= a->limit - a->total;
}

static struct arena_chunk *spare_take(struct arena *a, size_t need, size_t most) {
  for (struct arena_chunk **link = &a->spare; *link; link = &(*link)->older) {
    struct arena_chunk *c = *link;
    if (c->size < need || c->size > most) continue;
    *link = c->older;
    return c;
  }
  return NULL;
}

/* Of the size that comes next, or of the one that is needed. NULL: no memory. */
static struct arena_chunk *chunk_new(struct arena *a, size_t need) {
  size_t size = a->total < CHUNK_FIRST ? CHUNK_FIRST : a->total > CHUNK_MOST ? CHUNK_MOST : a->total;
  bool block = a->source && (a->source_first || size == CHUNK_MOST) && need <= a->source->size;
  if (block) size = a->source->size;
  if (a->limit && a->limit - (a->total < a->limit ? a->total : a->limit) < size) {
    size = need;
    block = false;
  }
  if (size < need) size = need;
  if (!within_limit(a, size)) {
    a->limited = true;
    return NULL;
  }
  struct arena_chunk *c = block ? a->source->take() : mem_alloc(size);
  if (!c) return NULL;
  *c = (struct arena_chunk){.size = size, .block = block};
  a->total += size;
  return c;
}

bool arena_try_reserve(struct arena *a, size_t size) {
  if (size > SIZE_MOST) return false;
  size_t need = footprint(size) + sizeof(struct arena_chunk);
  if ((size_t)(a->end - a->at) >= footprint(size)) return true;
  struct arena_chunk *c = spare_take(a, need, SIZE_MAX);
  if (!c) c = chunk_new(a, need);
  if (c) chunk_push(a, c);
  return c;
}

/* A chunk for one allocation of more than CHUNK_MOST, below the newest if no mark can tell the difference:
 * that one's room is not lost. NULL: none is made here. */
static void *alloc_alone(struct arena *a, size_t size) {
  if (size > SIZE_MOST || !a->chunk || a->chunk->marked) return NULL;
  size_t need = footprint(size) + sizeof(struct arena_chunk);
  if (need <= CHUNK_MOST) return NULL;
  struct arena_chunk *c = spare_take(a, need, 2 * need);
  if (!c) {
    if (!within_limit(a, need) || !(c = mem_alloc(need))) return NULL;
    *c = (struct arena_chunk){.size = need};
    a->total += need;
  }
  c->older = a->chunk->older;
  c->marked = false;
  c->alone = true;
  a->chunk->older = c;
  unpoison(chunk_data(c), size);
  poison(chunk_data(c) + size, (size_t)(chunk_end(c) - chunk_data(c)) - size);
  return chunk_data(c);
}

void arena_out_of_memory(struct arena *a) {
  assert(a->on_oom && "an owner catches out of memory");
  longjmp(*a->on_oom, 1);
}

void *arena_alloc(struct arena *a, size_t size) {
  if (size > (size_t)(a->end - a->at) || footprint(size) > (size_t)(a->end - a->at)) {
    void *alone = alloc_alone(a, size);
    if (alone) return alone;
    if (!arena_try_reserve(a, size)) arena_out_of_memory(a);
  }
  uint8_t *p = a->at;
  a->at += footprint(size);
  unpoison(p, size);
  return p;
}

void *arena_zalloc(struct arena *a, size_t count, size_t size) {
  size_t bytes;
  if (!mul_size(count, size, &bytes)) arena_out_of_memory(a);
  void *p = arena_alloc(a, bytes);
  /* A masked store of nothing to a page not yet there costs a microcode assist. */
  return bytes ? memset(p, 0, bytes) : p;
}

void *arena_copy(struct arena *a, const void *data, size_t size) {
  void *p = arena_alloc(a, size);
  if (size) memcpy(p, data, size);
  return p;
}

struct slice arena_slice(struct arena *a, struct slice s) {
  return (struct slice){.data = arena_copy(a, s.data, s.len), .len = s.len};
}

/* The link to the chunk that holds nothing but this allocation, if it has one that may move; else NULL. */
static struct arena_chunk **link_alone(struct arena *a, const void *p, size_t size) {
  if (size > SIZE_MOST || footprint(size) + sizeof(struct arena_chunk) <= CHUNK_MOST) return NULL;
  struct arena_chunk **link = &a->chunk;
  while (*link && chunk_data(*link) != p)
    link = &(*link)->older;
  struct arena_chunk *c = *link;
  if (!c || c->marked || c->block) return NULL;
  return c->alone || c->size == footprint(size) + sizeof(struct arena_chunk) ? link : NULL;
}

/* Gives the chunk at *link room for `size` bytes. NULL: there is no memory, or none may be used; nothing has
 * changed. */
static void *resize_alone(struct arena *a, struct arena_chunk **link, size_t size) {
  struct arena_chunk *c = *link;
  size_t old = c->size, need = footprint(size) + sizeof *c;
  if (need > old && !within_limit(a, need - old)) {
    a->limited = true;
    return NULL;
  }
  unpoison(chunk_data(c), (size_t)(chunk_end(c) - chunk_data(c)));
  struct arena_chunk *moved = mem_realloc(c, need, 1);
  if (moved) {
    c = *link = moved;
    a->total += need - old;
    c->size = need;
  } else {
    size = old - sizeof *c - RED_ZONE;
  }
  poison(chunk_data(c) + size, c->size - sizeof *c - size);
  if (link == &a->chunk) a->at = a->end = chunk_end(c);
  return moved ? chunk_data(c) : NULL;
}

void *arena_grow(struct arena *a, void *old, size_t old_size, size_t new_size) {
  assert(new_size >= old_size);
  uint8_t *p = old;
  if (p && p + footprint(old_size) == a->at && new_size <= SIZE_MOST &&
      footprint(new_size) <= (size_t)(a->end - p)) {
    a->at = p + footprint(new_size);
    unpoison(p, new_size);
    return p;
  }
  struct arena_chunk **link = p && new_size <= SIZE_MOST ? link_alone(a, p, old_size) : NULL;
  if (link) {
    void *moved = resize_alone(a, link, new_size);
    if (!moved) arena_out_of_memory(a);
    return moved;
  }
  void *grown = arena_alloc(a, new_size);
  if (old_size) memcpy(grown, old, old_size);
  return grown;
}

void *arena_trim(struct arena *a, void *p, size_t *size, size_t new_size) {
  assert(new_size <= *size);
  if (footprint(new_size) + sizeof(struct arena_chunk) <= CHUNK_MOST) return p;
  struct arena_chunk **link = link_alone(a, p, *size);
  void *moved = link ? resize_alone(a, link, new_size) : NULL;
  if (!moved) return p;
  *size = new_size;
  return moved;
}

void arena_drop(struct arena *a, void *p, size_t size) {
  struct arena_chunk **link = p ? link_alone(a, p, size) : NULL;
  if (!link) return;
  struct arena_chunk *c = *link;
  *link = c->older;
  if (link == &a->chunk) a->at = a->end = a->chunk ? chunk_end(a->chunk) : NULL;
  chunk_free(a, c);
}
