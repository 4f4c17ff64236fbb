/* New objects: by moving the nursery's top, or through a builtin.
 *
 * In: a type, and a size or a length.  Out: IR that takes the object's bytes in line, and a cold way through
 * a builtin for what is not small or finds no room.  Up to the next safepoint stores into the object need no
 * barrier.  The nursery is not zeroed: who asks for an object without elements given stores every field.
 * Must not: leave an element unset in an array whose length is not known. */
#include "abi/object.h"
#include "compiler/build/builder.h"

ir_val emit_head(struct builder *b, uint32_t type) {
  return emit_field(b, IR_I32, b->layout.heads + 4 * type);
}

void emit_hstore_head(struct builder *b, ir_val ref, uint32_t off, ir_val value) {
  ir_append(b->f, (struct ir_insn){.op = IR_OP_HSTORE, .type = IR_I32, .a = ref, .b = value, .c = off},
            b->off);
}

/* ---- the two ways ---- */

/* Goes on in a new block unless `cond` holds. */
static void leave_if(struct builder *b, struct allocation *a, ir_val cond) {
  ir_block from = b->block;
  uint32_t next = edge_new(b, block_next(b)), slow = edge_new(b, IR_NO_BLOCK);
  a->slow[a->nslow++] = slow;
  block_end(b, IR_OP_BRANCH, cond, 0, 0, (uint32_t[]){slow, next}, 2);
  block_begin(b, from, a->state);
}

static struct allocation start(const struct builder *b) {
  return (struct allocation){.from = b->block, .state = opt_state_now(b->o)};
}

static void take(struct builder *b, struct allocation *a, ir_val size) {
  a->ref = emit(b, IR_OP_TOP_LOAD, IR_REF, (uint32_t)GC_TOP, 0, 0);
  ir_val end = emit(b, IR_OP_TOP_LOAD, IR_I32, (uint32_t)GC_END, 0, 0);
  ir_val next = emit(b, IR_OP_ADD, IR_I32, a->ref, size, 0);
  leave_if(b, a, emit(b, IR_OP_GT_U, IR_I32, next, end, 0));
  emit(b, IR_OP_TOP_STORE, IR_VOID, next, 0, 0);
}

struct allocation allocation_begin(struct builder *b, uint32_t size) {
  struct allocation a = start(b);
  take(b, &a, emit_const(b, IR_I32, size));
  return a;
}

void allocation_slow(struct builder *b, struct allocation *a) {
  a->done = edge_new(b, IR_NO_BLOCK);
  block_end(b, IR_OP_JUMP, 0, 0, 0, &a->done, 1);
  for (uint32_t i = 0; i < a->nslow; i++)
    b->f->edges.at[a->slow[i]].to = block_next(b);
  block_begin(b, a->from, a->state);
  b->f->blocks.at[b->block].cold = true;
}

void allocation_end(struct builder *b, struct allocation *a, ir_val made) {
  struct ir_func *f = b->f;
  uint32_t slow_out = edge_new(b, block_next(b));
  block_end(b, IR_OP_JUMP, 0, 0, 0, &slow_out, 1);
  f->edges.at[a->done].to = block_next(b);
  block_begin(b, a->from, a->state);
  f->edges.at[a->done].args = ir_ext(f, &a->ref, 1);
  f->edges.at[slow_out].args = ir_ext(f, &made, 1);
  a->ref = block_phi(b, IR_REF);
}

/* ---- structs, and arrays of a known length ---- */

/* What was just made is not null, of exactly that type, and its length need not be loaded. */
static ir_val made(struct builder *b, uint32_t type, ir_val len, ir_val ref) {
  ref_note(b, ref, vt_ref_to(type, false) | VT_EXACT);
  const struct ir_insn load = {
      .op = IR_OP_HLOAD, .type = IR_I32, .flags = IRF_IMMUTABLE, .a = ref, .c = OBJECT_LEN};
  if (len) opt_define(b->o, load, len);
  return ref;
}

ir_val emit_new_array(struct builder *b, enum builtin which, uint32_t type, const ir_val *args,
                      uint32_t nargs) {
  return made(b, type, args[nargs - 1], emit_builtin(b, which, IR_REF, args, nargs));
}

/* By the builtin, zeroed; `len` 0: a struct. */
static ir_val emit_alloc(struct builder *b, uint32_t type, ir_val len) {
  ir_val args[2] = {emit_const(b, IR_I32, type), len};
  return emit_builtin(b, len ? BUILTIN_ALLOC_ARRAY : BUILTIN_ALLOC, IR_REF, args, len ? 2 : 1);
}

