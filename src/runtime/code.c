/* See code.h. */
#include "runtime/code.h"

#include "abi/arch.h"
#include "base/alloc.h"
#include "os/vm.h"
#include "runtime/code_area.h"
#include "runtime/code_range.h"

#include <string.h>

enum { FUNC_ALIGN = 32 };

/* ---- tables ---- */

/* All tables in one block, words first, so that they can be written and read as a whole. */
struct counts {
  uint32_t nfuncs, nsites, nmaps, nmap_words, nref_words, nhandlers, ntries, nclauses, ninlines;
};
static uint64_t words_len(struct counts n) {
  return (uint64_t)n.nfuncs + 1 + 2 * (uint64_t)n.nsites + 2 * (uint64_t)n.nmaps + 1 + n.nmap_words +
         (uint64_t)n.nfuncs + 1 + n.nref_words + CODE_HANDLER_WORDS * (uint64_t)n.nhandlers +
         CODE_TRY_WORDS * (uint64_t)n.ntries + n.nclauses + CODE_INLINE_WORDS * (uint64_t)n.ninlines;
}
static uint64_t tables_size(struct counts n) { return words_len(n) * 4 + n.nsites + n.nfuncs; }

struct tables {
  uint32_t *func_off, *site_off, *site_wasm, *map_off, *map_first, *ref_first, *handlers, *tries, *clauses,
      *inlines;
  int32_t *map_words, *ref_words;
  uint8_t *site_kind, *func_flags;
};
static struct tables tables_in(void *block, struct counts n) {
  struct tables t = {.func_off = block};
  t.site_off = t.func_off + n.nfuncs + 1;
  t.site_wasm = t.site_off + n.nsites;
  t.map_off = t.site_wasm + n.nsites;
  t.map_first = t.map_off + n.nmaps;
  t.map_words = (int32_t *)t.map_first + n.nmaps + 1;
  t.ref_first = (uint32_t *)t.map_words + n.nmap_words;
  t.ref_words = (int32_t *)t.ref_first + n.nfuncs + 1;
  t.handlers = (uint32_t *)t.ref_words + n.nref_words;
  t.tries = t.handlers + CODE_HANDLER_WORDS * (size_t)n.nhandlers;
  t.clauses = t.tries + CODE_TRY_WORDS * (size_t)n.ntries;
  t.inlines = t.clauses + n.nclauses;
  t.site_kind = (uint8_t *)(t.inlines + CODE_INLINE_WORDS * (size_t)n.ninlines);
  t.func_flags = t.site_kind + n.nsites;
  return t;
}

/* An image with room for its tables, without code. */
static struct code_image *image_new(struct counts n, uint32_t nimported, const struct module *m,
                                    struct tables *t) {
  struct code_image *image = mem_zalloc(1, sizeof *image);
  void *block = image ? vm_alloc_filled(tables_size(n)) : NULL;
  if (!block) {
    mem_free(image);
    return NULL;
  }
  *t = tables_in(block, n);
  image->refs = 1;
  image->module = m;
  image->nimported = nimported;
  image->nfuncs = n.nfuncs;
  image->nsites = n.nsites;
  image->func_off = t->func_off;
  image->site_off = t->site_off;
  image->site_wasm = t->site_wasm;
  image->site_kind = t->site_kind;
  image->func_flags = t->func_flags;
  image->nmaps = n.nmaps;
  image->map_off = t->map_off;
  image->map_first = t->map_first;
  image->map_words = t->map_words;
  image->ref_first = t->ref_first;
  image->ref_words = t->ref_words;
  image->nhandlers = n.nhandlers;
  image->handlers = t->handlers;
  image->ntries = n.ntries;
  image->tries = t->tries;
  image->nclauses = n.nclauses;
  image->clauses = t->clauses;
  image->ninlines = n.ninlines;
  image->inlines = t->inlines;
  image->tables = block;
  return image;
}

void code_image_discard(struct code_image *image) {
  if (!image) return;
  mem_free(image->tables);
  mem_free(image);
}

struct code_image *code_image_ref(struct code_image *image) {
  image->refs++;
  return image;
}

void code_image_unref(struct code_image *image) {
  if (!image || --image->refs) return;
  if (image->area) {
    code_area_delete(image->area);
    return;
  }
  code_range_disclaim(image);
  code_image_discard(image);
}

