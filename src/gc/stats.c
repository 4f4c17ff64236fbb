/* Counters and pauses: each kind of collection has a histogram, so that a long run is counted from its start
 * in constant space. */
#include "gc/stats.h"

static uint32_t counter_of(uint64_t ns) {
  if (ns < 1u << PAUSE_FINE_LOG2) return (uint32_t)ns;
  uint32_t log2 = 63 - (uint32_t)__builtin_clzll(ns), shift = log2 - PAUSE_FINE_LOG2;
  return (shift << PAUSE_FINE_LOG2) + (uint32_t)(ns >> shift);
}

/* The longest pause that a counter counts. */
static uint64_t counter_max(uint32_t counter) {
  if (counter < 1u << PAUSE_FINE_LOG2) return counter;
  uint32_t shift = (counter >> PAUSE_FINE_LOG2) - 1;
  uint64_t fine = counter - (shift << PAUSE_FINE_LOG2);
  return (fine << shift) + ((UINT64_C(1) << shift) - 1);
}

void stats_add(struct gc_heap *h, const struct gc_event *event) {
  struct pause_counts *p = event->kind == GC_MINOR ? &h->minor_pauses : &h->major_pauses;
  p->at[counter_of(event->ns)]++;
  p->count++;
  p->max_ns = max_u64(p->max_ns, event->ns);
  p->total_ns += event->ns;
}

/* The pause that `percent` of all do not exceed. */
static uint64_t percentile(const struct pause_counts *p, uint64_t percent) {
  uint64_t rank = (p->count * percent + 99) / 100, below = 0;
  for (uint32_t i = 0; i < PAUSE_COUNTERS; i++) {
    below += p->at[i];
    if (below >= rank) return min_u64(counter_max(i), p->max_ns);
  }
  return p->max_ns;
}

static struct gc_pauses pauses(const struct pause_counts *p) {
  if (p->count == 0) return (struct gc_pauses){0};
  return (struct gc_pauses){p->count, percentile(p, 50), percentile(p, 99), p->max_ns, p->total_ns};
}

void gc_get_stats(const struct gc_heap *h, struct gc_stats *out) {
  const struct bump *survivors = &h->survivors[h->from];
  *out = h->stats;
  out->minor = pauses(&h->minor_pauses);
  out->major = pauses(&h->major_pauses);
  out->allocated_size += *nursery_top(h) - h->eden.at;
  out->live_size = h->old_size + (survivors->at - (survivors->end - h->survivor_size));
  uint64_t young = h->survivors[1].end - YOUNG_FIRST;
  out->committed_size = young + ((uint64_t)(h->end_block - OLD_FIRST_BLOCK) << BLOCK_SHIFT);
}
