/* Spilling by next use (Belady's MIN), forward over the blocks.
 *
 * W is what is in registers: never more than there are, and across an instruction never more than it keeps (a
 * call: the callee-saved registers). What must go is what is used last. A value has one slot, written once:
 * at its definition, or where it leaves its register if that is colder. Values that a single instruction
 * computes are computed again instead. At merges W is what all hot predecessors have; at a loop's header what
 * the loop uses, then what passes through it while that costs the loop no register. Must not: look at an
 * instruction twice, so it stays linear. */
#include "compiler/mach/slots.h"

#include "compiler/mach/alloc.h"

#include <string.h>

enum { NEAR = 64 /* instructions: a phi used so soon is worth a register */ };
enum { FOLD_FAR = 24 /* a spilled operand used again no sooner is read from its slot */ };
enum { W_MOST = 96, USES_MOST = 48, DEFS_MOST = 32 };
enum { FEWEST_INT = 3, FEWEST_FLOAT = 3 /* that an instruction's own operands may need */ };

enum event_kind { EVENT_RELOAD, EVENT_EVICT, EVENT_STORE };
struct event {
  uint32_t at; /* before the instruction at this position */
  uint32_t v;
  uint8_t kind;
  bool dirty; /* EVICT, STORE: the slot is not written yet on this path */
};
struct tail {
  uint32_t v, next; /* store at a block's end; index + 1 of the next one */
};
struct value {
  uint32_t next; /* next use while in W */
  uint32_t mark; /* == now: operand of the present instruction */
  uint32_t defmark;
  uint32_t listed; /* block + 1: `dist` is of its live-in list */
  uint32_t dist;
  uint32_t seen, count; /* merges: stamp, number of predecessors that have it */
  uint32_t defs_left;
  uint32_t def_at;
  float cost;      /* of storing where it is evicted */
  uint8_t at;      /* index + 1 in W; 0 = not there */
  bool clean;      /* its slot is written on all paths to here */
  bool slot;       /* needs one */
  bool early;      /* evicted between its definitions: each is stored */
  bool memory_phi; /* a phi that edges bring to its slot */
  bool leaving;    /* read by the present instruction, evicted by it */
  bool late;       /* read by it when others are written: leaving frees nothing */
  bool used;       /* from the register that its definition gave it */
};
struct candidate {
  uint32_t v, next;
};
struct spiller {
  struct mach_func *f;
  struct live *live;
  struct spill *out;
  struct value *values;
  uint32_t regs[2], limit[2]; /* allocatable registers, and how many the settings grant */
  uint64_t mask[2];
  uint64_t callee_saved;
  uint32_t w[2][W_MOST], nw[2];
  uint32_t now, stamp;
  uint32_t block;
  VEC(struct event) events;
  VEC(struct tail) tails;
  uint32_t *tail_of; /* by block: index + 1 into tails */
  VEC(uint32_t) exits;
  uint32_t *exit_first, *exit_len;           /* by block: v * 2 + clean */
  uint8_t *kills;                            /* by old position */
  VEC(struct candidate) cand[2], through[2]; /* of one block; here to keep their memory */
};
struct operand {
  uint32_t v, next;
  uint8_t phys, early; /* phys: register + 1 */
  uint8_t bit;         /* kill bit; 0xff: in the list of a call */
  uint32_t fixed;
};

static uint32_t index_of(mreg r) { return r - MACH_VREG0; }
static unsigned class_of(const struct spiller *s, uint32_t v) { return s->f->vregs.at[v].is_float; }
static uint32_t remat_of(const struct spiller *s, uint32_t v) { return s->f->vregs.at[v].remat; }
static bool in_w(const struct spiller *s, uint32_t v) { return s->values[v].at != 0; }

static float frequency(const struct mach_block *b) {
  float f = b->cold ? 0.01f : 1;
  for (uint32_t d = 0; d < b->loop_depth && d < 8; d++)
    f *= 8;
  return f;
}

static void w_add(struct spiller *s, uint32_t v) {
  unsigned c = class_of(s, v);
  assert(!in_w(s, v) && s->nw[c] < W_MOST);
  s->w[c][s->nw[c]++] = v;
  s->values[v].at = (uint8_t)s->nw[c];
}

static void w_remove(struct spiller *s, uint32_t v) {
  unsigned c = class_of(s, v);
  uint32_t at = s->values[v].at, last = s->w[c][--s->nw[c]];
  assert(at);
  s->w[c][at - 1] = last;
  s->values[last].at = (uint8_t)at;
  s->values[v].at = 0;
}

static void w_clear(struct spiller *s) {
  for (unsigned c = 0; c < 2; c++)
    while (s->nw[c])
      w_remove(s, s->w[c][s->nw[c] - 1]);
}

static void need_slot(struct spiller *s, uint32_t v) {
  if (!remat_of(s, v)) s->values[v].slot = true;
}

