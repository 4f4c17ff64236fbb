/* See code_area.h.
 *
 *   base                 read, write    slots: an address for each function, then that of arch_lazy_stub
 *   base + entries_off   read, execute  entries (abi/arch.h)
 *   base + code_off      read, execute  code, each function from a page's start, up to `used`
 *   base + used          read, write    pages for the next functions, up to `ready`
 *   base + consts_ready  read, write    room for the next functions' constants, which come from above
 *   base + sealed        read           constants; those between `consts` and here share a page with that
 * room
 *
 * Everything but `slots` is written under the code range's lock. */
#include "runtime/code_area.h"

#include "abi/arch.h"
#include "base/alloc.h"
#include "os/vm.h"
#include "runtime/code_range.h"
#include "wasm/module.h"

#include <string.h>

/* At most this much room is reserved for one module's code: as much again as large real modules take. */
#define MOST_CODE ((uint64_t)1 << 30)
enum { BYTES_PER_WASM_BYTE = 32, COMMIT_AT_ONCE = 64 << 10 };

struct code_area {
  struct code_image head; /* what the code range knows; head.area is this */
  const uint8_t *_Atomic *slots;
  uint64_t entries_off, code_off;
  uint64_t used, ready;               /* offsets from base, whole pages */
  uint64_t consts_ready, sealed;      /* the same */
  uint64_t consts;                    /* offset from base: the lowest constant's */
  struct code_image *_Atomic *images; /* by page of the area: the function's that stands there, or NULL */
  _Atomic uint32_t len;
};

static uint8_t *at(const struct code_area *a, uint64_t off) {
  return (uint8_t *)(uintptr_t)a->head.base + off;
}

static const uint8_t *entry_of(const struct code_area *a, uint32_t position) {
  return at(a, a->entries_off) + ARCH_LAZY_HEAD_SIZE + (size_t)position * ARCH_LAZY_ENTRY_SIZE;
}

const uint8_t *code_area_entry(const struct code_area *a, uint32_t func_index) {
  uint32_t position = func_index - a->head.nimported;
  return code_area_has(a, func_index) ? a->slots[position] : entry_of(a, position);
}

bool code_area_has(const struct code_area *a, uint32_t func_index) {
  uint32_t position = func_index - a->head.nimported;
  assert(position < a->head.nfuncs);
  return a->slots[position] != entry_of(a, position) + ARCH_LAZY_MISSING;
}

uint32_t code_area_len(const struct code_area *a) { return a->len; }

const struct code_image *code_area_find(const struct code_area *a, uintptr_t pc) {
  return a->images[(pc - (uintptr_t)a->head.base) / vm_page_size()];
}

/* ---- making one ---- */

static bool lay_out(struct code_area *a, const struct module *m) {
  uint64_t n = m->nfuncs - m->nimported_funcs, page = vm_page_size();
  a->entries_off = align_up((n + 1) * sizeof *a->slots, page);
  a->code_off = align_up(a->entries_off + ARCH_LAZY_HEAD_SIZE + n * ARCH_LAZY_ENTRY_SIZE, page);
  a->used = a->ready = a->code_off;
  a->head.size =
      COMMIT_AT_ONCE +
      align_up(a->code_off + min_u64(n * page + BYTES_PER_WASM_BYTE * (uint64_t)m->bytes.len, MOST_CODE),
               COMMIT_AT_ONCE);
  a->consts = a->consts_ready = a->sealed = a->head.size;
  return a->head.size < INT32_MAX; /* every call reaches */
}

static bool write_entries(struct code_area *a) {
  uint32_t n = a->head.nfuncs;
  if (!vm_commit(at(a, 0), a->code_off)) return false;
  a->slots = (const uint8_t *_Atomic *)(void *)at(a, 0);
  for (uint32_t i = 0; i < n; i++)
    a->slots[i] = entry_of(a, i) + ARCH_LAZY_MISSING;
  a->slots[n] = arch_lazy_stub;
  arch_lazy_entries(at(a, a->entries_off), at(a, 0), a->head.nimported, n);
  return vm_protect(at(a, a->entries_off), a->code_off - a->entries_off, VM_ACCESS_READ_EXEC);
}

