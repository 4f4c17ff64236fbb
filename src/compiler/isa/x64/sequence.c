/* Instructions that are several: divisions, conditional values, float minimum, conversions between float and
 * integer.
 *
 * In: an allocated instruction of form X.  Out: its bytes; whatever is rare (NaN, equal operands, out of
 * range) stands in a cold part, entered by a branch that is normally not taken.  xmm15 is free inside.  Must
 * not: touch a register that the row in insn.def does not name. */
#include "compiler/isa/x64/sequence.h"

static uint64_t float_bits(uint8_t size, uint64_t f64, uint32_t f32) { return size == 8 ? f64 : f32; }
/* 2^63 and bounds of the signed types, by size of the float. */
static uint64_t two_to_63(uint8_t size) { return float_bits(size, UINT64_C(0x43e0000000000000), 0x5f000000); }
/* The largest float that is too small for the signed integer, and whether equality is out of range as well.
 */
static uint64_t minus_two_to_63(uint8_t size) {
  return float_bits(size, UINT64_C(0xc3e0000000000000), 0xdf000000);
}
static uint64_t minus_two_to_31_less(uint8_t size, bool *equal_is_out) {
  *equal_is_out = size == 8; /* -2147483649.0 is a double; no float lies between -2^31 - 1 and -2^31 */
  return float_bits(size, UINT64_C(0xc1e0000000200000), 0xcf000000);
}

static uint32_t cold_part(struct x64_asm *a, const struct mach_insn *in, uint32_t back) {
  struct x64_cold c = {.kind = COLD_SEQUENCE, .in = x64_label(a), .back = back, .insn = x64_index(a, in)};
  VEC_PUSH(a->arena, &a->colds, c);
  return c.in;
}

/* Conversion with truncation, of the float's size; `wide`: to 64 bits. */
static void cvtt(struct x64_asm *a, uint8_t size, bool wide, mreg d, mreg s) {
  x64_rr(a, wide ? X64_CVTT64 : X64_CVTT32, size, d, s);
}

static void divide(struct x64_asm *a, const struct mach_insn *in) {
  bool is_signed = in->op == X64_DIV_S || in->op == X64_REM_S, w = in->size == 8;
  uint32_t done = UINT32_MAX;
  if (in->op == X64_REM_S && !(in->flags & X64_SAFE_DIVISOR)) {
    /* INT_MIN rem -1 faults in the CPU; x rem -1 is 0 for all x */
    x64_rr(a, X64_XOR_RR, 4, RDX, RDX);
    x64_ri(a, X64_CMP_RI, in->size, in->s, -1);
    done = x64_hop(a, CC_E);
  }
  if (is_signed) {
    if (w) x64_byte(a, 0x48);
    x64_byte(a, 0x99); /* cdq, cqo */
  } else {
    x64_rr(a, X64_XOR_RR, 4, RDX, RDX);
  }
  x64_encode(a, in);
  if (done != UINT32_MAX) x64_land(a, done);
}

static void set_condition(struct x64_asm *a, const struct mach_insn *in) {
  assert(in->cc < 16);
  uint8_t r = (uint8_t)in->d;
  if (r >= 4) x64_byte(a, r >= 8 ? 0x41 : 0x40);
  x64_byte(a, 0x0f);
  x64_byte(a, (uint8_t)(0x90 + in->cc));
  x64_byte(a, 0xc0 | (r & 7));
  x64_rr(a, X64_MOVZX8_RR, 4, in->d, in->d);
}

static void cmov(struct x64_asm *a, const struct mach_insn *in) {
  struct mach_insn m = *in;
  if (in->cc == CC_FNE) {
    m.cc = CC_NE;
    x64_encode(a, &m);
    m.cc = CC_P;
  }
  assert(m.cc < 16);
  x64_encode(a, &m);
}

static void float_cmov(struct x64_asm *a, const struct mach_insn *in) {
  uint32_t over = UINT32_MAX, over2 = UINT32_MAX, take = UINT32_MAX;
  if (in->cc == CC_FEQ) {
    over = x64_hop(a, CC_NE);
    over2 = x64_hop(a, CC_P);
  } else if (in->cc == CC_FNE) {
    take = x64_hop(a, CC_NE);
    over = x64_hop(a, CC_NP);
  } else {
    over = x64_hop(a, x64_cc_invert(in->cc));
  }
  if (take != UINT32_MAX) x64_land(a, take);
  x64_rr(a, (enum x64_op)MACH_MOVE, 16, in->d, in->s);
  x64_land(a, over);
  if (over2 != UINT32_MAX) x64_land(a, over2);
}

