/* Liveness, next uses, and what else one look at the whole function gives: the facts that spill.c decides by.
 *
 * Positions are indices into mach_func.insns; a next use is a position, or for a value that is next used in a
 * later block, this block's end plus the distance from there. Distances grow by classes: what is next used
 * outside a loop of depth d is at least live_beyond(d) away from inside it, what is used inside is nearer; so
 * a distance tells whether a loop uses a value. Entering cold code adds LIVE_COLD. Lists say what is live
 * into a block by forward paths only. A value that is live into a loop's header, defined before it, is live
 * in the whole loop and is not listed again: live_around finds its next use. */
#ifndef COMPILER_MACH_LIVE_H
#define COMPILER_MACH_LIVE_H

#include "compiler/mach/mach.h"

enum { LIVE_COLD = 10000, LIVE_FAR = 1 << 30 };
#define LIVE_NONE UINT32_MAX /* no next use: dead */
#define LIVE_ON                                                                                              \
  UINT32_MAX /* as in_len, of a block that only jumps: there is no list, its successor's says it */

struct live_in {
  uint32_t v;    /* virtual register - MACH_VREG0 */
  uint32_t dist; /* instructions from the block's start to the next use */
};
struct live_loop {
  uint32_t header, first, end; /* block; positions */
  uint32_t parent, depth;
  uint32_t press[2]; /* most values of a class that are live at once and used in the loop */
  bool calls;        /* outside cold blocks */
};
struct live_vreg {
  uint32_t def_block;
  uint32_t def, last; /* positions between which a slot of it is in use */
  mreg phi;           /* an edge takes it to this phi; MREG_NONE */
  uint8_t ndefs;
  uint8_t hint; /* physical register + 1 that a coming instruction wants it in; 0 = none */
  bool crosses; /* lives across blocks (only where the lists are missing) */
};
struct live {
  VEC(struct live_in) entries;
  uint32_t *in_first, *in_len; /* by block: range of entries; those of loop headers are sorted by v */
  /* Next uses behind each instruction, of its operands that are virtual, as a stack: the first instruction's
   * on top. Each pushes first those of what it only writes, then those of what it reads, in the order of
   * operands. spill.c takes them off. */
  VEC(uint32_t) next;
  uint32_t *fixed_next; /* parallel to mach_func.fixed */
  uint32_t *phi_next;   /* parallel to mach_func.phis: first use, or LIVE_NONE */
  struct live_vreg *vregs;
  struct live_loop *loops; /* numbers as in ir_func.loops */
  uint32_t nloops;
  bool no_lists; /* they would be too long: values that cross blocks live in slots, `crosses` says which */
};

/* Next use of `v`, live in `loop` and defined before it, by going around: the loop's end plus the distance
 * from its header, or the same of a loop around it. LIVE_FAR: far outside. */
uint32_t live_around(const struct live *live, uint32_t loop, uint32_t v);
/* Distance from the start of a header to the next use of `v`, by its list alone; LIVE_NONE: not in it. */
uint32_t live_at_header(const struct live *live, uint32_t loop, uint32_t v);
static inline uint32_t live_beyond(uint32_t depth) {
  return depth == 0 ? LIVE_FAR : depth < 7 ? UINT32_C(1) << (30 - 3 * depth) : 1 << 10;
}
/* `dist` from inside a loop where the path leaves all loops deeper than `kept`. */
static inline uint32_t live_leave(uint32_t dist, uint32_t kept) {
  uint32_t most = live_beyond(kept);
  return dist < most ? min_u32(dist + live_beyond(kept + 1), most - 1) : dist;
}
/* `dist` after `more` instructions where outside is `beyond`. */
static inline uint32_t live_longer(uint32_t dist, uint32_t more, uint32_t beyond) {
  return min_u32(dist + more, dist < beyond ? beyond - 1 : LIVE_FAR);
}
static inline bool live_is_back_edge(const struct ir_edge *e) { return e->to <= e->from; }
static inline uint32_t live_add(uint32_t at, uint32_t dist) { return at + dist; } /* both below 2^30 */

#endif
