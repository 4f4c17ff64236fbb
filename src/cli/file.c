/* heddle validate, parse, print, inspect: modules as files, nothing is run. */
#include "base/alloc.h"
#include "base/out.h"
#include "cli/command.h"
#include "cli/load.h"

#include <string.h>

/* ---- validate ---- */

static bool validate_one(const struct report *r, heddle_engine_t *engine, const char *path) {
  struct buf wasm;
  if (!load_wasm(r, engine, path, &wasm)) return false;
  heddle_error_t *error = heddle_module_validate(engine, wasm.data, wasm.len, false);
  buf_free(&wasm);
  if (error) report_file(r, path, "is not valid", error);
  return !error;
}

int command_validate(const struct cli_options *o, const struct report *r) {
  heddle_engine_t *engine = new_engine(r, o);
  if (!engine) return EXIT_FAILED;
  bool ok = true;
  for (uint32_t i = 0; i < o->nfiles; i++)
    ok &= validate_one(r, engine, o->files[i]);
  heddle_engine_delete(engine);
  return ok ? EXIT_OK : EXIT_FAILED;
}

/* ---- parse and print ---- */

/* One file in, one file out. */
static int convert(const struct cli_options *o, const struct report *r, bool to_text) {
  if (o->nfiles != 1) {
    report_line(r, "expected one file, found %u", o->nfiles);
    return EXIT_USAGE;
  }
  heddle_engine_t *engine = new_engine(r, o);
  struct buf wasm;
  if (!engine) return EXIT_FAILED;
  bool ok = load_wasm(r, engine, o->files[0], &wasm);
  heddle_bytes_t text = {0};
  if (ok && to_text) {
    heddle_error_t *error = heddle_wasm_to_wat(engine, wasm.data, wasm.len, &text);
    if (error) report_file(r, o->files[0], "cannot be printed", error);
    ok = !error;
  }
  const char *path = o->output ? o->output : "-";
  if (ok) ok = to_text ? save_bytes(r, path, text.data, text.len) : save_bytes(r, path, wasm.data, wasm.len);
  heddle_bytes_delete(&text);
  buf_free(&wasm);
  heddle_engine_delete(engine);
  return ok ? EXIT_OK : EXIT_FAILED;
}

int command_parse(const struct cli_options *o, const struct report *r) { return convert(o, r, false); }
int command_print(const struct cli_options *o, const struct report *r) { return convert(o, r, true); }

/* ---- inspect ---- */

static const char *const kind_words[] = {"func", "table", "memory", "global", "tag"};

static void print_valtypes(struct out *out, const heddle_engine_t *engine, const heddle_valtype_t *types,
                           size_t n) {
  char text[64];
  for (size_t i = 0; i < n; i++) {
    heddle_valtype_text(engine, types[i], text, sizeof text);
    out_printf(out, "%s%s", i ? " " : "", text);
  }
}

static void print_type(struct out *out, const heddle_engine_t *engine, const heddle_externtype_t *t) {
  char text[64];
  switch (t->kind) {
  case HEDDLE_FUNC:
  case HEDDLE_TAG:
    out_cstr(out, t->is_exact ? "exact [" : "[");
    print_valtypes(out, engine, t->func.params, t->func.nparams);
    out_cstr(out, "] -> [");
    print_valtypes(out, engine, t->func.results, t->func.nresults);
    out_cstr(out, "]");
    break;
  case HEDDLE_TABLE:
  case HEDDLE_MEMORY:
    out_printf(out, "%s%llu", t->limits.is64 ? "i64 " : "", (unsigned long long)t->limits.min);
    if (t->limits.has_max) out_printf(out, "..%llu", (unsigned long long)t->limits.max);
    if (t->kind == HEDDLE_TABLE) {
      heddle_valtype_text(engine, t->valtype, text, sizeof text);
      out_printf(out, " %s", text);
    } else
      out_cstr(out, t->limits.shared ? " pages shared" : " pages");
    break;
  case HEDDLE_GLOBAL:
    heddle_valtype_text(engine, t->valtype, text, sizeof text);
    out_printf(out, t->is_mutable ? "(mut %s)" : "%s", text);
    break;
  }
}

