/* Every atomic access, compiled and run on edge operands, against plain C: in a shared memory, in a second
 * memory that is not shared, in one with 64-bit addresses; operands in registers and constants, the old value
 * used, used beside the operands, and dropped; in the first and the last bytes of a memory; unaligned and out
 * of bounds. With all registers and with few. */
#include "compile_fixture.h"

#include "compiler/isa/isa.h"

enum atomic { LOAD, STORE, ADD, SUB, AND, OR, XOR, XCHG, CMPXCHG, OPS };
static const char *const names[OPS] = {"load", "store", "add", "sub", "and", "or", "xor", "xchg", "cmpxchg"};

struct access {
  enum atomic op;
  bool is64; /* the value's type */
  unsigned width;
};

enum shape { RESULT, MIXED, DROPPED, CONSTANTS, SHAPES };
enum { MEMORIES = 3, PAGE = 65536, CONSTANT_AT = PAGE - 8 };
static const char *const memory_names[MEMORIES] = {"$shared", "$plain", "$wide"};
static const char *const memories =
    "(module (memory $shared 1 1 shared) (memory $plain 1) (memory $wide i64 1)"
    " (export \"$shared\" (memory $shared)) (export \"$plain\" (memory $plain)) (export \"$wide\" (memory "
    "$wide))\n";

/* i64.atomic.rmw16.cmpxchg_u, i32.atomic.load, i64.atomic.store8 ... */
static void put_name(struct buf *b, const struct access *a) {
  bool narrow = a->width < (a->is64 ? 8 : 4);
  buf_printf(b, "%s.atomic.", a->is64 ? "i64" : "i32");
  buf_cstr(b, a->op >= ADD ? "rmw" : names[a->op]);
  if (narrow) buf_printf(b, "%u", 8 * a->width);
  if (a->op >= ADD) buf_printf(b, ".%s", names[a->op]);
  if (narrow && a->op != STORE) buf_cstr(b, "_u");
}

static unsigned values_of(const struct access *a) { return a->op == LOAD ? 0 : a->op == CMPXCHG ? 2 : 1; }

/* Constants: the values x and y at CONSTANT_AT, all of it known to the compiler. */
static void put_function(struct buf *b, const struct access *a, unsigned memory, enum shape shape, unsigned n,
                         uint64_t x, uint64_t y) {
  const char *t = a->is64 ? "i64" : "i32", *address = memory == 2 ? "i64" : "i32";
  bool constant = shape == CONSTANTS, result = a->op != STORE && shape != DROPPED;
  buf_printf(b, "(func (export \"%u\")", n);
  if (!constant) buf_printf(b, " (param %s %s %s)", address, t, t);
  if (result) buf_printf(b, " (result %s)", t);
  if (shape == MIXED && result) buf_printf(b, " (%s.add (%s.add (local.get 1) (local.get 2))", t, t);
  if (a->op != STORE && !result) buf_cstr(b, " (drop");
  buf_cstr(b, " (");
  put_name(b, a);
  buf_printf(b, " %s offset=%u", memory_names[memory], 8);
  if (constant)
    buf_printf(b, " (%s.const %d)", address, CONSTANT_AT - 8);
  else
    buf_cstr(b, " (local.get 0)");
  for (unsigned i = 0; i < values_of(a); i++)
    if (constant)
      buf_printf(b, " (%s.const 0x%llx)", t,
                 (unsigned long long)((i ? y : x) & (a->is64 ? UINT64_MAX : UINT32_MAX)));
    else
      buf_printf(b, " (local.get %u)", i + 1);
  buf_cstr(b, ")");
  if (a->op != STORE && !result) buf_cstr(b, ")");
  if (shape == MIXED && result) buf_cstr(b, ")");
  buf_cstr(b, ")\n");
}

static uint64_t mask_of(unsigned width) { return width == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * width) - 1; }

static uint64_t model(const struct access *a, uint64_t old, uint64_t x, uint64_t y) {
  uint64_t m = mask_of(a->width);
  switch (a->op) {
  case LOAD: return old;
  case ADD: return (old + x) & m;
  case SUB: return (old - x) & m;
  case AND: return old & x & m;
  case OR: return (old | x) & m;
  case XOR: return (old ^ x) & m;
  case CMPXCHG: return old == (x & m) ? y & m : old;
  default: return x & m;
  }
}

struct program {
  struct fixture f;
  struct instance *in;
  struct funcinst *funcs[MEMORIES][SHAPES];
  uint8_t *base[MEMORIES];
};

static const uint64_t olds[] = {
    0, 1, 0x80, 0xff, 0x8000, 0x7fffffff, 0x80000000, 0xffffffff, 0x0123456789abcdef, UINT64_MAX};
static const uint64_t operands[] = {
    0,         1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x12345678, 0x80000000, 0xffffffff, 0xfedcba9876543210,
    UINT64_MAX};

static void fail_at(const struct access *a, unsigned memory, enum shape shape, const char *what,
                    uint64_t have, uint64_t want) {
  struct buf b;
  buf_init(&b);
  put_name(&b, a);
  ck_abort_msg("%.*s, memory %u, shape %d: %s is %llx, should be %llx", (int)b.len, (const char *)b.data,
               memory, (int)shape, what, (unsigned long long)have, (unsigned long long)want);
}

