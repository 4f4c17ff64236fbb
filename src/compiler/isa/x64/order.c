/* Which block stands where.
 *
 * In: an allocated function.  Out: blocks in the order of their code: those that are not cold, cold ones
 * behind; none for what holds nothing but a jump.  Loops end in their test where that saves a jump: a latch
 * of its own goes in front of the header, and an innermost loop that leaves at its beginning is turned until
 * the leaving block is its last. Every block may be followed by any other: emit.c makes the jumps.  Time is
 * linear.  Must not: change a block. */
#include "compiler/isa/x64/order.h"

#include "compiler/isa/x64/insn.h"

#include <string.h>

static const struct mach_insn *block_last(const struct mach_func *f, uint32_t b) {
  return &f->insns.at[f->blocks.at[b].end - 1];
}
static uint32_t block_succ(const struct mach_func *f, uint32_t b, uint32_t i) {
  return f->edges.at[f->succs.at[f->blocks.at[b].succ + i]].to;
}

static bool writes_code(const struct mach_insn *in) {
  return !(in->op == MACH_NOP || in->op == MACH_PARAMS || (in->op == MACH_MOVE && in->d == in->s));
}

/* Holds nothing but a jump, so its predecessors may as well take that themselves. */
static bool is_empty(const struct mach_func *f, uint32_t b) {
  const struct mach_block *k = &f->blocks.at[b];
  if (b == 0 || block_last(f, b)->op != X64_JMP) return false;
  for (uint32_t i = k->first; i + 1 < k->end; i++)
    if (writes_code(&f->insns.at[i])) return false;
  return true;
}

/* `forward[b]`: where control that enters b really arrives. Empty blocks may form a circle (an empty endless
 * loop): there the block where it is noticed stays. */
static uint32_t *forward_empty(const struct mach_func *f, struct arena *arena) {
  uint32_t n = f->blocks.len, *forward = ARENA_ARRAY(arena, uint32_t, n);
  for (uint32_t b = 0; b < n; b++)
    forward[b] = IR_NO_BLOCK;
  for (uint32_t b = 0; b < n; b++) {
    if (forward[b] != IR_NO_BLOCK) continue;
    uint32_t t = b, steps = 0;
    while (forward[t] == IR_NO_BLOCK && is_empty(f, t) && steps++ <= n) {
      uint32_t to = block_succ(f, t, 0);
      if (to == b || to == t) break;
      t = to;
      if (steps > 64) break; /* long chains are cut into pieces: each stop is a real block */
    }
    uint32_t end = forward[t] == IR_NO_BLOCK ? t : forward[t];
    /* everything on the way arrives there as well */
    for (uint32_t s = b; s != end && forward[s] == IR_NO_BLOCK;) {
      forward[s] = end;
      if (s == t) break;
      s = block_succ(f, s, 0);
    }
    if (forward[end] == IR_NO_BLOCK) forward[end] = end;
  }
  return forward;
}

/* The block that does nothing but carry a loop's back edge, coming from a branch: put in front of the header
 * it falls through into it, and the branch is the loop's only jump. IR_NO_BLOCK: none. */
static uint32_t latch_of(const struct mach_func *f, const uint32_t *forward, uint32_t header) {
  const struct mach_block *h = &f->blocks.at[header];
  if (!h->header || h->cold || header == 0) return IR_NO_BLOCK;
  for (uint32_t i = 0; i < h->npred; i++) {
    uint32_t p = f->edges.at[f->preds.at[h->pred + i]].from;
    const struct mach_block *k = &f->blocks.at[p];
    if (p <= header || k->cold || forward[p] != p || k->npred != 1 || block_last(f, p)->op != X64_JMP)
      continue;
    uint32_t before = f->edges.at[f->preds.at[k->pred]].from;
    if (before + 1 == p && block_last(f, before)->op == X64_JCC) return p;
  }
  return IR_NO_BLOCK;
}

/* The blocks at order[at..to) that are an innermost loop whose first block is its header; `at` when there is
 * none. */
