/* Whole files.
 *
 * In: host paths.  Out: bytes, or an error that says what failed and why (the file's name is the caller's to
 * print). A written file is there whole or not at all.  Must not: be used for guest paths (those are
 * src/wasi/path.c's). */
#ifndef OS_FILE_H
#define OS_FILE_H

#include "base/error.h"
#include "base/slice.h"

/* Reads at most `limit` bytes, refuses more (ERROR_LIMIT). "-" is standard input. Own: *data (mem_free), also
 * when *len is 0. */
MUST_USE bool file_read(const char *path, size_t limit, uint8_t **data, size_t *len, struct error *e);
/* Something that can be read again: no pipe, no device. */
MUST_USE bool file_is_regular(const char *path);
/* Writes what the pieces hold, one behind the other, beside the target and renames over it; a target that is
 * no regular file (a device, a pipe) is written in place. */
MUST_USE bool file_write_pieces(const char *path, const struct slice *pieces, size_t len, struct error *e);
/* The same with one piece; "-" is standard output. */
MUST_USE bool file_write(const char *path, const void *data, size_t len, struct error *e);
/* All of it to an open file, where that stands; errno says why not. */
MUST_USE bool file_write_fd(int fd, const void *data, size_t len);

#endif
