/* Stores, fuel, interruption. */
#include "api/api.h"

#include "base/alloc.h"
#include "gc/gc.h"
#include "runtime/entry.h"
#include "runtime/interrupt.h"

heddle_error_t *heddle_store_new(heddle_engine_t *e, void *data, heddle_store_t **own) {
  struct engine *engine = engine_of(e);
  const struct config *c = &engine->config;
  heddle_store_t *store = mem_zalloc(1, sizeof *store);
  if (!store) return api_error_memory();
  struct store_config config = {
      .canon = engine->canon,
      .limits = {c->max_memory_size, c->max_table_elements, c->max_instances, c->max_memories, c->max_tables,
                 c->max_wasm_stack, c->max_gc_heap_size,
                 (c->gc_stress ? HEAP_STRESS : 0) | (c->gc_verify ? HEAP_VERIFY : 0), c->max_stack_size,
                 c->max_stacks_size, c->max_continuations, c->stack_stress},
      .interruption = c->interruption,
      .fuel = c->fuel ? (int64_t)min_u64(c->fuel, INT64_MAX) : INT64_MAX,
  };
  struct error error = ERROR_INIT;
  if (!store_new(&config, &store->store, &error)) {
    mem_free(store);
    return api_error(&error);
  }
  store->engine = engine_ref(engine);
  store->data = data;
  store->store->user = store;
  *own = store;
  return NULL;
}

void heddle_store_delete(heddle_store_t *store) {
  if (!store || store->store->vm.entry) return; /* code of it runs: nothing could come back from the call */
  heddle_error_delete(store->store->report.host_error);
  store->store->report.host_error = NULL;
  store_delete(store->store);
  engine_unref(store->engine);
  mem_free(store->payload);
  mem_free(store);
}

heddle_error_t *store_check(heddle_store_t *store) {
  return entry_is_elsewhere(store->store)
             ? api_error_new(HEDDLE_ERROR_USAGE, "the store is in use on another thread")
             : NULL;
}

void *heddle_store_data(const heddle_store_t *store) { return store->data; }
heddle_engine_t *heddle_store_engine(const heddle_store_t *store) { return (heddle_engine_t *)store->engine; }

static heddle_error_t *no_fuel(void) {
  return api_error_new(HEDDLE_ERROR_USAGE,
                       "the engine's configuration does not meter fuel: set the option \"fuel\"");
}

heddle_error_t *heddle_store_set_fuel(heddle_store_t *store, uint64_t fuel) {
  if (!store->engine->config.fuel) return no_fuel();
  store->store->vm.fuel = (int64_t)min_u64(fuel, INT64_MAX);
  return NULL;
}

heddle_error_t *heddle_store_fuel(const heddle_store_t *store, uint64_t *out) {
  if (!store->engine->config.fuel) return no_fuel();
  *out = store->store->vm.fuel > 0 ? (uint64_t)store->store->vm.fuel : 0;
  return NULL;
}

/* heddle_interrupt_t is the runtime's struct interrupt, under its public name. */
static struct interrupt *interrupt_of(const heddle_interrupt_t *handle) {
  return (struct interrupt *)(uintptr_t)handle;
}

heddle_error_t *heddle_store_interrupt(heddle_store_t *store, heddle_interrupt_t **own) {
  if (!store->store->interrupt)
    return api_error_new(HEDDLE_ERROR_USAGE,
                         "the engine's configuration has no interruption: set the option \"interruption\"");
  *own = (heddle_interrupt_t *)interrupt_ref(store->store->interrupt);
  return NULL;
}

void heddle_interrupt_raise(heddle_interrupt_t *handle) {
  interrupt_raise(interrupt_of(handle), INTERRUPT_RAISED);
}
void heddle_interrupt_raise_timeout(heddle_interrupt_t *handle) {
  interrupt_raise(interrupt_of(handle), INTERRUPT_TIMEOUT);
}
void heddle_interrupt_clear(heddle_interrupt_t *handle) { interrupt_clear(interrupt_of(handle)); }
bool heddle_interrupt_pending(const heddle_interrupt_t *handle) {
  return interrupt_pending(interrupt_of(handle)) != INTERRUPT_NONE;
}
heddle_trap_t heddle_interrupt_trap(const heddle_interrupt_t *handle) {
  switch (interrupt_pending(interrupt_of(handle))) {
  case INTERRUPT_RAISED: return HEDDLE_TRAP_INTERRUPT;
  case INTERRUPT_TIMEOUT: return HEDDLE_TRAP_TIMEOUT;
  default: return HEDDLE_TRAP_NONE;
  }
}
int heddle_interrupt_fd(const heddle_interrupt_t *handle) { return interrupt_fd(interrupt_of(handle)); }
void heddle_interrupt_delete(heddle_interrupt_t *handle) { interrupt_unref(interrupt_of(handle)); }

static heddle_gc_pauses_t pauses_export(const struct gc_pauses *p) {
  return (heddle_gc_pauses_t){p->count, p->p50_ns, p->p99_ns, p->max_ns, p->total_ns};
}

heddle_error_t *heddle_store_gc_stats(const heddle_store_t *store, heddle_gc_stats_t *out) {
  *out = (heddle_gc_stats_t){0};
  if (!store->store->heap) return NULL;
  struct gc_stats s;
  gc_get_stats(store->store->heap, &s);
  *out = (heddle_gc_stats_t){.minor = pauses_export(&s.minor),
                             .major = pauses_export(&s.major),
                             .allocated_bytes = s.allocated_size,
                             .promoted_bytes = s.promoted_size,
                             .live_bytes = s.live_size,
                             .heap_bytes = s.committed_size};
  return NULL;
}

heddle_error_t *heddle_store_collect(heddle_store_t *store) {
  heddle_error_t *error = store_check(store);
  if (!error && store->store->heap) gc_collect(store->store->heap, GC_FULL);
  return error;
}
