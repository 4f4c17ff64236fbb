/* Instantiation: linking and its refusals, constant expressions, segments, exports, lack of memory. */
#include "runtime/object.h"
#include "runtime_fixture.h"

#include <stdio.h>

/* Instantiates a module that defines no functions; NULL and the error or report otherwise. */
static struct instance *try_instance(struct fixture *f, const struct externval *imports, struct error *e) {
  struct code_image *image;
  *e = (struct error)ERROR_INIT;
  if (!code_publish(NULL, 0, f->module->nimported_funcs, f->module, &image, e)) return NULL;
  struct instance_source source = {.valid = f->valid, .image = image};
  struct instance *in = NULL;
  bool ok = instance_new(f->store, &source, imports, &in, e);
  code_image_unref(image); /* an instance holds its own reference */
  return ok ? in : NULL;
}

static struct instance *instance(struct fixture *f, const char *wat, const struct externval *imports) {
  struct error e;
  fixture_module(f, wat);
  struct instance *in = try_instance(f, imports, &e);
  if (!in)
    ck_abort_msg("%s: %s", wat,
                 error_is_set(&e) ? e.message : trap_message((enum trap_code)f->store->report.status));
  return in;
}

static struct externval get(struct instance *in, const char *name) {
  struct externval v = {.object = NULL};
  ck_assert(instance_export(in, slice_cstr(name), &v));
  return v;
}

static uint64_t global(struct instance *in, const char *name) { return global_get(get(in, name).global).i64; }

START_TEST(constants_are_evaluated) {
  struct fixture f;
  fixture_init(&f, false);
  struct instance *in = instance(
      &f,
      "(module (global $a (export \"a\") i32 (i32.const -2)) (global (export \"b\") i64 (i64.const -3))"
      "(global (export \"c\") f32 (f32.const 1.5)) (global (export \"d\") f64 (f64.const -0.0))"
      "(global (export \"e\") v128 (v128.const i64x2 1 2)) (global (export \"f\") externref (ref.null "
      "extern))"
      "(global (export \"g\") i32 (i32.sub (i32.mul (i32.const 0x10000) (i32.const 0x10000)) (i32.const 1)))"
      "(global (export \"h\") i64 (i64.add (i64.mul (i64.const 3) (i64.const 5)) (i64.sub (i64.const 1) "
      "(i64.const 2))))"
      "(global (export \"i\") i32 (i32.add (global.get $a) (i32.const 3))))",
      NULL);
  ck_assert_uint_eq(global(in, "a"), 0xfffffffe); /* the unused high half is zero */
  ck_assert_uint_eq(global(in, "b"), (uint64_t)-3);
  ck_assert_uint_eq(global(in, "c"), 0x3fc00000);
  ck_assert_uint_eq(global(in, "d"), UINT64_C(1) << 63);
  ck_assert_uint_eq(global_get(get(in, "e").global).v128[8], 2);
  ck_assert_uint_eq(global(in, "f"), 0);
  ck_assert_uint_eq(global(in, "g"), 0xffffffff);
  ck_assert_uint_eq(global(in, "h"), 14);
  ck_assert_uint_eq(global(in, "i"), 1);
  struct externval none;
  ck_assert(!instance_export(in, slice_cstr("j"), &none));
  ck_assert(!instance_export(in, slice_cstr(""), &none));
  fixture_free(&f);
}
END_TEST

START_TEST(deep_constants_need_no_recursion) {
  struct fixture f;
  fixture_init(&f, false);
  struct buf wat;
  buf_init(&wat);
  buf_cstr(&wat, "(module (global (export \"g\") i32");
  for (int i = 0; i < 5000; i++)
    buf_cstr(&wat, " i32.const 1");
  for (int i = 0; i < 4999; i++)
    buf_cstr(&wat, " i32.add");
  buf_cstr(&wat, "))");
  buf_u8(&wat, 0);
  ck_assert_uint_eq(global(instance(&f, (const char *)wat.data, NULL), "g"), 5000);
  buf_free(&wat);
  fixture_free(&f);
}
END_TEST

/* ---- linking ---- */

