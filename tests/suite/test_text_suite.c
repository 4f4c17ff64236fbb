/* The official scripts as text: every module parses, every malformed one is refused, with the official words.
 *
 * argv: folders or files of .wast.  Out: the failures and a count; status 1 when there were any. */
#define _POSIX_C_SOURCE 200809L

#include "text/lex.h"
#include "text/parse.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct { uint32_t parsed, refused, same, other, failures; } count;

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
    if (!ok && !refuse) report(path, line, "refused", &e);
    if (ok && refuse) report(path, line, "not refused", &e);
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
    free((void *)(uintptr_t)src.data);
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
  free((void *)(uintptr_t)src.data);
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
    if (entries[i]->d_name[0] != '.' && snprintf(sub, sizeof sub, "%s/%s", path, entries[i]->d_name) > 0)
      check_path(sub);
    free(entries[i]);
  }
  if (n >= 0) free(entries);
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++)
    if (strcmp(argv[i], "-v") == 0)
      verbose = true;
    else
      check_path(argv[i]);
  printf("%u parsed, %u refused (%u with the official words, %u with others), %u failures\n", count.parsed,
         count.refused, count.same, count.other, count.failures);
  return count.failures != 0;
}
