/* Structs, arrays, i31 and casts (spec 3.4.8, 3.4.9), with custom descriptors.
 *
 * In: one instruction, its type, field segment and label indices in range except fields and kinds of types.
 * Out: the operand stack after it.  Allocations yield exact references where custom descriptors are on. */
#include "validate/validator.h"

static valtype unpacked(valtype t) { return t == VT_I8 || t == VT_I16 ? VT_I32 : t; }
static bool is_packed(valtype t) { return t == VT_I8 || t == VT_I16; }

static const struct subtype *struct_at(struct validator *v, const struct insn *in, uint32_t type) {
  const struct subtype *t = &v->m->types[type];
  if (t->kind == COMP_STRUCT) return t;
  validator_fail(v, in, "type mismatch: non-structure type %u", type);
  return NULL;
}

static const struct field *array_at(struct validator *v, const struct insn *in, uint32_t type) {
  const struct subtype *t = &v->m->types[type];
  if (t->kind == COMP_ARRAY) return &t->array;
  validator_fail(v, in, "type mismatch: non-array type %u", type);
  return NULL;
}

static const struct field *mutable_array_at(struct validator *v, const struct insn *in, uint32_t type) {
  const struct field *f = array_at(v, in, type);
  if (!f || f->mutable_) return f;
  validator_fail(v, in, "immutable array: type %u", type);
  return NULL;
}

static void push_new(struct validator *v, uint32_t type) {
  bool exact = feature_on(v->m->features, FEATURE_CUSTOM_DESCRIPTORS);
  operand_push(v, vt_ref_to(type, false) | (exact ? VT_EXACT : 0));
}

static bool defaultable_check(struct validator *v, const struct insn *in, valtype t) {
  char text[48];
  return vt_is_defaultable(t) ||
         validator_fail(v, in, "type mismatch: %s has no default value", vt_format(t, text));
}

/* Is `get` the form for this field: _s and _u for packed ones, the plain one for all others? */
static bool packed_check(struct validator *v, const struct insn *in, valtype t, bool extends) {
  if (is_packed(t) == extends) return true;
  return validator_fail(v, in,
                        extends ? "type mismatch: field is not packed" : "type mismatch: field is packed");
}

/* ---- structs ---- */

/* All fields have default values; each type is looked through once. */
static bool struct_defaultable_check(struct validator *v, const struct insn *in, const struct subtype *t) {
  if (!v->defaultable.word) bitset_init(&v->defaultable, v->scratch, v->m->ntypes);
  if (bitset_has(&v->defaultable, in->a)) return true;
  for (uint32_t i = 0; i < t->struct_.nfields; i++)
    if (!defaultable_check(v, in, t->struct_.fields[i].type)) return false;
  bitset_add(&v->defaultable, in->a);
  return true;
}

static bool struct_fields_pop(struct validator *v, const struct insn *in, const struct subtype *t) {
  for (uint32_t i = t->struct_.nfields; i-- > 0 && !operands_are_bottom(v);)
    if (!operand_pop(v, in, unpacked(t->struct_.fields[i].type))) return false;
  return true;
}

static bool struct_new_check(struct validator *v, const struct insn *in, bool is_default, bool with_desc) {
  const struct subtype *t = struct_at(v, in, in->a);
  if (!t) return false;
  if (!with_desc && t->descriptor != NO_SUPER)
    return validator_fail(v, in, "type with descriptor requires descriptor allocation: type %u", in->a);
  if (with_desc) {
    if (t->descriptor == NO_SUPER)
      return validator_fail(v, in, "type without descriptor requires non-descriptor allocation: type %u",
                            in->a);
    if (!operand_pop(v, in, vt_ref_to(t->descriptor, true) | VT_EXACT)) return false;
  }
  if (!(is_default ? struct_defaultable_check(v, in, t) : struct_fields_pop(v, in, t))) return false;
  push_new(v, in->a);
  return true;
}

static const struct field *field_at(struct validator *v, const struct insn *in) {
  const struct subtype *t = struct_at(v, in, in->a);
  if (!t) return NULL;
  if (in->b < t->struct_.nfields) return &t->struct_.fields[in->b];
  validator_fail(v, in, "unknown field %u of type %u", in->b, in->a);
  return NULL;
}

