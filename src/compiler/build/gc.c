/* Objects of the heap: structs, arrays, i31, casts.
 *
 * In: validated instructions.  Out: IR over 32-bit references (abi/object.h, docs/gc.md).  A null reference
 * faults at the access itself; an array's index is compared with its length in `checked_element` and nowhere
 * else.  Small objects are allocated in line by moving the nursery's top; whatever is not small, or finds no
 * room, goes through a builtin.  A store of a reference marks the card, except into an object that no call
 * has come by yet.  Casts compare heads, loaded once for each object, or the entry of the supertype display.
 * Must not: make a value out of an address in the heap. */
#include "abi/object.h"
#include "compiler/build/builder.h"

/* ---- where fields stand ---- */

struct place {
  uint32_t off;
  uint8_t type;   /* enum ir_type */
  uint8_t access; /* enum ir_access of a store and an unsigned load */
  bool immutable;
};

static enum ir_access access_of(valtype t) {
  return t == VT_I8 ? ACCESS_8U : t == VT_I16 ? ACCESS_16U : ACCESS_FULL;
}

static enum ir_type field_type(const struct builder *b, valtype t) {
  return t == VT_I8 || t == VT_I16 ? IR_I32 : (enum ir_type)ir_type_of(b->m, t);
}

static enum storage storage_of_type(const struct builder *b, valtype t) {
  return storage_of(t, vt_is_ref(t) && ir_type_of(b->m, t) == IR_FUNCREF);
}

/* Offsets of all fields of the struct type, its size behind them: made once for each function that needs
 * them. */
static const uint32_t *struct_offsets(struct builder *b, uint32_t type) {
  uint32_t *at = map_find_int(&b->structs, type);
  if (at) return b->struct_offs.at + *at;
  const struct subtype *t = &b->m->types[type];
  uint32_t first = b->struct_offs.len;
  struct object_layout layout;
  object_layout_start(&layout, OBJECT_STRUCT);
  for (uint32_t i = 0; i < t->struct_.nfields; i++)
    VEC_PUSH(b->arena, &b->struct_offs,
             object_layout_add(&layout, storage_of_type(b, t->struct_.fields[i].type)));
  VEC_PUSH(b->arena, &b->struct_offs, object_layout_size(&layout));
  map_insert_int(&b->structs, type, first);
  return b->struct_offs.at + first;
}

static struct place struct_place(struct builder *b, uint32_t type, uint32_t field) {
  const struct field *f = &b->m->types[type].struct_.fields[field];
  return (struct place){.off = struct_offsets(b, type)[field],
                        .type = (uint8_t)field_type(b, f->type),
                        .access = (uint8_t)access_of(f->type),
                        .immutable = !f->mutable_};
}

static struct place element_place(struct builder *b, uint32_t type) {
  const struct field *f = &b->m->types[type].array;
  return (struct place){.off = OBJECT_DATA,
                        .type = (uint8_t)field_type(b, f->type),
                        .access = (uint8_t)access_of(f->type),
                        .immutable = !f->mutable_};
}

static uint32_t element_log2(const struct builder *b, uint32_t type) {
  return storage_log2(storage_of_type(b, b->m->types[type].array.type));
}

/* ---- loads and stores ---- */

ir_val emit_hload(struct builder *b, enum ir_type type, unsigned flags, ir_val ref, uint32_t off) {
  return emit_flags(b, IR_OP_HLOAD, type, flags, ref, 0, off);
}

static ir_val load_place(struct builder *b, struct place p, unsigned null, ir_val ref, ir_val index,
                         bool sign) {
  unsigned flags = p.access | null;
  if (sign) flags = (flags & ~(unsigned)IRF_ACCESS_MASK) | (p.access == ACCESS_8U ? ACCESS_8S : ACCESS_16S);
  if (p.immutable) flags |= IRF_IMMUTABLE;
  if (!index) return emit_hload(b, (enum ir_type)p.type, flags, ref, p.off);
  uint32_t words[2] = {p.off, index};
  return emit_flags(b, IR_OP_HLOAD, (enum ir_type)p.type, flags | IRF_EXT_ADDR, ref, 0,
                    ir_ext(b->f, words, 2));
}

