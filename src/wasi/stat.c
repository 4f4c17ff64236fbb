/* See stat.h. */
#include "wasi/stat.h"

#include "wasi/guest.h"
#include "wasi/preview1.h"

#include <string.h>

uint8_t filetype_of_mode(mode_t mode) {
  switch (mode & S_IFMT) {
  case S_IFBLK: return FILETYPE_BLOCK_DEVICE;
  case S_IFCHR: return FILETYPE_CHARACTER_DEVICE;
  case S_IFDIR: return FILETYPE_DIRECTORY;
  case S_IFREG: return FILETYPE_REGULAR_FILE;
  case S_IFSOCK: return FILETYPE_SOCKET_STREAM;
  case S_IFLNK: return FILETYPE_SYMBOLIC_LINK;
  default: return FILETYPE_UNKNOWN;
  }
}

/* Times before 1970 have no number in WASI; they become 0. */
static uint64_t timestamp_of(struct timespec t) {
  return t.tv_sec < 0 ? 0 : (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void put_filestat(uint8_t *out, const struct stat *st, uint8_t filetype, bool preview0) {
  memset(out, 0, preview0 ? FILESTAT0_SIZE : FILESTAT_SIZE);
  put_u64(out, st->st_dev);
  put_u64(out + 8, st->st_ino);
  out[16] = filetype;
  if (preview0)
    put_u32(out + 20, (uint32_t)min_u64(st->st_nlink, UINT32_MAX));
  else
    put_u64(out + 24, st->st_nlink);
  uint8_t *rest = out + (preview0 ? 24 : 32);
  put_u64(rest, (uint64_t)st->st_size);
  put_u64(rest + 8, timestamp_of(st->st_atim));
  put_u64(rest + 16, timestamp_of(st->st_mtim));
  put_u64(rest + 24, timestamp_of(st->st_ctim));
}

static struct timespec time_of(uint64_t ns, bool set, bool now) {
  if (now) return (struct timespec){.tv_nsec = UTIME_NOW};
  if (!set) return (struct timespec){.tv_nsec = UTIME_OMIT};
  return (struct timespec){.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
}

enum wasi_errno times_of(uint64_t atim, uint64_t mtim, uint32_t fst_flags, struct timespec out[2]) {
  bool set_atim = fst_flags & FSTFLAGS_ATIM, atim_now = fst_flags & FSTFLAGS_ATIM_NOW;
  bool set_mtim = fst_flags & FSTFLAGS_MTIM, mtim_now = fst_flags & FSTFLAGS_MTIM_NOW;
  if (fst_flags & ~(uint32_t)FSTFLAGS_ALL || (set_atim && atim_now) || (set_mtim && mtim_now))
    return ERRNO_INVAL;
  out[0] = time_of(atim, set_atim, atim_now);
  out[1] = time_of(mtim, set_mtim, mtim_now);
  return ERRNO_SUCCESS;
}
