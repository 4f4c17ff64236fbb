/* Rules applied when an instruction is created: what an operation on known values comes to.
 *
 * In: an instruction about to be made.  Out: a value that equals it, or a simpler instruction in its place.
 * Each rule carries its equation; x, y, z are values, c constants, w the width. A rule may make new
 * instructions; they are smaller, so this ends.  Comparisons: compare.c; constants: constant.c; division:
 * magic.c. Must not: look at anything but operands that are there, or depend on how often they are used. */
#include "compiler/opt/private.h"

static ir_val emit(struct opt *o, enum ir_op op, uint8_t type, ir_val a, ir_val b, uint32_t off) {
  return opt_emit(o, (struct ir_insn){.op = (uint8_t)op, .type = type, .a = a, .b = b}, off);
}

static uint64_t width_mask(uint8_t type) {
  return type == IR_I32 || type == IR_REF ? UINT32_MAX : UINT64_MAX;
}
static uint32_t width(uint8_t type) { return type == IR_I32 || type == IR_REF ? 32 : 64; }

static ir_val constant(struct opt *o, uint8_t type, uint64_t bits, uint32_t off) {
  return opt_constant(o, (enum ir_type)type, bits & width_mask(type), off);
}

/* (x op c1) op c2  =>  x op (c1 op c2), for + & | ^ * */
static ir_val reassociate(struct opt *o, const struct ir_insn *in, uint32_t off) {
  struct ir_func *f = o->f;
  const struct ir_insn x = *ir_at(f, in->a);
  if (x.op != in->op || x.type != in->type || !ir_is_const(f, x.b)) return 0;
  uint64_t c1 = ir_const(f, x.b), c2 = ir_const(f, in->b), c;
  switch (in->op) {
  case IR_OP_ADD: c = c1 + c2; break;
  case IR_OP_AND: c = c1 & c2; break;
  case IR_OP_OR: c = c1 | c2; break;
  case IR_OP_XOR: c = c1 ^ c2; break;
  case IR_OP_MUL: c = c1 * c2; break;
  default: return 0;
  }
  return emit(o, (enum ir_op)in->op, in->type, x.a, constant(o, in->type, c, off), off);
}

static ir_val fold_add(struct opt *o, const struct ir_insn *in, uint32_t off) {
  struct ir_func *f = o->f;
  if (in->type == IR_PTR) /* p + 0  =>  p */
    return ir_is_const(f, in->b) && ir_const(f, in->b) == 0 ? in->a : 0;
  if (ir_is_const(f, in->b)) {
    if (ir_const(f, in->b) == 0) return in->a; /* x + 0  =>  x */
    const struct ir_insn x = *ir_at(f, in->a);
    if (x.op == IR_OP_SUB && ir_is_const(f, x.a)) /* (c1 - x) + c2  =>  (c1 + c2) - x */
      return emit(o, IR_OP_SUB, in->type, constant(o, in->type, ir_const(f, x.a) + ir_const(f, in->b), off),
                  x.b, off);
    return reassociate(o, in, off);
  }
  const struct ir_insn x = *ir_at(f, in->a), y = *ir_at(f, in->b);
  if (x.op == IR_OP_SUB && x.b == in->b) return x.a; /* (x - y) + y  =>  x */
  if (y.op == IR_OP_SUB && y.b == in->a) return y.a;
  if (y.op == IR_OP_SUB && ir_is_const(f, y.a) && ir_const(f, y.a) == 0) /* x + (0 - y)  =>  x - y */
    return emit(o, IR_OP_SUB, in->type, in->a, y.b, off);
  return 0;
}

static ir_val fold_sub(struct opt *o, const struct ir_insn *in, uint32_t off) {
  struct ir_func *f = o->f;
  if (in->a == in->b) return constant(o, in->type, 0, off); /* x - x  =>  0 */
  if (ir_is_const(f, in->b))                                /* x - c  =>  x + -c */
    return emit(o, IR_OP_ADD, in->type, in->a, constant(o, in->type, 0 - ir_const(f, in->b), off), off);
  const struct ir_insn x = *ir_at(f, in->a), y = *ir_at(f, in->b);
  if (x.op == IR_OP_ADD && x.a == in->b) return x.b; /* (y + x) - y  =>  x */
  if (x.op == IR_OP_ADD && x.b == in->b) return x.a;
  if (y.op == IR_OP_SUB && y.a == in->a) return y.b;                     /* x - (x - y)  =>  y */
  if (y.op == IR_OP_SUB && ir_is_const(f, y.a) && ir_const(f, y.a) == 0) /* x - (0 - y)  =>  x + y */
    return emit(o, IR_OP_ADD, in->type, in->a, y.b, off);
  /* c - (x + c1)  =>  (c - c1) - x */
  if (ir_is_const(f, in->a) && y.op == IR_OP_ADD && ir_is_const(f, y.b))
    return emit(o, IR_OP_SUB, in->type, constant(o, in->type, ir_const(f, in->a) - ir_const(f, y.b), off),
                y.a, off);
  return 0;
}

