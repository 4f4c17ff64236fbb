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
    [MACH_NOP] = {.name = "nop"},
    [MACH_MOVE] = {.name = "move", .role = {D, U}, .flags = MF_MOVE},
    [MACH_XCHG] = {.name = "xchg", .role = {T, T}},
    [MACH_SPILL] = {.name = "spill", .role = {0, U}},
    [MACH_RELOAD] = {.name = "reload", .role = {D}},
    [MACH_PARAMS] = {.name = "params", .flags = MF_CALL},
    [MACH_EVICT] = {.name = "evict", .role = {0, U}},
    [FAKE_CONST] = {.name = "const", .role = {D}},
    [FAKE_FCONST] = {.name = "fconst", .role = {D}},
    [FAKE_ADD] = {.name = "add", .role = {T, U}, .mem_op = FAKE_ADD_M, .flags = MF_SPILL_S | MF_COMMUTES},
    [FAKE_ADD_M] = {.name = "addm", .role = {T, 0, U, U}, .flags = MF_MEM},
    [FAKE_LEA] = {.name = "lea", .role = {D, U, U, U}},
    [FAKE_SHL] = {.name = "shl", .role = {T, E}, .fixed = {0, 2}},
    [FAKE_DIV] = {.name = "div", .role = {T, E}, .fixed = {1}, .clobbers = 4},
    [FAKE_REM] = {.name = "rem", .role = {X, E, U}, .fixed = {3, 0, 1}, .clobbers = 1},
    [FAKE_MULHI] = {.name = "mulhi", .role = {D, U, U}, .fixed = {3, 0, 1}, .clobbers = 1},
    [FAKE_SEQ] = {.name = "seq", .role = {X, U, X}},
    [FAKE_LOAD] = {.name = "load", .role = {D, 0, U, U}, .flags = MF_MEM},
    [FAKE_STORE] = {.name = "store", .role = {0, U, U}, .flags = MF_MEM},
    [FAKE_CMP] = {.name = "cmp", .role = {U, U}, .mem_op = FAKE_CMP_M, .flags = MF_SPILL_S},
    [FAKE_CMP_M] = {.name = "cmpm", .role = {U, 0, U, U}, .flags = MF_MEM},
    [FAKE_FADD] = {.name = "fadd", .role = {T, U}, .mem_op = FAKE_FADD_M, .flags = MF_SPILL_S | MF_COMMUTES},
    [FAKE_FADD_M] = {.name = "faddm", .role = {T, 0, U, U}, .flags = MF_MEM},
    [FAKE_CVT] = {.name = "cvt", .role = {D, U}},
    [FAKE_CVTI] = {.name = "cvti", .role = {D, U}},
    [FAKE_CALL] = {.name = "call", .flags = MF_CALL},
    [FAKE_RET] = {.name = "ret", .flags = MF_CALL | MF_RETURN},
    [FAKE_JMP] = {.name = "jmp", .flags = MF_JUMP},
    [FAKE_BR] = {.name = "br", .role = {0, U}, .flags = MF_JUMP},
    [FAKE_SWITCH] = {.name = "switch", .role = {T, 0, X}, .flags = MF_JUMP},
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
