/* Paths: what leads outside is refused with the right error, and nothing outside is touched; what a read-only
 * directory refuses; last components of every shape. */
#include "world.h"

#include "base/check.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { OUT = 32768, FOLLOW = LOOKUPFLAGS_SYMLINK_FOLLOW };
enum { STALE_NS = 1234567890 };

/* A tree with every kind of way out. */
static void open_world(struct world *w, bool read_only) {
  world_open(w, &(struct world_options){.read_only = read_only});
  host_mkdir(w, "in/d");
  host_mkdir(w, "in/d/e");
  host_mkdir(w, "out/dir");
  host_write(w, "in/f", "text");
  host_write(w, "in/d/g", "deeper");
  host_symlink(w, "../out", "in/up");
  host_symlink(w, "../out/secret", "in/upfile");
  host_symlink(w, "up", "in/chain");
  host_symlink(w, "chain", "in/chain2");
  char target[128];
  snprintf(target, sizeof target, "%s/out", w->dir);
  host_symlink(w, target, "in/absolute");
  host_symlink(w, "/proc/self/root", "in/root");
  host_symlink(w, "d/g", "in/inside");
  host_symlink(w, "../f", "in/d/back");
  host_symlink(w, "loop", "in/loop");
  host_symlink(w, "nowhere", "in/dangling");
}

static int open_errno(struct world *w, int dirflags, const char *path, int oflags, uint64_t rights) {
  return CALL(w, "path_open", FD_IN, dirflags, STR(w, path), oflags, (int64_t)rights, 0, 0, OUT);
}

static const char *const ways_out[] = {
    "..",
    "../out/secret",
    "../in/f",
    "d/../../out/secret",
    "/",
    "/f",
    "//f",
    "/etc/passwd",
    "up/secret",
    "up/../out/secret",
    "chain/secret",
    "chain2/secret",
    "absolute/secret",
    "root/etc/passwd",
    "d/../../in/f",
    "d/e/../../../in/f",
    "./../out/secret",
    "up/dir/x",
};

static void nothing_outside_changed(struct world *w) {
  struct stat st;
  char path[128];
  ck_assert_str_eq(host_read(w, "out/secret"), "secret");
  ck_assert(host_exists(w, "out/dir") && !host_exists(w, "out/new") && !host_exists(w, "out/dir/x"));
  snprintf(path, sizeof path, "%s/out/secret", w->dir);
  ck_assert(!stat(path, &st) && st.st_nlink == 1 && st.st_mtime > STALE_NS / 1000000000 + 1);
}

START_TEST(escapes_are_refused) {
  struct world w;
  open_world(&w, false);
  for (size_t i = 0; i < COUNT_OF(ways_out); i++) {
    const char *p = ways_out[i];
    ck_assert_msg(open_errno(&w, 0, p, 0, RW) == ERRNO_PERM, "%s", p);
    ck_assert_msg(open_errno(&w, FOLLOW, p, 0, RIGHTS_FD_READ) == ERRNO_PERM, "%s", p);
    ck_assert_msg(open_errno(&w, FOLLOW, p, OFLAGS_CREAT | OFLAGS_TRUNC, RW) == ERRNO_PERM, "%s", p);
    ck_assert_msg(open_errno(&w, FOLLOW, p, OFLAGS_DIRECTORY, 0) == ERRNO_PERM, "%s", p);
    for (int follow = 0; follow < 2; follow++) {
      FAILS(&w, PERM, "path_filestat_get", FD_IN, follow, STR(&w, p), OUT);
      FAILS(&w, PERM, "path_filestat_set_times", FD_IN, follow, STR(&w, p), STALE_NS, STALE_NS,
            FSTFLAGS_ATIM | FSTFLAGS_MTIM);
    }
    FAILS(&w, PERM, "path_create_directory", FD_IN, STR(&w, p));
    FAILS(&w, PERM, "path_remove_directory", FD_IN, STR(&w, p));
    FAILS(&w, PERM, "path_unlink_file", FD_IN, STR(&w, p));
    FAILS(&w, PERM, "path_readlink", FD_IN, STR(&w, p), OUT, 64, 0);
    FAILS(&w, PERM, "path_symlink", STR(&w, "f"), FD_IN, STR(&w, p));
    FAILS(&w, PERM, "path_rename", FD_IN, STR(&w, p), FD_IN, STR(&w, "new"));
    FAILS(&w, PERM, "path_rename", FD_IN, STR(&w, "f"), FD_IN, STR(&w, p));
    FAILS(&w, PERM, "path_link", FD_IN, 0, STR(&w, p), FD_IN, STR(&w, "new"));
    FAILS(&w, PERM, "path_link", FD_IN, 0, STR(&w, "f"), FD_IN, STR(&w, p));
  }
  nothing_outside_changed(&w);
  ck_assert_str_eq(host_read(&w, "in/f"), "text");
  world_close(&w);
}
END_TEST

