/* Over finished IR: phis that choose nothing, values nobody uses, cold blocks.
 *
 * In: a function as build/ left it.  Out: the same, where each phi has two different arguments at least, each
 * pure value has a use, blocks that do nothing but follow their only predecessor are part of it, and order.c
 * has put blocks into their order. Needs edges; leaves preds, loops and uses right. */
#include "compiler/opt/private.h"

#include "base/bitset.h"
#include "compiler/ir/cfg.h"

struct tidy {
  struct ir_func *f;
  uint32_t *equal;  /* value -> value that it equals; itself when none */
  uint8_t *empty;   /* block -> nothing in it but its jump */
  VEC(ir_val) late; /* found to be used after the sweep had passed them */
  bool joined;      /* `equal` says something */
  bool any_cold;    /* some block is */
  ir_val at;        /* the sweep's position */
};

static ir_val equal_to(struct tidy *t, ir_val v) {
  while (t->equal[v] != v)
    v = t->equal[v] = t->equal[t->equal[v]];
  return v;
}

/* phi(x, x, itself) => x.  Returns whether any was found. */
static bool join_phis(struct tidy *t) {
  struct ir_func *f = t->f;
  bool found = false;
  for (ir_block b = 0; b < f->blocks.len; b++) {
    const struct ir_blk *blk = &f->blocks.at[b];
    for (uint32_t i = 0; i < blk->nphis; i++) {
      ir_val phi = blk->first + i, only = 0;
      if (t->equal[phi] != phi) continue;
      bool differ = false;
      for (uint32_t p = 0; p < blk->npred && !differ; p++) {
        ir_val v = equal_to(t, f->ext.at[f->edges.at[f->preds.at[blk->pred + p]].args + i]);
        if (v == phi || v == only) continue;
        differ = only != 0;
        only = v;
      }
      if (differ) continue;
      t->equal[phi] = only;
      found = true;
    }
  }
  return found;
}

/* Stays though nobody uses its value. Divisions do not: their checks are instructions of their own. */
static inline bool has_effect(const struct ir_insn *in) {
  if (ir_op_table[in->op].flags & IRF_P) return false;
  switch (in->op) {
  case IR_OP_NONE:
  case IR_OP_PHI:
  case IR_OP_DIV_S:
  case IR_OP_DIV_U:
  case IR_OP_REM_S:
  case IR_OP_REM_U:
  case IR_OP_LOCAL_GET: return false;
  case IR_OP_LOAD: return (in->flags & IRF_FAULTS) != 0;
  case IR_OP_HLOAD: return (in->flags & IRF_NULL_MASK) != 0;
  case IR_OP_TOP_LOAD:
  case IR_OP_EXN_LOAD: return false;
  default: return true;
  }
}

static NOINLINE void add_late(struct tidy *t, ir_val v) { VEC_PUSH(t->f->arena, &t->late, v); }

/* One use, by its right name. */
static inline void use(struct tidy *t, uint32_t *operand) {
  ir_val v = *operand;
  if (t->joined && t->equal[v] != v) v = *operand = equal_to(t, v);
  struct ir_insn *in = ir_at(t->f, v);
  if (in->uses == 0 && v > t->at) add_late(t, v);
  if (in->uses < 255) in->uses++;
}

/* Spelled out for speed, like rename_operands: ir_operands' struct of pointers costs more than the work. */
static inline void use_operands(struct tidy *t, struct ir_insn *in) {
  struct ir_func *f = t->f;
  const char *kinds = ir_op_table[in->op].operands;
  if (kinds[0] == 'v') use(t, &in->a);
  if (kinds[1] == 'v') {
    use(t, &in->b);
  } else if (kinds[1] == 'e') {
    for (uint32_t *list = f->ext.at + in->b, i = 1; i <= list[0]; i++)
      use(t, &list[i]);
  }
  if (kinds[2] == 'v') {
    use(t, &in->c);
  } else if (kinds[2] == 'e') {
    if (in->flags & IRF_EXT_ADDR) use(t, &f->ext.at[in->c + 1]);
    if (in->op == IR_OP_ATOMIC_CMPXCHG) use(t, &f->ext.at[in->c + 2]);
  }
}

static void use_phi(struct tidy *t, const struct ir_blk *blk, uint32_t i) {
  struct ir_func *f = t->f;
  for (uint32_t p = 0; p < blk->npred; p++)
    use(t, &f->ext.at[f->edges.at[f->preds.at[blk->pred + p]].args + i]);
}

