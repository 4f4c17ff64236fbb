/* Errors as the guest sees them. */
#ifndef WASI_ERRNO_H
#define WASI_ERRNO_H

#include <stdint.h>

enum wasi_errno {
  ERRNO_SUCCESS,
#define ERRNO(name)     ERRNO_##name,
#define ERRNO_OWN(name) ERRNO_##name,
#include "wasi/errno.def"
#undef ERRNO
#undef ERRNO_OWN
};

/* A host errno as a guest's; one that WASI does not have becomes IO. */
enum wasi_errno errno_of(int host);

#endif
