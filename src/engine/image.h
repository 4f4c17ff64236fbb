/* Saved code: a program as a file, and back.
 *
 * A file holds the module's bytes and its code image, behind a head that names build, CPU features and
 * options. Nothing is patched on load: the file is mapped privately. Only valid modules have code that could
 * be saved, so the bodies are not judged again, those without code neither: what judging found is in the
 * head. Trusted input only: whoever can write the file can run machine code. */
#ifndef ENGINE_IMAGE_H
#define ENGINE_IMAGE_H

#include "base/gather.h"
#include "engine/load.h"

/* Everything that code depends on besides the module. Compared as bytes: no padding. */
struct image_head {
  char magic[16];
  uint8_t build[32]; /* of the program that compiled it; zeros when that has no identity */
  char isa[16];
  uint64_t options; /* compile_config_key */
  uint64_t features;
  uint32_t cpu;
  uint32_t facts;     /* what validation found in the bodies; not compared */
  uint64_t wasm_size; /* the module follows the head; the image begins at the next multiple of IMAGE_ALIGN */
};
struct image_head image_head_of(const struct engine *engine, uint64_t wasm_size);

/* Appends what is there, borrowed from the program. */
void image_save(const struct program *p, struct gather *out);
/* The same with every function, those of an area are compiled for it: as bytes (mem_free; NULL: an error), as
 * a file. */
MUST_USE uint8_t *image_save_bytes(const struct program *p, size_t *len, struct error *e);
MUST_USE bool image_save_file(const struct program *p, const char *path, struct error *e);
/* The same for an open file, which stays the caller's. `wasm` (NULL: any): the module that it must hold. */
MUST_USE bool image_load_fd(struct engine *engine, int fd, uint64_t size, const struct slice *wasm,
                            struct program **out, struct error *e);
MUST_USE bool image_load_file(struct engine *engine, const char *path, struct program **out, struct error *e);
bool image_is(struct slice bytes);

#endif