/* Links that lead outside as the last component: followed, they are refused; as links, they are the guest's.
 */
START_TEST(links_as_last_component) {
  static const char *const links[] = {"up", "upfile", "chain", "chain2", "absolute", "root"};
  struct world w;
  open_world(&w, false);
  for (size_t i = 0; i < COUNT_OF(links); i++) {
    const char *p = links[i];
    char slash[32];
    snprintf(slash, sizeof slash, "%s/", p);
    ck_assert_int_eq(open_errno(&w, FOLLOW, p, 0, RIGHTS_FD_READ), ERRNO_PERM);
    ck_assert_int_eq(open_errno(&w, FOLLOW, p, OFLAGS_CREAT | OFLAGS_TRUNC, RW), ERRNO_PERM);
    ck_assert_int_eq(open_errno(&w, 0, p, 0, RIGHTS_FD_READ), ERRNO_LOOP);
    ck_assert_int_eq(open_errno(&w, 0, slash, 0, RIGHTS_FD_READ), ERRNO_PERM);
    FAILS(&w, PERM, "path_filestat_get", FD_IN, FOLLOW, STR(&w, p), OUT);
    FAILS(&w, PERM, "path_filestat_get", FD_IN, 0, STR(&w, slash), OUT);
    FAILS(&w, PERM, "path_filestat_set_times", FD_IN, FOLLOW, STR(&w, p), STALE_NS, STALE_NS, FSTFLAGS_MTIM);
    FAILS(&w, PERM, "path_filestat_set_times", FD_IN, 0, STR(&w, slash), STALE_NS, STALE_NS, FSTFLAGS_MTIM);
    FAILS(&w, EXIST, "path_create_directory", FD_IN, STR(&w, p));
    FAILS(&w, EXIST, "path_create_directory", FD_IN, STR(&w, slash));
    FAILS(&w, NOTDIR, "path_remove_directory", FD_IN, STR(&w, p));
    FAILS(&w, NOTDIR, "path_remove_directory", FD_IN, STR(&w, slash));
    FAILS(&w, NOTDIR, "path_unlink_file", FD_IN, STR(&w, slash));
    FAILS(&w, PERM, "path_link", FD_IN, 0, STR(&w, slash), FD_IN, STR(&w, "new"));
    FAILS(&w, INVAL, "path_link", FD_IN, FOLLOW, STR(&w, p), FD_IN, STR(&w, "new"));
    FAILS(&w, EXIST, "path_symlink", STR(&w, "f"), FD_IN, STR(&w, p));
    /* The link itself. */
    OK(&w, "path_filestat_get", FD_IN, 0, STR(&w, p), OUT);
    ck_assert_int_eq(w.memory[OUT + 16], FILETYPE_SYMBOLIC_LINK);
    OK(&w, "path_filestat_set_times", FD_IN, 0, STR(&w, p), STALE_NS, STALE_NS, FSTFLAGS_MTIM);
    OK(&w, "path_readlink", FD_IN, STR(&w, p), OUT, 64, 0);
    OK(&w, "path_rename", FD_IN, STR(&w, p), FD_IN, STR(&w, "moved"));
    OK(&w, "path_link", FD_IN, 0, STR(&w, "moved"), FD_IN, STR(&w, p));
    OK(&w, "path_unlink_file", FD_IN, STR(&w, "moved"));
  }
  nothing_outside_changed(&w);
  world_close(&w);
}
END_TEST

