/* Operations on constants, by the rules of base/num.h. */
#include "compiler/opt/private.h"

#include "base/num.h"

static bool of_i32(enum ir_op op, uint32_t a, uint32_t b, uint64_t *out) {
  uint32_t r = 0;
  bool ok = true;
  switch (op) {
  case IR_OP_ADD: r = a + b; break;
  case IR_OP_SUB: r = a - b; break;
  case IR_OP_MUL: r = a * b; break;
  case IR_OP_MULHI_U: r = (uint32_t)((uint64_t)a * b >> 32); break;
  case IR_OP_MULHI_S: r = (uint32_t)((uint64_t)((int64_t)(int32_t)a * (int32_t)b) >> 32); break;
  case IR_OP_DIV_S: ok = i32_div_s(a, b, &r) == NUM_OK; break;
  case IR_OP_DIV_U: ok = i32_div_u(a, b, &r) == NUM_OK; break;
  case IR_OP_REM_S: ok = i32_rem_s(a, b, &r) == NUM_OK; break;
  case IR_OP_REM_U: ok = i32_rem_u(a, b, &r) == NUM_OK; break;
  case IR_OP_AND: r = a & b; break;
  case IR_OP_OR: r = a | b; break;
  case IR_OP_XOR: r = a ^ b; break;
  case IR_OP_SHL: r = a << (b & 31); break;
  case IR_OP_SHR_S: r = i32_shr_s(a, b & 31); break;
  case IR_OP_SHR_U: r = a >> (b & 31); break;
  case IR_OP_ROTL: r = i32_rotl(a, b & 31); break;
  case IR_OP_ROTR: r = i32_rotr(a, b & 31); break;
  case IR_OP_CLZ: r = i32_clz(a); break;
  case IR_OP_CTZ: r = i32_ctz(a); break;
  case IR_OP_POPCNT: r = i32_popcnt(a); break;
  case IR_OP_SEXT8: r = (uint32_t)(int8_t)a; break;
  case IR_OP_SEXT16: r = (uint32_t)(int16_t)a; break;
  case IR_OP_EQ: r = a == b; break;
  case IR_OP_NE: r = a != b; break;
  case IR_OP_LT_S: r = (int32_t)a < (int32_t)b; break;
  case IR_OP_LT_U: r = a < b; break;
  case IR_OP_LE_S: r = (int32_t)a <= (int32_t)b; break;
  case IR_OP_LE_U: r = a <= b; break;
  case IR_OP_GT_S: r = (int32_t)a > (int32_t)b; break;
  case IR_OP_GT_U: r = a > b; break;
  case IR_OP_GE_S: r = (int32_t)a >= (int32_t)b; break;
  case IR_OP_GE_U: r = a >= b; break;
  default: return false;
  }
  *out = r;
  return ok;
}

static bool of_i64(enum ir_op op, uint64_t a, uint64_t b, uint64_t *out) {
  switch (op) {
  case IR_OP_ADD: *out = a + b; return true;
  case IR_OP_SUB: *out = a - b; return true;
  case IR_OP_MUL: *out = a * b; return true;
  case IR_OP_DIV_S: return i64_div_s(a, b, out) == NUM_OK;
  case IR_OP_DIV_U: return i64_div_u(a, b, out) == NUM_OK;
  case IR_OP_REM_S: return i64_rem_s(a, b, out) == NUM_OK;
  case IR_OP_REM_U: return i64_rem_u(a, b, out) == NUM_OK;
  case IR_OP_AND: *out = a & b; return true;
  case IR_OP_OR: *out = a | b; return true;
  case IR_OP_XOR: *out = a ^ b; return true;
  case IR_OP_SHL: *out = a << (b & 63); return true;
  case IR_OP_SHR_S: *out = i64_shr_s(a, b & 63); return true;
  case IR_OP_SHR_U: *out = a >> (b & 63); return true;
  case IR_OP_ROTL: *out = i64_rotl(a, b & 63); return true;
  case IR_OP_ROTR: *out = i64_rotr(a, b & 63); return true;
  case IR_OP_CLZ: *out = i64_clz(a); return true;
  case IR_OP_CTZ: *out = i64_ctz(a); return true;
  case IR_OP_POPCNT: *out = i64_popcnt(a); return true;
  case IR_OP_SEXT8: *out = (uint64_t)(int8_t)a; return true;
  case IR_OP_SEXT16: *out = (uint64_t)(int16_t)a; return true;
  case IR_OP_EQ: *out = a == b; return true;
  case IR_OP_NE: *out = a != b; return true;
  case IR_OP_LT_S: *out = (int64_t)a < (int64_t)b; return true;
  case IR_OP_LT_U: *out = a < b; return true;
  case IR_OP_LE_S: *out = (int64_t)a <= (int64_t)b; return true;
  case IR_OP_LE_U: *out = a <= b; return true;
  case IR_OP_GT_S: *out = (int64_t)a > (int64_t)b; return true;
  case IR_OP_GT_U: *out = a > b; return true;
  case IR_OP_GE_S: *out = (int64_t)a >= (int64_t)b; return true;
  case IR_OP_GE_U: *out = a >= b; return true;
  default: return false;
  }
}

