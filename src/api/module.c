/* Modules: compile, validate, save, inspect, text both ways. */
#include "api/api.h"

#include "base/alloc.h"
#include "binary/decode.h"
#include "binary/reader.h"
#include "engine/cache.h"
#include "engine/image.h"
#include "runtime/code.h"
#include "text/parse.h"
#include "text/print.h"

#include <stdio.h>
#include <string.h>

heddle_error_t *heddle_module_new_progress(heddle_engine_t *engine, const void *wasm, size_t len,
                                           heddle_progress_t progress, void *env, heddle_module_t **own) {
  struct error e = ERROR_INIT;
  struct program *p;
  if (!program_load(engine_of(engine), bytes_of(wasm, len), NULL, progress, env, &p, &e))
    return api_error(&e);
  *own = (heddle_module_t *)p;
  return NULL;
}

heddle_error_t *heddle_module_new_taking(heddle_engine_t *engine, heddle_bytes_t *wasm,
                                         heddle_progress_t progress, void *env, heddle_module_t **own) {
  struct error e = ERROR_INIT;
  struct program *p;
  uint8_t *taken = wasm->data;
  struct slice bytes = bytes_of(taken, wasm->len);
  *wasm = (heddle_bytes_t){0};
  if (!program_load(engine_of(engine), bytes, taken, progress, env, &p, &e)) return api_error(&e);
  *own = (heddle_module_t *)p;
  return NULL;
}

heddle_error_t *heddle_module_new(heddle_engine_t *engine, const void *wasm, size_t len,
                                  heddle_module_t **own) {
  return heddle_module_new_progress(engine, wasm, len, NULL, NULL, own);
}

heddle_error_t *heddle_module_parse(heddle_engine_t *engine, const void *wasm, size_t len,
                                    heddle_module_t **own) {
  struct error e = ERROR_INIT;
  struct program *p;
  if (!program_parse(engine_of(engine), bytes_of(wasm, len), &p, &e)) return api_error(&e);
  *own = (heddle_module_t *)p;
  return NULL;
}

heddle_error_t *heddle_module_validate(heddle_engine_t *engine, const void *wasm, size_t len,
                                       bool check_customs) {
  struct error e = ERROR_INIT;
  return program_validate(engine_of(engine), bytes_of(wasm, len), check_customs, &e) ? NULL : api_error(&e);
}

heddle_module_t *heddle_module_ref(heddle_module_t *module) {
  return (heddle_module_t *)program_ref(&module->program);
}
void heddle_module_delete(heddle_module_t *module) { program_unref((struct program *)module); }

heddle_error_t *give_bytes(struct buf *b, heddle_bytes_t *own) {
  own->data = buf_take(b, &own->len);
  if (own->data) return NULL;
  buf_free(b);
  return api_error_memory();
}

static heddle_error_t *no_code(void) {
  return api_error_new(HEDDLE_ERROR_USAGE, "the module was not compiled");
}

heddle_error_t *heddle_module_serialize(const heddle_module_t *module, heddle_bytes_t *own) {
  if (!module->program.image) return no_code();
  struct error e = ERROR_INIT;
  uint8_t *data = image_save_bytes(&module->program, &own->len, &e);
  if (!data) return api_error(&e);
  own->data = data;
  return NULL;
}

heddle_error_t *heddle_module_serialize_file(const heddle_module_t *module, const char *path) {
  struct error e = ERROR_INIT;
  if (!module->program.image) return no_code();
  if (!path) return no_pointer("the path");
  return image_save_file(&module->program, path, &e) ? NULL : api_error(&e);
}

heddle_error_t *heddle_module_deserialize_file(heddle_engine_t *engine, const char *path,
                                               heddle_module_t **own) {
  struct error e = ERROR_INIT;
  struct program *p;
  if (!path) return no_pointer("the path");
  if (!image_load_file(engine_of(engine), path, &p, &e)) return api_error(&e);
  *own = (heddle_module_t *)p;
  return NULL;
}

bool heddle_cache_path(char *path, size_t size) { return cache_path(path, size); }
void heddle_cache_status(uint64_t *files, uint64_t *size_bytes) { cache_measure(files, size_bytes); }
uint64_t heddle_cache_clean(void) { return cache_clean(); }

bool heddle_is_serialized(const void *bytes, size_t len) { return image_is(bytes_of(bytes, len)); }
bool heddle_is_wasm(const void *bytes, size_t len) { return module_is_binary(bytes_of(bytes, len)); }

/* ---- inspection ---- */

static const struct module *module_of(const heddle_module_t *m) { return m->program.valid->module; }

static heddle_externtype_t externtype_of(const heddle_module_t *module, enum extern_kind kind,
                                         uint32_t index) {
  const struct module *m = module_of(module);
  const struct canon *canon = module->program.engine->canon;
  heddle_externtype_t t = {.kind = (heddle_extern_kind_t)kind};
  switch (kind) {
  case EXTERN_FUNC:
    t.is_exact = m->funcs[index].exact;
    t.func = functype_export(&canon_type(canon, m->canon_ids[m->funcs[index].type])->func);
    break;
  case EXTERN_TABLE:
    t.valtype = module_canon_vt(m, m->tables[index].type.elem);
    t.limits = limits_export(&m->tables[index].type.limits);
    break;
  case EXTERN_MEMORY: t.limits = memory_limits_export(&m->mems[index].type.limits); break;
  case EXTERN_GLOBAL:
    t.valtype = module_canon_vt(m, m->globals[index].type.type);
    t.is_mutable = m->globals[index].type.mutable_;
    break;
  case EXTERN_TAG:
    t.func = functype_export(&canon_type(canon, m->canon_ids[m->tags[index].type.type])->func);
    break;
  }
  return t;
}

