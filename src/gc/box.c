/* Lists of boxes by age, so that a minor collection looks at young ones only. */
#include "gc/box.h"

#include "base/alloc.h"

static bool reserve_refs(struct ref_list *list, uint32_t n) {
  if (n <= list->cap) return true;
  uint32_t cap = max_u32(n, list->cap * 2);
  uint32_t *at = mem_realloc(list->at, cap, sizeof *at);
  if (!at) return false;
  list->at = at;
  list->cap = cap;
  return true;
}

bool box_reserve(struct gc_heap *h) {
  uint32_t alive = h->young_boxes.len + h->old_boxes.len + 1, queue = h->dead.len + alive;
  if (alive > UINT32_MAX / 4) return false;
  /* All young ones may become old, and all may die, at the next collection. */
  if (!reserve_refs(&h->young_boxes, h->young_boxes.len + 1) || !reserve_refs(&h->old_boxes, alive))
    return false;
  if (queue <= h->dead.cap) return true;
  uint32_t cap = max_u32(queue, h->dead.cap * 2);
  struct dead_box *at = mem_realloc(h->dead.at, cap, sizeof *at);
  if (!at) return false;
  h->dead.at = at;
  h->dead.cap = cap;
  return true;
}

static void push(struct ref_list *list, uint32_t ref) {
  assert(list->len < list->cap);
  list->at[list->len++] = ref;
}

void box_register(struct gc_heap *h, uint32_t ref) {
  push(ref_is_young(ref) ? &h->young_boxes : &h->old_boxes, ref);
}

static void die(struct gc_heap *h, uint32_t ref) {
  struct object_extern box;
  memcpy(&box, h->base + ref,
         sizeof box); /* its memory is as it was: nothing is reused before the sweep ends */
  if (!box.finalizer) return;
  assert(h->dead.len < h->dead.cap);
  h->dead.at[h->dead.len++] = (struct dead_box){box.data, box.finalizer};
}

void box_sweep_young(struct gc_heap *h) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < h->young_boxes.len; i++) {
    uint32_t ref = h->young_boxes.at[i], now = gc_forward(h, ref);
    if (!now)
      die(h, ref);
    else if (ref_is_young(now))
      h->young_boxes.at[kept++] = now;
    else
      push(&h->old_boxes, now);
  }
  h->young_boxes.len = kept;
}

void box_sweep_old(struct gc_heap *h) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < h->old_boxes.len; i++) {
    uint32_t ref = h->old_boxes.at[i], now = gc_forward(h, ref);
    if (now)
      h->old_boxes.at[kept++] = now;
    else
      die(h, ref);
  }
  h->old_boxes.len = kept;
}

void box_finalize(struct gc_heap *h) {
  while (h->dead.len) {
    struct dead_box box = h->dead.at[--h->dead.len];
    box.finalizer(box.data);
  }
}

void box_delete(struct gc_heap *h) {
  for (uint32_t i = 0; i < h->young_boxes.len; i++)
    die(h, h->young_boxes.at[i]);
  for (uint32_t i = 0; i < h->old_boxes.len; i++)
    die(h, h->old_boxes.at[i]);
  h->young_boxes.len = h->old_boxes.len = 0;
  box_finalize(h);
  mem_free(h->young_boxes.at);
  mem_free(h->old_boxes.at);
  mem_free(h->dead.at);
}
