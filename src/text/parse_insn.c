/* Instructions in text (spec 6.5): plain and folded, one case for each row of imm.def.
 *
 * In: tokens.  Out: the instructions' bytes.  A folded instruction's immediates are encoded before its
 * operands are read; the bytes wait in parser.pending, which is a stack as the frames are.  Nesting is a
 * stack on the heap, never recursion. Must not: check types, or indices that are numbers. */
#include "text/parser.h"

#include "binary/insn.h"
#include "text/number.h"

enum frame_kind {
  FRAME_OPERANDS,  /* (op imm* folded*: the ")" writes the pending instruction */
  FRAME_BODY,      /* (block ..., (loop ..., (try_table ...: the ")" writes `end` */
  FRAME_CONDITION, /* (if ... up to (then */
  FRAME_THEN,      /* in (then ...) */
  FRAME_AFTER_THEN,
  FRAME_ELSE, /* in (else ...) */
  FRAME_AFTER_ELSE,
  FRAME_TRY, /* (try ... up to (do */
  FRAME_DO,  /* in (do ...) */
  FRAME_AFTER_DO,
  FRAME_CATCH, /* in (catch x ...) */
  FRAME_AFTER_CATCH,
  FRAME_CATCH_ALL, /* in (catch_all ...) */
  FRAME_AFTER_CATCH_ALL,
  FRAME_DELEGATED,   /* behind (delegate l) */
  FRAME_PLAIN,       /* block, loop, try_table, or the else of an if, up to `end` */
  FRAME_PLAIN_IF,    /* may have an else */
  FRAME_PLAIN_TRY,   /* legacy: may have catch, catch_all, delegate */
  FRAME_PLAIN_CATCH, /* may have catch, catch_all */
};

static bool frame_is_plain(uint8_t kind) { return kind >= FRAME_PLAIN; }

/* ---- labels ---- */

static void push_label(struct parser *p, struct slice name) {
  labels_push(&p->labels, name);
  if (name.len) {
    buf_uleb(&p->label_names.bytes, p->label_len);
    buf_name(&p->label_names.bytes, name);
    p->label_names.len++;
  }
  p->label_len++;
}

static bool parse_label(struct parser *p, uint32_t *depth) {
  struct lexer *lx = &p->lx;
  if (lx->tok.kind != TOKEN_ID) return parse_u32(p, depth, "a label");
  struct slice name = lexer_string_slice(lx, lx->tok, p->scratch);
  if (!labels_find(&p->labels, name, depth)) return lexer_fail_token(lx, lx->tok, "unknown label");
  lexer_next(lx);
  return true;
}

/* The id that may stand behind end and else: that of the construct. */
static bool parse_same_label(struct parser *p) {
  struct lexer *lx = &p->lx;
  if (lx->tok.kind != TOKEN_ID) return true;
  struct token t = lx->tok;
  struct slice id = parse_opt_id(p), name = VEC_LAST(&p->labels.stack).name;
  if (name.len == 0 || !slice_eq(id, name)) return lexer_fail_token(lx, t, "mismatching label");
  return true;
}

/* ---- writing ---- */

static void record_hint(struct parser *p, int hint) {
  if (hint < 0) return;
  buf_uleb(&p->hints.bytes, p->out->len);
  buf_uleb(&p->hints.bytes, 1);
  buf_u8(&p->hints.bytes, (uint8_t)hint);
  p->hints.len++;
}

static void write_now(struct parser *p, const struct insn *insn, int hint) {
  record_hint(p, hint);
  insn_write(p->out, insn);
}

static void write_pending(struct parser *p, const struct frame *f) {
  record_hint(p, f->hint);
  if (!buf_ok(&p->pending)) return; /* found at the module's end */
  buf_bytes(p->out, p->pending.data + f->pending, p->pending.len - f->pending);
  p->pending.len = f->pending;
}

static void write_end(struct parser *p) { write_opcode(p->out, OP_END); }

