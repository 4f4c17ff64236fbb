/* The state of assignment, shared by assign.c (instructions), assign_constrain.c (those that want certain
 * registers) and assign_edge.c (blocks); nobody else includes this. */
#ifndef COMPILER_MACH_ASSIGNER_H
#define COMPILER_MACH_ASSIGNER_H

#include "compiler/mach/isa.h"
#include "compiler/mach/moves.h"
#include "compiler/mach/spill.h"

#define ASSIGN_NO_REG 0xffu
enum { ASSIGN_USES_MOST = 48, ASSIGN_DEFS_MOST = 32, ASSIGN_SEATS_MOST = 96 };

struct assign_place {
  uint32_t v;
  uint8_t reg;
};
struct assign_seen {
  uint32_t stamp;
  uint32_t reg;
};
struct assign_tail { /* code of the edge that leaves a block, in `edge_code` */
  uint32_t first, len;
};
struct assign_operand {
  uint32_t v;
  uint8_t phys; /* register + 1 */
  bool use, def, early, kill;
};
enum assign_seat_kind { SEAT_SETTLED, SEAT_KEEPER, SEAT_OTHER, SEAT_EARLY };
struct assign_seat { /* assign_constrain.c: where a value will be */
  uint32_t v;
  uint8_t reg, kind;
};
struct assigner {
  /* The function's instructions are written over those that have been read: [0, written) are new, [unread,
   * end) old. */
  struct mach_func *f;
  uint32_t written, unread;
  uint32_t block;  /* the present one */
  uint32_t held;   /* the one at whose end all was where it is now */
  uint32_t *first; /* by block that has begun: where its new instructions do; one more behind the last */
  const struct live *live;
  const struct spill *spill;
  struct mover mover;
  uint8_t *loc;       /* by virtual register: physical register or ASSIGN_NO_REG */
  uint32_t value[64]; /* by physical register */
  uint64_t used;      /* physical registers that hold something */
  uint64_t allocatable, callee_saved, saved;
  uint8_t *phi_reg;   /* by virtual register: where a phi is, or where it would find an argument */
  uint8_t *entry_reg; /* parallel to spill->entries */
  VEC(struct assign_place) exits;
  uint32_t *exit_first, *exit_len;
  struct assign_tail *tail; /* by block */
  struct assign_seen *seen; /* by virtual register, for edges */
  uint32_t stamp;
  VEC(struct move) moves;
  struct insn_list edge_code;
  struct insn_list between; /* moves of one instruction or edge, until they are put */
  struct assign_operand ops[ASSIGN_USES_MOST + ASSIGN_DEFS_MOST]; /* of one instruction */
  struct assign_seat seats[ASSIGN_SEATS_MOST];
  uint64_t avoid;     /* registers that instructions of this block ask for */
  uint64_t arguments; /* registers that its calls do */
};

static inline uint32_t assign_index(mreg r) { return r - MACH_VREG0; }
static inline uint64_t reg_bit(uint8_t r) { return UINT64_C(1) << r; }
static inline uint64_t class_mask(const struct assigner *a, uint32_t v) {
  uint64_t low = UINT32_MAX;
  return a->allocatable & (a->f->vregs.at[v].is_float ? ~low : low);
}

static inline void assign_hold(struct assigner *a, uint32_t v, uint8_t r) {
  assert(!(a->used & reg_bit(r)) && a->loc[v] == ASSIGN_NO_REG);
  a->used |= reg_bit(r);
  a->saved |= reg_bit(r) & a->callee_saved;
  a->value[r] = v;
  a->loc[v] = r;
}

static inline void assign_drop(struct assigner *a, uint32_t v) {
  uint8_t r = a->loc[v];
  if (r == ASSIGN_NO_REG) return;
  a->used &= ~reg_bit(r);
  a->loc[v] = ASSIGN_NO_REG;
}

static inline struct move assign_move_of(const struct assigner *a, uint32_t v, mach_loc dst, mach_loc src) {
  const struct mach_vreg *r = &a->f->vregs.at[v];
  return (struct move){.dst = dst, .src = src, .size = r->size, .is_float = r->is_float};
}

/* Appends an instruction to the code; all of `between`. */
void assign_put(struct assigner *a, const struct mach_insn *in);
void assign_put_moves(struct assigner *a);
/* A register for `v` out of `allowed`, which is not empty. */
uint8_t assign_pick(struct assigner *a, uint32_t v, uint64_t allowed);
/* `v` gets one that is free and not `forbidden`. */
void assign_define(struct assigner *a, uint32_t v, uint64_t forbidden);
/* Moves values so that the instruction with these operands, which loses `lost`, finds its uses where it wants
 * them, and what lives on is safe; places its early definitions. */
void assign_constrain(struct assigner *a, const struct assign_operand *ops, uint32_t n, uint64_t lost);
bool assign_redefined(const struct assign_operand *ops, uint32_t n, uint32_t v);
/* Does what the two below do for block n, if nothing but stores and a jump are in it, behind a branch: all
 * stays where it is. */
bool assign_block_passes(struct assigner *a, uint32_t n);
/* What is where at the start of block n; the moves of edges into it from done blocks. */
void assign_block_begin(struct assigner *a, uint32_t n);
/* Remembers where all is. */
void assign_block_end(struct assigner *a, uint32_t n);
/* The moves of edges back from block n, whose code is complete. */
void assign_back_edges(struct assigner *a, uint32_t n);

#endif
