/* Hardware faults: one process-wide handler for SIGSEGV, SIGBUS and SIGILL, and the stack it runs on.
 *
 * In: a function that judges a fault.  Out: the fault's registers, which it may rewrite so that the thread
 * goes on elsewhere.  What it does not claim goes to the handler that was installed before, with that one's
 * flags. Must not (here and in the function): allocate, lock, print, change errno. */
#ifndef OS_SIGNAL_H
#define OS_SIGNAL_H

#include "base/check.h"

enum fault_kind { FAULT_ACCESS, FAULT_BUS, FAULT_ILLEGAL };

struct fault {
  enum fault_kind kind;
  bool has_address; /* `address` is what the instruction accessed; not known for non-canonical addresses */
  uintptr_t address;
  uintptr_t pc, sp, fp; /* of the faulting instruction; written back when the function returns true */
  uintptr_t arg[2];     /* first two integer argument registers, written back likewise */
};

/* Runs in the handler, on the alternate stack. True: claimed, go on with the registers in `f`. */
typedef bool (*fault_function)(struct fault *f);

/* Installs the handlers; further calls must pass the same function and do nothing. Any thread. */
MUST_USE bool signal_install(fault_function function);

/* Gives the calling thread an alternate signal stack of at least signal_stack_size bytes, unless it has one.
 * Cheap when it has; freed at the thread's end. Must be called before the thread runs guest code. */
MUST_USE bool signal_stack_ensure(void);
size_t signal_stack_size(void);

/* Bytes that must be free below a stack on which handlers without SA_ONSTACK may run; 0: none is installed
 * now. */
size_t signal_room(void);

#endif
