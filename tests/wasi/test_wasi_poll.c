/* Waiting: poll_oneoff's rules, pipes and sockets, and that an interruption wakes whoever waits. */
#include "world.h"

#include "base/check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { OUT = 32768, IOV = 16, DATA = 1024, SUBS = 2048, EVENTS = 8192 };
enum { PIPE_IN = 0, PIPE_OUT = 1, SOCKET = 4 }; /* the guest's */

static int to_guest[2], from_guest[2], sockets[2];

static void grant(struct world *w) {
  ck_assert(!pipe(to_guest) && !pipe(from_guest) && !socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
  ck_assert(!heddle_wasi_stdio(w->wasi, 0, to_guest[0], true));
  ck_assert(!heddle_wasi_stdio(w->wasi, 1, from_guest[1], true));
  ck_assert(!heddle_wasi_socket(w->wasi, sockets[1], true));
  signal(SIGPIPE, SIG_IGN);
}

static void open_world(struct world *w, bool interruption) {
  world_open(w, &(struct world_options){.grant = grant, .interruption = interruption});
}

static uint64_t now_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}
static uint64_t now_ms(void) { return now_ns(CLOCK_MONOTONIC) / 1000000; }

static void sub_clock(struct world *w, int at, uint32_t id, uint64_t timeout, uint16_t flags) {
  uint8_t *s = w->memory + SUBS + at * SUBSCRIPTION_SIZE;
  memset(s, 0, SUBSCRIPTION_SIZE);
  put_u64(s, 100 + (uint64_t)at);
  put_u32(s + 16, id);
  put_u64(s + 24, timeout);
  put_u16(s + 40, flags);
}

static void sub_fd(struct world *w, int at, uint8_t type, uint32_t fd) {
  uint8_t *s = w->memory + SUBS + at * SUBSCRIPTION_SIZE;
  memset(s, 0, SUBSCRIPTION_SIZE);
  put_u64(s, 100 + (uint64_t)at);
  s[8] = type;
  put_u32(s + 16, fd);
}

/* Polls; returns the number of events. */
static uint32_t poll_subs(struct world *w, uint32_t n) {
  memset(w->memory + EVENTS, 0xcc, EVENT_SIZE * (n + 1));
  OK(w, "poll_oneoff", SUBS, EVENTS, n, OUT);
  uint32_t len = get_u32(w->memory + OUT);
  ck_assert_uint_le(len, n);
  ck_assert_int_eq(w->memory[EVENTS + EVENT_SIZE * len], 0xcc); /* no more than that was written */
  return len;
}

static void event_is(struct world *w, uint32_t at, int sub, int type, uint64_t nbytes, int flags) {
  const uint8_t *e = w->memory + EVENTS + at * EVENT_SIZE;
  ck_assert_uint_eq(get_u64(e), 100 + (uint64_t)sub);
  ck_assert_int_eq(get_u16(e + 8), 0);
  ck_assert_int_eq(e[10], type);
  ck_assert_uint_eq(get_u64(e + 16), nbytes);
  ck_assert_int_eq(get_u16(e + 24), flags);
}

START_TEST(bad_subscriptions) {
  struct world w;
  open_world(&w, false);
  FAILS(&w, INVAL, "poll_oneoff", SUBS, EVENTS, 0, OUT);
  FAILS(&w, FAULT, "poll_oneoff", SUBS, EVENTS, 4097, OUT);
  sub_clock(&w, 0, 9, 1, 0); /* no such clock, relative and absolute */
  FAILS(&w, INVAL, "poll_oneoff", SUBS, EVENTS, 1, OUT);
  sub_clock(&w, 0, 9, 1, SUBCLOCKFLAGS_ABSTIME);
  FAILS(&w, INVAL, "poll_oneoff", SUBS, EVENTS, 1, OUT);
  sub_clock(&w, 0, 1, 1, 2);
  FAILS(&w, INVAL, "poll_oneoff", SUBS, EVENTS, 1, OUT);
  sub_fd(&w, 0, 3, 0);
  FAILS(&w, INVAL, "poll_oneoff", SUBS, EVENTS, 1, OUT);
  sub_fd(&w, 0, EVENTTYPE_FD_READ, 99); /* a descriptor that is not open: an event that says so, at once */
  sub_clock(&w, 1, 1, UINT64_C(60000000000), 0);
  ck_assert_uint_eq(poll_subs(&w, 2), 1);
  ck_assert_int_eq(get_u16(w.memory + EVENTS + 8), ERRNO_BADF);
  world_close(&w);
}
END_TEST

