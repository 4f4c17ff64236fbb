/* What each fuzz_*.c defines: libFuzzer's entry point, and a count for drivers. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

extern uint64_t fuzz_accepted; /* inputs so far that were not refused */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
