/* Proof that allocated code computes what the code before it did, by following demands backward.
 *
 * A demand (place, value) says: the value is read from that place later. Reading makes demands; a move, spill
 * or reload hands those on its destination to its source; an instruction of the original that defines the
 * value there meets them, one that destroys the place refutes the proof, and so does the entry of the
 * function for whatever is left. At a block's start a phi's demand becomes its argument's on each edge.
 * Demands at loop headers grow until nothing changes. Knows nothing of how the allocator decides; must not
 * share code with it. */
#include "compiler/mach/alloc.h"

#include "compiler/mach/moves.h"

#include <string.h>

struct demand {
  uint32_t loc, v;
};
struct demand_list {
  struct demand *at;
  uint32_t len, cap;
};
struct checker {
  const struct mach_func *before, *after;
  struct arena *arena;
  struct out *why;
  struct demand_list *entry; /* by block */
  struct demand_list now;
  uint32_t block, at; /* in `after` */
  bool passed_call;   /* the block's last call, to which its landings belong */
  bool failed;
};

static bool fail(struct checker *c, const char *what, uint32_t loc, uint32_t v) {
  if (!c->failed)
    out_printf(c->why, "block %u, instruction %u (%s): %s (place %u, value v%u)\n", c->block,
               c->at - c->after->blocks.at[c->block].first,
               c->after->isa->ops[c->after->insns.at[c->at].op].name, what, loc, v);
  c->failed = true;
  return false;
}

static void demand(struct checker *c, uint32_t loc, uint32_t v) {
  for (uint32_t i = 0; i < c->now.len; i++)
    if (c->now.at[i].loc == loc && c->now.at[i].v == v) return;
  struct demand d = {loc, v};
  VEC_PUSH(c->arena, &c->now, d);
}

static bool same_computation(const struct mach_insn *a, const struct mach_insn *b) {
  return a->op == b->op && a->size == b->size && a->cc == b->cc && a->scale == b->scale &&
         a->flags == b->flags && a->s == b->s && a->base == b->base && a->idx == b->idx &&
         a->disp == b->disp && a->imm == b->imm;
}

static const struct mach_insn *remat_of(const struct checker *c, uint32_t v) {
  uint32_t r = c->before->vregs.at[v].remat;
  return r ? &c->before->remats.at[r - 1] : NULL;
}

/* What stands in `loc` from here on is `v` (or what `remat` computes). */
static bool meet_definition(struct checker *c, uint32_t loc, uint32_t v, const struct mach_insn *remat) {
  for (uint32_t i = 0; i < c->now.len;) {
    if (c->now.at[i].loc != loc) {
      /* What can be computed again may be elsewhere, by the same right. */
      if (c->now.at[i].v == v && !remat_of(c, v))
        return fail(c, "read from where it was not put", c->now.at[i].loc, v);
      i++;
      continue;
    }
    const struct mach_insn *wanted = remat_of(c, c->now.at[i].v);
    if (c->now.at[i].v != v && !(remat && wanted && same_computation(remat, wanted)))
      return fail(c, "the value read later is not the one put there", loc, c->now.at[i].v);
    c->now.at[i] = c->now.at[--c->now.len];
  }
  return true;
}

static bool meet_clobbers(struct checker *c, uint64_t clobbers) {
  for (uint32_t i = 0; i < c->now.len; i++)
    if (c->now.at[i].loc < LOC_SLOT && clobbers >> c->now.at[i].loc & 1)
      return fail(c, "the place is destroyed while the value is still needed", c->now.at[i].loc,
                  c->now.at[i].v);
  return true;
}

static void transfer(struct checker *c, uint32_t dst, uint32_t src) {
  if (dst == src) return;
  uint32_t n = c->now.len;
  for (uint32_t i = 0; i < n;) {
    if (c->now.at[i].loc != dst) {
      i++;
      continue;
    }
    uint32_t v = c->now.at[i].v;
    c->now.at[i] = c->now.at[--c->now.len];
    n = min_u32(n, c->now.len);
    demand(c, src, v);
  }
}

