/* Linkers and instances. */
#include "api/api.h"

#include "base/alloc.h"
#include "os/thread.h"
#include "runtime/shared.h"
#include "runtime/trap.h"

#include <stdio.h>
#include <string.h>

struct definition {
  char *module, *name; /* owned, with lengths: names may hold any bytes */
  size_t module_len, name_len;
  heddle_extern_t ext;          /* of one store, or */
  struct shared_memory *shared; /* one reference, for any store, or */
  struct host_def *host;        /* a host function for any store, of canonical type `type` */
  uint32_t type;
  uint64_t store; /* host: the store it was last made in, and the function there (dies with that store) */
  struct funcinst *func;
};
struct heddle_linker {
  struct engine *engine; /* one reference */
  struct definition *at;
  size_t len, cap;
  uint32_t *table; /* hash of the names to definition + 1; a power of two, at least twice `cap` */
  size_t mask;
  bool unknown_as_traps;
  struct mutex *lock; /* owned: guards `store` and `func` of definitions, which instantiation sets */
};

heddle_linker_t *heddle_linker_new(heddle_engine_t *engine) {
  heddle_linker_t *linker = mem_zalloc(1, sizeof *linker);
  if (!linker) return NULL;
  linker->lock = mem_zalloc(1, sizeof *linker->lock);
  if (!linker->lock || !mutex_init(linker->lock)) {
    mem_free(linker->lock);
    mem_free(linker);
    return NULL;
  }
  linker->engine = engine_ref(engine_of(engine));
  return linker;
}

static void definition_clear(struct definition *d) {
  mem_free(d->module);
  mem_free(d->name);
  host_def_unref(d->host);
  shared_memory_unref(d->shared);
}

void heddle_linker_delete(heddle_linker_t *linker) {
  if (!linker) return;
  for (size_t i = 0; i < linker->len; i++)
    definition_clear(&linker->at[i]);
  mem_free(linker->at);
  mem_free(linker->table);
  mutex_free(linker->lock);
  mem_free(linker->lock);
  engine_unref(linker->engine);
  mem_free(linker);
}

void heddle_linker_unknown_as_traps(heddle_linker_t *linker, bool on) { linker->unknown_as_traps = on; }

static uint32_t names_hash(struct slice module, struct slice name) {
  return hash_bytes(module.data, module.len) * 31 + hash_bytes(name.data, name.len);
}

/* The slot of these names, or the empty one where they would stand. */
static uint32_t *find_slot(const heddle_linker_t *linker, struct slice module, struct slice name) {
  for (size_t i = names_hash(module, name) & linker->mask;; i = (i + 1) & linker->mask) {
    uint32_t *slot = &linker->table[i];
    if (!*slot) return slot;
    const struct definition *d = &linker->at[*slot - 1];
    if (slice_eq(slice_of(d->module, d->module_len), module) &&
        slice_eq(slice_of(d->name, d->name_len), name))
      return slot;
  }
}

static bool make_room(heddle_linker_t *linker) {
  if (linker->len < linker->cap) return true;
  size_t cap = linker->cap ? linker->cap * 2 : 64;
  struct definition *at = mem_realloc(linker->at, cap, sizeof *at);
  if (!at) return false;
  linker->at = at;
  uint32_t *table = mem_zalloc(cap * 2, sizeof *table);
  if (!table) return false;
  mem_free(linker->table);
  linker->cap = cap;
  linker->table = table;
  linker->mask = cap * 2 - 1;
  for (size_t i = 0; i < linker->len; i++)
    *find_slot(linker, slice_of(at[i].module, at[i].module_len), slice_of(at[i].name, at[i].name_len)) =
        (uint32_t)i + 1;
  return true;
}

static char *copy_bytes(struct slice s) {
  char *copy = mem_alloc(s.len + 1);
  if (copy) {
    memcpy(copy, s.data, s.len);
    copy[s.len] = 0;
  }
  return copy;
}

/* A fresh definition under these names, in place of an older one; NULL when memory is out. */
static struct definition *define(heddle_linker_t *linker, struct slice module, struct slice name) {
  if (!make_room(linker)) return NULL;
  struct definition d = {
      .module = copy_bytes(module), .name = copy_bytes(name), .module_len = module.len, .name_len = name.len};
  if (!d.module || !d.name) {
    definition_clear(&d);
    return NULL;
  }
  uint32_t *slot = find_slot(linker, module, name);
  if (*slot)
    definition_clear(&linker->at[*slot - 1]);
  else
    *slot = (uint32_t)++linker->len;
  linker->at[*slot - 1] = d;
  return &linker->at[*slot - 1];
}

