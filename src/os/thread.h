/* Threads: once, mutex, condition, start and join, and where the running thread's stack lies.
 *
 * Must not: be needed to run a single-threaded embedder; nothing here starts a thread by itself. */
#ifndef OS_THREAD_H
#define OS_THREAD_H

#include "base/check.h"

#include <pthread.h>

struct once {
  pthread_once_t state;
};
#define ONCE_INIT                                                                                            \
  { PTHREAD_ONCE_INIT }
void once_run(struct once *o, void (*run)(void));

struct mutex {
  pthread_mutex_t state;
};
#define MUTEX_INIT                                                                                           \
  { PTHREAD_MUTEX_INITIALIZER }
MUST_USE bool mutex_init(struct mutex *m);
void mutex_free(struct mutex *m);
void mutex_lock(struct mutex *m);
void mutex_unlock(struct mutex *m);

struct cond {
  pthread_cond_t state;
};
MUST_USE bool cond_init(struct cond *c); /* waits by the monotonic clock */
void cond_free(struct cond *c);
void cond_wait(struct cond *c, struct mutex *m);
/* Until a wake-up (possibly spurious: true) or until clock_monotonic_ns passes `deadline_ns` (false). */
bool cond_wait_until(struct cond *c, struct mutex *m, uint64_t deadline_ns);
void cond_signal(struct cond *c);
void cond_broadcast(struct cond *c);

struct thread {
  pthread_t state;
  pid_t process;
  void (*run)(void *);
  void *arg;
};
/* `t` stays in place until thread_join. stack_size 0 = the system's default. Signals are blocked in the new
 * thread when `quiet`, so that an embedder's handlers run on its own threads. */
MUST_USE bool thread_start(struct thread *t, void (*run)(void *), void *arg, size_t stack_size, bool quiet);
void thread_join(struct thread *t);
bool thread_is_here(const struct thread *t); /* false in a child of the process that started it */

/* The calling thread's stack: [low, high). What stands below `low` may be a guard or somebody else's memory.
 * The answer is cached; asking is cheap after the first time on a thread. False when the system does not say.
 */
MUST_USE bool thread_stack_bounds(uintptr_t *low, uintptr_t *high);
/* Around every later fork: `before` in the parent, `after` in parent and child; to hold a lock over it, so
 * that the child does not find it taken by a thread that it has not. */
MUST_USE bool thread_at_fork(void (*before)(void), void (*after)(void));
uint32_t thread_cpu_count(void); /* that this process may run on, at least 1 */

#endif
