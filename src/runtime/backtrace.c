/* See backtrace.h. */
#include "runtime/backtrace.h"

#include "runtime/cont.h"
#include "runtime/instance.h"
#include "runtime/unwind.h"

#include <string.h>

struct ring { /* of the last frames; the first ones stand in the report at once */
  struct trap_report *report;
  struct trap_frame last[TRAP_FRAMES_LAST];
  uint64_t n;
};

static void add(struct ring *r, struct trap_frame frame) {
  if (r->n < TRAP_FRAMES_FIRST)
    r->report->frames[r->n] = frame;
  else
    r->last[r->n % TRAP_FRAMES_LAST] = frame;
  r->n++;
}

/* The frame that `u` stands at, and before it those of the bodies that were inlined around the instruction,
 * which is a resume where `handlers` are given. */
static void add_frames(struct ring *r, const struct unwind *u, const struct stack_handlers *handlers) {
  uint32_t site = code_site_at(u->image, u->off), at = code_func_at(u->image, u->inside);
  uint32_t position = site == UINT32_MAX ? 0 : u->image->site_wasm[site];
  struct trap_frame frame = {.image = u->image, .stack_id = u->stack->id, .handlers = handlers};
  while (code_inline_next(u->image, at, &position, &frame.func_index, &frame.wasm_off)) {
    add(r, frame);
    frame.handlers = NULL;
  }
  add(r, frame);
}

/* `stack` is where the walk begins, though no frame may be on it. */
static void capture(struct trap_report *report, struct unwind *u, const struct stack *stack) {
  struct ring ring = {.report = report};
  for (; u->image; unwind_next(u)) {
    add_frames(&ring, u, u->stack == stack ? NULL : u->stack->handlers);
    stack = u->stack;
  }
  uint64_t n = ring.n;
  report->total = n;
  report->nframes = (uint32_t)min_u64(n, TRAP_FRAMES);
  uint64_t first =
      n > TRAP_FRAMES ? n - TRAP_FRAMES_LAST : TRAP_FRAMES_FIRST; /* of the ring's frames that are kept */
  for (uint64_t i = first; i < n; i++)
    report->frames[TRAP_FRAMES_FIRST + (i - first)] = ring.last[i % TRAP_FRAMES_LAST];
}

void backtrace_capture(struct trap_report *report, const struct vm_store *vm) {
  struct unwind u;
  unwind_start(&u, vm);
  capture(report, &u, vm->cur);
}

void backtrace_captured(struct trap_report *report, struct stack *head) {
  struct unwind u;
  unwind_start_captured(&u, head, head->bound ? head->bound->pc : head->pc);
  capture(report, &u, head);
}

void backtrace_fresh(struct trap_report *report, const struct stack *head) {
  const struct instance *in = instance_of(head->func->inst);
  report->nframes = in ? 1 : 0;
  report->total = report->nframes;
  if (!in) return;
  report->frames[0] =
      (struct trap_frame){.image = in->source.image, .func_index = head->func->index, .stack_id = head->id};
}
