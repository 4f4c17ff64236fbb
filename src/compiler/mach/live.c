/* Liveness in one backward sweep.
 *
 * The live set is a dense list with positions, so that a block costs its instructions and its live-in list.
 * Loops need no second sweep: forward paths give each block's list, and what is live at a header is live
 * around the whole loop. A pass of bounded memory: where the lists would pass ENTRIES_PER_BLOCK a block, they
 * are dropped and only `crosses` is computed. */
#include "compiler/mach/live.h"

#include "compiler/mach/alloc.h"

enum { ENTRIES_PER_BLOCK = 64, ENTRIES_FREE = 2000000 };
enum { GUESSED_BLOCKS = 1 << 10, ENTRIES_A_BLOCK = 8 /* room to begin with */ };
enum { AROUND_MOST = 4 /* loops that live_around looks at */ };

struct seen {
  uint32_t v, next; /* use */
};
/* The live set. Whoever goes through instructions does it on a copy, which can be kept in registers. */
struct set {
  struct seen *at;
  uint32_t *where; /* by vreg: index in `at`, valid when that points back */
  uint32_t len, cap;
  uint32_t most; /* the longest it has been in this block */
};
struct sweep {
  struct mach_func *f;
  struct live *live;
  struct live_vreg *vregs;         /* live's */
  const struct mach_vreg *classes; /* f's */
  struct set set;
  bool floats; /* there are any, and so classes to be told apart: */
  uint32_t count[2], most[2];
};

static uint32_t index_of(mreg r) { return r - MACH_VREG0; }
/* Its entry in the live set, or NULL. */
static inline struct seen *find(const struct set *set, uint32_t v) {
  uint32_t at = set->where[v];
  return at < set->len && set->at[at].v == v ? &set->at[at] : NULL;
}

__attribute__((noinline, cold)) static struct set set_grown(struct arena *a, struct set set, uint32_t more) {
  VEC(struct seen) dense = {.at = set.at, .len = set.len, .cap = set.cap};
  VEC_RESERVE(a, &dense, set.len + more);
  set.at = dense.at;
  set.cap = dense.cap;
  return set;
}

static inline void enter(struct set *set, uint32_t v, uint32_t next) {
  uint32_t len = set->len;
  set->where[v] = len;
  set->at[len] = (struct seen){v, next};
  set->len = len + 1;
}

static void count_more(struct sweep *s, uint32_t v) {
  unsigned cls = s->classes[v].is_float;
  uint32_t count = ++s->count[cls];
  if (count > s->most[cls]) s->most[cls] = count;
}

/* `v`, which was not live, is from `at` backward; its use there is at `next`. */
static inline void begin_to_live(struct sweep *s, struct set *set, uint32_t v, uint32_t next, uint32_t at) {
  if (set->len == set->cap) *set = set_grown(s->f->arena, *set, 1);
  enter(set, v, next);
  if (set->len > set->most) set->most = set->len;
  struct live_vreg *lv = &s->vregs[v];
  if (lv->last < at) lv->last = at;
  if (s->floats) count_more(s, v);
}

/* A use at `next` is seen from behind; `at` is the last position where the value is needed. */
static inline void use(struct sweep *s, struct set *set, uint32_t v, uint32_t next, uint32_t at) {
  struct seen *seen = find(set, v);
  if (!seen)
    begin_to_live(s, set, v, next, at);
  else if (next < seen->next)
    seen->next = next;
}

static inline uint32_t remove_value(struct sweep *s, struct set *set, uint32_t v) {
  struct seen *seen = find(set, v);
  if (!seen) return LIVE_NONE;
  uint32_t next = seen->next;
  struct seen last = set->at[--set->len];
  *seen = last;
  set->where[last.v] = set->where[v];
  if (s->floats) s->count[s->classes[v].is_float]--;
  return next;
}

static uint32_t next_of(const struct set *set, uint32_t v) {
  const struct seen *seen = find(set, v);
  return seen ? seen->next : LIVE_NONE;
}