/* A next use that seems to be missing or beyond the loop may come around it. */
static uint32_t resolve(const struct spiller *s, uint32_t v, uint32_t next) {
  const struct mach_block *b = &s->f->blocks.at[s->block];
  if (!b->loop || s->live->no_lists) return next;
  if (next != LIVE_NONE && next < b->end + LIVE_LOOP_EXIT) return next;
  if (s->live->vregs[v].def_block >= s->live->loops[b->loop].header) return next;
  uint32_t around = live_around(s->live, b->loop, v);
  return around < next ? around : next;
}

/* Next use of `v` from the start of the present block, whose list is loaded; LIVE_NONE: not live. */
static uint32_t next_at_entry(const struct spiller *s, uint32_t v) {
  const struct mach_block *b = &s->f->blocks.at[s->block];
  const struct live *live = s->live;
  uint32_t next = LIVE_NONE;
  if (s->values[v].listed == s->block + 1) {
    next = live_add(b->first, s->values[v].dist);
    if (next < b->first + LIVE_LOOP_EXIT) return next;
  }
  uint32_t loop = b->loop;
  if (loop && live->loops[loop].header == s->block) loop = live->loops[loop].parent;
  if (!loop || live->no_lists || live->vregs[v].def_block >= live->loops[loop].header) return next;
  uint32_t around = live_around(live, loop, v);
  return around < next ? around : next;
}

static void event(struct spiller *s, uint32_t at, enum event_kind kind, uint32_t v, bool dirty) {
  struct event e = {.at = at, .v = v, .kind = (uint8_t)kind, .dirty = dirty};
  VEC_PUSH(s->f->arena, &s->events, e);
}

/* `v` will be needed in its slot: counts the store, unless it is there. True when it has to be stored here.
 */
static bool leaves(struct spiller *s, uint32_t v, bool clean, uint32_t block) {
  struct value *val = &s->values[v];
  if (remat_of(s, v)) return false;
  val->slot = true;
  if (val->defs_left && s->live->vregs[v].def_block == block) val->early = true;
  if (clean) return false;
  val->cost += frequency(&s->f->blocks.at[block]);
  return true;
}

static void evict(struct spiller *s, uint32_t at, uint32_t v) {
  struct value *val = &s->values[v];
  bool dirty = leaves(s, v, val->clean, s->block);
  if (remat_of(s, v) && !val->used && val->def_at != LIVE_NONE) s->f->insns.at[val->def_at].op = MACH_NOP;
  event(s, at, EVENT_EVICT, v, dirty);
  w_remove(s, v);
}

/* How willingly a value goes: the later its next use the more, and what costs no store and no load before
 * others. */
static uint64_t eviction_order(const struct spiller *s, uint32_t v, uint32_t at) {
  uint64_t dist = s->values[v].next - at;
  return remat_of(s, v) ? dist * 4 : dist * 3;
}

/* The value of class c, not defined here, that goes first; `operands`: those of the instruction too. */
static uint32_t choose_victim(const struct spiller *s, unsigned c, uint32_t at, bool operands) {
  uint32_t best = LIVE_NONE;
  uint64_t most = 0;
  for (uint32_t k = 0; k < s->nw[c]; k++) {
    uint32_t v = s->w[c][k];
    const struct value *val = &s->values[v];
    if (val->defmark == s->now || val->next == LIVE_NONE) continue;
    if (val->mark == s->now && (!operands || val->leaving || val->late)) continue;
    uint64_t order = eviction_order(s, v, at);
    if (best == LIVE_NONE || order > most) {
      best = v;
      most = order;
    }
  }
  return best;
}

/* Operands that a slot or a recomputation can stand in for. */
static void fold_slots(struct spiller *s, uint32_t at, struct mach_insn *in) {
  const struct mach_op_info *info = &s->f->isa->ops[in->op];
  if (!mreg_is_virt(in->s) || in_w(s, index_of(in->s))) return;
  uint32_t v = index_of(in->s);
  if (in->op == MACH_MOVE) {
    mreg d = in->d;
    if (!mreg_is_virt(d)) return;
    if (remat_of(s, v)) {
      uint32_t src = in->src;
      *in = s->f->remats.at[remat_of(s, v) - 1];
      in->d = d;
      in->src = src;
      s->live->ops[at].next[1] = LIVE_NONE;
      return;
    }
    uint32_t next = s->live->ops[at].next[1];
    if (next != LIVE_NONE && next < at + FOLD_FAR) return;
    in->op = MACH_RELOAD;
    in->size = s->f->vregs.at[v].size;
    in->imm = (int32_t)v;
    in->s = MREG_NONE;
    need_slot(s, v);
    return;
  }
  if (!(info->flags & MF_SPILL_S) || remat_of(s, v)) return;
  if (in->d == in->s || in->base != MREG_NONE || in->idx != MREG_NONE) return;
  uint32_t next = resolve(s, v, s->live->ops[at].next[1]);
  if (next != LIVE_NONE && next < at + FOLD_FAR) return;
  in->op = info->mem_op;
  in->s = MREG_NONE;
  in->base = MREG_SLOT;
  in->disp = (int32_t)v;
  in->scale = 0;
  need_slot(s, v);
}

