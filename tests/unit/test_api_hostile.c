/* Every function of the public headers that takes a handle, a type, a value, an index or a name, with what
 * an embedder may get wrong: each call gives an error or the documented result, none crashes.
 *
 * The arguments are crossed: a set of references, types and values of all kinds and origins (null, forged, of
 * another store, of a closed scope, of each hierarchy) goes through each function, outside of guest code and
 * inside of a callback. */
#include "api_unit.h"

#include <heddle_wasi.h>

#include <stdlib.h>
#include <string.h>

enum { REFS = 32, TYPES = 32 };
static struct {
  heddle_engine_t *engine, *engine2;
  heddle_store_t *store, *other, *foreign; /* `foreign` is of engine2 */
  heddle_linker_t *linker;
  heddle_module_t *module;
  heddle_instance_t instance;
  heddle_val_t refs[REFS];
  size_t nrefs;
  heddle_valtype_t types[TYPES];
  size_t ntypes;
  heddle_valtype_t struct_type, array_type;
  heddle_func_t func;
  heddle_table_t table;
  heddle_memory_t memory;
  heddle_global_t global;
  heddle_tag_t tag, yield;
  unsigned calls, errors; /* of all crossed calls */
} w;

static const char guest[] =
    "(module (type $s (sub (struct (field (mut i8)) (field (mut anyref)) (field i64) (field (ref any)))))"
    " (type $a (array (mut i16))) (type $r (array (ref $s))) (type $f (func (param i32) (result i32)))"
    " (type $c (cont $f))"
    " (import \"h\" \"f\" (func $f (param i32) (result i32)))"
    " (tag $e (export \"e\") (param i32 externref)) (tag $y (export \"y\") (param i32) (result i32))"
    " (memory (export \"memory\") 1 2) (table (export \"t\") 2 4 funcref)"
    " (global (export \"g\") (mut (ref null $s)) (ref.null $s))"
    " (func (export \"s\") (result (ref $s))"
    "  (struct.new $s (i32.const 1) (ref.null any) (i64.const 2) (ref.i31 (i32.const 1))))"
    " (func (export \"a\") (result (ref $a)) (array.new_default $a (i32.const 3)))"
    " (func (export \"r\") (result (ref $r)) (array.new_fixed $r 0))"
    " (func (export \"c\") (result (ref $c)) (cont.new $c (ref.func $f)))"
    " (func (export \"f\") (param i32) (result i32) (call $f (local.get 0)))"
    " (func (export \"many\") (param i32 i64 f32 f64 v128 anyref funcref externref exnref contref)"
    "  (result anyref exnref) (local.get 5) (local.get 8)) (elem declare func $f))";

static void usage(heddle_error_t *error) {
  ck_assert_ptr_nonnull(error);
  ck_assert_int_eq(heddle_error_kind(error), HEDDLE_ERROR_USAGE);
  ck_assert_uint_gt(heddle_error_message(error).len, 0);
  heddle_error_delete(error);
}

static void refused(heddle_error_t *error) {
  ck_assert_ptr_nonnull(error);
  heddle_error_delete(error);
}

/* A crossed call: whatever it gives is good if it is whole. True: it went well. */
static bool any(heddle_error_t *error) {
  w.calls++;
  if (!error) return true;
  w.errors++;
  ck_assert_uint_gt(heddle_error_message(error).len, 0);
  ck_assert_int_ge(heddle_error_kind(error), HEDDLE_ERROR_MALFORMED);
  ck_assert_int_le(heddle_error_kind(error), HEDDLE_ERROR_HOST);
  static const char other_source[] = "no line\x9b of\nthe error's";
  heddle_bytes_t text;
  ck_assert_ptr_null(heddle_error_format(error, "f", (heddle_str_t){other_source, w.calls % 22}, &text));
  ck_assert_ptr_null(memchr(text.data, 0x9b, text.len));
  heddle_bytes_delete(&text);
  heddle_error_delete(error);
  return false;
}

static void add_ref(heddle_valtype_t type, heddle_ref_t ref) {
  ck_assert_uint_lt(w.nrefs, REFS);
  w.refs[w.nrefs++] = (heddle_val_t){.type = type, .of.ref = ref};
}
static void add_type(heddle_valtype_t type) {
  ck_assert_uint_lt(w.ntypes, TYPES);
  w.types[w.ntypes++] = type;
}

static heddle_extern_t export_of(const char *name) {
  heddle_extern_t ext;
  ck_assert(heddle_instance_export(w.store, w.instance, (heddle_str_t){name, strlen(name)}, &ext));
  return ext;
}

static void (*in_callback)(heddle_caller_t *caller);

static heddle_error_t *callback(void *env, heddle_caller_t *caller, const heddle_val_t *args, size_t nargs,
                                heddle_val_t *results, size_t nresults) {
  (void)env, (void)args, (void)nargs, (void)nresults;
  results[0].of.i32 = 7;
  if (in_callback) in_callback(caller);
  return NULL;
}

static const heddle_valtype_t i32s[] = {HEDDLE_I32};
static const heddle_functype_t i32_i32 = {i32s, 1, i32s, 1};

