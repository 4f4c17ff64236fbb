/* Where printers write: a FILE, a buffer, or nothing but a digest.  Output through one struct keeps printers
 * testable. Must not: fail visibly (a FILE's error is found by who closes it, a buffer's by buf_ok). */
#ifndef BASE_OUT_H
#define BASE_OUT_H

#include "base/buf.h"

#include <stdio.h>

struct out {
  FILE *file;      /* or */
  struct buf *buf; /* or neither: only the digest */
  uint64_t digest; /* FNV-1a over all that was written, where neither takes it */
};

struct out out_file(FILE *f);
struct out out_buf(struct buf *b);
struct out out_digest(void);
void out_bytes(struct out *o, const void *data, size_t len);
void out_cstr(struct out *o, const char *s);
void out_slice(struct out *o, struct slice s);
/* What a guest chose, on its way to a terminal: a question mark for each byte that would act on it or is no
 * UTF-8. */
void out_printable(struct out *o, struct slice s);
void out_printf(struct out *o, const char *fmt, ...) PRINTF_LIKE(2, 3);
void out_indent(struct out *o, uint32_t columns);
/* A JSON string with quotes; control characters are escaped, bytes that are no UTF-8 become U+FFFD. */
void out_json_string(struct out *o, struct slice s);

#endif
