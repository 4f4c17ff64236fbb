/* Futexes by the system call of Linux: see futex.h. */
#include "os/futex.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void futex_wait(_Atomic uint32_t *word, uint32_t expected, uint64_t timeout_ns) {
  const uint64_t second = 1000000000;
  struct timespec t = {.tv_sec = (time_t)(timeout_ns / second), .tv_nsec = (long)(timeout_ns % second)};
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, timeout_ns == FUTEX_FOREVER ? NULL : &t, NULL, 0);
}

void futex_wake(_Atomic uint32_t *word) {
  int saved = errno;
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
  errno = saved;
}
