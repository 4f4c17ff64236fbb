/* Objects of the heap as the runtime sees them: types and their layout, what is made from C, references'
 * types.
 *
 * References are raw 32-bit numbers here: whatever may collect (object_new, object_array_new, exn_new) moves
 * objects, so a reference that is needed afterwards must stand where roots.c looks. */
#ifndef RUNTIME_OBJECT_H
#define RUNTIME_OBJECT_H

#include "abi/object.h"
#include "runtime/instance.h"

/* The store's heap, made when it is first asked for. NULL: memory is out. */
struct gc_heap *object_heap(struct store *s);
/* An instance's view of the heap: ctx->heap and the heads of its types. False: memory is out. */
MUST_USE bool object_prepare(struct instance *in, struct error *e);

/* gc_host.check_object of a store. */
const char *object_check(void *host, uint32_t ref);

/* Heads by canonical id; 0: memory is out. */
uint32_t object_type_head(struct store *s, uint32_t canon);
uint32_t exn_type_head(struct store *s, uint32_t canon_func);

/* A field: where it stands and how it is stored. Of a (canonical) struct type; the descriptor of objects
 * whose type has one; of an exception. */
struct object_field {
  uint32_t off;
  enum storage storage;
};
struct object_field object_field(const struct canon *c, uint32_t type, uint32_t index);
struct object_field object_descriptor(const struct canon *c, uint32_t type);
struct object_field exn_field(const struct canon *c, const struct functype *type, uint32_t index);
union vm_value object_load(const uint8_t *base, uint32_t ref,
                           struct object_field f); /* packed: zero-extended */
void object_store(uint8_t *base, uint32_t ref, struct object_field f, union vm_value v);

/* Zeroed objects; 0: the heap is exhausted. May collect. */
uint32_t object_new(struct store *s, uint32_t canon);
uint32_t object_array_new(struct store *s, uint32_t canon, uint64_t len);
/* An exception; its payload is zeroed. */
uint32_t exn_new(struct store *s, struct vm_tag *tag);
struct vm_tag *exn_tag(const struct store *s, uint32_t exn);

/* The narrowest type of a reference that is not null (of structs and arrays, the exact one); `extern_`: it is
 * seen from the outside. */
valtype object_valtype(const struct store *s, uint32_t ref, bool extern_);
/* Does it match the (canonical) struct or array type? */
bool object_matches(const struct store *s, uint32_t ref, uint32_t canon);

/* Segments into arrays of a struct instance; the trap, or TRAP_NONE. Neither collects. */
enum trap_code array_init_data(struct instance *in, uint32_t data, uint32_t array, uint32_t index,
                               uint32_t off, uint32_t len);
enum trap_code array_init_elem(struct instance *in, uint32_t elem, uint32_t array, uint32_t index,
                               uint32_t off, uint32_t len);
enum trap_code array_fill(struct store *s, uint32_t array, uint32_t index, const uint64_t bits[2],
                          uint32_t len);
enum trap_code array_copy(struct store *s, uint32_t dst, uint32_t dst_index, uint32_t src, uint32_t src_index,
                          uint32_t len);
void array_set(struct store *s, uint32_t array, uint32_t index, union vm_value v); /* index is in bounds */

#endif
