/* Each row of the table, written, read back, cut short and switched off. */
#include "binary/insn.h"

#include "unit.h"

#include <string.h>

static struct error error;

/* Instructions worth trying for each shape: numbers of one and of several LEB bytes, each kind of type. */
enum { VARIANTS = 4 };
static const uint32_t small[VARIANTS] = {0, 1, 127, 300000};
static const uint64_t large[VARIANTS] = {0, 63, UINT64_C(0x80000000), UINT64_MAX};
static const uint32_t heaps[VARIANTS] = {HEAP_ANY, HEAP_NOCONT, VT_CONCRETE | 3, VT_CONCRETE | 70000};
static const struct blocktype blocks[VARIANTS] = {{.kind = BLOCK_EMPTY},
                                                  {.kind = BLOCK_VALUE, .type = VT_V128},
                                                  {.kind = BLOCK_TYPE, .index = 64},
                                                  {.kind = BLOCK_VALUE, .type = VT_REF | VT_CONCRETE | 5}};

static void set_list(struct insn *in, const char *bytes, size_t size, uint32_t len) {
  in->list = (const uint8_t *)bytes;
  in->list_end = in->list + size;
  in->list_len = len;
}

static struct insn make(enum op op, uint32_t k) {
  struct insn in = {.op = op, .a = small[k], .b = small[(k + 1) % VARIANTS]};
  switch ((enum imm)op_info(op)->imm) {
  case IMM_BLOCK: in.block = blocks[k]; break;
  case IMM_LABELS: set_list(&in, "\0\x81\1\2", k == 0 ? 0 : 4, k == 0 ? 0 : 3); break;
  case IMM_MEMARG:
  case IMM_ATOMIC_MEMARG:
  case IMM_MEMARG_LANE:
    in.offset = large[k];
    in.align = k * 21;
    in.lane = k * 5;
    break;
  case IMM_LANE: in.lane = k * 85; break;
  case IMM_SHUFFLE:
  case IMM_V128: memset(in.v128, 0x40 + (int)k, 16); break;
  case IMM_I32:
  case IMM_F32: in.u64 = (uint32_t)large[k]; break;
  case IMM_I64:
  case IMM_F64: in.u64 = large[k]; break;
  case IMM_SELECT:
    set_list(&in, "\x7f\x64\x62\x83\1", k == 0 ? 0 : k == 1 ? 1 : 5, k == 0 ? 0 : k == 1 ? 1 : 2);
    break;
  case IMM_HEAPTYPE: in.type = VT_REF | heaps[k]; break;
  case IMM_REFTYPE: in.type = vt_ref(heaps[k], k & 1); break;
  case IMM_BR_CAST:
    in.type = vt_ref(heaps[k], k & 1);
    in.type2 = vt_ref(heaps[3 - k], k & 2);
    break;
  case IMM_TRY_TABLE:
    in.block = blocks[k];
    set_list(&in, "\0\1\2\1\x80\1\0\2\7\3\0", k == 0 ? 0 : 11, k == 0 ? 0 : 4);
    break;
  case IMM_RESUME:
  case IMM_RESUME_THROW: set_list(&in, "\0\1\x80\1\1\7", k == 0 ? 0 : 6, k == 0 ? 0 : 2); break;
  default: break;
  }
  return in;
}

static struct insn read_back(const uint8_t *bytes, size_t size, struct features f, struct reader *r) {
  struct insn in;
  memset(&in, 0xee, sizeof in);
  error = (struct error)ERROR_INIT;
  *r = reader_of(slice_of(bytes, size), 1000, &error);
  insn_read(r, f, &in);
  return in;
}

START_TEST(every_row_round_trips) {
  for (uint32_t op = 1; op < OP_COUNT; op++) {
    if (op_info((enum op)op)->flags & OPF_ALIAS) continue;
    for (uint32_t k = 0; k < VARIANTS; k++) {
      struct insn in = make((enum op)op, k);
      struct buf first, second;
      struct reader r;
      buf_init(&first);
      buf_init(&second);
      insn_write(&first, &in);
      buf_u8(&first, 0); /* something behind it */
      struct insn out = read_back(first.data, first.len, features_all(), &r);
      const char *text = op_info((enum op)op)->text;
      ck_assert_msg(out.op == op && reader_left(&r) == 1, "%s %u: %s", text, k, error.message);
      ck_assert_uint_eq(out.off, 1000);
      insn_write(&second, &out);
      buf_u8(&second, 0);
      ck_assert_msg(first.len == second.len && memcmp(first.data, second.data, first.len) == 0, "%s %u", text,
                    k);
      for (size_t cut = 0; cut + 1 < first.len; cut++) {
        struct insn broken = read_back(first.data, cut, features_all(), &r);
        ck_assert_msg(broken.op == OP_INVALID && error.kind == ERROR_MALFORMED && reader_done(&r),
                      "%s %u cut at %zu", text, k, cut);
      }
      buf_free(&first);
      buf_free(&second);
    }
  }
}
END_TEST

