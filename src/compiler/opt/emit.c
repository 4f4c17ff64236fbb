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

void opt_end(struct opt *o) { gvn_end(o); }

void opt_only_append(struct opt *o) { o->only_append = true; }

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
  o->block = b;
  gvn_enter(o, b);
}

void opt_assume(struct opt *o, ir_val cond, bool nonzero) {
  if (!ir_is_const(o->f, cond) && !o->only_append) fact_set(o, cond, nonzero);
}

bool opt_is_nonzero(struct opt *o, ir_val v) { return !o->only_append && fact_of(o, v) == FACT_NONZERO; }

void opt_define(struct opt *o, struct ir_insn insn, ir_val v) {
  if (!o->only_append) gvn_add(o, insn, v);
}

static void changes(struct opt *o, enum opt_class c) { o->state.version[c] = ++o->last_version; }

/* False: that is all it does to the state. */
static bool builtin_effects(struct opt *o, enum builtin b) {
  switch (b) {
  case BUILTIN_REF_FUNC:
  case BUILTIN_CALL_CHECK:
  case BUILTIN_CALL_TARGET:
  case BUILTIN_ALLOC:
  case BUILTIN_ALLOC_ARRAY:
  case BUILTIN_ARRAY_NEW_DATA:
  case BUILTIN_ARRAY_NEW_ELEM:
  case BUILTIN_REF_TEST:
  case BUILTIN_FUNC_TEST:
  case BUILTIN_ALLOC_EXN:
  case BUILTIN_CONT_NEW:
  case BUILTIN_CONT_CELL: return false;
  case BUILTIN_ARRAY_FILL:
  case BUILTIN_ARRAY_COPY:
  case BUILTIN_ARRAY_INIT_DATA:
  case BUILTIN_ARRAY_INIT_ELEM: changes(o, OPT_HEAP); return false;
  default: return true;
  }
}

/* What calls and atomic accesses do to the state. */
static void effects(struct opt *o, const struct ir_insn *in) {
  switch (in->op) {
  case IR_OP_CALL_BUILTIN:
    if (!builtin_effects(o, (enum builtin)in->a)) break;
    FALLTHROUGH;
  case IR_OP_CALL:
  case IR_OP_CALL_FUNC:
  case IR_OP_RESUME:
  case IR_OP_RESUME_THROW:
  case IR_OP_SUSPEND:
  case IR_OP_SWITCH_TO:
    for (int i = 0; i < OPT_CLASSES; i++)
      changes(o, (enum opt_class)i);
    break;
  default:
    if (!ir_op_is_atomic(in->op) && in->op != IR_OP_FENCE) break;
    /* what others wrote is seen from here on: contents of memories, and their sizes */
    changes(o, OPT_GUEST);
    changes(o, OPT_META);
  }
}

ir_val opt_constant(struct opt *o, enum ir_type type, uint64_t bits, uint32_t wasm_off) {
  enum ir_op op = ir_type_is_float((uint8_t)type) ? IR_OP_FCONST : IR_OP_ICONST;
  const struct ir_insn in = {
      .op = (uint8_t)op, .type = (uint8_t)type, .a = (uint32_t)bits, .b = (uint32_t)(bits >> 32)};
  return gvn_number(o, in, wasm_off);
}

ir_val opt_condition(struct opt *o, ir_val v, bool *inverted) {
  *inverted = false;
  if (o->only_append) return v;
  v = condition_of(o->f, v, inverted);
  enum fact fact = ir_is_const(o->f, v) ? FACT_NONE : fact_of(o, v);
  return fact == FACT_NONE ? v : opt_constant(o, IR_I32, fact == FACT_NONZERO, 0);
}

static NOINLINE void emit_check(struct opt *o, struct ir_insn in, uint32_t wasm_off) {
  bool inverted = false;
  in.a = condition_of(o->f, in.a, &inverted);
  if (inverted) in.op = in.op == IR_OP_TRAPIF ? IR_OP_TRAPIFZ : IR_OP_TRAPIF;
  enum fact passes = in.op == IR_OP_TRAPIF ? FACT_ZERO : FACT_NONZERO;
  if (fact_of(o, in.a) == passes) return;
  ir_append(o->f, in, wasm_off);
  if (!ir_is_const(o->f, in.a)) fact_set(o, in.a, passes == FACT_NONZERO);
}

