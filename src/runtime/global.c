/* See global.h: globals and tags that the host makes. */
#include "runtime/global.h"

#include "base/alloc.h"
#include "runtime/store.h"

bool global_new(struct store *s, const struct globaltype *type, union vm_value init, struct globalinst **out,
                struct error *e) {
  struct globalinst *g = mem_zalloc(1, sizeof *g);
  if (!g || !store_own(s, g, mem_free)) {
    mem_free(g);
    return error_memory(e);
  }
  g->store = s;
  g->type = *type;
  g->own = value_normalize(s->canon, type->type, init);
  g->cell = &g->own;
  g->next = s->globals;
  s->globals = g;
  *out = g;
  return true;
}

bool tag_new(struct store *s, uint32_t canonical_type, struct taginst **out, struct error *e) {
  struct taginst *t = mem_zalloc(1, sizeof *t);
  if (!t || !store_own(s, t, mem_free)) {
    mem_free(t);
    return error_memory(e);
  }
  t->store = s;
  t->vm.type = canonical_type;
  *out = t;
  return true;
}
