/* Counters and pauses; the last PAUSES minor pauses are kept for their percentile. */
#include "gc/stats.h"

#include <stdlib.h>

void stats_add(struct gc_heap *h, const struct gc_event *event) {
  struct gc_stats *s = &h->stats;
  if (event->kind == GC_MINOR) {

    h->minor_ns[h->npauses++ % PAUSES] = event->ns;
    s->minor_max_ns = max_u64(s->minor_max_ns, event->ns);
    s->minor_total_ns += event->ns;
  } else {
    s->major_max_ns = max_u64(s->major_max_ns, event->ns);
    s->major_total_ns += event->ns;
  }
}

static int compare(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

void gc_get_stats(const struct gc_heap *h, struct gc_stats *out) {
  *out = h->stats;
  out->live_size = h->old_size;
  uint64_t young = h->survivors[1].end - YOUNG_FIRST;
  out->committed_size = young + ((uint64_t)(h->end_block - OLD_FIRST_BLOCK) << BLOCK_SHIFT);
  uint64_t sorted[PAUSES];
  size_t n = (size_t)min_u64(h->npauses, PAUSES);
  if (n == 0) return;
  memcpy(sorted, h->minor_ns, n * sizeof *sorted);
  qsort(sorted, n, sizeof *sorted, compare);
  out->minor_p99_ns = sorted[n - 1 - n / 100];
}
