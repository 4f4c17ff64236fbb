/* The order of blocks: natural loops, no critical edges, loops in one piece.
 *
 * In: blocks and edges as build/ left them: in the order of the code, loops as the code nests them.  Out:
 * loops hold exactly the blocks that get back to their header and stand in one piece; an edge from a block
 * with several successors to a block with several predecessors has got a block of its own. Blocks are
 * renumbered; values are not.  Linear in blocks and edges. Needs preds; makes preds and loops anew.
 */
#include "compiler/opt/private.h"

#include "compiler/ir/cfg.h"

struct order {
  struct ir_func *f;
  uint32_t *leader; /* union-find: block -> header of the outermost loop it has been found in */
  uint32_t nleaders;
  VEC(uint32_t) work;
  VEC(ir_block) sequence; /* old numbers in new order */
};

static ir_block leader_of(struct order *o, ir_block b) {
  while (o->leader[b] != b)
    b = o->leader[b] = o->leader[o->leader[b]];
  return b;
}

static void find_members(struct order *o, uint32_t loop) {
  struct ir_func *f = o->f;
  ir_block header = f->loops.at[loop].header;
  const struct ir_blk *head = &f->blocks.at[header];
  if (head->end == 0) return;
  o->work.len = 0;
  bool is_loop = false;
  for (uint32_t i = 0; i < head->npred; i++) {
    ir_block from = f->edges.at[f->preds.at[head->pred + i]].from;
    if (from < header) continue;
    is_loop = true;
    VEC_PUSH(f->arena, &o->work, leader_of(o, from));
  }
  f->blocks.at[header].header = is_loop;
  if (!is_loop) return;
  f->blocks.at[header].loop = loop;
  while (o->work.len > 0) {
    ir_block b = VEC_POP(&o->work);
    if (b == header || leader_of(o, b) != b) continue;
    struct ir_blk *blk = &f->blocks.at[b];
    if (blk->header)
      f->loops.at[blk->loop].parent = loop;
    else
      blk->loop = loop;
    o->leader[b] = header;
    for (uint32_t i = 0; i < blk->npred; i++) {
      ir_block from = f->edges.at[f->preds.at[blk->pred + i]].from;
      if (from < b) VEC_PUSH(f->arena, &o->work, leader_of(o, from));
    }
  }
}

/* Inner loops first: an inner loop's number is greater than its outer one's. */
static void find_loops(struct order *o) {
  struct ir_func *f = o->f;
  o->nleaders = f->blocks.len;
  o->leader = arena_alloc(f->arena, o->nleaders * sizeof *o->leader);
  struct ir_blk *blocks = f->blocks.at;
  for (ir_block b = 0; b < o->nleaders; b++) {
    o->leader[b] = b;
    blocks[b].loop = 0;
    blocks[b].header = false;
  }
  for (uint32_t i = 1; i < f->loops.len; i++)
    f->loops.at[i].parent = 0;
  for (uint32_t i = f->loops.len; --i > 0;)
    find_members(o, i);
}

/* Drops loops that are none, renumbers the others, parents before children. */
static void pack_loops(struct order *o) {
  struct ir_func *f = o->f;
  uint32_t *number = ARENA_ARRAY(f->arena, uint32_t, f->loops.len), len = 1;
  for (uint32_t i = 1; i < f->loops.len; i++) {
    struct ir_loop loop = f->loops.at[i];
    if (!f->blocks.at[loop.header].header || f->blocks.at[loop.header].loop != i) continue;
    loop.parent = number[loop.parent];
    loop.depth = f->loops.at[loop.parent].depth + 1;
    number[i] = len;
    f->loops.at[len++] = loop;
  }
  f->loops.len = len;
  struct ir_blk *blocks = f->blocks.at;
  for (ir_block b = 0, n = f->blocks.len; b < n; b++)
    blocks[b].loop = number[blocks[b].loop];
}

/* A block of its own for edge e, which enters `to` afterwards; the loop it belongs to follows from where it
 * leads. */
