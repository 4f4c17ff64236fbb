/* Continuations from the host: make, bind, resume, throw, drop; a host function suspends its guest.
 *
 * A handle's type says what the continuation takes and returns; where that is abstract, what the stack itself
 * knows is taken. Must not: keep a raw reference across what may collect (cont_cell_new, cont_cell_empty). */
#include "api/api.h"

#include "base/alloc.h"
#include "gc/gc.h"
#include "runtime/backtrace.h"
#include "runtime/cont.h"
#include "runtime/entry.h"
#include "runtime/exn.h"
#include "runtime/object.h"

#include <string.h>

enum { INLINE_VALUES = 16, INLINE_TAGS = 16 };

static const struct canon *canon_of(heddle_store_t *store) { return store->engine->canon; }

/* ---- types ---- */

static struct cont_type_entry *cache_at(heddle_store_t *store, uint32_t a, uint32_t b) {
  struct cont_type_entry *entry = &store->cont_types[(a * 31 + b) % CONT_TYPES];
  if (entry->key[0] != a || entry->key[1] != b) *entry = (struct cont_type_entry){.key = {a, b}};
  return entry;
}

/* The type of continuations over a function type of the engine. */
static heddle_error_t *cont_type_of(heddle_store_t *store, uint32_t func, uint32_t *out) {
  struct cont_type_entry *entry = cache_at(store, func, 0);
  struct error e = ERROR_INIT;
  if (!entry->set && !canon_add_cont(store->engine->canon, func, &entry->cont, &e)) return api_error(&e);
  entry->set = true;
  *out = entry->cont;
  return NULL;
}

static heddle_error_t *cont_type_new(heddle_store_t *store, const struct functype *t, uint32_t *out) {
  uint32_t func;
  struct error e = ERROR_INIT;
  if (!canon_add_func(store->engine->canon, t, &func, &e)) return api_error(&e);
  return cont_type_of(store, func, out);
}

/* What is left after a suspension with `tag` of a continuation of type `before`. */
static heddle_error_t *cont_type_after(heddle_store_t *store, const struct vm_tag *tag, uint32_t before,
                                       const struct functype *t, uint32_t *out) {
  struct cont_type_entry *entry = cache_at(store, tag->type, before + 1);
  if (entry->set) return *out = entry->cont, NULL;
  const struct functype *tag_type = &canon_type(canon_of(store), tag->type)->func;
  const struct functype rest = {tag_type->results, tag_type->nresults, t->results, t->nresults};
  heddle_error_t *error = cont_type_new(store, &rest, out);
  if (error) return error;
  *cache_at(store, tag->type, before + 1) = (struct cont_type_entry){{tag->type, before + 1}, *out, true};
  return NULL;
}

/* ---- handles ---- */

static heddle_error_t *hold(heddle_store_t *store, uint32_t type, uint32_t cell, heddle_ref_t *out) {
  struct value v = {vt_ref_to(type, false), {0}};
  v.of.ref = cell;
  *out = (heddle_ref_t){store->store->id, store_ref_new(store->store, &v)};
  return out->index ? NULL : api_error_memory();
}

struct found {
  struct object_cont *cell; /* not empty; good until the next collection */
  uint32_t type;            /* canonical, of a continuation */
  const struct functype *func;
};

static struct stack *stack_of(const struct found *k) { return (struct stack *)k->cell->stack; }

static heddle_error_t *found_type(heddle_store_t *store, valtype type, struct found *out) {
  if (vt_is_concrete(type)) {
    out->type = vt_index(type);
  } else {
    struct functype t;
    if (!cont_signature(store->store, stack_of(out), &t))
      return api_error_new(HEDDLE_ERROR_USAGE, "only the continuation's abstract type is known");
    heddle_error_t *error = cont_type_new(store, &t, &out->type);
    if (error) return error;
  }
  out->func = &canon_type(canon_of(store), canon_type(canon_of(store), out->type)->cont)->func;
  return NULL;
}

