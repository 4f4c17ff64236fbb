/* What IR means, in C: the oracle for compiler/opt and compiler/build.
 *
 * In: a function and parameters.  Out: the value of every instruction, the results, or the trap.  Guest
 * memory is an array of the environment; engine structures are real memory, VMCTX is a pointer the caller
 * gives.  Direct calls go to the environment's `call`. Everything is written from op.def's words and
 * base/num.h, independent of opt/constant.c. */
#ifndef TESTS_SUPPORT_IR_EVAL_H
#define TESTS_SUPPORT_IR_EVAL_H

#include "base/num.h"
#include "compiler/ir/func.h"

#include <string.h>

struct ir_env {
  const uint64_t *params;
  uint8_t *memory; /* memory 0 */
  uint64_t memory_size;
  void *vmctx;
  uint64_t steps;   /* instructions that may still run */
  uint64_t *values; /* of each instruction, by index */
  uint64_t *slots;  /* LOCAL_GET, LOCAL_SET */
  uint64_t results[16];
  uint32_t nresults;
  enum trap_code trap;
  bool stuck; /* out of steps, or an instruction that is not modelled */
  bool (*call)(struct ir_env *env, struct ir_func *f, ir_val call, const uint64_t *args, uint32_t nargs,
               uint64_t *results);
};

static inline bool eval_is32(uint8_t t) { return t == IR_I32 || t == IR_REF || t == IR_F32; }

static inline uint64_t eval_int(uint8_t op, bool w32, uint64_t a, uint64_t b) {
  uint32_t x = (uint32_t)a, y = (uint32_t)b, r = 0;
  uint64_t q = 0;
  int64_t sa = w32 ? (int32_t)x : (int64_t)a, sb = w32 ? (int32_t)y : (int64_t)b;
  unsigned n = (unsigned)(b & (w32 ? 31 : 63));
  switch (op) {
  case IR_OP_ADD: q = a + b; break;
  case IR_OP_SUB: q = a - b; break;
  case IR_OP_MUL: q = a * b; break;
  case IR_OP_MULHI_U: q = w32 ? a * b >> 32 : (uint64_t)(((unsigned __int128)a * b) >> 64); break;
  case IR_OP_MULHI_S: q = w32 ? (uint64_t)(sa * sb) >> 32 : (uint64_t)(((__int128)sa * sb) >> 64); break;
  case IR_OP_DIV_S:
    if (w32) {
      (void)i32_div_s(x, y, &r);
      q = r;
    } else
      (void)i64_div_s(a, b, &q);
    break;
  case IR_OP_DIV_U:
    if (w32) {
      (void)i32_div_u(x, y, &r);
      q = r;
    } else
      (void)i64_div_u(a, b, &q);
    break;
  case IR_OP_REM_S:
    if (w32) {
      (void)i32_rem_s(x, y, &r);
      q = r;
    } else
      (void)i64_rem_s(a, b, &q);
    break;
  case IR_OP_REM_U:
    if (w32) {
      (void)i32_rem_u(x, y, &r);
      q = r;
    } else
      (void)i64_rem_u(a, b, &q);
    break;
  case IR_OP_AND: q = a & b; break;
  case IR_OP_OR: q = a | b; break;
  case IR_OP_XOR: q = a ^ b; break;
  case IR_OP_SHL: q = a << n; break;
  case IR_OP_SHR_S: q = (uint64_t)(sa >> n); break;
  case IR_OP_SHR_U: q = (w32 ? x : a) >> n; break;
  case IR_OP_ROTL: q = w32 ? i32_rotl(x, n) : i64_rotl(a, n); break;
  case IR_OP_ROTR: q = w32 ? i32_rotr(x, n) : i64_rotr(a, n); break;
  case IR_OP_CLZ: q = w32 ? i32_clz(x) : i64_clz(a); break;
  case IR_OP_CTZ: q = w32 ? i32_ctz(x) : i64_ctz(a); break;
  case IR_OP_POPCNT: q = w32 ? i32_popcnt(x) : i64_popcnt(a); break;
  case IR_OP_SEXT8: q = (uint64_t)(int64_t)(int8_t)a; break;
  case IR_OP_SEXT16: q = (uint64_t)(int64_t)(int16_t)a; break;
  case IR_OP_EQ: return w32 ? x == y : a == b;
  case IR_OP_NE: return w32 ? x != y : a != b;
  case IR_OP_LT_S: return sa < sb;
  case IR_OP_LE_S: return sa <= sb;
  case IR_OP_GT_S: return sa > sb;
  case IR_OP_GE_S: return sa >= sb;
  case IR_OP_LT_U: return a < b;
  case IR_OP_LE_U: return a <= b;
  case IR_OP_GT_U: return a > b;
  case IR_OP_GE_U: return a >= b;
  default: return 0;
  }
  return w32 ? (uint32_t)q : q;
}

