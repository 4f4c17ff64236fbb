/* A module in text, and machine code by hand for its functions: what the runtime's tests run without a
 * compiler.
 *
 * Code stands in the test's own read-only data, written in assembly between `code_begin` and `code_end`:
 *
 *   CODE(add, "lea eax, [rdi + rsi]; ret")                      defines add_code[] and add_code_end[]
 *
 * As 32-bit displacements, replaced when the code is published: FUNCS stands for the offset of the vmctx's
 * function slots, TAGS for that of its tag slots, STUBS for the trap stub's place in vmctx->builtins. */
#ifndef TESTS_UNIT_RUNTIME_FIXTURE_H
#define TESTS_UNIT_RUNTIME_FIXTURE_H

#include "base/alloc.h"
#include "binary/decode.h"
#include "runtime/entry.h"
#include "runtime/host.h"
#include "runtime/instance.h"
#include "runtime/interrupt.h"
#include "runtime/signal.h"
#include "text/parse.h"
#include "validate/validate.h"

#include "unit.h"

#include <string.h>

#define CODE(name, text)                                                                                     \
  __asm__(".pushsection .rodata\n"                                                                           \
          ".intel_syntax noprefix\n"                                                                         \
          ".set FUNCS, 0x11223344\n"                                                                         \
          ".set STUBS, 0x55667700\n"                                                                         \
          ".set TAGS, 0x66778800\n"                                                                          \
          ".p2align 4\n" #name "_code:\n" text "\n" #name "_code_end:\n"                                     \
          ".att_syntax prefix\n"                                                                             \
          ".popsection\n");                                                                                  \
  extern const uint8_t name##_code[] __asm__(#name "_code");                                                 \
  extern const uint8_t name##_code_end[] __asm__(#name "_code_end");

struct fixture {
  struct arena arena;
  jmp_buf oom;
  struct canon *canon;
  struct buf bytes;
  struct module *module;
  struct valid_module *valid;
  struct code_image *image;
  struct store *store;
};

/* Store and all, with `interruption`. */
static inline void fixture_init(struct fixture *f, bool interruption) {
  struct error e = ERROR_INIT;
  memset(f, 0, sizeof *f);
  ck_assert(trap_handlers_install(&e));
  arena_init(&f->arena, &f->oom);
  buf_init(&f->bytes);
  f->canon = canon_new();
  struct store_config config = {.canon = f->canon,
                                .limits = {.max_memory_size = UINT64_C(1) << 40,
                                           .max_table_elements = 1000000,
                                           .max_instances = 10,
                                           .max_memories = 10,
                                           .max_tables = 10,
                                           .max_wasm_stack = 512 << 10},
                                .interruption = interruption,
                                .fuel = INT64_MAX};
  ck_assert(store_new(&config, &f->store, &e));
}

static inline void fixture_free(struct fixture *f) {
  store_delete(f->store);
  code_image_unref(f->image);
  arena_free(&f->arena);
  buf_free(&f->bytes);
  canon_delete(f->canon);
}

static inline void fixture_module(struct fixture *f, const char *wat) {
  struct error e = ERROR_INIT;
  if (setjmp(f->oom)) ck_abort_msg("arena out of memory");
  buf_reset(&f->bytes);
  struct features features = features_all();
  if (!text_parse_module(slice_cstr(wat), features, &f->bytes, &e)) ck_abort_msg("%s", e.message);
  f->module = module_decode(&f->arena, arena_slice(&f->arena, buf_slice(&f->bytes)), features, &e);
  if (!f->module) ck_abort_msg("%s", e.message);
  f->valid = module_validate(f->module, f->canon, &e);
  if (!f->valid) ck_abort_msg("%s", e.message);
}

/* One struct code from the bytes between the labels. */
static inline struct code code_of(struct fixture *f, const uint8_t *begin, const uint8_t *end) {
  struct code code = {.size = (uint32_t)(end - begin), .align = 16};
  code.bytes = arena_copy(&f->arena, begin, code.size);
  struct vmctx_layout layout;
  ck_assert(vmctx_layout(f->module, &layout));
  for (uint32_t i = 0; i + 4 <= code.size; i++) {
    uint32_t word;
    memcpy(&word, code.bytes + i, 4);
    if ((word & 0xffffff00u) == 0x11223300u) { /* FUNCS + a small number of slots */
      word = word - 0x11223344u + layout.funcs;
      memcpy(code.bytes + i, &word, 4);
    } else if ((word & 0xffffff00u) == 0x55667700u) {
      word = 8 * BUILTIN_TRAP_STUB + (word & 0xff);
      memcpy(code.bytes + i, &word, 4);
    } else if ((word & 0xffffff00u) == 0x66778800u) {
      word = layout.tags + (word & 0xff);
      memcpy(code.bytes + i, &word, 4);
    }
  }
  return code;
}
#define CODE_OF(f, name) code_of((f), name##_code, name##_code_end)

/* Offset of a label in the code. */
#define LABEL(name) extern const uint8_t name[] __asm__(#name)

static inline struct instance *fixture_instance(struct fixture *f, const struct code *codes,
                                                const struct externval *imports) {
  struct error e = ERROR_INIT;
  uint32_t defined = f->module->nfuncs - f->module->nimported_funcs;
  struct code_image *image;
  if (!code_publish(codes, defined, f->module->nimported_funcs, f->module, &image, &e))
    ck_abort_msg("%s", e.message);
  code_image_unref(f->image);
  f->image = image;
  struct instance_source source = {.valid = f->valid, .image = image};
  struct instance *in;
  if (!instance_new(f->store, &source, imports, &in, &e)) ck_abort_msg("%s", e.message);
  return in;
}

static inline struct funcinst *fixture_func(struct instance *in, const char *name) {
  struct externval v;
  ck_assert(instance_export(in, slice_cstr(name), &v));
  ck_assert(v.kind == EXTERN_FUNC);
  return v.func;
}

#endif