static void make_refs(void) {
  heddle_val_t v;
  heddle_ref_t ref;
  static const char *const made[] = {"s", "a", "r", "c"};
  for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
    no_error(heddle_call(w.store, export_of(made[i]).of.func, NULL, 0, &v, 1));
    no_error(heddle_ref_type(w.store, v.of.ref, &v.type));
    add_ref(v.type, v.of.ref);
    add_type(v.type);
  }
  w.struct_type = w.types[0];
  w.array_type = w.types[1];
  no_error(heddle_i31_new(w.store, UINT32_MAX, &ref));
  add_ref(HEDDLE_ANYREF, ref);
  no_error(heddle_ref_externalize(w.store, ref, &ref));
  add_ref(HEDDLE_EXTERNREF, ref);
  no_error(heddle_externref_new(w.store, &w, NULL, &ref));
  add_ref(HEDDLE_EXTERNREF, ref);
  no_error(heddle_ref_internalize(w.store, ref, &ref));
  add_ref(HEDDLE_ANYREF, ref);
  no_error(heddle_func_ref(w.store, w.func, &ref));
  add_ref(HEDDLE_FUNCREF, ref);
  heddle_val_t payload[2] = {{.type = HEDDLE_I32}, {.type = HEDDLE_EXTERNREF}};
  no_error(heddle_exn_new(w.store, w.tag, payload, 2, &ref));
  add_ref(HEDDLE_EXNREF, ref);
  no_error(heddle_cont_new(w.store, w.func, &ref));
  no_error(heddle_cont_drop(w.store, ref));
  add_ref(HEDDLE_CONTREF, ref); /* used up */
  no_error(heddle_root(w.store, w.refs[0].of.ref, &ref));
  heddle_unroot(w.store, ref);
  add_ref(HEDDLE_ANYREF, ref);
  add_ref(HEDDLE_ANYREF, (heddle_ref_t){0, 0});
  add_ref(HEDDLE_FUNCREF, (heddle_ref_t){UINT64_MAX, 0});
  add_ref(HEDDLE_REF_BIT | UINT32_C(0x600fffff), (heddle_ref_t){0, 0});
  add_ref(HEDDLE_REF_BIT | 15, (heddle_ref_t){0, 0});
  add_ref(0, (heddle_ref_t){0, 0});
  add_ref(HEDDLE_ANYREF, (heddle_ref_t){w.refs[0].of.ref.store, 1000000});
  add_ref(HEDDLE_ANYREF, (heddle_ref_t){w.refs[0].of.ref.store, UINT64_MAX});
  add_ref(HEDDLE_ANYREF, (heddle_ref_t){w.refs[0].of.ref.store, UINT64_C(1) << 63});
  no_error(heddle_i31_new(w.other, 1, &ref));
  add_ref(HEDDLE_ANYREF, ref);
  no_error(heddle_externref_new(w.foreign, NULL, NULL, &ref));
  add_ref(HEDDLE_EXTERNREF, ref);
  size_t scope = heddle_scope_open(w.store);
  no_error(heddle_i31_new(w.store, 1, &ref));
  heddle_scope_close(w.store, scope);
  add_ref(HEDDLE_ANYREF, ref);
}

static void setup(void) {
  heddle_config_t *config = heddle_config_new();
  heddle_bytes_t wasm;
  memset(&w, 0, sizeof w);
  no_error(heddle_config_set(config, "gc-verify", NULL));
  no_error(heddle_config_set(config, "stack-switching", NULL));
  no_error(heddle_config_set(config, "max-gc-heap-size", "2M"));
  no_error(heddle_engine_new(config, &w.engine));
  heddle_config_delete(config);
  no_error(heddle_engine_new(NULL, &w.engine2));
  no_error(heddle_store_new(w.engine, &w, &w.store));
  no_error(heddle_store_new(w.engine, NULL, &w.other));
  no_error(heddle_store_new(w.engine2, NULL, &w.foreign));
  w.linker = heddle_linker_new(w.engine);
  no_error(heddle_linker_define_func(w.linker, "h", "f", &i32_i32, callback, NULL, NULL));
  no_error(heddle_wat_to_wasm(w.engine, guest, sizeof guest - 1, &wasm));
  no_error(heddle_module_new(w.engine, wasm.data, wasm.len, &w.module));
  heddle_bytes_delete(&wasm);
  no_error(heddle_instantiate(w.linker, w.store, w.module, &w.instance));
  w.func = export_of("f").of.func;
  w.table = export_of("t").of.table;
  w.memory = export_of("memory").of.memory;
  w.global = export_of("g").of.global;
  w.tag = export_of("e").of.tag;
  w.yield = export_of("y").of.tag;
  make_refs();
  static const heddle_valtype_t more[] = {0,
                                          HEDDLE_I32,
                                          HEDDLE_V128,
                                          6,
                                          7,
                                          8,
                                          9,
                                          10,
                                          HEDDLE_FUNCREF,
                                          HEDDLE_EXTERNREF,
                                          HEDDLE_ANYREF,
                                          HEDDLE_EXNREF,
                                          HEDDLE_CONTREF,
                                          HEDDLE_REF_BIT,
                                          HEDDLE_REF_BIT | 14,
                                          HEDDLE_REF_BIT | 15,
                                          HEDDLE_REF_BIT | 0xfffff,
                                          HEDDLE_ANYREF | UINT32_C(0x00100000),
                                          HEDDLE_REF_BIT | UINT32_C(0x10000000),
                                          HEDDLE_REF_BIT | UINT32_C(0x600fffff),
                                          UINT32_MAX,
                                          UINT32_C(0x7fffffff)};
  for (size_t i = 0; i < sizeof more / sizeof *more; i++)
    add_type(more[i]);
}

