/* See number.h.  Decimal floats are handed to strtod as bare digits and an exponent, at most 800 of them plus
 * one that stands for the rest, so that neither the locale nor the length matters; hex floats are rounded
 * here. */
#include "text/number.h"

#include "base/num.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int digit_value(uint8_t c, unsigned base) {
  int d = c >= '0' && c <= '9'   ? c - '0'
          : c >= 'a' && c <= 'f' ? c - 'a' + 10
          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                 : -1;
  return d < (int)base ? d : -1;
}

/* Digits with single underscores between them. Returns the end, or `at` when there is no digit there, or NULL
 * when an underscore stands wrongly. */
static const uint8_t *scan_digits(const uint8_t *at, const uint8_t *end, unsigned base) {
  if (at == end || digit_value(*at, base) < 0) return at;
  for (;;) {
    at++;
    bool under = at < end && *at == '_';
    if (under) at++;
    bool digit = at < end && digit_value(*at, base) >= 0;
    if (under && !digit) return NULL;
    if (!digit) return at;
  }
}

/* The parts of a literal; `exponent` begins at its sign or first digit and is empty when there is none. */
struct literal {
  bool negative, hex, nan, inf;
  struct slice integer, fraction, exponent; /* nan: the payload is `integer`, empty for a plain nan */
};

static struct slice between(const uint8_t *from, const uint8_t *to) {
  return slice_of(from, (size_t)(to - from));
}

static enum number_class scan_literal(struct slice t, struct literal *n) {
  const uint8_t *at = t.data, *end = t.data + t.len, *from;
  *n = (struct literal){0};
  bool sign = at < end && (*at == '+' || *at == '-');
  if (sign) n->negative = *at++ == '-';
  if (at == end) return NUMBER_NOT;
  if (*at == 'i' || *at == 'n') {
    struct slice rest = between(at, end);
    if (slice_eq_cstr(rest, "inf")) {
      n->inf = true;
      return NUMBER_FLOAT;
    }
    if (!slice_starts(rest, "nan")) return NUMBER_NOT;
    n->nan = true;
    if (rest.len == 3) return NUMBER_FLOAT;
    if (!slice_starts(rest, "nan:0x")) return NUMBER_NOT;
    n->integer = between(at + 6, end);
    return at + 6 < end && scan_digits(at + 6, end, 16) == end ? NUMBER_FLOAT : NUMBER_NOT;
  }
  if (end - at > 2 && at[0] == '0' && at[1] == 'x') {
    n->hex = true;
    at += 2;
  }
  unsigned base = n->hex ? 16 : 10;
  from = at;
  at = scan_digits(at, end, base);
  if (!at || at == from) return NUMBER_NOT;
  n->integer = between(from, at);
  if (at == end) return sign ? NUMBER_INT : NUMBER_NAT;
  if (*at == '.') {
    from = ++at;
    at = scan_digits(at, end, base);
    if (!at) return NUMBER_NOT;
    n->fraction = between(from, at);
  }
  if (at < end && (*at | 0x20) == (n->hex ? 'p' : 'e')) {
    from = ++at;
    if (at < end && (*at == '+' || *at == '-')) at++;
    const uint8_t *digits = at;
    at = scan_digits(at, end, 10);
    if (!at || at == digits) return NUMBER_NOT;
    n->exponent = between(from, at);
  }
  return at == end ? NUMBER_FLOAT : NUMBER_NOT;
}

enum number_class number_classify(struct slice t) {
  struct literal n;
  return scan_literal(t, &n);
}

/* ---- integers ---- */

static bool parse_digits(struct slice digits, unsigned base, uint64_t *out) {
  uint64_t v = 0;
  for (size_t i = 0; i < digits.len; i++) {
    if (digits.data[i] == '_') continue;
    if (!mul_u64(v, base, &v) || !add_u64(v, (uint64_t)digit_value(digits.data[i], base), &v)) return false;
  }
  *out = v;
  return true;
}

bool number_u64(struct slice t, uint64_t *out) {
  struct literal n;
  return scan_literal(t, &n) == NUMBER_NAT && parse_digits(n.integer, n.hex ? 16 : 10, out);
}

bool number_u32(struct slice t, uint32_t *out) {
  uint64_t v;
  if (!number_u64(t, &v) || v > UINT32_MAX) return false;
  *out = (uint32_t)v;
  return true;
}

bool number_int(struct slice t, unsigned bits, uint64_t *out) {
  struct literal n;
  uint64_t v, mask = UINT64_MAX >> (64 - bits);
  enum number_class c = scan_literal(t, &n);
  if (c != NUMBER_NAT && c != NUMBER_INT) return false;
  if (!parse_digits(n.integer, n.hex ? 16 : 10, &v)) return false;
  if (v > (n.negative ? (mask >> 1) + 1 : mask)) return false;
  *out = (n.negative ? 0 - v : v) & mask;
  return true;
}

