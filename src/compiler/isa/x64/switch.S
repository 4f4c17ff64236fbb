/* From one stack to another: resume, suspend, switch, the first and last frame of a continuation, growth.
 *
 * The plainest cases are inline in compiled code (cont.c). For all others it jumps (never calls) to a stub of
 * vmctx->builtins; the stub leaves by a jump too, because a `ret` would be mispredicted. Nothing but the registers named here is kept: the function has saved rbx, r12 and r13 in its prologue and
 * keeps no value in a register across a switch. A = argument registers, R = result registers of abi/call.h.
 *
 *              comes with                                                     goes on
 *   resume     rbx the child (taken from its cell, which is empty now),       at the child's pc, A untouched
 *              r12 struct stack_handlers, r13 landing for the child's return, A = its parameters, stack arguments at rsp
 *   suspend    rbx the tag, r9 cur, r12 bytes of stack payload at rsp,        at the clause's landing, R untouched
 *              r13 where it goes on, R = payload and the cell of this stack
 *   switch     rbx the tag, r11 cur, r12 address of the target cell's stack   at the target's pc, A untouched
 *              word, r13 where it goes on, A = values and the cell of this stack
 *   switch_args  the same without cur, r14 bytes of stack arguments at rsp    the same
 *   resume_trap  as resume without A, rax a status                            in trap_unwind, with the child as cur
 *
 * At every arrival: rsp and rbp as when that stack was left, r15 its instance, r14 to be loaded from it; rbx r9-r14 hold
 * nothing (r9, r10 hold arguments where A arrives). A landing finds stack results at rsp + its handlers' args_size; whoever
 * is resumed finds stack arguments at rsp. Where nobody handles the tag the suspending site traps and nothing has changed.
 * A site (landing, or where it goes on) is a key of the code's tables as a return address is.
 *
 * Writes: cur; sp fp pc inst handlers of the stack that is left; parent and last of the links. No other copy exists. */
#include "compiler/isa/x64/thunk_layout.h"

  .intel_syntax noprefix
#include "compiler/isa/x64/thunk_macros.inc"
  .text

  /* The stack that is left: \s its descriptor. */
  .macro leave_stack s
  publish \s
  mov [\s + STACK_PC], r13
  mov [\s + STACK_INST], r15
  .endm

  /* As arrive, then to \pc. That r15 is right mostly is a guess of the branch predictor: it does not wait for \s. */
  .macro go_on s, pc
  take_back \s
  cmp r15, [\s + STACK_INST]
  jne .Lother_\@
  jmp \pc
.Lother_\@:
  mov r15, [\s + STACK_INST]
  jmp \pc
  .endm

  .macro arrive s
  take_back \s
  mov r15, [\s + STACK_INST]
  .endm

  /* \r = the parent of \s; on at \found if there is one. Nested stacks mostly stand one behind the other in the pool, and
   * that is guessed in the same way: no load of a long chain waits for the one before. */
  .macro go_up s, r, found
  lea \r, [\s - STACK_SIZE]
  cmp \r, [\s + STACK_PARENT]
  je \found
  mov \r, [\s + STACK_PARENT]
  test \r, \r
  jnz \found
  .endm

  /* r14 has a new cell, which the next collection decides about; where the list is full, C makes room. Uses r11 and \t; goes
   * on at \back. */
  .macro note t, back
  mov r11, [r15 + VMCTX_STORE]
  mov \t, [r11 + STORE_NOTED]
  cmp \t, [r11 + STORE_NOTED_END]
  je .Lfull_\@
  mov [\t], r14
  add \t, 8
  mov [r11 + STORE_NOTED], \t
  mov byte ptr [r14 + STACK_NOTED], 1
  jmp \back