static void teardown(void) {
  heddle_linker_delete(w.linker);
  heddle_module_delete(w.module);
  heddle_store_delete(w.store);
  heddle_store_delete(w.other);
  heddle_store_delete(w.foreign);
  heddle_engine_delete(w.engine);
  heddle_engine_delete(w.engine2);
}

/* ---- references, types and values, crossed ---- */

static void cross_ref(heddle_val_t v) {
  heddle_ref_t ref = v.of.ref, out;
  heddle_val_t val;
  void *data;
  heddle_func_t func;
  heddle_tag_t tag;
  heddle_valtype_t type;
  heddle_functype_t functype;
  heddle_val_t payload[4];
  uint32_t n;
  size_t npayload;
  if (any(heddle_root(w.store, ref, &out))) heddle_unroot(w.store, out);
  heddle_unroot(w.store, ref);
  any(heddle_externref_data(w.store, ref, &data));
  any(heddle_ref_func(w.store, ref, &func));
  any(heddle_ref_type(w.store, ref, &type));
  any(heddle_ref_internalize(w.store, ref, &out));
  any(heddle_ref_externalize(w.store, ref, &out));
  static const uint32_t indices[] = {0, 1, 2, 3, 4, UINT32_MAX, UINT32_C(1) << 31};
  for (size_t i = 0; i < sizeof indices / sizeof *indices; i++) {
    any(heddle_struct_get(w.store, ref, indices[i], &val));
    any(heddle_array_get(w.store, ref, indices[i], &val));
    any(heddle_struct_set(w.store, ref, indices[i], &v));
    any(heddle_array_set(w.store, ref, indices[i], &v));
    any(heddle_struct_set(w.store, ref, indices[i], NULL));
    any(heddle_array_set(w.store, ref, indices[i], NULL));
  }
  any(heddle_array_len(w.store, ref, &n));
  any(heddle_i31_get(w.store, ref, &n));
  any(heddle_exn_tag(w.store, ref, &tag));
  any(heddle_exn_payload(w.store, ref, payload, 4, &npayload));
  any(heddle_exn_payload(w.store, ref, NULL, 0, &npayload));
  any(heddle_exn_payload(w.store, ref, NULL, 1, &npayload));
  any(heddle_error_new_exception(w.store, ref));
  any(heddle_cont_type(w.store, ref, &functype));
}

static void cross_value(heddle_val_t v) {
  heddle_global_t global;
  heddle_table_t table;
  heddle_ref_t out;
  uint64_t size;
  heddle_limits_t limits = {.min = 1};
  any(heddle_global_set(w.store, w.global, &v));
  any(heddle_table_set(w.store, w.table, 0, &v));
  any(heddle_table_set(w.store, w.table, UINT64_MAX, &v));
  any(heddle_table_grow(w.store, w.table, 0, &v, &size));
  for (size_t i = 0; i < w.ntypes; i++) {
    bool yes;
    char text[8];
    any(heddle_global_new(w.store, w.types[i], true, &v, &global));
    any(heddle_table_new(w.store, w.types[i], &limits, &v, &table));
    any(heddle_ref_test(w.store, v.of.ref, w.types[i], &yes));
    any(heddle_array_new(w.store, w.types[i], &v, 2, &out));
    any(heddle_array_new(w.store, w.types[i], NULL, UINT32_MAX, &out));
    any(heddle_struct_new(w.store, w.types[i], (heddle_val_t[]){v, v, v, v}, 4, &out));
    any(heddle_struct_new(w.store, w.types[i], NULL, 4, &out));
    any(heddle_struct_new(w.store, w.types[i], NULL, SIZE_MAX, &out));
    ck_assert_uint_gt(heddle_valtype_text(w.engine, w.types[i], text, sizeof text), 0);
    ck_assert_uint_gt(heddle_valtype_text(w.engine, w.types[i], NULL, 0), 0);
  }
  any(heddle_exn_new(w.store, w.tag, (heddle_val_t[]){{.type = HEDDLE_I32}, v}, 2, &out));
  any(heddle_exn_new(w.store, w.tag, (heddle_val_t[]){v, v}, 2, &out));
  heddle_val_t args[10], results[2];
  static const heddle_valtype_t types[] = {HEDDLE_I32,    HEDDLE_I64,    HEDDLE_F32,     HEDDLE_F64,
                                           HEDDLE_V128,   HEDDLE_ANYREF, HEDDLE_FUNCREF, HEDDLE_EXTERNREF,
                                           HEDDLE_EXNREF, HEDDLE_CONTREF};
  for (size_t place = 0; place < 10; place++) {
    for (size_t i = 0; i < 10; i++)
      args[i] = (heddle_val_t){.type = types[i]};
    args[place] = v;
    any(heddle_call(w.store, export_of("many").of.func, args, 10, results, 2));
  }
}

