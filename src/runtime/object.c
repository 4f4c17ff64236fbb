/* See object.h. */
#include "runtime/object.h"

#include "base/alloc.h"
#include "gc/gc.h"
#include "runtime/roots.h"

#include <string.h>

/* ---- the heap and its types ---- */

static_assert((int)HEAP_STRESS == (int)(GC_STRESS_COLLECT | GC_STRESS_MOVE | GC_POISON) &&
                  (int)HEAP_VERIFY == (int)GC_VERIFY,
              "store.h");

struct gc_heap *object_heap(struct store *s) {
  if (s->heap) return s->heap;
  const struct gc_config config = {.max_size = s->limits.max_heap_size, .flags = s->limits.heap_flags};
  s->heap = gc_new(&config, &roots_host, s);
  return s->heap;
}

static uint8_t *base_of(const struct store *s) { return gc_base(s->heap); }

static enum storage storage_in(const struct canon *c, valtype t) {
  return storage_of(t, vt_is_ref(t) && valtype_is_funcref(c, t));
}

struct object_field object_field(const struct canon *c, uint32_t type, uint32_t index) {
  const struct subtype *t = canon_type(c, type);
  struct object_field f = {0};
  struct object_layout layout;
  object_layout_start_struct(&layout, c, type);
  for (uint32_t i = 0; i <= index; i++) {
    f.storage = storage_in(c, t->struct_.fields[i].type);
    f.off = object_layout_add(&layout, f.storage);
  }
  return f;
}

struct object_field object_descriptor(const struct canon *c, uint32_t type) {
  const struct subtype *t = canon_type(c, type);
  struct object_layout layout;
  object_layout_start_struct(&layout, c, type);
  for (uint32_t i = 0; !layout.descriptor; i++)
    (void)object_layout_add(&layout, storage_in(c, t->struct_.fields[i].type));
  return (struct object_field){layout.descriptor, STORAGE_REF};
}

struct object_field exn_field(const struct canon *c, const struct functype *type, uint32_t index) {
  struct object_field f = {0};
  struct object_layout layout;
  object_layout_start(&layout, OBJECT_EXN);
  for (uint32_t i = 0; i <= index; i++) {
    f.storage = storage_in(c, type->params[i]);
    f.off = object_layout_add(&layout, f.storage);
  }
  return f;
}

/* Offsets of references, ascending: the layout fills gaps, so they come out of order. */
static void sort(uint32_t *at, uint32_t n) {
  for (uint32_t gap = n / 2; gap; gap /= 2)
    for (uint32_t i = gap; i < n; i++) {
      uint32_t x = at[i], k = i;
      for (; k >= gap && at[k - gap] > x; k -= gap)
        at[k] = at[k - gap];
      at[k] = x;
    }
}

/* A type whose fields are type_at(list, 0 .. n - 1); `canon` is its own number, or its tag's. */
static uint32_t fields_type_new(struct store *s, enum object_kind kind, uint32_t super, uint32_t canon,
                                uint32_t n, valtype (*type_at)(const void *list, uint32_t i),
                                const void *list) {
  uint32_t *offs = mem_alloc((n + 1) * sizeof *offs), nrefs = 0;
  if (!offs) return 0;
  struct object_layout layout;
  if (kind == OBJECT_STRUCT)
    object_layout_start_struct(&layout, s->canon, canon);
  else
    object_layout_start(&layout, kind);
  for (uint32_t i = 0; i < n; i++) {
    enum storage storage = storage_in(s->canon, type_at(list, i));
    uint32_t off = object_layout_add(&layout, storage);
    if (storage == STORAGE_REF) offs[nrefs++] = off;
  }
  if (layout.descriptor) offs[nrefs++] = layout.descriptor;
  sort(offs, nrefs);
  const struct gc_type type = {.kind = kind,
                               .super = super,
                               .canon = canon,
                               .size = object_layout_size(&layout),
                               .ref_offs = offs,
                               .nref_offs = nrefs};
  uint32_t head = gc_type_new(s->heap, &type);
  mem_free(offs);
  return head;
}