static uint32_t slot_loc(struct checker *c, int32_t slot, uint8_t size) {
  if ((uint32_t)slot >= c->after->nslots8 + c->after->nslots16) fail(c, "no such slot", (uint32_t)slot, 0);
  if (size > 8 && (uint32_t)slot < c->after->nslots8) fail(c, "the slot is too small", (uint32_t)slot, 0);
  return LOC_SLOT + (uint32_t)slot;
}

/* Moves that the allocator made. False: it is something else. */
static bool check_transfer(struct checker *c, const struct mach_insn *in) {
  switch (in->op) {
  case MACH_MOVE:
    if (mreg_is_float(in->d) != mreg_is_float(in->s)) fail(c, "a move between classes", in->d, in->s);
    transfer(c, in->d, in->s);
    return true;
  case MACH_XCHG:
    for (uint32_t i = 0; i < c->now.len; i++)
      if (c->now.at[i].loc == in->d)
        c->now.at[i].loc = in->s;
      else if (c->now.at[i].loc == in->s)
        c->now.at[i].loc = in->d;
    return true;
  case MACH_SPILL: transfer(c, slot_loc(c, in->imm, in->size), in->s); return true;
  case MACH_RELOAD: transfer(c, in->d, slot_loc(c, in->imm, in->size)); return true;
  default: return false;
  }
}

static bool is_operand(mreg r) { return mreg_is_virt(r); }

/* One operand of the original against what stands in its place. */
static bool check_register(struct checker *c, mreg old, mreg new, uint8_t fixed) {
  if (!mreg_is_virt(old)) return old == new || fail(c, "a pinned register has changed", new, 0);
  uint32_t v = old - MACH_VREG0;
  if (!mreg_is_phys(new)) return fail(c, "no register was assigned", new, v);
  /* a constant on its way to a slot may pass through the scratch register */
  if (!(c->after->isa->allocatable >> new & 1) && new != c->after->isa->scratch_float)
    return fail(c, "not an allocatable register", new, v);
  if (mreg_is_float(new) != (c->before->vregs.at[v].is_float != 0)) return fail(c, "wrong class", new, v);
  if (fixed && new != fixed - 1u) return fail(c, "not in the register that the instruction wants", new, v);
  return true;
}

static bool conflicts(struct checker *c, const mreg *now, const struct mach_op_info *info,
                      uint64_t clobbers) {
  for (unsigned i = 0; i < 4; i++) {
    if (!mreg_is_phys(now[i]) || !info->role[i]) continue;
    if ((info->role[i] & ROLE_USE) && (info->role[i] & ROLE_EARLY) && (clobbers >> now[i] & 1))
      return fail(c, "a use that must survive is destroyed", now[i], 0);
    for (unsigned k = 0; k < 4; k++) {
      if (k == i || now[k] != now[i] || !(info->role[k] & ROLE_DEF)) continue;
      if (info->role[i] & ROLE_DEF) return fail(c, "two definitions in one register", now[i], 0);
      bool together = (info->role[k] & ROLE_USE) != 0; /* tied: reads the same value */
      if (!together && ((info->role[i] | info->role[k]) & ROLE_EARLY))
        return fail(c, "a definition overlays a use that is still needed", now[i], 0);
      if (together && (info->role[i] & ROLE_EARLY))
        return fail(c, "a tied operand overlays a use", now[i], 0);
    }
  }
  return true;
}

/* What is live across a call: references in slots of their own and nowhere else where objects may move; and
 * what a handler reads is in its slot already, or in a register that is not `lost`. */
