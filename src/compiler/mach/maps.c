/* Stack maps: which frame slots hold references that live across each call.
 *
 * In: allocated code, in which references stand in the first nslots_ref slots and in no register across a
 * safepoint. Out: for each such call the list of those slots that are read later, by liveness of slots
 * backward over the blocks. Where these sets or the maps would be too large, every slot is visited at every
 * call (clear_refs), and the function clears them when it begins: what was never stored there is null, what
 * is stored there stays right, because every collection visits it. Must not: know where slots stand in the
 * frame. */
#include "compiler/mach/alloc.h"

enum { SETS_MAX = 1 << 22 /* words */, MAPS_FREE = 1 << 16, MAP_SLOTS_PER_INSN = 8 };

struct mapper {
  struct mach_func *f;
  uint32_t words;            /* of a set */
  uint64_t *in, *gen, *kill; /* by block */
  uint64_t *now;
};

static bool is_safepoint(const struct mach_func *f, const struct mach_insn *in) {
  uint16_t flags = f->isa->ops[in->op].flags;
  return (flags & MF_CALL) && !(flags & MF_RETURN) && f->calls.at[in->imm].safepoint;
}

/* The slot that the instruction reads or writes; UINT32_MAX: none with references. */
static uint32_t slot_of(const struct mach_func *f, const struct mach_insn *in, bool *writes) {
  uint32_t slot = UINT32_MAX;
  *writes = in->op == MACH_SPILL;
  if (in->op == MACH_SPILL || in->op == MACH_RELOAD)
    slot = (uint32_t)in->imm;
  else if (in->base == MREG_SLOT)
    slot = (uint32_t)in->disp;
  return slot < f->nslots_ref ? slot : UINT32_MAX;
}

static uint64_t bit(uint32_t slot) { return UINT64_C(1) << (slot & 63); }

static void summarize(struct mapper *m, uint32_t n) {
  const struct mach_func *f = m->f;
  const struct mach_block *b = &f->blocks.at[n];
  uint64_t *gen = m->gen + (size_t)n * m->words, *kill = m->kill + (size_t)n * m->words;
  for (uint32_t i = b->end; i-- > b->first;) {
    bool writes;
    uint32_t slot = slot_of(f, &f->insns.at[i], &writes);
    if (slot == UINT32_MAX) continue;
    if (writes) {
      kill[slot / 64] |= bit(slot);
      gen[slot / 64] &= ~bit(slot);
    } else {
      gen[slot / 64] |= bit(slot);
    }
  }
}

/* What is live at the block's end. */
static void live_out(const struct mapper *m, uint32_t n, uint64_t *out) {
  const struct mach_func *f = m->f;
  const struct mach_block *b = &f->blocks.at[n];
  for (uint32_t w = 0; w < m->words; w++)
    out[w] = 0;
  for (uint32_t i = 0; i < b->nsucc; i++) {
    const uint64_t *in = m->in + (size_t)f->edges.at[f->succs.at[b->succ + i]].to * m->words;
    for (uint32_t w = 0; w < m->words; w++)
      out[w] |= in[w];
  }
}

static void solve(struct mapper *m) {
  const struct mach_func *f = m->f;
  for (bool again = true; again;) {
    again = false;
    for (uint32_t n = f->blocks.len; n-- > 0;) {
      uint64_t *in = m->in + (size_t)n * m->words;
      const uint64_t *gen = m->gen + (size_t)n * m->words, *kill = m->kill + (size_t)n * m->words;
      live_out(m, n, m->now);
      for (uint32_t w = 0; w < m->words; w++) {
        uint64_t x = gen[w] | (m->now[w] & ~kill[w]);
        if (x == in[w]) continue;
        in[w] = x;
        again = again || f->blocks.at[n].header;
      }
    }
  }
}

/* `lands`: the call is the block's last one, whose landings are the block's. */
static void put_map(struct mapper *m, struct mach_call *call, const struct mach_block *b, bool lands) {
  struct mach_func *f = m->f;
  call->map = f->map_slots.len;
  for (uint32_t w = 0; w < m->words; w++) {
    uint64_t set = m->now[w];
    /* What a handler reads was stored before the call, whatever the other way out stores afterwards. */
    for (uint32_t i = 0; lands && i < b->nsucc; i++) {
      uint32_t to = f->edges.at[f->succs.at[b->succ + i]].to;
      if (f->blocks.at[to].landing) set |= m->in[(size_t)to * m->words + w];
    }
    for (; set; set &= set - 1)
      VEC_PUSH(f->arena, &f->map_slots, 64 * w + (uint32_t)__builtin_ctzll(set));
  }
  call->nmap = f->map_slots.len - call->map;
}

static void put_maps(struct mapper *m, uint32_t n) {
  struct mach_func *f = m->f;
  const struct mach_block *b = &f->blocks.at[n];
  live_out(m, n, m->now);
  bool last = true;
  for (uint32_t i = b->end; i-- > b->first;) {
    const struct mach_insn *in = &f->insns.at[i];
    bool writes;
    if (is_safepoint(f, in)) {
      put_map(m, &f->calls.at[in->imm], b, last);
      last = false;
    }
    uint32_t slot = slot_of(f, in, &writes);
    if (slot == UINT32_MAX) continue;
    if (writes)
      m->now[slot / 64] &= ~bit(slot);
    else
      m->now[slot / 64] |= bit(slot);
  }
}

static void put_all_slots(struct mach_func *f) {
  f->clear_refs = true;
  for (uint32_t i = 0; i < f->calls.len; i++)
    f->calls.at[i].nmap = 0;
}

void mach_maps(struct mach_func *f) {
  if (!f->nslots_ref) return;
  struct mapper m = {.f = f, .words = (f->nslots_ref + 63) / 64};
  if ((uint64_t)m.words * f->blocks.len > SETS_MAX) {
    put_all_slots(f);
    return;
  }
  size_t size = (size_t)m.words * f->blocks.len;
  m.in = ARENA_ARRAY(f->arena, uint64_t, size);
  m.gen = ARENA_ARRAY(f->arena, uint64_t, size);
  m.kill = ARENA_ARRAY(f->arena, uint64_t, size);
  m.now = ARENA_ARRAY(f->arena, uint64_t, m.words);
  for (uint32_t n = 0; n < f->blocks.len; n++)
    summarize(&m, n);
  solve(&m);
  uint64_t most = MAPS_FREE + (uint64_t)MAP_SLOTS_PER_INSN * f->insns.len;
  for (uint32_t n = 0; n < f->blocks.len; n++) {
    put_maps(&m, n);
    if (f->map_slots.len <= most) continue;
    put_all_slots(f);
    return;
  }
}