/* Fields, checked by name for one row of each shape that has more than an index. */
START_TEST(fields_are_where_the_legend_says) {
  static const struct {
    const char *bytes;
    size_t size;
    enum op op;
    uint32_t a, b;
  } cases[] = {
      {"\x11\5\7", 3, OP_CALL_INDIRECT, 5, 7},
      {"\xfc\x0c\3\4", 4, OP_TABLE_INIT, 4, 3},
      {"\xfc\x0e\3\4", 4, OP_TABLE_COPY, 3, 4},
      {"\xfc\x08\3\4", 4, OP_MEMORY_INIT, 4, 3},
      {"\xfc\x0a\3\4", 4, OP_MEMORY_COPY, 3, 4},
      {"\xfb\x02\3\4", 4, OP_STRUCT_GET, 3, 4},
      {"\xfb\x11\3\4", 4, OP_ARRAY_COPY, 3, 4},
      {"\xe1\3\4", 3, OP_CONT_BIND, 3, 4},
      {"\xe6\3\4", 3, OP_SWITCH, 3, 4},
      {"\xe4\3\4\0", 4, OP_RESUME_THROW, 3, 4},
      {"\x3f\2", 2, OP_MEMORY_SIZE, 2, 0xeeeeeeee},
      {"\x0e\1\2\3", 4, OP_BR_TABLE, 3, 0xeeeeeeee},
  };
  struct reader r;
  struct insn in;
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    in = read_back((const uint8_t *)cases[i].bytes, cases[i].size, features_all(), &r);
    ck_assert_msg(in.op == cases[i].op && in.a == cases[i].a && in.b == cases[i].b, "%zu", i);
  }
  in = read_back((const uint8_t *)"\x28\x42\3\x80\1", 5, features_all(), &r);
  ck_assert(in.op == OP_I32_LOAD && in.align == 2 && in.a == 3 && in.offset == 128);
  in = read_back((const uint8_t *)"\x28\2\7", 3, features_all(), &r);
  ck_assert(in.op == OP_I32_LOAD && in.align == 2 && in.a == 0 && in.offset == 7);
  in = read_back((const uint8_t *)"\xfb\x15\x6e", 3, features_all(), &r);
  ck_assert(in.op == OP_REF_TEST && in.type == VT_ANYREF);
  in = read_back((const uint8_t *)"\xfb\x16\x05", 3, features_all(), &r);
  ck_assert(in.op == OP_REF_CAST && in.type == vt_ref_to(5, false));
  in = read_back((const uint8_t *)"\xfb\x18\1\2\x6e\x6c", 6, features_all(), &r);
  ck_assert(in.op == OP_BR_ON_CAST && in.a == 2 && in.type == VT_ANYREF &&
            in.type2 == vt_ref(HEAP_I31, false));
  in = read_back((const uint8_t *)"\x41\x7f", 2, features_all(), &r);
  ck_assert(in.op == OP_I32_CONST && in.u64 == 0xffffffff);
  in = read_back((const uint8_t *)"\xd0\x70", 2, features_all(), &r);
  ck_assert(in.op == OP_REF_NULL && vt_heap(in.type) == HEAP_FUNC);
}
END_TEST

START_TEST(lists_iterate) {
  struct reader r;
  struct insn in = read_back((const uint8_t *)"\x0e\2\5\x81\1\7", 6, features_all(), &r);
  const uint8_t *at = in.list;
  ck_assert_uint_eq(in.list_len, 2);
  ck_assert_uint_eq(in.list_off, 1002);
  ck_assert_uint_eq(insn_next_label(&at), 5);
  ck_assert_uint_eq(insn_next_label(&at), 129);
  ck_assert_ptr_eq(at, in.list_end);
  in = read_back((const uint8_t *)"\x1c\2\x7f\x63\x83\1", 6, features_all(), &r);
  at = in.list;
  ck_assert_uint_eq(insn_next_valtype(&at), VT_I32);
  ck_assert_uint_eq(insn_next_valtype(&at), vt_ref_to(131, true));
  ck_assert_ptr_eq(at, in.list_end);
  in = read_back((const uint8_t *)"\x1f\x40\2\1\3\4\2\5", 8, features_all(), &r);
  at = in.list;
  struct catch_clause c = insn_next_catch(&at);
  ck_assert(c.kind == CATCH_REF && c.tag == 3 && c.label == 4);
  c = insn_next_catch(&at);
  ck_assert(c.kind == CATCH_ALL && c.label == 5 && at == in.list_end);
  in = read_back((const uint8_t *)"\xe3\1\2\0\3\4\1\5", 8, features_all(), &r);
  at = in.list;
  struct handler_clause h = insn_next_handler(&at);
  ck_assert(!h.is_switch && h.tag == 3 && h.label == 4);
  h = insn_next_handler(&at);
  ck_assert(h.is_switch && h.tag == 5 && at == in.list_end);
}
END_TEST

