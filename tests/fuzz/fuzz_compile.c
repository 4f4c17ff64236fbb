/* Any bytes as a module: decode, validate, and every function of a valid one through the whole compiler, with
 * all proofs.
 *
 * A function whose body and whose module's head (all that stands before the code) were seen before makes the
 * same code, so it is skipped: of ten thousand changes of a module nearly all leave nearly all functions as
 * they were. The compiler's settings follow from the body, so that each of them meets many. */
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

enum { SEEN_LEN = 1 << 20, SEEN_MOST = SEEN_LEN / 2 };
static uint64_t seen[SEEN_LEN]; /* open addressing; 0 = free */
static uint32_t nseen;

/* The same in each run, unlike base/map.h's: settings follow from it. */
static uint64_t hash_of(uint64_t h, const uint8_t *at, size_t size) {
  for (; size >= 8; at += 8, size -= 8) {
    uint64_t word;
    memcpy(&word, at, 8);
    h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    h ^= h >> 29;
  }
  for (size_t i = 0; i < size; i++)
    h = (h ^ at[i]) * UINT64_C(0x100000001b3);
  h = (h ^ h >> 31) * UINT64_C(0x94d049bb133111eb);
  return h ^ h >> 29;
}

/* True the first time. */
static bool is_new(uint64_t hash) {
  if (nseen >= SEEN_MOST) {
    memset(seen, 0, sizeof seen);
    nseen = 0;
  }
  hash |= 1;
  size_t i = hash >> 20 & (SEEN_LEN - 1);
  for (; seen[i]; i = (i + 1) & (SEEN_LEN - 1))
    if (seen[i] == hash) return false;
  seen[i] = hash;
  nseen++;
  return true;
}

static struct compile_config config_for(uint64_t hash) {
  const struct isa *isa = isa_host();
  if (!isa) abort();
  bool few = hash >> 40 & 1;
  return (struct compile_config){
      .isa = isa,
      .isa_config = {.interruption = hash >> 41 & 1,
                     .spectre = hash >> 42 & 1,
                     .cpu = isa->cpu_features() &
                            (hash >> 43 & 1 ? UINT32_MAX : 1), /* bit 0: what each must have */
                     .max_int = few ? 3 : 0,
                     .max_float = few ? 3 : 0,
                     .slots_only = (hash >> 49 & 7) == 0},
      .interruption = hash >> 41 & 1,
      .fuel = hash >> 44 & 1,
      .locals_in_slots = (hash >> 45 & 3) == 0,
      .plain = (hash >> 47 & 3) == 0,
      .checks = true,
  };
}

static void compile_all(const struct valid_module *valid) {
  const struct module *m = valid->module;
  /* What functions depend on ends where the first body begins; after the code comes data, which they do not
   * see. */
  uint64_t head = hash_of(valid->has_indirect_tail_calls, m->bytes.data, m->code_off);
  struct arena scratch;
  arena_init(&scratch, NULL);
  scratch.limit = (size_t)1 << 30;
  for (uint32_t i = m->nimported_funcs; i < m->nfuncs; i++) {
    const struct func *f = &m->funcs[i];
    uint64_t hash = hash_of(head + i, m->bytes.data + f->body_off, f->body_size);
    if (!is_new(hash)) continue;
    struct compile_config config = config_for(hash);
    struct code code;
    struct error error = ERROR_INIT;
    if (!compile_func(valid, i, &config, &scratch, &code, NULL, &error)) {
      /* Not supported yet, or too large; a proof that fails is neither. */
      if (error.kind != ERROR_UNSUPPORTED || strstr(error.message, "internal error")) {
        fprintf(stderr, "function %u: %s\n", i, error.message);
        abort();
      }
    }
    arena_release(&scratch, (struct arena_mark){0});
  }
  arena_free(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena arena;
  struct error error = ERROR_INIT;
  struct canon *canon = canon_new();
  arena_init(&arena, NULL);
  arena.limit = (size_t)1 << 30;
  struct module *module = module_decode(&arena, slice_of(data, size), features_all(), &error);
  const struct valid_module *valid = module && canon ? module_validate(module, canon, &error) : NULL;
  if (valid) {
    fuzz_accepted++;
    compile_all(valid);
  }
  canon_delete(canon);
  arena_free(&arena);
  return 0;
}
