/* Spilling at the seams: what is in registers at each block's start, and what edges cost.
 *
 * A block with one predecessor goes on with what that had. At merges it is what all hot predecessors have,
 * nearest uses first; at a loop's header what the loop uses, then what passes through it while that costs the
 * loop no register. What an edge's source lacks is loaded on the edge (by assign.c); what its target does not
 * want and no slot has is stored at the source's end. */
#include "compiler/mach/spiller.h"

enum { NEAR = 64 /* instructions: a phi used so soon is worth a register */ };

static uint32_t index_of(mreg r) { return r - MACH_VREG0; }

static void w_clear(struct spiller *s) {
  for (unsigned c = 0; c < 2; c++) {
    for (uint32_t k = 0; k < s->nw[c]; k++)
      s->values[s->w[c][k]].at = 0;
    s->nw[c] = 0;
  }
}

/* Next use of `v` from the start of the present block, whose list is loaded; LIVE_NONE: not live. */
static uint32_t next_at_entry(const struct spiller *s, uint32_t v) {
  const struct mach_block *b = &s->f->blocks.at[s->block];
  const struct live *live = s->live;
  uint32_t next = LIVE_NONE;
  if (s->values[v].listed == s->block + 1) {
    next = live_add(b->first, s->values[v].dist);
    if (next < b->first + live_beyond(b->loop_depth)) return next;
  }
  uint32_t loop = b->loop;
  if (loop && live->loops[loop].header == s->block) loop = live->loops[loop].parent;
  if (!loop || live->no_lists || live->vregs[v].def_block >= live->loops[loop].header) return next;
  uint32_t around = live_around(live, loop, v);
  return around < next ? around : next;
}

