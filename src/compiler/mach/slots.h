/* Frame slots for spilled values: values that never live at the same time share one. */
#ifndef COMPILER_MACH_SLOTS_H
#define COMPILER_MACH_SLOTS_H

#include "compiler/mach/spill.h"

/* Replaces each entry of `spill->slot` that is not SPILL_NO_SLOT by a slot number and counts the function's
 * slots. */
void slots_assign(struct mach_func *f, struct spill *spill);

#endif
