/* Machine instructions of x86-64: operations, encoding facts, and what selection may rely on.
 *
 * Conventions between select.c, the allocator and emit.c, besides mach/mach.h:
 *   - A tied operand is written d = d op s. Selection puts MACH_MOVE d, a directly before; nothing else
 * touches d between.
 *   - An `early` use stays intact to the end of the instruction: neither a def nor a clobbered register may
 * overlay it.
 *   - `clobbers` are written only after all plain uses were read.
 *   - Flags never live across a block's end or an instruction with MF_WRITES_FLAGS.
 *   - A memory operand is [base + idx << scale + disp]; base or idx may be MREG_NONE. With X64_POOL in flags
 * it is entry `disp` of the constant pool. rbp and rsp are bases for incoming and outgoing stack arguments.
 *   - Integer registers and slots of 32-bit values hold zero upper halves, so slots are always written whole.
 */
#ifndef COMPILER_ISA_X64_INSN_H
#define COMPILER_ISA_X64_INSN_H

#include "compiler/isa/x64/reg.h"
#include "compiler/mach/isa.h"

enum x64_op {
  X64_OP_FIRST_ = MACH_OP_ISA0 - 1,
#define X64F(id, name, form, opcode, ext, enc, d, s, b, i, fd, fs, fb, clobbers, mem_op, flags) X64_##id,
#include "compiler/isa/x64/insn.def"
  X64_OP_END
};
enum { X64_OP_COUNT = X64_OP_END };

enum x64_form { FORM_X, FORM_RM, FORM_MR, FORM_MI, FORM_M1, FORM_RMI, FORM_MRI, FORM_RMV, FORM_RVM, FORM_VM };
enum x64_enc {
  ENC_W = 1,  /* REX.W at size 8 */
  ENC_W1 = 2, /* always */
  ENC_P66 = 4,
  ENC_PF2 = 8,
  ENC_PF3 = 16,
  ENC_PS = 32,      /* prefix f3, f2, none at size 4, 8, 16: scalar floats; movups */
  ENC_PP = 64,      /* prefix none, 66 at size 4, 8 */
  ENC_B = 128,      /* size 1: opcode - 1 */
  ENC_16 = 256,     /* size 2: prefix 66 */
  ENC_BRM = 512,    /* the register in rm is a byte register */
  ENC_I8 = 1024,    /* the immediate is one byte */
  ENC_CC = 2048,    /* cc is part of it */
  ENC_FRESH = 4096, /* the CPU waits for the old d in vain: clear it first */
  ENC_INT = ENC_W | ENC_B | ENC_16,
};
struct x64_encoding {
  uint32_t opcode;
  uint16_t enc;
  uint8_t form, ext;
  uint32_t bytes; /* of the opcode, the first one lowest */
  uint8_t nbytes;
  bool simple; /* at sizes 4 and 8 it is REX, one byte, and ModRM of d and s or memory */
};
#define X64_ENCODING(opcode_, enc_, form_, ext_)                                                             \
  {                                                                                                          \
    .opcode = opcode_, .enc = enc_, .form = form_, .ext = ext_,                                              \
    .bytes = (opcode_) > 0xffff ? ((opcode_) >> 16 | ((opcode_)&0xff00) | ((opcode_)&0xff) << 16)            \
             : (opcode_) > 0xff ? ((opcode_) >> 8 | ((opcode_)&0xff) << 8)                                   \
                                : (opcode_),                                                                 \
    .nbytes = 1 + ((opcode_) > 0xff) + ((opcode_) > 0xffff),                                                 \
    .simple = ((form_) == FORM_RM || (form_) == FORM_MR) && (opcode_) <= 0xff &&                             \
              ((enc_) & ~(ENC_INT | ENC_W1)) == 0                                                            \
  }
extern const struct x64_encoding x64_encodings[X64_OP_COUNT];
extern const struct mach_op_info x64_ops[X64_OP_COUNT];

/* mach_insn.flags */
enum {
  X64_POOL = 1,         /* memory operand is pool entry disp */
  X64_SAFE_DIVISOR = 2, /* REM_S: the divisor is known not to be -1 */
  X64_RELOAD_INSTANCE =
      4,        /* CALL, CALL_FUNC: a callee of this instance may come back with another one in r15 and r14 */
  X64_OWN = 64, /* CALL_FUNC: the callee is of this instance */
  X64_VEX =
      32, /* encoded so that memory operands need no alignment; of a tied one cc is the first source, 0: d */
  X64_LOCK = 16, /* the access is atomic */
  X64_LOCAL = 8, /* in selection: disp counts from the end of the outgoing area */
};

const char *x64_reg_name(mreg r, uint8_t size); /* of a physical register */
void x64_print_insn(const struct mach_func *f, const struct mach_insn *in, struct out *out);

#endif
