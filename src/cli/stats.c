/* See stats.h. */
#include "cli/stats.h"

#include "base/out.h"

static double mib(uint64_t bytes) { return (double)bytes / (1 << 20); }
static double ms(uint64_t ns) { return (double)ns / 1e6; }

static void print_pauses(struct out *o, const char *kind, const heddle_gc_pauses_t *p) {
  out_printf(o, "  %s  %8llu", kind, (unsigned long long)p->count);
  if (p->count)
    out_printf(o, "   pauses: p50 %.3f, p99 %.3f, max %.3f, total %.3f ms", ms(p->p50_ns), ms(p->p99_ns),
               ms(p->max_ns), ms(p->total_ns));
  out_cstr(o, "\n");
}

static void json_pauses(struct out *o, const char *kind, const heddle_gc_pauses_t *p) {
  out_printf(o,
             "\"%s\": {\"count\": %llu, \"p50_ns\": %llu, \"p99_ns\": %llu, \"max_ns\": %llu, "
             "\"total_ns\": %llu}, ",
             kind, (unsigned long long)p->count, (unsigned long long)p->p50_ns, (unsigned long long)p->p99_ns,
             (unsigned long long)p->max_ns, (unsigned long long)p->total_ns);
}

static void print_json(struct out *o, const heddle_gc_stats_t *s) {
  out_cstr(o, "{\"gc\": {");
  json_pauses(o, "minor", &s->minor);
  json_pauses(o, "major", &s->major);
  out_printf(o,
             "\"allocated_bytes\": %llu, \"promoted_bytes\": %llu, \"live_bytes\": %llu, \"heap_bytes\": "
             "%llu}}\n",
             (unsigned long long)s->allocated_bytes, (unsigned long long)s->promoted_bytes,
             (unsigned long long)s->live_bytes, (unsigned long long)s->heap_bytes);
}

void print_stats(const struct report *r, const heddle_store_t *store) {
  struct out o = out_file(stderr);
  heddle_gc_stats_t s;
  heddle_error_t *error = heddle_store_gc_stats(store, &s);
  if (error) {
    (void)report_error(r, "--stats failed", error);
    return;
  }
  if (r->json) {
    print_json(&o, &s);
    return;
  }
  out_cstr(&o, "garbage collection:\n");
  print_pauses(&o, "minor", &s.minor);
  print_pauses(&o, "major", &s.major);
  out_printf(&o, "  allocated %.1f, promoted %.1f, live %.1f, heap %.1f MiB\n", mib(s.allocated_bytes),
             mib(s.promoted_bytes), mib(s.live_bytes), mib(s.heap_bytes));
}
