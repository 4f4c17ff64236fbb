/* See ahead.h.
 *
 * What to compile next stands in a ring that is written over: a place holds a function's index + 1, or 0, and
 * whoever exchanges it for 0 has the function. So neither side waits, and what is lost was old. */
#include "engine/ahead.h"

#include "base/alloc.h"
#include "engine/load.h"
#include "os/futex.h"
#include "os/thread.h"
#include "runtime/code_area.h"

enum {
  RING = 512,           /* functions; a power of two */
  MOST_BODY = 16 << 10, /* bytes of a body that is compiled ahead: the end of the program waits for one */
};

struct ahead {
  struct program *program;
  struct thread thread;
  struct arena scratch;
  _Atomic bool stop;
  _Atomic uint32_t sleeps;
  _Atomic uint32_t notes; /* how often the ring got something; what is slept on */
  _Atomic uint32_t head;  /* places of the ring taken so far */
  _Atomic uint32_t ring[RING];
};

static void put(struct ahead *a, const struct code *code) {
  const struct code_area *area = a->program->image->area;
  for (uint32_t i = code->nrelocs; i > 0; i--) { /* the first is wanted first, and is so the newest */
    if (code->relocs[i - 1].kind != RELOC_CALL) continue;
    uint32_t func = code->relocs[i - 1].index;
    if (!code_area_has(area, func)) a->ring[a->head++ % RING] = func + 1;
  }
}

void ahead_note(struct ahead *a, const struct code *code) {
  put(a, code);
  a->notes++;
  if (a->sleeps) futex_wake(&a->notes);
}

/* False: the ring is empty. */
static bool take(struct ahead *a, uint32_t *func) {
  for (uint32_t i = 1, head = a->head; i <= RING; i++) {
    _Atomic uint32_t *place = &a->ring[(head - i) % RING];
    uint32_t found = *place ? atomic_exchange(place, 0) : 0;
    if (!found || code_area_has(a->program->image->area, found - 1)) continue;
    *func = found - 1;
    return true;
  }
  return false;
}

static void compile(struct ahead *a, uint32_t func) {
  struct program *p = a->program;
  if (p->valid->module->funcs[func].body_size > MOST_BODY) return;
  struct code code;
  if (lazy_compile_in(p, func, &a->scratch, &code)) put(a, &code);
  struct arena_mark start = {0};
  arena_release(&a->scratch, start);
}

static void run(void *arg) {
  struct ahead *a = arg;
  /* What is slept on is read before what it announces. */
  for (uint32_t seen, func; seen = a->notes, !a->stop;) {
    if (take(a, &func)) {
      compile(a, func);
      continue;
    }
    a->sleeps = 1;
    futex_wait(&a->notes, seen, FUTEX_FOREVER);
    a->sleeps = 0;
  }
}

struct ahead *ahead_start(struct program *p) {
  if (!p->engine->config.parallel_compilation || thread_cpu_count() < 2) return NULL;
  struct ahead *a = mem_zalloc(1, sizeof *a);
  if (!a) return NULL;
  a->program = p;
  lazy_scratch_init(&a->scratch);
  if (thread_start(&a->thread, run, a, 0, true)) return a;
  mem_free(a);
  return NULL;
}

void ahead_end(struct ahead *a) {
  if (!a || !thread_is_here(&a->thread)) return; /* in a child its memory stays as the fork found it */
  a->stop = true;
  a->notes++;
  futex_wake(&a->notes);
  thread_join(&a->thread);
  arena_free(&a->scratch);
  mem_free(a);
}
