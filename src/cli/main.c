/* The heddle command: reads the command line and hands over to a command. */
#include "cli/command.h"
#include "cli/help.h"
#include "os/vm.h"

#include <stdlib.h>
#include <string.h>

static int usage(const struct report *r, const char *message) {
  report_line(r, "%s", message);
  fprintf(stderr, "`heddle help` shows how it is used\n");
  return EXIT_USAGE;
}

int command_help(const struct cli_options *o, const struct report *r) {
  struct out out = out_file(stdout);
  enum command c;
  if (o->nfiles == 0)
    help_overview(&out);
  else if (!strcmp(o->files[0], "man"))
    help_man(&out);
  else if (command_by_name(o->files[0], &c))
    help_command(&out, c);
  else
    return usage(r, "there is no such command");
  return EXIT_OK;
}

int command_completion(const struct cli_options *o, const struct report *r) {
  struct out out = out_file(stdout);
  if (o->nfiles == 1 && help_completion(&out, o->files[0])) return EXIT_OK;
  return usage(r, "completion takes the name of a shell: bash, zsh or fish");
}

static int dispatch(const struct cli_options *o, const struct report *r) {
  static int (*const commands[COMMAND_COUNT])(const struct cli_options *, const struct report *) = {
      [COMMAND_RUN] = command_run,
      [COMMAND_WAST] = command_wast,
      [COMMAND_COMPILE] = command_compile,
      [COMMAND_VALIDATE] = command_validate,
      [COMMAND_PARSE] = command_parse,
      [COMMAND_PRINT] = command_print,
      [COMMAND_INSPECT] = command_inspect,
      [COMMAND_CACHE] = command_cache,
      [COMMAND_COMPLETION] = command_completion,
      [COMMAND_HELP] = command_help,
  };
  struct out out = out_file(stdout);
  if (o->version) return printf("heddle %s\n", heddle_version()), EXIT_OK;
  if (o->help_group) return help_group(&out, o->help_group), EXIT_OK;
  if (o->help) {
    if (o->command_given)
      help_command(&out, o->command);
    else
      help_overview(&out);
    return EXIT_OK;
  }
  bool needs_file = o->command != COMMAND_HELP;
  if (needs_file && o->nfiles == 0) {
    if (!o->command_given) return help_overview(&out), EXIT_USAGE;
    return usage(r, o->command == COMMAND_CACHE || o->command == COMMAND_COMPLETION ? "an argument is missing"
                                                                                    : "a file is missing");
  }
  return commands[o->command](o, r);
}

int main(int argc, char **argv) {
  struct arena arena;
  jmp_buf on_oom;
  struct cli_options options;
  struct report report = {0};
  struct error error = ERROR_INIT;
  int status;
  vm_heap_by_pages();
  memset(&options, 0, sizeof options);
  arena_init(&arena, &on_oom);
  if (setjmp(on_oom))
    status = report_line(&report, "out of memory");
  else if (!cli_parse(argc, argv, &arena, &options, &error))
    status = usage(&report, error.message);
  else {
    report_init(&report, &options);
    status = dispatch(&options, &report);
  }
  heddle_config_delete(options.config);
  arena_free(&arena);
  if ((fflush(stdout) != 0 || ferror(stdout)) && status == EXIT_OK)
    status = report_line(&report, "standard output cannot be written");
  return status;
}