/* min(-0, +0) = -0, max(-0, +0) = +0, NaN if either is: the hardware's minsd does neither. Equal operands and
 * NaN leave. */
static void float_min_max(struct x64_asm *a, const struct mach_insn *in) {
  uint32_t back = x64_label(a);
  x64_rr(a, X64_UCOMIS_RR, in->size, in->d, in->s);
  x64_jcc_label(a, CC_E, cold_part(a, in, back)); /* ZF is set for unordered, too */
  x64_byte(a, in->size == 8 ? 0xf2 : 0xf3);
  uint8_t rex = (uint8_t)(((in->d & 15) >> 3 << 2) | (in->s & 15) >> 3);
  if (rex) x64_byte(a, 0x40 | rex);
  x64_byte(a, 0x0f);
  x64_byte(a, in->op == X64_FMIN ? 0x5d : 0x5f);
  x64_byte(a, (uint8_t)(0xc0 | (in->d & 7) << 3 | (in->s & 7)));
  x64_place(a, back);
}

static void cold_float_min_max(struct x64_asm *a, const struct x64_cold *c) {
  const struct mach_insn *in = &a->f->insns.at[c->insn];
  uint32_t nan = x64_hop(a, CC_P);
  x64_rr(a, in->op == X64_FMIN ? X64_ORPS_RR : X64_ANDPS_RR, 16, in->d, in->s);
  x64_jmp_label(a, c->back);
  x64_land(a, nan);
  x64_rr(a, X64_ADDS_RR, in->size, in->d, in->s); /* a quiet NaN out of whichever operand is one */
  x64_jmp_label(a, c->back);
}

/* d = (float)(uint64_t)s */
static void convert_u64(struct x64_asm *a, const struct mach_insn *in) {
  uint32_t back = x64_label(a);
  x64_rr(a, X64_TEST_RR, 8, in->s, in->s);
  x64_jcc_label(a, CC_S, cold_part(a, in, back));
  x64_rr(a, X64_CVTSI64_RR, in->size, in->d, in->s);
  x64_place(a, back);
}

static void cold_convert_u64(struct x64_asm *a, const struct x64_cold *c) {
  /* half of it with the lost bit kept sticky, so that rounding stays right, then doubled */
  const struct mach_insn *in = &a->f->insns.at[c->insn];
  mreg t = in->base;
  x64_rr(a, (enum x64_op)MACH_MOVE, 8, t, in->s);
  x64_ri(a, X64_SHR_RI, 8, t, 1);
  uint32_t even = x64_hop(a, CC_AE); /* CF = the bit shifted out */
  x64_ri(a, X64_OR_RI, 8, t, 1);
  x64_land(a, even);
  x64_rr(a, X64_CVTSI64_RR, in->size, in->d, t);
  x64_rr(a, X64_ADDS_RR, in->size, in->d, in->d);
  x64_jmp_label(a, c->back);
}

static void compare_pool(struct x64_asm *a, uint8_t size, mreg s, uint64_t bits) {
  x64_pool_op(a, X64_UCOMIS_RM, size, s, x64_pool_add(a, bits));
}

/* The old value in rax, the new one in rdx, until no other thread came between. What the memory operand
 * reaches once it reaches always: memories only grow. */
static void lock_rmw(struct x64_asm *a, const struct mach_insn *in) {
  static const uint16_t load[9] = {
      [1] = X64_MOVZX8_RM, [2] = X64_MOVZX16_RM, [4] = X64_MOV_RM, [8] = X64_MOV_RM};
  static const uint16_t op[3] = {X64_AND_RR, X64_OR_RR, X64_XOR_RR};
  struct mach_insn m = *in;
  uint8_t wide = in->size == 8 ? 8 : 4;
  m.flags = 0;
  m.s = MREG_NONE;
  m.op = load[in->size];
  m.size = wide;
  x64_encode(a, &m);
  uint32_t again = a->code.len;
  x64_rr(a, (enum x64_op)MACH_MOVE, wide, RDX, RAX);
  x64_rr(a, (enum x64_op)op[in->imm], wide, RDX, in->s);
  m.op = X64_CMPXCHG;
  m.flags = X64_LOCK;
  m.size = in->size;
  m.s = RDX;
  x64_encode(a, &m);
  x64_byte(a, 0x75); /* jne */
  x64_byte(a, (uint8_t)(again - (a->code.len + 1)));
}

