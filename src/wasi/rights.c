/* See rights.h. */
#include "wasi/rights.h"

#include "wasi/preview1.h"

#define RIGHTS_ANY     (RIGHTS_FD_FDSTAT_SET_FLAGS | RIGHTS_FD_FILESTAT_GET | RIGHTS_POLL_FD_READWRITE)
#define RIGHTS_STREAM  (RIGHTS_ANY | RIGHTS_FD_READ | RIGHTS_FD_WRITE)
#define RIGHTS_SYNCING (RIGHTS_FD_SYNC | RIGHTS_FD_DATASYNC)
#define RIGHTS_FILE                                                                                          \
  (RIGHTS_STREAM | RIGHTS_SYNCING | RIGHTS_FD_SEEK | RIGHTS_FD_TELL | RIGHTS_FD_ADVISE |                     \
   RIGHTS_FD_ALLOCATE | RIGHTS_FD_FILESTAT_SET_SIZE | RIGHTS_FD_FILESTAT_SET_TIMES)
#define RIGHTS_PATH                                                                                          \
  (RIGHTS_PATH_CREATE_DIRECTORY | RIGHTS_PATH_CREATE_FILE | RIGHTS_PATH_LINK_SOURCE |                        \
   RIGHTS_PATH_LINK_TARGET | RIGHTS_PATH_OPEN | RIGHTS_PATH_READLINK | RIGHTS_PATH_RENAME_SOURCE |           \
   RIGHTS_PATH_RENAME_TARGET | RIGHTS_PATH_FILESTAT_GET | RIGHTS_PATH_FILESTAT_SET_SIZE |                    \
   RIGHTS_PATH_FILESTAT_SET_TIMES | RIGHTS_PATH_SYMLINK | RIGHTS_PATH_REMOVE_DIRECTORY |                     \
   RIGHTS_PATH_UNLINK_FILE)
#define RIGHTS_DIRECTORY                                                                                     \
  (RIGHTS_ANY | RIGHTS_SYNCING | RIGHTS_PATH | RIGHTS_FD_READDIR | RIGHTS_FD_FILESTAT_SET_TIMES)

uint64_t rights_full(uint8_t filetype, bool seekable) {
  switch (filetype) {
  case FILETYPE_REGULAR_FILE:
  case FILETYPE_BLOCK_DEVICE: return RIGHTS_FILE;
  case FILETYPE_DIRECTORY: return RIGHTS_DIRECTORY;
  case FILETYPE_SOCKET_STREAM:
  case FILETYPE_SOCKET_DGRAM: return RIGHTS_STREAM | RIGHTS_SOCK_SHUTDOWN | RIGHTS_SOCK_ACCEPT;
  case FILETYPE_CHARACTER_DEVICE:
    return RIGHTS_STREAM | RIGHTS_SYNCING | (seekable ? RIGHTS_FD_SEEK | RIGHTS_FD_TELL : 0);
  default: return RIGHTS_STREAM | RIGHTS_SYNCING;
  }
}

uint64_t rights_inheriting(void) { return RIGHTS_DIRECTORY | RIGHTS_FILE; }

enum wasi_errno rights_mismatch(uint8_t filetype, uint64_t right) {
  if (right & (RIGHTS_PATH | RIGHTS_FD_READDIR)) return ERRNO_NOTDIR;
  if (right & (RIGHTS_SOCK_SHUTDOWN | RIGHTS_SOCK_ACCEPT)) return ERRNO_NOTSOCK;
  if (filetype == FILETYPE_DIRECTORY) return ERRNO_ISDIR;
  if (right & (RIGHTS_FD_READ | RIGHTS_FD_WRITE)) return ERRNO_BADF;
  if (right & (RIGHTS_FD_SEEK | RIGHTS_FD_TELL | RIGHTS_FD_ADVISE)) return ERRNO_SPIPE;
  return ERRNO_INVAL;
}
