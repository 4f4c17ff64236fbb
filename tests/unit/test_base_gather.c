/* What is gathered comes out in order, large pieces without a copy; the sticky failure. */
#include "base/alloc.h"
#include "base/gather.h"

#include "unit.h"

#include <string.h>

static uint8_t large[3][10000];

/* What the test appends, in both forms. */
static void append(struct gather *g, struct buf *plain) {
  for (unsigned i = 0; i < COUNT_OF(large); i++) {
    memset(large[i], (int)i + 1, sizeof large[i]);
    for (unsigned k = 0; k < 300; k++) {
      gather_bytes(g, &k, sizeof k);
      buf_bytes(plain, &k, sizeof k);
    }
    gather_borrow(g, "small", 5);
    buf_bytes(plain, "small", 5);
    gather_bytes(g, NULL, 0);
    gather_borrow(g, large[i], sizeof large[i]);
    buf_bytes(plain, large[i], sizeof large[i]);
    gather_align(g, 4096);
    while (plain->len % 4096)
      buf_u8(plain, 0);
    gather_align(g, 4096); /* nothing is missing */
  }
}

START_TEST(pieces_follow_each_other) {
  struct gather g;
  struct buf plain;
  gather_init(&g);
  buf_init(&plain);
  append(&g, &plain);
  ck_assert(gather_end(&g) && buf_ok(&plain));
  ck_assert_uint_eq(g.len, plain.len);
  ck_assert_uint_eq(g.npieces, 2 * COUNT_OF(large) + 1);
  size_t at = 0;
  unsigned borrowed = 0;
  for (size_t i = 0; i < g.npieces; i++) {
    ck_assert(!memcmp(g.pieces[i].data, plain.data + at, g.pieces[i].len));
    at += g.pieces[i].len;
    borrowed += borrowed < COUNT_OF(large) && g.pieces[i].data == large[borrowed];
  }
  ck_assert_uint_eq(at, plain.len);
  ck_assert_uint_eq(borrowed, COUNT_OF(large));
  uint8_t *all = gather_join(&g);
  ck_assert_ptr_nonnull(all);
  ck_assert(!memcmp(all, plain.data, plain.len));
  mem_free(all);
  gather_free(&g);
  buf_free(&plain);
}
END_TEST

START_TEST(nothing_is_whole) {
  struct gather g;
  gather_init(&g);
  gather_align(&g, 4096);
  ck_assert(gather_end(&g));
  ck_assert_uint_eq(g.npieces, 0);
  gather_free(&g);
}
END_TEST

START_TEST(memory_runs_out) {
  int64_t n = 0;
  for (bool whole = false; !whole; n++) {
    struct gather g;
    struct buf plain;
    gather_init(&g);
    buf_init(&plain);
    for (size_t i = 0; i < 2 * sizeof large; i++)
      buf_u8(&plain, 0); /* its memory is there before anything fails */
    buf_reset(&plain);
    alloc_fail_after(n, true);
    append(&g, &plain);
    whole = gather_end(&g);
    uint8_t *all = whole ? gather_join(&g) : NULL;
    alloc_fail_after(-1, false);
    whole = all;
    mem_free(all);
    gather_free(&g);
    buf_free(&plain);
  }
  ck_assert_int_gt(n, 4);
}
END_TEST

int main(void) {
  return UNIT_RUN("base/gather", pieces_follow_each_other, nothing_is_whole, memory_runs_out);
}
