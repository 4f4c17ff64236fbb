/* Making and copying machine functions. */
#include "compiler/mach/alloc.h"

#include <string.h>

void mach_open_gap(struct mach_func *f, uint32_t at, uint32_t more) {
  enum { ITEM = sizeof(struct mach_insn), SMALL = 1 << 20 };
  uint32_t len = f->insns.len;
  if (more > UINT32_MAX / 2 - len) arena_out_of_memory(f->arena);
  struct mach_insn *from = f->insns.at, *to = from;
  if (len + more > f->insns.cap) {
    size_t size = (size_t)f->insns.cap * ITEM, need = ((size_t)len + more) * ITEM;
    if (size < SMALL) {
      to = arena_alloc(f->arena, need);
      memcpy(to, from, (size_t)at * ITEM);
    } else {
      from = to = arena_grow(f->arena, from, size, need);
    }
    f->insns.at = to;
    f->insns.cap = len + more;
  }
  memmove(to + at + more, from + at, (size_t)(len - at) * ITEM);
  f->insns.len = len + more;
}

#define COPY(field)                                                                                          \
  do {                                                                                                       \
    c->field.at = arena_copy(f->arena, f->field.at, f->field.len * sizeof *f->field.at);                     \
    c->field.cap = f->field.len;                                                                             \
  } while (0)

struct mach_func *mach_copy(const struct mach_func *f) {
  struct mach_func *c = arena_copy(f->arena, f, sizeof *f);
  COPY(insns);
  COPY(blocks);
  COPY(edges);
  COPY(succs);
  COPY(preds);
  COPY(phis);
  COPY(phi_args);
  COPY(vregs);
  COPY(calls);
  COPY(fixed);
  COPY(remats);
  COPY(pool);
  return c;
}
