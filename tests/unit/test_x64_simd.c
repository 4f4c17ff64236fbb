/* Vector instructions, compiled and run on edge cases and random lanes, against plain C: operands in
 * registers, constants on either side, in the last bytes of a memory; on this CPU's features and on a bare
 * SSE4.1 machine's; with few registers. */
#include "compile_fixture.h"

#include "base/num.h"
#include "compiler/isa/isa.h"
#include "compiler/isa/x64/cpu.h"

/* ---- lanes ---- */

static uint64_t get(const uint8_t *v, unsigned bits, unsigned i) {
  uint64_t x = 0;
  memcpy(&x, v + i * bits / 8, bits / 8);
  return x;
}
static void put(uint8_t *v, unsigned bits, unsigned i, uint64_t x) { memcpy(v + i * bits / 8, &x, bits / 8); }
static int64_t sx(uint64_t x, unsigned bits) {
  return bits == 64 ? (int64_t)x : (int64_t)(x << (64 - bits)) >> (64 - bits);
}
static uint64_t ones(unsigned bits) { return UINT64_MAX >> (64 - bits); }
static uint64_t clamp(int64_t x, int64_t low, int64_t high) {
  return (uint64_t)(x < low ? low : x > high ? high : x);
}
static uint64_t clamp_s(int64_t x, unsigned bits) {
  return clamp(x, -(INT64_C(1) << (bits - 1)), (INT64_C(1) << (bits - 1)) - 1);
}
static uint64_t clamp_u(int64_t x, unsigned bits) { return clamp(x, 0, (INT64_C(1) << bits) - 1); }

typedef uint64_t lane_model(uint64_t a, uint64_t b, unsigned bits);
#define LANE(name, expression)                                                                               \
  static uint64_t name(uint64_t a, uint64_t b, unsigned n) {                                                 \
    (void)a, (void)b, (void)n;                                                                               \
    return expression;                                                                                       \
  }
#define S(x) sx(x, n)
LANE(add, a + b)
LANE(sub, a - b)
LANE(mul, a *b)
LANE(add_sat_s, clamp_s(S(a) + S(b), n))
LANE(add_sat_u, clamp_u((int64_t)(a + b), n))
LANE(sub_sat_s, clamp_s(S(a) - S(b), n))
LANE(sub_sat_u, clamp_u((int64_t)(a - b), n))
LANE(min_s, S(a) < S(b) ? a : b)
LANE(min_u, a < b ? a : b)
LANE(max_s, S(a) > S(b) ? a : b)
LANE(max_u, a > b ? a : b)
LANE(avgr_u, (a + b + 1) / 2)
LANE(q15mulr, clamp_s((S(a) * S(b) + 0x4000) >> 15, 16))
LANE(eq, a == b ? UINT64_MAX : 0)
LANE(ne, a != b ? UINT64_MAX : 0)
LANE(lt_s, S(a) < S(b) ? UINT64_MAX : 0)
LANE(gt_s, S(a) > S(b) ? UINT64_MAX : 0)
LANE(le_s, S(a) <= S(b) ? UINT64_MAX : 0)
LANE(ge_s, S(a) >= S(b) ? UINT64_MAX : 0)
LANE(lt_u, a < b ? UINT64_MAX : 0)
LANE(gt_u, a > b ? UINT64_MAX : 0)
LANE(le_u, a <= b ? UINT64_MAX : 0)
LANE(ge_u, a >= b ? UINT64_MAX : 0)
LANE(abs_, S(a) < 0 ? 0 - a : a)
LANE(neg, 0 - a)
LANE(popcnt, (uint64_t)__builtin_popcountll(a))
LANE(and_, a &b)
LANE(or_, a | b)
LANE(xor_, a ^ b)
LANE(andnot, a & ~b)
LANE(not_, ~a)
LANE(shl, a << (b % n))
LANE(shr_s, (uint64_t)(S(a) >> (b % n)))
LANE(shr_u, a >> (b % n))
#define FLOAT(name, f32, f64) LANE(name, n == 32 ? (uint64_t)(f32) : (f64))
#define F2(name)              FLOAT(vf_##name, f32_##name((uint32_t)a, (uint32_t)b), f64_##name(a, b))
#define F1(name)              FLOAT(vf_##name, f32_##name((uint32_t)a), f64_##name(a))
F2(add)
F2(sub)
F2(mul)
F2(div)
F2(min)
F2(max)
F1(abs)
F1(neg)
F1(sqrt)
F1(ceil)
F1(floor)
F1(trunc)
F1(nearest)

