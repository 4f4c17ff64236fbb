/* Names for registers, in one forward pass that cannot fail: spill.c has seen to it that what must be in
 * registers fits.
 *
 * A block begins with its entry list's values where its most frequent predecessor left them; the other edges
 * get parallel moves. Instructions without constraints only look up and hand out registers; around one that
 * wants certain registers or destroys some, `constrain` works out who has to move and lets one parallel move
 * do it. Must not: change what is in a register at which point; that was decided. */
#include "compiler/mach/alloc.h"
#include "compiler/mach/assigner.h"

#include <string.h>

void assign_put(struct assigner *a, const struct mach_insn *in) {
  struct mach_func *f = a->f;
  if (a->written == a->unread) {
    uint32_t more = f->insns.len / 16 + 64;
    mach_open_gap(f, a->unread, more);
    a->unread += more;
  }
  f->insns.at[a->written++] = *in;
}

void assign_put_moves(struct assigner *a) {
  for (uint32_t i = 0; i < a->between.len; i++)
    assign_put(a, &a->between.at[i]);
  a->between.len = 0;
}

uint8_t assign_pick(struct assigner *a, uint32_t v, uint64_t allowed) {
  const struct live_vreg *lv = &a->live->vregs[v];
  bool across =
      a->spill->across_calls[v] || (lv->phi != MREG_NONE && a->spill->across_calls[assign_index(lv->phi)]);
  assert(allowed);
  uint64_t good = across ? allowed & a->callee_saved : allowed & ~a->callee_saved;
  uint8_t r = ASSIGN_NO_REG;
  if (lv->hint && (good & reg_bit((uint8_t)(lv->hint - 1)))) {
    r = (uint8_t)(lv->hint - 1);
  } else if (lv->phi != MREG_NONE && a->phi_reg[assign_index(lv->phi)] != ASSIGN_NO_REG &&
             (allowed & reg_bit(a->phi_reg[assign_index(lv->phi)]))) {
    r = a->phi_reg[assign_index(lv->phi)];
  } else {
    if (!good) good = allowed;
    if (good & a->callee_saved & a->saved) good &= a->saved | ~a->callee_saved;
    if (good & ~a->avoid) good &= ~a->avoid;
    if (good & ~a->arguments) good &= ~a->arguments;
    r = (uint8_t)__builtin_ctzll(good);
  }
  if (lv->phi != MREG_NONE && a->phi_reg[assign_index(lv->phi)] == ASSIGN_NO_REG)
    a->phi_reg[assign_index(lv->phi)] = r;
  return r;
}

void assign_define(struct assigner *a, uint32_t v, uint64_t forbidden) {
  assign_hold(a, v, assign_pick(a, v, class_mask(a, v) & ~a->used & ~forbidden));
}

static inline mreg location(const struct assigner *a, mreg r) {
  if (!mreg_is_virt(r)) return r;
  assert(a->loc[assign_index(r)] != ASSIGN_NO_REG);
  return a->loc[assign_index(r)];
}

/* Operands and kills of an instruction, in one list. */
static uint32_t operands(const struct assigner *a, const struct mach_insn *in, uint8_t kills,
                         struct assign_operand *out) {
  const struct mach_op_info *info = &a->f->isa->ops[in->op];
  uint32_t n = 0;
  for (unsigned i = 0; i < 4; i++)
    if (mreg_is_virt(in->r[i]) && info->role[i])
      out[n++] = (struct assign_operand){.v = assign_index(in->r[i]),
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
    assert(n < ASSIGN_USES_MOST + ASSIGN_DEFS_MOST);
    out[n++] = (struct assign_operand){.v = assign_index(x->reg),
                                       .phys = (uint8_t)(x->phys + 1),
                                       .use = i < c->nargs,
                                       .def = i >= c->nargs,
                                       .kill = a->spill->fixed_kill[at]};
  }
  return n;
}

