/* wasi-threads: threads of the guest, each a new instance in a store of its own on a thread of the system.
 *
 * In: calls of "wasi" "thread-spawn".  Out: calls of the module's wasi_thread_start. The process ends when
 * the main call does, or with the first thread that does not return: its error is kept, everybody is
 * interrupted, and whatever the others end with then is dropped. Must not: touch a store from another thread,
 * but for its interrupt handle. */
#include "base/alloc.h"
#include "os/thread.h"
#include "wasi/errno.h"

#include <heddle_wasi.h>

#include <string.h>

enum { MAX_TID = 0x1fffffff };

struct guest_thread {
  struct heddle_wasi_threads *group;
  int32_t tid, arg;
  heddle_store_t *store;         /* own; of the new thread once that runs */
  heddle_interrupt_t *interrupt; /* own */
  struct thread thread;
  bool finished; /* only to be joined */
  struct guest_thread *next;
};

struct heddle_wasi_threads {
  heddle_linker_t *linker;
  heddle_store_t *store;
  heddle_module_t *module;
  heddle_interrupt_t *main; /* own */
  uint32_t max;
  struct mutex lock; /* guards all below */
  int32_t last_tid;
  uint32_t running;
  bool ending;                  /* nobody is started any more */
  heddle_error_t *first;        /* own: what ended the process, unless the main thread did */
  struct guest_thread *threads; /* all that are not joined */
};

/* With the lock. */
static void interrupt_spawned(struct heddle_wasi_threads *g) {
  g->ending = true;
  for (struct guest_thread *t = g->threads; t; t = t->next)
    if (!t->finished) heddle_interrupt_raise(t->interrupt);
}

static heddle_error_t *call_start(struct guest_thread *t) {
  static const char name[] = "wasi_thread_start";
  heddle_instance_t instance;
  heddle_extern_t ext;
  heddle_error_t *error = heddle_instantiate(t->group->linker, t->store, t->group->module, &instance);
  if (error) return error;
  if (!heddle_instance_export(t->store, instance, (heddle_str_t){name, sizeof name - 1}, &ext) ||
      ext.kind != HEDDLE_FUNC)
    return heddle_error_new("thread-spawn: the module exports no function \"wasi_thread_start\"");
  heddle_val_t args[2] = {{.type = HEDDLE_I32, .of.i32 = t->tid}, {.type = HEDDLE_I32, .of.i32 = t->arg}};
  return heddle_call(t->store, ext.of.func, args, 2, NULL, 0);
}

static void thread_run(void *arg) {
  struct guest_thread *t = arg;
  struct heddle_wasi_threads *g = t->group;
  heddle_error_t *error = call_start(t);
  heddle_store_delete(t->store);
  mutex_lock(&g->lock);
  if (error && !g->ending) {
    g->first = error;
    error = NULL;
    interrupt_spawned(g);
    heddle_interrupt_raise(g->main);
  }
  t->finished = true;
  g->running--;
  mutex_unlock(&g->lock);
  heddle_error_delete(error);
}

static void thread_free(struct guest_thread *t) {
  heddle_interrupt_delete(t->interrupt);
  mem_free(t);
}

/* Joins those that are finished, or all. */
static void reap(struct heddle_wasi_threads *g, bool all) {
  struct guest_thread *done = NULL;
  mutex_lock(&g->lock);
  for (struct guest_thread **at = &g->threads; *at;) {
    struct guest_thread *t = *at;
    if (!all && !t->finished) {
      at = &t->next;
      continue;
    }
    *at = t->next;
    t->next = done;
    done = t;
  }
  mutex_unlock(&g->lock);
  while (done) {
    struct guest_thread *t = done;
    done = t->next;
    thread_join(&t->thread);
    thread_free(t);
  }
}

static struct guest_thread *thread_new(struct heddle_wasi_threads *g, int32_t arg) {
  struct guest_thread *t = mem_zalloc(1, sizeof *t);
  if (!t) return NULL;
  t->group = g;
  t->arg = arg;
  heddle_error_t *error =
      heddle_store_new(heddle_store_engine(g->store), heddle_store_data(g->store), &t->store);
  if (!error) error = heddle_store_interrupt(t->store, &t->interrupt);
  if (!error) return t;
  heddle_error_delete(error);
  heddle_store_delete(t->store);
  mem_free(t);
  return NULL;
}

