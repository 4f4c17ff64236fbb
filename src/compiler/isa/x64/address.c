/* Memory operands, and loads that their users do in passing.
 *
 * In: LOAD, STORE, GLOAD, GSTORE, ATOMIC_*.  Out: base, index, scale and displacement of a machine
 * instruction, its trap. Guest memory is reached through guest_address and nothing else: base = r14 or the
 * base of another memory, index = a register that holds an i32 with zero upper half (or an i64 that build/
 * has checked), displacement = the static offset, at most GUEST_OFFSET_MAX; so an access lies in the
 * reservation behind the base. Must not: scale or add to a guest index here: that could leave 32 bits. */
#include "compiler/isa/x64/sel.h"

/* Larger static offsets are added with a check by build/memory.c. */
enum { GUEST_OFFSET_MAX = INT32_MAX - 63 };

static void guest_address(struct x64_sel *s, ir_val v, struct mach_insn *in) {
  struct ir_mem m = ir_mem(s->ir, v);
  assert(m.offset <= GUEST_OFFSET_MAX);
  uint64_t index;
  in->trap = TRAP_MEMORY_OUT_OF_BOUNDS;
  in->base = m.base ? x64_use(s, m.base) : X64_MEMORY0;
  in->disp = (int32_t)m.offset;
  if (x64_const(s, m.index, &index) && index + m.offset <= GUEST_OFFSET_MAX && index <= GUEST_OFFSET_MAX)
    in->disp += (int32_t)index;
  else
    in->idx = x64_use(s, m.index);
}

static mreg base_register(struct x64_sel *s, ir_val v) {
  uint8_t op = sel_at(s, v)->op;
  return op == IR_OP_VMCTX ? X64_INSTANCE : op == IR_OP_MEM0 ? X64_MEMORY0 : x64_use(s, v);
}

static void engine_address(struct x64_sel *s, ir_val v, struct mach_insn *in) {
  const struct ir_insn *access = sel_at(s, v);
  ir_val base = access->a;
  bool is_load = access->op == IR_OP_LOAD;
  in->disp = (int32_t)access->c;
  if (is_load && (access->flags & IRF_FAULTS)) in->trap = TRAP_UNINITIALIZED_ELEMENT;
  if (!x64_is_own(s, base, IR_OP_ADD)) {
    in->base = base_register(s, base);
    return;
  }
  ir_val a = sel_at(s, base)->a, b = sel_at(s, base)->b;
  if (x64_is_own(s, a, IR_OP_SHL)) {
    ir_val t = a;
    a = b;
    b = t;
  }
  uint64_t shift;
  if (x64_is_own(s, b, IR_OP_SHL) && x64_const(s, sel_at(s, b)->b, &shift) && shift <= 3) {
    in->scale = (uint8_t)shift;
    b = sel_at(s, b)->a;
  }
  in->base = base_register(s, a);
  in->idx = x64_use(s, b);
}

void x64_address(struct x64_sel *s, ir_val v, struct mach_insn *in) {
  uint8_t op = sel_at(s, v)->op;
  if (ir_op_is_guest(op))
    guest_address(s, v, in);
  else if (op == IR_OP_HLOAD || op == IR_OP_HSTORE)
    x64_field_address(s, v, in);
  else
    engine_address(s, v, in);
  in->src = s->ir->wasm_off.at[v];
}

bool x64_can_fold_load(const struct x64_sel *s, ir_val v, uint8_t size) {
  const struct ir_insn *in = sel_at(s, v);
  return (in->flags & IRF_ACCESS_MASK) == ACCESS_FULL && x64_type_size(in->type) == size && in->uses == 1 &&
         !x64_wanted(s, v) && !(s->state[v] & SEL_FOLDED) && s->block_of[v] == s->block &&
         s->epoch[v] == s->epoch[s->at];
}

void x64_fold(struct x64_sel *s, ir_val v, struct mach_insn *in) {
  s->state[v] |= SEL_FOLDED;
  x64_address(s, v, in);
}

bool x64_same_address(const struct x64_sel *s, ir_val load, ir_val store) {
  struct ir_mem a = ir_mem(s->ir, load), b = ir_mem(s->ir, store);
  return a.index == b.index && a.base == b.base && a.offset == b.offset;
}
