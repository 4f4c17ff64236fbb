/* fd_*: what a guest does with a descriptor it has. (fd_readdir: dir.c; fd_prestat_*: preopen.c.)
 *
 * Reads and writes go straight between the host and guest memory. Those that may wait first poll together
 * with the interruption, so that a guest that waits can be ended. */
#include "wasi/preview1.h"
#include "wasi/stat.h"
#include "wasi/wasi.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static enum wasi_errno result_of(int returned) { return returned < 0 ? errno_of(errno) : ERRNO_SUCCESS; }

static bool is_socket(const struct fd *fd) {
  return fd->filetype == FILETYPE_SOCKET_STREAM || fd->filetype == FILETYPE_SOCKET_DGRAM;
}

/* ---- reading and writing ---- */

/* A terminal gets a piece at a time, filtered. What a stopped terminal (Ctrl-S) does not take is waited for,
 * because the filter cannot take its bytes back; an interruption ends that. Returns like writev. */
static ssize_t write_filtered(struct call *c, struct fd *fd, const struct iovec *iovs, int len) {
  enum { PIECE = 2048 };
  uint8_t out[PIECE + sizeof(struct tty_filter)];
  size_t taken = 0, n = 0;
  for (int i = 0; i < len && taken < PIECE; i++) {
    size_t take = min_u64(iovs[i].iov_len, PIECE - taken);
    n += tty_filter(&fd->tty, iovs[i].iov_base, take, out + n);
    taken += take;
  }
  for (size_t done = 0; done < n;) {
    ssize_t w = write(fd->host, out + done, n - done);
    if (w >= 0) done += (size_t)w;
    if (w < 0 && errno != EINTR && errno != EAGAIN) return -1;
    if (done < n && call_wait_patiently(c, fd, POLLOUT)) break;
  }
  return (ssize_t)taken;
}

/* A pipe that says it can be written has room for PIPE_BUF bytes; more could wait where no interruption
 * reaches. */
static int shorten(struct iovec *iovs, int len, size_t room) {
  for (int i = 0; i < len; i++) {
    if (iovs[i].iov_len >= room) {
      iovs[i].iov_len = room;
      return i + 1;
    }
    room -= iovs[i].iov_len;
  }
  return len;
}

/* -1 and errno; never waits longer than the host's side takes to move the bytes. */
static ssize_t transfer(struct call *c, struct fd *fd, struct iovec *iovs, int len, bool writing) {
  if (is_socket(fd)) {
    struct msghdr message = {.msg_iov = iovs, .msg_iovlen = (size_t)len};
    return writing ? sendmsg(fd->host, &message, MSG_NOSIGNAL | MSG_DONTWAIT)
                   : recvmsg(fd->host, &message, MSG_DONTWAIT);
  }
  if (!writing) return readv(fd->host, iovs, len);
  if (fd->filtered) return write_filtered(c, fd, iovs, len);
  return writev(fd->host, iovs, fd->waits ? shorten(iovs, len, PIPE_BUF) : len);
}

/* fd_read and fd_write; arguments: descriptor, buffers, their number, result. */
static enum wasi_errno transfer_waiting(struct call *c, bool writing) {
  struct fd *fd = NULL;
  int len;
  enum wasi_errno e = call_iovs(c, 1, 2, &len);
  if (!e) e = call_fd(c, 0, writing ? RIGHTS_FD_WRITE : RIGHTS_FD_READ, &fd);
  if (!e && !len) put_u32(call_out(c, 3), 0);
  while (!e && len) {
    if ((e = call_wait(c, fd, writing ? POLLOUT : POLLIN))) break;
    ssize_t n = transfer(c, fd, c->scratch->iovs, len, writing);
    if (n >= 0) {
      put_u32(call_out(c, 3), (uint32_t)n);
      break;
    }
    if (errno == EAGAIN && fd->flags & FDFLAGS_NONBLOCK) e = ERRNO_AGAIN;
    if (errno != EINTR && errno != EAGAIN) e = errno_of(errno);
    if (!e && call_interrupted(c)) e = ERRNO_INTR;
  }
  return e;
}

enum wasi_errno sys_fd_read(struct call *c) { return transfer_waiting(c, false); }
enum wasi_errno sys_fd_write(struct call *c) { return transfer_waiting(c, true); }

