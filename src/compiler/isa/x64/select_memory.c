/* Loads, stores, and arithmetic done in memory; locals that live in frame slots. */
#include "compiler/isa/x64/sel.h"

uint8_t x64_access_size(const struct ir_insn *in) {
  switch (in->flags & IRF_ACCESS_MASK) {
  case ACCESS_8U:
  case ACCESS_8S: return 1;
  case ACCESS_16U:
  case ACCESS_16S: return 2;
  case ACCESS_32U:
  case ACCESS_32S: return 4;
  default: return x64_type_size(in->type);
  }
}

static struct mach_insn load_form(const struct ir_insn *in) {
  uint8_t size = x64_type_size(in->type);
  switch (in->flags & IRF_ACCESS_MASK) {
  case ACCESS_8U: return x64_new(X64_MOVZX8_RM, 4);
  case ACCESS_8S: return x64_new(X64_MOVSX8_RM, size);
  case ACCESS_16U: return x64_new(X64_MOVZX16_RM, 4);
  case ACCESS_16S: return x64_new(X64_MOVSX16_RM, size);
  case ACCESS_32U: return x64_new(X64_MOV_RM, 4);
  case ACCESS_32S: return x64_new(X64_MOVSXD_RM, 8);
  default: return x64_new(ir_type_is_float(in->type) ? X64_FMOV_RM : X64_MOV_RM, size);
  }
}

void x64_select_load(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  bool may_trap = ir_op_is_guest(in->op) || (in->op == IR_OP_LOAD && (in->flags & IRF_FAULTS)) ||
                  (in->op == IR_OP_HLOAD && (in->flags & IRF_NULL_MASK));
  if (!x64_wanted(s, v)) {
    if ((s->state[v] & SEL_FOLDED) || !may_trap) return;
    /* only its trap matters */
    uint8_t size = x64_access_size(in);
    struct mach_insn m = x64_new(size == 16 ? X64_FMOV_RM : X64_CMP_MI, size);
    if (size == 16) m.d = x64_temp(s, IR_V128);
    x64_address(s, v, &m);
    x64_push(s, m);
    return;
  }
  struct mach_insn m = load_form(in);
  x64_address(s, v, &m);
  m.d = s->reg[v];
  x64_push(s, m);
  if (in->op == IR_OP_LOAD && (in->flags & IRF_IMMUTABLE) && m.base == X64_INSTANCE && m.idx == MREG_NONE) {
    mreg d = m.d;
    m.d = MREG_NONE;
    m.src = s->ir->wasm_off.at[v];
    VEC_PUSH(s->arena, &s->f->remats, m);
    mach_vreg_at(s->f, d)->remat = s->f->remats.len;
  }
}

static const struct {
  enum x64_op mr, mi;
} in_memory[] = {{X64_ADD_MR, X64_ADD_MI},
                 {X64_SUB_MR, X64_SUB_MI},
                 {X64_AND_MR, X64_AND_MI},
                 {X64_OR_MR, X64_OR_MI},
                 {X64_XOR_MR, X64_XOR_MI}};

/* [m] = [m] op x in one instruction. */
static bool modify_memory(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  if (in->op != IR_OP_GSTORE || (in->flags & IRF_ACCESS_MASK) != ACCESS_FULL || ir_type_is_float(in->type))
    return false;
  const struct ir_insn *value = sel_at(s, in->b);
  unsigned row;
  switch (value->op) {
  case IR_OP_ADD: row = 0; break;
  case IR_OP_SUB: row = 1; break;
  case IR_OP_AND: row = 2; break;
  case IR_OP_OR: row = 3; break;
  case IR_OP_XOR: row = 4; break;
  default: return false;
  }
  uint8_t size = x64_type_size(in->type);
  if (value->uses != 1 || x64_wanted(s, in->b)) return false;
  ir_val a = value->a, b = value->b;
  for (int turn = 0;; turn++) {
    if (sel_at(s, a)->op == IR_OP_GLOAD && x64_can_fold(s, a, size) && x64_same_address(s, a, v)) break;
    if (turn == 1 || row == 1) return false;
    ir_val t = a;
    a = b;
    b = t;
  }
  int32_t imm;
  struct mach_insn m = x64_new(in_memory[row].mr, size);
  if (x64_imm32(s, b, &imm)) {
    m.op = (uint16_t)in_memory[row].mi;
    m.imm = imm;
  } else {
    m.s = size == 4 ? x64_use_low(s, b) : x64_use(s, b);
  }
  x64_fold(s, a, &m);
  x64_push(s, m);
  return true;
}

void x64_select_store(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  if (modify_memory(s, v)) return;
  uint8_t size = x64_access_size(in);
  int32_t imm = 0;
  const struct ir_insn *value = sel_at(s, in->b);
  bool is_float = ir_type_is_float(value->type);
  struct mach_insn m = x64_new(is_float ? X64_FMOV_MR : X64_MOV_MR, size);
  bool constant = x64_imm32(s, in->b, &imm);
  if (size < 8 && !constant) {
    uint64_t wide;
    constant = x64_const(s, in->b, &wide);
    if (constant) imm = (int32_t)(uint32_t)wide;
  }
  if (value->op == IR_OP_FCONST && (size == 4 || (size == 8 && value->a == 0 && value->b == 0))) {
    constant = true;
    imm = (int32_t)value->a;
  }
  if (constant) {
    m.op = X64_MOV_MI;
    m.imm = size == 1 ? (int8_t)imm : size == 2 ? (int16_t)imm : imm;
  } else {
    m.s = size < 8 && !is_float ? x64_use_low(s, in->b) : x64_use(s, in->b);
  }
  x64_address(s, v, &m);
  x64_push(s, m);
  if (in->op == IR_OP_HSTORE && (in->flags & IRF_BARRIER)) x64_mark_card(s, v);
}

/* Slots stand above the outgoing area: select.c adds its size when that is known. */
static void local(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  bool is_get = in->op == IR_OP_LOCAL_GET;
  if (is_get && !x64_wanted(s, v)) return;
  uint8_t type = is_get ? in->type : sel_at(s, in->a)->type;
  bool is_float = ir_type_is_float(type);
  uint8_t size = is_float || is_get ? x64_type_size(type) : 8;
  struct mach_insn m =
      x64_new(is_get ? (is_float ? X64_FMOV_RM : X64_MOV_RM) : (is_float ? X64_FMOV_MR : X64_MOV_MR), size);
  m.flags = X64_LOCAL;
  m.base = RSP;
  m.disp = (int32_t)(8 * (is_get ? in->a : in->b));
  if (is_get)
    m.d = s->reg[v];
  else
    m.s = x64_use(s, in->a);
  x64_push(s, m);
}

bool x64_select_memory(struct x64_sel *s, ir_val v) {
  switch (sel_at(s, v)->op) {
  case IR_OP_LOAD:
  case IR_OP_HLOAD:
  case IR_OP_ATOMIC_LOAD:
  case IR_OP_GLOAD: x64_select_load(s, v); return true;
  case IR_OP_STORE:
  case IR_OP_HSTORE:
  case IR_OP_GSTORE: x64_select_store(s, v); return true;
  case IR_OP_LOCAL_GET:
  case IR_OP_LOCAL_SET: local(s, v); return true;
  default: return false;
  }
}
