/* Walks a function's body once and makes its IR.
 *
 * In: a validated body.  Out: struct ir_func.  Instructions that are exactly one IR instruction stand in
 * lower.def, all others in the file that their family names; ssa.c keeps the values of locals.  Dead code is
 * skipped here. A body whose phis would be too many is built a second time with its locals in frame slots.
 * Must not: validate. */
#include "compiler/build/build.h"

#include "compiler/build/builder.h"

struct lower {
  uint8_t ir, type;
  uint8_t access, width; /* of GLOAD and GSTORE; else 0 */
};
static const struct lower lower_table[OP_COUNT] = {
#define ONE(op, ir, type)             [OP_##op] = {IR_OP_##ir, IR_##type, 0, 0},
#define LOAD(op, type, access, size)  [OP_##op] = {IR_OP_GLOAD, IR_##type, ACCESS_##access, size},
#define STORE(op, type, access, size) [OP_##op] = {IR_OP_GSTORE, IR_##type, ACCESS_##access, size},
#include "compiler/build/lower.def"
#undef ONE
#undef LOAD
#undef STORE
};

bool build_unsupported(struct builder *b) {
  return error_at(b->e, ERROR_UNSUPPORTED, b->off, "%s is not supported yet", op_info(b->in.op)->text);
}

static void build_one(struct builder *b, enum op op) {
  const struct lower *l = &lower_table[op];
  ir_val y = 0;
  if (ir_op_table[l->ir].operands[1] == 'v') y = pop(b);
  ir_val x = pop(b);
  push_result(b, op, emit(b, (enum ir_op)l->ir, (enum ir_type)l->type, x, y, 0));
}

static void build_access(struct builder *b, const struct lower *l) {
  if (l->ir == IR_OP_GLOAD)
    push(b, guest_load(b, (enum ir_type)l->type, (enum ir_access)l->access, l->width));
  else
    guest_store(b, (enum ir_type)l->type, (enum ir_access)l->access, l->width, pop(b));
}

static bool build_insn(struct builder *b) {
  const struct lower *l = &lower_table[b->in.op];
  if (l->width != 0) {
    build_access(b, l);
    return true;
  }
  if (l->ir != 0) {
    build_one(b, b->in.op);
    return true;
  }
  switch ((enum family)op_info(b->in.op)->family) {
  case FAMILY_CONTROL: return build_control(b);
  case FAMILY_CALL: return build_call(b);
  case FAMILY_VARIABLE: return build_variable(b);
  case FAMILY_NUMERIC: return build_numeric(b);
  case FAMILY_MEMORY: return build_memory(b);
  case FAMILY_TABLE: return build_table(b);
  case FAMILY_REF: return build_ref(b);
  case FAMILY_GC: return build_gc(b);
  case FAMILY_EXN: return build_exn(b);
  case FAMILY_LEGACY: return build_legacy(b);
  case FAMILY_SIMD: return build_simd(b);
  case FAMILY_ATOMIC: return build_atomic(b);
  case FAMILY_CONT: return build_cont(b);
  case FAMILY_NONE: break;
  }
  return build_unsupported(b);
}

/* Moves to the else or end that closes the frame in which the code died. */
static void skip_dead(struct builder *b) {
  uint64_t depth = 0;
  while (!reader_done(&b->body.r)) {
    switch (*b->body.r.at) {
    case 0x06:
      depth++;
      b->body.tries_seen++;
      break;
    case 0x07:
    case 0x19:
      if (depth == 0) return;
      break;
    case 0x18:
      if (depth == 0) return;
      depth--;
      break;
    case 0x1f:
    case 0x02:
    case 0x04: depth++; break;
    case 0x03:
      depth++;
      b->body.loops_seen++;
      break;
    case 0x05:
      if (depth == 0) return;
      break;
    case 0x0b:
      if (depth == 0) return;
      depth--;
      break;
    default: break;
    }
    scan_skip(&b->body.r, b->m->features);
  }
}

void local_new(struct builder *b, valtype declared, ir_val value) {
  VEC_PUSH(b->arena, &b->locals,
           ((struct local){.value = value, .type = type_of(b, value), .declared = declared}));
}

/* The zeros of the locals that a body declares. */
static bool declare_locals(struct builder *b) {
  struct reader *r = &b->body.r;
  for (uint32_t groups = read_uleb32(r); groups > 0; groups--) {
    uint32_t len = read_uleb32(r);
    valtype vt = read_valtype(r, b->m->features);
    if (len == 0) continue;
    ir_val zero = emit_zero(b, ir_type_of(b->m, vt));
    VEC_RESERVE(b->arena, &b->locals, b->locals.len + len);
    for (; len > 0; len--)
      local_new(b, vt, zero);
  }
  return reader_ok(r);
}

