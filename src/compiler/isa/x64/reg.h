/* The registers of x86-64 and what each is for.
 *
 *   r15 instance (struct vmctx)   r14 base of memory 0   rbp frame   rsp stack: pinned, never allocated
 *   rbx r12 r13 kept by calls     all others are lost by calls
 *   r11 prologues, calls through a function reference and out-calls use it; otherwise allocatable
 *   xmm15 never allocated: parallel moves and the inside of long instruction sequences
 * Integer registers have their hardware numbers, xmm registers 32 + theirs, as mach/mach.h wants it. */
#ifndef COMPILER_ISA_X64_REG_H
#define COMPILER_ISA_X64_REG_H

#include "compiler/mach/mach.h"

// clang-format off
enum x64_reg {
  RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15,
  XMM0 = 32, XMM1, XMM2, XMM3, XMM4, XMM5, XMM6, XMM7, XMM8, XMM9, XMM10, XMM11, XMM12, XMM13, XMM14, XMM15,
};
// clang-format on
enum { X64_INSTANCE = R15, X64_MEMORY0 = R14 };

#define X64_BIT(r)       (UINT64_C(1) << (r))
#define X64_CALLEE_SAVED (X64_BIT(RBX) | X64_BIT(R12) | X64_BIT(R13))
#define X64_INT_CLOBBERED                                                                                    \
  (X64_BIT(RAX) | X64_BIT(RCX) | X64_BIT(RDX) | X64_BIT(RSI) | X64_BIT(RDI) | X64_BIT(R8) | X64_BIT(R9) |    \
   X64_BIT(R10) | X64_BIT(R11))
#define X64_FLOAT_CLOBBERED (UINT64_C(0x7fff) << XMM0)
#define X64_CALL_CLOBBERS   (X64_INT_CLOBBERED | X64_FLOAT_CLOBBERED)
#define X64_ALLOCATABLE     (X64_CALL_CLOBBERS | X64_CALLEE_SAVED)

/* Condition codes by hardware number; then the two that no single flag says after ucomis. */
enum x64_cc {
  CC_O,
  CC_NO,
  CC_B,
  CC_AE,
  CC_E,
  CC_NE,
  CC_BE,
  CC_A,
  CC_S,
  CC_NS,
  CC_P,
  CC_NP,
  CC_L,
  CC_GE,
  CC_LE,
  CC_G,
  CC_FEQ, /* equal and ordered: ZF and not PF */
  CC_FNE, /* different or unordered: not ZF, or PF */
};
static inline enum x64_cc x64_cc_invert(unsigned cc) { return (enum x64_cc)(cc ^ 1); }
/* The condition that holds for (b, a) where `cc` holds for (a, b). */
static inline enum x64_cc x64_cc_swap(unsigned cc) {
  switch (cc) {
  case CC_B: return CC_A;
  case CC_A: return CC_B;
  case CC_AE: return CC_BE;
  case CC_BE: return CC_AE;
  case CC_L: return CC_G;
  case CC_G: return CC_L;
  case CC_GE: return CC_LE;
  case CC_LE: return CC_GE;
  default: return (enum x64_cc)cc;
  }
}

#endif
