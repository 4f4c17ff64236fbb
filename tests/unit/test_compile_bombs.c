/* Bodies made to be slow: deep, wide, with many branches to one label, many locals that differ on many edges.
 * Each must compile (or be refused for a limit) in time and memory that are linear in its size: less than 2 s
 * of CPU and less than 400 bytes for a byte of body. */
#include "compiler/compile.h"
#include "compiler/isa/isa.h"
#include "module_bytes.h"
#include "unit.h"

#include <time.h>

static void repeat(struct module_bytes *b, const char *bytes, size_t len, uint32_t n) {
  for (uint32_t i = 0; i < n; i++)
    put(b, bytes, len);
}
#define REPEAT(b, literal, n) repeat((b), (literal), sizeof(literal) - 1, (n))

/* A module with one function (i32) -> () that has `nlocals` more i32 locals; its body follows. */
static void begin(struct module_bytes *b, uint32_t nlocals) {
  module_begin(b);
  section_begin(b, 1);
  buf_uleb(&b->out, 2);
  put_functype(b, "i", "");
  buf_u8(&b->out, 0x60); /* type 1: () -> 1000 x i32 */
  buf_uleb(&b->out, 0);
  buf_uleb(&b->out, 1000);
  REPEAT(b, "\x7f", 1000);
  section_end(b);
  section_begin(b, 3);
  PUT(b, "\x01\x00");
  section_end(b);
  section_begin(b, 5);
  PUT(b, "\x01\x00\x01");
  section_end(b);
  section_begin(b, 10);
  buf_uleb(&b->out, 1);
  body_begin(b);
  buf_uleb(&b->out, 1);
  buf_uleb(&b->out, nlocals);
  buf_u8(&b->out, 0x7f);
}

static void set_locals(struct module_bytes *b, uint32_t n) { /* local i = parameter */
  for (uint32_t i = 1; i <= n; i++) {
    PUT(b, "\x20\x00\x21");
    buf_uleb(&b->out, i);
  }
}

static void check(struct module_bytes *b, const char *what, bool may_be_refused) {
  struct arena arena, code_arena;
  jmp_buf oom;
  struct error e = ERROR_INIT;
  struct canon *canon = canon_new();
  body_end(b);
  section_end(b);
  if (setjmp(oom) != 0) ck_abort_msg("%s: out of memory", what);
  arena_init(&arena, &oom);
  arena_init(&code_arena, &oom);
  struct module *m = module_decode(&arena, buf_slice(&b->out), features_all(), &e);
  struct valid_module *v = m ? module_validate(m, canon, &e) : NULL;
  if (!v) ck_abort_msg("%s: %s", what, e.message);
  code_arena.limit = 400 * (size_t)m->funcs[0].body_size + (32 << 20);
  struct compile_config config = {.isa = isa_host(), .interruption = true, .inlining = true};
  config.isa_config.interruption = true;
  struct code code;
  clock_t before = clock();
  bool ok = compile_func(v, 0, &config, &code_arena, &code, NULL, &e);
  double seconds = (double)(clock() - before) / CLOCKS_PER_SEC;
  if (!ok && !(may_be_refused && e.kind == ERROR_LIMIT)) ck_abort_msg("%s: %s", what, e.message);
  if (seconds > 2) ck_abort_msg("%s takes %.1f s", what, seconds);
  arena_free(&code_arena);
  arena_free(&arena);
  canon_delete(canon);
  buf_free(&b->out);
}

#define BR_IF_0 "\x20\x00\x0d\x00"
enum { DEEP = 49000 }; /* the validator allows 50,000 */