static heddle_error_t *cont_find(heddle_store_t *store, heddle_ref_t ref, struct found *out) {
  const struct value *v;
  heddle_error_t *error = store_check(store);
  if (!error) error = ref_find(store, ref, &v);
  if (error) return error;
  if (v && canon_heap_top(canon_of(store), vt_heap(v->type)) != HEAP_CONT)
    return api_error_new(HEDDLE_ERROR_USAGE, "the reference is no continuation");
  if (!v || !v->of.ref) return heddle_error_new_trap(HEDDLE_TRAP_NULL_CONTINUATION_REFERENCE, NULL);
  out->cell = object_at(gc_base(store->store->heap), v->of.ref);
  if (!out->cell->stack) return heddle_error_new_trap(HEDDLE_TRAP_CONTINUATION_CONSUMED, NULL);
  return found_type(store, v->type, out);
}

static heddle_error_t *values_import(heddle_store_t *store, const heddle_val_t *vals, const valtype *types,
                                     size_t n, union vm_value *out, const char *what) {
  heddle_error_t *error = NULL;
  for (size_t i = 0; i < n && !error; i++)
    error = val_import(store, &vals[i], types[i], &out[i], what);
  return error;
}

/* ---- making ---- */

heddle_error_t *heddle_cont_new(heddle_store_t *store, heddle_func_t func, heddle_ref_t *out) {
  uint32_t type;
  heddle_error_t *error = store_check(store);
  if (error) return error;
  struct funcinst *f = handle_find(store, HANDLE_FUNC, func.store, func.index);
  if (!f) return foreign_handle("function");
  error = cont_type_of(store, f->vm.type, &type);
  if (error) return error;
  uint32_t cell = 0;
  enum trap_code code = cont_cell_new(store->store, &f->vm, &cell);
  if (code == TRAP_OUT_OF_MEMORY) return api_error_memory();
  if (code) return heddle_error_new_trap((heddle_trap_t)code, NULL);
  return hold(store, type, cell, out);
}

heddle_error_t *heddle_cont_bind(heddle_store_t *store, heddle_ref_t cont, const heddle_val_t *args,
                                 size_t nargs, heddle_ref_t *out) {
  struct found k = {0};
  heddle_error_t *error = cont_find(store, cont, &k);
  if (error) return error;
  if (nargs > k.func->nparams)
    return api_error_new(HEDDLE_ERROR_USAGE, "the continuation takes %u values, found %zu", k.func->nparams,
                         nargs);
  if (nargs && !args) return no_array();
  uint32_t type, cell = cont_cell_empty(store->store);
  if (!cell) return api_error_memory();
  union vm_value few[INLINE_VALUES], *values = few;
  if (nargs > INLINE_VALUES && !(values = mem_alloc(nargs * sizeof *values))) return api_error_memory();
  error = cont_find(store, cont, &k); /* objects have moved */
  struct functype rest = {k.func->params + nargs, k.func->nparams - (uint32_t)nargs, k.func->results,
                          k.func->nresults};
  if (!error) error = cont_type_new(store, &rest, &type);
  if (!error) error = values_import(store, args, k.func->params, nargs, values, "argument");
  if (!error && cont_bind(stack_of(&k), k.func->params, k.func->nparams, values, (uint32_t)nargs))
    error = api_error_memory();
  if (!error) {
    struct stack *stack = stack_of(&k);
    k.cell->stack = 0;
    cont_cell_fill(store->store, cell, stack);
    error = hold(store, type, cell, out);
  }
  if (values != few) mem_free(values);
  return error;
}

heddle_error_t *heddle_cont_type(heddle_store_t *store, heddle_ref_t cont, heddle_functype_t *out) {
  struct found k = {0};
  heddle_error_t *error = cont_find(store, cont, &k);
  if (!error) *out = functype_export(k.func);
  return error;
}

heddle_error_t *heddle_cont_drop(heddle_store_t *store, heddle_ref_t cont) {
  struct found k = {0};
  heddle_error_t *error = cont_find(store, cont, &k);
  if (!error) cont_drop(store->store, k.cell);
  return error;
}

/* ---- resuming ---- */

struct handled {
  const struct vm_tag **tags; /* NULL: all */
  size_t len;
};

static bool handles(void *env, const struct vm_tag *tag) {
  const struct handled *h = env;
  for (size_t i = 0; i < h->len; i++)
    if (h->tags[i] == tag) return true;
  return !h->tags;
}

/* Where results and suspension go. */
struct sink {
  heddle_val_t *results;
  size_t nresults;
  heddle_outcome_t *outcome;
  heddle_suspension_t *suspension;
};

