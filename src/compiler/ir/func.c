/* The IR's data: appending, and what its fields mean.
 *
 * In: instructions, in the order of their blocks.  Out: struct ir_func as func.h describes it.  This file is
 * the only one that knows how operands are spread over fields and ext words.  Must not: judge or rewrite
 * anything. */
#include "compiler/ir/func.h"

// clang-format off
enum { P = IRF_P, T = IRF_T, R = IRF_R, W = IRF_W, C = IRF_C, X = IRF_X, K = IRF_K };
const struct ir_op_info ir_op_table[IR_OP_COUNT] = {
#define IR(id, text, operands, type, flags) [IR_OP_##id] = {text, operands, type, flags},
#include "compiler/ir/op.def"
#undef IR
};
// clang-format on

struct ir_func *ir_func_new(struct arena *a, const struct module *m, uint32_t index) {
  struct ir_func *f = ARENA_NEW(a, struct ir_func);
  f->arena = a;
  f->module = m;
  f->index = index;
  if (m) f->type = module_func_type(m, index);
  /* Index 0 means "none" for values, loops and ext. */
  VEC_PUSH(a, &f->insns, (struct ir_insn){0});
  VEC_PUSH(a, &f->wasm_off, 0);
  VEC_PUSH(a, &f->loops, (struct ir_loop){0});
  VEC_PUSH(a, &f->ext, 0);
  return f;
}

void ir_grow(struct ir_func *f) {
  uint32_t need = f->insns.len + 1;
  if (need == 0) arena_out_of_memory(f->arena); /* 2^32 instructions */
  if (f->insns.cap < need)
    f->insns.at = vec_grow(f->arena, f->insns.at, &f->insns.cap, sizeof *f->insns.at, need);
  if (f->wasm_off.cap < need)
    f->wasm_off.at = vec_grow(f->arena, f->wasm_off.at, &f->wasm_off.cap, sizeof *f->wasm_off.at, need);
}

uint32_t ir_ext(struct ir_func *f, const uint32_t *words, uint32_t len) {
  uint32_t at = f->ext.len, end;
  if (!add_u32(at, len, &end)) arena_out_of_memory(f->arena);
  VEC_RESERVE(f->arena, &f->ext, end);
  if (len > 0) __builtin_memcpy(f->ext.at + at, words, len * sizeof *words);
  f->ext.len = end;
  return at;
}

static bool is_function_type(const struct module *m, uint32_t heap) {
  if (heap_is_concrete(heap)) return m->types[heap & VT_INDEX_MASK].kind == COMP_FUNC;
  return heap == HEAP_FUNC || heap == HEAP_NOFUNC;
}

uint8_t ir_type_of(const struct module *m, valtype t) {
  switch (t) {
  case VT_I32: return IR_I32;
  case VT_I64: return IR_I64;
  case VT_F32: return IR_F32;
  case VT_F64: return IR_F64;
  case VT_V128: return IR_V128;
  default: assert(vt_is_ref(t)); return is_function_type(m, vt_heap(t)) ? IR_FUNCREF : IR_REF;
  }
}

bool ir_same_size(uint8_t a, uint8_t b) {
  static const uint8_t kind[IR_TYPE_COUNT] = {
      [IR_VOID] = 0, [IR_I32] = 1, [IR_REF] = 1, [IR_I64] = 2,  [IR_FUNCREF] = 2,
      [IR_PTR] = 2,  [IR_F32] = 3, [IR_F64] = 4, [IR_V128] = 5,
  };
  return kind[a] == kind[b];
}

const char *ir_type_name(uint8_t type) {
  static const char *const names[IR_TYPE_COUNT] = {
      [IR_VOID] = "void", [IR_I32] = "i32", [IR_I64] = "i64",         [IR_F32] = "f32", [IR_F64] = "f64",
      [IR_V128] = "v128", [IR_REF] = "ref", [IR_FUNCREF] = "funcref", [IR_PTR] = "ptr",
  };
  assert(type < IR_TYPE_COUNT);
  return names[type];
}

