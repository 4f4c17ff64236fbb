/* Any bytes as a module: decode and validate, every feature on.
 *
 * The entry point is libFuzzer's; mutate.c drives the same function without it. Finds nothing by itself but
 * crashes, hangs and sanitizer reports; fuzz_accepted counts the inputs that were valid, so that a driver can
 * tell whether it gets past the first error. */
#include "base/arena.h"
#include "binary/decode.h"
#include "validate/validate.h"

#include "fuzz.h"

uint64_t fuzz_accepted;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena arena;
  struct error error = ERROR_INIT;
  struct canon *canon = canon_new();
  arena_init(&arena, NULL); /* decode and validate set their own catch */
  arena.limit = (size_t)1 << 30;
  struct module *module = module_decode(&arena, slice_of(data, size), features_all(), &error);
  if (module && canon && module_validate(module, canon, &error)) fuzz_accepted++;
  canon_delete(canon);
  arena_free(&arena);
  return 0;
}
