/* The assembler: bytes of single instructions, and the marks on them that layout resolves later.
 *
 * Code is written in regions, one for each block in layout order and one for the cold parts. A position is a
 * raw offset and its region; emit.c moves regions when jumps between blocks get their final sizes, and
 * resolves fixups then. */
#ifndef COMPILER_ISA_X64_ENCODE_H
#define COMPILER_ISA_X64_ENCODE_H

#include "compiler/isa/x64/insn.h"
#include "compiler/mach/frame.h"

struct x64_pos {
  uint32_t off, region;
};
enum x64_fixup_kind { FIXUP_LABEL, FIXUP_TABLE, FIXUP_HANDLERS };
struct x64_fixup { /* the 4 bytes at raw offset `at`: target - (at + 4 + tail) */
  uint32_t at;
  uint32_t target : 26; /* label, table, resume */
  uint32_t kind : 2, tail : 4;
};
#define FIXUP_TARGET_MOST UINT32_C(0x3ffffff)
struct x64_call_site { /* of a call that returns: its site, its mach_call */
  uint32_t site, call;
};
struct x64_handler { /* of the mach_call: where it lands, as a region */
  uint32_t call, try_, region;
};
struct x64_handlers { /* of a resume: its mach_call; the block whose successors from 1 on are its landings */
  uint32_t call, block;
};
/* Code that runs rarely, written behind the blocks: entered at label `in`, comes back to label `back`. */
enum x64_cold_kind {
  COLD_TRAP,
  COLD_STACK,
  COLD_CALL,
  COLD_SEQUENCE,
  COLD_SWITCH_STUB,    /* leaving a stack needs its stub, which goes on at `back` */
  COLD_OTHER_INSTANCE, /* leaves for a stack of another instance; nothing comes back */
};
struct x64_cold {
  uint32_t in, back; /* COLD_TRAP: `back` is the offset in the module instead */
  uint32_t insn;     /* but for COLD_TRAP and COLD_STACK: what it is part of, in the function */
  uint8_t kind, trap;
};
struct x64_table { /* a jump table: offsets from its start to the successors of `block` */
  uint32_t block;
};

struct x64_asm {
  struct arena *arena;
  const struct mach_func *f;
  const struct frame *frame;
  VEC(uint8_t) code;
  uint32_t region;
  VEC(struct x64_pos) labels;
  VEC(struct x64_fixup) fixups;
  VEC(struct code_site) sites; /* with raw offsets, as relocs */
  VEC(struct code_reloc) relocs;
  VEC(struct x64_call_site) calls;
  VEC(struct x64_handler) handlers;
  VEC(struct x64_handlers) resumes;
  VEC(struct x64_cold) colds;
  VEC(struct x64_table) tables;
  VEC(uint64_t) pool; /* the function's, then what sequences add */
  uint32_t last_trap; /* index into colds + 1 of the newest trap: repeated checks share it */
};

#define NO_LABEL UINT32_MAX

/* Bytes of any instruction whose form is not X, and of MACH_MOVE, XCHG, SPILL, RELOAD. */
void x64_encode(struct x64_asm *a, const struct mach_insn *in);
/* The same from parts: op d, s with a size; op d, imm; op with a memory operand [base + disp]. Registers not
 * used: MREG_NONE. */
void x64_rr(struct x64_asm *a, enum x64_op op, uint8_t size, mreg d, mreg s);
void x64_ri(struct x64_asm *a, enum x64_op op, uint8_t size, mreg d, int32_t imm);
void x64_rm(struct x64_asm *a, enum x64_op op, uint8_t size, mreg reg, mreg base, int32_t disp);
void x64_pool_op(struct x64_asm *a, enum x64_op op, uint8_t size, mreg reg, uint32_t entry);
void x64_mov_imm(struct x64_asm *a, mreg d, uint8_t size, uint64_t value, bool flags_live);
void x64_more_code(struct x64_asm *a, uint32_t size); /* room for `size` more bytes */
static inline void x64_byte(struct x64_asm *a, uint8_t b) {
  if (a->code.len == a->code.cap) x64_more_code(a, 1);
  a->code.at[a->code.len++] = b;
}
/* Four bytes that are filled in when addresses are known; `tail`: instruction bytes behind them. */
void x64_fixup32(struct x64_asm *a, enum x64_fixup_kind kind, uint32_t target, uint8_t tail);
void x64_u32(struct x64_asm *a, uint32_t v);
/* Memory operand with a plain one-byte opcode: call, jmp, push. */
void x64_opcode_mem(struct x64_asm *a, uint8_t opcode, uint8_t ext, mreg base, int32_t disp);

static inline struct x64_pos x64_here(const struct x64_asm *a) {
  return (struct x64_pos){a->code.len, a->region};
}
/* Number of an instruction of the function. */
static inline uint32_t x64_index(const struct x64_asm *a, const struct mach_insn *in) {
  return (uint32_t)(in - a->f->insns.at);
}
uint32_t x64_label(struct x64_asm *a); /* a new one, unplaced */
void x64_place(struct x64_asm *a, uint32_t label);
void x64_jmp_label(struct x64_asm *a, uint32_t label);
void x64_jcc_label(struct x64_asm *a, unsigned cc, uint32_t label);
void x64_call_label(struct x64_asm *a, uint32_t label);
/* Short forward jumps inside one sequence: x64_land(a, x64_hop(a, cc)) skips what stands between. */
uint32_t x64_hop(struct x64_asm *a, unsigned cc);
void x64_land(struct x64_asm *a, uint32_t hop);
uint32_t x64_pool_add(struct x64_asm *a, uint64_t value);
void x64_add_site(struct x64_asm *a, uint32_t src, uint8_t trap, bool is_fault);
/* Label of a cold `call` to the trap stub. */
uint32_t x64_trap_label(struct x64_asm *a, uint8_t trap, uint32_t src);

#endif
