/* Memory instances (spec 4.2.8).
 *
 * The base never moves: address space is reserved when the memory is made, pages are given on grow.
 * 32-bit memories with 64 KiB pages reserve MEMORY32_RESERVED bytes, all inaccessible beyond the size: every
 * access with a 32-bit index, a static offset below 2^31 and at most 16 bytes lands inside, so compiled code
 * makes no check. All others are checked explicitly and reserve what their maximum or the limits allow.
 * A shared memory belongs to no store (shared.h); each store that uses it has a meminst of its own that looks
 * at it, with the same base. */
#ifndef RUNTIME_MEMORY_H
#define RUNTIME_MEMORY_H

#include "base/error.h"
#include "runtime/value.h"

#define MEMORY32_RESERVED ((UINT64_C(6) << 30) + 4096)
#define MEMORY64_RESERVED (UINT64_C(16) << 30) /* address space for one whose maximum is not less */

struct store;
struct store_limits;
struct shared_memory;
struct meminst {
  struct vm_memory vm; /* first */
  struct store *store; /* NULL: the body of a shared memory */
  struct shared_memory
      *shared; /* one reference; NULL when not shared. vm.size, pages and committed are its body's then */
  struct meminst *next; /* in store->memories */
  struct memtype type;  /* as declared: min is the declared one, not the current size */
  uint64_t pages;       /* current */
  uint64_t max_pages;   /* no growth beyond: declared maximum, limits and reservation */
  uint64_t reserved;    /* bytes from vm.base */
  uint64_t committed;   /* bytes accessible: size rounded up to the system's pages */
  uint32_t handle;
};
MUST_USE bool memory_new(struct store *s, const struct memtype *type, struct meminst **out, struct error *e);
/* The store's own view of a shared memory; the same one each time. */
MUST_USE bool memory_view(struct store *s, struct shared_memory *shared, struct meminst **out,
                          struct error *e);
/* Address space and pages of a memory that no store has yet, and their end. */
MUST_USE bool memory_init_body(struct meminst *m, const struct memtype *type,
                               const struct store_limits *limits, struct error *e);
void memory_end_body(struct meminst *m);
uint64_t memory_grow_body(struct meminst *m, uint64_t pages);

uint64_t memory_size(const struct meminst *m); /* bytes, now */
uint64_t memory_pages(const struct meminst *m);
/* Old size in pages, or UINT64_MAX when it cannot grow that much. */
uint64_t memory_grow(struct meminst *m, uint64_t pages);
/* False: out of bounds; nothing is written then. */
MUST_USE bool memory_fill(struct meminst *m, uint64_t dst, uint8_t byte, uint64_t len);
MUST_USE bool memory_copy(struct meminst *dst_mem, struct meminst *src_mem, uint64_t dst, uint64_t src,
                          uint64_t len);
MUST_USE bool memory_init(struct meminst *m, struct slice data, uint64_t dst, uint64_t src, uint64_t len);
/* The type with min = the current size, as matching wants it. */
struct memtype memory_type(const struct meminst *m);

#endif
