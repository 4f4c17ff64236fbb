/* Tables: the bounds check of an element access, and table.* through builtins.
 *
 * Elements of function tables are struct vm_func pointers, of all others 32-bit references; both are read and
 * written in place after the check in `table_element`, which stands nowhere else. */
#include "compiler/build/builder.h"

static ir_val table_record(struct builder *b, uint32_t table) {
  return emit_field(b, IR_PTR, b->layout.tables + 8 * table);
}

/* A table whose least and greatest size are equal never moves and never changes its length, nor does one that
 * nobody changes at all. */
static bool is_fixed(const struct builder *b, uint32_t table) {
  const struct limits *l = &b->m->tables[table].type.limits;
  return (l->has_max && l->min == l->max) || b->valid->tables[table] & TABLE_CONSTANT;
}

unsigned table_element_flags(const struct builder *b, uint32_t table) {
  return b->valid->tables[table] & TABLE_CONSTANT ? IRF_IMMUTABLE : IRF_TABLE;
}

ir_val table_element(struct builder *b, uint32_t table, ir_val index, enum trap_code trap) {
  const struct tabletype *t = &b->m->tables[table].type;
  ir_val record = table_record(b, table), wide = emit_widen(b, index), outside;
  unsigned flags = is_fixed(b, table) ? IRF_IMMUTABLE : 0;
  if (flags && t->limits.min <= UINT32_MAX && type_of(b, index) == IR_I32) {
    outside = emit(b, IR_OP_GE_U, IR_I32, index, emit_const(b, IR_I32, t->limits.min), 0);
  } else {
    ir_val len = emit_flags(b, IR_OP_LOAD, IR_I64, flags, record, 0, offsetof(struct vm_table, len));
    outside = emit(b, IR_OP_GE_U, IR_I32, wide, len, 0);
  }
  emit(b, IR_OP_TRAPIF, IR_VOID, outside, trap, 0);
  if (b->config->spectre)
    wide = emit_flags(b, IR_OP_SELECT, IR_I64, IRF_MASK, outside, emit_const(b, IR_I64, 0), wide);
  ir_val elems = emit_flags(b, IR_OP_LOAD, IR_PTR, flags, record, 0, offsetof(struct vm_table, elems));
  uint32_t log2 = ir_type_of(b->m, t->elem) == IR_FUNCREF ? 3 : 2;
  ir_val off = emit(b, IR_OP_SHL, IR_I64, wide, emit_const(b, IR_I64, log2), 0);
  return emit(b, IR_OP_ADD, IR_PTR, elems, off, 0);
}

/* Either kind of reference as the 64-bit argument of a builtin. */
static ir_val ref_argument(struct builder *b, ir_val v) {
  return type_of(b, v) == IR_FUNCREF ? v : emit(b, IR_OP_ZEXT32, IR_I64, v, 0, 0);
}

static ir_val narrow(struct builder *b, uint32_t table, ir_val v) {
  return b->m->tables[table].type.limits.is64 ? v : emit(b, IR_OP_WRAP, IR_I32, v, 0, 0);
}

static void build_get(struct builder *b, uint32_t table) {
  ir_val address = table_element(b, table, pop(b), TRAP_TABLE_OUT_OF_BOUNDS);
  valtype elem = b->m->tables[table].type.elem;
  push(b, emit_flags(b, IR_OP_LOAD, ir_type_of(b->m, elem), table_element_flags(b, table), address, 0, 0));
  ref_note(b, VEC_LAST(&b->stack), elem);
}

static void build_set(struct builder *b, uint32_t table) {
  ir_val value = pop(b);
  ir_val address = table_element(b, table, pop(b), TRAP_TABLE_OUT_OF_BOUNDS);
  emit_flags(b, IR_OP_STORE, ir_type_of(b->m, b->m->tables[table].type.elem), IRF_TABLE, address, value, 0);
}

static void build_size(struct builder *b, uint32_t table) {
  ir_val len =
      emit_flags(b, IR_OP_LOAD, IR_I64, 0, table_record(b, table), 0, offsetof(struct vm_table, len));
  push(b, narrow(b, table, len));
}

static void build_grow(struct builder *b, uint32_t table) {
  ir_val delta = emit_widen(b, pop(b)), init = ref_argument(b, pop(b));
  ir_val args[3] = {emit_const(b, IR_I32, table), delta, init};
  push(b, narrow(b, table, emit_builtin(b, BUILTIN_TABLE_GROW, IR_I64, args, 3)));
}

static void build_fill(struct builder *b, uint32_t table) {
  ir_val len = emit_widen(b, pop(b)), value = ref_argument(b, pop(b)), dst = emit_widen(b, pop(b));
  ir_val args[4] = {emit_const(b, IR_I32, table), dst, value, len};
  emit_builtin(b, BUILTIN_TABLE_FILL, IR_VOID, args, 4);
}

static void build_copy(struct builder *b) {
  ir_val len = emit_widen(b, pop(b)), src = emit_widen(b, pop(b)), dst = emit_widen(b, pop(b));
  ir_val args[5] = {emit_const(b, IR_I32, b->in.a), emit_const(b, IR_I32, b->in.b), dst, src, len};
  emit_builtin(b, BUILTIN_TABLE_COPY, IR_VOID, args, 5);
}

static void build_init(struct builder *b) {
  ir_val len = pop(b), src = pop(b), dst = emit_widen(b, pop(b));
  ir_val args[5] = {emit_const(b, IR_I32, b->in.a), emit_const(b, IR_I32, b->in.b), dst, src, len};
  emit_builtin(b, BUILTIN_TABLE_INIT, IR_VOID, args, 5);
}

bool build_table(struct builder *b) {
  switch (b->in.op) {
  case OP_TABLE_GET: build_get(b, b->in.a); return true;
  case OP_TABLE_SET: build_set(b, b->in.a); return true;
  case OP_TABLE_SIZE: build_size(b, b->in.a); return true;
  case OP_TABLE_GROW: build_grow(b, b->in.a); return true;
  case OP_TABLE_FILL: build_fill(b, b->in.a); return true;
  case OP_TABLE_COPY: build_copy(b); return true;
  case OP_TABLE_INIT: build_init(b); return true;
  case OP_ELEM_DROP: {
    ir_val elem = emit_const(b, IR_I32, b->in.a);
    emit_builtin(b, BUILTIN_ELEM_DROP, IR_VOID, &elem, 1);
    return true;
  }
  default: return build_unsupported(b);
  }
}
