/* See ids.h. */
#include "text/ids.h"

void ids_init(struct ids *ids, struct arena *a, const char *noun) {
  *ids = (struct ids){.noun = noun};
  map_init(&ids->map, a);
}

bool ids_add(struct ids *ids, struct slice name) {
  uint32_t index = ids->len++;
  return name.len == 0 || map_insert(&ids->map, name, index);
}

bool ids_find(const struct ids *ids, struct slice name, uint32_t *index) {
  const uint32_t *found = map_find(&ids->map, name);
  if (found) *index = *found;
  return found != NULL;
}

void labels_init(struct labels *l, struct arena *a) {
  *l = (struct labels){0};
  map_init(&l->map, a);
}

void labels_push(struct labels *l, struct slice name) {
  struct label label = {.name = name};
  uint32_t position = l->stack.len + 1;
  if (name.len > 0 && !map_insert(&l->map, name, position)) {
    uint32_t *top = map_find(&l->map, name);
    label.hidden = *top;
    *top = position;
  }
  VEC_PUSH(l->map.arena, &l->stack, label);
}

void labels_pop(struct labels *l) {
  assert(l->stack.len > 0);
  struct label label = VEC_POP(&l->stack);
  if (label.name.len > 0) *map_find(&l->map, label.name) = label.hidden;
}

bool labels_find(const struct labels *l, struct slice name, uint32_t *depth) {
  const uint32_t *position = map_find(&l->map, name);
  if (!position || *position == 0) return false;
  *depth = l->stack.len - *position;
  return true;
}