.Lfull_\@:                  /* rsp comes back with the stack that goes on */
  native
  mov rsi, r14
  call cont_note
  load_arg_regs
  jmp \back
  .endm

  /* Chain rbx below \parent. One that is captured by nobody has no `last`: the write faults, the process ends. With `lone`
   * it is guessed that the chain is one stack, since who is left soon reads its parent, and would wait for the place of
   * this write. */
  .macro splice parent, lone
  .ifnb \lone
  mov r12, rbx
  cmp [rbx + STACK_LAST], rbx
  je .Llone_\@
  .endif
  mov r12, [rbx + STACK_LAST]
.Llone_\@:
  mov [r12 + STACK_PARENT], \parent
  mov qword ptr [rbx + STACK_LAST], 0
  .endm

/* ---- resume ---- */

  global arch_resume_stub
  endbr64
  mov r11, [r15 + VMCTX_STORE]
  mov r14, [r11 + STORE_CUR]
  leave_stack r14
  mov [r14 + STACK_HANDLERS], r12
  cmp dword ptr [r12], 0
  jne 2f
1:splice r14
  mov [r11 + STORE_CUR], rbx
  go_on rbx, [rbx+STACK_PC]
2:native
  mov rsi, rbx
  mov edx, [r12]
  mov rcx, rsp
  call cont_pass
  test rax, rax
  jnz .Ltrap
  load_arg_regs
  mov r11, [r15 + VMCTX_STORE]
  jmp 1b

  global arch_resume_trap_stub
  endbr64
  mov r11, [r15 + VMCTX_STORE]
  mov r14, [r11 + STORE_CUR]
  leave_stack r14
  mov [r14 + STACK_HANDLERS], r12
  splice r14
  mov [r11 + STORE_CUR], rbx
  mov rdi, r11
  mov rsi, rax
  jmp arch_fault_stub

/* ---- suspend ---- */

  /* The search: r9 is the link below the candidate r10, rbp its instance, r11 its clause. */
  global arch_suspend_stub
  endbr64
  leave_stack r9
  mov r14, r9
  mov r10, [r9 + STACK_PARENT]
1:mov r11, [r10 + STACK_HANDLERS]
  mov r13d, [r11 + HANDLERS_LABELS]
  test r13d, r13d
  jz 3f
  mov rbp, [r10 + STACK_INST]
2:cmp [rbp + r13], rbx
  je 4f
  add r11, CLAUSE_SIZE
  mov r13d, [r11 + HANDLERS_LABELS]
  test r13d, r13d
  jnz 2b
3:mov r9, r10
  go_up r9, r10, 1b
  jmp .Lunhandled
4:movsxd r13, dword ptr [r11 + HANDLERS_LABELS + CLAUSE_LANDING]
  lea r13, [r11 + r13 + HANDLERS_LABELS]
  test r12, r12
  jnz 6f
5:cmp byte ptr [r14 + STACK_NOTED], 0
  je 8f
7:mov r11, [r15 + VMCTX_STORE]
  mov qword ptr [r9 + STACK_PARENT], 0
  mov [r14 + STACK_LAST], r9
  mov [r11 + STORE_CUR], r10
  go_on r10, r13
6:mov r11, [r10 + STACK_HANDLERS]
  mov r11d, [r11]
  add r11, [r10 + STACK_SP]
1:movups xmm15, [rsp + r12 - 16]
  movups [r11 + r12 - 16], xmm15
  sub r12, 16
  jnz 1b
  jmp 5b
8:note r12, 7b

.Lunhandled:                /* r14 = cur, rbx the tag, R the payload: perhaps the host that resumed takes it */
  mov r15, [r14 + STACK_INST]
  mov r11, [r15 + VMCTX_STORE]
  mov r10, [r11 + STORE_ENTRY]
  own_stack r10
  sub rsp, REGS_SIZE
  save_results
  mov rdx, rsp
1:mov rdi, r11
  mov rsi, rbx
  call cont_unhandled
  test rdx, rdx
  jnz 2f
  mov rsp, rax
  mov eax, CODE_SUSPENDED
  jmp arch_leave
