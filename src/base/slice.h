/* Borrowed bytes: a pointer and a length.  Also UTF-8 names, which are slices too. Must not: own memory. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include "base/check.h"

struct slice {
  const uint8_t *data;
  size_t len;
};

struct slice slice_of(const void *data, size_t len);
struct slice slice_cstr(const char *s); /* without the NUL */
bool slice_eq(struct slice a, struct slice b);
bool slice_eq_cstr(struct slice a, const char *s);
bool slice_starts(struct slice a, const char *prefix);
int slice_cmp(struct slice a, struct slice b); /* by bytes, a prefix before what it begins */
bool utf8_valid(struct slice s);
/* Size in bytes of the valid UTF-8 sequence at s.data[pos], or 0. */
size_t utf8_size(struct slice s, size_t pos);
/* Decodes one code point at s.data[*pos] of valid UTF-8 and advances *pos. */
uint32_t utf8_next(struct slice s, size_t *pos);
/* The same; 0 also for control characters (C0 but tab, DEL, C1), on which a terminal would act. */
size_t utf8_printable_size(struct slice s, size_t pos);
/* Writes 1 to 4 bytes; returns how many. `cp` is a scalar value. */
size_t utf8_put(uint32_t cp, uint8_t out[4]);

#endif
