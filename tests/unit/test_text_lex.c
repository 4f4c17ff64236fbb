/* The lexer: token kinds and extents, strings, comments, annotations, positions, and the words of its errors.
 */
#include "text/lex.h"

#include "unit.h"

#include <string.h>

/* The kinds as letters: ( ) @ k i s n - f r, then $ for the end or ! for an error. */
static const char *kinds(const char *text, uint32_t annots, struct error *e) {
  static char out[256];
  static const char letters[] = "$()@kisn-fr";
  struct lexer lx;
  size_t len = 0;
  *e = (struct error)ERROR_INIT;
  for (lexer_init(&lx, slice_cstr(text), annots, e); lx.tok.kind != TOKEN_END && len < 250; lexer_next(&lx))
    out[len++] = letters[lx.tok.kind];
  out[len++] = error_is_set(e) ? '!' : '$';
  out[len] = 0;
  return out;
}

START_TEST(kinds_of_tokens) {
  static const struct {
    const char *text, *kinds;
  } rows[] = {
      {"", "$"},
      {"(module $m \"s\" 1 -1 1.5)", "(kisn-f)$"},
      {"inf nan nan:0x1 nan:canonical nan:1", "fffkk$"},
      {"0$x 0drop \"a\"\"b\" a\"b\" \"a\"b $x\"y\" 1_ _1 +x Ab @a $\"a\"b", "rrrrrrrrrrrr$"},
      {"$\"a b\" $a$b", "ii$"},
      {"a,b ;c [ ]", "rrrr$"},
      {"nop;;c\n nop(;x(;y;);)nop", "kkk$"},
      {"(;;)((;a;))", "()$"},
      {";;c\rnop", "k$"},
      {"offset=8 align=0x10", "kk$"},
      {"(@a b) (@\"b c\" (() \")\" ;; )\n)) ( @c)", "(r)$"},
      {"(@name \"x\")", "$"},
  };
  struct error e;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    ck_assert_msg(strcmp(kinds(rows[i].text, ANNOTS_NONE, &e), rows[i].kinds) == 0, "%s: %s", rows[i].text,
                  kinds(rows[i].text, ANNOTS_NONE, &e));
  ck_assert_str_eq(kinds("(@name \"x\") (@custom) (@other ())", ANNOTS_ALL, &e), "@s)@)$");
}
END_TEST

START_TEST(errors_say_what_and_where) {
  static const struct {
    const char *text, *message;
    uint32_t line, column;
  } rows[] = {
      {"a\n  \"x", "unclosed string", 2, 3},
      {"\"a\nb\"", "unclosed string", 1, 1},
      {"\"\\q\"", "illegal escape", 1, 1},
      {"\"\\u{110000}\"", "illegal escape", 1, 1},
      {"\"\\u{d800}\"", "illegal escape", 1, 1},
      {"\"\\u{1__0}\"", "illegal escape", 1, 1},
      {"\"\\u{}\"", "illegal escape", 1, 1},
      {"\"\\4\"", "illegal escape", 1, 1},
      {"\"\x01\"", "illegal control character", 1, 1},
      {"\"\xff\"", "malformed UTF-8 encoding", 1, 2},
      {";; \xc0\x80", "malformed UTF-8 encoding", 1, 4},
      {"(; \xed\xa0\x80 ;)", "malformed UTF-8 encoding", 1, 4},
      {"\xff", "malformed UTF-8 encoding", 1, 1},
      {"nop \xc3\xa9", "illegal character", 1, 5},
      {"\x7f", "illegal character", 1, 1},
      {"x (; (; ;)", "unclosed comment", 1, 3},
      {"(@a ((b)", "unclosed annotation", 1, 1},
      {"(@ a)", "empty annotation id", 1, 1},
      {"(@\"\")", "empty annotation id", 1, 3},
      {"\xc3\xa9\xc3\xa9", "illegal character", 1, 1},
      {"\"\xc3\xa9\" $ a", "empty identifier", 1, 5},
      {"$\"\"", "empty identifier", 1, 2},
      {"$\"\\ff\"", "malformed UTF-8 encoding", 1, 2},
  };
  struct error e;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const char *got = kinds(rows[i].text, ANNOTS_NONE, &e);
    ck_assert_msg(strchr(got, '!') && strncmp(e.message, rows[i].message, strlen(rows[i].message)) == 0,
                  "%s: %s %s", rows[i].text, got, e.message);
    ck_assert_msg(e.line == rows[i].line && e.column == rows[i].column, "%s: %u:%u", rows[i].text, e.line,
                  e.column);
  }
}
END_TEST

