// flags: -Os
// link: -nostartfiles -Wl,--no-entry -Wl,--export=mixed -Wl,--export=round_all
#include <math.h>
double mixed(double x, float y) {
  return sin(x) * pow(x, (double)y) + exp(x) + fmod(x, 3) + (double)cosf(y) + cbrt(x);
}
double round_all(double x) {
  return floor(x) + ceil(x) + trunc(x) + nearbyint(x) + sqrt(x) + fabs(x) + copysign(x, -1);
}
