/* Text to IR.
 *
 * In: text as print.c writes it, `;` comments between lines.  Out: struct ir_func with blocks, edges,
 * predecessors, dominators, and loops as the contiguous ranges between headers and their last edges back. For
 * tests: names are looked up one by one.  Must not: judge more than the form. */
#include "compiler/ir/parse.h"

#include "abi/builtin.h"
#include "abi/trap.h"
#include "abi/vmctx.h"
#include "base/map.h"
#include "compiler/ir/cfg.h"

#include <stdlib.h>
#include <string.h>

struct parser {
  const char *at, *end;
  uint32_t line;
  struct ir_func *f;
  struct arena *arena;
  struct error *e;
  struct map values;  /* number in the text -> value */
  VEC(uint32_t) list; /* words of the list just read */
  bool ok;
};

static bool fail(struct parser *p, const char *expected) {
  if (p->ok) (void)error_line(p->e, ERROR_MALFORMED, p->line, 1, "expected %s", expected);
  p->ok = false;
  return false;
}

/* ---- tokens ---- */

static void skip_space(struct parser *p) {
  while (p->at < p->end && (*p->at == ' ' || *p->at == '\t'))
    p->at++;
}

static void skip_lines(struct parser *p) {
  for (;;) {
    skip_space(p);
    if (p->at < p->end && *p->at == ';')
      while (p->at < p->end && *p->at != '\n')
        p->at++;
    if (p->at == p->end || *p->at != '\n') return;
    p->at++;
    p->line++;
  }
}

static bool accept(struct parser *p, const char *token) {
  skip_space(p);
  size_t len = strlen(token);
  if ((size_t)(p->end - p->at) < len || memcmp(p->at, token, len) != 0) return false;
  p->at += len;
  return true;
}

static void expect(struct parser *p, const char *token) {
  if (!accept(p, token)) fail(p, token);
}

/* Letters, digits, underscores. */
static struct slice word(struct parser *p) {
  skip_space(p);
  const char *begin = p->at;
  while (p->at < p->end && (*p->at == '_' || (*p->at >= '0' && *p->at <= '9') ||
                            (*p->at >= 'a' && *p->at <= 'z') || (*p->at >= 'A' && *p->at <= 'Z')))
    p->at++;
  return slice_of(begin, (size_t)(p->at - begin));
}

static uint64_t number(struct parser *p) {
  skip_space(p);
  char digits[32];
  uint32_t len = 0;
  while (p->at < p->end && len + 1 < sizeof digits && strchr("-+0123456789abcdefxABCDEF", *p->at))
    digits[len++] = *p->at++;
  digits[len] = 0;
  char *stop;
  uint64_t v = digits[0] == '-' ? (uint64_t)strtoll(digits, &stop, 0) : strtoull(digits, &stop, 0);
  if (len == 0 || *stop) fail(p, "a number");
  return v;
}

static uint32_t numbered(struct parser *p, const char *prefix) {
  expect(p, prefix);
  return p->ok ? (uint32_t)number(p) : 0;
}

static ir_val value(struct parser *p) {
  uint32_t n = numbered(p, "v");
  const uint32_t *v = p->ok ? map_find_int(&p->values, n) : NULL;
  if (!v) fail(p, "a value that has been defined");
  return v ? *v : 0;
}

/* ---- names ---- */

static uint8_t type(struct parser *p) {
  struct slice name = word(p);
  for (uint8_t t = IR_I32; t < IR_TYPE_COUNT; t++)
    if (slice_eq_cstr(name, ir_type_name(t))) return t;
  fail(p, "a type");
  return IR_I32;
}

static bool same_name(struct slice lower, const char *upper) {
  size_t i = 0;
  for (; i < lower.len && upper[i]; i++)
    if (lower.data[i] != (upper[i] >= 'A' && upper[i] <= 'Z' ? upper[i] - 'A' + 'a' : upper[i])) return false;
  return i == lower.len && !upper[i];
}

static uint32_t trap(struct parser *p) {
  static const char *const names[] = {
#define TRAP(id, message) #id,
#include "abi/trap.def"
#undef TRAP
  };
  struct slice name = word(p);
  for (uint32_t i = 0; i < COUNT_OF(names); i++)
    if (same_name(name, names[i])) return i;
  fail(p, "a trap");
  return 0;
}

static uint32_t builtin(struct parser *p) {
  static const char *const names[] = {
#define BUILTIN(id, result, params) [BUILTIN_##id] = #id,
#include "abi/builtin.def"
#undef BUILTIN
  };
  struct slice name = word(p);
  for (uint32_t i = 0; i < COUNT_OF(names); i++)
    if (names[i] && same_name(name, names[i])) return i;
  fail(p, "a builtin");
  return 0;
}

