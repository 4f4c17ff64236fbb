/* Value numbering over the dominator tree.
 *
 * In: instructions as they are created.  Out: the earlier value that computes the same, if its block
 * dominates this one. One hash table with linear probing and a log of insertions in scopes, one for each
 * block on the path of the dominator tree; leaving a scope removes its entries newest first, which keeps
 * every probe sequence whole without tombstones. What reads state is keyed with that state's version.  Must
 * not: number anything with an effect. */
#include "compiler/opt/private.h"

#include "compiler/ir/cfg.h"

#include <string.h>

static void table_alloc(struct opt *o, uint32_t len) {
  o->table = ARENA_ARRAY(o->f->arena, uint32_t, len);
  o->mask = len - 1;
}

void gvn_end(struct opt *o) {
  VEC_DROP(o->f->arena, &o->log);
  VEC_DROP(o->f->arena, &o->scopes);
  arena_drop(o->f->arena, o->table, (o->mask + 1) * sizeof *o->table);
  o->table = NULL;
}

void gvn_init(struct opt *o, uint32_t size) {
  uint32_t len = 64;
  while (len < size / 4 && len < 1u << 12)
    len *= 2;
  table_alloc(o, len);
}

/* The state that an instruction reads, as a version. */
static uint32_t version_of(const struct opt *o, const struct ir_insn *in) {
  return in->op == IR_OP_LOAD && !(in->flags & IRF_IMMUTABLE) ? o->state.version[OPT_META] : 0;
}

struct gvn_key gvn_key(const struct opt *o, const struct ir_insn *in) {
  struct gvn_key key = {.insn = *in, .version = version_of(o, in)};
  key.insn.uses = 0;
  /* The check for null is no part of the value: what stands before this has passed it. */
  if (in->op == IR_OP_HLOAD) key.insn.flags &= (uint8_t)~IRF_NULL_MASK;
  /* x + y and y + x are equal; the instruction keeps the order of the source, which is a hint for registers.
   */
  if ((ir_op_table[in->op].flags & IRF_K) && in->b < in->a) {
    key.insn.a = in->b;
    key.insn.b = in->a;
  }
  uint32_t kind = (uint32_t)in->op << 16 | (uint32_t)in->type << 8 | key.insn.flags;
  uint64_t h = ((uint64_t)key.insn.a << 32 | key.insn.b) * UINT64_C(0x9e3779b97f4a7c15);
  h ^= ((uint64_t)in->c << 32 | (kind ^ key.version << 20)) * UINT64_C(0xc2b2ae3d27d4eb4f);
  key.hash = (uint32_t)(h >> 32) ^ (uint32_t)(h >> 20);
  return key;
}

static bool same(const struct gvn_key *x, const struct gvn_key *y) {
  return x->hash == y->hash && memcmp(&x->insn, &y->insn, sizeof x->insn) == 0 && x->version == y->version;
}

ir_val gvn_find(const struct opt *o, const struct gvn_key *key) {
  for (uint32_t i = key->hash & o->mask; o->table[i] != 0; i = (i + 1) & o->mask) {
    const struct gvn_entry *e = &o->log.at[o->table[i] - 1];
    if (same(&e->key, key)) return e->value;
  }
  return 0;
}

static void table_put(struct opt *o, uint32_t entry) {
  uint32_t i = o->log.at[entry].key.hash & o->mask;
  while (o->table[i] != 0)
    i = (i + 1) & o->mask;
  o->table[i] = entry + 1;
}

/* Entries on one path of the dominator tree: past these the table misses every cache and costs more than all
 * else. */
enum { LOG_MOST = 1 << 17 };

void gvn_add(struct opt *o, const struct gvn_key *key, ir_val v) {
  if (o->log.len >= LOG_MOST) return;
  VEC_PUSH(o->f->arena, &o->log, ((struct gvn_entry){.key = *key, .value = v}));
  if (o->log.len >
      o->mask / 2) { /* in the order of the log, so that the newest stay last in their sequences */
    arena_drop(o->f->arena, o->table, (o->mask + 1) * sizeof *o->table);
    table_alloc(o, 2 * (o->mask + 1));
    for (uint32_t i = 0; i < o->log.len; i++)
      table_put(o, i);
  } else {
    table_put(o, o->log.len - 1);
  }
}

static void forget_newest(struct opt *o) {
  uint32_t entry = o->log.len--;
  uint32_t i = o->log.at[entry - 1].key.hash & o->mask;
  while (o->table[i] != entry)
    i = (i + 1) & o->mask;
  o->table[i] = 0;
}

void gvn_enter(struct opt *o, ir_block b) {
  while (o->scopes.len > 0 && !ir_dominates(o->f, VEC_LAST(&o->scopes).block, b)) {
    uint32_t len = VEC_POP(&o->scopes).len;
    while (o->log.len > len)
      forget_newest(o);
  }
  VEC_PUSH(o->f->arena, &o->scopes, ((struct gvn_scope){.block = b, .len = o->log.len}));
}
