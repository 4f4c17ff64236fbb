/* Linked into the command: a signal ten thousand times a second, whose handler uses some 2 KiB of stack.
 *
 * TIMER_ONSTACK=0 installs the handler without SA_ONSTACK: its frame then goes onto whatever stack is
 * running. The process fails when no signal found a continuation running, since then nothing was tested. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

static volatile sig_atomic_t count, on_continuations;
static uintptr_t here; /* somewhere on the main thread's stack */

static void tick(int signal, siginfo_t *info, void *context) {
  (void)info;
  char used[2048];
  memset(used, signal, sizeof used);
  __asm__ volatile("" : : "r"(used) : "memory");
  count++;
  uintptr_t sp = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RSP];
  if (sp > here + (1 << 20) || sp < here - (16 << 20)) on_continuations++;
}

__attribute__((constructor)) static void start(void) {
  char local;
  here = (uintptr_t)&local;
  const char *onstack = getenv("TIMER_ONSTACK");
  struct sigaction action = {.sa_sigaction = tick, .sa_flags = SA_RESTART | SA_SIGINFO};
  if (!onstack || strcmp(onstack, "0")) action.sa_flags |= SA_ONSTACK;
  sigaction(SIGALRM, &action, NULL);
  struct itimerval every = {{0, 100}, {0, 100}};
  setitimer(ITIMER_REAL, &every, NULL);
}

__attribute__((destructor)) static void stop(void) {
  struct itimerval never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &never, NULL);
  fprintf(stderr, "%d signals, %d on continuations\n", (int)count, (int)on_continuations);
  if (!on_continuations) _exit(99);
}
