/* -W nan-canonicalization: no payload of a NaN that arithmetic makes can be seen.
 *
 * In: an instruction's result.  Out: it, or the canonical NaN of its shape (each lane by itself) where it is
 * a NaN: plain IR, so that folding, selection and allocation know nothing of it.  Instructions that the
 * specification defines on bits keep them: abs, neg, copysign, pmin and pmax, and all that only moves values.
 */
#include "compiler/build/builder.h"

static const uint32_t nan32 = UINT32_C(0x7fc00000);
static const uint64_t nan64 = UINT64_C(0x7ff8000000000000);

/* Only a NaN differs from itself. */
static ir_val scalar(struct builder *b, enum ir_type type, uint64_t nan, ir_val v) {
  ir_val is_nan = emit(b, IR_OP_FNE, IR_I32, v, v, 0);
  return emit(b, IR_OP_SELECT, type, is_nan, emit_const(b, type, nan), v);
}

static ir_val vector(struct builder *b, enum op ne, uint64_t nans, ir_val v) {
  uint8_t bytes[16];
  __builtin_memcpy(bytes, &nans, 8);
  __builtin_memcpy(bytes + 8, &nans, 8);
  ir_val is_nan = emit(b, IR_OP_VBINARY, IR_V128, v, v, (uint32_t)ne);
  return emit(b, IR_OP_VSELECT, IR_V128, emit_vector(b, bytes), v, is_nan);
}

ir_val emit_canonical_nan(struct builder *b, enum op op, ir_val v) {
  switch (op) {
  case OP_F32_ADD:
  case OP_F32_SUB:
  case OP_F32_MUL:
  case OP_F32_DIV:
  case OP_F32_MIN:
  case OP_F32_MAX:
  case OP_F32_SQRT:
  case OP_F32_CEIL:
  case OP_F32_FLOOR:
  case OP_F32_TRUNC:
  case OP_F32_NEAREST:
  case OP_F32_DEMOTE_F64: return scalar(b, IR_F32, nan32, v);
  case OP_F64_ADD:
  case OP_F64_SUB:
  case OP_F64_MUL:
  case OP_F64_DIV:
  case OP_F64_MIN:
  case OP_F64_MAX:
  case OP_F64_SQRT:
  case OP_F64_CEIL:
  case OP_F64_FLOOR:
  case OP_F64_TRUNC:
  case OP_F64_NEAREST:
  case OP_F64_PROMOTE_F32: return scalar(b, IR_F64, nan64, v);
  case OP_F32X4_ADD:
  case OP_F32X4_SUB:
  case OP_F32X4_MUL:
  case OP_F32X4_DIV:
  case OP_F32X4_MIN:
  case OP_F32X4_MAX:
  case OP_F32X4_SQRT:
  case OP_F32X4_CEIL:
  case OP_F32X4_FLOOR:
  case OP_F32X4_TRUNC:
  case OP_F32X4_NEAREST:
  case OP_F32X4_RELAXED_MIN:
  case OP_F32X4_RELAXED_MAX:
  case OP_F32X4_RELAXED_MADD:
  case OP_F32X4_RELAXED_NMADD:
  case OP_F32X4_DEMOTE_F64X2_ZERO: return vector(b, OP_F32X4_NE, (uint64_t)nan32 << 32 | nan32, v);
  case OP_F64X2_ADD:
  case OP_F64X2_SUB:
  case OP_F64X2_MUL:
  case OP_F64X2_DIV:
  case OP_F64X2_MIN:
  case OP_F64X2_MAX:
  case OP_F64X2_SQRT:
  case OP_F64X2_CEIL:
  case OP_F64X2_FLOOR:
  case OP_F64X2_TRUNC:
  case OP_F64X2_NEAREST:
  case OP_F64X2_RELAXED_MIN:
  case OP_F64X2_RELAXED_MAX:
  case OP_F64X2_RELAXED_MADD:
  case OP_F64X2_RELAXED_NMADD:
  case OP_F64X2_PROMOTE_LOW_F32X4: return vector(b, OP_F64X2_NE, nan64, v);
  default: return v;
  }
}
