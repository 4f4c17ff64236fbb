/* Memories and tables by themselves: sizes, growth, limits, bounds. */
#include "os/vm.h"
#include "runtime/memory.h"
#include "runtime/store.h"
#include "runtime/table.h"
#include "wasm/match.h"

#include "unit.h"

#include <string.h>

static struct canon *canon;

static struct store *new_store(uint64_t max_memory_size, uint64_t max_table_elements) {
  struct error e = ERROR_INIT;
  struct store *s;
  canon = canon_new();
  struct store_config config = {.canon = canon,
                                .limits = {.max_memory_size = max_memory_size,
                                           .max_table_elements = max_table_elements,
                                           .max_instances = 10,
                                           .max_memories = 10,
                                           .max_tables = 10,
                                           .max_wasm_stack = 1 << 20}};
  ck_assert(store_new(&config, &s, &e));
  return s;
}

static void end_store(struct store *s) {
  store_delete(s);
  canon_delete(canon);
}

static struct meminst *new_memory(struct store *s, struct limits limits) {
  struct error e = ERROR_INIT;
  struct memtype type = {.limits = limits};
  struct meminst *m;
  if (!memory_new(s, &type, &m, &e)) ck_abort_msg("%s", e.message);
  return m;
}

START_TEST(memory_grows_in_place) {
  struct store *s = new_store(UINT64_C(1) << 40, 100);
  struct meminst *m = new_memory(s, (struct limits){.min = 1, .max = 5, .has_max = true, .page_log2 = 16});
  uint8_t *base = m->vm.base;
  ck_assert_uint_eq(m->vm.size, 65536);
  base[65535] = 9;
  ck_assert_uint_eq(memory_grow(m, 0), 1);
  ck_assert_uint_eq(memory_grow(m, 4), 1);
  ck_assert_uint_eq(memory_grow(m, 1), UINT64_MAX);
  ck_assert_uint_eq(memory_grow(m, UINT64_MAX), UINT64_MAX);
  ck_assert_ptr_eq(m->vm.base, base);
  ck_assert_uint_eq(m->vm.size, 5 * 65536);
  ck_assert_uint_eq(base[65535], 9);
  ck_assert_uint_eq(base[5 * 65536 - 1], 0);
  ck_assert_uint_eq(memory_type(m).limits.min, 5);
  end_store(s);
}
END_TEST

START_TEST(memory_of_four_gigabytes) {
  struct store *s = new_store(UINT64_C(1) << 40, 100);
  struct meminst *m = new_memory(s, (struct limits){.min = 0, .page_log2 = 16});
  ck_assert_uint_eq(m->reserved, MEMORY32_RESERVED);
  ck_assert_uint_eq(memory_grow(m, 65537), UINT64_MAX);
  if (memory_grow(m, 65536) == 0) { /* the system may refuse that much */
    ck_assert_uint_eq(m->vm.size, UINT64_C(1) << 32);
    ck_assert_uint_eq(memory_grow(m, 1), UINT64_MAX);
  }
  end_store(s);
}
END_TEST

START_TEST(memory_of_64_bits_and_of_small_pages) {
  struct store *s = new_store(UINT64_C(1) << 40, 100);
  struct meminst *m = new_memory(s, (struct limits){.min = 1, .is64 = true, .page_log2 = 16});
  ck_assert_uint_ge(m->reserved, MEMORY64_RESERVED);
  ck_assert_uint_eq(memory_grow(m, 7), 1);
  ck_assert_uint_eq(memory_grow(m, UINT64_C(1) << 47), UINT64_MAX);
  struct meminst *tiny =
      new_memory(s, (struct limits){.min = 3, .max = 10000, .has_max = true, .page_log2 = 0});
  ck_assert_uint_eq(tiny->vm.size, 3);
  tiny->vm.base[2] = 1;
  ck_assert_uint_eq(memory_grow(tiny, 9997), 3);
  ck_assert_uint_eq(memory_grow(tiny, 1), UINT64_MAX);
  ck_assert_uint_eq(tiny->vm.size, 10000);
  ck_assert(memory_fill(tiny, 9999, 1, 1));
  ck_assert(!memory_fill(tiny, 10000, 1, 1));
  ck_assert_uint_eq(tiny->pages, 10000);
  end_store(s);
}
END_TEST

START_TEST(memory_limits) {
  struct store *s = new_store(3 * 65536 + 1, 100);
  struct error e = ERROR_INIT;
  struct memtype type = {.limits = {.min = 4, .page_log2 = 16}};
  struct meminst *m;
  ck_assert(!memory_new(s, &type, &m, &e));
  ck_assert(e.kind == ERROR_LIMIT);
  m = new_memory(s, (struct limits){.min = 2, .page_log2 = 16});
  ck_assert_uint_eq(memory_grow(m, 2), UINT64_MAX);
  ck_assert_uint_eq(memory_grow(m, 1), 2);
  e = (struct error)ERROR_INIT;
  type.limits = (struct limits){.min = UINT64_C(1) << 48, .is64 = true, .page_log2 = 16};
  ck_assert(!memory_new(s, &type, &m, &e));
  end_store(s);
}
END_TEST

