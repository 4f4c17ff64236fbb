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
 * the trap stub: code says which trap; an ordinary call: TRAP_NONE, it is there for backtraces). */
struct code_site {
  uint32_t off;      /* pc of the fault or return address */
  uint32_t wasm_off; /* of the instruction, in the module's bytes */
  uint8_t trap;      /* enum trap_code */
  uint8_t
      is_fault; /* 1: pc of an access that may fault. `trap` says which addresses are believed: for
                   MEMORY_OUT_OF_BOUNDS a memory, for INTERRUPT the poll page, for others the first 64 KiB */
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
