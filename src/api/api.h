/* What the files of api/ share: the opaque structs of heddle.h and the way from struct error to
 * heddle_error_t.
 *
 * The API checks what an embedder may get wrong (arity, types, store identity) and asserts nothing about
 * input. */
#ifndef API_API_H
#define API_API_H

#include "base/error.h"
#include "engine/engine.h"
#include "engine/load.h"
#include "runtime/host.h"
#include "runtime/instance.h"

#include <heddle.h>

struct heddle_config {
  struct config config;
};
struct heddle_engine {
  struct engine engine;
}; /* the same object: cast both ways */
struct heddle_module {
  struct program program;
}; /* likewise */

struct heddle_error {
  heddle_error_kind_t kind;
  heddle_trap_t trap;
  int32_t exit_code;
  heddle_tag_t tag;                /* SUSPENDED: the tag; index 0: none */
  struct suspend_request *suspend; /* made by heddle_host_suspend, owned: for the callback to return */
  heddle_ref_t exn; /* EXCEPTION: the exception, as long as its handle lives; index 0: not one of a store */
  enum error_pos pos;
  uint64_t offset;
  uint32_t line, column;
  heddle_error_t *cause;
  heddle_frame_t *frames; /* owned, with the strings behind them in one block */
  size_t nframes, total_frames;
  const char *message; /* behind the struct, NUL-terminated */
  size_t message_len;
};

/* Each returns an owned error. When memory is out they return one static error that delete ignores: never
 * NULL. */
heddle_error_t *api_error(const struct error *e);
heddle_error_t *api_error_new(heddle_error_kind_t kind, const char *fmt, ...) PRINTF_LIKE(2, 3);
heddle_error_t *api_error_memory(void);

/* The type of a continuation that the host has made, by what it was made from. */
struct cont_type_entry {
  uint32_t
      key[2]; /* canonical ids: a function type and 0; or a tag's type and the continuation type before + 1 */
  uint32_t cont; /* canonical; valid when `set` */
  bool set;
};
enum { CONT_TYPES = 64 };
struct heddle_store {
  struct store *store;   /* owned; store->user points back here */
  struct engine *engine; /* one reference */
  void *data;
  heddle_val_t *payload; /* owned: of the latest suspension */
  size_t payload_cap;
  struct cont_type_entry cont_types[CONT_TYPES]; /* a cache, by a hash of the key */
};
struct heddle_caller {
  heddle_store_t *store;
  struct instance *instance;
  const struct functype *type; /* of the host function */
};
/* An error when the store runs on another thread. */
MUST_USE heddle_error_t *store_check(heddle_store_t *store);

/* value.c: between the API's values and the runtime's. `type` is canonical; an error says which value is
 * wrong by `what`. */
MUST_USE heddle_error_t *val_import(heddle_store_t *store, const heddle_val_t *val, valtype type,
                                    union vm_value *out, const char *what);
MUST_USE heddle_error_t *val_export(heddle_store_t *store, valtype type, union vm_value v, heddle_val_t *out);
/* The reference behind a handle; NULL (with an error) for foreign and closed ones. Null references give false
 * in *is_set. */
MUST_USE heddle_error_t *ref_find(heddle_store_t *store, heddle_ref_t ref, const struct value **out);

/* extern.c: handles. NULL: a foreign or forged handle. */
void *handle_find(heddle_store_t *store, enum handle_kind kind, uint64_t store_id, uint64_t index);
MUST_USE heddle_error_t *extern_export(heddle_store_t *store, const struct externval *v,
                                       heddle_extern_t *out);
MUST_USE heddle_error_t *extern_import(heddle_store_t *store, const heddle_extern_t *ext,
                                       struct externval *out);
heddle_error_t *foreign_handle(const char *what);
heddle_error_t *no_array(void); /* a NULL pointer to more than 0 items */
heddle_error_t *no_pointer(const char *what);
/* A value type that an embedder may name: numbers, abstract references, concrete ones of this engine. */
bool valtype_ok(const struct engine *engine, valtype t);
/* Types in the API's form; arrays are the engine's. */
heddle_functype_t functype_export(const struct functype *t);
heddle_limits_t limits_export(const struct limits *l); /* a table's */
heddle_limits_t memory_limits_export(const struct limits *l);
struct limits limits_import(const heddle_limits_t *l);
/* A memory's type as an embedder gives it; page_size_log2 0 alone means 16. */
MUST_USE heddle_error_t *memtype_import(const heddle_limits_t *limits, struct memtype *out);
/* The canonical id of a function type given by an embedder. */
MUST_USE heddle_error_t *functype_import(struct engine *engine, const heddle_functype_t *t, uint32_t *id);

/* call.c: an error of kind EXCEPTION that says what the exception (a valid handle) is. */
heddle_error_t *api_error_exception(heddle_store_t *store, heddle_ref_t exn);
/* cont.c: an error of kind SUSPENDED. */
heddle_error_t *api_error_unhandled(heddle_store_t *store, const struct vm_tag *tag);
/* cont.c: what a callback has returned, and that has `suspend`: NULL when `call` is ready for TRAP_SUSPEND,
 * else another error instead. */
MUST_USE heddle_error_t *host_suspend_take(struct host_call *call, heddle_error_t *error);
/* frame.c: a block of frames and their texts, for mem_free; NULL: there are none, or memory is out. */
heddle_frame_t *frames_export(const struct trap_report *r, bool source);
/* call.c: how the latest call ended (store->store->report, which is emptied), as an error. */
heddle_error_t *api_error_ended(heddle_store_t *store);
/* A host function of the API's kind in the store. On failure the finalizer does not run. */
struct host_def {
  heddle_callback_t callback;
  void *env;
  void (*finalizer)(void *env);
  _Atomic uint32_t refs;
};
MUST_USE heddle_error_t *host_def_func(heddle_store_t *store, uint32_t type, struct host_def *def,
                                       struct funcinst **out);
void host_def_unref(struct host_def *def);

/* module.c: a buffer's bytes as owned bytes; ends the buffer. */
heddle_error_t *give_bytes(struct buf *b, heddle_bytes_t *own);

static inline heddle_str_t str_of(struct slice s) { return (heddle_str_t){(const char *)s.data, s.len}; }
/* An embedder's bytes: those of a NULL pointer are none, whatever their number. */
static inline struct slice bytes_of(const void *data, size_t len) {
  return data ? slice_of(data, len) : slice_of("", 0);
}
static inline struct engine *engine_of(heddle_engine_t *e) { return &e->engine; }

#endif
