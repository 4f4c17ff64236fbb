/* Locals, globals, drop, select.
 *
 * A global that the instance defines stands in its vmctx; an imported one behind a pointer there that never
 * changes. */
#include "compiler/build/builder.h"

/* Address of the global's cell, as a value and an offset. */
static ir_val global_cell(struct builder *b, uint32_t index, uint32_t *off) {
  if (index < b->m->nimported_globals) {
    *off = 0;
    return emit_field(b, IR_PTR, b->layout.globals_imp + 8 * index);
  }
  *off = b->layout.globals + 16 * (index - b->m->nimported_globals);
  return emit_vmctx(b);
}

/* The value of a global that never changes and whose initializer is one constant instruction. */
static bool constant_global(const struct builder *b, uint32_t index, uint64_t *bits) {
  const struct global *g = &b->m->globals[index];
  if (index < b->m->nimported_globals || g->type.mutable_) return false;
  struct error none = ERROR_INIT;
  struct reader r = reader_of(slice_of(g->init.code, g->init.size), g->init.off, &none);
  switch (read_u8(&r)) {
  case 0x41: *bits = (uint32_t)read_sleb32(&r); break;
  case 0x42: *bits = (uint64_t)read_sleb64(&r); break;
  case 0x43: *bits = read_u32le(&r); break;
  case 0x44: *bits = read_u64le(&r); break;
  default: return false;
  }
  return reader_done(&r);
}

/* The same where the initializer is ref.func of one of the module's own functions. */
static bool constant_function(const struct builder *b, uint32_t index, uint32_t *func) {
  const struct global *g = &b->m->globals[index];
  if (index < b->m->nimported_globals || g->type.mutable_) return false;
  struct error none = ERROR_INIT;
  struct reader r = reader_of(slice_of(g->init.code, g->init.size), g->init.off, &none);
  if (read_u8(&r) != 0xd2) return false;
  *func = read_uleb32(&r);
  return reader_done(&r) && *func >= b->m->nimported_funcs;
}

static bool build_global(struct builder *b, uint32_t index) {
  const struct globaltype *t = &b->m->globals[index].type;
  enum ir_type type = ir_type_of(b->m, t->type);
  uint32_t off, func;
  uint64_t bits;
  if (b->in.op == OP_GLOBAL_GET && constant_global(b, index, &bits)) {
    push(b, emit_const(b, type, bits));
    return true;
  }
  ir_val cell = global_cell(b, index, &off);
  unsigned flags = t->mutable_ ? IRF_GLOBAL : IRF_IMMUTABLE;
  if (b->in.op == OP_GLOBAL_GET) {
    ir_val v = emit_flags(b, IR_OP_LOAD, type, flags, cell, 0, off);
    push(b, v);
    ref_note(b, v, t->type);
    if (constant_function(b, index, &func)) ref_note_func(b, v, func);
  } else
    emit_flags(b, IR_OP_STORE, type, flags, cell, pop(b), off);
  return true;
}

bool build_variable(struct builder *b) {
  switch (b->in.op) {
  case OP_LOCAL_GET: push(b, local_get(b, b->in.a)); return true;
  case OP_LOCAL_SET: local_set(b, b->in.a, pop(b)); return true;
  case OP_LOCAL_TEE: local_set(b, b->in.a, VEC_LAST(&b->stack)); return true;
  case OP_GLOBAL_GET:
  case OP_GLOBAL_SET: return build_global(b, b->in.a);
  case OP_DROP: b->stack.len--; return true;
  case OP_SELECT:
  case OP_SELECT_T: {
    ir_val cond = pop(b), other = pop(b), value = pop(b);
    push(b, emit(b, IR_OP_SELECT, type_of(b, value), cond, value, other));
    return true;
  }
  default: return build_unsupported(b);
  }
}
