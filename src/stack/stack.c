/* See stack.h.
 *
 * A descriptor on the `finished` list keeps its block while that is small, so that create, run and finish of
 * a continuation touch no list of blocks at all.  Free blocks are chained through their last 8 bytes. */
#include "stack/stack.h"

#include "abi/arch.h"
#include "base/alloc.h"
#include "os/vm.h"

#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifdef SANITIZED
#include <sanitizer/asan_interface.h>
#else
#define SANITIZED                             0
#define ASAN_POISON_MEMORY_REGION(at, size)   ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

enum {
  CLASS_NONE, /* no memory */
  CLASS_FIRST = 1,
  CLASS_LAST = 12,
  CLASS_MAPPED,   /* a reservation of its own, of pool.max_size bytes; the upper `size` are committed */
  CLASS_KEEP = 4, /* the largest block that a finished stack keeps: 4 KiB */
  CLASS_ZERO = 8, /* from 64 KiB on a free block's pages go back to the system */
  CLASS_LOG2 = 8, /* log2 of the size of class 0, if it had one */
  CLASSES,
};
#define SLAB_SIZE    (UINT64_C(64) << 20)
#define DUE_FIRST    (UINT64_C(64) << 20)
#define LIMIT_PASSED (UINT64_C(1) << 62) /* above every sp; a frame's size can be added */
#define DEFAULT_SIZE (UINT64_C(64) << 20)
static_assert(1 << (CLASS_FIRST + CLASS_LOG2) == 512 && 1 << (CLASS_LAST + CLASS_LOG2) == 1 << 20, "sizes");
static_assert(sizeof(struct stack) <= 128, "two cache lines");

struct slab {
  struct slab *next;
  uint8_t *at;
  uint64_t used;
};
struct stack_pool {
  struct stack **finished; /* free descriptors, most recent first, some with a block */
  uint64_t max_size, max_total, max_count, reserve;
  bool stress;
  struct {
    uint64_t block;
    uint32_t size_class;
  } left[8]; /* stress: blocks that stacks have left, oldest overwritten */
  uint32_t nleft;
  uint8_t *idle; /* reserve bytes below the sp of stacks that have no memory yet; NULL when it is the least */
  uint64_t total;                       /* bytes of blocks that descriptors hold */
  uint64_t large;                       /* of them, in blocks that no free stack keeps */
  uint64_t due;                         /* bytes in use from which on the dead should be looked for */
  uint64_t free_blocks[CLASS_LAST + 1]; /* addresses */
  struct slab *blocks[CLASS_LAST + 1];  /* newest first: new ones are cut from the first */
  struct slab *descriptors;
  uint64_t ndescriptors;
  uint64_t nnew; /* stacks made since the last collection of everything */
  uint32_t last_id;
};

/* Damage here would hand one stack's memory to another: found out in every build. */
static void must(bool fact) {
  if (!fact) __builtin_trap();
}

static uint64_t class_size(uint32_t c) { return UINT64_C(1) << (c + CLASS_LOG2); }

/* ---- slabs ---- */

/* `size` divides a slab's. NULL: memory is out. */
static uint8_t *cut(struct slab **list, uint64_t size) {
  struct slab *slab = *list;
  if (!slab || slab->used == SLAB_SIZE) {
    slab = mem_alloc(sizeof *slab);
    if (!slab) return NULL;
    uint8_t *at = vm_reserve(SLAB_SIZE, 0);
    if (!at || !vm_commit(at, SLAB_SIZE)) {
      if (at) vm_release(at, SLAB_SIZE);
      mem_free(slab);
      return NULL;
    }
    *slab = (struct slab){.next = *list, .at = at};
    *list = slab;
  }
  slab->used += size;
  return slab->at + slab->used - size;
}

static void slabs_free(struct slab *slab) {
  while (slab) {
    struct slab *next = slab->next;
    ASAN_UNPOISON_MEMORY_REGION(slab->at, SLAB_SIZE);
    vm_release(slab->at, SLAB_SIZE);
    mem_free(slab);
    slab = next;
  }
}

struct stack_pool *stack_pool_new(const struct stack_limits *limits, struct stack **finished) {
  struct stack_pool *p = mem_zalloc(1, sizeof *p);
  if (!p) return NULL;
  p->finished = finished;
  *finished = NULL;
  p->max_size = limits->max_size ? limits->max_size : DEFAULT_SIZE;
  p->max_size = max_u64(p->max_size, vm_page_size()) & ~(uint64_t)(vm_page_size() - 1);
  p->max_total = limits->max_total;
  if (!p->max_total) p->max_total = vm_memory_size() / 4;
  p->stress = limits->stress;
  p->max_count = limits->max_count ? limits->max_count : UINT64_MAX;
  p->reserve = max_u64(limits->reserve, STACK_RESERVE);
  if (p->reserve > STACK_RESERVE && !(p->idle = mem_alloc(p->reserve))) {
    mem_free(p);
    return NULL;
  }
  stack_pool_collected(p);
  return p;
}

