/* Spilling by next use (Belady's MIN), forward over the blocks.
 *
 * W is what is in registers: never more than there are, and across an instruction never more than it keeps (a
 * call: the callee-saved registers). What must go is what is used last. A value has one slot, written once:
 * at its definition, or where it leaves its register if that is colder. Values that a single instruction
 * computes are computed again instead. Must not: look at an instruction twice, so it stays linear. */
#include "compiler/mach/alloc.h"
#include "compiler/mach/spiller.h"

enum { FOLD_FAR = 24 /* a spilled operand used again no sooner is read from its slot */ };
enum { GUESSED_BLOCKS = 1 << 10, ENTRIES_A_BLOCK = 4 /* room to begin with */ };
enum { FEWEST_INT = 3, FEWEST_FLOAT = 3 /* that an instruction's own operands may need */ };

static uint32_t index_of(mreg r) { return r - MACH_VREG0; }

float spill_frequency(const struct mach_block *b) {
  float f = b->cold ? 0.01f : 1;
  for (uint32_t d = 0; d < b->loop_depth && d < 8; d++)
    f *= 8;
  return f;
}

static void event(struct spiller *s, uint32_t at, enum spill_event_kind kind, uint32_t v, bool dirty) {
  struct spill_event e = {.at = at, .v = v, .kind = (uint8_t)kind, .dirty = dirty};
  VEC_PUSH(s->f->arena, &s->events, e);
}

bool spill_leaves(struct spiller *s, uint32_t v, bool clean, uint32_t block) {
  struct spill_value *val = &s->values[v];
  if (val->remat) return false;
  val->slot = true;
  if (val->defs_left && s->live->vregs[v].def_block == block) val->early = true;
  if (clean) return false;
  val->cost += spill_frequency(&s->f->blocks.at[block]);
  return true;
}

static void evict(struct spiller *s, uint32_t at, uint32_t v) {
  struct spill_value *val = &s->values[v];
  bool dirty = spill_leaves(s, v, val->clean, s->block);
  if (val->remat && !val->used) {
    s->f->insns.at[val->def_at].op = MACH_NOP;
    s->kills[val->def_at] |= SPILL_REWRITTEN;
  }
  event(s, at, EVENT_EVICT, v, dirty);
  w_remove(s, v);
}

/* How willingly a value goes: the later its next use the more; before others go what costs nothing to have
 * again, and what costs no store in the present loop, since its slot is written or can be outside. */
static uint64_t eviction_order(const struct spiller *s, uint32_t v, uint32_t at) {
  const struct spill_value *val = &s->values[v];
  uint64_t dist = val->next - at;
  if (val->remat) return dist * 4;
  return val->clean || s->live->vregs[v].def_block < s->around_below ? dist * 3 : dist * 2;
}

