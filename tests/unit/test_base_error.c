/* Errors: the first wins, one line, cut at a character. */
#include "base/error.h"

#include "unit.h"

#include <string.h>

START_TEST(first_wins) {
  struct error e = ERROR_INIT;
  ck_assert(!error_is_set(&e));
  ck_assert(!error_at(&e, ERROR_MALFORMED, 0x1f, "unexpected %s", "end"));
  ck_assert(!error_line(&e, ERROR_INVALID, 1, 2, "later"));
  ck_assert(!error_memory(&e));
  char out[100];
  error_format(&e, "a.wasm", out, sizeof out);
  ck_assert_str_eq(out, "a.wasm: unexpected end (at offset 0x1f)");
  struct error f = ERROR_INIT;
  error_line(&f, ERROR_MALFORMED, 3, 7, "bad\ntoken\x01");
  error_format(&f, "a.wat", out, sizeof out);
  ck_assert_str_eq(out, "a.wat:3:7: bad?token?");
  struct error g = ERROR_INIT;
  error_memory(&g);
  ck_assert_int_eq(g.kind, ERROR_MEMORY);
  error_format(&g, "f", out, sizeof out);
  ck_assert_str_eq(out, "f: out of memory");
}
END_TEST

START_TEST(long_messages_end_in_dots) {
  char text[1001] = {0};
  for (size_t lead = 0; lead < 3; lead++) {
    memset(text, 'x', lead);
    for (size_t i = lead; i + 3 <= 1000; i += 3)
      memcpy(text + i, "\xe2\x82\xac", 3);
    struct error e = ERROR_INIT;
    error_set(&e, ERROR_USAGE, "%s", text);
    size_t len = strlen(e.message);
    ck_assert_uint_lt(len, sizeof e.message);
    ck_assert_uint_gt(len, sizeof e.message - 8);
    ck_assert_str_eq(e.message + len - 3, "...");
    ck_assert_uint_eq((len - 3 - lead) % 3, 0);
  }
}
END_TEST

int main(void) { return UNIT_RUN("base/error", first_wins, long_messages_end_in_dots); }