static inline void define(struct sweep *s, uint32_t v, uint32_t block, uint32_t at) {
  struct live_vreg *lv = &s->vregs[v];
  lv->def_block = block;
  lv->def = at;
  if (lv->last < at) lv->last = at;
  lv->ndefs++;
  assert(lv->ndefs && "selection writes a register a few times");
}

static void want(struct sweep *s, uint32_t v, uint8_t phys) { s->vregs[v].hint = (uint8_t)(phys + 1); }

static void call_backward(struct sweep *s, const struct mach_call *c, uint32_t block, uint32_t at) {
  uint32_t *next = s->live->fixed_next;
  const struct mach_fixed *fixed = s->f->fixed.at;
  for (uint32_t i = c->results; i < c->results + c->nresults; i++) {
    uint32_t v = index_of(fixed[i].reg);
    next[i] = remove_value(s, &s->set, v);
    define(s, v, block, at);
  }
  for (uint32_t i = c->args; i < c->args + c->nargs; i++)
    next[i] = next_of(&s->set, index_of(fixed[i].reg));
}

static void call_arguments(struct sweep *s, const struct mach_call *c, uint32_t at) {
  const struct mach_fixed *fixed = s->f->fixed.at;
  for (uint32_t i = c->args; i < c->args + c->nargs; i++) {
    use(s, &s->set, index_of(fixed[i].reg), at, at);
    want(s, index_of(fixed[i].reg), fixed[i].phys);
  }
}

/* A register that a coming instruction wants a copy in, or a phi that takes it, is worth knowing for the
 * original. */
static void pass_hints(struct sweep *s, const struct mach_insn *in) {
  if (!mreg_is_virt(in->d) || !mreg_is_virt(in->s)) return;
  const struct live_vreg *d = &s->vregs[index_of(in->d)];
  struct live_vreg *src = &s->vregs[index_of(in->s)];
  if (d->hint) src->hint = d->hint;
  if (d->phi != MREG_NONE && src->phi == MREG_NONE) src->phi = d->phi;
}

/* Room for an instruction's next uses. */
static inline uint32_t *next_room(struct sweep *s, uint32_t *next) {
  struct live *live = s->live;
  live->next.len = (uint32_t)(next - live->next.at);
  VEC_RESERVE(s->f->arena, &live->next, live->next.len + 4);
  return live->next.at + live->next.len;
}

__attribute__((noinline)) static uint32_t *call_insn_backward(struct sweep *s, const struct mach_insn *in,
                                                              const struct mach_op_info *info, uint32_t block,
                                                              uint32_t at, uint32_t *next) {
  const struct mach_call *call = &s->f->calls.at[in->imm];
  MACH_EACH(i, info->defs) {
    if (!mreg_is_virt(in->r[i])) continue;
    uint32_t v = index_of(in->r[i]);
    if (!(info->uses >> i & 1)) *next++ = remove_value(s, &s->set, v);
    define(s, v, block, at);
  }
  call_backward(s, call, block, at);
  MACH_EACH(i, info->uses) {
    if (mreg_is_virt(in->r[i])) *next++ = next_of(&s->set, index_of(in->r[i]));
  }
  call_arguments(s, call, at);
  MACH_EACH(i, info->uses) {
    if (!mreg_is_virt(in->r[i])) continue;
    use(s, &s->set, index_of(in->r[i]), at, at);
    if (info->fixed[i]) want(s, index_of(in->r[i]), (uint8_t)(info->fixed[i] - 1));
  }
  return next;
}

/* A use by the instruction at `at`; says where the next one behind that is. */
static inline uint32_t use_here(struct sweep *s, struct set *set, uint32_t v, uint32_t at) {
  struct seen *seen = find(set, v);
  if (!seen) {
    begin_to_live(s, set, v, at, at);
    return LIVE_NONE;
  }
  uint32_t next = seen->next;
  seen->next = at;
  return next;
}

