/* Which callees are built into the function that calls them. Private to this folder.
 *
 * In: calls, in the order of the code.  Out: for each, whether the callee's body takes its place.  The
 * decision is made once, by scan.c before anything is built, so that what a loop may do is known there.
 * Callees are small and have neither legacy handlers nor tail calls; all of them together pass neither
 * `budget` bytes nor INLINE_DEPTH levels.  A small recursion is unrolled: the function stands a few times
 * within itself, and still calls itself; no other one stands within itself.  Must not: look at more bytes
 * than `looks`, whatever the module. */
#ifndef COMPILER_BUILD_INLINE_H
#define COMPILER_BUILD_INLINE_H

#include "compiler/build/scan.h"
#include "validate/validate.h"

enum {
  INLINE_DEPTH = 3,
  INLINE_SIZE = 24,      /* of a body in bytes, local declarations included */
  INLINE_LOOP_SIZE = 64, /* the same for a call in a loop */
  INLINE_LOCALS = 32,
  INLINE_CALLS = 4,     /* in a callee's body, so that what is inlined does not multiply them */
  INLINE_OWN_CALLS = 2, /* the same of a function within itself */
  INLINE_ITSELF = 2,    /* levels of a function within itself */
  INLINE_COPIES = 6,    /* of a function within itself */
  INLINE_KNOWN = 16
};

/* What a body does that takes a call's place. */
struct inline_callee {
  uint32_t func; /* UINT32_MAX: none */
  bool fits;
  uint32_t ncalls, nbranches;
  struct scan_loop whole;
};
struct inline_plan { /* for one function and all that is built into it */
  const struct valid_module *valid;
  struct arena *arena;
  uint32_t around[INLINE_DEPTH + 1]; /* functions being built, outermost first */
  uint32_t naround;
  uint32_t budget, own_budget; /* bytes that may yet be built in; the same of the function within itself */
  uint32_t looks;              /* that may be looked at */
  bool in_loop;                /* the innermost of `around` is called in a loop */
  struct inline_callee known[INLINE_KNOWN];
};

void inline_plan_init(struct inline_plan *p, const struct valid_module *m, uint32_t func, struct arena *a);
/* What takes the place of the next call, which is one of `func` and stands in a loop of its body or not;
 * NULL: the call stays. Good until the next question. */
const struct inline_callee *inline_wanted(struct inline_plan *p, uint32_t func, bool in_loop);

#endif
