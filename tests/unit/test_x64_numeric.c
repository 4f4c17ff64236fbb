/* Every numeric instruction, compiled and run on edge cases, against base/num.h: operands in registers,
 * constants on either side, in memory; on this CPU's features and on a bare SSE4.1 machine's; with few
 * registers. */
#include "compile_fixture.h"

#include "base/num.h"
#include "compiler/isa/isa.h"
#include "compiler/isa/x64/cpu.h"

static uint32_t add32(uint32_t a, uint32_t b) { return a + b; }
static uint32_t sub32(uint32_t a, uint32_t b) { return a - b; }
static uint32_t mul32(uint32_t a, uint32_t b) { return a * b; }
static uint32_t and32(uint32_t a, uint32_t b) { return a & b; }
static uint32_t or32(uint32_t a, uint32_t b) { return a | b; }
static uint32_t xor32(uint32_t a, uint32_t b) { return a ^ b; }
static uint32_t shl32(uint32_t a, uint32_t b) { return a << (b & 31); }
static uint32_t shru32(uint32_t a, uint32_t b) { return a >> (b & 31); }
static uint64_t add64(uint64_t a, uint64_t b) { return a + b; }
static uint64_t sub64(uint64_t a, uint64_t b) { return a - b; }
static uint64_t mul64(uint64_t a, uint64_t b) { return a * b; }
static uint64_t and64(uint64_t a, uint64_t b) { return a & b; }
static uint64_t or64(uint64_t a, uint64_t b) { return a | b; }
static uint64_t xor64(uint64_t a, uint64_t b) { return a ^ b; }
static uint64_t shl64(uint64_t a, uint64_t b) { return a << (b & 63); }
static uint64_t shru64(uint64_t a, uint64_t b) { return a >> (b & 63); }
#define COMPARE(name, op, u, s)                                                                              \
  static uint32_t name##32(u##32_t a, u##32_t b) { return (s##32_t)a op(s##32_t) b; }                        \
  static uint32_t name##64(u##64_t a, u##64_t b) { return (s##64_t)a op(s##64_t) b; }
COMPARE(eq, ==, uint, uint)
COMPARE(ne, !=, uint, uint)
COMPARE(lts, <, uint, int)
COMPARE(ltu, <, uint, uint)
COMPARE(gts, >, uint, int)
COMPARE(gtu, >, uint, uint)
COMPARE(les, <=, uint, int)
COMPARE(leu, <=, uint, uint)
COMPARE(ges, >=, uint, int)
COMPARE(geu, >=, uint, uint)
static uint32_t eqz32(uint32_t a) { return a == 0; }
static uint32_t eqz64(uint64_t a) { return a == 0; }
static uint32_t ext8_32(uint32_t a) { return (uint32_t)(int8_t)a; }
static uint32_t ext16_32(uint32_t a) { return (uint32_t)(int16_t)a; }
static uint64_t ext8_64(uint64_t a) { return (uint64_t)(int8_t)a; }
static uint64_t ext16_64(uint64_t a) { return (uint64_t)(int16_t)a; }
static uint64_t ext32_64(uint64_t a) { return (uint64_t)(int32_t)a; }
static uint32_t wrap(uint64_t a) { return (uint32_t)a; }
static uint64_t extend_s(uint32_t a) { return (uint64_t)(int32_t)a; }
static uint64_t extend_u(uint32_t a) { return a; }
static uint32_t same32(uint32_t a) { return a; }
static uint64_t same64(uint64_t a) { return a; }
static uint32_t feq32(uint32_t a, uint32_t b) { return f32_eq(a, b); }
static uint32_t fne32(uint32_t a, uint32_t b) { return !f32_eq(a, b); }
static uint32_t flt32(uint32_t a, uint32_t b) { return f32_lt(a, b); }
static uint32_t fgt32(uint32_t a, uint32_t b) { return f32_lt(b, a); }
static uint32_t fle32(uint32_t a, uint32_t b) { return f32_le(a, b); }
static uint32_t fge32(uint32_t a, uint32_t b) { return f32_le(b, a); }
static uint32_t feq64(uint64_t a, uint64_t b) { return f64_eq(a, b); }
static uint32_t fne64(uint64_t a, uint64_t b) { return !f64_eq(a, b); }
static uint32_t flt64(uint64_t a, uint64_t b) { return f64_lt(a, b); }
static uint32_t fgt64(uint64_t a, uint64_t b) { return f64_lt(b, a); }
static uint32_t fle64(uint64_t a, uint64_t b) { return f64_le(a, b); }
static uint32_t fge64(uint64_t a, uint64_t b) { return f64_le(b, a); }

