/* IR to x86-64 in one backward sweep: the sweep itself, control flow, checks.
 *
 * In: a tidy function.  Out: struct mach_func over virtual registers, same blocks and edges.
 * Going backward, an instruction without effect that nobody has asked for is skipped, a comparison is made
 * where its branch wants flags, and a load where its only user can read memory itself (no effect may stand
 * between the two: `epoch`). needs: definitions before uses in block order, no critical edges; keeps the IR.
 */
#include "compiler/isa/x64/select.h"

#include "abi/vmctx.h"
#include "compiler/isa/x64/isa_x64.h"
#include "compiler/isa/x64/sel.h"

#include <string.h>

/* A load whose fault says something else than that memory ends. */
static bool is_null_check(const struct ir_insn *in) {
  return in->op == IR_OP_HLOAD ? in->flags & IRF_NULL_MASK : in->op == IR_OP_LOAD && in->flags & IRF_FAULTS;
}

/* Numbers the effects of each block: a load may move down to its user when the number is the same there.
 * Loads of guest memory do not count among each other: two of them trap alike. */
static void number_effects(struct x64_sel *s) {
  const struct ir_insn *insns = s->ir->insns.at;
  const struct ir_blk *blocks = s->ir->blocks.at;
  uint32_t *epochs = s->epoch;
  ir_block *block_of = s->block_of;
  for (ir_block b = 0, n = s->ir->blocks.len; b < n; b++) {
    uint32_t epoch = 0;
    bool after_check = false;
    for (ir_val v = blocks[b].first, end = blocks[b].end; v < end; v++) {
      uint8_t op = insns[v].op, flags = ir_op_table[op].flags;
      epochs[v] = epoch;
      block_of[v] = b;
      if (!(flags & (IRF_T | IRF_R | IRF_W | IRF_C))) continue;
      bool check = is_null_check(&insns[v]);
      if (check || (op == IR_OP_GLOAD && after_check))
        epochs[v] = ++epoch; /* no trap passes another kind's */
      after_check = check || (after_check && op != IR_OP_GLOAD);
      if (op != IR_OP_GLOAD && op != IR_OP_HLOAD && (flags & (IRF_T | IRF_W | IRF_C))) epoch++;
    }
    s->f->has_landings |= insns[blocks[b].end - 1].op == IR_OP_TRY;
  }
}

static void take_shape(struct x64_sel *s, struct ir_func *ir) {
  struct mach_func *f = s->f;
  struct arena *a = s->arena;
  VEC_RESERVE(a, &f->blocks, ir->blocks.len);
  for (ir_block b = 0; b < ir->blocks.len; b++) {
    const struct ir_blk *k = &ir->blocks.at[b];
    f->blocks.at[b] = (struct mach_block){.phis = f->phis.len,
                                          .nphis = k->nphis,
                                          .succ = k->succ,
                                          .nsucc = k->nsucc,
                                          .pred = k->pred,
                                          .npred = k->npred,
                                          .loop = k->loop,
                                          .loop_depth = ir->loops.at[k->loop].depth,
                                          .cold = k->cold,
                                          .header = k->header};
    for (uint32_t i = 0; i < k->nphis; i++)
      VEC_PUSH(a, &f->phis, x64_def(s, k->first + i));
  }
  f->blocks.len = ir->blocks.len;
  for (ir_block b = 0; b < ir->blocks.len && f->has_landings; b++) {
    const struct ir_blk *k = &ir->blocks.at[b];
    if (ir->insns.at[k->end - 1].op != IR_OP_TRY) continue;
    for (uint32_t i = 1; i < k->nsucc; i++)
      f->blocks.at[ir->edges.at[ir->succs.at[k->succ + i]].to].landing = true;
  }
  /* Taken over: a second array of a million edges is much memory. */
#define TAKE(field)                                                                                          \
  do {                                                                                                       \
    f->field.at = ir->field.at;                                                                              \
    f->field.len = ir->field.len;                                                                            \
    f->field.cap = ir->field.cap;                                                                            \
    ir->field.at = NULL;                                                                                     \
    ir->field.len = ir->field.cap = 0;                                                                       \
  } while (0)
  TAKE(edges);
  TAKE(succs);
  TAKE(preds);
#undef TAKE
}

