/* Function instances: defined ones live in their instance's array, host functions in records of their own. */
#ifndef RUNTIME_FUNC_H
#define RUNTIME_FUNC_H

#include "abi/arch.h"
#include "runtime/value.h"

struct store;
struct funcinst {
  struct vm_func
      vm; /* first: function references point here. code == NULL: not made yet (instance_func does) */
  uint32_t handle; /* store_handle's memory; 0 = none yet */
};
static inline struct funcinst *funcinst_of(struct vm_func *f) { return (struct funcinst *)f; }
/* Its canonical type. */
const struct functype *funcinst_type(const struct funcinst *f);
struct store *funcinst_store(const struct funcinst *f);
uint32_t funcinst_handle(struct funcinst *f); /* 0: memory is out */

#endif
