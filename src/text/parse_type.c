/* Types in text (spec 6.4): definitions, recursion groups, type uses, limits.
 *
 * In: tokens.  Out: their encoding, and in parser.types what type uses need to know.  An inline signature
 * takes the first definition that is exactly it (final, alone in its group, no supertype) or adds one behind
 * all others.  Must not: check that types are well-formed; that is the validator's. */
#include "text/parser.h"

#include "binary/insn.h"
#include "text/number.h"

#include <string.h>

/* ---- value types ---- */

struct type_word {
  const char *word;
  uint32_t type;
};
static const struct type_word heap_words[] = {
    {"func", HEAP_FUNC},   {"nofunc", HEAP_NOFUNC}, {"extern", HEAP_EXTERN}, {"noextern", HEAP_NOEXTERN},
    {"any", HEAP_ANY},     {"eq", HEAP_EQ},         {"i31", HEAP_I31},       {"struct", HEAP_STRUCT},
    {"array", HEAP_ARRAY}, {"none", HEAP_NONE},     {"exn", HEAP_EXN},       {"noexn", HEAP_NOEXN},
    {"cont", HEAP_CONT},   {"nocont", HEAP_NOCONT},
};
static const struct type_word ref_words[] = {
    {"funcref", HEAP_FUNC},     {"nullfuncref", HEAP_NOFUNC},
    {"externref", HEAP_EXTERN}, {"nullexternref", HEAP_NOEXTERN},
    {"anyref", HEAP_ANY},       {"eqref", HEAP_EQ},
    {"i31ref", HEAP_I31},       {"structref", HEAP_STRUCT},
    {"arrayref", HEAP_ARRAY},   {"nullref", HEAP_NONE},
    {"exnref", HEAP_EXN},       {"nullexnref", HEAP_NOEXN},
    {"contref", HEAP_CONT},     {"nullcontref", HEAP_NOCONT},
};
static const struct type_word num_words[] = {
    {"i32", VT_I32}, {"i64", VT_I64}, {"f32", VT_F32}, {"f64", VT_F64}, {"v128", VT_V128},
};

static bool find_word(const struct type_word *words, size_t len, struct slice word, uint32_t *type) {
  for (size_t i = 0; i < len; i++)
    if (slice_eq_cstr(word, words[i].word)) {
      *type = words[i].type;
      return true;
    }
  return false;
}

bool text_heap_by_name(struct slice word, uint32_t *heap) {
  return find_word(heap_words, COUNT_OF(heap_words), word, heap);
}

/* A type index where the bits of a valtype must hold it. */
static bool parse_type_index(struct parser *p, uint32_t *index) {
  uint32_t off = p->lx.tok.off;
  if (!parse_index(p, SPACE_TYPE, index)) return false;
  if (*index >= MAX_TYPES) return lexer_fail(&p->lx, off, "unknown type %u", *index);
  return true;
}

bool parse_heaptype(struct parser *p, uint32_t *heap) {
  struct lexer *lx = &p->lx;
  uint32_t index;
  if (lx->tok.kind == TOKEN_KEYWORD && text_heap_by_name(token_text(lx, lx->tok), heap)) {
    lexer_next(lx);
    return true;
  }
  if (lexer_open(lx, "exact")) {
    if (!parser_at_index(p)) return lexer_expected(lx, "a type index");
    if (!parse_type_index(p, &index)) return false;
    *heap = VT_CONCRETE | VT_EXACT | index;
    return lexer_expect_close(lx);
  }
  if (!parser_at_index(p)) return lexer_expected(lx, "a heap type");
  if (!parse_type_index(p, &index)) return false;
  *heap = VT_CONCRETE | index;
  return true;
}

/* True when it took a reference type; false without an error when there is none. */
static bool try_reftype(struct parser *p, valtype *t) {
  struct lexer *lx = &p->lx;
  uint32_t heap;
  if (lx->tok.kind == TOKEN_KEYWORD &&
      find_word(ref_words, COUNT_OF(ref_words), token_text(lx, lx->tok), &heap)) {
    *t = vt_ref(heap, true);
    lexer_next(lx);
    return true;
  }
  if (!lexer_open(lx, "ref")) return false;
  bool nullable = lexer_accept(lx, "null");
  if (!parse_heaptype(p, &heap)) return false;
  *t = vt_ref(heap, nullable);
  return lexer_expect_close(lx);
}

