/* poll_oneoff: waits for the first of many things.
 *
 * In: subscriptions to clocks and descriptors.  Out: an event for each descriptor that is ready; when none
 * is, one for each clock that has struck. All descriptors wait in one poll(2), together with the
 * interruption. Files are always ready. A subscription that makes no sense is an event with an error, except
 * a clock that does not exist, which fails the call. */
#include "base/alloc.h"
#include "wasi/clock.h"
#include "wasi/preview1.h"
#include "wasi/wasi.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_SUBSCRIPTIONS = 4096 };

/* A subscription, copied out of the guest's memory. */
struct sub {
  uint64_t userdata;
  uint8_t type;
  bool due;              /* there is an event for it */
  enum wasi_errno error; /* of the event */
  uint32_t fd;           /* FD_READ, FD_WRITE */
  struct fd *pinned;     /* what is waited for */
  uint16_t flags;
  uint64_t nbytes;
  enum clock_kind clock; /* CLOCK */
  uint64_t deadline_ns;  /* on that clock */
};

struct waiting {
  struct sub *subs;
  struct pollfd *fds; /* [len]: one for each subscription, fd -1 where there is nothing to wait for; then the
                         interruption */
  uint32_t len;
  bool has_clock, has_due; /* has_due: of a descriptor */
};

/* ---- descriptors ---- */

static void file_ready(const struct fd *fd, struct sub *s) {
  struct stat st;
  off_t at = lseek(fd->host, 0, SEEK_CUR);
  s->nbytes = 1;
  if (s->type == EVENTTYPE_FD_READ && at >= 0 && !fstat(fd->host, &st)) {
    s->nbytes = st.st_size > at ? (uint64_t)(st.st_size - at) : 0;
    if (fd->filetype == FILETYPE_REGULAR_FILE && !s->nbytes) s->flags = EVENTRWFLAGS_HANGUP;
  }
}

static void subscribe_fd(struct call *c, struct waiting *w, uint32_t i) {
  struct sub *s = &w->subs[i];
  struct fd *fd;
  s->error = fdtable_get(&c->wasi->fds, s->fd, RIGHTS_POLL_FD_READWRITE, &fd);
  if (!s->error && fd->waits) {
    fd_pin(s->pinned = fd);
    w->fds[i] = (struct pollfd){.fd = fd->host, .events = s->type == EVENTTYPE_FD_READ ? POLLIN : POLLOUT};
    return;
  }
  s->due = w->has_due = true;
  if (!s->error) file_ready(fd, s);
}

static void fd_ready(struct waiting *w, uint32_t i) {
  struct sub *s = &w->subs[i];
  short got = w->fds[i].revents;
  int n = 0;
  if (w->fds[i].fd < 0 || !got) return;
  s->due = w->has_due = true;
  if (got & POLLNVAL) s->error = ERRNO_BADF;
  if (s->type == EVENTTYPE_FD_READ) {
    if (!ioctl(w->fds[i].fd, FIONREAD, &n) && n > 0) s->nbytes = (uint64_t)n;
    /* A peer that only stopped writing shows as readable without bytes: the end of the stream. */
    if (got & (POLLHUP | POLLRDHUP)) s->flags = EVENTRWFLAGS_HANGUP;
  } else {
    s->nbytes = got & POLLOUT ? 1 : 0;
    if (got & (POLLHUP | POLLERR)) s->flags = EVENTRWFLAGS_HANGUP;
  }
}

/* ---- clocks ---- */

/* Nanoseconds until the first clock strikes. */
static uint64_t remaining_ns(const struct waiting *w) {
  uint64_t least = UINT64_MAX;
  for (uint32_t i = 0; i < w->len; i++) {
    const struct sub *s = &w->subs[i];
    if (s->type != EVENTTYPE_CLOCK) continue;
    uint64_t now = clock_ns(s->clock);
    least = min_u64(least, s->deadline_ns > now ? s->deadline_ns - now : 0);
  }
  return least;
}

static bool strike(struct waiting *w) {
  bool any = false;
  for (uint32_t i = 0; i < w->len; i++) {
    struct sub *s = &w->subs[i];
    if (s->type != EVENTTYPE_CLOCK || s->deadline_ns > clock_ns(s->clock)) continue;
    any = s->due = true;
  }
  return any;
}

/* ---- the call ---- */

