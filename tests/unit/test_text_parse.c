/* Modules in text: their bytes, the places and words of errors, what nesting and repetition cost, running out
 * of memory, and printing back. */
#include "base/alloc.h"
#include "binary/decode.h"
#include "text/parse.h"
#include "text/print.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The module's bytes behind the header, in hex. */
static const char *bytes_of(const char *text) {
  static char hex[4096];
  struct error e = ERROR_INIT;
  struct buf b;
  buf_init(&b);
  if (!text_parse_module(slice_cstr(text), features_all(), &b, &e)) {
    snprintf(hex, sizeof hex, "%u:%u: %s", e.line, e.column, e.message);
  } else {
    ck_assert(b.len >= 8 && memcmp(b.data, "\0asm\1\0\0\0", 8) == 0);
    size_t len = 0;
    hex[0] = 0;
    for (size_t i = 8; i < b.len && len < sizeof hex - 4; i++)
      len += (size_t)snprintf(hex + len, sizeof hex - len, i > 8 ? " %02x" : "%02x", b.data[i]);
  }
  buf_free(&b);
  return hex;
}

START_TEST(bytes) {
  static const struct {
    const char *text, *hex;
  } rows[] = {
      {"", ""},
      {"(module)", ""},
      {"(module binary \"\\00asm\\01\\00\\00\\00\")", ""},
      {"(module $m)", "00 09 04 6e 61 6d 65 00 02 01 6d"},
      {"(memory 1)", "05 03 01 00 01"},
      {"(memory i64 1 2 shared)", "05 04 01 07 01 02"},
      {"(memory 0 (pagesize 1))", "05 04 01 08 00 00"},
      {"(table 1 2 funcref)", "04 05 01 70 01 01 02"},
      {"(table 1 externref (ref.null extern))", "04 09 01 40 00 6f 00 01 d0 6f 0b"},
      {"(global (mut i64) (i64.const -1))", "06 06 01 7e 01 42 7f 0b"},
      {"(func)", "01 04 01 60 00 00 03 02 01 00 0a 04 01 02 00 0b"},
      /* an inline type takes the first definition that is alone and final */
      {"(rec (type (func)) (type (func))) (type (sub (func))) (type (func)) (func)",
       "01 11 03 4e 02 60 00 00 60 00 00 50 00 60 00 00 60 00 00"},
      {"(func (param i32 i32) (local i64 i64) (local f32) nop)",
       "01 06 01 60 02 7f 7f 00 03 02 01 00 0a 09 01 07 02 02 7e 01 7d 01 0b"},
      /* implicit types stand behind all others, in order of use */
      {"(func (block (result i32 i64) unreachable) unreachable) (type (func (param i32)))",
       "01 0d 03 60 01 7f 00 60 00 00 60 00 02 7f 7e 03 02 01 01 0a 09 01 07 00 02 02 00 0b 00 0b"},
      {"(import \"m\" \"n\" (func (param $x i32)))",
       "01 05 01 60 01 7f 00 02 07 01 01 6d 01 6e 00 00 00 0d 04 6e 61 6d 65 02 06 01 00 01 00 01 78"},
      {"(func (export \"f\") (import \"\" \"\"))",
       "01 04 01 60 00 00 02 05 01 00 00 00 00 07 05 01 01 66 00 00"},
      {"(data \"ab\" \"\\63\")", "0b 06 01 01 03 61 62 63"},
      {"(memory (data \"ab\"))", "05 04 01 01 01 01 0b 08 01 00 41 00 0b 02 61 62"},
      {"(func (if (i32.const 1) (then nop) (else)))",
       "01 04 01 60 00 00 03 02 01 00 0a 0b 01 09 00 41 01 04 40 01 05 0b 0b"},
      {"(func (param i32) (drop (i32.add (local.get 0) (i32.const 64))))",
       "01 05 01 60 01 7f 00 03 02 01 00 0a 0b 01 09 00 20 00 41 c0 00 6a 1a 0b"},
      {"(@custom \"a\" (before first) \"x\") (@custom \"b\") (memory 0)",
       "00 03 01 61 78 05 03 01 00 00 00 02 01 62"},
      {"(tag (param i32))", "01 05 01 60 01 7f 00 0d 03 01 00 00"},
      {"(start 0) (import \"\" \"\" (func))", "01 04 01 60 00 00 02 05 01 00 00 00 00 08 01 00"},
      {"(type $t (func)) (type (cont $t)) (type (array i8)) (type (sub final 0 (func)))",
       "01 0f 04 60 00 00 5d 00 5e 78 00 4f 01 00 60 00 00 00 0b 04 6e 61 6d 65 04 04 01 00 01 74"},
  };
  for (size_t i = 0; i < COUNT_OF(rows); i++) {
    const char *got = bytes_of(rows[i].text);
    bool prefix = strncmp(rows[i].text, "(rec", 4) == 0; /* only the types */
    size_t len = prefix ? strlen(rows[i].hex) : strlen(got) + 1;
    ck_assert_msg(strncmp(got, rows[i].hex, len) == 0, "%s: %s", rows[i].text, got);
    if (prefix) ck_assert_msg(strstr(got, "03 02 01 03"), "%s", got);
  }
}
END_TEST