bool parser_at_reftype(const struct parser *p) {
  uint32_t heap;
  if (p->lx.tok.kind == TOKEN_LPAR) return lexer_at_form(&p->lx, "ref");
  return p->lx.tok.kind == TOKEN_KEYWORD &&
         find_word(ref_words, COUNT_OF(ref_words), token_text(&p->lx, p->lx.tok), &heap);
}

bool parse_reftype(struct parser *p, valtype *t) {
  return try_reftype(p, t) || lexer_expected(&p->lx, "a reference type");
}

static bool try_valtype(struct parser *p, valtype *t) {
  struct lexer *lx = &p->lx;
  if (lx->tok.kind == TOKEN_KEYWORD &&
      find_word(num_words, COUNT_OF(num_words), token_text(lx, lx->tok), t)) {
    lexer_next(lx);
    return true;
  }
  return try_reftype(p, t);
}

bool parse_valtype(struct parser *p, valtype *t) {
  return try_valtype(p, t) || lexer_expected(&p->lx, "a value type");
}

static bool parse_storagetype(struct parser *p, valtype *t) {
  if (lexer_accept(&p->lx, "i8")) {
    *t = VT_I8;
    return true;
  }
  if (lexer_accept(&p->lx, "i16")) {
    *t = VT_I16;
    return true;
  }
  return parse_valtype(p, t);
}

/* ---- signatures and type uses ---- */

/* Puts a count before the bytes from `start` on: items become a vector. */
static void prefix_count(struct buf *b, size_t start, uint32_t count) {
  uint8_t leb[5];
  size_t len = 0;
  for (uint32_t v = count; len == 0 || v; v >>= 7)
    leb[len++] = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
  buf_insert(b, start, leb, len);
}

/* valtype* up to the ")", which is taken. Counts them in *len; *first is the first one's. */
static bool parse_valtypes(struct parser *p, struct buf *out, uint32_t *len, valtype *first) {
  valtype t;
  for (; p->lx.tok.kind != TOKEN_RPAR; ++*len) {
    if (!parse_valtype(p, &t)) return false;
    write_valtype(out, t);
    if (*len == 0) *first = t;
  }
  return lexer_expect_close(&p->lx);
}

bool parse_local_name(struct parser *p) {
  struct token t = p->lx.tok;
  uint32_t index = p->locals.len;
  struct slice id = parse_opt_id(p), name = id;
  if (!parse_opt_name_annot(p, &name)) return false;
  if (!ids_add(&p->locals, id)) return lexer_fail_token(&p->lx, t, "duplicate local");
  buf_uleb(&p->local_names.bytes, index);
  buf_name(&p->local_names.bytes, name);
  p->local_names.len++;
  return true;
}

/* Behind "(param". */
static bool parse_params(struct parser *p, enum typeuse_mode mode, uint32_t *nparams) {
  uint32_t before = *nparams;
  valtype t;
  if (mode == TYPEUSE_NAMED && parser_at_name(p)) {
    if (!parse_local_name(p) || !parse_valtype(p, &t)) return false;
    write_valtype(&p->sig, t);
    ++*nparams;
    return lexer_expect_close(&p->lx);
  }
  if (!parse_valtypes(p, &p->sig, nparams, &t)) return false;
  if (mode == TYPEUSE_NAMED) p->locals.len += *nparams - before;
  return true;
}