static ir_val fold_mul(struct opt *o, const struct ir_insn *in, uint32_t off) {
  struct ir_func *f = o->f;
  if (!ir_is_const(f, in->b)) return 0;
  uint64_t c = ir_const(f, in->b);
  if (c == 0) return in->b; /* x * 0  =>  0 */
  if (c == 1) return in->a;
  if ((c & (c - 1)) == 0) /* x * 2^k  =>  x << k */
    return emit(o, IR_OP_SHL, in->type, in->a, constant(o, in->type, (uint64_t)__builtin_ctzll(c), off), off);
  if (c == width_mask(in->type)) /* x * -1  =>  0 - x */
    return emit(o, IR_OP_SUB, in->type, constant(o, in->type, 0, off), in->a, off);
  const struct ir_insn x = *ir_at(f, in->a);
  if (x.op == IR_OP_SHL && ir_is_const(f, x.b)) /* (x << k) * c  =>  x * (c << k) */
    return emit(o, IR_OP_MUL, in->type, x.a,
                constant(o, in->type, c << (ir_const(f, x.b) & (width(in->type) - 1)), off), off);
  return reassociate(o, in, off);
}

static ir_val fold_and(struct opt *o, const struct ir_insn *in, uint32_t off) {
  struct ir_func *f = o->f;
  if (in->a == in->b) return in->a; /* x & x  =>  x */
  if (!ir_is_const(f, in->b)) return 0;
  uint64_t c = ir_const(f, in->b);
  if (c == 0) return in->b;
  if ((~c & width_mask(in->type) & ~known_zeros(f, in->a)) == 0)
    return in->a; /* bits that are zero already */
  const struct ir_insn x = *ir_at(f, in->a);
  /* sext8 x & c  =>  x & c where c keeps none of the copies of the sign */
  if ((x.op == IR_OP_SEXT8 && c <= 0xff) || (x.op == IR_OP_SEXT16 && c <= 0xffff))
    return emit(o, IR_OP_AND, in->type, x.a, in->b, off);
  return reassociate(o, in, off);
}

static ir_val fold_or(struct opt *o, const struct ir_insn *in, uint32_t off) {
  struct ir_func *f = o->f;
  if (in->a == in->b) return in->a; /* x | x  =>  x */
  if (!ir_is_const(f, in->b)) return 0;
  uint64_t c = ir_const(f, in->b);
  if (c == 0) return in->a;
  if (c == width_mask(in->type)) return in->b;
  return reassociate(o, in, off);
}

static ir_val fold_xor(struct opt *o, const struct ir_insn *in, uint32_t off) {
  struct ir_func *f = o->f;
  if (in->a == in->b) return constant(o, in->type, 0, off); /* x ^ x  =>  0 */
  if (!ir_is_const(f, in->b)) return 0;
  uint64_t c = ir_const(f, in->b);
  if (c == 0) return in->a;
  const struct ir_insn x = *ir_at(f, in->a);
  if (c == 1 && ir_op_table[x.op].type == 'b' &&
      compare_inverse((enum ir_op)x.op) != IR_OP_NONE) /* (x < y) ^ 1  =>  x >= y */
    return emit(o, compare_inverse((enum ir_op)x.op), IR_I32, x.a, x.b, off);
  return reassociate(o, in, off);
}

/* Shifts and rotations by y & (w - 1)  =>  by y */
static void strip_amount(struct ir_func *f, struct ir_insn *in) {
  const struct ir_insn *y = ir_at(f, in->b);
  uint64_t m = width(in->type) - 1;
  if (y->op == IR_OP_AND && ir_is_const(f, y->b) && (ir_const(f, y->b) & m) == m) in->b = y->a;
}

