/* An event: a flag that poll(2) can wait for.
 *
 * event_set may be called from any thread and from signal handlers. Must not: allocate after event_open. */
#ifndef OS_EVENT_H
#define OS_EVENT_H

#include "base/check.h"

MUST_USE bool event_open(int *fd); /* not set */
void event_close(int fd);
void event_set(int fd); /* readable from now on */
void event_clear(int fd);

#endif
