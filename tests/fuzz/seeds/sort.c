// flags: -O2
#include <stdlib.h>
#include <string.h>
static int by_value(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }
int main(int argc, char **argv) {
  int n = argc * 100, *numbers = malloc((unsigned)n * sizeof *numbers);
  for (int i = 0; i < n; i++)
    numbers[i] = i * 7919 % 1009;
  qsort(numbers, (unsigned)n, sizeof *numbers, by_value);
  qsort(argv, (unsigned)argc, sizeof *argv, by_text);
  int sum = numbers[n / 2];
  free(numbers);
  return sum & 127;
}
