/* Tokens of the text format (spec 6.3): what .wat and .wast files are made of.
 *
 * In: source bytes, hostile.  Out: a stream of tokens with one token of lookahead; comments and annotations
 * that nobody asked for are skipped.  A struct lexer is plain data: copying it saves the position.  After the
 * first error every token is TOKEN_END, so parsing reads like the grammar.  Must not: allocate, recurse, know
 * any grammar. */
#ifndef TEXT_LEX_H
#define TEXT_LEX_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

enum token_kind {
  TOKEN_END, /* of the source, or an error stands */
  TOKEN_LPAR,
  TOKEN_RPAR,
  TOKEN_ANNOT,   /* "(@id", only for annotations in lexer.annots */
  TOKEN_KEYWORD, /* a letter a-z, then id characters: "module", "offset=8", "nan:canonical" */
  TOKEN_ID,      /* $x or $"x" */
  TOKEN_STRING,
  TOKEN_NAT,      /* an integer without sign */
  TOKEN_INT,      /* an integer with sign */
  TOKEN_FLOAT,    /* also inf, nan, nan:0x1 */
  TOKEN_RESERVED, /* anything else that is spelled with token characters: never legal outside annotations */
};

/* Annotations that carry meaning. */
enum annot { ANNOT_NAME, ANNOT_CUSTOM, ANNOT_BRANCH_HINT, ANNOT_COUNT };
#define ANNOTS_NONE 0u
#define ANNOTS_ALL  ((1u << ANNOT_COUNT) - 1)

struct token {
  enum token_kind kind;
  uint8_t annot;     /* TOKEN_ANNOT: enum annot */
  bool escaped;      /* TOKEN_STRING, TOKEN_ID: holds a backslash */
  uint32_t off, len; /* in the source */
};

struct lexer {
  const uint8_t *src;
  uint32_t size;
  uint32_t at;             /* behind `ahead` */
  struct token tok, ahead; /* the current token and the one after it */
  uint32_t
      annots; /* bits 1 << enum annot: those that come out as tokens; others are skipped as white space */
  struct error *error;
  uint32_t form; /* offset + 1 of the "(" that a report of the source's end names; 0 = none */
  uint32_t pos_off, line, column; /* where the last lexer_position stood */
};

/* `src` is borrowed and must outlive the lexer. Reads the first two tokens. */
void lexer_init(struct lexer *lx, struct slice src, uint32_t annots, struct error *e);
void lexer_next(struct lexer *lx);
/* Continues at source offset `off` (between tokens). */
void lexer_seek(struct lexer *lx, uint32_t off);
static inline bool lexer_ok(const struct lexer *lx) { return !error_is_set(lx->error); }

/* The spelling. */
struct slice token_text(const struct lexer *lx, struct token t);
bool token_is(const struct lexer *lx, struct token t, const char *keyword);
/* True at "(" keyword. */
bool lexer_at_form(const struct lexer *lx, const char *keyword);
/* Skips that "(" and the keyword after it and returns true, or returns false. */
bool lexer_open(struct lexer *lx, const char *keyword);
bool lexer_accept(struct lexer *lx, const char *keyword);
/* Reports "unexpected token" or "unknown operator" at the current token; `what` says what was wanted. Returns
 * false. */
bool lexer_expected(struct lexer *lx, const char *what);
bool lexer_expect_close(struct lexer *lx); /* takes ")" */
/* From "(" or an annotation to behind its ")". */
bool lexer_skip_form(struct lexer *lx);

/* Contents of a string, or the characters of an id (behind "$"), with escapes resolved. */
void lexer_string(const struct lexer *lx, struct token t, struct buf *out);
struct slice lexer_string_slice(const struct lexer *lx, struct token t,
                                struct arena *a); /* borrows from source or arena */

/* From 1; columns count characters. Rising offsets cost one pass over the source in all. */
void lexer_position(struct lexer *lx, uint32_t off, uint32_t *line, uint32_t *column);
/* Reports ERROR_MALFORMED at an offset, ends the stream of tokens, returns false. */
bool lexer_fail(struct lexer *lx, uint32_t off, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The same at a token, whose spelling follows the message. */
bool lexer_fail_token(struct lexer *lx, struct token t, const char *message);

/* True for a word that the grammar knows in some place (instructions, types, fields, script commands). */
bool keyword_known(struct slice word);

#endif
