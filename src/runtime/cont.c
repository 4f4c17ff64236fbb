/* See cont.h. */
#include "runtime/cont.h"

#include "abi/arch.h"
#include "abi/call.h"
#include "base/alloc.h"
#include "gc/gc.h"
#include "os/signal.h"
#include "runtime/entry.h"
#include "runtime/object.h"
#include "runtime/roots.h"

#include <string.h>

struct stack *cont_new(struct store *s, const struct vm_func *func) {
  if (!s->stacks) {
    struct stack_limits limits = {s->limits.max_stack_size, s->limits.max_stacks_size, s->limits.stack_stress,
                                  s->limits.max_continuations, signal_room()};
    s->stacks = stack_pool_new(&limits, &s->vm.finished);
    if (!s->stacks) return NULL;
  }
  const struct stack *next = s->vm.finished; /* mostly one that ran the same function */
  if (next && next->func == func) return stack_new(s->stacks, func, next->args_size, next->results_size);
  struct call_layout layout = {.params = NULL, .results = NULL};
  call_layout(&canon_type(s->canon, func->type)->func, &layout);
  return stack_new(s->stacks, func, layout.args_size, layout.results_size);
}

uint32_t cont_cell_empty(struct store *s) {
  return object_heap(s) ? gc_alloc(s->heap, OBJECT_TYPE_CONT, 0) : 0;
}

/* The cell is new: there is no card to mark. */
void cont_cell_fill(struct store *s, uint32_t ref, struct stack *stack) {
  struct object_cont *cell = object_at(gc_base(s->heap), ref);
  assert(!cell->stack);
  cell->stack = (uint64_t)stack;
  stack->cell = ref;
  cont_note(&s->vm, stack);
}

enum trap_code cont_cell_new(struct store *s, const struct vm_func *func, uint32_t *out) {
  if (s->stacks && stack_pool_due(s->stacks)) gc_collect(s->heap, GC_MAJOR);
  uint32_t ref = cont_cell_empty(s);
  if (!ref) return TRAP_OUT_OF_MEMORY;
  struct stack *stack = cont_new(s, func);
  if (!stack) return TRAP_STACK_EXHAUSTED;
  cont_cell_fill(s, ref, stack);
  *out = ref;
  return TRAP_NONE;
}

void cont_drop(struct store *s, struct object_cont *cell) {
  struct stack *head = (struct stack *)cell->stack;
  cell->stack = 0;
  chain_free(s->stacks, head);
}

bool cont_is_fresh(const struct stack *head) {
  uint64_t pc = head->bound ? head->bound->pc : head->pc;
  return stack_is_captured(head) && (pc == (uint64_t)arch_fresh || pc == (uint64_t)arch_body);
}

uint64_t cont_attach(struct vm_store *vm) {
  return stack_attach(((struct store *)vm)->stacks, vm->cur) ? 0 : TRAP_STACK_EXHAUSTED;
}

/* The thread's own stack cannot grow. */
static bool grow(struct store *s) { return s->vm.cur->base && stack_grow(s->stacks, s->vm.cur); }

uint64_t cont_grow(struct vm_store *vm) {
  struct store *s = (struct store *)vm;
  struct stack *stack = vm->cur;
  bool retries = stack->pc & ARCH_STACK_RETRY;
  stack->pc &= ~ARCH_STACK_RETRY;
  if (!stack->base) return TRAP_STACK_EXHAUSTED;
  if (retries) { /* the frame is not made yet, and compared again */
    if (stack->limit == stack_lowest(s->stacks, stack) && !grow(s)) return TRAP_STACK_EXHAUSTED;
    stack->limit = stack_lowest(s->stacks, stack);
    return 0;
  }
  while (stack->sp < stack_lowest(s->stacks, stack))
    if (!grow(s)) return TRAP_STACK_EXHAUSTED;
  cont_move(vm);
  return 0;
}

void cont_move(struct vm_store *vm) {
  const struct store *s = (const struct store *)vm;
  if (s->limits.stack_stress && vm->cur->base) stack_stress(s->stacks, vm->cur);
}

