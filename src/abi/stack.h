/* One stack of WebAssembly frames: the fields that compiled code and switch sequences touch.
 *
 * A stack's descriptor is the only place that describes it; there is no second copy of anything
 * (docs/stacks.md). `vm_store.cur` points to the descriptor of the running stack. sp, fp and pc are valid
 * whenever compiled code is not executing on the stack: on out-calls sp and fp (the return address into
 * compiled code stands at sp); in a trap or fault, and while it is suspended or a parent, all three. The root
 * stack of an entry stands on the thread's own stack: its base is unknown and its limit computed at entry.
 *
 *   free       pc == 0
 *   captured   last != NULL: fresh (nothing has run) or suspended; the head of a chain that ends with `last`,
 *              whose parent is NULL; exactly one continuation cell points to it
 *   otherwise  it runs (cur), waits for the child it resumed, or is a link of a captured chain
 *
 * The state is never written down, so it cannot disagree. Writers of parent and last: the switch sequences
 * (compiler/isa/x64/cont.c, switch.S), stack/chain.c, and stack_new. */
#ifndef ABI_STACK_H
#define ABI_STACK_H

#include "base/check.h"

struct vmctx;
struct vm_func;
struct stack_bound;
struct stack_handlers;

struct stack {
  /* hot: one cache line */
  uint64_t sp, fp, pc;
  struct vmctx *inst;   /* r15 of the frame that left the stack last */
  uint64_t limit;       /* lowest legal sp; the stack's own for life */
  struct stack *parent; /* who resumed me; NULL: the last link of a captured chain; arch_barrier: a root */
  struct stack *last;   /* end of the chain that hangs below me while I am captured, else NULL */
  const struct stack_handlers *handlers; /* of the resume that made me a parent; its tags are inst's */
  /* cold */
  uint64_t base;              /* lowest byte of the memory; 0: a root, or no memory yet */
  uint64_t size;              /* bytes of it */
  const struct vm_func *func; /* what the stack's first frame runs */
  struct stack_bound *bound;  /* arguments bound to it while captured */
  struct stack *next;         /* while free */
  uint32_t id;                /* for backtraces; 0 = root */
  uint32_t cell;              /* while captured: the cell that points to it, as the collector knows it */
  uint32_t args_size, results_size; /* stack arguments and results area of func */
  uint8_t size_class;               /* of the memory: stack/stack.c */
  uint8_t noted;                    /* in the store's list of stacks whose cells may be young */
  uint8_t finish_slow;              /* its end needs C: a results area, or memory to give back */
};

/* Static data of one resume, in its function's code: which tags go where. Both lists end with tag == 0. The
 * `switch` clauses stand before this struct, the first one nearest; `landing` is of no meaning there. */
struct stack_clause {
  uint32_t tag;    /* offset in the resumer's vmctx of the slot that holds its struct vm_tag * */
  int32_t landing; /* from this clause's own address */
};
struct stack_handlers {
  uint32_t
      args_size; /* bytes of stack arguments of the resume, at its rsp; payload areas begin behind them */
  uint32_t unused;
  struct stack_clause labels[];
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
  struct entry_resume *resume; /* the host has resumed a continuation (runtime/entry.h); NULL: a plain call */
};

#endif
