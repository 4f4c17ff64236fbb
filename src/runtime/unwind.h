/* Walks the frames of the innermost entry, innermost frame first, from each stack on to the one that resumed
 * it. */
#ifndef RUNTIME_UNWIND_H
#define RUNTIME_UNWIND_H

#include "abi/vmctx.h"
#include "runtime/code.h"

/* Valid while compiled code does not run: after an out-call, a trap or a fault. */
struct unwind {
  struct stack *stack;
  uintptr_t pc, sp, fp;           /* of the current frame; pc is a return address, the site of a switch, or a
                                     faulting instruction */
  const struct code_image *image; /* NULL: the walk is over */
  uint32_t off;                   /* of pc in the image: a site's key */
  uint32_t inside;                /* of a byte of the instruction itself: off, or off - 1 behind a call */
  bool innermost;
};
/* Begins at what `cur` says: pc, sp and fp of its innermost frame. */
void unwind_start(struct unwind *u, const struct vm_store *s);
/* Begins at an out-call: at the frame that called the builtin or host function for which `stack` was left. */
void unwind_start_call(struct unwind *u, struct stack *stack);
/* Begins at the head of a captured chain, which goes on at `pc`; a fresh one has no frames. */
void unwind_start_captured(struct unwind *u, struct stack *head, uintptr_t pc);
void unwind_next(struct unwind *u);

#endif
