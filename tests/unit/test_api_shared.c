/* Shared memories by the public API: two stores on two threads, waits that are notified, interrupted and
 * timed out from outside, growth, and an embedder's mistakes. */
#include "unit.h"

#include <heddle.h>

#include "base/alloc.h"
#include "base/check.h"

#include <pthread.h>
#include <string.h>

static const char text[] =
    "(module (memory (import \"env\" \"memory\") 1 4 shared) (export \"memory\" (memory 0))"
    " (func (export \"wait\") (param i32 i64) (result i32)"
    "  (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))"
    "  (memory.atomic.wait32 (local.get 0) (i32.const 0) (local.get 1)))"
    " (func (export \"grow\") (result i32) (memory.grow (i32.const 1)))"
    " (func (export \"size\") (result i32) (memory.size))"
    " (func (export \"load\") (param i32) (result i32) (i32.load (local.get 0))))";

static heddle_engine_t *engine;
static heddle_module_t *module;
static heddle_linker_t *linker;
static heddle_shared_memory_t *memory;
static const heddle_limits_t limits = {.min = 1, .max = 4, .has_max = true, .shared = true};

struct guest {
  heddle_store_t *store;
  heddle_instance_t instance;
  pthread_t thread;
  int32_t address;
  int64_t timeout_ns;
  heddle_error_t *error;
  int32_t result;
};

static void expect(heddle_error_t *error, heddle_error_kind_t kind) {
  ck_assert_ptr_nonnull(error);
  ck_assert_int_eq(heddle_error_kind(error), kind);
  ck_assert_uint_gt(heddle_error_message(error).len, 0);
  heddle_error_delete(error);
}
#define EXPECT_OK(call) ck_assert_ptr_null((call))

static void setup(void) {
  heddle_bytes_t wasm = {0};
  heddle_config_t *config = heddle_config_new();
  EXPECT_OK(heddle_config_set(config, "threads", "y"));
  EXPECT_OK(heddle_config_set(config, "interruption", "y"));
  EXPECT_OK(heddle_config_set(config, "max-memory-size", "64M"));
  EXPECT_OK(heddle_engine_new(config, &engine));
  heddle_config_delete(config);
  EXPECT_OK(heddle_wat_to_wasm(engine, text, strlen(text), &wasm));
  EXPECT_OK(heddle_module_new(engine, wasm.data, wasm.len, &module));
  heddle_bytes_delete(&wasm);
  linker = heddle_linker_new(engine);
  EXPECT_OK(heddle_shared_memory_new(engine, &limits, &memory));
  EXPECT_OK(heddle_linker_define_shared_memory(linker, (heddle_str_t){"env", 3}, (heddle_str_t){"memory", 6},
                                               memory));
}

static void teardown(void) {
  heddle_shared_memory_delete(memory);
  heddle_linker_delete(linker);
  heddle_module_delete(module);
  heddle_engine_delete(engine);
}

static void guest_new(struct guest *g) {
  memset(g, 0, sizeof *g);
  EXPECT_OK(heddle_store_new(engine, NULL, &g->store));
  EXPECT_OK(heddle_instantiate(linker, g->store, module, &g->instance));
}

static heddle_error_t *guest_call(struct guest *g, const char *name, const heddle_val_t *args, size_t nargs) {
  heddle_extern_t ext;
  heddle_val_t result;
  ck_assert(heddle_instance_export(g->store, g->instance, (heddle_str_t){name, strlen(name)}, &ext));
  heddle_error_t *error = heddle_call(g->store, ext.of.func, args, nargs, &result, 1);
  if (!error) g->result = result.of.i32;
  return error;
}

static void *wait_main(void *arg) {
  struct guest *g = arg;
  heddle_val_t args[2] = {{.type = HEDDLE_I32, .of.i32 = g->address},
                          {.type = HEDDLE_I64, .of.i64 = g->timeout_ns}};
  g->error = guest_call(g, "wait", args, 2);
  return NULL;
}

