/* Objects of the garbage-collected heap and the words around the heap: what compiled code, the runtime and
 * the collector agree on (docs/gc.md shows the instruction sequences).
 *
 * A reference is 32 bits: 0 is null; with the lowest bit set it is an i31 (value << 1 | 1); otherwise it is
 * the offset of an object from the heap's base, a multiple of 8 and at least GC_FIRST.  The heap's base is
 * one constant of the store; everything else stands at a constant distance from it:
 *
 *   base + GC_TYPES   type descriptors: an object's head, added to this, gives its struct object_type
 *   base + GC_CARDS   one byte for each 512 bytes of heap: 1 = a reference was stored there
 *   base + GC_TOP     next free byte of the nursery, an offset; GC_END: where it ends
 *   base                GC_FIRST bytes without memory: a null reference plus a small offset faults
 *
 * Objects move at every safepoint, so no address made from a reference outlives one.  Must not: hold code. */
#ifndef ABI_OBJECT_H
#define ABI_OBJECT_H

#include "wasm/match.h"

enum {
  GC_FIRST = 0x10000,
  GC_CARD_SHIFT = 9,
  GC_SELF = -8, /* struct gc_heap *, for builtins */
  GC_END = -12, /* uint32_t */
  GC_TOP = -16, /* uint32_t */
  GC_CARDS = -0x1000000,
  GC_TYPES = -0x11000000,
  GC_TYPES_SIZE = 0x10000000,

  OBJECT_ALIGN = 8,
  OBJECT_HEAD = 0,           /* uint32_t: the type */
  OBJECT_FIELDS = 4,         /* structs and exceptions: where fields may begin */
  OBJECT_LEN = 4,            /* arrays: uint32_t */
  OBJECT_DATA = 8,           /* arrays: element 0, whatever the element's size */
  OBJECT_INLINE_MAX = 32768, /* bytes: larger objects are never allocated inline */
};

/* Kinds up to OBJECT_ARRAY are what `eq` holds besides i31. */
enum object_kind {
  OBJECT_STRUCT = 1,
  OBJECT_ARRAY,
  OBJECT_EXTERN, /* struct object_extern */
  OBJECT_EXN,    /* struct object_exn, then the payload as fields */
  OBJECT_CONT,   /* struct object_cont */
};
/* Heads of the types that every heap has. */
enum { OBJECT_TYPE_EXTERN = 64, OBJECT_TYPE_CONT = 128 };

/* A host pointer as a reference. `finalizer`, if any, is called once, after the box has died. */
struct object_extern {
  uint32_t type;
  uint32_t unused;
  void *data;
  void (*finalizer)(void *data);
};
struct object_exn {
  uint32_t type;
  uint32_t unused;
  uint64_t tag; /* struct vm_tag *: exceptions are told apart by it */
};
/* The only reference to a suspended stack. A store to `stack` needs the card mark that a reference would. */
struct object_cont {
  uint32_t type;
  uint32_t unused;
  uint64_t stack; /* struct stack *, 0 once it was resumed */
};

/* What the head of an object leads to. Descriptors live as long as the heap and never move. */
struct object_type {
  uint8_t kind;      /* enum object_kind */
  uint8_t depth;     /* supertypes above it; display[depth] is its own head */
  uint8_t elem_log2; /* arrays: log2 of the element's size */
  uint8_t unused;
  uint32_t size; /* structs, exceptions, special kinds: bytes of the whole object, a multiple of 8 */
  uint64_t refs; /* bit i: the 4 bytes at 4 * i hold a reference; arrays: 1 if the elements are references */
  uint32_t
      nref_list; /* instead of `refs` where a reference lies past 256 bytes: so many entries of ref_list */
  uint32_t ref_list; /* where they stand, from this descriptor: uint16_t, ascending, in units of 4 bytes */
  uint32_t canon;    /* the runtime's number of the type */
  uint32_t unused2;
  uint32_t display[8]; /* heads of the supertypes by depth, 0 beyond; longer in place where depth > 7 */
};
static_assert(offsetof(struct object_type, display) == 32, "a descriptor is 32 bytes and its display");
static_assert(sizeof(struct object_type) == 64, "one cache line");
static_assert(OBJECT_TYPE_CONT - OBJECT_TYPE_EXTERN == sizeof(struct object_type), "descriptors in a row");

