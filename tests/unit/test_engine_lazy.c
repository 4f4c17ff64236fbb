/* Functions that are compiled when they are first called: by every kind of call, on any thread, after a fork,
 * from the cache, and when memory is out. */
#include "unit.h"

#include <heddle.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "engine/load.h"
#include "runtime/code_area.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* "direct", "tail", "table", "reference" reach another function each by another call, with all argument
 * registers and the stack in use; "deep" goes through 300 functions; "trap" ends in the second one. */
static const char calls[] =
    "(module (type $t (func (param i64 i64 i64 i64 i64 i64 i64 i64 i64 f64 f64 f64 f64 f64 f64 f64 f64 f64) "
    "(result i64)))"
    " (table funcref (elem $c $d)) (elem declare func $d $e)"
    " (func $sum (type $t) local.get 0 local.get 1 i64.const 2 i64.mul i64.add local.get 7 i64.const 8 "
    "i64.mul i64.add"
    "  local.get 8 i64.const 9 i64.mul i64.add local.get 9 local.get 16 f64.const 2 f64.mul f64.add "
    "local.get 17"
    "  f64.const 4 f64.mul f64.add i64.trunc_f64_s i64.add)"
    " (func $a (type $t) %s call $sum) (func $b (type $t) %s return_call $sum)"
    " (func $c (type $t) %s call $sum) (func $d (type $t) %s call $sum) (func $e (type $t) %s return_call "
    "$sum)"
    " (func (export \"direct\") (result i64) %s call $a) (func (export \"tail\") (result i64) %s return_call "
    "$b)"
    " (func (export \"table\") (result i64) %s i32.const 0 call_indirect (type $t))"
    " (func (export \"reference\") (result i64) %s ref.func $d call_ref $t)"
    " (func (export \"tail reference\") (result i64) %s ref.func $e return_call_ref $t)"
    " (func $writes (table.set (i32.const 1) (ref.null func)))"
    " (func $f (result i64) unreachable) (func (export \"trap\") (result i64) call $f)";

static heddle_engine_t *engine;
static heddle_bytes_t wasm;

static const char *const sums[] = {"direct", "tail", "table", "reference", "tail reference"};
enum { EXPECTED = 1 + 2 * 2 + 8 * 8 + 9 * 9 + 10 + 2 * 17 + 4 * 18, DEEP = 300, LARGE = 2000 };

static heddle_engine_t *new_engine(bool lazy, bool cache) {
  heddle_config_t *config = heddle_config_new();
  heddle_engine_t *e;
  ck_assert_ptr_null(heddle_config_set(config, "lazy", lazy ? "y" : "n"));
  ck_assert_ptr_null(heddle_config_set(config, "lazy-from", "0"));
  ck_assert_ptr_null(heddle_config_set(config, "cache", cache ? "y" : "n"));
  /* Which functions are compiled is counted: each that is called. */
  ck_assert_ptr_null(heddle_config_set(config, "inlining", "n"));
  ck_assert_ptr_null(heddle_config_set(config, "compile-ahead", "n"));
  ck_assert_ptr_null(heddle_engine_new(config, &e));
  heddle_config_delete(config);
  return e;
}

/* Every %s of `text` becomes the arguments 1 to 18. */
static void put_text(struct buf *b, const char *text) {
  for (; *text; text++)
    if (text[0] != '%')
      buf_u8(b, (uint8_t)*text);
    else {
      text++;
      for (int i = 1; i <= 18; i++)
        buf_printf(b, i <= 9 ? " i64.const %d" : " f64.const %d", i);
    }
}

static void setup(void) {
  struct buf text;
  buf_init(&text);
  put_text(&text, calls);
  for (int i = 0; i < DEEP; i++)
    buf_printf(&text, "(func $deep%d (result i64) (i64.add (i64.const 1) (call $deep%d)))", i, i + 1);
  buf_printf(&text, "(func $deep%d (result i64) i64.const 0) (export \"deep\" (func $deep0))", DEEP);
  buf_printf(&text, "(func (export \"large\") (result i64) (local i64)");
  for (int i = 0; i < LARGE; i++) /* several pages of code */
    buf_printf(&text, " local.get 0 i64.const %d i64.rotl i64.const 1 i64.add i64.popcnt local.set 0",
               i % 63 + 1);
  buf_printf(&text, " local.get 0)");
  buf_printf(&text, "(memory 1) (data (i32.const 0) \"%20000s\"))", "");
  engine = new_engine(true, false);
  ck_assert_ptr_null(heddle_wat_to_wasm(engine, (char *)text.data, text.len, &wasm));
  buf_free(&text);
}

