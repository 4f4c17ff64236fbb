/* Canonical NaNs only where somebody could see the difference.
 *
 * In: tidy IR in which the result of float arithmetic goes through a CANON.  Out: the same, in which
 * arithmetic, comparisons and conversions, which ask of a NaN only that it is one, read what was there before
 * it; a loop carries that, too, and what wants the bits behind the loop has a CANON of its own there.
 *
 * A CANON's operand is `raw`. A phi may be raw where each of its arguments is a CANON, which it then gets the
 * operand of, or cannot be another NaN than the canonical one: so CANON of the raw phi is what the phi was.
 * It is, if nothing that repeats as often as the phi wants its bits. needs: preds, loops; leaves uses right.
 * Must not: let a raw value reach anything that is not known to ignore its payload. */
#include "compiler/opt/private.h"

#include "base/bitset.h"
#include "base/num.h"
#include "wasm/op.h"

enum { UNKNOWN = 1, ROUNDS_MOST = 64 };

struct nan {
  struct ir_func *f;
  uint8_t *exposed; /* arithmetic whose payload is seen without a CANON */
  uint8_t *lane;    /* phi: bytes of a lane of what it carries; UNKNOWN: constants; 0: it may not be raw */
  uint8_t *raw;     /* phi: it is; CANON: it moves to those who want it */
  uint32_t *depth;  /* of the loops around a value */
  bool changed, inserts;
  /* inserting */
  uint32_t *name, *made; /* new number of a value; the CANON of it made last .. */
  ir_block *made_in;     /* .. in this block */
  ir_val *starts;        /* of the new blocks; the old ones say which phi is meant, until all are made */
  VEC(struct ir_insn) insns;
  VEC(uint32_t) wasm_off;
};

static uint32_t scalar_size(const struct ir_func *f, ir_val v) {
  uint8_t type = f->insns.at[v].type;
  return type == IR_F32 ? 4 : type == IR_F64 ? 8 : 0;
}

/* Bytes of the lanes that a vector operation reads as numbers, whatever NaN is among them; 0: else. */
static uint32_t vector_reads(uint32_t op) {
  switch (op & 0xffff) {
  case OP_F32X4_ADD:
  case OP_F32X4_SUB:
  case OP_F32X4_MUL:
  case OP_F32X4_DIV:
  case OP_F32X4_MIN:
  case OP_F32X4_MAX:
  case OP_F32X4_SQRT:
  case OP_F32X4_CEIL:
  case OP_F32X4_FLOOR:
  case OP_F32X4_TRUNC:
  case OP_F32X4_NEAREST:
  case OP_F32X4_EQ:
  case OP_F32X4_NE:
  case OP_F32X4_LT:
  case OP_F32X4_GT:
  case OP_F32X4_LE:
  case OP_F32X4_GE:
  case OP_F64X2_PROMOTE_LOW_F32X4:
  case OP_I32X4_TRUNC_SAT_F32X4_S:
  case OP_I32X4_TRUNC_SAT_F32X4_U: return 4;
  case OP_F64X2_ADD:
  case OP_F64X2_SUB:
  case OP_F64X2_MUL:
  case OP_F64X2_DIV:
  case OP_F64X2_MIN:
  case OP_F64X2_MAX:
  case OP_F64X2_SQRT:
  case OP_F64X2_CEIL:
  case OP_F64X2_FLOOR:
  case OP_F64X2_TRUNC:
  case OP_F64X2_NEAREST:
  case OP_F64X2_EQ:
  case OP_F64X2_NE:
  case OP_F64X2_LT:
  case OP_F64X2_GT:
  case OP_F64X2_LE:
  case OP_F64X2_GE:
  case OP_F32X4_DEMOTE_F64X2_ZERO:
  case OP_I32X4_TRUNC_SAT_F64X2_S_ZERO:
  case OP_I32X4_TRUNC_SAT_F64X2_U_ZERO: return 8;
  default: return 0;
  }
}

