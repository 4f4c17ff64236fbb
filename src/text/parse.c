/* The parser's entry points, and the words that all its parts share: indices, ids, strings, literals.
 *
 * In: source text.  Out: a binary module, written section by section from what the second pass collected. The
 * one place that owns the parser's memory: two arenas and a row of buffers. */
#include "text/parser.h"

#include "text/number.h"

#include <stdio.h>
#include <string.h>

/* ---- words ---- */

bool parse_u32(struct parser *p, uint32_t *out, const char *what) {
  struct lexer *lx = &p->lx;
  if (lx->tok.kind != TOKEN_NAT) return lexer_expected(lx, what);
  if (!number_u32(token_text(lx, lx->tok), out))
    return lexer_fail(lx, lx->tok.off, "i32 constant out of range");
  lexer_next(lx);
  return true;
}

bool parse_u64(struct parser *p, uint64_t *out, const char *what) {
  struct lexer *lx = &p->lx;
  if (lx->tok.kind != TOKEN_NAT) return lexer_expected(lx, what);
  if (!number_u64(token_text(lx, lx->tok), out))
    return lexer_fail(lx, lx->tok.off, "i64 constant out of range");
  lexer_next(lx);
  return true;
}

bool parser_at_index(const struct parser *p) {
  return p->lx.tok.kind == TOKEN_NAT || p->lx.tok.kind == TOKEN_ID;
}

bool parser_at_name(const struct parser *p) {
  return p->lx.tok.kind == TOKEN_ID || (p->lx.tok.kind == TOKEN_ANNOT && p->lx.tok.annot == ANNOT_NAME);
}

struct slice parse_opt_id(struct parser *p) {
  struct slice id = {0};
  if (p->lx.tok.kind != TOKEN_ID) return id;
  id = lexer_string_slice(&p->lx, p->lx.tok, p->arena);
  lexer_next(&p->lx);
  return id;
}

bool parse_ids_index(struct parser *p, const struct ids *ids, uint32_t *index) {
  struct lexer *lx = &p->lx;
  if (lx->tok.kind == TOKEN_NAT) return parse_u32(p, index, "an index");
  const char *noun = strcmp(ids->noun, "func") == 0 ? "function" : ids->noun;
  if (lx->tok.kind != TOKEN_ID) {
    char what[40];
    snprintf(what, sizeof what, "the index of a %s", noun);
    return lexer_expected(lx, what);
  }
  struct slice name = lexer_string_slice(lx, lx->tok, p->arena);
  if (!ids_find(ids, name, index)) {
    char what[40];
    snprintf(what, sizeof what, "unknown %s", noun);
    return lexer_fail_token(lx, lx->tok, what);
  }
  lexer_next(lx);
  return true;
}

bool parse_index(struct parser *p, enum space space, uint32_t *index) {
  return parse_ids_index(p, &p->space[space], index);
}

bool parse_name(struct parser *p, struct slice *name) {
  struct lexer *lx = &p->lx;
  if (lx->tok.kind != TOKEN_STRING) return lexer_expected(lx, "a string");
  *name = lexer_string_slice(lx, lx->tok, p->arena);
  if (!utf8_valid(*name)) return lexer_fail(lx, lx->tok.off, "malformed UTF-8 encoding");
  lexer_next(lx);
  return true;
}

bool parse_bytes(struct parser *p, struct buf *out) {
  for (; p->lx.tok.kind == TOKEN_STRING; lexer_next(&p->lx))
    lexer_string(&p->lx, p->lx.tok, out);
  return lexer_ok(&p->lx);
}

bool parse_opt_name_annot(struct parser *p, struct slice *name) {
  struct lexer *lx = &p->lx;
  if (lx->tok.kind != TOKEN_ANNOT || lx->tok.annot != ANNOT_NAME) return true;
  lexer_next(lx);
  if (lx->tok.kind != TOKEN_STRING) return lexer_fail(lx, lx->tok.off, "@name annotation: missing name");
  if (!parse_name(p, name)) return false;
  if (lx->tok.kind != TOKEN_RPAR) return lexer_fail(lx, lx->tok.off, "@name annotation: unexpected token");
  lexer_next(lx);
  return true;
}