/* The same from a directory opened below: its own parent is outside for it. */
START_TEST(a_directory_is_its_own_root) {
  struct world w;
  open_world(&w, false);
  uint32_t d = world_path_open(&w, FD_IN, "d", OFLAGS_DIRECTORY, 0);
  FAILS(&w, PERM, "path_open", d, 0, STR(&w, "../f"), 0, 0, 0, 0, OUT);
  FAILS(&w, PERM, "path_open", d, FOLLOW, STR(&w, "back"), 0, 0, 0, 0, OUT);
  FAILS(&w, PERM, "path_filestat_get", d, FOLLOW, STR(&w, "back"), OUT);
  FAILS(&w, PERM, "path_rename", d, STR(&w, "../f"), FD_IN, STR(&w, "x"));
  FAILS(&w, PERM, "path_link", d, 0, STR(&w, "../f"), FD_IN, STR(&w, "x"));
  OK(&w, "path_rename", d, STR(&w, "g"), FD_IN, STR(&w, "x"));
  ck_assert_str_eq(host_read(&w, "in/x"), "deeper");
  /* A file is no directory. */
  uint32_t f = world_path_open(&w, FD_IN, "f", 0, RW);
  FAILS(&w, NOTDIR, "path_open", f, 0, STR(&w, "x"), 0, 0, 0, 0, OUT);
  FAILS(&w, NOTDIR, "path_unlink_file", f, STR(&w, "x"));
  FAILS(&w, BADF, "path_open", 77, 0, STR(&w, "x"), 0, 0, 0, 0, OUT);
  world_close(&w);
}
END_TEST

START_TEST(inside_works) {
  struct world w;
  open_world(&w, false);
  static const char *const good[] = {"f",      "./f",  "d/../f",   "inside",
                                     "d/back", "d//g", "d/e/../g", "d/e/../../f"};
  for (size_t i = 0; i < COUNT_OF(good); i++) {
    uint32_t fd = world_path_open(&w, FD_IN, good[i], 0, RIGHTS_FD_READ);
    OK(&w, "fd_close", fd);
    OK(&w, "path_filestat_get", FD_IN, FOLLOW, STR(&w, good[i]), OUT);
    ck_assert_int_eq(w.memory[OUT + 16], FILETYPE_REGULAR_FILE);
  }
  OK(&w, "path_filestat_get", FD_IN, 0, STR(&w, "."), OUT);
  ck_assert_int_eq(w.memory[OUT + 16], FILETYPE_DIRECTORY);
  OK(&w, "path_filestat_get", FD_IN, 0, STR(&w, "d/.."), OUT);
  OK(&w, "path_create_directory", FD_IN, STR(&w, "n/"));
  OK(&w, "path_create_directory", FD_IN, STR(&w, "n/m"));
  OK(&w, "path_rename", FD_IN, STR(&w, "n/m/"), FD_IN, STR(&w, "d/m/"));
  OK(&w, "path_remove_directory", FD_IN, STR(&w, "d/m//"));
  OK(&w, "path_remove_directory", FD_IN, STR(&w, "n"));
  OK(&w, "path_symlink", STR(&w, "../f"), FD_IN, STR(&w, "d/l"));
  OK(&w, "path_readlink", FD_IN, STR(&w, "d/l"), OUT, 2, 0);
  ck_assert_uint_eq(get_u32(w.memory), 2);
  ck_assert_mem_eq(w.memory + OUT, "..", 2);
  OK(&w, "path_link", FD_IN, 0, STR(&w, "f"), FD_IN, STR(&w, "d/hard"));
  ck_assert_str_eq(host_read(&w, "in/d/hard"), "text");
  OK(&w, "path_unlink_file", FD_IN, STR(&w, "d/hard"));
  world_close(&w);
}
END_TEST

