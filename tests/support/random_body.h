/* Random function bodies, valid by construction: two i32 parameters and a result, locals of both widths,
 * blocks, loops that end, br_table, dead code, memory within its first 256 bytes, two globals. The module
 * exports nothing. */
#ifndef TESTS_SUPPORT_RANDOM_BODY_H
#define TESTS_SUPPORT_RANDOM_BODY_H

#include "base/buf.h"

static uint64_t random_state = 0x9e3779b97f4a7c15u;
static uint32_t below(uint32_t n) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (uint32_t)((random_state >> 11) % n);
}

enum {
  LOCALS = 6,
  COUNTER = 6, /* the local that ends loops */
  LOCAL64 = 7, /* and 8 */
  FLOAT = 9,   /* f64, and 10 */
  NLOCALS = 11
};
struct gen {
  struct buf code;
  uint8_t labels[64]; /* innermost last: 0 = block, 1 = loop, 2 = block with an i32 */
  uint32_t depth;
  int budget;
};

static void op(struct gen *g, uint8_t code) { buf_u8(&g->code, code); }
static void op1(struct gen *g, uint8_t code, uint32_t imm) {
  buf_u8(&g->code, code);
  buf_uleb(&g->code, imm);
}

static void expr(struct gen *g, int depth) {
  static const uint8_t binary[] = {0x6a, 0x6b, 0x6c, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76,
                                   0x46, 0x47, 0x48, 0x49, 0x4d, 0x6a, 0x6d, 0x6e, 0x70};
  g->budget--;
  switch (depth <= 0 ? below(2) : below(14)) {
  case 0: op1(g, 0x20, below(LOCALS)); break;
  case 1:
    op(g, 0x41);
    buf_sleb(&g->code, below(4) ? (int32_t)below(16) - 4 : (int32_t)below(UINT32_MAX));
    break;
  case 2:
    expr(g, depth - 1);
    op(g, 0x45);
    break; /* eqz */
  case 3:  /* load */
    expr(g, depth - 1);
    op1(g, 0x41, 0x3f);
    op(g, 0x71);
    op(g, (uint8_t[]){0x28, 0x2c, 0x2d, 0x2e, 0x2f}[below(5)]);
    op(g, 0);
    buf_uleb(&g->code, below(4) * 4);
    break;
  case 4: op1(g, 0x23, below(2)); break; /* global.get */
  case 5:
    expr(g, depth - 1), expr(g, depth - 1), expr(g, depth - 1);
    op(g, 0x1b);
    break;
  case 6: /* through i64 */
    op1(g, 0x20, LOCAL64);
    expr(g, depth - 1);
    op(g, below(2) ? 0xac : 0xad);
    op(g, below(2) ? 0x7c : 0x84);
    if (below(2)) op1(g, 0x22, LOCAL64);
    op(g, 0xa7);
    break;
  case 7: /* through f64 */
    expr(g, depth - 1);
    op(g, below(2) ? 0xb7 : 0xb8);
    op1(g, 0x20, FLOAT + below(2));
    op(g, (uint8_t[]){0xa0, 0xa1, 0xa2, 0xa4, 0xa5}[below(5)]);
    if (below(2)) op1(g, 0x22, FLOAT + below(2));
    if (below(2)) {
      op1(g, 0x20, FLOAT);
      op(g, (uint8_t[]){0x61, 0x62, 0x63, 0x64, 0x65, 0x66}[below(6)]);
    } else {
      op(g, 0xfc);
      op(g, below(2) ? 2 : 3); /* trunc_sat */
    }
    break;
  case 8: /* the helper gives three results */
    expr(g, depth - 1);
    op1(g, 0x20, LOCAL64 + below(2));
    op1(g, 0x20, FLOAT + below(2));
    op1(g, 0x10, 1);
    op1(g, 0x21, FLOAT + below(2));
    op1(g, 0x21, LOCAL64 + below(2));
    break;
  default:
    expr(g, depth - 1);
    expr(g, depth - 1);
    op(g, binary[below(sizeof binary)]);
  }
}

