/* heddle run --stats: what garbage collection cost; heddle compile --timings: what compiling did. For people
 * or as one JSON object. */
#ifndef CLI_STATS_H
#define CLI_STATS_H

#include "cli/report.h"

/* To standard error. */
void print_timings(const struct report *r, const heddle_module_t *module);
void print_stats(const struct report *r, const heddle_store_t *store);

#endif
