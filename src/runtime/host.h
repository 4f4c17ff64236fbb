/* Host functions: C called from WebAssembly, on the thread's own stack. */
#ifndef RUNTIME_HOST_H
#define RUNTIME_HOST_H

#include "runtime/func.h"
#include "runtime/store.h"

struct instance;
struct host_call {
  struct store *store;
  struct instance *caller;     /* whose code made the call; NULL: the host called directly */
  const struct functype *type; /* canonical */
  const union vm_value *args;  /* borrowed for the call */
  union vm_value *results;     /* zeroed; to be filled */
  /* With TRAP_SUSPEND: */
  struct vm_tag *tag;      /* its results are the function's results or subtypes */
  uint32_t cell;           /* of cont_cell_empty */
  union vm_value *payload; /* the tag's parameters; freed by the caller with mem_free */
};
/* 0: all well. TRAP_SUSPEND: the guest below is suspended with tag and payload, and the results come later.
 * Else the status that ends the invocation: enum trap_code, or TRAP_HOST_ERROR after setting
 * call->store->report.host_error. */
typedef uint64_t (*host_callback)(void *env, struct host_call *call);

/* A host function of canonical type `type`; lives as long as the store, then `finalizer` (NULL is fine) gets
 * `env`. On failure the finalizer does not run. */
MUST_USE bool host_func_new(struct store *s, uint32_t type, host_callback callback, void *env,
                            void (*finalizer)(void *env), struct funcinst **out, struct error *e);

/* Canonical. */
const struct functype *host_type(const struct vm_host *host);

#endif
