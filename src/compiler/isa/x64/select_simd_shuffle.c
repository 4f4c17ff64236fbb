/* i8x16.shuffle: the shapes that are one instruction, else one or two look-ups.
 *
 * In: 16 lane numbers, 0..15 of a, 16..31 of b.  Out: a move, pshufd, pshuflw, pshufhw, an interleaving,
 * palignr, shufps, pblendw; pshufb of one operand; or pshufb of both joined by por. */
#include "compiler/isa/x64/simd.h"

struct shuffle {
  struct x64_sel *s;
  ir_val v, a, b;
  uint8_t lane[16];
};

/* The lanes as units of `width` bytes that stay together. */
static bool units(const struct shuffle *x, uint32_t width, uint8_t *unit) {
  for (uint32_t i = 0; i < 16; i++) {
    if (i % width == 0) {
      if (x->lane[i] % width != 0) return false;
      unit[i / width] = (uint8_t)(x->lane[i] / width);
    } else if (x->lane[i] != x->lane[i - 1] + 1) {
      return false;
    }
  }
  return true;
}

static void op_imm(const struct shuffle *x, enum x64_op op, ir_val src, uint32_t imm) {
  mreg a = x64_use(x->s, src);
  simd_op_imm(x->s, op, x64_def(x->s, x->v), a, (int32_t)imm);
}

static void tied_imm(const struct shuffle *x, enum x64_op op, ir_val a, ir_val b, uint32_t imm) {
  mreg src = x64_use(x->s, b), d = x64_def(x->s, x->v);
  x64_set(x->s, d, 16, a);
  simd_op_imm(x->s, op, d, src, (int32_t)imm);
}

static uint32_t four(const uint8_t *at) {
  return (at[0] & 3u) | (at[1] & 3u) << 2 | (at[2] & 3u) << 4 | (at[3] & 3u) << 6;
}

/* Words: one half as it is, the other one shuffled within itself. */
static bool half_words(const struct shuffle *x, const uint8_t *w) {
  bool low_same = true, high_same = true, low_inside = true, high_inside = true;
  for (uint8_t i = 0; i < 4; i++) {
    low_same &= w[i] == i;
    low_inside &= w[i] < 4;
    high_same &= w[4 + i] == 4 + i;
    high_inside &= w[4 + i] >= 4 && w[4 + i] < 8;
  }
  if (high_same && low_inside)
    op_imm(x, X64_PSHUFLW_RR, x->a, four(w));
  else if (low_same && high_inside)
    op_imm(x, X64_PSHUFHW_RR, x->a, four(w + 4));
  else
    return false;
  return true;
}

static void look_up(struct x64_sel *s, mreg d, const uint8_t *lane, unsigned from) {
  uint64_t mask[2] = {0, 0};
  for (unsigned i = 0; i < 16; i++) {
    uint64_t m = lane[i] >= from && lane[i] < from + 16 ? lane[i] - from : 0x80;
    mask[i / 8] |= m << (8 * (i % 8));
  }
  simd_pool(s, X64_PSHUFB_RR, d, mask[0], mask[1]);
}

/* All lanes come from a. */
static void of_one(const struct shuffle *x) {
  uint8_t unit[16];
  mreg d = x64_def(x->s, x->v);
  bool identity = true;
  for (unsigned i = 0; i < 16; i++)
    identity &= x->lane[i] == i;
  if (identity) {
    x64_set(x->s, d, 16, x->a);
    return;
  }
  if (units(x, 4, unit)) {
    op_imm(x, X64_PSHUFD_RR, x->a, four(unit));
    return;
  }
  if (units(x, 2, unit) && half_words(x, unit)) return;
  x64_set(x->s, d, 16, x->a);
  look_up(x->s, d, x->lane, 0);
}

