/* Leaving a stack for another: resume, suspend, switch, and where suspensions land.
 *
 * In: RESUME, RESUME_THROW, SUSPEND, SWITCH_TO, LANDED.  Out: calls that keep no register at all, with values
 * where the head of switch.S wants them: to whoever is resumed by the layout of arguments, to whoever has
 * resumed by that of results.  Must not: keep an address in the heap beyond the instruction that leaves. */
#include "abi/object.h"
#include "compiler/isa/x64/sel.h"

#define NOTHING_KEPT (X64_CALL_CLOBBERS | X64_CALLEE_SAVED)

/* Where `types` stand, and one reference more if `cell`: the size of their area. */
static uint32_t place(struct call_loc *locs, struct call_walk w, const valtype *types, uint32_t n,
                      bool cell) {
  for (uint32_t i = 0; i < n; i++)
    locs[i] = call_walk_next(&w, types[i]);
  if (cell) locs[n] = call_walk_next(&w, VT_CONTREF);
  return call_walk_size(&w);
}

static void note(struct x64_sel *s, uint32_t size) {
  if (s->f->out_size < size) s->f->out_size = size;
  s->f->has_calls = true;
}

static uint32_t put_clauses(struct x64_sel *s, ir_val v) {
  uint32_t n = ir_clauses(s->ir, v), first = s->f->clauses.len;
  VEC_PUSH(s->arena, &s->f->clauses, n);
  for (uint32_t i = 0; i < n; i++) {
    struct ir_clause c = ir_clause(s->ir, v, i);
    VEC_PUSH(s->arena, &s->f->clauses, c.tag_off | c.is_switch);
  }
  return first;
}

/* The area of the child's parameters stands below that of results and payloads. */
static uint32_t resume_args_size(const struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  if (in->op == IR_OP_RESUME_THROW) return 0;
  struct call_layout layout = {.params = NULL, .results = NULL};
  call_layout(module_functype(s->ir->module, in->c), &layout);
  return layout.args_size;
}

static void resume(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  const struct functype *t = module_functype(s->ir->module, in->c);
  struct mach_call call = {.clobbers = NOTHING_KEPT, .safepoint = true, .target = put_clauses(s, v)};
  uint32_t n;
  const uint32_t *args = ir_args(s->ir, v, &n);
  mreg child = x64_use(s, in->a);
  call.args_size = place(s->params, call_walk_params(), t->params, n, false);
  call.results_size = place(s->results, call_walk_results(), t->results, t->nresults, false);
  x64_pass_values(s, args, n, s->params, false, RSP, 0, &call);
  x64_add_fixed(s, child, RBX);
  call.nargs++;
  x64_take_registers(s, v, s->results, t->nresults, true, &call);
  note(s, call.args_size + call.results_size);
  x64_push_call(s, in->op == IR_OP_RESUME ? X64_RESUME : X64_RESUME_THROW, call);
  x64_take_slots(s, v, s->results, t->nresults, call.args_size);
}

static void suspend(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  const struct functype *t = module_functype(s->ir->module, in->c);
  struct mach_call call = {.clobbers = NOTHING_KEPT, .safepoint = true};
  uint32_t n;
  const uint32_t *args = ir_args(s->ir, v, &n);
  mreg tag = x64_use(s, in->a);
  n--; /* the last one is cur */
  mreg cur = x64_use(s, args[n]);
  call.args_size = place(s->params, call_walk_results(), t->params, t->nparams, true);
  uint32_t back = place(s->results, call_walk_params(), t->results, t->nresults, false);
  x64_pass_values(s, args, n, s->params, true, RSP, 0, &call);
  x64_add_fixed(s, tag, RBX);
  x64_add_fixed(s, cur, R9);
  call.nargs += 2;
  x64_take_registers(s, v, s->results, t->nresults, false, &call);
  note(s, max_u32(call.args_size, back));
  x64_push_call(s, X64_SUSPEND, call);
  x64_take_slots(s, v, s->results, t->nresults, 0);
}

static void switch_to(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  const struct module *m = s->ir->module;
  const struct functype *t = module_functype(m, ir_switch_type(s->ir, v));
  const struct functype *back = module_functype(m, m->types[vt_index(t->params[t->nparams - 1])].cont);
  struct mach_call call = {.clobbers = NOTHING_KEPT, .safepoint = true};
  uint32_t n;
  const uint32_t *args = ir_args(s->ir, v, &n);
  struct mach_insn target = x64_new(X64_LEA, 8);
  target.base = x64_heap(s);
  target.idx = x64_use(s, in->a);
  target.disp = offsetof(struct object_cont, stack);
  target.d = x64_temp(s, IR_PTR);
  n--; /* the last one is cur */
  mreg tag = x64_use(s, in->c), cur = x64_use(s, args[n]);
  call.args_size = place(s->params, call_walk_params(), t->params, n, false);
  uint32_t size = place(s->results, call_walk_params(), back->params, back->nparams, false);
  x64_push(s, target);
  x64_pass_values(s, args, n, s->params, false, RSP, 0, &call);
  x64_add_fixed(s, tag, RBX);
  x64_add_fixed(s, target.d, R12);
  x64_add_fixed(s, cur, R11);
  call.nargs += 3;
  x64_take_registers(s, v, s->results, back->nparams, false, &call);
  note(s, max_u32(call.args_size, size));
  x64_push_call(s, X64_SWITCH_TO, call);
  x64_take_slots(s, v, s->results, back->nparams, 0);
}

static void landed(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  const struct functype *t = module_tag_type(s->ir->module, in->b);
  struct mach_call call = {.clobbers = NOTHING_KEPT};
  uint32_t off = resume_args_size(s, in->a);
  uint32_t size = place(s->params, call_walk_results(), t->params, t->nparams, true);
  x64_take_registers(s, v, s->params, t->nparams + 1, true, &call);
  note(s, off + size);
  x64_push_call(s, X64_LANDED, call);
  x64_take_slots(s, v, s->params, t->nparams + 1, off);
}

bool x64_select_cont(struct x64_sel *s, ir_val v) {
  switch (sel_at(s, v)->op) {
  case IR_OP_RESUME:
  case IR_OP_RESUME_THROW: resume(s, v); return true;
  case IR_OP_SUSPEND: suspend(s, v); return true;
  case IR_OP_SWITCH_TO: switch_to(s, v); return true;
  case IR_OP_LANDED: landed(s, v); return true;
  default: return false;
  }
}