/* What stands in `next` for the earlier operand that is operand i, too. */
static uint32_t next_again(const struct mach_insn *in, const struct mach_op_info *info, unsigned i,
                           const uint32_t *next) {
  MACH_EACH(j, info->uses) {
    if (in->r[j] == in->r[i]) break;
    next += mreg_is_virt(in->r[j]);
  }
  return *next;
}

static inline uint32_t *insn_backward(struct sweep *s, struct set *set, const struct mach_insn *in,
                                      const struct mach_op_info *info, uint32_t block, uint32_t at,
                                      uint32_t *next) {
  unsigned uses = info->uses, defs = info->defs;
  if (!(uses | defs)) return next;
  if ((defs & 1) && mreg_is_virt(in->d)) {
    uint32_t v = index_of(in->d);
    if (!(uses & 1)) *next++ = remove_value(s, set, v);
    define(s, v, block, at);
    defs &= ~1u;
  }
  MACH_EACH(i, defs) {
    if (!mreg_is_virt(in->r[i])) continue;
    uint32_t v = index_of(in->r[i]);
    if (!(uses >> i & 1)) *next++ = remove_value(s, set, v);
    define(s, v, block, at);
  }
  uint32_t *read = next;
  MACH_EACH(i, uses) {
    if (!mreg_is_virt(in->r[i])) continue;
    uint32_t v = index_of(in->r[i]), behind = use_here(s, set, v, at);
    *next++ = behind == at ? next_again(in, info, i, read) : behind;
    if (info->fixed[i]) want(s, v, (uint8_t)(info->fixed[i] - 1));
  }
  if (in->op == MACH_MOVE) pass_hints(s, in);
  return next;
}

/* Returns whether there are calls that come back. */
__attribute__((noinline)) static bool insns_backward(struct sweep *s, uint32_t b) {
  const struct mach_func *f = s->f;
  const struct mach_op_info *ops = f->isa->ops;
  const struct mach_block *block = &f->blocks.at[b];
  const uint32_t first = block->first;
  struct set set = s->set;
  uint32_t *next = next_room(s, s->live->next.at + s->live->next.len);
  const uint32_t *next_end = s->live->next.at + s->live->next.cap;
  bool calls = false;
  const struct mach_insn *in = &f->insns.at[block->end];
  for (uint32_t i = block->end; i-- > first;) {
    const struct mach_op_info *info = &ops[(--in)->op];
    if (next_end - next < 4) {
      next = next_room(s, next);
      next_end = s->live->next.at + s->live->next.cap;
    }
    if (!(info->flags & MF_CALL)) {
      next = insn_backward(s, &set, in, info, b, i, next);
      continue;
    }
    s->set = set;
    next = call_insn_backward(s, in, info, b, i, next);
    set = s->set;
    calls |= !(info->flags & MF_RETURN) && in->op != MACH_PARAMS;
  }
  s->set = set;
  s->live->next.len = (uint32_t)(next - s->live->next.at);
  return calls;
}

/* Where the values that are live into block `to` are next used, seen from the end of block `from`. */
struct way {
  uint32_t cold; /* more distance */
  bool leaves;   /* loops deeper than `kept` */
  uint32_t kept;
};
static struct way way_to(const struct mach_func *f, const struct mach_block *from, uint32_t to) {
  const struct mach_block *target = &f->blocks.at[to];
  return (struct way){.cold = target->cold && !from->cold ? LIVE_COLD : 0,
                      .leaves = from->loop && f->ir->loops.at[from->loop].end <= to,
                      .kept = target->loop_depth - target->header};
}

/* True when the live set, which is that of the next block's start, can stay as it is for this block's end. */
static bool runs_on(const struct mach_func *f, uint32_t b) {
  const struct mach_block *block = &f->blocks.at[b];
  for (uint32_t i = 0; i < block->nsucc; i++) {
    if (f->edges.at[f->succs.at[block->succ + i]].to != b + 1) continue;
    struct way way = way_to(f, block, b + 1);
    return !way.cold && !way.leaves;
  }
  return false;
}

