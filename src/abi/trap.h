/* Trap codes as compiled code, runtime and site tables know them. */
#ifndef ABI_TRAP_H
#define ABI_TRAP_H
enum trap_code {
#define TRAP(id, message) TRAP_##id,
#include "abi/trap.def"
#undef TRAP
  TRAP_COUNT,
  /* Ways to end an invocation that are no traps but leave by the same path (status of a builtin or host
     function). */
  TRAP_HOST_ERROR = 64, /* the store's pending error says what: a callback's error, exit */
  TRAP_EXCEPTION = 65,  /* an exception is on its way: vm_store.exn */
  TRAP_SUSPEND = 66,    /* of a host function: its caller is to be suspended (arch.h) */
  TRAP_SUSPENDED = 67   /* of an entry: the continuation that the host resumed has suspended to it */
};
#endif