static bool push_frame(struct parser *p, struct frame f) {
  if (!frame_is_plain(f.kind) && ++p->nesting > TEXT_MAX_NESTING) {
    lexer_fail(&p->lx, p->lx.tok.off, "instructions are nested more than %d deep", TEXT_MAX_NESTING);
    if (p->lx.error->kind == ERROR_MALFORMED) p->lx.error->kind = ERROR_LIMIT;
    return false;
  }
  VEC_PUSH(p->arena, &p->frames, f);
  return true;
}

static void pop_frame(struct parser *p) {
  struct frame f = VEC_POP(&p->frames);
  if (!frame_is_plain(f.kind)) p->nesting--;
}

/* ---- immediates ---- */

static bool parse_lane(struct parser *p, uint32_t *lane) {
  struct lexer *lx = &p->lx;
  if (lx->tok.kind != TOKEN_NAT) return lexer_expected(lx, "a lane index");
  if (!number_u32(token_text(lx, lx->tok), lane) || *lane > 255)
    return lexer_fail(lx, lx->tok.off, "i8 constant out of range");
  lexer_next(lx);
  return true;
}

static bool parse_shuffle(struct parser *p, uint8_t lanes[16]) {
  struct lexer *lx = &p->lx;
  uint32_t off = lx->tok.off, wrong = UINT32_MAX, len = 0;
  for (; lx->tok.kind >= TOKEN_NAT && lx->tok.kind <= TOKEN_FLOAT; len++) {
    uint32_t lane = 0;
    bool ok = number_u32(token_text(lx, lx->tok), &lane) && lane <= 255;
    if (!ok && wrong == UINT32_MAX) wrong = lx->tok.off;
    if (len < 16) lanes[len] = (uint8_t)lane;
    lexer_next(lx);
  }
  if (!lexer_ok(lx)) return false;
  if (len != 16) return lexer_fail(lx, off, "invalid lane length: expected 16 lanes, found %u", len);
  return wrong == UINT32_MAX || lexer_fail(lx, wrong, "i8 constant out of range");
}

/* "offset=n" or "align=n"; leaves `value` when the keyword does not stand here. */
static bool parse_memarg_part(struct parser *p, const char *prefix, size_t len, uint64_t *value) {
  struct lexer *lx = &p->lx;
  struct slice word = token_text(lx, lx->tok);
  if (lx->tok.kind != TOKEN_KEYWORD || !slice_starts(word, prefix)) return true;
  word = slice_of(word.data + len, word.len - len);
  if (number_classify(word) != NUMBER_NAT) return lexer_expected(lx, "an unsigned number");
  if (!number_u64(word, value)) return lexer_fail(lx, lx->tok.off, "i64 constant out of range");
  lexer_next(lx);
  return true;
}

static bool at_memarg_part(const struct parser *p, struct token t) {
  struct slice word = token_text(&p->lx, t);
  return t.kind == TOKEN_KEYWORD && (slice_starts(word, "offset=") || slice_starts(word, "align="));
}

/* With a lane behind it, a number is the memory only when another number or the memarg follows. */
static bool parse_memarg(struct parser *p, struct insn *insn, bool lane) {
  struct lexer *lx = &p->lx;
  uint32_t natural = op_info(insn->op)->align_log2;
  uint64_t align = UINT64_C(1) << natural;
  insn->a = 0;
  bool memory = parser_at_index(p);
  if (memory && lane && lx->tok.kind == TOKEN_NAT)
    memory = lx->ahead.kind == TOKEN_NAT || at_memarg_part(p, lx->ahead);
  if (memory && !parse_index(p, SPACE_MEMORY, &insn->a)) return false;
  insn->offset = 0;
  if (!parse_memarg_part(p, "offset=", 7, &insn->offset)) return false;
  uint32_t off = lx->tok.off;
  if (!parse_memarg_part(p, "align=", 6, &align)) return false;
  if (align == 0 || (align & (align - 1)) != 0)
    return lexer_fail(lx, off, "alignment must be a power of two, found %llu", (unsigned long long)align);
  insn->align = (uint32_t)__builtin_ctzll(align);
  return true;
}

