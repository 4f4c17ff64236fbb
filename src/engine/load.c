/* See load.h. */
#include "engine/load.h"

#include "base/alloc.h"
#include "binary/custom.h"
#include "binary/decode.h"
#include "engine/cache.h"
#include "os/thread.h"
#include "os/vm.h"
#include "runtime/code_area.h"

#include <string.h>

/* ---- decode and validate ---- */

/* `bodies`: what is known of them, when they need not be judged; else NULL. */
static bool decode_and_validate(struct engine *engine, struct arena *arena, struct slice wasm,
                                bool check_customs, const struct body_facts *bodies,
                                struct valid_module **out, struct error *e) {
  jmp_buf on_oom;
  arena_init(arena, &on_oom);
  bool ok = false;
  if (setjmp(on_oom))
    error_memory(e);
  else {
    struct module *m = module_decode(arena, wasm, engine->config.features, e);
    if (m)
      *out = bodies ? module_validate_outside(m, engine->canon, *bodies, e)
                    : module_validate(m, engine->canon, e);
    ok = m && *out && (!check_customs || module_check_customs(m, e));
  }
  arena->on_oom = NULL;
  return ok;
}

bool program_validate(struct engine *engine, struct slice wasm, bool check_customs, struct error *e) {
  struct arena arena;
  struct valid_module *valid = NULL;
  bool ok = decode_and_validate(engine, &arena, wasm, check_customs, NULL, &valid, e);
  arena_free(&arena);
  return ok;
}

/* ---- compile ---- */

enum { MAX_THREADS = 64, PARALLEL_FROM = 16 /* functions */ };

/* One job for all threads: they take the next function until none is left or one has failed. */
struct job {
  const struct valid_module *valid;
  const struct compile_config *config;
  struct code *codes; /* by index of the defined function */
  uint32_t nfuncs;
  size_t scratch_size, results_size; /* that a worker's arenas will probably have */
  _Atomic uint32_t next, done;
  _Atomic bool stop;
  program_progress progress; /* called by the first worker only */
  void *env;
};
struct worker {
  struct job *job;
  struct thread thread;
  struct arena scratch; /* one function's work */
  struct arena results; /* code and tables until they are published */
  struct compile_stats stats;
  struct error error;
  uint32_t failed_func; /* that `error` is about */
  bool reports_progress;
};

/* Moves the code out of the function's arena. */
static void keep_code(struct worker *w, struct code *code) {
  code->bytes = arena_copy(&w->results, code->bytes, code->size);
  code->consts = arena_copy(&w->results, code->consts, code->nconsts * sizeof *code->consts);
  code->relocs = arena_copy(&w->results, code->relocs, code->nrelocs * sizeof *code->relocs);
  code->sites = arena_copy(&w->results, code->sites, code->nsites * sizeof *code->sites);
  code->maps = arena_copy(&w->results, code->maps, code->nmaps * sizeof *code->maps);
  code->map_words = arena_copy(&w->results, code->map_words, code->nmap_words * sizeof *code->map_words);
  code->frame_refs = arena_copy(&w->results, code->frame_refs, code->nframe_refs * sizeof *code->frame_refs);
  code->handlers = arena_copy(&w->results, code->handlers, code->nhandlers * sizeof *code->handlers);
  code->tries = arena_copy(&w->results, code->tries, code->ntries * sizeof *code->tries);
  code->clauses = arena_copy(&w->results, code->clauses, code->nclauses * sizeof *code->clauses);
  code->inlines = arena_copy(&w->results, code->inlines, code->ninlines * sizeof *code->inlines);
}

static bool compile_next(struct worker *w, uint32_t index) {
  struct job *job = w->job;
  jmp_buf on_oom;
  bool ok;
  w->results.on_oom = &on_oom;
  if (setjmp(on_oom))
    ok = error_memory(&w->error);
  else {
    ok = compile_func(job->valid, job->valid->module->nimported_funcs + index, job->config, &w->scratch,
                      &job->codes[index], &w->stats, &w->error);
    if (ok) keep_code(w, &job->codes[index]);
  }
  struct arena_mark start = {0};
  arena_release(&w->scratch, start);
  return ok;
}

