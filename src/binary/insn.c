/* Instruction bytes to struct insn and back.
 *
 * In: a bounded reader; out: one struct insn, its lists left as bytes that have been walked once.  Which
 * immediates follow is the opcode row's imm column; there is one case for each row of imm.def in the reader
 * and one in the writer. Must not: allocate, recurse, judge types or indices (validate/ does). */
#include "binary/insn.h"

/* ---- types ---- */

static bool fail_heaptype(struct reader *r, uint64_t off) {
  return reader_fail_at(r, off, ERROR_MALFORMED, "malformed heap type");
}

static uint32_t read_type_index(struct reader *r, uint64_t off, int64_t index) {
  if (index < 0) return fail_heaptype(r, off), 0u;
  if (index >= MAX_TYPES)
    return reader_fail_at(r, off, ERROR_INVALID, "unknown type %lld", (long long)index), 0u;
  return VT_CONCRETE | (uint32_t)index;
}

static const struct {
  uint8_t code, heap, feature;
} heap_codes[] = {
    {0x70, HEAP_FUNC, FEATURE_REFERENCE_TYPES},
    {0x6f, HEAP_EXTERN, FEATURE_REFERENCE_TYPES},
    {0x6e, HEAP_ANY, FEATURE_GC},
    {0x6d, HEAP_EQ, FEATURE_GC},
    {0x6c, HEAP_I31, FEATURE_GC},
    {0x6b, HEAP_STRUCT, FEATURE_GC},
    {0x6a, HEAP_ARRAY, FEATURE_GC},
    {0x69, HEAP_EXN, FEATURE_EXCEPTIONS},
    {0x68, HEAP_CONT, FEATURE_STACK_SWITCHING},
    {0x71, HEAP_NONE, FEATURE_GC},
    {0x72, HEAP_NOEXTERN, FEATURE_GC},
    {0x73, HEAP_NOFUNC, FEATURE_GC},
    {0x74, HEAP_NOEXN, FEATURE_EXCEPTIONS},
    {0x75, HEAP_NOCONT, FEATURE_STACK_SWITCHING},
};

static bool heap_of_code(uint8_t code, struct features f, uint32_t *heap) {
  for (size_t i = 0; i < COUNT_OF(heap_codes); i++) {
    if (heap_codes[i].code == code && feature_on(f, (enum feature)heap_codes[i].feature))
      return *heap = heap_codes[i].heap, true;
  }
  return false;
}

enum { CODE_EXACT = 0x62, CODE_REF_NULL = 0x63, CODE_REF = 0x64, CODE_EMPTY = 0x40 };

/* Bytes 0x40..0x7f are the one-byte negative numbers, which is where all type codes are. */
static bool is_type_code(uint8_t byte) { return (byte & 0xc0) == 0x40; }

uint32_t read_heaptype(struct reader *r, struct features f) {
  uint64_t off = reader_off(r);
  uint32_t heap;
  if (reader_done(r)) return read_u8_end(r);
  if (!is_type_code(*r->at)) return read_type_index(r, off, read_sleb33(r));
  uint8_t code = *r->at++;
  if (heap_of_code(code, f, &heap)) return heap;
  if (code == CODE_EXACT && feature_on(f, FEATURE_CUSTOM_DESCRIPTORS))
    return VT_EXACT | read_type_index(r, off, read_uleb32(r));
  return fail_heaptype(r, off), 0u;
}

/* A reference type whose first byte is `code`; VT_NONE when that begins none. */
static valtype read_reftype_code(struct reader *r, struct features f, uint8_t code) {
  uint32_t heap;
  if (heap_of_code(code, f, &heap)) return vt_ref(heap, true);
  if ((code == CODE_REF || code == CODE_REF_NULL) && feature_on(f, FEATURE_FUNC_REFS)) {
    heap = read_heaptype(r, f);
    return reader_ok(r) ? vt_ref(heap, code == CODE_REF_NULL) : VT_NONE;
  }
  return VT_NONE;
}

valtype read_reftype(struct reader *r, struct features f) {
  uint64_t off = reader_off(r);
  valtype t = read_reftype_code(r, f, read_u8(r));
  if (t == VT_NONE) (void)reader_fail_at(r, off, ERROR_MALFORMED, "malformed reference type");
  return t;
}

