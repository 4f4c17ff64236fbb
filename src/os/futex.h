/* Waiting for a word of memory to change.
 *
 * futex_wake may be called from any thread and from signal handlers. Must not: be used for words that other
 * processes see. */
#ifndef OS_FUTEX_H
#define OS_FUTEX_H

#include "base/check.h"

#include <stdatomic.h>

#define FUTEX_FOREVER UINT64_MAX
/* Returns when woken, when *word is not `expected` (at once), when `timeout_ns` have passed, or for no
 * reason: the caller looks at the word and at its clock again. */
void futex_wait(_Atomic uint32_t *word, uint32_t expected, uint64_t timeout_ns);
void futex_wake(_Atomic uint32_t *word); /* all who wait */

#endif
