/* Accesses to objects of the heap, and what a landing reads of the exception that brought it there.
 *
 * In: HLOAD, HSTORE, TOP_LOAD, TOP_STORE, EXN_LOAD, EXN_CLEAR.  Out: memory operands [heap + reference +
 * offset]; for elements of arrays an address in a register of its own, which no other instruction sees:
 * objects move at every call, so nothing may keep one.  The heap's base is a value of the whole function,
 * loaded at its start and loaded again where it has lost its register.  Must not: check bounds or null;
 * build/gc.c has done it, or a fault does. */
#include "abi/object.h"
#include "abi/vmctx.h"
#include "compiler/isa/x64/sel.h"

mreg x64_heap(struct x64_sel *s) { return x64_instance_field(s, &s->heap, offsetof(struct vmctx, heap)); }

static uint8_t null_trap(const struct ir_insn *in) {
  switch (in->flags & IRF_NULL_MASK) {
  case IRF_NULL_STRUCT:
    return in->type == IR_PTR ? TRAP_NULL_CONTINUATION_REFERENCE : TRAP_NULL_STRUCT_REFERENCE;
  case IRF_NULL_ARRAY: return TRAP_NULL_ARRAY_REFERENCE;
  case IRF_NULL_CAST: return in->type == IR_REF ? TRAP_NULL_REFERENCE : TRAP_CAST_FAILURE;
  default: return TRAP_NONE;
  }
}

void x64_field_address(struct x64_sel *s, ir_val v, struct mach_insn *in) {
  struct ir_mem m = ir_field(s->ir, v);
  uint8_t log2 = (uint8_t)__builtin_ctz(x64_access_size(sel_at(s, v)));
  uint64_t index;
  in->trap = null_trap(sel_at(s, v));
  in->base = x64_heap(s);
  in->idx = x64_use(s, m.index);
  in->disp = (int32_t)m.offset;
  if (!m.base) return;
  if (x64_const(s, m.base, &index) && index < (UINT64_C(1) << 26)) {
    in->disp += (int32_t)(index << log2);
    return;
  }
  struct mach_insn lea = x64_new(X64_LEA, 8);
  lea.d = x64_temp(s, IR_PTR);
  lea.base = in->base;
  lea.idx = in->idx;
  x64_push(s, lea);
  in->base = lea.d;
  in->idx = x64_use(s, m.base);
  in->scale = log2 > 3 ? 0 : log2;
  if (log2 <= 3) return;
  struct mach_insn shl = x64_new(X64_SHL_RI, 8); /* v128: 16 is no factor of an address */
  shl.d = x64_temp(s, IR_I64);
  shl.imm = log2;
  x64_push_rr(s, (enum x64_op)MACH_MOVE, 8, shl.d, in->idx);
  x64_push(s, shl);
  in->idx = shl.d;
}

/* The card of what HSTORE v has written. */
void x64_mark_card(struct x64_sel *s, ir_val v) {
  struct ir_mem m = ir_field(s->ir, v);
  struct mach_insn lea = x64_new(X64_LEA, 4), shr = x64_new(X64_SHR_RI, 4), mark = x64_new(X64_MOV_MI, 1);
  uint64_t index;
  lea.d = shr.d = mark.idx = x64_temp(s, IR_I32);
  lea.base = x64_use(s, m.index);
  lea.disp = (int32_t)m.offset;
  if (m.base && x64_const(s, m.base, &index) && index < (UINT64_C(1) << 26)) {
    lea.disp += (int32_t)(index << 2);
  } else if (m.base) {
    lea.idx = x64_use(s, m.base);
    lea.scale = 2;
  }
  shr.imm = GC_CARD_SHIFT;
  mark.base = x64_heap(s);
  mark.disp = GC_CARDS;
  mark.imm = 1;
  x64_push(s, lea);
  x64_push(s, shr);
  x64_push(s, mark);
}

static void top_load(struct x64_sel *s, ir_val v) {
  struct mach_insn m = x64_new(X64_MOV_RM, 4);
  m.base = x64_heap(s);
  m.disp = (int32_t)sel_at(s, v)->a;
  m.d = x64_def(s, v);
  x64_push(s, m);
}

static void top_store(struct x64_sel *s, ir_val v) {
  struct mach_insn m = x64_new(X64_MOV_MR, 4);
  m.base = x64_heap(s);
  m.disp = GC_TOP;
  m.s = x64_use(s, sel_at(s, v)->a);
  x64_push(s, m);
}

static mreg store_register(struct x64_sel *s) {
  struct mach_insn m = x64_new(X64_MOV_RM, 8);
  m.base = X64_INSTANCE;
  m.disp = offsetof(struct vmctx, store);
  m.d = x64_temp(s, IR_PTR);
  x64_push(s, m);
  return m.d;
}

static void exn_load(struct x64_sel *s, ir_val v) {
  struct mach_insn m = x64_new(X64_MOV_RM, 4);
  m.base = store_register(s);
  m.disp = (int32_t)sel_at(s, v)->a;
  m.d = x64_def(s, v);
  x64_push(s, m);
}

static void exn_clear(struct x64_sel *s) {
  struct mach_insn m = x64_new(X64_MOV_MI, 4);
  m.base = store_register(s);
  m.disp = offsetof(struct vm_store, exn);
  x64_push(s, m);
}

bool x64_select_gc(struct x64_sel *s, ir_val v) {
  switch (sel_at(s, v)->op) {
  case IR_OP_TOP_LOAD: top_load(s, v); return true;
  case IR_OP_TOP_STORE: top_store(s, v); return true;
  case IR_OP_EXN_LOAD: exn_load(s, v); return true;
  case IR_OP_EXN_CLEAR: exn_clear(s); return true;
  default: return false;
  }
}
