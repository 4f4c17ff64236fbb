/* Runs a module that a Java compiler made for a JavaScript host, with heddle.h as the host: strings and
 * functions that the module keeps outside are host references here.
 *
 * host FILE.wasm [KEY=VALUE...]: options of the engine.  What the module prints goes to standard output; on
 * standard error how many host references were made, and that each was finalized.  Exit status 1: an error,
 * or a reference that leaked. */
#include <heddle.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A host reference: a string of UTF-16 units, or a function of the module. */
struct object {
  heddle_func_t func;
  int32_t len;
  uint16_t units[];
};
static long made, finalized;

static void finalize(void *data) {
  finalized++;
  free(data);
}

static struct object *object_new(int32_t len) {
  struct object *o = calloc(1, sizeof *o + (size_t)len * sizeof o->units[0]);
  if (!o) exit(3);
  o->len = len;
  return o;
}

static heddle_error_t *give(heddle_store_t *store, struct object *o, heddle_val_t *result) {
  heddle_error_t *error = heddle_externref_new(store, o, finalize, &result->of.ref);
  if (error)
    free(o);
  else
    made++;
  return error;
}

static heddle_error_t *take(heddle_store_t *store, const heddle_val_t *val, struct object **out) {
  void *data;
  heddle_error_t *error = heddle_externref_data(store, val->of.ref, &data);
  if (!error) *out = data;
  return error;
}

#define CALLBACK(name)                                                                                       \
  static heddle_error_t *name(void *env, heddle_caller_t *caller, const heddle_val_t *args, size_t nargs,    \
                              heddle_val_t *results, size_t nresults)
#define UNUSED (void)env, (void)caller, (void)args, (void)nargs, (void)results, (void)nresults

CALLBACK(put_char) { /* a UTF-16 unit */
  UNUSED;
  static uint32_t high;
  uint32_t c = (uint32_t)args[0].of.i32;
  if (c >= 0xd800 && c < 0xdc00) {
    high = c;
    return NULL;
  }
  if (c >= 0xdc00 && c < 0xe000) c = 0x10000 + ((high - 0xd800) << 10) + (c - 0xdc00);
  if (c >= 0x80) {
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    putchar((int)((0xff00u >> (more + 1) & 0xff) | c >> 6 * more));
    for (; more > 1; more--)
      putchar((int)(0x80 | (c >> 6 * (more - 1) & 0x3f)));
    c = 0x80 | (c & 0x3f);
  }
  putchar((int)c);
  return NULL;
}
CALLBACK(current_time) {
  UNUSED;
  results[0].of.f64 = 1e12;
  return NULL;
}
CALLBACK(nothing) {
  UNUSED; /* null, zero */
  return NULL;
}
CALLBACK(yes) {
  UNUSED;
  results[0].of.i32 = 1;
  return NULL;
}
CALLBACK(token) { /* something that is not null, and that nobody looks into */
  UNUSED;
  return give(heddle_caller_store(caller), object_new(0), results);
}
CALLBACK(define_function) {
  UNUSED;
  heddle_store_t *store = heddle_caller_store(caller);
  struct object *o = object_new(0);
  heddle_error_t *error = heddle_ref_func(store, args[0].of.ref, &o->func);
  if (!error) return give(store, o, results);
  free(o);
  return error;
}

/* ---- wasm:js-string ---- */

