/* The guest as a process. */
#include "wasi/wasi.h"

#include <sched.h>

enum wasi_errno sys_proc_exit(struct call *c) {
  c->error = heddle_error_new_exit((int32_t)call_u32(c, 0));
  return ERRNO_SUCCESS;
}

/* A signal would reach the embedder's process, which is not the guest's to signal. */
enum wasi_errno sys_proc_raise(struct call *c) {
  (void)c;
  return ERRNO_NOTSUP;
}

enum wasi_errno sys_sched_yield(struct call *c) {
  call_leave(c);
  sched_yield();
  call_return(c);
  return ERRNO_SUCCESS;
}
