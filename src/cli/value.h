/* Values on the command line: --invoke's arguments and results. */
#ifndef CLI_VALUE_H
#define CLI_VALUE_H

#include "base/out.h"

#include <heddle.h>

/* One argument by its type: -2^31..2^32-1, 0x.., underscores, hex floats, nan:0x.., v128 as i32x4:1,2,3,4,
 * null. False: it is none; `out` is then undefined. */
MUST_USE bool cli_value_parse(const char *text, heddle_valtype_t type, heddle_val_t *out);
void cli_value_print(heddle_store_t *store, const heddle_val_t *val, struct out *out);

#endif
