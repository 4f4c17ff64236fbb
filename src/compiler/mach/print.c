/* Machine functions as text: blocks with their edges and phis, one line an instruction. */
#include "compiler/mach/alloc.h"

static void print_reg(const struct mach_func *f, mreg r, struct out *out) {
  if (mreg_is_phys(r) && f->isa->reg_name)
    out_cstr(out, f->isa->reg_name(r, 8));
  else if (mreg_is_phys(r))
    out_printf(out, "%c%u", mreg_is_float(r) ? 'f' : 'r', r & 31);
  else
    out_printf(out, "v%u", r - MACH_VREG0);
}

static void print_list(const struct mach_func *f, const char *before, uint32_t first, uint32_t n,
                       struct out *out) {
  for (uint32_t i = 0; i < n; i++) {
    const struct mach_fixed *x = &f->fixed.at[first + i];
    out_cstr(out, i ? ", " : before);
    print_reg(f, x->phys, out);
    out_cstr(out, "=");
    print_reg(f, x->reg, out);
  }
}

/* Role by role, for what every ISA has and for ISAs without a printer. */
static void print_plain(const struct mach_func *f, const struct mach_insn *in, struct out *out) {
  const struct mach_op_info *info = &f->isa->ops[in->op];
  static const char *const names[4] = {"", "", "base ", "idx "};
  out_printf(out, "%s.%u", in->op == MACH_EVICT ? "evict" : info->name, in->size);
  const mreg r[4] = {in->d, in->s, in->base, in->idx};
  const char *sep = " ";
  for (unsigned i = 0; i < 4; i++) {
    if (r[i] == MREG_NONE) continue;
    out_printf(out, "%s%s", sep, names[i]);
    if (r[i] == MREG_SLOT)
      out_printf(out, "slot %d", in->disp);
    else
      print_reg(f, r[i], out);
    sep = ", ";
  }
  if (in->op == MACH_SPILL || in->op == MACH_RELOAD) out_printf(out, ", slot %d", in->imm);
  if (in->op >= MACH_OP_ISA0 && !(info->flags & MF_CALL) && in->imm) out_printf(out, "%s#%d", sep, in->imm);
  if (!(info->flags & MF_CALL) && in->op != MACH_PARAMS) return;
  const struct mach_call *c = &f->calls.at[in->imm];
  print_list(f, " (", c->args, c->nargs, out);
  if (c->nargs) out_cstr(out, ")");
  print_list(f, " -> ", c->results, c->nresults, out);
}

static void print_block_head(const struct mach_func *f, uint32_t n, struct out *out) {
  const struct mach_block *b = &f->blocks.at[n];
  out_printf(out, "b%u:", n);
  if (b->header) out_cstr(out, " loop head");
  if (b->loop) out_printf(out, " loop %u depth %u", b->loop, b->loop_depth);
  if (b->cold) out_cstr(out, " cold");
  for (uint32_t i = 0; i < b->nsucc; i++)
    out_printf(out, "%s b%u", i ? "," : " ->", f->edges.at[f->succs.at[b->succ + i]].to);
  out_cstr(out, "\n");
  for (uint32_t k = 0; k < b->nphis; k++) {
    out_cstr(out, "  ");
    print_reg(f, f->phis.at[b->phis + k], out);
    out_cstr(out, " = phi");
    for (uint32_t i = 0; i < b->npred; i++) {
      const struct ir_edge *e = &f->edges.at[f->preds.at[b->pred + i]];
      out_printf(out, "%s b%u: ", i ? "," : "", e->from);
      print_reg(f, f->phi_args.at[e->args + k], out);
    }
    out_cstr(out, "\n");
  }
}

void mach_print(const struct mach_func *f, struct out *out) {
  for (uint32_t n = 0; n < f->blocks.len; n++) {
    const struct mach_block *b = &f->blocks.at[n];
    print_block_head(f, n, out);
    for (uint32_t i = b->first; i < b->end; i++) {
      const struct mach_insn *in = &f->insns.at[i];
      out_cstr(out, "  ");
      if (in->op < MACH_OP_ISA0 || !f->isa->print_insn)
        print_plain(f, in, out);
      else
        f->isa->print_insn(f, in, out);
      out_cstr(out, "\n");
    }
  }
}