START_TEST(rows_need_their_feature) {
  for (uint32_t op = 1; op < OP_COUNT; op++) {
    const struct op_info *info = op_info((enum op)op);
    if (info->feature == FEATURE_MVP || (info->flags & OPF_ALIAS)) continue;
    struct insn in = make((enum op)op, 0);
    struct features f = features_all();
    struct buf b;
    struct reader r;
    features_set(&f, (enum feature)info->feature, false);
    buf_init(&b);
    insn_write(&b, &in);
    in = read_back(b.data, b.len, f, &r);
    ck_assert_msg(in.op == OP_INVALID && strncmp(error.message, "illegal opcode", 14) == 0, "%s", info->text);
    ck_assert_uint_eq(error.offset, 1000);
    buf_free(&b);
  }
}
END_TEST

START_TEST(broken_immediates) {
  static const struct {
    const char *bytes;
    size_t size;
    const char *error;
  } cases[] = {
      {"\xff", 1, "illegal opcode ff"},
      {"\xfc\x7f", 2, "illegal opcode fc 7f"},
      {"\xfd\xff\xff\xff\xff\x0f", 6, "illegal opcode fd"},
      {"\xfb\xff\xff\xff\xff\x1f", 6, "integer too large"},
      {"\x02\x7a", 2, "malformed value type"},
      {"\x02\x90\x7f", 3, "malformed block type"},
      {"\x28\x80\1\0", 4, "malformed memop flags"},
      {"\xfe\x03\1", 3, "zero byte expected"},
      {"\xd0\x7f", 2, "malformed heap type"},
      {"\xd0\xf0\x7f", 3, "malformed heap type"},
      {"\xd0\x80\x80\xc0\0", 5, "unknown type"},
      {"\xfb\x18\4\0\x6e\x6e", 6, "malformed br_on_cast flags"},
      {"\x1f\x40\1\4\0\0", 6, "malformed catch clause"},
      {"\xe3\0\1\2\0\0", 6, "malformed handler clause"},
      {"\x0e\x05\0\0\0", 5, "unexpected end"},
      {"\x1c\1\x78", 3, "malformed value type"},
      {"\x41\xff\xff\xff\xff\x0f", 6, "integer too large"},
  };
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    struct reader r;
    struct insn in = read_back((const uint8_t *)cases[i].bytes, cases[i].size, features_all(), &r);
    ck_assert_msg(in.op == OP_INVALID && strncmp(error.message, cases[i].error, strlen(cases[i].error)) == 0,
                  "%zu: %s", i, error.message);
  }
}
END_TEST

START_TEST(old_encodings_without_the_feature) {
  static const struct {
    const char *bytes;
    size_t size;
    enum feature without;
    const char *error;
  } cases[] = {
      {"\x3f\1", 2, FEATURE_MULTI_MEMORY, "zero byte expected"},
      {"\xfc\x0a\0\1", 4, FEATURE_MULTI_MEMORY, "zero byte expected"},
      {"\xfc\x08\0\1", 4, FEATURE_MULTI_MEMORY, "zero byte expected"},
      {"\x28\x42\0\0", 4, FEATURE_MULTI_MEMORY, "malformed memop flags"},
      {"\x28\x02\x80\x80\x80\x80\x10", 7, FEATURE_MEMORY64, "integer too large"},
      {"\x11\0\1", 3, FEATURE_REFERENCE_TYPES, "zero byte expected"},
      {"\x02\5", 2, FEATURE_MULTI_VALUE, "malformed block type"},
      {"\x02\x7b", 2, FEATURE_SIMD, "malformed value type"},
      {"\x02\x69", 2, FEATURE_EXCEPTIONS, "malformed value type"},
      {"\x02\x64\x70", 3, FEATURE_FUNC_REFS, "malformed value type"},
      {"\x02\x6e", 2, FEATURE_GC, "malformed value type"},
      {"\xd0\x62\0", 3, FEATURE_CUSTOM_DESCRIPTORS, "malformed heap type"},
  };
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    struct reader r;
    struct features f = features_all();
    ck_assert(read_back((const uint8_t *)cases[i].bytes, cases[i].size, f, &r).op != OP_INVALID);
    features_set(&f, cases[i].without, false);
    (void)read_back((const uint8_t *)cases[i].bytes, cases[i].size, f, &r);
    ck_assert_msg(strncmp(error.message, cases[i].error, strlen(cases[i].error)) == 0, "%zu: %s", i,
                  error.message);
  }
}
END_TEST

int main(void) {
  return UNIT_RUN("binary/insn", every_row_round_trips, fields_are_where_the_legend_says, lists_iterate,
                  rows_need_their_feature, broken_immediates, old_encodings_without_the_feature);
}
