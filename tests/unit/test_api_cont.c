/* Continuations of the host through the public header: guests in plain WebAssembly that host functions
 * suspend, with a collection at every allocation; and every misuse. */
#include "api_unit.h"

#include "api/api.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct fixture {
  heddle_engine_t *engine;
  heddle_store_t *store;
  heddle_linker_t *linker;
  heddle_instance_t instance;
  heddle_tag_t yield; /* (param i32) (result i32) */
  heddle_tag_t many;  /* 9 i64, a f64, an externref -> 9 i64, a f64, an externref */
  heddle_ref_t kept;  /* for callbacks */
  int mode;
};

static void traps(heddle_error_t *error, heddle_trap_t trap) {
  heddle_trap_t found = HEDDLE_TRAP_NONE;
  ck_assert_ptr_nonnull(error);
  ck_assert(heddle_error_trap(error, &found));
  ck_assert_int_eq(found, trap);
  heddle_error_delete(error);
}

static heddle_val_t i32(int32_t x) { return (heddle_val_t){.type = HEDDLE_I32, .of.i32 = x}; }
static heddle_val_t i64(int64_t x) { return (heddle_val_t){.type = HEDDLE_I64, .of.i64 = x}; }

static const heddle_valtype_t types_i32[] = {HEDDLE_I32};
static const heddle_functype_t type_i32_i32 = {types_i32, 1, types_i32, 1};
static const heddle_valtype_t types_many[] = {HEDDLE_I64, HEDDLE_I64, HEDDLE_I64,      HEDDLE_I64,
                                              HEDDLE_I64, HEDDLE_I64, HEDDLE_I64,      HEDDLE_I64,
                                              HEDDLE_I64, HEDDLE_F64, HEDDLE_EXTERNREF};
enum { MANY = 11 };
static const heddle_functype_t type_many = {types_many, MANY, types_many, MANY};

/* yield(x): suspends with x; what it is resumed with is the result. */
static heddle_error_t *yield(void *env, heddle_caller_t *caller, const heddle_val_t *args, size_t nargs,
                             heddle_val_t *results, size_t nresults) {
  struct fixture *f = env;
  (void)nargs, (void)results, (void)nresults;
  return heddle_host_suspend(caller, f->yield, args, 1);
}
static heddle_error_t *yield_many(void *env, heddle_caller_t *caller, const heddle_val_t *args, size_t nargs,
                                  heddle_val_t *results, size_t nresults) {
  struct fixture *f = env;
  (void)results, (void)nresults;
  return heddle_host_suspend(caller, f->many, args, nargs);
}

static heddle_error_t *nest(void *env, heddle_caller_t *caller, const heddle_val_t *args, size_t nargs,
                            heddle_val_t *results, size_t nresults);

static const char guest[] =
    "(module"
    " (import \"h\" \"yield\" (func $yield (param i32) (result i32)))"
    " (import \"h\" \"many\" (func $many (param i64 i64 i64 i64 i64 i64 i64 i64 i64 f64 externref)"
    "   (result i64 i64 i64 i64 i64 i64 i64 i64 i64 f64 externref)))"
    " (import \"h\" \"nest\" (func $nest (param i32) (result i32)))"
    " (tag $e (export \"e\") (param i32)) (table (export \"t\") 2 externref) (memory 1)"
    " (func (export \"one\") (param i32) (result i32)"
    "   (i32.add (i32.const 1000) (call $yield (local.get 0))))"
    /* sum of what it is resumed with, until that is 0 */
    " (func (export \"sum\") (param $x i32) (result i32) (local $s i32)"
    "   (loop $l (local.set $x (call $yield (local.get $x)))"
    "     (local.set $s (i32.add (local.get $s) (local.get $x)))"
    "     (br_if $l (local.get $x)))"
    "   (local.get $s))"
    /* deep: n frames, then a suspension, and a frame of each kind of saved register */
    " (func $deep (export \"deep\") (param $n i32) (result i32)"
    "   (if (result i32) (local.get $n)"
    "     (then (i32.add (local.get $n) (call $deep (i32.sub (local.get $n) (i32.const 1)))))"
    "     (else (call $yield (i32.const 77)))))"
    " (func (export \"catch\") (param i32) (result i32) (local $a i32)"
    "   (local.set $a (i32.mul (local.get 0) (i32.const 9)))"
    "   (i32.add (call $catch (local.get 0)) (local.get $a)))"
    " (func $catch (param i32) (result i32)"
    "   (block $h (result i32) (try_table (result i32) (catch $e $h) (call $yield (local.get 0))) (return))"
    "   (i32.add (i32.const 500)))"
    " (func (export \"echo\") (param i64 externref) (result i64 i64 i64 i64 i64 i64 i64 i64 i64 f64 "
    "externref)"
    "   (call $many (local.get 0) (i64.add (local.get 0) (i64.const 1)) (i64.add (local.get 0) (i64.const 2))"
    "     (i64.add (local.get 0) (i64.const 3)) (i64.add (local.get 0) (i64.const 4))"
    "     (i64.add (local.get 0) (i64.const 5)) (i64.add (local.get 0) (i64.const 6))"
    "     (i64.add (local.get 0) (i64.const 7)) (i64.add (local.get 0) (i64.const 8))"
    "     (f64.const 2.5) (local.get 1)))"
    " (func (export \"add3\") (param i32 i32 i32) (result i32)"
    "   (i32.sub (i32.add (local.get 0) (local.get 1)) (local.get 2)))"
    " (func (export \"nested\") (param i32) (result i32) (i32.add (i32.const 1) (call $nest (local.get 0))))"
    " (func (export \"trap\") (param i32) (result i32)"
    "   (drop (call $yield (local.get 0))) (i32.load (i32.const -1)))"
    " (func (export \"spin\") (param i32) (result i32) (loop (br 0)) (unreachable))"
    " (func (export \"hold\") (param $r externref) (param $x i32) (result externref)"
    "   (drop (call $yield (local.get $x))) (local.get $r)))";