static bool struct_get_check(struct validator *v, const struct insn *in) {
  const struct field *f = field_at(v, in);
  if (!f || !packed_check(v, in, f->type, in->op != OP_STRUCT_GET) ||
      !operand_pop(v, in, vt_ref_to(in->a, true)))
    return false;
  operand_push(v, unpacked(f->type));
  return true;
}

static bool struct_set_check(struct validator *v, const struct insn *in) {
  const struct field *f = field_at(v, in);
  if (!f) return false;
  if (!f->mutable_) return validator_fail(v, in, "immutable field %u of type %u", in->b, in->a);
  return operand_pop(v, in, unpacked(f->type)) && operand_pop(v, in, vt_ref_to(in->a, true));
}

/* ---- arrays ---- */

static bool array_new_check(struct validator *v, const struct insn *in) {
  const struct field *f = array_at(v, in, in->a);
  if (!f || !operand_pop(v, in, VT_I32)) return false;
  if (!(in->op == OP_ARRAY_NEW ? operand_pop(v, in, unpacked(f->type)) : defaultable_check(v, in, f->type)))
    return false;
  push_new(v, in->a);
  return true;
}

static bool array_new_fixed_check(struct validator *v, const struct insn *in) {
  const struct field *f = array_at(v, in, in->a);
  if (!f) return false;
  if (in->b > MAX_ARRAY_NEW_FIXED) return validator_limit(v, in, "array.new_fixed has too many operands");
  for (uint32_t i = 0; i < in->b && !operands_are_bottom(v); i++)
    if (!operand_pop(v, in, unpacked(f->type))) return false;
  push_new(v, in->a);
  return true;
}

/* May the segment `in->b` fill arrays of this type? */
static bool array_data_check(struct validator *v, const struct insn *in, const struct field *f) {
  return !vt_is_ref(f->type) || validator_fail(v, in, "array type is not numeric or vector: type %u", in->a);
}

static bool array_elem_check(struct validator *v, const struct insn *in, const struct field *f) {
  valtype from = v->m->elems[in->b].type;
  char text[2][48];
  if (vt_is_ref(f->type) && validator_match(v, from, f->type)) return true;
  return validator_fail(v, in, "type mismatch: array of %s cannot take %s", vt_format(f->type, text[0]),
                        vt_format(from, text[1]));
}

static bool array_new_segment_check(struct validator *v, const struct insn *in) {
  const struct field *f = array_at(v, in, in->a);
  if (!f || !(in->op == OP_ARRAY_NEW_DATA ? array_data_check(v, in, f) : array_elem_check(v, in, f)))
    return false;
  if (!operand_pop(v, in, VT_I32) || !operand_pop(v, in, VT_I32)) return false;
  push_new(v, in->a);
  return true;
}

static bool array_init_check(struct validator *v, const struct insn *in) {
  const struct field *f = mutable_array_at(v, in, in->a);
  if (!f || !(in->op == OP_ARRAY_INIT_DATA ? array_data_check(v, in, f) : array_elem_check(v, in, f)))
    return false;
  return operand_pop(v, in, VT_I32) && operand_pop(v, in, VT_I32) && operand_pop(v, in, VT_I32) &&
         operand_pop(v, in, vt_ref_to(in->a, true));
}

static bool array_get_check(struct validator *v, const struct insn *in) {
  const struct field *f = array_at(v, in, in->a);
  if (!f || !packed_check(v, in, f->type, in->op != OP_ARRAY_GET) || !operand_pop(v, in, VT_I32) ||
      !operand_pop(v, in, vt_ref_to(in->a, true)))
    return false;
  operand_push(v, unpacked(f->type));
  return true;
}

static bool array_set_check(struct validator *v, const struct insn *in) {
  const struct field *f = mutable_array_at(v, in, in->a);
  return f && operand_pop(v, in, unpacked(f->type)) && operand_pop(v, in, VT_I32) &&
         operand_pop(v, in, vt_ref_to(in->a, true));
}

static bool array_fill_check(struct validator *v, const struct insn *in) {
  const struct field *f = mutable_array_at(v, in, in->a);
  return f && operand_pop(v, in, VT_I32) && operand_pop(v, in, unpacked(f->type)) &&
         operand_pop(v, in, VT_I32) && operand_pop(v, in, vt_ref_to(in->a, true));
}