static bool parse_opt_index(struct parser *p, enum space space, uint32_t *index) {
  *index = 0;
  return !parser_at_index(p) || parse_index(p, space, index);
}

/* x? y: one index is y. */
static bool parse_opt_and_index(struct parser *p, enum space opt, uint32_t *a, enum space space,
                                uint32_t *b) {
  struct lexer *lx = &p->lx;
  *a = 0;
  if (parser_at_index(p) && (lx->ahead.kind == TOKEN_NAT || lx->ahead.kind == TOKEN_ID) &&
      !parse_index(p, opt, a))
    return false;
  return parse_index(p, space, b);
}

/* Both or none. */
static bool parse_opt_pair(struct parser *p, enum space space, uint32_t *a, uint32_t *b) {
  *a = *b = 0;
  return !parser_at_index(p) || (parse_index(p, space, a) && parse_index(p, space, b));
}

static bool parse_labels(struct parser *p, struct insn *insn) {
  if (!parse_label(p, &insn->a)) return false;
  while (parser_at_index(p)) {
    buf_uleb(&p->list, insn->a);
    insn->list_len++;
    if (!parse_label(p, &insn->a)) return false;
  }
  return true;
}

static bool parse_blocktype(struct parser *p, struct blocktype *t) {
  struct typeuse u;
  if (!parse_typeuse(p, TYPEUSE_UNNAMED, &u)) return false;
  *t = (struct blocktype){.kind = BLOCK_EMPTY};
  if (!u.has_index && u.nparams == 0 && u.nresults <= 1) {
    if (u.nresults == 1) *t = (struct blocktype){.kind = BLOCK_VALUE, .type = u.first_result};
    return true;
  }
  t->kind = BLOCK_TYPE;
  return typeuse_index(p, &u, &t->index);
}

static bool parse_catches(struct parser *p, struct insn *insn) {
  static const char *const words[] = {"catch", "catch_ref", "catch_all", "catch_all_ref"};
  struct lexer *lx = &p->lx;
  while (lx->tok.kind == TOKEN_LPAR) {
    uint32_t kind = 0, tag, label;
    while (kind < COUNT_OF(words) && !token_is(lx, lx->ahead, words[kind]))
      kind++;
    if (kind == COUNT_OF(words)) return true; /* an instruction */
    lexer_next(lx);
    lexer_next(lx);
    buf_u8(&p->list, (uint8_t)kind);
    if (kind < CATCH_ALL) {
      if (!parse_index(p, SPACE_TAG, &tag)) return false;
      buf_uleb(&p->list, tag);
    }
    if (!parse_label(p, &label) || !lexer_expect_close(lx)) return false;
    buf_uleb(&p->list, label);
    insn->list_len++;
  }
  return true;
}

static bool parse_handlers(struct parser *p, struct insn *insn) {
  struct lexer *lx = &p->lx;
  while (lexer_open(lx, "on")) {
    uint32_t tag, label;
    if (!parse_index(p, SPACE_TAG, &tag)) return false;
    bool is_switch = lexer_accept(lx, "switch");
    buf_u8(&p->list, is_switch);
    buf_uleb(&p->list, tag);
    if (!is_switch) {
      if (!parse_label(p, &label)) return false;
      buf_uleb(&p->list, label);
    }
    if (!lexer_expect_close(lx)) return false;
    insn->list_len++;
  }
  return lexer_ok(lx);
}

/* $x or a number: a field of struct type `type`. */
static bool parse_field_index(struct parser *p, uint32_t type, uint32_t *field) {
  struct lexer *lx = &p->lx;
  if (lx->tok.kind != TOKEN_ID) return parse_u32(p, field, "a field");
  struct token t = lx->tok;
  struct slice id = parse_opt_id(p);
  const struct map *fields = type < p->types.len ? p->types.at[type].fields : NULL;
  const uint32_t *found = fields ? map_find(fields, id) : NULL;
  if (!found) return lexer_fail_token(lx, t, "unknown field");
  *field = *found;
  return true;
}

