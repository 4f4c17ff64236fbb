/* Exceptions: throw, throw_ref, try_table, and the legacy instructions, which become the same.
 *
 * In: validated instructions.  Out: calls that end their block with TRY, whose second successor is where the
 * function goes on when the call throws something that a clause of a try around it catches.  Nothing is
 * executed where nothing is thrown: the runtime finds the landing by the call's return address and the
 * clauses in the tables of struct code. All calls inside one try land in one block, which asks which clause
 * it was, takes the exception and branches to the clause's label; what belongs to a try further out goes on
 * to that one's landing.  Must not: catch traps. */
#include "abi/object.h"
#include "compiler/build/builder.h"

/* ---- payloads ---- */

/* Offset of each value in an exception of the type, one after the other. */
static uint32_t payload_off(struct builder *b, struct object_layout *l, valtype t) {
  return object_layout_add(l, storage_of(t, vt_is_ref(t) && ir_type_of(b->m, t) == IR_FUNCREF));
}

static bool push_payload(struct builder *b, uint32_t tag, ir_val exn) {
  const struct functype *t = module_tag_type(b->m, tag);
  struct object_layout l;
  object_layout_start(&l, OBJECT_EXN);
  for (uint32_t i = 0; i < t->nparams; i++) {
    uint32_t off = payload_off(b, &l, t->params[i]);
    push(b, emit_hload(b, (enum ir_type)ir_type_of(b->m, t->params[i]), IRF_IMMUTABLE, exn, off));
  }
  return true;
}

/* ---- throwing ---- */

static void throw_value(struct builder *b, ir_val exn) {
  emit_builtin(b, BUILTIN_THROW_REF, IR_VOID, &exn, 1);
  call_may_throw(b);
  block_end(b, IR_OP_TRAP, 0, TRAP_UNREACHABLE, 0, NULL, 0); /* not reached */
}

ir_val emit_exception(struct builder *b, uint32_t tag) {
  const struct functype *t = module_tag_type(b->m, tag);
  ir_val index = emit_const(b, IR_I32, tag);
  ir_val exn = emit_builtin(b, BUILTIN_ALLOC_EXN, IR_REF, &index, 1);
  struct object_layout l;
  object_layout_start(&l, OBJECT_EXN);
  for (uint32_t i = 0; i < t->nparams; i++) {
    uint32_t off = payload_off(b, &l, t->params[i]);
    emit_hstore_new(b, (enum ir_type)ir_type_of(b->m, t->params[i]), exn, off,
                    b->stack.at[b->stack.len - t->nparams + i]);
  }
  b->stack.len -= t->nparams;
  return exn;
}

static void build_throw_ref(struct builder *b) {
  ir_val exn = pop(b);
  emit(b, IR_OP_TRAPIFZ, IR_VOID, exn, TRAP_NULL_EXCEPTION_REFERENCE, 0);
  throw_value(b, exn);
}

/* ---- trying ---- */

/* Makes the innermost frame one that catches; its clauses are appended to f->clauses by the caller
 * afterwards. */
static void try_begin(struct builder *b, uint32_t nclauses) {
  struct control *c = &VEC_LAST(&b->controls);
  struct code_try record = {.parent = CODE_NO_TRY, .first = b->f->clauses.len, .len = nclauses};
  if (c->outer_try != NONE) record.parent = b->controls.at[c->outer_try].record;
  c->record = b->f->tries.len;
  c->try_ = b->controls.len - 1;
  VEC_PUSH(b->arena, &b->f->tries, record);
}

void call_may_throw(struct builder *b) {
  uint32_t try_ = VEC_LAST(&b->controls).try_;
  if (try_ == NONE) return;
  struct opt_state state = opt_state_now(b->o);
  ir_block from = b->block;
  uint32_t record = b->controls.at[try_].record;
  uint32_t landing = landing_edge(b, try_);
  uint32_t next = edge_new(b, block_next(b));
  block_end(b, IR_OP_TRY, record, 0, 0, (uint32_t[]){next, landing}, 2);
  block_begin(b, from, state);
}

uint32_t try_record(const struct builder *b) {
  uint32_t try_ = VEC_LAST(&b->controls).try_;
  return try_ == NONE ? CODE_NO_TRY : b->controls.at[try_].record;
}

/* Where all throwing calls of the frame meet; `c` is open. Ends with a jump to each clause's block: their
 * edges, to be led somewhere, are left in b->record from the index that it returns. */
static uint32_t land(struct builder *b, struct control *c) {
  struct control where = {.kind = CONTROL_BLOCK,
                          .height = c->height,
                          .undo = c->undo,
                          .branches = c->landings,
                          .nbranches = c->nlandings};
  label_bind(b, &where);
  if (b->too_much) return 0;
  b->f->blocks.at[b->block].cold = true;
  const struct code_try t = b->f->tries.at[c->record];
  uint32_t first = b->record.len, targets = t.len + (c->outer_try != NONE);
  ir_val clause = emit(b, IR_OP_EXN_LOAD, IR_I32, offsetof(struct vm_store, exn_clause), 0, 0);
  clause = emit(b, IR_OP_SUB, IR_I32, clause, emit_const(b, IR_I32, t.first), 0);
  for (uint32_t i = 0; i < targets; i++)
    VEC_PUSH(b->arena, &b->record, i < t.len ? edge_new(b, IR_NO_BLOCK) : NONE);
  if (c->outer_try != NONE) {
    uint32_t edge = landing_edge(b, c->outer_try); /* records something itself */
    b->record.at[first + t.len] = edge;
  }
  c->landing = b->block;
  c->landing_state = opt_state_now(b->o);
  if (targets == 1)
    block_end(b, IR_OP_JUMP, 0, 0, 0, b->record.at + first, 1);
  else
    block_end(b, IR_OP_SWITCH, clause, 0, 0, b->record.at + first, targets);
  return first;
}