static void define(struct fixture *f, const char *name, const heddle_functype_t *type,
                   heddle_callback_t callback) {
  no_error(heddle_linker_define_func(f->linker, "h", name, type, callback, f, NULL));
}

static void setup_with(struct fixture *f, const char *const *options) {
  heddle_config_t *config = heddle_config_new();
  memset(f, 0, sizeof *f);
  for (; *options; options += 2)
    no_error(heddle_config_set(config, options[0], options[1]));
  no_error(heddle_engine_new(config, &f->engine));
  heddle_config_delete(config);
  no_error(heddle_store_new(f->engine, NULL, &f->store));
  f->linker = heddle_linker_new(f->engine);
  define(f, "yield", &type_i32_i32, yield);
  define(f, "many", &type_many, yield_many);
  define(f, "nest", &type_i32_i32, nest);
  no_error(heddle_tag_new(f->store, &type_i32_i32, &f->yield));
  no_error(heddle_tag_new(f->store, &type_many, &f->many));
  heddle_module_t *module;
  heddle_bytes_t wasm;
  no_error(heddle_wat_to_wasm(f->engine, guest, strlen(guest), &wasm));
  no_error(heddle_module_new(f->engine, wasm.data, wasm.len, &module));
  heddle_bytes_delete(&wasm);
  no_error(heddle_instantiate(f->linker, f->store, module, &f->instance));
  heddle_module_delete(module);
}

static void setup(struct fixture *f, bool stress) {
  const char *options[] = {"gc-stress",
                           stress ? "y" : "n",
                           "gc-verify",
                           stress ? "y" : "n",
                           "max-gc-heap-size",
                           stress ? "2M" : "0",
                           "interruption",
                           "y",
                           NULL};
  setup_with(f, options);
}

static void teardown(struct fixture *f) {
  heddle_linker_delete(f->linker);
  heddle_store_delete(f->store);
  heddle_engine_delete(f->engine);
}

static heddle_func_t func(struct fixture *f, const char *name) {
  heddle_extern_t ext;
  ck_assert(heddle_instance_export(f->store, f->instance, (heddle_str_t){name, strlen(name)}, &ext));
  return ext.of.func;
}

static heddle_ref_t cont(struct fixture *f, const char *name) {
  heddle_ref_t k;
  no_error(heddle_cont_new(f->store, func(f, name), &k));
  return k;
}

struct end {
  heddle_outcome_t outcome;
  heddle_suspension_t s;
  int32_t result;
};

/* Resumes a continuation [i32] -> [i32] with x. */
static heddle_error_t *resume(struct fixture *f, heddle_ref_t k, int32_t x, struct end *end) {
  heddle_val_t arg = i32(x), result = {0};
  heddle_error_t *error =
      heddle_cont_resume(f->store, k, NULL, 0, &arg, 1, &result, 1, &end->outcome, &end->s);
  end->result = result.of.i32;
  return error;
}

static void returns(struct fixture *f, heddle_ref_t k, int32_t x, int32_t want) {
  struct end end;
  no_error(resume(f, k, x, &end));
  ck_assert_int_eq(end.outcome, HEDDLE_RETURNED);
  ck_assert_int_eq(end.result, want);
}

static heddle_ref_t suspends(struct fixture *f, heddle_ref_t k, int32_t x, int32_t want) {
  struct end end;
  no_error(resume(f, k, x, &end));
  ck_assert_int_eq(end.outcome, HEDDLE_SUSPENDED);
  ck_assert_uint_eq(end.s.tag.index, f->yield.index);
  ck_assert_uint_eq(end.s.npayload, 1);
  ck_assert_int_eq(end.s.payload[0].of.i32, want);
  return end.s.cont;
}

static bool count_visit(void *env, const heddle_stack_t *stack) {
  (void)stack;
  ++*(size_t *)env;
  return true;
}
static size_t suspended(struct fixture *f) {
  size_t n = 0;
  no_error(heddle_store_suspended(f->store, count_visit, &n));
  return n;
}