__attribute__((noinline)) static void assign_insn(struct assigner *a, struct mach_insn in, uint8_t kills) {
  const struct mach_op_info *info = &a->f->isa->ops[in.op];
  struct assign_operand *ops = a->ops;
  uint32_t n = operands(a, &in, kills, ops);
  a->mover.src = in.src;
  uint64_t lost = info->clobbers & a->allocatable;
  bool call = (info->flags & MF_CALL) || in.op == MACH_PARAMS;
  if (call) lost |= a->f->calls.at[in.imm].clobbers & a->allocatable;
  a->saved |= lost & a->callee_saved;
  assign_constrain(a, ops, n, lost);
  for (uint32_t i = 0; i < n; i++)
    if (ops[i].def && ops[i].phys) lost |= reg_bit((uint8_t)(ops[i].phys - 1));
  mreg *field[4] = {&in.d, &in.s, &in.base, &in.idx};
  for (unsigned i = 0; i < 4; i++)
    if (mreg_is_virt(*field[i]) && (info->role[i] & ROLE_USE))
      *field[i] = info->fixed[i] ? info->fixed[i] - 1u : location(a, *field[i]);
  for (uint32_t i = 0; i < n; i++)
    if (ops[i].use && ops[i].kill && !ops[i].def && !ops[i].early && !assign_redefined(ops, n, ops[i].v)) {
      bool guarded = false;
      for (uint32_t j = 0; j < n; j++)
        guarded |= ops[j].use && ops[j].early && ops[j].v == ops[i].v;
      if (!guarded) assign_drop(a, ops[i].v);
    }
  for (uint32_t i = 0; i < n; i++) {
    if (!ops[i].def || !ops[i].phys || ops[i].use) continue;
    assign_hold(a, ops[i].v, (uint8_t)(ops[i].phys - 1));
  }
  for (uint32_t i = 0; i < n; i++)
    if (ops[i].def && !ops[i].use && !ops[i].phys && !ops[i].early) assign_define(a, ops[i].v, lost);
  for (unsigned i = 0; i < 4; i++)
    if (mreg_is_virt(*field[i])) *field[i] = location(a, *field[i]);
  for (uint32_t i = 0; i < n; i++)
    if (ops[i].kill && (ops[i].def || !assign_redefined(ops, n, ops[i].v))) assign_drop(a, ops[i].v);
  assign_put(a, &in);
}

/* What was in a physical register is in none any more. */
static inline void vacate(struct assigner *a, mreg r) {
  uint64_t bit = reg_bit((uint8_t)r);
  if (a->used & bit) a->loc[a->value[r]] = ASSIGN_NO_REG;
  a->used &= ~bit;
}

/* Any registers will do: looks up and hands out. Of the block's instructions one has been read: its place or
 * one before is free. */
static inline void assign_plain(struct assigner *a, struct mach_insn *in, const struct mach_op_info *info,
                                unsigned kills) {
  unsigned uses = info->uses, defs = info->defs;
  MACH_EACH(i, uses) { in->r[i] = location(a, in->r[i]); }
  MACH_EACH(i, kills & ~defs) { vacate(a, in->r[i]); }
  if (!defs) return;
  if (!(uses & 1) && mreg_is_virt(in->d)) {
    uint32_t v = assign_index(in->d);
    assign_define(a, v, 0);
    in->d = a->loc[v];
  }
  if (kills & 1) vacate(a, in->d);
}

/* The place of the instruction that was read last, `old`, or one before is free, and gets it. */
static inline struct mach_insn *take_over(struct assigner *a, const struct mach_insn *old) {
  assert(a->written < a->unread);
  struct mach_insn *in = &a->f->insns.at[a->written++];
  if (in != old) *in = *old;
  return in;
}

/* False: it is like any other. */
static bool assign_move(struct assigner *a, const struct mach_insn *in, uint8_t kills) {
  if (!mreg_is_virt(in->d) || !mreg_is_virt(in->s)) return false;
  uint32_t d = assign_index(in->d), s = assign_index(in->s);
  if (!(kills & 1) && (kills & 2)) { /* the register passes on */
    uint8_t r = a->loc[s];
    assign_drop(a, s);
    assign_hold(a, d, r);
    const struct live_vreg *lv = &a->live->vregs[d];
    if (lv->phi != MREG_NONE && a->phi_reg[assign_index(lv->phi)] == ASSIGN_NO_REG)
      a->phi_reg[assign_index(lv->phi)] = r;
    return true;
  }
  if ((kills & 3) == 3) assign_drop(a, s);
  return kills & 1;
}

static void assign_insns(struct assigner *a, const struct mach_block *b) {
  const struct mach_op_info *ops = a->f->isa->ops;
  const uint8_t *kills = a->spill->kills + b->first, *end = a->spill->kills + b->end;
  for (; kills < end; kills++) {
    const struct mach_insn *in = &a->f->insns.at[a->unread++];
    const struct mach_op_info *info = &ops[in->op];
    if (in->op == MACH_EVICT)
      assign_drop(a, assign_index(in->s));
    else if (!info->plain)
      assign_insn(a, *in, *kills);
    else if (in->op != MACH_MOVE || !assign_move(a, in, *kills))
      assign_plain(a, take_over(a, in), info, *kills);
  }
}

