/* Rules applied when an instruction is created.
 *
 * Each carries its equation. Must not: look at anything but operands that are there. */
#include "compiler/opt/private.h"

ir_val fold(struct opt *o, struct ir_insn *in, uint32_t wasm_off) {
  (void)wasm_off;
  const struct ir_op_info *info = &ir_op_table[in->op];
  /* Constants stand right, else the older value stands left: x + y => y + x */
  if ((info->flags & IRF_K) && (ir_is_const(o->f, in->a) || (in->b < in->a && !ir_is_const(o->f, in->b)))) {
    uint32_t a = in->a;
    in->a = in->b;
    in->b = a;
  }
  return 0;
}