static void worker_run(void *arg) {
  struct worker *w = arg;
  struct job *job = w->job;
  while (!job->stop) {
    uint32_t index = job->next++;
    if (index >= job->nfuncs) break;
    if (!compile_next(w, index)) {
      w->failed_func = index;
      job->stop = true;
      break;
    }
    job->done++;
    if (w->reports_progress && job->progress && !job->progress(job->env, job->done, job->nfuncs)) {
      error_set(&w->error, ERROR_USAGE, "compilation was cancelled");
      w->failed_func = index;
      job->stop = true;
    }
  }
}

/* The error about the first function, so that the same module gives the same message on any number of
 * threads, as far as that function was reached. */
static bool collect_errors(const struct worker *workers, unsigned n, struct error *e) {
  const struct worker *first = NULL;
  for (unsigned i = 0; i < n; i++)
    if (error_is_set(&workers[i].error) && (!first || workers[i].failed_func < first->failed_func))
      first = &workers[i];
  if (first && !error_is_set(e)) *e = first->error;
  return !first;
}

/* Bytes that a worker's arenas will hold, for each byte of bodies: measured on programs of 0.2 to 7 MB, where
 * it is 70 to 200 for the largest function's work and 2 to 3.3 for all code. */
enum { SCRATCH_PER_BYTE = 100, RESULTS_PER_BYTE = 2 };

static void expect_size(struct job *job, const struct module *m, unsigned nworkers) {
  size_t all = 0, largest = 0;
  for (uint32_t i = m->nimported_funcs; i < m->nfuncs; i++) {
    all += m->funcs[i].body_size;
    largest = max_u64(largest, m->funcs[i].body_size);
  }
  size_t share = all / nworkers;
  job->scratch_size = SCRATCH_PER_BYTE * min_u64(largest, share);
  job->results_size = RESULTS_PER_BYTE * share;
}

static void start_arenas(struct worker *w) {
  arena_init(&w->scratch, NULL);
  w->scratch.limit = SCRATCH_MOST;
  arena_use(&w->scratch, &vm_large_pages, w->job->scratch_size);
  arena_init(&w->results, NULL);
  arena_use(&w->results, &vm_large_pages, w->job->results_size);
}

bool program_compile(const struct program *p, program_progress progress, void *env,
                     struct compile_stats *stats, struct code_image **out, struct error *e) {
  const struct module *m = p->valid->module;
  struct job job = {.valid = p->valid,
                    .config = &p->engine->compile,
                    .nfuncs = m->nfuncs - m->nimported_funcs,
                    .progress = progress,
                    .env = env};
  unsigned n = p->engine->config.parallel_compilation && job.nfuncs >= PARALLEL_FROM
                   ? min_u32(thread_cpu_count(), MAX_THREADS)
                   : 1;
  struct worker *workers = mem_zalloc(n, sizeof *workers);
  job.codes = mem_zalloc(job.nfuncs ? job.nfuncs : 1, sizeof *job.codes);
  bool ok = workers && job.codes;
  if (!ok) error_memory(e);
  expect_size(&job, m, n);
  unsigned started = 0;
  for (; ok && started < n; started++) {
    struct worker *w = &workers[started];
    w->job = &job;
    w->reports_progress = started == 0;
    start_arenas(w);
    if (started > 0 && !thread_start(&w->thread, worker_run, w, 0, true))
      break; /* fewer threads do as well */
  }
  if (ok) worker_run(&workers[0]);
  for (unsigned i = 1; i < started; i++)
    thread_join(&workers[i].thread);
  for (unsigned i = 0; i < started; i++)
    arena_free(&workers[i].scratch);
  if (ok) ok = collect_errors(workers, started, e);
  if (ok) ok = code_publish(job.codes, job.nfuncs, m->nimported_funcs, m, out, e);
  for (unsigned i = 0; i < started; i++) {
    for (unsigned s = 0; stats && s < STAGE_COUNT; s++)
      stats->cycles[s] += workers[i].stats.cycles[s];
    arena_free(&workers[i].results);
  }
  mem_free(workers);
  mem_free(job.codes);
  return ok;
}

