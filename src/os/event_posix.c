/* Events by eventfd: see event.h. */
#include "os/event.h"

#include "base/alloc.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool event_open(int *fd) {
  if (alloc_should_fail()) return false;
  *fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return *fd >= 0;
}

void event_close(int fd) { close(fd); }

void event_set(int fd) {
  int saved = errno;
  uint64_t one = 1;
  ssize_t n =
      write(fd, &one, sizeof one); /* fails only when the counter is full: then it is readable anyway */
  (void)n;
  errno = saved;
}

void event_clear(int fd) {
  uint64_t count;
  ssize_t n = read(fd, &count, sizeof count);
  (void)n;
}