static ir_val fold_shift(struct opt *o, struct ir_insn *in, uint32_t off) {
  struct ir_func *f = o->f;
  strip_amount(f, in);
  if (!ir_is_const(f, in->b)) return 0;
  uint32_t w = width(in->type), n = (uint32_t)ir_const(f, in->b) & (w - 1);
  uint64_t all = width_mask(in->type);
  if (n == 0) return in->a;
  const struct ir_insn x = *ir_at(f, in->a);
  uint32_t m = (x.op == IR_OP_SHL || x.op == IR_OP_SHR_U || x.op == IR_OP_SHR_S) && ir_is_const(f, x.b)
                   ? (uint32_t)ir_const(f, x.b) & (w - 1)
                   : 0; /* x itself is shifted by m */
  if (m == 0) {
    if (in->op == IR_OP_SHR_U && (~known_zeros(f, in->a) & all) >> n == 0)
      return constant(o, in->type, 0, off);
    return 0;
  }
  if (x.op == in->op) { /* (x << m) << n  =>  x << (m + n), or 0, or only signs */
    if (m + n < w) return emit(o, (enum ir_op)in->op, in->type, x.a, constant(o, in->type, m + n, off), off);
    if (in->op != IR_OP_SHR_S) return constant(o, in->type, 0, off);
    return emit(o, IR_OP_SHR_S, in->type, x.a, constant(o, in->type, w - 1, off), off);
  }
  if (m != n) return 0;
  if (in->op == IR_OP_SHR_U && x.op == IR_OP_SHL) /* (x << n) >>u n  =>  x & mask */
    return emit(o, IR_OP_AND, in->type, x.a, constant(o, in->type, all >> n, off), off);
  if (in->op == IR_OP_SHL) /* (x >> n) << n  =>  x & mask */
    return emit(o, IR_OP_AND, in->type, x.a, constant(o, in->type, all << n, off), off);
  if (in->op == IR_OP_SHR_S &&
      x.op == IR_OP_SHL) { /* (x << n) >>s n  =>  sign extension of the low w - n bits */
    if (w - n == 8) return emit(o, IR_OP_SEXT8, in->type, x.a, 0, off);
    if (w - n == 16) return emit(o, IR_OP_SEXT16, in->type, x.a, 0, off);
    if (w - n == 32) return emit(o, IR_OP_SEXT32, in->type, x.a, 0, off);
  }
  return 0;
}

static ir_val fold_rotate(struct opt *o, struct ir_insn *in, uint32_t off) {
  struct ir_func *f = o->f;
  strip_amount(f, in);
  if (!ir_is_const(f, in->b)) return 0;
  uint32_t w = width(in->type), n = (uint32_t)ir_const(f, in->b) & (w - 1);
  if (n == 0) return in->a;
  if (in->op == IR_OP_ROTR) /* rotr x c  =>  rotl x (w - c) */
    return emit(o, IR_OP_ROTL, in->type, in->a, constant(o, in->type, w - n, off), off);
  return 0;
}

/* Strips what changes only bits above `bits`: masks and extensions. The result may be of the other integer
 * width. */
static ir_val low_bits_of(const struct ir_func *f, ir_val v, uint32_t bits) {
  uint64_t keep = bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
  for (int i = 0; i < 4; i++) {
    const struct ir_insn *in = &f->insns.at[v];
    if (in->op == IR_OP_AND && ir_is_const(f, in->b) && (ir_const(f, in->b) & keep) == keep)
      v = in->a;
    else if ((in->op == IR_OP_SEXT8 && bits <= 8) || (in->op == IR_OP_SEXT16 && bits <= 16) ||
             (in->op == IR_OP_SEXT32 && bits <= 32) || (in->op == IR_OP_ZEXT32 && bits <= 32) ||
             (in->op == IR_OP_WRAP && bits <= 32))
      v = in->a;
    else
      break;
  }
  return v;
}