/* Nothing of compiled code runs there, so that most of what every stack keeps free may be used. */
bool cont_reserve(struct vm_store *vm, uint64_t size) {
  enum { KEPT = 32 };
  struct store *s = (struct store *)vm;
  const struct stack *stack = vm->cur;
  while (stack->base && stack->sp + STACK_RESERVE - KEPT < stack_lowest(s->stacks, stack) + size)
    if (!grow(s)) return false;
  return stack->base != 0;
}

void cont_finish(struct vm_store *vm) {
  struct stack *s = vm->cur, *parent = chain_parent(s);
  assert(parent);
  memcpy((void *)(parent->sp + parent->handlers->args_size), (const void *)s->sp, s->results_size);
  chain_unwind(vm, ((struct store *)vm)->stacks, parent);
}

/* ---- bound arguments ---- */

/* Room for `nvalues` more, zero. */
static enum trap_code bind_room(struct stack *s, const valtype *types, uint32_t ntypes, uint32_t nvalues,
                                union vm_value **at) {
  assert(stack_is_captured(s) && nvalues <= ntypes);
  *at = NULL;
  if (!nvalues) return TRAP_NONE;
  struct stack_bound *b = s->bound;
  if (!b) {
    b = mem_zalloc(1, sizeof *b + ntypes * sizeof *b->values);
    if (!b) return TRAP_OUT_OF_MEMORY;
    *b = (struct stack_bound){.pc = s->pc, .types = types, .ntypes = ntypes};
    s->bound = b;
    s->pc = (uint64_t)arch_bound;
  }
  assert(b->ntypes - b->len == ntypes);
  *at = b->values + b->len;
  b->len += nvalues;
  return TRAP_NONE;
}

enum trap_code cont_bind(struct stack *s, const valtype *types, uint32_t ntypes, const union vm_value *values,
                         uint32_t nvalues) {
  union vm_value *at;
  enum trap_code code = bind_room(s, types, ntypes, nvalues, &at);
  if (at) memcpy(at, values, nvalues * sizeof *values);
  return code;
}

void cont_note(struct vm_store *vm, struct stack *stack) {
  struct store *s = (struct store *)vm;
  if (stack->noted) return;
  if (vm->noted == vm->noted_end) {
    size_t len = (size_t)(vm->noted - s->noted.at), cap = s->noted.cap ? 2 * s->noted.cap : 64;
    struct stack **at = mem_realloc(s->noted.at, cap, sizeof *at);
    if (!at) {
      s->noted.lost = true;
      return;
    }
    s->noted.at = at;
    s->noted.cap = cap;
    vm->noted = at + len;
    vm->noted_end = at + cap;
  }
  *vm->noted++ = stack;
  stack->noted = 1;
}

void cont_drop_bound(struct stack *s) {
  if (!s->bound) return;
  s->pc = s->bound->pc;
  mem_free(s->bound);
  s->bound = NULL;
}

enum trap_code cont_cell_bind(struct store *s, uint32_t cell, const valtype *types, uint32_t ntypes,
                              uint32_t nvalues, union vm_value **values) {
  union vm_value held = {.i64 = cell};
  struct root_area area = {.at = &held, .is_ref = (const uint8_t[]){1}, .len = 1};
  roots_add(s, &area);
  uint32_t ref = gc_alloc(s->heap, OBJECT_TYPE_CONT, 0);
  roots_drop(s, &area);
  *values = NULL;
  if (!ref) return TRAP_OUT_OF_MEMORY;
  struct object_cont *old = object_at(gc_base(s->heap), held.ref);
  struct stack *stack = (struct stack *)old->stack;
  enum trap_code code = bind_room(stack, types, ntypes, nvalues, values);
  if (code) return code;
  old->stack = 0;
  cont_cell_fill(s, ref, stack);
  return TRAP_NONE;
}

static void *value_at(struct call_loc loc, struct arch_regs *regs, uint8_t *area) {
  if (loc.on_stack) return area + loc.at;
  return loc.cls == CLASS_FLOAT ? (void *)regs->xmm[loc.at] : &regs->gpr[loc.at];
}