/* Counts uses, last instructions first: a definition stands before its uses, so what has none when the sweep
 * comes to it is dead. Only arguments on the edges back to a loop are found late. A phi's block and number
 * stand in a and b. */
static void count_uses(struct tidy *t) {
  struct ir_func *f = t->f;
  for (ir_block b = f->blocks.len; b-- > 0;) {
    const struct ir_blk *blk = &f->blocks.at[b];
    struct ir_insn *insns = f->insns.at, *first = insns + blk->first + blk->nphis;
    for (struct ir_insn *in = insns + blk->end; in-- > first;) {
      if (in->uses == 0 && !has_effect(in)) continue;
      t->at = (ir_val)(in - insns);
      use_operands(t, in);
    }
    for (uint32_t i = 0; i < blk->nphis; i++) {
      struct ir_insn *phi = &f->insns.at[blk->first + i];
      phi->a = b;
      phi->b = i;
      if (phi->uses > 0) VEC_PUSH(f->arena, &t->late, blk->first + i);
    }
    t->at = blk->first - 1; /* phis that get their first use only now are late, too */
    while (t->late.len > 0) {
      ir_val v = VEC_POP(&t->late);
      struct ir_insn *in = &f->insns.at[v];
      if (in->op == IR_OP_PHI)
        use_phi(t, &f->blocks.at[in->a], in->b);
      else if (!has_effect(in))
        use_operands(t, in);
    }
  }
}

/* Operands get the new names of phis that moved; all others name what stayed where it was. */
static inline void rename_operands(struct ir_func *f, const uint32_t *equal, struct ir_insn *in) {
  const char *kinds = ir_op_table[in->op].operands;
  if (kinds[0] == 'v') in->a = equal[in->a];
  if (kinds[1] == 'v') {
    in->b = equal[in->b];
  } else if (kinds[1] == 'e') {
    for (uint32_t *list = f->ext.at + in->b, i = 1; i <= list[0]; i++)
      list[i] = equal[list[i]];
  }
  if (kinds[2] == 'v') {
    in->c = equal[in->c];
  } else if (kinds[2] == 'e') {
    uint32_t *ext = f->ext.at + in->c;
    if (in->flags & IRF_EXT_ADDR) ext[1] = equal[ext[1]];
    if (in->op == IR_OP_ATOMIC_CMPXCHG) ext[2] = equal[ext[2]];
  }
}

/* Arguments likewise. Edges that were led past a block share theirs with the one that goes on from there. */
static void rename_arguments(struct tidy *t) {
  struct ir_func *f = t->f;
  const uint32_t *equal = t->equal;
  struct arena_mark mark = arena_mark(f->arena);
  struct bitset renamed;
  bitset_init(&renamed, f->arena, f->ext.len);
  for (uint32_t e = 0; e < f->edges.len; e++) {
    const struct ir_edge *edge = &f->edges.at[e];
    if (edge->to == IR_NO_BLOCK) continue;
    uint32_t nphis = f->blocks.at[edge->to].nphis, *args = f->ext.at + edge->args;
    if (nphis == 0 || bitset_has(&renamed, edge->args)) continue;
    bitset_add(&renamed, edge->args);
    for (uint32_t i = 0; i < nphis; i++)
      args[i] = equal[args[i]];
  }
  arena_release(f->arena, mark);
}

/* The live phis of a block move to its front, arguments with them; `equal` maps old names to new ones. True:
 * some moved. */
static bool pack_phis(struct tidy *t, struct ir_blk *blk) {
  struct ir_func *f = t->f;
  struct ir_insn *phis = f->insns.at + blk->first;
  uint32_t n = 0, nphis = blk->nphis, *equal = t->equal + blk->first;
  bool moved = false;
  for (uint32_t i = 0; i < nphis; i++) {
    if (phis[i].uses == 0) continue;
    phis[i].a = phis[i].b = 0;
    equal[i] = blk->first + n;
    if (n < i) {
      phis[n] = phis[i];
      moved = true;
      for (uint32_t p = 0; p < blk->npred; p++) {
        uint32_t *args = f->ext.at + f->edges.at[f->preds.at[blk->pred + p]].args;
        args[n] = args[i];
      }
    }
    n++;
  }
  for (uint32_t i = n; i < nphis; i++)
    phis[i].op = IR_OP_NONE;
  blk->nphis = n;
  return moved;
}

