/* Types in words, and what the bits of a valtype mean. */
#include "wasm/type.h"

#include "unit.h"

#include <string.h>

START_TEST(formats) {
  static const struct {
    valtype type;
    const char *text;
  } cases[] = {{VT_I32, "i32"},
               {VT_V128, "v128"},
               {VT_I16, "i16"},
               {VT_FUNCREF, "funcref"},
               {VT_CONTREF, "contref"},
               {VT_REF | VT_NULLABLE | HEAP_NONE, "nullref"},
               {VT_REF | VT_NULLABLE | HEAP_NOEXN, "nullexnref"},
               {VT_REF | HEAP_I31, "(ref i31)"},
               {VT_REF | VT_CONCRETE | 7, "(ref 7)"},
               {VT_REF | VT_NULLABLE | VT_CONCRETE | 999999, "(ref null 999999)"},
               {VT_REF | VT_NULLABLE | VT_EXACT | VT_CONCRETE | 999999, "(ref null (exact 999999))"}};
  char out[48];
  for (size_t i = 0; i < COUNT_OF(cases); i++)
    ck_assert_str_eq(vt_format(cases[i].type, out), cases[i].text);
}
END_TEST

START_TEST(questions) {
  ck_assert(vt_is_ref(VT_EXNREF) && vt_is_ref(VT_REF_BOT) && !vt_is_ref(VT_BOT) && !vt_is_ref(VT_V128));
  ck_assert(vt_is_num(VT_I32) && vt_is_num(VT_F64) && !vt_is_num(VT_V128) && !vt_is_num(VT_FUNCREF));
  ck_assert(vt_is_nullable(VT_FUNCREF) && !vt_is_nullable(VT_REF | HEAP_FUNC) && !vt_is_nullable(VT_I32));
  ck_assert(vt_is_defaultable(VT_I32) && vt_is_defaultable(VT_ANYREF) &&
            !vt_is_defaultable(VT_REF | HEAP_ANY));
  ck_assert_uint_eq(vt_index(vt_ref_to(999999, true)), 999999);
  ck_assert(vt_is_concrete(vt_ref_to(0, false)) && !vt_is_concrete(VT_ANYREF) && !vt_is_concrete(VT_I32));
  ck_assert(heap_is_concrete(vt_heap(vt_ref_to(3, true))) && vt_heap(VT_EXTERNREF) == HEAP_EXTERN);
}
END_TEST

START_TEST(sizes) {
  ck_assert_uint_eq(vt_size(VT_I8), 1);
  ck_assert_uint_eq(vt_size(VT_I16), 2);
  ck_assert_uint_eq(vt_size(VT_F32), 4);
  ck_assert_uint_eq(vt_size(VT_I64), 8);
  ck_assert_uint_eq(vt_size(VT_V128), 16);
  ck_assert_uint_eq(vt_size(VT_FUNCREF), 8);
  ck_assert_uint_eq(vt_size(VT_ANYREF), 4);
}
END_TEST

int main(void) { return UNIT_RUN("wasm/type", formats, questions, sizes); }
