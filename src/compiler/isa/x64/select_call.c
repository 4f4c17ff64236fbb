/* Calls, returns, parameters: values to and from the places of abi/call.h.
 *
 * Register arguments and results are lists of the call; stack arguments are stored to [rsp + off] before it,
 * stack results loaded from behind the arguments after it. Slots are written whole, so that their upper
 * halves are zero. */
#include "compiler/isa/x64/sel.h"

static const uint8_t builtin_args[] = {RSI, RDX, RCX, R8, R9};

void x64_add_fixed(struct x64_sel *s, mreg reg, uint8_t phys) {
  VEC_PUSH(s->arena, &s->f->fixed, ((struct mach_fixed){reg, phys}));
}

static uint8_t phys_of(const struct x64_sel *s, struct call_loc loc, bool results) {
  const struct isa *isa = s->f->isa;
  if (loc.cls == CLASS_FLOAT) return (results ? isa->float_results : isa->float_args)[loc.at];
  return (results ? isa->int_results : isa->int_args)[loc.at];
}

static void store_slot(struct x64_sel *s, ir_val v, mreg base, uint32_t off) {
  uint8_t type = sel_at(s, v)->type;
  uint64_t value;
  bool is_float = ir_type_is_float(type);
  struct mach_insn m = x64_new(is_float ? X64_FMOV_MR : X64_MOV_MR, is_float ? x64_type_size(type) : 8);
  m.base = base;
  m.disp = (int32_t)off;
  if (x64_const(s, v, &value) && (uint64_t)(int64_t)(int32_t)value == value) {
    m.op = X64_MOV_MI;
    m.imm = (int32_t)value;
  } else {
    m.s = x64_use(s, v);
  }
  x64_push(s, m);
}

static struct mach_insn load_slot(uint8_t type, mreg base, uint32_t off) {
  struct mach_insn m = x64_new(ir_type_is_float(type) ? X64_FMOV_RM : X64_MOV_RM, x64_type_size(type));
  m.base = base;
  m.disp = (int32_t)off;
  return m;
}

void x64_pass_values(struct x64_sel *s, const uint32_t *vals, uint32_t n, const struct call_loc *locs,
                     bool results, mreg base, uint32_t off, struct mach_call *call) {
  for (uint32_t i = 0; i < n; i++)
    if (locs[i].on_stack) store_slot(s, vals[i], base, off + locs[i].at);
  mreg regs[CALL_INT_ARGS + CALL_FLOAT_ARGS];
  uint8_t phys[CALL_INT_ARGS + CALL_FLOAT_ARGS];
  uint32_t nregs = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (locs[i].on_stack) continue;
    regs[nregs] = x64_use(s, vals[i]);
    phys[nregs++] = phys_of(s, locs[i], results);
  }
  call->args = s->f->fixed.len;
  call->nargs = nregs;
  for (uint32_t i = 0; i < nregs; i++)
    x64_add_fixed(s, regs[i], phys[i]);
}

/* Result i of call v: v itself, or the PROJ behind it. 0: nobody took it. */
static ir_val result_of(const struct x64_sel *s, ir_val v, uint32_t i) {
  if (i == 0) return v;
  if (v + i < s->ir->insns.len && sel_at(s, v + i)->op == IR_OP_PROJ && sel_at(s, v + i)->a == v &&
      sel_at(s, v + i)->b == i)
    return v + i; /* all of them are there */
  for (ir_val p = v + 1;
       p < s->ir->insns.len && (sel_at(s, p)->op == IR_OP_PROJ || sel_at(s, p)->op == IR_OP_NONE); p++)
    if (sel_at(s, p)->op == IR_OP_PROJ && sel_at(s, p)->a == v && sel_at(s, p)->b == i) return p;
  return 0;
}

void x64_take_registers(struct x64_sel *s, ir_val v, const struct call_loc *locs, uint32_t n, bool results,
                        struct mach_call *call) {
  call->results = s->f->fixed.len;
  for (uint32_t i = 0; i < n; i++) {
    ir_val r = result_of(s, v, i);
    if (!r || !x64_wanted(s, r) || locs[i].on_stack) continue;
    x64_add_fixed(s, s->reg[r], phys_of(s, locs[i], results));
    call->nresults++;
  }
}

void x64_take_slots(struct x64_sel *s, ir_val v, const struct call_loc *locs, uint32_t n, uint32_t off) {
  for (uint32_t i = 0; i < n; i++) {
    ir_val r = result_of(s, v, i);
    if (!r || !x64_wanted(s, r) || !locs[i].on_stack) continue;
    struct mach_insn m = load_slot(sel_at(s, r)->type, RSP, off + locs[i].at);
    m.d = s->reg[r];
    x64_push(s, m);
  }
}

void x64_push_call(struct x64_sel *s, enum x64_op op, struct mach_call call) {
  struct mach_insn in = x64_new(op, 8);
  in.imm = (int32_t)s->f->calls.len;
  if ((op == X64_CALL || op == X64_CALL_FUNC) && s->ir->reload_instance) in.flags = X64_RELOAD_INSTANCE;
  VEC_PUSH(s->arena, &s->f->calls, call);
  x64_push(s, in);
}

static void note_call(struct x64_sel *s, const struct mach_call *call) {
  uint32_t out = call->args_size + call->results_size;
  if (s->f->out_size < out) s->f->out_size = out;
  s->f->has_calls = true;
}

