/* Global instances (spec 4.2.9) and tag instances (spec 4.2.10). */
#ifndef RUNTIME_GLOBAL_H
#define RUNTIME_GLOBAL_H

#include "base/error.h"
#include "runtime/value.h"

struct store;
struct globalinst {
  union vm_value *cell; /* in the defining instance's vmctx, or `own` */
  struct store *store;
  struct globaltype type; /* canonical */
  uint32_t handle;
  struct globalinst *next; /* of the host's: in store->globals */
  _Alignas(16) union vm_value own;
};
MUST_USE bool global_new(struct store *s, const struct globaltype *type, union vm_value init,
                         struct globalinst **out, struct error *e);
static inline union vm_value global_get(const struct globalinst *g) { return *g->cell; }
static inline void global_set(struct globalinst *g, union vm_value v) { *g->cell = v; }

struct taginst {
  struct vm_tag vm; /* first: identity of the tag is its address */
  uint32_t handle;
  struct store *store;
};
MUST_USE bool tag_new(struct store *s, uint32_t canonical_type, struct taginst **out, struct error *e);

#endif