static uint8_t operation(struct parser *p) {
  struct slice name = word(p);
  for (uint8_t op = 1; op < IR_OP_COUNT; op++)
    if (slice_eq_cstr(name, ir_op_table[op].text)) return op;
  fail(p, "an instruction");
  return IR_OP_NONE;
}

static uint8_t access(struct parser *p) {
  static const char *const names[] = {"", ".8u", ".8s", ".16u", ".16s", ".32u", ".32s"};
  for (uint8_t i = 1; i < COUNT_OF(names); i++)
    if (accept(p, names[i])) return i;
  return ACCESS_FULL;
}

static uint8_t flags(struct parser *p) {
  unsigned f = 0;
  if (accept(p, "barrier")) f |= IRF_BARRIER;
  if (accept(p, "mask")) f |= IRF_MASK;
  if (accept(p, "immutable")) f |= IRF_IMMUTABLE;
  if (accept(p, "null_struct")) f |= IRF_NULL_STRUCT;
  if (accept(p, "null_array")) f |= IRF_NULL_ARRAY;
  if (accept(p, "null_cast")) f |= IRF_NULL_CAST;
  if (accept(p, "faults")) f |= IRF_FAULTS;
  if (accept(p, "global")) f |= IRF_GLOBAL;
  if (accept(p, "table")) f |= IRF_TABLE;
  return (uint8_t)f;
}

/* ---- instructions ---- */

/* (v1, v2) as ext: count, values. */
static uint32_t arguments(struct parser *p) {
  p->list.len = 0;
  VEC_PUSH(p->arena, &p->list, 0);
  expect(p, "(");
  if (!accept(p, ")")) {
    do
      VEC_PUSH(p->arena, &p->list, value(p));
    while (p->ok && accept(p, ","));
    expect(p, ")");
  }
  p->list.at[0] = p->list.len - 1;
  return ir_ext(p->f, p->list.at, p->list.len);
}

/* `on 1 switch 2`, behind the arguments of a resume. */
static void clauses(struct parser *p) {
  struct vmctx_layout layout;
  if (!p->f->module || !vmctx_layout(p->f->module, &layout)) {
    fail(p, "a module with tags");
    return;
  }
  uint32_t n = p->list.len = 0;
  VEC_PUSH(p->arena, &p->list, 0);
  for (bool is_switch; p->ok && ((is_switch = accept(p, "switch")) || accept(p, "on")); n++) {
    uint32_t tag = (uint32_t)number(p);
    if (tag >= p->f->module->ntags) fail(p, "a tag of the module");
    VEC_PUSH(p->arena, &p->list, tag << 1 | is_switch);
    VEC_PUSH(p->arena, &p->list, layout.tags + 8 * tag);
  }
  p->list.at[0] = n;
  (void)ir_ext(p->f, p->list.at, p->list.len);
}

/* v1, v2 t3 (..): cell and tag of a switch, the type of its target, the values. */
static void switch_operands(struct parser *p, struct ir_insn *in) {
  in->a = value(p);
  expect(p, ",");
  in->c = value(p);
  uint32_t type = numbered(p, "t");
  in->b = arguments(p);
  (void)ir_ext(p->f, &type, 1);
}

/* Base, offset and, for stores, the value of a memory access. */
static void memory_operands(struct parser *p, struct ir_insn *in) {
  in->a = value(p);
  expect(p, "+");
  in->c = (uint32_t)number(p);
  if (accept(p, "base") || accept(p, "index")) {
    uint32_t words[2] = {in->c, value(p)};
    in->c = ir_ext(p->f, words, 2);
    in->flags |= IRF_EXT_ADDR;
  }
  if (ir_op_table[in->op].operands[1] != 'v') return;
  expect(p, ",");
  in->b = value(p);
  if (in->op != IR_OP_ATOMIC_CMPXCHG) return;
  bool has_base = (in->flags & IRF_EXT_ADDR) != 0;
  uint32_t words[3] = {has_base ? p->f->ext.at[in->c] : in->c, has_base ? p->f->ext.at[in->c + 1] : 0};
  expect(p, ",");
  words[2] = value(p);
  in->c = ir_ext(p->f, words, 3);
}