static void teardown(void) {
  heddle_bytes_delete(&wasm);
  heddle_engine_delete(engine);
}

struct world {
  heddle_module_t *module;
  heddle_linker_t *linker;
  heddle_store_t *store;
  heddle_instance_t instance;
};

/* Instead of ck_assert where a forked child comes by: another thread may have held Check's lock. */
static void must(bool ok) {
  if (!ok) abort();
}
static struct world world_with(heddle_engine_t *e, heddle_module_t *module) {
  struct world w = {.module = module};
  must(!heddle_store_new(e, NULL, &w.store));
  w.linker = heddle_linker_new(e);
  must(!heddle_instantiate(w.linker, w.store, w.module, &w.instance));
  return w;
}
static struct world world_new(heddle_engine_t *e) {
  heddle_module_t *module;
  ck_assert_ptr_null(heddle_module_new(e, wasm.data, wasm.len, &module));
  return world_with(e, module);
}
static void world_end(struct world *w) {
  heddle_linker_delete(w->linker);
  heddle_store_delete(w->store);
  heddle_module_delete(w->module);
}

static heddle_error_t *call(struct world *w, const char *name, int64_t *out) {
  heddle_extern_t f;
  heddle_val_t result = {0};
  must(heddle_instance_export(w->store, w->instance, (heddle_str_t){name, strlen(name)}, &f));
  heddle_error_t *error = heddle_call(w->store, f.of.func, NULL, 0, &result, 1);
  *out = result.of.i64;
  return error;
}
static void check(struct world *w, const char *name, int64_t expected) {
  int64_t result;
  ck_assert_ptr_null(call(w, name, &result));
  ck_assert_int_eq(result, expected);
}
static uint32_t compiled(const struct world *w) {
  return code_area_len(((struct program *)w->module)->image->area);
}

static size_t frames_of(const heddle_error_t *error) { return heddle_error_frames(error, NULL, 0, NULL); }

START_TEST(every_kind_of_call) {
  struct world w = world_new(engine);
  ck_assert_uint_eq(compiled(&w), 0);
  for (int round = 0; round < 2; round++)
    for (int i = 0; i < 5; i++)
      check(&w, sums[i], EXPECTED);
  ck_assert_uint_eq(compiled(&w), 5 + 5 + 1);
  check(&w, "deep", DEEP);
  ck_assert_uint_eq(compiled(&w), 5 + 5 + 1 + DEEP + 1);
  world_end(&w);
}
END_TEST

/* A function of several pages comes from the compiler and from the cache, and both end well. */
START_TEST(large_functions) {
  struct world w = world_new(engine);
  check(&w, "large", 2);
  check(&w, "direct", EXPECTED);
  check(&w, "large", 2);
  world_end(&w);
}
END_TEST

START_TEST(a_trap_has_its_backtrace) {
  struct world w = world_new(engine);
  for (int round = 0; round < 2; round++) {
    int64_t result;
    heddle_trap_t trap;
    heddle_error_t *error = call(&w, "trap", &result);
    ck_assert(heddle_error_trap(error, &trap) && trap == HEDDLE_TRAP_UNREACHABLE);
    ck_assert_uint_eq(frames_of(error), 2);
    heddle_error_delete(error);
  }
  world_end(&w);
}
END_TEST

/* The n-th allocation of the first call fails; then the same call works. */
START_TEST(without_memory_it_traps) {
  unsigned not_compiled = 0;
  for (int64_t n = 0; n < 40; n++) {
    struct world w = world_new(engine);
    int64_t result;
    heddle_trap_t trap;
    alloc_fail_after(n, false);
    heddle_error_t *error = call(&w, "deep", &result);
    alloc_fail_after(-1, false);
    if (error && heddle_error_trap(error, &trap) && trap == HEDDLE_TRAP_NOT_COMPILED) not_compiled++;
    heddle_error_delete(error);
    check(&w, "deep", DEEP);
    world_end(&w);
  }
  ck_assert_uint_ge(not_compiled, 30);
}
END_TEST

static heddle_module_t *shared;
static void *call_all(void *first) {
  struct world w = world_with(engine, heddle_module_ref(shared));
  int64_t result;
  for (int i = 0; i < 5; i++)
    must(!call(&w, sums[((size_t)(uintptr_t)first + i) % 5], &result) && result == EXPECTED);
  must(!call(&w, "deep", &result) && result == DEEP);
  world_end(&w);
  return NULL;
}

