/* Where the parts of an instance's tail stand: see vmctx.h. */
#include "abi/vmctx.h"

enum { VMCTX_MAX_SIZE = 1 << 30 };

/* Appends an array to the tail; *at keeps growing past the limit without wrapping (counts are at most
 * 1,000,000). */
static uint32_t place(uint64_t *at, uint64_t count, uint64_t item) {
  uint64_t align = item < 16 ? item : 16;
  *at = (*at + align - 1) & ~(align - 1);
  uint64_t start = *at;
  *at += count * item;
  return (uint32_t)start;
}

bool vmctx_layout(const struct module *m, struct vmctx_layout *out) {
  uint64_t at = sizeof(struct vmctx);
  out->mems = place(&at, m->nmems, sizeof(struct vm_memory *));
  out->tables = place(&at, m->ntables, sizeof(struct vm_table *));
  out->globals_imp = place(&at, m->nimported_globals, sizeof(union vm_value *));
  out->tags = place(&at, m->ntags, sizeof(struct vm_tag *));
  out->types = place(&at, m->ntypes, sizeof(uint32_t));
  out->heads = place(&at, m->ntypes, sizeof(uint32_t));
  out->globals = place(&at, m->nglobals - m->nimported_globals, sizeof(union vm_value));
  out->funcs = place(&at, m->nfuncs, sizeof(struct vm_func *));
  if (at > VMCTX_MAX_SIZE) return false;
  out->size = (uint32_t)align_up(at, 16);
  return true;
}
