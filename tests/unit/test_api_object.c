/* Objects, exceptions and i31 through the public header, with a collection at every allocation. */
#include "api_unit.h"

#include <heddle.h>

#include <string.h>

struct fixture {
  heddle_engine_t *engine;
  heddle_store_t *store;
  heddle_linker_t *linker;
  heddle_instance_t instance;
};

static void setup_with(struct fixture *f, const char *stress, const char *feature) {
  heddle_config_t *config = heddle_config_new();
  if (feature) no_error(heddle_config_set(config, feature, "y"));
  no_error(heddle_config_set(config, "gc-stress", stress));
  no_error(heddle_config_set(config, "gc-verify", stress));
  no_error(heddle_config_set(config, "max-gc-heap-size", "2M"));
  no_error(heddle_engine_new(config, &f->engine));
  heddle_config_delete(config);
  no_error(heddle_store_new(f->engine, NULL, &f->store));
  f->linker = heddle_linker_new(f->engine);
}

static void setup_config(struct fixture *f, const char *stress) { setup_with(f, stress, NULL); }
static void setup(struct fixture *f) { setup_config(f, "y"); }

static void load(struct fixture *f, const char *wat) {
  heddle_module_t *module;
  heddle_bytes_t wasm;
  no_error(heddle_wat_to_wasm(f->engine, wat, strlen(wat), &wasm));
  no_error(heddle_module_new(f->engine, wasm.data, wasm.len, &module));
  heddle_bytes_delete(&wasm);
  no_error(heddle_instantiate(f->linker, f->store, module, &f->instance));
  heddle_module_delete(module);
}

static void teardown(struct fixture *f) {
  heddle_linker_delete(f->linker);
  heddle_store_delete(f->store);
  heddle_engine_delete(f->engine);
}

static heddle_extern_t export_of(struct fixture *f, const char *name) {
  heddle_extern_t ext;
  ck_assert(heddle_instance_export(f->store, f->instance, (heddle_str_t){name, strlen(name)}, &ext));
  return ext;
}

static heddle_error_t *call(struct fixture *f, const char *name, heddle_val_t *args, size_t nargs,
                            heddle_val_t *results, size_t nresults) {
  return heddle_call(f->store, export_of(f, name).of.func, args, nargs, results, nresults);
}

static heddle_val_t i32(int32_t x) { return (heddle_val_t){.type = HEDDLE_I32, .of.i32 = x}; }

static const char objects[] =
    "(module (type $p (struct (field (mut i8)) (field (mut anyref)) (field i64)))"
    " (type $a (array (mut (ref null $p))))"
    " (func (export \"pair\") (result (ref $p)) (struct.new $p (i32.const 255) (ref.null any) (i64.const "
    "-1)))"
    " (func (export \"array\") (result (ref $a)) (array.new_default $a (i32.const 3)))"
    " (func (export \"sum\") (param (ref $a)) (result i32)"
    "  (i32.add (struct.get_u $p 0 (array.get $a (local.get 0) (i32.const 0)))"
    "   (i31.get_s (ref.cast (ref i31) (struct.get $p 1 (array.get $a (local.get 0) (i32.const 2))))))))";

