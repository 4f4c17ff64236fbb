/* Descriptors: reading, writing, position, rights, directories, the table; preview 0's layouts; arguments,
 * clocks, random numbers, exit. */
#include "world.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { OUT = 32768, IOV = 16, DATA = 1024 };

static uint32_t transfer(struct world *w, const char *call, uint32_t fd, uint32_t len) {
  world_iov(w, IOV, DATA, len);
  OK(w, call, fd, IOV, 1, OUT);
  return get_u32(w->memory + OUT);
}

static void put(struct world *w, const char *text) { memcpy(w->memory + DATA, text, strlen(text)); }

START_TEST(reading_and_writing) {
  struct world w;
  world_open(&w, NULL);
  uint32_t fd = world_path_open(&w, FD_IN, "f", OFLAGS_CREAT | OFLAGS_EXCL, RW);
  ck_assert_uint_eq(fd, FD_IN + 1);
  put(&w, "hello world");
  ck_assert_uint_eq(transfer(&w, "fd_write", fd, 11), 11);
  OK(&w, "fd_tell", fd, OUT);
  ck_assert_uint_eq(get_u64(w.memory + OUT), 11);
  OK(&w, "fd_seek", fd, 6, 0, OUT);
  memset(w.memory + DATA, 0, 16);
  ck_assert_uint_eq(transfer(&w, "fd_read", fd, 100), 5);
  ck_assert_mem_eq(w.memory + DATA, "world", 6);
  ck_assert_uint_eq(transfer(&w, "fd_read", fd, 100), 0);
  OK(&w, "fd_pread", fd, IOV, 1, 1, OUT);
  ck_assert_mem_eq(w.memory + DATA, "ello world", 10);
  FAILS(&w, INVAL, "fd_pread", fd, IOV, 1, -1, OUT);
  put(&w, "J");
  world_iov(&w, IOV, DATA, 1);
  OK(&w, "fd_pwrite", fd, IOV, 1, 0, OUT);
  ck_assert_str_eq(host_read(&w, "in/f"), "Jello world");
  OK(&w, "fd_seek", fd, -1, 2, OUT);
  ck_assert_uint_eq(get_u64(w.memory + OUT), 10);
  FAILS(&w, INVAL, "fd_seek", fd, -1, 0, OUT);
  FAILS(&w, INVAL, "fd_seek", fd, 0, 3, OUT);
  OK(&w, "fd_filestat_set_size", fd, 5);
  FAILS(&w, INVAL, "fd_filestat_set_size", fd, INT64_MIN);
  ck_assert_str_eq(host_read(&w, "in/f"), "Jello");
  OK(&w, "fd_allocate", fd, 0, 100);
  FAILS(&w, INVAL, "fd_allocate", fd, INT64_MAX, 100);
  FAILS(&w, INVAL, "fd_allocate", fd, 0, 0);
  OK(&w, "fd_advise", fd, 0, 0, 3);
  FAILS(&w, INVAL, "fd_advise", fd, 0, 0, 6);
  OK(&w, "fd_sync", fd);
  OK(&w, "fd_datasync", fd);
  OK(&w, "fd_filestat_set_times", fd, 5000000007, 6000000008, FSTFLAGS_ATIM | FSTFLAGS_MTIM);
  FAILS(&w, INVAL, "fd_filestat_set_times", fd, 0, 0, FSTFLAGS_ATIM | FSTFLAGS_ATIM_NOW);
  FAILS(&w, INVAL, "fd_filestat_set_times", fd, 0, 0, 16);
  OK(&w, "fd_filestat_get", fd, OUT);
  ck_assert_int_eq(w.memory[OUT + 16], FILETYPE_REGULAR_FILE);
  ck_assert_uint_eq(get_u64(w.memory + OUT + 24), 1);
  ck_assert_uint_eq(get_u64(w.memory + OUT + 32), 100);
  ck_assert_uint_eq(get_u64(w.memory + OUT + 40), 5000000007);
  ck_assert_uint_eq(get_u64(w.memory + OUT + 48), 6000000008);
  OK(&w, "fd_close", fd);
  FAILS(&w, BADF, "fd_close", fd);
  FAILS(&w, BADF, "fd_read", fd, IOV, 1, OUT);
  FAILS(&w, BADF, "fd_close", UINT32_MAX);
  world_close(&w);
}
END_TEST

