/* See instance.h. */
#include "runtime/instance.h"

#include "abi/arch.h"
#include "base/alloc.h"
#include "runtime/code_area.h"
#include "runtime/entry.h"
#include "runtime/object.h"

#include <string.h>

static void *tail(const struct instance *in, uint32_t off) { return (uint8_t *)in->ctx + off; }
static struct vm_memory **mem_slots(const struct instance *in) { return tail(in, in->layout.mems); }
static struct vm_table **table_slots(const struct instance *in) { return tail(in, in->layout.tables); }
static struct vm_func **func_slots(const struct instance *in) { return tail(in, in->layout.funcs); }
static struct vm_tag **tag_slots(const struct instance *in) { return tail(in, in->layout.tags); }
static union vm_value *global_cells(const struct instance *in) { return tail(in, in->layout.globals); }

/* ---- things by index ---- */

struct funcinst *instance_func(struct instance *in, uint32_t index) {
  const struct module *m = in->module;
  assert(index < m->nfuncs);
  if (index < m->nimported_funcs) return funcinst_of(func_slots(in)[index]);
  struct funcinst *f = &in->funcs[index - m->nimported_funcs];
  if (!f->vm.code) {
    f->vm = (struct vm_func){.code = code_image_func(in->source.image, index),
                             .inst = in->ctx,
                             .type = m->canon_ids[m->funcs[index].type],
                             .index = index};
    func_slots(in)[index] = &f->vm;
  }
  return f;
}

const uint8_t *instance_compile(struct vmctx *ctx, uint64_t func_index) {
  struct instance *in = instance_of(ctx);
  const struct instance_source *source = &in->source;
  uint32_t index = (uint32_t)func_index;
  if (!code_area_has(source->image->area, index) && !source->compile(source->owner, index)) return NULL;
  struct funcinst *f = &in->funcs[index - in->module->nimported_funcs];
  const uint8_t *code = code_image_func(source->image, index);
  if (f->vm.code) f->vm.code = code; /* calls through a reference need the entry no more */
  return code;
}

struct tableinst *instance_table(const struct instance *in, uint32_t index) {
  assert(index < in->module->ntables);
  return (struct tableinst *)table_slots(in)[index];
}

struct meminst *instance_memory(const struct instance *in, uint32_t index) {
  assert(index < in->module->nmems);
  return (struct meminst *)mem_slots(in)[index];
}

struct globalinst *instance_global(struct instance *in, uint32_t index) {
  const struct module *m = in->module;
  assert(index < m->nglobals);
  if (index < m->nimported_globals) return in->imported_globals[index];
  struct globalinst *g = &in->globals[index - m->nimported_globals];
  if (!g->cell) {
    g->cell = &global_cells(in)[index - m->nimported_globals];
    g->store = in->store;
    g->type = m->globals[index].type;
    g->type.type = module_canon_vt(m, g->type.type);
  }
  return g;
}

struct taginst *instance_tag(const struct instance *in, uint32_t index) {
  assert(index < in->module->ntags);
  return (struct taginst *)tag_slots(in)[index];
}

/* ---- exports ---- */

struct externval instance_export_at(struct instance *in, uint32_t i) {
  const struct export_ *x = &in->module->exports[i];
  struct externval v = {.kind = x->kind};
  switch (x->kind) {
  case EXTERN_FUNC: v.func = instance_func(in, x->index); break;
  case EXTERN_TABLE: v.table = instance_table(in, x->index); break;
  case EXTERN_MEMORY: v.mem = instance_memory(in, x->index); break;
  case EXTERN_GLOBAL: v.global = instance_global(in, x->index); break;
  case EXTERN_TAG: v.tag = instance_tag(in, x->index); break;
  }
  return v;
}

