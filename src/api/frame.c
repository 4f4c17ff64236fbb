/* Frames as embedders see them: names, source lines, handlers, copied, because they may outlive the store. */
#include "api/api.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "runtime/dwarf_line.h"

#include <string.h>

enum { HANDLERS_SHOWN = 8 };

/* Lines of all frames; frames of one module are looked up together. */
static void find_lines(const struct trap_report *r, bool source, struct dwarf_line *lines) {
  memset(lines, 0, sizeof *lines * TRAP_FRAMES);
  bool done[TRAP_FRAMES] = {false};
  for (uint32_t i = 0; source && i < r->nframes; i++) {
    uint32_t offs[TRAP_FRAMES], which[TRAP_FRAMES];
    size_t n = 0;
    for (uint32_t k = i; k < r->nframes; k++)
      if (!done[k] && r->frames[k].image->module == r->frames[i].image->module) {
        done[k] = true;
        offs[n] = r->frames[k].wasm_off;
        which[n++] = k;
      }
    if (!n) continue;
    struct dwarf_line *found = mem_zalloc(n, sizeof *found);
    if (!found) return;
    dwarf_lines_find(r->frames[i].image->module, offs, n, found);
    for (size_t k = 0; k < n; k++)
      lines[which[k]] = found[k];
    mem_free(found);
  }
}

static void handler_text(const struct module *m, uint32_t tag_off, uint32_t tags_off, struct buf *out) {
  uint32_t tag = (tag_off - tags_off) / (uint32_t)sizeof(void *);
  struct slice name = name_map_find(&m->tag_names, tag);
  if (name.len)
    buf_printf(out, "$%.*s", (int)min_u64(name.len, 100), (const char *)name.data);
  else
    buf_printf(out, "tag %u", tag);
}

/* Labels first, then the switch clauses, which stand before the table, the nearest first. */
static void handlers_text(const struct module *m, const struct stack_handlers *handlers, struct buf *out) {
  struct vmctx_layout layout;
  if (!handlers || !vmctx_layout(m, &layout)) return;
  uint32_t n = 0;
  for (const struct stack_clause *c = handlers->labels; c->tag && n < HANDLERS_SHOWN; c++, n++) {
    buf_cstr(out, n ? ", " : "");
    handler_text(m, c->tag, layout.tags, out);
  }
  for (const struct stack_clause *c = (const struct stack_clause *)handlers - 1; c->tag && n < HANDLERS_SHOWN;
       c--, n++) {
    buf_cstr(out, n ? ", switch " : "switch ");
    handler_text(m, c->tag, layout.tags, out);
  }
  if (n == HANDLERS_SHOWN) buf_cstr(out, ", ..");
}

/* Text goes behind what `text` holds; until the block is made, data is an offset in it. */
static heddle_str_t put(struct buf *text, const void *data, size_t len) {
  heddle_str_t s = {(const char *)(uintptr_t)text->len, len};
  buf_bytes(text, data, len);
  return s;
}

static heddle_frame_t frame_export(const struct trap_frame *f, const struct dwarf_line *line,
                                   struct buf *text) {
  const struct module *m = f->image->module;
  struct slice name = module_func_name(m, f->func_index);
  heddle_frame_t frame = {
      .module = put(text, m->name.data, m->name.len),
      .function = put(text, name.data, name.len),
      .function_index = f->func_index,
      .module_offset = f->wasm_off,
      .stack_id = f->stack_id,
      .file = put(text, line->file, strlen(line->file)),
      .line = line->line,
      .column = line->column,
  };
  size_t start = text->len;
  handlers_text(m, f->handlers, text);
  frame.handlers = (heddle_str_t){(const char *)(uintptr_t)start, text->len - start};
  return frame;
}

static void settle(heddle_str_t *s, const char *text) { s->data = text + (uintptr_t)s->data; }

heddle_frame_t *frames_export(const struct trap_report *r, bool source) {
  struct dwarf_line *lines = r->nframes ? mem_zalloc(TRAP_FRAMES, sizeof *lines) : NULL;
  if (!lines) return NULL;
  find_lines(r, source, lines);
  heddle_frame_t frames[TRAP_FRAMES], *block = NULL;
  struct buf text;
  buf_init(&text);
  for (uint32_t i = 0; i < r->nframes; i++)
    frames[i] = frame_export(&r->frames[i], &lines[i], &text);
  if (buf_ok(&text)) block = mem_alloc(r->nframes * sizeof *block + text.len);
  if (block) {
    char *at = (char *)(block + r->nframes);
    if (text.len) memcpy(at, text.data, text.len);
    memcpy(block, frames, r->nframes * sizeof *block);
    for (uint32_t i = 0; i < r->nframes; i++) {
      settle(&block[i].module, at);
      settle(&block[i].function, at);
      settle(&block[i].file, at);
      settle(&block[i].handlers, at);
    }
  }
  buf_free(&text);
  mem_free(lines);
  return block;
}
