#include "world.h"

#include "../support/wasi_module.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void no_error(heddle_error_t *error) {
  if (error) ck_abort_msg("%.*s", (int)heddle_error_message(error).len, heddle_error_message(error).data);
}

void world_open(struct world *w, const struct world_options *o) {
  static const struct world_options defaults;
  if (!o) o = &defaults;
  memset(w, 0, sizeof *w);
  strcpy(w->dir, "/tmp/heddle-wasi-XXXXXX");
  ck_assert(mkdtemp(w->dir));
  host_mkdir(w, "in");
  host_mkdir(w, "out");
  host_write(w, "out/secret", "secret");

  heddle_config_t *config = heddle_config_new();
  no_error(heddle_config_set(config, "interruption", o->interruption ? "y" : "n"));
  no_error(heddle_engine_new(config, &w->engine));
  heddle_config_delete(config);
  no_error(heddle_store_new(w->engine, NULL, &w->store));
  w->linker = heddle_linker_new(w->engine);
  w->wasi = heddle_wasi_new();
  ck_assert(w->wasi && w->linker);
  if (!o->bare) {
    char in[80];
    snprintf(in, sizeof in, "%s/in", w->dir);
    no_error(heddle_wasi_preopen(w->wasi, in, "/", o->read_only));
    no_error(heddle_wasi_arg(w->wasi, "program"));
    no_error(heddle_wasi_env(w->wasi, "NAME", "value"));
  }
  if (o->seed) heddle_wasi_set_random_seed(w->wasi, o->seed);
  if (o->grant) o->grant(w);
  no_error(heddle_linker_define_wasi(w->linker, w->wasi));

  struct buf text;
  heddle_bytes_t bytes;
  heddle_module_t *module;
  wasi_module_text(&text, o->module ? o->module : "wasi_snapshot_preview1");
  ck_assert(buf_ok(&text));
  no_error(heddle_wat_to_wasm(w->engine, (const char *)text.data, text.len, &bytes));
  no_error(heddle_module_new(w->engine, bytes.data, bytes.len, &module));
  no_error(heddle_instantiate(w->linker, w->store, module, &w->instance));
  heddle_module_delete(module);
  heddle_bytes_delete(&bytes);
  buf_free(&text);

  heddle_extern_t memory;
  size_t size;
  ck_assert(heddle_instance_export(w->store, w->instance, (heddle_str_t){"memory", 6}, &memory));
  w->memory = heddle_memory_data(w->store, memory.of.memory, &size);
  ck_assert_uint_eq(size, MEMORY_SIZE);
  w->text = 65536;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw) {
  (void)st, (void)flag, (void)ftw;
  return remove(path);
}

void world_close(struct world *w) {
  heddle_error_delete(w->error);
  heddle_linker_delete(w->linker);
  heddle_store_delete(w->store);
  heddle_wasi_delete(w->wasi);
  heddle_engine_delete(w->engine);
  nftw(w->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int world_call(struct world *w, const char *name, const int64_t *args, size_t nargs) {
  heddle_extern_t ext;
  heddle_externtype_t type;
  heddle_val_t vals[16], result = {.of.i32 = 0};
  ck_assert_msg(heddle_instance_export(w->store, w->instance, (heddle_str_t){name, strlen(name)}, &ext), "%s",
                name);
  no_error(heddle_extern_type(w->store, &ext, &type));
  ck_assert_msg(nargs == type.func.nparams, "%s takes %zu arguments", name, type.func.nparams);
  for (size_t i = 0; i < nargs; i++) {
    vals[i].type = type.func.params[i];
    if (vals[i].type == HEDDLE_I64)
      vals[i].of.i64 = args[i];
    else
      vals[i].of.i32 = (int32_t)args[i];
  }
  heddle_error_delete(w->error);
  w->error = heddle_call(w->store, ext.of.func, vals, nargs, &result, type.func.nresults);
  w->trap = HEDDLE_TRAP_NONE;
  if (w->error) heddle_error_trap(w->error, &w->trap);
  return w->error ? -1 : result.of.i32;
}

uint32_t world_text(struct world *w, const char *text) {
  uint32_t at = w->text, size = (uint32_t)strlen(text);
  if (at + size > MEMORY_SIZE) at = 65536;
  ck_assert(at + size <= MEMORY_SIZE);
  memcpy(w->memory + at, text, size);
  w->text = at + size;
  return at;
}

uint32_t world_iov(struct world *w, uint32_t at, uint32_t data, uint32_t len) {
  put_u32(w->memory + at, data);
  put_u32(w->memory + at + 4, len);
  return at;
}

uint32_t world_path_open(struct world *w, uint32_t dir, const char *path, uint32_t oflags, uint64_t rights) {
  int e = CALL(w, "path_open", dir, LOOKUPFLAGS_SYMLINK_FOLLOW, STR(w, path), oflags, (int64_t)rights,
               (int64_t)rights, 0, 32768);
  ck_assert_msg(e == 0, "path_open %s: errno %d", path, e);
  return get_u32(w->memory + 32768);
}

/* ---- the host's side ---- */

static const char *host_path(struct world *w, const char *path) {
  static char full[PATH_MAX];
  snprintf(full, sizeof full, "%s/%s", w->dir, path);
  return full;
}

void host_write(struct world *w, const char *path, const char *text) {
  FILE *f = fopen(host_path(w, path), "w");
  ck_assert_msg(f != NULL, "%s", path);
  fputs(text, f);
  fclose(f);
}

void host_mkdir(struct world *w, const char *path) { ck_assert(!mkdir(host_path(w, path), 0777)); }
void host_symlink(struct world *w, const char *target, const char *path) {
  ck_assert(!symlink(target, host_path(w, path)));
}

const char *host_read(struct world *w, const char *path) {
  static char text[4096];
  FILE *f = fopen(host_path(w, path), "r");
  if (!f) return NULL;
  text[fread(text, 1, sizeof text - 1, f)] = 0;
  fclose(f);
  return text;
}

bool host_exists(struct world *w, const char *path) {
  struct stat st;
  return !lstat(host_path(w, path), &st);
}
