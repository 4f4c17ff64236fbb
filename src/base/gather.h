/* What is to be written, in pieces: large ones stay where they are, small ones are copied together.
 *
 * In: bytes in order.  Out: slices that follow each other, for whoever writes them.  So code of megabytes
 * goes to a file without a copy.  Appending never fails visibly: when memory is out it turns `failed`
 * (sticky), and gather_end says so.  Must not: own what it borrows; that stays as it is until the slices are
 * written. */
#ifndef BASE_GATHER_H
#define BASE_GATHER_H

#include "base/buf.h"

struct gather {
  struct buf copied;    /* the small pieces, without the borrowed ones between them */
  struct slice *pieces; /* until gather_end, data == NULL: the next `len` bytes of `copied` */
  size_t npieces, cap;
  size_t len; /* of all */
  bool failed;
};

void gather_init(struct gather *g);
void gather_free(struct gather *g);
void gather_bytes(struct gather *g, const void *data, size_t len);  /* copied */
void gather_borrow(struct gather *g, const void *data, size_t len); /* copied only when it is small */
void gather_zeros(struct gather *g, size_t len);
void gather_align(struct gather *g, size_t align); /* zeros up to a multiple, a power of two */
/* Ends appending: `pieces` are what was appended. False: memory was out. */
MUST_USE bool gather_end(struct gather *g);
/* All in one block after gather_end (mem_free); NULL: no memory. */
MUST_USE uint8_t *gather_join(const struct gather *g);

#endif
