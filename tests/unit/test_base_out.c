/* Printing: buffer, digest and file agree; JSON strings are always valid. */
#include "base/alloc.h"
#include "base/out.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

static void write_some(struct out *o) {
  out_cstr(o, "abc");
  out_indent(o, 100);
  out_printf(o, "%d-%s", 42, "x");
  out_printf(o, "%1000d", 7);
  out_slice(o, slice_of("q\0r", 3));
}

START_TEST(all_sinks_agree) {
  struct buf b;
  buf_init(&b);
  struct out to_buf = out_buf(&b), digest = out_digest(), same = out_digest();
  write_some(&to_buf);
  write_some(&digest);
  ck_assert_uint_eq(b.len, 3 + 100 + 4 + 1000 + 3);
  out_bytes(&same, b.data, b.len);
  ck_assert_uint_eq(same.digest, digest.digest);
  ck_assert_uint_eq(out_digest().digest, UINT64_C(0xcbf29ce484222325));
  char *text = NULL;
  size_t size = 0;
  FILE *f = open_memstream(&text, &size);
  struct out to_file = out_file(f);
  write_some(&to_file);
  fclose(f);
  ck_assert_uint_eq(size, b.len);
  ck_assert_mem_eq(text, b.data, size);
  free(text);
  buf_free(&b);
}
END_TEST

START_TEST(json_strings) {
  struct buf b;
  buf_init(&b);
  struct out o = out_buf(&b);
  out_json_string(&o, slice_of("a\"\\\n\x01\x7f\xff\xe2\x82\xac\xe2\x82", 13 - 1));
  buf_u8(&b, 0);
  ck_assert_str_eq((char *)b.data, "\"a\\\"\\\\\\n\\u0001\\u007f\\ufffd\xe2\x82\xac\\ufffd\\ufffd\"");
  buf_free(&b);
}
END_TEST

START_TEST(printable) {
  struct buf b;
  buf_init(&b);
  struct out o = out_buf(&b);
  out_printable(&o, slice_cstr("a\tb\n\x1b[2J\x7f\xc2\x9b\xc2\xa0\xe2\x82\xac\xff"));
  out_printable(&o, slice_of(NULL, 0));
  out_json_string(&o, slice_cstr("\t\xc2\x9b\xc2\xa0"));
  buf_u8(&b, 0);
  ck_assert_str_eq((char *)b.data, "a\tb??[2J???\xc2\xa0\xe2\x82\xac?\"\\t\\u009b\xc2\xa0\"");
  buf_free(&b);
}
END_TEST

START_TEST(out_of_memory_fails_the_buffer) {
  struct buf b;
  buf_init(&b);
  struct out o = out_buf(&b);
  out_cstr(&o, "x");
  alloc_fail_after(0, false);
  out_printf(&o, "%1000d", 1);
  ck_assert(!buf_ok(&b));
  buf_free(&b);
}
END_TEST

int main(void) {
  return UNIT_RUN("base/out", all_sinks_agree, json_strings, printable, out_of_memory_fails_the_buffer);
}
