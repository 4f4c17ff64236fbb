/* Runs .wast scripts: one file in one store, every command in turn, going on after failures.
 *
 * In: an engine, the script's text.  Out: counts by kind, and one line for each failure.  An embedder like
 * any other: everything goes through heddle.h. */
#ifndef SCRIPT_RUN_H
#define SCRIPT_RUN_H

#include "base/buf.h"

#include <heddle.h>

enum script_kind {
#define KIND(id, name) KIND_##id,
#include "script/kind.def"
#undef KIND
  KIND_COUNT
};

struct script_counts {
  uint64_t files;
  struct {
    uint64_t passed, failed, unsupported;
  } kinds[KIND_COUNT];
  uint64_t texts_same,
      texts_other; /* refused modules whose message begins like the official one, or does not */
};
struct script_options {
  bool ignore_texts;      /* trap texts need not match */
  bool print_other_texts; /* a line for each refused module whose text differs */
};

/* Appends failures to `report` as lines and adds to `counts`. */
void script_run(heddle_engine_t *engine, const char *file, struct slice text,
                const struct script_options *options, struct buf *report, struct script_counts *counts);
void script_counts_add(struct script_counts *into, const struct script_counts *from);
bool script_counts_all_passed(const struct script_counts *c); /* no failure of any kind */
/* One line: "files 12: assert_return 345 passed, 1 failed, 2 unsupported; ..." / one JSON object. */
void script_counts_print(const struct script_counts *c, bool json, struct buf *out);

#endif
