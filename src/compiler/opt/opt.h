/* The one door through which build/ makes instructions, and the passes over finished IR. */
#ifndef COMPILER_OPT_OPT_H
#define COMPILER_OPT_OPT_H

#include "compiler/ir/func.h"

struct opt; /* what is known while a function is being built; private to opt/ */

/* Kinds of mutable state; each has a version that rises whenever something of it may have changed. */
enum opt_class {
  OPT_GUEST /* linear memories */,
  OPT_GLOBAL,
  OPT_TABLE,
  OPT_HEAP /* mutable fields and elements of objects */,
  OPT_META /* sizes; bases of tables */,
  OPT_CLASSES
};
struct opt_state {
  uint32_t version[OPT_CLASSES];
};

/* `size` is the size of the function's body in bytes: a hint. */
struct opt *opt_new(struct ir_func *f, uint32_t size);
void opt_end(struct opt *o); /* the function is built: gives memory back */
/* From here on instructions are appended as they are: what tests and fuzzers compare with. */
void opt_only_append(struct opt *o);
/* Folds, numbers, appends. The value that stands for the instruction: a new one, an earlier one, or 0 for an
 * instruction without result. Ends of blocks, PHI and PROJ are appended as they are. */
ir_val opt_emit(struct opt *o, struct ir_insn insn, uint32_t wasm_off);
/* Block `b` (its idom is set) begins; `in` is the state at the end of its only predecessor, or merged. */
void opt_block_begin(struct opt *o, ir_block b, struct opt_state in);
struct opt_state opt_state_now(const struct opt *o);
/* State where several paths meet: versions that differ become new ones. */
struct opt_state opt_state_merge(struct opt *o, struct opt_state a, struct opt_state b);
/* State at the head of a loop that changes the classes in `changed` (bits). */
struct opt_state opt_state_loop(struct opt *o, struct opt_state in, uint32_t changed);
/* A value to branch on instead of `v`: the same truth, or the opposite one with *inverted set. */
ir_val opt_condition(struct opt *o, ir_val v, bool *inverted);
/* In the block that has just begun, `cond` is known to be zero or not. */
void opt_assume(struct opt *o, ir_val cond, bool nonzero);

/* Is `v` known not to be zero here? */
bool opt_is_nonzero(struct opt *o, ir_val v);
/* `insn`, which is a value, gives `v` wherever the current block dominates. */
void opt_define(struct opt *o, struct ir_insn insn, ir_val v);

/* After building. Needs edges; leaves preds, loops and uses right. */
void opt_tidy(struct ir_func *f);
/* CANON stays where bits are wanted. After opt_tidy, for code that has any. */
void opt_late_nans(struct ir_func *f);

#endif