START_TEST(memory_bulk_operations_check_bounds) {
  struct store *s = new_store(UINT64_C(1) << 40, 100);
  struct meminst *a = new_memory(s, (struct limits){.min = 1, .page_log2 = 16});
  struct meminst *b = new_memory(s, (struct limits){.min = 2, .page_log2 = 16});
  static const uint64_t bad[][2] = {{65536, 1},      {65535, 2},      {0, 65537},
                                    {UINT64_MAX, 1}, {1, UINT64_MAX}, {UINT64_MAX, UINT64_MAX}};
  for (size_t i = 0; i < COUNT_OF(bad); i++) {
    ck_assert(!memory_fill(a, bad[i][0], 7, bad[i][1]));
    ck_assert(!memory_copy(a, b, bad[i][0], 0, bad[i][1]));
    ck_assert(!memory_copy(b, a, 0, bad[i][0], bad[i][1]));
    ck_assert(!memory_init(b, (struct slice){a->vm.base, 65536}, 0, bad[i][0], bad[i][1]));
  }
  ck_assert_uint_eq(a->vm.base[65535], 0);
  ck_assert(memory_fill(a, 65536, 7, 0));
  ck_assert(memory_fill(a, 65530, 7, 6));
  ck_assert(memory_copy(b, a, 131070, 65530, 2));
  ck_assert_uint_eq(b->vm.base[131071], 7);
  ck_assert(memory_copy(a, a, 65529, 65530, 6)); /* overlapping */
  ck_assert_mem_eq(a->vm.base + 65528, "\0\7\7\7\7\7\7\7", 8);
  end_store(s);
}
END_TEST

static struct tableinst *new_table(struct store *s, valtype elem, struct limits limits) {
  struct error e = ERROR_INIT;
  struct tabletype type = {.elem = elem, .limits = limits};
  struct tableinst *t;
  if (!table_new(s, &type, value_default(elem).of, &t, &e)) ck_abort_msg("%s", e.message);
  return t;
}

START_TEST(tables_hold_both_kinds) {
  struct store *s = new_store(UINT64_C(1) << 40, 1000);
  static const valtype types[] = {VT_FUNCREF, VT_EXTERNREF};
  for (size_t i = 0; i < COUNT_OF(types); i++) {
    struct tableinst *t = new_table(s, types[i], (struct limits){.min = 2, .max = 500, .has_max = true});
    struct vm_func func;
    union vm_value v = value_default(types[i]).of, got;
    if (t->is_func)
      v.func = &func;
    else
      v.ref = 77;
    ck_assert_uint_eq(t->is_func, i == 0);
    ck_assert(table_get(t, 1, &got) && got.i64 == 0);
    ck_assert_uint_eq(table_grow(t, 98, v), 2);
    ck_assert(table_get(t, 1, &got) && got.i64 == 0);
    ck_assert(table_get(t, 99, &got) && got.i64 == v.i64);
    ck_assert(!table_get(t, 100, &got) && !table_set(t, 100, v) && !table_get(t, UINT64_MAX, &got));
    ck_assert(table_set(t, 0, v));
    ck_assert(table_copy(t, t, 1, 0, 99));
    ck_assert(table_get(t, 1, &got) && got.i64 == v.i64);
    ck_assert(table_get(t, 2, &got) && got.i64 == 0);
    ck_assert(!table_copy(t, t, 1, 0, 100) && !table_copy(t, t, UINT64_MAX, 0, 1) &&
              !table_copy(t, t, 0, 1, UINT64_MAX));
    ck_assert(table_fill(t, 50, v, 50) && !table_fill(t, 50, v, 51) && table_fill(t, 100, v, 0));
    ck_assert_uint_eq(table_grow(t, 401, v), UINT64_MAX);
    ck_assert_uint_eq(table_grow(t, UINT64_MAX, v), UINT64_MAX);
    ck_assert_uint_eq(table_grow(t, 400, v), 100);
    ck_assert_uint_eq(table_type(t).limits.min, 500);
  }
  end_store(s);
}
END_TEST

START_TEST(table_limits) {
  struct store *s = new_store(UINT64_C(1) << 40, 10);
  struct error e = ERROR_INIT;
  struct tabletype type = {.elem = VT_FUNCREF, .limits = {.min = 11}};
  struct tableinst *t;
  union vm_value null = value_default(VT_FUNCREF).of;
  ck_assert(!table_new(s, &type, null, &t, &e));
  ck_assert(e.kind == ERROR_LIMIT);
  t = new_table(s, VT_FUNCREF, (struct limits){.min = 0, .is64 = true});
  ck_assert_uint_eq(table_grow(t, 10, null), 0);
  ck_assert_uint_eq(table_grow(t, 1, null), UINT64_MAX);
  end_store(s);
}
END_TEST

int main(void) {
  return UNIT_RUN("runtime/memory", memory_grows_in_place, memory_of_four_gigabytes,
                  memory_of_64_bits_and_of_small_pages, memory_limits, memory_bulk_operations_check_bounds,
                  tables_hold_both_kinds, table_limits);
}