static heddle_error_t *payload_room(heddle_store_t *store, size_t n) {
  if (n <= store->payload_cap) return NULL;
  heddle_val_t *bigger = mem_realloc(store->payload, n, sizeof *bigger);
  if (!bigger) return api_error_memory();
  store->payload = bigger;
  store->payload_cap = n;
  return NULL;
}

/* Handles first for all that the collector does not see in store->payload: none of this collects. */
static heddle_error_t *suspended(heddle_store_t *store, const struct entry_resume *r, uint32_t before,
                                 heddle_suspension_t *out) {
  const struct functype *t = &canon_type(canon_of(store), r->tag->type)->func;
  uint32_t type;
  heddle_extern_t tag;
  struct externval v = {.kind = EXTERN_TAG, .tag = (struct taginst *)(uintptr_t)r->tag};
  heddle_error_t *error = payload_room(store, t->nparams);
  if (!error) error = cont_type_after(store, r->tag, before, r->type, &type);
  if (!error) error = hold(store, type, store->store->payload.at[t->nparams].ref, &out->cont);
  for (uint32_t i = 0; i < t->nparams && !error; i++)
    error = val_export(store, t->params[i], store->store->payload.at[i], &store->payload[i]);
  if (!error) error = extern_export(store, &v, &tag);
  if (error) return error;
  out->tag = tag.of.tag;
  out->payload = store->payload;
  out->npayload = t->nparams;
  return NULL;
}

static heddle_error_t *run(heddle_store_t *store, const struct found *k, struct entry_resume *r,
                           const struct sink *sink) {
  uint64_t status = entry_resume(store->store, r);
  heddle_suspension_t ignored;
  if (status == TRAP_SUSPENDED) {
    *sink->outcome = HEDDLE_SUSPENDED;
    return suspended(store, r, k->type, sink->suspension ? sink->suspension : &ignored);
  }
  if (status) return api_error_ended(store);
  heddle_error_t *error = NULL;
  for (size_t i = 0; i < sink->nresults && !error; i++)
    error = val_export(store, k->func->results[i], r->results[i], &sink->results[i]);
  *sink->outcome = HEDDLE_RETURNED;
  return error;
}

static heddle_error_t *tags_find(heddle_store_t *store, const heddle_tag_t *tags, size_t n,
                                 const struct vm_tag **out) {
  for (size_t i = 0; i < n; i++) {
    const struct taginst *tag = handle_find(store, HANDLE_TAG, tags[i].store, tags[i].index);
    if (!tag) return foreign_handle("tag");
    out[i] = &tag->vm;
  }
  return NULL;
}

/* `args` NULL: vm.exn is thrown instead. */
static heddle_error_t *resume(heddle_store_t *store, const struct found *k, const heddle_tag_t *tags,
                              size_t ntags, const heddle_val_t *args, const struct sink *sink) {
  const struct functype *t = k->func;
  if (sink->nresults != t->nresults)
    return api_error_new(HEDDLE_ERROR_USAGE, "the continuation returns %u values, there is room for %zu",
                         t->nresults, sink->nresults);
  if ((sink->nresults && !sink->results) || (ntags && !tags)) return no_array();
  union vm_value few[INLINE_VALUES], *values = few;
  const struct vm_tag *few_tags[INLINE_TAGS], **found = few_tags;
  size_t n = (size_t)t->nparams + t->nresults;
  heddle_error_t *error = NULL;
  if (n > INLINE_VALUES && !(values = mem_alloc(n * sizeof *values))) return api_error_memory();
  if (ntags > INLINE_TAGS && !(found = mem_alloc(ntags * sizeof *found))) error = api_error_memory();
  if (!error) error = tags_find(store, tags, ntags, found);
  if (!error && args) error = values_import(store, args, t->params, t->nparams, values, "argument");
  struct handled handled = {ntags || tags ? found : NULL, ntags};
  struct entry_resume r = {.cell = k->cell,
                           .type = t,
                           .args = values,
                           .results = values + t->nparams,
                           .status = args ? 0 : TRAP_EXCEPTION,
                           .handles = handles,
                           .env = &handled};
  if (!error) error = run(store, k, &r, sink);
  if (values != few) mem_free(values);
  if (found != few_tags) mem_free(found);
  return error;
}

