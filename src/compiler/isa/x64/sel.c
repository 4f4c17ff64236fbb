/* What every part of selection needs: registers for values, constants, the pool, pushing instructions.
 *
 * Must not: decide which instruction computes an operation. */
#include "compiler/isa/x64/sel.h"

#include <string.h>

const uint8_t x64_type_sizes[IR_TYPE_COUNT] = {
    [IR_VOID] = 8,  [IR_I32] = 4, [IR_I64] = 8, [IR_F32] = 4,    [IR_F64] = 8,
    [IR_V128] = 16, [IR_REF] = 4, [IR_PTR] = 8, [IR_FUNCREF] = 8};

static NOINLINE void push_grown(struct x64_sel *s, const struct mach_insn *in) {
  VEC_RESERVE(s->arena, &s->f->insns, s->f->insns.len + 1);
  x64_push_from(s, in);
}

void x64_push_from(struct x64_sel *s, const struct mach_insn *in) {
  struct mach_func *f = s->f;
  uint32_t len = f->insns.len;
  if (len == f->insns.cap) {
    push_grown(s, in);
    return;
  }
  struct mach_insn *to = &f->insns.at[len];
  *to = *in;
  if (!in->src) to->src = s->ir->wasm_off.at[s->at];
  f->insns.len = len + 1;
  s->ncompares += (unsigned)(in->op - X64_CMP_RR) <= X64_TEST_MI - X64_CMP_RR;
}
static_assert(X64_TEST_MI - X64_CMP_RR == 8, "the comparisons stand together");

void x64_push_rr(struct x64_sel *s, enum x64_op op, uint8_t size, mreg d, mreg src) {
  struct mach_insn in = x64_new(op, size);
  in.d = d;
  in.s = src;
  x64_push(s, in);
}

/* The register stands in d, or in s where the row only reads it. */
void x64_push_ri(struct x64_sel *s, enum x64_op op, uint8_t size, mreg d, int32_t imm) {
  struct mach_insn in = x64_new(op, size);
  if (x64_ops[op].role[0])
    in.d = d;
  else
    in.s = d;
  in.imm = imm;
  x64_push(s, in);
}

mreg x64_temp(struct x64_sel *s, uint8_t ir_type) {
  return mach_vreg_new(s->f, ir_type_is_float(ir_type), x64_type_size(ir_type), ir_type == IR_REF);
}

mreg x64_instance_field(struct x64_sel *s, mreg *field, size_t off) {
  struct mach_insn load = x64_new(X64_MOV_RM, 8);
  load.base = X64_INSTANCE;
  load.disp = (int32_t)off;
  if (s->ir->blocks.at[s->block].cold) {
    load.d = x64_temp(s, IR_PTR);
    x64_push(s, load);
    return load.d;
  }
  if (!*field) {
    *field = x64_temp(s, IR_PTR);
    VEC_PUSH(s->arena, &s->f->remats, load);
    mach_vreg_at(s->f, *field)->remat = s->f->remats.len;
  }
  return *field;
}

void x64_select_fields(struct x64_sel *s) {
  for (int i = 0; i < 2; i++) {
    mreg field = i == 0 ? s->heap : s->poll_page;
    if (!field) continue;
    struct mach_insn load = s->f->remats.at[mach_vreg_at(s->f, field)->remat - 1];
    load.d = field;
    x64_push(s, load);
  }
}

static ir_val strip_zext(const struct x64_sel *s, ir_val v) {
  while (sel_at(s, v)->op == IR_OP_ZEXT32)
    v = sel_at(s, v)->a;
  return v;
}

enum { REMAT_LOOK_BACK = 4 }; /* equal ones mostly stand near each other */

/* A new register whose value is cheaper to make again than to keep in a slot. */
static mreg remat(struct x64_sel *s, uint8_t ir_type, struct mach_insn in) {
  mreg r = x64_temp(s, ir_type);
  uint32_t at = s->f->remats.len;
  for (uint32_t i = at; i-- > 0 && i + REMAT_LOOK_BACK >= at;)
    if (memcmp(&s->f->remats.at[i], &in, sizeof in) == 0) at = i;
  if (at == s->f->remats.len) VEC_PUSH(s->arena, &s->f->remats, in);
  mach_vreg_at(s->f, r)->remat = at + 1;
  in.d = r;
  x64_push(s, in);
  return r;
}

static struct mach_insn load_const(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  uint8_t size = x64_type_size(in->type);
  struct mach_insn m;
  if (in->op == IR_OP_ICONST) {
    m = x64_new(X64_MOV_RI, size);
    m.imm = (int32_t)in->a;
    m.disp = size == 8 ? (int32_t)in->b : 0;
    return m;
  }
  if (in->op == IR_OP_FCONST) {
    uint64_t bits = size == 4 ? in->a : (uint64_t)in->b << 32 | in->a;
    if (bits == 0) return x64_new(X64_FZERO, size);
    m = x64_new(X64_FMOV_RM, size);
    m.disp = (int32_t)x64_pool64(s, bits);
  } else {
    const uint32_t *w = &s->ir->ext.at[in->a];
    if (!(w[0] | w[1] | w[2] | w[3])) return x64_new(X64_FZERO, 16);
    if ((w[0] & w[1] & w[2] & w[3]) == UINT32_MAX) return x64_new(X64_FONES, 16);
    m = x64_new(X64_FMOV_RM, 16);
    m.disp = (int32_t)x64_pool128(s, (uint64_t)w[1] << 32 | w[0], (uint64_t)w[3] << 32 | w[2]);
  }
  m.flags = X64_POOL;
  return m;
}