static void operands(struct parser *p, struct ir_insn *in) {
  const char *kinds = ir_op_table[in->op].operands;
  if (ir_op_is_guest(in->op)) {
    memory_operands(p, in);
    return;
  }
  switch (in->op) {
  case IR_OP_ICONST:
  case IR_OP_FCONST: {
    uint64_t bits = number(p);
    in->a = (uint32_t)bits;
    if (in->type != IR_I32 && in->type != IR_REF && in->type != IR_F32) in->b = (uint32_t)(bits >> 32);
    return;
  }
  case IR_OP_VCONST: {
    uint32_t words[4];
    for (int i = 0; i < 4; i++)
      words[i] = (uint32_t)number(p);
    in->a = ir_ext(p->f, words, 4);
    return;
  }
  case IR_OP_LOAD:
  case IR_OP_STORE:
  case IR_OP_HLOAD:
  case IR_OP_HSTORE: memory_operands(p, in); break;
  case IR_OP_TRY: /* the record of a try is not in the text */
    skip_space(p);
    if (p->at == p->end || *p->at != 'b') fail(p, "a try that catches nothing");
    in->a = CODE_NO_TRY;
    return;
  case IR_OP_SWITCH_TO: switch_operands(p, in); return;
  case IR_OP_TRAPIF:
  case IR_OP_TRAPIFZ:
    in->a = value(p);
    in->b = trap(p);
    return;
  case IR_OP_TRAP: in->b = trap(p); return;
  case IR_OP_CALL:
  case IR_OP_TAIL_CALL: in->a = numbered(p, "f"); break;
  case IR_OP_RESUME:
  case IR_OP_RESUME_THROW:
  case IR_OP_SUSPEND:
  case IR_OP_CALL_FUNC:
  case IR_OP_TAIL_CALL_FUNC: in->a = value(p); break;
  case IR_OP_CALL_BUILTIN: in->a = builtin(p); break;
  case IR_OP_RETURN: break;
  default: {
    uint32_t *field[3] = {&in->a, &in->b, &in->c};
    bool first = true;
    for (int i = 0; i < 3; i++) {
      if (kinds[i] == '-') continue;
      if (!first) expect(p, ",");
      *field[i] = kinds[i] == 'v' ? value(p) : (uint32_t)number(p);
      first = false;
    }
  }
  }
  if (kinds[1] == 'e') {
    if (in->op != IR_OP_RETURN && in->op != IR_OP_CALL_BUILTIN) in->c = numbered(p, "t");
    in->b = arguments(p);
    if (in->op == IR_OP_RESUME || in->op == IR_OP_RESUME_THROW) clauses(p);
  }
  if (in->op == IR_OP_CALL_FUNC && accept(p, "own")) in->flags |= IRF_OWN;
  in->flags |= flags(p);
}

static void define(struct parser *p, uint32_t n, ir_val v) {
  if (p->ok && !map_insert_int(&p->values, n, v)) fail(p, "a value that has not been defined");
}

/* Edges behind the end of a block; equal ones are one. */
static void successors(struct parser *p, ir_block b) {
  struct ir_blk *blk = &p->f->blocks.at[b];
  uint32_t first_edge = p->f->edges.len;
  blk->succ = p->f->succs.len;
  while (p->ok && accept(p, "b")) {
    struct ir_edge edge = {.from = b, .to = (uint32_t)number(p)};
    if (p->at < p->end && *p->at == '(') edge.args = arguments(p) + 1;
    uint32_t e = first_edge;
    while (e < p->f->edges.len && p->f->edges.at[e].to != edge.to)
      e++;
    if (e == p->f->edges.len) VEC_PUSH(p->arena, &p->f->edges, edge);
    VEC_PUSH(p->arena, &p->f->succs, e);
    blk->nsucc++;
  }
}

/* False at the end of the block. */
static bool parse_insn(struct parser *p, ir_block b) {
  struct ir_insn in = {0};
  uint32_t n = UINT32_MAX;
  skip_lines(p);
  if (p->at < p->end && *p->at == 'v' && p->end - p->at > 1 && p->at[1] >= '0' && p->at[1] <= '9') {
    n = numbered(p, "v");
    expect(p, "=");
  }
  in.op = operation(p);
  if (!p->ok) return false;
  bool memory = ir_op_is_guest(in.op) || in.op == IR_OP_LOAD || in.op == IR_OP_STORE ||
                in.op == IR_OP_HLOAD || in.op == IR_OP_HSTORE;
  if (accept(p, ".")) in.type = type(p);
  if (memory) in.flags = access(p);
  operands(p, &in);
  if (!p->ok) return false;
  ir_val v = ir_append(p->f, in, 0);
  if (n != UINT32_MAX) define(p, n, v);
  if (!(ir_op_table[in.op].flags & IRF_X)) return true;
  p->f->blocks.at[b].end = v + 1;
  successors(p, b);
  if (in.op == IR_OP_TRY) p->f->insns.at[v].b = max_u32(p->f->blocks.at[b].nsucc, 1) - 1;
  return false;
}

