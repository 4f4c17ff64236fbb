/* Assembler macros that thunk.S and switch.S share: a stub's symbol at the start of a
 * cache line (what jumps between them is predicted worse elsewhere), and result registers of abi/call.h to a
 * struct arch_regs at rsp and back. */
#ifndef COMPILER_ISA_X64_THUNK_MACROS_H
#define COMPILER_ISA_X64_THUNK_MACROS_H
/* clang-format off */

#include "compiler/isa/x64/arg_regs.inc"

  .macro global name
  .globl \name
  .hidden \name
  .type \name, @function
  .p2align 6
\name:
  .endm

  .macro save_results
  mov [rsp], rax
  mov [rsp + 8], rdx
  mov [rsp + 16], rcx
  mov [rsp + 24], rsi
  mov [rsp + 32], rdi
  mov [rsp + 40], r8
  movaps [rsp + REGS_XMM], xmm0
  movaps [rsp + REGS_XMM + 16], xmm1
  movaps [rsp + REGS_XMM + 32], xmm2
  movaps [rsp + REGS_XMM + 48], xmm3
  movaps [rsp + REGS_XMM + 64], xmm4
  movaps [rsp + REGS_XMM + 80], xmm5
  .endm

  .macro load_results
  mov rax, [rsp]
  mov rdx, [rsp + 8]
  mov rcx, [rsp + 16]
  mov rsi, [rsp + 24]
  mov rdi, [rsp + 32]
  mov r8, [rsp + 40]
  movaps xmm0, [rsp + REGS_XMM]
  movaps xmm1, [rsp + REGS_XMM + 16]
  movaps xmm2, [rsp + REGS_XMM + 32]
  movaps xmm3, [rsp + REGS_XMM + 48]
  movaps xmm4, [rsp + REGS_XMM + 64]
  movaps xmm5, [rsp + REGS_XMM + 80]
  .endm

#endif
