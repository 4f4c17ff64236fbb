/* An instruction set for tests of the allocator: few registers, every kind of constraint, and a meaning.
 *
 * Integer registers r0.., float registers 32..; the top one of each kind is kept by calls when there are
 * enough. `fake_run` executes a function before allocation (virtual registers, phis) or after it (registers,
 * slots): both must leave the same digest. */
#ifndef TESTS_SUPPORT_FAKE_ISA_H
#define TESTS_SUPPORT_FAKE_ISA_H

#include "compiler/mach/alloc.h"

#include <string.h>

enum fake_op {
  FAKE_CONST = MACH_OP_ISA0, /* d = imm; remat */
  FAKE_FCONST,
  FAKE_ADD,   /* d += s */
  FAKE_ADD_M, /* d += slot */
  FAKE_LEA,   /* d = f(s, base, idx) */
  FAKE_SHL,   /* d <<= r1 */
  FAKE_DIV,   /* r0 = r0 / s, r2 lost */
  FAKE_REM,   /* r2 = r0 % s, written early, r0 lost */
  FAKE_MULHI, /* r2 = high(r0 * s), r0 lost */
  FAKE_SEQ,   /* d and the temporary base are written before s is read */
  FAKE_LOAD,  /* d = f(base, idx) */
  FAKE_STORE, /* digest of s, base */
  FAKE_CMP,   /* digest of d, s; s may be a slot */
  FAKE_CMP_M,
  FAKE_FADD,
  FAKE_FADD_M,
  FAKE_CVT,  /* float d = int s */
  FAKE_CVTI, /* int d = float s */
  FAKE_CALL,
  FAKE_RET,
  FAKE_JMP,
  FAKE_BR,     /* s odd: successor 0 */
  FAKE_SWITCH, /* successor d mod n; d and the temporary base are lost */
  FAKE_END
};