static void print_entry(struct out *out, const heddle_engine_t *engine, bool json, bool first,
                        const heddle_str_t *module, heddle_str_t name, const heddle_externtype_t *type) {
  struct buf text;
  buf_init(&text);
  struct out type_out = out_buf(&text);
  print_type(&type_out, engine, type);
  if (json) {
    out_cstr(out, first ? "{" : ", {");
    if (module) {
      out_cstr(out, "\"module\": ");
      out_json_string(out, slice_of(module->data, module->len));
      out_cstr(out, ", ");
    }
    out_cstr(out, "\"name\": ");
    out_json_string(out, slice_of(name.data, name.len));
    out_printf(out, ", \"kind\": \"%s\", \"type\": ", kind_words[type->kind]);
    out_json_string(out, buf_slice(&text));
    out_cstr(out, "}");
  } else {
    out_cstr(out, module ? "  import " : "  export ");
    if (module) {
      out_json_string(out, slice_of(module->data, module->len));
      out_cstr(out, " ");
    }
    out_json_string(out, slice_of(name.data, name.len));
    out_printf(out, " %s ", kind_words[type->kind]);
    out_slice(out, buf_slice(&text));
    out_cstr(out, "\n");
  }
  buf_free(&text);
}

static void inspect_sections(struct out *out, bool json, const struct buf *wasm) {
  heddle_section_t s;
  for (size_t i = 0; heddle_wasm_section(wasm->data, wasm->len, i, &s); i++) {
    if (json) {
      out_cstr(out, i ? ", {\"name\": " : "{\"name\": ");
      out_json_string(out, slice_of(s.name.data, s.name.len));
      out_printf(out, ", \"id\": %u, \"offset\": %llu, \"size\": %llu, \"items\": %llu}", s.id,
                 (unsigned long long)s.offset, (unsigned long long)s.size, (unsigned long long)s.items);
    } else if (s.id == 0) {
      out_cstr(out, "  custom ");
      out_json_string(out, slice_of(s.name.data, s.name.len));
      out_printf(out, " at 0x%llx, %llu bytes\n", (unsigned long long)s.offset, (unsigned long long)s.size);
    } else
      out_printf(out, "  %.*s at 0x%llx, %llu bytes, %llu items\n", (int)s.name.len, s.name.data,
                 (unsigned long long)s.offset, (unsigned long long)s.size, (unsigned long long)s.items);
  }
}

static void inspect(struct out *out, const heddle_engine_t *engine, bool json, const char *path,
                    const struct buf *wasm, const heddle_module_t *m) {
  out_cstr(out, json ? "{\"file\": " : "");
  if (json)
    out_json_string(out, slice_cstr(path));
  else
    out_printf(out, "%s: %zu bytes\n", path, wasm->len);
  out_cstr(out, json ? ", \"sections\": [" : "");
  inspect_sections(out, json, wasm);
  out_cstr(out, json ? "], \"imports\": [" : "");
  heddle_import_t import;
  for (size_t i = 0; heddle_module_import(m, i, &import); i++)
    print_entry(out, engine, json, i == 0, &import.module, import.name, &import.type);
  out_cstr(out, json ? "], \"exports\": [" : "");
  heddle_export_t export;
  for (size_t i = 0; heddle_module_export(m, i, &export); i++)
    print_entry(out, engine, json, i == 0, NULL, export.name, &export.type);
  out_cstr(out, json ? "]}\n" : "");
}

int command_inspect(const struct cli_options *o, const struct report *r) {
  heddle_engine_t *engine = new_engine(r, o);
  if (!engine) return EXIT_FAILED;
  struct out out = out_file(stdout);
  bool ok = true;
  for (uint32_t i = 0; i < o->nfiles; i++) {
    struct buf wasm;
    if (!load_wasm(r, engine, o->files[i], &wasm)) {
      ok = false;
      continue;
    }
    heddle_module_t *m = NULL;
    heddle_error_t *error = heddle_module_parse(engine, wasm.data, wasm.len, &m);
    if (error)
      report_file(r, o->files[i], "cannot be inspected", error);
    else
      inspect(&out, engine, o->json, o->files[i], &wasm, m);
    ok &= !error;
    heddle_module_delete(m);
    buf_free(&wasm);
  }
  heddle_engine_delete(engine);
  return ok ? EXIT_OK : EXIT_FAILED;
}