struct shape {        /* what an instruction asks of one class of registers */
  uint32_t blocked;   /* registers that nothing can be in across it */
  uint32_t free_defs; /* defs that may be anywhere */
  uint32_t early_defs, early_uses;
  uint64_t fixed_uses, fixed_defs;
};

static void operand_add(const struct spiller *s, struct operand *list, uint32_t *n, uint32_t most,
                        struct operand o) {
  assert(*n < most);
  (void)s;
  (void)most;
  list[(*n)++] = o;
}

/* One instruction: loads what it reads, makes room for what it writes and keeps. */
static void step(struct spiller *s, uint32_t at) {
  struct mach_func *f = s->f;
  struct mach_insn *in = &f->insns.at[at];
  if (in->op == MACH_NOP) return;
  fold_slots(s, at, in);
  const struct mach_op_info *info = &f->isa->ops[in->op];
  const uint32_t *next = s->live->ops[at].next;
  struct operand use[USES_MOST], def[DEFS_MOST];
  uint32_t nuse = 0, ndef = 0;
  uint64_t clobbers = info->clobbers;
  s->now++;
  const mreg r[4] = {in->d, in->s, in->base, in->idx};
  for (unsigned i = 0; i < 4; i++) {
    if (!mreg_is_virt(r[i]) || !info->role[i]) continue;
    struct operand o = {.v = index_of(r[i]),
                        .next = next[i],
                        .phys = info->fixed[i],
                        .early = (info->role[i] & ROLE_EARLY) != 0,
                        .bit = (uint8_t)i};
    if (info->role[i] & ROLE_USE) operand_add(s, use, &nuse, USES_MOST, o);
    if (info->role[i] & ROLE_DEF) operand_add(s, def, &ndef, DEFS_MOST, o);
  }
  bool is_call = (info->flags & MF_CALL) || in->op == MACH_PARAMS;
  if (is_call) {
    const struct mach_call *call = &f->calls.at[in->imm];
    clobbers |= call->clobbers;
    for (uint32_t i = 0; i < call->nargs + call->nresults; i++) {
      bool arg = i < call->nargs;
      uint32_t at_fixed = arg ? call->args + i : call->results + i - call->nargs;
      const struct mach_fixed *x = &f->fixed.at[at_fixed];
      struct operand o = {.v = index_of(x->reg),
                          .next = s->live->fixed_next[at_fixed],
                          .phys = (uint8_t)(x->phys + 1),
                          .bit = 0xff,
                          .fixed = at_fixed};
      if (arg)
        operand_add(s, use, &nuse, USES_MOST, o);
      else
        operand_add(s, def, &ndef, DEFS_MOST, o);
    }
  }
  uint32_t loads[USES_MOST], nloads = 0;
  for (uint32_t i = 0; i < nuse; i++) {
    struct value *val = &s->values[use[i].v];
    if (val->mark == s->now) continue;
    val->mark = s->now;
    val->leaving = val->late = false;
    val->used = true;
    if (!val->at) {
      loads[nloads++] = use[i].v;
      need_slot(s, use[i].v);
      w_add(s, use[i].v);
      val->clean = true;
    }
    val->next = resolve(s, use[i].v, use[i].next);
  }
  for (uint32_t i = 0; i < nuse; i++)
    if (use[i].early && !use[i].phys) s->values[use[i].v].late = true;
  for (uint32_t i = 0; i < ndef; i++)
    s->values[def[i].v].defmark = s->now;

  /* Per class: what may stay across it, then what may be there before it. */
  for (unsigned c = 0; c < 2; c++) {
    struct shape shape = {0};
    for (uint32_t i = 0; i < ndef; i++) {
      if (class_of(s, def[i].v) != c) continue;
      if (def[i].phys) {
        shape.fixed_defs |= UINT64_C(1) << (def[i].phys - 1);
        shape.early_defs += def[i].early;
        continue;
      }
      shape.free_defs++;
      shape.early_defs += def[i].early && s->values[def[i].v].mark != s->now;
    }
    uint64_t lost = (clobbers | shape.fixed_defs) & s->mask[c], taken = 0;
    uint32_t keep = 0, other_inputs = 0;
    for (uint32_t i = 0; i < nuse; i++) {
      const struct value *val = &s->values[use[i].v];
      if (class_of(s, use[i].v) != c) continue;
      bool stays = val->next != LIVE_NONE && val->defmark != s->now;
      if (use[i].phys) {
        uint64_t bit = UINT64_C(1) << (use[i].phys - 1);
        if (stays && !(lost & bit) && !(shape.fixed_uses & bit))
          keep++;
        else
          taken |= bit;
        shape.fixed_uses |= bit;
      } else if (!stays) {
        other_inputs++;
        if (use[i].early) shape.early_uses++;
      }
    }
    if (!s->nw[c]) continue;
    shape.blocked = (uint32_t)__builtin_popcountll((lost | taken) & s->mask[c]);
    uint32_t stay = 0;
    for (uint32_t k = 0; k < s->nw[c]; k++) {
      const struct value *val = &s->values[s->w[c][k]];
      stay += val->next != LIVE_NONE && val->defmark != s->now;
    }
    uint32_t gone = shape.blocked + shape.free_defs + shape.early_uses;
    uint32_t most = s->regs[c] > gone ? s->regs[c] - gone : 0;
    most = min_u32(most, s->limit[c] > shape.free_defs ? s->limit[c] - shape.free_defs : 0);
    while (stay > most) {
      uint32_t v = choose_victim(s, c, at, true);
      if (v == LIVE_NONE) break; /* the settings grant less than the instruction needs */
      stay--;
      if (s->values[v].mark == s->now) { /* read from its register for the last time */
        struct value *val = &s->values[v];
        if (leaves(s, v, val->clean, s->block)) event(s, at, EVENT_STORE, v, true);
        val->leaving = true;
        for (uint32_t i = 0; i < nuse; i++)
          if (use[i].v == v) {
            if (use[i].phys)
              keep -= keep > 0;
            else
              other_inputs++;
          }
      } else {
        evict(s, at, v);
      }
    }
    uint32_t fixed = (uint32_t)__builtin_popcountll(shape.fixed_uses & s->mask[c]);
    uint32_t before = fixed + (stay - min_u32(stay, keep)) + other_inputs + shape.early_defs;
    while (before > min_u32(s->limit[c], s->regs[c])) {
      uint32_t v = choose_victim(s, c, at, false);
      if (v == LIVE_NONE) break; /* the settings grant less than the instruction needs */
      evict(s, at, v);
      before--;
    }
  }
  for (uint32_t i = 0; i < nloads; i++)
    event(s, at, EVENT_RELOAD, loads[i], false);

  for (uint32_t i = 0; i < nuse; i++) {
    struct value *val = &s->values[use[i].v];
    if (val->defmark == s->now || (val->next != LIVE_NONE && !val->leaving)) continue;
    if (use[i].bit == 0xff)
      s->out->fixed_kill[use[i].fixed] = true;
    else
      s->kills[at] |= (uint8_t)(1u << use[i].bit);
    if (val->at) w_remove(s, use[i].v);
  }
  if (is_call && in->op != MACH_PARAMS)
    for (unsigned c = 0; c < 2; c++)
      for (uint32_t k = 0; k < s->nw[c]; k++)
        if (s->values[s->w[c][k]].defmark != s->now) s->out->across_calls[s->w[c][k]] = true;
  for (uint32_t i = 0; i < ndef; i++) {
    struct value *val = &s->values[def[i].v];
    val->next = resolve(s, def[i].v, def[i].next);
    val->clean = false;
    val->def_at = remat_of(s, def[i].v) ? at : LIVE_NONE;
    val->used = val->mark == s->now;
    if (val->defs_left) val->defs_left--;
    if (val->next == LIVE_NONE) {
      if (def[i].bit == 0xff)
        s->out->fixed_kill[def[i].fixed] = true;
      else
        s->kills[at] |= (uint8_t)(1u << def[i].bit);
      if (val->at) w_remove(s, def[i].v);
    } else if (!val->at) {
      w_add(s, def[i].v);
    }
  }
}