/* ---- floats ---- */

/* A binary format: fraction bits and the largest exponent (and bias). */
struct format {
  unsigned fraction;
  int bias;
};
static const struct format f32_format = {23, 127}, f64_format = {52, 1023};

/* Saturates far outside of any float's range. */
static int64_t parse_exponent(struct slice s) {
  int64_t v = 0;
  size_t i = s.len && (s.data[0] == '+' || s.data[0] == '-');
  for (; i < s.len; i++)
    if (s.data[i] != '_' && v < INT64_C(1000000000000)) v = v * 10 + (s.data[i] - '0');
  return s.len && s.data[0] == '-' ? -v : v;
}

/* mantissa * 2^exponent, `sticky` when nonzero bits follow below; false when it rounds to infinity. */
static bool round_binary(uint64_t mantissa, bool sticky, int64_t exponent, const struct format *f,
                         uint64_t *out) {
  *out = 0;
  if (mantissa == 0) return true;
  unsigned shift = (unsigned)__builtin_clzll(mantissa);
  mantissa <<= shift;
  exponent += 63 - (int64_t)shift; /* value = 1.xxx * 2^exponent */
  if (exponent > f->bias) return false;
  unsigned drop = 63 - f->fraction; /* bits below the last one kept */
  int64_t biased = exponent + f->bias;
  if (biased < 1) { /* subnormal */
    if (1 - biased > 64) return true;
    drop += (unsigned)(1 - biased);
    biased = 0;
  }
  uint64_t kept, rest, half = UINT64_C(1) << 63;
  if (drop > 64) return true; /* below half of the smallest */
  if (drop == 64) {
    kept = 0;
    rest = mantissa;
  } else {
    kept = mantissa >> drop;
    rest = mantissa << (64 - drop);
  }
  bool up = rest > half || (rest == half && (sticky || (kept & 1)));
  if (biased > 0) kept -= UINT64_C(1) << f->fraction;
  *out = ((uint64_t)biased << f->fraction) + kept + up; /* a carry runs into the exponent as it should */
  return *out < (uint64_t)(2 * f->bias + 1) << f->fraction;
}

static bool parse_hex_float(const struct literal *n, const struct format *f, uint64_t *out) {
  uint64_t mantissa = 0;
  bool sticky = false;
  int64_t exponent = parse_exponent(n->exponent);
  for (unsigned part = 0; part < 2; part++) {
    struct slice s = part ? n->fraction : n->integer;
    for (size_t i = 0; i < s.len; i++) {
      if (s.data[i] == '_') continue;
      uint64_t d = (uint64_t)digit_value(s.data[i], 16);
      if (mantissa >> 60) {
        sticky = sticky || d != 0;
        exponent += part ? 0 : 4;
      } else {
        mantissa = mantissa << 4 | d;
        exponent -= part ? 4 : 0;
      }
    }
  }
  return round_binary(mantissa, sticky, exponent, f, out);
}

/* Writes the literal for strtod: digits, then an exponent. No double needs more than 767 digits to be told
 * from its neighbours' middle; what follows them counts only as "a little more". */
static void decimal_spelling(const struct literal *n, char *out, size_t size) {
  enum { MAX_DIGITS = 800 };
  size_t len = 0;
  bool more = false;
  int64_t exponent = parse_exponent(n->exponent);
  for (unsigned part = 0; part < 2; part++) {
    struct slice s = part ? n->fraction : n->integer;
    for (size_t i = 0; i < s.len; i++) {
      uint8_t c = s.data[i];
      if (c == '_') continue;
      if (len == 0 && c == '0') {
        exponent -= part;
      } else if (len < MAX_DIGITS) {
        out[len++] = (char)c;
        exponent -= part;
      } else {
        more = more || c != '0';
        exponent += !part;
      }
    }
  }
  if (more) {
    out[len++] = '1';
    exponent--;
  }
  if (len == 0) out[len++] = '0';
  if (exponent > 100000) exponent = 100000;
  if (exponent < -100000) exponent = -100000;
  snprintf(out + len, size - len, "e%d", (int)exponent);
}

static bool parse_nan(const struct literal *n, const struct format *f, uint64_t *out) {
  uint64_t payload = UINT64_C(1) << (f->fraction - 1);
  if (n->integer.len && (!parse_digits(n->integer, 16, &payload) || payload == 0 || payload >> f->fraction))
    return false;
  *out = (uint64_t)(2 * f->bias + 1) << f->fraction | payload;
  return true;
}