static void release_mapping(struct stack *s, void *pool);

void stack_pool_delete(struct stack_pool *p) {
  if (!p) return;
  for (struct slab *slab = p->descriptors; slab; slab = slab->next) {
    for (uint64_t off = 0; off < slab->used; off += STACK_DESCRIPTOR_SIZE) {
      struct stack *s = (struct stack *)(void *)(slab->at + off);
      if (stack_is_free(s)) continue;
      mem_free(s->bound);
      if (s->size_class == CLASS_MAPPED) release_mapping(s, p);
    }
  }
  for (uint32_t c = 0; c <= CLASS_LAST; c++)
    slabs_free(p->blocks[c]);
  slabs_free(p->descriptors);
  *p->finished = NULL;
  mem_free(p->idle);
  mem_free(p);
}

/* ---- blocks ---- */

static uint64_t *link_of(uint64_t block, uint32_t c) { return (uint64_t *)(block + class_size(c) - 8); }

static void block_free(struct stack_pool *p, uint64_t block, uint32_t c) {
  void *at = (void *)block;
  ASAN_UNPOISON_MEMORY_REGION(at, class_size(c)); /* a finished stack's block */
  if (c >= CLASS_ZERO) {
    bool zeroed = vm_zero(at, class_size(c)); /* else the pages stay: nothing depends on it */
    (void)zeroed;
  }
  *link_of(block, c) = p->free_blocks[c];
  p->free_blocks[c] = block;
  p->total -= class_size(c);
  if (c > CLASS_KEEP) p->large -= class_size(c);
  ASAN_POISON_MEMORY_REGION(at, class_size(c));
}

/* Gives the blocks of finished stacks to the lists, where other classes' stacks find what the limit allows.
 */
static void reap(struct stack_pool *p) {
  for (struct stack *s = *p->finished; s; s = s->next) {
    if (s->size_class == CLASS_NONE) continue;
    block_free(p, s->base, s->size_class);
    s->size_class = CLASS_NONE;
    s->base = s->size = 0;
  }
}

static uint64_t held(const struct stack_pool *p) {
  return p->total + p->ndescriptors * STACK_DESCRIPTOR_SIZE;
}

/* Would `size` bytes more be within the limit? */
static bool allowed(struct stack_pool *p, uint64_t size) {
  if (size > p->max_total) return false;
  if (held(p) > p->max_total - size) reap(p);
  return held(p) <= p->max_total - size;
}

static bool charge(struct stack_pool *p, uint64_t size) {
  if (!allowed(p, size)) return false;
  p->total += size;
  return true;
}

/* 0: memory or the limit is reached. */
static uint64_t block_new(struct stack_pool *p, uint32_t c) {
  if (class_size(c) > p->max_size || !charge(p, class_size(c))) return 0;
  uint64_t block = p->free_blocks[c];
  if (block) {
    ASAN_UNPOISON_MEMORY_REGION((void *)block, class_size(c));
    p->free_blocks[c] = *link_of(block, c);
  } else {
    block = (uint64_t)cut(&p->blocks[c], class_size(c));
    if (!block) {
      p->total -= class_size(c);
      return 0;
    }
  }
  if (c > CLASS_KEEP) p->large += class_size(c);
  return block;
}

/* ---- mappings ---- */

static void release_mapping(struct stack *s, void *pool) {
  struct stack_pool *p = pool;
  ASAN_UNPOISON_MEMORY_REGION((void *)s->base, s->size);
  vm_release((void *)(s->base + s->size - p->max_size), p->max_size);
  p->total -= s->size;
  p->large -= s->size;
}

/* The upper `size` bytes of a reservation of max_size; 0: no. */
static uint64_t mapping_new(struct stack_pool *p, uint64_t size) {
  if (size > p->max_size || !charge(p, size)) return 0;
  uint8_t *at = vm_reserve(p->max_size, 0);
  if (at && vm_commit(at + p->max_size - size, size)) {
    p->large += size;
    return (uint64_t)at + p->max_size - size;
  }
  if (at) vm_release(at, p->max_size);
  p->total -= size;
  return 0;
}

