/* See func.h. */
#include "runtime/func.h"

#include "runtime/store.h"

const struct functype *funcinst_type(const struct funcinst *f) {
  return &canon_type(funcinst_store(f)->canon, f->vm.type)->func;
}

struct store *funcinst_store(const struct funcinst *f) {
  return store_of(f->vm.inst);
}

uint32_t funcinst_handle(struct funcinst *f) {
  return store_handle(funcinst_store(f), HANDLE_FUNC, f, &f->handle);
}
