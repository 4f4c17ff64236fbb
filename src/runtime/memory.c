/* See memory.h. */
#include "runtime/memory.h"

#include "base/alloc.h"
#include "os/vm.h"
#include "runtime/shared.h"
#include "runtime/store.h"

#include <string.h>

static bool is_guarded(const struct memtype *t) { return !t->limits.is64 && t->limits.page_log2 == 16; }

/* Most pages that the type allows by itself. */
static uint64_t type_max_pages(const struct memtype *t) {
  uint8_t log2 = t->limits.page_log2;
  uint64_t most = t->limits.is64 ? (log2 ? UINT64_C(1) << (64 - log2) : UINT64_MAX)
                                 : (log2 ? UINT64_C(1) << (32 - log2) : UINT32_MAX);
  return t->limits.has_max ? min_u64(most, t->limits.max) : most;
}

void memory_end_body(struct meminst *m) {
  if (m->vm.base) vm_release(m->vm.base, m->reserved);
}

static void memory_free(void *object) {
  struct meminst *m = object;
  if (m->shared)
    shared_memory_unref(m->shared);
  else
    memory_end_body(m);
  mem_free(m);
}

/* Address space: for explicitly checked memories as much as growth may ask for, within reason, and a page
 * behind. */
static bool reserve(struct meminst *m, uint64_t min_size, struct error *e) {
  uint64_t most = MEMORY32_RESERVED;
  if (!is_guarded(&m->type)) {
    uint64_t page = UINT64_C(1) << m->type.limits.page_log2;
    most = m->max_pages > MEMORY64_RESERVED / page ? MEMORY64_RESERVED : m->max_pages * page;
    if (most < min_size) most = min_size;
    most = vm_page_up(most) + vm_page_size();
  }
  m->vm.base = vm_reserve(most, vm_page_size());
  if (!m->vm.base && !is_guarded(&m->type)) {
    most = vm_page_up(min_size) + vm_page_size();
    m->vm.base = vm_reserve(most, vm_page_size());
  }
  if (!m->vm.base)
    return error_set(e, ERROR_MEMORY, "no address space for a memory: %llu bytes could not be reserved",
                     (unsigned long long)most);
  m->reserved = most;
  return true;
}

bool memory_init_body(struct meminst *m, const struct memtype *type, const struct store_limits *limits,
                      struct error *e) {
  uint8_t log2 = type->limits.page_log2;
  uint64_t limit_pages = min_u64(limits->max_memory_size, INT64_MAX) >> log2;
  if (type->limits.min > limit_pages)
    return error_set(e, ERROR_LIMIT,
                     "a memory of %llu pages is larger than the limit of %llu bytes (option max-memory-size)",
                     (unsigned long long)type->limits.min, (unsigned long long)limits->max_memory_size);
  m->type = *type;
  m->max_pages = min_u64(type_max_pages(type), limit_pages);
  if (!reserve(m, type->limits.min << log2, e)) return false;
  if (!is_guarded(type)) m->max_pages = min_u64(m->max_pages, (m->reserved - vm_page_size()) >> log2);
  if (memory_grow_body(m, type->limits.min) != UINT64_MAX) return true;
  memory_end_body(m);
  m->vm.base = NULL;
  return error_set(e, ERROR_MEMORY, "out of memory for a memory of %llu pages",
                   (unsigned long long)type->limits.min);
}

static bool may_have_one(const struct store *s, struct error *e) {
  return s->nmemories < s->limits.max_memories ||
         error_set(e, ERROR_LIMIT, "the store may not have more than %llu memories (option max-memories)",
                   (unsigned long long)s->limits.max_memories);
}

/* The store has it from now on, or it is gone. */
static bool adopt(struct store *s, struct meminst *m, struct meminst **out, struct error *e) {
  m->store = s;
  if (!store_own(s, m, memory_free)) {
    memory_free(m);
    return error_memory(e);
  }
  m->next = s->memories;
  s->memories = m;
  s->nmemories++;
  *out = m;
  return true;
}

bool memory_view(struct store *s, struct shared_memory *shared, struct meminst **out, struct error *e) {
  for (struct meminst *m = s->memories; m; m = m->next)
    if (m->shared == shared) return *out = m, true;
  if (!may_have_one(s, e)) return false;
  struct meminst *m = mem_zalloc(1, sizeof *m);
  if (!m) return error_memory(e);
  struct meminst *body = shared_memory_body(shared);
  m->shared = shared_memory_ref(shared);
  m->vm.base = body->vm.base;
  m->vm.shared_size = &body->vm.size;
  m->type = body->type;
  m->max_pages = body->max_pages;
  m->reserved = body->reserved;
  return adopt(s, m, out, e);
}

