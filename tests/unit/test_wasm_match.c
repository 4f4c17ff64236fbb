/* Canonical types: equality across modules, recursion groups, subtyping. */
#include "wasm/match.h"

#include "base/alloc.h"
#include "unit.h"
#include "wasm/module.h"

#include <string.h>

#define TYPE(k, ...)                                                                                         \
  {                                                                                                          \
    .kind = COMP_##k, .final = true, .super = NO_SUPER, .rec_len = 1, .descriptor = NO_SUPER,                \
    .describes = NO_SUPER, __VA_ARGS__                                                                       \
  }

/* Adds `n` types whose rec_start and rec_len are set; ids land in `ids`. */
static void add(struct canon *c, struct subtype *types, uint32_t n, uint32_t *ids) {
  struct module m = {.types = types, .ntypes = n, .canon_ids = ids};
  struct error e = ERROR_INIT;
  ck_assert_msg(canon_add_module(c, &m, &e), "%s", e.message);
}

/* One group of `n`. */
static void add_group(struct canon *c, struct subtype *types, uint32_t n, uint32_t *ids) {
  for (uint32_t i = 0; i < n; i++)
    types[i].rec_start = 0, types[i].rec_len = n;
  add(c, types, n, ids);
}

START_TEST(equal_types_have_equal_ids) {
  struct canon *c = canon_new();
  const valtype ii[] = {VT_I32, VT_I32}, iI[] = {VT_I32, VT_I64};
  struct subtype t[] = {TYPE(FUNC, .func = {ii, 2, ii, 1}), TYPE(FUNC, .func = {iI, 2, ii, 1}),
                        TYPE(FUNC, .func = {ii, 2, ii, 1}), TYPE(FUNC, .func = {ii, 1, ii, 2})};
  uint32_t ids[4], id;
  struct error e = ERROR_INIT;
  for (uint32_t i = 0; i < 4; i++)
    t[i].rec_start = i;
  add(c, t, 4, ids);
  ck_assert_uint_eq(ids[0], ids[2]);
  ck_assert_uint_ne(ids[0], ids[1]);
  ck_assert_uint_ne(ids[0], ids[3]);
  ck_assert(canon_add_func(c, &(struct functype){ii, 2, ii, 1}, &id, &e));
  ck_assert_uint_eq(id, ids[0]);
  ck_assert(canon_add_func(c, &(struct functype){NULL, 0, NULL, 0}, &id, &e));
  ck_assert_uint_gt(id, ids[3]);
  ck_assert_uint_eq(canon_type(c, ids[1])->func.params[1], VT_I64);
  canon_delete(c);
}
END_TEST

START_TEST(groups_are_iso_recursive) {
  struct canon *c = canon_new();
  /* (rec (struct (ref null 0))) again, in a module where it has another index */
  struct field self = {vt_ref_to(0, true), false};
  struct subtype one[] = {TYPE(STRUCT, .struct_ = {&self, 1})};
  uint32_t a[1], b[2], pair[2], swapped[2];
  add_group(c, one, 1, a);
  struct field self1 = {vt_ref_to(1, true), false};
  struct subtype two[] = {TYPE(ARRAY, .array = {VT_I8, true}), TYPE(STRUCT, .struct_ = {&self1, 1})};
  two[1].rec_start = 1;
  add(c, two, 2, b);
  ck_assert_uint_eq(a[0], b[1]);
  ck_assert_uint_eq(canon_type(c, a[0])->struct_.fields[0].type, vt_ref_to(a[0], true));
  /* a reference to that type from outside is another type than the type itself: (struct (ref null a)) */
  struct subtype outer[] = {TYPE(STRUCT, .struct_ = {&self, 1}), TYPE(STRUCT, .struct_ = {&self, 1})};
  outer[1].rec_start = 1;
  uint32_t o[2];
  add(c, outer, 2, o);
  ck_assert_uint_eq(o[0], a[0]);
  ck_assert_uint_ne(o[1], a[0]);
  /* position in a group matters, and a group of two is not two groups */
  struct field f0 = {vt_ref_to(1, true), false}, f1 = {vt_ref_to(0, true), true};
  struct subtype p[] = {TYPE(STRUCT, .struct_ = {&f0, 1}), TYPE(STRUCT, .struct_ = {&f1, 1})};
  add_group(c, p, 2, pair);
  struct subtype q[] = {p[1], p[0]};
  struct field g0 = {vt_ref_to(0, true), false}, g1 = {vt_ref_to(1, true), true};
  q[0].struct_.fields = &g1;
  q[1].struct_.fields = &g0;
  add_group(c, q, 2, swapped);
  ck_assert_uint_ne(pair[0], swapped[1]);
  ck_assert_uint_ne(pair[1], swapped[0]);
  uint32_t again[2];
  add_group(c, p, 2, again);
  ck_assert_mem_eq(again, pair, sizeof pair);
  canon_delete(c);
}
END_TEST