static ir_block split_edge(struct ir_func *f, uint32_t e) {
  struct ir_edge edge = f->edges.at[e];
  const struct ir_blk *to = &f->blocks.at[edge.to];
  ir_block mid = f->blocks.len;
  bool enters = to->header && edge.from < edge.to;
  struct ir_blk blk = {
      .loop = enters ? f->loops.at[to->loop].parent : to->loop, .nsucc = 1, .cold = to->cold};
  blk.first =
      ir_append(f, (struct ir_insn){.op = IR_OP_JUMP}, f->wasm_off.at[f->blocks.at[edge.from].end - 1]);
  blk.end = blk.first + 1;
  blk.succ = f->succs.len;
  VEC_PUSH(f->arena, &f->succs, f->edges.len);
  VEC_PUSH(f->arena, &f->edges, ((struct ir_edge){.from = mid, .to = edge.to, .args = edge.args}));
  f->edges.at[e].to = mid;
  f->edges.at[e].args = 0;
  VEC_PUSH(f->arena, &f->blocks, blk);
  return mid;
}

/* The blocks in old order, each followed by the blocks that split its edges. */
static ir_block *split_critical(struct ir_func *f, uint32_t *len, uint32_t *cap) {
  uint32_t nblocks = f->blocks.len, most = 0;
  for (ir_block b = 0; b < nblocks; b++)
    most += f->blocks.at[b].nsucc > 1 ? f->blocks.at[b].nsucc : 0;
  VEC(ir_block) list = {0};
  VEC_RESERVE(f->arena, &list, nblocks + most);
  for (ir_block b = 0; b < nblocks; b++) {
    if (f->blocks.at[b].end == 0) continue; /* no longer there */
    list.at[list.len++] = b;
    uint32_t nsucc = f->blocks.at[b].nsucc, succ = f->blocks.at[b].succ;
    if (nsucc < 2) continue;
    bool is_try = f->insns.at[f->blocks.at[b].end - 1].op == IR_OP_TRY;
    for (uint32_t i = 0; i < nsucc; i++) {
      uint32_t e = f->succs.at[succ + i];
      ir_block to = f->edges.at[e].to;
      if (to >= nblocks) continue; /* split already: a target of a SWITCH seen before */
      bool lands = i > 0 && is_try && f->blocks.at[to].nphis > 0; /* nothing moves on it */
      if (f->blocks.at[to].npred >= 2 || lands) list.at[list.len++] = split_edge(f, e);
    }
  }
  *len = list.len;
  *cap = list.cap;
  return list.at;
}

#define NONE UINT32_MAX

/* Open loops while the sequence is made: what does not belong to a loop waits until the loop is complete. */
struct open {
  uint32_t loop;
  uint32_t waiting, last; /* list in next[]; NONE ends */
};

static void make_sequence(struct order *o, const ir_block *list, uint32_t len) {
  struct ir_func *f = o->f;
  uint32_t *left = ARENA_ARRAY(f->arena, uint32_t, f->loops.len); /* blocks and inner loops still to come */
  for (uint32_t i = 0; i < len; i++)
    left[f->blocks.at[list[i]].loop]++;
  for (uint32_t i = 1; i < f->loops.len; i++)
    left[f->loops.at[i].parent]++;
  uint32_t *next = arena_alloc(f->arena, f->blocks.len * sizeof *next);
  VEC(struct open) open = {0};
  VEC(uint32_t) ready = {0}; /* heads of lists that waited, innermost last */
  VEC_RESERVE(f->arena, &o->sequence, len);
  for (uint32_t i = 0; i < len || ready.len > 0;) {
    ir_block b;
    if (ready.len > 0) {
      b = VEC_LAST(&ready);
      if (next[b] == NONE)
        ready.len--;
      else
        VEC_LAST(&ready) = next[b];
    } else {
      b = list[i++];
    }
    const struct ir_blk *blk = &f->blocks.at[b];
    uint32_t top = open.len > 0 ? VEC_LAST(&open).loop : 0;
    if ((blk->header ? f->loops.at[blk->loop].parent : blk->loop) != top) {
      struct open *t = &VEC_LAST(&open);
      next[b] = NONE;
      if (t->waiting == NONE)
        t->waiting = b;
      else
        next[t->last] = b;
      t->last = b;
      continue;
    }
    if (blk->header) VEC_PUSH(f->arena, &open, ((struct open){.loop = blk->loop, .waiting = NONE}));
    VEC_PUSH(f->arena, &o->sequence, b);
    uint32_t loop = blk->loop;
    while (loop != 0 && --left[loop] == 0) { /* complete */
      struct open t = VEC_POP(&open);
      assert(t.loop == loop);
      f->loops.at[loop].end = o->sequence.len;
      if (t.waiting != NONE) VEC_PUSH(f->arena, &ready, t.waiting);
      loop = f->loops.at[loop].parent;
    }
  }
  assert(o->sequence.len == len && open.len == 0);
}

enum { COPIED = 1 << 14 /* blocks */ };