static void store_place(struct builder *b, struct place p, unsigned flags, ir_val ref, ir_val index,
                        ir_val value) {
  flags |= p.access;
  if (p.type != IR_REF || ir_is_const(b->f, value))
    flags &= ~(unsigned)IRF_BARRIER; /* null, i31: nothing to find */
  if (!index) {
    emit_flags(b, IR_OP_HSTORE, (enum ir_type)p.type, flags, ref, value, p.off);
    return;
  }
  uint32_t words[2] = {p.off, index};
  emit_flags(b, IR_OP_HSTORE, (enum ir_type)p.type, flags | IRF_EXT_ADDR, ref, value, ir_ext(b->f, words, 2));
}

void emit_hstore_new(struct builder *b, enum ir_type type, ir_val ref, uint32_t off, ir_val value) {
  emit_flags(b, IR_OP_HSTORE, type, 0, ref, value, off);
}

/* Fields far from the object's start would pass the pages that fault. */
static unsigned null_check(struct builder *b, ir_val ref, uint32_t off, unsigned flag, enum trap_code trap) {
  if (off < GC_FIRST / 2) return flag;
  emit(b, IR_OP_TRAPIFZ, IR_VOID, ref, trap, 0);
  return 0;
}

static ir_val array_length(struct builder *b, ir_val array) {
  return emit_hload(b, IR_I32, IRF_IMMUTABLE | IRF_NULL_ARRAY, array, OBJECT_LEN);
}

/* The index, or a trap. Not masked against speculation: a wrong path reads inside the store's own heap. */
static ir_val checked_element(struct builder *b, ir_val array, ir_val index) {
  ir_val len = array_length(b, array);
  ir_val outside = emit(b, IR_OP_GE_U, IR_I32, index, len, 0);
  emit(b, IR_OP_TRAPIF, IR_VOID, outside, TRAP_ARRAY_OUT_OF_BOUNDS, 0);
  return index;
}

/* ---- allocation ---- */

static ir_val head_of(struct builder *b, uint32_t type) {
  return emit_field(b, IR_I32, b->layout.heads + 4 * type);
}

/* Zero bits of any type. */
static ir_val zero(struct builder *b, uint8_t type) { return emit_zero(b, (enum ir_type)type); }

void emit_hstore_head(struct builder *b, ir_val ref, uint32_t off, ir_val value) {
  ir_append(b->f, (struct ir_insn){.op = IR_OP_HSTORE, .type = IR_I32, .a = ref, .b = value, .c = off},
            b->off);
}

struct allocation allocation_begin(struct builder *b, uint32_t size) {
  struct allocation a;
  a.ref = emit(b, IR_OP_TOP_LOAD, IR_REF, (uint32_t)GC_TOP, 0, 0);
  ir_val end = emit(b, IR_OP_TOP_LOAD, IR_I32, (uint32_t)GC_END, 0, 0);
  ir_val next = emit(b, IR_OP_ADD, IR_I32, a.ref, emit_const(b, IR_I32, size), 0);
  ir_val full = emit(b, IR_OP_GT_U, IR_I32, next, end, 0);
  a.state = opt_state_now(b->o);
  a.from = b->block;
  uint32_t fast = edge_new(b, block_next(b));
  a.slow = edge_new(b, IR_NO_BLOCK);
  block_end(b, IR_OP_BRANCH, full, 0, 0, (uint32_t[]){a.slow, fast}, 2);
  block_begin(b, a.from, a.state);
  emit(b, IR_OP_TOP_STORE, IR_VOID, next, 0, 0);
  return a;
}

void allocation_slow(struct builder *b, struct allocation *a) {
  a->done = edge_new(b, IR_NO_BLOCK);
  block_end(b, IR_OP_JUMP, 0, 0, 0, &a->done, 1);
  b->f->edges.at[a->slow].to = block_next(b);
  block_begin(b, a->from, a->state);
  b->f->blocks.at[b->block].cold = true;
}

void allocation_end(struct builder *b, struct allocation *a, ir_val made) {
  struct ir_func *f = b->f;
  uint32_t slow_out = edge_new(b, block_next(b));
  block_end(b, IR_OP_JUMP, 0, 0, 0, &slow_out, 1);
  f->edges.at[a->done].to = block_next(b);
  block_begin(b, a->from, a->state);
  f->edges.at[a->done].args = ir_ext(f, &a->ref, 1);
  f->edges.at[slow_out].args = ir_ext(f, &made, 1);
  a->ref = block_phi(b, IR_REF);
}

