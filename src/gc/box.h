/* Boxes for host pointers: who must be told when they die. */
#ifndef GC_BOX_H
#define GC_BOX_H

#include "gc/heap.h"

/* Room to register one more box; false: memory is out. Then the box, with its fields filled, is registered.
 */
MUST_USE bool box_reserve(struct gc_heap *h);
void box_register(struct gc_heap *h, uint32_t ref);
/* Inside a collection: the dead are queued, which takes no memory. */
void box_sweep_young(struct gc_heap *h);
void box_sweep_old(struct gc_heap *h);
/* After a collection: runs the queued finalizers, which may allocate and collect. */
void box_finalize(struct gc_heap *h);
void box_delete(struct gc_heap *h); /* finalizes all */

#endif
