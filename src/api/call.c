/* Calls in both directions, and how they end. */
#include "api/api.h"

#include "base/alloc.h"
#include "runtime/entry.h"
#include "runtime/host.h"
#include "runtime/exn.h"
#include "runtime/trap.h"

#include <stdio.h>
#include <string.h>

/* ---- how a call ended ---- */

heddle_error_t *api_error_exception(heddle_store_t *store, heddle_ref_t exn) {
  const struct value *v = store_ref(store->store, exn.index);
  struct buf text;
  buf_init(&text);
  exn_describe(store->store, v->of.ref, &text);
  heddle_error_t *error = api_error_new(HEDDLE_ERROR_EXCEPTION, "uncaught exception: %.*s", (int)text.len,
                                        text.len ? (const char *)text.data : "");
  buf_free(&text);
  if (error != api_error_memory()) error->exn = exn;
  return error;
}

/* The exception that nobody has caught. */
static heddle_error_t *exn_error(heddle_store_t *store) {
  struct value v = {vt_ref(HEAP_EXN, false), {0}};
  v.of.ref = store->store->vm.exn;
  store->store->vm.exn = 0;
  heddle_ref_t exn = {store->store->id, store_ref_new(store->store, &v)};
  return exn.index ? api_error_exception(store, exn) : api_error_memory();
}

heddle_error_t *api_error_ended(heddle_store_t *store) {
  struct trap_report *r = &store->store->report;
  heddle_error_t *error;
  if (r->status == TRAP_HOST_ERROR) {
    error = r->host_error;
    r->host_error = NULL;
    if (!error) error = heddle_error_new(NULL);
  } else if (r->status == TRAP_EXCEPTION)
    error = exn_error(store);
  else if (r->status == TRAP_UNHANDLED_TAG)
    error = api_error_unhandled(store, r->tag);
  else
    error = heddle_error_new_trap((heddle_trap_t)r->status, NULL);
  heddle_error_t *innermost = error;
  while (innermost->cause)
    innermost = innermost->cause;
  if (innermost != api_error_memory() && innermost->kind != HEDDLE_ERROR_EXIT && !innermost->nframes) {
    innermost->frames = frames_export(r, store->engine->config.source);
    innermost->nframes = innermost->frames ? r->nframes : 0;
    innermost->total_frames = innermost->frames ? r->total : 0;
  }
  trap_report_clear(store->store);
  return error;
}

/* ---- host to wasm ---- */

enum { INLINE_VALUES = 16 };

heddle_error_t *heddle_call(heddle_store_t *store, heddle_func_t func, const heddle_val_t *args, size_t nargs,
                            heddle_val_t *results, size_t nresults) {
  heddle_error_t *error = store_check(store);
  if (error) return error;
  struct funcinst *f = handle_find(store, HANDLE_FUNC, func.store, func.index);
  if (!f) return foreign_handle("function");
  const struct functype *t = funcinst_type(f);
  if (nargs != t->nparams || nresults != t->nresults)
    return api_error_new(HEDDLE_ERROR_USAGE,
                         "the function takes %u arguments and gives %u results, found %zu and %zu",
                         t->nparams, t->nresults, nargs, nresults);
  if ((nargs && !args) || (nresults && !results)) return no_array();
  union vm_value few[INLINE_VALUES], *values = few;
  if (nargs + nresults > INLINE_VALUES && !(values = mem_alloc((nargs + nresults) * sizeof *values)))
    return api_error_memory();
  for (size_t i = 0; i < nargs && !error; i++)
    error = val_import(store, &args[i], t->params[i], &values[i], "argument");
  if (!error && entry_call(store->store, f, values, values + nargs)) error = api_error_ended(store);
  for (size_t i = 0; i < nresults && !error; i++)
    error = val_export(store, t->results[i], values[nargs + i], &results[i]);
  if (values != few) mem_free(values);
  return error;
}

/* ---- wasm to host ---- */

heddle_store_t *heddle_caller_store(heddle_caller_t *caller) { return caller->store; }

bool heddle_caller_export(heddle_caller_t *caller, const char *name, heddle_extern_t *out) {
  struct externval v;
  if (!name || !caller->instance || !instance_export(caller->instance, slice_cstr(name), &v)) return false;
  heddle_error_t *error = extern_export(caller->store, &v, out);
  heddle_error_delete(error);
  return !error;
}

