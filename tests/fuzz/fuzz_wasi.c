/* Any bytes as a guest's WASI calls, one a line (seeds: wasi/): a function's name and its arguments.
 *
 *   path_open 3 1 'd/f 9 -1 -1 0 1000     a string stands for its pointer and its length
 *   = 16 64 4                             puts numbers into memory, u32 by u32, from an address on
 *
 * A line that names no function calls one nevertheless, and a number is whatever its characters come to, so
 * that changes of bytes are changes of calls. The guest has a directory of its own, one that it may only
 * read, a listening and a connected socket, and pipes as stdin and stdout. A call that would wait is
 * interrupted.
 *
 * Checked after each input: every call came back; nothing outside the guest's directory was changed; what
 * stands in a file outside never came into its memory; and no descriptor is left open. */
#include "../support/wasi_module.h"

#include "fuzz.h"

#include <heddle_wasi.h>

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

uint64_t fuzz_accepted;

enum { MOST_CALLS = 100, MOST_ARGS = 16, MOST_FILE = 4 << 20, PATIENCE_NS = 500000, TEXT_AT = 65536 };
static const char secret[] = "\x01only the host knows\x02";

/* One for all inputs. */
static struct {
  heddle_engine_t *engine;
  heddle_module_t *module;
  timer_t timer;
  heddle_interrupt_t *_Atomic interrupt; /* what the timer raises */
  char dir[64];                          /* holds in/, out/ and ro/ */
  struct stat kept[5];                   /* of what no guest may change */
} host;
static const char *const kept_paths[] = {"", "/out", "/out/secret", "/ro", "/ro/f"};

static void must(bool ok, const char *what) {
  if (ok) return;
  perror(what);
  abort();
}

static const char *path_of(const char *name) {
  static char path[128];
  snprintf(path, sizeof path, "%s%s", host.dir, name);
  return path;
}

static void write_file(const char *name, const char *text) {
  int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && !close(fd), name);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw) {
  (void)st, (void)flag, (void)ftw;
  return remove(path);
}
static void remove_tree(const char *path) { nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS); }
static void remove_all(void) { remove_tree(host.dir); }

/* The guest's own directory, new: in/ itself stays, so that its parent does not change. */
static void fill_in(void) {
  static const char *const links[][2] = {{"../out", "/in/up"},
                                         {"../out/secret", "/in/secret"},
                                         {"/", "/in/root"},
                                         {"loop", "/in/loop"},
                                         {"d/f", "/in/link"}};
  must(!mkdir(path_of("/in/d"), 0777) && !mkfifo(path_of("/in/fifo"), 0666), "in");
  write_file("/in/f", "some text");
  write_file("/in/d/f", "more text");
  for (size_t i = 0; i < COUNT_OF(links); i++)
    must(!symlink(links[i][0], path_of(links[i][1])), links[i][1]);
}

static int remove_below(const char *path, const struct stat *st, int flag, struct FTW *ftw) {
  (void)st, (void)flag;
  return ftw->level > 0 ? remove(path) : 0;
}

static void on_timer(int signal) {
  (void)signal;
  if (host.interrupt) heddle_interrupt_raise(host.interrupt);
}

static void no_error(heddle_error_t *error) {
  if (!error) return;
  fprintf(stderr, "%.*s\n", (int)heddle_error_message(error).len, heddle_error_message(error).data);
  abort();
}

