/* Runs a command and tells what it cost, without the cost of the shell or interpreter that asks.
 *
 * In: RESULT COMMAND [ARGS...].  Out: in the file RESULT one line "wall cpu memory status": microseconds,
 * microseconds of user and system time, KiB at the peak, exit status (128 + N for signal N).  A peak counts
 * what the process held before exec as well, so the parent must be as small as this. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sys/resource.h>
#include <sys/wait.h>

static long long now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static long long us(struct timeval t) { return t.tv_sec * 1000000LL + t.tv_usec; }

int main(int argc, char **argv) {
  if (argc < 3) return fputs("usage: measure RESULT COMMAND [ARGS...]\n", stderr), 2;
  long long start = now_us();
  pid_t child = fork();
  if (child < 0) return perror("fork"), 1;
  if (!child) {
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    _exit(127);
  }
  int status;
  struct rusage usage;
  if (wait4(child, &status, 0, &usage) < 0) return perror("wait4"), 1;
  long long wall = now_us() - start;
  FILE *f = fopen(argv[1], "w");
  if (!f) return perror(argv[1]), 1;
  fprintf(f, "%lld %lld %ld %d\n", wall, us(usage.ru_utime) + us(usage.ru_stime), usage.ru_maxrss,
          WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return fclose(f) ? 1 : 0;
}
