/* Compresses a file made of text and counters at three levels, writes the result, reads it back and compares.
 *
 * In: SIZE OUTPUT.  Out: OUTPUT.<level>.zst, one line a level. */
#include <zstd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t checksum(const unsigned char *p, size_t n) {
  uint32_t a = 1, b = 0;
  for (; n--; p++)
    a = (a + *p) % 65521, b = (b + a) % 65521;
  return b << 16 | a;
}

int main(int argc, char **argv) {
  if (argc != 3) return fputs("usage: zstd SIZE OUTPUT\n", stderr), 2;
  size_t size = strtoul(argv[1], NULL, 0), bound = ZSTD_compressBound(size);
  unsigned char *in = malloc(size), *packed = malloc(bound), *out = malloc(size);
  if (!in || !packed || !out) return 1;
  uint32_t seed = 1;
  static const char *const words[] = {"compile",      " validate ", "frame", "\n",
                                      " the stack, ", "0000",       "heap",  "\x00\x01\xff"};
  for (size_t i = 0; i < size;) {
    seed = seed * 1664525 + 1013904223;
    const char *w = words[seed >> 29];
    for (size_t k = 0, n = seed >> 28 & 1 ? strlen(w) : 3; k < n && i < size; k++)
      in[i++] = (unsigned char)(w[k % (strlen(w) + 1)] + (i % 97 == 0));
  }
  static const int levels[] = {1, 6, 12};
  for (int k = 0; k < 3; k++) {
    size_t n = ZSTD_compress(packed, bound, in, size, levels[k]);
    if (ZSTD_isError(n)) return printf("%s\n", ZSTD_getErrorName(n)), 1;
    char name[256];
    snprintf(name, sizeof name, "%s.%d.zst", argv[2], levels[k]);
    FILE *f = fopen(name, "wb");
    if (!f || fwrite(packed, 1, n, f) != n || fclose(f)) return perror(name), 1;
    memset(packed, 0, n);
    f = fopen(name, "rb");
    if (!f || fread(packed, 1, bound, f) != n || fclose(f)) return perror(name), 1;
    size_t m = ZSTD_decompress(out, size, packed, n);
    int same = m == size && memcmp(in, out, size) == 0;
    printf("level %2d: %zu -> %zu, checksum %08x, %s\n", levels[k], size, n, checksum(packed, n),
           same ? "same" : "DIFFERENT");
    packed[n / 2] ^= 0x55;
    m = ZSTD_decompress(out, size, packed, n);
    printf("          damaged: %s\n", ZSTD_isError(m)                          ? ZSTD_getErrorName(m)
                                      : checksum(out, m) == checksum(in, size) ? "unseen"
                                                                               : "other");
  }
  return 0;
}
