/* What the files that select vector operations share.
 *
 * Every operation here reads its operands first (x64_use), then writes: d = MACH_MOVE of an operand or a pure
 * definition, then tied steps on d. Temporaries are virtual registers of 16 bytes. Guest memory may be
 * unaligned, so without AVX it is only folded where the operand is 8 bytes or less. */
#ifndef COMPILER_ISA_X64_SIMD_H
#define COMPILER_ISA_X64_SIMD_H

#include "compiler/isa/x64/sel.h"

static inline mreg simd_temp(struct x64_sel *s) { return x64_temp(s, IR_V128); }
static inline void simd_op(struct x64_sel *s, enum x64_op op, mreg d, mreg src) {
  x64_push_rr(s, op, 16, d, src);
}
static inline void simd_move(struct x64_sel *s, mreg d, mreg src) {
  x64_push_rr(s, (enum x64_op)MACH_MOVE, 16, d, src);
}
static inline mreg simd_copy(struct x64_sel *s, mreg src) {
  mreg t = simd_temp(s);
  simd_move(s, t, src);
  return t;
}
/* op d, imm; op d, src, imm. */
static inline void simd_imm(struct x64_sel *s, enum x64_op op, mreg d, int32_t imm) {
  x64_push_ri(s, op, 16, d, imm);
}
/* The second operand of `rr`, of 16 bytes: a constant of the pool, guest memory, or a register. */
void simd_operand(struct x64_sel *s, struct mach_insn *in, enum x64_op rr, ir_val v);
bool simd_can_fold(const struct x64_sel *s, ir_val v); /* is read from memory where it is an operand */
void simd_op_imm(struct x64_sel *s, enum x64_op op, mreg d, mreg src, int32_t imm);
/* op d, constant, where `rr` is the form for registers; one and the same lane all over. */
void simd_pool(struct x64_sel *s, enum x64_op rr, mreg d, uint64_t low, uint64_t high);
static inline void simd_pool_splat(struct x64_sel *s, enum x64_op rr, mreg d, uint64_t bits) {
  simd_pool(s, rr, d, bits, bits);
}
mreg simd_const(struct x64_sel *s, uint64_t low, uint64_t high); /* in a register of its own */
static inline mreg simd_zero(struct x64_sel *s) { return simd_const(s, 0, 0); }
static inline void simd_not(struct x64_sel *s, mreg d) { simd_pool_splat(s, X64_PXOR_RR, d, UINT64_MAX); }
/* d = a op b; constants come from the pool. */
void simd_tied(struct x64_sel *s, enum x64_op rr, mreg d, ir_val a, ir_val b);
bool simd_constant(const struct x64_sel *s, ir_val v, uint64_t bits[2]);

/* False when the operation is not theirs. */
bool simd_select_int(struct x64_sel *s, ir_val v, enum op op);
bool simd_select_compare(struct x64_sel *s, ir_val v, enum op op);
bool simd_select_float(struct x64_sel *s, ir_val v, enum op op);
void simd_canonical(struct x64_sel *s, ir_val v); /* CANON */
bool simd_select_lane(struct x64_sel *s, ir_val v, enum op op);
void simd_shuffle(struct x64_sel *s, ir_val v);

#endif
