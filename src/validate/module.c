/* Judges a module: types, imports, every definition outside bodies, exports, start, then each body
 * (spec 3.5).
 *
 * In: a decoded module.  Out: the one kind of struct that compiler and runtime take, or an error.  Scratch
 * memory is an arena of its own that dies here; facts and the result are the module's arena's. Must not:
 * spend more than linear time in the module's size. */
#include "validate/module_check.h"

static bool fail(struct module_check *k, uint32_t off, const char *text, const char *what, uint32_t index) {
  return error_at(k->v->error, ERROR_INVALID, off, "%s (%s %u)", text, what, index);
}

static bool type_exists(struct module_check *k, valtype t, uint32_t off, const char *what, uint32_t index) {
  if (!vt_is_concrete(t) || vt_index(t) < k->m->ntypes) return true;
  return error_at(k->v->error, ERROR_INVALID, off, "unknown type %u (%s %u)", vt_index(t), what, index);
}

static uint32_t import_off(const struct module *m, enum extern_kind kind, uint32_t index) {
  for (uint32_t i = 0; i < m->nimports; i++)
    if (m->imports[i].kind == kind && m->imports[i].index == index) return m->imports[i].off;
  return 0;
}

/* ---- definitions ---- */

static bool functype_exists(struct module_check *k, uint32_t type, uint32_t off, const char *what,
                            uint32_t index) {
  if (type >= k->m->ntypes)
    return error_at(k->v->error, ERROR_INVALID, off, "unknown type %u (%s %u)", type, what, index);
  if (k->m->types[type].kind == COMP_FUNC) return true;
  return error_at(k->v->error, ERROR_INVALID, off, "non-function type %u (%s %u)", type, what, index);
}

static bool funcs_check(struct module_check *k) {
  bool exact = feature_on(k->m->features, FEATURE_CUSTOM_DESCRIPTORS);
  for (uint32_t i = 0; i < k->m->nfuncs; i++) {
    struct func *f = &k->m->funcs[i];
    f->exact = exact && i >= k->m->nimported_funcs;
    if (f->type < k->m->ntypes && k->m->types[f->type].kind == COMP_FUNC) continue;
    uint32_t off = i < k->m->nimported_funcs ? import_off(k->m, EXTERN_FUNC, i) : f->body_off;
    return functype_exists(k, f->type, off, "function", i);
  }
  for (uint32_t i = 0; i < k->m->nimports; i++)
    if (k->m->imports[i].exact) k->m->funcs[k->m->imports[i].index].exact = true;
  return true;
}

/* Before anything that has constant expressions: these read imported globals. */
static bool imported_globals_check(struct module_check *k) {
  for (uint32_t i = 0; i < k->m->nimported_globals; i++) {
    const struct global *g = &k->m->globals[i];
    if (!type_exists(k, g->type.type, g->off, "global", i)) return false;
    if (g->type.mutable_ && !feature_on(k->m->features, FEATURE_MUTABLE_GLOBALS))
      return fail(k, g->off, "mutable globals cannot be imported", "global", i);
  }
  return true;
}

static bool limits_order_check(struct module_check *k, const struct limits *l, uint32_t off, const char *what,
                               uint32_t index) {
  return !l->has_max || l->min <= l->max ||
         fail(k, off, "size minimum must not be greater than maximum", what, index);
}

static bool table_limits_check(struct module_check *k, uint32_t i) {
  const struct limits *l = &k->m->tables[i].type.limits;
  uint32_t off = k->m->tables[i].off;
  if (!l->is64 && (l->min > UINT32_MAX || (l->has_max && l->max > UINT32_MAX)))
    return fail(k, off, "table size must be at most 2^32-1", "table", i);
  return limits_order_check(k, l, off, "table", i);
}

