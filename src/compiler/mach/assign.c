/* Names for registers, in one forward pass that cannot fail: spill.c has seen to it that what must be in
 * registers fits.
 *
 * A block begins with its entry list's values where its most frequent predecessor left them; the other edges
 * get parallel moves. Instructions without constraints only look up and hand out registers; around one that
 * wants certain registers or destroys some, `constrain` works out who has to move and lets one parallel move
 * do it. Must not: change what is in a register at which point; that was decided. */
#include "compiler/mach/moves.h"

#include "compiler/mach/alloc.h"
#include "compiler/mach/spill.h"

#define NO_REG   0xffu
#define NO_VALUE UINT32_MAX
enum { USES_MOST = 48, DEFS_MOST = 32 };

struct place {
  uint32_t v;
  uint8_t reg;
};
struct tail { /* code of the edge that leaves a block, in `edge_code` */
  uint32_t first, len;
};
struct operand {
  uint32_t v;
  uint8_t phys; /* register + 1 */
  bool use, def, early, kill;
};
struct assigner {
  struct mach_func *f;
  const struct live *live;
  const struct spill *spill;
  struct mover mover;
  uint8_t *loc;       /* by virtual register: physical register or NO_REG */
  uint32_t value[64]; /* by physical register */
  uint64_t used;      /* physical registers that hold something */
  uint64_t allocatable, callee_saved, saved;
  uint8_t *phi_reg;   /* by virtual register: where a phi is, or where it would find an argument */
  uint8_t *entry_reg; /* parallel to spill->entries */
  VEC(struct place) exits;
  uint32_t *exit_first, *exit_len;
  struct tail *tail; /* by block */
  uint32_t *seen;    /* by virtual register: stamps, for edges */
  uint8_t *seen_reg;
  uint32_t stamp;
  VEC(struct move) moves;
  struct insn_list code, edge_code;
  struct operand ops[USES_MOST + DEFS_MOST]; /* of one instruction */
  uint64_t avoid;                            /* registers that instructions of this block ask for */
  uint64_t arguments;                        /* registers that its calls do */
};

static uint32_t index_of(mreg r) { return r - MACH_VREG0; }
static uint64_t bit(uint8_t r) { return UINT64_C(1) << r; }
static uint64_t class_mask(const struct assigner *a, uint32_t v) {
  uint64_t low = UINT32_MAX;
  return a->allocatable & (a->f->vregs.at[v].is_float ? ~low : low);
}

static void put(struct assigner *a, struct mach_insn in) { VEC_PUSH(a->f->arena, &a->code, in); }

static void hold(struct assigner *a, uint32_t v, uint8_t r) {
  assert(!(a->used & bit(r)) && a->loc[v] == NO_REG);
  a->used |= bit(r);
  a->saved |= bit(r) & a->callee_saved;
  a->value[r] = v;
  a->loc[v] = r;
}

static void drop(struct assigner *a, uint32_t v) {
  uint8_t r = a->loc[v];
  if (r == NO_REG) return;
  a->used &= ~bit(r);
  a->loc[v] = NO_REG;
}

/* A register for `v` out of `allowed`, which is not empty. */
static uint8_t pick(struct assigner *a, uint32_t v, uint64_t allowed) {
  const struct live_vreg *lv = &a->live->vregs[v];
  bool across = a->spill->across_calls[v] || (lv->phi != MREG_NONE && a->spill->across_calls[index_of(lv->phi)]);
  assert(allowed);
  uint64_t good = across ? allowed & a->callee_saved : allowed & ~a->callee_saved;
  uint8_t r = NO_REG;
  if (lv->hint && (good & bit((uint8_t)(lv->hint - 1)))) {
    r = (uint8_t)(lv->hint - 1);
  } else if (lv->phi != MREG_NONE && a->phi_reg[index_of(lv->phi)] != NO_REG &&
             (allowed & bit(a->phi_reg[index_of(lv->phi)]))) {
    r = a->phi_reg[index_of(lv->phi)];
  } else {
    if (!good) good = allowed;
    if (good & a->callee_saved & a->saved) good &= a->saved | ~a->callee_saved;
    if (good & ~a->avoid) good &= ~a->avoid;
    if (good & ~a->arguments) good &= ~a->arguments;
    r = (uint8_t)__builtin_ctzll(good);
  }
  if (lv->phi != MREG_NONE && a->phi_reg[index_of(lv->phi)] == NO_REG) a->phi_reg[index_of(lv->phi)] = r;
  return r;
}