static heddle_error_t *nest(void *env, heddle_caller_t *caller, const heddle_val_t *args, size_t nargs,
                            heddle_val_t *results, size_t nresults) {
  struct fixture *f = env;
  (void)caller, (void)nargs, (void)nresults;
  heddle_val_t result = {0};
  switch (f->mode) {
  case 0: { /* an inner suspension ends at this call's own resume */
    heddle_ref_t k = suspends(f, cont(f, "sum"), 5, 5);
    k = suspends(f, k, 6, 6);
    returns(f, k, 0, 6);
    results[0] = i32(args[0].of.i32 + 6);
    return NULL;
  }
  case 1: return heddle_call(f->store, func(f, "one"), args, 1, results, 1); /* nobody handles it in there */
  case 2: /* resumes what the outer host suspended */
    returns(f, f->kept, 40, 1040);
    results[0] = i32(1);
    return NULL;
  case 3: /* recursion through the host, each on a stack of its own */
    if (args[0].of.i32) {
      heddle_val_t arg = i32(args[0].of.i32 - 1);
      heddle_outcome_t outcome;
      heddle_error_t *error =
          heddle_cont_resume(f->store, cont(f, "nested"), NULL, 0, &arg, 1, &result, 1, &outcome, NULL);
      if (error) return error;
    }
    results[0] = result.of.i32 ? result : i32(0);
    return NULL;
  case 4: return heddle_error_new_exit(7);
  default: return heddle_error_new("unknown mode");
  }
}

/* ---- the simple life ---- */

static void life(bool stress) {
  struct fixture f;
  setup(&f, stress);
  for (int round = 0; round < 20; round++) {
    size_t scope = heddle_scope_open(f.store);
    heddle_ref_t k = suspends(&f, cont(&f, "one"), 7, 7);
    ck_assert_uint_ge(suspended(&f), 1);
    returns(&f, k, 34, 1034);
    k = cont(&f, "sum");
    for (int i = 101; i > 0; i--)
      k = suspends(&f, k, i, i);
    returns(&f, k, 0, 5050); /* 101 was its argument */
    returns(&f, suspends(&f, cont(&f, "deep"), 100, 77), 1, 5051);
    heddle_scope_close(f.store, scope);
  }
  heddle_gc(f.store);
  ck_assert_uint_eq(suspended(&f), 0);
  teardown(&f);
}
START_TEST(suspended_and_resumed) {
  life(false);
  life(true);
}
END_TEST

START_TEST(many_values) {
  struct fixture f;
  setup(&f, true);
  int mark[2];
  heddle_val_t args[2] = {i64(100), {.type = HEDDLE_EXTERNREF}}, back[MANY], results[MANY];
  for (int round = 0; round < 50; round++) {
    size_t scope = heddle_scope_open(f.store);
    no_error(heddle_externref_new(f.store, &mark[0], NULL, &args[1].of.ref));
    heddle_outcome_t outcome;
    heddle_suspension_t s;
    no_error(heddle_cont_resume(f.store, cont(&f, "echo"), NULL, 0, args, 2, results, MANY, &outcome, &s));
    ck_assert_int_eq(outcome, HEDDLE_SUSPENDED);
    ck_assert_uint_eq(s.tag.index, f.many.index);
    ck_assert_uint_eq(s.npayload, MANY);
    for (int i = 0; i < 9; i++)
      ck_assert_int_eq(s.payload[i].of.i64, 100 + i);
    ck_assert(s.payload[9].of.f64 == 2.5);
    void *data;
    no_error(heddle_externref_data(f.store, s.payload[10].of.ref, &data));
    ck_assert_ptr_eq(data, &mark[0]);
    for (int i = 0; i < 9; i++)
      back[i] = i64(200 + i);
    back[9] = (heddle_val_t){.type = HEDDLE_F64, .of.f64 = -1.5};
    back[10] = (heddle_val_t){.type = HEDDLE_EXTERNREF};
    no_error(heddle_externref_new(f.store, &mark[1], NULL, &back[10].of.ref));
    /* In two parts: five are bound, the rest comes with the resume. */
    heddle_ref_t k = s.cont;
    if (round % 2) no_error(heddle_cont_bind(f.store, k, back, 5, &k));
    size_t bound = round % 2 ? 5 : 0;
    heddle_functype_t type;
    no_error(heddle_cont_type(f.store, k, &type));
    ck_assert_uint_eq(type.nparams, MANY - bound);
    ck_assert_uint_eq(type.nresults, MANY);
    no_error(
        heddle_cont_resume(f.store, k, NULL, 0, back + bound, MANY - bound, results, MANY, &outcome, &s));
    ck_assert_int_eq(outcome, HEDDLE_RETURNED);
    for (int i = 0; i < 9; i++)
      ck_assert_int_eq(results[i].of.i64, 200 + i);
    ck_assert(results[9].of.f64 == -1.5);
    no_error(heddle_externref_data(f.store, results[10].of.ref, &data));
    ck_assert_ptr_eq(data, &mark[1]);
    heddle_scope_close(f.store, scope);
  }
  teardown(&f);
}
END_TEST

START_TEST(bound) {
  struct fixture f;
  setup(&f, true);
  heddle_val_t args[3] = {i32(10), i32(20), i32(3)}, result;
  heddle_outcome_t outcome;
  heddle_ref_t k = cont(&f, "add3"), old = k;
  no_error(heddle_cont_bind(f.store, k, NULL, 0, &k));
  traps(heddle_cont_bind(f.store, old, NULL, 0, &old), HEDDLE_TRAP_CONTINUATION_CONSUMED);
  no_error(heddle_cont_bind(f.store, k, args, 1, &k));
  no_error(heddle_cont_bind(f.store, k, args + 1, 1, &k));
  fails(heddle_cont_bind(f.store, k, args, 2, &old), HEDDLE_ERROR_USAGE);
  fails(heddle_cont_bind(f.store, k, (heddle_val_t[]){i64(1)}, 1, &old), HEDDLE_ERROR_USAGE);
  no_error(heddle_cont_resume(f.store, k, NULL, 0, args + 2, 1, &result, 1, &outcome, NULL));
  ck_assert_int_eq(result.of.i32, 27);
  teardown(&f);
}
END_TEST

