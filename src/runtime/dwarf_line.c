/* See dwarf_line.h.
 *
 * One pass over all line programs. Each program's rows are a growing address per sequence; a wanted address
 * lies at the last row that is not beyond it and has a successor. A unit's tables of files are read again for
 * each hit, so nothing is kept. DWARF 5 section 6.2; WebAssembly addresses count from the code section's
 * contents. */
#include "runtime/dwarf_line.h"

#include <string.h>

struct cursor {
  const uint8_t *at, *end;
  bool failed; /* sticky: reads yield 0 */
};

static bool cursor_take(struct cursor *c, uint64_t n) {
  if (c->failed || n > (uint64_t)(c->end - c->at)) {
    c->failed = true;
    c->at = c->end;
    return false;
  }
  c->at += n;
  return true;
}

static uint64_t get(struct cursor *c, unsigned bytes) {
  uint64_t v = 0;
  if (!cursor_take(c, bytes)) return 0;
  memcpy(&v, c->at - bytes, bytes);
  return v;
}

static uint64_t uleb(struct cursor *c) {
  uint64_t v = 0;
  for (unsigned shift = 0;; shift += 7) {
    uint8_t byte = (uint8_t)get(c, 1);
    if (shift < 64) v |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return v;
  }
}

static int64_t sleb(struct cursor *c) {
  uint64_t v = 0;
  for (unsigned shift = 0;;) {
    uint8_t byte = (uint8_t)get(c, 1);
    if (shift < 64) v |= (uint64_t)(byte & 0x7f) << shift;
    shift += 7;
    if (byte < 0x80) return (int64_t)(byte & 0x40 && shift < 64 ? v | ~UINT64_C(0) << shift : v);
  }
}

/* Up to the NUL, which is taken too. */
static struct slice text(struct cursor *c) {
  const uint8_t *start = c->at, *nul = c->failed ? NULL : memchr(start, 0, (size_t)(c->end - start));
  if (!nul) {
    c->failed = true;
    c->at = c->end;
    return (struct slice){start, 0};
  }
  c->at = nul + 1;
  return (struct slice){start, (size_t)(nul - start)};
}

static struct slice section(const struct module *m, const char *name) {
  for (uint32_t i = 0; i < m->ncustoms; i++)
    if (slice_eq_cstr(m->customs[i].name, name)) return m->customs[i].bytes;
  return (struct slice){NULL, 0};
}

struct search {
  const uint32_t *wasm_offs;
  size_t n;
  uint64_t base;              /* address 0 is this offset in the module */
  struct slice str, line_str; /* sections */
  struct dwarf_line *out;
};

struct unit {
  const struct search *s;
  unsigned version, offset_size, address_size;
  unsigned min_insn, line_range, opcode_base;
  int line_base;
  uint8_t opcode_args[256]; /* operands of standard opcodes */
  struct cursor files;      /* directories and files: the header behind the opcodes */
  struct cursor program;
};

/* ---- file names ---- */

enum form {
  FORM_BLOCK2 = 0x03,
  FORM_BLOCK4 = 0x04,
  FORM_DATA2 = 0x05,
  FORM_DATA4 = 0x06,
  FORM_DATA8 = 0x07,
  FORM_STRING = 0x08,
  FORM_BLOCK = 0x09,
  FORM_BLOCK1 = 0x0a,
  FORM_DATA1 = 0x0b,
  FORM_STRP = 0x0e,
  FORM_UDATA = 0x0f,
  FORM_DATA16 = 0x1e,
  FORM_LINE_STRP = 0x1f,
};
enum { CONTENT_PATH = 1, CONTENT_DIRECTORY = 2, FORMATS_MAX = 16, FILES_MAX = 4 << 20 /* bytes */ };

static struct slice text_at(struct slice strings, uint64_t off) {
  if (off >= strings.len) return (struct slice){NULL, 0};
  struct cursor c = {strings.data + off, strings.data + strings.len, false};
  return text(&c);
}

