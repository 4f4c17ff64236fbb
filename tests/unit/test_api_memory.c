/* Running out of memory at every allocation in turn: an engine, a module read from text, compiled,
 * instantiated with a linker, called, trapped, with fuel and a host function. Each ends in success or an
 * error of kind MEMORY (or the guest's own answer to a refused growth); what leaks is seen by the ASan build.
 */
#include "unit.h"

#include <heddle.h>

#include "base/alloc.h"

#include <string.h>

static const char *const texts[] = {
    /* numbers, control, memory, data, growth */
    "(module $numbers (import \"env\" \"add\" (func $add (param i32 i32) (result i32)))"
    " (memory (export \"memory\") 1 4) (data (i32.const 8) \"some bytes\") (data $p \"passive\")"
    " (global $g (mut i64) (i64.const 5))"
    " (func $fib (param i32) (result i32) (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))"
    "  (then (local.get 0)) (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))"
    "  (call $fib (i32.sub (local.get 0) (i32.const 2)))))))"
    " (func (export \"run\") (result i32) (global.set $g (i64.add (global.get $g) (i64.const 1)))"
    "  (drop (memory.grow (i32.const 1))) (memory.init $p (i32.const 0) (i32.const 0) (i32.const 7))"
    "  (call $add (call $fib (i32.const 10)) (i32.load8_u (i32.const 9)))))",
    /* tables, references, many functions, a trap with its backtrace */
    "(module $tables (type $t (func (result i32))) (table $table (export \"table\") 4 10 funcref)"
    " (elem (table $table) (i32.const 0) func $a $b $c)"
    " (func $a (type $t) (i32.const 1)) (func $b (type $t) (i32.const 2)) (func $c (type $t) (unreachable))"
    " (func (export \"run\") (result i32)"
    "  (drop (table.grow $table (ref.func $a) (i32.const 2)))"
    "  (drop (call_indirect $table (type $t) (i32.const 1)))"
    "  (call_indirect $table (type $t) (i32.const 2))))",
};

static heddle_error_t *add(void *env, heddle_caller_t *caller, const heddle_val_t *args, size_t nargs,
                           heddle_val_t *results, size_t nresults) {
  (void)env, (void)caller, (void)nargs, (void)nresults;
  results[0].type = HEDDLE_I32;
  results[0].of.i32 = args[0].of.i32 + args[1].of.i32;
  return NULL;
}

/* Deletes the error, if there is one. A lack of memory is told as such. */
static bool failed(heddle_error_t *e) {
  if (!e) return false;
  heddle_error_kind_t kind = heddle_error_kind(e);
  bool trap = kind == HEDDLE_ERROR_TRAP;
  if (kind != HEDDLE_ERROR_MEMORY && !trap) {
    heddle_str_t text = heddle_error_message(e);
    ck_abort_msg("kind %d: %.*s", (int)kind, (int)text.len, text.data);
  }
  heddle_frame_t frames[8];
  size_t total;
  (void)heddle_error_frames(e, frames, 8, &total);
  heddle_error_delete(e);
  return !trap;
}

struct whole {
  heddle_engine_t *engine;
  heddle_bytes_t wasm;
  heddle_module_t *module;
  heddle_store_t *store;
  heddle_linker_t *linker;
};

/* True when it went through. */
static bool run_whole(struct whole *w, const char *text) {
  static const heddle_valtype_t i32s[] = {HEDDLE_I32, HEDDLE_I32};
  const heddle_functype_t binary = {i32s, 2, i32s, 1};
  heddle_config_t *config = heddle_config_new();
  if (!config) return false;
  bool bad = failed(heddle_config_set(config, "fuel", "1000000")) ||
             failed(heddle_config_set(config, "checks", "y")) ||
             failed(heddle_engine_new(config, &w->engine));
  heddle_config_delete(config);
  if (bad) return false;
  if (failed(heddle_wat_to_wasm(w->engine, text, strlen(text), &w->wasm))) return false;
  if (failed(heddle_module_new(w->engine, w->wasm.data, w->wasm.len, &w->module))) return false;
  if (failed(heddle_store_new(w->engine, NULL, &w->store))) return false;
  w->linker = heddle_linker_new(w->engine);
  if (!w->linker) return false;
  if (failed(heddle_linker_define_func(w->linker, "env", "add", &binary, add, NULL, NULL))) return false;
  heddle_instance_t instance;
  if (failed(heddle_instantiate(w->linker, w->store, w->module, &instance))) return false;
  heddle_extern_t run;
  if (!heddle_instance_export(w->store, instance, (heddle_str_t){"run", 3}, &run)) return false;
  heddle_val_t result;
  return !failed(heddle_call(w->store, run.of.func, NULL, 0, &result, 1));
}

static void free_whole(struct whole *w) {
  heddle_linker_delete(w->linker);
  heddle_store_delete(w->store);
  heddle_module_delete(w->module);
  heddle_bytes_delete(&w->wasm);
  heddle_engine_delete(w->engine);
}

/* How many allocations it takes when none is refused. */
static int64_t count_allocations(const char *text) {
  struct whole w = {0};
  uint64_t before = alloc_count();
  ck_assert(run_whole(&w, text));
  free_whole(&w);
  return (int64_t)(alloc_count() - before);
}

static void every_allocation(bool forever) {
  for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
    int64_t count = count_allocations(texts[t]), through = 0;
    ck_assert_int_gt(count, 50);
    for (int64_t n = 0; n <= count; n++) {
      struct whole w = {0};
      alloc_fail_after(n, forever);
      through += run_whole(&w, texts[t]);
      alloc_fail_after(-1, false);
      free_whole(&w);
    }
    /* Some refusals can be got over (a growth that says no), most cannot. */
    ck_assert_int_gt(through, 0);
    ck_assert_int_lt(through, count / 2);
  }
}

START_TEST(one_refusal) { every_allocation(false); }
END_TEST

START_TEST(all_refused_from_then_on) { every_allocation(true); }
END_TEST

int main(void) { return UNIT_RUN("api/memory", one_refusal, all_refused_from_then_on); }
