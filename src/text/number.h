/* Numbers in text: literals to bit patterns and back, exact both ways.
 *
 * In: spellings that the lexer has classified (TOKEN_NAT, TOKEN_INT, TOKEN_FLOAT).  Out: bit patterns, or
 * false when the literal is out of the type's range.  Must not: depend on the locale, allocate. */
#ifndef TEXT_NUMBER_H
#define TEXT_NUMBER_H

#include "base/slice.h"

enum number_class { NUMBER_NOT, NUMBER_NAT, NUMBER_INT, NUMBER_FLOAT };
/* What a whole token spells (spec 6.3.1, 6.3.2). */
enum number_class number_classify(struct slice t);

MUST_USE bool number_u32(struct slice t, uint32_t *out);
MUST_USE bool number_u64(struct slice t, uint64_t *out);
/* -2^(bits-1) .. 2^bits - 1; `out` holds the low `bits` bits, the rest zero. */
MUST_USE bool number_int(struct slice t, unsigned bits, uint64_t *out);
/* Any number token. Rounds to nearest, ties to even; false when that gives infinity or the NaN payload does
 * not fit. */
MUST_USE bool number_f32(struct slice t, uint32_t *out);
MUST_USE bool number_f64(struct slice t, uint64_t *out);

#define NUMBER_TEXT_SIZE 40
/* The shortest spelling that reads back as the same bits. Returns `out`. */
const char *number_print_f32(uint32_t bits, char out[NUMBER_TEXT_SIZE]);
const char *number_print_f64(uint64_t bits, char out[NUMBER_TEXT_SIZE]);

#endif