static void cross(void) {
  heddle_ref_t out;
  bool same;
  for (size_t i = 0; i < w.nrefs; i++) {
    cross_ref(w.refs[i]);
    cross_value(w.refs[i]);
    for (size_t k = 0; k < w.nrefs; k++)
      any(heddle_ref_eq(w.store, w.refs[i].of.ref, w.refs[k].of.ref, &same));
  }
  for (size_t i = 0; i < w.ntypes; i++) {
    heddle_val_t v = {.type = w.types[i]};
    memset(&v.of, 0xff, sizeof v.of);
    cross_value(v);
  }
  no_error(heddle_store_collect(w.store)); /* and verifies */
  heddle_gc(w.store);
  any(heddle_exn_new(w.store, w.tag, NULL, 2, &out));
  any(heddle_exn_new(w.store, w.tag, NULL, 0, &out));
}

/* Continuations last: these use them up. */
static void cross_conts(void) {
  heddle_ref_t out;
  heddle_val_t v = {.type = HEDDLE_I32}, result;
  heddle_outcome_t outcome;
  heddle_suspension_t suspension;
  for (size_t i = 0; i < w.nrefs; i++) {
    heddle_ref_t ref = w.refs[i].of.ref;
    any(heddle_cont_bind(w.store, ref, &w.refs[i], 1, &out));
    any(heddle_cont_bind(w.store, ref, NULL, 1, &out));
    any(heddle_cont_bind(w.store, ref, NULL, SIZE_MAX, &out));
    any(heddle_cont_resume(w.store, ref, NULL, 0, &w.refs[i], 1, &result, 1, &outcome, &suspension));
    any(heddle_cont_resume(w.store, ref, NULL, 3, &v, 1, &result, 1, &outcome, &suspension));
    any(heddle_cont_resume(w.store, ref, NULL, 0, NULL, 1, &result, 1, &outcome, &suspension));
    any(heddle_cont_resume(w.store, ref, NULL, 0, &v, 1, NULL, 1, &outcome, &suspension));
    any(heddle_cont_resume(w.store, ref, NULL, 0, &v, 1, &result, SIZE_MAX, &outcome, &suspension));
    any(heddle_cont_resume(w.store, ref, NULL, 0, &v, SIZE_MAX, &result, 1, &outcome, &suspension));
    any(heddle_cont_resume(w.store, ref, &(heddle_tag_t){0, 1}, 1, &v, 1, &result, 1, &outcome, NULL));
    for (size_t k = 0; k < w.nrefs; k++)
      any(heddle_cont_throw(w.store, ref, w.refs[k].of.ref, &(heddle_tag_t){9, 9}, 1, &result, 1, &outcome,
                            NULL));
    any(heddle_cont_resume(w.store, ref, NULL, 0, &v, 1, &result, 1, &outcome, NULL));
    for (size_t k = 0; k < w.nrefs; k++)
      any(heddle_cont_throw(w.store, ref, w.refs[k].of.ref, NULL, 0, &result, 1, &outcome, NULL));
    any(heddle_cont_drop(w.store, ref));
  }
}

START_TEST(references_types_and_values) {
  setup();
  cross();
  cross_conts();
  ck_assert_uint_gt(w.errors, 1000);
  ck_assert_uint_gt(w.calls - w.errors, 500);
  teardown();
}
END_TEST

/* ---- handles ---- */