static bool parse_const(struct parser *p, struct insn *insn, valtype type) {
  return text_parse_num(&p->lx, type, &insn->u64, NULL);
}

static bool parse_v128(struct parser *p, struct insn *insn) {
  struct text_v128 v;
  if (!text_parse_v128(&p->lx, false, &v)) return false;
  __builtin_memcpy(insn->v128, v.bytes, sizeof insn->v128);
  return true;
}

static bool parse_indirect(struct parser *p, struct insn *insn) {
  struct typeuse u;
  return parse_opt_index(p, SPACE_TABLE, &insn->b) && parse_typeuse(p, TYPEUSE_UNNAMED, &u) &&
         typeuse_index(p, &u, &insn->a);
}

static bool parse_immediates(struct parser *p, struct insn *insn) {
  switch ((enum imm)op_info(insn->op)->imm) {
  case IMM_NONE:
  case IMM_FENCE: return true;
  case IMM_BLOCK: return parse_blocktype(p, &insn->block);
  case IMM_TRY_TABLE: return parse_blocktype(p, &insn->block) && parse_catches(p, insn);
  case IMM_LABEL: return parse_label(p, &insn->a);
  case IMM_LABELS: return parse_labels(p, insn);
  case IMM_FUNC: return parse_index(p, SPACE_FUNC, &insn->a);
  case IMM_TYPE: return parse_index(p, SPACE_TYPE, &insn->a);
  case IMM_INDIRECT: return parse_indirect(p, insn);
  case IMM_LOCAL: return parse_ids_index(p, &p->locals, &insn->a);
  case IMM_GLOBAL: return parse_index(p, SPACE_GLOBAL, &insn->a);
  case IMM_TABLE: return parse_opt_index(p, SPACE_TABLE, &insn->a);
  case IMM_TABLE2: return parse_opt_pair(p, SPACE_TABLE, &insn->a, &insn->b);
  case IMM_ELEM: return parse_index(p, SPACE_ELEM, &insn->a);
  case IMM_TABLE_ELEM: return parse_opt_and_index(p, SPACE_TABLE, &insn->a, SPACE_ELEM, &insn->b);
  case IMM_MEMORY: return parse_opt_index(p, SPACE_MEMORY, &insn->a);
  case IMM_MEMORY2: return parse_opt_pair(p, SPACE_MEMORY, &insn->a, &insn->b);
  case IMM_DATA: p->uses_data_count = true; return parse_index(p, SPACE_DATA, &insn->a);
  case IMM_MEMORY_DATA:
    p->uses_data_count = true;
    return parse_opt_and_index(p, SPACE_MEMORY, &insn->a, SPACE_DATA, &insn->b);
  case IMM_MEMARG:
  case IMM_ATOMIC_MEMARG: return parse_memarg(p, insn, false);
  case IMM_MEMARG_LANE: return parse_memarg(p, insn, true) && parse_lane(p, &insn->lane);
  case IMM_LANE: return parse_lane(p, &insn->lane);
  case IMM_SHUFFLE: return parse_shuffle(p, insn->v128);
  case IMM_I32: return parse_const(p, insn, VT_I32);
  case IMM_I64: return parse_const(p, insn, VT_I64);
  case IMM_F32: return parse_const(p, insn, VT_F32);
  case IMM_F64: return parse_const(p, insn, VT_F64);
  case IMM_V128: return parse_v128(p, insn);
  case IMM_SELECT: return parse_result_list(p, &insn->list_len);
  case IMM_HEAPTYPE:
    if (!parse_heaptype(p, &insn->type)) return false;
    insn->type |= VT_REF;
    return true;
  case IMM_REFTYPE: return parse_reftype(p, &insn->type);
  case IMM_BR_CAST:
    return parse_label(p, &insn->a) && parse_reftype(p, &insn->type) && parse_reftype(p, &insn->type2);
  case IMM_FIELD: return parse_index(p, SPACE_TYPE, &insn->a) && parse_field_index(p, insn->a, &insn->b);
  case IMM_TYPE_COUNT: return parse_index(p, SPACE_TYPE, &insn->a) && parse_u32(p, &insn->b, "a length");
  case IMM_TYPE2: return parse_index(p, SPACE_TYPE, &insn->a) && parse_index(p, SPACE_TYPE, &insn->b);
  case IMM_TYPE_DATA:
    p->uses_data_count = true;
    return parse_index(p, SPACE_TYPE, &insn->a) && parse_index(p, SPACE_DATA, &insn->b);
  case IMM_TYPE_ELEM: return parse_index(p, SPACE_TYPE, &insn->a) && parse_index(p, SPACE_ELEM, &insn->b);
  case IMM_TAG: return parse_index(p, SPACE_TAG, &insn->a);
  case IMM_RESUME: return parse_index(p, SPACE_TYPE, &insn->a) && parse_handlers(p, insn);
  case IMM_RESUME_THROW:
    return parse_index(p, SPACE_TYPE, &insn->a) && parse_index(p, SPACE_TAG, &insn->b) &&
           parse_handlers(p, insn);
  case IMM_SWITCH: return parse_index(p, SPACE_TYPE, &insn->a) && parse_index(p, SPACE_TAG, &insn->b);
  case IMM_COUNT: break;
  }
  unreachable();
}

