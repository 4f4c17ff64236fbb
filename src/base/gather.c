/* See gather.h. */
#include "base/gather.h"

#include "base/alloc.h"

#include <string.h>

enum { SMALL = 4096 /* bytes that are sooner copied than written by themselves */ };

void gather_init(struct gather *g) { *g = (struct gather){0}; }

void gather_free(struct gather *g) {
  buf_free(&g->copied);
  mem_free(g->pieces);
  *g = (struct gather){0};
}

static void push(struct gather *g, const void *data, size_t len) {
  if (g->npieces == g->cap) {
    size_t cap = g->cap ? 2 * g->cap : 16;
    struct slice *more = mem_realloc(g->pieces, cap, sizeof *more);
    if (!more) {
      g->failed = true;
      return;
    }
    g->pieces = more;
    g->cap = cap;
  }
  g->pieces[g->npieces++] = slice_of(data, len);
}

/* `len` bytes were added to `copied`. */
static void count_copied(struct gather *g, size_t len) {
  if (g->npieces && !g->pieces[g->npieces - 1].data)
    g->pieces[g->npieces - 1].len += len;
  else
    push(g, NULL, len);
  g->len += len;
}

void gather_bytes(struct gather *g, const void *data, size_t len) {
  if (g->failed || !len) return;
  buf_bytes(&g->copied, data, len);
  count_copied(g, len);
}

void gather_borrow(struct gather *g, const void *data, size_t len) {
  if (len < SMALL) {
    gather_bytes(g, data, len);
    return;
  }
  if (g->failed) return;
  push(g, data, len);
  g->len += len;
}

void gather_zeros(struct gather *g, size_t len) {
  static const uint8_t zeros[256];
  for (size_t part; len > 0 && !g->failed; len -= part) {
    part = min_u64(len, sizeof zeros);
    gather_bytes(g, zeros, part);
  }
}

void gather_align(struct gather *g, size_t align) { gather_zeros(g, -g->len & (align - 1)); }

bool gather_end(struct gather *g) {
  if (!buf_ok(&g->copied)) g->failed = true;
  if (g->failed) return false;
  const uint8_t *at = g->copied.data;
  for (size_t i = 0; i < g->npieces; i++) {
    if (g->pieces[i].data) continue;
    g->pieces[i].data = at;
    at += g->pieces[i].len;
  }
  return true;
}

uint8_t *gather_join(const struct gather *g) {
  uint8_t *all = mem_alloc(g->len), *at = all;
  if (!all) return NULL;
  for (size_t i = 0; i < g->npieces; i++) {
    memcpy(at, g->pieces[i].data, g->pieces[i].len);
    at += g->pieces[i].len;
  }
  return all;
}
