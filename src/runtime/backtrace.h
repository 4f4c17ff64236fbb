/* Where the guest stands: the frames of the innermost entry, kept as numbers; names come later, for who shows
 * them. */
#ifndef RUNTIME_BACKTRACE_H
#define RUNTIME_BACKTRACE_H

#include "runtime/trap.h"

/* Fills frames, nframes and total. Allocates nothing; takes time linear in the depth. */
void backtrace_capture(struct trap_report *report, const struct vm_store *vm);

#endif
