/* Register allocation: the four passes between select and emit, in their order, and the checker that proves
 * them. */
#ifndef COMPILER_MACH_ALLOC_H
#define COMPILER_MACH_ALLOC_H

#include "base/out.h"
#include "compiler/mach/isa.h"

struct live;  /* mach/live.h: live-in lists with next-use distances, hints */
struct spill; /* mach/spill.h: what is in registers where */

/* needs: a selected function; keeps it. */
struct live *mach_live(struct mach_func *f, const struct isa_config *config);
/* After it, at every point at most as many virtual registers are in registers as the ISA has, and nothing but
 * what a call keeps crosses it: SPILLs, RELOADs, EVICTs and rematerializations stand in the code, what edges
 * must load in the result. */
struct spill *mach_spill(struct mach_func *f, struct live *live, const struct isa_config *config);
/* Names registers in one forward pass that cannot fail; phis and edges become moves. The end of `spill` and
 * of what live.c found. */
void mach_assign(struct mach_func *f, struct spill *spill, const struct isa_config *config);
/* After assign: which slots hold references across each call (mach_call.map). */
void mach_maps(struct mach_func *f);
/* Symbolic proof that `after` computes what `before` (a copy made after select) did. False: a bug of ours,
 * described. */
bool mach_regcheck(const struct mach_func *before, const struct mach_func *after, struct out *why);
struct mach_func *mach_copy(const struct mach_func *f);

void mach_print(const struct mach_func *f, struct out *out);

#endif