/* With locals in slots: their first values go there. */
static void store_locals(struct builder *b) {
  b->slot_step = 1;
  const struct local *locals = b->locals.at;
  uint32_t n = b->locals.len;
  for (uint32_t i = 0; i < n; i++)
    if (locals[i].type == IR_V128) b->slot_step = 2;
  b->f->nlocal_slots = b->slot_step * n;
  for (uint32_t i = 0; i < n; i++)
    if (locals[i].type == IR_REF) VEC_PUSH(b->arena, &b->f->ref_locals, b->slot_step * i);
  for (uint32_t i = 0; i < n; i++)
    emit(b, IR_OP_LOCAL_SET, IR_VOID, locals[i].value, b->slot_step * i, 0);
}

/* The commonest instructions, decoded here: locals, i32.const with one byte, and all that lower.def has in
 * one byte. False: not one of them. */
static bool build_plain(struct builder *b) {
  const uint8_t *at = b->body.r.at;
  uint8_t code = *at;
  if (code >= 0x45) {
    if (code > 0xc4) return false;
    if (code == 0x45 && b->body.r.end - at > 1 && (at[1] == 0x0d || at[1] == 0x04) &&
        !b->config->plain) { /* i32.eqz; br_if or if */
      b->negate = true;
      b->body.r.at++;
      return true;
    }
    enum op op = op_of_byte(code);
    if (lower_table[op].ir == 0) return false;
    b->body.r.at++;
    build_one(b, op);
    return true;
  }
  if (code < 0x20 || b->body.r.end - at < 2 || at[1] >= 0x80) return false;
  switch (code) {
  case 0x20: push(b, local_get(b, at[1])); break;
  case 0x21: local_set(b, at[1], pop(b)); break;
  case 0x22: local_set(b, at[1], VEC_LAST(&b->stack)); break;
  case 0x41: push(b, emit_const(b, IR_I32, (uint32_t)((int32_t)(at[1] ^ 0x40) - 0x40))); break;
  default: return false;
  }
  b->body.r.at += 2;
  return true;
}

int branch_hint(struct builder *b) {
  uint32_t at = b->off - b->body.start;
  while (b->body.hints < b->body.hints_end && b->body.hints->off < at)
    b->body.hints++;
  if (b->body.hints == b->body.hints_end || b->body.hints->off != at) return 0;
  return b->body.hints->likely ? 1 : -1;
}

static void find_hints(struct builder *b) {
  const struct branch_hint *all = b->m->hints;
  uint32_t low = 0, high = b->m->nhints;
  while (low < high) { /* the first that is not of an earlier function */
    uint32_t mid = low + (high - low) / 2;
    if (all[mid].func < b->body.func)
      low = mid + 1;
    else
      high = mid;
  }
  for (high = low; high < b->m->nhints && all[high].func == b->body.func;)
    high++;
  b->body.hints = all + low;
  b->body.hints_end = all + high;
}

static struct reader body_reader(struct builder *b, uint32_t func, uint32_t start) {
  const struct func *f = &b->m->funcs[func];
  return reader_of(slice_of(b->m->bytes.data + f->body_off, f->body_size), start, b->e);
}

bool body_open(struct builder *b, uint32_t func, uint32_t start) {
  uint32_t nparams = module_functype(b->m, b->m->funcs[func].type)->nparams;
  b->body = (struct body){.func = func,
                          .start = start,
                          .r = body_reader(b, func, start),
                          .base = b->locals.len - nparams,
                          .control = b->controls.len};
  if (b->m->nhints > 0) find_hints(b);
  if (!declare_locals(b)) return false;
  uint32_t nlocals = b->locals.len - b->body.base;
  if (!scan_body(b->body.r, b->m, nlocals, b->slots ? 0 : b->max_work, b->plan, b->arena, &b->body.scan,
                 b->e))
    return false;
  if (b->body.scan.too_many && !b->slots) b->too_much = true;
  return true;
}

static void build_params(struct builder *b) {
  const struct functype *t = b->f->type;
  struct reader r = body_reader(b, b->f->index, b->off);
  uint32_t nlocals = t->nparams + scan_locals(&r, b->m->features);
  VEC_RESERVE(b->arena, &b->locals, nlocals);
  for (uint32_t i = 0; i < t->nparams; i++) {
    ir_val param = emit(b, IR_OP_PARAM, ir_type_of(b->m, t->params[i]), i, 0, 0);
    ref_note(b, param, t->params[i]);
    local_new(b, t->params[i], param);
  }
}

