/* The state of the judge while it walks instructions, and the moves every instruction is made of.
 *
 * Internal to validate/: func.c owns the walk, the family files (control.c, call.c, ...) each know the rules
 * of the rows that opcode.def marks "*".  Types here hold module type indices; matching translates to
 * canonical ids only when two types are not the same already.  A function that returns bool has reported an
 * error when it returns false. Must not: recurse, keep anything per function that is not reused for the next
 * one. */
#ifndef VALIDATE_VALIDATOR_H
#define VALIDATE_VALIDATOR_H

#include "base/bitset.h"
#include "base/vec.h"
#include "binary/insn.h"
#include "validate/validate.h"

enum { MAX_CONTROL_DEPTH = 50000, MAX_OPERANDS = MAX_BODY, DENSE_LOCALS = 256, OPERAND_SLACK = 16 };

/* One entry of the control stack.  `op` is the instruction that opened it (the function body: OP_BLOCK);
 * after `else`, `catch` or `catch_all` it is that instruction. */
struct ctrl {
  const valtype *params, *results; /* results NULL: `one`, when nresults == 1 */
  uint32_t nparams, nresults;
  uint32_t height;   /* of the operand stack below the block's parameters */
  uint32_t ninits;   /* of validator.inits when the block began */
  uint32_t br_table; /* serial of the last br_table that checked this label */
  valtype one;
  uint16_t op;
  bool unreachable; /* the rest of the block: missing operands are VT_BOT */
};

struct local_run {
  uint32_t end; /* first local index behind the run */
  valtype type;
};

/* An opcode row's signature, unpacked from its strings once a module. */
enum sig_kind { SIG_INVALID, SIG_PLAIN, SIG_IMMEDIATE, SIG_FAMILY };
enum { SIG_MAX_PARAMS = 6, SIG_MAX_RESULTS = 3, SIG_ADDR = 0xff, SIG_ANY_REF = 0xfe };
struct op_sig {
  uint8_t kind; /* enum sig_kind: nothing to check but operands; immediates too; validate/<family>.c */
  uint8_t nparams, nresults;
  uint8_t lanes;                  /* rows with a lane immediate */
  bool special;                   /* SIG_ADDR or SIG_ANY_REF occurs */
  uint8_t params[SIG_MAX_PARAMS]; /* value types, SIG_ADDR or SIG_ANY_REF */
  uint8_t results[SIG_MAX_RESULTS];
};

/* A pair known to match, so that long lists of types cost little each time they meet. */
struct matched {
  valtype sub, super;
};

/* What the fast lane must know of a one-byte opcode: lane.c. */
struct lane_row {
  uint16_t op;
  uint8_t kind, p1, p2, result, align, size;
};

struct validator {
  struct module *m;
  struct canon *canon;
  struct arena *scratch;
  struct error *error;

  /* Where we are, for messages: function `index`, or constant expression `where` number `index`. */
  const char *where;
  uint32_t index;

  /* Operand stack. At least OPERAND_SLACK free slots before each instruction. */
  valtype *stack;
  uint32_t len, cap, max_len;

  /* Control stack; `top` is its newest entry. */
  VEC(struct ctrl) ctrls;
  struct ctrl *top;
  uint32_t max_depth;
  uint32_t br_table; /* serial of the newest br_table */

  /* Locals: the first ones by index, all of them by run. */
  const struct functype *type;
  uint32_t nlocals, ndense;
  valtype dense[DENSE_LOCALS];
  VEC(struct local_run) runs;
  /* Non-defaultable locals: `inits` lists those set so far, init_epoch[x] == epoch says the same by index. */
  bool has_uninit;
  uint32_t epoch;
  uint32_t *init_epoch; /* MAX_LOCALS long, made when first needed */
  VEC(uint32_t) inits;

  uint32_t globals_visible; /* in constant expressions: global indices below this one may be read */
  bool has_indirect_tail_calls, writes_tables;
  struct bitset defaultable; /* struct types known to have default values; made when first needed */
  struct matched matched[64];
  struct op_sig sigs[OP_COUNT];
  struct lane_row lane[256];
};