static inline uint64_t eval_float(uint8_t op, bool w32, uint64_t a, uint64_t b) {
  uint32_t x = (uint32_t)a, y = (uint32_t)b;
  switch (op) {
  case IR_OP_FADD: return w32 ? f32_add(x, y) : f64_add(a, b);
  case IR_OP_FSUB: return w32 ? f32_sub(x, y) : f64_sub(a, b);
  case IR_OP_FMUL: return w32 ? f32_mul(x, y) : f64_mul(a, b);
  case IR_OP_FDIV: return w32 ? f32_div(x, y) : f64_div(a, b);
  case IR_OP_FMIN: return w32 ? f32_min(x, y) : f64_min(a, b);
  case IR_OP_FMAX: return w32 ? f32_max(x, y) : f64_max(a, b);
  case IR_OP_FCOPYSIGN: return w32 ? f32_copysign(x, y) : f64_copysign(a, b);
  case IR_OP_FSQRT: return w32 ? f32_sqrt(x) : f64_sqrt(a);
  case IR_OP_FABS: return w32 ? f32_abs(x) : f64_abs(a);
  case IR_OP_FNEG: return w32 ? f32_neg(x) : f64_neg(a);
  case IR_OP_FCEIL: return w32 ? f32_ceil(x) : f64_ceil(a);
  case IR_OP_FFLOOR: return w32 ? f32_floor(x) : f64_floor(a);
  case IR_OP_FTRUNC: return w32 ? f32_trunc(x) : f64_trunc(a);
  case IR_OP_FNEAREST: return w32 ? f32_nearest(x) : f64_nearest(a);
  case IR_OP_FEQ: return w32 ? f32_eq(x, y) : f64_eq(a, b);
  case IR_OP_FNE: return w32 ? !f32_eq(x, y) : !f64_eq(a, b);
  case IR_OP_FLT: return w32 ? f32_lt(x, y) : f64_lt(a, b);
  case IR_OP_FLE: return w32 ? f32_le(x, y) : f64_le(a, b);
  case IR_OP_FGT: return w32 ? f32_lt(y, x) : f64_lt(b, a);
  case IR_OP_FGE: return w32 ? f32_le(y, x) : f64_le(b, a);
  default: return 0;
  }
}

/* A pure operation on two values, `from` being the type of the first. */
static inline uint64_t eval_pure(uint8_t op, uint8_t type, uint8_t from, uint64_t a, uint64_t b) {
  bool to64 = type == IR_I64 || type == IR_F64, from64 = from == IR_I64 || from == IR_F64;
  switch (op) {
  case IR_OP_SEXT32: return (uint64_t)(int64_t)(int32_t)(uint32_t)a;
  case IR_OP_ZEXT32:
  case IR_OP_WRAP: return (uint32_t)a;
  case IR_OP_BITCAST: return a;
  case IR_OP_TRUNC_SAT_S:
    return to64 ? (from64 ? i64_trunc_sat_f64_s(a) : i64_trunc_sat_f32_s((uint32_t)a))
                : (from64 ? i32_trunc_sat_f64_s(a) : i32_trunc_sat_f32_s((uint32_t)a));
  case IR_OP_TRUNC_SAT_U:
    return to64 ? (from64 ? i64_trunc_sat_f64_u(a) : i64_trunc_sat_f32_u((uint32_t)a))
                : (from64 ? i32_trunc_sat_f64_u(a) : i32_trunc_sat_f32_u((uint32_t)a));
  case IR_OP_CONVERT_S:
    return to64 ? (from64 ? f64_convert_i64_s(a) : f64_convert_i32_s((uint32_t)a))
                : (from64 ? f32_convert_i64_s(a) : f32_convert_i32_s((uint32_t)a));
  case IR_OP_CONVERT_U:
    return to64 ? (from64 ? f64_convert_i64_u(a) : f64_convert_i32_u((uint32_t)a))
                : (from64 ? f32_convert_i64_u(a) : f32_convert_i32_u((uint32_t)a));
  case IR_OP_DEMOTE: return f32_demote_f64(a);
  case IR_OP_PROMOTE: return f64_promote_f32((uint32_t)a);
  default: break;
  }
  return ir_type_is_float(from) ? eval_float(op, from == IR_F32, a, b) : eval_int(op, eval_is32(from), a, b);
}

