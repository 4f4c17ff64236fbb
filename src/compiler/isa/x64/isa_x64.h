/* The instruction set x86-64 as mach/ sees it. */
#ifndef COMPILER_ISA_X64_ISA_X64_H
#define COMPILER_ISA_X64_ISA_X64_H

#include "compiler/mach/isa.h"

extern const struct isa isa_x64;

#endif
