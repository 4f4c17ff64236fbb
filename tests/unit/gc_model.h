/* A heap under test beside a model of it in plain C.
 *
 * Every object of the heap has a node in the model, which never moves and is never freed; roots, fields and
 * stacks exist twice, and each operation is done to both.  model_compare walks both from the roots and finds
 * the first difference.  Allocation and stores are done as compiled code does them. */
#ifndef TESTS_UNIT_GC_MODEL_H
#define TESTS_UNIT_GC_MODEL_H

#include "base/alloc.h"
#include "gc/gc.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

/* ck_assert reports each success through a pipe, which would be most of the time here. */
#define expect(fact)                                                                                         \
  do {                                                                                                       \
    if (!(fact)) ck_abort_msg("%s", #fact);                                                                  \
  } while (0)

enum { MODEL_ROOTS = 48, MODEL_STACKS = 40000, MODEL_STACK_SLOTS = 3 };

enum model_type {
  MODEL_PAIR,
  MODEL_WIDE_SUB,
  MODEL_HUGE,
  MODEL_REFS,
  MODEL_BYTES,
  MODEL_EXN,
  MODEL_BOX,
  MODEL_CONT,
  MODEL_TYPES
};
struct node {
  enum model_type type;
  uint32_t id;
  uint32_t len;         /* references */
  struct node **fields; /* NULL: null or i31 */
  uint32_t *i31;
  uint32_t ref;   /* where it stood in the latest comparison */
  uint32_t epoch; /* of the latest comparison that met it */
  bool died;      /* boxes, continuations */
  struct model *model;
};
struct fake_stack {
  uint32_t cell; /* the reference of the cell that points here */
  uint32_t slots[MODEL_STACK_SLOTS];
  struct node *node;
  bool freed;
};
struct model {
  struct gc_heap *heap;
  uint8_t *base;
  uint32_t heads[MODEL_TYPES];
  uint32_t offs[MODEL_TYPES][128]; /* of the reference fields */
  uint32_t noffs[MODEL_TYPES];
  uint32_t id_off[MODEL_TYPES];
  uint32_t roots[MODEL_ROOTS];
  struct node *nodes[MODEL_ROOTS];
  struct fake_stack *stacks;
  uint32_t nstacks;
  struct node **all;
  uint32_t nall, cap;
  uint32_t epoch, seed;
  uint64_t visits, events;
  bool tiny_stack;
};

static inline uint32_t model_random(struct model *m, uint32_t n) {
  m->seed ^= m->seed << 13;
  m->seed ^= m->seed >> 17;
  m->seed ^= m->seed << 5;
  return m->seed % n;
}

static inline void model_visit_roots(void *host, struct gc_visitor *v) {
  struct model *m = host;
  m->visits++;
  for (uint32_t i = 0; i < MODEL_ROOTS; i++)
    gc_visit(v, &m->roots[i]);
}
static inline void model_visit_stack(void *host, uint64_t stack, struct gc_visitor *v) {
  struct model *m = host;
  expect(stack >= 1 && stack <= m->nstacks && !m->stacks[stack - 1].freed);
  for (uint32_t i = 0; i < MODEL_STACK_SLOTS; i++)
    gc_visit(v, &m->stacks[stack - 1].slots[i]);
}
static inline void model_sweep(void *host, struct gc_heap *heap) {
  struct model *m = host;
  for (uint32_t i = 0; i < m->nstacks; i++) {
    struct fake_stack *s = &m->stacks[i];
    if (s->freed) continue;
    s->cell = gc_forward(heap, s->cell);
    if (s->cell) continue;
    s->freed = s->node->died = true;
    memset(s->slots, 0xee, sizeof s->slots);
  }
}
static inline void model_event(void *host, const struct gc_event *event) {
  struct model *m = host;
  m->events++;
  /* Sizes are upper bounds where the mark stack overflows. */
  expect(event->after_size <= event->before_size || m->tiny_stack);
}
static const struct gc_host model_host = {.visit_roots = model_visit_roots,
                                          .visit_stack = model_visit_stack,
                                          .sweep = model_sweep,
                                          .event = model_event};
static inline void model_finalize(void *data) {
  struct node *n = data;
  expect(!n->died); /* once */
  n->died = true;
}

/* False: memory is out. */
static inline bool model_type(struct model *m, enum model_type type, enum object_kind kind, uint32_t super,
                              const enum storage *fields, uint32_t n) {
  struct object_layout l;
  object_layout_start(&l, kind);
  m->noffs[type] = 0;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t off = object_layout_add(&l, fields[i]);
    if (fields[i] == STORAGE_REF) m->offs[type][m->noffs[type]++] = off;
    if (i == 0) m->id_off[type] = off;
  }
  /* The heap wants them ascending. */
  uint32_t sorted[128];
  memcpy(sorted, m->offs[type], sizeof sorted);
  for (uint32_t i = 1; i < m->noffs[type]; i++)
    for (uint32_t k = i; k > 0 && sorted[k - 1] > sorted[k]; k--) {
      uint32_t t = sorted[k];
      sorted[k] = sorted[k - 1];
      sorted[k - 1] = t;
    }
  struct gc_type def = {.kind = kind,
                        .super = super,
                        .canon = type,
                        .size = object_layout_size(&l),
                        .ref_offs = sorted,
                        .nref_offs = m->noffs[type]};
  m->heads[type] = gc_type_new(m->heap, &def);
  return m->heads[type] != 0;
}

