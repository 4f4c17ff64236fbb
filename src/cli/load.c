/* See load.h. */
#include "cli/load.h"

#include "base/alloc.h"
#include "os/clock.h"
#include "os/file.h"

#include <stdio.h>
#include <unistd.h>

#define MAX_FILE_SIZE ((size_t)1 << 30)

void report_file(const struct report *r, const char *path, const char *what, heddle_error_t *error) {
  char line[600];
  snprintf(line, sizeof line, "%s: %s", path, what);
  report_error(r, line, error);
}

heddle_engine_t *new_engine(const struct report *r, const struct cli_options *o) {
  heddle_engine_t *engine = NULL;
  heddle_error_t *error = heddle_engine_new(o->config, &engine);
  if (!error) return engine;
  report_error(r, "the engine cannot start", error);
  return NULL;
}

bool load_bytes(const struct report *r, const char *path, struct buf *out) {
  struct error e = ERROR_INIT;
  buf_init(out);
  uint8_t *data;
  size_t len;
  if (!file_read(path, MAX_FILE_SIZE, &data, &len, &e)) {
    report_line(r, "%s: %s", path, e.message);
    return false;
  }
  out->data = data;
  out->len = out->cap = len;
  return true;
}

bool save_bytes(const struct report *r, const char *path, const void *data, size_t len) {
  struct error e = ERROR_INIT;
  if (file_write(path, data, len, &e)) return true;
  report_line(r, "%s: %s", path, e.message);
  return false;
}

/* What the text parser refuses is shown where it stands. */
static void report_source(const struct report *r, const char *path, const struct buf *source,
                          heddle_error_t *error) {
  uint64_t offset;
  uint32_t line, column;
  heddle_bytes_t text;
  if (r->json || !heddle_error_position(error, &offset, &line, &column) || !line) {
    report_file(r, path, "is no WebAssembly text", error);
    return;
  }
  heddle_error_t *failed =
      heddle_error_format(error, path, (heddle_str_t){(const char *)source->data, source->len}, &text);
  if (failed) {
    heddle_error_delete(failed);
    report_file(r, path, "is no WebAssembly text", error);
    return;
  }
  report_text(r, slice_of(text.data, text.len));
  heddle_bytes_delete(&text);
  heddle_error_delete(error);
}

bool load_wasm(const struct report *r, heddle_engine_t *engine, const char *path, struct buf *out) {
  if (!load_bytes(r, path, out)) return false;
  if (out->len == 0) {
    report_line(r, "%s: is empty: expected a WebAssembly module, binary or text", path);
    buf_free(out);
    return false;
  }
  if (heddle_is_wasm(out->data, out->len) || heddle_is_serialized(out->data, out->len)) return true;
  heddle_bytes_t wasm;
  heddle_error_t *error = heddle_wat_to_wasm(engine, (const char *)out->data, out->len, &wasm);
  if (error) report_source(r, path, out, error);
  buf_free(out);
  if (error) return false;
  out->data = wasm.data;
  out->len = out->cap = wasm.len;
  return true;
}

/* ---- progress ---- */

enum { PROGRESS_AFTER_MS = 1000, PROGRESS_EVERY_MS = 100 };
struct progress {
  uint64_t start_ns, shown_ns;
  bool shown;
};

static bool show_progress(void *env, size_t done, size_t total) {
  struct progress *p = env;
  uint64_t now = clock_monotonic_ns();
  if (now - p->start_ns < PROGRESS_AFTER_MS * UINT64_C(1000000) ||
      now - p->shown_ns < PROGRESS_EVERY_MS * UINT64_C(1000000))
    return true;
  p->shown = true;
  p->shown_ns = now;
  fprintf(stderr, "\rcompiling %zu/%zu functions", done, total);
  fflush(stderr);
  return true;
}

/* Saved code is mapped, not read: its beginning tells. What can be read only once (a pipe) is none. */
static bool is_saved_code(const char *path) {
  char start[64];
  FILE *f = file_is_regular(path) ? fopen(path, "rb") : NULL;
  if (!f) return false;
  size_t len = fread(start, 1, sizeof start, f);
  fclose(f);
  return heddle_is_serialized(start, len);
}

heddle_module_t *load_module(const struct report *r, heddle_engine_t *engine, const char *path,
                             bool precompiled, bool progress) {
  struct buf bytes;
  buf_init(&bytes);
  bool saved = is_saved_code(path);
  heddle_module_t *module = NULL;
  heddle_error_t *error;
  if (!saved && !load_wasm(r, engine, path, &bytes)) return NULL;
  if (saved && precompiled)
    error = heddle_module_deserialize_file(engine, path, &module);
  else if (saved || heddle_is_serialized(bytes.data, bytes.len))
    error = heddle_error_new(
        "this is precompiled code; it runs unchecked, so say --allow-precompiled if you trust it");
  else {
    struct progress p = {.start_ns = clock_monotonic_ns()};
    bool show = progress && isatty(STDERR_FILENO);
    heddle_bytes_t wasm = {0};
    wasm.data = buf_take(&bytes, &wasm.len);
    error = heddle_module_new_taking(engine, &wasm, show ? show_progress : NULL, &p, &module);
    if (p.shown) fprintf(stderr, "\r\033[K");
  }
  buf_free(&bytes);
  if (error) report_file(r, path, "cannot be loaded", error);
  return module;
}