struct entry {
  struct slice path;    /* in place, or */
  struct slice strings; /* the section that has it */
  uint64_t string_off;
  uint64_t directory;
};
static struct slice entry_path(const struct entry *e) {
  return e->strings.len ? text_at(e->strings, e->string_off) : e->path;
}

static void read_form(struct cursor *c, const struct unit *u, uint64_t content, uint64_t form,
                      struct entry *out) {
  uint64_t number = 0;
  struct slice string = {NULL, 0}, strings = {NULL, 0};
  switch (form) {
  case FORM_STRING: string = text(c); break;
  case FORM_STRP:
    strings = u->s->str;
    number = get(c, u->offset_size);
    break;
  case FORM_LINE_STRP:
    strings = u->s->line_str;
    number = get(c, u->offset_size);
    break;
  case FORM_DATA1: number = get(c, 1); break;
  case FORM_DATA2: number = get(c, 2); break;
  case FORM_DATA4: number = get(c, 4); break;
  case FORM_DATA8: number = get(c, 8); break;
  case FORM_UDATA: number = uleb(c); break;
  case FORM_DATA16: (void)cursor_take(c, 16); break;
  case FORM_BLOCK: (void)cursor_take(c, uleb(c)); break;
  case FORM_BLOCK1: (void)cursor_take(c, get(c, 1)); break;
  case FORM_BLOCK2: (void)cursor_take(c, get(c, 2)); break;
  case FORM_BLOCK4: (void)cursor_take(c, get(c, 4)); break;
  default: c->failed = true; break;
  }
  if (content == CONTENT_PATH) {
    out->path = string;
    out->strings = strings;
    out->string_off = number;
  }
  if (content == CONTENT_DIRECTORY) out->directory = number;
}

/* DWARF 5: entry `wanted` of the table at the cursor, which ends behind the table. */
static struct entry read_table(struct cursor *c, const struct unit *u, uint64_t wanted) {
  uint64_t contents[FORMATS_MAX] = {0}, forms[FORMATS_MAX] = {0};
  struct entry found = {.directory = 0};
  unsigned n = (unsigned)get(c, 1);
  if (n > FORMATS_MAX) c->failed = true;
  for (unsigned i = 0; i < n && !c->failed; i++) {
    contents[i] = uleb(c);
    forms[i] = uleb(c);
  }
  uint64_t count = uleb(c);
  if (n == 0) return found; /* entries without contents take no bytes: their number may be anything */
  for (uint64_t k = 0; k < count && !c->failed; k++) {
    struct entry entry = {.directory = 0};
    const uint8_t *before = c->at;
    for (unsigned i = 0; i < n && !c->failed; i++)
      read_form(c, u, contents[i], forms[i], &entry);
    if (c->at == before) c->failed = true;
    if (k == wanted && !c->failed) found = entry;
  }
  return found;
}

static void file_old(const struct unit *u, uint64_t wanted, struct slice *directory, struct slice *path) {
  struct cursor c = u->files;
  while (text(&c).len) {
  }
  struct entry found = {.directory = 0};
  for (uint64_t k = 1;; k++) { /* counted from 1 */
    struct entry entry = {.path = text(&c)};
    if (!entry.path.len) break;
    entry.directory = uleb(&c);
    uleb(&c); /* time, size */
    uleb(&c);
    if (k == wanted && !c.failed) found = entry;
  }
  *path = found.path;
  c = u->files;
  for (uint64_t k = 1;; k++) {
    struct slice dir = text(&c);
    if (!dir.len) break;
    if (k == found.directory) *directory = dir;
  }
}

static void file_new(const struct unit *u, uint64_t wanted, struct slice *directory, struct slice *path) {
  struct cursor c = u->files;
  read_table(&c, u, UINT64_MAX);
  struct entry found = read_table(&c, u, wanted);
  *path = entry_path(&found);
  c = u->files;
  struct entry dir = read_table(&c, u, found.directory);
  *directory = entry_path(&dir);
}