static bool mapping_grow(struct stack_pool *p, struct stack *s) {
  uint64_t more = min_u64(s->size, p->max_size - s->size);
  if (!more || !charge(p, more)) return false;
  if (!vm_commit((void *)(s->base - more), more)) {
    p->total -= more;
    return false;
  }
  p->large += more;
  s->base -= more;
  s->size += more;
  s->limit = s->base + p->reserve;
  return true;
}

/* ---- stacks ---- */

static void memory_free(struct stack_pool *p, struct stack *s) {
  if (s->size_class == CLASS_MAPPED)
    release_mapping(s, p);
  else if (s->size_class != CLASS_NONE)
    block_free(p, s->base, s->size_class);
  s->size_class = CLASS_NONE;
  s->base = s->size = 0;
}

uint64_t stack_lowest(const struct stack_pool *p, const struct stack *s) { return s->base + p->reserve; }

static void memory_set(const struct stack_pool *p, struct stack *s, uint32_t c, uint64_t base,
                       uint64_t size) {
  s->size_class = (uint8_t)c;
  s->base = base;
  s->size = size;
  s->limit = p->stress && c <= CLASS_KEEP ? LIMIT_PASSED : stack_lowest(p, s);
  s->finish_slow = SANITIZED || s->results_size || c > CLASS_KEEP;
}

/* What a first frame needs: return address, saved rbp, results, arguments. */
static uint64_t first_size(const struct stack_pool *p, const struct stack *s) {
  return p->reserve + 16 + (uint64_t)s->args_size + s->results_size;
}

static void place_first(struct stack *s) {
  s->sp = s->base + s->size - s->results_size - s->args_size;
  s->pc = (uint64_t)arch_body;
}

struct stack *stack_new(struct stack_pool *p, const struct vm_func *func, uint32_t args_size,
                        uint32_t results_size) {
  struct stack *s = *p->finished;
  p->nnew++;
  if (s) {
    must(stack_is_free(s) && !s->bound);
    *p->finished = s->next;
  } else {
    if (p->ndescriptors >= p->max_count || !allowed(p, STACK_DESCRIPTOR_SIZE)) return NULL;
    s = (struct stack *)(void *)cut(&p->descriptors, STACK_DESCRIPTOR_SIZE);
    if (!s) return NULL;
    p->ndescriptors++;
  }
  s->args_size = args_size;
  s->results_size = results_size;
  if (s->size_class && s->size < first_size(p, s)) memory_free(p, s);
  s->sp = p->idle ? (uint64_t)(p->idle + p->reserve) : 0; /* a signal may come before there is more */
  s->fp = 0;
  s->pc = (uint64_t)arch_fresh;
  s->func = func;
  s->inst = func->inst;
  s->parent = NULL;
  s->last = s;
  s->next = NULL;
  s->cell = 0;
  if (++p->last_id == 0) p->last_id = 1; /* 0 is the root's */
  s->id = p->last_id;
  s->limit = 0;
  if (s->size_class) {
    ASAN_UNPOISON_MEMORY_REGION((void *)s->base, s->size);
    memory_set(p, s, s->size_class, s->base, s->size);
    place_first(s);
  }
  return s;
}

bool stack_is_fresh(const struct stack *s) {
  return stack_is_captured(s) && (s->pc == (uint64_t)arch_fresh || s->pc == (uint64_t)arch_body);
}

bool stack_attach(struct stack_pool *p, struct stack *s) {
  must(s->pc == (uint64_t)arch_fresh && s->size_class == CLASS_NONE);
  uint32_t c = CLASS_FIRST;
  while (c < CLASS_LAST && class_size(c) < first_size(p, s))
    c++;
  must(class_size(c) >= first_size(p, s)); /* at most 1000 values each way */
  uint64_t block = block_new(p, c);
  if (!block) return false;
  memory_set(p, s, c, block, class_size(c));
  place_first(s);
  return true;
}

/* To other memory: what is in use keeps its distance from the top, and the saved frame pointers follow. */
static void copy_to(struct stack_pool *p, struct stack *s, uint32_t c, uint64_t base, uint64_t size) {
  uint64_t old_top = s->base + s->size, top = base + size, low = max_u64(s->sp, s->base),
           delta = top - old_top;
  must(low <= old_top && old_top - low <= size);
  memcpy((void *)(top - (old_top - low)), (void *)low, old_top - low);
  s->sp += delta;
  if (s->fp) s->fp += delta;
  for (uint64_t fp = s->fp; fp;) {
    must(fp >= base && fp <= top - 16);
    uint64_t *saved = (uint64_t *)fp;
    if (*saved) *saved += delta;
    must(*saved > fp || !*saved);
    fp = *saved;
  }
  memory_set(p, s, c, base, size);
}