/* An object of `size` bytes with its head and no field set; len 0: a struct. On the way through the builtin
 * everything is zero. */
static ir_val allocate(struct builder *b, uint32_t type, uint32_t size, ir_val len) {
  ir_val index = emit_const(b, IR_I32, type);
  if (size > OBJECT_INLINE_MAX)
    return len ? emit_builtin(b, BUILTIN_ALLOC_ARRAY, IR_REF, (ir_val[]){index, len}, 2)
               : emit_builtin(b, BUILTIN_ALLOC, IR_REF, &index, 1);
  struct allocation a = allocation_begin(b, size);
  ir_val head = head_of(b, type);
  emit_hstore_head(b, a.ref, OBJECT_HEAD, head);
  if (len) emit_hstore_head(b, a.ref, OBJECT_LEN, len);
  allocation_slow(b, &a);
  ir_val made = len ? emit_builtin(b, BUILTIN_ALLOC_ARRAY, IR_REF, (ir_val[]){index, len}, 2)
                    : emit_builtin(b, BUILTIN_ALLOC, IR_REF, &index, 1);
  allocation_end(b, &a, made);
  return a.ref;
}

static void build_struct_new(struct builder *b, uint32_t type, bool defaults) {
  uint32_t n = b->m->types[type].struct_.nfields;
  ir_val ref = allocate(b, type, struct_offsets(b, type)[n], 0);
  for (uint32_t i = 0; i < n; i++) {
    struct place p = struct_place(b, type, i);
    store_place(b, p, 0, ref, 0, defaults ? zero(b, p.type) : b->stack.at[b->stack.len - n + i]);
  }
  if (!defaults) b->stack.len -= n;
  push(b, ref);
}

enum { FIXED_INLINE_MAX = 64 /* elements */ };

static void fill(struct builder *b, ir_val ref, ir_val index, ir_val value, ir_val len);

static void build_array_new_fixed(struct builder *b, uint32_t type, uint32_t n) {
  uint64_t size = array_size(element_log2(b, type), n);
  ir_val ref =
      allocate(b, type, size > OBJECT_INLINE_MAX ? UINT32_MAX : (uint32_t)size, emit_const(b, IR_I32, n));
  struct place p = element_place(b, type);
  for (uint32_t i = 0; i < n; i++) {
    store_place(b, p, 0, ref, 0, b->stack.at[b->stack.len - n + i]);
    p.off += 1u << element_log2(b, type);
  }
  b->stack.len -= n;
  push(b, ref);
}

static void build_array_new(struct builder *b, uint32_t type, bool defaults) {
  ir_val len = pop(b), value = defaults ? 0 : pop(b), ref;
  bool null = !value || (ir_is_const(b->f, value) && ir_const(b->f, value) == 0);
  struct place p = element_place(b, type);
  uint64_t n = ir_is_const(b->f, len) ? ir_const(b->f, len) : UINT64_MAX;
  if (n <= FIXED_INLINE_MAX) {
    ref = allocate(b, type, (uint32_t)array_size(element_log2(b, type), (uint32_t)n), len);
    for (uint64_t i = 0; i < n; i++) {
      store_place(b, p, 0, ref, 0, value ? value : zero(b, p.type));
      p.off += 1u << element_log2(b, type);
    }
  } else {
    ir_val args[2] = {emit_const(b, IR_I32, type), len};
    ref = emit_builtin(b, BUILTIN_ALLOC_ARRAY, IR_REF, args, 2);
    if (!null) fill(b, ref, zero(b, IR_I32), value, len);
  }
  push(b, ref);
}

/* The low 64 bits of a value, as an argument of a builtin. */
static ir_val low_bits(struct builder *b, ir_val v) {
  switch (type_of(b, v)) {
  case IR_F32: v = emit(b, IR_OP_BITCAST, IR_I32, v, 0, 0); FALLTHROUGH;
  case IR_I32:
  case IR_REF: return emit(b, IR_OP_ZEXT32, IR_I64, v, 0, 0);
  case IR_F64: return emit(b, IR_OP_BITCAST, IR_I64, v, 0, 0);
  case IR_V128: return emit_quad(b, v, 0);
  default: return v;
  }
}

