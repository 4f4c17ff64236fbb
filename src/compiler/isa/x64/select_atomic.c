/* Atomic accesses: x86 orders everything but a store before a later load, so loads are plain ones and stores
 * exchange; the rest has a lock prefix.
 *
 * In: ATOMIC_STORE to ATOMIC_CMPXCHG, FENCE.  Out: one locked instruction, or the loop LOCK_RMW where the old
 * value of and, or, xor is wanted. Must not: touch more bytes than the access has, or put a register with
 * unknown upper bits where an i32 is expected. */
#include "compiler/isa/x64/sel.h"

/* A copy that the instruction may overwrite; of 64 bits where the instruction leaves upper bits alone. */
static mreg copy_of(struct x64_sel *s, uint8_t type, uint8_t size, ir_val value) {
  mreg t = x64_temp(s, size < 4 ? (uint8_t)IR_I64 : type);
  x64_set(s, t, size == 8 ? 8 : 4, value);
  return t;
}

/* The result: `from` holds it in its low `size` bytes; others are anything when `dirty`. */
static void give(struct x64_sel *s, ir_val v, uint8_t size, mreg from, bool dirty) {
  if (!x64_wanted(s, v)) return;
  mreg d = s->reg[v];
  if (size == 1)
    x64_push_rr(s, X64_MOVZX8_RR, 4, d, from);
  else if (size == 2)
    x64_push_rr(s, X64_MOVZX16_RR, 4, d, from);
  else if (size == 4 && dirty)
    x64_push_rr(s, X64_MOV32_RR, 4, d, from);
  else
    x64_push_rr(s, (enum x64_op)MACH_MOVE, size, d, from);
}

/* d = [m], [m] = d or d + [m] */
static void exchange(struct x64_sel *s, ir_val v, enum x64_op op, bool negate) {
  const struct ir_insn *in = sel_at(s, v);
  uint8_t size = x64_access_size(in);
  struct mach_insn m = x64_new(op, size);
  if (op == X64_XADD) m.flags = X64_LOCK;
  x64_address(s, v, &m);
  m.d = copy_of(s, in->type, size, in->b);
  if (negate) {
    struct mach_insn neg = x64_new(X64_NEG, size == 8 ? 8 : 4);
    neg.d = m.d;
    x64_push(s, neg);
  }
  x64_push(s, m);
  if (in->op != IR_OP_ATOMIC_STORE) give(s, v, size, m.d, false);
}

/* lock op [m], x: nobody wants the old value. */
static void modify(struct x64_sel *s, ir_val v, enum x64_op mr, enum x64_op mi) {
  const struct ir_insn *in = sel_at(s, v);
  uint8_t size = x64_access_size(in);
  uint64_t wide;
  int32_t imm;
  struct mach_insn m = x64_new(mr, size);
  bool constant = x64_imm32(s, in->b, &imm);
  if (!constant && size < 8 && x64_const(s, in->b, &wide)) {
    constant = true;
    imm = (int32_t)(uint32_t)wide;
  }
  if (constant) {
    m.op = (uint16_t)mi;
    m.imm = size == 1 ? (int8_t)imm : size == 2 ? (int16_t)imm : imm;
  } else {
    m.s = size < 8 ? x64_use_low(s, in->b) : x64_use(s, in->b);
  }
  m.flags = X64_LOCK;
  x64_address(s, v, &m);
  x64_push(s, m);
}

static void logic(struct x64_sel *s, ir_val v, unsigned which, enum x64_op mr, enum x64_op mi) {
  const struct ir_insn *in = sel_at(s, v);
  if (!x64_wanted(s, v)) {
    modify(s, v, mr, mi);
    return;
  }
  struct mach_insn m = x64_new(X64_LOCK_RMW, x64_access_size(in));
  m.imm = (int32_t)which;
  m.d = s->reg[v];
  m.s = m.size < 8 ? x64_use_low(s, in->b) : x64_use(s, in->b);
  x64_address(s, v, &m);
  x64_push(s, m);
}

static void compare_exchange(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  uint8_t size = x64_access_size(in);
  ir_val replacement = s->ir->ext.at[in->c + 2];
  struct mach_insn m = x64_new(X64_CMPXCHG, size);
  m.s = size < 8 ? x64_use_low(s, replacement) : x64_use(s, replacement);
  m.flags = X64_LOCK;
  x64_address(s, v, &m);
  /* Where it was equal, rax keeps what was expected, upper half included. */
  mreg expected = x64_use(s, in->b);
  m.d = x64_temp(s, size < 4 ? (uint8_t)IR_I64 : in->type);
  x64_push_rr(s, (enum x64_op)MACH_MOVE, x64_type_size(in->type), m.d, expected);
  x64_push(s, m);
  give(s, v, size, m.d, in->type == IR_I64);
}

bool x64_select_atomic(struct x64_sel *s, ir_val v) {
  bool wanted = x64_wanted(s, v);
  switch (sel_at(s, v)->op) {
  case IR_OP_ATOMIC_STORE:
  case IR_OP_ATOMIC_XCHG: exchange(s, v, X64_XCHG_RM, false); return true;
  case IR_OP_ATOMIC_ADD:
    if (wanted)
      exchange(s, v, X64_XADD, false);
    else
      modify(s, v, X64_ADD_MR, X64_ADD_MI);
    return true;
  case IR_OP_ATOMIC_SUB:
    if (wanted)
      exchange(s, v, X64_XADD, true);
    else
      modify(s, v, X64_SUB_MR, X64_SUB_MI);
    return true;
  case IR_OP_ATOMIC_AND: logic(s, v, 0, X64_AND_MR, X64_AND_MI); return true;
  case IR_OP_ATOMIC_OR: logic(s, v, 1, X64_OR_MR, X64_OR_MI); return true;
  case IR_OP_ATOMIC_XOR: logic(s, v, 2, X64_XOR_MR, X64_XOR_MI); return true;
  case IR_OP_ATOMIC_CMPXCHG: compare_exchange(s, v); return true;
  case IR_OP_FENCE: x64_push(s, x64_new(X64_MFENCE, 8)); return true;
  default: return false;
  }
}
