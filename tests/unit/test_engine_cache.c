/* The cache of compiled modules: it is hit when all is equal, and what is not surely ours is not believed. */
#include "unit.h"

#include <heddle.h>

#include "base/buf.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char home[64], dir[80];
static heddle_bytes_t modules[2]; /* "f" of number i returns i + 1 */

static void setup(void) {
  snprintf(home, sizeof home, "/tmp/heddle-cache-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(home));
  setenv("XDG_CACHE_HOME", home, 1);
  snprintf(dir, sizeof dir, "%s/heddle", home);
  heddle_engine_t *engine;
  ck_assert_ptr_null(heddle_engine_new(NULL, &engine));
  for (int i = 0; i < 2; i++) {
    struct buf text;
    buf_init(&text);
    buf_printf(&text,
               "(module (func (export \"f\") (result i32) (i32.const %d)) (memory 1) (data (i32.const 0) \"",
               i + 1);
    for (int n = 0; n < 20000; n++)
      buf_u8(&text, 'x');
    buf_printf(&text, "\"))");
    ck_assert_ptr_null(heddle_wat_to_wasm(engine, (char *)text.data, text.len, &modules[i]));
    buf_free(&text);
  }
  heddle_engine_delete(engine);
}

static void teardown(void) {
  heddle_cache_clean();
  rmdir(dir);
  rmdir(home);
  for (int i = 0; i < 2; i++)
    heddle_bytes_delete(&modules[i]);
}

static heddle_engine_t *new_engine(const char *key, const char *value) {
  heddle_config_t *config = heddle_config_new();
  heddle_engine_t *engine;
  ck_assert_ptr_null(heddle_config_set(config, "cache", "y"));
  if (key) ck_assert_ptr_null(heddle_config_set(config, key, value));
  ck_assert_ptr_null(heddle_engine_new(config, &engine));
  heddle_config_delete(config);
  return engine;
}

static bool count_progress(void *env, size_t done, size_t total) {
  (void)done, (void)total;
  ++*(int *)env;
  return true;
}

/* Loads and runs module i; true when it was compiled, not found. */
static bool is_compiled(heddle_engine_t *engine, int i) {
  int progress = 0;
  heddle_module_t *module;
  heddle_store_t *store;
  heddle_instance_t instance;
  heddle_extern_t f;
  heddle_val_t result;
  ck_assert_ptr_null(heddle_module_new_progress(engine, modules[i].data, modules[i].len, count_progress,
                                                &progress, &module));
  ck_assert_ptr_null(heddle_store_new(engine, NULL, &store));
  heddle_linker_t *linker = heddle_linker_new(engine);
  ck_assert_ptr_null(heddle_instantiate(linker, store, module, &instance));
  ck_assert(heddle_instance_export(store, instance, (heddle_str_t){"f", 1}, &f));
  ck_assert_ptr_null(heddle_call(store, f.of.func, NULL, 0, &result, 1));
  ck_assert_int_eq(result.of.i32, i + 1);
  heddle_linker_delete(linker);
  heddle_store_delete(store);
  heddle_module_delete(module);
  return progress > 0;
}

static bool is_compiled_with(const char *key, const char *value, int i) {
  heddle_engine_t *engine = new_engine(key, value);
  bool compiled = is_compiled(engine, i);
  heddle_engine_delete(engine);
  return compiled;
}

/* The path of the only file. */
static void find_file(char path[400]) {
  DIR *d = opendir(dir);
  int n = 0;
  ck_assert_ptr_nonnull(d);
  for (struct dirent *entry; (entry = readdir(d));)
    if (entry->d_name[0] != '.') n++, snprintf(path, 400, "%s/%s", dir, entry->d_name);
  closedir(d);
  ck_assert_int_eq(n, 1);
}

START_TEST(second_load_is_found) {
  struct stat st;
  uint64_t files, size;
  ck_assert(is_compiled_with(NULL, NULL, 0));
  ck_assert(!is_compiled_with(NULL, NULL, 0));
  ck_assert(is_compiled_with(NULL, NULL, 1));
  ck_assert(!is_compiled_with(NULL, NULL, 1));
  heddle_cache_status(&files, &size);
  ck_assert_uint_eq(files, 2);
  ck_assert_uint_gt(size, 40000);
  ck_assert(stat(dir, &st) == 0 && (st.st_mode & 0777) == 0700);
  ck_assert_uint_eq(heddle_cache_clean(), 2);
  ck_assert(is_compiled_with(NULL, NULL, 0));
}
END_TEST

START_TEST(other_options_are_other_code) {
  ck_assert(is_compiled_with(NULL, NULL, 0));
  ck_assert(is_compiled_with("interruption", "y", 0));
  ck_assert(is_compiled_with("fuel", "1000", 0));
  ck_assert(is_compiled_with("registers", "5", 0));
  ck_assert(is_compiled_with("tail-call", "n", 0));
  ck_assert(!is_compiled_with("fuel", "2000", 0)); /* how much is the store's affair */
  ck_assert(!is_compiled_with("max-memories", "5", 0));
  ck_assert(is_compiled_with("cache", "n", 0));
}
END_TEST

START_TEST(what_others_may_write_is_not_believed) {
  char path[400];
  ck_assert(is_compiled_with(NULL, NULL, 0));
  find_file(path);
  ck_assert_int_eq(chmod(path, 0622), 0);
  ck_assert(is_compiled_with(NULL, NULL, 0)); /* and replaced */
  ck_assert(!is_compiled_with(NULL, NULL, 0));
  ck_assert_int_eq(chmod(dir, 0777), 0);
  ck_assert(is_compiled_with(NULL, NULL, 0));
  ck_assert_int_eq(chmod(dir, 0700), 0);
  ck_assert(!is_compiled_with(NULL, NULL, 0));
}
END_TEST

START_TEST(links_and_damage_are_not_followed) {
  char path[400], away[80];
  struct stat st;
  ck_assert(is_compiled_with(NULL, NULL, 0));
  find_file(path);
  snprintf(away, sizeof away, "%s/away", home);
  ck_assert_int_eq(rename(path, away), 0);
  ck_assert_int_eq(symlink(away, path), 0);
  ck_assert(is_compiled_with(NULL, NULL, 0)); /* the link is replaced by a file */
  ck_assert(lstat(path, &st) == 0 && S_ISREG(st.st_mode));
  ck_assert_int_eq(unlink(away), 0);
  static const off_t cuts[] = {0, 50, 96, 5000, 20200};
  for (int i = 0; i < 5; i++) {
    ck_assert_int_eq(truncate(path, cuts[i]), 0);
    ck_assert(is_compiled_with(NULL, NULL, 0));
    ck_assert(!is_compiled_with(NULL, NULL, 0));
  }
  ck_assert_int_eq(unlink(path), 0);
  ck_assert_int_eq(mkfifo(path, 0600), 0);
  ck_assert(is_compiled_with(NULL, NULL, 0));
}
END_TEST

START_TEST(another_modules_code_is_not_taken) {
  char path[400], other[400];
  ck_assert(is_compiled_with(NULL, NULL, 0));
  find_file(path);
  ck_assert_int_eq(unlink(path), 0);
  ck_assert(is_compiled_with(NULL, NULL, 1));
  find_file(other);
  ck_assert_int_eq(rename(other, path), 0);
  ck_assert(is_compiled_with(NULL, NULL, 0));
}
END_TEST

START_TEST(it_stays_below_its_size) {
  char path[400], newer[400];
  uint64_t files, size;
  ck_assert(is_compiled_with("cache-size", "1K", 0)); /* larger than all: not kept */
  heddle_cache_status(&files, &size);
  ck_assert_uint_eq(files, 0);
  ck_assert(is_compiled_with("cache-size", "50K", 0));
  find_file(path);
  struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
  ck_assert_int_eq(utimensat(AT_FDCWD, path, old, 0), 0);
  ck_assert(is_compiled_with("cache-size", "50K", 1));
  find_file(newer);
  ck_assert_str_ne(path, newer);
}
END_TEST

START_TEST(without_a_home_all_goes_on) {
  setenv("XDG_CACHE_HOME", "/proc/nowhere", 1);
  ck_assert(is_compiled_with(NULL, NULL, 0));
  setenv("XDG_CACHE_HOME", "relative", 1);
  unsetenv("HOME");
  ck_assert(is_compiled_with(NULL, NULL, 0));
  char path[100];
  ck_assert(!heddle_cache_path(path, sizeof path));
  setenv("XDG_CACHE_HOME", home, 1);
}
END_TEST

/* Two processes, eight threads each, one engine a process, one cache. */
static void *load_often(void *engine) {
  for (int round = 0; round < 20; round++)
    for (int i = 0; i < 2; i++)
      is_compiled(engine, i);
  return NULL;
}
START_TEST(many_at_once) {
  enum { THREADS = 8 };
  pid_t child = fork();
  ck_assert_int_ge(child, 0);
  pthread_t threads[THREADS];
  heddle_engine_t *engine = new_engine(NULL, NULL);
  for (int i = 0; i < THREADS; i++)
    ck_assert_int_eq(pthread_create(&threads[i], NULL, load_often, engine), 0);
  for (int i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
  heddle_engine_delete(engine);
  if (child == 0) _exit(0);
  int status;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert_int_eq(status, 0);
  ck_assert(!is_compiled_with(NULL, NULL, 0));
  ck_assert(!is_compiled_with(NULL, NULL, 1));
}
END_TEST

int main(void) {
  TCase *tc = tcase_create("cache");
  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_test(tc, second_load_is_found);
  tcase_add_test(tc, other_options_are_other_code);
  tcase_add_test(tc, what_others_may_write_is_not_believed);
  tcase_add_test(tc, links_and_damage_are_not_followed);
  tcase_add_test(tc, another_modules_code_is_not_taken);
  tcase_add_test(tc, it_stays_below_its_size);
  tcase_add_test(tc, without_a_home_all_goes_on);
  tcase_add_test(tc, many_at_once);
  tcase_set_timeout(tc, 60);
  Suite *suite = suite_create("engine/cache");
  suite_add_tcase(suite, tc);
  return unit_run_suite(suite);
}