static void store_heads(struct builder *b, ir_val ref, uint32_t type, ir_val len) {
  emit_hstore_head(b, ref, OBJECT_HEAD, emit_head(b, type));
  if (len) emit_hstore_head(b, ref, OBJECT_LEN, len);
}

ir_val emit_new(struct builder *b, uint32_t type, uint32_t size, ir_val len) {
  if (size > OBJECT_INLINE_MAX) return made(b, type, len, emit_alloc(b, type, len));
  struct allocation a = allocation_begin(b, size);
  store_heads(b, a.ref, type, len);
  allocation_slow(b, &a);
  allocation_end(b, &a, emit_alloc(b, type, len));
  return made(b, type, len, a.ref);
}

/* ---- arrays whose length is not known ---- */

/* The elements [0, n) of a new array = value. A loop of its own: it is short, so it does not poll; nobody
 * knows anything about the new object, so that the state stays as it was. */
static void store_all(struct builder *b, const struct element *e, ir_val ref, ir_val n, ir_val value) {
  struct ir_func *f = b->f;
  struct opt_state state = opt_state_now(b->o);
  ir_val zero = emit_const(b, IR_I32, 0), one = emit_const(b, IR_I32, 1);
  uint32_t outer = b->loop, enter = edge_new(b, block_next(b));
  ir_block from = b->block, header = block_next(b);
  f->edges.at[enter].args = ir_ext(f, &zero, 1);
  block_end(b, IR_OP_JUMP, 0, 0, 0, &enter, 1);
  b->loop = f->loops.len;
  VEC_PUSH(b->arena, &f->loops,
           ((struct ir_loop){.header = header, .parent = outer, .depth = f->loops.at[outer].depth + 1}));
  block_begin(b, from, state);
  f->blocks.at[header].header = true;
  ir_val i = block_phi(b, IR_I32);
  ir_val more = emit(b, IR_OP_LT_U, IR_I32, i, n, 0);
  uint32_t body = edge_new(b, block_next(b)), leave = edge_new(b, IR_NO_BLOCK);
  block_end(b, IR_OP_BRANCH, more, 0, 0, (uint32_t[]){body, leave}, 2);
  block_begin(b, header, state);
  uint32_t words[2] = {OBJECT_DATA, i};
  ir_append(f,
            (struct ir_insn){.op = IR_OP_HSTORE,
                             .type = e->type,
                             .flags = (uint8_t)(e->access | IRF_EXT_ADDR),
                             .a = ref,
                             .b = value,
                             .c = ir_ext(f, words, 2)},
            b->off);
  ir_val next = emit(b, IR_OP_ADD, IR_I32, i, one, 0);
  uint32_t back = edge_new(b, header);
  f->edges.at[back].args = ir_ext(f, &next, 1);
  block_end(b, IR_OP_JUMP, 0, 0, 0, &back, 1);
  b->loop = outer;
  f->loops.at[f->blocks.at[header].loop].end = block_next(b);
  f->edges.at[leave].to = block_next(b);
  block_begin(b, header, state);
}

enum { LOOP_MOST = 1024 /* bytes that a loop sets as fast as a call */ };

ir_val emit_new_filled(struct builder *b, uint32_t type, const struct element *e, ir_val len, ir_val value) {
  struct allocation a = start(b);
  uint32_t most = value ? LOOP_MOST / 8 : LOOP_MOST >> e->log2;
  leave_if(b, &a, emit(b, IR_OP_GT_U, IR_I32, len, emit_const(b, IR_I32, most), 0));
  ir_val size = emit(b, IR_OP_SHL, IR_I32, len, emit_const(b, IR_I32, e->log2), 0);
  ir_val up = emit(b, IR_OP_ADD, IR_I32, size, emit_const(b, IR_I32, OBJECT_DATA + 7), 0);
  size = emit(b, IR_OP_AND, IR_I32, up, emit_const(b, IR_I32, (uint32_t)-8), 0);
  take(b, &a, size);
  store_heads(b, a.ref, type, len);
  if (value) {
    store_all(b, e, a.ref, len, value);
  } else { /* eight bytes at a time, padding included */
    ir_val eights = emit(b, IR_OP_SHR_U, IR_I32, size, emit_const(b, IR_I32, 3), 0);
    ir_val n = emit(b, IR_OP_SUB, IR_I32, eights, emit_const(b, IR_I32, 1), 0);
    store_all(b, &(struct element){.type = IR_I64}, a.ref, n, emit_const(b, IR_I64, 0));
  }
  allocation_slow(b, &a);
  ir_val slow = emit_alloc(b, type, len);
  if (value) emit_fill(b, slow, emit_const(b, IR_I32, 0), value, len);
  allocation_end(b, &a, slow);
  return made(b, type, len, a.ref);
}
