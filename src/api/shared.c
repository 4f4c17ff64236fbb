/* Shared memories: the runtime's struct shared_memory under its public name, and its way into stores. */
#include "api/api.h"

#include "runtime/shared.h"

static struct shared_memory *shared_of(const heddle_shared_memory_t *memory) {
  return (struct shared_memory *)(uintptr_t)memory;
}

heddle_error_t *heddle_shared_memory_new(heddle_engine_t *engine, const heddle_limits_t *limits,
                                         heddle_shared_memory_t **own) {
  struct memtype type;
  struct shared_memory *shared;
  struct error e = ERROR_INIT;
  heddle_error_t *error = memtype_import(limits, &type);
  if (error) return error;
  if (!type.limits.shared)
    return api_error_new(HEDDLE_ERROR_USAGE, "the limits are not those of a shared memory");
  struct store_limits most = {.max_memory_size = engine_of(engine)->config.max_memory_size};
  if (!shared_memory_new(&type, &most, &shared, &e)) return api_error(&e);
  *own = (heddle_shared_memory_t *)shared;
  return NULL;
}

heddle_shared_memory_t *heddle_shared_memory_ref(heddle_shared_memory_t *memory) {
  return (heddle_shared_memory_t *)shared_memory_ref(shared_of(memory));
}

void heddle_shared_memory_delete(heddle_shared_memory_t *memory) { shared_memory_unref(shared_of(memory)); }

uint8_t *heddle_shared_memory_data(const heddle_shared_memory_t *memory, size_t *len) {
  const struct meminst *body = shared_memory_body(shared_of(memory));
  *len = __atomic_load_n(&body->vm.size, __ATOMIC_SEQ_CST);
  return body->vm.base;
}

uint32_t heddle_shared_memory_notify(heddle_shared_memory_t *memory, uint64_t address, uint32_t count) {
  return shared_memory_notify(shared_of(memory), address, count);
}

heddle_error_t *heddle_memory_share(heddle_store_t *store, heddle_memory_t memory,
                                    heddle_shared_memory_t **own) {
  struct meminst *m = handle_find(store, HANDLE_MEMORY, memory.store, memory.index);
  if (!m) return foreign_handle("memory");
  if (!m->shared) return api_error_new(HEDDLE_ERROR_USAGE, "the memory is not shared");
  *own = (heddle_shared_memory_t *)shared_memory_ref(m->shared);
  return NULL;
}

heddle_error_t *heddle_memory_from_shared(heddle_store_t *store, heddle_shared_memory_t *shared,
                                          heddle_memory_t *out) {
  struct externval v = {.kind = EXTERN_MEMORY};
  struct error e = ERROR_INIT;
  heddle_extern_t ext = {0};
  if (!shared) return no_pointer("the shared memory");
  if (!memory_view(store->store, shared_of(shared), &v.mem, &e)) return api_error(&e);
  heddle_error_t *error = extern_export(store, &v, &ext);
  *out = ext.of.memory;
  return error;
}
