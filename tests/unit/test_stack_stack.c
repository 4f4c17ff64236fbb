/* Stacks as memory: growth and shrinking keep every frame, memory is reused, limits and failures are clean.
 */
#include "unit.h"

#include "abi/arch.h"
#include "base/alloc.h"
#include "stack/chain.h"

#include <stdio.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
enum { SANITIZED = 1 }; /* the poison's shadow takes memory too */
#else
enum { SANITIZED = 0 };
#endif

static const struct vm_func func;

struct world {
  struct stack *finished;
  struct stack_pool *pool;
};
static void world_init(struct world *w, uint64_t max_size, uint64_t max_total) {
  struct stack_limits limits = {max_size, max_total, false, 0, 0};
  w->pool = stack_pool_new(&limits, &w->finished);
  ck_assert_ptr_nonnull(w->pool);
}

/* A frame as a prologue makes it: return address (a number), saved rbp, one word that names it. */
static void push_frame(struct world *w, struct stack *s, uint64_t number, bool *ok) {
  *ok = true;
  uint64_t *sp = (uint64_t *)s->sp;
  *--sp = ~number;
  *--sp = s->fp;
  s->fp = (uint64_t)sp;
  s->sp = (uint64_t)(sp - 2);
  while (*ok && s->sp < s->limit)
    *ok = stack_grow(w->pool, s);
  if (*ok) ((uint64_t *)s->fp)[-1] = number;
}

static void check_frames(const struct stack *s, uint64_t n) {
  uint64_t fp = s->fp;
  for (uint64_t i = n; i-- > 0;) {
    const uint64_t *frame = (const uint64_t *)fp;
    ck_assert(fp >= s->base && fp < s->base + s->size);
    ck_assert(frame[-1] == i && frame[1] == ~i);
    fp = frame[0];
  }
  ck_assert_uint_eq(fp, 0);
}

static void count(void *arg, struct stack *s) {
  (void)s;
  ++*(uint64_t *)arg;
}
static uint64_t live(struct world *w) {
  uint64_t n = 0;
  stack_each(w->pool, count, &n);
  return n;
}

START_TEST(grows_and_shrinks_with_its_frames) {
  struct world w;
  world_init(&w, 8 << 20, 0);
  struct stack *s = stack_new(w.pool, &func, 32, 16);
  ck_assert(s && stack_is_fresh(s) && s->size == 0);
  ck_assert(stack_attach(w.pool, s) && stack_is_fresh(s));
  ck_assert_uint_eq(s->size, 512);
  uint64_t top = s->base + s->size;
  ck_assert_uint_eq(top % 64, 0);
  ck_assert_uint_eq(s->sp, top - 48);
  memset((void *)s->sp, 0x5a, 48);
  bool ok;
  uint64_t n = 0;
  for (; n < 100000; n++) {
    push_frame(&w, s, n, &ok);
    ck_assert(ok);
    if ((n & (n - 1)) == 0) check_frames(s, n + 1);
  }
  check_frames(s, n);
  ck_assert_uint_eq(s->size, 4 << 20);
  uint8_t want[48];
  memset(want, 0x5a, 48);
  ck_assert_mem_eq((void *)(s->base + s->size - 48), want, 48);
  ck_assert_uint_eq(stack_pool_total(w.pool), s->size);
  for (; n > 9; n--) { /* the innermost frames return */
    s->sp = s->fp + 16;
    s->fp = *(uint64_t *)s->fp;
  }
  s->sp -= 48;
  stack_shrink(w.pool, s);
  ck_assert_uint_le(s->size, 1024);
  check_frames(s, 9);
  ck_assert_uint_eq(stack_pool_total(w.pool), s->size);
  /* As far as the limit, then not. */
  uint64_t deep = 9;
  for (ok = true; ok; deep++)
    push_frame(&w, s, deep, &ok);
  ck_assert_uint_eq(s->size, 8 << 20);
  ck_assert_uint_ge(deep, (8 << 20) / 32 - 100);
  stack_free(w.pool, s);
  ck_assert_uint_eq(stack_pool_total(w.pool), 0);
  ck_assert_uint_eq(live(&w), 0);
  stack_pool_delete(w.pool);
}
END_TEST

