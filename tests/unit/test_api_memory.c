/* Running out of memory at every allocation and at every change of a mapping in turn: an engine, a module
 * read from text, compiled (at once, when called, from the cache, from a file), instantiated, called twice.
 * Each ends in success or in an error that says so, the store answers rightly afterwards, and what leaks is
 * seen by the ASan build.
 */
#include "unit.h"

#include <heddle.h>
#include <heddle_wasi.h>

#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CACHE = 1, FILED = 2, WASI = 4 };

struct scenario {
  const char *name, *text;
  const char *options[8]; /* key and value, by turns */
  unsigned flags;
  heddle_error_kind_t kind; /* what each call ends with, 0: with `result` */
  heddle_trap_t trap;
  int32_t result;
  unsigned least; /* allocations at least, or it is not the scenario any more */
};

static const char numbers[] =
    "(module (import \"env\" \"add\" (func $add (param i32 i32) (result i32)))"
    " (memory (export \"memory\") 1 4) (data (i32.const 8) \"some bytes\") (data $p \"passive\")"
    " (global $g (mut i64) (i64.const 5))"
    " (func $fib (param i32) (result i32) (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))"
    "  (then (local.get 0)) (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))"
    "  (call $fib (i32.sub (local.get 0) (i32.const 2)))))))"
    " (func (export \"run\") (result i32) (global.set $g (i64.add (global.get $g) (i64.const 1)))"
    "  (drop (memory.grow (i32.const 1))) (memory.init $p (i32.const 0) (i32.const 0) (i32.const 7))"
    "  (drop (i8x16.extract_lane_u 3 (i8x16.shuffle 0 5 1 6 2 7 3 8 4 9 10 11 12 13 14 15"
    "    (v128.load (i32.const 0)) (v128.const i32x4 1 2 3 4))))"
    "  (call $add (call $fib (i32.const 10)) (i32.load8_u (i32.const 9)))))";

static const char tables[] =
    "(module (type $t (func (result i32))) (table $table (export \"table\") 4 10 funcref)"
    " (elem (table $table) (i32.const 0) func $a $b $c)"
    " (func $a (type $t) (i32.const 1)) (func $b (type $t) (i32.const 2)) (func $c (type $t) (unreachable))"
    " (func (export \"run\") (result i32)"
    "  (drop (table.grow $table (ref.func $a) (i32.const 2)))"
    "  (drop (call_indirect $table (type $t) (i32.const 1)))"
    "  (call_indirect $table (type $t) (i32.const 2))))";

/* Each kind of memory, with growth: reserved for good, with explicit checks, shared. */
static const char memories[] =
    "(module (memory $a 1 20) (memory $b i64 1 20) (memory $c 1 20 shared)"
    " (func (export \"run\") (result i32)"
    "  (drop (memory.grow $a (i32.const 9))) (drop (memory.grow $b (i64.const 9)))"
    "  (drop (memory.grow $c (i32.const 9)))"
    "  (i32.store $a (i32.const 65532) (i32.const 1)) (i32.store $b (i64.const 65532) (i32.const 2))"
    "  (i32.atomic.store $c (i32.const 65532) (i32.const 4))"
    "  (i32.add (i32.load $a (i32.const 65532))"
    "    (i32.add (i32.load $b (i64.const 65532)) (i32.atomic.load $c (i32.const 65532))))))";

/* A list that lives, arrays that die, one larger than all before. */
static const char objects[] =
    "(module (type $list (sub (struct (field i32) (field (ref null $list)))))"
    " (type $sub (sub $list (struct (field i32) (field (ref null $list)) (field f64))))"
    " (type $lists (array (mut (ref null $list)))) (type $bytes (array (mut i8)))"
    " (table 4 anyref)"
    " (func (export \"run\") (result i32) (local $l (ref null $list)) (local $i i32) (local $sum i32)"
    "  (loop $more"
    "   (local.set $l (struct.new $sub (i32.const 1) (local.get $l) (f64.const 1)))"
    "   (table.set (i32.and (local.get $i) (i32.const 3)) (array.new_default $lists (i32.const 300)))"
    "   (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 9000))))"
    "  (table.set (i32.const 0) (array.new $bytes (i32.const 7) (i32.const 9000000)))"
    "  (drop (table.grow (ref.i31 (i32.const 1)) (i32.const 100)))"
    "  (loop $count"
    "   (if (ref.test (ref $sub) (local.get $l)) (then"
    "     (local.set $sum (i32.add (local.get $sum) (struct.get $list 0 (local.get $l))))"
    "     (local.set $l (struct.get $list 1 (local.get $l))) (br $count))))"
    "  (local.get $sum)))";