void items_name(struct parser *p, enum item_kind kind, uint32_t index, struct slice name) {
  if (name.len == 0) return;
  buf_uleb(&p->items[kind].bytes, index);
  buf_name(&p->items[kind].bytes, name);
  p->items[kind].len++;
}

void scratch_reset(struct parser *p, struct buf *b) {
  if (!buf_ok(b)) p->out_of_memory = true;
  buf_reset(b);
}

struct slice parser_copy(struct parser *p, struct slice s) {
  return arena_slice(p->arena, s);
}

/* ---- literals ---- */

static bool parse_nan_pattern(struct lexer *lx, enum nan_pattern *nan) {
  *nan = NAN_NONE;
  if (lexer_accept(lx, "nan:canonical"))
    *nan = NAN_CANONICAL;
  else if (lexer_accept(lx, "nan:arithmetic"))
    *nan = NAN_ARITHMETIC;
  return *nan != NAN_NONE;
}

bool text_parse_num(struct lexer *lx, valtype type, uint64_t *bits, enum nan_pattern *nan) {
  bool is_float = type == VT_F32 || type == VT_F64, ok = false;
  struct slice s = token_text(lx, lx->tok);
  *bits = 0;
  if (nan) *nan = NAN_NONE;
  if (nan && is_float && parse_nan_pattern(lx, nan)) return true;
  if (lx->tok.kind < TOKEN_NAT || lx->tok.kind > TOKEN_FLOAT) return lexer_expected(lx, "a number");
  switch (type) {
  case VT_I8: ok = number_int(s, 8, bits); break;
  case VT_I16: ok = number_int(s, 16, bits); break;
  case VT_I32: ok = number_int(s, 32, bits); break;
  case VT_I64: ok = number_int(s, 64, bits); break;
  case VT_F32: {
    uint32_t f;
    ok = number_f32(s, &f);
    if (ok) *bits = f;
    break;
  }
  case VT_F64: ok = number_f64(s, bits); break;
  default: unreachable();
  }
  if (!ok)
    return lexer_fail(lx, lx->tok.off, "constant out of range: %.*s%s is no %s", (int)min_u64(s.len, 60),
                      (const char *)s.data, s.len > 60 ? "..." : "", vt_num_name(type));
  lexer_next(lx);
  return true;
}

/* A number, or where patterns are wanted nan:canonical and nan:arithmetic. */
static bool at_literal(const struct lexer *lx, bool patterns) {
  if (lx->tok.kind >= TOKEN_NAT && lx->tok.kind <= TOKEN_FLOAT) return true;
  return patterns && (token_is(lx, lx->tok, "nan:canonical") || token_is(lx, lx->tok, "nan:arithmetic"));
}

bool text_parse_v128(struct lexer *lx, bool patterns, struct text_v128 *v) {
  static const struct {
    const char *word;
    valtype lane;
    uint32_t nlanes;
  } shapes[] = {
      {"i8x16", VT_I8, 16}, {"i16x8", VT_I16, 8}, {"i32x4", VT_I32, 4},
      {"i64x2", VT_I64, 2}, {"f32x4", VT_F32, 4}, {"f64x2", VT_F64, 2},
  };
  uint32_t shape = 0, off = lx->tok.off, len = 0;
  *v = (struct text_v128){0};
  while (shape < COUNT_OF(shapes) && !lexer_accept(lx, shapes[shape].word))
    shape++;
  if (shape == COUNT_OF(shapes)) return lexer_expected(lx, "a vector shape");
  v->lane = shapes[shape].lane;
  v->nlanes = shapes[shape].nlanes;
  patterns = patterns && v->lane >= VT_F32 && v->lane <= VT_F64;
  struct lexer ahead = *lx; /* the count is judged before the values */
  for (; at_literal(&ahead, patterns); len++)
    lexer_next(&ahead);
  if (!lexer_ok(lx)) return false;
  if (len != v->nlanes) {
    struct token t = ahead.tok;
    bool known = t.kind != TOKEN_RESERVED && (t.kind != TOKEN_KEYWORD || keyword_known(token_text(lx, t)));
    if (!known) return lexer_expected(&ahead, "a number");
    return lexer_fail(lx, off, "wrong number of lane literals: %s takes %u, found %u", shapes[shape].word,
                      v->nlanes, len);
  }
  for (uint32_t lane = 0, size = 16 / v->nlanes; lane < v->nlanes; lane++) {
    uint64_t bits;
    if (!text_parse_num(lx, v->lane, &bits, patterns ? &v->nan[lane] : NULL)) return false;
    for (uint32_t i = 0; i < size; i++)
      v->bytes[lane * size + i] = (uint8_t)(bits >> (8 * i));
  }
  return true;
}

