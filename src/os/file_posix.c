/* Files by open, read, write and rename. */
#include "os/file.h"

#include "base/alloc.h"
#include "os/random.h"
#include "os/vm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool io_error(struct error *e, const char *what) {
  char text[128];
  return error_set(e, ERROR_IO, "%s: %s", what, strerror_r(errno, text, sizeof text));
}

/* Grows by doubling from the size that the file claims, which may be wrong or 0 (pipes, /proc). */
static bool read_all(int fd, size_t limit, uint8_t **data, size_t *len, struct error *e) {
  struct stat st;
  if (fstat(fd, &st) != 0) return io_error(e, "cannot read");
  if (S_ISDIR(st.st_mode)) return error_set(e, ERROR_IO, "cannot read: is a directory");
  if (S_ISREG(st.st_mode) && st.st_size > 0 && (uint64_t)st.st_size > limit)
    return error_set(e, ERROR_LIMIT, "file of %lld bytes exceeds the limit of %zu", (long long)st.st_size,
                     limit);
  size_t cap = S_ISREG(st.st_mode) && st.st_size > 0 ? (size_t)st.st_size + 1 : 65536, used = 0;
  uint8_t *bytes = vm_alloc_filled(cap);
  if (!bytes) return error_memory(e);
  for (;;) {
    if (used == cap) {
      uint8_t *more = cap > SIZE_MAX / 2 ? NULL : mem_realloc(bytes, cap * 2, 1);
      if (!more) {
        error_memory(e);
        goto fail;
      }
      bytes = more;
      cap *= 2;
    }
    ssize_t got = read(fd, bytes + used, cap - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      io_error(e, "cannot read");
      goto fail;
    }
    if (got == 0) break;
    used += (size_t)got;
    if (used > limit) {
      error_set(e, ERROR_LIMIT, "file exceeds the limit of %zu bytes", limit);
      goto fail;
    }
  }
  *data = bytes;
  *len = used;
  return true;
fail:
  mem_free(bytes);
  return false;
}

bool file_read(const char *path, size_t limit, uint8_t **data, size_t *len, struct error *e) {
  if (strcmp(path, "-") == 0) return read_all(STDIN_FILENO, limit, data, len, e);
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return io_error(e, "cannot open");
  bool ok = read_all(fd, limit, data, len, e);
  close(fd);
  return ok;
}

bool file_write_fd(int fd, const void *data, size_t len) {
  for (const uint8_t *at = data; len > 0;) {
    ssize_t put = write(fd, at, len);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    at += put;
    len -= (size_t)put;
  }
  return true;
}

static bool write_all(int fd, const struct slice *pieces, size_t len, struct error *e) {
  for (size_t i = 0; i < len; i++)
    if (!file_write_fd(fd, pieces[i].data, pieces[i].len)) return io_error(e, "cannot write");
  return true;
}

/* Writes to `fd` and closes it; a close may be the first to hear of a full disk. */
static bool write_and_close(int fd, const struct slice *pieces, size_t len, struct error *e) {
  bool ok = write_all(fd, pieces, len, e);
  if (close(fd) != 0 && ok) ok = io_error(e, "cannot write");
  return ok;
}

/* A name beside `path` that nobody has, opened; O_EXCL, so a planted file or link is not followed. Own:
 * *name. */
static int open_beside(const char *path, char **name, struct error *e) {
  size_t size = strlen(path) + 32;
  *name = mem_alloc(size);
  if (!*name) {
    error_memory(e);
    return -1;
  }
  for (int tries = 0; tries < 100; tries++) {
    uint64_t unique;
    if (!random_bytes(&unique, sizeof unique)) break;
    snprintf(*name, size, "%s.tmp%016llx", path, (unsigned long long)unique);
    int fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0) return fd;
    if (errno != EEXIST) break;
  }
  io_error(e, "cannot create");
  mem_free(*name);
  return -1;
}

bool file_is_regular(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool file_write_pieces(const char *path, const struct slice *pieces, size_t len, struct error *e) {
  struct stat st;
  bool exists = stat(path, &st) == 0;
  if (exists && !S_ISREG(st.st_mode)) {
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return io_error(e, "cannot open");
    return write_and_close(fd, pieces, len, e);
  }
  char *real = exists ? realpath(path, NULL) : NULL; /* a link keeps pointing to what is replaced */
  const char *target = real ? real : path;
  char *name = NULL;
  int fd = open_beside(target, &name, e);
  bool ok = fd >= 0;
  if (ok) {
    if (exists && fchmod(fd, st.st_mode & 07777) != 0)
      errno = 0; /* not ours to keep: the default mode stays */
    ok = write_and_close(fd, pieces, len, e);
    if (ok && rename(name, target) != 0) ok = io_error(e, "cannot replace");
    if (!ok) unlink(name);
    mem_free(name);
  }
  free(real);
  return ok;
}

bool file_write(const char *path, const void *data, size_t len, struct error *e) {
  struct slice all = slice_of(data, len);
  if (strcmp(path, "-") == 0) return write_all(STDOUT_FILENO, &all, 1, e);
  return file_write_pieces(path, &all, 1, e);
}