/* Turns around what was pushed since `from`: mostly one. */
static inline void reverse(struct x64_sel *s, uint32_t from) {
  uint32_t len = s->f->insns.len;
  if (len - from < 2) return;
  for (struct mach_insn *i = s->f->insns.at + from, *j = s->f->insns.at + len - 1; i < j; i++, j--) {
    struct mach_insn t = *i;
    *i = *j;
    *j = t;
  }
}

/* The arguments of the edges out of b, which name them in `phi_args` from here on. A loop's phi learns its
 * next value: `a`. */
static void edge_args(struct x64_sel *s, struct ir_func *ir, ir_block b) {
  struct mach_func *f = s->f;
  const struct ir_blk *k = &ir->blocks.at[b];
  for (uint32_t i = 0; i < k->nsucc; i++) {
    struct ir_edge *edge = &f->edges.at[f->succs.at[k->succ + i]];
    struct ir_blk *to = &ir->blocks.at[edge->to];
    if (to->nphis == 0) continue;
    const ir_val *from = &ir->ext.at[edge->args];
    edge->args = f->phi_args.len;
    VEC_RESERVE(s->arena, &f->phi_args, edge->args + to->nphis);
    f->phi_args.len += to->nphis;
    for (uint32_t p = 0; p < to->nphis; p++) {
      f->phi_args.at[edge->args + p] = x64_use(s, from[p]);
      if (edge->to <= b) ir->insns.at[to->first + p].a = from[p];
    }
    if (k->nsucc > 1) to->nphis = 0; /* its only edge: a SWITCH may list it several times */
  }
}

static void branch(struct x64_sel *s, ir_val v) {
  struct mach_insn in = x64_new(X64_JCC, 8);
  in.cc = (uint8_t)x64_condition(s, sel_at(s, v)->a);
  x64_push(s, in);
}

/* An index past the end becomes the last one by cmov, which also keeps speculation inside the table. */
static void switch_(struct x64_sel *s, ir_val v) {
  uint32_t n = s->ir->blocks.at[s->block].nsucc;
  if (n == 1) {
    x64_push(s, x64_new(X64_JMP, 8));
    return;
  }
  mreg index = x64_use(s, sel_at(s, v)->a), t = x64_temp(s, IR_I64);
  x64_push_ri(s, X64_CMP_RI, 4, index, (int32_t)(n - 1));
  x64_push_ri(s, X64_MOV_RI, 4, t, (int32_t)(n - 1));
  struct mach_insn in = x64_new(X64_CMOV_RR, 4);
  in.d = t;
  in.s = index;
  in.cc = CC_B;
  x64_push(s, in);
  in = x64_new(X64_SWITCH, 8);
  in.d = t;
  in.base = x64_temp(s, IR_I64);
  x64_push(s, in);
}

static void trap_if(struct x64_sel *s, enum x64_cc cc, uint8_t trap) {
  struct mach_insn in = x64_new(X64_TRAPCC, 8);
  in.cc = (uint8_t)cc;
  in.trap = trap;
  x64_push(s, in);
}

/* smallest / -1, as build/numeric.c asks for it: (y == -1) & (x == smallest). */
static bool division_guard(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v), *both = sel_at(s, in->a);
  if (both->op != IR_OP_AND || both->uses != 1 || x64_wanted(s, in->a)) return false;
  const struct ir_insn *p = sel_at(s, both->a), *q = sel_at(s, both->b);
  if (p->op != IR_OP_EQ || q->op != IR_OP_EQ) return false;
  uint8_t size = x64_type_size(sel_at(s, p->a)->type);
  uint64_t minus_one, smallest, m = size == 4 ? UINT64_C(0x80000000) : UINT64_C(1) << 63;
  if (x64_const(s, p->b, &minus_one) && minus_one == m) {
    const struct ir_insn *t = p;
    p = q;
    q = t;
  }
  if (!x64_const(s, p->b, &minus_one) || minus_one != (size == 4 ? UINT32_MAX : UINT64_MAX)) return false;
  if (!x64_const(s, q->b, &smallest) || smallest != m || x64_type_size(sel_at(s, q->a)->type) != size)
    return false;
  struct mach_insn g = x64_new(X64_DIV_GUARD, size);
  g.d = size == 4 ? x64_use_low(s, q->a) : x64_use(s, q->a);
  g.s = size == 4 ? x64_use_low(s, p->a) : x64_use(s, p->a);
  g.trap = (uint8_t)in->b;
  x64_push(s, g);
  return true;
}