static bool tables_check(struct module_check *k) {
  if (k->m->ntables > 1 && !feature_on(k->m->features, FEATURE_REFERENCE_TYPES))
    return fail(k, k->m->tables[1].off, "multiple tables", "table", 1);
  k->v->globals_visible = k->m->nimported_globals; /* tables are made before the module's own globals */
  for (uint32_t i = 0; i < k->m->ntables; i++) {
    const struct table *t = &k->m->tables[i];
    if (!type_exists(k, t->type.elem, t->off, "table", i) || !table_limits_check(k, i)) return false;
    if (i < k->m->nimported_tables) continue;
    if (t->has_init && !const_expr_validate(k->v, &t->init, t->type.elem, "table", i)) return false;
    if (!t->has_init && !vt_is_defaultable(t->type.elem))
      return fail(k, t->off, "type mismatch: elements without default value need an initializer", "table", i);
  }
  return true;
}

static bool memory_limits_check(struct module_check *k, uint32_t i) {
  const struct limits *l = &k->m->mems[i].type.limits;
  uint32_t off = k->m->mems[i].off;
  if (l->page_log2 != 16 && l->page_log2 != 0) return fail(k, off, "invalid custom page size", "memory", i);
  uint64_t most;
  const char *text;
  if (l->page_log2 == 16) {
    most = l->is64 ? UINT64_C(1) << 48 : UINT64_C(1) << 16;
    text = l->is64 ? "memory size must be at most 2^48 pages (16EiB)"
                   : "memory size must be at most 65536 pages (4GiB)";
  } else {
    most = l->is64 ? UINT64_MAX : UINT32_MAX;
    text = "memory size must be at most 2^32-1 bytes";
  }
  if (l->min > most || (l->has_max && l->max > most)) return fail(k, off, text, "memory", i);
  if (l->shared && !l->has_max) return fail(k, off, "shared memory must have maximum", "memory", i);
  return limits_order_check(k, l, off, "memory", i);
}

static bool memories_check(struct module_check *k) {
  if (k->m->nmems > 1 && !feature_on(k->m->features, FEATURE_MULTI_MEMORY))
    return fail(k, k->m->mems[1].off, "multiple memories", "memory", 1);
  if (k->m->nmems > MAX_MEMORIES)
    return error_at(k->v->error, ERROR_LIMIT, k->m->mems[MAX_MEMORIES].off, "too many memories: at most %u",
                    MAX_MEMORIES);
  for (uint32_t i = 0; i < k->m->nmems; i++)
    if (!memory_limits_check(k, i)) return false;
  return true;
}

static bool tags_check(struct module_check *k) {
  for (uint32_t i = 0; i < k->m->ntags; i++) {
    const struct tag *t = &k->m->tags[i];
    if (!functype_exists(k, t->type.type, t->off, "tag", i)) return false;
    if (k->m->types[t->type.type].func.nresults && !feature_on(k->m->features, FEATURE_STACK_SWITCHING))
      return fail(k, t->off, "non-empty tag result type", "tag", i);
  }
  return true;
}

static bool own_globals_check(struct module_check *k) {
  for (uint32_t i = k->m->nimported_globals; i < k->m->nglobals; i++) {
    const struct global *g = &k->m->globals[i];
    if (!type_exists(k, g->type.type, g->off, "global", i)) return false;
    k->v->globals_visible = i; /* only those before it */
    if (!const_expr_validate(k->v, &g->init, g->type.type, "global", i)) return false;
  }
  return true;
}

/* ---- segments ---- */

static bool elem_items_check(struct module_check *k, uint32_t i) {
  const struct elem *s = &k->m->elems[i];
  for (uint32_t j = 0; j < s->len; j++) {
    if (!s->funcs) {
      if (!const_expr_validate(k->v, &s->exprs[j], s->type, "elem segment", i)) return false;
      continue;
    }
    if (s->funcs[j] >= k->m->nfuncs)
      return error_at(k->v->error, ERROR_INVALID, s->off, "unknown function %u (elem segment %u)",
                      s->funcs[j], i);
    k->m->funcs[s->funcs[j]].declared_ref = true;
  }
  return true;
}

