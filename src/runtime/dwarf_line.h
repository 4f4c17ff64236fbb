/* Source lines from a module's .debug_line section (DWARF 2 to 5), looked up when a backtrace is shown.
 *
 * In: hostile bytes.  Out: file, line and column for offsets, or nothing where the section does not say or is
 * broken. Must not: allocate, read outside the section, or take longer than linear in its size. */
#ifndef RUNTIME_DWARF_LINE_H
#define RUNTIME_DWARF_LINE_H

#include "wasm/module.h"

enum { DWARF_PATH_SIZE = 512, DWARF_LOOKUP_MAX = 64 };
struct dwarf_line {
  bool found;
  uint32_t line, column;      /* 0: unknown */
  char file[DWARF_PATH_SIZE]; /* NUL-terminated; shortened from the front when it is too long */
};
/* Looks up `n` (at most DWARF_LOOKUP_MAX) offsets of instructions in the module's bytes at once. */
void dwarf_lines_find(const struct module *m, const uint32_t *wasm_offs, size_t n, struct dwarf_line *out);

#endif
