/* Lack of memory at every allocation of decoding and validation: a clean error each time, or success where
 * the allocation was one that may fail.  Leaks are ASan's to find. */
#include "base/alloc.h"
#include "module_bytes.h"
#include "text/parse.h"
#include "unit.h"

static const char source[] =
    "(module (rec (type $s (sub (struct (field (mut i32)) (field (ref null $s))))) (type $a (array (ref null "
    "$s))))"
    " (type $f (func (param i32) (result i32))) (type $c (cont $f)) (import \"m\" \"f\" (func $imported "
    "(type $f)))"
    " (tag $t (param i32)) (table 3 funcref) (memory 1) (global (ref null $s) (struct.new_default $s))"
    " (elem (i32.const 0) $imported $g) (data (i32.const 0) \"abc\") (export \"g\" (func $g)) (export \"f\" "
    "(func $imported))"
    " (func $g (type $f) (local (ref $s)) (local i64 f32) (local.set 1 (struct.new_default $s))"
    "  (block $b (result i32) (try_table (catch $t $b) (throw $t (local.get 0))) (unreachable)))"
    " (func (drop (cont.new $c (ref.func $g)))))";

/* The judgement with the allocation number `n` failing, alone or with all after it. */
static struct judged judge_short(struct slice bytes, int64_t n, bool forever) {
  alloc_fail_after(n, forever);
  struct judged j = judge_bytes(bytes, features_all());
  alloc_fail_after(-1, false);
  return j;
}

START_TEST(every_allocation) {
  struct buf bytes;
  struct error e = ERROR_INIT;
  buf_init(&bytes);
  ck_assert_msg(text_parse_module(slice_cstr(source), features_all(), &bytes, &e), "%s", e.message);
  struct slice s = buf_slice(&bytes);
  uint64_t before = alloc_count();
  struct judged whole = judge_bytes(s, features_all());
  uint64_t count = alloc_count() - before;
  ck_assert_msg(whole.ok, "%s", whole.error.message);
  ck_assert_uint_gt(count, 4);
  for (uint64_t n = 0; n < count; n++) {
    for (int forever = 0; forever < 2; forever++) {
      struct judged j = judge_short(s, (int64_t)n, forever);
      ck_assert_msg(!j.ok, "allocation %lu of %lu", (unsigned long)n, (unsigned long)count);
      ck_assert_msg(j.error.kind == ERROR_MEMORY || j.error.kind == ERROR_NONE /* no canon */, "%s",
                    j.error.message);
    }
  }
  ck_assert(judge_short(s, (int64_t)count, true).ok);
  buf_free(&bytes);
}
END_TEST

int main(void) { return UNIT_RUN("validate/memory", every_allocation); }