static enum wasi_errno subscribe(struct call *c, struct waiting *w, const uint8_t *at) {
  for (uint32_t i = 0; i < w->len; i++, at += c->preview0 ? SUBSCRIPTION0_SIZE : SUBSCRIPTION_SIZE) {
    struct sub *s = &w->subs[i];
    *s = (struct sub){.userdata = get_u64(at), .type = at[8]};
    w->fds[i] = (struct pollfd){.fd = -1};
    if (s->type > EVENTTYPE_FD_WRITE) return ERRNO_INVAL;
    if (s->type != EVENTTYPE_CLOCK) {
      s->fd = get_u32(at + 16);
      subscribe_fd(c, w, i);
      continue;
    }
    const uint8_t *clock = at + (c->preview0 ? 24 : 16); /* preview 0 has an identifier before it */
    uint64_t timeout = get_u64(clock + 8);
    uint16_t flags = get_u16(clock + 24);
    enum wasi_errno e = clock_of(get_u32(clock), &s->clock);
    if (!e && flags & ~SUBCLOCKFLAGS_ABSTIME) e = ERRNO_INVAL;
    if (e) return e;
    s->deadline_ns = timeout;
    if (!(flags & SUBCLOCKFLAGS_ABSTIME) && !add_u64(clock_ns(s->clock), timeout, &s->deadline_ns))
      s->deadline_ns = UINT64_MAX;
    w->has_clock = true;
  }
  return ERRNO_SUCCESS;
}

/* Until something is due. A wall clock may jump and a CPU clock stands still while we wait, so no wait is
 * longer than a day or, with a clock that is not the monotonic one, a second. */
static uint64_t longest_ns(const struct waiting *w) {
  for (uint32_t i = 0; i < w->len; i++)
    if (w->subs[i].type == EVENTTYPE_CLOCK && w->subs[i].clock != CLOCK_KIND_MONOTONIC)
      return UINT64_C(1000000000);
  return UINT64_C(86400000000000);
}

static enum wasi_errno wait_due(struct call *c, struct waiting *w) {
  uint64_t longest = longest_ns(w);
  for (;;) {
    uint64_t ns = w->has_due ? 0 : min_u64(longest, w->has_clock ? remaining_ns(w) : UINT64_MAX);
    struct timespec timeout = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
    call_leave(c);
    int n = ppoll(w->fds, (nfds_t)w->len + 1, &timeout, NULL);
    int failure = errno;
    call_return(c);
    if (call_interrupted(c)) return ERRNO_INTR;
    if (n < 0 && failure != EINTR) return errno_of(failure);
    for (uint32_t i = 0; n > 0 && i < w->len; i++)
      fd_ready(w, i);
    if (w->has_due || strike(w)) return ERRNO_SUCCESS;
  }
}

/* `out` has room for as many events as there are subscriptions. Clocks report only when no descriptor does.
 */
static uint32_t put_events(const struct waiting *w, uint8_t *out) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < w->len; i++) {
    const struct sub *s = &w->subs[i];
    if (!s->due) continue;
    uint8_t *event = out + (size_t)n++ * EVENT_SIZE;
    for (int at = 0; at < EVENT_SIZE; at += 8)
      put_u64(event + at, 0);
    put_u64(event, s->userdata);
    put_u16(event + 8, (uint16_t)s->error);
    event[10] = s->type;
    put_u64(event + 16, s->nbytes);
    put_u16(event + 24, s->flags);
  }
  return n;
}

static enum wasi_errno poll_with(struct call *c, struct waiting *w, const uint8_t *subscriptions) {
  heddle_interrupt_t *interrupt = heddle_caller_interrupt(c->caller);
  enum wasi_errno e = subscribe(c, w, subscriptions);
  w->fds[w->len] = (struct pollfd){.fd = interrupt ? heddle_interrupt_fd(interrupt) : -1, .events = POLLIN};
  if (!e) e = wait_due(c, w);
  if (e) return e;
  call_refresh(c);
  uint8_t *out = guest_array(&c->guest, call_u32(c, 1), w->len, EVENT_SIZE);
  if (!out) return ERRNO_FAULT;
  put_u32(call_out(c, 3), put_events(w, out));
  return ERRNO_SUCCESS;
}

enum wasi_errno sys_poll_oneoff(struct call *c) {
  struct waiting w = {.len = call_u32(c, 2)};
  uint8_t *in =
      guest_array(&c->guest, call_u32(c, 0), w.len, c->preview0 ? SUBSCRIPTION0_SIZE : SUBSCRIPTION_SIZE);
  if (!in || !guest_array(&c->guest, call_u32(c, 1), w.len, EVENT_SIZE)) return ERRNO_FAULT;
  if (w.len == 0 || w.len > MAX_SUBSCRIPTIONS) return ERRNO_INVAL;
  w.subs = mem_zalloc(w.len, sizeof *w.subs);
  w.fds = mem_zalloc((size_t)w.len + 1, sizeof *w.fds);
  enum wasi_errno e = w.subs && w.fds ? poll_with(c, &w, in) : ERRNO_NOMEM;
  for (uint32_t i = 0; w.subs && i < w.len; i++)
    if (w.subs[i].pinned) (void)fd_unpin(w.subs[i].pinned);
  mem_free(w.subs);
  mem_free(w.fds);
  return e;
}