START_TEST(memory_is_used_again) {
  struct world w;
  world_init(&w, 0, 0);
  struct stack *first = stack_new(w.pool, &func, 0, 0);
  ck_assert(first && stack_attach(w.pool, first));
  uint64_t block = first->base;
  uint32_t id = first->id;
  stack_free(w.pool, first);
  ck_assert(stack_is_free(first));
  struct stack *again = stack_new(w.pool, &func, 0, 0); /* comes with its block */
  ck_assert(again == first && again->base == block && again->pc == (uint64_t)arch_body && again->id != id);
  stack_free(w.pool, again);
  again = stack_new(w.pool, &func, 4096, 16); /* the block is too small */
  ck_assert(again == first && again->size == 0 && again->pc == (uint64_t)arch_fresh);
  ck_assert(stack_attach(w.pool, again));
  ck_assert_uint_eq(again->size, 8192);
  struct stack *small = stack_new(w.pool, &func, 0, 0);
  ck_assert(small && stack_attach(w.pool, small));
  ck_assert_uint_eq(small->base, block); /* from its list */
  stack_pool_delete(w.pool);
}
END_TEST

static uint64_t resident(void) {
  FILE *f = fopen("/proc/self/statm", "r");
  unsigned long size = 0, pages = 0;
  ck_assert(f && fscanf(f, "%lu %lu", &size, &pages) == 2);
  fclose(f);
  return (uint64_t)pages * 4096;
}

START_TEST(a_million_stacks) {
  enum { N = 1000000 };
  struct world w;
  world_init(&w, 0, UINT64_C(4) << 30);
  struct stack **all = mem_alloc(N * sizeof *all);
  memset(all, 1, N * sizeof *all);
  uint64_t before = resident(), first = 0;
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < N; i++) {
      all[i] = stack_new(w.pool, &func, 0, 0);
      ck_assert(all[i] && (all[i]->size || stack_attach(w.pool, all[i])));
      bool ok;
      push_frame(&w, all[i], 0, &ok);
    }
    uint64_t each = (resident() - before) / N;
    if (round == 0) {
      printf("a stack with a frame: %llu bytes\n", (unsigned long long)each);
      first = each; /* no later round takes more */
    }
    ck_assert(SANITIZED || (each <= 680 && each <= first + first / 10));
    ck_assert_uint_eq(live(&w), N);
    for (int i = 0; i < N; i++)
      stack_free(w.pool, all[i]);
    ck_assert_uint_eq(live(&w), 0);
  }
  mem_free(all);
  stack_pool_delete(w.pool);
}
END_TEST

START_TEST(limit_of_all_stacks) {
  struct world w;
  world_init(&w, 0, 8192 + 17 * STACK_DESCRIPTOR_SIZE);
  struct stack *s[20];
  for (int i = 0; i < 16; i++) {
    s[i] = stack_new(w.pool, &func, 0, 0);
    ck_assert(s[i] && stack_attach(w.pool, s[i]));
  }
  struct stack *more = stack_new(w.pool, &func, 0, 0);
  ck_assert(more && !stack_attach(w.pool, more) && stack_is_fresh(more));
  bool ok = true;
  for (uint64_t n = 0; ok; n++)
    push_frame(&w, s[0], n, &ok); /* growth takes from the same */
  ck_assert_uint_eq(s[0]->size, 512);
  stack_free(w.pool, s[1]);
  stack_free(w.pool, s[2]);
  ck_assert(stack_attach(w.pool, more)); /* a finished stack gives up what it keeps */
  ck_assert(!stack_grow(w.pool, s[3]));
  for (int i = 4; i < 8; i++)
    stack_free(w.pool, s[i]);
  ck_assert(stack_grow(w.pool, s[3]));
  ck_assert_uint_le(stack_pool_total(w.pool), 8192);
  stack_pool_delete(w.pool);
}
END_TEST