START_TEST(appending) {
  struct world w;
  world_open(&w, NULL);
  host_write(&w, "in/f", "one");
  OK(&w, "path_open", FD_IN, 0, STR(&w, "f"), 0, (int64_t)RW, 0, FDFLAGS_APPEND, OUT);
  uint32_t fd = get_u32(w.memory + OUT);
  put(&w, "two");
  transfer(&w, "fd_write", fd, 3);
  ck_assert_str_eq(host_read(&w, "in/f"), "onetwo");
  OK(&w, "fd_fdstat_get", fd, OUT);
  ck_assert_uint_eq(get_u16(w.memory + OUT + 2), FDFLAGS_APPEND);
  OK(&w, "fd_fdstat_set_flags", fd, 0);
  OK(&w, "fd_seek", fd, 0, 0, OUT);
  transfer(&w, "fd_write", fd, 3);
  ck_assert_str_eq(host_read(&w, "in/f"), "twotwo");
  FAILS(&w, INVAL, "fd_fdstat_set_flags", fd, 32);
  FAILS(&w, NOTSUP, "fd_fdstat_set_flags", fd, FDFLAGS_SYNC);
  world_close(&w);
}
END_TEST

START_TEST(rights_shrink_and_hold) {
  struct world w;
  world_open(&w, NULL);
  host_write(&w, "in/f", "text");
  uint32_t r = world_path_open(&w, FD_IN, "f", 0, RIGHTS_FD_READ);
  uint32_t wr = world_path_open(&w, FD_IN, "f", 0, RIGHTS_FD_WRITE);
  world_iov(&w, IOV, DATA, 4);
  FAILS(&w, BADF, "fd_write", r, IOV, 1, OUT);
  FAILS(&w, BADF, "fd_read", wr, IOV, 1, OUT);
  OK(&w, "fd_fdstat_get", r, OUT);
  uint64_t rights = get_u64(w.memory + OUT + 8);
  ck_assert(rights & RIGHTS_FD_READ && !(rights & RIGHTS_FD_WRITE));
  FAILS(&w, NOTCAPABLE, "fd_fdstat_set_rights", r, (int64_t)(rights | RIGHTS_FD_WRITE), 0);
  OK(&w, "fd_fdstat_set_rights", r, (int64_t)(rights & ~(RIGHTS_FD_READ | RIGHTS_FD_SEEK)), 0);
  FAILS(&w, NOTCAPABLE, "fd_read", r, IOV, 1, OUT);
  FAILS(&w, NOTCAPABLE, "fd_seek", r, 0, 0, OUT);
  OK(&w, "fd_tell", r, OUT);
  FAILS(&w, NOTCAPABLE, "fd_fdstat_set_rights", r, (int64_t)rights, 0);
  /* A directory hands on no more than it inherits. */
  OK(&w, "fd_fdstat_get", FD_IN, OUT);
  uint64_t base = get_u64(w.memory + OUT + 8), inheriting = get_u64(w.memory + OUT + 16);
  OK(&w, "fd_fdstat_set_rights", FD_IN, (int64_t)(base & ~RIGHTS_PATH_FILESTAT_SET_SIZE),
     (int64_t)(inheriting & ~RIGHTS_FD_WRITE));
  FAILS(&w, NOTCAPABLE, "path_open", FD_IN, 0, STR(&w, "f"), 0, (int64_t)RW, 0, 0, OUT);
  FAILS(&w, NOTCAPABLE, "path_open", FD_IN, 0, STR(&w, "f"), OFLAGS_TRUNC, 0, 0, 0, OUT);
  OK(&w, "path_open", FD_IN, 0, STR(&w, "f"), 0, (int64_t)RIGHTS_FD_READ, 0, 0, OUT);
  OK(&w, "fd_fdstat_set_rights", FD_IN, 0, 0);
  FAILS(&w, NOTCAPABLE, "path_open", FD_IN, 0, STR(&w, "f"), 0, 0, 0, 0, OUT);
  FAILS(&w, NOTCAPABLE, "path_unlink_file", FD_IN, STR(&w, "f"));
  FAILS(&w, NOTCAPABLE, "fd_readdir", FD_IN, 0, 100, 0, OUT);
  ck_assert_str_eq(host_read(&w, "in/f"), "text");
  world_close(&w);
}
END_TEST

