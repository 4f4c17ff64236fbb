/* Valid WebAssembly to IR: SSA in one walk over a function's body. */
#ifndef COMPILER_BUILD_BUILD_H
#define COMPILER_BUILD_BUILD_H

#include "compiler/ir/func.h"
#include "validate/validate.h"

struct build_config {
  bool interruption, fuel, spectre;
  bool inlining; /* see inline.h */
  bool nan_canonicalization;
  bool plain;           /* nothing folded, numbered or forwarded: for tests */
  bool locals_in_slots; /* from the start, not only where phis would be too many: memory instead of phis, see
                           func.h */
};
/* NULL: the function uses something that cannot be compiled yet, and `e` names it (ERROR_UNSUPPORTED). Lack
 * of memory jumps to the arena's on_oom. */
MUST_USE struct ir_func *build_func(const struct valid_module *m, uint32_t func_index,
                                    const struct build_config *config, struct arena *a, struct error *e);

#endif
