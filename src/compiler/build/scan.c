/* A look over a function's body before it is built: which locals each loop assigns (its phis), what it may
 * write, and whether anything in it cannot be compiled.
 *
 * In: a valid body.  Out: struct scan.  Reads opcodes and skips immediates, a few cycles a byte.  The list of
 * an inner loop is a part of its parent's, so a deep nest could make lists as long as loops times locals:
 * past `max_locals` it gives up, and the builder keeps locals in frame slots, where no list is needed.  Must
 * not: judge validity. */
#include "compiler/build/scan.h"

#include "compiler/build/inline.h"

/* What stands behind an opcode: how to get past it. */
enum skip {
  SKIP_READ, /* anything rare: insn_read knows */
  SKIP_NONE,
  SKIP_LEB,
  SKIP_LEB2,
  SKIP_BLOCK, /* a block type: one LEB or byte, but for (ref ...) */
  SKIP_MEMARG,
  SKIP_4,
  SKIP_8,
  SKIP_LABELS,
  SKIP_MISC, /* 0xfc: another opcode */
};

#define R4(x)  x, x, x, x
#define R8(x)  R4(x), R4(x)
#define R16(x) R8(x), R8(x)
#define R64(x) R16(x), R16(x), R16(x), R16(x)
enum { N = SKIP_NONE, L = SKIP_LEB, L2 = SKIP_LEB2, B = SKIP_BLOCK, M = SKIP_MEMARG };
// clang-format off
static const uint8_t skip_table[256] = {
    /* 00 */ N, N, B, B, B, N, 0, 0, 0, 0, 0, N, L, L, SKIP_LABELS, N,
    /* 10 */ L, L2, L, L2, L, L, 0, 0, 0, 0, N, N, 0, 0, 0, 0,
    /* 20 */ L, L, L, L, L, L, L, 0, R8(M),
    /* 30 */ R8(M), R4(M), M, M, M, L,
    /* 40 */ L, L, L, SKIP_4, SKIP_8, N, N, N, R8(N),
    /* 50 */ R64(N), R16(N), R16(N),
    /* b0 */ R16(N),
    /* c0 */ R4(N), N, 0, 0, 0, R8(0),
    /* d0 */ 0, N, L, 0, N, L, L, 0, R8(0),
    /* e0 */ R16(0),
    /* f0 */ R8(0), R4(0), SKIP_MISC, 0, 0, 0,
};
// clang-format on
#undef R4
#undef R8
#undef R16
#undef R64

static inline const uint8_t *skip_leb(const uint8_t *at, const uint8_t *end) {
  if (at < end && !(*at & 0x80)) return at + 1;
  while (at < end && (*at & 0x80))
    at++;
  return at + (at < end);
}

static inline uint32_t small_leb(const uint8_t *at, const uint8_t *end) {
  if (at < end && !(*at & 0x80)) return *at;
  uint64_t v = 0;
  for (unsigned shift = 0; at < end && shift < 35; shift += 7, at++) {
    v |= (uint64_t)(*at & 0x7f) << shift;
    if (!(*at & 0x80)) break;
  }
  return (uint32_t)v;
}

/* Immediates of 0xfc instructions, by code: how many LEBs. */
static unsigned misc_lebs(uint32_t code) {
  if (code == 8 || code == 10 || code == 12 || code == 14) return 2;
  return code >= 8 && code <= 17 ? 1 : 0;
}

void scan_skip(struct reader *r, struct features features) {
  const uint8_t *at = r->at + 1, *end = r->end;
  switch ((enum skip)skip_table[*r->at]) {
  case SKIP_NONE: break;
  case SKIP_LEB: at = skip_leb(at, end); break;
  case SKIP_BLOCK:
    if (*at == 0x63 || *at == 0x64) { /* (ref null? heaptype) */
      struct insn insn;
      insn_read(r, features, &insn);
      return;
    }
    at = skip_leb(at, end);
    break;
  case SKIP_LEB2: at = skip_leb(skip_leb(at, end), end); break;
  case SKIP_MEMARG: {
    bool indexed = (*at & 0x40) != 0;
    at = skip_leb(skip_leb(at, end), end);
    if (indexed) at = skip_leb(at, end);
    break;
  }
  case SKIP_4: at += 4; break;
  case SKIP_8: at += 8; break;
  case SKIP_LABELS: {
    uint32_t n = small_leb(at, end);
    at = skip_leb(at, end);
    for (uint64_t i = 0; i < (uint64_t)n + 1; i++)
      at = skip_leb(at, end);
    break;
  }
  case SKIP_MISC: {
    uint32_t code = small_leb(at, end);
    at = skip_leb(at, end);
    for (unsigned i = misc_lebs(code); i > 0; i--)
      at = skip_leb(at, end);
    break;
  }
  case SKIP_READ: {
    struct insn insn;
    insn_read(r, features, &insn);
    return;
  }
  }
  assert(at <= end);
  r->at = at;
}

