/* A module in text, compiled: what the tests of compiled code share beside runtime_fixture.h. */
#ifndef TESTS_UNIT_COMPILE_FIXTURE_H
#define TESTS_UNIT_COMPILE_FIXTURE_H

#include "runtime_fixture.h"

#include "compiler/compile.h"

#include <stdio.h>

/* An instance of the fixture's module; `what` stands in front of an error's message. */
static inline struct instance *fixture_compile(struct fixture *f, const struct compile_config *config,
                                               const char *what) {
  uint32_t n = f->module->nfuncs - f->module->nimported_funcs;
  struct code *codes = ARENA_ARRAY(&f->arena, struct code, n);
  for (uint32_t i = 0; i < n; i++) {
    struct error e = ERROR_INIT;
    if (!compile_func(f->valid, f->module->nimported_funcs + i, config, &f->arena, &codes[i], NULL, &e))
      ck_abort_msg("%s: %s", what, e.message);
  }
  return fixture_instance(f, codes, NULL);
}

/* The function that is exported by a number. */
static inline struct funcinst *fixture_func_at(struct instance *in, unsigned number) {
  char name[16];
  (void)snprintf(name, sizeof name, "%u", number);
  return fixture_func(in, name);
}

#endif
