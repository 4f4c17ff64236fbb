/* What the embedder gives to the guest before it starts: directories, standard descriptors, sockets. */
#include "wasi/path.h"
#include "wasi/preview1.h"
#include "wasi/wasi.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static heddle_error_t *failed(const char *what, const char *name, const char *why) {
  struct buf b;
  buf_init(&b);
  buf_printf(&b, "%s%s: %s", what, name, why);
  buf_u8(&b, 0);
  heddle_error_t *error = heddle_error_new(buf_ok(&b) ? (const char *)b.data : why);
  buf_free(&b);
  return error;
}

static const char *refusal(enum wasi_errno e) {
  return e == ERRNO_MFILE ? "the guest has no descriptor left for it" : "out of memory";
}

/* ---- standard descriptors and sockets ---- */

heddle_error_t *heddle_wasi_stdio(heddle_wasi_t *wasi, int guest_fd, int host_fd, bool own) {
  struct fd fd;
  if (guest_fd < 0 || guest_fd > 2)
    return heddle_error_new("heddle_wasi_stdio: the guest's descriptor must be 0, 1 or 2");
  if (!fd_describe(host_fd, false, &fd)) return failed("heddle_wasi_stdio", "", strerror(errno));
  enum wasi_errno e = fdtable_set(&wasi->fds, (uint32_t)guest_fd, &fd);
  if (e) return failed("heddle_wasi_stdio", "", refusal(e));
  fdtable_at(&wasi->fds, (uint32_t)guest_fd)->own = own; /* not before: on failure it stays the caller's */
  return NULL;
}

/* A descriptor that the embedder's process does not have stays unset. */
heddle_error_t *heddle_wasi_inherit_stdio(heddle_wasi_t *wasi) {
  heddle_error_t *error = NULL;
  for (int n = 0; n < 3 && !error; n++)
    if (fcntl(n, F_GETFD) >= 0) error = heddle_wasi_stdio(wasi, n, n, false);
  return error;
}

/* The first free number after the standard descriptors, which may not be set yet. */
static heddle_error_t *give(heddle_wasi_t *wasi, const struct fd *fd, const char *what, const char *name,
                            bool own) {
  uint32_t number = 3;
  while (fdtable_at(&wasi->fds, number))
    number++;
  enum wasi_errno e = fdtable_set(&wasi->fds, number, fd);
  if (!e) fdtable_at(&wasi->fds, number)->own = own;
  return e ? failed(what, name, refusal(e)) : NULL;
}

heddle_error_t *heddle_wasi_socket(heddle_wasi_t *wasi, int host_fd, bool own) {
  struct fd fd;
  if (!fd_describe(host_fd, false, &fd)) return failed("heddle_wasi_socket", "", strerror(errno));
  if (fd.filetype != FILETYPE_SOCKET_STREAM && fd.filetype != FILETYPE_SOCKET_DGRAM)
    return heddle_error_new("heddle_wasi_socket: the descriptor is no socket");
  return give(wasi, &fd, "heddle_wasi_socket", "", own);
}

/* ---- directories ---- */

heddle_error_t *heddle_wasi_preopen(heddle_wasi_t *wasi, const char *host_path, const char *guest_path,
                                    bool read_only) {
  static const char what[] = "the directory ";
  struct fd fd;
  if (!host_path || !guest_path) return heddle_error_new("heddle_wasi_preopen: a path is NULL");
  int host = open(host_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (host < 0) return failed(what, host_path, strerror(errno));
  int probe = path_openat2(host, ".", O_PATH | O_DIRECTORY, 0);
  if (probe < 0) {
    const char *why =
        errno == ENOSYS  ? "this kernel has no openat2 (Linux 5.6), without which it cannot be fenced in"
        : errno == EPERM ? "openat2, without which it cannot be fenced in, is forbidden here (a seccomp "
                           "filter of a container or service manager)"
                         : strerror(errno);
    close(host);
    return failed(what, host_path, why);
  }
  close(probe);
  char *name = mem_alloc(strlen(guest_path) + 1);
  if (!name || !fd_describe(host, true, &fd)) {
    mem_free(name);
    close(host);
    return failed(what, host_path, name ? strerror(errno) : "out of memory");
  }
  memcpy(name, guest_path, strlen(guest_path) + 1);
  fd.preopen = name;
  fd.read_only = read_only;
  return give(wasi, &fd, what, host_path, true);
}

/* ---- the guest asks what it was given ---- */

static enum wasi_errno preopened(struct call *c, struct fd **out) {
  enum wasi_errno e = call_fd(c, 0, 0, out);
  return e ? e : (*out)->preopen ? ERRNO_SUCCESS : ERRNO_BADF; /* guests look for the first BADF from 3 on */
}

enum wasi_errno sys_fd_prestat_get(struct call *c) {
  struct fd *fd;
  enum wasi_errno e = preopened(c, &fd);
  if (e) return e;
  put_u32(call_out(c, 1), 0); /* the only tag: a directory */
  put_u32(call_out(c, 1) + 4, (uint32_t)strlen(fd->preopen));
  return ERRNO_SUCCESS;
}

enum wasi_errno sys_fd_prestat_dir_name(struct call *c) {
  struct fd *fd;
  uint32_t room = call_u32(c, 2);
  uint8_t *out = guest_slice(&c->guest, call_u32(c, 1), room);
  if (!out) return ERRNO_FAULT;
  enum wasi_errno e = preopened(c, &fd);
  if (e) return e;
  size_t len = strlen(fd->preopen);
  if (len > room) return ERRNO_NAMETOOLONG;
  memcpy(out, fd->preopen, len);
  return ERRNO_SUCCESS;
}
