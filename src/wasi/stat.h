/* Host file status and times as the guest's. */
#ifndef WASI_STAT_H
#define WASI_STAT_H

#include "wasi/errno.h"

#include <stdbool.h>
#include <sys/stat.h>

uint8_t filetype_of_mode(mode_t mode); /* sockets: STREAM */
/* Writes FILESTAT_SIZE bytes (FILESTAT0_SIZE for preview 0). */
void put_filestat(uint8_t *out, const struct stat *st, uint8_t filetype, bool preview0);
/* The two times that utimensat takes. INVAL: flags that contradict each other or do not exist. */
enum wasi_errno times_of(uint64_t atim, uint64_t mtim, uint32_t fst_flags, struct timespec out[2]);

#endif