/* ---- the story ---- */

static bool program_new(struct engine *engine, struct program **out, struct error *e) {
  struct program *p = mem_zalloc(1, sizeof *p);
  if (!p) return error_memory(e);
  p->refs = 1;
  p->engine = engine_ref(engine);
  *out = p;
  return true;
}

/* As program_load, without compiling; what it made stays in *out when it fails. */
static bool program_start(struct engine *engine, struct slice wasm, uint8_t *own, struct program **out,
                          struct error *e) {
  if (!program_new(engine, out, e)) {
    mem_free(own);
    return false;
  }
  struct program *p = *out;
  p->bytes = own ? own : mem_alloc(wasm.len);
  if (!p->bytes) return error_memory(e);
  if (!own) memcpy(p->bytes, wasm.data, wasm.len);
  uint64_t begin = compile_cycles();
  bool ok = decode_and_validate(engine, &p->arena, slice_of(p->bytes, wasm.len), false, NULL, &p->valid, e);
  p->validate_cycles = compile_cycles() - begin;
  return ok;
}

bool program_load(struct engine *engine, struct slice wasm, uint8_t *own, program_progress progress,
                  void *env, struct program **out, struct error *e) {
  uint64_t key = cache_key(engine, wasm);
  if (cache_find(engine, wasm, key, out)) {
    mem_free(own); /* the cache's file has them, too */
    return true;
  }
  struct program *p = NULL;
  if (program_start(engine, wasm, own, &p, e) &&
      (lazy_start(p) || program_compile(p, progress, env, &p->stats, &p->image, e))) {
    p->cache_key = key;
    if (!p->image->area) cache_keep(p);
    *out = p;
    return true;
  }
  program_unref(p);
  return false;
}

bool program_parse(struct engine *engine, struct slice wasm, struct program **out, struct error *e) {
  if (program_start(engine, wasm, NULL, out, e)) return true;
  program_unref(*out);
  *out = NULL;
  return false;
}

bool program_adopt(struct engine *engine, struct slice file, struct slice wasm, struct body_facts bodies,
                   struct program **out, struct error *e) {
  if (!program_new(engine, out, e)) {
    vm_release(file.data, vm_page_up(file.len));
    return false;
  }
  struct program *p = *out;
  p->file = file.data;
  p->file_size = file.len;
  if (decode_and_validate(engine, &p->arena, wasm, false, &bodies, &p->valid, e)) return true;
  program_unref(p);
  *out = NULL;
  return false;
}

bool program_dump(struct engine *engine, struct slice wasm, uint32_t index, uint32_t dump, struct out *out,
                  struct error *e) {
  struct program *p = NULL;
  if (!program_parse(engine, wasm, &p, e)) return false;
  const struct module *m = p->valid->module;
  struct compile_config config = engine->compile;
  config.dump = dump;
  config.dump_to = out;
  bool ok = true;
  if (index != UINT32_MAX && (index < m->nimported_funcs || index >= m->nfuncs))
    ok = error_set(e, ERROR_USAGE, "there is no defined function %u: they are %u to %u", index,
                   m->nimported_funcs, m->nfuncs);
  struct arena arena;
  arena_init(&arena, NULL);
  for (uint32_t i = m->nimported_funcs; ok && i < m->nfuncs; i++) {
    if (index != UINT32_MAX && i != index) continue;
    struct code code;
    ok = compile_func(p->valid, i, &config, &arena, &code, NULL, e);
    struct arena_mark start = {0};
    arena_release(&arena, start);
  }
  arena_free(&arena);
  program_unref(p);
  return ok;
}

struct program *program_ref(struct program *p) {
  p->refs++;
  return p;
}

void program_unref(struct program *p) {
  if (!p || --p->refs) return;
  if (p->image && p->image->area) lazy_end(p);
  code_image_unref(p->image);
  arena_free(&p->arena);
  mem_free(p->bytes);
  if (p->file) vm_release(p->file, vm_page_up(p->file_size));
  engine_unref(p->engine);
  mem_free(p);
}