/* Scalar arithmetic that reads and gives numbers. */
static bool is_arithmetic(uint32_t op) {
  switch (op) {
  case IR_OP_FADD:
  case IR_OP_FSUB:
  case IR_OP_FMUL:
  case IR_OP_FDIV:
  case IR_OP_FMIN:
  case IR_OP_FMAX:
  case IR_OP_FSQRT:
  case IR_OP_FCEIL:
  case IR_OP_FFLOOR:
  case IR_OP_FTRUNC:
  case IR_OP_FNEAREST:
  case IR_OP_DEMOTE:
  case IR_OP_PROMOTE: return true;
  default: return false;
  }
}

/* The same of any instruction and its operand `v`. */
static uint32_t reads(const struct ir_func *f, const struct ir_insn *in, ir_val v) {
  if (is_arithmetic(in->op)) return scalar_size(f, v);
  switch (in->op) {
  case IR_OP_FEQ:
  case IR_OP_FNE:
  case IR_OP_FLT:
  case IR_OP_FLE:
  case IR_OP_FGT:
  case IR_OP_FGE:
  case IR_OP_TRUNC_S:
  case IR_OP_TRUNC_U:
  case IR_OP_TRUNC_SAT_S:
  case IR_OP_TRUNC_SAT_U: return scalar_size(f, v);
  case IR_OP_CANON: return in->b;
  case IR_OP_VUNARY: return f->insns.at[v].type == IR_V128 ? vector_reads(in->b) : 0;
  case IR_OP_VBINARY: return f->insns.at[v].type == IR_V128 ? vector_reads(in->c) : 0;
  default: return 0;
  }
}

/* Its result is no float. */
static bool vector_tells(uint32_t op) {
  switch (op & 0xffff) {
  case OP_F32X4_EQ:
  case OP_F32X4_NE:
  case OP_F32X4_LT:
  case OP_F32X4_GT:
  case OP_F32X4_LE:
  case OP_F32X4_GE:
  case OP_F64X2_EQ:
  case OP_F64X2_NE:
  case OP_F64X2_LT:
  case OP_F64X2_GT:
  case OP_F64X2_LE:
  case OP_F64X2_GE:
  case OP_I32X4_TRUNC_SAT_F32X4_S:
  case OP_I32X4_TRUNC_SAT_F32X4_U:
  case OP_I32X4_TRUNC_SAT_F64X2_S_ZERO:
  case OP_I32X4_TRUNC_SAT_F64X2_U_ZERO: return true;
  default: return false;
  }
}

/* Its result may be a NaN with a payload out of its operands'. */
static bool passes_payload(const struct ir_insn *in) {
  switch (in->op) {
  case IR_OP_VUNARY: return vector_reads(in->b) != 0 && !vector_tells(in->b);
  case IR_OP_VBINARY: return vector_reads(in->c) != 0 && !vector_tells(in->c);
  default: return is_arithmetic(in->op);
  }
}

/* The lanes of the arithmetic's result. */
static uint32_t gives(const struct ir_func *f, ir_val v) {
  const struct ir_insn *in = &f->insns.at[v];
  if (in->type != IR_V128) return scalar_size(f, v);
  uint32_t op = (in->op == IR_OP_VUNARY ? in->b : in->c) & 0xffff;
  return op == OP_F64X2_PROMOTE_LOW_F32X4 ? 8 : op == OP_F32X4_DEMOTE_F64X2_ZERO ? 4 : vector_reads(op);
}

/* `in` can do with a raw operand `v` of such lanes. */
static bool ignores(const struct nan *n, ir_val at, ir_val v, uint32_t lane) {
  const struct ir_insn *in = &n->f->insns.at[at];
  return reads(n->f, in, v) == lane && !(passes_payload(in) && n->exposed[at]);
}

/* ---- which arithmetic is seen without a CANON: none, as things are built ---- */