static void fill(struct builder *b, ir_val ref, ir_val index, ir_val value, ir_val len) {
  ir_val high = type_of(b, value) == IR_V128 ? emit_quad(b, value, 1) : emit_const(b, IR_I64, 0);
  ir_val args[5] = {ref, index, low_bits(b, value), high, len};
  emit_builtin(b, BUILTIN_ARRAY_FILL, IR_VOID, args, 5);
}

static void build_array_new_segment(struct builder *b, enum builtin which, uint32_t type, uint32_t segment) {
  ir_val len = pop(b), off = pop(b);
  ir_val args[4] = {emit_const(b, IR_I32, type), emit_const(b, IR_I32, segment), off, len};
  push(b, emit_builtin(b, which, IR_REF, args, 4));
}

/* ---- struct and array instructions ---- */

static void build_struct_get(struct builder *b, bool sign) {
  struct place p = struct_place(b, b->in.a, b->in.b);
  ir_val ref = pop(b);
  unsigned null = null_check(b, ref, p.off, IRF_NULL_STRUCT, TRAP_NULL_STRUCT_REFERENCE);
  push(b, load_place(b, p, null, ref, 0, sign));
}

static void build_struct_set(struct builder *b) {
  struct place p = struct_place(b, b->in.a, b->in.b);
  ir_val value = pop(b), ref = pop(b);
  unsigned null = null_check(b, ref, p.off, IRF_NULL_STRUCT, TRAP_NULL_STRUCT_REFERENCE);
  store_place(b, p, null | IRF_BARRIER, ref, 0, value);
}

static void build_array_get(struct builder *b, bool sign) {
  struct place p = element_place(b, b->in.a);
  ir_val index = pop(b), ref = pop(b);
  index = checked_element(b, ref, index);
  push(b, load_place(b, p, 0, ref, index, sign));
}

static void build_array_set(struct builder *b) {
  struct place p = element_place(b, b->in.a);
  ir_val value = pop(b), index = pop(b), ref = pop(b);
  index = checked_element(b, ref, index);
  store_place(b, p, IRF_BARRIER, ref, index, value);
}

static void build_array_fill(struct builder *b) {
  ir_val len = pop(b), value = pop(b), index = pop(b), ref = pop(b);
  emit(b, IR_OP_TRAPIFZ, IR_VOID, ref, TRAP_NULL_ARRAY_REFERENCE, 0);
  fill(b, ref, index, value, len);
}

static void build_array_copy(struct builder *b) {
  ir_val len = pop(b), src_index = pop(b), src = pop(b), dst_index = pop(b), dst = pop(b);
  emit(b, IR_OP_TRAPIFZ, IR_VOID, dst, TRAP_NULL_ARRAY_REFERENCE, 0);
  emit(b, IR_OP_TRAPIFZ, IR_VOID, src, TRAP_NULL_ARRAY_REFERENCE, 0);
  ir_val args[5] = {dst, dst_index, src, src_index, len};
  emit_builtin(b, BUILTIN_ARRAY_COPY, IR_VOID, args, 5);
}

static void build_array_init(struct builder *b, enum builtin which) {
  ir_val len = pop(b), src = pop(b), index = pop(b), ref = pop(b);
  emit(b, IR_OP_TRAPIFZ, IR_VOID, ref, TRAP_NULL_ARRAY_REFERENCE, 0);
  ir_val args[5] = {emit_const(b, IR_I32, b->in.b), ref, index, src, len};
  emit_builtin(b, which, IR_VOID, args, 5);
}

/* ---- casts ---- */

static bool may_be_i31(uint32_t heap) { return heap == HEAP_ANY || heap == HEAP_EQ || heap == HEAP_I31; }

static ir_val is_null(struct builder *b, ir_val ref) {
  return emit(b, IR_OP_EQ, IR_I32, ref, emit_const(b, (enum ir_type)type_of(b, ref), 0), 0);
}
static ir_val is_i31(struct builder *b, ir_val ref) {
  return emit(b, IR_OP_AND, IR_I32, ref, emit_const(b, IR_I32, 1), 0);
}
static ir_val load_head(struct builder *b, ir_val ref, unsigned null) {
  return emit_hload(b, IR_I32, IRF_IMMUTABLE | null, ref, OBJECT_HEAD);
}

