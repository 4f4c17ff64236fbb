/* struct ir_func: one function in SSA form.
 *
 * Values are instruction indices; 0 is "none". Instructions of a block are contiguous: [first, end), phis
 * first, the last one ends the block; an instruction with op IR_OP_NONE is no longer there. Blocks are
 * numbered in the order of their code; block 0 is the entry and has no predecessors; an edge to a block that
 * is not behind its source goes to the header of a loop that contains the source. The blocks of a loop are
 * [header, end). A value's definition dominates its uses (an edge argument is used at the end of the edge's
 * source). A SWITCH may name one edge several times in `succs`: equal targets share it; `preds` has each edge
 * once. There are no critical edges after opt/tidy.c (ir_split_critical): where a block has several
 * successors, each of those has one predecessor. All memory is the arena's, life = the compilation of one
 * function. Counts are u32: 7.6 MB bodies make millions. */
#ifndef COMPILER_IR_FUNC_H
#define COMPILER_IR_FUNC_H

#include "abi/code.h"
#include "abi/trap.h"
#include "base/vec.h"
#include "wasm/module.h"

typedef uint32_t ir_val;   /* index of the defining instruction; 0 = none */
typedef uint32_t ir_block; /* index into blocks */
#define IR_NO_BLOCK UINT32_MAX

enum ir_type {
  IR_VOID,
  IR_I32,
  IR_I64,
  IR_F32,
  IR_F64,
  IR_V128,
  IR_REF /* 32-bit */,
  IR_FUNCREF /* vm_func pointer */,
  IR_PTR,
  IR_TYPE_COUNT
};

enum ir_op {
#define IR(id, text, operands, type, flags) IR_OP_##id,
#include "compiler/ir/op.def"
#undef IR
  IR_OP_COUNT
};
enum ir_flag { IRF_P = 1, IRF_T = 2, IRF_R = 4, IRF_W = 8, IRF_C = 16, IRF_X = 32, IRF_K = 64 };
struct ir_op_info {
  const char *text;
  char operands[4];
  char type;
  uint8_t flags;
};
extern const struct ir_op_info ir_op_table[IR_OP_COUNT];

/* How much memory LOAD, STORE, GLOAD, GSTORE touch; result type in `type`. Low 4 bits of ir_insn.flags. */
enum ir_access {
  ACCESS_FULL /* the type's own size */,
  ACCESS_8U,
  ACCESS_8S,
  ACCESS_16U,
  ACCESS_16S,
  ACCESS_32U,
  ACCESS_32S
};
enum {
  IRF_ACCESS_MASK = 15,
  IRF_EXT_ADDR = 16,  /* GLOAD, GSTORE, ATOMIC_*: c indexes ext: [c] = offset, [c+1] = base value (IR_PTR);
                         else c =  offset, base = MEM0 */
  IRF_IMMUTABLE = 32, /* LOAD: the location never changes after instantiation: numbered like a pure value */
  IRF_FAULTS = 64,    /* LOAD through a possibly null vm_func: a fault is trap UNINITIALIZED_ELEMENT */
  /* LOAD, STORE: what may change the location, besides calls. Neither: nothing (sizes of memories and
     tables). */
  IRF_GLOBAL = 16, /* stores to globals */
  /* SELECT: stands for speculation, not for its value: never folded by what branches tell. */
  IRF_MASK = 1,
  /* CALL_FUNC: the callee is a function of this very instance. */
  IRF_OWN = 1,
  IRF_TABLE = 128, /* stores to table elements */
  /* HLOAD, HSTORE: which trap a null reference is (of an IR_PTR, which only cells hold: null continuation;
     a cast that loads an IR_REF, which is ref.get_desc: null reference).  None: it is not null. */
  IRF_NULL_STRUCT = 64,
  IRF_NULL_ARRAY = 128,
  IRF_NULL_CAST = 192,
  IRF_NULL_MASK = 192,
  IRF_BARRIER = 32, /* HSTORE */
};

static inline bool ir_op_is_atomic(uint8_t op) { /* but for FENCE: an access */
  return op >= IR_OP_ATOMIC_LOAD && op <= IR_OP_ATOMIC_CMPXCHG;
}
static inline bool ir_op_is_guest(uint8_t op) {
  return op == IR_OP_GLOAD || op == IR_OP_GSTORE || ir_op_is_atomic(op);
}

struct ir_insn {
  uint8_t op, type, flags;
  uint8_t uses; /* saturates at 255 */
  uint32_t a, b, c;
};
struct ir_edge {
  ir_block from, to;
  uint32_t args; /* ext[args..]: one value for each phi of `to`; 0 when it has none */
};
struct ir_blk {
  ir_val first, end; /* instructions */
  uint32_t nphis;
  uint32_t succ, nsucc; /* edges out: func->succs[succ..succ+nsucc) are edge indices */
  uint32_t pred, npred; /* edges in:  func->preds[pred..] */
  uint32_t loop;        /* innermost loop, index into loops; 0 = none */
  bool cold;            /* ends in a trap, or hinted unlikely */
  bool header;          /* of `loop` */
};
/* A block in the dominator tree. */
struct ir_dom {
  ir_block idom;
  uint32_t depth; /* 0 for block 0 */
  ir_block jump;  /* some ancestor there, so that ancestors are found in O(log n); see cfg.c */
};
struct ir_loop {
  ir_block header;
  uint32_t parent, depth;
  ir_block end; /* blocks [header, end) */
  bool has_call;
};

