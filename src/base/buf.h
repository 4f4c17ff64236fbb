/* A growable byte buffer on the heap, and LEB128 writers.
 *
 * Appending never fails visibly: when memory is out the buffer turns `failed` and ignores further writes
 * (sticky), and the one who finishes asks buf_ok. Owner: whoever called buf_init; buf_free or buf_take ends
 * it. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/slice.h"

struct buf {
  uint8_t *data;
  size_t len, cap;
  bool failed;
};

void buf_init(struct buf *b);
void buf_free(struct buf *b);
static inline MUST_USE bool buf_ok(const struct buf *b) { return !b->failed; }
struct slice buf_slice(const struct buf *b);
uint8_t *buf_take(struct buf *b, size_t *len); /* ownership of the bytes (mem_free); NULL when failed */
void buf_u8(struct buf *b, uint8_t v);
void buf_u32le(struct buf *b, uint32_t v);
void buf_u64le(struct buf *b, uint64_t v);
void buf_bytes(struct buf *b, const void *data, size_t len);
void buf_cstr(struct buf *b, const char *s); /* without the NUL */
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_uleb(struct buf *b, uint64_t v);
void buf_sleb(struct buf *b, int64_t v);
void buf_name(struct buf *b, struct slice s); /* length as LEB128, then the bytes */
void buf_insert(struct buf *b, size_t at, const void *data, size_t len);
void buf_reset(struct buf *b); /* len = 0, keeps the memory; clears failed */

#endif