/* Reports an invalid instruction: the message, then function and instruction. */
bool validator_fail(struct validator *v, const struct insn *in, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool validator_limit(struct validator *v, const struct insn *in, const char *what);

/* Subtyping over module types. */
bool validator_match_slow(struct validator *v, valtype sub, valtype super);
static inline bool validator_match(struct validator *v, valtype sub, valtype super) {
  return sub == super || validator_match_slow(v, sub, super);
}
bool validator_heap_match(struct validator *v, uint32_t sub, uint32_t super);
/* Both of one length, each type of the first matching its partner. */
bool validator_list_match(struct validator *v, const valtype *sub, uint32_t nsub, const valtype *super,
                          uint32_t nsuper);

/* Operands. A pop in unreachable code below the block's height yields VT_BOT. */
static inline void operand_push(struct validator *v, valtype t) {
  assert(v->len < v->cap);
  v->stack[v->len++] = t;
}
bool operand_pop_any(struct validator *v, const struct insn *in, valtype *type);
bool operand_pop(struct validator *v, const struct insn *in, valtype type);
/* Any reference; bottom comes out as VT_REF_BOT. */
bool operand_pop_ref(struct validator *v, const struct insn *in, valtype *type);
/* Every further pop of this block yields bottom: long lists need not be popped. */
static inline bool operands_are_bottom(const struct validator *v) {
  return v->top->unreachable && v->len == v->top->height;
}
bool operands_reserve(struct validator *v, const struct insn *in, uint32_t n);
bool operands_push(struct validator *v, const struct insn *in, const valtype *types, uint32_t n);
bool operands_pop(struct validator *v, const struct insn *in, const valtype *types, uint32_t n);
/* Are the top `n` operands of these types? Pops nothing. */
bool operands_match(struct validator *v, const struct insn *in, const valtype *types, uint32_t n);
void operands_unreachable(struct validator *v); /* what follows is unreachable */

/* Blocks. `c` has params, results, one and op set; the rest is filled in. Its parameters must be popped
 * already and are pushed again. */
bool ctrl_push(struct validator *v, const struct insn *in, const struct ctrl *c);
/* Checks the block's results against the operands, drops its locals' initialisation and sets `out`. */
bool ctrl_pop(struct validator *v, const struct insn *in, struct ctrl *out);
bool ctrl_of_blocktype(struct validator *v, const struct insn *in, struct ctrl *c);
static inline const valtype *ctrl_results(const struct ctrl *c) { return c->results ? c->results : &c->one; }
/* The frame a label names; the index was checked by immediates_check (or is checked by label_check). */
static inline struct ctrl *label_frame(const struct validator *v, uint32_t label) {
  return &v->ctrls.at[v->ctrls.len - 1 - label];
}
bool label_check(struct validator *v, const struct insn *in, uint32_t label);
static inline const valtype *label_types(const struct ctrl *c, uint32_t *n) {
  bool loop = c->op == OP_LOOP;
  *n = loop ? c->nparams : c->nresults;
  return loop ? c->params : ctrl_results(c);
}
/* An unreachable block begins anew with its parameters (else, catch): `c` is what ctrl_pop gave. */
bool ctrl_again(struct validator *v, const struct insn *in, const struct ctrl *c, const valtype *params,
                uint32_t nparams);

/* Locals. */
valtype local_type_slow(const struct validator *v, uint32_t index);
static inline valtype local_type(const struct validator *v, uint32_t index) {
  return index < v->ndense ? v->dense[index] : local_type_slow(v, index);
}

/* Types that immediates name. */
bool type_check(struct validator *v, const struct insn *in, uint32_t index);
bool valtype_check(struct validator *v, const struct insn *in, valtype t); /* its index, if any, exists */
const struct functype *func_type_at(struct validator *v, const struct insn *in,
                                    uint32_t index); /* or NULL, reported */
bool tag_check(struct validator *v, const struct insn *in, uint32_t tag);
bool func_results_check(struct validator *v, const struct insn *in, const struct functype *callee);
static inline valtype limits_addr(const struct limits *l) { return l->is64 ? VT_I64 : VT_I32; }

/* Indices, alignment, offset and lanes that the row's shape of immediates calls for. */
bool immediates_check(struct validator *v, const struct insn *in);
/* Immediates and operands of one instruction. */
bool insn_check(struct validator *v, const struct insn *in);
void validator_init(struct validator *v, struct module *m, struct canon *c, struct arena *scratch,
                    struct error *e);
/* Readies the stacks for a body or expression with these results. */
bool validator_begin(struct validator *v, const valtype *results, uint32_t nresults);
void lane_init(struct lane_row rows[256], const struct op_sig sigs[OP_COUNT], struct features f);
/* Judges instructions as long as they are plain ones. */
void lane_run(struct validator *v, struct reader *r);
bool lane_is_const(const struct validator *v, const struct const_expr *x, valtype type);
/* What the walk over a body has seen, whichever way it went: tests compare the lane with the slow way. */
struct func_facts {
  uint32_t nlocals;      /* parameters included */
  uint32_t max_depth;    /* of control nesting */
  uint32_t max_operands; /* of the operand stack */
};
bool func_validate(struct validator *v, uint32_t index, struct func_facts *facts);

/* Constant expressions: `type` is what it must yield; ref.func in it makes functions declared. */
bool const_expr_validate(struct validator *v, const struct const_expr *x, valtype type, const char *where,
                         uint32_t index);

/* The tag as an exception: no results; its parameters popped. */
bool exception_pop(struct validator *v, const struct insn *in, uint32_t tag);

/* The families: instructions of rows marked "*", immediates checked. */
bool control_check(struct validator *v, const struct insn *in);
bool call_check(struct validator *v, const struct insn *in);
bool variable_check(struct validator *v, const struct insn *in);
bool memory_check(struct validator *v, const struct insn *in);
bool table_check(struct validator *v, const struct insn *in);
bool ref_check(struct validator *v, const struct insn *in);
bool gc_check(struct validator *v, const struct insn *in);
bool exn_check(struct validator *v, const struct insn *in);
bool cont_check(struct validator *v, const struct insn *in);
bool legacy_check(struct validator *v, const struct insn *in);

#endif
