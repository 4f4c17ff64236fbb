/* Casts: ref.test, ref.cast, br_on_cast, br_on_cast_fail, and the three that compare descriptors.
 *
 * In: a reference and the type asked for.  Out: as few tests as what is known of it (reftype.c) leaves: null,
 * i31, then the head, loaded once for each object, or the entry of the supertype display.  A cast by
 * descriptor compares the descriptor that the object holds: who has the right one is of the right type, so
 * all that must be known before is that it has one.  What a cast or a branch has established is remembered.
 * Must not: change what a reference is. */
#include "abi/object.h"
#include "compiler/build/builder.h"

static bool may_be_i31(uint32_t heap) { return heap == HEAP_ANY || heap == HEAP_EQ || heap == HEAP_I31; }

static ir_val is_i31(struct builder *b, ir_val ref) {
  return emit(b, IR_OP_AND, IR_I32, ref, emit_const(b, IR_I32, 1), 0);
}
static ir_val load_head(struct builder *b, ir_val ref, unsigned null) {
  return emit_hload(b, IR_I32, IRF_IMMUTABLE | null, ref, OBJECT_HEAD);
}

/* How a cast is judged where the reference is neither null nor an i31. */
enum verdict { VERDICT_NO, VERDICT_YES, VERDICT_ASK };

struct cast {
  valtype to;
  uint32_t from_heap, to_heap;
  bool null_in; /* it may be null */
  bool i31_in;  /* it may be an i31 */
  bool i31_passes;
  enum verdict object; /* other objects, functions */
  ir_val desc;         /* by descriptor: the one asked for, not null; 0 = by type */
};

bool heap_matches(const struct builder *b, uint32_t sub, uint32_t super) {
  return canon_heap_match(b->valid->canon, module_canon_heap(b->m, sub & ~VT_EXACT),
                          module_canon_heap(b->m, super & ~VT_EXACT));
}

static bool is_bottom(uint32_t heap) {
  return heap == HEAP_NONE || heap == HEAP_NOFUNC || heap == HEAP_NOEXTERN || heap == HEAP_NOEXN ||
         heap == HEAP_NOCONT;
}

static bool is_final(const struct builder *b, uint32_t heap) {
  return heap_is_concrete(heap) && b->m->types[heap & VT_INDEX_MASK].final;
}

static enum verdict object_verdict(const struct builder *b, valtype from, valtype to) {
  uint32_t from_heap = vt_heap(from) & ~VT_EXACT, to_heap = vt_heap(to) & ~VT_EXACT;
  if (is_bottom(from_heap) || is_bottom(to_heap)) return VERDICT_NO;
  bool up = heap_matches(b, from_heap, to_heap), down = heap_matches(b, to_heap, from_heap);
  if (up && !(to & VT_EXACT)) return VERDICT_YES;
  if (up && down) return from & VT_EXACT || is_final(b, to_heap) ? VERDICT_YES : VERDICT_ASK;
  if (to_heap == HEAP_I31 || from & VT_EXACT) return VERDICT_NO;
  return down ? VERDICT_ASK : VERDICT_NO; /* of one hierarchy, but neither above the other */
}

static struct cast cast_plan(const struct builder *b, valtype from, valtype to) {
  struct cast c = {.to = to, .from_heap = vt_heap(from) & ~VT_EXACT, .to_heap = vt_heap(to) & ~VT_EXACT};
  c.null_in = vt_is_nullable(from);
  c.i31_in = may_be_i31(c.from_heap);
  c.i31_passes = may_be_i31(c.to_heap);
  c.object = object_verdict(b, from, to);
  return c;
}

