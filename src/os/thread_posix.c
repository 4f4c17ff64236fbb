/* Threads by pthreads. */
#include "os/thread.h"

#include "base/alloc.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

void once_run(struct once *o, void (*run)(void)) { pthread_once(&o->state, run); }

bool mutex_init(struct mutex *m) { return pthread_mutex_init(&m->state, NULL) == 0; }
void mutex_free(struct mutex *m) { pthread_mutex_destroy(&m->state); }

/* Locking fails only for a mutex used wrongly, which is our bug. */
void mutex_lock(struct mutex *m) {
  int failed = pthread_mutex_lock(&m->state);
  assert(!failed);
}

void mutex_unlock(struct mutex *m) {
  int failed = pthread_mutex_unlock(&m->state);
  assert(!failed);
}

bool cond_init(struct cond *c) {
  pthread_condattr_t attr;
  if (pthread_condattr_init(&attr) != 0) return false;
  bool ok =
      pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 && pthread_cond_init(&c->state, &attr) == 0;
  pthread_condattr_destroy(&attr);
  return ok;
}

void cond_free(struct cond *c) { pthread_cond_destroy(&c->state); }
void cond_wait(struct cond *c, struct mutex *m) { pthread_cond_wait(&c->state, &m->state); }

bool cond_wait_until(struct cond *c, struct mutex *m, uint64_t deadline_ns) {
  struct timespec until = {.tv_sec = (time_t)(deadline_ns / 1000000000),
                           .tv_nsec = (long)(deadline_ns % 1000000000)};
  return pthread_cond_timedwait(&c->state, &m->state, &until) != ETIMEDOUT;
}

void cond_signal(struct cond *c) { pthread_cond_signal(&c->state); }
void cond_broadcast(struct cond *c) { pthread_cond_broadcast(&c->state); }

static void *thread_main(void *data) {
  struct thread *t = data;
  t->run(t->arg);
  return NULL;
}

bool thread_start(struct thread *t, void (*run)(void *), void *arg, size_t stack_size, bool quiet) {
  pthread_attr_t attr;
  if (alloc_should_fail() || pthread_attr_init(&attr) != 0) return false;
  *t = (struct thread){.process = getpid(), .run = run, .arg = arg};
  sigset_t all, before;
  sigfillset(&all);
  /* Faults stay deliverable: blocked, they would kill the process past every handler. */
  sigdelset(&all, SIGSEGV);
  sigdelset(&all, SIGBUS);
  sigdelset(&all, SIGILL);
  sigdelset(&all, SIGFPE);
  sigdelset(&all, SIGTRAP);
  if (quiet) pthread_sigmask(SIG_BLOCK, &all, &before);
  bool ok = (stack_size == 0 || pthread_attr_setstacksize(&attr, stack_size) == 0) &&
            pthread_create(&t->state, &attr, thread_main, t) == 0;
  if (quiet) pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attr);
  return ok;
}

bool thread_is_here(const struct thread *t) { return t->process == getpid(); }

void thread_join(struct thread *t) { pthread_join(t->state, NULL); }

bool thread_stack_bounds(uintptr_t *low, uintptr_t *high) {
  static _Thread_local uintptr_t cached_low, cached_high;
  if (cached_high == 0) {
    pthread_attr_t attr;
    if (pthread_getattr_np(pthread_self(), &attr) != 0) return false;
    void *base = NULL;
    size_t size = 0;
    bool ok = pthread_attr_getstack(&attr, &base, &size) == 0;
    pthread_attr_destroy(&attr);
    if (!ok || size == 0) return false;
    cached_low = (uintptr_t)base;
    cached_high = cached_low + size;
  }
  *low = cached_low;
  *high = cached_high;
  return true;
}

uint32_t thread_cpu_count(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  int count = CPU_COUNT(&set);
  return count > 0 ? (uint32_t)count : 1;
}

bool thread_at_fork(void (*before)(void), void (*after)(void)) {
  return pthread_atfork(before, after, after) == 0;
}