/* The value of class c, not defined here, that goes first; `operands`: those of the instruction too. */
static uint32_t choose_victim(const struct spiller *s, unsigned c, uint32_t at, bool operands) {
  uint32_t best = LIVE_NONE;
  uint64_t most = 0;
  for (uint32_t k = 0; k < s->nw[c]; k++) {
    uint32_t v = s->w[c][k];
    const struct spill_value *val = &s->values[v];
    if (val->writes || val->next == LIVE_NONE) continue;
    if (val->reads && (!operands || val->leaving || val->late)) continue;
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
  if (!mreg_is_virt(in->s) || s->values[index_of(in->s)].at) return;
  uint32_t v = index_of(in->s);
  if (in->op == MACH_MOVE) {
    mreg d = in->d;
    if (!mreg_is_virt(d)) return;
    if (spill_remat(s, v)) {
      uint32_t src = in->src;
      *in = s->f->remats.at[spill_remat(s, v) - 1];
      in->d = d;
      in->src = src;
      s->next[1] = LIVE_NONE;
      return;
    }
    uint32_t next = s->next[1];
    if (next != LIVE_NONE && next < at + FOLD_FAR) return;
    in->op = MACH_RELOAD;
    in->size = s->f->vregs.at[v].size;
    in->imm = (int32_t)v;
    in->s = MREG_NONE;
    spill_need_slot(s, v);
    s->kills[at] |= SPILL_REWRITTEN;
    return;
  }
  if (!(info->flags & MF_SPILL_S) || spill_remat(s, v)) return;
  if (in->d == in->s || in->base != MREG_NONE || in->idx != MREG_NONE) return;
  uint32_t next = spill_resolve(s, v, s->next[1]);
  if (next != LIVE_NONE && next < at + FOLD_FAR) return;
  in->op = info->mem_op;
  in->s = MREG_NONE;
  in->base = MREG_SLOT;
  in->disp = (int32_t)v;
  in->scale = 0;
  spill_need_slot(s, v);
  s->kills[at] |= SPILL_REWRITTEN;
}

static bool has_lists(const struct mach_insn *in, const struct mach_op_info *info) {
  return (info->flags & MF_CALL) || in->op == MACH_PARAMS;
}

/* A use that is over: the register is free after the instruction. */
static void kill_use(struct spiller *s, uint32_t at, const struct spill_operand *o) {
  if (o->bit == 0xff)
    s->out->fixed_kill[o->fixed] = true;
  else
    s->kills[at] |= (uint8_t)(1u << o->bit);
  if (s->values[o->v].at) w_remove(s, o->v);
}

/* False: nobody reads it. */
static inline bool define(struct spiller *s, uint32_t at, uint32_t v, uint32_t next, bool tied) {
  struct spill_value *val = &s->values[v];
  val->next = next = spill_resolve(s, v, next);
  val->clean = false;
  if (val->remat) val->def_at = at;
  val->used = tied;
  if (val->defs_left) val->defs_left--;
  if (next == LIVE_NONE) return false;
  if (!val->at) w_add(s, v);
  return true;
}

/* A register for d of a plain instruction, as soon as what is read for the last time has left. `next`: of
 * what is read. */
static bool has_room(const struct spiller *s, const struct mach_insn *in, const struct mach_op_info *info,
                     const uint32_t *next) {
  unsigned c = spill_class(s, index_of(in->d));
  bool tied = info->uses & 1;
  uint32_t n = s->nw[c] + !tied;
  MACH_EACH(i, info->uses) {
    if (!mreg_is_virt(in->r[i])) continue;
    uint32_t v = index_of(in->r[i]);
    if (*next++ != LIVE_NONE || spill_class(s, v) != c) continue;
    bool again = false;
    for (unsigned j = 0; j < i; j++)
      again |= in->r[j] == in->r[i];
    n -= !again && s->live->vregs[v].def_block >= s->around_below;
    n += i == 0 && tied;
  }
  return n <= s->limit[c];
}

/* The common case: all that is read is in registers, and there is room for what is written, which is d or
 * nothing. False: nothing was done. */
static inline bool step_plain(struct spiller *s, uint32_t at, const struct mach_insn *in,
                              const struct mach_op_info *info) {
  struct spill_value *values = s->values;
  unsigned uses = info->uses, kills = 0, n = 0;
  MACH_EACH(i, uses) {
    if (!mreg_is_virt(in->r[i])) continue;
    if (!values[index_of(in->r[i])].at) return false;
    n++;
  }
  assert(info->defs <= 1);
  bool defs = info->defs && mreg_is_virt(in->d), tied = uses & 1;
  const uint32_t *next = s->live->next.at + s->live->next.len - n;
  uint32_t d_next = LIVE_NONE;
  if (defs) {
    unsigned c = values[index_of(in->d)].is_float;
    if (s->nw[c] >= s->limit[c] && !has_room(s, in, info, next)) return false;
    n += !tied;
    d_next = next[tied ? 0 : -1];
    if (tied) { /* it is the first */
      uses &= ~1u;
      next++;
    }
  }
  s->live->next.len -= n;
  MACH_EACH(i, uses) {
    if (!mreg_is_virt(in->r[i])) continue;
    uint32_t v = index_of(in->r[i]);
    struct spill_value *val = &values[v];
    val->used = true;
    val->next = spill_resolve(s, v, *next++);
    if (val->next != LIVE_NONE) continue;
    kills |= 1u << i;
    if (val->at) w_remove(s, v);
  }
  if (defs && !define(s, at, index_of(in->d), d_next, tied)) {
    kills |= 1;
    if (values[index_of(in->d)].at) w_remove(s, index_of(in->d));
  }
  s->kills[at] |= (uint8_t)kills;
  return true;
}

/* Operands, those in lists too, into s->use and s->def. */
static void gather(struct spiller *s, const struct mach_insn *in, const struct mach_op_info *info) {
  s->nuse = s->ndef = s->nloads = 0;
  for (unsigned i = 0; i < 4; i++) {
    if (!mreg_is_virt(in->r[i]) || !info->role[i]) continue;
    struct spill_operand o = {.v = index_of(in->r[i]),
                              .next = s->next[i],
                              .phys = info->fixed[i],
                              .early = (info->role[i] & ROLE_EARLY) != 0,
                              .bit = (uint8_t)i};
    if (info->role[i] & ROLE_USE) s->use[s->nuse++] = o;
    if (info->role[i] & ROLE_DEF) s->def[s->ndef++] = o;
  }
  if (!has_lists(in, info)) return;
  const struct mach_call *call = &s->f->calls.at[in->imm];
  for (uint32_t i = 0; i < call->nargs + call->nresults; i++) {
    bool arg = i < call->nargs;
    uint32_t fixed = arg ? call->args + i : call->results + i - call->nargs;
    const struct mach_fixed *x = &s->f->fixed.at[fixed];
    struct spill_operand o = {.v = index_of(x->reg),
                              .next = s->live->fixed_next[fixed],
                              .phys = (uint8_t)(x->phys + 1),
                              .bit = 0xff,
                              .fixed = fixed};
    assert(s->nuse < SPILL_USES_MOST && s->ndef < SPILL_DEFS_MOST);
    if (arg)
      s->use[s->nuse++] = o;
    else
      s->def[s->ndef++] = o;
  }
}

/* Everything read comes into W, whether there is room or not; next uses are those after the instruction. */
static void read_operands(struct spiller *s) {
  for (uint32_t i = 0; i < s->nuse; i++) {
    uint32_t v = s->use[i].v;
    struct spill_value *val = &s->values[v];
    if (val->reads) continue;
    val->reads = true;
    val->leaving = val->late = false;
    val->used = true;
    if (!val->at) {
      s->loads[s->nloads++] = v;
      spill_need_slot(s, v);
      w_add(s, v);
      val->clean = true;
    }
    val->next = spill_resolve(s, v, s->use[i].next);
  }
  for (uint32_t i = 0; i < s->nuse; i++)
    if (s->use[i].early && !s->use[i].phys) s->values[s->use[i].v].late = true;
  for (uint32_t i = 0; i < s->ndef; i++)
    s->values[s->def[i].v].writes = true;
}

static bool stays(const struct spiller *s, uint32_t v) {
  const struct spill_value *val = &s->values[v];
  return val->next != LIVE_NONE && !val->writes && !(val->reads && val->leaving);
}

struct shape {         /* what an instruction asks of one class of registers */
  uint64_t lost;       /* destroyed or defined */
  uint64_t fixed_uses; /* asked for */
  uint64_t taken;      /* of those: by a value that cannot stay there */
  uint32_t kept;       /* fixed uses that stay where they are asked to be */
  uint32_t other_uses; /* anywhere, and over after the instruction */
  uint32_t early_uses; /* of those: not in what is lost */
  uint32_t free_defs;  /* may be anywhere */
  uint32_t early_defs; /* beside all uses */
};

static struct shape shape_of(const struct spiller *s, unsigned c, uint64_t clobbers) {
  struct shape shape = {.lost = clobbers & s->mask[c]};
  for (uint32_t i = 0; i < s->ndef; i++) {
    const struct spill_operand *d = &s->def[i];
    if (spill_class(s, d->v) != c) continue;
    if (d->phys)
      shape.lost |= UINT64_C(1) << (d->phys - 1);
    else
      shape.free_defs++;
    shape.early_defs += d->early && !s->values[d->v].reads;
  }
  for (uint32_t i = 0; i < s->nuse; i++) {
    const struct spill_operand *u = &s->use[i];
    if (spill_class(s, u->v) != c) continue;
    if (u->phys) {
      uint64_t bit = UINT64_C(1) << (u->phys - 1);
      if (stays(s, u->v) && !((shape.lost | shape.fixed_uses) & bit))
        shape.kept++;
      else
        shape.taken |= bit;
      shape.fixed_uses |= bit;
    } else if (!stays(s, u->v)) {
      shape.other_uses++;
      shape.early_uses += u->early;
    }
  }
  return shape;
}

static uint32_t count_bits(uint64_t x) { return (uint32_t)__builtin_popcountll(x); }

/* `v` is read from its register and leaves it with the instruction. */
static void leave(struct spiller *s, uint32_t at, uint32_t v, struct shape *shape) {
  struct spill_value *val = &s->values[v];
  if (spill_leaves(s, v, val->clean, s->block)) event(s, at, EVENT_STORE, v, true);
  val->leaving = true;
  for (uint32_t i = 0; i < s->nuse; i++) {
    if (s->use[i].v != v) continue;
    if (s->use[i].phys)
      shape->kept -= shape->kept > 0;
    else
      shape->other_uses++;
  }
}

/* `v`, which lives on, is in no register across the call. */
static void leave_for_call(struct spiller *s, uint32_t at, uint32_t v) {
  struct spill_value *val = &s->values[v];
  if (!val->reads) {
    evict(s, at, v);
    return;
  }
  if (spill_leaves(s, v, val->clean, s->block)) event(s, at, EVENT_STORE, v, true);
  val->leaving = true;
}

/* A call that may throw into this function: the landing finds the registers that calls keep as they were.
 * What this loop wants in cold code only is better stored than kept. */
static void store_for_landing(struct spiller *s, uint32_t at, uint32_t i) {
  uint32_t landing = spill_landing(s, i);
  if (landing == IR_NO_BLOCK) return;
  uint32_t from = at + LIVE_COLD, to = at + live_beyond(s->f->blocks.at[s->block].loop_depth);
  for (unsigned c = 0; c < 2; c++)
    for (uint32_t k = s->nw[c]; k-- > 0;) {
      uint32_t v = s->w[c][k], next = s->values[v].next;
      if (stays(s, v) && next >= from && next < to && spill_live_at(s, v, landing)) leave_for_call(s, at, v);
    }
}

/* Objects may move: references that live on leave their registers. */
static void evict_references(struct spiller *s, uint32_t at) {
  for (uint32_t k = s->nw[0]; k-- > 0;) {
    uint32_t v = s->w[0][k];
    if (s->f->vregs.at[v].is_ref && stays(s, v)) leave_for_call(s, at, v);
  }
}

/* Evicts until what stays across the instruction fits beside what that loses and writes, then until all that
 * is in registers before it fits. Where the settings grant less than the instruction needs, that is what it
 * gets. */
static void make_room(struct spiller *s, uint32_t at, unsigned c, uint64_t clobbers) {
  struct shape shape = shape_of(s, c, clobbers);
  uint32_t staying = 0;
  for (uint32_t k = 0; k < s->nw[c]; k++)
    staying += stays(s, s->w[c][k]);
  uint32_t gone = count_bits((shape.lost | shape.taken) & s->mask[c]) + shape.free_defs + shape.early_uses;
  uint32_t most = s->regs[c] > gone ? s->regs[c] - gone : 0;
  most = min_u32(most, s->limit[c] > shape.free_defs ? s->limit[c] - shape.free_defs : 0);
  for (; staying > most; staying--) {
    uint32_t v = choose_victim(s, c, at, true);
    if (v == LIVE_NONE) break;
    if (s->values[v].reads)
      leave(s, at, v, &shape);
    else
      evict(s, at, v);
  }
  uint32_t before = count_bits(shape.fixed_uses & s->mask[c]) + (staying - min_u32(staying, shape.kept)) +
                    shape.other_uses + shape.early_defs;
  for (; before > s->limit[c]; before--) {
    uint32_t v = choose_victim(s, c, at, false);
    if (v == LIVE_NONE) break;
    evict(s, at, v);
  }
}

/* The instruction's next uses come off the stack. */
static void take_next(struct spiller *s, const struct mach_insn *in, const struct mach_op_info *info) {
  uint32_t n = 0;
  MACH_EACH(i, info->uses | info->defs) n += mreg_is_virt(in->r[i]);
  const uint32_t *next = s->live->next.at + (s->live->next.len -= n);
  MACH_EACH(i, info->defs & ~info->uses)
  if (mreg_is_virt(in->r[i])) s->next[i] = *next++;
  MACH_EACH(i, info->uses)
  if (mreg_is_virt(in->r[i])) s->next[i] = *next++;
}

/* One instruction: loads what it reads, makes room for what it writes and keeps. */
__attribute__((noinline)) static void step(struct spiller *s, uint32_t at, struct mach_insn *in,
                                           const struct mach_op_info *info) {
  struct mach_func *f = s->f;
  take_next(s, in, info);
  fold_slots(s, at, in);
  info = &f->isa->ops[in->op];
  uint64_t clobbers = info->clobbers;
  bool lists = has_lists(in, info);
  if (lists)
    clobbers |= f->calls.at[in->imm].clobbers;
  else
    s->out->asked[s->block] |= clobbers;
  uint64_t *asked = lists ? &s->out->arguments[s->block] : &s->out->asked[s->block];
  gather(s, in, info);
  read_operands(s);
  if ((info->flags & MF_CALL) && !(info->flags & MF_RETURN)) {
    for (uint32_t i = 1; i < f->blocks.at[s->block].nsucc; i++)
      store_for_landing(s, at, i);
    if (s->refs && f->calls.at[in->imm].safepoint) evict_references(s, at);
  }
  for (unsigned c = 0; c < 2; c++)
    if (s->nw[c]) make_room(s, at, c, clobbers);
  for (uint32_t i = 0; i < s->nloads; i++)
    event(s, at, EVENT_RELOAD, s->loads[i], false);
  for (uint32_t i = 0; i < s->nuse; i++) {
    if (s->use[i].phys) *asked |= UINT64_C(1) << (s->use[i].phys - 1);
    const struct spill_value *val = &s->values[s->use[i].v];
    if (val->writes || (val->next != LIVE_NONE && !val->leaving)) continue;
    kill_use(s, at, &s->use[i]);
  }
  if (lists && in->op != MACH_PARAMS)
    for (unsigned c = 0; c < 2; c++)
      for (uint32_t k = 0; k < s->nw[c]; k++)
        if (!s->values[s->w[c][k]].writes) s->out->across_calls[s->w[c][k]] = true;
  for (uint32_t i = 0; i < s->ndef; i++) {
    if (!lists && s->def[i].phys) s->out->asked[s->block] |= UINT64_C(1) << (s->def[i].phys - 1);
    const struct spill_operand *o = &s->def[i];
    if (!define(s, at, o->v, o->next, s->values[o->v].reads)) kill_use(s, at, o);
  }
  for (uint32_t i = 0; i < s->nuse; i++)
    s->values[s->use[i].v].reads = false;
  for (uint32_t i = 0; i < s->ndef; i++)
    s->values[s->def[i].v].writes = false;
}

__attribute__((noinline)) static void steps(struct spiller *s, const struct mach_block *b) {
  struct mach_insn *insns = s->f->insns.at;
  const struct mach_op_info *ops = s->f->isa->ops;
  for (uint32_t at = b->first, end = b->end; at < end; at++) {
    const struct mach_op_info *info = &ops[insns[at].op];
    if (!(info->uses | info->defs) && info->plain) continue;
    if (!info->plain || !step_plain(s, at, &insns[at], info)) step(s, at, &insns[at], info);
  }
}

/* What nobody reads any more. */
static void drop(struct spiller *s, uint32_t nblocks, uint32_t nvregs) {
  struct arena *a = s->f->arena;
  VEC_DROP(a, &s->events);
  VEC_DROP(a, &s->tails);
  arena_drop(a, s->live->in_first, nblocks * sizeof *s->live->in_first);
  arena_drop(a, s->live->in_len, nblocks * sizeof *s->live->in_len);
  arena_drop(a, s->tail_of, nblocks * sizeof *s->tail_of);
  arena_drop(a, s->exit_first, nblocks * sizeof *s->exit_first);
  arena_drop(a, s->exit_len, nblocks * sizeof *s->exit_len);
  arena_drop(a, s->values, nvregs * sizeof *s->values);
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
  out->asked = ARENA_ARRAY(a, uint64_t, nblocks);
  out->arguments = ARENA_ARRAY(a, uint64_t, nblocks);
  out->across_calls = ARENA_ARRAY(a, bool, nvregs);
  struct spiller s = {.f = f, .live = live, .out = out, .callee_saved = f->isa->callee_saved};
  s.held = UINT32_MAX;
  s.values = ARENA_ARRAY(a, struct spill_value, nvregs);
  for (uint32_t v = 0; v < f->vregs.len; v++) {
    s.values[v].defs_left = live->vregs[v].ndefs;
    s.values[v].is_float = f->vregs.at[v].is_float;
    s.values[v].remat = f->vregs.at[v].remat != 0;
    s.refs |= f->vregs.at[v].is_ref != 0;
  }
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
  uint32_t guess = min_u32(nblocks, GUESSED_BLOCKS) * ENTRIES_A_BLOCK;
  VEC_RESERVE(a, &out->entries, guess);
  VEC_RESERVE(a, &s.exits, guess);
  uint32_t ninsns = f->insns.len + 1;
  s.kills = ARENA_ARRAY(a, uint8_t, ninsns);
  for (uint32_t n = 0; n < f->blocks.len; n++) {
    const struct mach_block *b = &f->blocks.at[n];
    spill_entry_begin(&s, n);
    s.around_below = b->loop && !live->no_lists ? live->loops[b->loop].header : 0;
    s.far = b->end + live_beyond(b->loop_depth);
    if (spill_block_passes(&s)) continue;
    spill_block_begin(&s);
    steps(&s, b);
    spill_block_end(&s);
  }
  assert(live->next.len == 0);
  VEC_DROP(a, &live->next);
  VEC_DROP(a, &live->entries);
  VEC_DROP(a, &s.exits);
  spill_rewrite(&s);
  drop(&s, nblocks, nvregs);
  return out;
}