/* Edges: what is in registers at a block's start. */

/* The `most` candidates with the nearest uses come first; returns how many. Heap of the nearest, farthest on
 * top. */
static uint32_t nearest(struct candidate *at, uint32_t n, uint32_t most) {
  if (n <= most) return n;
  if (!most) return 0;
  for (uint32_t i = 0; i < n; i++) {
    struct candidate x = at[i];
    uint32_t k;
    if (i < most) { /* sift up */
      for (k = i; k && at[(k - 1) / 2].next < x.next; k = (k - 1) / 2)
        at[k] = at[(k - 1) / 2];
      at[k] = x;
      continue;
    }
    if (x.next >= at[0].next) continue;
    for (k = 0;;) { /* replace the top */
      uint32_t child = 2 * k + 1;
      if (child >= most) break;
      if (child + 1 < most && at[child + 1].next > at[child].next) child++;
      if (at[child].next <= x.next) break;
      at[k] = at[child];
      k = child;
    }
    at[k] = x;
  }
  return most;
}

static const struct mach_edge *pred_edge(const struct spiller *s, const struct mach_block *b, uint32_t i) {
  return &s->f->edges.at[s->f->preds.at[b->pred + i]];
}

static void enter(struct spiller *s, uint32_t v, uint32_t next, bool clean) {
  w_add(s, v);
  s->values[v].next = next;
  s->values[v].clean = clean;
  s->values[v].used = true;
  VEC_PUSH(s->f->arena, &s->out->entries, v);
  s->out->entry_len[s->block]++;
}