START_TEST(shapes_of_last_component) {
  struct world w;
  open_world(&w, false);
  char longest[NAME_MAX + 2], path[PATH_MAX + 1];
  memset(longest, 'a', sizeof longest);
  longest[NAME_MAX + 1] = 0;
  memset(path, 'a', sizeof path);
  path[PATH_MAX] = 0;
  FAILS(&w, NOENT, "path_open", FD_IN, 0, STR(&w, ""), 0, 0, 0, 0, OUT);
  FAILS(&w, NOENT, "path_create_directory", FD_IN, STR(&w, ""));
  FAILS(&w, NOENT, "path_unlink_file", FD_IN, STR(&w, ""));
  FAILS(&w, NOENT, "path_filestat_get", FD_IN, 0, STR(&w, ""), OUT);
  FAILS(&w, NOENT, "path_readlink", FD_IN, STR(&w, ""), OUT, 1, 0);
  FAILS(&w, NAMETOOLONG, "path_open", FD_IN, 0, STR(&w, longest), 0, 0, 0, 0, OUT);
  FAILS(&w, NAMETOOLONG, "path_create_directory", FD_IN, STR(&w, path));
  FAILS(&w, INVAL, "path_open", FD_IN, 0, world_text(&w, "f"), 2, 0, 0, 0, 0,
        OUT); /* a NUL follows the text */
  FAILS(&w, EXIST, "path_create_directory", FD_IN, STR(&w, "."));
  FAILS(&w, EXIST, "path_create_directory", FD_IN, STR(&w, "d/.."));
  FAILS(&w, INVAL, "path_remove_directory", FD_IN, STR(&w, "d/."));
  FAILS(&w, ISDIR, "path_unlink_file", FD_IN, STR(&w, "d/."));
  FAILS(&w, BUSY, "path_rename", FD_IN, STR(&w, "d/e/.."), FD_IN, STR(&w, "x"));
  FAILS(&w, BUSY, "path_rename", FD_IN, STR(&w, "d"), FD_IN, STR(&w, "."));
  FAILS(&w, ISDIR, "path_unlink_file", FD_IN, STR(&w, "d"));
  FAILS(&w, NOTDIR, "path_unlink_file", FD_IN, STR(&w, "f/"));
  FAILS(&w, NOTDIR, "path_remove_directory", FD_IN, STR(&w, "f"));
  FAILS(&w, NOTEMPTY, "path_remove_directory", FD_IN, STR(&w, "d"));
  FAILS(&w, NOENT, "path_symlink", STR(&w, "f"), FD_IN, STR(&w, "new/"));
  FAILS(&w, PERM, "path_symlink", STR(&w, "/etc"), FD_IN, STR(&w, "new"));
  FAILS(&w, PERM, "path_link", FD_IN, 0, STR(&w, "d"), FD_IN, STR(&w, "new"));
  FAILS(&w, NOTDIR, "path_link", FD_IN, 0, STR(&w, "f/"), FD_IN, STR(&w, "new"));
  FAILS(&w, INVAL, "path_readlink", FD_IN, STR(&w, "f"), OUT, 8, 0);
  FAILS(&w, LOOP, "path_filestat_get", FD_IN, FOLLOW, STR(&w, "loop"), OUT);
  ck_assert_int_eq(open_errno(&w, 0, "f/", 0, 0), ERRNO_NOTDIR);
  ck_assert_int_eq(open_errno(&w, 0, "new/", OFLAGS_CREAT, RW), ERRNO_ISDIR);
  ck_assert_int_eq(open_errno(&w, FOLLOW, "loop", 0, 0), ERRNO_LOOP);
  ck_assert_int_eq(open_errno(&w, 0, "f", OFLAGS_CREAT | OFLAGS_EXCL, RW), ERRNO_EXIST);
  ck_assert_int_eq(open_errno(&w, 0, "f", OFLAGS_DIRECTORY, 0), ERRNO_NOTDIR);
  ck_assert_int_eq(open_errno(&w, 0, "d", 0, RW), ERRNO_ISDIR);
  ck_assert_int_eq(open_errno(&w, 0, "f", 16, 0), ERRNO_INVAL);
  ck_assert_int_eq(open_errno(&w, FOLLOW, "dangling", 0, 0), ERRNO_NOENT);
  ck_assert(!host_exists(&w, "in/new"));
  world_close(&w);
}
END_TEST

