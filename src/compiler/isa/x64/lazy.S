/* A function's first call where functions are compiled one by one (runtime/code_area.h).
 *
 * Comes from the function's entry as if from its caller: r15 its instance, arguments in registers and on the stack, and
 * on top of the stack its index. Leaves by a jump into its code, all of that untouched, or by a trap of the caller's
 * site. The argument registers are in nobody's map: what runs here never collects. */
#include "compiler/isa/x64/thunk_layout.h"

  .intel_syntax noprefix
#include "compiler/isa/x64/thunk_macros.inc"
  .text

  global arch_lazy_stub
  endbr64
  pop r11
  movq xmm15, r11
  load_cur r11
  publish r11
  native
  mov rdi, r15
  movq rsi, xmm15
  call instance_compile
  load_cur r11
  test rax, rax
  jz 1f
  movq xmm15, rax
  load_arg_regs
  take_back r11
  movq r11, xmm15
  jmp r11
1:mov rax, [r11 + STACK_SP]
  mov rcx, [rax]
  mov [r11 + STACK_PC], rcx
  add rax, 8
  mov [r11 + STACK_SP], rax
  mov rdi, [r15 + VMCTX_STORE]
  mov esi, CODE_NOT_COMPILED
  jmp arch_fault_stub
  .size arch_lazy_stub, . - arch_lazy_stub

  .section .note.GNU-stack, "", @progbits
