/* A backtracking regular expression matcher over a long text. */
#include "bench.h"

static const char *match(const char *re, const char *s);

static int one(const char *re, char c, int *len) { /* does the first item of `re` take c? */
  if (*re == '[') {
    const char *p = re + 1;
    int hit = 0;
    for (; *p != ']'; p++)
      if (p[1] == '-' && p[2] != ']')
        hit |= c >= p[0] && c <= p[2], p += 2;
      else
        hit |= c == *p;
    *len = (int)(p - re) + 1;
    return c && hit;
  }
  *len = 1;
  return c && (*re == '.' || *re == c);
}

static const char *match(const char *re, const char *s) { /* end of the match, or NULL */
  for (;;) {
    int len;
    if (!*re) return s;
    int hit = one(re, *s, &len);
    if (re[len] == '*' || re[len] == '+') {
      const char *from = s + (re[len] == '+');
      if (re[len] == '+' && !hit) return NULL;
      const char *to = s;
      while (one(re, *to, &len))
        to++;
      for (; to >= from; to--) {
        const char *end = match(re + len + 1, to);
        if (end) return end;
      }
      return NULL;
    }
    if (!hit) return NULL;
    re += len, s++;
  }
}

int main(int argc, char **argv) {
  static const char *const res[] = {"[a-z]+@[a-z]+.com", "a.*b.*c", "[0-9]+-[0-9]+", "x[yz]*x",
                                    "foo[a-f]*bar"};
  enum { SIZE = 60000 };
  char *text = malloc(SIZE + 1);
  for (int i = 0; i < SIZE; i++)
    text[i] = "abcdefghijklmnopqrstuvwxyz0123456789-@. foobar\n"[bench_random() % 47];
  for (int i = 60; i < SIZE; i += 60)
    text[i] = 0;
  text[SIZE] = 0;
  long sum = 0;
  for (int n = bench_repeats(argc, argv, 480); n > 0; n--)
    for (int i = 0; i < SIZE; i++)
      for (int k = 0; k < 5; k++) {
        const char *end = match(res[k], text + i);
        if (end) sum += end - (text + i) + k;
      }
  printf("regex %ld\n", sum);
  return 0;
}