/* One model, called by the sizes of its operand and result. */
union model {
  uint32_t (*u32_32)(uint32_t);
  uint64_t (*u32_64)(uint32_t);
  uint32_t (*u64_32)(uint64_t);
  uint64_t (*u64_64)(uint64_t);
  uint32_t (*b32_32)(uint32_t, uint32_t);
  uint32_t (*b64_32)(uint64_t, uint64_t);
  uint64_t (*b64_64)(uint64_t, uint64_t);
  enum num_div (*t32_32)(uint32_t, uint32_t *);
  enum num_div (*t32_64)(uint32_t, uint64_t *);
  enum num_div (*t64_32)(uint64_t, uint32_t *);
  enum num_div (*t64_64)(uint64_t, uint64_t *);
  enum num_div (*d32)(uint32_t, uint32_t, uint32_t *);
  enum num_div (*d64)(uint64_t, uint64_t, uint64_t *);
};
struct row {
  const char *name;
  char in, out;
  bool binary, traps;
  union model model;
};
// clang-format off
#define U32_32(name, in, out, f) {name, in, out, false, false, {.u32_32 = f}},
#define U32_64(name, in, out, f) {name, in, out, false, false, {.u32_64 = f}},
#define U64_32(name, in, out, f) {name, in, out, false, false, {.u64_32 = f}},
#define U64_64(name, in, out, f) {name, in, out, false, false, {.u64_64 = f}},
#define B32(name, t, out, f) {name, t, out, true, false, {.b32_32 = f}},
#define B64(name, t, f) {name, t, t, true, false, {.b64_64 = f}},
#define C64(name, t, f) {name, t, 'i', true, false, {.b64_32 = f}},
#define T32_32(name, in, out, f) {name, in, out, false, true, {.t32_32 = f}},
#define T32_64(name, in, out, f) {name, in, out, false, true, {.t32_64 = f}},
#define T64_32(name, in, out, f) {name, in, out, false, true, {.t64_32 = f}},
#define T64_64(name, in, out, f) {name, in, out, false, true, {.t64_64 = f}},
#define D32(name, f) {name, 'i', 'i', true, true, {.d32 = f}},
#define D64(name, f) {name, 'I', 'I', true, true, {.d64 = f}},
static const struct row rows[] = {
  B32("i32.add", 'i', 'i', add32) B32("i32.sub", 'i', 'i', sub32) B32("i32.mul", 'i', 'i', mul32)
  B32("i32.and", 'i', 'i', and32) B32("i32.or", 'i', 'i', or32) B32("i32.xor", 'i', 'i', xor32)
  B32("i32.shl", 'i', 'i', shl32) B32("i32.shr_s", 'i', 'i', i32_shr_s) B32("i32.shr_u", 'i', 'i', shru32)
  B32("i32.rotl", 'i', 'i', i32_rotl) B32("i32.rotr", 'i', 'i', i32_rotr)
  D32("i32.div_s", i32_div_s) D32("i32.div_u", i32_div_u) D32("i32.rem_s", i32_rem_s) D32("i32.rem_u", i32_rem_u)
  U32_32("i32.clz", 'i', 'i', i32_clz) U32_32("i32.ctz", 'i', 'i', i32_ctz) U32_32("i32.popcnt", 'i', 'i', i32_popcnt)
  U32_32("i32.eqz", 'i', 'i', eqz32) U32_32("i32.extend8_s", 'i', 'i', ext8_32) U32_32("i32.extend16_s", 'i', 'i', ext16_32)
  B32("i32.eq", 'i', 'i', eq32) B32("i32.ne", 'i', 'i', ne32) B32("i32.lt_s", 'i', 'i', lts32) B32("i32.lt_u", 'i', 'i', ltu32)
  B32("i32.gt_s", 'i', 'i', gts32) B32("i32.gt_u", 'i', 'i', gtu32) B32("i32.le_s", 'i', 'i', les32) B32("i32.le_u", 'i', 'i', leu32)
  B32("i32.ge_s", 'i', 'i', ges32) B32("i32.ge_u", 'i', 'i', geu32)
  B64("i64.add", 'I', add64) B64("i64.sub", 'I', sub64) B64("i64.mul", 'I', mul64) B64("i64.and", 'I', and64) B64("i64.or", 'I', or64)
  B64("i64.xor", 'I', xor64) B64("i64.shl", 'I', shl64) B64("i64.shr_s", 'I', i64_shr_s) B64("i64.shr_u", 'I', shru64)
  B64("i64.rotl", 'I', i64_rotl) B64("i64.rotr", 'I', i64_rotr)
  D64("i64.div_s", i64_div_s) D64("i64.div_u", i64_div_u) D64("i64.rem_s", i64_rem_s) D64("i64.rem_u", i64_rem_u)
  U64_64("i64.clz", 'I', 'I', i64_clz) U64_64("i64.ctz", 'I', 'I', i64_ctz) U64_64("i64.popcnt", 'I', 'I', i64_popcnt)
  U64_32("i64.eqz", 'I', 'i', eqz64) U64_64("i64.extend8_s", 'I', 'I', ext8_64) U64_64("i64.extend16_s", 'I', 'I', ext16_64)
  U64_64("i64.extend32_s", 'I', 'I', ext32_64)
  C64("i64.eq", 'I', eq64) C64("i64.ne", 'I', ne64) C64("i64.lt_s", 'I', lts64) C64("i64.lt_u", 'I', ltu64) C64("i64.gt_s", 'I', gts64)
  C64("i64.gt_u", 'I', gtu64) C64("i64.le_s", 'I', les64) C64("i64.le_u", 'I', leu64) C64("i64.ge_s", 'I', ges64) C64("i64.ge_u", 'I', geu64)
  U64_32("i32.wrap_i64", 'I', 'i', wrap) U32_64("i64.extend_i32_s", 'i', 'I', extend_s) U32_64("i64.extend_i32_u", 'i', 'I', extend_u)
  B32("f32.add", 'f', 'f', f32_add) B32("f32.sub", 'f', 'f', f32_sub) B32("f32.mul", 'f', 'f', f32_mul) B32("f32.div", 'f', 'f', f32_div)
  B32("f32.min", 'f', 'f', f32_min) B32("f32.max", 'f', 'f', f32_max) B32("f32.copysign", 'f', 'f', f32_copysign)
  U32_32("f32.sqrt", 'f', 'f', f32_sqrt) U32_32("f32.ceil", 'f', 'f', f32_ceil) U32_32("f32.floor", 'f', 'f', f32_floor)
  U32_32("f32.trunc", 'f', 'f', f32_trunc) U32_32("f32.nearest", 'f', 'f', f32_nearest) U32_32("f32.abs", 'f', 'f', f32_abs) U32_32("f32.neg", 'f', 'f', f32_neg)
  B32("f32.eq", 'f', 'i', feq32) B32("f32.ne", 'f', 'i', fne32) B32("f32.lt", 'f', 'i', flt32) B32("f32.gt", 'f', 'i', fgt32) B32("f32.le", 'f', 'i', fle32) B32("f32.ge", 'f', 'i', fge32)
  B64("f64.add", 'F', f64_add) B64("f64.sub", 'F', f64_sub) B64("f64.mul", 'F', f64_mul) B64("f64.div", 'F', f64_div) B64("f64.min", 'F', f64_min) B64("f64.max", 'F', f64_max)
  B64("f64.copysign", 'F', f64_copysign)
  U64_64("f64.sqrt", 'F', 'F', f64_sqrt) U64_64("f64.ceil", 'F', 'F', f64_ceil) U64_64("f64.floor", 'F', 'F', f64_floor) U64_64("f64.trunc", 'F', 'F', f64_trunc)
  U64_64("f64.nearest", 'F', 'F', f64_nearest) U64_64("f64.abs", 'F', 'F', f64_abs) U64_64("f64.neg", 'F', 'F', f64_neg)
  C64("f64.eq", 'F', feq64) C64("f64.ne", 'F', fne64) C64("f64.lt", 'F', flt64) C64("f64.gt", 'F', fgt64) C64("f64.le", 'F', fle64) C64("f64.ge", 'F', fge64)
  T32_32("i32.trunc_f32_s", 'f', 'i', i32_trunc_f32_s) T32_32("i32.trunc_f32_u", 'f', 'i', i32_trunc_f32_u)
  T64_32("i32.trunc_f64_s", 'F', 'i', i32_trunc_f64_s) T64_32("i32.trunc_f64_u", 'F', 'i', i32_trunc_f64_u)
  T32_64("i64.trunc_f32_s", 'f', 'I', i64_trunc_f32_s) T32_64("i64.trunc_f32_u", 'f', 'I', i64_trunc_f32_u)
  T64_64("i64.trunc_f64_s", 'F', 'I', i64_trunc_f64_s) T64_64("i64.trunc_f64_u", 'F', 'I', i64_trunc_f64_u)
  U32_32("i32.trunc_sat_f32_s", 'f', 'i', i32_trunc_sat_f32_s) U32_32("i32.trunc_sat_f32_u", 'f', 'i', i32_trunc_sat_f32_u)
  U64_32("i32.trunc_sat_f64_s", 'F', 'i', i32_trunc_sat_f64_s) U64_32("i32.trunc_sat_f64_u", 'F', 'i', i32_trunc_sat_f64_u)
  U32_64("i64.trunc_sat_f32_s", 'f', 'I', i64_trunc_sat_f32_s) U32_64("i64.trunc_sat_f32_u", 'f', 'I', i64_trunc_sat_f32_u)
  U64_64("i64.trunc_sat_f64_s", 'F', 'I', i64_trunc_sat_f64_s) U64_64("i64.trunc_sat_f64_u", 'F', 'I', i64_trunc_sat_f64_u)
  U32_32("f32.convert_i32_s", 'i', 'f', f32_convert_i32_s) U32_32("f32.convert_i32_u", 'i', 'f', f32_convert_i32_u)
  U64_32("f32.convert_i64_s", 'I', 'f', f32_convert_i64_s) U64_32("f32.convert_i64_u", 'I', 'f', f32_convert_i64_u)
  U32_64("f64.convert_i32_s", 'i', 'F', f64_convert_i32_s) U32_64("f64.convert_i32_u", 'i', 'F', f64_convert_i32_u)
  U64_64("f64.convert_i64_s", 'I', 'F', f64_convert_i64_s) U64_64("f64.convert_i64_u", 'I', 'F', f64_convert_i64_u)
  U64_32("f32.demote_f64", 'F', 'f', f32_demote_f64) U32_64("f64.promote_f32", 'f', 'F', f64_promote_f32)
  U32_32("i32.reinterpret_f32", 'f', 'i', same32) U64_64("i64.reinterpret_f64", 'F', 'I', same64)
  U32_32("f32.reinterpret_i32", 'i', 'f', same32) U64_64("f64.reinterpret_i64", 'I', 'F', same64)
};
// clang-format on

