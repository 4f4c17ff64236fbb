/* struct isa: what an instruction set supplies to the passes that know none. */
#ifndef COMPILER_MACH_ISA_H
#define COMPILER_MACH_ISA_H

#include "abi/code.h"
#include "base/out.h"
#include "compiler/mach/mach.h"

struct frame; /* mach/frame.h */

/* What selection and emission depend on besides the function; equal for all functions of an engine. */
struct isa_config {
  bool interruption;           /* POLLs are there (build decides); images say so */
  bool spectre;                /* mask indices after bound checks */
  bool checked;                /* extra self-checks in emitted code */
  uint32_t cpu;                /* ISA's own feature bits (x64/cpu.h) */
  uint32_t max_int, max_float; /* test setting: fewer allocatable registers; 0 = all */
  bool slots_only; /* test setting: values that cross blocks live in slots, as where live lists would be too
                      long */
};

struct isa {
  const char *name;
  const struct mach_op_info *ops;
  uint32_t nops;
  uint64_t allocatable;                 /* physical registers the allocator may use */
  uint64_t callee_saved;                /* subset that calls keep */
  uint8_t scratch_float;                /* never allocated: parallel-move cycles, memory-to-memory moves */
  const uint8_t *int_args, *float_args; /* physical registers, CALL_INT_ARGS and CALL_FLOAT_ARGS long */
  const uint8_t *int_results, *float_results; /* CALL_INT_RESULTS, CALL_FLOAT_RESULTS long */
  /* Takes the IR's edges and lists of them over and gives back what it has read of the rest. */
  struct mach_func *(*select)(struct ir_func *ir, const struct isa_config *config, struct arena *a);
  /* Proves of a selected function that it reaches guest memory only inside its reservation. False: a bug of
   * ours. */
  bool (*check)(const struct mach_func *f, struct out *why);
  /* Machine code of an allocated function, whose instructions are given back on the way. */
  void (*emit)(struct mach_func *f, const struct frame *frame, const struct isa_config *config,
               struct arena *a, struct code *out);
  /* The same code, before, as a listing: offsets, bytes, instructions. */
  void (*print_code)(const struct mach_func *f, const struct frame *frame, const struct isa_config *config,
                     struct arena *a, struct out *out);
  void (*print_insn)(const struct mach_func *f, const struct mach_insn *in, struct out *out);
  const char *(*reg_name)(mreg r, uint8_t size);
  uint32_t (*cpu_features)(void);
  uint32_t cpu_least; /* of them, those that every CPU must have */
};

#endif
