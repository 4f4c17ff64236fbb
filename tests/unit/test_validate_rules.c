/* One text module per rule: those that must pass, and those that must be refused with the official words at
 * the start of the message, then what was expected and found, and where. */
#include "module_bytes.h"
#include "text/parse.h"
#include "unit.h"

static struct judged judge_text(const char *text, struct features f) {
  struct buf bytes;
  struct error e = ERROR_INIT;
  buf_init(&bytes);
  ck_assert_msg(text_parse_module(slice_cstr(text), f, &bytes, &e), "%s\n%u:%u: %s", text, e.line, e.column,
                e.message);
  struct judged j = judge_bytes(buf_slice(&bytes), f);
  buf_free(&bytes);
  return j;
}

static void accept(const char *text) {
  struct judged j = judge_text(text, features_all());
  ck_assert_msg(j.ok, "%s\nrefused: %s", text, j.error.message);
}

static void refuse_with(const char *text, const char *message, struct features f) {
  struct judged j = judge_text(text, f);
  ck_assert_msg(!j.ok, "accepted: %s", text);
  ck_assert_int_eq(j.error.kind, ERROR_INVALID);
  ck_assert_msg(strncmp(j.error.message, message, strlen(message)) == 0, "%s\nsays: %s\nnot:  %s", text,
                j.error.message, message);
}

static void refuse(const char *text, const char *message) { refuse_with(text, message, features_all()); }

START_TEST(messages) {
  refuse("(module (func $f (result i32) (i32.add (i32.const 1) (i64.const 2))))",
         "type mismatch: expected i32, found i64 (function 0 $f, i32.add)");
  refuse("(module (func) (func (drop)))",
         "type mismatch: expected any value, found no operand (function 1, drop)");
  refuse("(module (func (i32.const 1)))",
         "type mismatch: block has 0 results, 1 operand left (function 0, end)");
  refuse("(module (global i32 (i64.const 1)))", "type mismatch: expected i32, found i64 (global 0, end)");
  struct judged j = judge_text("(module (func (nop) (drop)))", features_all());
  ck_assert_int_eq(j.error.pos, ERROR_POS_OFFSET);
  ck_assert_uint_eq(j.error.offset,
                    8 + 6 + 4 + 5 + 1); /* header, types, functions, code up to the body, nop */
}
END_TEST

START_TEST(control) {
  accept("(module (func (result i32) (block (result i32) (br 0 (i32.const 1)))))");
  accept("(module (func (param i32) (result i64) (if (result i64) (local.get 0) (then (i64.const 1)) (else "
         "(unreachable)))))");
  accept("(module (func (param i32) (block (block (br_table 0 1 0 (local.get 0))))))");
  accept("(module (func (result i32) (unreachable) (i32.add) (br 0)))");
  accept("(module (func (param i32) (local.get 0) (loop (param i32) (br 0))))");
  accept(
      "(module (func (param i32) (local.get 0) (local.get 0) (if (param i32) (result i32) (then)) (drop)))");
  refuse("(module (func (br 1)))", "unknown label 1");
  refuse("(module (func (param i32) (block (result i32) (br_table 0 1 (i32.const 1) (local.get 0))) (drop)))",
         "type mismatch");
  refuse("(module (func (result i32) (if (result i32) (i32.const 0) (then (i32.const 1)))))",
         "type mismatch: if without else");
  refuse("(module (func (block (result i32) (nop)) (drop)))", "type mismatch");
  refuse("(module (func (result i32) (unreachable) (i64.const 0) (i32.eqz)))", "type mismatch");
  refuse("(module (func (loop (result i32) (br 0)) (i32.const 1) (drop)))", "type mismatch");
}
END_TEST

