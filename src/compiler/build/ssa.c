/* SSA form in one walk: blocks, edges, and the value of each local here and now.
 *
 * In: sets and gets of locals, branches to labels, ends of labels.  Out: blocks whose phis are exactly where
 * values differ.  An undo log holds what every local was before it was set, with a mark for each open frame:
 * so a branch records only the locals that were set since the label's frame began, and the end of a label
 * restores the state of its beginning before it merges.  A loop's header gets a phi for each local that the
 * loop assigns (scan.c). `work` counts the locals that are looked at; a body that makes it pass `max_work` is
 * built anew with its locals in frame slots, where none of this is needed: time and memory stay linear in the
 * body's size. Must not: know instructions. */
#include "compiler/build/builder.h"

#include "compiler/ir/cfg.h"

#include <string.h>

void work(struct builder *b, uint64_t n) {
  b->work += n;
  if (b->work > b->max_work) b->too_much = true;
}

/* A thousand results at each of a hundred thousand labels: no memory, but time. */
enum { STEPS_MOST = 1 << 29 };
static void steps(struct builder *b, uint64_t n) {
  b->steps += n;
  if (b->steps > STEPS_MOST) b->too_much = true;
}

/* ---- blocks and edges ---- */

static NOINLINE uint32_t edge_grown(struct builder *b, ir_block to) {
  VEC_RESERVE(b->arena, &b->f->edges, b->f->edges.len + 1);
  return edge_new(b, to);
}

uint32_t edge_new(struct builder *b, ir_block to) {
  struct ir_func *f = b->f;
  uint32_t e = f->edges.len;
  if (e == f->edges.cap) return edge_grown(b, to);
  f->edges.at[e] = (struct ir_edge){.from = b->block, .to = to};
  f->edges.len = e + 1;
  return e;
}

void block_end(struct builder *b, enum ir_op op, uint32_t x, uint32_t y, uint32_t z, const uint32_t *succs,
               uint32_t nsuccs) {
  assert(!b->dead);
  struct ir_func *f = b->f;
  ir_append(f, (struct ir_insn){.op = (uint8_t)op, .a = x, .b = y, .c = z}, b->off);
  struct ir_blk *blk = &f->blocks.at[b->block];
  blk->end = f->insns.len;
  blk->succ = f->succs.len;
  blk->nsucc = nsuccs;
  VEC_RESERVE(b->arena, &f->succs, f->succs.len + nsuccs);
  for (uint32_t i = 0; i < nsuccs; i++)
    f->succs.at[f->succs.len + i] = succs[i];
  f->succs.len += nsuccs;
  if (op == IR_OP_TRAP) blk->cold = true;
  if (op == IR_OP_BRANCH) f->known_branches |= ir_is_const(f, x);
  b->dead = true;
}

void block_begin(struct builder *b, ir_block idom, struct opt_state state) {
  struct ir_func *f = b->f;
  b->block = f->blocks.len;
  VEC_PUSH(b->arena, &f->blocks, ((struct ir_blk){.first = f->insns.len, .loop = b->loop}));
  ir_set_idom(f, b->block, idom);
  opt_block_begin(b->o, b->block, state);
  b->dead = false;
}

ir_val block_phi(struct builder *b, uint8_t type) {
  b->f->blocks.at[b->block].nphis++;
  return ir_append(b->f, (struct ir_insn){.op = IR_OP_PHI, .type = type}, b->off);
}

struct cold block_cold(struct builder *b, ir_val cond, bool cold_if) {
  struct cold c = {.from = b->block, .state = opt_state_now(b->o)};
  uint32_t cold = edge_new(b, block_next(b));
  c.skip_edge = edge_new(b, IR_NO_BLOCK);
  uint32_t succs[2] = {cold_if ? cold : c.skip_edge, cold_if ? c.skip_edge : cold};
  block_end(b, IR_OP_BRANCH, cond, 0, 0, succs, 2);
  block_begin(b, c.from, c.state);
  b->f->blocks.at[b->block].cold = true;
  return c;
}

ir_val block_rejoin(struct builder *b, struct cold c, ir_val value, ir_val other) {
  struct ir_func *f = b->f;
  uint32_t e = edge_new(b, block_next(b));
  block_end(b, IR_OP_JUMP, 0, 0, 0, &e, 1);
  f->edges.at[c.skip_edge].to = block_next(b);
  block_begin(b, c.from, opt_state_merge(b->o, c.state, opt_state_now(b->o)));
  if (value == 0) return 0;
  f->edges.at[c.skip_edge].args = ir_ext(f, &value, 1);
  f->edges.at[e].args = ir_ext(f, &other, 1);
  return block_phi(b, type_of(b, value));
}

/* ---- locals ---- */

