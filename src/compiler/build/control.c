/* Structured control: frames, branches, and the ends of frames.
 *
 * In: block, loop, if, else, end, br, br_if, br_table, return, unreachable.  Out: blocks and edges; ssa.c
 * merges values. Every open frame began in reachable code: dead code is skipped by build.c up to the else or
 * end that closes it. Must not: touch locals except through ssa.c. */
#include "compiler/build/builder.h"

static struct control *control_at(struct builder *b, uint32_t label) {
  return &b->controls.at[b->controls.len - 1 - label];
}

void control_push(struct builder *b, enum control_kind kind, uint32_t nparams, uint32_t nresults) {
  uint32_t try_ = b->controls.len ? VEC_LAST(&b->controls).try_ : NONE;
  VEC_PUSH(b->arena, &b->controls,
           ((struct control){.kind = kind,
                             .nparams = nparams,
                             .nresults = nresults,
                             .height = b->stack.len - nparams,
                             .nlocals = b->locals.len,
                             .undo = b->undo.len,
                             .recorded = b->record.len,
                             .recorded_branches = b->branches.len,
                             .outermost = NONE,
                             .branches = NONE,
                             .landings = NONE,
                             .try_ = try_,
                             .outer_try = try_}));
}

struct control *control_pop(struct builder *b) {
  struct control *c = &VEC_POP(&b->controls);
  if (b->controls.len > 0) {
    struct control *outer = &VEC_LAST(&b->controls);
    outer->outermost = min_u32(outer->outermost, c->outermost);
  }
  return c;
}

/* What was recorded since a frame began goes with it, unless it was for frames around it. */
static void forget_records(struct builder *b, const struct control *ended) {
  if (ended->outermost < b->controls.len) return;
  b->record.len = ended->recorded;
  b->branches.len = ended->recorded_branches;
}

void control_begin(struct builder *b) { control_push(b, CONTROL_FUNC, 0, b->f->type->nresults); }

bool block_arity(struct builder *b, uint32_t *nparams, uint32_t *nresults) {
  switch (b->in.block.kind) {
  case BLOCK_EMPTY: *nparams = *nresults = 0; return true;
  case BLOCK_VALUE:
    *nparams = 0;
    *nresults = 1;
    return true;
  case BLOCK_TYPE: {
    const struct functype *t = module_functype(b->m, b->in.block.index);
    *nparams = t->nparams;
    *nresults = t->nresults;
    return true;
  }
  }
  return true;
}

/* Types of the results of b->in's block; NULL: none of them is a reference. */
static const valtype *result_types(struct builder *b) {
  if (b->in.block.kind == BLOCK_TYPE) return module_functype(b->m, b->in.block.index)->results;
  if (b->in.block.kind != BLOCK_VALUE || !vt_is_ref(b->in.block.type)) return NULL;
  valtype *type = ARENA_NEW(b->arena, valtype);
  *type = b->in.block.type;
  return type;
}

static void build_loop(struct builder *b, uint32_t nparams) {
  control_push(b, CONTROL_LOOP, nparams, 0);
  struct control *c = &VEC_LAST(&b->controls);
  c->scan = &b->body.scan.loops.at[b->body.loops_seen];
  loop_begin(b, c);
  if (b->config->fuel) emit(b, IR_OP_FUEL, IR_VOID, c->scan->cost, 0, 0);
  if (b->config->interruption) emit(b, IR_OP_POLL, IR_VOID, 0, 0, 0);
}

static void build_if(struct builder *b, uint32_t nparams, uint32_t nresults) {
  bool inverted;
  ir_val cond = opt_condition(b->o, pop(b), &inverted);
  inverted ^= b->negate;
  b->negate = false;
  control_push(b, CONTROL_IF, nparams, nresults);
  struct control *c = &VEC_LAST(&b->controls);
  c->types = result_types(b);
  c->cond = cond;
  c->inverted = inverted;
  c->hint = branch_hint(b);
  c->else_params = b->record.len;
  for (uint32_t i = c->height; i < b->stack.len; i++)
    VEC_PUSH(b->arena, &b->record, b->stack.at[i]);
  c->else_state = opt_state_now(b->o);
  ir_block from = b->block;
  uint32_t edges[2];
  edges[inverted] = edge_new(b, block_next(b));
  edges[!inverted] = c->else_edge = edge_new(b, IR_NO_BLOCK);
  block_end(b, IR_OP_BRANCH, cond, 0, 0, edges, 2);
  block_begin(b, from, c->else_state);
  b->f->blocks.at[b->block].cold = c->hint < 0;
  assume(b, cond, !inverted);
}

