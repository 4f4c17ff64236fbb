/* The tables behind insn.def, and the printer of machine instructions.
 *
 * In: an instruction, before or after allocation.  Out: one readable line without its end.  Must not: print
 * addresses or anything else that changes from run to run. */
#include "compiler/isa/x64/insn.h"

// clang-format off
enum {
  ROLE__ = 0, ROLE_u = ROLE_USE, ROLE_d = ROLE_DEF, ROLE_t = ROLE_USE | ROLE_DEF,
  ROLE_e = ROLE_USE | ROLE_EARLY, ROLE_x = ROLE_DEF | ROLE_EARLY,
  ROLE_U = ROLE_u | ROLE_FLOAT, ROLE_D = ROLE_d | ROLE_FLOAT, ROLE_T = ROLE_t | ROLE_FLOAT,
};
enum { WF = MF_WRITES_FLAGS, RF = MF_READS_FLAGS, SPILL_S = MF_SPILL_S, COMMUTES = MF_COMMUTES,
  MEM = MF_MEM, LEA = MF_MEM /* an address, nothing is read */, JUMP = MF_JUMP, RETURN = MF_RETURN, CALL = MF_CALL };
enum { W = ENC_W, W1 = ENC_W1, P66 = ENC_P66, PF2 = ENC_PF2, PF3 = ENC_PF3, PS = ENC_PS, PP = ENC_PP, BRM = ENC_BRM, I8 = ENC_I8,
  CC = ENC_CC, FRESH = ENC_FRESH, INT = ENC_INT };