/* Where a loop calls nothing, the page's address stays in a register. */
static void poll(struct x64_sel *s) {
  struct mach_insn read = x64_new(X64_CMP_MI, 1);
  read.trap = TRAP_INTERRUPT;
  uint32_t loop = s->ir->blocks.at[s->block].loop;
  if (loop != 0 && !s->ir->loops.at[loop].has_call) {
    read.base = x64_instance_field(s, &s->poll_page, offsetof(struct vmctx, poll_page));
  } else {
    struct mach_insn page = x64_new(X64_MOV_RM, 8);
    page.base = X64_INSTANCE;
    page.disp = offsetof(struct vmctx, poll_page);
    page.d = read.base = x64_temp(s, IR_PTR);
    x64_push(s, page);
  }
  x64_push(s, read);
}

static void fuel(struct x64_sel *s, uint32_t cost) {
  struct mach_insn store = x64_new(X64_MOV_RM, 8), sub = x64_new(X64_SUB_MI, 8);
  store.base = X64_INSTANCE;
  store.disp = offsetof(struct vmctx, store);
  store.d = sub.base = x64_temp(s, IR_PTR);
  sub.disp = offsetof(struct vm_store, fuel);
  sub.imm = cost > INT32_MAX ? INT32_MAX : (int32_t)cost;
  x64_push(s, store);
  x64_push(s, sub);
  trap_if(s, CC_S, TRAP_OUT_OF_FUEL);
}

/* Not to be skipped, though nobody asks for its value. */
static inline bool has_effect(uint8_t op) {
  if (op >= IR_OP_DIV_S && op <= IR_OP_REM_U) return false; /* their checks are instructions of their own */
  return (ir_op_table[op].flags & (IRF_T | IRF_W | IRF_C | IRF_X)) || op == IR_OP_LOAD || op == IR_OP_HLOAD;
}

static void select_one(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  if (!x64_wanted(s, v) && !has_effect(in->op)) return;
  switch (in->op) {
  case IR_OP_NONE:
  case IR_OP_PHI:
  case IR_OP_PARAM:
  case IR_OP_ICONST:
  case IR_OP_FCONST:
  case IR_OP_VCONST:
  case IR_OP_VMCTX:
  case IR_OP_MEM0:
  case IR_OP_ZEXT32: return; /* made where they are used, or before anything else */
  case IR_OP_TRAPIF:
    if (!division_guard(s, v)) trap_if(s, x64_condition(s, in->a), (uint8_t)in->b);
    return;
  case IR_OP_TRAPIFZ: trap_if(s, x64_cc_invert(x64_condition(s, in->a)), (uint8_t)in->b); return;
  case IR_OP_POLL: poll(s); return;
  case IR_OP_FUEL: fuel(s, in->a); return;
  case IR_OP_JUMP: x64_push(s, x64_new(X64_JMP, 8)); return;
  case IR_OP_BRANCH: branch(s, v); return;
  case IR_OP_TRY: {
    struct mach_insn m = x64_new(X64_TRY, 8);
    m.imm = (int32_t)in->a;
    x64_push(s, m);
    return;
  }
  case IR_OP_SWITCH: switch_(s, v); return;
  case IR_OP_LOAD: /* the most frequent ones of the families below the first */
  case IR_OP_GLOAD: x64_select_load(s, v); return;
  case IR_OP_STORE:
  case IR_OP_GSTORE: x64_select_store(s, v); return;
  case IR_OP_VUNARY:
  case IR_OP_VBINARY:
  case IR_OP_VSELECT:
  case IR_OP_VSHUFFLE: x64_select_simd(s, v); return;
  case IR_OP_CALL:
  case IR_OP_CALL_FUNC:
  case IR_OP_RETURN:
  case IR_OP_PROJ: x64_select_call(s, v); return;
  case IR_OP_TRAP: {
    struct mach_insn m = x64_new(X64_TRAP, 8);
    m.trap = (uint8_t)in->b;
    x64_push(s, m);
    return;
  }
  default: break;
  }
  bool known = x64_select_int(s, v) || x64_select_compare(s, v) || x64_select_float(s, v) ||
               x64_select_memory(s, v) || x64_select_atomic(s, v) || x64_select_call(s, v) ||
               x64_select_gc(s, v) || x64_select_cont(s, v) || x64_select_simd(s, v);
  assert(known);
  (void)known;
}
static_assert(IR_OP_REM_U - IR_OP_DIV_S == 3, "the divisions stand together");

