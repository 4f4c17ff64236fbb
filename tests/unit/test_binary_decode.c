/* A module with something of everything, whole and damaged. */
#include "binary/decode.h"

#include "base/alloc.h"
#include "binary/custom.h"
#include "binary/insn.h"
#include "binary/writer.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct error error;
static struct arena arena;

static struct module *decode_with(const void *bytes, size_t size, struct features f) {
  error = (struct error)ERROR_INIT;
  arena_free(&arena);
  return module_decode(&arena, slice_of(bytes, size), f, &error);
}
static struct module *decode(const struct buf *b) { return decode_with(b->data, b->len, features_all()); }

static void fails(const struct buf *b, enum error_kind kind, const char *message) {
  ck_assert_msg(decode(b) == NULL, "no \"%s\"", message);
  ck_assert_msg(error.kind == kind && strncmp(error.message, message, strlen(message)) == 0, "%s",
                error.message);
}

#define RAW(b, s) buf_bytes(b, s, sizeof(s) - 1)

/* The module; `skip` leaves out the section of that id. */
static void write_module(struct buf *b, int skip) {
  const valtype params[] = {VT_I32, vt_ref_to(1, true)}, results[] = {VT_I64};
  const struct field fields[] = {{VT_I8, true}, {vt_ref_to(0, false), false}};
  const struct subtype types[] = {
      {.kind = COMP_FUNC,
       .final = true,
       .super = NO_SUPER,
       .descriptor = NO_SUPER,
       .describes = NO_SUPER,
       .func = {params, 2, results, 1}},
      {.kind = COMP_STRUCT,
       .super = NO_SUPER,
       .descriptor = NO_SUPER,
       .describes = NO_SUPER,
       .struct_ = {fields, 2}},
      {.kind = COMP_STRUCT,
       .final = true,
       .super = 1,
       .descriptor = NO_SUPER,
       .describes = NO_SUPER,
       .struct_ = {fields, 2}},
      {.kind = COMP_ARRAY,
       .final = true,
       .super = NO_SUPER,
       .descriptor = NO_SUPER,
       .describes = NO_SUPER,
       .array = {VT_I16, true}},
      {.kind = COMP_CONT,
       .final = true,
       .super = NO_SUPER,
       .descriptor = NO_SUPER,
       .describes = NO_SUPER,
       .cont = 0},
      {.kind = COMP_FUNC, .final = true, .super = NO_SUPER, .descriptor = NO_SUPER, .describes = NO_SUPER},
  };
  const struct tabletype table = {VT_FUNCREF, {.min = 1, .max = 2, .has_max = true}};
  const struct memtype memory = {
      {.min = 1, .max = 3, .has_max = true, .shared = true, .is64 = true, .page_log2 = 16}};
  const struct memtype pages = {{.min = 5, .page_log2 = 0}};
  const struct globaltype global = {VT_I32, true};
  const struct tagtype tag = {5};
  const struct slice m = slice_cstr("m");
  size_t mark;
  write_header(b);
#define SECTION_BEGIN(id)                                                                                    \
  if (skip != SECTION_##id) {                                                                                \
    mark = section_begin(b, SECTION_##id);
#define SECTION_END                                                                                          \
  sized_end(b, mark);                                                                                        \
  }
  SECTION_BEGIN(TYPE)
  RAW(b, "\4");
  write_rec_group(b, types, 3);
  for (uint32_t i = 3; i < 6; i++)
    write_rec_group(b, &types[i], 1);
  SECTION_END
  SECTION_BEGIN(IMPORT)
  RAW(b, "\5");
  write_import_head(b, m, slice_cstr("f"), EXTERN_FUNC, false);
  buf_uleb(b, 5);
  write_import_head(b, m, slice_cstr("t"), EXTERN_TABLE, false);
  write_tabletype(b, &table);
  write_import_head(b, m, slice_cstr("m"), EXTERN_MEMORY, false);
  write_memtype(b, &memory);
  write_import_head(b, m, slice_cstr("g"), EXTERN_GLOBAL, false);
  write_globaltype(b, &global);
  write_import_head(b, m, slice_cstr("e"), EXTERN_TAG, false);
  write_tagtype(b, &tag);
  SECTION_END
  SECTION_BEGIN(FUNCTION) RAW(b, "\2\5\5");
  SECTION_END
  SECTION_BEGIN(TABLE)
  RAW(b, "\2");
  write_tabletype(b, &table);
  RAW(b, "\x40\0");
  write_tabletype(b, &table);
  RAW(b, "\xd0\x70\x0b");
  SECTION_END
  SECTION_BEGIN(MEMORY)
  RAW(b, "\1");
  write_memtype(b, &pages);
  SECTION_END
  SECTION_BEGIN(TAG)
  RAW(b, "\1");
  write_tagtype(b, &tag);
  SECTION_END
  SECTION_BEGIN(GLOBAL)
  RAW(b, "\1");
  write_globaltype(b, &(struct globaltype){VT_FUNCREF, false});
  RAW(b, "\xd2\1\x0b");
  SECTION_END
  SECTION_BEGIN(EXPORT)
  RAW(b, "\2");
  write_export(b, &(struct export_){slice_cstr("run"), EXTERN_FUNC, 2, 0});
  write_export(b, &(struct export_){slice_cstr("mem"), EXTERN_MEMORY, 1, 0});
  SECTION_END
  SECTION_BEGIN(START) RAW(b, "\1");
  SECTION_END
  SECTION_BEGIN(ELEMENT)
  RAW(b, "\x08"
         "\0\x41\0\x0b\1\0"               /* 0: table 0, functions */
         "\1\0\2\0\1"                     /* 1: passive, functions */
         "\2\1\x41\0\x0b\0\1\1"           /* 2: table 1, functions */
         "\3\0\1\2"                       /* 3: declared */
         "\4\x41\0\x0b\1\xd2\0\x0b"       /* 4: table 0, expressions */
         "\5\x70\1\xd0\x70\x0b"           /* 5: passive, expressions */
         "\6\1\x41\0\x0b\x70\1\xd2\0\x0b" /* 6: table 1, expressions */
         "\7\x64\x73\0");                 /* 7: declared, expressions */
  SECTION_END
  SECTION_BEGIN(DATACOUNT) RAW(b, "\3");
  SECTION_END
  SECTION_BEGIN(CODE) RAW(b, "\2\2\0\x0b\x0c\1\1\x7f\x41\0\x04\x40\x0b\xfc\x09\0\x0b");
  SECTION_END
  SECTION_BEGIN(DATA) RAW(b, "\3\0\x42\0\x0b\2hi\1\1x\2\1\x41\x7f\x0b\0");
  SECTION_END
  mark = custom_begin(b, slice_cstr("other"));
  RAW(b, "\xff");
  sized_end(b, mark);
  mark = custom_begin(b, slice_cstr("name"));
  write_module_name(b, slice_cstr("mod"));
  write_name_map(
      b, NAME_FUNC,
      &(struct name_map){(const struct name_assoc[]){{0, slice_cstr("imp")}, {2, slice_cstr("two")}}, 2});
  write_indirect_names(
      b, NAME_LOCAL,
      &(struct indirect_names){(const uint32_t[]){2},
                               &(struct name_map){(const struct name_assoc[]){{0, slice_cstr("x")}}, 1}, 1});
  sized_end(b, mark);
  ck_assert(buf_ok(b));
}

START_TEST(everything_is_found) {
  struct buf b;
  buf_init(&b);
  write_module(&b, -1);
  struct module *m = decode(&b);
  ck_assert_msg(m != NULL, "%s at %#llx", error.message, (unsigned long long)error.offset);
  ck_assert_uint_eq(m->ntypes, 6);
  ck_assert(m->types[2].super == 1 && m->types[2].rec_start == 0 && m->types[2].rec_len == 3 &&
            m->types[2].final && !m->types[1].final);
  ck_assert(m->types[3].rec_start == 3 && m->types[3].rec_len == 1 && m->types[3].array.type == VT_I16 &&
            m->types[3].array.mutable_);
  ck_assert(m->types[4].kind == COMP_CONT && m->types[4].cont == 0);
  ck_assert(m->types[0].func.params[1] == vt_ref_to(1, true) && m->types[0].func.results[0] == VT_I64);
  ck_assert(m->types[1].struct_.nfields == 2 && m->types[1].struct_.fields[0].type == VT_I8 &&
            m->types[1].struct_.fields[0].mutable_);
  ck_assert(m->nimports == 5 && m->imports[4].kind == EXTERN_TAG && slice_eq_cstr(m->imports[4].name, "e"));
  ck_assert(m->nfuncs == 3 && m->nimported_funcs == 1 && m->funcs[2].type == 5);
  ck_assert(m->ntables == 3 && m->tables[2].has_init && m->tables[2].init.size == 2 &&
            !m->tables[1].has_init);
  ck_assert(m->tables[0].type.limits.max == 2 && m->tables[0].type.elem == VT_FUNCREF);
  ck_assert(m->nmems == 2 && m->mems[0].type.limits.shared && m->mems[0].type.limits.is64 &&
            m->mems[0].type.limits.max == 3);
  ck_assert(m->mems[0].type.limits.page_log2 == 16 && m->mems[1].type.limits.page_log2 == 0 &&
            !m->mems[1].type.limits.has_max);
  ck_assert(m->nglobals == 2 && m->globals[0].type.mutable_ && m->globals[1].init.size == 2);
  ck_assert(m->ntags == 2 && m->tags[1].type.type == 5);
  ck_assert(m->nexports == 2 && m->exports[0].index == 2 && m->exports[1].kind == EXTERN_MEMORY);
  ck_assert(m->has_start && m->start == 1);
  ck_assert(m->funcs[0].declared_ref && m->funcs[1].declared_ref && m->funcs[2].declared_ref);
  static const struct {
    enum segment_mode mode;
    uint32_t table, len;
    bool funcs;
    valtype type;
  } elems[] = {{SEGMENT_ACTIVE, 0, 1, true, VT_REF | HEAP_FUNC},
               {SEGMENT_PASSIVE, 0, 2, true, VT_REF | HEAP_FUNC},
               {SEGMENT_ACTIVE, 1, 1, true, VT_REF | HEAP_FUNC},
               {SEGMENT_DECLARED, 0, 1, true, VT_REF | HEAP_FUNC},
               {SEGMENT_ACTIVE, 0, 1, false, VT_FUNCREF},
               {SEGMENT_PASSIVE, 0, 1, false, VT_FUNCREF},
               {SEGMENT_ACTIVE, 1, 1, false, VT_FUNCREF},
               {SEGMENT_DECLARED, 0, 0, false, VT_REF | HEAP_NOFUNC}};
  ck_assert_uint_eq(m->nelems, COUNT_OF(elems));
  for (size_t i = 0; i < COUNT_OF(elems); i++) {
    const struct elem *e = &m->elems[i];
    ck_assert_msg(e->mode == elems[i].mode && e->table == elems[i].table && e->len == elems[i].len &&
                      e->type == elems[i].type,
                  "%zu", i);
    ck_assert_msg((e->funcs != NULL) == elems[i].funcs && (e->exprs != NULL) == !elems[i].funcs, "%zu", i);
    ck_assert_msg(e->offset.size == (e->mode == SEGMENT_ACTIVE ? 2 : 0), "%zu", i);
  }
  ck_assert(m->ndatas == 3 && m->has_data_count && slice_eq_cstr(m->datas[0].bytes, "hi"));
  ck_assert(m->datas[1].mode == SEGMENT_PASSIVE && m->datas[2].memory == 1 && m->datas[2].bytes.len == 0);
  ck_assert(m->funcs[1].body_size == 2 && b.data[m->funcs[1].body_off + 1] == 0x0b &&
            m->funcs[2].body_size == 12);
  ck_assert_uint_eq(b.data[m->code_off], 2);
  ck_assert(m->ncustoms == 2 && slice_eq_cstr(m->customs[0].name, "other") &&
            m->customs[0].after == SECTION_DATA);
  ck_assert(slice_eq_cstr(m->name, "mod") && slice_eq_cstr(module_func_name(m, 2), "two") &&
            slice_eq_cstr(module_func_name(m, 0), "imp"));
  ck_assert(module_func_name(m, 1).len == 0 && m->local_names.len == 1 &&
            slice_eq_cstr(name_map_find(&m->local_names.maps[0], 0), "x"));
  ck_assert(module_check_customs(m, &error));
  arena_free(&arena);
  buf_free(&b);
}
END_TEST

/* A copy at the end of its allocation, so that a sanitizer sees any read behind it. */
static struct module *decode_copy(const uint8_t *bytes, size_t size) {
  uint8_t *copy = malloc(size + !size);
  memcpy(copy, bytes, size);
  struct module *m = decode_with(copy, size, features_all());
  ck_assert(m ? !error_is_set(&error) : error_is_set(&error) && error.offset <= size);
  free(copy);
  return m;
}

START_TEST(every_prefix_ends_cleanly) {
  struct buf b;
  buf_init(&b);
  write_module(&b, -1);
  uint32_t good = 0;
  for (size_t size = 0; size <= b.len; size++)
    good += decode_copy(b.data, size) != NULL;
  ck_assert_uint_ge(good, 3); /* the whole, and where only a custom section is missing */
  ck_assert_uint_lt(good, 16);
  arena_free(&arena);
  buf_free(&b);
}
END_TEST

START_TEST(every_byte_may_be_wrong) {
  struct buf b;
  buf_init(&b);
  write_module(&b, -1);
  static const uint8_t values[] = {0x00, 0x01, 0x0b, 0x3f, 0x40, 0x7f, 0x80, 0xff};
  for (size_t i = 0; i < b.len; i++) {
    uint8_t before = b.data[i];
    for (size_t k = 0; k < sizeof values; k++) {
      b.data[i] = values[k];
      (void)decode_copy(b.data, b.len);
    }
    for (unsigned bit = 0; bit < 8; bit++) {
      b.data[i] = (uint8_t)(before ^ 1u << bit);
      (void)decode_copy(b.data, b.len);
    }
    b.data[i] = before;
  }
  arena_free(&arena);
  buf_free(&b);
}
END_TEST

/* Each count of each section says 2^32 - 1, 2^20 and one more than there is. Memory must not follow the lie.
 */
START_TEST(counts_too_large) {
  static const struct {
    enum section_id id;
    const char *rest;
  } cases[] = {{SECTION_TYPE, ""},       {SECTION_TYPE, "\1\x60"},    {SECTION_TYPE, "\1\x60\0"},
               {SECTION_TYPE, "\1\x4e"}, {SECTION_TYPE, "\1\x5f"},    {SECTION_IMPORT, ""},
               {SECTION_FUNCTION, ""},   {SECTION_TABLE, ""},         {SECTION_MEMORY, ""},
               {SECTION_TAG, ""},        {SECTION_GLOBAL, ""},        {SECTION_EXPORT, ""},
               {SECTION_ELEMENT, ""},    {SECTION_ELEMENT, "\1\1\0"}, {SECTION_ELEMENT, "\1\5\x70"},
               {SECTION_CODE, ""},       {SECTION_DATA, ""},          {SECTION_DATA, "\1\1"}};
  static const char *const lies[] = {"\xff\xff\xff\xff\x0f", "\x80\x80\x40", "\x40"};
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    for (size_t k = 0; k < COUNT_OF(lies); k++) {
      struct buf b;
      buf_init(&b);
      write_header(&b);
      size_t mark = section_begin(&b, cases[i].id);
      const char *rest = cases[i].rest; /* counts of 0 inside: their lengths are known */
      size_t len = cases[i].id == SECTION_TYPE && rest[0] && strlen(rest) == 2 && i == 2 ? 3 : strlen(rest);
      if (cases[i].id == SECTION_ELEMENT && i == 13) len = 3;
      buf_bytes(&b, rest, len);
      buf_cstr(&b, lies[k]);
      buf_bytes(&b, "\0\0\0\0", 4);
      sized_end(&b, mark);
      ck_assert_msg(decode(&b) == NULL, "%zu %zu", i, k);
      ck_assert_uint_lt(arena.total, 1 << 20);
      buf_free(&b);
    }
  }
  arena_free(&arena);
}
END_TEST