struct ir_func {
  struct arena *arena;
  const struct module *module; /* a valid one */
  uint32_t index;              /* function index in the module */
  const struct functype *type;
  VEC(struct ir_insn) insns;
  VEC(uint32_t) wasm_off; /* parallel to insns: position of the instruction it came from (code_inline) */
  VEC(struct ir_blk) blocks;
  VEC(struct ir_dom) doms; /* by block, while it is built; nobody asks later */
  VEC(struct ir_edge) edges;
  VEC(uint32_t) succs, preds;
  VEC(struct ir_loop) loops;  /* [0] unused */
  VEC(uint32_t) ext;          /* [0] unused */
  uint32_t nlocal_slots;      /* 0, or LOCAL_GET and LOCAL_SET occur and name slots below it */
  VEC(uint32_t) ref_locals;   /* of these slots, those that hold references */
  VEC(struct code_try) tries; /* what TRY names */
  VEC(uint32_t) clauses;
  VEC(struct code_inline) inlines; /* calls whose callees were built into this function */
  bool known_branches;             /* a BRANCH is on a constant: tidy makes it a JUMP */
  bool reload_instance;            /* direct calls too may come back with another instance
                                      (valid_module.has_indirect_tail_calls) */
};

static inline struct ir_insn *ir_at(struct ir_func *f, ir_val v) {
  assert(v < f->insns.len);
  return &f->insns.at[v];
}
struct ir_func *ir_func_new(struct arena *a, const struct module *m, uint32_t index);
NOINLINE void ir_grow(struct ir_func *f); /* room for one more instruction */
/* To the block under construction. */
static inline ir_val ir_append(struct ir_func *f, struct ir_insn insn, uint32_t wasm_off) {
  ir_val v = f->insns.len;
  if (v >= f->insns.cap || v >= f->wasm_off.cap) ir_grow(f);
  f->insns.at[v] = insn;
  f->wasm_off.at[v] = wasm_off;
  f->insns.len = f->wasm_off.len = v + 1;
  return v;
}
uint32_t ir_ext(struct ir_func *f, const uint32_t *words, uint32_t len);
uint8_t ir_type_of(const struct module *m, valtype t); /* m: where concrete types are looked up */
/* Address parts of guest accesses. base 0: memory 0 through the pinned register. */
struct ir_mem {
  ir_val index, base;
  uint32_t offset;
};
struct ir_mem ir_mem(const struct ir_func *f, ir_val v);
/* The same of HLOAD and HSTORE; base: the array's index, 0 for fields. */
struct ir_mem ir_field(const struct ir_func *f, ir_val v);
/* Arguments of calls, returns and tail calls. */
const uint32_t *ir_args(const struct ir_func *f, ir_val v, uint32_t *len);
/* The clauses of a RESUME, in order. */
struct ir_clause {
  uint32_t tag, tag_off; /* index; offset of its slot in the instance */
  bool is_switch;
};
uint32_t ir_clauses(const struct ir_func *f, ir_val v); /* how many */
struct ir_clause ir_clause(const struct ir_func *f, ir_val v, uint32_t i);
uint32_t ir_switch_type(const struct ir_func *f, ir_val v); /* of SWITCH_TO: the target's function type */
static inline bool ir_is_const(const struct ir_func *f, ir_val v) {
  uint8_t op = f->insns.at[v].op;
  return op == IR_OP_ICONST || op == IR_OP_FCONST;
}
static inline uint64_t ir_const(const struct ir_func *f, ir_val v) {
  const struct ir_insn *in = &f->insns.at[v];
  assert(ir_is_const(f, v));
  return (uint64_t)in->b << 32 | in->a;
}
static inline bool ir_type_is_float(uint8_t t) { return t == IR_F32 || t == IR_F64 || t == IR_V128; }
/* The value operands of an instruction (not edge arguments): up to 3 fields, and a list (arguments) in ext.
 * Pointers are good until something is appended. */
struct ir_operands {
  uint32_t *field[4];
  uint32_t nfields;
  uint32_t *list;
  uint32_t len;
};
static inline struct ir_operands ir_operands(struct ir_func *f, ir_val v) {
  struct ir_insn *in = ir_at(f, v);
  const char *kinds = ir_op_table[in->op].operands;
  struct ir_operands o;
  o.nfields = o.len = 0;
  o.list = NULL;
  if (kinds[0] == 'v') o.field[o.nfields++] = &in->a;
  if (kinds[1] == 'v') o.field[o.nfields++] = &in->b;
  if (kinds[2] == 'v') o.field[o.nfields++] = &in->c;
  if (kinds[2] == 'e' && (in->flags & IRF_EXT_ADDR)) o.field[o.nfields++] = &f->ext.at[in->c + 1];
  if (in->op == IR_OP_ATOMIC_CMPXCHG) o.field[o.nfields++] = &f->ext.at[in->c + 2];
  if (kinds[1] == 'e') { /* count, then arguments */
    o.len = f->ext.at[in->b];
    o.list = f->ext.at + in->b + 1;
  }
  return o;
}
/* Sets `uses` from operands and edge arguments of the instructions that are there, of those in blocks from
 * `first` on: their uses stand there, too. */
void ir_count_uses(struct ir_func *f, ir_block first);
bool ir_same_size(uint8_t a, uint8_t b); /* types of one class and size, as registers see them */
const char *ir_type_name(uint8_t type);

#endif