static bool less(uint64_t a, uint64_t b, unsigned n) {
  return n == 32 ? f32_lt((uint32_t)a, (uint32_t)b) : f64_lt(a, b);
}
static bool equal(uint64_t a, uint64_t b, unsigned n) {
  return n == 32 ? f32_eq((uint32_t)a, (uint32_t)b) : f64_eq(a, b);
}
LANE(fpmin, less(b, a, n) ? b : a)
LANE(fpmax, less(a, b, n) ? b : a)
LANE(feq, equal(a, b, n) ? UINT64_MAX : 0)
LANE(fne, equal(a, b, n) ? 0 : UINT64_MAX)
LANE(flt, less(a, b, n) ? UINT64_MAX : 0)
LANE(fgt, less(b, a, n) ? UINT64_MAX : 0)
LANE(fle, less(a, b, n) || equal(a, b, n) ? UINT64_MAX : 0)
LANE(fge, less(b, a, n) || equal(a, b, n) ? UINT64_MAX : 0)
LANE(to_s, i32_trunc_sat_f32_s((uint32_t)a))
LANE(to_u, i32_trunc_sat_f32_u((uint32_t)a))
LANE(from_s, f32_convert_i32_s((uint32_t)a))
LANE(from_u, f32_convert_i32_u((uint32_t)a))

/* ---- rows ---- */

