/* The cache: saved code of whole modules in a directory of the user's, keyed by content, build, CPU and
 * options.
 *
 * In: a module's bytes.  Out: its program without compiling, when it was compiled before.  A file is believed
 * because only this user can have written it (os/private_dir), and used when it holds the very bytes,
 * compared one by one.  Only engines whose configuration says `cache` use it.  Must not: fail or print;
 * whatever is wrong with the directory, modules are compiled as without it. */
#ifndef ENGINE_CACHE_H
#define ENGINE_CACHE_H

#include "engine/load.h"

/* Names the module's content; 0: it is not to be cached. Reads all of it: asked once, then kept in the
 * program. */
uint64_t cache_key(const struct engine *engine, struct slice wasm);
MUST_USE bool cache_find(struct engine *engine, struct slice wasm, uint64_t key, struct program **out);
/* Saves a program that was compiled, wholly or in part, and removes what was not used for longest when the
 * cache grows too large. */
void cache_keep(const struct program *p);

/* $XDG_CACHE_HOME/heddle, or ~/.cache/heddle. False: neither is known. */
bool cache_path(char *path, size_t size);
void cache_measure(uint64_t *files, uint64_t *size_bytes);
uint64_t cache_clean(void); /* how many files are gone */

#endif
