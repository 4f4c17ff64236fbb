/* Printing to a file, a buffer or a digest. */
#include "base/out.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <string.h>

struct out out_file(FILE *f) {
  return (struct out){.file = f};
}
struct out out_buf(struct buf *b) {
  return (struct out){.buf = b};
}
struct out out_digest(void) {
  return (struct out){.digest = UINT64_C(0xcbf29ce484222325)};
}

void out_bytes(struct out *o, const void *data, size_t len) {
  if (len == 0) return;
  if (o->file) {
    fwrite(data, 1, len, o->file);
  } else if (o->buf) {
    buf_bytes(o->buf, data, len);
  } else {
    const uint8_t *p = data;
    for (size_t i = 0; i < len; i++)
      o->digest = (o->digest ^ p[i]) * UINT64_C(0x100000001b3);
  }
}

void out_cstr(struct out *o, const char *s) { out_bytes(o, s, strlen(s)); }
void out_slice(struct out *o, struct slice s) { out_bytes(o, s.data, s.len); }

void out_printable(struct out *o, struct slice s) {
  for (size_t i = 0; i < s.len;) {
    size_t size = utf8_printable_size(s, i);
    if (size)
      out_bytes(o, s.data + i, size);
    else
      out_cstr(o, "?");
    i += size ? size : 1;
  }
}

void out_printf(struct out *o, const char *fmt, ...) {
  va_list args, again;
  va_start(args, fmt);
  if (o->file) {
    vfprintf(o->file, fmt, args);
  } else {
    char small[256];
    va_copy(again, args);
    int len = vsnprintf(small, sizeof small, fmt, args);
    if (len >= 0 && (size_t)len < sizeof small) {
      out_bytes(o, small, (size_t)len);
    } else if (len >= 0) {
      char *large = mem_alloc((size_t)len + 1);
      if (large) {
        vsnprintf(large, (size_t)len + 1, fmt, again);
        out_bytes(o, large, (size_t)len);
        mem_free(large);
      } else if (o->buf) {
        o->buf->failed = true;
      }
    }
    va_end(again);
  }
  va_end(args);
}

void out_indent(struct out *o, uint32_t columns) {
  static const char blanks[] = "                                ";
  for (; columns >= sizeof blanks; columns -= (uint32_t)sizeof blanks - 1)
    out_bytes(o, blanks, sizeof blanks - 1);
  out_bytes(o, blanks, columns);
}

void out_json_string(struct out *o, struct slice s) {
  out_cstr(o, "\"");
  for (size_t i = 0; i < s.len;) {
    size_t size = utf8_size(s, i);
    uint8_t c = s.data[i];
    if (size == 0) {
      out_cstr(o, "\\ufffd");
      size = 1;
    } else if (c == '"' || c == '\\') {
      out_printf(o, "\\%c", c);
    } else if (c == '\n' || c == '\t') {
      out_cstr(o, c == '\n' ? "\\n" : "\\t");
    } else if (utf8_printable_size(s, i) == 0) {
      size_t at = i;
      out_printf(o, "\\u%04x", utf8_next(s, &at));
    } else {
      out_bytes(o, s.data + i, size);
    }
    i += size;
  }
  out_cstr(o, "\"");
}
