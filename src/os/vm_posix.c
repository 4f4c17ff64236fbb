/* Pages by mmap and mprotect. */
#include "os/vm.h"

#include "base/alloc.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAP_RESERVED (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

size_t vm_page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

uint64_t vm_memory_size(void) {
  long pages = sysconf(_SC_PHYS_PAGES);
  return pages > 0 ? (uint64_t)pages * vm_page_size() : UINT64_C(4) << 30;
}

static bool whole_pages(const void *at, size_t size) {
  size_t mask = vm_page_size() - 1;
  return ((uintptr_t)at & mask) == 0 && (size & mask) == 0;
}

void *vm_reserve(size_t size, size_t align) {
  size_t page = vm_page_size(), whole;
  if (align < page) align = page;
  assert((align & (align - 1)) == 0 && (size & (page - 1)) == 0 && size > 0);
  /* Reserve so much more that an aligned block lies inside, then give both ends back. */
  if (!add_size(size, align - page, &whole) || alloc_should_fail()) return NULL;
  uint8_t *at = mmap(NULL, whole, PROT_NONE, MAP_RESERVED, -1, 0);
  if (at == MAP_FAILED) return NULL;
  size_t before = -(uintptr_t)at & (align - 1), after = whole - size - before;
  if (before) munmap(at, before);
  if (after) munmap(at + before + size, after);
  return at + before;
}

void vm_release(const void *at, size_t size) {
  assert(whole_pages(at, size));
  if (size) munmap((void *)(uintptr_t)at, size);
}

bool vm_commit(void *at, size_t size) { return vm_protect(at, size, VM_ACCESS_READ_WRITE); }

bool vm_decommit(void *at, size_t size) {
  assert(whole_pages(at, size));
  /* A fresh mapping over the old one drops the memory and its commit charge in one step. */
  return size == 0 ||
         (!alloc_should_fail() && mmap(at, size, PROT_NONE, MAP_RESERVED | MAP_FIXED, -1, 0) != MAP_FAILED);
}

bool vm_zero(void *at, size_t size) {
  assert(whole_pages(at, size));
  return size == 0 || (!alloc_should_fail() && madvise(at, size, MADV_DONTNEED) == 0);
}

static int prot_of(enum vm_access access) {
  switch (access) {
  case VM_ACCESS_NONE: break;
  case VM_ACCESS_READ: return PROT_READ;
  case VM_ACCESS_READ_WRITE: return PROT_READ | PROT_WRITE;
  case VM_ACCESS_READ_EXEC: return PROT_READ | PROT_EXEC;
  }
  return PROT_NONE;
}

bool vm_protect(void *at, size_t size, enum vm_access access) {
  assert(whole_pages(at, size));
  return size == 0 || (!alloc_should_fail() && mprotect(at, size, prot_of(access)) == 0);
}

void vm_protect_alone(void *at, size_t size, enum vm_access access) {
  assert(whole_pages(at, size) && access != VM_ACCESS_READ_WRITE);
  int failed = mprotect(at, size, prot_of(access));
  assert(!failed);
}

const void *vm_map_file(int fd, size_t size) {
  assert(size > 0);
  if (alloc_should_fail()) return NULL;
  void *at = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
  return at == MAP_FAILED ? NULL : at;
}

bool vm_map_part(void *at, size_t size, int fd, uint64_t off, enum vm_access access) {
  assert(whole_pages(at, size) && off <= INT64_MAX && access != VM_ACCESS_READ_WRITE);
  if (size == 0) return true;
  if (alloc_should_fail()) return false;
  return mmap(at, size, prot_of(access), MAP_PRIVATE | MAP_FIXED, fd, (off_t)off) != MAP_FAILED;
}

void vm_wish_large(void *at, size_t size) {
  if (!size) return;
  assert((((uintptr_t)at | size) & (VM_LARGE_PAGE - 1)) == 0);
#ifdef MADV_HUGEPAGE
  (void)madvise(at, size, MADV_HUGEPAGE);
#endif
}

void *vm_alloc_filled(size_t size) {
  size_t large = size < SIZE_MAX / 2 ? vm_large_size(size) : 0;
  if (!large) return mem_alloc(size);
  if (alloc_should_fail()) return NULL;
  void *at = aligned_alloc(VM_LARGE_PAGE, align_up(size, VM_LARGE_PAGE));
  if (at) vm_wish_large(at, large);
  return at;
}

static void large_page_give(void *at) { vm_release(at, VM_LARGE_PAGE); }

static void *large_page_take(void) {
  void *at = vm_reserve(VM_LARGE_PAGE, VM_LARGE_PAGE);
  if (!at) return NULL;
  if (!vm_commit(at, VM_LARGE_PAGE)) {
    large_page_give(at);
    return NULL;
  }
  vm_wish_large(at, VM_LARGE_PAGE);
  return at;
}

const struct arena_source vm_large_pages = {VM_LARGE_PAGE, large_page_take, large_page_give};

void vm_heap_by_pages(void) {
#ifdef __GLIBC__
  (void)mallopt(M_MMAP_THRESHOLD, 4 << 20);
#endif
}