static valtype field_at(const void *list, uint32_t i) { return ((const struct field *)list)[i].type; }
static valtype param_at(const void *list, uint32_t i) { return ((const valtype *)list)[i]; }

/* Room for `index` in a list of heads. */
static bool heads_room(uint32_t **at, size_t *len, size_t *cap, uint32_t index) {
  if (index < *len) return true;
  if (index >= *cap) {
    size_t want = max_u64(2 * *cap, max_u64(64, (uint64_t)index + 1));
    uint32_t *bigger = mem_realloc(*at, want, sizeof **at);
    if (!bigger) return false;
    *at = bigger;
    *cap = want;
  }
  memset(*at + *len, 0, (index + 1 - *len) * sizeof **at);
  *len = (size_t)index + 1;
  return true;
}

static uint32_t make_type(struct store *s, uint32_t canon, uint32_t super) {
  const struct subtype *t = canon_type(s->canon, canon);
  if (t->kind == COMP_STRUCT)
    return fields_type_new(s, OBJECT_STRUCT, super, canon, t->struct_.nfields, field_at, t->struct_.fields);
  const struct gc_type type = {
      .kind = OBJECT_ARRAY, .super = super, .canon = canon, .elem = storage_in(s->canon, t->array.type)};
  return gc_type_new(s->heap, &type);
}

uint32_t object_type_head(struct store *s, uint32_t canon) {
  const uint32_t *display = canon_display(s->canon, canon);
  uint32_t depth = canon_depth(s->canon, canon), super = 0;
  for (uint32_t i = 0; i <= depth; i++) {
    if (!heads_room(&s->heads.at, &s->heads.len, &s->heads.cap, display[i])) return 0;
    uint32_t *head = &s->heads.at[display[i]];
    if (!*head) *head = make_type(s, display[i], super);
    if (!*head) return 0;
    super = *head;
  }
  return super;
}

uint32_t exn_type_head(struct store *s, uint32_t canon) {
  if (!heads_room(&s->exn_heads.at, &s->exn_heads.len, &s->exn_heads.cap, canon)) return 0;
  uint32_t *head = &s->exn_heads.at[canon];
  const struct functype *t = &canon_type(s->canon, canon)->func;
  if (!*head) *head = fields_type_new(s, OBJECT_EXN, 0, canon, t->nparams, param_at, t->params);
  return *head;
}

/* ---- instances ---- */

static bool is_object_ref(const struct module *m, valtype t) {
  if (!vt_is_ref(t)) return false;
  uint32_t heap = vt_heap(t);
  if (heap_is_concrete(heap)) return m->types[vt_index(t)].kind != COMP_FUNC;
  return heap != HEAP_FUNC && heap != HEAP_NOFUNC;
}

static bool any_object_ref(const struct module *m, const valtype *types, uint32_t n) {
  for (uint32_t i = 0; i < n; i++)
    if (is_object_ref(m, types[i])) return true;
  return false;
}

/* Could its code ever hold an object? One comes from an allocation, or in through a type that says so. */
static bool meets_objects(const struct module *m) {
  if (m->ntags) return true;
  for (uint32_t i = 0; i < m->ntypes; i++) {
    const struct subtype *t = &m->types[i];
    if (t->kind != COMP_FUNC) return true;
    if (any_object_ref(m, t->func.params, t->func.nparams) ||
        any_object_ref(m, t->func.results, t->func.nresults))
      return true;
  }
  for (uint32_t i = 0; i < m->nglobals; i++)
    if (is_object_ref(m, m->globals[i].type.type)) return true;
  for (uint32_t i = 0; i < m->ntables; i++)
    if (is_object_ref(m, m->tables[i].type.elem)) return true;
  return false;
}