enum kind {
  UNARY,  /* lane by lane */
  BINARY, /* the same */
  SHIFT,  /* b is an i32 */
  EXTEND, /* lanes of half the width, made wide, then the lane model on both */
  PAIRS,  /* neighbours, made wide, summed */
  DOT,    /* products of neighbours, made wide, summed */
  NARROW, /* lanes of double the width */
  ALL,
  ANY,
  MASK,
  SWIZZLE,
  TRUNC_LOW,
  CONVERT_LOW,
  DEMOTE,
  PROMOTE,
};
struct row {
  const char *name; /* behind the shape */
  enum kind kind;
  uint8_t widths; /* of lanes, 8 | 16 | 32 | 64 */
  char class;     /* i, f: shape; v: v128 */
  bool sign, high;
  lane_model *lane;
  bool exact; /* NaN included */
};
// clang-format off
static const struct row rows[] = {
#define I2(name, widths, f) {name, BINARY, widths, 'i', false, false, f, true}
#define I1(name, widths, f) {name, UNARY, widths, 'i', false, false, f, true}
  I2("add", 120, add), I2("sub", 120, sub), I2("mul", 112, mul), I2("add_sat_s", 24, add_sat_s), I2("add_sat_u", 24, add_sat_u),
  I2("sub_sat_s", 24, sub_sat_s), I2("sub_sat_u", 24, sub_sat_u), I2("min_s", 56, min_s), I2("min_u", 56, min_u),
  I2("max_s", 56, max_s), I2("max_u", 56, max_u), I2("avgr_u", 24, avgr_u), I2("q15mulr_sat_s", 16, q15mulr),
  I2("relaxed_q15mulr_s", 16, q15mulr), I2("eq", 120, eq), I2("ne", 120, ne), I2("lt_s", 120, lt_s), I2("gt_s", 120, gt_s),
  I2("le_s", 120, le_s), I2("ge_s", 120, ge_s), I2("lt_u", 56, lt_u), I2("gt_u", 56, gt_u), I2("le_u", 56, le_u),
  I2("ge_u", 56, ge_u), I1("abs", 120, abs_), I1("neg", 120, neg), I1("popcnt", 8, popcnt),
  {"shl", SHIFT, 120, 'i', false, false, shl, true}, {"shr_s", SHIFT, 120, 'i', false, false, shr_s, true},
  {"shr_u", SHIFT, 120, 'i', false, false, shr_u, true},
  {"and", BINARY, 64, 'v', false, false, and_, true}, {"or", BINARY, 64, 'v', false, false, or_, true},
  {"xor", BINARY, 64, 'v', false, false, xor_, true}, {"andnot", BINARY, 64, 'v', false, false, andnot, true},
  {"not", UNARY, 64, 'v', false, false, not_, true}, {"any_true", ANY, 64, 'v', false, false, NULL, true},
  {"all_true", ALL, 120, 'i', false, false, NULL, true}, {"bitmask", MASK, 120, 'i', false, false, NULL, true},
  {"swizzle", SWIZZLE, 8, 'i', false, false, NULL, true}, {"relaxed_swizzle", SWIZZLE, 8, 'i', false, false, NULL, true},
#define WIDE(name, kind, f) {name "s", kind, 112, 'i', true, false, f, true}, {name "u", kind, 112, 'i', false, false, f, true}
#define HIGH(name, kind, f) {name "s", kind, 112, 'i', true, true, f, true}, {name "u", kind, 112, 'i', false, true, f, true}
  WIDE("extend_low_#_", EXTEND, and_), HIGH("extend_high_#_", EXTEND, and_),
  WIDE("extmul_low_#_", EXTEND, mul), HIGH("extmul_high_#_", EXTEND, mul),
  {"extadd_pairwise_#_s", PAIRS, 48, 'i', true, false, NULL, true}, {"extadd_pairwise_#_u", PAIRS, 48, 'i', false, false, NULL, true},
  {"dot_i16x8_s", DOT, 32, 'i', true, false, NULL, true}, {"relaxed_dot_i8x16_i7x16_s", DOT, 16, 'i', true, false, NULL, true},
  {"narrow_@_s", NARROW, 24, 'i', true, false, NULL, true}, {"narrow_@_u", NARROW, 24, 'i', false, false, NULL, true},
#define FF(name, kind, f, exact) {name, kind, 96, 'f', false, false, f, exact}
  FF("add", BINARY, vf_add, false), FF("sub", BINARY, vf_sub, false), FF("mul", BINARY, vf_mul, false), FF("div", BINARY, vf_div, false),
  FF("min", BINARY, vf_min, false), FF("max", BINARY, vf_max, false), FF("relaxed_min", BINARY, vf_min, false),
  FF("relaxed_max", BINARY, vf_max, false), FF("pmin", BINARY, fpmin, true), FF("pmax", BINARY, fpmax, true),
  FF("eq", BINARY, feq, true), FF("ne", BINARY, fne, true), FF("lt", BINARY, flt, true), FF("gt", BINARY, fgt, true),
  FF("le", BINARY, fle, true), FF("ge", BINARY, fge, true), FF("abs", UNARY, vf_abs, true), FF("neg", UNARY, vf_neg, true),
  FF("sqrt", UNARY, vf_sqrt, false), FF("ceil", UNARY, vf_ceil, false), FF("floor", UNARY, vf_floor, false),
  FF("trunc", UNARY, vf_trunc, false), FF("nearest", UNARY, vf_nearest, false),
  {"trunc_sat_f32x4_s", UNARY, 32, 'i', false, false, to_s, true}, {"trunc_sat_f32x4_u", UNARY, 32, 'i', false, false, to_u, true},
  {"convert_i32x4_s", UNARY, 32, 'f', false, false, from_s, true}, {"convert_i32x4_u", UNARY, 32, 'f', false, false, from_u, true},
  {"trunc_sat_f64x2_s_zero", TRUNC_LOW, 32, 'i', true, false, NULL, true}, {"trunc_sat_f64x2_u_zero", TRUNC_LOW, 32, 'i', false, false, NULL, true},
  {"convert_low_i32x4_s", CONVERT_LOW, 64, 'f', true, false, NULL, true}, {"convert_low_i32x4_u", CONVERT_LOW, 64, 'f', false, false, NULL, true},
  {"demote_f64x2_zero", DEMOTE, 32, 'f', false, false, NULL, false}, {"promote_low_f32x4", PROMOTE, 64, 'f', false, false, NULL, false},
};
// clang-format on

