/* See interrupt.h. */
#include "runtime/interrupt.h"

#include "base/alloc.h"
#include "os/event.h"
#include "os/futex.h"
#include "os/vm.h"

struct interrupt {
  _Atomic uint32_t refs;
  _Atomic uint32_t state; /* enum interrupt_state */
  _Atomic uint32_t word;  /* what a wait in a shared memory sleeps on */
  uint8_t *pages; /* three: the first and the last only keep the one between from joining a neighbour */
  int fd;
};

/* Readable exactly when no raise happened since the last clear. */
static uint8_t *page_of(const struct interrupt *i) { return i->pages + vm_page_size(); }
static size_t pages_size(void) { return 3 * vm_page_size(); }

bool interrupt_new(struct interrupt **out, struct error *e) {
  struct interrupt *i = mem_zalloc(1, sizeof *i);
  if (!i) return error_memory(e);
  i->refs = 1;
  i->pages = vm_reserve(pages_size(), vm_page_size());
  if (!i->pages) goto no_page;
  if (!vm_commit(i->pages, pages_size()) || !vm_protect(page_of(i), vm_page_size(), VM_ACCESS_READ))
    goto no_event;
  if (!event_open(&i->fd)) goto no_event;
  *out = i;
  return true;
no_event:
  vm_release(i->pages, pages_size());
no_page:
  mem_free(i);
  return error_memory(e);
}

struct interrupt *interrupt_ref(struct interrupt *i) {
  i->refs++;
  return i;
}

void interrupt_unref(struct interrupt *i) {
  if (!i || --i->refs) return;
  event_close(i->fd);
  vm_release(i->pages, pages_size());
  mem_free(i);
}

void interrupt_raise(struct interrupt *i, enum interrupt_state state) {
  uint32_t none = INTERRUPT_NONE;
  atomic_compare_exchange_strong(&i->state, &none, state); /* the first reason stands until it is cleared */
  event_set(i->fd);
  atomic_store(&i->word, 1);
  futex_wake(&i->word);
  vm_protect_alone(page_of(i), vm_page_size(), VM_ACCESS_NONE);
}

void interrupt_clear(struct interrupt *i) {
  vm_protect_alone(page_of(i), vm_page_size(), VM_ACCESS_READ);
  event_clear(i->fd);
  i->state = INTERRUPT_NONE;
}

enum interrupt_state interrupt_pending(const struct interrupt *i) { return (enum interrupt_state)i->state; }
_Atomic uint32_t *interrupt_word(struct interrupt *i) { return &i->word; }
int interrupt_fd(const struct interrupt *i) { return i->fd; }
const void *interrupt_page(const struct interrupt *i) { return page_of(i); }

const void *interrupt_quiet_page(void) {
  static const uint8_t page[64]; /* loop heads read its first byte */
  return page;
}
