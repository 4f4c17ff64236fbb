/* random_get: the system's generator, or a seeded one for runs that must repeat. Never short. */
#include "os/random.h"
#include "wasi/wasi.h"

#include <string.h>

enum { CHUNK_SIZE = 1 << 20 };

/* Sebastiano Vigna's splitmix64: good statistics, no secrets. */
static uint64_t next_seeded(uint64_t *state) {
  uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

static void fill_seeded(uint64_t *state, uint8_t *out, size_t size) {
  while (size > 0) {
    uint8_t word[8];
    size_t n = size < sizeof word ? size : sizeof word;
    put_u64(word, next_seeded(state));
    memcpy(out, word, n);
    out += n;
    size -= n;
  }
}

enum wasi_errno sys_random_get(struct call *c) {
  uint32_t size = call_u32(c, 1);
  uint8_t *out = guest_slice(&c->guest, call_u32(c, 0), size);
  if (!out) return ERRNO_FAULT;
  while (size > 0) { /* in pieces, so that gigabytes can be interrupted */
    uint32_t n = min_u32(size, CHUNK_SIZE);
    if (c->wasi->seeded)
      fill_seeded(&c->wasi->random_state, out, n);
    else if (!random_bytes(out, n))
      return ERRNO_IO;
    out += n;
    size -= n;
    if (size && call_interrupted(c)) return ERRNO_INTR;
  }
  return ERRNO_SUCCESS;
}
