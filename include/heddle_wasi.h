/* heddle: WASI preview 1 for a linker.  See heddle.h for conventions.
 *
 * A heddle_wasi_t is the state of one guest process: arguments, environment, descriptors. Several stores may
 * use it at once, each on a thread of its own (the guest's threads); it must be set up before and must
 * outlive the instances that import it. Nothing is granted by default: no arguments, no environment, no
 * directories, and stdin empty, stdout and stderr discarded until set.
 *
 * A host descriptor that is handed over with `own` is closed with the wasi (or when the guest closes it);
 * when the call fails it stays the caller's. A guest that writes to a pipe that nobody reads gets EPIPE, if
 * the process ignores SIGPIPE. A listening socket should be O_NONBLOCK, so that accepting can be interrupted
 * even when another process takes the connection. */
#ifndef HEDDLE_WASI_H
#define HEDDLE_WASI_H

#include <heddle.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct heddle_wasi heddle_wasi_t;

HEDDLE_API heddle_wasi_t *heddle_wasi_new(void); /* NULL when memory is out */
HEDDLE_API void heddle_wasi_delete(heddle_wasi_t *wasi);
HEDDLE_API heddle_error_t *heddle_wasi_arg(heddle_wasi_t *wasi, const char *arg); /* appends one; copied */
HEDDLE_API heddle_error_t *heddle_wasi_env(heddle_wasi_t *wasi, const char *name,
                                           const char *value); /* copied; the last of a name wins */
/* A host descriptor as the guest's 0, 1 or 2. */
HEDDLE_API heddle_error_t *heddle_wasi_stdio(heddle_wasi_t *wasi, int guest_fd, int host_fd, bool own);
HEDDLE_API heddle_error_t *heddle_wasi_inherit_stdio(heddle_wasi_t *wasi);
/* Opens `host_path` as a pre-opened directory named `guest_path`. Errors name the path and the reason. */
HEDDLE_API heddle_error_t *heddle_wasi_preopen(heddle_wasi_t *wasi, const char *host_path,
                                               const char *guest_path, bool read_only);
/* Hands the guest a listening or connected socket as its next descriptor, from 3 on. */
HEDDLE_API heddle_error_t *heddle_wasi_socket(heddle_wasi_t *wasi, int host_fd, bool own);
HEDDLE_API void heddle_wasi_set_max_fds(heddle_wasi_t *wasi, uint32_t max); /* default 4096 */
/* random_get from a seeded generator instead of the system's (for reproducible runs). */
HEDDLE_API void heddle_wasi_set_random_seed(heddle_wasi_t *wasi, uint64_t seed);
/* Defines all functions under "wasi_snapshot_preview1" and "wasi_unstable". */
HEDDLE_API heddle_error_t *heddle_linker_define_wasi(heddle_linker_t *linker, heddle_wasi_t *wasi);

/* ---- threads of the guest (wasi-threads): needs the options "threads" and "interruption"
 * ---------------------------------------------------------------------------------------------- */

/* A thread of the guest is a new instance of the same module, in a store of its own, on a thread of the
 * system; the instances have the module's imported shared memories in common, and the process. */
typedef struct heddle_wasi_threads heddle_wasi_threads_t;
/* For the program `module`, whose main instance is going to be made in `store` with `linker`. Defines in the
 * linker "wasi" "thread-spawn", and a new memory for each shared memory that the module imports. Everything
 * else that the module imports must be a definition for any store; nothing may be defined from the first
 * spawn on. At most `max_threads` at once, beside the main one; a spawn beyond that gets a negative number,
 * as does one that the system refuses. Linker, store and module must outlive it. USAGE when the options are
 * not set. */
HEDDLE_API heddle_error_t *heddle_wasi_threads_new(heddle_linker_t *linker, heddle_store_t *store,
                                                   heddle_module_t *module, uint32_t max_threads,
                                                   heddle_wasi_threads_t **own);
/* The main thread's call is over, with `error` or NULL (taken over). Ends all others, waits for them, and
 * returns how the process ended: with the first error of any thread (a trap, proc_exit, ...), which had all
 * others interrupted, or as the main thread did. */
HEDDLE_API heddle_error_t *heddle_wasi_threads_end(heddle_wasi_threads_t *threads, heddle_error_t *error);
HEDDLE_API void heddle_wasi_threads_delete(heddle_wasi_threads_t *threads); /* ends them, too */

#ifdef __cplusplus
}
#endif
#endif
