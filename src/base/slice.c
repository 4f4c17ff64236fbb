/* Comparison of borrowed bytes, and UTF-8 (RFC 3629: no surrogates, no overlong forms, nothing past
 * U+10FFFF). */
#include "base/slice.h"

#include <string.h>

struct slice slice_of(const void *data, size_t len) {
  return (struct slice){.data = data, .len = len};
}

struct slice slice_cstr(const char *s) {
  return slice_of(s, strlen(s));
}

bool slice_eq(struct slice a, struct slice b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool slice_eq_cstr(struct slice a, const char *s) { return slice_eq(a, slice_cstr(s)); }

bool slice_starts(struct slice a, const char *prefix) {
  size_t len = strlen(prefix);
  return a.len >= len && (len == 0 || memcmp(a.data, prefix, len) == 0);
}

int slice_cmp(struct slice a, struct slice b) {
  size_t len = a.len < b.len ? a.len : b.len;
  int order = len ? memcmp(a.data, b.data, len) : 0;
  if (order != 0) return order;
  return (a.len > b.len) - (a.len < b.len);
}

static bool is_tail(uint8_t byte) { return (byte & 0xc0) == 0x80; }

size_t utf8_size(struct slice s, size_t pos) {
  if (pos >= s.len) return 0;
  const uint8_t *p = s.data + pos;
  size_t left = s.len - pos;
  if (p[0] < 0x80) return 1;
  if (p[0] < 0xc2) return 0; /* a tail byte, or an overlong pair */
  if (p[0] < 0xe0) return left >= 2 && is_tail(p[1]) ? 2 : 0;
  if (p[0] < 0xf0) {
    if (left < 3 || !is_tail(p[1]) || !is_tail(p[2])) return 0;
    if (p[0] == 0xe0 && p[1] < 0xa0) return 0;  /* overlong */
    if (p[0] == 0xed && p[1] >= 0xa0) return 0; /* surrogate */
    return 3;
  }
  if (p[0] > 0xf4 || left < 4 || !is_tail(p[1]) || !is_tail(p[2]) || !is_tail(p[3])) return 0;
  if (p[0] == 0xf0 && p[1] < 0x90) return 0;  /* overlong */
  if (p[0] == 0xf4 && p[1] >= 0x90) return 0; /* past U+10FFFF */
  return 4;
}

size_t utf8_printable_size(struct slice s, size_t pos) {
  size_t size = utf8_size(s, pos);
  if (size == 0 || size > 2) return size;
  const uint8_t *p = s.data + pos;
  if (size == 1 && ((p[0] < 0x20 && p[0] != '\t') || p[0] == 0x7f)) return 0;
  return size == 2 && p[0] == 0xc2 && p[1] < 0xa0 ? 0 : size; /* U+0080 to U+009F */
}

bool utf8_valid(struct slice s) {
  size_t pos = 0;
  while (pos < s.len) {
    uint64_t eight;
    if (s.len - pos >= 8) { /* eight ASCII bytes at once */
      memcpy(&eight, s.data + pos, 8);
      if ((eight & UINT64_C(0x8080808080808080)) == 0) {
        pos += 8;
        continue;
      }
    }
    size_t size = utf8_size(s, pos);
    if (size == 0) return false;
    pos += size;
  }
  return true;
}

uint32_t utf8_next(struct slice s, size_t *pos) {
  size_t size = utf8_size(s, *pos);
  assert(size != 0);
  const uint8_t *p = s.data + *pos;
  *pos += size;
  switch (size) {
  case 1: return p[0];
  case 2: return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
  case 3: return (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
  default: return (p[0] & 0x07u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
  }
}

size_t utf8_put(uint32_t cp, uint8_t out[4]) {
  assert(cp <= 0x10ffff && !(cp >= 0xd800 && cp < 0xe000));
  if (cp < 0x80) {
    out[0] = (uint8_t)cp;
    return 1;
  }
  size_t size = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
  for (size_t i = size; i-- > 1; cp >>= 6)
    out[i] = (uint8_t)(0x80 | (cp & 0x3f));
  static const uint8_t head[5] = {0, 0, 0xc0, 0xe0, 0xf0};
  out[0] = (uint8_t)(head[size] | cp);
  return size;
}
