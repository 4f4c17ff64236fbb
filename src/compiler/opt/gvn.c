/* Value numbering over the dominator tree.
 *
 * In: instructions as they are created.  Out: the earlier value that computes the same, if its block
 * dominates this one. One hash table with linear probing and a log of insertions in scopes, one for each
 * block on the path of the dominator tree; leaving a scope removes its entries newest first, which keeps
 * every probe sequence whole without tombstones. What reads state is keyed with that state's version.  Must
 * not: number anything with an effect. */
#include "compiler/opt/private.h"

#include "compiler/ir/cfg.h"

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

static uint32_t mix(uint32_t h, uint32_t x) { return (h ^ x) * 0x9e3779b1u ^ (h >> 15); }

/* Normal form of what decides equality, and the version of the state it reads. */
static uint32_t key_of(const struct opt *o, const struct ir_insn *in, struct ir_insn *key) {
  *key = *in;
  key->uses = 0;
  /* x + y and y + x are equal; the instruction keeps the order of the source, which is a hint for registers.
   */
  if ((ir_op_table[in->op].flags & IRF_K) && in->b < in->a) {
    key->a = in->b;
    key->b = in->a;
  }
  switch (in->op) {
  case IR_OP_LOAD: return in->flags & IRF_IMMUTABLE ? 0 : o->state.version[OPT_META];
  default: return 0;
  }
}

static uint32_t hash_of(const struct ir_insn *key, uint32_t version) {
  uint32_t h = mix((uint32_t)key->op << 16 | (uint32_t)key->type << 8 | key->flags, key->a);
  h = mix(h, key->b);
  h = mix(h, key->c);
  h = mix(h, version);
  return h ^ h >> 13;
}

static bool same(const struct gvn_entry *e, const struct ir_insn *key, uint32_t version) {
  return e->key.op == key->op && e->key.type == key->type && e->key.flags == key->flags &&
         e->key.a == key->a && e->key.b == key->b && e->key.c == key->c && e->version == version;
}

ir_val gvn_find(struct opt *o, const struct ir_insn *in) {
  struct ir_insn key;
  uint32_t version = key_of(o, in, &key), hash = hash_of(&key, version);
  for (uint32_t i = hash & o->mask; o->table[i] != 0; i = (i + 1) & o->mask) {
    const struct gvn_entry *e = &o->log.at[o->table[i] - 1];
    if (e->hash == hash && same(e, &key, version)) return e->value;
  }
  return 0;
}

static void table_put(struct opt *o, uint32_t entry) {
  uint32_t i = o->log.at[entry].hash & o->mask;
  while (o->table[i] != 0)
    i = (i + 1) & o->mask;
  o->table[i] = entry + 1;
}

void gvn_add(struct opt *o, const struct ir_insn *in, ir_val v) {
  struct gvn_entry e = {.value = v};
  e.version = key_of(o, in, &e.key);
  e.hash = hash_of(&e.key, e.version);
  VEC_PUSH(o->f->arena, &o->log, e);
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
  uint32_t i = o->log.at[entry - 1].hash & o->mask;
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
