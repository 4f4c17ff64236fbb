/* The IR's invariants.
 *
 *   1  every block is a run of instructions: phis, others, one that ends it; runs do not overlap
 *   2  a block has as many successors as what ends it says; every edge starts where it is listed, and is
 * listed 3  an edge leads forward, or to the header of a loop that contains its source; no edge enters block
 * 0 4  operands are values whose definition dominates the use, of the type that the operation wants 5  an
 * edge has an argument of the phi's type for each phi of its target 6  PARAM only in block 0, PROJ right
 * behind its call tidy: 7  preds are exactly the edges in 8  a block with several successors has only
 * successors with one predecessor 9  a loop's blocks are [header, end) and every block names its innermost
 * loop
 *
 * Must not: change anything. (Dominators are computed anew.) */
#include "compiler/ir/verify.h"

#include "compiler/ir/cfg.h"
#include "compiler/ir/print.h"

struct verifier {
  struct ir_func *f;
  struct out *why;
  ir_block *block_of; /* of each instruction; IR_NO_BLOCK: in none */
  uint8_t *listed;    /* edges seen */
  bool ok;
};

static bool fail(struct verifier *v, ir_block b, ir_val at, const char *what) {
  if (v->ok) {
    out_printf(v->why, "function %u, block %u: %s", v->f->index, b, what);
    if (at != 0) {
      out_cstr(v->why, " in: ");
      ir_print_insn(v->f, at, v->why);
    }
    out_cstr(v->why, "\n");
  }
  v->ok = false;
  return false;
}

static uint32_t try_ways(const struct ir_insn *in) { return 1 + in->b + (in->a != CODE_NO_TRY); }

static void check_blocks(struct verifier *v) {
  struct ir_func *f = v->f;
  for (ir_block b = 0; b < f->blocks.len; b++) {
    const struct ir_blk *blk = &f->blocks.at[b];
    if (blk->first == 0 || blk->first + blk->nphis >= blk->end || blk->end > f->insns.len) {
      fail(v, b, 0, "bad run of instructions");
      return;
    }
    for (ir_val i = blk->first; i < blk->end; i++) {
      const struct ir_insn *in = &f->insns.at[i];
      if (v->block_of[i] != IR_NO_BLOCK) fail(v, b, i, "in two blocks");
      v->block_of[i] = b;
      if ((in->op == IR_OP_PHI) != (i < blk->first + blk->nphis)) fail(v, b, i, "phi out of place");
      bool ends = (ir_op_table[in->op].flags & IRF_X) != 0;
      if (ends != (i == blk->end - 1)) fail(v, b, i, "end of block out of place");
    }
    uint8_t op = f->insns.at[blk->end - 1].op;
    bool right = op == IR_OP_JUMP     ? blk->nsucc == 1
                 : op == IR_OP_BRANCH ? blk->nsucc == 2
                 : op == IR_OP_TRY    ? blk->nsucc == try_ways(&f->insns.at[blk->end - 1])
                 : op == IR_OP_SWITCH ? blk->nsucc > 1
                                      : blk->nsucc == 0;
    if (!right) fail(v, b, blk->end - 1, "wrong number of successors");
  }
}

static void check_edges(struct verifier *v) {
  struct ir_func *f = v->f;
  for (ir_block b = 0; b < f->blocks.len; b++) {
    const struct ir_blk *blk = &f->blocks.at[b];
    for (uint32_t i = 0; i < blk->nsucc; i++) {
      uint32_t e = f->succs.at[blk->succ + i];
      if (e >= f->edges.len || f->edges.at[e].from != b) {
        fail(v, b, 0, "successor is no edge of its own");
        return;
      }
      v->listed[e] = 1;
    }
  }
  for (uint32_t e = 0; e < f->edges.len; e++) {
    const struct ir_edge *edge = &f->edges.at[e];
    if (!v->listed[e] || edge->to >= f->blocks.len || edge->to == 0) {
      fail(v, edge->from, 0, "bad edge");
      return;
    }
    if (edge->to <= edge->from) {
      const struct ir_blk *to = &f->blocks.at[edge->to];
      if (!to->header || edge->from >= f->loops.at[to->loop].end)
        fail(v, edge->from, 0, "edge back to no header");
    }
    uint32_t nphis = f->blocks.at[edge->to].nphis;
    if (nphis > 0 && (edge->args == 0 || edge->args + nphis > f->ext.len))
      fail(v, edge->from, 0, "no arguments");
  }
}

/* Is value x known at instruction `at` of block b (at == 0: at its end)? */
static bool reaches(struct verifier *v, ir_val x, ir_block b, ir_val at) {
  if (x == 0 || x >= v->f->insns.len || v->block_of[x] == IR_NO_BLOCK) return false;
  const struct ir_insn *in = &v->f->insns.at[x];
  if (in->op == IR_OP_NONE || ir_op_table[in->op].type == '-' || in->type == IR_VOID) return false;
  if (v->block_of[x] == b) return at == 0 || x < at;
  return ir_dominates(v->f, v->block_of[x], b);
}

