/* Files to modules: binary, text or precompiled, with messages that name the file. */
#ifndef CLI_LOAD_H
#define CLI_LOAD_H

#include "base/buf.h"
#include "cli/report.h"

/* Reads the whole file ("-": standard input). False: reported. Own: *out (buf_free). */
MUST_USE bool load_bytes(const struct report *r, const char *path, struct buf *out);
/* The same, as a binary module: text is translated. */
MUST_USE bool load_wasm(const struct report *r, heddle_engine_t *engine, const char *path, struct buf *out);
/* A compiled module. `precompiled`: what heddle_module_serialize wrote is accepted. NULL: reported. */
MUST_USE heddle_module_t *load_module(const struct report *r, heddle_engine_t *engine, const char *path,
                                      bool precompiled, bool progress);
/* Writes atomically ("-": standard output). False: reported. */
MUST_USE bool save_bytes(const struct report *r, const char *path, const void *data, size_t len);
MUST_USE heddle_engine_t *new_engine(const struct report *r,
                                     const struct cli_options *o); /* NULL: reported */
/* "path: what" is the headline of errors about a file. */
void report_file(const struct report *r, const char *path, const char *what, heddle_error_t *error);

#endif
