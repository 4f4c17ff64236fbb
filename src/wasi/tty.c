/* See tty.h.  A sequence is held back until its last byte tells what it is. */
#include "wasi/tty.h"

#include <string.h>

enum { ESC = 0x1b, BEL = 0x07 };

/* Final bytes of control sequences that draw and never answer: cursor, erase, scroll, colours, modes. */
static bool harmless(const struct tty_filter *t, uint8_t final) {
  if (!strchr("ABCDEFGHIJKLMPSTXZ@`abdefghlmrsu", final)) return false;
  for (uint8_t i = 2; i < t->len; i++) /* intermediates select other functions: none of those is needed */
    if (t->held[i] >= 0x20 && t->held[i] < 0x30) return false;
  return true;
}

static bool printable(uint8_t c) { return (c >= 0x20 && c != 0x7f) || (c >= BEL && c <= 0x0d); }

static size_t filter_byte(struct tty_filter *t, uint8_t c, uint8_t *out) {
  size_t n = 0;
  switch (t->state) {
  case TTY_C2: /* U+0080 to U+009F are controls with a second spelling */
    t->state = TTY_TEXT;
    if (c >= 0x80 && c < 0xa0) return 0;
    out[n++] = 0xc2;
    FALLTHROUGH;
  case TTY_TEXT:
    if (c == ESC) {
      t->state = TTY_ESC;
    } else if (c == 0xc2) {
      t->state = TTY_C2;
    } else if (printable(c)) {
      out[n++] = c;
    }
    return n;
  case TTY_ESC:
    t->state = c == '[' ? TTY_CSI : c == ESC ? TTY_ESC : strchr("]PX^_", c) && c ? TTY_STRING : TTY_TEXT;
    t->held[0] = ESC;
    t->held[1] = '[';
    t->len = 2;
    return 0;
  case TTY_CSI:
    if (c >= 0x20 && c < 0x40) {
      if (t->len < sizeof t->held - 1) t->held[t->len++] = c;
      return 0;
    }
    t->state = c == ESC ? TTY_ESC : TTY_TEXT;
    if (c < 0x40 || c > 0x7e || t->len == sizeof t->held - 1 || !harmless(t, c)) return 0;
    memcpy(out, t->held, t->len);
    out[t->len] = c;
    return t->len + 1u;
  case TTY_STRING: /* up to BEL or ESC \; a new line ends it too, lest a stray opener swallows all output */
    t->state = c == BEL ? TTY_TEXT : c == ESC ? TTY_STRING_ESC : c == '\n' ? TTY_TEXT : TTY_STRING;
    if (c == '\n') out[n++] = c;
    return n;
  case TTY_STRING_ESC: t->state = c == '\\' ? TTY_TEXT : c == ESC ? TTY_STRING_ESC : TTY_STRING; return 0;
  }
  return 0;
}

size_t tty_filter(struct tty_filter *t, const uint8_t *in, size_t len, uint8_t *out) {
  size_t n = 0;
  for (size_t i = 0; i < len; i++)
    n += filter_byte(t, in[i], out + n);
  return n;
}
