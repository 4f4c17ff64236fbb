/* Any bytes as a module, printed: decodable modules print to the end or to an error, valid or not.
 *
 * The entry point is libFuzzer's; mutate.c drives the same function without it. */
#include "base/arena.h"
#include "binary/decode.h"
#include "text/parse.h"
#include "text/print.h"

#include "fuzz.h"

uint64_t fuzz_accepted;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct error e = ERROR_INIT;
  struct arena arena;
  struct buf text, again;
  arena_init(&arena, NULL);
  arena.limit = (size_t)1 << 30;
  buf_init(&text);
  buf_init(&again);
  struct module *m = module_decode(&arena, slice_of(data, size), features_all(), &e);
  struct out o = out_buf(&text);
  if (m && text_print_module(m, &o, &e)) {
    fuzz_accepted++;
    /* Misplaced parts of blocks print but do not parse. */
    (void)!text_parse_module(buf_slice(&text), features_all(), &again, &e);
  }
  buf_free(&text);
  buf_free(&again);
  arena_free(&arena);
  return 0;
}
