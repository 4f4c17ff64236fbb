/* The items that the parser has collected, put together as a module: sections in their order, custom sections
 * at their places, the name section last.
 *
 * In: the parser's items, whole.  Out: the module's bytes.  Must not: fail. */
#include "text/parser.h"

#include "binary/writer.h"

struct section_row {
  uint8_t id;
  uint8_t order;
};
static const struct section_row sections[] = {
#define SECTION(id, name, order, text) {id, order},
#include "wasm/section.def"
#undef SECTION
};

static void put_customs(struct parser *p, struct buf *out, uint32_t place) {
  for (uint32_t i = 0; i < p->customs.len; i++) {
    if (p->customs.at[i].place != place) continue;
    size_t mark = section_begin(out, SECTION_CUSTOM);
    buf_bytes(out, p->customs.at[i].bytes.data, p->customs.at[i].bytes.len);
    sized_end(out, mark);
  }
}

static void put_items(struct buf *out, const struct items *items, enum section_id id) {
  if (items->len == 0) return;
  size_t mark = section_begin(out, id);
  buf_uleb(out, items->len);
  buf_bytes(out, items->bytes.data, items->bytes.len);
  sized_end(out, mark);
}

static void put_section(struct parser *p, struct buf *out, enum section_id id) {
  size_t mark;
  switch (id) {
  case SECTION_TYPE: put_items(out, &p->items[ITEMS_TYPE], id); return;
  case SECTION_IMPORT: put_items(out, &p->items[ITEMS_IMPORT], id); return;
  case SECTION_FUNCTION: put_items(out, &p->items[ITEMS_FUNC], id); return;
  case SECTION_TABLE: put_items(out, &p->items[ITEMS_TABLE], id); return;
  case SECTION_MEMORY: put_items(out, &p->items[ITEMS_MEMORY], id); return;
  case SECTION_TAG: put_items(out, &p->items[ITEMS_TAG], id); return;
  case SECTION_GLOBAL: put_items(out, &p->items[ITEMS_GLOBAL], id); return;
  case SECTION_EXPORT: put_items(out, &p->items[ITEMS_EXPORT], id); return;
  case SECTION_ELEMENT: put_items(out, &p->items[ITEMS_ELEM], id); return;
  case SECTION_CODE: put_items(out, &p->items[ITEMS_CODE], id); return;
  case SECTION_DATA: put_items(out, &p->items[ITEMS_DATA], id); return;
  case SECTION_START:
    if (!p->has_start) return;
    mark = section_begin(out, id);
    buf_uleb(out, p->start);
    sized_end(out, mark);
    return;
  case SECTION_DATACOUNT:
    if (!p->uses_data_count) return;
    mark = section_begin(out, id);
    buf_uleb(out, p->items[ITEMS_DATA].len);
    sized_end(out, mark);
    return;
  case SECTION_CUSTOM: return;
  }
}

static void put_name_section(struct parser *p, struct buf *out) {
  static const struct {
    uint8_t id, items;
  } subsections[] = {
      {NAME_FUNC, ITEMS_NAME_FUNC},     {NAME_LOCAL, ITEMS_NAME_LOCAL}, {NAME_LABEL, ITEMS_NAME_LABEL},
      {NAME_TYPE, ITEMS_NAME_TYPE},     {NAME_TABLE, ITEMS_NAME_TABLE}, {NAME_MEMORY, ITEMS_NAME_MEMORY},
      {NAME_GLOBAL, ITEMS_NAME_GLOBAL}, {NAME_ELEM, ITEMS_NAME_ELEM},   {NAME_DATA, ITEMS_NAME_DATA},
      {NAME_FIELD, ITEMS_NAME_FIELD},   {NAME_TAG, ITEMS_NAME_TAG},
  };
  bool any = p->has_name;
  for (size_t i = 0; i < COUNT_OF(subsections); i++)
    any = any || p->items[subsections[i].items].len > 0;
  if (!any) return;
  size_t mark = custom_begin(out, slice_cstr("name"));
  if (p->has_name) write_module_name(out, p->name);
  for (size_t i = 0; i < COUNT_OF(subsections); i++)
    put_items(out, &p->items[subsections[i].items], subsections[i].id);
  sized_end(out, mark);
}

static void put_hints(struct parser *p, struct buf *out) {
  const struct items *hints = &p->items[ITEMS_HINTS];
  if (hints->len == 0) return;
  size_t mark = custom_begin(out, slice_cstr("metadata.code.branch_hint"));
  buf_uleb(out, hints->len);
  buf_bytes(out, hints->bytes.data, hints->bytes.len);
  sized_end(out, mark);
}

void assemble_module(struct parser *p, struct buf *out) {
  write_header(out);
  put_customs(p, out, PLACE_FIRST);
  for (size_t i = 0; i < COUNT_OF(sections); i++) {
    put_customs(p, out, PLACE_BEFORE(sections[i].order));
    if (sections[i].id == SECTION_CODE) put_hints(p, out);
    put_section(p, out, (enum section_id)sections[i].id);
    put_customs(p, out, PLACE_AFTER(sections[i].order));
  }
  put_name_section(p, out);
  put_customs(p, out, PLACE_LAST);
}