/* ---- ends ---- */

static heddle_ref_t exception(struct fixture *f, int32_t x) {
  heddle_extern_t tag;
  heddle_ref_t exn;
  heddle_val_t payload = i32(x);
  ck_assert(heddle_instance_export(f->store, f->instance, (heddle_str_t){"e", 1}, &tag));
  no_error(heddle_exn_new(f->store, tag.of.tag, &payload, 1, &exn));
  return exn;
}

START_TEST(thrown_into) {
  struct fixture f;
  setup(&f, true);
  heddle_val_t result;
  heddle_outcome_t outcome;
  heddle_suspension_t s;
  for (int round = 0; round < 20; round++) {
    heddle_ref_t k = suspends(&f, cont(&f, "catch"), 1, 1);
    no_error(heddle_cont_throw(f.store, k, exception(&f, 11), NULL, 0, &result, 1, &outcome, &s));
    ck_assert_int_eq(outcome, HEDDLE_RETURNED);
    ck_assert_int_eq(result.of.i32, 511 + 9);
    k = suspends(&f, cont(&f, "deep"), 20, 77);
    heddle_error_t *error =
        heddle_cont_throw(f.store, k, exception(&f, 12), NULL, 0, &result, 1, &outcome, &s);
    ck_assert_ptr_nonnull(error);
    ck_assert_uint_eq(heddle_error_frames(error, NULL, 0, NULL), 21);
    fails(error, HEDDLE_ERROR_EXCEPTION);
    traps(resume(&f, k, 0, &(struct end){0}), HEDDLE_TRAP_CONTINUATION_CONSUMED);
    /* fresh: nothing of it runs */
    fails(heddle_cont_throw(f.store, cont(&f, "catch"), exception(&f, 13), NULL, 0, &result, 1, &outcome, &s),
          HEDDLE_ERROR_EXCEPTION);
  }
  traps(heddle_cont_throw(f.store, cont(&f, "catch"), (heddle_ref_t){0}, NULL, 0, &result, 1, &outcome, &s),
        HEDDLE_TRAP_NULL_EXCEPTION_REFERENCE);
  fails(heddle_cont_throw(f.store, cont(&f, "catch"), cont(&f, "catch"), NULL, 0, &result, 1, &outcome, &s),
        HEDDLE_ERROR_USAGE);
  teardown(&f);
}
END_TEST

START_TEST(traps_and_exits) {
  struct fixture f;
  setup(&f, true);
  heddle_frame_t frames[8];
  size_t total;
  for (int round = 0; round < 20; round++) {
    heddle_error_t *error = resume(&f, suspends(&f, cont(&f, "trap"), 1, 1), 2, &(struct end){0});
    ck_assert_ptr_nonnull(error);
    ck_assert_uint_eq(heddle_error_frames(error, frames, 8, &total), 1);
    ck_assert_uint_ne(frames[0].stack_id, 0);
    traps(error, HEDDLE_TRAP_MEMORY_OUT_OF_BOUNDS);
    f.mode = 4;
    int32_t code = 0;
    error = resume(&f, cont(&f, "nested"), 1, &(struct end){0});
    ck_assert(heddle_error_exit_code(error, &code));
    ck_assert_int_eq(code, 7);
    fails(error, HEDDLE_ERROR_EXIT);
  }
  heddle_interrupt_t *interrupt;
  no_error(heddle_store_interrupt(f.store, &interrupt));
  heddle_ref_t k = suspends(&f, cont(&f, "one"), 1, 1);
  heddle_interrupt_raise(interrupt);
  traps(resume(&f, k, 1, &(struct end){0}), HEDDLE_TRAP_INTERRUPT);
  heddle_interrupt_clear(interrupt);
  returns(&f, k, 1, 1001); /* nothing had run, and it is still there */
  heddle_interrupt_delete(interrupt);
  teardown(&f);
}
END_TEST

START_TEST(dropped) {
  struct fixture f;
  setup(&f, false);
  heddle_ref_t fresh = cont(&f, "one"), waiting = suspends(&f, cont(&f, "deep"), 1000, 77), bound_one;
  heddle_val_t arg = i32(1);
  no_error(heddle_cont_bind(f.store, cont(&f, "one"), &arg, 1, &bound_one));
  ck_assert_uint_eq(suspended(&f), 3);
  no_error(heddle_cont_drop(f.store, waiting));
  ck_assert_uint_eq(suspended(&f), 2);
  no_error(heddle_cont_drop(f.store, fresh));
  no_error(heddle_cont_drop(f.store, bound_one));
  ck_assert_uint_eq(suspended(&f), 0);
  traps(heddle_cont_drop(f.store, fresh), HEDDLE_TRAP_CONTINUATION_CONSUMED);
  traps(resume(&f, waiting, 0, &(struct end){0}), HEDDLE_TRAP_CONTINUATION_CONSUMED);
  teardown(&f);
}
END_TEST

