/* Looks for words in a text: first bytes, then Horspool's jumps. */
#include "bench.h"

enum { SIZE = 1 << 20 };
static char text[SIZE + 1];

static int count_plain(const char *word, int len) {
  int n = 0;
  for (int i = 0; i + len <= SIZE; i++) {
    int k = 0;
    while (k < len && text[i + k] == word[k])
      k++;
    n += k == len;
  }
  return n;
}

static int count_jumps(const char *word, int len) {
  int jump[256], n = 0;
  for (int i = 0; i < 256; i++)
    jump[i] = len;
  for (int i = 0; i < len - 1; i++)
    jump[(unsigned char)word[i]] = len - 1 - i;
  for (int i = 0; i + len <= SIZE; i += jump[(unsigned char)text[i + len - 1]]) {
    int k = len - 1;
    while (k >= 0 && text[i + k] == word[k])
      k--;
    n += k < 0;
  }
  return n;
}

int main(int argc, char **argv) {
  static const char *const words[] = {"abc", "needle", "aaaab", "cabbage", "deadbeef", "facade"};
  for (int i = 0; i < SIZE; i++)
    text[i] = "abcdefabcaanedl"[bench_random() % 15];
  long sum = 0;
  for (int n = bench_repeats(argc, argv, 40); n > 0; n--)
    for (int k = 0; k < 6; k++) {
      int len = (int)strlen(words[k]);
      int a = count_plain(words[k], len), b = count_jumps(words[k], len);
      if (a < b) return puts("search broken"), 1;
      sum += a * 3 + b;
      text[bench_random() % SIZE] = 'a';
    }
  printf("search %ld\n", sum);
  return 0;
}
