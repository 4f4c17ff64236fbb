// flags: -O3 -msimd128
// link: -nostartfiles -Wl,--no-entry -Wl,--export=sums -Wl,--export=bytes
// link: -Wl,--export=widen -Wl,--export=floats
void sums(int *restrict a, const int *restrict b, int n) {
  for (int i = 0; i < n; i++)
    a[i] += b[i] * 3;
}
void bytes(unsigned char *restrict a, const unsigned char *restrict b, int n) {
  for (int i = 0; i < n; i++)
    a[i] = a[i] > b[i] ? a[i] : b[i];
}
long long widen(const short *a, int n) {
  long long s = 0;
  for (int i = 0; i < n; i++)
    s += a[i] * a[i];
  return s;
}
void floats(float *restrict a, const double *restrict b, int n) {
  for (int i = 0; i < n; i++)
    a[i] = (float)(b[i] * 0.5) + a[i] / 3;
}
