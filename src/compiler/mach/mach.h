/* struct mach_func: machine instructions over virtual registers, and after assign.c over physical ones.
 *
 * Made by the ISA's select (from IR, backward, then laid out downward), rewritten by spill.c and assign.c,
 * read by emit. Registers: 0..31 integer, 32..63 float, as the ISA numbers them; from MACH_VREG0 on virtual.
 * Before assign, an operand may be physical only where the ISA pins it (instance, memory base, frame and
 * stack pointer); every other fixed register is said by op_info or by a call's lists. Phis stand at blocks,
 * their arguments on edges. No critical edges. What allocation relies on:
 *   - A virtual register is defined once, or several times in one block where all but the first are tied (USE
 * | DEF); an instruction does not read through one operand what it purely defines through another.
 *   - Definitions dominate uses; edges lead to later blocks, or back to the header of a loop around them; a
 * loop's blocks are contiguous.
 *   - A block with one successor ends in a jump that reads no register; one with several leads to blocks that
 * have no other predecessor. Virtual registers of 4 bytes of integer class are zero above, in registers and
 * in slots. */
#ifndef COMPILER_MACH_MACH_H
#define COMPILER_MACH_MACH_H

#include "base/vec.h"
#include "compiler/ir/func.h"

typedef uint32_t mreg;
enum { MACH_VREG0 = 64 };
#define MREG_NONE UINT32_MAX
#define MREG_SLOT (UINT32_MAX - 1) /* as base of a memory operand: frame slot number disp */
static inline bool mreg_is_phys(mreg r) { return r < MACH_VREG0; }
static inline bool mreg_is_virt(mreg r) { return r >= MACH_VREG0 && r < MREG_SLOT; }
static inline bool mreg_is_float(mreg phys) { return phys >= 32 && phys < 64; }

/* Operand roles, in the order d, s, base, idx. */
enum mach_role {
  ROLE_USE = 1,
  ROLE_DEF = 2,
  ROLE_FLOAT = 4,
  ROLE_EARLY =
      8, /* a def that is written before all uses are read, or a use that must outlive the def (no sharing) */
};
enum mach_op_flag {
  MF_CALL = 1,         /* imm indexes mach_func.calls: argument and result lists, clobbers */
  MF_JUMP = 2,         /* ends a block */
  MF_RETURN = 4,       /* ends a block and the function (also tail calls, traps) */
  MF_MOVE = 8,         /* d = s and nothing else */
  MF_READS_FLAGS = 16, /* nothing that writes flags may come between the writer and this */
  MF_WRITES_FLAGS = 32,
  MF_MEM = 64,       /* has a memory operand base + idx * 2^scale + disp */
  MF_SPILL_S = 128,  /* `s` may be replaced by a frame slot: the op becomes mem_op with base = MREG_SLOT, s =
                        MREG_NONE */
  MF_COMMUTES = 256, /* tied d and s may be exchanged */
};
struct mach_op_info {
  const char *name;
  uint8_t role[4];    /* d, s, base, idx; USE|DEF on d = tied: read, then written; no other is */
  uint8_t fixed[4];   /* physical register + 1 that the operand must be in; 0 = any of its class */
  uint64_t clobbers;  /* physical registers written besides the operands */
  uint16_t mem_op;    /* see MF_SPILL_S */
  uint16_t flags;     /* MF_* */
  uint8_t uses, defs; /* bit i: operand i is read, written */
  bool plain; /* asks for no certain register, destroys none, writes d at most, and last: any will do */
};
/* A row of a table of them: everything said once. */
#define MACH_ROLES_WITH(role, d, s, b, i)                                                                    \
  (((d) & (role) ? 1 : 0) | ((s) & (role) ? 2 : 0) | ((b) & (role) ? 4 : 0) | ((i) & (role) ? 8 : 0))
#define MACH_OP(name_, d, s, b, i, fd, fs, fb, clobbers_, mem_op_, flags_)                                   \
  {                                                                                                          \
    .name = name_, .role = {d, s, b, i}, .fixed = {fd, fs, fb, 0}, .clobbers = clobbers_, .mem_op = mem_op_, \
    .flags = flags_, .uses = MACH_ROLES_WITH(ROLE_USE, d, s, b, i),                                          \
    .defs = MACH_ROLES_WITH(ROLE_DEF, d, s, b, i),                                                           \
    .plain = !MACH_ROLES_WITH(ROLE_EARLY, d, s, b, i) && MACH_ROLES_WITH(ROLE_DEF, d, s, b, i) <= 1 &&       \
             (fd) == 0 && (fs) == 0 && (fb) == 0 && (clobbers_) == 0 && ((flags_)&MF_CALL) == 0              \
  }