static void define(struct assigner *a, uint32_t v, uint64_t forbidden) {
  hold(a, v, pick(a, v, class_mask(a, v) & ~a->used & ~forbidden));
}

static mreg location(const struct assigner *a, mreg r) {
  if (!mreg_is_virt(r)) return r;
  assert(a->loc[index_of(r)] != NO_REG);
  return a->loc[index_of(r)];
}

/* Operands and kills of an instruction, in one list. */
static uint32_t operands(const struct assigner *a, const struct mach_insn *in, uint8_t kills,
                         struct operand *out) {
  const struct mach_op_info *info = &a->f->isa->ops[in->op];
  const mreg r[4] = {in->d, in->s, in->base, in->idx};
  uint32_t n = 0;
  for (unsigned i = 0; i < 4; i++)
    if (mreg_is_virt(r[i]) && info->role[i])
      out[n++] = (struct operand){.v = index_of(r[i]),
                                  .phys = info->fixed[i],
                                  .use = (info->role[i] & ROLE_USE) != 0,
                                  .def = (info->role[i] & ROLE_DEF) != 0,
                                  .early = (info->role[i] & ROLE_EARLY) != 0,
                                  .kill = kills >> i & 1};
  if (!(info->flags & MF_CALL) && in->op != MACH_PARAMS) return n;
  const struct mach_call *c = &a->f->calls.at[in->imm];
  for (uint32_t i = 0; i < c->nargs + c->nresults; i++) {
    uint32_t at = i < c->nargs ? c->args + i : c->results + i - c->nargs;
    const struct mach_fixed *x = &a->f->fixed.at[at];
    assert(n < USES_MOST + DEFS_MOST);
    out[n++] = (struct operand){.v = index_of(x->reg),
                                .phys = (uint8_t)(x->phys + 1),
                                .use = i < c->nargs,
                                .def = i >= c->nargs,
                                .kill = a->spill->fixed_kill[at]};
  }
  return n;
}

static struct move move_of(const struct assigner *a, uint32_t v, mach_loc dst, mach_loc src) {
  const struct mach_vreg *r = &a->f->vregs.at[v];
  return (struct move){.dst = dst, .src = src, .size = r->size, .is_float = r->is_float};
}

static bool redefined(const struct operand *ops, uint32_t n, uint32_t v) {
  for (uint32_t i = 0; i < n; i++)
    if (ops[i].def && ops[i].v == v) return true;
  return false;
}

/* Read, from whatever register it is in, when others are written already. */
static bool read_late(const struct operand *ops, uint32_t n, uint32_t v) {
  for (uint32_t i = 0; i < n; i++)
    if (ops[i].use && ops[i].early && !ops[i].phys && ops[i].v == v) return true;
  return false;
}

/* Who must be where around an instruction that asks for registers or destroys some.
 *
 * Values are: `fixed`, wanted in a register; `keepers`, which may not be in a register that is lost or asked
 * for (those that live on, uses that nothing may overwrite, tied operands that may be anywhere); and
 * `others`, which only must not be in a register asked for, and make room for keepers. */
struct constraint {
  uint64_t lost;   /* destroyed or defined by the instruction */
  uint64_t asked;  /* for its fixed uses */
  uint64_t early;  /* fixed and written early */
  uint64_t target; /* taken so far */
};

