/* See help.h. */
#include "cli/help.h"

#include <string.h>

enum { HELP_COLUMN = 34 };

static bool of_command(const struct flag_row *row, enum command c) { return row->commands & (1u << c); }

static void flag_spelling(const struct flag_row *row, char *out, size_t size) {
  char short_form[8] = "    ";
  if (row->short_name) snprintf(short_form, sizeof short_form, "-%c, ", row->short_name);
  snprintf(out, size, "  %s--%s%s%s", short_form, row->long_name, *row->arg ? " " : "", row->arg);
}

static void print_row(struct out *o, const char *left, const char *help) {
  out_printf(o, "%-*s%s%s\n", HELP_COLUMN, left, strlen(left) >= HELP_COLUMN ? "  " : "", help);
}

static void print_groups(struct out *o) {
  for (size_t i = 0; i < group_rows_len; i++) {
    char left[64];
    snprintf(left, sizeof left, "  -%c KEY[=VALUE][,KEY...]", group_rows[i].letter);
    out_printf(o, "%-*s%s (-%c help lists the keys)\n", HELP_COLUMN, left, group_rows[i].help,
               group_rows[i].letter);
  }
}

static void print_usage(struct out *o, enum command c) {
  out_printf(o, "usage: heddle %s%s%s [OPTIONS] %s\n", c == COMMAND_RUN ? "[" : "", command_rows[c].name,
             c == COMMAND_RUN ? "]" : "", command_rows[c].args);
}

void help_command(struct out *o, enum command c) {
  print_usage(o, c);
  out_printf(o, "%s\n\noptions:\n", command_rows[c].summary);
  for (size_t i = 0; i < flag_rows_len; i++) {
    if (!of_command(&flag_rows[i], c)) continue;
    char left[96];
    flag_spelling(&flag_rows[i], left, sizeof left);
    print_row(o, left, flag_rows[i].help);
  }
  print_groups(o);
}

void help_overview(struct out *o) {
  out_cstr(o, "heddle: run WebAssembly\n\nusage: heddle [COMMAND] [OPTIONS] FILE [ARGS...]\n\ncommands:\n");
  for (unsigned c = 0; c < COMMAND_COUNT; c++) {
    char left[64];
    snprintf(left, sizeof left, "  %s %s", command_rows[c].name, command_rows[c].args);
    print_row(o, left, command_rows[c].summary);
  }
  out_cstr(o, "\n`heddle help COMMAND` shows a command's options.\n");
}

/* Calls `visit` for each key of a group, the command's own first. */
static void each_key(char group,
                     void (*visit)(struct out *, const char *key, const char *arg, const char *def,
                                   const char *help),
                     struct out *o) {
  for (size_t i = 0; i < key_rows_len; i++)
    if (key_rows[i].group == group) visit(o, key_rows[i].key, key_rows[i].arg, "", key_rows[i].help);
  size_t len;
  const heddle_option_t *options = heddle_option_list(&len);
  for (size_t i = 0; i < len; i++)
    if (options[i].group == group)
      visit(o, options[i].key, options[i].type == HEDDLE_OPTION_BOOL ? "y|n" : "N", options[i].default_value,
            options[i].help);
}

static void key_help(struct out *o, const char *key, const char *arg, const char *def, const char *help) {
  char left[96];
  snprintf(left, sizeof left, "  %s=%s", key, arg);
  out_printf(o, "%-*s%s%s", HELP_COLUMN, left, strlen(left) >= HELP_COLUMN ? "  " : "", help);
  if (*def) out_printf(o, " [%s]", def);
  out_cstr(o, "\n");
}

void help_group(struct out *o, char group) {
  out_printf(o, "keys of -%c (defaults in brackets):\n", group);
  each_key(group, key_help, o);
}

/* ---- manual page ---- */

static void roff_text(struct out *o, const char *s) {
  for (; *s; s++) {
    if (*s == '-')
      out_cstr(o, "\\-");
    else if (*s == '\\')
      out_cstr(o, "\\e");
    else
      out_bytes(o, s, 1);
  }
}

static void roff_item(struct out *o, const char *term, const char *arg, const char *help) {
  out_cstr(o, ".TP\n.B ");
  roff_text(o, term);
  if (*arg) {
    out_cstr(o, " \\fI");
    roff_text(o, arg);
    out_cstr(o, "\\fR");
  }
  out_cstr(o, "\n");
  roff_text(o, help);
  out_cstr(o, "\n");
}

static void key_man(struct out *o, const char *key, const char *arg, const char *def, const char *help) {
  char text[400];
  snprintf(text, sizeof text, "%s%s%s%s", help, *def ? " (default " : "", def, *def ? ")" : "");
  roff_item(o, key, arg, text);
}