START_TEST(order_and_framing) {
  struct buf b;
  buf_init(&b);
#define AGAIN(bytes) (buf_reset(&b), write_header(&b), RAW(&b, bytes))
  AGAIN("\x0e\1\0"), fails(&b, ERROR_MALFORMED, "malformed section id");
  AGAIN("\1\1\0\1\1\0"), fails(&b, ERROR_MALFORMED, "unexpected content after last section");
  AGAIN("\3\1\0\1\1\0"), fails(&b, ERROR_MALFORMED, "unexpected content after last section");
  AGAIN("\6\1\0\x0d\1\0"), fails(&b, ERROR_MALFORMED, "unexpected content after last section");
  AGAIN("\x0d\1\0\6\1\0"), ck_assert(decode(&b) != NULL);
  AGAIN("\x0c\1\0\x0a\1\0"), ck_assert(decode(&b) != NULL);
  AGAIN("\1\2\0\0"), fails(&b, ERROR_MALFORMED, "section size mismatch");
  AGAIN("\1\5\0"), fails(&b, ERROR_MALFORMED, "length out of bounds");
  AGAIN("\1\4\1\x60\0\0\3\2\1\0"),
      fails(&b, ERROR_MALFORMED, "function and code section have inconsistent lengths");
  AGAIN("\x0a\3\1\1\x0b"), fails(&b, ERROR_MALFORMED, "function and code section have inconsistent lengths");
  AGAIN("\x0c\1\1"), fails(&b, ERROR_MALFORMED, "data count and data section have inconsistent lengths");
  AGAIN("\x0c\1\0\x0b\3\1\1\0"),
      fails(&b, ERROR_MALFORMED, "data count and data section have inconsistent lengths");
  AGAIN("\0\0"), fails(&b, ERROR_MALFORMED, "unexpected end");
  AGAIN("\0\2\1\x80"), fails(&b, ERROR_MALFORMED, "malformed UTF-8 encoding");
  AGAIN("\2\4\1\0\0\5"), fails(&b, ERROR_MALFORMED, "malformed import kind");
  AGAIN("\7\4\1\0\5\0"), fails(&b, ERROR_MALFORMED, "malformed export kind");
  AGAIN("\6\4\1\x7f\2\x0b"), fails(&b, ERROR_MALFORMED, "malformed mutability");
  AGAIN("\5\4\1\x10\0\0"), fails(&b, ERROR_MALFORMED, "malformed limits flags");
  AGAIN("\4\4\1\x70\2\0"), fails(&b, ERROR_MALFORMED, "tables cannot be shared (yet)");
  AGAIN("\x0b\3\1\3\0"), fails(&b, ERROR_MALFORMED, "malformed data segment kind");
  AGAIN("\x09\3\1\x08\0"), fails(&b, ERROR_MALFORMED, "malformed elements segment kind");
  buf_reset(&b);
  RAW(&b, "\0asm\x0d\0\1\0"), fails(&b, ERROR_MALFORMED, "unknown binary version: this is a component");
  buf_free(&b);
  arena_free(&arena);
}
END_TEST