void local_set_slot(struct builder *b, uint32_t local, ir_val v) {
  emit(b, IR_OP_LOCAL_SET, IR_VOID, v, b->slot_step * local, 0);
}

ir_val local_get_slot(struct builder *b, uint32_t local) {
  const struct local *l = &b->locals.at[b->body.base + local];
  ir_val v = emit(b, IR_OP_LOCAL_GET, l->type, b->slot_step * local, 0, 0);
  ref_note(b, v, l->declared);
  return v;
}

void locals_rollback(struct builder *b, uint32_t mark) {
  while (b->undo.len > mark) {
    struct undo u = VEC_POP(&b->undo);
    b->locals.at[u.local].value = u.value;
    b->locals.at[u.local].logged = u.logged;
  }
}

/* Pairs name locals of all bodies: by index in b->locals. */
uint32_t record_pairs(struct builder *b, uint32_t mark, uint32_t limit) {
  uint32_t len = b->undo.len - mark;
  work(b, len);
  if (b->too_much || len == 0) return 0;
  VEC_RESERVE(b->arena, &b->record, b->record.len + 2 * len);
  uint32_t *begin = b->record.at + b->record.len, *to = begin;
  const struct local *locals = b->locals.at;
  const struct undo *undo = b->undo.at;
  for (uint32_t i = mark, end = b->undo.len; i < end; i++) {
    uint32_t local = undo[i].local;
    if (locals[local].logged != i + 1 || local >= limit) continue; /* set again in an inner frame */
    *to++ = local;
    *to++ = locals[local].value;
  }
  b->record.len += (uint32_t)(to - begin);
  return (uint32_t)(to - begin) / 2;
}

/* The label's results, where the newest branch to it found others. */
static uint32_t record_results(struct builder *b, const struct control *c) {
  uint32_t at = b->record.len, n = c->nresults;
  if (n == 0) return at;
  steps(b, n);
  const ir_val *values = b->stack.at + (b->stack.len - n);
  if (c->branches != NONE) {
    uint32_t last = b->branches.at[c->branches].results;
    if (memcmp(values, b->record.at + last, n * sizeof *values) == 0) return last;
  }
  if (b->too_much) return at;
  VEC_RESERVE(b->arena, &b->record, at + n);
  memcpy(b->record.at + at, values, n * sizeof *values);
  b->record.len += n;
  return at;
}

/* Something is recorded for frame c while the innermost frame is open. */
static void recorded_for(struct builder *b, const struct control *c) {
  struct control *in = &VEC_LAST(&b->controls);
  uintptr_t at = (uintptr_t)c; /* may be a copy of a frame that has just been left */
  bool open = at >= (uintptr_t)b->controls.at && at <= (uintptr_t)in;
  in->outermost = min_u32(in->outermost, open ? (uint32_t)(c - b->controls.at) : 0);
}

static void branch_add(struct builder *b, struct control *c, struct branch branch) {
  branch.next = c->branches;
  c->branches = b->branches.len;
  c->nbranches++;
  VEC_PUSH(b->arena, &b->branches, branch);
}

void branch_record(struct builder *b, struct control *c, uint32_t edge, uint32_t mark) {
  struct branch br = {.edge = edge, .state = opt_state_now(b->o)};
  recorded_for(b, c);
  br.results = record_results(b, c);
  br.pairs = b->record.len;
  br.npairs = record_pairs(b, mark, NONE);
  branch_add(b, c, br);
}

uint32_t landing_edge(struct builder *b, uint32_t try_) {
  struct control *c = &b->controls.at[try_];
  uint32_t edge = edge_new(b, IR_NO_BLOCK);
  struct branch br = {
      .edge = edge, .state = opt_state_now(b->o), .results = b->record.len, .next = c->landings};
  recorded_for(b, c);
  br.pairs = b->record.len;
  br.npairs = record_pairs(b, c->undo, c->nlocals);
  c->landings = b->branches.len;
  c->nlandings++;
  VEC_PUSH(b->arena, &b->branches, br);
  return edge;
}

void branch_record_else(struct builder *b, struct control *c) {
  branch_add(b, c, (struct branch){.edge = c->else_edge, .results = c->else_params, .state = c->else_state});
}

/* Branches of one br_table share their lists: those made for the outermost label serve the inner ones, as a
 * local that was not set since an inner frame began has the value that it had then. */
void branch_record_again(struct builder *b, struct control *c, uint32_t edge, uint32_t first) {
  struct branch br = b->branches.at[first];
  recorded_for(b, c);
  br.edge = edge;
  branch_add(b, c, br);
}