static void statements(struct gen *g);

/* A label of the kind, or UINT32_MAX. */
static uint32_t label(struct gen *g, uint8_t kind) {
  for (int i = 0; i < 8 && g->depth > 0; i++) {
    uint32_t l = below(g->depth);
    if (g->labels[g->depth - 1 - l] == kind) return l;
  }
  return UINT32_MAX;
}

static void nested(struct gen *g, uint8_t code, uint8_t type, uint8_t kind) {
  op(g, code);
  op(g, type);
  g->labels[g->depth++] = kind;
  statements(g);
  if (kind == 2) expr(g, 2);
  if (code == 0x04 && (kind == 2 || below(2))) {
    op(g, 0x05);
    statements(g);
    if (kind == 2) expr(g, 2);
  }
  g->depth--;
  op(g, 0x0b);
}

/* if (x) y = 1..; maybe of !x. */
static void on_local(struct gen *g, uint32_t x) {
  op1(g, 0x20, x);
  if (below(3) == 0) op(g, 0x45);
  op(g, 0x04);
  op(g, 0x40);
  op1(g, 0x41, below(64));
  op1(g, 0x21, below(LOCALS));
  op(g, 0x0b);
}

/* A comparison of a local with a small number, and on either side of it the same local, or its comparison,
 * again. */
static void facts(struct gen *g) {
  uint32_t x = below(LOCALS), c = below(3);
  uint8_t compare = (uint8_t)(0x46 + below(10));
  op1(g, 0x20, x);
  op1(g, 0x41, c);
  op(g, compare);
  op(g, 0x04);
  op(g, 0x40);
  for (int side = 0; side < 2; side++) {
    if (below(2)) on_local(g, x);
    op1(g, 0x20, x);
    op1(g, 0x41, below(4) ? c : below(3));
    op(g, (uint8_t)(below(2) ? 0x46 + below(10) : compare));
    op1(g, 0x21, below(LOCALS));
    if (side == 0) op(g, 0x05);
  }
  op(g, 0x0b);
  on_local(g, x);
}

static void statement(struct gen *g) {
  uint32_t l;
  bool deep = g->depth > 12 || g->budget < 0;
  switch (deep ? below(5) : below(15)) {
  case 0:
  case 1:
    expr(g, 3);
    op1(g, 0x21, below(LOCALS));
    break;
  case 2:
    expr(g, 2);
    op1(g, 0x24, below(2));
    break;
  case 3: /* store */
    expr(g, 2);
    op1(g, 0x41, 0x3f);
    op(g, 0x71);
    expr(g, 2);
    op(g, (uint8_t[]){0x36, 0x3a, 0x3b}[below(3)]);
    op(g, 0);
    buf_uleb(&g->code, below(4) * 4);
    break;
  case 4:
    if ((l = label(g, 0)) == UINT32_MAX) break;
    expr(g, 2);
    op1(g, 0x0d, l);
    break;
  case 5: /* br_if with a value, which stays */
    if ((l = label(g, 2)) == UINT32_MAX) break;
    expr(g, 2);
    expr(g, 2);
    op1(g, 0x0d, l);
    op1(g, 0x21, below(LOCALS));
    break;
  case 6: nested(g, 0x02, 0x40, 0); break;
  case 7:
    expr(g, 2);
    nested(g, 0x04, 0x40, 0);
    break;
  case 8: /* a loop goes on while the counter lasts */
    op(g, 0x03);
    op(g, 0x40);
    g->labels[g->depth++] = 1;
    statements(g);
    for (uint32_t i = 0; i < 1 + below(2); i++) {
      expr(g, 1);
      op1(g, 0x20, COUNTER);
      op1(g, 0x41, 1);
      op(g, 0x6b);
      op1(g, 0x22, COUNTER);
      op1(g, 0x41, 0);
      op(g, 0x4a);
      op(g, 0x71);
      op1(g, 0x0d, 0);
    }
    g->depth--;
    op(g, 0x0b);
    break;
  case 9:
    nested(g, 0x02, 0x7f, 2);
    op1(g, 0x21, below(LOCALS));
    break;
  case 10:
    expr(g, 2);
    nested(g, 0x04, 0x7f, 2);
    op1(g, 0x21, below(LOCALS));
    break;
  case 11: { /* br_table, and dead code behind it */
    uint32_t targets[8], n = 1 + below(6);
    for (uint32_t i = 0; i <= n; i++)
      if ((targets[i] = label(g, 0)) == UINT32_MAX) return;
    if (below(3)) return;
    expr(g, 2);
    op1(g, 0x0e, n);
    for (uint32_t i = 0; i <= n; i++)
      buf_uleb(&g->code, targets[i]);
    if (below(2)) statements(g);
    break;
  }
  case 12:
    if (below(8)) break;
    expr(g, 2);
    op(g, 0x0f);
    break;
  case 14: facts(g); break;
  case 13:
    if ((l = label(g, 0)) == UINT32_MAX || below(4)) break;
    op1(g, 0x0c, l);
    break;
  }
}

