/* Redundant loads: what is known to stand in memory, globals and tables along the way to here.
 *
 * In: loads and stores as they are created.  Out: the value that a load would give, if an earlier load or
 * store of the same place dominates it and nothing in between may have changed the place.  A few newest
 * places are remembered, each with the version of its class of state in which it holds; versions name states,
 * so an entry whose block dominates this one and whose version is the present one is right, however control
 * came here.  A store makes a new version, into which it takes along the entries that it cannot have changed.
 * Must not: outlive a call (which makes new versions of everything). */
#include "compiler/opt/private.h"

#include "compiler/ir/cfg.h"

struct place {
  ir_val base, index; /* base: 0 for memory 0 and engine structures */
  uint64_t off;       /* where the index is a constant, it is part of this and `index` is 0 */
  uint32_t size;
  enum opt_class class;
};

static inline uint32_t access_size(const struct ir_insn *in) {
  static const uint8_t by_access[IRF_ACCESS_MASK + 1] = {
      [ACCESS_8U] = 1,  [ACCESS_8S] = 1,  [ACCESS_16U] = 2,
      [ACCESS_16S] = 2, [ACCESS_32U] = 4, [ACCESS_32S] = 4};
  static const uint8_t by_type[IR_TYPE_COUNT] = {
      [IR_VOID] = 8, [IR_I32] = 4,   [IR_I64] = 8, [IR_F32] = 4,     [IR_F64] = 8,
      [IR_REF] = 4,  [IR_V128] = 16, [IR_PTR] = 8, [IR_FUNCREF] = 8,
  };
  enum ir_access access = (enum ir_access)(in->flags & IRF_ACCESS_MASK);
  return access == ACCESS_FULL ? by_type[in->type] : by_access[access];
}

static inline struct place place_of(const struct ir_func *f, const struct ir_insn *in) {
  struct place p = {.index = in->a, .off = in->c, .size = access_size(in), .class = OPT_GUEST};
  if (in->op == IR_OP_LOAD || in->op == IR_OP_STORE) {
    p.class = in->flags & IRF_GLOBAL ? OPT_GLOBAL : OPT_TABLE;
    return p;
  }
  if (in->op == IR_OP_HLOAD || in->op == IR_OP_HSTORE) p.class = OPT_HEAP;
  if (in->flags & IRF_EXT_ADDR) {
    p.off = f->ext.at[in->c];
    p.base = f->ext.at[in->c + 1];
  }
  if (p.class != OPT_HEAP && ir_is_const(f, in->a)) {
    p.off += ir_const(f, in->a);
    p.index = 0;
  }
  return p;
}

static bool same_place(const struct place *a, const struct place *b) {
  return a->index == b->index && a->off == b->off && a->base == b->base && a->size == b->size &&
         a->class == b->class;
}

/* Different offsets from one address; or a global of this instance and one of another. */
static bool disjoint(const struct ir_func *f, const struct place *a, const struct place *b) {
  if (a->base == b->base && a->index == b->index)
    return a->off + a->size <= b->off || b->off + b->size <= a->off;
  if (a->class == OPT_HEAP) { /* an object is no array and a struct at once, fields of one do not overlap */
    if (!a->base != !b->base) return true;
    return !a->base && a->off != b->off;
  }
  return a->class == OPT_GLOBAL &&
         (f->insns.at[a->index].op == IR_OP_VMCTX) != (f->insns.at[b->index].op == IR_OP_VMCTX);
}

static bool is_int(uint8_t type) { return type == IR_I32 || type == IR_I64; }

static ir_val make(struct opt *o, enum ir_op op, uint8_t type, ir_val a, ir_val b, uint32_t off) {
  return opt_emit(o, (struct ir_insn){.op = (uint8_t)op, .type = type, .a = a, .b = b}, off);
}

/* What a load gives where `v` was stored last, all of it or its low part. 0: that cannot be said in an
 * instruction. */
