/* One decoded instruction with its immediates.
 *
 * Filled by binary/insn.c from bytes, by text/parse_insn.c from text; read by everyone else.  Lists (labels,
 * catches, handlers, types) stay bytes: `list` is a part of the body that has been checked for shape,
 * iterated with binary/insn.h's insn_list_*; so decoding allocates nothing. */
#ifndef WASM_INSN_H
#define WASM_INSN_H

#include "wasm/op.h"
#include "wasm/type.h"

/* Block type: none, one value type, or a type index. */
enum block_kind { BLOCK_EMPTY, BLOCK_VALUE, BLOCK_TYPE };
struct blocktype {
  enum block_kind kind;
  valtype type;   /* BLOCK_VALUE */
  uint32_t index; /* BLOCK_TYPE */
};

enum catch_kind { CATCH, CATCH_REF, CATCH_ALL, CATCH_ALL_REF }; /* 0..3 as encoded */
struct catch_clause {
  enum catch_kind kind;
  uint32_t tag, label;
};
struct handler_clause {
  bool is_switch;
  uint32_t tag, label;
}; /* (on tag label) or (on tag switch) */

struct insn {
  enum op op;
  uint32_t off;  /* of the opcode's first byte, in the module */
  uint32_t a, b; /* indices, as imm.def says */
  struct blocktype block;
  uint64_t offset; /* memarg */
  uint32_t align;  /* memarg: log2 */
  uint32_t lane;
  uint64_t u64;        /* constants */
  uint8_t v128[16];    /* constants and shuffles */
  valtype type, type2; /* heap types: VT_REF | heap; reference types whole */
  const uint8_t *list; /* encoded items */
  const uint8_t *list_end;
  uint32_t list_len; /* items */
  uint32_t list_off; /* of list, in the module */
};

#endif
