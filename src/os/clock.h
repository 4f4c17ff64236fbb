/* Clocks, in nanoseconds. */
#ifndef OS_CLOCK_H
#define OS_CLOCK_H

#include "base/check.h"

enum clock_kind {
  CLOCK_KIND_WALL,      /* since 1970-01-01 UTC; may jump */
  CLOCK_KIND_MONOTONIC, /* since some start; never goes back */
  CLOCK_KIND_PROCESS,   /* CPU time of the process */
  CLOCK_KIND_THREAD,    /* CPU time of the calling thread */
};
uint64_t clock_ns(enum clock_kind kind);
uint64_t clock_resolution_ns(enum clock_kind kind);
static inline uint64_t clock_monotonic_ns(void) { return clock_ns(CLOCK_KIND_MONOTONIC); }

#endif