CALLBACK(from_char_code) {
  UNUSED;
  struct object *o = object_new(1);
  o->units[0] = (uint16_t)args[0].of.i32;
  return give(heddle_caller_store(caller), o, results);
}
CALLBACK(from_char_code_array) {
  UNUSED;
  heddle_store_t *store = heddle_caller_store(caller);
  int32_t from = args[1].of.i32, to = args[2].of.i32;
  if (to < from) return heddle_error_new("fromCharCodeArray: a bad range");
  struct object *o = object_new(to - from);
  for (int32_t i = 0; i < o->len; i++) {
    heddle_val_t unit;
    heddle_error_t *error = heddle_array_get(store, args[0].of.ref, (uint32_t)(from + i), &unit);
    if (error) {
      free(o);
      return error;
    }
    o->units[i] = (uint16_t)unit.of.i32;
  }
  return give(store, o, results);
}
CALLBACK(into_char_code_array) {
  UNUSED;
  heddle_store_t *store = heddle_caller_store(caller);
  struct object *o;
  heddle_error_t *error = take(store, &args[0], &o);
  for (int32_t i = 0; !error && i < o->len; i++) {
    heddle_val_t unit = {.type = HEDDLE_I32, .of.i32 = o->units[i]};
    error = heddle_array_set(store, args[1].of.ref, (uint32_t)(args[2].of.i32 + i), &unit);
  }
  if (!error) results[0].of.i32 = o->len;
  return error;
}
CALLBACK(string_length) {
  UNUSED;
  struct object *o;
  heddle_error_t *error = take(heddle_caller_store(caller), &args[0], &o);
  if (!error) results[0].of.i32 = o->len;
  return error;
}
CALLBACK(char_code_at) {
  UNUSED;
  struct object *o;
  heddle_error_t *error = take(heddle_caller_store(caller), &args[0], &o);
  if (error) return error;
  if (args[1].of.i32 < 0 || args[1].of.i32 >= o->len) return heddle_error_new("charCodeAt: a bad index");
  results[0].of.i32 = o->units[args[1].of.i32];
  return NULL;
}
CALLBACK(concat) {
  UNUSED;
  heddle_store_t *store = heddle_caller_store(caller);
  struct object *a, *b;
  heddle_error_t *error = take(store, &args[0], &a);
  if (!error) error = take(store, &args[1], &b);
  if (error) return error;
  struct object *o = object_new(a->len + b->len);
  memcpy(o->units, a->units, (size_t)a->len * 2);
  memcpy(o->units + a->len, b->units, (size_t)b->len * 2);
  return give(store, o, results);
}

static const struct {
  const char *module, *name;
  heddle_callback_t callback;
} functions[] = {
    {"teavmConsole", "putcharStdout", put_char},
    {"teavmDate", "currentTimeMillis", current_time},
    {"teavmMemory", "notifyHeapResized", nothing},
    {"teavm", "takeStackTrace", nothing},
    {"teavm", "decorateException", nothing},
    {"teavmJso", "stringBuiltinsSupported", yes},
    {"teavmJso", "createClass", token},
    {"teavmJso", "createFunction1", token},
    {"teavmJso", "callFunction1", nothing},
    {"teavmJso", "defineFunction", define_function},
    {"teavmJso", "defineStaticMethod", nothing},
    {"wasm:js-string", "fromCharCode", from_char_code},
    {"wasm:js-string", "fromCharCodeArray", from_char_code_array},
    {"wasm:js-string", "intoCharCodeArray", into_char_code_array},
    {"wasm:js-string", "length", string_length},
    {"wasm:js-string", "charCodeAt", char_code_at},
    {"wasm:js-string", "concat", concat},
};

static bool is(heddle_str_t s, const char *name) {
  return s.len == strlen(name) && !memcmp(s.data, name, s.len);
}

static heddle_error_t *define(heddle_linker_t *linker, heddle_store_t *store, const heddle_import_t *import) {
  char module[64], name[64];
  snprintf(module, sizeof module, "%.*s", (int)import->module.len, import->module.data);
  snprintf(name, sizeof name, "%.*s", (int)import->name.len, import->name.data);
  heddle_extern_t ext = {.kind = import->type.kind};
  heddle_error_t *error = NULL;
  switch (import->type.kind) {
  case HEDDLE_MEMORY: error = heddle_memory_new(store, &import->type.limits, &ext.of.memory); break;
  case HEDDLE_GLOBAL: { /* heapOffset and maxSize of what the program allocates outside of its objects */
    heddle_val_t val = {.type = HEDDLE_I32, .of.i32 = is(import->name, "maxSize") ? 0x7fffffff : 0};
    error = heddle_global_new(store, HEDDLE_I32, false, &val, &ext.of.global);
    break;
  }
  case HEDDLE_FUNC:
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
      if (is(import->module, functions[i].module) && is(import->name, functions[i].name))
        return heddle_linker_define_func(linker, module, name, &import->type.func, functions[i].callback,
                                         NULL, NULL);
    return NULL; /* traps when it is called */
  default: return heddle_error_new("an import of a strange kind");
  }
  return error ? error : heddle_linker_define(linker, module, name, ext);
}

