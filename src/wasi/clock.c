/* See clock.h. */
#include "wasi/clock.h"

#include "wasi/wasi.h"

enum wasi_errno clock_of(uint32_t id, enum clock_kind *out) {
  static const enum clock_kind kinds[] = {CLOCK_KIND_WALL, CLOCK_KIND_MONOTONIC, CLOCK_KIND_PROCESS,
                                          CLOCK_KIND_THREAD};
  if (id >= COUNT_OF(kinds)) return ERRNO_INVAL;
  *out = kinds[id];
  return ERRNO_SUCCESS;
}

enum wasi_errno sys_clock_res_get(struct call *c) {
  enum clock_kind kind;
  enum wasi_errno e = clock_of(call_u32(c, 0), &kind);
  if (!e) put_u64(call_out(c, 1), clock_resolution_ns(kind));
  return e;
}

enum wasi_errno sys_clock_time_get(struct call *c) {
  enum clock_kind kind;
  enum wasi_errno e = clock_of(call_u32(c, 0), &kind);
  if (!e) put_u64(call_out(c, 2), clock_ns(kind));
  return e;
}