static void expose(struct nan *n, ir_val at, ir_val v) {
  if (passes_payload(&n->f->insns.at[v]) && !ignores(n, at, v, gives(n->f, v))) n->exposed[v] = 1;
}

static void find_exposed(struct nan *n) {
  struct ir_func *f = n->f;
  for (uint32_t e = 0; e < f->edges.len; e++) {
    const struct ir_edge *edge = &f->edges.at[e];
    for (uint32_t i = 0; i < f->blocks.at[edge->to].nphis; i++) {
      ir_val v = f->ext.at[edge->args + i];
      if (passes_payload(&f->insns.at[v])) n->exposed[v] = 1;
    }
  }
  for (ir_block b = f->blocks.len; b-- > 0;) {
    for (ir_val at = f->blocks.at[b].end; at-- > f->blocks.at[b].first;) {
      struct ir_operands o = ir_operands(f, at);
      for (uint32_t i = 0; i < o.nfields; i++)
        expose(n, at, *o.field[i]);
      for (uint32_t i = 0; i < o.len; i++)
        expose(n, at, o.list[i]);
    }
  }
}

/* ---- which phis may be raw ---- */

static bool word_is_nan(uint64_t bits, uint32_t lane) {
  return lane == 4 ? !f32_eq((uint32_t)bits, (uint32_t)bits) : !f64_eq(bits, bits);
}

/* No NaN but the canonical one is among the constant's lanes of that size; none at all, to be simple. */
static bool is_number(const struct ir_func *f, const struct ir_insn *in, uint32_t lane) {
  if (in->op == IR_OP_FCONST) return !word_is_nan((uint64_t)in->b << 32 | in->a, lane);
  const uint32_t *w = &f->ext.at[in->a];
  for (uint32_t i = 0; i < 4; i += lane / 4)
    if (word_is_nan(lane == 4 ? w[i] : (uint64_t)w[i + 1] << 32 | w[i], lane)) return false;
  return true;
}

/* What the phi's lanes are, where the argument is `v` and they were `lane` so far. */
static uint8_t joined(const struct nan *n, uint8_t lane, ir_val v) {
  const struct ir_insn *in = &n->f->insns.at[v];
  uint32_t other;
  switch (in->op) {
  case IR_OP_FCONST: return is_number(n->f, in, in->type == IR_F32 ? 4 : 8) ? lane : 0;
  case IR_OP_VCONST: return is_number(n->f, in, 4) && is_number(n->f, in, 8) ? lane : 0;
  case IR_OP_CONVERT_S:
  case IR_OP_CONVERT_U: return lane;
  case IR_OP_PHI: other = n->lane[v]; break;
  case IR_OP_CANON: other = in->b; break;
  default: return 0;
  }
  if (other == UNKNOWN) return lane;
  return lane == UNKNOWN || other == lane ? (uint8_t)other : 0;
}

static bool join_phis_of(struct nan *n, ir_block b) {
  struct ir_func *f = n->f;
  const struct ir_blk *blk = &f->blocks.at[b];
  bool changed = false;
  for (uint32_t i = 0; i < blk->nphis; i++) {
    uint8_t *lane = &n->lane[blk->first + i], before = *lane;
    for (uint32_t p = 0; p < blk->npred && *lane; p++)
      *lane = joined(n, *lane, f->ext.at[f->edges.at[f->preds.at[blk->pred + p]].args + i]);
    changed |= *lane != before;
  }
  return changed;
}

static bool find_lanes(struct nan *n) {
  struct ir_func *f = n->f;
  for (ir_block b = 0; b < f->blocks.len; b++)
    for (ir_val v = f->blocks.at[b].first, end = v + f->blocks.at[b].nphis; v < end; v++)
      n->lane[v] = f->insns.at[v].type == IR_V128 ? UNKNOWN : (uint8_t)scalar_size(f, v);
  bool changed = true;
  for (int round = 0; round < ROUNDS_MOST && changed; round++) {
    changed = false;
    for (ir_block b = 0; b < f->blocks.len; b++)
      changed |= join_phis_of(n, b);
  }
  return !changed;
}

