/* A guest without a program: all of WASI as functions that a test calls with the arguments it likes.
 *
 * A module made from src/wasi/syscall.def imports every function and exports a wrapper of the same name, and
 * a memory. The directory of a test holds `in`, which the guest has as descriptor 3, and `out`, which it must
 * never reach. */
#ifndef TESTS_WASI_WORLD_H
#define TESTS_WASI_WORLD_H

#include "../unit/unit.h"

#include "wasi/errno.h"
#include "wasi/guest.h"
#include "wasi/preview1.h"
#include "wasi/rights.h"

#include <heddle_wasi.h>

#include <string.h>

enum { MEMORY_SIZE = 2 * 65536, FD_IN = 3 };

struct world {
  heddle_engine_t *engine;
  heddle_linker_t *linker;
  heddle_store_t *store;
  heddle_wasi_t *wasi;
  heddle_instance_t instance;
  uint8_t *memory; /* MEMORY_SIZE bytes of the guest */
  uint32_t text;   /* where the next string goes */
  char dir[64];    /* on the host: holds in/ and out/ */
  heddle_trap_t trap;
  heddle_error_t *error; /* of the last call */
};

struct world_options {
  const char *module; /* "wasi_snapshot_preview1" when NULL */
  bool read_only, interruption;
  bool bare; /* nothing is granted */
  uint64_t seed;
  void (*grant)(struct world *w); /* more for the guest, before it starts */
};

void world_open(struct world *w, const struct world_options *o /* NULL: defaults */);
void world_close(struct world *w); /* removes the directory */

/* Calls a function; returns what the guest gets. When the guest would end: -1, and w->error. */
int world_call(struct world *w, const char *name, const int64_t *args, size_t nargs);
#define CALL(w, name, ...)                                                                                   \
  world_call((w), (name), (const int64_t[]){__VA_ARGS__}, sizeof((const int64_t[]){__VA_ARGS__}) / 8)
#define OK(w, name, ...)       ck_assert_int_eq(CALL(w, name, __VA_ARGS__), ERRNO_SUCCESS)
#define FAILS(w, e, name, ...) ck_assert_int_eq(CALL(w, name, __VA_ARGS__), ERRNO_##e)

/* Puts a string into the guest's memory: a pointer and a length for an argument list. */
uint32_t world_text(struct world *w, const char *text);
#define STR(w, text) world_text((w), (text)), (int64_t)strlen(text)

/* One buffer of `len` bytes at `data`, described at `at`. */
uint32_t world_iov(struct world *w, uint32_t at, uint32_t data, uint32_t len);

/* Opens below descriptor `dir`; asserts that it works. */
uint32_t world_path_open(struct world *w, uint32_t dir, const char *path, uint32_t oflags, uint64_t rights);

/* Files of the host, from the world's directory. */
void host_write(struct world *w, const char *path, const char *text);
void host_mkdir(struct world *w, const char *path);
void host_symlink(struct world *w, const char *target, const char *path);
const char *host_read(struct world *w, const char *path); /* NULL: there is none; valid until the next */
bool host_exists(struct world *w, const char *path);      /* links are not followed */

#define RW (RIGHTS_FD_READ | RIGHTS_FD_WRITE)

#endif
