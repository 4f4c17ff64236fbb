/* Prologue, epilogue, calls, tail calls, and the cold parts that belong to them. */
#ifndef COMPILER_ISA_X64_CALL_H
#define COMPILER_ISA_X64_CALL_H

#include "compiler/isa/x64/encode.h"

/* A function that needs no frame: it calls nothing, keeps everything in registers. Where it traps or faults,
 * the return address stands at rsp (struct code.frameless). */
bool x64_is_frameless(const struct mach_func *f, const struct frame *frame);
uint8_t x64_kept(const struct frame *frame); /* struct code.kept */
void x64_prologue(struct x64_asm *a, bool frameless);
void x64_return(struct x64_asm *a, bool frameless);
void x64_call(struct x64_asm *a, const struct mach_insn *in);
void x64_tail_call(struct x64_asm *a, const struct mach_insn *in);
void x64_add_call_site(struct x64_asm *a, const struct mach_insn *in); /* behind a call that returns */
/* The cold side of the prologue's check; of a call through a function reference; and `in`, a call to the trap
 * stub. */
void x64_cold_stack(struct x64_asm *a, const struct x64_cold *cold);
void x64_cold_call(struct x64_asm *a, const struct x64_cold *cold);
void x64_cold_trap(struct x64_asm *a, const struct x64_cold *cold, uint32_t trap_stub);
void x64_trap_stub(struct x64_asm *a); /* once a function: where its trap sites call to */

#endif
