/* Any bytes as text: what parses must decode or be refused, and what decodes must print and read back the
 * same.
 *
 * The entry point is libFuzzer's; mutate.c drives the same function without it. */
#include "base/arena.h"
#include "binary/decode.h"
#include "text/parse.h"
#include "text/print.h"

#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

uint64_t fuzz_accepted;

/* Decodes and prints, then parses what was printed. False when the bytes do not decode. */
static bool read_back(struct slice wasm, struct buf *again) {
  struct error e = ERROR_INIT;
  struct arena arena;
  struct buf text;
  arena_init(&arena, NULL);
  arena.limit = (size_t)1 << 30;
  buf_init(&text);
  struct module *m = module_decode(&arena, wasm, features_all(), &e);
  struct out o = out_buf(&text);
  /* Broken bodies end the print; what prints is a module in text. */
  bool printed = m && text_print_module(m, &o, &e);
  bool parsed = printed && text_parse_module(buf_slice(&text), features_all(), again, &e);
  if (printed && !parsed) {
    fprintf(stderr, "%.*s\n%u:%u: %s\n", (int)text.len, (const char *)text.data, e.line, e.column, e.message);
    abort();
  }
  buf_free(&text);
  arena_free(&arena);
  return parsed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct error e = ERROR_INIT;
  struct buf wasm, second, third;
  buf_init(&wasm);
  buf_init(&second);
  buf_init(&third);
  if (text_parse_module(slice_of(data, size), features_all(), &wasm, &e)) {
    fuzz_accepted++;
    /* The first print drops what has no meaning (an empty group, names given twice); from then on nothing
     * changes. */
    if (read_back(buf_slice(&wasm), &second) &&
        (!read_back(buf_slice(&second), &third) || !slice_eq(buf_slice(&second), buf_slice(&third))))
      abort();
  } else if (!error_is_set(&e) || wasm.len != 0) {
    abort();
  } else {
    struct buf message;
    buf_init(&message);
    text_format_error(&e, "input", slice_of(data, size), &message);
    buf_free(&message);
  }
  buf_free(&wasm);
  buf_free(&second);
  buf_free(&third);
  return 0;
}
