/* A guest's assertion: the line, what failed, and why. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(fact)                                                                                          \
  do {                                                                                                       \
    if (!(fact)) {                                                                                           \
      fprintf(stderr, "%s:%d: %s (%s)\n", __FILE__, __LINE__, #fact, strerror(errno));                       \
      exit(1);                                                                                               \
    }                                                                                                        \
  } while (0)
#define FAILS(call, why)                                                                                     \
  do {                                                                                                       \
    errno = 0;                                                                                               \
    CHECK((call) == -1 && errno == (why));                                                                   \
  } while (0)
