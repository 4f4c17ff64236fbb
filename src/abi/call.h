/* The WebAssembly calling convention, before registers have names: where arguments and results stand.
 *
 * Arguments: the first 8 integer-class values (i32, i64, references) in integer argument registers 0..7, the
 * first 8 of float class (f32, f64, v128) in float registers 0..7; the rest on the stack, in order, each 8
 * bytes (v128: 16, aligned to 16), total rounded up to 16, popped by the callee. Results: the first 6 of each
 * class in result registers; the rest in an area that the caller reserves directly above the stack arguments,
 * in order, same layout. callee's view:  [rbp+16, +args_size) stack arguments   [rbp+16+args_size,
 * +results_size) results area An i32 in a register or slot always has zero upper halves; so have 32-bit
 * references. */
#ifndef ABI_CALL_H
#define ABI_CALL_H

#include "wasm/type.h"

enum { CALL_INT_ARGS = 8, CALL_FLOAT_ARGS = 8, CALL_INT_RESULTS = 6, CALL_FLOAT_RESULTS = 6 };
enum value_class { CLASS_INT, CLASS_FLOAT };
struct call_loc {
  uint8_t cls; /* enum value_class */
  bool on_stack;
  uint32_t at; /* number of the register in its class's sequence, or byte offset in its area */
};
struct call_layout { /* arrays belong to the caller, nparams and nresults long; either may be NULL */
  struct call_loc *params, *results;
  uint32_t args_size, results_size; /* bytes, multiples of 16 */
};
/* One list of parameters or results, a value at a time, without arrays. */
struct call_walk {
  uint32_t nint, nfloat, size;
  bool results;
};
static inline struct call_walk call_walk_params(void) { return (struct call_walk){0}; }
static inline struct call_walk call_walk_results(void) { return (struct call_walk){.results = true}; }
struct call_loc call_walk_next(struct call_walk *w, valtype t);
static inline uint32_t call_walk_size(const struct call_walk *w) {
  return (w->size + 15) & ~15u;
} /* of the area, at the end */
/* `layout->params` and `results` say where to write; sizes are filled. At most 1000 of each, so nothing
 * overflows. */
void call_layout(const struct functype *t, struct call_layout *layout);
static inline enum value_class value_class(valtype t) {
  return t == VT_F32 || t == VT_F64 || t == VT_V128 ? CLASS_FLOAT : CLASS_INT;
}

#endif
