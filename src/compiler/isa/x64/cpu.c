/* CPU features by cpuid.
 *
 * Out: bits of enum x64_cpu; AVX only where the kernel saves its registers. Must not: cache (callers keep the
 * result in the engine, tests ask twice). */
#include "compiler/isa/x64/cpu.h"

#if defined(__x86_64__)
#include <cpuid.h>

uint32_t x64_cpu_features(void) {
  uint32_t a, b, c, d, bits = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
  if (c & bit_SSE4_1) bits |= X64_CPU_SSE41;
  if (c & bit_SSE4_2) bits |= X64_CPU_SSE42;
  if (c & bit_POPCNT) bits |= X64_CPU_POPCNT;
  if ((c & bit_AVX) && (c & bit_OSXSAVE)) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if ((low & 6) == 6) bits |= X64_CPU_AVX;
  }
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    if (b & bit_BMI) bits |= X64_CPU_BMI1;
    if (b & bit_BMI2) bits |= X64_CPU_BMI2;
  }
  if (__get_cpuid(0x80000001, &a, &b, &c, &d) && (c & bit_LZCNT)) bits |= X64_CPU_LZCNT;
  return bits;
}
#else
uint32_t x64_cpu_features(void) { return 0; }
#endif
