/* See engine.h. */
#include "engine/engine.h"

#include "base/alloc.h"
#include "compiler/isa/isa.h"
#include "runtime/signal.h"

#include <string.h>

bool engine_new(const struct config *config, struct engine **out, struct error *e) {
  const struct isa *isa = isa_host();
  if (!isa)
    return error_set(e, ERROR_UNSUPPORTED, "this CPU cannot run heddle's code: x86-64 with SSE4.1 is needed");
  struct engine *engine = mem_zalloc(1, sizeof *engine);
  if (!engine) return error_memory(e);
  engine->refs = 1;
  engine->config = *config;
  engine->compile = (struct compile_config){
      .isa = isa,
      .isa_config = {.interruption = config->interruption,
                     .spectre = config->spectre,
                     .cpu = isa->cpu_features() & (config->native_cpu ? UINT32_MAX : isa->cpu_least),
                     .max_int = (uint32_t)min_u64(config->registers, UINT32_MAX),
                     .max_float = (uint32_t)min_u64(config->float_registers, UINT32_MAX),
                     .slots_only = config->values_in_slots},
      .interruption = config->interruption,
      .fuel = config->fuel != 0,
      .inlining = config->inlining,
      .nan_canonicalization = config->nan_canonicalization,
      .checks = config->checks,
      .locals_in_slots = config->locals_in_slots,
      .plain = config->plain,
  };
  engine->canon = canon_new();
  if (!engine->canon) {
    mem_free(engine);
    return error_memory(e);
  }
  if (!trap_handlers_install(e)) {
    engine_unref(engine);
    return false;
  }
  *out = engine;
  return true;
}

struct engine *engine_ref(struct engine *engine) {
  engine->refs++;
  return engine;
}

void engine_unref(struct engine *engine) {
  if (--engine->refs) return;
  canon_delete(engine->canon);
  mem_free(engine);
}
