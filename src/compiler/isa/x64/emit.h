/* x86-64 instructions over physical registers to bytes, sites and relocations. */
#ifndef COMPILER_ISA_X64_EMIT_H
#define COMPILER_ISA_X64_EMIT_H

#include "compiler/mach/frame.h"

/* needs: an allocated function and its frame. What `out` points to lives in `a`. */
void x64_emit(struct mach_func *f, const struct frame *frame, const struct isa_config *config,
              struct arena *a, struct code *out);
/* The code as a listing: offset, bytes, instruction; for people and filetests. */
void x64_print_code(const struct mach_func *f, const struct frame *frame, const struct isa_config *config,
                    struct arena *a, struct out *out);

#endif
