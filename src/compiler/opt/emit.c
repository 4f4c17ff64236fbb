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

ir_val opt_constant(struct opt *o, enum ir_type type, uint64_t bits, uint32_t wasm_off) {
  enum ir_op op = ir_type_is_float((uint8_t)type) ? IR_OP_FCONST : IR_OP_ICONST;
  return opt_emit(
      o,
      (struct ir_insn){
          .op = (uint8_t)op, .type = (uint8_t)type, .a = (uint32_t)bits, .b = (uint32_t)(bits >> 32)},
      wasm_off);
}

ir_val opt_condition(struct opt *o, ir_val v, bool *inverted) {
  *inverted = false;
  return condition_of(o->f, v, inverted);
}

/* What stays of an instruction that is no pure value: 0 when nothing. */
enum kind { KIND_NOTHING, KIND_NUMBERED, KIND_EFFECT };

static enum kind simplify_effect(struct opt *o, struct ir_insn *in) {
  switch (in->op) {
  case IR_OP_TRAPIF:
  case IR_OP_TRAPIFZ: {
    bool inverted = false;
    in->a = condition_of(o->f, in->a, &inverted);
    if (inverted) in->op = in->op == IR_OP_TRAPIF ? IR_OP_TRAPIFZ : IR_OP_TRAPIF;
    if (ir_is_const(o->f, in->a) && (ir_const(o->f, in->a) != 0) != (in->op == IR_OP_TRAPIF))
      return KIND_NOTHING;
    return KIND_NUMBERED;
  }
  case IR_OP_LOAD: fold_pointer(o, in); return KIND_NUMBERED;
  case IR_OP_GLOAD: fold_address(o, in); return KIND_NUMBERED;
  case IR_OP_STORE: fold_pointer(o, in); return KIND_EFFECT;
  case IR_OP_GSTORE:
    fold_address(o, in);
    fold_stored(o, in);
    return KIND_EFFECT;
  default: return KIND_EFFECT;
  }
}

static bool is_value(const struct ir_op_info *info, uint8_t op) {
  return (info->flags & IRF_P) || op == IR_OP_DIV_S || op == IR_OP_DIV_U || op == IR_OP_REM_S ||
         op == IR_OP_REM_U || op == IR_OP_TRUNC_S || op == IR_OP_TRUNC_U;
}

ir_val opt_emit(struct opt *o, struct ir_insn in, uint32_t wasm_off) {
  const struct ir_op_info *info = &ir_op_table[in.op];
  if (is_value(info, in.op)) {
    if (in.op == IR_OP_PROJ) return ir_append(o->f, in, wasm_off);
    ir_val folded = fold(o, &in, wasm_off);
    if (folded) return folded;
  } else {
    enum kind kind = simplify_effect(o, &in);
    if (kind == KIND_NOTHING) return 0;
    if (kind == KIND_EFFECT) {
      ir_val v = ir_append(o->f, in, wasm_off);
      effects(o, &in);
      return info->type == '-' ? 0 : v;
    }
  }
  ir_val known = gvn_find(o, &in);
  if (known) return known;
  ir_val v = ir_append(o->f, in, wasm_off);
  gvn_add(o, &in, v);
  return v;
}