static void set_up(void) {
  if (host.engine) return;
  struct rlimit files = {.rlim_cur = MOST_FILE, .rlim_max = MOST_FILE};
  must(!setrlimit(RLIMIT_FSIZE, &files), "setrlimit");
  signal(SIGXFSZ, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  strcpy(host.dir, "/tmp/heddle-fuzz-XXXXXX");
  must(mkdtemp(host.dir) && !atexit(remove_all), "mkdtemp");
  must(!mkdir(path_of("/in"), 0777) && !mkdir(path_of("/out"), 0777) && !mkdir(path_of("/ro"), 0777),
       "mkdir");
  write_file("/out/secret", secret);
  write_file("/ro/f", "to be read");
  for (size_t i = 0; i < COUNT_OF(kept_paths); i++)
    must(!stat(path_of(kept_paths[i]), &host.kept[i]), "stat");

  struct sigaction action = {.sa_handler = on_timer, .sa_flags = SA_RESTART | SA_ONSTACK};
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
  must(!sigaction(SIGRTMIN, &action, NULL) && !timer_create(CLOCK_MONOTONIC, &event, &host.timer), "timer");

  struct buf text;
  heddle_bytes_t bytes;
  heddle_config_t *config = heddle_config_new();
  no_error(heddle_config_set(config, "interruption", "y"));
  no_error(heddle_engine_new(config, &host.engine));
  heddle_config_delete(config);
  wasi_module_text(&text, "wasi_snapshot_preview1");
  no_error(heddle_wat_to_wasm(host.engine, (const char *)text.data, text.len, &bytes));
  no_error(heddle_module_new(host.engine, bytes.data, bytes.len, &host.module));
  heddle_bytes_delete(&bytes);
  buf_free(&text);
}

/* ---- one guest ---- */

struct guest_process {
  heddle_wasi_t *wasi;
  heddle_linker_t *linker;
  heddle_store_t *store;
  heddle_instance_t instance;
  uint8_t *memory;
  uint32_t text;                   /* where its next string goes */
  int in[2], out[2], connected[2]; /* the host's ends are in[1], out[0], connected[0] */
  uint32_t ncalls, nsucceeded;
  bool ended;
};

static int listening_socket(void) {
  struct sockaddr_un nameless = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  must(fd >= 0 && !bind(fd, (struct sockaddr *)&nameless, sizeof(sa_family_t)) && !listen(fd, 1), "listen");
  return fd;
}

static void guest_start(struct guest_process *g) {
  memset(g, 0, sizeof *g);
  must(!pipe2(g->in, O_CLOEXEC) && !pipe2(g->out, O_CLOEXEC), "pipe2");
  must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, g->connected), "socketpair");
  must(write(g->in[1], "typed", 5) == 5 && write(g->connected[0], "sent", 4) == 4, "write");
  g->wasi = heddle_wasi_new();
  g->linker = heddle_linker_new(host.engine);
  must(g->wasi && g->linker, "memory");
  heddle_wasi_set_random_seed(g->wasi, 1);
  heddle_wasi_set_max_fds(g->wasi, 40);
  no_error(heddle_wasi_arg(g->wasi, "program"));
  no_error(heddle_wasi_env(g->wasi, "NAME", "value"));
  no_error(heddle_wasi_stdio(g->wasi, 0, g->in[0], true));
  no_error(heddle_wasi_stdio(g->wasi, 1, g->out[1], true));
  no_error(heddle_wasi_preopen(g->wasi, path_of("/in"), "/", false));
  no_error(heddle_wasi_preopen(g->wasi, path_of("/ro"), "/ro", true));
  no_error(heddle_wasi_socket(g->wasi, listening_socket(), true));
  no_error(heddle_wasi_socket(g->wasi, g->connected[1], true));
  no_error(heddle_linker_define_wasi(g->linker, g->wasi));
  no_error(heddle_store_new(host.engine, NULL, &g->store));
  no_error(heddle_instantiate(g->linker, g->store, host.module, &g->instance));
  heddle_interrupt_t *interrupt;
  no_error(heddle_store_interrupt(g->store, &interrupt));
  host.interrupt = interrupt;
  heddle_extern_t memory;
  size_t size;
  must(heddle_instance_export(g->store, g->instance, (heddle_str_t){"memory", 6}, &memory), "memory");
  g->memory = heddle_memory_data(g->store, memory.of.memory, &size);
  g->text = TEXT_AT;
}

static void guest_end(struct guest_process *g) {
  heddle_interrupt_t *interrupt = host.interrupt;
  host.interrupt = NULL;
  heddle_interrupt_delete(interrupt);
  heddle_linker_delete(g->linker);
  heddle_store_delete(g->store);
  heddle_wasi_delete(g->wasi);
  close(g->in[1]);
  close(g->out[0]);
  close(g->connected[0]);
}

static void guest_call(struct guest_process *g, const struct wasi_function *f, const int64_t *args) {
  heddle_extern_t ext;
  heddle_val_t vals[MOST_ARGS], result = {.of.i32 = 0};
  size_t n = 0;
  for (const char *p = f->params; *p; p++)
    for (int k = 0; k < (*p == 's' ? 2 : 1); k++, n++) {
      vals[n].type = *p == 'l' ? HEDDLE_I64 : HEDDLE_I32;
      if (*p == 'l')
        vals[n].of.i64 = args[n];
      else
        vals[n].of.i32 = (int32_t)args[n];
    }
  must(heddle_instance_export(g->store, g->instance, (heddle_str_t){f->name, strlen(f->name)}, &ext),
       f->name);
  const struct itimerspec soon = {.it_value.tv_nsec = PATIENCE_NS}, never = {{0}, {0}};
  timer_settime(host.timer, 0, &soon, NULL);
  heddle_error_t *error =
      heddle_call(g->store, ext.of.func, vals, n, &result, strcmp(f->name, "proc_exit") != 0);
  timer_settime(host.timer, 0, &never, NULL);
  heddle_interrupt_clear(host.interrupt);
  g->ncalls++;
  g->nsucceeded += !error && result.of.i32 == 0;
  heddle_trap_t trap;
  bool interrupted = error && heddle_error_trap(error, &trap) && trap == HEDDLE_TRAP_INTERRUPT;
  g->ended = error && heddle_error_kind(error) == HEDDLE_ERROR_EXIT;
  if (error && !interrupted && !g->ended) no_error(error);
  heddle_error_delete(error);
}

