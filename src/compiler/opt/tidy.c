/* Over finished IR: phis that choose nothing, values nobody uses, cold blocks.
 *
 * In: a function as build/ left it.  Out: the same, where each phi has two different arguments at least, each
 * pure value has a use, blocks that do nothing but follow their only predecessor are part of it, and order.c
 * has put blocks into their order. Needs edges; leaves preds, dominators, loops and uses right. */
#include "compiler/opt/private.h"

#include "compiler/ir/cfg.h"

struct tidy {
  struct ir_func *f;
  uint32_t *equal; /* value -> value that it equals; itself when none */
  uint8_t *live;
  VEC(ir_val) work;
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

static void mark(struct tidy *t, ir_val v) {
  v = equal_to(t, v);
  if (t->live[v]) return;
  t->live[v] = 1;
  VEC_PUSH(t->f->arena, &t->work, v);
}

/* Stays though nobody uses its value. Divisions do not: their checks are instructions of their own. */
static bool has_effect(const struct ir_insn *in) {
  switch (in->op) {
  case IR_OP_NONE:
  case IR_OP_PHI:
  case IR_OP_DIV_S:
  case IR_OP_DIV_U:
  case IR_OP_REM_S:
  case IR_OP_REM_U:
  case IR_OP_LOCAL_GET: return false;
  case IR_OP_LOAD: return (in->flags & IRF_FAULTS) != 0;
  default: return !(ir_op_table[in->op].flags & IRF_P);
  }
}

/* Marks what is needed. `live` of a phi's block and number is found through a (block) and b (number), set
 * before. */
static void mark_live(struct tidy *t) {
  struct ir_func *f = t->f;
  for (ir_block b = 0; b < f->blocks.len; b++) {
    const struct ir_blk *blk = &f->blocks.at[b];
    for (uint32_t i = 0; i < blk->nphis; i++) {
      f->insns.at[blk->first + i].a = b;
      f->insns.at[blk->first + i].b = i;
    }
    for (ir_val v = blk->first + blk->nphis; v < blk->end; v++)
      if (has_effect(&f->insns.at[v])) mark(t, v);
  }
  while (t->work.len > 0) {
    ir_val v = VEC_POP(&t->work);
    struct ir_insn *in = &f->insns.at[v];
    if (in->op == IR_OP_PHI) {
      const struct ir_blk *blk = &f->blocks.at[in->a];
      for (uint32_t p = 0; p < blk->npred; p++)
        mark(t, f->ext.at[f->edges.at[f->preds.at[blk->pred + p]].args + in->b]);
      continue;
    }
    struct ir_operands o = ir_operands(f, v);
    for (uint32_t i = 0; i < o.nfields; i++)
      mark(t, *o.field[i]);
    for (uint32_t i = 0; i < o.len; i++)
      mark(t, o.list[i]);
  }
}

/* Live phis move to the front of their block, arguments with them. From here `equal` maps old names to new
 * ones. */
static void pack_phis(struct tidy *t) {
  struct ir_func *f = t->f;
  for (uint32_t v = 0; v < f->insns.len; v++)
    t->equal[v] = equal_to(t, v);
  uint32_t *name = arena_alloc(f->arena, f->insns.len * sizeof *name);
  for (uint32_t v = 0; v < f->insns.len; v++)
    name[v] = v;
  for (ir_block b = 0; b < f->blocks.len; b++) {
    struct ir_blk *blk = &f->blocks.at[b];
    uint32_t n = 0;
    for (uint32_t i = 0; i < blk->nphis; i++) {
      ir_val phi = blk->first + i;
      if (!t->live[phi]) continue;
      name[phi] = blk->first + n;
      f->insns.at[blk->first + n] = f->insns.at[phi];
      for (uint32_t p = 0; n < i && p < blk->npred; p++) {
        uint32_t *args = f->ext.at + f->edges.at[f->preds.at[blk->pred + p]].args;
        args[n] = args[i];
      }
      n++;
    }
    for (uint32_t i = n; i < blk->nphis; i++)
      f->insns.at[blk->first + i].op = IR_OP_NONE;
    for (uint32_t i = 0; i < n; i++)
      f->insns.at[blk->first + i].a = f->insns.at[blk->first + i].b = 0;
    /* What is no phi any more must not stand before what is one. */
    for (ir_val v = blk->first + blk->nphis; v < blk->end; v++)
      if (!t->live[v]) f->insns.at[v].op = IR_OP_NONE;
    blk->nphis = n;
  }
  for (uint32_t v = 0; v < f->insns.len; v++)
    t->equal[v] = name[t->equal[v]];
}

static void rename_operands(struct tidy *t) {
  struct ir_func *f = t->f;
  for (ir_block b = 0; b < f->blocks.len; b++) {
    const struct ir_blk *blk = &f->blocks.at[b];
    for (ir_val v = blk->first + blk->nphis; v < blk->end; v++) {
      struct ir_operands o = ir_operands(f, v);
      for (uint32_t i = 0; i < o.nfields; i++)
        *o.field[i] = t->equal[*o.field[i]];
      for (uint32_t i = 0; i < o.len; i++)
        o.list[i] = t->equal[o.list[i]];
    }
  }
  for (uint32_t e = 0; e < f->edges.len; e++) {
    const struct ir_edge *edge = &f->edges.at[e];
    for (uint32_t i = 0; i < f->blocks.at[edge->to].nphis; i++)
      f->ext.at[edge->args + i] = t->equal[f->ext.at[edge->args + i]];
  }
}

/* A block with one successor, the only predecessor of the block whose code follows its own, takes it in. */
static void join_blocks(struct ir_func *f) {
  uint32_t n = 0, e = 0;
  ir_block *number = arena_alloc(f->arena, f->blocks.len * sizeof *number);
  for (ir_block b = 0; b < f->blocks.len; b++) {
    struct ir_blk *blk = &f->blocks.at[b];
    if (n > 0 && blk->npred == 1 && !blk->header) {
      struct ir_blk *before = &f->blocks.at[n - 1];
      uint32_t edge = f->preds.at[blk->pred];
      if (before->nsucc == 1 && before->end == blk->first && f->succs.at[before->succ] == edge) {
        assert(blk->nphis == 0);
        f->insns.at[before->end - 1].op = IR_OP_NONE;
        f->edges.at[edge].to = IR_NO_BLOCK;
        before->end = blk->end;
        before->succ = blk->succ;
        before->nsucc = blk->nsucc;
        before->cold |= blk->cold;
        number[b] = n - 1;
        continue;
      }
    }
    number[b] = n;
    f->blocks.at[n++] = *blk;
  }
  if (n == f->blocks.len) return;
  f->blocks.len = n;
  uint32_t *edge_number = arena_alloc(f->arena, f->edges.len * sizeof *edge_number);
  for (uint32_t i = 0; i < f->edges.len; i++) {
    struct ir_edge edge = f->edges.at[i];
    if (edge.to == IR_NO_BLOCK) continue;
    edge_number[i] = e;
    f->edges.at[e++] = (struct ir_edge){.from = number[edge.from], .to = number[edge.to], .args = edge.args};
  }
  f->edges.len = e;
  for (ir_block b = 0; b < n; b++)
    for (uint32_t i = 0; i < f->blocks.at[b].nsucc; i++) {
      uint32_t *succ = &f->succs.at[f->blocks.at[b].succ + i];
      *succ = edge_number[*succ];
    }
  for (uint32_t i = 1; i < f->loops.len; i++)
    f->loops.at[i].header = number[f->loops.at[i].header];
  ir_compute_preds(f);
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
    bool all = true;
    for (uint32_t i = 0; i < blk->npred && all; i++) {
      ir_block from = f->edges.at[f->preds.at[blk->pred + i]].from;
      all = from < b ? f->blocks.at[from].cold : true;
    }
    blk->cold |= all;
  }
}

void opt_tidy(struct ir_func *f) {
  struct tidy t = {.f = f};
  ir_compute_preds(f);
  t.equal = arena_alloc(f->arena, f->insns.len * sizeof *t.equal);
  t.live = ARENA_ARRAY(f->arena, uint8_t, f->insns.len);
  for (uint32_t v = 0; v < f->insns.len; v++)
    t.equal[v] = v;
  for (int round = 0; round < 4 && join_phis(&t); round++) {
  }
  mark_live(&t);
  pack_phis(&t);
  rename_operands(&t);
  join_blocks(f);
  spread_cold(f);
  opt_order(f);
  ir_count_uses(f);
}