START_TEST(read_only_directories) {
  struct world w;
  open_world(&w, true);
  static const int oflags[] = {OFLAGS_CREAT, OFLAGS_TRUNC, OFLAGS_CREAT | OFLAGS_EXCL};
  for (size_t i = 0; i < COUNT_OF(oflags); i++) {
    ck_assert_int_eq(open_errno(&w, 0, "f", oflags[i], RIGHTS_FD_READ), ERRNO_ROFS);
    ck_assert_int_eq(open_errno(&w, 0, "new", oflags[i], 0), ERRNO_ROFS);
  }
  ck_assert_int_eq(open_errno(&w, 0, "f", 0, RIGHTS_FD_WRITE), ERRNO_ROFS);
  ck_assert_int_eq(open_errno(&w, 0, "f", 0, RW), ERRNO_ROFS);
  FAILS(&w, ROFS, "path_create_directory", FD_IN, STR(&w, "new"));
  FAILS(&w, ROFS, "path_remove_directory", FD_IN, STR(&w, "d/e"));
  FAILS(&w, ROFS, "path_unlink_file", FD_IN, STR(&w, "f"));
  FAILS(&w, ROFS, "path_symlink", STR(&w, "f"), FD_IN, STR(&w, "new"));
  FAILS(&w, ROFS, "path_rename", FD_IN, STR(&w, "f"), FD_IN, STR(&w, "new"));
  FAILS(&w, ROFS, "path_link", FD_IN, 0, STR(&w, "f"), FD_IN, STR(&w, "new"));
  FAILS(&w, ROFS, "path_filestat_set_times", FD_IN, 0, STR(&w, "f"), 0, 0, FSTFLAGS_MTIM);
  /* What is opened below is as read-only. */
  uint32_t d = world_path_open(&w, FD_IN, "d", OFLAGS_DIRECTORY, 0);
  FAILS(&w, ROFS, "path_open", d, 0, STR(&w, "g"), 0, (int64_t)RW, 0, 0, OUT);
  FAILS(&w, ROFS, "path_create_directory", d, STR(&w, "new"));
  FAILS(&w, ROFS, "fd_filestat_set_times", d, 0, 0, FSTFLAGS_MTIM);
  uint32_t f = world_path_open(&w, FD_IN, "f", 0, RIGHTS_FD_READ);
  ck_assert_int_ne(CALL(&w, "fd_filestat_set_size", f, 0), 0);
  ck_assert_int_ne(CALL(&w, "fd_allocate", f, 0, 100), 0);
  FAILS(&w, ROFS, "fd_filestat_set_times", f, 0, 0, FSTFLAGS_MTIM);
  world_iov(&w, 16, 64, 1);
  FAILS(&w, BADF, "fd_write", f, 16, 1, OUT);
  FAILS(&w, BADF, "fd_pwrite", f, 16, 1, 0, OUT);
  OK(&w, "fd_read", f, 16, 1, OUT);
  ck_assert_str_eq(host_read(&w, "in/f"), "text");
  ck_assert(host_exists(&w, "in/d/e") && !host_exists(&w, "in/new") && !host_exists(&w, "in/d/new"));
  world_close(&w);
}
END_TEST

static void grant_writable(struct world *w) {
  char path[80];
  snprintf(path, sizeof path, "%s/out", w->dir);
  ck_assert(!heddle_wasi_preopen(w->wasi, path, "/rw", false));
}