START_TEST(directories_are_no_files) {
  struct world w;
  world_open(&w, NULL);
  world_iov(&w, IOV, DATA, 4);
  FAILS(&w, ISDIR, "fd_read", FD_IN, IOV, 1, OUT);
  FAILS(&w, ISDIR, "fd_write", FD_IN, IOV, 1, OUT);
  FAILS(&w, ISDIR, "fd_pread", FD_IN, IOV, 1, 0, OUT);
  FAILS(&w, ISDIR, "fd_seek", FD_IN, 0, 0, OUT);
  FAILS(&w, ISDIR, "fd_filestat_set_size", FD_IN, 0);
  FAILS(&w, ISDIR, "fd_allocate", FD_IN, 0, 1);
  uint32_t f = world_path_open(&w, FD_IN, "f", OFLAGS_CREAT, RW);
  FAILS(&w, NOTDIR, "fd_readdir", f, 0, 100, 0, OUT);
  FAILS(&w, NOTSOCK, "sock_shutdown", f, SDFLAGS_RD);
  FAILS(&w, NOTSOCK, "sock_accept", f, 0, OUT);
  FAILS(&w, NOTSOCK, "sock_recv", f, IOV, 1, 0, OUT, OUT + 8);
  FAILS(&w, NOTSOCK, "sock_send", f, IOV, 1, 0, OUT);
  FAILS(&w, BADF, "sock_shutdown", 99, SDFLAGS_RD);
  world_close(&w);
}
END_TEST

/* ---- fd_readdir ---- */

/* Reads with a buffer of `size` and counts each name; cut entries are asked for again. */
static void list(struct world *w, uint32_t size, int *seen, int *dots, int *others) {
  uint64_t cookie = 0;
  for (int calls = 0; calls < 20000; calls++) {
    OK(w, "fd_readdir", FD_IN, DATA, size, (int64_t)cookie, OUT);
    uint32_t used = get_u32(w->memory + OUT), at = 0;
    ck_assert_uint_le(used, size);
    while (at + DIRENT_SIZE <= used) {
      const uint8_t *entry = w->memory + DATA + at;
      uint32_t len = get_u32(entry + 16);
      char name[256];
      int number;
      if (at + DIRENT_SIZE + len > used) break;
      memcpy(name, entry + DIRENT_SIZE, len);
      name[len] = 0;
      cookie = get_u64(entry);
      at += DIRENT_SIZE + len;
      if (!strcmp(name, ".") || !strcmp(name, "..")) {
        ck_assert_int_eq(entry[20], FILETYPE_DIRECTORY);
        ++*dots;
      } else if (sscanf(name, "file%d", &number) == 1) {
        ck_assert_int_eq(entry[20], FILETYPE_REGULAR_FILE);
        seen[number]++;
      } else {
        ++*others;
      }
    }
    if (used < size) return;
    ck_assert_uint_gt(at, 0); /* the largest name fits all buffers of the test */
  }
  ck_abort_msg("no end");
}

