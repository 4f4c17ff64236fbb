/* Text to IR: what print.c writes, for tests that need shapes which no WebAssembly gives. */
#ifndef COMPILER_IR_PARSE_H
#define COMPILER_IR_PARSE_H

#include "base/error.h"
#include "compiler/ir/func.h"

/* One function. Values get new numbers, in the order of the text; a value must be defined before it is used,
 * as in the order of blocks that func.h asks for. `m` may be NULL when nothing is called or resumed. All
 * memory is the arena's. NULL: `e` says what was expected, and on which line. The result is for ir_verify to
 * judge. */
MUST_USE struct ir_func *ir_parse(struct slice text, const struct module *m, struct arena *a,
                                  struct error *e);

#endif