static const char exporter[] =
    "(module (memory (export \"mem\") 2 4) (table (export \"tab\") 3 5 funcref) (tag (export \"tag\") (param "
    "i32))"
    "(global (export \"const\") i32 (i32.const 7)) (global (export \"var\") (mut i32) (i32.const 8))"
    "(global (export \"func\") (ref null nofunc) (ref.null nofunc)) (memory (export \"mem64\") i64 1))";

START_TEST(imports_match_or_are_refused) {
  static const struct {
    const char *name, *import, *refusal; /* NULL: accepted */
  } tries[] = {
      {"mem", "(memory 2)", NULL},
      {"mem", "(memory 0)", NULL},
      {"mem", "(memory 1 4)", NULL},
      {"mem", "(memory 1 9)", NULL},
      {"mem", "(memory 3)", "incompatible import type: \"m\" \"n\" should be (memory 3) but is (memory 2 4)"},
      {"mem", "(memory 1 3)",
       "incompatible import type: \"m\" \"n\" should be (memory 1 3) but is (memory 2 4)"},
      {"mem", "(memory i64 1)",
       "incompatible import type: \"m\" \"n\" should be (memory i64 1) but is (memory 2 4)"},
      {"mem64", "(memory i64 1)", NULL},
      {"mem64", "(memory 1)", "incompatible import type"},
      {"mem64", "(memory i64 1 8)", "incompatible import type"},
      {"tab", "(table 3 funcref)", NULL},
      {"tab", "(table 3 5 funcref)", NULL},
      {"tab", "(table 4 funcref)", "incompatible import type"},
      {"tab", "(table 3 externref)",
       "incompatible import type: \"m\" \"n\" should be (table 3 externref) but is "
       "(table 3 5 funcref)"},
      {"tab", "(table 3 (ref null nofunc))", "incompatible import type"},
      {"tag", "(tag (param i32))", NULL},
      {"tag", "(tag (param i64))",
       "incompatible import type: \"m\" \"n\" should be (tag (param i64)) but is (tag (param i32))"},
      {"const", "(global i32)", NULL},
      {"const", "(global (mut i32))", "incompatible import type"},
      {"const", "(global i64)", "incompatible import type"},
      {"var", "(global (mut i32))", NULL},
      {"var", "(global i32)",
       "incompatible import type: \"m\" \"n\" should be (global i32) but is (global (mut i32))"},
      {"func", "(global funcref)", NULL},
      {"func", "(global externref)", "incompatible import type"},
      {"mem", "(func (param i32 i64) (result f32))",
       "incompatible import type: \"m\" \"n\" should be "
       "(func (param i32 i64) (result f32)) but is (memory 2 4)"},
      {NULL, "(func (param i32))",
       "unknown import: \"m\" \"n\" is not defined; the module wants (func (param i32))"},
      {NULL, "(global i32)", "unknown import"},
  };
  struct fixture f;
  fixture_init(&f, false);
  f.store->limits.max_instances = 100;
  struct instance *from = instance(&f, exporter, NULL);
  for (size_t i = 0; i < COUNT_OF(tries); i++) {
    char wat[200];
    (void)snprintf(wat, sizeof wat, "(module (import \"m\" \"n\" %s))", tries[i].import);
    fixture_module(&f, wat);
    struct externval v = {.kind = EXTERN_FUNC, .object = NULL};
    if (tries[i].name) v = get(from, tries[i].name);
    struct error e;
    struct instance *in = try_instance(&f, &v, &e);
    if (!tries[i].refusal) {
      if (!in) ck_abort_msg("%s: %s", tries[i].import, e.message);
      continue;
    }
    ck_assert_msg(!in, "%s", tries[i].import);
    ck_assert(e.kind == ERROR_LINK);
    if (strncmp(e.message, tries[i].refusal, strlen(tries[i].refusal)) != 0) ck_abort_msg("%s", e.message);
  }
  fixture_free(&f);
}
END_TEST

