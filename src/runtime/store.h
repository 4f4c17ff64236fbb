/* struct store: the owner of everything that lives at run time.
 *
 * Memories, tables, globals, tags, functions, instances live until the store ends and never move, so plain
 * pointers to them are good inside a store; nothing is freed earlier. One thread at a time. Handles: what an
 * embedder holds is an index into `handles`, given when it is first asked for, so that a forged or foreign
 * number is found out. References have their own list, with scopes. Must not: know modules' bytes, or run
 * code (that is entry.c). */
#ifndef RUNTIME_STORE_H
#define RUNTIME_STORE_H

#include "base/error.h"
#include "runtime/trap.h"
#include "runtime/value.h"

struct interrupt;
struct gc_heap;
struct instance;
struct tableinst;
struct globalinst;
struct stack_pool;

struct store_limits {
  uint64_t max_memory_size;    /* bytes of one memory */
  uint64_t max_table_elements; /* of one table */
  uint64_t max_instances, max_memories, max_tables;
  uint64_t max_wasm_stack; /* bytes of the thread's stack that one outermost call may use */
  uint64_t max_heap_size;  /* bytes of garbage-collected objects; 0 = as much as there are addresses */
  uint32_t heap_flags;     /* GC_STRESS_COLLECT .. of gc/gc.h */
  /* Bytes of one continuation's stack, of all, and how many: stack/stack.h has the defaults for 0. */
  uint64_t max_stack_size, max_stacks_size, max_continuations;
  bool stack_stress; /* for tests: each call runs in a continuation, whose stack moves whenever it can */
};
struct store_config {
  const struct canon *canon;
  struct store_limits limits;
  bool interruption; /* the store gets a poll page of its own and an interrupt handle */
  int64_t fuel;      /* what it begins with; INT64_MAX when fuel is not metered */
};

/* store_limits.heap_flags */
enum {
  HEAP_STRESS = 1 | 2 | 8,
  HEAP_VERIFY = 4
}; /* GC_STRESS_COLLECT, GC_STRESS_MOVE, GC_POISON; GC_VERIFY */

enum handle_kind {
  HANDLE_NONE,
  HANDLE_FUNC,
  HANDLE_TABLE,
  HANDLE_MEMORY,
  HANDLE_GLOBAL,
  HANDLE_TAG,
  HANDLE_INSTANCE
};
struct handle {
  enum handle_kind kind;
  void *object;
};
/* A reference that the host holds beyond scopes. Free: its value is of VT_NONE. */
struct kept_ref {
  struct value value;
  uint32_t generation; /* how often the place was used, 31 bits: part of its index */
  uint32_t next_free;
};
struct owned {
  void *object;
  void (*free)(void *object);
};
/* Values in C that the collector must see: fill it, store_roots_add, and take it off in reverse order. */
struct root_area {
  struct root_area *outer;
  union vm_value *at;    /* may change */
  const uint8_t *is_ref; /* parallel */
  uint32_t len;
};

struct store {
  struct vm_store vm; /* first: what compiled code reaches */
  const struct canon *canon;
  struct store_limits limits;
  uint64_t id; /* unique in the process, never 0 */
  void *user;  /* the layer above */

  const void *poll_page;
  _Atomic uint32_t wake;       /* what a wait in a shared memory sleeps on, without interruption */
  struct interrupt *interrupt; /* one reference; NULL without interruption */

  const void *thread;        /* whose outermost call it is, while entry_depth is not 0 */
  struct trap_report report; /* how the latest call ended, when it did not return */
  uint32_t entry_depth;      /* host-to-wasm calls on the way */

  struct stack_pool *stacks; /* NULL before the first continuation */
  struct meminst *memories;  /* all, newest first: the fault handler walks it */
  uint64_t nmemories, ntables, ninstances;

  struct {
    struct owned *at;
    size_t len, cap;
  } owned; /* freed in reverse order */
  struct {
    struct handle *at;
    size_t len, cap;
  } handles; /* [0] unused */
  struct {
    struct value *at;
    size_t len, cap;
  } refs; /* [0] unused */
  struct {
    struct kept_ref *at;
    size_t len, cap;
    uint32_t free; /* the first free one + 1 */
  } kept;
  struct {
    union vm_value *at;
    size_t len, cap;
  } payload;            /* of the latest suspension to the host */
  struct gc_heap *heap; /* NULL before the first module or reference that needs it */
  struct root_area *roots;
  struct {
    struct stack **at; /* up to vm.noted */
    size_t cap;
    bool lost; /* memory was out: there are others */
  } noted;     /* stacks whose cells may be young, whatever became of them since: runtime/cont.h */
  struct instance *instances; /* all, newest first, like memories */
  struct tableinst *tables;
  struct globalinst *globals; /* those of the host */
  struct {
    uint32_t *at; /* canonical type -> head of its structs and arrays, or of exceptions with such a payload */
    size_t len, cap;
  } heads, exn_heads;
};

MUST_USE bool store_new(const struct store_config *config, struct store **out, struct error *e);
void store_delete(struct store *s); /* runs finalizers; NULL is fine */

/* `object` is freed with the store from now on. False: memory is out, the caller still owns it. */
MUST_USE bool store_own(struct store *s, void *object, void (*free)(void *));

/* Room for `len` values in s->payload, whose contents are lost. False: memory is out. */
MUST_USE bool store_payload_room(struct store *s, size_t len);

/* The handle of an object; *slot is the object's own field that remembers it. 0: memory is out. */
uint32_t store_handle(struct store *s, enum handle_kind kind, void *object, uint32_t *slot);
/* The object behind a handle, NULL when there is none of that kind. */
void *store_object(const struct store *s, enum handle_kind kind, uint64_t handle);

/* References held by the host. 0: memory is out. A null reference may be held too (its type is kept). */
uint32_t store_ref_new(struct store *s, const struct value *ref);
const struct value *store_ref(const struct store *s, uint64_t index); /* NULL: no such reference */
/* The same beyond scopes, until store_ref_drop; a dropped index stays invalid. */
uint64_t store_ref_keep(struct store *s, const struct value *ref);
void store_ref_drop(struct store *s, uint64_t index); /* none of these: nothing happens */
size_t store_scope_open(const struct store *s);
void store_scope_close(struct store *s, size_t scope);

/* An external reference of the host's that carries `data`. May collect. 0: memory is out (the finalizer did
 * not run). */
uint32_t store_extern_new(struct store *s, void *data, void (*finalizer)(void *));
/* False: not one of the host's. */
bool store_extern(const struct store *s, uint32_t ref, void **data);

const void *const *store_builtins(const struct store *s); /* for vmctx.builtins */
static inline struct store *store_of(const struct vmctx *ctx) { return (struct store *)ctx->store; }

#endif