START_TEST(objects_are_made_and_read) {
  struct fixture f;
  setup(&f);
  load(&f, objects);
  heddle_val_t pair, array, val, got;
  no_error(call(&f, "pair", NULL, 0, &pair, 1));
  no_error(call(&f, "array", NULL, 0, &array, 1));
  heddle_valtype_t pair_type, array_type;
  no_error(heddle_ref_type(f.store, pair.of.ref, &pair_type));
  no_error(heddle_ref_type(f.store, array.of.ref, &array_type));
  no_error(heddle_struct_get(f.store, pair.of.ref, 0, &got));
  ck_assert_int_eq(got.of.i32, 255);
  no_error(heddle_struct_get(f.store, pair.of.ref, 2, &got));
  ck_assert_int_eq(got.of.i64, -1);

  heddle_val_t fields[3] = {i32(40), {.type = HEDDLE_ANYREF}, {.type = HEDDLE_I64, .of.i64 = 5}};
  no_error(heddle_i31_new(f.store, (uint32_t)-38, &fields[1].of.ref));
  heddle_val_t made = {.type = pair_type};
  no_error(heddle_struct_new(f.store, pair_type, fields, 3, &made.of.ref));
  heddle_val_t elements = {.type = array_type};
  no_error(heddle_array_new(f.store, array_type, &made, 3, &elements.of.ref));
  no_error(call(&f, "sum", &elements, 1, &got, 1));
  ck_assert_int_eq(got.of.i32, 2);
  val = i32(41);
  no_error(heddle_struct_set(f.store, made.of.ref, 0, &val)); /* all elements are this one */
  no_error(call(&f, "sum", &elements, 1, &got, 1));
  ck_assert_int_eq(got.of.i32, 3);
  uint32_t len;
  no_error(heddle_array_len(f.store, elements.of.ref, &len));
  ck_assert_uint_eq(len, 3);
  bool same;
  no_error(heddle_array_get(f.store, elements.of.ref, 2, &got));
  no_error(heddle_ref_eq(f.store, got.of.ref, made.of.ref, &same));
  ck_assert(same);
  no_error(heddle_array_set(f.store, elements.of.ref, 2, &pair));
  no_error(heddle_array_get(f.store, elements.of.ref, 2, &got));
  no_error(heddle_ref_eq(f.store, got.of.ref, pair.of.ref, &same));
  ck_assert(same);
  teardown(&f);
}
END_TEST

START_TEST(mistakes_are_errors) {
  struct fixture f;
  setup(&f);
  load(&f, objects);
  heddle_val_t pair, array, got, val = i32(1);
  heddle_ref_t ref;
  uint32_t n;
  no_error(call(&f, "pair", NULL, 0, &pair, 1));
  no_error(call(&f, "array", NULL, 0, &array, 1));
  heddle_valtype_t pair_type, array_type;
  no_error(heddle_ref_type(f.store, pair.of.ref, &pair_type));
  no_error(heddle_ref_type(f.store, array.of.ref, &array_type));
  fails(heddle_struct_get(f.store, pair.of.ref, 3, &got), HEDDLE_ERROR_USAGE);
  fails(heddle_struct_get(f.store, array.of.ref, 0, &got), HEDDLE_ERROR_USAGE);
  fails(heddle_struct_set(f.store, pair.of.ref, 2, &val), HEDDLE_ERROR_USAGE); /* constant */
  fails(heddle_struct_set(f.store, pair.of.ref, 1, &val), HEDDLE_ERROR_USAGE); /* wrong type */
  fails(heddle_struct_new(f.store, pair_type, &val, 1, &ref), HEDDLE_ERROR_USAGE);
  fails(heddle_struct_new(f.store, array_type, NULL, 0, &ref), HEDDLE_ERROR_USAGE);
  fails(heddle_struct_new(f.store, HEDDLE_ANYREF, NULL, 0, &ref), HEDDLE_ERROR_USAGE);
  fails(heddle_struct_new(f.store, pair_type | 0xfffff, NULL, 0, &ref), HEDDLE_ERROR_USAGE);
  fails(heddle_array_get(f.store, array.of.ref, 3, &got), HEDDLE_ERROR_USAGE);
  fails(heddle_array_len(f.store, pair.of.ref, &n), HEDDLE_ERROR_USAGE);
  fails(heddle_array_new(f.store, array_type, NULL, UINT32_MAX, &ref), HEDDLE_ERROR_MEMORY);
  fails(heddle_i31_get(f.store, pair.of.ref, &n), HEDDLE_ERROR_USAGE);
  fails(heddle_array_len(f.store, (heddle_ref_t){0, 0}, &n), HEDDLE_ERROR_USAGE);
  fails(heddle_exn_payload(f.store, pair.of.ref, NULL, 0, &(size_t){0}), HEDDLE_ERROR_USAGE);
  fails(heddle_error_new_exception(f.store, pair.of.ref), HEDDLE_ERROR_USAGE);
  teardown(&f);
}
END_TEST

static const char exceptions[] =
    "(module (import \"host\" \"f\" (func $f (param i32) (result i32)))"
    " (tag $t (export \"t\") (param i32 externref))"
    " (func (export \"throw\") (param i32 externref) (throw $t (local.get 0) (local.get 1)))"
    " (func (export \"catch\") (param i32) (result i32)"
    "  (block $h (result i32 externref)"
    "   (try_table (catch $t $h) (return (call $f (local.get 0))))"
    "   (unreachable))"
    "  (drop) (i32.add (i32.const 1000)))"
    " (func (export \"pass\") (param i32) (result i32) (call $f (local.get 0))))";

