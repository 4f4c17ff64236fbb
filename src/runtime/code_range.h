/* The process's range of addresses for machine code: 4 GiB, so that every call inside it reaches by 32 bits
 * or by an area's own entry, and so that a program counter finds its image without a lock.
 *
 * In: images that know their size.  Out: their place.  Must not: give them memory or write code. */
#ifndef RUNTIME_CODE_RANGE_H
#define RUNTIME_CODE_RANGE_H

#include "runtime/code.h"

#define CODE_RANGE (UINT64_C(4) << 30)

/* What an image has from its base on, whole pages: code, constants, and where they are large enough for large
 * pages the rest of the last one. */
uint64_t code_range_size(const struct code_image *image);
/* Takes address space for image->size bytes, whole pages, and the constants behind them: sets image->base. */
MUST_USE bool code_range_claim(struct code_image *image, struct error *e);
/* Gives it back with the memory in it. */
void code_range_disclaim(struct code_image *image);
/* Serializes publishing; held while the process forks. Around a few system calls, never around compiling. */
void code_range_lock(void);
void code_range_unlock(void);

#endif
