/* A bounded cursor over hostile bytes, with a sticky error.
 *
 * After the first error every read yields 0 and the cursor stands at the end, so decoding reads like the grammar.
 * Positions are byte offsets in the module. Must not: read outside [at, end). */
#ifndef BINARY_READER_H
#define BINARY_READER_H

#include "base/error.h"
#include "base/slice.h"

struct reader {
  const uint8_t *at, *end;
  const uint8_t *base;   /* start of the module: offset = at - base + base_off */
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
/* Reports at the cursor's position (or at `off`) unless an error stands; moves the cursor to its end; returns false. */
bool reader_fail(struct reader *r, enum error_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool reader_fail_at(struct reader *r, uint64_t off, enum error_kind kind, const char *fmt, ...) PRINTF_LIKE(4, 5);

uint8_t read_u8(struct reader *r);
uint32_t read_u32le(struct reader *r);
uint64_t read_u64le(struct reader *r);
uint32_t read_uleb32(struct reader *r);   /* "integer representation too long" / "integer too large" */
uint64_t read_uleb64(struct reader *r);
int32_t read_sleb32(struct reader *r);
int64_t read_sleb33(struct reader *r);
int64_t read_sleb64(struct reader *r);
struct slice read_bytes(struct reader *r, size_t size);
struct slice read_name(struct reader *r); /* length and UTF-8 bytes; "malformed UTF-8 encoding" */
/* A vector's length, refused before anything is allocated when more than `max` or than the bytes left hold at
 * `min_item` bytes an item. `what` names it in the message. */
uint32_t read_count(struct reader *r, uint32_t max, size_t min_item, const char *what);

#endif
