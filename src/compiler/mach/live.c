/* Liveness in one backward sweep.
 *
 * The live set is a dense list with positions, so that a block costs its instructions and its live-in list.
 * Loops need no second sweep: forward paths give each block's list, and what is live at a header is live
 * around the whole loop. A pass of bounded memory: where the lists would pass ENTRIES_PER_BLOCK a block, they
 * are dropped and only `crosses` is computed. */
#include "compiler/mach/live.h"

#include "compiler/mach/alloc.h"

enum { ENTRIES_PER_BLOCK = 64, ENTRIES_FREE = 2000000 };
enum { AROUND_MOST = 4 /* loops that live_around looks at */ };

struct seen {
  uint32_t v, next; /* use */
};
struct sweep {
  struct mach_func *f;
  struct live *live;
  struct live_vreg *vregs;         /* live's */
  const struct mach_vreg *classes; /* f's */
  VEC(struct seen) dense;          /* the live set */
  uint32_t *where;                 /* by vreg: index in dense, valid when dense points back */
  uint32_t count[2];               /* live values by class */
  uint32_t most[2];
};

static uint32_t index_of(mreg r) { return r - MACH_VREG0; }
/* Its entry in the live set, or NULL. */
static struct seen *find(const struct sweep *s, uint32_t v) {
  uint32_t at = s->where[v];
  return at < s->dense.len && s->dense.at[at].v == v ? &s->dense.at[at] : NULL;
}

__attribute__((noinline, cold)) static void grow_dense(struct sweep *s) {
  VEC_RESERVE(s->f->arena, &s->dense, s->dense.len + 1);
}

/* `v`, which was not live, is from `at` backward; its use there is at `next`. */
static inline void begin_to_live(struct sweep *s, uint32_t v, uint32_t next, uint32_t at) {
  uint32_t len = s->dense.len;
  if (len == s->dense.cap) grow_dense(s);
  s->where[v] = len;
  s->dense.at[len] = (struct seen){v, next};
  s->dense.len = len + 1;
  struct live_vreg *lv = &s->vregs[v];
  if (lv->last < at) lv->last = at;
  unsigned cls = s->classes[v].is_float;
  uint32_t count = ++s->count[cls];
  if (count > s->most[cls]) s->most[cls] = count;
}

/* A use at `next` is seen from behind; `at` is the last position where the value is needed. */
static inline void use(struct sweep *s, uint32_t v, uint32_t next, uint32_t at) {
  struct seen *seen = find(s, v);
  if (!seen)
    begin_to_live(s, v, next, at);
  else if (next < seen->next)
    seen->next = next;
}

static inline uint32_t remove_value(struct sweep *s, uint32_t v) {
  struct seen *seen = find(s, v);
  if (!seen) return LIVE_NONE;
  uint32_t next = seen->next;
  struct seen last = VEC_POP(&s->dense);
  if (last.v != v) {
    *seen = last;
    s->where[last.v] = s->where[v];
  }
  s->count[s->classes[v].is_float]--;
  return next;
}

static uint32_t next_of(const struct sweep *s, uint32_t v) {
  const struct seen *seen = find(s, v);
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
    next[i] = remove_value(s, v);
    define(s, v, block, at);
  }
  for (uint32_t i = c->args; i < c->args + c->nargs; i++)
    next[i] = next_of(s, index_of(fixed[i].reg));
}