/* ---- one instruction ---- */

static bool op_is_block(enum op op) {
  return op == OP_BLOCK || op == OP_LOOP || op == OP_IF || op == OP_TRY || op == OP_TRY_TABLE;
}

static bool op_takes_hint(enum op op) {
  return op == OP_IF || op == OP_BR_IF || op == OP_BR_ON_NULL || op == OP_BR_ON_NON_NULL ||
         op == OP_BR_ON_CAST || op == OP_BR_ON_CAST_FAIL || op == OP_BR_ON_CAST_DESC_EQ ||
         op == OP_BR_ON_CAST_DESC_EQ_FAIL;
}

/* The keyword at the current token; OP_INVALID with an error when it is none that is on. */
static enum op parse_op(struct parser *p) {
  struct lexer *lx = &p->lx;
  struct slice word = token_text(lx, lx->tok);
  enum op op = lx->tok.kind == TOKEN_KEYWORD ? op_by_text(word) : OP_INVALID;
  if (op == OP_INVALID) {
    lexer_expected(lx, "an instruction");
    return OP_INVALID;
  }
  enum feature feature = (enum feature)op_info(op)->feature;
  if (!feature_on(p->features, feature)) {
    lexer_fail(lx, lx->tok.off, "unknown operator %s: the feature %s is off", op_info(op)->text,
               feature_name(feature));
    return OP_INVALID;
  }
  return op;
}

/* Opcode, label and immediates. `*hint` is the branch hint that stood before. */
static bool parse_insn(struct parser *p, struct insn *insn, struct slice *label, int *hint) {
  struct lexer *lx = &p->lx;
  *insn = (struct insn){.op = parse_op(p)};
  *label = (struct slice){0};
  *hint = p->hint;
  p->hint = -1;
  if (insn->op == OP_INVALID) return false;
  if (*hint >= 0 && !op_takes_hint(insn->op))
    return lexer_fail(lx, lx->tok.off, "@metadata.code.branch_hint annotation: invalid target");
  lexer_next(lx);
  scratch_reset(p, &p->list);
  if (op_is_block(insn->op)) {
    *label = parse_opt_id(p);
    if (!parse_opt_name_annot(p, label)) return false;
  }
  if (insn->op == OP_SELECT && lexer_at_form(lx, "result")) insn->op = OP_SELECT_T;
  if (!parse_immediates(p, insn)) return false;
  if (p->list.len && buf_ok(&p->list)) { /* a failure is found at the module's end */
    insn->list = p->list.data;
    insn->list_end = p->list.data + p->list.len;
  }
  return lexer_ok(lx);
}