/* The value type that begins with `code`, or VT_NONE. */
static valtype read_valtype_code(struct reader *r, struct features f, uint8_t code) {
  switch (code) {
  case 0x7f: return VT_I32;
  case 0x7e: return VT_I64;
  case 0x7d: return VT_F32;
  case 0x7c: return VT_F64;
  case 0x7b: return feature_on(f, FEATURE_SIMD) ? VT_V128 : VT_NONE;
  default: return read_reftype_code(r, f, code);
  }
}

valtype read_valtype(struct reader *r, struct features f) {
  uint64_t off = reader_off(r);
  valtype t = read_valtype_code(r, f, read_u8(r));
  if (t == VT_NONE) (void)reader_fail_at(r, off, ERROR_MALFORMED, "malformed value type");
  return t;
}

valtype read_storage_type(struct reader *r, struct features f) {
  uint64_t off = reader_off(r);
  uint8_t code = read_u8(r);
  valtype t = code == 0x78 ? VT_I8 : code == 0x77 ? VT_I16 : read_valtype_code(r, f, code);
  if (t == VT_NONE) (void)reader_fail_at(r, off, ERROR_MALFORMED, "malformed storage type");
  return t;
}

static void read_blocktype(struct reader *r, struct features f, struct blocktype *t) {
  uint64_t off = reader_off(r);
  *t = (struct blocktype){.kind = BLOCK_EMPTY};
  if (reader_done(r)) {
    (void)read_u8_end(r);
  } else if (*r->at == CODE_EMPTY) {
    r->at++;
  } else if (is_type_code(*r->at)) {
    t->kind = BLOCK_VALUE;
    t->type = read_valtype(r, f);
  } else {
    int64_t index = read_sleb33(r);
    t->kind = BLOCK_TYPE;
    t->index = (uint32_t)index;
    if (index < 0 || !feature_on(f, FEATURE_MULTI_VALUE))
      (void)reader_fail_at(r, off, ERROR_MALFORMED, "malformed block type");
  }
}

/* ---- immediates ---- */

static void expect_zero(struct reader *r) {
  uint64_t off = reader_off(r);
  if (read_u8(r) != 0) (void)reader_fail_at(r, off, ERROR_MALFORMED, "zero byte expected");
}

/* An index that was a reserved zero byte before `id`. */
static uint32_t read_later_index(struct reader *r, struct features f, enum feature id) {
  if (feature_on(f, id)) return read_uleb32(r);
  expect_zero(r);
  return 0;
}

static void read_memarg(struct reader *r, struct features f, struct insn *insn) {
  enum { HAS_MEMORY = 0x40 };
  uint64_t off = reader_off(r);
  uint32_t flags = read_uleb32(r);
  insn->a = 0;
  if (flags & HAS_MEMORY && feature_on(f, FEATURE_MULTI_MEMORY)) {
    flags ^= HAS_MEMORY;
    insn->a = read_uleb32(r);
  }
  if (flags >= HAS_MEMORY) (void)reader_fail_at(r, off, ERROR_MALFORMED, "malformed memop flags");
  insn->align = flags;
  insn->offset = feature_on(f, FEATURE_MEMORY64) ? read_uleb64(r) : read_uleb32(r);
}

static void begin_list(struct reader *r, struct insn *insn, uint32_t max, size_t min_item, const char *what) {
  insn->list_len = read_count(r, max, min_item, what);
  insn->list = insn->list_end = r->at;
  insn->list_off = (uint32_t)reader_off(r);
}

static void end_list(struct reader *r, struct insn *insn) {
  if (reader_ok(r))
    insn->list_end = r->at;
  else
    insn->list_end = insn->list, insn->list_len = 0;
}

static void read_labels(struct reader *r, struct insn *insn) {
  begin_list(r, insn, MAX_BR_TABLE, 1, "labels");
  for (uint32_t i = 0; i < insn->list_len && !reader_done(r); i++)
    (void)read_uleb32(r);
  end_list(r, insn);
  insn->a = read_uleb32(r);
}

