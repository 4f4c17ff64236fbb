/* WASI preview 1 on the public API: state, registration, and the way from a call of the guest to its handler.
 *
 * In: the rows of syscall.def.  Out: host functions of a linker, under both module names. Must not: know what
 * any of the functions does. */
#include "wasi/wasi.h"

#include "base/alloc.h"
#include "wasi/preview1.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

struct syscall {
  const char *name, *params;
  enum wasi_errno (*handler)(struct call *c);
};

static const struct syscall syscalls[] = {
#define SYSCALL(name, params) {#name, params, sys_##name},
#include "wasi/syscall.def"
#undef SYSCALL
};
static_assert(COUNT_OF(syscalls) == WASI_SYSCALLS, "all of preview 1");

heddle_wasi_t *heddle_wasi_new(void) {
  heddle_wasi_t *wasi = mem_zalloc(1, sizeof *wasi);
  if (!wasi) return NULL;
  if (!mutex_init(&wasi->lock)) return mem_free(wasi), NULL;
  wasi->fds.max = 4096;
  buf_init(&wasi->args.bytes);
  buf_init(&wasi->env.bytes);
  for (uint8_t i = 0; i < WASI_SYSCALLS; i++)
    for (int old = 0; old < 2; old++)
      wasi->bindings[old][i] = (struct syscall_binding){wasi, i, old};
  return wasi;
}

void heddle_wasi_delete(heddle_wasi_t *wasi) {
  if (!wasi) return;
  fdtable_free(&wasi->fds);
  buf_free(&wasi->args.bytes);
  buf_free(&wasi->env.bytes);
  while (wasi->scratches) {
    struct scratch *next = wasi->scratches->next;
    mem_free(wasi->scratches);
    wasi->scratches = next;
  }
  mutex_free(&wasi->lock);
  mem_free(wasi);
}

void heddle_wasi_set_max_fds(heddle_wasi_t *wasi, uint32_t max) { wasi->fds.max = max; }

void heddle_wasi_set_random_seed(heddle_wasi_t *wasi, uint64_t seed) {
  wasi->seeded = true;
  wasi->random_state = seed;
}

/* ---- one call ---- */

void call_refresh(struct call *c) {
  heddle_memory_t memory;
  size_t size = 0;
  c->guest = (struct guest){0};
  if (!heddle_caller_memory(c->caller, &memory)) return;
  c->guest.data = heddle_memory_data(heddle_caller_store(c->caller), memory, &size);
  c->guest.size = size;
}

static enum wasi_errno take_path(struct call *c, uint32_t at, uint32_t len) {
  const uint8_t *text = guest_slice(&c->guest, at, len);
  if (!text) return ERRNO_FAULT;
  if (len >= PATH_MAX) return ERRNO_NAMETOOLONG;
  char *path = c->scratch->paths[c->npaths];
  memcpy(path, text, len);
  path[len] = 0;
  if (memchr(path, 0, len)) return ERRNO_INVAL;
  c->path[c->npaths++] = path;
  return ERRNO_SUCCESS;
}

static uint32_t result_size(char letter, bool preview0) {
  switch (letter) {
  case '4': return 4;
  case '8': return 8;
  case 'D': return FDSTAT_SIZE;
  case 'F': return preview0 ? FILESTAT0_SIZE : FILESTAT_SIZE;
  case 'P': return PRESTAT_SIZE;
  default: return 0;
  }
}

/* Pointers are judged before strings' contents, so that a bad one is FAULT whatever else is wrong. */
static enum wasi_errno decode(struct call *c, const char *params, const heddle_val_t *args) {
  const heddle_val_t *val = args;
  for (int i = 0; params[i]; i++) {
    c->arg[i] = params[i] == 'l' ? (uint64_t)val->of.i64 : (uint32_t)val->of.i32;
    val += params[i] == 's' ? 2 : 1;
    uint32_t size = result_size(params[i], c->preview0);
    if (size && !guest_slice(&c->guest, call_u32(c, i), size)) return ERRNO_FAULT;
  }
  val = args;
  for (int i = 0; params[i]; i++) {
    enum wasi_errno e =
        params[i] == 's' ? take_path(c, (uint32_t)val->of.i32, (uint32_t)val[1].of.i32) : ERRNO_SUCCESS;
    if (e) return e;
    val += params[i] == 's' ? 2 : 1;
  }
  return ERRNO_SUCCESS;
}

void call_leave(struct call *c) { mutex_unlock(&c->wasi->lock); }
void call_return(struct call *c) { mutex_lock(&c->wasi->lock); }

/* As many as there are calls at once; kept for later ones. */
static struct scratch *take_scratch(heddle_wasi_t *wasi) {
  struct scratch *s = wasi->scratches;
  if (!s) return mem_alloc(sizeof *s);
  wasi->scratches = s->next;
  return s;
}

static void give_scratch(heddle_wasi_t *wasi, struct scratch *s) {
  s->next = wasi->scratches;
  wasi->scratches = s;
}