enum { END_BLOCK, END_LOOP, END_TRY };
struct scanner {
  struct scan *out;
  struct arena *arena;
  uint32_t *last;      /* by local: 1 + index in `log` of its newest entry */
  VEC(uint32_t) log;   /* locals assigned in the open loops, innermost last */
  VEC(uint32_t) loops; /* open loops, by index in out->loops; [0] the body */
  VEC(uint32_t) marks; /* start in `log` of each open loop */
  VEC(uint32_t) ends;  /* for each open block: END_BLOCK, END_LOOP, or END_TRY + its number */
  uint64_t max_locals;
  struct inline_plan *plan;
};

static void open_loop(struct scanner *s) {
  uint32_t loop = s->out->loops.len;
  VEC_PUSH(s->arena, &s->out->loops, (struct scan_loop){0});
  VEC_PUSH(s->arena, &s->loops, loop);
  VEC_PUSH(s->arena, &s->marks, s->log.len);
}

static void add_effects(struct scan_loop *to, const struct scan_loop *of) {
  to->has_call |= of->has_call;
  to->stores |= of->stores;
  to->atomics |= of->atomics;
  to->sets_global |= of->sets_global;
  to->sets_table |= of->sets_table;
  to->sets_heap |= of->sets_heap;
}

static void close_loop(struct scanner *s) {
  struct scan_loop *loop = &s->out->loops.at[VEC_POP(&s->loops)];
  struct scan_loop *parent = &s->out->loops.at[VEC_LAST(&s->loops)];
  uint32_t mark = VEC_POP(&s->marks);
  add_effects(parent, loop);
  if (s->out->too_many) return;
  /* Newest entries only: each local once. */
  uint32_t len = mark;
  for (uint32_t i = mark; i < s->log.len; i++) {
    uint32_t local = s->log.at[i];
    if (s->last[local] != i + 1) continue;
    s->log.at[len] = local;
    s->last[local] = ++len;
  }
  s->log.len = len;
  loop->first = s->out->locals.len;
  loop->len = len - mark;
  if ((uint64_t)s->out->locals.len + loop->len > s->max_locals) {
    s->out->too_many = true;
    loop->len = 0;
    return;
  }
  VEC_RESERVE(s->arena, &s->out->locals, s->out->locals.len + loop->len);
  for (uint32_t i = 0; i < loop->len; i++)
    s->out->locals.at[s->out->locals.len++] = s->log.at[mark + i];
}

static inline void set_local(struct scanner *s, uint32_t local) {
  if (s->loops.len == 1 || s->out->too_many) return; /* in no loop; or nobody asks */
  if (s->last[local] > VEC_LAST(&s->marks)) return;
  VEC_PUSH(s->arena, &s->log, local);
  s->last[local] = s->log.len;
}

static void add_catch(struct scanner *s, uint32_t tag) {
  struct scan_try *t = &s->out->tries.at[VEC_LAST(&s->ends) - END_TRY];
  uint32_t at = s->out->catches.len;
  VEC_PUSH(s->arena, &s->out->catches, ((struct scan_catch){.tag = tag, .next = UINT32_MAX}));
  if (t->len++ == 0)
    t->first = at;
  else
    s->out->catches.at[t->last].next = at;
  t->last = at;
  s->out->nbranches++;
}

static void scan_call(struct scanner *s, const struct reader *r, struct scan_loop *loop) {
  const struct inline_callee *c =
      s->plan ? inline_wanted(s->plan, small_leb(r->at + 1, r->end), s->loops.len > 1) : NULL;
  if (!c) {
    loop->has_call = true;
    return;
  }
  VEC_PUSH(s->arena, &s->out->inlines, (uint32_t)reader_off(r));
  s->out->nbranches += c->nbranches + 1;
  add_effects(loop, &c->whole);
}