static void constrain(struct assigner *a, const struct operand *ops, uint32_t n, struct constraint *k) {
  struct {
    uint32_t v;
    uint8_t to;
  } fixed[USES_MOST], keep[64], other[USES_MOST];
  uint32_t nfixed = 0, nkeep = 0, nother = 0, nearly = 0;
  uint32_t early_defs[DEFS_MOST];
  uint64_t other_at = 0;
  a->moves.len = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (ops[i].use && ops[i].phys) k->asked |= bit((uint8_t)(ops[i].phys - 1));
    if (ops[i].def && ops[i].phys) {
      k->lost |= bit((uint8_t)(ops[i].phys - 1));
      if (ops[i].early) k->early |= bit((uint8_t)(ops[i].phys - 1));
    }
    if (ops[i].def && !ops[i].use && !ops[i].phys && ops[i].early) early_defs[nearly++] = ops[i].v;
  }
  uint64_t placed = 0; /* current registers of values that have got a target */
  for (uint32_t i = 0; i < n; i++) {
    if (!ops[i].use || !ops[i].phys) continue;
    uint8_t to = (uint8_t)(ops[i].phys - 1), from = a->loc[ops[i].v];
    assert(from != NO_REG);
    bool stays = (!ops[i].kill && !redefined(ops, n, ops[i].v)) || read_late(ops, n, ops[i].v);
    if ((placed & bit(from)) || (stays && (k->lost & bit(to)))) {
      struct move m = move_of(a, ops[i].v, to, from);
      if (k->target & bit(to)) continue;   /* the same value asked for twice in one register */
      VEC_PUSH(a->f->arena, &a->moves, m); /* a copy */
    } else {
      placed |= bit(from);
      fixed[nfixed].v = ops[i].v;
      fixed[nfixed++].to = to;
    }
    k->target |= bit(to);
  }
  uint64_t bad = k->lost | k->asked;
  for (uint64_t rest = a->used & ~placed; rest; rest &= rest - 1) {
    uint8_t r = (uint8_t)__builtin_ctzll(rest);
    uint32_t v = a->value[r];
    bool keeper = true;
    for (uint32_t i = 0; i < n; i++) {
      if (!ops[i].use || ops[i].v != v) continue;
      keeper = !ops[i].kill || (ops[i].def && !ops[i].phys);
      if (ops[i].early && !ops[i].phys) keeper = true;
      if (redefined(ops, n, v) && !ops[i].def) continue;
      if (keeper) break;
    }
    if (!keeper) {
      other[nother].v = v;
      other[nother++].to = r;
      other_at |= bit(r);
      continue;
    }
    bool fine = !(bad & bit(r));
    keep[nkeep].v = v;
    keep[nkeep++].to = fine ? r : NO_REG;
    if (fine) k->target |= bit(r);
  }
  uint64_t displaced = 0;
  for (uint32_t i = 0; i < nkeep + nearly; i++) {
    bool def = i >= nkeep;
    if (!def && keep[i].to != NO_REG) continue;
    uint32_t v = def ? early_defs[i - nkeep] : keep[i].v;
    uint64_t room = class_mask(a, v) & ~(k->target | bad);
    assert(room && "spilling has left a register");
    uint8_t r = pick(a, v, room & ~other_at ? room & ~other_at : room);
    k->target |= bit(r);
    displaced |= other_at & bit(r);
    other_at &= ~bit(r);
    if (def)
      early_defs[i - nkeep] = r;
    else
      keep[i].to = r;
  }
  for (uint32_t i = 0; i < nother; i++) {
    uint8_t r = other[i].to;
    if (!(displaced & bit(r)) && !((k->asked | k->early) & bit(r))) continue;
    other_at &= ~bit(r);
    uint64_t room = class_mask(a, other[i].v) & ~(k->target | k->asked | k->early | other_at);
    assert(room && "spilling has left a register");
    other[i].to = pick(a, other[i].v, room);
    other_at |= bit(other[i].to);
  }
  for (uint32_t i = 0; i < nfixed + nkeep + nother; i++) {
    uint32_t v = i < nfixed           ? fixed[i].v
                 : i < nfixed + nkeep ? keep[i - nfixed].v
                                      : other[i - nfixed - nkeep].v;
    uint8_t to = i < nfixed           ? fixed[i].to
                 : i < nfixed + nkeep ? keep[i - nfixed].to
                                      : other[i - nfixed - nkeep].to;
    if (to == a->loc[v]) continue;
    struct move m = move_of(a, v, to, a->loc[v]);
    VEC_PUSH(a->f->arena, &a->moves, m);
  }
  if (a->moves.len) moves_resolve(&a->mover, a->moves.at, a->moves.len, a->used, &a->code);
  for (uint32_t i = 0; i < nfixed; i++)
    drop(a, fixed[i].v);
  for (uint32_t i = 0; i < nkeep; i++)
    drop(a, keep[i].v);
  for (uint32_t i = 0; i < nother; i++)
    drop(a, other[i].v);
  for (uint32_t i = 0; i < nfixed; i++)
    hold(a, fixed[i].v, fixed[i].to);
  for (uint32_t i = 0; i < nkeep; i++)
    hold(a, keep[i].v, keep[i].to);
  for (uint32_t i = 0; i < nother; i++)
    hold(a, other[i].v, other[i].to);
  uint32_t e = 0;
  for (uint32_t i = 0; i < n; i++)
    if (ops[i].def && !ops[i].use && !ops[i].phys && ops[i].early)
      hold(a, ops[i].v, (uint8_t)early_defs[e++]);
}

