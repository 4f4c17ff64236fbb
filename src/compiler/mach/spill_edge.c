/* Spilling at the seams: what is in registers at each block's start, and what edges cost.
 *
 * A block with one predecessor goes on with what that had. At merges it is what all hot predecessors have,
 * nearest uses first; at a loop's header what the loop uses, then what passes through it while that costs the
 * loop no register. What an edge's source lacks is loaded on the edge (by assign.c); what its target does not
 * want and no slot has is stored at the source's end. */
#include "compiler/mach/spiller.h"

enum { NEAR = 64 /* instructions: a phi used so soon is worth a register */ };
enum { LOOKED_AT = 6 /* predecessors of a phi */ };

static uint32_t index_of(mreg r) { return r - MACH_VREG0; }

static void w_clear(struct spiller *s) {
  for (unsigned c = 0; c < 2; c++) {
    for (uint32_t k = 0; k < s->nw[c]; k++)
      s->values[s->w[c][k]].at = 0;
    s->nw[c] = 0;
  }
}

void spill_entry_begin(struct spiller *s, uint32_t n) {
  const struct mach_block *b = &s->f->blocks.at[n];
  uint32_t loop = b->loop;
  s->block = n;
  s->first = b->first;
  if (loop && s->live->loops[loop].header == n) loop = s->live->loops[loop].parent;
  s->entry_loop = loop;
  s->entry_below = loop && !s->live->no_lists ? s->live->loops[loop].header : 0;
}

static inline bool is_listed(const struct spiller *s, uint32_t v) {
  return s->values[v].listed == s->block + 1;
}
/* Around a loop that the present block is in (of a header: around that loop's parent). */
static inline bool lives_around(const struct spiller *s, uint32_t v) {
  return s->entry_below && s->live->vregs[v].def_block < s->entry_below;
}
static inline bool lives_at_entry(const struct spiller *s, uint32_t v) {
  return is_listed(s, v) || lives_around(s, v);
}

/* Next use of `v` from the start of the present block, whose list is loaded; LIVE_NONE: not live. It may be
 * nearer than the list says, or `v` is not listed and lives around a loop. */
static inline uint32_t next_at_entry(const struct spiller *s, uint32_t v) {
  uint32_t next = LIVE_NONE;
  if (is_listed(s, v)) {
    next = live_add(s->first, s->values[v].dist);
    if (next < s->near) return next;
  }
  if (!lives_around(s, v)) return next;
  uint32_t around = live_around(s->live, s->entry_loop, v);
  return around < next ? around : next;
}

uint32_t spill_landing(struct spiller *s, uint32_t succ) {
  const struct mach_block *b = &s->f->blocks.at[s->block];
  if (s->live->no_lists) return IR_NO_BLOCK; /* everything is stored when it is made */
  uint32_t landing = s->f->edges.at[s->f->succs.at[b->succ + succ]].to;
  if (!s->f->blocks.at[landing].landing) return IR_NO_BLOCK;
  const struct live_in *in = s->live->entries.at + s->live->in_first[landing];
  for (uint32_t i = 0; i < s->live->in_len[landing]; i++) {
    s->values[in[i].v].listed = landing + 1;
    s->values[in[i].v].dist = in[i].dist;
  }
  return landing;
}

bool spill_live_at(struct spiller *s, uint32_t v, uint32_t block) {
  uint32_t present = s->block;
  spill_entry_begin(s, block);
  bool live = lives_at_entry(s, v);
  spill_entry_begin(s, present);
  return live;
}

/* The `most` candidates with the nearest uses come first; returns how many. Heap of the nearest, farthest on
 * top. */
static uint32_t nearest(struct spill_candidate *at, uint32_t n, uint32_t most) {
  if (n <= most) return n;
  if (!most) return 0;
  for (uint32_t i = 0; i < n; i++) {
    struct spill_candidate x = at[i];
    uint32_t k;
    if (i < most) { /* sift up */
      for (k = i; k && at[(k - 1) / 2].next < x.next; k = (k - 1) / 2)
        at[k] = at[(k - 1) / 2];
      at[k] = x;
      continue;
    }
    if (x.next >= at[0].next) continue;
    for (k = 0;;) { /* replace the top */
      uint32_t child = 2 * k + 1;
      if (child >= most) break;
      if (child + 1 < most && at[child + 1].next > at[child].next) child++;
      if (at[child].next <= x.next) break;
      at[k] = at[child];
      k = child;
    }
    at[k] = x;
  }
  return most;
}

static const struct ir_edge *pred_edge(const struct spiller *s, const struct mach_block *b, uint32_t i) {
  return &s->f->edges.at[s->f->preds.at[b->pred + i]];
}

static inline void add_entry(struct spiller *s, uint32_t v) { VEC_PUSH(s->f->arena, &s->out->entries, v); }

