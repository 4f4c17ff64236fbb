/* Instruction bytes to struct insn and back: one case for each row of wasm/imm.def. */
#ifndef BINARY_INSN_H
#define BINARY_INSN_H

#include "base/buf.h"
#include "binary/reader.h"
#include "wasm/insn.h"

/* Reads one instruction; every field that its row names is filled, others are left alone. After an error
 * (illegal opcode, truncated or oversized immediates) insn->op is OP_INVALID. Instructions of features that
 * are off are malformed ("illegal opcode"). `multi_memory`-style encodings are read only with their feature.
 * insn->op is never an alias row (op.h, OPF_ALIAS). */
void insn_read(struct reader *r, struct features f, struct insn *insn);
/* Over insn->list; each advances `at`, which starts as insn->list. The bytes were checked by insn_read. */
uint32_t insn_next_label(const uint8_t **at);
valtype insn_next_valtype(const uint8_t **at);
struct catch_clause insn_next_catch(const uint8_t **at);
struct handler_clause insn_next_handler(const uint8_t **at);

/* Types, shared with decode.c. VT_NONE after an error. Indices are below MAX_TYPES, nothing else is known of
 * them. */
valtype read_valtype(struct reader *r, struct features f);
valtype read_storage_type(struct reader *r, struct features f); /* of fields: packed types too */
valtype read_reftype(struct reader *r, struct features f);
uint32_t read_heaptype(struct reader *r, struct features f); /* enum heap or VT_CONCRETE | index */

/* Appends opcode and immediates; `op` is never an alias row. Lists are copied as the bytes they are. */
void insn_write(struct buf *b, const struct insn *insn);
void write_valtype(struct buf *b, valtype t);
void write_heaptype(struct buf *b, uint32_t heap);
void write_blocktype(struct buf *b, struct blocktype t);
void write_opcode(struct buf *b, enum op op);

#endif