static NOINLINE mreg use_const(struct x64_sel *s, ir_val v) {
  return remat(s, sel_at(s, v)->type, load_const(s, v));
}

static NOINLINE mreg use_pinned(struct x64_sel *s, mreg from) {
  mreg d = x64_temp(s, IR_PTR);
  x64_push_rr(s, (enum x64_op)MACH_MOVE, 8, d, from);
  return d;
}

mreg x64_use(struct x64_sel *s, ir_val v) {
  v = strip_zext(s, v);
  switch (sel_at(s, v)->op) {
  case IR_OP_ICONST:
  case IR_OP_FCONST:
  case IR_OP_VCONST: return use_const(s, v);
  case IR_OP_VMCTX: return use_pinned(s, X64_INSTANCE);
  case IR_OP_MEM0: return use_pinned(s, X64_MEMORY0);
  default:
    assert(s->block_of[v] < s->block || (s->block_of[v] == s->block && v <= s->at) ||
           sel_at(s, v)->op == IR_OP_PHI);
    s->state[v] |= SEL_WANTED;
    return x64_def(s, v);
  }
}

mreg x64_use_low(struct x64_sel *s, ir_val v) {
  v = strip_zext(s, v);
  while (sel_at(s, v)->op == IR_OP_WRAP && !x64_wanted(s, v))
    v = strip_zext(s, sel_at(s, v)->a);
  return x64_use(s, v);
}

bool x64_dies(const struct x64_sel *s, ir_val v) {
  v = strip_zext(s, v);
  const struct ir_insn *in = sel_at(s, v);
  if (in->op == IR_OP_ICONST || in->op == IR_OP_FCONST || in->op == IR_OP_VCONST) return true;
  if (in->op == IR_OP_VMCTX || in->op == IR_OP_MEM0) return false;
  return !x64_wanted(s, v) && s->ir->blocks.at[s->block_of[v]].loop == s->ir->blocks.at[s->block].loop;
}

bool x64_better_tied(const struct x64_sel *s, ir_val a, ir_val b) {
  if (!x64_dies(s, a)) return false;
  return !x64_dies(s, b) || (sel_at(s, a)->op == IR_OP_PHI && sel_at(s, b)->op != IR_OP_PHI);
}

void x64_set(struct x64_sel *s, mreg d, uint8_t size, ir_val v) {
  ir_val w = strip_zext(s, v);
  const struct ir_insn *in = sel_at(s, w);
  if (in->op == IR_OP_ICONST || in->op == IR_OP_FCONST || in->op == IR_OP_VCONST) {
    struct mach_insn m = load_const(s, w);
    m.d = d;
    x64_push(s, m);
    return;
  }
  mreg from = size == 4 && !ir_type_is_float(in->type) ? x64_use_low(s, v) : x64_use(s, v);
  x64_push_rr(s, (enum x64_op)MACH_MOVE, size, d, from);
}

enum { POOL_LOOK_BACK = 32 }; /* equal constants mostly stand near each other */

uint32_t x64_pool64(struct x64_sel *s, uint64_t v) {
  uint32_t len = s->f->pool.len;
  for (uint32_t i = len; i-- > 0 && i + POOL_LOOK_BACK >= len;)
    if (s->f->pool.at[i] == v) return i;
  VEC_PUSH(s->arena, &s->f->pool, v);
  return len;
}

uint32_t x64_pool128(struct x64_sel *s, uint64_t low, uint64_t high) {
  uint32_t len = s->f->pool.len & ~UINT32_C(1);
  for (uint32_t i = len; i >= 2 && i + POOL_LOOK_BACK >= len; i -= 2)
    if (s->f->pool.at[i - 2] == low && s->f->pool.at[i - 1] == high) return i - 2;
  if (s->f->pool.len & 1) VEC_PUSH(s->arena, &s->f->pool, low);
  VEC_PUSH(s->arena, &s->f->pool, low);
  VEC_PUSH(s->arena, &s->f->pool, high);
  return s->f->pool.len - 2;
}

void x64_push_pool(struct x64_sel *s, enum x64_op op, uint8_t size, mreg d, uint32_t entry) {
  assert(x64_ops[op].flags &
         MF_MEM); /* an op without a memory form gave none, which would be no instruction */
  struct mach_insn in = x64_new(op, size);
  in.d = d;
  in.flags = X64_POOL;
  in.disp = (int32_t)entry;
  x64_push(s, in);
}
