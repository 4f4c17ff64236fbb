/* Bytes to struct module: the binary grammar (spec 5), nothing of validation. */
#ifndef BINARY_DECODE_H
#define BINARY_DECODE_H

#include "base/error.h"
#include "wasm/module.h"

/* `bytes` must outlive the module. All memory is the arena's, whose on_oom is set here for the call's
 * duration: lack of memory is ERROR_MEMORY. NULL on error. Of function bodies only the extent is looked at;
 * time is linear in the bytes. Known custom sections that are malformed are dropped (see binary/custom.h). */
MUST_USE struct module *module_decode(struct arena *a, struct slice bytes, struct features f,
                                      struct error *e);
/* True when the bytes begin with the binary magic. */
bool module_is_binary(struct slice bytes);

#endif
