/* The shape of a function: predecessors, dominators. */
#ifndef COMPILER_IR_CFG_H
#define COMPILER_IR_CFG_H

#include "compiler/ir/func.h"

/* Fills `preds` (CSR over edges) of all blocks from `edges`; an edge to IR_NO_BLOCK is no longer there. */
void ir_compute_preds(struct ir_func *f);
/* Makes `idom` the immediate dominator of `b`, whose ancestors are complete; idom == IR_NO_BLOCK: `b` is the
 * root. */
void ir_set_idom(struct ir_func *f, ir_block b, ir_block idom);
/* Nearest common dominator. O(log n). */
ir_block ir_common_dominator(const struct ir_func *f, ir_block a, ir_block b);
bool ir_dominates(const struct ir_func *f, ir_block a, ir_block b); /* a == b: true */
/* All dominators, in one pass over the blocks in order (back edges go to headers, so one is enough). Needs
 * preds. */
void ir_compute_dominators(struct ir_func *f);

#endif
