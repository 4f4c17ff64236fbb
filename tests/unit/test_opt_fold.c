/* Every rule of opt/: random expressions, built through opt_emit and evaluated, must equal what their
 * operations give one by one, for several sets of parameters; divisions by many constants.
 *
 * The rules are compiled into this file with each of their `return`s counted, and every line of theirs that
 * returns must be reached, but for those in `elsewhere`. HEDDLE_SAMPLES in the environment asks for so many
 * evaluations of each. */
#include "../support/ir_eval.h"
#include "base/num.h"
#include "compiler/ir/cfg.h"
#include "compiler/ir/verify.h"
#include "compiler/opt/opt.h"
#include "compiler/opt/private.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILE_FOLD, FILE_COMPARE, FILE_MAGIC, FILE_KNOWN, FILE_CONSTANT, FILES, MOST_LINES = 500 };
static const char *const files[FILES] = {"fold", "compare", "magic", "known", "constant"};
static uint64_t reached[FILES][MOST_LINES], samples[FILES][MOST_LINES];

#define return                                                                                               \
  for (reached[COUNTED_FILE][__LINE__]++;;)                                                                  \
  return
#define COUNTED_FILE FILE_FOLD
#define emit         emit_simple
#include "../../src/compiler/opt/fold.c"
#undef COUNTED_FILE
#define COUNTED_FILE FILE_COMPARE
#undef emit
#define emit emit_condition
#include "../../src/compiler/opt/compare.c"
#undef COUNTED_FILE
#define COUNTED_FILE FILE_MAGIC
#undef emit
#define emit     emit_division
#define constant constant_of
#include "../../src/compiler/opt/magic.c"
#undef COUNTED_FILE
#define COUNTED_FILE FILE_KNOWN
#undef emit
#undef constant
#include "../../src/compiler/opt/known.c"
#undef COUNTED_FILE
#define COUNTED_FILE FILE_CONSTANT
#include "../../src/compiler/opt/constant.c"
#undef COUNTED_FILE
#undef return

/* What pure expressions of one block do not come to: memory, references, conditions of blocks. */
static const struct {
  uint8_t file;
  const char *line; /* a part of it */
} elsewhere[] = {
    {FILE_FOLD, "default: return 0;"}, {FILE_FOLD, "ir_const(f, in->b) == 0 ? in->a : 0;"}, /* pointers */
    {FILE_MAGIC, "behind a trap"},     {FILE_KNOWN, "case ACCESS_"},                        /* loads */
    {FILE_KNOWN, "high_half;"},        {FILE_KNOWN, "return own;"},
    {FILE_KNOWN, "access_zeros"},      {FILE_CONSTANT, "default: return false;"},
};

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
  uint8_t type, op;
  uint32_t x, y, z; /* its operands, by number; NO_OPERAND */
};
enum { NO_OPERAND = UINT32_MAX, PARAMS = 8 };
struct maker {
  struct ir_func *f;
  struct opt *o;
  struct known at[200];
  uint32_t len;
};

static uint64_t cut(uint8_t type, uint64_t bits) { return eval_is32(type) ? (uint32_t)bits : bits; }