static const char caught[] =
    "(module (type $box (struct (field i32))) (tag $t (param i32 (ref $box)))"
    " (func $throw (param i32) (throw $t (local.get 0) (struct.new $box (i32.const 5))))"
    " (func (export \"run\") (result i32) (local $i i32) (local $sum i32)"
    "  (loop $more"
    "   (block $h (result i32 (ref $box) exnref)"
    "     (try_table (catch_ref $t $h) (call $throw (i32.const 2))) (unreachable))"
    "   (drop) (struct.get $box 0) (i32.add) (local.set $sum (i32.add (local.get $sum)))"
    "   (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10))))"
    "  (local.get $sum)))";

static const char uncaught[] =
    "(module (tag $t (param i64 externref))"
    " (func (export \"run\") (result i32) (throw $t (i64.const 1) (ref.null extern))))";

/* A hundred stacks at once, one that grows, one that is dropped while suspended. */
static const char stacks[] =
    "(module (type $f (func (param i32) (result i32))) (type $k (cont $f)) (tag $t (param i32) (result i32))"
    " (type $ks (array (mut (ref null $k))))"
    " (func $body (type $f) (i32.add (suspend $t (local.get 0)) (i32.const 1)))"
    " (func $deep (type $f) (if (result i32) (local.get 0) (then (i32.add (i32.const 1)"
    "   (call $deep (i32.sub (local.get 0) (i32.const 1))))) (else (i32.const 0))))"
    " (elem declare func $body $deep)"
    " (func $start (result (ref $k)) (local $got (ref $k))"
    "   (block $h (result i32 (ref $k)) (resume $k (on $t $h) (i32.const 1) (cont.new $k (ref.func $body))) "
    "(unreachable))"
    "   (local.set $got) (drop) (local.get $got))"
    " (func (export \"run\") (result i32) (local $ks (ref $ks)) (local $i i32) (local $sum i32)"
    "  (local.set $ks (array.new_default $ks (i32.const 100)))"
    "  (loop $more (array.set $ks (local.get $ks) (local.get $i) (call $start))"
    "   (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))"
    "  (loop $end (local.set $i (i32.sub (local.get $i) (i32.const 1)))"
    "   (local.set $sum (i32.add (local.get $sum)"
    "     (resume $k (i32.const 2) (ref.as_non_null (array.get $ks (local.get $ks) (local.get $i))))))"
    "   (br_if $end (local.get $i)))"
    "  (drop (call $start))"
    "  (i32.add (local.get $sum) (resume $k (i32.const 30000) (cont.new $k (ref.func $deep))))))";