START_TEST(readdir_with_small_buffers) {
  enum { FILES = 300 };
  static const uint32_t sizes[] = {40, 41, 63, 64, 100, 256, 4096, 30000};
  struct world w;
  world_open(&w, NULL);
  for (int i = 0; i < FILES; i++) {
    char name[32];
    snprintf(name, sizeof name, "in/file%d", i);
    host_write(&w, name, "");
  }
  for (size_t s = 0; s < COUNT_OF(sizes); s++) {
    int seen[FILES] = {0}, dots = 0, others = 0;
    list(&w, sizes[s], seen, &dots, &others);
    for (int i = 0; i < FILES; i++)
      ck_assert_int_eq(seen[i], 1);
    ck_assert_int_eq(dots, 2);
    ck_assert_int_eq(others, 0);
  }
  /* Less than a head; nothing at all; cookies from nowhere. */
  OK(&w, "fd_readdir", FD_IN, DATA, 5, 0, OUT);
  ck_assert_uint_eq(get_u32(w.memory + OUT), 5);
  OK(&w, "fd_readdir", FD_IN, DATA, 0, 0, OUT);
  ck_assert_uint_eq(get_u32(w.memory + OUT), 0);
  FAILS(&w, INVAL, "fd_readdir", FD_IN, DATA, 100, -1, OUT);
  int e = CALL(&w, "fd_readdir", FD_IN, DATA, 100, INT64_MAX, OUT);
  ck_assert(e == ERRNO_SUCCESS || e == ERRNO_INVAL);
  /* A name that vanishes between calls does not disturb the others. */
  OK(&w, "fd_readdir", FD_IN, DATA, 4096, 0, OUT);
  uint64_t cookie = get_u64(w.memory + DATA);
  for (int i = 0; i < FILES; i += 2) {
    char name[32];
    snprintf(name, sizeof name, "file%d", i);
    OK(&w, "path_unlink_file", FD_IN, STR(&w, name));
  }
  OK(&w, "fd_readdir", FD_IN, DATA, 100, (int64_t)cookie, OUT);
  int seen[FILES] = {0}, dots = 0, others = 0;
  list(&w, 128, seen, &dots, &others);
  for (int i = 0; i < FILES; i++)
    ck_assert_int_eq(seen[i], i & 1);
  world_close(&w);
}
END_TEST

/* ---- the table ---- */

static void grant_limit(struct world *w) { heddle_wasi_set_max_fds(w->wasi, 8); }

START_TEST(numbers) {
  struct world w;
  world_open(&w, &(struct world_options){.grant = grant_limit});
  uint32_t a = world_path_open(&w, FD_IN, "a", OFLAGS_CREAT, RW),
           b = world_path_open(&w, FD_IN, "b", OFLAGS_CREAT, RW);
  ck_assert_uint_eq(a, 4);
  ck_assert_uint_eq(b, 5);
  OK(&w, "fd_close", a);
  ck_assert_uint_eq(world_path_open(&w, FD_IN, "b", 0, RW), 4); /* the lowest free */
  OK(&w, "fd_renumber", 4, 5);
  FAILS(&w, BADF, "fd_renumber", 4, 5);
  FAILS(&w, BADF, "fd_renumber", 5, 4);
  FAILS(&w, BADF, "fd_renumber", 5, 1000000);
  OK(&w, "fd_renumber", 5, 5);
  put(&w, "kept");
  transfer(&w, "fd_write", 5, 4);
  ck_assert_str_eq(host_read(&w, "in/b"), "kept");
  /* Up to the maximum, again and again: nothing leaks. */
  for (int round = 0; round < 200; round++) {
    int n = 0, e = 0;
    for (; n < 10; n++)
      if ((e = CALL(&w, "path_open", FD_IN, 0, STR(&w, "a"), 0, 0, 0, 0, OUT))) break;
    ck_assert_int_eq(e, ERRNO_MFILE);
    ck_assert_int_eq(n, 3);
    OK(&w, "fd_close", 4);
    OK(&w, "fd_close", 6);
    OK(&w, "fd_close", 7);
  }
  /* A pre-opened directory may go, and its number is an ordinary one then. */
  OK(&w, "fd_prestat_get", FD_IN, OUT);
  ck_assert_uint_eq(get_u32(w.memory + OUT + 4), 1);
  FAILS(&w, NAMETOOLONG, "fd_prestat_dir_name", FD_IN, DATA, 0);
  OK(&w, "fd_prestat_dir_name", FD_IN, DATA, 1);
  ck_assert_int_eq(w.memory[DATA], '/');
  FAILS(&w, BADF, "fd_prestat_get", 5, OUT);
  OK(&w, "fd_renumber", 5, FD_IN);
  FAILS(&w, BADF, "fd_prestat_get", FD_IN, OUT);
  FAILS(&w, BADF, "fd_prestat_dir_name", FD_IN, DATA, 1);
  world_close(&w);
}
END_TEST