static void builtin_call(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  uint32_t n;
  const uint32_t *args = ir_args(s->ir, v, &n);
  struct mach_call call = {.clobbers = X64_CALL_CLOBBERS, .target = in->a, .safepoint = true};
  mreg regs[COUNT_OF(builtin_args)];
  assert(n <= COUNT_OF(builtin_args));
  for (uint32_t i = 0; i < n; i++)
    regs[i] = x64_use(s, args[i]);
  call.args = s->f->fixed.len;
  call.nargs = n;
  for (uint32_t i = 0; i < n; i++)
    x64_add_fixed(s, regs[i], builtin_args[i]);
  call.results = s->f->fixed.len;
  if (in->type != IR_VOID && x64_wanted(s, v)) {
    call.nresults = 1;
    x64_add_fixed(s, s->reg[v], RAX);
  }
  note_call(s, &call);
  x64_push_call(s, X64_CALL_BUILTIN, call);
}

static void wasm_call(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  bool indirect = in->op == IR_OP_CALL_FUNC;
  const struct functype *type = module_functype(s->ir->module, in->c);
  struct call_layout layout = {.params = s->params, .results = s->results};
  call_layout(type, &layout);
  struct mach_call call = {.clobbers = X64_CALL_CLOBBERS,
                           .safepoint = true,
                           .args_size = layout.args_size,
                           .results_size = layout.results_size,
                           .target = in->a};
  uint32_t n;
  const uint32_t *args = ir_args(s->ir, v, &n);
  assert(n == type->nparams);
  mreg callee = indirect ? x64_use(s, in->a) : MREG_NONE;
  x64_pass_values(s, args, n, layout.params, false, RSP, 0, &call);
  if (indirect) {
    x64_add_fixed(s, callee, R11);
    call.nargs++;
  }
  x64_take_registers(s, v, layout.results, type->nresults, true, &call);
  note_call(s, &call);
  bool own = !indirect || in->flags & IRF_OWN;
  if (!own || s->ir->reload_instance) s->f->saves_instance = true;
  x64_push_call(s, indirect ? X64_CALL_FUNC : X64_CALL, call);
  if (indirect && own) VEC_LAST(&s->f->insns).flags |= X64_OWN;
  x64_take_slots(s, v, layout.results, type->nresults, layout.args_size);
}

static void tail_call(struct x64_sel *s, ir_val v) {
  const struct ir_insn *in = sel_at(s, v);
  bool indirect = in->op == IR_OP_TAIL_CALL_FUNC;
  const struct functype *type = module_functype(s->ir->module, in->c);
  struct call_layout layout = {.params = s->params, .results = s->results};
  call_layout(type, &layout);
  struct mach_call call = {.args_size = layout.args_size, .target = in->a};
  uint32_t n;
  const uint32_t *args = ir_args(s->ir, v, &n);
  mreg callee = indirect ? x64_use(s, in->a) : MREG_NONE;
  x64_pass_values(s, args, n, layout.params, false, RSP, 0, &call);
  if (indirect) {
    x64_add_fixed(s, callee, R11);
    call.nargs++;
  }
  call.results = s->f->fixed.len;
  note_call(s, &call);
  x64_push_call(s, indirect ? X64_TAIL_CALL_FUNC : X64_TAIL_CALL, call);
}

static void return_values(struct x64_sel *s, ir_val v) {
  struct call_layout layout = {.params = s->params, .results = s->results};
  call_layout(s->ir->type, &layout);
  struct mach_call call = {0};
  uint32_t n;
  const uint32_t *vals = ir_args(s->ir, v, &n);
  x64_pass_values(s, vals, n, layout.results, true, RBP, 16 + layout.args_size, &call);
  call.results = s->f->fixed.len;
  x64_push_call(s, X64_RET, call);
}

bool x64_select_call(struct x64_sel *s, ir_val v) {
  switch (sel_at(s, v)->op) {
  case IR_OP_CALL:
  case IR_OP_CALL_FUNC: wasm_call(s, v); return true;
  case IR_OP_CALL_BUILTIN: builtin_call(s, v); return true;
  case IR_OP_TAIL_CALL:
  case IR_OP_TAIL_CALL_FUNC: tail_call(s, v); return true;
  case IR_OP_RETURN: return_values(s, v); return true;
  case IR_OP_PROJ: return true; /* its call defines it */
  default: return false;
  }
}

/* The first block's beginning: register parameters by one instruction, wanted stack parameters by loads that
 * may be repeated. */
void x64_select_params(struct x64_sel *s) {
  const struct functype *type = s->ir->type;
  struct call_layout layout = {.params = s->params, .results = s->results};
  call_layout(type, &layout);
  s->f->args_size = layout.args_size;
  s->f->results_size = layout.results_size;
  const struct ir_blk *entry = &s->ir->blocks.at[0];
  struct mach_call call = {.results = s->f->fixed.len};
  ir_val end = min_u32(entry->end, s->ir->insns.len); /* the rest of a long block may be gone */
  for (ir_val v = entry->first; v < end; v++) {
    const struct ir_insn *in = sel_at(s, v);
    if (in->op != IR_OP_PARAM || !x64_wanted(s, v) || layout.params[in->a].on_stack) continue;
    x64_add_fixed(s, s->reg[v], phys_of(s, layout.params[in->a], false));
    call.nresults++;
  }
  x64_push_call(s, (enum x64_op)MACH_PARAMS, call);
  for (ir_val v = entry->first; v < end; v++) {
    const struct ir_insn *in = sel_at(s, v);
    if (in->op != IR_OP_PARAM || !x64_wanted(s, v) || !layout.params[in->a].on_stack) continue;
    struct mach_insn m = load_slot(in->type, RBP, 16 + layout.params[in->a].at);
    VEC_PUSH(s->arena, &s->f->remats, m);
    mach_vreg_at(s->f, s->reg[v])->remat = s->f->remats.len;
    m.d = s->reg[v];
    x64_push(s, m);
  }
}