static void statements(struct gen *g) {
  for (uint32_t n = 1 + below(5); n > 0; n--)
    statement(g);
}

static void section(struct buf *b, uint8_t id, const struct buf *body) {
  buf_u8(b, id);
  buf_uleb(b, body->len);
  buf_bytes(b, body->data, body->len);
}

static void make_module(struct buf *out) {
  struct gen g = {.budget = 250};
  struct buf part;
  buf_init(&g.code);
  buf_init(&part);
  /* (type $body (func (param i32 i32) (result i32)))
   * (type $helper (func (param i32 i64 f64) (result i32 i64 f64)))
   * (memory 1) (global (mut i32) (i32.const 5)) (global (mut i32) (i32.const 7)) */
  static const uint8_t head[] = {0,    'a', 's',  'm',  1,    0,    0,    0,             /* */
                                 1,    16,  2,    0x60, 2,    0x7f, 0x7f, 1,    0x7f,    /* */
                                 0x60, 3,   0x7f, 0x7e, 0x7c, 3,    0x7f, 0x7e, 0x7c,    /* */
                                 3,    3,   2,    0,    1,    5,    3,    1,    0,    1, /* */
                                 6,    11,  2,    0x7f, 1,    0x41, 5,    0x0b, 0x7f, 1, 0x41, 7, 0x0b};
  /* i32 + 1, i64 ^ extend_u (i32), -f64 */
  static const uint8_t helper[] = {0,    0x20, 0,    0x41, 1,    0x6a, 0x20, 1,
                                   0x20, 0,    0xad, 0x85, 0x20, 2,    0x9a, 0x0b};
  static const uint8_t locals[] = {3, 5, 0x7f, 2, 0x7e, 2, 0x7c};
  buf_bytes(&g.code, locals, sizeof locals);
  op1(&g, 0x41, 30);
  op1(&g, 0x21, COUNTER);
  for (int i = 0; i < 4; i++)
    statements(&g);
  expr(&g, 3);
  op(&g, 0x0b);
  buf_uleb(&part, 2);
  buf_uleb(&part, g.code.len);
  buf_bytes(&part, g.code.data, g.code.len);
  buf_uleb(&part, sizeof helper);
  buf_bytes(&part, helper, sizeof helper);
  buf_bytes(out, head, sizeof head);
  section(out, 10, &part);
  buf_free(&g.code);
  buf_free(&part);
}

/* What the helper computes. */
static inline void helper_results(const uint64_t *args, uint64_t *results) {
  results[0] = (uint32_t)(args[0] + 1);
  results[1] = args[1] ^ (uint32_t)args[0];
  results[2] = args[2] ^ UINT64_C(1) << 63;
}

#endif