2:mov rdi, [r15 + VMCTX_STORE]
  mov rsi, rdx
  jmp arch_fault_stub

.Lunhandled_switch:
  mov r15, [r14 + STACK_INST]
  mov r11, [r15 + VMCTX_STORE]
  mov r10, [r11 + STORE_ENTRY]
  own_stack r10
  xor edx, edx
  jmp 1b

/* ---- switch ---- */

  /* The search: r13 is the link below the candidate rbp, r11 its clause, r14 the stack that is left. */
  global arch_switch_stub
  endbr64
  leave_stack r11
  mov r14, r11
1:mov rbp, [r14 + STACK_PARENT]
  mov r11, [rbp + STACK_HANDLERS]
  mov r13d, [r11 - CLAUSE_SIZE]
  add r13, [rbp + STACK_INST]
  cmp [r13], rbx            /* at the end of the list that is inst's first word, no tag's address */
  mov r13, r14
  jne 3f
2:cmp byte ptr [r14 + STACK_NOTED], 0
  je 7f
8:mov r11, [r15 + VMCTX_STORE]
  mov qword ptr [r13 + STACK_PARENT], 0
  mov [r14 + STACK_LAST], r13
  mov rbx, [r12]
  mov qword ptr [r12], 0
  splice rbp, lone
  mov [r11 + STORE_CUR], rbx
  go_on rbx, [rbx+STACK_PC]
3:mov r15d, [r11 - CLAUSE_SIZE]
  test r15d, r15d
  jz 4f
  add r15, [rbp + STACK_INST]
  sub r11, CLAUSE_SIZE
  cmp [r15], rbx
  jne 3b
  mov r15, [r14 + STACK_INST]
  jmp 2b
4:mov r13, rbp
  go_up r13, rbp, 5f
  jmp .Lunhandled_switch
5:mov r11, [rbp + STACK_HANDLERS]
  jmp 3b
7:note rbx, 8b

/* With r14 bytes of stack arguments: they go to the target first. */
  global arch_switch_args_stub
  endbr64
  load_cur r11
  leave_stack r11
  mov r13d, r14d
  mov r14, r11
  native
  mov rsi, [r12]
  mov edx, r13d
  mov rcx, rsp
  call cont_pass
  test rax, rax
  jnz .Ltrap
  load_arg_regs
  jmp 1b

/* ---- a continuation's first frame ---- */

/* pc of a fresh stack without memory: rsp is nothing yet. */
  global arch_fresh
  endbr64
  native
  call cont_attach
  test rax, rax
  jnz .Ltrap
  load_arg_regs
  load_cur r11
  mov rsp, [r11 + STACK_SP]

/* pc of a fresh stack with memory. The body is entered by a call and its return predicted; its end leaves by a jump. */
  global arch_body
  endbr64
  mov rbx, [r15 + VMCTX_STORE] /* the body keeps it */
  mov r11, [rbx + STORE_CUR]
  mov r11, [r11 + STACK_FUNC]
  mov r14, [r15 + VMCTX_MEMORY0]
  xor ebp, ebp              /* the frame chain never leaves its stack */
  call [r11 + FUNC_CODE]
  mov r11, [rbx + STORE_CUR]
  cmp byte ptr [r11 + STACK_FINISH_SLOW], 0
  jne 1f
  mov r10, [r11 + STACK_PARENT]
  mov [rbx + STORE_CUR], r10
  mov r9, [rbx + STORE_FINISHED]
  mov [r11 + STACK_NEXT], r9
  mov [rbx + STORE_FINISHED], r11
  xor r9d, r9d
  mov [r11 + STACK_PC], r9
  mov [r11 + STACK_PARENT], r9
  go_on r10, [r10+STACK_PC]
1:mov [r11 + STACK_SP], rsp /* the results area */
  mov r15, [r11 + STACK_FUNC]
  mov r15, [r15 + FUNC_INST]
  native
  call cont_finish
  load_arg_regs
  mov r11, [rbx + STORE_CUR]
  arrive r11
  jmp [r11 + STACK_PC]

