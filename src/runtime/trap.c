/* See trap.h.  The status and the state of the guest come in, the store's report and the way out go out. */
#include "runtime/trap.h"

#include "abi/arch.h"
#include "runtime/backtrace.h"
#include "runtime/cont.h"
#include "runtime/exn.h"
#include "runtime/interrupt.h"
#include "runtime/store.h"
#include "runtime/unwind.h"
#include "stack/chain.h"

const char *trap_message(enum trap_code code) {
  static const char *const messages[] = {
#define TRAP(id, message) message,
#include "abi/trap.def"
#undef TRAP
  };
  assert(code < TRAP_COUNT);
  return messages[code];
}

void trap_report_clear(struct store *s) {
  s->report.status = 0;
  s->report.host_error = NULL;
  s->report.tag = NULL;
  s->report.nframes = 0;
  s->report.total = 0;
}

void trap_report_set(struct store *s, enum trap_code code) {
  trap_report_clear(s);
  s->report.status = code;
}

/* What the site at the trapping pc says. */
static enum trap_code site_trap(const struct vm_store *vm) {
  struct unwind u;
  unwind_start(&u, vm);
  uint32_t site = u.image ? code_site_at(u.image, u.off) : UINT32_MAX;
  assert(site != UINT32_MAX);
  if (site == UINT32_MAX)
    return TRAP_UNREACHABLE; /* compiled code called the trap stub from no site: our bug */
  return (enum trap_code)(u.image->site_kind[site] & CODE_SITE_TRAP);
}

struct vm_result trap_unwind(struct vm_store *vm, uint64_t status) {
  struct store *s = (struct store *)vm;
  cont_drop_bound(vm->cur);
  if (!status) status = site_trap(vm);
  if (status == TRAP_INTERRUPT && s->interrupt && interrupt_pending(s->interrupt) == INTERRUPT_TIMEOUT)
    status = TRAP_TIMEOUT;
  if (status == TRAP_EXCEPTION && exn_catch(s))
    return (struct vm_result){(uint64_t)(uintptr_t)&vm->landing, 0};
  s->report.status = status;
  if (status != TRAP_HOST_ERROR) s->report.host_error = NULL;
  backtrace_capture(&s->report, vm);
  chain_unwind(vm, s->stacks, &vm->entry->root);
  return (struct vm_result){vm->entry->host_sp, status};
}
