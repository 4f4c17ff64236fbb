/* Calls a WebAssembly function from C: the smallest embedding.
 *
 *   cc call.c $(pkg-config --cflags --libs heddle) && ./a.out */
#include <heddle.h>

#include <stdio.h>
#include <string.h>

static const char wat[] = "(module (func (export \"add\") (param i32 i32) (result i32)"
                          " (i32.add (local.get 0) (local.get 1))))";

static int fail(heddle_error_t *error) {
  heddle_str_t message = heddle_error_message(error);
  fprintf(stderr, "error: %.*s\n", (int)message.len, message.data);
  heddle_error_delete(error);
  return 1;
}

int main(void) {
  heddle_engine_t *engine = NULL;
  heddle_module_t *module = NULL;
  heddle_store_t *store = NULL;
  heddle_bytes_t wasm = {0};
  heddle_instance_t instance;
  heddle_extern_t add;
  heddle_val_t args[2] = {{.type = HEDDLE_I32, .of.i32 = 2}, {.type = HEDDLE_I32, .of.i32 = 40}}, sum;

  heddle_error_t *error = heddle_engine_new(NULL, &engine);
  if (!error) error = heddle_wat_to_wasm(engine, wat, strlen(wat), &wasm);
  if (!error) error = heddle_module_new(engine, wasm.data, wasm.len, &module);
  if (!error) error = heddle_store_new(engine, NULL, &store);
  if (error) return fail(error);

  heddle_linker_t *linker = heddle_linker_new(engine); /* nothing to link */
  error = heddle_instantiate(linker, store, module, &instance);
  if (error) return fail(error);
  if (!heddle_instance_export(store, instance, (heddle_str_t){"add", 3}, &add)) return 1;
  error = heddle_call(store, add.of.func, args, 2, &sum, 1);
  if (error) return fail(error);
  printf("2 + 40 = %d\n", sum.of.i32);

  heddle_linker_delete(linker);
  heddle_store_delete(store);
  heddle_module_delete(module);
  heddle_bytes_delete(&wasm);
  heddle_engine_delete(engine);
  return 0;
}