static const uint64_t ints[] = {0,
                                1,
                                2,
                                3,
                                7,
                                8,
                                31,
                                32,
                                33,
                                63,
                                64,
                                65,
                                127,
                                128,
                                255,
                                256,
                                0x7fff,
                                0x8000,
                                0xffff,
                                0x12345678,
                                0x7fffffff,
                                0x80000000,
                                0x80000001,
                                0xfffffffe,
                                0xffffffff,
                                UINT64_C(0x100000000),
                                UINT64_C(0x1ffffffff),
                                UINT64_C(0x20000000000001),
                                UINT64_C(0x7fffffffffffffff),
                                UINT64_C(0x8000000000000000),
                                UINT64_C(0x8000000000000001),
                                UINT64_C(0x8000000000000401),
                                UINT64_C(0xfffffffffffffc00),
                                UINT64_C(0xfffffffffffffffe),
                                UINT64_MAX,
                                UINT64_C(0x8000008000000001)};
static const double floats[] = {0.0,
                                0.5,
                                1.0,
                                1.5,
                                2.5,
                                3.14159,
                                0.99999999,
                                2147483520.0,
                                2147483647.0,
                                2147483647.5,
                                2147483648.0,
                                2147483649.0,
                                4294967040.0,
                                4294967295.0,
                                4294967295.9,
                                4294967296.0,
                                9223371487098961920.0,
                                9223372036854774784.0,
                                9223372036854775808.0,
                                18446742974197923840.0,
                                18446744073709549568.0,
                                18446744073709551616.0,
                                1e30,
                                1e300,
                                5e-324,
                                1e-40,
                                8388609.5,
                                4503599627370497.5,
                                1.7e38};
