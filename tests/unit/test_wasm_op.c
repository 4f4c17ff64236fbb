/* The instruction table holds what its legend promises. */
#include "wasm/op.h"

#include "unit.h"

#include <string.h>

START_TEST(rows_rise_and_decode_inverts) {
  for (uint32_t op = 1; op < OP_COUNT; op++) {
    const struct op_info *info = op_info(op), *before = op_info(op - 1);
    ck_assert_msg(op == 1 || info->prefix >= before->prefix, "%s", info->text);
    ck_assert_msg(info->prefix != before->prefix || op == 1 || info->code > before->code, "%s", info->text);
    ck_assert_uint_eq(op_decode(info->prefix, info->code), op);
    if (info->prefix == 0) ck_assert_uint_eq(op_of_byte((uint8_t)info->code), op);
  }
}
END_TEST

START_TEST(holes_are_invalid) {
  uint32_t found = 0;
  for (uint32_t prefix = 0; prefix < 256; prefix++) {
    for (uint32_t code = 0; code < 0x400; code++) {
      enum op op = op_decode((uint8_t)prefix, code);
      if (op == OP_INVALID) continue;
      ck_assert_uint_eq(op_info(op)->prefix, prefix);
      ck_assert_uint_eq(op_info(op)->code, code);
      found++;
    }
    ck_assert_uint_eq(op_decode((uint8_t)prefix, UINT32_MAX), OP_INVALID);
    ck_assert_uint_eq(op_decode((uint8_t)prefix, 0x10000), OP_INVALID);
  }
  ck_assert_uint_eq(found, OP_COUNT - 1);
  ck_assert_uint_eq(op_of_byte(0xfb), OP_INVALID);
  ck_assert_uint_eq(op_of_byte(0xff), OP_INVALID);
}
END_TEST

START_TEST(texts_round_trip) {
  for (uint32_t op = 1; op < OP_COUNT; op++) {
    const struct op_info *info = op_info(op);
    enum op found = op_by_text(slice_cstr(info->text));
    bool shares = found == op - 1 && (op == OP_SELECT_T || (info->flags & OPF_ALIAS));
    ck_assert_msg(found == op || shares, "%s", info->text);
    ck_assert_str_eq(op_info(found)->text, info->text);
  }
  const char *const none[] = {"", "i32", "i32.ad", "i32.addd", "I32.add", "get_local", "then"};
  for (size_t i = 0; i < COUNT_OF(none); i++)
    ck_assert_uint_eq(op_by_text(slice_cstr(none[i])), OP_INVALID);
}
END_TEST

START_TEST(columns_agree) {
  for (uint32_t op = 1; op < OP_COUNT; op++) {
    const struct op_info *info = op_info(op);
    bool open = strcmp(info->params, "*") == 0;
    ck_assert_msg(open == (strcmp(info->results, "*") == 0), "%s", info->text);
    if (!open) {
      ck_assert_msg(strspn(info->params, "iIfFvar") == strlen(info->params), "%s", info->text);
      ck_assert_msg(strspn(info->results, "iIfFva") == strlen(info->results), "%s", info->text);
    }
    bool memarg = info->imm == IMM_MEMARG || info->imm == IMM_MEMARG_LANE || info->imm == IMM_ATOMIC_MEMARG;
    ck_assert_msg(!memarg || (info->params[0] == 'a' && (info->flags & OPF_TRAP)), "%s", info->text);
    ck_assert_msg(memarg || info->align_log2 == 0, "%s", info->text);
    ck_assert_uint_le(info->align_log2, 4);
    ck_assert_msg(!(info->flags & OPF_PURE) || !(info->flags & OPF_TRAP), "%s", info->text);
    ck_assert_uint_ne(info->family, FAMILY_NONE);
    ck_assert_str_ne(family_name((enum family)info->family), "");
    if (info->flags & OPF_ALIAS) {
      ck_assert_str_eq(info->text, op_info(op - 1)->text);
      ck_assert_uint_eq(info->imm, IMM_REFTYPE);
      ck_assert_uint_eq(op_info(op - 1)->imm, IMM_REFTYPE);
    } else {
      /* insn_write finds the nullable form in the next row */
      ck_assert_msg(info->imm != IMM_REFTYPE || (op_info(op + 1)->flags & OPF_ALIAS), "%s", info->text);
    }
  }
}
END_TEST

/* Counts that the proposals state. */
START_TEST(nothing_is_missing) {
  uint32_t of[FEATURE_COUNT] = {0}, mvp = 0;
  for (uint32_t op = 1; op < OP_COUNT; op++) {
    if (op_info(op)->feature == FEATURE_MVP)
      mvp++;
    else
      of[op_info(op)->feature]++;
  }
  ck_assert_uint_eq(mvp, 172);
  ck_assert_uint_eq(of[FEATURE_SIGN_EXTENSION], 5);
  ck_assert_uint_eq(of[FEATURE_SAT_FLOAT_TO_INT], 8);
  ck_assert_uint_eq(of[FEATURE_SIMD], 236);
  ck_assert_uint_eq(of[FEATURE_RELAXED_SIMD], 20);
  ck_assert_uint_eq(of[FEATURE_STACK_SWITCHING], 7);
  ck_assert_uint_eq(of[FEATURE_THREADS], 67);
  ck_assert_uint_eq(of[FEATURE_GC], 32);
  ck_assert_uint_eq(of[FEATURE_WIDE_ARITHMETIC], 4);
}
END_TEST

START_TEST(features_are_closed) {
  struct features f = features_default();
  ck_assert(feature_on(f, FEATURE_GC) && feature_on(f, FEATURE_MVP) && !feature_on(f, FEATURE_THREADS));
  features_set(&f, FEATURE_REFERENCE_TYPES, false);
  ck_assert(!feature_on(f, FEATURE_GC) && !feature_on(f, FEATURE_STACK_SWITCHING) &&
            !feature_on(f, FEATURE_FUNC_REFS));
  ck_assert(feature_on(f, FEATURE_BULK_MEMORY) && feature_on(f, FEATURE_SIMD));
  f.bits = 0;
  features_set(&f, FEATURE_STACK_SWITCHING, true);
  ck_assert(feature_on(f, FEATURE_BULK_MEMORY) && feature_on(f, FEATURE_EXCEPTIONS) &&
            !feature_on(f, FEATURE_GC));
  f = features_all();
  for (uint32_t i = 0; i < FEATURE_COUNT; i++) {
    enum feature id;
    ck_assert(feature_on(f, (enum feature)i));
    ck_assert(feature_by_name(feature_name((enum feature)i), &id));
    ck_assert_uint_eq(id, i);
  }
  enum feature id;
  ck_assert(!feature_by_name("no-such", &id));
}
END_TEST

int main(void) {
  return UNIT_RUN("wasm/op", rows_rise_and_decode_inverts, holes_are_invalid, texts_round_trip, columns_agree,
                  nothing_is_missing, features_are_closed);
}
