/* Random bodies, built in SSA form, tidied, and built once more with their locals in frame slots: all three
 * must compute the same. With locals in slots nothing is merged, so this judges phis, value numbering,
 * forwarding and order. */
#include "../support/ir_eval.h"
#include "abi/vmctx.h"
#include "binary/decode.h"
#include "compiler/build/build.h"
#include "compiler/ir/print.h"
#include "compiler/ir/verify.h"
#include "compiler/opt/opt.h"
#include "unit.h"

static uint64_t state = 0x9e3779b97f4a7c15u;
static uint32_t below(uint32_t n) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)((state >> 11) % n);
}

enum { LOCALS = 6, COUNTER = 6 /* the local that ends loops */, LOCAL64 = 7, NLOCALS = 9 };
struct gen {
  struct buf code;
  uint8_t labels[64]; /* innermost last: 0 = block, 1 = loop, 2 = block with an i32 */
  uint32_t depth;
  int budget;
};

static void op(struct gen *g, uint8_t code) { buf_u8(&g->code, code); }
static void op1(struct gen *g, uint8_t code, uint32_t imm) {
  buf_u8(&g->code, code);
  buf_uleb(&g->code, imm);
}

static void expr(struct gen *g, int depth) {
  static const uint8_t binary[] = {0x6a, 0x6b, 0x6c, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76,
                                   0x46, 0x47, 0x48, 0x49, 0x4d, 0x6a, 0x6d, 0x6e, 0x70};
  g->budget--;
  switch (depth <= 0 ? below(2) : below(10)) {
  case 0: op1(g, 0x20, below(LOCALS)); break;
  case 1:
    op(g, 0x41);
    buf_sleb(&g->code, below(4) ? (int32_t)below(16) - 4 : (int32_t)below(UINT32_MAX));
    break;
  case 2:
    expr(g, depth - 1);
    op(g, 0x45);
    break; /* eqz */
  case 3:  /* load */
    expr(g, depth - 1);
    op1(g, 0x41, 0x3f);
    op(g, 0x71);
    op(g, (uint8_t[]){0x28, 0x2c, 0x2d, 0x2e, 0x2f}[below(5)]);
    op(g, 0);
    buf_uleb(&g->code, below(4) * 4);
    break;
  case 4: op1(g, 0x23, below(2)); break; /* global.get */
  case 5:
    expr(g, depth - 1), expr(g, depth - 1), expr(g, depth - 1);
    op(g, 0x1b);
    break;
  case 6: /* through i64 */
    op1(g, 0x20, LOCAL64);
    expr(g, depth - 1);
    op(g, below(2) ? 0xac : 0xad);
    op(g, below(2) ? 0x7c : 0x84);
    if (below(2)) op1(g, 0x22, LOCAL64);
    op(g, 0xa7);
    break;
  default:
    expr(g, depth - 1);
    expr(g, depth - 1);
    op(g, binary[below(sizeof binary)]);
  }
}

static void statements(struct gen *g);

/* A label of the kind, or UINT32_MAX. */
static uint32_t label(struct gen *g, uint8_t kind) {
  for (int i = 0; i < 8 && g->depth > 0; i++) {
    uint32_t l = below(g->depth);
    if (g->labels[g->depth - 1 - l] == kind) return l;
  }
  return UINT32_MAX;
}

static void nested(struct gen *g, uint8_t code, uint8_t type, uint8_t kind) {
  op(g, code);
  op(g, type);
  g->labels[g->depth++] = kind;
  statements(g);
  if (kind == 2) expr(g, 2);
  if (code == 0x04 && (kind == 2 || below(2))) {
    op(g, 0x05);
    statements(g);
    if (kind == 2) expr(g, 2);
  }
  g->depth--;
  op(g, 0x0b);
}