static bool of_f32(enum ir_op op, uint32_t a, uint32_t b, uint64_t *out) {
  switch (op) {
  case IR_OP_FADD: *out = f32_add(a, b); return true;
  case IR_OP_FSUB: *out = f32_sub(a, b); return true;
  case IR_OP_FMUL: *out = f32_mul(a, b); return true;
  case IR_OP_FDIV: *out = f32_div(a, b); return true;
  case IR_OP_FMIN: *out = f32_min(a, b); return true;
  case IR_OP_FMAX: *out = f32_max(a, b); return true;
  case IR_OP_FCOPYSIGN: *out = f32_copysign(a, b); return true;
  case IR_OP_FSQRT: *out = f32_sqrt(a); return true;
  case IR_OP_FABS: *out = f32_abs(a); return true;
  case IR_OP_FNEG: *out = f32_neg(a); return true;
  case IR_OP_FCEIL: *out = f32_ceil(a); return true;
  case IR_OP_FFLOOR: *out = f32_floor(a); return true;
  case IR_OP_FTRUNC: *out = f32_trunc(a); return true;
  case IR_OP_FNEAREST: *out = f32_nearest(a); return true;
  case IR_OP_FEQ: *out = f32_eq(a, b); return true;
  case IR_OP_FNE: *out = !f32_eq(a, b); return true;
  case IR_OP_FLT: *out = f32_lt(a, b); return true;
  case IR_OP_FLE: *out = f32_le(a, b); return true;
  case IR_OP_FGT: *out = f32_lt(b, a); return true;
  case IR_OP_FGE: *out = f32_le(b, a); return true;
  case IR_OP_PROMOTE: *out = f64_promote_f32(a); return true;
  default: return false;
  }
}

static bool of_f64(enum ir_op op, uint64_t a, uint64_t b, uint64_t *out) {
  switch (op) {
  case IR_OP_FADD: *out = f64_add(a, b); return true;
  case IR_OP_FSUB: *out = f64_sub(a, b); return true;
  case IR_OP_FMUL: *out = f64_mul(a, b); return true;
  case IR_OP_FDIV: *out = f64_div(a, b); return true;
  case IR_OP_FMIN: *out = f64_min(a, b); return true;
  case IR_OP_FMAX: *out = f64_max(a, b); return true;
  case IR_OP_FCOPYSIGN: *out = f64_copysign(a, b); return true;
  case IR_OP_FSQRT: *out = f64_sqrt(a); return true;
  case IR_OP_FABS: *out = f64_abs(a); return true;
  case IR_OP_FNEG: *out = f64_neg(a); return true;
  case IR_OP_FCEIL: *out = f64_ceil(a); return true;
  case IR_OP_FFLOOR: *out = f64_floor(a); return true;
  case IR_OP_FTRUNC: *out = f64_trunc(a); return true;
  case IR_OP_FNEAREST: *out = f64_nearest(a); return true;
  case IR_OP_FEQ: *out = f64_eq(a, b); return true;
  case IR_OP_FNE: *out = !f64_eq(a, b); return true;
  case IR_OP_FLT: *out = f64_lt(a, b); return true;
  case IR_OP_FLE: *out = f64_le(a, b); return true;
  case IR_OP_FGT: *out = f64_lt(b, a); return true;
  case IR_OP_FGE: *out = f64_le(b, a); return true;
  case IR_OP_DEMOTE: *out = f32_demote_f64(a); return true;
  default: return false;
  }
}

