/* path_*: see path.h.
 *
 * Two ways to a file. Where the kernel resolves the whole path (open, status, times, reading a link), openat2
 * does it. Where it takes a parent and a name (make, remove, rename, link), openat2 opens the parent and the
 * name goes to a call that never follows it. */
#include "wasi/path.h"

#include "wasi/preview1.h"
#include "wasi/stat.h"
#include "wasi/wasi.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Somebody else's renames make the kernel give up a walk: then it is walked again, but not for ever. */
enum { RACE_RETRIES = 32 };

int path_openat2(int dir, const char *path, uint64_t flags, uint64_t mode) {
  flags |= O_CLOEXEC;
  if (!(flags & O_PATH)) flags |= O_NOCTTY | O_NONBLOCK; /* a pipe's other end is not waited for */
  struct open_how how = {.flags = flags, .mode = mode, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
  long fd = -1;
  for (int i = 0; i < RACE_RETRIES; i++) {
    fd = syscall(SYS_openat2, dir, path, &how, sizeof how);
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) break;
  }
  if (fd < 0 && errno == EXDEV) errno = EPERM;
  return (int)fd;
}

/* ---- a parent and a name ---- */

struct place {
  int dir;
  bool own;         /* dir is closed by place_close */
  const char *name; /* one component, with the slashes that followed it; never "." or ".." */
};

static void place_close(struct place *p) {
  int kept = errno;
  if (p->own) close(p->dir);
  p->own = false;
  errno = kept;
}

/* `path` is cut up. `dots` is the answer where the last component is "." or "..", which name no entry that
 * could be made or removed; it is given only when the path as a whole leads somewhere allowed. */
static enum wasi_errno place_open(const struct fd *dir, char *path, enum wasi_errno dots, struct place *out) {
  *out = (struct place){.dir = dir->host, .name = path};
  if (path[0] == '/') return ERRNO_PERM;
  if (!path[0]) return ERRNO_NOENT;
  char *end = path + strlen(path);
  while (end[-1] == '/')
    end--;
  char *name = end;
  while (name > path && name[-1] != '/')
    name--;
  size_t len = (size_t)(end - name);
  if ((len == 1 || len == 2) && !memcmp(name, "..", len)) {
    int fd = path_openat2(dir->host, path, O_PATH, 0);
    if (fd < 0) return errno_of(errno);
    close(fd);
    return dots;
  }
  if (name == path) return ERRNO_SUCCESS;
  name[-1] = 0;
  out->name = name;
  out->dir = path_openat2(dir->host, path, O_PATH | O_DIRECTORY, 0);
  out->own = out->dir >= 0;
  return out->own ? ERRNO_SUCCESS : errno_of(errno);
}

static enum wasi_errno changeable(const struct fd *dir) {
  return dir->read_only ? ERRNO_ROFS : ERRNO_SUCCESS;
}

/* A place for a call that changes it: argument `fd` with `right`, path `path`. */
static enum wasi_errno place_for(struct call *c, int fd, int path, uint64_t right, enum wasi_errno dots,
                                 struct place *out) {
  struct fd *dir;
  *out = (struct place){.dir = -1};
  enum wasi_errno e = call_fd(c, fd, right, &dir);
  if (!e) e = changeable(dir);
  return e ? e : place_open(dir, c->path[path], dots, out);
}

static enum wasi_errno finish(struct place *p, int returned) {
  enum wasi_errno e = returned < 0 ? errno_of(errno) : ERRNO_SUCCESS;
  place_close(p);
  return e;
}

enum wasi_errno sys_path_create_directory(struct call *c) {
  struct place p;
  enum wasi_errno e = place_for(c, 0, 0, RIGHTS_PATH_CREATE_DIRECTORY, ERRNO_EXIST, &p);
  return e ? e : finish(&p, mkdirat(p.dir, p.name, 0777));
}

enum wasi_errno sys_path_remove_directory(struct call *c) {
  struct place p;
  enum wasi_errno e = place_for(c, 0, 0, RIGHTS_PATH_REMOVE_DIRECTORY, ERRNO_INVAL, &p);
  return e ? e : finish(&p, unlinkat(p.dir, p.name, AT_REMOVEDIR));
}

enum wasi_errno sys_path_unlink_file(struct call *c) {
  struct place p;
  enum wasi_errno e = place_for(c, 0, 0, RIGHTS_PATH_UNLINK_FILE, ERRNO_ISDIR, &p);
  return e ? e : finish(&p, unlinkat(p.dir, p.name, 0));
}

/* The target is text; but an absolute one would lead outside for everybody who is not fenced in as the guest
 * is. */
