/* The frame of an allocated function: where each slot stands.
 *
 *   rbp+16..  incoming stack arguments, then the results area      rbp+8 return address   rbp+0 saved rbp
 *   rbp-8     saved instance (when saves_instance)                 then saved callee-saved registers
 *   then 8-byte slots, 16-byte slots (aligned to 16 from rbp)      then outgoing arguments and results, up to
 * rsp No frame holds an absolute stack address but the rbp chain. */
#ifndef COMPILER_MACH_FRAME_H
#define COMPILER_MACH_FRAME_H

#include "compiler/mach/isa.h"

struct frame {
  uint32_t size;            /* bytes below rbp; multiple of 16 */
  uint32_t slots8, slots16; /* slot i stands at rbp - slots8 - 8*i; 16-byte slot j (number nslots8 + j) at rbp
                               - slots16 - 16*j */
  uint32_t saved[8];        /* callee-saved register saved[k] stands at rbp - saved_off[k] */
  uint32_t saved_off[8];
  uint32_t nsaved;
};
void frame_layout(const struct mach_func *f, struct frame *out);
/* From rbp. */
static inline int32_t frame_slot_off(const struct mach_func *f, const struct frame *frame, uint32_t slot) {
  if (slot < f->nslots8) return -(int32_t)(frame->slots8 + 8 * slot);
  assert(slot - f->nslots8 < f->nslots16);
  return -(int32_t)(frame->slots16 + 16 * (slot - f->nslots8));
}

#endif
