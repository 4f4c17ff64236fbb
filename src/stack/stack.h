/* Stacks as memory: descriptors and the blocks they stand on.
 *
 * In: a store's limits.  Out: descriptors without memory, memory for them, more of it, less of it.  Blocks
 * are 512 bytes to 1 MiB, powers of two, cut from slabs of 64 MiB and kept on free lists; beyond, a stack has
 * a reservation of its own and grows in it.  A stack that grows or shrinks otherwise is copied: the only
 * absolute stack addresses in it are the chain of saved rbp.  What fails leaves everything as it was. Must
 * not: know chains (chain.h), code, or cells; run on the stacks it manages. */
#ifndef STACK_STACK_H
#define STACK_STACK_H

#include "abi/stack.h"

struct stack_pool;
struct stack_limits {
  uint64_t max_size;  /* bytes of one stack; 0 = 64 MiB */
  uint64_t max_total; /* bytes of all stacks and descriptors; 0 = a quarter of the machine's memory */
  bool stress; /* for tests: small stacks have a limit that each prologue finds passed (stack_stress) */
  uint64_t max_count; /* stacks at a time; 0 = what max_total allows */
  uint64_t
      reserve; /* bytes below each limit, where signal handlers run on the stacks; at least STACK_RESERVE */
};

enum { STACK_RESERVE = 128 }; /* below the limit: for leaf frames and out-call stubs, which do not check */

/* `finished` is the list that the end of a stack pushes onto (vm_store.finished); it outlives the pool. NULL:
 * memory is out. */
MUST_USE struct stack_pool *stack_pool_new(const struct stack_limits *limits, struct stack **finished);
void stack_pool_delete(struct stack_pool *p); /* NULL is fine */

/* A fresh stack that will run `func`. It may come with memory, else gets it when it is resumed first. NULL:
 * memory is out. */
MUST_USE struct stack *stack_new(struct stack_pool *p, const struct vm_func *func, uint32_t args_size,
                                 uint32_t results_size);
enum { STACK_DESCRIPTOR_SIZE = 128 };
/* Memory for a fresh stack without any, with room for its arguments and results. */
MUST_USE bool stack_attach(struct stack_pool *p, struct stack *s);
/* Twice the memory. sp and fp are valid, fp is the innermost frame's; bytes below sp are lost. */
MUST_USE bool stack_grow(struct stack_pool *p, struct stack *s);
/* The lowest sp that its memory allows, whatever s->limit says. */
uint64_t stack_lowest(const struct stack_pool *p, const struct stack *s);
/* For tests: a small stack goes to other memory of the same size, what it leaves is filled with rubbish and
 * not used again for a while, and its limit is one that the next prologue finds passed. */
void stack_stress(struct stack_pool *p, struct stack *s);
/* To the smallest block in which no more than half is used, when that is a quarter of its block or less. */
void stack_shrink(struct stack_pool *p, struct stack *s);
/* Any stack that is not free: descriptor and memory are for reuse. Bound arguments are freed. */
void stack_free(struct stack_pool *p, struct stack *s);

/* Is it time to look for stacks that nobody refers to any more? Ask before a new one is made; after a
 * collection of everything say so: the next one is due when as much again is in use as is now. */
bool stack_pool_due(struct stack_pool *p);
void stack_pool_collected(struct stack_pool *p);
uint64_t stack_pool_total(const struct stack_pool *p); /* bytes of the blocks that descriptors hold */
/* Calls `visit` for each descriptor that is not free, in no order; it may free the one it is given. */
void stack_each(struct stack_pool *p, void (*visit)(void *arg, struct stack *s), void *arg);

static inline bool stack_is_free(const struct stack *s) { return s->pc == 0; }
static inline bool stack_is_captured(const struct stack *s) { return s->last != NULL; }
bool stack_is_fresh(const struct stack *s); /* captured, and nothing of it has run */

#endif
