/* Stack switching: cont.new, cont.bind, suspend, resume, resume_throw, resume_throw_ref, switch.
 *
 * A continuation is a cell that holds a stack, or 0 once it was used (abi/object.h).  In: validated
 * instructions. Out: RESUME, SUSPEND and SWITCH_TO, which are calls to unknown code; who resumes takes the
 * stack out of its cell right before, who suspends makes a cell for its own stack.  A resume that names
 * labels ends its block with TRY; each clause is a block that begins with LANDED and branches to its label.
 * Must not: allocate between emptying a cell and leaving the stack, since nothing keeps the taken stack
 * alive. */
#include "abi/object.h"
#include "compiler/build/builder.h"

enum { CELL_STACK = offsetof(struct object_cont, stack) };

static const struct functype *cont_type(const struct builder *b, uint32_t type) {
  return module_functype(b->m, b->m->types[type].cont);
}

static ir_val emit_current(struct builder *b) {
  ir_val store = emit_field(b, IR_PTR, offsetof(struct vmctx, store));
  return emit(b, IR_OP_LOAD, IR_PTR, store, 0, offsetof(struct vm_store, cur));
}

/* Pushes a cell for the running stack, each of the two naming the other, and the stack. */
static void push_own_cell(struct builder *b) {
  struct allocation a = allocation_begin(b, sizeof(struct object_cont));
  emit_hstore_head(b, a.ref, OBJECT_HEAD, emit_const(b, IR_I32, OBJECT_TYPE_CONT));
  allocation_slow(b, &a);
  allocation_end(b, &a, emit_builtin(b, BUILTIN_CONT_CELL, IR_REF, NULL, 0));
  ir_val cur = emit_current(b);
  emit_hstore_new(b, IR_PTR, a.ref, CELL_STACK, cur);
  emit(b, IR_OP_STORE, IR_REF, cur, a.ref, offsetof(struct stack, cell));
  push(b, a.ref);
  push(b, cur);
}

/* The stack in the cell, which is neither null nor empty. */
static ir_val emit_stack_of(struct builder *b, ir_val cell) {
  ir_val stack = emit_hload(b, IR_PTR, IRF_NULL_STRUCT, cell, CELL_STACK);
  emit(b, IR_OP_TRAPIFZ, IR_VOID, stack, TRAP_CONTINUATION_CONSUMED, 0);
  return stack;
}

static ir_val emit_tag(struct builder *b, uint32_t tag) {
  return emit_field(b, IR_PTR, b->layout.tags + 8 * tag);
}

/* The `n` values on top of the stack as a list in ext, popped; its words may be followed by others. */
static uint32_t pop_list(struct builder *b, uint32_t n) {
  uint32_t at = ir_ext(b->f, &n, 1);
  ir_ext(b->f, b->stack.at + (b->stack.len - n), n);
  b->stack.len -= n;
  return at;
}

/* What a call gives, pushed; it stands right before. */
static void push_results(struct builder *b, ir_val call, const valtype *types, uint32_t n) {
  for (uint32_t i = 0; i < n; i++)
    push(b, i == 0 ? call : emit(b, IR_OP_PROJ, (enum ir_type)ir_type_of(b->m, types[i]), call, i, 0));
}
static enum ir_type first_type(const struct builder *b, const valtype *types, uint32_t n) {
  return n ? (enum ir_type)ir_type_of(b->m, types[0]) : IR_VOID;
}

/* ---- making ---- */

static void build_new(struct builder *b) {
  ir_val func = pop(b);
  emit(b, IR_OP_TRAPIFZ, IR_VOID, func, TRAP_NULL_FUNCTION_REFERENCE, 0);
  push(b, emit_builtin(b, BUILTIN_CONT_NEW, IR_REF, &func, 1));
}

/* The builtin makes room beside the stack, where the values are stored before anything else can happen. */
static void build_bind(struct builder *b, uint32_t from, uint32_t to) {
  uint32_t n = cont_type(b, from)->nparams - cont_type(b, to)->nparams;
  ir_val cell = pop(b), stack = emit_stack_of(b, cell);
  ir_val args[3] = {cell, emit_const(b, IR_I32, b->m->types[from].cont), emit_const(b, IR_I32, n)};
  ir_val values = emit_builtin(b, BUILTIN_CONT_BIND, IR_PTR, args, 3);
  for (uint32_t i = 0; i < n; i++) {
    ir_val v = b->stack.at[b->stack.len - n + i];
    emit(b, IR_OP_STORE, (enum ir_type)type_of(b, v), values, v, (uint32_t)(i * sizeof(union vm_value)));
  }
  b->stack.len -= n;
  push(b, emit(b, IR_OP_LOAD, IR_REF, stack, 0, offsetof(struct stack, cell)));
}

/* ---- resuming ---- */

static uint32_t put_clauses(struct builder *b) {
  const uint8_t *at = b->in.list;
  uint32_t n = b->in.list_len, nlabels = 0;
  ir_ext(b->f, &n, 1);
  for (uint32_t i = 0; i < n; i++) {
    struct handler_clause h = insn_next_handler(&at);
    uint32_t words[2] = {h.tag << 1 | h.is_switch, b->layout.tags + 8 * h.tag};
    ir_ext(b->f, words, 2);
    nlabels += !h.is_switch;
  }
  return nlabels;
}

