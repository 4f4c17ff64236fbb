/* Which build of the program this is.
 *
 * Out: the identity that the linker has put into the running program or shared library: two builds that
 * differ in anything have different ones.  Must not: be taken for a version; it says same or not the same. */
#ifndef OS_BUILD_ID_H
#define OS_BUILD_ID_H

#include "base/slice.h"

struct slice os_build_id(void); /* empty when it was linked without one */

#endif