/* Adds what the list says, seen from `end`. The usual case. */
static void add_near(struct set *set, const struct live_in *in, uint32_t len, uint32_t end) {
  struct seen *at = set->at;
  uint32_t *where = set->where, n = set->len;
  for (uint32_t k = 0; k < len; k++) {
    uint32_t v = in[k].v, next = end + in[k].dist, w = where[v];
    if (w < n && at[w].v == v) {
      if (next < at[w].next) at[w].next = next;
      continue;
    }
    where[v] = n;
    at[n].v = v;
    at[n++].next = next;
  }
  set->len = n;
}

/* The same where distances change on the way or values have classes. */
static void add_far(struct sweep *s, const struct live_in *in, uint32_t len, uint32_t end, struct way way,
                    uint32_t beyond) {
  for (uint32_t k = 0; k < len; k++) {
    uint32_t v = in[k].v, dist = in[k].dist;
    if (way.cold) dist = live_longer(dist, way.cold, beyond);
    if (way.leaves) dist = live_leave(dist, way.kept);
    struct seen *seen = find(&s->set, v);
    if (!seen) {
      enter(&s->set, v, end + dist); /* its `last` is behind */
      if (s->floats) count_more(s, v);
    } else if (end + dist < seen->next) {
      seen->next = end + dist;
    }
  }
}

/* A block that only jumps, in the loop of its only predecessor, needs no list: that one reads its
 * successor's. What it adds to the loop's pressure the predecessor does, too. */
static bool only_jumps(const struct sweep *s, uint32_t b) {
  const struct mach_func *f = s->f;
  const struct mach_block *block = &f->blocks.at[b];
  if (block->end - block->first != 1 || block->nsucc != 1 || block->npred != 1 || block->nphis ||
      block->landing || block->header || s->live->no_lists)
    return false;
  uint32_t from = f->edges.at[f->preds.at[block->pred]].from;
  const struct ir_edge *e = &f->edges.at[f->succs.at[block->succ]];
  return from < b && f->blocks.at[from].loop == block->loop &&
         (live_is_back_edge(e) || s->live->in_len[e->to] != LIVE_ON);
}

static void learn_phi(const struct sweep *s, const struct ir_edge *e, uint32_t k) {
  const struct mach_func *f = s->f;
  struct live_vreg *lv = &s->vregs[index_of(f->phi_args.at[e->args + k])];
  if (lv->phi == MREG_NONE || live_is_back_edge(e)) lv->phi = f->phis.at[f->blocks.at[e->to].phis + k];
}

static void jump_backward(struct sweep *s, uint32_t b) {
  const struct mach_func *f = s->f;
  const struct mach_block *block = &f->blocks.at[b];
  const struct ir_edge *e = &f->edges.at[f->succs.at[block->succ]];
  s->live->in_first[b] = 0;
  s->live->in_len[b] = LIVE_ON;
  for (uint32_t k = 0, nphis = f->blocks.at[e->to].nphis; k < nphis; k++) {
    struct live_vreg *lv = &s->vregs[index_of(f->phi_args.at[e->args + k])];
    lv->last = max_u32(lv->last, block->end);
    learn_phi(s, e, k);
  }
}

static inline void add_one(struct sweep *s, uint32_t v, uint32_t next) {
  struct seen *seen = find(&s->set, v);
  if (!seen) {
    enter(&s->set, v, next); /* its `last` is behind */
    if (s->floats) count_more(s, v);
  } else if (next < seen->next) {
    seen->next = next;
  }
}

