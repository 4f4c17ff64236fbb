/* Errors of input: the first one reported wins, later ones are dropped.
 *
 * In: kind, position, message.  Out: a struct that the caller owns and prints. Functions that may fail take a
 * `struct error *` and return bool, true when all is well.  Must not: allocate, abort, print. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/check.h"

enum error_kind {
  ERROR_NONE,
  ERROR_MALFORMED,   /* not a module: broken bytes or text */
  ERROR_INVALID,     /* a module, but ill-typed */
  ERROR_UNSUPPORTED, /* valid, but this build cannot run it */
  ERROR_LINK,        /* an import is missing or of the wrong type */
  ERROR_LIMIT,       /* a configured or built-in limit */
  ERROR_MEMORY,      /* an allocation failed */
  ERROR_IO,
  ERROR_USAGE, /* an embedder's or user's mistake */
};

enum error_pos { ERROR_POS_NONE, ERROR_POS_OFFSET, ERROR_POS_LINE };

struct error {
  enum error_kind kind; /* ERROR_NONE: nothing happened yet */
  enum error_pos pos;
  uint64_t offset;       /* of a byte in the module (ERROR_POS_OFFSET) */
  uint32_t line, column; /* from 1 (ERROR_POS_LINE) */
  char message[400];     /* NUL-terminated, one line; longer ones end in "..." */
};

#define ERROR_INIT                                                                                           \
  { .kind = ERROR_NONE }

/* Each records the error unless one stands already, and returns false, so that `return error_at(...)` reads
 * well. */
bool error_set(struct error *e, enum error_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool error_at(struct error *e, enum error_kind kind, uint64_t offset, const char *fmt, ...) PRINTF_LIKE(4, 5);
bool error_line(struct error *e, enum error_kind kind, uint32_t line, uint32_t column, const char *fmt, ...)
    PRINTF_LIKE(5, 6);
bool error_memory(struct error *e); /* "out of memory" */
static inline bool error_is_set(const struct error *e) { return e->kind != ERROR_NONE; }
/* Formats "name:line:column: message" or "name: message (at offset 0x..)". Returns like snprintf. */
int error_format(const struct error *e, const char *file, char *out, size_t size);

#endif
