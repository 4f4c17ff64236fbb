/* Bytes of single instructions: prefixes, REX, VEX, ModRM, SIB, displacements, immediates.
 *
 * Room for a whole instruction is made once; its bytes are then written at `p`, which each part hands on,
 * words in one store: what a part writes behind its end is overwritten by the next.
 *
 * In: one instruction over physical registers.  Out: its bytes behind the code so far, a fault site where its
 * memory operand may fault, fixups for what is not placed yet.  Must not: choose instructions; it writes what
 * it is told. */
#include "compiler/isa/x64/encode.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

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

enum { INSN_ROOM = 32 /* bytes: the longest instruction, and words written at its end */ };

static inline uint8_t *insn_begin(struct x64_asm *a) {
  if (a->code.cap - a->code.len < INSN_ROOM) x64_more_code(a, INSN_ROOM);
  return a->code.at + a->code.len;
}
static inline void insn_end(struct x64_asm *a, const uint8_t *p) { a->code.len = (uint32_t)(p - a->code.at); }

static inline uint8_t *put_byte(uint8_t *p, unsigned v) {
  *p = (uint8_t)v;
  return p + 1;
}
/* The first `size` of them, up to 4. */
static inline uint8_t *put_bytes(uint8_t *p, uint32_t v, unsigned size) {
  __builtin_memcpy(p, &v, 4);
  return p + size;
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

static inline struct rm rm_reg(mreg reg) {
  return (struct rm){.reg = reg, .base = MREG_NONE, .idx = MREG_NONE};
}

static inline struct rm rm_slot(const struct x64_asm *a, uint32_t slot) {
  return (struct rm){
      .reg = MREG_NONE, .base = RBP, .idx = MREG_NONE, .disp = frame_slot_off(a->f, a->frame, slot)};
}

static inline struct rm rm_memory(const struct x64_asm *a, const struct mach_insn *in) {
  if (in->base == MREG_SLOT) return rm_slot(a, (uint32_t)in->disp);
  assert(in->base == MREG_NONE || (mreg_is_phys(in->base) && !mreg_is_float(in->base)));
  assert(in->idx == MREG_NONE || (mreg_is_phys(in->idx) && !mreg_is_float(in->idx) && in->idx != RSP));
  return (struct rm){MREG_NONE, in->base, in->idx, in->scale, (in->flags & X64_POOL) != 0, in->disp};
}

static inline struct rm rm_of(const struct x64_asm *a, const struct mach_insn *in, mreg reg) {
  return x64_ops[in->op].flags & MF_MEM ? rm_memory(a, in) : rm_reg(reg);
}

static inline unsigned low4(mreg r) { return r == MREG_NONE ? 0 : r & 15; }

__attribute__((noinline)) static uint8_t *put_pool(struct x64_asm *a, uint8_t *p, unsigned mid,
                                                   uint32_t entry, uint8_t tail) {
  insn_end(a, put_byte(p, mid | 5));
  struct code_reloc r = {.off = a->code.len, .index = entry, .kind = RELOC_CONST};
  VEC_PUSH(a->arena, &a->relocs, r);
  x64_u32(a, 0u - 4 - tail); /* counted from the instruction's end */
  return a->code.at + a->code.len;
}

/* ModRM, SIB, displacement. `reg` is the other operand or the extension; `tail` counts immediate bytes
 * behind. */
ALWAYS_INLINE uint8_t *put_modrm(struct x64_asm *a, uint8_t *p, unsigned reg, const struct rm *m,
                                 uint8_t tail) {
  unsigned mid = (reg & 7) << 3;
  if (m->reg != MREG_NONE) return put_byte(p, 0xc0 | mid | (m->reg & 7));
  if (m->pool) return put_pool(a, p, mid, (uint32_t)m->disp, tail);
  unsigned index = (m->idx == MREG_NONE ? 4 : m->idx & 7) << 3, scale = (unsigned)m->scale << 6;
  if (m->base == MREG_NONE) {
    p = put_bytes(p, mid | 4 | (scale | index | 5) << 8, 2);
    return put_bytes(p, (uint32_t)m->disp, 4);
  }
  bool sib = m->idx != MREG_NONE || (m->base & 7) == 4;
  unsigned mod = m->disp == 0 && (m->base & 7) != 5 ? 0 : m->disp == (int8_t)m->disp ? 0x40 : 0x80;
  p = put_bytes(p, mod | mid | (sib ? 4 : m->base & 7) | (scale | index | (m->base & 7)) << 8, 1u + sib);
  return put_bytes(p, (uint32_t)m->disp, mod == 0 ? 0 : mod == 0x40 ? 1 : 4);
}

/* 8 or 0: REX.W. Sizes are powers of two: of 2 alone bit 1 is set, of 8 alone bit 3. */
static inline unsigned wide_bit(const struct x64_encoding *e, uint8_t size) {
  return (e->enc >> 1 & 1u) << 3 | (e->enc & ENC_W & (unsigned)size >> 3) << 3;
}

__attribute__((noinline)) static uint8_t *put_prefixes(uint8_t *p, unsigned enc, uint8_t size) {
  *p = 0x66;
  p += (enc & ENC_P66) || ((enc & ENC_PP) && size == 8) || ((enc & ENC_16) && size == 2);
  *p = 0xf2;
  p += (enc & ENC_PF2) || ((enc & ENC_PS) && size == 8);
  *p = 0xf3;
  p += (enc & ENC_PF3) || ((enc & ENC_PS) && size == 4);
  return p;
}

ALWAYS_INLINE uint8_t *put_rex(uint8_t *p, unsigned wide, unsigned reg, const struct rm *m, bool byte_reg,
                               bool byte_rm) {
  unsigned rm = low4(m->reg != MREG_NONE ? m->reg : m->base), index = low4(m->idx);
  unsigned rex = wide | (reg >> 3 << 2) | (index >> 3 << 1) | rm >> 3;
  bool force = (byte_reg && reg >= 4) || (byte_rm && m->reg != MREG_NONE && rm >= 4);
  *p = (uint8_t)(0x40 | rex);
  return p + (rex || force);
}

/* Prefixes, REX and opcode bytes; `more` goes onto the last one. */
ALWAYS_INLINE uint8_t *put_opcode(uint8_t *p, const struct x64_encoding *e, uint8_t size, unsigned more,
                                  unsigned reg, const struct rm *m, bool byte_reg, bool byte_rm) {
  if (e->enc & (ENC_P66 | ENC_PP | ENC_PF2 | ENC_PF3 | ENC_PS | (size & 2) * (ENC_16 / 2)))
    p = put_prefixes(p, e->enc, size);
  p = put_rex(p, wide_bit(e, size), reg, m, byte_reg, byte_rm);
  return put_bytes(p, e->bytes + (more << (8 * e->nbytes - 8)), e->nbytes);
}

static uint8_t *put_vex(struct x64_asm *a, uint8_t *p, const struct x64_encoding *e, uint8_t size,
                        unsigned reg, unsigned vvvv, const struct rm *m, uint8_t tail) {
  unsigned rm = low4(m->reg != MREG_NONE ? m->reg : m->base), index = low4(m->idx);
  unsigned map = e->opcode <= 0xffff ? 1 : e->opcode >> 8 == 0x0f38 ? 2 : 3;
  bool wide = wide_bit(e, size), ps = (e->enc & ENC_PS) != 0;
  unsigned pp = e->enc & ENC_P66                          ? 1
                : (e->enc & ENC_PF3) || (ps && size == 4) ? 2
                : (e->enc & ENC_PF2) || (ps && size == 8) ? 3
                                                          : 0;
  unsigned r = reg >> 3 ? 0 : 0x80, last = (~vvvv & 15) << 3 | pp;
  assert(e->opcode > 0xff && !(e->enc & ENC_PP));
  if (map == 1 && !wide && index < 8 && rm < 8) {
    p = put_bytes(p, 0xc5 | (r | last) << 8, 2);
  } else {
    unsigned second = r | (index >> 3 ? 0 : 0x40) | (rm >> 3 ? 0 : 0x20) | map;
    p = put_bytes(p, 0xc4 | second << 8 | ((wide ? 0x80 : 0) | last) << 16, 3);
  }
  return put_modrm(a, put_byte(p, e->opcode), reg, m, tail);
}

/* A vector or float instruction in its form with three operands: d = first op (register or memory). */
static uint8_t *encode_vex(struct x64_asm *a, uint8_t *p, const struct mach_insn *in) {
  const struct x64_encoding *e = &x64_encodings[in->op];
  bool tied = (x64_ops[in->op].role[0] & ROLE_USE) != 0;
  mreg first = in->cc ? in->cc : in->d;
  struct rm m = rm_of(a, in, e->form == FORM_MI ? first : in->s);
  uint8_t imm = e->form == FORM_RM ? 0 : 1;
  if (e->form == FORM_MI) /* shifts */
    p = put_vex(a, p, e, in->size, e->ext, low4(in->d), &m, imm);
  else
    p = put_vex(a, p, e, in->size, low4(in->d), tied ? low4(first) : 0, &m, imm);
  return put_bytes(p, (uint32_t)in->imm, imm);
}

static inline uint8_t imm_size(const struct x64_encoding *e, const struct mach_insn *in) {
  if (e->enc & ENC_I8) return 1;
  if ((e->opcode == 0x81 || e->opcode == 0x69) && in->imm >= -128 && in->imm <= 127) return 1;
  return in->size == 1 ? 1 : in->size == 2 ? 2 : 4;
}

static inline bool is_byte(const struct x64_encoding *e, uint8_t size) { return e->enc & (size & 1) * ENC_B; }

/* What the opcode is more than its row says. */
static inline unsigned sized_opcode(const struct x64_encoding *e, const struct mach_insn *in, uint8_t imm) {
  if (imm == 1 && ((e->opcode == 0x81 && in->size != 1) || e->opcode == 0x69)) return 2;
  return is_byte(e, in->size) ? -1u : 0;
}

/* The CPU joins the new d with the old one, or thinks it depends on it: a zeroed d ends the wait. */
__attribute__((noinline)) static void clear_stale(struct x64_asm *a, const struct mach_insn *in) {
  if (in->d == in->s) return;
  if (mreg_is_float(in->d))
    x64_rr(a, X64_XORPS_RR, 16, in->d, in->d);
  else
    x64_rr(a, X64_XOR_RR, 4, in->d, in->d);
}

static const struct x64_encoding xchg = X64_ENCODING(0x87, ENC_W, FORM_RM, 0),
                                 mov = X64_ENCODING(0x8b, ENC_W, FORM_RM, 0),
                                 movaps = X64_ENCODING(0x0f28, 0, FORM_RM, 0);

ALWAYS_INLINE void put_rm(struct x64_asm *a, const struct x64_encoding *e, uint8_t size, mreg reg,
                          const struct rm *m) {
  uint8_t *p = put_opcode(insn_begin(a), e, size, 0, reg & 15, m, false, false);
  insn_end(a, put_modrm(a, p, reg & 15, m, 0));
}

__attribute__((noinline)) static void encode_slot_move(struct x64_asm *a, const struct mach_insn *in) {
  struct rm m = rm_slot(a, (uint32_t)in->imm);
  if (in->op == MACH_RELOAD)
    put_rm(a, &x64_encodings[mreg_is_float(in->d) ? X64_FMOV_RM : X64_MOV_RM], in->size, in->d, &m);
  else if (mreg_is_float(in->s))
    put_rm(a, &x64_encodings[X64_FMOV_MR], in->size, in->s, &m);
  else
    put_rm(a, &x64_encodings[X64_MOV_MR], 8, in->s, &m);
}

__attribute__((noinline)) static void encode_move(struct x64_asm *a, const struct mach_insn *in) {
  struct rm m = rm_reg(in->s);
  assert(in->op == MACH_MOVE || in->op == MACH_XCHG);
  assert(mreg_is_float(in->d) == mreg_is_float(in->s));
  if (in->op == MACH_XCHG)
    put_rm(a, &xchg, 8, in->d, &m);
  else if (in->d != in->s)
    put_rm(a, mreg_is_float(in->d) ? &movaps : &mov, in->size > 4 ? 8 : 4, in->d, &m);
}

/* Those that always have a VEX prefix, and others. */
__attribute__((noinline)) static void encode_rare(struct x64_asm *a, const struct mach_insn *in) {
  const struct x64_encoding *e = &x64_encodings[in->op];
  uint8_t *p = insn_begin(a);
  unsigned reg = low4(in->d);
  if (in->flags & X64_VEX) {
    insn_end(a, encode_vex(a, p, in));
    return;
  }
  if (in->op == X64_RORX) {
    struct rm m = rm_reg(in->s);
    p = put_vex(a, p, e, in->size, reg, 0, &m, 1);
    insn_end(a, put_byte(p, (unsigned)in->imm));
    return;
  }
  if (e->form == FORM_RMV || e->form == FORM_RVM || e->form == FORM_VM) {
    struct rm m = rm_reg(e->form == FORM_RVM ? in->base : in->s);
    unsigned second = e->form == FORM_RMV ? in->base : e->form == FORM_RVM ? in->s : in->d;
    insn_end(a, put_vex(a, p, e, in->size, e->form == FORM_VM ? e->ext : reg, low4(second), &m, 0));
    return;
  }
  /* cmov, and mul or div where the sequence around it calls for the bare instruction */
  if (in->flags & X64_LOCK) p = put_byte(p, 0xf0);
  unsigned more = sized_opcode(e, in, 0);
  if (e->enc & ENC_CC)
    more += in->cc;
  else
    reg = e->ext;
  struct rm m = rm_of(a, in, in->s);
  p = put_opcode(p, e, in->size, more, reg, &m, false, false);
  insn_end(a, put_modrm(a, p, reg, &m, 0));
}

ALWAYS_INLINE void encode_simple(struct x64_asm *a, const struct mach_insn *in, const struct x64_encoding *e,
                                 unsigned reg, const struct rm *m) {
  uint8_t *p = put_rex(insn_begin(a), wide_bit(e, in->size), reg, m, false, false);
  insn_end(a, put_modrm(a, put_byte(p, e->bytes), reg, m, 0));
}

/* Whatever is no move and not simple. */
__attribute__((noinline)) static void encode_any(struct x64_asm *a, const struct mach_insn *in, bool memory) {
  const struct x64_encoding *e = &x64_encodings[in->op];
  bool byte = is_byte(e, in->size), byte_reg = false, byte_rm = byte;
  uint8_t imm = 0;
  mreg other = in->s; /* the register in r/m, if any */
  unsigned reg = in->d & 15;
  if (in->flags & X64_VEX) {
    encode_rare(a, in);
    return;
  }
  switch (e->form) {
  case FORM_RMI: imm = imm_size(e, in); FALLTHROUGH;
  case FORM_RM:
    byte_reg = byte;
    byte_rm = byte || (e->enc & ENC_BRM);
    break;
  case FORM_MRI: imm = imm_size(e, in); FALLTHROUGH;
  case FORM_MR:
    other = in->d;
    reg = in->s & 15;
    byte_reg = byte && !mreg_is_float(in->s);
    break;
  case FORM_MI: imm = imm_size(e, in); FALLTHROUGH;
  case FORM_M1:
    if (in->d != MREG_NONE) other = in->d;
    reg = e->ext;
    break;
  default: encode_rare(a, in); return;
  }
  unsigned more = sized_opcode(e, in, imm);
  uint8_t *p = insn_begin(a);
  if (in->flags & X64_LOCK) p = put_byte(p, 0xf0);
  if (memory) {
    struct rm m = rm_memory(a, in);
    p = put_opcode(p, e, in->size, more, reg, &m, byte_reg, byte_rm);
    p = put_modrm(a, p, reg, &m, imm);
  } else {
    struct rm m = rm_reg(other);
    p = put_opcode(p, e, in->size, more, reg, &m, byte_reg, byte_rm);
    p = put_modrm(a, p, reg, &m, imm);
  }
  insn_end(a, imm ? put_bytes(p, (uint32_t)in->imm, imm) : p);
}

void x64_encode(struct x64_asm *a, const struct mach_insn *in) {
  if (in->op < MACH_OP_ISA0) {
    if (in->op == MACH_SPILL || in->op == MACH_RELOAD)
      encode_slot_move(a, in);
    else
      encode_move(a, in);
    return;
  }
  const struct x64_encoding *e = &x64_encodings[in->op];
  bool memory = x64_ops[in->op].flags & MF_MEM;
  if (e->enc & ENC_FRESH) clear_stale(a, in);
  if (in->trap && memory) x64_add_site(a, in->src, in->trap, true);
  if (!e->simple || in->size < 4 || (in->flags & (X64_VEX | X64_LOCK))) {
    encode_any(a, in, memory);
    return;
  }
  bool reg_first = e->form == FORM_RM;
  unsigned reg = (reg_first ? in->d : in->s) & 15;
  if (memory) {
    struct rm m = rm_memory(a, in);
    encode_simple(a, in, e, reg, &m);
  } else {
    struct rm m = rm_reg(reg_first ? in->s : in->d);
    encode_simple(a, in, e, reg, &m);
  }
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
  const struct x64_encoding e = {.opcode = opcode, .bytes = opcode, .nbytes = 1};
  put_rm(a, &e, 4, ext, &m);
}