START_TEST(nothing_by_default) {
  struct world w;
  world_open(&w, &(struct world_options){.bare = true});
  OK(&w, "args_sizes_get", OUT, OUT + 4);
  ck_assert_uint_eq(get_u64(w.memory + OUT), 0);
  OK(&w, "environ_sizes_get", OUT, OUT + 4);
  ck_assert_uint_eq(get_u64(w.memory + OUT), 0);
  FAILS(&w, BADF, "fd_prestat_get", 3, OUT);
  ck_assert_uint_eq(transfer(&w, "fd_read", 0, 100), 0);
  ck_assert_uint_eq(transfer(&w, "fd_write", 1, 100), 100);
  ck_assert_uint_eq(transfer(&w, "fd_write", 2, 100), 100);
  world_close(&w);
}
END_TEST

/* ---- what is not about files ---- */

static void grant_strings(struct world *w) {
  ck_assert(!heddle_wasi_arg(w->wasi, "second argument"));
  ck_assert(!heddle_wasi_env(w->wasi, "OTHER", "x=y"));
  ck_assert(!heddle_wasi_env(w->wasi, "NAME", "replaced"));
  heddle_error_t *error = heddle_wasi_env(w->wasi, "BAD=NAME", "");
  ck_assert(error != NULL);
  heddle_error_delete(error);
}

START_TEST(strings) {
  struct world w;
  world_open(&w, &(struct world_options){.grant = grant_strings});
  OK(&w, "args_sizes_get", OUT, OUT + 4);
  ck_assert_uint_eq(get_u32(w.memory + OUT), 2);
  ck_assert_uint_eq(get_u32(w.memory + OUT + 4), sizeof "program" + sizeof "second argument");
  OK(&w, "args_get", OUT, DATA);
  ck_assert_str_eq((char *)w.memory + get_u32(w.memory + OUT), "program");
  ck_assert_str_eq((char *)w.memory + get_u32(w.memory + OUT + 4), "second argument");
  OK(&w, "environ_sizes_get", OUT, OUT + 4);
  ck_assert_uint_eq(get_u32(w.memory + OUT), 2);
  OK(&w, "environ_get", OUT, DATA);
  ck_assert_str_eq((char *)w.memory + get_u32(w.memory + OUT), "OTHER=x=y");
  ck_assert_str_eq((char *)w.memory + get_u32(w.memory + OUT + 4), "NAME=replaced");
  world_close(&w);
}
END_TEST

START_TEST(clocks) {
  struct world w;
  world_open(&w, NULL);
  uint64_t times[2];
  for (int clock = 0; clock < 4; clock++) {
    OK(&w, "clock_res_get", clock, OUT);
    ck_assert_uint_gt(get_u64(w.memory + OUT), 0);
    OK(&w, "clock_time_get", clock, 0, OUT);
    times[clock & 1] = get_u64(w.memory + OUT);
    ck_assert_uint_gt(times[clock & 1], 0);
  }
  FAILS(&w, INVAL, "clock_res_get", 4, OUT);
  FAILS(&w, INVAL, "clock_time_get", UINT32_MAX, 0, OUT);
  OK(&w, "clock_time_get", 1, 0, OUT);
  times[0] = get_u64(w.memory + OUT);
  OK(&w, "clock_time_get", 1, 0, OUT);
  ck_assert_uint_ge(get_u64(w.memory + OUT), times[0]);
  world_close(&w);
}
END_TEST

START_TEST(random_numbers) {
  uint8_t first[64];
  for (int seeded = 0; seeded < 2; seeded++)
    for (int round = 0; round < 2; round++) {
      struct world w;
      world_open(&w, &(struct world_options){.seed = (uint64_t)seeded * 42});
      OK(&w, "random_get", DATA, 64);
      if (round == 0)
        memcpy(first, w.memory + DATA, 64);
      else
        ck_assert_int_eq(!memcmp(first, w.memory + DATA, 64), seeded);
      OK(&w, "random_get", 0, MEMORY_SIZE); /* whole */
      ck_assert(memcmp(w.memory, w.memory + 65536, 256) != 0);
      world_close(&w);
    }
}
END_TEST

