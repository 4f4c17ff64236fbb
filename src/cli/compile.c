/* heddle compile: code for later, or what the compiler does at each stage. */
#include "cli/command.h"
#include "cli/load.h"
#include "cli/stats.h"

#include <stdio.h>
#include <string.h>

static int dump(const struct cli_options *o, const struct report *r, heddle_engine_t *engine) {
  uint64_t func = UINT32_MAX;
  if (o->func && (!cli_parse_number(o->func, &func) || func > UINT32_MAX)) {
    report_line(r, "--func takes the index of a function");
    return EXIT_USAGE;
  }
  struct buf wasm;
  if (!load_wasm(r, engine, o->files[0], &wasm)) return EXIT_FAILED;
  heddle_bytes_t text = {0};
  heddle_error_t *error = heddle_dump(engine, wasm.data, wasm.len, o->dump, (uint32_t)func, &text);
  buf_free(&wasm);
  if (error) return report_file(r, o->files[0], "cannot be dumped", error), EXIT_FAILED;
  fwrite(text.data, 1, text.len, stdout);
  heddle_bytes_delete(&text);
  return EXIT_OK;
}

/* FILE with its ending replaced by .hmod; false when it does not fit. */
static bool default_output(const char *path, char *out, size_t size) {
  const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/');
  int stem = dot && (!slash || dot > slash) ? (int)(dot - path) : (int)strlen(path);
  int n = snprintf(out, size, "%.*s.hmod", stem, path);
  return n > 0 && (size_t)n < size;
}

static bool save_code(const struct report *r, const heddle_module_t *module, const char *path) {
  heddle_error_t *error = heddle_module_serialize_file(module, path);
  if (error) report_file(r, path, "cannot be saved", error);
  return !error;
}

static bool print_code(const struct cli_options *o, const struct report *r, const heddle_module_t *module) {
  heddle_bytes_t code = {0};
  heddle_error_t *error = heddle_module_serialize(module, &code);
  if (error) return report_file(r, o->files[0], "cannot be saved", error), false;
  bool ok = save_bytes(r, "-", code.data, code.len);
  heddle_bytes_delete(&code);
  return ok;
}

static int compile(const struct cli_options *o, const struct report *r, heddle_engine_t *engine) {
  char path[4096];
  const char *output = o->output ? o->output : path;
  if (!o->output && !default_output(o->files[0], path, sizeof path))
    return report_line(r, "%s: the name is too long", o->files[0]);
  heddle_module_t *module = load_module(r, engine, o->files[0], false, !o->quiet);
  if (!module) return EXIT_FAILED;
  if (o->timings) print_timings(r, module);
  bool ok = !strcmp(output, "-") ? print_code(o, r, module) : save_code(r, module, output);
  heddle_module_delete(module);
  return ok ? EXIT_OK : EXIT_FAILED;
}

int command_compile(const struct cli_options *o, const struct report *r) {
  if (o->nfiles != 1) {
    report_line(r, "expected one file, found %u", o->nfiles);
    return EXIT_USAGE;
  }
  /* The code must fit `heddle run`, which can always be interrupted. */
  heddle_error_delete(heddle_config_set(o->config, "interruption", "y"));
  heddle_engine_t *engine = new_engine(r, o);
  if (!engine) return EXIT_FAILED;
  int status = o->dump ? dump(o, r, engine) : compile(o, r, engine);
  heddle_engine_delete(engine);
  return status;
}
