/* Code areas: machine code of a module whose functions come one by one, when they are first called.
 *
 * An area reserves addresses in the process's code range: a slot for each function (an address, in writable
 * pages), an entry for each function that jumps through its slot, and pages for code. While a function is
 * missing, its slot leads to the second half of its entry, which goes to arch_lazy_stub with the function's
 * index. A function that is there has an image of its own inside the area; its calls are bound to functions
 * that were there before it, and to entries otherwise. Code pages are written once, before they become
 * executable.
 *
 * Shared by threads: slots only ever change from missing to there. Must not: compile; collect garbage. */
#ifndef RUNTIME_CODE_AREA_H
#define RUNTIME_CODE_AREA_H

#include "runtime/code.h"

/* An image that stands for a new area of the module's defined functions. Error: address space or memory. */
MUST_USE bool code_area_new(const struct module *m, struct code_image **out, struct error *e);
void code_area_delete(struct code_area *area); /* code_image_unref calls it */

/* The function's code when it is there, else its entry. */
const uint8_t *code_area_entry(const struct code_area *area, uint32_t func_index);
bool code_area_has(const struct code_area *area, uint32_t func_index);
/* Publishes a function. When another thread was first, this code is dropped. Error: room or memory. */
MUST_USE bool code_area_add(struct code_area *area, uint32_t func_index, const struct code *code,
                            struct error *e);
uint32_t code_area_len(const struct code_area *area); /* how many functions are there */

/* code_find inside an area: async-signal-safe. */
const struct code_image *code_area_find(const struct code_area *area, uintptr_t pc);

/* As code_image_save and code_image_map, with the functions that are there. */
void code_area_save(struct code_area *area, struct gather *out);
MUST_USE bool code_area_map(int fd, uint64_t off, struct slice bytes, const struct module *m,
                            struct code_image **out, struct error *e);
bool code_area_is_saved(struct slice bytes); /* else it is a whole image */

#endif