static bool is_binary(const struct row *r) {
  return r->kind == BINARY || r->kind == SHIFT || r->kind == DOT || r->kind == NARROW || r->kind == SWIZZLE ||
         (r->kind == EXTEND && r->lane == mul);
}
static bool is_scalar(const struct row *r) { return r->kind == ALL || r->kind == ANY || r->kind == MASK; }

static uint64_t widen(const struct row *r, uint64_t x, unsigned bits) {
  return r->sign ? (uint64_t)sx(x, bits) : x;
}

static void model(const struct row *r, unsigned bits, const uint8_t *a, const uint8_t *b, uint8_t *out) {
  unsigned n = 128 / bits, half = bits / 2;
  uint32_t scalar = r->kind == ALL;
  memset(out, 0, 16);
  for (unsigned i = 0; i < n; i++) {
    uint64_t x = get(a, bits, i), y = get(b, bits, i), v = 0;
    switch (r->kind) {
    case UNARY:
    case BINARY: v = r->lane(x, y, bits); break;
    case SHIFT: v = r->lane(x, get(b, 32, 0), bits); break;
    case EXTEND:
      x = widen(r, get(a, half, i + (r->high ? n : 0)), half);
      y = widen(r, get(b, half, i + (r->high ? n : 0)), half);
      v = r->lane == mul ? x * y : x;
      break;
    case PAIRS: v = widen(r, get(a, half, 2 * i), half) + widen(r, get(a, half, 2 * i + 1), half); break;
    case DOT: {
      int64_t sum = sx(get(a, half, 2 * i), half) * sx(get(b, half, 2 * i), half) +
                    sx(get(a, half, 2 * i + 1), half) * sx(get(b, half, 2 * i + 1), half);
      v = bits == 16 ? clamp_s(sum, 16) : (uint64_t)sum;
      break;
    }
    case NARROW: {
      int64_t wide = sx(i < n / 2 ? get(a, 2 * bits, i) : get(b, 2 * bits, i - n / 2), 2 * bits);
      v = r->sign ? clamp_s(wide, bits) : clamp_u(wide, bits);
      break;
    }
    case ALL: scalar &= x != 0; break;
    case ANY: scalar |= x != 0; break;
    case MASK: scalar |= (uint32_t)(x >> (bits - 1)) << i; break;
    case SWIZZLE: v = y < 16 ? a[y] : 0; break;
    case TRUNC_LOW:
      if (i < 2) v = r->sign ? i32_trunc_sat_f64_s(get(a, 64, i)) : i32_trunc_sat_f64_u(get(a, 64, i));
      break;
    case CONVERT_LOW:
      x = get(a, 32, i);
      v = r->sign ? f64_convert_i32_s((uint32_t)x) : f64_convert_i32_u((uint32_t)x);
      break;
    case DEMOTE:
      if (i < 2) v = f32_demote_f64(get(a, 64, i));
      break;
    case PROMOTE: v = f64_promote_f32((uint32_t)get(a, 32, i)); break;
    }
    put(out, bits, i, v & ones(bits));
  }
  if (is_scalar(r)) {
    memset(out, 0, 16);
    memcpy(out, &scalar, 4);
  }
}

/* ---- operands ---- */

enum { NVECTORS = 40, NCONSTANTS = 6 };

