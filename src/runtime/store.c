/* See store.h. */
#include "runtime/store.h"

#include "abi/arch.h"
#include "base/alloc.h"
#include "gc/gc.h"
#include "runtime/interrupt.h"
#include "runtime/object.h"
#include "stack/stack.h"

#include <string.h>

/* Room for one more item; false when memory is out. */
static bool grow(void **at, size_t *cap, size_t len, size_t item) {
  if (len < *cap) return true;
  if (len >= UINT32_MAX / 2) return false;
  size_t want = *cap ? *cap * 2 : 16;
  void *bigger = mem_realloc(*at, want, item);
  if (!bigger) return false;
  *at = bigger;
  *cap = want;
  return true;
}

#define LIST_ROOM(list) grow((void **)&(list)->at, &(list)->cap, (list)->len, sizeof *(list)->at)

bool store_own(struct store *s, void *object, void (*free)(void *)) {
  if (!LIST_ROOM(&s->owned)) return false;
  s->owned.at[s->owned.len++] = (struct owned){object, free};
  return true;
}

bool store_new(const struct store_config *config, struct store **out, struct error *e) {
  static _Atomic uint64_t last_id;
  struct store *s = mem_zalloc(1, sizeof *s);
  if (!s) return error_memory(e);
  s->canon = config->canon;
  s->limits = config->limits;
  s->vm.fuel = config->fuel;
  s->id = ++last_id;
  s->poll_page = interrupt_quiet_page();
  if (config->interruption) {
    if (!interrupt_new(&s->interrupt, e)) {
      mem_free(s);
      return false;
    }
    s->poll_page = interrupt_page(s->interrupt);
  }
  *out = s;
  return true;
}

void store_delete(struct store *s) {
  if (!s) return;
  assert(!s->vm.entry); /* not from inside a call into it */
  store_scope_close(s, 0);
  gc_delete(s->heap);
  s->heap = NULL;
  mem_free(s->noted.at);
  while (s->owned.len) {
    struct owned o = s->owned.at[--s->owned.len];
    o.free(o.object);
  }
  stack_pool_delete(s->stacks);
  interrupt_unref(s->interrupt);
  mem_free(s->owned.at);
  mem_free(s->handles.at);
  mem_free(s->refs.at);
  mem_free(s->kept.at);
  mem_free(s->payload.at);
  mem_free(s->heads.at);
  mem_free(s->exn_heads.at);
  mem_free(s);
}

bool store_payload_room(struct store *s, size_t len) {
  s->payload.len = 0;
  while (s->payload.cap < len)
    if (!grow((void **)&s->payload.at, &s->payload.cap, s->payload.cap, sizeof *s->payload.at)) return false;
  return true;
}

const void *const *store_builtins(const struct store *s) {
  return s->limits.stack_stress ? arch_builtins_stress : arch_builtins;
}

uint32_t store_handle(struct store *s, enum handle_kind kind, void *object, uint32_t *slot) {
  if (*slot) return *slot;
  if (!s->handles.len) {
    if (!LIST_ROOM(&s->handles)) return 0;
    s->handles.at[s->handles.len++] = (struct handle){HANDLE_NONE, NULL};
  }
  if (!LIST_ROOM(&s->handles)) return 0;
  *slot = (uint32_t)s->handles.len;
  s->handles.at[s->handles.len++] = (struct handle){kind, object};
  return *slot;
}

void *store_object(const struct store *s, enum handle_kind kind, uint64_t handle) {
  if (handle >= s->handles.len || s->handles.at[handle].kind != kind) return NULL;
  return s->handles.at[handle].object;
}

uint32_t store_ref_new(struct store *s, const struct value *ref) {
  assert(vt_is_ref(ref->type));
  if (!s->refs.len) {
    if (!LIST_ROOM(&s->refs)) return 0;
    s->refs.at[s->refs.len++] = (struct value){.type = VT_NONE};
  }
  if (!LIST_ROOM(&s->refs)) return 0;
  s->refs.at[s->refs.len] = *ref;
  return (uint32_t)s->refs.len++;
}

/* An index of a kept one: this bit, 31 bits of generation, 32 of place. */
#define KEPT (UINT64_C(1) << 63)

static struct kept_ref *kept_at(const struct store *s, uint64_t index) {
  uint64_t place = index & UINT32_MAX;
  if (!(index & KEPT) || place >= s->kept.len) return NULL;
  struct kept_ref *k = &s->kept.at[place];
  return k->value.type != VT_NONE && k->generation == ((index & ~KEPT) >> 32) ? k : NULL;
}

uint64_t store_ref_keep(struct store *s, const struct value *ref) {
  assert(vt_is_ref(ref->type));
  uint32_t place = s->kept.free - 1;
  if (s->kept.free) {
    s->kept.free = s->kept.at[place].next_free;
  } else {
    if (!LIST_ROOM(&s->kept)) return 0;
    place = (uint32_t)s->kept.len++;
    s->kept.at[place].generation = 0;
  }
  struct kept_ref *k = &s->kept.at[place];
  k->value = *ref;
  return KEPT | (uint64_t)k->generation << 32 | place;
}

void store_ref_drop(struct store *s, uint64_t index) {
  struct kept_ref *k = kept_at(s, index);
  if (!k) return;
  k->value.type = VT_NONE;
  k->generation = (k->generation + 1) & INT32_MAX;
  k->next_free = s->kept.free;
  s->kept.free = (uint32_t)(index & UINT32_MAX) + 1;
}

const struct value *store_ref(const struct store *s, uint64_t index) {
  if (index & KEPT) {
    const struct kept_ref *k = kept_at(s, index);
    return k ? &k->value : NULL;
  }
  return index && index < s->refs.len ? &s->refs.at[index] : NULL;
}

size_t store_scope_open(const struct store *s) { return s->refs.len; }

void store_scope_close(struct store *s, size_t scope) {
  if (scope < s->refs.len) s->refs.len = scope;
}

uint32_t store_extern_new(struct store *s, void *data, void (*finalizer)(void *)) {
  return object_heap(s) ? gc_alloc_extern(s->heap, data, finalizer) : 0;
}

bool store_extern(const struct store *s, uint32_t ref, void **data) {
  if (!ref_is_object(ref)) return false;
  uint8_t *base = gc_base(s->heap);
  if (object_head(base, ref) != OBJECT_TYPE_EXTERN) return false;
  *data = ((const struct object_extern *)object_at(base, ref))->data;
  return true;
}
