/* Guest memory: the only door.
 *
 * In: pointers and lengths as the guest gave them.  Out: a host pointer to exactly those bytes, or NULL,
 * which the caller answers with FAULT. All sums are of 64 bits, so nothing wraps. What is decided on must
 * first be copied out: another thread of the guest may change its memory meanwhile. Must not: hand out a host
 * address to the guest. */
#ifndef WASI_GUEST_H
#define WASI_GUEST_H

#include "base/check.h"

struct guest {
  uint8_t *data; /* NULL: the instance exports no memory, every access faults */
  uint64_t size;
};

static inline uint8_t *guest_slice(const struct guest *g, uint32_t at, uint64_t size) {
  return g->data && size <= g->size && at <= g->size - size ? g->data + at : NULL;
}
/* `count` items of `size` bytes, at most 64. */
static inline uint8_t *guest_array(const struct guest *g, uint32_t at, uint32_t count, uint32_t size) {
  return guest_slice(g, at, (uint64_t)count * size);
}

/* Little-endian numbers in bytes that were checked. */
static inline void put_u16(uint8_t *p, uint16_t v) {
  p[0] = (uint8_t)v;
  p[1] = (uint8_t)(v >> 8);
}
static inline void put_u32(uint8_t *p, uint32_t v) {
  for (int i = 0; i < 4; i++)
    p[i] = (uint8_t)(v >> (8 * i));
}
static inline void put_u64(uint8_t *p, uint64_t v) {
  for (int i = 0; i < 8; i++)
    p[i] = (uint8_t)(v >> (8 * i));
}
static inline uint16_t get_u16(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }
static inline uint32_t get_u32(const uint8_t *p) {
  uint32_t v = 0;
  for (int i = 0; i < 4; i++)
    v |= (uint32_t)p[i] << (8 * i);
  return v;
}
static inline uint64_t get_u64(const uint8_t *p) { return get_u32(p) | (uint64_t)get_u32(p + 4) << 32; }

#endif