START_TEST(calls) {
  accept("(module (func $f (param i32) (result i32 i64) (return_call $g (i32.const 1))) (func $g (param i32) "
         "(result i32 i64) (call $f (local.get 0))))");
  accept("(module (table 1 funcref) (type $t (func (param i32))) (func (call_indirect (type $t) (i32.const "
         "1) (i32.const 0))))");
  accept("(module (type $t (func)) (func (param (ref null $t)) (call_ref $t (local.get 0))))");
  refuse("(module (func (call 1)))", "unknown function 1");
  refuse("(module (table 1 externref) (type $t (func)) (func (call_indirect (type $t) (i32.const 0))))",
         "type mismatch");
  refuse("(module (type $t (func)) (func (call_indirect (type $t) (i32.const 0))))", "unknown table 0");
  refuse("(module (func (result i32) (return_call 1)) (func (result i64) (i64.const 0)))",
         "type mismatch: callee's results");
  refuse("(module (type $s (struct)) (func (param (ref $s)) (call_ref $s (local.get 0))))",
         "non-function type 0");
  /* Tail calls after which another instance's code may return here. */
  struct features all = features_all();
  ck_assert(!judge_text("(module (func $f (return_call $f)))", all).has_indirect_tail_calls);
  ck_assert(judge_text("(module (import \"\" \"\" (func $f)) (func (return_call $f)))", all)
                .has_indirect_tail_calls);
  ck_assert(
      judge_text("(module (type $t (func)) (func (param (ref $t)) (return_call_ref $t (local.get 0))))", all)
          .has_indirect_tail_calls);
  ck_assert(judge_text("(module (table 1 funcref) (func (return_call_indirect (i32.const 0))))", all)
                .has_indirect_tail_calls);
}
END_TEST

START_TEST(variables) {
  accept("(module (func (param i32) (result i32) (local (ref func)) (select (local.get 0) (local.get 0) "
         "(local.get 0))))");
  accept("(module (type $t (func)) (func (param (ref $t)) (local (ref $t)) (local.set 1 (local.get 0)) "
         "(block (drop (local.get 1))) (drop (local.get 1))))");
  accept("(module (global (mut i32) (i32.const 1)) (func (global.set 0 (global.get 0))))");
  accept("(module (func (param externref) (drop (select (result externref) (local.get 0) (local.get 0) "
         "(i32.const 1)))))");
  refuse("(module (func (local (ref func)) (drop (local.get 0))))", "uninitialized local 0");
  refuse("(module (func (param (ref func)) (local (ref func)) (block (local.set 1 (local.get 0))) (drop "
         "(local.get 1))))",
         "uninitialized local 1");
  refuse("(module (func (param i32 (ref func)) (local (ref func)) (if (local.get 0) (then (local.set 2 "
         "(local.get 1))) (else (drop (local.get 2))))))",
         "uninitialized local 2");
  refuse("(module (func (param externref) (drop (select (local.get 0) (local.get 0) (i32.const 1)))))",
         "type mismatch: select of references");
  refuse("(module (func (drop (select (result i32 i32) (i32.const 1) (i32.const 1) (i32.const 1)))))",
         "invalid result arity");
  refuse("(module (func (local.set 0 (i32.const 1))))", "unknown local 0");
  refuse("(module (global i32 (i32.const 1)) (func (global.set 0 (i32.const 1))))", "immutable global 0");
}
END_TEST

START_TEST(memories) {
  accept("(module (memory i64 1) (memory 1) (func (memory.copy 0 1 (i64.const 0) (i32.const 0) (i32.const "
         "0))))");
  accept("(module (memory 1) (data \"x\") (func (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1)) "
         "(data.drop 0)))");
  accept("(module (memory 1 1 shared) (func (drop (i32.atomic.load (i32.const 0)))))");
  accept("(module (memory 0xffffffff (pagesize 1)))");
  refuse("(module (func (drop (i32.load (i32.const 0)))))", "unknown memory 0");
  refuse("(module (memory 1) (func (drop (i32.load align=8 (i32.const 0)))))",
         "alignment must not be larger than natural");
  refuse("(module (memory 1 1 shared) (func (drop (i32.atomic.load align=2 (i32.const 0)))))",
         "atomic alignment must be natural");
  refuse("(module (memory 1) (func (drop (i32.load offset=0x100000000 (i32.const 0)))))",
         "offset out of range");
  refuse("(module (memory 1) (func (drop (v128.load8_lane 16 (i32.const 0) (v128.const i64x2 0 0)))))",
         "invalid lane index");
  refuse("(module (memory 1 2) (memory 2 1))", "size minimum must not be greater than maximum");
  refuse("(module (memory 65537))", "memory size must be at most 65536 pages (4GiB)");
  refuse("(module (memory 1 shared))", "shared memory must have maximum");
  refuse("(module (memory 1 (pagesize 2)))", "invalid custom page size");
  refuse("(module (memory 1) (func (memory.init 1 (i32.const 0) (i32.const 0) (i32.const 1))) (data \"x\"))",
         "unknown data segment 1");
  struct features one = features_all();
  features_set(&one, FEATURE_MULTI_MEMORY, false);
  refuse_with("(module (memory 1) (memory 1))", "multiple memories", one);
}
END_TEST