/* The values that came are put behind the bound ones; all together go where `s` wants its parameters. */
static uint64_t unbind(struct store *store, struct stack *s, struct arch_regs *regs, uint8_t *area) {
  struct stack_bound *b = s->bound;
  s->pc = b->pc;
  if (s->pc == (uint64_t)arch_fresh && !stack_attach(store->stacks, s)) {
    s->pc = (uint64_t)arch_bound;
    return TRAP_STACK_EXHAUSTED;
  }
  struct call_walk w = call_walk_params();
  for (uint32_t i = b->len; i < b->ntypes; i++) {
    struct call_loc loc = call_walk_next(&w, b->types[i]);
    memcpy(&b->values[i], value_at(loc, regs, area), b->types[i] == VT_V128 ? 16 : 8);
  }
  w = call_walk_params();
  for (uint32_t i = 0; i < b->ntypes; i++) {
    struct call_loc loc = call_walk_next(&w, b->types[i]);
    memcpy(value_at(loc, regs, (uint8_t *)s->sp), &b->values[i], b->types[i] == VT_V128 ? 16 : 8);
  }
  s->bound = NULL;
  mem_free(b);
  return 0;
}

uint64_t cont_unbind(struct vm_store *vm, struct arch_regs *regs) {
  return unbind((struct store *)vm, vm->cur, regs, NULL);
}

uint64_t cont_pass(struct vm_store *vm, struct stack *child, uint32_t args_size, struct arch_regs *regs) {
  struct store *s = (struct store *)vm;
  uint8_t *from = (uint8_t *)vm->cur->sp;
  if (child->bound) return unbind(s, child, regs, from);
  if (child->pc == (uint64_t)arch_fresh && !stack_attach(s->stacks, child)) return TRAP_STACK_EXHAUSTED;
  memcpy((void *)child->sp, from, args_size);
  return 0;
}

/* ---- nobody handles the tag ---- */

/* Where value `loc` of results stands. */
static const void *result_at(struct call_loc loc, const struct arch_regs *regs, const uint8_t *area) {
  if (loc.on_stack) return area + loc.at;
  return loc.cls == CLASS_FLOAT ? (const void *)regs->xmm[loc.at] : &regs->gpr[loc.at];
}

/* Tag parameters and the cell to store->payload. False: memory is out. */
static bool take_payload(struct store *s, const struct functype *t, const struct arch_regs *regs) {
  if (!store_payload_room(s, (size_t)t->nparams + 1)) return false;
  struct call_walk w = call_walk_results();
  for (uint32_t i = 0; i <= t->nparams; i++) {
    valtype type = i < t->nparams ? t->params[i] : VT_CONTREF;
    struct call_loc loc = call_walk_next(&w, type);
    union vm_value *to = &s->payload.at[s->payload.len++];
    memset(to, 0, sizeof *to);
    memcpy(to, result_at(loc, regs, (const uint8_t *)s->vm.cur->sp), type == VT_V128 ? 16 : 8);
  }
  return true;
}

/* The chain from cur to the root of the innermost entry, captured. */
static void capture_all(struct vm_store *vm) {
  struct stack *root = &vm->entry->root, *link = vm->cur;
  while (link->parent != root)
    link = link->parent;
  link->parent = NULL;
  vm->cur->last = link;
  vm->cur = root;
}

struct vm_result cont_unhandled(struct vm_store *vm, const struct vm_tag *tag, const struct arch_regs *regs) {
  struct store *s = (struct store *)vm;
  struct entry_resume *resume = vm->entry->resume;
  enum trap_code trap = TRAP_UNHANDLED_TAG;
  if (regs && resume && resume->handles && resume->handles(resume->env, tag)) {
    if (take_payload(s, &canon_type(s->canon, tag->type)->func, regs)) {
      resume->tag = tag;
      capture_all(vm);
      return (struct vm_result){vm->entry->host_sp, 0};
    }
    trap = TRAP_OUT_OF_MEMORY;
  }
  s->report.tag = tag;
  if (vm->cur->cell) { /* it refers to a stack that is about to end */
    ((struct object_cont *)object_at(gc_base(s->heap), vm->cur->cell))->stack = 0;
    vm->cur->cell = 0;
  }
  return (struct vm_result){0, trap};
}