/* The operands in such a set, the lowest first: MACH_EACH(i, info->uses) use(in->r[i]); */
#define MACH_EACH(i, set)                                                                                    \
  for (unsigned i##_left = (set), i = 0; i##_left && (i = (unsigned)__builtin_ctz(i##_left), true);          \
       i##_left &= i##_left - 1)

/* Ops 0.. are the same for every ISA; an ISA's own begin at MACH_OP_ISA0. None of these writes flags. */
enum mach_op {
  MACH_NOP,
  MACH_MOVE,   /* d = s (size: 4, 8, 16) */
  MACH_XCHG,   /* d <-> s (integer) */
  MACH_SPILL,  /* slot imm = s */
  MACH_RELOAD, /* d = slot imm */
  MACH_PARAMS, /* first instruction of the function: call imm's results are the register parameters */
  MACH_EVICT,  /* between spill and assign only: s is in no register any more */
  MACH_OP_ISA0
};

struct mach_insn {
  uint16_t op;
  uint8_t size;   /* operand size in bytes: 1 2 4 8 16 */
  uint8_t cc;     /* condition code */
  uint8_t scale;  /* log2 of idx's factor */
  uint8_t trap;   /* enum trap_code when the memory access may fault or the op traps; 0 = cannot */
  uint16_t flags; /* free for the ISA */
  union {
    struct {
      mreg d, s, base, idx;
    };
    mreg r[4]; /* the same */
  };
  int32_t disp, imm;
  uint32_t src; /* position of the instruction (code_inline) */
};
struct mach_fixed {
  mreg reg;
  uint8_t phys;
}; /* `reg` must be in (or comes from) `phys` */
struct mach_call {
  uint32_t args, nargs;             /* into mach_func.fixed: uses */
  uint32_t results, nresults;       /* into mach_func.fixed: defs */
  uint64_t clobbers;                /* physical registers lost across it */
  uint32_t args_size, results_size; /* stack bytes (abi/call.h) */
  uint32_t target;                  /* function index, builtin number; resumes: into mach_func.clauses */
  bool safepoint;                   /* objects may move meanwhile: no reference stays in a register */
  uint32_t map,
      nmap; /* after mach_maps: into mach_func.map_slots: frame slots with references that live across */
};
struct mach_block {
  uint32_t first, end;  /* into insns */
  uint32_t phis, nphis; /* into mach_func.phis */
  uint32_t succ, nsucc, pred,
      npred;     /* into succs, preds: edge numbers. JMP takes succ 0; Jcc succ 0 when true, else 1 */
  uint32_t loop; /* ir loop number; 0 none */
  uint32_t loop_depth;
  bool cold, header;
  bool landing; /* entered by an exception or a suspension: its only predecessor ends in a call, registers
                   that the call keeps are as there */
};
struct mach_vreg {
  uint8_t is_float, size; /* size in bytes: 4 8 16 */
  uint8_t is_ref;         /* a GC reference: belongs into stack maps */
  uint32_t remat; /* 1 + index into mach_func.remats, 0 = none: cheaper to compute again than to reload */
};

struct mach_func {
  struct arena *arena;
  const struct isa *isa;
  const struct ir_func *ir; /* for loops, types, listings */
  VEC(struct mach_insn) insns;
  VEC(struct mach_block) blocks; /* same numbers as the IR's */
  VEC(struct ir_edge) edges;     /* their `args` are into phi_args */
  VEC(uint32_t) succs, preds;
  VEC(mreg) phis, phi_args;
  VEC(struct mach_vreg) vregs; /* of register MACH_VREG0 + i */
  VEC(struct mach_call) calls;
  VEC(struct mach_fixed) fixed;
  VEC(struct mach_insn) remats; /* copied with a new d; must not read virtual registers or write flags */
  VEC(uint32_t) clauses;        /* of each resume: how many; offset of each one's tag, 1 more for a switch */
  VEC(uint64_t) pool;           /* constants of 8 bytes in the function's constant pool */
  uint32_t
      nslots_ref;  /* after spill: the first so many of the 8-byte slots hold references and nothing else */
  bool clear_refs; /* after mach_maps: all of them are visited at every call, and must be null at the
                      function's start */
  VEC(uint32_t) map_slots;
  uint32_t locals_off; /* where ir->nlocal_slots begin, from rsp */
  bool has_landings;
  uint32_t nslots8, nslots16; /* after spill: frame slots; 16-byte ones are numbered behind the 8-byte ones */
  uint32_t out_size;          /* bytes of outgoing stack arguments and results, the largest */
  uint32_t args_size, results_size; /* own stack arguments and results (abi/call.h) */
  uint64_t used_callee_saved;       /* after assign */
  bool has_calls;                   /* any MF_CALL or trap stub call: needs a frame and the stack check */
  bool saves_instance;              /* [rbp-8] = r15 */
};

/* Moves the instructions from `at` on `more` places up, so that a pass that reads them can write before them.
 * What stands in the gap, and what blocks say of positions, is the caller's to set right. */
void mach_open_gap(struct mach_func *f, uint32_t at, uint32_t more);
static inline mreg mach_vreg_new(struct mach_func *f, bool is_float, uint8_t size, bool is_ref) {
  if (f->vregs.len >= MREG_SLOT - MACH_VREG0) arena_out_of_memory(f->arena);
  struct mach_vreg v = {.is_float = is_float, .size = size, .is_ref = is_ref};
  VEC_PUSH(f->arena, &f->vregs, v);
  return MACH_VREG0 + f->vregs.len - 1;
}
static inline struct mach_vreg *mach_vreg_at(struct mach_func *f, mreg r) {
  return &f->vregs.at[r - MACH_VREG0];
}

#endif
