/* Traps: how a call ends that does not return.
 *
 * Compiled code, builtins and host functions end an invocation with a status (enum trap_code, or
 * TRAP_HOST_ERROR with the store's `host_error` set). The stub that was called from compiled code then calls
 * trap_unwind, which records where the guest stood, and leaves the innermost entry with arch_leave. Nothing
 * ever jumps over a C frame that still has something to do. Spec 4.6.10 (traps abort the whole invocation).
 */
#ifndef RUNTIME_TRAP_H
#define RUNTIME_TRAP_H

#include "abi/trap.h"
#include "abi/vmctx.h"

struct code_image;
struct store;

enum { TRAP_FRAMES_FIRST = 32, TRAP_FRAMES_LAST = 8, TRAP_FRAMES = TRAP_FRAMES_FIRST + TRAP_FRAMES_LAST };
struct trap_frame {
  const struct code_image *image;        /* its `module` has the names; lives as long as the store */
  uint32_t func_index;                   /* in the module's function index space */
  uint32_t wasm_off;                     /* of the instruction, in the module's bytes */
  uint32_t stack_id;                     /* struct stack's */
  const struct stack_handlers *handlers; /* of the frame that resumed the stack before; else NULL */
};
struct trap_report {
  uint64_t status;          /* 0: nothing; enum trap_code */
  void *host_error;         /* TRAP_HOST_ERROR: the layer above made it and takes it; else NULL */
  const struct vm_tag *tag; /* TRAP_UNHANDLED_TAG: the tag */
  uint32_t nframes;         /* kept, innermost first: all, or the first 32 and the last 8 */
  uint64_t total;           /* true depth */
  struct trap_frame frames[TRAP_FRAMES];
};

const char *trap_message(enum trap_code code); /* the specification's words */
void trap_report_clear(struct store *s);
/* A trap outside compiled code (segments out of bounds at instantiation): no frames. */
void trap_report_set(struct store *s, enum trap_code code);

#endif
