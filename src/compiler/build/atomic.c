/* Atomic accesses, fences, and wait and notify through builtins.
 *
 * In: a validated instruction of the family.  Out: a check that the address is a multiple of the access's
 * size, then the bounds check and the access as memory.c addresses it. Each is an effect: no load or store
 * passes it and nothing is forwarded over it, whether the memory is shared or not. An unaligned access traps
 * before one that is out of bounds. */
#include "compiler/build/builder.h"

static void check_alignment(struct builder *b, ir_val index, uint32_t width) {
  if (width == 1) return;
  enum ir_type type = (enum ir_type)type_of(b, index);
  uint64_t mask = width - 1, off = b->in.offset & mask;
  if (off) index = emit(b, IR_OP_ADD, type, index, emit_const(b, type, off), 0);
  ir_val rest = emit(b, IR_OP_AND, type, index, emit_const(b, type, mask), 0);
  emit(b, IR_OP_TRAPIF, IR_VOID, rest, TRAP_UNALIGNED_ATOMIC, 0);
}

static enum ir_access access_of(enum ir_type type, uint32_t width) {
  if (width == (type == IR_I64 ? 8 : 4)) return ACCESS_FULL;
  return width == 1 ? ACCESS_8U : width == 2 ? ACCESS_16U : ACCESS_32U;
}

static struct address atomic_address(struct builder *b, uint32_t width) {
  ir_val index = pop(b);
  check_alignment(b, index, width);
  return guest_address(b, index, width);
}

static bool build_load(struct builder *b, enum ir_type type, uint32_t width) {
  struct address a = atomic_address(b, width);
  push(b, emit_flags(b, IR_OP_ATOMIC_LOAD, type, a.flags | access_of(type, width), a.index, 0, a.c));
  return true;
}

static bool build_store(struct builder *b, enum ir_type type, uint32_t width) {
  ir_val value = pop(b);
  struct address a = atomic_address(b, width);
  emit_flags(b, IR_OP_ATOMIC_STORE, type, a.flags | access_of(type, width), a.index, value, a.c);
  return true;
}

static bool build_rmw(struct builder *b, enum ir_op op, enum ir_type type, uint32_t width) {
  ir_val value = pop(b);
  struct address a = atomic_address(b, width);
  push(b, emit_flags(b, op, type, a.flags | access_of(type, width), a.index, value, a.c));
  return true;
}

static bool build_cmpxchg(struct builder *b, enum ir_type type, uint32_t width) {
  ir_val replacement = pop(b), expected = pop(b);
  struct address a = atomic_address(b, width);
  bool has_base = (a.flags & IRF_EXT_ADDR) != 0;
  uint32_t words[3] = {has_base ? b->f->ext.at[a.c] : a.c, has_base ? b->f->ext.at[a.c + 1] : 0, replacement};
  push(b, emit_flags(b, IR_OP_ATOMIC_CMPXCHG, type, a.flags | access_of(type, width), a.index, expected,
                     ir_ext(b->f, words, 3)));
  return true;
}

/* Address and offset apart: their sum may not fit. */
static bool build_notify(struct builder *b) {
  ir_val count = pop(b), index = emit_widen(b, pop(b));
  ir_val args[4] = {emit_const(b, IR_I32, b->in.a), index, emit_const(b, IR_I64, b->in.offset), count};
  push(b, emit_builtin(b, BUILTIN_ATOMIC_NOTIFY, IR_I32, args, 4));
  return true;
}

static bool build_wait(struct builder *b, enum builtin which) {
  ir_val timeout = pop(b), expected = pop(b), index = emit_widen(b, pop(b));
  ir_val args[5] = {emit_const(b, IR_I32, b->in.a), index, emit_const(b, IR_I64, b->in.offset), expected,
                    timeout};
  push(b, emit_builtin(b, which, IR_I32, args, 5));
  return true;
}