bool code_area_new(const struct module *m, struct code_image **out, struct error *e) {
  struct code_area *a = mem_zalloc(1, sizeof *a);
  if (!a) return error_memory(e);
  a->head.refs = 1;
  a->head.module = m;
  a->head.nimported = m->nimported_funcs;
  a->head.nfuncs = m->nfuncs - m->nimported_funcs;
  a->head.area = a;
  if (!lay_out(a, m))
    error_set(e, ERROR_LIMIT, "the module is too large");
  else if (!(a->images = mem_zalloc(a->head.size / vm_page_size(), sizeof *a->images)))
    error_memory(e);
  else if (code_range_claim(&a->head, e)) {
    if (write_entries(a)) {
      *out = &a->head;
      return true;
    }
    error_memory(e);
    code_range_disclaim(&a->head);
  }
  mem_free(a->images);
  mem_free(a);
  return false;
}

void code_area_delete(struct code_area *a) {
  code_range_disclaim(&a->head);
  for (uint64_t off = a->code_off; off < a->used;) {
    struct code_image *image = a->images[off / vm_page_size()];
    off += image->size; /* its other pages name it too */
    code_image_discard(image);
  }
  mem_free(a->images);
  mem_free(a);
}

/* ---- functions ---- */

/* Makes the image, which is in its place with all its code, known. */
static void install(struct code_area *a, struct code_image *image) {
  uint64_t first = (uint64_t)(image->base - a->head.base) / vm_page_size();
  for (uint64_t i = 0; i < image->size / vm_page_size(); i++)
    a->images[first + i] = image;
  a->slots[image->nimported - a->head.nimported] = image->base + image->func_off[0];
  a->len++;
}

/* Where in its pages a function begins: not all at the same place, or they would meet in the same few lines
 * of the instruction cache. */
static uint64_t shift_in_pages(const struct code_area *a, const struct code_image *image) {
  enum { LINE = 64, STEP = 17 };
  uint64_t free_lines = (image->size - image->func_off[1]) / LINE;
  return (uint64_t)a->len * STEP % (free_lines + 1) * LINE;
}

/* Room for so many more bytes, both below 2^32; under the lock. */
static bool have_room(struct code_area *a, uint64_t size, uint64_t consts_size, struct error *e) {
  uint64_t left = a->ready - a->used, consts_left = a->consts - a->consts_ready;
  uint64_t need = size > left ? size - left : 0;
  uint64_t consts_need = consts_size > consts_left ? vm_page_up(consts_size - consts_left) : 0;
  uint64_t between = a->consts_ready - a->ready;
  if (need + consts_need > between)
    return error_set(e, ERROR_LIMIT, "the module's machine code is too large");
  if (need) {
    uint64_t more = min_u64(align_up(need, COMMIT_AT_ONCE), between - consts_need);
    if (!vm_commit(at(a, a->ready), more)) return error_memory(e);
    a->ready += more;
    between -= more;
  }
  if (consts_need) {
    uint64_t more = min_u64(align_up(consts_need, COMMIT_AT_ONCE), between);
    if (!vm_commit(at(a, a->consts_ready - more), more)) return error_memory(e);
    a->consts_ready -= more;
  }
  return true;
}

/* Pages that have all their constants are not written again. What the system refuses is asked for with the
 * next: nobody can run them either way. */
static void seal(struct code_area *a) {
  uint64_t full = vm_page_up(a->consts);
  if (full < a->sealed && vm_protect(at(a, full), a->sealed - full, VM_ACCESS_READ)) a->sealed = full;
}

bool code_area_add(struct code_area *a, uint32_t func_index, const struct code *code, struct error *e) {
  struct code_image *image;
  if (!code_image_prepare(code, 1, func_index, a->head.module, &image, e)) return false;
  bool ok = true, first = false;
  code_range_lock();
  if (!code_area_has(a, func_index) && (ok = have_room(a, image->size, image->consts_size, e))) {
    uint8_t *to = at(a, a->used);
    uint64_t shift = shift_in_pages(a, image);
    image->base = to + shift;
    image->consts = at(a, a->consts - image->consts_size);
    memset(to, ARCH_NO_CODE, image->size);
    code_image_write(code, image, &a->head, to + shift);
    ok = vm_protect(to, image->size, VM_ACCESS_READ_EXEC) || error_memory(e);
    if (ok) {
      a->used += image->size;
      a->consts -= image->consts_size;
      seal(a);
      install(a, image);
      first = true;
    }
  }
  code_range_unlock();
  if (!first) code_image_discard(image);
  return ok;
}

/* ---- files ---- */

