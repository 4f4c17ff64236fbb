/* The function under construction: what the family files of build/ share. Private to this folder. */
#ifndef COMPILER_BUILD_BUILDER_H
#define COMPILER_BUILD_BUILDER_H

#include "abi/builtin.h"
#include "abi/vmctx.h"
#include "compiler/build/build.h"
#include "compiler/build/inline.h"
#include "compiler/opt/opt.h"
#include "wasm/insn.h"

#define NONE UINT32_MAX

/* A local: its value here and now, and scratch for merging. */
struct local {
  ir_val value;
  uint32_t logged; /* 1 + index of its newest entry in the undo log; 0 = none */
  uint32_t epoch;  /* fields below belong to the merge with that number */
  uint32_t count;  /* edges that bring a value */
  ir_val first;    /* value on the first of them */
  uint32_t phi;    /* number of its phi, NONE = needs none */
  uint8_t type;    /* enum ir_type */
  valtype declared;
};
struct undo {
  uint32_t local;
  ir_val value;
  uint32_t logged;
}; /* as they were before the set */

/* A forward branch to a label that has not been reached yet. Lists are in builder.record. */
struct branch {
  uint32_t edge;
  uint32_t next;          /* in builder.branches; NONE ends */
  uint32_t results;       /* values for the label's results */
  uint32_t pairs, npairs; /* (local, value) of locals set since the label's frame began */
  struct opt_state state;
};

/* What has been found out about a reference, and where (reftype.c). */
struct ref_finding {
  ir_val ref;
  valtype type;
  ir_block block;
};
/* `cond` is not zero where `ref` is of the type. */
struct ref_test {
  ir_val cond, ref;
  valtype type;
};

enum control_kind {
  CONTROL_FUNC,
  CONTROL_GUESS,
  CONTROL_INLINE, /* the body of a callee */
  CONTROL_BLOCK,
  CONTROL_LOOP,
  CONTROL_IF,
  CONTROL_ELSE,
  CONTROL_TRY,
  CONTROL_LEGACY_TRY,
  CONTROL_LEGACY_CATCH
};
/* A call whose callee is guessed: candidates that are still to be tried, the next one last. */
struct control_guess {
  uint32_t type, off; /* of the call */
  uint32_t funcs[GUESS_MOST], len;
};
struct control {
  enum control_kind kind;
  uint32_t nparams, nresults;
  const valtype *types;                 /* of the results (LOOP: of the parameters); NULL: not of interest */
  uint32_t height;                      /* of the operand stack below the parameters */
  uint32_t nlocals;                     /* of this body and those around it */
  uint32_t undo;                        /* length of the undo log when the frame began */
  uint32_t recorded, recorded_branches; /* and of builder.record and .branches */
  uint32_t outermost; /* of the frames that something was recorded for since: index in controls; NONE */
  uint32_t branches, nbranches; /* list of struct branch, to the end of the frame */
  uint32_t else_edge;           /* IF: edge to the false side */
  uint32_t else_params;         /* IF: values of the parameters, in record */
  struct opt_state else_state;
  ir_val cond;                  /* IF; GUESS: the function called */
  bool inverted;                /* IF: the else side is the one where cond is not zero */
  int hint;                     /* IF: see branch_hint */
  ir_block header;              /* LOOP */
  uint32_t loop;                /* LOOP: number of the IR loop */
  const struct scan_loop *scan; /* LOOP */
  /* Exceptions (exn.c). */
  uint32_t try_;      /* frame that catches first what is thrown here; NONE: none in this function */
  uint32_t outer_try; /* the same outside the frame */
  uint32_t record;    /* of a frame that catches: number in f->tries */
  uint32_t landings, nlandings; /* list of struct branch: the calls that throw into it */
  const uint8_t *list;          /* TRY: its clauses */
  ir_block landing;             /* where they meet */
  struct opt_state landing_state;
  uint32_t landing_pairs, nlanding_pairs; /* LEGACY_CATCH: locals there, in record */
  uint32_t clause_edges, clause;          /* edges to the clauses, in record; how many have begun */
  ir_val exn;                             /* LEGACY_CATCH: the exception */
  struct control_guess guess;
  uint32_t shared_edge, shared_epoch; /* br_table: the edge to this label, if the epoch is builder.epoch */
};

