/* The command line: argv to struct cli_options, by the rows of flag.def and the engine's option list.
 *
 * Must not: act on what it reads; commands do. */
#ifndef CLI_OPTION_H
#define CLI_OPTION_H

#include "base/error.h"
#include "base/vec.h"

#include <heddle.h>

enum command {
#define COMMAND(id, name, args, summary) COMMAND_##id,
#include "cli/command.def"
#undef COMMAND
  COMMAND_COUNT
};
enum flag_kind { FLAG_BOOL, FLAG_TEXT, FLAG_LIST };
struct flag_row {
  uint32_t commands;
  char short_name;
  const char *long_name;
  enum flag_kind kind;
  const char *arg, *help;
  size_t field;
};
struct group_row {
  char letter;
  const char *help;
};
struct key_row {
  char group;
  const char *key;
  enum flag_kind kind;
  const char *arg;
  size_t field;
  const char *help;
};
struct command_row {
  const char *name, *args, *summary;
};
extern const struct flag_row flag_rows[];
extern const size_t flag_rows_len;
extern const struct group_row group_rows[];
extern const size_t group_rows_len;
extern const struct key_row key_rows[];
extern const size_t key_rows_len;
extern const struct command_row command_rows[COMMAND_COUNT];

struct texts {
  const char **at;
  uint32_t len, cap;
};

struct cli_options {
  enum command command;
  bool command_given; /* named, not the default */
  /* fields of flag.def */
  const char *invoke, *argv0, *profile, *output, *dump, *func, *jobs, *color, *timeout, *max_fds,
      *random_seed, *max_threads;
  bool allow_precompiled, ignore_texts, show_texts, json, quiet, help, version, inherit_env, listenfd, stats,
      suspended, timings, threads, ignored;
  struct texts dirs, envs, preloads;
  char help_group;    /* -W help */
  const char **files; /* not options: FILE and, for run, the guest's arguments behind it */
  uint32_t nfiles;
  heddle_config_t *config; /* owned */
};

/* False: a usage error stands in `e`. Memory is the arena's. */
MUST_USE bool cli_parse(int argc, char **argv, struct arena *a, struct cli_options *out, struct error *e);
bool command_by_name(const char *name, enum command *out);
/* "1", "2s", "100ms" to nanoseconds. */
MUST_USE bool cli_parse_duration(const char *text, uint64_t *ns);
MUST_USE bool cli_parse_number(const char *text, uint64_t *out);

#endif