START_TEST(sections_need_their_feature) {
  static const struct {
    const char *bytes;
    size_t size;
    enum feature f;
  } cases[] = {{"\x0d\1\0", 3, FEATURE_EXCEPTIONS},
               {"\x0c\1\0", 3, FEATURE_BULK_MEMORY},
               {"\1\3\1\x5f\0", 5, FEATURE_GC},
               {"\1\3\1\x4e\0", 5, FEATURE_GC},
               {"\1\3\1\x5d\0", 5, FEATURE_STACK_SWITCHING},
               {"\5\4\1\3\0\0", 6, FEATURE_THREADS},
               {"\5\3\1\4\0", 5, FEATURE_MEMORY64},
               {"\5\4\1\x08\0\0", 6, FEATURE_CUSTOM_PAGE_SIZES},
               {"\2\5\1\0\0\x7f\0", 7, FEATURE_COMPACT_IMPORTS},
               {"\2\5\1\0\0\x20\0", 7, FEATURE_CUSTOM_DESCRIPTORS},
               {"\x0b\3\1\1\0", 5, FEATURE_BULK_MEMORY},
               {"\4\4\1\x6f\0\0", 6, FEATURE_REFERENCE_TYPES}};
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    struct buf b;
    struct features f = features_all();
    buf_init(&b);
    write_header(&b);
    buf_bytes(&b, cases[i].bytes, cases[i].size);
    ck_assert_msg(decode(&b) != NULL, "%zu: %s", i, error.message);
    features_set(&f, cases[i].f, false);
    ck_assert_msg(decode_with(b.data, b.len, f) == NULL && error.kind == ERROR_MALFORMED, "%zu", i);
    buf_free(&b);
  }
  arena_free(&arena);
}
END_TEST