enum wasi_errno sys_path_symlink(struct call *c) {
  struct place p;
  enum wasi_errno e = place_for(c, 1, 1, RIGHTS_PATH_SYMLINK, ERRNO_EXIST, &p);
  if (e) return e;
  if (c->path[0][0] == '/') {
    place_close(&p);
    return ERRNO_PERM;
  }
  return finish(&p, symlinkat(c->path[0], p.dir, p.name));
}

enum wasi_errno sys_path_rename(struct call *c) {
  struct place from, to;
  enum wasi_errno e = place_for(c, 0, 0, RIGHTS_PATH_RENAME_SOURCE, ERRNO_BUSY, &from);
  if (!e) e = place_for(c, 2, 1, RIGHTS_PATH_RENAME_TARGET, ERRNO_BUSY, &to);
  if (!e) e = finish(&to, renameat(from.dir, from.name, to.dir, to.name));
  place_close(&from);
  return e;
}

/* A second name for a file would be a way around a read-only directory, so both must be writable. */
enum wasi_errno sys_path_link(struct call *c) {
  struct place from, to;
  if (call_u32(c, 1) & ~(uint32_t)LOOKUPFLAGS_SYMLINK_FOLLOW) return ERRNO_INVAL;
  if (call_u32(c, 1))
    return ERRNO_INVAL; /* following the link would need a path that the kernel walks unfenced */
  enum wasi_errno e = place_for(c, 0, 0, RIGHTS_PATH_LINK_SOURCE, ERRNO_PERM, &from);
  if (!e &&
      strchr(from.name, '/')) { /* must be a directory, which has no second name; linkat would follow it */
    int fd = path_openat2(from.dir, from.name, O_PATH | O_DIRECTORY, 0);
    e = fd < 0 ? errno_of(errno) : ERRNO_PERM;
    if (fd >= 0) close(fd);
  }
  if (!e) e = place_for(c, 3, 1, RIGHTS_PATH_LINK_TARGET, ERRNO_EXIST, &to);
  if (!e) e = finish(&to, linkat(from.dir, from.name, to.dir, to.name, 0));
  place_close(&from);
  return e;
}

/* ---- the whole path ---- */

/* Opens for looking only: argument 0 with `right`, path 0; a link itself unless `follow`. */
static enum wasi_errno look(struct call *c, uint64_t right, bool follow, bool change, int *fd) {
  struct fd *dir;
  enum wasi_errno e = call_fd(c, 0, right, &dir);
  if (!e && change) e = changeable(dir);
  if (e) return e;
  *fd = path_openat2(dir->host, c->path[0], (uint64_t)O_PATH | (follow ? 0 : O_NOFOLLOW), 0);
  return *fd < 0 ? errno_of(errno) : ERRNO_SUCCESS;
}

enum wasi_errno sys_path_filestat_get(struct call *c) {
  struct stat st;
  int fd;
  enum wasi_errno e =
      look(c, RIGHTS_PATH_FILESTAT_GET, call_u32(c, 1) & LOOKUPFLAGS_SYMLINK_FOLLOW, false, &fd);
  if (e) return e;
  if (fstat(fd, &st)) e = errno_of(errno);
  close(fd);
  if (!e) put_filestat(call_out(c, 3), &st, filetype_of_mode(st.st_mode), c->preview0);
  return e;
}

enum wasi_errno sys_path_filestat_set_times(struct call *c) {
  struct timespec times[2];
  int fd;
  enum wasi_errno e = times_of(c->arg[3], c->arg[4], call_u32(c, 5), times);
  if (!e) e = look(c, RIGHTS_PATH_FILESTAT_SET_TIMES, call_u32(c, 1) & LOOKUPFLAGS_SYMLINK_FOLLOW, true, &fd);
  if (e) return e;
  if (utimensat(fd, "", times, AT_EMPTY_PATH)) e = errno_of(errno);
  close(fd);
  return e;
}

enum wasi_errno sys_path_readlink(struct call *c) {
  struct stat st;
  int fd;
  uint32_t room = call_u32(c, 3);
  uint8_t *out = guest_slice(&c->guest, call_u32(c, 2), room);
  if (!out) return ERRNO_FAULT;
  enum wasi_errno e = look(c, RIGHTS_PATH_READLINK, false, false, &fd);
  if (e) return e;
  char target[PATH_MAX];
  ssize_t len = 0;
  if (fstat(fd, &st))
    e = errno_of(errno);
  else if (!S_ISLNK(st.st_mode))
    e = ERRNO_INVAL;
  else if ((len = readlinkat(fd, "", target, sizeof target)) < 0)
    e = errno_of(errno);
  close(fd);
  if (e) return e;
  len = len > (ssize_t)room ? (ssize_t)room : len;
  memcpy(out, target, (size_t)len);
  put_u32(call_out(c, 4), (uint32_t)len);
  return ERRNO_SUCCESS;
}

