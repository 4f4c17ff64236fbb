/* Branches whose condition is known on the way to them: the way goes straight to where they lead.
 *
 * In: a function as build/ left it, with predecessors.  Out: the same, where no block that does nothing but
 * branch on a phi is reached by an edge that brings a constant for it, and no branch is on a constant; blocks
 * that nothing leads to any more are gone, and their edges.  Such blocks come from tests in several steps
 * (casts) and from `&&` and `||`.  A block that holds a phi alone, which nobody else uses, defines nothing
 * that those behind it could miss, so values stay where they are.  Blocks are looked at last to first, so
 * that an edge finds its last target at once.  Needs and keeps the order of blocks; predecessors are made
 * anew where edges have changed; dominators are not. */
#include "compiler/opt/private.h"

#include "compiler/ir/cfg.h"

/* Nothing but a phi and what ends the block. */
static bool is_bare(const struct ir_blk *blk) {
  return blk->nphis == 1 && blk->end - blk->first == 2 && !blk->header;
}
static bool branches_on_phi(const struct ir_func *f, const struct ir_blk *blk) {
  const struct ir_insn *last = &f->insns.at[blk->end - 1];
  return is_bare(blk) && last->op == IR_OP_BRANCH && last->a == blk->first;
}
static bool branches_on_constant(const struct ir_func *f, const struct ir_blk *blk) {
  return blk->nsucc == 2 && f->insns.at[blk->end - 1].op == IR_OP_BRANCH &&
         ir_is_const(f, f->insns.at[blk->end - 1].a);
}

static void drop_unreachable(struct ir_func *f) {
  uint8_t *reached = ARENA_ARRAY(f->arena, uint8_t, f->blocks.len);
  reached[0] = 1;
  for (ir_block b = 0; b < f->blocks.len; b++) {
    struct ir_blk *blk = &f->blocks.at[b];
    for (uint32_t i = 0; i < blk->nsucc; i++) {
      struct ir_edge *edge = &f->edges.at[f->succs.at[blk->succ + i]];
      if (reached[b])
        reached[edge->to] = 1;
      else
        edge->to = IR_NO_BLOCK;
    }
    if (reached[b]) continue;
    blk->nsucc = blk->nphis = 0;
    blk->first = blk->end = 0;
  }
  arena_drop(f->arena, reached, f->blocks.len);
}

/* The branch that the bare block's phi decides, its own or that of the bare block it leads to; else
 * IR_NO_BLOCK. */
static ir_block decider(const struct ir_func *f, const ir_block *deciders, ir_block b) {
  const struct ir_blk *blk = &f->blocks.at[b];
  if (branches_on_phi(f, blk)) return b;
  if (!is_bare(blk) || f->insns.at[blk->end - 1].op != IR_OP_JUMP) return IR_NO_BLOCK;
  const struct ir_edge *edge = &f->edges.at[f->succs.at[blk->succ]];
  if (edge->to <= b || deciders[edge->to] == IR_NO_BLOCK || f->ext.at[edge->args] != blk->first)
    return IR_NO_BLOCK;
  return deciders[edge->to];
}

/* Is there anything to do, whoever else may use the phis? Most functions end here. `first` becomes the first
 * block whose phi decides a branch. */
static bool any(const struct ir_func *f, ir_block *deciders, ir_block *first) {
  bool found = false;
  *first = f->blocks.len;
  for (ir_block b = f->blocks.len; b-- > 0;) {
    const struct ir_blk *blk = &f->blocks.at[b];
    deciders[b] = IR_NO_BLOCK;
    found |= branches_on_constant(f, blk);
    if (blk->nphis != 1) continue;
    deciders[b] = decider(f, deciders, b);
    if (deciders[b] == IR_NO_BLOCK) continue;
    *first = b;
    for (uint32_t p = 0; p < blk->npred && !found; p++)
      found = ir_is_const(f, f->ext.at[f->edges.at[f->preds.at[blk->pred + p]].args]);
  }
  return found;
}

void opt_thread(struct ir_func *f) {
  ir_block *deciders = arena_alloc(f->arena, f->blocks.len * sizeof *deciders);
  ir_block first;
  if (!any(f, deciders, &first)) {
    arena_drop(f->arena, deciders, f->blocks.len * sizeof *deciders);
    return;
  }
  ir_count_uses(f, first);
  bool changed = false;
  for (ir_block b = f->blocks.len; b-- > 0;) {
    struct ir_blk *blk = &f->blocks.at[b];
    deciders[b] = IR_NO_BLOCK;
    if (branches_on_constant(f, blk)) {
      struct ir_insn *last = &f->insns.at[blk->end - 1];
      bool taken = ir_const(f, last->a) != 0;
      f->edges.at[f->succs.at[blk->succ + taken]].to = IR_NO_BLOCK;
      f->succs.at[blk->succ] = f->succs.at[blk->succ + !taken];
      blk->nsucc = 1;
      *last = (struct ir_insn){.op = IR_OP_JUMP};
      changed = true;
    }
    if (blk->nphis != 1 || f->insns.at[blk->first].uses != 1) continue;
    ir_block at = deciders[b] = decider(f, deciders, b);
    if (at == IR_NO_BLOCK) continue;
    for (uint32_t p = 0; p < blk->npred; p++) {
      struct ir_edge *edge = &f->edges.at[f->preds.at[blk->pred + p]];
      if (edge->to != b || !ir_is_const(f, f->ext.at[edge->args])) continue;
      bool zero = ir_const(f, f->ext.at[edge->args]) == 0;
      const struct ir_edge *way = &f->edges.at[f->succs.at[f->blocks.at[at].succ + zero]];
      edge->to = way->to;
      edge->args = way->args;
      changed = true;
    }
  }
  arena_drop(f->arena, deciders, f->blocks.len * sizeof *deciders);
  for (uint32_t v = 0; v < f->insns.len; v++)
    f->insns.at[v].uses = 0;
  if (!changed) return;
  drop_unreachable(f);
  ir_compute_preds(f);
}
