/* The proof behind address.c, for checked builds and fuzzing. */
#ifndef COMPILER_ISA_X64_ADDRCHECK_H
#define COMPILER_ISA_X64_ADDRCHECK_H

#include "compiler/isa/x64/insn.h"

/* True when every access of a selected function to guest memory stays inside the reservation: see
 * addrcheck.c. False: a bug of ours, described. */
bool x64_check_addresses(const struct mach_func *f, struct out *why);

#endif