/* In a file: this header on a page of its own, the code's pages, those of the constants, then for each image
 * a u64, the offset of its code within its pages, and its tables. */
struct header {
  uint32_t magic, version, page, len;
  uint64_t code_off, code_size, consts_size; /* the last two are whole pages */
};
enum { AREA_MAGIC = 0x7261646c /* "ldar" */, AREA_VERSION = 3 };

void code_area_save(struct code_area *a, struct gather *out) {
  struct header h = {.magic = AREA_MAGIC,
                     .version = AREA_VERSION,
                     .page = (uint32_t)vm_page_size(),
                     .code_off = a->code_off};
  code_range_lock(); /* what is there at one moment */
  h.len = a->len;
  h.code_size = a->used - a->code_off;
  uint64_t consts_size = a->head.size - a->consts;
  code_range_unlock();
  h.consts_size = vm_page_up(consts_size);
  gather_align(out, h.page);
  gather_bytes(out, &h, sizeof h);
  gather_align(out, h.page);
  gather_borrow(out, at(a, a->code_off), h.code_size);
  gather_zeros(out, h.consts_size - consts_size); /* others may be at that page's rest */
  gather_borrow(out, at(a, a->head.size - consts_size), consts_size);
  for (uint64_t off = a->code_off; off < a->code_off + h.code_size;) {
    const struct code_image *image = a->images[off / h.page];
    uint64_t place = (uint64_t)(image->base - at(a, a->code_off));
    gather_bytes(out, &place, sizeof place);
    code_tables_save(image, out);
    off += image->size;
  }
}

bool code_area_is_saved(struct slice bytes) {
  struct header h;
  if (bytes.len < sizeof h) return false;
  memcpy(&h, bytes.data, sizeof h);
  return h.magic == AREA_MAGIC;
}

static bool damaged(struct error *e) { return error_set(e, ERROR_MALFORMED, "saved code is damaged"); }

static bool load_images(struct code_area *a, const struct header *h, struct slice tables, struct error *e) {
  for (uint32_t i = 0; i < h->len; i++) {
    uint64_t place;
    struct code_image *image;
    if (tables.len < sizeof place) return damaged(e);
    memcpy(&place, tables.data, sizeof place);
    tables = slice_of(tables.data + sizeof place, tables.len - sizeof place);
    if (!code_tables_load(&tables, a->head.module, &image, e)) return false;
    uint64_t page = a->used - a->code_off, shift = place - page;
    if (shift >= vm_page_size() || image->size > h->code_size - page || image->nfuncs != 1 ||
        image->nimported < a->head.nimported || image->nimported - a->head.nimported >= a->head.nfuncs) {
      code_image_discard(image);
      return damaged(e);
    }
    image->base = at(a, a->used) + shift;
    a->used += image->size;
    install(a, image);
  }
  return a->used - a->code_off == h->code_size || damaged(e);
}

bool code_area_map(int fd, uint64_t off, struct slice bytes, const struct module *m, struct code_image **out,
                   struct error *e) {
  struct header h;
  size_t page = vm_page_size();
  if (bytes.len < page) return damaged(e);
  memcpy(&h, bytes.data, sizeof h);
  uint64_t mapped;
  if (h.magic != AREA_MAGIC || h.version != AREA_VERSION || h.page != page || h.code_size % page ||
      h.consts_size % page || !add_u64(h.code_size, h.consts_size, &mapped) || bytes.len - page < mapped)
    return damaged(e);
  if (!code_area_new(m, out, e)) return false;
  struct code_area *a = (*out)->area;
  struct slice tables = slice_of(bytes.data + page + mapped, bytes.len - page - mapped);
  uint64_t consts = a->head.size - h.consts_size; /* below code_off: checked before it is used */
  if (h.code_off != a->code_off || mapped > a->head.size - a->code_off)
    damaged(e);
  else if (!vm_map_part(at(a, a->code_off), h.code_size, fd, off + page, VM_ACCESS_READ_EXEC) ||
           !vm_map_part(at(a, consts), h.consts_size, fd, off + page + h.code_size, VM_ACCESS_READ))
    error_set(e, ERROR_IO, "saved code cannot be mapped");
  else if (load_images(a, &h, tables, e)) {
    a->ready = a->used;
    a->consts = a->consts_ready = a->sealed = consts;
    return true;
  }
  code_image_unref(*out);
  return false;
}
