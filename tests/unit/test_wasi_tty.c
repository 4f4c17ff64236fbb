#include "unit.h"

#include "wasi/tty.h"

#include <stdio.h>
#include <string.h>

/* The same whole and byte by byte. */
static void filters(const char *in, const char *want) {
  for (int bytewise = 0; bytewise < 2; bytewise++) {
    struct tty_filter t = {0};
    uint8_t out[512];
    size_t n = 0, len = strlen(in), step = bytewise ? 1 : len;
    for (size_t at = 0; at < len; at += step)
      n += tty_filter(&t, (const uint8_t *)in + at, step, out + n);
    out[n] = 0;
    ck_assert_str_eq((const char *)out, want);
  }
}

START_TEST(text_passes) {
  filters("plain\ttext\r\nbell\a back\b", "plain\ttext\r\nbell\a back\b");
  filters("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80 \xc2\xa0\xc2\xbf",
          "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80 \xc2\xa0\xc2\xbf");
}
END_TEST

START_TEST(drawing_passes) {
  filters("\x1b[31;1mred\x1b[0m", "\x1b[31;1mred\x1b[0m");
  filters("\x1b[2J\x1b[H\x1b[10;20Hx\x1b[K\x1b[?25l", "\x1b[2J\x1b[H\x1b[10;20Hx\x1b[K\x1b[?25l");
}
END_TEST

START_TEST(dangers_go) {
  filters("a\x1b]0;title\x07z", "az");                 /* title */
  filters("a\x1b]52;c;cm0gLXJm\x1b\\z", "az");         /* clipboard */
  filters("a\x1bP$q\"p\x1b\\z", "az");                 /* status string: answered */
  filters("a\x1b[6nb\x1b[cd\x1b[>ce\x1b[21t", "abde"); /* answered: position, attributes, title */
  filters("a\x1b"
          "cb\x1b(0c",
          "ab0c"); /* reset, character set */
  filters("a\x9b\x05\x0e\x0f\x7f\x01"
          "b",
          "a\x9b"
          "b");
  filters("a\xc2\x9b"
          "31mb\xc2\x9d"
          "0;t\x07"
          "c",
          "a31mb0;t\x07"
          "c"); /* the two-byte spellings */
  filters("a\x1b[$ab\x1b[!pc", "abc");
  filters("a\x1b]never closed\nb", "a\nb");
  filters("\x1b[111111111111111111111111111111111111111111111111111111mx", "x");
  filters("\x1b\x1b\x1b[1mx\x1b", "\x1b[1mx");
}
END_TEST

int main(void) { return UNIT_RUN("wasi/tty", text_passes, drawing_passes, dangers_go); }