static bool parse_plain_end(struct parser *p) {
  if (p->frames.len == 0 || !frame_is_plain(VEC_LAST(&p->frames).kind))
    return lexer_expected(&p->lx, "an instruction or \")\"");
  lexer_next(&p->lx);
  if (!parse_same_label(p)) return false;
  write_end(p);
  labels_pop(&p->labels);
  pop_frame(p);
  return true;
}

/* else, catch, catch_all, delegate: what continues or ends a plain block. */
static bool parse_plain_part(struct parser *p, enum op op) {
  struct lexer *lx = &p->lx;
  struct insn insn = {.op = op};
  struct frame *f = p->frames.len ? &VEC_LAST(&p->frames) : NULL;
  uint8_t kind = f ? f->kind : FRAME_OPERANDS;
  bool fits = op == OP_ELSE       ? kind == FRAME_PLAIN_IF
              : op == OP_DELEGATE ? kind == FRAME_PLAIN_TRY
                                  : kind == FRAME_PLAIN_TRY || kind == FRAME_PLAIN_CATCH;
  if (!fits) return lexer_expected(lx, "an instruction");
  lexer_next(lx);
  switch (op) {
  case OP_ELSE: f->kind = FRAME_PLAIN; return parse_same_label(p) && (write_now(p, &insn, -1), true);
  case OP_CATCH:
    f->kind = FRAME_PLAIN_CATCH;
    if (!parse_index(p, SPACE_TAG, &insn.a)) return false;
    break;
  case OP_CATCH_ALL: f->kind = FRAME_PLAIN; break;
  default: /* delegate: its label counts from outside the try */
    labels_pop(&p->labels);
    pop_frame(p);
    if (!parse_label(p, &insn.a)) return false;
  }
  write_now(p, &insn, -1);
  return true;
}

static bool parse_plain(struct parser *p, uint32_t base) {
  struct slice label;
  struct insn insn;
  int hint;
  if (p->frames.len > base && !frame_is_plain(VEC_LAST(&p->frames).kind)) {
    switch ((enum frame_kind)VEC_LAST(&p->frames).kind) {
    case FRAME_BODY:
    case FRAME_THEN:
    case FRAME_ELSE:
    case FRAME_DO:
    case FRAME_CATCH:
    case FRAME_CATCH_ALL: break;
    default: return lexer_expected(&p->lx, "\"(\" or \")\"");
    }
  }
  enum op op = op_by_text(token_text(&p->lx, p->lx.tok));
  if (op == OP_END || op == OP_ELSE || op == OP_CATCH || op == OP_CATCH_ALL || op == OP_DELEGATE) {
    if (p->hint >= 0)
      return lexer_fail(&p->lx, p->lx.tok.off, "@metadata.code.branch_hint annotation: invalid target");
    if (p->frames.len == base) return lexer_expected(&p->lx, "an instruction or \")\"");
    return op == OP_END ? parse_plain_end(p) : parse_plain_part(p, op);
  }
  if (!parse_insn(p, &insn, &label, &hint)) return false;
  write_now(p, &insn, hint);
  if (!op_is_block(insn.op)) return true;
  push_label(p, label);
  uint8_t kind = insn.op == OP_IF ? FRAME_PLAIN_IF : insn.op == OP_TRY ? FRAME_PLAIN_TRY : FRAME_PLAIN;
  return push_frame(p, (struct frame){.kind = kind, .hint = -1});
}

/* ---- folded ---- */

