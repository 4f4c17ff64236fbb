/* enum op, struct op_info and the decode tables, all from opcode.def. */
#ifndef WASM_OP_H
#define WASM_OP_H

#include "base/check.h"
#include "base/slice.h"

enum feature {
#define FEATURE(id, name, on, implies) FEATURE_##id,
#include "wasm/feature.def"
#undef FEATURE
  FEATURE_COUNT,
  FEATURE_NEVER = 62, /* of OP_INVALID: on in no set */
  FEATURE_MVP = 63    /* rows that need no feature */
};
struct features {
  uint64_t bits;
};
static inline bool feature_on(struct features f, enum feature id) {
  return id == FEATURE_MVP || ((f.bits >> id) & 1);
}
struct features features_default(void);
struct features features_all(void);
/* Turns one on (with what it implies) or off (with what depends on it). */
void features_set(struct features *f, enum feature id, bool on);
const char *feature_name(enum feature id);
bool feature_by_name(const char *name, enum feature *id);

enum imm {
#define IMM(id, fields, text) IMM_##id,
#include "wasm/imm.def"
#undef IMM
  IMM_COUNT
};

enum family {
  FAMILY_NONE,
  FAMILY_CONTROL,
  FAMILY_CALL,
  FAMILY_VARIABLE,
  FAMILY_NUMERIC,
  FAMILY_MEMORY,
  FAMILY_TABLE,
  FAMILY_REF,
  FAMILY_GC,
  FAMILY_EXN,
  FAMILY_CONT,
  FAMILY_SIMD,
  FAMILY_ATOMIC,
  FAMILY_LEGACY
};

enum op {
  OP_INVALID, /* row 0: holes in the decode tables */
#define OP(prefix, code, id, text, imm, align, params, results, flags, family, feature) OP_##id,
#include "wasm/opcode.def"
#undef OP
  OP_COUNT
};

enum op_flag {
  OPF_TRAP = 1,     /* T: may trap */
  OPF_PURE = 2,     /* P: no effect and depends on operands only */
  OPF_CONST = 4,    /* C: allowed in constant expressions */
  OPF_EXTCONST = 8, /* X: allowed there with extended-const */
  OPF_END = 16,     /* E: what follows is unreachable */
  OPF_ALIAS = 32,   /* A: nullable form of the row above, which stands for both in struct insn */
};

struct op_info {
  const char *text;   /* "i32.add" */
  const char *params; /* one letter a type: i I f F v, a = address of the memory or table that the immediate
                         names, r = any reference (funcref/externref/..), "*" = validate/<family>.c */
  const char *results;
  uint8_t prefix;     /* 0 or 0xfb..0xfe */
  uint8_t imm;        /* enum imm */
  uint8_t flags;      /* enum op_flag */
  uint8_t family;     /* enum family */
  uint8_t feature;    /* enum feature */
  uint8_t align_log2; /* natural alignment of memory accesses (rows with a memarg) */
  uint16_t code;      /* after the prefix */
};

extern const struct op_info op_table[OP_COUNT];
static inline const struct op_info *op_info(enum op op) { return &op_table[op]; }

/* Where each prefix's codes begin in op_codes; the spaces hold all codes there are, op.c proves it. */
enum {
  OP_CODES_FB = 0x100,
  OP_CODES_FC = 0x140,
  OP_CODES_FD = 0x160,
  OP_CODES_FE = 0x280,
  OP_CODES_END = 0x2d0
};
extern const uint16_t op_codes[OP_CODES_END]; /* to enum op; holes are OP_INVALID */
static inline enum op op_of_byte(uint8_t code) { return (enum op)op_codes[code]; }
/* OP_INVALID where nothing stands. prefix 0 for one-byte opcodes. Yields A rows as they are. */
enum op op_decode(uint8_t prefix, uint32_t code);
enum op op_by_text(
    struct slice text); /* OP_INVALID when no instruction has that name; the first row that has; hashed */
const char *family_name(enum family f); /* "numeric": the file stem */

#endif
