/* An error in a source, with the line it stands on and a caret below it.
 *
 * In: the error and the source.  Out: two or three lines for a terminal; a long line is cut around the place,
 * and what a terminal would act on is replaced.  Must not: trust the position. */
#include "text/parse.h"

#include "base/out.h"

#include <string.h>

/* The line's bytes around `column` (characters, from 1), and where the column stands in them. */
static struct slice line_window(struct slice line, uint32_t column, uint32_t *before) {
  enum { BEFORE = 60, WINDOW = 100 };
  size_t pos = 0, from = 0;
  uint32_t skipped = column > BEFORE ? column - BEFORE : 0;
  for (uint32_t i = 0; i < skipped && from < line.len; i++)
    do
      from++;
    while (from < line.len && (line.data[from] & 0xc0) == 0x80);
  pos = from;
  for (uint32_t i = 0; i < WINDOW && pos < line.len; i++)
    do
      pos++;
    while (pos < line.len && (line.data[pos] & 0xc0) == 0x80);
  *before = column - 1 - skipped;
  return slice_of(line.data + from, pos - from);
}

static struct slice source_line(struct slice source, uint32_t number) {
  const uint8_t *at = source.data, *end = source.data + source.len, *nl;
  for (uint32_t line = 1; line < number; line++) {
    nl = memchr(at, '\n', (size_t)(end - at));
    if (!nl) return slice_of(end, 0);
    at = nl + 1;
  }
  nl = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
  if (!nl) nl = end;
  if (nl > at && nl[-1] == '\r') nl--;
  return slice_of(at, (size_t)(nl - at));
}

void text_format_error(const struct error *e, const char *file, struct slice source, struct buf *out) {
  char head[sizeof e->message + 300];
  error_format(e, file, head, sizeof head);
  struct out printer = out_buf(out);
  out_printable(&printer, slice_cstr(head));
  buf_u8(out, '\n');
  if (e->pos != ERROR_POS_LINE || e->line == 0 || e->column == 0) return;
  uint32_t before;
  struct slice line = line_window(source_line(source, e->line), e->column, &before);
  if (line.len == 0) return;
  size_t start = out->len;
  buf_printf(out, "%6u | ", e->line);
  int margin = (int)(out->len - start) - 2;
  out_printable(&printer, line);
  buf_printf(out, "\n%*s| ", margin, "");
  for (size_t i = 0; i < line.len && before > 0; i++) {
    if ((line.data[i] & 0xc0) == 0x80) continue;
    buf_u8(out, line.data[i] == '\t' ? '\t' : ' ');
    before--;
  }
  for (; before > 0; before--)
    buf_u8(out, ' ');
  buf_cstr(out, "^\n");
}