static bool elems_check(struct module_check *k) {
  k->v->globals_visible = k->m->nglobals;
  for (uint32_t i = 0; i < k->m->nelems; i++) {
    const struct elem *s = &k->m->elems[i];
    if (!type_exists(k, s->type, s->off, "elem segment", i)) return false;
    if (s->mode == SEGMENT_ACTIVE) {
      if (s->table >= k->m->ntables)
        return error_at(k->v->error, ERROR_INVALID, s->off, "unknown table %u (elem segment %u)", s->table,
                        i);
      const struct tabletype *t = &k->m->tables[s->table].type;
      char text[2][48];
      if (!validator_match(k->v, s->type, t->elem))
        return error_at(k->v->error, ERROR_INVALID, s->off,
                        "type mismatch: table of %s cannot take %s (elem segment %u)",
                        vt_format(t->elem, text[0]), vt_format(s->type, text[1]), i);
      if (!const_expr_validate(k->v, &s->offset, limits_addr(&t->limits), "elem segment", i)) return false;
    }
    if (!elem_items_check(k, i)) return false;
  }
  return true;
}

static bool datas_check(struct module_check *k) {
  k->v->globals_visible = k->m->nglobals;
  for (uint32_t i = 0; i < k->m->ndatas; i++) {
    const struct data *s = &k->m->datas[i];
    if (s->mode != SEGMENT_ACTIVE) continue;
    if (s->memory >= k->m->nmems)
      return error_at(k->v->error, ERROR_INVALID, s->off, "unknown memory %u (data segment %u)", s->memory,
                      i);
    valtype addr = limits_addr(&k->m->mems[s->memory].type.limits);
    if (!const_expr_validate(k->v, &s->offset, addr, "data segment", i)) return false;
  }
  return true;
}

/* ---- exports and start ---- */

static uint32_t extern_count(const struct module *m, enum extern_kind kind) {
  switch (kind) {
  case EXTERN_FUNC: return m->nfuncs;
  case EXTERN_TABLE: return m->ntables;
  case EXTERN_MEMORY: return m->nmems;
  case EXTERN_GLOBAL: return m->nglobals;
  case EXTERN_TAG: return m->ntags;
  }
  unreachable();
}

static bool exports_check(struct module_check *k) {
  struct map names;
  map_init(&names, k->v->scratch);
  for (uint32_t i = 0; i < k->m->nexports; i++) {
    const struct export_ *x = &k->m->exports[i];
    if (x->index >= extern_count(k->m, x->kind))
      return error_at(k->v->error, ERROR_INVALID, x->off, "unknown %s %u (export %u)",
                      x->kind == EXTERN_FUNC ? "function" : extern_kind_name(x->kind), x->index, i);
    if (x->kind == EXTERN_FUNC) k->m->funcs[x->index].declared_ref = true;
    if (x->kind == EXTERN_GLOBAL && k->m->globals[x->index].type.mutable_ &&
        !feature_on(k->m->features, FEATURE_MUTABLE_GLOBALS))
      return fail(k, x->off, "mutable globals cannot be exported", "export", i);
    if (!map_insert(&names, x->name, i)) return fail(k, x->off, "duplicate export name", "export", i);
  }
  return true;
}

static bool start_check(struct module_check *k) {
  if (!k->m->has_start) return true;
  if (k->m->start >= k->m->nfuncs)
    return error_at(k->v->error, ERROR_INVALID, k->m->start_off, "unknown function %u (start)", k->m->start);
  const struct functype *t = module_func_type(k->m, k->m->start);
  if (t->nparams == 0 && t->nresults == 0) return true;
  return error_at(k->v->error, ERROR_INVALID, k->m->start_off,
                  "start function %u must have no parameters and no results", k->m->start);
}

/* ---- the whole ---- */

