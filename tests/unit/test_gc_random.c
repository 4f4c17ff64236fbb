/* Random graphs of every kind of object, changed for many steps under every stress mode, against the model.
 */
#include "gc_model.h"

static void run(const struct gc_config *config, uint32_t steps, uint32_t seed) {
  struct model m;
  ck_assert(model_new(&m, config));
  m.seed = seed;
  for (uint32_t i = 1; i <= steps; i++) {
    model_step(&m);
    if (i % (steps / 20) == 0) {
      model_compare(&m);
      ck_assert_ptr_null(gc_verify(m.heap, NULL));
    }
    if (i % (steps / 8) == 0) {
      gc_collect(m.heap, (enum gc_kind)(i / (steps / 8) % 3));
      model_compare(&m);
    }
  }
  gc_collect(m.heap, GC_FULL);
  model_compare_dead(&m);
  struct gc_stats stats;
  gc_get_stats(m.heap, &stats);
  const struct gc_pauses *pauses[] = {&stats.minor, &stats.major};
  for (int i = 0; i < 2; i++) {
    ck_assert_uint_gt(pauses[i]->count, 0);
    ck_assert(0 < pauses[i]->p50_ns && pauses[i]->p50_ns <= pauses[i]->p99_ns);
    ck_assert(pauses[i]->p99_ns <= pauses[i]->max_ns && pauses[i]->max_ns <= pauses[i]->total_ns);
  }
  ck_assert_uint_eq(m.events, stats.minor.count + stats.major.count);
  ck_assert_uint_gt(stats.allocated_size, stats.promoted_size);
  for (uint32_t i = 0; i < MODEL_ROOTS; i++)
    m.roots[i] = 0, m.nodes[i] = NULL;
  gc_collect(m.heap, GC_FULL);
  gc_get_stats(m.heap, &stats);
  ck_assert_uint_eq(stats.live_size, 0);
  model_compare_dead(&m);
  model_delete(&m);
}

START_TEST(plain) { run(&(struct gc_config){.nursery_size = 1 << 18}, 300000, 1); }
END_TEST
START_TEST(default_nursery) { run(&(struct gc_config){0}, 300000, 2); }
END_TEST
START_TEST(verified_and_poisoned) {
  run(&(struct gc_config){.nursery_size = 1 << 16, .flags = GC_VERIFY | GC_POISON}, 100000, 3);
}
END_TEST
START_TEST(everything_moves) {
  run(&(struct gc_config){.nursery_size = 1 << 14, .flags = GC_STRESS_MOVE | GC_VERIFY | GC_POISON}, 10000,
      4);
}
END_TEST
START_TEST(tiny_mark_stack) {
  run(&(struct gc_config){.nursery_size = 1 << 16, .flags = GC_TINY_STACK | GC_VERIFY | GC_STRESS_MOVE},
      20000, 5);
}
END_TEST
START_TEST(collection_at_each_allocation) {
  run(&(struct gc_config){.nursery_size = 1 << 14,
                          .flags =
                              GC_STRESS_COLLECT | GC_STRESS_MOVE | GC_VERIFY | GC_POISON | GC_TINY_STACK},
      6000, 6);
  run(&(struct gc_config){.nursery_size = 1 << 14, .flags = GC_STRESS_COLLECT | GC_STRESS_MOVE}, 100000, 7);
}
END_TEST
START_TEST(small_limit) { run(&(struct gc_config){.max_size = 4 << 20, .flags = GC_VERIFY}, 100000, 8); }
END_TEST

int main(void) {
  return UNIT_RUN("gc/random", plain, default_nursery, verified_and_poisoned, everything_moves,
                  tiny_mark_stack, collection_at_each_allocation, small_limit);
}