/* A function whose body is being read: the one that is built, or one that is inlined. */
struct body {
  struct reader r;
  uint32_t func, start; /* position of its first byte (code_inline) */
  uint32_t control;     /* its frame in builder.controls */
  uint32_t base;        /* its local 0 in builder.locals */
  struct scan scan;
  uint32_t loops_seen;   /* `loop` instructions so far */
  uint32_t tries_seen;   /* `try` instructions so far */
  uint32_t inlines_seen; /* of scan.inlines: those behind */
  const struct branch_hint *hints,
      *hints_end; /* of this function, ascending; those behind the present instruction */
};

struct builder {
  struct ir_func *f;
  struct opt *o;
  struct arena *arena;
  const struct valid_module *valid;
  const struct module *m;
  const struct build_config *config;
  struct vmctx_layout layout;
  struct error *e;

  struct body body;         /* where instructions come from */
  VEC(struct body) callers; /* of it, outermost first */
  struct inline_plan *plan; /* NULL: nothing is inlined */
  uint32_t next_start;      /* position of the next inlined body */
  struct insn in;
  uint32_t off;            /* position of the instruction */
  uint32_t indirect_calls; /* call_indirect instructions so far, and their kin */

  struct map structs; /* struct type -> where its offsets begin in struct_offs (gc.c) */
  VEC(uint32_t) struct_offs;
  struct map ref_types, ref_funcs; /* value -> valtype, function (reftype.c) */
  struct ref_finding findings[16];
  struct ref_test tests[8];
  uint32_t nfindings, ntests; /* so far; they stand at the numbers modulo the lengths */

  VEC(ir_val) stack;
  VEC(struct control) controls;
  VEC(struct undo) undo;
  VEC(struct branch) branches;
  VEC(uint32_t) record;
  VEC(uint32_t) scratch, differ;
  VEC(struct local) locals; /* of all bodies that are open */
  uint32_t epoch;

  ir_block block;          /* under construction */
  uint32_t loop;           /* innermost IR loop */
  bool dead;               /* no block: code is unreachable */
  bool negate;             /* an i32.eqz stands right before the if or br_if to come, and made no value */
  bool slots;              /* locals are in frame slots */
  bool shares_memory;      /* some memory is shared: each round of a loop reads anew */
  uint32_t slot_step;      /* of them, for each local: 2 where one is a v128 */
  uint64_t work, max_work; /* locals and values kept for edges and phis; past the limit: slots */
  uint64_t steps;          /* results compared: they cost time only */
  bool too_much;
};

/* Operand stack. */
static inline void push(struct builder *b, ir_val v) { VEC_PUSH(b->arena, &b->stack, v); }
static inline ir_val pop(struct builder *b) { return VEC_POP(&b->stack); }
static inline uint8_t type_of(const struct builder *b, ir_val v) { return b->f->insns.at[v].type; }

/* Instructions; each returns what opt_emit does. */
static inline ir_val emit(struct builder *b, enum ir_op op, enum ir_type type, uint32_t x, uint32_t y,
                          uint32_t z) {
  return opt_emit(b->o, (struct ir_insn){.op = (uint8_t)op, .type = (uint8_t)type, .a = x, .b = y, .c = z},
                  b->off);
}
static inline ir_val emit_flags(struct builder *b, enum ir_op op, enum ir_type type, unsigned flags,
                                uint32_t x, uint32_t y, uint32_t z) {
  return opt_emit(
      b->o,
      (struct ir_insn){
          .op = (uint8_t)op, .type = (uint8_t)type, .flags = (uint8_t)flags, .a = x, .b = y, .c = z},
      b->off);
}
static inline ir_val emit_const(struct builder *b, enum ir_type type, uint64_t bits) {
  return emit(b, ir_type_is_float((uint8_t)type) ? IR_OP_FCONST : IR_OP_ICONST, type, (uint32_t)bits,
              (uint32_t)(bits >> 32), 0);
}
static inline ir_val emit_vmctx(struct builder *b) { return emit(b, IR_OP_VMCTX, IR_PTR, 0, 0, 0); }
/* A field of the instance that never changes. */
static inline ir_val emit_field(struct builder *b, enum ir_type type, uint32_t off) {
  return emit_flags(b, IR_OP_LOAD, type, IRF_IMMUTABLE, emit_vmctx(b), 0, off);
}
static inline ir_val emit_builtin(struct builder *b, enum builtin which, enum ir_type type,
                                  const ir_val *args, uint32_t len) {
  uint32_t at = ir_ext(b->f, &len, 1);
  ir_ext(b->f, args, len);
  return emit(b, IR_OP_CALL_BUILTIN, type, which, at, 0);
}
/* An i32 as i64; an i64 as it is. */
static inline ir_val emit_widen(struct builder *b, ir_val v) {
  return type_of(b, v) == IR_I64 ? v : emit(b, IR_OP_ZEXT32, IR_I64, v, 0, 0);
}