/* Every allocation fails once: nothing changes, and the next try does it. */
START_TEST(failures_change_nothing) {
  for (int n = 0; n < 40; n++) {
    struct world w;
    world_init(&w, 16 << 20, 0);
    alloc_fail_after(n, false);
    struct stack *s;
    while (!(s = stack_new(w.pool, &func, 0, 0)))
      ;
    uint64_t sp = s->sp, pc = s->pc;
    while (!stack_attach(w.pool, s))
      ck_assert(s->sp == sp && s->pc == pc && stack_pool_total(w.pool) == 0);
    uint64_t i = 0;
    for (; i < 50000; i++) {
      bool ok;
      push_frame(&w, s, i, &ok);
      if (ok) continue;
      uint64_t total = stack_pool_total(w.pool);
      ck_assert_uint_eq(total, s->size);
      ck_assert(stack_grow(w.pool, s));
      while (s->sp < s->limit)
        ck_assert(stack_grow(w.pool, s));
      ((uint64_t *)s->fp)[-1] = i;
    }
    alloc_fail_after(-1, false);
    check_frames(s, i);
    stack_pool_delete(w.pool);
  }
  alloc_fail_after(0, false);
  struct stack *finished;
  ck_assert_ptr_null(stack_pool_new(&(struct stack_limits){0}, &finished));
  alloc_fail_after(-1, false);
}
END_TEST

/* Links are set by hand here, as the switch sequences do it. */
START_TEST(chains_are_freed_whole) {
  struct world w;
  world_init(&w, 0, 0);
  struct stack *s[4];
  for (int i = 0; i < 4; i++)
    s[i] = stack_new(w.pool, &func, 0, 0);
  for (int i = 0; i < 3; i++) { /* s[0] the head: suspended, captured up to s[2] */
    s[i]->last = NULL;
    s[i]->parent = i < 2 ? s[i + 1] : NULL;
  }
  s[0]->last = s[2];
  chain_free(w.pool, s[0]);
  ck_assert_uint_eq(live(&w), 1);
  struct entry entry = {.root.parent = &arch_barrier};
  struct vm_store vm = {.cur = s[3], .entry = &entry};
  s[3]->last = NULL;
  s[3]->parent = &entry.root;
  ck_assert_ptr_eq(chain_parent(s[3]), &entry.root);
  ck_assert_ptr_null(chain_parent(&entry.root));
  chain_unwind(&vm, w.pool, &entry.root);
  ck_assert_ptr_eq(vm.cur, &entry.root);
  ck_assert_uint_eq(live(&w), 0);
  stack_pool_delete(w.pool);
}
END_TEST

/* A collection is due when what is in use has reached the first mark, then when as much again is; not where
 * free stacks are left. */
START_TEST(due_by_what_is_in_use) {
  struct world w;
  world_init(&w, 0, UINT64_C(1) << 30);
  enum { MARK = (64 << 20) / (512 + 128) };
  struct stack *last = NULL, *before = NULL;
  uint64_t n = 0;
  for (; !stack_pool_due(w.pool); n++) {
    ck_assert(n <= MARK);
    before = last;
    last = stack_new(w.pool, &func, 0, 0);
    ck_assert(last && stack_attach(w.pool, last));
  }
  ck_assert(n >= MARK - 2 && n <= MARK + 2);
  stack_free(w.pool, before);
  ck_assert(!stack_pool_due(w.pool)); /* there is a free one */
  ck_assert_ptr_eq(stack_new(w.pool, &func, 0, 0), before);
  ck_assert(stack_pool_due(w.pool));
  stack_pool_collected(w.pool); /* and found that all live */
  uint64_t more = 0;
  for (; !stack_pool_due(w.pool); more++) {
    struct stack *s = stack_new(w.pool, &func, 0, 0);
    ck_assert(s && stack_attach(w.pool, s));
  }
  ck_assert(more >= n - 2 && more <= n + 2);
  stack_pool_delete(w.pool);
  /* Large blocks count though small stacks are free. */
  world_init(&w, 64 << 20, UINT64_C(1) << 30);
  struct stack *small = stack_new(w.pool, &func, 0, 0), *large = stack_new(w.pool, &func, 0, 0);
  ck_assert(small && large && stack_attach(w.pool, large));
  stack_free(w.pool, small);
  while (large->size < 64 << 20) {
    ck_assert(!stack_pool_due(w.pool));
    ck_assert(stack_grow(w.pool, large));
  }
  ck_assert(stack_pool_due(w.pool));
  stack_free(w.pool, large);
  ck_assert(!stack_pool_due(w.pool));
  stack_pool_delete(w.pool);
}
END_TEST

int main(void) {
  return UNIT_RUN("stack/stack", grows_and_shrinks_with_its_frames, memory_is_used_again, a_million_stacks,
                  limit_of_all_stacks, failures_change_nothing, chains_are_freed_whole,
                  due_by_what_is_in_use);
}