bool object_prepare(struct instance *in, struct error *e) {
  const struct module *m = in->module;
  if (!meets_objects(m)) return true;
  if (!object_heap(in->store)) return error_memory(e);
  in->ctx->heap = base_of(in->store);
  uint32_t *heads = (uint32_t *)(void *)((uint8_t *)in->ctx + in->layout.heads);
  for (uint32_t i = 0; i < m->ntypes; i++) {
    if (m->types[i].kind != COMP_STRUCT && m->types[i].kind != COMP_ARRAY) continue;
    heads[i] = object_type_head(in->store, m->canon_ids[i]);
    if (!heads[i]) return error_memory(e);
  }
  return true;
}

/* ---- objects ---- */

union vm_value object_load(const uint8_t *base, uint32_t ref, struct object_field f) {
  union vm_value v;
  memset(&v, 0, sizeof v);
  memcpy(&v, base + ref + f.off, (size_t)1 << storage_log2(f.storage));
  return v;
}

void object_store(uint8_t *base, uint32_t ref, struct object_field f, union vm_value v) {
  if (f.storage == STORAGE_REF)
    gc_store_ref(base, ref, f.off, v.ref);
  else
    memcpy(base + ref + f.off, &v, (size_t)1 << storage_log2(f.storage));
}

uint32_t object_new(struct store *s, uint32_t canon) {
  uint32_t head = object_heap(s) ? object_type_head(s, canon) : 0;
  return head ? gc_alloc(s->heap, head, 0) : 0;
}

uint32_t object_array_new(struct store *s, uint32_t canon, uint64_t len) {
  uint32_t head = object_heap(s) && len <= UINT32_MAX ? object_type_head(s, canon) : 0;
  return head ? gc_alloc(s->heap, head, (uint32_t)len) : 0;
}

uint32_t exn_new(struct store *s, struct vm_tag *tag) {
  uint32_t head = object_heap(s) ? exn_type_head(s, tag->type) : 0;
  uint32_t ref = head ? gc_alloc(s->heap, head, 0) : 0;
  if (ref) ((struct object_exn *)object_at(base_of(s), ref))->tag = (uint64_t)(uintptr_t)tag;
  return ref;
}

struct vm_tag *exn_tag(const struct store *s, uint32_t exn) {
  return (struct vm_tag *)(uintptr_t)((const struct object_exn *)object_at(base_of(s), exn))->tag;
}

valtype object_valtype(const struct store *s, uint32_t ref, bool extern_) {
  if (extern_) return vt_ref(HEAP_EXTERN, false);
  if (ref_is_i31(ref)) return vt_ref(HEAP_I31, false);
  const struct object_type *t = object_type(base_of(s), object_head(base_of(s), ref));
  switch ((enum object_kind)t->kind) {
  case OBJECT_STRUCT:
  case OBJECT_ARRAY: return vt_ref_to(t->canon, false) | VT_EXACT;
  case OBJECT_EXN: return vt_ref(HEAP_EXN, false);
  case OBJECT_CONT: return vt_ref(HEAP_CONT, false);
  case OBJECT_EXTERN: break;
  }
  return vt_ref(HEAP_ANY, false);
}

bool object_matches(const struct store *s, uint32_t ref, uint32_t canon) {
  if (!ref_is_object(ref) || canon >= s->heads.len || !s->heads.at[canon]) return false;
  return object_is(base_of(s), ref, s->heads.at[canon]);
}

/* ---- arrays ---- */

struct array {
  uint8_t *base, *data;
  uint32_t len, log2;
  bool refs;
};
static struct array array_at(const struct store *s, uint32_t ref) {
  uint8_t *base = base_of(s);
  const struct object_type *t = object_type(base, object_head(base, ref));
  return (struct array){.base = base,
                        .data = base + ref + OBJECT_DATA,
                        .len = array_len(base, ref),
                        .log2 = t->elem_log2,
                        .refs = t->refs != 0};
}

static bool in_range(uint32_t at, uint32_t len, uint64_t size) { return (uint64_t)at + len <= size; }