uint32_t code_func_at(const struct code_image *image, uint32_t off) {
  uint32_t low = 0,
           high = image->nfuncs; /* func_off[low] <= off < func_off[high], but for padding at the start */
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (image->func_off[middle] <= off)
      low = middle;
    else
      high = middle;
  }
  return low;
}

/* Where in `n` items of `step` words, ascending by their first, `off` stands. */
static uint32_t find(const uint32_t *at, uint32_t n, uint32_t step, uint32_t off) {
  uint32_t low = 0, high = n;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (at[(size_t)middle * step] < off)
      low = middle + 1;
    else
      high = middle;
  }
  return low < n && at[(size_t)low * step] == off ? low : UINT32_MAX;
}

uint32_t code_site_at(const struct code_image *image, uint32_t off) {
  return find(image->site_off, image->nsites, 1, off);
}

uint32_t code_map_at(const struct code_image *image, uint32_t off) {
  return find(image->map_off, image->nmaps, 1, off);
}

bool code_handler_at(const struct code_image *image, uint32_t off, struct code_landing *out) {
  uint32_t i = find(image->handlers, image->nhandlers, CODE_HANDLER_WORDS, off);
  if (i == UINT32_MAX) return false;
  const uint32_t *h = image->handlers + CODE_HANDLER_WORDS * (size_t)i;
  *out = (struct code_landing){
      .try_ = h[1], .pc = (uintptr_t)image->base + h[2], .frame_size = h[3], .first_clause = h[4]};
  return true;
}

bool code_inline_next(const struct code_image *image, uint32_t at, uint32_t *position, uint32_t *func_index,
                      uint32_t *wasm_off) {
  uint32_t low = 0,
           high = image->ninlines; /* ends at the last body that does not begin behind the position */
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    const uint32_t *in = image->inlines + CODE_INLINE_WORDS * (size_t)middle;
    if (in[0] < at || (in[0] == at && in[1] <= *position))
      low = middle + 1;
    else
      high = middle;
  }
  const uint32_t *in = image->inlines + CODE_INLINE_WORDS * ((size_t)low - 1);
  if (low == 0 || in[0] != at) {
    *func_index = at + image->nimported;
    *wasm_off = *position;
    return false;
  }
  *func_index = in[2];
  *wasm_off = in[3] + (*position - in[1]);
  *position = in[4];
  return true;
}

/* ---- publishing ---- */

/* Of code and constants: what stands in an image reaches all of it by 32 bits. */
#define MOST_IMAGE ((uint64_t)INT32_MAX - UINT16_MAX)

static uint64_t consts_size_of(const struct code *code) {
  return align_up(code->nconsts * sizeof *code->consts, 16);
}

/* Where each function goes. An image begins with padding, and a function that does not end in padding gets
 * some, so that a return address behind its last call is never the next one's first instruction. */
static bool place(const struct code *codes, uint32_t nfuncs, uint32_t *func_off, uint64_t *size,
                  uint64_t *consts_size) {
  uint64_t at = FUNC_ALIGN, consts = 0;
  for (uint32_t i = 0; i < nfuncs; i++) {
    at = align_up(at, codes[i].align > FUNC_ALIGN ? codes[i].align : FUNC_ALIGN);
    if (at >= UINT32_MAX) return false;
    func_off[i] = (uint32_t)at;
    at += codes[i].size;
    if (codes[i].size && codes[i].bytes[codes[i].size - 1] != ARCH_NO_CODE) at++;
    consts += consts_size_of(&codes[i]);
  }
  if (at > MOST_IMAGE || consts > MOST_IMAGE || vm_page_up(at) + vm_page_up(consts) > MOST_IMAGE)
    return false;
  func_off[nfuncs] = (uint32_t)at;
  *size = vm_page_up(at);
  *consts_size = consts;
  return true;
}