enum { NSPECIAL = 6, NFLOATS = 2 * COUNT_OF(floats) + NSPECIAL };

static uint64_t operand(char type, unsigned i) {
  if (type == 'i') return (uint32_t)ints[i];
  if (type == 'I') return ints[i];
  static const uint64_t special64[NSPECIAL] = {UINT64_C(0x7ff0000000000000), UINT64_C(0xfff0000000000000),
                                               UINT64_C(0x7ff8000000000000), UINT64_C(0xfff8000000000000),
                                               UINT64_C(0x7ff0000000000001), UINT64_C(0xfff4000000000000)};
  static const uint32_t special32[NSPECIAL] = {0x7f800000, 0xff800000, 0x7fc00000,
                                               0xffc00000, 0x7f800001, 0xffa00000};
  if (i < NSPECIAL) return type == 'f' ? special32[i] : special64[i];
  i -= NSPECIAL;
  double d = floats[i / 2] * (i % 2 ? -1.0 : 1.0);
  return type == 'f' ? f32_bits((float)d) : f64_bits(d);
}
static unsigned noperands(char type) { return type == 'i' || type == 'I' ? COUNT_OF(ints) : NFLOATS; }
static bool is_32(char type) { return type == 'i' || type == 'f'; }
static const char *type_name(char type) {
  return type == 'i' ? "i32" : type == 'I' ? "i64" : type == 'f' ? "f32" : "f64";
}