static void copy_blocks(struct order *o) {
  struct ir_func *f = o->f;
  uint32_t n = o->sequence.len;
  const ir_block *sequence = o->sequence.at;
  const struct ir_blk *from = f->blocks.at;
  struct ir_blk *to = arena_alloc(f->arena, n * sizeof *to);
  for (ir_block b = 0; b < n; b++)
    to[b] = from[sequence[b]];
  VEC_DROP(f->arena, &f->blocks);
  f->blocks.at = to;
  f->blocks.len = f->blocks.cap = n;
}

/* Blocks into their new places; many of them along the cycles of the permutation: a second array of a million
 * blocks is much memory. */
static void place_blocks(struct order *o, const ir_block *number) {
  struct ir_func *f = o->f;
  if (o->sequence.len <= COPIED) {
    copy_blocks(o);
    return;
  }
  uint32_t n = 0;
  ir_block *target =
      arena_alloc(f->arena, o->sequence.len * sizeof *target); /* of the block that stands at i */
  struct ir_blk *blocks = f->blocks.at;
  for (ir_block b = 0, len = f->blocks.len; b < len; b++) {
    if (blocks[b].end == 0) continue;
    target[n] = number[b];
    if (n != b) blocks[n] = blocks[b];
    n++;
  }
  f->blocks.len = n;
  for (uint32_t i = 0; i < n; i++) {
    while (target[i] != i) {
      uint32_t to = target[i];
      struct ir_blk blk = blocks[to];
      blocks[to] = blocks[i];
      blocks[i] = blk;
      target[i] = target[to];
      target[to] = to;
    }
  }
  arena_drop(f->arena, target, o->sequence.len * sizeof *target);
}

static void renumber(struct order *o) {
  struct ir_func *f = o->f;
  uint32_t nedges = 0, old_blocks = f->blocks.len, old_edges = f->edges.len, cap = f->succs.len;
  ir_block *number = arena_alloc(f->arena, old_blocks * sizeof *number);
  uint32_t *edge_number = arena_alloc(f->arena, old_edges * sizeof *edge_number);
  const ir_block *sequence = o->sequence.at;
  for (uint32_t i = 0, n = o->sequence.len; i < n; i++)
    number[sequence[i]] = i;
  place_blocks(o, number);
  struct ir_edge *edges = f->edges.at;
  for (uint32_t e = 0; e < old_edges; e++) {
    struct ir_edge edge = edges[e];
    if (edge.to == IR_NO_BLOCK) continue;
    edge_number[e] = nedges;
    edges[nedges].from = number[edge.from];
    edges[nedges].to = number[edge.to];
    edges[nedges++].args = edge.args;
  }
  f->edges.len = nedges;
  uint32_t nsuccs = 0;
  uint32_t *succs = arena_alloc(f->arena, cap * sizeof *succs);
  const uint32_t *old_succs = f->succs.at;
  for (ir_block b = 0, nblocks = f->blocks.len; b < nblocks; b++) {
    struct ir_blk *blk = &f->blocks.at[b];
    uint32_t n = blk->nsucc, old = blk->succ;
    blk->succ = nsuccs;
    for (uint32_t i = 0; i < n; i++)
      succs[nsuccs + i] = edge_number[old_succs[old + i]];
    nsuccs += n;
  }
  VEC_DROP(f->arena, &f->succs);
  f->succs.at = succs;
  f->succs.len = nsuccs;
  f->succs.cap = cap;
  for (uint32_t i = 1; i < f->loops.len; i++)
    f->loops.at[i].header = number[f->loops.at[i].header];
  arena_drop(f->arena, number, old_blocks * sizeof *number);
  arena_drop(f->arena, edge_number, old_edges * sizeof *edge_number);
}

void opt_order(struct ir_func *f) {
  struct order o = {.f = f};
  uint32_t len, cap;
  if (f->loops.len > 1) {
    find_loops(&o);
    pack_loops(&o);
    arena_drop(f->arena, o.leader, o.nleaders * sizeof *o.leader);
  }
  ir_block *list = split_critical(f, &len, &cap);
  if (f->loops.len > 1) {
    make_sequence(&o, list, len);
    arena_drop(f->arena, list, cap * sizeof *list);
  } else { /* no loop: blocks are in order */
    o.sequence.at = list;
    o.sequence.len = len;
    o.sequence.cap = cap;
  }
  renumber(&o);
  VEC_DROP(f->arena, &o.sequence);
  ir_compute_preds(f);
}
