/* The fast lane of the walk over a body: instructions in their plain form.
 *
 * In: the walk's state before an instruction.  Out: the state before the first instruction that needs the
 * general path (insn_read and insn_check), which may be the same one.  Here stand one-byte opcodes whose
 * operands have exactly the types that are asked for, with short immediates and blocks of at most one result;
 * they are more than nine of ten. Must not: report an error or accept what the general path refuses. Whatever
 * is unusual is left to that path before anything has changed, so that every rule and every message stands
 * there. */
#include "validate/validator.h"

#include <string.h>

/* No instruction read here is longer; bytes behind a body, but within the module, may be read (and are
 * refused then). */
enum { LONGEST = 16 };

enum lane_kind {
  LANE_GENERAL,
  LANE_UNARY,  /* [p1] -> [result] */
  LANE_BINARY, /* [p1 p2] -> [result] */
  LANE_CONST_LEB,
  LANE_CONST_BYTES, /* [] -> [result]; `size` is the longest short LEB or the number of bytes */
  LANE_LOAD,        /* [address] -> [result] */
  LANE_STORE,       /* [address p2] -> [] */
  LANE_OPCODE,      /* by opcode */
};

void lane_init(struct lane_row rows[256], const struct op_sig sigs[OP_COUNT], struct features f) {
  for (uint32_t code = 0; code < 256; code++) {
    enum op op = op_decode(0, code);
    const struct op_info *info = op_info(op);
    const struct op_sig *s = &sigs[op];
    struct lane_row *row = &rows[code];
    *row = (struct lane_row){.kind = LANE_GENERAL, .op = (uint16_t)op};
    if (op == OP_INVALID || !feature_on(f, (enum feature)info->feature)) continue;
    if (s->kind == SIG_FAMILY) row->kind = LANE_OPCODE;
    if (s->nresults > 1 || (s->special && info->imm != IMM_MEMARG)) continue;
    row->result = s->results[0];
    row->p1 = s->params[0];
    row->p2 = s->params[1];
    row->align = info->align_log2;
    switch (info->imm) {
    case IMM_NONE:
      if (s->kind == SIG_PLAIN && s->nresults == 1 && s->nparams == 1) row->kind = LANE_UNARY;
      if (s->kind == SIG_PLAIN && s->nresults == 1 && s->nparams == 2) row->kind = LANE_BINARY;
      break;
    case IMM_I32:
      row->kind = LANE_CONST_LEB, row->size = 4;
      break; /* bytes that need no look at the last one's bits */
    case IMM_I64: row->kind = LANE_CONST_LEB, row->size = 9; break;
    case IMM_F32: row->kind = LANE_CONST_BYTES, row->size = 4; break;
    case IMM_F64: row->kind = LANE_CONST_BYTES, row->size = 8; break;
    case IMM_MEMARG: row->kind = s->nresults ? LANE_LOAD : LANE_STORE; break;
    default: break;
    }
  }
}

/* The length of the LEB128 at `at`; 10 stands for longer ones too. */
static inline uint32_t leb_len(const uint8_t *at) {
  uint64_t word;
  memcpy(&word, at, sizeof word);
  uint64_t ends = ~word & UINT64_C(0x8080808080808080);
  if (ends) return (uint32_t)__builtin_ctzll(ends) / 8 + 1;
  return at[8] < 0x80 ? 9 : 10;
}

/* A u32 of one or two bytes; false when it is longer. */
static inline bool short_u32(const uint8_t **at, uint32_t *out) {
  uint32_t byte = *(*at)++;
  if (byte & 0x80) {
    uint32_t high = *(*at)++;
    if (high & 0x80) return false;
    byte = (byte & 0x7f) | high << 7;
  }
  *out = byte;
  return true;
}

/* A label that takes nothing. */
static inline bool label_is_empty(const struct ctrl *c) {
  return (c->op == OP_LOOP ? c->nparams : c->nresults) == 0;
}

/* The walk's registers: what of struct validator changes with each instruction. */
struct lane {
  const uint8_t *at;
  valtype *sp, *base, *high; /* free slot, bottom of the current block, highest slot that was ever free */
  struct ctrl *top;
};

static inline bool lane_push(struct lane *l, const valtype *limit, valtype t) {
  if (l->sp == l->high) {
    if (l->high == limit) return false;
    l->high++;
  }
  *l->sp++ = t;
  return true;
}

