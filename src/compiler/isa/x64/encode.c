/* Bytes of single instructions: prefixes, REX, VEX, ModRM, SIB, displacements, immediates.
 *
 * In: one instruction over physical registers.  Out: its bytes behind the code so far, a fault site where its
 * memory operand may fault, fixups for what is not placed yet.  Must not: choose instructions; it writes what
 * it is told. */
#include "compiler/isa/x64/encode.h"

__attribute__((cold, noinline)) void x64_more_code(struct x64_asm *a, uint32_t size) {
  uint32_t need;
  if (!add_u32(a->code.len, size, &need)) arena_out_of_memory(a->arena);
  VEC_RESERVE(a->arena, &a->code, need);
}

void x64_u32(struct x64_asm *a, uint32_t v) {
  if (a->code.cap - a->code.len < 4) x64_more_code(a, 4);
  __builtin_memcpy(a->code.at + a->code.len, &v, 4);
  a->code.len += 4;
}

static void byte16(struct x64_asm *a, uint16_t v) {
  x64_byte(a, (uint8_t)v);
  x64_byte(a, (uint8_t)(v >> 8));
}

uint32_t x64_label(struct x64_asm *a) {
  VEC_PUSH(a->arena, &a->labels, ((struct x64_pos){UINT32_MAX, 0}));
  return a->labels.len - 1;
}

void x64_place(struct x64_asm *a, uint32_t label) {
  assert(a->labels.at[label].off == UINT32_MAX);
  a->labels.at[label] = x64_here(a);
}

void x64_fixup32(struct x64_asm *a, enum x64_fixup_kind kind, uint32_t target, uint8_t tail) {
  if (kind == FIXUP_LABEL && a->labels.at[target].off != UINT32_MAX &&
      a->labels.at[target].region == a->region) { /* they keep their distance */
    x64_u32(a, a->labels.at[target].off - (a->code.len + 4 + tail));
    return;
  }
  if (target > FIXUP_TARGET_MOST) arena_out_of_memory(a->arena);
  struct x64_fixup fix = {
      .at = a->code.len, .target = target & FIXUP_TARGET_MOST, .kind = kind & 3u, .tail = tail & 15u};
  VEC_PUSH(a->arena, &a->fixups, fix);
  x64_u32(a, 0);
}

void x64_jmp_label(struct x64_asm *a, uint32_t label) {
  x64_byte(a, 0xe9);
  x64_fixup32(a, FIXUP_LABEL, label, 0);
}

void x64_jcc_label(struct x64_asm *a, unsigned cc, uint32_t label) {
  assert(cc < 16);
  x64_byte(a, 0x0f);
  x64_byte(a, (uint8_t)(0x80 + cc));
  x64_fixup32(a, FIXUP_LABEL, label, 0);
}

void x64_call_label(struct x64_asm *a, uint32_t label) {
  x64_byte(a, 0xe8);
  x64_fixup32(a, FIXUP_LABEL, label, 0);
}

uint32_t x64_hop(struct x64_asm *a, unsigned cc) {
  assert(cc < 16);
  x64_byte(a, (uint8_t)(0x70 + cc));
  x64_byte(a, 0);
  return a->code.len;
}

void x64_land(struct x64_asm *a, uint32_t hop) {
  assert(a->code.len - hop < 128);
  a->code.at[hop - 1] = (uint8_t)(a->code.len - hop);
}

uint32_t x64_pool_add(struct x64_asm *a, uint64_t value) {
  for (uint32_t i = 0; i < a->pool.len && i < 64; i++)
    if (a->pool.at[i] == value) return i;
  VEC_PUSH(a->arena, &a->pool, value);
  return a->pool.len - 1;
}

void x64_add_site(struct x64_asm *a, uint32_t src, uint8_t trap, bool is_fault) {
  /* A return address and a faulting pc must differ, so that a pc alone finds its site. */
  if (is_fault && a->sites.len && VEC_LAST(&a->sites).off == a->code.len) x64_byte(a, 0x90);
  struct code_site s = {.off = a->code.len, .wasm_off = src, .trap = trap, .is_fault = is_fault};
  VEC_PUSH(a->arena, &a->sites, s);
}