static bool array_copy_check(struct validator *v, const struct insn *in) {
  const struct field *to = mutable_array_at(v, in, in->a), *from = to ? array_at(v, in, in->b) : NULL;
  if (!from) return false;
  if (from->type != to->type && !(vt_is_ref(to->type) && validator_match(v, from->type, to->type))) {
    char text[2][48];
    return validator_fail(v, in, "array types do not match: expected %s, found %s",
                          vt_format(to->type, text[0]), vt_format(from->type, text[1]));
  }
  return operand_pop(v, in, VT_I32) && operand_pop(v, in, VT_I32) &&
         operand_pop(v, in, vt_ref_to(in->b, true)) && operand_pop(v, in, VT_I32) &&
         operand_pop(v, in, vt_ref_to(in->a, true));
}

/* ---- casts ---- */

/* The top type of the reference's hierarchy; casts do not exist for continuations. */
static bool cast_top(struct validator *v, const struct insn *in, valtype target, valtype *top) {
  uint32_t heap = canon_heap_top(v->canon, module_canon_heap(v->m, vt_heap(target)));
  char text[48];
  *top = vt_ref(heap, true);
  return heap != HEAP_CONT || validator_fail(v, in, "invalid cast to %s", vt_format(target, text));
}

/* Pops the descriptor that a cast by descriptor compares with. */
static bool descriptor_pop(struct validator *v, const struct insn *in, valtype target) {
  if (!vt_is_concrete(target))
    return validator_fail(v, in, "type %s does not have a descriptor", heap_name(vt_heap(target)));
  uint32_t descriptor = v->m->types[vt_index(target)].descriptor;
  if (descriptor == NO_SUPER)
    return validator_fail(v, in, "type %u does not have a descriptor", vt_index(target));
  return operand_pop(v, in, vt_ref_to(descriptor, true) | (target & VT_EXACT));
}

static bool ref_cast_check(struct validator *v, const struct insn *in) {
  valtype top;
  if (in->op == OP_REF_CAST_DESC_EQ && !descriptor_pop(v, in, in->type)) return false;
  if (!cast_top(v, in, in->type, &top) || !operand_pop(v, in, top)) return false;
  operand_push(v, in->op == OP_REF_TEST ? (valtype)VT_I32 : in->type);
  return true;
}

/* What is left of `from` when the cast to `to` fails. */
static valtype cast_rest(valtype from, valtype to) { return vt_is_nullable(to) ? from & ~VT_NULLABLE : from; }

static bool br_on_cast_check(struct validator *v, const struct insn *in, bool on_fail) {
  valtype from = in->type, to = in->type2, top;
  valtype taken = on_fail ? cast_rest(from, to) : to, kept = on_fail ? to : cast_rest(from, to);
  bool by_desc = in->op == OP_BR_ON_CAST_DESC_EQ || in->op == OP_BR_ON_CAST_DESC_EQ_FAIL;
  char text[2][48];
  if (by_desc && !descriptor_pop(v, in, to)) return false;
  if (!cast_top(v, in, to, &top) || !cast_top(v, in, from, &top)) return false;
  /* With custom descriptors any two types of one hierarchy will do. */
  valtype bound = feature_on(v->m->features, FEATURE_CUSTOM_DESCRIPTORS) ? top : from;
  if (!validator_match(v, to, bound))
    return validator_fail(v, in, "type mismatch: cast target %s is no subtype of %s", vt_format(to, text[0]),
                          vt_format(bound, text[1]));
  uint32_t n;
  const valtype *types = label_types(label_frame(v, in->a), &n);
  if (n == 0)
    return validator_fail(v, in, "type mismatch: label %u takes no operand, expected a reference", in->a);
  if (!operand_pop(v, in, from)) return false;
  operand_push(v, taken);
  if (!operands_pop(v, in, types, n) || !operands_push(v, in, types, n - 1)) return false;
  operand_push(v, kept);
  return true;
}

