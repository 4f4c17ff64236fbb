/* See lex.h.  One scanner finds the extent of a token, number.h classifies numbers; annotations are skipped
 * by counting parentheses.  Positions are found only when somebody asks. */
#include "text/lex.h"

#include "text/number.h"
#include "wasm/op.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { CHAR_ID = 1, CHAR_PUNCT = 2, CHAR_SPACE = 4 };

/* Id characters (spec 6.3.5) are the printable ASCII ones without space " , ; ( ) [ ] { }; the table's tail
 * is 0. */
#define S CHAR_SPACE
#define P CHAR_PUNCT
#define I CHAR_ID
// clang-format off
static const uint8_t char_class[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, S, S, 0, 0, S, 0, 0, /* 0x00 */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 0x10 */
    S, I, 0, I, I, I, I, I, 0, 0, I, I, P, I, I, I, /* 0x20 */
    I, I, I, I, I, I, I, I, I, I, I, P, I, I, I, I, /* 0x30 */
    I, I, I, I, I, I, I, I, I, I, I, I, I, I, I, I, /* 0x40 */
    I, I, I, I, I, I, I, I, I, I, I, P, I, P, I, I, /* 0x50 */
    I, I, I, I, I, I, I, I, I, I, I, I, I, I, I, I, /* 0x60 */
    I, I, I, I, I, I, I, I, I, I, I, P, I, P, I, 0, /* 0x70 */
};
// clang-format on
#undef S
#undef P
#undef I

