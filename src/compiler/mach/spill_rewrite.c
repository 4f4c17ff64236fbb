/* The result of spilling as code: reloads, recomputations, evictions, and the stores, at the definition of a
 * value or where it is evicted, whichever is executed less often. */
#include "compiler/mach/slots.h"
#include "compiler/mach/spiller.h"

#include <string.h>

static uint32_t index_of(mreg r) { return r - MACH_VREG0; }

struct rewriter {
  struct spiller *s;
  struct mach_insn *out; /* the function's own: what is to be read stands behind what is written */
  uint8_t *kills;        /* of `out` */
  uint32_t n;
  uint32_t gap; /* the old instruction `at` stands at `at` + gap */
  uint32_t run; /* the first old instruction that is not in its new place yet */
};

static inline void put(struct rewriter *w, struct mach_insn in, uint8_t kills) {
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
  const struct spill_value *val = &s->values[v];
  if (!val->slot || val->memory_phi) return false;
  if (s->live->no_lists) return true;
  return val->cost > 0 && val->cost >= spill_frequency(&s->f->blocks.at[s->live->vregs[v].def_block]);
}

static void put_event(struct rewriter *w, const struct spill_event *e, uint32_t src) {
  struct spiller *s = w->s;
  if (e->kind == EVENT_RELOAD) {
    if (!spill_remat(s, e->v)) {
      put(w, slot_insn(s, MACH_RELOAD, e->v, src), 0);
      return;
    }
    struct mach_insn in = s->f->remats.at[spill_remat(s, e->v) - 1];
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

/* `dead`: the register is not wanted behind the store. */
static void put_store(struct rewriter *w, uint32_t v, uint32_t src, bool last, bool dead) {
  if (stored_at_def(w->s, v) && (last || w->s->values[v].early))
    put(w, slot_insn(w->s, MACH_SPILL, v, src), dead ? 2 : 0);
}

/* A definition that no register keeps and a slot does: only where the lists are missing, which would tell the
 * rest of the block that the value lives on. */
static bool only_stored(const struct spiller *s, uint32_t v, bool dead) {
  return dead && s->live->no_lists && stored_at_def(s, v);
}

/* The instructions of the run, up to `end`, are taken over as they are; what follows them begins the next. */
static void keep_run(struct rewriter *w, uint32_t end) {
  uint32_t first = w->run, n = end - first, from = first + w->gap;
  w->run = end;
  if (n == 0) return;
  if (w->n != from) memmove(&w->out[w->n], &w->out[from], n * sizeof *w->out);
  const uint8_t *kills = &w->s->kills[first];
  if (&w->kills[w->n] != kills) memmove(&w->kills[w->n], kills, n);
  w->n += n;
}

/* Where the block's instruction `at` of the run will stand. */
static uint32_t place_of(const struct rewriter *w, uint32_t at) { return w->n + (at - w->run); }

static uint32_t next_rewritten(const uint8_t *kills, uint32_t at, uint32_t end) {
  while (at < end && !(kills[at] & SPILL_REWRITTEN))
    at++;
  return at;
}

static bool defines(const struct mach_func *f, const struct mach_insn *in, uint32_t v) {
  const struct mach_op_info *info = &f->isa->ops[in->op];
  MACH_EACH(i, info->defs) {
    if (in->r[i] == MACH_VREG0 + v) return true;
  }
  return (info->flags & MF_CALL) != 0; /* its results, perhaps */
}

/* What writes `v`, which has a slot, is looked at. Selection writes a register a few times, in a row; false:
 * it did not, and now all instructions are looked at. */
static bool mark_definitions(struct spiller *s, uint32_t v) {
  enum { MOST = 64 };
  const struct mach_func *f = s->f;
  uint32_t left = s->live->vregs[v].ndefs, at = s->live->vregs[v].def, end = f->insns.len;
  if (left == 0) return true;
  s->kills[at] |= SPILL_REWRITTEN;
  if (left == 1) return true;
  end = min_u32(end, at + MOST);
  for (; at < end && left > 0; at++) {
    if (!defines(f, &f->insns.at[at], v)) continue;
    s->kills[at] |= SPILL_REWRITTEN;
    left -= !(f->isa->ops[f->insns.at[at].op].flags & MF_CALL);
  }
  if (left == 0) return true;
  for (at = 0; at < f->insns.len; at++)
    s->kills[at] |= SPILL_REWRITTEN;
  return false;
}

static void rewrite_insn(struct rewriter *w, const struct mach_insn *old, uint32_t at) {
  struct spiller *s = w->s;
  struct mach_func *f = s->f;
  if (old->op == MACH_NOP) return;
  struct mach_insn *in = &w->out[w->n];
  uint8_t *kills = &w->kills[w->n++], old_kills = s->kills[at] & ~SPILL_REWRITTEN & 0xff;
  const struct mach_op_info *info = &f->isa->ops[old->op];
  if (in != old) *in = *old;
  *kills = old_kills;
  if (in->base == MREG_SLOT) in->disp = (int32_t)s->out->slot[in->disp];
  if (in->op == MACH_RELOAD) in->imm = (int32_t)s->out->slot[in->imm];
  const struct mach_insn now = *in; /* what is put behind may overwrite it */
  MACH_EACH(i, info->defs) {
    if (!mreg_is_virt(now.r[i]) || !s->values[index_of(now.r[i])].slot) continue;
    uint32_t v = index_of(now.r[i]);
    bool last = --s->values[v].defs_left == 0, dead = old_kills >> i & 1;
    if (only_stored(s, v, dead)) *kills &= (uint8_t) ~(1u << i);
    if (!dead || only_stored(s, v, dead)) put_store(w, v, now.src, last, dead);
  }
  if (!(info->flags & MF_CALL)) return;
  const struct mach_call *call = &f->calls.at[now.imm];
  for (uint32_t i = call->results; i < call->results + call->nresults; i++) {
    uint32_t v = index_of(f->fixed.at[i].reg);
    bool dead = s->out->fixed_kill[i], only = only_stored(s, v, dead);
    if (only) s->out->fixed_kill[i] = false;
    if (!dead || only) put_store(w, v, now.src, true, dead);
  }
}

/* Stores of phis that are in a register and in a slot, at the start of their block. */
static void put_phis(struct rewriter *w, const struct mach_block *b) {
  const struct spiller *s = w->s;
  for (uint32_t k = 0; k < b->nphis; k++) {
    uint32_t v = index_of(s->f->phis.at[b->phis + k]);
    if (!s->values[v].slot || s->live->phi_next[b->phis + k] == LIVE_NONE) continue;
    keep_run(w, b->first);
    put_store(w, v, b->first < b->end ? w->out[w->gap + b->first].src : 0, true, false);
  }
}

/* Blocks run into one another: what stays between two places that change moves in one piece. */
static void rewrite_all(struct rewriter *w) {
  struct spiller *s = w->s;
  const struct mach_func *f = s->f;
  uint32_t next_event = 0, event_at = s->events.len ? s->events.at[0].at : UINT32_MAX, old_end = 0;
  for (uint32_t n = 0; n < f->blocks.len; n++) {
    struct mach_block *b = &f->blocks.at[n];
    uint32_t first = place_of(w, b->first), end = b->end, tail = s->tail_of[n];
    assert(b->first == old_end && "no instruction is outside of a block");
    old_end = end;
    put_phis(w, b);
    for (uint32_t at = b->first;; at++) {
      at = next_rewritten(s->kills, at, min_u32(event_at, tail ? end - 1 : end));
      if (at == end) break;
      keep_run(w, at);
      const struct mach_insn *in = &w->out[w->gap + at];
      while (event_at == at) {
        put_event(w, &s->events.at[next_event++], in->src);
        event_at = next_event < s->events.len ? s->events.at[next_event].at : UINT32_MAX;
      }
      for (uint32_t t = at == end - 1 ? tail : 0; t; t = s->tails.at[t - 1].next)
        if (!stored_at_def(s, s->tails.at[t - 1].v))
          put(w, slot_insn(s, MACH_SPILL, s->tails.at[t - 1].v, in->src), 0);
      rewrite_insn(w, in, at);
      w->run = at + 1;
    }
    b->first = first;
    b->end = place_of(w, end);
  }
  keep_run(w, old_end);
}

void spill_rewrite(struct spiller *s) {
  struct mach_func *f = s->f;
  uint64_t stores = 0;
  bool all_marked = false;
  for (uint32_t v = 0; v < f->vregs.len; v++) {
    s->out->slot[v] = SPILL_NO_SLOT;
    if (!s->values[v].slot) continue;
    s->out->slot[v] = 0;
    s->values[v].defs_left = s->live->vregs[v].ndefs;
    stores += s->live->vregs[v].ndefs;
    if (!all_marked) all_marked = !mark_definitions(s, v);
  }
  if (stores) slots_assign(f, s->out);
  uint32_t len = f->insns.len;
  uint64_t more = (uint64_t)s->events.len + s->tails.len + stores;
  if (more > UINT32_MAX / 2) arena_out_of_memory(f->arena);
  uint32_t gap = (uint32_t)more;
  struct rewriter w = {.s = s, .kills = s->kills, .gap = gap};
  if (gap) { /* else nothing is added: no instruction moves backward */
    mach_open_gap(f, 0, gap);
    w.kills = arena_alloc(f->arena, (size_t)f->insns.len + 1);
  }
  w.out = f->insns.at;
  rewrite_all(&w);
  assert(w.n <= f->insns.len);
  if (w.kills != s->kills) arena_drop(f->arena, s->kills, len + 1u);
  s->out->kills = w.kills;
  s->out->kills_size = len + (size_t)gap + 1;
  f->insns.len = w.n;
}