/* (param ..)* (result ..)* into p->sig. */
static bool parse_signature(struct parser *p, enum typeuse_mode mode, struct typeuse *u) {
  struct lexer *lx = &p->lx;
  scratch_reset(p, &p->sig);
  while (lexer_open(lx, "param"))
    if (!parse_params(p, mode, &u->nparams)) return false;
  prefix_count(&p->sig, 0, u->nparams);
  size_t results = p->sig.len;
  while (lexer_open(lx, "result"))
    if (!parse_valtypes(p, &p->sig, &u->nresults, &u->first_result)) return false;
  prefix_count(&p->sig, results, u->nresults);
  if (lexer_at_form(lx, "param") || lexer_at_form(lx, "type")) {
    lexer_next(lx);
    return lexer_expected(lx, "types in the order type, param, result");
  }
  return lexer_ok(lx);
}

bool parse_typeuse(struct parser *p, enum typeuse_mode mode, struct typeuse *u) {
  struct lexer *lx = &p->lx;
  *u = (struct typeuse){.off = lx->tok.off};
  if (lexer_open(lx, "type")) {
    u->has_index = true;
    if (!parse_index(p, SPACE_TYPE, &u->index) || !lexer_expect_close(lx)) return false;
  }
  if (!parse_signature(p, mode, u)) return false;
  /* The parameters of a named type without inline ones take up local indices, too. */
  if (mode == TYPEUSE_NAMED && u->has_index && u->nparams == 0 && u->index < p->types.len)
    p->locals.len += p->types.at[u->index].nparams;
  return true;
}

static void add_type_def(struct parser *p, struct type_def def, bool plain) {
  uint32_t index = p->types.len;
  VEC_PUSH(p->arena, &p->types, def);
  if (def.is_func && plain) (void)!map_insert(&p->sigs, def.sig, index); /* the first one stays */
}

bool typeuse_index(struct parser *p, const struct typeuse *u, uint32_t *index) {
  struct slice sig = buf_slice(&p->sig);
  if (u->has_index) {
    *index = u->index;
    if (u->nparams + u->nresults == 0) return true;
    if (u->index >= p->types.len) return lexer_fail(&p->lx, u->off, "unknown type %u", u->index);
    const struct type_def *def = &p->types.at[u->index];
    if (!def->is_func || !slice_eq(def->sig, sig))
      return lexer_fail(&p->lx, u->off, "inline function type differs from type %u", u->index);
    return true;
  }
  const uint32_t *found = map_find(&p->sigs, sig);
  if (found) {
    *index = *found;
    return true;
  }
  *index = p->types.len;
  buf_u8(&p->items[ITEMS_TYPE].bytes, 0x60);
  buf_bytes(&p->items[ITEMS_TYPE].bytes, sig.data, sig.len);
  p->items[ITEMS_TYPE].len++;
  add_type_def(p, (struct type_def){.is_func = true, .nparams = u->nparams, .sig = parser_copy(p, sig)},
               true);
  return true;
}

bool parse_result_list(struct parser *p, uint32_t *len) {
  valtype first;
  while (lexer_open(&p->lx, "result"))
    if (!parse_valtypes(p, &p->list, len, &first)) return false;
  return lexer_ok(&p->lx);
}

/* ---- definitions ---- */

static bool parse_fieldtype(struct parser *p, struct buf *out) {
  valtype t;
  bool is_mut = lexer_open(&p->lx, "mut");
  if (!parse_storagetype(p, &t) || (is_mut && !lexer_expect_close(&p->lx))) return false;
  write_valtype(out, t);
  buf_u8(out, is_mut);
  return true;
}

static bool add_field_name(struct parser *p, struct type_def *def, struct slice id, struct token t,
                           uint32_t index) {
  if (id.len == 0) return true;
  if (!def->fields) {
    def->fields = ARENA_NEW(p->arena, struct map);
    map_init(def->fields, p->arena);
  }
  if (!map_insert(def->fields, id, index)) return lexer_fail_token(&p->lx, t, "duplicate field");
  return true;
}