/* Every allocation fails once. */
START_TEST(lack_of_memory) {
  struct buf b;
  buf_init(&b);
  write_module(&b, -1);
  bool whole = false;
  for (int64_t n = 0; !whole && n < 100; n++) {
    arena_free(&arena);
    alloc_fail_after(n, false);
    whole = decode(&b) != NULL;
    alloc_fail_after(-1, false);
    ck_assert(whole || error.kind == ERROR_MEMORY);
    ck_assert(arena.on_oom == NULL);
  }
  ck_assert(whole);
  arena_free(&arena);
  buf_free(&b);
}
END_TEST

static void hints_of(struct buf *b, const char *bytes, size_t size) {
  buf_reset(b);
  write_header(b);
  RAW(b, "\1\4\1\x60\0\0\3\2\1\0");
  size_t mark = custom_begin(b, slice_cstr("metadata.code.branch_hint"));
  buf_bytes(b, bytes, size);
  sized_end(b, mark);
  RAW(b, "\x0a\x0a\1\x08\0\x41\0\x04\x40\x01\x0b\x0b"); /* i32.const 0, if, nop, end, end: the `if` is at 3 */
}

START_TEST(branch_hints) {
  struct buf b;
  struct module *m;
  buf_init(&b);
  hints_of(&b, "\1\0\1\3\1\1", 6);
  ck_assert((m = decode(&b)) && m->nhints == 1 && m->hints[0].off == 3 && m->hints[0].likely &&
            module_check_customs(m, &error));
  hints_of(&b, "\1\0\1\1\1\1", 6); /* at the constant */
  ck_assert((m = decode(&b)) && m->nhints == 1);
  ck_assert(!module_check_customs(m, &error) && error.kind == ERROR_INVALID);
  static const char *const broken[] = {"\1\0\1\3\1\2", "\1\0\1\3\2\1", "\2\0\1\3\1\1", "\1\0\2\3\1\1"};
  for (size_t i = 0; i < COUNT_OF(broken); i++) {
    hints_of(&b, broken[i], 6);
    ck_assert_msg((m = decode(&b)) && m->nhints == 0, "%zu", i);
    ck_assert_msg(!module_check_customs(m, &error) && error.kind == ERROR_MALFORMED, "%zu", i);
  }
  hints_of(&b, "\1\1\1\3\1\1", 6); /* no such function */
  ck_assert((m = decode(&b)) && !module_check_customs(m, &error) && error.kind == ERROR_INVALID);
  arena_free(&arena);
  buf_free(&b);
}
END_TEST