static uint64_t model(const struct row *r, uint64_t a, uint64_t b, enum num_div *trap) {
  uint32_t low = 0;
  uint64_t wide = 0;
  uint32_t a32 = (uint32_t)a, b32 = (uint32_t)b;
  bool in32 = is_32(r->in), out32 = is_32(r->out);
  *trap = NUM_OK;
  if (r->traps && r->binary) {
    *trap = in32 ? r->model.d32(a32, b32, &low) : r->model.d64(a, b, &wide);
    return in32 ? low : wide;
  }
  if (r->traps) {
    *trap = in32 ? (out32 ? r->model.t32_32(a32, &low) : r->model.t32_64(a32, &wide))
                 : (out32 ? r->model.t64_32(a, &low) : r->model.t64_64(a, &wide));
    return out32 ? low : wide;
  }
  if (r->binary)
    return in32 ? r->model.b32_32(a32, b32) : out32 ? r->model.b64_32(a, b) : r->model.b64_64(a, b);
  return in32    ? (out32 ? r->model.u32_32(a32) : r->model.u32_64(a32))
         : out32 ? r->model.u64_32(a)
                 : r->model.u64_64(a);
}

static bool is_nan(char type, uint64_t v) {
  return type == 'f' ? f32_is_nan((uint32_t)v) : type == 'F' && f64_is_nan(v);
}
static bool is_quiet(char type, uint64_t v) { return type == 'f' ? (v >> 22 & 1) : (v >> 51 & 1); }