START_TEST(the_end) {
  struct world w;
  int32_t code;
  world_open(&w, NULL);
  ck_assert_int_eq(CALL(&w, "proc_exit", 42), -1);
  ck_assert(heddle_error_kind(w.error) == HEDDLE_ERROR_EXIT);
  ck_assert(heddle_error_exit_code(w.error, &code) && code == 42);
  FAILS(&w, NOTSUP, "proc_raise", 6);
  ck_assert_int_eq(world_call(&w, "sched_yield", NULL, 0), 0);
  world_close(&w);
}
END_TEST

START_TEST(preview0) {
  struct world w;
  world_open(&w, &(struct world_options){.module = "wasi_unstable"});
  host_write(&w, "in/f", "hello");
  uint32_t fd = world_path_open(&w, FD_IN, "f", 0, RW);
  memset(w.memory + OUT, 0xaa, 64);
  OK(&w, "fd_filestat_get", fd, OUT);
  ck_assert_int_eq(w.memory[OUT + 16], FILETYPE_REGULAR_FILE);
  ck_assert_uint_eq(get_u32(w.memory + OUT + 20), 1);
  ck_assert_uint_eq(get_u64(w.memory + OUT + 24), 5);
  ck_assert_uint_eq(get_u64(w.memory + OUT + 56), 0xaaaaaaaaaaaaaaaa); /* 56 bytes, not 64 */
  memset(w.memory + OUT, 0xaa, 64);
  OK(&w, "path_filestat_get", FD_IN, 0, STR(&w, "f"), OUT);
  ck_assert_uint_eq(get_u64(w.memory + OUT + 24), 5);
  OK(&w, "fd_filestat_get", fd, MEMORY_SIZE - FILESTAT0_SIZE);
  OK(&w, "fd_seek", fd, 2, 2, OUT); /* set */
  OK(&w, "fd_seek", fd, 1, 0, OUT); /* current */
  ck_assert_uint_eq(get_u64(w.memory + OUT), 3);
  OK(&w, "fd_seek", fd, -1, 1, OUT); /* end */
  ck_assert_uint_eq(get_u64(w.memory + OUT), 4);
  /* A clock subscription has an identifier before the clock's number. */
  memset(w.memory, 0, 64);
  put_u64(w.memory, 77);
  put_u32(w.memory + 24, 1);
  put_u64(w.memory + 32, 1000000);
  OK(&w, "poll_oneoff", 0, DATA, 1, OUT);
  ck_assert_uint_eq(get_u32(w.memory + OUT), 1);
  ck_assert_uint_eq(get_u64(w.memory + DATA), 77);
  world_close(&w);
}
END_TEST

/* ---- what the embedder gives ---- */

static heddle_error_t *grant_all(heddle_wasi_t *wasi) {
  heddle_error_t *error = heddle_wasi_arg(wasi, "an argument");
  if (!error) error = heddle_wasi_env(wasi, "NAME", "value");
  if (!error) error = heddle_wasi_inherit_stdio(wasi);
  if (!error) error = heddle_wasi_preopen(wasi, "/tmp", "/", false);
  return error;
}