static const char files[] =
    "(module (import \"wasi_snapshot_preview1\" \"path_open\""
    "   (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))"
    " (import \"wasi_snapshot_preview1\" \"fd_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
    " (import \"wasi_snapshot_preview1\" \"fd_readdir\" (func $list (param i32 i32 i32 i64 i32) (result "
    "i32)))"
    " (import \"wasi_snapshot_preview1\" \"fd_close\" (func $close (param i32) (result i32)))"
    " (import \"wasi_snapshot_preview1\" \"random_get\" (func $random (param i32 i32) (result i32)))"
    " (import \"wasi_snapshot_preview1\" \"environ_get\" (func $env (param i32 i32) (result i32)))"
    " (import \"wasi_snapshot_preview1\" \"path_unlink_file\" (func $unlink (param i32 i32 i32) (result "
    "i32)))"
    " (memory (export \"memory\") 1) (data (i32.const 0) \"file\") (data (i32.const 16) "
    "\"\\00\\01\\00\\00\\40\\00\\00\\00\")"
    " (func (export \"run\") (result i32)"
    "  (drop (call $random (i32.const 256) (i32.const 64))) (drop (call $env (i32.const 512) (i32.const "
    "600)))"
    "  (i32.store (i32.const 32) (i32.const -1))"
    "  (drop (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 1) (i64.const -1)"
    "    (i64.const -1) (i32.const 0) (i32.const 32)))"
    "  (drop (call $write (i32.load (i32.const 32)) (i32.const 16) (i32.const 1) (i32.const 36)))"
    "  (drop (call $list (i32.const 3) (i32.const 4096) (i32.const 512) (i64.const 0) (i32.const 36)))"
    "  (drop (call $close (i32.load (i32.const 32))))"
    "  (drop (call $unlink (i32.const 3) (i32.const 0) (i32.const 4)))"
    "  (i32.const 7)))";

/* Many functions, so that several threads compile them, and enough bytes for the cache: each %s is a
 * function. */
static char many[64 << 10];

static void make_many(void) {
  size_t n = (size_t)snprintf(many, sizeof many, "(module (memory 1) (data (i32.const 0) \"%20000s\")", "");
  for (int i = 0; i < 40; i++)
    n += (size_t)snprintf(
        many + n, sizeof many - n,
        "(func $f%d (param i32) (result i32) (if (result i32) (i32.gt_u (local.get 0) (i32.const %d))"
        " (then (call $f%d (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 3))))",
        i, i, i % 7 ? i - 1 : 39);
  snprintf(many + n, sizeof many - n, "(func (export \"run\") (result i32) (call $f14 (i32.const 20))))");
}

static const struct scenario scenarios[] = {
    {"numbers", numbers, {"fuel", "1000000", "checks", "y"}, 0, 0, 0, 55 + 'o', 70},
    {"tables", tables, {"checks", "y"}, 0, HEDDLE_ERROR_TRAP, HEDDLE_TRAP_UNREACHABLE, 0, 70},
    {"memories", memories, {"threads", "y", "interruption", "y"}, 0, 0, 0, 7, 70},
    {"objects", objects, {NULL}, 0, 0, 0, 9000, 90},
    {"caught", caught, {NULL}, 0, 0, 0, 70, 90},
    {"uncaught", uncaught, {NULL}, 0, HEDDLE_ERROR_EXCEPTION, 0, 0, 80},
    {"stacks", stacks, {"stack-switching", "y"}, 0, 0, 0, 30300, 110},
    {"files", files, {"interruption", "y"}, WASI, 0, 0, 7, 300},
    {"many", many, {NULL}, 0, 0, 0, 3, 110},
    {"lazy", many, {"lazy", "y", "lazy-from", "0"}, 0, 0, 0, 3, 70},
    {"cached", many, {"cache", "y"}, CACHE, 0, 0, 3, 110},
    {"cached lazily", many, {"cache", "y", "lazy", "y", "lazy-from", "0"}, CACHE, 0, 0, 3, 70},
    {"filed", many, {NULL}, FILED, 0, 0, 3, 120},
};

static char home[] = "/tmp/heddle-memory-XXXXXX"; /* the cache, and what guests may write to */
static char code_path[64];

static heddle_error_t *add(void *env, heddle_caller_t *caller, const heddle_val_t *args, size_t nargs,
                           heddle_val_t *results, size_t nresults) {
  (void)env, (void)caller, (void)nargs, (void)nresults;
  results[0].type = HEDDLE_I32;
  results[0].of.i32 = args[0].of.i32 + args[1].of.i32;
  return NULL;
}

struct whole {
  heddle_engine_t *engine;
  heddle_bytes_t wasm;
  heddle_module_t *module;
  heddle_store_t *store;
  heddle_linker_t *linker;
  heddle_wasi_t *wasi;
  heddle_extern_t run;
  bool ready; /* `run` can be called */
};

