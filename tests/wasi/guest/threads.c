/* wasi-threads without a library: the first letter of the first argument says what happens. See run-threads
 * for what each must print and end with. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define WASI(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))
struct iovec {
  const void *at;
  uint32_t size;
};
WASI(args_get) int args_get(char **argv, char *bytes);
WASI(args_sizes_get) int args_sizes_get(uint32_t *argc, uint32_t *size);
WASI(fd_write) int fd_write(int fd, const struct iovec *iovs, uint32_t n, uint32_t *written);
WASI(fd_read) int fd_read(int fd, const struct iovec *iovs, uint32_t n, uint32_t *got);
WASI(fd_close) int fd_close(int fd);
WASI(poll_oneoff) int poll_oneoff(const void *in, void *out, uint32_t n, uint32_t *events);
WASI(sched_yield) int sched_yield(void);
WASI(proc_exit) _Noreturn void proc_exit(int code);
__attribute__((import_module("wasi"), import_name("thread-spawn"))) int thread_spawn(void *arg);

enum { THREADS = 8, ROUNDS = 5000, STACK = 16384, QUEUE = 16 };

/* ---- threads ---- */

struct start {
  char *stack; /* first: start.S reads it */
  void *tls;
  void (*run)(int);
  int arg;
  atomic_int done; /* 1 when it is over */
};
static struct start starts[64];
static _Alignas(16) char stacks[64][STACK];
static _Alignas(16) char tls_blocks[64][256];

extern void __wasm_init_tls(void *block);
static _Thread_local int own = 11; /* each thread has it at 11 first */

static void futex_wait(atomic_int *at, int value) {
  __builtin_wasm_memory_atomic_wait32((int *)at, value, -1);
}
static void futex_wake(atomic_int *at, unsigned n) { __builtin_wasm_memory_atomic_notify((int *)at, n); }

void thread_main(int tid, struct start *s) { /* called by wasi_thread_start */
  (void)tid;
  __wasm_init_tls(s->tls);
  s->run(s->arg);
  atomic_store(&s->done, 1);
  futex_wake(&s->done, 1);
}

static int spawn(int slot, void (*run)(int), int arg) {
  struct start *s = &starts[slot];
  s->stack = stacks[slot] + STACK;
  s->tls = tls_blocks[slot];
  s->run = run;
  s->arg = arg;
  atomic_store(&s->done, 0);
  return thread_spawn(s);
}

static void join(int slot) {
  while (!atomic_load(&starts[slot].done))
    futex_wait(&starts[slot].done, 0);
}

/* ---- a mutex and a queue ---- */

static atomic_int mutex;
static void lock(void) {
  int seen = 0;
  if (atomic_compare_exchange_strong(&mutex, &seen, 1)) return;
  while (atomic_exchange(&mutex, 2))
    futex_wait(&mutex, 2);
}
static void unlock(void) {
  if (atomic_exchange(&mutex, 0) == 2) futex_wake(&mutex, 1);
}

static int queue[QUEUE];
static unsigned head, tail; /* guarded by the mutex */
static atomic_int changes;
static void put(int x) {
  for (;;) {
    int seen = atomic_load(&changes);
    lock();
    bool room = tail - head < QUEUE;
    if (room) queue[tail++ % QUEUE] = x;
    unlock();
    if (room) break;
    futex_wait(&changes, seen);
  }
  atomic_fetch_add(&changes, 1);
  futex_wake(&changes, ~0u);
}
static int take(void) {
  for (;;) {
    int x = 0, seen = atomic_load(&changes);
    lock();
    bool some = tail != head;
    if (some) x = queue[head++ % QUEUE];
    unlock();
    if (some) {
      atomic_fetch_add(&changes, 1);
      futex_wake(&changes, ~0u);
      return x;
    }
    futex_wait(&changes, seen);
  }
}

/* ---- what they do ---- */

static void say(const char *text) {
  uint32_t size = 0, written;
  while (text[size])
    size++;
  struct iovec v = {text, size};
  fd_write(1, &v, 1, &written);
}
_Noreturn static void fail(const char *text) {
  say(text);
  proc_exit(1);
}

/* A block that goes from hand to hand by memory.copy: all its bytes are equal. */
static char block[4096];
static void hand_on(int n) {
  char mine[sizeof block];
  lock();
  __builtin_memcpy(mine, block, sizeof block);
  for (unsigned i = 1; i < sizeof mine; i++)
    if (mine[i] != mine[0]) fail("a block is torn\n");
  __builtin_memset(mine, n, sizeof mine);
  __builtin_memcpy(block, mine, sizeof block);
  unlock();
}

static long counter, taken_sum;
static atomic_long total;
static atomic_int gate, ready;

