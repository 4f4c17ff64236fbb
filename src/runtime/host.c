/* See host.h.  The thunk brings registers; here they become values, and results registers again. */
#include "runtime/host.h"

#include "abi/call.h"
#include "base/alloc.h"
#include "runtime/code.h"
#include "runtime/cont.h"
#include "runtime/instance.h"

#include <string.h>

struct host_func {
  struct vm_host vm; /* first */
  struct funcinst func;
  const struct functype *type;
  host_callback callback;
  void *env;
  void (*finalizer)(void *env);
};

enum { SMALL_VALUES = 16 };

static uint64_t *frame_words(const struct vm_store *vm) { return (uint64_t *)vm->cur->fp; }

/* The thunk's frame: saved rbp of the caller, return address. A caller in compiled code keeps its instance
 * below its saved rbp. Without a caller's frame, the function that the stack began with called us last of all
 * (its owner says who it was), or is itself the host's (no owner). */
static struct instance *find_caller(const struct vm_store *vm) {
  const uint64_t *frame = frame_words(vm);
  const struct vmctx *ctx = frame[0] ? ((struct vmctx *const *)frame[0])[-1] : vm->cur->func->inst;
  assert(!frame[0] || code_find(frame[1] - 1));
  return instance_of(ctx);
}

static void get_args(const struct functype *t, const struct arch_regs *regs, const uint8_t *area,
                     union vm_value *args) {
  struct call_walk w = call_walk_params();
  for (uint32_t i = 0; i < t->nparams; i++) {
    valtype type = t->params[i];
    struct call_loc loc = call_walk_next(&w, type);
    const void *from = loc.on_stack             ? area + loc.at
                       : loc.cls == CLASS_FLOAT ? (const void *)regs->xmm[loc.at]
                                                : &regs->gpr[loc.at];
    memset(&args[i], 0, sizeof args[i]);
    memcpy(&args[i], from, type == VT_V128 ? 16 : type == VT_I32 || type == VT_F32 ? 4 : 8);
  }
}

/* A callback may leave garbage beside an i32. */
static void put_result(const struct canon *c, struct call_loc loc, valtype type, union vm_value value,
                       struct arch_regs *regs, uint8_t *area) {
  union vm_value v = value_normalize(c, type, value);
  if (loc.on_stack)
    memcpy(area + loc.at, &v, type == VT_V128 ? 16 : 8);
  else if (loc.cls == CLASS_FLOAT)
    memcpy(regs->xmm[loc.at], &v, 16);
  else
    regs->gpr[loc.at] = v.i64;
}

static void put_results(const struct canon *c, const struct functype *t, const union vm_value *results,
                        struct arch_regs *regs, uint8_t *area) {
  struct call_walk w = call_walk_results();
  for (uint32_t i = 0; i < t->nresults; i++)
    put_result(c, call_walk_next(&w, t->results[i]), t->results[i], results[i], regs, area);
}

/* Above the thunk's frame: stack arguments, then the results area. */
static uint8_t *results_area(const struct vm_host *vm) {
  return (uint8_t *)(frame_words(vm->ctx.store) + 2) + vm->args_size;
}

/* ---- suspension by a host function ---- */

enum {
  SAVED_SIZE = 32, /* below the thunk's frame: rbx, r12, r13 of the guest */
  REG_TAG = 6,     /* of struct arch_regs.gpr, not used by results */
  REG_PAYLOAD_SIZE = 7,
};

static uint32_t list_size(struct call_walk w, const valtype *types, uint32_t len) {
  for (uint32_t i = 0; i < len; i++)
    call_walk_next(&w, types[i]);
  return call_walk_size(&w);
}

/* Makes the thunk's frame one that can be suspended: below it the saved registers, then room for the stack
 * payload, and later for the stack arguments of the resume. */
