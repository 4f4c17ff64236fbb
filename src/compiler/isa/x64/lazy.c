/* The entries of functions that are compiled when they are first called.
 *
 *   head:   jmp [slot n]         to arch_lazy_stub
 *   entry:  jmp [slot i]         to the function, or while it is missing to the next instruction
 *           push index
 *           jmp head */
#include "abi/arch.h"

#include <string.h>

static uint8_t *put_rel(uint8_t *to, const uint8_t *target) {
  int32_t rel = (int32_t)(target - (to + 4));
  memcpy(to, &rel, 4);
  return to + 4;
}

static uint8_t *put_jump_through(uint8_t *to, const uint8_t *slot) {
  *to++ = 0xff;
  *to++ = 0x25;
  return put_rel(to, slot);
}

void arch_lazy_entries(uint8_t *to, const uint8_t *slots, uint32_t first, uint32_t n) {
  const uint8_t *head = to;
  memset(to, 0xcc, ARCH_LAZY_HEAD_SIZE);
  put_jump_through(to, slots + 8 * (size_t)n);
  to += ARCH_LAZY_HEAD_SIZE;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t index = first + i;
    to = put_jump_through(to, slots + 8 * (size_t)i);
    *to++ = 0x68;
    memcpy(to, &index, 4);
    to += 4;
    *to++ = 0xe9;
    to = put_rel(to, head);
  }
}