/* ---- entry points ---- */

static void each_buf(struct parser *p, void (*f)(struct buf *)) {
  struct buf *bufs[] = {&p->local_names.bytes,
                        &p->label_names.bytes,
                        &p->hints.bytes,
                        &p->body,
                        &p->pending,
                        &p->list,
                        &p->sig,
                        &p->temp};
  for (size_t i = 0; i < ITEMS_COUNT; i++)
    f(&p->items[i].bytes);
  for (size_t i = 0; i < COUNT_OF(bufs); i++)
    f(bufs[i]);
}

static bool bufs_ok(struct parser *p) {
  struct buf *bufs[] = {&p->local_names.bytes,
                        &p->label_names.bytes,
                        &p->hints.bytes,
                        &p->body,
                        &p->pending,
                        &p->list,
                        &p->sig,
                        &p->temp};
  bool ok = !p->out_of_memory;
  for (size_t i = 0; i < ITEMS_COUNT; i++)
    ok = ok && buf_ok(&p->items[i].bytes);
  for (size_t i = 0; i < COUNT_OF(bufs); i++)
    ok = ok && buf_ok(bufs[i]);
  return ok;
}

static uint32_t wanted_annots(struct features f) {
  uint32_t annots = ANNOTS_NONE;
  if (feature_on(f, FEATURE_CUSTOM_ANNOT)) annots |= 1u << ANNOT_NAME | 1u << ANNOT_CUSTOM;
  if (feature_on(f, FEATURE_BRANCH_HINTING)) annots |= 1u << ANNOT_BRANCH_HINT;
  return annots;
}

/* $id and @name annotations behind "(module", or at the start of a bare list of fields. */
static bool parse_module_name(struct parser *p, bool bare) {
  struct lexer *lx = &p->lx;
  if (!bare && lx->tok.kind == TOKEN_ID) {
    p->has_name = true;
    p->name = parse_opt_id(p);
  }
  for (bool seen = false; lx->tok.kind == TOKEN_ANNOT && lx->tok.annot == ANNOT_NAME; seen = true) {
    if (seen) return lexer_fail(lx, lx->tok.off, "@name annotation: multiple module names");
    if (!parse_opt_name_annot(p, &p->name)) return false;
    p->has_name = true;
  }
  return true;
}

/* Index, types, bytes: see parser.h. The lexer stands at the first field. */
static bool parse_passes(struct parser *p) {
  struct lexer *lx = &p->lx;
  uint32_t annots = lx->annots, start = lx->tok.off;
  lx->annots = ANNOTS_NONE;
  lexer_seek(lx, start);
  if (!parse_fields_index(p)) return false;
  lx->annots = annots;
  for (uint32_t i = 0; i < p->type_fields.len; i++) {
    lexer_seek(lx, p->type_fields.at[i]);
    if (!parse_type_field(p)) return false;
  }
  lexer_seek(lx, start);
  return parse_fields(p);
}

/* The concatenated strings of (module binary "..."). */
static bool parse_binary_module(struct parser *p, struct buf *out) {
  size_t before = out->len;
  if (!parse_bytes(p, out) || !lexer_expect_close(&p->lx)) {
    out->len = before;
    return false;
  }
  return true;
}

