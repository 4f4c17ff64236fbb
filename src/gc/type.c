/* Type descriptors are appended and never change. */
#include "gc/type.h"

#include "os/vm.h"

enum { TYPE_ALIGN = 64, TYPE_COMMIT = 1 << 16 };

/* Zeroed room for a descriptor of `size` bytes; 0: none is left. */
static uint32_t type_room(struct gc_heap *h, uint64_t size) {
  uint64_t end = align_up(h->types_used + size, TYPE_ALIGN);
  if (end > GC_TYPES_SIZE) return 0;
  if (end > h->types_committed) {
    uint32_t want = (uint32_t)align_up(end, TYPE_COMMIT);
    if (!vm_commit(h->base + GC_TYPES + h->types_committed, want - h->types_committed)) return 0;
    h->types_committed = want;
  }
  uint32_t head = h->types_used;
  h->types_used = (uint32_t)end;
  return head;
}

static struct object_type *type_edit(struct gc_heap *h, uint32_t head) {
  return (struct object_type *)(void *)(h->base + GC_TYPES + head);
}

bool type_init(struct gc_heap *h) {
  h->types_used = OBJECT_TYPE_EXTERN;
  uint32_t box = type_room(h, sizeof(struct object_type)), cont = type_room(h, sizeof(struct object_type));
  if (!box || !cont) return false;
  assert(box == OBJECT_TYPE_EXTERN && cont == OBJECT_TYPE_CONT);
  *type_edit(h, box) =
      (struct object_type){.kind = OBJECT_EXTERN, .size = sizeof(struct object_extern), .display = {box}};
  *type_edit(h, cont) =
      (struct object_type){.kind = OBJECT_CONT, .size = sizeof(struct object_cont), .display = {cont}};
  return true;
}

bool type_is_valid(const struct gc_heap *h, uint32_t head) {
  if (head < OBJECT_TYPE_EXTERN || head >= h->types_used || head % TYPE_ALIGN) return false;
  const struct object_type *t = type_at(h, head);
  uint8_t depth = t->depth;
  return t->kind >= OBJECT_STRUCT && t->kind <= OBJECT_CONT && t->display[depth] == head;
}

uint32_t gc_type_new(struct gc_heap *h, const struct gc_type *def) {
  const struct object_type *super = def->super ? type_at(h, def->super) : NULL;
  uint32_t depth = super ? super->depth + 1u : 0, nrefs = def->nref_offs;
  assert(depth <= 255 && def->kind != OBJECT_EXTERN && def->kind != OBJECT_CONT);
  assert(!super || super->kind == def->kind);
  bool array = def->kind == OBJECT_ARRAY;
  bool listed = nrefs != 0 && def->ref_offs[nrefs - 1] >= 256;
  size_t list = offsetof(struct object_type, display) + 4 * max_u32(depth + 1, 8);
  uint32_t head = type_room(h, list + (listed ? 2 * (uint64_t)nrefs : 0));
  if (!head) return 0;
  struct object_type *t = type_edit(h, head);
  t->kind = (uint8_t)def->kind;
  t->depth = (uint8_t)depth;
  t->canon = def->canon;
  if (array) {
    t->elem_log2 = (uint8_t)storage_log2(def->elem);
    t->size = 1u << t->elem_log2;
    t->refs = def->elem == STORAGE_REF;
  } else {
    t->size = def->size;
    assert(def->size >= OBJECT_ALIGN && def->size % OBJECT_ALIGN == 0);
  }
  uint16_t *ref_list = (uint16_t *)(void *)((uint8_t *)t + list);
  if (listed) {
    t->nref_list = nrefs;
    t->ref_list = (uint32_t)list;
  }
  for (uint32_t i = 0; i < nrefs; i++) {
    uint32_t off = def->ref_offs[i];
    assert(!array && off % 4 == 0 && off >= OBJECT_FIELDS && off < def->size && off / 4 <= UINT16_MAX);
    if (listed)
      ref_list[i] = (uint16_t)(off / 4);
    else
      t->refs |= UINT64_C(1) << (off / 4);
  }
  /* The display is longer than its declaration where the type is deep: written byte-wise, not by index. */
  uint8_t *display = (uint8_t *)t + offsetof(struct object_type, display);
  if (super) memcpy(display, super->display, 4 * (size_t)depth);
  memcpy(display + 4 * (size_t)depth, &head, sizeof head);
  return head;
}
