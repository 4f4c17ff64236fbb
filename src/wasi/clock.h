/* Clocks by the guest's numbers. */
#ifndef WASI_CLOCK_H
#define WASI_CLOCK_H

#include "os/clock.h"
#include "wasi/errno.h"

/* INVAL: WASI has no such clock. */
enum wasi_errno clock_of(uint32_t id, enum clock_kind *out);

#endif
