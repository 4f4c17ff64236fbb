/* See cont.h. */
#include "runtime/cont.h"

#include "abi/arch.h"
#include "abi/call.h"
#include "base/alloc.h"
#include "gc/gc.h"
#include "runtime/object.h"
#include "runtime/roots.h"

#include <string.h>

struct stack *cont_new(struct store *s, const struct vm_func *func) {
  if (!s->stacks) {
    struct stack_limits limits = {s->limits.max_stack_size, s->limits.max_stacks_size};
    s->stacks = stack_pool_new(&limits, &s->vm.finished);
    if (!s->stacks) return NULL;
  }
  struct call_layout layout = {.params = NULL, .results = NULL};
  call_layout(&canon_type(s->canon, func->type)->func, &layout);
  return stack_new(s->stacks, func, layout.args_size, layout.results_size);
}

uint32_t cont_cell_new(struct store *s, const struct vm_func *func) {
  if (!object_heap(s)) return 0;
  uint32_t ref = gc_alloc(s->heap, OBJECT_TYPE_CONT, 0);
  if (!ref) return 0;
  struct stack *stack = cont_new(s, func);
  if (!stack) return 0;
  struct object_cont *cell = object_at(gc_base(s->heap), ref);
  cell->stack = (uint64_t)stack; /* the cell is new: no card to mark */
  stack->cell = ref;
  gc_charge(s->heap, sizeof *stack + 512);
  return ref;
}

uint64_t cont_attach(struct vm_store *vm) {
  return stack_attach(((struct store *)vm)->stacks, vm->cur) ? 0 : TRAP_STACK_EXHAUSTED;
}

/* The thread's own stack cannot grow. */
uint64_t cont_grow(struct vm_store *vm) {
  struct stack *s = vm->cur;
  return s->base && stack_grow(((struct store *)vm)->stacks, s) ? 0 : TRAP_STACK_EXHAUSTED;
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
  struct object_cont *old = object_at(gc_base(s->heap), held.ref), *new = object_at(gc_base(s->heap), ref);
  struct stack *stack = (struct stack *)old->stack;
  enum trap_code code = bind_room(stack, types, ntypes, nvalues, values);
  if (code) return code;
  old->stack = 0;
  new->stack = (uint64_t)stack; /* the cell is new: no card to mark */
  stack->cell = ref;
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
