/* IR to x86-64 instructions over virtual registers. */
#ifndef COMPILER_ISA_X64_SELECT_H
#define COMPILER_ISA_X64_SELECT_H

#include "compiler/mach/isa.h"

/* needs: a tidy function without critical edges; keeps it. The result lives in `a`. */
struct mach_func *x64_select(struct ir_func *ir, const struct isa_config *config, struct arena *a);

#endif