static inline uint32_t eval_access_size(const struct ir_insn *in) {
  switch ((enum ir_access)(in->flags & IRF_ACCESS_MASK)) {
  case ACCESS_8U:
  case ACCESS_8S: return 1;
  case ACCESS_16U:
  case ACCESS_16S: return 2;
  case ACCESS_32U:
  case ACCESS_32S: return 4;
  case ACCESS_FULL: break;
  }
  return eval_is32(in->type) ? 4 : 8;
}

static inline uint64_t eval_load(const struct ir_insn *in, const uint8_t *at) {
  uint64_t v = 0;
  memcpy(&v, at, eval_access_size(in));
  switch ((enum ir_access)(in->flags & IRF_ACCESS_MASK)) {
  case ACCESS_8S: v = (uint64_t)(int64_t)(int8_t)v; break;
  case ACCESS_16S: v = (uint64_t)(int64_t)(int16_t)v; break;
  case ACCESS_32S: v = (uint64_t)(int64_t)(int32_t)v; break;
  default: break;
  }
  return eval_is32(in->type) ? (uint32_t)v : v;
}

static inline bool eval_trap(struct ir_env *env, enum trap_code trap) {
  env->trap = trap;
  return false;
}

static inline bool eval_trunc(struct ir_env *env, const struct ir_insn *in, uint8_t from, uint64_t a,
                              uint64_t *out) {
  uint32_t r = 0;
  bool s = in->op == IR_OP_TRUNC_S;
  enum num_div status;
  if (in->type == IR_I64)
    status = from == IR_F64 ? (s ? i64_trunc_f64_s(a, out) : i64_trunc_f64_u(a, out))
                            : (s ? i64_trunc_f32_s((uint32_t)a, out) : i64_trunc_f32_u((uint32_t)a, out));
  else {
    status = from == IR_F64 ? (s ? i32_trunc_f64_s(a, &r) : i32_trunc_f64_u(a, &r))
                            : (s ? i32_trunc_f32_s((uint32_t)a, &r) : i32_trunc_f32_u((uint32_t)a, &r));
    *out = r;
  }
  if (status == NUM_NOT_INT) return eval_trap(env, TRAP_INVALID_CONVERSION_TO_INTEGER);
  if (status == NUM_OVERFLOW) return eval_trap(env, TRAP_INTEGER_OVERFLOW);
  return true;
}

static inline bool eval_guest(struct ir_env *env, struct ir_func *f, ir_val v) {
  const struct ir_insn *in = &f->insns.at[v];
  struct ir_mem m = ir_mem(f, v);
  uint64_t index = env->values[m.index], size = eval_access_size(in);
  uint8_t *at;
  if (m.base) {
    at = (uint8_t *)(uintptr_t)env->values[m.base] + index + m.offset;
  } else {
    unsigned __int128 end = (unsigned __int128)index + m.offset + size;
    if (end > env->memory_size) return eval_trap(env, TRAP_MEMORY_OUT_OF_BOUNDS);
    at = env->memory + index + m.offset;
  }
  if (in->op == IR_OP_GLOAD)
    env->values[v] = eval_load(in, at);
  else
    memcpy(at, &env->values[in->b], size);
  return true;
}

