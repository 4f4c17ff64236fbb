/* Random functions for the fake instruction set: structured control flow with loops in loops, breaks, merges
 * with phis, critical edges split, calls, and all constraint kinds. The same seed gives the same function. */
#ifndef TESTS_SUPPORT_FAKE_FUNC_H
#define TESTS_SUPPORT_FAKE_FUNC_H

#include "fake_isa.h"

struct fake_shape {
  uint32_t seed;
  unsigned nint, nfloat, kept; /* registers */
  unsigned vars, size;         /* variables, about as many instructions */
  bool calls, fixed;
};

enum { FAKE_VARS = 48, FAKE_LABELS = 16 };
struct fake_label {
  bool is_loop;
  uint32_t loop, header;
  bool frozen[FAKE_VARS]; /* loops: variables without a phi */
  VEC(uint32_t) edges;    /* numbers */
  VEC(mreg) values;       /* of all variables, for each edge */
};
struct fake_builder {
  struct mach_func *f;
  struct ir_func *ir;
  struct arena *a;
  struct fake_shape shape;
  uint64_t rng;
  mreg var[FAKE_VARS];
  unsigned frozen[FAKE_VARS]; /* loops around that have no phi for it */
  bool is_float[FAKE_VARS];
  struct fake_label label[FAKE_LABELS];
  unsigned nlabels;
  uint32_t loop, depth, budget;
  bool reachable, cold;
};

static inline uint32_t fake_rand(struct fake_builder *b, uint32_t n) {
  b->rng ^= b->rng << 13;
  b->rng ^= b->rng >> 7;
  b->rng ^= b->rng << 17;
  return (uint32_t)((b->rng >> 11) % n);
}

static inline mreg fake_vreg(struct fake_builder *b, bool is_float) {
  uint8_t size = is_float ? (b->shape.seed % 6 ? 8 : 16) : (fake_rand(b, 2) ? 8 : 4);
  return mach_vreg_new(b->f, is_float, size, false);
}

static inline void fake_emit(struct fake_builder *b, uint16_t op, mreg d, mreg s, mreg base, mreg idx,
                             int32_t imm) {
  struct mach_insn in = {
      .op = op, .size = 8, .d = d, .s = s, .base = base, .idx = idx, .imm = imm, .src = b->f->insns.len / 16};
  VEC_PUSH(b->a, &b->f->insns, in);
  b->f->blocks.at[b->f->blocks.len - 1].end = b->f->insns.len;
}

static inline uint32_t fake_block(struct fake_builder *b, bool header) {
  struct mach_block block = {.first = b->f->insns.len,
                             .end = b->f->insns.len,
                             .loop = b->loop,
                             .loop_depth = b->depth,
                             .cold = b->cold,
                             .header = header,
                             .phis = b->f->phis.len};
  VEC_PUSH(b->a, &b->f->blocks, block);
  return b->f->blocks.len - 1;
}

/* A successor of the newest block; `to` may be filled in later. */
static inline uint32_t fake_edge(struct fake_builder *b, uint32_t to) {
  struct mach_block *from = &b->f->blocks.at[b->f->blocks.len - 1];
  struct ir_edge e = {.from = b->f->blocks.len - 1, .to = to};
  VEC_PUSH(b->a, &b->f->edges, e);
  if (!from->nsucc) from->succ = b->f->succs.len;
  VEC_PUSH(b->a, &b->f->succs, b->f->edges.len - 1);
  from->nsucc++;
  return b->f->edges.len - 1;
}

static inline unsigned fake_var(struct fake_builder *b, bool is_float) {
  for (;;) {
    unsigned v = fake_rand(b, b->shape.vars);
    if (b->is_float[v] == is_float) return v;
  }
}
static inline mreg fake_use(struct fake_builder *b, bool is_float) { return b->var[fake_var(b, is_float)]; }
static inline void fake_set(struct fake_builder *b, bool is_float, mreg value) {
  for (unsigned tries = 0; tries < 8; tries++) {
    unsigned v = fake_var(b, is_float);
    if (b->frozen[v]) continue;
    b->var[v] = value;
    return;
  }
}

