/* Canonical types: a hash-consed store of recursion groups, and matching on it.
 *
 * In: a module's types, or a function type of the host.  Out: ids, equal exactly where types are equal
 * (spec 3.1.3, "closed up to iso-recursion"): a group's key is its definitions with inner references counted
 * from the group's start and outer ones replaced by ids, so the key is linear in the group and no comparison
 * ever recurses. Entries stand in chunks that never move and are complete before their id is handed out;
 * whoever holds an id got it from such a call (directly or over a synchronizing edge of its own), so reading
 * needs no lock. Must not: forget or change an entry once its id is out. */
#include "wasm/match.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/map.h"
#include "wasm/module.h"

#include <pthread.h>
#include <string.h>

enum { CHUNK_LEN = 1024, CHUNKS = 1024, MAX_IDS = CHUNK_LEN * CHUNKS - 1 };
static_assert(MAX_IDS <= VT_INDEX_MASK, "ids fit a valtype");

struct canon_entry {
  struct subtype type;
  uint32_t depth;
  const uint32_t *display; /* depth + 1 ids */
};

struct canon {
  pthread_mutex_t lock; /* guards all below, except finished entries */
  struct arena arena;
  struct canon_entry *chunks[CHUNKS];
  uint32_t len;     /* ids given out */
  uint32_t *slots;  /* first id of a group + 1, by the group's hash; 0 = empty */
  uint32_t *hashes; /* beside slots */
  uint32_t mask;    /* of slots; 0 = none yet */
  uint32_t ngroups;
  uint64_t seed;
};

/* A group about to be looked up. */
struct group {
  const struct subtype *types; /* the group's first */
  uint32_t start, len;         /* its indices */
  const uint32_t *ids;         /* of indices before `start`; NULL: outer references are ids already */
};

static struct canon_entry *entry_at(const struct canon *c, uint32_t id) {
  assert(id < MAX_IDS && c->chunks[id / CHUNK_LEN]);
  return &c->chunks[id / CHUNK_LEN][id % CHUNK_LEN];
}

/* ---- keys ---- */

#define KEY_INNER (UINT64_C(1) << 40)

/* The key word of a reference to `index`: inner ones are told apart from outer ones. */
static uint64_t key_index(const struct group *g, uint32_t index) {
  if (index == NO_SUPER) return UINT64_MAX;
  if (index - g->start < g->len) return KEY_INNER | (index - g->start);
  return g->ids ? g->ids[index] : index;
}

static uint64_t key_valtype(const struct group *g, valtype t) {
  if (!vt_is_concrete(t)) return t;
  return (uint64_t)(t & ~VT_INDEX_MASK) << 32 | key_index(g, vt_index(t));
}

static uint64_t mix(uint64_t h, uint64_t word) {
  h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
  return h ^ (h >> 29);
}

static uint64_t hash_type(const struct group *g, const struct subtype *t, uint64_t h) {
  h = mix(h, (uint64_t)t->kind << 1 | t->final);
  h = mix(h, key_index(g, t->super));
  h = mix(h, key_index(g, t->descriptor));
  h = mix(h, key_index(g, t->describes));
  switch (t->kind) {
  case COMP_FUNC:
    h = mix(h, (uint64_t)t->func.nparams << 32 | t->func.nresults);
    for (uint32_t i = 0; i < t->func.nparams; i++)
      h = mix(h, key_valtype(g, t->func.params[i]));
    for (uint32_t i = 0; i < t->func.nresults; i++)
      h = mix(h, key_valtype(g, t->func.results[i]));
    break;
  case COMP_STRUCT:
    h = mix(h, t->struct_.nfields);
    for (uint32_t i = 0; i < t->struct_.nfields; i++) {
      h = mix(h, key_valtype(g, t->struct_.fields[i].type));
      h = mix(h, t->struct_.fields[i].mutable_);
    }
    break;
  case COMP_ARRAY: h = mix(mix(h, key_valtype(g, t->array.type)), t->array.mutable_); break;
  case COMP_CONT: h = mix(h, key_index(g, t->cont)); break;
  }
  return h;
}

