/* Calls through references whose callee can be guessed: few functions of the module have the type and may be
 * referred to, and those are small.
 *
 * In: a reference to a function, which is not null, and arguments on the stack.  Out: a chain of comparisons
 * with the references of the candidates, their bodies built in behind them (inline.c), and the call itself at
 * its end, for whoever else it may be.  A frame of its own is the chain's end and holds what the next link
 * needs, for each body is read by the loop in build.c.  Must not: be right about the guess. */
#include "compiler/build/builder.h"

/* The next link, in the block that has just begun. */
static bool next_link(struct builder *b) {
  struct control *c = &VEC_LAST(&b->controls);
  const struct functype *t = module_functype(b->m, c->guess.type);
  for (uint32_t i = 0; i < t->nparams; i++)
    push(b, b->record.at[c->else_params + i]);
  if (c->guess.len == 0) {
    if (!finish_call(b, IR_OP_CALL_FUNC, c->cond, c->guess.type)) return false;
    control_end(b);
    return true;
  }
  uint32_t func = c->guess.funcs[--c->guess.len];
  ir_val slot = emit(b, IR_OP_LOAD, IR_FUNCREF, emit_vmctx(b), 0, b->layout.funcs + 8 * func);
  ir_val is = emit(b, IR_OP_EQ, IR_I32, c->cond, slot, 0);
  c->else_state = opt_state_now(b->o);
  ir_block from = b->block;
  uint32_t yes = edge_new(b, block_next(b));
  c->else_edge = edge_new(b, IR_NO_BLOCK);
  block_end(b, IR_OP_BRANCH, is, 0, 0, (uint32_t[]){yes, c->else_edge}, 2);
  block_begin(b, from, c->else_state);
  return inline_begin(b, func);
}

bool guess_next(struct builder *b) {
  struct control *c = &VEC_LAST(&b->controls);
  if (!b->dead) fall_through(b, c);
  b->off = c->guess.off;
  locals_rollback(b, c->undo);
  b->stack.len = c->height;
  struct ir_edge *edge = &b->f->edges.at[c->else_edge];
  edge->to = block_next(b);
  block_begin(b, edge->from, c->else_state);
  b->f->blocks.at[b->block].cold = c->guess.len == 0;
  return next_link(b);
}

bool guess_call(struct builder *b, ir_val func, uint32_t type, bool *guessed) {
  const struct func_guess *g = &b->valid->guesses[type];
  struct control_guess guess = {.type = type, .off = b->off};
  *guessed = false;
  if (!b->plan || g->len > GUESS_MOST) return true;
  for (uint32_t i = g->len; i-- > 0;)
    if (inline_known(b, g->funcs[i])) guess.funcs[guess.len++] = g->funcs[i];
  if (guess.len == 0) return true;
  *guessed = true;
  const struct functype *t = module_functype(b->m, type);
  uint32_t params = b->record.len;
  b->stack.len -= t->nparams;
  for (uint32_t i = 0; i < t->nparams; i++)
    VEC_PUSH(b->arena, &b->record, b->stack.at[b->stack.len + i]);
  control_push(b, CONTROL_GUESS, 0, t->nresults);
  struct control *c = &VEC_LAST(&b->controls);
  c->types = t->results;
  c->else_params = params;
  c->cond = func;
  c->guess = guess;
  return next_link(b);
}