static inline void enter(struct spiller *s, uint32_t v, uint32_t next, bool clean) {
  w_add(s, v);
  s->values[v].next = next;
  s->values[v].clean = clean;
  s->values[v].used = true;
  add_entry(s, v);
}

/* A phi that an argument brings in a register, or that is read soon, gets one. */
static bool phi_wanted(const struct spiller *s, uint32_t next, uint32_t k) {
  const struct mach_block *b = &s->f->blocks.at[s->block];
  if (next < b->first + NEAR) return true;
  for (uint32_t i = 0; i < b->npred && i < LOOKED_AT; i++) {
    const struct ir_edge *e = pred_edge(s, b, i);
    if (live_is_back_edge(e) || (s->f->blocks.at[e->from].cold && !b->cold)) continue;
    uint32_t a = index_of(s->f->phi_args.at[e->args + k]);
    for (uint32_t j = 0; j < s->exit_len[e->from]; j++)
      if (s->exits.at[s->exit_first[e->from] + j] / 2 == a) return true;
  }
  return false;
}

static bool phi_lives(const struct spiller *s, const struct mach_block *b, uint32_t k) {
  return s->live->phi_next[b->phis + k] != LIVE_NONE ||
         s->live->vregs[index_of(s->f->phis.at[b->phis + k])].crosses;
}

/* What the edge costs when its target's registers are known: reloads on it, stores before it. */
static void edge_transfer(struct spiller *s, const struct ir_edge *e) {
  struct mach_func *f = s->f;
  const struct mach_block *to = &f->blocks.at[e->to];
  bool back = live_is_back_edge(e);
  uint32_t here = ++s->stamp, nexits = s->exit_len[e->from], nentries = s->out->entry_len[e->to];
  const uint32_t *exit = s->exits.at + s->exit_first[e->from];
  struct spill_value *values = s->values;
  const struct live_vreg *vregs = s->live->vregs;
  for (uint32_t i = 0; i < nexits; i++) {
    uint32_t x = exit[i];
    struct spill_value *val = &values[x / 2];
    val->seen = here;
    val->count = x & 1;
  }
  for (uint32_t k = 0; k < to->nphis; k++) {
    if (!phi_lives(s, to, k)) continue;
    uint32_t a = index_of(f->phi_args.at[e->args + k]);
    if (values[a].seen != here) spill_need_slot(s, a);
  }
  const uint32_t *entry = s->out->entries.at + s->out->entry_first[e->to];
  uint32_t to_block = e->to, kept = 0;
  for (uint32_t i = 0; i < nentries; i++) {
    uint32_t v = entry[i];
    struct spill_value *val = &values[v];
    if (val->seen == here) { /* not a phi */
      if (!back && !val->count) val->clean = false;
      val->seen = 0;
      kept++;
    } else if (vregs[v].def_block != to_block) {
      spill_need_slot(s, v);
    }
  }
  for (uint32_t i = 0; kept < nexits && i < nexits; i++) {
    uint32_t v = exit[i] / 2;
    bool clean = exit[i] & 1;
    if (values[v].seen != here) continue; /* in a register there too */
    bool live = back ? vregs[v].def_block < to_block : lives_at_entry(s, v);
    if (!live || !spill_leaves(s, v, clean, e->from)) continue;
    struct spill_tail t = {.v = v, .next = s->tail_of[e->from]};
    VEC_PUSH(f->arena, &s->tails, t);
    s->tail_of[e->from] = s->tails.len;
  }
}

/* What the block's list says goes into the values themselves. */
static void load_list(struct spiller *s) {
  const struct live *live = s->live;
  const struct live_in *in = live->entries.at + live->in_first[s->block];
  struct spill_value *values = s->values;
  uint32_t len = live->in_len[s->block], listed = s->block + 1;
  for (uint32_t i = 0; i < len; i++) {
    struct spill_value *val = &values[in[i].v];
    val->listed = listed;
    val->dist = in[i].dist;
  }
}

/* The only predecessor's registers, as far as they are live. */
static void run_on(struct spiller *s, const struct ir_edge *e) {
  for (uint32_t i = 0; i < s->exit_len[e->from]; i++) {
    uint32_t x = s->exits.at[s->exit_first[e->from] + i], next = next_at_entry(s, x / 2);
    if (next != LIVE_NONE) enter(s, x / 2, next, x & 1);
  }
}