static inline mreg fake_tied(struct fake_builder *b, uint16_t op, bool is_float, mreg s) {
  mreg d = fake_vreg(b, is_float), a = fake_use(b, is_float);
  b->f->vregs.at[d - MACH_VREG0].size = b->f->vregs.at[a - MACH_VREG0].size;
  fake_emit(b, MACH_MOVE, d, a, MREG_NONE, MREG_NONE, 0);
  fake_emit(b, op, d, s, MREG_NONE, MREG_NONE, 0);
  return d;
}

static inline void fake_fixed_add(struct fake_builder *b, mreg reg, uint8_t phys) {
  struct mach_fixed x = {.reg = reg, .phys = phys};
  VEC_PUSH(b->a, &b->f->fixed, x);
}

static inline void fake_call(struct fake_builder *b, uint16_t op) {
  struct mach_func *f = b->f;
  uint64_t all = f->isa->allocatable & ~f->isa->callee_saved;
  struct mach_call c = {.args = f->fixed.len};
  unsigned nargs = fake_rand(b, 6);
  for (unsigned i = 0; i < nargs; i++) {
    bool is_float = fake_rand(b, 3) == 0;
    unsigned at = i / 2;
    if (!(all >> (is_float * 32 + at) & 1)) continue;
    bool twice = false;
    for (uint32_t k = c.args; k < f->fixed.len; k++)
      twice |= f->fixed.at[k].phys == is_float * 32 + at;
    if (!twice) fake_fixed_add(b, fake_use(b, is_float), (uint8_t)(is_float * 32 + at));
  }
  c.nargs = f->fixed.len - c.args;
  c.results = f->fixed.len;
  if (op == FAKE_CALL) {
    c.clobbers = all;
    if (fake_rand(b, 4)) fake_fixed_add(b, fake_vreg(b, false), 0);
    if (fake_rand(b, 2)) fake_fixed_add(b, fake_vreg(b, true), 32);
  }
  c.nresults = f->fixed.len - c.results;
  VEC_PUSH(b->a, &f->calls, c);
  fake_emit(b, op, MREG_NONE, MREG_NONE, MREG_NONE, MREG_NONE, (int32_t)f->calls.len - 1);
  for (uint32_t i = c.results; i < c.results + c.nresults; i++)
    if (fake_rand(b, 5)) fake_set(b, f->fixed.at[i].phys >= 32, f->fixed.at[i].reg);
}