/* How a cast is judged where the reference is neither null nor an i31. */
enum verdict { VERDICT_NO, VERDICT_YES, VERDICT_ASK };

struct cast {
  valtype from, to;
  uint32_t from_heap, to_heap;
  bool null_in; /* it may be null */
  bool i31_in;  /* it may be an i31 */
  bool i31_passes;
  enum verdict object; /* other objects, functions */
};

static bool heap_matches(const struct builder *b, uint32_t sub, uint32_t super) {
  return canon_heap_match(b->valid->canon, module_canon_heap(b->m, sub & ~VT_EXACT),
                          module_canon_heap(b->m, super & ~VT_EXACT));
}

static struct cast cast_plan(const struct builder *b, valtype from, valtype to) {
  struct cast c = {
      .from = from, .to = to, .from_heap = vt_heap(from) & ~VT_EXACT, .to_heap = vt_heap(to) & ~VT_EXACT};
  bool bottom = c.to_heap == HEAP_NONE || c.to_heap == HEAP_NOFUNC || c.to_heap == HEAP_NOEXTERN ||
                c.to_heap == HEAP_NOEXN || c.to_heap == HEAP_NOCONT;
  bool from_bottom = c.from_heap == HEAP_NONE || c.from_heap == HEAP_NOFUNC || c.from_heap == HEAP_NOEXTERN ||
                     c.from_heap == HEAP_NOEXN || c.from_heap == HEAP_NOCONT;
  c.null_in = vt_is_nullable(from);
  c.i31_in = may_be_i31(c.from_heap);
  c.i31_passes = may_be_i31(c.to_heap);
  if (bottom || from_bottom)
    c.object = VERDICT_NO;
  else if (heap_matches(b, c.from_heap, c.to_heap))
    c.object = VERDICT_YES;
  else if (c.to_heap == HEAP_I31)
    c.object = VERDICT_NO;
  else if (!heap_matches(b, c.to_heap, c.from_heap))
    c.object = VERDICT_NO; /* of one hierarchy, but neither above the other */
  else
    c.object = VERDICT_ASK;
  return c;
}

/* Is it what the cast asks for? Neither null (unless `null` lets that fault) nor an i31. */
static ir_val object_matches(struct builder *b, const struct cast *c, ir_val ref, unsigned null) {
  if (c->object != VERDICT_ASK) return emit_const(b, IR_I32, c->object == VERDICT_YES);
  uint32_t to = c->to_heap;
  if (!heap_is_concrete(to)) {
    ir_val head = load_head(b, ref, null);
    uint32_t off = (uint32_t)(GC_TYPES + (int32_t)offsetof(struct object_type, kind));
    ir_val kind = emit_hload(b, IR_I32, IRF_IMMUTABLE | ACCESS_8U, head, off);
    if (to == HEAP_EQ) return emit(b, IR_OP_LE_U, IR_I32, kind, emit_const(b, IR_I32, OBJECT_ARRAY), 0);
    uint32_t want = to == HEAP_STRUCT ? OBJECT_STRUCT : OBJECT_ARRAY;
    return emit(b, IR_OP_EQ, IR_I32, kind, emit_const(b, IR_I32, want), 0);
  }
  uint32_t type = to & VT_INDEX_MASK;
  const struct subtype *t = &b->m->types[type];
  ir_val index = emit_const(b, IR_I32, type);
  if (t->kind == COMP_FUNC) {
    if (t->final) {
      ir_val is = emit_flags(b, IR_OP_LOAD, IR_I32, IRF_IMMUTABLE, ref, 0, offsetof(struct vm_func, type));
      return emit(b, IR_OP_EQ, IR_I32, is, emit_field(b, IR_I32, b->layout.types + 4 * type), 0);
    }
    return emit_builtin(b, BUILTIN_FUNC_TEST, IR_I32, (ir_val[]){ref, index}, 2);
  }
  if (t->kind == COMP_CONT) return emit_builtin(b, BUILTIN_REF_TEST, IR_I32, (ir_val[]){ref, index}, 2);
  ir_val head = load_head(b, ref, null), want = head_of(b, type);
  if (t->final) return emit(b, IR_OP_EQ, IR_I32, head, want, 0);
  uint32_t depth = canon_depth(b->valid->canon, b->m->canon_ids[type]);
  if (depth >= COUNT_OF(((struct object_type *)0)->display))
    return emit_builtin(b, BUILTIN_REF_TEST, IR_I32, (ir_val[]){ref, index}, 2);
  uint32_t off = (uint32_t)(GC_TYPES + (int32_t)offsetof(struct object_type, display) + 4 * (int32_t)depth);
  ir_val have = emit_hload(b, IR_I32, IRF_IMMUTABLE, head, off);
  return emit(b, IR_OP_EQ, IR_I32, have, want, 0);
}

