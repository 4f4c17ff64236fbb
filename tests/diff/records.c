/* Runs many modules and writes down what they do, one line an event, for tests/diff/run-peers to compare.
 *
 *   records [-o KEY[=VALUE]]... LIST [SKIP]
 *
 * LIST names a module file on each line, behind a tab a second one whose exports it imports from "e"; SKIP
 * has lines "MODULE EXPORT CALL" (numbers) of calls that are not made and end their group.  Each function
 * export is a group: a fresh instance, some calls with arguments that follow from the numbers alone, then the
 * state.  The lines:
 *
 *   M n             module n begins (flushed: whoever reads knows where a crash was)
 *   L ok|reject|limit|broken: MESSAGE   what making the module came to; nothing follows but after ok
 *   F e ok|OUTCOME  a fresh instance for export e; OUTCOME (a start function's trap, ...) ends the group
 *   C args|results  a call; for results also trap:NAME, throw, limit:NAME (a limit of ours: the group ends)
 *   S state         globals, memories and tables that are exported, in order
 *
 * Goes in: modules that import nothing else.  It must never print what may differ between right engines: bits
 * of NaNs, identities of references. */
#include <heddle.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES = 64, CALLS = 3, GROUPS = 16, TABLE_SHOWN = 64, HASHED = 4 << 20 };

struct skip {
  uint32_t module, export, call;
};
struct run {
  heddle_engine_t *engine;
  struct skip *skips;
  size_t nskips;
  uint32_t module;
};

static const char *trap_name(heddle_trap_t trap) {
  switch (trap) {
  case HEDDLE_TRAP_UNREACHABLE: return "trap:unreachable";
  case HEDDLE_TRAP_MEMORY_OUT_OF_BOUNDS: return "trap:memory";
  case HEDDLE_TRAP_TABLE_OUT_OF_BOUNDS:
  case HEDDLE_TRAP_UNDEFINED_ELEMENT: return "trap:table";
  case HEDDLE_TRAP_UNINITIALIZED_ELEMENT: return "trap:uninitialized";
  case HEDDLE_TRAP_INDIRECT_CALL_TYPE_MISMATCH: return "trap:signature";
  case HEDDLE_TRAP_INTEGER_DIVIDE_BY_ZERO: return "trap:zero";
  case HEDDLE_TRAP_INTEGER_OVERFLOW: return "trap:overflow";
  case HEDDLE_TRAP_INVALID_CONVERSION_TO_INTEGER: return "trap:conversion";
  case HEDDLE_TRAP_NULL_REFERENCE:
  case HEDDLE_TRAP_NULL_FUNCTION_REFERENCE:
  case HEDDLE_TRAP_NULL_STRUCT_REFERENCE:
  case HEDDLE_TRAP_NULL_ARRAY_REFERENCE:
  case HEDDLE_TRAP_NULL_I31_REFERENCE:
  case HEDDLE_TRAP_NULL_EXCEPTION_REFERENCE: return "trap:null";
  case HEDDLE_TRAP_UNALIGNED_ATOMIC: return "trap:unaligned";
  case HEDDLE_TRAP_ARRAY_OUT_OF_BOUNDS: return "trap:array";
  case HEDDLE_TRAP_CAST_FAILURE: return "trap:cast";
  case HEDDLE_TRAP_STACK_EXHAUSTED: return "limit:stack";
  case HEDDLE_TRAP_OUT_OF_MEMORY: return "limit:memory";
  case HEDDLE_TRAP_OUT_OF_FUEL: return "limit:fuel";
  default: return "trap:other";
  }
}

