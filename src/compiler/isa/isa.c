/* Which instruction set the host is: adding one is a folder and a case. */
#include "compiler/isa/isa.h"

#include "compiler/isa/x64/isa_x64.h"

const struct isa *isa_host(void) {
#if defined(__x86_64__)
  return &isa_x64;
#else
  return NULL;
#endif
}
