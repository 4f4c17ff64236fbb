/* See table.h. */
#include "runtime/table.h"

#include "base/alloc.h"
#include "runtime/store.h"

#include <string.h>

static size_t item_size(const struct tableinst *t) {
  return t->is_func ? sizeof(struct vm_func *) : sizeof(uint32_t);
}
static uint8_t *item_at(const struct tableinst *t, uint64_t i) {
  return (uint8_t *)t->vm.elems + i * item_size(t);
}

static void table_free(void *object) {
  struct tableinst *t = object;
  mem_free(t->vm.elems);
  mem_free(t);
}

static void put(struct tableinst *t, uint64_t from, uint64_t len, union vm_value v) {
  if (t->is_func) {
    struct vm_func **elems = t->vm.elems;
    for (uint64_t i = 0; i < len; i++)
      elems[from + i] = v.func;
  } else {
    uint32_t *elems = t->vm.elems;
    for (uint64_t i = 0; i < len; i++)
      elems[from + i] = v.ref;
  }
}

bool table_new(struct store *s, const struct tabletype *type, union vm_value init, struct tableinst **out,
               struct error *e) {
  if (s->ntables >= s->limits.max_tables)
    return error_set(e, ERROR_LIMIT, "the store may not have more than %llu tables (option max-tables)",
                     (unsigned long long)s->limits.max_tables);
  uint64_t limit = min_u64(s->limits.max_table_elements, UINT32_MAX);
  if (type->limits.min > limit)
    return error_set(e, ERROR_LIMIT,
                     "a table of %llu elements is larger than the limit of %llu (option max-table-elements)",
                     (unsigned long long)type->limits.min, (unsigned long long)limit);
  struct tableinst *t = mem_zalloc(1, sizeof *t);
  if (!t) return error_memory(e);
  t->store = s;
  t->type = *type;
  t->is_func = valtype_is_funcref(s->canon, type->elem);
  t->max = type->limits.has_max ? min_u64(type->limits.max, limit) : limit;
  if (table_grow(t, type->limits.min, init) == UINT64_MAX || !store_own(s, t, table_free)) {
    table_free(t);
    return error_set(e, ERROR_MEMORY, "out of memory for a table of %llu elements",
                     (unsigned long long)type->limits.min);
  }
  s->ntables++;
  t->next = s->tables;
  s->tables = t;
  *out = t;
  return true;
}

uint64_t table_grow(struct tableinst *t, uint64_t delta, union vm_value init) {
  uint64_t old = t->vm.len;
  if (delta > t->max || old > t->max - delta) return UINT64_MAX;
  uint64_t len = old + delta;
  if (len > t->cap) {
    uint64_t cap = min_u64(max_u64(len, old ? old * 2 : 0), t->max);
    void *elems = mem_realloc(t->vm.elems, cap, item_size(t));
    if (!elems) return UINT64_MAX;
    t->vm.elems = elems;
    t->cap = cap;
  }
  put(t, old, delta, init);
  t->vm.len = len;
  return old;
}

static bool in_bounds(uint64_t at, uint64_t len, uint64_t size) { return len <= size && at <= size - len; }

bool table_get(const struct tableinst *t, uint64_t i, union vm_value *out) {
  if (i >= t->vm.len) return false;
  memset(out, 0, sizeof *out);
  memcpy(out, item_at(t, i), item_size(t));
  return true;
}

bool table_set(struct tableinst *t, uint64_t i, union vm_value v) { return table_fill(t, i, v, 1); }

bool table_fill(struct tableinst *t, uint64_t dst, union vm_value v, uint64_t len) {
  if (!in_bounds(dst, len, t->vm.len)) return false;
  put(t, dst, len, v);
  return true;
}

bool table_copy(struct tableinst *dst_table, struct tableinst *src_table, uint64_t dst, uint64_t src,
                uint64_t len) {
  assert(dst_table->is_func == src_table->is_func);
  if (!in_bounds(dst, len, dst_table->vm.len) || !in_bounds(src, len, src_table->vm.len)) return false;
  if (len) memmove(item_at(dst_table, dst), item_at(src_table, src), len * item_size(dst_table));
  return true;
}

struct tabletype table_type(const struct tableinst *t) {
  struct tabletype type = t->type;
  type.limits.min = t->vm.len;
  return type;
}