/* The table of names, made when somebody first asks; without memory for it, names are searched one by one. */
static void hash_exports(struct instance *in) {
  const struct module *m = in->module;
  uint32_t cap = 8;
  while (cap < 2 * m->nexports)
    cap *= 2;
  in->export_table = mem_zalloc(cap, sizeof *in->export_table);
  if (!in->export_table) return;
  in->export_mask = cap - 1;
  for (uint32_t i = 0; i < m->nexports; i++) {
    uint32_t at = hash_bytes(m->exports[i].name.data, m->exports[i].name.len);
    while (in->export_table[at & in->export_mask])
      at++;
    in->export_table[at & in->export_mask] = i + 1;
  }
}

bool instance_export(struct instance *in, struct slice name, struct externval *out) {
  const struct module *m = in->module;
  if (!in->export_table) hash_exports(in);
  if (in->export_table) {
    for (uint32_t at = hash_bytes(name.data, name.len);; at++) {
      uint32_t i = in->export_table[at & in->export_mask];
      if (!i) return false;
      if (slice_eq(m->exports[i - 1].name, name)) return *out = instance_export_at(in, i - 1), true;
    }
  }
  for (uint32_t i = 0; i < m->nexports; i++)
    if (slice_eq(m->exports[i].name, name)) return *out = instance_export_at(in, i), true;
  return false;
}

/* ---- making one ---- */

static void instance_free(void *object) {
  struct instance *in = object;
  mem_free(in->ctx);
  mem_free(in->funcs);
  mem_free(in->globals);
  mem_free(in->imported_globals);
  mem_free(in->tags);
  for (uint32_t i = 0; in->elem_values && i < in->module->nelems; i++)
    mem_free(in->elem_values[i]);
  mem_free(in->elem_values);
  mem_free(in->elem_dropped);
  mem_free(in->data_dropped);
  mem_free(in->export_table);
  code_image_unref(in->source.image);
  if (in->source.release) in->source.release(in->source.owner);
  mem_free(in);
}

/* The instance and all its arrays, zeroed; owned by the store. */
static struct instance *allocate(struct store *s, const struct instance_source *source, struct error *e) {
  const struct module *m = source->valid->module;
  struct vmctx_layout layout;
  if (!vmctx_layout(m, &layout)) {
    error_set(e, ERROR_LIMIT, "an instance of this module is too large");
    return NULL;
  }
  struct instance *in = mem_zalloc(1, sizeof *in);
  if (!in || !store_own(s, in, instance_free)) {
    mem_free(in);
    error_memory(e);
    return NULL;
  }
  in->store = s;
  in->source = *source;
  in->module = m;
  in->layout = layout;
  code_image_ref(source->image);
  if (source->retain) source->retain(source->owner);
  in->ctx = mem_zalloc(1, layout.size);
  in->funcs = mem_zalloc(m->nfuncs - m->nimported_funcs, sizeof *in->funcs);
  in->globals = mem_zalloc(m->nglobals - m->nimported_globals, sizeof *in->globals);
  in->imported_globals = mem_zalloc(m->nimported_globals, sizeof(struct globalinst *));
  in->tags = mem_zalloc(m->ntags - m->nimported_tags, sizeof *in->tags);
  in->elem_dropped = mem_zalloc(m->nelems, 1);
  in->data_dropped = mem_zalloc(m->ndatas, 1);
  in->elem_values = mem_zalloc(m->nelems, sizeof *in->elem_values);
  if (!in->ctx || !in->funcs || !in->globals || !in->imported_globals || !in->tags || !in->elem_dropped ||
      !in->data_dropped || !in->elem_values) {
    error_memory(e);
    return NULL;
  }
  in->ctx->store = &s->vm;
  in->ctx->builtins = store_builtins(s);
  in->ctx->poll_page = s->poll_page;
  in->ctx->owner = in;
  in->next = s->instances;
  s->instances = in;
  if (m->ntypes) memcpy(tail(in, layout.types), m->canon_ids, m->ntypes * sizeof *m->canon_ids);
  return in;
}

