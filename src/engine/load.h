/* struct program: a module that can be instantiated. Bytes come in, machine code goes out; load.c reads like
 * the story: decode, validate, compile, publish.
 *
 * Reference counted, constant once made, shared by threads. Must not: know stores or instances. */
#ifndef ENGINE_LOAD_H
#define ENGINE_LOAD_H

#include "base/arena.h"
#include "engine/engine.h"
#include "engine/lazy.h"
#include "validate/validate.h"

struct code_image;

struct program {
  _Atomic uint32_t refs;
  struct engine *engine; /* one reference */
  struct arena arena;    /* module */
  uint8_t *bytes;        /* the module's bytes, owned; NULL when they lie in `file` */
  const void *file;      /* a mapping (vm_map_file), owned, or NULL */
  size_t file_size;
  struct valid_module *valid;
  struct code_image *image;   /* one reference; image->area: functions come when they are called (lazy.h) */
  struct compile_stats stats; /* cycles by stage, summed over functions */
  uint64_t validate_cycles;
  struct lazy lazy;
  uint64_t cache_key; /* cache.h; 0: it is not kept there */
};

/* For one function's work: what its size in bytes does not bound (calls of a thousand values) this does. */
#define SCRATCH_MOST ((size_t)485 << 20)

typedef bool (*program_progress)(void *env, size_t done, size_t total);

/* `own`: the module's bytes when they are the program's to free (mem_free), also when this fails; NULL: they
 * are copied. */
MUST_USE bool program_load(struct engine *engine, struct slice wasm, uint8_t *own, program_progress progress,
                           void *env, struct program **out, struct error *e);
/* The same without compiling: `image` is NULL. */
MUST_USE bool program_parse(struct engine *engine, struct slice wasm, struct program **out, struct error *e);
/* A module that was valid when its code was saved: its bodies are not judged again. `wasm` lies in the
 * mapping `file`, which the program owns from here on, also on failure. `image` is the caller's to set
 * (image.c). */
MUST_USE bool program_adopt(struct engine *engine, struct slice file, struct slice wasm,
                            struct body_facts bodies, struct program **out, struct error *e);
/* All functions of the program, compiled now; adds to *stats (NULL: not). Own: *out. */
MUST_USE bool program_compile(const struct program *p, program_progress progress, void *env,
                              struct compile_stats *stats, struct code_image **out, struct error *e);
MUST_USE bool program_validate(struct engine *engine, struct slice wasm, bool check_customs, struct error *e);
/* Prints what the compiler makes of function `index` (UINT32_MAX: each) at the stages in `dump` (bits). */
MUST_USE bool program_dump(struct engine *engine, struct slice wasm, uint32_t index, uint32_t dump,
                           struct out *out, struct error *e);
struct program *program_ref(struct program *p);
void program_unref(struct program *p); /* NULL is fine */

#endif
