/* The state of selection, and the helpers its files share.
 *
 * Blocks and instructions are visited backward, so that a value is known to be wanted, and how, before it is
 * made. The instructions of one IR instruction are pushed in their natural order, as one segment, and turned
 * around when it is done; at the end the whole buffer is turned around. */
#ifndef COMPILER_ISA_X64_SEL_H
#define COMPILER_ISA_X64_SEL_H

#include "abi/call.h"
#include "compiler/isa/x64/cpu.h"
#include "compiler/isa/x64/insn.h"

struct x64_sel {
  const struct ir_func *ir;
  struct mach_func *f;
  const struct isa_config *config;
  struct arena *arena;
  mreg *reg;       /* of each IR value; 0: none yet */
  uint8_t *state;  /* of each IR value: SEL_ bits */
  uint32_t *epoch; /* of each IR value: how many effects precede it in its block */
  ir_block *block_of;
  size_t reg_size, epoch_size, block_of_size; /* bytes */
  uint32_t give_back_after, left;             /* instructions; see give_back */
  ir_block block;                             /* being selected */
  ir_val at;                                  /* being selected */
  uint32_t ncompares;                         /* in it, so far */
  VEC(ir_block) comparing;                    /* blocks with several, the last one first */
  mreg heap, poll_page;                       /* these fields of the instance; 0: nobody has asked */
  struct call_loc *params, *results;          /* room for one call_layout */
};

enum {
  SEL_WANTED = 1, /* a user of it has been selected */
  SEL_FOLDED = 2, /* a load that its user does in passing */
};

/* sel.c */
static inline struct mach_insn x64_new(enum x64_op op, uint8_t size) { /* no operands */
  return (struct mach_insn){
      .op = (uint16_t)op, .size = size, .d = MREG_NONE, .s = MREG_NONE, .base = MREG_NONE, .idx = MREG_NONE};
}
/* src = where s->at comes from, unless set */
void x64_push_from(struct x64_sel *s, const struct mach_insn *in);
static inline void x64_push(struct x64_sel *s, struct mach_insn in) { x64_push_from(s, &in); }
void x64_push_rr(struct x64_sel *s, enum x64_op op, uint8_t size, mreg d, mreg src);
void x64_push_ri(struct x64_sel *s, enum x64_op op, uint8_t size, mreg d, int32_t imm);
static inline const struct ir_insn *sel_at(const struct x64_sel *s, ir_val v) { return &s->ir->insns.at[v]; }
extern const uint8_t x64_type_sizes[IR_TYPE_COUNT];
static inline uint8_t x64_type_size(uint8_t ir_type) { return x64_type_sizes[ir_type]; }
static inline uint8_t x64_size_of(const struct x64_sel *s, ir_val v) {
  return x64_type_size(sel_at(s, v)->type);
}
static inline void x64_swap(ir_val *a, ir_val *b) {
  ir_val t = *a;
  *a = *b;
  *b = t;
}
/* An integer constant? */
static inline bool x64_const(const struct x64_sel *s, ir_val v, uint64_t *value) {
  const struct ir_insn *in = sel_at(s, v);
  while (in->op == IR_OP_ZEXT32)
    in = sel_at(s, in->a);
  if (in->op != IR_OP_ICONST) return false;
  *value = x64_type_size(in->type) == 4 ? in->a : (uint64_t)in->b << 32 | in->a;
  return true;
}
/* One that fits a sign-extended immediate? */
static inline bool x64_imm32(const struct x64_sel *s, ir_val v, int32_t *imm) {
  uint64_t value;
  if (!x64_const(s, v, &value)) return false;
  *imm = (int32_t)(uint32_t)value;
  return x64_type_size(sel_at(s, v)->type) == 4 || (uint64_t)(int64_t)*imm == value;
}
mreg x64_temp(struct x64_sel *s, uint8_t ir_type);
/* A constant field of the instance, one value of the whole function, named by *field: loaded where the
 * function begins (x64_select_fields), and again where it has lost its register. */
mreg x64_instance_field(struct x64_sel *s, mreg *field, size_t off);
void x64_select_fields(struct x64_sel *s);
/* The register that holds a value where s->at stands; constants are loaded on the spot. */
mreg x64_use(struct x64_sel *s, ir_val v);
mreg x64_use_low(struct x64_sel *s, ir_val v); /* the upper half of the register may hold anything */
/* For an operation of `size` bytes that ignores what is above it. */
static inline mreg x64_use_sized(struct x64_sel *s, ir_val v, uint8_t size) {
  return size == 4 ? x64_use_low(s, v) : x64_use(s, v);
}
/* The register that v's users expect it in. */
static inline mreg x64_def(struct x64_sel *s, ir_val v) {
  if (!s->reg[v]) s->reg[v] = x64_temp(s, sel_at(s, v)->type);
  return s->reg[v];
}
static inline bool x64_wanted(const struct x64_sel *s, ir_val v) { return (s->state[v] & SEL_WANTED) != 0; }
/* `v` is made by `op` for one user, who can do without it in a register of its own. */
static inline bool x64_is_own(const struct x64_sel *s, ir_val v, enum ir_op op) {
  return sel_at(s, v)->op == op && sel_at(s, v)->uses == 1 && !x64_wanted(s, v);
}
/* Nobody needs `v` after s->at, as far as one can tell going backward. */
bool x64_dies(const struct x64_sel *s, ir_val v);
/* Overwriting `a` is cheaper than overwriting `b`: it ends here, and where both do, a phi's register is the
 * result's next home. */