START_TEST(strings_resolve_escapes) {
  static const char text[] = "\"a\\n\\t\\\\\\\"\\'\\00\\fF\\u{20_ac}\\r\" $\"\\41b\" $plain";
  struct error e = ERROR_INIT;
  struct lexer lx;
  struct buf b;
  jmp_buf oom;
  struct arena a;
  arena_init(&a, &oom);
  buf_init(&b);
  lexer_init(&lx, slice_cstr(text), ANNOTS_NONE, &e);
  lexer_string(&lx, lx.tok, &b);
  ck_assert(slice_eq(buf_slice(&b), slice_of("a\n\t\\\"'\0\xff\xe2\x82\xac\r", 12)));
  lexer_next(&lx);
  ck_assert(slice_eq_cstr(lexer_string_slice(&lx, lx.tok, &a), "Ab"));
  lexer_next(&lx);
  ck_assert(slice_eq_cstr(lexer_string_slice(&lx, lx.tok, &a), "plain"));
  buf_free(&b);
  arena_free(&a);
}
END_TEST

START_TEST(forms_and_positions) {
  static const char text[] = "(a (b)\n (@name \"x)\") \"y)\") (c)";
  struct error e = ERROR_INIT;
  struct lexer lx, saved;
  uint32_t line, column;
  lexer_init(&lx, slice_cstr(text), ANNOTS_ALL, &e);
  saved = lx;
  ck_assert(lexer_at_form(&lx, "a") && !lexer_open(&lx, "b"));
  ck_assert(lexer_skip_form(&lx));
  ck_assert(lexer_at_form(&lx, "c"));
  lexer_position(&lx, lx.tok.off, &line, &column);
  ck_assert(line == 2 && column == 21);
  lexer_position(&lx, 1, &line, &column); /* backwards */
  ck_assert(line == 1 && column == 2);
  lx = saved;
  ck_assert(lexer_open(&lx, "a") && lexer_open(&lx, "b") && lexer_expect_close(&lx));
  ck_assert(lx.tok.kind == TOKEN_ANNOT && lx.tok.annot == ANNOT_NAME);
  ck_assert(!lexer_expected(&lx, "x"));
  ck_assert_str_eq(e.message, "misplaced @name annotation");
  ck_assert(lx.tok.kind == TOKEN_END);
}
END_TEST

START_TEST(nesting_takes_no_stack) {
  enum { DEPTH = 1000000 };
  static char text[2 * DEPTH + 3];
  struct error e = ERROR_INIT;
  struct lexer lx;
  memset(text, '(', DEPTH);
  memset(text + DEPTH, ')', DEPTH);
  lexer_init(&lx, slice_of(text, 2 * DEPTH), ANNOTS_NONE, &e);
  ck_assert(lexer_skip_form(&lx) && lx.tok.kind == TOKEN_END);
  for (uint32_t i = 0; i < DEPTH; i++)
    memcpy(text + 2 * i, "(;", 2);
  lexer_init(&lx, slice_of(text, 2 * DEPTH), ANNOTS_NONE, &e);
  ck_assert_str_eq(e.message, "unclosed comment");
}
END_TEST

int main(void) {
  return UNIT_RUN("text/lex", kinds_of_tokens, errors_say_what_and_where, strings_resolve_escapes,
                  forms_and_positions, nesting_takes_no_stack);
}