/* Does the reference, which is not null, match? */
static ir_val nonnull_matches(struct builder *b, const struct cast *c, ir_val ref) {
  if (!c->i31_in) return object_matches(b, c, ref, 0);
  if (c->object == VERDICT_NO) return c->i31_passes ? is_i31(b, ref) : emit_const(b, IR_I32, 0);
  if (c->object == VERDICT_YES && c->i31_passes) return emit_const(b, IR_I32, 1);
  ir_val passes = emit_const(b, IR_I32, c->i31_passes);
  struct cold d = block_cold(b, is_i31(b, ref), false);
  b->f->blocks.at[b->block].cold = false;
  ir_val inner = object_matches(b, c, ref, 0);
  return block_rejoin(b, d, passes, inner);
}

static ir_val matches(struct builder *b, const struct cast *c, ir_val ref) {
  if (!c->null_in) return nonnull_matches(b, c, ref);
  ir_val null = is_null(b, ref);
  bool null_passes = vt_is_nullable(c->to), plain = c->object == VERDICT_YES && (!c->i31_in || c->i31_passes);
  if (plain)
    return null_passes ? emit_const(b, IR_I32, 1) : emit(b, IR_OP_EQ, IR_I32, null, zero(b, IR_I32), 0);
  if (c->object == VERDICT_NO && !(c->i31_in && c->i31_passes))
    return null_passes ? null : emit_const(b, IR_I32, 0);
  ir_val passes = emit_const(b, IR_I32, null_passes);
  struct cold d = block_cold(b, null, false);
  b->f->blocks.at[b->block].cold = false;
  ir_val inner = nonnull_matches(b, c, ref);
  return block_rejoin(b, d, passes, inner);
}

static valtype operand_from(struct builder *b, valtype to) {
  /* ref.test and ref.cast do not name the operand's type: the top of its hierarchy is what is known. */
  uint32_t top = canon_heap_top(b->valid->canon, module_canon_heap(b->m, vt_heap(to) & ~VT_EXACT));
  return vt_ref(top, true);
}

static void build_cast(struct builder *b) {
  struct cast c = cast_plan(b, operand_from(b, b->in.type), b->in.type);
  ir_val ref = VEC_LAST(&b->stack);
  if (!vt_is_nullable(c.to) && c.object == VERDICT_ASK && ir_type_of(b->m, c.to) == IR_REF && !c.i31_passes) {
    /* Null faults when the head is loaded; that is the same trap. */
    if (c.i31_in) emit(b, IR_OP_TRAPIF, IR_VOID, is_i31(b, ref), TRAP_CAST_FAILURE, 0);
    emit(b, IR_OP_TRAPIFZ, IR_VOID, object_matches(b, &c, ref, IRF_NULL_CAST), TRAP_CAST_FAILURE, 0);
    return;
  }
  emit(b, IR_OP_TRAPIFZ, IR_VOID, matches(b, &c, ref), TRAP_CAST_FAILURE, 0);
}