/* ---- handlers ---- */

START_TEST(chosen_tags) {
  struct fixture f;
  setup(&f, true);
  struct end end;
  heddle_val_t arg = i32(3), result;
  heddle_tag_t tag;
  heddle_error_t *error =
      heddle_cont_resume(f.store, cont(&f, "one"), &f.many, 1, &arg, 1, &result, 1, &end.outcome, &end.s);
  ck_assert_ptr_nonnull(error);
  ck_assert(heddle_error_tag(error, &tag));
  ck_assert_uint_eq(tag.index, f.yield.index);
  fails(error, HEDDLE_ERROR_SUSPENDED);
  const heddle_tag_t both[2] = {f.many, f.yield};
  no_error(heddle_cont_resume(f.store, cont(&f, "one"), both, 2, &arg, 1, &result, 1, &end.outcome, &end.s));
  ck_assert_int_eq(end.outcome, HEDDLE_SUSPENDED);
  /* a plain call has no handlers at all */
  error = heddle_call(f.store, func(&f, "one"), &arg, 1, &result, 1);
  ck_assert(error && heddle_error_tag(error, &tag));
  fails(error, HEDDLE_ERROR_SUSPENDED);
  returns(&f, end.s.cont, 1, 1001);
  /* more tags than there is room for on the stack */
  heddle_tag_t all[40];
  for (int i = 0; i < 40; i++)
    all[i] = i == 39 ? f.yield : f.many;
  no_error(heddle_cont_resume(f.store, cont(&f, "one"), all, 40, &arg, 1, &result, 1, &end.outcome, NULL));
  ck_assert_int_eq(end.outcome, HEDDLE_SUSPENDED);
  teardown(&f);
}
END_TEST

START_TEST(from_host_functions) {
  struct fixture f;
  setup(&f, true);
  f.mode = 0;
  returns(&f, cont(&f, "nested"), 20, 27);
  f.mode = 1;
  fails(resume(&f, cont(&f, "nested"), 20, &(struct end){0}), HEDDLE_ERROR_SUSPENDED);
  f.mode = 2;
  no_error(heddle_root(f.store, suspends(&f, cont(&f, "one"), 1, 1), &f.kept));
  returns(&f, cont(&f, "nested"), 20, 2);
  traps(resume(&f, f.kept, 1, &(struct end){0}), HEDDLE_TRAP_CONTINUATION_CONSUMED);
  f.mode = 3;
  returns(&f, cont(&f, "nested"), 50, 51);
  struct end end;
  traps(resume(&f, cont(&f, "nested"), 1000000, &end), HEDDLE_TRAP_STACK_EXHAUSTED);
  returns(&f, cont(&f, "nested"), 50, 51);
  teardown(&f);
}
END_TEST

/* ---- misuse ---- */

static heddle_error_t *bad_suspend(void *env, heddle_caller_t *caller, const heddle_val_t *args, size_t nargs,
                                   heddle_val_t *results, size_t nresults) {
  struct fixture *f = env;
  static heddle_error_t *late;
  (void)nargs, (void)results, (void)nresults;
  heddle_val_t wrong = i64(1);
  switch (f->mode) {
  case 0: return heddle_host_suspend(caller, f->yield, args, 0);
  case 1: return heddle_host_suspend(caller, f->yield, &wrong, 1);
  case 2: return heddle_host_suspend(caller, f->many, args, MANY);
  case 3: return heddle_host_suspend(caller, (heddle_tag_t){f->yield.store + 1, f->yield.index}, args, 1);
  case 4: /* made and thrown away: no effect */
    heddle_error_delete(heddle_host_suspend(caller, f->yield, args, 1));
    results[0] = i32(4);
    return NULL;
  case 5: /* wrapped: an error like any other */
    return heddle_error_context(heddle_host_suspend(caller, f->yield, args, 1), "outer");
  case 6: /* kept for another function */
    late = heddle_host_suspend(caller, f->yield, args, 1);
    results[0] = i32(6);
    return NULL;
  case 7: return late;
  default: return NULL;
  }
}

/* [] -> []: no type for the tag yield. */
static heddle_error_t *other_function(void *env, heddle_caller_t *caller, const heddle_val_t *args,
                                      size_t nargs, heddle_val_t *results, size_t nresults) {
  ((struct fixture *)env)->mode = 7;
  return bad_suspend(env, caller, args, nargs, results, nresults);
}

START_TEST(bad_suspensions) {
  struct fixture f;
  setup(&f, true);
  heddle_func_t bad, other;
  no_error(heddle_func_new(f.store, &type_i32_i32, bad_suspend, &f, NULL, &bad));
  no_error(heddle_func_new(f.store, &(heddle_functype_t){0}, other_function, &f, NULL, &other));
  heddle_val_t arg = i32(1), result;
  heddle_outcome_t outcome;
  for (f.mode = 0; f.mode < 7; f.mode++) {
    heddle_ref_t k;
    no_error(heddle_cont_new(f.store, bad, &k));
    heddle_error_t *error = heddle_cont_resume(f.store, k, NULL, 0, &arg, 1, &result, 1, &outcome, NULL);
    if (f.mode < 4)
      fails(error, HEDDLE_ERROR_USAGE);
    else if (f.mode == 5)
      fails(error, HEDDLE_ERROR_SUSPENDED);
    else
      no_error(error);
    ck_assert(error || result.of.i32 == f.mode);
  }
  heddle_ref_t k;
  no_error(heddle_cont_new(f.store, other, &k));
  fails(heddle_cont_resume(f.store, k, NULL, 0, NULL, 0, NULL, 0, &outcome, NULL), HEDDLE_ERROR_USAGE);
  teardown(&f);
}
END_TEST

