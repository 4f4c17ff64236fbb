/* Paths of the guest, from a directory it holds.
 *
 * In: a descriptor of ours and a path of the guest's.  Out: host descriptors of things that lie below that
 * directory at the moment of opening, by the kernel's own judgement (openat2 with RESOLVE_BENEATH): a
 * symbolic link, a "..", or a rename by somebody else cannot lead outside. Must not: look at a path by itself
 * beyond cutting off its last component, nor give the kernel a path any other way. */
#ifndef WASI_PATH_H
#define WASI_PATH_H

#include <stdint.h>

/* openat2 beneath `dir`; O_CLOEXEC, O_NOCTTY and O_NONBLOCK are added. -1 and errno; EPERM for what leads
 * outside. */
int path_openat2(int dir, const char *path, uint64_t flags, uint64_t mode);

#endif