heddle_error_t *heddle_cont_resume(heddle_store_t *store, heddle_ref_t cont, const heddle_tag_t *tags,
                                   size_t ntags, const heddle_val_t *args, size_t nargs,
                                   heddle_val_t *results, size_t nresults, heddle_outcome_t *outcome,
                                   heddle_suspension_t *suspension) {
  static const heddle_val_t none;
  const struct sink sink = {results, nresults, outcome, suspension};
  struct found k = {0};
  heddle_error_t *error = cont_find(store, cont, &k);
  if (error) return error;
  if (nargs != k.func->nparams)
    return api_error_new(HEDDLE_ERROR_USAGE, "the continuation takes %u values, found %zu", k.func->nparams,
                         nargs);
  if (nargs && !args) return no_array();
  return resume(store, &k, tags, ntags, nargs ? args : &none, &sink);
}

heddle_error_t *heddle_cont_throw(heddle_store_t *store, heddle_ref_t cont, heddle_ref_t exn,
                                  const heddle_tag_t *tags, size_t ntags, heddle_val_t *results,
                                  size_t nresults, heddle_outcome_t *outcome,
                                  heddle_suspension_t *suspension) {
  const struct sink sink = {results, nresults, outcome, suspension};
  const struct value *v;
  struct found k = {0};
  heddle_error_t *error = cont_find(store, cont, &k);
  if (!error) error = ref_find(store, exn, &v);
  if (error) return error;
  if (!v || !v->of.ref) return heddle_error_new_trap(HEDDLE_TRAP_NULL_EXCEPTION_REFERENCE, NULL);
  if (canon_heap_top(canon_of(store), vt_heap(v->type)) != HEAP_EXN)
    return api_error_new(HEDDLE_ERROR_USAGE, "the reference is no exception");
  store->store->vm.exn = v->of.ref;
  return resume(store, &k, tags, ntags, NULL, &sink);
}

/* ---- a host function suspends ---- */

/* What heddle_host_suspend wants, until the callback has returned it. */
struct suspend_request {
  uint64_t store;
  struct taginst *tag;
  const struct functype *type; /* of the host function */
  size_t npayload;
  heddle_val_t payload[];
};

heddle_error_t *heddle_host_suspend(heddle_caller_t *caller, heddle_tag_t tag, const heddle_val_t *payload,
                                    size_t npayload) {
  heddle_store_t *store = caller->store;
  struct taginst *t = handle_find(store, HANDLE_TAG, tag.store, tag.index);
  if (!t) return foreign_handle("tag");
  const struct functype *type = &canon_type(canon_of(store), t->vm.type)->func, *host = caller->type;
  if (npayload != type->nparams)
    return api_error_new(HEDDLE_ERROR_USAGE, "a suspension with this tag carries %u values, found %zu",
                         type->nparams, npayload);
  if (npayload && !payload) return no_array();
  bool same = type->nresults == host->nresults;
  for (uint32_t i = 0; i < type->nresults && same; i++)
    same = canon_match(canon_of(store), type->results[i], host->results[i]);
  if (!same) return api_error_new(HEDDLE_ERROR_USAGE, "the tag's results are not those of the host function");
  for (size_t i = 0; i < npayload; i++) {
    union vm_value ignored;
    heddle_error_t *error = val_import(store, &payload[i], type->params[i], &ignored, "payload");
    if (error) return error;
  }
  heddle_error_t *error = api_error_new(HEDDLE_ERROR_SUSPENDED, "a host function has suspended its caller");
  struct suspend_request *request = mem_alloc(sizeof *request + npayload * sizeof *payload);
  if (!request || error == api_error_memory()) {
    mem_free(request);
    heddle_error_delete(error);
    return api_error_memory();
  }
  *request = (struct suspend_request){store->store->id, t, host, npayload};
  if (npayload) memcpy(request->payload, payload, npayload * sizeof *payload);
  error->tag = tag;
  error->suspend = request;
  return error;
}