/* The code of edges goes in front of the jumps that end their blocks: from the last block on, so that nothing
 * is overwritten that has not moved. */
static void join(struct assigner *a) {
  struct mach_func *f = a->f;
  uint32_t n = f->blocks.len, more = a->edge_code.len, at = a->written + more;
  f->insns.len = a->written;
  if (more) mach_open_gap(f, a->written, more);
  while (n-- > 0) {
    struct mach_block *b = &f->blocks.at[n];
    uint32_t first = a->first[n], last = a->first[n + 1] - 1, tail = a->tail[n].len;
    b->end = at;
    at = first + more - tail;
    b->first = at;
    if (!more) continue;
    f->insns.at[b->end - 1] = f->insns.at[last];
    memcpy(&f->insns.at[b->end - 1 - tail], a->edge_code.at + a->tail[n].first, tail * sizeof *f->insns.at);
    memmove(&f->insns.at[at], &f->insns.at[first], (last - first) * sizeof *f->insns.at);
    more -= tail;
  }
  VEC_DROP(f->arena, &a->edge_code);
}

static void drop(struct assigner *a, struct spill *spill, size_t nvregs, size_t nblocks) {
  struct mach_func *f = a->f;
  struct arena *arena = f->arena;
  struct live *live = spill->live;
  size_t nfixed = f->fixed.len + (size_t)1, nphis = f->phis.len + (size_t)1;
  arena_drop(arena, a->loc, nvregs);
  arena_drop(arena, a->phi_reg, nvregs);
  arena_drop(arena, a->seen, nvregs * sizeof *a->seen);
  arena_drop(arena, a->entry_reg, spill->entries.len + (size_t)1);
  VEC_DROP(arena, &a->exits);
  arena_drop(arena, a->exit_first, nblocks * sizeof *a->exit_first);
  arena_drop(arena, a->exit_len, nblocks * sizeof *a->exit_len);
  arena_drop(arena, a->tail, nblocks * sizeof *a->tail);
  arena_drop(arena, a->first, nblocks * sizeof *a->first);
  VEC_DROP(arena, &spill->entries);
  arena_drop(arena, spill->entry_first, nblocks * sizeof *spill->entry_first);
  arena_drop(arena, spill->entry_len, nblocks * sizeof *spill->entry_len);
  arena_drop(arena, spill->kills, spill->kills_size);
  arena_drop(arena, spill->fixed_kill, nfixed);
  arena_drop(arena, spill->slot, nvregs * sizeof *spill->slot);
  arena_drop(arena, spill->asked, nblocks * sizeof *spill->asked);
  arena_drop(arena, spill->arguments, nblocks * sizeof *spill->arguments);
  arena_drop(arena, spill->across_calls, nvregs);
  arena_drop(arena, live->vregs, nvregs * sizeof *live->vregs);
  arena_drop(arena, live->fixed_next, nfixed * sizeof *live->fixed_next);
  arena_drop(arena, live->phi_next, nphis * sizeof *live->phi_next);
}

void mach_assign(struct mach_func *f, struct spill *spill, const struct isa_config *config) {
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
    a.loc[v] = a.phi_reg[v] = ASSIGN_NO_REG;
  a.seen = ARENA_ARRAY(arena, struct assign_seen, nvregs);
  a.entry_reg = arena_alloc(arena, spill->entries.len + 1u);
  a.exit_first = arena_alloc(arena, nblocks * sizeof(uint32_t));
  a.exit_len = arena_alloc(arena, nblocks * sizeof(uint32_t));
  a.tail = ARENA_ARRAY(arena, struct assign_tail, nblocks);
  a.first = arena_alloc(arena, nblocks * sizeof(uint32_t));
  a.held = UINT32_MAX;
  VEC_RESERVE(arena, &a.exits, spill->entries.len + 16);
  for (uint32_t n = 0; n < f->blocks.len; n++) {
    const struct mach_block *b = &f->blocks.at[n];
    a.avoid = spill->asked[n];
    a.arguments = spill->arguments[n];
    a.block = n;
    a.first[n] = a.written;
    bool passes = assign_block_passes(&a, n);
    if (!passes) assign_block_begin(&a, n);
    assign_insns(&a, b);
    if (!passes) assign_block_end(&a, n);
    assign_back_edges(&a, n);
  }
  a.first[f->blocks.len] = a.written;
  join(&a);
  drop(&a, spill, nvregs, nblocks);
  f->used_callee_saved = a.saved;
}
