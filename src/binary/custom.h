/* Custom sections that mean something to us: names and branch hints. */
#ifndef BINARY_CUSTOM_H
#define BINARY_CUSTOM_H

#include "base/error.h"
#include "wasm/module.h"

/* Fills the module's names and hints from its customs. A malformed section is dropped as a whole. `m->arena`
 * can jump when memory is out. */
void custom_decode(struct module *m);
/* The strict view: false, and the error, when a known section is malformed (ERROR_MALFORMED: broken,
 * repeated, misplaced) or its contents do not fit the module (ERROR_INVALID: a hint at no branch). The module
 * is valid otherwise. Uses the module's arena for scratch, so one thread at a time. */
MUST_USE bool module_check_customs(const struct module *m, struct error *e);

#endif