/* What is dead goes, phis too. A value stands before its uses, so where an operand is met, its name is known;
 * arguments are renamed at last. */
static void pack(struct tidy *t) {
  struct ir_func *f = t->f;
  bool moved = false;
  for (ir_block b = 0; b < f->blocks.len; b++) {
    struct ir_blk *blk = &f->blocks.at[b];
    struct ir_insn *in = f->insns.at + blk->first + blk->nphis, *end = f->insns.at + blk->end;
    uint32_t live = 0;
    t->any_cold |= blk->cold;
    if (blk->nphis > 0) moved |= pack_phis(t, blk);
    for (; in < end; in++) {
      if (in->uses == 0 && !has_effect(in)) {
        in->op = IR_OP_NONE;
        continue;
      }
      live++;
      if (moved) rename_operands(f, t->equal, in);
    }
    t->empty[b] = live == 1 && blk->nphis == 0 && b > 0 && end[-1].op == IR_OP_JUMP;
  }
  if (moved) rename_arguments(t);
}

static void remove_block(struct ir_func *f, ir_block b) {
  struct ir_blk *blk = &f->blocks.at[b];
  for (uint32_t i = 0; i < blk->nsucc; i++)
    f->edges.at[f->succs.at[blk->succ + i]].to = IR_NO_BLOCK;
  blk->nsucc = 0;
  blk->first = blk->end = 0;
}

/* Branches on constants become jumps; blocks that nothing gets to any more go, loops too. Flow is forward but
 * for edges back to headers, so one pass finds what is reached. */
static void resolve_branches(struct tidy *t) {
  struct ir_func *f = t->f;
  uint8_t *reached = ARENA_ARRAY(f->arena, uint8_t, f->blocks.len);
  reached[0] = 1;
  for (ir_block b = 0; b < f->blocks.len; b++) {
    struct ir_blk *blk = &f->blocks.at[b];
    if (!reached[b]) {
      remove_block(f, b);
      blk->nphis = 0;
      continue;
    }
    struct ir_insn *last = &f->insns.at[blk->end - 1];
    if (last->op == IR_OP_BRANCH && ir_is_const(f, last->a)) {
      uint32_t *succs = &f->succs.at[blk->succ], taken = ir_const(f, last->a) == 0;
      f->edges.at[succs[!taken]].to = IR_NO_BLOCK;
      succs[0] = succs[taken];
      blk->nsucc = 1;
      *last = (struct ir_insn){.op = IR_OP_JUMP};
    }
    for (uint32_t i = 0; i < blk->nsucc; i++)
      reached[f->edges.at[f->succs.at[blk->succ + i]].to] = 1;
  }
  arena_drop(f->arena, reached, f->blocks.len);
}

/* Edges to blocks that only jump lead to where those lead. The block before a loop stays. True: edges
 * changed, lists of predecessors are out of date. */
static bool thread_edges(struct tidy *t) {
  bool changed = false;
  struct ir_func *f = t->f;
  struct ir_blk *blocks = f->blocks.at;
  struct ir_edge *edges = f->edges.at;
  const uint32_t *succs = f->succs.at;
  for (ir_block b = f->blocks.len; b-- > 0;) {
    struct ir_blk *blk = &blocks[b];
    for (uint32_t i = 0; i < blk->nsucc; i++) {
      struct ir_edge *edge = &edges[succs[blk->succ + i]];
      if (!t->empty[edge->to] || blocks[edge->to].header) continue;
      const struct ir_edge *next = &edges[succs[blocks[edge->to].succ]];
      struct ir_blk *to = &blocks[next->to];
      if (to->header && next->from < next->to) continue;
      blocks[edge->to].npred--;
      to->npred++;
      edge->to = next->to;
      edge->args = next->args;
      changed = true;
      for (uint32_t k = 0; k < to->nphis; k++) {
        struct ir_insn *arg = ir_at(f, f->ext.at[next->args + k]);
        if (arg->uses < 255) arg->uses++;
      }
    }
    if (blk->nsucc == 2 && f->insns.at[blk->end - 1].op == IR_OP_BRANCH) {
      const struct ir_edge *x = &edges[succs[blk->succ]], *y = &edges[succs[blk->succ + 1]];
      bool same = x->to == y->to;
      for (uint32_t k = 0; same && k < blocks[x->to].nphis; k++)
        same = f->ext.at[x->args + k] == f->ext.at[y->args + k];
      if (!same) continue; /* x != 0 ? b : b  =>  b */
      blocks[y->to].npred--;
      edges[succs[blk->succ + 1]].to = IR_NO_BLOCK;
      f->insns.at[blk->end - 1] = (struct ir_insn){.op = IR_OP_JUMP};
      blk->nsucc = 1;
      changed = true;
    }
  }
  if (!changed) return false;
  for (ir_block b = 1; b < f->blocks.len; b++) {
    if (blocks[b].npred > 0) continue;
    for (uint32_t i = 0; i < blocks[b].nsucc; i++)
      blocks[edges[succs[blocks[b].succ + i]].to].npred--;
    remove_block(f, b);
  }
  return true;
}

