/* Address space and pages.
 *
 * In: sizes in bytes, whole pages (vm_page_size).  Out: mappings that belong to the caller until vm_release.
 * A page is never writable and executable at once: there is no way to ask for it.  Every call that may take
 * memory counts as an allocation (alloc_should_fail), so tests reach the failures.  Must not: abort, map
 * shared with other processes. */
#ifndef OS_VM_H
#define OS_VM_H

#include "base/arena.h"

enum vm_access { VM_ACCESS_NONE, VM_ACCESS_READ, VM_ACCESS_READ_WRITE, VM_ACCESS_READ_EXEC };

size_t vm_page_size(void);
uint64_t vm_memory_size(void); /* of the machine, in bytes */
static inline size_t vm_page_up(size_t size) {
  return align_up(size, vm_page_size());
} /* size + a page fits */

/* Address space without memory behind it and without access. `align` is a power of two; up to a page is free.
 */
MUST_USE void *vm_reserve(size_t size, size_t align); /* NULL when there is none */
void vm_release(const void *at, size_t size);         /* any whole pages of a reservation */

/* Gives reserved pages zeroed memory, readable and writable. False: out of memory, nothing changed. */
MUST_USE bool vm_commit(void *at, size_t size);
/* Back to reserved: the contents and the memory are gone, every access faults. */
MUST_USE bool vm_decommit(void *at, size_t size);
/* Zeroes committed, writable pages by giving their memory back; they stay accessible. */
MUST_USE bool vm_zero(void *at, size_t size);
/* Changes access to committed pages: READ_WRITE to READ_EXEC is how code is published. */
MUST_USE bool vm_protect(void *at, size_t size, enum vm_access access);
/* The same for committed pages with others of READ_WRITE on both sides: a mapping that is neither split nor
 * joined, for which the system needs no memory. */
void vm_protect_alone(void *at, size_t size, enum vm_access access);
/* Puts a part of an open file, whole pages, over reserved pages: a private copy, not writable. */
MUST_USE bool vm_map_part(void *at, size_t size, int fd, uint64_t off, enum vm_access access);
/* An open file's first `size` > 0 bytes, read-only, where the system likes; NULL when it cannot. Released as
 * vm_page_up(size). */
MUST_USE const void *vm_map_file(int fd, size_t size);
/* Large pages. To have one cleared costs the time of 30 faults of small ones and what stood in the caches,
 * and saves 512, but all of it is memory from the first byte on: half should be filled. They are a wish:
 * where the system has none, pages are small. */
enum { VM_LARGE_PAGE = 2 << 20, VM_LARGE_FROM = VM_LARGE_PAGE / 2 };
/* How much of `size` bytes from a large page's start on, whole large pages, should be such. */
static inline size_t vm_large_size(size_t size) {
  return (size + (VM_LARGE_PAGE - VM_LARGE_FROM)) & ~((size_t)VM_LARGE_PAGE - 1);
}
void vm_wish_large(void *at, size_t size); /* of committed pages, whole large ones */
/* Of the heap (mem_free), not zeroed, for `size` bytes that are all going to be written; NULL: no memory. */
MUST_USE void *vm_alloc_filled(size_t size);
/* Blocks for arenas, each a large page. */
extern const struct arena_source vm_large_pages;
/* For the owner of the process: large blocks of its heap are pages of their own, and go back when they are
 * freed. Without it the C library keeps them in between once it has seen some. */
void vm_heap_by_pages(void);

#endif