static inline void fake_straight(struct fake_builder *b) {
  struct mach_func *f = b->f;
  mreg d, t;
  uint32_t kind = fake_rand(b, 20);
  if (kind >= 13 && kind <= 16 && !b->shape.fixed) kind = 3;
  if (kind == 17 && (!b->shape.calls || fake_rand(b, 2))) kind = 4;
  switch (kind) {
  case 0:
  case 1: {
    bool is_float = kind == 1;
    d = fake_vreg(b, is_float);
    /* Few constants: what looks like one of another register's is what the proof must tell from it. */
    fake_emit(b, is_float ? FAKE_FCONST : FAKE_CONST, d, MREG_NONE, MREG_NONE, MREG_NONE,
              (int32_t)fake_rand(b, 3));
    if (fake_rand(b, 3) == 0) { /* the first value of a sum: of two definitions, so never made again */
      fake_emit(b, is_float ? FAKE_FADD : FAKE_ADD, d, fake_use(b, is_float), MREG_NONE, MREG_NONE, 0);
      fake_set(b, is_float, d);
      return;
    }
    VEC_PUSH(b->a, &f->remats, VEC_LAST(&f->insns));
    f->vregs.at[d - MACH_VREG0].remat = f->remats.len;
    fake_set(b, is_float, d);
    return;
  }
  case 2:
  case 3:
  case 4:
  case 5:
  case 6: fake_set(b, false, fake_tied(b, FAKE_ADD, false, fake_use(b, false))); return;
  case 7:
  case 8: fake_set(b, true, fake_tied(b, FAKE_FADD, true, fake_use(b, true))); return;
  case 9:
    d = fake_vreg(b, false);
    fake_emit(b, FAKE_LEA, d, fake_use(b, false), fake_use(b, false),
              b->shape.nint > 3 ? fake_use(b, false) : MREG_NONE, 0);
    fake_set(b, false, d);
    return;
  case 10:
    d = fake_vreg(b, false);
    fake_emit(b, FAKE_LOAD, d, MREG_NONE, fake_use(b, false),
              fake_rand(b, 2) ? fake_use(b, false) : MREG_NONE, 0);
    fake_set(b, false, d);
    return;
  case 11:
    fake_emit(b, FAKE_STORE, MREG_NONE, fake_use(b, fake_rand(b, 3) == 0), fake_use(b, false), MREG_NONE, 0);
    return;
  case 12: fake_emit(b, FAKE_CMP, fake_use(b, false), fake_use(b, false), MREG_NONE, MREG_NONE, 0); return;
  case 13: fake_set(b, false, fake_tied(b, FAKE_SHL, false, fake_use(b, false))); return;
  case 14: fake_set(b, false, fake_tied(b, FAKE_DIV, false, fake_use(b, false))); return;
  case 15:
    d = fake_vreg(b, false);
    t = fake_use(b, false);
    fake_emit(b, fake_rand(b, 2) ? FAKE_REM : FAKE_MULHI, d, t, fake_use(b, false), MREG_NONE, 0);
    fake_set(b, false, d);
    return;
  case 16:
    d = fake_vreg(b, false);
    fake_emit(b, FAKE_SEQ, d, fake_use(b, false), fake_vreg(b, false), MREG_NONE, 0);
    if (fake_rand(b, 4)) fake_set(b, false, d);
    return;
  case 17: fake_call(b, FAKE_CALL); return;
  case 18:
    d = fake_vreg(b, true);
    fake_emit(b, FAKE_CVT, d, fake_use(b, false), MREG_NONE, MREG_NONE, 0);
    fake_set(b, true, d);
    return;
  default:
    d = fake_vreg(b, false);
    fake_emit(b, FAKE_CVTI, d, fake_use(b, true), MREG_NONE, MREG_NONE, 0);
    fake_set(b, false, d);
    return;
  }
}

static inline struct fake_label *fake_open(struct fake_builder *b, bool is_loop) {
  struct fake_label *l = &b->label[b->nlabels++];
  memset(l, 0, sizeof *l);
  l->is_loop = is_loop;
  return l;
}

/* An edge from the newest block, which has its jump, to the label. */
static inline void fake_branch(struct fake_builder *b, struct fake_label *l) {
  uint32_t e = fake_edge(b, l->is_loop ? l->header : UINT32_MAX);
  VEC_PUSH(b->a, &l->edges, e);
  for (unsigned v = 0; v < b->shape.vars; v++)
    VEC_PUSH(b->a, &l->values, b->var[v]);
}

/* Phi arguments of all edges of a label, for the variables that `phi` has. */
static inline void fake_arguments(struct fake_builder *b, struct fake_label *l, const bool *phi) {
  for (uint32_t i = 0; i < l->edges.len; i++) {
    struct ir_edge *e = &b->f->edges.at[l->edges.at[i]];
    e->args = b->f->phi_args.len;
    for (unsigned v = 0; v < b->shape.vars; v++)
      if (phi[v]) VEC_PUSH(b->a, &b->f->phi_args, l->values.at[i * b->shape.vars + v]);
  }
}

static inline mreg fake_phi(struct fake_builder *b, unsigned v) {
  mreg p = fake_vreg(b, b->is_float[v]);
  VEC_PUSH(b->a, &b->f->phis, p);
  VEC_LAST(&b->f->blocks).nphis++;
  return p;
}

/* The block at the end of a block label: merges what came. */
static inline void fake_join(struct fake_builder *b) {
  struct fake_label *l = &b->label[--b->nlabels];
  if (!l->edges.len) {
    b->reachable = false;
    return;
  }
  uint32_t n = fake_block(b, false);
  bool phi[FAKE_VARS] = {0};
  for (unsigned v = 0; v < b->shape.vars; v++) {
    for (uint32_t i = 1; i < l->edges.len; i++)
      phi[v] |= l->values.at[i * b->shape.vars + v] != l->values.at[v];
    b->var[v] = phi[v] ? fake_phi(b, v) : l->values.at[v];
  }
  for (uint32_t i = 0; i < l->edges.len; i++)
    b->f->edges.at[l->edges.at[i]].to = n;
  fake_arguments(b, l, phi);
  b->reachable = true;
}