static bool new_shared(struct store *s, const struct memtype *type, struct meminst **out, struct error *e) {
  struct shared_memory *shared;
  if (!may_have_one(s, e) || !shared_memory_new(type, &s->limits, &shared, e)) return false;
  bool ok = memory_view(s, shared, out, e);
  shared_memory_unref(shared);
  return ok;
}

bool memory_new(struct store *s, const struct memtype *type, struct meminst **out, struct error *e) {
  if (type->limits.shared) return new_shared(s, type, out, e);
  if (!may_have_one(s, e)) return false;
  struct meminst *m = mem_zalloc(1, sizeof *m);
  if (!m) return error_memory(e);
  if (!memory_init_body(m, type, &s->limits, e)) return mem_free(m), false;
  return adopt(s, m, out, e);
}

uint64_t memory_grow_body(struct meminst *m, uint64_t pages) {
  uint64_t old = m->pages;
  if (pages > m->max_pages || old > m->max_pages - pages) return UINT64_MAX;
  uint64_t size = (old + pages) << m->type.limits.page_log2;
  uint64_t committed = vm_page_up(size);
  if (committed > m->committed) {
    if (!vm_commit(m->vm.base + m->committed, committed - m->committed)) return UINT64_MAX;
    m->committed = committed;
  }
  m->pages = old + pages;
  __atomic_store_n(&m->vm.size, size, __ATOMIC_SEQ_CST); /* last: whoever sees the size may use the pages */
  return old;
}

uint64_t memory_grow(struct meminst *m, uint64_t pages) {
  return m->shared ? shared_memory_grow(m->shared, pages) : memory_grow_body(m, pages);
}

uint64_t memory_size(const struct meminst *m) {
  return m->shared ? __atomic_load_n(m->vm.shared_size, __ATOMIC_SEQ_CST) : m->vm.size;
}

uint64_t memory_pages(const struct meminst *m) { return memory_size(m) >> m->type.limits.page_log2; }

#ifdef __SANITIZE_THREAD__
/* What the guest's threads do to its memory is not the sanitizer's business, and their atomic instructions,
 * which order these copies, it does not see. */
static void guest_set(uint8_t *dst, int byte, size_t len) {
  __asm__ volatile("rep stosb" : "+D"(dst), "+c"(len) : "a"(byte) : "memory");
}
static void guest_move(uint8_t *dst, const uint8_t *src, size_t len) {
  if (dst <= src || dst >= src + len) {
    __asm__ volatile("rep movsb" : "+D"(dst), "+S"(src), "+c"(len) : : "memory");
    return;
  }
  dst += len - 1;
  src += len - 1;
  __asm__ volatile("std; rep movsb; cld" : "+D"(dst), "+S"(src), "+c"(len) : : "memory");
}
#else
static void guest_set(uint8_t *dst, int byte, size_t len) { memset(dst, byte, len); }
static void guest_move(uint8_t *dst, const uint8_t *src, size_t len) { memmove(dst, src, len); }
#endif

static bool in_bounds(uint64_t at, uint64_t len, uint64_t size) { return len <= size && at <= size - len; }

bool memory_fill(struct meminst *m, uint64_t dst, uint8_t byte, uint64_t len) {
  if (!in_bounds(dst, len, memory_size(m))) return false;
  guest_set(m->vm.base + dst, byte, len);
  return true;
}

bool memory_copy(struct meminst *dst_mem, struct meminst *src_mem, uint64_t dst, uint64_t src, uint64_t len) {
  if (!in_bounds(dst, len, memory_size(dst_mem)) || !in_bounds(src, len, memory_size(src_mem))) return false;
  guest_move(dst_mem->vm.base + dst, src_mem->vm.base + src, len);
  return true;
}

bool memory_init(struct meminst *m, struct slice data, uint64_t dst, uint64_t src, uint64_t len) {
  if (!in_bounds(src, len, data.len) || !in_bounds(dst, len, memory_size(m))) return false;
  if (len) guest_move(m->vm.base + dst, data.data + src, len);
  return true;
}

struct memtype memory_type(const struct meminst *m) {
  struct memtype t = m->type;
  t.limits.min = memory_pages(m);
  return t;
}