static bool unsupported(struct reader *r, struct features features, struct error *e) {
  uint64_t off = reader_off(r);
  struct insn insn;
  insn_read(r, features, &insn);
  return error_at(e, ERROR_UNSUPPORTED, off, "%s is not supported yet", op_info(insn.op)->text);
}

/* One instruction at r->at, which is left alone. False: unsupported. */
static bool scan_insn(struct scanner *s, struct reader *r, const struct module *m, struct error *e) {
  struct scan_loop *loop = &s->out->loops.at[VEC_LAST(&s->loops)];
  loop->cost++;
  uint8_t code = *r->at;
  if (code >= 0x36 && code <= 0x3e) loop->stores = true;
  if (code >= 0xe0 && code <= 0xef) s->out->leaves_frame = true;
  switch (code) {
  case 0x02:
  case 0x04:
    s->out->nbranches++;
    VEC_PUSH(s->arena, &s->ends, 0);
    break;
  case 0x05:
  case 0x0d: s->out->nbranches++; break;
  case 0x03:
    s->out->nbranches++;
    VEC_PUSH(s->arena, &s->ends, 1);
    open_loop(s);
    break;
  case 0x0b:
    if (s->ends.len > 0 && VEC_POP(&s->ends) == END_LOOP) close_loop(s);
    break;
  case 0x10:
    s->out->ncalls++;
    scan_call(s, r, loop);
    break;
  case 0x11:
  case 0x14:
    s->out->ncalls++;
    loop->has_call = true;
    break;
  case 0x12: /* leaves its loop, but the function has to poll */
  case 0x13:
  case 0x15:
    s->out->loops.at[0].has_call = true;
    s->out->leaves_frame = true;
    break;
  case 0x24: loop->sets_global = true; break;
  case 0x25:
  case 0x26: /* references other than functions go through calls */
    loop->sets_table = true;
    if (vt_size(m->tables[small_leb(r->at + 1, r->end)].type.elem) != 8) loop->has_call = true;
    break;
  case 0x3f: /* the size of a shared memory is asked for */
    loop->has_call |= m->mems[small_leb(r->at + 1, r->end)].type.limits.shared;
    break;
  case 0x40: loop->has_call = true; break;
  case 0xd2: loop->has_call = true; break; /* ref.func may have to make the reference */
  case 0xd3: break;
  case 0x06:
    s->out->leaves_frame = true;
    s->out->nbranches++;
    VEC_PUSH(s->arena, &s->ends, END_TRY + s->out->tries.len);
    VEC_PUSH(s->arena, &s->out->tries, ((struct scan_try){.first = UINT32_MAX, .last = UINT32_MAX}));
    break;
  case 0x07: add_catch(s, small_leb(r->at + 1, r->end)); break;
  case 0x19: add_catch(s, CODE_CATCH_ALL); break;
  case 0x18: {
    struct scan_try *t = &s->out->tries.at[VEC_POP(&s->ends) - END_TRY];
    t->delegates = true;
    t->label = small_leb(r->at + 1, r->end);
    break;
  }
  case 0x1f:
    s->out->nbranches++;
    VEC_PUSH(s->arena, &s->ends, END_BLOCK);
    break;
  case 0x09: s->out->leaves_frame = true; FALLTHROUGH;
  case 0x08:
  case 0x0a: s->out->nbranches++; break;
  case 0xfb: {
    uint32_t sub = small_leb(r->at + 1, r->end);
    if (sub == 5 || sub == 14 || (sub >= 16 && sub <= 19)) loop->sets_heap = true;
    break;
  }
  case 0xfc: {
    uint32_t sub = small_leb(r->at + 1, r->end);
    if (sub >= 8 && sub <= 17 && sub != 16) loop->has_call = true;
    if (sub > 17 && (sub < 19 || sub > 22)) return unsupported(r, m->features, e);
    break;
  }
  case 0xfd: {
    uint32_t sub = small_leb(r->at + 1, r->end);
    if (sub == 0x0b || (sub >= 0x58 && sub <= 0x5b)) loop->stores = true;
    break;
  }
  case 0xfe:
    loop->atomics = true;
    if (small_leb(r->at + 1, r->end) < 3) loop->has_call = true;
    break;
  case 0xe0:
  case 0xe1:
  case 0xe2:
  case 0xe3:
  case 0xe4:
  case 0xe5:
  case 0xe6:
    loop->has_call = true;
    s->out->nbranches++;
    break;
  case 0x1c:
  case 0xd0: break; /* read as a whole by scan_skip */
  default:
    if (skip_table[code] == SKIP_READ) return unsupported(r, m->features, e);
  }
  return true;
}

