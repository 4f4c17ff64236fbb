/* See signal.h.
 *
 * Runs in the signal handler, on the alternate stack: no locks, no allocation, nothing printed. A fault
 * becomes a trap only when this thread is inside a call, its pc is at a site that may fault, and the address
 * is of the kind that this site can reach; then the thread goes on in arch_fault_stub, on the native stack.
 */
#include "runtime/signal.h"

#include "abi/arch.h"
#include "gc/gc.h"
#include "os/signal.h"
#include "runtime/code.h"
#include "runtime/entry.h"
#include "runtime/interrupt.h"
#include "runtime/memory.h"
#include "runtime/store.h"

enum { NULL_PAGES = 65536 }; /* no field of ours that a null reference is asked for lies beyond */

static bool in_memory(const struct store *s, uintptr_t address) {
  for (const struct meminst *m = s->memories; m; m = m->next)
    if (address - (uintptr_t)m->vm.base < m->reserved) return true;
  return false;
}

static bool plausible(const struct store *s, const struct fault *f, enum trap_code trap) {
  if (f->kind == FAULT_ILLEGAL || !f->has_address) return false;
  if (trap == TRAP_MEMORY_OUT_OF_BOUNDS) return in_memory(s, f->address);
  if (trap == TRAP_INTERRUPT) return s->interrupt && f->address - (uintptr_t)s->poll_page < 4096;
  if (s->heap && f->address - (uintptr_t)gc_base(s->heap) < GC_FIRST) return true;
  return f->address < NULL_PAGES;
}

static bool judge(struct fault *f) {
  struct store *s = entry_thread_store();
  if (!s) return false;
  const struct code_image *image = code_find(f->pc);
  if (!image) return false;
  uint32_t site = code_site_at(image, (uint32_t)(f->pc - (uintptr_t)image->base));
  if (site == UINT32_MAX || !(image->site_kind[site] & CODE_SITE_FAULT)) return false;
  enum trap_code trap = (enum trap_code)(image->site_kind[site] & CODE_SITE_TRAP);
  if (!plausible(s, f, trap)) return false;
  struct stack *cur = s->vm.cur;
  cur->pc = f->pc;
  cur->sp = f->sp;
  cur->fp = f->fp;
  f->pc = (uintptr_t)arch_fault_stub;
  f->sp = s->vm.entry->root.sp & ~(uintptr_t)15;
  f->arg[0] = (uintptr_t)&s->vm;
  f->arg[1] = trap;
  return true;
}

bool trap_handlers_install(struct error *e) {
  return signal_install(judge) || error_set(e, ERROR_USAGE, "the system refuses handlers for memory faults");
}
