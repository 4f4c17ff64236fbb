/* The cursor's long ways: errors, multi-byte LEB128, names, counts. */
#include "binary/reader.h"

#include "wasm/type.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct reader reader_of(struct slice bytes, uint64_t base_off, struct error *e) {
  return (struct reader){bytes.data, bytes.data + bytes.len, bytes.data, base_off, e};
}

struct reader reader_sub(struct reader *r, size_t size) {
  struct reader sub = *r;
  if (size > reader_left(r)) {
    (void)reader_fail(r, ERROR_MALFORMED, "length out of bounds");
    size = 0;
    sub.at = r->at;
  }
  r->at += size;
  sub.end = r->at;
  return sub;
}

uint64_t reader_off(const struct reader *r) { return r->base_off + (uint64_t)(r->at - r->base); }

bool reader_fail_at(struct reader *r, uint64_t off, enum error_kind kind, const char *fmt, ...) {
  if (!error_is_set(r->error)) {
    char text[256];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    (void)error_at(r->error, kind, off, "%s", text);
  }
  r->at = r->end;
  return false;
}

bool reader_fail(struct reader *r, enum error_kind kind, const char *fmt, ...) {
  if (!error_is_set(r->error)) {
    char text[256];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    (void)error_at(r->error, kind, reader_off(r), "%s", text);
  }
  r->at = r->end;
  return false;
}

static bool fail_end(struct reader *r) {
  return reader_fail_at(r, reader_off(r), ERROR_MALFORMED, "unexpected end of section or function");
}

uint8_t read_u8_end(struct reader *r) { return fail_end(r), (uint8_t)0; }

static bool need(struct reader *r, size_t size) { return size <= reader_left(r) || fail_end(r); }

uint32_t read_u32le(struct reader *r) {
  uint32_t v = 0;
  if (!need(r, sizeof v)) return 0;
  memcpy(&v, r->at, sizeof v);
  r->at += sizeof v;
  return v;
}

uint64_t read_u64le(struct reader *r) {
  uint64_t v = 0;
  if (!need(r, sizeof v)) return 0;
  memcpy(&v, r->at, sizeof v);
  r->at += sizeof v;
  return v;
}

/* Unsigned LEB128 of `bits` <= 64. The last possible byte may hold only the bits that are left. */
static uint64_t read_uleb_long(struct reader *r, unsigned bits) {
  uint64_t v = 0;
  uint64_t off = reader_off(r);
  for (unsigned shift = 0;; shift += 7) {
    if (reader_done(r)) return fail_end(r), UINT64_C(0);
    uint8_t byte = *r->at++;
    if (shift + 7 >= bits) {
      if ((byte & 0x7f) >> (bits - shift))
        return reader_fail_at(r, off, ERROR_MALFORMED, "integer too large"), UINT64_C(0);
      if (byte & 0x80)
        return reader_fail_at(r, off, ERROR_MALFORMED, "integer representation too long"), UINT64_C(0);
      return v | (uint64_t)byte << shift;
    }
    v |= (uint64_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80)) return v;
  }
}

uint32_t read_uleb32_long(struct reader *r) { return (uint32_t)read_uleb_long(r, 32); }
uint64_t read_uleb64_long(struct reader *r) { return read_uleb_long(r, 64); }

int64_t read_sleb_long(struct reader *r, unsigned bits) {
  uint64_t v = 0;
  uint64_t off = reader_off(r);
  for (unsigned shift = 0;; shift += 7) {
    if (reader_done(r)) return fail_end(r), INT64_C(0);
    uint8_t byte = *r->at++;
    v |= (uint64_t)(byte & 0x7f) << shift;
    if (shift + 7 >= bits) {
      /* The bits from the sign on must all be equal. */
      uint8_t ones = (uint8_t)(0x7f >> (bits - shift - 1)),
              top = (uint8_t)((byte & 0x7f) >> (bits - shift - 1));
      if (top != 0 && top != ones)
        return reader_fail_at(r, off, ERROR_MALFORMED, "integer too large"), INT64_C(0);
      if (byte & 0x80)
        return reader_fail_at(r, off, ERROR_MALFORMED, "integer representation too long"), INT64_C(0);
    }
    if (!(byte & 0x80)) {
      if (shift + 7 < 64 && (byte & 0x40)) v |= ~UINT64_C(0) << (shift + 7);
      return (int64_t)v;
    }
  }
}

struct slice read_bytes(struct reader *r, size_t size) {
  struct slice s = {r->at, size};
  if (!need(r, size)) return (struct slice){r->end, 0};
  r->at += size;
  return s;
}

struct slice read_name(struct reader *r) {
  uint32_t size = read_uleb32(r);
  uint64_t off = reader_off(r);
  struct slice s = {r->at, size};
  if (size > MAX_STRING)
    return reader_fail(r, ERROR_LIMIT, "name of %u bytes (at most %d)", size, MAX_STRING),
           (struct slice){r->end, 0};
  if (size > reader_left(r))
    return reader_fail(r, ERROR_MALFORMED, "length out of bounds"), (struct slice){r->end, 0};
  r->at += size;
  if (!utf8_valid(s))
    return reader_fail_at(r, off, ERROR_MALFORMED, "malformed UTF-8 encoding"), (struct slice){r->end, 0};
  return s;
}

uint32_t read_count(struct reader *r, uint32_t max, size_t min_item, const char *what) {
  uint64_t off = reader_off(r);
  uint32_t n = read_uleb32(r);
  assert(min_item > 0);
  if (n > reader_left(r) / min_item)
    return reader_fail_at(r, off, ERROR_MALFORMED,
                          "unexpected end of section or function: %u %s do not fit in %zu bytes", n, what,
                          reader_left(r)),
           0u;
  if (n > max) return reader_fail_at(r, off, ERROR_LIMIT, "too many %s: %u (at most %u)", what, n, max), 0u;
  return n;
}
