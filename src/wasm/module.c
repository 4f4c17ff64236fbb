/* Questions that struct module answers. */
#include "wasm/module.h"

const struct functype *module_functype(const struct module *m, uint32_t type_index) {
  assert(type_index < m->ntypes && m->types[type_index].kind == COMP_FUNC);
  return &m->types[type_index].func;
}

const struct functype *module_func_type(const struct module *m, uint32_t func_index) {
  assert(func_index < m->nfuncs);
  return module_functype(m, m->funcs[func_index].type);
}

const struct functype *module_tag_type(const struct module *m, uint32_t tag_index) {
  assert(tag_index < m->ntags);
  return module_functype(m, m->tags[tag_index].type.type);
}

struct slice name_map_find(const struct name_map *m, uint32_t index) {
  uint32_t lo = 0, hi = m->len;
  while (lo < hi) {
    uint32_t mid = lo + (hi - lo) / 2;
    if (m->at[mid].index == index) return m->at[mid].name;
    if (m->at[mid].index < index)
      lo = mid + 1;
    else
      hi = mid;
  }
  return (struct slice){0};
}

struct slice module_func_name(const struct module *m, uint32_t func_index) {
  struct slice name = name_map_find(&m->func_names, func_index);
  for (uint32_t i = 0; name.len == 0 && i < m->nexports; i++) {
    if (m->exports[i].kind == EXTERN_FUNC && m->exports[i].index == func_index) name = m->exports[i].name;
  }
  return name;
}
