/* Import matching (spec 3.4.9): does what was given fit what the module declares?
 *
 * Both sides are made external types over canonical ids, compared, and printed where they do not fit. */
#include "runtime/instance.h"

#include "base/buf.h"

#include <string.h>

struct externtype {
  enum extern_kind kind;
  bool exact; /* func: no subtype will do */
  union {
    uint32_t func; /* canonical ids */
    uint32_t tag;
    struct tabletype table;
    struct memtype mem;
    struct globaltype global;
  };
};

static struct externtype declared_type(const struct module *m, const struct import *import) {
  struct externtype t = {.kind = import->kind, .exact = import->exact};
  uint32_t i = import->index;
  switch (import->kind) {
  case EXTERN_FUNC: t.func = m->canon_ids[m->funcs[i].type]; break;
  case EXTERN_TAG: t.tag = m->canon_ids[m->tags[i].type.type]; break;
  case EXTERN_MEMORY: t.mem = m->mems[i].type; break;
  case EXTERN_TABLE:
    t.table = m->tables[i].type;
    t.table.elem = module_canon_vt(m, t.table.elem);
    break;
  case EXTERN_GLOBAL:
    t.global = m->globals[i].type;
    t.global.type = module_canon_vt(m, t.global.type);
    break;
  }
  return t;
}

static struct externtype given_type(const struct externval *v) {
  struct externtype t = {.kind = v->kind};
  switch (v->kind) {
  case EXTERN_FUNC: t.func = v->func->vm.type; break;
  case EXTERN_TAG: t.tag = v->tag->vm.type; break;
  case EXTERN_MEMORY: t.mem = memory_type(v->mem); break;
  case EXTERN_TABLE: t.table = table_type(v->table); break;
  case EXTERN_GLOBAL: t.global = v->global->type; break;
  }
  return t;
}

static bool limits_match(const struct limits *given, const struct limits *want) {
  return given->is64 == want->is64 && given->shared == want->shared && given->page_log2 == want->page_log2 &&
         given->min >= want->min && (!want->has_max || (given->has_max && given->max <= want->max));
}

static bool type_match(const struct canon *c, const struct externtype *given, const struct externtype *want) {
  if (given->kind != want->kind) return false;
  switch (want->kind) {
  case EXTERN_FUNC:
    return want->exact ? given->func == want->func : canon_is_subtype(c, given->func, want->func);
  case EXTERN_TAG: return given->tag == want->tag;
  case EXTERN_MEMORY: return limits_match(&given->mem.limits, &want->mem.limits);
  case EXTERN_TABLE:
    return given->table.elem == want->table.elem && limits_match(&given->table.limits, &want->table.limits);
  case EXTERN_GLOBAL:
    if (given->global.mutable_ != want->global.mutable_) return false;
    if (want->global.mutable_) return given->global.type == want->global.type;
    return canon_match(c, given->global.type, want->global.type);
  }
  return false;
}

/* ---- texts ---- */

static void print_types(struct buf *b, const char *word, const valtype *types, uint32_t len) {
  char text[48];
  if (!len) return;
  buf_printf(b, " (%s", word);
  for (uint32_t i = 0; i < len && b->len < 200; i++)
    buf_printf(b, " %s", vt_format(types[i], text));
  buf_cstr(b, ")");
}

static void print_limits(struct buf *b, const struct limits *l) {
  if (l->is64) buf_cstr(b, " i64");
  buf_printf(b, " %llu", (unsigned long long)l->min);
  if (l->has_max) buf_printf(b, " %llu", (unsigned long long)l->max);
  if (l->shared) buf_cstr(b, " shared");
}

static void print_type(struct buf *b, const struct canon *c, const struct externtype *t) {
  char text[48];
  buf_printf(b, t->exact ? "(%s (exact" : "(%s", extern_kind_name(t->kind));
  switch (t->kind) {
  case EXTERN_FUNC:
  case EXTERN_TAG: {
    const struct functype *f = &canon_type(c, t->kind == EXTERN_FUNC ? t->func : t->tag)->func;
    print_types(b, "param", f->params, f->nparams);
    print_types(b, "result", f->results, f->nresults);
    break;
  }
  case EXTERN_MEMORY:
    print_limits(b, &t->mem.limits);
    if (t->mem.limits.page_log2 != 16) buf_printf(b, " (pagesize %u)", 1u << t->mem.limits.page_log2);
    break;
  case EXTERN_TABLE:
    print_limits(b, &t->table.limits);
    buf_printf(b, " %s", vt_format(t->table.elem, text));
    break;
  case EXTERN_GLOBAL:
    buf_printf(b, t->global.mutable_ ? " (mut %s)" : " %s", vt_format(t->global.type, text));
    break;
  }
  buf_cstr(b, t->exact ? "))" : ")");
}

/* `verdict`: the specification's words. `given` NULL: nothing was given. */
static bool refuse(const struct canon *c, const struct import *import, const char *verdict,
                   const struct externtype *want, const struct externtype *given, struct error *e) {
  struct buf b;
  buf_init(&b);
  buf_printf(&b, "%s: \"%.*s\" \"%.*s\"", verdict, (int)min_u64(import->module.len, 60),
             (const char *)import->module.data, (int)min_u64(import->name.len, 60),
             (const char *)import->name.data);
  buf_cstr(&b, given ? " should be " : " is not defined; the module wants ");
  print_type(&b, c, want);
  if (given) {
    buf_cstr(&b, " but is ");
    print_type(&b, c, given);
  }
  if (buf_ok(&b))
    error_at(e, ERROR_LINK, import->off, "%.*s", (int)b.len, (const char *)b.data);
  else
    error_at(e, ERROR_LINK, import->off, "%s", verdict);
  buf_free(&b);
  return false;
}

bool link_match(const struct store *s, const struct module *m, uint32_t i, const struct externval *v,
                struct error *e) {
  const struct import *import = &m->imports[i];
  struct externtype want = declared_type(m, import);
  if (!v->object) return refuse(s->canon, import, "unknown import", &want, NULL, e);
  struct externtype given = given_type(v);
  return type_match(s->canon, &given, &want) ||
         refuse(s->canon, import, "incompatible import type", &want, &given, e);
}
