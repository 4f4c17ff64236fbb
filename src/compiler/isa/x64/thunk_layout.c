/* thunk.S and the structs of abi/ agree: see thunk_layout.h. */
#include "compiler/isa/x64/thunk_layout.h"

#include "abi/arch.h"
#include "abi/trap.h"

static_assert(CODE_NOT_COMPILED == TRAP_NOT_COMPILED, "lazy.S");

static_assert(FUNC_CODE == offsetof(struct vm_func, code), "thunk.S");
static_assert(FUNC_INST == offsetof(struct vm_func, inst), "thunk.S");
static_assert(VMCTX_STORE == offsetof(struct vmctx, store), "thunk.S");
static_assert(VMCTX_MEMORY0 == offsetof(struct vmctx, memory0), "thunk.S");
static_assert(HOST_ARGS_SIZE == offsetof(struct vm_host, args_size), "thunk.S");
static_assert(STORE_CUR == offsetof(struct vm_store, cur), "thunk.S");
static_assert(STORE_ENTRY == offsetof(struct vm_store, entry), "thunk.S");
static_assert(STACK_SP == offsetof(struct stack, sp), "thunk.S");
static_assert(STACK_FP == offsetof(struct stack, fp), "thunk.S");
static_assert(STACK_PC == offsetof(struct stack, pc), "thunk.S");
static_assert(ENTRY_ROOT_SP == offsetof(struct entry, root.sp), "thunk.S");
static_assert(REGS_XMM == offsetof(struct arch_regs, xmm), "thunk.S");
static_assert(REGS_SIZE == sizeof(struct arch_regs), "thunk.S");
static_assert(LANDING_SP == offsetof(struct vm_landing, sp), "thunk.S");
static_assert(LANDING_FP == offsetof(struct vm_landing, fp), "thunk.S");
static_assert(LANDING_PC == offsetof(struct vm_landing, pc), "thunk.S");
static_assert(LANDING_INST == offsetof(struct vm_landing, inst), "thunk.S");
static_assert(LANDING_KEPT == offsetof(struct vm_landing, kept) && VM_KEPT == 3, "thunk.S");
static_assert(STORE_LANDING == offsetof(struct vm_store, landing), "thunk.S");
static_assert((int)CODE_SUSPEND == (int)TRAP_SUSPEND && (int)CODE_SUSPENDED == (int)TRAP_SUSPENDED,
              "switch.S");
static_assert(RESUME_CHILD == offsetof(struct vm_resume, child), "switch.S");
static_assert(RESUME_STATUS == offsetof(struct vm_resume, status), "switch.S");
static_assert(RESUME_RBX == offsetof(struct vm_resume, rbx), "switch.S");
static_assert(RESUME_BACK == offsetof(struct vm_resume, back), "switch.S");
static_assert(RESUME_HANDLERS == offsetof(struct vm_resume, handlers), "switch.S");
static_assert(RESUME_HANDLERS - CLAUSE_SIZE == offsetof(struct vm_resume, no_switch), "switch.S");
static_assert(STACK_INST == offsetof(struct stack, inst), "switch.S");
static_assert(STACK_PARENT == offsetof(struct stack, parent), "switch.S");
static_assert(STACK_LAST == offsetof(struct stack, last), "switch.S");
static_assert(STACK_HANDLERS == offsetof(struct stack, handlers), "switch.S");
static_assert(STACK_FUNC == offsetof(struct stack, func), "switch.S");
static_assert(STACK_NEXT == offsetof(struct stack, next), "switch.S");
static_assert(STACK_NOTED == offsetof(struct stack, noted), "switch.S");
static_assert(STORE_NOTED == offsetof(struct vm_store, noted), "switch.S");
static_assert(STORE_NOTED_END == offsetof(struct vm_store, noted_end), "switch.S");
static_assert(STACK_FINISH_SLOW == offsetof(struct stack, finish_slow), "switch.S");
static_assert(STACK_SIZE == sizeof(struct stack), "switch.S");
static_assert(STORE_FINISHED == offsetof(struct vm_store, finished), "switch.S");
static_assert(HANDLERS_LABELS == offsetof(struct stack_handlers, labels), "switch.S");
static_assert(offsetof(struct stack_handlers, args_size) == 0 && offsetof(struct vmctx, store) == 0,
              "switch.S");
static_assert(CLAUSE_SIZE == sizeof(struct stack_clause), "switch.S");
static_assert(CLAUSE_LANDING == offsetof(struct stack_clause, landing), "switch.S");
static_assert(offsetof(struct stack_clause, tag) == 0, "switch.S");
static_assert(offsetof(struct arch_regs, gpr) == 0 && offsetof(struct entry, root) == 0, "thunk.S");