/* The same where these are still in W. */
static void go_on(struct spiller *s) {
  VEC_RESERVE(s->f->arena, &s->out->entries, s->out->entries.len + s->nw[0] + s->nw[1]);
  uint32_t *entry = s->out->entries.at + s->out->entries.len;
  for (unsigned c = 0; c < 2; c++) {
    uint32_t *w = s->w[c], n = 0, nw = s->nw[c];
    for (uint32_t k = 0; k < nw; k++) {
      uint32_t v = w[k], next = next_at_entry(s, v);
      struct spill_value *val = &s->values[v];
      val->next = next;
      val->at = 0;
      if (next == LIVE_NONE) continue;
      w[n++] = v;
      val->at = (uint8_t)n;
      *entry++ = v;
    }
    s->nw[c] = n;
  }
  s->out->entries.len = (uint32_t)(entry - s->out->entries.at);
}

/* Candidates for the registers of a block where paths meet. */
struct merge {
  bool header;
  bool hot_only;   /* cold predecessors have no say */
  uint32_t voters; /* predecessors that have one */
  uint32_t inside; /* next uses from here on are outside the loop (headers) */
  uint32_t nphis[2];
};

static inline void candidate(struct spiller *s, uint32_t v, uint32_t next, bool passes) {
  unsigned c = spill_class(s, v);
  struct spill_candidate x = {v, next};
  if (passes)
    VEC_PUSH(s->f->arena, &s->through[c], x);
  else
    VEC_PUSH(s->f->arena, &s->cand[c], x);
}

static struct merge merge_begin(struct spiller *s, const struct mach_block *b) {
  struct merge m = {.header = b->header && b->loop && s->live->loops[b->loop].header == s->block,
                    .inside = b->first + live_beyond(b->loop_depth)};
  uint32_t forward = 0, hot = 0;
  for (uint32_t i = 0; i < b->npred; i++) {
    const struct ir_edge *e = pred_edge(s, b, i);
    if (live_is_back_edge(e)) continue;
    forward++;
    hot += !s->f->blocks.at[e->from].cold;
  }
  m.hot_only = hot && !b->cold;
  m.voters = m.hot_only ? hot : forward;
  for (unsigned c = 0; c < 2; c++)
    s->cand[c].len = s->through[c].len = 0;
  return m;
}

/* What a loop uses, whether a predecessor has it in a register or not. */
static void gather_uses(struct spiller *s, const struct mach_block *b, const struct merge *m) {
  const struct live_in *in = s->live->entries.at + s->live->in_first[s->block];
  for (uint32_t i = 0; i < s->live->in_len[s->block]; i++)
    if (b->first + in[i].dist < m->inside) candidate(s, in[i].v, b->first + in[i].dist, false);
}

/* What all predecessors that have a say have in registers. */
static void gather_common(struct spiller *s, const struct mach_block *b, const struct merge *m) {
  uint32_t here = ++s->stamp;
  for (uint32_t i = 0; i < b->npred; i++) {
    const struct ir_edge *e = pred_edge(s, b, i);
    if (live_is_back_edge(e) || (m->hot_only && s->f->blocks.at[e->from].cold)) continue;
    const uint32_t *exit = s->exits.at + s->exit_first[e->from];
    uint32_t nexits = s->exit_len[e->from], voters = m->voters;
    struct spill_value *values = s->values;
    for (uint32_t j = 0; j < nexits; j++) {
      uint32_t v = exit[j] / 2;
      struct spill_value *val = &values[v];
      uint32_t count = val->seen == here ? val->count + 1 : 1;
      val->seen = here;
      val->count = count;
      if (count != voters) continue;
      uint32_t next = next_at_entry(s, v);
      if (next == LIVE_NONE || (m->header && next < m->inside)) continue;
      candidate(s, v, next, m->header);
    }
  }
}

static void gather_phis(struct spiller *s, const struct mach_block *b, struct merge *m) {
  for (uint32_t k = 0; k < b->nphis; k++) {
    uint32_t v = index_of(s->f->phis.at[b->phis + k]), next = s->live->phi_next[b->phis + k];
    if (next == LIVE_NONE) continue;
    s->values[v].memory_phi = true; /* unless it is chosen */
    if (m->header ? next >= m->inside : !phi_wanted(s, next, k)) continue;
    candidate(s, v, next, false);
    m->nphis[spill_class(s, v)]++;
  }
}

/* In a loop with calls only so much stays in registers as calls keep; the phis come in registers anyway. */
static void choose(struct spiller *s, const struct mach_block *b, const struct merge *m, unsigned c) {
  struct spill_candidate *cand = s->cand[c].at, *through = s->through[c].at;
  bool calls = m->header && s->live->loops[b->loop].calls;
  uint32_t kept = calls ? (uint32_t)__builtin_popcountll(s->callee_saved & s->mask[c]) : 0;
  uint32_t most = calls ? min_u32(s->limit[c], kept + m->nphis[c]) : s->limit[c];
  uint32_t got = nearest(cand, s->cand[c].len, most);
  for (uint32_t i = 0; i < got; i++) {
    s->values[cand[i].v].memory_phi = false;
    enter(s, cand[i].v, cand[i].next, true);
  }
  if (!m->header) return;
  uint32_t room = calls ? min_u32(kept, most) : most;
  uint32_t used = max_u32(got, calls ? 0 : s->live->loops[b->loop].press[c]);
  uint32_t more = nearest(through, s->through[c].len, room > used ? room - used : 0);
  for (uint32_t i = 0; i < more; i++)
    enter(s, through[i].v, through[i].next, true);
}

