/* A bounded cursor over hostile bytes, with a sticky error.
 *
 * After the first error every read yields 0 and the cursor stands at the end, so decoding reads like the
 * grammar. Positions are byte offsets in the module. Must not: read outside [at, end). */
#ifndef BINARY_READER_H
#define BINARY_READER_H

#include "base/error.h"
#include "base/slice.h"

struct reader {
  const uint8_t *at, *end;
  const uint8_t *base; /* start of the module: offset = at - base + base_off */
  uint64_t base_off;
  struct error *error;
};

struct reader reader_of(struct slice bytes, uint64_t base_off, struct error *e);
/* The next `size` bytes as a reader of their own; `r` moves behind them. */
struct reader reader_sub(struct reader *r, size_t size);
static inline bool reader_ok(const struct reader *r) { return !error_is_set(r->error); }
static inline size_t reader_left(const struct reader *r) { return (size_t)(r->end - r->at); }
static inline bool reader_done(const struct reader *r) { return r->at == r->end; }
uint64_t reader_off(const struct reader *r);
/* Reports at the cursor's position (or at `off`) unless an error stands; moves the cursor to its end; returns
 * false. */
bool reader_fail(struct reader *r, enum error_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool reader_fail_at(struct reader *r, uint64_t off, enum error_kind kind, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

uint32_t read_u32le(struct reader *r);
uint64_t read_u64le(struct reader *r);

/* LEB128. The inline parts are the one-byte encodings, nearly all there are; too long an encoding is "integer
 * representation too long", bits beyond the type are "integer too large". */
uint8_t read_u8_end(struct reader *r); /* reports that nothing is left */
uint32_t read_uleb32_long(struct reader *r);
uint64_t read_uleb64_long(struct reader *r);
int64_t read_sleb_long(struct reader *r, unsigned bits);

static inline uint8_t read_u8(struct reader *r) { return r->at != r->end ? *r->at++ : read_u8_end(r); }
static inline bool reader_has_short_leb(const struct reader *r) { return r->at != r->end && *r->at < 0x80; }
static inline int64_t leb_sign_extend(uint8_t byte) { return (int64_t)(byte & 0x3f) - (byte & 0x40); }
static inline uint32_t read_uleb32(struct reader *r) {
  return reader_has_short_leb(r) ? *r->at++ : read_uleb32_long(r);
}
static inline uint64_t read_uleb64(struct reader *r) {
  return reader_has_short_leb(r) ? *r->at++ : read_uleb64_long(r);
}
static inline int32_t read_sleb32(struct reader *r) {
  return (int32_t)(reader_has_short_leb(r) ? leb_sign_extend(*r->at++) : read_sleb_long(r, 32));
}
static inline int64_t read_sleb33(struct reader *r) {
  return reader_has_short_leb(r) ? leb_sign_extend(*r->at++) : read_sleb_long(r, 33);
}
static inline int64_t read_sleb64(struct reader *r) {
  return reader_has_short_leb(r) ? leb_sign_extend(*r->at++) : read_sleb_long(r, 64);
}

struct slice read_bytes(struct reader *r, size_t size);
struct slice read_name(struct reader *r); /* length and UTF-8 bytes; "malformed UTF-8 encoding" */
/* A vector's length, refused before anything is allocated when more than `max` (ERROR_LIMIT) or than the
 * bytes left hold at `min_item` bytes an item. `what` names the items in the message. */
uint32_t read_count(struct reader *r, uint32_t max, size_t min_item, const char *what);

#endif
