/* struct module to text that parses back to the same module (spec 6), in plain instructions.
 *
 * In: a decoded module, valid or not.  Out: WAT; names come from the name section where they are fit for ids.
 * What cannot be decoded ends the print with an error; what was written stands.  Must not: trust indices or
 * names. */
#ifndef TEXT_PRINT_H
#define TEXT_PRINT_H

#include "base/error.h"
#include "base/out.h"
#include "wasm/module.h"

MUST_USE bool text_print_module(const struct module *m, struct out *o, struct error *e);

#endif