/* ---- which are, and which CANON moves ---- */

static uint32_t lane_of(const struct nan *n, ir_val v) {
  const struct ir_insn *in = &n->f->insns.at[v];
  return in->op == IR_OP_CANON ? in->b : in->op == IR_OP_PHI ? n->lane[v] : 0;
}

/* Somebody wants the bits of `v` where so many loops are around. */
static void wanted(struct nan *n, ir_val v, uint32_t depth) {
  if (!n->raw[v] || depth < n->depth[v]) return;
  n->raw[v] = 0;
  n->changed = true;
}

static void want_operand(struct nan *n, ir_val at, ir_val v) {
  if (n->raw[v] && !ignores(n, at, v, lane_of(n, v))) wanted(n, v, n->depth[at]);
}

static void want_arguments(struct nan *n, uint32_t e) {
  struct ir_func *f = n->f;
  const struct ir_edge *edge = &f->edges.at[e];
  const struct ir_blk *to = &f->blocks.at[edge->to];
  for (uint32_t i = 0; i < to->nphis; i++) {
    ir_val v = f->ext.at[edge->args + i];
    if (n->raw[v] && !n->raw[to->first + i]) wanted(n, v, f->loops.at[f->blocks.at[edge->from].loop].depth);
  }
}

static bool find_raw(struct nan *n) {
  struct ir_func *f = n->f;
  for (ir_block b = 0; b < f->blocks.len; b++) {
    const struct ir_blk *blk = &f->blocks.at[b];
    for (ir_val v = blk->first; v < blk->end; v++) {
      n->depth[v] = f->loops.at[blk->loop].depth;
      const struct ir_insn *in = &f->insns.at[v];
      n->raw[v] = v < blk->first + blk->nphis ? n->lane[v] > UNKNOWN
                                              : in->op == IR_OP_CANON && f->insns.at[in->a].op != IR_OP_CANON;
    }
  }
  n->changed = true;
  for (int round = 0; round < ROUNDS_MOST && n->changed; round++) {
    n->changed = false;
    for (uint32_t e = 0; e < f->edges.len; e++)
      want_arguments(n, e);
    for (ir_block b = 0; b < f->blocks.len; b++) {
      for (ir_val at = f->blocks.at[b].first; at < f->blocks.at[b].end; at++) {
        struct ir_operands o = ir_operands(f, at);
        for (uint32_t i = 0; i < o.nfields; i++)
          want_operand(n, at, *o.field[i]);
        for (uint32_t i = 0; i < o.len; i++)
          want_operand(n, at, o.list[i]);
      }
    }
  }
  return !n->changed;
}

/* ---- the new operands ---- */

static ir_val bare(const struct nan *n, ir_val v, uint32_t lane) {
  while (n->f->insns.at[v].op == IR_OP_CANON && n->f->insns.at[v].b == lane)
    v = n->f->insns.at[v].a;
  return v;
}

static void bare_operand(struct nan *n, ir_val at, uint32_t *v) {
  if (n->f->insns.at[*v].op == IR_OP_CANON && ignores(n, at, *v, lane_of(n, *v)))
    *v = bare(n, *v, lane_of(n, *v));
  n->inserts |= n->raw[*v] && !ignores(n, at, *v, lane_of(n, *v));
}

/* The phi wants the bits of its argument. */
static bool argument_is_seen(const struct nan *n, ir_val phi, ir_val v) {
  return n->raw[v] && !(n->raw[phi] && n->lane[phi] == lane_of(n, v));
}

