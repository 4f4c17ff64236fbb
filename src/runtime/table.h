/* Table instances (spec 4.2.7). Elements are vm_func pointers or 32-bit references, by the element type's
 * hierarchy. */
#ifndef RUNTIME_TABLE_H
#define RUNTIME_TABLE_H

#include "base/error.h"
#include "runtime/value.h"

struct store;
struct tableinst {
  struct vm_table vm; /* first */
  struct store *store;
  struct tableinst *next; /* in store->tables */
  struct tabletype type;  /* canonical; limits as declared */
  bool is_func;           /* elements are pointers */
  uint64_t cap, max;      /* elements: allocated, and the most it may grow to */
  uint32_t handle;
};
/* `type` canonical; every element is `init` (a reference of the element type). */
MUST_USE bool table_new(struct store *s, const struct tabletype *type, union vm_value init,
                        struct tableinst **out, struct error *e);
/* Old length, or UINT64_MAX when it cannot grow that much. */
uint64_t table_grow(struct tableinst *t, uint64_t delta, union vm_value init);
/* False: out of bounds; nothing is written then. */
MUST_USE bool table_get(const struct tableinst *t, uint64_t i, union vm_value *out);
MUST_USE bool table_set(struct tableinst *t, uint64_t i, union vm_value v);
MUST_USE bool table_fill(struct tableinst *t, uint64_t dst, union vm_value v, uint64_t len);
MUST_USE bool table_copy(struct tableinst *dst_table, struct tableinst *src_table, uint64_t dst, uint64_t src,
                         uint64_t len);
struct tabletype table_type(const struct tableinst *t); /* with min = the current length */

#endif
