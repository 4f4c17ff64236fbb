/* Five bodies attract each other. */
#include "bench.h"
#include <math.h>

struct body {
  double p[3], v[3], m;
};
static struct body bodies[5] = {{{0, 0, 0}, {0, 0, 0}, 39.47},
                                {{4.84, -1.16, -0.10}, {0.606, 2.81, -0.02}, 0.0377},
                                {{8.34, 4.12, -0.4}, {-1.01, 1.82, 0.008}, 0.0113},
                                {{12.89, -15.11, -0.22}, {1.08, 0.868, -0.01}, 0.0017},
                                {{15.37, -25.9, 0.179}, {0.979, 0.594, -0.034}, 0.002}};

static void step(double dt) {
  for (int i = 0; i < 5; i++)
    for (int j = i + 1; j < 5; j++) {
      double d[3], dist = 0;
      for (int k = 0; k < 3; k++)
        d[k] = bodies[i].p[k] - bodies[j].p[k], dist += d[k] * d[k];
      double mag = dt / (dist * sqrt(dist));
      for (int k = 0; k < 3; k++)
        bodies[i].v[k] -= d[k] * bodies[j].m * mag, bodies[j].v[k] += d[k] * bodies[i].m * mag;
    }
  for (int i = 0; i < 5; i++)
    for (int k = 0; k < 3; k++)
      bodies[i].p[k] += dt * bodies[i].v[k];
}

int main(int argc, char **argv) {
  for (int n = bench_repeats(argc, argv, 12) * 1000000; n > 0; n--)
    step(0.001);
  printf("nbody %.6f %.6f\n", bodies[0].p[0], bodies[4].v[1]);
  return 0;
}
