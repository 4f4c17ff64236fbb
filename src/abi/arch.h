/* What the runtime asks of the host ISA's run-time half (compiler/isa/x64/thunk.S, frame.c).
 *
 * Everything here is about one host-to-wasm entry on this thread. Register contract: see thunk.S's head. */
#ifndef ABI_ARCH_H
#define ABI_ARCH_H

#include "abi/vmctx.h"

/* Arguments or results of one call, by the convention of abi/call.h. */
struct arch_regs {
  uint64_t gpr[8];           /* integer arguments 0..7; on return integer results 0..5 */
  uint8_t xmm[8][16];        /* float arguments 0..7; on return float results 0..5 */
};
/* Runs `func` on a frame below the caller's: loads registers, pushes `stack_args` (args_size bytes) and room for
 * `results_size` bytes, calls. Returns 0 when the function returned (registers and `stack_results` filled), else the
 * status with which arch_leave ended it. Saves what the host's ABI wants saved. `entry->host_sp` is set to the stack
 * pointer that arch_leave must restore. */
uint64_t arch_enter(struct vm_func *func, struct arch_regs *regs, const void *stack_args, uint64_t args_size,
                    void *stack_results, uint64_t results_size, uint64_t *host_sp);
/* Ends the innermost arch_enter with `status` (not 0), from any C code that was reached from it through a stub. Called
 * only by stubs and by the fault handler's rewritten pc. */
_Noreturn void arch_leave(uint64_t host_sp, uint64_t status);

extern const uint8_t arch_outcall_begin[], arch_outcall_end[]; /* range of the out-call stubs' code, for the walker */
/* Fills table[0..BUILTIN_COUNT): for each C function the address of its out-call stub, and the two stubs at the end. */
void arch_fill_builtins(const void **table, const void *const *c_functions, unsigned count);
/* Code address of the generic thunk for host functions: enter with r15 = the host record's vmctx. It calls
 * host_dispatch (runtime/host.c) on the native stack. */
extern const uint8_t arch_host_thunk[];

#endif