/* Adds what is live into block `over`, which only jumps, at the end of `block`. */
static void add_over(struct sweep *s, const struct mach_block *block, uint32_t over) {
  const struct mach_func *f = s->f;
  const struct mach_block *jump = &f->blocks.at[over];
  const struct ir_edge *e = &f->edges.at[f->succs.at[jump->succ]];
  const struct mach_block *to = &f->blocks.at[e->to];
  uint32_t len = live_is_back_edge(e) ? 0 : s->live->in_len[e->to], end = block->end;
  const struct live_in *in = s->live->entries.at + s->live->in_first[e->to];
  struct way way = way_to(f, jump, e->to);
  uint32_t beyond = live_beyond(jump->loop_depth), beyond_to = live_beyond(to->loop_depth);
  uint32_t cold = jump->cold && !block->cold ? LIVE_COLD : 0;
  /* The same distances as over a list, which limits them, or as when the live set stays. */
  uint32_t most = end == jump->first && !cold ? UINT32_MAX : beyond;
  if (s->set.cap - s->set.len < len + to->nphis) s->set = set_grown(f->arena, s->set, len + to->nphis);
  for (uint32_t k = 0; k < len; k++) {
    uint32_t dist = in[k].dist;
    if (way.cold) dist = live_longer(dist, way.cold, beyond_to);
    if (way.leaves) dist = live_leave(dist, way.kept);
    dist = dist + 1 < most ? dist + 1 : live_longer(dist, 1, most);
    if (cold) dist = live_longer(dist, cold, beyond);
    add_one(s, in[k].v, end + dist);
  }
  for (uint32_t k = 0; k < to->nphis; k++)
    add_one(s, index_of(f->phi_args.at[e->args + k]), end + (cold ? live_longer(1, cold, beyond) : 1));
  s->set.most = max_u32(s->set.most, s->set.len);
}

/* Adds what is live into block `to` at the end of `block`. */
static void add_list(struct sweep *s, const struct mach_block *block, uint32_t to) {
  const struct live_in *in = s->live->entries.at + s->live->in_first[to];
  uint32_t len = s->live->in_len[to];
  if (len == LIVE_ON) {
    add_over(s, block, to);
    return;
  }
  struct way way = way_to(s->f, block, to);
  if (s->set.cap - s->set.len < len) s->set = set_grown(s->f->arena, s->set, len);
  if (way.cold || way.leaves || s->floats)
    add_far(s, in, len, block->end, way, live_beyond(s->f->blocks.at[to].loop_depth));
  else
    add_near(&s->set, in, len, block->end);
  s->set.most = max_u32(s->set.most, s->set.len);
}

/* The live set at the end of block `b`. */
__attribute__((noinline)) static void end_of_block(struct sweep *s, uint32_t b) {
  struct mach_func *f = s->f;
  const struct mach_block *block = &f->blocks.at[b];
  struct live *live = s->live;
  bool on = !live->no_lists && runs_on(f, b) && live->in_len[b + 1] != LIVE_ON;
  if (!on) s->set.len = s->count[0] = s->count[1] = 0;
  s->set.most = s->set.len;
  s->most[0] = s->count[0];
  s->most[1] = s->count[1];
  for (uint32_t i = 0; i < block->nsucc; i++) {
    const struct ir_edge *e = &f->edges.at[f->succs.at[block->succ + i]];
    const struct mach_block *to = &f->blocks.at[e->to];
    if (live_is_back_edge(e))
      assert(to->header && "an edge backward leads to a loop's header");
    else if (!live->no_lists && !(on && e->to == b + 1))
      add_list(s, block, e->to);
    for (uint32_t k = 0; k < to->nphis; k++) {
      mreg a = f->phi_args.at[e->args + k];
      assert(mreg_is_virt(a));
      use(s, &s->set, index_of(a), block->end, block->end);
      learn_phi(s, e, k);
    }
  }
}

/* Writes the live set at the start of a block as its list; returns how many of them pass through, and how
 * many of these are floats. */
struct through {
  uint32_t all, floats;
};
static struct through put_list(const struct sweep *s, const struct mach_block *block, struct live_in *out) {
  const struct seen *in = s->set.at;
  uint32_t len = s->set.len, first = block->first, end = block->end, beyond = live_beyond(block->loop_depth);
  struct through through = {0};
  for (uint32_t k = 0; k < len; k++) {
    uint32_t v = in[k].v, dist = in[k].next - first;
    if (dist >= beyond) {
      if (in[k].next >= end) dist = live_longer(in[k].next - end, end - first, beyond);
      through.all += dist >= beyond;
      if (s->floats) through.floats += dist >= beyond && s->classes[v].is_float;
    }
    out[k].v = v;
    out[k].dist = dist;
  }
  return through;
}

