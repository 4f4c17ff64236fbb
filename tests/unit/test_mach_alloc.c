/* Register allocation of random functions: the proof holds, and an interpreter agrees. */
#include "../support/fake_func.h"

#include "base/alloc.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

static bool failed_once;

static void report(struct mach_func *before, struct mach_func *after, const struct fake_shape *s,
                   const char *why) {
  failed_once = true;
  fprintf(stderr, "seed %u registers %u+%u kept %u vars %u size %u: %s\n", s->seed, s->nint, s->nfloat,
          s->kept, s->vars, s->size, why);
  if (!getenv("MACH_PRINT")) return;
  struct out out = out_file(stderr);
  mach_print(before, &out);
  mach_print(after, &out);
}

static bool allocate_and_check(struct arena *a, const struct fake_shape *shape,
                               const struct isa_config *config) {
  struct isa isa = fake_isa(shape->nint, shape->nfloat, shape->kept);
  struct mach_func *f = fake_func(a, &isa, *shape);
  struct mach_func *before = mach_copy(f);
  struct live *live = mach_live(f, config);
  struct spill *spill = mach_spill(f, live, config);
  struct mach_func *spilled = getenv("MACH_PRINT") ? mach_copy(f) : f;
  mach_assign(f, spill, config);
  struct buf text;
  buf_init(&text);
  struct out why = out_buf(&text);
  bool ok = mach_regcheck(before, f, &why);
  if (!ok) {
    buf_u8(&text, 0);
    report(before, spilled, shape, (const char *)text.data);
    if (spilled != f) report(before, f, shape, "assigned");
  } else if (fake_run(before, a, false, 300) != fake_run(f, a, true, 300)) {
    report(before, spilled, shape, "runs differently");
    if (spilled != f) report(before, f, shape, "assigned");
    ok = false;
  }
  buf_free(&text);
  return ok;
}

static uint32_t env(const char *name, uint32_t otherwise) {
  const char *s = getenv(name);
  return s ? (uint32_t)strtoul(s, NULL, 10) : otherwise;
}

START_TEST(random_functions) {
  jmp_buf oom;
  struct arena a;
  arena_init(&a, &oom);
  ck_assert_int_eq(setjmp(oom), 0);
  uint32_t first = env("MACH_SEED", 1), count = env("MACH_COUNT", 6000), failures = 0;
  for (uint32_t seed = first; seed < first + count && failures < 5; seed++) {
    struct fake_shape s = {.seed = seed,
                           .nint = 4 + seed % 9,
                           .nfloat = 2 + seed / 9 % 7,
                           .vars = 3 + seed % 37,
                           .size = 5 + seed % 71 * (seed % 3 + 1),
                           .calls = seed % 3 != 0,
                           .fixed = seed % 4 != 1};
    s.kept = s.nint > 5 ? seed % 3 : 0;
    struct isa_config config = {0};
    if (getenv("MACH_VERBOSE")) fprintf(stderr, "seed %u\n", seed);
    if (seed % 5 == 0) config.max_int = 3;
    config.slots_only = seed % 7 == 0;
    struct arena_mark mark = arena_mark(&a);
    failures += !allocate_and_check(&a, &s, &config);
    arena_release(&a, mark);
  }
  ck_assert_uint_eq(failures, 0);
  arena_free(&a);
}
END_TEST

/* Swaps one register, slot or constant of the allocated code for another. False: this instruction has none
 * that matters. */
static bool damage(struct mach_func *f, uint32_t at, uint32_t salt) {
  struct mach_insn *in = &f->insns.at[at];
  const struct mach_op_info *info = &fake_ops[in->op];
  if (in->op == MACH_SPILL || in->op == MACH_RELOAD) {
    if (f->nslots8 < 2 || (uint32_t)in->imm >= f->nslots8) return false;
    in->imm = (int32_t)(((uint32_t)in->imm + 1 + salt % (f->nslots8 - 1)) % f->nslots8);
    return true;
  }
  if (in->op == FAKE_CONST && salt % 4) {
    in->imm = (in->imm + 1) % 3;
    return true;
  }
  mreg *field[4] = {&in->d, &in->s, &in->base, &in->idx};
  mreg *r = field[salt % 4];
  if (!info->role[salt % 4] || !mreg_is_phys(*r)) return false;
  mreg other = (*r & 32) | ((*r & 31) + 1 + salt / 4 % 3) % 4;
  if (!(f->isa->allocatable >> other & 1) || other == *r) return false;
  *r = other;
  return true;
}

/* The proof must refuse every damage that changes what is computed. */
START_TEST(damaged_code_is_refused) {
  jmp_buf oom;
  struct arena a;
  arena_init(&a, &oom);
  ck_assert_int_eq(setjmp(oom), 0);
  uint32_t harmful = 0, refused = 0, missed = 0;
  for (uint32_t seed = 1; seed < 400; seed++) {
    struct fake_shape s = {.seed = seed,
                           .nint = 4 + seed % 5,
                           .nfloat = 4,
                           .kept = seed % 2,
                           .vars = 4 + seed % 20,
                           .size = 10 + seed % 60,
                           .calls = true,
                           .fixed = true};
    struct isa_config config = {0};
    struct arena_mark mark = arena_mark(&a);
    struct isa isa = fake_isa(s.nint, s.nfloat, s.kept);
    struct mach_func *f = fake_func(&a, &isa, s), *before = mach_copy(f);
    struct live *live = mach_live(f, &config);
    mach_assign(f, mach_spill(f, live, &config), &config);
    uint64_t right = fake_run(before, &a, false, 300);
    for (uint32_t k = 0; k < 30; k++) {
      uint32_t at = (seed * 7919 + k * 104729) % f->insns.len;
      struct mach_insn saved = f->insns.at[at];
      if (damage(f, at, seed + k)) {
        struct out nowhere = out_digest();
        bool proved = mach_regcheck(before, f, &nowhere);
        bool differs = fake_run(f, &a, true, 300) != right;
        harmful += differs;
        refused += !proved;
        missed += differs && proved;
      }
      f->insns.at[at] = saved;
    }
    arena_release(&a, mark);
  }
  ck_assert_uint_eq(missed, 0);
  ck_assert_uint_gt(harmful, 500);
  ck_assert_uint_ge(refused, harmful);
  arena_free(&a);
}
END_TEST

int main(void) { return UNIT_RUN("mach/alloc", random_functions, damaged_code_is_refused); }
