/* One guest process and one call of it.
 *
 * A handler gets its decoded arguments in struct call, returns an error number for the guest, and sets
 * c->error when the guest must end instead. The threads of a guest share its process: a handler has the
 * process for itself, but for where it waits. */
#ifndef WASI_WASI_H
#define WASI_WASI_H

#include "base/buf.h"
#include "os/thread.h"
#include "wasi/fdtable.h"
#include "wasi/guest.h"

#include <heddle_wasi.h>

#include <limits.h>
#include <sys/uio.h>

enum { CALL_MAX_PARAMS = 9, CALL_MAX_PATHS = 2, CALL_MAX_IOVS = IOV_MAX, WASI_SYSCALLS = 46 };

/* NUL-terminated strings one after the other. */
struct strings {
  struct buf bytes;
  uint32_t len;
};

struct syscall_binding {
  heddle_wasi_t *wasi;
  uint8_t syscall; /* row of syscall.def */
  bool preview0;
};

struct heddle_wasi {
  struct fdtable fds;
  struct strings args, env;
  bool seeded;
  uint64_t random_state;
  struct syscall_binding bindings[2][WASI_SYSCALLS];
  struct mutex lock;         /* guards all of this; held by the running call */
  struct scratch *scratches; /* free ones */
};

/* Room of one call: too large for every call's frame. */
struct scratch {
  struct scratch *next;
  char paths[CALL_MAX_PATHS][PATH_MAX];
  struct iovec iovs[CALL_MAX_IOVS];
};

struct call {
  heddle_wasi_t *wasi;
  heddle_caller_t *caller;
  struct scratch *scratch;
  struct guest guest;
  bool preview0;
  uint8_t npaths;
  uint64_t arg[CALL_MAX_PARAMS]; /* by letter of syscall.def */
  char *path[CALL_MAX_PATHS];    /* the strings, copied and free of NULs inside; handlers may cut them up */
  heddle_error_t *error;         /* own: ends the guest */
};

static inline uint32_t call_u32(const struct call *c, int at) { return (uint32_t)c->arg[at]; }
/* A result pointer: a letter that was checked. */
static inline uint8_t *call_out(const struct call *c, int at) { return c->guest.data + call_u32(c, at); }
static inline enum wasi_errno call_fd(const struct call *c, int at, uint64_t right, struct fd **out) {
  return fdtable_get(&c->wasi->fds, call_u32(c, at), right, out);
}

/* Asks for guest memory anew: after whatever may have waited. */
void call_refresh(struct call *c);
/* Copies the guest's array of buffers to scratch->iovs, checked: at most CALL_MAX_IOVS of them and 2^31 bytes
 * in all, the rest is left for the guest's next call. */
enum wasi_errno call_iovs(struct call *c, int pointer, int count, int *len);
/* True (and c->error set) when the guest was interrupted. */
bool call_interrupted(struct call *c);
/* Waits until `fd` is ready for `events` of poll(2), and lets other threads' calls in meanwhile. AGAIN: the
 * guest wants no waiting. INTR: interrupted. BADF: closed meanwhile, and `fd` may be gone. */
enum wasi_errno call_wait(struct call *c, struct fd *fd, short events);
enum wasi_errno call_wait_patiently(struct call *c, struct fd *fd,
                                    short events); /* whatever the guest wants */
/* Around what may take long and needs nothing of the process that is not pinned. */
void call_leave(struct call *c);
void call_return(struct call *c);

#define SYSCALL(name, params) enum wasi_errno sys_##name(struct call *c);
#include "wasi/syscall.def"
#undef SYSCALL

#endif
