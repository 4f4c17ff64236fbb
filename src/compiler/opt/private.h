/* What the files of opt/ share while a function is being built. Private to this folder. */
#ifndef COMPILER_OPT_PRIVATE_H
#define COMPILER_OPT_PRIVATE_H

#include "abi/builtin.h"
#include "compiler/opt/opt.h"

/* An expression that has a value: operands and kind as `key` says, in the state of `version` where it reads
 * some. */
struct gvn_entry {
  struct ir_insn key;
  uint32_t version;
  uint32_t hash;
  ir_val value;
};
struct gvn_scope {
  ir_block block;
  uint32_t len; /* of the log when the block began */
};

struct opt {
  struct ir_func *f;
  struct opt_state state;
  uint32_t last_version;
  /* gvn.c */
  VEC(struct gvn_entry) log;
  VEC(struct gvn_scope) scopes;
  uint32_t *table; /* 1 + index into log, 0 = free */
  uint32_t mask;
};

/* gvn.c: value numbering over the dominator tree. */
void gvn_init(struct opt *o, uint32_t size);
void gvn_enter(struct opt *o, ir_block b);                /* forgets what does not dominate b */
ir_val gvn_find(struct opt *o, const struct ir_insn *in); /* 0: not known */
void gvn_add(struct opt *o, const struct ir_insn *in, ir_val v);

/* fold.c: a value that equals `in`, or 0; may rewrite `in` into a simpler equal one. */
ir_val fold(struct opt *o, struct ir_insn *in, uint32_t wasm_off);

/* order.c: natural loops, critical edges, order of blocks. */
void opt_order(struct ir_func *f);

#endif
