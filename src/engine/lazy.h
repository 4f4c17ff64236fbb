/* Functions that are compiled when they are first called.
 *
 * In: a program whose module is valid.  Out: an area in its image (runtime/code_area.h), to which a function
 * comes with its first call, on whichever thread makes that.  Two threads may compile the same function; the
 * first to publish wins.  Nothing waits, so a fork finds nothing held.  Must not: collect garbage, run guest
 * code. */
#ifndef ENGINE_LAZY_H
#define ENGINE_LAZY_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"
#include "engine/ahead.h"

struct program;

struct lazy {
  struct arena scratch;        /* kept warm between functions, for one thread at a time */
  _Atomic bool taken;          /* `scratch` is in use; a second thread makes do with an arena of its own */
  _Atomic uint32_t called;     /* functions that were compiled because they were called */
  struct ahead *_Atomic ahead; /* NULL: not begun */
  uint32_t len_in_cache;       /* functions that were there when the program came from the cache */
};

/* Gives the program an area, where the engine's configuration and the module's size ask for it. False: no,
 * compile it whole. */
bool lazy_start(struct program *p);
/* The same for one that was saved: `code` is what code_area_save wrote at `off` of the file. */
MUST_USE bool lazy_resume(struct program *p, int fd, uint64_t off, struct slice code, struct error *e);
void lazy_scratch_init(struct arena *scratch); /* for lazy_compile_in */
/* Compiles a function into the program's area with an arena of the caller's, in which *code lies. */
MUST_USE bool lazy_compile_in(struct program *p, uint32_t func_index, struct arena *scratch,
                              struct code *code);
/* struct instance_source's `compile`; `owner` is the program. */
bool lazy_compile(void *owner, uint32_t func_index);
/* The program's end: the cache gets what was compiled. */
void lazy_end(struct program *p);

#endif