/* The result `v` of the instruction, whose NaNs may have to be canonical. */
ir_val emit_canonical_nan(struct builder *b, enum op op, ir_val v); /* nan.c */
static inline void push_result(struct builder *b, enum op op, ir_val v) {
  push(b, b->config->nan_canonicalization ? emit_canonical_nan(b, op, v) : v);
}

/* Blocks and edges (ssa.c). */
void work(struct builder *b, uint64_t n);          /* counts it; past max_work too_much is set */
uint32_t edge_new(struct builder *b, ir_block to); /* from the current block */
void block_end(struct builder *b, enum ir_op op, uint32_t x, uint32_t y, uint32_t z, const uint32_t *succs,
               uint32_t nsuccs);
void block_begin(struct builder *b, ir_block idom,
                 struct opt_state state); /* patch edges' `to` afterwards or before */
static inline ir_block block_next(const struct builder *b) { return b->f->blocks.len; }
/* Ends the block with a branch to a cold block, which has then begun; block_rejoin ends that one with a jump
 * to a new block where both meet. `value` may be 0; else the result is a phi of `value` and `other`. */
struct cold {
  uint32_t skip_edge;
  ir_block from;
  struct opt_state state;
};
struct cold block_cold(struct builder *b, ir_val cond, bool cold_if);
ir_val block_rejoin(struct builder *b, struct cold c, ir_val value, ir_val other);

/* Locals of the present body (ssa.c). */
void local_set_slot(struct builder *b, uint32_t local, ir_val v);
ir_val local_get_slot(struct builder *b, uint32_t local);
static inline void local_set(struct builder *b, uint32_t local, ir_val v) {
  if (b->slots) {
    local_set_slot(b, local, v);
    return;
  }
  local += b->body.base;
  struct local *l = &b->locals.at[local];
  if (l->value == v) return;
  if (l->logged <= VEC_LAST(&b->controls).undo) {
    VEC_PUSH(b->arena, &b->undo, ((struct undo){.local = local, .value = l->value, .logged = l->logged}));
    l->logged = b->undo.len;
  }
  l->value = v;
}
static inline ir_val local_get(struct builder *b, uint32_t local) {
  return b->slots ? local_get_slot(b, local) : b->locals.at[b->body.base + local].value;
}
void locals_rollback(struct builder *b, uint32_t mark);
/* Records the state on `edge` (whose source is the current block) for the label's frame; results are on the
 * stack. Locals set since the undo log was `mark` long: c->undo, or less when others share the list. */
void branch_record(struct builder *b, struct control *c, uint32_t edge, uint32_t mark);
/* The end of a label whose frame has been left (`c` is a copy): a block where all recorded branches meet,
 * results on the stack. */
void label_bind(struct builder *b, struct control *c);
/* The recorded else edge of an `if` without else; one more edge of a br_table, whose first is
 * branches[first]. */
void branch_record_else(struct builder *b, struct control *c);
void branch_record_again(struct builder *b, struct control *c, uint32_t edge, uint32_t first);
/* A loop begins at its header: phis, and the parameters on the stack; it ends behind its last block. */
void loop_begin(struct builder *b, struct control *c);
void loop_end(struct builder *b, const struct control *c);
/* Values for the phis of a loop's header, on an edge to it. */
void loop_edge(struct builder *b, const struct control *c, uint32_t edge);