uint32_t spill_landing(struct spiller *s) {
  const struct mach_block *b = &s->f->blocks.at[s->block];
  if (b->nsucc != 2 || s->live->no_lists)
    return IR_NO_BLOCK; /* without lists everything is stored when it is made */
  uint32_t landing = s->f->edges.at[s->f->succs.at[b->succ + 1]].to;
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
  s->block = block;
  bool live = next_at_entry(s, v) != LIVE_NONE;
  s->block = present;
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

static const struct mach_edge *pred_edge(const struct spiller *s, const struct mach_block *b, uint32_t i) {
  return &s->f->edges.at[s->f->preds.at[b->pred + i]];
}

static void enter(struct spiller *s, uint32_t v, uint32_t next, bool clean) {
  w_add(s, v);
  s->values[v].next = next;
  s->values[v].clean = clean;
  s->values[v].used = true;
  VEC_PUSH(s->f->arena, &s->out->entries, v);
  s->out->entry_len[s->block]++;
}

static bool phi_wanted(struct spiller *s, uint32_t phi, uint32_t next, uint32_t k, bool header) {
  const struct mach_block *b = &s->f->blocks.at[s->block];
  (void)phi;
  if (header) return next < b->first + live_beyond(b->loop_depth);
  if (next < b->first + NEAR) return true;
  for (uint32_t i = 0; i < b->npred; i++) {
    const struct mach_edge *e = pred_edge(s, b, i);
    if (live_is_back_edge(e) || (s->f->blocks.at[e->from].cold && !b->cold)) continue;
    uint32_t a = index_of(s->f->phi_args.at[e->args + k]);
    for (uint32_t j = 0; j < s->exit_len[e->from]; j++)
      if (s->exits.at[s->exit_first[e->from] + j] / 2 == a) return true;
    if (i > 4) break;
  }
  return false;
}

/* What the edge costs when its target's registers are known: reloads on it, stores before it. */
static void edge_transfer(struct spiller *s, const struct mach_edge *e) {
  struct mach_func *f = s->f;
  const struct mach_block *to = &f->blocks.at[e->to];
  bool back = live_is_back_edge(e);
  uint32_t here = ++s->stamp, first = s->exit_first[e->from];
  for (uint32_t i = 0; i < s->exit_len[e->from]; i++) {
    struct spill_value *val = &s->values[s->exits.at[first + i] / 2];
    val->seen = here;
    val->count = s->exits.at[first + i] & 1;
  }
  const uint32_t *entry = s->out->entries.at + s->out->entry_first[e->to];
  for (uint32_t i = 0; i < s->out->entry_len[e->to]; i++) {
    struct spill_value *val = &s->values[entry[i]];
    if (s->live->vregs[entry[i]].def_block == e->to) continue; /* a phi */
    if (val->seen != here)
      spill_need_slot(s, entry[i]);
    else {
      if (!back && !val->count) val->clean = false;
      val->seen = 0;
    }
  }
  for (uint32_t k = 0; k < to->nphis; k++) {
    if (s->live->phi_next[to->phis + k] == LIVE_NONE) continue;
    uint32_t a = index_of(f->phi_args.at[e->args + k]);
    bool in_register = false;
    for (uint32_t i = 0; i < s->exit_len[e->from] && !in_register; i++)
      in_register = s->exits.at[first + i] / 2 == a;
    if (!in_register) spill_need_slot(s, a);
  }
  for (uint32_t i = 0; i < s->exit_len[e->from]; i++) {
    uint32_t v = s->exits.at[first + i] / 2;
    bool clean = s->exits.at[first + i] & 1;
    if (s->values[v].seen != here) continue; /* in a register there too */
    bool live = back ? s->live->vregs[v].def_block < e->to : next_at_entry(s, v) != LIVE_NONE;
    if (!live || !spill_leaves(s, v, clean, e->from)) continue;
    struct spill_tail t = {.v = v, .next = s->tail_of[e->from]};
    VEC_PUSH(f->arena, &s->tails, t);
    s->tail_of[e->from] = s->tails.len;
  }
}

void spill_block_begin(struct spiller *s) {
  struct mach_func *f = s->f;
  const struct live *live = s->live;
  uint32_t n = s->block;
  const struct mach_block *b = &f->blocks.at[n];
  bool header = b->header && b->loop && live->loops[b->loop].header == n;
  w_clear(s);
  s->out->entry_first[n] = s->out->entries.len;
  s->out->entry_len[n] = 0;
  const struct live_in *in = live->entries.at + live->in_first[n];
  if (b->landing) return; /* what it needs is in slots */
  uint32_t nin = live->no_lists ? 0 : live->in_len[n];
  for (uint32_t i = 0; i < nin; i++) {
    s->values[in[i].v].listed = n + 1;
    s->values[in[i].v].dist = in[i].dist;
  }
  uint32_t forward = 0, hot = 0, total = nin + b->nphis;
  for (uint32_t i = 0; i < b->npred; i++) {
    const struct mach_edge *e = pred_edge(s, b, i);
    if (live_is_back_edge(e)) continue;
    forward++;
    hot += !f->blocks.at[e->from].cold;
    total += s->exit_len[e->from];
  }
  if (live->no_lists) {
    for (uint32_t k = 0; k < b->nphis; k++)
      if (live->phi_next[b->phis + k] != LIVE_NONE ||
          live->vregs[index_of(f->phis.at[b->phis + k])].crosses) {
        s->values[index_of(f->phis.at[b->phis + k])].memory_phi = true;
        s->values[index_of(f->phis.at[b->phis + k])].slot = true;
      }
  } else if (b->npred == 1 && !b->nphis) {
    const struct mach_edge *e = pred_edge(s, b, 0);
    for (uint32_t i = 0; i < s->exit_len[e->from]; i++) {
      uint32_t x = s->exits.at[s->exit_first[e->from] + i];
      uint32_t next = next_at_entry(s, x / 2);
      if (next != LIVE_NONE) enter(s, x / 2, next, x & 1);
    }
    return;
  } else {
    if (b->cold || !hot) hot = 0; /* all predecessors count */
    struct spill_candidate *cand[2], *through[2];
    uint32_t ncand[2] = {0}, nthrough[2] = {0};
    for (unsigned c = 0; c < 2; c++) {
      VEC_RESERVE(f->arena, &s->cand[c], total);
      VEC_RESERVE(f->arena, &s->through[c], total);
      cand[c] = s->cand[c].at;
      through[c] = s->through[c].at;
    }
    uint32_t here = ++s->stamp;
    if (header)
      for (uint32_t i = 0; i < nin; i++)
        if (in[i].dist < live_beyond(b->loop_depth)) {
          unsigned c = spill_class(s, in[i].v);
          cand[c][ncand[c]++] = (struct spill_candidate){in[i].v, b->first + in[i].dist};
        }
    for (uint32_t i = 0; i < b->npred; i++) {
      const struct mach_edge *e = pred_edge(s, b, i);
      if (live_is_back_edge(e)) continue;
      bool counts = !hot || !f->blocks.at[e->from].cold;
      for (uint32_t j = 0; j < s->exit_len[e->from]; j++) {
        uint32_t v = s->exits.at[s->exit_first[e->from] + j] / 2;
        struct spill_value *val = &s->values[v];
        if (val->seen != here) {
          val->seen = here;
          val->count = 0;
        }
        val->count += counts;
        if (val->count != (hot ? hot : forward) || !counts) continue;
        uint32_t next = next_at_entry(s, v);
        if (next == LIVE_NONE || (header && next < b->first + live_beyond(b->loop_depth))) continue;
        unsigned c = spill_class(s, v);
        if (header)
          through[c][nthrough[c]++] = (struct spill_candidate){v, next};
        else
          cand[c][ncand[c]++] = (struct spill_candidate){v, next};
      }
    }
    uint32_t nphi_cand[2] = {0};
    for (uint32_t k = 0; k < b->nphis; k++) {
      uint32_t v = index_of(f->phis.at[b->phis + k]), next = live->phi_next[b->phis + k];
      if (next == LIVE_NONE) continue;
      unsigned c = spill_class(s, v);
      if (phi_wanted(s, v, next, k, header)) {
        cand[c][ncand[c]++] = (struct spill_candidate){v, next};
        nphi_cand[c]++;
      }
      s->values[v].memory_phi = true; /* unless chosen below */
    }
    for (unsigned c = 0; c < 2; c++) {
      uint32_t most = s->limit[c];
      uint32_t kept = (uint32_t)__builtin_popcountll(s->callee_saved & s->mask[c]);
      bool calls = header && live->loops[b->loop].calls;
      if (calls) most = min_u32(most, kept + nphi_cand[c]);
      uint32_t got = nearest(cand[c], ncand[c], most);
      for (uint32_t i = 0; i < got; i++) {
        s->values[cand[c][i].v].memory_phi = false;
        enter(s, cand[c][i].v, cand[c][i].next, true);
      }
      if (!header) continue;
      uint32_t room = calls ? min_u32(kept, most) : most;
      uint32_t used = max_u32(got, calls ? 0 : live->loops[b->loop].press[c]);
      uint32_t more = nearest(through[c], nthrough[c], room > used ? room - used : 0);
      for (uint32_t i = 0; i < more; i++)
        enter(s, through[c][i].v, through[c][i].next, true);
    }
    for (uint32_t k = 0; k < b->nphis; k++) {
      struct spill_value *val = &s->values[index_of(f->phis.at[b->phis + k])];
      if (live->phi_next[b->phis + k] == LIVE_NONE) continue;
      if (val->memory_phi)
        val->slot = true;
      else
        val->clean = false;
    }
  }
  for (uint32_t i = 0; i < b->npred; i++)
    if (!live_is_back_edge(pred_edge(s, b, i))) edge_transfer(s, pred_edge(s, b, i));
}

void spill_block_end(struct spiller *s) {
  struct mach_func *f = s->f;
  uint32_t n = s->block;
  const struct mach_block *b = &f->blocks.at[n];
  s->exit_first[n] = s->exits.len;
  for (unsigned c = 0; c < 2; c++)
    for (uint32_t k = 0; k < s->nw[c]; k++) {
      struct spill_value *val = &s->values[s->w[c][k]];
      val->used = true;
      VEC_PUSH(f->arena, &s->exits, s->w[c][k] * 2 + val->clean);
    }
  s->exit_len[n] = s->exits.len - s->exit_first[n];
  for (uint32_t i = 0; i < b->nsucc; i++) {
    const struct mach_edge *e = &f->edges.at[f->succs.at[b->succ + i]];
    if (live_is_back_edge(e)) edge_transfer(s, e);
  }
}