/* Of another store, of another engine's, zero, forged, and of each other kind. */
static void cross_handle(uint64_t store, uint64_t index) {
  heddle_val_t v = {.type = HEDDLE_I32}, out;
  heddle_ref_t ref;
  heddle_externtype_t type;
  heddle_shared_memory_t *shared;
  heddle_extern_t ext;
  heddle_str_t name;
  uint64_t n;
  size_t len;
  any(heddle_call(w.store, (heddle_func_t){store, index}, &v, 1, &out, 1));
  any(heddle_func_ref(w.store, (heddle_func_t){store, index}, &ref));
  any(heddle_cont_new(w.store, (heddle_func_t){store, index}, &ref));
  any(heddle_table_size(w.store, (heddle_table_t){store, index}, &n));
  any(heddle_table_get(w.store, (heddle_table_t){store, index}, UINT64_MAX, &out));
  any(heddle_table_set(w.store, (heddle_table_t){store, index}, 1, NULL));
  any(heddle_table_grow(w.store, (heddle_table_t){store, index}, UINT64_MAX, NULL, &n));
  (void)heddle_memory_data(w.store, (heddle_memory_t){store, index}, &len);
  any(heddle_memory_grow(w.store, (heddle_memory_t){store, index}, UINT64_MAX, &n));
  if (any(heddle_memory_share(w.store, (heddle_memory_t){store, index}, &shared)))
    heddle_shared_memory_delete(shared);
  any(heddle_global_get(w.store, (heddle_global_t){store, index}, &out));
  any(heddle_global_set(w.store, (heddle_global_t){store, index}, &v));
  any(heddle_global_set(w.store, (heddle_global_t){store, index}, NULL));
  any(heddle_exn_new(w.store, (heddle_tag_t){store, index}, &v, 1, &ref));
  any(heddle_linker_define_instance(w.linker, w.store, (heddle_str_t){NULL, 9},
                                    (heddle_instance_t){store, index}));
  (void)heddle_instance_exports(w.store, (heddle_instance_t){store, index});
  (void)heddle_instance_export(w.store, (heddle_instance_t){store, index}, (heddle_str_t){NULL, 3}, &ext);
  (void)heddle_instance_export_at(w.store, (heddle_instance_t){store, index}, SIZE_MAX, &name, &ext);
  for (int kind = -1; kind < 7; kind++) {
    memset(&ext, 0, sizeof ext);
    ext.kind = (heddle_extern_kind_t)kind;
    ext.of.func = (heddle_func_t){store, index};
    any(heddle_extern_type(w.store, &ext, &type));
    heddle_linker_t *linker = heddle_linker_new(w.engine);
    heddle_instance_t instance;
    no_error(heddle_linker_define(linker, "h", "f", ext));
    any(heddle_instantiate(linker, w.store, w.module, &instance));
    heddle_linker_delete(linker);
  }
}

START_TEST(handles) {
  setup();
  uint64_t store = w.func.store;
  for (uint64_t i = 0; i < 24; i++) {
    cross_handle(store, i);
    cross_handle(store + 1, i);
    cross_handle(0, i);
  }
  cross_handle(store, UINT32_MAX);
  cross_handle(store, UINT64_MAX);
  cross_handle(UINT64_MAX, 1);
  ck_assert_uint_gt(w.errors, 1000);
  uint64_t n;
  heddle_val_t v;
  usage(heddle_table_get(w.other, w.table, 0, &v));
  usage(heddle_memory_grow(w.other, w.memory, 0, &n));
  usage(heddle_call(w.other, w.func, NULL, 0, NULL, 0));
  usage(heddle_call(w.store, w.func, NULL, 1, &v, 1));
  usage(heddle_call(w.store, w.func, &(heddle_val_t){.type = HEDDLE_I32}, 1, NULL, 1));
  usage(heddle_call(w.store, w.func, &v, SIZE_MAX, &v, 1));
  teardown();
}
END_TEST

/* ---- what is made from types and limits ---- */

START_TEST(types_and_limits) {
  setup();
  heddle_func_t func;
  heddle_tag_t tag;
  heddle_memory_t memory;
  heddle_table_t table;
  heddle_global_t global;
  heddle_shared_memory_t *shared;
  for (size_t i = 0; i < w.ntypes; i++) {
    heddle_functype_t type = {&w.types[i], 1, &w.types[i], 1};
    any(heddle_func_new(w.store, &type, callback, NULL, NULL, &func));
    any(heddle_tag_new(w.store, &type, &tag));
    any(heddle_linker_define_func(w.linker, "m", "n", &type, callback, NULL, NULL));
    any(heddle_global_new(w.store, w.types[i], false, NULL, &global));
  }
  heddle_functype_t none = {NULL, 1, NULL, 1}, huge = {i32s, SIZE_MAX, i32s, SIZE_MAX};
  usage(heddle_func_new(w.store, &none, callback, NULL, NULL, &func));
  usage(heddle_tag_new(w.store, &none, &tag));
  refused(heddle_tag_new(w.store, &huge, &tag));
  usage(heddle_func_new(w.store, &i32_i32, NULL, NULL, NULL, &func));
  usage(heddle_linker_define_func(w.linker, "m", "n", &i32_i32, NULL, NULL, NULL));
  usage(heddle_linker_define_func(w.linker, NULL, "n", &i32_i32, callback, NULL, NULL));
  usage(heddle_linker_define(w.linker, "m", NULL, (heddle_extern_t){0}));
  usage(heddle_linker_define_shared_memory(w.linker, (heddle_str_t){0}, (heddle_str_t){0}, NULL));
  usage(heddle_memory_from_shared(w.store, NULL, &memory));
  static const uint64_t sizes[] = {0, 1, 65537, UINT64_C(1) << 32, UINT64_C(1) << 48, UINT64_MAX};
  for (size_t i = 0; i < 6 * 6 * 8; i++)
    for (int log2 = 0; log2 < 256; log2 += 17) {
      heddle_limits_t limits = {.min = sizes[i % 6],
                                .max = sizes[i / 6 % 6],
                                .has_max = i / 36 & 1,
                                .is64 = i / 36 & 2,
                                .shared = i / 36 & 4,
                                .page_size_log2 = (uint8_t)log2};
      if (limits.min && limits.min < 100000 && log2) continue; /* takes memory, tested elsewhere */
      any(heddle_memory_new(w.other, &limits, &memory));
      if (any(heddle_shared_memory_new(w.engine, &limits, &shared))) {
        size_t len;
        (void)heddle_shared_memory_data(heddle_shared_memory_ref(shared), &len);
        ck_assert_uint_eq(heddle_shared_memory_notify(shared, UINT64_MAX, UINT32_MAX), 0);
        any(heddle_memory_from_shared(w.other, shared, &memory));
        heddle_shared_memory_delete(shared);
        heddle_shared_memory_delete(shared);
      }
      if (limits.min < 100000) any(heddle_table_new(w.other, HEDDLE_FUNCREF, &limits, NULL, &table));
    }
  heddle_limits_t wrong = {.min = 2, .max = 1, .has_max = true};
  usage(heddle_memory_new(w.other, &wrong, &memory));
  usage(heddle_table_new(w.other, HEDDLE_FUNCREF, &wrong, NULL, &table));
  wrong = (heddle_limits_t){.page_size_log2 = 64};
  usage(heddle_memory_new(w.other, &wrong, &memory));
  teardown();
}
END_TEST

