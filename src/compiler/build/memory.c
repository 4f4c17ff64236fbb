/* Linear memory: the bounds check of every access, and memory.* through builtins.
 *
 * In: a validated load or store, its address value and its memarg.  Out: IR that traps out of bounds or
 * accesses memory. A memory32 with 64 KiB pages reserves 4 GiB + 2 GiB + a page of addresses, so index +
 * offset needs no check as long as the offset is below 2^31 - 64. Everything else compares with the memory's
 * size.  That check stands in `checked_address` and nowhere else; opt/facts.c may delete one only when an
 * earlier check implies it. */
#include "compiler/build/builder.h"

static bool is_guarded(const struct memtype *t) { return !t->limits.is64 && t->limits.page_log2 == 16; }
static const uint64_t guard_offset_max = (UINT64_C(1) << 31) - 64;

static ir_val memory_record(struct builder *b, uint32_t memory) {
  return emit_field(b, IR_PTR, b->layout.mems + 8 * memory);
}

static ir_val memory_bytes(struct builder *b, uint32_t memory) {
  ir_val record = memory_record(b, memory);
  if (!b->m->mems[memory].type.limits.shared)
    return emit_flags(b, IR_OP_LOAD, IR_I64, 0, record, 0, offsetof(struct vm_memory, size));
  ir_val size =
      emit_flags(b, IR_OP_LOAD, IR_PTR, IRF_IMMUTABLE, record, 0, offsetof(struct vm_memory, shared_size));
  return emit_flags(b, IR_OP_LOAD, IR_I64, 0, size, 0, 0);
}

/* index (any width) + offset as an i64 that is at most size - width, or a trap. */
static ir_val checked_address(struct builder *b, uint32_t memory, ir_val index, uint64_t offset,
                              uint32_t width, uint32_t *rest) {
  const struct limits *limits = &b->m->mems[memory].type.limits;
  ir_val wide = emit_widen(b, index);
  ir_val bytes = memory_bytes(b, memory);
  uint64_t end;
  if (!add_u64(offset, width, &end)) {
    emit(b, IR_OP_TRAPIF, IR_VOID, emit_const(b, IR_I32, 1), TRAP_MEMORY_OUT_OF_BOUNDS, 0);
    end = width; /* not reached */
    offset = 0;
  }
  /* size - end cannot wrap when the memory's least size has room; it never shrinks. */
  bool always_fits = limits->min > 0 && limits->page_log2 < 64 &&
                     ((limits->min << limits->page_log2) >> limits->page_log2) == limits->min &&
                     (limits->min << limits->page_log2) >= end;
  ir_val n = emit_const(b, IR_I64, end);
  if (!always_fits)
    emit(b, IR_OP_TRAPIF, IR_VOID, emit(b, IR_OP_LT_U, IR_I32, bytes, n, 0), TRAP_MEMORY_OUT_OF_BOUNDS, 0);
  ir_val last = emit(b, IR_OP_SUB, IR_I64, bytes, n, 0);
  ir_val outside = emit(b, IR_OP_GT_U, IR_I32, wide, last, 0);
  emit(b, IR_OP_TRAPIF, IR_VOID, outside, TRAP_MEMORY_OUT_OF_BOUNDS, 0);
  if (b->config->spectre)
    wide = emit_flags(b, IR_OP_SELECT, IR_I64, IRF_MASK, outside, emit_const(b, IR_I64, 0), wide);
  if (offset <= guard_offset_max) {
    *rest = (uint32_t)offset;
    return wide;
  }
  *rest = 0;
  return emit(b, IR_OP_ADD, IR_I64, wide, emit_const(b, IR_I64, offset), 0);
}

/* In memory 0, and behind it stand guard pages as far as the access may reach. */
static inline bool is_plain(const struct builder *b) {
  return b->in.a == 0 && b->in.offset <= guard_offset_max && is_guarded(&b->m->mems[0].type);
}

struct address guest_address(struct builder *b, ir_val index, uint32_t width) {
  uint32_t memory = b->in.a, rest = (uint32_t)b->in.offset;
  if (!is_guarded(&b->m->mems[memory].type) || b->in.offset > guard_offset_max)
    index = checked_address(b, memory, index, b->in.offset, width, &rest);
  if (memory == 0) return (struct address){.index = index, .c = rest};
  ir_val base = emit_flags(b, IR_OP_LOAD, IR_PTR, IRF_IMMUTABLE, memory_record(b, memory), 0,
                           offsetof(struct vm_memory, base));
  uint32_t words[2] = {rest, base};
  return (struct address){.index = index, .c = ir_ext(b->f, words, 2), .flags = IRF_EXT_ADDR};
}