uint32_t x64_trap_label(struct x64_asm *a, uint8_t trap, uint32_t src) {
  if (a->last_trap) {
    const struct x64_cold *c = &a->colds.at[a->last_trap - 1];
    if (c->trap == trap && c->back == src) return c->in;
  }
  struct x64_cold c = {.kind = COLD_TRAP, .trap = trap, .in = x64_label(a), .back = src};
  VEC_PUSH(a->arena, &a->colds, c);
  a->last_trap = a->colds.len;
  return c.in;
}

/* The r/m side of an instruction. */
struct rm {
  mreg reg; /* or MREG_NONE: memory */
  mreg base, idx;
  uint8_t scale;
  bool pool;
  int32_t disp;
};

static struct rm rm_of(const struct x64_asm *a, const struct mach_insn *in, mreg reg) {
  if (!(x64_ops[in->op].flags & MF_MEM)) return (struct rm){.reg = reg, .base = MREG_NONE, .idx = MREG_NONE};
  struct rm m = {MREG_NONE, in->base, in->idx, in->scale, (in->flags & X64_POOL) != 0, in->disp};
  if (m.base == MREG_SLOT) {
    m.base = RBP;
    m.disp = frame_slot_off(a->f, a->frame, (uint32_t)in->disp);
  }
  assert(m.base == MREG_NONE || (mreg_is_phys(m.base) && !mreg_is_float(m.base)));
  assert(m.idx == MREG_NONE || (mreg_is_phys(m.idx) && !mreg_is_float(m.idx) && m.idx != RSP));
  return m;
}

static unsigned low4(mreg r) { return r == MREG_NONE ? 0 : r & 15; }

/* ModRM, SIB, displacement. `reg` is the other operand or the extension; `tail` counts immediate bytes
 * behind. */
static void put_modrm(struct x64_asm *a, unsigned reg, const struct rm *m, uint8_t tail) {
  uint8_t mid = (uint8_t)((reg & 7) << 3);
  if (m->reg != MREG_NONE) {
    x64_byte(a, (uint8_t)(0xc0 | mid | (m->reg & 7)));
    return;
  }
  if (m->pool) {
    x64_byte(a, mid | 5);
    x64_fixup32(a, FIXUP_POOL, (uint32_t)m->disp, tail);
    return;
  }
  uint8_t index = (uint8_t)((m->idx == MREG_NONE ? 4 : m->idx & 7) << 3), scale = (uint8_t)(m->scale << 6);
  if (m->base == MREG_NONE) {
    x64_byte(a, mid | 4);
    x64_byte(a, scale | index | 5);
    x64_u32(a, (uint32_t)m->disp);
    return;
  }
  bool sib = m->idx != MREG_NONE || (m->base & 7) == 4;
  uint8_t mod = m->disp == 0 && (m->base & 7) != 5 ? 0 : m->disp >= -128 && m->disp <= 127 ? 0x40 : 0x80;
  x64_byte(a, (uint8_t)(mod | mid | (sib ? 4 : (m->base & 7))));
  if (sib) x64_byte(a, (uint8_t)(scale | index | (m->base & 7)));
  if (mod == 0x40) x64_byte(a, (uint8_t)m->disp);
  if (mod == 0x80) x64_u32(a, (uint32_t)m->disp);
}

static bool is_wide(const struct x64_encoding *e, uint8_t size) {
  return (e->enc & ENC_W1) || ((e->enc & ENC_W) && size == 8);
}

/* Prefixes, REX and opcode bytes. */
static void put_opcode(struct x64_asm *a, const struct x64_encoding *e, uint8_t size, uint32_t opcode,
                       unsigned reg, const struct rm *m, bool byte_reg, bool byte_rm) {
  if ((e->enc & ENC_P66) || ((e->enc & ENC_PP) && size == 8) || ((e->enc & ENC_16) && size == 2))
    x64_byte(a, 0x66);
  if ((e->enc & ENC_PF2) || ((e->enc & ENC_PS) && size == 8)) x64_byte(a, 0xf2);
  if ((e->enc & ENC_PF3) || ((e->enc & ENC_PS) && size == 4)) x64_byte(a, 0xf3);
  unsigned rm = low4(m->reg != MREG_NONE ? m->reg : m->base), index = low4(m->idx);
  uint8_t rex = (uint8_t)((is_wide(e, size) ? 8 : 0) | (reg >> 3 << 2) | (index >> 3 << 1) | rm >> 3);
  bool force = (byte_reg && reg >= 4) || (byte_rm && m->reg != MREG_NONE && rm >= 4);
  if (rex || force) x64_byte(a, 0x40 | rex);
  if (opcode > 0xffff) x64_byte(a, (uint8_t)(opcode >> 16));
  if (opcode > 0xff) x64_byte(a, (uint8_t)(opcode >> 8));
  x64_byte(a, (uint8_t)opcode);
}