static bool check_safepoint(struct checker *c, const struct mach_call *call, uint64_t lost) {
  const struct mach_func *f = c->before;
  const struct mach_block *b = &f->blocks.at[c->block];
  for (uint32_t i = 0; !c->passed_call && i < b->nsucc; i++) {
    uint32_t to = f->edges.at[f->succs.at[b->succ + i]].to;
    if (!f->blocks.at[to].landing) continue;
    for (uint32_t k = 0; k < c->entry[to].len; k++) {
      uint32_t loc = c->entry[to].at[k].loc;
      if (loc < LOC_SLOT && (lost >> loc & 1)) return fail(c, "a handler reads a lost register", loc, 0);
      demand(c, c->entry[to].at[k].loc, c->entry[to].at[k].v);
    }
  }
  c->passed_call = true;
  for (uint32_t i = 0; call->safepoint && i < c->now.len; i++) {
    const struct demand *d = &c->now.at[i];
    bool slot = d->loc >= LOC_SLOT && d->loc - LOC_SLOT < c->after->nslots_ref;
    if (slot != (f->vregs.at[d->v].is_ref != 0))
      return fail(c, "a reference is not where the collector looks, or something else is there", d->loc,
                  d->v);
  }
  return true;
}

/* An instruction of the original, `old`, as `in`. */
static bool check_insn(struct checker *c, const struct mach_insn *old, const struct mach_insn *in) {
  const struct mach_func *f = c->before;
  const struct mach_op_info *info = &f->isa->ops[old->op];
  mreg was[4] = {old->d, old->s, old->base, old->idx}, now[4] = {in->d, in->s, in->base, in->idx};
  uint32_t folded = UINT32_MAX;
  if (in->op != old->op) { /* s is read from its slot */
    if (!is_operand(was[1])) return fail(c, "a changed instruction", 0, 0);
    folded = slot_loc(c, in->disp, in->size);
    if (in->idx != MREG_NONE || in->s != MREG_NONE || was[2] != MREG_NONE || was[3] != MREG_NONE)
      return fail(c, "a changed instruction", 0, 0);
    now[1] = now[2] = MREG_NONE;
  } else if (in->disp != old->disp || in->imm != old->imm) {
    return fail(c, "a changed instruction", 0, 0);
  }
  uint64_t clobbers = info->clobbers;
  const struct mach_call *call =
      (info->flags & MF_CALL) || old->op == MACH_PARAMS ? &f->calls.at[old->imm] : NULL;
  if (call) clobbers |= call->clobbers;
  const uint64_t lost = clobbers;
  for (unsigned i = 0; i < 4; i++) {
    if (!info->role[i] || (i == 1 && folded != UINT32_MAX)) {
      if (!info->role[i] && was[i] != now[i] && folded == UINT32_MAX)
        return fail(c, "a changed instruction", 0, 0);
      continue;
    }
    if (!check_register(c, was[i], now[i], info->fixed[i])) return false;
  }
  if (!conflicts(c, now, info, clobbers)) return false;
  for (unsigned i = 0; i < 4; i++)
    if (is_operand(was[i]) && (info->role[i] & ROLE_DEF)) {
      if (!meet_definition(c, now[i], was[i] - MACH_VREG0, remat_of(c, was[i] - MACH_VREG0))) return false;
      clobbers &= ~(UINT64_C(1) << now[i]);
    }
  for (uint32_t i = 0; call && i < call->nresults; i++) {
    const struct mach_fixed *x = &f->fixed.at[call->results + i];
    if (!meet_definition(c, x->phys, x->reg - MACH_VREG0, NULL)) return false;
  }
  if (!meet_clobbers(c, clobbers)) return false;
  if (call && !(info->flags & MF_RETURN) && old->op != MACH_PARAMS && !check_safepoint(c, call, lost))
    return false;
  for (unsigned i = 0; i < 4; i++)
    if (is_operand(was[i]) && (info->role[i] & ROLE_USE))
      demand(c, i == 1 && folded != UINT32_MAX ? folded : now[i], was[i] - MACH_VREG0);
  for (uint32_t i = 0; call && i < call->nargs; i++) {
    const struct mach_fixed *x = &f->fixed.at[call->args + i];
    demand(c, x->phys, x->reg - MACH_VREG0);
  }
  return !c->failed;
}

