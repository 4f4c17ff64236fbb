/* Fault handlers by sigaction, and an alternate stack per thread. */
#include "os/signal.h"

#include "os/thread.h"
#include "os/vm.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>
#include <ucontext.h>
#include <unistd.h>

#if !defined(__x86_64__) || !defined(__linux__)
#error "signal_posix.c knows the machine context of x86-64 Linux only"
#endif

/* Process-wide as signal dispositions are.  Written once under `install_once`, before the handlers are in
 * place. */
static const int signals[] = {SIGSEGV, SIGBUS, SIGILL};
static struct sigaction previous[COUNT_OF(signals)];
static _Atomic(fault_function) judge;
static bool installed;
static struct once install_once = ONCE_INIT;

/* What the process would have done without us, by the flags of the handler that stood there. */
static void pass_on(int number, siginfo_t *info, void *context) {
  size_t i = number == SIGSEGV ? 0 : number == SIGBUS ? 1 : 2;
  struct sigaction *old = &previous[i];
  if (!(old->sa_flags & SA_SIGINFO) && (old->sa_handler == SIG_DFL || old->sa_handler == SIG_IGN)) {
    /* A fault comes again when we return, now without a handler (the kernel does not let a fault be ignored).
     * A signal that somebody sent does not, so send it again; it arrives when this handler has returned. */
    bool sent = info->si_code <= 0;
    if (sent && old->sa_handler == SIG_IGN) return;
    struct sigaction fallback = {.sa_handler = SIG_DFL};
    sigemptyset(&fallback.sa_mask);
    sigaction(number, &fallback, NULL);
    if (sent) raise(number);
    return;
  }
  struct sigaction call = *old;
  if (old->sa_flags & (int)SA_RESETHAND) {
    old->sa_handler = SIG_DFL;
    old->sa_flags &= ~SA_SIGINFO;
  }
  sigset_t mask = call.sa_mask, before;
  if (!(call.sa_flags & SA_NODEFER)) sigaddset(&mask, number);
  pthread_sigmask(SIG_BLOCK, &mask, &before);
  if (call.sa_flags & SA_NODEFER) {
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, number);
    pthread_sigmask(SIG_UNBLOCK, &one, NULL);
  }
  if (call.sa_flags & SA_SIGINFO)
    call.sa_sigaction(number, info, context);
  else
    call.sa_handler(number);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void handle(int number, siginfo_t *info, void *context) {
  int saved_errno = errno;
  greg_t *reg = ((ucontext_t *)context)->uc_mcontext.gregs;
  struct fault f = {
      .kind = number == SIGSEGV  ? FAULT_ACCESS
              : number == SIGBUS ? FAULT_BUS
                                 : FAULT_ILLEGAL,
      /* SI_KERNEL: a general protection fault, which carries no address. */
      .has_address = number != SIGILL && info->si_code > 0 && info->si_code != SI_KERNEL,
      .address = (uintptr_t)info->si_addr,
      .pc = (uintptr_t)reg[REG_RIP],
      .sp = (uintptr_t)reg[REG_RSP],
      .fp = (uintptr_t)reg[REG_RBP],
      .arg = {(uintptr_t)reg[REG_RDI], (uintptr_t)reg[REG_RSI]},
  };
  bool sent = info->si_code <= 0; /* by kill or the like: no instruction faulted */
  if (!sent && atomic_load_explicit(&judge, memory_order_relaxed)(&f)) {
    reg[REG_RIP] = (greg_t)f.pc;
    reg[REG_RSP] = (greg_t)f.sp;
    reg[REG_RBP] = (greg_t)f.fp;
    reg[REG_RDI] = (greg_t)f.arg[0];
    reg[REG_RSI] = (greg_t)f.arg[1];
    reg[REG_EFL] &= ~(greg_t)0x400; /* direction flag: C expects it clear */
  } else {
    pass_on(number, info, context);
  }
  errno = saved_errno;
}

static void install(void) {
  struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  installed = true;
  /* Read all old ones first: a fault on another thread between two installations must find its previous
   * handler. */
  for (size_t i = 0; i < COUNT_OF(signals); i++)
    installed = installed && sigaction(signals[i], NULL, &previous[i]) == 0;
  for (size_t i = 0; i < COUNT_OF(signals); i++)
    installed = installed && sigaction(signals[i], &action, NULL) == 0;
}

bool signal_install(fault_function function) {
  fault_function none = NULL;
  bool first = atomic_compare_exchange_strong(&judge, &none, function);
  assert((first || none == function) && "one judge a process");
  once_run(&install_once, install);
  return installed;
}

size_t signal_stack_size(void) {
  size_t least = (size_t)getauxval(AT_MINSIGSTKSZ) * 4;
  return vm_page_up(least > 65536 ? least : 65536);
}

size_t signal_room(void) {
  struct sigaction action;
  for (int number = 1; number <= SIGRTMAX; number++) {
    if (number == SIGFPE) continue; /* comes from an instruction, and compiled code has none that raises it */
    if (sigaction(number, NULL, &action) != 0 || action.sa_flags & SA_ONSTACK) continue;
    if (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN)
      return signal_stack_size() > 65536 ? signal_stack_size() / 2
                                         : 28672; /* a frame takes up to a quarter */
  }
  return 0;
}

/* The thread's own alternate stack: a guard page, then the stack. The key's destructor frees it at thread
 * exit. */
static pthread_key_t stack_key;
static bool stack_key_made;
static struct once stack_once = ONCE_INIT;
static _Thread_local bool stack_ready;

static void stack_free(void *base) {
  stack_t now, off = {.ss_flags = SS_DISABLE};
  size_t guard = vm_page_size();
  if (sigaltstack(NULL, &now) == 0 && now.ss_sp == (uint8_t *)base + guard) sigaltstack(&off, NULL);
  vm_release(base, guard + signal_stack_size());
  stack_ready = false;
}

static void stack_key_make(void) { stack_key_made = pthread_key_create(&stack_key, stack_free) == 0; }

bool signal_stack_ensure(void) {
  if (stack_ready) return true;
  size_t size = signal_stack_size(), guard = vm_page_size();
  stack_t now;
  if (sigaltstack(NULL, &now) == 0 && !(now.ss_flags & SS_DISABLE) && now.ss_size >= size)
    return stack_ready = true;
  once_run(&stack_once, stack_key_make);
  if (!stack_key_made) return false;
  uint8_t *base = vm_reserve(guard + size, 0);
  if (!base) return false;
  stack_t ours = {.ss_sp = base + guard, .ss_size = size};
  if (!vm_commit(base + guard, size) || pthread_setspecific(stack_key, base) != 0 ||
      sigaltstack(&ours, NULL) != 0) {
    pthread_setspecific(stack_key, NULL);
    vm_release(base, guard + size);
    return false;
  }
  return stack_ready = true;
}

#ifdef __SANITIZE_ADDRESS__
#define SIGNAL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SIGNAL_ASAN 1
#endif
#endif
#ifdef SIGNAL_ASAN
/* ASan's own alternate stack is smaller than what we need, and it would unmap ours in its place at thread
 * exit. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "use_sigaltstack=0"; }
#endif
