/* Exceptions on their way: who catches them. */
#ifndef RUNTIME_EXN_H
#define RUNTIME_EXN_H

#include "base/buf.h"
#include "runtime/store.h"

/* Looks for what catches vm.exn among the frames of the innermost entry, from cur's pc, sp and fp outward;
 * nothing has been unwound when there is none. True: vm.landing and vm.exn_clause say where to go on. */
bool exn_catch(struct store *s);

/* " $t", the name in the first instance that has the tag under one, or that there is none. */
void tag_name(const struct store *s, const struct vm_tag *tag, struct buf *out);
/* Tag and payload in words. */
void exn_describe(const struct store *s, uint32_t exn, struct buf *out);

#endif