/* Deletes the error, if there is one; it must say that memory is out. */
static bool failed(const struct scenario *s, heddle_error_t *e) {
  if (!e) return false;
  heddle_error_kind_t kind = heddle_error_kind(e);
  heddle_str_t text = heddle_error_message(e);
  bool mapping = kind == HEDDLE_ERROR_IO && s->flags & FILED; /* a file that cannot be mapped */
  bool wasi = kind == HEDDLE_ERROR_HOST && memmem(text.data, text.len, "out of memory", 13);
  if (kind != HEDDLE_ERROR_MEMORY && !mapping && !wasi)
    ck_abort_msg("%s: kind %d: %.*s", s->name, (int)kind, (int)text.len, text.data);
  heddle_error_delete(e);
  return true;
}

/* False: memory was out. Anything but that and what the scenario says is wrong. */
static bool call_run(const struct scenario *s, struct whole *w) {
  heddle_val_t result = {0};
  heddle_trap_t trap = HEDDLE_TRAP_NONE;
  heddle_error_t *e = heddle_call(w->store, w->run.of.func, NULL, 0, &result, 1);
  heddle_error_kind_t kind = e ? heddle_error_kind(e) : 0;
  if (e) {
    heddle_frame_t frames[8];
    size_t total;
    (void)heddle_error_frames(e, frames, 8, &total);
    heddle_error_trap(e, &trap);
  }
  bool expected = kind == s->kind && trap == s->trap && (e || result.of.i32 == s->result);
  bool out = kind == HEDDLE_ERROR_MEMORY || trap == HEDDLE_TRAP_OUT_OF_MEMORY ||
             trap == HEDDLE_TRAP_NOT_COMPILED ||
             trap == HEDDLE_TRAP_STACK_EXHAUSTED; /* a stack could not grow */
  if (!expected && !out) {
    heddle_str_t text = e ? heddle_error_message(e) : (heddle_str_t){"", 0};
    ck_abort_msg("%s: kind %d, trap %d, result %d: %.*s", s->name, (int)kind, (int)trap, result.of.i32,
                 (int)text.len, text.data);
  }
  heddle_error_delete(e);
  return expected;
}

static bool make_engine(const struct scenario *s, struct whole *w) {
  heddle_config_t *config = heddle_config_new();
  bool ok = config;
  for (int i = 0; ok && i < 8 && s->options[i]; i += 2)
    ok = !failed(s, heddle_config_set(config, s->options[i], s->options[i + 1]));
  ok = ok && !failed(s, heddle_engine_new(config, &w->engine));
  heddle_config_delete(config);
  return ok;
}

static bool grant(const struct scenario *s, struct whole *w) {
  if (!(s->flags & WASI)) return true;
  w->wasi = heddle_wasi_new();
  return w->wasi && !failed(s, heddle_wasi_arg(w->wasi, "program")) &&
         !failed(s, heddle_wasi_env(w->wasi, "NAME", "value")) &&
         !failed(s, heddle_wasi_preopen(w->wasi, home, "/", false)) &&
         !failed(s, heddle_linker_define_wasi(w->linker, w->wasi));
}

/* By way of a file. */
static bool file_module(const struct scenario *s, struct whole *w) {
  heddle_bytes_t code = {0};
  if (failed(s, heddle_module_serialize(w->module, &code))) return false;
  heddle_bytes_delete(&code);
  if (failed(s, heddle_module_serialize_file(w->module, code_path))) return false;
  heddle_module_delete(w->module);
  w->module = NULL;
  return !failed(s, heddle_module_deserialize_file(w->engine, code_path, &w->module));
}

/* Of its bytes, copied or, where it goes by way of a file, taken. */
static bool make_module(const struct scenario *s, struct whole *w) {
  heddle_error_t *error = s->flags & FILED
                              ? heddle_module_new_taking(w->engine, &w->wasm, NULL, NULL, &w->module)
                              : heddle_module_new(w->engine, w->wasm.data, w->wasm.len, &w->module);
  return !failed(s, error);
}

