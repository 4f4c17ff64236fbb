/* What compiled code reaches through r15: the instance as compiled code sees it, and the store behind it.
 *
 * Everything in struct vmctx and its tail is constant for the instance's life, except the cells of globals
 * that the instance itself defines and lazily filled function pointers; what changes for the whole store
 * (current stack, fuel, poll page) lives once, in struct vm_store. Offsets are offsetof; the tail's are
 * computed by vmctx_layout. */
#ifndef ABI_VMCTX_H
#define ABI_VMCTX_H

#include "abi/stack.h"
#include "wasm/module.h"

struct vmctx;

/* Compiled functions, host thunks: what a function reference points to. Lives as long as the store, never
 * moves. */
struct vm_func {
  const void *code;   /* enter with r15 = inst, r14 = inst->memory0, arguments by abi/call.h */
  struct vmctx *inst; /* for host functions: the vmctx at the start of their own record */
  uint32_t type;      /* canonical id of its type */
  uint32_t index;     /* function index in its instance's module (host functions: 0) */
};
/* The part of a memory that compiled code reads. base never moves. Owner: runtime/memory.c's struct that
 * begins with it. */
struct vm_memory {
  uint8_t *base;
  uint64_t size;         /* bytes; memory.grow publishes it last. Of a shared memory: unused, instead */
  uint64_t *shared_size; /* where all its stores read it; NULL when not shared */
};
/* elems holds struct vm_func * (function tables) or uint32_t (other references). May move on grow. */
struct vm_table {
  void *elems;
  uint64_t len;
};
/* A global's cell: 16 bytes, aligned to 16. References: vm_func pointer or uint32_t; i32 and f32 in the low 4
 * bytes. */
union vm_value {
  uint32_t i32;
  uint64_t i64;
  uint32_t f32;
  uint64_t f64;
  uint8_t v128[16];
  struct vm_func *func; /* funcref and subtypes */
  uint32_t ref;         /* all other references; 0 = null */
};
struct vm_tag {
  uint32_t type; /* canonical */
};
/* Registers that a callee keeps (besides the frame pointer), in the order in which frames save them. */
enum { VM_KEPT = 3 };
/* Where a caught exception goes on: trap_unwind fills it, the stub in thunk.S loads it. `kept` comes from
 * there as the throwing frame has them, and goes back as the catching frame had them at its call. */
struct vm_landing {
  uint64_t sp, fp, pc;
  struct vmctx *inst;
  uint64_t kept[VM_KEPT];
};

/* Builtins return this in rax:rdx. status 0: all well; else a trap code: the out-call stub takes the trap
 * path. */
struct vm_result {
  uint64_t value, status;
};

struct vm_store {
  struct stack *cur;   /* the running stack; written by switch sequences, entry, exit, trap and throw only */
  struct entry *entry; /* innermost entry record; written by host entry and exit only */
  struct stack *finished; /* free stacks, most recent first: stack/stack.h */
  int64_t fuel;           /* counts down; below 0: TRAP_OUT_OF_FUEL. Only when the engine meters fuel. */
  uint32_t exn;           /* the exception on its way, a root of the collector; landing code takes it */
  uint32_t exn_clause;    /* which clause of the function's (struct code) has caught it */
  struct vm_landing landing;
  struct stack **noted,
      **noted_end; /* where the next stack goes that suspends for the first time since a collection */
};

struct vmctx {
  struct vm_store *store;
  uint8_t *memory0;            /* base of memory 0, or NULL: r14 */
  const void *const *builtins; /* out-call stubs by enum builtin */
  const void
      *poll_page; /* loop heads read one byte here; unreadable = interrupt. Constant: the page changes. */
  uint8_t *heap;  /* base of the store's heap (abi/object.h); NULL when the module cannot meet objects */

  void *owner; /* the runtime's struct instance; NULL for host functions */
  /* tail, by struct vmctx_layout */
};
/* What vm_func.inst of a host function points to. The runtime's record begins with it. */
struct vm_host {
  struct vmctx ctx;
  uint64_t args_size; /* bytes of stack arguments, which the thunk pops */
};
/* The host resumes a continuation: what vm_func.inst points to when arch_enter runs arch_resume. It stands in
 * the C frame of the entry and is the instance of its root, with handlers that catch nothing. */
struct vm_resume {
  struct vmctx ctx;
  struct stack *child;
  uint64_t status;    /* not 0: raised where the child stands, and no arguments come */
  uint64_t rbx, back; /* arch_enter's, while the child runs */
  uint64_t no_switch; /* 0: the end of the list before the handlers */
  struct {
    uint32_t args_size, unused;
    uint64_t end;
  } handlers; /* a struct stack_handlers */
};

/* Where the tail's parts stand, in bytes from struct vmctx's start. Depends on the module's declarations
 * only. */
struct vmctx_layout {
  uint32_t mems;        /* struct vm_memory *[nmems] */
  uint32_t tables;      /* struct vm_table *[ntables] */
  uint32_t globals_imp; /* union vm_value *[nimported_globals] */
  uint32_t funcs;   /* struct vm_func *[nfuncs]; imported ones set at instantiation, others NULL until builtin
                       ref_func */
  uint32_t tags;    /* struct vm_tag *[ntags] */
  uint32_t types;   /* uint32_t[ntypes]: canonical ids */
  uint32_t heads;   /* uint32_t[ntypes]: heads of the objects of struct and array types */
  uint32_t globals; /* union vm_value[nglobals - nimported_globals], 16-aligned */
  uint32_t size;    /* of the whole */
};
/* False when it passes 1 GiB. */
MUST_USE bool vmctx_layout(const struct module *m, struct vmctx_layout *out);

#endif