bool x64_better_tied(const struct x64_sel *s, ir_val a, ir_val b);
void x64_set(struct x64_sel *s, mreg d, uint8_t size, ir_val v); /* d = v */
uint32_t x64_pool64(struct x64_sel *s, uint64_t v);
uint32_t x64_pool128(struct x64_sel *s, uint64_t low, uint64_t high); /* aligned */
void x64_push_pool(struct x64_sel *s, enum x64_op op, uint8_t size, mreg d, uint32_t entry);
/* Emits a comparison and says by which condition `v` is not zero (an integer is compared with 0). */
enum x64_cc x64_condition(struct x64_sel *s, ir_val v);
enum x64_cc x64_float_compare(struct x64_sel *s, ir_val v);
/* Tests a vector where v is any_true or all_true; else false. */
bool x64_vector_condition(struct x64_sel *s, ir_val v, enum x64_cc *cc);

/* select_call.c */
/* Values to their places: stores to [base + off], then the list of register uses. */
void x64_pass_values(struct x64_sel *s, const uint32_t *vals, uint32_t n, const struct call_loc *locs,
                     bool results, mreg base, uint32_t off, struct mach_call *call);
void x64_push_call(struct x64_sel *s, enum x64_op op, struct mach_call call);
/* What call v gives, by its places: the list of register definitions before it, loads behind it. */
void x64_take_registers(struct x64_sel *s, ir_val v, const struct call_loc *locs, uint32_t n, bool results,
                        struct mach_call *call);
void x64_take_slots(struct x64_sel *s, ir_val v, const struct call_loc *locs, uint32_t n, uint32_t off);
void x64_add_fixed(struct x64_sel *s, mreg reg, uint8_t phys);

/* address.c */
/* Makes the memory operand of a LOAD, STORE, GLOAD or GSTORE, with its trap and source. */
void x64_address(struct x64_sel *s, ir_val v, struct mach_insn *in);
/* A load that may become a memory operand. */
static inline bool x64_is_load(const struct x64_sel *s, ir_val v) {
  uint8_t op = sel_at(s, v)->op;
  return op == IR_OP_GLOAD || op == IR_OP_LOAD || op == IR_OP_HLOAD;
}
/* May the user at s->at read `v` from memory, `size` bytes wide, instead of a register? */
bool x64_can_fold_load(const struct x64_sel *s, ir_val v, uint8_t size);
static inline bool x64_can_fold(const struct x64_sel *s, ir_val v, uint8_t size) {
  return x64_is_load(s, v) && x64_can_fold_load(s, v, size);
}
/* Puts the operand in and marks the load as done. */
void x64_fold(struct x64_sel *s, ir_val v, struct mach_insn *in);
bool x64_same_address(const struct x64_sel *s, ir_val load, ir_val store);

/* select_int.c, select_compare.c, select_float.c, select_memory.c, select_atomic.c, select_call.c .. : false
 * when the operation is not theirs */
bool x64_select_int(struct x64_sel *s, ir_val v);
bool x64_select_compare(struct x64_sel *s, ir_val v);
bool x64_select_float(struct x64_sel *s, ir_val v);
bool x64_select_memory(struct x64_sel *s, ir_val v);
void x64_select_load(struct x64_sel *s, ir_val v);  /* LOAD, HLOAD, GLOAD, ATOMIC_LOAD */
void x64_select_store(struct x64_sel *s, ir_val v); /* STORE, HSTORE, GSTORE */
bool x64_select_atomic(struct x64_sel *s, ir_val v);
bool x64_select_call(struct x64_sel *s, ir_val v);
bool x64_select_cont(struct x64_sel *s, ir_val v);
bool x64_select_gc(struct x64_sel *s, ir_val v);
bool x64_select_simd(struct x64_sel *s, ir_val v);
void x64_select_params(struct x64_sel *s);
mreg x64_heap(struct x64_sel *s);
void x64_field_address(struct x64_sel *s, ir_val v, struct mach_insn *in); /* of HLOAD, HSTORE */
void x64_mark_card(struct x64_sel *s, ir_val v);
uint8_t x64_access_size(const struct ir_insn *in); /* bytes that a load or store touches */

#endif