static void parse_block(struct parser *p, ir_block b) {
  struct ir_func *f = p->f;
  if (numbered(p, "b") != b) fail(p, "blocks in order");
  VEC_PUSH(p->arena, &f->blocks, ((struct ir_blk){.first = f->insns.len}));
  if (accept(p, "(")) {
    do {
      uint32_t n = numbered(p, "v");
      expect(p, ":");
      define(p, n, ir_append(f, (struct ir_insn){.op = IR_OP_PHI, .type = type(p)}, 0));
      f->blocks.at[b].nphis++;
    } while (p->ok && accept(p, ","));
    expect(p, ")");
  }
  expect(p, ":");
  if (accept(p, "loop")) {
    (void)number(p); /* loops are numbered anew, by their headers */
    VEC_PUSH(p->arena, &f->loops, ((struct ir_loop){.header = b, .end = b + 1}));
    f->blocks.at[b].header = true;
  }
  f->blocks.at[b].cold = accept(p, "cold");
  while (p->ok && parse_insn(p, b)) {
  }
}

/* Loops end behind the last block that leads back to their header; inner ones end before. */
static void find_loops(struct ir_func *f) {
  for (uint32_t e = 0; e < f->edges.len; e++) {
    struct ir_edge edge = f->edges.at[e];
    for (uint32_t i = 1; edge.to <= edge.from && i < f->loops.len; i++)
      if (f->loops.at[i].header == edge.to && f->loops.at[i].end <= edge.from)
        f->loops.at[i].end = edge.from + 1;
  }
  for (uint32_t i = 1; i < f->loops.len; i++) {
    struct ir_loop *loop = &f->loops.at[i];
    loop->parent = f->blocks.at[loop->header].loop;
    loop->depth = f->loops.at[loop->parent].depth + 1;
    for (ir_block b = loop->header; b < loop->end; b++)
      f->blocks.at[b].loop = i;
  }
}

static void parse_types(struct parser *p, const valtype **types, uint32_t *len) {
  static const valtype of[IR_TYPE_COUNT] = {
      [IR_I32] = VT_I32,   [IR_I64] = VT_I64,       [IR_F32] = VT_F32,         [IR_F64] = VT_F64,
      [IR_V128] = VT_V128, [IR_REF] = VT_EXTERNREF, [IR_FUNCREF] = VT_FUNCREF, [IR_PTR] = VT_I64,
  };
  VEC(valtype) list = {0};
  expect(p, "(");
  if (!accept(p, ")")) {
    do
      VEC_PUSH(p->arena, &list, of[type(p)]);
    while (p->ok && accept(p, ","));
    expect(p, ")");
  }
  *types = list.at;
  *len = list.len;
}

static bool check_edges(struct parser *p) {
  for (uint32_t e = 0; e < p->f->edges.len; e++) {
    const struct ir_edge *edge = &p->f->edges.at[e];
    if (edge->to >= p->f->blocks.len || edge->to == 0) return fail(p, "branches to blocks that are there");
    uint32_t n = edge->args ? p->f->ext.at[edge->args - 1] : 0;
    if (n != p->f->blocks.at[edge->to].nphis) return fail(p, "a value for each of the block's");
  }
  return true;
}

struct ir_func *ir_parse(struct slice text, const struct module *m, struct arena *a, struct error *e) {
  struct parser p = {.at = (const char *)text.data,
                     .end = (const char *)text.data + text.len,
                     .line = 1,
                     .arena = a,
                     .e = e,
                     .ok = true};
  struct functype *signature = ARENA_NEW(a, struct functype);
  map_init(&p.values, a);
  p.f = ir_func_new(a, NULL, 0);
  p.f->module = m;
  p.f->type = signature;
  skip_lines(&p);
  expect(&p, "fn");
  p.f->index = (uint32_t)number(&p);
  parse_types(&p, &signature->params, &signature->nparams);
  expect(&p, "->");
  parse_types(&p, &signature->results, &signature->nresults);
  expect(&p, "{");
  skip_lines(&p);
  for (ir_block b = 0; p.ok && !accept(&p, "}"); b++) {
    parse_block(&p, b);
    skip_lines(&p);
  }
  if (p.ok && p.f->blocks.len == 0) fail(&p, "a block");
  if (!p.ok || !check_edges(&p)) return NULL;
  find_loops(p.f);
  ir_compute_preds(p.f);
  ir_compute_dominators(p.f);
  return p.f;
}