/* Where operands come from. */
enum shape { IN_REGISTERS, CONST_LEFT, CONST_RIGHT, IN_MEMORY, BRANCH, SHAPES };

static void put_const(struct buf *b, char type, uint64_t v) {
  if (type == 'i')
    buf_printf(b, "(i32.const %u)", (uint32_t)v);
  else if (type == 'I')
    buf_printf(b, "(i64.const %llu)", (unsigned long long)v);
  else if (type == 'f')
    buf_printf(b, "(f32.reinterpret_i32 (i32.const %u))", (uint32_t)v);
  else
    buf_printf(b, "(f64.reinterpret_i64 (i64.const %llu))", (unsigned long long)v);
}

/* Exported function `n`: row `r` in a shape; `k` is the constant where there is one. Memory 0 holds the
 * operands at 16 and 32. */
static void put_function(struct buf *b, const struct row *r, enum shape shape, uint64_t k, unsigned n) {
  const char *t = type_name(r->in);
  buf_printf(b, "(func (export \"%u\") (param %s %s) (result %s)", n, t, t, type_name(r->out));
  if (shape == IN_MEMORY)
    buf_printf(
        b,
        "(%s.store (i32.const 16) (local.get 0)) (%s.store (i32.const 32) (local.get 1)) (drop (call $nop))",
        t, t);
  if (shape == BRANCH) buf_cstr(b, "(if (result i32)");
  buf_printf(b, "(%s ", r->name);
  if (shape == CONST_LEFT)
    put_const(b, r->in, k);
  else if (shape == IN_MEMORY)
    buf_printf(b, "(%s.load (i32.const 16))", t);
  else
    buf_cstr(b, "(local.get 0)");
  if (r->binary) {
    if (shape == CONST_RIGHT)
      put_const(b, r->in, k);
    else if (shape == IN_MEMORY)
      buf_printf(b, "(%s.load (i32.const 32))", t);
    else
      buf_cstr(b, "(local.get 1)");
  }
  buf_cstr(b, ")");
  if (shape == BRANCH) buf_cstr(b, "(then (i32.const 1)) (else (i32.const 0)))");
  buf_cstr(b, ")\n");
}

static bool is_comparison(const struct row *r) {
  return r->binary && !r->traps &&
         (r->name[4] == 'e' || r->name[4] == 'g' || (r->name[4] == 'l') ||
          (r->name[4] == 'n' && r->name[5] == 'e' && !r->name[6]));
}