static void put_vex(struct x64_asm *a, const struct x64_encoding *e, uint8_t size, unsigned reg,
                    unsigned vvvv, const struct rm *m, uint8_t tail) {
  unsigned rm = low4(m->reg != MREG_NONE ? m->reg : m->base), index = low4(m->idx);
  unsigned map = e->opcode <= 0xffff ? 1 : e->opcode >> 8 == 0x0f38 ? 2 : 3;
  bool wide = is_wide(e, size), ps = (e->enc & ENC_PS) != 0;
  unsigned pp = e->enc & ENC_P66                          ? 1
                : (e->enc & ENC_PF3) || (ps && size == 4) ? 2
                : (e->enc & ENC_PF2) || (ps && size == 8) ? 3
                                                          : 0;
  uint8_t r = reg >> 3 ? 0 : 0x80, last = (uint8_t)((~vvvv & 15) << 3 | pp);
  assert(e->opcode > 0xff && !(e->enc & ENC_PP));
  if (map == 1 && !wide && index < 8 && rm < 8) {
    x64_byte(a, 0xc5);
    x64_byte(a, r | last);
  } else {
    x64_byte(a, 0xc4);
    x64_byte(a, (uint8_t)(r | (index >> 3 ? 0 : 0x40) | (rm >> 3 ? 0 : 0x20) | map));
    x64_byte(a, (uint8_t)((wide ? 0x80 : 0) | last));
  }
  x64_byte(a, (uint8_t)e->opcode);
  put_modrm(a, reg, m, tail);
}

/* A vector or float instruction in its form with three operands: d = first op (register or memory). */
static void encode_vex(struct x64_asm *a, const struct mach_insn *in) {
  const struct x64_encoding *e = &x64_encodings[in->op];
  bool tied = (x64_ops[in->op].role[0] & ROLE_USE) != 0;
  mreg first = in->cc ? in->cc : in->d;
  struct rm m = rm_of(a, in, e->form == FORM_MI ? first : in->s);
  uint8_t imm = e->form == FORM_RM ? 0 : 1;
  if (e->form == FORM_MI) /* shifts */
    put_vex(a, e, in->size, e->ext, low4(in->d), &m, imm);
  else
    put_vex(a, e, in->size, low4(in->d), tied ? low4(first) : 0, &m, imm);
  if (imm) x64_byte(a, (uint8_t)in->imm);
}

static uint8_t imm_size(const struct x64_encoding *e, const struct mach_insn *in) {
  if (e->enc & ENC_I8) return 1;
  if ((e->opcode == 0x81 || e->opcode == 0x69) && in->imm >= -128 && in->imm <= 127) return 1;
  return in->size == 1 ? 1 : in->size == 2 ? 2 : 4;
}

static uint32_t sized_opcode(const struct x64_encoding *e, const struct mach_insn *in, uint8_t imm) {
  if (e->opcode == 0x81 && imm == 1 && in->size != 1) return 0x83;
  if (e->opcode == 0x69 && imm == 1) return 0x6b;
  return (e->enc & ENC_B) && in->size == 1 ? e->opcode - 1 : e->opcode;
}

/* The CPU joins the new d with the old one, or thinks it depends on it: a zeroed d ends the wait. */
static void clear_stale(struct x64_asm *a, const struct mach_insn *in) {
  if (in->d == in->s) return;
  if (mreg_is_float(in->d))
    x64_rr(a, X64_XORPS_RR, 16, in->d, in->d);
  else
    x64_rr(a, X64_XOR_RR, 4, in->d, in->d);
}

