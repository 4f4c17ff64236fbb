/* The pipeline: a valid function to code.
 *
 * In: module, function index, configuration, an arena (emptied by the caller afterwards).  Out: struct code
 * in that arena. No globals: any order, any thread. Fails only for lack of memory and for what is not
 * supported yet (which names the instruction); must not: look at anything that is not reachable from its
 * arguments. */
#ifndef COMPILER_COMPILE_H
#define COMPILER_COMPILE_H

#include "compiler/mach/isa.h"
#include "validate/validate.h"

enum stage {
#define STAGE(id, name) STAGE_##id,
#include "compiler/stage.def"
#undef STAGE
  STAGE_COUNT
};
struct compile_config {
  const struct isa *isa;
  struct isa_config isa_config;
  bool interruption, fuel;
  bool inlining;               /* small functions are built into their callers */
  bool nan_canonicalization;   /* NaNs that arithmetic makes are the canonical ones */
  bool locals_in_slots, plain; /* test settings: see build_config */
  bool checks;                 /* verify the IR and prove the allocation of each function */
  uint32_t dump;               /* bit per stage */
  struct out *dump_to;
};
/* A number that differs where the configuration makes other code of the same function: all but the CPU, the
 * checks and the dumps. */
uint64_t compile_config_key(const struct compile_config *config);

struct compile_stats {
  uint64_t cycles[STAGE_COUNT]; /* always counted: two reads of a clock for a stage of a function */
};

MUST_USE bool compile_func(const struct valid_module *m, uint32_t func_index,
                           const struct compile_config *config, struct arena *a, struct code *out,
                           struct compile_stats *stats /* NULL */, struct error *e);
/* The same from IR, which is used up: for tests of shapes that no WebAssembly gives. */
MUST_USE bool compile_ir(struct ir_func *ir, const struct compile_config *config, struct arena *a,
                         struct code *out, struct error *e);
const char *stage_name(enum stage stage);
uint64_t compile_cycles(void); /* the processor's clock, for such counts */
/* Bit of the named stage, 0 when there is none. */
uint32_t stage_bit(struct slice name);

#endif