/* Eight threads meet at every function; children of a fork in the middle go on. */
START_TEST(threads_and_fork) {
  enum { THREADS = 8 };
  for (int round = 0; round < 10; round++) {
    pthread_t threads[THREADS];
    ck_assert_ptr_null(heddle_module_new(engine, wasm.data, wasm.len, &shared));
    for (size_t i = 0; i < THREADS; i++)
      ck_assert_int_eq(pthread_create(&threads[i], NULL, call_all, (void *)(uintptr_t)i), 0);
    pid_t child = FORK_WORKS ? fork() : -1;
    if (child == 0) {
      call_all(NULL);
      _exit(0);
    }
    for (int i = 0; i < THREADS; i++)
      pthread_join(threads[i], NULL);
    int status = 0;
    ck_assert_int_eq(FORK_WORKS ? waitpid(child, &status, 0) : -1, child);
    ck_assert_int_eq(status, 0);
    heddle_module_delete(shared);
  }
}
END_TEST

START_TEST(the_cache_keeps_what_was_compiled) {
  char home[] = "/tmp/heddle-lazy-XXXXXX", dir[64];
  ck_assert_ptr_nonnull(mkdtemp(home));
  setenv("XDG_CACHE_HOME", home, 1);
  heddle_engine_t *lazy = new_engine(true, true), *eager = new_engine(false, true);
  struct world w = world_new(lazy);
  check(&w, "large", 2);
  check(&w, "direct", EXPECTED);
  world_end(&w);
  w = world_new(lazy);
  ck_assert(((struct program *)w.module)->valid->has_indirect_tail_calls);
  ck_assert(((struct program *)w.module)->valid->writes_tables);
  check(&w, "large", 2);
  ck_assert_uint_eq(compiled(&w), 1 + 3);
  check(&w, "direct", EXPECTED);
  check(&w, "tail", EXPECTED);
  check(&w, "deep", DEEP);
  world_end(&w);
  w = world_new(lazy);
  ck_assert_uint_eq(compiled(&w), 1 + 3 + 2 + DEEP + 1);
  check(&w, "deep", DEEP);
  check(&w, "table", EXPECTED);
  int64_t result;
  heddle_error_t *error = call(&w, "trap", &result);
  ck_assert_uint_eq(frames_of(error), 2);
  heddle_error_delete(error);
  world_end(&w);
  w = world_new(eager); /* wants all of it, */
  ck_assert_ptr_null(((struct program *)w.module)->image->area);
  world_end(&w);
  w = world_new(lazy); /* which is then taken by all */
  ck_assert_ptr_null(((struct program *)w.module)->image->area);
  check(&w, "deep", DEEP);
  world_end(&w);
  heddle_engine_delete(lazy);
  heddle_engine_delete(eager);
  ck_assert_uint_eq(heddle_cache_clean(), 1);
  snprintf(dir, sizeof dir, "%s/heddle", home);
  rmdir(dir);
  rmdir(home);
}
END_TEST

START_TEST(saved_code_is_whole) {
  struct world w = world_new(engine);
  char path[] = "/tmp/heddle-lazy-XXXXXX";
  heddle_bytes_t code;
  heddle_module_t *module;
  check(&w, "direct", EXPECTED);
  ck_assert_ptr_null(heddle_module_serialize(w.module, &code));
  int fd = mkstemp(path);
  ck_assert_int_eq(write(fd, code.data, code.len), code.len);
  close(fd);
  ck_assert_ptr_null(heddle_module_deserialize_file(engine, path, &module));
  struct world again = world_with(engine, module);
  ck_assert_ptr_null(((struct program *)module)->image->area);
  check(&again, "deep", DEEP);
  world_end(&again);
  world_end(&w);
  heddle_bytes_delete(&code);
  unlink(path);
}
END_TEST

int main(void) {
  TCase *tc = tcase_create("lazy");
  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_test(tc, every_kind_of_call);
  tcase_add_test(tc, large_functions);
  tcase_add_test(tc, a_trap_has_its_backtrace);
  tcase_add_test(tc, without_memory_it_traps);
  tcase_add_test(tc, threads_and_fork);
  tcase_add_test(tc, the_cache_keeps_what_was_compiled);
  tcase_add_test(tc, saved_code_is_whole);
  tcase_set_timeout(tc, 60);
  Suite *suite = suite_create("engine/lazy");
  suite_add_tcase(suite, tc);
  return unit_run_suite(suite);
}
