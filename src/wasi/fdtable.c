/* See fdtable.h. */
#include "wasi/fdtable.h"

#include "base/alloc.h"
#include "wasi/preview1.h"
#include "wasi/stat.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static uint8_t filetype_of(int host, mode_t mode) {
  int type;
  socklen_t size = sizeof type;
  if (S_ISSOCK(mode) && !getsockopt(host, SOL_SOCKET, SO_TYPE, &type, &size) && type == SOCK_DGRAM)
    return FILETYPE_SOCKET_DGRAM;
  return filetype_of_mode(mode);
}

bool fd_describe(int host, bool own, struct fd *out) {
  struct stat st;
  int flags = fcntl(host, F_GETFL);
  if (flags < 0 || fstat(host, &st)) return false;
  uint8_t type = filetype_of(host, st.st_mode);
  bool tty = type == FILETYPE_CHARACTER_DEVICE && isatty(host);
  uint64_t rights = rights_full(type, !tty);
  if ((flags & O_ACCMODE) == O_RDONLY) rights &= ~RIGHTS_FD_WRITE;
  if ((flags & O_ACCMODE) == O_WRONLY) rights &= ~RIGHTS_FD_READ;
  *out = (struct fd){
      .host = host,
      .own = own,
      .filtered = tty,
      .waits = type != FILETYPE_REGULAR_FILE && type != FILETYPE_DIRECTORY && type != FILETYPE_BLOCK_DEVICE,
      .filetype = type,
      .flags = flags & O_APPEND ? FDFLAGS_APPEND : 0,
      .opened = rights,
      .rights = rights,
      .inheriting = type == FILETYPE_DIRECTORY ? rights_inheriting() : 0,
  };
  return true;
}

static void drop(struct fd *fd) {
  if (fd->own) close(fd->host);
  mem_free(fd->preopen);
}

static void drop_slot(struct fd *fd) {
  if (fd->pins) {
    fd->closed = true;
    return;
  }
  drop(fd);
  mem_free(fd);
}

void fd_pin(struct fd *fd) { fd->pins++; }

bool fd_unpin(struct fd *fd) {
  bool closed = fd->closed;
  if (--fd->pins == 0 && closed) drop_slot(fd);
  return !closed;
}

void fdtable_free(struct fdtable *t) {
  for (uint32_t i = 0; i < t->len; i++)
    if (t->at[i]) drop_slot(t->at[i]);
  mem_free(t->at);
  *t = (struct fdtable){0};
}

struct fd *fdtable_at(const struct fdtable *t, uint32_t number) {
  return number < t->len ? t->at[number] : NULL;
}

/* Makes `number` a slot. */
static enum wasi_errno reach(struct fdtable *t, uint32_t number) {
  if (number < t->len) return ERRNO_SUCCESS;
  if (number >= t->max) return ERRNO_MFILE;
  if (number >= t->cap) {
    uint32_t cap = max_u32(16, number < UINT32_MAX / 2 ? number * 2 : number + 1);
    struct fd **at = mem_realloc(t->at, cap, sizeof *at);
    if (!at) return ERRNO_NOMEM;
    t->at = at;
    t->cap = cap;
  }
  for (; t->len <= number; t->len++)
    t->at[t->len] = NULL;
  return ERRNO_SUCCESS;
}

void fdtable_close(struct fdtable *t, uint32_t number) {
  drop_slot(t->at[number]);
  t->at[number] = NULL;
}

enum wasi_errno fdtable_set(struct fdtable *t, uint32_t number, const struct fd *fd) {
  struct fd taken = *fd, *slot = NULL;
  enum wasi_errno e = reach(t, number);
  if (!e && !(slot = mem_alloc(sizeof *slot))) e = ERRNO_NOMEM;
  if (e) {
    drop(&taken);
    return e;
  }
  *slot = taken;
  if (t->at[number]) fdtable_close(t, number);
  t->at[number] = slot;
  return e;
}

void fdtable_move(struct fdtable *t, uint32_t from, uint32_t to) {
  if (t->at[to]) fdtable_close(t, to);
  t->at[to] = t->at[from];
  t->at[from] = NULL;
}

enum wasi_errno fdtable_add(struct fdtable *t, const struct fd *fd, uint32_t *number) {
  uint32_t n = 0;
  while (n < t->len && t->at[n])
    n++;
  *number = n;
  return fdtable_set(t, n, fd);
}

enum wasi_errno fdtable_get(const struct fdtable *t, uint32_t number, uint64_t right, struct fd **out) {
  struct fd *fd = fdtable_at(t, number);
  if (!fd) return ERRNO_BADF;
  *out = fd;
  if ((fd->rights & right) == right) return ERRNO_SUCCESS;
  return (fd->opened & right) == right ? ERRNO_NOTCAPABLE : rights_mismatch(fd->filetype, right);
}
