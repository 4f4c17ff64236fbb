/* Vectors: v128.const, loads and stores with their lane, extending and splatting forms, and every operation.
 *
 * In: a validated instruction of the SIMD family.  Out: scalar loads and stores of exactly the bytes that are
 * named, and VUNARY, VBINARY, VSELECT, VSHUFFLE that name the operation.  A relaxed operation becomes the
 * strict one that it may always be, so that results are the same on every machine.  Must not: read or write
 * memory beyond the access's own width. */
#include "compiler/build/builder.h"

ir_val emit_vector(struct builder *b, const uint8_t bytes[16]) {
  uint32_t words[4];
  __builtin_memcpy(words, bytes, 16);
  return emit(b, IR_OP_VCONST, IR_V128, ir_ext(b->f, words, 4), 0, 0);
}

static ir_val unary(struct builder *b, enum ir_type type, enum op op, uint32_t lane, ir_val x) {
  return emit(b, IR_OP_VUNARY, type, x, (uint32_t)op | lane << 16, 0);
}

static ir_val binary(struct builder *b, enum op op, uint32_t lane, ir_val x, ir_val y) {
  return emit(b, IR_OP_VBINARY, IR_V128, x, y, (uint32_t)op | lane << 16);
}

ir_val emit_quad(struct builder *b, ir_val vector, uint32_t lane) {
  return unary(b, IR_I64, OP_I64X2_EXTRACT_LANE, lane, vector);
}

ir_val emit_zero(struct builder *b, enum ir_type type) {
  return type == IR_V128 ? emit_vector(b, (const uint8_t[16]){0}) : emit_const(b, type, 0);
}

/* 8 bytes of memory, or fewer that fill a register's low lane, through an operation. */
static void load_through(struct builder *b, enum ir_type type, enum ir_access access, uint32_t width,
                         enum op op) {
  push(b, unary(b, IR_V128, op, 0, guest_load(b, type, access, width)));
}

static void load_lane(struct builder *b, enum ir_type type, enum ir_access access, uint32_t width,
                      enum op op) {
  ir_val vector = pop(b);
  ir_val x = guest_load(b, type, access, width);
  push(b, binary(b, op, b->in.lane, vector, x));
}

static void store_lane(struct builder *b, enum ir_type type, enum ir_access access, uint32_t width,
                       enum op op) {
  ir_val x = unary(b, type, op, b->in.lane, pop(b));
  guest_store(b, type, access, width, x);
}

static bool build_access(struct builder *b) {
  switch (b->in.op) {
  case OP_V128_LOAD: push(b, guest_load(b, IR_V128, ACCESS_FULL, 16)); return true;
  case OP_V128_STORE: guest_store(b, IR_V128, ACCESS_FULL, 16, pop(b)); return true;
  case OP_V128_LOAD8X8_S: load_through(b, IR_F64, ACCESS_FULL, 8, OP_I16X8_EXTEND_LOW_I8X16_S); return true;
  case OP_V128_LOAD8X8_U: load_through(b, IR_F64, ACCESS_FULL, 8, OP_I16X8_EXTEND_LOW_I8X16_U); return true;
  case OP_V128_LOAD16X4_S: load_through(b, IR_F64, ACCESS_FULL, 8, OP_I32X4_EXTEND_LOW_I16X8_S); return true;
  case OP_V128_LOAD16X4_U: load_through(b, IR_F64, ACCESS_FULL, 8, OP_I32X4_EXTEND_LOW_I16X8_U); return true;
  case OP_V128_LOAD32X2_S: load_through(b, IR_F64, ACCESS_FULL, 8, OP_I64X2_EXTEND_LOW_I32X4_S); return true;
  case OP_V128_LOAD32X2_U: load_through(b, IR_F64, ACCESS_FULL, 8, OP_I64X2_EXTEND_LOW_I32X4_U); return true;
  case OP_V128_LOAD8_SPLAT: load_through(b, IR_I32, ACCESS_8U, 1, OP_I8X16_SPLAT); return true;
  case OP_V128_LOAD16_SPLAT: load_through(b, IR_I32, ACCESS_16U, 2, OP_I16X8_SPLAT); return true;
  case OP_V128_LOAD32_SPLAT: load_through(b, IR_F32, ACCESS_FULL, 4, OP_F32X4_SPLAT); return true;
  case OP_V128_LOAD64_SPLAT: load_through(b, IR_F64, ACCESS_FULL, 8, OP_F64X2_SPLAT); return true;
  case OP_V128_LOAD32_ZERO: load_through(b, IR_F32, ACCESS_FULL, 4, OP_V128_LOAD32_ZERO); return true;
  case OP_V128_LOAD64_ZERO: load_through(b, IR_F64, ACCESS_FULL, 8, OP_V128_LOAD64_ZERO); return true;
  case OP_V128_LOAD8_LANE: load_lane(b, IR_I32, ACCESS_8U, 1, OP_I8X16_REPLACE_LANE); return true;
  case OP_V128_LOAD16_LANE: load_lane(b, IR_I32, ACCESS_16U, 2, OP_I16X8_REPLACE_LANE); return true;
  case OP_V128_LOAD32_LANE: load_lane(b, IR_I32, ACCESS_FULL, 4, OP_I32X4_REPLACE_LANE); return true;
  case OP_V128_LOAD64_LANE: load_lane(b, IR_F64, ACCESS_FULL, 8, OP_F64X2_REPLACE_LANE); return true;
  case OP_V128_STORE8_LANE: store_lane(b, IR_I32, ACCESS_8U, 1, OP_I8X16_EXTRACT_LANE_U); return true;
  case OP_V128_STORE16_LANE: store_lane(b, IR_I32, ACCESS_16U, 2, OP_I16X8_EXTRACT_LANE_U); return true;
  case OP_V128_STORE32_LANE: store_lane(b, IR_F32, ACCESS_FULL, 4, OP_F32X4_EXTRACT_LANE); return true;
  case OP_V128_STORE64_LANE: store_lane(b, IR_F64, ACCESS_FULL, 8, OP_F64X2_EXTRACT_LANE); return true;
  default: return false;
  }
}