bool heddle_caller_memory(heddle_caller_t *caller, heddle_memory_t *out) {
  if (!caller->instance || !caller->instance->exported_memory) return false;
  struct externval v = {.kind = EXTERN_MEMORY, .mem = caller->instance->exported_memory};
  heddle_extern_t ext = {0};
  heddle_error_t *error = extern_export(caller->store, &v, &ext);
  heddle_error_delete(error);
  *out = ext.of.memory;
  return !error;
}

heddle_interrupt_t *heddle_caller_interrupt(heddle_caller_t *caller) {
  return (heddle_interrupt_t *)caller->store->store->interrupt;
}

static heddle_error_t *run_callback(struct host_def *def, struct host_call *call, heddle_val_t *values) {
  heddle_caller_t caller = {call->store->user, call->caller, call->type};
  const struct functype *t = call->type;
  heddle_val_t *results = values + t->nparams;
  heddle_error_t *error = NULL;
  for (uint32_t i = 0; i < t->nparams && !error; i++)
    error = val_export(caller.store, t->params[i], call->args[i], &values[i]);
  if (error) return error;
  memset(results, 0, t->nresults * sizeof *results);
  for (uint32_t i = 0; i < t->nresults; i++)
    results[i].type = t->results[i];
  error = def->callback(def->env, &caller, values, t->nparams, results, t->nresults);
  for (uint32_t i = 0; i < t->nresults && !error; i++)
    error =
        val_import(caller.store, &results[i], t->results[i], &call->results[i], "result of a host function");
  return error;
}

/* The exception that the callback lets through or throws; 0: it is another kind of error. */
static uint32_t thrown_by(const struct store *s, const heddle_error_t *error) {
  if (error->kind != HEDDLE_ERROR_EXCEPTION || error->exn.store != s->id) return 0;
  const struct value *v = store_ref(s, error->exn.index);
  return v && v->type == vt_ref(HEAP_EXN, false) ? v->of.ref : 0;
}

static uint64_t host_call(void *env, struct host_call *call) {
  struct host_def *def = env;
  heddle_val_t few[INLINE_VALUES], *values = few;
  size_t n = (size_t)call->type->nparams + call->type->nresults;
  heddle_error_t *error;
  uint32_t exn = 0;
  if (n > INLINE_VALUES && !(values = mem_alloc(n * sizeof *values)))
    error = api_error_memory();
  else {
    size_t scope = store_scope_open(call->store);
    error = run_callback(def, call, values);
    if (error && error->suspend) error = host_suspend_take(call, error);
    exn = error ? thrown_by(call->store, error) : 0;
    store_scope_close(call->store, scope);
    if (values != few) mem_free(values);
  }
  if (!error) return call->cell ? (uint64_t)TRAP_SUSPEND : 0;
  if (exn != 0) {
    heddle_error_delete(error);
    call->store->vm.exn = exn;
    return TRAP_EXCEPTION;
  }
  call->store->report.host_error = error;
  return TRAP_HOST_ERROR;
}

void host_def_unref(struct host_def *def) {
  if (!def || --def->refs) return;
  if (def->finalizer) def->finalizer(def->env);
  mem_free(def);
}

static void host_def_finalize(void *env) { host_def_unref(env); }

heddle_error_t *host_def_func(heddle_store_t *store, uint32_t type, struct host_def *def,
                              struct funcinst **out) {
  struct error e = ERROR_INIT;
  def->refs++;
  if (host_func_new(store->store, type, host_call, def, host_def_finalize, out, &e)) return NULL;
  def->refs--;
  return api_error(&e);
}

heddle_error_t *heddle_func_new(heddle_store_t *store, const heddle_functype_t *type,
                                heddle_callback_t callback, void *env, void (*finalizer)(void *env),
                                heddle_func_t *out) {
  uint32_t id;
  if (!callback) return no_pointer("the callback");
  heddle_error_t *error = functype_import(store->engine, type, &id);
  if (error) return error;
  struct host_def *def = mem_zalloc(1, sizeof *def);
  if (!def) return api_error_memory();
  *def = (struct host_def){callback, env, NULL, 1};
  struct externval v = {.kind = EXTERN_FUNC};
  heddle_extern_t ext = {0};
  error = host_def_func(store, id, def, &v.func);
  if (!error) {
    def->finalizer = finalizer;
    error = extern_export(store, &v, &ext);
  }
  host_def_unref(def);
  *out = ext.of.func;
  return error;
}