/* The word for an error, which ends here. */
static const char *outcome(heddle_error_t *error) {
  heddle_trap_t trap = HEDDLE_TRAP_NONE;
  heddle_error_kind_t kind = heddle_error_kind(error);
  const char *name = kind == HEDDLE_ERROR_EXCEPTION                              ? "throw"
                     : kind == HEDDLE_ERROR_LIMIT || kind == HEDDLE_ERROR_MEMORY ? "limit:host"
                                                                                 : "error";
  if (heddle_error_trap(error, &trap)) name = trap_name(trap);
  if (!strcmp(name, "error")) {
    heddle_str_t message = heddle_error_message(error);
    fprintf(stderr, "error of kind %d: %.*s\n", (int)kind, (int)message.len, message.data);
  }
  heddle_error_delete(error);
  return name;
}

static void print_value(const heddle_val_t *val) {
  switch (val->type) {
  case HEDDLE_I32: printf(" i32:%" PRId32, val->of.i32); return;
  case HEDDLE_I64: printf(" i64:%" PRId64, val->of.i64); return;
  case HEDDLE_F32:
    if (val->of.f32 != val->of.f32)
      printf(" f32:nan");
    else
      printf(" f32:%" PRIx32, val->of.f32_bits);
    return;
  case HEDDLE_F64:
    if (val->of.f64 != val->of.f64)
      printf(" f64:nan");
    else
      printf(" f64:%" PRIx64, val->of.f64_bits);
    return;
  case HEDDLE_V128:
    printf(" v128:");
    for (int i = 0; i < 16; i++)
      printf("%02x", val->of.v128[i]);
    return;
  default: printf(val->of.ref.index ? " ref:some" : " ref:null");
  }
}

/* CRC-32 as zlib's. */
static uint32_t crc(const uint8_t *bytes, size_t len) {
  static uint32_t table[256];
  if (!table[1])
    for (uint32_t i = 0; i < 256; i++) {
      uint32_t c = i;
      for (int k = 0; k < 8; k++)
        c = c & 1 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
      table[i] = c;
    }
  uint32_t c = ~0u;
  for (size_t i = 0; i < len; i++)
    c = table[(c ^ bytes[i]) & 0xFF] ^ (c >> 8);
  return ~c;
}

static void print_state(heddle_store_t *store, heddle_instance_t instance) {
  printf("S");
  size_t n = heddle_instance_exports(store, instance);
  for (size_t i = 0; i < n; i++) {
    heddle_extern_t ext;
    heddle_val_t val;
    heddle_str_t name;
    if (!heddle_instance_export_at(store, instance, i, &name, &ext)) continue;
    size_t len = 0;
    uint64_t size = 0;
    switch (ext.kind) {
    case HEDDLE_GLOBAL:
      heddle_error_delete(heddle_global_get(store, ext.of.global, &val));
      print_value(&val);
      break;
    case HEDDLE_MEMORY: {
      const uint8_t *data = heddle_memory_data(store, ext.of.memory, &len);
      printf(" mem:%zu:%" PRIx32, len, len <= HASHED ? crc(data, len) : 0);
      break;
    }
    case HEDDLE_TABLE:
      heddle_error_delete(heddle_table_size(store, ext.of.table, &size));
      printf(" table:%" PRIu64 ":", size);
      for (uint64_t k = 0; k < size && k < TABLE_SHOWN; k++) {
        heddle_error_delete(heddle_table_get(store, ext.of.table, k, &val));
        putchar(val.of.ref.index ? '1' : '0');
      }
      break;
    default: break;
    }
  }
  putchar('\n');
}

static uint32_t next(uint32_t *state) {
  uint32_t x = *state;
  x ^= x << 13, x ^= x >> 17, x ^= x << 5;
  return *state = x;
}

/* An argument of a type: an edge as often as anything. false: there is none that every engine could be given.
 */
