/* What the collector asks of whoever owns the heap: where the references are.
 *
 * Filled by the runtime, by a fake in the unit tests.  All calls come from inside a collection, on the thread
 * that allocates: they must not allocate in the heap, and must see no object but through the slots they
 * visit. */
#ifndef GC_GC_HOST_H
#define GC_GC_HOST_H

#include "base/check.h"

enum gc_kind {
  GC_MINOR, /* the nursery */
  GC_MAJOR, /* everything; sparse blocks are emptied */
  GC_FULL,  /* everything, and every block that can be emptied is */
};
struct gc_heap;
struct gc_visitor;
/* Tells the collector of a slot outside the heap: any reference value; it may be changed. A slot may be
 * visited more than once in a collection. */
void gc_visit(struct gc_visitor *v, uint32_t *slot);

struct gc_event {
  enum gc_kind kind;
  uint64_t ns;                      /* the pause */
  uint64_t before_size, after_size; /* bytes that objects take up */
  uint64_t moved_size;
};
struct gc_host {
  /* Visits every root: compiled frames of the running chain, globals, tables, handles, root areas. */
  void (*visit_roots)(void *host, struct gc_visitor *v);
  /* Visits every slot of the suspended stack (and the chain below it) that a live continuation points to. In
   * a minor collection only stacks suspended since the last one are asked for, and those whose slots led to
   * objects that are still young. NULL: there are no continuations. */
  void (*visit_stack)(void *host, uint64_t stack, struct gc_visitor *v);
  /* All that lives has been found, nothing is reused yet: the host drops what gc_forward says is dead and
   * updates what moved. May be NULL. */
  void (*sweep)(void *host, struct gc_heap *heap);
  /* For the verifier: NULL, or what is wrong (static text) with what the object's references lead to, by its
   * type. May be NULL. Must not allocate. */
  const char *(*check_object)(void *host, uint32_t ref);
  /* A collection has ended. May be NULL. */
  void (*event)(void *host, const struct gc_event *event);
};

#endif