heddle_str_t heddle_module_name(const heddle_module_t *module) { return str_of(module_of(module)->name); }
size_t heddle_module_imports(const heddle_module_t *module) { return module_of(module)->nimports; }
size_t heddle_module_exports(const heddle_module_t *module) { return module_of(module)->nexports; }

bool heddle_module_import(const heddle_module_t *module, size_t index, heddle_import_t *out) {
  const struct module *m = module_of(module);
  if (index >= m->nimports) return false;
  const struct import *i = &m->imports[index];
  *out = (heddle_import_t){str_of(i->module), str_of(i->name), externtype_of(module, i->kind, i->index)};
  return true;
}

bool heddle_module_export(const heddle_module_t *module, size_t index, heddle_export_t *out) {
  const struct module *m = module_of(module);
  if (index >= m->nexports) return false;
  *out = (heddle_export_t){str_of(m->exports[index].name),
                           externtype_of(module, m->exports[index].kind, m->exports[index].index)};
  return true;
}

bool heddle_wasm_section(const void *wasm, size_t len, size_t index, heddle_section_t *out) {
  static const struct {
    uint8_t id;
    const char *name;
  } names[] = {
#define SECTION(id, NAME, order, text) {id, text},
#include "wasm/section.def"
#undef SECTION
  };
  struct error e = ERROR_INIT;
  struct reader r = reader_of(bytes_of(wasm, len), 0, &e);
  read_bytes(&r, 8);
  for (size_t at = 0; !reader_done(&r); at++) {
    *out = (heddle_section_t){.id = read_u8(&r)};
    struct reader body = reader_sub(&r, read_uleb32(&r));
    if (!reader_ok(&r)) return false;
    if (at != index) continue;
    out->offset = reader_off(&body);
    out->size = reader_left(&body);
    for (size_t i = 0; i < COUNT_OF(names); i++)
      if (names[i].id == out->id) out->name = str_of(slice_cstr(names[i].name));
    if (out->id == 0)
      out->name = str_of(read_name(&body));
    else
      out->items = out->id == 8 ? 1 : read_uleb32(&body);
    return true;
  }
  return false;
}

bool heddle_module_code(const heddle_module_t *module, size_t index, heddle_str_t *name, const void **address,
                        size_t *size) {
  const struct code_image *image = module->program.image;
  if (!image || image->area || index >= image->nfuncs) return false;
  uint32_t func = image->nimported + (uint32_t)index;
  const uint8_t *at = code_image_func(image, func);
  const uint8_t *end =
      index + 1 < image->nfuncs ? code_image_func(image, func + 1) : image->base + image->size;
  *name = str_of(module_func_name(module_of(module), func));
  *address = at;
  *size = (size_t)(end - at);
  return true;
}

/* ---- text ---- */

heddle_error_t *heddle_wat_to_wasm(heddle_engine_t *engine, const char *text, size_t len,
                                   heddle_bytes_t *own) {
  struct error e = ERROR_INIT;
  struct buf b;
  buf_init(&b);
  if (text_parse_module(bytes_of(text, len), engine_of(engine)->config.features, &b, &e))
    return give_bytes(&b, own);
  buf_free(&b);
  return api_error(&e);
}

heddle_error_t *heddle_wasm_to_wat(heddle_engine_t *engine, const void *wasm, size_t len,
                                   heddle_bytes_t *own) {
  struct error e = ERROR_INIT;
  struct arena arena;
  jmp_buf on_oom;
  struct buf b;
  buf_init(&b);
  arena_init(&arena, &on_oom);
  bool ok;
  if (setjmp(on_oom))
    ok = error_memory(&e);
  else {
    struct module *m = module_decode(&arena, bytes_of(wasm, len), engine_of(engine)->config.features, &e);
    struct out out = out_buf(&b);
    ok = m && text_print_module(m, &out, &e);
  }
  arena_free(&arena);
  if (ok) return give_bytes(&b, own);
  buf_free(&b);
  return api_error(&e);
}

heddle_error_t *heddle_dump(heddle_engine_t *engine, const void *wasm, size_t len, const char *stages,
                            uint32_t function, heddle_bytes_t *own) {
  uint32_t bits = 0;
  if (!stages) return no_pointer("the list of stages");
  for (const char *at = stages; *at;) {
    size_t n = strcspn(at, ",");
    uint32_t bit = stage_bit(slice_of(at, n));
    if (!bit)
      return api_error_new(HEDDLE_ERROR_USAGE,
                           "there is no stage \"%.*s\": build, tidy, select, spill, assign, emit", (int)n,
                           at);
    bits |= bit;
    at += n + (at[n] == ',');
  }
  struct error e = ERROR_INIT;
  struct buf b;
  buf_init(&b);
  struct out out = out_buf(&b);
  if (program_dump(engine_of(engine), bytes_of(wasm, len), function, bits, &out, &e))
    return give_bytes(&b, own);
  buf_free(&b);
  return api_error(&e);
}

bool heddle_module_timing(const heddle_module_t *module, size_t index, heddle_timing_t *out) {
  const struct program *p = &module->program;
  const struct module *m = module_of(module);
  if (index > STAGE_COUNT) return false;
  *out = (heddle_timing_t){.stage = "validate", .cycles = p->validate_cycles};
  if (index > 0)
    *out =
        (heddle_timing_t){.stage = stage_name((enum stage)(index - 1)), .cycles = p->stats.cycles[index - 1]};
  for (uint32_t i = m->nimported_funcs; i < m->nfuncs; i++)
    out->bytes += m->funcs[i].body_size;
  return true;
}
