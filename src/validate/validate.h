/* Judges modules.  Only this folder makes a struct valid_module; compiler and runtime take nothing else. */
#ifndef VALIDATE_VALIDATE_H
#define VALIDATE_VALIDATE_H

#include "base/error.h"
#include "wasm/match.h"
#include "wasm/module.h"

/* What validation found out about a function body, for the compiler. */
struct func_facts {
  uint32_t nlocals;      /* parameters included */
  uint32_t max_depth;    /* of control nesting */
  uint32_t max_operands; /* of the operand stack */
};

/* Functions of a type that a reference may lead to; past GUESS_MOST they are not listed. */
enum { GUESS_MOST = 3 };
struct func_guess {
  uint32_t funcs[GUESS_MOST], len;
};

struct valid_module {
  const struct module *module;
  struct canon *canon;
  struct func_facts *facts;     /* by index minus imported functions */
  struct func_guess *guesses;   /* by type index; calls through references ask */
  bool has_indirect_tail_calls; /* return_call_indirect, return_call_ref, or return_call of an import occurs:
                                   a direct call may come back with another instance in r15 (docs/abi.md) */
};

/* Everything outside function bodies, then every body. Adds the module's types to `canon`. Memory is the
 * module's arena. NULL on error. */
MUST_USE struct valid_module *module_validate(struct module *m, struct canon *canon, struct error *e);
/* The same without the bodies, for a module that was judged when its code was saved: what it yields can be
 * instantiated, never compiled; `facts` is NULL. */
MUST_USE struct valid_module *module_validate_outside(struct module *m, struct canon *canon, struct error *e);

#endif