static inline bool model_new(struct model *m, const struct gc_config *config) {
  *m = (struct model){.seed = 88172645, .tiny_stack = (config->flags & GC_TINY_STACK) != 0};
  m->heap = gc_new(config, &model_host, m);
  if (!m->heap) return false;
  m->base = gc_base(m->heap);
  m->stacks = calloc(MODEL_STACKS, sizeof *m->stacks);
  enum storage wide[100], huge[100];
  for (uint32_t i = 0; i < 100; i++) {
    wide[i] = i < 4
                  ? (enum storage[]){STORAGE_32, STORAGE_REF, STORAGE_64, STORAGE_REF}[i]
                  : (enum storage[]){STORAGE_I8, STORAGE_REF, STORAGE_128, STORAGE_I16, STORAGE_FUNC}[i % 5];
    huge[i] = i == 0 ? STORAGE_32 : i % 8 == 0 ? STORAGE_128 : STORAGE_REF;
  }
  struct gc_type refs = {.kind = OBJECT_ARRAY, .elem = STORAGE_REF, .canon = MODEL_REFS};
  struct gc_type bytes = {.kind = OBJECT_ARRAY, .elem = STORAGE_I8, .canon = MODEL_BYTES};
  m->heads[MODEL_BOX] = OBJECT_TYPE_EXTERN;
  m->heads[MODEL_CONT] = OBJECT_TYPE_CONT;
  return model_type(m, MODEL_PAIR, OBJECT_STRUCT, 0, wide, 4) &&
         model_type(m, MODEL_WIDE_SUB, OBJECT_STRUCT, m->heads[MODEL_PAIR], wide, 20) &&
         model_type(m, MODEL_HUGE, OBJECT_STRUCT, 0, huge, 100) &&
         model_type(m, MODEL_EXN, OBJECT_EXN, 0, huge, 5) &&
         (m->heads[MODEL_REFS] = gc_type_new(m->heap, &refs)) &&
         (m->heads[MODEL_BYTES] = gc_type_new(m->heap, &bytes));
}

static inline void model_delete(struct model *m) {
  gc_delete(m->heap);
  for (uint32_t i = 0; i < m->nall; i++) {
    expect(m->all[i]->type != MODEL_BOX || m->all[i]->died);
    free(m->all[i]->fields);
    free(m->all[i]->i31);
    free(m->all[i]);
  }
  free(m->all);
  free(m->stacks);
}

static inline void write32(uint8_t *at, uint32_t value) { memcpy(at, &value, 4); }
static inline uint32_t read32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, 4);
  return value;
}

/* As compiled code allocates: bump, else call. */
static inline uint32_t model_alloc_raw(struct model *m, uint32_t head, uint64_t size, uint32_t len,
                                       bool array) {
  uint32_t top = read32(m->base + GC_TOP), end = read32(m->base + GC_END);
  if (size > OBJECT_INLINE_MAX || top + size > end) return gc_alloc(m->heap, head, len);
  write32(m->base + GC_TOP, (uint32_t)(top + size));
  write32(m->base + top, head);
  if (array) write32(m->base + top + OBJECT_LEN, len);
  memset(m->base + top + (array ? OBJECT_DATA : OBJECT_FIELDS), 0,
         size - (array ? OBJECT_DATA : OBJECT_FIELDS));
  return top;
}

