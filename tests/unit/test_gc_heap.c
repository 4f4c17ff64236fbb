/* The heap's promises one by one: limits, barriers, large objects, boxes, failing memory, what the check
 * finds. */
#include "gc_model.h"

#include <signal.h>

static bool everything_used(struct model *m, enum model_type type, uint32_t len, uint32_t most) {
  for (uint32_t i = 0; i < most; i++) {
    /* A list: each new object's first field is the one before. */
    m->nodes[2] = m->nodes[0];
    m->roots[2] = m->roots[0];
    if (!model_alloc(m, type, len, 0)) return true;
    model_store(m, 0, 0, 2);
  }
  return false;
}

START_TEST(limit_is_kept_and_survived) {
  for (uint64_t max = 1 << 20; max <= 4 << 20; max *= 2) {
    struct model m;
    ck_assert(model_new(&m, &(struct gc_config){.max_size = max}));
    for (int round = 0; round < 3; round++) {
      static const struct {
        enum model_type type;
        uint32_t len;
      } kinds[] = {{MODEL_PAIR, 0}, {MODEL_REFS, 1000}, {MODEL_REFS, 20000}};
      ck_assert(everything_used(&m, kinds[round].type, kinds[round].len, 5000000));
      struct gc_stats stats;
      gc_get_stats(m.heap, &stats);
      ck_assert_uint_le(stats.committed_size, max);
      ck_assert_uint_le(stats.live_size, max);
      ck_assert_uint_ge(stats.live_size, max / 4); /* most of it was usable */
      ck_assert(!model_alloc(&m, MODEL_BYTES, (uint32_t)max, 3));
      model_compare(&m);
      ck_assert_ptr_null(gc_verify(m.heap, NULL));
      model_drop(&m, 0); /* and then there is room again */
      model_drop(&m, 2);
      ck_assert(model_alloc(&m, MODEL_BYTES, (uint32_t)max / 3, 3));
      model_drop(&m, 3);
    }
    model_delete(&m);
  }
}
END_TEST

START_TEST(absurd_lengths_fail) {
  struct model m;
  ck_assert(model_new(&m, &(struct gc_config){0}));
  struct gc_type wide = {.kind = OBJECT_ARRAY, .elem = STORAGE_128};
  uint32_t head = gc_type_new(m.heap, &wide);
  ck_assert_uint_eq(gc_alloc(m.heap, head, UINT32_MAX), 0);
  ck_assert_uint_eq(gc_alloc(m.heap, head, UINT32_C(1) << 28), 0); /* 4 GiB: its 32-bit size would be 8 */
  ck_assert_uint_eq(gc_alloc(m.heap, m.heads[MODEL_BYTES], UINT32_MAX), 0);
  ck_assert_uint_eq(gc_alloc(m.heap, m.heads[MODEL_BYTES], UINT32_MAX - 8), 0);
  ck_assert_uint_eq(gc_alloc(m.heap, m.heads[MODEL_REFS], UINT32_MAX), 0);
  struct gc_stats stats;
  gc_get_stats(m.heap, &stats);
  ck_assert_uint_eq(stats.minor.count, 0); /* nothing that could help was tried */
  model_delete(&m);
}
END_TEST

START_TEST(large_objects_stay_and_die) {
  struct model m;
  ck_assert(model_new(&m, &(struct gc_config){.flags = GC_VERIFY | GC_POISON, .nursery_size = 1 << 16}));
  for (uint32_t len = 8000; len < 200000; len = len * 3 / 2 + 1) {
    for (uint32_t i = 0; i < MODEL_ROOTS; i++)
      ck_assert(model_alloc(&m, model_random(&m, 2) ? MODEL_REFS : MODEL_BYTES, len,
                            model_random(&m, MODEL_ROOTS)));
    uint32_t root = 1 + model_random(&m, MODEL_ROOTS - 1);
    ck_assert(model_alloc(&m, MODEL_REFS, len, root));
    uint32_t stood = m.roots[root];
    ck_assert(model_alloc(&m, MODEL_PAIR, 0, 0));
    model_store(&m, root, len - 1, 0); /* old to young, at the very end */
    model_drop(&m, 0);
    gc_collect(m.heap, GC_MINOR);
    model_compare(&m);
    gc_collect(m.heap, GC_FULL);
    if (len > OBJECT_INLINE_MAX / 4) ck_assert_uint_eq(m.roots[root], stood);
    model_compare(&m);
    for (uint32_t i = 0; i < MODEL_ROOTS; i += 2)
      model_drop(&m, i);
  }
  model_delete(&m);
}
END_TEST