/* fd_pread and fd_pwrite; arguments: descriptor, buffers, their number, offset, result. */
static enum wasi_errno transfer_at(struct call *c, bool writing) {
  struct fd *fd = NULL;
  int len;
  enum wasi_errno e = call_iovs(c, 1, 2, &len);
  if (!e) e = call_fd(c, 0, writing ? RIGHTS_FD_WRITE : RIGHTS_FD_READ, &fd);
  if (!e && !(fd->opened & RIGHTS_FD_SEEK)) e = ERRNO_SPIPE;
  if (!e && !(fd->rights & RIGHTS_FD_SEEK)) e = ERRNO_NOTCAPABLE;
  if (!e && c->arg[3] > INT64_MAX) e = ERRNO_INVAL;
  if (e) return e;
  ssize_t n = writing ? pwritev(fd->host, c->scratch->iovs, len, (off_t)c->arg[3])
                      : preadv(fd->host, c->scratch->iovs, len, (off_t)c->arg[3]);
  if (n < 0) return errno_of(errno);
  put_u32(call_out(c, 4), (uint32_t)n);
  return ERRNO_SUCCESS;
}

enum wasi_errno sys_fd_pread(struct call *c) { return transfer_at(c, false); }
enum wasi_errno sys_fd_pwrite(struct call *c) { return transfer_at(c, true); }

/* ---- position ---- */

static enum wasi_errno seek(struct call *c, uint64_t right, int64_t offset, int whence, int result) {
  struct fd *fd;
  enum wasi_errno e = call_fd(c, 0, right, &fd);
  if (e) return e;
  off_t at = lseek(fd->host, offset, whence);
  if (at < 0) return errno_of(errno);
  put_u64(call_out(c, result), (uint64_t)at);
  return ERRNO_SUCCESS;
}

enum wasi_errno sys_fd_seek(struct call *c) {
  static const int now[] = {SEEK_SET, SEEK_CUR, SEEK_END}, preview0[] = {SEEK_CUR, SEEK_END, SEEK_SET};
  uint32_t code = call_u32(c, 2);
  if (code >= COUNT_OF(now)) return ERRNO_INVAL;
  int whence = c->preview0 ? preview0[code] : now[code];
  uint64_t right = whence == SEEK_CUR && !c->arg[1] ? RIGHTS_FD_TELL : RIGHTS_FD_SEEK;
  return seek(c, right, (int64_t)c->arg[1], whence, 3);
}

enum wasi_errno sys_fd_tell(struct call *c) { return seek(c, RIGHTS_FD_TELL, 0, SEEK_CUR, 1); }

/* ---- status ---- */

enum wasi_errno sys_fd_fdstat_get(struct call *c) {
  struct fd *fd;
  enum wasi_errno e = call_fd(c, 0, 0, &fd);
  if (e) return e;
  uint8_t *out = call_out(c, 1);
  put_u64(out, 0);
  out[0] = fd->filetype;
  put_u16(out + 2, fd->flags);
  put_u64(out + 8, fd->rights);
  put_u64(out + 16, fd->inheriting);
  return ERRNO_SUCCESS;
}

enum wasi_errno sys_fd_fdstat_set_flags(struct call *c) {
  struct fd *fd;
  uint32_t flags = call_u32(c, 1);
  enum wasi_errno e = call_fd(c, 0, RIGHTS_FD_FDSTAT_SET_FLAGS, &fd);
  if (e) return e;
  if (flags & ~(uint32_t)FDFLAGS_ALL) return ERRNO_INVAL;
  uint32_t changed = flags ^ fd->flags;
  if (changed & (FDFLAGS_DSYNC | FDFLAGS_RSYNC | FDFLAGS_SYNC)) return ERRNO_NOTSUP; /* Linux cannot either */
  if (changed & FDFLAGS_APPEND) {
    if (!fd->own) return ERRNO_NOTSUP; /* the flag would change for all who share the embedder's file */
    int host = fcntl(fd->host, F_GETFL);
    host = flags & FDFLAGS_APPEND ? host | O_APPEND : host & ~O_APPEND;
    if (fcntl(fd->host, F_SETFL, host) < 0) return errno_of(errno);
  }
  fd->flags = (uint16_t)flags;
  return ERRNO_SUCCESS;
}