/* True when it went through. */
static bool run_whole(const struct scenario *s, struct whole *w) {
  static const heddle_valtype_t i32s[] = {HEDDLE_I32, HEDDLE_I32};
  const heddle_functype_t binary = {i32s, 2, i32s, 1};
  heddle_instance_t instance;
  if (!make_engine(s, w) || failed(s, heddle_wat_to_wasm(w->engine, s->text, strlen(s->text), &w->wasm)) ||
      !make_module(s, w) || (s->flags & FILED && !file_module(s, w)) ||
      failed(s, heddle_store_new(w->engine, NULL, &w->store)))
    return false;
  w->linker = heddle_linker_new(w->engine);
  if (!w->linker || !grant(s, w) ||
      failed(s, heddle_linker_define_func(w->linker, "env", "add", &binary, add, NULL, NULL)))
    return false;
  heddle_interrupt_t *interrupt = NULL;
  if (s->options[0] && !strcmp(s->options[0], "interruption") &&
      failed(s, heddle_store_interrupt(w->store, &interrupt)))
    return false;
  heddle_interrupt_delete(interrupt);
  if (failed(s, heddle_instantiate(w->linker, w->store, w->module, &instance))) return false;
  ck_assert(heddle_instance_export(w->store, instance, (heddle_str_t){"run", 3}, &w->run));
  w->ready = true;
  return call_run(s, w);
}

static void free_whole(struct whole *w) {
  heddle_linker_delete(w->linker);
  heddle_store_delete(w->store);
  heddle_wasi_delete(w->wasi);
  heddle_module_delete(w->module);
  heddle_bytes_delete(&w->wasm);
  heddle_engine_delete(w->engine);
}

/* From the first allocation of the process on, so that what is made once fails, too. */
static void every_allocation(const struct scenario *s, bool forever) {
  int64_t through = 0, runs = 0, count = 0;
  for (int64_t n = 0;; n++) {
    struct whole w = {0};
    bool warm = s->flags & CACHE && n % 2; /* by turns with a cache that has it and one that has not */
    if (s->flags & CACHE && !warm) (void)heddle_cache_clean();
    uint64_t before = alloc_count();
    alloc_fail_after(n, forever);
    bool ok = run_whole(s, &w);
    alloc_fail_after(-1, false);
    count = (int64_t)(alloc_count() - before);
    if (w.ready)
      ck_assert_msg(call_run(s, &w), "%s: after allocation %d failed it does not recover", s->name, (int)n);
    free_whole(&w);
    through += ok;
    runs++;
    if (count <= n && !warm) {
      ck_assert(ok);
      break;
    }
  }
  printf("%s: %d allocations and mappings, %d runs, %d went through\n", s->name, (int)count, (int)runs,
         (int)through);
  ck_assert_int_ge(count, s->least);
  /* Some refusals can be got over (a growth that says no), most cannot. */
  ck_assert_int_lt(through, runs / 2);
}

static void setup(void) {
  make_many();
  ck_assert_ptr_nonnull(mkdtemp(home));
  setenv("XDG_CACHE_HOME", home, 1);
  snprintf(code_path, sizeof code_path, "%s/code", home);
}

static void teardown(void) {
  char dir[64];
  (void)heddle_cache_clean();
  unlink(code_path);
  snprintf(dir, sizeof dir, "%s/file", home);
  unlink(dir);
  snprintf(dir, sizeof dir, "%s/heddle", home);
  rmdir(dir);
  rmdir(home);
}

START_TEST(one_refusal) { every_allocation(&scenarios[_i], false); }
END_TEST

START_TEST(all_refused_from_then_on) { every_allocation(&scenarios[_i], true); }
END_TEST

int main(void) {
  enum { LEN = sizeof scenarios / sizeof *scenarios };
  TCase *tc = tcase_create("memory");
  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_loop_test(tc, one_refusal, 0, LEN);
  tcase_add_loop_test(tc, all_refused_from_then_on, 0, LEN);
  tcase_set_timeout(tc, 600);
  Suite *suite = suite_create("api/memory");
  suite_add_tcase(suite, tc);
  return unit_run_suite(suite);
}