void loop_edge(struct builder *b, const struct control *c, uint32_t edge) {
  struct ir_func *f = b->f;
  uint32_t n = c->nparams + (b->slots ? 0 : c->scan->len);
  work(b, n);
  if (b->too_much) return;
  f->edges.at[edge].args = f->ext.len;
  VEC_RESERVE(b->arena, &f->ext, f->ext.len + n);
  for (uint32_t i = b->stack.len - c->nparams; i < b->stack.len; i++)
    f->ext.at[f->ext.len++] = b->stack.at[i];
  if (b->slots || c->scan->len == 0) return;
  const struct local *locals = b->locals.at + b->body.base;
  const uint32_t *assigned = b->body.scan.locals.at + c->scan->first;
  uint32_t *args = f->ext.at + f->ext.len;
  f->ext.len += c->scan->len;
  for (uint32_t i = 0, len = c->scan->len; i < len; i++)
    args[i] = locals[assigned[i]].value;
}

void loop_begin(struct builder *b, struct control *c) {
  struct ir_func *f = b->f;
  uint32_t edge = edge_new(b, block_next(b));
  loop_edge(b, c, edge);
  ir_block from = b->block;
  struct opt_state state = opt_state_loop(
      b->o, opt_state_now(b->o),
      (c->scan->has_call ? (1u << OPT_CLASSES) - 1 : 0) | (c->scan->stores ? 1u << OPT_GUEST : 0) |
          (c->scan->sets_heap ? 1u << OPT_HEAP : 0) | (c->scan->sets_global ? 1u << OPT_GLOBAL : 0) |
          (c->scan->sets_table ? 1u << OPT_TABLE : 0) |
          (c->scan->atomics || b->shares_memory ? 1u << OPT_GUEST | 1u << OPT_META : 0));
  block_end(b, IR_OP_JUMP, 0, 0, 0, &edge, 1);
  c->header = block_next(b);
  c->loop = f->loops.len;
  uint32_t depth = f->loops.at[b->loop].depth + 1;
  VEC_PUSH(b->arena, &f->loops,
           ((struct ir_loop){
               .header = c->header, .parent = b->loop, .depth = depth, .has_call = c->scan->has_call}));
  b->loop = c->loop;
  block_begin(b, from, state);
  f->blocks.at[b->block].header = true;
  for (uint32_t i = b->stack.len - c->nparams; i < b->stack.len; i++)
    b->stack.at[i] = block_phi(b, type_of(b, b->stack.at[i]));
  if (b->slots || b->too_much) return;
  for (uint32_t i = 0; i < c->scan->len; i++) {
    uint32_t local = b->body.scan.locals.at[c->scan->first + i];
    const struct local *l = &b->locals.at[b->body.base + local];
    ir_val phi = block_phi(b, l->type);
    ref_note(b, phi, l->declared);
    local_set(b, local, phi);
  }
}

void loop_end(struct builder *b, const struct control *c) {
  struct ir_func *f = b->f;
  struct ir_loop *loop = &f->loops.at[c->loop];
  b->loop = loop->parent;
  if (!b->dead && b->block != c->header) { /* what follows does not get back to the header */
    f->blocks.at[b->block].loop = loop->parent;
    loop->end = b->block;
  } else {
    loop->end = f->blocks.len;
  }
}

/* ---- ends of labels ---- */

/* Which locals need a phi: leaves their numbers in b->scratch, in the order in which they get theirs, and the
 * others that have changed behind them. Returns how many phis. */
static uint32_t merge_locals(struct builder *b, const struct control *c) {
  uint32_t epoch = ++b->epoch, nphis = 0;
  struct local *locals = b->locals.at;
  b->scratch.len = 0;
  for (uint32_t i = c->branches; i != NONE; i = b->branches.at[i].next) {
    const struct branch *br = &b->branches.at[i];
    if (br->npairs == 0) continue;
    work(b, br->npairs);
    VEC_RESERVE(b->arena, &b->scratch, b->scratch.len + br->npairs);
    const uint32_t *pair = b->record.at + br->pairs, *end = pair + 2 * (size_t)br->npairs;
    for (; pair < end; pair += 2) {
      struct local *l = &locals[pair[0]];
      if (l->epoch != epoch) {
        l->epoch = epoch;
        l->first = pair[1];
        l->count = 1;
        l->phi = NONE;
        b->scratch.at[b->scratch.len++] = pair[0];
      } else {
        l->count++;
        if (l->first != pair[1]) l->phi = 0;
      }
    }
  }
  const uint32_t *changed = b->scratch.at;
  for (uint32_t i = 0, n = b->scratch.len; i < n; i++) {
    struct local *l = &locals[changed[i]];
    if (l->phi == NONE && l->count < c->nbranches && l->first != l->value) l->phi = 0;
    if (l->phi != NONE) l->phi = nphis++;
  }
  return nphis;
}

