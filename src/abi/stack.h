/* One stack of WebAssembly frames: the fields that compiled code and switch sequences touch.
 *
 * A stack's descriptor is the only place that describes it; there is no second copy of anything
 * (docs/stacks.md). `vm_store.cur` points to the descriptor of the running stack. sp, fp and pc are valid
 * whenever compiled code is not executing on the stack: on out-calls sp and fp (the return address into
 * compiled code stands at sp); in a trap or fault, and while it is suspended or a parent, all three. The root
 * stack of an entry stands on the thread's own stack: its base is unknown and its limit computed at entry. */
#ifndef ABI_STACK_H
#define ABI_STACK_H

#include "base/check.h"

struct vmctx;
struct stack {
  /* hot: one cache line */
  uint64_t sp, fp, pc;
  struct vmctx *inst;   /* r15 of the frame that left the stack last */
  uint64_t limit;       /* lowest legal sp; the stack's own for life */
  struct stack *parent; /* who resumed me; NULL: a root, or the last link of a captured chain */
  struct stack *last;   /* end of the chain that hangs below me when captured */
  uint64_t resume_site; /* pc key of the resume that made me a parent */
  /* cold */
  uint8_t *base; /* lowest byte of the memory; NULL for roots */
  uint64_t size;
  uint32_t id; /* for backtraces; 0 = root */
};

/* One host-to-wasm call. Lives in the C frame of the call (runtime/entry.c) for its duration; the innermost
 * is vm_store.entry. `root` describes the thread's own stack below the entry: out-calls switch to root.sp &
 * -16, which on the root itself has just been written. Every way out (return, trap, throw, exit, suspension)
 * writes outer_cur back to vm_store.cur and outer to vm_store.entry. */
struct entry {
  struct stack root; /* first: &entry->root == entry */
  uint64_t host_sp;  /* what leaving by a trap restores; arch_enter writes it */
  struct entry *outer;
  struct stack *outer_cur;
};

#endif