static void trap_nan_or_range(struct x64_asm *a, const struct mach_insn *in) {
  x64_rr(a, X64_UCOMIS_RR, in->size, in->s, in->s);
  x64_jcc_label(a, CC_P, x64_trap_label(a, TRAP_INVALID_CONVERSION_TO_INTEGER, in->src));
  x64_jmp_label(a, x64_trap_label(a, TRAP_INTEGER_OVERFLOW, in->src));
}

static void trunc_guard(struct x64_asm *a, const struct mach_insn *in) {
  uint32_t back = x64_label(a);
  x64_jcc_label(a, in->cc, cold_part(a, in, back));
  x64_place(a, back);
}

/* smallest / -1: the divisor is looked at first, for it is rarely -1. */
static void division_guard(struct x64_asm *a, const struct mach_insn *in) {
  uint32_t back = x64_label(a);
  x64_ri(a, X64_CMP_RI, in->size, in->s, -1);
  x64_jcc_label(a, CC_E, cold_part(a, in, back));
  x64_place(a, back);
}

static void cold_division_guard(struct x64_asm *a, const struct x64_cold *c) {
  const struct mach_insn *in = &a->f->insns.at[c->insn];
  x64_ri(a, X64_CMP_RI, in->size, in->d, 1); /* overflows for the smallest integer alone */
  x64_jcc_label(a, CC_O, x64_trap_label(a, in->trap, in->src));
  x64_jmp_label(a, c->back);
}

/* The hardware answered with the smallest integer: right for that value alone. */
static void cold_trunc_guard(struct x64_asm *a, const struct x64_cold *c) {
  const struct mach_insn *in = &a->f->insns.at[c->insn];
  if (in->imm == 0) {
    trap_nan_or_range(a, in);
    return;
  }
  bool equal_is_out = false;
  uint64_t low = in->imm == 8 ? minus_two_to_63(in->size) : minus_two_to_31_less(in->size, &equal_is_out);
  uint32_t overflow = x64_trap_label(a, TRAP_INTEGER_OVERFLOW, in->src);
  compare_pool(a, in->size, in->s, low);
  x64_jcc_label(a, CC_P, x64_trap_label(a, TRAP_INVALID_CONVERSION_TO_INTEGER, in->src));
  x64_jcc_label(a, equal_is_out ? CC_BE : CC_B, overflow);
  compare_pool(a, in->size, in->s, 0);
  x64_jcc_label(a, CC_AE, overflow);
  x64_jmp_label(a, c->back);
}

/* Values below 2^63 convert as signed ones; the rest show up as negative and continue in the cold part. */
static void convert_to_u64(struct x64_asm *a, const struct mach_insn *in) {
  uint32_t back = x64_label(a);
  cvtt(a, in->size, true, in->d, in->s);
  x64_rr(a, X64_TEST_RR, 8, in->d, in->d);
  x64_jcc_label(a, CC_S, cold_part(a, in, back));
  x64_place(a, back);
}

static void add_top_bit(struct x64_asm *a, mreg d) {
  x64_byte(a, d >= R8 ? 0x49 : 0x48); /* btc d, 63 */
  x64_byte(a, 0x0f);
  x64_byte(a, 0xba);
  x64_byte(a, (uint8_t)(0xf8 | (d & 7)));
  x64_byte(a, 63);
}

static void cold_convert_to_u64(struct x64_asm *a, const struct x64_cold *c) {
  const struct mach_insn *in = &a->f->insns.at[c->insn];
  bool saturate = in->op == X64_SAT_U64;
  if (saturate) {
    compare_pool(a, in->size, in->s, 0);
    x64_mov_imm(a, in->d, 8, 0, true);
    x64_jcc_label(a, CC_BE, c->back); /* negative or NaN */
  }
  x64_rr(a, (enum x64_op)MACH_MOVE, 16, XMM15, in->s);
  x64_pool_op(a, X64_SUBS_RM, in->size, XMM15, x64_pool_add(a, two_to_63(in->size)));
  cvtt(a, in->size, true, in->d, XMM15);
  x64_rr(a, X64_TEST_RR, 8, in->d, in->d);
  uint32_t out_of_range = x64_hop(a, CC_S);
  add_top_bit(a, in->d);
  x64_jmp_label(a, c->back);
  x64_land(a, out_of_range);
  if (saturate) {
    x64_mov_imm(a, in->d, 8, UINT64_MAX, true);
    x64_jmp_label(a, c->back);
  } else {
    trap_nan_or_range(a, in);
  }
}