static void read_select(struct reader *r, struct features f, struct insn *insn) {
  begin_list(r, insn, MAX_RESULTS, 1, "types");
  for (uint32_t i = 0; i < insn->list_len; i++)
    (void)read_valtype(r, f);
  end_list(r, insn);
}

static void read_catches(struct reader *r, struct insn *insn) {
  begin_list(r, insn, MAX_CATCHES, 2, "catch clauses");
  for (uint32_t i = 0; i < insn->list_len; i++) {
    uint64_t off = reader_off(r);
    uint8_t kind = read_u8(r);
    if (kind > CATCH_ALL_REF) (void)reader_fail_at(r, off, ERROR_MALFORMED, "malformed catch clause");
    if (kind < CATCH_ALL) (void)read_uleb32(r);
    (void)read_uleb32(r);
  }
  end_list(r, insn);
}

static void read_handlers(struct reader *r, struct insn *insn) {
  begin_list(r, insn, MAX_HANDLERS, 2, "handlers");
  for (uint32_t i = 0; i < insn->list_len; i++) {
    uint64_t off = reader_off(r);
    uint8_t kind = read_u8(r);
    if (kind > 1) (void)reader_fail_at(r, off, ERROR_MALFORMED, "malformed handler clause");
    (void)read_uleb32(r);
    if (kind == 0) (void)read_uleb32(r);
  }
  end_list(r, insn);
}

static void read_br_cast(struct reader *r, struct features f, struct insn *insn) {
  uint64_t off = reader_off(r);
  uint8_t flags = read_u8(r);
  if (flags > 3) (void)reader_fail_at(r, off, ERROR_MALFORMED, "malformed br_on_cast flags");
  insn->a = read_uleb32(r);
  insn->type = vt_ref(read_heaptype(r, f), flags & 1);
  insn->type2 = vt_ref(read_heaptype(r, f), flags & 2);
}

static void read_v128(struct reader *r, struct insn *insn) {
  struct slice bytes = read_bytes(r, sizeof insn->v128);
  if (bytes.len == sizeof insn->v128) __builtin_memcpy(insn->v128, bytes.data, sizeof insn->v128);
}

static void read_immediates(struct reader *r, struct features f, const struct op_info *info,
                            struct insn *insn) {
  switch ((enum imm)info->imm) {
  case IMM_NONE: return;
  case IMM_BLOCK: read_blocktype(r, f, &insn->block); return;
  case IMM_LABEL:
  case IMM_FUNC:
  case IMM_TYPE:
  case IMM_LOCAL:
  case IMM_GLOBAL:
  case IMM_TABLE:
  case IMM_ELEM:
  case IMM_DATA:
  case IMM_TAG: insn->a = read_uleb32(r); return;
  case IMM_LABELS: read_labels(r, insn); return;
  case IMM_INDIRECT:
    insn->a = read_uleb32(r);
    insn->b = read_later_index(r, f, FEATURE_REFERENCE_TYPES);
    return;
  case IMM_TABLE2:
    insn->a = read_later_index(r, f, FEATURE_REFERENCE_TYPES);
    insn->b = read_later_index(r, f, FEATURE_REFERENCE_TYPES);
    return;
  case IMM_TABLE_ELEM:
    insn->b = read_uleb32(r);
    insn->a = read_later_index(r, f, FEATURE_REFERENCE_TYPES);
    return;
  case IMM_MEMORY: insn->a = read_later_index(r, f, FEATURE_MULTI_MEMORY); return;
  case IMM_MEMORY2:
    insn->a = read_later_index(r, f, FEATURE_MULTI_MEMORY);
    insn->b = read_later_index(r, f, FEATURE_MULTI_MEMORY);
    return;
  case IMM_MEMORY_DATA:
    insn->b = read_uleb32(r);
    insn->a = read_later_index(r, f, FEATURE_MULTI_MEMORY);
    return;
  case IMM_MEMARG:
  case IMM_ATOMIC_MEMARG: read_memarg(r, f, insn); return;
  case IMM_MEMARG_LANE:
    read_memarg(r, f, insn);
    insn->lane = read_u8(r);
    return;
  case IMM_LANE: insn->lane = read_u8(r); return;
  case IMM_SHUFFLE:
  case IMM_V128: read_v128(r, insn); return;
  case IMM_I32: insn->u64 = (uint32_t)read_sleb32(r); return;
  case IMM_I64: insn->u64 = (uint64_t)read_sleb64(r); return;
  case IMM_F32: insn->u64 = read_u32le(r); return;
  case IMM_F64: insn->u64 = read_u64le(r); return;
  case IMM_SELECT: read_select(r, f, insn); return;
  case IMM_HEAPTYPE: insn->type = VT_REF | read_heaptype(r, f); return;
  case IMM_REFTYPE: insn->type = vt_ref(read_heaptype(r, f), info->flags & OPF_ALIAS); return;
  case IMM_BR_CAST: read_br_cast(r, f, insn); return;
  case IMM_FIELD:
  case IMM_TYPE_COUNT:
  case IMM_TYPE2:
  case IMM_TYPE_DATA:
  case IMM_TYPE_ELEM:
  case IMM_SWITCH:
    insn->a = read_uleb32(r);
    insn->b = read_uleb32(r);
    return;
  case IMM_TRY_TABLE:
    read_blocktype(r, f, &insn->block);
    read_catches(r, insn);
    return;
  case IMM_RESUME:
    insn->a = read_uleb32(r);
    read_handlers(r, insn);
    return;
  case IMM_RESUME_THROW:
    insn->a = read_uleb32(r);
    insn->b = read_uleb32(r);
    read_handlers(r, insn);
    return;
  case IMM_FENCE:
    insn->a = 0;
    expect_zero(r);
    return;
  case IMM_COUNT: break;
  }
  unreachable();
}