/* Selection looks back to operands, and no further ahead than to the results of a call. What lies behind all
 * that is still to come goes back, where it is much: the code that is made needs the room. */
enum { GIVE_BACK_FROM = 1 << 17 /* instructions */, AHEAD = MAX_RESULTS + 1 };
static NOINLINE void give_back(struct x64_sel *s, struct ir_func *ir, ir_block b, ir_val v) {
  struct arena *a = s->arena;
  uint64_t end = (uint64_t)v + AHEAD;
  for (ir_block i = 0; i < b; i++)
    end = max_u64(end, ir->blocks.at[i].end);
  if (end + ir->insns.len / 16 > ir->insns.len) return;
  ir->insns.len = ir->wasm_off.len = (uint32_t)end;
  VEC_TRIM(a, &ir->insns);
  VEC_TRIM(a, &ir->wasm_off);
  s->reg = arena_trim(a, s->reg, &s->reg_size, end * sizeof *s->reg);
  s->epoch = arena_trim(a, s->epoch, &s->epoch_size, end * sizeof *s->epoch);
  s->block_of = arena_trim(a, s->block_of, &s->block_of_size, end * sizeof *s->block_of);
}

static void select_block(struct x64_sel *s, struct ir_func *ir, ir_block b) {
  const struct ir_blk *k = &ir->blocks.at[b];
  s->block = b;
  s->ncompares = 0;
  uint32_t end = s->f->insns.len;
  for (ir_val v = k->end; v-- > k->first;) {
    uint32_t from = s->f->insns.len;
    s->at = v;
    if (--s->left == 0) {
      s->left = s->give_back_after;
      give_back(s, ir, b, v);
    }
    select_one(s, v);
    reverse(s, from);
    if (v + 1 == k->end) { /* in front of the jump */
      from = s->f->insns.len;
      edge_args(s, ir, b);
      reverse(s, from);
    }
  }
  if (b == 0) {
    uint32_t from = s->f->insns.len;
    s->at = k->first;
    x64_select_params(s);
    x64_select_fields(s);
    reverse(s, from);
  }
  if (s->ncompares > 1) VEC_PUSH(s->arena, &s->comparing, b);
  /* counted from the end until everything is turned around */
  s->f->blocks.at[b].first = s->f->insns.len;
  s->f->blocks.at[b].end = end;
}

/* A comparison whose flags are still there from the same one before: checks and the selects that keep
 * speculation behind them ask for the same. What stays of the block goes to `to`; returns its end. */
static uint32_t drop_repeated(struct mach_func *f, const struct mach_block *k, uint32_t to) {
  const struct mach_insn *last = NULL;
  for (uint32_t i = k->first; i < k->end; i++) {
    const struct mach_insn *in = &f->insns.at[i];
    bool compares =
        in->op == X64_CMP_RR || in->op == X64_CMP_RI || in->op == X64_TEST_RR || in->op == X64_TEST_RI;
    if (compares && last && last->op == in->op && last->size == in->size && last->d == in->d &&
        last->s == in->s && last->imm == in->imm)
      continue;
    if (to != i) f->insns.at[to] = *in;
    in = &f->insns.at[to++];
    if (compares)
      last = in;
    else if (last && ((x64_ops[in->op].flags & (MF_WRITES_FLAGS | MF_CALL)) ||
                      (in->d != MREG_NONE && (x64_ops[in->op].role[0] & ROLE_DEF) &&
                       (in->d == last->d || in->d == last->s))))
      last = NULL;
  }
  return to;
}

