/* struct code: what the compiler yields for one function, and what a module's image is made of.
 *
 * Offsets are from the function's first byte. Tables are sorted by offset. Arrays belong to the arena that
 * compile_func was given. */
#ifndef ABI_CODE_H
#define ABI_CODE_H

#include "abi/builtin.h"
#include "abi/trap.h"
#include "base/check.h"

enum reloc_kind {
  RELOC_CALL, /* rel32 at `off` to function `index` of the same module: value = target - (off + 4) */
};
struct code_reloc {
  uint32_t off;
  uint32_t index;
  uint8_t kind;
};

/* An address where the guest may trap: the pc of a faulting instruction, or the return address of a call (to
 * the trap stub: code says which trap; an ordinary call: TRAP_NONE, it is there for backtraces). A fault is
 * believed only at an address that its trap explains: MEMORY_OUT_OF_BOUNDS inside a memory's reservation,
 * INTERRUPT in the poll page, any other in the first 64 KiB (a null pointer). */
struct code_site {
  uint32_t off;      /* pc of the fault or return address */
  uint32_t wasm_off; /* of the instruction, in the module's bytes */
  uint8_t trap;      /* enum trap_code */
  uint8_t is_fault;  /* 1: pc of an access that may fault; `trap` says at which addresses, see above */
};
struct code {
  uint8_t *bytes;
  uint32_t size; /* padded to 16 with int3 */
  struct code_reloc *relocs;
  uint32_t nrelocs;
  struct code_site *sites;
  uint32_t nsites;
  uint32_t frame_size; /* of the frame below rbp, without outgoing pops; for the unwinder and tests */
  uint32_t align;      /* of its first byte: 16 or 32 */
  bool frameless;      /* never pushes rbp or anything else: the return address stands at rsp throughout */
};

#endif
