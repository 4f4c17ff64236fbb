/* Type descriptors, in their part of the reservation. */
#ifndef GC_TYPE_H
#define GC_TYPE_H

#include "gc/heap.h"

MUST_USE bool type_init(struct gc_heap *h);                 /* the types every heap has */
bool type_is_valid(const struct gc_heap *h, uint32_t head); /* for checks: a head that gc_type_new gave */

#endif
