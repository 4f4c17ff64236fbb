/* See backtrace.h. */
#include "runtime/backtrace.h"

#include "runtime/unwind.h"

#include <string.h>

static struct trap_frame frame_at(const struct unwind *u) {
  uint32_t site = code_site_at(u->image, u->off);
  return (struct trap_frame){.image = u->image,
                             .func_index = code_func_at(u->image, u->inside) + u->image->nimported,
                             .wasm_off = site == UINT32_MAX ? 0 : u->image->site_wasm[site],
                             .stack_id = u->stack->id};
}

void backtrace_capture(struct trap_report *report, const struct vm_store *vm) {
  struct trap_frame ring[TRAP_FRAMES_LAST];
  struct unwind u;
  uint64_t n = 0;
  for (unwind_start(&u, vm); u.image; unwind_next(&u), n++) {
    if (n < TRAP_FRAMES_FIRST)
      report->frames[n] = frame_at(&u);
    else
      ring[n % TRAP_FRAMES_LAST] = frame_at(&u);
  }
  report->total = n;
  report->nframes = (uint32_t)min_u64(n, TRAP_FRAMES);
  uint64_t first =
      n > TRAP_FRAMES ? n - TRAP_FRAMES_LAST : TRAP_FRAMES_FIRST; /* of the ring's frames that are kept */
  for (uint64_t i = first; i < n; i++)
    report->frames[TRAP_FRAMES_FIRST + (i - first)] = ring[i % TRAP_FRAMES_LAST];
}