static bool make_arg(heddle_engine_t *engine, heddle_valtype_t type, uint32_t *state, heddle_val_t *out) {
  static const uint64_t ints[] = {0,     1,          2,          7,          31,    64,        255,
                                  65535, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, ~0ull, 1ull << 63};
  static const double floats[] = {0.0,           -0.0,         1.0,  -1.5,   0.5,   1e10,
                                  -2147483649.0, 4294967296.0, 1e30, -1e-40, 9.3e18};
  uint32_t kind = next(state), a = next(state), b = next(state);
  uint64_t n = kind % 3 == 0 ? ints[a % 13] : kind % 3 == 1 ? a % 100 : (uint64_t)a << 32 | b;
  double x = kind % 4 < 3 ? floats[a % 11] : (double)(int32_t)a / 65536.0;
  memset(out, 0, sizeof *out);
  out->type = type;
  switch (type) {
  case HEDDLE_I32: out->of.i32 = (int32_t)(uint32_t)n; return true;
  case HEDDLE_I64: out->of.i64 = (int64_t)n; return true;
  case HEDDLE_F32: out->of.f32 = (float)x; return true;
  case HEDDLE_F64: out->of.f64 = x; return true;
  case HEDDLE_V128:
    for (int i = 0; i < 16; i++)
      out->of.v128[i] = (uint8_t)(next(state) >> 8);
    return true;
  default: break;
  }
  char text[64];
  heddle_valtype_text(engine, type, text, sizeof text); /* (ref null T) and its short forms take null */
  return strncmp(text, "(ref ", 5) != 0 || strncmp(text, "(ref null", 9) == 0;
}

static bool skipped(const struct run *run, uint32_t export, uint32_t call) {
  for (size_t i = 0; i < run->nskips; i++)
    if (run->skips[i].module == run->module && run->skips[i].export == export && run->skips[i].call == call)
      return true;
  return false;
}

static void call_group(const struct run *run, heddle_store_t *store, heddle_instance_t instance,
                       uint32_t export, heddle_func_t func, const heddle_functype_t *type) {
  heddle_val_t args[VALUES], results[VALUES];
  uint32_t state = 0x9E3779B9u ^ (run->module * 64 + export + 1) * 2654435761u;
  if (!state) state = 1;
  for (uint32_t call = 0; call < (type->nparams ? CALLS : 2); call++) {
    for (size_t i = 0; i < type->nparams; i++)
      if (!make_arg(run->engine, type->params[i], &state, &args[i])) return;
    printf("C");
    for (size_t i = 0; i < type->nparams; i++)
      print_value(&args[i]);
    putchar('|');
    if (skipped(run, export, call)) {
      printf("limit:skipped\n");
      return;
    }
    heddle_error_t *error = heddle_call(store, func, args, type->nparams, results, type->nresults);
    const char *word = error ? outcome(error) : NULL;
    if (word)
      printf("%s", word);
    else
      for (size_t i = 0; i < type->nresults; i++)
        print_value(&results[i]);
    putchar('\n');
    if (word && !strncmp(word, "limit", 5)) return;
  }
  print_state(store, instance);
}

/* Two modules: [0] of `modules`, whose exports [1] imports, is NULL when there is nothing to import. */
static heddle_error_t *instantiate(const struct run *run, heddle_store_t *store,
                                   heddle_module_t *const modules[2], heddle_instance_t *out) {
  static const heddle_str_t name = {"e", 1};
  heddle_linker_t *linker = heddle_linker_new(run->engine);
  heddle_instance_t imports;
  heddle_error_t *error = NULL;
  if (modules[0]) {
    error = heddle_instantiate(linker, store, modules[0], &imports);
    if (!error) error = heddle_linker_define_instance(linker, store, name, imports);
  }
  if (!error) error = heddle_instantiate(linker, store, modules[1], out);
  heddle_linker_delete(linker);
  return error;
}

static void run_export(const struct run *run, heddle_module_t *const modules[2], uint32_t index,
                       const heddle_export_t *export) {
  heddle_store_t *store = NULL;
  heddle_instance_t instance;
  heddle_extern_t ext;
  heddle_error_t *error = heddle_store_new(run->engine, NULL, &store);
  if (!error) error = instantiate(run, store, modules, &instance);
  if (error) {
    printf("F %" PRIu32 " %s\n", index, outcome(error));
  } else {
    printf("F %" PRIu32 " ok\n", index);
    heddle_str_t name;
    if (heddle_instance_export_at(store, instance, index, &name, &ext))
      call_group(run, store, instance, index, ext.of.func, &export->type.func);
  }
  heddle_store_delete(store);
}