static enum op fail_opcode(struct reader *r, uint64_t off, uint8_t byte) {
  if (reader_ok(r)) (void)reader_fail_at(r, off, ERROR_MALFORMED, "illegal opcode %02x", byte);
  return OP_INVALID;
}

static enum op read_prefixed(struct reader *r, uint64_t off, uint8_t prefix) {
  uint32_t code = read_uleb32(r);
  enum op op = op_decode(prefix, code);
  if (!reader_ok(r)) return OP_INVALID;
  if (op == OP_INVALID)
    (void)reader_fail_at(r, off, ERROR_MALFORMED, "illegal opcode %02x %02x", prefix, code);
  return op;
}

/* LEB128 of one byte, or of two when the first says so; `second` is then the last. */
static uint32_t short_uleb(uint8_t first, uint8_t second) {
  return first & 0x80 ? (first & 0x7fu) | (uint32_t)second << 7 : first;
}

static int64_t short_sleb(uint8_t first, uint8_t second) {
  return first & 0x80 ? leb_sign_extend(second) * 128 + (first & 0x7f) : leb_sign_extend(first);
}

/* Any instruction. */
__attribute__((noinline)) static void read_insn(struct reader *r, struct features f, struct insn *insn) {
  uint64_t off = reader_off(r);
  uint8_t byte = read_u8(r);
  enum op op = op_of_byte(byte);
  if (byte >= 0xfb && byte <= 0xfe) op = read_prefixed(r, off, byte);
  const struct op_info *info = op_info(op);
  insn->op = op;
  if (!feature_on(f, (enum feature)info->feature)) { /* OP_INVALID's is never on */
    insn->op = fail_opcode(r, off, byte);
    return;
  }
  read_immediates(r, f, info, insn);
  if (info->flags & OPF_ALIAS) insn->op = (enum op)(op - 1);
  if (!reader_ok(r)) insn->op = OP_INVALID;
}

/* Nine of ten instructions are of the MVP with immediates of one or two LEB bytes: these are read here
 * without a call, from one pointer. Whatever is longer goes through read_insn from its start, so this
 * function decides nothing. */
