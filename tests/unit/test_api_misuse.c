/* The public API against an embedder's mistakes: each is an error of kind USAGE, nothing crashes. */
#include "unit.h"

#include <heddle.h>

#include "base/check.h"

#include <string.h>

static heddle_engine_t *engine;
static heddle_store_t *store, *other;

static void setup(void) {
  ck_assert_ptr_null(heddle_engine_new(NULL, &engine));
  ck_assert_ptr_null(heddle_store_new(engine, NULL, &store));
  ck_assert_ptr_null(heddle_store_new(engine, NULL, &other));
}

static void teardown(void) {
  heddle_store_delete(store);
  heddle_store_delete(other);
  heddle_engine_delete(engine);
}

static void expect(heddle_error_t *error, heddle_error_kind_t kind) {
  ck_assert_ptr_nonnull(error);
  ck_assert_int_eq(heddle_error_kind(error), kind);
  ck_assert_uint_gt(heddle_error_message(error).len, 0);
  heddle_error_delete(error);
}
#define EXPECT_USAGE(call) expect((call), HEDDLE_ERROR_USAGE)
#define EXPECT_OK(call)    ck_assert_ptr_null((call))

static heddle_error_t *add(void *env, heddle_caller_t *caller, const heddle_val_t *args, size_t nargs,
                           heddle_val_t *results, size_t nresults) {
  (void)env, (void)caller;
  ck_assert_uint_eq(nargs, 2);
  ck_assert_uint_eq(nresults, 1);
  results[0].of.i32 = args[0].of.i32 + args[1].of.i32;
  return NULL;
}

static heddle_error_t *wrong_result(void *env, heddle_caller_t *caller, const heddle_val_t *args,
                                    size_t nargs, heddle_val_t *results, size_t nresults) {
  (void)env, (void)caller, (void)args, (void)nargs, (void)nresults;
  results[0].type = HEDDLE_F64;
  return NULL;
}

static const heddle_valtype_t i32s[] = {HEDDLE_I32, HEDDLE_I32};
static const heddle_functype_t binary = {i32s, 2, i32s, 1};

START_TEST(calls) {
  setup();
  heddle_func_t f;
  EXPECT_OK(heddle_func_new(store, &binary, add, NULL, NULL, &f));
  heddle_val_t args[3] = {{.type = HEDDLE_I32, .of.i32 = 2}, {.type = HEDDLE_I32, .of.i32 = 40}}, results[2];
  EXPECT_OK(heddle_call(store, f, args, 2, results, 1));
  ck_assert_int_eq(results[0].of.i32, 42);
  EXPECT_USAGE(heddle_call(store, f, args, 1, results, 1));
  EXPECT_USAGE(heddle_call(store, f, args, 3, results, 1));
  EXPECT_USAGE(heddle_call(store, f, args, 2, results, 0));
  args[1].type = HEDDLE_I64;
  EXPECT_USAGE(heddle_call(store, f, args, 2, results, 1));
  args[1].type = HEDDLE_FUNCREF;
  EXPECT_USAGE(heddle_call(store, f, args, 2, results, 1));
  args[1].type = HEDDLE_I32;
  EXPECT_USAGE(heddle_call(other, f, args, 2, results, 1));
  f.index += 1000;
  EXPECT_USAGE(heddle_call(store, f, args, 2, results, 1));
  f = (heddle_func_t){0, 0};
  EXPECT_USAGE(heddle_call(store, f, args, 2, results, 1));
  EXPECT_OK(heddle_func_new(store, &binary, wrong_result, NULL, NULL, &f));
  EXPECT_USAGE(heddle_call(store, f, args, 2, results, 1));
  teardown();
}
END_TEST

START_TEST(types) {
  setup();
  heddle_func_t f;
  static const heddle_valtype_t bad[] = {0, 77, HEDDLE_REF_BIT | 15,
                                         HEDDLE_REF_BIT | UINT32_C(0x20000000) | 99999, 6};
  for (size_t i = 0; i < COUNT_OF(bad); i++) {
    heddle_functype_t type = {&bad[i], 1, NULL, 0};
    EXPECT_USAGE(heddle_func_new(store, &type, add, NULL, NULL, &f));
  }
  heddle_functype_t wide = {i32s, 1001, NULL, 0};
  expect(heddle_func_new(store, &wide, add, NULL, NULL, &f), HEDDLE_ERROR_LIMIT);
  teardown();
}
END_TEST