static bool phi_wanted(struct spiller *s, uint32_t phi, uint32_t next, uint32_t k, bool header) {
  const struct mach_block *b = &s->f->blocks.at[s->block];
  (void)phi;
  if (header) return next < b->first + LIVE_LOOP_EXIT;
  if (next < b->first + NEAR) return true;
  for (uint32_t i = 0; i < b->npred; i++) {
    const struct mach_edge *e = pred_edge(s, b, i);
    if (live_is_back_edge(e) || (s->f->blocks.at[e->from].cold && !b->cold)) continue;
    uint32_t a = index_of(s->f->phi_args.at[e->args + k]);
    for (uint32_t j = 0; j < s->exit_len[e->from]; j++)
      if (s->exits.at[s->exit_first[e->from] + j] / 2 == a) return true;
    if (i > 4) break;
  }
  return false;
}

/* What the edge costs when its target's registers are known: reloads on it, stores before it. */
static void edge_transfer(struct spiller *s, const struct mach_edge *e) {
  struct mach_func *f = s->f;
  const struct mach_block *to = &f->blocks.at[e->to];
  bool back = live_is_back_edge(e);
  uint32_t here = ++s->stamp, first = s->exit_first[e->from];
  for (uint32_t i = 0; i < s->exit_len[e->from]; i++) {
    struct value *val = &s->values[s->exits.at[first + i] / 2];
    val->seen = here;
    val->count = s->exits.at[first + i] & 1;
  }
  const uint32_t *entry = s->out->entries.at + s->out->entry_first[e->to];
  for (uint32_t i = 0; i < s->out->entry_len[e->to]; i++) {
    struct value *val = &s->values[entry[i]];
    if (s->live->vregs[entry[i]].def_block == e->to) continue; /* a phi */
    if (val->seen != here)
      need_slot(s, entry[i]);
    else {
      if (!back && !val->count) val->clean = false;
      val->seen = 0;
    }
  }
  for (uint32_t k = 0; k < to->nphis; k++) {
    if (s->live->phi_next[to->phis + k] == LIVE_NONE) continue;
    uint32_t a = index_of(f->phi_args.at[e->args + k]);
    bool in_register = false;
    for (uint32_t i = 0; i < s->exit_len[e->from] && !in_register; i++)
      in_register = s->exits.at[first + i] / 2 == a;
    if (!in_register) need_slot(s, a);
  }
  for (uint32_t i = 0; i < s->exit_len[e->from]; i++) {
    uint32_t v = s->exits.at[first + i] / 2;
    bool clean = s->exits.at[first + i] & 1;
    if (s->values[v].seen != here) continue; /* in a register there too */
    bool live = back ? s->live->vregs[v].def_block < e->to : next_at_entry(s, v) != LIVE_NONE;
    if (!live || !leaves(s, v, clean, e->from)) continue;
    struct tail t = {.v = v, .next = s->tail_of[e->from]};
    VEC_PUSH(f->arena, &s->tails, t);
    s->tail_of[e->from] = s->tails.len;
  }
}