static inline uint32_t field_off(const struct model *m, const struct node *n, uint32_t i) {
  return n->type == MODEL_REFS ? OBJECT_DATA + 4 * i : m->offs[n->type][i % 128];
}

static inline struct node *model_node(struct model *m, enum model_type type, uint32_t len) {
  struct node *n = calloc(1, sizeof *n);
  if (m->nall == m->cap) m->all = realloc(m->all, (m->cap = m->cap * 2 + 64) * sizeof *m->all);
  *n = (struct node){.type = type, .id = ++m->nall, .len = len, .model = m};
  m->all[m->nall - 1] = n;
  n->fields = calloc(len + 1, sizeof *n->fields);
  n->i31 = calloc(len + 1, sizeof *n->i31);
  return n;
}

/* A new object in root `to`; `len` counts for arrays. False: the heap is exhausted; then the root is as it
 * was. */
static inline bool model_alloc(struct model *m, enum model_type type, uint32_t len, uint32_t to) {
  bool array = type == MODEL_REFS || type == MODEL_BYTES;
  uint32_t head = m->heads[type], ref;
  uint64_t size = array ? array_size(type == MODEL_REFS ? 2 : 0, len) : object_type(m->base, head)->size;
  uint32_t nrefs = type == MODEL_REFS ? len : type == MODEL_CONT ? MODEL_STACK_SLOTS : m->noffs[type];
  if (type == MODEL_CONT && m->nstacks == MODEL_STACKS) return true;
  struct node *n = NULL;
  if (type == MODEL_BOX) {
    n = model_node(m, type, 0);
    ref = gc_alloc_extern(m->heap, n, model_finalize);
    if (!ref) n->died = true;
  } else {
    ref = model_alloc_raw(m, head, size, len, array);
  }
  if (!ref) return false;
  expect(ref % 8 == 0 && ref >= GC_FIRST && read32(m->base + ref) == head);
  if (!n) n = model_node(m, type, nrefs);
  uint32_t *slots = NULL;
  if (type == MODEL_BYTES) {
    n->id = len;
    for (uint32_t i = 0; i < len; i++)
      m->base[ref + OBJECT_DATA + i] = (uint8_t)(i * 7 + len);
  } else if (type == MODEL_CONT) {
    struct fake_stack *s = &m->stacks[m->nstacks++];
    *s = (struct fake_stack){.cell = ref, .node = n};
    uint64_t stack = m->nstacks;
    memcpy(m->base + ref + offsetof(struct object_cont, stack), &stack, 8);
    slots = s->slots;
  } else if (type != MODEL_REFS && type != MODEL_BOX) {
    write32(m->base + ref + m->id_off[type], n->id);
  }
  /* Initializing stores mark no cards. */
  for (uint32_t i = 0; i < nrefs && i < 40; i++) {
    uint32_t from = model_random(m, MODEL_ROOTS * 2);
    if (from >= MODEL_ROOTS) continue;
    n->fields[i] = m->nodes[from];
    if (!m->nodes[from]) n->i31[i] = m->roots[from];
    if (slots)
      slots[i] = m->roots[from];
    else
      write32(m->base + ref + field_off(m, n, i), m->roots[from]);
  }
  m->roots[to] = ref;
  m->nodes[to] = n;
  return true;
}

static inline void model_store(struct model *m, uint32_t to, uint32_t i, uint32_t from) {
  struct node *n = m->nodes[to];
  n->fields[i] = m->nodes[from];
  n->i31[i] = m->nodes[from] ? 0 : m->roots[from];
  gc_store_ref(m->base, m->roots[to], field_off(m, n, i), m->roots[from]);
}

static inline void model_load(struct model *m, uint32_t to, uint32_t from, uint32_t i) {
  struct node *n = m->nodes[from];
  uint32_t ref = n->type == MODEL_CONT ? 0 : read32(m->base + m->roots[from] + field_off(m, n, i));
  m->nodes[to] = n->type == MODEL_CONT ? NULL : n->fields[i];
  m->roots[to] = ref;
}

