/* Division and remainder by constants: multiplications and shifts.
 *
 * In: a division whose divisor is a constant that cannot trap.  Out: the quotient or remainder.  32-bit
 * divisions are done with 64-bit products, where no correction for a 33rd bit is needed. */
#include "compiler/opt/private.h"

__extension__ typedef unsigned __int128 u128;

struct magic {
  struct opt *o;
  uint32_t off;
};

static ir_val emit(struct magic *m, enum ir_op op, enum ir_type type, ir_val a, ir_val b) {
  return opt_emit(m->o, (struct ir_insn){.op = (uint8_t)op, .type = (uint8_t)type, .a = a, .b = b}, m->off);
}
static ir_val constant(struct magic *m, enum ir_type type, uint64_t bits) {
  return opt_constant(m->o, type, bits, m->off);
}

/* floor(2^(64 + shift) / d), which fits because d > 2^shift, and what remains. */
static uint64_t divide_power(uint32_t shift, uint64_t d, uint64_t *rest) {
  u128 n = (u128)1 << 64 << shift;
  *rest = (uint64_t)(n % d);
  return (uint64_t)(n / d);
}

static uint32_t log2_floor(uint64_t x) { return 63 - (uint32_t)__builtin_clzll(x); }

/* x / d for u32: the smallest s for which m = ceil(2^(32+s) / d) is exact. m has 33 bits at most; where it
 * has 33, the product with 2^64 instead of 2^(32+s) is taken: x * ceil(2^64 / d) >> 64 is exact for 32-bit x
 * and d. */
static ir_val div_u32(struct magic *m, ir_val x, uint32_t d) {
  ir_val wide = emit(m, IR_OP_ZEXT32, IR_I64, x, 0);
  for (uint32_t s = 0; s <= log2_floor(d); s++) {
    uint64_t power = UINT64_C(1) << (32 + s), mul = power / d + 1;
    if (mul * d - power <= UINT64_C(1) << s && mul <= UINT32_MAX) {
      ir_val product = emit(m, IR_OP_MUL, IR_I64, wide, constant(m, IR_I64, mul));
      return emit(m, IR_OP_WRAP, IR_I32, emit(m, IR_OP_SHR_U, IR_I64, product, constant(m, IR_I64, 32 + s)),
                  0);
    }
  }
  ir_val high = emit(m, IR_OP_MULHI_U, IR_I64, wide, constant(m, IR_I64, UINT64_MAX / d + 1));
  return emit(m, IR_OP_WRAP, IR_I32, high, 0);
}

/* x / d for u64. With L = floor(log2 d): m = floor(2^(64+L) / d) + 1 if its error is small enough, else the
 * doubled one with 65 bits, whose top bit is added by hand: (((x - h) >> 1) + h) >> L. */
static ir_val div_u64(struct magic *m, ir_val x, uint64_t d) {
  uint32_t l = log2_floor(d);
  uint64_t rest, mul = divide_power(l, d, &rest);
  if (d - rest < UINT64_C(1) << l) {
    ir_val high = emit(m, IR_OP_MULHI_U, IR_I64, x, constant(m, IR_I64, mul + 1));
    return emit(m, IR_OP_SHR_U, IR_I64, high, constant(m, IR_I64, l));
  }
  uint64_t twice = rest + rest;
  mul += mul;
  if (twice >= d || twice < rest) mul++;
  ir_val high = emit(m, IR_OP_MULHI_U, IR_I64, x, constant(m, IR_I64, mul + 1));
  ir_val one = constant(m, IR_I64, 1), by = constant(m, IR_I64, l);
  ir_val half = emit(m, IR_OP_SHR_U, IR_I64, emit(m, IR_OP_SUB, IR_I64, x, high), one);
  return emit(m, IR_OP_SHR_U, IR_I64, emit(m, IR_OP_ADD, IR_I64, half, high), by);
}

/* x / d for s32: m = floor(2^(32+s) / |d|) + 1 with s = floor(log2 |d|) is below 2^32, so x * m fits 64 bits
 * with its sign; the shift rounds down, so 1 is added to negative quotients. */
static ir_val div_s32(struct magic *m, ir_val x, int32_t d) {
  uint32_t ad = d < 0 ? 0u - (uint32_t)d : (uint32_t)d, s = log2_floor(ad);
  uint64_t power = UINT64_C(1) << (32 + s), mul = power / ad + 1;
  ir_val wide = emit(m, IR_OP_SEXT32, IR_I64, x, 0);
  ir_val product = emit(m, IR_OP_MUL, IR_I64, wide, constant(m, IR_I64, mul));
  ir_val q =
      emit(m, IR_OP_WRAP, IR_I32, emit(m, IR_OP_SHR_S, IR_I64, product, constant(m, IR_I64, 32 + s)), 0);
  ir_val sign = emit(m, IR_OP_SHR_S, IR_I32, x, constant(m, IR_I32, 31));
  return d < 0 ? emit(m, IR_OP_SUB, IR_I32, sign, q) : emit(m, IR_OP_SUB, IR_I32, q, sign);
}

