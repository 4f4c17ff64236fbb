/* Where the store's references stand outside its heap: what the collector visits. */
#ifndef RUNTIME_ROOTS_H
#define RUNTIME_ROOTS_H

#include "gc/gc_host.h"
#include "runtime/store.h"

extern const struct gc_host roots_host; /* `host` is the struct store */

static inline void roots_add(struct store *s, struct root_area *area) {
  area->outer = s->roots;
  s->roots = area;
}
static inline void roots_drop(struct store *s, struct root_area *area) {
  assert(s->roots == area);
  s->roots = area->outer;
}

#endif