static void move(struct stack_pool *p, struct stack *s, uint32_t c, uint64_t base, uint64_t size) {
  struct stack old = *s;
  copy_to(p, s, c, base, size);
  memory_free(p, &old);
}

void stack_stress(struct stack_pool *p, struct stack *s) {
  uint32_t c = s->size_class, at = p->nleft++ % COUNT_OF(p->left);
  if (!p->stress || c == CLASS_NONE || c > CLASS_KEEP) return;
  uint64_t block = block_new(p, c), old = s->base;
  if (!block) return;
  if (p->left[at].block) block_free(p, p->left[at].block, p->left[at].size_class);
  p->left[at].block = old;
  p->left[at].size_class = c;
  copy_to(p, s, c, block, class_size(c));
  memset((void *)old, 0xa5, class_size(c));
}

bool stack_grow(struct stack_pool *p, struct stack *s) {
  must(s->size_class != CLASS_NONE && !stack_is_free(s));
  if (s->size_class == CLASS_MAPPED) return mapping_grow(p, s);
  if (s->size_class == CLASS_LAST) {
    uint64_t size = min_u64(2 * class_size(CLASS_LAST), p->max_size);
    if (size <= s->size) return false;
    uint64_t base = mapping_new(p, size);
    if (!base) return false;
    move(p, s, CLASS_MAPPED, base, size);
    return true;
  }
  uint32_t c = s->size_class + 1u;
  uint64_t block = block_new(p, c);
  if (!block) return false;
  move(p, s, c, block, class_size(c));
  return true;
}

void stack_shrink(struct stack_pool *p, struct stack *s) {
  uint64_t used = s->base + s->size - s->sp;
  if (s->size_class <= CLASS_FIRST || used > s->size / 4) return;
  uint32_t c = CLASS_FIRST;
  while (c < CLASS_LAST && class_size(c) < max_u64(2 * used, used + p->reserve))
    c++;
  if (c >= s->size_class || class_size(c) < 2 * used) return;
  uint64_t block = block_new(p, c);
  if (block) move(p, s, c, block, class_size(c));
}

void stack_free(struct stack_pool *p, struct stack *s) {
  must(!stack_is_free(s) && s->id != 0);
  if (s->size_class > CLASS_KEEP) memory_free(p, s);
  if (s->size_class) ASAN_POISON_MEMORY_REGION((void *)s->base, s->size);
  mem_free(s->bound);
  s->bound = NULL;
  s->pc = 0;
  s->parent = s->last = NULL;
  s->next = *p->finished;
  *p->finished = s;
}

/* No room for one stack more. Found out at most once for each 64th part of the stacks that are made: where
 * all live, a collection brings nothing. */
static bool full(struct stack_pool *p) {
  if (p->nnew < p->ndescriptors / 64 || !p->nnew) return false;
  bool room = *p->finished || (p->ndescriptors < p->max_count && allowed(p, STACK_DESCRIPTOR_SIZE));
  return !room || !allowed(p, class_size(CLASS_FIRST) + STACK_DESCRIPTOR_SIZE);
}

/* Where no descriptor is free, all are in use, by the living and the dead. */
bool stack_pool_due(struct stack_pool *p) {
  if ((*p->finished ? p->large : held(p)) >= p->due) return true;
  return (held(p) > p->max_total / 2 || p->ndescriptors >= p->max_count) && full(p);
}

static void sum_size(void *sum, struct stack *s) { *(uint64_t *)sum += s->size + STACK_DESCRIPTOR_SIZE; }

/* Twice as much, or halfway to the limit, but not so often that a collection finds little. */
void stack_pool_collected(struct stack_pool *p) {
  p->nnew = 0;
  uint64_t live = 0;
  stack_each(p, sum_size, &live);
  uint64_t room = p->max_total > live ? (p->max_total - live) / 2 : 0;
  p->due = live + max_u64(DUE_FIRST, max_u64(live / 8, min_u64(live, room)));
}

uint64_t stack_pool_total(const struct stack_pool *p) { return p->total; }

void stack_each(struct stack_pool *p, void (*visit)(void *arg, struct stack *s), void *arg) {
  for (struct slab *slab = p->descriptors; slab; slab = slab->next) {
    for (uint64_t off = 0; off < slab->used; off += STACK_DESCRIPTOR_SIZE) {
      struct stack *s = (struct stack *)(void *)(slab->at + off);
      if (!stack_is_free(s)) visit(arg, s);
    }
  }
}