/* (field $x? fieldtype) and (field fieldtype*), up to the struct's ")". */
static bool parse_struct(struct parser *p, struct type_def *def) {
  struct lexer *lx = &p->lx;
  struct buf *out = &p->items[ITEMS_TYPE].bytes;
  struct items names = {.len = 0};
  uint32_t nfields = 0;
  scratch_reset(p, &p->list); /* the fields */
  scratch_reset(p, &p->temp); /* their names */
  while (lx->tok.kind != TOKEN_RPAR) {
    if (!lexer_open(lx, "field")) return lexer_expected(lx, "\"(field\"");
    if (parser_at_name(p)) {
      struct token t = lx->tok;
      struct slice id = parse_opt_id(p), name = id;
      if (!parse_opt_name_annot(p, &name) || !add_field_name(p, def, id, t, nfields)) return false;
      buf_uleb(&p->temp, nfields);
      buf_name(&p->temp, name);
      names.len++;
      if (!parse_fieldtype(p, &p->list)) return false;
      nfields++;
    } else {
      for (; lx->tok.kind != TOKEN_RPAR; nfields++)
        if (!parse_fieldtype(p, &p->list)) return false;
    }
    if (!lexer_expect_close(lx)) return false;
  }
  buf_u8(out, 0x5f);
  buf_uleb(out, nfields);
  buf_bytes(out, p->list.data, p->list.len);
  if (names.len) {
    struct items *fields = &p->items[ITEMS_NAME_FIELD];
    buf_uleb(&fields->bytes, p->types.len);
    buf_uleb(&fields->bytes, names.len);
    buf_bytes(&fields->bytes, p->temp.data, p->temp.len);
    fields->len++;
  }
  return lexer_expect_close(lx);
}

static bool parse_functype(struct parser *p, struct type_def *def) {
  struct buf *out = &p->items[ITEMS_TYPE].bytes;
  struct typeuse u = {0};
  parser_begin_func(p); /* names of parameters may stand here, and mean nothing */
  if (!parse_signature(p, TYPEUSE_NAMED, &u)) return false;
  def->is_func = true;
  def->nparams = u.nparams;
  def->sig = parser_copy(p, buf_slice(&p->sig));
  buf_u8(out, 0x60);
  buf_bytes(out, def->sig.data, def->sig.len);
  return lexer_expect_close(&p->lx);
}

static bool parse_comptype(struct parser *p, struct type_def *def) {
  struct lexer *lx = &p->lx;
  struct buf *out = &p->items[ITEMS_TYPE].bytes;
  if (lexer_open(lx, "func")) return parse_functype(p, def);
  if (lexer_open(lx, "struct")) return parse_struct(p, def);
  if (lexer_open(lx, "array")) {
    buf_u8(out, 0x5e);
    return parse_fieldtype(p, out) && lexer_expect_close(lx);
  }
  if (lexer_open(lx, "cont")) {
    uint32_t index;
    buf_u8(out, 0x5d);
    if (!parse_index(p, SPACE_TYPE, &index)) return false;
    buf_sleb(out, index);
    return lexer_expect_close(lx);
  }
  return lexer_expected(lx, "\"(func\", \"(struct\", \"(array\" or \"(cont\"");
}

/* custom-descriptors: (describes x)? (descriptor x)? before the composite type. */
static bool parse_described(struct parser *p) {
  static const struct {
    const char *word;
    uint8_t code;
  } clauses[] = {{"describes", 0x4c}, {"descriptor", 0x4d}};
  for (size_t i = 0; i < COUNT_OF(clauses); i++)
    if (lexer_open(&p->lx, clauses[i].word)) {
      uint32_t index;
      if (!parse_index(p, SPACE_TYPE, &index)) return false;
      buf_u8(&p->items[ITEMS_TYPE].bytes, clauses[i].code);
      buf_uleb(&p->items[ITEMS_TYPE].bytes, index);
      if (!lexer_expect_close(&p->lx)) return false;
    }
  return true;
}

