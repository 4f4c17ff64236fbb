/* The garbage-collected heap of one store (docs/gc.md).
 *
 * In: types, allocations, the roots that gc_host.h asks for.  Out: objects as abi/object.h lays them out,
 * which move at every collection.  A collection happens inside gc_alloc, gc_alloc_extern and gc_collect
 * and nowhere else; any reference a C function keeps across these must be in a slot that visit_roots visits.
 * One thread at a time.  Must not: know instances, modules or frames. */
#ifndef GC_GC_H
#define GC_GC_H

#include "abi/object.h"
#include "gc/gc_host.h"

/* For tests and for finding lost references: */
enum {
  GC_STRESS_COLLECT = 1, /* collect at each allocation (every 16th time everything) */
  GC_STRESS_MOVE = 2,    /* a collection of everything moves every object that it can */
  GC_VERIFY = 4, /* check the heap before and after each collection; abort with a message where it is wrong */
  GC_POISON = 8, /* fill dead memory */
  GC_TINY_STACK = 16, /* no more than 8 entries of mark stack, to test its overflow */
};
struct gc_config {
  uint64_t max_size; /* bytes, nursery and all; 0 = as much as there are addresses; at least 1 MiB is taken */
  uint32_t nursery_size; /* bytes; 0 = the default, 4 MiB or 1/16 of max_size */
  uint32_t flags;
};
/* NULL: memory is out. `host` is passed to each function of `calls`, which must outlive the heap. */
MUST_USE struct gc_heap *gc_new(const struct gc_config *config, const struct gc_host *calls, void *host);
void gc_delete(struct gc_heap *h);         /* runs the finalizers that are left; NULL is fine */
uint8_t *gc_base(const struct gc_heap *h); /* constant */

struct gc_type {
  enum object_kind kind;    /* STRUCT, ARRAY or EXN */
  uint32_t super;           /* head of the supertype, 0 = none */
  uint32_t canon;           /* kept for the caller */
  uint32_t size;            /* STRUCT, EXN: object_layout_size */
  const uint32_t *ref_offs; /* their offsets that hold references, ascending */
  uint32_t nref_offs;
  enum storage elem; /* ARRAY */
};
/* The head of the objects of a new type; heads are never reused. 0: memory is out. */
MUST_USE uint32_t gc_type_new(struct gc_heap *h, const struct gc_type *type);

/* A zeroed object; `len` counts an array's elements, 0 for others. 0: the heap is exhausted, which is a trap.
 * Compiled code comes here when the nursery has no room. May collect and run finalizers. */
MUST_USE uint32_t gc_alloc(struct gc_heap *h, uint32_t head, uint32_t len);
/* A box for a host pointer. 0: the heap is exhausted, and the finalizer is not called. */
MUST_USE uint32_t gc_alloc_extern(struct gc_heap *h, void *data, void (*finalizer)(void *));
void gc_collect(struct gc_heap *h, enum gc_kind kind);
/* Memory outside the heap that lives as long as objects do (stacks): it brings the next collection nearer. */
void gc_charge(struct gc_heap *h, uint64_t size);

/* Where the object is now, 0 when it died. Only inside gc_host.sweep; i31 and null are themselves. */
uint32_t gc_forward(const struct gc_heap *h, uint32_t ref);
/* The same place: has only the nursery been collected? */
bool gc_in_minor(const struct gc_heap *h);
bool gc_is_young(uint32_t ref); /* an object that the next minor collection looks at */

/* Every store of a reference into an object that may be older than the last safepoint. */
static inline void gc_store_ref(uint8_t *base, uint32_t ref, uint32_t off, uint32_t value) {
  __builtin_memcpy(base + ref + off, &value, sizeof value);
  (base + GC_CARDS)[(ref + off) >> GC_CARD_SHIFT] = 1;
}
/* After `size` bytes from `off` were written some other way (array.copy). */
void gc_stored_refs(uint8_t *base, uint32_t ref, uint32_t off, uint32_t size);

/* Pauses of one kind of collection; p50 and p99 are at most 1/32 too long. */
struct gc_pauses {
  uint64_t count, p50_ns, p99_ns, max_ns, total_ns;
};
struct gc_stats {
  struct gc_pauses minor, major; /* a major collection begins with a minor one and counts as major only */
  uint64_t allocated_size;       /* since the start */
  uint64_t promoted_size;        /* copied out of the nursery */
  uint64_t live_size;            /* of what the last collection left, and large objects since */
  uint64_t committed_size;       /* of the heap, nursery included */
};
void gc_get_stats(const struct gc_heap *h, struct gc_stats *out);

/* Walks heap and roots; NULL when every invariant holds, else what does not (static text); *ref is where. */
const char *gc_verify(struct gc_heap *h, uint32_t *ref);

#endif