/* The block of one clause. The exception, if anybody wants it. */
static ir_val clause_begin(struct builder *b, const struct control *c, uint32_t edge) {
  b->f->edges.at[edge].to = block_next(b);
  block_begin(b, c->landing, c->landing_state);
  b->f->blocks.at[b->block].cold = true;
  b->stack.len = c->height;
  ir_val exn = emit(b, IR_OP_EXN_LOAD, IR_REF, offsetof(struct vm_store, exn), 0, 0);
  emit(b, IR_OP_EXN_CLEAR, IR_VOID, 0, 0, 0);
  return exn;
}

static bool build_try_table(struct builder *b) {
  uint32_t nparams, nresults, n = b->in.list_len;
  if (!block_arity(b, &nparams, &nresults)) return false;
  control_push(b, CONTROL_TRY, nparams, nresults);
  if (n == 0) return true;
  struct control *c = &VEC_LAST(&b->controls);
  c->list = b->in.list;
  try_begin(b, n);
  const uint8_t *at = b->in.list;
  for (uint32_t i = 0; i < n; i++) {
    struct catch_clause clause = insn_next_catch(&at);
    bool tagged = clause.kind == CATCH || clause.kind == CATCH_REF;
    VEC_PUSH(b->arena, &b->f->clauses, tagged ? clause.tag : CODE_CATCH_ALL);
  }
  return true;
}

bool try_table_end(struct builder *b, struct control *c) {
  if (c->nlandings == 0) return true;
  c->try_ = c->outer_try;
  uint32_t first = land(b, c);
  const uint8_t *at = c->list;
  for (uint32_t i = 0; i < b->f->tries.at[c->record].len && !b->too_much; i++) {
    struct catch_clause clause = insn_next_catch(&at);
    ir_val exn = clause_begin(b, c, b->record.at[first + i]);
    if ((clause.kind == CATCH || clause.kind == CATCH_REF) && !push_payload(b, clause.tag, exn)) return false;
    if (clause.kind == CATCH_REF || clause.kind == CATCH_ALL_REF) push(b, exn);
    build_br(b, clause.label + 1); /* it counts from outside the frame */
  }
  return true;
}

bool build_exn(struct builder *b) {
  switch (b->in.op) {
  case OP_THROW: throw_value(b, emit_exception(b, b->in.a)); return true;
  case OP_THROW_REF: build_throw_ref(b); return true;
  case OP_TRY_TABLE: return build_try_table(b);
  default: return build_unsupported(b);
  }
}

/* ---- legacy ---- */

static bool build_try(struct builder *b) {
  uint32_t nparams, nresults;
  const struct scan_try *scan = &b->body.scan.tries.at[b->body.tries_seen++];
  if (!block_arity(b, &nparams, &nresults)) return false;
  control_push(b, CONTROL_LEGACY_TRY, nparams, nresults);
  struct control *c = &VEC_LAST(&b->controls);
  if (scan->delegates) { /* its label counts from outside the try */
    c->try_ = b->controls.at[b->controls.len - 2 - scan->label].try_;
    return true;
  }
  if (scan->len == 0) return true;
  try_begin(b, scan->len);
  for (uint32_t i = scan->first; i != NONE; i = b->body.scan.catches.at[i].next)
    VEC_PUSH(b->arena, &b->f->clauses, b->body.scan.catches.at[i].tag);
  return true;
}

/* The locals as they were where the exceptions landed: for the second clause and those after it. */
static void landing_locals(struct builder *b, struct control *c) {
  locals_rollback(b, c->undo);
  for (uint32_t i = 0; i < c->nlanding_pairs; i++)
    local_set(b, b->record.at[c->landing_pairs + 2 * i] - b->body.base,
              b->record.at[c->landing_pairs + 2 * i + 1]);
}

static bool build_catch(struct builder *b) {
  struct control *c = &VEC_LAST(&b->controls);
  if (!b->dead) fall_through(b, c);
  if (c->kind == CONTROL_LEGACY_TRY) {
    c->kind = CONTROL_LEGACY_CATCH;
    c->try_ = c->outer_try;
    if (c->nlandings > 0) {
      uint32_t first = land(b, c);
      if (b->too_much) return true;
      c->clause_edges = first;
      c->landing_pairs = b->record.len;
      c->nlanding_pairs = b->slots ? 0 : record_pairs(b, c->undo, NONE);
    }
  } else if (c->nlandings > 0) {
    landing_locals(b, c);
  }
  if (c->nlandings == 0) return true; /* nothing in the try throws: the clause is dead */
  ir_val exn = clause_begin(b, c, b->record.at[c->clause_edges + c->clause++]);
  c->exn = exn;
  return b->in.op == OP_CATCH_ALL || push_payload(b, b->in.a, exn);
}

bool build_legacy(struct builder *b) {
  switch (b->in.op) {
  case OP_TRY: return build_try(b);
  case OP_CATCH:
  case OP_CATCH_ALL: return build_catch(b);
  case OP_DELEGATE: control_end(b); return true;
  case OP_RETHROW: throw_value(b, b->controls.at[b->controls.len - 1 - b->in.a].exn); return true;
  default: return build_unsupported(b);
  }
}
