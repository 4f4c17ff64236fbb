/* The doors between C and compiled code: host entry, out-calls, host functions, traps.
 *
 * Compiled code's convention (abi/call.h in registers):
 *   integer arguments  rdi rsi rdx rcx r8 r9 r10 rax      float arguments  xmm0-7     r11 = target of indirect calls
 *   integer results    rax rdx rcx rsi rdi r8             float results    xmm0-5
 *   r15 instance, r14 base of its memory 0, on entry of every function; after a call through a vm_func the caller
 *   reloads both. A caller of such a call keeps its instance at [rbp-8], where host_dispatch finds it.
 *   callee-saved: rbx r12 r13 rbp. Stack arguments are popped by the callee. rsp is a multiple of 16 at every call.
 * The callee-saved registers and r14, r15 are callee-saved in C too, so a C function called from here keeps them.
 *
 * Host code runs on the thread's own stack. Every way out of compiled code publishes rsp and rbp in the running stack's
 * descriptor (store->cur), continues at the innermost entry's root.sp (on the root itself: just written) and takes rsp
 * and rbp back from the descriptor afterwards, never from registers. A failing status never returns into compiled code:
 * trap_unwind records where it stood, and the entry is left. */
#include "compiler/isa/x64/thunk_layout.h"

  .intel_syntax noprefix
#include "compiler/isa/x64/thunk_macros.inc"
  .text

/* ---- host entry ---- */

/* uint64_t arch_enter(func, regs, stack_args, args_size, stack_results, results_size, host_sp)
 * Frame below the saved registers: [rsp+16] regs, [rsp+8] stack_results, [rsp] results_size; rsp there is host_sp. */
  global arch_enter
  .cfi_startproc
  endbr64
  push rbp
  .cfi_def_cfa_offset 16
  .cfi_offset rbp, -16
  mov rbp, rsp
  .cfi_def_cfa_register rbp
  push rbx
  .cfi_offset rbx, -24
  push r12
  .cfi_offset r12, -32
  push r13
  .cfi_offset r13, -40
  push r14
  .cfi_offset r14, -48
  push r15
  .cfi_offset r15, -56
  push rsi
  push r8
  push r9
  mov rax, [rbp + 16]
  mov [rax], rsp
  mov rbx, rsp              /* compiled code keeps it */
  .cfi_def_cfa rbx, 80
  mov r11, rdi
  mov rax, rsi
  sub rsp, r9
  sub rsp, rcx
  jrcxz 1f
  mov rdi, rsp
  mov rsi, rdx
  shr rcx, 3
  rep movsq
1:mov r15, [r11 + FUNC_INST]
  mov r14, [r15 + VMCTX_MEMORY0]
  mov r11, [r11 + FUNC_CODE]
  load_arg_regs rax
  xor ebp, ebp              /* the frame chain ends here */
  call r11
  mov r11, [rbx + 16]
  save_results r11
  mov rcx, [rbx]
  jrcxz 2f
  mov rdi, [rbx + 8]
  mov rsi, rsp
  shr rcx, 3
  rep movsq
2:mov rsp, rbx
  xor eax, eax
  .globl arch_leave
  .hidden arch_leave
arch_leave:                 /* rsp = host_sp, rax = status */
  add rsp, 24
  pop r15
  pop r14
  pop r13
  pop r12
  pop rbx
  pop rbp
  .cfi_def_cfa rsp, 8
  ret
  .cfi_endproc
  .size arch_enter, . - arch_enter

/* ---- leaving by a trap ---- */

/* rdi = struct vm_store, rsi = status (0: the site says); cur's pc, sp, fp are written, inst too where an exception may
 * come from and the frame has not saved it. */
  global arch_fault_stub
  mov [rdi + STORE_LANDING + LANDING_KEPT], rbx
  mov [rdi + STORE_LANDING + LANDING_KEPT + 8], r12
  mov [rdi + STORE_LANDING + LANDING_KEPT + 16], r13
  mov r11, [rdi + STORE_ENTRY]
  own_stack r11
  call trap_unwind
  test rdx, rdx
  jz 1f
  mov rsp, rax
  mov rax, rdx
  jmp arch_leave
1:mov rsp, [rax + LANDING_SP]   /* caught */
  mov rbp, [rax + LANDING_FP]
  mov r15, [rax + LANDING_INST]
  mov rbx, [rax + LANDING_KEPT]
  mov r12, [rax + LANDING_KEPT + 8]
  mov r13, [rax + LANDING_KEPT + 16]
  mov r14, [r15 + VMCTX_MEMORY0]
  jmp [rax + LANDING_PC]

  /* Publishes the state after a `call` to the stub it stands in; rdi = store. */
  .macro publish_site
  mov rdi, [r15 + VMCTX_STORE]
  mov r11, [rdi + STORE_CUR]
  pop rax
  mov [r11 + STACK_PC], rax
  publish r11
  .endm

  .p2align 4