/* Chooses what is in registers at the start of the present block. */
static void block_begin(struct spiller *s) {
  struct mach_func *f = s->f;
  const struct live *live = s->live;
  uint32_t n = s->block;
  const struct mach_block *b = &f->blocks.at[n];
  bool header = b->header && b->loop && live->loops[b->loop].header == n;
  w_clear(s);
  s->out->entry_first[n] = s->out->entries.len;
  s->out->entry_len[n] = 0;
  const struct live_in *in = live->entries.at + live->in_first[n];
  uint32_t nin = live->no_lists ? 0 : live->in_len[n];
  for (uint32_t i = 0; i < nin; i++) {
    s->values[in[i].v].listed = n + 1;
    s->values[in[i].v].dist = in[i].dist;
  }
  uint32_t forward = 0, hot = 0, total = nin + b->nphis;
  for (uint32_t i = 0; i < b->npred; i++) {
    const struct mach_edge *e = pred_edge(s, b, i);
    if (live_is_back_edge(e)) continue;
    forward++;
    hot += !f->blocks.at[e->from].cold;
    total += s->exit_len[e->from];
  }
  if (live->no_lists) {
    for (uint32_t k = 0; k < b->nphis; k++)
      if (live->phi_next[b->phis + k] != LIVE_NONE ||
          live->vregs[index_of(f->phis.at[b->phis + k])].crosses) {
        s->values[index_of(f->phis.at[b->phis + k])].memory_phi = true;
        s->values[index_of(f->phis.at[b->phis + k])].slot = true;
      }
  } else if (b->npred == 1 && !b->nphis) {
    const struct mach_edge *e = pred_edge(s, b, 0);
    for (uint32_t i = 0; i < s->exit_len[e->from]; i++) {
      uint32_t x = s->exits.at[s->exit_first[e->from] + i];
      uint32_t next = next_at_entry(s, x / 2);
      if (next != LIVE_NONE) enter(s, x / 2, next, x & 1);
    }
    return;
  } else {
    if (b->cold || !hot) hot = 0; /* all predecessors count */
    struct candidate *cand[2], *through[2];
    uint32_t ncand[2] = {0}, nthrough[2] = {0};
    for (unsigned c = 0; c < 2; c++) {
      VEC_RESERVE(f->arena, &s->cand[c], total);
      VEC_RESERVE(f->arena, &s->through[c], total);
      cand[c] = s->cand[c].at;
      through[c] = s->through[c].at;
    }
    uint32_t here = ++s->stamp;
    if (header)
      for (uint32_t i = 0; i < nin; i++)
        if (in[i].dist < LIVE_LOOP_EXIT) {
          unsigned c = class_of(s, in[i].v);
          cand[c][ncand[c]++] = (struct candidate){in[i].v, b->first + in[i].dist};
        }
    for (uint32_t i = 0; i < b->npred; i++) {
      const struct mach_edge *e = pred_edge(s, b, i);
      if (live_is_back_edge(e)) continue;
      bool counts = !hot || !f->blocks.at[e->from].cold;
      for (uint32_t j = 0; j < s->exit_len[e->from]; j++) {
        uint32_t v = s->exits.at[s->exit_first[e->from] + j] / 2;
        struct value *val = &s->values[v];
        if (val->seen != here) {
          val->seen = here;
          val->count = 0;
        }
        val->count += counts;
        if (val->count != (hot ? hot : forward) || !counts) continue;
        uint32_t next = next_at_entry(s, v);
        if (next == LIVE_NONE || (header && next < b->first + LIVE_LOOP_EXIT)) continue;
        unsigned c = class_of(s, v);
        if (header)
          through[c][nthrough[c]++] = (struct candidate){v, next};
        else
          cand[c][ncand[c]++] = (struct candidate){v, next};
      }
    }
    uint32_t nphi_cand[2] = {0};
    for (uint32_t k = 0; k < b->nphis; k++) {
      uint32_t v = index_of(f->phis.at[b->phis + k]), next = live->phi_next[b->phis + k];
      if (next == LIVE_NONE) continue;
      unsigned c = class_of(s, v);
      if (phi_wanted(s, v, next, k, header)) {
        cand[c][ncand[c]++] = (struct candidate){v, next};
        nphi_cand[c]++;
      }
      s->values[v].memory_phi = true; /* unless chosen below */
    }
    for (unsigned c = 0; c < 2; c++) {
      uint32_t most = s->limit[c];
      uint32_t kept = (uint32_t)__builtin_popcountll(s->callee_saved & s->mask[c]);
      bool calls = header && live->loops[b->loop].calls;
      if (calls) most = min_u32(most, kept + nphi_cand[c]);
      uint32_t got = nearest(cand[c], ncand[c], most);
      for (uint32_t i = 0; i < got; i++) {
        s->values[cand[c][i].v].memory_phi = false;
        enter(s, cand[c][i].v, cand[c][i].next, true);
      }
      if (!header) continue;
      uint32_t room = calls ? min_u32(kept, most) : most;
      uint32_t used = max_u32(got, calls ? 0 : live->loops[b->loop].press[c]);
      uint32_t more = nearest(through[c], nthrough[c], room > used ? room - used : 0);
      for (uint32_t i = 0; i < more; i++)
        enter(s, through[c][i].v, through[c][i].next, true);
    }
    for (uint32_t k = 0; k < b->nphis; k++) {
      struct value *val = &s->values[index_of(f->phis.at[b->phis + k])];
      if (live->phi_next[b->phis + k] == LIVE_NONE) continue;
      if (val->memory_phi)
        val->slot = true;
      else
        val->clean = false;
    }
  }
  for (uint32_t i = 0; i < b->npred; i++)
    if (!live_is_back_edge(pred_edge(s, b, i))) edge_transfer(s, pred_edge(s, b, i));
}