heddle_error_t *heddle_linker_define(heddle_linker_t *linker, const char *module, const char *name,
                                     heddle_extern_t ext) {
  if (!module || !name) return no_pointer("a name");
  struct definition *d = define(linker, slice_cstr(module), slice_cstr(name));
  if (!d) return api_error_memory();
  d->ext = ext;
  return NULL;
}

heddle_error_t *heddle_linker_define_func(heddle_linker_t *linker, const char *module, const char *name,
                                          const heddle_functype_t *type, heddle_callback_t callback,
                                          void *env, void (*finalizer)(void *env)) {
  uint32_t id;
  if (!module || !name) return no_pointer("a name");
  if (!callback) return no_pointer("the callback");
  heddle_error_t *error = functype_import(linker->engine, type, &id);
  if (error) return error;
  struct host_def *host = mem_zalloc(1, sizeof *host);
  struct definition *d = host ? define(linker, slice_cstr(module), slice_cstr(name)) : NULL;
  if (!d) {
    mem_free(host);
    return api_error_memory();
  }
  *host = (struct host_def){callback, env, finalizer, 1};
  d->host = host;
  d->type = id;
  return NULL;
}

heddle_error_t *heddle_linker_define_shared_memory(heddle_linker_t *linker, heddle_str_t module,
                                                   heddle_str_t name, heddle_shared_memory_t *memory) {
  if (!memory) return no_pointer("the shared memory");
  struct definition *d = define(linker, bytes_of(module.data, module.len), bytes_of(name.data, name.len));
  if (!d) return api_error_memory();
  d->shared = shared_memory_ref((struct shared_memory *)memory);
  return NULL;
}

heddle_error_t *heddle_linker_define_instance(heddle_linker_t *linker, heddle_store_t *store,
                                              heddle_str_t module, heddle_instance_t instance) {
  struct instance *in = handle_find(store, HANDLE_INSTANCE, instance.store, instance.index);
  if (!in) return foreign_handle("instance");
  for (uint32_t i = 0; i < in->module->nexports; i++) {
    struct externval v = instance_export_at(in, i);
    heddle_extern_t ext;
    if (!v.object) return api_error_memory();
    heddle_error_t *error = extern_export(store, &v, &ext);
    if (error) return error;
    struct definition *d = define(linker, bytes_of(module.data, module.len), in->module->exports[i].name);
    if (!d) return api_error_memory();
    d->ext = ext;
  }
  return NULL;
}

/* ---- instantiation ---- */

static heddle_error_t *trap_unknown(void *env, heddle_caller_t *caller, const heddle_val_t *args,
                                    size_t nargs, heddle_val_t *results, size_t nresults) {
  (void)caller, (void)args, (void)nargs, (void)results, (void)nresults;
  return api_error_new(HEDDLE_ERROR_LINK, "unknown import: %s was called", (const char *)env);
}

/* An import that nobody defined becomes a function that says so when it is called. */
static heddle_error_t *unknown_func(heddle_store_t *store, uint32_t type, const struct import *import,
                                    struct funcinst **out) {
  char name[200];
  snprintf(name, sizeof name, "\"%.*s\" \"%.*s\"", (int)min_u64(import->module.len, 80),
           (const char *)import->module.data, (int)min_u64(import->name.len, 80),
           (const char *)import->name.data);
  struct host_def *def = mem_zalloc(1, sizeof *def);
  char *copy = def ? copy_bytes(slice_cstr(name)) : NULL;
  if (!copy) {
    mem_free(def);
    return api_error_memory();
  }
  *def = (struct host_def){trap_unknown, copy, mem_free, 1};
  heddle_error_t *error = host_def_func(store, type, def, out);
  host_def_unref(def);
  return error;
}

static heddle_error_t *definition_func(heddle_store_t *store, struct definition *d, struct funcinst **out) {
  if (d->store != store->store->id) {
    heddle_error_t *error = host_def_func(store, d->type, d->host, &d->func);
    if (error) return error;
    d->store = store->store->id;
  }
  *out = d->func;
  return NULL;
}