void code_image_write(const struct code *codes, const struct code_image *image,
                      const struct code_image *module, uint8_t *to) {
  uint8_t *consts = (uint8_t *)(uintptr_t)image->consts;
  memset(to, ARCH_NO_CODE, image->func_off[0]);
  for (uint32_t i = 0; i < image->nfuncs; i++) {
    uint8_t *start = to + image->func_off[i], *end = to + image->func_off[i + 1];
    memcpy(start, codes[i].bytes, codes[i].size);
    memset(start + codes[i].size, ARCH_NO_CODE, (size_t)(end - start) - codes[i].size);
    for (uint32_t r = 0; r < codes[i].nrelocs; r++) {
      const struct code_reloc *reloc = &codes[i].relocs[r];
      uint8_t *at = start + reloc->off;
      uint32_t rel;
      assert(reloc->off + 4 <= codes[i].size);
      if (reloc->kind == RELOC_CONST) {
        assert(reloc->index < codes[i].nconsts);
        memcpy(&rel, at, 4);
        rel += (uint32_t)(consts + 8 * (size_t)reloc->index - at);
      } else {
        rel = (uint32_t)(code_image_func(module, reloc->index) - (at + 4));
      }
      memcpy(at, &rel, 4);
    }
    if (!codes[i].nconsts) continue;
    memcpy(consts, codes[i].consts, codes[i].nconsts * sizeof *codes[i].consts);
    consts += consts_size_of(&codes[i]);
  }
}

static void fill_sites(const struct code *codes, const struct tables *t, uint32_t nfuncs) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < nfuncs; i++) {
    t->func_flags[i] =
        (uint8_t)((codes[i].frameless ? CODE_FUNC_FRAMELESS : 0) |
                  (codes[i].saves_instance ? CODE_FUNC_INSTANCE : 0) |
                  (codes[i].nhandlers ? CODE_FUNC_CATCHES : 0) | codes[i].kept << CODE_FUNC_KEPT_SHIFT);
    for (uint32_t k = 0; k < codes[i].nsites; k++, n++) {
      const struct code_site *site = &codes[i].sites[k];
      assert(site->trap <= CODE_SITE_TRAP && site->off <= codes[i].size);
      assert(k == 0 || codes[i].sites[k - 1].off < site->off);
      t->site_off[n] = t->func_off[i] + site->off;
      t->site_wasm[n] = site->wasm_off;
      t->site_kind[n] = (uint8_t)(site->trap | (site->is_fault ? CODE_SITE_FAULT : 0));
    }
  }
}

static void fill_maps(const struct code *codes, const struct tables *t, uint32_t nfuncs) {
  uint32_t n = 0, words = 0, refs = 0;
  for (uint32_t i = 0; i < nfuncs; i++) {
    t->ref_first[i] = refs;
    for (uint32_t w = 0; w < codes[i].nframe_refs; w++)
      t->ref_words[refs++] = codes[i].frame_refs[w];
    for (uint32_t k = 0; k < codes[i].nmaps; k++, n++) {
      const struct code_map *map = &codes[i].maps[k];
      t->map_off[n] = t->func_off[i] + map->off;
      t->map_first[n] = words;
      for (uint32_t w = 0; w < map->len; w++)
        t->map_words[words++] = codes[i].map_words[map->first + w];
    }
  }
  t->map_first[n] = words;
  t->ref_first[nfuncs] = refs;
}

static void fill_handlers(const struct code *codes, const struct tables *t, uint32_t nfuncs) {
  uint32_t *h = t->handlers, *try_ = t->tries, *clause = t->clauses, ntries = 0, nclauses = 0;
  for (uint32_t i = 0; i < nfuncs; i++) {
    const struct code *code = &codes[i];
    for (uint32_t k = 0; k < code->nhandlers; k++, h += CODE_HANDLER_WORDS) {
      h[0] = t->func_off[i] + code->handlers[k].off;
      h[1] = ntries + code->handlers[k].try_;
      h[2] = t->func_off[i] + code->handlers[k].landing;
      h[3] = code->frame_size;
      h[4] = nclauses;
    }
    for (uint32_t k = 0; k < code->ntries; k++, try_ += CODE_TRY_WORDS) {
      try_[0] = code->tries[k].parent == CODE_NO_TRY ? CODE_NO_TRY : ntries + code->tries[k].parent;
      try_[1] = nclauses + code->tries[k].first;
      try_[2] = code->tries[k].len;
    }
    for (uint32_t k = 0; k < code->nclauses; k++)
      *clause++ = code->clauses[k];
    ntries += code->ntries;
    nclauses += code->nclauses;
  }
}