/* reader_off without the call: it is asked of every instruction. */
static inline uint32_t position(const struct reader *r) {
  return (uint32_t)(r->base_off + (uint64_t)(r->at - r->base));
}

static bool build_body(struct builder *b) {
  struct ir_func *f = b->f;
  block_begin(b, IR_NO_BLOCK, opt_state_now(b->o));
  build_params(b);
  if (!body_open(b, f->index, b->off)) return false;
  if (b->too_much) return true;
  const struct scan *scan = &b->body.scan;
  /* Room for blocks and the ones that split critical edges: growing them in a body of a million branches
   * would hold more memory than they do. Pages that nobody writes cost nothing. */
  VEC_RESERVE(b->arena, &f->blocks, 2 * scan->nbranches + 8);
  VEC_RESERVE(b->arena, &f->doms, scan->nbranches + 8);
  VEC_RESERVE(b->arena, &f->edges, 3 * scan->nbranches + 8);
  VEC_RESERVE(b->arena, &f->succs, 3 * scan->nbranches + 8);
  VEC_RESERVE(b->arena, &b->branches, scan->nbranches + 8);
  if (b->slots) store_locals(b);
  b->off = (uint32_t)reader_off(&b->body.r);
  if (b->config->fuel) emit(b, IR_OP_FUEL, IR_VOID, scan->loops.at[0].cost, 0, 0);
  if (b->config->interruption && scan->loops.at[0].has_call) emit(b, IR_OP_POLL, IR_VOID, 0, 0, 0);
  control_begin(b);
  while (!reader_done(&b->body.r)) {
    if (b->dead) skip_dead(b);
    b->off = position(&b->body.r);
    if (build_plain(b)) continue;
    insn_read(&b->body.r, b->m->features, &b->in);
    if (!build_insn(b)) return false;
    if (b->too_much) return true;
  }
  assert(b->controls.len == 0 && b->callers.len == 0 && b->dead);
  f->reload_instance = b->valid->has_indirect_tail_calls;
  return reader_ok(&b->body.r);
}

/* What only building needed, where it is large. */
static void drop_scratch(struct builder *b) {
  struct arena *a = b->arena;
  VEC_DROP(a, &b->branches);
  VEC_DROP(a, &b->record);
  VEC_DROP(a, &b->undo);
  VEC_DROP(a, &b->stack);
  VEC_DROP(a, &b->controls);
  VEC_DROP(a, &b->body.scan.locals);
  VEC_DROP(a, &b->body.scan.loops);
  opt_end(b->o);
}

static bool build_once(struct builder *b, uint32_t func_index) {
  const struct func *func = &b->m->funcs[func_index];
  b->f = ir_func_new(b->arena, b->m, func_index);
  map_init(&b->structs, b->arena);
  map_init(&b->ref_types, b->arena);
  map_init(&b->ref_funcs, b->arena);
  b->o = opt_new(b->f, func->body_size);
  if (b->config->plain) opt_only_append(b->o);
  for (uint32_t i = 0; i < b->m->nmems; i++)
    b->shares_memory |= b->m->mems[i].type.limits.shared;
  b->off = func->body_off;
  VEC_RESERVE(b->arena, &b->f->insns, func->body_size / 2 + 16);
  VEC_RESERVE(b->arena, &b->f->wasm_off, func->body_size / 2 + 16);
  if (!build_body(b)) return false;
  drop_scratch(b);
  return true;
}

struct ir_func *build_func(const struct valid_module *m, uint32_t func_index,
                           const struct build_config *config, struct arena *a, struct error *e) {
  struct inline_plan plan;
  struct arena_mark mark = arena_mark(a);
  for (int slots = config->locals_in_slots; slots < 2; slots++) {
    arena_release(a, mark);
    struct builder b = {.arena = a, .valid = m, .m = m->module, .config = config, .e = e};
    b.slots = slots == 1;
    if (config->inlining && !b.slots) {
      inline_plan_init(&plan, m, func_index, a);
      b.plan = &plan;
      b.next_start = (uint32_t)m->module->bytes.len;
    }
    /* Edge values and phis: 16 for each byte, and what a small function may have in any case. */
    b.max_work = (b.slots ? 32 : 16) * (uint64_t)m->module->funcs[func_index].body_size + (1 << 16);
    if (!vmctx_layout(m->module, &b.layout)) {
      (void)error_set(e, ERROR_LIMIT, "the module declares too much for one instance");
      return NULL;
    }
    if (!build_once(&b, func_index)) return NULL;
    if (!b.too_much) return b.f;
  }
  (void)error_at(e, ERROR_LIMIT, m->module->funcs[func_index].body_off,
                 "function %u passes too many values along its branches", func_index);
  return NULL;
}
