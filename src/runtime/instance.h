/* Module instances: instantiation in the specification's order (spec 4.7.4), exports, segments. */
#ifndef RUNTIME_INSTANCE_H
#define RUNTIME_INSTANCE_H

#include "runtime/code.h"
#include "runtime/func.h"
#include "runtime/global.h"
#include "runtime/memory.h"
#include "runtime/store.h"
#include "runtime/table.h"
#include "validate/validate.h"

/* What is instantiated. */
struct instance_source {
  const struct valid_module *valid;
  struct code_image *image;    /* published code of all its functions; image->module == valid->module */
  void *owner;                 /* of module and image: retained by each instance until its store ends */
  void (*retain)(void *owner); /* both NULL: they outlive the store anyway */
  void (*release)(void *owner);
  /* Where `image` stands for an area: compiles function `func_index` into it. False: out of memory or over a
   * limit. */
  bool (*compile)(void *owner, uint32_t func_index);
};

struct instance {
  struct store *store;
  struct instance *next; /* in store->instances */
  struct instance_source source;
  const struct module *module;
  struct vmctx *ctx; /* of `layout`; ctx->owner == this */
  struct vmctx_layout layout;
  struct funcinst *funcs;     /* of defined functions, by index - nimported_funcs; made when asked for */
  struct globalinst *globals; /* of defined globals, likewise */
  struct globalinst **imported_globals;
  struct taginst *tags;                 /* of defined tags */
  uint8_t *elem_dropped, *data_dropped; /* one byte a segment */
  union vm_value **elem_values; /* of segments with expressions: their values, made at instantiation */
  uint32_t *export_table;       /* hash of names to export number + 1, made at the first look-up */
  uint32_t export_mask;
  struct meminst *exported_memory; /* the export "memory", NULL when there is none */
  uint32_t handle;
};

/* Links, allocates, initialises, runs the start function. `imports` has an entry for each import, in the
 * module's order; object NULL = unknown import. `e` is set for errors of kind LINK, LIMIT, MEMORY,
 * UNSUPPORTED. When it is not set and the result is false, s->report says how initialisation or the start
 * function ended (the instance lives on, unseen, because tables may hold its functions). */
MUST_USE bool instance_new(struct store *s, const struct instance_source *source,
                           const struct externval *imports, struct instance **out, struct error *e);

/* Things by index; never NULL for valid indices. */
struct funcinst *instance_func(struct instance *in, uint32_t index);
struct tableinst *instance_table(const struct instance *in, uint32_t index);
struct meminst *instance_memory(const struct instance *in, uint32_t index);
struct globalinst *instance_global(struct instance *in, uint32_t index);
struct taginst *instance_tag(const struct instance *in, uint32_t index);

const uint8_t *instance_compile(struct vmctx *ctx, uint64_t func_index); /* see abi/arch.h */

/* False: no export of that name. */
bool instance_export(struct instance *in, struct slice name, struct externval *out);
/* Export number `i` in the module's order. */
struct externval instance_export_at(struct instance *in, uint32_t i);

static inline struct instance *instance_of(const struct vmctx *ctx) { return ctx->owner; }

/* table.init and memory.init; the trap code, or TRAP_NONE. */
enum trap_code instance_table_init(struct instance *in, uint32_t table, uint32_t elem, uint64_t dst,
                                   uint64_t src, uint64_t len);
enum trap_code instance_memory_init(struct instance *in, uint32_t memory, uint32_t data, uint64_t dst,
                                    uint64_t src, uint64_t len);

/* Does what `v` denotes match import `i` of module `m`?  link.c. */
MUST_USE bool link_match(const struct store *s, const struct module *m, uint32_t i, const struct externval *v,
                         struct error *e);
/* Element i of the segment, which has not been dropped. */
union vm_value instance_elem(struct instance *in, uint32_t elem, uint64_t i);
/* A constant expression's value (const_expr.c). Imported and earlier globals of `in` have their values. False
 * without an error: a trap, in the store's report. */
MUST_USE bool const_expr_eval(struct instance *in, const struct const_expr *x, union vm_value *out,
                              struct error *e);

#endif