START_TEST(memories) {
  setup();
  heddle_memory_t m;
  heddle_limits_t limits = {.min = 1, .max = 2, .has_max = true};
  size_t len;
  uint64_t old;
  EXPECT_OK(heddle_memory_new(store, &limits, &m));
  uint8_t *data = heddle_memory_data(store, m, &len);
  ck_assert_uint_eq(len, 65536);
  memset(data, 1, len);
  EXPECT_OK(heddle_memory_grow(store, m, 1, &old));
  ck_assert_uint_eq(old, 1);
  ck_assert_ptr_eq(heddle_memory_data(store, m, &len), data);
  ck_assert_uint_eq(len, 131072);
  expect(heddle_memory_grow(store, m, 1, &old), HEDDLE_ERROR_LIMIT);
  ck_assert_ptr_null(heddle_memory_data(other, m, &len));
  EXPECT_USAGE(heddle_memory_grow(other, m, 0, &old));
  /* A type that was asked for makes the same memory again, whatever its pages are. */
  heddle_externtype_t type;
  heddle_extern_t ext = {.kind = HEDDLE_MEMORY, .of.memory = m};
  EXPECT_OK(heddle_extern_type(store, &ext, &type));
  ck_assert(type.limits.page_size_log2 == 16 && type.limits.has_page_size && type.limits.min == 2);
  limits = (heddle_limits_t){.min = 100, .has_page_size = true};
  for (int round = 0; round < 2; round++) {
    EXPECT_OK(heddle_memory_new(store, &limits, &ext.of.memory));
    (void)heddle_memory_data(store, ext.of.memory, &len);
    ck_assert_uint_eq(len, 100);
    EXPECT_OK(heddle_extern_type(store, &ext, &type));
    ck_assert(type.limits.page_size_log2 == 0 && type.limits.has_page_size && type.limits.min == 100);
    limits = type.limits;
  }
  teardown();
}
END_TEST

START_TEST(globals_and_tables) {
  setup();
  heddle_global_t g;
  heddle_val_t v = {.type = HEDDLE_I64, .of.i64 = 5}, out;
  EXPECT_USAGE(heddle_global_new(store, HEDDLE_I32, true, &v, &g));
  EXPECT_OK(heddle_global_new(store, HEDDLE_I64, false, &v, &g));
  EXPECT_USAGE(heddle_global_set(store, g, &v));
  EXPECT_OK(heddle_global_get(store, g, &out));
  ck_assert_int_eq(out.of.i64, 5);
  EXPECT_USAGE(heddle_global_get(other, g, &out));

  heddle_table_t t;
  heddle_limits_t limits = {.min = 2, .max = 3, .has_max = true};
  uint64_t size;
  EXPECT_USAGE(heddle_table_new(store, HEDDLE_I32, &limits, NULL, &t));
  EXPECT_OK(heddle_table_new(store, HEDDLE_FUNCREF, &limits, NULL, &t));
  EXPECT_USAGE(heddle_table_get(store, t, 2, &out));
  EXPECT_USAGE(heddle_table_set(store, t, 0, &v));
  EXPECT_OK(heddle_table_get(store, t, 1, &out));
  ck_assert_uint_eq(out.of.ref.index, 0);
  expect(heddle_table_grow(store, t, 2, NULL, &size), HEDDLE_ERROR_LIMIT);
  EXPECT_USAGE(heddle_table_size(other, t, &size));
  teardown();
}
END_TEST

static int finalized;
static void count_finalizer(void *data) { finalized += *(int *)data; }

