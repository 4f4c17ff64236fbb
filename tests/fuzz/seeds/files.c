// flags: -O1
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
int main(int argc, char **argv) {
  char block[512];
  long total = 0;
  for (int i = 1; i < argc; i++) {
    int fd = open(argv[i], O_RDONLY);
    if (fd < 0) continue;
    for (ssize_t got; (got = read(fd, block, sizeof block)) > 0;)
      total += got;
    close(fd);
  }
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return getenv("HOME") && total > now.tv_nsec;
}
