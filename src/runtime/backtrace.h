/* Where the guest stands: the frames of the innermost entry, kept as numbers; names come later, for who shows
 * them. */
#ifndef RUNTIME_BACKTRACE_H
#define RUNTIME_BACKTRACE_H

#include "runtime/trap.h"

/* Fills frames, nframes and total. Allocates nothing; takes time linear in the depth. */
void backtrace_capture(struct trap_report *report, const struct vm_store *vm);

/* The same for a captured chain: from its head to its last link. A fresh one has no frames. */
void backtrace_captured(struct trap_report *report, struct stack *head);

/* One frame: the function that a fresh stack will run; none when it is the host's. */
void backtrace_fresh(struct trap_report *report, const struct stack *head);

#endif