START_TEST(tables) {
  accept("(module (table i64 1 externref) (func (param externref) (table.set 0 (i64.const 0) (local.get 0)) "
         "(drop (table.grow 0 (local.get 0) (i64.const 1)))))");
  accept("(module (table 1 (ref func) (ref.func $f)) (func $f))");
  refuse("(module (table 1 (ref func)))", "type mismatch: elements without default value");
  refuse("(module (table 1 funcref) (table 1 externref) (func (table.copy 0 1 (i32.const 0) (i32.const 0) "
         "(i32.const 0))))",
         "type mismatch: table of funcref cannot take externref");
  refuse("(module (table 1 funcref) (elem externref) (func (table.init 0 0 (i32.const 0) (i32.const 0) "
         "(i32.const 0))))",
         "type mismatch: table of funcref cannot take externref");
  refuse("(module (table 1 externref) (elem (i32.const 0) funcref))", "type mismatch");
  refuse("(module (table 1 funcref) (func (table.init 0 0 (i32.const 0) (i32.const 0) (i32.const 0))))",
         "unknown elem segment 0");
}
END_TEST

START_TEST(references) {
  accept("(module (type $t (func)) (func (param (ref null $t)) (result (ref $t)) (block (br_on_null 0 "
         "(local.get 0)) (return)) (unreachable)))");
  accept("(module (type $t (func)) (func (param (ref null $t)) (result (ref $t)) (br_on_non_null 0 "
         "(local.get 0)) (unreachable)))");
  accept("(module (elem declare func $f) (func $f (drop (ref.func $f))))");
  accept("(module (func (result (ref any)) (unreachable) (ref.as_non_null)))");
  refuse("(module (func $f (drop (ref.func $f))))", "undeclared function reference 0");
  refuse("(module (func (param funcref) (drop (ref.eq (local.get 0) (local.get 0)))))",
         "type mismatch: expected eqref, found funcref");
  refuse("(module (func (drop (ref.is_null (i32.const 1)))))",
         "type mismatch: expected any reference, found i32");
  refuse("(module (func (param funcref) (br_on_non_null 0 (local.get 0))))",
         "type mismatch: label 0 takes no operand");
}
END_TEST

