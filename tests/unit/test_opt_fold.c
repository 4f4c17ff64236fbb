/* Every rule of opt/: random expressions, built through opt_emit and evaluated, must equal what their
 * operations give one by one; divisions by many constants; and tidy changes no result. */
#include "../support/ir_eval.h"
#include "compiler/ir/verify.h"
#include "compiler/ir/cfg.h"
#include "compiler/opt/opt.h"
#include "unit.h"

static uint64_t state = 88172645463325252u;
static uint64_t rnd(void) {
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}
static uint32_t below(uint32_t n) { return (uint32_t)(rnd() % n); }

/* Values that make rules fire: small ones, powers, masks, ends of ranges. */
static uint64_t interesting(void) {
  static const uint64_t list[] = {0,
                                  1,
                                  2,
                                  3,
                                  4,
                                  5,
                                  7,
                                  8,
                                  10,
                                  16,
                                  24,
                                  31,
                                  32,
                                  48,
                                  63,
                                  64,
                                  100,
                                  127,
                                  128,
                                  255,
                                  256,
                                  0x7fff,
                                  0x8000,
                                  0xffff,
                                  0x10000,
                                  0x7fffffff,
                                  0x80000000,
                                  0xfffffffe,
                                  0xffffffff,
                                  0x100000000,
                                  0x7fffffffffffffff,
                                  0x8000000000000000,
                                  UINT64_MAX,
                                  UINT64_MAX - 1};
  switch (below(4)) {
  case 0: return rnd();
  case 1: return rnd() >> below(64);
  case 2: return UINT64_C(0) - list[below(COUNT_OF(list))];
  default: return list[below(COUNT_OF(list))];
  }
}

struct known {
  ir_val v;
  uint64_t bits;
  uint8_t type;
  uint32_t x, y; /* its operands, by number; 0 = none */
};
struct maker {
  struct ir_func *f;
  struct opt *o;
  struct known at[200];
  uint32_t len;
};

static uint64_t cut(uint8_t type, uint64_t bits) { return eval_is32(type) ? (uint32_t)bits : bits; }

static void add(struct maker *m, ir_val v, uint8_t type, uint64_t bits) {
  m->at[m->len++] = (struct known){.v = v, .bits = cut(type, bits), .type = type};
}
static ir_val make(struct maker *m, uint8_t op, uint8_t type, ir_val a, ir_val b, ir_val c) {
  return opt_emit(m->o, (struct ir_insn){.op = op, .type = type, .a = a, .b = b, .c = c}, 1);
}
static void add_constant(struct maker *m, uint8_t type, uint64_t bits) {
  bits = cut(type, bits);
  uint8_t op = ir_type_is_float(type) ? IR_OP_FCONST : IR_OP_ICONST;
  add(m, make(m, op, type, (uint32_t)bits, (uint32_t)(bits >> 32), 0), type, bits);
}
/* A value of the type; half of the time one of the newest, so that expressions get deep. */
static const struct known *pick(struct maker *m, uint8_t type) {
  for (int i = 0; i < 100; i++) {
    uint32_t span = below(2) ? min_u32(m->len, 8) : m->len;
    const struct known *k = &m->at[m->len - 1 - below(span)];
    if (k->type == type) return k;
  }
  add_constant(m, type, interesting());
  return &m->at[m->len - 1];
}

static const uint8_t int2[] = {IR_OP_ADD,  IR_OP_SUB, IR_OP_MUL,   IR_OP_AND,   IR_OP_OR,
                               IR_OP_XOR,  IR_OP_SHL, IR_OP_SHR_S, IR_OP_SHR_U, IR_OP_ROTL,
                               IR_OP_ROTR, IR_OP_ADD, IR_OP_AND,   IR_OP_SHL,   IR_OP_SHR_U};
static const uint8_t int1[] = {IR_OP_CLZ, IR_OP_CTZ, IR_OP_POPCNT, IR_OP_SEXT8, IR_OP_SEXT16};
static const uint8_t cmp[] = {IR_OP_EQ,   IR_OP_NE,   IR_OP_LT_S, IR_OP_LT_U, IR_OP_LE_S, IR_OP_LE_U,
                              IR_OP_GT_S, IR_OP_GT_U, IR_OP_GE_S, IR_OP_GE_U, IR_OP_EQ,   IR_OP_NE};
static const uint8_t divs[] = {IR_OP_DIV_S, IR_OP_DIV_U, IR_OP_REM_S, IR_OP_REM_U};
static const uint8_t fcmp[] = {IR_OP_FEQ, IR_OP_FNE, IR_OP_FLT, IR_OP_FLE, IR_OP_FGT, IR_OP_FGE};
static const uint8_t float2[] = {IR_OP_FADD, IR_OP_FSUB, IR_OP_FMUL,     IR_OP_FDIV,
                                 IR_OP_FMIN, IR_OP_FMAX, IR_OP_FCOPYSIGN};