/* x / d for s64. With L = floor(log2 |d|): m = floor(2^(63+L) / |d|) + 1 if its error is small enough, else
 * the doubled one, which as a signed number is 2^64 too small: x is added. */
static ir_val div_s64(struct magic *m, ir_val x, int64_t d) {
  uint64_t ad = d < 0 ? UINT64_C(0) - (uint64_t)d : (uint64_t)d;
  uint32_t l = log2_floor(ad);
  uint64_t rest, mul = divide_power(l - 1, ad, &rest); /* below 2^63 */
  uint32_t shift = l - 1;
  bool add = false;
  if (ad - rest >= UINT64_C(1) << l) { /* not exact: one more bit */
    uint64_t twice = rest + rest;
    mul += mul;
    if (twice >= ad || twice < rest) mul++;
    shift = l;
    add = true;
  }
  ir_val h = emit(m, IR_OP_MULHI_S, IR_I64, x, constant(m, IR_I64, mul + 1));
  if (add) h = emit(m, IR_OP_ADD, IR_I64, h, x);
  h = emit(m, IR_OP_SHR_S, IR_I64, h, constant(m, IR_I64, shift));
  ir_val sign = emit(m, IR_OP_SHR_S, IR_I64, x, constant(m, IR_I64, 63));
  return d < 0 ? emit(m, IR_OP_SUB, IR_I64, sign, h) : emit(m, IR_OP_SUB, IR_I64, h, sign);
}

/* x / 2^k for signed x: (x + ((x >>s w-1) >>u w-k)) >>s k */
static ir_val div_s_power(struct magic *m, enum ir_type type, ir_val x, uint32_t k, bool negative) {
  uint32_t w = type == IR_I32 ? 32 : 64;
  ir_val sign = k == 1 ? x : emit(m, IR_OP_SHR_S, type, x, constant(m, type, w - 1));
  ir_val bias = emit(m, IR_OP_SHR_U, type, sign, constant(m, type, w - k));
  ir_val by = constant(m, type, k);
  ir_val q = emit(m, IR_OP_SHR_S, type, emit(m, IR_OP_ADD, type, x, bias), by);
  return negative ? emit(m, IR_OP_SUB, type, constant(m, type, 0), q) : q;
}

static ir_val quotient(struct magic *m, const struct ir_insn *in, uint64_t d, bool is_signed) {
  enum ir_type type = (enum ir_type)in->type;
  bool narrow = type == IR_I32;
  if (!is_signed) {
    if ((d & (d - 1)) == 0) return emit(m, IR_OP_SHR_U, type, in->a, constant(m, type, log2_floor(d)));
    return narrow ? div_u32(m, in->a, (uint32_t)d) : div_u64(m, in->a, d);
  }
  int64_t sd = narrow ? (int32_t)(uint32_t)d : (int64_t)d;
  uint64_t ad = sd < 0 ? UINT64_C(0) - (uint64_t)sd : (uint64_t)sd;
  if ((ad & (ad - 1)) == 0) return div_s_power(m, type, in->a, log2_floor(ad), sd < 0);
  return narrow ? div_s32(m, in->a, (int32_t)sd) : div_s64(m, in->a, sd);
}

ir_val fold_division(struct opt *o, const struct ir_insn *in, uint32_t wasm_off) {
  struct magic m = {o, wasm_off};
  enum ir_type type = (enum ir_type)in->type;
  uint64_t d = ir_const(o->f, in->b), ones = type == IR_I32 ? UINT32_MAX : UINT64_MAX;
  bool is_signed = in->op == IR_OP_DIV_S || in->op == IR_OP_REM_S;
  bool rem = in->op == IR_OP_REM_S || in->op == IR_OP_REM_U;
  if (d == 0) return 0; /* behind a trap */
  if (d == 1 || (is_signed && d == ones)) {
    if (rem) return constant(&m, type, 0);
    return d == 1 ? in->a : emit(&m, IR_OP_SUB, type, constant(&m, type, 0), in->a);
  }
  if (rem && !is_signed && (d & (d - 1)) == 0)
    return emit(&m, IR_OP_AND, type, in->a, constant(&m, type, d - 1));
  ir_val q = quotient(&m, in, d, is_signed);
  if (!rem) return q;
  return emit(&m, IR_OP_SUB, type, in->a, emit(&m, IR_OP_MUL, type, q, in->b));
}