struct ir_mem ir_mem(const struct ir_func *f, ir_val v) {
  const struct ir_insn *in = &f->insns.at[v];
  assert(ir_op_is_guest(in->op));
  if (in->flags & IRF_EXT_ADDR)
    return (struct ir_mem){.index = in->a, .offset = f->ext.at[in->c], .base = f->ext.at[in->c + 1]};
  return (struct ir_mem){.index = in->a, .offset = in->op == IR_OP_ATOMIC_CMPXCHG ? f->ext.at[in->c] : in->c};
}

struct ir_mem ir_field(const struct ir_func *f, ir_val v) {
  const struct ir_insn *in = &f->insns.at[v];
  assert(in->op == IR_OP_HLOAD || in->op == IR_OP_HSTORE);
  if (in->flags & IRF_EXT_ADDR)
    return (struct ir_mem){.index = in->a, .offset = f->ext.at[in->c], .base = f->ext.at[in->c + 1]};
  return (struct ir_mem){.index = in->a, .offset = in->c};
}

const uint32_t *ir_args(const struct ir_func *f, ir_val v, uint32_t *len) {
  const struct ir_insn *in = &f->insns.at[v];
  assert(ir_op_table[in->op].operands[1] == 'e');
  *len = f->ext.at[in->b];
  return f->ext.at + in->b + 1;
}

static const uint32_t *behind_args(const struct ir_func *f, ir_val v) {
  uint32_t n;
  const uint32_t *args = ir_args(f, v, &n);
  return args + n;
}

uint32_t ir_clauses(const struct ir_func *f, ir_val v) { return behind_args(f, v)[0]; }

struct ir_clause ir_clause(const struct ir_func *f, ir_val v, uint32_t i) {
  const uint32_t *at = behind_args(f, v) + 1 + 2 * (size_t)i;
  return (struct ir_clause){.tag = at[0] >> 1, .is_switch = at[0] & 1, .tag_off = at[1]};
}

uint32_t ir_switch_type(const struct ir_func *f, ir_val v) { return behind_args(f, v)[0]; }

static inline void count_use(struct ir_insn *insns, ir_val v) {
  if (insns[v].uses < 255) insns[v].uses++;
}

/* Spelled out for speed: ir_operands' struct of pointers costs more than the work. */
void ir_count_uses(struct ir_func *f, ir_block first) {
  struct ir_insn *insns = f->insns.at;
  const struct ir_blk *blocks = f->blocks.at;
  const uint32_t *ext = f->ext.at;
  for (uint32_t i = 0; i < f->insns.len; i++)
    insns[i].uses = 0;
  for (ir_block b = first; b < f->blocks.len; b++) {
    for (const struct ir_insn *in = insns + blocks[b].first, *end = insns + blocks[b].end; in < end; in++) {
      const char *kinds = ir_op_table[in->op].operands;
      if (kinds[0] == 'v') count_use(insns, in->a);
      if (kinds[1] == 'v') count_use(insns, in->b);
      if (kinds[2] == 'v') count_use(insns, in->c);
      if (kinds[1] == 'e')
        for (uint32_t i = 1; i <= ext[in->b]; i++)
          count_use(insns, ext[in->b + i]);
      if (kinds[2] == 'e' && (in->flags & IRF_EXT_ADDR)) count_use(insns, ext[in->c + 1]);
      if (in->op == IR_OP_ATOMIC_CMPXCHG) count_use(insns, ext[in->c + 2]);
    }
  }
  for (uint32_t e = 0; e < f->edges.len; e++) {
    const struct ir_edge *edge = &f->edges.at[e];
    if (edge->to == IR_NO_BLOCK || edge->from < first) continue;
    for (uint32_t i = 0; i < blocks[edge->to].nphis; i++)
      count_use(insns, ext[edge->args + i]);
  }
}