static void add(struct maker *m, ir_val v, uint8_t op, uint8_t type, uint64_t bits, uint32_t x, uint32_t y,
                uint32_t z) {
  m->at[m->len++] =
      (struct known){.v = v, .bits = cut(type, bits), .type = type, .op = op, .x = x, .y = y, .z = z};
}
static ir_val make(struct maker *m, uint8_t op, uint8_t type, ir_val a, ir_val b, ir_val c) {
  bool mask = op == IR_OP_SELECT && !ir_type_is_float(type) && below(4) == 0; /* the same value, not folded */
  return opt_emit(
      m->o, (struct ir_insn){.op = op, .type = type, .flags = mask ? IRF_MASK : 0, .a = a, .b = b, .c = c},
      1);
}
static void add_constant(struct maker *m, uint8_t type, uint64_t bits) {
  bits = cut(type, bits);
  uint8_t op = ir_type_is_float(type) ? IR_OP_FCONST : IR_OP_ICONST;
  add(m, make(m, op, type, (uint32_t)bits, (uint32_t)(bits >> 32), 0), op, type, bits, NO_OPERAND, NO_OPERAND,
      NO_OPERAND);
}
/* A value of the type, by number; half of the time one of the newest, so that expressions get deep. */
static uint32_t pick(struct maker *m, uint8_t type) {
  for (int i = 0; i < 100; i++) {
    uint32_t span = below(2) ? min_u32(m->len, 8) : m->len, k = m->len - 1 - below(span);
    if (m->at[k].type == type) return k;
  }
  add_constant(m, type, interesting());
  return m->len - 1;
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
static const uint8_t float1[] = {IR_OP_FABS,   IR_OP_FNEG,  IR_OP_FCEIL,    IR_OP_FFLOOR,
                                 IR_OP_FTRUNC, IR_OP_FSQRT, IR_OP_FNEAREST, IR_OP_FNEG};

/* What it comes to. False: nobody may ask (a division that would have trapped). */
static bool value_of(const struct maker *m, const struct known *k, uint64_t *out) {
  const struct known *x = k->x == NO_OPERAND ? NULL : &m->at[k->x],
                     *y = k->y == NO_OPERAND ? NULL : &m->at[k->y];
  *out = k->bits;
  if (!x) return true;
  if (k->op == IR_OP_SELECT) {
    *out = x->bits ? y->bits : m->at[k->z].bits;
    return true;
  }
  if (k->op == IR_OP_TRUNC_S || k->op == IR_OP_TRUNC_U) return true; /* of a constant */
  if (k->op == IR_OP_DIV_S && y->bits == cut(k->type, UINT64_MAX) &&
      x->bits == (k->type == IR_I32 ? 0x80000000u : UINT64_C(1) << 63))
    return false;
  *out = cut(k->type, eval_pure(k->op, k->type, x->type, x->bits, y ? y->bits : 0));
  return true;
}

/* Adds an operation on values that are there; nothing when it would trap. */
static void operate(struct maker *m, uint8_t op, uint8_t type, uint32_t x, uint32_t y, uint32_t z) {
  struct known k = {.type = type, .op = op, .x = x, .y = y, .z = z};
  if (!value_of(m, &k, &k.bits)) return;
  k.v = make(m, op, type, m->at[x].v, y == NO_OPERAND ? 0 : m->at[y].v, z == NO_OPERAND ? 0 : m->at[z].v);
  m->at[m->len++] = k;
}
static void unary(struct maker *m, uint8_t op, uint8_t type, uint32_t x) {
  operate(m, op, type, x, NO_OPERAND, NO_OPERAND);
}
static void binary(struct maker *m, uint8_t op, uint8_t type, uint32_t x, uint32_t y) {
  operate(m, op, type, x, y, NO_OPERAND);
}
static uint32_t add_interesting(struct maker *m, uint8_t type) {
  add_constant(m, type, interesting());
  return m->len - 1;
}

/* Something of the newest values and one of its own operands, or of two constants: what most rules look for.
 */
static void pattern(struct maker *m, uint8_t type) {
  uint32_t k = pick(m, type), with = below(2) ? m->at[k].x : m->at[k].y;
  if (with == NO_OPERAND || m->at[with].type != type || below(3) == 0) with = add_interesting(m, type);
  uint8_t op = below(3) ? int2[below(sizeof int2)] : cmp[below(sizeof cmp)];
  uint8_t to = ir_op_table[op].type == 'b' ? IR_I32 : type;
  if (below(2))
    binary(m, op, to, k, with);
  else
    binary(m, op, to, with, k);
}

/* Two shifts of one amount, in either order. */
static void two_shifts(struct maker *m, uint8_t type) {
  static const uint8_t shifts[] = {IR_OP_SHL, IR_OP_SHR_S, IR_OP_SHR_U},
                       amounts[] = {1, 8, 16, 24, 31, 32, 48, 56};
  add_constant(m, type, amounts[below(sizeof amounts)]);
  uint32_t by = m->len - 1;
  binary(m, shifts[below(3)], type, pick(m, type), by);
  binary(m, shifts[below(3)], type, m->len - 1, by);
}

/* Sums and differences that share an operand, in each order. */
static void identity(struct maker *m, uint8_t type) {
  uint32_t x = below(4) ? pick(m, type) : add_interesting(m, type),
           y = below(4) ? pick(m, type) : add_interesting(m, type);
  if (below(4) == 0) {
    add_constant(m, type, 0);
    x = m->len - 1;
  }
  binary(m, below(2) ? IR_OP_ADD : IR_OP_SUB, type, x, y);
  uint32_t sum = m->len - 1, with = below(3) == 0 ? pick(m, type) : below(2) ? x : y;
  uint8_t op = below(2) ? IR_OP_ADD : IR_OP_SUB;
  if (below(2))
    binary(m, op, type, sum, with);
  else
    binary(m, op, type, with, sum);
}

/* Two operations on one value, which forget, mask or scale. */
static void chain(struct maker *m, uint8_t type, uint8_t ftype) {
  static const uint8_t sexts[] = {IR_OP_SEXT8, IR_OP_SEXT16}, signs[] = {IR_OP_FABS, IR_OP_FNEG};
  static const uint8_t masks[] = {1, 0x7f, 0xff};
  switch (below(4)) {
  case 0:
    unary(m, signs[below(2)], ftype, pick(m, ftype));
    unary(m, signs[below(2)], ftype, m->len - 1);
    break;
  case 1:
    unary(m, IR_OP_BITCAST, type == IR_I32 ? IR_F32 : IR_F64, pick(m, type));
    unary(m, IR_OP_BITCAST, type, m->len - 1);
    break;
  case 2: {
    unary(m, sexts[below(2)], type, pick(m, type));
    uint32_t x = m->len - 1;
    if (below(2))
      unary(m, sexts[below(2)], type, x);
    else {
      add_constant(m, type, masks[below(sizeof masks)]);
      binary(m, IR_OP_AND, type, x, m->len - 1);
    }
    break;
  }
  default: {
    add_constant(m, type, 1 + below(31));
    binary(m, IR_OP_SHL, type, pick(m, type), m->len - 1);
    uint32_t x = m->len - 1;
    binary(m, IR_OP_MUL, type, x, add_interesting(m, type));
  }
  }
}

/* A truth, against 0 and 1 in each way that programs have. */
static void truths(struct maker *m) {
  static const uint8_t ops[] = {IR_OP_EQ, IR_OP_NE, IR_OP_XOR, IR_OP_AND, IR_OP_LT_U, IR_OP_GE_U};
  uint8_t type = below(2) ? IR_I32 : IR_I64;
  binary(m, cmp[below(sizeof cmp)], IR_I32, pick(m, type), pick(m, type));
  uint32_t truth = m->len - 1;
  add_constant(m, IR_I32, below(2));
  binary(m, ops[below(sizeof ops)], IR_I32, truth, m->len - 1);
  truth = m->len - 1;
  add_constant(m, IR_I32, below(2));
  add_constant(m, IR_I32, m->at[m->len - 1].bits ^ 1);
  operate(m, IR_OP_SELECT, IR_I32, truth, m->len - 2, m->len - 1);
}

/* Two extensions, or one and a constant. */
static void extensions(struct maker *m) {
  uint8_t op = below(2) ? IR_OP_ZEXT32 : IR_OP_SEXT32;
  unary(m, op, IR_I64, pick(m, IR_I32));
  uint32_t x = m->len - 1, y;
  if (below(2)) {
    unary(m, op, IR_I64, pick(m, IR_I32));
    y = m->len - 1;
  } else
    y = add_interesting(m, IR_I64);
  if (below(2)) {
    binary(m, cmp[below(sizeof cmp)], IR_I32, x, y);
    return;
  }
  binary(m, int2[below(6)], IR_I64, x, y);
  unary(m, IR_OP_WRAP, IR_I32, m->len - 1);
}

/* Between integers and floats, and between floats. */
static void conversion(struct maker *m, uint8_t type, uint8_t ftype) {
  static const uint8_t to[] = {IR_OP_CONVERT_S, IR_OP_CONVERT_U},
                       from[] = {IR_OP_TRUNC_SAT_S, IR_OP_TRUNC_SAT_U};
  uint32_t x = below(2) ? pick(m, type) : add_interesting(m, type);
  switch (below(6)) {
  case 0: unary(m, to[below(2)], ftype, x); break;
  case 1: unary(m, from[below(2)], type, below(2) ? pick(m, ftype) : add_interesting(m, ftype)); break;
  case 2: unary(m, IR_OP_BITCAST, type == IR_I32 ? IR_F32 : IR_F64, x); break;
  case 3: unary(m, IR_OP_BITCAST, ftype == IR_F32 ? IR_I32 : IR_I64, pick(m, ftype)); break;
  case 4:
    if (ftype == IR_F32)
      unary(m, IR_OP_DEMOTE, IR_F32, below(2) ? pick(m, IR_F64) : add_interesting(m, IR_F64));
    else
      unary(m, IR_OP_PROMOTE, IR_F64, below(2) ? pick(m, IR_F32) : add_interesting(m, IR_F32));
    break;
  default: { /* a constant that does not trap; its value is eval's own */
    double d = (double)(rnd() >> 34);
    float s = (float)d;
    uint64_t bits = 0;
    uint32_t bits32;
    memcpy(&bits32, &s, 4);
    memcpy(&bits, &d, 8);
    add_constant(m, ftype, ftype == IR_F32 ? bits32 : bits);
    uint8_t op = below(2) ? IR_OP_TRUNC_S : IR_OP_TRUNC_U;
    add(m, make(m, op, type, m->at[m->len - 1].v, 0, 0), op, type,
        ftype == IR_F32 ? (uint64_t)s : (uint64_t)d, NO_OPERAND, NO_OPERAND, NO_OPERAND);
  }
  }
}

static void step(struct maker *m) {
  uint8_t type = below(2) ? IR_I32 : IR_I64, ftype = below(2) ? IR_F32 : IR_F64;
  uint32_t x = pick(m, type), y = pick(m, type);
  switch (below(32)) {
  case 0: add_constant(m, type, interesting()); break;
  default: pattern(m, type); break;
  case 1:
  case 2:
  case 3:
  case 4: binary(m, int2[below(sizeof int2)], type, x, y); break;
  case 5: unary(m, int1[below(sizeof int1)], type, below(4) ? x : add_interesting(m, type)); break;
  case 6:
  case 7: binary(m, cmp[below(sizeof cmp)], IR_I32, x, y); break;
  case 8: operate(m, IR_OP_SELECT, type, pick(m, IR_I32), x, below(8) ? y : x); break;
  case 9: {
    if (below(8) == 0) x = add_interesting(m, type);
    y = add_interesting(m, type);
    if (m->at[y].bits) binary(m, divs[below(4)], type, x, y);
    break;
  }
  case 10: unary(m, below(2) ? IR_OP_ZEXT32 : IR_OP_SEXT32, IR_I64, pick(m, IR_I32)); break;
  case 11: unary(m, IR_OP_WRAP, IR_I32, pick(m, IR_I64)); break;
  case 12: {
    x = below(2) ? pick(m, ftype) : add_interesting(m, ftype),
    y = below(2) ? pick(m, ftype) : add_interesting(m, ftype);
    if (below(2))
      binary(m, float2[below(sizeof float2)], ftype, x, y);
    else if (below(2))
      unary(m, float1[below(sizeof float1)], ftype, x);
    else
      binary(m, fcmp[below(sizeof fcmp)], IR_I32, x, y);
    break;
  }
  case 13: conversion(m, type, ftype); break;
  case 14: two_shifts(m, type); break;
  case 15: truths(m); break;
  case 16: extensions(m); break;
  case 20: identity(m, type); break;
  case 21: chain(m, type, ftype); break;
  case 22: /* by what is not known, but never 0 */
    add_constant(m, type, 1 + below(100));
    binary(m, IR_OP_OR, type, y, m->len - 1);
    binary(m, divs[1 + 2 * below(2)], type, x, m->len - 1);
    binary(m, cmp[below(sizeof cmp)], IR_I32, m->len - 1, add_interesting(m, type));
    break;
  case 17: unary(m, IR_OP_SEXT32, IR_I64, pick(m, IR_I64)); break;
  case 18:
    binary(m, int2[below(sizeof int2)], type, add_interesting(m, type), add_interesting(m, type));
    break;
  case 19:
    binary(m, cmp[below(sizeof cmp)], IR_I32, add_interesting(m, type), add_interesting(m, type));
    break;
  }
}

static bool is_nan_of(uint8_t type, uint64_t bits) {
  return type == IR_F32 ? f32_is_nan((uint32_t)bits) : type == IR_F64 && f64_is_nan(bits);
}

/* Against the function, with one set of parameters. */
static void compare(struct maker *m, struct ir_env *env) {
  for (uint32_t i = 0; i < m->len; i++) {
    struct known *k = &m->at[i];
    if (i < PARAMS) k->bits = env->params[i];
    if (!value_of(m, k, &k->bits)) return; /* what stands behind it is not reached */
  }
  ck_assert_msg(ir_eval(env, m->f), "stuck");
  for (uint32_t i = 0; i < m->len; i++) {
    const struct known *k = &m->at[i];
    uint64_t got = env->values[k->v];
    if (is_nan_of(k->type, got) && is_nan_of(k->type, k->bits))
      return; /* any is right, and bits of it are seen */
    if (got == k->bits && ir_same_size(m->f->insns.at[k->v].type, k->type)) continue;
    ck_abort_msg("value %u (v%u, %s %s): 0x%llx, not 0x%llx", i, k->v,
                 ir_op_table[m->f->insns.at[k->v].op].text, ir_type_name(k->type), (unsigned long long)got,
                 (unsigned long long)k->bits);
  }
}

static void one_function(struct arena *a, unsigned sets) {
  static const uint8_t types[PARAMS] = {IR_I32, IR_I64, IR_I32, IR_I64, IR_F32, IR_F64, IR_I32, IR_I64};
  static struct functype none;
  uint64_t params[PARAMS];
  struct maker m = {0};
  m.f = ir_func_new(a, NULL, 0);
  m.f->type = &none;
  m.o = opt_new(m.f, 200);
  VEC_PUSH(a, &m.f->blocks, ((struct ir_blk){.first = m.f->insns.len}));
  ir_set_idom(m.f, 0, IR_NO_BLOCK);
  opt_block_begin(m.o, 0, opt_state_now(m.o));
  memset(reached, 0, sizeof reached);
  for (uint32_t i = 0; i < PARAMS; i++) {
    params[i] = cut(types[i], interesting());
    add(&m, make(&m, IR_OP_PARAM, types[i], i, 0, 0), IR_OP_PARAM, types[i], params[i], NO_OPERAND,
        NO_OPERAND, NO_OPERAND);
  }
  while (m.len < 150)
    step(&m);
  uint32_t zero = 0;
  make(&m, IR_OP_RETURN, IR_VOID, 0, ir_ext(m.f, &zero, 1), 0);
  m.f->blocks.at[0].end = m.f->insns.len;
  struct ir_env env = {.params = params};
  env.values = ARENA_ARRAY(a, uint64_t, m.f->insns.len);
  for (unsigned set = 0; set < sets; set++) {
    for (uint32_t i = 0; set > 0 && i < PARAMS; i++)
      params[i] = cut(types[i], interesting());
    env.steps = 100000;
    compare(&m, &env);
  }
  for (unsigned f = 0; f < FILES; f++)
    for (unsigned line = 0; line < MOST_LINES; line++)
      samples[f][line] += reached[f][line] * sets;
}

static bool is_elsewhere(unsigned file, const char *line) {
  for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
    if (elsewhere[i].file == file && strstr(line, elsewhere[i].line)) return true;
  return false;
}

/* How often the least reached line that returns was evaluated; tells those that were never reached. */
static uint64_t least_samples(uint32_t *nrules, uint32_t *nmissing, bool tell) {
  uint64_t least = UINT64_MAX;
  *nrules = *nmissing = 0;
  for (unsigned f = 0; f < FILES; f++) {
    char path[512], line[512];
    snprintf(path, sizeof path, "%s/src/compiler/opt/%s.c", HEDDLE_SOURCE_DIR, files[f]);
    FILE *source = fopen(path, "r");
    ck_assert_ptr_nonnull(source);
    for (unsigned n = 1; fgets(line, sizeof line, source); n++) {
      const char *at = strstr(line, "return "), *comment = strstr(line, "/*");
      if (!at || (comment && comment < at) || line[1] == '*' || is_elsewhere(f, line)) continue;
      ck_assert_uint_lt(n, MOST_LINES);
      ++*nrules;
      if (samples[f][n] < least) least = samples[f][n];
      *nmissing += !samples[f][n];
      if (!samples[f][n] && tell) printf("never reached: %s.c:%u: %s", files[f], n, line);
      if (getenv("HEDDLE_TELL"))
        printf("%12llu %s.c:%u: %s", (unsigned long long)samples[f][n], files[f], n, line);
    }
    fclose(source);
  }
  return least;
}

START_TEST(random_expressions) {
  const char *wanted = getenv("HEDDLE_SAMPLES");
  uint64_t want = wanted ? strtoull(wanted, NULL, 10) : 1, least = 0;
  uint32_t nrules = 0, nmissing = 0;
  jmp_buf oom;
  struct arena a;
  ck_assert(setjmp(oom) == 0);
  arena_init(&a, &oom);
  struct arena_mark mark = arena_mark(&a);
  for (int round = 0; least < want && round < (want > 1 ? 100000 : 5); round++) {
    for (int i = 0; i < 1000; i++) {
      one_function(&a, want > 1 ? 20 : 4);
      arena_release(&a, mark);
    }
    least = least_samples(&nrules, &nmissing, false);
  }
  arena_free(&a);
  least = least_samples(&nrules, &nmissing, true);
  printf("%u rules, each evaluated %llu times or more\n", nrules, (unsigned long long)least);
  fflush(stdout);
  ck_assert_uint_eq(nmissing, 0);
  ck_assert_uint_ge(least, want);
  ck_assert_uint_gt(nrules, 150);
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