static void fill_inlines(const struct code *codes, const struct tables *t, uint32_t nfuncs) {
  uint32_t *to = t->inlines;
  for (uint32_t i = 0; i < nfuncs; i++)
    for (uint32_t k = 0; k < codes[i].ninlines; k++, to += CODE_INLINE_WORDS) {
      const struct code_inline *in = &codes[i].inlines[k];
      assert(k == 0 || codes[i].inlines[k - 1].start < in->start);
      to[0] = i;
      to[1] = in->start;
      to[2] = in->func;
      to[3] = in->body_off;
      to[4] = in->call;
    }
}

static bool count(const struct code *codes, uint32_t nfuncs, struct counts *out) {
  uint64_t sites = 0, words = 0;
  *out = (struct counts){.nfuncs = nfuncs};
  for (uint32_t i = 0; i < nfuncs; i++) {
    sites += codes[i].nsites;
    words += codes[i].nmap_words + (uint64_t)codes[i].nframe_refs + codes[i].ntries + codes[i].nclauses +
             codes[i].ninlines;
    if (sites > UINT32_MAX / 16 || words > UINT32_MAX / 16) return false;
    out->nmaps += codes[i].nmaps; /* maps and handlers are no more than sites */
    out->nmap_words += codes[i].nmap_words;
    out->nref_words += codes[i].nframe_refs;
    out->nhandlers += codes[i].nhandlers;
    out->ntries += codes[i].ntries;
    out->nclauses += codes[i].nclauses;
    out->ninlines += codes[i].ninlines;
  }
  out->nsites = (uint32_t)sites;
  return true;
}

bool code_image_prepare(const struct code *codes, uint32_t nfuncs, uint32_t nimported, const struct module *m,
                        struct code_image **out, struct error *e) {
  struct counts n;
  if (!count(codes, nfuncs, &n)) return error_set(e, ERROR_LIMIT, "machine code has too many trap sites");
  struct tables t;
  struct code_image *image = image_new(n, nimported, m, &t);
  if (!image) return error_memory(e);
  if (!place(codes, nfuncs, t.func_off, &image->size, &image->consts_size)) {
    code_image_discard(image);
    return error_set(e, ERROR_LIMIT, "machine code is too large");
  }
  fill_sites(codes, &t, nfuncs);
  fill_maps(codes, &t, nfuncs);
  fill_handlers(codes, &t, nfuncs);
  fill_inlines(codes, &t, nfuncs);
  *out = image;
  return true;
}

bool code_publish(const struct code *codes, uint32_t nfuncs, uint32_t nimported, const struct module *m,
                  struct code_image **out, struct error *e) {
  struct code_image *image;
  if (!code_image_prepare(codes, nfuncs, nimported, m, &image, e)) return false;
  if (!code_range_claim(image, e)) {
    code_image_discard(image);
    return false;
  }
  uint8_t *to = (uint8_t *)(uintptr_t)image->base, *consts = to + image->size;
  uint64_t whole = code_range_size(image);
  image->consts = consts;
  if (vm_commit(to, whole)) {
    vm_wish_large(to, vm_large_size(whole));
    code_image_write(codes, image, image, to);
    memset(to + image->func_off[nfuncs], ARCH_NO_CODE, image->size - image->func_off[nfuncs]);
    if (vm_protect(to, image->size, VM_ACCESS_READ_EXEC) &&
        vm_protect(consts, whole - image->size, VM_ACCESS_READ)) {
      *out = image;
      return true;
    }
  }
  code_image_unref(image);
  return error_memory(e);
}

/* ---- files ---- */

/* Tables in a file: this, the tables, zeros up to a multiple of 8 bytes. */
struct saved_tables {
  uint32_t nimported;
  struct counts n;
  uint64_t code_size, tables_size;
};
static_assert(sizeof(struct saved_tables) % 8 == 0, "what follows is aligned");