static ir_val fold_sext(struct opt *o, struct ir_insn *in, uint32_t off) {
  struct ir_func *f = o->f;
  uint32_t bits = in->op == IR_OP_SEXT8 ? 8 : 16;
  if ((known_zeros(f, in->a) | ~width_mask(in->type)) >> (bits - 1) == UINT64_MAX >> (bits - 1))
    return in->a; /* sign is 0, no bits above */
  const struct ir_insn *x = ir_at(f, in->a);
  uint8_t access = x->flags & IRF_ACCESS_MASK;
  if ((x->op == IR_OP_SEXT8 && bits >= 8) || (x->op == IR_OP_SEXT16 && bits >= 16) ||
      (x->op == IR_OP_GLOAD && (access == ACCESS_8S || (access == ACCESS_16S && bits == 16))))
    return in->a; /* is one already */
  ir_val v = low_bits_of(f, in->a, bits);
  if (v != in->a && f->insns.at[v].type == in->type) return emit(o, (enum ir_op)in->op, in->type, v, 0, off);
  return 0;
}

static ir_val fold_sext32(struct opt *o, const struct ir_insn *in, uint32_t off) {
  struct ir_func *f = o->f;
  const struct ir_insn x = *ir_at(f, in->a);
  if (x.type == IR_I32 && (known_zeros(f, in->a) >> 31 & 1))
    return emit(o, IR_OP_ZEXT32, IR_I64, in->a, 0, off);
  if (x.op == IR_OP_SEXT32) return in->a;
  if (x.op == IR_OP_WRAP) /* sext32 (wrap x)  =>  sext32 x */
    return emit(o, IR_OP_SEXT32, IR_I64, x.a, 0, off);
  return 0;
}

static ir_val fold_zext32(struct opt *o, const struct ir_insn *in, uint32_t off) {
  struct ir_func *f = o->f;
  (void)off;
  const struct ir_insn *x = ir_at(f, in->a);
  if (x->op == IR_OP_WRAP && known_zeros(f, x->a) >> 32 == UINT32_MAX)
    return x->a; /* zext (wrap x)  =>  x, small x */
  return 0;
}

/* A value of 32 bits whose extension is v, if it is at hand. */
static ir_val narrow_of(struct opt *o, ir_val v, uint32_t off) {
  struct ir_func *f = o->f;
  const struct ir_insn *in = ir_at(f, v);
  if (in->op == IR_OP_ZEXT32) return in->a;
  if (in->op == IR_OP_SEXT32 && f->insns.at[in->a].type == IR_I32) return in->a;
  if (in->op == IR_OP_ICONST) return opt_constant(o, IR_I32, (uint32_t)ir_const(f, v), off);
  return 0;
}

static ir_val fold_wrap(struct opt *o, struct ir_insn *in, uint32_t off) {
  struct ir_func *f = o->f;
  ir_val low = low_bits_of(f, in->a, 32);
  if (f->insns.at[low].type == IR_I32) return low; /* wrap (zext x)  =>  x */
  if (low != in->a) return emit(o, IR_OP_WRAP, IR_I32, low, 0, off);
  const struct ir_insn x = *ir_at(f, in->a);
  switch (x.op) { /* wrap (zext x + zext y)  =>  x + y */
  case IR_OP_ADD:
  case IR_OP_SUB:
  case IR_OP_MUL:
  case IR_OP_AND:
  case IR_OP_OR:
  case IR_OP_XOR: {
    ir_val a = narrow_of(o, x.a, off), b = a ? narrow_of(o, x.b, off) : 0;
    return b ? emit(o, (enum ir_op)x.op, IR_I32, a, b, off) : 0;
  }
  default: return 0;
  }
}

static ir_val fold_float(struct opt *o, const struct ir_insn *in, uint32_t off) {
  struct ir_func *f = o->f;
  const struct ir_insn *x = ir_at(f, in->a);
  switch (in->op) {
  case IR_OP_FNEG:
    if (x->op == IR_OP_FNEG) return x->a; /* -(-x)  =>  x */
    break;
  case IR_OP_FABS:
    if (x->op == IR_OP_FABS) return in->a; /* abs (abs x)  =>  abs x */
    if (x->op == IR_OP_FNEG) return emit(o, IR_OP_FABS, in->type, x->a, 0, off);
    break;
  case IR_OP_BITCAST:
    if (x->op == IR_OP_BITCAST && f->insns.at[x->a].type == in->type) return x->a;
    break;
  default: break;
  }
  return 0;
}