/* "(" op: its own part, up to the first operand. */
static bool open_insn(struct parser *p) {
  struct lexer *lx = &p->lx;
  struct slice label;
  struct insn insn;
  int hint;
  lexer_next(lx);
  enum op op = lx->tok.kind == TOKEN_KEYWORD ? op_by_text(token_text(lx, lx->tok)) : OP_INVALID;
  if (op == OP_END || op == OP_ELSE || op == OP_CATCH || op == OP_CATCH_ALL || op == OP_DELEGATE)
    return lexer_expected(lx, "an instruction");
  if (!parse_insn(p, &insn, &label, &hint)) return false;
  struct frame f = {.kind = FRAME_OPERANDS, .hint = (int8_t)hint, .pending = p->pending.len};
  if (op_is_block(insn.op) && insn.op != OP_IF) {
    write_now(p, &insn, hint);
    push_label(p, label);
    f.kind = insn.op == OP_TRY ? FRAME_TRY : FRAME_BODY;
  } else if (insn.op != OP_IF && lx->tok.kind == TOKEN_RPAR) { /* no operands: nothing need wait */
    lexer_next(lx);
    write_now(p, &insn, hint);
    return true;
  } else {
    if (insn.op == OP_IF) {
      f.kind = FRAME_CONDITION;
      f.label = label;
    }
    insn_write(&p->pending, &insn);
  }
  return push_frame(p, f);
}

static bool open_catch(struct parser *p, struct frame *f) {
  struct lexer *lx = &p->lx;
  struct insn insn = {.op = OP_CATCH};
  if (lexer_open(lx, "catch")) {
    f->kind = FRAME_CATCH;
    if (!parse_index(p, SPACE_TAG, &insn.a)) return false;
  } else if (lexer_open(lx, "catch_all")) {
    f->kind = FRAME_CATCH_ALL;
    insn.op = OP_CATCH_ALL;
  } else if (f->kind == FRAME_AFTER_DO && lexer_open(lx, "delegate")) {
    f->kind = FRAME_DELEGATED;
    insn.op = OP_DELEGATE;
    labels_pop(&p->labels);
    if (!parse_label(p, &insn.a) || !lexer_expect_close(lx)) return false;
  } else {
    if (lx->tok.kind == TOKEN_LPAR) lexer_next(lx);
    return lexer_expected(lx, "\"catch\", \"catch_all\" or \")\"");
  }
  write_now(p, &insn, -1);
  return true;
}

/* What a form wants next, when it wants one thing only. */
static bool open_part(struct parser *p, struct frame *f, const char *keyword, enum frame_kind next) {
  struct lexer *lx = &p->lx;
  if (!lexer_open(lx, keyword)) {
    if (lx->tok.kind == TOKEN_LPAR) lexer_next(lx);
    return lexer_expected(lx, keyword);
  }
  f->kind = (uint8_t)next;
  return true;
}

static bool parse_open(struct parser *p, uint32_t base) {
  struct lexer *lx = &p->lx;
  if (p->frames.len == base) return open_insn(p);
  struct frame *f = &VEC_LAST(&p->frames);
  switch ((enum frame_kind)f->kind) {
  case FRAME_CONDITION:
    if (!lexer_open(lx, "then")) return open_insn(p);
    f->kind = FRAME_THEN;
    write_pending(p, f);
    push_label(p, f->label);
    return true;
  case FRAME_AFTER_THEN:
    if (!open_part(p, f, "else", FRAME_ELSE)) return false;
    write_opcode(p->out, OP_ELSE);
    return true;
  case FRAME_TRY: return open_part(p, f, "do", FRAME_DO);
  case FRAME_AFTER_DO:
  case FRAME_AFTER_CATCH: return open_catch(p, f);
  case FRAME_AFTER_ELSE:
  case FRAME_AFTER_CATCH_ALL:
  case FRAME_DELEGATED: lexer_next(lx); return lexer_expected(lx, "\")\" before it");
  case FRAME_OPERANDS:
  case FRAME_BODY:
  case FRAME_THEN:
  case FRAME_ELSE:
  case FRAME_DO:
  case FRAME_CATCH:
  case FRAME_CATCH_ALL:
  case FRAME_PLAIN:
  case FRAME_PLAIN_IF:
  case FRAME_PLAIN_TRY:
  case FRAME_PLAIN_CATCH: return open_insn(p);
  }
  unreachable();
}

