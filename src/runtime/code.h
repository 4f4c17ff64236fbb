/* Code images: published machine code with its tables.
 *
 * In: struct code of all functions of a module.  Out: one read-and-execute mapping in the process's code
 * range, never writable again, behind it a read-only one of its constants, and flat tables of u32 that
 * answer: which function, which trap, which wasm offset is at this pc? The tables are position independent,
 * so that an image can be saved and mapped back. All code of the process lies in one reserved range;
 * `code_find` is lock-free and safe in signal handlers. Reference counted; an image may go when no store that
 * uses it lives. */
#ifndef RUNTIME_CODE_H
#define RUNTIME_CODE_H

#include "abi/code.h"
#include "base/error.h"
#include "base/gather.h"

struct module;
struct code_area;

struct code_image {
  _Atomic uint32_t refs;
  const struct module *module; /* for names and source lines; set by whoever makes the image, outlives it */
  const uint8_t *base;         /* first byte of the code; in an area, within its first page */
  uint64_t size;               /* mapped bytes of it, whole pages */
  const uint8_t *consts;       /* those of all functions, each function's aligned to 16 */
  uint64_t consts_size;        /* bytes; in an area, what is still to be written */
  uint32_t nimported;          /* function index = position in func_off + nimported */
  uint32_t nfuncs, nsites;
  /* Offsets from base, ascending. func_off has nfuncs + 1 entries, the last is the end of the code. */
  const uint32_t *func_off;
  const uint32_t *site_off, *site_wasm;
  const uint8_t *site_kind;  /* enum trap_code | CODE_SITE_FAULT */
  const uint8_t *func_flags; /* CODE_FUNC_ */
  /* Stack maps: map i, of the return address map_off[i], is map_words[map_first[i] .. map_first[i + 1]):
   * bytes from rbp. */
  uint32_t nmaps;
  const uint32_t *map_off, *map_first;
  const int32_t *map_words;
  /* The same for all of a function's frames, by position in func_off: nfuncs + 1 entries. */
  const uint32_t *ref_first;
  const int32_t *ref_words;
  /* Handlers: return address, try, landing, frame size, first clause of the function; tries: parent, first
   * clause, clauses; a clause is a tag index or CODE_CATCH_ALL. */
  uint32_t nhandlers, ntries, nclauses;
  const uint32_t *handlers, *tries, *clauses;
  /* Inlined bodies, ascending: position of the function in func_off; then struct code_inline's fields. */
  uint32_t ninlines;
  const uint32_t *inlines;
  void *tables; /* the block that holds the tables, owned */
  /* Not NULL: this image only stands for an area, which has an image for each function that is there
   * (runtime/code_area.h); it has no tables. */
  struct code_area *area;
};
enum { CODE_HANDLER_WORDS = 5, CODE_TRY_WORDS = 3, CODE_INLINE_WORDS = 5 };
enum { CODE_SITE_FAULT = 0x80, CODE_SITE_TRAP = 0x7f };
enum {
  CODE_FUNC_FRAMELESS = 1,  /* rbp is the caller's, the return address stands at rsp */
  CODE_FUNC_INSTANCE = 2,   /* its instance stands at rbp - 8 */
  CODE_FUNC_KEPT_SHIFT = 2, /* VM_KEPT bits: which kept registers it saves */
  CODE_FUNC_CATCHES = 32,   /* it has handlers */
};

/* Resolves relocations, publishes. `codes` has one entry for each defined function, by index. Error: memory
 * or code space. */
MUST_USE bool code_publish(const struct code *codes, uint32_t nfuncs, uint32_t nimported,
                           const struct module *m, struct code_image **out, struct error *e);
/* The steps of code_publish, for areas: an image with its tables and its sizes, without a place; its code and
 * constants, written to where they will stand, with calls bound to what `module` says; and away with one that
 * was never placed. */
MUST_USE bool code_image_prepare(const struct code *codes, uint32_t nfuncs, uint32_t nimported,
                                 const struct module *m, struct code_image **out, struct error *e);
void code_image_write(const struct code *codes, const struct code_image *image,
                      const struct code_image *module, uint8_t *to);
void code_image_discard(struct code_image *image);

struct code_image *code_image_ref(struct code_image *image);
void code_image_unref(struct code_image *image); /* NULL is fine */

const uint8_t *code_area_entry(const struct code_area *area, uint32_t func_index);

/* Where a call of the function goes. */
static inline const uint8_t *code_image_func(const struct code_image *image, uint32_t func_index) {
  assert(func_index >= image->nimported && func_index - image->nimported < image->nfuncs);
  if (image->area) return code_area_entry(image->area, func_index);
  return image->base + image->func_off[func_index - image->nimported];
}
/* The image whose code holds `pc`, or NULL. Lock-free, async-signal-safe. */
const struct code_image *code_find(uintptr_t pc);
/* Position of the function (index - nimported) that holds the code offset. */
uint32_t code_func_at(const struct code_image *image, uint32_t off);
/* The site with exactly this offset, or UINT32_MAX. */
uint32_t code_site_at(const struct code_image *image, uint32_t off);

/* Takes one frame off `position` (a site's site_wasm) in the code of function `at` (a position in func_off):
 * which function's instruction it is, and where in the module. True: it was inlined, and `position` is now
 * the call's.
 */
bool code_inline_next(const struct code_image *image, uint32_t at, uint32_t *position, uint32_t *func_index,
                      uint32_t *wasm_off);

/* The stack map of the call that returns to this offset, or UINT32_MAX: no references are in its frame. */
uint32_t code_map_at(const struct code_image *image, uint32_t off);
/* What catches what the call that returns to this offset throws; false: nothing in this function. */
struct code_landing {
  uint32_t try_;
  uintptr_t pc;
  uint32_t frame_size, first_clause;
};
bool code_handler_at(const struct code_image *image, uint32_t off, struct code_landing *out);

/* An image's tables and size, borrowed, appended at a multiple of 8 bytes; and taken off the front again: an
 * image without a place. */
void code_tables_save(const struct code_image *image, struct gather *out);
MUST_USE bool code_tables_load(struct slice *bytes, const struct module *m, struct code_image **out,
                               struct error *e);

/* Appends it, borrowed and position-independent, beginning at a multiple of the page size within `out`
 * (padded with zeros). */
void code_image_save(const struct code_image *image, struct gather *out);
/* Maps what code_image_save wrote at byte `off` (a multiple of the page size) of the open file `fd`; `bytes`
 * are the file's contents from there on (for header and tables, copied). The content is trusted; only its
 * sizes are checked. */
MUST_USE bool code_image_map(int fd, uint64_t off, struct slice bytes, const struct module *m,
                             struct code_image **out, struct error *e);

#endif
