/* Constant expressions (spec 4.7.4, "evaluate"): a tiny stack machine over validated bytes.
 *
 * In: an instance whose imports and earlier globals stand.  Out: one value, an error, or a trap.  Its stack
 * is a root area: making an object may move those that it holds.  Must not: recurse, or run guest code. */
#include "runtime/instance.h"

#include "base/alloc.h"
#include "binary/insn.h"
#include "gc/gc.h"
#include "runtime/object.h"
#include "runtime/roots.h"
#include "runtime/trap.h"

#include <string.h>

enum { SMALL_STACK = 16 };
struct machine {
  struct instance *in;
  struct root_area area; /* at, is_ref, len: the stack */
  union vm_value *stack;
  uint8_t *is_ref; /* 32-bit references */
  uint32_t cap;
  union vm_value small[SMALL_STACK];
  uint8_t small_is_ref[SMALL_STACK];
};

static bool grow(struct machine *m, struct error *e) {
  uint32_t cap = m->cap * 2; /* at most one value a byte of the module */
  union vm_value *stack = mem_alloc((size_t)cap * sizeof *stack);
  uint8_t *is_ref = mem_alloc(cap);
  if (!stack || !is_ref) {
    mem_free(stack);
    mem_free(is_ref);
    return error_memory(e);
  }
  memcpy(stack, m->stack, m->area.len * sizeof *stack);
  memcpy(is_ref, m->is_ref, m->area.len);
  if (m->stack != m->small) {
    mem_free(m->stack);
    mem_free(m->is_ref);
  }
  m->stack = m->area.at = stack;
  m->area.is_ref = m->is_ref = is_ref;
  m->cap = cap;
  return true;
}

static bool push(struct machine *m, union vm_value v, bool is_ref, struct error *e) {
  if (m->area.len == m->cap && !grow(m, e)) return false;
  m->stack[m->area.len] = v;
  m->is_ref[m->area.len++] = is_ref;
  return true;
}

static union vm_value of_i64(uint64_t bits) {
  union vm_value v;
  memset(&v, 0, sizeof v);
  v.i64 = bits;
  return v;
}

static union vm_value global_value(const struct instance *in, uint32_t index) {
  const uint8_t *ctx = (const uint8_t *)in->ctx;
  uint32_t nimported = in->module->nimported_globals;
  if (index < nimported) return *((union vm_value *const *)(ctx + in->layout.globals_imp))[index];
  return ((const union vm_value *)(ctx + in->layout.globals))[index - nimported];
}

static bool is_object_ref(const struct instance *in, valtype module_type) {
  return vt_is_ref(module_type) &&
         !valtype_is_funcref(in->store->canon, module_canon_vt(in->module, module_type));
}

static bool exhausted(struct error *e) { return error_set(e, ERROR_MEMORY, "out of memory for objects"); }

/* A trap: no error, but the store's report. */
static bool trap(const struct machine *m, enum trap_code code) {
  trap_report_set(m->in->store, code);
  return false;
}

/* Pops the descriptor, where there is one, and n values into the fields of a new struct. */
static bool new_struct(struct machine *m, uint32_t type, bool defaults, struct error *e) {
  struct store *s = m->in->store;
  uint32_t canon = m->in->module->canon_ids[type];
  const struct subtype *t = canon_type(s->canon, canon);
  bool described = t->descriptor != NO_SUPER;
  if (described && !m->stack[m->area.len - 1].ref) return trap(m, TRAP_NULL_DESCRIPTOR_REFERENCE);
  uint32_t n = defaults ? 0 : t->struct_.nfields, ref = object_new(s, canon);
  if (!ref) return exhausted(e);
  if (described)
    object_store(gc_base(s->heap), ref, object_descriptor(s->canon, canon), m->stack[--m->area.len]);
  m->area.len -= n;
  for (uint32_t i = 0; i < n; i++)
    object_store(gc_base(s->heap), ref, object_field(s->canon, canon, i), m->stack[m->area.len + i]);
  return push(m, of_i64(ref), true, e);
}

