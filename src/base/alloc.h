/* The heap: every allocation of the product that is not an arena chunk's inside or a mapping comes through
 * here.
 *
 * In: sizes.  Out: memory or NULL; every caller handles NULL.  `alloc_fail_after` lets tests fail the n-th
 * allocation (mappings of os/vm.c count too, through alloc_may_fail).  Must not: abort. */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include "base/check.h"

MUST_USE void *mem_alloc(size_t size);                /* uninitialized; size 0 gives a unique pointer */
MUST_USE void *mem_zalloc(size_t count, size_t size); /* zeroed; fails when count * size overflows */
MUST_USE void *mem_realloc(void *old, size_t count, size_t size); /* on failure `old` stays valid and owned */
void mem_free(void *p);                                           /* NULL is fine */

/* Test hook: the allocation number `n` from now (0 = the next) fails, and with `forever` all after it; n < 0
 * turns it off. */
void alloc_fail_after(int64_t n, bool forever);
bool alloc_should_fail(void); /* counts one allocation; os/vm.c asks before each mapping */
uint64_t alloc_count(void);   /* allocations asked for since start (all threads) */

#endif