enum {
  U = ROLE_USE,
  D = ROLE_DEF,
  T = ROLE_USE | ROLE_DEF,
  E = ROLE_USE | ROLE_EARLY,
  X = ROLE_DEF | ROLE_EARLY
};
static const struct mach_op_info fake_ops[FAKE_END] = {
    [MACH_NOP] = MACH_OP("nop", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    [MACH_MOVE] = MACH_OP("move", D, U, 0, 0, 0, 0, 0, 0, 0, MF_MOVE),
    [MACH_XCHG] = MACH_OP("xchg", T, T, 0, 0, 0, 0, 0, 0, 0, 0),
    [MACH_SPILL] = MACH_OP("spill", 0, U, 0, 0, 0, 0, 0, 0, 0, 0),
    [MACH_RELOAD] = MACH_OP("reload", D, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    [MACH_PARAMS] = MACH_OP("params", 0, 0, 0, 0, 0, 0, 0, 0, 0, MF_CALL),
    [MACH_EVICT] = MACH_OP("evict", 0, U, 0, 0, 0, 0, 0, 0, 0, 0),
    [FAKE_CONST] = MACH_OP("const", D, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    [FAKE_FCONST] = MACH_OP("fconst", D, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    [FAKE_ADD] = MACH_OP("add", T, U, 0, 0, 0, 0, 0, 0, FAKE_ADD_M, MF_SPILL_S | MF_COMMUTES),
    [FAKE_ADD_M] = MACH_OP("addm", T, 0, U, U, 0, 0, 0, 0, 0, MF_MEM),
    [FAKE_LEA] = MACH_OP("lea", D, U, U, U, 0, 0, 0, 0, 0, 0),
    [FAKE_SHL] = MACH_OP("shl", T, E, 0, 0, 0, 2, 0, 0, 0, 0),
    [FAKE_DIV] = MACH_OP("div", T, E, 0, 0, 1, 0, 0, 4, 0, 0),
    [FAKE_REM] = MACH_OP("rem", X, E, U, 0, 3, 0, 1, 1, 0, 0),
    [FAKE_MULHI] = MACH_OP("mulhi", D, U, U, 0, 3, 0, 1, 1, 0, 0),
    [FAKE_SEQ] = MACH_OP("seq", X, U, X, 0, 0, 0, 0, 0, 0, 0),
    [FAKE_LOAD] = MACH_OP("load", D, 0, U, U, 0, 0, 0, 0, 0, MF_MEM),
    [FAKE_STORE] = MACH_OP("store", 0, U, U, 0, 0, 0, 0, 0, 0, MF_MEM),
    [FAKE_CMP] = MACH_OP("cmp", U, U, 0, 0, 0, 0, 0, 0, FAKE_CMP_M, MF_SPILL_S),
    [FAKE_CMP_M] = MACH_OP("cmpm", U, 0, U, U, 0, 0, 0, 0, 0, MF_MEM),
    [FAKE_FADD] = MACH_OP("fadd", T, U, 0, 0, 0, 0, 0, 0, FAKE_FADD_M, MF_SPILL_S | MF_COMMUTES),
    [FAKE_FADD_M] = MACH_OP("faddm", T, 0, U, U, 0, 0, 0, 0, 0, MF_MEM),
    [FAKE_CVT] = MACH_OP("cvt", D, U, 0, 0, 0, 0, 0, 0, 0, 0),
    [FAKE_CVTI] = MACH_OP("cvti", D, U, 0, 0, 0, 0, 0, 0, 0, 0),
    [FAKE_CALL] = MACH_OP("call", 0, 0, 0, 0, 0, 0, 0, 0, 0, MF_CALL),
    [FAKE_RET] = MACH_OP("ret", 0, 0, 0, 0, 0, 0, 0, 0, 0, MF_CALL | MF_RETURN),
    [FAKE_JMP] = MACH_OP("jmp", 0, 0, 0, 0, 0, 0, 0, 0, 0, MF_JUMP),
    [FAKE_BR] = MACH_OP("br", 0, U, 0, 0, 0, 0, 0, 0, 0, MF_JUMP),
    [FAKE_SWITCH] = MACH_OP("switch", T, 0, X, 0, 0, 0, 0, 0, 0, MF_JUMP),
};

/* nint >= 3, of which the last `kept` are callee-saved; nfloat >= 2. */
static inline struct isa fake_isa(unsigned nint, unsigned nfloat, unsigned kept) {
  uint64_t ints = (UINT64_C(1) << nint) - 1, floats = ((UINT64_C(1) << nfloat) - 1) << 32;
  return (struct isa){
      .name = "fake",
      .ops = fake_ops,
      .nops = FAKE_END,
      .allocatable = ints | floats,
      .callee_saved = ints & ~((UINT64_C(1) << (nint - kept)) - 1),
      .scratch_float = 63,
  };
}

static inline uint64_t fake_mix(uint64_t a, uint64_t b) {
  uint64_t x = (a ^ b * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xbf58476d1ce4e5b9);
  return x ^ x >> 29;
}

struct fake_machine {
  const struct mach_func *f;
  uint64_t *vregs; /* before allocation */
  uint64_t regs[64];
  uint64_t *slots;
  uint64_t digest, junk;
};

static inline uint64_t *fake_place(struct fake_machine *m, mreg r) {
  return mreg_is_phys(r) ? &m->regs[r] : &m->vregs[r - MACH_VREG0];
}
static inline uint64_t fake_get(struct fake_machine *m, mreg r) {
  return r == MREG_NONE ? 0 : *fake_place(m, r);
}
/* Where a call's value is: in its register once that is decided. */
static inline uint64_t *fake_fixed(struct fake_machine *m, const struct mach_fixed *x, bool allocated) {
  return allocated ? &m->regs[x->phys] : fake_place(m, x->reg);
}

static inline void fake_step(struct fake_machine *m, const struct mach_insn *in, bool allocated,
                             uint32_t *successor) {
  const struct mach_op_info *info = &fake_ops[in->op];
  uint64_t d = fake_get(m, in->d), s = fake_get(m, in->s), result = 0;
  uint64_t base = in->base == MREG_SLOT ? m->slots[in->disp] : fake_get(m, in->base),
           idx = fake_get(m, in->idx);
  const struct mach_call *call = (info->flags & MF_CALL) ? &m->f->calls.at[in->imm] : NULL;
  uint64_t clobbers = info->clobbers | (call ? call->clobbers : 0);
  bool defines = (info->role[0] & ROLE_DEF) != 0;
  switch (in->op) {
  case MACH_MOVE: result = s; break;
  case MACH_XCHG:
    *fake_place(m, in->s) = d;
    result = s;
    break;
  case MACH_SPILL: m->slots[in->imm] = s; return;
  case MACH_RELOAD: result = m->slots[in->imm]; break;
  case FAKE_CONST:
  case FAKE_FCONST: result = (uint64_t)in->imm; break;
  case FAKE_ADD:
  case FAKE_FADD: result = d + s; break;
  case FAKE_ADD_M:
  case FAKE_FADD_M: result = d + base; break;
  case FAKE_LEA: result = fake_mix(fake_mix(s, base), idx); break;
  case FAKE_SHL: result = d << (s & 63); break;
  case FAKE_DIV: result = s ? d / s : 0; break;
  case FAKE_REM: result = s ? base % s : base; break;
  case FAKE_MULHI: result = fake_mix(s, base); break;
  case FAKE_SEQ: result = fake_mix(s, 7); break;
  case FAKE_LOAD: result = fake_mix(base, idx + 1); break;
  case FAKE_STORE: m->digest = fake_mix(m->digest, fake_mix(s, base)); break;
  case FAKE_CMP: m->digest = fake_mix(m->digest, d - s); break;
  case FAKE_CMP_M: m->digest = fake_mix(m->digest, d - base); break;
  case FAKE_CVT:
  case FAKE_CVTI: result = s ^ 0x55; break;
  case FAKE_BR: *successor = s & 1 ? 0 : 1; break;
  case FAKE_SWITCH:
    *successor = (uint32_t)(d % 3);
    result = m->junk;
    break;
  default: break;
  }
  for (uint32_t i = 0; call && i < call->nargs; i++)
    m->digest = fake_mix(m->digest, *fake_fixed(m, &m->f->fixed.at[call->args + i], allocated));
  for (uint64_t rest = clobbers; rest; rest &= rest - 1)
    m->regs[__builtin_ctzll(rest)] = m->junk++;
  if ((info->role[2] & ROLE_DEF) && in->base != MREG_NONE) *fake_place(m, in->base) = m->junk;
  if (defines && in->d != MREG_NONE) *fake_place(m, in->d) = result;
  for (uint32_t i = 0; call && i < call->nresults; i++)
    *fake_fixed(m, &m->f->fixed.at[call->results + i], allocated) = fake_mix(m->digest, i);
}

/* Digest of at most `steps` instructions that are not the allocator's own. */
static inline uint64_t fake_run(const struct mach_func *f, struct arena *a, bool allocated, uint32_t blocks) {
  struct fake_machine m = {.f = f, .junk = UINT64_C(0xdead00000000)};
  struct arena_mark mark = arena_mark(a);
  m.vregs = ARENA_ARRAY(a, uint64_t, f->vregs.len + 1u);
  m.slots = ARENA_ARRAY(a, uint64_t, f->nslots8 + f->nslots16 + 1u);
  uint64_t *args = ARENA_ARRAY(a, uint64_t, f->phis.len + 1u);
  uint32_t n = 0;
  while (blocks--) {
    const struct mach_block *b = &f->blocks.at[n];
    uint32_t successor = 0;
    for (uint32_t i = b->first; i < b->end; i++)
      fake_step(&m, &f->insns.at[i], allocated, &successor);
    m.digest = fake_mix(m.digest, n);
    if (!b->nsucc) break;
    const struct ir_edge *e =
        &f->edges.at[f->succs.at[b->succ + (successor < b->nsucc ? successor : b->nsucc - 1)]];
    const struct mach_block *to = &f->blocks.at[e->to];
    if (!allocated) {
      for (uint32_t k = 0; k < to->nphis; k++)
        args[k] = fake_get(&m, f->phi_args.at[e->args + k]);
      for (uint32_t k = 0; k < to->nphis; k++)
        *fake_place(&m, f->phis.at[to->phis + k]) = args[k];
    }
    n = e->to;
  }
  arena_release(a, mark);
  return m.digest;
}

#endif
