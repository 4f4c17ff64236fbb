/* The official scripts as text: every module parses, every malformed one is refused, with the official words.
 *
 * argv: folders or files of .wast, -v for the texts that differ, --find SOURCE for the suite beside the
 * sources.  Out: the failures and a count; status 1 when there were any, or when fewer than 95 of 100 texts
 * are the official ones.  The proposal shared-everything-threads is left out: nothing here knows it. */
#include "text/lex.h"
#include "base/alloc.h"
#include "binary/decode.h"
#include "text/parse.h"
#include "text/print.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct { uint32_t parsed, decoded, refused, same, other, failures; } count;

static bool verbose;

static struct slice file_read(const char *path) {
  FILE *f = fopen(path, "rb");
  if (!f) return (struct slice){0};
  struct buf b;
  uint8_t chunk[65536];
  buf_init(&b);
  for (size_t n; (n = fread(chunk, 1, sizeof chunk, f)) > 0;)
    buf_bytes(&b, chunk, n);
  fclose(f);
  size_t len;
  uint8_t *data = buf_take(&b, &len);
  return slice_of(data, len);
}

static void report(const char *path, uint32_t line, const char *what, const struct error *e) {
  char message[600];
  error_format(e, "", message, sizeof message);
  printf("%s:%u: %s: %s\n", path, line, what, message);
  count.failures++;
}

static void show_bytes(const char *what, const struct buf *b) {
  printf("%s:", what);
  for (size_t i = 0; i < b->len; i++)
    printf(" %02x", b->data[i]);
  printf("\n");
}

/* Decodes, prints and reads back into `again`. True when it decodes; what goes wrong later is reported. */
static bool read_back(const char *path, uint32_t line, const struct buf *wasm, struct buf *again) {
  struct error e = ERROR_INIT;
  struct arena a;
  struct buf text;
  arena_init(&a, NULL);
  buf_init(&text);
  struct module *m = module_decode(&a, buf_slice(wasm), features_all(), &e);
  struct out o = out_buf(&text);
  if (m && !text_print_module(m, &o, &e)) report(path, line, "not printed", &e);
  if (m && !error_is_set(&e) && !text_parse_module(buf_slice(&text), features_all(), again, &e))
    report(path, line, "not read back", &e);
  if (verbose && error_is_set(&e)) printf("%.*s\n", (int)text.len, (const char *)text.data);
  buf_free(&text);
  arena_free(&a);
  return m != NULL;
}

/* The bytes come back the same; an empty (rec) is not kept, so then the second time. Modules that do not
 * decode (assert_invalid may be broken in ways that the decoder sees) are left out. */
static void check_print(const char *path, uint32_t line, const struct buf *wasm) {
  struct error none = ERROR_INIT;
  struct buf again, third;
  buf_init(&again);
  buf_init(&third);
  if (read_back(path, line, wasm, &again)) {
    count.decoded++;
    bool empty_rec = memmem(wasm->data, wasm->len, "\x4e\0", 2) != NULL;
    if (!slice_eq(buf_slice(wasm), buf_slice(&again)) &&
        (!empty_rec || !read_back(path, line, &again, &third) ||
         !slice_eq(buf_slice(&again), buf_slice(&third)))) {
      report(path, line, "other bytes", &none);
      if (verbose) show_bytes("first", wasm), show_bytes("second", &again);
    }
  }
  buf_free(&again);
  buf_free(&third);
}