/* The numbers of the results that branches bring different values for, into b->differ. */
static void merge_results(struct builder *b, const struct control *c) {
  uint32_t n = c->nresults, base = b->branches.at[c->branches].results, last = base, len = 0;
  b->differ.len = 0;
  if (n == 0) return;
  VEC_RESERVE(b->arena, &b->differ, n);
  uint32_t *differ = b->differ.at;
  memset(differ, 0, n * sizeof *differ);
  for (uint32_t at = c->branches; at != NONE; at = b->branches.at[at].next) {
    uint32_t results = b->branches.at[at].results;
    if (results == last) continue; /* the same list */
    last = results;
    steps(b, n);
    for (uint32_t i = 0; i < n; i++)
      differ[i] |= b->record.at[base + i] ^ b->record.at[results + i];
  }
  for (uint32_t i = 0; i < n; i++)
    if (differ[i]) differ[len++] = i;
  b->differ.len = len;
}

/* The argument lists of all branches' edges: results that differ (their numbers stand in `differ`), then
 * locals. */
static void fill_edges(struct builder *b, const struct control *c, const uint32_t *differ, uint32_t nresults,
                       const ir_val *entry_values, uint32_t nlocals) {
  struct ir_func *f = b->f;
  const struct local *locals = b->locals.at;
  uint32_t nargs = nresults + nlocals;
  VEC_RESERVE(b->arena, &f->ext, f->ext.len + nargs * c->nbranches);
  for (uint32_t at = c->branches; at != NONE; at = b->branches.at[at].next) {
    const struct branch *br = &b->branches.at[at];
    struct ir_edge *edge = &f->edges.at[br->edge];
    edge->to = b->block;
    if (nargs == 0) continue;
    edge->args = f->ext.len;
    ir_val *args = f->ext.at + f->ext.len;
    f->ext.len += nargs;
    for (uint32_t i = 0; i < nresults; i++)
      args[i] = b->record.at[br->results + differ[i]];
    if (nlocals == 0) continue;
    args += nresults;
    for (uint32_t i = 0; i < nlocals; i++)
      args[i] = entry_values[i];
    const uint32_t *pair = b->record.at + br->pairs, *end = pair + 2 * (size_t)br->npairs;
    for (; pair < end; pair += 2)
      if (locals[pair[0]].phi != NONE) args[locals[pair[0]].phi] = pair[1];
  }
}

void label_bind(struct builder *b, struct control *c) {
  struct ir_func *f = b->f;
  assert(b->dead && c->nbranches > 0);
  locals_rollback(b, c->undo);
  b->stack.len = c->height;
  if (c->kind == CONTROL_INLINE) { /* the callee's locals end here */
    for (uint32_t i = c->branches; i != NONE; i = b->branches.at[i].next)
      b->branches.at[i].npairs = 0;
  }

  ir_block idom = IR_NO_BLOCK;
  struct opt_state state = {0};
  for (uint32_t i = c->branches; i != NONE; i = b->branches.at[i].next) {
    const struct branch *br = &b->branches.at[i];
    ir_block from = f->edges.at[br->edge].from;
    state = idom == IR_NO_BLOCK ? br->state : opt_state_merge(b->o, state, br->state);
    idom = idom == IR_NO_BLOCK ? from : ir_common_dominator(f, idom, from);
  }
  uint32_t nphis = merge_locals(b, c);
  merge_results(b, c);
  work(b, (uint64_t)c->nbranches * ((uint64_t)nphis + b->differ.len));
  if (b->too_much) return;
  block_begin(b, idom, state);

  uint32_t results = b->branches.at[c->branches].results;
  for (uint32_t i = 0, k = 0; i < c->nresults; i++) {
    ir_val v = b->record.at[results + i];
    if (k < b->differ.len && b->differ.at[k] == i) {
      v = block_phi(b, type_of(b, v));
      k++;
    }
    push(b, v);
    if (c->types && vt_is_ref(c->types[i])) {
      ref_note(b, v, c->types[i]);
      ref_seen_as(b, v, c->types[i]);
    }
  }
  ir_val *entry = nphis ? arena_alloc(b->arena, nphis * sizeof *entry) : NULL;
  for (uint32_t i = 0, k = 0; k < nphis; i++)
    if (b->locals.at[b->scratch.at[i]].phi != NONE) entry[k++] = b->locals.at[b->scratch.at[i]].value;
  fill_edges(b, c, b->differ.at, b->differ.len, entry, nphis);
  for (uint32_t i = 0; i < b->scratch.len; i++) {
    const struct local *l = &b->locals.at[b->scratch.at[i]];
    ir_val v = l->first;
    if (l->phi != NONE) {
      v = block_phi(b, l->type);
      ref_note(b, v, l->declared);
    }
    local_set(b, b->scratch.at[i] - b->body.base, v);
  }
}