/* MOVE d, s of the original: d is another name for s. */
static void check_name(struct checker *c, const struct mach_insn *old) {
  uint32_t d = old->d - MACH_VREG0, s = old->s - MACH_VREG0, n = c->now.len;
  for (uint32_t i = 0; i < n;) {
    if (c->now.at[i].v != d) {
      i++;
      continue;
    }
    uint32_t loc = c->now.at[i].loc;
    c->now.at[i] = c->now.at[--c->now.len];
    n = min_u32(n, c->now.len);
    demand(c, loc, s);
  }
}

static bool is_name(const struct mach_insn *in) {
  return in->op == MACH_MOVE && mreg_is_virt(in->d) && mreg_is_virt(in->s);
}

/* Whether `in` can be the original's `old`. (What is pinned tells loads from the instance and others apart.)
 */
static bool matches(const struct checker *c, const struct mach_insn *old, const struct mach_insn *in) {
  if (old->size != in->size || old->cc != in->cc || old->src != in->src || old->flags != in->flags)
    return false;
  if (mreg_is_phys(in->base) && !(c->before->isa->allocatable >> in->base & 1) && old->base != in->base)
    return false;
  if (old->op == in->op) return old->imm == in->imm && old->disp == in->disp;
  const struct mach_op_info *info = &c->before->isa->ops[old->op];
  return (info->flags & MF_SPILL_S) && info->mem_op == in->op && in->base == MREG_SLOT && old->imm == in->imm;
}

static bool is_remat_def(const struct checker *c, const struct mach_insn *old) {
  if (!mreg_is_virt(old->d)) return false;
  const struct mach_insn *r = remat_of(c, old->d - MACH_VREG0);
  return r && same_computation(r, old);
}

/* What v is called above the names that stand right before `old`. */
static uint32_t name_above(const struct checker *c, uint32_t v, uint32_t old, uint32_t first) {
  for (uint32_t k = old; k > first; k--) {
    const struct mach_insn *o = &c->before->insns.at[k - 1];
    if (!is_name(o) && !is_remat_def(c, o)) break;
    if (is_name(o) && o->d == v + MACH_VREG0) v = o->s - MACH_VREG0;
  }
  return v;
}

/* Whether all who read in->d later read a constant that `in` computes, and nobody reads `not`. */
static bool reads_remat(const struct checker *c, const struct mach_insn *in, uint32_t old, uint32_t first,
                        mreg not, uint32_t *readers) {
  *readers = 0;
  if (!mreg_is_phys(in->d)) return false;
  for (uint32_t i = 0; i < c->now.len; i++) {
    if (c->now.at[i].loc != in->d) continue;
    uint32_t v = name_above(c, c->now.at[i].v, old, first);
    const struct mach_insn *r = remat_of(c, v);
    if (v + MACH_VREG0 == not || !r || !same_computation(r, in)) return false;
    ++*readers;
  }
  return true;
}

/* A constant computed again, for whoever reads it; perhaps by a name that it gets above `old`. */
static bool check_remat(struct checker *c, const struct mach_insn *in, uint32_t old, uint32_t first) {
  uint32_t readers;
  if (!reads_remat(c, in, old, first, MREG_NONE, &readers)) return false;
  for (uint32_t i = 0; i < c->now.len;)
    if (c->now.at[i].loc == in->d)
      c->now.at[i] = c->now.at[--c->now.len];
    else
      i++;
  return true;
}

/* `in` looks like the original's `o`, which may compute a constant's value for a register of its own: it is
 * the constant made again when somebody reads that from there, and nobody what `o` defines. */
static bool is_made_again(const struct checker *c, const struct mach_insn *o, const struct mach_insn *in,
                          uint32_t old, uint32_t first) {
  uint32_t readers;
  return reads_remat(c, in, old, first, o->d, &readers) && readers > 0;
}

