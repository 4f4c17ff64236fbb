/* The numbers of the runtime functions in builtin.def. */
#ifndef ABI_BUILTIN_H
#define ABI_BUILTIN_H
enum builtin {
  /* Stubs in vmctx->builtins before the functions: */
  BUILTIN_TRAP_STUB,  /* `call` it from a cold trap site: the return address is the site; never returns there
                       */
  BUILTIN_STACK_STUB, /* prologue's slow path: `call` it before anything but the frame is set up; returns to
                         retry, or traps */
#define BUILTIN(id, result, params) BUILTIN_##id,
#include "abi/builtin.def"
#undef BUILTIN
  BUILTIN_COUNT
};
#endif