void help_man(struct out *o) {
  out_printf(o, ".TH HEDDLE 1 \"\" \"heddle %s\" \"User Commands\"\n.SH NAME\nheddle \\- run WebAssembly\n",
             heddle_version());
  out_cstr(o, ".SH SYNOPSIS\n");
  for (unsigned c = 0; c < COMMAND_COUNT; c++) {
    out_printf(o, ".B heddle %s\n[OPTIONS] ", command_rows[c].name);
    roff_text(o, command_rows[c].args);
    out_cstr(o, "\n.br\n");
  }
  out_cstr(o, ".SH COMMANDS\n");
  for (unsigned c = 0; c < COMMAND_COUNT; c++)
    roff_item(o, command_rows[c].name, command_rows[c].args, command_rows[c].summary);
  out_cstr(o, ".SH OPTIONS\n");
  for (size_t i = 0; i < flag_rows_len; i++) {
    char term[64];
    if (flag_rows[i].short_name)
      snprintf(term, sizeof term, "-%c, --%s", flag_rows[i].short_name, flag_rows[i].long_name);
    else
      snprintf(term, sizeof term, "--%s", flag_rows[i].long_name);
    roff_item(o, term, flag_rows[i].arg, flag_rows[i].help);
  }
  for (size_t i = 0; i < group_rows_len; i++) {
    out_printf(o, ".SH KEYS OF \\-%c\n", group_rows[i].letter);
    roff_text(o, group_rows[i].help);
    out_cstr(o, "\n");
    each_key(group_rows[i].letter, key_man, o);
  }
  out_cstr(o, ".SH EXIT STATUS\nThe program's own status from 0 to 125; 1 for a failure of heddle's or an "
              "uncaught exception; "
              "2 for a wrong command line; 134 for a trap; 130 after an interrupt from the keyboard.\n");
}

/* ---- completion ---- */

static void print_words(struct out *o, enum command c, const char *prefix, const char *suffix) {
  for (size_t i = 0; i < flag_rows_len; i++)
    if (of_command(&flag_rows[i], c)) out_printf(o, "%s--%s%s", prefix, flag_rows[i].long_name, suffix);
}

static void complete_bash(struct out *o) {
  out_cstr(o, "_heddle() {\n  local cur=${COMP_WORDS[COMP_CWORD]} words=\n  case ${COMP_WORDS[1]} in\n");
  for (unsigned c = 0; c < COMMAND_COUNT; c++) {
    out_printf(o, "  %s) words='", command_rows[c].name);
    print_words(o, (enum command)c, "", " ");
    out_cstr(o, "';;\n");
  }
  out_cstr(o, "  *) words='");
  for (unsigned c = 0; c < COMMAND_COUNT; c++)
    out_printf(o, "%s ", command_rows[c].name);
  print_words(o, COMMAND_RUN, "", " ");
  out_cstr(o, "';;\n  esac\n  COMPREPLY=($(compgen -W \"$words\" -f -- \"$cur\"))\n}\ncomplete -o filenames "
              "-F _heddle heddle\n");
}

static void complete_zsh(struct out *o) {
  out_cstr(o, "#compdef heddle\n_heddle() {\n  local -a words\n  words=(");
  for (unsigned c = 0; c < COMMAND_COUNT; c++)
    out_printf(o, "'%s:%s' ", command_rows[c].name, command_rows[c].summary);
  out_cstr(o, ")\n  if (( CURRENT == 2 )); then _describe command words; fi\n  case $words[2] in\n");
  for (unsigned c = 0; c < COMMAND_COUNT; c++) {
    out_printf(o, "  %s) compadd -- ", command_rows[c].name);
    print_words(o, (enum command)c, "", " ");
    out_cstr(o, ";;\n");
  }
  out_cstr(o, "  esac\n  _files\n}\n_heddle \"$@\"\n");
}

static void complete_fish(struct out *o) {
  for (unsigned c = 0; c < COMMAND_COUNT; c++) {
    out_printf(o, "complete -c heddle -n __fish_use_subcommand -a %s -d '%s'\n", command_rows[c].name,
               command_rows[c].summary);
    for (size_t i = 0; i < flag_rows_len; i++)
      if (of_command(&flag_rows[i], (enum command)c))
        out_printf(o, "complete -c heddle -n '__fish_seen_subcommand_from %s' -l %s%s\n",
                   command_rows[c].name, flag_rows[i].long_name, *flag_rows[i].arg ? " -r" : "");
  }
}

bool help_completion(struct out *o, const char *shell) {
  if (!strcmp(shell, "bash"))
    complete_bash(o);
  else if (!strcmp(shell, "zsh"))
    complete_zsh(o);
  else if (!strcmp(shell, "fish"))
    complete_fish(o);
  else
    return false;
  return true;
}
