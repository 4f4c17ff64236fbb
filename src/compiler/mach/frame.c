/* Where things stand below rbp. */
#include "compiler/mach/frame.h"

void frame_layout(const struct mach_func *f, struct frame *out) {
  *out = (struct frame){0};
  uint32_t off = f->saves_instance ? 8 : 0;
  for (uint64_t rest = f->used_callee_saved & f->isa->callee_saved; rest; rest &= rest - 1) {
    off += 8;
    assert(out->nsaved < COUNT_OF(out->saved));
    out->saved[out->nsaved] = (uint32_t)__builtin_ctzll(rest);
    out->saved_off[out->nsaved++] = off;
  }
  out->slots8 = off + 8;
  off += 8 * f->nslots8;
  off = (uint32_t)align_up(off, 16);
  out->slots16 = off + 16;
  off += 16 * f->nslots16 + f->out_size;
  out->size = (uint32_t)align_up(off, 16);
}
