/* Fills struct isa for x86-64: registers and their roles, the tables of insn.def, the two passes and the
 * printers. */
#include "compiler/isa/x64/isa_x64.h"

#include "abi/call.h"
#include "compiler/isa/x64/addrcheck.h"
#include "compiler/isa/x64/cpu.h"
#include "compiler/isa/x64/emit.h"
#include "compiler/isa/x64/insn.h"
#include "compiler/isa/x64/select.h"

static const uint8_t int_args[CALL_INT_ARGS] = {RDI, RSI, RDX, RCX, R8, R9, R10, RAX};
static const uint8_t float_args[CALL_FLOAT_ARGS] = {XMM0, XMM1, XMM2, XMM3, XMM4, XMM5, XMM6, XMM7};
static const uint8_t int_results[CALL_INT_RESULTS] = {RAX, RDX, RCX, RSI, RDI, R8};
static const uint8_t float_results[CALL_FLOAT_RESULTS] = {XMM0, XMM1, XMM2, XMM3, XMM4, XMM5};

const struct isa isa_x64 = {
    .name = "x86-64",
    .ops = x64_ops,
    .nops = X64_OP_COUNT,
    .allocatable = X64_ALLOCATABLE,
    .callee_saved = X64_CALLEE_SAVED,
    .scratch_float = XMM15,
    .int_args = int_args,
    .float_args = float_args,
    .int_results = int_results,
    .float_results = float_results,
    .select = x64_select,
    .check = x64_check_addresses,
    .emit = x64_emit,
    .print_code = x64_print_code,
    .print_insn = x64_print_insn,
    .reg_name = x64_reg_name,
    .cpu_features = x64_cpu_features,
    .cpu_least = X64_CPU_SSE41,
};
