/* A look over a function's body before it is built. */
#ifndef COMPILER_BUILD_SCAN_H
#define COMPILER_BUILD_SCAN_H

#include "abi/code.h"
#include "base/vec.h"
#include "binary/insn.h"
#include "wasm/module.h"

/* What a loop may do, inner loops included. */
struct scan_loop {
  uint32_t first, len; /* locals that it assigns: scan.locals[first..first+len) */
  bool has_call, stores, atomics, sets_global, sets_table, sets_heap;
  uint32_t cost; /* instructions outside inner loops: fuel for one round */
};
struct inline_plan;

/* A legacy try. */
struct scan_try {
  uint32_t first, last, len; /* its clauses, in scan.catches */
  bool delegates;
  uint32_t label; /* of delegate */
};
struct scan_catch {
  uint32_t tag;  /* CODE_CATCH_ALL */
  uint32_t next; /* UINT32_MAX ends */
};
struct scan {
  VEC(struct scan_loop)
  loops; /* by order of `loop` in the code; [0] is the whole body, its locals are not listed */
  VEC(uint32_t) locals;
  VEC(struct scan_try) tries; /* by order of `try` in the code */
  VEC(struct scan_catch) catches;
  VEC(uint32_t) inlines; /* positions of calls whose callees are to be built in, ascending */
  uint32_t nbranches;    /* instructions that begin a block or end one, but for br_table */
  uint32_t ncalls;       /* direct and indirect ones, but for tail calls */
  bool leaves_frame;     /* tail calls, legacy tries, stack switches: not to be built into another function */
  bool too_many;         /* lists were cut short: loops x locals passes `max_locals` */
};
/* `r` stands behind the local declarations. False: an instruction that cannot be compiled yet; it is in `e`.
 */
MUST_USE bool scan_body(struct reader r, const struct module *m, uint32_t nlocals, uint64_t max_locals,
                        struct inline_plan *plan /* NULL: all calls stay */, struct arena *a,
                        struct scan *out, struct error *e);

/* `r` stands at the local declarations of a valid body, and is moved behind them: how many locals they make,
 * parameters not counted. */
uint32_t scan_locals(struct reader *r, struct features features);

/* Moves `at` behind the immediates of the instruction whose opcode stands at `at`; the bytes are valid. */
void scan_skip(struct reader *r, struct features features);

#endif