START_TEST(fragments_are_emptied) {
  struct model m;
  ck_assert(model_new(&m, &(struct gc_config){.nursery_size = 1 << 18}));
  /* 16 MiB of small objects, of which one in 64 is kept: all lines in use, nearly all of it garbage. */
  struct gc_stats stats;
  ck_assert(model_alloc(&m, MODEL_REFS, 9000, 0));
  uint32_t kept = 0;
  for (uint32_t i = 0; i < 300000; i++) {
    ck_assert(model_alloc(&m, MODEL_PAIR, 0, 1));
    if (m.nodes[1]) {
      memset(m.nodes[1]->fields, 0, 2 * sizeof(void *));
      for (uint32_t k = 0; k < 2; k++)
        write32(m.base + m.roots[1] + field_off(&m, m.nodes[1], k), m.nodes[1]->i31[k] = 0);
    }
    uint32_t slot = i % 9000;
    if (i % 64 == 0 && kept < 8000) slot = 9000 - ++kept;
    model_store(&m, 0, min_u32(slot, 9000 - kept - (i % 64 != 0)), 1);
  }
  model_drop(&m, 1);
  for (uint32_t i = 0; i < 9000 - kept; i++)
    model_store(&m, 0, i, 1);
  gc_collect(m.heap, GC_FULL); /* learns how full blocks are */
  gc_collect(m.heap, GC_FULL); /* and acts on it */
  model_compare(&m);
  ck_assert_ptr_null(gc_verify(m.heap, NULL));
  gc_get_stats(m.heap, &stats);
  ck_assert_uint_ge(kept, 4000);
  ck_assert_uint_le(stats.live_size, 9000 * 4 + 16 + kept * 40);
  model_delete(&m);
}
END_TEST

START_TEST(new_and_grow_fail_cleanly) {
  int worked = 0;
  for (int64_t n = 0; n < 30; n++) {
    struct model m;
    alloc_fail_after(n, true);
    bool made = model_new(&m, &(struct gc_config){.max_size = 2 << 20, .flags = n % 2 ? GC_TINY_STACK : 0});
    if (!made) {
      alloc_fail_after(-1, false);
      if (m.heap) model_delete(&m); /* the heap is, its types are not */
      free(m.heap ? NULL : m.stacks);
      continue;
    }
    worked++;
    /* No memory from here on: what is committed serves, then allocations fail, nothing is lost. */
    ck_assert(everything_used(&m, n % 3 ? MODEL_PAIR : MODEL_REFS, 100, 5000000));
    for (uint32_t i = 0; i < 50; i++)
      (void)model_alloc(&m, MODEL_BOX, 0, 5 + i % 9);
    model_compare(&m);
    ck_assert_ptr_null(gc_verify(m.heap, NULL));
    alloc_fail_after(-1, false);
    model_drop(&m, 0);
    model_drop(&m, 2);
    ck_assert(model_alloc(&m, MODEL_REFS, 100000, 0));
    gc_collect(m.heap, GC_FULL);
    model_compare_dead(&m);
    model_delete(&m);
  }
  ck_assert_int_gt(worked, 10);
}
END_TEST

START_TEST(single_failures_change_nothing) {
  for (int64_t n = 0; n < 40; n++) {
    struct model m;
    ck_assert(model_new(&m, &(struct gc_config){.nursery_size = 1 << 14, .flags = GC_VERIFY}));
    alloc_fail_after(n, false);
    for (uint32_t i = 0; i < 4000; i++)
      model_step(&m);
    alloc_fail_after(-1, false);
    gc_collect(m.heap, GC_FULL);
    model_compare_dead(&m);
    model_delete(&m);
  }
}
END_TEST

START_TEST(casts_follow_the_display) {
  struct model m;
  ck_assert(model_new(&m, &(struct gc_config){0}));
  uint32_t heads[64], other = m.heads[MODEL_HUGE];
  for (uint32_t depth = 0; depth < 64; depth++) {
    struct gc_type def = {
        .kind = OBJECT_STRUCT, .super = depth ? heads[depth - 1] : 0, .size = 8, .canon = depth};
    heads[depth] = gc_type_new(m.heap, &def);
    ck_assert_uint_ne(heads[depth], 0);
  }
  for (uint32_t depth = 0; depth < 64; depth += 3) {
    uint32_t ref = gc_alloc(m.heap, heads[depth], 0);
    for (uint32_t want = 0; want < 64; want++)
      ck_assert(object_is(m.base, ref, heads[want]) == (want <= depth));
    ck_assert(!object_is(m.base, ref, other) && !object_is(m.base, ref, OBJECT_TYPE_EXTERN));
    ck_assert_uint_eq(object_type(m.base, object_head(m.base, ref))->canon, depth);
  }
  model_delete(&m);
}
END_TEST

START_TEST(types_run_out_cleanly) {
  struct gc_heap *h = gc_new(&(struct gc_config){.max_size = 1 << 20}, &model_host, &(struct model){0});
  ck_assert_ptr_nonnull(h);
  uint32_t refs[8000], made = 0;
  for (uint32_t i = 0; i < COUNT_OF(refs); i++)
    refs[i] = 4 + 4 * i;
  struct gc_type def = {.kind = OBJECT_STRUCT, .size = 32016, .ref_offs = refs, .nref_offs = COUNT_OF(refs)};
  while (made < 100000 && gc_type_new(h, &def))
    made++;
  ck_assert_uint_gt(made, 10000);
  ck_assert_uint_lt(made, 100000);
  gc_delete(h);
}
END_TEST