/* A block with one successor, the only predecessor of the block whose code follows its own, takes it in.
 * Lists of predecessors stay right: edges keep their numbers. */
static void join_blocks(struct ir_func *f) {
  ir_block before = 0;
  for (ir_block b = 1; b < f->blocks.len; b++) {
    struct ir_blk *blk = &f->blocks.at[b], *head = &f->blocks.at[before];
    if (blk->end == 0) continue;
    if (blk->npred != 1 || head->nsucc != 1 || head->end != blk->first ||
        f->succs.at[head->succ] != f->preds.at[blk->pred]) {
      before = b;
      continue;
    }
    assert(blk->nphis == 0);
    f->insns.at[head->end - 1].op = IR_OP_NONE;
    f->edges.at[f->succs.at[head->succ]].to = IR_NO_BLOCK;
    head->end = blk->end;
    head->succ = blk->succ;
    head->nsucc = blk->nsucc;
    head->cold |= blk->cold;
    for (uint32_t i = 0; i < blk->nsucc; i++)
      f->edges.at[f->succs.at[blk->succ + i]].from = before;
    blk->nsucc = blk->npred = 0;
    blk->first = blk->end = 0;
  }
}

/* A block is cold where every way out of it is, or every way into it. */
static void spread_cold(struct ir_func *f) {
  for (ir_block b = f->blocks.len; b-- > 1;) {
    struct ir_blk *blk = &f->blocks.at[b];
    bool all = blk->nsucc > 0;
    for (uint32_t i = 0; i < blk->nsucc && all; i++) {
      ir_block to = f->edges.at[f->succs.at[blk->succ + i]].to;
      all = to > b && f->blocks.at[to].cold;
    }
    blk->cold |= all;
  }
  for (ir_block b = 1; b < f->blocks.len; b++) {
    struct ir_blk *blk = &f->blocks.at[b];
    bool all = blk->npred > 0;
    for (uint32_t i = 0; i < blk->npred && all; i++) {
      ir_block from = f->edges.at[f->preds.at[blk->pred + i]].from;
      all = from < b ? f->blocks.at[from].cold : true;
    }
    blk->cold |= all;
  }
}

void opt_tidy(struct ir_func *f) {
  struct tidy t = {.f = f};
  VEC_DROP(f->arena, &f->doms);
  if (f->known_branches) resolve_branches(&t);
  ir_compute_preds(f);
  opt_thread(f);
  t.equal = arena_alloc(f->arena, f->insns.len * sizeof *t.equal);
  t.empty = arena_alloc(f->arena, f->blocks.len);
  for (uint32_t v = 0; v < f->insns.len; v++)
    t.equal[v] = v;
  for (int round = 0; round < 3 && join_phis(&t); round++)
    t.joined = true;
  count_uses(&t);
  pack(&t);
  bool threaded = thread_edges(&t);
  arena_drop(f->arena, t.equal, f->insns.len * sizeof *t.equal);
  if (threaded) ir_compute_preds(f);
  join_blocks(f);
  if (t.any_cold) spread_cold(f);
  opt_order(f);
  VEC_TRIM(f->arena, &f->insns);
  VEC_TRIM(f->arena, &f->wasm_off);
  VEC_TRIM(f->arena, &f->blocks);
  VEC_TRIM(f->arena, &f->edges);
  VEC_TRIM(f->arena, &f->succs);
  VEC_TRIM(f->arena, &f->preds);
  VEC_TRIM(f->arena, &f->ext);
}
