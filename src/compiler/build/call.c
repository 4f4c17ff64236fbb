/* Calls: direct, through imports, tables and references, and their tail forms.
 *
 * A function of the module is called by its index. Everything else goes through a struct vm_func, whose type
 * id a call_indirect compares with the expected one (spec 4.4.10.1); where the expected type has subtypes, an
 * unequal id is judged by a builtin on a cold path.  The check of the callee's signature stands in
 * `check_type` and nowhere else. */
#include "compiler/build/builder.h"

/* Pops the arguments into ext: count, values. */
static uint32_t pop_args(struct builder *b, const struct functype *t) {
  uint32_t n = t->nparams;
  uint32_t at = ir_ext(b->f, &n, 1);
  ir_ext(b->f, b->stack.at + (b->stack.len - n), n);
  b->stack.len -= n;
  return at;
}

static bool finish_call_of(struct builder *b, enum ir_op op, unsigned flags, uint32_t callee, uint32_t type) {
  const struct functype *t = module_functype(b->m, type);
  uint32_t args = pop_args(b, t);
  if (op == IR_OP_TAIL_CALL || op == IR_OP_TAIL_CALL_FUNC) {
    block_end(b, op, callee, args, type, NULL, 0);
    return true;
  }
  enum ir_type result = t->nresults ? ir_type_of(b->m, t->results[0]) : IR_VOID;
  ir_val call = emit_flags(b, op, result, flags, callee, args, type);
  for (uint32_t i = 0; i < t->nresults; i++) {
    push(b, i == 0 ? call : emit(b, IR_OP_PROJ, ir_type_of(b->m, t->results[i]), call, i, 0));
    ref_note(b, VEC_LAST(&b->stack), t->results[i]);
  }
  call_may_throw(b);
  return true;
}

bool finish_call(struct builder *b, enum ir_op op, uint32_t callee, uint32_t type) {
  return finish_call_of(b, op, 0, callee, type);
}

static bool build_direct(struct builder *b, bool tail) {
  uint32_t func = b->in.a, type = b->m->funcs[func].type;
  if (!tail && inline_here(b)) return inline_begin(b, func);
  if (func >= b->m->nimported_funcs) return finish_call(b, tail ? IR_OP_TAIL_CALL : IR_OP_CALL, func, type);
  ir_val callee = emit_field(b, IR_FUNCREF, b->layout.funcs + 8 * func);
  return finish_call(b, tail ? IR_OP_TAIL_CALL_FUNC : IR_OP_CALL_FUNC, callee, type);
}

/* Traps unless `func`, which may be null, has the type. */
static void check_type(struct builder *b, ir_val func, valtype static_type, uint32_t type) {
  uint32_t want_id = b->m->canon_ids[type];
  if (vt_is_concrete(static_type) &&
      canon_is_subtype(b->valid->canon, b->m->canon_ids[vt_index(static_type)], want_id)) {
    if (vt_is_nullable(static_type) && !ref_is_nonnull(b, func))
      emit(b, IR_OP_TRAPIFZ, IR_VOID, func, TRAP_UNINITIALIZED_ELEMENT, 0);
    return;
  }
  ir_val is =
      emit_flags(b, IR_OP_LOAD, IR_I32, IRF_FAULTS | IRF_IMMUTABLE, func, 0, offsetof(struct vm_func, type));
  ir_val want = emit_field(b, IR_I32, b->layout.types + 4 * type);
  ir_val differs = emit(b, IR_OP_NE, IR_I32, is, want, 0);
  if (b->m->types[type].final) {
    emit(b, IR_OP_TRAPIF, IR_VOID, differs, TRAP_INDIRECT_CALL_TYPE_MISMATCH, 0);
    return;
  }
  struct cold c = block_cold(b, differs, true);
  ir_val args[2] = {func, emit_const(b, IR_I32, type)};
  emit_builtin(b, BUILTIN_CALL_CHECK, IR_VOID, args, 2);
  block_rejoin(b, c, 0, 0);
}

/* From so many in one body on, a builtin makes the checks: the code for them is ten times the size of what it
 * is made from, and who has written this body does not wait for each call. */
enum { INDIRECT_MOST = 1 << 16 };

static bool build_indirect(struct builder *b, bool tail) {
  uint32_t type = b->in.a, table = b->in.b;
  if (b->indirect_calls++ >= INDIRECT_MOST) {
    ir_val args[3] = {emit_const(b, IR_I32, table), emit_widen(b, pop(b)), emit_const(b, IR_I32, type)};
    ir_val target = emit_builtin(b, BUILTIN_CALL_TARGET, IR_FUNCREF, args, 3);
    return finish_call(b, tail ? IR_OP_TAIL_CALL_FUNC : IR_OP_CALL_FUNC, target, type);
  }
  ir_val address = table_element(b, table, pop(b), TRAP_UNDEFINED_ELEMENT);
  ir_val func = emit_flags(b, IR_OP_LOAD, IR_FUNCREF, table_element_flags(b, table), address, 0, 0);
  check_type(b, func, b->m->tables[table].type.elem, type);
  if (tail) return finish_call(b, IR_OP_TAIL_CALL_FUNC, func, type);
  unsigned flags = b->valid->tables[table] & TABLE_OWN ? IRF_OWN : 0;
  return finish_call_of(b, IR_OP_CALL_FUNC, flags, func, type);
}

static bool build_call_ref(struct builder *b, bool tail) {
  ir_val func = pop(b);
  uint32_t index;
  if (ref_func(b, func, &index)) {
    if (!tail && inline_known(b, index)) return inline_begin(b, index);
    return finish_call(b, tail ? IR_OP_TAIL_CALL : IR_OP_CALL, index, b->m->funcs[index].type);
  }
  if (!ref_is_nonnull(b, func)) emit(b, IR_OP_TRAPIFZ, IR_VOID, func, TRAP_NULL_FUNCTION_REFERENCE, 0);
  bool guessed = false;
  if (!tail && !guess_call(b, func, b->in.a, &guessed)) return false;
  if (guessed) return true;
  return finish_call(b, tail ? IR_OP_TAIL_CALL_FUNC : IR_OP_CALL_FUNC, func, b->in.a);
}

bool build_call(struct builder *b) {
  switch (b->in.op) {
  case OP_CALL: return build_direct(b, false);
  case OP_RETURN_CALL: return build_direct(b, true);
  case OP_CALL_INDIRECT: return build_indirect(b, false);
  case OP_RETURN_CALL_INDIRECT: return build_indirect(b, true);
  case OP_CALL_REF: return build_call_ref(b, false);
  case OP_RETURN_CALL_REF: return build_call_ref(b, true);
  default: return build_unsupported(b);
  }
}
