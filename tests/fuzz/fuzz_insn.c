/* Any bytes as instructions, every feature on: what insn_read accepts, insn_write gives back.
 *
 * Each instruction is written, read again and written again; both writings must be the same, and reading must
 * take all of the first.  (The bytes read may be longer: LEB128 has many encodings.) */
#include "binary/insn.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

uint64_t fuzz_accepted;

/* Walks the lists, so that the sanitizers see the iterators stay inside them. */
static void walk_list(const struct insn *insn) {
  const uint8_t *at = insn->list;
  uint32_t n = insn->list_len;
  switch ((enum imm)op_info(insn->op)->imm) {
  case IMM_LABELS:
    while (n-- > 0)
      (void)insn_next_label(&at);
    break;
  case IMM_SELECT:
    while (n-- > 0)
      (void)insn_next_valtype(&at);
    break;
  case IMM_TRY_TABLE:
    while (n-- > 0)
      (void)insn_next_catch(&at);
    break;
  case IMM_RESUME:
  case IMM_RESUME_THROW:
    while (n-- > 0)
      (void)insn_next_handler(&at);
    break;
  default: return;
  }
  if (at != insn->list_end) abort();
}

static void check(const struct insn *insn) {
  struct buf first, second;
  struct error error = ERROR_INIT;
  struct insn again = {.op = OP_INVALID};
  buf_init(&first);
  buf_init(&second);
  insn_write(&first, insn);
  struct reader r = reader_of(buf_slice(&first), 0, &error);
  insn_read(&r, features_all(), &again);
  if (again.op != insn->op || !reader_done(&r)) abort();
  walk_list(&again);
  insn_write(&second, &again);
  if (first.len != second.len || memcmp(first.data, second.data, first.len) != 0) abort();
  buf_free(&first);
  buf_free(&second);
}

/* After a refusal it goes on one byte later, so that every part of the input is some instruction's. Of long
 * inputs the tail is enough, as a driver comes with all prefixes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  enum { TAIL = 256 };
  if (size > TAIL) data += size - TAIL, size = TAIL;
  struct error error = ERROR_INIT;
  bool any = false;
  for (size_t at = 0; at < size;) {
    struct reader r = reader_of(slice_of(data + at, size - at), at, &error);
    struct insn insn = {.op = OP_INVALID};
    insn_read(&r, features_all(), &insn);
    if (insn.op == OP_INVALID) {
      if (!error_is_set(&error) || error.offset < at || error.offset > size) abort();
      error = (struct error)ERROR_INIT;
      at++;
      continue;
    }
    any = true;
    walk_list(&insn);
    check(&insn);
    at = (size_t)(r.at - data);
  }
  fuzz_accepted += any;
  return 0;
}
