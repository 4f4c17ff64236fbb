/* Edges in assignment: a block begins with its entry list's values where its most frequent predecessor left
 * them; all other edges get one parallel move each, at the end of their source or at the start of their
 * target. */
#include "compiler/mach/assigner.h"

static void load_exit(struct assigner *a, uint32_t block) {
  const struct assign_place *p = a->exits.at + a->exit_first[block];
  uint32_t len = a->exit_len[block], stamp = ++a->stamp;
  struct assign_seen *seen = a->seen;
  for (uint32_t i = 0; i < len; i++)
    seen[p[i].v] = (struct assign_seen){.stamp = stamp, .reg = p[i].reg};
}

/* Where `v` is at the end of the block that load_exit has loaded. */
static mach_loc source_of(const struct assigner *a, uint32_t v) {
  if (a->seen[v].stamp == a->stamp) return (uint8_t)a->seen[v].reg;
  if (a->f->vregs.at[v].remat) return LOC_REMAT + a->f->vregs.at[v].remat - 1;
  assert(a->spill->slot[v] != SPILL_NO_SLOT);
  return LOC_SLOT + a->spill->slot[v];
}

static bool is_phi_of(const struct assigner *a, uint32_t v, uint32_t block) {
  return a->live->vregs[v].def_block == block;
}

/* Moves that bring what the edge's target expects; into `out`. */
static void edge_moves(struct assigner *a, const struct ir_edge *e, struct insn_list *out) {
  struct mach_func *f = a->f;
  const struct mach_block *to = &f->blocks.at[e->to];
  uint32_t first = a->spill->entry_first[e->to], len = a->spill->entry_len[e->to];
  uint64_t busy = 0;
  load_exit(a, e->from);
  a->moves.len = 0;
  for (uint32_t i = first; i < first + len; i++) {
    uint32_t v = a->spill->entries.at[i];
    busy |= reg_bit(a->entry_reg[i]);
    if (to->nphis && is_phi_of(a, v, e->to)) continue;
    mach_loc src = source_of(a, v);
    if (src == a->entry_reg[i]) continue;
    struct move m = assign_move_of(a, v, a->entry_reg[i], src);
    VEC_PUSH(f->arena, &a->moves, m);
  }
  for (uint32_t k = 0; k < to->nphis; k++) {
    uint32_t phi = assign_index(f->phis.at[to->phis + k]);
    uint32_t arg = assign_index(f->phi_args.at[e->args + k]);
    mach_loc dst = UINT32_MAX;
    for (uint32_t i = first; i < first + len && dst == UINT32_MAX; i++)
      if (a->spill->entries.at[i] == phi) dst = a->entry_reg[i];
    if (dst == UINT32_MAX) {
      if (a->spill->slot[phi] == SPILL_NO_SLOT) continue; /* dead */
      dst = LOC_SLOT + a->spill->slot[phi];
    }
    mach_loc src = source_of(a, arg);
    if (src == dst) continue;
    struct move m = assign_move_of(a, phi, dst, src);
    VEC_PUSH(f->arena, &a->moves, m);
  }
  if (!a->moves.len) return;
  uint32_t end = e->from == a->block ? a->written : a->first[e->from + 1];
  a->mover.src = a->first[e->from] < end ? f->insns.at[end - 1].src : 0;
  moves_resolve(&a->mover, a->moves.at, a->moves.len, busy, out);
}

static void edge_to_tail(struct assigner *a, const struct ir_edge *e) {
  assert(a->f->blocks.at[e->from].nsucc == 1);
  struct assign_tail *t = &a->tail[e->from];
  t->first = a->edge_code.len;
  edge_moves(a, e, &a->edge_code);
  t->len = a->edge_code.len - t->first;
}

static void edge_into_block(struct assigner *a, const struct ir_edge *e) {
  edge_moves(a, e, &a->between);
  assign_put_moves(a);
}

static const struct ir_edge *edge_in(const struct assigner *a, const struct mach_block *b, uint32_t i) {
  return &a->f->edges.at[a->f->preds.at[b->pred + i]];
}

/* The edge by which the block is entered most often, of those whose source is done. */
static const struct ir_edge *best_edge(const struct assigner *a, const struct mach_block *b) {
  const struct ir_edge *best = NULL;
  for (uint32_t i = 0; i < b->npred; i++) {
    const struct ir_edge *e = edge_in(a, b, i);
    if (live_is_back_edge(e)) continue;
    const struct mach_block *from = &a->f->blocks.at[e->from];
    const struct mach_block *old = best ? &a->f->blocks.at[best->from] : NULL;
    if (!old || (old->cold && !from->cold) || (old->cold == from->cold && from->loop_depth > old->loop_depth))
      best = e;
  }
  return best;
}

static bool only_runs_on(const struct mach_block *b) { return b->npred == 1 && !b->nphis; }