static void assign_insn(struct assigner *a, struct mach_insn in, uint8_t kills) {
  const struct mach_op_info *info = &a->f->isa->ops[in.op];
  struct operand *ops = a->ops;
  uint32_t n = operands(a, &in, kills, ops);
  struct constraint k = {.lost = info->clobbers & a->allocatable};
  bool call = (info->flags & MF_CALL) || in.op == MACH_PARAMS;
  if (call) k.lost |= a->f->calls.at[in.imm].clobbers & a->allocatable;
  a->saved |= k.lost & a->callee_saved;
  constrain(a, ops, n, &k);
  mreg *field[4] = {&in.d, &in.s, &in.base, &in.idx};
  for (unsigned i = 0; i < 4; i++)
    if (mreg_is_virt(*field[i]) && (info->role[i] & ROLE_USE))
      *field[i] = info->fixed[i] ? info->fixed[i] - 1u : location(a, *field[i]);
  for (uint32_t i = 0; i < n; i++)
    if (ops[i].use && ops[i].kill && !ops[i].def && !ops[i].early && !redefined(ops, n, ops[i].v)) {
      bool guarded = false;
      for (uint32_t j = 0; j < n; j++)
        guarded |= ops[j].use && ops[j].early && ops[j].v == ops[i].v;
      if (!guarded) drop(a, ops[i].v);
    }
  for (uint32_t i = 0; i < n; i++) {
    if (!ops[i].def || !ops[i].phys || ops[i].use) continue;
    hold(a, ops[i].v, (uint8_t)(ops[i].phys - 1));
  }
  for (uint32_t i = 0; i < n; i++)
    if (ops[i].def && !ops[i].use && !ops[i].phys && !ops[i].early) define(a, ops[i].v, k.lost);
  for (unsigned i = 0; i < 4; i++)
    if (mreg_is_virt(*field[i])) *field[i] = location(a, *field[i]);
  for (uint32_t i = 0; i < n; i++)
    if (ops[i].kill && (ops[i].def || !redefined(ops, n, ops[i].v))) drop(a, ops[i].v);
  put(a, in);
}

/* Any registers will do: looks up and hands out. */
static void assign_plain(struct assigner *a, const struct mach_insn *old, uint8_t kills) {
  const struct mach_op_info *info = &a->f->isa->ops[old->op];
  VEC_PUSH(a->f->arena, &a->code, *old);
  struct mach_insn *in = &VEC_LAST(&a->code);
  mreg *field[4] = {&in->d, &in->s, &in->base, &in->idx};
  const mreg was[4] = {in->d, in->s, in->base, in->idx};
  uint32_t uses = mach_roles(info, ROLE_USE), defs = mach_roles(info, ROLE_DEF);
  for (uint32_t u = uses; u; u &= u - 1) {
    unsigned i = (unsigned)__builtin_ctz(u) / 8;
    *field[i] = location(a, was[i]);
  }
  for (unsigned k = kills; k; k &= k - 1) {
    unsigned i = (unsigned)__builtin_ctz(k);
    if (!(info->role[i] & ROLE_DEF)) drop(a, index_of(was[i]));
  }
  for (uint32_t d = defs; d; d &= d - 1) {
    unsigned i = (unsigned)__builtin_ctz(d) / 8;
    if (!mreg_is_virt(was[i])) continue;
    if (!(info->role[i] & ROLE_USE)) {
      define(a, index_of(was[i]), 0);
      *field[i] = a->loc[index_of(was[i])];
    }
  }
  for (uint32_t d = kills ? defs : 0; d; d &= d - 1) {
    unsigned i = (unsigned)__builtin_ctz(d) / 8;
    if (kills >> i & 1) drop(a, index_of(was[i]));
  }
}

