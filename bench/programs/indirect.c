/* Calls through function pointers: shapes with methods. */
#include "bench.h"

struct shape {
  int (*area)(const struct shape *);
  int (*grow)(struct shape *, int);
  int w, h;
};
static int rect_area(const struct shape *s) { return s->w * s->h; }
static int tri_area(const struct shape *s) { return s->w * s->h / 2; }
static int line_area(const struct shape *s) { return s->w + s->h; }
static int square_area(const struct shape *s) { return s->w * s->w; }
static int grow_w(struct shape *s, int n) { return s->w = (s->w + n) & 255; }
static int grow_h(struct shape *s, int n) { return s->h = (s->h + n) & 255; }
static int grow_both(struct shape *s, int n) {
  return (s->w = (s->w + n) & 127) + (s->h = (s->h + 2 * n) & 127);
}

int main(int argc, char **argv) {
  static int (*const areas[])(const struct shape *) = {rect_area, tri_area, line_area, square_area};
  static int (*const grows[])(struct shape *, int) = {grow_w, grow_h, grow_both};
  enum { N = 1000 };
  static struct shape shapes[N];
  for (int i = 0; i < N; i++)
    shapes[i] = (struct shape){areas[bench_random() % 4], grows[bench_random() % 3], i & 63, i & 31};
  uint32_t sum = 0;
  for (int n = bench_repeats(argc, argv, 100) * 1000; n > 0; n--)
    for (int i = 0; i < N; i++)
      sum += (uint32_t)(shapes[i].area(&shapes[i]) + shapes[i].grow(&shapes[i], n & 7));
  printf("indirect %08x\n", sum);
  return 0;
}
