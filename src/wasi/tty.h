/* What a guest prints to a terminal, without the sequences that could harm its user.
 *
 * In: bytes, in pieces of any length.  Out: the same bytes less control sequences other than colours and
 * cursor movement: none that makes the terminal answer (which types text into the user's shell), retitle,
 * write the clipboard or switch character sets. Must not: touch text or UTF-8. */
#ifndef WASI_TTY_H
#define WASI_TTY_H

#include "base/check.h"

struct tty_filter {
  enum { TTY_TEXT, TTY_C2, TTY_ESC, TTY_CSI, TTY_STRING, TTY_STRING_ESC } state;
  uint8_t len; /* of what is held back */
  uint8_t held[40];
};

/* Appends the filtered bytes to `out`, which has room for tty_room(len). Returns how many. */
size_t tty_filter(struct tty_filter *t, const uint8_t *in, size_t len, uint8_t *out);
static inline size_t tty_room(size_t len) { return len + sizeof(((struct tty_filter *)0)->held); }

#endif
