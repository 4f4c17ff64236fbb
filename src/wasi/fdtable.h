/* Descriptors of the guest: its own numbers, lowest free first.
 *
 * Only fdtable.c and preopen.c open one. The table is read and written by one thread at a time; one that
 * waits outside of that pins the descriptor first, and then it stays open on the host's side, though the
 * guest's number may have gone. Must not: show host descriptor numbers to the guest. */
#ifndef WASI_FDTABLE_H
#define WASI_FDTABLE_H

#include "wasi/rights.h"
#include "wasi/tty.h"

struct fd {
  int host;
  bool own;       /* host is closed with the slot */
  bool read_only; /* below a read-only directory: nothing that changes a file, whatever the rights say */
  bool filtered;  /* a terminal: output goes through `tty` */
  bool waits;     /* reads and writes may have to wait: not a file, not a directory */
  uint8_t filetype;
  uint16_t flags;  /* FDFLAGS_* as the guest set them; NONBLOCK is ours alone, the host's is never changed */
  uint64_t opened; /* rights at first */
  uint64_t rights, inheriting;
  uint32_t pins; /* who waits for it */
  bool closed;   /* by the guest, while pinned */
  char *preopen; /* own: the name of a pre-opened directory; NULL for others */
  struct tty_filter tty;
};

struct fdtable {
  struct fd **at; /* NULL: free */
  uint32_t len, cap, max;
};

/* Describes an open host descriptor. False (errno set): it is none. */
MUST_USE bool fd_describe(int host, bool own, struct fd *out);
/* Keeps it open until the unpin that follows. */
void fd_pin(struct fd *fd);
/* False: the guest has closed it meanwhile, and `fd` may be gone. */
bool fd_unpin(struct fd *fd);

void fdtable_free(struct fdtable *t);
/* NULL when `number` is not open. */
struct fd *fdtable_at(const struct fdtable *t, uint32_t number);
/* Puts `fd` into the lowest free slot and takes it over, also when it fails (MFILE, NOMEM). */
enum wasi_errno fdtable_add(struct fdtable *t, const struct fd *fd, uint32_t *number);
/* The same at a chosen number, closing what was there. */
enum wasi_errno fdtable_set(struct fdtable *t, uint32_t number, const struct fd *fd);
void fdtable_close(struct fdtable *t, uint32_t number); /* of an open one */
/* Another number for an open one, closing what was there. */
void fdtable_move(struct fdtable *t, uint32_t from, uint32_t to);
/* An open descriptor that has `right`, or the error that says what is wrong. */
enum wasi_errno fdtable_get(const struct fdtable *t, uint32_t number, uint64_t right, struct fd **out);

#endif