/* The type that operand `i` must have the size of; IR_VOID: any. */
static uint8_t operand_type(const struct ir_func *f, const struct ir_insn *in, uint32_t i) {
  switch (in->op) {
  case IR_OP_SELECT: return i == 0 ? IR_I32 : in->type;
  case IR_OP_EQ:
  case IR_OP_NE:
  case IR_OP_LT_S:
  case IR_OP_LT_U:
  case IR_OP_LE_S:
  case IR_OP_LE_U:
  case IR_OP_GT_S:
  case IR_OP_GT_U:
  case IR_OP_GE_S:
  case IR_OP_GE_U:
  case IR_OP_FEQ:
  case IR_OP_FNE:
  case IR_OP_FLT:
  case IR_OP_FLE:
  case IR_OP_FGT:
  case IR_OP_FGE: return f->insns.at[in->a].type;
  case IR_OP_SEXT32:
  case IR_OP_TRUNC_S:
  case IR_OP_TRUNC_U:
  case IR_OP_TRUNC_SAT_S:
  case IR_OP_TRUNC_SAT_U:
  case IR_OP_CONVERT_S:
  case IR_OP_CONVERT_U:
  case IR_OP_BITCAST:
  case IR_OP_PROJ: return IR_VOID;
  case IR_OP_VUNARY: return IR_VOID;
  case IR_OP_VBINARY: return i == 0 ? IR_V128 : IR_VOID;
  case IR_OP_ZEXT32: return IR_I32;
  case IR_OP_WRAP: return IR_I64;
  case IR_OP_DEMOTE: return IR_F64;
  case IR_OP_PROMOTE: return IR_F32;
  case IR_OP_LOAD: return IR_PTR;
  case IR_OP_STORE: return i == 0 ? IR_PTR : in->type;
  case IR_OP_GLOAD: return i == 0 ? IR_VOID : IR_PTR;
  case IR_OP_GSTORE: return i == 0 ? IR_VOID : i == 1 ? in->type : IR_PTR;
  case IR_OP_ATOMIC_LOAD: return i == 0 ? IR_VOID : IR_PTR;
  case IR_OP_ATOMIC_CMPXCHG: {
    bool base = i == 2 && (in->flags & IRF_EXT_ADDR);
    return i == 0 ? IR_VOID : base ? IR_PTR : in->type;
  }
  case IR_OP_ATOMIC_STORE:
  case IR_OP_ATOMIC_ADD:
  case IR_OP_ATOMIC_SUB:
  case IR_OP_ATOMIC_AND:
  case IR_OP_ATOMIC_OR:
  case IR_OP_ATOMIC_XOR:
  case IR_OP_ATOMIC_XCHG: return i == 0 ? IR_VOID : i == 1 ? in->type : IR_PTR;
  case IR_OP_HLOAD: return IR_I32;
  case IR_OP_HSTORE: return i == 1 ? in->type : IR_I32;
  case IR_OP_TOP_STORE: return IR_I32;
  case IR_OP_LOCAL_SET:
  case IR_OP_TRAPIF:
  case IR_OP_TRAPIFZ:
  case IR_OP_BRANCH: return IR_VOID;
  case IR_OP_SWITCH: return IR_I32;
  case IR_OP_RESUME:
  case IR_OP_RESUME_THROW:
  case IR_OP_SUSPEND: return IR_PTR;
  case IR_OP_SWITCH_TO: return i == 0 ? IR_REF : IR_PTR;
  case IR_OP_CALL_FUNC:
  case IR_OP_TAIL_CALL_FUNC: return IR_FUNCREF;
  default: return in->type;
  }
}

static void check_list(struct verifier *v, ir_block b, ir_val at, const uint32_t *list, uint32_t len) {
  const struct ir_func *f = v->f;
  const struct ir_insn *in = &f->insns.at[at];
  const valtype *types = NULL;
  uint32_t n = len, nparams = len;
  if (in->op == IR_OP_RETURN) {
    types = f->type->results;
    n = f->type->nresults;
  } else if (in->op == IR_OP_RESUME_THROW) {
    n = 0;
  } else if (in->op != IR_OP_CALL_BUILTIN) {
    uint32_t type = in->op == IR_OP_SWITCH_TO ? ir_switch_type(f, at) : in->c;
    const struct functype *t = module_functype(f->module, type);
    types = t->params;
    n = t->nparams; /* who leaves gives its cell, if that is no parameter, and cur */
    n += in->op == IR_OP_SUSPEND ? 2 : in->op == IR_OP_SWITCH_TO ? 1 : 0;
    nparams = t->nparams;
  }
  if (n != len) fail(v, b, at, "wrong number of arguments");
  for (uint32_t i = 0; i < len && v->ok; i++) {
    if (!reaches(v, list[i], b, at))
      fail(v, b, at, "argument does not reach");
    else if (types && i < nparams &&
             !ir_same_size((uint8_t)ir_type_of(f->module, types[i]), f->insns.at[list[i]].type))
      fail(v, b, at, "argument has a wrong type");
  }
}

