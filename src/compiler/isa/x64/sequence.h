/* Instructions that are several: what x86-64 cannot do at once. */
#ifndef COMPILER_ISA_X64_SEQUENCE_H
#define COMPILER_ISA_X64_SEQUENCE_H

#include "compiler/isa/x64/encode.h"

/* The hot part of `in`, one of the rows of form X that are no control flow; may leave a cold part behind. */
void x64_sequence(struct x64_asm *a, const struct mach_insn *in, bool flags_live);
/* A cold part that x64_sequence left. */
void x64_cold_sequence(struct x64_asm *a, const struct x64_cold *cold);

#endif
