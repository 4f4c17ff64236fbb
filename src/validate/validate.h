/* Judges modules.  Only this folder makes a struct valid_module; compiler and runtime take nothing else. */
#ifndef VALIDATE_VALIDATE_H
#define VALIDATE_VALIDATE_H

#include "base/error.h"
#include "wasm/match.h"
#include "wasm/module.h"

/* Functions of a type that a reference may lead to; past GUESS_MOST they are not listed. */
enum { GUESS_MOST = 3 };
struct func_guess {
  uint32_t funcs[GUESS_MOST], len;
};

/* What is known of a table that the module keeps to itself: neither imported nor exported, and no instruction
 * writes tables. */
enum {
  TABLE_CONSTANT = 1, /* nothing changes its length or its elements once the module is instantiated */
  TABLE_OWN = 2,      /* and they are null or functions that the module defines, so of the same instance */
};

struct valid_module {
  const struct module *module;
  struct canon *canon;
  struct func_guess *guesses;   /* by type index; calls through references ask */
  uint8_t *tables;              /* by table index: TABLE_* */
  bool has_indirect_tail_calls; /* return_call_indirect, return_call_ref, or return_call of an import occurs:
                                   a direct call may come back with another instance in r15 (docs/abi.md) */
  bool writes_tables;           /* see body_facts */
};

/* Everything outside function bodies, then every body. Adds the module's types to `canon`. Memory is the
 * module's arena. NULL on error. */
MUST_USE struct valid_module *module_validate(struct module *m, struct canon *canon, struct error *e);
/* What judging the bodies adds to a valid module: kept with saved code, which is why nobody judges them
 * again.
 */
struct body_facts {
  bool has_indirect_tail_calls;
  bool writes_tables; /* table.set, grow, fill, copy or init occurs */
};
/* The same without the bodies, for a module that was judged, byte for byte this one and with the same
 * features, when its code was saved. */
MUST_USE struct valid_module *module_validate_outside(struct module *m, struct canon *canon,
                                                      struct body_facts bodies, struct error *e);

#endif