/* Interleaved units of the low or high halves of two operands, in either order. */
static bool interleave(const struct shuffle *x) {
  static const enum x64_op ops[4][2] = {{X64_PUNPCKLBW_RR, X64_PUNPCKHBW_RR},
                                        {X64_PUNPCKLWD_RR, X64_PUNPCKHWD_RR},
                                        {X64_PUNPCKLDQ_RR, X64_PUNPCKHDQ_RR},
                                        {X64_PUNPCKLQDQ_RR, X64_PUNPCKHQDQ_RR}};
  for (uint32_t log = 0; log < 4; log++) {
    uint8_t unit[16];
    uint32_t n = 16u >> log;
    if (!units(x, 1u << log, unit)) break;
    for (uint32_t form = 0; form < 4; form++) {
      uint32_t high = form & 1, swapped = form >> 1;
      bool fits = true;
      for (uint32_t i = 0; i < n; i++)
        fits &= unit[i] == (high ? n / 2 : 0) + i / 2 + ((i & 1) != swapped ? n : 0);
      if (!fits) continue;
      simd_tied(x->s, ops[log][high], x64_def(x->s, x->v), swapped ? x->b : x->a, swapped ? x->a : x->b);
      return true;
    }
  }
  return false;
}

/* 16 bytes in a row out of one operand followed by the other. */
static bool align(const struct shuffle *x) {
  uint32_t n = x->lane[0];
  for (uint32_t i = 0; i < 16; i++)
    if (x->lane[i] != ((n + i) & 31)) return false;
  if (n < 16)
    tied_imm(x, X64_PALIGNR_RR, x->b, x->a, n);
  else
    tied_imm(x, X64_PALIGNR_RR, x->a, x->b, n - 16);
  return true;
}

/* Two units of one operand, then two of the other. */
static bool two_and_two(const struct shuffle *x) {
  uint8_t unit[16];
  if (!units(x, 4, unit)) return false;
  unsigned first = unit[0] / 4, second = unit[2] / 4;
  if (unit[1] / 4 != first || unit[3] / 4 != second || first == second) return false;
  tied_imm(x, X64_SHUFPS_RR, first ? x->b : x->a, first ? x->a : x->b, four(unit));
  return true;
}

static bool blend(const struct shuffle *x) {
  uint8_t unit[16];
  uint32_t mask = 0;
  if (!units(x, 2, unit)) return false;
  for (uint32_t i = 0; i < 8; i++) {
    if ((unit[i] & 7) != i) return false;
    if (unit[i] >= 8) mask |= 1u << i;
  }
  tied_imm(x, X64_PBLENDW_RR, x->a, x->b, mask);
  return true;
}

/* Brings everything that reads one operand to the form that reads a. */
static bool reads_one(struct shuffle *x) {
  bool reads_a = false, reads_b = false;
  for (unsigned i = 0; i < 16; i++) {
    if (x->a == x->b) x->lane[i] &= 15;
    reads_a |= x->lane[i] < 16;
    reads_b |= x->lane[i] >= 16;
  }
  if (reads_a && reads_b) return false;
  if (reads_b) {
    x->a = x->b;
    for (unsigned i = 0; i < 16; i++)
      x->lane[i] -= 16;
  }
  return true;
}

static bool is_zero(const struct x64_sel *s, ir_val v) {
  uint64_t bits[2];
  return simd_constant(s, v, bits) && bits[0] == 0 && bits[1] == 0;
}

void simd_shuffle(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  struct shuffle x = {.s = s, .v = v, .a = in->a, .b = in->b};
  for (unsigned i = 0; i < 16; i++)
    x.lane[i] = (uint8_t)(s->ir->ext.at[in->c + i / 4] >> (8 * (i % 4)));
  if (reads_one(&x)) {
    of_one(&x);
    return;
  }
  if (interleave(&x) || align(&x) || two_and_two(&x) || blend(&x)) return;
  mreg d = x64_def(s, v);
  if (is_zero(s, x.a) || is_zero(s, x.b)) { /* look-ups give zeros for the other operand's lanes */
    bool of_b = is_zero(s, x.a);
    x64_set(s, d, 16, of_b ? x.b : x.a);
    look_up(s, d, x.lane, of_b ? 16 : 0);
    return;
  }
  mreg t = simd_copy(s, x64_use(s, x.b));
  look_up(s, t, x.lane, 16);
  x64_set(s, d, 16, x.a);
  look_up(s, d, x.lane, 0);
  simd_op(s, X64_POR_RR, d, t);
}
