/* What collections cost. */
#ifndef GC_STATS_H
#define GC_STATS_H

#include "gc/heap.h"

void stats_add(struct gc_heap *h, const struct gc_event *event);

#endif
