/* The shape of a function.
 *
 * In: blocks in code order and edges.  Out: predecessor lists, dominators.  Ancestors in the dominator tree
 * are found over jump pointers: a block's `jump` is either its idom or, where the two jumps above span equal
 * distances, the far end of both, so any ancestor is O(log depth) away and a hostile nest of a million blocks
 * stays cheap. Must not: change code. */
#include "compiler/ir/cfg.h"

void ir_compute_preds(struct ir_func *f) {
  for (uint32_t b = 0; b < f->blocks.len; b++)
    f->blocks.at[b].npred = 0;
  for (uint32_t e = 0; e < f->edges.len; e++)
    if (f->edges.at[e].to != IR_NO_BLOCK) f->blocks.at[f->edges.at[e].to].npred++;
  uint32_t sum = 0;
  for (uint32_t b = 0; b < f->blocks.len; b++) {
    struct ir_blk *blk = &f->blocks.at[b];
    blk->pred = sum;
    sum += blk->npred;
    blk->npred = 0;
  }
  VEC_RESERVE(f->arena, &f->preds, sum);
  f->preds.len = sum;
  for (uint32_t e = 0; e < f->edges.len; e++) {
    if (f->edges.at[e].to == IR_NO_BLOCK) continue;
    struct ir_blk *blk = &f->blocks.at[f->edges.at[e].to];
    f->preds.at[blk->pred + blk->npred++] = e;
  }
}

void ir_set_idom(struct ir_func *f, ir_block b, ir_block idom) {
  struct ir_blk *blk = &f->blocks.at[b];
  blk->idom = idom;
  if (idom == IR_NO_BLOCK) {
    blk->ddepth = 0;
    blk->jump = b;
    return;
  }
  const struct ir_blk *up = &f->blocks.at[idom];
  const struct ir_blk *far = &f->blocks.at[up->jump];
  blk->ddepth = up->ddepth + 1;
  blk->jump = up->ddepth - far->ddepth == far->ddepth - f->blocks.at[far->jump].ddepth ? far->jump : idom;
}

static ir_block ancestor_at(const struct ir_func *f, ir_block b, uint32_t depth) {
  while (f->blocks.at[b].ddepth > depth) {
    ir_block jump = f->blocks.at[b].jump;
    b = f->blocks.at[jump].ddepth >= depth ? jump : f->blocks.at[b].idom;
  }
  return b;
}

ir_block ir_common_dominator(const struct ir_func *f, ir_block a, ir_block b) {
  if (f->blocks.at[a].ddepth > f->blocks.at[b].ddepth) a = ancestor_at(f, a, f->blocks.at[b].ddepth);
  if (f->blocks.at[b].ddepth > f->blocks.at[a].ddepth) b = ancestor_at(f, b, f->blocks.at[a].ddepth);
  while (a != b) { /* equal depths have jumps of equal depths */
    ir_block ja = f->blocks.at[a].jump, jb = f->blocks.at[b].jump;
    if (ja != jb) {
      a = ja;
      b = jb;
    } else {
      a = f->blocks.at[a].idom;
      b = f->blocks.at[b].idom;
    }
  }
  return a;
}

bool ir_dominates(const struct ir_func *f, ir_block a, ir_block b) {
  uint32_t depth = f->blocks.at[a].ddepth;
  return f->blocks.at[b].ddepth >= depth && ancestor_at(f, b, depth) == a;
}

void ir_compute_dominators(struct ir_func *f) {
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