START_TEST(garbage_collected) {
  accept("(module (type $s (struct (field i8) (field (mut i64)))) (func (result i32) (struct.get_s $s 0 "
         "(struct.new_default $s))))");
  accept("(module (type $a (array (mut i16))) (func (param (ref $a)) (array.copy $a $a (local.get 0) "
         "(i32.const 0) (local.get 0) (i32.const 0) (i32.const 1))))");
  accept("(module (type $s (struct)) (func (param anyref) (result (ref $s)) (br_on_cast 0 anyref (ref $s) "
         "(local.get 0)) (unreachable)))");
  accept("(module (func (param externref) (result anyref) (any.convert_extern (local.get 0))))");
  accept("(module (rec (type $a (sub (struct (field (ref null $b))))) (type $b (sub $a (struct (field (ref "
         "null $b)) (field i32))))))");
  refuse(
      "(module (type $s (struct (field i8))) (func (param (ref $s)) (drop (struct.get $s 0 (local.get 0)))))",
      "type mismatch: field is packed");
  refuse("(module (type $s (struct (field i32))) (func (param (ref $s)) (struct.set $s 0 (local.get 0) "
         "(i32.const 1))))",
         "immutable field");
  refuse("(module (type $a (array i32)) (func (param (ref $a)) (array.set $a (local.get 0) (i32.const 1) "
         "(i32.const 1))))",
         "immutable array");
  refuse("(module (type $a (array (mut i32))) (type $b (array i64)) (func (param (ref $a) (ref $b)) "
         "(array.copy $a $b (local.get 0) (i32.const 0) (local.get 1) (i32.const 0) (i32.const 1))))",
         "array types do not match");
  refuse("(module (type $a (array funcref)) (data \"\") (func (drop (array.new_data $a 0 (i32.const 0) "
         "(i32.const 0)))))",
         "array type is not numeric or vector");
  refuse("(module (type $s (struct (field (ref any)))) (func (drop (struct.new_default $s))))",
         "type mismatch: (ref any) has no default value");
  refuse("(module (func (param anyref) (drop (ref.cast funcref (local.get 0)))))", "type mismatch");
  refuse("(module (type $a (sub (struct (field i32)))) (type $b (sub $a (struct (field i64)))))",
         "sub type 1 does not match super type 0");
  refuse("(module (type $a (struct)) (type $b (sub $a (struct))))", "sub type 1 does not match super type 0");
  struct features spec3 = features_all();
  features_set(&spec3, FEATURE_CUSTOM_DESCRIPTORS, false);
  refuse_with(
      "(module (func (param anyref) (result anyref) (br_on_cast 0 structref arrayref (unreachable))))",
      "type mismatch: cast target", spec3);
}
END_TEST

START_TEST(exceptions) {
  accept("(module (tag $e (param i32)) (func (result i32 (ref exn)) (try_table (catch_ref $e 0) (throw $e "
         "(i32.const 1))) (unreachable)))");
  accept("(module (func (param exnref) (throw_ref (local.get 0))))");
  refuse("(module (tag $e (param i32)) (func (try_table (catch $e 0))))",
         "type mismatch: label 0 does not take");
  refuse("(module (func (throw 0)))", "unknown tag 0");
  refuse("(module (tag $e (param i32)) (func (throw $e)))", "type mismatch");
  refuse("(module (tag $e (result i32)) (func (throw $e)))", "type mismatch: tag 0 has results");
  struct features no_stacks = features_all();
  features_set(&no_stacks, FEATURE_STACK_SWITCHING, false);
  refuse_with("(module (type $t (func (result i32))) (import \"\" \"\" (tag (type $t))))",
              "non-empty tag result type", no_stacks);
}
END_TEST

START_TEST(legacy) {
  accept("(module (tag $e (param i32)) (func (result i32) (try (result i32) (do (i32.const 1)) (catch $e) "
         "(catch_all (rethrow 0)))))");
  accept("(module (func (try (do (try (do) (delegate 0))) (catch_all))))");
  refuse("(module (func (try (do (rethrow 0)) (catch_all))))", "invalid rethrow label 0");
  refuse("(module (func (try (do) (delegate 1))))", "unknown label 1");
  refuse("(module (tag $e (param i64)) (func (result i32) (try (result i32) (do (i32.const 1)) (catch $e))))",
         "type mismatch");
}
END_TEST

#define CONTS                                                                                                \
  "(type $f (func (param i32) (result i64))) (type $c (cont $f)) (tag $t (param f32) (result f64)) "         \
  "(type $f2 (func (param f64) (result i64))) (type $c2 (cont $f2)) "
