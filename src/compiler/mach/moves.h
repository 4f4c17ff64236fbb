/* Parallel moves: several values change places at once, between registers, slots and constants. */
#ifndef COMPILER_MACH_MOVES_H
#define COMPILER_MACH_MOVES_H

#include "compiler/mach/mach.h"

/* A place: a physical register, LOC_SLOT + slot, or as a source LOC_REMAT + index of a rematerialization. */
typedef uint32_t mach_loc;
enum { LOC_SLOT = 64 };
#define LOC_REMAT UINT32_C(0x80000000)
static inline bool loc_is_reg(mach_loc l) { return l < LOC_SLOT; }
static inline bool loc_is_remat(mach_loc l) { return l >= LOC_REMAT; }
static inline bool loc_is_slot(mach_loc l) { return !loc_is_reg(l) && !loc_is_remat(l); }

struct move {
  mach_loc dst, src;
  uint8_t size; /* of the value, in bytes */
  bool is_float;
};
struct insn_list {
  struct mach_insn *at;
  uint32_t len, cap;
};
struct mover {
  struct mach_func *f;
  struct insn_list *out;
  uint32_t src;     /* offset in the module, for the instructions made */
  uint32_t *wanted; /* by location: moves that still read it */
  uint32_t *move;   /* by location: index + 1 of the move that writes it */
  uint32_t nlocs;
  struct move *pending;
  uint32_t *ready;
  uint32_t cap;
  uint32_t spare; /* a 16-byte slot for cycles, made when needed; UINT32_MAX */
};

void mover_init(struct mover *m, struct mach_func *f);
/* Appends instructions that do all n moves as if at once. Destinations differ from each other. `busy`:
 * registers that hold something else, before or after. No virtual registers, no flags are touched. */
void moves_resolve(struct mover *m, const struct move *moves, uint32_t n, uint64_t busy,
                   struct insn_list *out);
struct mach_insn mach_move_insn(mach_loc dst, mach_loc src, uint8_t size, bool is_float, uint32_t wasm_off);

#endif