static void saturate_signed(struct x64_asm *a, const struct mach_insn *in) {
  uint32_t back = x64_label(a);
  bool wide = in->imm == 8;
  cvtt(a, in->size, wide, in->d, in->s);
  x64_ri(a, X64_CMP_RI, wide ? 8 : 4, in->d, 1); /* overflows for the smallest integer alone */
  x64_jcc_label(a, CC_O, cold_part(a, in, back));
  x64_place(a, back);
}

static void cold_saturate_signed(struct x64_asm *a, const struct x64_cold *c) {
  const struct mach_insn *in = &a->f->insns.at[c->insn];
  bool wide = in->imm == 8;
  compare_pool(a, in->size, in->s, 0);
  uint32_t nan = x64_hop(a, CC_P);
  x64_jcc_label(a, CC_B, c->back); /* the smallest integer it is */
  x64_mov_imm(a, in->d, wide ? 8 : 4, wide ? INT64_MAX : INT32_MAX, true);
  x64_jmp_label(a, c->back);
  x64_land(a, nan);
  x64_rr(a, X64_XOR_RR, 4, in->d, in->d);
  x64_jmp_label(a, c->back);
}

static void saturate_u32(struct x64_asm *a, const struct mach_insn *in) {
  uint32_t back = x64_label(a);
  cvtt(a, in->size, true, in->d, in->s);
  x64_pool_op(a, X64_CMP_RM, 8, in->d, x64_pool_add(a, UINT32_MAX));
  x64_jcc_label(a, CC_A, cold_part(a, in, back));
  x64_place(a, back);
}

static void cold_saturate_u32(struct x64_asm *a, const struct x64_cold *c) {
  const struct mach_insn *in = &a->f->insns.at[c->insn];
  compare_pool(a, in->size, in->s, 0);
  x64_mov_imm(a, in->d, 4, 0, true);
  x64_jcc_label(a, CC_BE, c->back); /* negative or NaN */
  x64_mov_imm(a, in->d, 4, UINT32_MAX, true);
  x64_jmp_label(a, c->back);
}

void x64_sequence(struct x64_asm *a, const struct mach_insn *in, bool flags_live) {
  switch (in->op) {
  case X64_MOV_RI:
    x64_mov_imm(a, in->d, in->size, (uint64_t)(uint32_t)in->disp << 32 | (uint32_t)in->imm, flags_live);
    break;
  case X64_FZERO: x64_rr(a, X64_XORPS_RR, 16, in->d, in->d); break;
  case X64_FONES: x64_rr(a, X64_PCMPEQD_RR, 16, in->d, in->d); break;
  case X64_SETCC: set_condition(a, in); break;
  case X64_CMOV_RR:
  case X64_CMOV_RM: cmov(a, in); break;
  case X64_DIV_U:
  case X64_DIV_S:
  case X64_REM_U:
  case X64_REM_S: divide(a, in); break;
  case X64_MULHI_U:
  case X64_MULHI_S:
  case X64_RORX: x64_encode(a, in); break;
  case X64_FMIN:
  case X64_FMAX: float_min_max(a, in); break;
  case X64_FCMOV: float_cmov(a, in); break;
  case X64_CVTUI64: convert_u64(a, in); break;
  case X64_TRUNC_GUARD: trunc_guard(a, in); break;
  case X64_DIV_GUARD: division_guard(a, in); break;
  case X64_TRUNC_U64:
  case X64_SAT_U64: convert_to_u64(a, in); break;
  case X64_SAT_S: saturate_signed(a, in); break;
  case X64_SAT_U32: saturate_u32(a, in); break;
  case X64_LOCK_RMW: lock_rmw(a, in); break;
  case X64_MFENCE:
    x64_byte(a, 0x0f);
    x64_byte(a, 0xae);
    x64_byte(a, 0xf0);
    break;
  default: unreachable();
  }
}

void x64_cold_sequence(struct x64_asm *a, const struct x64_cold *cold) {
  switch (a->f->insns.at[cold->insn].op) {
  case X64_FMIN:
  case X64_FMAX: cold_float_min_max(a, cold); break;
  case X64_CVTUI64: cold_convert_u64(a, cold); break;
  case X64_TRUNC_GUARD: cold_trunc_guard(a, cold); break;
  case X64_DIV_GUARD: cold_division_guard(a, cold); break;
  case X64_TRUNC_U64:
  case X64_SAT_U64: cold_convert_to_u64(a, cold); break;
  case X64_SAT_S: cold_saturate_signed(a, cold); break;
  case X64_SAT_U32: cold_saturate_u32(a, cold); break;
  default: unreachable();
  }
}