/* directory/path, without its beginning where it is too long; odd bytes become '?'. */
static void put_path(struct slice directory, struct slice path, char out[DWARF_PATH_SIZE]) {
  size_t len = 0;
  if (directory.len > DWARF_PATH_SIZE / 2) {
    directory.data += directory.len - DWARF_PATH_SIZE / 2;
    directory.len = DWARF_PATH_SIZE / 2;
  }
  if (path.len > DWARF_PATH_SIZE / 2 - 2) {
    path.data += path.len - (DWARF_PATH_SIZE / 2 - 2);
    path.len = DWARF_PATH_SIZE / 2 - 2;
  }
  if (directory.len && !(path.len && path.data[0] == '/')) {
    memcpy(out, directory.data, directory.len);
    len = directory.len;
    out[len++] = '/';
  }
  if (path.len) memcpy(out + len, path.data, path.len);
  len += path.len;
  out[len] = 0;
  for (size_t i = 0; i < len; i++)
    if ((uint8_t)out[i] < 0x20 || out[i] == 0x7f) out[i] = '?';
  if (!utf8_valid((struct slice){(const uint8_t *)out, len}))
    for (size_t i = 0; i < len; i++)
      if ((uint8_t)out[i] >= 0x80) out[i] = '?';
}

static void put_file(const struct unit *u, uint64_t file, char out[DWARF_PATH_SIZE]) {
  struct slice directory = {NULL, 0}, path = {NULL, 0};
  out[0] = 0;
  if (u->files.end - u->files.at > FILES_MAX) return; /* read again for each hit: this would take long */
  if (u->version >= 5)
    file_new(u, file, &directory, &path);
  else
    file_old(u, file, &directory, &path);
  put_path(directory, path, out);
}

/* ---- line programs ---- */

struct row {
  uint64_t address, file, line, column;
  unsigned op_index;
};

/* `row` covers addresses up to `end`. */
static void cover(const struct unit *u, const struct row *row, uint64_t end) {
  const struct search *s = u->s;
  for (size_t i = 0; i < s->n; i++) {
    uint64_t address = s->wasm_offs[i] - s->base;
    if (s->wasm_offs[i] < s->base || address < row->address || address >= end || s->out[i].found) continue;
    s->out[i].found = true;
    s->out[i].line = (uint32_t)min_u64(row->line, UINT32_MAX);
    s->out[i].column = (uint32_t)min_u64(row->column, UINT32_MAX);
    put_file(u, row->file, s->out[i].file);
  }
}

struct machine {
  struct row row, last;
  bool has_last; /* `last` was emitted in this sequence */
  bool dead;     /* the linker dropped the function: its sequence begins at an address that no code has */
};

static void reset(struct machine *m) {
  memset(m, 0, sizeof *m);
  m->row.file = 1;
  m->row.line = 1;
}

static void emit_row(struct machine *m, const struct unit *u, bool end) {
  if (m->has_last && !m->dead && m->row.address > m->last.address) cover(u, &m->last, m->row.address);
  m->last = m->row;
  m->has_last = true;
  if (end) reset(m);
}

static void extended(struct cursor *c, struct machine *m, const struct unit *u) {
  uint64_t len = uleb(c);
  if (!len || len > (uint64_t)(c->end - c->at)) {
    c->failed = true;
    return;
  }
  struct cursor in = {c->at, c->at + len, false};
  c->at += len;
  unsigned op = (unsigned)get(&in, 1);
  if (op == 1) {
    emit_row(m, u, true);
  } else if (op == 2) {
    uint64_t size = (uint64_t)(in.end - in.at);
    m->row.address = size <= 8 ? get(&in, (unsigned)size) : 0;
    m->row.op_index = 0;
    /* Linkers write 0, -1 or -2 for functions that they dropped; no function stands at 0, where the count is.
     */
    m->dead = m->row.address == 0 || m->row.address >= UINT32_MAX - 1;
  }
}

