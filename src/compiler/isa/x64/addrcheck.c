/* Every guest memory operand is base + zero-extended 32-bit index + displacement below 2^31, and whoever
 * writes a 32-bit register clears its upper half (wider indices were compared first). Together they keep a
 * compiled function inside 4 GiB + 2 GiB behind a memory's base.
 *
 * In: a selected function, before allocation (which mach/regcheck.c proves to keep the data flow).  Out: yes,
 * or what is wrong.  Must not: trust selection: it looks at instructions only, not at the IR they were made
 * from. */
#include "compiler/isa/x64/addrcheck.h"

#include "base/bitset.h"

static bool fail(const struct mach_func *f, const struct mach_insn *in, const char *what, struct out *why) {
  out_printf(why, "instruction %u, ", (unsigned)(in - f->insns.at));
  x64_print_insn(f, in, why);
  out_printf(why, ": %s", what);
  return false;
}

static bool is_narrow(const struct mach_func *f, mreg r) {
  if (!mreg_is_virt(r)) return false;
  const struct mach_vreg *v = &f->vregs.at[r - MACH_VREG0];
  return !v->is_float && v->size == 4;
}

/* Does `in` leave zeros in the upper half of d? `next`: the instruction behind it, or NULL. */
static bool clears_upper(const struct mach_func *f, const struct mach_insn *in,
                         const struct mach_insn *next) {
  switch (in->op) {
  case MACH_MOVE: /* of a wider value only into an operation that follows and is itself narrow */
    if (is_narrow(f, in->s)) return true;
    return next && next->d == in->d && (x64_ops[next->op].role[0] & ROLE_USE) && next->op != MACH_MOVE &&
           clears_upper(f, next, NULL);
  case X64_MOV_RI: return in->size == 4 || in->disp == 0;
  case X64_MOV32_RR:
  case X64_MOVZX8_RR:
  case X64_MOVZX8_RM:
  case X64_MOVZX16_RR:
  case X64_MOVZX16_RM:
  case X64_SETCC:
  case X64_LOCK_RMW:
  case X64_CVTT32:
  case X64_CVTT32_RM:
  case X64_SAT_U32: return true;
  case X64_SAT_S: return in->imm == 4;
  case X64_MOVSXD_RR:
  case X64_MOVSXD_RM:
  case X64_CVTT64:
  case X64_CVTT64_RM:
  case X64_TRUNC_U64:
  case X64_SAT_U64: return false;
  default: return in->size == 4;
  }
}

/* Wider indices (memory64, other page sizes, large static offsets) have been compared with the memory's size:
 * themselves, or what they were computed from. Which registers those are, by number of the virtual register.
 */
static struct bitset compared_registers(const struct mach_func *f) {
  struct bitset set;
  bitset_init(&set, f->arena, f->vregs.len);
  for (uint32_t i = 0; i < f->insns.len; i++) {
    const struct mach_insn *in = &f->insns.at[i];
    bool compares = in->size == 8 && (in->op == X64_CMP_RR || in->op == X64_CMP_RM || in->op == X64_CMP_MR ||
                                      in->op == X64_CMP_RI);
    if (compares && mreg_is_virt(in->d)) bitset_add(&set, in->d - MACH_VREG0);
    if (compares && mreg_is_virt(in->s)) bitset_add(&set, in->s - MACH_VREG0);
  }
  for (uint32_t i = 0; i < f->insns.len; i++) {
    const struct mach_insn *in = &f->insns.at[i];
    bool copies = in->op == MACH_MOVE || in->op == X64_CMOV_RR || in->op == X64_ADD_RR, from = false;
    if (copies && mreg_is_virt(in->s)) from = bitset_has(&set, in->s - MACH_VREG0);
    if (in->op == X64_LEA && mreg_is_virt(in->base)) from = bitset_has(&set, in->base - MACH_VREG0);
    if ((from || in->op == X64_MOV_RI) && mreg_is_virt(in->d)) bitset_add(&set, in->d - MACH_VREG0);
  }
  return set;
}

bool x64_check_addresses(const struct mach_func *f, struct out *why) {
  struct bitset compared = compared_registers(f);
  for (uint32_t i = 0; i < f->insns.len; i++) {
    const struct mach_insn *in = &f->insns.at[i], *next = i + 1 < f->insns.len ? in + 1 : NULL;
    const struct mach_op_info *info = &x64_ops[in->op];
    if ((info->role[0] & ROLE_DEF) && is_narrow(f, in->d) && !clears_upper(f, in, next))
      return fail(f, in, "a 32-bit register gets a dirty upper half", why);
    if (!(info->flags & MF_MEM) || (in->flags & X64_POOL) || in->op == X64_LEA) continue;
    bool guest = in->base == X64_MEMORY0 || in->trap == TRAP_MEMORY_OUT_OF_BOUNDS;
    if (!guest) continue;
    if (in->trap != TRAP_MEMORY_OUT_OF_BOUNDS)
      return fail(f, in, "an access to memory 0 that is no trap site", why);
    if (in->base != X64_MEMORY0 && !mreg_is_virt(in->base))
      return fail(f, in, "not the base of a memory", why);
    if (in->disp < 0 || in->disp > INT32_MAX - 63)
      return fail(f, in, "the displacement leaves the reservation", why);
    if (in->idx == MREG_NONE) continue;
    bool bounded =
        mreg_is_virt(in->idx) && (is_narrow(f, in->idx) || bitset_has(&compared, in->idx - MACH_VREG0));
    if (in->scale || !bounded) return fail(f, in, "the index may have more than 32 bits", why);
  }
  return true;
}