static bool equal_valtypes(const struct group *g, const valtype *a, const struct group *h, const valtype *b,
                           uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    if (key_valtype(g, a[i]) != key_valtype(h, b[i])) return false;
  }
  return true;
}

static bool equal_field(const struct group *g, const struct field *a, const struct group *h,
                        const struct field *b) {
  return a->mutable_ == b->mutable_ && key_valtype(g, a->type) == key_valtype(h, b->type);
}

static bool equal_type(const struct group *g, const struct subtype *a, const struct group *h,
                       const struct subtype *b) {
  if (a->kind != b->kind || a->final != b->final || key_index(g, a->super) != key_index(h, b->super) ||
      key_index(g, a->descriptor) != key_index(h, b->descriptor) ||
      key_index(g, a->describes) != key_index(h, b->describes))
    return false;
  switch (a->kind) {
  case COMP_FUNC:
    return a->func.nparams == b->func.nparams && a->func.nresults == b->func.nresults &&
           equal_valtypes(g, a->func.params, h, b->func.params, a->func.nparams) &&
           equal_valtypes(g, a->func.results, h, b->func.results, a->func.nresults);
  case COMP_STRUCT:
    if (a->struct_.nfields != b->struct_.nfields) return false;
    for (uint32_t i = 0; i < a->struct_.nfields; i++) {
      if (!equal_field(g, &a->struct_.fields[i], h, &b->struct_.fields[i])) return false;
    }
    return true;
  case COMP_ARRAY: return equal_field(g, &a->array, h, &b->array);
  case COMP_CONT: return key_index(g, a->cont) == key_index(h, b->cont);
  }
  return false;
}

/* Is the stored group that begins at `id` equal to `g`? */
static bool equal_group(const struct canon *c, const struct group *g, uint32_t id) {
  const struct subtype *first = &entry_at(c, id)->type;
  struct group stored = {.types = NULL, .start = id, .len = first->rec_len, .ids = NULL};
  if (stored.len != g->len) return false;
  for (uint32_t i = 0; i < g->len; i++) {
    if (!equal_type(g, &g->types[i], &stored, &entry_at(c, id + i)->type)) return false;
  }
  return true;
}

/* ---- storing ---- */

/* The id of `index` once the group has been stored at `base`. */
static uint32_t final_id(const struct group *g, uint32_t base, uint32_t index) {
  if (index == NO_SUPER) return NO_SUPER;
  if (index - g->start < g->len) return base + (index - g->start);
  return g->ids ? g->ids[index] : index;
}

static valtype final_valtype(const struct group *g, uint32_t base, valtype t) {
  return vt_is_concrete(t) ? (t & ~VT_INDEX_MASK) | final_id(g, base, vt_index(t)) : t;
}

static const valtype *final_valtypes(struct canon *c, const struct group *g, uint32_t base, const valtype *at,
                                     uint32_t n) {
  valtype *copy = ARENA_ARRAY(&c->arena, valtype, n);
  for (uint32_t i = 0; i < n; i++)
    copy[i] = final_valtype(g, base, at[i]);
  return copy;
}