ir_val guest_load(struct builder *b, enum ir_type type, enum ir_access access, uint32_t width) {
  if (is_plain(b)) return emit_flags(b, IR_OP_GLOAD, type, access, pop(b), 0, (uint32_t)b->in.offset);
  struct address a = guest_address(b, pop(b), width);
  return emit_flags(b, IR_OP_GLOAD, type, a.flags | access, a.index, 0, a.c);
}

void guest_store(struct builder *b, enum ir_type type, enum ir_access access, uint32_t width, ir_val value) {
  if (is_plain(b)) {
    emit_flags(b, IR_OP_GSTORE, type, access, pop(b), value, (uint32_t)b->in.offset);
    return;
  }
  struct address a = guest_address(b, pop(b), width);
  emit_flags(b, IR_OP_GSTORE, type, a.flags | access, a.index, value, a.c);
}

/* A size or old size as the memory's address type. */
static ir_val narrow(struct builder *b, uint32_t memory, ir_val v) {
  return b->m->mems[memory].type.limits.is64 ? v : emit(b, IR_OP_WRAP, IR_I32, v, 0, 0);
}

static void build_size(struct builder *b, uint32_t memory) {
  if (b->m->mems[memory].type.limits.shared) { /* sequentially consistent: read now, and never numbered */
    ir_val arg = emit_const(b, IR_I32, memory);
    push(b, narrow(b, memory, emit_builtin(b, BUILTIN_MEMORY_SIZE, IR_I64, &arg, 1)));
    return;
  }
  ir_val shift = emit_const(b, IR_I64, b->m->mems[memory].type.limits.page_log2);
  push(b, narrow(b, memory, emit(b, IR_OP_SHR_U, IR_I64, memory_bytes(b, memory), shift, 0)));
}

static void build_grow(struct builder *b, uint32_t memory) {
  ir_val args[2] = {emit_const(b, IR_I32, memory), emit_widen(b, pop(b))};
  push(b, narrow(b, memory, emit_builtin(b, BUILTIN_MEMORY_GROW, IR_I64, args, 2)));
}

static void build_fill(struct builder *b) {
  ir_val len = emit_widen(b, pop(b)), byte = pop(b), dst = emit_widen(b, pop(b));
  ir_val args[4] = {emit_const(b, IR_I32, b->in.a), dst, byte, len};
  emit_builtin(b, BUILTIN_MEMORY_FILL, IR_VOID, args, 4);
}

static void build_copy(struct builder *b) {
  ir_val len = emit_widen(b, pop(b)), src = emit_widen(b, pop(b)), dst = emit_widen(b, pop(b));
  ir_val args[5] = {emit_const(b, IR_I32, b->in.a), emit_const(b, IR_I32, b->in.b), dst, src, len};
  emit_builtin(b, BUILTIN_MEMORY_COPY, IR_VOID, args, 5);
}

static void build_init(struct builder *b) {
  ir_val len = pop(b), src = pop(b), dst = emit_widen(b, pop(b));
  ir_val args[5] = {emit_const(b, IR_I32, b->in.a), emit_const(b, IR_I32, b->in.b), dst, src, len};
  emit_builtin(b, BUILTIN_MEMORY_INIT, IR_VOID, args, 5);
}

bool build_memory(struct builder *b) {
  switch (b->in.op) {
  case OP_MEMORY_SIZE: build_size(b, b->in.a); return true;
  case OP_MEMORY_GROW: build_grow(b, b->in.a); return true;
  case OP_MEMORY_FILL: build_fill(b); return true;
  case OP_MEMORY_COPY: build_copy(b); return true;
  case OP_MEMORY_INIT: build_init(b); return true;
  case OP_DATA_DROP: {
    ir_val data = emit_const(b, IR_I32, b->in.a);
    emit_builtin(b, BUILTIN_DATA_DROP, IR_VOID, &data, 1);
    return true;
  }
  default: return build_unsupported(b);
  }
}
