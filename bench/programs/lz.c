/* LZ77 with a hash of four bytes: compress, decompress, compare. */
#include "bench.h"

enum { SIZE = 1 << 20, HASH = 1 << 14 };
static uint8_t in[SIZE], packed[SIZE * 2], out[SIZE];
static int heads[HASH];

static uint32_t load4(const uint8_t *p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return v;
}

static int compress(void) {
  int n = 0, lit = 0;
  memset(heads, 0xff, sizeof heads);
  for (int i = 0; i < SIZE;) {
    int len = 0, at = -1;
    if (i + 4 <= SIZE) {
      uint32_t h = (load4(in + i) * 2654435761u) >> 18;
      at = heads[h];
      heads[h] = i;
      if (at >= 0 && i - at < 65536)
        while (i + len < SIZE && len < 255 && in[at + len] == in[i + len])
          len++;
    }
    if (len >= 4 || lit == 255) {
      packed[n++] = (uint8_t)lit;
      memcpy(packed + n, in + i - lit, (size_t)lit);
      n += lit;
      lit = 0;
      if (len < 4) len = 0;
      packed[n++] = (uint8_t)len;
      if (len) packed[n++] = (uint8_t)(i - at), packed[n++] = (uint8_t)((i - at) >> 8);
      i += len;
    } else
      lit++, i++;
  }
  if (lit) {
    packed[n++] = (uint8_t)lit;
    memcpy(packed + n, in + SIZE - lit, (size_t)lit);
    n += lit;
    packed[n++] = 0;
  }
  return n;
}

static int expand(int n) {
  int o = 0;
  for (int i = 0; i < n;) {
    int lit = packed[i++];
    memcpy(out + o, packed + i, (size_t)lit);
    i += lit, o += lit;
    int len = packed[i++];
    if (len) {
      int dist = packed[i] | packed[i + 1] << 8;
      i += 2;
      for (int k = 0; k < len; k++, o++)
        out[o] = out[o - dist];
    }
  }
  return o;
}

int main(int argc, char **argv) {
  static const char words[16][8] = {"the ",  "heap ", "stack ", "of ",   "a ",  "frame ", "value ", "type ",
                                    "call ", "and ",  "block ", "loop ", "is ", "in ",    "one ",   "two "};
  for (int i = 0; i < SIZE;) {
    const char *w = words[bench_random() % 16];
    for (; *w && i < SIZE; w++)
      in[i++] = (uint8_t)(*w + (bench_random() % 50 == 0));
  }
  unsigned sum = 0;
  for (int n = bench_repeats(argc, argv, 180); n > 0; n--) {
    int len = compress();
    if (expand(len) != SIZE || memcmp(in, out, SIZE)) return puts("lz broken"), 1;
    sum = sum * 33 + (unsigned)len;
    in[bench_random() % SIZE] ^= 1;
  }
  printf("lz %08x\n", sum);
  return 0;
}
