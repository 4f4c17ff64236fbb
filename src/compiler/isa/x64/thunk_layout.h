/* Offsets and codes that thunk.S needs as plain numbers; thunk_layout.c asserts that they are the structs'.
 */
#ifndef COMPILER_ISA_X64_THUNK_LAYOUT_H
#define COMPILER_ISA_X64_THUNK_LAYOUT_H

#define FUNC_CODE            0
#define FUNC_INST            8
#define VMCTX_STORE          0
#define VMCTX_MEMORY0        8
#define HOST_ARGS_SIZE       48
#define STORE_CUR            0
#define STORE_ENTRY          8
#define STACK_SP             0
#define STACK_FP             8
#define STACK_PC             16
#define ENTRY_ROOT_SP        0
#define REGS_XMM             64
#define REGS_SIZE            192
#define LANDING_SP           0
#define LANDING_FP           8
#define LANDING_PC           16
#define LANDING_INST         24
#define CODE_STACK_EXHAUSTED 10

#endif