START_TEST(continuations) {
  accept("(module " CONTS "(func (param (ref $c)) (result i64) (block $h (result f32 (ref $c2)) (return "
         "(resume $c (on $t $h) (i32.const 1) (local.get 0)))) (unreachable)))");
  accept("(module " CONTS "(func (result f64) (suspend $t (f32.const 0))))");
  accept("(module (rec (type $f (func (param (ref null $c)))) (type $c (cont $f))) (tag $s) (func (param "
         "(ref $c)) (result (ref null $c)) (switch $c $s (local.get 0))))");
  refuse("(module " CONTS "(func (drop (cont.new $f (ref.null $f)))))", "non-continuation type 0");
  refuse("(module (type $s (struct)) (type $c (cont $s)))", "non-function type 0");
  refuse(
      "(module " CONTS "(func (param (ref $c)) (result i64) (block $h (result f32 (ref cont)) (return "
      "(resume $c (on $t $h) (i32.const 1) (local.get 0)))) (unreachable)))",
      "type mismatch: instruction requires concrete continuation reference type but label has [(ref cont)]");
  refuse("(module " CONTS "(func (param (ref $c)) (result i64) (block $h (result f32 (ref $c)) (return "
         "(resume $c (on $t $h) (i32.const 1) (local.get 0)))) (unreachable)))",
         "type mismatch: the continuation of label");
  refuse("(module " CONTS "(tag $s (result i32)) (func (param (ref $c)) (result i64) (resume $c (on $s "
         "switch) (i32.const 1) (local.get 0))))",
         "type mismatch in switch tag");
  refuse("(module " CONTS "(func (param (ref $c)) (drop (ref.cast (ref $c) (local.get 0)))))",
         "invalid cast");
  /* An exception has no results, whatever the tag's other use. */
  refuse("(module " CONTS
         "(func (param (ref $c)) (result i64) (resume_throw $c $t (f32.const 0) (local.get 0))))",
         "type mismatch: tag 0 has results");
}
END_TEST

START_TEST(numbers) {
  accept("(module (func (param i64) (result i64 i64) (i64.add128 (local.get 0) (local.get 0) (local.get 0) "
         "(local.get 0))))");
  accept("(module (func (param v128) (result v128) (i8x16.shuffle 0 31 0 0 0 0 0 0 0 0 0 0 0 0 0 0 "
         "(local.get 0) (local.get 0))))");
  refuse("(module (func (param v128) (drop (i16x8.extract_lane_s 8 (local.get 0)))))", "invalid lane index");
  refuse("(module (func (param v128) (drop (i8x16.shuffle 0 32 0 0 0 0 0 0 0 0 0 0 0 0 0 0 (local.get 0) "
         "(local.get 0)))))",
         "invalid lane index");
  refuse("(module (func (result i64) (i64.mul_wide_u (i64.const 1) (i64.const 1))))", "type mismatch");
}
END_TEST

START_TEST(outside_bodies) {
  accept("(module (import \"a\" \"b\" (global $g i32)) (global i32 (i32.add (global.get $g) (i32.const 1))) "
         "(memory 1) (data (global.get 1) \"\"))");
  accept(
      "(module (type $a (array i32)) (global (ref $a) (array.new_fixed $a 2 (i32.const 1) (i32.const 2))))");
  refuse("(module (global (mut i32) (i32.const 1)) (global i32 (global.get 0)))",
         "constant expression required: global 0 is mutable");
  refuse("(module (global i32 (i32.clz (i32.const 1))))", "constant expression required");
  refuse("(module (global i32 (global.get 1)) (global i32 (i32.const 1)))", "unknown global 1");
  refuse("(module (func) (export \"a\" (func 0)) (export \"a\" (func 0)))", "duplicate export name");
  refuse("(module (export \"a\" (table 0)))", "unknown table 0");
  refuse("(module (func (param i32)) (start 0))", "start function 0");
  refuse("(module (data (i32.const 0) \"\"))", "unknown memory 0");
  refuse("(module (func (type 3)))", "unknown type 3");
  refuse("(module (type (func (param (ref 1)))))", "unknown type 1");
  struct features plain = features_all();
  features_set(&plain, FEATURE_EXTENDED_CONST, false);
  refuse_with("(module (global i32 (i32.add (i32.const 1) (i32.const 1))))", "constant expression required",
              plain);
}
END_TEST

int main(void) {
  return UNIT_RUN("validate/rules", messages, control, calls, variables, memories, tables, references,
                  garbage_collected, exceptions, legacy, continuations, numbers, outside_bodies);
}
