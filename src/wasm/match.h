/* Canonical types and subtyping.
 *
 * `struct canon` is the engine's registry: each recursion group that is equal (iso-recursively, spec 3.1.3)
 * to an earlier one gets the same ids, so type equality is equality of ids, across modules. Grows only; lives
 * as long as the engine; thread-safe (a mutex around insertion, lock-free reads of published entries). In
 * types stored here, concrete heap types hold canonical ids. Must not: know modules' names or bytes. */
#ifndef WASM_MATCH_H
#define WASM_MATCH_H

#include "base/error.h"
#include "wasm/type.h"

struct canon;
struct module;

MUST_USE struct canon *canon_new(void); /* NULL when memory is out */
void canon_delete(struct canon *c);
/* Gives every type of the module its canonical id: fills m->canon_ids (already allocated, m->ntypes long).
 * Types are checked for indices in range before. Fails only for lack of memory or too many types. */
MUST_USE bool canon_add_module(struct canon *c, struct module *m, struct error *e);
/* The id of a function type whose valtypes are canonical already (host functions). */
MUST_USE bool canon_add_func(struct canon *c, const struct functype *t, uint32_t *id, struct error *e);
/* The id of the continuation type over a canonical function type. */
MUST_USE bool canon_add_cont(struct canon *c, uint32_t func, uint32_t *id, struct error *e);
/* The definition behind an id; its indices are canonical ids. Never moves. */
const struct subtype *canon_type(const struct canon *c, uint32_t id);
bool canon_has(const struct canon *c, uint32_t id);       /* is it one that was given out? */
uint32_t canon_depth(const struct canon *c, uint32_t id); /* number of supertypes above it */
/* Supertype chain of `id` by depth: display[0] is the root .. display[depth] == id. Never moves. */
const uint32_t *canon_display(const struct canon *c, uint32_t id);
bool canon_is_subtype(const struct canon *c, uint32_t sub, uint32_t super);

/* Matching of canonical valtypes and heap types (spec 3.3). */
bool canon_heap_match(const struct canon *c, uint32_t sub, uint32_t super);
bool canon_match(const struct canon *c, valtype sub, valtype super);
bool canon_functype_match(const struct canon *c, const struct functype *sub, const struct functype *super);

/* A module's valtype with its index translated to the canonical id, and the same for heap types. */
valtype module_canon_vt(const struct module *m, valtype t);
uint32_t module_canon_heap(const struct module *m, uint32_t heap);

/* The top of the hierarchy a heap type belongs to: HEAP_ANY, HEAP_FUNC, HEAP_EXTERN, HEAP_EXN or HEAP_CONT;
 * and its bottom. */
uint32_t canon_heap_top(const struct canon *c, uint32_t heap);
uint32_t canon_heap_bottom(const struct canon *c, uint32_t heap);

#endif