/* A host function is a continuation's body: it suspends and has no guest's frame. */
START_TEST(host_function_as_body) {
  struct fixture f;
  setup(&f, true);
  heddle_func_t body;
  heddle_ref_t k;
  no_error(heddle_func_new(f.store, &type_i32_i32, yield, &f, NULL, &body));
  for (int round = 0; round < 20; round++) {
    no_error(heddle_cont_new(f.store, body, &k));
    k = suspends(&f, k, 5, 5);
    returns(&f, k, 6, 6);
  }
  no_error(heddle_func_new(f.store, &type_many, yield_many, &f, NULL, &body));
  heddle_val_t values[MANY], results[MANY];
  heddle_outcome_t outcome;
  heddle_suspension_t s;
  for (int i = 0; i < MANY; i++)
    values[i] = i < 9 ? i64(i) : (heddle_val_t){.type = i == 9 ? HEDDLE_F64 : HEDDLE_EXTERNREF};
  no_error(heddle_cont_new(f.store, body, &k));
  no_error(heddle_cont_resume(f.store, k, NULL, 0, values, MANY, results, MANY, &outcome, &s));
  for (int i = 0; i < 9; i++)
    ck_assert_int_eq(s.payload[i].of.i64, i);
  no_error(heddle_cont_resume(f.store, s.cont, NULL, 0, values, MANY, results, MANY, &outcome, &s));
  for (int i = 0; i < 9; i++)
    ck_assert_int_eq(results[i].of.i64, i);
  teardown(&f);
}
END_TEST

static void *resume_elsewhere(void *env) {
  struct fixture *f = env;
  fails(resume(f, f->kept, 1, &(struct end){0}), HEDDLE_ERROR_USAGE);
  heddle_ref_t k;
  fails(heddle_cont_new(f->store, func(f, "one"), &k), HEDDLE_ERROR_USAGE);
  heddle_val_t arg = i32(1), result;
  fails(heddle_call(f->store, func(f, "one"), &arg, 1, &result, 1), HEDDLE_ERROR_USAGE);
  return NULL;
}
static heddle_error_t *from_another_thread(void *env, heddle_caller_t *caller, const heddle_val_t *args,
                                           size_t nargs, heddle_val_t *results, size_t nresults) {
  (void)caller, (void)nargs, (void)nresults;
  pthread_t thread;
  ck_assert_int_eq(pthread_create(&thread, NULL, resume_elsewhere, env), 0);
  pthread_join(thread, NULL);
  results[0] = args[0];
  return NULL;
}

