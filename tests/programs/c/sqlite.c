/* SQLite's command loop in small: runs the SQL of a script on a database file, prints the rows.
 *
 * In: DATABASE SCRIPT.  Out: rows on stdout, the database in its file, through a VFS of our own on stdio, so
 * that the library's paging, journal and B-trees work on real files without locks or shared memory. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct file {
  sqlite3_file base;
  FILE *stream;
  char *remove_name; /* own, removed at close; NULL for a lasting file */
};

static int file_close(sqlite3_file *f) {
  struct file *file = (struct file *)f;
  fclose(file->stream);
  if (file->remove_name) remove(file->remove_name);
  free(file->remove_name);
  return SQLITE_OK;
}

static int file_read(sqlite3_file *f, void *to, int size, sqlite3_int64 off) {
  struct file *file = (struct file *)f;
  if (fseek(file->stream, (long)off, SEEK_SET)) return SQLITE_IOERR_READ;
  size_t got = fread(to, 1, (size_t)size, file->stream);
  if (got == (size_t)size) return SQLITE_OK;
  memset((char *)to + got, 0, (size_t)size - got);
  return SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *f, const void *from, int size, sqlite3_int64 off) {
  struct file *file = (struct file *)f;
  if (fseek(file->stream, (long)off, SEEK_SET)) return SQLITE_IOERR_WRITE;
  return fwrite(from, 1, (size_t)size, file->stream) == (size_t)size ? SQLITE_OK : SQLITE_FULL;
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size) {
  struct file *file = (struct file *)f;
  fflush(file->stream);
  return ftruncate(fileno(file->stream), size) ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
}

static int file_sync(sqlite3_file *f, int flags) {
  (void)flags;
  return fflush(((struct file *)f)->stream) ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int file_size(sqlite3_file *f, sqlite3_int64 *size) {
  struct file *file = (struct file *)f;
  fseek(file->stream, 0, SEEK_END);
  *size = ftell(file->stream);
  return SQLITE_OK;
}

static int file_lock(sqlite3_file *f, int level) { return (void)f, (void)level, SQLITE_OK; }
static int file_check(sqlite3_file *f, int *out) { return (void)f, *out = 0, SQLITE_OK; }
static int file_control(sqlite3_file *f, int op, void *arg) {
  return (void)f, (void)op, (void)arg, SQLITE_NOTFOUND;
}
static int file_sector(sqlite3_file *f) { return (void)f, 512; }
static int file_traits(sqlite3_file *f) { return (void)f, 0; }

static const sqlite3_io_methods methods = {1,
                                           file_close,
                                           file_read,
                                           file_write,
                                           file_truncate,
                                           file_sync,
                                           file_size,
                                           file_lock,
                                           file_lock,
                                           file_check,
                                           file_control,
                                           file_sector,
                                           file_traits,
                                           0,
                                           0,
                                           0,
                                           0,
                                           0,
                                           0};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags) {
  struct file *file = (struct file *)f;
  (void)vfs;
  memset(file, 0, sizeof *file);
  if (!name) name = "sqlite-temporary", flags |= SQLITE_OPEN_DELETEONCLOSE;
  file->stream = fopen(name, "r+b");
  if (!file->stream && flags & SQLITE_OPEN_CREATE) file->stream = fopen(name, "w+b");
  if (!file->stream) return SQLITE_CANTOPEN;
  if (flags & SQLITE_OPEN_DELETEONCLOSE) file->remove_name = strdup(name);
  file->base.pMethods = &methods;
  if (out_flags) *out_flags = flags;
  return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync) {
  (void)vfs, (void)sync;
  return remove(name) ? SQLITE_IOERR_DELETE_NOENT : SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out) {
  (void)vfs, (void)flags;
  FILE *f = fopen(name, "rb");
  if (f) fclose(f);
  *out = f != NULL;
  return SQLITE_OK;
}

static int vfs_path(sqlite3_vfs *vfs, const char *name, int size, char *out) {
  (void)vfs;
  snprintf(out, (size_t)size, "%s", name);
  return SQLITE_OK;
}

/* Neither chance nor the clock reaches the output. */
static int vfs_random(sqlite3_vfs *vfs, int size, char *out) {
  return (void)vfs, memset(out, 7, (size_t)size), size;
}
static int vfs_sleep(sqlite3_vfs *vfs, int us) { return (void)vfs, us; }
static int vfs_time(sqlite3_vfs *vfs, double *day) { return (void)vfs, *day = 2460000.5, SQLITE_OK; }
static int vfs_error(sqlite3_vfs *vfs, int size, char *out) { return (void)vfs, (void)size, (void)out, 0; }

int sqlite3_os_init(void) {
  static sqlite3_vfs vfs = {1,          sizeof(struct file), 512,      0,         "stdio", 0, vfs_open,
                            vfs_delete, vfs_access,          vfs_path, 0,         0,       0, 0,
                            vfs_random, vfs_sleep,           vfs_time, vfs_error, 0,       0, 0,
                            0};
  return sqlite3_vfs_register(&vfs, 1);
}
int sqlite3_os_end(void) { return SQLITE_OK; }

static int print_row(void *arg, int columns, char **values, char **names) {
  (void)arg, (void)names;
  for (int i = 0; i < columns; i++)
    printf("%s%s", i ? "|" : "", values[i] ? values[i] : "NULL");
  putchar('\n');
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 3) return fputs("usage: sqlite DATABASE SCRIPT\n", stderr), 2;
  FILE *f = fopen(argv[2], "rb");
  if (!f) return perror(argv[2]), 1;
  static char script[1 << 16];
  script[fread(script, 1, sizeof script - 1, f)] = 0;
  fclose(f);
  sqlite3 *db;
  char *message = NULL;
  if (sqlite3_open(argv[1], &db)) return fprintf(stderr, "%s\n", sqlite3_errmsg(db)), 1;
  int code = sqlite3_exec(db, script, print_row, NULL, &message);
  if (code) fprintf(stderr, "error: %s\n", message);
  printf("version %s, code %d, changes %d\n", sqlite3_libversion(), code, sqlite3_total_changes(db));
  sqlite3_close(db);
  return code ? 3 : 0;
}