START_TEST(branches) {
  struct module_bytes b;
  begin(&b, 1);
  PUT(&b, "\x02\x40");
  REPEAT(&b, BR_IF_0, 300000); /* all out of one block */
  PUT(&b, "\x0b");
  check(&b, "branches to one label", false);
  begin(&b, 1);
  REPEAT(&b, "\x02\x40", DEEP);
  for (uint32_t i = 0; i < DEEP; i++) { /* one to each of many labels, and code behind each */
    PUT(&b, "\x20\x00\x0d");
    buf_uleb(&b.out, i);
  }
  REPEAT(&b, "\x0b\x20\x00\x21\x01", DEEP);
  check(&b, "branches to many labels", false);
  begin(&b, 1);
  REPEAT(&b, "\x02\x40", 300);
  for (int k = 0; k < 400; k++) {
    PUT(&b, "\x02\x40\x20\x00\x0e\xac\x02");
    for (uint32_t i = 0; i < 301; i++)
      buf_uleb(&b.out, i);
    PUT(&b, "\x0b");
  }
  REPEAT(&b, "\x0b", 300);
  check(&b, "tables of different labels", false);
}
END_TEST

START_TEST(locals) {
  struct module_bytes b;
  begin(&b, 49500);
  PUT(&b, "\x02\x40");
  set_locals(&b, 49000);
  REPEAT(&b, BR_IF_0, 100000);
  PUT(&b, "\x0b");
  check(&b, "many locals set before many branches", false);
  begin(&b, 49500);
  REPEAT(&b, "\x02\x40" BR_IF_0, DEEP);
  set_locals(&b, 49000);
  REPEAT(&b, "\x0b", DEEP);
  check(&b, "many locals that differ at many labels", false);
  begin(&b, 49500);
  REPEAT(&b, "\x03\x40", DEEP);
  set_locals(&b, 49000);
  REPEAT(&b, BR_IF_0 "\x0b", DEEP);
  check(&b, "many locals set in many loops", false);
  begin(&b, 1);
  PUT(&b, "\x02\x01");
  REPEAT(&b, "\x20\x00", 1000);
  REPEAT(&b, "\x1a\x20\x00\x45" BR_IF_0, 100000); /* 1000 results, another one each time */
  PUT(&b, "\x0b");
  REPEAT(&b, "\x1a", 1000);
  check(&b, "many results on many branches", true);
}
END_TEST

START_TEST(nests) {
  struct module_bytes b;
  begin(&b, 1);
  REPEAT(&b, "\x20\x00\x04\x40", DEEP);
  REPEAT(&b, "\x0b", DEEP);
  check(&b, "nested ifs", false);
  begin(&b, 1);
  REPEAT(&b, "\x20\x00\x04\x40", DEEP);
  REPEAT(&b, "\x05\x20\x00\x21\x01\x0b", DEEP);
  check(&b, "nested ifs with else", false);
  begin(&b, 1);
  REPEAT(&b, "\x02\x40\x03\x40\x20\x00\x0d\x01", DEEP / 2);
  REPEAT(&b, BR_IF_0 "\x0b\x0b", DEEP / 2);
  check(&b, "nested loops with exits", false);
  begin(&b, 1);
  REPEAT(&b, "\x03\x40\x20\x00\x41\x01\x6b\x22\x00\x0d\x00\x0b", 100000);
  check(&b, "loops in a row", false);
  begin(&b, 1);
  PUT(&b, "\x00"); /* dead from here on */
  REPEAT(&b, "\x03\x40", DEEP);
  REPEAT(&b, BR_IF_0 "\x0b", DEEP);
  check(&b, "dead loops", false);
}
END_TEST

START_TEST(straight) {
  struct module_bytes b;
  begin(&b, 1);
  PUT(&b, "\x20\x00");
  REPEAT(&b, "\x20\x00\x6a", 1000000); /* all different, each used once */
  PUT(&b, "\x21\x01");
  check(&b, "a long sum", false);
  begin(&b, 1);
  for (uint32_t i = 0; i < 300000; i++) { /* effects, each at another place */
    PUT(&b, "\x20\x00\x20\x00\x36\x02");
    buf_uleb(&b.out, i);
  }
  check(&b, "stores", false);
  begin(&b, 1);
  for (uint32_t i = 0; i < 300000; i++) { /* values that all live to the end */
    PUT(&b, "\x20\x00\x28\x02");
    buf_uleb(&b.out, i);
  }
  REPEAT(&b, "\x1a", 300000);
  check(&b, "a deep operand stack", false);
}
END_TEST

int main(void) { return UNIT_RUN("compiler", branches, locals, nests, straight); }