START_TEST(functions_match_by_canonical_type) {
  struct fixture f;
  fixture_init(&f, false);
  fixture_module(&f, "(module (type $s (sub (func (param i32)))) (type $t (sub $s (func (param i32))))"
                     "(import \"m\" \"n\" (func (type $s))))");
  struct error e;
  struct externval v = {.kind = EXTERN_FUNC};
  ck_assert(host_func_new(f.store, f.module->canon_ids[1], NULL, NULL, NULL, &v.func, &e));
  ck_assert(link_match(f.store, f.module, 0, &v, &e));
  fixture_module(&f, "(module (type $s (sub (func (param i32)))) (type $t (sub $s (func (param i32))))"
                     "(import \"m\" \"n\" (func (type $t))) (import \"m\" \"n\" (func (param i32))))");
  ck_assert(link_match(f.store, f.module, 0, &v, &e));
  ck_assert(!link_match(f.store, f.module, 1, &v, &e)); /* the same shape, but final and another type */
  fixture_free(&f);
}
END_TEST

START_TEST(imports_are_shared) {
  struct fixture f;
  fixture_init(&f, false);
  struct instance *a = instance(&f, exporter, NULL);
  struct externval imports[] = {get(a, "mem"), get(a, "var"), get(a, "tab"), get(a, "const"), get(a, "tag")};
  struct instance *b = instance(
      &f,
      "(module (import \"a\" \"mem\" (memory 1)) (import \"a\" \"var\" (global (mut i32)))"
      "(import \"a\" \"tab\" (table 1 funcref)) (import \"a\" \"const\" (global i32))"
      "(import \"a\" \"tag\" (tag (param i32)))"
      "(memory (export \"own\") 1) (global (export \"sum\") i32 (i32.add (global.get 1) (i32.const 1)))"
      "(data (global.get 1) \"xyz\") (export \"mem\" (memory 0)) (export \"v\" (global 0))"
      "(export \"tag\" (tag 0)))",
      imports);
  ck_assert_ptr_eq(get(b, "mem").mem, imports[0].mem);
  ck_assert_ptr_eq(get(b, "v").global, imports[1].global);
  ck_assert_ptr_eq(get(b, "tag").tag, imports[4].tag);
  ck_assert_ptr_ne(get(b, "own").mem, imports[0].mem);
  ck_assert_ptr_eq(b->ctx->memory0, imports[0].mem->vm.base);
  ck_assert_mem_eq(imports[0].mem->vm.base + 7, "xyz", 3);
  ck_assert_uint_eq(global(b, "sum"), 8);
  ck_assert_ptr_null(b->exported_memory);
  fixture_free(&f);
}
END_TEST

/* ---- segments ---- */

START_TEST(segments_are_written_in_order_until_a_trap) {
  struct fixture f;
  fixture_init(&f, false);
  struct instance *a =
      instance(&f, "(module (memory (export \"memory\") 1) (table (export \"t\") 4 externref))", NULL);
  struct externval memory = get(a, "memory");
  ck_assert_ptr_eq(a->exported_memory, memory.mem);
  fixture_module(&f, "(module (import \"a\" \"m\" (memory 1)) (data (i32.const 0) \"one\")"
                     "(data (i32.const 65534) \"two\") (data (i32.const 8) \"three\"))");
  struct error e;
  ck_assert_ptr_null(try_instance(&f, &memory, &e));
  ck_assert(!error_is_set(&e));
  ck_assert_uint_eq(f.store->report.status, TRAP_MEMORY_OUT_OF_BOUNDS);
  ck_assert_uint_eq(f.store->report.total, 0);
  ck_assert_mem_eq(memory.mem->vm.base, "one", 3);
  ck_assert_uint_eq(memory.mem->vm.base[65534], 0); /* nothing of one that does not fit */
  ck_assert_uint_eq(memory.mem->vm.base[8], 0);     /* nothing behind it */

  struct externval table = get(a, "t");
  fixture_module(&f, "(module (import \"a\" \"t\" (table 1 externref)) (elem (table 0) (i32.const 3) "
                     "externref (ref.null extern)"
                     "(ref.null extern)))");
  ck_assert_ptr_null(try_instance(&f, &table, &e));
  ck_assert(!error_is_set(&e));
  ck_assert_uint_eq(f.store->report.status, TRAP_TABLE_OUT_OF_BOUNDS);
  fixture_free(&f);
}
END_TEST

CODE(nothing, "ret")

