/* Saved code: what was written runs; a file cut anywhere, or of another build, is an error. */
#include "unit.h"

#include <heddle.h>

#include "base/buf.h"
#include "engine/image.h"
#include "os/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char text[] = "(module (memory (export \"m\") 1) (data (i32.const 8) \"heddle\")"
                           "  (func (export \"f\") (param i32) (result i32) (i32.load8_u (local.get 0))))";
static char path[32];
static heddle_engine_t *engine;
static heddle_bytes_t saved;

static void setup(void) {
  heddle_bytes_t wasm;
  heddle_module_t *module;
  ck_assert_ptr_null(heddle_engine_new(NULL, &engine));
  ck_assert_ptr_null(heddle_wat_to_wasm(engine, text, strlen(text), &wasm));
  ck_assert_ptr_null(heddle_module_new(engine, wasm.data, wasm.len, &module));
  ck_assert_ptr_null(heddle_module_serialize(module, &saved));
  heddle_module_delete(module);
  heddle_bytes_delete(&wasm);
  snprintf(path, sizeof path, "/tmp/heddle-image-XXXXXX");
  int fd = mkstemp(path);
  ck_assert_int_ge(fd, 0);
  close(fd);
}

static void teardown(void) {
  unlink(path);
  heddle_bytes_delete(&saved);
  heddle_engine_delete(engine);
}

/* The file of the first `len` bytes with byte `at` changed; at >= len changes none. */
static struct program *load(size_t len, size_t at, struct error *e) {
  uint8_t *bytes = malloc(len + 1);
  ck_assert_ptr_nonnull(bytes);
  memcpy(bytes, saved.data, len);
  if (at < len) bytes[at] ^= 0x40;
  bool written = file_write(path, bytes, len, e);
  free(bytes);
  ck_assert_msg(written, "%s", e->message);
  heddle_module_t *module = NULL;
  heddle_error_t *error = heddle_module_deserialize_file(engine, path, &module);
  if (!error) return (struct program *)module;
  error_set(e, ERROR_MALFORMED, "%.*s", (int)heddle_error_message(error).len,
            heddle_error_message(error).data);
  heddle_error_delete(error);
  return NULL;
}

START_TEST(whole) {
  setup();
  struct error e = ERROR_INIT;
  heddle_module_t *module = (heddle_module_t *)load(saved.len, SIZE_MAX, &e);
  ck_assert_msg(module != NULL, "%s", e.message);
  unlink(path); /* the mapping stays */
  heddle_bytes_t again;
  ck_assert_ptr_null(heddle_module_serialize(module, &again));
  ck_assert_uint_eq(again.len, saved.len);
  ck_assert(!memcmp(again.data, saved.data, again.len));
  heddle_bytes_delete(&again);
  /* As a file it is the same; over the one that it is mapped from, too. */
  for (int i = 0; i < 2; i++) {
    ck_assert_ptr_null(heddle_module_serialize_file(module, path));
    ck_assert(file_read(path, SIZE_MAX, &again.data, &again.len, &e));
    ck_assert_uint_eq(again.len, saved.len);
    ck_assert(!memcmp(again.data, saved.data, again.len));
    heddle_bytes_delete(&again);
    heddle_module_delete(module);
    ck_assert_ptr_null(heddle_module_deserialize_file(engine, path, &module));
  }
  heddle_error_t *error = heddle_module_serialize_file(module, "/nowhere/at/all");
  ck_assert_ptr_nonnull(error);
  ck_assert_int_eq(heddle_error_kind(error), HEDDLE_ERROR_IO);
  heddle_error_delete(error);
  heddle_module_delete(module);
  teardown();
}
END_TEST

START_TEST(cut) {
  setup();
  for (size_t len = 0; len < saved.len; len += len < 300 ? 1 : 97) {
    struct error e = ERROR_INIT;
    ck_assert_msg(!load(len, SIZE_MAX, &e), "the first %zu of %zu bytes load", len, saved.len);
    ck_assert_uint_gt(strlen(e.message), 0);
  }
  teardown();
}
END_TEST

START_TEST(other_build) {
  setup();
  for (size_t at = 0; at < 64; at++) { /* magic, version, isa, cpu, options, features */
    struct error e = ERROR_INIT;
    ck_assert_msg(!load(saved.len, at, &e), "byte %zu may change", at);
  }
  teardown();
}
END_TEST

int main(void) { return UNIT_RUN("engine/image", whole, cut, other_build); }