static void statement(struct gen *g) {
  uint32_t l;
  bool deep = g->depth > 12 || g->budget < 0;
  switch (deep ? below(5) : below(14)) {
  case 0:
  case 1:
    expr(g, 3);
    op1(g, 0x21, below(LOCALS));
    break;
  case 2:
    expr(g, 2);
    op1(g, 0x24, below(2));
    break;
  case 3: /* store */
    expr(g, 2);
    op1(g, 0x41, 0x3f);
    op(g, 0x71);
    expr(g, 2);
    op(g, (uint8_t[]){0x36, 0x3a, 0x3b}[below(3)]);
    op(g, 0);
    buf_uleb(&g->code, below(4) * 4);
    break;
  case 4:
    if ((l = label(g, 0)) == UINT32_MAX) break;
    expr(g, 2);
    op1(g, 0x0d, l);
    break;
  case 5: /* br_if with a value, which stays */
    if ((l = label(g, 2)) == UINT32_MAX) break;
    expr(g, 2);
    expr(g, 2);
    op1(g, 0x0d, l);
    op1(g, 0x21, below(LOCALS));
    break;
  case 6: nested(g, 0x02, 0x40, 0); break;
  case 7:
    expr(g, 2);
    nested(g, 0x04, 0x40, 0);
    break;
  case 8: /* a loop goes on while the counter lasts */
    op(g, 0x03);
    op(g, 0x40);
    g->labels[g->depth++] = 1;
    statements(g);
    for (uint32_t i = 0; i < 1 + below(2); i++) {
      expr(g, 1);
      op1(g, 0x20, COUNTER);
      op1(g, 0x41, 1);
      op(g, 0x6b);
      op1(g, 0x22, COUNTER);
      op1(g, 0x41, 0);
      op(g, 0x4a);
      op(g, 0x71);
      op1(g, 0x0d, 0);
    }
    g->depth--;
    op(g, 0x0b);
    break;
  case 9:
    nested(g, 0x02, 0x7f, 2);
    op1(g, 0x21, below(LOCALS));
    break;
  case 10:
    expr(g, 2);
    nested(g, 0x04, 0x7f, 2);
    op1(g, 0x21, below(LOCALS));
    break;
  case 11: { /* br_table, and dead code behind it */
    uint32_t targets[8], n = 1 + below(6);
    for (uint32_t i = 0; i <= n; i++)
      if ((targets[i] = label(g, 0)) == UINT32_MAX) return;
    if (below(3)) return;
    expr(g, 2);
    op1(g, 0x0e, n);
    for (uint32_t i = 0; i <= n; i++)
      buf_uleb(&g->code, targets[i]);
    if (below(2)) statements(g);
    break;
  }
  case 12:
    if (below(8)) break;
    expr(g, 2);
    op(g, 0x0f);
    break;
  case 13:
    if ((l = label(g, 0)) == UINT32_MAX || below(4)) break;
    op1(g, 0x0c, l);
    break;
  }
}

static void statements(struct gen *g) {
  for (uint32_t n = 1 + below(5); n > 0; n--)
    statement(g);
}

static void section(struct buf *b, uint8_t id, const struct buf *body) {
  buf_u8(b, id);
  buf_uleb(b, body->len);
  buf_bytes(b, body->data, body->len);
}

static void make_module(struct buf *out) {
  struct gen g = {.budget = 250};
  struct buf part;
  buf_init(&g.code);
  buf_init(&part);
  static const uint8_t head[] = {0,    'a',  's', 'm',  1, 0,    0, 0,    1,    7, 1,    0x60, 2,
                                 0x7f, 0x7f, 1,   0x7f, 3, 2,    1, 0,    5,    3, 1,    0,    1,
                                 6,    11,   2,   0x7f, 1, 0x41, 5, 0x0b, 0x7f, 1, 0x41, 7,    0x0b};
  static const uint8_t locals[] = {2, 5, 0x7f, 2, 0x7e};
  buf_bytes(&g.code, locals, sizeof locals);
  op1(&g, 0x41, 30);
  op1(&g, 0x21, COUNTER);
  for (int i = 0; i < 4; i++)
    statements(&g);
  expr(&g, 3);
  op(&g, 0x0b);
  buf_uleb(&part, 1);
  buf_uleb(&part, g.code.len);
  buf_bytes(&part, g.code.data, g.code.len);
  buf_bytes(out, head, sizeof head);
  section(out, 10, &part);
  buf_free(&g.code);
  buf_free(&part);
}

struct outcome {
  bool returned, stuck;
  enum trap_code trap;
  uint64_t result;
  uint8_t memory[256];
  uint32_t globals[2];
};

static struct outcome run(struct arena *a, struct ir_func *f, const uint64_t *params) {
  struct outcome r = {0};
  struct vmctx_layout layout;
  ck_assert(vmctx_layout(f->module, &layout));
  uint8_t *vmctx = arena_zalloc(a, 1, layout.size);
  union vm_value *globals = (union vm_value *)(void *)(vmctx + layout.globals);
  globals[0].i32 = 5, globals[1].i32 = 7;
  for (uint32_t i = 0; i < sizeof r.memory; i++)
    r.memory[i] = (uint8_t)(i * 37);
  struct ir_env env = {
      .params = params, .memory = r.memory, .memory_size = sizeof r.memory, .vmctx = vmctx, .steps = 200000};
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