static void put_imm(struct x64_asm *a, uint8_t size, int32_t imm) {
  if (size == 1) x64_byte(a, (uint8_t)imm);
  if (size == 2) byte16(a, (uint16_t)imm);
  if (size == 4) x64_u32(a, (uint32_t)imm);
}

static void encode_move(struct x64_asm *a, const struct mach_insn *in) {
  struct mach_insn m = *in;
  if (in->op == MACH_SPILL || in->op == MACH_RELOAD) {
    bool load = in->op == MACH_RELOAD;
    bool is_float = mreg_is_float(load ? in->d : in->s);
    m.op = is_float ? (load ? X64_FMOV_RM : X64_FMOV_MR) : (load ? X64_MOV_RM : X64_MOV_MR);
    if (!is_float && !load) m.size = 8;
    m.base = MREG_SLOT;
    m.idx = MREG_NONE;
    m.disp = in->imm;
    m.flags = 0;
    x64_encode(a, &m);
    return;
  }
  if (in->op == MACH_XCHG) {
    struct rm rm = {.reg = in->s, .base = MREG_NONE, .idx = MREG_NONE};
    static const struct x64_encoding xchg = {.opcode = 0x87, .enc = ENC_W};
    put_opcode(a, &xchg, 8, 0x87, low4(in->d), &rm, false, false);
    put_modrm(a, low4(in->d), &rm, 0);
    return;
  }
  if (in->d == in->s) return;
  assert(mreg_is_float(in->d) == mreg_is_float(in->s));
  struct rm rm = {.reg = in->s, .base = MREG_NONE, .idx = MREG_NONE};
  static const struct x64_encoding mov = {.opcode = 0x8b, .enc = ENC_W}, movaps = {.opcode = 0x0f28};
  bool is_float = mreg_is_float(in->d);
  const struct x64_encoding *e = is_float ? &movaps : &mov;
  put_opcode(a, e, in->size > 4 ? 8 : 4, e->opcode, low4(in->d), &rm, false, false);
  put_modrm(a, low4(in->d), &rm, 0);
}

void x64_encode(struct x64_asm *a, const struct mach_insn *in) {
  if (in->op < MACH_OP_ISA0) {
    encode_move(a, in);
    return;
  }
  const struct x64_encoding *e = &x64_encodings[in->op];
  if (e->enc & ENC_FRESH) clear_stale(a, in);
  if (in->trap && (x64_ops[in->op].flags & MF_MEM)) x64_add_site(a, in->src, in->trap, true);
  if (in->flags & X64_VEX) {
    encode_vex(a, in);
    return;
  }
  if (in->flags & X64_LOCK) x64_byte(a, 0xf0);
  bool byte = (e->enc & ENC_B) && in->size == 1;
  bool has_imm = e->form == FORM_MI || e->form == FORM_RMI || e->form == FORM_MRI;
  uint8_t imm = has_imm ? imm_size(e, in) : 0;
  uint32_t opcode = sized_opcode(e, in, imm);
  struct rm m;
  unsigned reg;
  switch (e->form) {
  case FORM_RM:
  case FORM_RMI:
    m = rm_of(a, in, in->s);
    reg = low4(in->d);
    put_opcode(a, e, in->size, opcode, reg, &m, byte, byte || (e->enc & ENC_BRM));
    break;
  case FORM_MR:
  case FORM_MRI:
    m = rm_of(a, in, in->d);
    reg = low4(in->s);
    put_opcode(a, e, in->size, opcode, reg, &m, byte && !mreg_is_float(in->s), byte);
    break;
  case FORM_MI:
  case FORM_M1:
    m = rm_of(a, in, in->d != MREG_NONE ? in->d : in->s);
    reg = e->ext;
    put_opcode(a, e, in->size, opcode, reg, &m, false, byte);
    break;
  case FORM_RMV:
    m = (struct rm){.reg = in->s, .base = MREG_NONE, .idx = MREG_NONE};
    put_vex(a, e, in->size, low4(in->d), low4(in->base), &m, 0);
    return;
  case FORM_RVM:
    m = (struct rm){.reg = in->base, .base = MREG_NONE, .idx = MREG_NONE};
    put_vex(a, e, in->size, low4(in->d), low4(in->s), &m, 0);
    return;
  case FORM_VM:
    m = (struct rm){.reg = in->s, .base = MREG_NONE, .idx = MREG_NONE};
    put_vex(a, e, in->size, e->ext, low4(in->d), &m, 0);
    return;
  case FORM_X:
  default:
    if (in->op == X64_RORX) {
      m = (struct rm){.reg = in->s, .base = MREG_NONE, .idx = MREG_NONE};
      put_vex(a, e, in->size, low4(in->d), 0, &m, 1);
      x64_byte(a, (uint8_t)in->imm);
      return;
    }
    /* cmov, and mul or div where the sequence around it calls for the bare instruction */
    m = rm_of(a, in, in->s);
    reg = e->enc & ENC_CC ? low4(in->d) : e->ext;
    put_opcode(a, e, in->size, opcode + (e->enc & ENC_CC ? in->cc : 0u), reg, &m, false, false);
    break;
  }
  put_modrm(a, reg, &m, imm);
  put_imm(a, imm, in->imm);
}

