/* Objects of the heap: structs, arrays, i31.
 *
 * In: validated instructions.  Out: IR over 32-bit references (abi/object.h, docs/gc.md).  A null reference
 * faults at the access itself; an array's index is compared with its length in `checked_element` and nowhere
 * else.  A store of a reference marks the card, except into an object that no call has come by yet.  Must
 * not: make a value out of an address in the heap. */
#include "abi/object.h"
#include "compiler/build/builder.h"

/* ---- where fields stand ---- */

struct place {
  uint32_t off;
  valtype declared;
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

/* Offsets of all fields of the struct type, behind them its size, then where its objects hold their
 * descriptor (0: nowhere): made once for each function that needs them. */
static const uint32_t *struct_offsets(struct builder *b, uint32_t type) {
  uint32_t *at = map_find_int(&b->structs, type);
  if (at) return b->struct_offs.at + *at;
  const struct subtype *t = &b->m->types[type];
  uint32_t first = b->struct_offs.len;
  struct object_layout layout;
  object_layout_start_struct(&layout, b->valid->canon, b->m->canon_ids[type]);
  for (uint32_t i = 0; i < t->struct_.nfields; i++)
    VEC_PUSH(b->arena, &b->struct_offs,
             object_layout_add(&layout, storage_of_type(b, t->struct_.fields[i].type)));
  VEC_PUSH(b->arena, &b->struct_offs, object_layout_size(&layout));
  VEC_PUSH(b->arena, &b->struct_offs, layout.descriptor);
  map_insert_int(&b->structs, type, first);
  return b->struct_offs.at + first;
}

static struct place struct_place(struct builder *b, uint32_t type, uint32_t field) {
  const struct field *f = &b->m->types[type].struct_.fields[field];
  return (struct place){.off = struct_offsets(b, type)[field],
                        .declared = f->type,
                        .type = (uint8_t)field_type(b, f->type),
                        .access = (uint8_t)access_of(f->type),
                        .immutable = !f->mutable_};
}

/* The descriptor: like an immutable field. */
static struct place descriptor_place(struct builder *b, uint32_t type) {
  const struct subtype *t = &b->m->types[type];
  return (struct place){.off = struct_offsets(b, type)[t->struct_.nfields + 1],
                        .declared = vt_ref_to(t->descriptor, false),
                        .type = IR_REF,
                        .access = ACCESS_FULL,
                        .immutable = true};
}

static struct place element_place(struct builder *b, uint32_t type) {
  const struct field *f = &b->m->types[type].array;
  return (struct place){.off = OBJECT_DATA,
                        .declared = f->type,
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
  ir_val v;
  if (index) {
    uint32_t words[2] = {p.off, index};
    v = emit_flags(b, IR_OP_HLOAD, (enum ir_type)p.type, flags | IRF_EXT_ADDR, ref, 0,
                   ir_ext(b->f, words, 2));
  } else {
    v = emit_hload(b, (enum ir_type)p.type, flags, ref, p.off);
  }
  ref_note(b, v, p.declared);
  if (null) ref_found_nonnull(b, ref);
  return v;
}

static void store_place(struct builder *b, struct place p, unsigned flags, ir_val ref, ir_val index,
                        ir_val value) {
  flags |= p.access;
  if (p.type != IR_REF || ir_is_const(b->f, value))
    flags &= ~(unsigned)IRF_BARRIER; /* null, i31: nothing to find */
  if (!index) {
    emit_flags(b, IR_OP_HSTORE, (enum ir_type)p.type, flags, ref, value, p.off);
    if (flags & IRF_NULL_MASK) ref_found_nonnull(b, ref);
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
  if (ref_is_nonnull(b, ref)) return 0;
  if (off < GC_FIRST / 2) return flag;
  emit(b, IR_OP_TRAPIFZ, IR_VOID, ref, trap, 0);
  return 0;
}

static ir_val array_length(struct builder *b, ir_val array) {
  unsigned null = ref_is_nonnull(b, array) ? 0 : IRF_NULL_ARRAY;
  ir_val len = emit_hload(b, IR_I32, IRF_IMMUTABLE | null, array, OBJECT_LEN);
  if (null) ref_found_nonnull(b, array);
  return len;
}

/* The index, or a trap. Not masked against speculation: a wrong path reads inside the store's own heap. */
static ir_val checked_element(struct builder *b, ir_val array, ir_val index) {
  ir_val len = array_length(b, array);
  ir_val outside = emit(b, IR_OP_GE_U, IR_I32, index, len, 0);
  emit(b, IR_OP_TRAPIF, IR_VOID, outside, TRAP_ARRAY_OUT_OF_BOUNDS, 0);
  return index;
}

/* ---- descriptors ---- */

void trap_null_descriptor(struct builder *b, ir_val desc) {
  if (!ref_is_nonnull(b, desc)) emit(b, IR_OP_TRAPIFZ, IR_VOID, desc, TRAP_NULL_DESCRIPTOR_REFERENCE, 0);
}

ir_val emit_descriptor(struct builder *b, uint32_t type, ir_val ref, unsigned null) {
  return load_place(b, descriptor_place(b, type), null, ref, 0, false);
}

static void build_ref_get_desc(struct builder *b, uint32_t type) {
  ir_val ref = pop(b);
  valtype known = ref_type(b, ref, vt_ref_to(type, true));
  /* Casts load heads: where a reference is loaded, the flag means the trap of this instruction. */
  unsigned null = null_check(b, ref, descriptor_place(b, type).off, IRF_NULL_CAST, TRAP_NULL_REFERENCE);
  push(b, emit_descriptor(b, type, ref, null));
  if (known & VT_EXACT && heap_matches(b, vt_heap(known), VT_CONCRETE | type))
    ref_seen_as(b, VEC_LAST(&b->stack), vt_ref_to(b->m->types[vt_index(known)].descriptor, false) | VT_EXACT);
}

/* ---- new objects ---- */

/* A store into an object that was just made; what never changes afterwards need not be loaded. */
static void store_first(struct builder *b, struct place p, ir_val ref, ir_val value) {
  store_place(b, p, 0, ref, 0, value);
  if (!p.immutable || p.access != ACCESS_FULL) return;
  const struct ir_insn load = {
      .op = IR_OP_HLOAD, .type = p.type, .flags = IRF_IMMUTABLE, .a = ref, .c = p.off};
  opt_define(b->o, load, value);
}

static void build_struct_new(struct builder *b, uint32_t type, bool defaults, bool described) {
  uint32_t n = b->m->types[type].struct_.nfields;
  ir_val desc = described ? pop(b) : 0;
  if (described) trap_null_descriptor(b, desc);
  ir_val ref = emit_new(b, type, struct_offsets(b, type)[n], 0);
  if (described) store_first(b, descriptor_place(b, type), ref, desc);
  for (uint32_t i = 0; i < n; i++) {
    struct place p = struct_place(b, type, i);
    store_first(b, p, ref, defaults ? emit_zero(b, (enum ir_type)p.type) : b->stack.at[b->stack.len - n + i]);
  }
  if (!defaults) b->stack.len -= n;
  push(b, ref);
}

enum { FIXED_INLINE_MAX = 64 /* elements */ };

static void build_array_new_fixed(struct builder *b, uint32_t type, uint32_t n) {
  uint64_t size = array_size(element_log2(b, type), n);
  ir_val ref =
      emit_new(b, type, size > OBJECT_INLINE_MAX ? UINT32_MAX : (uint32_t)size, emit_const(b, IR_I32, n));
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
    ref = emit_new(b, type, (uint32_t)array_size(element_log2(b, type), (uint32_t)n), len);
    for (uint64_t i = 0; i < n; i++) {
      store_place(b, p, 0, ref, 0, value ? value : emit_zero(b, (enum ir_type)p.type));
      p.off += 1u << element_log2(b, type);
    }
  } else if (n == UINT64_MAX) {
    struct element e = {p.type, p.access, (uint8_t)element_log2(b, type)};
    ref = emit_new_filled(b, type, &e, len, null ? 0 : value);
  } else {
    ir_val args[2] = {emit_const(b, IR_I32, type), len};
    ref = emit_new_array(b, BUILTIN_ALLOC_ARRAY, type, args, 2);
    if (!null) emit_fill(b, ref, emit_const(b, IR_I32, 0), value, len);
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

void emit_fill(struct builder *b, ir_val ref, ir_val index, ir_val value, ir_val len) {
  ir_val high = type_of(b, value) == IR_V128 ? emit_quad(b, value, 1) : emit_const(b, IR_I64, 0);
  ir_val args[5] = {ref, index, low_bits(b, value), high, len};
  emit_builtin(b, BUILTIN_ARRAY_FILL, IR_VOID, args, 5);
}

static void build_array_new_segment(struct builder *b, enum builtin which, uint32_t type, uint32_t segment) {
  ir_val len = pop(b), off = pop(b);
  ir_val args[4] = {emit_const(b, IR_I32, type), emit_const(b, IR_I32, segment), off, len};
  push(b, emit_new_array(b, which, type, args, 4));
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

static void trap_null_array(struct builder *b, ir_val ref) {
  if (!ref_is_nonnull(b, ref)) emit(b, IR_OP_TRAPIFZ, IR_VOID, ref, TRAP_NULL_ARRAY_REFERENCE, 0);
}

static void build_array_fill(struct builder *b) {
  ir_val len = pop(b), value = pop(b), index = pop(b), ref = pop(b);
  trap_null_array(b, ref);
  emit_fill(b, ref, index, value, len);
}

static void build_array_copy(struct builder *b) {
  ir_val len = pop(b), src_index = pop(b), src = pop(b), dst_index = pop(b), dst = pop(b);
  trap_null_array(b, dst);
  trap_null_array(b, src);
  ir_val args[5] = {dst, dst_index, src, src_index, len};
  emit_builtin(b, BUILTIN_ARRAY_COPY, IR_VOID, args, 5);
}

static void build_array_init(struct builder *b, enum builtin which) {
  ir_val len = pop(b), src = pop(b), index = pop(b), ref = pop(b);
  trap_null_array(b, ref);
  ir_val args[5] = {emit_const(b, IR_I32, b->in.b), ref, index, src, len};
  emit_builtin(b, which, IR_VOID, args, 5);
}

/* ---- i31 ---- */

static void build_i31_get(struct builder *b, enum ir_op shift) {
  ir_val ref = pop(b);
  if (!ref_is_nonnull(b, ref)) emit(b, IR_OP_TRAPIFZ, IR_VOID, ref, TRAP_NULL_I31_REFERENCE, 0);
  push(b, emit(b, shift, IR_I32, ref, emit_const(b, IR_I32, 1), 0));
}

static void build_ref_i31(struct builder *b) {
  ir_val twice = emit(b, IR_OP_SHL, IR_I32, pop(b), emit_const(b, IR_I32, 1), 0);
  push(b, emit(b, IR_OP_OR, IR_REF, twice, emit_const(b, IR_I32, 1), 0));
  ref_note(b, VEC_LAST(&b->stack), vt_ref(HEAP_I31, false));
}

bool build_gc(struct builder *b) {
  switch (b->in.op) {
  case OP_STRUCT_NEW: build_struct_new(b, b->in.a, false, false); return true;
  case OP_STRUCT_NEW_DEFAULT: build_struct_new(b, b->in.a, true, false); return true;
  case OP_STRUCT_NEW_DESC: build_struct_new(b, b->in.a, false, true); return true;
  case OP_STRUCT_NEW_DEFAULT_DESC: build_struct_new(b, b->in.a, true, true); return true;
  case OP_REF_GET_DESC: build_ref_get_desc(b, b->in.a); return true;
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
  case OP_REF_TEST:
  case OP_REF_CAST:
  case OP_REF_CAST_DESC_EQ:
  case OP_BR_ON_CAST:
  case OP_BR_ON_CAST_FAIL:
  case OP_BR_ON_CAST_DESC_EQ:
  case OP_BR_ON_CAST_DESC_EQ_FAIL: return build_casts(b);
  case OP_ANY_CONVERT_EXTERN:
  case OP_EXTERN_CONVERT_ANY: return true; /* the same reference, seen from the other side */
  case OP_REF_I31: build_ref_i31(b); return true;
  case OP_I31_GET_S: build_i31_get(b, IR_OP_SHR_S); return true;
  case OP_I31_GET_U: build_i31_get(b, IR_OP_SHR_U); return true;
  default: return build_unsupported(b);
  }
}
