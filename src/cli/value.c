/* See value.h. */
#include "cli/value.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 100 };

/* The text without underscores; false when it is too long to be a number. */
static bool strip(const char *text, char out[NUMBER_MAX]) {
  size_t n = 0;
  for (; *text; text++)
    if (*text != '_') {
      if (n == NUMBER_MAX - 1) return false;
      out[n++] = *text;
    }
  out[n] = 0;
  return n > 0;
}

/* -2^(bits-1) .. 2^bits - 1 */
static bool parse_int(const char *text, unsigned bits, uint64_t *out) {
  char number[NUMBER_MAX];
  if (!strip(text, number)) return false;
  bool negative = number[0] == '-';
  const char *digits = number + (negative || number[0] == '+');
  int base = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X') ? 16 : 10;
  if (base == 16) digits += 2;
  if (!strchr("0123456789abcdefABCDEF", *digits) || !*digits) return false;
  char *end;
  errno = 0;
  uint64_t n = strtoull(digits, &end, base);
  uint64_t most = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
  if (errno || *end || (negative ? n > (UINT64_C(1) << (bits - 1)) : n > most)) return false;
  *out = (negative ? 0 - n : n) & most;
  return true;
}

static bool parse_float(const char *text, bool is64, heddle_val_t *out) {
  char number[NUMBER_MAX];
  if (!strip(text, number)) return false;
  bool negative = number[0] == '-';
  const char *word = number + (negative || number[0] == '+');
  if (!strncmp(word, "nan:0x", 6)) {
    uint64_t payload, most = is64 ? (UINT64_C(1) << 52) - 1 : (1u << 23) - 1;
    if (!parse_int(word + 4, 64, &payload) || payload == 0 || payload > most) return false;
    if (is64)
      out->of.f64_bits = payload | UINT64_C(0x7ff) << 52 | (uint64_t)negative << 63;
    else
      out->of.f32_bits = (uint32_t)payload | 0xffu << 23 | (uint32_t)negative << 31;
    return true;
  }
  char *end;
  if (!*word || strchr("+-", *word)) return false;
  if (is64)
    out->of.f64 = strtod(number, &end);
  else
    out->of.f32 = strtof(number, &end);
  return *end == 0 && end != number;
}

static const struct {
  const char *name;
  unsigned size, lanes;
  bool is_float;
} shapes[] = {{"i8x16", 1, 16, false}, {"i16x8", 2, 8, false}, {"i32x4", 4, 4, false},
              {"i64x2", 8, 2, false},  {"f32x4", 4, 4, true},  {"f64x2", 8, 2, true}};

/* "i32x4:1,2,3,4" */
static bool parse_v128(const char *text, heddle_val_t *out) {
  for (size_t i = 0; i < COUNT_OF(shapes); i++) {
    size_t len = strlen(shapes[i].name);
    if (strncmp(text, shapes[i].name, len) || text[len] != ':') continue;
    const char *at = text + len + 1;
    for (unsigned lane = 0; lane < shapes[i].lanes; lane++) {
      char item[NUMBER_MAX];
      size_t n = strcspn(at, ",");
      if (n == 0 || n >= sizeof item || (at[n] == ',') != (lane + 1 < shapes[i].lanes)) return false;
      memcpy(item, at, n);
      item[n] = 0;
      heddle_val_t v = {0};
      if (shapes[i].is_float ? !parse_float(item, shapes[i].size == 8, &v)
                             : !parse_int(item, shapes[i].size * 8, &v.of.f64_bits))
        return false;
      memcpy(out->of.v128 + lane * shapes[i].size, &v.of, shapes[i].size);
      at += n + 1;
    }
    return true;
  }
  return false;
}

bool cli_value_parse(const char *text, heddle_valtype_t type, heddle_val_t *out) {
  memset(out, 0, sizeof *out);
  out->type = type;
  switch (type) {
  case HEDDLE_I32: return parse_int(text, 32, &out->of.f64_bits);
  case HEDDLE_I64: return parse_int(text, 64, &out->of.f64_bits);
  case HEDDLE_F32: return parse_float(text, false, out);
  case HEDDLE_F64: return parse_float(text, true, out);
  case HEDDLE_V128: return parse_v128(text, out);
  default: return !strcmp(text, "null");
  }
}

/* The shortest decimal that reads back as the same number. */
static void print_float(struct out *out, double v, bool is64, uint64_t payload, bool negative) {
  char text[40];
  if (isnan(v)) {
    uint64_t canonical = is64 ? UINT64_C(1) << 51 : 1u << 22;
    out_printf(out, negative ? "-nan" : "nan");
    if (payload != canonical) out_printf(out, ":0x%llx", (unsigned long long)payload);
    return;
  }
  if (isinf(v)) {
    out_cstr(out, negative ? "-inf" : "inf");
    return;
  }
  for (int digits = 1; digits <= 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, v);
    if (is64 ? strtod(text, NULL) == v : strtof(text, NULL) == (float)v) break;
  }
  out_cstr(out, text);
}

void cli_value_print(heddle_store_t *store, const heddle_val_t *val, struct out *out) {
  char text[64];
  heddle_valtype_t type = val->type;
  switch (type) {
  case HEDDLE_I32: out_printf(out, "%d", val->of.i32); return;
  case HEDDLE_I64: out_printf(out, "%lld", (long long)val->of.i64); return;
  case HEDDLE_F32:
    print_float(out, (double)val->of.f32, false, val->of.f32_bits & 0x7fffff, val->of.f32_bits >> 31);
    return;
  case HEDDLE_F64:
    print_float(out, val->of.f64, true, val->of.f64_bits & ((UINT64_C(1) << 52) - 1), val->of.f64_bits >> 63);
    return;
  case HEDDLE_V128:
    out_cstr(out, "i32x4:");
    for (unsigned i = 0; i < 4; i++) {
      uint32_t lane;
      memcpy(&lane, val->of.v128 + 4 * i, 4);
      out_printf(out, "%s0x%x", i ? "," : "", lane);
    }
    return;
  default: break;
  }
  if (val->of.ref.index == 0) {
    out_cstr(out, "null");
    return;
  }
  heddle_error_delete(heddle_ref_type(store, val->of.ref, &type));
  heddle_valtype_text(heddle_store_engine(store), type, text, sizeof text);
  out_printf(out, "<%s>", text);
}
