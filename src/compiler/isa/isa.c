/* Which instruction sets this build has, and which one the host is: adding one is a folder and a row. */
#include "compiler/isa/isa.h"

#include "compiler/isa/x64/isa_x64.h"

#include <string.h>

static const struct isa *const all[] = {&isa_x64};

const struct isa *isa_host(void) {
#if defined(__x86_64__)
  return &isa_x64;
#else
  return NULL;
#endif
}

const struct isa *isa_find(const char *name) {
  for (size_t i = 0; i < COUNT_OF(all); i++)
    if (strcmp(all[i]->name, name) == 0) return all[i];
  return NULL;
}
