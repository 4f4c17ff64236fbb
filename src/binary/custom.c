/* The name section (spec 7.4.1 and its extension) and metadata.code.branch_hint (spec 7.4.2).
 *
 * In: the module's custom sections.  Out: its names and hints.  One parser serves both views: running code
 * ignores what is broken (of names one subsection: compilers do get some wrong, and functions' names are
 * wanted most), module_check_customs reports it.  Must not: make a valid module invalid. */
#include "binary/custom.h"

#include "binary/insn.h"
#include "binary/writer.h"

static const char hint_section[] = "metadata.code.branch_hint";

/* ---- names ---- */

static struct name_map read_name_map(struct module *m, struct reader *r) {
  struct name_map map = {.len = read_count(r, MAX_FUNCS, 2, "names")};
  struct name_assoc *at = ARENA_ARRAY(m->arena, struct name_assoc, map.len);
  for (uint32_t i = 0; i < map.len && reader_ok(r); i++) {
    uint64_t off = reader_off(r);
    at[i].index = read_uleb32(r);
    at[i].name = read_name(r);
    if (i > 0 && at[i].index <= at[i - 1].index)
      (void)reader_fail_at(r, off, ERROR_MALFORMED, "name map is not in ascending order");
  }
  map.at = at;
  return map;
}

static struct indirect_names read_indirect_names(struct module *m, struct reader *r) {
  struct indirect_names names = {.len = read_count(r, MAX_FUNCS, 2, "name maps")};
  uint32_t *index = ARENA_ARRAY(m->arena, uint32_t, names.len);
  struct name_map *maps = ARENA_ARRAY(m->arena, struct name_map, names.len);
  for (uint32_t i = 0; i < names.len && reader_ok(r); i++) {
    uint64_t off = reader_off(r);
    index[i] = read_uleb32(r);
    maps[i] = read_name_map(m, r);
    if (i > 0 && index[i] <= index[i - 1])
      (void)reader_fail_at(r, off, ERROR_MALFORMED, "name map is not in ascending order");
  }
  names.index = index;
  names.maps = maps;
  return names;
}

static void read_name_subsection(struct module *m, struct reader *r, uint8_t id) {
  switch (id) {
  case NAME_MODULE: m->name = read_name(r); return;
  case NAME_FUNC: m->func_names = read_name_map(m, r); return;
  case NAME_LOCAL: m->local_names = read_indirect_names(m, r); return;
  case NAME_LABEL: m->label_names = read_indirect_names(m, r); return;
  case NAME_TYPE: m->type_names = read_name_map(m, r); return;
  case NAME_TABLE: m->table_names = read_name_map(m, r); return;
  case NAME_MEMORY: m->memory_names = read_name_map(m, r); return;
  case NAME_GLOBAL: m->global_names = read_name_map(m, r); return;
  case NAME_ELEM: m->elem_names = read_name_map(m, r); return;
  case NAME_DATA: m->data_names = read_name_map(m, r); return;
  case NAME_FIELD: m->field_names = read_indirect_names(m, r); return;
  case NAME_TAG: m->tag_names = read_name_map(m, r); return;
  default: r->at = r->end; return; /* of a later extension */
  }
}

/* `lenient`: a subsection that is broken inside is left out. */
static void read_names(struct module *m, struct reader *r, bool lenient) {
  for (int last = -1; !reader_done(r) && reader_ok(r);) {
    uint64_t off = reader_off(r);
    uint8_t id = read_u8(r);
    struct reader body = reader_sub(r, read_uleb32(r));
    if (id <= last) (void)reader_fail_at(r, off, ERROR_MALFORMED, "name subsection out of order");
    last = id;
    if (!reader_ok(r)) return;
    const struct module before = *m;
    struct error dropped = ERROR_INIT;
    if (lenient) body.error = &dropped;
    read_name_subsection(m, &body, id);
    if (!reader_done(&body)) (void)reader_fail(&body, ERROR_MALFORMED, "name subsection size mismatch");
    if (error_is_set(&dropped)) *m = before;
  }
}

/* ---- branch hints ---- */

static void read_hints(struct module *m, struct reader *r) {
  enum { BYTES_PER_HINT = 3 };
  struct branch_hint *at = ARENA_ARRAY(m->arena, struct branch_hint, reader_left(r) / BYTES_PER_HINT + 1);
  uint32_t len = 0, nfuncs = read_count(r, MAX_FUNCS, 2, "functions");
  for (uint32_t i = 0; i < nfuncs && reader_ok(r); i++) {
    uint64_t off = reader_off(r);
    uint32_t func = read_uleb32(r);
    if (len > 0 && func <= at[len - 1].func)
      (void)reader_fail_at(r, off, ERROR_MALFORMED, "functions are not in ascending order");
    uint32_t n = read_count(r, MAX_BODY, BYTES_PER_HINT, "hints");
    for (uint32_t k = 0; k < n && reader_ok(r); k++) {
      struct branch_hint h = {.func = func};
      off = reader_off(r);
      h.off = read_uleb32(r);
      uint32_t size = read_uleb32(r);
      uint8_t value = read_u8(r);
      if (k > 0 && h.off <= at[len - 1].off)
        (void)reader_fail_at(r, off, ERROR_MALFORMED, "hints are not in ascending order");
      if (size != 1 || value > 1) (void)reader_fail_at(r, off, ERROR_MALFORMED, "hint is neither 0 nor 1");
      h.likely = value == 1;
      if (reader_ok(r)) at[len++] = h;
    }
  }
  if (!reader_done(r)) (void)reader_fail(r, ERROR_MALFORMED, "section size mismatch");
  m->hints = at;
  m->nhints = len;
}

