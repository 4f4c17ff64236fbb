/* The shape of a function.
 *
 * In: blocks in code order and edges.  Out: predecessor lists, dominators.  Ancestors in the dominator tree
 * are found over jump pointers: a block's `jump` is either its idom or, where the two jumps above span equal
 * distances, the far end of both, so any ancestor is O(log depth) away and a hostile nest of a million blocks
 * stays cheap. Must not: change code. */
#include "compiler/ir/cfg.h"

void ir_compute_preds(struct ir_func *f) {
  struct ir_blk *blocks = f->blocks.at;
  const struct ir_edge *edges = f->edges.at;
  uint32_t nblocks = f->blocks.len, nedges = f->edges.len, sum = 0;
  for (uint32_t b = 0; b < nblocks; b++)
    blocks[b].npred = 0;
  for (uint32_t e = 0; e < nedges; e++)
    if (edges[e].to != IR_NO_BLOCK) blocks[edges[e].to].npred++;
  for (uint32_t b = 0; b < nblocks; b++) {
    blocks[b].pred = sum;
    sum += blocks[b].npred;
    blocks[b].npred = 0;
  }
  VEC_RESERVE(f->arena, &f->preds, sum);
  f->preds.len = sum;
  uint32_t *preds = f->preds.at;
  for (uint32_t e = 0; e < nedges; e++) {
    if (edges[e].to == IR_NO_BLOCK) continue;
    struct ir_blk *blk = &blocks[edges[e].to];
    preds[blk->pred + blk->npred++] = e;
  }
}

void ir_set_idom(struct ir_func *f, ir_block b, ir_block idom) {
  assert(b <= f->doms.len && "blocks come in their order");
  if (b == f->doms.len) {
    VEC_RESERVE(f->arena, &f->doms, b + 1);
    f->doms.len = b + 1;
  }
  struct ir_dom *dom = &f->doms.at[b];
  dom->idom = idom;
  if (idom == IR_NO_BLOCK) {
    dom->depth = 0;
    dom->jump = b;
    return;
  }
  const struct ir_dom *up = &f->doms.at[idom];
  const struct ir_dom *far = &f->doms.at[up->jump];
  dom->depth = up->depth + 1;
  dom->jump = up->depth - far->depth == far->depth - f->doms.at[far->jump].depth ? far->jump : idom;
}

static ir_block ancestor_at(const struct ir_func *f, ir_block b, uint32_t depth) {
  const struct ir_dom *doms = f->doms.at;
  while (doms[b].depth > depth) {
    ir_block jump = doms[b].jump;
    b = doms[jump].depth >= depth ? jump : doms[b].idom;
  }
  return b;
}

ir_block ir_common_dominator(const struct ir_func *f, ir_block a, ir_block b) {
  const struct ir_dom *doms = f->doms.at;
  if (doms[a].depth > doms[b].depth) a = ancestor_at(f, a, doms[b].depth);
  if (doms[b].depth > doms[a].depth) b = ancestor_at(f, b, doms[a].depth);
  while (a != b) { /* equal depths have jumps of equal depths */
    ir_block ja = doms[a].jump, jb = doms[b].jump;
    if (ja != jb) {
      a = ja;
      b = jb;
    } else {
      a = doms[a].idom;
      b = doms[b].idom;
    }
  }
  return a;
}

bool ir_dominates(const struct ir_func *f, ir_block a, ir_block b) {
  uint32_t depth = f->doms.at[a].depth;
  return f->doms.at[b].depth >= depth && ancestor_at(f, b, depth) == a;
}

void ir_compute_dominators(struct ir_func *f) {
  f->doms.len = 0;
  for (ir_block b = 0; b < f->blocks.len; b++) {
    const struct ir_blk *blk = &f->blocks.at[b];
    ir_block idom = IR_NO_BLOCK;
    for (uint32_t i = 0; i < blk->npred; i++) {
      ir_block from = f->edges.at[f->preds.at[blk->pred + i]].from;
      if (from >= b) continue; /* a back edge: its source is dominated by b */
      idom = idom == IR_NO_BLOCK ? from : ir_common_dominator(f, idom, from);
    }
    ir_set_idom(f, b, idom);
  }
}