enum wasi_errno sys_fd_fdstat_set_rights(struct call *c) {
  struct fd *fd;
  enum wasi_errno e = call_fd(c, 0, 0, &fd);
  if (e) return e;
  if (c->arg[1] & ~fd->rights || c->arg[2] & ~fd->inheriting) return ERRNO_NOTCAPABLE;
  fd->rights = c->arg[1];
  fd->inheriting = c->arg[2];
  return ERRNO_SUCCESS;
}

enum wasi_errno sys_fd_filestat_get(struct call *c) {
  struct fd *fd;
  struct stat st;
  enum wasi_errno e = call_fd(c, 0, RIGHTS_FD_FILESTAT_GET, &fd);
  if (!e) e = result_of(fstat(fd->host, &st));
  if (!e) put_filestat(call_out(c, 1), &st, fd->filetype, c->preview0);
  return e;
}

/* ---- changing the file ---- */

/* An open descriptor with `right` through which its file may change. */
static enum wasi_errno changeable(struct call *c, uint64_t right, struct fd **out) {
  enum wasi_errno e = call_fd(c, 0, right, out);
  return e ? e : (*out)->read_only ? ERRNO_ROFS : ERRNO_SUCCESS;
}

enum wasi_errno sys_fd_filestat_set_size(struct call *c) {
  struct fd *fd;
  enum wasi_errno e = changeable(c, RIGHTS_FD_FILESTAT_SET_SIZE, &fd);
  if (e) return e;
  return c->arg[1] > INT64_MAX ? ERRNO_INVAL : result_of(ftruncate(fd->host, (off_t)c->arg[1]));
}

enum wasi_errno sys_fd_filestat_set_times(struct call *c) {
  struct fd *fd;
  struct timespec times[2];
  enum wasi_errno e = changeable(c, RIGHTS_FD_FILESTAT_SET_TIMES, &fd);
  if (!e) e = times_of(c->arg[1], c->arg[2], call_u32(c, 3), times);
  return e ? e : result_of(futimens(fd->host, times));
}

static bool is_range(uint64_t off, uint64_t size) { return off <= INT64_MAX && size <= INT64_MAX - off; }

enum wasi_errno sys_fd_allocate(struct call *c) {
  struct fd *fd;
  enum wasi_errno e = changeable(c, RIGHTS_FD_ALLOCATE, &fd);
  if (e) return e;
  if (!is_range(c->arg[1], c->arg[2])) return ERRNO_INVAL;
  return result_of(fallocate(fd->host, 0, (off_t)c->arg[1], (off_t)c->arg[2]));
}

enum wasi_errno sys_fd_advise(struct call *c) {
  static const int advices[] = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                                POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
  struct fd *fd;
  uint32_t advice = call_u32(c, 3);
  enum wasi_errno e = call_fd(c, 0, RIGHTS_FD_ADVISE, &fd);
  if (e) return e;
  if (advice >= COUNT_OF(advices) || !is_range(c->arg[1], c->arg[2])) return ERRNO_INVAL;
  int host = posix_fadvise(fd->host, (off_t)c->arg[1], (off_t)c->arg[2], advices[advice]);
  return host ? errno_of(host) : ERRNO_SUCCESS;
}

enum wasi_errno sys_fd_sync(struct call *c) {
  struct fd *fd;
  enum wasi_errno e = call_fd(c, 0, RIGHTS_FD_SYNC, &fd);
  return e ? e : result_of(fsync(fd->host));
}

enum wasi_errno sys_fd_datasync(struct call *c) {
  struct fd *fd;
  enum wasi_errno e = call_fd(c, 0, RIGHTS_FD_DATASYNC, &fd);
  return e ? e : result_of(fdatasync(fd->host));
}

/* ---- the table ---- */

enum wasi_errno sys_fd_close(struct call *c) {
  struct fd *fd;
  enum wasi_errno e = call_fd(c, 0, 0, &fd);
  if (!e) fdtable_close(&c->wasi->fds, call_u32(c, 0));
  return e;
}

enum wasi_errno sys_fd_renumber(struct call *c) {
  struct fd *from, *to;
  enum wasi_errno e = call_fd(c, 0, 0, &from);
  if (!e) e = call_fd(c, 1, 0, &to);
  if (!e && from != to) fdtable_move(&c->wasi->fds, call_u32(c, 0), call_u32(c, 1));
  return e;
}
