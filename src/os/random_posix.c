/* Entropy by getrandom. */
#include "os/random.h"

#include <errno.h>
#include <sys/random.h>

bool random_bytes(void *out, size_t size) {
  uint8_t *p = out;
  while (size > 0) {
    ssize_t got = getrandom(p, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    p += got;
    size -= (size_t)got;
  }
  return true;
}