/* A jump from the end of the frame's code to its label. */
void fall_through(struct builder *b, struct control *c) {
  uint32_t edge = edge_new(b, IR_NO_BLOCK);
  branch_record(b, c, edge, c->undo);
  block_end(b, IR_OP_JUMP, 0, 0, 0, &edge, 1);
}

static void build_else(struct builder *b) {
  struct control *c = &VEC_LAST(&b->controls);
  assert(c->kind == CONTROL_IF);
  if (!b->dead) fall_through(b, c);
  locals_rollback(b, c->undo);
  b->stack.len = c->height;
  for (uint32_t i = 0; i < c->nparams; i++)
    push(b, b->record.at[c->else_params + i]);
  struct ir_edge *edge = &b->f->edges.at[c->else_edge];
  edge->to = block_next(b);
  c->kind = CONTROL_ELSE;
  block_begin(b, edge->from, c->else_state);
  b->f->blocks.at[b->block].cold = c->hint > 0;
  assume(b, c->cond, c->inverted);
}

static void build_return(struct builder *b) {
  if (b->callers.len > 0) {
    build_br(b, b->controls.len - 1 - b->body.control);
    return;
  }
  uint32_t n = b->f->type->nresults;
  uint32_t at = ir_ext(b->f, &n, 1);
  ir_ext(b->f, b->stack.at + (b->stack.len - n), n);
  block_end(b, IR_OP_RETURN, 0, at, 0, NULL, 0);
}

/* The clauses stand between the body and what follows. They are built while the frame is open: what they make
 * of the locals is logged for it, and undone before its label binds. */
static bool end_try(struct builder *b) {
  struct control *c = &VEC_LAST(&b->controls);
  if (c->nlandings == 0 && c->nbranches == 0) { /* a plain block */
    if (b->dead) b->stack.len = c->height;
    control_pop(b);
    return true;
  }
  if (!b->dead) fall_through(b, c);
  if (!try_table_end(b, c)) return false;
  struct control ended = *control_pop(b);
  if (b->too_much) return true;
  if (ended.nbranches > 0)
    label_bind(b, &ended);
  else
    b->stack.len = ended.height;
  return true;
}

void control_end(struct builder *b) {
  struct control *c = &VEC_LAST(&b->controls);
  bool of_func = c->kind == CONTROL_FUNC, of_callee = c->kind == CONTROL_INLINE;
  if (c->kind == CONTROL_LOOP) {
    loop_end(b, c);
    if (b->dead) b->stack.len = c->height;
    control_pop(b);
    return;
  }
  if (c->kind == CONTROL_IF || c->nbranches > 0) {
    if (!b->dead) fall_through(b, c);
    if (c->kind == CONTROL_IF) branch_record_else(b, c);
    if (!of_func) control_pop(b);
    label_bind(b, c);
    if (b->too_much) return;
    if (!of_func) forget_records(b, c);
    if (c->kind == CONTROL_IF && c->nbranches == 1) assume(b, c->cond, c->inverted);
  } else {
    if (b->dead) b->stack.len = c->height;
    if (!of_func) control_pop(b);
    if (c->kind == CONTROL_INLINE) locals_rollback(b, c->undo);
  }
  if (of_callee) inline_end(b);
  if (of_func) {
    if (!b->dead) build_return(b);
    control_pop(b);
  }
}

/* An edge from the current block to the label; the block is ended by the caller. */
static uint32_t branch_edge(struct builder *b, uint32_t label) {
  struct control *c = control_at(b, label);
  if (c->kind == CONTROL_LOOP) {
    uint32_t edge = edge_new(b, c->header);
    loop_edge(b, c, edge);
    return edge;
  }
  uint32_t edge = edge_new(b, IR_NO_BLOCK);
  branch_record(b, c, edge, c->undo);
  return edge;
}

void build_br(struct builder *b, uint32_t label) {
  if (control_at(b, label)->kind == CONTROL_FUNC) {
    build_return(b);
    return;
  }
  uint32_t edge = branch_edge(b, label);
  block_end(b, IR_OP_JUMP, 0, 0, 0, &edge, 1);
}

