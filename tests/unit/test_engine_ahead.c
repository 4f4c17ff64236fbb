/* Functions that are compiled before they are called: what follows from a call comes by itself, and neither a
 * program's end, nor a fork, nor missing memory meets the thread that does it at a bad moment. */
#include "unit.h"

#include <heddle.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "engine/load.h"
#include "os/thread.h"
#include "runtime/code_area.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* $chain0 to $chain999 each call the next one where their argument says so, and return their number; "f" is
 * the first of them. "all" calls every one, through the table. */
enum { CHAIN = 1000, SUM = CHAIN * (CHAIN - 1) / 2 };

static heddle_bytes_t wasm;

static heddle_engine_t *new_engine(const char *ahead, const char *from) {
  heddle_config_t *config = heddle_config_new();
  heddle_engine_t *e;
  const char *const options[][2] = {{"lazy", "y"},
                                    {"lazy-from", "0"},
                                    {"inlining", "n"},
                                    {"compile-ahead", ahead},
                                    {"compile-ahead-from", from}};
  for (size_t i = 0; i < COUNT_OF(options); i++)
    ck_assert_ptr_null(heddle_config_set(config, options[i][0], options[i][1]));
  ck_assert_ptr_null(heddle_engine_new(config, &e));
  heddle_config_delete(config);
  return e;
}

static void setup(void) {
  struct buf text;
  buf_init(&text);
  buf_printf(&text, "(module (type $t (func (param i32) (result i32))) (table funcref (elem");
  for (int i = 0; i < CHAIN; i++)
    buf_printf(&text, " $chain%d", i);
  buf_printf(&text, "))");
  for (int i = 0; i < CHAIN; i++) {
    buf_printf(&text, "(func $chain%d (type $t) (if (local.get 0) (then", i);
    if (i + 1 < CHAIN) buf_printf(&text, " (drop (call $chain%d (local.get 0)))", i + 1);
    buf_printf(&text, ")) (i32.const %d))", i);
  }
  buf_printf(
      &text,
      "(export \"f\" (func $chain0)) (func (export \"all\") (param i32) (result i32) (local i32)"
      " (loop (local.set 1 (i32.add (local.get 1) (call_indirect (type $t) (i32.const 0) (local.get 0))))"
      "  (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const %d))))"
      " (local.get 1)))",
      CHAIN);
  heddle_engine_t *engine = new_engine("n", "0");
  ck_assert_ptr_null(heddle_wat_to_wasm(engine, (char *)text.data, text.len, &wasm));
  buf_free(&text);
  heddle_engine_delete(engine);
}

static void teardown(void) { heddle_bytes_delete(&wasm); }

static heddle_module_t *new_module(heddle_engine_t *engine) {
  heddle_module_t *module;
  ck_assert_ptr_null(heddle_module_new(engine, wasm.data, wasm.len, &module));
  return module;
}

/* Instead of ck_assert where a forked child or another thread comes by. */
static void must(bool ok) {
  if (!ok) abort();
}

static int32_t call(heddle_engine_t *engine, heddle_module_t *module, const char *name) {
  heddle_store_t *store;
  heddle_instance_t instance;
  heddle_extern_t f;
  heddle_val_t zero = {.type = HEDDLE_I32}, result = {0};
  must(!heddle_store_new(engine, NULL, &store));
  heddle_linker_t *linker = heddle_linker_new(engine);
  must(!heddle_instantiate(linker, store, module, &instance));
  must(heddle_instance_export(store, instance, (heddle_str_t){name, strlen(name)}, &f));
  must(!heddle_call(store, f.of.func, &zero, 1, &result, 1));
  heddle_linker_delete(linker);
  heddle_store_delete(store);
  return result.of.i32;
}

static uint32_t compiled(const heddle_module_t *module) {
  return code_area_len(((const struct program *)module)->image->area);
}

/* Whether so many functions are there within the time. */
static bool come(const heddle_module_t *module, uint32_t len, unsigned most_ms) {
  for (unsigned ms = 0; ms < most_ms && compiled(module) < len; ms++)
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  return compiled(module) >= len;
}

START_TEST(callees_come_by_themselves) {
  if (thread_cpu_count() < 2) return;
  heddle_engine_t *engine = new_engine("y", "1");
  heddle_module_t *module = new_module(engine);
  ck_assert_int_eq(call(engine, module, "f"), 0);
  ck_assert(come(module, CHAIN, 30000));
  ck_assert_int_eq(call(engine, module, "all"), SUM);
  ck_assert_uint_eq(compiled(module), CHAIN + 1);
  heddle_module_delete(module);
  heddle_engine_delete(engine);
}
END_TEST

