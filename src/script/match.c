/* See match.h. */
#include "script/match.h"

#include "text/number.h"

#include <string.h>

/* The number n of (ref.extern n) travels as the host data of an externref; 0 is a legal number, so n + 1. */
static void *extern_data(uint64_t n) { return (void *)(uintptr_t)(n + 1); }

static bool match_nan(uint64_t bits, unsigned width, enum nan_pattern nan) {
  uint64_t quiet = width == 32 ? 0x7fc00000u : UINT64_C(0x7ff8000000000000);
  uint64_t sign = UINT64_C(1) << (width - 1);
  return nan == NAN_CANONICAL ? (bits & ~sign) == quiet : (bits & quiet) == quiet;
}

static bool match_v128(const struct text_v128 *p, const uint8_t *v) {
  if (p->lane != VT_F32 && p->lane != VT_F64) return !memcmp(p->bytes, v, 16);
  unsigned size = p->lane == VT_F32 ? 4 : 8;
  for (unsigned i = 0; i < 16 / size; i++) {
    uint64_t want = 0, have = 0;
    memcpy(&want, p->bytes + i * size, size);
    memcpy(&have, v + i * size, size);
    if (p->nan[i] ? !match_nan(have, size * 8, p->nan[i]) : want != have) return false;
  }
  return true;
}

static bool match_ref(heddle_store_t *store, const struct pattern *p, heddle_ref_t ref) {
  if (p->kind == PATTERN_NULL) return ref.index == 0;
  if (ref.index == 0) return false;
  if (p->kind == PATTERN_REF) {
    bool is = false;
    heddle_error_t *error = heddle_ref_test(store, ref, vt_ref(p->heap, false), &is);
    heddle_error_delete(error);
    return !error && is;
  }
  if (!p->has_n) return true;
  void *data = NULL;
  heddle_error_t *error = heddle_externref_data(store, ref, &data);
  heddle_error_delete(error);
  return !error && data == extern_data(p->n);
}

bool pattern_match(heddle_store_t *store, const struct pattern *p, const heddle_val_t *val) {
  switch (p->kind) {
  case PATTERN_NUM:
    if (val->type != p->type) return false;
    if (p->nan)
      return p->type == VT_F32 ? match_nan(val->of.f32_bits, 32, p->nan)
                               : match_nan(val->of.f64_bits, 64, p->nan);
    if (p->type == VT_I32 || p->type == VT_F32) return val->of.f32_bits == (uint32_t)p->bits;
    return val->of.f64_bits == p->bits;
  case PATTERN_V128: return val->type == VT_V128 && match_v128(&p->v128, val->of.v128);
  case PATTERN_NULL:
  case PATTERN_EXTERN:
  case PATTERN_HOST:
  case PATTERN_REF: return vt_is_ref(val->type) && match_ref(store, p, val->of.ref);
  case PATTERN_EITHER:
    for (uint32_t i = 0; i < p->nalts; i++)
      if (pattern_match(store, &p->alts[i], val)) return true; /* alternatives hold no alternatives */
    return false;
  }
  return false;
}

bool pattern_value(heddle_store_t *store, const struct pattern *p, heddle_val_t *val) {
  memset(val, 0, sizeof *val);
  val->type = p->type;
  switch (p->kind) {
  case PATTERN_NUM: val->of.f64_bits = p->bits; return true;
  case PATTERN_V128: memcpy(val->of.v128, p->v128.bytes, 16); return true;
  case PATTERN_NULL: val->type = vt_ref(p->heap < HEAP_COUNT ? p->heap : HEAP_NONE, true); return true;
  case PATTERN_EXTERN: {
    val->type = VT_EXTERNREF;
    heddle_error_t *error = heddle_externref_new(store, extern_data(p->n), NULL, &val->of.ref);
    heddle_error_delete(error);
    return !error;
  }
  case PATTERN_HOST: {
    val->type = VT_ANYREF;
    heddle_error_t *error = heddle_externref_new(store, extern_data(p->n), NULL, &val->of.ref);
    if (!error) error = heddle_ref_internalize(store, val->of.ref, &val->of.ref);
    heddle_error_delete(error);
    return !error;
  }
  case PATTERN_REF:
  case PATTERN_EITHER: break;
  }
  return false;
}

static void ref_format(heddle_store_t *store, const heddle_val_t *val, struct buf *out) {
  char text[64];
  heddle_valtype_t type = val->type;
  if (val->of.ref.index == 0) {
    buf_cstr(out, "(ref.null)");
    return;
  }
  void *data;
  heddle_error_t *error = heddle_externref_data(store, val->of.ref, &data);
  heddle_error_delete(error);
  if (!error) {
    buf_printf(out, "(ref.extern %llu)", (unsigned long long)(uintptr_t)data - 1);
    return;
  }
  heddle_error_delete(heddle_ref_type(store, val->of.ref, &type));
  heddle_valtype_text(heddle_store_engine(store), type, text, sizeof text);
  buf_printf(out, "a reference of type %s", text);
}

void value_format(heddle_store_t *store, const heddle_val_t *val, struct buf *out) {
  if (vt_is_ref(val->type)) {
    ref_format(store, val, out);
    return;
  }
  struct pattern p = {.kind = val->type == VT_V128 ? PATTERN_V128 : PATTERN_NUM, .type = val->type};
  p.bits = val->type == VT_I32 || val->type == VT_F32 ? val->of.f32_bits : val->of.f64_bits;
  if (val->type == VT_V128) memcpy(p.v128.bytes, val->of.v128, 16);
  pattern_format(&p, out);
}
