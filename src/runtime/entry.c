/* See entry.h.
 *
 * A record on this frame describes the thread's own stack below it. store->cur and store->entry are written
 * here: at the start, and back at every end, for every end of the guest (return, trap, exit) comes back
 * through arch_enter. */
#include "runtime/entry.h"

#include "abi/call.h"
#include "base/alloc.h"
#include "os/signal.h"
#include "os/thread.h"
#include "runtime/interrupt.h"
#include "runtime/cont.h"

#include <string.h>

enum {
  HOST_RESERVE = 256 << 10, /* of the thread's stack, for host functions and builtins below the guest */
  MAX_DEPTH = 10000,        /* calls from host functions into the guest again */
  SMALL_AREA = 256,
};

static _Thread_local struct store *thread_store
    __attribute__((tls_model("initial-exec"))); /* of the innermost call */

struct store *entry_thread_store(void) {
  return thread_store;
}

/* Stack arguments and results of one call; small ones stand here. */
struct areas {
  uint32_t args_size, results_size;
  uint8_t *args, *results, *block;
  _Alignas(16) uint8_t small[SMALL_AREA];
};

static uint32_t list_size(struct call_walk w, const valtype *types, uint32_t len) {
  for (uint32_t i = 0; i < len; i++)
    call_walk_next(&w, types[i]);
  return call_walk_size(&w);
}

static bool areas_init(struct areas *a, const struct functype *t) {
  a->args_size = t->nparams > CALL_INT_ARGS ? list_size(call_walk_params(), t->params, t->nparams) : 0;
  a->results_size =
      t->nresults > CALL_INT_RESULTS ? list_size(call_walk_results(), t->results, t->nresults) : 0;
  a->block = NULL;
  a->args = a->small;
  if (a->args_size + a->results_size > SMALL_AREA)
    a->args = a->block = mem_alloc(a->args_size + a->results_size);
  a->results = a->args + a->args_size;
  return a->args != NULL;
}

static void put_args(const struct functype *t, const union vm_value *args, struct arch_regs *regs,
                     uint8_t *area) {
  struct call_walk w = call_walk_params();
  for (uint32_t i = 0; i < t->nparams; i++) {
    struct call_loc loc = call_walk_next(&w, t->params[i]);
    if (loc.on_stack)
      memcpy(area + loc.at, &args[i], t->params[i] == VT_V128 ? 16 : 8);
    else if (loc.cls == CLASS_FLOAT)
      memcpy(regs->xmm[loc.at], &args[i], 16);
    else
      regs->gpr[loc.at] = args[i].i64;
  }
}

static void get_results(const struct functype *t, const struct arch_regs *regs, const uint8_t *area,
                        union vm_value *results) {
  struct call_walk w = call_walk_results();
  for (uint32_t i = 0; i < t->nresults; i++) {
    valtype type = t->results[i];
    struct call_loc loc = call_walk_next(&w, type);
    const void *from = loc.on_stack             ? area + loc.at
                       : loc.cls == CLASS_FLOAT ? (const void *)regs->xmm[loc.at]
                                                : &regs->gpr[loc.at];
    memset(&results[i], 0, sizeof results[i]);
    memcpy(&results[i], from, type == VT_V128 ? 16 : type == VT_I32 || type == VT_F32 ? 4 : 8);
  }
}

/* Lowest sp that the guest may use: what the limits allow from here, and what the thread has. On a stack that
 * is not the thread's own (an embedder's coroutine) nothing is known of its end: only the limits count there.
 */
static uintptr_t stack_limit(const struct store *s, uintptr_t sp) {
  uintptr_t low, high, limit = sp > s->limits.max_wasm_stack ? sp - s->limits.max_wasm_stack : 0;
  if (!thread_stack_bounds(&low, &high) || sp < low || sp > high) return limit;
  return limit > low + HOST_RESERVE ? limit : low + HOST_RESERVE;
}

/* What compiled code the entry enters: a function's, or arch_resume. */
struct target {
  struct vm_func *enter;
  const struct vm_func *func; /* what the innermost frame is of */
  struct entry_resume *resume;
};