static const uint8_t float1[] = {IR_OP_FABS, IR_OP_FNEG, IR_OP_FCEIL, IR_OP_FTRUNC, IR_OP_FSQRT};

static void binary(struct maker *m, uint8_t op, uint8_t type, struct known x, struct known y) {
  add(m, make(m, op, type, x.v, y.v, 0), type, eval_pure(op, type, x.type, x.bits, y.bits));
  for (uint32_t i = 1; i + 1 < m->len; i++) {
    if (m->at[i].v == x.v) m->at[m->len - 1].x = i;
    if (m->at[i].v == y.v) m->at[m->len - 1].y = i;
  }
}

/* Something of the newest values and one of its own operands, or of two constants: what most rules look for.
 */
static void pattern(struct maker *m, uint8_t type) {
  struct known k = *pick(m, type);
  uint32_t with = below(2) ? k.x : k.y;
  if (with == 0 || m->at[with].type != type || below(3) == 0) {
    add_constant(m, type, interesting());
    with = m->len - 1;
  }
  struct known y = m->at[with];
  uint8_t op = below(3) ? int2[below(sizeof int2)] : cmp[below(sizeof cmp)];
  uint8_t to = ir_op_table[op].type == 'b' ? IR_I32 : type;
  if (below(2))
    binary(m, op, to, k, y);
  else
    binary(m, op, to, y, k);
}

static void step(struct maker *m) {
  uint8_t type = below(2) ? IR_I32 : IR_I64, ftype = below(2) ? IR_F32 : IR_F64;
  struct known x = *pick(m, type), y = *pick(m, type);
  switch (below(20)) {
  case 0: add_constant(m, type, interesting()); break;
  default: pattern(m, type); break;
  case 1:
  case 2:
  case 3:
  case 4: binary(m, int2[below(sizeof int2)], type, x, y); break;
  case 5: binary(m, int1[below(sizeof int1)], type, x, (struct known){0}); break;
  case 6:
  case 7: binary(m, cmp[below(sizeof cmp)], IR_I32, x, y); break;
  case 8: {
    struct known c = *pick(m, IR_I32);
    add(m, make(m, IR_OP_SELECT, type, c.v, x.v, y.v), type, c.bits ? x.bits : y.bits);
    break;
  }
  case 9: {
    uint8_t op = divs[below(4)];
    add_constant(m, type, interesting());
    y = m->at[m->len - 1];
    bool overflows =
        y.bits == cut(type, UINT64_MAX) && x.bits == (type == IR_I32 ? 0x80000000u : UINT64_C(1) << 63);
    if (y.bits == 0 || (overflows && op == IR_OP_DIV_S)) break;
    binary(m, op, type, x, y);
    break;
  }
  case 10:
    x = *pick(m, IR_I32);
    binary(m, below(2) ? IR_OP_ZEXT32 : IR_OP_SEXT32, IR_I64, x, (struct known){0});
    break;
  case 11:
    x = *pick(m, IR_I64);
    binary(m, IR_OP_WRAP, IR_I32, x, (struct known){0});
    break;
  case 12: {
    x = *pick(m, ftype), y = *pick(m, ftype);
    if (below(2))
      binary(m, float2[below(sizeof float2)], ftype, x, y);
    else if (below(2))
      binary(m, float1[below(sizeof float1)], ftype, x, (struct known){0});
    else
      binary(m, fcmp[below(sizeof fcmp)], IR_I32, x, y);
    break;
  }
  case 13: {
    static const uint8_t to[] = {IR_OP_CONVERT_S, IR_OP_CONVERT_U},
                         from[] = {IR_OP_TRUNC_SAT_S, IR_OP_TRUNC_SAT_U};
    if (below(2))
      binary(m, to[below(2)], ftype, x, (struct known){0});
    else if (below(2))
      binary(m, from[below(2)], type, *pick(m, ftype), (struct known){0});
    else
      binary(m, IR_OP_BITCAST, type == IR_I32 ? IR_F32 : IR_F64, x, (struct known){0});
    break;
  }
  }
  if (m->len > 0 && m->at[m->len - 1].v == 0) m->len--;
}

static bool is_nan_of(uint8_t type, uint64_t bits) {
  return type == IR_F32 ? f32_is_nan((uint32_t)bits) : type == IR_F64 && f64_is_nan(bits);
}

