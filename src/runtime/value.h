/* Values on the host's side of a call, and what an import or export denotes.
 *
 * Types here hold canonical ids. A reference to a function is a vm_func pointer, every other reference a
 * 32-bit number (0 = null); which of the two a value is, its type's hierarchy says. */
#ifndef RUNTIME_VALUE_H
#define RUNTIME_VALUE_H

#include "abi/vmctx.h"
#include "wasm/match.h"

struct value {
  valtype type;
  union vm_value of;
};

/* An external value (spec 4.2.12). NULL stands for "nobody defined it". */
struct externval {
  enum extern_kind kind;
  union {
    struct funcinst *func;
    struct tableinst *table;
    struct meminst *mem;
    struct globalinst *global;
    struct taginst *tag;
    void *object;
  };
};

/* True when a reference of this type is a vm_func pointer. `t` is a reference type. */
bool valtype_is_funcref(const struct canon *c, valtype t);
/* Zero or null. */
struct value value_default(valtype t);
/* True when the value, a reference, is null. */
bool value_is_null(const struct canon *c, const struct value *v);
/* Compiled code keeps the unused high part of a cell zero; this copies what the type has and zeroes the rest.
 */
union vm_value value_normalize(const struct canon *c, valtype t, union vm_value v);

#endif