START_TEST(references) {
  setup();
  int one = 1;
  heddle_ref_t r, f_ref;
  heddle_func_t f, again;
  void *data;
  bool yes;
  size_t scope = heddle_scope_open(store);
  EXPECT_OK(heddle_externref_new(store, &one, count_finalizer, &r));
  EXPECT_OK(heddle_externref_data(store, r, &data));
  ck_assert_ptr_eq(data, &one);
  EXPECT_USAGE(heddle_externref_data(other, r, &data));
  EXPECT_USAGE(heddle_ref_func(store, r, &again));
  EXPECT_OK(heddle_func_new(store, &binary, add, NULL, NULL, &f));
  EXPECT_OK(heddle_func_ref(store, f, &f_ref));
  EXPECT_OK(heddle_ref_func(store, f_ref, &again));
  ck_assert_uint_eq(f.index, again.index);
  EXPECT_USAGE(heddle_externref_data(store, f_ref, &data));
  EXPECT_OK(heddle_ref_test(store, f_ref, HEDDLE_FUNCREF, &yes));
  ck_assert(yes);
  EXPECT_OK(heddle_ref_test(store, f_ref, HEDDLE_EXTERNREF, &yes));
  ck_assert(!yes);
  EXPECT_OK(heddle_ref_eq(store, r, f_ref, &yes));
  ck_assert(!yes);
  heddle_scope_close(store, scope);
  EXPECT_USAGE(heddle_externref_data(store, r, &data));
  heddle_ref_t forged = {r.store, 12345};
  EXPECT_USAGE(heddle_externref_data(store, forged, &data));
  teardown();
  ck_assert_int_eq(finalized, 1);
}
END_TEST

START_TEST(configuration) {
  setup();
  heddle_config_t *config = heddle_config_new();
  EXPECT_USAGE(heddle_config_set(config, "no-such-option", NULL));
  EXPECT_USAGE(heddle_config_set(config, "gc", "maybe"));
  EXPECT_USAGE(heddle_config_set(config, "max-memory-size", "-1"));
  EXPECT_USAGE(heddle_config_set(config, "max-memory-size", NULL));
  EXPECT_USAGE(heddle_config_set(config, "max-memory-size", "99999999999999999999"));
  EXPECT_OK(heddle_config_set(config, "max-memory-size", "64M"));
  EXPECT_OK(heddle_config_set(config, "gc", NULL));
  size_t len;
  const heddle_option_t *options = heddle_option_list(&len);
  for (size_t i = 0; i < len; i++)
    EXPECT_OK(heddle_config_set(config, options[i].key, options[i].default_value));
  uint64_t fuel;
  EXPECT_USAGE(heddle_store_fuel(store, &fuel));
  heddle_interrupt_t *interrupt;
  EXPECT_USAGE(heddle_store_interrupt(store, &interrupt));
  heddle_config_delete(config);
  teardown();
}
END_TEST