/* pc of a captured stack with bound arguments: A are those that come behind them. */
  global arch_bound
  endbr64
  native
  mov rsi, rsp
  call cont_unbind
  test rax, rax
  jnz .Ltrap
  load_arg_regs
  load_cur r11
  arrive r11
  jmp [r11 + STACK_PC]

/* ---- the host resumes, and a host function suspends ---- */

/* Entered by arch_enter, r15 = struct vm_resume: what stands on this stack above the return address is what a resume in
 * compiled code has at its rsp. */
  global arch_resume
  endbr64
  pop qword ptr [r15 + RESUME_BACK]
  mov [r15 + RESUME_RBX], rbx
  mov rbx, [r15 + RESUME_CHILD]
  lea r12, [r15 + RESUME_HANDLERS]
  lea r13, [rip + .Lresumed]
  cmp qword ptr [r15 + RESUME_STATUS], 0
  je arch_resume_stub
  mov rax, [r15 + RESUME_STATUS]
  jmp arch_resume_trap_stub
.Lresumed:                  /* the child has returned, R = its results */
  mov rbx, [r15 + RESUME_RBX]
  mov r11d, [r15 + RESUME_HANDLERS]
  add rsp, r11
  jmp [r15 + RESUME_BACK]

/* From arch_host_thunk: rsp = registers as host_dispatch left them (results, tag, bytes of stack payload), r11 = cur, whose
 * sp has room for what it will be resumed with, r15 = struct vm_host. The guest's rbx, r12, r13 wait below its frame. */
  global arch_host_suspend
  mov r10, [r11 + STACK_FP]
  mov [r10 - 8], rbx
  mov [r10 - 16], r12
  mov [r10 - 24], r13
  mov rbx, [rsp + 48]
  mov r12, [rsp + 56]
  lea r13, [rip + arch_host_resumed]
  mov rbp, r10
  load_results
  mov rsp, [r11 + STACK_SP]
  mov r9, r11
  jmp arch_suspend_stub
  global arch_host_resumed
  native
  mov rsi, r15
  mov rdx, rsp
  call host_resumed
  load_cur r11
  load_results
  mov rbp, [r11 + STACK_FP]
  mov rbx, [rbp - 8]
  mov r12, [rbp - 16]
  mov r13, [rbp - 24]
  mov rsp, rbp
  pop rbp
  pop r11
  add rsp, [r15 + HOST_ARGS_SIZE]
  jmp r11

/* ---- growth ---- */

/* A prologue found rsp below the limit; xmm15 = where to go on (a site). rsp may lie below the block already, so nothing
 * is pushed. All argument registers are live, and in nobody's map: what runs here never collects. */
  global arch_stack_stub
  endbr64
  load_cur r11
  publish r11
  movq [r11 + STACK_PC], xmm15
  native
  call cont_grow
  test rax, rax
  jnz .Ltrap
  load_arg_regs
  load_cur r11
  take_back r11
  jmp [r11 + STACK_PC]

.Ltrap:                     /* rax = status; cur says where */
  mov rdi, [r15 + VMCTX_STORE]
  mov rsi, rax
  jmp arch_fault_stub

/* ---- behind the root ---- */

/* Parent of every root: handles nothing, has no parent. Its inst's first word is no tag's address. */
  .section .data.rel.ro.arch_barrier, "aw"
  .p2align 6
  .globl arch_barrier
  .hidden arch_barrier
  .type arch_barrier, @object
arch_barrier:
  .quad 0, 0, 0, arch_barrier, 0, 0, 0, .Lno_handlers
  .zero STACK_SIZE - 64
  .size arch_barrier, . - arch_barrier
  .section .rodata
  .p2align 3
  .quad 0
.Lno_handlers:
  .quad 0, 0

  .section .note.GNU-stack, "", @progbits