uint32_t scan_locals(struct reader *r, struct features features) {
  uint32_t n = 0;
  for (uint32_t groups = read_uleb32(r); groups > 0; groups--) {
    n += read_uleb32(r); /* at most MAX_LOCALS in all: the body is valid */
    (void)read_valtype(r, features);
  }
  return n;
}

/* What the commonest instructions say: nothing, or very little. */
enum look {
  LOOK_MORE, /* scan_insn knows */
  LOOK_NONE,
  LOOK_LEB,
  LOOK_BRANCH, /* br_if */
  LOOK_BLOCK,
  LOOK_END,
  LOOK_SET, /* local.set, local.tee */
  LOOK_LOAD,
  LOOK_STORE,
};
#define R8(x)  x, x, x, x, x, x, x, x
#define R16(x) R8(x), R8(x)
#define R32(x) R16(x), R16(x)
enum { A = LOOK_NONE, I = LOOK_LEB, S = LOOK_SET, D = LOOK_LOAD, T = LOOK_STORE };
// clang-format off
static const uint8_t look_table[256] = {
    /* 00 */ 0, A, LOOK_BLOCK, 0, 0, 0, 0, 0, 0, 0, 0, LOOK_END, I, LOOK_BRANCH, 0, A,
    /* 10 */ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, A, A, 0, 0, 0, 0,
    /* 20 */ I, S, S, I, 0, 0, 0, 0, R8(D),
    /* 30 */ D, D, D, D, D, D, T, T, T, T, T, T, T, T, T, 0,
    /* 40 */ 0, I, I, 0, 0, A, A, A, R8(A),
    /* 50 */ R32(A), R32(A), R32(A), R16(A),
    /* c0 */ A, A, A, A, A, 0, 0, 0, R8(0),
    /* d0 */ 0, A, 0, 0, 0, 0, 0, 0, R8(0),
    /* e0 */ R32(0),
};
// clang-format on
#undef R8
#undef R16
#undef R32

/* As far as nothing rare stands there; `at` is left at what does. `loop` is the innermost one. */
static const uint8_t *scan_common(struct scanner *s, const uint8_t *at, const uint8_t *end,
                                  struct scan_loop *loop) {
  uint32_t cost = 0, branches = 0;
  for (; at < end; cost++) {
    switch ((enum look)look_table[*at]) {
    case LOOK_NONE: at++; continue;
    case LOOK_BRANCH: branches++; FALLTHROUGH;
    case LOOK_LEB: at = skip_leb(at + 1, end); continue;
    case LOOK_SET:
      set_local(s, small_leb(at + 1, end));
      at = skip_leb(at + 1, end);
      continue;
    case LOOK_BLOCK:
      if (end - at < 2 || at[1] == 0x63 || at[1] == 0x64) break; /* (ref null? heaptype) */
      branches++;
      VEC_PUSH(s->arena, &s->ends, END_BLOCK);
      at = skip_leb(at + 1, end);
      continue;
    case LOOK_END:
      if (s->ends.len == 0 || VEC_LAST(&s->ends) != END_BLOCK) break;
      s->ends.len--;
      at++;
      continue;
    case LOOK_STORE: loop->stores = true; FALLTHROUGH;
    case LOOK_LOAD:
      if (end - at < 2 || at[1] >= 0x40) break; /* the memory's index stands there, too */
      at = skip_leb(at + 2, end);
      continue;
    case LOOK_MORE: break;
    }
    break;
  }
  loop->cost += cost;
  s->out->nbranches += branches;
  return at;
}

bool scan_body(struct reader r, const struct module *m, uint32_t nlocals, uint64_t max_locals,
               struct inline_plan *plan, struct arena *a, struct scan *out, struct error *e) {
  struct scanner s = {.out = out, .arena = a, .max_locals = max_locals, .plan = plan};
  s.last = ARENA_ARRAY(a, uint32_t, nlocals);
  VEC_PUSH(a, &out->loops, (struct scan_loop){0});
  VEC_PUSH(a, &s.loops, 0);
  VEC_PUSH(a, &s.marks, 0);
  for (;;) {
    r.at = scan_common(&s, r.at, r.end, &out->loops.at[VEC_LAST(&s.loops)]);
    if (r.at == r.end) return true;
    if (!scan_insn(&s, &r, m, e)) return false;
    scan_skip(&r, m->features);
  }
}