static bool is_id_char(uint8_t c) { return char_class[c] == CHAR_ID; }
static int hex_digit(uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* Length of the well-formed UTF-8 sequence at `at`, or 0. */
static uint32_t utf8_length(const struct lexer *lx, uint32_t at) {
  uint8_t c = lx->src[at];
  uint32_t len = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
  if (len == 0 || len > lx->size - at || !utf8_valid(slice_of(lx->src + at, len))) return 0;
  return len;
}

static const char *const utf8_message = "malformed UTF-8 encoding";

/* ---- white space ---- */

static bool skip_line_comment(struct lexer *lx) {
  while (lx->at < lx->size) {
    uint8_t c = lx->src[lx->at];
    if (c == '\n' || c == '\r') return true;
    uint32_t len = c < 0x80 ? 1 : utf8_length(lx, lx->at);
    if (len == 0) return lexer_fail(lx, lx->at, "%s", utf8_message);
    lx->at += len;
  }
  return true;
}

/* At "(;". Comments nest. */
static bool skip_block_comment(struct lexer *lx) {
  uint32_t start = lx->at, depth = 1;
  lx->at += 2;
  while (lx->at < lx->size) {
    uint8_t c = lx->src[lx->at], next = lx->at + 1 < lx->size ? lx->src[lx->at + 1] : 0;
    if (c == ';' && next == ')') {
      lx->at += 2;
      if (--depth == 0) return true;
    } else if (c == '(' && next == ';') {
      lx->at += 2;
      depth++;
    } else {
      uint32_t len = c < 0x80 ? 1 : utf8_length(lx, lx->at);
      if (len == 0) return lexer_fail(lx, lx->at, "%s", utf8_message);
      lx->at += len;
    }
  }
  return lexer_fail(lx, start, "unclosed comment");
}

/* Comments and blanks; annotations are not looked at. */
static bool skip_blanks(struct lexer *lx) {
  while (lx->at < lx->size) {
    uint8_t c = lx->src[lx->at];
    if (char_class[c] == CHAR_SPACE) {
      lx->at++;
    } else if (c == ';' && lx->at + 1 < lx->size && lx->src[lx->at + 1] == ';') {
      if (!skip_line_comment(lx)) return false;
    } else if (c == '(' && lx->at + 1 < lx->size && lx->src[lx->at + 1] == ';') {
      if (!skip_block_comment(lx)) return false;
    } else {
      return true;
    }
  }
  return true;
}

/* ---- strings ---- */

/* At the backslash; moves behind the escape. NULL or what is wrong. */
static const char *scan_escape(struct lexer *lx) {
  uint32_t left = lx->size - lx->at;
  const uint8_t *s = lx->src + lx->at;
  if (left < 2) return "unclosed string";
  switch (s[1]) {
  case 't':
  case 'n':
  case 'r':
  case '"':
  case '\'':
  case '\\': lx->at += 2; return NULL;
  case 'u': {
    uint32_t i = 3, cp = 0;
    bool digit = false; /* the last character was one: underscores stand between digits */
    if (left < 3 || s[2] != '{') return "illegal escape";
    for (; i < left && s[i] != '}'; i++) {
      int d = hex_digit(s[i]);
      if (d < 0 && !(s[i] == '_' && digit)) return "illegal escape";
      digit = d >= 0;
      if (digit && (cp = cp * 16 + (uint32_t)d) >= 0x110000) return "illegal escape: beyond Unicode";
    }
    if (i == left || !digit) return "illegal escape";
    if (cp >= 0xd800 && cp < 0xe000) return "illegal escape: a surrogate";
    lx->at += i + 1;
    return NULL;
  }
  default:
    if (left < 3 || hex_digit(s[1]) < 0 || hex_digit(s[2]) < 0) return "illegal escape";
    lx->at += 3;
    return NULL;
  }
}

/* At the opening quote; moves behind the closing one. NULL or what is wrong (at lx->at). */
static const char *scan_string(struct lexer *lx, bool *escaped) {
  lx->at++;
  while (lx->at < lx->size) {
    uint8_t c = lx->src[lx->at];
    if (c == '"') {
      lx->at++;
      return NULL;
    }
    if (c == '\\') {
      const char *wrong = scan_escape(lx);
      if (wrong) return wrong;
      *escaped = true;
    } else if (c >= 0x20 && c < 0x7f) {
      lx->at++;
    } else if (c < 0x80) {
      return c == '\n' || c == '\r' ? "unclosed string" : "illegal control character";
    } else {
      uint32_t len = utf8_length(lx, lx->at);
      if (len == 0) return utf8_message;
      lx->at += len;
    }
  }
  return "unclosed string";
}

/* Writes the characters between the quotes; escapes were checked by scan_string. */
static void unescape(const uint8_t *s, const uint8_t *end, struct buf *out) {
  while (s < end) {
    const uint8_t *run = memchr(s, '\\', (size_t)(end - s));
    if (!run) run = end;
    buf_bytes(out, s, (size_t)(run - s));
    if (run == end) return;
    s = run + 2;
    switch (run[1]) {
    case 't': buf_u8(out, '\t'); break;
    case 'n': buf_u8(out, '\n'); break;
    case 'r': buf_u8(out, '\r'); break;
    case '"':
    case '\'':
    case '\\': buf_u8(out, run[1]); break;
    case 'u': {
      uint32_t cp = 0;
      uint8_t utf8[4];
      for (s = run + 3; *s != '}'; s++)
        if (*s != '_') cp = cp * 16 + (uint32_t)hex_digit(*s);
      s++;
      buf_bytes(out, utf8, utf8_put(cp, utf8));
      break;
    }
    default: buf_u8(out, (uint8_t)(hex_digit(run[1]) * 16 + hex_digit(run[2]))); s = run + 3;
    }
  }
}

static struct slice string_inside(const struct lexer *lx, struct token t) {
  struct slice s = slice_of(lx->src + t.off, t.len);
  uint32_t before = t.kind == TOKEN_ID ? 1 : 0;
  if (s.len > before && s.data[before] == '"') return slice_of(s.data + before + 1, s.len - before - 2);
  return slice_of(s.data + before, s.len - before);
}

void lexer_string(const struct lexer *lx, struct token t, struct buf *out) {
  struct slice s = string_inside(lx, t);
  if (t.escaped)
    unescape(s.data, s.data + s.len, out);
  else
    buf_bytes(out, s.data, s.len);
}

struct slice lexer_string_slice(const struct lexer *lx, struct token t, struct arena *a) {
  struct slice s = string_inside(lx, t);
  if (!t.escaped) return s;
  struct buf b;
  buf_init(&b);
  unescape(s.data, s.data + s.len, &b);
  if (!buf_ok(&b) || !arena_try_reserve(a, b.len)) {
    buf_free(&b);
    arena_out_of_memory(a);
  }
  struct slice copy = arena_slice(a, buf_slice(&b));
  buf_free(&b);
  return copy;
}

/* ---- annotations ---- */

/* The characters of an annotation's or identifier's quoted name are well-formed UTF-8 and not empty. */
static bool check_quoted_name(struct lexer *lx, uint32_t off, const char *empty) {
  struct slice s = slice_of(lx->src + off + 1, lx->at - off - 2);
  struct buf b;
  bool ok = true;
  if (s.len == 0) return lexer_fail(lx, off, "%s", empty);
  buf_init(&b);
  unescape(s.data, s.data + s.len, &b);
  if (buf_ok(&b) && !utf8_valid(buf_slice(&b))) ok = lexer_fail(lx, off, "%s", utf8_message);
  buf_free(&b);
  return ok;
}

/* At "(@". Gives the extent of the id, and moves behind it. */
static bool scan_annot_id(struct lexer *lx, struct slice *id) {
  static const char empty[] = "empty annotation id";
  uint32_t start = lx->at;
  lx->at += 2;
  uint32_t name = lx->at;
  if (lx->at < lx->size && lx->src[lx->at] == '"') {
    bool escaped = false;
    const char *wrong = scan_string(lx, &escaped);
    if (wrong) return lexer_fail(lx, start, "%s", wrong == utf8_message ? wrong : empty);
    *id = slice_of(lx->src + name + 1, lx->at - name - 2);
    return check_quoted_name(lx, name, empty);
  }
  while (lx->at < lx->size && is_id_char(lx->src[lx->at]))
    lx->at++;
  *id = slice_of(lx->src + name, lx->at - name);
  if (id->len == 0) return lexer_fail(lx, start, "%s", empty);
  return true;
}

static bool scan_word(struct lexer *lx, struct token *t);

/* Behind the id: to behind the closing parenthesis. */
static bool skip_annot(struct lexer *lx, uint32_t start) {
  uint32_t depth = 1;
  for (;;) {
    struct token t = {0};
    if (!skip_blanks(lx)) return false;
    if (lx->at == lx->size) return lexer_fail(lx, start, "unclosed annotation");
    uint8_t c = lx->src[lx->at];
    if (c == '(') {
      lx->at++;
      depth++;
    } else if (c == ')') {
      lx->at++;
      if (--depth == 0) return true;
    } else if (!scan_word(lx, &t)) {
      return false;
    }
  }
}

/* ---- tokens ---- */

static enum token_kind classify(struct slice s, uint32_t strings, bool punct) {
  uint8_t c = s.data[0];
  if (punct) return TOKEN_RESERVED;
  if (strings > 0) {
    if (strings > 1) return TOKEN_RESERVED;
    if (c == '"') return TOKEN_STRING;
    return c == '$' && s.data[1] == '"' ? TOKEN_ID : TOKEN_RESERVED;
  }
  if (c == '$') return TOKEN_ID;
  bool letter = c >= 'a' && c <= 'z';
  if (!letter || c == 'i' || c == 'n') {
    switch (number_classify(s)) {
    case NUMBER_NAT: return TOKEN_NAT;
    case NUMBER_INT: return TOKEN_INT;
    case NUMBER_FLOAT: return TOKEN_FLOAT;
    case NUMBER_NOT: break;
    }
  }
  return letter ? TOKEN_KEYWORD : TOKEN_RESERVED;
}

/* The longest run of token characters and strings; `lx->at` is at no blank, parenthesis or end. */
static bool scan_word(struct lexer *lx, struct token *t) {
  uint32_t start = lx->at, strings = 0, last_quote = 0;
  bool punct = false, tail = false; /* something follows a string */
  t->escaped = false;
  while (lx->at < lx->size) {
    uint8_t c = lx->src[lx->at];
    if (is_id_char(c)) {
      lx->at++;
      tail = strings > 0;
    } else if (c == '"') {
      bool id = lx->at == start + 1 && lx->src[start] == '$';
      last_quote = lx->at;
      const char *wrong = scan_string(lx, &t->escaped);
      if (wrong && id && wrong != utf8_message) return lexer_fail(lx, start, "empty identifier");
      if (wrong) return lexer_fail(lx, wrong == utf8_message ? lx->at : last_quote, "%s", wrong);
      if (id && !check_quoted_name(lx, last_quote, "empty identifier")) return false;
      strings++;
    } else if (char_class[c] == CHAR_PUNCT) {
      if (c == ';' && lx->at + 1 < lx->size && lx->src[lx->at + 1] == ';') break;
      lx->at++;
      punct = true;
    } else {
      break;
    }
  }
  if (lx->at == start) {
    uint8_t c = lx->src[start];
    if (c >= 0x80 && utf8_length(lx, start) == 0) return lexer_fail(lx, start, "%s", utf8_message);
    return lexer_fail(lx, start, "illegal character");
  }
  t->off = start;
  t->len = lx->at - start;
  t->kind = classify(slice_of(lx->src + start, t->len), strings + (strings && tail), punct);
  if (t->kind == TOKEN_ID && t->len == 1) return lexer_fail(lx, start, "empty identifier");
  return true;
}

static bool annot_by_id(struct slice id, enum annot *annot) {
  static const char *const ids[ANNOT_COUNT] = {"name", "custom", "metadata.code.branch_hint"};
  for (uint32_t i = 0; i < ANNOT_COUNT; i++)
    if (slice_eq_cstr(id, ids[i])) {
      *annot = (enum annot)i;
      return true;
    }
  return false;
}

static struct token scan_token(struct lexer *lx) {
  struct token end = {.kind = TOKEN_END, .off = lx->size}, t = end;
  while (lexer_ok(lx)) {
    if (!skip_blanks(lx)) return end;
    t.off = lx->at;
    if (lx->at == lx->size) return end;
    uint8_t c = lx->src[lx->at];
    if (c == ')' || c == '(') {
      if (c == '(' && lx->at + 1 < lx->size && lx->src[lx->at + 1] == '@') {
        struct slice id;
        enum annot annot;
        if (!scan_annot_id(lx, &id)) return end;
        if (annot_by_id(id, &annot) && (lx->annots >> annot & 1)) {
          t.kind = TOKEN_ANNOT;
          t.annot = (uint8_t)annot;
          t.len = lx->at - t.off;
          return t;
        }
        if (!skip_annot(lx, t.off)) return end;
        continue;
      }
      lx->at++;
      t.kind = c == '(' ? TOKEN_LPAR : TOKEN_RPAR;
      t.len = 1;
      return t;
    }
    return scan_word(lx, &t) ? t : end;
  }
  return end;
}

void lexer_init(struct lexer *lx, struct slice src, uint32_t annots, struct error *e) {
  *lx = (struct lexer){.src = src.data, .annots = annots, .error = e, .line = 1, .column = 1};
  if (src.len >= UINT32_MAX) {
    error_set(e, ERROR_LIMIT, "the source is longer than 4 GiB");
    lx->src = NULL;
  } else {
    lx->size = (uint32_t)src.len;
  }
  lexer_seek(lx, 0);
}

void lexer_seek(struct lexer *lx, uint32_t off) {
  lx->at = off;
  lx->tok = scan_token(lx);
  lx->ahead = scan_token(lx);
}

void lexer_next(struct lexer *lx) {
  lx->tok = lx->ahead;
  if (lx->tok.kind != TOKEN_END) lx->ahead = scan_token(lx);
}

struct slice token_text(const struct lexer *lx, struct token t) {
  return slice_of(lx->src + t.off, t.len);
}

bool token_is(const struct lexer *lx, struct token t, const char *keyword) {
  return t.kind == TOKEN_KEYWORD && slice_eq_cstr(token_text(lx, t), keyword);
}

bool lexer_at_form(const struct lexer *lx, const char *keyword) {
  return lx->tok.kind == TOKEN_LPAR && token_is(lx, lx->ahead, keyword);
}

bool lexer_open(struct lexer *lx, const char *keyword) {
  if (!lexer_at_form(lx, keyword)) return false;
  lexer_next(lx);
  lexer_next(lx);
  return true;
}

bool lexer_accept(struct lexer *lx, const char *keyword) {
  if (!token_is(lx, lx->tok, keyword)) return false;
  lexer_next(lx);
  return true;
}

bool lexer_expect_close(struct lexer *lx) {
  if (lx->tok.kind != TOKEN_RPAR) return lexer_expected(lx, "\")\"");
  lexer_next(lx);
  return true;
}

bool lexer_skip_form(struct lexer *lx) {
  uint32_t start = lx->tok.off, depth = 0;
  do {
    switch (lx->tok.kind) {
    case TOKEN_LPAR:
    case TOKEN_ANNOT: depth++; break;
    case TOKEN_RPAR: depth--; break;
    case TOKEN_END: return lexer_fail(lx, start, "unexpected token: unclosed \"(\"");
    default: break;
    }
    lexer_next(lx);
  } while (depth > 0);
  return lexer_ok(lx);
}

/* ---- errors ---- */

void lexer_position(struct lexer *lx, uint32_t off, uint32_t *line, uint32_t *column) {
  if (off > lx->size) off = lx->size;
  if (off < lx->pos_off) {
    lx->pos_off = 0;
    lx->line = lx->column = 1;
  }
  for (; lx->pos_off < off; lx->pos_off++) {
    uint8_t c = lx->src[lx->pos_off];
    if (c == '\n') {
      lx->line++;
      lx->column = 1;
    } else if ((c & 0xc0) != 0x80) {
      lx->column++;
    }
  }
  *line = lx->line;
  *column = lx->column;
}

bool lexer_fail(struct lexer *lx, uint32_t off, const char *fmt, ...) {
  char message[sizeof(((struct error *)0)->message)];
  va_list args;
  if (lexer_ok(lx)) {
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    uint32_t line = 0, column = 0;
    lexer_position(lx, off, &line, &column);
    error_line(lx->error, ERROR_MALFORMED, line, column, "%s", message);
  }
  lx->at = lx->size;
  lx->tok = lx->ahead = (struct token){.kind = TOKEN_END, .off = lx->size};
  return false;
}

/* Words of the grammar that are no instructions. */
// clang-format off
static const char *const keywords[] = {
    "acq_rel", "after", "any", "anyref", "array", "arrayref", "assert_exception", "assert_exhaustion",
    "assert_invalid", "assert_invalid_custom", "assert_malformed", "assert_malformed_custom",
    "assert_return", "assert_suspension", "assert_trap", "assert_uninstantiable", "assert_unlinkable",
    "before", "binary", "catch_all_ref", "catch_ref", "code", "cont", "contref", "data", "datacount",
    "declare", "definition", "delegate", "descriptor", "describes", "do", "either", "elem", "eq", "eqref",
    "exact", "exn", "exnref", "export", "extern", "externref", "f32", "f32x4", "f64", "f64x2", "field",
    "final", "first", "func", "funcref", "get", "global", "host", "i16", "i16x8", "i31", "i31ref", "i32",
    "i32x4", "i64", "i64x2", "i8", "i8x16", "import", "instance", "invoke", "item", "last", "local",
    "memory", "module", "mut", "nan:arithmetic", "nan:canonical", "nocont", "nocontref", "noexn",
    "nullexnref", "noextern", "nullexternref", "nofunc", "nullfuncref", "none", "nullref", "nullcontref",
    "null", "offset", "on", "pagesize", "param", "quote", "rec", "ref", "ref.any", "ref.array",
    "ref.cont", "ref.eq", "ref.exn", "ref.extern", "ref.host", "ref.struct", "register", "result",
    "script", "seq_cst", "shared", "start", "struct", "structref", "sub", "switch", "table", "tag",
    "then", "thread", "type", "v128", "wait",
};
// clang-format on

bool keyword_known(struct slice word) {
  if (op_by_text(word) != OP_INVALID) return true;
  if (slice_starts(word, "offset=") || slice_starts(word, "align="))
    return number_classify(slice_of(word.data + (word.data[0] == 'o' ? 7 : 6),
                                    word.len - (word.data[0] == 'o' ? 7 : 6))) == NUMBER_NAT;
  for (size_t i = 0; i < COUNT_OF(keywords); i++)
    if (slice_eq_cstr(word, keywords[i])) return true;
  return false;
}

static const char *annot_name(struct token t) {
  static const char *const names[ANNOT_COUNT] = {"@name", "@custom", "@metadata.code.branch_hint"};
  return names[t.annot];
}

/* The spelling for a message: at most 60 bytes, whole characters, with what marks the cut. */
struct excerpt {
  int len;
  const char *text, *more;
};
static struct excerpt excerpt_of(const struct lexer *lx, struct token t) {
  enum { MOST = 60 };
  struct slice s = token_text(lx, t);
  struct excerpt x = {
      .text = (const char *)s.data, .len = (int)min_u64(s.len, MOST), .more = s.len > MOST ? "..." : ""};
  while (x.len > 0 && (size_t)x.len < s.len && (s.data[x.len] & 0xc0) == 0x80)
    x.len--;
  return x;
}

bool lexer_fail_token(struct lexer *lx, struct token t, const char *message) {
  struct excerpt x = excerpt_of(lx, t);
  return lexer_fail(lx, t.off, "%s %.*s%s", message, x.len, x.text, x.more);
}

static bool token_known(const struct lexer *lx, struct token t) {
  return t.kind != TOKEN_RESERVED && (t.kind != TOKEN_KEYWORD || keyword_known(token_text(lx, t)));
}

static bool fail_at_end(struct lexer *lx, const char *what) {
  uint32_t off = lx->tok.off, line, column;
  if (lx->form == 0) return lexer_fail(lx, off, "unexpected token: end of the source, expected %s", what);
  lexer_position(lx, lx->form - 1, &line, &column);
  return lexer_fail(lx, off,
                    "unexpected token: end of the source, expected %s; the form at %u:%u is not closed", what,
                    line, column);
}

bool lexer_expected(struct lexer *lx, const char *what) {
  struct token t = lx->tok;
  if (t.kind == TOKEN_END) return fail_at_end(lx, what);
  if (t.kind == TOKEN_ANNOT) return lexer_fail(lx, t.off, "misplaced %s annotation", annot_name(t));
  if (t.kind == TOKEN_LPAR && !token_known(lx, lx->ahead)) t = lx->ahead;
  bool known = token_known(lx, t);
  if (t.kind == TOKEN_LPAR && lx->ahead.kind == TOKEN_KEYWORD && lx->ahead.off == t.off + 1)
    t.len += lx->ahead.len;
  struct excerpt x = excerpt_of(lx, t);
  return lexer_fail(lx, t.off, "%s %.*s%s, expected %s", known ? "unexpected token" : "unknown operator",
                    x.len, x.text, x.more, what);
}