static void take_imports(struct instance *in, const struct externval *imports) {
  const struct module *m = in->module;
  for (uint32_t i = 0; i < m->nimports; i++) {
    const struct import *import = &m->imports[i];
    switch (import->kind) {
    case EXTERN_FUNC: func_slots(in)[import->index] = &imports[i].func->vm; break;
    case EXTERN_TABLE: table_slots(in)[import->index] = &imports[i].table->vm; break;
    case EXTERN_MEMORY: mem_slots(in)[import->index] = &imports[i].mem->vm; break;
    case EXTERN_TAG: tag_slots(in)[import->index] = &imports[i].tag->vm; break;
    case EXTERN_GLOBAL:
      in->imported_globals[import->index] = imports[i].global;
      ((union vm_value **)tail(in, in->layout.globals_imp))[import->index] = imports[i].global->cell;
      break;
    }
  }
}

static bool make_memories(struct instance *in, struct error *e) {
  const struct module *m = in->module;
  for (uint32_t i = m->nimported_mems; i < m->nmems; i++) {
    struct meminst *mem;
    if (!memory_new(in->store, &m->mems[i].type, &mem, e)) return false;
    mem_slots(in)[i] = &mem->vm;
  }
  if (m->nmems) in->ctx->memory0 = mem_slots(in)[0]->base;
  return true;
}

static bool make_globals(struct instance *in, struct error *e) {
  const struct module *m = in->module;
  for (uint32_t i = m->nimported_globals; i < m->nglobals; i++) {
    union vm_value v; /* the cell may be visited while the expression allocates */
    if (!const_expr_eval(in, &m->globals[i].init, &v, e)) return false;
    global_cells(in)[i - m->nimported_globals] = v;
  }
  return true;
}

static bool make_tables(struct instance *in, struct error *e) {
  const struct module *m = in->module;
  for (uint32_t i = m->nimported_tables; i < m->ntables; i++) {
    struct tabletype type = m->tables[i].type;
    type.elem = module_canon_vt(m, type.elem);
    union vm_value init = value_default(type.elem).of;
    struct tableinst *t;
    if (m->tables[i].has_init && !const_expr_eval(in, &m->tables[i].init, &init, e)) return false;
    if (!table_new(in->store, &type, init, &t, e)) return false;
    table_slots(in)[i] = &t->vm;
  }
  return true;
}

static void make_tags(struct instance *in) {
  const struct module *m = in->module;
  for (uint32_t i = m->nimported_tags; i < m->ntags; i++) {
    struct taginst *tag = &in->tags[i - m->nimported_tags];
    tag->store = in->store;
    tag->vm.type = m->canon_ids[m->tags[i].type.type];
    tag_slots(in)[i] = &tag->vm;
  }
}

/* ---- segments ---- */

union vm_value instance_elem(struct instance *in, uint32_t elem, uint64_t i) {
  if (in->elem_values[elem]) return in->elem_values[elem][i];
  union vm_value v;
  memset(&v, 0, sizeof v);
  v.func = &instance_func(in, in->module->elems[elem].funcs[i])->vm;
  return v;
}

enum trap_code instance_table_init(struct instance *in, uint32_t table, uint32_t elem_index, uint64_t dst,
                                   uint64_t src, uint64_t len) {
  const struct elem *elem = &in->module->elems[elem_index];
  struct tableinst *t = instance_table(in, table);
  uint64_t elem_len = in->elem_dropped[elem_index] ? 0 : elem->len;
  if (len > elem_len || src > elem_len - len || len > t->vm.len || dst > t->vm.len - len)
    return TRAP_TABLE_OUT_OF_BOUNDS;
  for (uint64_t i = 0; i < len; i++) {
    bool ok = table_set(t, dst + i, instance_elem(in, elem_index, src + i));
    assert(ok);
    (void)ok;
  }
  return TRAP_NONE;
}

enum trap_code instance_memory_init(struct instance *in, uint32_t memory, uint32_t data, uint64_t dst,
                                    uint64_t src, uint64_t len) {
  struct slice bytes = in->data_dropped[data] ? (struct slice){NULL, 0} : in->module->datas[data].bytes;
  return memory_init(instance_memory(in, memory), bytes, dst, src, len) ? TRAP_NONE
                                                                        : TRAP_MEMORY_OUT_OF_BOUNDS;
}