static ir_val forward(struct opt *o, const struct ir_insn *load, ir_val v, uint32_t size, uint32_t off) {
  uint8_t type = o->f->insns.at[v].type;
  enum ir_access access = (enum ir_access)(load->flags & IRF_ACCESS_MASK);
  bool whole =
      type == IR_I32 || type == IR_F32 || type == IR_REF ? size == 4 : size == (type == IR_V128 ? 16 : 8);
  if (access == ACCESS_FULL) {
    if (load->type == type && whole) return v;
    if (!whole)
      return load->type == IR_I32 && type == IR_I64 && size == 4 ? make(o, IR_OP_WRAP, IR_I32, v, 0, off) : 0;
    if ((is_int(load->type) && ir_type_is_float(type)) || (is_int(type) && ir_type_is_float(load->type)))
      return make(o, IR_OP_BITCAST, load->type, v, 0, off);
    return 0;
  }
  if (!is_int(type)) return 0;
  if (load->type == IR_I64 && size == 4) { /* from an i32 or the low half of an i64 */
    if (access == ACCESS_32S) return make(o, IR_OP_SEXT32, IR_I64, v, 0, off);
    if (type == IR_I64) v = make(o, IR_OP_WRAP, IR_I32, v, 0, off);
    return make(o, IR_OP_ZEXT32, IR_I64, v, 0, off);
  }
  if (type != load->type) return 0;
  switch (access) {
  case ACCESS_8U: return make(o, IR_OP_AND, type, v, opt_constant(o, (enum ir_type)type, 0xff, off), off);
  case ACCESS_16U: return make(o, IR_OP_AND, type, v, opt_constant(o, (enum ir_type)type, 0xffff, off), off);
  case ACCESS_8S: return make(o, IR_OP_SEXT8, type, v, 0, off);
  case ACCESS_16S: return make(o, IR_OP_SEXT16, type, v, 0, off);
  default: return 0;
  }
}

static inline uint8_t tag_of(const struct place *p) { return (uint8_t)(p->index * 5 + p->off); }

static inline void remember(struct opt *o, const struct place *p, const struct ir_insn *in, ir_val v,
                            bool stored) {
  uint32_t i = o->cache_next++ % CACHE_LEN, shift = i % 8 * 8;
  struct cache_entry *e = &o->cache[i];
  uint64_t *tags = &o->cache_tags[i / 8];
  *tags = (*tags & ~(UINT64_C(0xff) << shift)) | (uint64_t)tag_of(p) << shift;
  *e = (struct cache_entry){.base = p->base,
                            .index = p->index,
                            .off = p->off,
                            .size = (uint8_t)p->size,
                            .class = (uint8_t)p->class,
                            .type = in->type,
                            .access = in->flags & IRF_ACCESS_MASK,
                            .stored = stored,
                            .value = v,
                            .block = o->block,
                            .version = o->state.version[p->class]};
}

static struct place entry_place(const struct cache_entry *e) {
  return (struct place){
      .base = e->base, .index = e->index, .off = e->off, .size = e->size, .class = (enum opt_class)e->class};
}

/* The value that the entry has for a load of `p`, or 0. */
static ir_val value_at(struct opt *o, const struct cache_entry *e, const struct place *p,
                       const struct ir_insn *in, uint32_t wasm_off) {
  if (e->version != o->state.version[p->class] || e->value == 0) return 0;
  struct place q = entry_place(e);
  if (!same_place(p, &q) || !ir_dominates(o->f, e->block, o->block)) return 0;
  if (e->stored) return forward(o, in, e->value, p->size, wasm_off);
  return e->type == in->type && e->access == (in->flags & IRF_ACCESS_MASK) ? e->value : 0;
}

/* Bytes of `tags` that are `tag` have their upper bit set; some others may have. */
static inline uint64_t tag_hits(uint64_t tags, uint8_t tag) {
  const uint64_t ones = UINT64_C(0x0101010101010101);
  uint64_t differ = tags ^ ones * tag;
  return (differ - ones) & ~differ & ones << 7;
}

ir_val cache_load(struct opt *o, struct ir_insn insn, uint32_t wasm_off) {
  const struct ir_insn *in = &insn;
  struct place p = place_of(o->f, in);
  uint8_t tag = tag_of(&p);
  for (uint32_t i = 0; i < CACHE_LEN; i += 8) {
    for (uint64_t hits = tag_hits(o->cache_tags[i / 8], tag); hits; hits &= hits - 1) {
      const struct cache_entry *e = &o->cache[i + (uint32_t)__builtin_ctzll(hits) / 8];
      ir_val v = value_at(o, e, &p, in, wasm_off);
      if (v) return v;
    }
  }
  ir_val v = ir_append(o->f, *in, wasm_off);
  remember(o, &p, in, v, false);
  return v;
}

void cache_store(struct opt *o, struct ir_insn insn, uint32_t wasm_off) {
  const struct ir_insn *in = &insn;
  struct place p = place_of(o->f, in);
  uint32_t version = o->state.version[p.class], next = ++o->last_version;
  for (uint32_t i = 0; i < CACHE_LEN; i++) {
    struct cache_entry *e = &o->cache[i];
    if (e->version != version || e->class != p.class || e->value == 0) continue;
    struct place q = entry_place(e);
    if (same_place(&p, &q) && e->value == in->b && e->type == in->type &&
        e->access == (in->flags & IRF_ACCESS_MASK) && (e->stored || e->access == ACCESS_FULL) &&
        ir_dominates(o->f, e->block, o->block))
      return; /* it holds this already; next is wasted, which is no harm */
    if (disjoint(o->f, &p, &q)) e->version = next;
  }
  ir_append(o->f, *in, wasm_off);
  o->state.version[p.class] = next;
  remember(o, &p, in, in->b, true);
}