static uint64_t run(struct store *s, const struct target *target, const struct functype *t,
                    struct areas *areas, const union vm_value *args, union vm_value *results) {
  uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
  struct entry entry = {.outer = s->vm.entry, .outer_cur = s->vm.cur, .resume = target->resume};
  entry.root.inst = target->enter->inst;
  entry.root.func = target->func;
  entry.root.parent = &arch_barrier;
  entry.root.limit = s->vm.entry ? s->vm.entry->root.limit : stack_limit(s, sp);
  if (sp < entry.root.limit + areas->args_size + areas->results_size || s->entry_depth >= MAX_DEPTH) {
    trap_report_set(s, TRAP_STACK_EXHAUSTED);
    return TRAP_STACK_EXHAUSTED;
  }
  UNINITIALIZED struct arch_regs regs; /* a function reads no register that its type does not name */
  if (args) put_args(t, args, &regs, areas->args);
  if (target->resume) target->resume->cell->stack = 0;
  if (!s->vm.entry) s->thread = &thread_store;
  struct store *outer_store = thread_store;
  thread_store = s;
  s->entry_depth++;
  s->vm.cur = &entry.root;
  s->vm.entry = &entry;
  uint64_t status = arch_enter(target->enter, &regs, areas->args, areas->args_size, areas->results,
                               areas->results_size, &entry.host_sp);
  assert(s->vm.cur == &entry.root);
  s->vm.entry = entry.outer;
  s->vm.cur = entry.outer_cur;
  s->entry_depth--;
  thread_store = outer_store;
  if (!status) get_results(t, &regs, areas->results, results);
  return status;
}

/* Whether a call may begin now: 0, or the trap it ends with. */
static enum trap_code refuse(struct store *s) {
  trap_report_clear(s);
  enum interrupt_state interrupt = s->interrupt ? interrupt_pending(s->interrupt) : INTERRUPT_NONE;
  if (interrupt) return interrupt == INTERRUPT_TIMEOUT ? TRAP_TIMEOUT : TRAP_INTERRUPT;
  return signal_stack_ensure() ? TRAP_NONE : TRAP_OUT_OF_MEMORY;
}

static uint64_t enter(struct store *s, const struct target *target, const struct functype *t,
                      const union vm_value *args, union vm_value *results) {
  UNINITIALIZED struct areas areas;
  enum trap_code refused = refuse(s);
  if (!refused && !areas_init(&areas, t)) refused = TRAP_OUT_OF_MEMORY;
  if (refused) {
    trap_report_set(s, refused);
    return refused;
  }
  if (target->resume)
    ((struct vm_resume *)target->enter->inst)->handlers.args_size = args ? areas.args_size : 0;
  if (!args) areas.args_size = 0;
  uint64_t status = run(s, target, t, &areas, args, results);
  mem_free(areas.block);
  return status;
}

/* As a continuation that nobody else knows. */
static uint64_t call_in_cont(struct store *s, struct funcinst *f, const union vm_value *args,
                             union vm_value *results) {
  struct stack *child = cont_new(s, &f->vm);
  if (!child) {
    trap_report_set(s, TRAP_STACK_EXHAUSTED);
    return TRAP_STACK_EXHAUSTED;
  }
  struct object_cont cell = {.stack = (uint64_t)child};
  struct entry_resume resume = {.cell = &cell, .type = funcinst_type(f), .args = args, .results = results};
  uint64_t status = entry_resume(s, &resume);
  if (cell.stack) chain_free(s->stacks, child); /* refused */
  return status;
}

uint64_t entry_call(struct store *s, struct funcinst *f, const union vm_value *args,
                    union vm_value *results) {
  assert(funcinst_store(f) == s);
  if (s->limits.stack_stress) return call_in_cont(s, f, args, results);
  const struct target target = {.enter = &f->vm, .func = &f->vm};
  return enter(s, &target, funcinst_type(f), args, results);
}

uint64_t entry_resume(struct store *s, struct entry_resume *resume) {
  struct stack *child = (struct stack *)resume->cell->stack;
  assert(child && stack_is_captured(child));
  struct vm_resume record = {
      .ctx = {.store = &s->vm, .builtins = store_builtins(s), .poll_page = s->poll_page},
      .child = child,
      .status = resume->status,
  };
  struct vm_func enter_resume = {.code = arch_resume, .inst = &record.ctx};
  const struct target target = {&enter_resume, child->func, resume};
  return enter(s, &target, resume->type, resume->status ? NULL : resume->args, resume->results);
}

bool entry_is_elsewhere(const struct store *s) { return s->vm.entry && s->thread != &thread_store; }
