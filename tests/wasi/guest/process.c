/* Arguments, environment, standard streams, time: `process ARGUMENT` with NAME=value and "input" on standard
 * input. */
#include "check.h"

#include <poll.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
  CHECK(argc == 3 && !strcmp(argv[1], "an argument") && !strcmp(argv[2], ""));
  CHECK(getenv("NAME") && !strcmp(getenv("NAME"), "value"));
  CHECK(!getenv("PATH"));
  char line[32];
  CHECK(fgets(line, sizeof line, stdin) && !strcmp(line, "input\n"));
  CHECK(!fgets(line, sizeof line, stdin) && feof(stdin));
  CHECK(!isatty(0) && !isatty(1));

  struct timespec before, after;
  CHECK(!clock_gettime(CLOCK_MONOTONIC, &before));
  CHECK(!usleep(20000));
  CHECK(!clock_gettime(CLOCK_MONOTONIC, &after));
  long long slept = (after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec - before.tv_nsec;
  CHECK(slept >= 20000000 && slept < 10000000000LL);
  CHECK(time(NULL) > 1700000000);
  struct pollfd fds[] = {{.fd = 0, .events = POLLIN}, {.fd = 1, .events = POLLOUT}};
  CHECK(poll(fds, 2, 1000) >= 1);
  unsigned char random[64] = {0}, zero[64] = {0};
  CHECK(!getentropy(random, sizeof random) && memcmp(random, zero, sizeof zero));

  puts("to standard output");
  fputs("to standard error\n", stderr);
  return 42;
}
