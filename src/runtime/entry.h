/* Host-to-wasm calls: the entry record is made and ended here and nowhere else. */
#ifndef RUNTIME_ENTRY_H
#define RUNTIME_ENTRY_H

#include "runtime/func.h"
#include "abi/object.h"
#include "runtime/store.h"

/* Calls `f` on the calling thread. `args` has one normalized value for each parameter, `results` room for one
 * for each result (both in the order of the function's type, which the caller has checked the arguments
 * against). 0: returned, results are written (normalized). Else how it ended: enum trap_code, or
 * TRAP_HOST_ERROR; s->report says more and stands until the next call. May be called from host functions
 * (nested); a nested call's end ends only it. */
MUST_USE uint64_t entry_call(struct store *s, struct funcinst *f, const union vm_value *args,
                             union vm_value *results);

/* A resume by the host: what goes in and what comes out. */
struct entry_resume {
  struct object_cont *cell;    /* not empty; it is emptied when the continuation is about to run */
  const struct functype *type; /* what it takes and returns, canonical */
  const union vm_value *args;  /* normalized, of the type's parameters; none are passed with a status */
  union vm_value *results;     /* written when it returns */
  uint64_t status; /* not 0: raised where the continuation stands; TRAP_EXCEPTION with vm.exn set */
  bool (*handles)(void *env, const struct vm_tag *tag); /* does the caller take this suspension? */
  void *env;
  /* TRAP_SUSPENDED: the tag, and in store->payload its parameters and the new continuation's cell, which the
   * collector does not see there. */
  const struct vm_tag *tag;
};
/* As entry_call, with one more end: TRAP_SUSPENDED. When the call is refused before anything has run
 * (interruption, no stack, no memory), the cell is as it was. */
MUST_USE uint64_t entry_resume(struct store *s, struct entry_resume *resume);

/* True when a call into the store is on its way on another thread: an embedder's mistake that is found out
 * most of the time. */
bool entry_is_elsewhere(const struct store *s);

/* The store whose code this thread runs, NULL outside of calls. Async-signal-safe. */
struct store *entry_thread_store(void);

#endif