static void take_bare(struct nan *n) {
  struct ir_func *f = n->f;
  for (uint32_t e = 0; e < f->edges.len; e++) {
    const struct ir_blk *to = &f->blocks.at[f->edges.at[e].to];
    for (uint32_t i = 0; i < to->nphis; i++) {
      uint32_t *v = &f->ext.at[f->edges.at[e].args + i];
      if (n->raw[to->first + i]) *v = bare(n, *v, n->lane[to->first + i]);
      n->inserts |= argument_is_seen(n, to->first + i, *v);
    }
  }
  for (ir_block b = 0; b < f->blocks.len; b++) {
    for (ir_val at = f->blocks.at[b].first; at < f->blocks.at[b].end; at++) {
      struct ir_operands o = ir_operands(f, at);
      for (uint32_t i = 0; i < o.nfields; i++)
        bare_operand(n, at, o.field[i]);
      for (uint32_t i = 0; i < o.len; i++)
        bare_operand(n, at, &o.list[i]);
    }
  }
}

/* ---- the function anew, with what is to be inserted ---- */

static ir_val append(struct nan *n, struct ir_insn in, uint32_t wasm_off) {
  VEC_PUSH(n->f->arena, &n->insns, in);
  VEC_PUSH(n->f->arena, &n->wasm_off, wasm_off);
  return n->insns.len - 1;
}

/* The new name of `v`, whose bits are wanted in the block that is being made. (Calls itself once: what a
 * CANON that moves is of is no CANON.) */
static ir_val seen(struct nan *n, ir_block b, ir_val v, uint32_t wasm_off) {
  if (!n->raw[v]) return n->name[v];
  if (n->made_in[v] == b) return n->made[v];
  const struct ir_insn *in = &n->f->insns.at[v];
  uint32_t lane = lane_of(n, v);
  ir_val x = n->name[v];
  if (in->op == IR_OP_CANON) x = lane_of(n, in->a) == lane ? n->name[in->a] : seen(n, b, in->a, wasm_off);
  struct ir_insn canon = {.op = IR_OP_CANON, .type = in->type, .a = x, .b = lane};
  n->made_in[v] = b;
  return n->made[v] = append(n, canon, wasm_off);
}

/* Arguments on the edges out of b. */
static void make_arguments(struct nan *n, ir_block b, struct bitset *done) {
  struct ir_func *f = n->f;
  const struct ir_blk *blk = &f->blocks.at[b];
  for (uint32_t s = 0; s < blk->nsucc; s++) {
    const struct ir_edge *edge = &f->edges.at[f->succs.at[blk->succ + s]];
    const struct ir_blk *to = &f->blocks.at[edge->to];
    for (uint32_t i = 0; i < to->nphis; i++) {
      if (bitset_has(done, edge->args + i)) continue;
      bitset_add(done, edge->args + i);
      uint32_t *v = &f->ext.at[edge->args + i];
      bool is_seen = argument_is_seen(n, to->first + i, *v);
      *v = is_seen ? seen(n, b, *v, f->wasm_off.at[blk->end - 1]) : n->name[*v];
    }
  }
}

/* Lists may be shared: each word of ext is renamed once. */
static void make_operand(struct nan *n, ir_block b, ir_val at, uint32_t *v, struct bitset *done) {
  struct ir_func *f = n->f;
  if (v >= f->ext.at && v < f->ext.at + f->ext.len) {
    uint32_t i = (uint32_t)(v - f->ext.at);
    if (bitset_has(done, i)) return;
    bitset_add(done, i);
  }
  bool is_seen = n->raw[*v] && !ignores(n, at, *v, lane_of(n, *v));
  *v = is_seen ? seen(n, b, *v, f->wasm_off.at[at]) : n->name[*v];
}