static void advance(struct machine *m, const struct unit *u, uint64_t by) {
  m->row.address += by * u->min_insn;
}

static void standard(struct cursor *c, unsigned op, struct machine *m, const struct unit *u) {
  switch (op) {
  case 1: emit_row(m, u, false); return;
  case 2: advance(m, u, uleb(c)); return;
  case 3: m->row.line += (uint64_t)sleb(c); return;
  case 4: m->row.file = uleb(c); return;
  case 5: m->row.column = uleb(c); return;
  case 8: advance(m, u, (255 - u->opcode_base) / u->line_range); return;
  case 9: m->row.address += get(c, 2); return;
  default: /* flags and what later versions add: skipped by the header's count of operands */
    for (unsigned i = 0; i < u->opcode_args[op]; i++)
      uleb(c);
  }
}

static void run_program(const struct unit *u) {
  struct cursor c = u->program;
  struct machine m;
  reset(&m);
  while (!c.failed && c.at < c.end) {
    unsigned op = (unsigned)get(&c, 1);
    if (op == 0) {
      extended(&c, &m, u);
    } else if (op < u->opcode_base) {
      standard(&c, op, &m, u);
    } else {
      unsigned adjusted = op - u->opcode_base;
      advance(&m, u, adjusted / u->line_range);
      m.row.line += (uint64_t)(int64_t)(u->line_base + (int)(adjusted % u->line_range));
      emit_row(&m, u, false);
    }
  }
}

/* The next unit; `c` moves behind it. False: it is unusable (c tells whether more may follow). */
static bool read_unit(struct cursor *c, struct unit *u) {
  uint64_t size = get(c, 4);
  u->offset_size = 4;
  if (size == UINT32_MAX) {
    size = get(c, 8);
    u->offset_size = 8;
  }
  struct cursor in = *c;
  if (!cursor_take(c, size)) return false;
  in.end = c->at;
  u->version = (unsigned)get(&in, 2);
  if (u->version < 2 || u->version > 5) return false;
  u->address_size = u->version >= 5 ? (unsigned)get(&in, 1) : 4;
  if (u->version >= 5) get(&in, 1); /* segment selectors */
  uint64_t header_size = get(&in, u->offset_size);
  struct cursor program = in;
  if (!cursor_take(&program, header_size)) return false;
  in.end = program.at;
  u->min_insn = (unsigned)get(&in, 1);
  if (u->version >= 4) get(&in, 1); /* operations an instruction: 1 */
  get(&in, 1);                      /* default of is_stmt */
  u->line_base = (int8_t)get(&in, 1);
  u->line_range = (unsigned)get(&in, 1);
  u->opcode_base = (unsigned)get(&in, 1);
  if (!u->line_range || !u->opcode_base) return false;
  for (unsigned i = 1; i < u->opcode_base; i++)
    u->opcode_args[i] = (uint8_t)get(&in, 1);
  u->files = in;
  u->program = program;
  return !in.failed;
}

void dwarf_lines_find(const struct module *m, const uint32_t *wasm_offs, size_t n, struct dwarf_line *out) {
  assert(n <= DWARF_LOOKUP_MAX);
  for (size_t i = 0; i < n; i++)
    out[i] = (struct dwarf_line){.found = false};
  struct slice lines = section(m, ".debug_line");
  struct search s = {.wasm_offs = wasm_offs,
                     .n = n,
                     .base = m->code_off,
                     .str = section(m, ".debug_str"),
                     .line_str = section(m, ".debug_line_str"),
                     .out = out};
  struct cursor c = {lines.data, lines.data + lines.len, false};
  while (!c.failed && c.at < c.end) {
    struct unit u = {.s = &s};
    if (read_unit(&c, &u)) run_program(&u);
  }
}