/* `n` values on the stack are the elements, or (fixed false) one is all of them. */
static bool new_array(struct machine *m, uint32_t type, uint32_t len, uint32_t n, bool fixed,
                      struct error *e) {
  struct store *s = m->in->store;
  uint32_t ref = object_array_new(s, m->in->module->canon_ids[type], len);
  if (!ref) return exhausted(e);
  m->area.len -= n;
  for (uint32_t i = 0; n && i < len; i++)
    array_set(s, ref, i, m->stack[m->area.len + (fixed ? i : 0)]);
  return push(m, of_i64(ref), true, e);
}

static uint32_t pop_i32(struct machine *m) { return m->stack[--m->area.len].i32; }

static bool step(struct machine *m, const struct insn *insn, struct error *e) {
  struct instance *in = m->in;
  union vm_value *top = m->stack + m->area.len - 1;
  union vm_value v = of_i64(0);
  switch (insn->op) {
  case OP_I32_CONST:
  case OP_F32_CONST: return push(m, of_i64((uint32_t)insn->u64), false, e);
  case OP_I64_CONST:
  case OP_F64_CONST: return push(m, of_i64(insn->u64), false, e);
  case OP_V128_CONST: memcpy(v.v128, insn->v128, 16); return push(m, v, false, e);
  case OP_REF_NULL: return push(m, v, false, e);
  case OP_REF_FUNC: v.func = &instance_func(in, insn->a)->vm; return push(m, v, false, e);
  case OP_GLOBAL_GET:
    return push(m, global_value(in, insn->a), is_object_ref(in, in->module->globals[insn->a].type.type), e);
  case OP_REF_I31: v = of_i64(ref_of_i31(pop_i32(m))); return push(m, v, true, e);
  case OP_ANY_CONVERT_EXTERN:
  case OP_EXTERN_CONVERT_ANY: return true;
  case OP_STRUCT_NEW:
  case OP_STRUCT_NEW_DESC: return new_struct(m, insn->a, false, e);
  case OP_STRUCT_NEW_DEFAULT:
  case OP_STRUCT_NEW_DEFAULT_DESC: return new_struct(m, insn->a, true, e);
  case OP_ARRAY_NEW_FIXED: return new_array(m, insn->a, insn->b, insn->b, true, e);
  case OP_ARRAY_NEW_DEFAULT: return new_array(m, insn->a, pop_i32(m), 0, false, e);
  case OP_ARRAY_NEW: return new_array(m, insn->a, pop_i32(m), 1, false, e);
  case OP_I32_ADD: top[-1] = of_i64((uint32_t)(top[-1].i64 + top->i64)); break;
  case OP_I32_SUB: top[-1] = of_i64((uint32_t)(top[-1].i64 - top->i64)); break;
  case OP_I32_MUL: top[-1] = of_i64((uint32_t)(top[-1].i64 * top->i64)); break;
  case OP_I64_ADD: top[-1] = of_i64(top[-1].i64 + top->i64); break;
  case OP_I64_SUB: top[-1] = of_i64(top[-1].i64 - top->i64); break;
  case OP_I64_MUL: top[-1] = of_i64(top[-1].i64 * top->i64); break;
  default:
    return error_at(e, ERROR_UNSUPPORTED, insn->off, "%s in a constant expression is not supported yet",
                    op_info(insn->op)->text);
  }
  m->area.len--;
  return true;
}

bool const_expr_eval(struct instance *in, const struct const_expr *x, union vm_value *out, struct error *e) {
  struct reader r = reader_of((struct slice){x->code, x->size}, x->off, e);
  struct machine m = {.in = in, .stack = m.small, .is_ref = m.small_is_ref, .cap = SMALL_STACK};
  m.area = (struct root_area){.at = m.small, .is_ref = m.small_is_ref};
  struct insn insn;
  bool ok = true;
  roots_add(in->store, &m.area);
  while (ok && !reader_done(&r)) {
    insn_read(&r, in->module->features, &insn);
    ok = reader_ok(&r) && step(&m, &insn, e);
  }
  roots_drop(in->store, &m.area);
  if (ok) {
    assert(m.area.len == 1);
    *out = m.stack[0];
  }
  if (m.stack != m.small) {
    mem_free(m.stack);
    mem_free(m.is_ref);
  }
  return ok;
}
