/* Any bytes as a module: what is valid is compiled, with the proofs of every pass on.
 *
 * Aborts where a proof fails ("internal error"); lack of memory and what is not supported are answers. Every
 * second function is built with polls and fuel, so that both forms are seen. */
#include "base/arena.h"
#include "binary/decode.h"
#include "compiler/compile.h"
#include "compiler/isa/isa.h"
#include "validate/validate.h"

#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t fuzz_accepted;

static void compile_all(const struct valid_module *valid, struct arena *arena) {
  const struct module *m = valid->module;
  struct arena_mark mark = arena_mark(arena);
  for (uint32_t i = m->nimported_funcs; i < m->nfuncs; i++) {
    struct error error = ERROR_INIT;
    struct code code;
    struct compile_config config = {.isa = isa_host(), .checks = true, .interruption = i & 1, .fuel = i & 1};
    if (!config.isa) return;
    config.isa_config.interruption = config.interruption;
    config.isa_config.spectre = i & 2;
    config.isa_config.cpu = config.isa->cpu_features();
    if (!compile_func(valid, i, &config, arena, &code, NULL, &error) &&
        strstr(error.message, "internal error")) {
      fprintf(stderr, "%s\n", error.message);
      abort();
    }
    arena_release(arena, mark);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena arena, code;
  struct error error = ERROR_INIT;
  struct canon *canon = canon_new();
  arena_init(&arena, NULL); /* decode, validate and compile_func set their own catch */
  arena_init(&code, NULL);
  arena.limit = code.limit = (size_t)1 << 30;
  struct module *module = module_decode(&arena, slice_of(data, size), features_all(), &error);
  struct valid_module *valid = module && canon ? module_validate(module, canon, &error) : NULL;
  if (valid) {
    fuzz_accepted++;
    compile_all(valid, &code);
  }
  canon_delete(canon);
  arena_free(&code);
  arena_free(&arena);
  return 0;
}
