/* Builds binary modules by hand, for tests that need what no text can say or sizes that no file should have.
 *
 *   struct module_bytes b;  module_begin(&b);
 *   section_begin(&b, 1); buf_uleb(&b.out, 1); ... section_end(&b);
 *   judge(&b, features_all(), &e)
 *
 * Sections and bodies have their sizes written behind them as padded five-byte LEB128. */
#ifndef TESTS_UNIT_MODULE_BYTES_H
#define TESTS_UNIT_MODULE_BYTES_H

#include "base/buf.h"
#include "binary/decode.h"
#include "validate/validate.h"

#include <string.h>

struct module_bytes {
  struct buf out;
  size_t section, body; /* where their size fields stand */
};

static inline void module_begin(struct module_bytes *b) {
  static const uint8_t head[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
  buf_init(&b->out);
  buf_bytes(&b->out, head, sizeof head);
}

static inline size_t size_begin(struct module_bytes *b) {
  static const uint8_t room[5] = {0};
  buf_bytes(&b->out, room, sizeof room);
  return b->out.len - sizeof room;
}

static inline void size_end(struct module_bytes *b, size_t at) {
  size_t size = b->out.len - at - 5;
  for (int i = 0; i < 5; i++)
    b->out.data[at + (size_t)i] = (uint8_t)((size >> (7 * i) & 0x7f) | (i < 4 ? 0x80 : 0));
}

static inline void section_begin(struct module_bytes *b, uint8_t id) {
  buf_u8(&b->out, id);
  b->section = size_begin(b);
}
static inline void section_end(struct module_bytes *b) { size_end(b, b->section); }
static inline void body_begin(struct module_bytes *b) { b->body = size_begin(b); }
static inline void body_end(struct module_bytes *b) {
  buf_u8(&b->out, 0x0b);
  size_end(b, b->body);
}

static inline void put(struct module_bytes *b, const char *bytes, size_t n) { buf_bytes(&b->out, bytes, n); }
#define PUT(b, literal) put((b), (literal), sizeof(literal) - 1)

/* A type section of one function type. Letters as in opcode.def: i I f F. */
static inline uint8_t type_code(char c) { return c == 'i' ? 0x7f : c == 'I' ? 0x7e : c == 'f' ? 0x7d : 0x7c; }
static inline void put_functype(struct module_bytes *b, const char *params, const char *results) {
  buf_u8(&b->out, 0x60);
  buf_uleb(&b->out, strlen(params));
  for (; *params; params++)
    buf_u8(&b->out, type_code(*params));
  buf_uleb(&b->out, strlen(results));
  for (; *results; results++)
    buf_u8(&b->out, type_code(*results));
}

struct judged {
  bool ok;
  size_t arena_size; /* bytes of the module's arena */
  struct error error;
  bool has_indirect_tail_calls;
};

static inline struct judged judge_bytes(struct slice bytes, struct features f) {
  struct judged j = {.error = ERROR_INIT};
  struct canon *canon = canon_new();
  struct arena arena;
  jmp_buf oom;
  arena_init(&arena, &oom);
  if (canon && setjmp(oom) == 0) {
    struct module *m = module_decode(&arena, bytes, f, &j.error);
    struct valid_module *v = m ? module_validate(m, canon, &j.error) : NULL;
    j.ok = v != NULL;
    if (v) j.has_indirect_tail_calls = v->has_indirect_tail_calls;
  }
  j.arena_size = arena.total;
  arena_free(&arena);
  canon_delete(canon);
  return j;
}

static inline struct judged judge(struct module_bytes *b) {
  struct judged j = judge_bytes(buf_slice(&b->out), features_all());
  buf_free(&b->out);
  return j;
}

#endif