void branch_if(struct builder *b, ir_val cond, uint32_t label, bool if_zero) {
  struct opt_state state = opt_state_now(b->o);
  ir_block from = b->block;
  bool inverted;
  cond = opt_condition(b->o, cond, &inverted);
  if (inverted) if_zero = !if_zero;
  if (ir_is_const(b->f, cond)) {
    if ((ir_const(b->f, cond) == 0) == if_zero) build_br(b, label);
    return;
  }
  uint32_t taken = branch_edge(b, label);
  uint32_t next = edge_new(b, block_next(b));
  uint32_t edges[2] = {if_zero ? next : taken, if_zero ? taken : next};
  block_end(b, IR_OP_BRANCH, cond, 0, 0, edges, 2);
  block_begin(b, from, state);
  b->f->blocks.at[b->block].cold = branch_hint(b) > 0;
  assume(b, cond, if_zero);
}

static void build_br_if(struct builder *b, uint32_t label) {
  bool negate = b->negate;
  b->negate = false;
  branch_if(b, pop(b), label, negate);
}

/* Equal labels share one edge, and all forward edges share one list of locals. */
static void build_br_table(struct builder *b) {
  ir_val index = pop(b);
  uint32_t n = b->in.list_len + 1, mark = b->undo.len, first = NONE;
  const uint8_t *at = b->in.list;
  b->scratch.len = 0;
  VEC_RESERVE(b->arena, &b->scratch, n);
  for (uint32_t i = 0; i < n; i++) {
    uint32_t label = i + 1 < n ? insn_next_label(&at) : b->in.a;
    const struct control *c = control_at(b, label);
    if (c->kind != CONTROL_LOOP && c->undo < mark) mark = c->undo;
    b->scratch.at[b->scratch.len++] = label;
  }
  uint32_t epoch = ++b->epoch;
  for (uint32_t i = 0; i < n && !b->too_much; i++) {
    struct control *c = control_at(b, b->scratch.at[i]);
    if (c->shared_epoch != epoch) {
      c->shared_epoch = epoch;
      if (c->kind == CONTROL_LOOP) {
        c->shared_edge = edge_new(b, c->header);
        loop_edge(b, c, c->shared_edge);
      } else {
        c->shared_edge = edge_new(b, IR_NO_BLOCK);
        if (first == NONE) {
          branch_record(b, c, c->shared_edge, mark);
          first = b->branches.len - 1;
        } else {
          branch_record_again(b, c, c->shared_edge, first);
        }
      }
    }
    b->scratch.at[i] = c->shared_edge;
  }
  if (b->too_much) return;
  bool one = true;
  for (uint32_t i = 1; i < n; i++)
    one &= b->scratch.at[i] == b->scratch.at[0];
  if (one)
    block_end(b, IR_OP_JUMP, 0, 0, 0, b->scratch.at, 1);
  else
    block_end(b, IR_OP_SWITCH, index, 0, 0, b->scratch.at, n);
}

bool build_control(struct builder *b) {
  uint32_t nparams, nresults;
  switch (b->in.op) {
  case OP_NOP: return true;
  case OP_UNREACHABLE: block_end(b, IR_OP_TRAP, 0, TRAP_UNREACHABLE, 0, NULL, 0); return true;
  case OP_BLOCK:
    if (!block_arity(b, &nparams, &nresults)) return false;
    control_push(b, CONTROL_BLOCK, nparams, nresults);
    VEC_LAST(&b->controls).types = result_types(b);
    return true;
  case OP_LOOP:
    if (!block_arity(b, &nparams, &nresults)) return false;
    b->body.loops_seen++;
    build_loop(b, nparams);
    return true;
  case OP_IF:
    if (!block_arity(b, &nparams, &nresults)) return false;
    build_if(b, nparams, nresults);
    return true;
  case OP_ELSE: build_else(b); return true;
  case OP_END:
    if (VEC_LAST(&b->controls).kind == CONTROL_TRY) return end_try(b);
    control_end(b);
    if (b->controls.len > 0 && VEC_LAST(&b->controls).kind == CONTROL_GUESS && !b->too_much)
      return guess_next(b);
    return true;
  case OP_BR: build_br(b, b->in.a); return true;
  case OP_BR_IF: build_br_if(b, b->in.a); return true;
  case OP_BR_TABLE: build_br_table(b); return true;
  case OP_RETURN: build_return(b); return true;
  default: return build_unsupported(b);
  }
}