/* Opens a block without parameters and with at most one result; `at` stands at the block type. */
static bool lane_block(struct validator *v, struct lane *l, enum op op) {
  uint8_t code = *l->at;
  valtype one = code >= 0x7c && code <= 0x7f ? VT_I32 + (0x7fu - code) : VT_NONE;
  if ((one == VT_NONE && code != 0x40) || v->ctrls.len == v->ctrls.cap || v->ctrls.len >= MAX_CONTROL_DEPTH)
    return false;
  static_assert(VT_I64 == VT_I32 + 1 && VT_F32 == VT_I32 + 2 && VT_F64 == VT_I32 + 3,
                "in the order of their codes");
  if (op == OP_IF) {
    if (l->sp == l->base || l->sp[-1] != VT_I32) return false;
    l->sp--;
  }
  l->at++;
  l->top = &v->ctrls.at[v->ctrls.len++];
  l->base = l->sp;
  *l->top = (struct ctrl){.nresults = one != VT_NONE,
                          .height = (uint32_t)(l->sp - v->stack),
                          .ninits = v->inits.len,
                          .one = one,
                          .op = (uint16_t)op};
  v->max_depth = max_u32(v->max_depth, v->ctrls.len);
  return true;
}

/* Are the operands of the current block those that it yields, and is there nothing else to do at its end? */
static bool block_is_plain(const struct validator *v, const struct lane *l) {
  const struct ctrl *c = l->top;
  if (c->nparams || c->nresults > 1 || v->inits.len != c->ninits) return false;
  if (c->nresults == 0) return l->sp == l->base;
  if (l->sp == l->base) return c->unreachable;
  return l->sp == l->base + 1 && *l->base == *ctrl_results(c);
}

static bool lane_end(struct validator *v, struct lane *l) {
  const struct ctrl *c = l->top;
  if (v->ctrls.len == 1 || !block_is_plain(v, l) || (c->op == OP_IF && c->nresults)) return false;
  if (l->base + c->nresults > l->high) return false; /* results of an unreachable end, higher than ever */
  if (c->nresults) *l->base = *ctrl_results(c);
  l->sp = l->base + c->nresults;
  v->ctrls.len--;
  l->top--;
  l->base = v->stack + l->top->height;
  return true;
}

static bool lane_else(const struct validator *v, struct lane *l) {
  if (l->top->op != OP_IF || !block_is_plain(v, l)) return false;
  l->top->op = OP_ELSE;
  l->top->unreachable = false;
  l->sp = l->base;
  return true;
}

static inline void lane_unreachable(struct lane *l) {
  l->sp = l->base;
  l->top->unreachable = true;
}

static bool lane_branch(const struct validator *v, struct lane *l, bool conditional) {
  uint32_t label = *l->at;
  if (label >= min_u32(v->ctrls.len, 0x80) || !label_is_empty(l->top - label)) return false;
  if (conditional) {
    if (l->sp == l->base || l->sp[-1] != VT_I32) return false;
    l->sp--;
  } else {
    lane_unreachable(l);
  }
  l->at++;
  return true;
}

static bool lane_return(const struct validator *v, struct lane *l) {
  const struct functype *t = v->type;
  if (t->nresults > 1 || (t->nresults && (l->sp == l->base || l->sp[-1] != t->results[0]))) return false;
  lane_unreachable(l);
  return true;
}

static bool lane_call(const struct validator *v, struct lane *l, const valtype *limit) {
  uint32_t index;
  const uint8_t *at = l->at;
  if (!short_u32(&at, &index) || index >= v->m->nfuncs) return false;
  const struct functype *t = &v->m->types[v->m->funcs[index].type].func;
  if ((size_t)(l->sp - l->base) < t->nparams || t->nresults > 1) return false;
  valtype *args = l->sp - t->nparams;
  for (uint32_t i = 0; i < t->nparams; i++)
    if (args[i] != t->params[i]) return false;
  if (t->nresults) {
    if (t->nparams == 0 && l->sp == l->high && l->high == limit) return false;
    l->sp = args;
    (void)lane_push(l, limit, t->results[0]);
  } else {
    l->sp = args;
  }
  l->at = at;
  return true;
}

