/* Expected results: does a value fit a pattern?  NaN patterns, either, references. */
#ifndef SCRIPT_MATCH_H
#define SCRIPT_MATCH_H

#include "script/parse.h"

#include <heddle.h>

bool pattern_match(heddle_store_t *store, const struct pattern *p, const heddle_val_t *val);
/* The value an argument stands for; false when its kind cannot be made. */
MUST_USE bool pattern_value(heddle_store_t *store, const struct pattern *p, heddle_val_t *val);
void value_format(heddle_store_t *store, const heddle_val_t *val, struct buf *out);

#endif