/* The number of a new edge to where the frame controls[try_] catches. */
uint32_t landing_edge(struct builder *b, uint32_t try_);
/* Locals below `limit` set since the undo log was `mark` long, as pairs (local, value) behind b->record; how
 * many. */
uint32_t record_pairs(struct builder *b, uint32_t mark, uint32_t limit);
ir_val block_phi(struct builder *b, uint8_t type);
/* Behind a call: it may throw into this function. */
void call_may_throw(struct builder *b);
/* The record of the innermost frame that catches, or CODE_NO_TRY. */
uint32_t try_record(const struct builder *b);
/* Pops the payload of an exception of the tag, which is made. */
ir_val emit_exception(struct builder *b, uint32_t tag);
/* The clauses of a try_table at its end; `c` is the innermost frame. */
MUST_USE bool try_table_end(struct builder *b, struct control *c);
/* Room for an object in the nursery, `size` bytes. Goes on where there is some: the caller stores the head;
 * then where there is none: the caller asks a builtin, and gives what that has `made`. */
struct allocation {
  ir_val ref; /* the object, at last */
  uint32_t slow[2], nslow, done;
  ir_block from;
  struct opt_state state;
};
struct allocation allocation_begin(struct builder *b, uint32_t size);
void allocation_slow(struct builder *b, struct allocation *a);
void allocation_end(struct builder *b, struct allocation *a, ir_val made);
/* Nobody loads it by any other way than as an immutable field. */
void emit_hstore_head(struct builder *b, ir_val ref, uint32_t off, ir_val value);
/* A field at a fixed place of an object; of an object that was just made. */
ir_val emit_hload(struct builder *b, enum ir_type type, unsigned flags, ir_val ref, uint32_t off);
void emit_hstore_new(struct builder *b, enum ir_type type, ir_val ref, uint32_t off, ir_val value);

/* What is known of references (reftype.c). The value just made is of this type wherever it is used. */
void ref_note(struct builder *b, ir_val v, valtype t);
void ref_note_func(struct builder *b, ir_val v, uint32_t func); /* it is this function's reference */
bool ref_func(const struct builder *b, ir_val v, uint32_t *func);
/* The narrowest type known here, of the hierarchy of `like`. */
valtype ref_type(const struct builder *b, ir_val v, valtype like);
bool ref_is_nonnull(const struct builder *b, ir_val v);
/* From here on, as far as the current block dominates. */
void ref_found(struct builder *b, ir_val v, valtype t);
void ref_seen_as(struct builder *b, ir_val v, valtype t); /* the same, unless as much is known */
void ref_found_nonnull(struct builder *b, ir_val v);
void ref_tested(struct builder *b, ir_val cond, ir_val v, valtype t);
/* In the block that has just begun, `cond` is known to be zero or not. */
void assume(struct builder *b, ir_val cond, bool nonzero);
/* Heap types of the module; exactness is ignored. */
bool heap_matches(const struct builder *b, uint32_t sub, uint32_t super);
ir_val emit_is_null(struct builder *b, ir_val ref); /* ref.c */

/* New objects (alloc.c). `len` 0: a struct; no field or element is set yet. */
ir_val emit_new(struct builder *b, uint32_t type, uint32_t size, ir_val len);
/* An array of `len` elements, all of them `value` (0: zero). */
struct element {
  uint8_t type;   /* enum ir_type */
  uint8_t access; /* enum ir_access of a store */
  uint8_t log2;   /* of the size */
};
ir_val emit_new_filled(struct builder *b, uint32_t type, const struct element *e, ir_val len, ir_val value);
/* What a builtin makes, whose last argument is the length. */
ir_val emit_new_array(struct builder *b, enum builtin which, uint32_t type, const ir_val *args,
                      uint32_t nargs);
void emit_fill(struct builder *b, ir_val ref, ir_val index, ir_val value, ir_val len); /* gc.c */
ir_val emit_head(struct builder *b, uint32_t type); /* the head of the type's objects */

/* guess.c: a call through a reference that is not null, unless nothing can be guessed; the body that was
 * built in for a guess has ended. */
