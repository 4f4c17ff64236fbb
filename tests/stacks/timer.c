/* Loaded into a process (LD_PRELOAD): a signal ten thousand times a second, whose handler uses some 2 KiB of stack.
 *
 * TIMER_ONSTACK=0 installs the handler without SA_ONSTACK: its frame then goes onto whatever stack is running. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

static volatile sig_atomic_t count;

static void tick(int signal) {
  char used[2048];
  memset(used, signal, sizeof used);
  __asm__ volatile("" : : "r"(used) : "memory");
  count += used[100];
}

__attribute__((constructor)) static void start(void) {
  const char *onstack = getenv("TIMER_ONSTACK");
  struct sigaction action = {.sa_handler = tick, .sa_flags = SA_RESTART};
  if (!onstack || strcmp(onstack, "0")) action.sa_flags |= SA_ONSTACK;
  sigaction(SIGALRM, &action, NULL);
  struct itimerval every = {{0, 100}, {0, 100}};
  setitimer(ITIMER_REAL, &every, NULL);
}