/* One instruction that does not end its block. False: a trap, or stuck. */
static inline bool eval_insn(struct ir_env *env, struct ir_func *f, ir_val v) {
  const struct ir_insn *in = &f->insns.at[v];
  uint64_t *values = env->values, args[16], results[16];
  uint32_t n = 0;
  if (env->steps-- == 0) return env->stuck = true, false;
  switch (in->op) {
  case IR_OP_NONE:
  case IR_OP_POLL:
  case IR_OP_FUEL: return true;
  case IR_OP_ICONST:
  case IR_OP_FCONST: values[v] = ir_const(f, v); return true;
  case IR_OP_PARAM: values[v] = env->params[in->a]; return true;
  case IR_OP_VMCTX: values[v] = (uint64_t)(uintptr_t)env->vmctx; return true;
  case IR_OP_MEM0: values[v] = (uint64_t)(uintptr_t)env->memory; return true;
  case IR_OP_SELECT: values[v] = values[in->a] != 0 ? values[in->b] : values[in->c]; return true;
  case IR_OP_TRUNC_S:
  case IR_OP_TRUNC_U: return eval_trunc(env, in, f->insns.at[in->a].type, values[in->a], &values[v]);
  case IR_OP_TRAPIF: return values[in->a] != 0 ? eval_trap(env, (enum trap_code)in->b) : true;
  case IR_OP_TRAPIFZ: return values[in->a] == 0 ? eval_trap(env, (enum trap_code)in->b) : true;
  case IR_OP_LOAD:
    if (values[in->a] == 0) return eval_trap(env, TRAP_UNINITIALIZED_ELEMENT);
    values[v] = eval_load(in, (const uint8_t *)(uintptr_t)values[in->a] + in->c);
    return true;
  case IR_OP_STORE:
    memcpy((uint8_t *)(uintptr_t)values[in->a] + in->c, &values[in->b], eval_access_size(in));
    return true;
  case IR_OP_GLOAD:
  case IR_OP_GSTORE: return eval_guest(env, f, v);
  case IR_OP_LOCAL_GET: values[v] = env->slots[in->a]; return true;
  case IR_OP_LOCAL_SET: env->slots[in->b] = values[in->a]; return true;
  case IR_OP_PROJ: return true; /* written by its call */
  case IR_OP_CALL:
  case IR_OP_CALL_FUNC:
  case IR_OP_CALL_BUILTIN: {
    const uint32_t *list = ir_args(f, v, &n);
    if (!env->call || n > 16) return env->stuck = true, false;
    for (uint32_t i = 0; i < n; i++)
      args[i] = values[list[i]];
    if (!env->call(env, f, v, args, n, results)) return false;
    values[v] = results[0];
    for (uint32_t i = v + 1; i < f->insns.len; i++) { /* those that nobody uses are no longer there */
      if (f->insns.at[i].op == IR_OP_PROJ && f->insns.at[i].a == v)
        values[i] = results[f->insns.at[i].b];
      else if (f->insns.at[i].op != IR_OP_NONE)
        break;
    }
    return true;
  }
  default:
    if (in->op == IR_OP_DIV_S || in->op == IR_OP_DIV_U || in->op == IR_OP_REM_S || in->op == IR_OP_REM_U) {
      if (values[in->b] == 0) return env->stuck = true, false; /* its check is missing */
    } else if (!(ir_op_table[in->op].flags & IRF_P)) {
      return env->stuck = true, false;
    }
    values[v] = eval_pure(in->op, in->type, f->insns.at[in->a].type, values[in->a],
                          ir_op_table[in->op].operands[1] == 'v' ? values[in->b] : 0);
    return true;
  }
}

/* The whole function. True: it returned, results are filled. `values` must have room for f->insns.len. */
static inline bool ir_eval(struct ir_env *env, struct ir_func *f) {
  ir_block b = 0;
  env->trap = TRAP_NONE;
  env->stuck = false;
  for (;;) {
    const struct ir_blk *blk = &f->blocks.at[b];
    for (ir_val v = blk->first + blk->nphis; v < blk->end - 1; v++)
      if (!eval_insn(env, f, v)) return false;
    const struct ir_insn *end = &f->insns.at[blk->end - 1];
    uint32_t succ = 0, n = 0;
    switch (end->op) {
    case IR_OP_JUMP: break;
    case IR_OP_BRANCH: succ = env->values[end->a] == 0; break;
    case IR_OP_SWITCH: succ = min_u32((uint32_t)env->values[end->a], blk->nsucc - 1); break;
    case IR_OP_TRAP: return eval_trap(env, (enum trap_code)end->b);
    case IR_OP_RETURN: {
      const uint32_t *list = ir_args(f, blk->end - 1, &n);
      env->nresults = n;
      for (uint32_t i = 0; i < n && i < 16; i++)
        env->results[i] = env->values[list[i]];
      return true;
    }
    default: return env->stuck = true, false;
    }
    if (env->steps-- == 0) return env->stuck = true, false;
    const struct ir_edge *edge = &f->edges.at[f->succs.at[blk->succ + succ]];
    const struct ir_blk *to = &f->blocks.at[edge->to];
    uint64_t few[64], *moved = to->nphis <= 64 ? few : NULL;
    if (!moved) return env->stuck = true, false;
    for (uint32_t i = 0; i < to->nphis; i++)
      moved[i] = env->values[f->ext.at[edge->args + i]];
    for (uint32_t i = 0; i < to->nphis; i++)
      env->values[to->first + i] = moved[i];
    b = edge->to;
  }
}

#endif
