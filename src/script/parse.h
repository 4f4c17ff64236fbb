/* The parts of script commands: constants, result patterns, actions, modules in their five forms.
 *
 * In: the text lexer, standing at a part.  Out: structs in an arena, or a module as bytes. Commands
 * themselves are the business of run.c. Must not: look into modules. */
#ifndef SCRIPT_PARSE_H
#define SCRIPT_PARSE_H

#include "base/vec.h"
#include "text/parse.h"

enum pattern_kind {
  PATTERN_NUM,    /* type, bits, nan */
  PATTERN_V128,   /* v128 */
  PATTERN_NULL,   /* (ref.null), (ref.null heap) */
  PATTERN_EXTERN, /* (ref.extern), (ref.extern n): an externref of the script's */
  PATTERN_HOST,   /* (ref.host n): the same as an anyref */
  PATTERN_REF,    /* (ref.func), (ref.struct), ...: non-null, of that heap type */
  PATTERN_EITHER, /* alts */
};
struct pattern {
  enum pattern_kind kind;
  valtype type;
  uint64_t bits;
  enum nan_pattern nan;
  struct text_v128 v128;
  uint32_t heap; /* PATTERN_NULL (HEAP_COUNT: any), PATTERN_REF */
  uint64_t n;    /* PATTERN_EXTERN, PATTERN_HOST */
  bool has_n;
  struct pattern *alts;
  uint32_t nalts;
};
struct patterns {
  struct pattern *at;
  uint32_t len;
};

enum action_kind { ACTION_INVOKE, ACTION_GET };
struct action {
  enum action_kind kind;
  struct slice module; /* $id with its "$", empty: the current one */
  struct slice name;
  struct patterns args;
  uint32_t off;
};

enum module_form { MODULE_TEXT, MODULE_BINARY, MODULE_QUOTE, MODULE_INSTANCE };
struct script_module {
  enum module_form form;
  bool definition;  /* (module definition ...): not instantiated */
  struct slice id;  /* "$M" or empty */
  struct slice of;  /* MODULE_INSTANCE: id of the definition, or empty: the last one */
  struct buf bytes; /* owned by the caller (buf_free): text, or for MODULE_BINARY a binary module */
  uint32_t off;
};

/* Each reports script errors through the lexer and returns false. */
MUST_USE bool script_parse_action(struct lexer *lx, struct arena *a, struct action *out);
bool script_at_action(const struct lexer *lx);
/* Constants or patterns up to the next thing that is none. `results`: NaN patterns, either, (ref.func) ...
 * are allowed. */
MUST_USE bool script_parse_patterns(struct lexer *lx, struct arena *a, bool results, struct patterns *out);
/* At "(module": leaves the lexer behind it, whatever the module's own text holds. */
MUST_USE bool script_parse_module(struct lexer *lx, struct script_module *out);
MUST_USE bool script_parse_string(struct lexer *lx, struct arena *a, struct slice *out);
struct slice script_accept_id(struct lexer *lx); /* "$x" or empty */
/* A result pattern in the script's own words, for messages. */
void pattern_format(const struct pattern *p, struct buf *out);

#endif