static void one_function(struct arena *a) {
  static const uint8_t types[8] = {IR_I32, IR_I64, IR_I32, IR_I64, IR_F32, IR_F64, IR_I32, IR_I64};
  static struct functype none;
  uint64_t params[8];
  struct maker m = {0};
  m.f = ir_func_new(a, NULL, 0);
  m.f->type = &none;
  m.o = opt_new(m.f, 200);
  VEC_PUSH(a, &m.f->blocks, ((struct ir_blk){.first = m.f->insns.len}));
  ir_set_idom(m.f, 0, IR_NO_BLOCK);
  opt_block_begin(m.o, 0, opt_state_now(m.o));
  for (uint32_t i = 0; i < 8; i++) {
    params[i] = cut(types[i], interesting());
    add(&m, make(&m, IR_OP_PARAM, types[i], i, 0, 0), types[i], params[i]);
  }
  while (m.len < 150)
    step(&m);
  uint32_t zero = 0;
  make(&m, IR_OP_RETURN, IR_VOID, 0, ir_ext(m.f, &zero, 1), 0);
  m.f->blocks.at[0].end = m.f->insns.len;
  struct ir_env env = {.params = params, .steps = 100000};
  env.values = ARENA_ARRAY(a, uint64_t, m.f->insns.len);
  ck_assert_msg(ir_eval(&env, m.f), "stuck");
  for (uint32_t i = 0; i < m.len; i++) {
    const struct known *k = &m.at[i];
    uint64_t got = env.values[k->v];
    if (is_nan_of(k->type, got) && is_nan_of(k->type, k->bits)) continue; /* any is right */
    if (got == k->bits && ir_same_size(m.f->insns.at[k->v].type, k->type)) continue;
    ck_abort_msg("value %u (v%u, %s %s): 0x%llx, not 0x%llx", i, k->v,
                 ir_op_table[m.f->insns.at[k->v].op].text, ir_type_name(k->type), (unsigned long long)got,
                 (unsigned long long)k->bits);
  }
}

START_TEST(random_expressions) {
  jmp_buf oom;
  struct arena a;
  ck_assert(setjmp(oom) == 0);
  arena_init(&a, &oom);
  struct arena_mark mark = arena_mark(&a);
  for (int i = 0; i < 1500; i++) {
    one_function(&a);
    arena_release(&a, mark);
  }
  arena_free(&a);
}
END_TEST

/* One division by a constant, evaluated for many dividends. */
static void one_division(struct arena *a, uint8_t op, uint8_t type, uint64_t d) {
  struct maker m = {0};
  m.f = ir_func_new(a, NULL, 0);
  m.o = opt_new(m.f, 64);
  VEC_PUSH(a, &m.f->blocks, ((struct ir_blk){.first = m.f->insns.len}));
  ir_set_idom(m.f, 0, IR_NO_BLOCK);
  opt_block_begin(m.o, 0, opt_state_now(m.o));
  ir_val x = make(&m, IR_OP_PARAM, type, 0, 0, 0);
  add_constant(&m, type, d);
  ir_val q = make(&m, op, type, x, m.at[0].v, 0);
  for (ir_val v = 1; v < m.f->insns.len; v++)
    if (m.f->insns.at[v].op == op) ck_abort_msg("a division is left");
  uint64_t *values = ARENA_ARRAY(a, uint64_t, m.f->insns.len);
  for (int i = 0; i < 200; i++) {
    uint64_t n = i < 80 ? cut(type, d * rnd() + (uint64_t)below(3) - 1) : cut(type, interesting());
    if (op == IR_OP_DIV_S && cut(type, d) == cut(type, UINT64_MAX) &&
        n == (type == IR_I32 ? 0x80000000u : UINT64_C(1) << 63))
      continue;
    struct ir_env env = {.params = &n, .steps = 1000, .values = values};
    for (ir_val v = 1; v < m.f->insns.len; v++)
      if (!eval_insn(&env, m.f, v)) ck_abort_msg("stuck");
    uint64_t want = eval_int(op, type == IR_I32, n, cut(type, d));
    if (values[q] == want) continue; /* Check writes a file for each assertion */
    ck_abort_msg("%s.%s 0x%llx by 0x%llx: 0x%llx, not 0x%llx", ir_op_table[op].text, ir_type_name(type),
                 (unsigned long long)n, (unsigned long long)d, (unsigned long long)values[q],
                 (unsigned long long)want);
  }
}

START_TEST(divisions) {
  jmp_buf oom;
  struct arena a;
  ck_assert(setjmp(oom) == 0);
  arena_init(&a, &oom);
  struct arena_mark mark = arena_mark(&a);
  for (int i = 0; i < 3000; i++) {
    uint8_t type = below(2) ? IR_I32 : IR_I64;
    uint64_t d = cut(type, i < 300 ? (uint64_t)(i / 2) - 70 : interesting());
    if (d == 0) continue;
    one_division(&a, divs[below(4)], type, d);
    arena_release(&a, mark);
  }
  arena_free(&a);
}
END_TEST

int main(void) { return UNIT_RUN("compiler/opt/fold", random_expressions, divisions); }
