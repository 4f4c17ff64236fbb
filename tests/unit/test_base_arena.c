/* Arenas and vectors: growth, marks, the jump on out of memory, limits. */
#include "base/alloc.h"
#include "base/arena.h"
#include "base/vec.h"

#include "unit.h"

#include <string.h>

START_TEST(keeps_what_was_written) {
  jmp_buf oom;
  struct arena a;
  arena_init(&a, &oom);
  ck_assert_int_eq(setjmp(oom), 0);
  uint8_t *p[500];
  for (size_t i = 0; i < 500; i++) {
    p[i] = arena_alloc(&a, i * 7);
    ck_assert_uint_eq((uintptr_t)p[i] % 16, 0);
    memset(p[i], (int)(i & 255), i * 7);
  }
  for (size_t i = 0; i < 500; i++)
    for (size_t k = 0; k < i * 7; k++)
      if (p[i][k] != (i & 255)) ck_abort_msg("allocation %zu", i);
  uint64_t *zero = arena_zalloc(&a, 3, 8);
  ck_assert(zero[0] == 0 && zero[1] == 0 && zero[2] == 0);
  arena_free(&a);
  ck_assert_uint_eq(a.total, 0);
  ck_assert_ptr_nonnull(arena_alloc(&a, 1)); /* usable again */
  arena_free(&a);
}
END_TEST

START_TEST(releases_to_marks) {
  jmp_buf oom;
  struct arena a;
  arena_init(&a, &oom);
  ck_assert_int_eq(setjmp(oom), 0);
  struct arena_mark empty = arena_mark(&a);
  char *kept = arena_copy(&a, "kept", 5);
  struct arena_mark m = arena_mark(&a);
  void *first = arena_alloc(&a, 100);
  arena_release(&a, m);
  ck_assert_ptr_eq(arena_alloc(&a, 100), first);
  arena_release(&a, m);
  /* A loop over a chunk boundary goes to the heap once, not each time around. */
  uint64_t before = 0;
  for (int i = 0; i < 100; i++) {
    memset(arena_alloc(&a, 10000), 1, 10000);
    arena_release(&a, m);
    if (i == 0) before = alloc_count();
  }
  ck_assert_uint_eq(alloc_count(), before);
  ck_assert_str_eq(kept, "kept");
  arena_release(&a, empty);
  ck_assert_ptr_null(a.chunk);
  arena_free(&a);
}
END_TEST

START_TEST(grows_in_place_when_newest) {
  jmp_buf oom;
  struct arena a;
  arena_init(&a, &oom);
  ck_assert_int_eq(setjmp(oom), 0);
  uint8_t *p = arena_alloc(&a, 10);
  memset(p, 5, 10);
  ck_assert_ptr_eq(arena_grow(&a, p, 10, 1000), p);
  arena_alloc(&a, 1);
  uint8_t *q = arena_grow(&a, p, 1000, 2000);
  ck_assert_ptr_ne(q, p);
  for (int i = 0; i < 10; i++)
    ck_assert_uint_eq(q[i], 5);
  arena_free(&a);
}
END_TEST

START_TEST(gives_large_ones_back) {
  jmp_buf oom;
  struct arena a;
  arena_init(&a, &oom);
  ck_assert_int_eq(setjmp(oom), 0);
  char *kept = arena_copy(&a, "kept", 5);
  size_t before = a.total, size = (size_t)5 << 20;
  uint8_t *p = arena_alloc(&a, size);
  memset(p, 1, size);
  ck_assert_uint_ge(a.total, before + size);
  arena_drop(&a, p, size);
  ck_assert_uint_eq(a.total, before);
  /* What a mark names stays until it is released. */
  p = arena_alloc(&a, size);
  struct arena_mark m = arena_mark(&a);
  uint8_t *q = arena_alloc(&a, size);
  arena_drop(&a, q, size);
  arena_drop(&a, p, size);
  arena_drop(&a, kept, 5);
  memset(arena_alloc(&a, 100), 2, 100);
  arena_release(&a, m);
  ck_assert_str_eq(kept, "kept");
  /* A vector that doubles holds no more than its last two sizes. */
  VEC(uint64_t) xs = {0};
  for (uint32_t i = 0; i < 3000000; i++)
    VEC_PUSH(&a, &xs, i);
  ck_assert_uint_le(a.total, before + size + xs.cap * sizeof(uint64_t) + ((size_t)8 << 20));
  for (uint32_t i = 0; i < 3000000; i++)
    ck_assert_uint_eq(xs.at[i], i);
  arena_free(&a);
}
END_TEST

