/* The state of spilling, shared by spill.c (instructions), spill_edge.c (blocks) and spill_rewrite.c (the
 * result); nobody else includes this.
 *
 * W is what is in registers. A value that is live and not in W is in its slot, or is computed again. In W it
 * is clean when its slot is written on all paths to here; leaving W dirty costs a store there, and the sum of
 * these costs decides whether it is stored at its definition instead. */
#ifndef COMPILER_MACH_SPILLER_H
#define COMPILER_MACH_SPILLER_H

#include "compiler/mach/isa.h"
#include "compiler/mach/spill.h"

enum { SPILL_W_MOST = 96, SPILL_USES_MOST = 48, SPILL_DEFS_MOST = 32 };

enum { SPILL_REWRITTEN = 0x80 /* among kill bits: the instruction does not stay what it is */ };

enum spill_event_kind { EVENT_RELOAD, EVENT_EVICT, EVENT_STORE };
struct spill_event {
  uint32_t at; /* before the instruction at this position */
  uint32_t v;
  uint8_t kind;
  bool dirty; /* EVICT, STORE: the slot is not written yet on this path */
};
struct spill_tail {
  uint32_t v, next; /* store at a block's end; index + 1 of the next one */
};
struct spill_value {
  uint32_t next;   /* next use while in W */
  uint32_t listed; /* block + 1: `dist` is of its live-in list */
  uint32_t dist;
  uint32_t seen, count; /* merges: stamp, number of predecessors that have it */
  union {
    float cost;      /* of storing where it is evicted */
    uint32_t def_at; /* of a value that can be computed again */
  };
  uint8_t defs_left;
  uint8_t at;          /* index + 1 in W; 0 = not there */
  bool is_float;       /* as its mach_vreg */
  bool remat;          /* can be computed again: needs no slot */
  bool clean;          /* its slot is written on all paths to here */
  bool used;           /* from the register that its definition gave it */
  bool slot : 1;       /* needs one */
  bool early : 1;      /* evicted between its definitions: each is stored */
  bool memory_phi : 1; /* a phi that edges bring to its slot */
  /* Of the present instruction: */
  bool reads : 1;
  bool writes : 1;
  bool leaving : 1; /* read, and evicted by it */
  bool late : 1;    /* read when others are written: leaving frees nothing */
};
struct spill_candidate {
  uint32_t v, next;
};
struct spill_operand {
  uint32_t v, next;
  uint32_t fixed;      /* index into mach_func.fixed */
  uint8_t phys, early; /* phys: register + 1 */
  uint8_t bit;         /* kill bit; 0xff: in the list of a call */
};
struct spiller {
  struct mach_func *f;
  struct live *live;
  struct spill *out;
  struct spill_value *values;
  uint32_t regs[2], limit[2]; /* allocatable registers, and how many the settings grant */
  uint64_t mask[2];
  uint64_t callee_saved;
  bool refs; /* there are references */
  uint32_t w[2][SPILL_W_MOST], nw[2];
  uint32_t stamp;
  uint32_t next[4]; /* of the present instruction: next uses of its operands */
  uint32_t block;
  uint32_t held;         /* block at whose end W is what it is now */
  uint32_t around_below; /* values defined before this block live around the present loop; 0: in no loop */
  uint32_t first;        /* where the block begins */
  uint32_t entry_loop, entry_below; /* at its start values defined before the second live around the first */
  uint32_t near;                    /* next uses from the block's start below this are what its list says */
  uint32_t far;                     /* next uses from here on may be nearer around the loop */
  VEC(struct spill_event) events;
  VEC(struct spill_tail) tails;
  uint32_t *tail_of; /* by block: index + 1 into tails */
  VEC(uint32_t) exits;
  uint32_t *exit_first, *exit_len; /* by block: v * 2 + clean */
  uint8_t *kills;                  /* by old position; SPILL_REWRITTEN besides */
  /* Of one block, of one instruction: here so that their memory is kept. */
  VEC(struct spill_candidate) cand[2], through[2];
  struct spill_operand use[SPILL_USES_MOST], def[SPILL_DEFS_MOST];
  uint32_t loads[SPILL_USES_MOST];
  uint32_t nuse, ndef, nloads;
};

static inline unsigned spill_class(const struct spiller *s, uint32_t v) { return s->values[v].is_float; }
static inline uint32_t spill_remat(const struct spiller *s, uint32_t v) { return s->f->vregs.at[v].remat; }

static inline void w_add(struct spiller *s, uint32_t v) {
  struct spill_value *val = &s->values[v];
  unsigned c = val->is_float;
  uint32_t n = s->nw[c];
  assert(!val->at && n < SPILL_W_MOST);
  s->w[c][n] = v;
  s->nw[c] = ++n;
  val->at = (uint8_t)n;
}

static inline void w_remove(struct spiller *s, uint32_t v) {
  struct spill_value *val = &s->values[v];
  unsigned c = val->is_float;
  uint32_t at = val->at, last = s->w[c][--s->nw[c]];
  assert(at);
  s->w[c][at - 1] = last;
  s->values[last].at = (uint8_t)at;
  val->at = 0;
}

static inline void spill_need_slot(struct spiller *s, uint32_t v) {
  if (!s->values[v].remat) s->values[v].slot = true;
}

/* A next use that seems to be missing or beyond the loop may come around it. */
static inline uint32_t spill_resolve(const struct spiller *s, uint32_t v, uint32_t next) {
  if (next < s->far || s->live->vregs[v].def_block >= s->around_below) return next;
  uint32_t around = live_around(s->live, s->f->blocks.at[s->block].loop, v);
  return around < next ? around : next;
}

/* `v` will be needed in its slot: counts the store, unless it is there. True when it has to be stored in
 * `block`. */
bool spill_leaves(struct spiller *s, uint32_t v, bool clean, uint32_t block);
float spill_frequency(const struct mach_block *b);

/* Successor i of the present block, its live-in list loaded, if a call lands there; else IR_NO_BLOCK. */
uint32_t spill_landing(struct spiller *s, uint32_t i);
/* That block becomes the present one. */
void spill_entry_begin(struct spiller *s, uint32_t n);
/* Is `v` live at the start of that block? */
bool spill_live_at(struct spiller *s, uint32_t v, uint32_t block);
/* Does all for the present block, if it is nothing but a jump behind a branch: W stays as it is. Its exit
 * list is its predecessor's, with what has died on the way: whoever reads it asks for what lives. */
bool spill_block_passes(struct spiller *s);
/* Chooses what is in registers at the start of the present block. */
void spill_block_begin(struct spiller *s);
void spill_block_end(struct spiller *s);
/* Events and stores become instructions. */
void spill_rewrite(struct spiller *s);

#endif
