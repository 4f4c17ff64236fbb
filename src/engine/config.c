/* See config.h. */
#include "engine/config.h"

#include <stdlib.h>
#include <string.h>

enum {
  PLAIN_OPTIONS = 0
#define OPTION(group, key, type, field, def, help) +1
#define FOREIGN(group, key, why)
#include "engine/option.def"
#undef OPTION
#undef FOREIGN
};

static const struct heddle_option options[] = {
#define OPTION(group, key, type, field, def, help) {group, key, HEDDLE_OPTION_##type, def, help},
#define FOREIGN(group, key, why)
#include "engine/option.def"
#undef OPTION
#undef FOREIGN
#define FEATURE(id, name, on, implies)                                                                       \
  {'W', name, HEDDLE_OPTION_BOOL, (on) ? "y" : "n", "The proposal " name},
#include "wasm/feature.def"
#undef FEATURE
};

const struct heddle_option *config_options(size_t *len) {
  *len = COUNT_OF(options);
  return options;
}

static bool parse_bool(const char *value, bool *out) {
  static const char *const yes[] = {"y", "yes", "true", "1"}, *const no[] = {"n", "no", "false", "0"};
  for (size_t i = 0; i < COUNT_OF(yes); i++) {
    if (!value || !strcmp(value, yes[i])) return *out = true, true;
    if (!strcmp(value, no[i])) return *out = false, true;
  }
  return false;
}

/* 4096, 64K, 64M, 2G, 1T (powers of 1024). */
static bool parse_size(const char *value, uint64_t *out) {
  if (!value || *value < '0' || *value > '9') return false;
  uint64_t n = 0;
  for (; *value >= '0' && *value <= '9'; value++)
    if (!mul_u64(n, 10, &n) || !add_u64(n, (uint64_t)(*value - '0'), &n)) return false;
  static const char units[] = "KMGT";
  const char *unit = *value ? strchr(units, *value) : NULL;
  if (unit) {
    if (!mul_u64(n, UINT64_C(1) << (10 * (unit - units + 1)), &n)) return false;
    value++;
    if (!strcmp(value, "iB") || !strcmp(value, "B")) value += strlen(value);
  }
  *out = n;
  return *value == 0;
}

static bool set_bool(bool *field, const char *key, const char *value, struct error *e) {
  if (parse_bool(value, field)) return true;
  return error_set(e, ERROR_USAGE, "option %s takes y or n, found \"%s\"", key, value);
}

static bool set_size(uint64_t *field, const char *key, const char *value, struct error *e) {
  if (parse_size(value, field)) return true;
  return error_set(e, ERROR_USAGE, "option %s takes a number such as 4096 or 64M, found \"%s\"", key,
                   value ? value : "nothing");
}

#define SET_BOOL(field) set_bool(&c->field, key, value, e)
#define SET_SIZE(field) set_size(&c->field, key, value, e)

bool config_set(struct config *c, const char *key, const char *value, struct error *e) {
#define OPTION(group, name, type, field, def, help)                                                          \
  if (!strcmp(key, name)) return SET_##type(field);
#define FOREIGN(group, name, why)                                                                            \
  if (!strcmp(key, name))                                                                                    \
    return error_set(e, ERROR_USAGE, "option %s is accepted by wasmtime, not by heddle: %s", key, why);
#include "engine/option.def"
#undef OPTION
#undef FOREIGN
  bool on = true;
  enum feature feature;
  if (!strcmp(key, "all-proposals")) {
    if (!set_bool(&on, key, value, e)) return false;
    c->features = on ? features_all() : features_default();
    return true;
  }
  if (!feature_by_name(key, &feature)) return error_set(e, ERROR_USAGE, "there is no option \"%s\"", key);
  if (!set_bool(&on, key, value, e)) return false;
  features_set(&c->features, feature, on);
  return true;
}

void config_init(struct config *c) {
  memset(c, 0, sizeof *c);
  c->features = features_default();
  struct error e = ERROR_INIT;
  for (size_t i = 0; i < PLAIN_OPTIONS; i++) {
    bool ok = config_set(c, options[i].key, options[i].default_value, &e);
    assert(ok);
    (void)ok;
  }
}