/* A block around the tests, so that each test that fails goes straight to what follows. */
static void build_br_on_cast(struct builder *b, bool on_fail) {
  struct cast c = cast_plan(b, b->in.type, b->in.type2);
  uint32_t label = b->in.a;
  ir_val ref = VEC_LAST(&b->stack);
  bool null_passes = vt_is_nullable(c.to);
  bool steps = (c.null_in && !null_passes) && !(c.i31_in && c.i31_passes) && c.object == VERDICT_ASK;
  if (!steps) {
    branch_if(b, matches(b, &c, ref), label, on_fail);
    return;
  }
  if (on_fail) {
    branch_if(b, is_null(b, ref), label, false);
    if (b->dead) return;
    if (c.i31_in) branch_if(b, is_i31(b, ref), label, false);
    branch_if(b, object_matches(b, &c, ref, 0), label, true);
    return;
  }
  control_push(b, CONTROL_BLOCK, 0, 0);
  branch_if(b, is_null(b, ref), 0, false);
  if (c.i31_in) branch_if(b, is_i31(b, ref), 0, false);
  branch_if(b, object_matches(b, &c, ref, 0), label + 1, false);
  control_end(b);
}

static void build_i31_get(struct builder *b, enum ir_op shift) {
  ir_val ref = pop(b);
  emit(b, IR_OP_TRAPIFZ, IR_VOID, ref, TRAP_NULL_I31_REFERENCE, 0);
  push(b, emit(b, shift, IR_I32, ref, emit_const(b, IR_I32, 1), 0));
}

static void build_ref_i31(struct builder *b) {
  ir_val twice = emit(b, IR_OP_SHL, IR_I32, pop(b), emit_const(b, IR_I32, 1), 0);
  push(b, emit(b, IR_OP_OR, IR_REF, twice, emit_const(b, IR_I32, 1), 0));
}

bool build_gc(struct builder *b) {
  switch (b->in.op) {
  case OP_STRUCT_NEW: build_struct_new(b, b->in.a, false); return true;
  case OP_STRUCT_NEW_DEFAULT: build_struct_new(b, b->in.a, true); return true;
  case OP_STRUCT_GET:
  case OP_STRUCT_GET_U: build_struct_get(b, false); return true;
  case OP_STRUCT_GET_S: build_struct_get(b, true); return true;
  case OP_STRUCT_SET: build_struct_set(b); return true;
  case OP_ARRAY_NEW: build_array_new(b, b->in.a, false); return true;
  case OP_ARRAY_NEW_DEFAULT: build_array_new(b, b->in.a, true); return true;
  case OP_ARRAY_NEW_FIXED: build_array_new_fixed(b, b->in.a, b->in.b); return true;
  case OP_ARRAY_NEW_DATA: build_array_new_segment(b, BUILTIN_ARRAY_NEW_DATA, b->in.a, b->in.b); return true;
  case OP_ARRAY_NEW_ELEM: build_array_new_segment(b, BUILTIN_ARRAY_NEW_ELEM, b->in.a, b->in.b); return true;
  case OP_ARRAY_GET:
  case OP_ARRAY_GET_U: build_array_get(b, false); return true;
  case OP_ARRAY_GET_S: build_array_get(b, true); return true;
  case OP_ARRAY_SET: build_array_set(b); return true;
  case OP_ARRAY_LEN: push(b, array_length(b, pop(b))); return true;
  case OP_ARRAY_FILL: build_array_fill(b); return true;
  case OP_ARRAY_COPY: build_array_copy(b); return true;
  case OP_ARRAY_INIT_DATA: build_array_init(b, BUILTIN_ARRAY_INIT_DATA); return true;
  case OP_ARRAY_INIT_ELEM: build_array_init(b, BUILTIN_ARRAY_INIT_ELEM); return true;
  case OP_REF_TEST: {
    struct cast c = cast_plan(b, operand_from(b, b->in.type), b->in.type);
    push(b, matches(b, &c, pop(b)));
    return true;
  }
  case OP_REF_CAST: build_cast(b); return true;
  case OP_BR_ON_CAST: build_br_on_cast(b, false); return true;
  case OP_BR_ON_CAST_FAIL: build_br_on_cast(b, true); return true;
  case OP_ANY_CONVERT_EXTERN:
  case OP_EXTERN_CONVERT_ANY: return true; /* the same reference, seen from the other side */
  case OP_REF_I31: build_ref_i31(b); return true;
  case OP_I31_GET_S: build_i31_get(b, IR_OP_SHR_S); return true;
  case OP_I31_GET_U: build_i31_get(b, IR_OP_SHR_U); return true;
  default: return build_unsupported(b);
  }
}