/* Without lists nothing crosses blocks in registers: phis live in slots. */
static void phis_to_slots(struct spiller *s, const struct mach_block *b) {
  for (uint32_t k = 0; k < b->nphis; k++) {
    uint32_t v = index_of(s->f->phis.at[b->phis + k]);
    if (phi_lives(s, b, k)) s->values[v].memory_phi = s->values[v].slot = true;
  }
}

static void merge(struct spiller *s, const struct mach_block *b) {
  struct merge m = merge_begin(s, b);
  if (m.header) gather_uses(s, b, &m);
  gather_common(s, b, &m);
  gather_phis(s, b, &m);
  for (unsigned c = 0; c < 2; c++)
    if (s->cand[c].len || s->through[c].len) choose(s, b, &m, c);
  for (uint32_t k = 0; k < b->nphis; k++) {
    struct spill_value *val = &s->values[index_of(s->f->phis.at[b->phis + k])];
    if (s->live->phi_next[b->phis + k] == LIVE_NONE) continue;
    val->slot |= val->memory_phi;
    val->clean &= val->memory_phi;
  }
}

/* Its entry list, from which all else follows. */
static void choose_entries(struct spiller *s, const struct mach_block *b) {
  const struct ir_edge *only = b->npred == 1 && !b->nphis ? pred_edge(s, b, 0) : NULL;
  bool in_w = only && only->from == s->held;
  if (!in_w) w_clear(s);
  if (s->live->no_lists || (b->landing && !only)) { /* what it needs is in slots */
    w_clear(s);
    if (!b->landing) phis_to_slots(s, b);
    return;
  }
  load_list(s);
  if (in_w)
    go_on(s);
  else if (only)
    run_on(s, only);
  else
    merge(s, b);
}

bool spill_block_passes(struct spiller *s) {
  struct mach_func *f = s->f;
  uint32_t n = s->block;
  const struct mach_block *b = &f->blocks.at[n];
  if (b->end - b->first != 1 || b->nsucc != 1 || b->npred != 1 || b->nphis || s->live->no_lists) return false;
  uint32_t from = pred_edge(s, b, 0)->from;
  if (from >= n) return false;
  s->out->entry_first[n] = 0;
  s->out->entry_len[n] = SPILL_PASSES;
  s->exit_first[n] = s->exit_first[from];
  s->exit_len[n] = s->exit_len[from];
  const struct ir_edge *e = &f->edges.at[f->succs.at[b->succ]];
  if (live_is_back_edge(e)) edge_transfer(s, e);
  return true;
}

void spill_block_begin(struct spiller *s) {
  const struct mach_block *b = &s->f->blocks.at[s->block];
  s->near = b->first + live_beyond(b->loop_depth);
  s->out->entry_first[s->block] = s->out->entries.len;
  choose_entries(s, b);
  s->out->entry_len[s->block] = s->out->entries.len - s->out->entry_first[s->block];
  if (b->landing || (b->npred == 1 && !b->nphis && !s->live->no_lists)) return; /* edges cost nothing */
  for (uint32_t i = 0; i < b->npred; i++)
    if (!live_is_back_edge(pred_edge(s, b, i))) edge_transfer(s, pred_edge(s, b, i));
}

void spill_block_end(struct spiller *s) {
  struct mach_func *f = s->f;
  uint32_t n = s->block;
  const struct mach_block *b = &f->blocks.at[n];
  s->held = n;
  s->exit_first[n] = s->exits.len;
  s->exit_len[n] = s->nw[0] + s->nw[1];
  VEC_RESERVE(f->arena, &s->exits, s->exits.len + s->exit_len[n]);
  uint32_t *exit = s->exits.at + s->exits.len;
  for (unsigned c = 0; c < 2; c++)
    for (uint32_t *w = s->w[c], *end = w + s->nw[c]; w < end; w++) {
      struct spill_value *val = &s->values[*w];
      val->used = true;
      *exit++ = *w * 2 + val->clean;
    }
  s->exits.len += s->exit_len[n];
  for (uint32_t i = 0; b->loop && i < b->nsucc; i++) {
    const struct ir_edge *e = &f->edges.at[f->succs.at[b->succ + i]];
    if (live_is_back_edge(e)) edge_transfer(s, e);
  }
}
