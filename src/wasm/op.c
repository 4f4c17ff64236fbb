/* The tables behind op.h, all expanded from the .def files; nothing here names a single instruction.
 *
 * In: (prefix, code), keywords, feature names.  Out: enum op, struct op_info, feature sets closed under
 * `implies`. The keyword hash is built once in a process and never changes afterwards.  Must not: know bytes
 * or semantics. */
#include "wasm/op.h"

#include <pthread.h>
#include <string.h>

#define T OPF_TRAP
#define P OPF_PURE
#define C OPF_CONST
#define X OPF_EXTCONST
#define E OPF_END
#define A OPF_ALIAS
const struct op_info op_table[OP_COUNT] = {
    [OP_INVALID] = {.text = "", .params = "", .results = "", .feature = FEATURE_NEVER, .code = UINT16_MAX},
#define OP(prefix_, code_, id_, text_, imm_, align_, params_, results_, flags_, family_, feature_)           \
  [OP_##id_] = {.text = text_,                                                                               \
                .params = params_,                                                                           \
                .results = results_,                                                                         \
                .prefix = prefix_,                                                                           \
                .imm = IMM_##imm_,                                                                           \
                .flags = flags_,                                                                             \
                .family = FAMILY_##family_,                                                                  \
                .feature = FEATURE_##feature_,                                                               \
                .align_log2 = align_,                                                                        \
                .code = code_},
#include "wasm/opcode.def"
#undef OP
};
#undef T
#undef P
#undef C
#undef X
#undef E
#undef A

#define CODE_INDEX(prefix, code)                                                                             \
  ((prefix) == 0x00   ? (code)                                                                               \
   : (prefix) == 0xfb ? OP_CODES_FB + (code)                                                                 \
   : (prefix) == 0xfc ? OP_CODES_FC + (code)                                                                 \
   : (prefix) == 0xfd ? OP_CODES_FD + (code)                                                                 \
                      : OP_CODES_FE + (code))
/* First index that belongs to the next prefix. */
#define CODE_LIMIT(prefix)                                                                                   \
  ((prefix) == 0x00   ? OP_CODES_FB                                                                          \
   : (prefix) == 0xfb ? OP_CODES_FC                                                                          \
   : (prefix) == 0xfc ? OP_CODES_FD                                                                          \
   : (prefix) == 0xfd ? OP_CODES_FE                                                                          \
                      : OP_CODES_END)

#define OP(prefix, code, id, text, imm, align, params, results, flags, family, feature)                      \
  static_assert(CODE_INDEX(prefix, code) < CODE_LIMIT(prefix), "codes of one prefix reach into the next");
#include "wasm/opcode.def"
#undef OP

const uint16_t op_codes[OP_CODES_END] = {
#define OP(prefix, code, id, text, imm, align, params, results, flags, family, feature)                      \
  [CODE_INDEX(prefix, code)] = OP_##id,
#include "wasm/opcode.def"
#undef OP
};

enum op op_decode(uint8_t prefix, uint32_t code) {
  uint32_t base, limit;
  switch (prefix) {
  case 0x00: base = 0, limit = OP_CODES_FB; break;
  case 0xfb: base = OP_CODES_FB, limit = OP_CODES_FC; break;
  case 0xfc: base = OP_CODES_FC, limit = OP_CODES_FD; break;
  case 0xfd: base = OP_CODES_FD, limit = OP_CODES_FE; break;
  case 0xfe: base = OP_CODES_FE, limit = OP_CODES_END; break;
  default: return OP_INVALID;
  }
  return code < limit - base ? (enum op)op_codes[base + code] : OP_INVALID;
}

/* ---- keywords ---- */

enum { TEXT_SLOTS = 2048 };
static_assert(OP_COUNT < TEXT_SLOTS / 2, "keyword hash is at most half full");

static uint16_t text_slots[TEXT_SLOTS]; /* open addressing; written by build_text_slots only */
static pthread_once_t text_slots_once = PTHREAD_ONCE_INIT;

static uint32_t text_hash(const uint8_t *s, size_t len) {
  uint32_t h = 0x811c9dc5;
  for (size_t i = 0; i < len; i++)
    h = (h ^ s[i]) * 0x01000193;
  return h ^ (h >> 15);
}

static void build_text_slots(void) {
  for (uint32_t op = OP_INVALID + 1; op < OP_COUNT; op++) {
    const char *text = op_table[op].text;
    uint32_t slot = text_hash((const uint8_t *)text, strlen(text)) % TEXT_SLOTS;
    while (text_slots[slot] != OP_INVALID && strcmp(op_table[text_slots[slot]].text, text) != 0)
      slot = (slot + 1) % TEXT_SLOTS;
    if (text_slots[slot] == OP_INVALID) text_slots[slot] = (uint16_t)op;
  }
}

enum op op_by_text(struct slice text) {
  (void)pthread_once(&text_slots_once, build_text_slots);
  uint32_t slot = text_hash(text.data, text.len) % TEXT_SLOTS;
  while (text_slots[slot] != OP_INVALID && !slice_eq_cstr(text, op_table[text_slots[slot]].text))
    slot = (slot + 1) % TEXT_SLOTS;
  return (enum op)text_slots[slot];
}

const char *family_name(enum family f) {
  switch (f) {
  case FAMILY_NONE: return "";
  case FAMILY_CONTROL: return "control";
  case FAMILY_CALL: return "call";
  case FAMILY_VARIABLE: return "variable";
  case FAMILY_NUMERIC: return "numeric";
  case FAMILY_MEMORY: return "memory";
  case FAMILY_TABLE: return "table";
  case FAMILY_REF: return "ref";
  case FAMILY_GC: return "gc";
  case FAMILY_EXN: return "exn";
  case FAMILY_CONT: return "cont";
  case FAMILY_SIMD: return "simd";
  case FAMILY_ATOMIC: return "atomic";
  case FAMILY_LEGACY: return "legacy";
  }
  return "";
}

/* ---- features ---- */

#define F(id) (UINT64_C(1) << FEATURE_##id)
static const struct {
  const char *name;
  uint64_t implies;
  bool on;
} feature_table[FEATURE_COUNT] = {
#define FEATURE(id, name, on, implies) [FEATURE_##id] = {name, implies, on},
#include "wasm/feature.def"
#undef FEATURE
};
#undef F

struct features features_default(void) {
  struct features f = {0};
  for (uint32_t i = 0; i < FEATURE_COUNT; i++)
    if (feature_table[i].on) features_set(&f, (enum feature)i, true);
  return f;
}

struct features features_all(void) {
  return (struct features){(UINT64_C(1) << FEATURE_COUNT) - 1};
}

void features_set(struct features *f, enum feature id, bool on) {
  if (id >= FEATURE_COUNT) return;
  uint64_t set = UINT64_C(1) << id; /* grows to all that follow from `id` */
  for (uint64_t old = 0; old != set;) {
    old = set;
    for (uint32_t i = 0; i < FEATURE_COUNT; i++) {
      uint64_t bit = UINT64_C(1) << i;
      if (on && (set & bit)) set |= feature_table[i].implies;
      if (!on && (feature_table[i].implies & set)) set |= bit;
    }
  }
  f->bits = on ? f->bits | set : f->bits & ~set;
}

const char *feature_name(enum feature id) { return id < FEATURE_COUNT ? feature_table[id].name : "mvp"; }

bool feature_by_name(const char *name, enum feature *id) {
  for (uint32_t i = 0; i < FEATURE_COUNT; i++) {
    if (strcmp(name, feature_table[i].name) == 0) return *id = (enum feature)i, true;
  }
  return false;
}
