/* What the files of the printer share.  Only for text/print*.c. */
#ifndef TEXT_PRINTER_H
#define TEXT_PRINTER_H

#include "base/out.h"
#include "binary/reader.h"
#include "text/ids.h"
#include "wasm/insn.h"
#include "wasm/module.h"

/* Ids stand at every use, so that long ones would make small modules into huge texts. */
enum { ID_SIZE_MOST = 500 };

/* Names of an index space that are fit to be ids, each given once; ascending by index. */
struct id_table {
  struct name_assoc *at;
  uint32_t len;
};

struct printer {
  const struct module *m;
  struct out *o;
  struct error *e;
  struct arena *arena;   /* the print's life */
  struct arena *scratch; /* the current function's life */
  struct id_table types, funcs, tables, memories, globals, tags, elems, datas;
  struct id_table *fields; /* by type */

  /* The current function. */
  struct id_table locals;
  const struct name_map *local_names; /* or NULL */
  struct labels labels;
  const struct name_map *label_names; /* or NULL */
  uint32_t label_len, label_at;       /* blocks so far; where the next label name stands */
  uint32_t hint;                      /* the next row of m->hints */
};

/* --- print.c --- */
void print_id(struct out *o, struct slice name); /* "$name" */
/* " $name", or " (@name ...)" for a name that is no id; false and nothing when there is none. */
bool print_name(struct out *o, const struct id_table *t, const struct name_map *names, uint32_t index);
void print_string(struct out *o, struct slice bytes);                        /* with quotes */
void print_ref(struct printer *p, const struct id_table *t, uint32_t index); /* " $name" or " 5" */
void print_valtype(struct printer *p, valtype t);
void print_heaptype(struct printer *p, uint32_t heap);
/* " (type x) (param ..) (result ..)"; `named`: parameters carry the names of p->locals. */
void print_typeuse(struct printer *p, uint32_t type, bool named);
/* The names of a function's parameters and locals, to p->locals and p->local_names; resets p->scratch. */
void find_local_ids(struct printer *p, uint32_t func);
/* Ids of one space of `len` indices from a name map. */
struct id_table ids_from_names(struct arena *a, const struct name_map *names, uint32_t len);
struct slice id_of(const struct id_table *t, uint32_t index);                    /* len 0 when it has none */
const struct name_map *names_of(const struct indirect_names *n, uint32_t index); /* or NULL */

/* --- print_insn.c --- */
/* Local declarations and instructions of a body, each on its line. */
bool print_body(struct printer *p, uint32_t func);
/* " (i32.const 1)", or " (offset i32.const 1 ...)" with the keyword when there is one and it is needed. */
bool print_const_expr(struct printer *p, struct const_expr x, const char *keyword);

#endif