static void block_end(struct spiller *s) {
  struct mach_func *f = s->f;
  uint32_t n = s->block;
  const struct mach_block *b = &f->blocks.at[n];
  s->exit_first[n] = s->exits.len;
  for (unsigned c = 0; c < 2; c++)
    for (uint32_t k = 0; k < s->nw[c]; k++) {
      struct value *val = &s->values[s->w[c][k]];
      val->used = true;
      VEC_PUSH(f->arena, &s->exits, s->w[c][k] * 2 + val->clean);
    }
  s->exit_len[n] = s->exits.len - s->exit_first[n];
  for (uint32_t i = 0; i < b->nsucc; i++) {
    const struct mach_edge *e = &f->edges.at[f->succs.at[b->succ + i]];
    if (live_is_back_edge(e)) edge_transfer(s, e);
  }
}

/* Rewriting: events and stores become instructions. */

struct rewriter {
  struct spiller *s;
  struct mach_insn *out;
  uint8_t *kills;
  uint32_t n;
};

static void put(struct rewriter *w, struct mach_insn in, uint8_t kills) {
  w->out[w->n] = in;
  w->kills[w->n++] = kills;
}

static struct mach_insn slot_insn(const struct spiller *s, enum mach_op op, uint32_t v, uint32_t src) {
  const struct mach_vreg *r = &s->f->vregs.at[v];
  struct mach_insn in = {.op = (uint16_t)op,
                         .size = r->size,
                         .d = MREG_NONE,
                         .s = MREG_NONE,
                         .base = MREG_NONE,
                         .idx = MREG_NONE,
                         .imm = (int32_t)s->out->slot[v],
                         .src = src};
  if (op == MACH_SPILL && !r->is_float) in.size = 8;
  if (op == MACH_RELOAD)
    in.d = MACH_VREG0 + v;
  else
    in.s = MACH_VREG0 + v;
  return in;
}

/* Stored at the definition, not where it is evicted. */
static bool stored_at_def(const struct spiller *s, uint32_t v) {
  const struct value *val = &s->values[v];
  if (!val->slot || val->memory_phi) return false;
  if (s->live->no_lists) return true;
  return val->cost > 0 && val->cost >= frequency(&s->f->blocks.at[s->live->vregs[v].def_block]);
}

static void put_event(struct rewriter *w, const struct event *e, uint32_t src) {
  struct spiller *s = w->s;
  if (e->kind == EVENT_RELOAD) {
    if (!remat_of(s, e->v)) {
      put(w, slot_insn(s, MACH_RELOAD, e->v, src), 0);
      return;
    }
    struct mach_insn in = s->f->remats.at[remat_of(s, e->v) - 1];
    in.d = MACH_VREG0 + e->v;
    in.src = src;
    put(w, in, 0);
    return;
  }
  bool store = e->dirty && !stored_at_def(s, e->v);
  uint8_t kill = e->kind == EVENT_EVICT ? 2 : 0;
  if (store)
    put(w, slot_insn(s, MACH_SPILL, e->v, src), kill);
  else if (kill)
    put(w, slot_insn(s, MACH_EVICT, e->v, src), kill);
}

static void put_store(struct rewriter *w, uint32_t v, uint32_t src, bool last) {
  struct value *val = &w->s->values[v];
  if (stored_at_def(w->s, v) && (last || val->early)) put(w, slot_insn(w->s, MACH_SPILL, v, src), 0);
}

static void rewrite_insn(struct rewriter *w, const struct mach_insn *old, uint32_t at) {
  struct spiller *s = w->s;
  struct mach_func *f = s->f;
  struct mach_insn in = *old;
  if (in.op == MACH_NOP) return;
  if (in.base == MREG_SLOT) in.disp = (int32_t)s->out->slot[in.disp];
  if (in.op == MACH_RELOAD) in.imm = (int32_t)s->out->slot[in.imm];
  put(w, in, s->kills[at]);
  const struct mach_op_info *info = &f->isa->ops[in.op];
  const mreg r[4] = {in.d, in.s, in.base, in.idx};
  for (unsigned i = 0; i < 4; i++) {
    if (!mreg_is_virt(r[i]) || !(info->role[i] & ROLE_DEF)) continue;
    struct value *val = &s->values[index_of(r[i])];
    val->defs_left--;
    if (!(s->kills[at] >> i & 1)) put_store(w, index_of(r[i]), in.src, val->defs_left == 0);
  }
  if (!(info->flags & MF_CALL) && in.op != MACH_PARAMS) return;
  const struct mach_call *call = &f->calls.at[in.imm];
  for (uint32_t i = call->results; i < call->results + call->nresults; i++)
    if (!s->out->fixed_kill[i]) put_store(w, index_of(f->fixed.at[i].reg), in.src, true);
}