static bool store_type(struct canon *c, const struct group *g, uint32_t base, uint32_t i, struct error *e) {
  const struct subtype *from = &g->types[i];
  struct canon_entry *to = entry_at(c, base + i);
  struct subtype *t = &to->type;
  *t = *from;
  t->rec_start = base, t->rec_len = g->len;
  t->super = final_id(g, base, from->super);
  t->descriptor = final_id(g, base, from->descriptor);
  t->describes = final_id(g, base, from->describes);
  switch (t->kind) {
  case COMP_FUNC:
    t->func.params = final_valtypes(c, g, base, from->func.params, from->func.nparams);
    t->func.results = final_valtypes(c, g, base, from->func.results, from->func.nresults);
    break;
  case COMP_STRUCT: {
    struct field *fields = ARENA_ARRAY(&c->arena, struct field, t->struct_.nfields);
    for (uint32_t k = 0; k < t->struct_.nfields; k++) {
      fields[k] = from->struct_.fields[k];
      fields[k].type = final_valtype(g, base, fields[k].type);
    }
    t->struct_.fields = fields;
    break;
  }
  case COMP_ARRAY: t->array.type = final_valtype(g, base, from->array.type); break;
  case COMP_CONT: t->cont = final_id(g, base, from->cont); break;
  }
  to->depth = t->super == NO_SUPER ? 0 : entry_at(c, t->super)->depth + 1;
  if (to->depth > MAX_SUBTYPE_DEPTH)
    return error_set(e, ERROR_INVALID, "sub type nesting too deep (at most %d)", MAX_SUBTYPE_DEPTH);
  uint32_t *display = ARENA_ARRAY(&c->arena, uint32_t, to->depth + 1);
  if (to->depth > 0) memcpy(display, entry_at(c, t->super)->display, to->depth * sizeof *display);
  display[to->depth] = base + i;
  to->display = display;
  return true;
}

/* Room for one more group in a table at most half full. Jumps when memory is out, leaving the old table. */
static void grow_slots(struct canon *c) {
  if (c->mask != 0 && c->ngroups < c->mask / 2) return;
  uint32_t mask = c->mask == 0 ? 255 : c->mask * 2 + 1;
  uint32_t *slots = mem_zalloc(mask + 1, sizeof *slots);
  uint32_t *hashes = mem_zalloc(mask + 1, sizeof *hashes);
  if (!slots || !hashes) {
    mem_free(slots);
    mem_free(hashes);
    arena_out_of_memory(&c->arena);
  }
  for (uint32_t i = 0; c->mask != 0 && i <= c->mask; i++) {
    if (c->slots[i] == 0) continue;
    uint32_t s = c->hashes[i] & mask;
    while (slots[s] != 0)
      s = (s + 1) & mask;
    slots[s] = c->slots[i], hashes[s] = c->hashes[i];
  }
  mem_free(c->slots);
  mem_free(c->hashes);
  c->slots = slots, c->hashes = hashes, c->mask = mask;
}

/* Yields the first id of the group, old or new. Under the lock, with on_oom set. */
static bool intern_group(struct canon *c, const struct group *g, uint32_t *id, struct error *e) {
  grow_slots(c);
  uint64_t h = mix(c->seed, g->len);
  for (uint32_t i = 0; i < g->len; i++)
    h = hash_type(g, &g->types[i], h);
  uint32_t hash = (uint32_t)(h ^ h >> 32), s = hash & c->mask;
  for (; c->slots[s] != 0; s = (s + 1) & c->mask) {
    if (c->hashes[s] == hash && equal_group(c, g, c->slots[s] - 1)) return *id = c->slots[s] - 1, true;
  }
  if (g->len > MAX_IDS - c->len) return error_set(e, ERROR_LIMIT, "too many different types in one engine");
  uint32_t base = c->len;
  for (uint32_t k = base / CHUNK_LEN; k <= (base + g->len - 1) / CHUNK_LEN; k++) {
    if (!c->chunks[k]) c->chunks[k] = ARENA_ARRAY(&c->arena, struct canon_entry, CHUNK_LEN);
  }
  for (uint32_t i = 0; i < g->len; i++) {
    if (!store_type(c, g, base, i, e)) return false;
  }
  c->len += g->len; /* only now: a half-stored group is overwritten by the next one */
  c->ngroups++;
  c->slots[s] = base + 1, c->hashes[s] = hash;
  return *id = base, true;
}

struct canon *canon_new(void) {
  struct canon *c = mem_zalloc(1, sizeof *c);
  if (!c) return NULL;
  if (pthread_mutex_init(&c->lock, NULL) != 0) return mem_free(c), NULL;
  arena_init(&c->arena, NULL);
  c->seed = (uint64_t)hash_u64(1) << 32 | hash_u64(2);
  return c;
}