static bool parse_whole(struct parser *p, struct buf *out, bool bare) {
  struct lexer *lx = &p->lx;
  lx->annots = wanted_annots(p->features);
  lexer_seek(lx, lx->tok.off);
  lx->form = bare ? 0 : lx->tok.off + 1;
  if (!bare) {
    if (!lexer_open(lx, "module")) return lexer_expected(lx, "\"(module\"");
    if (token_is(lx, lx->ahead, "binary") && lx->tok.kind == TOKEN_ID) lexer_next(lx);
    if (lexer_accept(lx, "binary")) return parse_binary_module(p, out);
  }
  if (!parse_module_name(p, bare) || !parse_passes(p)) return false;
  if (bare && lx->tok.kind != TOKEN_END) return lexer_expected(lx, "a module field");
  if (!bare && !lexer_expect_close(lx)) return false;
  if (!lexer_ok(lx)) return false;
  if (!bufs_ok(p)) return error_memory(lx->error);
  assemble_module(p, out);
  return true;
}

/* Owns the parser's memory and catches its end. `p` lives in the caller's frame, so it is whole after a jump.
 */
static bool parse_guarded(struct parser *p, struct buf *out, bool bare) {
  jmp_buf on_oom;
  p->arena->on_oom = p->scratch->on_oom = &on_oom;
  if (setjmp(on_oom)) return error_memory(p->lx.error);
  for (uint32_t i = 0; i < SPACE_COUNT; i++) {
    static const char *const nouns[SPACE_COUNT] = {"type",   "func", "table", "memory",
                                                   "global", "tag",  "elem",  "data"};
    ids_init(&p->space[i], p->arena, nouns[i]);
  }
  map_init(&p->sigs, p->arena);
  parser_begin_func(p);
  return parse_whole(p, out, bare);
}

static bool parse_at(struct lexer *lx, struct features f, struct buf *out, bool bare) {
  struct arena arena, scratch;
  struct parser p = {.lx = *lx, .features = f, .arena = &arena, .scratch = &scratch};
  size_t before = out->len;
  if (!lexer_ok(lx)) return false;
  arena_init(&arena, NULL);
  arena_init(&scratch, NULL);
  each_buf(&p, buf_init);
  bool ok = parse_guarded(&p, out, bare);
  if (!ok && !bufs_ok(&p)) { /* what else was said may come from bytes that were lost */
    *lx->error = (struct error)ERROR_INIT;
    (void)error_memory(lx->error);
  }
  if (ok && !buf_ok(out)) ok = error_memory(lx->error);
  each_buf(&p, buf_free);
  arena_free(&arena);
  arena_free(&scratch);
  if (!ok) {
    out->len = before;
    lexer_seek(lx, lx->size);
    return false;
  }
  lexer_seek(lx, p.lx.tok.off);
  return lexer_ok(lx);
}

bool text_parse_module_at(struct lexer *lx, struct features f, struct buf *out) {
  return parse_at(lx, f, out, false);
}

bool text_at_module_field(const struct lexer *lx) {
  static const char *const words[] = {"type", "rec",    "import", "func",  "table", "memory",
                                      "tag",  "global", "export", "start", "elem",  "data"};
  for (size_t i = 0; i < COUNT_OF(words); i++)
    if (lexer_at_form(lx, words[i])) return true;
  return false;
}

bool text_parse_module(struct slice text, struct features f, struct buf *out, struct error *e) {
  struct lexer lx;
  size_t before = out->len;
  lexer_init(&lx, text, ANNOTS_NONE, e);
  if (!lexer_ok(&lx)) return false;
  bool fields_only = !lexer_at_form(&lx, "module");
  if (fields_only) lexer_init(&lx, text, wanted_annots(f), e); /* fields may begin with an annotation */
  if (parse_at(&lx, f, out, fields_only) &&
      (lx.tok.kind == TOKEN_END || lexer_expected(&lx, "the end of the source")))
    return true;
  out->len = before; /* what stands behind a module may be wrong, too */
  return false;
}
