/* A plugin host: the guest calls back into C, reads and writes its memory through C, and may fail in both
 * directions.
 *
 *   cc host.c $(pkg-config --cflags --libs heddle) && ./a.out */
#include <heddle.h>

#include <stdio.h>
#include <string.h>

static const char wat[] = "(module $plugin"
                          "  (import \"host\" \"log\" (func $log (param i32 i32)))"
                          "  (import \"host\" \"limit\" (func $limit (param i32) (result i32)))"
                          "  (memory (export \"memory\") 1)"
                          "  (data (i32.const 16) \"hello from the guest\")"
                          "  (func (export \"greet\") (call $log (i32.const 16) (i32.const 20)))"
                          "  (func $inner (param i32) (result i32) (call $limit (local.get 0)))"
                          "  (func (export \"check\") (param i32) (result i32) (call $inner (local.get 0)))"
                          "  (func (export \"crash\") (result i32) (i32.load (i32.const -4))))";

static void report(const char *what, heddle_error_t *error) {
  heddle_str_t message = heddle_error_message(error);
  printf("%s: %.*s\n", what, (int)message.len, message.data);
  heddle_frame_t frames[8];
  size_t total, n = heddle_error_frames(error, frames, 8, &total);
  for (size_t i = 0; i < n && i < 8; i++)
    printf("  %zu: %.*s\n", i, (int)frames[i].function.len, frames[i].function.data);
  heddle_error_delete(error);
}

/* (ptr, len): never trust either. */
static heddle_error_t *host_log(void *env, heddle_caller_t *caller, const heddle_val_t *args, size_t nargs,
                                heddle_val_t *results, size_t nresults) {
  (void)env, (void)nargs, (void)results, (void)nresults;
  heddle_memory_t memory;
  size_t size;
  if (!heddle_caller_memory(caller, &memory)) return heddle_error_new("the guest exports no memory");
  const uint8_t *data = heddle_memory_data(heddle_caller_store(caller), memory, &size);
  uint32_t ptr = (uint32_t)args[0].of.i32, len = (uint32_t)args[1].of.i32;
  if (ptr > size || len > size - ptr)
    return heddle_error_new("log: the text lies outside of the guest's memory");
  printf("guest says: %.*s\n", (int)len, (const char *)data + ptr);
  return NULL;
}

static heddle_error_t *host_limit(void *env, heddle_caller_t *caller, const heddle_val_t *args, size_t nargs,
                                  heddle_val_t *results, size_t nresults) {
  (void)caller, (void)nargs, (void)nresults;
  if (args[0].of.i32 > *(const int *)env) return heddle_error_new("that is too much");
  results[0].of.i32 = args[0].of.i32;
  return NULL;
}

static heddle_error_t *call(heddle_store_t *store, heddle_instance_t instance, const char *name,
                            const heddle_val_t *args, size_t nargs, heddle_val_t *results, size_t nresults) {
  heddle_extern_t ext;
  if (!heddle_instance_export(store, instance, (heddle_str_t){name, strlen(name)}, &ext))
    return heddle_error_new("no such export");
  return heddle_call(store, ext.of.func, args, nargs, results, nresults);
}

int main(void) {
  static const heddle_valtype_t two[] = {HEDDLE_I32, HEDDLE_I32};
  static const heddle_functype_t log_type = {two, 2, NULL, 0}, limit_type = {two, 1, two, 1};
  int most = 10;
  heddle_engine_t *engine = NULL;
  heddle_module_t *module = NULL;
  heddle_store_t *store = NULL;
  heddle_linker_t *linker = NULL;
  heddle_bytes_t wasm = {0};
  heddle_instance_t instance;
  heddle_val_t arg = {.type = HEDDLE_I32, .of.i32 = 7}, result;

  heddle_error_t *error = heddle_engine_new(NULL, &engine);
  if (!error) error = heddle_wat_to_wasm(engine, wat, strlen(wat), &wasm);
  if (!error) error = heddle_module_new(engine, wasm.data, wasm.len, &module);
  if (!error) error = heddle_store_new(engine, NULL, &store);
  if (!error) linker = heddle_linker_new(engine);
  if (!error) error = heddle_linker_define_func(linker, "host", "log", &log_type, host_log, NULL, NULL);
  if (!error)
    error = heddle_linker_define_func(linker, "host", "limit", &limit_type, host_limit, &most, NULL);
  if (!error) error = heddle_instantiate(linker, store, module, &instance);
  if (!error) error = call(store, instance, "greet", NULL, 0, NULL, 0);
  if (!error) error = call(store, instance, "check", &arg, 1, &result, 1);
  if (error) return report("error", error), 1;
  printf("check(7) = %d\n", result.of.i32);

  arg.of.i32 = 11;
  report("check(11)", call(store, instance, "check", &arg, 1, &result, 1));
  report("crash()", call(store, instance, "crash", NULL, 0, &result, 1));
  error = call(store, instance, "greet", NULL, 0, NULL, 0); /* the store is as good as before */
  if (error) return report("error", error), 1;

  heddle_linker_delete(linker);
  heddle_store_delete(store);
  heddle_module_delete(module);
  heddle_bytes_delete(&wasm);
  heddle_engine_delete(engine);
  return 0;
}