START_TEST(clocks) {
  struct world w;
  open_world(&w, false);
  uint64_t start = now_ms();
  sub_clock(&w, 0, 1, 0, 0); /* does not wait */
  ck_assert_uint_eq(poll_subs(&w, 1), 1);
  event_is(&w, 0, 0, EVENTTYPE_CLOCK, 0, 0);
  ck_assert_uint_lt(now_ms() - start, 1000);
  /* Only those that struck. */
  sub_clock(&w, 0, 1, UINT64_C(3600000000000), 0);
  sub_clock(&w, 1, 1, 30000000, 0);
  sub_clock(&w, 2, 0, UINT64_MAX, 0); /* the sum does not wrap */
  start = now_ms();
  ck_assert_uint_eq(poll_subs(&w, 3), 1);
  event_is(&w, 0, 1, EVENTTYPE_CLOCK, 0, 0);
  ck_assert_uint_ge(now_ms() - start, 29);
  /* Absolute times of both clocks; the past strikes at once. */
  sub_clock(&w, 0, 0, now_ns(CLOCK_REALTIME) + 30000000, SUBCLOCKFLAGS_ABSTIME);
  sub_clock(&w, 1, 1, now_ns(CLOCK_MONOTONIC) + UINT64_C(3600000000000), SUBCLOCKFLAGS_ABSTIME);
  start = now_ms();
  ck_assert_uint_eq(poll_subs(&w, 2), 1);
  event_is(&w, 0, 0, EVENTTYPE_CLOCK, 0, 0);
  ck_assert_uint_ge(now_ms() - start, 29);
  sub_clock(&w, 0, 1, 5, SUBCLOCKFLAGS_ABSTIME);
  sub_clock(&w, 1, 0, 5, SUBCLOCKFLAGS_ABSTIME);
  ck_assert_uint_eq(poll_subs(&w, 2), 2);
  world_close(&w);
}
END_TEST

START_TEST(files_and_pipes) {
  struct world w;
  open_world(&w, false);
  host_write(&w, "in/f", "12345");
  uint32_t f = world_path_open(&w, FD_IN, "f", 0, RW);
  sub_fd(&w, 0, EVENTTYPE_FD_READ, f);
  sub_clock(&w, 1, 1, 0, 0); /* a ready descriptor keeps clocks quiet */
  ck_assert_uint_eq(poll_subs(&w, 2), 1);
  event_is(&w, 0, 0, EVENTTYPE_FD_READ, 5, 0);
  OK(&w, "fd_seek", f, 5, 0, OUT);
  ck_assert_uint_eq(poll_subs(&w, 2), 1);
  event_is(&w, 0, 0, EVENTTYPE_FD_READ, 0, EVENTRWFLAGS_HANGUP);
  sub_fd(&w, 0, EVENTTYPE_FD_WRITE, f);
  ck_assert_uint_eq(poll_subs(&w, 1), 1);
  /* An empty pipe is not ready, but the clock is; all are waited for at once. */
  sub_fd(&w, 0, EVENTTYPE_FD_READ, PIPE_IN);
  sub_fd(&w, 1, EVENTTYPE_FD_READ, SOCKET);
  sub_clock(&w, 2, 1, 20000000, 0);
  ck_assert_uint_eq(poll_subs(&w, 3), 1);
  event_is(&w, 0, 2, EVENTTYPE_CLOCK, 0, 0);
  ck_assert_int_eq(write(sockets[0], "abc", 3), 3);
  ck_assert_uint_eq(poll_subs(&w, 3), 1);
  event_is(&w, 0, 1, EVENTTYPE_FD_READ, 3, 0);
  ck_assert_int_eq(write(to_guest[1], "hi", 2), 2);
  ck_assert_uint_eq(poll_subs(&w, 3), 2);
  event_is(&w, 0, 0, EVENTTYPE_FD_READ, 2, 0);
  event_is(&w, 1, 1, EVENTTYPE_FD_READ, 3, 0);
  close(to_guest[1]); /* the end: the rest, then a hang-up */
  world_iov(&w, IOV, DATA, 100);
  OK(&w, "fd_read", PIPE_IN, IOV, 1, OUT);
  ck_assert_uint_eq(get_u32(w.memory + OUT), 2);
  ck_assert_uint_eq(poll_subs(&w, 1), 1);
  event_is(&w, 0, 0, EVENTTYPE_FD_READ, 0, EVENTRWFLAGS_HANGUP);
  OK(&w, "fd_read", PIPE_IN, IOV, 1, OUT);
  ck_assert_uint_eq(get_u32(w.memory + OUT), 0);
  world_close(&w);
}
END_TEST

