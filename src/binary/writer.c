/* See writer.h. */
#include "binary/writer.h"

#include "binary/insn.h"

void write_header(struct buf *b) { buf_bytes(b, "\0asm\1\0\0\0", 8); }

size_t sized_begin(struct buf *b) { return b->len; }

void sized_end(struct buf *b, size_t mark) {
  uint8_t leb[10];
  size_t len = 0;
  uint64_t size = b->len - mark;
  if (!buf_ok(b)) return;
  do {
    leb[len++] = (uint8_t)((size & 0x7f) | (size > 0x7f ? 0x80 : 0));
    size >>= 7;
  } while (size != 0);
  buf_insert(b, mark, leb, len);
}

size_t section_begin(struct buf *b, enum section_id id) {
  buf_u8(b, (uint8_t)id);
  return sized_begin(b);
}

size_t custom_begin(struct buf *b, struct slice name) {
  size_t mark = section_begin(b, SECTION_CUSTOM);
  buf_name(b, name);
  return mark;
}

static void write_valtypes(struct buf *b, const valtype *at, uint32_t len) {
  buf_uleb(b, len);
  for (uint32_t i = 0; i < len; i++)
    write_valtype(b, at[i]);
}

void write_functype(struct buf *b, const struct functype *t) {
  buf_u8(b, 0x60);
  write_valtypes(b, t->params, t->nparams);
  write_valtypes(b, t->results, t->nresults);
}

static void write_field(struct buf *b, const struct field *f) {
  write_valtype(b, f->type);
  buf_u8(b, f->mutable_);
}

void write_subtype(struct buf *b, const struct subtype *t) {
  if (!t->final || t->super != NO_SUPER) {
    buf_u8(b, t->final ? 0x4f : 0x50);
    buf_uleb(b, t->super != NO_SUPER);
    if (t->super != NO_SUPER) buf_uleb(b, t->super);
  }
  if (t->describes != NO_SUPER) {
    buf_u8(b, 0x4c);
    buf_uleb(b, t->describes);
  }
  if (t->descriptor != NO_SUPER) {
    buf_u8(b, 0x4d);
    buf_uleb(b, t->descriptor);
  }
  switch (t->kind) {
  case COMP_FUNC: write_functype(b, &t->func); return;
  case COMP_STRUCT:
    buf_u8(b, 0x5f);
    buf_uleb(b, t->struct_.nfields);
    for (uint32_t i = 0; i < t->struct_.nfields; i++)
      write_field(b, &t->struct_.fields[i]);
    return;
  case COMP_ARRAY:
    buf_u8(b, 0x5e);
    write_field(b, &t->array);
    return;
  case COMP_CONT:
    buf_u8(b, 0x5d);
    buf_sleb(b, t->cont);
    return;
  }
}

void write_rec_group(struct buf *b, const struct subtype *types, uint32_t len) {
  if (len != 1) {
    buf_u8(b, 0x4e);
    buf_uleb(b, len);
  }
  for (uint32_t i = 0; i < len; i++)
    write_subtype(b, &types[i]);
}

static void write_limits(struct buf *b, const struct limits *l, bool has_page_size) {
  buf_u8(b, (uint8_t)(l->has_max | l->shared << 1 | l->is64 << 2 | has_page_size << 3));
  buf_uleb(b, l->min);
  if (l->has_max) buf_uleb(b, l->max);
  if (has_page_size) buf_uleb(b, l->page_log2);
}

void write_tabletype(struct buf *b, const struct tabletype *t) {
  write_valtype(b, t->elem);
  write_limits(b, &t->limits, false);
}

void write_memtype(struct buf *b, const struct memtype *t) {
  write_limits(b, &t->limits, t->limits.page_log2 != 16);
}

void write_globaltype(struct buf *b, const struct globaltype *t) {
  write_valtype(b, t->type);
  buf_u8(b, t->mutable_);
}

void write_tagtype(struct buf *b, const struct tagtype *t) {
  buf_u8(b, 0);
  buf_uleb(b, t->type);
}

void write_import_head(struct buf *b, struct slice module, struct slice name, enum extern_kind kind,
                       bool exact) {
  buf_name(b, module);
  buf_name(b, name);
  buf_u8(b, exact ? 0x20 : (uint8_t)kind);
}

void write_export(struct buf *b, const struct export_ *x) {
  buf_name(b, x->name);
  buf_u8(b, (uint8_t)x->kind);
  buf_uleb(b, x->index);
}

void write_locals(struct buf *b, uint32_t count, valtype type) {
  buf_uleb(b, count);
  write_valtype(b, type);
}

static void write_assocs(struct buf *b, const struct name_map *m) {
  buf_uleb(b, m->len);
  for (uint32_t i = 0; i < m->len; i++) {
    buf_uleb(b, m->at[i].index);
    buf_name(b, m->at[i].name);
  }
}

void write_module_name(struct buf *b, struct slice name) {
  buf_u8(b, NAME_MODULE);
  size_t mark = sized_begin(b);
  buf_name(b, name);
  sized_end(b, mark);
}

void write_name_map(struct buf *b, enum name_id id, const struct name_map *m) {
  if (m->len == 0) return;
  buf_u8(b, (uint8_t)id);
  size_t mark = sized_begin(b);
  write_assocs(b, m);
  sized_end(b, mark);
}

void write_indirect_names(struct buf *b, enum name_id id, const struct indirect_names *m) {
  if (m->len == 0) return;
  buf_u8(b, (uint8_t)id);
  size_t mark = sized_begin(b);
  buf_uleb(b, m->len);
  for (uint32_t i = 0; i < m->len; i++) {
    buf_uleb(b, m->index[i]);
    write_assocs(b, &m->maps[i]);
  }
  sized_end(b, mark);
}
