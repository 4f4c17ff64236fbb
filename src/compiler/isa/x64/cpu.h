/* CPU features that selection looks at. An engine needs X64_CPU_SSE41; all others have fallbacks. */
#ifndef COMPILER_ISA_X64_CPU_H
#define COMPILER_ISA_X64_CPU_H

#include <stdint.h>

enum x64_cpu {
  X64_CPU_SSE41 = 1,
  X64_CPU_POPCNT = 2,
  X64_CPU_LZCNT = 4,
  X64_CPU_BMI1 = 8,
  X64_CPU_BMI2 = 16,
  X64_CPU_AVX = 32,
  X64_CPU_SSE42 = 64,
};
uint32_t x64_cpu_features(void); /* of the CPU that this runs on */

#endif
