/* Shared memories: what several stores, each on its own thread, have in common, and who waits in them.
 *
 * Reference counted, any thread. The base never moves and the memory never shrinks; its size is read
 * atomically, growth is one at a time. Waiters stand in the memory they wait in, in the order they came, so
 * that a notify wakes the first; they belong to stores, of which each waits at most once. */
#ifndef RUNTIME_SHARED_H
#define RUNTIME_SHARED_H

#include "abi/trap.h"
#include "runtime/memory.h"

struct shared_memory;
MUST_USE bool shared_memory_new(const struct memtype *type, const struct store_limits *limits,
                                struct shared_memory **out, struct error *e);
struct shared_memory *shared_memory_ref(struct shared_memory *m);
void shared_memory_unref(struct shared_memory *m); /* NULL is fine */
struct meminst *shared_memory_body(struct shared_memory *m);
uint64_t shared_memory_grow(struct shared_memory *m, uint64_t pages);

enum wait_result { WAIT_WOKEN, WAIT_NOT_EQUAL, WAIT_TIMED_OUT };
/* memory.atomic.wait32, wait64: `width` bytes at `address`, which are there and aligned. timeout_ns < 0:
 * none. A trap code when the store is interrupted meanwhile. */
enum trap_code shared_memory_wait(struct store *s, struct shared_memory *m, uint64_t address, uint32_t width,
                                  uint64_t expected, int64_t timeout_ns, enum wait_result *out);
/* memory.atomic.notify: how many of at most `count` were woken. */
uint32_t shared_memory_notify(struct shared_memory *m, uint64_t address, uint32_t count);

#endif