__attribute__((noinline)) static void begin_of_block(struct sweep *s, uint32_t b) {
  struct mach_func *f = s->f;
  struct live *live = s->live;
  const struct mach_block *block = &f->blocks.at[b];
  for (uint32_t k = 0; k < block->nphis; k++) {
    uint32_t v = index_of(f->phis.at[block->phis + k]);
    uint32_t next = remove_value(s, &s->set, v);
    live->phi_next[block->phis + k] = next;
    define(s, v, b, block->first);
  }
  uint32_t len = s->set.len;
  live->in_first[b] = live->entries.len;
  live->in_len[b] = len;
  if (live->no_lists) {
    for (uint32_t k = 0; k < len; k++)
      live->vregs[s->set.at[k].v].crosses = true;
    return;
  }
  VEC_RESERVE(f->arena, &live->entries, live->entries.len + len);
  struct through through = put_list(s, block, live->entries.at + live->entries.len);
  live->entries.len += len;
  if (!block->loop) return;
  if (!s->floats) s->most[0] = s->set.most;
  uint32_t *press = live->loops[block->loop].press, ints = through.all - through.floats;
  press[0] = max_u32(press[0], s->most[0] - min_u32(s->most[0], ints));
  press[1] = max_u32(press[1], s->most[1] - min_u32(s->most[1], through.floats));
}

/* Bottom-up, in place but for one buffer of the same length. */
static void sort_by_vreg(struct arena *a, struct live_in *at, uint32_t n) {
  struct arena_mark mark = arena_mark(a);
  struct live_in *from = at, *to = arena_alloc(a, (size_t)n * sizeof *at);
  for (uint32_t width = 1; width < n; width *= 2) {
    for (uint32_t lo = 0; lo < n; lo += min_u32(2 * width, n - lo)) {
      uint32_t mid = lo + min_u32(width, n - lo), hi = mid + min_u32(width, n - mid);
      uint32_t i = lo, j = mid, k = lo;
      while (i < mid || j < hi)
        to[k++] = j == hi || (i < mid && from[i].v < from[j].v) ? from[i++] : from[j++];
    }
    struct live_in *t = from;
    from = to;
    to = t;
    if (width > UINT32_MAX / 2) break;
  }
  if (from != at)
    for (uint32_t k = 0; k < n; k++)
      at[k] = from[k];
  arena_release(a, mark);
}

/* The header is the loop's last block to be seen: what was found out holds for the loop around, too.
 * Everything live into the header lives to the loop's end. */
static void close_loop(struct sweep *s, uint32_t loop) {
  struct live *live = s->live;
  const struct live_loop *l = &live->loops[loop];
  struct live_loop *outer = &live->loops[l->parent];
  for (unsigned c = 0; c < 2; c++)
    outer->press[c] = max_u32(outer->press[c], l->press[c]);
  outer->calls |= l->calls;
  if (live->no_lists) return;
  struct live_in *in = live->entries.at + live->in_first[l->header];
  sort_by_vreg(s->f->arena, in, live->in_len[l->header]);
  for (uint32_t k = 0; k < live->in_len[l->header]; k++) {
    struct live_vreg *v = &live->vregs[in[k].v];
    if (v->last < l->end) v->last = l->end;
  }
}

static void loops_begin(struct sweep *s) {
  struct mach_func *f = s->f;
  struct live *live = s->live;
  live->nloops = f->ir->loops.len;
  live->loops = ARENA_ARRAY(f->arena, struct live_loop, live->nloops + 1u);
  for (uint32_t i = 1; i < live->nloops; i++) {
    const struct ir_loop *l = &f->ir->loops.at[i];
    assert(l->header < l->end && l->end <= f->blocks.len);
    live->loops[i] = (struct live_loop){.header = l->header,
                                        .parent = l->parent,
                                        .depth = f->blocks.at[l->header].loop_depth,
                                        .first = f->blocks.at[l->header].first,
                                        .end = f->blocks.at[l->end - 1].end};
  }
}

