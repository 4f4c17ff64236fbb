/* The IR's invariants, checked: in checked builds after every pass. */
#ifndef COMPILER_IR_VERIFY_H
#define COMPILER_IR_VERIFY_H

#include "base/out.h"
#include "compiler/ir/func.h"

/* How much must hold. */
enum ir_form {
  IR_BUILT /* blocks, edges, values */,
  IR_TIDY /* and predecessors, loops, no critical edges */
};
/* False: a bug of ours; the first broken invariant is described in `why`. */
MUST_USE bool ir_verify(struct ir_func *f, enum ir_form form, struct out *why);

#endif