static uint32_t innermost_end(const struct mach_func *f, const struct x64_order *o, uint32_t nhot,
                              uint32_t at) {
  const struct mach_block *h = &f->blocks.at[o->order[at]];
  if (!h->header || !h->loop || h->cold) return at;
  const struct ir_loop *loop = &f->ir->loops.at[h->loop];
  uint32_t to = at + 1;
  for (; to < nhot && o->order[to] > loop->header && o->order[to] < loop->end; to++)
    if (f->blocks.at[o->order[to]].header) return at;
  return to;
}

/* Turns the loop at order[at..to) so that the first block that leaves it to what follows it is the last: what
 * jumped back to the header falls into it, and the leaving branch becomes the loop's jump. */
static void turn_loop(const struct mach_func *f, const uint32_t *forward, struct x64_order *o, uint32_t at,
                      uint32_t to) {
  uint32_t header = o->order[at], last = o->order[to - 1];
  if (to - at < 2 || to == o->len || block_last(f, last)->op != X64_JMP ||
      forward[block_succ(f, last, 0)] != header)
    return;
  for (uint32_t i = at; i + 1 < to; i++) {
    const struct mach_insn *in = block_last(f, o->order[i]);
    if (in->op != X64_JCC || in->cc == CC_FEQ || in->cc == CC_FNE) continue;
    uint32_t yes = forward[block_succ(f, o->order[i], 0)], no = forward[block_succ(f, o->order[i], 1)];
    uint32_t out = o->order[to], on = o->order[i + 1];
    if (!((yes == out && no == on) || (yes == on && no == out))) continue;
    uint32_t n = i + 1 - at; /* blocks that go to the end */
    enum { MOST = 16 };
    uint32_t head[MOST];
    if (n > MOST) return;
    memcpy(head, o->order + at, n * sizeof *head);
    memmove(o->order + at, o->order + i + 1, (to - i - 1) * sizeof *head);
    memcpy(o->order + to - n, head, n * sizeof *head);
    return;
  }
}

void x64_order_blocks(const struct mach_func *f, struct arena *arena, struct x64_order *o) {
  uint32_t n = f->blocks.len, *forward = forward_empty(f, arena), nhot = 0;
  o->order = ARENA_ARRAY(arena, uint32_t, n);
  o->region_of = ARENA_ARRAY(arena, uint32_t, n);
  o->begins_loop = ARENA_ARRAY(arena, bool, n);
  bool *moved = ARENA_ARRAY(arena, bool, n), more = true;
  for (int cold = 0; cold < 2 && more; cold++) {
    more = false;
    for (uint32_t b = 0; b < n; b++) {
      const struct mach_block *k = &f->blocks.at[b];
      if ((k->cold && b != 0) != (cold == 1)) {
        more = true;
        continue;
      }
      uint32_t latch = k->header && !cold ? latch_of(f, forward, b) : IR_NO_BLOCK;
      if (latch != IR_NO_BLOCK) {
        moved[latch] = true;
        o->begins_loop[o->len] = true;
        o->order[o->len++] = latch;
      }
      if (forward[b] != b || moved[b]) continue;
      o->begins_loop[o->len] = o->len > 0 && k->header && !k->cold && latch == IR_NO_BLOCK;
      o->order[o->len++] = b;
    }
    if (!cold) nhot = o->len;
  }
  for (uint32_t at = 0; f->ir && at < nhot; at++)
    if (o->begins_loop[at]) {
      uint32_t to = innermost_end(f, o, nhot, at);
      if (to == at) continue;
      turn_loop(f, forward, o, at, to);
      at = to - 1;
    }
  for (uint32_t i = 0; i < o->len; i++)
    o->region_of[o->order[i]] = i;
  for (uint32_t b = 0; b < n; b++)
    o->region_of[b] = o->region_of[forward[b]];
  arena_drop(arena, moved, n * sizeof *moved);
  arena_drop(arena, forward, n * sizeof *forward);
}
