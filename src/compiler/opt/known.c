/* Bits that are known to be zero.
 *
 * In: an integer value.  Out: a mask of 64 bits; an i32's upper half is always known.  Looks a few operands
 * deep and no further, whatever the input. Must not: assume anything about phis and results of calls. */
#include "compiler/opt/private.h"

static const uint64_t high_half = UINT64_C(0xffffffff) << 32;

static uint64_t access_zeros(const struct ir_insn *in, uint64_t own) {
  switch ((enum ir_access)(in->flags & IRF_ACCESS_MASK)) {
  case ACCESS_8U: return ~UINT64_C(0xff);
  case ACCESS_16U: return ~UINT64_C(0xffff);
  case ACCESS_32U: return high_half;
  case ACCESS_FULL:
  case ACCESS_8S:
  case ACCESS_16S:
  case ACCESS_32S: break;
  }
  return own;
}

static uint32_t top_zeros(uint64_t zeros) { return ~zeros == 0 ? 64 : (uint32_t)__builtin_clzll(~zeros); }
static uint32_t low_zeros(uint64_t zeros) { return ~zeros == 0 ? 64 : (uint32_t)__builtin_ctzll(~zeros); }
static uint64_t top_mask(uint32_t n) { return n == 0 ? 0 : n >= 64 ? UINT64_MAX : UINT64_MAX << (64 - n); }
static uint64_t low_mask(uint32_t n) { return n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1; }

static uint64_t zeros_of(const struct ir_func *f, ir_val v, uint32_t depth) {
  const struct ir_insn *in = &f->insns.at[v];
  bool narrow = in->type == IR_I32 || in->type == IR_REF;
  uint64_t own = narrow ? high_half : 0;
  if (in->op == IR_OP_ICONST) return ~ir_const(f, v);
  if (ir_op_table[in->op].type == 'b') return ~UINT64_C(1);
  if (depth == 0) return own;
  switch (in->op) {
  case IR_OP_AND: return own | zeros_of(f, in->a, depth - 1) | zeros_of(f, in->b, depth - 1);
  case IR_OP_OR:
  case IR_OP_XOR: return own | (zeros_of(f, in->a, depth - 1) & zeros_of(f, in->b, depth - 1));
  case IR_OP_SELECT: return own | (zeros_of(f, in->b, depth - 1) & zeros_of(f, in->c, depth - 1));
  case IR_OP_SHL: {
    if (!ir_is_const(f, in->b)) return own;
    uint32_t n = (uint32_t)ir_const(f, in->b) & (narrow ? 31 : 63);
    return own | zeros_of(f, in->a, depth - 1) << n | low_mask(n);
  }
  case IR_OP_SHR_U: {
    if (!ir_is_const(f, in->b)) return own;
    uint32_t n = (uint32_t)ir_const(f, in->b) & (narrow ? 31 : 63);
    return own | zeros_of(f, in->a, depth - 1) >> n | top_mask(n + (narrow ? 32 : 0));
  }
  case IR_OP_ADD: {
    uint64_t a = zeros_of(f, in->a, depth - 1), b = zeros_of(f, in->b, depth - 1);
    uint32_t top = min_u32(top_zeros(a), top_zeros(b)), low = min_u32(low_zeros(a), low_zeros(b));
    return own | top_mask(top > 0 ? top - 1 : 0) | low_mask(low);
  }
  case IR_OP_MUL: {
    uint64_t a = zeros_of(f, in->a, depth - 1), b = zeros_of(f, in->b, depth - 1);
    uint32_t bits = 128 - top_zeros(a) - top_zeros(b);
    return own | top_mask(bits >= 64 ? 0 : 64 - bits) | low_mask(min_u32(64, low_zeros(a) + low_zeros(b)));
  }
  case IR_OP_DIV_U: return own | top_mask(top_zeros(zeros_of(f, in->a, depth - 1)));
  case IR_OP_CLZ:
  case IR_OP_CTZ:
  case IR_OP_POPCNT: return ~UINT64_C(0x7f);
  case IR_OP_ZEXT32: return high_half | zeros_of(f, in->a, depth - 1);
  case IR_OP_WRAP: return high_half | zeros_of(f, in->a, depth - 1);
  case IR_OP_SEXT32: {
    uint64_t a = zeros_of(f, in->a, depth - 1);
    return a >> 31 & 1 ? a | high_half : a & ~high_half;
  }
  case IR_OP_LOAD:
  case IR_OP_ATOMIC_LOAD:
  case IR_OP_ATOMIC_ADD:
  case IR_OP_ATOMIC_SUB:
  case IR_OP_ATOMIC_AND:
  case IR_OP_ATOMIC_OR:
  case IR_OP_ATOMIC_XOR:
  case IR_OP_ATOMIC_XCHG:
  case IR_OP_ATOMIC_CMPXCHG:
  case IR_OP_GLOAD: return access_zeros(in, own);
  default: return own;
  }
}

uint64_t known_zeros(const struct ir_func *f, ir_val v) { return zeros_of(f, v, 3); }
