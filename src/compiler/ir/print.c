/* IR to text, stable: no addresses, no order but the function's own.
 *
 *   fn 3 (i32, i64) -> (i32) {
 *   b0:
 *     v1 = param.i32 0
 *     v2 = iconst.i32 -7
 *     v3 = gload.i32.8u v1 +16
 *     trapif v3 unreachable
 *     branch v3 b1(v2) b2
 *   b1(v4:i32): loop 1
 *     ...
 *   }
 *
 * Instructions that are no longer there are not printed.  Must not: depend on anything that parse.c cannot
 * read back. */
#include "compiler/ir/print.h"

#include "abi/builtin.h"

#include <inttypes.h>

static const char *const access_names[] = {"", ".8u", ".8s", ".16u", ".16s", ".32u", ".32s"};
static const char *const trap_names[] = {
#define TRAP(id, message) #id,
#include "abi/trap.def"
#undef TRAP
};
static const char *const builtin_names[] = {
#define BUILTIN(id, result, params) [BUILTIN_##id] = #id,
#include "abi/builtin.def"
#undef BUILTIN
};

static void print_lower(struct out *out, const char *s) {
  for (; *s; s++)
    out_printf(out, "%c", *s >= 'A' && *s <= 'Z' ? *s - 'A' + 'a' : *s);
}

static void print_list(const uint32_t *at, uint32_t len, struct out *out) {
  out_cstr(out, "(");
  for (uint32_t i = 0; i < len; i++)
    out_printf(out, "%sv%u", i ? ", " : "", at[i]);
  out_cstr(out, ")");
}

static void print_edge(const struct ir_func *f, uint32_t e, struct out *out) {
  const struct ir_edge *edge = &f->edges.at[e];
  out_printf(out, " b%u", edge->to);
  uint32_t n = f->blocks.at[edge->to].nphis;
  if (n > 0) print_list(f->ext.at + edge->args, n, out);
}

static void print_const(const struct ir_func *f, ir_val v, struct out *out) {
  uint64_t bits = ir_const(f, v);
  switch (f->insns.at[v].type) {
  case IR_I32: out_printf(out, " %" PRId32, (int32_t)bits); break;
  case IR_I64: out_printf(out, " %" PRId64, (int64_t)bits); break;
  default: out_printf(out, " 0x%" PRIx64, bits);
  }
}

static void print_flags(const struct ir_insn *in, struct out *out) {
  if (in->op == IR_OP_SELECT && (in->flags & IRF_MASK)) out_cstr(out, " mask");
  bool guest = ir_op_is_guest(in->op);
  if (in->flags & IRF_IMMUTABLE) out_cstr(out, " immutable");
  if (in->flags & IRF_FAULTS) out_cstr(out, " faults");
  if (!guest && (in->flags & IRF_GLOBAL)) out_cstr(out, " global");
  if (!guest && (in->flags & IRF_TABLE)) out_cstr(out, " table");
}