START_TEST(closed_pipe) {
  struct world w;
  open_world(&w, false);
  world_iov(&w, IOV, DATA, 100000);
  OK(&w, "fd_write", PIPE_OUT, IOV, 1, OUT);
  ck_assert_uint_gt(get_u32(w.memory + OUT), 0);
  close(from_guest[0]);
  FAILS(&w, PIPE, "fd_write", PIPE_OUT, IOV, 1, OUT);
  FAILS(&w, SPIPE, "fd_tell", PIPE_OUT, OUT);
  OK(&w, "fd_fdstat_get", PIPE_OUT, OUT);
  ck_assert_int_eq(w.memory[OUT], FILETYPE_UNKNOWN);
  close(sockets[0]); /* no SIGPIPE from sockets, whatever the embedder does with it */
  signal(SIGPIPE, SIG_DFL);
  FAILS(&w, PIPE, "sock_send", SOCKET, IOV, 1, 0, OUT);
  FAILS(&w, PIPE, "fd_write", SOCKET, IOV, 1, OUT);
  world_close(&w);
}
END_TEST

START_TEST(not_waiting) {
  struct world w;
  open_world(&w, false);
  world_iov(&w, IOV, DATA, 30000);
  OK(&w, "fd_fdstat_set_flags", PIPE_IN, FDFLAGS_NONBLOCK);
  OK(&w, "fd_fdstat_set_flags", PIPE_OUT, FDFLAGS_NONBLOCK);
  OK(&w, "fd_fdstat_set_flags", SOCKET, FDFLAGS_NONBLOCK);
  FAILS(&w, AGAIN, "fd_read", PIPE_IN, IOV, 1, OUT);
  FAILS(&w, AGAIN, "sock_recv", SOCKET, IOV, 1, 0, OUT, OUT + 8);
  FAILS(&w, AGAIN, "fd_read", SOCKET, IOV, 1, OUT);
  int e = 0;
  for (int i = 0; i < 1000 && !e; i++)
    e = CALL(&w, "fd_write", PIPE_OUT, IOV, 1, OUT);
  ck_assert_int_eq(e, ERRNO_AGAIN);
  for (e = 0; !e;)
    e = CALL(&w, "sock_send", SOCKET, IOV, 1, 0, OUT);
  ck_assert_int_eq(e, ERRNO_AGAIN);
  OK(&w, "fd_read", PIPE_IN, IOV, 0, OUT); /* nothing asked, nothing awaited */
  world_close(&w);
}
END_TEST

START_TEST(socket_calls) {
  struct world w;
  open_world(&w, false);
  OK(&w, "fd_fdstat_get", SOCKET, OUT);
  ck_assert_int_eq(w.memory[OUT], FILETYPE_SOCKET_STREAM);
  memcpy(w.memory + DATA, "question", 8);
  world_iov(&w, IOV, DATA, 3);
  world_iov(&w, IOV + 8, DATA + 3, 5);
  OK(&w, "sock_send", SOCKET, IOV, 2, 0, OUT);
  char got[16];
  ck_assert_int_eq(read(sockets[0], got, sizeof got), 8);
  ck_assert_mem_eq(got, "question", 8);
  FAILS(&w, INVAL, "sock_send", SOCKET, IOV, 2, 1, OUT);
  FAILS(&w, INVAL, "sock_recv", SOCKET, IOV, 2, 4, OUT, OUT + 8);
  ck_assert_int_eq(write(sockets[0], "answer", 6), 6);
  OK(&w, "sock_recv", SOCKET, IOV, 1, RIFLAGS_RECV_PEEK, OUT, OUT + 8);
  ck_assert_uint_eq(get_u32(w.memory + OUT), 3);
  OK(&w, "sock_recv", SOCKET, IOV, 2, RIFLAGS_RECV_WAITALL | RIFLAGS_RECV_PEEK, OUT, OUT + 8);
  ck_assert_uint_eq(get_u32(w.memory + OUT), 6);
  ck_assert_int_eq(write(sockets[0], "!!!!", 4), 4);
  OK(&w, "sock_recv", SOCKET, IOV, 2, RIFLAGS_RECV_WAITALL, OUT, OUT + 8);
  ck_assert_uint_eq(get_u32(w.memory + OUT), 8);
  ck_assert_mem_eq(w.memory + DATA, "answer!!", 8);
  FAILS(&w, INVAL, "sock_shutdown", SOCKET, 0);
  FAILS(&w, INVAL, "sock_shutdown", SOCKET, 4);
  OK(&w, "sock_shutdown", SOCKET, SDFLAGS_WR);
  ck_assert_int_eq(read(sockets[0], got, sizeof got), 0);
  FAILS(&w, SPIPE, "fd_seek", SOCKET, 0, 0, OUT);
  FAILS(&w, BADF, "fd_prestat_get", SOCKET, OUT);
  world_close(&w);
}
END_TEST

