/* Linear scan over the ranges that live.c found, one free list for references and for each size of the rest.
 *
 * A range covers all code between definition and last use in block order, loops included; a value that an
 * edge brings (a phi) needs its slot already at the edge's source, but there only values of other paths can
 * hold it, and the edge's parallel move reads before it writes. */
#include "compiler/mach/slots.h"

struct range {
  uint32_t from, to, v;
};
struct queue { /* slots in use, the range that ends first on top */
  struct range *at;
  uint32_t n;
};

static void queue_push(struct queue *h, struct range r) {
  uint32_t i = h->n++;
  for (; i && h->at[(i - 1) / 2].to > r.to; i = (i - 1) / 2)
    h->at[i] = h->at[(i - 1) / 2];
  h->at[i] = r;
}

static struct range queue_pop(struct queue *h) {
  struct range top = h->at[0], last = h->at[--h->n];
  uint32_t i = 0;
  for (;;) {
    uint32_t child = 2 * i + 1;
    if (child >= h->n) break;
    if (child + 1 < h->n && h->at[child + 1].to < h->at[child].to) child++;
    if (h->at[child].to >= last.to) break;
    h->at[i] = h->at[child];
    i = child;
  }
  h->at[i] = last;
  return top;
}

enum { FEW = 128 };

/* By `from`, stable; selection has numbered values from the code's end on, so that turned around they are
 * nearly in order. */
static void sort_few(struct range *at, uint32_t n) {
  for (uint32_t i = 0; i < n / 2; i++) {
    struct range t = at[i];
    at[i] = at[n - 1 - i];
    at[n - 1 - i] = t;
  }
  for (uint32_t i = 1; i < n; i++) {
    struct range x = at[i];
    uint32_t k = i;
    for (; k && at[k - 1].from >= x.from; k--)
      at[k] = at[k - 1];
    at[k] = x;
  }
}

/* By `from`, stable; radix sort, 11 bits a round. */
static struct range *sort_ranges(struct arena *a, struct range *at, uint32_t n, uint32_t most) {
  if (n <= FEW) {
    sort_few(at, n);
    return at;
  }
  struct range *other = arena_alloc(a, (size_t)n * sizeof *at);
  uint32_t *start = arena_alloc(a, 2049 * sizeof *start);
  for (unsigned shift = 0; shift < 32 && most >> shift; shift += 11) {
    for (unsigned i = 0; i <= 2048; i++)
      start[i] = 0;
    for (uint32_t i = 0; i < n; i++)
      start[((at[i].from >> shift) & 2047) + 1]++;
    for (unsigned i = 0; i < 2048; i++)
      start[i + 1] += start[i];
    for (uint32_t i = 0; i < n; i++)
      other[start[(at[i].from >> shift) & 2047]++] = at[i];
    struct range *t = at;
    at = other;
    other = t;
  }
  return at;
}

enum kind { KIND_REF, KIND_8, KIND_16 };
static enum kind kind_of(const struct mach_vreg *r) {
  return r->is_ref ? KIND_REF : r->size == 16 ? KIND_16 : KIND_8;
}

static uint32_t scan(struct mach_func *f, struct spill *spill, enum kind kind) {
  struct arena *a = f->arena;
  const struct live *live = spill->live;
  uint32_t n = 0, most = 0;
  for (uint32_t v = 0; v < f->vregs.len; v++)
    most += spill->slot[v] != SPILL_NO_SLOT && kind_of(&f->vregs.at[v]) == kind;
  if (!most) return 0;
  struct range *ranges = arena_alloc(a, most * sizeof *ranges);
  for (uint32_t v = 0; v < f->vregs.len; v++)
    if (spill->slot[v] != SPILL_NO_SLOT && kind_of(&f->vregs.at[v]) == kind)
      ranges[n++] = (struct range){.from = live->vregs[v].def, .to = live->vregs[v].last, .v = v};
  ranges = sort_ranges(a, ranges, n, f->insns.len);
  struct queue used = {.at = arena_alloc(a, (n + 1u) * sizeof *used.at)};
  uint32_t *vacant = arena_alloc(a, n * sizeof *vacant), nvacant = 0, count = 0;
  for (uint32_t i = 0; i < n; i++) {
    while (used.n && used.at[0].to < ranges[i].from && !live->no_lists)
      vacant[nvacant++] = spill->slot[queue_pop(&used).v];
    uint32_t slot = nvacant ? vacant[--nvacant] : count++;
    spill->slot[ranges[i].v] = slot;
    queue_push(&used, ranges[i]);
  }
  return count;
}

void slots_assign(struct mach_func *f, struct spill *spill) {
  struct arena_mark mark = arena_mark(f->arena);
  f->nslots_ref = scan(f, spill, KIND_REF);
  f->nslots8 = f->nslots_ref + scan(f, spill, KIND_8);
  f->nslots16 = scan(f, spill, KIND_16);
  for (uint32_t v = 0; v < f->vregs.len; v++) {
    if (spill->slot[v] == SPILL_NO_SLOT) continue;
    enum kind kind = kind_of(&f->vregs.at[v]);
    spill->slot[v] += kind == KIND_16 ? f->nslots8 : kind == KIND_8 ? f->nslots_ref : 0;
  }
  arena_release(f->arena, mark);
}