START_TEST(every_part_of_a_type_counts) {
  struct canon *c = canon_new();
  const struct field f[] = {{VT_I32, false}, {VT_I32, true}};
  struct subtype t[] = {
      TYPE(STRUCT, .struct_ = {&f[0], 1}),      TYPE(STRUCT, .struct_ = {&f[1], 1}),
      TYPE(STRUCT, .struct_ = {f, 2}),          TYPE(STRUCT, .struct_ = {f, 0}),
      TYPE(ARRAY, .array = {VT_I32, false}),    TYPE(ARRAY, .array = {VT_I32, true}),
      TYPE(ARRAY, .array = {VT_FUNCREF, true}), TYPE(ARRAY, .array = {vt_ref(HEAP_FUNC, false), true}),
      TYPE(FUNC, .func = {NULL, 0, NULL, 0}),   TYPE(CONT, .cont = 8),
      TYPE(STRUCT, .struct_ = {&f[0], 1})};
  enum { N = COUNT_OF(t) };
  uint32_t ids[N];
  t[N - 1].final = false;
  for (uint32_t i = 0; i < N; i++)
    t[i].rec_start = i;
  add(c, t, N, ids);
  for (uint32_t i = 0; i < N; i++) {
    for (uint32_t k = 0; k < i; k++)
      ck_assert_msg(ids[i] != ids[k], "%u %u", i, k);
  }
  ck_assert_uint_eq(canon_type(c, ids[9])->cont, ids[8]);
  canon_delete(c);
}
END_TEST

/* A chain of structs 0 <- 1 <- .. <- 62 and a second child of 0. */
START_TEST(subtypes_by_display) {
  struct canon *c = canon_new();
  enum { CHAIN = 63, N = CHAIN + 1 };
  struct subtype t[N];
  uint32_t ids[N];
  for (uint32_t i = 0; i < N; i++) {
    struct subtype one = TYPE(STRUCT, .struct_ = {NULL, 0});
    one.final = false, one.rec_start = i;
    if (i > 0) one.super = i == CHAIN ? 0 : i - 1;
    t[i] = one;
  }
  add(c, t, N, ids);
  for (uint32_t i = 0; i < CHAIN; i++) {
    ck_assert_uint_eq(canon_depth(c, ids[i]), i);
    ck_assert_uint_eq(canon_display(c, ids[i])[i], ids[i]);
    for (uint32_t k = 0; k < CHAIN; k++)
      ck_assert(canon_is_subtype(c, ids[i], ids[k]) == (k <= i));
  }
  /* 63 is the same type as 1: declared alike */
  ck_assert_uint_eq(ids[CHAIN], ids[1]);
  canon_delete(c);
}
END_TEST