/* The order of sections is by id, but for those that came late. */
static bool is_before_code(const struct custom *c) {
  return c->after != SECTION_CODE && c->after != SECTION_DATA;
}

/* ---- both views ---- */

enum custom_kind { CUSTOM_OTHER, CUSTOM_NAMES, CUSTOM_HINTS };

static enum custom_kind custom_kind(const struct module *m, const struct custom *c) {
  if (slice_eq_cstr(c->name, "name")) return CUSTOM_NAMES;
  if (slice_eq_cstr(c->name, hint_section) && feature_on(m->features, FEATURE_BRANCH_HINTING))
    return CUSTOM_HINTS;
  return CUSTOM_OTHER;
}

/* Reads `c` into the module's fields, which are left as they were when it is malformed. `seen` has a bit for
 * each kind. */
static bool read_custom(struct module *m, const struct custom *c, unsigned *seen, bool lenient,
                        struct error *e) {
  enum custom_kind kind = custom_kind(m, c);
  struct module before = *m;
  struct arena_mark mark = arena_mark(m->arena);
  struct reader r = reader_of(c->bytes, (uint64_t)(c->bytes.data - m->bytes.data), e);
  if (kind == CUSTOM_OTHER) return true;
  if (*seen & 1u << kind) return reader_fail_at(&r, c->off, ERROR_MALFORMED, "duplicate section");
  *seen |= 1u << kind;
  if (kind == CUSTOM_NAMES)
    read_names(m, &r, lenient);
  else if (is_before_code(c))
    read_hints(m, &r);
  else
    (void)reader_fail_at(&r, c->off, ERROR_MALFORMED, "section behind the code section");
  if (reader_ok(&r)) return true;
  *m = before;
  arena_release(m->arena, mark);
  return false;
}

void custom_decode(struct module *m) {
  unsigned seen = 0;
  for (uint32_t i = 0; i < m->ncustoms; i++) {
    struct error dropped = ERROR_INIT;
    (void)read_custom(m, &m->customs[i], &seen, true, &dropped);
  }
}

static bool fail_custom(struct error *e, const struct error *why, const char *section) {
  return error_at(e, why->kind, why->offset, "@%s section: %.200s", section, why->message);
}

/* Walks the function once; `*hint` is its first hint and moves behind its last one. */
static bool check_hint_targets(const struct module *m, const struct branch_hint **hint,
                               const struct branch_hint *end, struct error *e) {
  uint32_t func = (*hint)->func;
  if (func >= m->nfuncs || func < m->nimported_funcs)
    return error_at(e, ERROR_INVALID, 0, "@%s annotation: unknown function %u", hint_section, func);
  const struct func *f = &m->funcs[func];
  struct error malformed = ERROR_INIT;
  struct reader r =
      reader_of((struct slice){m->bytes.data + f->body_off, f->body_size}, f->body_off, &malformed);
  uint32_t nruns = read_count(&r, f->body_size, 2, "locals");
  for (uint32_t i = 0; i < nruns; i++) {
    (void)read_uleb32(&r);
    (void)read_valtype(&r, m->features);
  }
  for (; *hint < end && (*hint)->func == func; ++*hint) {
    struct insn insn = {.op = OP_INVALID};
    uint32_t at = f->body_off + (*hint)->off;
    while (!reader_done(&r) && reader_off(&r) < at)
      insn_read(&r, m->features, &insn);
    bool is_there = !reader_done(&r) && reader_off(&r) == at;
    if (is_there) insn_read(&r, m->features, &insn);
    if (!is_there || (insn.op != OP_IF && insn.op != OP_BR_IF))
      return error_at(e, ERROR_INVALID, at, "@%s annotation: invalid target", hint_section);
  }
  return true;
}

static bool check_customs(const struct module *m, struct error *e) {
  struct module scratch = *m;
  unsigned seen = 0;
  for (uint32_t i = 0; i < m->ncustoms; i++) {
    struct error why = ERROR_INIT;
    const char *name = custom_kind(m, &m->customs[i]) == CUSTOM_NAMES ? "name" : hint_section;
    if (!read_custom(&scratch, &m->customs[i], &seen, false, &why)) return fail_custom(e, &why, name);
  }
  const struct branch_hint *hint = scratch.hints, *end = hint + scratch.nhints;
  while (hint != end) {
    if (!check_hint_targets(m, &hint, end, e)) return false;
  }
  return true;
}

bool module_check_customs(const struct module *m, struct error *e) {
  jmp_buf on_oom, *const before = m->arena->on_oom;
  struct arena_mark mark = arena_mark(m->arena);
  bool ok;
  if (setjmp(on_oom) == 0) {
    m->arena->on_oom = &on_oom;
    ok = check_customs(m, e);
  } else {
    ok = error_memory(e);
  }
  m->arena->on_oom = before;
  arena_release(m->arena, mark);
  return ok;
}