static void guesses_fill(const struct module *m, struct func_guess *guesses) {
  for (uint32_t i = 0; i < m->nfuncs; i++) {
    if (!m->funcs[i].declared_ref) continue;
    struct func_guess *g = &guesses[m->funcs[i].type];
    if (g->len < GUESS_MOST) g->funcs[g->len] = i;
    if (g->len <= GUESS_MOST) g->len++;
  }
}

static void tables_know(const struct module *m, bool written, uint8_t *tables) {
  for (uint32_t i = m->nimported_tables; !written && i < m->ntables; i++)
    tables[i] = TABLE_CONSTANT | (m->tables[i].has_init ? 0 : TABLE_OWN);
  for (uint32_t i = 0; i < m->nexports; i++)
    if (m->exports[i].kind == EXTERN_TABLE) tables[m->exports[i].index] = 0;
  for (uint32_t i = 0; i < m->nelems; i++) {
    const struct elem *s = &m->elems[i];
    if (s->mode != SEGMENT_ACTIVE || !(tables[s->table] & TABLE_OWN)) continue;
    bool own = s->funcs || s->len == 0;
    for (uint32_t j = 0; own && j < s->len; j++)
      own = s->funcs[j] >= m->nimported_funcs;
    if (!own) tables[s->table] &= (uint8_t)~TABLE_OWN;
  }
}

/* `bodies`: NULL to judge them. */
static bool module_check(struct module_check *k, const struct body_facts *bodies, struct valid_module *out) {
  struct module *m = k->m;
  if (!types_check(k) || !funcs_check(k) || !imported_globals_check(k) || !tags_check(k) ||
      !memories_check(k) || !tables_check(k) || !own_globals_check(k) || !elems_check(k) || !datas_check(k) ||
      !exports_check(k) || !start_check(k))
    return false;
  struct func_facts seen;
  for (uint32_t i = m->nimported_funcs; !bodies && i < m->nfuncs; i++)
    if (!func_validate(k->v, i, &seen)) return false;
  guesses_fill(m, out->guesses);
  out->writes_tables = bodies ? bodies->writes_tables : k->v->writes_tables;
  tables_know(m, out->writes_tables, out->tables);
  out->has_indirect_tail_calls = bodies ? bodies->has_indirect_tail_calls : k->v->has_indirect_tail_calls;
  return true;
}

/* All that may jump to on_oom. */
static struct valid_module *validate_in(struct module *m, struct canon *canon,
                                        const struct body_facts *bodies, struct arena *scratch,
                                        struct error *e) {
  struct valid_module *out = ARENA_NEW(m->arena, struct valid_module);
  out->module = m;
  out->canon = canon;
  out->tables = ARENA_ARRAY(m->arena, uint8_t, m->ntables);
  out->guesses = ARENA_ARRAY(m->arena, struct func_guess, m->ntypes);
  struct validator *v = ARENA_NEW(scratch, struct validator);
  validator_init(v, m, canon, scratch, e);
  struct module_check k = {.m = m, .v = v};
  return module_check(&k, bodies, out) ? out : NULL;
}

static struct valid_module *validate(struct module *m, struct canon *canon, const struct body_facts *bodies,
                                     struct error *e) {
  jmp_buf oom;
  jmp_buf *const outer = m->arena->on_oom;
  struct arena scratch;
  arena_init(&scratch, &oom);
  m->arena->on_oom = &oom;
  struct valid_module *volatile out = NULL;
  if (setjmp(oom) == 0)
    out = validate_in(m, canon, bodies, &scratch, e);
  else
    error_memory(e);
  m->arena->on_oom = outer;
  arena_free(&scratch);
  return out;
}

struct valid_module *module_validate(struct module *m, struct canon *canon, struct error *e) {
  return validate(m, canon, NULL, e);
}

struct valid_module *module_validate_outside(struct module *m, struct canon *canon, struct body_facts bodies,
                                             struct error *e) {
  return validate(m, canon, &bodies, e);
}