START_TEST(misuse) {
  struct fixture f, g;
  setup(&f, true);
  setup(&g, true);
  heddle_val_t arg = i32(1), result;
  heddle_outcome_t outcome;
  heddle_suspension_t s;
  heddle_ref_t k = cont(&f, "one"), ref, out;
  heddle_functype_t type;
  heddle_store_t *store = f.store;
  /* another store's */
  fails(heddle_cont_resume(g.store, k, NULL, 0, &arg, 1, &result, 1, &outcome, &s), HEDDLE_ERROR_USAGE);
  fails(heddle_cont_drop(g.store, k), HEDDLE_ERROR_USAGE);
  fails(heddle_cont_bind(g.store, k, NULL, 0, &out), HEDDLE_ERROR_USAGE);
  fails(heddle_cont_new(g.store, func(&f, "one"), &out), HEDDLE_ERROR_USAGE);
  fails(heddle_cont_resume(store, k, &g.yield, 1, &arg, 1, &result, 1, &outcome, &s), HEDDLE_ERROR_USAGE);
  fails(heddle_cont_throw(store, k, exception(&g, 1), NULL, 0, &result, 1, &outcome, &s), HEDDLE_ERROR_USAGE);
  fails(heddle_root(g.store, k, &out), HEDDLE_ERROR_USAGE);
  heddle_unroot(g.store, k);
  /* wrong numbers and types: it is as it was */
  fails(heddle_cont_resume(store, k, NULL, 0, NULL, 0, &result, 1, &outcome, &s), HEDDLE_ERROR_USAGE);
  fails(heddle_cont_resume(store, k, NULL, 0, &arg, 1, NULL, 0, &outcome, &s), HEDDLE_ERROR_USAGE);
  arg = i64(1);
  fails(heddle_cont_resume(store, k, NULL, 0, &arg, 1, &result, 1, &outcome, &s), HEDDLE_ERROR_USAGE);
  fails(heddle_cont_bind(store, k, &arg, 1, &out), HEDDLE_ERROR_USAGE);
  /* no continuation */
  no_error(heddle_func_ref(store, func(&f, "one"), &ref));
  fails(heddle_cont_resume(store, ref, NULL, 0, &arg, 1, &result, 1, &outcome, &s), HEDDLE_ERROR_USAGE);
  fails(heddle_cont_type(store, ref, &type), HEDDLE_ERROR_USAGE);
  traps(heddle_cont_drop(store, (heddle_ref_t){0}), HEDDLE_TRAP_NULL_CONTINUATION_REFERENCE);
  fails(heddle_cont_drop(store, (heddle_ref_t){k.store, 1000000}), HEDDLE_ERROR_USAGE);
  fails(heddle_cont_drop(store, (heddle_ref_t){k.store, UINT64_MAX}), HEDDLE_ERROR_USAGE);
  no_error(heddle_cont_type(store, k, &type));
  ck_assert(type.nparams == 1 && type.params[0] == HEDDLE_I32 && type.nresults == 1);
  returns(&f, suspends(&f, k, 5, 5), 6, 1006);
  traps(heddle_cont_type(store, k, &type), HEDDLE_TRAP_CONTINUATION_CONSUMED);
  /* roots outlive scopes, in any order, and not themselves */
  size_t scope = heddle_scope_open(store);
  heddle_ref_t a, b, c;
  no_error(heddle_root(store, suspends(&f, cont(&f, "one"), 1, 1), &a));
  no_error(heddle_root(store, suspends(&f, cont(&f, "one"), 2, 2), &b));
  heddle_scope_close(store, scope);
  heddle_unroot(store, a);
  fails(resume(&f, a, 1, &(struct end){0}), HEDDLE_ERROR_USAGE);
  no_error(heddle_root(store, b, &c));
  heddle_unroot(store, a); /* its place is c's now */
  heddle_unroot(store, b);
  returns(&f, c, 9, 1009);
  heddle_unroot(store, c);
  /* threads */
  heddle_func_t elsewhere;
  no_error(heddle_func_new(store, &type_i32_i32, from_another_thread, &f, NULL, &elsewhere));
  no_error(heddle_root(store, cont(&f, "one"), &f.kept));
  arg = i32(8);
  no_error(heddle_call(store, elsewhere, &arg, 1, &result, 1));
  teardown(&f);
  teardown(&g);
}
END_TEST

/* ---- what is listed ---- */

struct listed {
  size_t n, frames;
  char text[400];
};
static bool list_visit(void *env, const heddle_stack_t *stack) {
  struct listed *l = env;
  l->n++;
  l->frames += stack->total_frames;
  for (size_t i = 0; i < stack->nframes && i < 3; i++) {
    size_t len = strlen(l->text);
    snprintf(l->text + len, sizeof l->text - len, "%.*s%s ", (int)stack->frames[i].function.len,
             stack->frames[i].function.data, stack->fresh ? "?" : "");
  }
  return l->n < 2;
}
START_TEST(listed) {
  struct fixture f;
  setup(&f, false);
  struct listed l = {0};
  no_error(heddle_store_suspended(f.store, list_visit, &l));
  ck_assert_uint_eq(l.n, 0);
  suspends(&f, cont(&f, "deep"), 99, 77);
  no_error(heddle_store_suspended(f.store, list_visit, &l));
  ck_assert_uint_eq(l.n, 1);
  ck_assert_uint_eq(l.frames, 100);
  ck_assert_str_eq(l.text, "deep deep deep ");
  cont(&f, "one");
  cont(&f, "sum");
  l = (struct listed){0};
  no_error(heddle_store_suspended(f.store, list_visit, &l));
  ck_assert_uint_eq(l.n, 2); /* and then it was enough */
  ck_assert_ptr_nonnull(strstr(l.text, "one? "));
  teardown(&f);
}
END_TEST

/* ---- limits ---- */

START_TEST(limits) {
  struct fixture f;
  const char *few[] = {"max-continuations", "100", NULL}, *small[] = {"max-stacks-size", "64K", NULL},
             *shallow[] = {"max-stack-size", "64K", NULL};
  heddle_ref_t k[1000];
  setup_with(&f, few);
  for (int round = 0; round < 3; round++) {
    size_t scope = heddle_scope_open(f.store);
    for (int i = 0; i < 100; i++)
      k[i] = suspends(&f, cont(&f, "one"), i, i);
    traps(heddle_cont_new(f.store, func(&f, "one"), &k[100]), HEDDLE_TRAP_STACK_EXHAUSTED);
    for (int i = 0; i < 50; i++)
      no_error(heddle_cont_drop(f.store, k[i]));
    for (int i = 0; i < 50; i++)
      cont(&f, "one");
    heddle_scope_close(f.store, scope); /* nobody refers to them: the next round finds room */
  }
  teardown(&f);
  setup_with(&f, small);
  for (int round = 0; round < 3; round++) {
    size_t scope = heddle_scope_open(f.store);
    int n = 0;
    heddle_error_t *error = NULL;
    struct end end;
    for (; n < 1000 && !error; n++) {
      error = heddle_cont_new(f.store, func(&f, "one"), &k[n]);
      if (!error) error = resume(&f, k[n], n, &end);
    }
    traps(error, HEDDLE_TRAP_STACK_EXHAUSTED);
    ck_assert_int_ge(n, 80);
    ck_assert_int_le(n, 120);
    heddle_scope_close(f.store, scope);
  }
  teardown(&f);
  setup_with(&f, shallow);
  struct end end;
  traps(resume(&f, cont(&f, "deep"), 100000, &end), HEDDLE_TRAP_STACK_EXHAUSTED);
  returns(&f, suspends(&f, cont(&f, "deep"), 100, 77), 1, 5051);
  teardown(&f);
}
END_TEST

