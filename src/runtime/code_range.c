/* See code_range.h.
 *
 * The range is cut into granules; `owner` says which image stands in each, so that a pc finds its image by
 * one load. Entries are written under the lock and read without it; an image's entries go before its memory.
 */
#include "runtime/code_range.h"

#include "os/thread.h"
#include "os/vm.h"
#include "runtime/code_area.h"

enum { GRANULE_LOG2 = 16, GRANULES = 1 << 16 };
static_assert(CODE_RANGE >> GRANULE_LOG2 == GRANULES, "one entry a granule");

/* Process-wide, as the fault handler is. */
static struct mutex lock = MUTEX_INIT;
static _Atomic uintptr_t range; /* base of the reservation, 0 before the first image */
static struct code_image *_Atomic owner[GRANULES];
static struct code_image gone; /* owns granules whose pages the system did not take back; no pc is in it */
static uint32_t next_granule;  /* under `lock`: where the search for room begins */

const struct code_image *code_find(uintptr_t pc) {
  uintptr_t base = range;
  uint64_t off = pc - base;
  if (!base || off >= CODE_RANGE) return NULL;
  const struct code_image *image = owner[off >> GRANULE_LOG2];
  if (!image || pc - (uintptr_t)image->base >= image->size) return NULL;
  return image->area ? code_area_find(image->area, pc) : image;
}

/* Granules of one image from a multiple of `align` on, or GRANULES when there is no room. */
static uint32_t find_room(uint32_t need, uint32_t align) {
  uint32_t run = 0;
  for (uint32_t tried = 0, i = next_granule; tried < GRANULES + need + align; tried++, i++) {
    if (i == GRANULES) i = run = 0;
    run = owner[i] || (!run && i % align) ? 0 : run + 1;
    if (run == need) return i + 1 - need;
  }
  return GRANULES;
}

void code_range_lock(void) { mutex_lock(&lock); }
void code_range_unlock(void) { mutex_unlock(&lock); }

/* The process's range, made at the first need; under `lock`. */
static bool have_range(void) {
  if (range) return true;
  void *base = vm_reserve(CODE_RANGE, VM_LARGE_PAGE);
  if (!base) return false;
  if (!thread_at_fork(code_range_lock, code_range_unlock)) {
    vm_release(base, CODE_RANGE);
    return false;
  }
  range = (uintptr_t)base;
  return true;
}

uint64_t code_range_size(const struct code_image *image) {
  uint64_t size = image->size + vm_page_up(image->consts_size);
  return max_u64(size, vm_large_size(size));
}

/* Takes address space for the image: sets image->base and the granules' owner. */
bool code_range_claim(struct code_image *image, struct error *e) {
  uint64_t need = (code_range_size(image) + (1u << GRANULE_LOG2) - 1) >> GRANULE_LOG2;
  if (need > GRANULES)
    return error_set(e, ERROR_LIMIT, "machine code of %llu bytes is too large",
                     (unsigned long long)image->size);
  bool ok = false;
  mutex_lock(&lock);
  if (have_range()) {
    uint32_t align = vm_large_size(code_range_size(image)) ? VM_LARGE_PAGE >> GRANULE_LOG2 : 1;
    uint32_t at = find_room((uint32_t)need, align);
    if (at < GRANULES) {
      image->base = (const uint8_t *)range + ((uint64_t)at << GRANULE_LOG2);
      for (uint32_t i = 0; i < need; i++)
        owner[at + i] = image;
      next_granule = at + (uint32_t)need == GRANULES ? 0 : at + (uint32_t)need;
      ok = true;
    }
  }
  mutex_unlock(&lock);
  return ok || error_set(e, ERROR_MEMORY, "out of address space for machine code");
}

void code_range_disclaim(struct code_image *image) {
  mutex_lock(&lock);
  bool ok = vm_decommit((uint8_t *)(uintptr_t)image->base, code_range_size(image));
  uint32_t at = (uint32_t)(((uintptr_t)image->base - range) >> GRANULE_LOG2);
  /* Where the system cannot take the pages back, their addresses stay in use: nobody may run what is left
   * there. */
  for (uint32_t i = 0; at + i < GRANULES && owner[at + i] == image; i++)
    owner[at + i] = ok ? NULL : &gone;
  mutex_unlock(&lock);
}