/* The expressions of all segments, in order (spec 4.7.4). */
static bool make_elems(struct instance *in, struct error *e) {
  const struct module *m = in->module;
  for (uint32_t i = 0; i < m->nelems; i++) {
    const struct elem *elem = &m->elems[i];
    if (elem->funcs || elem->len == 0) continue;
    in->elem_values[i] =
        mem_zalloc(elem->len, sizeof **in->elem_values); /* the collector looks at all of them */
    if (!in->elem_values[i]) return error_memory(e);
    for (uint32_t k = 0; k < elem->len; k++) {
      union vm_value v;
      if (!const_expr_eval(in, &elem->exprs[k], &v, e)) return false;
      in->elem_values[i][k] = v;
    }
  }
  return true;
}

static uint64_t offset_value(const union vm_value *v, bool is64) { return is64 ? v->i64 : v->i32; }

/* Active segments in order: TRAP_NONE and no error when all fitted. */
static enum trap_code init_segments(struct instance *in, struct error *e) {
  const struct module *m = in->module;
  enum trap_code trap = TRAP_NONE;
  union vm_value off;
  for (uint32_t i = 0; i < m->nelems && !trap; i++) {
    const struct elem *elem = &m->elems[i];
    if (elem->mode == SEGMENT_PASSIVE) continue;
    if (elem->mode == SEGMENT_ACTIVE) {
      if (!const_expr_eval(in, &elem->offset, &off, e)) return TRAP_NONE;
      bool is64 = m->tables[elem->table].type.limits.is64;
      trap = instance_table_init(in, elem->table, i, offset_value(&off, is64), 0, elem->len);
    }
    in->elem_dropped[i] = 1;
  }
  for (uint32_t i = 0; i < m->ndatas && !trap; i++) {
    const struct data *data = &m->datas[i];
    if (data->mode != SEGMENT_ACTIVE) continue;
    if (!const_expr_eval(in, &data->offset, &off, e)) return TRAP_NONE;
    bool is64 = m->mems[data->memory].type.limits.is64;
    trap = instance_memory_init(in, data->memory, i, offset_value(&off, is64), 0, data->bytes.len);
    in->data_dropped[i] = 1;
  }
  return trap;
}

static void find_memory_export(struct instance *in) {
  const struct module *m = in->module;
  for (uint32_t i = 0; i < m->nexports; i++)
    if (m->exports[i].kind == EXTERN_MEMORY && slice_eq_cstr(m->exports[i].name, "memory"))
      in->exported_memory = instance_memory(in, m->exports[i].index);
}

bool instance_new(struct store *s, const struct instance_source *source, const struct externval *imports,
                  struct instance **out, struct error *e) {
  const struct module *m = source->valid->module;
  trap_report_clear(s);
  if (s->ninstances >= s->limits.max_instances)
    return error_set(e, ERROR_LIMIT, "the store may not have more than %llu instances (option max-instances)",
                     (unsigned long long)s->limits.max_instances);
  for (uint32_t i = 0; i < m->nimports; i++)
    if (!link_match(s, m, i, &imports[i], e)) return false;
  struct instance *in = allocate(s, source, e);
  if (!in) return false;
  s->ninstances++;
  if (!object_prepare(in, e)) return false;
  take_imports(in, imports);
  make_tags(in);
  if (!make_memories(in, e) || !make_globals(in, e) || !make_tables(in, e) || !make_elems(in, e))
    return false;
  find_memory_export(in);
  enum trap_code trap = init_segments(in, e);
  if (error_is_set(e)) return false;
  if (trap) {
    trap_report_set(s, trap);
    return false;
  }
  if (m->has_start && entry_call(s, instance_func(in, m->start), NULL, NULL)) return false;
  *out = in;
  return true;
}
