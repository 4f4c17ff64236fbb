/* Comparisons of integer lanes that the CPU has no instruction for.
 *
 * It has equality and signed "greater". a <= b is min(a, b) == a, a >= b is max(a, b) == a, for signed and
 * unsigned lanes alike; the others are their opposites. Must not: let a constant's lane wrap around. */
#include "compiler/isa/x64/simd.h"

static void not_equal(struct x64_sel *s, ir_val v, enum x64_op equal) {
  const struct ir_insn *in = sel_at(s, v);
  mreg d = x64_def(s, v);
  simd_tied(s, equal, d, in->a, in->b);
  simd_not(s, d);
}

/* d = (pick(a, b) == a), or its opposite. */
static void by_pick(struct x64_sel *s, ir_val v, enum x64_op pick, enum x64_op equal, bool opposite) {
  const struct ir_insn *in = sel_at(s, v);
  mreg a = x64_use(s, in->a), d = x64_def(s, v);
  simd_tied(s, pick, d, in->a, in->b);
  simd_op(s, equal, d, a);
  if (opposite) simd_not(s, d);
}

struct lane_ops {
  enum x64_op min, max, equal;
  uint32_t bits;
};
static const struct lane_ops bytes = {X64_PMINUB_RR, X64_PMAXUB_RR, X64_PCMPEQB_RR, 8};
static const struct lane_ops words = {X64_PMINUW_RR, X64_PMAXUW_RR, X64_PCMPEQW_RR, 16};
static const struct lane_ops dwords = {X64_PMINUD_RR, X64_PMAXUD_RR, X64_PCMPEQD_RR, 32};

/* The lanes of a constant, less one or plus one. False: it is no constant, or a lane would wrap around. */
static bool next_constant(const struct x64_sel *s, ir_val v, uint32_t bits, bool less, uint64_t next[2]) {
  uint64_t c[2], max = UINT64_MAX >> (64 - bits);
  if (!simd_constant(s, v, c)) return false;
  next[0] = next[1] = 0;
  for (uint32_t at = 0; at < 128; at += bits) {
    uint64_t lane = c[at / 64] >> at % 64 & max;
    if (lane == (less ? 0 : max)) return false;
    next[at / 64] |= (less ? lane - 1 : lane + 1) << at % 64;
  }
  return true;
}

/* a < b or a > b, unsigned. With a constant, a < b is a <= b - 1, which is no opposite. */
static void below_above(struct x64_sel *s, ir_val v, const struct lane_ops *ops, bool less) {
  const struct ir_insn *in = sel_at(s, v);
  uint64_t next[2];
  if (!next_constant(s, in->b, ops->bits, less, next)) {
    by_pick(s, v, less ? ops->max : ops->min, ops->equal, true);
    return;
  }
  mreg a = x64_use(s, in->a), d = x64_def(s, v);
  simd_move(s, d, a);
  simd_pool(s, less ? ops->min : ops->max, d, next[0], next[1]);
  simd_op(s, ops->equal, d, a);
}

/* a > b, or its opposite. */
static void quads_greater(struct x64_sel *s, ir_val v, ir_val x, ir_val y, bool opposite) {
  mreg a = x64_use(s, x), b = x64_use(s, y), d = x64_def(s, v);
  if (s->config->cpu & X64_CPU_SSE42) {
    simd_move(s, d, a);
    simd_op(s, X64_PCMPGTQ_RR, d, b);
  } else {
    /* The upper halves decide; where they are equal, the borrow of b - a, which fills its upper half. */
    mreg equal = simd_copy(s, a);
    simd_op(s, X64_PCMPEQD_RR, equal, b);
    mreg greater = simd_copy(s, a);
    simd_op(s, X64_PCMPGTD_RR, greater, b);
    mreg t = simd_copy(s, b);
    simd_op(s, X64_PSUBQ_RR, t, a);
    simd_op(s, X64_PAND_RR, t, equal);
    simd_op(s, X64_POR_RR, t, greater);
    simd_op_imm(s, X64_PSHUFD_RR, d, t, 0xf5);
  }
  if (opposite) simd_not(s, d);
}

bool simd_select_compare(struct x64_sel *s, ir_val v, enum op op) {
  ir_val a = sel_at(s, v)->a, b = sel_at(s, v)->b;
  switch (op) {
  case OP_I8X16_NE: not_equal(s, v, X64_PCMPEQB_RR); return true;
  case OP_I16X8_NE: not_equal(s, v, X64_PCMPEQW_RR); return true;
  case OP_I32X4_NE: not_equal(s, v, X64_PCMPEQD_RR); return true;
  case OP_I64X2_NE: not_equal(s, v, X64_PCMPEQQ_RR); return true;
  case OP_I8X16_LE_S: by_pick(s, v, X64_PMINSB_RR, X64_PCMPEQB_RR, false); return true;
  case OP_I8X16_LE_U: by_pick(s, v, X64_PMINUB_RR, X64_PCMPEQB_RR, false); return true;
  case OP_I8X16_GE_S: by_pick(s, v, X64_PMAXSB_RR, X64_PCMPEQB_RR, false); return true;
  case OP_I8X16_GE_U: by_pick(s, v, X64_PMAXUB_RR, X64_PCMPEQB_RR, false); return true;
  case OP_I8X16_LT_U: below_above(s, v, &bytes, true); return true;
  case OP_I8X16_GT_U: below_above(s, v, &bytes, false); return true;
  case OP_I16X8_LE_S: by_pick(s, v, X64_PMINSW_RR, X64_PCMPEQW_RR, false); return true;
  case OP_I16X8_LE_U: by_pick(s, v, X64_PMINUW_RR, X64_PCMPEQW_RR, false); return true;
  case OP_I16X8_GE_S: by_pick(s, v, X64_PMAXSW_RR, X64_PCMPEQW_RR, false); return true;
  case OP_I16X8_GE_U: by_pick(s, v, X64_PMAXUW_RR, X64_PCMPEQW_RR, false); return true;
  case OP_I16X8_LT_U: below_above(s, v, &words, true); return true;
  case OP_I16X8_GT_U: below_above(s, v, &words, false); return true;
  case OP_I32X4_LE_S: by_pick(s, v, X64_PMINSD_RR, X64_PCMPEQD_RR, false); return true;
  case OP_I32X4_LE_U: by_pick(s, v, X64_PMINUD_RR, X64_PCMPEQD_RR, false); return true;
  case OP_I32X4_GE_S: by_pick(s, v, X64_PMAXSD_RR, X64_PCMPEQD_RR, false); return true;
  case OP_I32X4_GE_U: by_pick(s, v, X64_PMAXUD_RR, X64_PCMPEQD_RR, false); return true;
  case OP_I32X4_LT_U: below_above(s, v, &dwords, true); return true;
  case OP_I32X4_GT_U: below_above(s, v, &dwords, false); return true;
  case OP_I64X2_GT_S: quads_greater(s, v, a, b, false); return true;
  case OP_I64X2_LT_S: quads_greater(s, v, b, a, false); return true;
  case OP_I64X2_LE_S: quads_greater(s, v, a, b, true); return true;
  case OP_I64X2_GE_S: quads_greater(s, v, b, a, true); return true;
  default: return false;
  }
}
