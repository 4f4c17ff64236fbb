/* Offsets and codes that thunk.S needs as plain numbers; thunk_layout.c asserts that they are the structs'.
 */
#ifndef COMPILER_ISA_X64_THUNK_LAYOUT_H
#define COMPILER_ISA_X64_THUNK_LAYOUT_H

#define FUNC_CODE         0
#define FUNC_INST         8
#define VMCTX_STORE       0
#define VMCTX_MEMORY0     8
#define HOST_ARGS_SIZE    48
#define STORE_CUR         0
#define STORE_ENTRY       8
#define STORE_LANDING     40
#define STACK_SP          0
#define STACK_FP          8
#define STACK_PC          16
#define STACK_INST        24
#define STACK_PARENT      40
#define STACK_LAST        48
#define STACK_HANDLERS    56
#define STACK_FUNC        80
#define STACK_NEXT        96
#define STACK_NOTED       121
#define STACK_FINISH_SLOW 122
#define STACK_SIZE        128
#define STORE_FINISHED    16
#define STORE_NOTED       96
#define STORE_NOTED_END   104
#define HANDLERS_LABELS   8
#define CLAUSE_SIZE       8
#define CLAUSE_LANDING    4
#define ENTRY_ROOT_SP     0
#define REGS_XMM          64
#define REGS_SIZE         192
#define LANDING_SP        0
#define LANDING_FP        8
#define LANDING_PC        16
#define LANDING_INST      24
#define LANDING_KEPT      32
#define CODE_NOT_COMPILED 28
#define CODE_SUSPEND      66
#define CODE_SUSPENDED    67
#define RESUME_CHILD      48
#define RESUME_STATUS     56
#define RESUME_RBX        64
#define RESUME_BACK       72
#define RESUME_HANDLERS   88

#endif
