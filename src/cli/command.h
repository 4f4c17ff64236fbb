/* The commands: each takes its options and returns the exit status. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "cli/option.h"
#include "cli/report.h"

int command_run(const struct cli_options *o, const struct report *r);
int command_wast(const struct cli_options *o, const struct report *r);
int command_compile(const struct cli_options *o, const struct report *r);
int command_validate(const struct cli_options *o, const struct report *r);
int command_parse(const struct cli_options *o, const struct report *r);
int command_print(const struct cli_options *o, const struct report *r);
int command_inspect(const struct cli_options *o, const struct report *r);
int command_cache(const struct cli_options *o, const struct report *r);
int command_completion(const struct cli_options *o, const struct report *r);
int command_help(const struct cli_options *o, const struct report *r);

#endif
