/* The growable byte buffer. */
#include "base/buf.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void buf_init(struct buf *b) { *b = (struct buf){0}; }

void buf_free(struct buf *b) {
  mem_free(b->data);
  *b = (struct buf){0};
}

struct slice buf_slice(const struct buf *b) {
  return slice_of(b->data, b->len);
}

uint8_t *buf_take(struct buf *b, size_t *len) {
  *len = b->len;
  uint8_t *data = b->data;
  if (b->failed) {
    mem_free(data);
    data = NULL;
    *len = 0;
  } else if (!data) {
    data = mem_alloc(0);
  }
  *b = (struct buf){0};
  return data;
}

void buf_reset(struct buf *b) {
  b->len = 0;
  b->failed = false;
}

/* Room for `len` more bytes, or the buffer is failed. */
static bool reserve(struct buf *b, size_t len) {
  if (b->failed) return false;
  if (b->cap - b->len >= len) return true;
  size_t need, cap;
  if (!add_size(b->len, len, &need) || !mul_size(b->cap, 2, &cap)) goto fail;
  if (cap < need) cap = need;
  if (cap < 64) cap = 64;
  uint8_t *data = mem_realloc(b->data, cap, 1);
  if (!data) goto fail;
  b->data = data;
  b->cap = cap;
  return true;
fail:
  b->failed = true;
  return false;
}

void buf_u8(struct buf *b, uint8_t v) {
  if (reserve(b, 1)) b->data[b->len++] = v;
}

void buf_bytes(struct buf *b, const void *data, size_t len) {
  if (len == 0 || !reserve(b, len)) return;
  memcpy(b->data + b->len, data, len);
  b->len += len;
}

static void le(struct buf *b, uint64_t v, size_t size) {
  if (!reserve(b, size)) return;
  for (size_t i = 0; i < size; i++, v >>= 8)
    b->data[b->len++] = (uint8_t)v;
}

void buf_u32le(struct buf *b, uint32_t v) { le(b, v, 4); }
void buf_u64le(struct buf *b, uint64_t v) { le(b, v, 8); }
void buf_cstr(struct buf *b, const char *s) { buf_bytes(b, s, strlen(s)); }

void buf_printf(struct buf *b, const char *fmt, ...) {
  if (!reserve(b, 64)) return;
  va_list args, again;
  va_start(args, fmt);
  va_copy(again, args);
  size_t room = b->cap - b->len;
  int len = vsnprintf((char *)b->data + b->len, room, fmt, args);
  if (len < 0) {
    b->failed = true;
  } else if ((size_t)len < room) {
    b->len += (size_t)len;
  } else if (reserve(b, (size_t)len + 1)) { /* the first try had no room; now there is */
    vsnprintf((char *)b->data + b->len, b->cap - b->len, fmt, again);
    b->len += (size_t)len;
  }
  va_end(again);
  va_end(args);
}

void buf_uleb(struct buf *b, uint64_t v) {
  for (; v >= 0x80; v >>= 7)
    buf_u8(b, (uint8_t)(v | 0x80));
  buf_u8(b, (uint8_t)v);
}

void buf_sleb(struct buf *b, int64_t v) {
  /* Done when what is left is only copies of the sign bit that this byte carries in bit 6. */
  for (; v < -64 || v > 63; v >>= 7)
    buf_u8(b, (uint8_t)(v | 0x80));
  buf_u8(b, (uint8_t)(v & 0x7f));
}

void buf_name(struct buf *b, struct slice s) {
  buf_uleb(b, s.len);
  buf_bytes(b, s.data, s.len);
}

void buf_insert(struct buf *b, size_t at, const void *data, size_t len) {
  if (len == 0 || !reserve(b, len)) return;
  assert(at <= b->len);
  memmove(b->data + at + len, b->data + at, b->len - at);
  memcpy(b->data + at, data, len);
  b->len += len;
}