static void make_block(struct nan *n, ir_block b, struct bitset *done) {
  struct ir_func *f = n->f;
  const struct ir_blk *blk = &f->blocks.at[b];
  n->starts[b] = n->insns.len;
  for (ir_val at = blk->first; at < blk->end; at++) {
    const struct ir_insn *in = &f->insns.at[at];
    if (in->op == IR_OP_NONE || (in->op == IR_OP_CANON && n->raw[at])) continue;
    if (at + 1 == blk->end) make_arguments(n, b, done);
    struct ir_operands o = ir_operands(f, at);
    for (uint32_t i = 0; i < o.nfields; i++)
      make_operand(n, b, at, o.field[i], done);
    for (uint32_t i = 0; i < o.len; i++)
      make_operand(n, b, at, &o.list[i], done);
    n->name[at] = append(n, *in, f->wasm_off.at[at]);
  }
}

/* Edges that share their arguments, for tidy.c led them past a block, get lists of their own. */
static void part_arguments(struct ir_func *f) {
  struct bitset used;
  bitset_init(&used, f->arena, f->ext.len);
  for (uint32_t e = 0; e < f->edges.len; e++) {
    struct ir_edge *edge = &f->edges.at[e];
    uint32_t nphis = f->blocks.at[edge->to].nphis, shared = edge->args;
    if (nphis == 0) continue;
    if (!bitset_has(&used, shared)) {
      bitset_add(&used, shared);
      continue;
    }
    edge->args = f->ext.len;
    for (uint32_t i = 0; i < nphis; i++) {
      uint32_t v = f->ext.at[shared + i];
      ir_ext(f, &v, 1);
    }
  }
}

static void make_anew(struct nan *n) {
  struct ir_func *f = n->f;
  part_arguments(f);
  struct bitset done;
  uint32_t len = f->insns.len;
  bitset_init(&done, f->arena, f->ext.len);
  n->name = ARENA_ARRAY(f->arena, uint32_t, len);
  n->made = ARENA_ARRAY(f->arena, uint32_t, len);
  n->starts = ARENA_ARRAY(f->arena, ir_val, f->blocks.len + 1);
  n->made_in = arena_alloc(f->arena, len * sizeof *n->made_in);
  for (uint32_t v = 0; v < len; v++)
    n->made_in[v] = IR_NO_BLOCK;
  append(n, f->insns.at[0], f->wasm_off.at[0]);
  for (ir_block b = 0; b < f->blocks.len; b++)
    make_block(n, b, &done);
  n->starts[f->blocks.len] = n->insns.len;
  for (ir_block b = 0; b < f->blocks.len; b++) {
    f->blocks.at[b].first = n->starts[b];
    f->blocks.at[b].end = n->starts[b + 1];
  }
  VEC_DROP(f->arena, &f->insns);
  VEC_DROP(f->arena, &f->wasm_off);
  for (uint32_t v = 0; v < n->insns.len; v++)
    ir_append(f, n->insns.at[v], n->wasm_off.at[v]);
  VEC_DROP(f->arena, &n->insns);
  VEC_DROP(f->arena, &n->wasm_off);
}

void opt_late_nans(struct ir_func *f) {
  struct nan n = {.f = f};
  uint32_t len = f->insns.len;
  n.exposed = ARENA_ARRAY(f->arena, uint8_t, len);
  n.lane = ARENA_ARRAY(f->arena, uint8_t, len);
  n.raw = ARENA_ARRAY(f->arena, uint8_t, len);
  n.depth = ARENA_ARRAY(f->arena, uint32_t, len);
  find_exposed(&n);
  if (!find_lanes(&n) || !find_raw(&n)) return; /* it stays as it was: right everywhere */
  take_bare(&n);
  if (n.inserts) {
    make_anew(&n);
  } else {
    for (ir_block b = 0; b < f->blocks.len; b++)
      for (ir_val v = f->blocks.at[b].first; v < f->blocks.at[b].end; v++)
        if (f->insns.at[v].op == IR_OP_CANON && n.raw[v]) f->insns.at[v].op = IR_OP_NONE;
  }
  ir_count_uses(f, 0);
}