static void check_values(struct verifier *v) {
  struct ir_func *f = v->f;
  for (ir_block b = 0; b < f->blocks.len && v->ok; b++) {
    const struct ir_blk *blk = &f->blocks.at[b];
    ir_val call = 0;
    for (ir_val at = blk->first; at < blk->end && v->ok; at++) {
      const struct ir_insn *in = &f->insns.at[at];
      struct ir_operands o = ir_operands(f, at);
      if (in->op == IR_OP_LANDED) { /* names a resume, which may have no result */
        o.nfields = 0;
        if (!ir_dominates(f, v->block_of[in->a], b) ||
            (f->insns.at[in->a].op != IR_OP_RESUME && f->insns.at[in->a].op != IR_OP_RESUME_THROW))
          fail(v, b, at, "lands from nowhere");
      }
      for (uint32_t i = 0; i < o.nfields; i++) {
        ir_val x = *o.field[i];
        uint8_t want;
        if (!reaches(v, x, b, at))
          fail(v, b, at, "operand does not reach");
        else if ((want = operand_type(f, in, i)) != IR_VOID && !ir_same_size(want, f->insns.at[x].type))
          fail(v, b, at, "operand has a wrong type");
      }
      if (o.list) check_list(v, b, at, o.list, o.len);
      if (in->op == IR_OP_PARAM && b != 0) fail(v, b, at, "parameter out of place");
      if (ir_op_table[in->op].type == 'b' && in->type != IR_I32) fail(v, b, at, "comparison is no i32");
      if (in->op == IR_OP_PROJ) {
        if (in->a != call) fail(v, b, at, "result away from its call");
      } else if (in->op != IR_OP_NONE) {
        call = ir_op_table[in->op].flags & IRF_C ? at : 0;
      }
    }
  }
  for (uint32_t e = 0; e < f->edges.len && v->ok; e++) {
    const struct ir_edge *edge = &f->edges.at[e];
    const struct ir_blk *to = &f->blocks.at[edge->to];
    for (uint32_t i = 0; i < to->nphis && v->ok; i++) {
      ir_val x = f->ext.at[edge->args + i];
      if (!reaches(v, x, edge->from, 0))
        fail(v, edge->from, to->first + i, "edge argument does not reach");
      else if (!ir_same_size(f->insns.at[x].type, f->insns.at[to->first + i].type))
        fail(v, edge->from, to->first + i, "edge argument has a wrong type");
    }
  }
}

static void check_tidy(struct verifier *v) {
  struct ir_func *f = v->f;
  uint32_t *count = ARENA_ARRAY(f->arena, uint32_t, f->blocks.len);
  for (uint32_t e = 0; e < f->edges.len; e++)
    count[f->edges.at[e].to]++;
  for (ir_block b = 0; b < f->blocks.len; b++) {
    const struct ir_blk *blk = &f->blocks.at[b];
    if (blk->npred != count[b]) fail(v, b, 0, "wrong number of predecessors");
    for (uint32_t i = 0; i < blk->npred && v->ok; i++)
      if (f->edges.at[f->preds.at[blk->pred + i]].to != b) fail(v, b, 0, "predecessor leads elsewhere");
    for (uint32_t i = 0; blk->nsucc > 1 && i < blk->nsucc; i++)
      if (count[f->edges.at[f->succs.at[blk->succ + i]].to] != 1) fail(v, b, 0, "critical edge");
    if (b > 0 && blk->npred == 0) fail(v, b, 0, "not reached");
    if (blk->loop >= f->loops.len) {
      fail(v, b, 0, "no such loop");
      return;
    }
    uint32_t l = blk->loop;
    if (l != 0 && (b < f->loops.at[l].header || b >= f->loops.at[l].end))
      fail(v, b, 0, "outside of its loop");
    if (blk->header != (l != 0 && f->loops.at[l].header == b)) fail(v, b, 0, "header of nothing");
  }
  for (uint32_t l = 1; l < f->loops.len && v->ok; l++) {
    const struct ir_loop *loop = &f->loops.at[l], *parent = &f->loops.at[loop->parent];
    if (loop->parent >= l || loop->depth != parent->depth + 1) fail(v, loop->header, 0, "bad nest of loops");
    if (loop->parent && (loop->header < parent->header || loop->end > parent->end))
      fail(v, loop->header, 0, "loop leaves its parent");
  }
}

bool ir_verify(struct ir_func *f, enum ir_form form, struct out *why) {
  struct verifier v = {.f = f, .why = why, .ok = true};
  VEC_RESERVE(f->arena, &f->doms, f->blocks.len);
  struct arena_mark mark = arena_mark(f->arena);
  v.block_of = arena_alloc(f->arena, f->insns.len * sizeof *v.block_of);
  for (uint32_t i = 0; i < f->insns.len; i++)
    v.block_of[i] = IR_NO_BLOCK;
  v.listed = ARENA_ARRAY(f->arena, uint8_t, f->edges.len);
  check_blocks(&v);
  if (v.ok) check_edges(&v);
  if (v.ok && form == IR_TIDY) check_tidy(&v);
  if (v.ok && f->doms.len != f->blocks.len) ir_compute_dominators(f); /* tidy ones have none */
  if (v.ok) check_values(&v);
  arena_release(f->arena, mark);
  return v.ok;
}
