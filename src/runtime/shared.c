/* See shared.h.
 *
 * A waiter sleeps on a word that its store, or the store's interrupt handle, owns; whoever wakes it sets the
 * word first. The list is the truth: a waiter that is not in it any more was notified, whatever else happened
 * meanwhile, so that no wake-up is lost and none is made up. */
#include "runtime/shared.h"

#include "base/alloc.h"
#include "os/clock.h"
#include "os/futex.h"
#include "os/thread.h"
#include "runtime/interrupt.h"
#include "runtime/store.h"

struct waiter {
  struct waiter *prev, *next; /* in the order of arrival */
  uint64_t address;
  _Atomic uint32_t *word; /* not 0: look again */
  bool notified;          /* and out of the list */
};

struct shared_memory {
  struct meminst body; /* of no store */
  _Atomic uint32_t refs;
  struct mutex lock; /* guards growth and the list */
  struct waiter *first, *last;
};

bool shared_memory_new(const struct memtype *type, const struct store_limits *limits,
                       struct shared_memory **out, struct error *e) {
  struct shared_memory *m = mem_zalloc(1, sizeof *m);
  if (!m) return error_memory(e);
  m->refs = 1;
  if (!mutex_init(&m->lock)) return mem_free(m), error_memory(e);
  if (!memory_init_body(&m->body, type, limits, e)) {
    mutex_free(&m->lock);
    mem_free(m);
    return false;
  }
  *out = m;
  return true;
}

struct shared_memory *shared_memory_ref(struct shared_memory *m) {
  m->refs++;
  return m;
}

void shared_memory_unref(struct shared_memory *m) {
  if (!m || --m->refs) return;
  assert(!m->first);
  memory_end_body(&m->body);
  mutex_free(&m->lock);
  mem_free(m);
}

struct meminst *shared_memory_body(struct shared_memory *m) {
  return &m->body;
}

uint64_t shared_memory_grow(struct shared_memory *m, uint64_t pages) {
  mutex_lock(&m->lock);
  uint64_t old = memory_grow_body(&m->body, pages);
  mutex_unlock(&m->lock);
  return old;
}

static void enqueue(struct shared_memory *m, struct waiter *w) {
  w->prev = m->last;
  *(m->last ? &m->last->next : &m->first) = w;
  m->last = w;
}

static void unlink_waiter(struct shared_memory *m, struct waiter *w) {
  *(w->prev ? &w->prev->next : &m->first) = w->next;
  *(w->next ? &w->next->prev : &m->last) = w->prev;
}

static bool holds(const struct shared_memory *m, uint64_t address, uint32_t width, uint64_t expected) {
  const uint8_t *at = m->body.vm.base + address;
  if (width == 4)
    return __atomic_load_n((const uint32_t *)(const void *)at, __ATOMIC_SEQ_CST) == (uint32_t)expected;
  return __atomic_load_n((const uint64_t *)(const void *)at, __ATOMIC_SEQ_CST) == expected;
}

/* Until the word is set or the deadline has come. */
static void sleep_until(_Atomic uint32_t *word, uint64_t deadline) {
  while (atomic_load(word) == 0) {
    uint64_t now = clock_monotonic_ns();
    if (now >= deadline) return;
    futex_wait(word, 0, deadline == FUTEX_FOREVER ? FUTEX_FOREVER : deadline - now);
  }
}

enum trap_code shared_memory_wait(struct store *s, struct shared_memory *m, uint64_t address, uint32_t width,
                                  uint64_t expected, int64_t timeout_ns, enum wait_result *out) {
  uint64_t deadline = FUTEX_FOREVER;
  if (timeout_ns >= 0 && !add_u64(clock_monotonic_ns(), (uint64_t)timeout_ns, &deadline))
    deadline = FUTEX_FOREVER;
  struct waiter w = {.address = address, .word = s->interrupt ? interrupt_word(s->interrupt) : &s->wake};
  mutex_lock(&m->lock);
  if (!holds(m, address, width, expected)) {
    mutex_unlock(&m->lock);
    *out = WAIT_NOT_EQUAL;
    return TRAP_NONE;
  }
  enqueue(m, &w);
  atomic_store(w.word, 0);
  mutex_unlock(&m->lock);
  /* An interrupt that was raised before the word was cleared is seen here; a later one sets the word again.
   */
  enum interrupt_state interrupt = s->interrupt ? interrupt_pending(s->interrupt) : INTERRUPT_NONE;
  if (!interrupt) sleep_until(w.word, deadline);
  if (s->interrupt) interrupt = interrupt_pending(s->interrupt);
  mutex_lock(&m->lock);
  if (!w.notified) unlink_waiter(m, &w);
  mutex_unlock(&m->lock);
  *out = w.notified ? WAIT_WOKEN : WAIT_TIMED_OUT;
  if (interrupt) return interrupt == INTERRUPT_TIMEOUT ? TRAP_TIMEOUT : TRAP_INTERRUPT;
  return TRAP_NONE;
}

uint32_t shared_memory_notify(struct shared_memory *m, uint64_t address, uint32_t count) {
  uint32_t n = 0;
  mutex_lock(&m->lock);
  for (struct waiter *w = m->first, *next; w && n < count; w = next) {
    next = w->next;
    if (w->address != address) continue;
    unlink_waiter(m, w);
    w->notified = true;
    n++;
    /* The waiter takes the lock before it returns, so its word is still there. */
    atomic_store(w->word, 1);
    futex_wake(w->word);
  }
  mutex_unlock(&m->lock);
  return n;
}