START_TEST(heap_types_match) {
  struct canon *c = canon_new();
  struct subtype t[] = {TYPE(FUNC, .func = {NULL, 0, NULL, 0}), TYPE(STRUCT, .struct_ = {NULL, 0}),
                        TYPE(ARRAY, .array = {VT_I8, true}), TYPE(CONT, .cont = 0)};
  uint32_t ids[4];
  for (uint32_t i = 0; i < 4; i++)
    t[i].rec_start = i;
  add(c, t, 4, ids);
  uint32_t func = VT_CONCRETE | ids[0], str = VT_CONCRETE | ids[1], arr = VT_CONCRETE | ids[2],
           cont = VT_CONCRETE | ids[3];
  static const struct {
    uint8_t sub, super;
  } yes[] = {{HEAP_NOFUNC, HEAP_FUNC}, {HEAP_NOEXTERN, HEAP_EXTERN}, {HEAP_EQ, HEAP_ANY},
             {HEAP_I31, HEAP_EQ},      {HEAP_I31, HEAP_ANY},         {HEAP_STRUCT, HEAP_EQ},
             {HEAP_STRUCT, HEAP_ANY},  {HEAP_ARRAY, HEAP_EQ},        {HEAP_ARRAY, HEAP_ANY},
             {HEAP_NONE, HEAP_I31},    {HEAP_NONE, HEAP_STRUCT},     {HEAP_NONE, HEAP_ARRAY},
             {HEAP_NONE, HEAP_EQ},     {HEAP_NONE, HEAP_ANY},        {HEAP_NOEXN, HEAP_EXN},
             {HEAP_NOCONT, HEAP_CONT}};
  for (uint32_t a = 0; a < HEAP_COUNT; a++) {
    for (uint32_t b = 0; b < HEAP_COUNT; b++) {
      bool want = a == b;
      for (size_t i = 0; i < COUNT_OF(yes); i++)
        want |= yes[i].sub == a && yes[i].super == b;
      ck_assert_msg(canon_heap_match(c, a, b) == want, "%s <: %s", heap_name(a), heap_name(b));
    }
    ck_assert(canon_heap_match(c, a, canon_heap_top(c, a)) &&
              canon_heap_match(c, canon_heap_bottom(c, a), a));
  }
  ck_assert(canon_heap_match(c, func, HEAP_FUNC) && canon_heap_match(c, HEAP_NOFUNC, func) &&
            !canon_heap_match(c, func, HEAP_ANY));
  ck_assert(canon_heap_match(c, str, HEAP_STRUCT) && canon_heap_match(c, str, HEAP_EQ) &&
            canon_heap_match(c, str, HEAP_ANY));
  ck_assert(!canon_heap_match(c, str, HEAP_ARRAY) && !canon_heap_match(c, HEAP_STRUCT, str) &&
            canon_heap_match(c, HEAP_NONE, str));
  ck_assert(canon_heap_match(c, arr, HEAP_ARRAY) && !canon_heap_match(c, arr, str) &&
            !canon_heap_match(c, HEAP_NOFUNC, arr));
  ck_assert(canon_heap_match(c, cont, HEAP_CONT) && canon_heap_match(c, HEAP_NOCONT, cont) &&
            !canon_heap_match(c, cont, HEAP_FUNC));
  uint32_t exact = VT_EXACT | str;
  ck_assert(canon_heap_match(c, exact, str) && !canon_heap_match(c, str, exact) &&
            canon_heap_match(c, exact, exact));
  ck_assert(canon_heap_match(c, exact, HEAP_EQ) && canon_heap_match(c, HEAP_NONE, exact));
  canon_delete(c);
}
END_TEST

START_TEST(value_types_match) {
  struct canon *c = canon_new();
  const valtype any = vt_ref(HEAP_ANY, false), eq = vt_ref(HEAP_EQ, false), eqn = vt_ref(HEAP_EQ, true);
  ck_assert(canon_match(c, VT_I32, VT_I32) && !canon_match(c, VT_I32, VT_I64) &&
            !canon_match(c, VT_I32, VT_ANYREF));
  ck_assert(canon_match(c, eq, any) && canon_match(c, eq, VT_ANYREF) && canon_match(c, eqn, VT_ANYREF));
  ck_assert(!canon_match(c, eqn, any) && !canon_match(c, any, eq) && !canon_match(c, VT_ANYREF, VT_I32));
  ck_assert(canon_match(c, VT_BOT, VT_I32) && canon_match(c, VT_BOT, any) && canon_match(c, VT_REF_BOT, any));
  ck_assert(!canon_match(c, VT_REF_BOT, VT_I32));
  /* functions: parameters against, results along */
  const valtype wide[] = {VT_ANYREF}, narrow[] = {eq};
  struct functype sub = {wide, 1, narrow, 1}, super = {narrow, 1, wide, 1};
  ck_assert(canon_functype_match(c, &sub, &super) && !canon_functype_match(c, &super, &sub));
  super.nresults = 0;
  ck_assert(!canon_functype_match(c, &sub, &super));
  canon_delete(c);
}
END_TEST

/* Every allocation fails once: an error, never a crash, and the registry still works afterwards. */
START_TEST(survives_lack_of_memory) {
  const valtype params[] = {VT_I32, VT_I64, VT_F32};
  for (int64_t n = 0; n < 40; n++) {
    alloc_fail_after(n, false);
    struct canon *c = canon_new();
    uint32_t id, seen = 0;
    for (uint32_t i = 0; c && i < 2000; i++) {
      valtype results[11];
      for (uint32_t k = 0; k < 11; k++)
        results[k] = (i >> k & 1) ? VT_I32 : VT_I64;
      struct error e = ERROR_INIT;
      const struct functype t = {params, 3, results, 11};
      if (!canon_add_func(c, &t, &id, &e)) {
        ck_assert_uint_eq(e.kind, ERROR_MEMORY);
        ck_assert(canon_add_func(c, &t, &id, &(struct error)ERROR_INIT));
      }
      ck_assert_uint_eq(id, seen++);
      ck_assert(canon_functype_match(c, &canon_type(c, id)->func, &t));
    }
    canon_delete(c);
    alloc_fail_after(-1, false);
  }
}
END_TEST

int main(void) {
  return UNIT_RUN("wasm/match", equal_types_have_equal_ids, groups_are_iso_recursive,
                  every_part_of_a_type_counts, subtypes_by_display, heap_types_match, value_types_match,
                  survives_lack_of_memory);
}