/* ---- scopes, stores, engines ---- */

START_TEST(scopes_and_stores) {
  setup();
  heddle_gc_stats_t stats;
  heddle_interrupt_t *interrupt;
  heddle_instance_t instance;
  uint64_t fuel;
  heddle_scope_close(w.store, SIZE_MAX);
  heddle_scope_close(w.store, 0);
  heddle_scope_close(w.store, 0);
  usage(heddle_externref_data(w.store, w.refs[6].of.ref, &(void *){NULL}));
  heddle_ref_t ref;
  no_error(heddle_i31_new(w.store, 1, &ref));
  ck_assert_uint_ne(ref.index, 0);
  ck_assert_ptr_eq(heddle_store_data(w.store), &w);
  ck_assert_ptr_eq(heddle_store_engine(w.store), w.engine);
  no_error(heddle_store_gc_stats(w.store, &stats));
  no_error(heddle_store_gc_stats(w.other, &stats));
  no_error(heddle_store_collect(w.other));
  heddle_gc(w.other);
  usage(heddle_store_fuel(w.store, &fuel));
  usage(heddle_store_set_fuel(w.store, UINT64_MAX));
  usage(heddle_store_interrupt(w.store, &interrupt));
  usage(heddle_store_suspended(w.store, NULL, NULL));
  usage(heddle_instantiate(w.linker, w.foreign, w.module, &instance));
  heddle_linker_t *linker = heddle_linker_new(w.engine2);
  no_error(heddle_linker_define_func(linker, "h", "f", &i32_i32, callback, NULL, NULL));
  usage(heddle_instantiate(linker, w.store, w.module, &instance));
  heddle_linker_delete(linker);
  linker = heddle_linker_new(w.engine);
  refused(heddle_instantiate(linker, w.store, w.module, &instance));
  heddle_linker_unknown_as_traps(linker, true);
  no_error(heddle_instantiate(linker, w.store, w.module, &instance));
  heddle_linker_delete(linker);
  heddle_engine_delete(heddle_engine_ref(w.engine));
  teardown();
}
END_TEST

/* ---- from a callback ---- */

static void hostile_callback(heddle_caller_t *caller) {
  static const heddle_val_t wrong = {.type = HEDDLE_F64};
  heddle_extern_t ext;
  heddle_memory_t memory;
  in_callback = NULL; /* what is called from here calls it too */
  ck_assert_ptr_eq(heddle_caller_store(caller), w.store);
  ck_assert_ptr_null(heddle_caller_interrupt(caller));
  (void)heddle_caller_export(caller, "no such", &ext);
  ck_assert(!heddle_caller_export(caller, NULL, &ext));
  (void)heddle_caller_memory(caller, &memory);
  refused(heddle_host_suspend(caller, (heddle_tag_t){0, 0}, NULL, 0));
  refused(heddle_host_suspend(caller, w.tag, NULL, 2));
  refused(heddle_host_suspend(caller, w.yield, NULL, 1));
  refused(heddle_host_suspend(caller, w.yield, &wrong, 1));
  refused(heddle_host_suspend(caller, w.yield, &wrong, SIZE_MAX));
  heddle_error_delete(heddle_host_suspend(caller, w.yield, &(heddle_val_t){.type = HEDDLE_I32}, 1));
  cross();
  cross_conts();
  for (uint64_t i = 0; i < 12; i++)
    cross_handle(w.func.store, i);
  heddle_store_delete(w.store); /* no effect */
  heddle_scope_close(w.store, 0);
}

START_TEST(callbacks) {
  setup();
  heddle_val_t v = {.type = HEDDLE_I32}, out;
  in_callback = hostile_callback;
  no_error(heddle_call(w.store, w.func, &v, 1, &out, 1));
  ck_assert_int_eq(out.of.i32, 7);
  ck_assert_uint_gt(w.errors, 1000);
  heddle_func_t direct; /* a host function that the host calls */
  no_error(heddle_func_new(w.store, &i32_i32, callback, NULL, NULL, &direct));
  in_callback = hostile_callback;
  no_error(heddle_call(w.store, direct, &v, 1, &out, 1));
  teardown();
}
END_TEST