void code_tables_save(const struct code_image *image, struct gather *out) {
  struct counts n = {.nfuncs = image->nfuncs,
                     .nsites = image->nsites,
                     .nmaps = image->nmaps,
                     .nmap_words = image->map_first[image->nmaps],
                     .nref_words = image->ref_first[image->nfuncs],
                     .nhandlers = image->nhandlers,
                     .ntries = image->ntries,
                     .nclauses = image->nclauses,
                     .ninlines = image->ninlines};
  struct saved_tables h = {
      .nimported = image->nimported, .n = n, .code_size = image->size, .tables_size = tables_size(n)};
  gather_bytes(out, &h, sizeof h);
  gather_borrow(out, image->tables, h.tables_size);
  gather_align(out, 8); /* whoever appends tables begins at such a place */
}

bool code_tables_load(struct slice *bytes, const struct module *m, struct code_image **out, struct error *e) {
  struct saved_tables h;
  if (bytes->len < sizeof h) return error_set(e, ERROR_MALFORMED, "saved code is truncated");
  memcpy(&h, bytes->data, sizeof h);
  if (h.tables_size != tables_size(h.n) || bytes->len - sizeof h < align_up(h.tables_size, 8) ||
      !h.code_size || h.code_size % vm_page_size() || h.code_size > MOST_IMAGE)
    return error_set(e, ERROR_MALFORMED, "saved code is damaged");
  struct tables t;
  struct code_image *image = image_new(h.n, h.nimported, m, &t);
  if (!image) return error_memory(e);
  memcpy(image->tables, bytes->data + sizeof h, h.tables_size);
  image->size = h.code_size;
  size_t whole = sizeof h + (size_t)align_up(h.tables_size, 8);
  *bytes = slice_of(bytes->data + whole, bytes->len - whole);
  *out = image;
  return true;
}

/* An image in a file: this header on a page of its own, the code's pages, those of the constants, the tables.
 */
struct header {
  uint32_t magic, version, page, unused;
  uint64_t code_size, consts_size;
};
enum { IMAGE_MAGIC = 0x6d69646c /* "ldim" */, IMAGE_VERSION = 7 };

void code_image_save(const struct code_image *image, struct gather *out) {
  struct header h = {.magic = IMAGE_MAGIC,
                     .version = IMAGE_VERSION,
                     .page = (uint32_t)vm_page_size(),
                     .code_size = image->size,
                     .consts_size = image->consts_size};
  gather_align(out, vm_page_size());
  gather_bytes(out, &h, sizeof h);
  gather_align(out, vm_page_size());
  gather_borrow(out, image->base, image->size);
  gather_borrow(out, image->consts, vm_page_up(image->consts_size));
  code_tables_save(image, out);
}

bool code_image_map(int fd, uint64_t off, struct slice bytes, const struct module *m, struct code_image **out,
                    struct error *e) {
  struct header h;
  size_t page = vm_page_size();
  if (bytes.len < page) return error_set(e, ERROR_MALFORMED, "saved code is truncated");
  memcpy(&h, bytes.data, sizeof h);
  if (h.magic != IMAGE_MAGIC || h.version != IMAGE_VERSION || h.page != page || h.code_size > MOST_IMAGE ||
      h.consts_size > MOST_IMAGE)
    return error_set(e, ERROR_MALFORMED, "saved code is damaged or of another build");
  size_t consts_size = vm_page_up(h.consts_size), mapped = h.code_size + consts_size;
  if (mapped > MOST_IMAGE || bytes.len - page < mapped)
    return error_set(e, ERROR_MALFORMED, "saved code is damaged or of another build");
  struct slice tables = slice_of(bytes.data + page + mapped, bytes.len - page - mapped);
  struct code_image *image;
  if (!code_tables_load(&tables, m, &image, e)) return false;
  image->consts_size = h.consts_size;
  bool ok = image->size == h.code_size || error_set(e, ERROR_MALFORMED, "saved code is damaged");
  if (!ok || !code_range_claim(image, e)) {
    code_image_discard(image);
    return false;
  }
  uint8_t *at = (uint8_t *)(uintptr_t)image->base;
  image->consts = at + image->size;
  if (!vm_map_part(at, image->size, fd, off + page, VM_ACCESS_READ_EXEC) ||
      !vm_map_part(at + image->size, consts_size, fd, off + page + image->size, VM_ACCESS_READ)) {
    code_image_unref(image);
    return error_set(e, ERROR_IO, "saved code cannot be mapped");
  }
  *out = image;
  return true;
}
