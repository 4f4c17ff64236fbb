/* Hardware faults in compiled code become traps; all others go to the handler that was there before. */
#ifndef RUNTIME_SIGNAL_H
#define RUNTIME_SIGNAL_H

#include "base/error.h"

/* Installs the process-wide handlers once; further calls do nothing. Any thread. */
MUST_USE bool trap_handlers_install(struct error *e);

#endif