/* ---- modules ---- */

static bool cancel(void *env, size_t done, size_t total) { return (void)env, (void)done, (void)total, false; }

START_TEST(modules) {
  setup();
  static const uint8_t junk[64] = {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0x0f};
  heddle_module_t *m;
  heddle_bytes_t bytes = {0};
  heddle_section_t section;
  heddle_import_t import;
  heddle_export_t export_;
  heddle_str_t name;
  heddle_timing_t timing;
  const void *address;
  size_t size;
  for (size_t len = 0; len <= sizeof junk; len++) {
    if (any(heddle_module_new(w.engine, junk, len, &m))) heddle_module_delete(m);
    if (any(heddle_module_parse(w.engine, junk, len, &m))) heddle_module_delete(m);
    any(heddle_module_validate(w.engine, junk, len, true));
    if (any(heddle_wasm_to_wat(w.engine, junk, len, &bytes))) heddle_bytes_delete(&bytes);
    if (any(heddle_wat_to_wasm(w.engine, (const char *)junk, len, &bytes))) heddle_bytes_delete(&bytes);
    if (any(heddle_dump(w.engine, junk, len, "build,emit", 5, &bytes))) heddle_bytes_delete(&bytes);
    for (size_t i = 0; i < 3; i++)
      (void)heddle_wasm_section(junk, len, i, &section);
    ck_assert(!heddle_is_serialized(junk, len));
    (void)heddle_is_wasm(junk, len);
  }
  refused(heddle_module_new(w.engine, NULL, 9, &m));
  refused(heddle_module_new_progress(w.engine, NULL, SIZE_MAX, cancel, NULL, &m));
  refused(heddle_module_parse(w.engine, NULL, 9, &m));
  refused(heddle_module_validate(w.engine, NULL, 9, false));
  refused(heddle_wasm_to_wat(w.engine, NULL, 9, &bytes));
  if (any(heddle_wat_to_wasm(w.engine, NULL, 9, &bytes))) heddle_bytes_delete(&bytes);
  usage(heddle_dump(w.engine, junk, 8, NULL, 0, &bytes));
  usage(heddle_dump(w.engine, junk, 8, "no such", 0, &bytes));
  usage(heddle_module_deserialize_file(w.engine, NULL, &m));
  refused(heddle_module_deserialize_file(w.engine, "/dev/null", &m));
  ck_assert(!heddle_is_serialized(NULL, 9) && !heddle_is_wasm(NULL, 9));
  ck_assert(!heddle_wasm_section(NULL, 9, 0, &section));
  ck_assert(!heddle_module_import(w.module, SIZE_MAX, &import));
  ck_assert(!heddle_module_export(w.module, SIZE_MAX, &export_));
  ck_assert(!heddle_module_code(w.module, SIZE_MAX, &name, &address, &size));
  ck_assert(!heddle_module_timing(w.module, SIZE_MAX, &timing));
  ck_assert_uint_eq(heddle_module_imports(w.module), 1);
  ck_assert_uint_gt(heddle_module_exports(w.module), 8);
  ck_assert_uint_eq(heddle_module_name(w.module).len, 0);
  heddle_module_delete(heddle_module_ref(w.module));
  ck_assert(!heddle_cache_path(NULL, 0));
  no_error(heddle_module_serialize(w.module, &bytes));
  ck_assert(heddle_is_serialized(bytes.data, bytes.len));
  heddle_bytes_delete(&bytes);
  heddle_bytes_delete(&bytes);
  teardown();
}
END_TEST

/* ---- errors, options, texts ---- */

START_TEST(errors_and_options) {
  heddle_config_t *config = heddle_config_new();
  usage(heddle_config_set(config, NULL, NULL));
  usage(heddle_config_set(config, "", ""));
  size_t n;
  const heddle_option_t *options = heddle_option_list(&n);
  static const char *const values[] = {NULL,  "",      "y",   "0", "-1", "1e9", "18446744073709551616",
                                       "9G9", "1ms s", "\xff"};
  for (size_t i = 0; i < n * 10; i++)
    any(heddle_config_set(config, options[i / 10].key, values[i % 10]));
  heddle_config_delete(config);
  ck_assert_ptr_nonnull(heddle_version());
  ck_assert_uint_eq(heddle_api_version(), HEDDLE_API_VERSION);
  static const int traps[] = {-1, 0, 1, 28, 29, 30, 1000000};
  for (size_t i = 0; i < sizeof traps / sizeof *traps; i++) {
    heddle_error_t *error = heddle_error_new_trap((heddle_trap_t)traps[i], NULL);
    error = heddle_error_context(error, NULL);
    heddle_trap_t trap;
    heddle_ref_t exn;
    heddle_tag_t tag;
    heddle_frame_t frame;
    uint64_t offset;
    uint32_t line, column;
    int32_t code;
    ck_assert(heddle_error_trap(error, &trap) && (int)trap == traps[i]);
    ck_assert_ptr_nonnull(heddle_trap_message(trap));
    ck_assert(!heddle_error_exit_code(error, &code) && !heddle_error_exception(error, &exn));
    ck_assert(!heddle_error_tag(error, &tag) && !heddle_error_position(error, &offset, &line, &column));
    ck_assert_uint_eq(heddle_error_frames(error, NULL, 0, NULL), 0);
    ck_assert_uint_eq(heddle_error_frames(error, &frame, SIZE_MAX, &n), 0);
    ck_assert_ptr_nonnull(heddle_error_cause(error));
    heddle_error_delete(error);
  }
  refused(heddle_error_context(NULL, NULL));
  refused(heddle_error_new(NULL));
  refused(heddle_error_new_exit(INT32_MIN));
}
END_TEST

