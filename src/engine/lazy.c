/* See lazy.h. */
#include "engine/lazy.h"

#include "engine/cache.h"
#include "engine/load.h"
#include "os/vm.h"
#include "runtime/code_area.h"

#include <stdatomic.h>

void lazy_scratch_init(struct arena *scratch) {
  arena_init(scratch, NULL);
  scratch->limit = SCRATCH_MOST;
  arena_use(scratch, &vm_large_pages, 0);
}

bool lazy_start(struct program *p) {
  struct error e = ERROR_INIT;
  const struct module *m = p->valid->module;
  lazy_scratch_init(&p->lazy.scratch);
  return p->engine->config.lazy && m->bytes.len >= p->engine->config.lazy_from &&
         code_area_new(m, &p->image, &e);
}

bool lazy_resume(struct program *p, int fd, uint64_t off, struct slice code, struct error *e) {
  lazy_scratch_init(&p->lazy.scratch);
  if (!code_area_map(fd, off, code, p->valid->module, &p->image, e)) return false;
  p->lazy.len_in_cache = code_area_len(p->image->area);
  return true;
}

bool lazy_compile_in(struct program *p, uint32_t func_index, struct arena *scratch, struct code *code) {
  struct error e = ERROR_INIT;
  return compile_func(p->valid, func_index, &p->engine->compile, scratch, code, NULL, &e) &&
         code_area_add(p->image->area, func_index, code, &e);
}

/* On demand: what is compiled ahead follows from it. */
static bool compile(struct program *p, uint32_t func_index, struct arena *scratch) {
  const struct config *config = &p->engine->config;
  struct code code;
  struct arena_mark start = {0};
  bool ok = lazy_compile_in(p, func_index, scratch, &code);
  if (ok && config->compile_ahead && ++p->lazy.called == config->compile_ahead_from)
    p->lazy.ahead = ahead_start(p);
  struct ahead *ahead = p->lazy.ahead;
  if (ok && ahead) ahead_note(ahead, &code);
  arena_release(scratch, start);
  return ok;
}

bool lazy_compile(void *owner, uint32_t func_index) {
  struct program *p = owner;
  if (!atomic_exchange(&p->lazy.taken, true)) {
    bool ok = compile(p, func_index, &p->lazy.scratch);
    p->lazy.taken = false;
    return ok;
  }
  struct arena scratch;
  lazy_scratch_init(&scratch);
  bool ok = compile(p, func_index, &scratch);
  arena_free(&scratch);
  return ok;
}

void lazy_end(struct program *p) {
  ahead_end(p->lazy.ahead);
  if (code_area_len(p->image->area) > p->lazy.len_in_cache) cache_keep(p);
  arena_free(&p->lazy.scratch);
}