void insn_read(struct reader *r, struct features f, struct insn *insn) {
  enum { LONGEST_SHORT = 4 };
  const uint8_t *at = r->at;
  insn->off = (uint32_t)(r->base_off + (uint64_t)(at - r->base));
  if (r->end - at >= LONGEST_SHORT) {
    enum op op = op_of_byte(at[0]);
    const struct op_info *info = op_info(op);
    uint8_t first = at[1], second = at[2];
    if (info->feature == FEATURE_MVP) {
      insn->op = op;
      switch (info->imm) {
      case IMM_NONE: r->at = at + 1; return;
      case IMM_LABEL:
      case IMM_FUNC:
      case IMM_LOCAL:
      case IMM_GLOBAL:
        if (first & second & 0x80) break;
        insn->a = short_uleb(first, second);
        r->at = at + 2 + (first >> 7);
        return;
      case IMM_I32:
        if (first & second & 0x80) break;
        insn->u64 = (uint32_t)short_sleb(first, second);
        r->at = at + 2 + (first >> 7);
        return;
      case IMM_I64:
        if (first & second & 0x80) break;
        insn->u64 = (uint64_t)short_sleb(first, second);
        r->at = at + 2 + (first >> 7);
        return;
      case IMM_BLOCK:
        if (first != CODE_EMPTY) break;
        insn->block = (struct blocktype){.kind = BLOCK_EMPTY};
        r->at = at + 2;
        return;
      case IMM_MEMARG:
        if (first >= 0x40 || (second & at[3] & 0x80)) break;
        insn->a = 0;
        insn->align = first;
        insn->offset = short_uleb(second, at[3]);
        r->at = at + 3 + (second >> 7);
        return;
      default: break;
      }
    }
  }
  read_insn(r, f, insn);
}

/* ---- lists, whose bytes insn_read has walked ---- */

static uint32_t next_u32(const uint8_t **at) {
  uint32_t v = 0;
  for (unsigned shift = 0;; shift += 7) {
    uint8_t byte = *(*at)++;
    v |= (uint32_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80)) return v;
  }
}

uint32_t insn_next_label(const uint8_t **at) { return next_u32(at); }

valtype insn_next_valtype(const uint8_t **at) {
  enum { LONGEST = 8 }; /* (ref null (exact x)) is 1 + 1 + 5 bytes */
  struct error none = ERROR_INIT;
  struct reader r = {*at, *at + LONGEST, *at, 0, &none};
  valtype t = read_valtype(&r, features_all());
  assert(t != VT_NONE);
  *at = r.at;
  return t;
}

struct catch_clause insn_next_catch(const uint8_t **at) {
  struct catch_clause c = {.kind = (enum catch_kind) * (*at)++};
  if (c.kind < CATCH_ALL) c.tag = next_u32(at);
  c.label = next_u32(at);
  return c;
}

struct handler_clause insn_next_handler(const uint8_t **at) {
  struct handler_clause h = {.is_switch = *(*at)++ != 0};
  h.tag = next_u32(at);
  if (!h.is_switch) h.label = next_u32(at);
  return h;
}

/* ---- writing ---- */

void write_heaptype(struct buf *b, uint32_t heap) {
  if (heap_is_concrete(heap)) {
    if (heap & VT_EXACT) {
      buf_u8(b, CODE_EXACT);
      buf_uleb(b, heap & VT_INDEX_MASK);
    } else {
      buf_sleb(b, heap & VT_INDEX_MASK);
    }
    return;
  }
  for (size_t i = 0; i < COUNT_OF(heap_codes); i++) {
    if (heap_codes[i].heap == heap) buf_u8(b, heap_codes[i].code);
  }
}

void write_valtype(struct buf *b, valtype t) {
  switch (t) {
  case VT_I32: buf_u8(b, 0x7f); return;
  case VT_I64: buf_u8(b, 0x7e); return;
  case VT_F32: buf_u8(b, 0x7d); return;
  case VT_F64: buf_u8(b, 0x7c); return;
  case VT_V128: buf_u8(b, 0x7b); return;
  case VT_I8: buf_u8(b, 0x78); return;
  case VT_I16: buf_u8(b, 0x77); return;
  default: break;
  }
  assert(t & VT_REF);
  if (!vt_is_nullable(t))
    buf_u8(b, CODE_REF);
  else if (vt_is_concrete(t))
    buf_u8(b, CODE_REF_NULL);
  write_heaptype(b, vt_heap(t));
}

void write_blocktype(struct buf *b, struct blocktype t) {
  switch (t.kind) {
  case BLOCK_EMPTY: buf_u8(b, CODE_EMPTY); return;
  case BLOCK_VALUE: write_valtype(b, t.type); return;
  case BLOCK_TYPE: buf_sleb(b, t.index); return;
  }
}

