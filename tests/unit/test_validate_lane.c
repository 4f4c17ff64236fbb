/* The fast lane accepts nothing that the general path refuses and finds out the same facts: one body, changed
 * at random many thousand times, is judged both ways. */
#include "module_bytes.h"
#include "text/parse.h"
#include "unit.h"
#include "validate/validator.h"

static const char source[] =
    "(module (type $s (struct (field i32))) (memory 1) (global $g (mut i64) (i64.const 5)) (table 2 funcref)"
    " (func $callee (param i32 i64) (result i32) (local.get 0)) (func $void)"
    " (func (param i32 i64 f32 f64) (result i32) (local i32 i64 (ref $s) (ref null $s))"
    "  (local.set 6 (struct.new $s (i32.const 70000)))"
    "  (block $out (loop $again (br_if $out (i32.eqz (local.get 0)))"
    "    (local.set 5 (i64.add (local.get 1) (i64.const -1234567890123)))"
    "    (i64.store offset=16 (local.get 0) (local.get 5)) (f32.store (local.get 4) (f32.const 1.5))"
    "    (global.set $g (i64.load32_u (i32.const 3)))"
    "    (if (result i32) (local.tee 4 (i32.load8_s (local.get 0))) (then (i32.const 1)) (else "
    "(unreachable))) (drop)"
    "    (if (local.get 0) (then (call $void)) (else (br $again)))"
    "    (drop (select (f64.const 2) (f64.sqrt (local.get 3)) (local.get 4)))"
    "    (drop (f64.promote_f32 (f32.mul (local.get 2) (f32.const 3))))"
    "    (br_table $out $again (local.get 0))))"
    "  (drop (block (result i64) (br 0 (global.get $g))))"
    "  (drop (struct.get $s 0 (local.get 6)))"
    "  (if (i32.lt_u (local.get 0) (i32.const 0x7fffffff)) (then (return (call $callee (local.get 0) "
    "(local.get 1)))))"
    "  (block (unreachable)) (call $callee (i32.const 2) (i64.const 0x7fffffffffffffff))))";
enum { FUNC = 2, CHANGES = 40000 };

struct verdict {
  bool ok;
  struct error error;
  struct func_facts facts;
};

static struct verdict judge_body(struct validator *v, bool lane) {
  static struct lane_row none[256], all[256];
  struct verdict j = {.error = ERROR_INIT};
  lane_init(all, v->sigs, v->m->features);
  memcpy(v->lane, lane ? all : none, sizeof v->lane);
  v->error = &j.error;
  j.ok = func_validate(v, FUNC, &j.facts);
  return j;
}

static uint64_t next_random(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  return *state ^= *state << 17;
}

static void compare(struct validator *v, uint32_t change) {
  struct verdict a = judge_body(v, true), b = judge_body(v, false);
  ck_assert_msg(a.ok == b.ok, "change %u: %s / %s", change, a.error.message, b.error.message);
  ck_assert_mem_eq(&a.facts, &b.facts, sizeof a.facts);
  /* An instruction that crosses the body's end is reported at another place. */
  if (a.ok || strncmp(a.error.message, "unexpected end", 14) == 0) return;
  ck_assert_str_eq(a.error.message, b.error.message);
  ck_assert_uint_eq(a.error.offset, b.error.offset);
}

START_TEST(same_verdicts) {
  struct buf bytes;
  struct error e = ERROR_INIT;
  struct arena arena;
  jmp_buf oom;
  buf_init(&bytes);
  ck_assert_msg(text_parse_module(slice_cstr(source), features_all(), &bytes, &e), "%s", e.message);
  arena_init(&arena, &oom);
  if (setjmp(oom) != 0) ck_abort_msg("out of memory");
  struct canon *canon = canon_new();
  struct module *m = module_decode(&arena, buf_slice(&bytes), features_all(), &e);
  ck_assert_msg(m && module_validate(m, canon, &e), "%s", e.message);
  struct validator *v = ARENA_NEW(&arena, struct validator);
  validator_init(v, m, canon, &arena, &e);
  struct verdict whole = judge_body(v, true);
  ck_assert(whole.ok);
  compare(v, 0);

  uint8_t *body = bytes.data + m->funcs[FUNC].body_off;
  uint32_t size = m->funcs[FUNC].body_size;
  uint8_t *original = arena_copy(&arena, body, size);
  uint64_t state = 88172645463325252u;
  uint32_t nvalid = 0;
  for (uint32_t i = 1; i <= CHANGES; i++) {
    for (uint64_t n = 1 + next_random(&state) % 2; n > 0; n--) {
      uint64_t at = next_random(&state) % size, value = next_random(&state) >> 20;
      body[at] = (uint8_t)(value & 0x100 ? value : value % 0x40);
    }
    compare(v, i);
    nvalid += judge_body(v, true).ok;
    memcpy(body, original, size);
  }
  ck_assert_uint_gt(nvalid, CHANGES / 200); /* enough changes that leave a valid body, or nothing was tried */
  canon_delete(canon);
  arena_free(&arena);
  buf_free(&bytes);
}
END_TEST

int main(void) { return UNIT_RUN("validate/lane", same_verdicts); }
