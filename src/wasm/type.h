/* Types of the language: value, heap, reference, composite types, limits, external types.
 *
 * A value type is 32 bits.  Where a concrete heap type stands in it, the index is either a *module* type
 * index (in struct module and all that validate/ and compiler/ see) or a *canonical* id of the engine (struct
 * canon, see match.h); which of the two, is said by whoever holds the type, never guessed. Must not: know
 * bytes or behaviour. */
#ifndef WASM_TYPE_H
#define WASM_TYPE_H

#include "base/check.h"
#include "base/slice.h"

/* A value type, or (I8, I16) the storage type of a packed field, or one of two bottoms the validator needs.
 *   number and packed types: the enumerators below
 *   references:              VT_REF | VT_NULLABLE? | VT_EXACT? | heap type
 * A heap type is 0..15 (enum heap) or VT_CONCRETE | type index (at most 1,000,000). */
typedef uint32_t valtype;
enum {
  VT_NONE = 0, /* no type: end of a list, "nothing yet" */
  VT_I32,
  VT_I64,
  VT_F32,
  VT_F64,
  VT_V128,
  VT_I8,
  VT_I16,     /* storage only */
  VT_BOT,     /* the validator's bottom: matches every value type */
  VT_REF_BOT, /* the validator's bottom of reference types (from ref.as_non_null of bottom) */
};
#define VT_REF        UINT32_C(0x80000000)
#define VT_NULLABLE   UINT32_C(0x40000000)
#define VT_CONCRETE   UINT32_C(0x20000000)
#define VT_EXACT      UINT32_C(0x10000000)
#define VT_INDEX_MASK UINT32_C(0x000fffff)
#define VT_HEAP_MASK  (VT_CONCRETE | VT_EXACT | VT_INDEX_MASK)

enum heap {
  HEAP_FUNC,
  HEAP_NOFUNC,
  HEAP_EXTERN,
  HEAP_NOEXTERN,
  HEAP_ANY,
  HEAP_EQ,
  HEAP_I31,
  HEAP_STRUCT,
  HEAP_ARRAY,
  HEAP_NONE,
  HEAP_EXN,
  HEAP_NOEXN,
  HEAP_CONT,
  HEAP_NOCONT,
  HEAP_COUNT
};

/* `heap` is an enum heap or VT_CONCRETE | index. */
static inline valtype vt_ref(uint32_t heap, bool nullable) {
  return VT_REF | (nullable ? VT_NULLABLE : 0) | heap;
}
static inline valtype vt_ref_to(uint32_t type_index, bool nullable) {
  return vt_ref(VT_CONCRETE | type_index, nullable);
}
static inline bool vt_is_ref(valtype t) { return (t & VT_REF) != 0 || t == VT_REF_BOT; }
static inline bool vt_is_num(valtype t) { return t >= VT_I32 && t <= VT_F64; }
static inline bool vt_is_nullable(valtype t) { return (t & VT_REF) && (t & VT_NULLABLE); }
static inline bool vt_is_concrete(valtype t) { return (t & VT_REF) && (t & VT_CONCRETE); }
static inline uint32_t vt_heap(valtype t) { return t & VT_HEAP_MASK; }
static inline uint32_t vt_index(valtype t) { return t & VT_INDEX_MASK; }
static inline bool vt_is_defaultable(valtype t) { return !vt_is_ref(t) || vt_is_nullable(t); }
static inline bool heap_is_concrete(uint32_t heap) { return (heap & VT_CONCRETE) != 0; }
#define VT_FUNCREF   (VT_REF | VT_NULLABLE | HEAP_FUNC)
#define VT_EXTERNREF (VT_REF | VT_NULLABLE | HEAP_EXTERN)
#define VT_ANYREF    (VT_REF | VT_NULLABLE | HEAP_ANY)
#define VT_EXNREF    (VT_REF | VT_NULLABLE | HEAP_EXN)
#define VT_CONTREF   (VT_REF | VT_NULLABLE | HEAP_CONT)

const char *heap_name(uint32_t abstract_heap);     /* "func", "noextern", ... */
const char *vt_num_name(valtype number_or_packed); /* "i32", ... */
/* Size of a value in bytes: 4, 8, 16 for numbers; packed 1, 2; references give 8 for func, 4 for all others.
 */
uint32_t vt_size(valtype t);
/* The text of a type: "i32", "funcref", "(ref null 3)", "(ref $t)" is the printer's business. Returns `out`.
 */
const char *vt_format(valtype t, char out[48]);

struct functype {
  const valtype *params;
  uint32_t nparams;
  const valtype *results;
  uint32_t nresults;
};
struct field {
  valtype type;
  bool mutable_;
};
enum comp_kind { COMP_FUNC, COMP_STRUCT, COMP_ARRAY, COMP_CONT };
#define NO_SUPER UINT32_MAX
/* One type definition: the (sub) form of the spec with at most one supertype. */
struct subtype {
  enum comp_kind kind;
  bool final;
  uint32_t super;     /* type index or NO_SUPER */
  uint32_t rec_start; /* first index of the rec group it stands in */
  uint32_t rec_len;
  uint32_t descriptor, describes; /* custom-descriptors: type index or NO_SUPER */
  union {
    struct functype func;
    struct {
      const struct field *fields;
      uint32_t nfields;
    } struct_;
    struct field array;
    uint32_t cont; /* type index of the function type */
  };
};

struct limits {
  uint64_t min, max;
  bool has_max, shared, is64; /* is64: addresses are i64 */
  uint8_t page_log2;          /* memories: 16, or another with custom-page-sizes; tables 0 */
};
struct tabletype {
  valtype elem;
  struct limits limits;
};
struct memtype {
  struct limits limits;
};
struct globaltype {
  valtype type;
  bool mutable_;
};
struct tagtype {
  uint32_t type; /* index of a function type */
};

enum extern_kind { EXTERN_FUNC, EXTERN_TABLE, EXTERN_MEMORY, EXTERN_GLOBAL, EXTERN_TAG };
const char *extern_kind_name(enum extern_kind k); /* "func", "table", ... */

/* Limits of the implementation (the JavaScript API's table): beyond them a module is refused. */
enum {
  MAX_TYPES = 1000000,
  MAX_FUNCS = 1000000,
  MAX_IMPORTS = 1000000,
  MAX_EXPORTS = 1000000,
  MAX_GLOBALS = 1000000,
  MAX_TAGS = 1000000,
  MAX_DATA = 100000,
  MAX_ELEM = 100000,
  MAX_STRING = 100000,
  MAX_BODY = 7654321,
  MAX_LOCALS = 50000,
  MAX_PARAMS = 1000,
  MAX_RESULTS = 1000,
  MAX_TABLES = 100000,
  MAX_TABLE_ENTRIES = 10000000,
  MAX_MEMORIES = 100,
  MAX_FIELDS = 10000,
  MAX_CATCHES = 10000,
  MAX_HANDLERS = 10000,
  MAX_SUBTYPE_DEPTH = 63,
  MAX_ARRAY_NEW_FIXED = 10000,
  MAX_BR_TABLE = 7654321,
};

#endif