static uint64_t random_state;
static uint64_t random64(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

/* Lanes of all widths and classes, as edges and at random. */
static void operand(unsigned i, uint8_t *v) {
  static const uint64_t edges[] = {0, 1, 2, 0x7f, 0x80, 0x81, 0xff, 15, 16};
  static const double floats[] = {0.0,          -0.0, 0.5,   -1.5,          2.5,          4294967295.0,
                                  2147483647.0, 1e30, 1e-40, -2147483649.0, 2147483648.0, 4294967296.0};
  static const uint64_t special[] = {UINT64_C(0x7ff0000000000000), UINT64_C(0xfff0000000000000),
                                     UINT64_C(0x7ff8000000000000), UINT64_C(0x7ff0000000000001),
                                     UINT64_C(0xfff4000000000000)};
  static const uint32_t special32[] = {0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001, 0xffa00000};
  random_state = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
  (void)random64();
  for (unsigned k = 0; k < 16; k++)
    v[k] = (uint8_t)(i == 0       ? 0
                     : i == 1     ? 0xff
                     : i % 5 == 2 ? edges[random64() % COUNT_OF(edges)]
                                  : random64());
  for (unsigned k = 0; k < 2 && i % 5 == 3; k++)
    put(v, 64, k, random64() % 3 ? f64_bits(floats[random64() % COUNT_OF(floats)]) : special[random64() % 5]);
  for (unsigned k = 0; k < 4 && i % 5 == 4; k++)
    put(v, 32, k,
        random64() % 3 ? f32_bits((float)floats[random64() % COUNT_OF(floats)]) : special32[random64() % 5]);
  if (i == 2)
    for (unsigned k = 0; k < 8; k++)
      put(v, 16, k, 0x8000);
}

/* ---- functions ---- */

static void put_name(struct buf *b, const struct row *r, unsigned bits) {
  if (r->class == 'v')
    buf_cstr(b, "v128.");
  else
    buf_printf(b, "%c%ux%u.", r->class, bits, 128 / bits);
  for (const char *p = r->name; *p; p++) {
    if (*p == '#')
      buf_printf(b, "i%ux%u", bits / 2, 256 / bits);
    else if (*p == '@')
      buf_printf(b, "i%ux%u", bits * 2, 64 / bits);
    else
      buf_u8(b, (uint8_t)*p);
  }
}

static void put_const(struct buf *b, const struct row *r, bool second, unsigned k) {
  uint8_t v[16];
  operand(k, v);
  if (second && r->kind == SHIFT) {
    buf_printf(b, " (i32.const %u)", (uint32_t)get(v, 32, 0));
    return;
  }
  buf_printf(b, " (v128.const i64x2 %llu %llu)", (unsigned long long)get(v, 64, 0),
             (unsigned long long)get(v, 64, 1));
}

/* Where operands come from; `left`, `right`: a constant's number, or less than 0. */
static void put_function(struct buf *b, const struct row *r, unsigned bits, unsigned n, int left, int right,
                         bool memory) {
  const char *t = r->kind == SHIFT ? "i32" : "v128";
  buf_printf(b, "(func (export \"%u\") (param v128 %s) (result %s)", n, t, is_scalar(r) ? "i32" : "v128");
  if (memory)
    buf_printf(b,
               "(v128.store (i32.const 65520) (local.get 0)) (%s.store (i32.const 65500) (local.get 1)) "
               "(drop (call $nop))",
               t);
  buf_cstr(b, "(");
  put_name(b, r, bits);
  if (left >= 0)
    put_const(b, r, false, (unsigned)left);
  else
    buf_cstr(b, memory ? " (v128.load (i32.const 65520))" : " (local.get 0)");
  if (is_binary(r)) {
    if (right >= 0)
      put_const(b, r, true, (unsigned)right);
    else if (memory)
      buf_printf(b, " (%s.load (i32.const 65500))", t);
    else
      buf_cstr(b, " (local.get 1)");
  }
  buf_cstr(b, "))\n");
}

static bool same_lanes(const struct row *r, unsigned bits, const uint8_t *got, const uint8_t *want) {
  if (r->exact || is_scalar(r)) return memcmp(got, want, is_scalar(r) ? 4 : 16) == 0;
  for (unsigned i = 0; i < 128 / bits; i++) {
    uint64_t g = get(got, bits, i), w = get(want, bits, i);
    bool nan = bits == 32 ? f32_is_nan((uint32_t)w) : f64_is_nan(w);
    if (nan) /* any quiet one */
      nan = bits == 32 ? f32_is_nan((uint32_t)g) && (g >> 22 & 1) : f64_is_nan(g) && (g >> 51 & 1);
    if (!nan && g != w) return false;
  }
  return true;
}

static void check_one(struct fixture *f, struct funcinst *func, const struct row *r, unsigned bits,
                      unsigned x, unsigned y, const char *how) {
  uint8_t a[16], b[16], want[16];
  operand(x, a);
  operand(y, b);
  model(r, bits, a, b, want);
  union vm_value args[2], result;
  memset(args, 0, sizeof args);
  memset(&result, 0, sizeof result);
  memcpy(args[0].v128, a, 16);
  if (r->kind == SHIFT)
    args[1].i64 = get(b, 32, 0);
  else
    memcpy(args[1].v128, b, 16);
  ck_assert_uint_eq(entry_call(f->store, func, args, &result), 0);
  ck_assert_msg(same_lanes(r, bits, result.v128, want),
                "%s of %u bits, %s: %016llx%016llx, %016llx%016llx gives %016llx%016llx, want %016llx%016llx",
                r->name, bits, how, (unsigned long long)get(a, 64, 1), (unsigned long long)get(a, 64, 0),
                (unsigned long long)get(b, 64, 1), (unsigned long long)get(b, 64, 0),
                (unsigned long long)get(result.v128, 64, 1), (unsigned long long)get(result.v128, 64, 0),
                (unsigned long long)get(want, 64, 1), (unsigned long long)get(want, 64, 0));
}

static void check_row(const struct row *r, unsigned bits, uint32_t cpu, uint32_t max_float) {
  struct fixture f;
  fixture_init(&f, false);
  struct buf b;
  buf_init(&b);
  buf_cstr(&b, "(module (memory 1 1) (func $nop (result i32) (i32.const 0))\n");
  unsigned n = 0;
  put_function(&b, r, bits, n++, -1, -1, false);
  put_function(&b, r, bits, n++, -1, -1, true);
  for (int k = 0; k < NCONSTANTS; k++) {
    put_function(&b, r, bits, n++, k, -1, false);
    put_function(&b, r, bits, n++, -1, k, false);
  }
  buf_u8(&b, ')');
  buf_u8(&b, 0);
  fixture_module(&f, (const char *)b.data);
  struct compile_config config = {
      .isa = isa_host(), .isa_config = {.cpu = cpu, .spectre = true, .max_float = max_float}, .checks = true};
  struct instance *in = fixture_compile(&f, &config, r->name);
  struct funcinst **funcs = ARENA_ARRAY(&f.arena, struct funcinst *, n);
  for (unsigned i = 0; i < n; i++)
    funcs[i] = fixture_func_at(in, i);
  for (unsigned x = 0; x < NVECTORS; x++)
    for (unsigned y = 0; y < (is_binary(r) ? NVECTORS : 1); y++) {
      check_one(&f, funcs[0], r, bits, x, y, "in registers");
      check_one(&f, funcs[1], r, bits, x, y, "in memory");
      if (x < NCONSTANTS) check_one(&f, funcs[2 + 2 * x], r, bits, x, y, "constant first");
      if (y < NCONSTANTS) check_one(&f, funcs[3 + 2 * y], r, bits, x, y, "constant second");
    }
  buf_free(&b);
  fixture_free(&f);
}

static void check_all(uint32_t cpu, uint32_t max_float) {
  for (size_t i = 0; i < COUNT_OF(rows); i++)
    for (unsigned bits = 8; bits <= 64; bits *= 2)
      if (rows[i].widths & bits) check_row(&rows[i], bits, cpu, max_float);
}

START_TEST(on_this_cpu) { check_all(isa_host()->cpu_features(), 0); }
END_TEST
START_TEST(on_a_bare_cpu) { check_all(X64_CPU_SSE41, 0); }
END_TEST
START_TEST(with_few_registers) { check_all(isa_host()->cpu_features(), 3); }
END_TEST

int main(void) { return UNIT_RUN("x64/simd", on_this_cpu, on_a_bare_cpu, with_few_registers); }