START_TEST(errors) {
  static const struct {
    const char *text, *message;
  } rows[] = {
      {"(func (nop)\n  i32.bad)", "2:3: unknown operator i32.bad, expected an instruction"},
      {"(func (local.get $x))", "1:18: unknown local $x"},
      {"(func (call $f))", "1:13: unknown function $f"},
      {"(func block $l end $k)", "1:20: mismatching label $k"},
      {"(func br $l)", "1:10: unknown label $l"},
      {"(func $a) (func $a)", "1:17: duplicate func $a"},
      {"(func (param $a i32) (local $a i32))", "1:29: duplicate local $a"},
      {"(func (local i32) (param i32))", "1:20: unexpected token param"},
      {"(func) (import \"\" \"\" (func))", "1:8: import after function"},
      {"(module) (module)", "1:10: unexpected token (module, expected the end of the source"},
      {"(module", "1:8: unexpected token: end of the source"},
      {"(module (func)",
       "1:15: unexpected token: end of the source, expected \")\"; the form at 1:1 is not closed"},
      {"(func (i32.const 4294967296))", "1:18: constant out of range: 4294967296 is no i32"},
      {"(func (i32.load align=3 (i32.const 0)))", "1:17: alignment must be a power of two"},
      {"(func (block nop end))", "1:18: unexpected token end"},
      {"(func)\n (func block (nop)",
       "2:19: unexpected token: end of the source, expected \")\"; the form at 2:2 is not closed"},
      {"(func block)", "1:12: unexpected token ), expected \"end\""},
      {"(func (if (then)) (else))", "1:20: unexpected token else"},
      {"(func (i32.add i32.const 1))", "1:16: unexpected token i32.const"},
      {"(func (type 0) (param i32)) ", "1:7: unknown type 0"},
      {"(type (func)) (func (type 0) (param i32))", "1:21: inline function type"},
      {"(export \"a\" (func 0)) x", "1:23: unknown operator x"},
      {"(memory 1) (func (drop (v128.const i32x4 1 2 3)))", "1:36: wrong number of lane literals"},
      {"(foo)", "1:2: unknown operator foo, expected a module field"},
      {"(type (struct (field $x i32) (field $x i32)))", "1:37: duplicate field $x"},
      {"(func (struct.get 0 $x))", "1:21: unknown field $x"},
      {"(import \"\\ff\" \"\" (func))", "1:9: malformed UTF-8 encoding"},
      {"(func delegate 0)", "1:7: unexpected token delegate"},
      {"(type (func (result i32) (param i32)))", "1:27: unexpected token param"},
  };
  for (size_t i = 0; i < COUNT_OF(rows); i++) {
    const char *got = bytes_of(rows[i].text);
    ck_assert_msg(strncmp(got, rows[i].message, strlen(rows[i].message)) == 0, "%s: %s", rows[i].text, got);
  }
}
END_TEST

START_TEST(features_decide) {
  struct features f = features_default();
  struct error e = ERROR_INIT;
  struct buf b;
  buf_init(&b);
  const char *text = "(func (drop (i32.atomic.load (i32.const 0))))";
  ck_assert(!text_parse_module(slice_cstr(text), f, &b, &e));
  ck_assert_msg(strncmp(e.message, "unknown operator i32.atomic.load: the feature threads is off", 60) == 0,
                "%s", e.message);
  features_set(&f, FEATURE_THREADS, true);
  e = (struct error)ERROR_INIT;
  ck_assert(text_parse_module(slice_cstr(text), f, &b, &e));
  features_set(&f, FEATURE_CUSTOM_ANNOT, false); /* then annotations are comments, wherever they stand */
  ck_assert(text_parse_module(slice_cstr("(func (@custom nonsense) nop)"), f, &b, &e));
  buf_free(&b);
}
END_TEST

