/* See option.h. */
#include "cli/option.h"

#include <string.h>

#define ON(id) (1u << COMMAND_##id)
#define ON_ALL UINT32_MAX
#define FLAG(commands, short, long, kind, arg, field, help)                                                  \
  {commands, short, long, FLAG_##kind, arg, help, offsetof(struct cli_options, field)},
#define GROUP(letter, help)
#define KEY(group, key, kind, arg, field, help)
const struct flag_row flag_rows[] = {
#include "cli/flag.def"
};
#undef FLAG
#undef GROUP
#define FLAG(commands, short, long, kind, arg, field, help)
#define GROUP(letter, help) {letter, help},
const struct group_row group_rows[] = {
#include "cli/flag.def"
};
#undef GROUP
#undef KEY
#define GROUP(letter, help)
#define KEY(group, key, kind, arg, field, help)                                                              \
  {group, key, FLAG_##kind, arg, offsetof(struct cli_options, field), help},
const struct key_row key_rows[] = {
#include "cli/flag.def"
};
#undef FLAG
#undef GROUP
#undef KEY
const struct command_row command_rows[COMMAND_COUNT] = {
#define COMMAND(id, name, args, summary) {name, args, summary},
#include "cli/command.def"
#undef COMMAND
};
const size_t flag_rows_len = COUNT_OF(flag_rows), group_rows_len = COUNT_OF(group_rows),
             key_rows_len = COUNT_OF(key_rows);

bool command_by_name(const char *name, enum command *out) {
  for (unsigned c = 0; c < COMMAND_COUNT; c++)
    if (!strcmp(name, command_rows[c].name)) return *out = (enum command)c, true;
  return false;
}

bool cli_parse_number(const char *text, uint64_t *out) {
  uint64_t n = 0;
  if (!*text) return false;
  for (; *text; text++)
    if (*text < '0' || *text > '9' || !mul_u64(n, 10, &n) || !add_u64(n, (uint64_t)(*text - '0'), &n))
      return false;
  *out = n;
  return true;
}

bool cli_parse_duration(const char *text, uint64_t *ns) {
  static const struct {
    const char *unit;
    uint64_t ns;
  } units[] = {{"", 1000000000}, {"s", 1000000000}, {"ms", 1000000},
               {"us", 1000},     {"ns", 1},         {"m", UINT64_C(60000000000)}};
  size_t digits = strspn(text, "0123456789");
  char number[24];
  if (digits == 0 || digits >= sizeof number) return false;
  memcpy(number, text, digits);
  number[digits] = 0;
  for (size_t i = 0; i < COUNT_OF(units); i++)
    if (!strcmp(text + digits, units[i].unit))
      return cli_parse_number(number, ns) && mul_u64(*ns, units[i].ns, ns);
  return false;
}

struct parser {
  int argc, at;
  char **argv;
  struct arena *arena;
  struct cli_options *out;
  struct error *error;
};

static void store(struct parser *p, enum flag_kind kind, size_t field, const char *value) {
  char *base = (char *)p->out + field;
  switch (kind) {
  case FLAG_BOOL: *(bool *)(void *)base = true; break;
  case FLAG_TEXT: *(const char **)(void *)base = value; break;
  case FLAG_LIST: {
    struct texts *list = (struct texts *)(void *)base;
    VEC_PUSH(p->arena, list, value);
    break;
  }
  }
}

static bool set_config(struct parser *p, const char *key, const char *value) {
  heddle_error_t *error = heddle_config_set(p->out->config, key, value);
  if (!error) return true;
  heddle_str_t m = heddle_error_message(error);
  error_set(p->error, ERROR_USAGE, "%.*s", (int)m.len, m.data);
  heddle_error_delete(error);
  return false;
}

/* One key[=value] of a group. */
static bool parse_key(struct parser *p, char group, char *key) {
  char *value = strchr(key, '=');
  if (value) *value++ = 0;
  if (!strcmp(key, "help") || !strcmp(key, "help-long")) return p->out->help_group = group, true;
  for (size_t i = 0; i < key_rows_len; i++) {
    if (key_rows[i].group != group || strcmp(key, key_rows[i].key)) continue;
    if (key_rows[i].kind != FLAG_BOOL) {
      if (!value)
        return error_set(p->error, ERROR_USAGE, "-%c %s needs a value: %s", group, key, key_rows[i].arg);
      store(p, key_rows[i].kind, key_rows[i].field, value);
      return true;
    }
    bool on = !value || *value == 'y' || *value == 't' || *value == '1';
    *(bool *)(void *)((char *)p->out + key_rows[i].field) = on;
    return true;
  }
  if (group == 'S')
    return error_set(p->error, ERROR_USAGE, "there is no option \"-S %s\"; -S help lists them", key);
  return set_config(p, key, value);
}

static bool parse_group(struct parser *p, char group, const char *keys) {
  char *copy = arena_copy(p->arena, keys, strlen(keys) + 1);
  for (char *key = copy, *next; key; key = next) {
    next = strchr(key, ',');
    if (next) *next++ = 0;
    if (*key && !parse_key(p, group, key)) return false;
  }
  return true;
}

static bool is_group(char letter) {
  for (size_t i = 0; i < group_rows_len; i++)
    if (group_rows[i].letter == letter) return true;
  return false;
}

static const char *argument(struct parser *p, const char *attached, const char *option) {
  if (attached) return attached;
  if (p->at < p->argc) return p->argv[p->at++];
  error_set(p->error, ERROR_USAGE, "option %s needs an argument", option);
  return NULL;
}

static bool parse_flag(struct parser *p, const struct flag_row *row, const char *attached,
                       const char *option) {
  if (!(row->commands & (1u << p->out->command)))
    return error_set(p->error, ERROR_USAGE, "option %s does not belong to `heddle %s`", option,
                     command_rows[p->out->command].name);
  if (row->kind == FLAG_BOOL) {
    if (attached) return error_set(p->error, ERROR_USAGE, "option %s takes no argument", option);
    store(p, row->kind, row->field, NULL);
    return true;
  }
  const char *value = argument(p, attached, option);
  if (!value) return false;
  store(p, row->kind, row->field, value);
  return true;
}

static bool row_matches(const struct parser *p, const struct flag_row *row) {
  return row->commands & (1u << p->out->command);
}

static bool parse_long(struct parser *p, char *arg) {
  char *value = strchr(arg, '=');
  size_t len = value ? (size_t)(value - arg) : strlen(arg);
  const struct flag_row *found = NULL;
  for (size_t i = 0; i < flag_rows_len; i++)
    if (strlen(flag_rows[i].long_name) == len - 2 && !memcmp(flag_rows[i].long_name, arg + 2, len - 2))
      if (!found || row_matches(p, &flag_rows[i])) found = &flag_rows[i];
  if (found) return parse_flag(p, found, value ? value + 1 : NULL, arg);
  return error_set(p->error, ERROR_USAGE, "unknown option %.*s", (int)len, arg);
}

static bool parse_short(struct parser *p, char *arg) {
  const char *attached = arg[2] ? arg + 2 + (arg[2] == '=') : NULL;
  if (is_group(arg[1])) {
    const char *keys = argument(p, attached, arg);
    return keys && parse_group(p, arg[1], keys);
  }
  const struct flag_row *found = NULL;
  for (size_t i = 0; i < flag_rows_len; i++)
    if (flag_rows[i].short_name == arg[1] && (!found || row_matches(p, &flag_rows[i]))) found = &flag_rows[i];
  if (found) return parse_flag(p, found, attached, arg);
  return error_set(p->error, ERROR_USAGE, "unknown option %s", arg);
}

bool cli_parse(int argc, char **argv, struct arena *a, struct cli_options *out, struct error *e) {
  struct parser p = {argc, 1, argv, a, out, e};
  memset(out, 0, sizeof *out);
  out->config = heddle_config_new();
  if (!out->config) return error_memory(e);
  if (argc > 1 && command_by_name(argv[1], &out->command)) {
    out->command_given = true;
    p.at = 2;
  }
  static const char *const run_options[] = {"interruption", "cache", "lazy"};
  for (size_t i = 0; out->command == COMMAND_RUN && i < COUNT_OF(run_options); i++)
    if (!set_config(&p, run_options[i], "y")) return false;
  VEC(const char *) files = {0};
  bool options_end = false;
  while (p.at < argc) {
    char *arg = argv[p.at++];
    if (options_end || arg[0] != '-' || !arg[1]) {
      VEC_PUSH(a, &files, arg);
      if (out->command == COMMAND_RUN) /* the rest is the guest's */
        while (p.at < argc)
          VEC_PUSH(a, &files, argv[p.at++]);
    } else if (!strcmp(arg, "--"))
      options_end = true;
    else if (arg[1] == '-' ? !parse_long(&p, arg) : !parse_short(&p, arg))
      return false;
  }
  if (out->threads && !set_config(&p, "threads", "y")) return false;
  out->files = files.at;
  out->nfiles = files.len;
  return true;
}
