/* What spill.c decides and assign.c carries out.
 *
 * After spilling, each virtual register is in a register, in its slot, or both; code says so with SPILL,
 * RELOAD, EVICT and the kill bits, edges by the entry lists: a value in the list of an edge's target that is
 * not in a register at the edge's source is reloaded on the edge, a phi outside the list lives in its slot.
 */
#ifndef COMPILER_MACH_SPILL_H
#define COMPILER_MACH_SPILL_H

#include "compiler/mach/live.h"

#define SPILL_NO_SLOT UINT32_MAX
#define SPILL_PASSES  UINT32_MAX /* as entry_len: what the only predecessor has in registers at its end */

struct spill {
  struct live *live;
  VEC(uint32_t) entries;             /* virtual registers - MACH_VREG0 */
  uint32_t *entry_first, *entry_len; /* by block: what is in registers at its start, its phis included */
  uint8_t
      *kills; /* by instruction: bit i: after it, operand i is in no register any more (a def: it is dead) */
  size_t kills_size;
  bool *fixed_kill;    /* the same, parallel to mach_func.fixed */
  uint32_t *slot;      /* by virtual register: frame slot or SPILL_NO_SLOT */
  uint64_t *asked;     /* by block: registers that its instructions, but for calls, ask for or destroy */
  uint64_t *arguments; /* by block: registers that its calls take arguments in */
  bool *across_calls;  /* by virtual register: in a register across a call somewhere */
};

#endif