static void check_one(struct fixture *f, struct funcinst *func, const struct row *r, uint64_t a, uint64_t b,
                      enum shape shape) {
  union vm_value args[2] = {{.i64 = a}, {.i64 = b}}, result = {.i64 = 0};
  enum num_div trap;
  uint64_t want = model(r, a, b, &trap);
  uint64_t status = entry_call(f->store, func, args, &result);
  uint64_t want_status = trap == NUM_OK         ? 0
                         : trap == NUM_DIV_ZERO ? TRAP_INTEGER_DIVIDE_BY_ZERO
                         : trap == NUM_OVERFLOW ? TRAP_INTEGER_OVERFLOW
                                                : TRAP_INVALID_CONVERSION_TO_INTEGER;
  ck_assert_msg(status == want_status, "%s shape %d %llx %llx: status %llu, want %llu", r->name, shape,
                (unsigned long long)a, (unsigned long long)b, (unsigned long long)status,
                (unsigned long long)want_status);
  if (status) return;
  bool bitwise = strstr(r->name, "neg") || strstr(r->name, "abs") || strstr(r->name, "copysign") ||
                 strstr(r->name, "reinterpret");
  if (!bitwise && is_nan(r->out, want))
    ck_assert_msg(is_nan(r->out, result.i64) && is_quiet(r->out, result.i64),
                  "%s shape %d %llx %llx: %llx is no quiet NaN", r->name, shape, (unsigned long long)a,
                  (unsigned long long)b, (unsigned long long)result.i64);
  else
    ck_assert_msg(result.i64 == want, "%s shape %d %llx %llx: %llx, want %llx", r->name, shape,
                  (unsigned long long)a, (unsigned long long)b, (unsigned long long)result.i64,
                  (unsigned long long)want);
}

/* All shapes of one row in one module. Constants: every operand. */
static void check_row(const struct row *r, uint32_t cpu, uint32_t max_int) {
  struct fixture f;
  fixture_init(&f, false);
  struct buf b;
  buf_init(&b);
  buf_cstr(&b, "(module (memory 1) (func $nop (result i32) (i32.const 0))\n");
  unsigned n = 0, nops = noperands(r->in);
  put_function(&b, r, IN_REGISTERS, 0, n++);
  put_function(&b, r, IN_MEMORY, 0, n++);
  if (is_comparison(r)) put_function(&b, r, BRANCH, 0, n++);
  unsigned first_left = n;
  for (unsigned i = 0; i < nops; i++)
    put_function(&b, r, CONST_LEFT, operand(r->in, i), n++);
  unsigned first_right = n;
  for (unsigned i = 0; i < nops && r->binary; i++)
    put_function(&b, r, CONST_RIGHT, operand(r->in, i), n++);
  buf_u8(&b, ')');
  buf_u8(&b, 0);
  fixture_module(&f, (const char *)b.data);
  struct compile_config config = {
      .isa = isa_host(), .isa_config = {.cpu = cpu, .spectre = true, .max_int = max_int}, .checks = true};
  struct instance *in = fixture_compile(&f, &config, r->name);
  struct funcinst **funcs = ARENA_ARRAY(&f.arena, struct funcinst *, n);
  for (unsigned i = 0; i < n; i++)
    funcs[i] = fixture_func_at(in, i);
  for (unsigned i = 0; i < nops; i++)
    for (unsigned j = 0; j < (r->binary ? nops : 1); j++) {
      uint64_t x = operand(r->in, i), y = operand(r->in, j);
      check_one(&f, funcs[0], r, x, y, IN_REGISTERS);
      check_one(&f, funcs[1], r, x, y, IN_MEMORY);
      if (is_comparison(r)) check_one(&f, funcs[2], r, x, y, BRANCH);
      check_one(&f, funcs[first_left + i], r, x, y, CONST_LEFT);
      if (r->binary) check_one(&f, funcs[first_right + j], r, x, y, CONST_RIGHT);
    }
  buf_free(&b);
  fixture_free(&f);
}

static void check_all(uint32_t cpu, uint32_t max_int) {
  for (size_t i = 0; i < COUNT_OF(rows); i++)
    check_row(&rows[i], cpu, max_int);
}

START_TEST(on_this_cpu) { check_all(isa_host()->cpu_features(), 0); }
END_TEST
START_TEST(on_a_bare_cpu) { check_all(X64_CPU_SSE41, 0); }
END_TEST
START_TEST(with_few_registers) { check_all(isa_host()->cpu_features(), 5); }
END_TEST

int main(void) { return UNIT_RUN("x64/numeric", on_this_cpu, on_a_bare_cpu, with_few_registers); }
