/* See errno.h.  The table is errno.def. */
#include "wasi/errno.h"

#include <assert.h>
#include <errno.h>

static_assert(ERRNO_BADF == 8 && ERRNO_FAULT == 21 && ERRNO_INVAL == 28 && ERRNO_NOTCAPABLE == 76,
              "the order of errno.def is the numbering of WASI");

enum wasi_errno errno_of(int host) {
  switch (host) {
#define ERRNO(name)                                                                                          \
  case E##name:                                                                                              \
    return ERRNO_##name;
#define ERRNO_OWN(name)
#include "wasi/errno.def"
#undef ERRNO
#undef ERRNO_OWN
  default: return ERRNO_IO;
  }
}