START_TEST(broken_names_are_dropped) {
  static const struct {
    const char *bytes;
    size_t size;
  } broken[] = {{"\1\7\2\1\1a\0\1b", 9}, {"\1\7\2\1\1a\1\1b", 9}, {"\1\3\1\0\5", 5},
                {"\0\2\1\xff", 4},       {"\1\1\0\0\2\1m", 7},    {"\0\3\1mx", 5}};
  for (size_t i = 0; i < COUNT_OF(broken); i++) {
    struct buf b;
    buf_init(&b);
    write_header(&b);
    size_t mark = custom_begin(&b, slice_cstr("name"));
    buf_bytes(&b, broken[i].bytes, broken[i].size);
    sized_end(&b, mark);
    struct module *m = decode(&b);
    ck_assert_msg(m && m->func_names.len == 0 && m->name.len == 0, "%zu: %s", i, error.message);
    ck_assert_msg(!module_check_customs(m, &error) && error.kind == ERROR_MALFORMED, "%zu", i);
    buf_free(&b);
  }
  arena_free(&arena);
}
END_TEST

/* What stands around a broken subsection is kept. */
START_TEST(one_subsection_is_broken) {
  static const char names[] = "\1\4\1\0\1f"      /* functions: 0 f */
                              "\4\7\2\1\1a\0\1b" /* types, out of order */
                              "\7\4\1\0\1g";     /* globals: 0 g */
  struct buf b;
  buf_init(&b);
  write_header(&b);
  size_t mark = custom_begin(&b, slice_cstr("name"));
  buf_bytes(&b, names, sizeof names - 1);
  sized_end(&b, mark);
  struct module *m = decode(&b);
  ck_assert(m && m->func_names.len == 1 && m->type_names.len == 0 && m->global_names.len == 1);
  ck_assert(!module_check_customs(m, &error) && error.kind == ERROR_MALFORMED);
  buf_free(&b);
  arena_free(&arena);
}
END_TEST

/* Behind any section may come the next: leaving one out keeps the rest readable, or says which count is
 * wrong. */
START_TEST(sections_may_be_missing) {
  for (int skip = SECTION_TYPE; skip <= SECTION_TAG; skip++) {
    struct buf b;
    buf_init(&b);
    write_module(&b, skip);
    struct module *m = decode(&b);
    bool counted = skip == SECTION_CODE || skip == SECTION_FUNCTION || skip == SECTION_DATA;
    ck_assert_msg((m == NULL) == counted, "%d: %s", skip, error.message);
    buf_free(&b);
  }
  arena_free(&arena);
}
END_TEST

int main(void) {
  return UNIT_RUN("binary/decode", everything_is_found, every_prefix_ends_cleanly, every_byte_may_be_wrong,
                  counts_too_large, order_and_framing, sections_need_their_feature, lack_of_memory,
                  branch_hints, broken_names_are_dropped, one_subsection_is_broken, sections_may_be_missing);
}