/* Behind "(type": to behind its ")". */
static bool parse_typedef(struct parser *p, bool alone) {
  struct lexer *lx = &p->lx;
  struct buf *out = &p->items[ITEMS_TYPE].bytes;
  struct type_def def = {0};
  struct slice name = parse_opt_id(p);
  bool plain = alone;
  if (!parse_opt_name_annot(p, &name)) return false;
  bool is_sub = lexer_open(lx, "sub");
  if (is_sub) {
    bool final = lexer_accept(lx, "final"), has_super = parser_at_index(p);
    uint32_t super = 0;
    if (has_super && !parse_index(p, SPACE_TYPE, &super)) return false;
    if (!final || has_super) {
      buf_u8(out, final ? 0x4f : 0x50);
      buf_uleb(out, has_super);
      if (has_super) buf_uleb(out, super);
      plain = false;
    }
  }
  size_t before = out->len;
  if (!parse_described(p)) return false;
  if (out->len != before) plain = false;
  if (!parse_comptype(p, &def)) return false;
  if (is_sub && !lexer_expect_close(lx)) return false;
  items_name(p, ITEMS_NAME_TYPE, p->types.len, name);
  add_type_def(p, def, plain);
  return lexer_expect_close(lx);
}

bool parse_type_field(struct parser *p) {
  struct lexer *lx = &p->lx;
  struct items *out = &p->items[ITEMS_TYPE];
  out->len++;
  if (lexer_open(lx, "type")) return parse_typedef(p, true);
  lexer_open(lx, "rec");
  uint32_t len = 0;
  /* A group of one type may be written without its wrapping; then it is the same as the bare type
   * (spec 5.3.14). */
  struct lexer at = *lx;
  for (; lx->tok.kind == TOKEN_LPAR; len++)
    if (!lexer_at_form(lx, "type") || !lexer_skip_form(lx)) return lexer_expected(lx, "\"(type\"");
  if (lx->tok.kind != TOKEN_RPAR) return lexer_expected(lx, "\"(type\" or \")\"");
  *lx = at;
  if (len != 1) {
    buf_u8(&out->bytes, 0x4e);
    buf_uleb(&out->bytes, len);
  }
  while (lexer_open(lx, "type"))
    if (!parse_typedef(p, len == 1)) return false;
  return lexer_expect_close(lx);
}

/* ---- other types ---- */

bool parse_globaltype(struct parser *p, struct globaltype *t) {
  t->mutable_ = lexer_open(&p->lx, "mut");
  return parse_valtype(p, &t->type) && (!t->mutable_ || lexer_expect_close(&p->lx));
}

bool parse_addrtype(struct parser *p) {
  if (lexer_accept(&p->lx, "i64")) return true;
  lexer_accept(&p->lx, "i32");
  return false;
}

bool parse_limits(struct parser *p, struct limits *l) {
  if (!parse_u64(p, &l->min, "a size")) return false;
  l->has_max = p->lx.tok.kind == TOKEN_NAT;
  return !l->has_max || parse_u64(p, &l->max, "a size");
}

bool parse_pagesize(struct parser *p, struct limits *l) {
  uint64_t size = 0;
  l->page_log2 = 16;
  if (!lexer_open(&p->lx, "pagesize")) return true;
  uint32_t off = p->lx.tok.off;
  if (p->lx.tok.kind == TOKEN_NAT && !number_u64(token_text(&p->lx, p->lx.tok), &size))
    return lexer_fail(&p->lx, off, "invalid custom page size: larger than 64 bits");
  if (!parse_u64(p, &size, "a page size")) return false;
  if (size == 0 || (size & (size - 1)) != 0)
    return lexer_fail(&p->lx, off, "invalid custom page size %llu: not a power of two",
                      (unsigned long long)size);
  l->page_log2 = (uint8_t)__builtin_ctzll(size);
  return lexer_expect_close(&p->lx);
}

bool parse_memtype(struct parser *p, struct memtype *t) {
  *t = (struct memtype){.limits = {.is64 = parse_addrtype(p)}};
  if (!parse_limits(p, &t->limits)) return false;
  t->limits.shared = lexer_accept(&p->lx, "shared");
  return parse_pagesize(p, &t->limits);
}

bool parse_tabletype(struct parser *p, struct tabletype *t) {
  *t = (struct tabletype){.limits = {.is64 = parse_addrtype(p)}};
  return parse_limits(p, &t->limits) && parse_reftype(p, &t->elem);
}