static void assign_move(struct assigner *a, struct mach_insn in, uint8_t kills) {
  if (!mreg_is_virt(in.d) || !mreg_is_virt(in.s)) {
    assign_plain(a, &in, kills);
    return;
  }
  uint32_t d = index_of(in.d), s = index_of(in.s);
  if (!(kills & 1) && (kills & 2)) { /* the register passes on */
    uint8_t r = a->loc[s];
    drop(a, s);
    hold(a, d, r);
    const struct live_vreg *lv = &a->live->vregs[d];
    if (lv->phi != MREG_NONE && a->phi_reg[index_of(lv->phi)] == NO_REG) a->phi_reg[index_of(lv->phi)] = r;
    return;
  }
  if (kills & 1) {
    if (kills & 2) drop(a, s);
    return;
  }
  assign_plain(a, &in, kills);
}

static void assign_one(struct assigner *a, const struct mach_insn *in, uint8_t kills) {
  switch (in->op) {
  case MACH_EVICT: drop(a, index_of(in->s)); return;
  case MACH_MOVE: assign_move(a, *in, kills); return;
  case MACH_PARAMS: assign_insn(a, *in, kills); return;
  default:
    if (mach_is_plain(&a->f->isa->ops[in->op]))
      assign_plain(a, in, kills);
    else
      assign_insn(a, *in, kills);
  }
}

/* Edges. */

static void load_exit(struct assigner *a, uint32_t block) {
  a->stamp++;
  for (uint32_t i = 0; i < a->exit_len[block]; i++) {
    const struct place *p = &a->exits.at[a->exit_first[block] + i];
    a->seen[p->v] = a->stamp;
    a->seen_reg[p->v] = p->reg;
  }
}

/* Where `v` is at the end of the block that load_exit has loaded. */
static mach_loc source_of(const struct assigner *a, uint32_t v) {
  if (a->seen[v] == a->stamp) return a->seen_reg[v];
  if (a->f->vregs.at[v].remat) return LOC_REMAT + a->f->vregs.at[v].remat - 1;
  assert(a->spill->slot[v] != SPILL_NO_SLOT);
  return LOC_SLOT + a->spill->slot[v];
}

static bool is_phi_of(const struct assigner *a, uint32_t v, uint32_t block) {
  return a->live->vregs[v].def_block == block;
}

/* Moves that bring what the edge's target expects; into `out`. */
static void edge_moves(struct assigner *a, const struct mach_edge *e, struct insn_list *out) {
  struct mach_func *f = a->f;
  const struct mach_block *to = &f->blocks.at[e->to];
  uint32_t first = a->spill->entry_first[e->to], len = a->spill->entry_len[e->to];
  uint64_t busy = 0;
  load_exit(a, e->from);
  a->moves.len = 0;
  for (uint32_t i = first; i < first + len; i++) {
    uint32_t v = a->spill->entries.at[i];
    busy |= bit(a->entry_reg[i]);
    if (is_phi_of(a, v, e->to)) continue;
    struct move m = move_of(a, v, a->entry_reg[i], source_of(a, v));
    VEC_PUSH(f->arena, &a->moves, m);
  }
  for (uint32_t k = 0; k < to->nphis; k++) {
    uint32_t phi = index_of(f->phis.at[to->phis + k]);
    uint32_t arg = index_of(f->phi_args.at[e->args + k]);
    mach_loc dst = UINT32_MAX;
    for (uint32_t i = first; i < first + len && dst == UINT32_MAX; i++)
      if (a->spill->entries.at[i] == phi) dst = a->entry_reg[i];
    if (dst == UINT32_MAX) {
      if (a->spill->slot[phi] == SPILL_NO_SLOT) continue; /* dead */
      dst = LOC_SLOT + a->spill->slot[phi];
    }
    struct move m = move_of(a, phi, dst, source_of(a, arg));
    VEC_PUSH(f->arena, &a->moves, m);
  }
  const struct mach_block *from = &f->blocks.at[e->from];
  a->mover.src = from->first < from->end ? f->insns.at[from->end - 1].src : 0;
  moves_resolve(&a->mover, a->moves.at, a->moves.len, busy, out);
}