/* The opcodes with rules of their own. `at` stands behind the opcode. */
static inline bool lane_opcode(struct validator *v, struct lane *l, const valtype *limit, enum op op) {
  const uint8_t *at = l->at;
  uint32_t index;
  switch (op) {
  case OP_LOCAL_GET:
  case OP_LOCAL_SET:
  case OP_LOCAL_TEE: {
    if (!short_u32(&at, &index) || index >= v->ndense) return false;
    valtype t = v->dense[index];
    if (v->has_uninit && (t & VT_REF)) return false;
    if (op == OP_LOCAL_GET) {
      if (!lane_push(l, limit, t)) return false;
    } else {
      if (l->sp == l->base || l->sp[-1] != t) return false;
      if (op == OP_LOCAL_SET) l->sp--;
    }
    l->at = at;
    return true;
  }
  case OP_GLOBAL_GET:
    if (!short_u32(&at, &index) || index >= v->m->nglobals ||
        !lane_push(l, limit, v->m->globals[index].type.type))
      return false;
    l->at = at;
    return true;
  case OP_GLOBAL_SET:
    if (!short_u32(&at, &index) || index >= v->m->nglobals || !v->m->globals[index].type.mutable_ ||
        l->sp == l->base || l->sp[-1] != v->m->globals[index].type.type)
      return false;
    l->sp--;
    l->at = at;
    return true;
  case OP_UNREACHABLE: lane_unreachable(l); return true;
  case OP_END: return lane_end(v, l);
  case OP_BR_IF: return lane_branch(v, l, true);
  case OP_BR: return lane_branch(v, l, false);
  case OP_RETURN: return lane_return(v, l);
  case OP_BLOCK:
  case OP_LOOP:
  case OP_IF: return lane_block(v, l, op);
  case OP_ELSE: return lane_else(v, l);
  case OP_CALL: return lane_call(v, l, limit);
  case OP_DROP:
    if (l->sp == l->base) return false;
    l->sp--;
    return true;
  case OP_SELECT:
    if (l->sp - l->base < 3 || l->sp[-1] != VT_I32 || l->sp[-2] != l->sp[-3] || !vt_is_num(l->sp[-2]))
      return false;
    l->sp -= 2;
    return true;
  default: return false;
  }
}

/* Is the expression one plain constant of this type? */
bool lane_is_const(const struct validator *v, const struct const_expr *x, valtype type) {
  if (x->size < 2 || x->off + LONGEST > v->m->bytes.len) return false;
  const struct lane_row *row = &v->lane[x->code[0]];
  if (row->result != type) return false;
  if (row->kind == LANE_CONST_BYTES) return x->size == 1u + row->size;
  uint32_t len = leb_len(x->code + 1);
  return row->kind == LANE_CONST_LEB && len <= row->size && x->size == 1 + len;
}

void lane_run(struct validator *v, struct reader *r) {
  const uint8_t *module_end = v->m->bytes.data + v->m->bytes.len;
  if ((size_t)(module_end - r->at) < LONGEST) return;
  const uint8_t *stop = r->end < module_end - LONGEST ? r->end : module_end - LONGEST;
  const valtype *limit = v->stack + v->cap - OPERAND_SLACK;
  const valtype addr = v->m->nmems ? limits_addr(&v->m->mems[0].type.limits) : VT_NONE;
  struct lane l = {.at = r->at,
                   .sp = v->stack + v->len,
                   .base = v->stack + v->top->height,
                   .high = v->stack + max_u32(v->len, v->max_len),
                   .top = v->top};
  if (l.high > limit) return;
  const uint8_t *insn_at;
  for (;;) {
    insn_at = l.at;
    if (l.at >= stop) break;
    const struct lane_row *row = &v->lane[*l.at++];
    switch ((enum lane_kind)row->kind) {
    case LANE_UNARY:
      if (l.sp == l.base || l.sp[-1] != row->p1) goto general;
      l.sp[-1] = row->result;
      continue;
    case LANE_BINARY:
      if (l.sp - l.base < 2 || l.sp[-2] != row->p1 || l.sp[-1] != row->p2) goto general;
      *(--l.sp - 1) = row->result;
      continue;
    case LANE_CONST_LEB: {
      uint32_t len = leb_len(l.at);
      if (len > row->size || !lane_push(&l, limit, row->result)) goto general;
      l.at += len;
      continue;
    }
    case LANE_CONST_BYTES:
      if (!lane_push(&l, limit, row->result)) goto general;
      l.at += row->size;
      continue;
    case LANE_LOAD: {
      uint32_t len = leb_len(l.at + 1);
      if (*l.at > row->align || len > 4 || l.sp == l.base || l.sp[-1] != addr) goto general;
      l.sp[-1] = row->result;
      l.at += 1 + len;
      continue;
    }
    case LANE_STORE: {
      uint32_t len = leb_len(l.at + 1);
      if (*l.at > row->align || len > 4 || l.sp - l.base < 2 || l.sp[-2] != addr || l.sp[-1] != row->p2)
        goto general;
      l.sp -= 2;
      l.at += 1 + len;
      continue;
    }
    case LANE_OPCODE:
      if (!lane_opcode(v, &l, limit, (enum op)row->op)) goto general;
      continue;
    case LANE_GENERAL: break;
    }
  general:
    break;
  }
  r->at =
      insn_at < r->end ? insn_at : r->end; /* an instruction that crosses the body's end is found out there */
  v->len = (uint32_t)(l.sp - v->stack);
  v->max_len = (uint32_t)(l.high - v->stack);
  v->top = l.top;
}
