/* Random bodies, built in SSA form, tidied, and built once more with their locals in frame slots: all three
 * must compute the same. With locals in slots nothing is merged, so this judges phis, value numbering,
 * forwarding and order. */
#include "../support/ir_eval.h"
#include "../support/random_body.h"
#include "abi/vmctx.h"
#include "binary/decode.h"
#include "compiler/build/build.h"
#include "compiler/ir/parse.h"
#include "compiler/ir/print.h"
#include "compiler/ir/verify.h"
#include "compiler/opt/opt.h"
#include "unit.h"

struct outcome {
  bool returned, stuck;
  enum trap_code trap;
  uint64_t result;
  uint8_t memory[256];
  uint32_t globals[2];
};

static bool call_helper(struct ir_env *env, struct ir_func *f, ir_val call, const uint64_t *args,
                        uint32_t nargs, uint64_t *results) {
  (void)env;
  if (f->insns.at[call].op != IR_OP_CALL || f->insns.at[call].a != 1 || nargs != 3) return false;
  helper_results(args, results);
  return true;
}

static struct outcome run(struct arena *a, struct ir_func *f, const uint64_t *params) {
  struct outcome r = {0};
  struct vmctx_layout layout;
  ck_assert(vmctx_layout(f->module, &layout));
  uint8_t *vmctx = arena_zalloc(a, 1, layout.size);
  union vm_value *globals = (union vm_value *)(void *)(vmctx + layout.globals);
  globals[0].i32 = 5, globals[1].i32 = 7;
  for (uint32_t i = 0; i < sizeof r.memory; i++)
    r.memory[i] = (uint8_t)(i * 37);
  struct ir_env env = {.params = params,
                       .memory = r.memory,
                       .memory_size = sizeof r.memory,
                       .vmctx = vmctx,
                       .steps = 200000,
                       .call = call_helper};
  env.values = ARENA_ARRAY(a, uint64_t, f->insns.len);
  env.slots = ARENA_ARRAY(a, uint64_t, NLOCALS);
  r.returned = ir_eval(&env, f);
  r.stuck = env.stuck;
  r.trap = env.trap;
  r.result = env.results[0];
  r.globals[0] = globals[0].i32, r.globals[1] = globals[1].i32;
  return r;
}

static bool same(const struct outcome *a, const struct outcome *b) {
  return a->returned == b->returned && a->trap == b->trap && (!a->returned || a->result == b->result) &&
         memcmp(a->memory, b->memory, sizeof a->memory) == 0 && a->globals[0] == b->globals[0] &&
         a->globals[1] == b->globals[1];
}

static void show_and_fail(struct ir_func *slots, struct ir_func *ssa, const char *what) {
  struct out out = out_file(stdout);
  ir_print(slots, &out);
  ir_print(ssa, &out);
  fflush(stdout);
  ck_abort_msg("%s", what);
}

/* What print writes, parse reads: the same function, but for the numbers of its values, which are then
 * stable. */
static struct ir_func *through_text(struct arena *a, struct ir_func *f) {
  struct buf text[2];
  struct error e = ERROR_INIT;
  for (int i = 0; i < 2; i++) {
    buf_init(&text[i]);
    struct out out = out_buf(&text[i]);
    ir_print(f, &out);
    f = ir_parse(buf_slice(&text[i]), f->module, a, &e);
    if (!f) {
      fwrite(text[i].data, 1, text[i].len, stdout);
      fflush(stdout);
      ck_abort_msg("line %u: %s", e.line, e.message);
    }
  }
  struct buf again;
  buf_init(&again);
  struct out out = out_buf(&again);
  ir_print(f, &out);
  ck_assert(slice_eq(buf_slice(&again), buf_slice(&text[1])));
  for (int i = 0; i < 2; i++)
    buf_free(&text[i]);
  buf_free(&again);
  return f;
}

static uint32_t one_module(struct arena *a, uint32_t number) {
  struct buf bytes;
  struct error e = ERROR_INIT;
  struct canon *canon = canon_new();
  buf_init(&bytes);
  make_module(&bytes);
  struct module *m = module_decode(a, buf_slice(&bytes), features_all(), &e);
  struct valid_module *v = m ? module_validate(m, canon, &e) : NULL;
  if (!v) ck_abort_msg("module %u: %s at 0x%llx", number, e.message, (unsigned long long)e.offset);
  struct build_config config = {.interruption = true}, in_slots = {.locals_in_slots = true, .plain = true};
  struct ir_func *slots = build_func(v, 0, &in_slots, a, &e), *ssa = build_func(v, 0, &config, a, &e);
  if (!slots || !ssa) ck_abort_msg("module %u: %s", number, e.message);
  struct out out = out_file(stdout);
  if (!ir_verify(slots, IR_BUILT, &out) || !ir_verify(ssa, IR_BUILT, &out))
    show_and_fail(slots, ssa, "built");
  uint64_t params[3][2] = {{0, 1}, {7, 0xffffffff}, {below(UINT32_MAX), below(100)}};
  struct outcome want[3];
  uint32_t finished = 0;
  for (int i = 0; i < 3; i++) {
    want[i] = run(a, slots, params[i]);
    struct outcome got = run(a, ssa, params[i]);
    if (want[i].stuck || got.stuck) continue;
    if (!same(&want[i], &got)) show_and_fail(slots, ssa, "SSA form computes something else");
    finished++;
  }
  opt_tidy(ssa);
  opt_tidy(slots);
  if (!ir_verify(ssa, IR_TIDY, &out) || !ir_verify(slots, IR_TIDY, &out)) show_and_fail(slots, ssa, "tidied");
  for (int i = 0; i < 3; i++) {
    struct outcome x = run(a, ssa, params[i]), y = run(a, slots, params[i]);
    if (want[i].stuck || x.stuck || y.stuck) continue;
    if (!same(&want[i], &x) || !same(&want[i], &y))
      show_and_fail(slots, ssa, "tidy changes what is computed");
  }
  struct ir_func *read = through_text(a, ssa);
  if (!ir_verify(read, IR_TIDY, &out)) show_and_fail(ssa, read, "read back");
  for (int i = 0; i < 3; i++) {
    struct outcome got = run(a, read, params[i]);
    if (want[i].stuck || got.stuck) continue;
    if (!same(&want[i], &got)) show_and_fail(ssa, read, "what was read back computes something else");
  }
  canon_delete(canon);
  buf_free(&bytes);
  return finished;
}

START_TEST(random_bodies) {
  jmp_buf oom;
  struct arena a;
  if (setjmp(oom) != 0) ck_abort_msg("out of memory");
  arena_init(&a, &oom);
  struct arena_mark mark = arena_mark(&a);
  uint32_t finished = 0;
  for (uint32_t i = 0; i < 1500; i++) {
    finished += one_module(&a, i);
    arena_release(&a, mark);
  }
  arena_free(&a);
  ck_assert_msg(finished > 3000, "only %u runs came to an end", finished);
}
END_TEST

int main(void) { return UNIT_RUN("compiler/build", random_bodies); }
