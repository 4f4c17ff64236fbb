/* See parse.h. */
#include "script/parse.h"

#include "text/number.h"

#include <string.h>

struct slice script_accept_id(struct lexer *lx) {
  if (lx->tok.kind != TOKEN_ID) return (struct slice){0};
  struct slice id = token_text(lx, lx->tok);
  lexer_next(lx);
  return id;
}

bool script_parse_string(struct lexer *lx, struct arena *a, struct slice *out) {
  if (lx->tok.kind != TOKEN_STRING) return lexer_expected(lx, "a string");
  *out = lexer_string_slice(lx, lx->tok, a);
  lexer_next(lx);
  return lexer_ok(lx);
}

/* ---- constants and patterns ---- */

static const struct {
  const char *word;
  valtype type;
} number_forms[] = {
    {"i32.const", VT_I32}, {"i64.const", VT_I64}, {"f32.const", VT_F32}, {"f64.const", VT_F64}};

static bool parse_ref_index(struct lexer *lx, struct pattern *p) {
  p->has_n = lx->tok.kind == TOKEN_NAT;
  if (!p->has_n) return true;
  if (!number_u64(token_text(lx, lx->tok), &p->n))
    return lexer_fail(lx, lx->tok.off, "reference number out of range");
  lexer_next(lx);
  return true;
}

/* (ref.null), (ref.null func), (ref.extern 1), (ref.host 1), (ref.struct) ... behind "ref." */
static bool parse_ref(struct lexer *lx, struct slice word, struct pattern *p) {
  struct slice rest = {word.data + 4, word.len - 4};
  if (slice_eq_cstr(rest, "null")) {
    p->kind = PATTERN_NULL;
    p->heap = HEAP_COUNT;
    if (lx->tok.kind == TOKEN_RPAR) return true;
    if (!text_heap_by_name(token_text(lx, lx->tok), &p->heap)) p->heap = HEAP_COUNT; /* (ref.null $t) */
    lexer_next(lx);
    return true;
  }
  if (slice_eq_cstr(rest, "extern")) return p->kind = PATTERN_EXTERN, parse_ref_index(lx, p);
  if (slice_eq_cstr(rest, "host")) return p->kind = PATTERN_HOST, parse_ref_index(lx, p);
  p->kind = PATTERN_REF;
  if (!text_heap_by_name(rest, &p->heap)) return lexer_expected(lx, "a constant");
  return true;
}

static bool at_pattern(const struct lexer *lx, bool results) {
  if (lx->tok.kind != TOKEN_LPAR || lx->ahead.kind != TOKEN_KEYWORD) return false;
  struct slice word = token_text(lx, lx->ahead);
  for (size_t i = 0; i < COUNT_OF(number_forms); i++)
    if (slice_eq_cstr(word, number_forms[i].word)) return true;
  return slice_eq_cstr(word, "v128.const") || slice_starts(word, "ref.") ||
         (results && slice_eq_cstr(word, "either"));
}

/* One pattern that is no (either ...). */
static bool parse_simple(struct lexer *lx, bool results, struct pattern *p) {
  memset(p, 0, sizeof *p);
  lexer_next(lx);
  struct slice word = token_text(lx, lx->tok);
  lexer_next(lx);
  if (slice_eq_cstr(word, "v128.const")) {
    p->kind = PATTERN_V128;
    p->type = VT_V128;
    return text_parse_v128(lx, results, &p->v128) && lexer_expect_close(lx);
  }
  for (size_t i = 0; i < COUNT_OF(number_forms); i++)
    if (slice_eq_cstr(word, number_forms[i].word)) {
      p->kind = PATTERN_NUM;
      p->type = number_forms[i].type;
      return text_parse_num(lx, p->type, &p->bits, results ? &p->nan : NULL) && lexer_expect_close(lx);
    }
  if (slice_starts(word, "ref.")) return parse_ref(lx, word, p) && lexer_expect_close(lx);
  return lexer_expected(lx, "a constant");
}

static bool parse_either(struct lexer *lx, struct arena *a, struct pattern *p) {
  memset(p, 0, sizeof *p);
  p->kind = PATTERN_EITHER;
  VEC(struct pattern) alts = {0};
  lexer_next(lx);
  lexer_next(lx);
  while (at_pattern(lx, false)) {
    struct pattern alt;
    if (!parse_simple(lx, true, &alt)) return false;
    VEC_PUSH(a, &alts, alt);
  }
  p->alts = alts.at;
  p->nalts = alts.len;
  return lexer_expect_close(lx);
}

bool script_parse_patterns(struct lexer *lx, struct arena *a, bool results, struct patterns *out) {
  VEC(struct pattern) list = {0};
  while (at_pattern(lx, results)) {
    struct pattern p;
    bool either = slice_eq_cstr(token_text(lx, lx->ahead), "either");
    if (!(either ? parse_either(lx, a, &p) : parse_simple(lx, results, &p))) return false;
    VEC_PUSH(a, &list, p);
  }
  *out = (struct patterns){list.at, list.len};
  return lexer_ok(lx);
}