const struct mach_op_info x64_ops[X64_OP_COUNT] = {
#define COMMON(name, d, s, flags) MACH_OP(name, d, s, 0, 0, 0, 0, 0, 0, 0, flags)
  [MACH_NOP] = COMMON("nop", 0, 0, 0),
  [MACH_MOVE] = COMMON("move", ROLE_DEF, ROLE_USE, MF_MOVE),
  [MACH_XCHG] = COMMON("xchg", ROLE_t, ROLE_t, 0),
  [MACH_SPILL] = COMMON("spill", 0, ROLE_USE, 0),
  [MACH_RELOAD] = COMMON("reload", ROLE_DEF, 0, 0),
  [MACH_PARAMS] = COMMON("params", 0, 0, MF_CALL),
#define X64F(id, name_, form_, opcode_, ext_, enc_, d, s, b, i, fd, fs, fb, clobbers_, mem_op_, flags_) \
  [X64_##id] = MACH_OP(name_, ROLE_##d, ROLE_##s, ROLE_##b, ROLE_##i, fd, fs, fb, clobbers_, mem_op_, flags_),
#include "compiler/isa/x64/insn.def"
};

const struct x64_encoding x64_encodings[X64_OP_COUNT] = {
#define X64F(id, name_, form_, opcode_, ext_, enc_, d, s, b, i, fd, fs, fb, clobbers_, mem_op_, flags_) \
  [X64_##id] = X64_ENCODING(opcode_, enc_, FORM_##form_, ext_),
#include "compiler/isa/x64/insn.def"
};
// clang-format on

const char *x64_reg_name(mreg r, uint8_t size) {
  static const char *const names[4][16] = {
      {"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", "r8b", "r9b", "r10b", "r11b", "r12b", "r13b",
       "r14b", "r15b"},
      {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8w", "r9w", "r10w", "r11w", "r12w", "r13w", "r14w",
       "r15w"},
      {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "r8d", "r9d", "r10d", "r11d", "r12d", "r13d",
       "r14d", "r15d"},
      {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
       "r15"},
  };
  static const char *const xmm[16] = {"xmm0", "xmm1", "xmm2",  "xmm3",  "xmm4",  "xmm5",  "xmm6",  "xmm7",
                                      "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"};
  assert(mreg_is_phys(r) && (r & 31) < 16);
  if (mreg_is_float(r)) return xmm[r - XMM0];
  return names[size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3][r];
}

static void print_reg(mreg r, uint8_t size, struct out *out) {
  if (mreg_is_phys(r))
    out_cstr(out, x64_reg_name(r, size));
  else
    out_printf(out, "v%u", r - MACH_VREG0);
}

static void print_memory(const struct mach_insn *in, struct out *out) {
  if (in->flags & X64_POOL) {
    out_printf(out, "[pool %d]", in->disp);
    return;
  }
  if (in->base == MREG_SLOT) {
    out_printf(out, "[slot %d]", in->disp);
    return;
  }
  out_cstr(out, "[");
  const char *sign = "";
  if (in->base != MREG_NONE) {
    print_reg(in->base, 8, out);
    sign = " + ";
  }
  if (in->idx != MREG_NONE) {
    out_cstr(out, sign);
    print_reg(in->idx, 8, out);
    if (in->scale) out_printf(out, "*%d", 1 << in->scale);
    sign = " + ";
  }
  if (in->disp < 0 && *sign)
    out_printf(out, " - %u", 0u - (uint32_t)in->disp);
  else if (in->disp || !*sign)
    out_printf(out, "%s%d", sign, in->disp);
  out_cstr(out, "]");
}

/* Sizes of integer and float operands, where an instruction has both or its name says them. */
static uint8_t int_size(const struct mach_insn *in) {
  switch (in->op) {
  case X64_MOV32_RR:
  case X64_MOVZX8_RR:
  case X64_MOVZX16_RR:
  case X64_CVTSI32_RR:
  case X64_CVTSI32_RM:
  case X64_CVTT32:
  case X64_CVTT32_RM:
  case X64_SETCC: return 4;
  case X64_CVTSI64_RR:
  case X64_CVTSI64_RM:
  case X64_CVTUI64:
  case X64_CVTT64:
  case X64_CVTT64_RM:
  case X64_TRUNC_U64:
  case X64_SAT_U64: return 8;
  case X64_SAT_U32: return 4;
  case X64_SAT_S: return (uint8_t)in->imm;
  default: return in->size;
  }
}

/* Bytes of the memory operand; 0: an address only. */
static uint8_t memory_size(const struct mach_insn *in) {
  switch (in->op) {
  case X64_LEA: return 0;
  case X64_MOVZX8_RM:
  case X64_MOVSX8_RM: return 1;
  case X64_MOVZX16_RM:
  case X64_MOVSX16_RM: return 2;
  case X64_CVTSI32_RM: return 4;
  case X64_CVTSI64_RM: return 8;
  case X64_ANDPS_RM:
  case X64_ORPS_RM:
  case X64_XORPS_RM: return 16;
  default: return in->size;
  }
}

static bool has_imm(const struct mach_insn *in) {
  const struct x64_encoding *e = &x64_encodings[in->op];
  return e->form == FORM_MI || e->form == FORM_RMI || e->form == FORM_MRI || (e->enc & ENC_I8);
}

static void print_call(const struct mach_func *f, const struct mach_insn *in, struct out *out) {
  const struct mach_call *c = &f->calls.at[in->imm];
  if (in->op == X64_CALL || in->op == X64_TAIL_CALL) out_printf(out, " func %u", c->target);
  if (in->op == X64_CALL_BUILTIN) out_printf(out, " builtin %u", c->target);
  for (uint32_t i = 0; i < c->nargs; i++) {
    const struct mach_fixed *x = &f->fixed.at[c->args + i];
    out_cstr(out, i ? ", " : " (");
    if (mreg_is_virt(x->reg)) out_printf(out, "v%u:", x->reg - MACH_VREG0);
    out_cstr(out, x64_reg_name(x->phys, 8));
  }
  if (c->nargs) out_cstr(out, ")");
  for (uint32_t i = 0; i < c->nresults; i++) {
    const struct mach_fixed *x = &f->fixed.at[c->results + i];
    out_cstr(out, i ? ", " : " -> ");
    if (mreg_is_virt(x->reg)) out_printf(out, "v%u:", x->reg - MACH_VREG0);
    out_cstr(out, x64_reg_name(x->phys, 8));
  }
}

void x64_print_insn(const struct mach_func *f, const struct mach_insn *in, struct out *out) {
  static const char *const cc[] = {"o",  "no", "b",  "ae", "e",  "ne", "be", "a",   "s",
                                   "ns", "p",  "np", "l",  "ge", "le", "g",  "feq", "fne"};
  const struct mach_op_info *info = &x64_ops[in->op];
  uint16_t enc = x64_encodings[in->op].enc;
  if (in->flags & X64_LOCK) out_cstr(out, "lock ");
  if (in->flags & X64_VEX) out_cstr(out, "v");
  out_cstr(out, info->name);
  if (in->op == X64_LOCK_RMW) out_cstr(out, in->imm == 0 ? " and" : in->imm == 1 ? " or" : " xor");
  if (enc & (ENC_PS | ENC_PP)) out_cstr(out, in->size == 4 ? "s" : in->size == 8 ? "d" : "");
  if (enc & ENC_CC) out_printf(out, "%s%s", in->op == X64_TRAPCC ? " " : "", cc[in->cc]);
  if (info->flags & MF_CALL) {
    print_call(f, in, out);
    return;
  }
  const char *sep = " ";
  bool memory_first = (info->flags & MF_MEM) && x64_encodings[in->op].form == FORM_MR;
  static const char *const width[17] = {
      [1] = "byte ", [2] = "word ", [4] = "dword ", [8] = "qword ", [16] = "xmmword "};
  for (unsigned k = 0; k < 4; k++) {
    mreg r = k == 0 ? in->d : k == 1 ? in->s : k == 2 ? in->base : in->idx;
    if (k == (memory_first ? 0 : 2) && (info->flags & MF_MEM)) {
      out_cstr(out, sep);
      if (memory_size(in)) out_cstr(out, width[memory_size(in)]);
      print_memory(in, out);
      sep = ", ";
    }
    if ((k >= 2 && (info->flags & MF_MEM)) || !info->role[k] || r == MREG_NONE) continue;
    out_cstr(out, sep);
    print_reg(r, int_size(in), out);
    sep = ", ";
    if (k > 0 || !(in->flags & X64_VEX) || !in->cc) continue;
    out_cstr(out, sep);
    print_reg(in->cc, 16, out);
  }
  if (in->op == X64_MOV_RI)
    out_printf(out, "%s%lld", sep, (long long)((uint64_t)(uint32_t)in->disp << 32 | (uint32_t)in->imm));
  else if (in->op == MACH_SPILL || in->op == MACH_RELOAD)
    out_printf(out, "%sslot %d", sep, in->imm);
  else if (has_imm(in))
    out_printf(out, "%s%d", sep, in->imm);
  if (in->trap) out_printf(out, " !%u", in->trap);
}