static void edge_to_tail(struct assigner *a, const struct mach_edge *e) {
  assert(a->f->blocks.at[e->from].nsucc == 1);
  struct tail *t = &a->tail[e->from];
  t->first = a->edge_code.len;
  edge_moves(a, e, &a->edge_code);
  t->len = a->edge_code.len - t->first;
}

static const struct mach_edge *edge_in(const struct assigner *a, const struct mach_block *b, uint32_t i) {
  return &a->f->edges.at[a->f->preds.at[b->pred + i]];
}

/* The edge by which the block is entered most often, of those whose source is done. */
static const struct mach_edge *best_edge(const struct assigner *a, const struct mach_block *b) {
  const struct mach_edge *best = NULL;
  for (uint32_t i = 0; i < b->npred; i++) {
    const struct mach_edge *e = edge_in(a, b, i);
    if (live_is_back_edge(e)) continue;
    const struct mach_block *from = &a->f->blocks.at[e->from];
    const struct mach_block *old = best ? &a->f->blocks.at[best->from] : NULL;
    if (!old || (old->cold && !from->cold) || (old->cold == from->cold && from->loop_depth > old->loop_depth))
      best = e;
  }
  return best;
}

static void block_begin(struct assigner *a, uint32_t n) {
  struct mach_func *f = a->f;
  const struct mach_block *b = &f->blocks.at[n];
  uint32_t first = a->spill->entry_first[n], len = a->spill->entry_len[n];
  for (uint64_t rest = a->used; rest; rest &= rest - 1)
    a->loc[a->value[__builtin_ctzll(rest)]] = NO_REG;
  a->used = 0;
  const struct mach_edge *best = best_edge(a, b);
  if (best) load_exit(a, best->from);
  for (uint32_t i = first; i < first + len; i++) {
    uint32_t v = a->spill->entries.at[i];
    if (!is_phi_of(a, v, n) && best && a->seen[v] == a->stamp) hold(a, v, a->seen_reg[v]);
  }
  for (uint32_t k = 0; k < b->nphis && best; k++) {
    uint32_t phi = index_of(f->phis.at[b->phis + k]);
    uint32_t arg = index_of(f->phi_args.at[best->args + k]);
    if (a->seen[arg] != a->stamp) continue;
    bool listed = false;
    for (uint32_t i = first; i < first + len && !listed; i++)
      listed = a->spill->entries.at[i] == phi;
    uint8_t r = a->seen_reg[arg];
    if (!listed || (a->used & bit(r))) continue;
    if (a->spill->across_calls[phi] && !(a->callee_saved & bit(r)) &&
        (class_mask(a, phi) & a->callee_saved & ~a->used))
      continue;
    hold(a, phi, r);
  }
  for (uint32_t i = first; i < first + len; i++) {
    uint32_t v = a->spill->entries.at[i];
    if (a->loc[v] == NO_REG) define(a, v, 0);
    a->entry_reg[i] = a->loc[v];
    if (is_phi_of(a, v, n)) a->phi_reg[v] = a->loc[v];
  }
  for (uint32_t i = 0; i < b->npred; i++) {
    const struct mach_edge *e = edge_in(a, b, i);
    if (live_is_back_edge(e)) continue;
    if (f->blocks.at[e->from].nsucc == 1)
      edge_to_tail(a, e);
    else if (b->nphis)
      edge_moves(a, e, &a->code);
  }
}