/* Everything behind the operation's name, where the row of op.def does not say it. */
static void print_operands(struct ir_func *f, ir_val v, struct out *out) {
  const struct ir_insn *in = &f->insns.at[v];
  const char *kinds = ir_op_table[in->op].operands;
  uint32_t len;
  if (ir_op_is_guest(in->op)) {
    struct ir_mem m = ir_mem(f, v);
    out_printf(out, " v%u +%u", m.index, m.offset);
    if (m.base) out_printf(out, " base v%u", m.base);
    if (kinds[1] == 'v') out_printf(out, ", v%u", in->b);
    if (in->op == IR_OP_ATOMIC_CMPXCHG) out_printf(out, ", v%u", f->ext.at[in->c + 2]);
    return;
  }
  switch (in->op) {
  case IR_OP_ICONST:
  case IR_OP_FCONST: print_const(f, v, out); break;
  case IR_OP_VCONST:
    for (int i = 0; i < 4; i++)
      out_printf(out, " 0x%08x", f->ext.at[in->a + i]);
    break;
  case IR_OP_LOAD: out_printf(out, " v%u +%u", in->a, in->c); break;
  case IR_OP_STORE: out_printf(out, " v%u +%u, v%u", in->a, in->c, in->b); break;
  case IR_OP_HLOAD:
  case IR_OP_HSTORE: {
    struct ir_mem m = ir_field(f, v);
    out_printf(out, " v%u +%d", m.index, (int)m.offset);
    if (m.base) out_printf(out, " index v%u", m.base);
    if (in->op == IR_OP_HSTORE) out_printf(out, ", v%u", in->b);
    if (in->op == IR_OP_HSTORE && (in->flags & IRF_BARRIER)) out_cstr(out, " barrier");
    if (in->op == IR_OP_HLOAD && (in->flags & IRF_IMMUTABLE)) out_cstr(out, " immutable");
    static const char *const nulls[4] = {"", " null_struct", " null_array", " null_cast"};
    out_cstr(out, nulls[(in->flags & IRF_NULL_MASK) >> 6]);
    break;
  }
  case IR_OP_TRAPIF:
  case IR_OP_TRAPIFZ:
    out_printf(out, " v%u ", in->a);
    print_lower(out, trap_names[in->b]);
    break;
  case IR_OP_TRAP:
    out_cstr(out, " ");
    print_lower(out, trap_names[in->b]);
    break;
  case IR_OP_CALL:
  case IR_OP_TAIL_CALL: out_printf(out, " f%u", in->a); break;
  case IR_OP_RESUME:
  case IR_OP_RESUME_THROW:
  case IR_OP_SUSPEND:
  case IR_OP_CALL_FUNC:
  case IR_OP_TAIL_CALL_FUNC: out_printf(out, " v%u", in->a); break;
  case IR_OP_SWITCH_TO: out_printf(out, " v%u, v%u t%u", in->a, in->c, ir_switch_type(f, v)); break;
  case IR_OP_CALL_BUILTIN:
    out_cstr(out, " ");
    print_lower(out, builtin_names[in->a]);
    break;
  case IR_OP_RETURN: break;
  case IR_OP_TRY:
    if (in->a != CODE_NO_TRY) out_printf(out, " %u", in->a);
    break;
  case IR_OP_VUNARY:
  case IR_OP_VBINARY: {
    bool unary = in->op == IR_OP_VUNARY;
    uint32_t which = unary ? in->b : in->c;
    out_printf(out, " %s", op_info((enum op)(which & 0xffff))->text);
    if (which >> 16) out_printf(out, "[%u]", which >> 16);
    out_printf(out, " v%u", in->a);
    if (!unary) out_printf(out, ", v%u", in->b);
    break;
  }
  case IR_OP_VSHUFFLE:
    out_printf(out, " v%u, v%u,", in->a, in->b);
    for (uint32_t i = 0; i < 16; i++)
      out_printf(out, " %u", f->ext.at[in->c + i / 4] >> (8 * (i % 4)) & 0xff);
    break;
  default: {
    const uint32_t fields[3] = {in->a, in->b, in->c};
    const char *sep = " ";
    for (int i = 0; i < 3; i++) {
      if (kinds[i] == '-') continue;
      out_printf(out, kinds[i] == 'v' ? "%sv%u" : "%s%u", sep, fields[i]);
      sep = ", ";
    }
  }
  }
  switch (in->op) {
  case IR_OP_CALL:
  case IR_OP_TAIL_CALL:
  case IR_OP_CALL_FUNC:
  case IR_OP_RESUME:
  case IR_OP_RESUME_THROW:
  case IR_OP_SUSPEND:
  case IR_OP_TAIL_CALL_FUNC: out_printf(out, " t%u", in->c); FALLTHROUGH;
  case IR_OP_CALL_BUILTIN:
  case IR_OP_SWITCH_TO:
  case IR_OP_RETURN: {
    const uint32_t *args = ir_args(f, v, &len);
    out_cstr(out, " ");
    print_list(args, len, out);
    if (in->op == IR_OP_CALL_FUNC && in->flags & IRF_OWN) out_cstr(out, " own");
    bool resumes = in->op == IR_OP_RESUME || in->op == IR_OP_RESUME_THROW;
    for (uint32_t i = 0; resumes && i < ir_clauses(f, v); i++)
      out_printf(out, " %s%u", ir_clause(f, v, i).is_switch ? "switch " : "on ", ir_clause(f, v, i).tag);
    break;
  }
  case IR_OP_HLOAD:
  case IR_OP_HSTORE: break;
  default: print_flags(in, out);
  }
}

void ir_print_insn(struct ir_func *f, ir_val v, struct out *out) {
  const struct ir_insn *in = &f->insns.at[v];
  const struct ir_op_info *info = &ir_op_table[in->op];
  bool has_result = info->type != '-' && in->type != IR_VOID;
  bool resumes = in->op == IR_OP_RESUME || in->op == IR_OP_RESUME_THROW; /* what lands there names it */
  if (has_result || resumes) out_printf(out, "v%u = ", v);
  out_cstr(out, info->text);
  bool memory = ir_op_is_guest(in->op) || in->op == IR_OP_LOAD || in->op == IR_OP_STORE ||
                in->op == IR_OP_HLOAD || in->op == IR_OP_HSTORE;
  if (has_result || memory) out_printf(out, ".%s", ir_type_name(in->type));
  if (memory) out_cstr(out, access_names[in->flags & IRF_ACCESS_MASK]);
  print_operands(f, v, out);
}

static void print_block(struct ir_func *f, ir_block b, struct out *out) {
  const struct ir_blk *blk = &f->blocks.at[b];
  out_printf(out, "b%u", b);
  if (blk->nphis > 0) {
    for (uint32_t i = 0; i < blk->nphis; i++)
      out_printf(out, "%sv%u:%s", i ? ", " : "(", blk->first + i,
                 ir_type_name(f->insns.at[blk->first + i].type));
    out_cstr(out, ")");
  }
  out_cstr(out, ":");
  if (blk->header) out_printf(out, " loop %u", blk->loop);
  if (blk->cold) out_cstr(out, " cold");
  out_cstr(out, "\n");
  for (ir_val v = blk->first + blk->nphis; v < blk->end; v++) {
    if (f->insns.at[v].op == IR_OP_NONE) continue;
    out_cstr(out, "  ");
    ir_print_insn(f, v, out);
    if (v == blk->end - 1)
      for (uint32_t i = 0; i < blk->nsucc; i++)
        print_edge(f, f->succs.at[blk->succ + i], out);
    out_cstr(out, "\n");
  }
}

static void print_types(const struct module *m, const valtype *at, uint32_t len, struct out *out) {
  out_cstr(out, "(");
  for (uint32_t i = 0; i < len; i++)
    out_printf(out, "%s%s", i ? ", " : "", ir_type_name((uint8_t)ir_type_of(m, at[i])));
  out_cstr(out, ")");
}

void ir_print(struct ir_func *f, struct out *out) {
  out_printf(out, "fn %u ", f->index);
  print_types(f->module, f->type->params, f->type->nparams, out);
  out_cstr(out, " -> ");
  print_types(f->module, f->type->results, f->type->nresults, out);
  out_cstr(out, " {\n");
  for (ir_block b = 0; b < f->blocks.len; b++)
    print_block(f, b, out);
  out_cstr(out, "}\n");
}