static int listening, port;

static void grant_listener(struct world *w) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof at;
  listening = socket(AF_INET, SOCK_STREAM, 0);
  ck_assert(!bind(listening, (struct sockaddr *)&at, sizeof at) && !listen(listening, 4));
  ck_assert(!getsockname(listening, (struct sockaddr *)&at, &size));
  port = at.sin_port;
  ck_assert(!heddle_wasi_socket(w->wasi, listening, true));
  heddle_error_t *error = heddle_wasi_socket(w->wasi, 0, false);
  heddle_error_delete(error);
}

START_TEST(accepting) {
  struct world w;
  world_open(&w, &(struct world_options){.grant = grant_listener});
  OK(&w, "fd_fdstat_set_flags", SOCKET, FDFLAGS_NONBLOCK);
  FAILS(&w, AGAIN, "sock_accept", SOCKET, 0, OUT);
  FAILS(&w, INVAL, "sock_accept", SOCKET, FDFLAGS_APPEND, OUT);
  int client = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in at = {
      .sin_family = AF_INET, .sin_port = (in_port_t)port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  ck_assert(!connect(client, (struct sockaddr *)&at, sizeof at));
  OK(&w, "sock_accept", SOCKET, FDFLAGS_NONBLOCK, OUT);
  uint32_t fd = get_u32(w.memory + OUT);
  world_iov(&w, IOV, DATA, 100);
  FAILS(&w, AGAIN, "fd_read", fd, IOV, 1, OUT);
  ck_assert_int_eq(write(client, "x", 1), 1);
  OK(&w, "fd_fdstat_set_flags", fd, 0);
  OK(&w, "fd_read", fd, IOV, 1, OUT);
  ck_assert_uint_eq(get_u32(w.memory + OUT), 1);
  close(client);
  OK(&w, "fd_read", fd, IOV, 1, OUT);
  ck_assert_uint_eq(get_u32(w.memory + OUT), 0);
  world_close(&w);
}
END_TEST

/* ---- interruption ---- */

struct alarm {
  heddle_interrupt_t *interrupt;
  bool timeout;
};

static void *raise_soon(void *arg) {
  struct alarm *a = arg;
  nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
  if (a->timeout)
    heddle_interrupt_raise_timeout(a->interrupt);
  else
    heddle_interrupt_raise(a->interrupt);
  return NULL;
}

START_TEST(interruption_wakes) {
  struct world w;
  struct alarm a;
  world_open(&w, &(struct world_options){.grant = grant, .interruption = true});
  ck_assert(!heddle_store_interrupt(w.store, &a.interrupt));
  for (int i = 0; i < 10; i++) {
    pthread_t thread;
    uint64_t start = now_ms();
    a.timeout = i & 1;
    world_iov(&w, IOV, DATA, 30000);
    ck_assert(!pthread_create(&thread, NULL, raise_soon, &a));
    int e = 0;
    switch (i / 2) {
    case 0:
      sub_clock(&w, 0, 1, UINT64_C(3600000000000), 0);
      sub_fd(&w, 1, EVENTTYPE_FD_READ, PIPE_IN);
      e = CALL(&w, "poll_oneoff", SUBS, EVENTS, 2, OUT);
      break;
    case 1: e = CALL(&w, "fd_read", PIPE_IN, IOV, 1, OUT); break;
    case 2: e = CALL(&w, "sock_recv", SOCKET, IOV, 1, 0, OUT, OUT + 8); break;
    case 3:
      while (!e)
        e = CALL(&w, "fd_write", PIPE_OUT, IOV, 1, OUT);
      break;
    default:
      while (!e)
        e = CALL(&w, "sock_send", SOCKET, IOV, 1, 0, OUT);
    }
    pthread_join(thread, NULL);
    ck_assert_int_eq(e, -1);
    ck_assert_int_eq(w.trap, a.timeout ? HEDDLE_TRAP_TIMEOUT : HEDDLE_TRAP_INTERRUPT);
    ck_assert_uint_lt(now_ms() - start, 5000);
    heddle_interrupt_clear(a.interrupt);
  }
  heddle_interrupt_delete(a.interrupt);
  world_close(&w);
}
END_TEST

int main(void) {
  return UNIT_RUN("wasi/poll", bad_subscriptions, clocks, files_and_pipes, closed_pipe, not_waiting,
                  socket_calls, accepting, interruption_wakes);
}