static int finalized;
static void finalizer(void *data) { finalized += *(int *)data; }

/* 0: makes and throws an exception; 1: calls back into what throws and lets it through; 2: catches that; 3:
 * an error that is no exception. */
static heddle_error_t *host_f(void *env, heddle_caller_t *caller, const heddle_val_t *args, size_t nargs,
                              heddle_val_t *results, size_t nresults) {
  struct fixture *f = env;
  heddle_store_t *store = heddle_caller_store(caller);
  ck_assert_uint_eq(nargs + nresults, 2);
  if (args[0].of.i32 == 3) return heddle_error_new("no exception");
  heddle_val_t payload[2] = {i32(7), {.type = HEDDLE_EXTERNREF}};
  static int seven = 7;
  no_error(heddle_externref_new(store, &seven, finalizer, &payload[1].of.ref));
  if (args[0].of.i32 == 0) {
    heddle_ref_t exn;
    no_error(heddle_exn_new(store, export_of(f, "t").of.tag, payload, 2, &exn));
    return heddle_error_new_exception(store, exn);
  }
  heddle_error_t *error = call(f, "throw", payload, 2, NULL, 0);
  ck_assert_int_eq(heddle_error_kind(error), HEDDLE_ERROR_EXCEPTION);
  if (args[0].of.i32 == 1) return error;
  heddle_ref_t exn;
  heddle_val_t got[2];
  size_t n;
  heddle_tag_t tag;
  void *data;
  ck_assert(heddle_error_exception(error, &exn));
  no_error(heddle_exn_payload(store, exn, got, 2, &n));
  ck_assert_uint_eq(n, 2);
  no_error(heddle_externref_data(store, got[1].of.ref, &data));
  ck_assert_int_eq(*(int *)data, 7);
  no_error(heddle_exn_tag(store, exn, &tag));
  ck_assert_uint_eq(tag.index, export_of(f, "t").of.tag.index);
  results[0].of.i32 = got[0].of.i32 + 100;
  heddle_error_delete(error);
  return NULL;
}

START_TEST(exceptions_cross_the_host) {
  struct fixture f;
  setup(&f);
  const heddle_valtype_t types[] = {HEDDLE_I32};
  const heddle_functype_t type = {types, 1, types, 1};
  no_error(heddle_linker_define_func(f.linker, "host", "f", &type, host_f, &f, NULL));
  load(&f, exceptions);
  heddle_val_t arg, got;
  const int32_t expected[] = {1007, 1007, 107};
  for (int32_t i = 0; i < 3; i++) {
    arg = i32(i);
    no_error(call(&f, "catch", &arg, 1, &got, 1));
    ck_assert_int_eq(got.of.i32, expected[i]);
  }
  arg = i32(3);
  fails(call(&f, "catch", &arg, 1, &got, 1), HEDDLE_ERROR_HOST);
  arg = i32(1);
  heddle_error_t *error = call(&f, "pass", &arg, 1, &got, 1);
  ck_assert_int_eq(heddle_error_kind(error), HEDDLE_ERROR_EXCEPTION);
  heddle_str_t text = heddle_error_message(error);
  static const char wanted[] = "uncaught exception: tag $t 7 (a reference)";
  ck_assert_msg(text.len == sizeof wanted - 1 && !memcmp(text.data, wanted, text.len), "%.*s", (int)text.len,
                text.data);
  size_t total;
  ck_assert_uint_gt(heddle_error_frames(error, NULL, 0, &total), 0);
  heddle_error_delete(error);
  finalized = 0;
  teardown(&f);
  ck_assert_int_eq(finalized % 7, 0);
}
END_TEST

static void count_end(void *data) { ++*(int *)data; }

