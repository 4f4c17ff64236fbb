/* Text to bytes: modules in the text format (spec 6) become binary modules.
 *
 * In: source text, hostile.  Out: a binary module for binary/decode.c; ids become the name section.  Nothing
 * is validated here beyond what the text format itself says (ids, literals, inline types).  Work and memory
 * are linear in the source; nesting is bounded.  Must not: make a struct module, recurse. */
#ifndef TEXT_PARSE_H
#define TEXT_PARSE_H

#include "base/buf.h"
#include "text/lex.h"
#include "wasm/op.h"
#include "wasm/type.h"

/* Open parentheses of folded instructions. */
#define TEXT_MAX_NESTING 10000

/* A whole source: `(module ...)`, or a bare list of module fields. Appends the binary module to `out` (left
 * unchanged on an error). */
MUST_USE bool text_parse_module(struct slice text, struct features f, struct buf *out, struct error *e);
/* The same at the lexer's "(" of "(module ...)"; leaves the lexer behind the closing ")".  The lexer's error
 * is used. */
MUST_USE bool text_parse_module_at(struct lexer *lx, struct features f, struct buf *out);
/* True when the form at the lexer's "(" is a module field and no script command. */
bool text_at_module_field(const struct lexer *lx);

/* Literals, for scripts. */
enum nan_pattern { NAN_NONE, NAN_CANONICAL, NAN_ARITHMETIC };
/* One literal token of type i8, i16, i32, i64, f32 or f64. `nan` NULL: no nan:canonical or nan:arithmetic. */
MUST_USE bool text_parse_num(struct lexer *lx, valtype type, uint64_t *bits, enum nan_pattern *nan);
struct text_v128 {
  valtype lane; /* VT_I8 .. VT_F64 */
  uint32_t nlanes;
  uint8_t bytes[16];
  enum nan_pattern nan[4]; /* of float lanes */
};
/* Shape and literals, behind the keyword v128.const. */
MUST_USE bool text_parse_v128(struct lexer *lx, bool patterns, struct text_v128 *v);
/* "func", "extern", "any", ... to enum heap; false (and no error) for other words. */
MUST_USE bool text_heap_by_name(struct slice word, uint32_t *heap);

/* "file:line:column: message", the source line and a caret below. For errors with ERROR_POS_LINE;
 * others give one line. Appends to `out`. */
void text_format_error(const struct error *e, const char *file, struct slice source, struct buf *out);

#endif
