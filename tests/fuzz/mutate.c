/* Drives a fuzz_*.c over prefixes and random changes of given files: no compiler support needed, the same
 * inputs every time, so it runs as a test and under any sanitizer.
 *
 *   mutate_<fuzzer> [-n CHANGES] [-s SEED] [-k KEPT] [-w] FILE...
 *
 * Every prefix of each file (not with -w: whole files only), then CHANGES random changes of it (default
 * 1000). The input at hand stands in the file KEPT (default ./mutate-input) while it runs, so a crash leaves
 * it there; one that takes more than 10 s is a crash too. */
#include "fuzz.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { INPUT_MOST = 4 << 20 };

static uint64_t random_state;
static uint64_t random_next(void) { /* splitmix64 */
  uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}
static size_t random_below(size_t n) { return n ? (size_t)(random_next() % n) : 0; }

static uint8_t *kept; /* a mapping of the KEPT file */
static int kept_fd;

static void run(const uint8_t *data, size_t size) {
  /* A copy of its own size on the heap, so that reading past its end is seen. */
  uint8_t *input = malloc(size ? size : 1);
  if (!input) abort();
  memcpy(input, data, size);
  if (ftruncate(kept_fd, (off_t)size) != 0) abort();
  memcpy(kept, data, size);
  alarm(10);
  LLVMFuzzerTestOneInput(input, size);
  alarm(0);
  free(input);
}

/* Another opcode of the same type in place of one: the change that leaves a module valid most often. Opcodes
 * are guessed from bytes. */
static void change_opcode(uint8_t *data, size_t size) {
  static const struct {
    uint8_t first, last;
  } alike[] = {{0x21, 0x22}, {0x2c, 0x2f}, {0x30, 0x35}, {0x3a, 0x3b}, {0x3c, 0x3e}, {0x46, 0x4f},
               {0x51, 0x5a}, {0x5b, 0x60}, {0x61, 0x66}, {0x67, 0x69}, {0x6a, 0x78}, {0x79, 0x7b},
               {0x7c, 0x8a}, {0x8b, 0x91}, {0x92, 0x98}, {0x99, 0x9f}, {0xa0, 0xa6}};
  size_t at = random_below(size);
  for (size_t tries = 0; tries < 1000; tries++, at = (at + 1) % size)
    for (size_t i = 0; i < sizeof alike / sizeof *alike; i++)
      if (data[at] >= alike[i].first && data[at] <= alike[i].last) {
        data[at] = (uint8_t)(alike[i].first + random_below(alike[i].last - alike[i].first + 1u));
        return;
      }
}

/* One of the changes that decoders are known to stumble over, in place; returns the new size. */
static size_t change(uint8_t *data, size_t size, size_t room) {
  static const uint8_t edges[] = {0x00, 0x01, 0x7f, 0x80, 0xff, 0x40, 0x0b, 0xfb, 0xfc, 0xfd, 0xfe, 0xe3};
  size_t at = random_below(size), len = 1 + random_below(16);
  if (len > size - at) len = size - at;
  switch (random_next() % 12) {
  case 0: data[at] ^= (uint8_t)(1u << random_below(8)); break;
  case 1: data[at] = (uint8_t)random_next(); break;
  case 2: data[at] = edges[random_below(sizeof edges)]; break;
  case 3: data[at] = (uint8_t)(data[at] + (random_next() & 1 ? 1 : 255)); break;
  case 4: /* a count of 2^32 - 1 or so */
    if (size - at >= 5) memcpy(data + at, "\xff\xff\xff\xff\x0f", 5);
    break;
  case 5: /* bytes removed */ memmove(data + at, data + at + len, size - at - len); return size - len;
  case 6: /* bytes doubled */
    if (size + len > room) break;
    memmove(data + at + len, data + at, size - at);
    return size + len;
  case 8:
  case 9:
  case 10: change_opcode(data, size); break;
  default: /* bytes from elsewhere */ memmove(data + at, data + random_below(size - len + 1), len);
  }
  return size;
}

static uint8_t *read_file(const char *path, size_t *size) {
  FILE *f = fopen(path, "rb");
  uint8_t *data = malloc(INPUT_MOST);
  if (!f || !data) {
    perror(path);
    exit(2);
  }
  *size = fread(data, 1, INPUT_MOST, f);
  fclose(f);
  return data;
}

int main(int argc, char **argv) {
  unsigned long changes = 1000, seed = 1;
  const char *kept_path = "mutate-input";
  bool prefixes = true;
  int option;
  while ((option = getopt(argc, argv, "n:s:k:w")) != -1)
    switch (option) {
    case 'n': changes = strtoul(optarg, NULL, 10); break;
    case 's': seed = strtoul(optarg, NULL, 10); break;
    case 'k': kept_path = optarg; break;
    case 'w': prefixes = false; break;
    default: return 2;
    }
  kept_fd = open(kept_path, O_RDWR | O_CREAT | O_TRUNC, 0666);
  if (kept_fd < 0 || ftruncate(kept_fd, 2 * INPUT_MOST) != 0) {
    perror(kept_path);
    return 2;
  }
  kept = mmap(NULL, 2 * INPUT_MOST, PROT_READ | PROT_WRITE, MAP_SHARED, kept_fd, 0);
  if (kept == MAP_FAILED) return 2;
  uint8_t *changed = malloc(2 * INPUT_MOST);
  if (!changed) return 2;
  uint64_t runs = 0, whole = 0;
  for (int i = optind; i < argc; i++) {
    size_t size;
    uint8_t *data = read_file(argv[i], &size);
    uint64_t before = fuzz_accepted, runs_before = runs;
    run(data, size);
    runs++;
    if (fuzz_accepted > before)
      whole++;
    else
      fprintf(stderr, "%s: refused unchanged\n", argv[i]);
    for (size_t cut = 0; prefixes && cut < size; cut++, runs++)
      run(data, cut);
    random_state = seed * 1000003 + (unsigned)i;
    for (unsigned long n = 0; n < changes; n++, runs++) {
      memcpy(changed, data, size);
      size_t now = size;
      for (size_t k = 1 + random_below(random_next() & 3 ? 2 : 10); k > 0; k--)
        now = change(changed, now, 2 * INPUT_MOST);
      run(changed, now);
    }
    printf("%s: %zu bytes, %llu inputs, %llu accepted\n", argv[i], size,
           (unsigned long long)(runs - runs_before), (unsigned long long)(fuzz_accepted - before));
    free(data);
  }
  free(changed);
  close(kept_fd);
  unlink(kept_path);
  printf("mutate: %d files, %llu inputs, %llu accepted\n", argc - optind, (unsigned long long)runs,
         (unsigned long long)fuzz_accepted);
  return whole == (uint64_t)(argc - optind) ? 0 : 1; /* a seed that is refused tests nothing */
}
