/* Host-to-wasm calls: the entry record is made and ended here and nowhere else. */
#ifndef RUNTIME_ENTRY_H
#define RUNTIME_ENTRY_H

#include "runtime/func.h"
#include "runtime/store.h"

/* Calls `f` on the calling thread. `args` has one normalized value for each parameter, `results` room for one
 * for each result (both in the order of the function's type, which the caller has checked the arguments
 * against). 0: returned, results are written (normalized). Else how it ended: enum trap_code, or
 * TRAP_HOST_ERROR; s->report says more and stands until the next call. May be called from host functions
 * (nested); a nested call's end ends only it. */
MUST_USE uint64_t entry_call(struct store *s, struct funcinst *f, const union vm_value *args,
                             union vm_value *results);

/* The store whose code this thread runs, NULL outside of calls. Async-signal-safe. */
struct store *entry_thread_store(void);

#endif