/* At "(module": parses it whatever its form; `refuse` wants an error that begins with `text`. */
static void check_module(struct lexer *lx, const char *path, bool refuse) {
  uint32_t line, column;
  struct lexer at = *lx;
  struct error e = ERROR_INIT;
  struct buf quoted, wasm;
  lexer_position(lx, lx->tok.off, &line, &column);
  buf_init(&quoted);
  buf_init(&wasm);
  lexer_next(&at);
  lexer_next(&at);
  bool definition = lexer_accept(&at, "definition");
  if (at.tok.kind == TOKEN_ID) lexer_next(&at);
  bool ok = true, text = true;
  if (lexer_accept(&at, "instance") || lexer_accept(&at, "binary")) {
    text = false;
  } else if (lexer_accept(&at, "quote")) {
    for (; at.tok.kind == TOKEN_STRING; lexer_next(&at))
      lexer_string(&at, at.tok, &quoted);
    ok = text_parse_module(buf_slice(&quoted), features_all(), &wasm, &e);
  } else if (definition) { /* the form without the word */
    struct lexer whole = *lx;
    lexer_skip_form(&whole);
    buf_cstr(&quoted, "(module ");
    uint32_t from = at.tok.off;
    buf_bytes(&quoted, lx->src + from, whole.tok.off - from);
    while (quoted.len && quoted.data[quoted.len - 1] != ')')
      quoted.len--;
    ok = text_parse_module(buf_slice(&quoted), features_all(), &wasm, &e);
  } else {
    struct lexer in = *lx;
    in.error = &e;
    ok = text_parse_module_at(&in, features_all(), &wasm);
    if (ok) {
      struct lexer skip = *lx;
      lexer_skip_form(&skip);
      if (skip.tok.off != in.tok.off || skip.tok.kind != in.tok.kind || skip.ahead.off != in.ahead.off)
        report(path, line, "the lexer stands elsewhere", &e);
    }
  }
  lexer_skip_form(lx);
  if (text) {
    if (ok) count.parsed++;
    if (ok) check_print(path, line, &wasm);
    if (!ok && !refuse) report(path, line, "refused", &e);
    /* Written against Wasm 2.0; since 3.0 such sizes are for the validator. */
    bool since_invalid = strstr(path, "threads/memory.wast") && quoted.len &&
                         memmem(quoted.data, quoted.len, "0x1_0000_0000", 13);
    if (ok && refuse && !since_invalid) report(path, line, "not refused", &e);
    if (!ok && refuse) {
      count.refused++;
      struct slice m = {0};
      if (lx->tok.kind == TOKEN_STRING) m = slice_of(lx->src + lx->tok.off + 1, lx->tok.len - 2);
      bool same = m.len <= strlen(e.message) && memcmp(m.data, e.message, m.len) == 0;
      if (same)
        count.same++;
      else {
        count.other++;
        if (verbose)
          printf("%s:%u: expected \"%.*s\", found \"%s\"\n", path, line, (int)m.len, (const char *)m.data,
                 e.message);
      }
    }
  }
  buf_free(&quoted);
  buf_free(&wasm);
}

static void check_script(const char *path) {
  struct slice src = file_read(path);
  struct error e = ERROR_INIT;
  struct lexer lx;
  lexer_init(&lx, src, ANNOTS_NONE, &e);
  if (text_at_module_field(&lx)) {
    struct buf wasm;
    buf_init(&wasm);
    if (!text_parse_module(src, features_all(), &wasm, &e)) report(path, 1, "refused", &e);
    buf_free(&wasm);
    mem_free((void *)(uintptr_t)src.data);
    return;
  }
  bool refuse = false;
  while (lx.tok.kind != TOKEN_END) {
    if (lx.tok.kind == TOKEN_RPAR) {
      refuse = false;
    } else if (lexer_at_form(&lx, "module")) {
      check_module(&lx, path, refuse);
      refuse = false;
      continue;
    } else if (lx.tok.kind == TOKEN_LPAR && lx.ahead.kind == TOKEN_KEYWORD) {
      struct slice word = token_text(&lx, lx.ahead);
      refuse = slice_starts(word, "assert_malformed") || slice_eq_cstr(word, "assert_invalid_custom");
    }
    lexer_next(&lx);
  }
  if (error_is_set(&e)) report(path, 0, "script", &e);
  mem_free((void *)(uintptr_t)src.data);
}

static int by_name(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

static void check_path(const char *path) {
  struct stat st;
  if (stat(path, &st) != 0) return;
  if (!S_ISDIR(st.st_mode)) {
    size_t len = strlen(path);
    if (len > 5 && strcmp(path + len - 5, ".wast") == 0) check_script(path);
    return;
  }
  struct dirent **entries;
  int n = scandir(path, &entries, NULL, by_name);
  for (int i = 0; i < n; i++) {
    char sub[4096];
    bool skip = entries[i]->d_name[0] == '.' || strcmp(entries[i]->d_name, "shared-everything-threads") == 0;
    if (!skip && snprintf(sub, sizeof sub, "%s/%s", path, entries[i]->d_name) > 0) check_path(sub);
    free(entries[i]);
  }
  if (n >= 0) free(entries);
}

/* HEDDLE_TESTSUITE, or the folder that stands beside the repository. */
static bool find_suite(const char *source, char *path, size_t size) {
  struct stat st;
  const char *set = getenv("HEDDLE_TESTSUITE");
  int n = set ? snprintf(path, size, "%s", set) : snprintf(path, size, "%s/../shared/testsuite", source);
  return n > 0 && (size_t)n < size && stat(path, &st) == 0;
}

int main(int argc, char **argv) {
  char suite[4096];
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "-v") == 0) {
      verbose = true;
    } else if (strcmp(argv[i], "--find") == 0 && i + 1 < argc) {
      if (!find_suite(argv[++i], suite, sizeof suite)) {
        printf("SKIP: no official scripts; set HEDDLE_TESTSUITE\n");
        return 77;
      }
      check_path(suite);
    } else {
      check_path(argv[i]);
    }
  }
  printf("%u parsed, %u decoded and printed, %u refused (%u with the official words, %u with others), %u "
         "failures\n",
         count.parsed, count.decoded, count.refused, count.same, count.other, count.failures);
  return count.failures != 0 || count.parsed == 0 || count.same < count.other * 19;
}