MUST_USE bool guess_call(struct builder *b, ir_val func, uint32_t type, bool *guessed);
MUST_USE bool guess_next(struct builder *b);
/* call.c: the call, its arguments and results on the stack. */
MUST_USE bool finish_call(struct builder *b, enum ir_op op, uint32_t callee, uint32_t type);

/* By family; each handles b->in. False: an error was reported. */
MUST_USE bool build_control(struct builder *b);
MUST_USE bool build_call(struct builder *b);
MUST_USE bool build_variable(struct builder *b);
MUST_USE bool build_numeric(struct builder *b);
MUST_USE bool build_memory(struct builder *b);
MUST_USE bool build_table(struct builder *b);
MUST_USE bool build_ref(struct builder *b);
MUST_USE bool build_gc(struct builder *b);
MUST_USE bool build_casts(struct builder *b); /* a part of build_gc's */
void trap_null_descriptor(struct builder *b, ir_val desc);
/* The descriptor of an object of (a subtype of) `type`; `null`: IRF_NULL_ flag, which fits the offset. */
ir_val emit_descriptor(struct builder *b, uint32_t type, ir_val ref, unsigned null);
MUST_USE bool build_exn(struct builder *b);
MUST_USE bool build_legacy(struct builder *b);
MUST_USE bool build_simd(struct builder *b);
MUST_USE bool build_atomic(struct builder *b);
MUST_USE bool build_cont(struct builder *b);
ir_val emit_vector(struct builder *b, const uint8_t bytes[16]);    /* simd.c: a v128 constant */
ir_val emit_quad(struct builder *b, ir_val vector, uint32_t lane); /* a lane of 64 bits */
ir_val emit_zero(struct builder *b, enum ir_type type);            /* of any type */
/* Address parts of the access in b->in, in the form that guest accesses want. */
struct address {
  ir_val index;
  uint32_t c;
  unsigned flags;
};
struct address guest_address(struct builder *b, ir_val index, uint32_t width);
/* The access of b->in, `width` bytes at the address on top of the stack. */
ir_val guest_load(struct builder *b, enum ir_type type, enum ir_access access, uint32_t width);
void guest_store(struct builder *b, enum ir_type type, enum ir_access access, uint32_t width, ir_val value);
/* The address of the table's element: LOAD or STORE it with IRF_TABLE. Traps `trap` when index is out of
 * bounds. */
ir_val table_element(struct builder *b, uint32_t table, ir_val index, enum trap_code trap);
/* Flags of loads from it: whether anything changes its elements. */
unsigned table_element_flags(const struct builder *b, uint32_t table);
/* What the module says about the branch being built: 0 nothing, 1 it is likely taken (for `if`: the condition
 * holds), -1 unlikely. */
int branch_hint(struct builder *b);
/* Bodies. body_open: b->body is the function's from here on, its first byte has the position `start`; the
 * locals of its parameters are there already, the declared ones are added, and it is scanned (build.c). */
MUST_USE bool body_open(struct builder *b, uint32_t func, uint32_t start);
void local_new(struct builder *b, valtype declared, ir_val value);
/* Whether the scan wants the callee of this call in its place; begins its body with the arguments on the
 * stack; goes back to the caller behind its end (inline.c). */
bool inline_here(struct builder *b);
bool inline_known(struct builder *b, uint32_t func); /* the same of a call_ref of this function */
MUST_USE bool inline_begin(struct builder *b, uint32_t func);
void inline_end(struct builder *b);
/* Frames (control.c): begin one, the end of the innermost one, a jump from there to its label. */
void control_push(struct builder *b, enum control_kind kind, uint32_t nparams, uint32_t nresults);
void control_end(struct builder *b);
struct control *control_pop(struct builder *b); /* good until the next one begins */
void fall_through(struct builder *b, struct control *c);
void build_br(struct builder *b, uint32_t label);
/* Parameters and results of the instruction's block type. */
MUST_USE bool block_arity(struct builder *b, uint32_t *nparams, uint32_t *nresults);
/* The frame of the function itself: its end returns. */
void control_begin(struct builder *b);
/* Goes on behind a branch to the label that is taken when `cond` is not zero (or is zero); the label's
 * results are on the stack. */
void branch_if(struct builder *b, ir_val cond, uint32_t label, bool if_zero);
bool build_unsupported(struct builder *b);

#endif
