/* Clocks by clock_gettime. */
#include "os/clock.h"

#include <time.h>

static clockid_t clock_id(enum clock_kind kind) {
  switch (kind) {
  case CLOCK_KIND_WALL: return CLOCK_REALTIME;
  case CLOCK_KIND_MONOTONIC: return CLOCK_MONOTONIC;
  case CLOCK_KIND_PROCESS: return CLOCK_PROCESS_CPUTIME_ID;
  case CLOCK_KIND_THREAD: return CLOCK_THREAD_CPUTIME_ID;
  }
  unreachable();
}

static uint64_t to_ns(struct timespec t) { return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec; }

uint64_t clock_ns(enum clock_kind kind) {
  struct timespec t = {0};
  clock_gettime(clock_id(kind), &t);
  return to_ns(t);
}

uint64_t clock_resolution_ns(enum clock_kind kind) {
  struct timespec t = {0};
  clock_getres(clock_id(kind), &t);
  return to_ns(t);
}