/* One access whose bytes begin at `at`, with values around it that must stay. */
static void check_one(struct program *p, const struct access *a, unsigned memory, enum shape shape,
                      uint32_t at, uint64_t old, uint64_t x, uint64_t y) {
  uint64_t m = mask_of(a->width), type = a->is64 ? UINT64_MAX : UINT32_MAX;
  uint8_t *bytes = p->base[memory] + at, before[24], after[24];
  old &= m;
  memset(p->base[memory] + at - 8, 0x5a, PAGE - at < 16 ? PAGE - at + 8 : 24);
  memcpy(bytes, &old, a->width);
  memcpy(before, p->base[memory] + at - 8, PAGE - at < 16 ? PAGE - at + 8 : 24);
  union vm_value args[3] = {{.i64 = at - 8}, {.i64 = x & type}, {.i64 = y & type}}, result;
  memset(&result, 0, sizeof result);
  uint64_t status = entry_call(p->f.store, p->funcs[memory][shape], args, &result);
  if (status) fail_at(a, memory, shape, "the trap", status, 0);
  uint64_t now = 0, want = model(a, old, x & type, y & type);
  memcpy(&now, bytes, a->width);
  if (now != want) fail_at(a, memory, shape, "the new value", now, want);
  want = shape == MIXED ? (old + x + y) & type : old;
  if (a->op != STORE && shape != DROPPED && result.i64 != want)
    fail_at(a, memory, shape, "the result", result.i64, want);
  memcpy(after, p->base[memory] + at - 8, PAGE - at < 16 ? PAGE - at + 8 : 24);
  memcpy(after + 8, before + 8, a->width);
  ck_assert_mem_eq(after, before, PAGE - at < 16 ? PAGE - at + 8 : 24);
}

static void check_trap(struct program *p, const struct access *a, unsigned memory, enum shape shape,
                       uint64_t address, enum trap_code want) {
  union vm_value args[3] = {{.i64 = address}, {.i64 = 1}, {.i64 = 2}}, result;
  uint64_t status = entry_call(p->f.store, p->funcs[memory][shape], args, &result);
  if (status != (uint64_t)want) fail_at(a, memory, shape, "the trap", status, want);
}

static void build(struct program *p, const struct access *a, const struct compile_config *config, uint64_t x,
                  uint64_t y) {
  struct buf b;
  unsigned n = 0;
  fixture_init(&p->f, false);
  buf_init(&b);
  buf_cstr(&b, memories);
  for (unsigned memory = 0; memory < MEMORIES; memory++)
    for (unsigned shape = 0; shape < SHAPES; shape++)
      put_function(&b, a, memory, (enum shape)shape, n++, x, y);
  buf_cstr(&b, ")");
  buf_u8(&b, 0);
  fixture_module(&p->f, (const char *)b.data);
  p->in = fixture_compile(&p->f, config, "atomic access");
  for (unsigned i = 0; i < n; i++)
    p->funcs[i / SHAPES][i % SHAPES] = fixture_func_at(p->in, i);
  for (unsigned i = 0; i < MEMORIES; i++)
    p->base[i] = instance_memory(p->in, i)->vm.base;
  buf_free(&b);
}

static void check_access(const struct access *a, uint32_t max_int) {
  struct compile_config config = {
      .isa = isa_host(),
      .isa_config = {.cpu = isa_host()->cpu_features(), .spectre = true, .max_int = max_int},
      .checks = true};
  unsigned nx = values_of(a) > 0 ? COUNT_OF(operands) : 1, ny = values_of(a) > 1 ? COUNT_OF(operands) : 1;
  for (unsigned i = 0; i < nx; i++) {
    struct program p;
    uint64_t x = operands[i], y = operands[(i + 3) % COUNT_OF(operands)];
    build(&p, a, &config, x, y);
    for (unsigned memory = 0; memory < MEMORIES; memory++)
      for (unsigned o = 0; o < COUNT_OF(olds) + 1; o++) {
        uint64_t old = o < COUNT_OF(olds) ? olds[o] : x; /* so that some comparisons hold */
        check_one(&p, a, memory, CONSTANTS, CONSTANT_AT, old, x, y);
        for (unsigned shape = 0; shape < CONSTANTS; shape++)
          for (unsigned k = 0; k < ny; k++) {
            check_one(&p, a, memory, (enum shape)shape, 8, old, x, operands[k]);
            check_one(&p, a, memory, (enum shape)shape, PAGE - a->width, old, x, operands[k]);
          }
      }
    for (unsigned memory = 0; memory < MEMORIES && i == 0; memory++)
      for (unsigned shape = 0; shape < CONSTANTS; shape++) {
        enum shape s = (enum shape)shape;
        check_trap(&p, a, memory, s, PAGE - 8, TRAP_MEMORY_OUT_OF_BOUNDS);
        check_trap(&p, a, memory, s, UINT32_MAX - 7, TRAP_MEMORY_OUT_OF_BOUNDS);
        if (memory == 2) check_trap(&p, a, memory, s, UINT64_MAX - 7, TRAP_MEMORY_OUT_OF_BOUNDS);
        if (memory == 2) check_trap(&p, a, memory, s, UINT64_C(1) << 32, TRAP_MEMORY_OUT_OF_BOUNDS);
        for (unsigned off = 1; off < a->width; off++) {
          check_trap(&p, a, memory, s, off, TRAP_UNALIGNED_ATOMIC);
          check_trap(&p, a, memory, s, PAGE - 8 + off, TRAP_UNALIGNED_ATOMIC);
        }
      }
    fixture_free(&p.f);
  }
}

static void check_all(uint32_t max_int) {
  for (unsigned op = 0; op < OPS; op++)
    for (unsigned is64 = 0; is64 < 2; is64++)
      for (unsigned width = 1; width <= (is64 ? 8 : 4); width *= 2)
        check_access(&(struct access){(enum atomic)op, is64 != 0, width}, max_int);
}

START_TEST(with_all_registers) { check_all(0); }
END_TEST
START_TEST(with_few_registers) { check_all(3); }
END_TEST

int main(void) { return UNIT_RUN("x64/atomic", with_all_registers, with_few_registers); }