START_TEST(passive_segments_last_until_dropped) {
  struct fixture f;
  fixture_init(&f, false);
  fixture_module(
      &f, "(module (memory 1) (table 8 funcref) (func (export \"f\") unreachable) (data $d \"abcdef\")"
          "(elem $e func 0 0 0) (elem (i32.const 7) func 0) (elem $x funcref (ref.null func) (ref.func 0)))");
  struct code code = CODE_OF(&f, nothing);
  struct instance *in = fixture_instance(&f, &code, NULL);
  const struct vm_func *func = &fixture_func(in, "f")->vm;
  uint8_t *base = in->ctx->memory0;
  ck_assert_uint_eq(instance_memory_init(in, 0, 0, 10, 2, 4), TRAP_NONE);
  ck_assert_mem_eq(base + 9, "\0cdef", 6);
  ck_assert_uint_eq(instance_memory_init(in, 0, 0, 10, 3, 4), TRAP_MEMORY_OUT_OF_BOUNDS);
  ck_assert_uint_eq(instance_memory_init(in, 0, 0, 65535, 0, 2), TRAP_MEMORY_OUT_OF_BOUNDS);
  ck_assert_uint_eq(instance_memory_init(in, 0, 0, UINT64_MAX, 0, 2), TRAP_MEMORY_OUT_OF_BOUNDS);
  in->data_dropped[0] = 1;
  ck_assert_uint_eq(instance_memory_init(in, 0, 0, 0, 0, 1), TRAP_MEMORY_OUT_OF_BOUNDS);
  ck_assert_uint_eq(instance_memory_init(in, 0, 0, 65536, 0, 0), TRAP_NONE);
  struct vm_func **elems = instance_table(in, 0)->vm.elems;
  ck_assert_ptr_eq(elems[7], func);
  ck_assert_ptr_null(elems[6]);
  ck_assert_uint_eq(instance_table_init(in, 0, 0, 0, 1, 2), TRAP_NONE);
  ck_assert(elems[0] == func && elems[1] == func && !elems[2]);
  ck_assert_uint_eq(instance_table_init(in, 0, 2, 0, 0, 2), TRAP_NONE);
  ck_assert(!elems[0] && elems[1] == func);
  ck_assert_uint_eq(instance_table_init(in, 0, 0, 0, 2, 2), TRAP_TABLE_OUT_OF_BOUNDS);
  ck_assert_uint_eq(instance_table_init(in, 0, 0, 7, 0, 2), TRAP_TABLE_OUT_OF_BOUNDS);
  ck_assert_uint_eq(instance_table_init(in, 0, 1, 0, 0, 1), TRAP_TABLE_OUT_OF_BOUNDS); /* active: dropped */
  fixture_free(&f);
}
END_TEST

CODE(store_42, "mov dword ptr [r14], 42; ret")

START_TEST(start_function_runs_last) {
  struct fixture f;
  fixture_init(&f, false);
  fixture_module(&f, "(module (memory 1) (data (i32.const 0) \"zz\") (start 0) (func unreachable))");
  struct code code = CODE_OF(&f, store_42);
  struct instance *in = fixture_instance(&f, &code, NULL);
  ck_assert_uint_eq(in->ctx->memory0[0], 42);
  ck_assert_uint_eq(in->ctx->memory0[1], 0);
  fixture_free(&f);
}
END_TEST

START_TEST(constants_may_be_objects) {
  struct fixture f;
  fixture_init(&f, false);
  fixture_module(&f, "(module (type $p (struct (field i8) (field i64)))"
                     " (global i31ref (ref.i31 (i32.const -1)))"
                     " (global (ref $p) (struct.new $p (i32.const 300) (i64.const 7))))");
  struct instance *in = fixture_instance(&f, NULL, NULL);
  ck_assert_uint_eq(global_get(instance_global(in, 0)).ref, UINT32_MAX);
  uint32_t ref = global_get(instance_global(in, 1)).ref;
  ck_assert(ref_is_object(ref));
  uint32_t type = in->module->canon_ids[0];
  const uint8_t *base = in->ctx->heap;
  ck_assert_uint_eq(object_load(base, ref, object_field(f.store->canon, type, 0)).i32, 300 % 256);
  ck_assert_uint_eq(object_load(base, ref, object_field(f.store->canon, type, 1)).i64, 7);
  fixture_free(&f);
}
END_TEST