static heddle_error_t *take(struct host_call *call, const struct suspend_request *request) {
  heddle_store_t *store = call->store->user;
  const struct functype *type = &canon_type(call->store->canon, request->tag->vm.type)->func;
  if (request->store != call->store->id || request->type != call->type)
    return api_error_new(HEDDLE_ERROR_USAGE, "a suspension that another call of a host function has made");
  uint32_t cell = cont_cell_empty(call->store);
  if (!cell) return api_error_memory();
  union vm_value *payload = mem_alloc((request->npayload + 1) * sizeof *payload);
  if (!payload) return api_error_memory();
  heddle_error_t *error =
      values_import(store, request->payload, type->params, request->npayload, payload, "payload");
  if (error) {
    mem_free(payload);
    return error;
  }
  call->tag = &request->tag->vm;
  call->payload = payload;
  call->cell = cell;
  return NULL;
}

heddle_error_t *host_suspend_take(struct host_call *call, heddle_error_t *error) {
  heddle_error_t *other = take(call, error->suspend);
  heddle_error_delete(error);
  return other;
}

/* ---- what is suspended ---- */

static void types_text(const valtype *types, uint32_t n, struct buf *out) {
  enum { SHOWN = 8 };
  char text[48];
  for (uint32_t i = 0; i < n && i < SHOWN; i++)
    buf_printf(out, i ? " %s" : "%s", vt_format(types[i], text));
  if (n > SHOWN) buf_cstr(out, " ..");
}

/* " $yield [i32] -> [i32]" */
static void describe(heddle_store_t *store, const struct vm_tag *tag, struct buf *out) {
  const struct functype *t = &canon_type(canon_of(store), tag->type)->func;
  tag_name(store->store, tag, out);
  buf_cstr(out, " [");
  types_text(t->params, t->nparams, out);
  buf_cstr(out, "] -> [");
  types_text(t->results, t->nresults, out);
  buf_cstr(out, "]");
}

heddle_error_t *api_error_unhandled(heddle_store_t *store, const struct vm_tag *tag) {
  struct buf text;
  buf_init(&text);
  buf_cstr(&text, "unhandled tag");
  if (tag) describe(store, tag, &text);
  heddle_error_t *error =
      api_error_new(HEDDLE_ERROR_SUSPENDED, "%.*s", (int)text.len, text.len ? (const char *)text.data : "");
  buf_free(&text);
  if (error == api_error_memory() || !tag) return error;
  struct externval v = {.kind = EXTERN_TAG, .tag = (struct taginst *)(uintptr_t)tag};
  heddle_extern_t ext = {0};
  heddle_error_t *failed = extern_export(store, &v, &ext);
  if (!failed) error->tag = ext.of.tag;
  heddle_error_delete(failed);
  return error;
}

bool heddle_error_tag(const heddle_error_t *error, heddle_tag_t *out) {
  if (error->kind != HEDDLE_ERROR_SUSPENDED || !error->tag.index) return false;
  *out = error->tag;
  return true;
}

struct visit {
  heddle_store_t *store;
  bool (*visit)(void *env, const heddle_stack_t *stack);
  void *env;
  struct trap_report report;
  bool stopped, failed;
};

static void visit_stack(void *arg, struct stack *head) {
  struct visit *v = arg;
  if (v->stopped || !stack_is_captured(head) || !head->cell) return;
  heddle_stack_t out = {.id = head->id, .fresh = cont_is_fresh(head)};
  for (const struct stack *s = head; s; s = s->parent)
    out.size += s->size;
  if (out.fresh)
    backtrace_fresh(&v->report, head);
  else
    backtrace_captured(&v->report, head);
  heddle_frame_t *frames = frames_export(&v->report, v->store->engine->config.source);
  v->failed |= v->report.nframes && !frames;
  out.frames = frames;
  out.nframes = frames ? v->report.nframes : 0;
  out.total_frames = v->report.total;
  v->stopped = !v->visit(v->env, &out);
  mem_free(frames);
}

heddle_error_t *heddle_store_suspended(heddle_store_t *store,
                                       bool (*visit)(void *env, const heddle_stack_t *stack), void *env) {
  heddle_error_t *error = store_check(store);
  if (!error && !visit) error = no_pointer("the visitor");
  if (error || !store->store->stacks) return error;
  struct visit *v = mem_zalloc(1, sizeof *v);
  if (!v) return api_error_memory();
  *v = (struct visit){.store = store, .visit = visit, .env = env};
  stack_each(store->store->stacks, visit_stack, v);
  error = v->failed ? api_error_memory() : NULL;
  mem_free(v);
  return error;
}
