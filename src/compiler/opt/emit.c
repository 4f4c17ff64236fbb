/* The door: fold, number, append.
 *
 * In: an instruction whose operands are values that are there.  Out: the value that stands for it.  Knows
 * nothing of WebAssembly. */
#include "compiler/opt/private.h"

struct opt *opt_new(struct ir_func *f, uint32_t size) {
  struct opt *o = ARENA_NEW(f->arena, struct opt);
  o->f = f;
  gvn_init(o, size);
  return o;
}

struct opt_state opt_state_now(const struct opt *o) {
  return o->state;
}

struct opt_state opt_state_merge(struct opt *o, struct opt_state a, struct opt_state b) {
  for (int i = 0; i < OPT_CLASSES; i++)
    if (a.version[i] != b.version[i]) a.version[i] = ++o->last_version;
  return a;
}

struct opt_state opt_state_loop(struct opt *o, struct opt_state in, uint32_t changed) {
  for (int i = 0; i < OPT_CLASSES; i++)
    if (changed >> i & 1) in.version[i] = ++o->last_version;
  return in;
}

void opt_block_begin(struct opt *o, ir_block b, struct opt_state in) {
  o->state = in;
  gvn_enter(o, b);
}

void opt_assume(struct opt *o, ir_val cond, bool nonzero) {
  (void)o;
  (void)cond;
  (void)nonzero;
}

static ir_val append(struct opt *o, const struct ir_insn *in, uint32_t wasm_off) {
  return ir_append(o->f, *in, wasm_off);
}

static void changes(struct opt *o, enum opt_class c) { o->state.version[c] = ++o->last_version; }

/* What an instruction that is no pure value does to the state. */
static void effects(struct opt *o, const struct ir_insn *in) {
  switch (in->op) {
  case IR_OP_GSTORE: changes(o, OPT_GUEST); break;
  case IR_OP_STORE:
    if (in->flags & IRF_GLOBAL) changes(o, OPT_GLOBAL);
    if (in->flags & IRF_TABLE) changes(o, OPT_TABLE);
    break;
  case IR_OP_CALL_BUILTIN:
    if (in->a == BUILTIN_REF_FUNC || in->a == BUILTIN_CALL_CHECK) break;
    FALLTHROUGH;
  case IR_OP_CALL:
  case IR_OP_CALL_FUNC:
    for (int i = 0; i < OPT_CLASSES; i++)
      changes(o, (enum opt_class)i);
    break;
  default: break;
  }
}

ir_val opt_emit(struct opt *o, struct ir_insn in, uint32_t wasm_off) {
  const struct ir_op_info *info = &ir_op_table[in.op];
  if (info->flags & IRF_P) {
    if (in.op == IR_OP_PROJ) return append(o, &in, wasm_off);
    ir_val folded = fold(o, &in, wasm_off);
    if (folded) return folded;
  } else {
    switch (in.op) {
    case IR_OP_TRAPIF:
    case IR_OP_TRAPIFZ:
      if (ir_is_const(o->f, in.a) && (ir_const(o->f, in.a) != 0) != (in.op == IR_OP_TRAPIF)) return 0;
      break;
    case IR_OP_LOAD:
    case IR_OP_GLOAD:
    case IR_OP_DIV_S:
    case IR_OP_DIV_U:
    case IR_OP_REM_S:
    case IR_OP_REM_U:
    case IR_OP_TRUNC_S:
    case IR_OP_TRUNC_U: break;
    default: {
      ir_val v = append(o, &in, wasm_off);
      effects(o, &in);
      return info->type == '-' ? 0 : v;
    }
    }
  }
  ir_val known = gvn_find(o, &in);
  if (known) return known;
  ir_val v = append(o, &in, wasm_off);
  gvn_add(o, &in, v);
  return v;
}