static void block_end(struct assigner *a, uint32_t n) {
  struct mach_func *f = a->f;
  const struct mach_block *b = &f->blocks.at[n];
  a->exit_first[n] = a->exits.len;
  for (uint64_t rest = a->used; rest; rest &= rest - 1) {
    uint8_t r = (uint8_t)__builtin_ctzll(rest);
    struct place p = {.v = a->value[r], .reg = r};
    VEC_PUSH(f->arena, &a->exits, p);
  }
  a->exit_len[n] = a->exits.len - a->exit_first[n];
  for (uint32_t i = 0; i < b->nsucc; i++) {
    const struct mach_edge *e = &f->edges.at[f->succs.at[b->succ + i]];
    if (live_is_back_edge(e)) edge_to_tail(a, e);
  }
}

static void join(struct assigner *a, const uint32_t *first) {
  struct mach_func *f = a->f;
  VEC_DROP(f->arena, &f->insns);
  if (!a->edge_code.len) { /* as it is */
    for (uint32_t n = 0; n < f->blocks.len; n++) {
      f->blocks.at[n].first = first[n];
      f->blocks.at[n].end = first[n + 1];
    }
    f->insns.at = a->code.at;
    f->insns.len = a->code.len;
    f->insns.cap = a->code.cap;
    return;
  }
  struct insn_list all = {0};
  VEC_RESERVE(f->arena, &all, a->code.len + a->edge_code.len + 1);
  for (uint32_t n = 0; n < f->blocks.len; n++) {
    struct mach_block *b = &f->blocks.at[n];
    uint32_t from = first[n], end = first[n + 1];
    b->first = all.len;
    for (uint32_t i = from; i < end; i++) {
      if (i == end - 1)
        for (uint32_t k = 0; k < a->tail[n].len; k++)
          all.at[all.len++] = a->edge_code.at[a->tail[n].first + k];
      all.at[all.len++] = a->code.at[i];
    }
    b->end = all.len;
  }
  f->insns.at = all.at;
  f->insns.len = all.len;
  f->insns.cap = all.cap;
  VEC_DROP(f->arena, &a->code);
  VEC_DROP(f->arena, &a->edge_code);
}

void mach_assign(struct mach_func *f, const struct spill *spill, const struct isa_config *config) {
  (void)config;
  struct arena *arena = f->arena;
  uint32_t nvregs = f->vregs.len + 1, nblocks = f->blocks.len + 1;
  struct assigner a = {.f = f, .live = spill->live, .spill = spill};
  a.allocatable = f->isa->allocatable;
  a.callee_saved = f->isa->callee_saved;
  mover_init(&a.mover, f);
  a.loc = arena_alloc(arena, nvregs);
  a.phi_reg = arena_alloc(arena, nvregs);
  for (uint32_t v = 0; v < nvregs; v++)
    a.loc[v] = a.phi_reg[v] = NO_REG;
  a.seen = ARENA_ARRAY(arena, uint32_t, nvregs);
  a.seen_reg = arena_alloc(arena, nvregs);
  a.entry_reg = arena_alloc(arena, spill->entries.len + 1u);
  a.exit_first = arena_alloc(arena, nblocks * sizeof(uint32_t));
  a.exit_len = arena_alloc(arena, nblocks * sizeof(uint32_t));
  a.tail = ARENA_ARRAY(arena, struct tail, nblocks);
  VEC_RESERVE(arena, &a.code, f->insns.len + f->insns.len / 8 + 16);
  uint32_t *first = arena_alloc(arena, (nblocks + 1u) * sizeof(uint32_t));
  for (uint32_t n = 0; n < f->blocks.len; n++) {
    const struct mach_block *b = &f->blocks.at[n];
    a.avoid = spill->asked[n];
    a.arguments = spill->arguments[n];
    first[n] = a.code.len;
    block_begin(&a, n);
    for (uint32_t i = b->first; i < b->end; i++) {
      a.mover.src = f->insns.at[i].src;
      assign_one(&a, &f->insns.at[i], spill->kills[i]);
    }
    block_end(&a, n);
  }
  first[f->blocks.len] = a.code.len;
  join(&a, first);
  VEC_DROP(arena, &a.exits);
  /* An exception drops frames without restoring what they saved: who catches it saves everything. */
  f->used_callee_saved = f->has_landings ? a.saved | a.callee_saved : a.saved;
}
