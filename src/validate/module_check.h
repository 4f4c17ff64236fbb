/* What the parts of a module's own checks share: module.c drives, type.c judges the type section.  Internal.
 */
#ifndef VALIDATE_MODULE_CHECK_H
#define VALIDATE_MODULE_CHECK_H

#include "validate/validator.h"

struct module_check {
  struct module *m;
  struct validator *v;
};

bool types_check(struct module_check *k);

#endif
