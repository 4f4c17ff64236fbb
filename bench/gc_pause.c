/* Pauses and throughput of the heap by itself, without compiled code: `bench/gc-pause [BUILD] [GiB of old
 * objects]`.
 *
 * Allocates, stores and loads as compiled code does.  Prints one table, in CPU
 * time; not part of the tests. */
#include "gc/gc.h"
#include "os/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOTS = 4096 };
struct bench {
  struct gc_heap *heap;
  uint8_t *base;
  uint32_t node, refs;   /* heads: {ref, ref, i32}, array of references */
  uint32_t roots[ROOTS]; /* used from 0 to nroots, as a stack */
  uint32_t nroots;
  uint64_t seed;
  uint64_t pauses[1 << 14], npauses; /* CPU time of minor collections since the last print */
  enum gc_kind latest;
};

static void visit_roots(void *host, struct gc_visitor *v) {
  struct bench *b = host;
  for (uint32_t i = 0; i < b->nroots; i++)
    gc_visit(v, &b->roots[i]);
}

static void event(void *host, const struct gc_event *e) {
  struct bench *b = host;
  b->latest = e->kind;
}
static int compare(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static uint32_t load(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, 4);
  return value;
}
static void store(uint8_t *at, uint32_t value) { memcpy(at, &value, 4); }

static void start(struct bench *b, uint32_t nursery) {
  static const struct gc_host host = {.visit_roots = visit_roots, .event = event};
  *b = (struct bench){.seed = 1};
  b->heap = gc_new(&(struct gc_config){.nursery_size = nursery}, &host, b);
  if (!b->heap) abort();
  b->base = gc_base(b->heap);
  uint32_t offs[2];
  struct object_layout l;
  object_layout_start(&l, OBJECT_STRUCT);
  for (int i = 0; i < 2; i++)
    offs[i] = object_layout_add(&l, STORAGE_REF);
  (void)object_layout_add(&l, STORAGE_32);
  b->node = gc_type_new(
      b->heap, &(struct gc_type){
                   .kind = OBJECT_STRUCT, .size = object_layout_size(&l), .ref_offs = offs, .nref_offs = 2});
  b->refs = gc_type_new(b->heap, &(struct gc_type){.kind = OBJECT_ARRAY, .elem = STORAGE_REF});
}

/* {left, right, value}: 16 bytes; the two references come from the root stack's top, where the object goes.
 */
static inline uint32_t node_new(struct bench *b, uint32_t value) {
  uint8_t *base = b->base;
  uint32_t ref = load(base + GC_TOP), end = ref + 16;
  if (end > load(base + GC_END)) {
    uint64_t t = clock_ns(CLOCK_KIND_THREAD); /* other processes do not count */
    ref = gc_alloc(b->heap, b->node, 0);
    t = clock_ns(CLOCK_KIND_THREAD) - t;
    if (b->latest == GC_MINOR && b->npauses < COUNT_OF(b->pauses)) b->pauses[b->npauses++] = t;
    if (!ref) {
      puts("heap exhausted");
      exit(1);
    }
  } else {
    store(base + GC_TOP, end);
    store(base + ref, b->node);
  }
  store(base + ref + 12, value);
  return ref;
}
static uint32_t tree(struct bench *b, uint32_t depth) {
  if (depth == 0) {
    uint32_t ref = node_new(b, 0);
    store(b->base + ref + 4, 0);
    store(b->base + ref + 8, 0);
    return ref;
  }
  uint32_t at = b->nroots;
  b->roots[at] = b->roots[at + 1] = 0;
  b->nroots += 2;
  uint32_t made = tree(b, depth - 1);
  b->roots[at] = made;
  made = tree(b, depth - 1);
  b->roots[at + 1] = made;
  uint32_t ref = node_new(b, depth);
  store(b->base + ref + 4, b->roots[at]);
  store(b->base + ref + 8, b->roots[at + 1]);
  b->nroots = at;
  return ref;
}
static uint32_t count(const struct bench *b, uint32_t ref) {
  uint32_t n = 0, todo[64], ntodo = 0;
  for (todo[ntodo++] = ref; ntodo;) {
    uint32_t at = todo[--ntodo];
    n++;
    if (!load(b->base + at + 4)) continue;
    todo[ntodo++] = load(b->base + at + 4);
    todo[ntodo++] = load(b->base + at + 8);
  }
  return n;
}

static uint32_t random_below(struct bench *b, uint32_t n) {
  b->seed = b->seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)((b->seed >> 33) * n >> 31);
}

