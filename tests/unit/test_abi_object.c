/* Field layout of heap objects: subtypes begin like their supertypes, nothing overlaps, gaps are used. */
#include "abi/object.h"

#include "unit.h"

#include <string.h>

static uint32_t lay(enum object_kind kind, const enum storage *fields, uint32_t n, uint32_t *offs) {
  struct object_layout l;
  object_layout_start(&l, kind);
  for (uint32_t i = 0; i < n; i++)
    offs[i] = object_layout_add(&l, fields[i]);
  return object_layout_size(&l);
}

START_TEST(small_structs_are_small) {
  uint32_t offs[4];
  ck_assert_uint_eq(lay(OBJECT_STRUCT, NULL, 0, offs), 8);
  ck_assert_uint_eq(lay(OBJECT_STRUCT, (enum storage[]){STORAGE_32}, 1, offs), 8);
  ck_assert_uint_eq(offs[0], 4);
  ck_assert_uint_eq(lay(OBJECT_STRUCT, (enum storage[]){STORAGE_REF, STORAGE_REF, STORAGE_32}, 3, offs), 16);
  ck_assert_uint_eq(lay(OBJECT_STRUCT, (enum storage[]){STORAGE_64, STORAGE_32}, 2, offs), 16);
  ck_assert(offs[0] == 8 && offs[1] == 4);
  ck_assert_uint_eq(
      lay(OBJECT_STRUCT, (enum storage[]){STORAGE_I8, STORAGE_64, STORAGE_I8, STORAGE_I16}, 4, offs), 16);
  ck_assert(offs[0] == 4 && offs[1] == 8 && offs[2] == 5 && offs[3] == 6);
  ck_assert_uint_eq(lay(OBJECT_STRUCT, (enum storage[]){STORAGE_128}, 1, offs), 24);
  ck_assert_uint_eq(offs[0], 8);
  ck_assert_uint_eq(lay(OBJECT_EXN, (enum storage[]){STORAGE_32, STORAGE_FUNC}, 2, offs), 32);
  ck_assert(offs[0] == 16 && offs[1] == 24);
}
END_TEST

START_TEST(random_layouts_hold) {
  uint32_t seed = 1;
  for (int round = 0; round < 3000; round++) {
    enum storage fields[24];
    uint32_t offs[24], shorter[24], sum = 0;
    uint8_t used[24 * 16 + 32] = {0};
    for (uint32_t i = 0; i < COUNT_OF(fields); i++) {
      seed = seed * 1664525 + 1013904223;
      fields[i] = (enum storage)((seed >> 20) % 7);
      sum += 1u << storage_log2(fields[i]);
    }
    uint32_t size = lay(OBJECT_STRUCT, fields, COUNT_OF(fields), offs);
    ck_assert(size % 8 == 0 && size <= sizeof used);
    ck_assert_uint_le(size, sum + 16); /* what alignment costs stays bounded, since gaps are filled */
    for (uint32_t i = 0; i < COUNT_OF(fields); i++) {
      uint32_t bytes = 1u << storage_log2(fields[i]), align = bytes > 8 ? 8 : bytes;
      if (offs[i] < 4 || offs[i] % align || offs[i] + bytes > size) ck_abort_msg("field %u", i);
      for (uint32_t k = 0; k < bytes; k++)
        if (used[offs[i] + k]++) ck_abort_msg("field %u overlaps", i);
    }
    uint32_t n = round % (int)COUNT_OF(fields);
    ck_assert_uint_le(lay(OBJECT_STRUCT, fields, n, shorter), size);
    ck_assert(memcmp(offs, shorter, n * sizeof *offs) == 0);
  }
}
END_TEST

START_TEST(storage_follows_types) {
  ck_assert(storage_of(VT_I8, false) == STORAGE_I8 && storage_of(VT_I16, false) == STORAGE_I16);
  ck_assert(storage_of(VT_F32, false) == STORAGE_32 && storage_of(VT_F64, false) == STORAGE_64);
  ck_assert(storage_of(VT_V128, false) == STORAGE_128);
  ck_assert(storage_of(VT_ANYREF, false) == STORAGE_REF && storage_of(VT_FUNCREF, true) == STORAGE_FUNC);
  for (enum storage s = STORAGE_I8; s <= STORAGE_FUNC; s++)
    ck_assert_uint_eq(1u << storage_log2(s), s == STORAGE_I8                       ? 1
                                             : s == STORAGE_I16                    ? 2
                                             : s == STORAGE_32 || s == STORAGE_REF ? 4
                                             : s == STORAGE_128                    ? 16
                                                                                   : 8);
}
END_TEST

START_TEST(i31_wraps_and_signs) {
  ck_assert(!ref_is_object(0) && !ref_is_object(ref_of_i31(0)) && ref_is_object(GC_FIRST));
  ck_assert_uint_eq(i31_get_u(ref_of_i31(UINT32_MAX)), 0x7fffffff);
  ck_assert_uint_eq(i31_get_s(ref_of_i31(0x40000000)), 0xc0000000);
  ck_assert_uint_eq(i31_get_s(ref_of_i31(0x3fffffff)), 0x3fffffff);
  ck_assert_uint_eq(i31_get_s(ref_of_i31(0x80000005)), 5);
}
END_TEST

START_TEST(array_sizes_do_not_wrap) {
  ck_assert_uint_eq(array_size(0, 0), 8);
  ck_assert_uint_eq(array_size(0, 1), 16);
  ck_assert_uint_eq(array_size(4, UINT32_MAX), 8 + 16 * (uint64_t)UINT32_MAX);
}
END_TEST

int main(void) {
  return UNIT_RUN("abi/object", small_structs_are_small, random_layouts_hold, storage_follows_types,
                  i31_wraps_and_signs, array_sizes_do_not_wrap);
}