static void call_arguments(struct sweep *s, const struct mach_call *c, uint32_t at) {
  const struct mach_fixed *fixed = s->f->fixed.at;
  for (uint32_t i = c->args; i < c->args + c->nargs; i++) {
    use(s, index_of(fixed[i].reg), at, at);
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

/* Without branches: how many operands there are is hard to foresee. */
static inline void put_next(struct sweep *s, const mreg *r, const uint32_t *next, uint32_t operands) {
  if (s->live->next.cap - s->live->next.len < 4)
    VEC_RESERVE(s->f->arena, &s->live->next, s->live->next.len + 4);
  uint32_t *at = s->live->next.at, len = s->live->next.len;
  for (unsigned i = 4; i-- > 0;) {
    at[len] = next[i];
    len += (operands >> 8 * i & 1) & (uint32_t)mreg_is_virt(r[i]);
  }
  s->live->next.len = len;
}

/* A use by the instruction at `at`; says where the next one behind that is. */
static inline uint32_t use_here(struct sweep *s, uint32_t v, uint32_t at) {
  struct seen *seen = find(s, v);
  if (!seen) {
    begin_to_live(s, v, at, at);
    return LIVE_NONE;
  }
  uint32_t next = seen->next;
  seen->next = at;
  return next;
}

static void call_insn_backward(struct sweep *s, const struct mach_call *call, const struct mach_insn *in,
                               uint32_t block, uint32_t at) {
  const struct mach_op_info *info = &s->f->isa->ops[in->op];
  const mreg r[4] = {in->d, in->s, in->base, in->idx};
  uint32_t next[4] = {0}, uses = mach_roles(info, ROLE_USE);
  for (uint32_t d = mach_roles(info, ROLE_DEF); d; d &= d - 1) {
    unsigned i = (unsigned)__builtin_ctz(d) / 8;
    if (!mreg_is_virt(r[i])) continue;
    uint32_t v = index_of(r[i]);
    next[i] = info->role[i] & ROLE_USE ? next_of(s, v) : remove_value(s, v);
    define(s, v, block, at);
  }
  call_backward(s, call, block, at);
  for (uint32_t u = uses; u; u &= u - 1) {
    unsigned i = (unsigned)__builtin_ctz(u) / 8;
    if (mreg_is_virt(r[i]) && !(info->role[i] & ROLE_DEF)) next[i] = next_of(s, index_of(r[i]));
  }
  call_arguments(s, call, at);
  for (uint32_t u = uses; u; u &= u - 1) {
    unsigned i = (unsigned)__builtin_ctz(u) / 8;
    if (!mreg_is_virt(r[i])) continue;
    use(s, index_of(r[i]), at, at);
    if (info->fixed[i]) want(s, index_of(r[i]), (uint8_t)(info->fixed[i] - 1));
  }
  put_next(s, r, next, mach_operands(info));
}

static inline void insn_backward(struct sweep *s, const struct mach_insn *in, const struct mach_op_info *info,
                                 uint32_t block, uint32_t at) {
  uint32_t operands = mach_operands(info);
  if (!operands) return;
  const mreg r[4] = {in->d, in->s, in->base, in->idx};
  uint32_t next[4] = {0};
  for (uint32_t d = mach_roles(info, ROLE_DEF); d; d &= d - 1) {
    unsigned i = (unsigned)__builtin_ctz(d) / 8;
    if (!mreg_is_virt(r[i])) continue;
    uint32_t v = index_of(r[i]);
    if (!(info->role[i] & ROLE_USE)) next[i] = remove_value(s, v);
    define(s, v, block, at);
  }
  for (uint32_t u = mach_roles(info, ROLE_USE); u; u &= u - 1) {
    unsigned i = (unsigned)__builtin_ctz(u) / 8;
    if (!mreg_is_virt(r[i])) continue;
    next[i] = use_here(s, index_of(r[i]), at);
    for (unsigned j = 0; next[i] == at; j++) /* read twice */
      if (r[j] == r[i]) next[i] = next[j];
    if (info->fixed[i]) want(s, index_of(r[i]), (uint8_t)(info->fixed[i] - 1));
  }
  put_next(s, r, next, operands);
  if (in->op == MACH_MOVE) pass_hints(s, in);
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

/* The live set at the end of block `b`. */
static void end_of_block(struct sweep *s, uint32_t b) {
  struct mach_func *f = s->f;
  const struct mach_block *block = &f->blocks.at[b];
  struct live *live = s->live;
  bool on = runs_on(f, b) && !live->no_lists, fresh = !on;
  if (!on) {
    s->dense.len = 0;
    s->count[0] = s->count[1] = 0;
  }
  s->most[0] = s->count[0];
  s->most[1] = s->count[1];
  for (uint32_t i = 0; i < block->nsucc; i++) {
    const struct ir_edge *e = &f->edges.at[f->succs.at[block->succ + i]];
    const struct mach_block *to = &f->blocks.at[e->to];
    if (live_is_back_edge(e)) {
      assert(to->header && "an edge backward leads to a loop's header");
    } else if (!live->no_lists && !(on && e->to == b + 1)) {
      struct way way = way_to(f, block, e->to);
      const struct live_in *in = live->entries.at + live->in_first[e->to];
      uint32_t len = live->in_len[e->to], end = block->end;
      for (uint32_t k = 0; k < len; k++) {
        uint32_t dist = in[k].dist;
        if (way.cold) dist = live_longer(dist, way.cold, to->loop_depth);
        if (way.leaves) dist = live_leave(dist, way.kept);
        if (fresh) /* each is new */
          begin_to_live(s, in[k].v, end + dist, end);
        else
          use(s, in[k].v, end + dist, end);
      }
    }
    fresh = false;
    for (uint32_t k = 0; k < to->nphis; k++) {
      mreg a = f->phi_args.at[e->args + k];
      assert(mreg_is_virt(a));
      use(s, index_of(a), block->end, block->end);
      struct live_vreg *lv = &live->vregs[index_of(a)];
      if (lv->phi == MREG_NONE || live_is_back_edge(e)) lv->phi = f->phis.at[to->phis + k];
    }
  }
}

static void begin_of_block(struct sweep *s, uint32_t b) {
  struct mach_func *f = s->f;
  struct live *live = s->live;
  const struct mach_block *block = &f->blocks.at[b];
  for (uint32_t k = 0; k < block->nphis; k++) {
    uint32_t v = index_of(f->phis.at[block->phis + k]);
    uint32_t next = remove_value(s, v);
    live->phi_next[block->phis + k] = next;
    define(s, v, b, block->first);
  }
  live->in_first[b] = live->entries.len;
  live->in_len[b] = s->dense.len;
  if (live->no_lists) {
    for (uint32_t k = 0; k < s->dense.len; k++)
      live->vregs[s->dense.at[k].v].crosses = true;
    return;
  }
  VEC_RESERVE(f->arena, &live->entries, live->entries.len + s->dense.len);
  struct live_in *out = live->entries.at + live->entries.len;
  const struct seen *dense = s->dense.at;
  const struct mach_vreg *classes = s->classes;
  uint32_t first = block->first, end = block->end, len = s->dense.len;
  live->entries.len += len;
  uint32_t through[2] = {0}, beyond = live_beyond(block->loop_depth);
  for (uint32_t k = 0; k < len; k++) {
    uint32_t v = dense[k].v, next = dense[k].next, dist = next - first;
    if (next >= end) dist = live_longer_within(next - end, end - first, beyond);
    out[k] = (struct live_in){.v = v, .dist = dist};
    if (dist >= beyond) through[classes[v].is_float]++;
  }
  if (!block->loop) return;
  uint32_t *press = live->loops[block->loop].press;
  for (unsigned c = 0; c < 2; c++)
    press[c] = max_u32(press[c], s->most[c] - min_u32(s->most[c], through[c]));
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
  for (uint32_t v = 0; v < f->vregs.len; v++)
    live->vregs[v] = (struct live_vreg){.def_block = UINT32_MAX, .phi = MREG_NONE};
  loops_begin(s);
  live->entries.len = live->next.len = 0;
  for (uint32_t b = f->blocks.len; b-- > 0;) {
    struct mach_block *block = &f->blocks.at[b];
    end_of_block(s, b);
    bool calls = false;
    for (uint32_t i = block->end; i-- > block->first;) {
      const struct mach_insn *in = &f->insns.at[i];
      const struct mach_op_info *info = &f->isa->ops[in->op];
      if (!(info->flags & MF_CALL)) {
        insn_backward(s, in, info, b, i);
        continue;
      }
      call_insn_backward(s, &f->calls.at[in->imm], in, b, i);
      calls |= !(info->flags & MF_RETURN) && in->op != MACH_PARAMS;
    }
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
  live->fixed_next = arena_alloc(a, (f->fixed.len + 1u) * sizeof(uint32_t));
  live->phi_next = arena_alloc(a, (f->phis.len + 1u) * sizeof(uint32_t));
  struct sweep s = {.f = f, .live = live, .vregs = live->vregs, .classes = f->vregs.at};
  s.where = arena_zalloc(a, nvregs, sizeof(uint32_t));
  VEC_RESERVE(a, &s.dense, 64);
  live->no_lists = config->slots_only;
  if (!sweep_all(&s)) {
    live->no_lists = true;
    bool done = sweep_all(&s);
    assert(done);
    (void)done;
  }
  arena_drop(a, s.where, nvregs * sizeof(uint32_t));
  VEC_DROP(a, &s.dense);
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