/* Neither a second name nor a new place makes a read-only file writable. */
START_TEST(between_directories) {
  struct world w;
  world_open(&w, &(struct world_options){.read_only = true, .grant = grant_writable});
  host_write(&w, "in/f", "text");
  FAILS(&w, ROFS, "path_link", FD_IN, 0, STR(&w, "f"), FD_IN + 1, STR(&w, "f"));
  FAILS(&w, ROFS, "path_rename", FD_IN, STR(&w, "f"), FD_IN + 1, STR(&w, "f"));
  FAILS(&w, ROFS, "path_rename", FD_IN + 1, STR(&w, "secret"), FD_IN, STR(&w, "f"));
  FAILS(&w, ROFS, "path_link", FD_IN + 1, 0, STR(&w, "secret"), FD_IN, STR(&w, "g"));
  OK(&w, "path_rename", FD_IN + 1, STR(&w, "secret"), FD_IN + 1, STR(&w, "moved"));
  ck_assert_str_eq(host_read(&w, "in/f"), "text");
  world_close(&w);
}
END_TEST

static void grant_proc(struct world *w) { ck_assert(!heddle_wasi_preopen(w->wasi, "/proc", "/proc", false)); }

/* Our own memory is a file below /proc. */
START_TEST(processes_are_not_written) {
  struct world w;
  char mem[32];
  world_open(&w, &(struct world_options){.grant = grant_proc});
  snprintf(mem, sizeof mem, "%d/mem", (int)getpid());
  FAILS(&w, PERM, "path_open", FD_IN + 1, FOLLOW, STR(&w, mem), 0, (int64_t)RW, 0, 0, OUT);
  FAILS(&w, PERM, "path_open", FD_IN + 1, FOLLOW, STR(&w, "self/mem"), 0, (int64_t)RIGHTS_FD_WRITE, 0, 0,
        OUT);
  FAILS(&w, PERM, "path_open", FD_IN + 1, FOLLOW, STR(&w, "sys/kernel/core_pattern"), 0, (int64_t)RW, 0, 0,
        OUT);
  FAILS(&w, LOOP, "path_open", FD_IN + 1, FOLLOW, STR(&w, "self/root/etc"), 0, 0, 0, 0, OUT);
  FAILS(&w, LOOP, "path_open", FD_IN + 1, FOLLOW, STR(&w, "self/fd/0"), 0, 0, 0, 0, OUT);
  OK(&w, "path_open", FD_IN + 1, FOLLOW, STR(&w, "self/status"), 0, (int64_t)RIGHTS_FD_READ, 0, 0, OUT);
  world_close(&w);
}
END_TEST

START_TEST(pipes_do_not_hang) {
  struct world w;
  open_world(&w, false);
  char path[128];
  snprintf(path, sizeof path, "%s/in/fifo", w.dir);
  ck_assert(!mkfifo(path, 0666));
  ck_assert_int_eq(open_errno(&w, 0, "fifo", 0, RIGHTS_FD_WRITE), ERRNO_NXIO); /* nobody reads */
  uint32_t r = world_path_open(&w, FD_IN, "fifo", 0, RIGHTS_FD_READ);
  uint32_t both = world_path_open(&w, FD_IN, "fifo", 0, RIGHTS_FD_WRITE);
  memcpy(w.memory + 64, "ping", 4);
  world_iov(&w, 16, 64, 4);
  world_iov(&w, 24, 128, 100);
  OK(&w, "fd_write", both, 16, 1, OUT);
  OK(&w, "fd_read", r, 24, 1, OUT);
  ck_assert_uint_eq(get_u32(w.memory + OUT), 4);
  ck_assert_mem_eq(w.memory + 128, "ping", 4);
  FAILS(&w, SPIPE, "fd_seek", r, 0, 0, OUT);
  FAILS(&w, SPIPE, "fd_pread", r, 24, 1, 0, OUT);
  OK(&w, "fd_fdstat_set_flags", r, FDFLAGS_NONBLOCK);
  FAILS(&w, AGAIN, "fd_read", r, 24, 1, OUT);
  OK(&w, "fd_close", both);
  OK(&w, "fd_read", r, 24, 1, OUT);
  ck_assert_uint_eq(get_u32(w.memory + OUT), 0);
  world_close(&w);
}
END_TEST

/* ---- a race: `sub` is a directory and a link to the outside by turns, as fast as the machine can ---- */