/* Where the clause's suspensions arrive: payload and continuation go to its label. */
static void land_clause(struct builder *b, ir_val resume, struct handler_clause h) {
  const struct functype *t = module_tag_type(b->m, h.tag);
  enum ir_type first = t->nparams ? first_type(b, t->params, t->nparams) : IR_REF;
  ir_val landed = emit(b, IR_OP_LANDED, first, resume, h.tag, 0);
  push_results(b, landed, t->params, t->nparams);
  push(b, t->nparams ? emit(b, IR_OP_PROJ, IR_REF, landed, t->nparams, 0) : landed);
  build_br(b, h.label);
}

/* Ends the block behind the resume: one way on, one for each label, one for exceptions. Goes on where it
 * returned. */
static void land_clauses(struct builder *b, ir_val resume, uint32_t nlabels) {
  struct opt_state state = opt_state_now(b->o);
  ir_block from = b->block;
  uint32_t record = try_record(b), height = b->stack.len;
  uint32_t *edges = arena_alloc(b->arena, (nlabels + 2u) * sizeof *edges);
  for (uint32_t i = 0; i <= nlabels; i++)
    edges[i] = edge_new(b, IR_NO_BLOCK);
  if (record != CODE_NO_TRY) edges[nlabels + 1] = landing_edge(b, VEC_LAST(&b->controls).try_);
  block_end(b, IR_OP_TRY, record, nlabels, 0, edges, nlabels + 1 + (record != CODE_NO_TRY));
  const uint8_t *at = b->in.list;
  for (uint32_t i = 0, k = 0; i < b->in.list_len && !b->too_much; i++) {
    struct handler_clause h = insn_next_handler(&at);
    if (h.is_switch) continue;
    work(b, module_tag_type(b->m, h.tag)->nparams);
    b->f->edges.at[edges[++k]].to = block_next(b);
    block_begin(b, from, state);
    land_clause(b, resume, h);
    b->stack.len = height;
  }
  if (b->too_much) return;
  b->f->edges.at[edges[0]].to = block_next(b);
  block_begin(b, from, state);
}

static void finish_resume(struct builder *b, enum ir_op op, ir_val cell, ir_val stack, uint32_t nargs) {
  const struct functype *t = cont_type(b, b->in.a);
  emit_flags(b, IR_OP_HSTORE, IR_PTR, 0, cell, emit_const(b, IR_PTR, 0), CELL_STACK);
  uint32_t list = pop_list(b, nargs), nlabels = put_clauses(b);
  ir_val resume = emit(b, op, first_type(b, t->results, t->nresults), stack, list, b->m->types[b->in.a].cont);
  push_results(b, resume, t->results, t->nresults);
  if (nlabels)
    land_clauses(b, resume, nlabels);
  else
    call_may_throw(b);
}

static void build_resume(struct builder *b) {
  ir_val cell = pop(b), stack = emit_stack_of(b, cell);
  finish_resume(b, IR_OP_RESUME, cell, stack, cont_type(b, b->in.a)->nparams);
}

/* The stub finds the exception where throwing leaves it. */
static void build_resume_throw(struct builder *b, bool ref) {
  ir_val cell = pop(b), stack = emit_stack_of(b, cell);
  ir_val exn = ref ? pop(b) : emit_exception(b, b->in.b);
  if (ref) emit(b, IR_OP_TRAPIFZ, IR_VOID, exn, TRAP_NULL_EXCEPTION_REFERENCE, 0);
  ir_val store = emit_field(b, IR_PTR, offsetof(struct vmctx, store));
  emit(b, IR_OP_STORE, IR_REF, store, exn, offsetof(struct vm_store, exn));
  finish_resume(b, IR_OP_RESUME_THROW, cell, stack, 0);
}

/* ---- leaving ---- */

static void build_suspend(struct builder *b, uint32_t tag) {
  const struct functype *t = module_tag_type(b->m, tag);
  push_own_cell(b);
  ir_val address = emit_tag(b, tag);
  ir_val v = emit(b, IR_OP_SUSPEND, first_type(b, t->results, t->nresults), address,
                  pop_list(b, t->nparams + 2), b->m->tags[tag].type.type);
  push_results(b, v, t->results, t->nresults);
  call_may_throw(b);
}

static void build_switch(struct builder *b, uint32_t type, uint32_t tag) {
  const struct functype *t = cont_type(b, type);
  const struct functype *back = cont_type(b, vt_index(t->params[t->nparams - 1]));
  ir_val cell = pop(b);
  (void)emit_stack_of(b, cell);
  push_own_cell(b);
  ir_val address = emit_tag(b, tag);
  uint32_t list = pop_list(b, t->nparams + 1), func = b->m->types[type].cont;
  ir_ext(b->f, &func, 1);
  ir_val v = emit(b, IR_OP_SWITCH_TO, first_type(b, back->params, back->nparams), cell, list, address);
  push_results(b, v, back->params, back->nparams);
  call_may_throw(b);
}

bool build_cont(struct builder *b) {
  switch (b->in.op) {
  case OP_CONT_NEW: build_new(b); return true;
  case OP_CONT_BIND: build_bind(b, b->in.a, b->in.b); return true;
  case OP_SUSPEND: build_suspend(b, b->in.a); return true;
  case OP_RESUME: build_resume(b); return true;
  case OP_RESUME_THROW: build_resume_throw(b, false); return true;
  case OP_RESUME_THROW_REF: build_resume_throw(b, true); return true;
  case OP_SWITCH: build_switch(b, b->in.a, b->in.b); return true;
  default: return build_unsupported(b);
  }
}