static inline bool ref_is_i31(uint32_t ref) { return (ref & 1) != 0; }
static inline bool ref_is_object(uint32_t ref) { return ref != 0 && !ref_is_i31(ref); }
static inline uint32_t ref_of_i31(uint32_t value) { return value << 1 | 1; }
static inline uint32_t i31_get_u(uint32_t ref) { return ref >> 1; }
static inline uint32_t i31_get_s(uint32_t ref) { return ref >> 1 | (ref & UINT32_C(0x80000000)); }

/* Objects seen from C. The pointer is good until the next safepoint. */
static inline void *object_at(uint8_t *base, uint32_t ref) { return base + ref; }
static inline uint32_t object_head(const uint8_t *base, uint32_t ref) {
  uint32_t head;
  __builtin_memcpy(&head, base + ref, sizeof head);
  return head;
}
static inline const struct object_type *object_type(const uint8_t *base, uint32_t head) {
  return (const struct object_type *)(const void *)(base + GC_TYPES + head);
}
static inline uint32_t array_len(const uint8_t *base, uint32_t ref) {
  uint32_t len;
  __builtin_memcpy(&len, base + ref + OBJECT_LEN, sizeof len);
  return len;
}
/* `ref` is an object; `head` is the type asked for. Spec: the object's type matches it. */
static inline bool object_is(const uint8_t *base, uint32_t ref, uint32_t head) {
  const struct object_type *have = object_type(base, object_head(base, ref)), *want = object_type(base, head);
  return have->depth >= want->depth && have->display[want->depth] == head;
}

/* How a field or element is stored. */
enum storage {
  STORAGE_I8,
  STORAGE_I16,
  STORAGE_32, /* i32, f32 */
  STORAGE_64, /* i64, f64 */
  STORAGE_128,
  STORAGE_REF,  /* 4 bytes, seen by the collector */
  STORAGE_FUNC, /* 8 bytes: struct vm_func * */
};
/* `func`: t is a reference whose heap type is func, nofunc or a function type. */
enum storage storage_of(valtype t, bool func);
uint32_t storage_log2(enum storage s); /* log2 of its size in bytes */

/* Places fields one after the other, in their order, so that a subtype begins like its supertype: each at the
 * lowest free offset that suits its size (8 at most), gaps left by wider fields included.  An object whose
 * type has a descriptor holds one reference more than it has fields, STORAGE_REF: behind the fields of the
 * last supertype without a descriptor (first of all, where there is none), so that all subtypes have it
 * there. */
struct object_layout {
  uint32_t end;
  uint32_t gap[3]; /* offsets of one free place of 1, 2, 4 bytes; 0 = none */
  uint32_t
      to_descriptor;   /* fields that come before the descriptor still; 0: it is placed, or there is none */
  uint32_t descriptor; /* its offset, once it is placed; 0 = none */
};
void object_layout_start(struct object_layout *l, enum object_kind kind); /* OBJECT_STRUCT or OBJECT_EXN */
/* The same of a (canonical) struct type. */
void object_layout_start_struct(struct object_layout *l, const struct canon *c, uint32_t id);
uint32_t object_layout_add(struct object_layout *l, enum storage s); /* the field's offset */
static inline uint32_t object_layout_size(const struct object_layout *l) {
  return (l->end + 7) & ~UINT32_C(7);
}

/* Bytes of an array with `len` elements, whole object. */
static inline uint64_t array_size(uint32_t elem_log2, uint32_t len) {
  return (OBJECT_DATA + ((uint64_t)len << elem_log2) + 7) & ~UINT64_C(7);
}

#endif