/* Each allocation fails once: a clean refusal, and nothing is lost (the sanitizers look). */
START_TEST(memory_runs_out) {
  int refusals = 0;
  for (int n = 0; n < 50; n++) {
    alloc_fail_after(n, false);
    heddle_wasi_t *wasi = heddle_wasi_new();
    heddle_error_t *error = wasi ? grant_all(wasi) : NULL;
    alloc_fail_after(-1, false);
    refusals += !wasi || error;
    if (wasi && !error && n > 4) n = 50;
    heddle_error_delete(error);
    heddle_wasi_delete(wasi);
  }
  ck_assert_int_ge(refusals, 5);
  struct world w;
  world_open(&w, NULL);
  put_u32(w.memory + 16, 1); /* a clock that strikes at once */
  uint32_t opened = 0;
  for (int n = 0; n < 8; n++)
    for (int i = 0; i < 40; i++) { /* over the table's growth */
      alloc_fail_after(n, false);
      int e = CALL(&w, "path_open", FD_IN, 0, STR(&w, "f"), OFLAGS_CREAT, (int64_t)RW, 0, 0, OUT);
      int p = CALL(&w, "poll_oneoff", 0, DATA, 1, OUT + 8);
      alloc_fail_after(-1, false);
      opened += !e;
      ck_assert_msg(e == 0 || e == ERRNO_NOMEM || e == -1, "errno %d", e);
      ck_assert_msg(p == 0 || p == ERRNO_NOMEM || p == -1, "errno %d", p);
    }
  OK(&w, "path_open", FD_IN, 0, STR(&w, "f"), 0, 0, 0, 0, OUT);
  ck_assert_uint_ge(get_u32(w.memory + OUT), opened + FD_IN + 1); /* no number was lost or given twice */
  ck_assert_uint_gt(opened, 200);
  world_close(&w);
}
END_TEST

static void refuse_openat2(int error) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {COUNT_OF(code), code};
  ck_assert(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  ck_assert(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

static void preopen_says(const char *path, const char *text) {
  heddle_wasi_t *wasi = heddle_wasi_new();
  heddle_error_t *error = heddle_wasi_preopen(wasi, path, "/", false);
  ck_assert(error != NULL);
  char message[512];
  snprintf(message, sizeof message, "%.*s", (int)heddle_error_message(error).len,
           heddle_error_message(error).data);
  ck_assert_msg(strstr(message, text) && strstr(message, path), "%s", message);
  heddle_error_delete(error);
  heddle_wasi_delete(wasi);
}

START_TEST(preopen_without_openat2) {
  refuse_openat2(ENOSYS);
  preopen_says("/tmp", "Linux 5.6");
}
END_TEST

START_TEST(preopen_with_openat2_forbidden) {
  refuse_openat2(EPERM);
  preopen_says("/tmp", "seccomp");
}
END_TEST

START_TEST(preopen_of_nothing) {
  preopen_says("/nowhere/at/all", "No such file");
  preopen_says("/dev/null", "Not a directory");
}
END_TEST

START_TEST(refused_descriptors_stay_open) {
  heddle_wasi_t *wasi = heddle_wasi_new();
  heddle_error_t *error;
  int fd = open("/dev/null", O_RDONLY), pair[2];
  ck_assert(!pipe(pair));
  error = heddle_wasi_socket(wasi, fd, true);
  ck_assert(error != NULL);
  heddle_error_delete(error);
  error = heddle_wasi_stdio(wasi, 3, fd, true);
  ck_assert(error != NULL);
  heddle_error_delete(error);
  heddle_wasi_set_max_fds(wasi, 0);
  error = heddle_wasi_stdio(wasi, 0, pair[0], true);
  ck_assert(error != NULL);
  heddle_error_delete(error);
  ck_assert(fcntl(fd, F_GETFD) >= 0 && fcntl(pair[0], F_GETFD) >= 0);
  heddle_wasi_set_max_fds(wasi, 3);
  ck_assert(!heddle_wasi_stdio(wasi, 0, pair[0], true) && !heddle_wasi_stdio(wasi, 1, fd, false));
  heddle_wasi_delete(wasi);
  ck_assert(fcntl(fd, F_GETFD) >= 0 && fcntl(pair[0], F_GETFD) < 0);
}
END_TEST

int main(void) {
  return UNIT_RUN("wasi/fd", reading_and_writing, appending, rights_shrink_and_hold, directories_are_no_files,
                  readdir_with_small_buffers, numbers, nothing_by_default, strings, clocks, random_numbers,
                  the_end, preview0, memory_runs_out, refused_descriptors_stay_open, preopen_without_openat2,
                  preopen_with_openat2_forbidden, preopen_of_nothing);
}
