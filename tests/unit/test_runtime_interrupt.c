/* Interruptions: what is raised can be seen by whoever runs, also when the process may have no mapping more.
 */
#include "runtime/interrupt.h"

#include "os/vm.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The system reads the byte for us: EFAULT instead of a signal. */
static bool readable(const struct interrupt *i) {
  int fds[2];
  if (pipe(fds)) abort();
  bool ok = write(fds[1], interrupt_page(i), 1) == 1;
  close(fds[0]);
  close(fds[1]);
  return ok;
}

static struct interrupt *make(void) {
  struct error e = ERROR_INIT;
  struct interrupt *i;
  ck_assert(interrupt_new(&i, &e));
  return i;
}

START_TEST(first_reason_stands) {
  struct interrupt *i = make();
  ck_assert(readable(i) && interrupt_pending(i) == INTERRUPT_NONE);
  interrupt_raise(i, INTERRUPT_TIMEOUT);
  interrupt_raise(i, INTERRUPT_RAISED);
  ck_assert(!readable(i) && interrupt_pending(i) == INTERRUPT_TIMEOUT);
  interrupt_clear(i);
  ck_assert(readable(i) && interrupt_pending(i) == INTERRUPT_NONE);
  interrupt_unref(i);
}
END_TEST

/* A guest can use up what the process may have of mappings (stacks of continuations, memories), and pages of
 * several interruptions may lie side by side. */
START_TEST(without_mappings) {
  enum { LEN = 4 };
  struct interrupt *interrupts[LEN];
  for (int i = 0; i < LEN; i++)
    interrupts[i] = make();
  const size_t page = vm_page_size(), most = 200000;
  uint8_t *at = vm_reserve(most * page, page);
  ck_assert_ptr_nonnull(at);
  size_t n = 0;
  while (n < most && vm_commit(at + n * page, page))
    n += 2;
  int failed = 0; /* Check itself may need memory */
  for (int k = 0; k < 2 * LEN; k++) {
    struct interrupt *i = interrupts[k * 3 % LEN];
    interrupt_raise(i, INTERRUPT_RAISED);
    failed += readable(i);
    interrupt_clear(i);
    failed += !readable(i);
  }
  vm_release(at, most * page);
  ck_assert_int_eq(failed, 0);
  if (n == most) printf("this system sets no limit to mappings\n");
  for (int i = 0; i < LEN; i++)
    interrupt_unref(interrupts[i]);
}
END_TEST

int main(void) { return UNIT_RUN("runtime/interrupt", first_reason_stands, without_mappings); }