static void rewrite(struct spiller *s) {
  struct mach_func *f = s->f;
  uint64_t stores = 0;
  for (uint32_t v = 0; v < f->vregs.len; v++) {
    s->values[v].defs_left = s->live->vregs[v].ndefs;
    s->out->slot[v] = s->values[v].slot ? 0 : SPILL_NO_SLOT;
    if (s->values[v].slot) stores += s->live->vregs[v].ndefs;
  }
  slots_assign(f, s->out);
  uint64_t most = (uint64_t)f->insns.len + s->events.len + s->tails.len + stores;
  if (most > UINT32_MAX / 2) arena_out_of_memory(f->arena);
  struct rewriter w = {.s = s};
  w.out = arena_alloc(f->arena, (size_t)(most + 1) * sizeof *w.out);
  w.kills = arena_alloc(f->arena, (size_t)most + 1);
  uint32_t next_event = 0;
  for (uint32_t n = 0; n < f->blocks.len; n++) {
    struct mach_block *b = &f->blocks.at[n];
    uint32_t first = w.n;
    for (uint32_t k = 0; k < b->nphis; k++) {
      uint32_t v = index_of(f->phis.at[b->phis + k]);
      if (s->live->phi_next[b->phis + k] != LIVE_NONE)
        put_store(&w, v, b->first < b->end ? f->insns.at[b->first].src : 0, true);
    }
    for (uint32_t at = b->first; at < b->end; at++) {
      const struct mach_insn *in = &f->insns.at[at];
      for (; next_event < s->events.len && s->events.at[next_event].at == at; next_event++)
        put_event(&w, &s->events.at[next_event], in->src);
      if (at == b->end - 1)
        for (uint32_t t = s->tail_of[n]; t; t = s->tails.at[t - 1].next)
          if (!stored_at_def(s, s->tails.at[t - 1].v))
            put(&w, slot_insn(s, MACH_SPILL, s->tails.at[t - 1].v, in->src), 0);
      rewrite_insn(&w, in, at);
    }
    b->first = first;
    b->end = w.n;
  }
  assert(w.n <= most);
  VEC_DROP(f->arena, &f->insns);
  f->insns.at = w.out;
  f->insns.len = w.n;
  f->insns.cap = (uint32_t)most + 1;
  s->out->kills = w.kills;
}

/* What nobody reads any more. */
static void drop(struct spiller *s, uint32_t nvregs, uint32_t ninsns) {
  struct arena *a = s->f->arena;
  struct live *live = s->live;
  VEC_DROP(a, &live->entries);
  VEC_DROP(a, &s->events);
  VEC_DROP(a, &s->tails);
  VEC_DROP(a, &s->exits);
  arena_drop(a, s->values, nvregs * sizeof *s->values);
  arena_drop(a, s->kills, ninsns);
  arena_drop(a, live->ops, ninsns * sizeof *live->ops);
}

struct spill *mach_spill(struct mach_func *f, struct live *live, const struct isa_config *config) {
  struct arena *a = f->arena;
  uint32_t nblocks = f->blocks.len + 1, nvregs = f->vregs.len + 1;
  struct spill *out = ARENA_NEW(a, struct spill);
  out->live = live;
  out->entry_first = arena_alloc(a, nblocks * sizeof(uint32_t));
  out->entry_len = arena_alloc(a, nblocks * sizeof(uint32_t));
  out->fixed_kill = ARENA_ARRAY(a, bool, f->fixed.len + 1u);
  out->slot = arena_alloc(a, nvregs * sizeof(uint32_t));
  out->across_calls = ARENA_ARRAY(a, bool, nvregs);
  struct spiller s = {.f = f, .live = live, .out = out, .callee_saved = f->isa->callee_saved};
  s.values = ARENA_ARRAY(a, struct value, nvregs);
  for (uint32_t v = 0; v < f->vregs.len; v++)
    s.values[v].defs_left = live->vregs[v].ndefs;
  s.mask[0] = f->isa->allocatable & UINT32_MAX;
  s.mask[1] = f->isa->allocatable & ~(uint64_t)UINT32_MAX;
  const uint32_t settings[2] = {config->max_int, config->max_float}, fewest[2] = {FEWEST_INT, FEWEST_FLOAT};
  for (unsigned c = 0; c < 2; c++) {
    s.regs[c] = (uint32_t)__builtin_popcountll(s.mask[c]);
    s.limit[c] = settings[c] ? min_u32(max_u32(settings[c], fewest[c]), s.regs[c]) : s.regs[c];
  }
  s.tail_of = ARENA_ARRAY(a, uint32_t, nblocks);
  s.exit_first = arena_alloc(a, nblocks * sizeof(uint32_t));
  s.exit_len = ARENA_ARRAY(a, uint32_t, nblocks);
  uint32_t ninsns = f->insns.len + 1;
  s.kills = ARENA_ARRAY(a, uint8_t, ninsns);
  for (s.block = 0; s.block < f->blocks.len; s.block++) {
    const struct mach_block *b = &f->blocks.at[s.block];
    block_begin(&s);
    for (uint32_t at = b->first; at < b->end; at++)
      step(&s, at);
    block_end(&s);
  }
  rewrite(&s);
  drop(&s, nvregs, ninsns);
  return out;
}
