/* Drives fuzz_text over changes of the official scripts' modules, token by token: most of them still lex,
 * many parse.
 *
 *   mutate_tokens [-n CHANGES] [-s SEED] [-k KEPT] FILE.wast...
 *
 * CHANGES modules (default 20000) are made from those of the files: tokens replaced, removed, exchanged, and
 * whole forms of other modules put in.  As in mutate.c, the input at hand stands in KEPT. */
#include "text/lex.h"

#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TOKENS_MOST = 1 << 22, MODULE_TOKENS_MOST = 1000, CURRENT_MOST = 1 << 14, MODULES_MOST = 1 << 16 };

static struct slice *pool; /* the tokens of all modules */
static uint32_t pool_len;
static struct { uint32_t from, len; } modules[MODULES_MOST];
static uint32_t modules_len;

static uint64_t random_state = 1;
static uint32_t random_below(uint32_t n) { /* splitmix64 */
  uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return (uint32_t)((z ^ z >> 31) % n);
}

static bool is_char(struct slice token, char c) { return token.data[0] == (uint8_t)c; }

/* Scripts, to which the pool's tokens point: until the end. */
enum { SIZE_MOST = 4 << 20 };
struct script {
  struct script *next;
  uint8_t bytes[SIZE_MOST];
};
static struct script *scripts;

static void scripts_free(void) {
  for (struct script *next; scripts; scripts = next) {
    next = scripts->next;
    free(scripts);
  }
}

/* The modules of a script. */
static void add_script(const char *path) {
  FILE *f = fopen(path, "rb");
  struct script *script = malloc(sizeof *script);
  if (!f || !script) exit(2);
  script->next = scripts;
  scripts = script;
  size_t len = fread(script->bytes, 1, SIZE_MOST, f);
  fclose(f);
  struct error e = ERROR_INIT;
  struct lexer lx;
  lexer_init(&lx, slice_of(script->bytes, len), ANNOTS_ALL, &e);
  while (lx.tok.kind != TOKEN_END) {
    uint32_t from = pool_len, depth = 0;
    if (!lexer_at_form(&lx, "module")) {
      lexer_next(&lx);
      continue;
    }
    do {
      if (lx.tok.kind == TOKEN_LPAR || lx.tok.kind == TOKEN_ANNOT) depth++;
      if (lx.tok.kind == TOKEN_RPAR) depth--;
      if (pool_len < TOKENS_MOST) pool[pool_len++] = token_text(&lx, lx.tok);
      lexer_next(&lx);
    } while (depth > 0 && lx.tok.kind != TOKEN_END);
    if (pool_len - from > MODULE_TOKENS_MOST || modules_len == MODULES_MOST) {
      pool_len = from;
    } else {
      modules[modules_len].from = from;
      modules[modules_len++].len = pool_len - from;
    }
  }
}

static void insert(struct slice *current, uint32_t *len, uint32_t at, uint32_t from, uint32_t n) {
  if (n > pool_len - from) n = pool_len - from;
  if (*len + n > CURRENT_MOST) return;
  memmove(current + at + n, current + at, (*len - at) * sizeof *current);
  memcpy(current + at, pool + from, n * sizeof *current);
  *len += n;
}

/* The form that begins at or behind a token of the pool. */
static uint32_t form_len(uint32_t *from) {
  uint32_t depth = 0, end;
  while (*from < pool_len && !is_char(pool[*from], '('))
    ++*from;
  for (end = *from; end < pool_len; end++) {
    if (is_char(pool[end], '(')) depth++;
    if (is_char(pool[end], ')') && --depth == 0) return end + 1 - *from;
  }
  return 0;
}

static void change(struct slice *current, uint32_t *len, uint32_t module) {
  uint32_t at = random_below(*len), n = 1 + random_below(6), other = random_below(pool_len);
  struct slice same = pool[modules[module].from + random_below(modules[module].len)];
  switch (random_below(6)) {
  case 0: current[at] = pool[other]; break;
  case 1:
    if (n > *len - at) n = *len - at;
    if (n == *len) break;
    memmove(current + at, current + at + n, (*len - at - n) * sizeof *current);
    *len -= n;
    break;
  case 2: insert(current, len, at, other, n); break;
  case 3: {
    uint32_t with = random_below(*len);
    struct slice t = current[at];
    current[at] = current[with];
    current[with] = t;
    break;
  }
  case 4:
    n = form_len(&other);
    insert(current, len, at, other, n);
    break;
  default: /* an atom by another of the same module */
    if (!is_char(same, '(') && !is_char(same, ')') && !is_char(current[at], '(') &&
        !is_char(current[at], ')'))
      current[at] = same;
  }
}

static void run(const struct slice *current, uint32_t len, int kept) {
  size_t size = 0, at = 0;
  for (uint32_t i = 0; i < len; i++)
    size += current[i].len + 1;
  uint8_t *input = malloc(size + 1);
  if (!input) abort();
  for (uint32_t i = 0; i < len; i++) {
    memcpy(input + at, current[i].data, current[i].len);
    at += current[i].len;
    input[at++] = ' ';
  }
  if (pwrite(kept, input, size, 0) != (ssize_t)size || ftruncate(kept, (off_t)size) != 0) abort();
  alarm(10);
  LLVMFuzzerTestOneInput(input, size);
  alarm(0);
  free(input);
}

int main(int argc, char **argv) {
  unsigned long changes = 20000;
  const char *kept_path = "mutate-tokens-input";
  int option;
  while ((option = getopt(argc, argv, "n:s:k:")) != -1)
    switch (option) {
    case 'n': changes = strtoul(optarg, NULL, 10); break;
    case 's': random_state = strtoull(optarg, NULL, 10); break;
    case 'k': kept_path = optarg; break;
    default: return 2;
    }
  pool = malloc(TOKENS_MOST * sizeof *pool);
  struct slice *current = malloc(CURRENT_MOST * sizeof *current);
  if (!pool || !current) return 2;
  for (int i = optind; i < argc; i++)
    add_script(argv[i]);
  if (modules_len == 0) return 2;
  int kept = open(kept_path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (kept < 0) {
    perror(kept_path);
    return 2;
  }
  for (unsigned long n = 0; n < changes; n++) {
    uint32_t module = random_below(modules_len), len = modules[module].len;
    memcpy(current, pool + modules[module].from, len * sizeof *current);
    for (uint32_t k = 1 + random_below(4); k > 0; k--)
      change(current, &len, module);
    run(current, len, kept);
  }
  close(kept);
  unlink(kept_path);
  printf("mutate_tokens: %u modules, %lu inputs, %llu accepted\n", modules_len, changes,
         (unsigned long long)fuzz_accepted);
  free(current);
  scripts_free();
  free(pool);
  return fuzz_accepted > 0 ? 0 : 1;
}
