/* Help, the manual page and completion scripts, all from the option rows. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "base/out.h"
#include "cli/option.h"

void help_overview(struct out *o);
void help_command(struct out *o, enum command c);
void help_group(struct out *o, char group);
void help_man(struct out *o);                           /* roff */
bool help_completion(struct out *o, const char *shell); /* false: unknown shell */

#endif
