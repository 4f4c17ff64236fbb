/* sock_*: sockets that the embedder handed over, and those accepted from them.
 *
 * Never waits inside a socket call: waiting is call_wait's, which an interruption ends. */
#include "wasi/preview1.h"
#include "wasi/wasi.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* A socket with `right`. */
static enum wasi_errno get_socket(struct call *c, uint64_t right, struct fd **out) {
  enum wasi_errno e = call_fd(c, 0, right, out);
  if (e == ERRNO_NOTCAPABLE) return e;
  struct fd *fd = fdtable_at(&c->wasi->fds, call_u32(c, 0));
  if (!fd) return ERRNO_BADF;
  if (fd->filetype != FILETYPE_SOCKET_STREAM && fd->filetype != FILETYPE_SOCKET_DGRAM) return ERRNO_NOTSOCK;
  return e;
}

/* After a socket call failed: ERRNO_SUCCESS to wait and try again. */
static enum wasi_errno retry(struct call *c, const struct fd *fd) {
  if (errno != EAGAIN && errno != EINTR) return errno_of(errno);
  if (errno == EAGAIN && fd->flags & FDFLAGS_NONBLOCK) return ERRNO_AGAIN;
  return call_interrupted(c) ? ERRNO_INTR : ERRNO_SUCCESS;
}

/* A listening socket of the embedder's may block, and another process may take the connection that poll saw:
 * the call would then wait where no interruption reaches, until the next connection. Only the embedder can
 * prevent that, with O_NONBLOCK. */
enum wasi_errno sys_sock_accept(struct call *c) {
  struct fd *fd, accepted;
  uint32_t flags = call_u32(c, 1), number;
  enum wasi_errno e = get_socket(c, RIGHTS_SOCK_ACCEPT, &fd);
  if (!e && flags & ~(uint32_t)FDFLAGS_NONBLOCK) e = ERRNO_INVAL;
  int host = -1;
  while (!e && host < 0) {
    e = call_wait(c, fd, POLLIN);
    if (!e && (host = accept4(fd->host, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) < 0) e = retry(c, fd);
  }
  if (e) return e;
  if (!fd_describe(host, true, &accepted)) {
    e = errno_of(errno);
    close(host);
    return e;
  }
  accepted.flags = (uint16_t)flags;
  e = fdtable_add(&c->wasi->fds, &accepted, &number);
  if (!e) put_u32(call_out(c, 2), number);
  return e;
}

enum wasi_errno sys_sock_recv(struct call *c) {
  struct fd *fd = NULL;
  uint32_t flags = call_u32(c, 3);
  int len, host_flags = MSG_DONTWAIT;
  enum wasi_errno e = call_iovs(c, 1, 2, &len);
  if (!e) e = get_socket(c, RIGHTS_FD_READ, &fd);
  if (!e && flags & ~(uint32_t)(RIFLAGS_RECV_PEEK | RIFLAGS_RECV_WAITALL)) e = ERRNO_INVAL;
  if (flags & RIFLAGS_RECV_PEEK) host_flags |= MSG_PEEK;
  size_t total = 0, wanted = 0;
  for (int i = 0; !e && i < len; i++)
    wanted += c->scratch->iovs[i].iov_len;
  /* WAITALL is ours to do: the kernel's would wait. A peek sees the same bytes again and cannot. */
  bool all = flags & RIFLAGS_RECV_WAITALL && !(flags & RIFLAGS_RECV_PEEK) && e == ERRNO_SUCCESS &&
             fd->filetype == FILETYPE_SOCKET_STREAM;
  struct msghdr message = {.msg_iov = c->scratch->iovs, .msg_iovlen = (size_t)len};
  while (!e) {
    if ((e = call_wait(c, fd, POLLIN))) break;
    ssize_t n = recvmsg(fd->host, &message, host_flags);
    if (n < 0) {
      e = retry(c, fd);
      continue;
    }
    total += (size_t)n;
    if (!all || n == 0 || total >= wanted) break;
    for (size_t left = (size_t)n; left;) {
      size_t take = min_u64(left, message.msg_iov->iov_len);
      message.msg_iov->iov_base = (char *)message.msg_iov->iov_base + take;
      message.msg_iov->iov_len -= take;
      left -= take;
      if (!message.msg_iov->iov_len) {
        message.msg_iov++;
        message.msg_iovlen--;
      }
    }
  }
  if (e && (!total || c->error)) return e;
  put_u32(call_out(c, 4), (uint32_t)total);
  put_u32(call_out(c, 5), message.msg_flags & MSG_TRUNC ? ROFLAGS_RECV_DATA_TRUNCATED : 0);
  return ERRNO_SUCCESS;
}

enum wasi_errno sys_sock_send(struct call *c) {
  struct fd *fd = NULL;
  int len;
  enum wasi_errno e = call_iovs(c, 1, 2, &len);
  if (!e) e = get_socket(c, RIGHTS_FD_WRITE, &fd);
  if (!e && call_u32(c, 3)) e = ERRNO_INVAL; /* no flags are defined */
  struct msghdr message = {.msg_iov = c->scratch->iovs, .msg_iovlen = (size_t)(e ? 0 : len)};
  while (!e) {
    if ((e = call_wait(c, fd, POLLOUT))) break;
    ssize_t n = sendmsg(fd->host, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0) {
      put_u32(call_out(c, 4), (uint32_t)n);
      break;
    }
    e = retry(c, fd);
  }
  return e;
}

enum wasi_errno sys_sock_shutdown(struct call *c) {
  static const int hows[] = {-1, SHUT_RD, SHUT_WR, SHUT_RDWR};
  struct fd *fd;
  uint32_t how = call_u32(c, 1);
  enum wasi_errno e = get_socket(c, RIGHTS_SOCK_SHUTDOWN, &fd);
  if (e) return e;
  if (how == 0 || how >= COUNT_OF(hows)) return ERRNO_INVAL;
  return shutdown(fd->host, hows[how]) ? errno_of(errno) : ERRNO_SUCCESS;
}
