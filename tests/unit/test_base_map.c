/* The hash map: both key kinds, order, growth; and bit sets. */
#include "base/bitset.h"
#include "base/map.h"

#include "unit.h"

#include <stdio.h>

START_TEST(finds_what_was_inserted) {
  jmp_buf oom;
  struct arena a;
  arena_init(&a, &oom);
  ck_assert_int_eq(setjmp(oom), 0);
  struct map m;
  map_init(&m, &a);
  ck_assert_ptr_null(map_find(&m, slice_cstr("x")));
  ck_assert_ptr_null(map_find_int(&m, 0));
  char name[32];
  for (uint32_t i = 0; i < 20000; i++) {
    int len = snprintf(name, sizeof name, "function-%u", i);
    struct slice key = arena_slice(&a, slice_of(name, (size_t)len));
    if (!map_insert(&m, key, i) || map_insert(&m, key, i + 1)) ck_abort_msg("insert %u", i);
  }
  for (uint32_t i = 0; i < 20000; i++) {
    int len = snprintf(name, sizeof name, "function-%u", i);
    uint32_t *value = map_find(&m, slice_of(name, (size_t)len));
    if (!value || *value != i) ck_abort_msg("find %u", i);
    if (m.entries[i].value != i) ck_abort_msg("order %u", i);
  }
  ck_assert_ptr_null(map_find(&m, slice_cstr("function-")));
  ck_assert_ptr_null(map_find(&m, slice_cstr("function-20000")));
  ck_assert_uint_eq(m.len, 20000);
  arena_free(&a);
}
END_TEST

START_TEST(keys_of_all_kinds) {
  jmp_buf oom;
  struct arena a;
  arena_init(&a, &oom);
  ck_assert_int_eq(setjmp(oom), 0);
  struct map m;
  map_init(&m, &a);
  ck_assert(map_insert_int(&m, 0, 10));
  ck_assert(map_insert(&m, slice_of(NULL, 0), 11)); /* the empty name is not the integer 0 */
  ck_assert(!map_insert(&m, slice_cstr(""), 12));
  ck_assert(map_insert(&m, slice_of("a\0b", 3), 13));
  ck_assert(map_insert(&m, slice_of("a\0c", 3), 14));
  ck_assert(map_insert_int(&m, UINT64_MAX, 15));
  ck_assert_uint_eq(*map_find_int(&m, 0), 10);
  ck_assert_uint_eq(*map_find(&m, slice_cstr("")), 11);
  ck_assert_uint_eq(*map_find(&m, slice_of("a\0b", 3)), 13);
  ck_assert_uint_eq(*map_find_int(&m, UINT64_MAX), 15);
  ck_assert_ptr_null(map_find_int(&m, 3));
  *map_find_int(&m, 0) = 99;
  ck_assert_uint_eq(*map_find_int(&m, 0), 99);
  for (uint64_t i = 1; i < 5000; i++)
    if (!map_insert_int(&m, i << 32, (uint32_t)i)) ck_abort_msg("insert");
  for (uint64_t i = 1; i < 5000; i++)
    if (*map_find_int(&m, i << 32) != i) ck_abort_msg("find");
  arena_free(&a);
}
END_TEST

START_TEST(hashes_spread) {
  /* 64 Ki keys into 64 Ki buckets: a random function leaves about 37 % empty; a bad one far more. */
  static uint8_t hit[1 << 16], hit_bytes[1 << 16];
  uint32_t used = 0, used_bytes = 0;
  for (uint64_t i = 0; i < 1 << 16; i++) {
    uint64_t key = i << 12;
    hit[hash_u64(key) & 0xffff] = 1;
    hit_bytes[hash_bytes(&key, sizeof key) & 0xffff] = 1;
  }
  for (uint32_t i = 0; i < 1 << 16; i++) {
    used += hit[i];
    used_bytes += hit_bytes[i];
  }
  ck_assert_uint_gt(used, 40000);
  ck_assert_uint_gt(used_bytes, 40000);
  ck_assert_uint_eq(hash_u64(5), hash_u64(5));
  ck_assert_uint_ne(hash_bytes("a\0", 2), hash_bytes("a", 1)); /* the length counts */
}
END_TEST

START_TEST(bits) {
  jmp_buf oom;
  struct arena a;
  arena_init(&a, &oom);
  ck_assert_int_eq(setjmp(oom), 0);
  static const uint32_t sizes[] = {0, 1, 63, 64, 65, 1000};
  for (size_t n = 0; n < COUNT_OF(sizes); n++) {
    struct bitset s;
    bitset_init(&s, &a, sizes[n]);
    for (uint32_t i = 0; i < sizes[n]; i += 7)
      bitset_add(&s, i);
    for (uint32_t i = 0; i < sizes[n]; i++)
      ck_assert_int_eq(bitset_has(&s, i), i % 7 == 0);
  }
  arena_free(&a);
}
END_TEST

int main(void) {
  return UNIT_RUN("base/map", finds_what_was_inserted, keys_of_all_kinds, hashes_spread, bits);
}
