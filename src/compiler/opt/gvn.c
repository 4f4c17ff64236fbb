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

/* The table is half full at most, and the log has room for as much. */
static void table_alloc(struct opt *o, uint32_t log2) {
  o->table = ARENA_ARRAY(o->f->arena, uint32_t, (size_t)1 << log2);
  o->mask = (UINT32_C(1) << log2) - 1;
  o->shift = 64 - log2;
  VEC_RESERVE(o->f->arena, &o->log, o->mask / 2 + 1);
}

void gvn_end(struct opt *o) {
  VEC_DROP(o->f->arena, &o->log);
  VEC_DROP(o->f->arena, &o->scopes);
  arena_drop(o->f->arena, o->table, (o->mask + 1) * sizeof *o->table);
  o->table = NULL;
}

void gvn_init(struct opt *o, uint32_t size) {
  uint32_t log2 = 6;
  while (log2 < 12 && UINT32_C(1) << log2 < size / 4)
    log2++;
  table_alloc(o, log2);
}

/* Operands and kind in 16 bytes, which are compared and hashed as two words. */
static inline struct gvn_key key_of(const struct opt *o, struct ir_insn in) {
  struct gvn_key key;
  static_assert(sizeof key == sizeof in, "the key is the instruction, before anybody has counted its uses");
  assert(in.uses == 0);
  memcpy(&key, &in, sizeof key);
  if (ir_op_table[in.op].flags & IRF_K) {
    /* x + y and y + x are equal; the instruction keeps the order of the source, which is a hint for
     * registers. */
    if (in.b < in.a) {
      uint32_t a = in.a;
      in.a = in.b;
      in.b = a;
      memcpy(&key, &in, sizeof key);
    }
  } else if (in.op == IR_OP_LOAD && !(in.flags & IRF_IMMUTABLE)) {
    in.b = o->state.version[OPT_META]; /* which it has not: the state that it reads */
    memcpy(&key, &in, sizeof key);
  } else if (in.op == IR_OP_HLOAD) {
    /* The check for null is no part of the value: what stands before this has passed it. */
    in.flags &= (uint8_t)~IRF_NULL_MASK;
    memcpy(&key, &in, sizeof key);
  }
  return key;
}

/* The upper bits of a product depend on all bits of its factors. */
static inline uint32_t slot_of(const struct opt *o, struct gvn_key key) {
  return (uint32_t)((key.low * UINT64_C(0x9e3779b97f4a7c15) ^ key.high * UINT64_C(0xc2b2ae3d27d4eb4f)) >>
                    o->shift);
}

/* Where the key stands in the table, or the free slot where it would. */
static inline uint32_t find(const struct opt *o, struct gvn_key key) {
  uint32_t i = slot_of(o, key);
  for (; o->table[i] != 0; i = (i + 1) & o->mask) {
    const struct gvn_entry *e = &o->log.at[o->table[i] - 1];
    if (e->key.low == key.low && e->key.high == key.high) break;
  }
  return i;
}

static uint32_t free_slot(const struct opt *o, struct gvn_key key) {
  uint32_t i = slot_of(o, key);
  while (o->table[i] != 0)
    i = (i + 1) & o->mask;
  return i;
}

/* In the order of the log, so that the newest stay last in their sequences. */
static NOINLINE void table_grow(struct opt *o) {
  arena_drop(o->f->arena, o->table, (o->mask + 1) * sizeof *o->table);
  table_alloc(o, 64 - o->shift + 1);
  for (uint32_t i = 0; i < o->log.len; i++) {
    uint32_t slot = free_slot(o, o->log.at[i].key);
    o->log.at[i].slot = slot;
    o->table[slot] = i + 1;
  }
}

/* Entries on one path of the dominator tree: past these the table misses every cache and costs more than all
 * else. */
enum { LOG_MOST = 1 << 17 };

static inline void add_at(struct opt *o, struct gvn_key key, ir_val v, uint32_t slot) {
  if (o->log.len > o->mask / 2) return; /* LOG_MOST */
  o->log.at[o->log.len++] = (struct gvn_entry){.key = key, .value = v, .slot = slot};
  o->table[slot] = o->log.len;
  if (o->log.len > o->mask / 2 && o->log.len < LOG_MOST) table_grow(o);
}

ir_val gvn_find(const struct opt *o, struct ir_insn in) {
  uint32_t entry = o->table[find(o, key_of(o, in))];
  return entry ? o->log.at[entry - 1].value : 0;
}

void gvn_add(struct opt *o, struct ir_insn in, ir_val v) {
  struct gvn_key key = key_of(o, in);
  add_at(o, key, v, free_slot(o, key));
}

/* Where the lists or the table have to grow. */
static NOINLINE ir_val add_grown(struct opt *o, struct ir_insn in, uint32_t wasm_off) {
  ir_val v = ir_append(o->f, in, wasm_off);
  gvn_add(o, in, v);
  return v;
}

ir_val gvn_number(struct opt *o, struct ir_insn in, uint32_t wasm_off) {
  struct gvn_key key = key_of(o, in);
  uint32_t slot = find(o, key), entry = o->table[slot];
  if (entry) return o->log.at[entry - 1].value;
  struct ir_func *f = o->f;
  ir_val v = f->insns.len;
  if (o->log.len >= o->mask / 2 || v >= f->insns.cap || v >= f->wasm_off.cap)
    return add_grown(o, in, wasm_off);
  o->log.at[o->log.len++] = (struct gvn_entry){.key = key, .value = v, .slot = slot};
  o->table[slot] = o->log.len;
  return ir_append(f, in, wasm_off);
}

void gvn_enter(struct opt *o, ir_block b) {
  uint32_t len = o->log.len;
  const struct ir_dom *doms = o->f->doms.at;
  for (; o->scopes.len > 0; len = VEC_POP(&o->scopes).len) {
    ir_block top = VEC_LAST(&o->scopes).block;
    if (top == doms[b].idom || (doms[top].depth < doms[b].depth && ir_dominates(o->f, top, b))) break;
  }
  while (o->log.len > len)
    o->table[o->log.at[--o->log.len].slot] = 0;
  VEC_PUSH(o->f->arena, &o->scopes, ((struct gvn_scope){.block = b, .len = len}));
}