static void print(struct bench *b, const char *what, uint64_t ns, uint64_t objects) {
  struct gc_stats s;
  gc_get_stats(b->heap, &s);
  uint64_t n = b->npauses;
  qsort(b->pauses, n, sizeof *b->pauses, compare);
  printf("%-26s %8.1f ms", what, (double)ns / 1e6);
  if (objects) printf(" %5.1f ns/object", (double)ns / (double)objects);
  if (n)
    printf("  %4lu minor: median %.2f p99 %.2f max %.2f ms", (unsigned long)n, (double)b->pauses[n / 2] / 1e6,
           (double)b->pauses[n - 1 - n / 100] / 1e6, (double)b->pauses[n - 1] / 1e6);
  printf("  live %.0f MiB of %.0f\n", (double)s.live_size / 1048576.0, (double)s.committed_size / 1048576.0);
  b->npauses = 0;
}

static void binary_trees(uint32_t nursery, uint32_t depth) {
  static struct bench b;
  start(&b, nursery);
  uint64_t t = clock_ns(CLOCK_KIND_THREAD), objects = 0;
  b.nroots = 1;
  uint32_t made = tree(&b, depth);
  b.roots[0] = made; /* long-lived */
  objects += count(&b, b.roots[0]);
  for (uint32_t d = 4; d <= depth; d += 4)
    for (uint32_t i = 0; i < 1u << (depth - d + 4); i++)
      objects += count(&b, tree(&b, d));
  t = clock_ns(CLOCK_KIND_THREAD) - t;
  char what[40];
  (void)snprintf(what, sizeof what, "trees depth %u, eden %u K", depth, nursery >> 10);
  print(&b, what, t, objects);
  gc_delete(b.heap);
}

/* `size` bytes of old trees of 255 nodes each; then work that allocates and stores into random old nodes. */
static void large_heap(double gib, uint32_t nursery) {
  static struct bench b;
  start(&b, nursery);
  uint32_t trees = (uint32_t)(gib * (double)(1 << 30) / (255 * 16 + 4));
  uint64_t t = clock_ns(CLOCK_KIND_THREAD);
  b.nroots = 1;
  uint32_t made = gc_alloc(b.heap, b.refs, trees);
  if (!made) exit(1);
  b.roots[0] = made;
  for (uint32_t i = 0; i < trees; i++) {
    made = tree(&b, 7);
    gc_store_ref(b.base, b.roots[0], OBJECT_DATA + 4 * i, made);
  }
  print(&b, "build", clock_ns(CLOCK_KIND_THREAD) - t, (uint64_t)trees * 255);
  t = clock_ns(CLOCK_KIND_THREAD);
  do {
    /* Short-lived trees, one in 16 replaces an old one. */
    for (uint32_t i = 0; i < 500; i++) {
      made = tree(&b, 7);
      if (i % 16 == 0) gc_store_ref(b.base, b.roots[0], OBJECT_DATA + 4 * random_below(&b, trees), made);
    }
  } while (b.npauses < 1000);
  print(&b, "1000 minor collections", clock_ns(CLOCK_KIND_THREAD) - t, 0);
  for (enum gc_kind kind = GC_MAJOR; kind <= GC_FULL; kind++) {
    t = clock_ns(CLOCK_KIND_THREAD);
    gc_collect(b.heap, kind);
    print(&b, kind == GC_MAJOR ? "major, live" : "full, live", clock_ns(CLOCK_KIND_THREAD) - t, 0);
  }
  for (uint32_t i = 0; i < trees; i++)
    if (i % 16) gc_store_ref(b.base, b.roots[0], OBJECT_DATA + 4 * i, 0);
  for (enum gc_kind kind = GC_MAJOR; kind <= GC_FULL; kind++) {
    t = clock_ns(CLOCK_KIND_THREAD);
    gc_collect(b.heap, kind);
    print(&b, kind == GC_MAJOR ? "major, 15/16 garbage" : "full, after it", clock_ns(CLOCK_KIND_THREAD) - t,
          0);
  }
  gc_delete(b.heap);
}

int main(int argc, char **argv) {
  double gib = argc > 1 ? strtod(argv[1], NULL) : 1.0;
  for (uint32_t nursery = 1 << 20; nursery <= 16 << 20; nursery *= 2)
    binary_trees(nursery, 16);
  if (gib > 0) large_heap(gib, 0);
  return 0;
}
