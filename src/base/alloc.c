/* The heap over malloc, with the countdown that lets tests fail any allocation. */
#include "base/alloc.h"

#include <stdatomic.h>
#include <stdlib.h>

/* Process-wide on purpose: a test makes "the n-th allocation of the process" fail, whoever asks for it. */
static _Atomic uint64_t allocations;
static _Atomic int64_t fail_countdown = -1; /* allocations that still succeed; negative = off */
static _Atomic bool fail_forever;

void alloc_fail_after(int64_t n, bool forever) {
  atomic_store(&fail_forever, forever);
  atomic_store(&fail_countdown, n < 0 ? -1 : n);
}

bool alloc_should_fail(void) {
  atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
  int64_t left = atomic_load_explicit(&fail_countdown, memory_order_relaxed);
  if (left < 0) return false;
  if (left == 0 && atomic_load(&fail_forever)) return true;
  return atomic_fetch_sub(&fail_countdown, 1) == 0;
}

uint64_t alloc_count(void) { return atomic_load_explicit(&allocations, memory_order_relaxed); }

void *mem_alloc(size_t size) {
  if (alloc_should_fail()) return NULL;
  return malloc(size ? size : 1);
}

void *mem_zalloc(size_t count, size_t size) {
  if (alloc_should_fail()) return NULL;
  if (count == 0 || size == 0) return calloc(1, 1);
  return calloc(count, size); /* refuses a product that overflows */
}

void *mem_realloc(void *old, size_t count, size_t size) {
  size_t bytes;
  if (!mul_size(count, size, &bytes) || alloc_should_fail()) return NULL;
  return realloc(old, bytes ? bytes : 1);
}

void mem_free(void *p) { free(p); }