/* Is its type what the cast asks for? Neither null (unless `null` lets that fault) nor an i31. */
static ir_val type_matches(struct builder *b, const struct cast *c, ir_val ref, unsigned null) {
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
  bool exactly = t->final || c->to & VT_EXACT;
  if (t->kind == COMP_FUNC) {
    if (exactly) {
      ir_val is = emit_flags(b, IR_OP_LOAD, IR_I32, IRF_IMMUTABLE, ref, 0, offsetof(struct vm_func, type));
      return emit(b, IR_OP_EQ, IR_I32, is, emit_field(b, IR_I32, b->layout.types + 4 * type), 0);
    }
    return emit_builtin(b, BUILTIN_FUNC_TEST, IR_I32, (ir_val[]){ref, index}, 2);
  }
  if (t->kind == COMP_CONT) return emit_builtin(b, BUILTIN_REF_TEST, IR_I32, (ir_val[]){ref, index}, 2);
  ir_val head = load_head(b, ref, null), want = emit_head(b, type);
  if (exactly) return emit(b, IR_OP_EQ, IR_I32, head, want, 0);
  uint32_t depth = canon_depth(b->valid->canon, b->m->canon_ids[type]);
  if (depth >= COUNT_OF(((struct object_type *)0)->display))
    return emit_builtin(b, BUILTIN_REF_TEST, IR_I32, (ir_val[]){ref, index}, 2);
  uint32_t off = (uint32_t)(GC_TYPES + (int32_t)offsetof(struct object_type, display) + 4 * (int32_t)depth);
  ir_val have = emit_hload(b, IR_I32, IRF_IMMUTABLE, head, off);
  return emit(b, IR_OP_EQ, IR_I32, have, want, 0);
}

/* Has everything of the reference's static type a descriptor? Then all of it has it at one place. */
static bool has_descriptor(const struct builder *b, const struct cast *c) {
  return heap_is_concrete(c->from_heap) && b->m->types[c->from_heap & VT_INDEX_MASK].descriptor != NO_SUPER;
}

static ir_val same_descriptor(struct builder *b, const struct cast *c, ir_val ref) {
  uint32_t heap = has_descriptor(b, c) ? c->from_heap : c->to_heap;
  return emit(b, IR_OP_EQ, IR_I32, emit_descriptor(b, heap & VT_INDEX_MASK, ref, 0), c->desc, 0);
}

static ir_val descriptor_matches(struct builder *b, const struct cast *c, ir_val ref) {
  if (has_descriptor(b, c)) return same_descriptor(b, c, ref);
  ir_val no = emit_const(b, IR_I32, 0);
  struct cold d = block_cold(b, type_matches(b, c, ref, 0), true);
  b->f->blocks.at[b->block].cold = false;
  ir_val same = same_descriptor(b, c, ref);
  return block_rejoin(b, d, no, same);
}

/* Is it what the cast asks for? Neither null (unless `null` lets that fault) nor an i31. */
static ir_val object_matches(struct builder *b, const struct cast *c, ir_val ref, unsigned null) {
  if (c->object != VERDICT_ASK) return emit_const(b, IR_I32, c->object == VERDICT_YES);
  return c->desc ? descriptor_matches(b, c, ref) : type_matches(b, c, ref, null);
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
  ir_val null = emit_is_null(b, ref);
  bool null_passes = vt_is_nullable(c->to), plain = c->object == VERDICT_YES && (!c->i31_in || c->i31_passes);
  if (plain)
    return null_passes ? emit_const(b, IR_I32, 1)
                       : emit(b, IR_OP_EQ, IR_I32, null, emit_const(b, IR_I32, 0), 0);
  if (c->object == VERDICT_NO && !(c->i31_in && c->i31_passes))
    return null_passes ? null : emit_const(b, IR_I32, 0);
  ir_val passes = emit_const(b, IR_I32, null_passes);
  struct cold d = block_cold(b, null, false);
  b->f->blocks.at[b->block].cold = false;
  ir_val inner = nonnull_matches(b, c, ref);
  return block_rejoin(b, d, passes, inner);
}

static struct cast cast_of(const struct builder *b, ir_val ref, valtype to) {
  return cast_plan(b, ref_type(b, ref, to), to);
}

/* The same by the descriptor on top of the stack, which is popped. */
static struct cast cast_by_descriptor(struct builder *b, valtype to) {
  ir_val desc = pop(b);
  trap_null_descriptor(b, desc);
  struct cast c = cast_of(b, VEC_LAST(&b->stack), to);
  if (c.object == VERDICT_YES) c.object = VERDICT_ASK;
  c.desc = desc;
  return c;
}

static void build_test(struct builder *b) {
  ir_val ref = pop(b);
  struct cast c = cast_of(b, ref, b->in.type);
  ir_val cond = matches(b, &c, ref);
  ref_tested(b, cond, ref, c.to);
  push(b, cond);
}

