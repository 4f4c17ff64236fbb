/* Runs a WASI program with a directory, a limit on memory and a limit on time.
 *
 *   cc sandbox.c $(pkg-config --cflags --libs heddle) -lpthread && ./a.out program.wasm [directory] */
#define _POSIX_C_SOURCE 200809L

#include <heddle.h>
#include <heddle_wasi.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int fail(heddle_error_t *error) {
  heddle_str_t message = heddle_error_message(error);
  fprintf(stderr, "error: %.*s\n", (int)message.len, message.data);
  heddle_error_delete(error);
  return 1;
}

static char *read_file(const char *path, size_t *len) {
  FILE *f = fopen(path, "rb");
  char *data = NULL;
  *len = 0;
  if (!f) return NULL;
  if (fseek(f, 0, SEEK_END) == 0) {
    long size = ftell(f);
    rewind(f);
    data = size > 0 ? malloc((size_t)size) : NULL;
    if (data) *len = fread(data, 1, (size_t)size, f);
  }
  fclose(f);
  return data;
}

/* Two seconds, then the guest ends with the trap "timeout". */
static void *watchdog(void *interrupt) {
  struct timespec two_seconds = {.tv_sec = 2};
  nanosleep(&two_seconds, NULL);
  heddle_interrupt_raise_timeout(interrupt);
  return NULL;
}

int main(int argc, char **argv) {
  size_t len;
  char *wasm = argc > 1 ? read_file(argv[1], &len) : NULL;
  if (!wasm) return fprintf(stderr, "usage: %s program.wasm [directory]\n", argv[0]), 2;

  heddle_config_t *config = heddle_config_new();
  heddle_engine_t *engine = NULL;
  heddle_module_t *module = NULL;
  heddle_store_t *store = NULL;
  heddle_interrupt_t *interrupt = NULL;
  heddle_instance_t instance;
  heddle_extern_t start;
  heddle_error_t *error = heddle_config_set(config, "interruption", "y");
  if (!error) error = heddle_config_set(config, "max-memory-size", "64M");
  if (!error) error = heddle_engine_new(config, &engine);
  heddle_config_delete(config);
  if (!error) error = heddle_module_new(engine, wasm, len, &module);
  if (!error) error = heddle_store_new(engine, NULL, &store);
  if (!error) error = heddle_store_interrupt(store, &interrupt);
  free(wasm);
  if (error) return fail(error);

  heddle_wasi_t *wasi = heddle_wasi_new();
  heddle_linker_t *linker = heddle_linker_new(engine);
  error = heddle_wasi_inherit_stdio(wasi);
  if (!error) error = heddle_wasi_arg(wasi, argv[1]);
  if (!error && argc > 2) error = heddle_wasi_preopen(wasi, argv[2], "/", true);
  if (!error) error = heddle_linker_define_wasi(linker, wasi);
  if (!error) error = heddle_instantiate(linker, store, module, &instance);
  if (error) return fail(error);
  if (!heddle_instance_export(store, instance, (heddle_str_t){"_start", 6}, &start))
    return fail(heddle_error_new("no _start"));

  pthread_t thread;
  if (pthread_create(&thread, NULL, watchdog, interrupt) == 0) pthread_detach(thread);
  error = heddle_call(store, start.of.func, NULL, 0, NULL, 0);
  int32_t code = 0;
  if (error && !heddle_error_exit_code(error, &code)) return fail(error);
  heddle_error_delete(error);
  printf("the program ended with status %d\n", code);

  heddle_linker_delete(linker);
  heddle_store_delete(store);
  heddle_wasi_delete(wasi);
  heddle_module_delete(module);
  heddle_engine_delete(engine);
  return 0; /* the watchdog holds the interrupt handle until the process ends */
}