/* Looks only at blocks with several comparisons; those behind them close the gaps. */
static void drop_repeated_compares(struct x64_sel *s) {
  struct mach_func *f = s->f;
  if (s->comparing.len == 0) return;
  ir_block b = VEC_LAST(&s->comparing);
  uint32_t to = f->blocks.at[b].first;
  for (; b < f->blocks.len; b++) {
    struct mach_block *k = &f->blocks.at[b];
    uint32_t first = to, len = k->end - k->first;
    if (s->comparing.len > 0 && VEC_LAST(&s->comparing) == b) {
      s->comparing.len--;
      to = drop_repeated(f, k, to);
    } else {
      if (to != k->first) memmove(f->insns.at + to, f->insns.at + k->first, len * sizeof *f->insns.at);
      to += len;
    }
    k->first = first;
    k->end = to;
  }
  f->insns.len = to;
}

static void turn_around(struct x64_sel *s) {
  struct mach_func *f = s->f;
  uint32_t n = f->insns.len;
  reverse(s, 0);
  for (uint32_t b = 0; b < f->blocks.len; b++) {
    f->blocks.at[b].first = n - f->blocks.at[b].first;
    f->blocks.at[b].end = n - f->blocks.at[b].end;
  }
  drop_repeated_compares(s);
  n = f->insns.len;
  if (s->ir->nlocal_slots == 0) return;
  for (uint32_t i = 0; i < n; i++)
    if (f->insns.at[i].flags & X64_LOCAL) f->insns.at[i].disp += (int32_t)f->out_size;
  f->locals_off = f->out_size;
  f->out_size = (uint32_t)align_up(f->out_size + 8 * (size_t)s->ir->nlocal_slots, 16);
}

struct mach_func *x64_select(struct ir_func *ir, const struct isa_config *config, struct arena *a) {
  struct mach_func *f = ARENA_NEW(a, struct mach_func);
  uint32_t n = ir->insns.len;
  struct x64_sel s = {.ir = ir, .f = f, .config = config, .arena = a};
  f->arena = a;
  f->isa = &isa_x64;
  f->ir = ir;
  s.left = s.give_back_after = max_u32(n / 16, GIVE_BACK_FROM);
  s.reg_size = n * sizeof *s.reg;
  s.epoch_size = n * sizeof *s.epoch;
  s.block_of_size = n * sizeof *s.block_of;
  s.reg = ARENA_ARRAY(a, mreg, n);
  s.state = ARENA_ARRAY(a, uint8_t, n);
  s.epoch = arena_alloc(a, n * sizeof *s.epoch); /* number_effects fills them */
  s.block_of = arena_alloc(a, n * sizeof *s.block_of);
  s.epoch[0] = s.block_of[0] = 0;
  s.params = arena_alloc(a, (MAX_PARAMS + 1) * sizeof *s.params); /* a payload's cell */
  s.results = arena_alloc(a, MAX_RESULTS * sizeof *s.results);
  VEC_RESERVE(a, &f->insns, n + 16);
  VEC_RESERVE(a, &f->vregs, n / 2 + 16);
  number_effects(&s);
  take_shape(&s, ir);
  for (ir_block b = ir->blocks.len; b-- > 0;)
    select_block(&s, ir, b);
  arena_drop(a, s.reg, s.reg_size);
  arena_drop(a, s.state, n * sizeof *s.state);
  arena_drop(a, s.epoch, s.epoch_size);
  arena_drop(a, s.block_of, s.block_of_size);
  turn_around(&s);
  VEC_TRIM(a, &f->insns);
  VEC_TRIM(a, &f->vregs);
  VEC_TRIM(a, &f->calls);
  VEC_TRIM(a, &f->fixed);
  VEC_TRIM(a, &f->remats);
  VEC_TRIM(a, &f->phi_args);
  return f;
}