static void worker(int n) {
  if (own != 11) fail("a thread-local variable is not fresh\n");
  own = n;
  atomic_fetch_add(&ready, 1);
  while (!atomic_load(&gate)) /* spins */
    ;
  for (int i = 0; i < ROUNDS; i++) {
    lock();
    counter++;
    unlock();
    atomic_fetch_add(&total, i);
    if (i % 64 == 0) hand_on(n);
  }
  if (n % 2) {
    for (int i = 1; i <= 500; i++)
      put(i);
  } else {
    for (int i = 1; i <= 500; i++) {
      int x = take();
      lock();
      taken_sum += x;
      unlock();
    }
  }
  if (own != n) fail("a thread-local variable is shared\n");
  say("a thread is done\n");
}

static void count(void) {
  own = 99;
  for (int i = 0; i < THREADS; i++)
    if (spawn(i, worker, i) <= 0) fail("no thread\n");
  while (atomic_load(&ready) != THREADS)
    sched_yield();
  atomic_store(&gate, 1);
  for (int i = 0; i < THREADS; i++)
    join(i);
  if (own != 99) fail("the main thread's variable is shared\n");
  if (counter != (long)THREADS * ROUNDS) fail("the mutex lets two in\n");
  if (atomic_load(&total) != (long)THREADS * ROUNDS * (ROUNDS - 1) / 2) fail("an atomic addition is lost\n");
  if (taken_sum != THREADS / 2 * (500 * 501 / 2)) fail("the queue loses or repeats\n");
  say("all is right\n");
}

static atomic_int never;
static void spinner(int n) {
  (void)n;
  atomic_fetch_add(&ready, 1);
  for (;;)
    if (atomic_load(&never)) break;
}
static void waiter(int n) {
  (void)n;
  atomic_fetch_add(&ready, 1);
  for (;;)
    futex_wait(&never, 0);
}
static void sleeper(int n) {
  uint64_t sub[6] = {0}, event[4];
  uint32_t got;
  (void)n;
  sub[3] = UINT64_C(3600000000000); /* an hour on the clock 0 */
  atomic_fetch_add(&ready, 1);
  poll_oneoff(sub, event, 1, &got);
}
static void reader(int n) {
  char bytes[64];
  struct iovec v = {bytes, sizeof bytes};
  uint32_t got;
  (void)n;
  atomic_fetch_add(&ready, 1);
  fd_read(0, &v, 1, &got);
}
static void trapper(int n) {
  (void)n;
  while (atomic_load(&ready) < 5)
    ;
  __builtin_trap();
}
static void leaver(int n) {
  while (atomic_load(&ready) < 5)
    ;
  proc_exit(n);
}

/* Two who spin, one who waits, one who sleeps, one who reads. */
static void busy(void) {
  static void (*const all[])(int) = {spinner, waiter, sleeper, reader, spinner};
  for (int i = 0; i < 5; i++)
    if (spawn(10 + i, all[i], i) <= 0) fail("no thread\n");
}
static void until_ready(void) {
  while (atomic_load(&ready) < 5)
    sched_yield();
}

static void nothing(int n) { (void)n; }

/* Many threads, one after the other. */
static void many(void) {
  for (int i = 0; i < 200; i++) {
    int slot = i % 64;
    while (spawn(slot, nothing, i) <= 0) /* those before it may still be ending */
      sched_yield();
    join(slot);
  }
  say("many came and went\n");
}

/* At most three at once. */
static void limit(void) {
  for (int i = 0; i < 3; i++)
    if (spawn(i, waiter, i) <= 0) fail("refused too early\n");
  if (spawn(3, waiter, 3) >= 0) fail("one too many\n");
  say("three it is\n");
}

/* A descriptor that another thread closes while it is waited for. */
static void closing(void) {
  if (spawn(0, reader, 0) <= 0) fail("no thread\n");
  while (!atomic_load(&ready))
    sched_yield();
  if (fd_close(0) != 0) fail("not closed\n");
  say("closed\n");
}

static char *argv[16], bytes[1024];

void _start(void) {
  uint32_t argc, size;
  if (args_sizes_get(&argc, &size) || argc > 16 || size > sizeof bytes || args_get(argv, bytes))
    proc_exit(90);
  if (argc < 2) proc_exit(91);
  switch (argv[1][0]) {
  case 'c': count(); return;
  case 'm': many(); return;
  case 'l': limit(); return;
  case 'f': closing(); return;
  case 'r': /* the main thread returns, others do not */
    busy();
    until_ready();
    return;
  case 'e': /* the main thread leaves */
    busy();
    until_ready();
    proc_exit(3);
  case 't': /* one traps while the main thread waits */
    busy();
    spawn(0, trapper, 0);
    waiter(0);
    return;
  case 'x': /* one leaves while the main thread spins */
    busy();
    spawn(0, leaver, 7);
    spinner(0);
    return;
  case 'w': /* all wait, until somebody outside has enough */
    busy();
    waiter(0);
    return;
  default: proc_exit(92);
  }
}
