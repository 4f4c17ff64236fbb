/* Constant expressions (spec 4.7.4, "evaluate"): a tiny stack machine over validated bytes.
 *
 * In: an instance whose imports and earlier globals stand.  Out: one value.  Objects of the garbage-collected
 * heap cannot be made yet: ERROR_UNSUPPORTED names the instruction.  Must not: recurse, or run guest code. */
#include "runtime/instance.h"

#include "base/alloc.h"
#include "binary/insn.h"

#include <string.h>

enum { SMALL_STACK = 16 };
struct machine {
  union vm_value *stack;
  uint32_t len, cap;
  union vm_value small[SMALL_STACK];
};

static bool push(struct machine *m, union vm_value v, struct error *e) {
  if (m->len == m->cap) {
    union vm_value *bigger =
        mem_alloc((size_t)m->cap * 2 * sizeof *bigger); /* at most one value a byte of the module */
    if (!bigger) return error_memory(e);
    memcpy(bigger, m->stack, m->len * sizeof *bigger);
    if (m->stack != m->small) mem_free(m->stack);
    m->stack = bigger;
    m->cap *= 2;
  }
  m->stack[m->len++] = v;
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

static bool step(struct instance *in, struct machine *m, const struct insn *insn, struct error *e) {
  union vm_value *top = m->stack + m->len - 1;
  union vm_value v = of_i64(0);
  switch (insn->op) {
  case OP_I32_CONST:
  case OP_F32_CONST: return push(m, of_i64((uint32_t)insn->u64), e);
  case OP_I64_CONST:
  case OP_F64_CONST: return push(m, of_i64(insn->u64), e);
  case OP_V128_CONST: memcpy(v.v128, insn->v128, 16); return push(m, v, e);
  case OP_REF_NULL: return push(m, v, e);
  case OP_REF_FUNC: v.func = &instance_func(in, insn->a)->vm; return push(m, v, e);
  case OP_GLOBAL_GET: return push(m, global_value(in, insn->a), e);
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
  m->len--;
  return true;
}

bool const_expr_eval(struct instance *in, const struct const_expr *x, union vm_value *out, struct error *e) {
  struct reader r = reader_of((struct slice){x->code, x->size}, x->off, e);
  struct machine m = {.stack = m.small, .cap = SMALL_STACK};
  struct insn insn;
  bool ok = true;
  while (ok && !reader_done(&r)) {
    insn_read(&r, in->module->features, &insn);
    ok = reader_ok(&r) && step(in, &m, &insn, e);
  }
  if (ok) {
    assert(m.len == 1);
    *out = m.stack[0];
  }
  if (m.stack != m.small) mem_free(m.stack);
  return ok;
}