struct swapping {
  const char *dir;
  atomic_bool stop;
  atomic_ulong swaps;
};

static void *swap(void *arg) {
  struct swapping *s = arg;
  char a[128], b[128];
  snprintf(a, sizeof a, "%s/in/sub", s->dir);
  snprintf(b, sizeof b, "%s/in/other", s->dir);
  while (!s->stop) {
    if (!renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE)) s->swaps++;
  }
  return NULL;
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

START_TEST(races_do_not_lead_outside) {
  struct world w;
  open_world(&w, false);
  host_mkdir(&w, "in/sub");
  host_write(&w, "in/sub/secret", "harmless");
  host_symlink(&w, "../out", "in/other");
  struct swapping s = {.dir = w.dir};
  pthread_t thread;
  ck_assert(!pthread_create(&thread, NULL, swap, &s));
  unsigned long opened = 0, refused = 0;
  world_iov(&w, 16, 128, 100);
  for (double end = seconds() + 1; seconds() < end;) {
    int e = open_errno(&w, FOLLOW, "sub/secret", 0, RIGHTS_FD_READ);
    ck_assert_msg(e == 0 || e == ERRNO_PERM || e == ERRNO_AGAIN, "errno %d", e);
    opened += !e;
    refused += e == ERRNO_PERM;
    if (!e) {
      uint32_t fd = get_u32(w.memory + OUT);
      OK(&w, "fd_read", fd, 16, 1, OUT);
      ck_assert_mem_eq(w.memory + 128, "harmless", 8);
      OK(&w, "fd_close", fd);
    }
    CALL(&w, "path_open", FD_IN, FOLLOW, STR(&w, "sub/new"), OFLAGS_CREAT, (int64_t)RW, 0, 0, OUT);
    if (!world_call(&w, "path_open", (int64_t[]){FD_IN, FOLLOW, STR(&w, "sub"), 0, 0, 0, 0, OUT}, 9)) {
      /* A directory that stays open stays the same one, whatever its name leads to now. */
      int64_t fd = get_u32(w.memory + OUT);
      CALL(&w, "path_unlink_file", fd, STR(&w, "new"));
      OK(&w, "path_filestat_get", fd, 0, STR(&w, "secret"), OUT);
      ck_assert_uint_eq(get_u64(w.memory + OUT + 32), 8);
      OK(&w, "fd_close", fd);
    }
    CALL(&w, "path_unlink_file", FD_IN, STR(&w, "sub/new"));
    CALL(&w, "path_create_directory", FD_IN, STR(&w, "sub/new"));
    CALL(&w, "path_remove_directory", FD_IN, STR(&w, "sub/new"));
    CALL(&w, "path_remove_directory", FD_IN, STR(&w, "sub/dir"));
    CALL(&w, "path_symlink", STR(&w, "x"), FD_IN, STR(&w, "sub/new"));
    CALL(&w, "path_rename", FD_IN, STR(&w, "f"), FD_IN, STR(&w, "sub/new"));
    CALL(&w, "path_rename", FD_IN, STR(&w, "sub/new"), FD_IN, STR(&w, "f"));
    CALL(&w, "path_link", FD_IN, 0, STR(&w, "f"), FD_IN, STR(&w, "sub/new"));
    CALL(&w, "path_filestat_set_times", FD_IN, FOLLOW, STR(&w, "sub/secret"), STALE_NS, STALE_NS,
         FSTFLAGS_MTIM);
  }
  s.stop = true;
  pthread_join(thread, NULL);
  ck_assert_uint_gt(opened, 0);
  ck_assert_uint_gt(refused, 0);
  ck_assert_uint_gt(s.swaps, 100);
  nothing_outside_changed(&w);
  world_close(&w);
}
END_TEST

int main(void) {
  return UNIT_RUN("wasi/paths", escapes_are_refused, links_as_last_component, a_directory_is_its_own_root,
                  inside_works, shapes_of_last_component, read_only_directories, between_directories,
                  processes_are_not_written, pipes_do_not_hang, races_do_not_lead_outside);
}
