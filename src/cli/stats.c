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

static void json_timings(struct out *o, const heddle_module_t *module) {
  heddle_timing_t t = {0};
  out_cstr(o, "{\"cycles\": {");
  for (size_t i = 0; heddle_module_timing(module, i, &t); i++)
    out_printf(o, "%s\"%s\": %llu", i ? ", " : "", t.stage, (unsigned long long)t.cycles);
  out_printf(o, "}, \"bytes\": %llu}\n", (unsigned long long)t.bytes);
}

void print_timings(const struct report *r, const heddle_module_t *module) {
  struct out o = out_file(stderr);
  if (r->json) {
    json_timings(&o, module);
    return;
  }
  heddle_timing_t t = {0};
  uint64_t sum = 0;
  out_printf(&o, "%-10s %14s %10s\n", "stage", "cycles", "a byte");
  for (size_t i = 0; heddle_module_timing(module, i, &t); i++) {
    sum += t.cycles;
    out_printf(&o, "%-10s %14llu %10.1f\n", t.stage, (unsigned long long)t.cycles,
               (double)t.cycles / (double)(t.bytes ? t.bytes : 1));
  }
  out_printf(&o, "%-10s %14llu %10.1f\n", "all", (unsigned long long)sum,
             (double)sum / (double)(t.bytes ? t.bytes : 1));
}
