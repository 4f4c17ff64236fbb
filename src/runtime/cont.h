/* Continuations: what a cell points to.
 *
 * A continuation reference is an object of the heap (struct object_cont) that holds the head of a captured
 * chain, or 0 once it was used; making, binding and resuming go through that one word, so a chain has one
 * cell at most. Compiled code empties cells and switches by itself (compiler/isa/x64/switch.S); here stands
 * what needs C. The functions that switch.S calls are declared in abi/arch.h. */
#ifndef RUNTIME_CONT_H
#define RUNTIME_CONT_H

#include "abi/object.h"
#include "runtime/store.h"
#include "stack/chain.h"

/* Arguments bound to a captured stack, in its descriptor until it goes on. A root: the collector reads
 * `types`. */
struct stack_bound {
  uint64_t pc;          /* where the stack goes on with them; its own is arch_bound */
  const valtype *types; /* of all parameters of the first continuation that was bound; canonical, immortal */
  uint32_t ntypes, len; /* of them, the first `len` are bound */
  union vm_value values[]; /* room for ntypes */
};

/* A continuation that will call `func`. NULL: memory is out. */
MUST_USE struct stack *cont_new(struct store *s, const struct vm_func *func);
/* The same in a cell of its own: a reference. May collect. */
MUST_USE enum trap_code cont_cell_new(struct store *s, const struct vm_func *func, uint32_t *out);
/* A cell without a stack, for what is about to be captured. 0: memory is out. May collect. */
MUST_USE uint32_t cont_cell_empty(struct store *s);
/* Makes `stack` what the empty cell refers to. */
void cont_cell_fill(struct store *s, uint32_t cell, struct stack *stack);
/* More of it, until `size` bytes are free below cur's sp. False: the limit is reached. */
MUST_USE bool cont_reserve(struct vm_store *vm, uint64_t size);
/* Empties a cell that is not empty and frees what it referred to. */
void cont_drop(struct store *s, struct object_cont *cell);
/* Nothing of the captured stack has run. */
bool cont_is_fresh(const struct stack *head);
/* What a captured stack takes and returns. False: where it stands does not say. The arrays are canonical. */
MUST_USE bool cont_signature(const struct store *s, const struct stack *head, struct functype *out);
/* Plugs `values` in front. `types` are the parameters of the continuation before it, of which these are the
 * first `nvalues`. The caller moves the stack to a new cell. A trap code. */
MUST_USE enum trap_code cont_bind(struct stack *head, const valtype *types, uint32_t ntypes,
                                  const union vm_value *values, uint32_t nvalues);

/* The stack ends, or an exception is thrown where it stands: its bound arguments go, its pc is the true one.
 */
void cont_drop_bound(struct stack *s);
/* cont_bind for compiled code: moves what `cell`, which is not empty, holds to a new cell, which its stack
 * names; the values are to be written to where `values` says before anything collects. NULL: there are none.
 */
MUST_USE enum trap_code cont_cell_bind(struct store *s, uint32_t cell, const valtype *types, uint32_t ntypes,
                                       uint32_t nvalues, union vm_value **values);

#endif