static void let_go(struct assigner *a) {
  for (uint64_t rest = a->used; rest; rest &= rest - 1)
    a->loc[a->value[__builtin_ctzll(rest)]] = ASSIGN_NO_REG;
  a->used = 0;
}

bool assign_block_passes(struct assigner *a, uint32_t n) {
  if (a->spill->entry_len[n] != SPILL_PASSES) return false;
  const struct mach_block *b = &a->f->blocks.at[n];
  uint32_t from = edge_in(a, b, 0)->from, first = a->exit_first[from], len = a->exit_len[from];
  a->exit_first[n] = first;
  a->exit_len[n] = len;
  if (b->end - b->first == 1 || from == a->held) return true;
  let_go(a); /* stores read registers */
  a->held = from;
  for (const struct assign_place *p = a->exits.at + first, *end = p + len; p < end; p++)
    assign_hold(a, p->v, p->reg);
  return true;
}

/* What the only predecessor, the block before, has in registers stays there, as far as it lives. */
static void go_on(struct assigner *a, uint32_t n) {
  uint32_t first = a->spill->entry_first[n], len = a->spill->entry_len[n];
  uint64_t lives = 0;
  for (uint32_t i = first; i < first + len; i++) {
    uint8_t r = a->loc[a->spill->entries.at[i]];
    assert(r != ASSIGN_NO_REG && "spilling has taken it from there");
    a->entry_reg[i] = r;
    lives |= reg_bit(r);
  }
  for (uint64_t rest = a->used & ~lives; rest; rest &= rest - 1)
    a->loc[a->value[__builtin_ctzll(rest)]] = ASSIGN_NO_REG;
  a->used = lives;
}

void assign_block_begin(struct assigner *a, uint32_t n) {
  struct mach_func *f = a->f;
  const struct mach_block *b = &f->blocks.at[n];
  uint32_t first = a->spill->entry_first[n], len = a->spill->entry_len[n];
  if (only_runs_on(b) && edge_in(a, b, 0)->from == a->held) {
    go_on(a, n);
    return;
  }
  let_go(a);
  const struct ir_edge *best = best_edge(a, b);
  if (best) load_exit(a, best->from);
  for (uint32_t i = first; i < first + len; i++) {
    uint32_t v = a->spill->entries.at[i];
    if (best && a->seen[v].stamp == a->stamp) assign_hold(a, v, (uint8_t)a->seen[v].reg);
  }
  for (uint32_t k = 0; k < b->nphis && best; k++) {
    uint32_t phi = assign_index(f->phis.at[b->phis + k]);
    uint32_t arg = assign_index(f->phi_args.at[best->args + k]);
    if (a->seen[arg].stamp != a->stamp) continue;
    bool listed = false;
    for (uint32_t i = first; i < first + len && !listed; i++)
      listed = a->spill->entries.at[i] == phi;
    uint8_t r = (uint8_t)a->seen[arg].reg;
    if (!listed || (a->used & reg_bit(r))) continue;
    if (a->spill->across_calls[phi] && !(a->callee_saved & reg_bit(r)) &&
        (class_mask(a, phi) & a->callee_saved & ~a->used))
      continue;
    assign_hold(a, phi, r);
  }
  for (uint32_t i = first; i < first + len; i++) {
    uint32_t v = a->spill->entries.at[i];
    if (a->loc[v] == ASSIGN_NO_REG) assign_define(a, v, 0);
    a->entry_reg[i] = a->loc[v];
    if (b->nphis && is_phi_of(a, v, n)) a->phi_reg[v] = a->loc[v];
  }
  for (uint32_t i = 0; i < b->npred; i++) {
    const struct ir_edge *e = edge_in(a, b, i);
    if (live_is_back_edge(e)) continue;
    if (f->blocks.at[e->from].nsucc == 1)
      edge_to_tail(a, e);
    else if (b->nphis)
      edge_into_block(a, e);
  }
}

void assign_block_end(struct assigner *a, uint32_t n) {
  a->held = n;
  a->exit_first[n] = a->exits.len;
  VEC_RESERVE(a->f->arena, &a->exits, a->exits.len + LOC_SLOT); /* a place for each register */
  struct assign_place *exit = a->exits.at + a->exits.len;
  for (uint64_t rest = a->used; rest; rest &= rest - 1) {
    uint8_t r = (uint8_t)__builtin_ctzll(rest);
    *exit++ = (struct assign_place){.v = a->value[r], .reg = r};
  }
  a->exit_len[n] = (uint32_t)(exit - a->exits.at) - a->exits.len;
  a->exits.len += a->exit_len[n];
}

void assign_back_edges(struct assigner *a, uint32_t n) {
  struct mach_func *f = a->f;
  const struct mach_block *b = &f->blocks.at[n];
  if (!b->loop) return;
  for (uint32_t i = 0; i < b->nsucc; i++) {
    const struct ir_edge *e = &f->edges.at[f->succs.at[b->succ + i]];
    if (live_is_back_edge(e)) edge_to_tail(a, e);
  }
}