static void *read_file(const char *path, size_t *len) {
  FILE *f = fopen(path, "rb");
  if (!f) return NULL;
  fseek(f, 0, SEEK_END);
  *len = (size_t)ftell(f);
  rewind(f);
  void *data = malloc(*len + 1);
  if (data && fread(data, 1, *len, f) != *len) *len = 0;
  fclose(f);
  return data;
}

/* The program's main is a function in a host reference in a global; null: no arguments. */
static heddle_error_t *run_main(heddle_store_t *store, heddle_instance_t instance) {
  heddle_extern_t ext;
  heddle_val_t val, none = {.type = HEDDLE_EXTERNREF};
  struct object *o;
  if (!heddle_instance_export(store, instance, (heddle_str_t){"main", 4}, &ext) || ext.kind != HEDDLE_GLOBAL)
    return heddle_error_new("no main");
  heddle_error_t *error = heddle_global_get(store, ext.of.global, &val);
  if (!error) error = take(store, &val, &o);
  return error ? error : heddle_call(store, o->func, &none, 1, NULL, 0);
}

int main(int argc, char **argv) {
  heddle_config_t *config = heddle_config_new();
  heddle_engine_t *engine = NULL;
  heddle_module_t *module = NULL;
  heddle_store_t *store = NULL;
  heddle_linker_t *linker = NULL;
  heddle_instance_t instance;
  heddle_import_t import;
  heddle_error_t *error = NULL;
  size_t len = 0;
  void *wasm = argc > 1 ? read_file(argv[1], &len) : NULL;
  if (!wasm || !config) return fprintf(stderr, "usage: host FILE.wasm [KEY=VALUE...]\n"), 2;
  for (int i = 2; i < argc && !error; i++) {
    char *value = strchr(argv[i], '=');
    if (value) *value++ = 0;
    error = heddle_config_set(config, argv[i], value);
  }
  if (!error) error = heddle_engine_new(config, &engine);
  if (!error) error = heddle_module_new(engine, wasm, len, &module);
  if (!error) error = heddle_store_new(engine, NULL, &store);
  if (!error) linker = heddle_linker_new(engine);
  if (linker) heddle_linker_unknown_as_traps(linker, true);
  for (size_t i = 0; !error && heddle_module_import(module, i, &import); i++)
    error = define(linker, store, &import);
  if (!error) error = heddle_instantiate(linker, store, module, &instance);
  if (!error) error = run_main(store, instance);
  fflush(stdout);
  heddle_gc_stats_t stats = {0};
  if (store && !error) error = heddle_store_gc_stats(store, &stats);
  if (error) {
    for (const heddle_error_t *at = error; at; at = heddle_error_cause(at)) {
      heddle_str_t message = heddle_error_message(at);
      fprintf(stderr, "error: %.*s\n", (int)message.len, message.data);
    }
    heddle_frame_t frames[8];
    size_t n = heddle_error_frames(error, frames, 8, NULL);
    for (size_t i = 0; i < n && i < 8; i++)
      fprintf(stderr, "  %.*s\n", (int)frames[i].function.len, frames[i].function.data);
  }
  heddle_linker_delete(linker);
  heddle_store_delete(store);
  heddle_module_delete(module);
  heddle_engine_delete(engine);
  heddle_config_delete(config);
  free(wasm);
  fprintf(stderr, "%llu minor and %llu major collections; %ld host references made, %ld finalized\n",
          (unsigned long long)stats.minor.count, (unsigned long long)stats.major.count, made, finalized);
  bool failed = error != NULL || made != finalized;
  heddle_error_delete(error);
  return failed;
}