static inline void model_drop(struct model *m, uint32_t root) {
  m->nodes[root] = NULL;
  m->roots[root] = model_random(m, 2) ? 0 : ref_of_i31(model_random(m, UINT32_MAX));
}

static inline void model_pair(struct model *m, struct node *n, uint32_t i31, uint32_t ref,
                              struct node ***todo, uint32_t *ntodo) {
  if (!n) {
    expect(ref == i31);
    return;
  }
  expect(ref_is_object(ref));
  if (n->epoch == m->epoch) {
    expect(n->ref == ref); /* identity */
    return;
  }
  n->epoch = m->epoch;
  n->ref = ref;
  (*todo)[(*ntodo)++] = n;
}

/* Heap and model agree in all that roots reach. */
static inline void model_compare(struct model *m) {
  struct node **todo = malloc((m->nall + 1) * sizeof *todo);
  uint32_t ntodo = 0;
  m->epoch++;
  for (uint32_t i = 0; i < MODEL_ROOTS; i++)
    model_pair(m, m->nodes[i], m->roots[i], m->roots[i], &todo, &ntodo);
  while (ntodo) {
    struct node *n = todo[--ntodo];
    const uint8_t *at = m->base + n->ref;
    expect(read32(at) == m->heads[n->type]);
    expect(!n->died);
    switch (n->type) {
    case MODEL_REFS: expect(array_len(m->base, n->ref) == n->len); break;
    case MODEL_BYTES:
      expect(array_len(m->base, n->ref) == n->id);
      for (uint32_t i = 0; i < n->id; i++)
        if (at[OBJECT_DATA + i] != (uint8_t)(i * 7 + n->id)) ck_abort_msg("byte %u of %u", i, n->id);
      break;
    case MODEL_BOX: {
      struct object_extern box;
      memcpy(&box, at, sizeof box);
      expect(box.data == n && box.finalizer == model_finalize);
      break;
    }
    case MODEL_CONT: break;
    default: expect(read32(at + m->id_off[n->type]) == n->id); break;
    }
    const uint32_t *slots = NULL;
    if (n->type == MODEL_CONT) {
      uint64_t stack;
      memcpy(&stack, at + offsetof(struct object_cont, stack), 8);
      slots = m->stacks[stack - 1].slots;
      expect(m->stacks[stack - 1].cell == n->ref);
    }
    for (uint32_t i = 0; i < n->len; i++)
      model_pair(m, n->fields[i], n->i31[i], slots ? slots[i] : read32(at + field_off(m, n, i)), &todo,
                 &ntodo);
  }
  free(todo);
}

/* After everything was collected: exactly what roots do not reach has died. */
static inline void model_compare_dead(struct model *m) {
  model_compare(m);
  for (uint32_t i = 0; i < m->nall; i++)
    if (m->all[i]->type == MODEL_BOX || m->all[i]->type == MODEL_CONT)
      expect(m->all[i]->died == (m->all[i]->epoch != m->epoch));
}

static inline void model_step(struct model *m) {
  uint32_t a = model_random(m, MODEL_ROOTS), b = model_random(m, MODEL_ROOTS), what = model_random(m, 100);
  struct node *n = m->nodes[a];
  if (what < 35) {
    enum model_type type = (enum model_type)model_random(m, MODEL_TYPES);
    uint32_t len = model_random(m, 12);
    if (type == MODEL_REFS && model_random(m, 40) == 0) len = model_random(m, 20000);
    if (type == MODEL_BYTES && model_random(m, 20) == 0) len = model_random(m, 150000);
    if (type == MODEL_CONT && model_random(m, 3)) type = MODEL_PAIR;
    (void)model_alloc(m, type, len, a);
  } else if (what < 70) {
    if (n && n->len && n->type != MODEL_CONT) model_store(m, a, model_random(m, n->len), b);
  } else if (what < 90) {
    if (n && n->len) model_load(m, b, a, model_random(m, n->len));
  } else if (what < 99) {
    model_drop(m, a);
  } else if (model_random(m, 4) == 0) {
    for (uint32_t i = 0; i < MODEL_ROOTS; i++)
      if (model_random(m, 2)) model_drop(m, i);
  }
}

#endif