static enum op strict_op(enum op op) {
  switch (op) {
  case OP_I8X16_RELAXED_SWIZZLE: return OP_I8X16_SWIZZLE;
  case OP_I32X4_RELAXED_TRUNC_F32X4_S: return OP_I32X4_TRUNC_SAT_F32X4_S;
  case OP_I32X4_RELAXED_TRUNC_F32X4_U: return OP_I32X4_TRUNC_SAT_F32X4_U;
  case OP_I32X4_RELAXED_TRUNC_F64X2_S_ZERO: return OP_I32X4_TRUNC_SAT_F64X2_S_ZERO;
  case OP_I32X4_RELAXED_TRUNC_F64X2_U_ZERO: return OP_I32X4_TRUNC_SAT_F64X2_U_ZERO;
  case OP_F32X4_RELAXED_MIN: return OP_F32X4_MIN;
  case OP_F32X4_RELAXED_MAX: return OP_F32X4_MAX;
  case OP_F64X2_RELAXED_MIN: return OP_F64X2_MIN;
  case OP_F64X2_RELAXED_MAX: return OP_F64X2_MAX;
  case OP_I16X8_RELAXED_Q15MULR_S: return OP_I16X8_Q15MULR_SAT_S;
  default: return op;
  }
}

static bool build_ternary(struct builder *b) {
  ir_val z = pop(b), y = pop(b), x = pop(b);
  ir_val v;
  switch (b->in.op) {
  case OP_V128_BITSELECT:
  case OP_I8X16_RELAXED_LANESELECT:
  case OP_I16X8_RELAXED_LANESELECT:
  case OP_I32X4_RELAXED_LANESELECT:
  case OP_I64X2_RELAXED_LANESELECT: v = emit(b, IR_OP_VSELECT, IR_V128, x, y, z); break;
  case OP_F32X4_RELAXED_MADD: v = binary(b, OP_F32X4_ADD, 0, binary(b, OP_F32X4_MUL, 0, x, y), z); break;
  case OP_F64X2_RELAXED_MADD: v = binary(b, OP_F64X2_ADD, 0, binary(b, OP_F64X2_MUL, 0, x, y), z); break;
  case OP_F32X4_RELAXED_NMADD: v = binary(b, OP_F32X4_SUB, 0, z, binary(b, OP_F32X4_MUL, 0, x, y)); break;
  case OP_F64X2_RELAXED_NMADD: v = binary(b, OP_F64X2_SUB, 0, z, binary(b, OP_F64X2_MUL, 0, x, y)); break;
  case OP_I32X4_RELAXED_DOT_I8X16_I7X16_ADD_S:
    v = binary(b, OP_I16X8_RELAXED_DOT_I8X16_I7X16_S, 0, x, y);
    v = binary(b, OP_I32X4_ADD, 0, unary(b, IR_V128, OP_I32X4_EXTADD_PAIRWISE_I16X8_S, 0, v), z);
    break;
  default: return build_unsupported(b);
  }
  push_result(b, b->in.op, v);
  return true;
}

/* The lanes of a splat of a constant. False: it is no constant. */
static bool splat_constant(struct builder *b, enum op op, ir_val x) {
  uint32_t width;
  switch (op) {
  case OP_I8X16_SPLAT: width = 1; break;
  case OP_I16X8_SPLAT: width = 2; break;
  case OP_I32X4_SPLAT:
  case OP_F32X4_SPLAT: width = 4; break;
  case OP_I64X2_SPLAT:
  case OP_F64X2_SPLAT: width = 8; break;
  default: return false;
  }
  if (!ir_is_const(b->f, x)) return false;
  uint8_t bytes[16];
  uint64_t bits = ir_const(b->f, x);
  for (uint32_t i = 0; i < 16; i++)
    bytes[i] = (uint8_t)(bits >> (8 * (i % width)));
  push(b, emit_vector(b, bytes));
  return true;
}

static enum ir_type result_type(const struct op_info *info) {
  switch (info->results[0]) {
  case 'i': return IR_I32;
  case 'I': return IR_I64;
  case 'f': return IR_F32;
  case 'F': return IR_F64;
  default: return IR_V128;
  }
}

bool build_simd(struct builder *b) {
  const struct op_info *info = op_info(b->in.op);
  switch ((enum imm)info->imm) {
  case IMM_V128: push(b, emit_vector(b, b->in.v128)); return true;
  case IMM_SHUFFLE: {
    uint32_t words[4];
    __builtin_memcpy(words, b->in.v128, 16);
    ir_val y = pop(b), x = pop(b);
    push(b, emit(b, IR_OP_VSHUFFLE, IR_V128, x, y, ir_ext(b->f, words, 4)));
    return true;
  }
  case IMM_MEMARG:
  case IMM_MEMARG_LANE: return build_access(b) || build_unsupported(b);
  default: break;
  }
  enum op op = strict_op(b->in.op);
  uint32_t lane = info->imm == IMM_LANE ? b->in.lane : 0;
  if (info->params[1] == 0) {
    ir_val x = pop(b);
    if (!splat_constant(b, op, x)) push_result(b, b->in.op, unary(b, result_type(info), op, lane, x));
    return true;
  }
  if (info->params[2] != 0) return build_ternary(b);
  ir_val y = pop(b), x = pop(b);
  push_result(b, b->in.op, binary(b, op, lane, x, y));
  return true;
}