/* ---- lines ---- */

static const uint8_t *skip_spaces(const uint8_t *at, const uint8_t *end) {
  while (at < end && *at == ' ')
    at++;
  return at;
}
static const uint8_t *word_end(const uint8_t *at, const uint8_t *end) {
  while (at < end && *at != ' ')
    at++;
  return at;
}

static const struct wasi_function *function_of(const uint8_t *at, size_t len) {
  size_t sum = 0;
  for (size_t i = 0; i < COUNT_OF(wasi_functions); i++)
    if (strlen(wasi_functions[i].name) == len && !memcmp(wasi_functions[i].name, at, len))
      return &wasi_functions[i];
  for (size_t i = 0; i < len; i++)
    sum = sum * 31 + at[i];
  return &wasi_functions[sum % COUNT_OF(wasi_functions)];
}

static uint64_t number_of(const uint8_t *at, const uint8_t *end) {
  bool negative = at < end && *at == '-';
  uint64_t n = 0;
  for (at += negative; at < end; at++)
    n = n * 10 + (*at & 15);
  return negative ? 0 - n : n;
}

static uint32_t put_text(struct guest_process *g, const uint8_t *at, size_t len) {
  if (len > WASI_MEMORY_SIZE - g->text) g->text = TEXT_AT;
  if (len > WASI_MEMORY_SIZE - g->text) len = WASI_MEMORY_SIZE - g->text;
  uint32_t to = g->text;
  memcpy(g->memory + to, at, len);
  g->text += (uint32_t)len;
  return to;
}

static void run_line(struct guest_process *g, const uint8_t *at, const uint8_t *end) {
  int64_t args[MOST_ARGS + 1] = {0};
  size_t n = 0;
  const uint8_t *word = skip_spaces(at, end), *rest = word_end(word, end);
  for (at = skip_spaces(rest, end); at < end && n < MOST_ARGS; at = skip_spaces(at, end)) {
    const uint8_t *to = word_end(at, end);
    if (*at == '\'') {
      args[n++] = put_text(g, at + 1, (size_t)(to - at) - 1);
      args[n++] = to - at - 1;
    } else
      args[n++] = (int64_t)number_of(at, to);
    at = to;
  }
  if (word == rest || *word == '#') return;
  if (*word != '=') {
    guest_call(g, function_of(word, (size_t)(rest - word)), args);
    return;
  }
  for (size_t i = 1; i < n; i++)
    for (int k = 0; k < 4; k++)
      g->memory[((uint64_t)args[0] + (i - 1) * 4 + (unsigned)k) % WASI_MEMORY_SIZE] =
          (uint8_t)(args[i] >> 8 * k);
}

/* ---- what must hold afterwards ---- */

static bool same_time(struct timespec a, struct timespec b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static void check_host(const struct guest_process *g) {
  for (size_t i = 0; i < COUNT_OF(kept_paths); i++) {
    struct stat now;
    const struct stat *then = &host.kept[i];
    /* st_ctim moves with whatever happens to a file or a directory but reading. */
    must(!lstat(path_of(kept_paths[i]), &now) && now.st_ino == then->st_ino &&
             now.st_nlink == then->st_nlink && now.st_size == then->st_size &&
             same_time(now.st_ctim, then->st_ctim),
         kept_paths[i]);
  }
  must(!memmem(g->memory, WASI_MEMORY_SIZE, secret, strlen(secret)), "the guest has read the secret");
}

static int lowest_free_fd(void) {
  int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  must(fd >= 0 && !close(fd), "/dev/null");
  return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct guest_process g;
  set_up();
  fill_in();
  int free_fd = lowest_free_fd();
  guest_start(&g);
  for (const uint8_t *at = data, *end = data + size; at < end && g.ncalls < MOST_CALLS && !g.ended;) {
    const uint8_t *line = memchr(at, '\n', (size_t)(end - at));
    run_line(&g, at, line ? line : end);
    at = line ? line + 1 : end;
  }
  check_host(&g);
  fuzz_accepted += g.nsucceeded > 0;
  guest_end(&g);
  must(lowest_free_fd() == free_fd, "a descriptor is left open");
  nftw(path_of("/in"), remove_below, 16, FTW_DEPTH | FTW_PHYS);
  return 0;
}
