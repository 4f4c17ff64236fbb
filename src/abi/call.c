/* The calling convention's assignment of values to registers and stack areas: see call.h. */
#include "abi/call.h"

struct call_loc call_walk_next(struct call_walk *w, valtype t) {
  enum value_class cls = value_class(t);
  uint32_t *used = cls == CLASS_FLOAT ? &w->nfloat : &w->nint;
  uint32_t regs = cls == CLASS_FLOAT ? (w->results ? CALL_FLOAT_RESULTS : CALL_FLOAT_ARGS)
                                     : (w->results ? CALL_INT_RESULTS : CALL_INT_ARGS);
  if (*used < regs) return (struct call_loc){.cls = (uint8_t)cls, .on_stack = false, .at = (*used)++};
  uint32_t size = t == VT_V128 ? 16 : 8;
  uint32_t at = (w->size + size - 1) & ~(size - 1);
  w->size = at + size;
  return (struct call_loc){.cls = (uint8_t)cls, .on_stack = true, .at = at};
}

static uint32_t walk_list(struct call_walk w, const valtype *types, uint32_t len, struct call_loc *out) {
  for (uint32_t i = 0; i < len; i++) {
    struct call_loc loc = call_walk_next(&w, types[i]);
    if (out) out[i] = loc;
  }
  return call_walk_size(&w);
}

void call_layout(const struct functype *t, struct call_layout *layout) {
  layout->args_size = walk_list(call_walk_params(), t->params, t->nparams, layout->params);
  layout->results_size = walk_list(call_walk_results(), t->results, t->nresults, layout->results);
}
