/* The instruction sets of this build. */
#ifndef COMPILER_ISA_ISA_H
#define COMPILER_ISA_ISA_H

#include "compiler/mach/isa.h"

const struct isa *isa_host(void); /* of the machine this runs on; NULL when there is none for it */

#endif
