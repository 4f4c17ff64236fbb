/* Numeric instructions that are more than one IR instruction: constants, eqz, division, wide arithmetic.
 *
 * The checks of a division stand before it as instructions of their own, so that a divisor that is known
 * makes them vanish and equal ones are made once. */
#include "compiler/build/builder.h"

static void build_div(struct builder *b, enum ir_op op, enum ir_type type) {
  ir_val y = pop(b), x = pop(b);
  emit(b, IR_OP_TRAPIFZ, IR_VOID, y, TRAP_INTEGER_DIVIDE_BY_ZERO, 0);
  if (op == IR_OP_DIV_S) {
    uint64_t min = type == IR_I64 ? UINT64_C(1) << 63 : UINT64_C(1) << 31;
    uint64_t ones = type == IR_I64 ? UINT64_MAX : UINT32_MAX;
    ir_val is_ones = emit(b, IR_OP_EQ, IR_I32, y, emit_const(b, type, ones), 0);
    if (!ir_is_const(b->f, is_ones) || ir_const(b->f, is_ones) != 0) {
      ir_val is_min = emit(b, IR_OP_EQ, IR_I32, x, emit_const(b, type, min), 0);
      emit(b, IR_OP_TRAPIF, IR_VOID, emit(b, IR_OP_AND, IR_I32, is_ones, is_min, 0), TRAP_INTEGER_OVERFLOW,
           0);
    }
  }
  push(b, emit(b, op, type, x, y, 0));
}

static void build_eqz(struct builder *b, enum ir_type type) {
  ir_val x = pop(b);
  push(b, emit(b, IR_OP_EQ, IR_I32, x, emit_const(b, type, 0), 0));
}

/* a:b + c:d and a:b - c:d; low halves first. */
static void build_wide_add(struct builder *b, bool sub) {
  ir_val yh = pop(b), yl = pop(b), xh = pop(b), xl = pop(b);
  enum ir_op op = sub ? IR_OP_SUB : IR_OP_ADD;
  ir_val low = emit(b, op, IR_I64, xl, yl, 0);
  ir_val carry = sub ? emit(b, IR_OP_LT_U, IR_I32, xl, yl, 0) : emit(b, IR_OP_LT_U, IR_I32, low, xl, 0);
  ir_val high = emit(b, op, IR_I64, xh, yh, 0);
  push(b, low);
  push(b, emit(b, op, IR_I64, high, emit_widen(b, carry), 0));
}

static void build_wide_mul(struct builder *b, enum ir_op high) {
  ir_val y = pop(b), x = pop(b);
  push(b, emit(b, IR_OP_MUL, IR_I64, x, y, 0));
  push(b, emit(b, high, IR_I64, x, y, 0));
}

bool build_numeric(struct builder *b) {
  switch (b->in.op) {
  case OP_I32_CONST: push(b, emit_const(b, IR_I32, (uint32_t)b->in.u64)); return true;
  case OP_I64_CONST: push(b, emit_const(b, IR_I64, b->in.u64)); return true;
  case OP_F32_CONST: push(b, emit_const(b, IR_F32, (uint32_t)b->in.u64)); return true;
  case OP_F64_CONST: push(b, emit_const(b, IR_F64, b->in.u64)); return true;
  case OP_I32_EQZ: build_eqz(b, IR_I32); return true;
  case OP_I64_EQZ: build_eqz(b, IR_I64); return true;
  case OP_I32_DIV_S: build_div(b, IR_OP_DIV_S, IR_I32); return true;
  case OP_I32_DIV_U: build_div(b, IR_OP_DIV_U, IR_I32); return true;
  case OP_I32_REM_S: build_div(b, IR_OP_REM_S, IR_I32); return true;
  case OP_I32_REM_U: build_div(b, IR_OP_REM_U, IR_I32); return true;
  case OP_I64_DIV_S: build_div(b, IR_OP_DIV_S, IR_I64); return true;
  case OP_I64_DIV_U: build_div(b, IR_OP_DIV_U, IR_I64); return true;
  case OP_I64_REM_S: build_div(b, IR_OP_REM_S, IR_I64); return true;
  case OP_I64_REM_U: build_div(b, IR_OP_REM_U, IR_I64); return true;
  case OP_I64_ADD128: build_wide_add(b, false); return true;
  case OP_I64_SUB128: build_wide_add(b, true); return true;
  case OP_I64_MUL_WIDE_S: build_wide_mul(b, IR_OP_MULHI_S); return true;
  case OP_I64_MUL_WIDE_U: build_wide_mul(b, IR_OP_MULHI_U); return true;
  default: return build_unsupported(b);
  }
}
