/* fd_readdir.
 *
 * A cookie is the host's own position after an entry: it stays good while the directory changes, as far as
 * the host keeps it so. Every call goes to its cookie first, so calls may come in any order. */
#include "wasi/preview1.h"
#include "wasi/wasi.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

struct filling {
  uint8_t *at;
  uint32_t room, used;
};

/* What does not fit is cut off, which tells the guest to ask again with more room. */
static void fill(struct filling *f, const void *data, size_t size) {
  size_t n = min_u64(size, f->room - f->used);
  memcpy(f->at + f->used, data, n);
  f->used += (uint32_t)n;
}

static uint8_t filetype_of_entry(unsigned char type) {
  switch (type) {
  case DT_BLK: return FILETYPE_BLOCK_DEVICE;
  case DT_CHR: return FILETYPE_CHARACTER_DEVICE;
  case DT_DIR: return FILETYPE_DIRECTORY;
  case DT_LNK: return FILETYPE_SYMBOLIC_LINK;
  case DT_REG: return FILETYPE_REGULAR_FILE;
  case DT_SOCK: return FILETYPE_SOCKET_STREAM;
  default: return FILETYPE_UNKNOWN;
  }
}

static void fill_entry(struct filling *f, const struct dirent64 *entry) {
  uint8_t head[DIRENT_SIZE] = {0};
  size_t len = strlen(entry->d_name);
  put_u64(head, (uint64_t)entry->d_off);
  put_u64(head + 8, entry->d_ino);
  put_u32(head + 16, (uint32_t)len);
  head[20] = filetype_of_entry(entry->d_type);
  fill(f, head, sizeof head);
  fill(f, entry->d_name, len);
}

enum wasi_errno sys_fd_readdir(struct call *c) {
  struct fd *fd;
  struct filling f = {.room = call_u32(c, 2)};
  f.at = guest_slice(&c->guest, call_u32(c, 1), f.room);
  if (!f.at) return ERRNO_FAULT;
  enum wasi_errno e = call_fd(c, 0, RIGHTS_FD_READDIR, &fd);
  if (e) return e;
  if (c->arg[3] > INT64_MAX) return ERRNO_INVAL;
  if (lseek(fd->host, (off_t)c->arg[3], SEEK_SET) < 0) return errno_of(errno);
  while (f.used < f.room) {
    _Alignas(struct dirent64) char entries[4096];
    ssize_t size = getdents64(fd->host, entries, sizeof entries);
    if (size < 0) return errno_of(errno);
    if (size == 0) break;
    for (ssize_t at = 0; at < size && f.used < f.room;) {
      const struct dirent64 *entry = (const struct dirent64 *)(const void *)(entries + at);
      fill_entry(&f, entry);
      at += entry->d_reclen;
    }
  }
  put_u32(call_out(c, 4), f.used);
  return ERRNO_SUCCESS;
}