static heddle_error_t *find_import(const heddle_linker_t *linker, heddle_store_t *store,
                                   const struct module *m, const struct import *import,
                                   struct externval *out) {
  *out = (struct externval){.kind = import->kind};
  uint32_t slot = linker->len ? *find_slot(linker, import->module, import->name) : 0;
  struct definition *d = slot ? &linker->at[slot - 1] : NULL;
  if (!d && linker->unknown_as_traps && import->kind == EXTERN_FUNC)
    return unknown_func(store, m->canon_ids[m->funcs[import->index].type], import, &out->func);
  if (!d) return NULL;
  if (d->shared) {
    struct error e = ERROR_INIT;
    out->kind = EXTERN_MEMORY;
    return memory_view(store->store, d->shared, &out->mem, &e) ? NULL : api_error(&e);
  }
  if (!d->host) return extern_import(store, &d->ext, out);
  out->kind = EXTERN_FUNC;
  mutex_lock(linker->lock);
  heddle_error_t *error = definition_func(store, d, &out->func);
  mutex_unlock(linker->lock);
  return error;
}

static void retain(void *owner) { program_ref(owner); }
static void release(void *owner) { program_unref(owner); }

static heddle_error_t *instantiate(heddle_store_t *store, struct program *p, const struct externval *imports,
                                   heddle_instance_t *out) {
  struct instance_source source = {p->valid, p->image, p, retain, release, lazy_compile};
  struct error e = ERROR_INIT;
  struct instance *in;
  if (!instance_new(store->store, &source, imports, &in, &e))
    return error_is_set(&e) ? api_error(&e) : api_error_ended(store);
  *out = (heddle_instance_t){store->store->id, store_handle(store->store, HANDLE_INSTANCE, in, &in->handle)};
  return out->index ? NULL : api_error_memory();
}

heddle_error_t *heddle_instantiate(const heddle_linker_t *linker, heddle_store_t *store,
                                   heddle_module_t *module, heddle_instance_t *out) {
  struct program *p = &module->program;
  const struct module *m = p->valid->module;
  if (p->engine != store->engine)
    return api_error_new(HEDDLE_ERROR_USAGE, "module and store belong to different engines");
  if (linker->engine != store->engine)
    return api_error_new(HEDDLE_ERROR_USAGE, "linker and store belong to different engines");
  if (!p->image) return api_error_new(HEDDLE_ERROR_USAGE, "the module was not compiled");
  struct externval *imports = mem_zalloc(m->nimports + 1, sizeof *imports);
  if (!imports) return api_error_memory();
  heddle_error_t *error = NULL;
  for (uint32_t i = 0; i < m->nimports && !error; i++)
    error = find_import(linker, store, m, &m->imports[i], &imports[i]);
  if (!error) error = instantiate(store, p, imports, out);
  mem_free(imports);
  return error;
}

/* ---- instances ---- */

bool heddle_instance_export(heddle_store_t *store, heddle_instance_t instance, heddle_str_t name,
                            heddle_extern_t *out) {
  struct instance *in = handle_find(store, HANDLE_INSTANCE, instance.store, instance.index);
  struct externval v;
  if (!in || !instance_export(in, bytes_of(name.data, name.len), &v) || !v.object) return false;
  heddle_error_t *error = extern_export(store, &v, out);
  heddle_error_delete(error);
  return !error;
}

size_t heddle_instance_exports(heddle_store_t *store, heddle_instance_t instance) {
  struct instance *in = handle_find(store, HANDLE_INSTANCE, instance.store, instance.index);
  return in ? in->module->nexports : 0;
}

bool heddle_instance_export_at(heddle_store_t *store, heddle_instance_t instance, size_t index,
                               heddle_str_t *name, heddle_extern_t *out) {
  struct instance *in = handle_find(store, HANDLE_INSTANCE, instance.store, instance.index);
  if (!in || index >= in->module->nexports) return false;
  struct externval v = instance_export_at(in, (uint32_t)index);
  if (!v.object) return false;
  *name = str_of(in->module->exports[index].name);
  heddle_error_t *error = extern_export(store, &v, out);
  heddle_error_delete(error);
  return !error;
}
