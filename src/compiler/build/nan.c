/* -W nan-canonicalization: no payload of a NaN that arithmetic makes can be seen.
 *
 * In: an instruction's result.  Out: it, or the canonical NaN of its shape (each lane by itself) where it is
 * a NaN: an instruction of its own, CANON, which opt/nan.c drops where nobody could tell.  Instructions that
 * the specification defines on bits keep them: abs, neg, copysign, pmin and pmax, and all that only moves
 * values.
 */
#include "compiler/build/builder.h"

#include "base/num.h"

static ir_val canonical(struct builder *b, uint32_t lane, ir_val v) {
  enum ir_type type = (enum ir_type)type_of(b, v);
  if (!ir_is_const(b->f, v)) return emit(b, IR_OP_CANON, type, v, lane, 0);
  uint64_t bits = ir_const(b->f, v);
  bool is_number = lane == 4 ? f32_eq((uint32_t)bits, (uint32_t)bits) : f64_eq(bits, bits);
  return is_number ? v : emit_const(b, type, lane == 4 ? UINT64_C(0x7fc00000) : UINT64_C(0x7ff8000000000000));
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
  case OP_F32_DEMOTE_F64: return canonical(b, 4, v);
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
  case OP_F64_PROMOTE_F32: return canonical(b, 8, v);
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
  case OP_F32X4_DEMOTE_F64X2_ZERO: return canonical(b, 4, v);
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
  case OP_F64X2_PROMOTE_LOW_F32X4: return canonical(b, 8, v);
  default: return v;
  }
}