static void stored(const struct array *a, uint32_t ref, uint32_t index, uint32_t len) {
  if (a->refs && len) gc_stored_refs(a->base, ref, OBJECT_DATA + (index << a->log2), len << a->log2);
}

/* Copies one element, which stands at `to`, over the `len - 1` behind it: what is there already, twice as
 * much each time, up to what stays in the first cache. */
static void repeat(uint8_t *to, size_t size, uint32_t len) {
  size_t whole = size * len, done = size;
  for (; done < whole && done < 4096; done *= 2)
    memcpy(to + done, to, (size_t)min_u64(done, whole - done));
  for (; done < whole; done += 4096)
    memcpy(to + done, to, (size_t)min_u64(4096, whole - done));
}

enum trap_code array_fill(struct store *s, uint32_t ref, uint32_t index, const uint64_t bits[2],
                          uint32_t len) {
  struct array a = array_at(s, ref);
  if (!in_range(index, len, a.len)) return TRAP_ARRAY_OUT_OF_BOUNDS;
  uint8_t *to = a.data + ((uint64_t)index << a.log2);
  size_t size = (size_t)1 << a.log2;
  if (size == 1) {
    memset(to, (int)(bits[0] & 0xff), len);
  } else if (len > 0) {
    memcpy(to, bits, size);
    repeat(to, size, len);
  }
  stored(&a, ref, index, len);
  return TRAP_NONE;
}

enum trap_code array_copy(struct store *s, uint32_t dst, uint32_t dst_index, uint32_t src, uint32_t src_index,
                          uint32_t len) {
  struct array to = array_at(s, dst), from = array_at(s, src);
  if (!in_range(dst_index, len, to.len) || !in_range(src_index, len, from.len))
    return TRAP_ARRAY_OUT_OF_BOUNDS;
  memmove(to.data + ((uint64_t)dst_index << to.log2), from.data + ((uint64_t)src_index << from.log2),
          (uint64_t)len << to.log2);
  stored(&to, dst, dst_index, len);
  return TRAP_NONE;
}

enum trap_code array_init_data(struct instance *in, uint32_t data, uint32_t ref, uint32_t index, uint32_t off,
                               uint32_t len) {
  struct array a = array_at(in->store, ref);
  struct slice bytes = in->data_dropped[data] ? (struct slice){NULL, 0} : in->module->datas[data].bytes;
  if (!in_range(index, len, a.len)) return TRAP_ARRAY_OUT_OF_BOUNDS;
  uint64_t size = (uint64_t)len << a.log2;
  if (off > bytes.len || size > bytes.len - off) return TRAP_MEMORY_OUT_OF_BOUNDS;
  if (size) memcpy(a.data + ((uint64_t)index << a.log2), bytes.data + off, size);
  return TRAP_NONE;
}

void array_set(struct store *s, uint32_t ref, uint32_t index, union vm_value v) {
  struct array a = array_at(s, ref);
  memcpy(a.data + ((uint64_t)index << a.log2), &v, (size_t)1 << a.log2);
  stored(&a, ref, index, 1);
}

enum trap_code array_init_elem(struct instance *in, uint32_t elem, uint32_t ref, uint32_t index, uint32_t off,
                               uint32_t len) {
  struct array a = array_at(in->store, ref);
  if (!in_range(index, len, a.len)) return TRAP_ARRAY_OUT_OF_BOUNDS;
  if (!in_range(off, len, in->elem_dropped[elem] ? 0 : in->module->elems[elem].len))
    return TRAP_TABLE_OUT_OF_BOUNDS;
  for (uint32_t i = 0; i < len; i++) {
    union vm_value v = instance_elem(in, elem, (uint64_t)off + i);
    memcpy(a.data + ((uint64_t)(index + i) << a.log2), &v, (size_t)1 << a.log2);
  }
  stored(&a, ref, index, len);
  return TRAP_NONE;
}