static inline void fake_body(struct fake_builder *b, unsigned nesting);

static inline void fake_jump(struct fake_builder *b, struct fake_label *l) {
  fake_emit(b, FAKE_JMP, MREG_NONE, MREG_NONE, MREG_NONE, MREG_NONE, 0);
  fake_branch(b, l);
}

static inline void fake_loop(struct fake_builder *b, unsigned nesting) {
  struct fake_label *l = fake_open(b, true);
  struct ir_loop loop = {.header = b->f->blocks.len, .parent = b->loop, .depth = b->depth + 1};
  bool phi[FAKE_VARS];
  for (unsigned v = 0; v < b->shape.vars; v++) {
    phi[v] = fake_rand(b, 2) && !b->frozen[v];
    if (!phi[v]) b->frozen[v]++;
  }
  l->header = b->f->blocks.len;
  fake_jump(b, l);
  uint32_t outer = b->loop;
  VEC_PUSH(b->a, &b->ir->loops, loop);
  l->loop = b->loop = b->ir->loops.len - 1;
  b->depth++;
  fake_block(b, true);
  for (unsigned v = 0; v < b->shape.vars; v++)
    if (phi[v]) b->var[v] = fake_phi(b, v);
  fake_body(b, nesting);
  if (b->reachable && fake_rand(b, 4)) { /* again, or on */
    fake_emit(b, FAKE_BR, MREG_NONE, fake_use(b, false), MREG_NONE, MREG_NONE, 0);
    uint32_t e = fake_edge(b, 0), on = fake_edge(b, 0);
    b->f->edges.at[e].to = fake_block(b, false);
    fake_jump(b, l);
    b->f->edges.at[on].to = b->f->blocks.len;
    b->ir->loops.at[b->loop].end = b->f->blocks.len;
    b->loop = outer;
    b->depth--;
    fake_block(b, false);
  } else if (b->reachable) {
    fake_jump(b, l);
    b->reachable = false;
  }
  if (b->loop == l->loop) {
    b->ir->loops.at[b->loop].end = b->f->blocks.len;
    b->loop = outer;
    b->depth--;
  }
  b->nlabels--;
  fake_arguments(b, l, phi);
  for (unsigned v = 0; v < b->shape.vars; v++)
    if (!phi[v]) b->frozen[v]--;
}

/* A branch to a label around, now and then. */
static inline void fake_leave(struct fake_builder *b) {
  struct fake_label *l = &b->label[fake_rand(b, b->nlabels)];
  fake_emit(b, FAKE_BR, MREG_NONE, fake_use(b, false), MREG_NONE, MREG_NONE, 0);
  uint32_t e = fake_edge(b, 0), on = fake_edge(b, 0);
  b->f->edges.at[e].to = fake_block(b, false);
  fake_jump(b, l);
  b->f->edges.at[on].to = fake_block(b, false);
}

static inline void fake_if(struct fake_builder *b, unsigned nesting) {
  unsigned arms = fake_rand(b, 4) ? 2 : 3, at = b->nlabels;
  fake_open(b, false);
  uint32_t edge[3];
  mreg var[FAKE_VARS];
  bool cold = b->cold;
  if (arms == 2) {
    fake_emit(b, FAKE_BR, MREG_NONE, fake_use(b, false), MREG_NONE, MREG_NONE, 0);
  } else {
    mreg d = fake_vreg(b, false);
    fake_emit(b, MACH_MOVE, d, fake_use(b, false), MREG_NONE, MREG_NONE, 0);
    fake_emit(b, FAKE_SWITCH, d, MREG_NONE, fake_vreg(b, false), MREG_NONE, 0);
  }
  for (unsigned i = 0; i < arms; i++)
    edge[i] = fake_edge(b, 0);
  memcpy(var, b->var, sizeof var);
  for (unsigned i = 0; i < arms; i++) {
    b->cold = cold || fake_rand(b, 5) == 0;
    b->f->edges.at[edge[i]].to = fake_block(b, false);
    memcpy(b->var, var, sizeof var);
    b->reachable = true;
    if (i || fake_rand(b, 2)) fake_body(b, nesting);
    if (b->reachable) fake_jump(b, &b->label[at]);
    b->cold = cold;
  }
  fake_join(b);
}