static bool sweep_all(struct sweep *s) {
  struct mach_func *f = s->f;
  struct live *live = s->live;
  uint64_t limit = (uint64_t)ENTRIES_PER_BLOCK * f->blocks.len + ENTRIES_FREE;
  s->floats = false;
  for (uint32_t v = 0; v < f->vregs.len; v++) {
    live->vregs[v] = (struct live_vreg){.def_block = UINT32_MAX, .phi = MREG_NONE};
    s->floats |= s->classes[v].is_float;
  }
  s->set.len = s->count[0] = s->count[1] = 0;
  loops_begin(s);
  live->entries.len = live->next.len = 0;
  for (uint32_t b = f->blocks.len; b-- > 0;) {
    const struct mach_block *block = &f->blocks.at[b];
    if (only_jumps(s, b)) {
      jump_backward(s, b);
      continue;
    }
    end_of_block(s, b);
    bool calls = insns_backward(s, b);
    begin_of_block(s, b);
    if (!block->cold && calls) live->loops[block->loop].calls = true;
    if (block->header && block->loop && live->loops[block->loop].header == b) close_loop(s, block->loop);
    if (live->entries.len > limit) return false;
  }
  return true;
}

struct live *mach_live(struct mach_func *f, const struct isa_config *config) {
  struct arena *a = f->arena;
  struct live *live = ARENA_NEW(a, struct live);
  uint32_t nvregs = f->vregs.len + 1;
  live->vregs = arena_alloc(a, nvregs * sizeof *live->vregs);
  live->in_first = arena_alloc(a, (f->blocks.len + 1u) * sizeof(uint32_t));
  live->in_len = arena_alloc(a, (f->blocks.len + 1u) * sizeof(uint32_t));
  VEC_RESERVE(a, &live->next, f->insns.len + 4);
  VEC_RESERVE(a, &live->entries, min_u32(f->blocks.len, GUESSED_BLOCKS) * ENTRIES_A_BLOCK);
  live->fixed_next = arena_alloc(a, (f->fixed.len + 1u) * sizeof(uint32_t));
  live->phi_next = arena_alloc(a, (f->phis.len + 1u) * sizeof(uint32_t));
  struct sweep s = {.f = f, .live = live, .vregs = live->vregs, .classes = f->vregs.at};
  s.set.where = arena_zalloc(a, nvregs, sizeof(uint32_t));
  s.set = set_grown(a, s.set, 64);
  live->no_lists = config->slots_only;
  if (!sweep_all(&s)) {
    live->no_lists = true;
    bool done = sweep_all(&s);
    assert(done);
    (void)done;
  }
  arena_drop(a, s.set.where, nvregs * sizeof(uint32_t));
  arena_drop(a, s.set.at, s.set.cap * sizeof *s.set.at);
  VEC_TRIM(a, &live->next);
  VEC_TRIM(a, &live->entries);
  return live;
}

uint32_t live_at_header(const struct live *live, uint32_t loop, uint32_t v) {
  uint32_t header = live->loops[loop].header;
  const struct live_in *in = live->entries.at + live->in_first[header];
  uint32_t lo = 0, hi = live->in_len[header];
  while (lo < hi) {
    uint32_t mid = lo + (hi - lo) / 2;
    if (in[mid].v < v)
      lo = mid + 1;
    else
      hi = mid;
  }
  return lo < live->in_len[header] && in[lo].v == v ? in[lo].dist : LIVE_NONE;
}

uint32_t live_around(const struct live *live, uint32_t loop, uint32_t v) {
  uint32_t best = LIVE_FAR;
  for (uint32_t l = loop, climbed = 0; l && climbed < AROUND_MOST; climbed++) {
    const struct live_loop *at = &live->loops[l];
    uint32_t dist = live_at_header(live, l, v);
    bool inside = dist < live_beyond(at->depth);
    if (dist != LIVE_NONE) best = min_u32(best, at->end + (l == loop ? dist : live_leave(dist, at->depth)));
    if (inside) break;
    l = at->parent;
  }
  return best;
}
