// flags: -O2 -mbulk-memory -msign-ext -mnontrapping-fptoint -mmutable-globals
// link: -nostartfiles -Wl,--no-entry -Wl,--export=digest -Wl,--export=multiply -Wl,--export=convert
#include <stdint.h>
#include <string.h>
static uint64_t state[8];
uint64_t digest(const uint8_t *data, uint32_t size) {
  memset(state, 0x5a, sizeof state);
  for (uint32_t i = 0; i < size; i++) {
    uint64_t *s = &state[i & 7];
    *s = (*s << 13 | *s >> 51) * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)(int8_t)data[i];
    memmove(state + 1, state, 7 * sizeof *state);
  }
  return state[0] ^ (uint64_t)__builtin_popcountll(state[1]) ^ (uint64_t)__builtin_clzll(state[2] | 1);
}
uint64_t multiply(uint64_t a, uint64_t b) {
  return (uint64_t)((unsigned __int128)a * b >> 64) / (b | 1) % 1000003;
}
int64_t convert(double x, float y) {
  return (int64_t)x + (int32_t)y + (int16_t)(int64_t)x + (int64_t)(uint64_t)y;
}
