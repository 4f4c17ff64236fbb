/* Chains of stacks: who resumed whom.
 *
 * The running chain goes from cur by `parent` to the root of the innermost entry, whose parent is
 * arch_barrier. A captured chain goes from its head to head->last, whose parent is NULL.  The switch
 * sequences of compiler/isa/x64/switch.S splice and capture; here stands what C does with chains: crossing
 * and freeing. Must not: run while compiled code executes. */
#ifndef STACK_CHAIN_H
#define STACK_CHAIN_H

#include "abi/arch.h"
#include "stack/stack.h"

/* The next stack outward, NULL at the end: behind the root of an entry, or behind the last link. */
static inline struct stack *chain_parent(const struct stack *s) {
  return s->parent == &arch_barrier ? NULL : s->parent;
}

/* Frees the stacks from cur up to, without, `to`, which is in the running chain, and makes it cur: how an
 * exception leaves the stacks it has crossed, and with the root a trap all of them. */
void chain_unwind(struct vm_store *vm, struct stack_pool *p, struct stack *to);
/* Frees a captured chain that no cell points to any more. */
void chain_free(struct stack_pool *p, struct stack *head);

#endif