/* ---- path_open ---- */

struct opening {
  uint32_t oflags, fdflags;
  bool follow, read, write;
};

static uint64_t host_flags(const struct opening *o) {
  uint64_t flags = !o->write ? O_RDONLY : o->read ? O_RDWR : O_WRONLY;
  if (o->oflags & OFLAGS_DIRECTORY) flags |= O_DIRECTORY;
  if (o->oflags & OFLAGS_CREAT) flags |= O_CREAT;
  if (o->oflags & OFLAGS_EXCL) flags |= O_EXCL;
  if (o->oflags & OFLAGS_TRUNC) flags |= O_TRUNC;
  if (o->fdflags & FDFLAGS_APPEND) flags |= O_APPEND;
  if (o->fdflags & FDFLAGS_DSYNC) flags |= O_DSYNC;
  if (o->fdflags & (FDFLAGS_RSYNC | FDFLAGS_SYNC)) flags |= O_SYNC;
  if (!o->follow) flags |= O_NOFOLLOW;
  return flags;
}

static enum wasi_errno opening_of(struct call *c, struct opening *o) {
  *o = (struct opening){.oflags = call_u32(c, 3),
                        .fdflags = call_u32(c, 6),
                        .follow = call_u32(c, 1) & LOOKUPFLAGS_SYMLINK_FOLLOW,
                        .read = c->arg[4] & RIGHTS_FD_READ,
                        .write = c->arg[4] & RIGHTS_FD_WRITE};
  if (o->oflags & ~(uint32_t)OFLAGS_ALL || o->fdflags & ~(uint32_t)FDFLAGS_ALL) return ERRNO_INVAL;
  return ERRNO_SUCCESS;
}

/* What the directory must allow for it. */
static enum wasi_errno opening_allowed(const struct opening *o, const struct fd *dir, uint64_t asked) {
  uint64_t right = 0;
  if (o->oflags & OFLAGS_CREAT) right |= RIGHTS_PATH_CREATE_FILE;
  if (o->oflags & OFLAGS_TRUNC) right |= RIGHTS_PATH_FILESTAT_SET_SIZE;
  if ((dir->rights & right) != right) return ERRNO_NOTCAPABLE;
  if (asked & (RIGHTS_FD_READ | RIGHTS_FD_WRITE) & ~dir->inheriting) return ERRNO_NOTCAPABLE;
  bool changes = o->write || o->oflags & (OFLAGS_CREAT | OFLAGS_TRUNC);
  return changes ? changeable(dir) : ERRNO_SUCCESS;
}

/* Files of procfs write into processes, ours included (/proc/self/mem): whoever gives away "/" does not mean
 * that. */
static bool is_process_file(int host) {
  struct statfs fs;
  return fstatfs(host, &fs) || fs.f_type == PROC_SUPER_MAGIC;
}

enum wasi_errno sys_path_open(struct call *c) {
  struct opening o;
  struct fd *dir, fd;
  enum wasi_errno e = call_fd(c, 0, RIGHTS_PATH_OPEN, &dir);
  if (!e) e = opening_of(c, &o);
  if (!e) e = opening_allowed(&o, dir, c->arg[4]);
  if (e) return e;
  int host = path_openat2(dir->host, c->path[0], host_flags(&o), o.oflags & OFLAGS_CREAT ? 0666 : 0);
  if (host < 0) return errno_of(errno);
  if (!fd_describe(host, true, &fd)) e = errno_of(errno);
  if (!e && o.write && is_process_file(host)) e = ERRNO_PERM;
  if (e) {
    close(host);
    return e;
  }
  /* All that its kind can do, save what the directory does not hand on; reading and writing only as asked. */
  uint64_t rights = fd.rights & dir->inheriting;
  if (fd.filetype != FILETYPE_DIRECTORY) {
    rights &= c->arg[4] | ~(RIGHTS_FD_READ | RIGHTS_FD_WRITE);
    if (!o.write) rights &= ~(RIGHTS_FD_ALLOCATE | RIGHTS_FD_FILESTAT_SET_SIZE);
  }
  fd.opened = fd.rights = rights;
  fd.inheriting &= dir->inheriting;
  fd.read_only = dir->read_only;
  fd.flags = (uint16_t)o.fdflags;
  uint32_t number;
  e = fdtable_add(&c->wasi->fds, &fd, &number);
  if (!e) put_u32(call_out(c, 7), number);
  return e;
}