/* ---- limits, lack of memory, handles ---- */

START_TEST(limits_of_the_store) {
  struct fixture f;
  fixture_init(&f, false);
  struct error e;
  f.store->limits.max_instances = 1;
  f.store->limits.max_memories = 1;
  f.store->limits.max_tables = 1;
  fixture_module(&f, "(module (memory 1) (memory 1))");
  ck_assert_ptr_null(try_instance(&f, NULL, &e));
  ck_assert(e.kind == ERROR_LIMIT);
  fixture_module(&f, "(module)");
  ck_assert_ptr_null(try_instance(&f, NULL, &e));
  ck_assert(e.kind == ERROR_LIMIT);
  f.store->limits.max_instances = 10;
  fixture_module(&f, "(module (table 1 funcref) (table 1 funcref))");
  ck_assert_ptr_null(try_instance(&f, NULL, &e));
  ck_assert(e.kind == ERROR_LIMIT);
  fixture_free(&f);
}
END_TEST

START_TEST(every_allocation_may_fail) {
  for (int64_t n = 0;; n++) {
    struct fixture f;
    fixture_init(&f, false);
    fixture_module(
        &f, "(module (memory (export \"m\") 1 2) (table 2 funcref) (global (export \"g\") i32 (i32.const 1))"
            "(tag) (elem (i32.const 0) funcref (ref.null func)) (data (i32.const 0) \"abc\"))");
    struct error e;
    alloc_fail_after(n, true);
    struct instance *in = try_instance(&f, NULL, &e);
    struct externval v;
    bool found = in && instance_export(in, slice_cstr("g"), &v); /* works without its hash table */
    uint32_t handle = in ? store_handle(f.store, HANDLE_INSTANCE, in, &in->handle) : 0;
    alloc_fail_after(-1, false);
    if (!in) ck_assert(e.kind == ERROR_MEMORY);
    if (in) ck_assert(found);
    fixture_free(&f);
    if (handle) break;
    ck_assert_int_lt(n, 1000);
  }
}
END_TEST

START_TEST(handles_name_one_thing_each) {
  struct fixture f;
  fixture_init(&f, false);
  struct instance *in = instance(&f, exporter, NULL);
  struct externval mem = get(in, "mem"), tab = get(in, "tab");
  uint32_t h = store_handle(f.store, HANDLE_MEMORY, mem.mem, &mem.mem->handle);
  ck_assert_uint_ne(h, 0);
  ck_assert_uint_eq(store_handle(f.store, HANDLE_MEMORY, mem.mem, &mem.mem->handle), h);
  uint32_t t = store_handle(f.store, HANDLE_TABLE, tab.table, &tab.table->handle);
  ck_assert_uint_ne(t, h);
  ck_assert_ptr_eq(store_object(f.store, HANDLE_MEMORY, h), mem.mem);
  ck_assert_ptr_eq(store_object(f.store, HANDLE_TABLE, t), tab.table);
  ck_assert_ptr_null(store_object(f.store, HANDLE_TABLE, h));
  ck_assert_ptr_null(store_object(f.store, HANDLE_MEMORY, 0));
  ck_assert_ptr_null(store_object(f.store, HANDLE_MEMORY, t + 1));
  ck_assert_ptr_null(store_object(f.store, HANDLE_MEMORY, UINT64_MAX));
  size_t scope = store_scope_open(f.store);
  struct value ref = value_default(VT_EXTERNREF);
  uint32_t r = store_ref_new(f.store, &ref);
  ck_assert_ptr_nonnull(store_ref(f.store, r));
  store_scope_close(f.store, scope);
  ck_assert_ptr_null(store_ref(f.store, r));
  fixture_free(&f);
}
END_TEST

int main(void) {
  return UNIT_RUN("runtime/instance", constants_are_evaluated, deep_constants_need_no_recursion,
                  imports_match_or_are_refused, functions_match_by_canonical_type, imports_are_shared,
                  segments_are_written_in_order_until_a_trap, passive_segments_last_until_dropped,
                  start_function_runs_last, constants_may_be_objects, limits_of_the_store,
                  every_allocation_may_fail, handles_name_one_thing_each);
}
