/* The numbers of the runtime functions in builtin.def. */
#ifndef ABI_BUILTIN_H
#define ABI_BUILTIN_H
enum builtin {
  /* Stubs in vmctx->builtins before the functions: */
  BUILTIN_TRAP_STUB,  /* `call` it from a cold trap site: the return address is the site; never returns there
                       */
  BUILTIN_STACK_STUB, /* prologue's slow path: jump to it when the whole frame is made and nothing written to
                         it, xmm15 = the site where it comes back with room for the frame, or traps; or
                         before the frame is made, with ARCH_STACK_RETRY, to compare again */
  /* Switches, jumped to: contract in compiler/isa/x64/switch.S. */
  BUILTIN_RESUME_STUB,
  BUILTIN_SUSPEND_STUB,
  BUILTIN_SWITCH_STUB,
  BUILTIN_SWITCH_ARGS_STUB,
  BUILTIN_RESUME_TRAP_STUB,
#define BUILTIN(id, result, params) BUILTIN_##id,
#include "abi/builtin.def"
#undef BUILTIN
  BUILTIN_COUNT
};
#endif