START_TEST(deleting_nothing) {
  heddle_interrupt_delete(NULL);
  heddle_shared_memory_delete(NULL);
  heddle_wasi_delete(NULL);
  heddle_wasi_threads_delete(NULL);
  heddle_config_t *config = heddle_config_new();
  heddle_engine_t *engine;
  heddle_store_t *store;
  heddle_interrupt_t *interrupt;
  no_error(heddle_config_set(config, "interruption", NULL));
  no_error(heddle_engine_new(config, &engine));
  no_error(heddle_store_new(engine, NULL, &store));
  no_error(heddle_store_interrupt(store, &interrupt));
  heddle_config_delete(config);
  heddle_engine_delete(engine);
  heddle_store_delete(store);
  heddle_interrupt_raise(interrupt); /* outlives the store */
  heddle_interrupt_raise_timeout(interrupt);
  ck_assert(heddle_interrupt_pending(interrupt) && heddle_interrupt_fd(interrupt) >= 0);
  ck_assert_int_ne(heddle_interrupt_trap(interrupt), HEDDLE_TRAP_NONE);
  heddle_interrupt_clear(interrupt);
  ck_assert(!heddle_interrupt_pending(interrupt));
  heddle_interrupt_delete(interrupt);
}
END_TEST

START_TEST(wasi_setup) {
  setup();
  heddle_wasi_t *wasi = heddle_wasi_new();
  heddle_wasi_threads_t *threads = NULL;
  refused(heddle_wasi_arg(wasi, NULL));
  refused(heddle_wasi_env(wasi, NULL, "x"));
  refused(heddle_wasi_env(wasi, "x", NULL));
  refused(heddle_wasi_env(wasi, "", ""));
  refused(heddle_wasi_env(wasi, "a=b", ""));
  static const int fds[] = {-1, 3, 1000000, INT32_MIN, INT32_MAX};
  for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
    refused(heddle_wasi_stdio(wasi, fds[i], 0, true));
    refused(heddle_wasi_stdio(wasi, 0, i == 1 ? -1 : fds[i], true));
    refused(heddle_wasi_socket(wasi, i == 1 ? -1 : fds[i], true));
  }
  refused(heddle_wasi_preopen(wasi, NULL, "/", false));
  refused(heddle_wasi_preopen(wasi, "/", NULL, false));
  refused(heddle_wasi_preopen(wasi, "", "", false));
  refused(heddle_wasi_preopen(wasi, "/dev/null", "/", true));
  heddle_wasi_set_max_fds(wasi, 0);
  refused(heddle_wasi_preopen(wasi, "/", "/", true));
  any(heddle_wasi_inherit_stdio(wasi));
  heddle_wasi_set_max_fds(wasi, UINT32_MAX);
  heddle_wasi_set_random_seed(wasi, 0);
  no_error(heddle_linker_define_wasi(w.linker, wasi));
  no_error(heddle_linker_define_wasi(w.linker, wasi)); /* again */
  usage(heddle_wasi_threads_new(w.linker, w.store, w.module, UINT32_MAX, &threads));
  ck_assert_ptr_null(threads);
  heddle_config_t *config = heddle_config_new();
  heddle_engine_t *engine;
  heddle_store_t *store;
  heddle_module_t *module;
  no_error(heddle_config_set(config, "interruption", NULL));
  no_error(heddle_engine_new(config, &engine));
  no_error(heddle_store_new(engine, NULL, &store));
  no_error(heddle_module_new(engine, "\0asm\1\0\0\0", 8, &module));
  heddle_linker_t *linker = heddle_linker_new(engine);
  no_error(heddle_wasi_threads_new(linker, store, module, 0, &threads)); /* nothing to spawn, none running */
  ck_assert_ptr_null(heddle_wasi_threads_end(threads, NULL));
  refused(heddle_wasi_threads_end(threads, heddle_error_new(NULL))); /* again */
  heddle_wasi_threads_delete(threads);
  heddle_linker_delete(linker);
  heddle_module_delete(module);
  heddle_store_delete(store);
  heddle_engine_delete(engine);
  heddle_config_delete(config);
  teardown();
  heddle_wasi_delete(wasi);
}
END_TEST

int main(void) {
  return UNIT_RUN("api/hostile", references_types_and_values, handles, types_and_limits, scopes_and_stores,
                  callbacks, modules, errors_and_options, deleting_nothing, wasi_setup);
}
