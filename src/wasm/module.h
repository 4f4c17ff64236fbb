/* struct module: what a module declares, by index space.
 *
 * Made by binary/decode.c, owned by its arena, immutable afterwards; offsets count bytes from the module's
 * start. Types here hold module type indices. Imports come first in each index space, as in the spec. */
#ifndef WASM_MODULE_H
#define WASM_MODULE_H

#include "base/arena.h"
#include "base/map.h"
#include "wasm/op.h"
#include "wasm/type.h"

struct import {
  struct slice module, name;
  enum extern_kind kind;
  bool exact;     /* custom-descriptors: a function of exactly the type */
  uint32_t index; /* in the index space of its kind */
  uint32_t off;
};
struct export_ {
  struct slice name;
  enum extern_kind kind;
  uint32_t index;
  uint32_t off;
};
/* A constant expression: bytes without the final `end`. */
struct const_expr {
  const uint8_t *code;
  uint32_t size;
  uint32_t off;
};

struct func {
  uint32_t type;     /* type index (a function type) */
  uint32_t body_off; /* of the body: local declarations first; 0 for imports */
  uint32_t body_size;
  bool declared_ref; /* occurs outside function bodies: ref.func may name it */
  bool exact;        /* a reference to it is of exactly `type`: defined here or an exact import */
};
struct table {
  struct tabletype type;
  bool has_init;
  struct const_expr init;
  uint32_t off;
};
struct memory {
  struct memtype type;
  uint32_t off;
};
struct global {
  struct globaltype type;
  struct const_expr init; /* empty for imports */
  uint32_t off;
};
struct tag {
  struct tagtype type;
  uint32_t off;
};

enum segment_mode { SEGMENT_ACTIVE, SEGMENT_PASSIVE, SEGMENT_DECLARED };
struct elem {
  enum segment_mode mode;
  uint32_t table;
  struct const_expr offset; /* active */
  valtype type;
  uint32_t len;
  const uint32_t *funcs;          /* function indices, or NULL and */
  const struct const_expr *exprs; /* expressions */
  uint32_t off;
};
struct data {
  enum segment_mode mode;
  uint32_t memory;
  struct const_expr offset;
  struct slice bytes;
  uint32_t off;
};

struct custom {
  struct slice name, bytes;
  uint32_t off;
  uint8_t after; /* id of the section before it; 0 = at the start */
};
struct name_assoc {
  uint32_t index;
  struct slice name;
};
struct name_map {
  const struct name_assoc *at;
  uint32_t len;
}; /* ascending by index */
struct indirect_names {
  const uint32_t *index;
  const struct name_map *maps;
  uint32_t len;
};
struct branch_hint {
  uint32_t func, off; /* from the body's start, as encoded */
  bool likely;
};

struct module {
  struct arena *arena;
  struct slice bytes;       /* the module; borrowed, must outlive it */
  struct features features; /* it was decoded with */

  struct subtype *types;
  uint32_t ntypes;
  uint32_t *canon_ids; /* type index -> canonical id; filled by canon_add_module */
  struct import *imports;
  uint32_t nimports;
  struct export_ *exports;
  uint32_t nexports;
  struct func *funcs;
  uint32_t nfuncs, nimported_funcs;
  struct table *tables;
  uint32_t ntables, nimported_tables;
  struct memory *mems;
  uint32_t nmems, nimported_mems;
  struct global *globals;
  uint32_t nglobals, nimported_globals;
  struct tag *tags;
  uint32_t ntags, nimported_tags;
  struct elem *elems;
  uint32_t nelems;
  struct data *datas;
  uint32_t ndatas;
  bool has_data_count;
  bool has_start;
  uint32_t start, start_off;
  uint32_t code_off, code_size; /* the code section's contents (DWARF addresses count from here) */
  struct custom *customs;
  uint32_t ncustoms;

  /* From the name section; empty where it is missing or malformed. */
  struct slice name;
  struct name_map func_names, type_names, table_names, memory_names, global_names, elem_names, data_names,
      tag_names;
  struct indirect_names local_names, label_names, field_names;
  struct branch_hint *hints;
  uint32_t nhints; /* sorted by func, off */
};

/* The function type of function, tag or block index. */
const struct functype *module_functype(const struct module *m, uint32_t type_index);
const struct functype *module_func_type(const struct module *m, uint32_t func_index);
const struct functype *module_tag_type(const struct module *m, uint32_t tag_index);
struct slice name_map_find(const struct name_map *m, uint32_t index); /* len 0 when absent */
struct slice module_func_name(const struct module *m,
                              uint32_t func_index); /* name section, else export name, else empty */

#endif