START_TEST(collections_are_counted) {
  struct fixture f;
  heddle_gc_stats_t s;
  int ended = 0;
  setup_config(&f, "n");
  no_error(heddle_store_collect(f.store)); /* no heap yet */
  no_error(heddle_store_gc_stats(f.store, &s));
  ck_assert(!s.minor.count && !s.major.count && !s.heap_bytes);
  size_t scope = heddle_scope_open(f.store);
  heddle_ref_t kept, dropped;
  no_error(heddle_externref_new(f.store, &ended, count_end, &kept));
  size_t inner = heddle_scope_open(f.store);
  no_error(heddle_externref_new(f.store, &ended, count_end, &dropped));
  no_error(heddle_store_collect(f.store));
  ck_assert_int_eq(ended, 0);
  heddle_scope_close(f.store, inner);
  no_error(heddle_store_collect(f.store));
  ck_assert_int_eq(ended, 1);
  no_error(heddle_store_gc_stats(f.store, &s));
  ck_assert_uint_eq(s.major.count, 2);
  ck_assert(s.major.p50_ns <= s.major.p99_ns && s.major.p99_ns <= s.major.max_ns);
  ck_assert(s.major.max_ns < s.major.total_ns && s.live_bytes && s.live_bytes < s.allocated_bytes);
  heddle_scope_close(f.store, scope);
  teardown(&f);
  ck_assert_int_eq(ended, 2);
}
END_TEST

START_TEST(the_heap_is_limited) {
  struct fixture f;
  setup_config(&f, "n");
  load(&f, "(module (type $l (struct (field (ref null $l)) (field i64)))"
           " (func (export \"grow\") (local $x (ref null $l))"
           "  (loop (local.set $x (struct.new $l (local.get $x) (i64.const 0))) (br 0))))");
  heddle_error_t *error = call(&f, "grow", NULL, 0, NULL, 0);
  heddle_trap_t trap;
  ck_assert(heddle_error_trap(error, &trap));
  ck_assert_int_eq(trap, HEDDLE_TRAP_OUT_OF_MEMORY);
  heddle_error_delete(error);
  teardown(&f);
}
END_TEST

static const char descriptors[] =
    "(module (type $plain (sub (struct (field i32))))"
    " (rec (type $s (sub $plain (descriptor $d) (struct (field i32) (field (mut anyref)))))"
    "  (type $d (sub (describes $s) (struct (field i64)))))"
    " (import \"\" \"f\" (func $f (exact (param i32))))"
    " (export \"f\" (func $f))"
    " (func (export \"plain\") (result (ref $plain)) (struct.new $plain (i32.const 1)))"
    " (func $d (export \"d\") (result (ref $d)) (struct.new $d (i64.const 5)))"
    " (func (export \"s\") (result (ref $s))"
    "  (struct.new_desc $s (i32.const 7) (ref.null any) (struct.new $d (i64.const 6))))"
    " (func (export \"exact\") (param (ref (exact $s))) (result i64)"
    "  (struct.get $d 0 (ref.get_desc $s (local.get 0)))))";

static heddle_error_t *nothing(void *env, heddle_caller_t *caller, const heddle_val_t *args, size_t nargs,
                               heddle_val_t *results, size_t nresults) {
  (void)env, (void)caller, (void)args, (void)nargs, (void)results, (void)nresults;
  return NULL;
}