/* Rounds of many that nobody refers to any more: their memory is used again. */
START_TEST(abandoned) {
  struct fixture f;
  const char *options[] = {"max-stacks-size", "200M", NULL};
  setup_with(&f, options);
  for (int i = 0; i < 1000000; i++) {
    size_t scope = heddle_scope_open(f.store);
    suspends(&f, cont(&f, "one"), i, i);
    heddle_scope_close(f.store, scope);
  }
  heddle_gc(f.store);
  ck_assert_uint_eq(suspended(&f), 0);
  teardown(&f);
}
END_TEST

/* ---- -C stack-stress ---- */

/* Where the caller's stack stands: the first argument of each call is its round. */
static heddle_error_t *where(void *env, heddle_caller_t *caller, const heddle_val_t *args, size_t nargs,
                             heddle_val_t *results, size_t nresults) {
  (void)nargs, (void)nresults;
  ((uint64_t *)env)[args[0].of.i32] = heddle_caller_store(caller)->store->vm.cur->base;
  results[0] = args[0];
  return NULL;
}

/* A plain call runs on a continuation's stack, which is somewhere else after each host function, builtin and
 * prologue. */
START_TEST(stress_moves) {
  struct fixture f;
  const char *options[] = {"stack-stress", "y", NULL};
  static const char wat[] =
      "(module (import \"w\" \"where\" (func $w (param i32) (result i32))) (memory 1)"
      " (func $f (param $n i32) (drop (call $w (local.get $n)))"
      "  (if (local.get $n) (then (call $f (i32.sub (local.get $n) (i32.const 1))))))"
      " (func (export \"run\") (param i32)"
      "  (call $f (i32.const 7)) (drop (call $w (i32.const 8))) (drop (memory.grow (i32.const 1)))"
      "  (drop (call $w (i32.const 9)))))";
  uint64_t at[10];
  setup_with(&f, options);
  no_error(heddle_linker_define_func(f.linker, "w", "where", &type_i32_i32, where, at, NULL));
  heddle_module_t *module;
  heddle_bytes_t wasm;
  no_error(heddle_wat_to_wasm(f.engine, wat, strlen(wat), &wasm));
  no_error(heddle_module_new(f.engine, wasm.data, wasm.len, &module));
  heddle_bytes_delete(&wasm);
  no_error(heddle_instantiate(f.linker, f.store, module, &f.instance));
  heddle_module_delete(module);
  heddle_val_t arg = i32(0);
  for (int round = 0; round < 100; round++) {
    memset(at, 0, sizeof at);
    no_error(heddle_call(f.store, func(&f, "run"), &arg, 1, NULL, 0));
    for (int i = 0; i < 10; i++) {
      ck_assert_uint_ne(at[i], 0);
      for (int k = i + 1; k < 10 && k < i + 4; k++)
        ck_assert_uint_ne(at[i], at[k]);
    }
  }
  teardown(&f);
}
END_TEST

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Rounds of one, and many at a time. */
START_TEST(figures) {
  struct fixture f;
  setup(&f, false);
  enum { ROUNDS = 200000, LIVE = 20000 };
  heddle_ref_t k = cont(&f, "sum"), root;
  struct end end;
  double t = now();
  no_error(heddle_root(f.store, k, &root));
  for (int i = ROUNDS; i >= 0; i--) {
    size_t scope = heddle_scope_open(f.store);
    no_error(resume(&f, root, i, &end));
    heddle_unroot(f.store, root);
    if (end.outcome == HEDDLE_SUSPENDED) no_error(heddle_root(f.store, end.s.cont, &root));
    heddle_scope_close(f.store, scope);
  }
  printf("suspended by a host function and resumed by the host: %.0f ns\n", (now() - t) / ROUNDS);
  ck_assert_int_eq(end.outcome, HEDDLE_RETURNED);
  static heddle_ref_t live[LIVE];
  for (int i = 0; i < LIVE; i++) {
    size_t scope = heddle_scope_open(f.store);
    no_error(heddle_root(f.store, suspends(&f, cont(&f, "one"), i, i), &live[i]));
    heddle_scope_close(f.store, scope);
  }
  ck_assert_uint_eq(suspended(&f), LIVE);
  for (int i = 0; i < LIVE; i++) {
    int at = (int)((i * 7919LL) % LIVE);
    returns(&f, live[at], at, 1000 + at);
    heddle_unroot(f.store, live[at]);
  }
  ck_assert_uint_eq(suspended(&f), 0);
  teardown(&f);
}
END_TEST

int main(void) {
  return UNIT_RUN("api/cont", suspended_and_resumed, many_values, bound, thrown_into, traps_and_exits,
                  dropped, chosen_tags, from_host_functions, bad_suspensions, host_function_as_body, misuse,
                  listed, stress_moves, limits, abandoned, figures);
}
