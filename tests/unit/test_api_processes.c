/* Two processes and eight threads in each, on one cache; the threads of a process on one engine and one
 * module, too; and children that are forked in the middle and go on. Each must compute what it should. */
#include "unit.h"

#include <heddle.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 2, THREADS = 8, ROUNDS = 12, CHILDREN = 4, FUNCS = 60 };

static heddle_bytes_t wasm;
static heddle_module_t *shared;

/* Not ck_assert: several threads and children of forks come by. */
static void must(bool ok) {
  if (!ok) abort();
}

static heddle_engine_t *new_engine(bool lazy) {
  heddle_engine_t *engine;
  heddle_config_t *config = heddle_config_new();
  must(!heddle_config_set(config, "lazy", lazy ? "y" : "n"));
  must(!heddle_config_set(config, "lazy-from", "0"));
  must(!heddle_config_set(config, "cache", "y"));
  must(!heddle_engine_new(config, &engine));
  heddle_config_delete(config);
  return engine;
}

/* run(n) goes through n functions, then traps when n is odd. */
static void run(heddle_engine_t *engine, heddle_module_t *module, int32_t n) {
  heddle_store_t *store;
  heddle_instance_t instance;
  heddle_extern_t f;
  heddle_val_t arg = {.type = HEDDLE_I32, .of.i32 = n}, result = {0};
  heddle_trap_t trap = HEDDLE_TRAP_NONE;
  heddle_linker_t *linker = heddle_linker_new(engine);
  must(linker);
  must(!heddle_store_new(engine, NULL, &store));
  must(!heddle_instantiate(linker, store, module, &instance));
  must(heddle_instance_export(store, instance, (heddle_str_t){"run", 3}, &f));
  heddle_error_t *error = heddle_call(store, f.of.func, &arg, 1, &result, 1);
  if (n % 2)
    must(error && heddle_error_trap(error, &trap) && trap == HEDDLE_TRAP_MEMORY_OUT_OF_BOUNDS);
  else
    must(!error && result.of.i32 == n);
  heddle_error_delete(error);
  heddle_store_delete(store);
  heddle_linker_delete(linker);
}

static heddle_engine_t *engine;
static void *thread_main(void *number) {
  int32_t k = (int32_t)(intptr_t)number;
  for (int32_t i = 0; i < ROUNDS; i++) {
    run(engine, shared, (i * 7 + k * 5) % FUNCS);
    if (i % 4 != k % 4) continue;
    heddle_module_t *own; /* goes into the cache or comes from it */
    must(!heddle_module_new(engine, wasm.data, wasm.len, &own));
    run(engine, own, (i + k) % FUNCS);
    heddle_module_delete(own);
  }
  return NULL;
}

static void process_main(bool lazy) {
  pthread_t threads[THREADS];
  pid_t children[CHILDREN];
  engine = new_engine(lazy);
  must(!heddle_module_new(engine, wasm.data, wasm.len, &shared));
  for (intptr_t i = 0; i < THREADS; i++)
    must(!pthread_create(&threads[i], NULL, thread_main, (void *)i));
  for (int i = 0; FORK_WORKS && i < CHILDREN; i++) {
    children[i] = fork();
    must(children[i] >= 0);
    if (children[i] == 0) {
      for (int32_t n = 0; n < 6; n++)
        run(engine, shared, n * 9);
      _exit(0);
    }
    usleep(500);
  }
  for (int i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
  for (int i = 0; FORK_WORKS && i < CHILDREN; i++) {
    int status = 0;
    must(waitpid(children[i], &status, 0) == children[i] && status == 0);
  }
  heddle_module_delete(shared);
  heddle_engine_delete(engine);
}

static char text[64 << 10], home[] = "/tmp/heddle-processes-XXXXXX";

static void make_module(void) {
  size_t n = (size_t)snprintf(
      text, sizeof text,
      "(module (memory 1) (data (i32.const 0) \"%20000s\") (func $f0 (param i32) (result i32)"
      " (drop (i32.load (i32.mul (local.get 0) (i32.const 10000000)))) (i32.const 0))",
      "");
  for (int i = 1; i < FUNCS; i++)
    n += (size_t)snprintf(
        text + n, sizeof text - n,
        "(func $f%d (param i32) (result i32) (i32.add (i32.const 1) (call $f%d (local.get 0))))", i, i - 1);
  n += (size_t)snprintf(text + n, sizeof text - n, "(table funcref (elem");
  for (int i = 0; i < FUNCS; i++)
    n += (size_t)snprintf(text + n, sizeof text - n, " $f%d", i);
  snprintf(text + n, sizeof text - n,
           ")) (func (export \"run\") (param i32) (result i32)"
           " (call_indirect (param i32) (result i32) (i32.and (local.get 0) (i32.const 1)) (local.get 0))))");
  heddle_engine_t *e = new_engine(false);
  must(!heddle_wat_to_wasm(e, text, strlen(text), &wasm));
  heddle_engine_delete(e);
}

START_TEST(two_processes) {
  ck_assert_ptr_nonnull(mkdtemp(home));
  setenv("XDG_CACHE_HOME", home, 1);
  make_module();
  for (int round = 0; round < 4; round++) { /* with an empty cache and a full one */
    pid_t children[PROCESSES];
    if (round % 2 == 0) (void)heddle_cache_clean();
    for (int i = 0; i < PROCESSES; i++) {
      children[i] = fork(); /* no thread runs yet: this works everywhere */
      if (children[i] == 0) {
        process_main(round >= 2);
        _exit(0);
      }
    }
    for (int i = 0; i < PROCESSES; i++) {
      int status = 0;
      ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
      ck_assert_int_eq(status, 0);
    }
    uint64_t nfiles, size;
    heddle_cache_status(&nfiles, &size);
    ck_assert_uint_eq(nfiles, 1); /* and nothing half written beside it */
  }
  (void)heddle_cache_clean();
  heddle_bytes_delete(&wasm);
  snprintf(text, sizeof text, "%s/heddle", home);
  rmdir(text);
  ck_assert_int_eq(rmdir(home), 0);
}
END_TEST

int main(void) { return UNIT_RUN("api/processes", two_processes); }
