/* Sections and types to bytes: what text/ writes modules with.
 *
 * In: decoded things (wasm/), out: bytes appended to a struct buf, whose stickiness is the error handling.
 * Sized parts (sections, bodies, name subsections) are written between sized_begin and sized_end, which puts
 * the length before them; they nest. Must not: check what it writes. */
#ifndef BINARY_WRITER_H
#define BINARY_WRITER_H

#include "base/buf.h"
#include "wasm/module.h"

enum section_id {
  SECTION_CUSTOM = 0,
#define SECTION(id, name, order, text) SECTION_##name = id,
#include "wasm/section.def"
#undef SECTION
};

void write_header(struct buf *b); /* magic and version */

/* Returns the mark that the matching _end takes. */
size_t sized_begin(struct buf *b);
void sized_end(struct buf *b, size_t mark); /* inserts the number of bytes since the mark, at the mark */
size_t section_begin(struct buf *b, enum section_id id); /* ended by sized_end */
size_t custom_begin(struct buf *b, struct slice name);   /* ended by sized_end */

/* Types; value, heap and block types are in binary/insn.h. */
void write_functype(struct buf *b, const struct functype *t); /* with its 0x60 */
void write_subtype(struct buf *b,
                   const struct subtype *t); /* in the shortest form; outside of or within a group */
void write_rec_group(struct buf *b, const struct subtype *types, uint32_t len); /* 0x4e only when len != 1 */
void write_tabletype(struct buf *b, const struct tabletype *t);
void write_memtype(struct buf *b, const struct memtype *t);
void write_globaltype(struct buf *b, const struct globaltype *t);
void write_tagtype(struct buf *b, const struct tagtype *t);

/* The names and the kind; the type of the thing follows (a type index for functions). `exact`:
 * custom-descriptors. */
void write_import_head(struct buf *b, struct slice module, struct slice name, enum extern_kind kind,
                       bool exact);
void write_export(struct buf *b, const struct export_ *x);
/* A local declaration run. */
void write_locals(struct buf *b, uint32_t count, valtype type);

/* The name section: custom_begin(b, slice_cstr("name")), subsections in rising order, sized_end. */
enum name_id {
  NAME_MODULE,
  NAME_FUNC,
  NAME_LOCAL,
  NAME_LABEL,
  NAME_TYPE,
  NAME_TABLE,
  NAME_MEMORY,
  NAME_GLOBAL,
  NAME_ELEM,
  NAME_DATA,
  NAME_FIELD,
  NAME_TAG
};
void write_module_name(struct buf *b, struct slice name);
void write_name_map(struct buf *b, enum name_id id, const struct name_map *m); /* nothing when empty */
void write_indirect_names(struct buf *b, enum name_id id,
                          const struct indirect_names *m); /* nothing when empty */

#endif
