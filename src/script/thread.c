/* Threads of a script: each runs its commands on a thread of the system, in a store of its own.
 *
 * In: (thread ...) at the lexer.  Out: counts and report, added to the script's when it is waited for. Of the
 * instances that are shared with it, a thread sees the shared memories they export and nothing else: all else
 * is of one store. Must not: touch the state of whoever started it; the text and the names of modules stay.
 */
#include "base/alloc.h"
#include "os/thread.h"
#include "script/script.h"

struct script_thread {
  struct script s;
  struct slice id;
  struct thread thread;
  bool started;
  struct buf report;
  struct script_counts counts;
  struct script_thread *next;
};

enum { STACK_SIZE = 8 << 20 };

static void run(void *arg) {
  struct script_thread *t = arg;
  jmp_buf on_oom;
  t->s.arena.on_oom = &on_oom;
  if (setjmp(on_oom))
    error_memory(&t->s.error);
  else
    script_run_commands(&t->s);
  script_end(&t->s);
}

/* Waits for its end, and adds what it counted; `t` is gone. */
static void finish(struct script *s, struct script_thread *t) {
  if (t->started)
    thread_join(&t->thread);
  else
    script_end(&t->s);
  script_counts_add(s->counts, &t->counts);
  buf_bytes(s->report, t->report.data, t->report.len);
  while (t->s.handed) {
    struct handed *h = t->s.handed;
    t->s.handed = h->next;
    heddle_shared_memory_delete(h->memory);
    mem_free(h);
  }
  buf_free(&t->report);
  mem_free(t);
}

/* `memory` is taken over. */
static void hand(struct script_thread *t, struct slice module, heddle_str_t name,
                 heddle_shared_memory_t *memory) {
  struct handed *h = mem_alloc(sizeof *h);
  if (!h) {
    heddle_shared_memory_delete(memory);
    arena_out_of_memory(&t->s.arena);
  }
  *h = (struct handed){module, name, memory, t->s.handed};
  t->s.handed = h;
}

static void hand_exports(struct script *s, struct script_thread *t, struct slice id,
                         heddle_instance_t instance) {
  heddle_str_t name;
  heddle_extern_t ext;
  for (size_t i = 0; heddle_instance_export_at(s->store, instance, i, &name, &ext); i++) {
    heddle_shared_memory_t *memory;
    if (ext.kind != HEDDLE_MEMORY) continue;
    heddle_error_t *error = heddle_memory_share(s->store, ext.of.memory, &memory);
    if (!error) hand(t, id, name, memory);
    heddle_error_delete(error); /* it is not shared */
  }
}

/* (shared (module $M)) */
static bool share(struct script *s, struct script_thread *t) {
  lexer_open(&s->lx, "shared");
  uint32_t off = s->lx.tok.off;
  if (!lexer_open(&s->lx, "module")) return lexer_expected(&s->lx, "(module");
  struct slice id = script_accept_id(&s->lx);
  if (!lexer_expect_close(&s->lx) || !lexer_expect_close(&s->lx)) return false;
  const struct named_instance *named = script_find_instance(s, id);
  if (!named || named->outcome != OUTCOME_OK)
    return script_fail(s, KIND_THREAD, off, "no instance of that name to share"), true;
  struct named_instance copy = {.id = arena_slice(&t->s.arena, id), .is_handed = true, .outcome = OUTCOME_OK};
  VEC_PUSH(&t->s.arena, &t->s.instances, copy);
  if (!named->is_handed) hand_exports(s, t, copy.id, named->instance);
  for (const struct handed *h = s->handed; h && named->is_handed; h = h->next)
    if (slice_eq(h->module, named->id)) hand(t, copy.id, h->name, heddle_shared_memory_ref(h->memory));
  return true;
}

bool script_thread(struct script *s) {
  uint32_t start = s->lx.tok.off;
  struct script_thread *t = mem_zalloc(1, sizeof *t);
  if (!t) arena_out_of_memory(&s->arena);
  t->s = (struct script){.engine = s->engine,
                         .options = s->options,
                         .file = s->file,
                         .end = TOKEN_RPAR,
                         .report = &t->report,
                         .counts = &t->counts};
  buf_init(&t->report);
  arena_init(&t->s.arena, s->arena.on_oom);
  t->next = s->threads;
  s->threads = t;
  lexer_open(&s->lx, "thread");
  t->id = script_accept_id(&s->lx); /* of the text, which outlives it */
  while (lexer_at_form(&s->lx, "shared"))
    if (!share(s, t)) return false;
  t->s.lx = s->lx;
  t->s.lx.error = &t->s.error;
  lexer_seek(&s->lx, start);
  t->started = thread_start(&t->thread, run, t, STACK_SIZE, true);
  if (t->started)
    script_pass(s, KIND_THREAD);
  else
    script_fail(s, KIND_THREAD, start, "the system gives no thread");
  return lexer_skip_form(&s->lx);
}

bool script_wait(struct script *s) {
  uint32_t off = s->lx.tok.off;
  lexer_open(&s->lx, "wait");
  struct slice id = script_accept_id(&s->lx);
  if (!lexer_expect_close(&s->lx)) return false;
  for (struct script_thread **at = &s->threads; *at; at = &(*at)->next) {
    struct script_thread *t = *at;
    if (!slice_eq(t->id, id)) continue;
    *at = t->next;
    finish(s, t);
    return script_pass(s, KIND_WAIT), true;
  }
  return script_fail(s, KIND_WAIT, off, "no thread of that name to wait for"), true;
}

void script_end_threads(struct script *s) {
  while (s->threads) {
    struct script_thread *t = s->threads;
    s->threads = t->next;
    finish(s, t);
  }
}
