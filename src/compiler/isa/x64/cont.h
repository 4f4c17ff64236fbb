/* Leaving a stack for another, and the static data that says who handles what. */
#ifndef COMPILER_ISA_X64_CONT_H
#define COMPILER_ISA_X64_CONT_H

#include "compiler/isa/x64/encode.h"

/* RESUME, RESUME_THROW, SUSPEND, SWITCH_TO, LANDED; `block`: where the instruction stands. */
void x64_leave_stack(struct x64_asm *a, const struct mach_insn *in, uint32_t block);
/* A cold part of SUSPEND, RESUME or SWITCH_TO. */
void x64_cold_leave_stack(struct x64_asm *a, const struct x64_cold *c);
/* Bytes of the handlers of one resume; where its struct stack_handlers begins in them. */
uint32_t x64_handlers_size(const struct mach_func *f, const struct x64_handlers *h);
uint32_t x64_handlers_off(const struct mach_func *f, const struct x64_handlers *h);
/* Writes them; `landings` are the places of the labels, by clause, from where the struct begins. */
void x64_put_handlers(const struct mach_func *f, const struct x64_handlers *h, const uint32_t *landings,
                      uint8_t *out);

#endif
