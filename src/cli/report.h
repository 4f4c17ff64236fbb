/* How the command speaks: errors as a chain with a backtrace, or as JSON; colours only on a terminal.
 *
 * In: errors of the API.  Out: lines on stderr and the exit status they mean. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "base/slice.h"
#include "cli/option.h"

#include <heddle.h>

/* The exit codes are a contract (docs/cli.md). */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130, EXIT_TRAP = 134 };

struct report {
  bool json, color;
};

void report_init(struct report *r, const struct cli_options *o);
/* Prints `error` (taken over; not NULL) under the headline `what` ("failed to run `f.wasm`") and returns the
 * exit status. */
int report_error(const struct report *r, const char *what, heddle_error_t *error);
/* The store's continuations that have not run to their end, with their frames; and the hint that there are
 * some. */
void report_suspended(const struct report *r, heddle_store_t *store);
void report_hint(const struct report *r, heddle_store_t *store);
/* Whole lines that may go to a terminal, behind "error: ". */
void report_text(const struct report *r, struct slice text);
/* One line of our own: "error: ...". Returns EXIT_FAILED. */
int report_line(const struct report *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
