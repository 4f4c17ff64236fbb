/* A directory whose files nobody but this user can have written.
 *
 * In: the directory's path and plain file names.  Out: open files and listings.  A directory or a file that
 * belongs to somebody else, or that others may write, is not there.  Files appear whole and are never changed
 * afterwards, only replaced or removed, so that a mapping of one stays good.  Must not: follow links inside
 * the directory, report why something is not there. */
#ifndef OS_PRIVATE_DIR_H
#define OS_PRIVATE_DIR_H

#include "base/slice.h"

/* Opens it; with `make` it and its parent are made at need (0700). -1: not there. The caller closes it. */
int private_dir_open(const char *path, bool make);
/* Opens a file for reading; notes the use in its time of change. -1: not there. The caller closes it. */
int private_dir_use(int dir, const char *name, uint64_t *size);
MUST_USE bool private_dir_write(int dir, const char *name, const struct slice *pieces, size_t len);
bool private_dir_remove(int dir, const char *name);
/* Calls back for each file, in no order. */
typedef void (*private_dir_visit)(void *env, const char *name, uint64_t size, uint64_t used_ns);
void private_dir_each(int dir, private_dir_visit visit, void *env);

#endif