void write_opcode(struct buf *b, enum op op) {
  const struct op_info *info = op_info(op);
  assert(op != OP_INVALID);
  if (info->prefix == 0) {
    buf_u8(b, (uint8_t)info->code);
  } else {
    buf_u8(b, info->prefix);
    buf_uleb(b, info->code);
  }
}

static void write_memarg(struct buf *b, const struct insn *insn) {
  buf_uleb(b, insn->align | (insn->a != 0 ? 0x40u : 0u));
  if (insn->a != 0) buf_uleb(b, insn->a);
  buf_uleb(b, insn->offset);
}

static void write_list(struct buf *b, const struct insn *insn) {
  buf_uleb(b, insn->list_len);
  buf_bytes(b, insn->list, (size_t)(insn->list_end - insn->list));
}

void insn_write(struct buf *b, const struct insn *insn) {
  const struct op_info *info = op_info(insn->op);
  bool second = info->imm == IMM_REFTYPE && vt_is_nullable(insn->type);
  write_opcode(b, second ? (enum op)(insn->op + 1) : insn->op);
  switch ((enum imm)info->imm) {
  case IMM_NONE: return;
  case IMM_BLOCK: write_blocktype(b, insn->block); return;
  case IMM_LABEL:
  case IMM_FUNC:
  case IMM_TYPE:
  case IMM_LOCAL:
  case IMM_GLOBAL:
  case IMM_TABLE:
  case IMM_ELEM:
  case IMM_DATA:
  case IMM_MEMORY:
  case IMM_TAG: buf_uleb(b, insn->a); return;
  case IMM_LABELS:
    write_list(b, insn);
    buf_uleb(b, insn->a);
    return;
  case IMM_TABLE_ELEM:
  case IMM_MEMORY_DATA:
    buf_uleb(b, insn->b);
    buf_uleb(b, insn->a);
    return;
  case IMM_MEMARG:
  case IMM_ATOMIC_MEMARG: write_memarg(b, insn); return;
  case IMM_MEMARG_LANE:
    write_memarg(b, insn);
    buf_u8(b, (uint8_t)insn->lane);
    return;
  case IMM_LANE: buf_u8(b, (uint8_t)insn->lane); return;
  case IMM_SHUFFLE:
  case IMM_V128: buf_bytes(b, insn->v128, sizeof insn->v128); return;
  case IMM_I32: buf_sleb(b, (int32_t)insn->u64); return;
  case IMM_I64: buf_sleb(b, (int64_t)insn->u64); return;
  case IMM_F32: buf_u32le(b, (uint32_t)insn->u64); return;
  case IMM_F64: buf_u64le(b, insn->u64); return;
  case IMM_SELECT: write_list(b, insn); return;
  case IMM_HEAPTYPE:
  case IMM_REFTYPE: write_heaptype(b, vt_heap(insn->type)); return;
  case IMM_BR_CAST:
    buf_u8(b, (uint8_t)(vt_is_nullable(insn->type) | vt_is_nullable(insn->type2) << 1));
    buf_uleb(b, insn->a);
    write_heaptype(b, vt_heap(insn->type));
    write_heaptype(b, vt_heap(insn->type2));
    return;
  case IMM_INDIRECT:
  case IMM_TABLE2:
  case IMM_MEMORY2:
  case IMM_FIELD:
  case IMM_TYPE_COUNT:
  case IMM_TYPE2:
  case IMM_TYPE_DATA:
  case IMM_TYPE_ELEM:
  case IMM_SWITCH:
    buf_uleb(b, insn->a);
    buf_uleb(b, insn->b);
    return;
  case IMM_TRY_TABLE:
    write_blocktype(b, insn->block);
    write_list(b, insn);
    return;
  case IMM_RESUME:
    buf_uleb(b, insn->a);
    write_list(b, insn);
    return;
  case IMM_RESUME_THROW:
    buf_uleb(b, insn->a);
    buf_uleb(b, insn->b);
    write_list(b, insn);
    return;
  case IMM_FENCE: buf_u8(b, 0); return;
  case IMM_COUNT: break;
  }
  unreachable();
}
