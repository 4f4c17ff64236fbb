/* Rights of descriptors.
 *
 * A descriptor begins with all rights that make sense for its kind (read and write as it was opened); the
 * guest may give some up, which then hold. Must not: be the fence around a read-only directory: that is
 * fd.read_only. */
#ifndef WASI_RIGHTS_H
#define WASI_RIGHTS_H

#include "wasi/errno.h"

#include <stdbool.h>

#define RIGHT(bit)                     (UINT64_C(1) << (bit))
#define RIGHTS_FD_DATASYNC             RIGHT(0)
#define RIGHTS_FD_READ                 RIGHT(1)
#define RIGHTS_FD_SEEK                 RIGHT(2)
#define RIGHTS_FD_FDSTAT_SET_FLAGS     RIGHT(3)
#define RIGHTS_FD_SYNC                 RIGHT(4)
#define RIGHTS_FD_TELL                 RIGHT(5)
#define RIGHTS_FD_WRITE                RIGHT(6)
#define RIGHTS_FD_ADVISE               RIGHT(7)
#define RIGHTS_FD_ALLOCATE             RIGHT(8)
#define RIGHTS_PATH_CREATE_DIRECTORY   RIGHT(9)
#define RIGHTS_PATH_CREATE_FILE        RIGHT(10)
#define RIGHTS_PATH_LINK_SOURCE        RIGHT(11)
#define RIGHTS_PATH_LINK_TARGET        RIGHT(12)
#define RIGHTS_PATH_OPEN               RIGHT(13)
#define RIGHTS_FD_READDIR              RIGHT(14)
#define RIGHTS_PATH_READLINK           RIGHT(15)
#define RIGHTS_PATH_RENAME_SOURCE      RIGHT(16)
#define RIGHTS_PATH_RENAME_TARGET      RIGHT(17)
#define RIGHTS_PATH_FILESTAT_GET       RIGHT(18)
#define RIGHTS_PATH_FILESTAT_SET_SIZE  RIGHT(19)
#define RIGHTS_PATH_FILESTAT_SET_TIMES RIGHT(20)
#define RIGHTS_FD_FILESTAT_GET         RIGHT(21)
#define RIGHTS_FD_FILESTAT_SET_SIZE    RIGHT(22)
#define RIGHTS_FD_FILESTAT_SET_TIMES   RIGHT(23)
#define RIGHTS_PATH_SYMLINK            RIGHT(24)
#define RIGHTS_PATH_REMOVE_DIRECTORY   RIGHT(25)
#define RIGHTS_PATH_UNLINK_FILE        RIGHT(26)
#define RIGHTS_POLL_FD_READWRITE       RIGHT(27)
#define RIGHTS_SOCK_SHUTDOWN           RIGHT(28)
#define RIGHTS_SOCK_ACCEPT             RIGHT(29)

/* All rights of a kind of descriptor; `seekable` matters for character devices only: one with SEEK and TELL
 * is no terminal to the guest. */
uint64_t rights_full(uint8_t filetype, bool seekable);
/* What descriptors opened below a directory may have. */
uint64_t rights_inheriting(void);
/* The error for using `right`, which a descriptor of this kind never had. */
enum wasi_errno rights_mismatch(uint8_t filetype, uint64_t right);

#endif
