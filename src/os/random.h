/* Entropy from the system, fit for keys. */
#ifndef OS_RANDOM_H
#define OS_RANDOM_H

#include "base/check.h"

MUST_USE bool random_bytes(void *out, size_t size); /* false only where the system has no entropy source */

#endif