START_TEST(charges_bring_collections) {
  struct model m;
  ck_assert(model_new(&m, &(struct gc_config){0}));
  struct gc_stats stats;
  ck_assert(model_alloc(&m, MODEL_PAIR, 0, 0));
  gc_charge(m.heap, UINT64_C(1) << 40);
  ck_assert(model_alloc(&m, MODEL_PAIR, 0, 1));
  gc_get_stats(m.heap, &stats);
  ck_assert_uint_eq(stats.major.count, 1);
  ck_assert(model_alloc(&m, MODEL_PAIR, 0, 2));
  gc_get_stats(m.heap, &stats);
  ck_assert_uint_eq(stats.major.count, 1);
  gc_charge(m.heap, UINT64_MAX);
  gc_charge(m.heap, UINT64_MAX);
  ck_assert(model_alloc(&m, MODEL_PAIR, 0, 3));
  model_compare(&m);
  model_delete(&m);
}
END_TEST

static void reenter(void *data) {
  struct model *m = data;
  m->visits = 1000000;
  for (uint32_t i = 0; i < 100; i++)
    ck_assert(model_alloc(m, MODEL_REFS, 5000, 7));
  gc_collect(m->heap, GC_FULL);
}
START_TEST(finalizers_may_use_the_heap) {
  struct model m;
  ck_assert(model_new(&m, &(struct gc_config){.nursery_size = 1 << 16, .flags = GC_VERIFY}));
  ck_assert(gc_alloc_extern(m.heap, &m, reenter));
  for (uint32_t i = 0; i < 20000; i++)
    model_step(&m);
  ck_assert_uint_ge(m.visits, 1000000);
  model_compare(&m);
  model_delete(&m);
}
END_TEST

START_TEST(check_finds_what_is_wrong) {
  for (int what = 0; what < 9; what++) {
    struct model m;
    uint32_t ref;
    ck_assert(model_new(&m, &(struct gc_config){.nursery_size = 1 << 16, .flags = GC_POISON}));
    ck_assert(model_alloc(&m, MODEL_PAIR, 0, 0) && model_alloc(&m, MODEL_REFS, 100, 1));
    gc_collect(m.heap, GC_FULL);
    ck_assert(model_alloc(&m, MODEL_PAIR, 0, 2));
    ck_assert_ptr_null(gc_verify(m.heap, NULL));
    uint8_t *old = m.base + m.roots[1], *young = m.base + m.roots[2];
    switch (what) {
    case 0: write32(old + OBJECT_DATA + 8, m.roots[2]); break;                    /* no card marked */
    case 1: gc_store_ref(m.base, m.roots[1], OBJECT_DATA, m.roots[2] + 8); break; /* inside an object */
    case 2: gc_store_ref(m.base, m.roots[1], OBJECT_DATA, 16); break;             /* in the null page */
    case 3: write32(young, 72); break;                                            /* no type */
    case 4: write32(old + OBJECT_LEN, 1 << 20); break;                /* an array that overruns its block */
    case 5: m.roots[9] = m.roots[1] + 4096; break;                    /* a root into free memory */
    case 6: write32(m.base + read32(m.base + GC_TOP) + 64, 1); break; /* a store past the nursery's top */
    case 7: write32(old + 3 * 512, 1); break;                         /* a store into a free line */
    case 8: write32(m.base + GC_TOP, read32(m.base + GC_TOP) + 8); break; /* the nursery has a hole */
    }
    ck_assert_ptr_nonnull((const void *)gc_verify(m.heap, &ref));
    model_delete(&m);
  }
}
END_TEST

START_TEST(null_faults) {
  struct model m;
  ck_assert(model_new(&m, &(struct gc_config){0}));
  signal(SIGSEGV, SIG_DFL);
  (void)*(volatile uint8_t *)(m.base + GC_FIRST - 1);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("gc/heap");
  TCase *plain = tcase_create("plain"), *faulting = tcase_create("faulting");
  tcase_set_timeout(plain, 60);
  tcase_add_test(plain, limit_is_kept_and_survived);
  tcase_add_test(plain, absurd_lengths_fail);
  tcase_add_test(plain, large_objects_stay_and_die);
  tcase_add_test(plain, fragments_are_emptied);
  tcase_add_test(plain, new_and_grow_fail_cleanly);
  tcase_add_test(plain, single_failures_change_nothing);
  tcase_add_test(plain, casts_follow_the_display);
  tcase_add_test(plain, types_run_out_cleanly);
  tcase_add_test(plain, charges_bring_collections);
  tcase_add_test(plain, finalizers_may_use_the_heap);
  tcase_add_test(plain, check_finds_what_is_wrong);
  tcase_add_test_raise_signal(faulting, null_faults, SIGSEGV);
  suite_add_tcase(suite, plain);
  suite_add_tcase(suite, faulting);
  return unit_run_suite(suite);
}