static struct mach_insn blank(enum x64_op op, uint8_t size) {
  return (struct mach_insn){
      .op = (uint16_t)op, .size = size, .d = MREG_NONE, .s = MREG_NONE, .base = MREG_NONE, .idx = MREG_NONE};
}

void x64_rr(struct x64_asm *a, enum x64_op op, uint8_t size, mreg d, mreg s) {
  struct mach_insn in = blank(op, size);
  in.d = d;
  in.s = s;
  x64_encode(a, &in);
}

void x64_ri(struct x64_asm *a, enum x64_op op, uint8_t size, mreg d, int32_t imm) {
  struct mach_insn in = blank(op, size);
  in.d = d;
  in.imm = imm;
  x64_encode(a, &in);
}

static void put_reg_mem(struct x64_asm *a, struct mach_insn *in, mreg reg) {
  if (x64_encodings[in->op].form == FORM_MR)
    in->s = reg;
  else
    in->d = reg;
  x64_encode(a, in);
}

void x64_rm(struct x64_asm *a, enum x64_op op, uint8_t size, mreg reg, mreg base, int32_t disp) {
  struct mach_insn in = blank(op, size);
  in.base = base;
  in.disp = disp;
  put_reg_mem(a, &in, reg);
}

void x64_pool_op(struct x64_asm *a, enum x64_op op, uint8_t size, mreg reg, uint32_t entry) {
  struct mach_insn in = blank(op, size);
  in.flags = X64_POOL;
  in.disp = (int32_t)entry;
  put_reg_mem(a, &in, reg);
}

void x64_mov_imm(struct x64_asm *a, mreg d, uint8_t size, uint64_t value, bool flags_live) {
  uint8_t low = (uint8_t)(d & 7), high = (uint8_t)(d >> 3);
  if (size != 8) value = (uint32_t)value;
  if (value == 0 && !flags_live) {
    x64_rr(a, X64_XOR_RR, 4, d, d);
  } else if (value <= UINT32_MAX) {
    if (high) x64_byte(a, 0x41);
    x64_byte(a, 0xb8 | low);
    x64_u32(a, (uint32_t)value);
  } else if ((uint64_t)(int64_t)(int32_t)value == value) {
    x64_byte(a, 0x48 | high);
    x64_byte(a, 0xc7);
    x64_byte(a, 0xc0 | low);
    x64_u32(a, (uint32_t)value);
  } else {
    x64_byte(a, 0x48 | high);
    x64_byte(a, 0xb8 | low);
    x64_u32(a, (uint32_t)value);
    x64_u32(a, (uint32_t)(value >> 32));
  }
}

void x64_opcode_mem(struct x64_asm *a, uint8_t opcode, uint8_t ext, mreg base, int32_t disp) {
  struct rm m = {.reg = MREG_NONE, .base = base, .idx = MREG_NONE, .disp = disp};
  const struct x64_encoding e = {.opcode = opcode};
  put_opcode(a, &e, 4, opcode, ext, &m, false, false);
  put_modrm(a, ext, &m, 0);
}
