/* The proof of guest memory operands refuses each way in which one could leave its reservation. */
#include "compiler/isa/x64/addrcheck.h"
#include "compiler/isa/x64/isa_x64.h"

#include "unit.h"

#include <string.h>

struct fixture {
  struct arena arena;
  jmp_buf oom;
  struct mach_func f;
  mreg narrow, wide;
};

static void fixture_init(struct fixture *x) {
  memset(x, 0, sizeof *x);
  arena_init(&x->arena, &x->oom);
  if (setjmp(x->oom)) ck_abort_msg("out of memory");
  x->f.arena = &x->arena;
  x->f.isa = &isa_x64;
  x->narrow = mach_vreg_new(&x->f, false, 4, false);
  x->wide = mach_vreg_new(&x->f, false, 8, false);
}

static struct mach_insn insn(unsigned op, uint8_t size) {
  return (struct mach_insn){
      .op = (uint16_t)op, .size = size, .d = MREG_NONE, .s = MREG_NONE, .base = MREG_NONE, .idx = MREG_NONE};
}

/* mov narrow, dword [r14 + narrow + 8], as selection makes it. */
static struct mach_insn load(const struct fixture *x) {
  struct mach_insn in = insn(X64_MOV_RM, 4);
  in.d = x->narrow;
  in.base = X64_MEMORY0;
  in.idx = x->narrow;
  in.disp = 8;
  in.trap = TRAP_MEMORY_OUT_OF_BOUNDS;
  return in;
}

static bool check(struct fixture *x, const struct mach_insn *insns, uint32_t n, const char *what) {
  x->f.insns.len = 0;
  for (uint32_t i = 0; i < n; i++)
    VEC_PUSH(&x->arena, &x->f.insns, insns[i]);
  struct buf text;
  buf_init(&text);
  struct out out = out_buf(&text);
  bool ok = x64_check_addresses(&x->f, &out);
  buf_u8(&text, 0);
  if (what) ck_assert_msg(strstr((const char *)text.data, what) != NULL, "%s", (const char *)text.data);
  buf_free(&text);
  return ok;
}

START_TEST(selected_operands_pass) {
  struct fixture x;
  fixture_init(&x);
  struct mach_insn in = load(&x);
  ck_assert(check(&x, &in, 1, NULL));
  in.idx = MREG_NONE;
  in.disp = INT32_MAX - 63;
  ck_assert(check(&x, &in, 1, NULL));
  in = insn(X64_LEA, 4); /* an address that nobody goes to */
  in.d = x.narrow;
  in.base = x.wide;
  in.disp = -4;
  ck_assert(check(&x, &in, 1, NULL));
  arena_free(&x.arena);
}
END_TEST

START_TEST(operands_outside_are_refused) {
  struct fixture x;
  fixture_init(&x);
  struct mach_insn in = load(&x);
  in.idx = x.wide;
  ck_assert(!check(&x, &in, 1, "more than 32 bits"));
  in = load(&x);
  in.scale = 1;
  ck_assert(!check(&x, &in, 1, "more than 32 bits"));
  in = load(&x);
  in.disp = -1;
  ck_assert(!check(&x, &in, 1, "displacement"));
  in.disp = INT32_MAX;
  ck_assert(!check(&x, &in, 1, "displacement"));
  in = load(&x);
  in.trap = TRAP_NONE;
  ck_assert(!check(&x, &in, 1, "no trap site"));
  in = load(&x);
  in.base = X64_INSTANCE;
  ck_assert(!check(&x, &in, 1, "not the base"));
  arena_free(&x.arena);
}
END_TEST

START_TEST(dirty_upper_halves_are_refused) {
  struct fixture x;
  fixture_init(&x);
  struct mach_insn two[2];
  static const unsigned wide_ops[] = {X64_MOV_RM, X64_ADD_RI, X64_LEA,  X64_MOVSXD_RM,
                                      X64_CVTT64, X64_POPCNT, X64_SHLX, X64_IMUL_RRI};
  for (size_t i = 0; i < COUNT_OF(wide_ops); i++) {
    two[0] = insn(wide_ops[i], 8);
    two[0].d = x.narrow;
    ck_assert(!check(&x, two, 1, "dirty"));
  }
  two[0] = insn(X64_MOV_RI, 8);
  two[0].d = x.narrow;
  two[0].disp = 1;
  ck_assert(!check(&x, two, 1, "dirty"));
  /* the low half of a wide value: alone it is not enough, as the tied operand of a narrow operation it is */
  two[0] = insn(MACH_MOVE, 4);
  two[0].d = x.narrow;
  two[0].s = x.wide;
  ck_assert(!check(&x, two, 1, "dirty"));
  two[1] = insn(X64_ADD_RI, 4);
  two[1].d = x.narrow;
  ck_assert(check(&x, two, 2, NULL));
  two[1].size = 8;
  ck_assert(!check(&x, two, 2, "dirty"));
  two[1] = insn(X64_MOV32_RR, 4);
  two[1].d = x.narrow;
  two[1].s = x.wide;
  ck_assert(check(&x, two + 1, 1, NULL));
  arena_free(&x.arena);
}
END_TEST

int main(void) {
  return UNIT_RUN("x64/addrcheck", selected_operands_pass, operands_outside_are_refused,
                  dirty_upper_halves_are_refused);
}