START_TEST(modules) {
  setup();
  heddle_module_t *m = NULL, *taken = NULL;
  heddle_bytes_t bytes;
  heddle_instance_t instance;
  expect(heddle_module_new(engine, "", 0, &m), HEDDLE_ERROR_MALFORMED);
  expect(heddle_module_new(engine, "\0asm", 4, &m), HEDDLE_ERROR_MALFORMED);
  expect(heddle_wat_to_wasm(engine, "(module (func (nop))", 20, &bytes), HEDDLE_ERROR_MALFORMED);
  EXPECT_OK(heddle_module_parse(engine, "\0asm\1\0\0\0", 8, &m));
  ck_assert_uint_eq(heddle_module_exports(m), 0);
  heddle_import_t import;
  ck_assert(!heddle_module_import(m, 0, &import));
  EXPECT_USAGE(heddle_module_serialize(m, &bytes));
  EXPECT_USAGE(heddle_module_serialize_file(m, "/dev/null"));
  heddle_linker_t *linker = heddle_linker_new(engine);
  EXPECT_USAGE(heddle_instantiate(linker, store, m, &instance));
  heddle_module_delete(m);
  EXPECT_OK(heddle_module_new(engine, "\0asm\1\0\0\0", 8, &m));
  EXPECT_USAGE(heddle_module_serialize_file(m, NULL));
  bytes = (heddle_bytes_t){0}; /* what cannot be a module is taken, too */
  expect(heddle_module_new_taking(engine, &bytes, NULL, NULL, &taken), HEDDLE_ERROR_MALFORMED);
  ck_assert(heddle_bytes_new(8, &bytes));
  memcpy(bytes.data, "\0asm\2\0\0\0", 8);
  expect(heddle_module_new_taking(engine, &bytes, NULL, NULL, &taken), HEDDLE_ERROR_MALFORMED);
  ck_assert(!bytes.data && !bytes.len);
  ck_assert(heddle_bytes_new(8, &bytes));
  memcpy(bytes.data, "\0asm\1\0\0\0", 8);
  EXPECT_OK(heddle_module_new_taking(engine, &bytes, NULL, NULL, &taken));
  ck_assert(!bytes.data && !bytes.len);
  heddle_module_delete(taken);
  heddle_engine_t *second;
  EXPECT_OK(heddle_engine_new(NULL, &second));
  heddle_store_t *foreign;
  EXPECT_OK(heddle_store_new(second, NULL, &foreign));
  EXPECT_USAGE(heddle_instantiate(linker, foreign, m, &instance));
  EXPECT_OK(heddle_instantiate(linker, store, m, &instance));
  heddle_extern_t ext;
  ck_assert(!heddle_instance_export(store, instance, (heddle_str_t){"x", 1}, &ext));
  ck_assert(!heddle_instance_export(other, instance, (heddle_str_t){"x", 1}, &ext));
  expect(heddle_module_deserialize_file(engine, "/no/such/file", &m), HEDDLE_ERROR_IO);
  heddle_store_delete(foreign);
  heddle_engine_delete(second);
  heddle_module_delete(m);
  heddle_linker_delete(linker);
  teardown();
}
END_TEST

START_TEST(errors_for_people) {
  setup();
  static const struct {
    const char *source, *text;
  } cases[] = {
      {"(module\n  (fun))", "f.wat:2:4: unknown operator fun"},
      {"(module (func) \x1b",
       "f.wat:1:16: illegal character\n     1 | (module (func) ?\n       |                ^\n"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    heddle_str_t source = {cases[i].source, strlen(cases[i].source)};
    heddle_bytes_t wasm, text;
    heddle_error_t *error = heddle_wat_to_wasm(engine, source.data, source.len, &wasm);
    ck_assert_ptr_nonnull(error);
    EXPECT_OK(heddle_error_format(error, "f.wat", source, &text));
    heddle_error_delete(error);
    ck_assert_msg(text.len >= strlen(cases[i].text) &&
                      !memcmp(text.data, cases[i].text, strlen(cases[i].text)),
                  "%.*s", (int)text.len, text.data);
    heddle_bytes_delete(&text);
  }
  teardown();
}
END_TEST

START_TEST(deleting_nothing) {
  heddle_error_delete(NULL);
  heddle_config_delete(NULL);
  heddle_engine_delete(NULL);
  heddle_module_delete(NULL);
  heddle_store_delete(NULL);
  heddle_linker_delete(NULL);
  heddle_bytes_delete(NULL);
}
END_TEST

START_TEST(errors) {
  heddle_error_t *error = heddle_error_context(heddle_error_new_exit(3), "outer");
  int32_t code;
  heddle_trap_t trap;
  ck_assert(heddle_error_exit_code(error, &code) && code == 3);
  ck_assert(!heddle_error_trap(error, &trap));
  ck_assert_int_eq(heddle_error_message(error).len, 5);
  ck_assert_ptr_nonnull(heddle_error_cause(error));
  heddle_error_delete(error);
  error = heddle_error_new_trap(HEDDLE_TRAP_UNREACHABLE, NULL);
  ck_assert(heddle_error_trap(error, &trap) && trap == HEDDLE_TRAP_UNREACHABLE);
  ck_assert_str_eq(heddle_trap_message(trap), "unreachable");
  ck_assert_str_eq(heddle_trap_message((heddle_trap_t)9999), "unknown trap");
  heddle_error_delete(error);
}
END_TEST

int main(void) {
  return UNIT_RUN("api/misuse", calls, types, memories, globals_and_tables, references, configuration,
                  modules, errors_for_people, deleting_nothing, errors);
}