void canon_delete(struct canon *c) {
  if (!c) return;
  mem_free(c->slots);
  mem_free(c->hashes);
  arena_free(&c->arena);
  (void)pthread_mutex_destroy(&c->lock);
  mem_free(c);
}

static bool add_groups(struct canon *c, struct module *m, struct error *e) {
  for (uint32_t start = 0; start < m->ntypes;) {
    struct group g = {&m->types[start], start, m->types[start].rec_len, m->canon_ids};
    uint32_t id;
    assert(g.len > 0 && g.len <= m->ntypes - start);
    if (!intern_group(c, &g, &id, e)) return false;
    for (uint32_t i = 0; i < g.len; i++)
      m->canon_ids[start + i] = id + i;
    start += g.len;
  }
  return true;
}

bool canon_add_module(struct canon *c, struct module *m, struct error *e) {
  jmp_buf on_oom;
  bool ok;
  pthread_mutex_lock(&c->lock);
  if (setjmp(on_oom) == 0) {
    c->arena.on_oom = &on_oom;
    ok = add_groups(c, m, e);
  } else {
    ok = error_memory(e);
  }
  c->arena.on_oom = NULL;
  pthread_mutex_unlock(&c->lock);
  return ok;
}

/* A group of one type that stands for itself; its indices are ids already. */
static bool add_one(struct canon *c, struct subtype type, uint32_t *id, struct error *e) {
  type.final = true;
  type.super = type.descriptor = type.describes = NO_SUPER;
  type.rec_len = 1;
  const struct group g = {&type, UINT32_MAX - 1, 1, NULL}; /* starts where no id is */
  jmp_buf on_oom;
  bool ok;
  pthread_mutex_lock(&c->lock);
  if (setjmp(on_oom) == 0) {
    c->arena.on_oom = &on_oom;
    ok = intern_group(c, &g, id, e);
  } else {
    ok = error_memory(e);
  }
  c->arena.on_oom = NULL;
  pthread_mutex_unlock(&c->lock);
  return ok;
}

bool canon_add_func(struct canon *c, const struct functype *t, uint32_t *id, struct error *e) {
  return add_one(c, (struct subtype){.kind = COMP_FUNC, .func = *t}, id, e);
}

bool canon_add_cont(struct canon *c, uint32_t func, uint32_t *id, struct error *e) {
  return add_one(c, (struct subtype){.kind = COMP_CONT, .cont = func}, id, e);
}

/* ---- reading ---- */

const struct subtype *canon_type(const struct canon *c, uint32_t id) { return &entry_at(c, id)->type; }
bool canon_has(const struct canon *c, uint32_t id) {
  struct canon *locked = (struct canon *)(uintptr_t)c; /* the lock is no part of the constant view */
  pthread_mutex_lock(&locked->lock);
  bool has = id < c->len;
  pthread_mutex_unlock(&locked->lock);
  return has;
}

uint32_t canon_depth(const struct canon *c, uint32_t id) { return entry_at(c, id)->depth; }
const uint32_t *canon_display(const struct canon *c, uint32_t id) { return entry_at(c, id)->display; }

bool canon_is_subtype(const struct canon *c, uint32_t sub, uint32_t super) {
  if (sub == super) return true;
  const struct canon_entry *a = entry_at(c, sub), *b = entry_at(c, super);
  return a->depth > b->depth && a->display[b->depth] == super;
}

#define H(heap) (1u << HEAP_##heap)
/* All heap types above each abstract one, itself included. */
static const uint16_t heap_supers[HEAP_COUNT] = {
    [HEAP_FUNC] = H(FUNC),
    [HEAP_NOFUNC] = H(NOFUNC) | H(FUNC),
    [HEAP_EXTERN] = H(EXTERN),
    [HEAP_NOEXTERN] = H(NOEXTERN) | H(EXTERN),
    [HEAP_ANY] = H(ANY),
    [HEAP_EQ] = H(EQ) | H(ANY),
    [HEAP_I31] = H(I31) | H(EQ) | H(ANY),
    [HEAP_STRUCT] = H(STRUCT) | H(EQ) | H(ANY),
    [HEAP_ARRAY] = H(ARRAY) | H(EQ) | H(ANY),
    [HEAP_NONE] = H(NONE) | H(I31) | H(STRUCT) | H(ARRAY) | H(EQ) | H(ANY),
    [HEAP_EXN] = H(EXN),
    [HEAP_NOEXN] = H(NOEXN) | H(EXN),
    [HEAP_CONT] = H(CONT),
    [HEAP_NOCONT] = H(NOCONT) | H(CONT),
};
#undef H

