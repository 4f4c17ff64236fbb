/* The encoder against a disassembler: every row of insn.def that is one machine instruction, with registers,
 * addresses and immediates of all classes, decoded by Zydis and compared operand by operand. */
#include "compiler/isa/x64/encode.h"

#include "unit.h"

#include <string.h>

#ifdef HAVE_ZYDIS
#include <Zydis/Zydis.h>

/* op, mnemonic, sizes as digits ("1248", 'x' = 16), bits of the first and second operand (0: 8 * size, 128:
 * xmm) */
struct expectation {
  enum x64_op op;
  ZydisMnemonic mnemonic;
  const char *sizes;
  uint16_t bits0, bits1;
};
#define ROW(op, mnemonic, sizes, bits0, bits1) {X64_##op, ZYDIS_MNEMONIC_##mnemonic, sizes, bits0, bits1},
#define ALU(op)                                                                                              \
  ROW(op##_RR, op, "1248", 0, 0)                                                                             \
  ROW(op##_RM, op, "1248", 0, 0)                                                                             \
  ROW(op##_RI, op, "1248", 0, 0) ROW(op##_MR, op, "1248", 0, 0) ROW(op##_MI, op, "1248", 0, 0)
#define SSE(op, name)                                                                                        \
  ROW(op##_RR, name##SS, "4", 128, 128)                                                                      \
  ROW(op##_RR, name##SD, "8", 128, 128)                                                                      \
  ROW(op##_RM, name##SS, "4", 128, 32) ROW(op##_RM, name##SD, "8", 128, 64)
#define PACKED(op)      ROW(op##_RR, op, "4", 128, 128)
#define VECTOR(op)      ROW(op##_RR, op, "x", 128, 128) ROW(op##_RM, op, "x", 128, 128)
#define VECTOR8(op)     ROW(op##_RR, op, "8", 128, 128) ROW(op##_RM, op, "8", 128, 64)
#define SHIFT(op, name) ROW(op##_RI, name, "1248", 0, 8) ROW(op##_RC, name, "1248", 0, 8)

// clang-format off
static const struct expectation expectations[] = {
  ROW(MOV32_RR, MOV, "4", 0, 0) ROW(MOV_RM, MOV, "48", 0, 0) ROW(MOV_MR, MOV, "1248", 0, 0) ROW(MOV_MI, MOV, "1248", 0, 0)
  ROW(MOVZX8_RR, MOVZX, "4", 32, 8) ROW(MOVZX8_RM, MOVZX, "4", 32, 8) ROW(MOVZX16_RR, MOVZX, "4", 32, 16) ROW(MOVZX16_RM, MOVZX, "4", 32, 16)
  ROW(MOVSX8_RR, MOVSX, "48", 0, 8) ROW(MOVSX8_RM, MOVSX, "48", 0, 8) ROW(MOVSX16_RR, MOVSX, "48", 0, 16) ROW(MOVSX16_RM, MOVSX, "48", 0, 16)
  ROW(MOVSXD_RR, MOVSXD, "8", 64, 32) ROW(MOVSXD_RM, MOVSXD, "4", 64, 32) ROW(LEA, LEA, "48", 0, 0)
  ALU(ADD) ALU(SUB) ALU(AND) ALU(OR) ALU(XOR)
  ROW(ADC_RR, ADC, "1248", 0, 0) ROW(ADC_RM, ADC, "48", 0, 0) ROW(SBB_RR, SBB, "1248", 0, 0) ROW(SBB_RM, SBB, "48", 0, 0)
  ROW(NEG, NEG, "1248", 0, 0) ROW(NOT, NOT, "1248", 0, 0)
  ROW(CMP_RR, CMP, "1248", 0, 0) ROW(CMP_RM, CMP, "1248", 0, 0) ROW(CMP_RI, CMP, "1248", 0, 0) ROW(CMP_MR, CMP, "1248", 0, 0) ROW(CMP_MI, CMP, "1248", 0, 0)
  ROW(TEST_RR, TEST, "1248", 0, 0) ROW(TEST_RM, TEST, "1248", 0, 0) ROW(TEST_RI, TEST, "1248", 0, 0) ROW(TEST_MI, TEST, "1248", 0, 0)
  ROW(BT_RR, BT, "48", 0, 0) ROW(BT_RI, BT, "48", 0, 8)
  ROW(IMUL_RR, IMUL, "48", 0, 0) ROW(IMUL_RM, IMUL, "48", 0, 0) ROW(IMUL_RRI, IMUL, "48", 0, 0) ROW(IMUL_RMI, IMUL, "48", 0, 0)
  SHIFT(SHL, SHL) SHIFT(SHR, SHR) SHIFT(SAR, SAR) SHIFT(ROL, ROL) SHIFT(ROR, ROR)
  ROW(SHLX, SHLX, "48", 0, 0) ROW(SHRX, SHRX, "48", 0, 0) ROW(SARX, SARX, "48", 0, 0) ROW(RORX, RORX, "48", 0, 0)
  ROW(XADD, XADD, "1248", 0, 0) ROW(XCHG_RM, XCHG, "1248", 0, 0) ROW(CMPXCHG, CMPXCHG, "1248", 0, 0)
  ROW(BSF, BSF, "48", 0, 0) ROW(BSR, BSR, "48", 0, 0) ROW(TZCNT, TZCNT, "48", 0, 0) ROW(LZCNT, LZCNT, "48", 0, 0) ROW(POPCNT, POPCNT, "48", 0, 0)
  ROW(ANDN, ANDN, "48", 0, 0) ROW(BLSR, BLSR, "48", 0, 0)
  ROW(FMOV_RM, MOVSS, "4", 128, 32) ROW(FMOV_RM, MOVSD, "8", 128, 64) ROW(FMOV_RM, MOVUPS, "x", 128, 128)
  ROW(FMOV_MR, MOVSS, "4", 32, 128) ROW(FMOV_MR, MOVSD, "8", 64, 128) ROW(FMOV_MR, MOVUPS, "x", 128, 128)
  ROW(MOVD_XR, MOVD, "4", 128, 32) ROW(MOVD_XR, MOVQ, "8", 128, 64) ROW(MOVD_RX, MOVD, "4", 32, 128) ROW(MOVD_RX, MOVQ, "8", 64, 128)
  SSE(ADDS, ADD) SSE(SUBS, SUB) SSE(MULS, MUL) SSE(DIVS, DIV) SSE(SQRTS, SQRT)
  ROW(ROUNDSS, ROUNDSS, "4", 128, 128) ROW(ROUNDSD, ROUNDSD, "8", 128, 128)
  ROW(CMPS_RR, CMPSS, "4", 128, 128) ROW(CMPS_RR, CMPSD, "8", 128, 128) ROW(CMPS_RM, CMPSS, "4", 128, 32) ROW(CMPS_RM, CMPSD, "8", 128, 64)
  ROW(UCOMIS_RR, UCOMISS, "4", 128, 128) ROW(UCOMIS_RR, UCOMISD, "8", 128, 128) ROW(UCOMIS_RM, UCOMISS, "4", 128, 32) ROW(UCOMIS_RM, UCOMISD, "8", 128, 64)
  PACKED(ANDPS) PACKED(ORPS) PACKED(XORPS) ROW(ANDNPS_RR, ANDNPS, "4", 128, 128)
  ROW(ANDPS_RM, ANDPS, "x", 128, 128) ROW(ORPS_RM, ORPS, "x", 128, 128) ROW(XORPS_RM, XORPS, "x", 128, 128)
  ROW(CVTS2S_RR, CVTSS2SD, "4", 128, 128) ROW(CVTS2S_RR, CVTSD2SS, "8", 128, 128) ROW(CVTS2S_RM, CVTSS2SD, "4", 128, 32) ROW(CVTS2S_RM, CVTSD2SS, "8", 128, 64)
  ROW(CVTSI32_RR, CVTSI2SS, "4", 128, 32) ROW(CVTSI32_RR, CVTSI2SD, "8", 128, 32) ROW(CVTSI32_RM, CVTSI2SS, "4", 128, 32) ROW(CVTSI32_RM, CVTSI2SD, "8", 128, 32)
  ROW(CVTSI64_RR, CVTSI2SS, "4", 128, 64) ROW(CVTSI64_RR, CVTSI2SD, "8", 128, 64) ROW(CVTSI64_RM, CVTSI2SS, "4", 128, 64) ROW(CVTSI64_RM, CVTSI2SD, "8", 128, 64)
  ROW(CVTT32, CVTTSS2SI, "4", 32, 128) ROW(CVTT32, CVTTSD2SI, "8", 32, 128) ROW(CVTT32_RM, CVTTSS2SI, "4", 32, 32) ROW(CVTT32_RM, CVTTSD2SI, "8", 32, 64)
  ROW(CVTT64, CVTTSS2SI, "4", 64, 128) ROW(CVTT64, CVTTSD2SI, "8", 64, 128) ROW(CVTT64_RM, CVTTSS2SI, "4", 64, 32) ROW(CVTT64_RM, CVTTSD2SI, "8", 64, 64)
  ROW(CMOV_RR, CMOVB, "48", 0, 0) ROW(CMOV_RM, CMOVB, "48", 0, 0)
  VECTOR(PADDB) VECTOR(PADDW) VECTOR(PADDD) VECTOR(PADDQ) VECTOR(PSUBB) VECTOR(PSUBW) VECTOR(PSUBD) VECTOR(PSUBQ) VECTOR(PADDSB) VECTOR(PADDSW) VECTOR(PADDUSB)
  VECTOR(PADDUSW) VECTOR(PSUBSB) VECTOR(PSUBSW) VECTOR(PSUBUSB) VECTOR(PSUBUSW) VECTOR(PMINUB) VECTOR(PMAXUB) VECTOR(PMINSW) VECTOR(PMAXSW) VECTOR(PAVGB)
  VECTOR(PAVGW) VECTOR(PMULLW) VECTOR(PMULHW) VECTOR(PMULHUW) VECTOR(PMADDWD) VECTOR(PMULUDQ) VECTOR(PCMPEQB) VECTOR(PCMPEQW) VECTOR(PCMPEQD) VECTOR(PCMPGTB)
  VECTOR(PCMPGTW) VECTOR(PCMPGTD) VECTOR(PAND) VECTOR(PANDN) VECTOR(POR) VECTOR(PXOR) VECTOR(PUNPCKLBW) VECTOR(PUNPCKLWD) VECTOR(PUNPCKLDQ) VECTOR(PUNPCKLQDQ)
  VECTOR(PUNPCKHBW) VECTOR(PUNPCKHWD) VECTOR(PUNPCKHDQ) VECTOR(PUNPCKHQDQ) VECTOR(PACKSSWB) VECTOR(PACKSSDW) VECTOR(PACKUSWB) VECTOR(PSLLW) VECTOR(PSLLD)
  VECTOR(PSLLQ) VECTOR(PSRLW) VECTOR(PSRLD) VECTOR(PSRLQ) VECTOR(PSRAW) VECTOR(PSRAD) VECTOR(PMINSB) VECTOR(PMINSD) VECTOR(PMINUW) VECTOR(PMINUD) VECTOR(PMAXSB)
  VECTOR(PMAXSD) VECTOR(PMAXUW) VECTOR(PMAXUD) VECTOR(PMULLD) VECTOR(PMULDQ) VECTOR(PMULHRSW) VECTOR(PMADDUBSW) VECTOR(PCMPEQQ) VECTOR(PCMPGTQ)
  VECTOR(PACKUSDW) VECTOR(PSHUFB) VECTOR(ADDPS) VECTOR(ADDPD) VECTOR(SUBPS) VECTOR(SUBPD) VECTOR(MULPS) VECTOR(MULPD) VECTOR(DIVPS) VECTOR(DIVPD) VECTOR(MINPS)
  VECTOR(MINPD) VECTOR(MAXPS) VECTOR(MAXPD) VECTOR(CMPPS) VECTOR(CMPPD) VECTOR(SHUFPS) VECTOR(PALIGNR) VECTOR(PBLENDW) VECTOR(SQRTPS) VECTOR(SQRTPD)
  VECTOR(PABSB) VECTOR(PABSW) VECTOR(PABSD) VECTOR(CVTDQ2PS) VECTOR(CVTTPS2DQ) VECTOR(CVTTPD2DQ) VECTOR(CVTPD2PS) VECTOR(PSHUFD) VECTOR(PSHUFLW)
  VECTOR(PSHUFHW) VECTOR(ROUNDPS) VECTOR(ROUNDPD)
  VECTOR8(PMOVSXBW) VECTOR8(PMOVSXWD) VECTOR8(PMOVSXDQ) VECTOR8(PMOVZXBW) VECTOR8(PMOVZXWD) VECTOR8(PMOVZXDQ) VECTOR8(MOVDDUP) VECTOR8(CVTDQ2PD)
  VECTOR8(CVTPS2PD) VECTOR8(MOVQ)
  ROW(PSLLW_RI, PSLLW, "x", 128, 8) ROW(PSRLW_RI, PSRLW, "x", 128, 8) ROW(PSRAW_RI, PSRAW, "x", 128, 8)
  ROW(PSLLD_RI, PSLLD, "x", 128, 8) ROW(PSRLD_RI, PSRLD, "x", 128, 8) ROW(PSRAD_RI, PSRAD, "x", 128, 8)
  ROW(PSLLQ_RI, PSLLQ, "x", 128, 8) ROW(PSRLQ_RI, PSRLQ, "x", 128, 8)
  ROW(PSHUFD_SCALAR, PSHUFD, "x", 128, 128) ROW(MOVSS_RR, MOVSS, "x", 128, 128) ROW(MOVLPD_RR, MOVSD, "8", 128, 128) ROW(MOVLPD_RM, MOVLPD, "8", 128, 64)
  ROW(MOVHPD_RR, MOVLHPS, "8", 128, 128) ROW(MOVHPD_RM, MOVHPD, "8", 128, 64) ROW(INSERTPS_RR, INSERTPS, "4", 128, 128) ROW(INSERTPS_RM, INSERTPS, "4", 128, 32)
  ROW(PINSRB, PINSRB, "4", 128, 32) ROW(PINSRW, PINSRW, "4", 128, 32) ROW(PINSRD_RR, PINSRD, "4", 128, 32) ROW(PINSRD_RR, PINSRQ, "8", 128, 64)
  ROW(PINSRD_RM, PINSRD, "4", 128, 32) ROW(PINSRD_RM, PINSRQ, "8", 128, 64) ROW(PEXTRB, PEXTRB, "4", 32, 128) ROW(PEXTRW, PEXTRW, "4", 32, 128)
  ROW(PEXTRD, PEXTRD, "4", 32, 128) ROW(PEXTRD, PEXTRQ, "8", 64, 128) ROW(PMOVMSKB, PMOVMSKB, "4", 32, 128) ROW(MOVMSKPS, MOVMSKPS, "4", 32, 128)
  ROW(MOVMSKPD, MOVMSKPD, "4", 32, 128) VECTOR(PTEST)
};
// clang-format on

static struct arena arena;
static jmp_buf oom;
static ZydisDecoder decoder;
static uint32_t ncompared;

static void check_reg(const ZydisDecodedOperand *o, mreg r, unsigned bits, const char *text) {
  ck_assert_msg(o->type == ZYDIS_OPERAND_TYPE_REGISTER, "%s: no register", text);
  ZydisRegisterClass cls = ZydisRegisterGetClass(o->reg.value);
  ck_assert_msg((cls == ZYDIS_REGCLASS_XMM) == mreg_is_float(r), "%s: class", text);
  /* Zydis counts ah ch dh bh among the byte registers, so spl .. r15b have ids 4 higher */
  unsigned id = (unsigned)ZydisRegisterGetId(o->reg.value);
  if (cls == ZYDIS_REGCLASS_GPR8 && id >= 4) {
    ck_assert_msg(id >= 8, "%s: a high byte register", text);
    id -= 4;
  }
  ck_assert_msg(id == (r & 31), "%s: register %u, want %u", text, id, r & 31);
  ck_assert_msg(ZydisRegisterGetWidth(ZYDIS_MACHINE_MODE_LONG_64, o->reg.value) == bits, "%s: %u bits", text,
                bits);
}

static void check_mem(const ZydisDecodedOperand *o, const struct mach_insn *in, unsigned bits,
                      const char *text) {
  ck_assert_msg(o->type == ZYDIS_OPERAND_TYPE_MEMORY, "%s: no memory", text);
  unsigned base = o->mem.base == ZYDIS_REGISTER_NONE ? 99 : (unsigned)ZydisRegisterGetId(o->mem.base);
  unsigned index = o->mem.index == ZYDIS_REGISTER_NONE ? 99 : (unsigned)ZydisRegisterGetId(o->mem.index);
  ck_assert_msg(base == (in->base == MREG_NONE ? 99 : in->base), "%s: base", text);
  ck_assert_msg(index == (in->idx == MREG_NONE ? 99 : in->idx), "%s: index", text);
  if (in->idx != MREG_NONE) ck_assert_msg(o->mem.scale == 1 << in->scale, "%s: scale", text);
  ck_assert_msg(o->mem.disp.value == in->disp, "%s: displacement", text);
  ck_assert_msg(in->op == X64_LEA || o->size == bits, "%s: %u bits, want %u", text, o->size, bits);
}

static void compare(const struct expectation *x, const struct mach_insn *in) {
  struct arena_mark mark = arena_mark(&arena);
  struct mach_func f = {.arena = &arena};
  struct x64_asm a = {.arena = &arena, .f = &f};
  char text[160];
  struct buf b;
  buf_init(&b);
  struct out out = out_buf(&b);
  x64_print_insn(&f, in, &out);
  ck_assert_uint_lt(b.len, sizeof text);
  memcpy(text, b.data, b.len);
  text[b.len] = 0;
  buf_free(&b);
  x64_encode(&a, in);

  const struct mach_op_info *info = &x64_ops[in->op];
  ZydisDecodedInstruction d;
  ZydisDecodedOperand o[ZYDIS_MAX_OPERAND_COUNT];
  uint32_t at = 0;
  if ((x64_encodings[in->op].enc & ENC_FRESH) && in->d != in->s) { /* the old value of d is cleared first */
    ck_assert(ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, a.code.at, a.code.len, &d, o)));
    ck_assert_msg(d.mnemonic == ZYDIS_MNEMONIC_XORPS || d.mnemonic == ZYDIS_MNEMONIC_XOR, "%s: not cleared",
                  text);
    at = d.length;
  }
  ck_assert_msg(ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, a.code.at + at, a.code.len - at, &d, o)),
                "%s: does not decode", text);
  ck_assert_msg(at + d.length == a.code.len, "%s: length", text);
  bool vex = in->flags & X64_VEX;
  if (vex)
    ck_assert_msg(ZydisMnemonicGetString(d.mnemonic)[0] == 'v' &&
                      !strcmp(ZydisMnemonicGetString(d.mnemonic) + 1, ZydisMnemonicGetString(x->mnemonic)),
                  "%s: is %s", text, ZydisMnemonicGetString(d.mnemonic));
  else
    ck_assert_msg(d.mnemonic == x->mnemonic, "%s: is %s", text, ZydisMnemonicGetString(d.mnemonic));
  ck_assert_msg(!(d.attributes & ZYDIS_ATTRIB_HAS_LOCK) == !(in->flags & X64_LOCK), "%s: prefix", text);
  if (vex && (info->role[0] & ROLE_USE)) { /* the first source, and what follows stands one further */
    check_reg(&o[1], in->cc ? in->cc : in->d, x->bits0, text);
    memmove(&o[1], &o[2], sizeof o - 2 * sizeof *o);
  }
  unsigned bits0 = x->bits0 ? x->bits0 : in->size * 8u, bits1 = x->bits1 ? x->bits1 : in->size * 8u;
  bool mem = info->flags & MF_MEM;
  switch (x64_encodings[in->op].form) {
  case FORM_RM:
  case FORM_RMI:
  case FORM_RMV:
  case FORM_X: {
    /* test [m], r has one order only, and so have xadd and xchg */
    bool swapped =
        in->op == X64_TEST_RM || in->op == X64_TEST_RR || in->op == X64_XADD || in->op == X64_XCHG_RM;
    unsigned first = swapped ? 1 : 0;
    check_reg(&o[first], in->d, first ? bits1 : bits0, text);
    if (mem)
      check_mem(&o[1 - first], in, bits1, text);
    else
      check_reg(&o[1 - first], in->s, bits1, text);
    if (x64_encodings[in->op].form == FORM_RMV) check_reg(&o[2], in->base, bits0, text);
    if (x64_encodings[in->op].form == FORM_RMI)
      ck_assert_msg((int32_t)o[2].imm.value.s == in->imm || (uint8_t)o[2].imm.value.u == (uint8_t)in->imm,
                    "%s: immediate", text);
    break;
  }
  case FORM_MR:
  case FORM_MRI:
    if (mem)
      check_mem(&o[0], in, bits0, text);
    else
      check_reg(&o[0], in->d, bits0, text);
    check_reg(&o[1], in->s, bits1, text);
    if (x64_encodings[in->op].form == FORM_MRI)
      ck_assert_msg((uint8_t)o[2].imm.value.u == (uint8_t)in->imm, "%s: immediate", text);
    break;
  case FORM_MI:
  case FORM_M1:
    if (mem)
      check_mem(&o[0], in, bits0, text);
    else
      check_reg(&o[0], in->d != MREG_NONE ? in->d : in->s, bits0, text);
    if (x64_encodings[in->op].form == FORM_M1) break;
    ck_assert_msg(o[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE, "%s: no immediate", text);
    if (x64_encodings[in->op].enc & ENC_I8)
      ck_assert_msg((uint8_t)o[1].imm.value.u == (uint8_t)in->imm, "%s: immediate", text);
    else
      ck_assert_msg(o[1].imm.value.u << (64 - in->size * 8) == (uint64_t)(int64_t)in->imm
                                                                   << (64 - in->size * 8),
                    "%s: immediate", text);
    break;
  case FORM_RVM:
    check_reg(&o[0], in->d, bits0, text);
    check_reg(&o[1], in->s, bits1, text);
    check_reg(&o[2], in->base, bits0, text);
    break;
  case FORM_VM:
    check_reg(&o[0], in->d, bits0, text);
    check_reg(&o[1], in->s, bits1, text);
    break;
  default: ck_abort_msg("%s: form", text);
  }
  ncompared++;
  arena_release(&arena, mark);
}

static mreg reg_for(uint8_t role, unsigned n) {
  return !role ? MREG_NONE : (role & ROLE_FLOAT) ? XMM0 + n : n;
}

static void each_address(const struct expectation *x, struct mach_insn *in) {
  static const int32_t disps[] = {0, 1, -1, 127, 128, -128, -129, INT32_MAX, INT32_MIN};
  for (unsigned base = 0; base <= 16; base++)
    for (unsigned idx = 0; idx <= 16; idx += 1 + (base & 1)) {
      if (idx == RSP) continue;
      in->base = base == 16 ? MREG_NONE : base;
      in->idx = idx == 16 ? MREG_NONE : idx;
      in->scale = in->idx == MREG_NONE ? 0 : (base + idx) & 3;
      in->disp = disps[(base * 5 + idx) % COUNT_OF(disps)];
      compare(x, in);
    }
  in->base = R13;
  in->idx = MREG_NONE;
  in->scale = 0;
  for (unsigned i = 0; i < COUNT_OF(disps); i++) {
    in->disp = disps[i];
    compare(x, in);
  }
}

static void each_operand(const struct expectation *x, uint8_t size, uint16_t flags) {
  static const int32_t imms[] = {0, 1, -1, 127, 128, -128, -129, 255, 0x12345678, INT32_MIN};
  const struct mach_op_info *info = &x64_ops[x->op];
  uint8_t form = x64_encodings[x->op].form;
  bool has_imm = form == FORM_MI || form == FORM_RMI || form == FORM_MRI || x->op == X64_RORX;
  bool one_byte = (x64_encodings[x->op].enc & ENC_I8) || size == 1;
  for (unsigned d = 0; d < 16; d++)
    for (unsigned s = 0; s < 16; s++) {
      struct mach_insn in = {.op = (uint16_t)x->op,
                             .size = size,
                             .cc = CC_B,
                             .flags = flags,
                             .base = MREG_NONE,
                             .idx = MREG_NONE};
      in.d = info->fixed[0] ? info->fixed[0] - 1u : reg_for(info->role[0], d);
      in.s = info->fixed[1] ? info->fixed[1] - 1u : reg_for(info->role[1], s);
      if (!(info->flags & MF_MEM)) in.base = reg_for(info->role[2], (d + s) & 15);
      in.imm = imms[(d + s) % COUNT_OF(imms)];
      if (one_byte) in.imm = (int8_t)in.imm & (x64_encodings[x->op].enc & ENC_I8 ? 31 : -1);
      if (size == 2) in.imm = (int16_t)in.imm;
      if (!has_imm) in.imm = 0;
      if (flags & X64_VEX) in.cc = (d + 3 * s) % 5 ? (uint8_t)(XMM0 + (d * 3 + s) % 16) : 0;
      if (!(info->flags & MF_MEM))
        compare(x, &in);
      else if (s == (d * 7 + 3) % 16 && (!flags || d % 5 == 0))
        each_address(x, &in);
    }
}

START_TEST(every_row_decodes_to_itself) {
  if (setjmp(oom)) ck_abort_msg("out of memory");
  arena_init(&arena, &oom);
  ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  bool seen[X64_OP_COUNT] = {0};
  for (size_t i = 0; i < COUNT_OF(expectations); i++) {
    const struct expectation *x = &expectations[i];
    seen[x->op] = true;
    for (const char *p = x->sizes; *p; p++) {
      each_operand(x, *p == 'x' ? 16 : (uint8_t)(*p - '0'), 0);
    }
  }
  for (unsigned op = MACH_OP_ISA0; op < X64_OP_COUNT; op++)
    ck_assert_msg(seen[op] || x64_encodings[op].form == FORM_X, "%s (%u) is not tested", x64_ops[op].name,
                  op);
  ck_assert_uint_gt(ncompared, 50000);
  arena_free(&arena);
}
END_TEST

/* Selection takes a vector instruction's memory form from its row: without one, nothing would be emitted. */
START_TEST(vectors_name_their_memory_forms) {
  uint32_t n = 0;
  for (size_t i = 0; i + 1 < COUNT_OF(expectations); i++) {
    const struct expectation *rr = &expectations[i], *rm = rr + 1;
    if (rr->mnemonic != rm->mnemonic || *rr->sizes != 'x' || (x64_ops[rr->op].flags & MF_MEM) ||
        !(x64_ops[rm->op].flags & MF_MEM))
      continue;
    ck_assert_msg(x64_ops[rr->op].mem_op == rm->op, "%s", x64_ops[rr->op].name);
    n++;
  }
  ck_assert_uint_gt(n, 100);
}
END_TEST

/* Vector and float instructions that write a register, with three operands. */
static bool has_vex(enum x64_op op) {
  uint8_t form = x64_encodings[op].form, role = x64_ops[op].role[0];
  return (role & ROLE_FLOAT) && (role & ROLE_DEF) && !(x64_encodings[op].enc & ENC_FRESH) &&
         (form == FORM_RM || form == FORM_RMI || form == FORM_MI);
}

START_TEST(with_other_prefixes) {
  if (setjmp(oom)) ck_abort_msg("out of memory");
  arena_init(&arena, &oom);
  ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  static const enum x64_op locked[] = {X64_XADD,   X64_CMPXCHG, X64_ADD_MR, X64_ADD_MI,
                                       X64_SUB_MR, X64_SUB_MI,  X64_AND_MR, X64_AND_MI,
                                       X64_OR_MR,  X64_OR_MI,   X64_XOR_MR, X64_XOR_MI};
  for (size_t i = 0; i < COUNT_OF(expectations); i++) {
    const struct expectation *x = &expectations[i];
    bool lock = false;
    for (size_t k = 0; k < COUNT_OF(locked); k++)
      lock |= locked[k] == x->op;
    for (const char *p = x->sizes; *p; p++) {
      uint8_t size = *p == 'x' ? 16 : (uint8_t)(*p - '0');
      if (lock) each_operand(x, size, X64_LOCK);
      if (has_vex(x->op)) each_operand(x, size, X64_VEX);
    }
  }
  ck_assert_uint_gt(ncompared, 10000);
  arena_free(&arena);
}
END_TEST

START_TEST(moves_and_constants) {
  if (setjmp(oom)) ck_abort_msg("out of memory");
  arena_init(&arena, &oom);
  ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  static const uint64_t values[] = {0,
                                    1,
                                    0x7fffffff,
                                    0x80000000,
                                    UINT32_MAX,
                                    UINT64_C(1) << 32,
                                    UINT64_MAX,
                                    (uint64_t)INT64_MIN,
                                    UINT64_C(0xffffffff80000000),
                                    UINT64_C(0xffffffff7fffffff)};
  ZydisDecodedInstruction d;
  ZydisDecodedOperand o[ZYDIS_MAX_OPERAND_COUNT];
  struct mach_func f = {.arena = &arena};
  for (unsigned r = 0; r < 16; r++) {
    for (size_t i = 0; i < COUNT_OF(values); i++)
      for (int live = 0; live < 2; live++) {
        struct x64_asm a = {.arena = &arena, .f = &f};
        x64_mov_imm(&a, r, 8, values[i], live);
        ck_assert(ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, a.code.at, a.code.len, &d, o)));
        ck_assert_uint_eq(d.length, a.code.len);
        if (d.mnemonic == ZYDIS_MNEMONIC_XOR) {
          ck_assert(values[i] == 0 && !live);
          check_reg(&o[0], r, 32, "xor");
          check_reg(&o[1], r, 32, "xor");
          continue;
        }
        ck_assert_uint_eq(d.mnemonic, ZYDIS_MNEMONIC_MOV);
        check_reg(&o[0], r, values[i] > UINT32_MAX ? 64 : 32, "mov");
        uint64_t got = values[i] > UINT32_MAX ? o[1].imm.value.u : (uint32_t)o[1].imm.value.u;
        ck_assert_uint_eq(got, values[i]);
      }
    for (unsigned s = 0; s < 16; s++)
      for (int k = 0; k < 4; k++) { /* mov 32, mov 64, movaps, xchg */
        if (r == s && k < 3) continue;
        struct x64_asm a = {.arena = &arena, .f = &f};
        bool is_float = k == 2;
        x64_rr(&a, (enum x64_op)(k == 3 ? MACH_XCHG : MACH_MOVE),
               k == 0   ? 4
               : k == 2 ? 16
                        : 8,
               is_float ? XMM0 + r : r, is_float ? XMM0 + s : s);
        ck_assert(ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, a.code.at, a.code.len, &d, o)));
        ck_assert_uint_eq(d.length, a.code.len);
        ck_assert_uint_eq(d.mnemonic, k == 2   ? ZYDIS_MNEMONIC_MOVAPS
                                      : k == 3 ? ZYDIS_MNEMONIC_XCHG
                                               : ZYDIS_MNEMONIC_MOV);
        unsigned bits = k == 0 ? 32 : k == 2 ? 128 : 64;
        unsigned first = k == 3 ? 1 : 0;
        check_reg(&o[first], is_float ? XMM0 + r : r, bits, "move");
        check_reg(&o[1 - first], is_float ? XMM0 + s : s, bits, "move");
      }
  }
  arena_free(&arena);
}
END_TEST

int main(void) {
  return UNIT_RUN("x64/encode", every_row_decodes_to_itself, vectors_name_their_memory_forms,
                  with_other_prefixes, moves_and_constants);
}
#else
#include <stdio.h>

int main(void) {
  puts("x64/encode: no Zydis on this machine (libzydis-dev)");
  return 77;
}
#endif