/* With the lock. False: there is room for no more, or the system has none. */
static bool launch(struct heddle_wasi_threads *g, struct guest_thread *t) {
  if (g->ending || g->running >= g->max || g->last_tid >= MAX_TID) return false;
  t->tid = g->last_tid + 1;
  if (!thread_start(&t->thread, thread_run, t, 0, true)) return false;
  g->last_tid++;
  g->running++;
  t->next = g->threads;
  g->threads = t;
  return true;
}

/* Thread number, or a negative error number. */
static heddle_error_t *spawn(void *env, heddle_caller_t *caller, const heddle_val_t *args, size_t nargs,
                             heddle_val_t *results, size_t nresults) {
  struct heddle_wasi_threads *g = env;
  (void)caller, (void)nargs, (void)nresults;
  results[0].of.i32 = -ERRNO_AGAIN;
  reap(g, false);
  struct guest_thread *t = thread_new(g, args[0].of.i32);
  if (!t) return NULL;
  mutex_lock(&g->lock); /* until it stands in the list: the new thread comes to its end no earlier */
  bool launched = launch(g, t);
  if (launched) results[0].of.i32 = t->tid;
  mutex_unlock(&g->lock);
  if (!launched) {
    heddle_store_delete(t->store);
    thread_free(t);
  }
  return NULL;
}

static heddle_error_t *define_memories(struct heddle_wasi_threads *g) {
  heddle_import_t import;
  for (size_t i = 0; heddle_module_import(g->module, i, &import); i++) {
    heddle_shared_memory_t *memory;
    if (import.type.kind != HEDDLE_MEMORY || !import.type.limits.shared) continue;
    heddle_error_t *error =
        heddle_shared_memory_new(heddle_store_engine(g->store), &import.type.limits, &memory);
    if (error) return error;
    error = heddle_linker_define_shared_memory(g->linker, import.module, import.name, memory);
    heddle_shared_memory_delete(memory);
    if (error) return error;
  }
  return NULL;
}

heddle_error_t *heddle_wasi_threads_new(heddle_linker_t *linker, heddle_store_t *store,
                                        heddle_module_t *module, uint32_t max_threads,
                                        heddle_wasi_threads_t **own) {
  static const heddle_valtype_t i32 = HEDDLE_I32;
  static const heddle_functype_t type = {&i32, 1, &i32, 1};
  struct heddle_wasi_threads *g = mem_zalloc(1, sizeof *g);
  if (!g || !mutex_init(&g->lock)) {
    mem_free(g);
    return heddle_error_new("WASI threads: out of memory");
  }
  g->linker = linker;
  g->store = store;
  g->module = module;
  g->max = max_threads;
  heddle_error_t *error = heddle_store_interrupt(store, &g->main);
  if (!error) error = define_memories(g);
  if (!error) error = heddle_linker_define_func(linker, "wasi", "thread-spawn", &type, spawn, g, NULL);
  if (!error) return *own = g, NULL;
  heddle_wasi_threads_delete(g);
  return error;
}

heddle_error_t *heddle_wasi_threads_end(heddle_wasi_threads_t *g, heddle_error_t *error) {
  mutex_lock(&g->lock);
  heddle_error_t *first = g->first;
  g->first = NULL;
  if (!g->ending) interrupt_spawned(g);
  mutex_unlock(&g->lock);
  reap(g, true);
  if (!first) return error;
  heddle_interrupt_clear(g->main);
  heddle_error_delete(error);
  return first;
}

void heddle_wasi_threads_delete(heddle_wasi_threads_t *g) {
  if (!g) return;
  if (g->main) heddle_error_delete(heddle_wasi_threads_end(g, NULL));
  heddle_interrupt_delete(g->main);
  mutex_free(&g->lock);
  mem_free(g);
}
