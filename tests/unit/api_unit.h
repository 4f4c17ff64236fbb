/* What the tests of the API share: how a call has ended. */
#ifndef TESTS_UNIT_API_UNIT_H
#define TESTS_UNIT_API_UNIT_H

#include "unit.h"

#include <heddle.h>

static inline void no_error(heddle_error_t *error) {
  if (!error) return;
  heddle_str_t text = heddle_error_message(error);
  ck_abort_msg("%.*s", (int)text.len, text.data);
}

static inline void fails(heddle_error_t *error, heddle_error_kind_t kind) {
  ck_assert_ptr_nonnull(error);
  if (heddle_error_kind(error) != kind)
    ck_abort_msg("kind %d: %.*s", (int)heddle_error_kind(error), (int)heddle_error_message(error).len,
                 heddle_error_message(error).data);
  heddle_error_delete(error);
}

#endif
