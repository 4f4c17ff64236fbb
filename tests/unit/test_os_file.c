/* Files, clocks, entropy, threads. */
#include "base/alloc.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/random.h"
#include "os/thread.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/heddle-test-XXXXXX";

static const char *in_dir(const char *name) {
  static char path[200];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  return path;
}

static size_t entries(void) {
  char command[200];
  snprintf(command, sizeof command, "ls -A %s | wc -l", dir);
  FILE *f = popen(command, "r");
  size_t count = 999;
  ck_assert_int_eq(fscanf(f, "%zu", &count), 1);
  pclose(f);
  return count;
}

START_TEST(writes_whole_and_reads_back) {
  ck_assert_ptr_nonnull(mkdtemp(dir));
  struct error e = ERROR_INIT;
  uint8_t *data = NULL;
  size_t len = 0;
  static uint8_t bytes[200001];
  ck_assert(random_bytes(bytes, sizeof bytes));
  ck_assert(file_write(in_dir("a"), bytes, sizeof bytes, &e));
  ck_assert(file_read(in_dir("a"), sizeof bytes, &data, &len, &e));
  ck_assert_uint_eq(len, sizeof bytes);
  ck_assert_mem_eq(data, bytes, len);
  mem_free(data);
  ck_assert(!file_read(in_dir("a"), sizeof bytes - 1, &data, &len, &e));
  ck_assert_int_eq(e.kind, ERROR_LIMIT);
  e = (struct error)ERROR_INIT;
  chmod(in_dir("a"), 0640);
  char link[200];
  snprintf(link, sizeof link, "%s", in_dir("link"));
  ck_assert_int_eq(symlink("a", link), 0);
  ck_assert(file_write(link, "", 0, &e)); /* through the link, keeping the mode */
  struct stat st;
  ck_assert(lstat(link, &st) == 0 && S_ISLNK(st.st_mode));
  ck_assert(stat(in_dir("a"), &st) == 0 && st.st_size == 0 && (st.st_mode & 0777) == 0640);
  ck_assert(file_read(in_dir("a"), 0, &data, &len, &e) && data && len == 0);
  mem_free(data);
  ck_assert_uint_eq(entries(), 2); /* no temporary file is left */
  unlink(link);
  unlink(in_dir("a"));
  rmdir(dir);
}
END_TEST

START_TEST(says_what_failed) {
  ck_assert_ptr_nonnull(mkdtemp(dir));
  uint8_t *data;
  size_t len;
  struct error e = ERROR_INIT;
  ck_assert(!file_read(in_dir("none"), 10, &data, &len, &e));
  ck_assert_str_eq(e.message, "cannot open: No such file or directory");
  e = (struct error)ERROR_INIT;
  ck_assert(!file_read(dir, 10, &data, &len, &e));
  ck_assert_str_eq(e.message, "cannot read: is a directory");
  e = (struct error)ERROR_INIT;
  ck_assert(!file_write(in_dir("none/x"), "x", 1, &e));
  ck_assert_str_eq(e.message, "cannot create: No such file or directory");
  e = (struct error)ERROR_INIT;
  ck_assert(!file_write("/dev/full", "x", 1, &e));
  ck_assert_str_eq(e.message, "cannot write: No space left on device");
  e = (struct error)ERROR_INIT;
  ck_assert(file_write("/dev/null", "x", 1, &e));
  ck_assert(!file_read("/dev/zero", 100000, &data, &len, &e));
  ck_assert_int_eq(e.kind, ERROR_LIMIT);
  for (int n = 0; n < 3; n++) {
    e = (struct error)ERROR_INIT;
    alloc_fail_after(n, false);
    if (!file_read("/proc/self/maps", 1 << 20, &data, &len, &e))
      ck_assert_int_eq(e.kind, ERROR_MEMORY);
    else
      mem_free(data);
    ck_assert(n != 0 || error_is_set(&e));
    alloc_fail_after(-1, false);
  }
  ck_assert_uint_eq(entries(), 0);
  rmdir(dir);
}
END_TEST

START_TEST(clocks_run) {
  uint64_t before = clock_monotonic_ns(), cpu = clock_ns(CLOCK_KIND_THREAD);
  while (clock_ns(CLOCK_KIND_THREAD) == cpu)
    continue;
  ck_assert_uint_gt(clock_monotonic_ns(), before);
  ck_assert_uint_gt(clock_ns(CLOCK_KIND_WALL), UINT64_C(1600000000) * 1000000000);
  ck_assert_uint_ge(clock_ns(CLOCK_KIND_PROCESS), cpu);
  ck_assert_uint_gt(clock_resolution_ns(CLOCK_KIND_MONOTONIC), 0);
}
END_TEST

struct shared {
  struct mutex mutex;
  struct cond cond;
  uint32_t count;
  bool go;
};

static void count_up(void *arg) {
  struct shared *s = arg;
  uintptr_t low, high, here = (uintptr_t)__builtin_frame_address(0);
  bool known = thread_stack_bounds(&low, &high);
  mutex_lock(&s->mutex);
  while (!s->go)
    cond_wait(&s->cond, &s->mutex);
  if (known && low < here && here < high) s->count++;
  cond_signal(&s->cond);
  mutex_unlock(&s->mutex);
}

START_TEST(threads_meet) {
  struct shared s = {.mutex = MUTEX_INIT};
  ck_assert(cond_init(&s.cond));
  struct thread threads[8];
  for (size_t i = 0; i < 8; i++)
    ck_assert(thread_start(&threads[i], count_up, &s, i ? 0 : 256 << 10, true));
  mutex_lock(&s.mutex);
  ck_assert(!cond_wait_until(&s.cond, &s.mutex, clock_monotonic_ns() + 1000000) || s.count == 0);
  s.go = true;
  cond_broadcast(&s.cond);
  mutex_unlock(&s.mutex);
  for (size_t i = 0; i < 8; i++)
    thread_join(&threads[i]);
  ck_assert_uint_eq(s.count, 8);
  cond_free(&s.cond);
  ck_assert_uint_ge(thread_cpu_count(), 1);
}
END_TEST

START_TEST(knows_the_main_stack) {
  uintptr_t low, high, here = (uintptr_t)__builtin_frame_address(0);
  for (int i = 0; i < 2; i++) {
    ck_assert(thread_stack_bounds(&low, &high));
    ck_assert(low < here && here < high && high - low >= 65536);
  }
}
END_TEST

int main(void) {
  return UNIT_RUN("os/file", writes_whole_and_reads_back, says_what_failed, clocks_run, threads_meet,
                  knows_the_main_stack);
}
