/* Faults: claimed ones go on elsewhere, others reach the previous handler or end the process as they would
 * have. */
#include "os/signal.h"
#include "os/thread.h"
#include "os/vm.h"

#include "unit.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint8_t *page; /* no access */
static struct fault seen;
static volatile int claimed, chained;
static uintptr_t handler_sp;
static sigjmp_buf back;
static volatile uint8_t *volatile near_null = (volatile uint8_t *)8;

static _Noreturn void landing(uintptr_t a, uintptr_t b) {
  ck_assert_uint_eq(a, 11);
  ck_assert_uint_eq(b, 22);
  siglongjmp(back, 1);
}

/* Claims faults at `page` and ud2s: goes on in `landing` with two arguments. */
static bool judge(struct fault *f) {
  seen = *f;
  handler_sp = (uintptr_t)__builtin_frame_address(0);
  errno = 9999;
  if (f->kind != FAULT_ILLEGAL && !(f->has_address && f->address - (uintptr_t)page < vm_page_size()))
    return false;
  claimed++;
  f->pc = (uintptr_t)landing;
  f->sp = (f->sp - 4096) / 16 * 16 - 8;
  f->arg[0] = 11;
  f->arg[1] = 22;
  return true;
}

static void make_page(void) {
  page = vm_reserve(vm_page_size(), 0);
  ck_assert_ptr_nonnull(page);
}

static void touch(size_t off) { *(volatile uint8_t *)(page + off) = 1; }

START_TEST(goes_on_where_told) {
  make_page();
  ck_assert(signal_install(judge) && signal_install(judge));
  ck_assert(signal_stack_ensure() && signal_stack_ensure());
  errno = 5;
  for (volatile int i = 0; i < 3; i++)
    if (!sigsetjmp(back, 0)) {
      touch(123);
      ck_abort();
    }
  ck_assert_int_eq(claimed, 3);
  ck_assert_int_eq(errno, 5);
  ck_assert(seen.kind == FAULT_ACCESS && seen.has_address && seen.address == (uintptr_t)page + 123);
  stack_t now;
  sigaltstack(NULL, &now);
  ck_assert_uint_lt(handler_sp - (uintptr_t)now.ss_sp,
                    now.ss_size); /* the handler ran on the alternate stack */
  ck_assert_uint_ge(now.ss_size, 65536);
  if (!sigsetjmp(back, 0)) __builtin_trap(); /* ud2 */
  ck_assert(seen.kind == FAULT_ILLEGAL && !seen.has_address && claimed == 4);
}
END_TEST

static void old_info(int number, siginfo_t *info, void *context) {
  (void)context;
  ck_assert_int_eq(number, SIGSEGV);
  ck_assert_ptr_eq(info->si_addr, (void *)8);
  sigset_t mask;
  sigprocmask(SIG_SETMASK, NULL, &mask);
  ck_assert(sigismember(&mask, SIGUSR1) && sigismember(&mask, SIGSEGV));
  chained++;
  siglongjmp(back, 1);
}

START_TEST(passes_on_with_the_old_flags) {
  make_page();
  struct sigaction old = {.sa_sigaction = old_info, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigemptyset(&old.sa_mask);
  sigaddset(&old.sa_mask, SIGUSR1);
  sigaction(SIGSEGV, &old, NULL);
  ck_assert(signal_install(judge) && signal_stack_ensure());
  for (volatile int i = 0; i < 2; i++)
    if (!sigsetjmp(back, 1)) {
      *near_null = 1;
      ck_abort();
    }
  ck_assert_int_eq(chained, 2);
  if (!sigsetjmp(back, 1)) touch(0);
  ck_assert(claimed == 1 && chained == 2);
}
END_TEST

static void old_plain(int number) {
  (void)number;
  chained++;
}

START_TEST(passes_on_sent_signals) {
  make_page();
  signal(SIGBUS, old_plain);
  signal(SIGILL, SIG_IGN);
  ck_assert(signal_install(judge) && signal_stack_ensure());
  raise(SIGBUS);
  raise(SIGILL);
  ck_assert(chained == 1 && claimed == 0);
}
END_TEST

START_TEST(once_only_handlers_run_once) {
  struct sigaction old = {.sa_handler = old_plain, .sa_flags = (int)SA_RESETHAND};
  sigaction(SIGBUS, &old, NULL);
  ck_assert(signal_install(judge) && signal_stack_ensure());
  raise(SIGBUS);
  ck_assert_int_eq(chained, 1);
  raise(SIGBUS); /* now the default: the test expects SIGBUS */
}
END_TEST

START_TEST(unclaimed_faults_end_the_process) {
  signal(SIGSEGV, SIG_DFL); /* ASan's, in its builds */
  ck_assert(signal_install(judge) && signal_stack_ensure());
  *near_null = 1; /* the test expects SIGSEGV */
}
END_TEST

static void faults_on_thread(void *arg) {
  sigjmp_buf *own = arg;
  ck_assert(signal_stack_ensure());
  if (!sigsetjmp(*own, 0)) touch(1);
}

START_TEST(each_thread_has_its_stack_and_frees_it) {
  make_page();
  ck_assert(signal_install(judge));
  for (int i = 0; i < 200; i++) { /* one at a time: they share `back` */
    struct thread t;
    ck_assert(thread_start(&t, faults_on_thread, &back, 0, i % 2));
    thread_join(&t);
  }
  ck_assert_int_eq(claimed, 200);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("os/signal");
  TCase *plain = tcase_create("plain"), *dying = tcase_create("dying");
  tcase_add_test(plain, goes_on_where_told);
  tcase_add_test(plain, passes_on_with_the_old_flags);
  tcase_add_test(plain, passes_on_sent_signals);
  tcase_add_test(plain, each_thread_has_its_stack_and_frees_it);
  tcase_add_test_raise_signal(dying, once_only_handlers_run_once, SIGBUS);
  tcase_add_test_raise_signal(dying, unclaimed_faults_end_the_process, SIGSEGV);
  suite_add_tcase(suite, plain);
  suite_add_tcase(suite, dying);
  return unit_run_suite(suite);
}