START_TEST(it_is_not_begun_for_few_nor_where_it_is_off) {
  static const char *const settings[][2] = {{"y", "2"}, {"n", "1"}};
  for (size_t i = 0; i < COUNT_OF(settings); i++) {
    heddle_engine_t *engine = new_engine(settings[i][0], settings[i][1]);
    heddle_module_t *module = new_module(engine);
    ck_assert_int_eq(call(engine, module, "f"), 0);
    ck_assert(!come(module, 2, 50));
    ck_assert_int_eq(call(engine, module, "all"), SUM);
    heddle_module_delete(module);
    heddle_engine_delete(engine);
  }
}
END_TEST

START_TEST(a_program_ends_in_the_middle) {
  heddle_engine_t *engine = new_engine("y", "1");
  for (int i = 0; i < 100; i++) {
    heddle_module_t *module = new_module(engine);
    ck_assert_int_eq(call(engine, module, "f"), 0);
    if (i % 4 == 0) come(module, 2 + (uint32_t)i, 1000);
    heddle_module_delete(module);
  }
  heddle_engine_delete(engine);
}
END_TEST

/* The n-th allocation from somewhere on fails, wherever that is; what is missing is compiled when it is
 * called.
 */
START_TEST(memory_runs_out) {
  heddle_engine_t *engine = new_engine("y", "1");
  for (int64_t n = 0; n < 60; n++) {
    heddle_module_t *module = new_module(engine);
    ck_assert_int_eq(call(engine, module, "f"), 0);
    alloc_fail_after(n, true);
    come(module, 20, 5);
    alloc_fail_after(-1, false);
    ck_assert_int_eq(call(engine, module, "all"), SUM);
    heddle_module_delete(module);
  }
  heddle_engine_delete(engine);
}
END_TEST

static heddle_engine_t *shared_engine;
static heddle_module_t *shared;
static void *call_all(void *name) {
  must(call(shared_engine, shared, name) == (strcmp(name, "f") ? SUM : 0));
  return NULL;
}

/* A child goes on without the thread, to the program's end, and so does its parent with it. */
START_TEST(threads_and_fork) {
  enum { THREADS = 4 };
  static char names[2][4] = {"f", "all"};
  shared_engine = new_engine("y", "1");
  for (uint32_t round = 0; round < 20; round++) {
    pthread_t threads[THREADS];
    shared = new_module(shared_engine);
    call_all(names[0]);
    come(shared, 2 + round * 7, 1000);
    for (size_t i = 0; i < THREADS; i++)
      ck_assert_int_eq(pthread_create(&threads[i], NULL, call_all, names[i % 2]), 0);
    pid_t child = FORK_WORKS ? fork() : -1;
    if (child == 0) {
      call_all(names[1]);
      _exit(0);
    }
    for (int i = 0; i < THREADS; i++)
      pthread_join(threads[i], NULL);
    int status = 0;
    ck_assert_int_eq(FORK_WORKS ? waitpid(child, &status, 0) : -1, child);
    ck_assert_int_eq(status, 0);
    heddle_module_delete(shared);
  }
  heddle_engine_delete(shared_engine);
}
END_TEST

/* Nothing but the thread is left out when the child ends the program itself. */
START_TEST(a_child_ends_the_program) {
  if (!FORK_WORKS) return;
  for (uint32_t round = 0; round < 20; round++) {
    heddle_engine_t *engine = new_engine("y", "1");
    heddle_module_t *module = new_module(engine);
    must(call(engine, module, "f") == 0);
    come(module, 2 + round * 7, 1000);
    pid_t child = fork();
    if (child == 0) {
      must(call(engine, module, "all") == SUM);
      heddle_module_delete(module);
      heddle_engine_delete(engine);
      _exit(0);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    heddle_module_delete(module);
    heddle_engine_delete(engine);
  }
}
END_TEST

int main(void) {
  TCase *tc = tcase_create("ahead");
  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_test(tc, callees_come_by_themselves);
  tcase_add_test(tc, it_is_not_begun_for_few_nor_where_it_is_off);
  tcase_add_test(tc, a_program_ends_in_the_middle);
  tcase_add_test(tc, memory_runs_out);
  tcase_add_test(tc, threads_and_fork);
  tcase_add_test(tc, a_child_ends_the_program);
  tcase_set_timeout(tc, 120);
  Suite *suite = suite_create("engine/ahead");
  suite_add_tcase(suite, tc);
  return unit_run_suite(suite);
}
