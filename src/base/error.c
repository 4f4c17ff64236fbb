/* Recording and printing of errors. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Messages quote input: keep them one line, and mark what was cut without splitting a UTF-8 sequence. */
static void message_finish(struct error *e, int len) {
  size_t size = sizeof e->message;
  if (len < 0) {
    e->message[0] = 0;
  } else if ((size_t)len >= size) {
    size_t end = size - 4;
    while (end > 0 && ((unsigned char)e->message[end] & 0xc0) == 0x80)
      end--;
    memcpy(e->message + end, "...", 4);
  }
  for (char *c = e->message; *c; c++)
    if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = '?';
}

static void error_record(struct error *e, enum error_kind kind, const char *fmt, va_list args)
    PRINTF_LIKE(3, 0);
static void error_record(struct error *e, enum error_kind kind, const char *fmt, va_list args) {
  e->kind = kind;
  e->pos = ERROR_POS_NONE;
  message_finish(e, vsnprintf(e->message, sizeof e->message, fmt, args));
}

bool error_set(struct error *e, enum error_kind kind, const char *fmt, ...) {
  if (error_is_set(e)) return false;
  va_list args;
  va_start(args, fmt);
  error_record(e, kind, fmt, args);
  va_end(args);
  return false;
}

bool error_at(struct error *e, enum error_kind kind, uint64_t offset, const char *fmt, ...) {
  if (error_is_set(e)) return false;
  va_list args;
  va_start(args, fmt);
  error_record(e, kind, fmt, args);
  va_end(args);
  e->pos = ERROR_POS_OFFSET;
  e->offset = offset;
  return false;
}

bool error_line(struct error *e, enum error_kind kind, uint32_t line, uint32_t column, const char *fmt, ...) {
  if (error_is_set(e)) return false;
  va_list args;
  va_start(args, fmt);
  error_record(e, kind, fmt, args);
  va_end(args);
  e->pos = ERROR_POS_LINE;
  e->line = line;
  e->column = column;
  return false;
}

bool error_memory(struct error *e) { return error_set(e, ERROR_MEMORY, "out of memory"); }

int error_format(const struct error *e, const char *file, char *out, size_t size) {
  switch (e->pos) {
  case ERROR_POS_NONE: break;
  case ERROR_POS_OFFSET:
    return snprintf(out, size, "%s: %s (at offset 0x%llx)", file, e->message, (unsigned long long)e->offset);
  case ERROR_POS_LINE: return snprintf(out, size, "%s:%u:%u: %s", file, e->line, e->column, e->message);
  }
  return snprintf(out, size, "%s: %s", file, e->message);
}
