/* What the files of opt/ share while a function is being built. Private to this folder. */
#ifndef COMPILER_OPT_PRIVATE_H
#define COMPILER_OPT_PRIVATE_H

#include "abi/builtin.h"
#include "compiler/opt/opt.h"

/* An expression that has a value, see key_of in gvn.c. */
struct gvn_key {
  uint64_t low, high;
};
struct gvn_entry {
  struct gvn_key key;
  ir_val value;
  uint32_t slot; /* of the table */
};
struct gvn_scope {
  ir_block block;
  uint32_t len; /* of the log when the block began */
};

/* A place of which the value is known, see cache.c. */
struct cache_entry {
  uint64_t off;
  ir_val base, index, value; /* value 0: unused */
  uint32_t version;
  ir_block block;
  uint8_t size, class, type, access;
  bool stored;
};
enum { CACHE_LEN = 16 };

struct opt {
  struct ir_func *f;
  ir_block block; /* under construction */
  struct opt_state state;
  uint32_t last_version;
  bool only_append;
  /* gvn.c */
  VEC(struct gvn_entry) log;
  VEC(struct gvn_scope) scopes;
  uint32_t *table; /* 1 + index into log, 0 = free */
  uint32_t mask, shift;
  /* cache.c */
  struct cache_entry cache[CACHE_LEN];
  uint64_t cache_tags[CACHE_LEN / 8]; /* a byte for each entry: bits of its place */
  uint32_t cache_next;
};

/* gvn.c: value numbering over the dominator tree. */
void gvn_init(struct opt *o, uint32_t size);
void gvn_end(struct opt *o);
void gvn_enter(struct opt *o, ir_block b);               /* forgets what does not dominate b */
ir_val gvn_find(const struct opt *o, struct ir_insn in); /* 0: not known */
void gvn_add(struct opt *o, struct ir_insn in, ir_val v);
/* The value that is known, or that of the instruction, which is appended. */
ir_val gvn_number(struct opt *o, struct ir_insn in, uint32_t wasm_off);

ir_val opt_constant(struct opt *o, enum ir_type type, uint64_t bits, uint32_t wasm_off);

/* known.c: bits that are zero in the value (64 bits; upper halves of i32 included). */
uint64_t known_zeros(const struct ir_func *f, ir_val v);

/* magic.c: the quotient or remainder of a division by the constant in->b. 0: leave it. */
ir_val fold_division(struct opt *o, const struct ir_insn *in, uint32_t wasm_off);

/* constant.c: the bits of an operation on constants. False: not known, or it traps. */
bool fold_constant(const struct ir_func *f, const struct ir_insn *in, uint64_t *bits);

/* compare.c: comparisons and what depends on conditions. */
ir_val fold_compare(struct opt *o, struct ir_insn *in, uint32_t wasm_off);
ir_val fold_select(struct opt *o, struct ir_insn *in, uint32_t wasm_off);
/* A condition that is zero where v is, or with *inverted turned, where v is not. */
ir_val condition_of(const struct ir_func *f, ir_val v, bool *inverted);
/* The comparison that is 0 where `op` is 1; IR_OP_NONE for those of floats that order. */
enum ir_op compare_inverse(enum ir_op op);

/* fold.c: a value that equals `in`, or 0; may rewrite `in` into a simpler equal one. */
ir_val fold(struct opt *o, struct ir_insn *in, uint32_t wasm_off);

/* thread.c: branches whose condition the way to them decides. */
void opt_thread(struct ir_func *f);
/* order.c: natural loops, critical edges, order of blocks. */
void opt_order(struct ir_func *f);
/* cache.c: of LOAD (flags IRF_GLOBAL or IRF_TABLE), GLOAD; STORE, GSTORE. Append unless the value is known.
 */
ir_val cache_load(struct opt *o, struct ir_insn in, uint32_t wasm_off);
void cache_store(struct opt *o, struct ir_insn in, uint32_t wasm_off);

/* facts.c: what is known about a value as a condition. */
enum fact { FACT_NONE, FACT_ZERO, FACT_NONZERO };
enum fact fact_of(struct opt *o, ir_val v);
void fact_set(struct opt *o, ir_val v, bool nonzero);

void fold_address(struct opt *o, struct ir_insn *in); /* of GLOAD, GSTORE */
void fold_pointer(struct opt *o, struct ir_insn *in); /* of LOAD, STORE */
void fold_stored(struct opt *o, struct ir_insn *in);  /* value of GSTORE */

#endif
