/* Private directories by openat and fstat: what is checked is what is open. */
#include "os/private_dir.h"

#include "base/num.h"
#include "os/file.h"
#include "os/random.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_private(const struct stat *st) {
  return st->st_uid == geteuid() && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

static void make_with_parent(const char *path) {
  char parent[PATH_MAX];
  const char *slash = strrchr(path, '/');
  if (mkdir(path, 0700) == 0 || errno != ENOENT || !slash || slash == path) return;
  if ((size_t)snprintf(parent, sizeof parent, "%.*s", (int)(slash - path), path) >= sizeof parent) return;
  if (mkdir(parent, 0700) == 0) (void)!mkdir(path, 0700);
}

int private_dir_open(const char *path, bool make) {
  enum { HOW = O_RDONLY | O_DIRECTORY | O_CLOEXEC };
  int dir = open(path, HOW);
  if (dir < 0 && errno == ENOENT && make) {
    make_with_parent(path);
    dir = open(path, HOW);
  }
  struct stat st;
  if (dir < 0 || (fstat(dir, &st) == 0 && is_private(&st))) return dir;
  close(dir);
  return -1;
}

int private_dir_use(int dir, const char *name, uint64_t *size) {
  struct stat st;
  int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return -1;
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && is_private(&st)) {
    *size = (uint64_t)st.st_size;
    (void)!futimens(fd, NULL); /* a file system that cannot be written keeps the old time: nothing is lost */
    return fd;
  }
  close(fd);
  return -1;
}

bool private_dir_write(int dir, const char *name, const struct slice *pieces, size_t len) {
  char beside[NAME_MAX + 1];
  uint64_t unique;
  if (!random_bytes(&unique, sizeof unique)) return false;
  int n = snprintf(beside, sizeof beside, "%s.%016llx", name, (unsigned long long)unique);
  if (n < 0 || (size_t)n >= sizeof beside) return false;
  int fd = openat(dir, beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  bool ok = true;
  for (size_t i = 0; ok && i < len; i++)
    ok = file_write_fd(fd, pieces[i].data, pieces[i].len);
  ok = close(fd) == 0 && ok;
  ok = ok && renameat(dir, beside, dir, name) == 0;
  if (!ok) unlinkat(dir, beside, 0);
  return ok;
}

bool private_dir_remove(int dir, const char *name) { return unlinkat(dir, name, 0) == 0; }

void private_dir_each(int dir, private_dir_visit visit, void *env) {
  int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* fdopendir takes its descriptor over */
  DIR *d = fd < 0 ? NULL : fdopendir(fd);
  if (!d) {
    if (fd >= 0) close(fd);
    return;
  }
  for (struct dirent *entry; (entry = readdir(d));) {
    struct stat st;
    if (fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
      visit(env, entry->d_name, (uint64_t)st.st_size,
            (uint64_t)st.st_mtim.tv_sec * UINT64_C(1000000000) + (uint64_t)st.st_mtim.tv_nsec);
  }
  closedir(d);
}
