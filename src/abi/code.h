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
  RELOC_CALL,  /* rel32 at `off` to function `index` of the same module: value = target - (off + 4) */
  RELOC_CONST, /* the same to the function's constant `index`: value = what stands there + constant - off */
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
  uint32_t wasm_off; /* of the instruction: a position, see code_inline */
  uint8_t trap;      /* enum trap_code */
  uint8_t is_fault;  /* 1: pc of an access that may fault; `trap` says at which addresses, see above */
};
/* The references of a frame while a call is under way: where they stand, in bytes from rbp, may be changed by
 * the collector. */
struct code_map {
  uint32_t off;        /* return address */
  uint32_t first, len; /* into code.map_words: int32_t each */
};
/* A call that an exception may come out of, caught in this function. */
struct code_handler {
  uint32_t off;  /* return address */
  uint32_t try_; /* innermost try around it */
  uint32_t
      landing; /* where the function goes on, with rsp, rbp, r15, r14 and the kept registers as at the call */
};
/* The clauses of one try, in order; then those of `parent` are looked at. */
struct code_try {
  uint32_t parent;     /* CODE_NO_TRY: none in this function */
  uint32_t first, len; /* into code.clauses */
};
/* A call whose callee's body stands in this function. Positions behind the module's bytes name the
 * instructions of such bodies, one range for each: position `start` + i is byte body_off + i of the module,
 * in function `func`, called at the position `call` (which may be in such a body, too). Ascending by start;
 * those of a function are its own, another's may be the same. */
struct code_inline {
  uint32_t start, func, body_off, call;
};
#define CODE_NO_TRY    UINT32_MAX
#define CODE_CATCH_ALL UINT32_MAX
struct code {
  uint8_t *bytes;
  uint32_t size;    /* padded to 16 with int3 */
  uint64_t *consts; /* the guest may choose them, so they go to pages that nobody can run; aligned to 16 */
  uint32_t nconsts;
  struct code_reloc *relocs; /* ascending by off */
  uint32_t nrelocs;
  struct code_site *sites;
  uint32_t nsites;
  struct code_map *maps; /* ascending by off, like sites and handlers */
  uint32_t nmaps;
  int32_t *map_words;
  uint32_t nmap_words;
  int32_t *frame_refs; /* the same for what holds a reference or null all the time */
  uint32_t nframe_refs;
  struct code_handler *handlers;
  uint32_t nhandlers;
  const struct code_try *tries;
  uint32_t ntries;
  const uint32_t *clauses; /* tag indices, or CODE_CATCH_ALL */
  uint32_t nclauses;
  const struct code_inline *inlines;
  uint32_t ninlines;
  uint32_t frame_size; /* of the frame below rbp, without outgoing pops; for the unwinder and tests */
  uint32_t align;      /* of its first byte: 16 or 32 */
  bool saves_instance; /* at rbp - 8 */
  uint8_t kept;        /* bit i: kept register i of VM_KEPT is saved, in order, behind the instance if any */
  bool frameless;      /* never pushes rbp or anything else: the return address stands at rsp throughout */
};

#endif
