/* Parses a JSON text that it has written itself, into a tree, and adds up its numbers. */
#include "bench.h"

enum kind { NUMBER, STRING, ARRAY, OBJECT };
struct node {
  enum kind kind;
  double number;
  const char *text;
  int len;
  struct node *child, *next;
};
static struct node *pool;
static int used;

static const char *skip(const char *p) {
  while (*p == ' ' || *p == '\n' || *p == ',' || *p == ':')
    p++;
  return p;
}

static const char *parse(const char *p, struct node **out) {
  struct node *n = &pool[used++];
  memset(n, 0, sizeof *n);
  *out = n;
  p = skip(p);
  if (*p == '[' || *p == '{') {
    char close = *p == '[' ? ']' : '}';
    n->kind = *p == '[' ? ARRAY : OBJECT;
    struct node **at = &n->child;
    for (p = skip(p + 1); *p != close; p = skip(p), at = &(*at)->next)
      p = parse(p, at);
    return p + 1;
  }
  if (*p == '"') {
    n->kind = STRING;
    n->text = ++p;
    while (*p != '"')
      p += *p == '\\' ? 2 : 1;
    n->len = (int)(p - n->text);
    return p + 1;
  }
  double sign = *p == '-' ? -1 : 1, scale = 1;
  if (*p == '-') p++;
  while (*p >= '0' && *p <= '9')
    n->number = n->number * 10 + (*p++ - '0');
  if (*p == '.')
    for (p++; *p >= '0' && *p <= '9'; p++)
      n->number += (*p - '0') * (scale /= 10);
  n->number *= sign;
  return p;
}

static double add(const struct node *n) {
  double sum = n->number + n->len;
  for (const struct node *c = n->child; c; c = c->next)
    sum += add(c);
  return sum;
}

int main(int argc, char **argv) {
  enum { ITEMS = 20000 };
  char *text = malloc(ITEMS * 120), *p = text;
  pool = malloc(ITEMS * 16 * sizeof *pool);
  p += sprintf(p, "[");
  for (int i = 0; i < ITEMS; i++) {
    int whole = (int)(bench_random() % 1000), part = (int)(bench_random() % 100);
    p += sprintf(p, "%s\n{\"id\": %d, \"name\": \"item %d\", \"tags\": [\"a\", \"b\\n\"], \"size\": -%d.%d}",
                 i ? "," : "", i, i * 7, whole, part);
  }
  strcpy(p, "]");
  double sum = 0;
  for (int n = bench_repeats(argc, argv, 500); n > 0; n--) {
    struct node *root;
    used = 0;
    parse(text, &root);
    sum += add(root);
  }
  printf("json %.3f\n", sum);
  return 0;
}
