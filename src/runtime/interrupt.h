/* Interruption: a flag, a page that loop heads read, and a file descriptor that blocking host functions poll.
 *
 * Reference counted: the handle may outlive the store. raise may be called from any thread and from signal
 * handlers. */
#ifndef RUNTIME_INTERRUPT_H
#define RUNTIME_INTERRUPT_H

#include "base/error.h"

#include <stdatomic.h>

enum interrupt_state { INTERRUPT_NONE, INTERRUPT_RAISED, INTERRUPT_TIMEOUT };
struct interrupt;
MUST_USE bool interrupt_new(struct interrupt **out, struct error *e);
struct interrupt *interrupt_ref(struct interrupt *i);
void interrupt_unref(struct interrupt *i); /* NULL is fine */
/* `state` is RAISED or TIMEOUT. Async-signal-safe. */
void interrupt_raise(struct interrupt *i, enum interrupt_state state);
void interrupt_clear(struct interrupt *i);
enum interrupt_state interrupt_pending(const struct interrupt *i);
int interrupt_fd(const struct interrupt *i);           /* readable while raised */
const void *interrupt_page(const struct interrupt *i); /* unreadable while raised */
_Atomic uint32_t *
interrupt_word(struct interrupt *i); /* set by raise, which wakes who waits for it (os/futex.h) */
const void *
interrupt_quiet_page(void); /* for stores without interruption: always readable, never unmapped; any thread */

#endif