/* The abstract type right above a concrete one. */
static uint32_t kind_heap(enum comp_kind kind) {
  switch (kind) {
  case COMP_FUNC: return HEAP_FUNC;
  case COMP_STRUCT: return HEAP_STRUCT;
  case COMP_ARRAY: return HEAP_ARRAY;
  case COMP_CONT: return HEAP_CONT;
  }
  return HEAP_ANY;
}

static uint32_t abstract_heap(const struct canon *c, uint32_t heap) {
  return heap_is_concrete(heap) ? kind_heap(canon_type(c, heap & VT_INDEX_MASK)->kind) : heap;
}

bool canon_heap_match(const struct canon *c, uint32_t sub, uint32_t super) {
  if (sub == super) return true;
  if (!heap_is_concrete(super)) return (heap_supers[abstract_heap(c, sub)] >> super) & 1;
  if (!heap_is_concrete(sub)) return sub == canon_heap_bottom(c, super);
  if (super & VT_EXACT) return false;
  return canon_is_subtype(c, sub & VT_INDEX_MASK, super & VT_INDEX_MASK);
}

bool canon_match(const struct canon *c, valtype sub, valtype super) {
  if (sub == super || sub == VT_BOT) return true;
  if (sub == VT_REF_BOT) return vt_is_ref(super);
  if (!(sub & VT_REF) || !(super & VT_REF)) return false;
  if (vt_is_nullable(sub) && !vt_is_nullable(super)) return false;
  return canon_heap_match(c, vt_heap(sub), vt_heap(super));
}

bool canon_functype_match(const struct canon *c, const struct functype *sub, const struct functype *super) {
  if (sub->nparams != super->nparams || sub->nresults != super->nresults) return false;
  for (uint32_t i = 0; i < sub->nparams; i++) {
    if (!canon_match(c, super->params[i], sub->params[i])) return false;
  }
  for (uint32_t i = 0; i < sub->nresults; i++) {
    if (!canon_match(c, sub->results[i], super->results[i])) return false;
  }
  return true;
}

valtype module_canon_vt(const struct module *m, valtype t) {
  return vt_is_concrete(t) ? (t & ~VT_INDEX_MASK) | m->canon_ids[vt_index(t)] : t;
}

uint32_t module_canon_heap(const struct module *m, uint32_t heap) {
  return heap_is_concrete(heap) ? (heap & ~VT_INDEX_MASK) | m->canon_ids[heap & VT_INDEX_MASK] : heap;
}

uint32_t canon_heap_top(const struct canon *c, uint32_t heap) {
  switch (abstract_heap(c, heap)) {
  case HEAP_FUNC:
  case HEAP_NOFUNC: return HEAP_FUNC;
  case HEAP_EXTERN:
  case HEAP_NOEXTERN: return HEAP_EXTERN;
  case HEAP_EXN:
  case HEAP_NOEXN: return HEAP_EXN;
  case HEAP_CONT:
  case HEAP_NOCONT: return HEAP_CONT;
  default: return HEAP_ANY;
  }
}

uint32_t canon_heap_bottom(const struct canon *c, uint32_t heap) {
  switch (canon_heap_top(c, heap)) {
  case HEAP_FUNC: return HEAP_NOFUNC;
  case HEAP_EXTERN: return HEAP_NOEXTERN;
  case HEAP_EXN: return HEAP_NOEXN;
  case HEAP_CONT: return HEAP_NOCONT;
  default: return HEAP_NONE;
  }
}