START_TEST(large_ones_change_their_size) {
  jmp_buf oom;
  struct arena a;
  arena_init(&a, &oom);
  ck_assert_int_eq(setjmp(oom), 0);
  arena_alloc(&a, 100);
  size_t before = a.total, size = (size_t)3 << 20, most = (size_t)9 << 20;
  uint8_t *p = arena_alloc(&a, size), *other = arena_alloc(&a, size);
  memset(p, 7, size);
  memset(other, 9, size);
  p = arena_grow(&a, p, size, most); /* neither a second copy nor what others hold is lost */
  ck_assert_uint_le(a.total, before + most + size + 1000);
  memset(p + size, 8, most - size);
  size_t now = most;
  p = arena_trim(&a, p, &now, size + 1);
  ck_assert_uint_eq(now, size + 1);
  ck_assert_uint_le(a.total, before + 2 * size + 1000);
  ck_assert(p[size - 1] == 7 && p[size] == 8 && other[0] == 9 && other[size - 1] == 9);
  ck_assert_ptr_eq(arena_trim(&a, p, &now, 100), p); /* too small for a chunk of its own: stays */
  ck_assert_uint_eq(now, size + 1);
  /* A mark behind it: it neither moves nor shrinks. */
  uint8_t *named = arena_alloc(&a, 900000);
  struct arena_mark m = arena_mark(&a);
  size_t named_size = 900000;
  ck_assert_ptr_eq(arena_trim(&a, named, &named_size, 10), named);
  ck_assert_uint_eq(named_size, 900000);
  arena_release(&a, m);
  /* The limit holds for growth, which leaves all as it was. */
  a.limit = a.total + 1000;
  volatile bool jumped = false;
  if (setjmp(oom) == 0)
    arena_grow(&a, p, now, most);
  else
    jumped = true;
  ck_assert(jumped && a.limited);
  ck_assert(p[0] == 7 && p[size] == 8);
  arena_drop(&a, p, now);
  arena_drop(&a, other, size);
  arena_free(&a);
  ck_assert_uint_eq(a.total, 0);
}
END_TEST

START_TEST(jumps_when_memory_is_out) {
  jmp_buf oom;
  struct arena a;
  arena_init(&a, &oom);
  for (int64_t n = 0; n < 20; n++) {
    volatile bool jumped = false;
    if (setjmp(oom) == 0) {
      alloc_fail_after(n, false);
      for (int i = 0; i < 40; i++)
        arena_alloc(&a, 30000);
    } else {
      jumped = true;
    }
    alloc_fail_after(-1, false);
    if (n < 4) ck_assert(jumped);
    if (n > 12) ck_assert(!jumped); /* 1.2 MB in doubling chunks takes fewer */
    arena_free(&a);
  }
  volatile int jumps = 0;
  if (setjmp(oom) == 0)
    arena_alloc(&a, SIZE_MAX - 3);
  else
    jumps++;
  if (setjmp(oom) == 0)
    arena_zalloc(&a, SIZE_MAX / 2, 3);
  else
    jumps++;
  ck_assert_int_eq(jumps, 2);
  ck_assert(!arena_try_reserve(&a, SIZE_MAX));
  arena_free(&a);
}
END_TEST

/* A source that counts; its blocks are of the heap. */
enum { BLOCK = 2 << 20 };
static int taken, given;
static void *block_take(void) {
  void *at = mem_alloc(BLOCK);
  taken += at != NULL;
  return at;
}
static void block_give(void *at) {
  given++;
  mem_free(at);
}

