/* The order of a function's blocks in its code. */
#ifndef COMPILER_ISA_X64_ORDER_H
#define COMPILER_ISA_X64_ORDER_H

#include "compiler/mach/mach.h"

struct x64_order {
  uint32_t *order, len; /* blocks that have code */
  uint32_t *region_of;  /* of each block: where in `order` control arrives that enters it */
  bool *begins_loop;    /* by place in `order`: the first one of a loop */
};
/* `o` is empty; its arrays are the arena's. */
void x64_order_blocks(const struct mach_func *f, struct arena *arena, struct x64_order *o);

#endif