static bool parse_float(struct slice t, const struct format *f, uint64_t *out) {
  struct literal n;
  uint64_t bits;
  if (scan_literal(t, &n) == NUMBER_NOT) return false;
  if (n.inf) {
    bits = (uint64_t)(2 * f->bias + 1) << f->fraction;
  } else if (n.nan) {
    if (!parse_nan(&n, f, &bits)) return false;
  } else if (n.hex) {
    if (!parse_hex_float(&n, f, &bits)) return false;
  } else {
    char spelling[840];
    decimal_spelling(&n, spelling, sizeof spelling);
    bits = f == &f32_format ? f32_bits(strtof(spelling, NULL)) : f64_bits(strtod(spelling, NULL));
    if (bits == (uint64_t)(2 * f->bias + 1) << f->fraction) return false;
  }
  if (n.negative) bits |= UINT64_C(1) << (f == &f32_format ? 31 : 63);
  *out = bits;
  return true;
}

bool number_f32(struct slice t, uint32_t *out) {
  uint64_t bits;
  if (!parse_float(t, &f32_format, &bits)) return false;
  *out = (uint32_t)bits;
  return true;
}

bool number_f64(struct slice t, uint64_t *out) { return parse_float(t, &f64_format, out); }

/* ---- printing ---- */

/* The digits and decimal exponent of printf's "d.ddde+x", without trailing zeros: value = 0.ddd * 10^point.
 */
static int decimal_digits(double v, int precision, char digits[32], int *point) {
  char s[64];
  int len = 0;
  snprintf(s, sizeof s, "%.*e", precision - 1, v);
  const char *at = s;
  for (; *at && *at != 'e'; at++)
    if (*at >= '0' && *at <= '9') digits[len++] = *at; /* skips sign and the locale's point */
  *point = *at ? (int)strtol(at + 1, NULL, 10) + 1 : 1;
  while (len > 1 && digits[len - 1] == '0')
    len--;
  return len;
}

static void spell_decimal(bool negative, const char *digits, int len, int point, char out[NUMBER_TEXT_SIZE]) {
  const char *sign = negative ? "-" : "";
  if (point > 0 && point <= 17 && len <= point)
    snprintf(out, NUMBER_TEXT_SIZE, "%s%.*s%.*s", sign, len, digits, point - len, "00000000000000000");
  else if (point > 0 && len > point)
    snprintf(out, NUMBER_TEXT_SIZE, "%s%.*s.%.*s", sign, point, digits, len - point, digits + point);
  else if (point <= 0 && point > -5)
    snprintf(out, NUMBER_TEXT_SIZE, "%s0.%.*s%.*s", sign, -point, "00000", len, digits);
  else if (len == 1)
    snprintf(out, NUMBER_TEXT_SIZE, "%s%.1se%d", sign, digits, point - 1);
  else
    snprintf(out, NUMBER_TEXT_SIZE, "%s%.1s.%.*se%d", sign, digits, len - 1, digits + 1, point - 1);
}

static const char *print_special(uint64_t bits, const struct format *f, bool negative,
                                 char out[NUMBER_TEXT_SIZE]) {
  uint64_t payload = bits & ((UINT64_C(1) << f->fraction) - 1);
  const char *sign = negative ? "-" : "";
  if (payload == 0)
    snprintf(out, NUMBER_TEXT_SIZE, "%sinf", sign);
  else if (payload == UINT64_C(1) << (f->fraction - 1))
    snprintf(out, NUMBER_TEXT_SIZE, "%snan", sign);
  else
    snprintf(out, NUMBER_TEXT_SIZE, "%snan:0x%llx", sign, (unsigned long long)payload);
  return out;
}

const char *number_print_f32(uint32_t bits, char out[NUMBER_TEXT_SIZE]) {
  bool negative = bits >> 31;
  if ((bits & 0x7f800000u) == 0x7f800000u) return print_special(bits, &f32_format, negative, out);
  int precision = bits & 0x7f800000u ? 6 : 1; /* subnormals may have few digits */
  for (; precision <= 9; precision++) {
    char digits[32];
    uint32_t back;
    int point, len = decimal_digits((double)f32_of_bits(bits & 0x7fffffffu), precision, digits, &point);
    spell_decimal(negative, digits, len, point, out);
    if (number_f32(slice_cstr(out), &back) && back == bits) break;
  }
  return out;
}

const char *number_print_f64(uint64_t bits, char out[NUMBER_TEXT_SIZE]) {
  bool negative = bits >> 63;
  if ((bits & 0x7ff0000000000000u) == 0x7ff0000000000000u)
    return print_special(bits, &f64_format, negative, out);
  int precision = bits & 0x7ff0000000000000u ? 15 : 1;
  for (; precision <= 17; precision++) {
    char digits[32];
    uint64_t back;
    int point, len = decimal_digits(f64_of_bits(bits & 0x7fffffffffffffffu), precision, digits, &point);
    spell_decimal(negative, digits, len, point, out);
    if (number_f64(slice_cstr(out), &back) && back == bits) break;
  }
  return out;
}