static uint64_t suspend(const struct host_call *call, struct arch_regs *regs) {
  struct vm_store *vm = &call->store->vm;
  const struct functype *t = &canon_type(call->store->canon, call->tag->type)->func;
  struct call_walk w = call_walk_results();
  for (uint32_t i = 0; i < t->nparams; i++)
    call_walk_next(&w, t->params[i]);
  call_walk_next(&w, VT_CONTREF);
  uint32_t payload_size = call_walk_size(&w);
  uint32_t args_size = list_size(call_walk_params(), call->type->results, call->type->nresults);
  uint32_t size = SAVED_SIZE + max_u32(payload_size, args_size);
  if (!vm->cur->base) { /* nothing is resumed in this entry */
    call->store->report.tag = call->tag;
    return TRAP_UNHANDLED_TAG;
  }
  if (!cont_reserve(vm, size)) return TRAP_STACK_EXHAUSTED;
  vm->cur->sp -= size;
  cont_cell_fill(call->store, call->cell, vm->cur);
  w = call_walk_results();
  for (uint32_t i = 0; i <= t->nparams; i++) {
    valtype type = i < t->nparams ? t->params[i] : VT_CONTREF;
    union vm_value v = i < t->nparams ? call->payload[i] : (union vm_value){.i64 = call->cell};
    put_result(call->store->canon, call_walk_next(&w, type), type, v, regs, (uint8_t *)vm->cur->sp);
  }
  regs->gpr[REG_TAG] = (uint64_t)call->tag;
  regs->gpr[REG_PAYLOAD_SIZE] = payload_size;
  return TRAP_SUSPEND;
}

const struct functype *host_type(const struct vm_host *host) {
  return ((const struct host_func *)host)->type;
}

void host_resumed(struct vm_store *store, struct vm_host *vm, struct arch_regs *regs) {
  const struct functype *t = ((struct host_func *)vm)->type;
  struct arch_regs out;
  struct call_walk from = call_walk_params(), to = call_walk_results();
  const uint8_t *args = (const uint8_t *)store->cur->sp;
  uint8_t *area = results_area(vm);
  for (uint32_t i = 0; i < t->nresults; i++) {
    struct call_loc a = call_walk_next(&from, t->results[i]), r = call_walk_next(&to, t->results[i]);
    const void *value = a.on_stack             ? args + a.at
                        : a.cls == CLASS_FLOAT ? (const void *)regs->xmm[a.at]
                                               : &regs->gpr[a.at];
    void *place = r.on_stack ? area + r.at : r.cls == CLASS_FLOAT ? (void *)out.xmm[r.at] : &out.gpr[r.at];
    memcpy(place, value, t->results[i] == VT_V128 ? 16 : 8);
  }
  *regs = out;
}

/* ---- calls ---- */

uint64_t host_dispatch(struct vm_host *vm, struct arch_regs *regs) {
  struct host_func *host = (struct host_func *)vm;
  struct vm_store *store = vm->ctx.store;
  const struct functype *t = host->type;
  UNINITIALIZED union vm_value small[SMALL_VALUES];
  union vm_value *values = small;
  if (t->nparams + t->nresults > SMALL_VALUES) {
    values = mem_alloc((t->nparams + t->nresults) * sizeof *values);
    if (!values) return TRAP_OUT_OF_MEMORY;
  }
  struct host_call call = {.store = store_of(&vm->ctx),
                           .caller = find_caller(store),
                           .type = t,
                           .args = values,
                           .results = values + t->nparams};
  get_args(t, regs, (const uint8_t *)(frame_words(store) + 2), values);
  memset(call.results, 0, t->nresults * sizeof *values);
  call.store->report.host_error = NULL;
  uint64_t status = host->callback(host->env, &call);
  cont_move(store);
  /* The guest's stack may have moved meanwhile: its frame is found again through the descriptor. */
  if (!status) put_results(call.store->canon, t, call.results, regs, results_area(vm));
  if (status == TRAP_SUSPEND) status = suspend(&call, regs);
  mem_free(call.payload);
  if (values != small) mem_free(values);
  return status;
}

static void host_func_free(void *object) {
  struct host_func *host = object;
  if (host->finalizer) host->finalizer(host->env);
  mem_free(host);
}

bool host_func_new(struct store *s, uint32_t type, host_callback callback, void *env,
                   void (*finalizer)(void *env), struct funcinst **out, struct error *e) {
  struct host_func *host = mem_zalloc(1, sizeof *host);
  if (!host || !store_own(s, host, host_func_free)) {
    mem_free(host);
    return error_memory(e);
  }
  host->type = &canon_type(s->canon, type)->func;
  struct call_layout layout = {.params = NULL, .results = NULL};
  call_layout(host->type, &layout);
  host->vm.ctx = (struct vmctx){.store = &s->vm, .builtins = store_builtins(s), .poll_page = s->poll_page};
  host->vm.args_size = layout.args_size;
  host->func.vm = (struct vm_func){.code = arch_host_thunk, .inst = &host->vm.ctx, .type = type};
  host->callback = callback;
  host->env = env;
  host->finalizer = finalizer;
  *out = &host->func;
  return true;
}