/* Returns when the guest is about to wait. */
static void guest_wait(struct guest *g, int32_t address, int64_t timeout_ns) {
  size_t len;
  int32_t *waiting = (int32_t *)(void *)heddle_shared_memory_data(memory, &len);
  int32_t before = __atomic_load_n(waiting, __ATOMIC_SEQ_CST);
  g->address = address;
  g->timeout_ns = timeout_ns;
  ck_assert_int_eq(pthread_create(&g->thread, NULL, wait_main, g), 0);
  while (__atomic_load_n(waiting, __ATOMIC_SEQ_CST) == before)
    ;
}

START_TEST(the_host_notifies) {
  setup();
  struct guest a, b;
  guest_new(&a);
  guest_new(&b);
  guest_wait(&a, 64, -1);
  guest_wait(&b, 128, -1);
  ck_assert_uint_eq(heddle_shared_memory_notify(memory, 256, UINT32_MAX), 0);
  ck_assert_uint_eq(heddle_shared_memory_notify(memory, 64, 0), 0);
  while (heddle_shared_memory_notify(memory, 64, UINT32_MAX) == 0)
    ; /* it may not wait yet */
  pthread_join(a.thread, NULL);
  ck_assert_ptr_null(a.error);
  ck_assert_int_eq(a.result, 0);
  while (heddle_shared_memory_notify(memory, 128, 1) == 0)
    ;
  pthread_join(b.thread, NULL);
  ck_assert_ptr_null(b.error);
  ck_assert_int_eq(b.result, 0);
  heddle_store_delete(a.store);
  heddle_store_delete(b.store);
  teardown();
}
END_TEST

START_TEST(a_wait_is_interrupted) {
  setup();
  for (int round = 0; round < 20; round++) {
    struct guest g;
    heddle_interrupt_t *interrupt;
    heddle_trap_t trap;
    guest_new(&g);
    EXPECT_OK(heddle_store_interrupt(g.store, &interrupt));
    guest_wait(&g, 64, round % 3 ? -1 : INT64_MAX);
    if (round % 2)
      heddle_interrupt_raise(interrupt);
    else
      heddle_interrupt_raise_timeout(interrupt);
    pthread_join(g.thread, NULL);
    ck_assert(g.error && heddle_error_trap(g.error, &trap));
    ck_assert_int_eq(trap, round % 2 ? HEDDLE_TRAP_INTERRUPT : HEDDLE_TRAP_TIMEOUT);
    heddle_error_delete(g.error);
    ck_assert_uint_eq(heddle_shared_memory_notify(memory, 64, 1), 0); /* it is in the list no more */
    /* armed again, a wait comes to its own end */
    heddle_interrupt_clear(interrupt);
    guest_wait(&g, 64, 1000000);
    pthread_join(g.thread, NULL);
    ck_assert_ptr_null(g.error);
    ck_assert_int_eq(g.result, 2);
    heddle_interrupt_delete(interrupt);
    heddle_store_delete(g.store);
  }
  teardown();
}
END_TEST

