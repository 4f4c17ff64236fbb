/* The heap's verifier knows the types of fields: what is of another type is found, in structs, arrays and
 * exceptions; null, i31 and subtypes are good where they may stand. */
#include "unit.h"

#include "api/api.h"
#include "gc/gc.h"
#include "runtime/object.h"

#include <string.h>

static const char guest[] =
    "(module (type $p (sub (struct (field i8) (field (mut (ref null $p))) (field (mut eqref)))))"
    " (type $q (sub $p (struct (field i8) (field (mut (ref null $p))) (field (mut eqref)) (field i64))))"
    " (type $a (array (mut (ref null $p))))"
    " (type $o (struct (field (mut externref)) (field (mut (ref null $a))) (field (mut i31ref))))"
    " (rec (type $s (sub (descriptor $d) (struct)))"
    "  (type $d (sub (describes $s) (struct)))"
    "  (type $t (sub $s (descriptor $e) (struct)))"
    "  (type $e (sub $d (describes $t) (struct))))"
    " (func (export \"d\") (result (ref $d)) (struct.new $d))"
    " (func (export \"f\") (result (ref $d)) (struct.new $e))"
    " (func (export \"s\") (result (ref $s)) (struct.new_desc $s (struct.new $d)))"
    " (func (export \"t\") (result (ref $s)) (struct.new_desc $t (struct.new $e)))"
    " (tag (export \"e\") (param i64 (ref null $p)))"
    " (func (export \"p\") (result (ref $p)) (struct.new_default $p))"
    " (func (export \"q\") (result (ref $q)) (struct.new_default $q))"
    " (func (export \"o\") (result (ref $o)) (struct.new_default $o))"
    " (func (export \"a\") (result (ref $a)) (array.new_default $a (i32.const 5))))";

static heddle_engine_t *engine;
static heddle_store_t *store;
static heddle_instance_t instance;

static heddle_extern_t export_of(const char *name) {
  heddle_extern_t ext;
  ck_assert(heddle_instance_export(store, instance, (heddle_str_t){name, strlen(name)}, &ext));
  return ext;
}

static void setup(void) {
  heddle_bytes_t wasm;
  heddle_module_t *module;
  heddle_config_t *config = heddle_config_new();
  ck_assert_ptr_null(heddle_config_set(config, "custom-descriptors", "y"));
  ck_assert_ptr_null(heddle_engine_new(config, &engine));
  heddle_config_delete(config);
  ck_assert_ptr_null(heddle_store_new(engine, NULL, &store));
  ck_assert_ptr_null(heddle_wat_to_wasm(engine, guest, sizeof guest - 1, &wasm));
  ck_assert_ptr_null(heddle_module_new(engine, wasm.data, wasm.len, &module));
  heddle_linker_t *linker = heddle_linker_new(engine);
  ck_assert_ptr_null(heddle_instantiate(linker, store, module, &instance));
  heddle_linker_delete(linker);
  heddle_bytes_delete(&wasm);
  heddle_module_delete(module);
}

static void teardown(void) {
  heddle_store_delete(store);
  heddle_engine_delete(engine);
}

static heddle_ref_t make(const char *name) {
  heddle_val_t v;
  ck_assert_ptr_null(heddle_call(store, export_of(name).of.func, NULL, 0, &v, 1));
  return v.of.ref;
}

static uint32_t raw(heddle_ref_t ref) { return ref.index ? store_ref(store->store, ref.index)->of.ref : 0; }

/* Is `value` at `off` of `object` what the verifier takes? The old one is put back. */
static bool taken(heddle_ref_t object, uint32_t off, heddle_ref_t value) {
  uint8_t *base = gc_base(store->store->heap);
  struct object_field f = {off, STORAGE_REF};
  union vm_value before = object_load(base, raw(object), f), v = {.ref = raw(value)};
  uint32_t where = 0;
  ck_assert_ptr_null(gc_verify(store->store->heap, NULL));
  object_store(base, raw(object), f, v);
  const char *wrong = gc_verify(store->store->heap, &where);
  object_store(base, raw(object), f, before);
  if (!wrong) return true;
  ck_assert_uint_eq(where, raw(object));
  ck_assert_ptr_nonnull(strstr(wrong, "type"));
  return false;
}

static uint32_t field_of(heddle_ref_t ref, uint32_t index) {
  return object_field(store->engine->canon, vt_index(store_ref(store->store, ref.index)->type), index).off;
}

static uint32_t descriptor_of(heddle_ref_t ref) {
  return object_descriptor(store->engine->canon, vt_index(store_ref(store->store, ref.index)->type)).off;
}

static void check_all(void) {
  heddle_ref_t p = make("p"), q = make("q"), o = make("o"), a = make("a"), null = {0, 0}, i31, host, exn,
               inner;
  heddle_val_t payload[2] = {{.type = HEDDLE_I64}, {.type = HEDDLE_ANYREF}};
  ck_assert_ptr_null(heddle_ref_type(store, p, &payload[1].type));
  payload[1].type |= UINT32_C(0x40000000);
  ck_assert_ptr_null(heddle_i31_new(store, 5, &i31));
  ck_assert_ptr_null(heddle_externref_new(store, NULL, NULL, &host));
  ck_assert_ptr_null(heddle_ref_internalize(store, host, &inner));
  ck_assert_ptr_null(heddle_exn_new(store, export_of("e").of.tag, payload, 2, &exn));
  heddle_ref_t d = make("d"), e_desc = make("f"), s = make("s"), t = make("t");
  heddle_gc(store); /* all are old now, or stay where they are */
  const heddle_ref_t all[] = {null, p, q, o, a, i31, host, inner, exn, d, e_desc, s};
  enum { N = sizeof all / sizeof *all };
  const struct functype *e = &canon_type(store->engine->canon, exn_tag(store->store, raw(exn))->type)->func;
  const struct {
    heddle_ref_t object;
    uint32_t off;
    bool good[N];
  } rows[] = {
      {p, field_of(p, 1), {true, true, true}},
      {q, field_of(q, 1), {true, true, true}},
      {p, field_of(p, 2), {true, true, true, true, true, true, [9] = true, true, true}},
      {o, field_of(o, 0), {true, true, true, true, true, true, true, true, [9] = true, true, true}},
      {o, field_of(o, 1), {true, false, false, false, true}},
      {o, field_of(o, 2), {true, false, false, false, false, true}},
      {a, OBJECT_DATA, {true, true, true}},
      {a, OBJECT_DATA + 4 * 4, {true, true, true}},
      {exn, exn_field(store->engine->canon, e, 1).off, {true, true, true}},
      {s, descriptor_of(s), {[0] = true, [9] = true}}, /* exactly the descriptor's type */
      {t, descriptor_of(t), {[0] = true, [10] = true}},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (size_t k = 0; k < N; k++)
      if (taken(rows[i].object, rows[i].off, all[k]) != rows[i].good[k])
        ck_abort_msg("row %zu, value %zu: should be %s", i, k, rows[i].good[k] ? "taken" : "refused");
}

START_TEST(wrong_types_are_found) {
  setup();
  check_all();
  teardown();
}
END_TEST

int main(void) { return UNIT_RUN("runtime/object_check", wrong_types_are_found); }