static const char *ref_word(uint32_t heap) { return heap < HEAP_COUNT ? heap_name(heap) : ""; }

void pattern_format(const struct pattern *p, struct buf *out) {
  char text[NUMBER_TEXT_SIZE];
  static const char *const nan_words[] = {"", "nan:canonical", "nan:arithmetic"};
  switch (p->kind) {
  case PATTERN_NUM:
    if (p->nan)
      buf_printf(out, "(%s.const %s)", vt_num_name(p->type), nan_words[p->nan]);
    else if (p->type == VT_I32)
      buf_printf(out, "(i32.const %d)", (int32_t)p->bits);
    else if (p->type == VT_I64)
      buf_printf(out, "(i64.const %lld)", (long long)p->bits);
    else if (p->type == VT_F32)
      buf_printf(out, "(f32.const %s)", number_print_f32((uint32_t)p->bits, text));
    else
      buf_printf(out, "(f64.const %s)", number_print_f64(p->bits, text));
    break;
  case PATTERN_V128:
    buf_cstr(out, "(v128.const i8x16");
    for (unsigned i = 0; i < 16; i++)
      buf_printf(out, " 0x%02x", p->v128.bytes[i]);
    buf_cstr(out, p->v128.nan[0] ? " with NaN patterns)" : ")");
    break;
  case PATTERN_NULL: buf_printf(out, "(ref.null %s)", ref_word(p->heap)); break;
  case PATTERN_EXTERN:
  case PATTERN_HOST:
    buf_cstr(out, p->kind == PATTERN_HOST ? "(ref.host" : "(ref.extern");
    if (p->has_n) buf_printf(out, " %llu", (unsigned long long)p->n);
    buf_cstr(out, ")");
    break;
  case PATTERN_REF: buf_printf(out, "(ref.%s)", ref_word(p->heap)); break;
  case PATTERN_EITHER:
    buf_cstr(out, "(either");
    for (uint32_t i = 0; i < p->nalts; i++) { /* alternatives are never `either` themselves */
      buf_cstr(out, " ");
      assert(p->alts[i].kind != PATTERN_EITHER);
      pattern_format(&p->alts[i], out);
    }
    buf_cstr(out, ")");
    break;
  }
}

/* ---- actions ---- */

bool script_at_action(const struct lexer *lx) {
  return lexer_at_form(lx, "invoke") || lexer_at_form(lx, "get");
}

bool script_parse_action(struct lexer *lx, struct arena *a, struct action *out) {
  memset(out, 0, sizeof *out);
  out->off = lx->tok.off;
  if (lexer_open(lx, "invoke"))
    out->kind = ACTION_INVOKE;
  else if (lexer_open(lx, "get"))
    out->kind = ACTION_GET;
  else
    return lexer_expected(lx, "(invoke ...) or (get ...)");
  out->module = script_accept_id(lx);
  if (!script_parse_string(lx, a, &out->name)) return false;
  if (out->kind == ACTION_INVOKE && !script_parse_patterns(lx, a, false, &out->args)) return false;
  return lexer_expect_close(lx);
}

/* ---- modules ---- */

static bool parse_strings(struct lexer *lx, struct buf *out) {
  while (lx->tok.kind == TOKEN_STRING) {
    lexer_string(lx, lx->tok, out);
    lexer_next(lx);
  }
  return lexer_expect_close(lx);
}

bool script_parse_module(struct lexer *lx, struct script_module *out) {
  memset(out, 0, sizeof *out);
  buf_init(&out->bytes);
  out->off = lx->tok.off;
  struct lexer start = *lx;
  struct token definition = {0};
  lexer_next(lx);
  lexer_next(lx);
  if (lexer_accept(lx, "instance")) {
    out->form = MODULE_INSTANCE;
    out->id = script_accept_id(lx);
    out->of = script_accept_id(lx);
    return lexer_expect_close(lx);
  }
  if (lx->tok.kind == TOKEN_KEYWORD && token_is(lx, lx->tok, "definition")) {
    definition = lx->tok;
    out->definition = true;
    lexer_next(lx);
  }
  out->id = script_accept_id(lx);
  out->form = lexer_accept(lx, "binary")  ? MODULE_BINARY
              : lexer_accept(lx, "quote") ? MODULE_QUOTE
                                          : MODULE_TEXT;
  if (out->form != MODULE_TEXT) return parse_strings(lx, &out->bytes);
  *lx = start;
  if (!lexer_skip_form(lx)) return false;
  uint32_t end = lx->tok.kind == TOKEN_END ? lx->size : lx->tok.off;
  buf_bytes(&out->bytes, lx->src + start.tok.off, end - start.tok.off);
  /* "(module definition $M fields...)" is "(module $M fields...)" with one word too many. */
  if (out->definition && buf_ok(&out->bytes))
    memset(out->bytes.data + (definition.off - start.tok.off), ' ', definition.len);
  return true;
}