#define RMW_CASES(name)                                                                                      \
  case OP_I32_ATOMIC_RMW_##name: return build_rmw(b, IR_OP_ATOMIC_##name, IR_I32, 4);                        \
  case OP_I64_ATOMIC_RMW_##name: return build_rmw(b, IR_OP_ATOMIC_##name, IR_I64, 8);                        \
  case OP_I32_ATOMIC_RMW8_##name##_U: return build_rmw(b, IR_OP_ATOMIC_##name, IR_I32, 1);                   \
  case OP_I32_ATOMIC_RMW16_##name##_U: return build_rmw(b, IR_OP_ATOMIC_##name, IR_I32, 2);                  \
  case OP_I64_ATOMIC_RMW8_##name##_U: return build_rmw(b, IR_OP_ATOMIC_##name, IR_I64, 1);                   \
  case OP_I64_ATOMIC_RMW16_##name##_U: return build_rmw(b, IR_OP_ATOMIC_##name, IR_I64, 2);                  \
  case OP_I64_ATOMIC_RMW32_##name##_U: return build_rmw(b, IR_OP_ATOMIC_##name, IR_I64, 4);

bool build_atomic(struct builder *b) {
  switch (b->in.op) {
  case OP_MEMORY_ATOMIC_NOTIFY: return build_notify(b);
  case OP_MEMORY_ATOMIC_WAIT32: return build_wait(b, BUILTIN_ATOMIC_WAIT32);
  case OP_MEMORY_ATOMIC_WAIT64: return build_wait(b, BUILTIN_ATOMIC_WAIT64);
  case OP_ATOMIC_FENCE: emit(b, IR_OP_FENCE, IR_VOID, 0, 0, 0); return true;
  case OP_I32_ATOMIC_LOAD: return build_load(b, IR_I32, 4);
  case OP_I64_ATOMIC_LOAD: return build_load(b, IR_I64, 8);
  case OP_I32_ATOMIC_LOAD8_U: return build_load(b, IR_I32, 1);
  case OP_I32_ATOMIC_LOAD16_U: return build_load(b, IR_I32, 2);
  case OP_I64_ATOMIC_LOAD8_U: return build_load(b, IR_I64, 1);
  case OP_I64_ATOMIC_LOAD16_U: return build_load(b, IR_I64, 2);
  case OP_I64_ATOMIC_LOAD32_U: return build_load(b, IR_I64, 4);
  case OP_I32_ATOMIC_STORE: return build_store(b, IR_I32, 4);
  case OP_I64_ATOMIC_STORE: return build_store(b, IR_I64, 8);
  case OP_I32_ATOMIC_STORE8: return build_store(b, IR_I32, 1);
  case OP_I32_ATOMIC_STORE16: return build_store(b, IR_I32, 2);
  case OP_I64_ATOMIC_STORE8: return build_store(b, IR_I64, 1);
  case OP_I64_ATOMIC_STORE16: return build_store(b, IR_I64, 2);
  case OP_I64_ATOMIC_STORE32:
    return build_store(b, IR_I64, 4);
    RMW_CASES(ADD)
    RMW_CASES(SUB)
    RMW_CASES(AND)
    RMW_CASES(OR)
    RMW_CASES(XOR)
    RMW_CASES(XCHG)
  case OP_I32_ATOMIC_RMW_CMPXCHG: return build_cmpxchg(b, IR_I32, 4);
  case OP_I64_ATOMIC_RMW_CMPXCHG: return build_cmpxchg(b, IR_I64, 8);
  case OP_I32_ATOMIC_RMW8_CMPXCHG_U: return build_cmpxchg(b, IR_I32, 1);
  case OP_I32_ATOMIC_RMW16_CMPXCHG_U: return build_cmpxchg(b, IR_I32, 2);
  case OP_I64_ATOMIC_RMW8_CMPXCHG_U: return build_cmpxchg(b, IR_I64, 1);
  case OP_I64_ATOMIC_RMW16_CMPXCHG_U: return build_cmpxchg(b, IR_I64, 2);
  case OP_I64_ATOMIC_RMW32_CMPXCHG_U: return build_cmpxchg(b, IR_I64, 4);
  default: return build_unsupported(b);
  }
}
#undef RMW_CASES
