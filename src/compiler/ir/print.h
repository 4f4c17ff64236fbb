/* IR as text: what --dump=build and --dump=tidy show, and parse.c reads. */
#ifndef COMPILER_IR_PRINT_H
#define COMPILER_IR_PRINT_H

#include "base/out.h"
#include "compiler/ir/func.h"

void ir_print(struct ir_func *f, struct out *out);
void ir_print_insn(struct ir_func *f, ir_val v, struct out *out); /* one line, without its end */

#endif