/* Conversions, by the operand's type and the result's. */
static bool of_conversion(const struct ir_insn *in, uint8_t from, uint64_t a, uint64_t *out) {
  bool to64 = in->type == IR_I64 || in->type == IR_F64, from64 = from == IR_I64 || from == IR_F64;
  uint32_t a32 = (uint32_t)a, r = 0;
  enum num_div status;
  switch (in->op) {
  case IR_OP_SEXT32: *out = (uint64_t)(int32_t)a32; return true;
  case IR_OP_ZEXT32:
  case IR_OP_WRAP: *out = a32; return true;
  case IR_OP_BITCAST: *out = a; return true;
  case IR_OP_TRUNC_S:
    if (to64) return (from64 ? i64_trunc_f64_s(a, out) : i64_trunc_f32_s(a32, out)) == NUM_OK;
    status = from64 ? i32_trunc_f64_s(a, &r) : i32_trunc_f32_s(a32, &r);
    *out = r;
    return status == NUM_OK;
  case IR_OP_TRUNC_U:
    if (to64) return (from64 ? i64_trunc_f64_u(a, out) : i64_trunc_f32_u(a32, out)) == NUM_OK;
    status = from64 ? i32_trunc_f64_u(a, &r) : i32_trunc_f32_u(a32, &r);
    *out = r;
    return status == NUM_OK;
  case IR_OP_TRUNC_SAT_S:
    *out = to64 ? (from64 ? i64_trunc_sat_f64_s(a) : i64_trunc_sat_f32_s(a32))
                : (from64 ? i32_trunc_sat_f64_s(a) : i32_trunc_sat_f32_s(a32));
    return true;
  case IR_OP_TRUNC_SAT_U:
    *out = to64 ? (from64 ? i64_trunc_sat_f64_u(a) : i64_trunc_sat_f32_u(a32))
                : (from64 ? i32_trunc_sat_f64_u(a) : i32_trunc_sat_f32_u(a32));
    return true;
  case IR_OP_CONVERT_S:
    *out = to64 ? (from64 ? f64_convert_i64_s(a) : f64_convert_i32_s(a32))
                : (from64 ? f32_convert_i64_s(a) : f32_convert_i32_s(a32));
    return true;
  case IR_OP_CONVERT_U:
    *out = to64 ? (from64 ? f64_convert_i64_u(a) : f64_convert_i32_u(a32))
                : (from64 ? f32_convert_i64_u(a) : f32_convert_i32_u(a32));
    return true;
  default: return false;
  }
}

bool fold_constant(const struct ir_func *f, const struct ir_insn *in, uint64_t *bits) {
  uint8_t from = f->insns.at[in->a].type;
  uint64_t a = ir_const(f, in->a), b = 0;
  if (ir_op_table[in->op].operands[1] == 'v') {
    if (!ir_is_const(f, in->b)) return false;
    b = ir_const(f, in->b);
  }
  if (of_conversion(in, from, a, bits)) return true;
  enum ir_op op = (enum ir_op)in->op;
  switch (from) {
  case IR_I32:
  case IR_REF: return of_i32(op, (uint32_t)a, (uint32_t)b, bits);
  case IR_I64:
  case IR_FUNCREF:
  case IR_PTR: return of_i64(op, a, b, bits);
  case IR_F32: return of_f32(op, (uint32_t)a, (uint32_t)b, bits);
  case IR_F64: return of_f64(op, a, b, bits);
  default: return false;
  }
}
