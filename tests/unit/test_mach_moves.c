/* Parallel moves: any permutation, copy and mixture of registers, slots and constants ends as if all had
 * happened at once, and nothing else is touched. */
#include "../support/fake_isa.h"

#include "compiler/mach/moves.h"

#include "unit.h"

enum { INTS = 6, FLOATS = 5, SLOTS = 7, WIDE = 3 };

static uint32_t next_random(uint64_t *state) {
  *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
  return (uint32_t)(*state >> 33);
}

/* Place number i: integer registers, float registers, 8-byte slots that hold integers, 16-byte slots that
 * hold floats. */
static mach_loc place(uint32_t i) {
  if (i < INTS) return i;
  if (i < INTS + FLOATS) return 32 + i - INTS;
  return LOC_SLOT + i - INTS - FLOATS;
}
static bool is_float_place(uint32_t i) {
  return (i >= INTS && i < INTS + FLOATS) || i >= INTS + FLOATS + SLOTS;
}

static uint64_t *cell(struct fake_machine *m, mach_loc l) {
  return l < LOC_SLOT ? &m->regs[l] : &m->slots[l - LOC_SLOT];
}

START_TEST(all_at_once) {
  jmp_buf oom;
  struct arena a;
  arena_init(&a, &oom);
  ck_assert_int_eq(setjmp(oom), 0);
  struct isa isa = fake_isa(INTS, FLOATS, 0);
  enum { PLACES = INTS + FLOATS + SLOTS + WIDE };
  for (uint32_t seed = 0; seed < 20000; seed++) {
    uint64_t rng = seed + 1;
    struct arena_mark mark = arena_mark(&a);
    struct mach_func f = {.arena = &a, .isa = &isa, .nslots8 = SLOTS, .nslots16 = WIDE};
    struct mach_insn constant = {
        .op = FAKE_CONST, .d = MREG_NONE, .s = MREG_NONE, .base = MREG_NONE, .idx = MREG_NONE};
    for (int32_t i = 0; i < 3; i++) {
      constant.imm = 1000 + i;
      VEC_PUSH(&a, &f.remats, constant);
    }
    struct mover mover;
    mover_init(&mover, &f);
    struct move moves[PLACES];
    uint32_t n = 0;
    uint64_t before[PLACES], want[PLACES], busy = 0;
    uint64_t slots[SLOTS + WIDE + 2] = {0};
    struct fake_machine m = {.f = &f, .slots = slots};
    for (uint32_t i = 0; i < PLACES; i++)
      *cell(&m, place(i)) = want[i] = before[i] = 100 + i;
    for (uint32_t i = 0; i < PLACES; i++) {
      if (next_random(&rng) % 4 == 0) continue;
      uint32_t from = next_random(&rng) % PLACES;
      struct move move = {.dst = place(i), .size = is_float_place(i) ? 16 : 8, .is_float = is_float_place(i)};
      if (next_random(&rng) % 8 == 0) {
        uint32_t k = next_random(&rng) % 3;
        move.src = LOC_REMAT + k;
        want[i] = 1000 + k;
      } else {
        if (is_float_place(from) != is_float_place(i)) from = i;
        move.src = place(from);
        want[i] = before[from];
      }
      moves[n++] = move;
    }
    for (uint32_t i = 0; i < INTS; i++)
      busy |= UINT64_C(1) << i; /* all hold something that is looked at below */
    struct insn_list code = {0};
    moves_resolve(&mover, moves, n, busy, &code);
    uint32_t successor = 0;
    for (uint32_t i = 0; i < code.len; i++) {
      ck_assert(code.at[i].op < MACH_OP_ISA0 || code.at[i].op == FAKE_CONST);
      fake_step(&m, &code.at[i], true, &successor);
    }
    for (uint32_t i = 0; i < PLACES; i++)
      ck_assert_msg(*cell(&m, place(i)) == want[i], "seed %u place %u: %llu, want %llu", seed, i,
                    (unsigned long long)*cell(&m, place(i)), (unsigned long long)want[i]);
    ck_assert_uint_le(f.nslots16, WIDE + 1);
    /* A second set of moves finds the tables as the first did. */
    code.len = 0;
    moves_resolve(&mover, moves, 0, 0, &code);
    ck_assert_uint_eq(code.len, 0);
    for (uint32_t i = 0; i < mover.nlocs; i++)
      ck_assert(!mover.wanted[i] && !mover.move[i]);
    arena_release(&a, mark);
  }
  arena_free(&a);
}
END_TEST

/* No instruction more than needed where nothing is in the way, and an exchange for a pair of integers. */
START_TEST(few_instructions) {
  jmp_buf oom;
  struct arena a;
  arena_init(&a, &oom);
  ck_assert_int_eq(setjmp(oom), 0);
  struct isa isa = fake_isa(INTS, FLOATS, 0);
  struct mach_func f = {.arena = &a, .isa = &isa};
  struct mover mover;
  mover_init(&mover, &f);
  struct insn_list code = {0};
  const struct move chain[] = {{0, 1, 8, false}, {1, 2, 8, false}, {2, 3, 8, false}, {4, 4, 8, false}};
  moves_resolve(&mover, chain, 4, 0, &code);
  ck_assert_uint_eq(code.len, 3);
  code.len = 0;
  const struct move swap[] = {{0, 1, 8, false}, {1, 0, 8, false}, {33, 34, 8, true}, {34, 33, 8, true}};
  moves_resolve(&mover, swap, 4, 0, &code);
  ck_assert_uint_eq(code.len, 4);
  uint32_t exchanges = 0;
  for (uint32_t i = 0; i < code.len; i++)
    exchanges += code.at[i].op == MACH_XCHG;
  ck_assert_uint_eq(exchanges, 1);
  ck_assert_uint_eq(f.nslots16, 0);
  arena_free(&a);
}
END_TEST

int main(void) { return UNIT_RUN("mach/moves", all_at_once, few_instructions); }