static NOINLINE ir_val emit_effect(struct opt *o, struct ir_insn in, uint32_t wasm_off) {
  ir_val v = ir_append(o->f, in, wasm_off);
  effects(o, &in);
  return ir_op_table[in.op].type == '-' ? 0 : v;
}

/* What is neither folded nor numbered nor has an effect. */
static NOINLINE ir_val emit_plain(struct opt *o, struct ir_insn in, uint32_t wasm_off) {
  return ir_append(o->f, in, wasm_off);
}

static NOINLINE ir_val emit_value(struct opt *o, struct ir_insn in, uint32_t wasm_off) {
  ir_val v = fold(o, &in, wasm_off);
  return v ? v : gvn_number(o, in, wasm_off);
}

static NOINLINE ir_val emit_load(struct opt *o, struct ir_insn in, uint32_t wasm_off) {
  fold_pointer(o, &in);
  if (!(in.flags & IRF_IMMUTABLE) && (in.flags & (IRF_GLOBAL | IRF_TABLE)))
    return cache_load(o, in, wasm_off);
  return gvn_number(o, in, wasm_off);
}

static NOINLINE ir_val emit_store(struct opt *o, struct ir_insn in, uint32_t wasm_off) {
  fold_pointer(o, &in);
  cache_store(o, in, wasm_off);
  return 0;
}

static NOINLINE ir_val emit_gload(struct opt *o, struct ir_insn in, uint32_t wasm_off) {
  if (ir_at(o->f, in.a)->op == IR_OP_ADD) fold_address(o, &in);
  return cache_load(o, in, wasm_off);
}

static NOINLINE ir_val emit_gstore(struct opt *o, struct ir_insn in, uint32_t wasm_off) {
  if (ir_at(o->f, in.a)->op == IR_OP_ADD) fold_address(o, &in);
  fold_stored(o, &in);
  cache_store(o, in, wasm_off);
  return 0;
}

static NOINLINE ir_val emit_atomic(struct opt *o, struct ir_insn in, uint32_t wasm_off) {
  fold_address(o, &in);
  return emit_effect(o, in, wasm_off);
}

/* Only chooses: what it would keep in registers or on the stack would be saved for every constant. */
ir_val opt_emit(struct opt *o, struct ir_insn in, uint32_t wasm_off) {
  if (o->only_append) return emit_effect(o, in, wasm_off);
  switch (in.op) {
  case IR_OP_PHI:
  case IR_OP_PROJ: return emit_plain(o, in, wasm_off);
  case IR_OP_ICONST:
  case IR_OP_FCONST:
  case IR_OP_VMCTX: return gvn_number(o, in, wasm_off);
  case IR_OP_TRAPIF:
  case IR_OP_TRAPIFZ: emit_check(o, in, wasm_off); return 0;
  case IR_OP_LOAD: return emit_load(o, in, wasm_off);
  case IR_OP_GLOAD: return emit_gload(o, in, wasm_off);
  case IR_OP_ATOMIC_LOAD:
  case IR_OP_ATOMIC_STORE:
  case IR_OP_ATOMIC_ADD:
  case IR_OP_ATOMIC_SUB:
  case IR_OP_ATOMIC_AND:
  case IR_OP_ATOMIC_OR:
  case IR_OP_ATOMIC_XOR:
  case IR_OP_ATOMIC_XCHG: return emit_atomic(o, in, wasm_off);
  case IR_OP_STORE: return emit_store(o, in, wasm_off);
  case IR_OP_GSTORE: return emit_gstore(o, in, wasm_off);
  case IR_OP_HLOAD:
    if (in.flags & IRF_IMMUTABLE && !(in.flags & IRF_EXT_ADDR)) return gvn_number(o, in, wasm_off);
    return cache_load(o, in, wasm_off);
  case IR_OP_HSTORE: cache_store(o, in, wasm_off); return 0;
  case IR_OP_DIV_S:
  case IR_OP_DIV_U:
  case IR_OP_REM_S:
  case IR_OP_REM_U:
  case IR_OP_TRUNC_S:
  case IR_OP_TRUNC_U: return emit_value(o, in, wasm_off); /* values, though not pure ones */
  default:
    return ir_op_table[in.op].flags & IRF_P ? emit_value(o, in, wasm_off) : emit_effect(o, in, wasm_off);
  }
}