START_TEST(descriptors_are_made_and_read) {
  struct fixture f;
  setup_with(&f, "y", "custom-descriptors");
  heddle_valtype_t param = HEDDLE_I32, type, s_type, d_type, described;
  heddle_functype_t host = {&param, 1, NULL, 0};
  no_error(heddle_linker_define_func(f.linker, "", "f", &host, nothing, NULL, NULL));
  load(&f, descriptors);
  heddle_val_t plain, d, s, got, fields[2] = {i32(9), {.type = HEDDLE_ANYREF}};
  no_error(call(&f, "plain", NULL, 0, &plain, 1));
  no_error(call(&f, "d", NULL, 0, &d, 1));
  no_error(call(&f, "s", NULL, 0, &s, 1));
  no_error(heddle_ref_type(f.store, s.of.ref, &s_type));
  ck_assert(s_type & HEDDLE_EXACT_BIT);
  char text[48];
  heddle_valtype_text(f.engine, s_type, text, sizeof text);
  ck_assert_ptr_nonnull(strstr(text, "(ref (exact "));

  /* types */
  ck_assert(heddle_valtype_descriptor(f.engine, s_type, &d_type));
  ck_assert(heddle_valtype_described(f.engine, d_type, &described));
  ck_assert_uint_eq(described, s_type & ~HEDDLE_EXACT_BIT);
  no_error(heddle_ref_type(f.store, d.of.ref, &type));
  ck_assert_uint_eq(type, d_type | HEDDLE_EXACT_BIT);
  ck_assert(!heddle_valtype_descriptor(f.engine, d_type, &type));
  ck_assert(!heddle_valtype_described(f.engine, s_type, &type));
  ck_assert(!heddle_valtype_descriptor(f.engine, HEDDLE_ANYREF, &type));
  ck_assert(!heddle_valtype_descriptor(f.engine, s_type | 0xfffff, &type));
  ck_assert(!heddle_valtype_described(f.engine, HEDDLE_I32, &type));
  heddle_extern_t export = export_of(&f, "f");
  heddle_externtype_t external;
  no_error(heddle_extern_type(f.store, &export, &external));
  ck_assert(external.is_exact);

  /* objects */
  heddle_ref_t got_d;
  no_error(heddle_struct_descriptor(f.store, s.of.ref, &got_d));
  no_error(heddle_struct_get(f.store, got_d, 0, &got));
  ck_assert_int_eq(got.of.i64, 6);
  heddle_val_t made = {.type = s_type};
  fields[1] = plain;
  no_error(heddle_struct_new_desc(f.store, s_type, d.of.ref, fields, 2, &made.of.ref));
  no_error(call(&f, "exact", &made, 1, &got, 1));
  ck_assert_int_eq(got.of.i64, 5);
  no_error(heddle_struct_get(f.store, made.of.ref, 0, &got));
  ck_assert_int_eq(got.of.i32, 9);
  bool is;
  no_error(heddle_struct_descriptor(f.store, made.of.ref, &got_d));
  no_error(heddle_ref_eq(f.store, got_d, d.of.ref, &is));
  ck_assert(is);
  no_error(heddle_ref_test(f.store, made.of.ref, s_type, &is));
  ck_assert(is);

  /* mistakes */
  heddle_valtype_t plain_type;
  no_error(heddle_ref_type(f.store, plain.of.ref, &plain_type));
  no_error(heddle_ref_test(f.store, made.of.ref, plain_type, &is));
  ck_assert(!is); /* exact */
  no_error(heddle_ref_test(f.store, made.of.ref, plain_type & ~HEDDLE_EXACT_BIT, &is));
  ck_assert(is);
  heddle_ref_t null = {0, 0}, ref;
  fails(heddle_struct_new(f.store, s_type, fields, 2, &ref), HEDDLE_ERROR_USAGE);
  fails(heddle_struct_new_desc(f.store, plain_type, d.of.ref, fields, 1, &ref), HEDDLE_ERROR_USAGE);
  fails(heddle_struct_new_desc(f.store, s_type, null, fields, 2, &ref), HEDDLE_ERROR_USAGE);
  fails(heddle_struct_new_desc(f.store, s_type, plain.of.ref, fields, 2, &ref), HEDDLE_ERROR_USAGE);
  fails(heddle_struct_new_desc(f.store, s_type, d.of.ref, fields, 1, &ref), HEDDLE_ERROR_USAGE);
  fails(heddle_struct_descriptor(f.store, plain.of.ref, &ref), HEDDLE_ERROR_USAGE);
  fails(heddle_struct_descriptor(f.store, null, &ref), HEDDLE_ERROR_USAGE);
  teardown(&f);
}
END_TEST

/* Without the feature no type has the bit, so types go where those of modules do. */
START_TEST(types_are_not_exact_without_the_feature) {
  struct fixture f;
  setup(&f);
  load(&f, objects);
  heddle_val_t pair;
  heddle_valtype_t type;
  heddle_extern_t export = export_of(&f, "pair");
  heddle_externtype_t external;
  no_error(call(&f, "pair", NULL, 0, &pair, 1));
  no_error(heddle_ref_type(f.store, pair.of.ref, &type));
  ck_assert_uint_eq(type & HEDDLE_EXACT_BIT, 0);
  no_error(heddle_extern_type(f.store, &export, &external));
  ck_assert_uint_eq(external.func.results[0], type);
  ck_assert(!external.is_exact);
  teardown(&f);
}
END_TEST

int main(void) {
  return UNIT_RUN("api/object", objects_are_made_and_read, mistakes_are_errors, exceptions_cross_the_host,
                  collections_are_counted, the_heap_is_limited, descriptors_are_made_and_read,
                  types_are_not_exact_without_the_feature);
}