START_TEST(carets) {
  static const char source[] = "(func\n\t(foo \"\x1b\"))";
  struct error e = ERROR_INIT;
  struct buf b, out;
  buf_init(&b);
  buf_init(&out);
  error_line(&e, ERROR_MALFORMED, 2, 3, "unknown");
  text_format_error(&e, "a.wat", slice_cstr(source), &out);
  buf_u8(&out, 0);
  ck_assert_str_eq((const char *)out.data, "a.wat:2:3: unknown\n     2 | \t(foo \"?\"))\n       | \t ^\n");
  buf_reset(&out); /* positions that the source does not have */
  e.line = 99, e.column = 1;
  text_format_error(&e, "a.wat", slice_cstr(source), &out);
  e.line = 1, e.column = 4000000000u;
  text_format_error(&e, "a.wat", slice_cstr(source), &out);
  buf_free(&b);
  buf_free(&out);
}
END_TEST

/* `n` times `open`, then `middle`, then `n` times `close`. */
static struct slice repeat(const char *open, const char *middle, const char *close, uint32_t n) {
  struct buf b;
  size_t len;
  buf_init(&b);
  buf_cstr(&b, "(module (func ");
  for (uint32_t i = 0; i < n; i++)
    buf_cstr(&b, open);
  buf_cstr(&b, middle);
  for (uint32_t i = 0; i < n; i++)
    buf_cstr(&b, close);
  buf_cstr(&b, "))");
  uint8_t *data = buf_take(&b, &len);
  return slice_of(data, len);
}

static void free_slice(struct slice s) { mem_free((void *)(uintptr_t)s.data); }

START_TEST(nesting_is_bounded_or_cheap) {
  struct error e = ERROR_INIT;
  struct buf b;
  buf_init(&b);
  struct slice deep = repeat("(block ", "", ")", TEXT_MAX_NESTING);
  ck_assert(text_parse_module(deep, features_all(), &b, &e));
  free_slice(deep);
  deep = repeat("(block ", "", ")", TEXT_MAX_NESTING + 1);
  ck_assert(!text_parse_module(deep, features_all(), &b, &e) && e.kind == ERROR_LIMIT);
  free_slice(deep);
  e = (struct error)ERROR_INIT;
  /* Labels of one name, each hiding the last, and as many branches: linear, or this takes minutes. */
  clock_t start = clock();
  deep = repeat("block $l block $m br $l br $m ", "", "end $m end $l ", 200000);
  ck_assert_msg(text_parse_module(deep, features_all(), &b, &e), "%s", e.message);
  free_slice(deep);
  ck_assert((clock() - start) / CLOCKS_PER_SEC < 20);
  buf_free(&b);
}
END_TEST

static struct slice read_whole(const char *path) {
  FILE *f = fopen(path, "rb");
  ck_assert_msg(f != NULL, "%s", path);
  uint8_t *data = mem_alloc(1 << 16);
  size_t len = fread(data, 1, 1 << 16, f);
  fclose(f);
  return slice_of(data, len);
}

/* Parse, decode, print, parse; false (and an error) when memory runs out somewhere. */
static bool there_and_back(struct slice text, struct buf *wasm, struct buf *again, struct error *e) {
  struct buf printed;
  struct arena a;
  arena_init(&a, NULL);
  buf_init(&printed);
  bool ok = text_parse_module(text, features_all(), wasm, e);
  struct module *m = ok ? module_decode(&a, buf_slice(wasm), features_all(), e) : NULL;
  struct out o = out_buf(&printed);
  ok = m && text_print_module(m, &o, e);
  if (ok && !buf_ok(&printed)) ok = error_memory(e);
  ok = ok && text_parse_module(buf_slice(&printed), features_all(), again, e);
  buf_free(&printed);
  arena_free(&a);
  return ok;
}

START_TEST(memory_may_end_anywhere) {
  static const char *const files[] = {"fields.wat", "code.wat"};
  for (size_t i = 0; i < COUNT_OF(files); i++) {
    char path[1000];
    struct error e = ERROR_INIT;
    struct buf wasm, again;
    snprintf(path, sizeof path, "%s/tests/fuzz/text/%s", HEDDLE_SOURCE_DIR, files[i]);
    struct slice text = read_whole(path);
    buf_init(&wasm);
    buf_init(&again);
    ck_assert_msg(there_and_back(text, &wasm, &again, &e), "%s: %u:%u: %s", path, e.line, e.column,
                  e.message);
    ck_assert(slice_eq(buf_slice(&wasm), buf_slice(&again)));
    bool done = false;
    for (int64_t n = 0; !done; n++) {
      for (int forever = 0; forever < 2; forever++) {
        e = (struct error)ERROR_INIT;
        buf_free(&wasm);
        buf_free(&again);
        buf_init(&wasm);
        buf_init(&again);
        alloc_fail_after(n, forever);
        bool ok = there_and_back(text, &wasm, &again, &e);
        alloc_fail_after(-1, false);
        ck_assert_msg(ok ? !error_is_set(&e) : e.kind == ERROR_MEMORY, "%d: %d %s", (int)n, ok, e.message);
        if (ok) ck_assert(slice_eq(buf_slice(&wasm), buf_slice(&again)));
        done = ok && forever;
      }
      ck_assert(n < 100000);
    }
    buf_free(&wasm);
    buf_free(&again);
    free_slice(text);
  }
}
END_TEST