static bool parse_close(struct parser *p) {
  struct frame *f = &VEC_LAST(&p->frames);
  bool ends_block = true;
  switch ((enum frame_kind)f->kind) {
  case FRAME_PLAIN:
  case FRAME_PLAIN_IF:
  case FRAME_PLAIN_TRY:
  case FRAME_PLAIN_CATCH: return lexer_expected(&p->lx, "\"end\"");
  case FRAME_CONDITION: return lexer_expected(&p->lx, "\"(then\"");
  case FRAME_TRY: return lexer_expected(&p->lx, "\"(do\"");
  case FRAME_THEN: f->kind = FRAME_AFTER_THEN; return lexer_expect_close(&p->lx);
  case FRAME_ELSE: f->kind = FRAME_AFTER_ELSE; return lexer_expect_close(&p->lx);
  case FRAME_DO: f->kind = FRAME_AFTER_DO; return lexer_expect_close(&p->lx);
  case FRAME_CATCH: f->kind = FRAME_AFTER_CATCH; return lexer_expect_close(&p->lx);
  case FRAME_CATCH_ALL: f->kind = FRAME_AFTER_CATCH_ALL; return lexer_expect_close(&p->lx);
  case FRAME_OPERANDS:
    write_pending(p, f);
    ends_block = false;
    break;
  case FRAME_DELEGATED: ends_block = false; break;
  case FRAME_BODY:
  case FRAME_AFTER_THEN:
  case FRAME_AFTER_ELSE:
  case FRAME_AFTER_DO:
  case FRAME_AFTER_CATCH:
  case FRAME_AFTER_CATCH_ALL: break;
  }
  if (ends_block) {
    write_end(p);
    labels_pop(&p->labels);
  }
  pop_frame(p);
  lexer_next(&p->lx);
  return lexer_ok(&p->lx);
}

/* ---- sequences ---- */

static bool reject_hint(struct parser *p) {
  if (p->hint < 0) return true;
  return lexer_fail(&p->lx, p->lx.tok.off, "@metadata.code.branch_hint annotation: invalid target");
}

static bool parse_sequence(struct parser *p, struct buf *out, bool one) {
  struct lexer *lx = &p->lx;
  uint32_t base = p->frames.len;
  p->out = out;
  p->hint = -1;
  for (;;) {
    switch (lx->tok.kind) {
    case TOKEN_RPAR:
      if (!reject_hint(p)) return false;
      if (p->frames.len == base) return true;
      if (!parse_close(p)) return false;
      break;
    case TOKEN_LPAR:
      if (!parse_open(p, base)) return false;
      break;
    case TOKEN_KEYWORD:
      if (!parse_plain(p, base)) return false;
      break;
    case TOKEN_ANNOT:
      if (lx->tok.annot != ANNOT_BRANCH_HINT) return lexer_expected(lx, "an instruction");
      if (!parse_hint_annot(p)) return false;
      continue;
    default: return lexer_expected(lx, "an instruction");
    }
    if (!lexer_ok(lx)) return false;
    if (one && p->frames.len == base) return true;
  }
}

void parser_begin_func(struct parser *p) {
  arena_release(p->scratch, (struct arena_mark){0});
  ids_init(&p->locals, p->scratch, "local");
  labels_init(&p->labels, p->scratch);
  p->label_len = 0;
  p->hint = -1;
  p->in_func = false;
  struct items *lists[] = {&p->local_names, &p->label_names, &p->hints};
  for (size_t i = 0; i < COUNT_OF(lists); i++) {
    scratch_reset(p, &lists[i]->bytes);
    lists[i]->len = 0;
  }
}

bool parse_instrs(struct parser *p, struct buf *out) { return parse_sequence(p, out, false); }

bool parse_folded(struct parser *p, struct buf *out) {
  if (p->lx.tok.kind != TOKEN_LPAR) return lexer_expected(&p->lx, "\"(\"");
  return parse_sequence(p, out, true);
}

bool parse_item_expr(struct parser *p, const char *keyword, struct buf *out) {
  if (lexer_open(&p->lx, keyword)) {
    if (!parse_instrs(p, out) || !lexer_expect_close(&p->lx)) return false;
  } else if (!parse_folded(p, out)) {
    return false;
  }
  write_opcode(out, OP_END);
  return true;
}