/* Walks both sequences backward. */
static bool check_block(struct checker *c, uint32_t n) {
  const struct mach_block *old_block = &c->before->blocks.at[n], *block = &c->after->blocks.at[n];
  uint32_t old = old_block->end;
  c->block = n;
  c->passed_call = false;
  for (uint32_t i = block->end; i-- > block->first;) {
    const struct mach_insn *in = &c->after->insns.at[i];
    c->at = i;
    /* Names and constants without code are passed as late as possible, seen from here. */
    if (check_transfer(c, in)) {
      if (c->failed) return false;
      continue;
    }
    uint32_t look = old;
    while (look > old_block->first) {
      const struct mach_insn *o = &c->before->insns.at[look - 1];
      if (matches(c, o, in) || !(is_name(o) || is_remat_def(c, o))) break;
      look--;
    }
    bool found = look > old_block->first && matches(c, &c->before->insns.at[look - 1], in) &&
                 !is_made_again(c, &c->before->insns.at[look - 1], in, old, old_block->first);
    /* Into the scratch register only what is on its way to a slot is computed. */
    if (!found || in->d == c->after->isa->scratch_float) {
      if (!check_remat(c, in, old, old_block->first))
        return fail(c, "an instruction that the original lacks", 0, 0);
      continue;
    }
    /* Where a constant is computed again right behind its definition, both readings are right. */
    for (; old > look; old--)
      if (is_name(&c->before->insns.at[old - 1])) check_name(c, &c->before->insns.at[old - 1]);
    old--;
    if (!check_insn(c, &c->before->insns.at[old], in)) return false;
  }
  c->at = block->first;
  for (; old > old_block->first; old--) {
    const struct mach_insn *o = &c->before->insns.at[old - 1];
    if (is_name(o))
      check_name(c, o);
    else if (!is_remat_def(c, o))
      return fail(c, "an instruction of the original is missing", 0, 0);
  }
  return true;
}

/* Demands at the end of a block: those of its successors' starts, phis by their arguments. */
static void collect(struct checker *c, uint32_t n) {
  const struct mach_func *f = c->before;
  const struct mach_block *b = &f->blocks.at[n];
  c->now.len = 0;
  for (uint32_t i = 0; i < b->nsucc; i++) {
    const struct ir_edge *e = &f->edges.at[f->succs.at[b->succ + i]];
    const struct mach_block *to = &f->blocks.at[e->to];
    const struct demand_list *list = &c->entry[e->to];
    if (to->landing) continue; /* at the call: check_safepoint */
    for (uint32_t k = 0; k < list->len; k++) {
      uint32_t v = list->at[k].v;
      for (uint32_t p = 0; p < to->nphis; p++)
        if (f->phis.at[to->phis + p] == v + MACH_VREG0) {
          v = f->phi_args.at[e->args + p] - MACH_VREG0;
          break;
        }
      demand(c, list->at[k].loc, v);
    }
  }
}

static bool keep_entry(struct checker *c, uint32_t n) {
  struct demand_list *list = &c->entry[n];
  if (list->len == c->now.len) return false; /* demands only grow */
  list->len = 0;
  for (uint32_t i = 0; i < c->now.len; i++)
    VEC_PUSH(c->arena, list, c->now.at[i]);
  return true;
}

bool mach_regcheck(const struct mach_func *before, const struct mach_func *after, struct out *why) {
  struct checker c = {.before = before, .after = after, .arena = after->arena, .why = why};
  struct arena_mark mark = arena_mark(c.arena);
  c.entry = ARENA_ARRAY(c.arena, struct demand_list, before->blocks.len + 1u);
  for (bool again = true, loops = false; again; loops = true) {
    again = false;
    for (uint32_t n = before->blocks.len; n-- > 0 && !c.failed;) {
      collect(&c, n);
      if (loops && before->blocks.at[n].nsucc == 0) continue;
      if (!check_block(&c, n)) break;
      bool grown = keep_entry(&c, n);
      if (grown && before->blocks.at[n].header) again = true;
    }
    if (c.failed) break;
  }
  if (!c.failed && before->blocks.len && c.entry[0].len)
    fail(&c, "read before it is written", c.entry[0].at[0].loc, c.entry[0].at[0].v);
  arena_release(c.arena, mark);
  return !c.failed;
}