static bool convert_check(struct validator *v, const struct insn *in, uint32_t from, uint32_t to) {
  valtype t;
  char text[48];
  if (!operand_pop_ref(v, in, &t)) return false;
  if (!validator_match(v, t, vt_ref(from, true)))
    return validator_fail(v, in, "type mismatch: expected %s, found %s",
                          from == HEAP_ANY ? "anyref" : "externref", vt_format(t, text));
  operand_push(v, vt_ref(to, vt_is_nullable(t)));
  return true;
}

static bool ref_get_desc_check(struct validator *v, const struct insn *in) {
  uint32_t descriptor = v->m->types[in->a].descriptor;
  if (descriptor == NO_SUPER) return validator_fail(v, in, "type without descriptor: type %u", in->a);
  valtype t;
  if (!operand_pop_ref(v, in, &t)) return false;
  if (!validator_match(v, t, vt_ref_to(in->a, true))) {
    char text[2][48];
    return validator_fail(v, in, "type mismatch: expected %s, found %s",
                          vt_format(vt_ref_to(in->a, true), text[0]), vt_format(t, text[1]));
  }
  bool exact = t == VT_REF_BOT || validator_match(v, t, vt_ref_to(in->a, true) | VT_EXACT);
  operand_push(v, vt_ref_to(descriptor, false) | (exact ? VT_EXACT : 0));
  return true;
}

static bool pop_push(struct validator *v, const struct insn *in, valtype pop, valtype push) {
  if (!operand_pop(v, in, pop)) return false;
  operand_push(v, push);
  return true;
}

bool gc_check(struct validator *v, const struct insn *in) {
  switch (in->op) {
  case OP_STRUCT_NEW: return struct_new_check(v, in, false, false);
  case OP_STRUCT_NEW_DEFAULT: return struct_new_check(v, in, true, false);
  case OP_STRUCT_NEW_DESC: return struct_new_check(v, in, false, true);
  case OP_STRUCT_NEW_DEFAULT_DESC: return struct_new_check(v, in, true, true);
  case OP_STRUCT_GET:
  case OP_STRUCT_GET_S:
  case OP_STRUCT_GET_U: return struct_get_check(v, in);
  case OP_STRUCT_SET: return struct_set_check(v, in);
  case OP_ARRAY_NEW:
  case OP_ARRAY_NEW_DEFAULT: return array_new_check(v, in);
  case OP_ARRAY_NEW_FIXED: return array_new_fixed_check(v, in);
  case OP_ARRAY_NEW_DATA:
  case OP_ARRAY_NEW_ELEM: return array_new_segment_check(v, in);
  case OP_ARRAY_GET:
  case OP_ARRAY_GET_S:
  case OP_ARRAY_GET_U: return array_get_check(v, in);
  case OP_ARRAY_SET: return array_set_check(v, in);
  case OP_ARRAY_LEN: return pop_push(v, in, vt_ref(HEAP_ARRAY, true), VT_I32);
  case OP_ARRAY_FILL: return array_fill_check(v, in);
  case OP_ARRAY_COPY: return array_copy_check(v, in);
  case OP_ARRAY_INIT_DATA:
  case OP_ARRAY_INIT_ELEM: return array_init_check(v, in);
  case OP_REF_TEST:
  case OP_REF_CAST:
  case OP_REF_CAST_DESC_EQ: return ref_cast_check(v, in);
  case OP_BR_ON_CAST:
  case OP_BR_ON_CAST_DESC_EQ: return br_on_cast_check(v, in, false);
  case OP_BR_ON_CAST_FAIL:
  case OP_BR_ON_CAST_DESC_EQ_FAIL: return br_on_cast_check(v, in, true);
  case OP_ANY_CONVERT_EXTERN: return convert_check(v, in, HEAP_EXTERN, HEAP_ANY);
  case OP_EXTERN_CONVERT_ANY: return convert_check(v, in, HEAP_ANY, HEAP_EXTERN);
  case OP_REF_I31: return pop_push(v, in, VT_I32, vt_ref(HEAP_I31, false));
  case OP_I31_GET_S:
  case OP_I31_GET_U: return pop_push(v, in, vt_ref(HEAP_I31, true), VT_I32);
  case OP_REF_GET_DESC: return ref_get_desc_check(v, in);
  default: unreachable();
  }
}