static uint8_t *read_file(const char *path, size_t *len) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  fseek(file, 0, SEEK_END);
  *len = (size_t)ftell(file);
  rewind(file);
  uint8_t *bytes = malloc(*len + 1);
  if (bytes && fread(bytes, 1, *len, file) == *len) bytes[*len] = 0;
  fclose(file);
  return bytes;
}

/* False: no module was made, and the line says why. */
static bool make_module(const struct run *run, const char *path, heddle_module_t **out) {
  size_t len = 0;
  uint8_t *bytes = read_file(path, &len);
  heddle_error_t *error = heddle_module_new(run->engine, bytes, len, out);
  free(bytes);
  if (!error) return true;
  heddle_error_kind_t kind = heddle_error_kind(error);
  heddle_str_t message = heddle_error_message(error);
  if (kind == HEDDLE_ERROR_INVALID || kind == HEDDLE_ERROR_MALFORMED)
    printf("L reject\n");
  else if (kind == HEDDLE_ERROR_LIMIT || kind == HEDDLE_ERROR_MEMORY)
    printf("L limit\n");
  else
    printf("L broken: %.*s\n", (int)message.len, message.data);
  heddle_error_delete(error);
  return false;
}

static void run_module(const struct run *run, const char *path, const char *imports) {
  heddle_module_t *modules[2] = {NULL, NULL};
  if ((!imports || make_module(run, imports, &modules[0])) && make_module(run, path, &modules[1])) {
    printf("L ok\n");
    size_t n = heddle_module_exports(modules[1]), groups = 0;
    for (uint32_t i = 0; i < n && groups < GROUPS; i++) {
      heddle_export_t export;
      if (!heddle_module_export(modules[1], i, &export) || export.type.kind != HEDDLE_FUNC) continue;
      if (export.type.func.nparams > VALUES || export.type.func.nresults > VALUES) continue;
      run_export(run, modules, i, &export);
      groups++;
    }
  }
  heddle_module_delete(modules[0]);
  heddle_module_delete(modules[1]);
}

static void read_skips(struct run *run, const char *path) {
  FILE *file = fopen(path, "r");
  struct skip skip;
  while (file &&
         fscanf(file, "%" SCNu32 " %" SCNu32 " %" SCNu32, &skip.module, &skip.export, &skip.call) == 3) {
    run->skips = realloc(run->skips, (run->nskips + 1) * sizeof *run->skips);
    run->skips[run->nskips++] = skip;
  }
  if (file) fclose(file);
}

int main(int argc, char **argv) {
  struct run run = {0};
  heddle_config_t *config = heddle_config_new();
  heddle_error_t *error = NULL;
  int at = 1;
  for (; !error && at + 1 < argc && !strcmp(argv[at], "-o"); at += 2) {
    char *value = strchr(argv[at + 1], '=');
    if (value) *value++ = 0;
    error = heddle_config_set(config, argv[at + 1], value);
  }
  if (!error) error = heddle_engine_new(config, &run.engine);
  if (error || at >= argc) {
    fprintf(stderr, "usage: records [-o KEY[=VALUE]]... LIST [SKIP]\n");
    return 2;
  }
  heddle_config_delete(config);
  if (at + 1 < argc) read_skips(&run, argv[at + 1]);
  FILE *list = fopen(argv[at], "r");
  char path[4096];
  for (; list && fgets(path, sizeof path, list); run.module++) {
    path[strcspn(path, "\n")] = 0;
    printf("M %" PRIu32 "\n", run.module);
    fflush(stdout);
    char *imports = strchr(path, '\t');
    if (imports) *imports++ = 0;
    if (*path) run_module(&run, path, imports);
  }
  if (list) fclose(list);
  free(run.skips);
  heddle_engine_delete(run.engine);
  puts("END");
  return 0;
}
