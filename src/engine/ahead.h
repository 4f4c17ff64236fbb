/* Compiling ahead: a thread that compiles functions which the program will probably call, while it runs.
 *
 * In: what the program's own threads compiled on demand (lazy.h).  Out: more functions in the program's area.
 * It begins once so many functions were called that the program is no short one, goes from callers to their
 * callees, newest first, and sleeps when there are none.  Nobody waits for it but the program's end, and that
 * for one function of bounded size.  A child of a fork goes on without it.  Must not: hold anything while it
 * compiles, report errors (whoever calls such a function finds them). */
#ifndef ENGINE_AHEAD_H
#define ENGINE_AHEAD_H

#include "abi/code.h"

struct ahead;
struct program;

/* NULL: no memory, no thread, or no second processor to run it on that may be used. */
struct ahead *ahead_start(struct program *p);
/* The program has called, so compiled, a function with this code. */
void ahead_note(struct ahead *a, const struct code *code);
/* Ends it, before anything of the program goes. NULL is fine. */
void ahead_end(struct ahead *a);

#endif