START_TEST(takes_blocks_of_a_source) {
  static const struct arena_source source = {BLOCK, block_take, block_give};
  jmp_buf oom;
  struct arena a;
  struct arena_mark empty = {0};
  taken = given = 0;
  arena_init(&a, &oom);
  arena_use(&a, &source, BLOCK / 8 - 1); /* not at once, but when it has grown */
  ck_assert_int_eq(setjmp(oom), 0);
  arena_alloc(&a, 100);
  ck_assert_int_eq(taken, 0);
  for (int i = 0; i < 40; i++)
    memset(arena_alloc(&a, 100000), i, 100000);
  ck_assert_int_ge(taken, 1);
  arena_free(&a);
  ck_assert_int_eq(taken, given);

  taken = given = 0;
  arena_init(&a, &oom);
  arena_use(&a, &source, BLOCK / 8);
  ck_assert_int_eq(setjmp(oom), 0);
  for (int round = 0; round < 3; round++) { /* two blocks serve every round */
    for (int i = 0; i < 40; i++)
      memset(arena_alloc(&a, 100000), i, 100000);
    ck_assert_int_eq(taken, 2);
    arena_release(&a, empty);
    ck_assert_int_eq(given, 0);
  }
  /* What fills a block to its end is still the block's: it moves and goes as others do. */
  size_t whole = BLOCK - 64;
  uint8_t *p = arena_alloc(&a, whole);
  memset(p, 1, whole);
  arena_drop(&a, p, whole);
  uint8_t *q = arena_grow(&a, p, whole, 2 * whole); /* larger than a block: of the heap */
  ck_assert(q[0] == 1 && q[whole - 1] == 1);
  arena_drop(&a, q, 2 * whole);
  arena_release(&a, empty);
  /* Many are not kept. */
  for (int i = 0; i < 400; i++)
    arena_alloc(&a, 100000);
  ck_assert_int_ge(taken, 20);
  arena_release(&a, empty);
  ck_assert_uint_le(a.total, (size_t)8 << 20);
  /* A limit below a block means a chunk of the heap; spare blocks count, and go first. */
  a.limit = 100000;
  int before = taken;
  arena_alloc(&a, (size_t)3 << 10);
  arena_free(&a);
  arena_alloc(&a, 50000);
  ck_assert_int_eq(taken, before);
  ck_assert_uint_le(a.total, 100000);
  arena_free(&a);
  ck_assert_int_eq(taken, given);
  ck_assert_uint_eq(a.total, 0);
}
END_TEST

START_TEST(blocks_run_out) {
  static const struct arena_source source = {BLOCK, block_take, block_give};
  jmp_buf oom;
  struct arena a;
  arena_init(&a, &oom);
  arena_use(&a, &source, BLOCK);
  volatile bool jumped = false;
  alloc_fail_after(1, true);
  if (setjmp(oom) == 0)
    for (int i = 0; i < 100; i++)
      arena_alloc(&a, 100000);
  else
    jumped = true;
  alloc_fail_after(-1, false);
  ck_assert(jumped && !a.limited);
  arena_free(&a);
  ck_assert_uint_eq(a.total, 0);
}
END_TEST

START_TEST(honours_its_limit) {
  jmp_buf oom;
  struct arena a;
  arena_init(&a, &oom);
  a.limit = 100000;
  volatile size_t got = 0;
  if (setjmp(oom) == 0)
    for (;;) {
      arena_alloc(&a, 1000);
      got += 1000;
    }
  ck_assert_uint_le(a.total, 100000);
  ck_assert_uint_ge(got, 50000);
  arena_free(&a);
}
END_TEST

START_TEST(vectors_grow) {
  jmp_buf oom;
  struct arena a;
  arena_init(&a, &oom);
  VEC(uint32_t) xs = {0};
  ck_assert_int_eq(setjmp(oom), 0);
  for (uint32_t i = 0; i < 10000; i++)
    VEC_PUSH(&a, &xs, i * 3);
  ck_assert_uint_eq(xs.len, 10000);
  for (uint32_t i = 0; i < 10000; i++)
    ck_assert_uint_eq(xs.at[i], i * 3);
  ck_assert_uint_eq(VEC_LAST(&xs), 29997);
  ck_assert_uint_eq(VEC_POP(&xs), 29997);
  ck_assert_uint_eq(xs.len, 9999);
  VEC_RESERVE(&a, &xs, 50000);
  ck_assert_uint_ge(xs.cap, 50000);
  ck_assert_uint_eq(xs.at[9998], 29994);
  volatile bool jumped = false;
  if (setjmp(oom) == 0) {
    uint32_t cap = UINT32_MAX;
    vec_grow(&a, xs.at, &cap, 4, 0);
  } else {
    jumped = true;
  }
  ck_assert(jumped);
  arena_free(&a);
}
END_TEST

int main(void) {
  return UNIT_RUN("base/arena", keeps_what_was_written, releases_to_marks, grows_in_place_when_newest,
                  gives_large_ones_back, large_ones_change_their_size, jumps_when_memory_is_out,
                  takes_blocks_of_a_source, blocks_run_out, honours_its_limit, vectors_grow);
}
