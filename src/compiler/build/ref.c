/* References: null, functions, tests for null and the branches on them. */
#include "compiler/build/builder.h"

/* The function's reference: its slot in the instance, which a builtin fills when it is first asked for. */
static ir_val func_reference(struct builder *b, uint32_t func) {
  uint32_t off = b->layout.funcs + 8 * func;
  const struct func *f = &b->m->funcs[func];
  valtype type = vt_ref_to(f->type, false) | (f->exact ? VT_EXACT : 0);
  if (func < b->m->nimported_funcs) {
    ir_val imported = emit_field(b, IR_FUNCREF, off);
    ref_note(b, imported, type);
    return imported;
  }
  ir_val slot = emit(b, IR_OP_LOAD, IR_FUNCREF, emit_vmctx(b), 0, off);
  struct cold c = block_cold(b, slot, false);
  ir_val index = emit_const(b, IR_I32, func);
  ir_val made = emit_builtin(b, BUILTIN_REF_FUNC, IR_FUNCREF, &index, 1);
  ir_val ref = block_rejoin(b, c, slot, made);
  ref_note(b, ref, type);
  ref_note_func(b, ref, func);
  return ref;
}

ir_val emit_is_null(struct builder *b, ir_val ref) {
  if (ref_is_nonnull(b, ref)) return emit_const(b, IR_I32, 0);
  return emit(b, IR_OP_EQ, IR_I32, ref, emit_const(b, type_of(b, ref), 0), 0);
}

bool build_ref(struct builder *b) {
  switch (b->in.op) {
  case OP_REF_NULL: push(b, emit_const(b, ir_type_of(b->m, b->in.type), 0)); return true;
  case OP_REF_IS_NULL: push(b, emit_is_null(b, pop(b))); return true;
  case OP_REF_FUNC: push(b, func_reference(b, b->in.a)); return true;
  case OP_REF_EQ: {
    ir_val y = pop(b), x = pop(b);
    push(b, emit(b, IR_OP_EQ, IR_I32, x, y, 0));
    return true;
  }
  case OP_REF_AS_NON_NULL:
    if (!ref_is_nonnull(b, VEC_LAST(&b->stack)))
      emit(b, IR_OP_TRAPIFZ, IR_VOID, VEC_LAST(&b->stack), TRAP_NULL_REFERENCE, 0);
    return true;
  case OP_BR_ON_NULL: {
    ir_val ref = pop(b);
    branch_if(b, emit_is_null(b, ref), b->in.a, false);
    push(b, ref);
    return true;
  }
  case OP_BR_ON_NON_NULL: /* the label's last result is the reference */
    branch_if(b, emit_is_null(b, VEC_LAST(&b->stack)), b->in.a, true);
    b->stack.len--;
    return true;
  default: return build_unsupported(b);
  }
}