START_TEST(stores_see_growth) {
  setup();
  struct guest a, b;
  size_t len;
  heddle_extern_t ext;
  heddle_memory_t again;
  heddle_val_t address = {.type = HEDDLE_I32, .of.i32 = 65536};
  guest_new(&a);
  guest_new(&b);
  expect(guest_call(&b, "load", &address, 1), HEDDLE_ERROR_TRAP);
  EXPECT_OK(guest_call(&a, "grow", NULL, 0));
  EXPECT_OK(guest_call(&b, "load", &address, 1));
  EXPECT_OK(guest_call(&b, "size", NULL, 0));
  ck_assert_int_eq(b.result, 2);
  uint8_t *data = heddle_shared_memory_data(memory, &len);
  ck_assert_uint_eq(len, 2 * 65536);
  ck_assert(heddle_instance_export(b.store, b.instance, (heddle_str_t){"memory", 6}, &ext));
  ck_assert_ptr_eq(heddle_memory_data(b.store, ext.of.memory, &len), data);
  ck_assert_uint_eq(len, 2 * 65536);
  EXPECT_OK(heddle_memory_from_shared(b.store, memory, &again));
  ck_assert_uint_eq(again.index, ext.of.memory.index);
  uint64_t old;
  EXPECT_OK(heddle_memory_grow(b.store, again, 2, &old));
  ck_assert_uint_eq(old, 2);
  expect(heddle_memory_grow(b.store, again, 1, &old), HEDDLE_ERROR_LIMIT);
  EXPECT_OK(guest_call(&a, "grow", NULL, 0));
  ck_assert_int_eq(a.result, -1);
  heddle_store_delete(a.store);
  /* the memory outlives the store that it was taken from */
  heddle_shared_memory_t *shared;
  EXPECT_OK(heddle_memory_share(b.store, ext.of.memory, &shared));
  ck_assert_ptr_eq(shared, memory);
  heddle_store_delete(b.store);
  data[4 * 65536 - 1] = 7;
  heddle_shared_memory_delete(shared);
  teardown();
}
END_TEST

START_TEST(mistakes) {
  setup();
  heddle_store_t *store, *other;
  heddle_shared_memory_t *shared;
  heddle_memory_t m;
  EXPECT_OK(heddle_store_new(engine, NULL, &store));
  EXPECT_OK(heddle_store_new(engine, NULL, &other));
  heddle_limits_t wrong = limits;
  wrong.shared = false;
  expect(heddle_shared_memory_new(engine, &wrong, &shared), HEDDLE_ERROR_USAGE);
  wrong = limits;
  wrong.has_max = false;
  expect(heddle_shared_memory_new(engine, &wrong, &shared), HEDDLE_ERROR_USAGE);
  expect(heddle_memory_new(store, &wrong, &m), HEDDLE_ERROR_USAGE);
  wrong = limits;
  wrong.min = wrong.max = 65536;
  expect(heddle_shared_memory_new(engine, &wrong, &shared), HEDDLE_ERROR_LIMIT);
  EXPECT_OK(heddle_memory_new(store, &limits, &m));
  EXPECT_OK(heddle_memory_share(store, m, &shared));
  expect(heddle_memory_share(other, m, &shared), HEDDLE_ERROR_USAGE);
  heddle_shared_memory_delete(shared);
  heddle_limits_t plain = {.min = 1};
  EXPECT_OK(heddle_memory_new(store, &plain, &m));
  expect(heddle_memory_share(store, m, &shared), HEDDLE_ERROR_USAGE);
  /* an import that is not shared */
  heddle_extern_t ext = {.kind = HEDDLE_MEMORY, .of.memory = m};
  heddle_instance_t instance;
  EXPECT_OK(heddle_linker_define(linker, "env", "memory", ext));
  expect(heddle_instantiate(linker, store, module, &instance), HEDDLE_ERROR_LINK);
  heddle_shared_memory_delete(NULL);
  heddle_store_delete(store);
  heddle_store_delete(other);
  teardown();
}
END_TEST

START_TEST(memory_runs_out) {
  setup();
  for (int64_t n = 0;; n++) {
    heddle_store_t *store = NULL;
    heddle_shared_memory_t *shared = NULL;
    heddle_memory_t m;
    alloc_fail_after(n, false);
    heddle_error_t *error = heddle_shared_memory_new(engine, &limits, &shared);
    if (!error) error = heddle_store_new(engine, NULL, &store);
    if (!error) error = heddle_memory_from_shared(store, shared, &m);
    alloc_fail_after(-1, false);
    bool through = !error;
    if (error) expect(error, HEDDLE_ERROR_MEMORY);
    heddle_store_delete(store);
    heddle_shared_memory_delete(shared);
    if (!through) continue;
    ck_assert_int_gt(n, 5);
    break;
  }
  teardown();
}
END_TEST

int main(void) {
  return UNIT_RUN("api/shared", the_host_notifies, a_wait_is_interrupted, stores_see_growth, mistakes,
                  memory_runs_out);
}