ir_val fold(struct opt *o, struct ir_insn *in, uint32_t off) {
  struct ir_func *f = o->f;
  const struct ir_op_info *info = &ir_op_table[in->op];
  if (info->operands[0] != 'v') return 0;
  if ((info->flags & IRF_K) && ir_is_const(f, in->a) && !ir_is_const(f, in->b)) { /* c + x  =>  x + c */
    uint32_t a = in->a;
    in->a = in->b;
    in->b = a;
  }
  uint64_t bits;
  if (ir_is_const(f, in->a) && in->op != IR_OP_SELECT && fold_constant(f, in, &bits))
    return opt_constant(o, (enum ir_type)in->type, bits, off);
  switch (in->op) {
  case IR_OP_ADD: return fold_add(o, in, off);
  case IR_OP_SUB: return fold_sub(o, in, off);
  case IR_OP_MUL: return fold_mul(o, in, off);
  case IR_OP_AND: return fold_and(o, in, off);
  case IR_OP_OR: return fold_or(o, in, off);
  case IR_OP_XOR: return fold_xor(o, in, off);
  case IR_OP_SHL:
  case IR_OP_SHR_S:
  case IR_OP_SHR_U: return fold_shift(o, in, off);
  case IR_OP_ROTL:
  case IR_OP_ROTR: return fold_rotate(o, in, off);
  case IR_OP_DIV_S:
  case IR_OP_DIV_U:
  case IR_OP_REM_S:
  case IR_OP_REM_U: return ir_is_const(f, in->b) ? fold_division(o, in, off) : 0;
  case IR_OP_SEXT8:
  case IR_OP_SEXT16: return fold_sext(o, in, off);
  case IR_OP_SEXT32: return fold_sext32(o, in, off);
  case IR_OP_ZEXT32: return fold_zext32(o, in, off);
  case IR_OP_WRAP: return fold_wrap(o, in, off);
  case IR_OP_EQ:
  case IR_OP_NE:
  case IR_OP_LT_S:
  case IR_OP_LT_U:
  case IR_OP_LE_S:
  case IR_OP_LE_U:
  case IR_OP_GT_S:
  case IR_OP_GT_U:
  case IR_OP_GE_S:
  case IR_OP_GE_U: return fold_compare(o, in, off);
  case IR_OP_SELECT: return fold_select(o, in, off);
  case IR_OP_FNEG:
  case IR_OP_FABS:
  case IR_OP_BITCAST: return fold_float(o, in, off);
  default: return 0;
  }
}

/* Guest addresses: (x + c) + offset  =>  x + (offset + c) where x + c cannot wrap around its width and the
 * offset stays within what guard pages cover. */
void fold_address(struct opt *o, struct ir_insn *in) {
  struct ir_func *f = o->f;
  const struct ir_insn *x = ir_at(f, in->a);
  if ((in->flags & IRF_EXT_ADDR) || x->op != IR_OP_ADD || !ir_is_const(f, x->b)) return;
  uint64_t c = ir_const(f, x->b), max = ~known_zeros(f, x->a), offset = in->c + c,
           limit = (UINT64_C(1) << 31) - 64;
  if (x->type != IR_I32 || c >= limit || offset > limit || max + c > UINT32_MAX) return;
  in->a = x->a;
  in->c = (uint32_t)offset;
}

/* Engine addresses: [(p + c) + offset]  =>  [p + (offset + c)] */
void fold_pointer(struct opt *o, struct ir_insn *in) {
  struct ir_func *f = o->f;
  const struct ir_insn *x = ir_at(f, in->a);
  if (x->op != IR_OP_ADD || !ir_is_const(f, x->b)) return;
  uint64_t c = ir_const(f, x->b);
  if (c > INT32_MAX || in->c + c > INT32_MAX) return;
  in->a = x->a;
  in->c += (uint32_t)c;
}

/* Stored values: what only changes bits that are not stored falls away. */
void fold_stored(struct opt *o, struct ir_insn *in) {
  struct ir_func *f = o->f;
  uint8_t access = in->flags & IRF_ACCESS_MASK;
  uint32_t bits = access == ACCESS_8U ? 8 : access == ACCESS_16U ? 16 : access == ACCESS_32U ? 32 : 0;
  if (access == ACCESS_FULL && in->type == IR_I32) bits = 32;
  if (bits == 0) return;
  ir_val v = low_bits_of(f, in->b, bits);
  if (v == in->b) return;
  in->b = v;
  uint8_t type = f->insns.at[v].type;
  if (bits == 32)
    in->flags = (uint8_t)((in->flags & ~IRF_ACCESS_MASK) | (type == IR_I64 ? ACCESS_32U : ACCESS_FULL));
  in->type = type;
}
