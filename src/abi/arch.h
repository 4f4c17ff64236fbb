/* Between the runtime and the host ISA's run-time half (compiler/isa/x64/thunk.S): how C enters compiled
 * code, and how compiled code comes out again.
 *
 * Everything here is about the innermost host-to-wasm entry of this thread. Register contract: see thunk.S's
 * head. */
#ifndef ABI_ARCH_H
#define ABI_ARCH_H

#include "abi/builtin.h"
#include "abi/vmctx.h"

/* Arguments or results of one call, by the convention of abi/call.h. */
struct arch_regs {
  uint64_t gpr[8];                 /* integer arguments 0..7; on return integer results 0..5 */
  _Alignas(16) uint8_t xmm[8][16]; /* float arguments 0..7; on return float results 0..5 */
};

enum { ARCH_NO_CODE = 0xcc }; /* fills what is never run: int3 */

/* ---- supplied by thunk.S ---- */

/* Runs `func` on a frame below the caller's: loads registers, pushes `stack_args` (args_size bytes) and room
 * for `results_size` bytes, calls. Returns 0 when the function returned (registers and `stack_results`
 * filled), else the status with which arch_leave ended it. *host_sp gets the stack pointer that arch_leave
 * must be given. */
uint64_t arch_enter(struct vm_func *func, struct arch_regs *regs, const void *stack_args, uint64_t args_size,
                    void *stack_results, uint64_t results_size, uint64_t *host_sp);
/* Out-call stubs by enum builtin: what vmctx->builtins points to. */
extern const void *const arch_builtins[BUILTIN_COUNT];
/* The same; each out-call is followed by cont_move. */
extern const void *const arch_builtins_stress[BUILTIN_COUNT];
/* Code that arch_enter runs, with a struct vm_resume as instance: resumes its child. What the child returns
 * are the results, by the layout of its type. */
extern const uint8_t arch_resume[];
/* Code address of every host function: enter with r15 = its struct vm_host. Calls host_dispatch on the native
 * stack. */
extern const uint8_t arch_host_thunk[];
/* Where the fault handler lets the thread go on, on the native stack, with arguments (struct vm_store *,
 * status); pc, sp and fp of the fault stand in store->cur. */
extern const uint8_t arch_fault_stub[];

/* ---- supplied by switch.S ---- */

/* Values of struct stack.pc that are no sites: nothing has run and there is no memory; nothing has run;
 * arguments are bound. */
extern const uint8_t arch_fresh[], arch_body[], arch_bound[];
/* pc of a stack that a host function has suspended: the frame at fp is arch_host_thunk's. */
extern const uint8_t arch_host_resumed[];
/* Parent of every root: has no handlers and no parent. Never written. */
extern struct stack arch_barrier;

/* ---- supplied by lazy.S and lazy.c ---- */

/* Entries of functions that are compiled when they are first called: n of them behind a head. Entry i jumps
 * through slots[i]; its address + ARCH_LAZY_MISSING belongs there while function first + i is missing, and
 * arch_lazy_stub in slots[n]. */
enum { ARCH_LAZY_HEAD_SIZE = 16, ARCH_LAZY_ENTRY_SIZE = 16, ARCH_LAZY_MISSING = 6 };
void arch_lazy_entries(uint8_t *to, const uint8_t *slots, uint32_t first, uint32_t n);
extern const uint8_t arch_lazy_stub[];

/* ---- called by thunk.S, switch.S and lazy.S ---- */

/* runtime/instance.c: the code of a function of this instance's module, compiled if it is missing; NULL when
 * it cannot be. Never collects. */
const uint8_t *instance_compile(struct vmctx *ctx, uint64_t func_index);

/* runtime/builtin.c: the C functions, by enum builtin. */
extern void (*const builtin_functions[])(void);
/* runtime/host.c: arguments in `regs` and at host->ctx.store->cur->fp + 16; results back the same way. A
 * status. */
uint64_t host_dispatch(struct vm_host *host, struct arch_regs *regs);
/* A stack that a host function has suspended goes on: what it was resumed with, in `regs` and at cur->sp,
 * becomes the function's results. */
void host_resumed(struct vm_store *store, struct vm_host *host, struct arch_regs *regs);
/* runtime/trap.c: records how the innermost entry ends; cur's pc, sp and fp say where. status 0: the trap of
 * the site at pc. Returns the entry's host_sp and the status for arch_leave, which the stub then performs;
 * or, when an exception is caught, status 0 and the address of the store's landing, where the stub goes on.
 */
struct vm_result trap_unwind(struct vm_store *store, uint64_t status);
/* runtime/cont.c. cur runs out of stack at a prologue, sp and fp are valid: they are again, in more of it. A
 * status, as in the next ones. */
uint64_t cont_grow(struct vm_store *store);
/* In cur's pc as a prologue gives it: the frame is not made yet, the limit will be compared again. */
#define ARCH_STACK_RETRY (UINT64_C(1) << 63)
/* cur is fresh and about to run: gives it memory. */
uint64_t cont_attach(struct vm_store *store);
/* cur is about to go on with more arguments, in `regs`, than came with its resume: adds those bound to it. */
uint64_t cont_unbind(struct vm_store *store, struct arch_regs *regs);
/* Resume or switch to `child` with stack arguments: args_size bytes at cur->sp go to where the child wants
 * them. */
uint64_t cont_pass(struct vm_store *store, struct stack *child, uint32_t args_size, struct arch_regs *regs);
/* Nobody below the innermost entry handles `tag`, with which cur suspends; the payload is in `regs` and at
 * cur->sp as results are. Status 0: the host that resumed takes it: value is the entry's host_sp, with which
 * it is left (TRAP_SUSPENDED). Else the trap. `regs` NULL: a switch, which no host takes. */
struct vm_result cont_unhandled(struct vm_store *store, const struct vm_tag *tag,
                                const struct arch_regs *regs);
/* `stack` has got a new cell: the next collection looks at it. */
void cont_note(struct vm_store *store, struct stack *stack);
/* For tests: cur is left by an out-call and goes to other memory. */
void cont_move(struct vm_store *store);
/* cur has returned, its results area is at its sp: hands that to its parent, frees it, and makes the parent
 * cur. */
void cont_finish(struct vm_store *store);

#endif
