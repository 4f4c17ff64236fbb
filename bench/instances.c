/* How many small instances a process makes, calls and drops in a second: a store, an instance, one call, the
 * end.
 *
 *   instances heddle MODULE ROUNDS
 *   instances wasmtime MODULE ROUNDS /path/to/libwasmtime.so     (its C API, loaded at run time)
 * Prints nanoseconds a round. The module exports f, which takes an i32 n and returns n + 1. */
#include <heddle.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void require(bool ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "failed: %s\n", what);
  exit(1);
}

/* ---- heddle ---- */

static heddle_engine_t *engine;
static heddle_module_t *module;
static heddle_linker_t *linker;

static void heddle_start(const void *wasm, size_t len) {
  require(!heddle_engine_new(NULL, &engine), "engine");
  require(!heddle_module_new(engine, wasm, len, &module), "module");
  linker = heddle_linker_new(engine);
}

static void heddle_round(int n) {
  heddle_store_t *store;
  heddle_instance_t instance;
  heddle_extern_t f;
  heddle_val_t argument = {.type = HEDDLE_I32, .of.i32 = n}, result;
  require(!heddle_store_new(engine, NULL, &store), "store");
  require(!heddle_instantiate(linker, store, module, &instance), "instance");
  require(heddle_instance_export(store, instance, (heddle_str_t){"f", 1}, &f), "export");
  require(!heddle_call(store, f.of.func, &argument, 1, &result, 1), "call");
  require(result.of.i32 == n + 1, "result");
  heddle_store_delete(store);
}

/* ---- Wasmtime: what of its C API a round needs ---- */

struct their_instance {
  uint64_t store;
  size_t index;
};
struct their_item { /* an extern or a value: a kind, then room for the largest of either */
  uint8_t kind;
  _Alignas(8) uint8_t of[32];
};
static void *(*wasm_engine_new)(void);
static void *(*wasmtime_module_new)(void *, const void *, size_t, void **);
static void *(*wasmtime_store_new)(void *, void *, void *);
static void *(*wasmtime_store_context)(void *);
static void (*wasmtime_store_delete)(void *);
static void *(*wasmtime_instance_new)(void *, void *, const void *, size_t, struct their_instance *, void **);
static bool (*wasmtime_instance_export_get)(void *, const struct their_instance *, const char *, size_t,
                                            struct their_item *);
static void *(*wasmtime_func_call)(void *, const void *, const struct their_item *, size_t,
                                   struct their_item *, size_t, void **);
static void *their_engine, *their_module;

static void find(void *library, const char *name, void *at) {
  void *symbol = dlsym(library, name);
  require(symbol, name);
  memcpy(at, &symbol, sizeof symbol);
}

static void wasmtime_start(const char *path, const void *wasm, size_t len) {
  void *library = dlopen(path, RTLD_NOW);
  require(library, path);
#define FIND(name) find(library, #name, &name)
  FIND(wasm_engine_new);
  FIND(wasmtime_module_new);
  FIND(wasmtime_store_new);
  FIND(wasmtime_store_context);
  FIND(wasmtime_store_delete);
  FIND(wasmtime_instance_new);
  FIND(wasmtime_instance_export_get);
  FIND(wasmtime_func_call);
#undef FIND
  their_engine = wasm_engine_new();
  require(!wasmtime_module_new(their_engine, wasm, len, &their_module), "module");
}

static void wasmtime_round(int n) {
  void *store = wasmtime_store_new(their_engine, NULL, NULL), *context = wasmtime_store_context(store),
       *trap = NULL;
  struct their_instance instance;
  struct their_item f, argument = {0}, result;
  require(!wasmtime_instance_new(context, their_module, NULL, 0, &instance, &trap) && !trap, "instance");
  require(wasmtime_instance_export_get(context, &instance, "f", 1, &f), "export");
  memcpy(argument.of, &n, sizeof n);
  require(!wasmtime_func_call(context, f.of, &argument, 1, &result, 1, &trap) && !trap, "call");
  int got;
  memcpy(&got, result.of, sizeof got);
  require(got == n + 1, "result");
  wasmtime_store_delete(store);
}

int main(int argc, char **argv) {
  static uint8_t wasm[1 << 16];
  require(argc >= 4, "usage: instances heddle|wasmtime MODULE ROUNDS [LIBRARY]");
  FILE *f = fopen(argv[2], "rb");
  require(f, argv[2]);
  size_t len = fread(wasm, 1, sizeof wasm, f);
  fclose(f);
  bool ours = !strcmp(argv[1], "heddle");
  if (ours)
    heddle_start(wasm, len);
  else
    wasmtime_start(argv[4], wasm, len);
  int rounds = atoi(argv[3]);
  for (int i = 0; i < 100; i++)
    (ours ? heddle_round : wasmtime_round)(i);
  double start = now();
  for (int i = 0; i < rounds; i++)
    (ours ? heddle_round : wasmtime_round)(i);
  printf("%.0f\n", (now() - start) / rounds);
  return 0;
}