static heddle_error_t *dispatch(void *env, heddle_caller_t *caller, const heddle_val_t *args, size_t nargs,
                                heddle_val_t *results, size_t nresults) {
  const struct syscall_binding *binding = env;
  const struct syscall *syscall = &syscalls[binding->syscall];
  (void)nargs; /* the linker has checked the type */
  struct call c = {.wasi = binding->wasi, .caller = caller, .preview0 = binding->preview0};
  call_refresh(&c);
  mutex_lock(&c.wasi->lock);
  c.scratch = take_scratch(c.wasi);
  enum wasi_errno e = c.scratch ? decode(&c, syscall->params, args) : ERRNO_NOMEM;
  if (!e) e = syscall->handler(&c);
  if (c.scratch) give_scratch(c.wasi, c.scratch);
  mutex_unlock(&c.wasi->lock);
  if (nresults) results[0].of.i32 = (int32_t)e;
  return c.error;
}

/* ---- what handlers share ---- */

enum wasi_errno call_iovs(struct call *c, int pointer, int count, int *len) {
  uint32_t n = call_u32(c, count);
  uint64_t room = (UINT64_C(1) << 31) - 1;
  const uint8_t *array = guest_array(&c->guest, call_u32(c, pointer), n, IOVEC_SIZE);
  if (!array) return ERRNO_FAULT;
  *len = 0;
  for (uint32_t i = 0; i < n && i < CALL_MAX_IOVS; i++) {
    uint32_t at = get_u32(array + i * IOVEC_SIZE), size = get_u32(array + i * IOVEC_SIZE + 4);
    uint8_t *data = guest_slice(&c->guest, at, size);
    if (!data) return ERRNO_FAULT;
    size = (uint32_t)min_u64(size, room);
    room -= size;
    if (size) c->scratch->iovs[(*len)++] = (struct iovec){data, size};
  }
  return ERRNO_SUCCESS;
}

bool call_interrupted(struct call *c) {
  heddle_interrupt_t *interrupt = heddle_caller_interrupt(c->caller);
  heddle_trap_t trap = interrupt ? heddle_interrupt_trap(interrupt) : HEDDLE_TRAP_NONE;
  if (trap == HEDDLE_TRAP_NONE) return false;
  if (!c->error) c->error = heddle_error_new_trap(trap, NULL);
  return true;
}

/* Looks first, so that another thread that takes what is there leaves nobody waiting inside a read. */
static enum wasi_errno wait_for(struct call *c, struct fd *fd, short events, bool patient) {
  if (!fd->waits) return ERRNO_SUCCESS;
  heddle_interrupt_t *interrupt = heddle_caller_interrupt(c->caller);
  struct pollfd fds[] = {{.fd = fd->host, .events = events},
                         {.fd = interrupt ? heddle_interrupt_fd(interrupt) : -1, .events = POLLIN}};
  for (;;) {
    int n = poll(fds, COUNT_OF(fds), 0);
    if (call_interrupted(c)) return ERRNO_INTR;
    if (n < 0 && errno != EINTR) return errno_of(errno);
    if (n > 0 && fds[0].revents) break;
    if (n == 0 && !patient) return ERRNO_AGAIN;
    fd_pin(fd);
    call_leave(c);
    (void)poll(fds, COUNT_OF(fds), -1);
    call_return(c);
    if (!fd_unpin(fd)) return ERRNO_BADF;
  }
  call_refresh(c);
  return ERRNO_SUCCESS;
}

enum wasi_errno call_wait(struct call *c, struct fd *fd, short events) {
  return wait_for(c, fd, events, !(fd->flags & FDFLAGS_NONBLOCK));
}

enum wasi_errno call_wait_patiently(struct call *c, struct fd *fd, short events) {
  return wait_for(c, fd, events, true);
}

/* ---- registration ---- */

static heddle_error_t *define(heddle_linker_t *linker, const char *module, struct syscall_binding *binding) {
  const struct syscall *syscall = &syscalls[binding->syscall];
  heddle_valtype_t params[CALL_MAX_PARAMS + CALL_MAX_PATHS], result = HEDDLE_I32;
  size_t n = 0;
  for (const char *p = syscall->params; *p; p++) {
    params[n++] = *p == 'l' ? HEDDLE_I64 : HEDDLE_I32;
    if (*p == 's') params[n++] = HEDDLE_I32;
  }
  heddle_functype_t type = {params, n, &result, strcmp(syscall->name, "proc_exit") ? 1 : 0};
  return heddle_linker_define_func(linker, module, syscall->name, &type, dispatch, binding, NULL);
}

/* Standard descriptors that nobody set are /dev/null. */
static heddle_error_t *fill_stdio(heddle_wasi_t *wasi) {
  for (uint32_t n = 0; n < 3; n++) {
    struct fd fd;
    if (fdtable_at(&wasi->fds, n)) continue;
    int host = open("/dev/null", (n ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
    if (host < 0 || !fd_describe(host, true, &fd)) {
      if (host >= 0) close(host);
      return heddle_error_new("WASI: /dev/null cannot be opened for a standard descriptor");
    }
    if (fdtable_set(&wasi->fds, n, &fd))
      return heddle_error_new("WASI: no descriptors: out of memory, or the maximum is too low");
  }
  return NULL;
}

heddle_error_t *heddle_linker_define_wasi(heddle_linker_t *linker, heddle_wasi_t *wasi) {
  heddle_error_t *error = fill_stdio(wasi);
  for (int i = 0; i < WASI_SYSCALLS && !error; i++) {
    error = define(linker, "wasi_snapshot_preview1", &wasi->bindings[0][i]);
    if (!error) error = define(linker, "wasi_unstable", &wasi->bindings[1][i]);
  }
  return error;
}