START_TEST(names_that_are_no_ids_come_back) {
  /* given twice, empty, with odd characters, hidden, longer than an id may be */
  char text[6000];
  static char name[2000];
  memset(name, 'n', sizeof name - 1);
  snprintf(text, sizeof text,
           "(module (@name \"a b\") (func $x (@name \"twice\") (param (@name \"p\") i32) (param (@name "
           "\"p\") i32))"
           "(func $y (@name \"twice\") (local $a i32) (local (@name \"a\") i64)"
           " block $l block $l br 0 br 1 end end block (@name \"%s\") br 0 end)"
           "(func (@name \"%s\")) (func $\"\\u{7f}\\\"\" (call 2) (call 3))"
           "(type (struct (field (@name \"f\") i32) (field $f i32))))",
           name, name);
  struct error e = ERROR_INIT;
  struct buf wasm, again;
  buf_init(&wasm);
  buf_init(&again);
  ck_assert_msg(there_and_back(slice_cstr(text), &wasm, &again, &e), "%u:%u: %s", e.line, e.column,
                e.message);
  ck_assert(slice_eq(buf_slice(&wasm), buf_slice(&again)));
  buf_free(&wasm);
  buf_free(&again);
}
END_TEST

/* What stands behind a module may be wrong as well: then there are no bytes. */
START_TEST(an_error_leaves_no_bytes) {
  static const char *const texts[] = {"(module) (@custom \"a\" (",
                                      "(module binary \"\\00asm\\01\\00\\00\\00\") (@x (",
                                      "(module) (module)", "(func) (@x ("};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    struct error e = ERROR_INIT;
    struct buf b;
    buf_init(&b);
    ck_assert(!text_parse_module(slice_cstr(texts[i]), features_all(), &b, &e));
    ck_assert(error_is_set(&e));
    ck_assert_uint_eq(b.len, 0);
    buf_free(&b);
  }
}
END_TEST

START_TEST(scripts_read_on_behind_a_module) {
  static const char source[] = "(module $a (func) (@custom \"c\")) (@name \"n\") (assert 1)";
  struct error e = ERROR_INIT;
  struct lexer lx;
  struct buf b;
  uint64_t bits;
  enum nan_pattern nan;
  buf_init(&b);
  lexer_init(&lx, slice_cstr(source), ANNOTS_NONE, &e);
  ck_assert(text_parse_module_at(&lx, features_all(), &b));
  ck_assert(lexer_at_form(&lx, "assert"));
  lexer_init(&lx, slice_cstr("nan:canonical -1 i32x4 1 2 3 -1 f32x4 nan:arithmetic 0 nan 1"), ANNOTS_NONE,
             &e);
  ck_assert(text_parse_num(&lx, VT_F64, &bits, &nan) && nan == NAN_CANONICAL);
  ck_assert(text_parse_num(&lx, VT_I32, &bits, NULL) && bits == UINT32_MAX);
  struct text_v128 v;
  ck_assert(text_parse_v128(&lx, false, &v) && v.lane == VT_I32 && v.nlanes == 4 && v.bytes[15] == 0xff &&
            v.bytes[4] == 2);
  ck_assert(text_parse_v128(&lx, true, &v) && v.nan[0] == NAN_ARITHMETIC && v.nan[1] == NAN_NONE &&
            v.bytes[14] == 0x80);
  ck_assert(!text_parse_num(&lx, VT_I32, &bits, NULL) && error_is_set(&e));
  buf_free(&b);
}
END_TEST

int main(void) {
  return UNIT_RUN("text/parse", an_error_leaves_no_bytes, bytes, errors, features_decide, carets,
                  nesting_is_bounded_or_cheap, memory_may_end_anywhere, names_that_are_no_ids_come_back,
                  scripts_read_on_behind_a_module);
}
