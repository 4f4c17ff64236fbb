/* The engine's configuration: one field for each row of option.def, and the features.
 *
 * In: keys and values as text.  Out: a plain struct, copied into the engine.  Must not: know groups' meaning
 * or the command's own options. */
#ifndef ENGINE_CONFIG_H
#define ENGINE_CONFIG_H

#include "base/error.h"
#include "wasm/op.h"

#include <heddle.h>

struct config {
  struct features features;
  uint64_t fuel;
  bool interruption;
  uint64_t max_memory_size, max_table_elements, max_instances, max_tables, max_memories, max_wasm_stack,
      max_gc_heap_size, max_stack_size, max_stacks_size, max_continuations, cache_size, lazy_from,
      compile_ahead_from;
  bool gc_stress, gc_verify, stack_stress;
  uint64_t opt_level;
  uint64_t registers, float_registers;
  bool native_cpu;
  bool spectre, parallel_compilation, cache, lazy, compile_ahead, inlining, checks, locals_in_slots,
      values_in_slots, plain, source, nan_canonicalization;
};

void config_init(struct config *c); /* the defaults */
MUST_USE bool config_set(struct config *c, const char *key, const char *value, struct error *e);
/* Options in a stable order: option.def's rows, then the features. */
const struct heddle_option *config_options(size_t *len);

#endif