static inline void fake_body(struct fake_builder *b, unsigned nesting) {
  uint32_t n = fake_rand(b, 12) + 1;
  while (n-- && b->budget && b->reachable) {
    b->budget--;
    uint32_t kind = fake_rand(b, 16);
    if (kind == 0 && nesting < 6 && b->nlabels + 1 < FAKE_LABELS) {
      fake_loop(b, nesting + 1);
    } else if (kind <= 2 && nesting < 6 && b->nlabels + 1 < FAKE_LABELS) {
      fake_if(b, nesting + 1);
    } else if (kind == 3 && b->nlabels) {
      fake_leave(b);
    } else if (kind == 4 && nesting < 6 && b->nlabels + 1 < FAKE_LABELS) {
      unsigned at = b->nlabels;
      fake_open(b, false);
      fake_body(b, nesting + 1);
      if (b->reachable) fake_jump(b, &b->label[at]);
      fake_join(b);
    } else {
      fake_straight(b);
    }
  }
}

static inline struct mach_func *fake_func(struct arena *a, const struct isa *isa, struct fake_shape shape) {
  struct fake_builder *b = ARENA_NEW(a, struct fake_builder);
  b->a = a;
  b->f = ARENA_NEW(a, struct mach_func);
  b->ir = ARENA_NEW(a, struct ir_func);
  b->shape = shape;
  b->rng = shape.seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
  b->budget = shape.size;
  b->f->arena = a;
  b->f->isa = isa;
  b->f->ir = b->ir;
  struct ir_loop none = {0};
  VEC_PUSH(a, &b->ir->loops, none);
  fake_block(b, false);
  struct mach_call params = {.results = 0};
  for (unsigned v = 0; v < shape.vars; v++)
    b->is_float[v] = v == 1 || (v > 1 && fake_rand(b, 3) == 0);
  unsigned ints = 0, floats = 0, inits = 0;
  for (unsigned v = 0; v < shape.vars; v++) {
    bool is_float = b->is_float[v];
    unsigned *n = is_float ? &floats : &ints;
    b->var[v] = fake_vreg(b, is_float);
    if (*n + 1 < (is_float ? shape.nfloat : shape.nint - shape.kept) && inits == v) {
      fake_fixed_add(b, b->var[v], (uint8_t)(is_float * 32 + (*n)++));
      inits++;
    }
  }
  params.nresults = b->f->fixed.len;
  VEC_PUSH(a, &b->f->calls, params);
  fake_emit(b, MACH_PARAMS, MREG_NONE, MREG_NONE, MREG_NONE, MREG_NONE, 0);
  for (unsigned v = inits; v < shape.vars; v++)
    fake_emit(b, b->is_float[v] ? FAKE_FCONST : FAKE_CONST, b->var[v], MREG_NONE, MREG_NONE, MREG_NONE,
              (int32_t)v);
  b->reachable = true;
  while (b->budget && b->reachable)
    fake_body(b, 0);
  if (b->reachable) fake_call(b, FAKE_RET);
  struct mach_func *f = b->f;
  for (uint32_t i = 0; i < f->edges.len; i++)
    f->blocks.at[f->edges.at[i].to].npred++;
  uint32_t at = 0;
  for (uint32_t n = 0; n < f->blocks.len; n++) {
    f->blocks.at[n].pred = at;
    at += f->blocks.at[n].npred;
    f->blocks.at[n].npred = 0;
  }
  VEC_RESERVE(a, &f->preds, at);
  f->preds.len = at;
  for (uint32_t i = 0; i < f->edges.len; i++) {
    struct mach_block *to = &f->blocks.at[f->edges.at[i].to];
    f->preds.at[to->pred + to->npred++] = i;
  }
  return f;
}

#endif