static void build_cast(struct builder *b) {
  ir_val ref = VEC_LAST(&b->stack);
  struct cast c = cast_of(b, ref, b->in.type);
  if (!vt_is_nullable(c.to) && c.object == VERDICT_ASK && ir_type_of(b->m, c.to) == IR_REF && !c.i31_passes) {
    /* Null faults when the head is loaded; that is the same trap. */
    if (c.i31_in) emit(b, IR_OP_TRAPIF, IR_VOID, is_i31(b, ref), TRAP_CAST_FAILURE, 0);
    ir_val is = object_matches(b, &c, ref, c.null_in ? IRF_NULL_CAST : 0);
    emit(b, IR_OP_TRAPIFZ, IR_VOID, is, TRAP_CAST_FAILURE, 0);
  } else {
    emit(b, IR_OP_TRAPIFZ, IR_VOID, matches(b, &c, ref), TRAP_CAST_FAILURE, 0);
  }
  ref_found(b, ref, c.to);
}

static void build_cast_desc(struct builder *b) {
  const enum trap_code trap = TRAP_DESCRIPTOR_CAST_FAILURE;
  struct cast c = cast_by_descriptor(b, b->in.type);
  ir_val ref = VEC_LAST(&b->stack);
  if (!vt_is_nullable(c.to) && c.object == VERDICT_ASK) {
    if (c.null_in) emit(b, IR_OP_TRAPIFZ, IR_VOID, ref, trap, 0);
    if (c.i31_in) emit(b, IR_OP_TRAPIF, IR_VOID, is_i31(b, ref), trap, 0);
    if (!has_descriptor(b, &c)) emit(b, IR_OP_TRAPIFZ, IR_VOID, type_matches(b, &c, ref, 0), trap, 0);
    emit(b, IR_OP_TRAPIFZ, IR_VOID, same_descriptor(b, &c, ref), trap, 0);
  } else {
    emit(b, IR_OP_TRAPIFZ, IR_VOID, matches(b, &c, ref), trap, 0);
  }
  ref_found(b, ref, c.to);
}

/* A block around the tests, so that each test that fails goes straight to what follows. */
static void branch_on_steps(struct builder *b, const struct cast *c, ir_val ref, uint32_t label,
                            bool on_fail) {
  uint32_t fails = on_fail ? label : 0;
  if (!on_fail) control_push(b, CONTROL_BLOCK, 0, 0);
  branch_if(b, emit_is_null(b, ref), fails, false);
  if (c->i31_in && !b->dead) branch_if(b, is_i31(b, ref), fails, false);
  if (!b->dead) branch_if(b, object_matches(b, c, ref, 0), on_fail ? label : label + 1, on_fail);
  if (!on_fail) control_end(b);
}

static void build_br_on_cast(struct builder *b, bool on_fail, bool by_desc) {
  struct cast c = by_desc ? cast_by_descriptor(b, b->in.type2) : cast_of(b, VEC_LAST(&b->stack), b->in.type2);
  ir_val ref = VEC_LAST(&b->stack);
  uint32_t label = b->in.a;
  bool null_passes = vt_is_nullable(c.to);
  if (c.null_in && !null_passes && !(c.i31_in && c.i31_passes) && c.object == VERDICT_ASK)
    branch_on_steps(b, &c, ref, label, on_fail);
  else
    branch_if(b, matches(b, &c, ref), label, on_fail);
  if (b->dead) return;
  if (on_fail)
    ref_found(b, ref, c.to);
  else if (null_passes)
    ref_found_nonnull(b, ref);
}

bool build_casts(struct builder *b) {
  switch (b->in.op) {
  case OP_REF_TEST: build_test(b); return true;
  case OP_REF_CAST: build_cast(b); return true;
  case OP_REF_CAST_DESC_EQ: build_cast_desc(b); return true;
  case OP_BR_ON_CAST: build_br_on_cast(b, false, false); return true;
  case OP_BR_ON_CAST_FAIL: build_br_on_cast(b, true, false); return true;
  case OP_BR_ON_CAST_DESC_EQ: build_br_on_cast(b, false, true); return true;
  case OP_BR_ON_CAST_DESC_EQ_FAIL: build_br_on_cast(b, true, true); return true;
  default: return build_unsupported(b);
  }
}