.Ltrap_stub:                /* `call` from a cold site: its return address says which trap */
  endbr64
  publish_site
  xor esi, esi
  jmp arch_fault_stub

/* ---- builtins ---- */

/* rax = offset in builtin_functions; arguments in rsi rdx rcx r8 r9. */
  .p2align 4
.Loutcall:
  leave_guest r10, r11
  mov rdi, r15
  lea r11, builtin_functions[rip]
  call [r11 + rax]
.Lcalled:
  mov r10, [r15 + VMCTX_STORE]
  mov r11, [r10 + STORE_CUR]
  take_back r11
  test rdx, rdx
  jnz 1f
  ret
1:pop rax
  mov [r11 + STACK_PC], rax
  mov [r11 + STACK_SP], rsp
  mov [r11 + STACK_INST], r15
  mov rdi, r10
  mov rsi, rdx
  jmp arch_fault_stub

/* The same for stores that move the running stack whenever they can (-C stack-stress). */
  .p2align 4
.Loutcall_stress:
  leave_guest r10, r11
  sub rsp, 16
  mov rdi, r15
  lea r11, builtin_functions[rip]
  call [r11 + rax]
  mov [rsp], rax
  mov [rsp + 8], rdx
  mov rdi, [r15 + VMCTX_STORE]
  call cont_move
  mov rax, [rsp]
  mov rdx, [rsp + 8]
  jmp .Lcalled

  .macro outcall stub
  endbr64
  mov eax, outcall_offset
  jmp \stub
  .set outcall_offset, outcall_offset + 8
  .endm

  .set outcall_offset, 56     /* behind the stubs */
#define BUILTIN(id, result, params) .p2align 4; .Loutcall_##id: outcall .Loutcall
#include "abi/builtin.def"
#undef BUILTIN
  .set outcall_offset, 56
#define BUILTIN(id, result, params) .p2align 4; .Lstress_##id: outcall .Loutcall_stress
#include "abi/builtin.def"
#undef BUILTIN

  .section .data.rel.ro.arch_builtins, "aw"
  .p2align 3
  .macro table name
  .globl \name
  .hidden \name
  .type \name, @object
\name:
  .quad .Ltrap_stub
  .quad arch_stack_stub
  .quad arch_resume_stub
  .quad arch_suspend_stub
  .quad arch_switch_stub
  .quad arch_switch_args_stub
  .quad arch_resume_trap_stub
  .endm
  table arch_builtins
#define BUILTIN(id, result, params) .quad .Loutcall_##id
#include "abi/builtin.def"
#undef BUILTIN
  .size arch_builtins, . - arch_builtins
  table arch_builtins_stress
#define BUILTIN(id, result, params) .quad .Lstress_##id
#include "abi/builtin.def"
#undef BUILTIN
  .size arch_builtins_stress, . - arch_builtins_stress
  .text

/* ---- host functions ---- */

/* r15 = struct vm_host. r11, r14 are free; the caller reloads r14 and r15. */
  global arch_host_thunk
  endbr64
  push rbp
  mov rbp, rsp
  leave_guest r11, r14
  sub rsp, REGS_SIZE
  save_arg_regs
  mov rdi, r15
  mov rsi, rsp
  call host_dispatch
  mov r10, [r15 + VMCTX_STORE]
  mov r11, [r10 + STORE_CUR]
  test rax, rax
  jnz 1f
  load_results
  mov rsp, [r11 + STACK_SP]
  pop rbp
  mov r10, [r15 + HOST_ARGS_SIZE]
  test r10, r10
  jnz 2f
  ret
2:pop r11
  add rsp, r10
  jmp r11
1:cmp rax, CODE_SUSPEND
  je arch_host_suspend
  mov rsi, rax              /* the frame of the caller is what the trap belongs to */
  mov rdi, r10
  mov rdx, [r11 + STACK_FP]
  mov rax, [rdx + 8]
  mov [r11 + STACK_PC], rax
  lea rax, [rdx + 16]
  mov [r11 + STACK_SP], rax
  mov rax, [rdx]
  mov [r11 + STACK_FP], rax
  jmp arch_fault_stub

  .section .note.GNU-stack, "", @progbits
